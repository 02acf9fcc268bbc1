//! How unevenly stake is held, in the form in which it is told.

use serde::Serialize;
use yumascan_protocol::{concentration, fixed::U64F64};

/// Concentration of stake. Shares and coefficients are parts per billion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Concentration {
    /// Holders with more than nothing.
    pub holders: u64,
    /// What they hold, rao or alpha-rao.
    pub total_rao: u128,
    /// Gini coefficient: 0 where all hold the same.
    pub gini_ppb: u64,
    /// Sum of squared shares.
    pub hhi_ppb: u64,
    /// Least number of holders who have more than half.
    pub nakamoto: u64,
    /// Share of the greatest.
    pub top_1_ppb: u64,
    /// Share of the ten greatest.
    pub top_10_ppb: u64,
}

impl Concentration {
    /// Of these amounts; `None` where nobody holds anything.
    #[must_use]
    pub fn of(amounts: &[u64]) -> Option<Self> {
        let found = concentration::concentration(amounts)?;
        Some(Self {
            holders: found.holders,
            total_rao: found.total,
            gini_ppb: to_ppb(found.gini),
            hhi_ppb: to_ppb(found.hhi),
            nakamoto: found.nakamoto,
            top_1_ppb: to_ppb(found.top_1),
            top_10_ppb: to_ppb(found.top_10),
        })
    }
}

fn to_ppb(part: U64F64) -> u64 {
    part.saturating_mul(U64F64::from_u64(1_000_000_000)).to_u64()
}
