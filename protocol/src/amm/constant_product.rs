//! Pools of a constant product (233–277): `k = alpha · TAO`, no fee of their own.
//!
//! The chain computes in a type of 110 integer and 18 fraction bits; the operands are integers, so the product is
//! exact and the quotient is cut to 18 bits.

use super::{Order, Side, Swap, SwapError};

const FRACTION_BITS: u32 = 18;
/// The reserve that a swap may not go below, in rao.
const LEAST_RESERVE_RAO: u64 = 10_000_000;

/// Swaps at the constant product. There is no fee in the pool and no limit: the caller's order may name none.
pub(super) fn swap(tao: u64, alpha: u64, order: Order) -> Result<Swap, SwapError> {
    if order.limit_price_rao.is_some() {
        return Err(SwapError::Unsupported);
    }
    let amount = order.amount_rao;
    let (entering, paying) = match order.side {
        Side::Buy => (tao, alpha),
        Side::Sell => (alpha, tao),
    };
    let left = quotient(u128::from(tao) * u128::from(alpha), u128::from(entering) + u128::from(amount));
    let left = left.ok_or(SwapError::ReservesTooLow)?;
    if left >> FRACTION_BITS < u128::from(LEAST_RESERVE_RAO) {
        return Err(SwapError::ReservesTooLow);
    }
    let paid_out = ((u128::from(paying) << FRACTION_BITS).saturating_sub(left)) >> FRACTION_BITS;
    // below `paying`, which is 64 bits wide
    let paid_out_rao = u64::try_from(paid_out).unwrap_or(u64::MAX);
    Ok(Swap { paid_in_rao: amount, paid_out_rao, fee_rao: 0 })
}

/// `k / reserve` with 18 fraction bits, truncated. `None` for an empty reserve.
fn quotient(k: u128, reserve: u128) -> Option<u128> {
    let whole = k.checked_div(reserve)?;
    let rest = k.checked_rem(reserve)?;
    // rest < reserve < 2^65, so the shift stays within 83 bits; whole < 2^64 as a reserve entered k
    Some((whole << FRACTION_BITS) | ((rest << FRACTION_BITS) / reserve))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order(side: Side, amount_rao: u64) -> Order {
        Order { side, amount_rao, limit_price_rao: None, with_fee: false }
    }

    #[test]
    fn a_swap_keeps_the_product() {
        let (tao, alpha) = (100_000_000_000, 400_000_000_000);
        let bought = swap(tao, alpha, order(Side::Buy, 100_000_000_000)).unwrap();
        assert_eq!(bought.paid_out_rao, 200_000_000_000);
        let sold = swap(tao, alpha, order(Side::Sell, 400_000_000_000)).unwrap();
        assert_eq!(sold.paid_out_rao, 50_000_000_000);
    }

    proptest! {
        #[test]
        fn a_swap_never_gives_more_than_the_product_allows(
            tao in 0_u64..=u64::MAX / 2, alpha: u64, amount in 0_u64..=u64::MAX / 2, buy: bool,
        ) {
            let side = if buy { Side::Buy } else { Side::Sell };
            if let Ok(done) = swap(tao, alpha, order(side, amount)) {
                let (entering, paying) = if buy { (tao, alpha) } else { (alpha, tao) };
                let left = u128::from(paying.checked_sub(done.paid_out_rao).unwrap());
                prop_assert!(done.paid_out_rao <= paying);
                // one rao of slack: the quotient is truncated, so the pool may keep up to one rao less than k
                prop_assert!(
                    (left + 1).checked_mul(u128::from(entering) + u128::from(amount)).is_none_or(
                        |product| product >= u128::from(tao) * u128::from(alpha))
                );
            }
        }
    }
}
