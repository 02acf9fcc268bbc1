//! Stake and reserves that extrinsics moved after the coinbase and the epochs, by the amounts of their events.
//!
//! Most stake moves with an event that has the amounts: then what is stored after the block is what the epoch (or the
//! coinbase) left plus what the events say, to the last rao. Claims of root dividends, registrations and fees paid in
//! alpha move reserves without amounts: what they did is excused, by name, and within what their traces allow.

use std::collections::HashMap;

use serde_json::Value;
use yumascan_chain::{AccountId, BlockNumber};

use super::cause::{Cause, Excuse};
use crate::verify::items::Wide;

/// Everything that a block moved.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    stakes: HashMap<(u16, AccountId), Vec<StakeMove>>,
    pools: HashMap<u16, Vec<PoolMove>>,
    /// Coldkeys for which root dividends were claimed.
    claims: Vec<(AccountId, Cause)>,
    /// Subnets on which neurons registered, the first and how many: what they paid bought alpha.
    registrations: HashMap<u16, (Cause, u32)>,
    /// Calls whose fee may be paid in alpha of a hotkey, by subnet where it is named.
    alpha_payers: Vec<(AccountId, Option<u16>, Cause)>,
    /// Coldkeys whose stake went to another.
    coldkeys_swapped: Vec<(AccountId, Cause)>,
    /// Anything else that moves reserves, by subnet; `None` where the event does not say which.
    others: Vec<(Option<u16>, Cause)>,
}

#[derive(Debug)]
struct StakeMove {
    alpha: i128,
    cause: Cause,
}

/// What moved in a pool, rao and alpha-rao.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PoolChange {
    /// `SubnetTAO`.
    pub(crate) tao: i128,
    /// `SubnetAlphaIn`.
    pub(crate) alpha_in: i128,
    /// `SubnetAlphaOut`.
    pub(crate) alpha_out: i128,
    /// `SubnetVolume`: TAO of both directions.
    pub(crate) volume: i128,
}

#[derive(Debug)]
struct PoolMove {
    change: PoolChange,
    cause: Cause,
}

impl PoolChange {
    fn plus(self, other: Self) -> Self {
        Self {
            tao: self.tao + other.tao,
            alpha_in: self.alpha_in + other.alpha_in,
            alpha_out: self.alpha_out + other.alpha_out,
            volume: self.volume + other.volume,
        }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            tao: self.tao - other.tao,
            alpha_in: self.alpha_in - other.alpha_in,
            alpha_out: self.alpha_out - other.alpha_out,
            volume: self.volume - other.volume,
        }
    }
}

/// Calls whose fee the chain may take from the stake that they name.
const PAY_IN_ALPHA: [&str; 12] = [
    "remove_stake",
    "remove_stake_limit",
    "remove_stake_full_limit",
    "unstake_all",
    "unstake_all_alpha",
    "move_stake",
    "transfer_stake",
    "swap_stake",
    "swap_stake_limit",
    "recycle_alpha",
    "burn_alpha",
    "transfer_stake_limit",
];

impl Moves {
    /// Notes an event of the pallet `SubtensorModule` or `Swap`.
    pub(super) fn note_event(&mut self, variant: &str, args: &str, extrinsic: Option<u32>) {
        let cause = || Cause::new(extrinsic, variant);
        match variant {
            "StakeAdded" => {
                let Some(stake) = Stake::read(args) else { return };
                let Stake { hotkey, netuid, tao, alpha, fee } = stake;
                self.stake(netuid, hotkey, alpha, cause());
                let change = PoolChange { tao: tao - fee, alpha_in: -alpha, alpha_out: alpha, volume: tao };
                self.pool(netuid, change, cause());
            }
            "StakeRemoved" => {
                let Some(stake) = Stake::read(args) else { return };
                let Stake { hotkey, netuid, tao, alpha, fee } = stake;
                self.stake(netuid, hotkey, -alpha, cause());
                let into = alpha - fee;
                let change = PoolChange { tao: -tao, alpha_in: into, alpha_out: -into, volume: tao };
                self.pool(netuid, change, cause());
            }
            "AlphaRecycled" | "AlphaBurned" => {
                type Destroyed = (AccountId, AccountId, Wide<u64>, u16);
                let Ok((_, hotkey, alpha, netuid)) = serde_json::from_str::<Destroyed>(args) else { return };
                let alpha = i128::from(alpha.0);
                self.stake(netuid, hotkey, -alpha, cause());
                let alpha_out = if variant == "AlphaRecycled" { -alpha } else { 0 };
                self.pool(netuid, PoolChange { alpha_out, ..PoolChange::default() }, cause());
            }
            // within a subnet nothing is swapped: the TAO of the two events before is what the alpha was worth
            "StakeMoved" => {
                type Moved = (Value, Value, u16, Value, u16, Wide<u64>);
                if let Ok((_, _, from, _, to, tao)) = serde_json::from_str::<Moved>(args) {
                    self.unswapped(from, to, tao.0, cause());
                }
            }
            "StakeTransferred" => {
                type Transferred = (Value, Value, Value, u16, u16, Wide<u64>);
                if let Ok((_, _, _, from, to, tao)) = serde_json::from_str::<Transferred>(args) {
                    self.unswapped(from, to, tao.0, cause());
                }
            }
            "RootClaimed" => {
                if let Some(coldkey) = member(args, "coldkey") {
                    self.claims.push((coldkey, cause()));
                }
            }
            "NeuronRegistered" => {
                if let Ok((netuid, _, _)) = serde_json::from_str::<(u16, Value, Value)>(args) {
                    self.registrations.entry(netuid).or_insert_with(|| (cause(), 0)).1 += 1;
                }
            }
            "ColdkeySwapped" => {
                for name in ["old_coldkey", "new_coldkey"] {
                    self.coldkeys_swapped.extend(member(args, name).map(|coldkey| (coldkey, cause())));
                }
            }
            "TransactionFeePaidWithAlpha" | "LiquidityAdded" | "LiquidityModified" | "LiquidityRemoved" => {
                self.others.push((member(args, "netuid"), cause()));
            }
            _ => {}
        }
    }

    /// Notes a call of the pallet `SubtensorModule` that ran.
    pub(super) fn note_call(&mut self, call: &str, args: &str, extrinsic: u32) {
        if !PAY_IN_ALPHA.contains(&call) {
            return;
        }
        let cause = || Cause::new(Some(extrinsic), call).with(", whose fee may be paid in alpha".to_owned());
        let netuid = member(args, "netuid").or_else(|| member(args, "origin_netuid"));
        for name in ["hotkey", "origin_hotkey"] {
            if let Some(hotkey) = member::<AccountId>(args, name) {
                self.alpha_payers.push((hotkey, netuid, cause()));
            }
        }
    }

    fn stake(&mut self, netuid: u16, hotkey: AccountId, alpha: i128, cause: Cause) {
        self.stakes.entry((netuid, hotkey)).or_default().push(StakeMove { alpha, cause });
    }

    fn pool(&mut self, netuid: u16, change: PoolChange, cause: Cause) {
        self.pools.entry(netuid).or_default().push(PoolMove { change, cause });
    }

    fn unswapped(&mut self, from: u16, to: u16, tao: u64, cause: Cause) {
        if from == to {
            let volume = -2 * i128::from(tao);
            self.pool(from, PoolChange { volume, ..PoolChange::default() }, cause);
        }
    }

    /// What events moved on a hotkey's stake, alpha-rao, and the kinds of these events.
    pub(crate) fn of_stake(&self, netuid: u16, hotkey: &AccountId) -> (i128, Vec<&str>) {
        let moves = self.stakes.get(&(netuid, *hotkey)).map_or(&[][..], Vec::as_slice);
        (moves.iter().map(|one| one.alpha).sum(), kinds(moves.iter().map(|one| &one.cause)))
    }

    /// What events moved in a subnet's pool, and the kinds of these events.
    pub(crate) fn of_pool(&self, netuid: u16) -> (PoolChange, Vec<&str>) {
        let moves = self.pools.get(&netuid).map_or(&[][..], Vec::as_slice);
        let change = moves.iter().fold(PoolChange::default(), |sum, one| sum.plus(one.change));
        (change, kinds(moves.iter().map(|one| &one.cause)))
    }

    /// Coldkeys for which root dividends were claimed, each once.
    pub(crate) fn claimers(&self) -> Vec<AccountId> {
        let mut coldkeys: Vec<AccountId> = self.claims.iter().map(|(coldkey, _)| *coldkey).collect();
        coldkeys.sort_unstable();
        coldkeys.dedup();
        coldkeys
    }

    /// Coldkeys of which stake may have moved without amounts: claimers, and those that were swapped.
    pub(crate) fn unclear_coldkeys(&self) -> Vec<AccountId> {
        let mut coldkeys = self.claimers();
        coldkeys.extend(self.coldkeys_swapped.iter().map(|(coldkey, _)| *coldkey));
        coldkeys.sort_unstable();
        coldkeys.dedup();
        coldkeys
    }

    /// What may have moved a hotkey's stake by `alpha` that no event has. `staked_by` are those of the
    /// [unclear](Self::unclear_coldkeys) coldkeys that stake on it.
    pub(crate) fn excuse_stake(
        &self,
        block: BlockNumber,
        netuid: u16,
        hotkey: &AccountId,
        alpha: i128,
        staked_by: &[AccountId],
    ) -> Option<Excuse> {
        let of = |(coldkey, _): &&(AccountId, Cause)| staked_by.contains(coldkey);
        let claim = self.claims.iter().find(of).map(|(_, cause)| cause);
        let swap = || self.coldkeys_swapped.iter().find(of).map(|(_, cause)| cause);
        let fee = || {
            let paid = |(payer, of, _): &&(AccountId, Option<u16>, Cause)| {
                payer == hotkey && of.is_none_or(|of| of == netuid)
            };
            self.alpha_payers.iter().find(paid).filter(|_| alpha < 0).map(|(.., cause)| cause)
        };
        claim.or_else(swap).or_else(fee).map(|cause| cause.excuse(block))
    }

    /// Whether root dividends were claimed: what is not kept is sold.
    pub(crate) fn has_claims(&self) -> bool {
        !self.claims.is_empty()
    }

    /// What may have moved a subnet's alpha outside its pool, where neither events nor the pool's own alpha tell by how
    /// much: claims that sell it beside registrations that buy it and destroy what they bought.
    pub(crate) fn excuse_alpha_out(&self, block: BlockNumber, netuid: u16) -> Option<Excuse> {
        let other = self.others.iter().find(|(of, _)| of.is_none_or(|of| of == netuid));
        let bought = self.registrations.get(&netuid).filter(|_| self.has_claims());
        other.map(|(_, cause)| cause).or(bought.map(|(cause, _)| cause)).map(|cause| cause.excuse(block))
    }

    /// What may have moved a pool by `rest`, which no event has. Where an epoch ran, the alpha outside the pool says
    /// nothing (`with_alpha_out`); `fee_rate` is the pool's, of 65535.
    pub(crate) fn excuse_pool(
        &self,
        block: BlockNumber,
        netuid: u16,
        rest: PoolChange,
        with_alpha_out: bool,
        fee_rate: u16,
    ) -> Option<Excuse> {
        let other = self.others.iter().find(|(of, _)| of.is_none_or(|of| of == netuid));
        if let Some((_, cause)) = other {
            return Some(cause.excuse(block));
        }
        // claims sell alpha without fee, registrations buy it, each with the fee, and destroy what they bought
        let sold = self.claims.first().map(|(_, cause)| cause);
        let bought = self.registrations.get(&netuid);
        let out_is = |alpha: i128| !with_alpha_out || rest.alpha_out == alpha;
        let is_sale = rest.tao == -rest.volume && rest.alpha_in >= 0 && out_is(-rest.alpha_in);
        let fees = rest.volume * i128::from(fee_rate) / i128::from(u16::MAX);
        let least_fees = fees - bought.map_or(0, |(_, count)| i128::from(*count));
        let pays_fees = (least_fees..=fees).contains(&(rest.volume - rest.tao));
        let is_purchase = (pays_fees || rest.tao == rest.volume) && rest.alpha_in <= 0 && out_is(0);
        let is_either = rest.tao.abs() <= rest.volume;
        let cause = match (sold, bought) {
            (Some(sold), _) if is_sale => sold,
            (_, Some((bought, _))) if is_purchase => bought,
            (Some(_), Some((bought, _))) if is_either => bought,
            _ => return None,
        };
        (rest.volume > 0).then(|| cause.excuse(block))
    }
}

/// `StakeAdded` and `StakeRemoved`: coldkey, hotkey, TAO, alpha, subnet, and since spec 257 the fee, in TAO where stake is
/// added and in alpha where it is removed.
struct Stake {
    hotkey: AccountId,
    netuid: u16,
    tao: i128,
    alpha: i128,
    fee: i128,
}

impl Stake {
    fn read(args: &str) -> Option<Self> {
        type WithFee = (AccountId, AccountId, Wide<u64>, Wide<u64>, u16, Wide<u64>);
        type WithoutFee = (AccountId, AccountId, Wide<u64>, Wide<u64>, u16);
        let (_, hotkey, tao, alpha, netuid, fee) = serde_json::from_str::<WithFee>(args)
            .or_else(|_| {
                let found = serde_json::from_str::<WithoutFee>(args);
                found.map(|(coldkey, hotkey, tao, alpha, netuid)| {
                    (coldkey, hotkey, tao, alpha, netuid, Wide(0))
                })
            })
            .ok()?;
        let [tao, alpha, fee] = [tao, alpha, fee].map(|amount| i128::from(amount.0));
        Some(Self { hotkey, netuid, tao, alpha, fee })
    }
}

fn kinds<'a>(causes: impl Iterator<Item = &'a Cause>) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = causes.map(|cause| cause.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn member<T: serde::de::DeserializeOwned>(args: &str, name: &str) -> Option<T> {
    let mut args: Value = serde_json::from_str(args).ok()?;
    serde_json::from_value(args.get_mut(name)?.take()).ok()
}
