//! All kinds of incidents: what each means, when it is reported, why, and when it is wrong. docs/incidents.md is generated
//! from these tables.

mod kinds;

use serde::{Deserialize, Serialize};

pub use kinds::Kind;

/// What a detector needs before it can look at a block, and so how far behind the head it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Blocks, extrinsics, calls and events alone: as soon as a block is stored.
    Log,
    /// The state lane's rows too.
    State,
    /// The verification lane's verdicts too.
    Verification,
    /// The clock and the nodes: only while following, never in replay.
    Live,
}

impl Lane {
    /// Those that read stored blocks, and so can be replayed.
    pub const STORED: [Self; 3] = [Self::Log, Self::State, Self::Verification];

    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::State => "state",
            Self::Verification => "verification",
            Self::Live => "live",
        }
    }
}

/// What is known of a kind.
#[derive(Debug, Clone, Copy)]
pub struct KindInfo {
    /// The kind.
    pub kind: Kind,
    /// Name as stored.
    pub name: &'static str,
    /// What it is called for people.
    pub title: &'static str,
    /// What its detector needs.
    pub lane: Lane,
    /// What is looked at.
    pub signal: &'static str,
    /// When it is reported, and how severe it is then.
    pub fires: &'static str,
    /// Why these numbers.
    pub reason: &'static str,
    /// When it is reported although nothing is wrong, or not although something is.
    pub known_errors: &'static str,
    /// Blocks within which it happening again is the same incident.
    pub merge_blocks: u64,
    /// Blocks without it after which a lasting one is over.
    pub close_blocks: u64,
    /// Whether it rests on baselines: then doubtful data caps it at S3.
    pub statistical: bool,
}

impl Kind {
    /// What is known of it.
    #[must_use]
    pub fn info(self) -> &'static KindInfo {
        &kinds::CATALOGUE[self as usize]
    }

    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// From the stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        kinds::CATALOGUE.iter().map(|info| info.kind)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_finds_its_own_entry() {
        for (position, info) in kinds::CATALOGUE.iter().enumerate() {
            assert_eq!(info.kind as usize, position, "{}", info.name);
            assert_eq!(Kind::from_name(info.name), Some(info.kind));
            assert!(info.merge_blocks > 0 && !info.fires.is_empty() && !info.known_errors.is_empty());
        }
    }
}
