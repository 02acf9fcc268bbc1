//! A made-up chain: quiet by itself, with attacks on request.

use std::sync::Arc;

use yumascan_warehouse::rows::{BlockRow, CallRow, EventRow, ExtrinsicRow, QuarantineRow};
use yumascan_watch::{
    BlockInput, Engine, Incident, IncidentState, Kind, Lane, WatchConfig, input::StateInput, ledger::Changes,
};

/// First block's time.
const START_MS: u64 = 1_770_000_000_000;

/// Small repeatable numbers (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

/// An SS58-like name.
pub(crate) fn account(number: u64) -> String {
    format!("5Acc{number:044}")
}

/// A block that is being made.
pub(crate) struct Builder {
    pub(crate) input: BlockInput,
}

impl Builder {
    /// An empty block.
    pub(crate) fn new(number: u64) -> Self {
        let block = BlockRow {
            number,
            hash: format!("0x{number:064x}"),
            parent_hash: format!("0x{:064x}", number.saturating_sub(1)),
            timestamp_ms: Some(START_MS + number * 12_000),
            author: Some(account(900 + number % 5)),
            spec_version: 377,
            digest: digest(number),
            ..BlockRow::default()
        };
        Self { input: BlockInput { block, ..BlockInput::default() } }
    }

    /// What an ordinary block holds: a few signed calls, a pulse of the beacon.
    pub(crate) fn quiet(number: u64) -> Self {
        let mut builder = Self::new(number);
        let mut dice = Dice::new(number);
        for _ in 0..3 + dice.below(4) {
            let (who, fails) = (dice.below(60), dice.below(25) == 0);
            let error = fails.then_some("SubtensorModule.AmountTooLow");
            builder.signed(&account(who), &[("SubtensorModule", "add_stake")], error);
            if !fails {
                builder.staked(&account(who), 2 + u16::try_from(dice.below(3)).unwrap(), 1_000_000_000);
            }
        }
        builder.transfer(&account(dice.below(60)), &account(dice.below(60)), 2_000_000_000);
        builder.event("Drand", "NewPulse", format!("{{\"rounds\":[\"{}\"]}}", 1000 + 4 * number), None);
        builder
    }

    /// A signed extrinsic: one call, or a batch of several.
    pub(crate) fn signed(&mut self, who: &str, leaves: &[(&str, &str)], error: Option<&str>) -> u32 {
        let index = u32::try_from(self.input.extrinsics.len()).unwrap();
        let is_batch = leaves.len() > 1;
        let (pallet, call) = if is_batch { ("Utility", "batch") } else { leaves[0] };
        let success = Some(error.is_none());
        self.input.extrinsics.push(ExtrinsicRow {
            block_number: self.number(),
            extrinsic_index: index,
            signer: Some(who.to_owned()),
            length: u32::try_from(120 + 38 * leaves.len()).unwrap(),
            pallet: pallet.to_owned(),
            call: call.to_owned(),
            success,
            error: error.map(str::to_owned),
            fee_rao: Some(130_000 + 1_000 * leaves.len() as u64),
            pays_fee: Some(true),
            call_count: u32::try_from(leaves.len()).unwrap() + u32::from(is_batch),
            ..ExtrinsicRow::default()
        });
        if is_batch {
            self.call(index, 0, None, 0, ("Utility", "batch"), error);
        }
        for (place, leaf) in leaves.iter().enumerate() {
            let place = u32::try_from(place).unwrap();
            match is_batch {
                true => self.call(index, place + 1, Some(0), 1, *leaf, error),
                false => self.call(index, 0, None, 0, *leaf, error),
            }
        }
        self.input.block.signed_count += 1;
        self.input.block.weight_ref_time += 6_000_000_000 * leaves.len() as u64;
        index
    }

    pub(crate) fn call(
        &mut self,
        extrinsic_index: u32,
        call_index: u32,
        parent_index: Option<u32>,
        depth: u32,
        (pallet, call): (&str, &str),
        error: Option<&str>,
    ) {
        self.input.calls.push(CallRow {
            block_number: self.number(),
            extrinsic_index,
            call_index,
            parent_index,
            depth,
            pallet: pallet.to_owned(),
            call: call.to_owned(),
            success: Some(error.is_none()),
            error: error.map(str::to_owned),
            ..CallRow::default()
        });
    }

    /// Sets arguments of the last call.
    pub(crate) fn args(&mut self, args: &str) {
        args.clone_into(&mut self.input.calls.last_mut().unwrap().args);
    }

    pub(crate) fn event(&mut self, pallet: &str, variant: &str, args: String, extrinsic: Option<u32>) {
        self.input.events.push(EventRow {
            block_number: self.number(),
            event_index: u32::try_from(self.input.events.len()).unwrap(),
            extrinsic_index: extrinsic,
            pallet: pallet.to_owned(),
            variant: variant.to_owned(),
            args,
            ..EventRow::default()
        });
    }

    pub(crate) fn transfer(&mut self, from: &str, to: &str, rao: u64) {
        let args = format!("{{\"from\":\"{from}\",\"to\":\"{to}\",\"amount\":\"{rao}\"}}");
        self.event("Balances", "Transfer", args, None);
    }

    pub(crate) fn staked(&mut self, who: &str, netuid: u16, rao: u64) {
        let args = format!("[\"{who}\",\"{}\",\"{rao}\",\"{rao}\",{netuid},\"0\"]", account(700));
        self.event("SubtensorModule", "StakeAdded", args, None);
    }

    pub(crate) fn unstaked(&mut self, who: &str, netuid: u16, rao: u64) {
        let args = format!("[\"{who}\",\"{}\",\"{rao}\",\"{rao}\",{netuid},\"0\"]", account(700));
        self.event("SubtensorModule", "StakeRemoved", args, None);
    }

    pub(crate) fn undecodable(&mut self) {
        self.input.quarantine.push(QuarantineRow {
            block_number: self.number(),
            kind: "extrinsic".to_owned(),
            reason: "made up".to_owned(),
            ..QuarantineRow::default()
        });
    }

    pub(crate) fn state(&mut self) -> &mut StateInput {
        self.input.state.get_or_insert_default()
    }

    pub(crate) fn number(&self) -> u64 {
        self.input.block.number
    }
}

fn digest(slot: u64) -> String {
    let bytes: String = slot.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("[{{\"PreRuntime\":[\"0x61757261\",\"0x{bytes}\"]}}]")
}

/// Blocks 1 to `last`, ordinary but for what `change` does to them.
pub(crate) fn chain(last: u64, mut change: impl FnMut(&mut Builder)) -> Vec<BlockInput> {
    (1..=last)
        .map(|number| {
            let mut builder = Builder::quiet(number);
            change(&mut builder);
            builder.input
        })
        .collect()
}

/// All that a lane's detectors find.
pub(crate) fn watch(lane: Lane, blocks: &[BlockInput]) -> Changes {
    watch_with(WatchConfig::default(), lane, blocks)
}

/// The same by other thresholds.
pub(crate) fn watch_with(config: WatchConfig, lane: Lane, blocks: &[BlockInput]) -> Changes {
    let mut engine = Engine::new(Arc::new(config), lane, None);
    let mut all = Changes::default();
    for block in blocks {
        all.extend(engine.observe(block));
    }
    all
}

/// Incidents of a kind.
pub(crate) fn of(changes: &Changes, kind: Kind) -> Vec<&Incident> {
    changes.incidents.iter().filter(|incident| incident.kind == kind).collect()
}

/// The only incident of a kind.
#[track_caller]
pub(crate) fn only(changes: &Changes, kind: Kind) -> &Incident {
    let found = of(changes, kind);
    assert_eq!(found.len(), 1, "{kind}: {:?}", titles(changes));
    found[0]
}

/// What was found, for messages.
pub(crate) fn titles(changes: &Changes) -> Vec<String> {
    let title = |incident: &Incident| {
        format!(
            "{} {} {}–{} {}",
            incident.severity, incident.kind, incident.first_block, incident.last_block, incident.title
        )
    };
    changes.incidents.iter().map(title).collect()
}

pub(crate) fn is_closed(incident: &Incident) -> bool {
    incident.state == IncidentState::Closed
}
