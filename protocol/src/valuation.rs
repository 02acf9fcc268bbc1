//! What a subnet and its alpha are worth in TAO.

use crate::{
    fixed::{U96F32, wide},
    supply::MAX_SUPPLY_RAO,
};

/// A subnet's alpha at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// TAO for one alpha.
    pub price: U96F32,
    /// TAO in the pool, rao.
    pub tao_in_rao: u64,
    /// Alpha in the pool, alpha-rao.
    pub alpha_in_rao: u64,
    /// Alpha outside of the pool, `SubnetAlphaOut`, alpha-rao.
    pub alpha_out_rao: u64,
}

impl Holdings {
    /// Market cap of what is staked: price · `SubnetAlphaOut`, rao.
    #[must_use]
    pub fn staked_cap_rao(&self) -> u128 {
        worth_rao(self.alpha_out_rao, self.price)
    }

    /// Market cap of all alpha that exists: price · (`SubnetAlphaIn` + `SubnetAlphaOut`), rao.
    #[must_use]
    pub fn total_cap_rao(&self) -> u128 {
        worth_rao(self.alpha_rao(), self.price)
    }

    /// Fully diluted value: price · 21 million alpha, rao.
    #[must_use]
    pub fn diluted_rao(&self) -> u128 {
        worth_rao(MAX_SUPPLY_RAO, self.price)
    }

    /// Both sides of the pool in TAO: `SubnetTAO` + price · `SubnetAlphaIn`, rao.
    #[must_use]
    pub fn liquidity_rao(&self) -> u128 {
        u128::from(self.tao_in_rao) + worth_rao(self.alpha_in_rao, self.price)
    }

    /// All alpha that exists, alpha-rao.
    #[must_use]
    pub fn alpha_rao(&self) -> u64 {
        self.alpha_in_rao.saturating_add(self.alpha_out_rao)
    }
}

/// What alpha is worth at a price, rao, rounded down. Nobody gets that for it: a sale moves the price.
#[must_use]
pub fn worth_rao(alpha_rao: u64, price: U96F32) -> u128 {
    let (high, low) = wide::mul(price.to_bits(), u128::from(alpha_rao));
    if high >> U96F32::FRACTION_BITS != 0 {
        return u128::MAX;
    }
    (high << (128 - U96F32::FRACTION_BITS)) | (low >> U96F32::FRACTION_BITS)
}

/// Change of a price in parts per million, towards zero; `None` from nothing or beyond the type.
#[must_use]
pub fn change_ppm(then: U96F32, now: U96F32) -> Option<i64> {
    const MILLION: u128 = 1_000_000;
    let distance = now.to_bits().abs_diff(then.to_bits());
    let (high, low) = wide::mul(distance, MILLION);
    let ppm = i64::try_from(wide::div(high, low, then.to_bits())?).ok()?;
    Some(if now < then { -ppm } else { ppm })
}

/// `part / whole` in parts per million, rounded down; `None` of nothing.
#[must_use]
pub fn share_ppm(part: u128, whole: u128) -> Option<u64> {
    let (high, low) = wide::mul(part, 1_000_000);
    u64::try_from(wide::div(high, low, whole)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn caps_and_liquidity_follow_their_definitions() {
        let holdings =
            Holdings { price: U96F32::ratio(1, 4), tao_in_rao: 100, alpha_in_rao: 400, alpha_out_rao: 1_000 };
        assert_eq!(holdings.staked_cap_rao(), 250);
        assert_eq!(holdings.total_cap_rao(), 350);
        assert_eq!(holdings.liquidity_rao(), 200);
        assert_eq!(holdings.diluted_rao(), u128::from(MAX_SUPPLY_RAO) / 4);
        assert_eq!(worth_rao(u64::MAX, U96F32::MAX), u128::MAX);
    }

    #[test]
    fn changes_have_a_sign_and_none_is_from_nothing() {
        let price = |part| U96F32::ratio(part, 8);
        assert_eq!(change_ppm(price(4), price(5)), Some(250_000));
        assert_eq!(change_ppm(price(4), price(3)), Some(-250_000));
        assert_eq!(change_ppm(U96F32::ZERO, price(3)), None);
        assert_eq!(share_ppm(1, 3), Some(333_333));
        assert_eq!(share_ppm(1, 0), None);
    }

    proptest! {
        #[test]
        fn worth_is_the_product_rounded_down(alpha: u64, price in 0_u128..1 << 60) {
            prop_assert_eq!(worth_rao(alpha, U96F32::from_bits(price)), (u128::from(alpha) * price) >> 32);
        }
    }
}
