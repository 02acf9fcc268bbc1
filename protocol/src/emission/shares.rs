//! Shares of a block's TAO between subnets, by each rule the chain has had.
//!
//! Since 334 flows decide ([`by_flow`]); before, moving prices did ([`by_moving_price`]), and from 421 on they do
//! again, less what the owner's own miners burn ([`by_price_and_burn`]). Before subnets had prices, the root network
//! voted ([`by_root_votes`]). The coinbase uses the rule of its era; the others are here for readers of those specs.

mod flow;
mod votes;

pub use flow::{by_flow, flow_average};
pub use votes::{RootValidator, RootVotes, RootVotesError, by_root_votes};

use crate::fixed::{I96F32, U64F64, U96F32};

/// TAO of each subnet by moving prices (233–326): `trunc(⌊emission · price⌋ / Σ price)`.
///
/// Nothing for a negative price; all nothing where the prices sum to nothing.
#[must_use]
pub fn by_moving_price(emission_rao: u64, moving_prices: &[I96F32]) -> Vec<U96F32> {
    let prices = moving_prices.iter().map(|price| price.convert::<U96F32>());
    let total = prices.clone().fold(U96F32::ZERO, U96F32::saturating_add);
    let emission = U96F32::from_u64(emission_rao);
    prices.map(|price| emission.saturating_mul(price).safe_div(total)).collect()
}

/// What decides a subnet's share from 421 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceAndBurn {
    /// Storage `SubnetMovingPrice`.
    pub moving_price: I96F32,
    /// Root's weight in the subnet, see [`super::root_proportion`].
    pub root_proportion: U96F32,
    /// Storage `MinerBurned`: the part of the last epoch's incentive that owner hotkeys withheld.
    pub miner_burned: U96F32,
}

/// Shares by moving price, weighted by root's weight and by what is not burned (421 on).
///
/// Where all weights are nothing, the shares by price alone.
#[must_use]
pub fn by_price_and_burn(subnets: &[PriceAndBurn]) -> Vec<U64F64> {
    let prices = subnets.iter().map(|subnet| subnet.moving_price.convert::<U64F64>());
    let total = prices.clone().fold(U64F64::ZERO, U64F64::saturating_add);
    let base: Vec<U64F64> = prices.map(|price| price.safe_div(total)).collect();
    let weights: Vec<U64F64> = subnets
        .iter()
        .zip(&base)
        .map(|(subnet, base)| {
            let burned = subnet.miner_burned.convert::<U64F64>().min(U64F64::ONE);
            let root: U64F64 = subnet.root_proportion.convert();
            base.saturating_mul(root.saturating_mul(U64F64::ONE.saturating_sub(burned)))
        })
        .collect();
    let total = weights.iter().copied().fold(U64F64::ZERO, U64F64::saturating_add);
    if total == U64F64::ZERO {
        return base;
    }
    weights.into_iter().map(|weight| weight.safe_div(total)).collect()
}

/// What of the emission a share is, in rao with 32 fraction bits.
pub(super) fn part(emission_rao: u64, share: U64F64) -> U96F32 {
    U64F64::from_u64(emission_rao).saturating_mul(share).convert()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_share_in_proportion() {
        let prices = [I96F32::ratio(1, 10), I96F32::ratio(3, 10), I96F32::ZERO, I96F32::from_i64(-1)];
        let parts: Vec<u64> =
            by_moving_price(1_000_000_000, &prices).iter().map(|part| part.to_u64()).collect();
        assert_eq!(parts.get(2..), Some([0, 0].as_slice()));
        let quarter = parts[0].abs_diff(250_000_000);
        assert!(quarter < 4 && parts[1].abs_diff(750_000_000) < 4, "{parts:?}");
        assert_eq!(by_moving_price(1_000_000_000, &[I96F32::ZERO]), [U96F32::ZERO]);
    }

    #[test]
    fn a_subnet_that_burns_all_its_incentive_has_no_share_while_another_does_not() {
        let subnet = |burned| PriceAndBurn {
            moving_price: I96F32::ONE,
            root_proportion: U96F32::ratio(1, 2),
            miner_burned: burned,
        };
        let shares = by_price_and_burn(&[subnet(U96F32::ONE), subnet(U96F32::ZERO)]);
        assert_eq!(shares, [U64F64::ZERO, U64F64::ONE]);
        let all_burn = by_price_and_burn(&[subnet(U96F32::ONE), subnet(U96F32::from_u64(7))]);
        assert_eq!(all_burn, [U64F64::ratio(1, 2), U64F64::ratio(1, 2)]);
    }

    proptest! {
        #[test]
        fn parts_by_price_never_exceed_the_emission(emission in 0_u64..=1_000_000_000, prices: Vec<u64>) {
            let prices: Vec<I96F32> = prices.iter().map(|bits| I96F32::from_bits(i128::from(*bits))).collect();
            let parts = by_moving_price(emission, &prices);
            prop_assert!(parts.iter().map(|part| u128::from(part.to_u64())).sum::<u128>() <= u128::from(emission));
        }
    }
}
