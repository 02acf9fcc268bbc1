//! The words of incidents: severity, scope, state, and what a detector finds.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yumascan_chain::Hash;

use crate::catalogue::Kind;

/// How bad it is. The order is by weight: `S1` is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// For information.
    S4,
    /// Noteworthy.
    S3,
    /// Serious for a subnet, a set of validators or many users.
    S2,
    /// The whole chain, or loss of money in progress.
    S1,
}

impl Severity {
    /// All, the greatest first.
    pub const ALL: [Self; 4] = [Self::S1, Self::S2, Self::S3, Self::S4];

    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::S4 => "S4",
        }
    }

    /// From the stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an incident is about. Incidents of one kind and scope merge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole chain.
    Chain,
    /// A subnet.
    Subnet(u16),
    /// A validator or miner of a subnet: netuid, SS58 of the hotkey.
    Neuron(u16, String),
    /// An account, SS58.
    Account(String),
    /// A hotkey on all subnets, SS58.
    Hotkey(String),
    /// A call, `Pallet.call`.
    Call(String),
    /// A dispatch error, `Pallet.Error`.
    Error(String),
    /// A block author, SS58.
    Author(String),
    /// A runtime, by its spec version.
    Spec(u32),
    /// Something of this deployment: a detector, an endpoint, a table.
    Own(String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain => f.write_str("chain"),
            Self::Subnet(netuid) => write!(f, "subnet:{netuid}"),
            Self::Neuron(netuid, hotkey) => write!(f, "neuron:{netuid}:{hotkey}"),
            Self::Account(account) => write!(f, "account:{account}"),
            Self::Hotkey(hotkey) => write!(f, "hotkey:{hotkey}"),
            Self::Call(call) => write!(f, "call:{call}"),
            Self::Error(error) => write!(f, "error:{error}"),
            Self::Author(author) => write!(f, "author:{author}"),
            Self::Spec(spec) => write!(f, "spec:{spec}"),
            Self::Own(what) => write!(f, "own:{what}"),
        }
    }
}

impl Scope {
    /// The subnet it names.
    #[must_use]
    pub fn netuid(&self) -> Option<u16> {
        match self {
            Self::Subnet(netuid) | Self::Neuron(netuid, _) => Some(*netuid),
            _ => None,
        }
    }

    /// The account or hotkey it names.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Neuron(_, key) | Self::Account(key) | Self::Hotkey(key) | Self::Author(key) => Some(key),
            _ => None,
        }
    }
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Going on, or not yet known to be over.
    Open,
    /// Over.
    Closed,
}

impl IncidentState {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Whether a finding is a fact of one block or a state that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Something happened in this block; nothing goes on.
    Point,
    /// A signal is above its threshold; it goes on until it has been below for long enough.
    Level,
}

/// What a detector found in a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Kind.
    pub kind: Kind,
    /// Scope.
    pub scope: Scope,
    /// Severity by what is known at this block.
    pub severity: Severity,
    /// Fact or state.
    pub nature: Nature,
    /// First block of what is seen now, where it began before this block.
    pub since: Option<u64>,
    /// How far beyond its threshold the signal is: value divided by threshold; 1 for facts.
    pub score: f64,
    /// What happened, in one sentence.
    pub title: String,
    /// Signal and threshold of this block, for the chart.
    pub signal: Option<(f64, f64)>,
    /// Facts that describe the incident as it stands; the strongest finding's stay.
    pub evidence: Map<String, Value>,
    /// Things involved, collected over all findings of the incident.
    pub items: Vec<Value>,
    /// Subnets involved beside that of the scope.
    pub netuids: Vec<u16>,
    /// Accounts involved beside that of the scope, SS58.
    pub accounts: Vec<String>,
}

impl Finding {
    fn new(kind: Kind, scope: Scope, severity: Severity, nature: Nature, title: String) -> Self {
        Self {
            kind,
            scope,
            severity,
            nature,
            since: None,
            score: 1.0,
            title,
            signal: None,
            evidence: Map::new(),
            items: Vec::new(),
            netuids: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// A fact of this block.
    pub(crate) fn point(kind: Kind, scope: Scope, severity: Severity, title: impl Into<String>) -> Self {
        Self::new(kind, scope, severity, Nature::Point, title.into())
    }

    /// A state that lasts: `signal` is at or above `threshold`.
    pub(crate) fn level(
        kind: Kind,
        scope: Scope,
        severity: Severity,
        (signal, threshold): (f64, f64),
        title: impl Into<String>,
    ) -> Self {
        let mut finding = Self::new(kind, scope, severity, Nature::Level, title.into());
        finding.signal = Some((signal, threshold));
        finding.score = if threshold > 0.0 { signal / threshold } else { 1.0 };
        finding
    }

    /// It began before this block.
    pub(crate) fn since(mut self, block: u64) -> Self {
        self.since = Some(block);
        self
    }

    pub(crate) fn score(mut self, score: f64) -> Self {
        self.score = score;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn item(mut self, item: Value) -> Self {
        self.items.push(item);
        self
    }

    pub(crate) fn account(mut self, account: impl Into<String>) -> Self {
        self.accounts.push(account.into());
        self
    }
}

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Hash of kind, scope, first block and detector version: 32 hex digits.
    pub id: String,
    /// Kind.
    pub kind: Kind,
    /// Scope.
    pub scope: Scope,
    /// The greatest severity it had.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
    /// First block in which it shows.
    pub first_block: u64,
    /// Last block in which it showed.
    pub last_block: u64,
    /// Block at which it was declared over.
    pub closed_block: Option<u64>,
    /// The greatest score it had.
    pub score: f64,
    /// What happened, in one sentence.
    pub title: String,
    /// Facts, `items`, `items_total` and `series` (block, signal, threshold).
    pub evidence: Map<String, Value>,
    /// Thresholds that were in force.
    pub thresholds: Value,
    /// Version of the detector.
    pub detector_version: u32,
    /// Subnets involved, ascending.
    pub netuids: Vec<u16>,
    /// Accounts involved, sorted.
    pub accounts: Vec<String>,
    /// How many events its history has.
    pub events: u32,
}

impl Incident {
    /// The name of an incident.
    #[must_use]
    pub fn id_of(kind: Kind, scope: &Scope, first_block: u64, detector_version: u32) -> String {
        let text = format!("{}|{scope}|{first_block}|{detector_version}", kind.name());
        Hash::blake2_256(text.as_bytes()).to_string()[2..34].to_owned()
    }
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// It was opened.
    Opened,
    /// Its severity rose.
    Raised,
    /// It happened again, or grew.
    Updated,
    /// It happened again soon after it was closed.
    Reopened,
    /// It is over.
    Closed,
    /// A replay with better data does not find it.
    Retracted,
}

impl EventKind {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Raised => "raised",
            Self::Updated => "updated",
            Self::Reopened => "reopened",
            Self::Closed => "closed",
            Self::Retracted => "retracted",
        }
    }
}

/// A step of an incident's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// The incident.
    pub incident_id: String,
    /// Order within the incident, from 0.
    pub position: u32,
    /// Block at which it happened.
    pub block: u64,
    /// What happened.
    pub kind: EventKind,
    /// Severity after it.
    pub severity: Severity,
    /// Score of the finding that caused it.
    pub score: f64,
    /// The finding's sentence.
    pub title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_severity_is_the_maximum() {
        assert_eq!(Severity::ALL.into_iter().max(), Some(Severity::S1));
        assert!(Severity::ALL.into_iter().all(|s| Severity::from_name(s.name()) == Some(s)));
    }

    #[test]
    fn an_id_depends_on_kind_scope_block_and_version_alone() {
        let id = |block, version| Incident::id_of(Kind::SafeMode, &Scope::Chain, block, version);
        assert_eq!(id(7, 1), id(7, 1));
        assert_eq!(id(7, 1).len(), 32);
        assert!(id(7, 1) != id(8, 1) && id(7, 1) != id(7, 2));
        assert!(id(7, 1) != Incident::id_of(Kind::SafeMode, &Scope::Subnet(0), 7, 1));
    }
}
