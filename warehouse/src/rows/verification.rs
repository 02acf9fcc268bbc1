//! Rows of the verification lane.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::page::{Cursor, Keyed};

/// What a replay says about stored results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All compared numbers are equal.
    Verified,
    /// All are equal but those that an extrinsic of the same block rewrote.
    Excused,
    /// Something is not equal.
    Differs,
    /// Nothing can be said; the row's reason tells why.
    CannotSay,
}

impl Verdict {
    /// All verdicts, the best first.
    pub const ALL: [Self; 4] = [Self::Verified, Self::Excused, Self::Differs, Self::CannotSay];

    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Excused => "excused",
            Self::Differs => "differs",
            Self::CannotSay => "cannot_say",
        }
    }

    /// From the stored name; `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Row of `epoch_verifications`: an epoch of a mechanism and what its replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct EpochVerificationRow {
    /// Block in whose initialization the epoch ran.
    pub block_number: u64,
    /// Subnet.
    pub netuid: u16,
    /// Mechanism.
    pub mechid: u8,
    /// Milliseconds since the Unix epoch; `None` for genesis.
    pub timestamp_ms: Option<u64>,
    /// Runtime that executed the block.
    pub spec_version: u32,
    /// Rules that were replayed.
    pub era: String,
    /// Name of a [`Verdict`].
    pub verdict: String,
    /// Why nothing can be said, or what the verdict rests on.
    pub reason: String,
    /// Neurons when the epoch ran.
    pub neurons: u32,
    /// Numbers compared.
    pub fields_checked: u64,
    /// Numbers equal.
    pub fields_equal: u64,
    /// Numbers that an extrinsic rewrote.
    pub fields_excused: u64,
    /// The first difference that nothing excuses.
    pub first_difference: Option<String>,
    /// Alpha-rao that the epoch distributed.
    pub emission_rao: Option<u64>,
    /// `recomputed`, `inferred` or empty.
    pub emission_source: String,
    /// Time of the maths, nanoseconds.
    pub replay_ns: u64,
    /// 0x hex, empty without inputs.
    pub inputs_hash: String,
}

/// Row of `epoch_differences`: one number that is not what the replay gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct EpochDifferenceRow {
    /// Block of the epoch.
    pub block_number: u64,
    /// Subnet.
    pub netuid: u16,
    /// Mechanism.
    pub mechid: u8,
    /// Order within the epoch.
    pub position: u32,
    /// Storage item or event.
    pub field: String,
    /// Neuron; `None` where the whole vector is meant.
    pub uid: Option<u16>,
    /// The neuron a bond is held of.
    pub target: Option<u16>,
    /// SS58 of the neuron's hotkey.
    pub hotkey: Option<String>,
    /// Recomputed, JSON.
    pub expected: String,
    /// Stored on the chain, JSON.
    pub stored: String,
    /// What rewrote it after the epoch.
    pub excused_by: Option<String>,
}

/// Row of `epoch_inputs`: what the replay of a subnet's epoch used, all mechanisms together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct EpochInputsRow {
    /// Block of the epoch.
    pub block_number: u64,
    /// Subnet.
    pub netuid: u16,
    /// Blake2b-256 of `inputs`, 0x hex.
    pub inputs_hash: String,
    /// JSON.
    pub inputs: String,
}

/// Row of `emission_verifications`: the emission of a subnet in a block and what its replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct EmissionVerificationRow {
    /// Block.
    pub block_number: u64,
    /// Subnet.
    pub netuid: u16,
    /// Milliseconds since the Unix epoch; `None` for genesis.
    pub timestamp_ms: Option<u64>,
    /// Runtime that executed the block.
    pub spec_version: u32,
    /// Rules that were replayed.
    pub era: String,
    /// Name of a [`Verdict`].
    pub verdict: String,
    /// Why nothing can be said, or what excuses a difference.
    pub reason: String,
    /// Amounts compared.
    pub fields_checked: u32,
    /// Amounts equal.
    pub fields_equal: u32,
    /// Amounts that an extrinsic changed afterwards.
    pub fields_excused: u32,
    /// The first difference that nothing excuses.
    pub first_difference: Option<String>,
    /// TAO injected, rao.
    pub tao_in_rao: Option<u64>,
    /// Alpha injected, alpha-rao.
    pub alpha_in_rao: Option<u64>,
    /// Alpha emitted to participants, alpha-rao.
    pub alpha_out_rao: Option<u64>,
    /// TAO for which the chain buys alpha, rao.
    pub chain_buy_rao: Option<u64>,
}

/// Row of `verification_causes`: what moved stored numbers after coinbase or epoch. Rows sort as the table does.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Row, Serialize, Deserialize)]
pub struct VerificationCauseRow {
    /// Block.
    pub block_number: u64,
    /// Subnet.
    pub netuid: u16,
    /// `epoch` or `emission`.
    pub lane: String,
    /// Storage item.
    pub field: String,
    /// Event or call.
    pub cause: String,
    /// `traced` or `excused`.
    pub treatment: String,
    /// Numbers of the item.
    pub numbers: u32,
}

impl Keyed for EpochVerificationRow {
    fn cursor(&self) -> Cursor {
        Cursor { block: self.block_number, major: self.netuid.into(), minor: self.mechid.into() }
    }
}

impl Keyed for EmissionVerificationRow {
    fn cursor(&self) -> Cursor {
        Cursor { block: self.block_number, major: self.netuid.into(), minor: 0 }
    }
}
