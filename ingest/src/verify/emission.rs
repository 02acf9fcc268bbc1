//! The emission of every block of a window: recomputed, judged, and handed on to the epochs.

use std::{
    cell::OnceCell,
    collections::HashMap,
    time::{Duration, Instant},
};

use yumascan_protocol::emission::{SubnetInputs, SubnetOutputs};
use yumascan_warehouse::rows::{EmissionVerificationRow, Verdict, VerificationCauseRow};

use super::{
    blocks::Subject,
    coinbase::{self, Compared, Pallets, Positions, SubnetEmission},
    distribution::Accrued,
    effects::Effects,
    items::{Reason, Wide},
    state::States,
    tally::{Causes, How, Lane},
};

/// Emission of the blocks of a window, by position.
#[derive(Debug, Default)]
pub(crate) struct Emissions {
    blocks: Vec<BlockEmission>,
    /// What an epoch finds, by position and subnet.
    accrued: HashMap<(usize, u16), Accrued>,
    /// Time of the maths.
    pub(crate) maths: Duration,
}

#[derive(Debug)]
struct BlockEmission {
    era: String,
    timestamp_ms: Option<u64>,
    subnets: Result<Vec<SubnetEmission>, Reason>,
}

/// Wants the keys of liquidity positions: at both ends of the window, which between them have all that count.
pub(crate) fn want_positions<'i>(
    blocks: &[Subject],
    pallets_of: &impl Fn(usize) -> &'i Pallets<'i>,
    states: &mut States,
) {
    if let (Some(first), Some(last)) = (blocks.first(), blocks.last()) {
        Positions::want(pallets_of(0), states, first.parent);
        Positions::want(pallets_of(blocks.len() - 1), states, last.at);
    }
}

/// The keys that were wanted.
pub(crate) fn positions<'i>(
    blocks: &[Subject],
    pallets_of: &impl Fn(usize) -> &'i Pallets<'i>,
    states: &States,
) -> Positions {
    let mut positions = Positions::default();
    if let (Some(first), Some(last)) = (blocks.first(), blocks.last()) {
        positions.add(pallets_of(0), states, first.parent);
        positions.add(pallets_of(blocks.len() - 1), states, last.at);
    }
    positions
}

/// Wants what the coinbase of each block reads and writes.
pub(crate) fn want<'i>(
    blocks: &[Subject],
    pallets_of: &impl Fn(usize) -> &'i Pallets<'i>,
    states: &mut States,
    subnets: &[Vec<u16>],
    positions: &Positions,
) {
    for (position, block) in blocks.iter().enumerate() {
        let pallets = pallets_of(position);
        pallets.timestamp.want(states, block.at, "Now", &[]);
        if pallets.era(block.spec()).is_ok() {
            coinbase::want_inputs(pallets, states, block.parent, &subnets[position], positions);
            coinbase::want_outputs(pallets, states, block.at, &subnets[position]);
        }
    }
}

/// Recomputes the coinbase of each block and compares it.
pub(crate) fn recompute<'i>(
    blocks: &[Subject],
    pallets_of: &impl Fn(usize) -> &'i Pallets<'i>,
    states: &States,
    subnets: &[Vec<u16>],
    positions: &Positions,
    ran: &[Vec<u16>],
) -> Emissions {
    let started = Instant::now();
    let mut emissions = Emissions::default();
    for (position, block) in blocks.iter().enumerate() {
        let pallets = pallets_of(position);
        let era = pallets.era(block.spec());
        let name = era.as_ref().map_or_else(|_| "unsupported".to_owned(), |era| format!("{era:?}"));
        let found = era.and_then(|era| {
            let netuids = &subnets[position];
            let inputs = coinbase::read_inputs(pallets, states, block.parent, era, netuids, positions)?;
            let before = |subnet: &SubnetInputs| Accrued {
                era,
                pendings: subnet.pendings,
                alpha_out_rao: subnet.alpha_out_rao,
                alpha_in_rao: subnet.pool.alpha_in_rao,
                tao_weight: inputs.tao_weight,
            };
            let pending: Vec<(u16, Accrued)> =
                inputs.subnets.iter().map(|subnet| (subnet.netuid, before(subnet))).collect();
            let outputs = coinbase::recompute(&inputs)?;
            let found = coinbase::compare(pallets, states, block.parent, block.at, outputs, &ran[position])?;
            Ok((found, pending))
        });
        let subnets = found.map(|(found, pending)| {
            emissions.note_accrued(position, &found, &pending);
            found
        });
        let timestamp = pallets.timestamp.read::<Wide<u64>>(states, block.at.number, "Now", &[]);
        let timestamp_ms = timestamp.ok().flatten().map(|wide| wide.0);
        emissions.blocks.push(BlockEmission { era: name, timestamp_ms, subnets });
    }
    emissions.maths = started.elapsed();
    emissions
}

impl Emissions {
    /// What the epoch of a subnet in a block finds; `None` where it could not be recomputed.
    pub(crate) fn accrued(&self, position: usize, netuid: u16) -> Option<Accrued> {
        self.accrued.get(&(position, netuid)).copied()
    }

    /// An emission that is not what the chain stored says nothing about the epoch's amount.
    fn note_accrued(&mut self, position: usize, found: &[SubnetEmission], pending: &[(u16, Accrued)]) {
        for subnet in found {
            let is_known = subnet.unknown.is_none() && subnet.compared.iter().all(Compared::is_equal);
            if !is_known {
                continue;
            }
            let before = pending.iter().find(|(netuid, _)| *netuid == subnet.netuid);
            let Some((_, before)) = before else { continue };
            let accrued = match &subnet.outputs {
                Some(outputs) => Accrued {
                    pendings: outputs.pendings,
                    alpha_out_rao: outputs.alpha_out_rao,
                    alpha_in_rao: outputs.pool.alpha_in_rao,
                    ..*before
                },
                None => *before,
            };
            self.accrued.insert((position, subnet.netuid), accrued);
        }
    }

    /// Rows of all blocks and subnets, or of one subnet, and what extrinsics moved in them.
    pub(crate) fn rows(
        &mut self,
        blocks: &[Subject],
        netuid: Option<u16>,
    ) -> (Vec<EmissionVerificationRow>, Vec<VerificationCauseRow>) {
        let (mut rows, mut moved) = (Vec::new(), Vec::new());
        for (block, emission) in blocks.iter().zip(std::mem::take(&mut self.blocks)) {
            let blank = EmissionVerificationRow {
                block_number: block.at.number,
                timestamp_ms: emission.timestamp_ms,
                spec_version: block.spec(),
                era: emission.era,
                ..EmissionVerificationRow::default()
            };
            match emission.subnets {
                Ok(subnets) => {
                    let wanted = subnets.iter().filter(|subnet| netuid.is_none_or(|of| of == subnet.netuid));
                    let effects = OnceCell::new();
                    for subnet in wanted {
                        let mut causes = Causes::default();
                        rows.push(row_of(block, &blank, subnet, &effects, &mut causes));
                        moved.extend(causes.rows(block.at.number, subnet.netuid));
                    }
                }
                Err(reason) if netuid.is_none() => {
                    // netuid 0 stands for the block as a whole: root has no emission of its own
                    let verdict = Verdict::CannotSay.name().to_owned();
                    rows.push(EmissionVerificationRow { verdict, reason, ..blank });
                }
                Err(_) => {}
            }
        }
        (rows, moved)
    }
}

fn row_of(
    block: &Subject,
    blank: &EmissionVerificationRow,
    subnet: &SubnetEmission,
    effects: &OnceCell<Effects>,
    causes: &mut Causes,
) -> EmissionVerificationRow {
    let effects = || effects.get_or_init(|| Effects::of(block.at.number, &block.decode()));
    let count =
        |wanted: bool| subnet.compared.iter().filter(|field| field.is_equal() == wanted).count() as u32;
    let (equal, unequal) = (count(true), count(false));
    let first = subnet.compared.iter().find(|field| !field.is_equal());
    let first_difference =
        first.map(|field| format!("{}: {} recomputed, {} stored", field.field, field.expected, field.stored));
    let reserves =
        subnet.reserves.map(|reserves| reserves.compare(subnet.netuid, effects)).unwrap_or_default();
    for (item, kind) in &reserves.traced {
        causes.note(Lane::Emission, item, kind, How::Traced);
    }
    let moved = reserves.unequal.len() as u32;
    // the chain keeps the amounts of the last block in which a subnet received something; what it receives now is nothing
    let recomputed = |amount: fn(&SubnetOutputs) -> u64| match (&subnet.outputs, subnet.excluded) {
        (Some(outputs), _) => Some(amount(outputs)),
        (None, Some(_)) => Some(0),
        (None, None) => None,
    };
    let mut row = EmissionVerificationRow {
        netuid: subnet.netuid,
        verdict: Verdict::Verified.name().to_owned(),
        reason: subnet.excluded.map_or_else(String::new, |why| format!("it receives no emission: {why}")),
        fields_checked: equal + unequal + reserves.checked,
        fields_equal: equal + reserves.checked - moved,
        tao_in_rao: recomputed(|outputs| outputs.tao_in_emission_rao),
        alpha_in_rao: recomputed(|outputs| outputs.alpha_in_emission_rao),
        alpha_out_rao: recomputed(|outputs| outputs.alpha_out_emission_rao),
        chain_buy_rao: recomputed(|outputs| outputs.excess_tao_rao),
        ..blank.clone()
    };
    if let Some(why) = &subnet.unknown {
        row.verdict = Verdict::CannotSay.name().to_owned();
        row.reason = format!("the chain's buy of its alpha cannot be followed: {why}");
        return row;
    }
    for (item, excuse) in &reserves.unequal {
        if let Some(excuse) = excuse {
            row.fields_excused += 1;
            row.reason = format!("its reserves went on moving: {}", excuse.text);
            causes.note(Lane::Emission, item, &excuse.kind, How::Excused);
        }
    }
    // users who move reserves afterwards do not call in question what the coinbase wrote
    if unequal == 0 && reserves.first.is_none() {
        return row;
    }
    let effects = effects();
    let rewritten = effects.rebuilt(subnet.netuid).or_else(|| effects.raw_write());
    let (verdict, reason) = if let Some(excuse) = rewritten {
        row.fields_excused = row.fields_checked - row.fields_equal;
        for field in subnet.compared.iter().filter(|field| !field.is_equal()) {
            causes.note(Lane::Emission, field.field, &excuse.kind, How::Excused);
        }
        (Verdict::Excused, excuse.text)
    } else if subnet.is_rebuilt {
        (Verdict::CannotSay, "the subnet was removed or founded within the block".to_owned())
    } else if block.is_upgraded {
        (Verdict::CannotSay, "a runtime upgrade ran its migrations before the coinbase".to_owned())
    } else {
        row.first_difference = first_difference.or(reserves.first);
        (Verdict::Differs, String::new())
    };
    row.verdict = verdict.name().to_owned();
    row.reason = reason;
    row
}
