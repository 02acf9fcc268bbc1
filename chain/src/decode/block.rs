//! A whole block: extrinsics, then events, then what the events tell about the extrinsics and their calls.

use std::sync::Arc;

use super::{
    digest,
    events::{self, Events, Fact},
    extrinsic::{self, Output},
    origins::Origins,
    scratch::{self, Scratch},
};
use crate::{
    RawBlock,
    ids::AccountId,
    json,
    outcome::{self, CallEvent, CallNode, ExtrinsicFacts},
    records::{
        AccountMention, BlockSummary, MentionRole, Phase, QuarantineKind, Quarantined,
        decoded::{CallRecord, DecodedBlock, EventRecord, ExtrinsicRecord, Span},
    },
    runtime::{Runtime, names::RuntimeNames},
};

/// Bytes of text that a block may have, however short it is.
const ARENA_FLOOR: usize = 64 << 20;

/// Bytes of text for each byte of a block beyond that.
const ARENA_FACTOR: usize = 64;

/// Longest arena that `len` bytes of a block justify; offsets into it fit 32 bits.
fn arena_limit(len: usize) -> usize {
    len.saturating_mul(ARENA_FACTOR).saturating_add(ARENA_FLOOR).min(u32::MAX as usize / 2)
}

/// Decodes a block; never fails.
pub(crate) fn decode(runtime: &Runtime, raw: &RawBlock) -> DecodedBlock {
    scratch::with(|scratch| decode_with(runtime, raw, scratch))
}

fn decode_with(runtime: &Runtime, raw: &RawBlock, scratch: &mut Scratch) -> DecodedBlock {
    let raw_len = raw.events.len() + raw.extrinsics.iter().map(Vec::len).sum::<usize>();
    let limit = arena_limit(raw_len);
    let mut block = Assembly {
        arena: Vec::with_capacity(raw_len.saturating_mul(4).min(limit)),
        extrinsics: Vec::with_capacity(raw.extrinsics.len()),
        calls: Vec::with_capacity(raw.extrinsics.len()),
        signers: Vec::with_capacity(raw.extrinsics.len()),
        mentions: Vec::new(),
        quarantined: Vec::new(),
    };
    let digest = digest::write_logs(&raw.header.logs, &mut block.quarantined);
    block.decode_extrinsics(runtime, raw, scratch, limit);
    let mut events = events::decode(runtime, &raw.events, scratch, &mut block.arena, limit);
    block.quarantined.extend(events.quarantined.take());
    let by_extrinsic = EventsByExtrinsic::new(raw.extrinsics.len(), &events.records);
    block.apply_facts(&events, &by_extrinsic);
    // the machine writes UTF-8 only; were it otherwise, no view would find its text
    let arena = String::from_utf8(std::mem::take(&mut block.arena)).unwrap_or_default();
    let mut origins = Origins::new(&arena, scratch);
    block.assign_outcomes(&runtime.names, &events, &by_extrinsic, &mut origins);
    let tail = origins.tail;
    let timestamp_ms = block.timestamp(&runtime.names, &arena);
    block.finish(runtime, raw, digest, timestamp_ms, arena + &tail, events)
}

struct Assembly {
    arena: Vec<u8>,
    extrinsics: Vec<ExtrinsicRecord>,
    calls: Vec<CallRecord>,
    /// Of each of `extrinsics`.
    signers: Vec<Option<AccountId>>,
    mentions: Vec<AccountMention>,
    quarantined: Vec<Quarantined>,
}

/// Events of each extrinsic, in order.
struct EventsByExtrinsic {
    /// Start in `events`, by extrinsic; one more than there are extrinsics.
    starts: Vec<u32>,
    events: Vec<u32>,
}

impl EventsByExtrinsic {
    fn new(extrinsics: usize, records: &[EventRecord]) -> Self {
        let extrinsic_of = |record: &EventRecord| match record.phase {
            Phase::ApplyExtrinsic(index) if (index as usize) < extrinsics => Some(index as usize),
            _ => None,
        };
        let mut starts = vec![0u32; extrinsics + 1];
        for extrinsic in records.iter().filter_map(extrinsic_of) {
            starts[extrinsic + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut events = vec![0u32; starts.last().map_or(0, |total| *total as usize)];
        for (event, record) in records.iter().enumerate() {
            if let Some(extrinsic) = extrinsic_of(record) {
                events[next[extrinsic] as usize] = event as u32;
                next[extrinsic] += 1;
            }
        }
        Self { starts, events }
    }

    fn of(&self, extrinsic: u32) -> &[u32] {
        let bound = |at: usize| self.starts.get(at).copied().unwrap_or(0) as usize;
        let at = extrinsic as usize;
        self.events.get(bound(at)..bound(at + 1)).unwrap_or(&[])
    }
}

impl Assembly {
    fn decode_extrinsics(&mut self, runtime: &Runtime, raw: &RawBlock, scratch: &mut Scratch, limit: usize) {
        for (index, bytes) in raw.extrinsics.iter().enumerate() {
            let index = index as u32;
            let mut output = Output { arena: &mut self.arena, calls: &mut self.calls, limit };
            match extrinsic::decode(runtime, raw.header.number, index, bytes, scratch, &mut output) {
                Ok(mut decoded) => {
                    self.mention_arguments(index, decoded.signer, scratch);
                    decoded.record.index = index;
                    self.extrinsics.push(decoded.record);
                    self.signers.push(decoded.signer);
                }
                Err(fault) => self.quarantined.push(Quarantined {
                    kind: QuarantineKind::Extrinsic,
                    index,
                    start: 0,
                    end: bytes.len() as u32,
                    reason: format!("byte {}: {}", fault.offset, fault.reason),
                    raw: bytes.clone(),
                }),
            }
        }
    }

    fn mention_arguments(&mut self, index: u32, signer: Option<AccountId>, scratch: &mut Scratch) {
        let mention = |role| {
            move |account: AccountId| AccountMention {
                account,
                role,
                extrinsic_index: Some(index),
                event_index: None,
            }
        };
        self.mentions.extend(signer.map(mention(MentionRole::Signer)));
        let accounts = &mut scratch.registers.accounts;
        accounts.sort_unstable();
        accounts.dedup();
        self.mentions.extend(accounts.iter().copied().map(mention(MentionRole::Argument)));
    }

    /// Gives each extrinsic what its own events say about it.
    fn apply_facts(&mut self, events: &Events, by_extrinsic: &EventsByExtrinsic) {
        for record in &mut self.extrinsics {
            record.event_count = by_extrinsic.of(record.index).len() as u32;
        }
        for (index, fact) in &events.facts {
            let found = self.extrinsics.binary_search_by_key(index, |record| record.index);
            let Some(record) = found.ok().and_then(|at| self.extrinsics.get_mut(at)) else { continue };
            let info = match fact {
                Fact::Fee(fee) => {
                    record.fee_rao = Some(*fee);
                    continue;
                }
                Fact::Success(info) => {
                    record.success = Some(true);
                    info
                }
                Fact::Failed(info, error) => {
                    record.success = Some(false);
                    if let Some(error) = error {
                        let start = self.arena.len();
                        self.arena.extend_from_slice(error.as_bytes());
                        record.error = Span::new(start, self.arena.len());
                    }
                    info
                }
            };
            record.weight = info.weight;
            record.pays_fee = info.pays_fee;
        }
        for record in &mut self.extrinsics {
            if record.pays_fee == Some(false) && record.fee_rao.is_none() {
                record.fee_rao = Some(0);
            }
        }
    }

    /// Asks for outcome and origin of every call.
    fn assign_outcomes<'a>(
        &mut self,
        names: &'a RuntimeNames,
        events: &Events,
        by_extrinsic: &EventsByExtrinsic,
        origins: &mut Origins<'a>,
    ) {
        let arena = origins.arena;
        let text = |span: Span| span.of(arena).unwrap_or("");
        let (mut nodes, mut own_events) = (Vec::new(), Vec::new());
        for (extrinsic, signer) in self.extrinsics.iter().zip(&self.signers) {
            let (first, end) = extrinsic.calls;
            let Some(calls) = self.calls.get_mut(first as usize..end as usize) else { continue };
            nodes.clear();
            nodes.extend(calls.iter().map(|call| CallNode {
                parent: call.parent_index,
                pallet: names.get(call.pallet),
                call: names.get(call.call),
                args: text(call.args),
            }));
            own_events.clear();
            let records = by_extrinsic.of(extrinsic.index).iter();
            own_events.extend(records.filter_map(|event| events.records.get(*event as usize)).map(
                |record| CallEvent {
                    pallet: names.get(record.pallet),
                    variant: names.get(record.variant),
                    args: text(record.args),
                },
            ));
            let facts = ExtrinsicFacts {
                signer: extrinsic.signer.of(arena),
                success: extrinsic.success,
                error: extrinsic.error.of(arena),
            };
            let mut answers = Vec::with_capacity(nodes.len());
            outcome::assign(facts, &nodes, &own_events, &mut answers);
            origins.begin(*signer, extrinsic.signer);
            for (call, answer) in calls.iter_mut().zip(&answers) {
                call.origin = origins.span(answer.origin);
                call.outcome = answer.outcome;
                call.error = answer.error.as_deref().map_or(Span::NONE, |error| origins.push(error));
            }
            self.mentions.extend(origins.others().map(|account| AccountMention {
                account,
                role: MentionRole::Origin,
                extrinsic_index: Some(extrinsic.index),
                event_index: None,
            }));
        }
    }

    /// `now` of the `Timestamp.set` inherent.
    fn timestamp(&self, names: &RuntimeNames, arena: &str) -> Option<u64> {
        let set = self.extrinsics.iter().filter(|extrinsic| extrinsic.kind == "bare").find_map(|extrinsic| {
            let call = self.calls.get(extrinsic.calls.0 as usize)?;
            (names.get(call.pallet) == "Timestamp" && names.get(call.call) == "set").then_some(call.args)
        });
        let now = json::integer(json::member(set?.of(arena)?, "now", 0)?)?;
        u64::try_from(now).ok()
    }

    fn finish(
        mut self,
        runtime: &Runtime,
        raw: &RawBlock,
        digest: String,
        timestamp_ms: Option<u64>,
        arena: String,
        events: Events,
    ) -> DecodedBlock {
        let weights = self.extrinsics.iter().filter_map(|extrinsic| extrinsic.weight);
        let (weight_ref_time, weight_proof_size) = weights.fold((0u64, 0u64), |sum, weight| {
            (sum.0.saturating_add(weight.0), sum.1.saturating_add(weight.1))
        });
        self.mentions.extend(events.mentions);
        DecodedBlock {
            summary: BlockSummary {
                number: raw.header.number,
                hash: raw.hash,
                parent_hash: raw.header.parent_hash,
                state_root: raw.header.state_root,
                extrinsics_root: raw.header.extrinsics_root,
                timestamp_ms,
                author: raw.author(),
                spec_version: raw.spec_version,
                weight_ref_time,
                weight_proof_size,
                announced_extrinsics: raw.extrinsics.len() as u32,
                announced_events: events.announced,
                digest,
            },
            transfers: events.transfers,
            mentions: self.mentions,
            quarantined: self.quarantined,
            arena,
            names: Arc::clone(&runtime.names),
            extrinsic_records: self.extrinsics,
            call_records: self.calls,
            event_records: events.records,
        }
    }
}
