//! The events of a block: `Vec<EventRecord { phase, event, topics }>`, without any lengths of its own.

use super::{
    dispatch::{self, DispatchInfo},
    input::{Input, Reason, Result},
    machine::{Machine, output_limit},
    scratch::Scratch,
};
use crate::{
    ids::AccountId,
    json,
    records::{
        AccountMention, MentionRole, Phase, QuarantineKind, Quarantined, Transfer,
        decoded::{EventRecord, Span},
    },
    runtime::{
        Runtime,
        program::{Item, Op, Special},
    },
};

/// What an event tells about its extrinsic.
#[derive(Debug)]
pub(super) enum Fact {
    /// `System.ExtrinsicSuccess`.
    Success(DispatchInfo),
    /// `System.ExtrinsicFailed`, with the name of the error.
    Failed(DispatchInfo, Option<String>),
    /// `TransactionPayment.TransactionFeePaid`.
    Fee(u64),
}

/// All that the events of a block yield.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) announced: u32,
    pub(super) records: Vec<EventRecord>,
    pub(super) transfers: Vec<Transfer>,
    pub(super) mentions: Vec<AccountMention>,
    /// By extrinsic index, in order.
    pub(super) facts: Vec<(u32, Fact)>,
    pub(super) quarantined: Option<Quarantined>,
}

/// Decodes the value of `System.Events`; texts go to `arena`, which is not to exceed `limit`.
pub(super) fn decode(
    runtime: &Runtime,
    blob: &[u8],
    scratch: &mut Scratch,
    arena: &mut Vec<u8>,
    limit: usize,
) -> Events {
    let mut events = Events::default();
    // the storage item is absent where nothing was deposited
    if blob.is_empty() {
        return events;
    }
    let mut reader = Reader { runtime, input: Input::new(blob), scratch, arena, limit, events: &mut events };
    let mut start = 0;
    let outcome = reader.all(&mut start);
    if let Err(fault) = outcome {
        let index = events.records.len() as u32;
        events.quarantined = Some(Quarantined {
            kind: QuarantineKind::Event,
            index,
            start: start as u32,
            end: blob.len() as u32,
            reason: format!("byte {}: {}", fault.offset, fault.reason),
            raw: blob.get(start..).unwrap_or(&[]).to_vec(),
        });
    }
    events
}

struct Reader<'r> {
    runtime: &'r Runtime,
    input: Input<'r>,
    scratch: &'r mut Scratch,
    arena: &'r mut Vec<u8>,
    limit: usize,
    events: &'r mut Events,
}

impl Reader<'_> {
    /// Decodes all events; `start` is left at the first byte of the one that failed.
    fn all(&mut self, start: &mut usize) -> Result<()> {
        let announced = self.input.length()?;
        self.events.announced = announced as u32;
        // an event takes at least phase, pallet, variant and topics
        self.events.records.reserve(announced.min(self.input.rest().len() / 4));
        for index in 0..announced {
            *start = self.input.offset();
            let text_start = self.arena.len();
            if let Err(fault) = self.event(index as u32) {
                self.arena.truncate(text_start);
                return Err(fault);
            }
        }
        *start = self.input.offset();
        if !self.input.is_empty() {
            let left = self.input.rest().len();
            return Err(self
                .input
                .fault(Reason::Other(format!("{left} bytes are left over after the last event"))));
        }
        Ok(())
    }

    fn phase(&mut self) -> Result<Phase> {
        let at = self.input;
        match self.input.byte()? {
            0 => Ok(Phase::ApplyExtrinsic(u32::from_le_bytes(*self.input.array()?))),
            1 => Ok(Phase::Finalization),
            2 => Ok(Phase::Initialization),
            index => Err(at.fault(Reason::Variant { of: "Phase".to_owned(), index })),
        }
    }

    fn event(&mut self, index: u32) -> Result<()> {
        let phase = self.phase()?;
        let at = self.input;
        let [pallet, variant] = *self.input.array::<2>()?;
        let runtime = self.runtime;
        let events = &runtime.program.events;
        let Some(item) = events.position(pallet, variant).and_then(|position| events.get(position)) else {
            let reason = format!("the runtime has no event {variant} in pallet {pallet}");
            return Err(at.fault(Reason::Other(reason)));
        };
        let (args_start, fields_start) = (self.arena.len(), self.input);
        self.scratch.registers.accounts.clear();
        let mut machine = Machine {
            program: &runtime.program,
            names: &runtime.names,
            registers: &mut self.scratch.registers,
            tree: None,
            limit: self.limit.min(args_start.saturating_add(output_limit(self.input.rest().len()))),
        };
        machine.shape(&item.args, &mut self.input, self.arena)?;
        let args = Span::new(args_start, self.arena.len());
        let topics = self.topics()?;
        let record = EventRecord { phase, pallet: item.pallet, variant: item.name, args, topics };
        self.mention(index, phase);
        if item.special != Special::Nothing {
            self.note(index, phase, item, args, fields_start);
        }
        self.events.records.push(record);
        Ok(())
    }

    fn topics(&mut self) -> Result<Span> {
        let count = self.input.length()?;
        if count == 0 {
            return Ok(Span::NONE);
        }
        let start = self.arena.len();
        for position in 0..count {
            let topic = self.input.array::<32>()?;
            self.arena.push(if position == 0 { b'[' } else { b',' });
            json::write_hex(topic, self.arena);
        }
        self.arena.push(b']');
        Ok(Span::new(start, self.arena.len()))
    }

    fn mention(&mut self, index: u32, phase: Phase) {
        let accounts = &mut self.scratch.registers.accounts;
        accounts.sort_unstable();
        accounts.dedup();
        let extrinsic_index = match phase {
            Phase::ApplyExtrinsic(extrinsic) => Some(extrinsic),
            Phase::Finalization | Phase::Initialization => None,
        };
        self.events.mentions.extend(accounts.iter().map(|account| AccountMention {
            account: *account,
            role: MentionRole::Event,
            extrinsic_index,
            event_index: Some(index),
        }));
    }

    fn note(&mut self, index: u32, phase: Phase, item: &Item, args: Span, fields: Input<'_>) {
        let extrinsic = match phase {
            Phase::ApplyExtrinsic(extrinsic) => Some(extrinsic),
            Phase::Finalization | Phase::Initialization => None,
        };
        if item.special == Special::Transfer {
            self.events.transfers.extend(transfer(self.runtime, item, fields).map(
                |(from, to, amount_rao)| Transfer {
                    event_index: index,
                    extrinsic_index: extrinsic,
                    from,
                    to,
                    amount_rao,
                },
            ));
            return;
        }
        let Some(extrinsic) = extrinsic else { return };
        let text = self.arena.get(args.start()..args.end()).and_then(|text| std::str::from_utf8(text).ok());
        let Some(fact) = text.and_then(|text| fact(item.special, text)) else { return };
        self.events.facts.push((extrinsic, fact));
    }
}

fn fact(special: Special, args: &str) -> Option<Fact> {
    let info = |position| {
        json::member(args, "dispatch_info", position)
            .map_or(DispatchInfo { weight: None, pays_fee: None }, dispatch::dispatch_info)
    };
    match special {
        Special::ExtrinsicSuccess => Some(Fact::Success(info(0))),
        Special::ExtrinsicFailed => {
            let error = json::member(args, "dispatch_error", 0).and_then(dispatch::error_name);
            Some(Fact::Failed(info(1), error.map(Into::into)))
        }
        Special::FeePaid => {
            let fee = json::integer(json::member(args, "actual_fee", 1)?)?;
            u64::try_from(fee).ok().map(Fact::Fee)
        }
        Special::Transfer | Special::Nothing => None,
    }
}

/// `from`, `to` and `amount` of a transfer, by name, or by position where fields have none.
fn transfer(runtime: &Runtime, item: &Item, mut fields: Input<'_>) -> Option<(AccountId, AccountId, u64)> {
    let (mut accounts, mut amount) = ([None; 2], None);
    for (position, field) in runtime.program.fields(item.args.first, item.args.end).iter().enumerate() {
        let role = match (runtime.names.get(field.name), position) {
            ("from", _) | ("", 0) => 0,
            ("to", _) | ("", 1) => 1,
            ("amount" | "value", _) | ("", 2) => 2,
            _ => 3,
        };
        match runtime.program.op(field.ty) {
            Op::Account => {
                let account = AccountId(*fields.array().ok()?);
                if let Some(slot) = accounts.get_mut(role) {
                    *slot = Some(account);
                }
            }
            op => {
                let value = match op {
                    Op::U32 => u128::from(u32::from_le_bytes(*fields.array().ok()?)),
                    Op::U64 => u128::from(u64::from_le_bytes(*fields.array().ok()?)),
                    Op::U128 => u128::from_le_bytes(*fields.array().ok()?),
                    Op::Compact { bits } => fields.compact(bits).ok()?,
                    _ => return None,
                };
                if role == 2 {
                    amount = Some(u64::try_from(value).ok()?);
                }
            }
        }
    }
    let [from, to] = accounts;
    Some((from?, to?, amount?))
}
