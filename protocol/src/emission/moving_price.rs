//! The moving price: an average that starts slowly on a young subnet and counts no price above one.

use crate::fixed::{I96F32, U96F32};

/// Storage `SubnetMovingPrice` after a block.
///
/// The weight of the new price is `moving_alpha · b/(b + H)`, where `b` counts blocks since emission began and `H` is
/// `price_halving_blocks`. The weight has 32 fraction bits, so it takes only a few hundred values, and both products
/// are rounded down: the average lags behind a real-number one, and must be replayed with integers.
pub fn moving_price(
    before: I96F32,
    price: U96F32,
    moving_alpha: I96F32,
    block_number: u64,
    first_emission_block: u64,
    price_halving_blocks: u64,
) -> I96F32 {
    let age = block_number.saturating_sub(first_emission_block.saturating_sub(1));
    let matured = I96F32::ratio(age, age.saturating_add(price_halving_blocks));
    let weight = moving_alpha.saturating_mul(matured);
    let capped: I96F32 = price.min(U96F32::ONE).convert();
    let old = I96F32::ONE.saturating_sub(weight).saturating_mul(before);
    weight.saturating_mul(capped).saturating_add(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALVING: u64 = 201_600;

    fn step_from_zero(age: u64) -> i128 {
        let price = U96F32::ratio(5, 100);
        moving_price(I96F32::ZERO, price, I96F32::from_bits(12_885), age, 1, HALVING).to_bits()
    }

    #[test]
    fn small_steps_are_cut_to_32_bits() {
        assert_eq!(step_from_zero(7_200), 22);
        assert_eq!(step_from_zero(201_600), 322);
        assert_eq!(step_from_zero(2_000_000), 585);
    }

    #[test]
    fn fourteen_steps_of_a_middle_aged_subnet() {
        let tenth = I96F32::ratio(1, 10);
        let mut price = I96F32::ZERO;
        for _ in 0..14 {
            price = moving_price(price, U96F32::ONE, tenth, HALVING, 1, HALVING);
        }
        let error = (price.to_bits() - I96F32::ratio(512_325, 1_000_000).to_bits()).abs();
        assert!(error < I96F32::ratio(1, 1000).to_bits(), "{price}");
    }

    #[test]
    fn an_old_subnet_moves_by_the_whole_weight_and_no_price_counts_above_one() {
        let half = I96F32::ratio(1, 2);
        let high = U96F32::from_u64(50);
        let price = moving_price(I96F32::ZERO, U96F32::ONE, half, 144_000_000, 1, HALVING);
        assert!((price.to_bits() - half.to_bits()).abs() < I96F32::ratio(1, 1000).to_bits(), "{price}");
        let price = moving_price(I96F32::ZERO, high, half, 144_000_000_000_000, 1, HALVING);
        assert!((price.to_bits() - half.to_bits()).abs() < 8, "{price}");
    }
}
