//! [`DecodedBlock`]: the arena, the compact records and the views that join them.

use std::sync::Arc;

use super::{
    AccountMention, BlockSummary, CallView, EventView, ExtrinsicView, Outcome, Phase, Quarantined, Transfer,
};
use crate::{
    ids::Hash,
    runtime::names::{NameId, RuntimeNames},
};

/// A range of the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// No text at all, as opposed to an empty one.
    pub(crate) const NONE: Self = Self { start: u32::MAX, len: 0 };

    /// The range from `start` to `end`; the decoder keeps the arena below 2 GiB.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, len: end.saturating_sub(start) as u32 }
    }

    pub(crate) fn of(self, arena: &str) -> Option<&str> {
        let start = self.start as usize;
        arena.get(start..start + self.len as usize)
    }

    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn end(self) -> usize {
        self.start() + self.len as usize
    }
}

/// See [`ExtrinsicView`].
#[derive(Debug, Clone)]
pub(crate) struct ExtrinsicRecord {
    pub(crate) index: u32,
    pub(crate) hash: Hash,
    pub(crate) length: u32,
    pub(crate) version: u8,
    pub(crate) kind: &'static str,
    pub(crate) signer: Span,
    pub(crate) signature: Span,
    pub(crate) nonce: Option<u64>,
    pub(crate) tip_rao: Option<u64>,
    pub(crate) era: Option<(u64, u64)>,
    pub(crate) extensions: Span,
    pub(crate) args: Span,
    pub(crate) success: Option<bool>,
    pub(crate) error: Span,
    pub(crate) fee_rao: Option<u64>,
    pub(crate) pays_fee: Option<bool>,
    pub(crate) weight: Option<(u64, u64)>,
    /// Its calls, in [`DecodedBlock::call_records`].
    pub(crate) calls: (u32, u32),
    pub(crate) event_count: u32,
}

/// See [`CallView`].
#[derive(Debug, Clone)]
pub(crate) struct CallRecord {
    pub(crate) extrinsic_index: u32,
    pub(crate) call_index: u32,
    pub(crate) parent_index: Option<u32>,
    pub(crate) depth: u32,
    pub(crate) path: Span,
    pub(crate) pallet: NameId,
    pub(crate) call: NameId,
    pub(crate) role: Option<NameId>,
    pub(crate) origin: Span,
    pub(crate) outcome: Outcome,
    pub(crate) error: Span,
    pub(crate) args: Span,
}

/// See [`EventView`].
#[derive(Debug, Clone)]
pub(crate) struct EventRecord {
    pub(crate) phase: Phase,
    pub(crate) pallet: NameId,
    pub(crate) variant: NameId,
    pub(crate) args: Span,
    /// [`Span::NONE`] where there are none.
    pub(crate) topics: Span,
}

/// A block, decoded: its facts and lists, and views of its extrinsics, calls and events.
#[derive(Debug, Clone)]
pub struct DecodedBlock {
    /// Facts of the block itself.
    pub summary: BlockSummary,
    /// `Balances.Transfer` events.
    pub transfers: Vec<Transfer>,
    /// Accounts mentioned.
    pub mentions: Vec<AccountMention>,
    /// What could not be decoded.
    pub quarantined: Vec<Quarantined>,
    pub(crate) arena: String,
    pub(crate) names: Arc<RuntimeNames>,
    pub(crate) extrinsic_records: Vec<ExtrinsicRecord>,
    pub(crate) call_records: Vec<CallRecord>,
    pub(crate) event_records: Vec<EventRecord>,
}

impl DecodedBlock {
    fn text(&self, span: Span) -> &str {
        span.of(&self.arena).unwrap_or("")
    }

    /// Extrinsics in order; quarantined ones are missing.
    pub fn extrinsics(&self) -> impl ExactSizeIterator<Item = ExtrinsicView<'_>> {
        self.extrinsic_records.iter().map(|record| {
            let (first, end) = record.calls;
            let outer = self.call_records.get(first as usize);
            ExtrinsicView {
                index: record.index,
                hash: record.hash,
                length: record.length,
                version: record.version,
                kind: record.kind,
                signer: record.signer.of(&self.arena),
                signature: record.signature.of(&self.arena),
                nonce: record.nonce,
                tip_rao: record.tip_rao,
                era_birth: record.era.map(|(birth, _)| birth),
                era_death: record.era.map(|(_, death)| death),
                extensions: self.text(record.extensions),
                pallet: outer.map_or("", |call| self.names.get(call.pallet)),
                call: outer.map_or("", |call| self.names.get(call.call)),
                args: self.text(record.args),
                success: record.success,
                error: record.error.of(&self.arena),
                fee_rao: record.fee_rao,
                pays_fee: record.pays_fee,
                weight_ref_time: record.weight.map(|(ref_time, _)| ref_time),
                weight_proof_size: record.weight.map(|(_, proof_size)| proof_size),
                call_count: end.saturating_sub(first),
                event_count: record.event_count,
            }
        })
    }

    /// All call-tree nodes, by extrinsic, then in pre-order.
    pub fn calls(&self) -> impl ExactSizeIterator<Item = CallView<'_>> {
        self.call_records.iter().map(|record| CallView {
            extrinsic_index: record.extrinsic_index,
            call_index: record.call_index,
            parent_index: record.parent_index,
            path: self.text(record.path),
            depth: record.depth,
            pallet: self.names.get(record.pallet),
            call: self.names.get(record.call),
            role: record.role.map_or("", |role| self.names.get(role)),
            origin: self.text(record.origin),
            outcome: record.outcome,
            error: record.error.of(&self.arena),
            args: self.text(record.args),
        })
    }

    /// Events in order.
    pub fn events(&self) -> impl ExactSizeIterator<Item = EventView<'_>> {
        self.event_records.iter().enumerate().map(|(index, record)| EventView {
            index: index as u32,
            phase: record.phase,
            pallet: self.names.get(record.pallet),
            variant: self.names.get(record.variant),
            args: self.text(record.args),
            topics: record.topics.of(&self.arena).unwrap_or("[]"),
        })
    }
}
