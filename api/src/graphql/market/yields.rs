//! Yields.

use async_graphql::{Enum, SimpleObject};
use yumascan_protocol::apy::Confidence as Grade;
use yumascan_warehouse::query::market::yields::{RootYield, StakeYield, WINDOWS};

use super::{
    super::scalars::{AccountId, Long, Rao},
    amounts::Decimal,
};

/// A window before a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "YieldWindow")]
pub(crate) enum Window {
    /// One hour. Many subnets have no epoch in it.
    Hour,
    /// One day.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
}

impl Window {
    pub(crate) fn length_ms(self) -> u64 {
        WINDOWS.get(self as usize).map_or(0, |(_, length)| *length)
    }
}

/// How far a yield can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum Confidence {
    /// No epoch counts: there is no yield.
    None,
    /// Fewer than three epochs, or less than half of the window.
    Low,
    /// Fewer than ten epochs, or less than nine tenths of the window, or epochs that did not count.
    Medium,
    /// At least ten epochs in at least nine tenths of the window, and all count.
    High,
}

impl From<Grade> for Confidence {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::None => Self::None,
            Grade::Low => Self::Low,
            Grade::Medium => Self::Medium,
            Grade::High => Self::High,
        }
    }
}

/// What stake on a hotkey of a subnet earned, from dividends over the stake of the block before each epoch. Who moves
/// stake changes no return. Rates are fractions: 0.25 is 25 %.
#[derive(Debug, SimpleObject)]
#[graphql(name = "StakeYield")]
pub(crate) struct YieldView {
    /// Subnet.
    netuid: u16,
    /// Hotkey; null for the subnet: all hotkeys that were paid, by stake.
    hotkey: Option<AccountId>,
    /// Stake after the last epoch, rao of alpha.
    stake_rao: Option<Rao>,
    /// Dividends to stakers in the window, rao of alpha.
    dividends_rao: Rao,
    /// Annual rate without compounding, in alpha, after takes.
    apr: Option<Decimal>,
    /// Annual rate with compounding, in alpha, after takes; null where it is beyond all measure.
    apy: Option<Decimal>,
    /// The same by the median epoch.
    median_apy: Option<Decimal>,
    /// `apr` before the take of the hotkey.
    gross_apr: Option<Decimal>,
    /// What stake gained in the covered time, in alpha; not annualised.
    gain: Option<Decimal>,
    /// What TAO in the stake gained in that time: in alpha, and by the change of the price; not annualised.
    tao_gain: Option<Decimal>,
    /// That over a year, if all went on so: the price above all does not.
    tao_apy: Option<Decimal>,
    /// Take of the hotkey, a fraction.
    take: Option<Decimal>,
    /// Epochs in the window.
    epochs: u32,
    /// Those that count.
    epochs_used: u32,
    /// Not counted: the epoch before is not stored.
    skipped_unknown_time: u32,
    /// Not counted: less than one alpha of stake.
    skipped_little_stake: u32,
    /// Not counted: the neuron was registered fewer than three epochs before.
    skipped_young: u32,
    /// Not counted: the stake had changed by more than a fifth since the epoch before.
    skipped_changed_stake: u32,
    /// Time of the epochs that count, as a part of the window.
    coverage: Decimal,
    /// How far to rely on it.
    confidence: Confidence,
    /// True in specs 334 to 352: part of the dividends was for root and cannot be told apart.
    includes_root_dividends: bool,
}

impl From<StakeYield> for YieldView {
    fn from(of: StakeYield) -> Self {
        Self {
            netuid: of.netuid,
            hotkey: of.hotkey.map(AccountId),
            stake_rao: of.stake_rao.map(|rao| Rao(rao.into())),
            dividends_rao: Rao(of.dividends_rao),
            apr: of.alpha.apr.map(Decimal::rate),
            apy: of.alpha.apy.map(Decimal::rate),
            median_apy: of.alpha.median_apy.map(Decimal::rate),
            gross_apr: of.gross_apr.map(Decimal::rate),
            gain: of.alpha.growth.map(Decimal::growth),
            tao_gain: of.tao_growth.map(Decimal::growth),
            tao_apy: of.tao_annual_factor.map(Decimal::growth),
            take: of.take.map(Decimal::share),
            epochs: of.alpha.epochs,
            epochs_used: of.alpha.epochs_used,
            skipped_unknown_time: of.alpha.skipped.unknown_time,
            skipped_little_stake: of.alpha.skipped.little_stake,
            skipped_young: of.alpha.skipped.young,
            skipped_changed_stake: of.alpha.skipped.changed_stake,
            coverage: Decimal::rate(of.alpha.coverage),
            confidence: of.alpha.confidence.into(),
            includes_root_dividends: of.has_root_in_it,
        }
    }
}

/// What root stake on a hotkey earned: dividends of all subnets at the price of the block that paid, over its root stake of
/// the block before. What is not claimed does not compound.
#[derive(Debug, SimpleObject)]
#[graphql(name = "RootYield")]
pub(crate) struct RootYieldView {
    /// Hotkey.
    hotkey: AccountId,
    /// Its root stake after the last payment, rao.
    stake_rao: Option<Rao>,
    /// Worth of what was paid in the window, rao.
    paid_rao: Rao,
    /// Annual rate without compounding, in TAO; a fraction.
    apr: Option<Decimal>,
    /// What root stake gained in the covered time; not annualised.
    gain: Decimal,
    /// Payments of epochs.
    payments: u32,
    /// Those that do not count: too little root stake, or an unknown price.
    skipped: u32,
    /// Part of the window whose state is known, milliseconds.
    covered_ms: Long,
}

impl From<RootYield> for RootYieldView {
    fn from(of: RootYield) -> Self {
        Self {
            hotkey: AccountId(of.hotkey),
            stake_rao: of.stake_rao.map(|rao| Rao(rao.into())),
            paid_rao: Rao(of.paid_rao),
            apr: of.apr.map(Decimal::rate),
            gain: Decimal::rate(of.sum),
            payments: of.payments,
            skipped: of.skipped,
            covered_ms: Long(of.covered_ms),
        }
    }
}
