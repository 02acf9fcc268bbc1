//! Quotes: what a trade gives before it is made, and what of it is fee and what the pool's own movement.
//!
//! A leg is one swap against one pool. A move between subnets is a sale on the origin and, with what it gave, a buy on
//! the destination. One of the two legs alone pays a fee: the origin's, unless the origin has no pool, then the
//! destination's.

use serde::{Deserialize, Serialize};

use super::{Order, Pool, Side, SwapError};
use crate::{
    fixed::{U64F64, U96F32},
    supply::RAO,
};

/// A million: parts of a slippage.
const PPM: i128 = 1_000_000;

/// One swap against one pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Which way.
    pub side: Side,
    /// What is paid, fee included: TAO of a buy, alpha of a sale.
    pub paid_rao: u64,
    /// The fee, in the unit that is paid.
    pub fee_rao: u64,
    /// What comes out: alpha of a buy, TAO of a sale.
    pub received_rao: u64,
    /// What would come out at the price before, the fee taken off.
    pub ideal_rao: u64,
    /// What of the order the limit price left undone, in the unit that is paid.
    pub left_rao: u64,
    /// TAO for one alpha before.
    pub price_before: U96F32,
    /// TAO for one alpha after.
    pub price_after: U96F32,
    /// By how much `received_rao` stays behind `ideal_rao`, parts per million of the latter; 0 where that is nothing.
    pub slippage_ppm: i64,
}

/// Stake moved from one subnet to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveQuote {
    /// The sale on the origin.
    pub sale: Leg,
    /// The buy on the destination, of what the sale gave.
    pub buy: Leg,
    /// Alpha of the origin that stays because of the limit, alpha-rao.
    pub left_rao: u64,
    /// What would come out at both prices before, without the fee, alpha-rao of the destination.
    pub ideal_rao: u64,
    /// By how much what is received stays behind that, parts per million.
    pub slippage_ppm: i64,
}

/// A move between subnets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveOrder {
    /// Alpha of the origin, alpha-rao.
    pub alpha_rao: u64,
    /// Least ratio of the origin's price to the destination's, in parts of 10^9; `None` for no limit.
    pub limit_price_rao: Option<u64>,
    /// Whether to move less where the limit allows less; otherwise the move is refused.
    pub allow_partial: bool,
}

/// Why there is no quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum QuoteError {
    /// A swap has no result.
    #[error(transparent)]
    Swap(#[from] SwapError),
    /// The chain's `SlippageTooHigh`.
    #[error("the limit price allows {most_rao} rao; ask for less, or allow a partial trade")]
    SlippageTooHigh {
        /// What the limit allows.
        most_rao: u64,
    },
    /// The chain's `ZeroMaxStakeAmount`.
    #[error("the price is beyond the limit already")]
    ZeroMaxAmount,
}

impl Pool {
    /// Quotes one swap: what the chain would do in a transaction of its own, and the pool after it.
    ///
    /// # Errors
    /// As [`Pool::swap`].
    pub fn quote(&self, order: Order) -> Result<(Leg, Self), SwapError> {
        let (swap, after) = self.swap(order)?;
        let price_before = self.price();
        let ideal_rao = worth(order.side, swap.paid_in_rao, price_before);
        let paid_rao = swap.paid_in_rao.saturating_add(swap.fee_rao);
        let leg = Leg {
            side: order.side,
            paid_rao,
            fee_rao: swap.fee_rao,
            received_rao: swap.paid_out_rao,
            ideal_rao,
            left_rao: order.amount_rao.saturating_sub(paid_rao),
            price_before,
            price_after: after.price(),
            slippage_ppm: slippage(ideal_rao, swap.paid_out_rao),
        };
        Ok((leg, after))
    }

    /// The most that can be paid until the price reaches the limit, fee included: TAO of a buy, alpha of a sale.
    ///
    /// # Errors
    /// [`QuoteError::ZeroMaxAmount`] where the limit is passed already, and what [`Pool::swap`] refuses with.
    pub fn most_within(&self, side: Side, limit_price_rao: u64) -> Result<u64, QuoteError> {
        if !self.is_dynamic() {
            let is_open = match side {
                Side::Buy => limit_price_rao >= RAO,
                Side::Sell => limit_price_rao <= RAO,
            };
            return if is_open { Ok(u64::MAX) } else { Err(QuoteError::ZeroMaxAmount) };
        }
        let order =
            Order { side, amount_rao: u64::MAX, limit_price_rao: Some(limit_price_rao), with_fee: true };
        match self.swap(order) {
            Ok((swap, _)) => match swap.paid_in_rao.saturating_add(swap.fee_rao) {
                0 => Err(QuoteError::ZeroMaxAmount),
                most => Ok(most),
            },
            Err(SwapError::PriceLimitExceeded) => Err(QuoteError::ZeroMaxAmount),
            Err(reason) => Err(reason.into()),
        }
    }
}

/// Quotes a move between two subnets, and gives both pools after it.
///
/// # Errors
/// As [`QuoteError`] tells.
pub fn quote_move(
    origin: &Pool,
    destination: &Pool,
    order: MoveOrder,
) -> Result<(MoveQuote, Pool, Pool), QuoteError> {
    let most = match order.limit_price_rao {
        Some(limit) => most_moved(origin, destination, limit)?,
        None => u64::MAX,
    };
    if order.alpha_rao > most && !order.allow_partial {
        return Err(QuoteError::SlippageTooHigh { most_rao: most });
    }
    let moved = order.alpha_rao.min(most);
    let origin_pays = origin.is_dynamic();
    let leg = |side, amount_rao, with_fee| Order { side, amount_rao, limit_price_rao: None, with_fee };
    let (sale, origin_after) = origin.quote(leg(Side::Sell, moved, origin_pays))?;
    let (buy, destination_after) = destination.quote(leg(Side::Buy, sale.received_rao, !origin_pays))?;
    let ideal_rao = worth(Side::Buy, sale.ideal_rao.saturating_sub(buy.fee_rao), buy.price_before);
    let quote = MoveQuote {
        left_rao: order.alpha_rao.saturating_sub(moved),
        ideal_rao,
        slippage_ppm: slippage(ideal_rao, buy.received_rao),
        sale,
        buy,
    };
    Ok((quote, origin_after, destination_after))
}

/// Alpha of the origin that the chain lets move for a limit on the ratio of prices.
///
/// Between two pools the chain takes both for constant products of their reserves, whatever their generation:
/// `alpha₂ · tao₁ / (tao₁ + tao₂) / limit − alpha₁ · tao₂ / (tao₁ + tao₂)`.
fn most_moved(origin: &Pool, destination: &Pool, limit: u64) -> Result<u64, QuoteError> {
    let unlimited = |is_open: bool| if is_open { Ok(u64::MAX) } else { Err(QuoteError::ZeroMaxAmount) };
    match (origin.is_dynamic(), destination.is_dynamic()) {
        (false, false) => return unlimited(limit <= RAO),
        (false, true) if limit == 0 => return Ok(u64::MAX),
        (false, true) => {
            let of_destination = U64F64::from_u64(RAO).safe_div(U64F64::from_u64(limit));
            let price = of_destination.saturating_mul(U64F64::from_u64(RAO)).to_u64();
            return destination.most_within(Side::Buy, price);
        }
        (true, false) => return origin.most_within(Side::Sell, limit),
        (true, true) => {}
    }
    let reserves = [origin.tao_rao, origin.alpha_in_rao, destination.tao_rao, destination.alpha_in_rao];
    if reserves.contains(&0) {
        return Err(QuoteError::ZeroMaxAmount);
    }
    let [tao_1, alpha_1, tao_2, alpha_2] = reserves.map(U64F64::from_u64);
    let ratio = U64F64::ratio(limit, RAO);
    let now: U64F64 = origin.price().safe_div(destination.price()).convert();
    if ratio > now {
        return Err(QuoteError::ZeroMaxAmount);
    }
    if limit == 0 {
        return Ok(u64::MAX);
    }
    let sum = tao_1.saturating_add(tao_2);
    let most = alpha_2
        .saturating_mul(tao_1.safe_div(sum))
        .safe_div(ratio)
        .saturating_sub(alpha_1.saturating_mul(tao_2.safe_div(sum)))
        .to_u64();
    if most == 0 { Err(QuoteError::ZeroMaxAmount) } else { Ok(most) }
}

/// What an amount is worth at a price, in the other unit; 0 without a price.
fn worth(side: Side, amount_rao: u64, price: U96F32) -> u64 {
    let amount = U96F32::from_u64(amount_rao);
    match side {
        Side::Buy => amount.safe_div(price).to_u64(),
        Side::Sell => amount.saturating_mul(price).to_u64(),
    }
}

fn slippage(ideal_rao: u64, received_rao: u64) -> i64 {
    let lost = (i128::from(ideal_rao) - i128::from(received_rao)).saturating_mul(PPM);
    let parts = lost.checked_div(i128::from(ideal_rao)).unwrap_or(0);
    i64::try_from(parts).unwrap_or(i64::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::amm::{Balancer, Concentrated, Curve};

    const FEE_RATE: u16 = 33;

    fn pool(tao: u64, alpha: u64, curve: Curve) -> Pool {
        Pool {
            mechanism: 1,
            tao_rao: tao,
            tao_provided_rao: 0,
            alpha_in_rao: alpha,
            alpha_in_provided_rao: 0,
            curve,
        }
    }

    /// A pool whose first swap makes its price from the reserves.
    fn fresh(tao: u64, alpha: u64) -> Pool {
        let curve = Concentrated { fee_rate: FEE_RATE, fees_stay: true, ..Concentrated::default() };
        pool(tao, alpha, Curve::Concentrated(Box::new(curve)))
    }

    fn root() -> Pool {
        Pool { mechanism: 0, ..fresh(1_000 * RAO, 0) }
    }

    fn moving(alpha_rao: u64, limit_price_rao: Option<u64>, allow_partial: bool) -> MoveOrder {
        MoveOrder { alpha_rao, limit_price_rao, allow_partial }
    }

    #[test]
    fn a_leg_says_what_is_fee_and_what_is_slippage() {
        let order = Order { side: Side::Buy, amount_rao: RAO, limit_price_rao: None, with_fee: true };
        let (leg, after) = fresh(100 * RAO, 400 * RAO).quote(order).unwrap();
        assert_eq!((leg.paid_rao, leg.fee_rao, leg.left_rao), (RAO, 503_547, 0));
        assert_eq!(leg.ideal_rao, (RAO - 503_547) * 4);
        // a hundredth of the reserve costs a hundredth
        assert!((9_800..=9_900).contains(&leg.slippage_ppm), "{leg:?}");
        assert_eq!((leg.price_before, leg.price_after), (U96F32::ratio(1, 4), after.price()));
    }

    #[test]
    fn one_leg_of_a_move_pays_the_fee() {
        let (one, two) = (fresh(100 * RAO, 400 * RAO), fresh(500 * RAO, 500 * RAO));
        let (quote, ..) = quote_move(&one, &two, moving(RAO, None, false)).unwrap();
        assert!(quote.sale.fee_rao > 0);
        assert_eq!((quote.buy.fee_rao, quote.buy.paid_rao), (0, quote.sale.received_rao));
        let (quote, ..) = quote_move(&root(), &two, moving(RAO, None, false)).unwrap();
        assert_eq!((quote.sale.fee_rao, quote.sale.received_rao), (0, RAO));
        assert!(quote.buy.fee_rao > 0);
        let (quote, ..) = quote_move(&one, &root(), moving(RAO, None, false)).unwrap();
        assert_eq!((quote.sale.fee_rao > 0, quote.buy.fee_rao), (true, 0));
        assert_eq!(quote.buy.received_rao, quote.sale.received_rao);
    }

    #[test]
    fn a_limit_moves_less_or_nothing() {
        let (one, two) = (fresh(100 * RAO, 100 * RAO), fresh(100 * RAO, 100 * RAO));
        let limit = Some(RAO / 100 * 99);
        let most = 505_050_505;
        let refused = quote_move(&one, &two, moving(10 * RAO, limit, false)).unwrap_err();
        let QuoteError::SlippageTooHigh { most_rao } = refused else { panic!("{refused}") };
        assert!(most_rao.abs_diff(most) <= 100, "{most_rao}");
        let (quote, ..) = quote_move(&one, &two, moving(10 * RAO, limit, true)).unwrap();
        assert_eq!((quote.sale.paid_rao, quote.left_rao), (most_rao, 10 * RAO - most_rao));
        let above = quote_move(&one, &two, moving(RAO, Some(RAO + 1), true));
        assert_eq!(above.unwrap_err(), QuoteError::ZeroMaxAmount);
        assert!(quote_move(&root(), &two, moving(RAO, Some(RAO / 2), false)).is_ok());
        assert_eq!(quote_move(&root(), &root(), moving(RAO, Some(RAO), false)).unwrap().0.slippage_ppm, 0);
    }

    #[test]
    fn the_most_within_a_limit_ends_at_the_limit() {
        let limit = RAO / 2;
        for one in [fresh(100 * RAO, 400 * RAO), weighted(100 * RAO, 400 * RAO)] {
            let most = one.most_within(Side::Buy, limit).unwrap();
            let order = Order { side: Side::Buy, amount_rao: most, limit_price_rao: None, with_fee: true };
            let (leg, _) = one.quote(order).unwrap();
            let gap = leg.price_after.to_bits().abs_diff(U96F32::ratio(1, 2).to_bits());
            assert!(gap < 1 << 10, "{leg:?}");
            assert_eq!(one.most_within(Side::Buy, RAO / 5), Err(QuoteError::ZeroMaxAmount));
        }
    }

    fn weighted(tao: u64, alpha: u64) -> Pool {
        let balancer = Balancer { quote_weight: 500_000_000_000_000_000, fee_rate: FEE_RATE };
        pool(tao, alpha, Curve::Balancer(balancer))
    }

    proptest! {
        #[test]
        fn nobody_gains_by_moving_there_and_back(
            tao in 1_u64 << 36..1 << 50, alpha in 1_u64 << 36..1 << 50, part in 3_u64..10_000, v3: bool,
        ) {
            let make = if v3 { fresh } else { weighted };
            let (one, two) = (make(tao, alpha), make(alpha, tao));
            let put = alpha / part;
            let (there, one, two) = quote_move(&one, &two, moving(put, None, false)).unwrap();
            // a rao of rounding where the price is far from one
            let slack = there.ideal_rao / 1_000_000 + 4;
            prop_assert!(there.buy.received_rao <= there.ideal_rao + slack, "{there:?}");
            let (back, ..) = quote_move(&two, &one, moving(there.buy.received_rao, None, false)).unwrap();
            prop_assert!(back.buy.received_rao <= put, "{put} came back as {}", back.buy.received_rao);
        }
    }
}
