//! What decoding a block yields.
//!
//! All texts live in one arena per block; compact records hold ranges into it and are read through borrowing views
//! (see [`crate::DecodedBlock`]).
//! The JSON form is the canonical one of docs/data-dictionary.md.

pub(crate) mod decoded;

pub use self::decoded::DecodedBlock;
use crate::ids::{AccountId, BlockNumber, Hash, SpecVersion};

/// When in the execution of a block an event was deposited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// While applying the extrinsic of this index.
    ApplyExtrinsic(u32),
    /// After the last extrinsic.
    Finalization,
    /// Before the first extrinsic.
    Initialization,
}

/// What became of one call of a call tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It ran and took effect.
    Success,
    /// It ran and returned an error.
    Failed,
    /// It ran (or may have), but an enclosing call failed and rolled it back.
    Reverted,
    /// It never ran (after the interruption of a batch, or the other arm of `if_else`).
    NotExecuted,
    /// It was stored to run later (scheduler, crowdloan, multisig not yet approved).
    Deferred,
    /// The events do not tell.
    Unknown,
}

impl Outcome {
    /// `Some(true)` for success, `Some(false)` for failed, reverted and not executed, `None` where not known (yet).
    #[must_use]
    pub fn success(self) -> Option<bool> {
        match self {
            Self::Success => Some(true),
            Self::Failed | Self::Reverted | Self::NotExecuted => Some(false),
            Self::Deferred | Self::Unknown => None,
        }
    }

    /// Stored name, snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Reverted => "reverted",
            Self::NotExecuted => "not_executed",
            Self::Deferred => "deferred",
            Self::Unknown => "unknown",
        }
    }
}

/// Facts of the block itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSummary {
    /// Height.
    pub number: BlockNumber,
    /// Hash.
    pub hash: Hash,
    /// Hash of the parent.
    pub parent_hash: Hash,
    /// State root after the block.
    pub state_root: Hash,
    /// Root of the extrinsics.
    pub extrinsics_root: Hash,
    /// Milliseconds since the Unix epoch, from the `Timestamp.set` inherent; `None` where there is none (genesis).
    pub timestamp_ms: Option<u64>,
    /// Aura author; `None` where slot or authorities are unknown.
    pub author: Option<AccountId>,
    /// Runtime that executed the block.
    pub spec_version: SpecVersion,
    /// Sum of the `ref_time` of the weights of all extrinsics' dispatch infos, in picoseconds.
    pub weight_ref_time: u64,
    /// Sum of their `proof_size`, in bytes.
    pub weight_proof_size: u64,
    /// Extrinsics in the raw block, decoded or not.
    pub announced_extrinsics: u32,
    /// Events that the raw events announce, decoded or not.
    pub announced_events: u32,
    /// Digest logs as canonical JSON: `[{"PreRuntime":["0x61757261","0x…"]}, …]`.
    pub digest: String,
}

/// A decoded extrinsic.
#[derive(Debug, Clone, Copy)]
pub struct ExtrinsicView<'a> {
    /// Index in the block.
    pub index: u32,
    /// Blake2b-256 of the extrinsic's bytes (length prefix included).
    pub hash: Hash,
    /// Length in bytes, prefix included.
    pub length: u32,
    /// Extrinsic format version: 4 or 5.
    pub version: u8,
    /// `bare`, `signed` or `general`.
    pub kind: &'a str,
    /// Signer as text: SS58 for 32-byte accounts, 0x hex for 20-byte ones, `index:N`, or 0x raw bytes.
    /// For a general extrinsic: the account its extensions prove, if they name one.
    pub signer: Option<&'a str>,
    /// Signature as canonical JSON (`{"Sr25519":"0x…"}`).
    pub signature: Option<&'a str>,
    /// Nonce of the signer.
    pub nonce: Option<u64>,
    /// Tip, rao.
    pub tip_rao: Option<u64>,
    /// First block of a mortal era; `None` for immortal or unsigned.
    pub era_birth: Option<u64>,
    /// First block in which a mortal extrinsic is no longer valid.
    pub era_death: Option<u64>,
    /// All signed extensions as canonical JSON object.
    pub extensions: &'a str,
    /// Pallet of the outer call.
    pub pallet: &'a str,
    /// Name of the outer call.
    pub call: &'a str,
    /// Arguments of the outer call as canonical JSON object, nested calls included.
    pub args: &'a str,
    /// From `System.ExtrinsicSuccess/ExtrinsicFailed`; `None` if neither event was decoded.
    pub success: Option<bool>,
    /// Dispatch error as `Pallet.Error` or the variant's name (`BadOrigin`, `Token.FundsUnavailable`).
    pub error: Option<&'a str>,
    /// Fee that was charged, tip included, rao; `None` where the events do not tell.
    pub fee_rao: Option<u64>,
    /// Whether the call pays a fee at all (`dispatch_info.pays_fee`).
    pub pays_fee: Option<bool>,
    /// `ref_time` of the dispatch info's weight, picoseconds.
    pub weight_ref_time: Option<u64>,
    /// `proof_size` of it, bytes.
    pub weight_proof_size: Option<u64>,
    /// Number of nodes in its call tree.
    pub call_count: u32,
    /// Number of events in its phase.
    pub event_count: u32,
}

/// One node of a call tree, in pre-order.
#[derive(Debug, Clone, Copy)]
pub struct CallView<'a> {
    /// Extrinsic it belongs to.
    pub extrinsic_index: u32,
    /// Pre-order ordinal within the extrinsic; 0 is the outer call.
    pub call_index: u32,
    /// Ordinal of the parent; `None` for the outer call.
    pub parent_index: Option<u32>,
    /// `0` for the outer call, `0.3.1` for the second child of its fourth child.
    pub path: &'a str,
    /// 0 for the outer call.
    pub depth: u32,
    /// Pallet.
    pub pallet: &'a str,
    /// Call name.
    pub call: &'a str,
    /// Argument (of the parent) that carried this call, e.g. `calls`; empty for the outer call.
    pub role: &'a str,
    /// Effective origin as text: SS58 account, `Root`, `None`, or `Unknown`.
    pub origin: &'a str,
    /// What became of it.
    pub outcome: Outcome,
    /// Dispatch error name, as in [`ExtrinsicView::error`].
    pub error: Option<&'a str>,
    /// Arguments as canonical JSON; a nested call is a reference `{"$call":"0.3.1"}` to its own row.
    pub args: &'a str,
}

/// A decoded event.
#[derive(Debug, Clone, Copy)]
pub struct EventView<'a> {
    /// Index in the block.
    pub index: u32,
    /// Phase.
    pub phase: Phase,
    /// Pallet.
    pub pallet: &'a str,
    /// Variant.
    pub variant: &'a str,
    /// Fields as canonical JSON: object when named, array when not.
    pub args: &'a str,
    /// Topics as canonical JSON array of 0x hex.
    pub topics: &'a str,
}

impl EventView<'_> {
    /// Extrinsic in whose application it was deposited.
    #[must_use]
    pub fn extrinsic_index(&self) -> Option<u32> {
        match self.phase {
            Phase::ApplyExtrinsic(index) => Some(index),
            Phase::Finalization | Phase::Initialization => None,
        }
    }
}

/// A `Balances.Transfer` event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Event index in the block.
    pub event_index: u32,
    /// Extrinsic that caused it, if one did.
    pub extrinsic_index: Option<u32>,
    /// Sender.
    pub from: AccountId,
    /// Receiver.
    pub to: AccountId,
    /// Amount, rao.
    pub amount_rao: u64,
}

/// How an account takes part in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MentionRole {
    /// Signed the extrinsic.
    Signer,
    /// Effective origin of some call of the extrinsic, other than the signer.
    Origin,
    /// Named in the arguments of a call of the extrinsic.
    Argument,
    /// Named in an event.
    Event,
}

/// An account that a block mentions; each (account, role, extrinsic, event) once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMention {
    /// The account.
    pub account: AccountId,
    /// How.
    pub role: MentionRole,
    /// Extrinsic, for all roles but events outside extrinsics.
    pub extrinsic_index: Option<u32>,
    /// Event, for [`MentionRole::Event`].
    pub event_index: Option<u32>,
}

/// What kind of bytes could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuarantineKind {
    /// A whole extrinsic.
    Extrinsic,
    /// An event and, as events carry no lengths, all after it.
    Event,
    /// A digest log.
    DigestLog,
}

impl QuarantineKind {
    /// Stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Extrinsic => "extrinsic",
            Self::Event => "event",
            Self::DigestLog => "digest_log",
        }
    }
}

/// An item that could not be decoded, with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// What it is.
    pub kind: QuarantineKind,
    /// Index of the item (extrinsic, event, log).
    pub index: u32,
    /// First byte, relative to the extrinsic or to the events blob.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Where and why decoding stopped, one line.
    pub reason: String,
    /// The bytes that were not understood.
    pub raw: Vec<u8>,
}
