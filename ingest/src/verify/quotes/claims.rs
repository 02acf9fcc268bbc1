//! Claims of root stakers, made again as the chain makes them: one after another, each against the pool as the one
//! before left it, and each adding to the root stake that the next is reckoned from.

use std::collections::BTreeMap;

use serde_json::Value;
use yumascan_chain::{AccountId, DecodedBlock, Outcome};
use yumascan_protocol::{
    amm::{Order, Pool, Side},
    fixed::{I96F32, U64F64},
    root_claim::owed_rao,
    share_pool::{FixedPool, FloatPool, SafeFloat},
};

use crate::{
    moves::{Answer, Key, Moment, Read, State},
    recorded::Chain,
};

/// The stake on root of one hotkey.
#[derive(Debug, Clone)]
enum Root {
    Fixed(FixedPool, BTreeMap<AccountId, U64F64>),
    Float(FloatPool, BTreeMap<AccountId, SafeFloat>),
}

/// What claims read and write in one block, as far as it was needed.
pub(super) struct Claims<'c> {
    chain: &'c Chain,
    number: u64,
    roots: BTreeMap<AccountId, Root>,
    rates: BTreeMap<AccountId, BTreeMap<u16, I96F32>>,
    claimed: BTreeMap<(u16, AccountId, AccountId), u128>,
}

impl<'c> Claims<'c> {
    pub(super) fn new(chain: &'c Chain, number: u64) -> Self {
        Self { chain, number, roots: BTreeMap::new(), rates: BTreeMap::new(), claimed: BTreeMap::new() }
    }

    /// Claims for a coldkey, as an extrinsic asked for or the chain does by itself.
    pub(super) fn claim(
        &mut self,
        coldkey: AccountId,
        extrinsic: Option<u32>,
        decoded: &DecodedBlock,
        pools: &mut BTreeMap<u16, Pool>,
    ) {
        let moment = if extrinsic.is_some() { Moment::After } else { Moment::Before };
        let asked = extrinsic.map(|extrinsic| asked(extrinsic, decoded));
        let kind = self.json(moment, "RootClaimType", &[Key::Account(coldkey)]);
        let hotkeys = self.json(moment, "StakingHotkeys", &[Key::Account(coldkey)]);
        let hotkeys: Vec<AccountId> = serde_json::from_value(hotkeys).unwrap();
        for hotkey in hotkeys {
            let netuids: Vec<u16> = self.rates(hotkey).keys().copied().collect();
            let asked = |netuid: &u16| asked.as_ref().is_none_or(|asked| asked.contains(netuid));
            for netuid in netuids.into_iter().filter(asked) {
                self.claim_on(hotkey, coldkey, netuid, swaps(&kind, netuid), pools);
            }
        }
    }

    fn claim_on(
        &mut self,
        hotkey: AccountId,
        coldkey: AccountId,
        netuid: u16,
        swaps: bool,
        pools: &mut BTreeMap<u16, Pool>,
    ) {
        let rate = self.rates(hotkey)[&netuid];
        let stake = self.root(hotkey, coldkey).value_of(coldkey);
        let owed = owed_rao(rate, stake, self.claimed(netuid, hotkey, coldkey));
        let threshold = self.json(Moment::Before, "RootClaimableThreshold", &[Key::U16(netuid)]);
        let threshold = I96F32::from_bits(number(&threshold["bits"])).to_u64();
        let Ok(owed) = u64::try_from(owed) else { return };
        if owed == 0 || owed < threshold {
            return;
        }
        if swaps {
            let order = Order { side: Side::Sell, amount_rao: owed, limit_price_rao: None, with_fee: false };
            let Some(pool) = pools.get_mut(&netuid) else { return };
            let Ok((swap, after)) = pool.swap(order) else { return };
            *pool = after;
            self.stake(hotkey, coldkey, i64::try_from(swap.paid_out_rao).unwrap());
        }
        self.claimed(netuid, hotkey, coldkey);
        *self.claimed.entry((netuid, hotkey, coldkey)).or_default() += u128::from(owed);
    }

    /// Stake on root that was added or removed; what it would claim of the past counts as claimed.
    pub(super) fn stake(&mut self, hotkey: AccountId, coldkey: AccountId, rao: i64) {
        for (netuid, rate) in self.rates(hotkey) {
            let of_stake = rate.saturating_mul(I96F32::from_u64(rao.unsigned_abs())).to_u128();
            let claimed = self.claimed(netuid, hotkey, coldkey);
            let claimed = match rao >= 0 {
                true => claimed.saturating_add(of_stake),
                false => claimed.saturating_sub(of_stake),
            };
            self.claimed.insert((netuid, hotkey, coldkey), claimed);
        }
        self.root(hotkey, coldkey).change(coldkey, rao);
    }

    /// How many amounts claimed are as the chain stored them, and those that are not.
    pub(super) fn compare(&self) -> (u64, Vec<String>) {
        let (mut equal, mut differ) = (0, Vec::new());
        for ((netuid, hotkey, coldkey), claimed) in &self.claimed {
            let key = [Key::U16(*netuid), Key::Account(*hotkey), Key::Account(*coldkey)];
            let stored: u128 = number(&self.json(Moment::After, "RootClaimed", &key)).try_into().unwrap();
            match stored == *claimed {
                true => equal += 1,
                false => differ
                    .push(format!("{} {netuid} {hotkey} {coldkey}: {claimed}, stored {stored}", self.number)),
            }
        }
        (equal, differ)
    }

    fn rates(&mut self, hotkey: AccountId) -> BTreeMap<u16, I96F32> {
        if let Some(rates) = self.rates.get(&hotkey) {
            return rates.clone();
        }
        let stored = self.json(Moment::After, "RootClaimable", &[Key::Account(hotkey)]);
        let pairs = stored.as_array().cloned().unwrap_or_default();
        let rates: BTreeMap<u16, I96F32> = pairs
            .iter()
            .map(|pair| {
                (u16::try_from(number(&pair[0])).unwrap(), I96F32::from_bits(number(&pair[1]["bits"])))
            })
            .collect();
        self.rates.insert(hotkey, rates.clone());
        rates
    }

    fn claimed(&mut self, netuid: u16, hotkey: AccountId, coldkey: AccountId) -> u128 {
        let key = (netuid, hotkey, coldkey);
        if let Some(claimed) = self.claimed.get(&key) {
            return *claimed;
        }
        let stored = [Key::U16(netuid), Key::Account(hotkey), Key::Account(coldkey)];
        let stored = number(&self.json(Moment::Before, "RootClaimed", &stored)).try_into().unwrap();
        self.claimed.insert(key, stored);
        stored
    }

    /// The stake of a hotkey, with the shares of a coldkey.
    fn root(&mut self, hotkey: AccountId, coldkey: AccountId) -> &mut Root {
        let share = [Key::Account(hotkey), Key::Account(coldkey), Key::U16(0)];
        let pool = [Key::Account(hotkey), Key::U16(0)];
        let fixed = |this: &Self, item, key: &[Key]| {
            U64F64::from_bits(number(&this.json(Moment::Before, item, key)["bits"]).try_into().unwrap())
        };
        let float = |this: &Self, item, key: &[Key], old: U64F64| match old == U64F64::ZERO {
            true => serde_float(&this.json(Moment::Before, item, key)),
            false => SafeFloat::from(old),
        };
        let is_float = self.chain.state(self.number).has(Moment::Before, "SubtensorModule", "AlphaV2");
        let shares = fixed(self, "Alpha", &share);
        if !self.roots.contains_key(&hotkey) {
            let value = self.json(Moment::Before, "TotalHotkeyAlpha", &pool);
            let value_rao = u64::try_from(number(&value)).unwrap();
            let denominator = fixed(self, "TotalHotkeyShares", &pool);
            let root = match is_float {
                true => {
                    let denominator = float(self, "TotalHotkeySharesV2", &pool, denominator);
                    Root::Float(FloatPool { value_rao, denominator }, BTreeMap::new())
                }
                false => Root::Fixed(FixedPool { value_rao, denominator }, BTreeMap::new()),
            };
            self.roots.insert(hotkey, root);
        }
        let later = if is_float { float(self, "AlphaV2", &share, shares) } else { SafeFloat::default() };
        let root = self.roots.get_mut(&hotkey).unwrap();
        match root {
            Root::Fixed(_, of) => drop(of.entry(coldkey).or_insert(shares)),
            Root::Float(_, of) => drop(of.entry(coldkey).or_insert(later)),
        }
        root
    }

    fn json(&self, moment: Moment, item: &'static str, keys: &[Key]) -> Value {
        let read = Read { moment, pallet: "SubtensorModule", item, keys: keys.to_vec() };
        match self.chain.state(self.number).read(&read) {
            Answer::Value(json) => serde_json::from_str(&json).unwrap(),
            Answer::Nothing | Answer::Unread => Value::Null,
        }
    }
}

impl Root {
    fn value_of(&self, coldkey: AccountId) -> u64 {
        match self {
            Self::Fixed(pool, shares) => pool.value_of(shares[&coldkey]),
            Self::Float(pool, shares) => pool.value_of(shares[&coldkey]),
        }
    }

    fn change(&mut self, coldkey: AccountId, rao: i64) {
        match self {
            Self::Fixed(pool, shares) => drop(pool.change(shares.get_mut(&coldkey).unwrap(), rao)),
            Self::Float(pool, shares) => pool.change(shares.get_mut(&coldkey).unwrap(), rao),
        }
    }
}

/// Subnets that an extrinsic claims on.
fn asked(extrinsic: u32, decoded: &DecodedBlock) -> Vec<u16> {
    let ran = |outcome| matches!(outcome, Outcome::Success | Outcome::Unknown);
    let calls = decoded
        .calls()
        .filter(|view| view.extrinsic_index == extrinsic && view.call == "claim_root" && ran(view.outcome));
    let subnets = |args: &str| {
        let args: Value = serde_json::from_str(args).unwrap();
        args["subnets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|netuid| u16::try_from(number(netuid)).unwrap())
            .collect::<Vec<_>>()
    };
    calls.flat_map(|view| subnets(view.args)).collect()
}

fn swaps(kind: &Value, netuid: u16) -> bool {
    match kind.as_object().and_then(|kind| kind.keys().next()).map(String::as_str) {
        Some("Keep") => false,
        Some("KeepSubnets") => {
            let kept = kind["KeepSubnets"]["subnets"].as_array().unwrap();
            !kept.iter().any(|kept| number(kept) == i128::from(netuid))
        }
        _ => true,
    }
}

fn serde_float(value: &Value) -> SafeFloat {
    SafeFloat {
        mantissa: u128::try_from(number(&value["mantissa"])).unwrap_or_default(),
        exponent: i64::try_from(number(&value["exponent"])).unwrap_or_default(),
    }
}

/// An integer, as number or as text; 0 for anything else.
fn number(value: &Value) -> i128 {
    match value {
        Value::Number(number) => number.as_i64().map_or(0, i128::from),
        Value::String(digits) => digits.parse().unwrap_or_default(),
        _ => 0,
    }
}
