//! Shares by the flow of TAO into subnets (334–410).

use crate::{
    emission::{FlowAverage, FlowParameters},
    fixed::{I32F32, I64F64, U64F64, checked_sqrt, exp, ln},
};

/// The greatest integer that the powers may sum to.
const POWER_LIMIT: U64F64 = U64F64::from_u64(i32::MAX as u64);
/// A thousandth: how exactly the scale's root is found.
const ROOT_EPSILON: U64F64 = U64F64::ratio(1, 1_000);

/// Storage `SubnetEmaTaoFlow` after a block: the average moves by its smoothing factor towards the block's flow.
///
/// Both products are rounded down. An average that this block wrote already stays.
pub fn flow_average(
    before: Option<FlowAverage>,
    flow_rao: i64,
    smoothing_factor: u64,
    block_number: u64,
) -> FlowAverage {
    let before = before.unwrap_or_default();
    if before.block_number == block_number {
        return before;
    }
    let weight = I64F64::ratio(smoothing_factor, i64::MAX as u64);
    let old = I64F64::ONE.saturating_sub(weight).saturating_mul(before.rao);
    FlowAverage { block_number, rao: old.saturating_add(weight.saturating_mul(I64F64::from_i64(flow_rao))) }
}

/// Shares of subnets with these average flows.
///
/// Flows count above the limit `max(cutoff, min(0, least flow))`. They are scaled so that the greatest is one, then so
/// that the sum of their powers fits 32 integer bits, and raised to `norm_exponent` through the chain's own logarithm
/// and exponential. These are truncated series, so even the exponent one does not give exact proportions.
#[must_use]
pub fn by_flow(flows: &[I64F64], parameters: &FlowParameters) -> Vec<U64F64> {
    let least = flows.iter().copied().fold(I64F64::ZERO, I64F64::min);
    let limit = parameters.cutoff.max(least);
    let offset =
        |flow: I64F64| if flow > limit { flow.saturating_sub(limit).convert() } else { U64F64::ZERO };
    normalize(flows.iter().copied().map(offset).collect(), parameters.norm_exponent)
}

fn normalize(mut flows: Vec<U64F64>, exponent: U64F64) -> Vec<U64F64> {
    let greatest = |flows: &[U64F64]| flows.iter().copied().max().unwrap_or(U64F64::ZERO);
    let to_one = U64F64::ONE.safe_div(greatest(&flows));
    for flow in &mut flows {
        *flow = to_one.saturating_mul(*flow);
    }
    let highest = greatest(&flows);
    let count = U64F64::from_u64(flows.len() as u64);
    let most = count.saturating_mul(highest.saturating_mul(highest));
    if most < POWER_LIMIT.safe_div(U64F64::from_u64(u64::MAX)) {
        return flows;
    }
    let scale = checked_sqrt(POWER_LIMIT.safe_div(most), ROOT_EPSILON).unwrap_or_default();
    for flow in &mut flows {
        *flow = power(scale.saturating_mul(*flow), exponent);
    }
    let total = flows.iter().copied().fold(U64F64::ZERO, U64F64::saturating_add);
    flows.into_iter().map(|flow| flow.safe_div(total)).collect()
}

/// `value^exponent` as `exp(exponent · ln value)` with 32 fraction bits; nothing where the logarithm fails, the
/// greatest integer where the exponential does.
fn power(value: U64F64, exponent: U64F64) -> U64F64 {
    let Some(logarithm) = ln(value.convert::<I32F32>()) else { return U64F64::ZERO };
    let raised = exp(exponent.convert::<I32F32>().saturating_mul(logarithm));
    raised.unwrap_or(I32F32::from_i64(i32::MAX as i64)).convert()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parameters(exponent: U64F64) -> FlowParameters {
        FlowParameters { smoothing_factor: 29_597_889_189_277, norm_exponent: exponent, cutoff: I64F64::ZERO }
    }

    fn shares(flows: &[u64], exponent: U64F64) -> Vec<U64F64> {
        let flows: Vec<I64F64> = flows.iter().map(|flow| I64F64::from_u64(*flow)).collect();
        by_flow(&flows, &parameters(exponent))
    }

    /// Parts of a million.
    fn ppm(share: U64F64) -> u64 {
        share.saturating_mul(U64F64::from_u64(1_000_000)).round().to_u64()
    }

    /// How far a sum of shares is from one.
    fn off(shares: &[U64F64]) -> u128 {
        let sum = shares.iter().copied().fold(U64F64::ZERO, U64F64::saturating_add);
        sum.to_bits().abs_diff(U64F64::ONE.to_bits())
    }

    #[test]
    fn the_exponent_one_shares_in_proportion() {
        let shares = shares(&[2, 3, 5], U64F64::ONE);
        assert!(off(&shares) <= U64F64::ratio(1, 1_000_000_000_000).to_bits());
        for (share, expected) in shares.iter().zip([200_000, 300_000, 500_000]) {
            assert!(ppm(*share).abs_diff(expected) <= 1_000, "{share}");
        }
    }

    #[test]
    fn exponents_from_one_to_two_share_by_powers() {
        for tenths in 10..=20_u64 {
            let flows = [2_u64, 3, 5];
            let shares = shares(&flows, U64F64::ratio(tenths, 10));
            // floating point is the judge here, not on the path
            let powers = flows.map(|flow| f64::from(u32::try_from(flow).unwrap()).powf(tenths as f64 / 10.0));
            for (share, power) in shares.iter().zip(powers) {
                let expected = power / powers.iter().sum::<f64>();
                let got = ppm(*share) as f64 / 1e6;
                assert!((got / expected - 1.0).abs() < 0.01, "{got} for {expected} at {tenths}/10");
            }
        }
    }

    #[test]
    fn huge_flows_sum_to_one_and_no_flow_is_no_share() {
        let two = U64F64::from_u64(2);
        let huge = shares(&[1_000_000_000, 5_000_000_000, 10_000_000_000], two);
        assert!(off(&huge) <= U64F64::ratio(1, 1_000_000_000).to_bits());
        assert_eq!(shares(&[0, 0, 0], two), [U64F64::ZERO; 3]);
        assert!(shares(&[], two).is_empty());
    }

    #[test]
    fn tiny_flows_do_not_fail() {
        // 1e-9, 2e-9, 3e-9
        let flows = [1, 2, 3].map(|index| I64F64::from_bits(18_446_744_074 * index));
        let shares = by_flow(&flows, &parameters(U64F64::from_u64(2)));
        for (share, expected) in shares.iter().zip([1, 4, 9]) {
            let wanted = expected * 1_000_000 / 14;
            assert!(ppm(*share).abs_diff(wanted) <= wanted / 100, "{share}");
        }
    }

    #[test]
    fn the_default_factor_has_a_half_life_of_thirty_days() {
        assert_eq!(I64F64::ratio(29_597_889_189_277, i64::MAX as u64).to_bits(), 59_195_778_378_554);
        let start = FlowAverage { block_number: 0, rao: I64F64::from_u64(1_000_000) };
        let half = (1..=216_000)
            .fold(start, |average, block| flow_average(Some(average), 0, 29_597_889_189_277, block));
        assert!(half.rao.to_i64().abs_diff(500_000) <= 1, "{}", half.rao);
        assert_eq!(flow_average(Some(half), 77, u64::MAX, half.block_number), half, "once a block");
    }

    proptest! {
        #[test]
        fn shares_never_exceed_one(flows: Vec<i64>, exponent in 0_u128..=3 << 64, cutoff: i64, factor: u64) {
            let flows: Vec<I64F64> = flows
                .iter()
                .map(|flow| flow_average(None, *flow, factor, 1).rao)
                .collect();
            let parameters = FlowParameters {
                smoothing_factor: factor,
                norm_exponent: U64F64::from_bits(exponent),
                cutoff: I64F64::from_i64(cutoff),
            };
            let total = by_flow(&flows, &parameters).into_iter().fold(U64F64::ZERO, U64F64::saturating_add);
            prop_assert!(total <= U64F64::ONE, "{total}");
        }
    }
}
