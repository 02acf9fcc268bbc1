//! Reserves of a pool after the coinbase, beside those after the block.
//!
//! Users go on swapping in the block. What their events say to have moved is added to what the coinbase left; what moves
//! reserves without amounts is excused by name, see [`Moves`](crate::verify::effects::Moves).

use yumascan_protocol::emission::SubnetOutputs;

use super::Reader;
use crate::verify::{
    effects::{Effects, Excuse, PoolChange},
    items::{Part, Reason, Wide},
};

/// What is read of a pool before and after a block.
pub(super) const RESERVES: [&str; 4] = ["SubnetTAO", "SubnetAlphaIn", "SubnetAlphaOut", "SubnetVolume"];

/// A pool after the coinbase of a block and after the block. What is stored for the block before has the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reserves {
    after_coinbase: PoolChange,
    stored: PoolChange,
    /// Of 65535.
    fee_rate: u16,
    /// An epoch of the block recycles alpha, after the coinbase: it is compared with the epoch's payments.
    epoch_ran: bool,
}

/// What comparing a pool found.
#[derive(Debug, Default)]
pub(crate) struct ReservesFound {
    pub(crate) checked: u32,
    /// Items that are not equal, and what moved them.
    pub(crate) unequal: Vec<(&'static str, Option<Excuse>)>,
    /// Items that are equal with what these events moved.
    pub(crate) traced: Vec<(&'static str, String)>,
    /// The first difference without an excuse.
    pub(crate) first: Option<String>,
}

impl Reserves {
    /// Of a subnet that the coinbase gave `outputs`, or nothing. `swap` reads the pallet of the pools before the block.
    pub(super) fn read(
        before: &Reader<'_>,
        after: &Reader<'_>,
        swap: &Reader<'_>,
        netuid: u16,
        outputs: Option<&SubnetOutputs>,
        epoch_ran: bool,
    ) -> Result<Self, Reason> {
        let mut after_coinbase = state(before, netuid)?;
        if let Some(outputs) = outputs {
            after_coinbase.tao = outputs.pool.tao_rao.into();
            after_coinbase.alpha_in = outputs.pool.alpha_in_rao.into();
            after_coinbase.alpha_out = outputs.alpha_out_rao.into();
            let bought = outputs.bought_alpha_rao.map_or(0, |_| outputs.excess_tao_rao);
            after_coinbase.volume += i128::from(bought);
        }
        let fee_rate = swap.get("FeeRate", &[Part::U16(netuid)])?.unwrap_or_default();
        Ok(Self { after_coinbase, stored: state(after, netuid)?, fee_rate, epoch_ran })
    }

    /// Compares them; `effects` gives what the block did, and is not asked where nothing moved.
    pub(crate) fn compare<'e>(&self, netuid: u16, effects: impl FnOnce() -> &'e Effects) -> ReservesFound {
        let mut found = ReservesFound { checked: self.items().count() as u32, ..ReservesFound::default() };
        let moved = self.stored.minus(self.after_coinbase);
        let is_still = moved.volume == 0 && self.parts(moved).all(|(_, moved)| moved == 0);
        if is_still {
            return found;
        }
        let effects = effects();
        let (told, kinds) = effects.moves.of_pool(netuid);
        let rest = moved.minus(told);
        if self.parts(rest).all(|(_, rest)| rest == 0) {
            let parts = self.parts(told).filter(|(_, told)| *told != 0);
            found.traced = parts
                .flat_map(|(item, _)| kinds.iter().map(move |kind| (item, (*kind).to_owned())))
                .collect();
            return found;
        }
        let excuse = effects
            .moves
            .excuse_pool(effects.block(), netuid, rest, !self.epoch_ran, self.fee_rate)
            .or_else(|| effects.rebuilt(netuid))
            .or_else(|| effects.raw_write());
        for (item, rest) in self.parts(rest).filter(|(_, rest)| *rest != 0) {
            found.unequal.push((item, excuse.clone()));
            if excuse.is_none() && found.first.is_none() {
                let stored = self.parts(self.stored).find(|(of, _)| *of == item).map_or(0, |(_, part)| part);
                found.first = Some(format!("{item}: {} recomputed, {stored} stored", stored - rest));
            }
        }
        found
    }

    fn items(&self) -> impl Iterator<Item = &'static str> {
        RESERVES.into_iter().take(if self.epoch_ran { 2 } else { 3 })
    }

    fn parts(&self, of: PoolChange) -> impl Iterator<Item = (&'static str, i128)> {
        self.items().zip([of.tao, of.alpha_in, of.alpha_out])
    }
}

fn state(reader: &Reader<'_>, netuid: u16) -> Result<PoolChange, Reason> {
    let key = [Part::U16(netuid)];
    let [tao, alpha_in, alpha_out, volume] =
        RESERVES.map(|name| Ok::<_, Reason>(reader.get::<Wide<i128>>(name, &key)?.map_or(0, |wide| wide.0)));
    Ok(PoolChange { tao: tao?, alpha_in: alpha_in?, alpha_out: alpha_out?, volume: volume? })
}
