//! What a block puts into a pool.

use crate::fixed::U96F32;

/// What a subnet's part of the emission becomes, with fractions of a rao.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Injection {
    /// TAO into the pool.
    pub(super) tao_in: U96F32,
    /// Alpha into the pool, at the pool's price.
    pub(super) alpha_in: U96F32,
    /// TAO with which the chain buys alpha.
    pub(super) excess: U96F32,
}

/// Alpha beside the TAO at the pool's price, but never more than the cap: what the cap leaves of the TAO buys alpha.
pub(super) fn inject(tao: U96F32, price: U96F32, cap: U96F32) -> Injection {
    let wanted = tao.safe_div(price);
    let (tao_in, alpha_in) = if wanted > cap { (cap.saturating_mul(price), cap) } else { (tao, wanted) };
    Injection { tao_in, alpha_in, excess: tao.saturating_sub(tao_in) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn alpha_is_capped_and_the_rest_of_the_tao_buys() {
        let cap = U96F32::from_u64(1_000_000_000);
        let below = inject(U96F32::from_u64(100_000_000), U96F32::ONE, cap);
        assert_eq!((below.alpha_in.to_u64(), below.excess.to_u64()), (100_000_000, 0));
        let above = inject(U96F32::from_u64(10_000_000_000), U96F32::ONE, cap);
        assert_eq!((above.alpha_in, above.tao_in), (cap, cap));
        assert_eq!(above.excess.to_u64(), 9_000_000_000);
    }

    #[test]
    fn without_a_price_tao_goes_in_alone() {
        let injection = inject(U96F32::from_u64(7), U96F32::ZERO, U96F32::ONE);
        assert_eq!(
            (injection.tao_in.to_u64(), injection.alpha_in, injection.excess),
            (7, U96F32::ZERO, U96F32::ZERO)
        );
    }

    proptest! {
        #[test]
        fn nothing_of_the_tao_is_lost(tao: u128, price: u128, cap: u128) {
            let (tao, price, cap) = (U96F32::from_bits(tao), U96F32::from_bits(price), U96F32::from_bits(cap));
            let injection = inject(tao, price, cap);
            prop_assert!(injection.alpha_in <= cap.max(U96F32::ZERO));
            prop_assert_eq!(injection.tao_in.saturating_add(injection.excess), tao.max(injection.tao_in));
        }
    }
}
