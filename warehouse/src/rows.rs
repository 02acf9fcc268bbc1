//! Typed rows, as stored. Field names and types are those of the tables in `migrations/clickhouse`.

mod block_rows;
mod encoded;
mod incidents;
mod lookup;
mod moves;
mod name_counts;
mod period;
mod raw_bytes;
mod state;
mod verification;
mod window;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::page::{Cursor, Keyed};

pub use block_rows::BlockRows;
pub(crate) use encoded::TableRows;
pub use incidents::{IncidentEventRow, IncidentRow};
pub(crate) use lookup::hash_key;
pub use lookup::{ActivityRow, HashRow, NameCountRow};
pub use moves::{
    ChildKeysRow, DelegateTakeRow, DeregistrationRow, EvmLogRow, EvmTransactionRow, IdentityRow, KeySwapRow,
    MoveRows, RegistrationRow, RootClaimRow, StakeMoveRow,
};
pub use period::SubnetPeriodRow;
pub use raw_bytes::RawBytes;
pub use state::{
    AccountBalanceRow, BondsRow, DividendRow, HotkeyPoolRow, HyperparameterRow, NetworkParameterRow,
    NetworkStateRow, NeuronStateRow, RootClaimableRow, StakeShareRow, StateWindowRow, SubnetStateRow,
    SweepDifferenceRow, SweepRow, WeightsRow,
};
pub use verification::{
    EmissionVerificationRow, EpochDifferenceRow, EpochInputsRow, EpochVerificationRow, Verdict,
    VerificationCauseRow,
};
pub use window::{Window, WindowRows};

/// Row of `raw_blocks`. Bytes are as the node gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RawBlockRow {
    pub number: u64,
    pub hash: String,
    pub spec_version: u32,
    pub header: RawBytes,
    pub extrinsics: Vec<RawBytes>,
    pub events: RawBytes,
    pub authorities: RawBytes,
}

/// Row of `blocks`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct BlockRow {
    /// Height.
    pub number: u64,
    /// 0x hex.
    pub hash: String,
    /// 0x hex.
    pub parent_hash: String,
    /// 0x hex.
    pub state_root: String,
    /// 0x hex.
    pub extrinsics_root: String,
    /// Milliseconds since the Unix epoch; `None` for genesis.
    pub timestamp_ms: Option<u64>,
    /// SS58 of the Aura author.
    pub author: Option<String>,
    /// Runtime that executed the block.
    pub spec_version: u32,
    /// Extrinsics the node gave, decoded or quarantined.
    pub extrinsic_count: u32,
    /// Decoded extrinsics that have a signer.
    pub signed_count: u32,
    /// Events the node's blob announces, decoded or quarantined.
    pub event_count: u32,
    /// Nodes of all call trees.
    pub call_count: u32,
    /// Picoseconds.
    pub weight_ref_time: u64,
    /// Bytes.
    pub weight_proof_size: u64,
    /// Digest logs, canonical JSON.
    pub digest: String,
    /// Items of this block in `quarantine`.
    pub quarantined_count: u32,
}

/// Row of `extrinsics`. Texts and units as in `yumascan_chain::ExtrinsicView`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ExtrinsicRow {
    pub block_number: u64,
    pub extrinsic_index: u32,
    pub timestamp_ms: Option<u64>,
    pub hash: String,
    pub length: u32,
    pub version: u8,
    pub kind: String,
    pub signer: Option<String>,
    pub signature: Option<String>,
    pub nonce: Option<u64>,
    pub tip_rao: Option<u64>,
    pub era_birth: Option<u64>,
    pub era_death: Option<u64>,
    pub extensions: String,
    pub pallet: String,
    pub call: String,
    pub success: Option<bool>,
    pub error: Option<String>,
    pub fee_rao: Option<u64>,
    pub pays_fee: Option<bool>,
    pub weight_ref_time: Option<u64>,
    pub weight_proof_size: Option<u64>,
    pub call_count: u32,
    pub event_count: u32,
    pub args: String,
}

/// Row of `calls`: one node of a call tree. See `yumascan_chain::CallView`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CallRow {
    pub block_number: u64,
    pub extrinsic_index: u32,
    pub call_index: u32,
    pub parent_index: Option<u32>,
    pub timestamp_ms: Option<u64>,
    pub path: String,
    pub depth: u32,
    pub pallet: String,
    pub call: String,
    pub role: String,
    pub origin: String,
    pub outcome: String,
    pub success: Option<bool>,
    pub error: Option<String>,
    pub args: String,
}

/// Row of `events`. See `yumascan_chain::EventView`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EventRow {
    pub block_number: u64,
    pub event_index: u32,
    pub extrinsic_index: Option<u32>,
    pub timestamp_ms: Option<u64>,
    /// `Initialization`, `ApplyExtrinsic` or `Finalization`.
    pub phase: String,
    pub pallet: String,
    pub variant: String,
    pub args: String,
    pub topics: String,
}

/// Row of `transfers`: a `Balances.Transfer` event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TransferRow {
    pub block_number: u64,
    pub event_index: u32,
    pub extrinsic_index: Option<u32>,
    pub timestamp_ms: Option<u64>,
    pub from_account: String,
    pub to_account: String,
    pub amount_rao: u64,
}

/// Row of `quarantine`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuarantineRow {
    pub block_number: u64,
    pub kind: String,
    pub item_index: u32,
    pub start: u32,
    pub end: u32,
    pub spec_version: u32,
    pub reason: String,
    /// 0x hex.
    pub raw: String,
}

/// A runtime that executed blocks here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RuntimeVersionRow {
    pub spec_version: u32,
    /// First stored block it executed.
    pub first_block: u64,
    /// Last stored block it executed.
    pub last_block: u64,
    pub block_count: u64,
    /// 14, 15 or 16; `None` if its metadata is not stored.
    pub metadata_version: Option<u32>,
    /// 0x hex of Blake2b-256 of the metadata bytes.
    pub metadata_hash: Option<String>,
    pub metadata_bytes: Option<u64>,
}

impl Keyed for BlockRow {
    fn cursor(&self) -> Cursor {
        Cursor { block: self.number, major: 0, minor: 0 }
    }
}

impl Keyed for ExtrinsicRow {
    fn cursor(&self) -> Cursor {
        Cursor { block: self.block_number, major: self.extrinsic_index, minor: 0 }
    }
}

impl Keyed for CallRow {
    fn cursor(&self) -> Cursor {
        Cursor { block: self.block_number, major: self.extrinsic_index, minor: self.call_index }
    }
}

impl Keyed for EventRow {
    fn cursor(&self) -> Cursor {
        Cursor { block: self.block_number, major: self.event_index, minor: 0 }
    }
}

impl Keyed for TransferRow {
    fn cursor(&self) -> Cursor {
        Cursor { block: self.block_number, major: self.event_index, minor: 0 }
    }
}
