//! Yield: what stake earned, from dividends and stake alone.
//!
//! The return of an epoch is the dividend that a hotkey's stakers received over the stake that received it, as it was
//! at the end of the block before: `r = dividends(N) / stake(N − 1)`. Who moves stake moves both sides of later epochs,
//! never a return. Over a window
//!
//! * APR is `Σ r · year / time`, without compounding;
//! * APY is `Π (1 + r)^(year / time) − 1`: dividends raise the stake, they do compound;
//!
//! where `time` is that of the epochs that count, each from the epoch before it. An epoch does not count where it says
//! nothing about a yield, see [`Skipped`]; the answer tells how many did.

use crate::fixed::{U64F64, power};

/// Seconds of a year of 365.25 days.
pub const YEAR_SECONDS: u64 = 31_557_600;
const YEAR_MS: u64 = YEAR_SECONDS * 1_000;
/// Stake below which dividends are mostly rounding, in rao: one alpha.
pub const LEAST_STAKE_RAO: u64 = crate::supply::RAO;
/// Change of stake between two epochs beyond which bonds and stake do not fit each other: a fifth.
const GREATEST_CHANGE: (u64, u64) = (1, 5);
/// Epochs after a registration until bonds have built up.
pub const YOUNG_EPOCHS: u64 = 3;

/// An epoch that paid, or did not pay, the stakers of a hotkey on a subnet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EpochYield {
    /// What stakers received after takes: storage `AlphaDividendsPerSubnet[netuid, hotkey]` after the epoch, alpha-rao;
    /// 0 where the epoch paid others only.
    pub dividends_rao: u64,
    /// Storage `TotalHotkeyAlpha[hotkey, netuid]` at the end of the block before, alpha-rao.
    pub stake_before_rao: u64,
    /// The same after the epoch before this one; `None` where that is not known.
    pub stake_after_last_rao: Option<u64>,
    /// Time since the epoch before, milliseconds; `None` where that is not known.
    pub duration_ms: Option<u64>,
    /// Whether the neuron was registered fewer than [`YOUNG_EPOCHS`] epochs before.
    pub young: bool,
}

/// Epochs that do not count, by the first reason that applies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// The epoch before is not stored, so that the time is not known.
    pub unknown_time: u32,
    /// Less than [`LEAST_STAKE_RAO`] of stake.
    pub little_stake: u32,
    /// The neuron was young.
    pub young: u32,
    /// The stake had changed by more than a fifth since the epoch before.
    pub changed_stake: u32,
}

/// How far a yield can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// No epoch counts: there is no yield.
    None,
    /// Fewer than three epochs, or less than half of the window.
    Low,
    /// Fewer than ten epochs, or less than nine tenths of the window, or epochs that did not count.
    Medium,
    /// At least ten epochs in at least nine tenths of the window, all of them counted.
    High,
}

impl Confidence {
    /// Name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What stake earned in a window. Rates are fractions: 0.25 is 25 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yield {
    /// Epochs in the window.
    pub epochs: u32,
    /// Those that count.
    pub epochs_used: u32,
    /// Those that do not.
    pub skipped: Skipped,
    /// Time of the epochs that count, milliseconds.
    pub covered_ms: u64,
    /// That time as a part of the window, at most 1.
    pub coverage: U64F64,
    /// How far to rely on it.
    pub confidence: Confidence,
    /// `Π (1 + r)`: what one became in the covered time; `None` without an epoch that counts.
    pub growth: Option<U64F64>,
    /// Annual rate without compounding.
    pub apr: Option<U64F64>,
    /// Annual rate with compounding; `None` also where it is beyond all measure (2^64).
    pub apy: Option<U64F64>,
    /// APY by the median epoch: what an ordinary epoch promises.
    pub median_apy: Option<U64F64>,
}

impl Yield {
    /// What TAO became that was in the stake: growth times the price now over the price when the covered time began.
    /// `None` without a growth or a price.
    #[must_use]
    pub fn tao_growth(&self, price_then: U64F64, price_now: U64F64) -> Option<U64F64> {
        self.growth?.checked_mul(price_now)?.checked_div(price_then)
    }

    /// That growth over a year, as a factor: below one where the price fell by more than dividends paid.
    #[must_use]
    pub fn annual_factor(&self, growth: U64F64) -> Option<U64F64> {
        power(growth, YEAR_MS, self.covered_ms)
    }
}

/// The yield of a window of `window_ms` with these epochs, oldest first.
#[must_use]
pub fn realised(epochs: &[EpochYield], window_ms: u64) -> Yield {
    let mut skipped = Skipped::default();
    let mut returns: Vec<(U64F64, u64)> = Vec::with_capacity(epochs.len());
    for epoch in epochs {
        let reason = match epoch.duration_ms {
            None | Some(0) => Some(&mut skipped.unknown_time),
            _ if epoch.stake_before_rao < LEAST_STAKE_RAO => Some(&mut skipped.little_stake),
            _ if epoch.young => Some(&mut skipped.young),
            _ if has_changed(epoch) => Some(&mut skipped.changed_stake),
            Some(duration) => {
                returns.push((U64F64::ratio(epoch.dividends_rao, epoch.stake_before_rao), duration));
                None
            }
        };
        if let Some(count) = reason {
            *count = count.saturating_add(1);
        }
    }
    let covered_ms = returns.iter().fold(0_u64, |sum, (_, duration)| sum.saturating_add(*duration));
    let sum = returns.iter().fold(U64F64::ZERO, |sum, (rate, _)| sum.saturating_add(*rate));
    let growth = returns
        .iter()
        .try_fold(U64F64::ONE, |growth, (rate, _)| growth.checked_mul(U64F64::ONE.checked_add(*rate)?));
    let growth = growth.filter(|_| !returns.is_empty());
    let coverage = U64F64::ratio(covered_ms, window_ms).min(U64F64::ONE);
    let count = |epochs: usize| u32::try_from(epochs).unwrap_or(u32::MAX);
    Yield {
        epochs: count(epochs.len()),
        epochs_used: count(returns.len()),
        skipped,
        covered_ms,
        coverage,
        confidence: confidence(epochs.len(), returns.len(), coverage),
        growth,
        apr: annual(sum, covered_ms).filter(|_| growth.is_some()),
        apy: growth.and_then(|growth| compounded(growth, covered_ms)),
        median_apy: median_apy(&mut returns),
    }
}

/// The gross rate of what stakers received net of a take (of 65535): what the hotkey itself earned. `None` for a take
/// of all.
#[must_use]
pub fn gross(net: U64F64, take: u16) -> Option<U64F64> {
    net.checked_div(U64F64::ONE.checked_sub(U64F64::from_u16_share(take))?)
}

/// `rate · year / time`: an annual rate without compounding. `None` for no time.
#[must_use]
pub fn annual(rate: U64F64, covered_ms: u64) -> Option<U64F64> {
    let (high, low) = crate::fixed::wide::mul(rate.to_bits(), u128::from(YEAR_MS));
    crate::fixed::wide::div(high, low, u128::from(covered_ms)).map(U64F64::from_bits)
}

/// `growth^(year / time) − 1`: an annual rate with compounding, zero where growth is below one. `None` for no time, or
/// beyond all measure.
#[must_use]
pub fn compounded(growth: U64F64, covered_ms: u64) -> Option<U64F64> {
    Some(power(growth, YEAR_MS, covered_ms)?.saturating_sub(U64F64::ONE))
}

/// What root stake earned through a hotkey. Root dividends are alpha of many subnets, or TAO before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootPayment {
    /// Worth of the payment, rao: alpha at the price of its block, or TAO.
    pub tao_rao: u64,
    /// Storage `TotalHotkeyAlpha[hotkey, 0]` at the end of the block before, rao.
    pub root_stake_before_rao: u64,
}

/// Sum of the returns of root stake, and how many payments had too little stake to say.
///
/// Unclaimed root dividends do not compound, so this sum has an [`annual`] rate and no [`compounded`] one.
pub fn root_return(payments: &[RootPayment]) -> (U64F64, u32) {
    let mut skipped = 0_u32;
    let mut sum = U64F64::ZERO;
    for payment in payments {
        if payment.root_stake_before_rao < LEAST_STAKE_RAO {
            skipped = skipped.saturating_add(1);
        } else {
            sum = sum.saturating_add(U64F64::ratio(payment.tao_rao, payment.root_stake_before_rao));
        }
    }
    (sum, skipped)
}

fn has_changed(epoch: &EpochYield) -> bool {
    let Some(last) = epoch.stake_after_last_rao else { return false };
    let (part, whole) = GREATEST_CHANGE;
    u128::from(epoch.stake_before_rao.abs_diff(last)) * u128::from(whole)
        > u128::from(last) * u128::from(part)
}

fn confidence(epochs: usize, used: usize, coverage: U64F64) -> Confidence {
    let tenths = |count: u64| U64F64::ratio(count, 10);
    match used {
        0 => Confidence::None,
        _ if used < 3 || coverage < tenths(5) => Confidence::Low,
        _ if used < 10 || used < epochs || coverage < tenths(9) => Confidence::Medium,
        _ => Confidence::High,
    }
}

/// Compounds the median return over the median time; of an even number the lower of the middle two.
fn median_apy(returns: &mut [(U64F64, u64)]) -> Option<U64F64> {
    let middle = returns.len().checked_sub(1)? / 2;
    returns.sort_unstable_by_key(|(_, duration)| *duration);
    let duration = returns.get(middle)?.1;
    returns.sort_unstable_by_key(|(rate, _)| *rate);
    compounded(U64F64::ONE.checked_add(returns.get(middle)?.0)?, duration)
}
