//! What it costs to register: the lock of a subnet, the terms of a neuron until spec 393, and its price from 401.

use crate::fixed::U64F64;

/// Fraction bits of the chain's numbers for the terms of a neuron.
const FRACTION_BITS: u32 = 18;

/// What the chain stores about locks for subnets. Amounts in rao, blocks by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubnetLock {
    /// `NetworkMinLockCost`.
    pub least_rao: u64,
    /// `NetworkLastLockCost`: what the last subnet cost.
    pub last_rao: u64,
    /// Block of the last registration (`NetworkLastRegistered`; since 315 in `LastRateLimitedBlock`); 0 for none.
    pub last_block: u64,
    /// Blocks in which a doubled cost comes back to the last one: [`reduction_interval`].
    pub interval: u64,
}

impl SubnetLock {
    /// What registering a subnet costs at `block`, in rao.
    ///
    /// A registration doubles the cost; from there it falls by the same amount each block, down to the least.
    #[must_use]
    pub const fn cost_rao(&self, block: u64) -> u64 {
        let doubled = self.last_rao.saturating_mul(if self.last_block == 0 { 1 } else { 2 });
        let each_block = match self.last_rao.checked_div(self.interval) {
            Some(rao) => rao,
            None => 0,
        };
        let fallen = each_block.saturating_mul(block.saturating_sub(self.last_block));
        let cost = doubled.saturating_sub(fallen);
        if cost < self.least_rao { self.least_rao } else { cost }
    }
}

/// Blocks in which the cost of a subnet falls by the last lock, under spec 377: the stored
/// `NetworkLockReductionInterval`, shorter by every halving of the TAO that a block emits.
#[must_use]
pub const fn reduction_interval(stored: u64, block_emission_rao: u64) -> u64 {
    let scaled = stored as u128 * block_emission_rao as u128 / crate::supply::RAO as u128;
    if scaled > u64::MAX as u128 { u64::MAX } else { scaled as u64 }
}

/// How a subnet adjusts the terms of registration: `Difficulty` for work, `Burn` (in rao) for TAO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    /// `TargetRegistrationsPerInterval`.
    pub target: u16,
    /// `AdjustmentAlpha`, of 2^64 − 1: how much of the old value stays.
    pub kept: u64,
    /// `MinDifficulty` or `MinBurn`.
    pub least: u64,
    /// `MaxDifficulty` or `MaxBurn`.
    pub most: u64,
}

impl Adjustment {
    /// The value after an interval with this many registrations; `None` for a target of 0, which has no next value.
    ///
    /// `kept · value + (1 − kept) · value · (registrations + target) / (2 · target)`, each step cut to 18 fraction
    /// bits. It is due `AdjustmentInterval` blocks after `LastAdjustmentBlock`, at the start of the block; which of
    /// difficulty and burn follows it depends on how registrations were paid.
    #[must_use]
    pub const fn next(&self, value: u64, registrations: u16) -> Option<u64> {
        let wanted = value as u128 * (registrations as u128 + self.target as u128);
        // at most 64 + 17 + 18 bits, and 18 more below
        let Some(updated) = (wanted << FRACTION_BITS).checked_div(2 * self.target as u128) else {
            return None;
        };
        let kept = ((self.kept as u128) << FRACTION_BITS) / u64::MAX as u128;
        let taken = (1 << FRACTION_BITS) - kept;
        let next = (kept * value as u128 + ((taken * updated) >> FRACTION_BITS)) >> FRACTION_BITS;
        if next >= self.most as u128 {
            Some(self.most)
        } else if next <= self.least as u128 {
            Some(self.least)
        } else {
            Some(next as u64)
        }
    }
}

/// How the price of a neuron moves from spec 401 on: it falls every block and rises with every registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnCurve {
    /// `BurnHalfLife`: blocks in which the price halves without registrations.
    pub half_life: u16,
    /// `BurnIncreaseMult`: factor of a registration.
    pub increase: U64F64,
    /// `MinBurn`, rao.
    pub least_rao: u64,
    /// `MaxBurn`, rao.
    pub most_rao: u64,
}

impl BurnCurve {
    /// The price `blocks` later, if nobody registers, rao.
    ///
    /// Every block takes `⌊price · f / 2^32⌋`, where `f` is the greatest such factor whose `half_life`-th power, floored
    /// at each step, is at most a half. A half life of 0 leaves the price.
    #[must_use]
    pub fn after(&self, price_rao: u64, blocks: u64) -> u64 {
        let factor = match self.half_life {
            0 => return self.clamp(price_rao),
            half_life => decay_factor(half_life),
        };
        let mut price = price_rao;
        // a price that is at its floor stays there; until then every block takes at least one rao
        for _ in 0..blocks {
            let next = self.clamp(((u128::from(price) * u128::from(factor)) >> DECAY_BITS) as u64);
            if next == price {
                break;
            }
            price = next;
        }
        price
    }

    /// The price after one registration at this price, rao.
    #[must_use]
    pub fn after_registration(&self, price_rao: u64) -> u64 {
        self.clamp(U64F64::from_u64(price_rao).saturating_mul(self.increase).to_u64())
    }

    fn clamp(&self, price_rao: u64) -> u64 {
        price_rao.min(self.most_rao).max(self.least_rao)
    }
}

/// Fraction bits of the factor by which a price falls.
const DECAY_BITS: u32 = 32;

/// The greatest factor of 32 fraction bits whose power, by squaring with floors, is at most a half.
fn decay_factor(half_life: u16) -> u64 {
    let (mut low, mut high) = (0_u64, 1_u64 << DECAY_BITS);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if floored_power(middle, half_life) <= 1 << (DECAY_BITS - 1) { low = middle } else { high = middle }
    }
    low
}

fn floored_power(base: u64, exponent: u16) -> u64 {
    let times = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) >> DECAY_BITS) as u64;
    let (mut result, mut square, mut left) = (1_u64 << DECAY_BITS, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result = times(result, square);
        }
        square = times(square, square);
        left >>= 1;
    }
    result
}
