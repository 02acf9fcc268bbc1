//! Supply: what a block issues and when that halves.
//!
//! TAO and the alpha of every subnet follow one curve: 21 million units, of which the first half is issued at one
//! unit a block, the next quarter at half a unit, and so on.

/// Rao (or alpha rao) in one unit.
pub const RAO: u64 = 1_000_000_000;
/// The supply that is never reached: 21 million units, in rao.
pub const MAX_SUPPLY_RAO: u64 = 21_000_000 * RAO;

const FRACTION_BITS: u32 = 32;

/// How many times the emission has halved at this issuance; `None` where nothing is left to issue.
///
/// The chain takes the logarithm of `1 / (1 − issuance/21M)` with 32 fraction bits, rounded down at each step. As
/// the thresholds `21M·(1 − 2^−k)` are powers of two in that form, comparing them is the same.
#[must_use]
pub const fn halvings(issuance_rao: u64) -> Option<u32> {
    if issuance_rao >= MAX_SUPPLY_RAO {
        return None;
    }
    let issued = ((issuance_rao as u128) << FRACTION_BITS) / MAX_SUPPLY_RAO as u128;
    // in 1..=2^32, as `issued` is below one
    let left = (1_u64 << FRACTION_BITS) - issued as u64;
    // ⌊log2(2^32 / left)⌋ = 32 − ⌈log2 left⌉
    let ceiling = u64::BITS - (left - 1).leading_zeros();
    Some(FRACTION_BITS - ceiling)
}

/// What a block issues at this issuance, in rao: of TAO for the total issuance, of alpha for a subnet's.
///
/// Source of the inputs: `SubtensorModule.TotalIssuance` at the start of the block; for alpha the pool's alpha, what
/// users provided to it, and `SubnetAlphaOut`. The storage item `BlockEmission` is no source: whichever of these
/// computations ran last overwrites it.
#[must_use]
pub const fn block_emission(issuance_rao: u64) -> u64 {
    match halvings(issuance_rao) {
        Some(count) => RAO >> count,
        None => 0,
    }
}

/// The issuance, in rao, at which the emission after `count` halvings begins; `None` beyond the 32 that the chain's
/// 32 fraction bits can tell apart.
#[must_use]
pub const fn halving_threshold(count: u32) -> Option<u64> {
    if count > FRACTION_BITS {
        return None;
    }
    let left = ((MAX_SUPPLY_RAO as u128) >> count) as u64;
    // the first integer issuance that is not below 21M·(1 − 2^−count)
    Some(MAX_SUPPLY_RAO - left)
}

/// The issuance, in rao, at which the emission halves next; `None` where nothing is left to issue.
#[must_use]
pub const fn next_halving(issuance_rao: u64) -> Option<u64> {
    match halvings(issuance_rao) {
        Some(count) => halving_threshold(count + 1),
        None => None,
    }
}

/// When the emission halves next, by what is issued and what a block issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextHalving {
    /// Issuance at which it halves, rao.
    pub threshold_rao: u64,
    /// What is left to issue until then, rao.
    pub left_rao: u64,
    /// Blocks until then, if every block issues what this one does and nothing is recycled: what is recycled is issued
    /// again and delays it.
    pub blocks: u64,
}

/// The next halving; `None` where nothing is left to issue or a block issues nothing.
#[must_use]
pub const fn forecast_halving(issuance_rao: u64) -> Option<NextHalving> {
    let Some(threshold_rao) = next_halving(issuance_rao) else { return None };
    let emission = block_emission(issuance_rao);
    if emission == 0 {
        return None;
    }
    let left_rao = threshold_rao - issuance_rao;
    Some(NextHalving { threshold_rao, left_rao, blocks: left_rao.div_ceil(emission) })
}

/// Blocks until the stakers of a subnet's alpha receive more of its dividends than root does: until its alpha exceeds
/// the weighted TAO on root.
///
/// 0 where it does already, `None` where its alpha does not grow. It assumes that root stake, its weight and the growth
/// stay: `weighted_root_rao = root stake · TaoWeight`, `alpha_rao` what exists of the alpha (pool and stake),
/// `growth_rao` what a block adds to it.
#[must_use]
pub const fn blocks_to_crossover(weighted_root_rao: u64, alpha_rao: u64, growth_rao: u64) -> Option<u64> {
    if alpha_rao > weighted_root_rao {
        return Some(0);
    }
    match (weighted_root_rao - alpha_rao).checked_div(growth_rao) {
        // one block more than it takes to be equal
        Some(blocks) => Some(blocks + 1),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn block_emission_equals_the_chain_s_table() {
        let table = [
            (0, 1_000_000_000),
            (10_499_999_999_999_999, 1_000_000_000),
            (10_500_000_000_000_000, 500_000_000),
            (15_749_999_000_000_000, 500_000_000),
            (15_749_999_999_999_999, 500_000_000),
            (15_750_000_000_000_000, 250_000_000),
            (15_800_000_000_000_000, 250_000_000),
            (18_374_999_999_999_999, 250_000_000),
            (18_375_000_000_000_000, 125_000_000),
            (18_400_000_000_000_000, 125_000_000),
            (19_700_000_000_000_000, 62_500_000),
            (20_400_000_000_000_000, 31_250_000),
            (20_700_000_000_000_000, 15_625_000),
            (20_900_000_000_000_000, 7_812_500),
            (20_917_970_000_000_000, 3_906_250),
            (20_958_985_000_000_000, 1_953_125),
            (20_979_493_000_000_000, 976_562),
            (20_989_747_000_000_000, 488_281),
            (20_994_874_000_000_000, 244_140),
            (20_997_437_000_000_000, 122_070),
            (20_998_719_000_000_000, 61_035),
            (20_999_360_000_000_000, 30_517),
            (20_999_680_000_000_000, 15_258),
            (20_999_840_000_000_000, 7_629),
            (20_999_920_000_000_000, 3_814),
            (20_999_960_000_000_000, 1_907),
            (20_999_980_000_000_000, 953),
            (20_999_990_000_000_000, 476),
            (20_999_995_000_000_000, 238),
            (20_999_998_000_000_000, 119),
            (20_999_999_000_000_000, 59),
            (21_000_000_000_000_000, 0),
            (u64::MAX, 0),
        ];
        for (issuance, emission) in table {
            assert_eq!(block_emission(issuance), emission, "at {issuance}");
        }
    }

    #[test]
    fn a_hundred_ideal_halvings_converge_below_the_cap() {
        let mut issuance = 0_u64;
        for _ in 0..100 {
            issuance += block_emission(issuance) * 10_500_000;
        }
        assert_eq!(issuance, 20_999_999_989_500_000);
    }

    #[test]
    fn a_forecast_counts_the_blocks_to_the_threshold() {
        let before = 10_500_000 * RAO - 5 * RAO / 2;
        let forecast = forecast_halving(before).unwrap();
        assert_eq!((forecast.left_rao, forecast.blocks), (5 * RAO / 2, 3));
        assert_eq!(forecast_halving(MAX_SUPPLY_RAO), None);
        assert_eq!(blocks_to_crossover(100, 101, 2), Some(0));
        assert_eq!(blocks_to_crossover(100, 99, 2), Some(1));
        assert_eq!(blocks_to_crossover(100, 100, 2), Some(1));
        assert_eq!(blocks_to_crossover(100, 98, 2), Some(2));
        assert_eq!(blocks_to_crossover(100, 98, 0), None);
    }

    proptest! {
        #[test]
        fn forecasts_end_at_another_emission(issuance in 0..MAX_SUPPLY_RAO - RAO) {
            if let Some(forecast) = forecast_halving(issuance) {
                let each = block_emission(issuance);
                prop_assert!(issuance + each * (forecast.blocks - 1) < forecast.threshold_rao);
                let after = issuance.saturating_add(each.saturating_mul(forecast.blocks));
                prop_assert!(block_emission(after) < each);
            }
        }

        #[test]
        fn emission_halves_exactly_at_the_threshold(count in 1_u32..=32) {
            let threshold = halving_threshold(count).unwrap();
            prop_assert_eq!(halvings(threshold), Some(count));
            prop_assert_eq!(halvings(threshold - 1), Some(count - 1));
            prop_assert_eq!(next_halving(threshold - 1), Some(threshold));
        }

        #[test]
        fn emission_never_rises_with_issuance(a: u64, b: u64) {
            prop_assert!(block_emission(a.max(b)) <= block_emission(a.min(b)));
        }
    }
}
