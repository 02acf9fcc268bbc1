//! Weighted pools (423 on): the price from the reserves and the weight of TAO.
//!
//! The fee goes to the block's author, so a swap changes the reserves alone; weights change when the chain injects.

use serde::{Deserialize, Serialize};

use super::{
    MAX_PRICE_RAO, MIN_PRICE_RAO, Order, Side, Swap, SwapError, fee_of,
    power::{SCALE, power},
};
use crate::{
    fixed::{U64F64, wide},
    supply::RAO,
};

/// A weight of one, as the chain stores weights.
const WHOLE: u64 = 1_000_000_000_000_000_000;
/// What is paid in may be so many times the reserve it comes to.
const MOST_TIMES_THE_RESERVE: u64 = 1_000;

/// Storage `Swap.SwapBalancer`, and the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balancer {
    /// Weight of TAO, in parts of 10^18; alpha has the rest.
    pub quote_weight: u64,
    /// Storage `Swap.FeeRate`, of 65535.
    #[serde(default)]
    pub fee_rate: u16,
}

impl Balancer {
    /// Swaps against these reserves. Where the limit price comes first, the swap ends there and the fee is that of
    /// what was paid in.
    pub(super) fn swap(self, tao: u64, alpha: u64, order: Order) -> Result<Swap, SwapError> {
        let price = self.price(tao, alpha);
        let limit = limit_price(order);
        let (reserve, is_open) = match order.side {
            Side::Buy => (tao, price < limit),
            Side::Sell => (alpha, price > limit),
        };
        if !is_open {
            return Err(SwapError::PriceLimitExceeded);
        }
        let rate = u64::from(if order.with_fee { self.fee_rate } else { 0 });
        let fee = fee_of(order.amount_rao, U64F64::ratio(rate, u64::from(u16::MAX)));
        let wanted = order.amount_rao.saturating_sub(fee);
        let within = self.paid_until(order.side, reserve, price, limit);
        let (paid_in, fee) = if wanted <= within {
            (wanted, fee)
        } else {
            let share = U64F64::ratio(rate, u64::from(u16::MAX).saturating_sub(rate));
            (within, fee_of(within, share))
        };
        if paid_in > reserve.saturating_mul(MOST_TIMES_THE_RESERVE) {
            return Err(SwapError::InsufficientLiquidity);
        }
        let paid_out = self.paid_out(order.side, tao, alpha, paid_in);
        if paid_in > 0 && paid_out == 0 {
            return Err(SwapError::ReservesTooLow);
        }
        Ok(Swap { paid_in_rao: paid_in, paid_out_rao: paid_out, fee_rao: fee })
    }

    /// TAO for one alpha: `⌊trunc(w_alpha / w_tao) · trunc(tao / alpha)⌋`.
    ///
    /// Zero without alpha in the pool or without weight of TAO.
    pub fn price(self, tao_rao: u64, alpha_rao: u64) -> U64F64 {
        let weights = U64F64::ratio(self.base_weight(), self.quote_weight);
        weights.saturating_mul(U64F64::ratio(tao_rao, alpha_rao))
    }

    /// The part of the reserve given from that stays when `paid_in_rao` comes to a reserve of `reserve_rao`:
    /// `(reserve / (reserve + paid in))^(weight paid in / weight given)`, cut to 18 decimals.
    pub fn kept(self, side: Side, reserve_rao: u64, paid_in_rao: u64) -> U64F64 {
        let (exponent, unit) = match side {
            Side::Sell => (self.base_weight(), self.quote_weight),
            Side::Buy => (self.quote_weight, self.base_weight()),
        };
        let after = u128::from(reserve_rao) + u128::from(paid_in_rao);
        power(reserve_rao.into(), after, exponent, unit).map_or(U64F64::ZERO, decimals)
    }

    /// What the pool gives for `paid_in_rao` without the fee, from the reserve of the other side.
    #[must_use]
    pub fn paid_out(self, side: Side, tao_rao: u64, alpha_rao: u64, paid_in_rao: u64) -> u64 {
        let (paying, giving) = match side {
            Side::Sell => (alpha_rao, tao_rao),
            Side::Buy => (tao_rao, alpha_rao),
        };
        let given = U64F64::ONE.saturating_sub(self.kept(side, paying, paid_in_rao));
        given.saturating_mul(U64F64::from_u64(giving)).to_u64()
    }

    /// What must come to a reserve of `reserve_rao` to bring the price from `price` to `target`; nothing where that
    /// side cannot.
    ///
    /// Each side moves the price by `((reserve + paid in) / reserve)^(1 / weight of the other side)`.
    #[must_use]
    pub fn paid_until(self, side: Side, reserve_rao: u64, price: U64F64, target: U64F64) -> u64 {
        let (more, less, weight) = match side {
            Side::Buy => (target, price, self.base_weight()),
            Side::Sell => (price, target, self.quote_weight),
        };
        let grown = power(more.to_bits(), less.to_bits(), weight, WHOLE).map_or(U64F64::MAX, decimals);
        let growth = grown.saturating_sub(U64F64::ONE);
        growth.saturating_mul(U64F64::from_u64(reserve_rao)).to_u64()
    }

    /// The weight of alpha.
    #[must_use]
    pub const fn base_weight(self) -> u64 {
        WHOLE.saturating_sub(self.quote_weight)
    }
}

fn limit_price(order: Order) -> U64F64 {
    let default = match order.side {
        Side::Buy => MAX_PRICE_RAO,
        Side::Sell => MIN_PRICE_RAO,
    };
    U64F64::ratio(order.limit_price_rao.unwrap_or(default), RAO)
}

/// `amount` times a weight in parts of 10^18, to the nearest, halves up: as the chain weighs reserves when it injects.
#[must_use]
pub const fn weighted(weight: u64, amount: u128) -> u128 {
    const HALF: u128 = WHOLE as u128 / 2;
    let (high, low) = wide::mul(weight as u128, amount);
    let (low, carry) = low.overflowing_add(HALF);
    match wide::div(high + carry as u128, low, WHOLE as u128) {
        Some(product) => product,
        None => u128::MAX,
    }
}

/// A number of [`SCALE`] parts, cut to the bits of the type.
fn decimals(parts: u128) -> U64F64 {
    wide::div(parts >> 64, parts << 64, SCALE).map_or(U64F64::MAX, U64F64::from_bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::supply::RAO;

    #[test]
    fn price_equals_the_chain_s_examples() {
        let even = Balancer { quote_weight: WHOLE / 2, fee_rate: 0 };
        assert_eq!(even.price(5, 2), U64F64::ratio(5, 2));
        let third = Balancer { quote_weight: WHOLE / 3, fee_rate: 0 };
        let price = third.price(10, 4);
        let five = U64F64::from_u64(5);
        let error = price.saturating_sub(five).saturating_add(five.saturating_sub(price));
        assert!(error < U64F64::ratio(1, 1_000_000_000_000), "{price}");
    }

    #[test]
    fn no_weight_or_no_alpha_is_no_price() {
        assert_eq!(Balancer { quote_weight: 0, fee_rate: 0 }.price(5, 2), U64F64::ZERO);
        assert_eq!(Balancer { quote_weight: u64::MAX, fee_rate: 0 }.price(5, 2), U64F64::ZERO);
        assert_eq!(Balancer { quote_weight: WHOLE / 2, fee_rate: 0 }.price(5, 0), U64F64::ZERO);
    }

    /// Weight of TAO in thousandths.
    fn weighing(thousandths: u64) -> Balancer {
        Balancer { quote_weight: WHOLE / 1000 * thousandths, fee_rate: 0 }
    }

    #[test]
    fn what_stays_of_a_reserve_equals_the_chain_s_examples() {
        for (thousandths, side, reserve, paid_in, expected) in [
            (500, Side::Sell, 100_000, 100, 999_000_999_000_999),
            (250, Side::Sell, 500_000, 5_000, 970_590_147_927_644),
            (750, Side::Buy, 200_000, 2_000, 970_590_147_927_644),
            (900, Side::Buy, 13_513_642, 1_673, 998_886_481_979_889),
            (773, Side::Sell, 7_000_000_000, 10_000, 999_999_580_484_586),
        ] {
            let kept = weighing(thousandths).kept(side, reserve, paid_in);
            // the example has fifteen of the eighteen decimals
            let parts = kept.saturating_mul(U64F64::from_u64(WHOLE)).round().to_u64();
            assert_eq!(parts / 1000, expected, "{thousandths} {side:?} {reserve} {paid_in}");
        }
    }

    #[test]
    fn a_price_is_reached_from_one_side_alone() {
        let (balancer, low, high) = (weighing(250), U64F64::ratio(1, 10), U64F64::ratio(2, 10));
        assert_eq!(balancer.paid_until(Side::Buy, RAO, low, high), 681_792_830);
        assert_eq!(balancer.paid_until(Side::Sell, RAO, high, low), 189_207_115);
        assert_eq!(balancer.paid_until(Side::Buy, RAO, low, U64F64::ratio(5, 100)), 0);
        assert_eq!(balancer.paid_until(Side::Sell, RAO, low, high), 0);
    }

    #[test]
    fn weights_round_halves_up() {
        for (amount, half) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (1023, 512), (1025, 513)] {
            assert_eq!(weighted(WHOLE / 2, amount), half, "half of {amount}");
            assert_eq!(weighted(WHOLE, amount), amount);
        }
        for (amount, third) in [(3, 1), (4, 1), (5, 2), (6, 2)] {
            assert_eq!(weighted(WHOLE / 3, amount), third, "a third of {amount}");
        }
        assert_eq!(weighted(WHOLE, u128::MAX), u128::MAX);
        assert_eq!(weighted(u64::MAX, u128::MAX), u128::MAX, "stops at the greatest");
    }

    #[test]
    fn a_swap_takes_its_fee_and_ends_at_the_limit() {
        let balancer = Balancer { fee_rate: 33, ..weighing(500) };
        let (tao, alpha) = (100 * RAO, 400 * RAO);
        let order = |limit_price_rao| Order {
            side: Side::Buy,
            amount_rao: 100 * RAO,
            limit_price_rao,
            with_fee: true,
        };
        let whole = balancer.swap(tao, alpha, order(None)).unwrap();
        assert_eq!(whole.fee_rao, 100 * RAO * 33 / 65_535);
        assert_eq!(whole.paid_in_rao + whole.fee_rao, 100 * RAO);
        // the price would rise from a quarter to one
        let limited = balancer.swap(tao, alpha, order(Some(RAO / 2))).unwrap();
        assert!(limited.paid_in_rao.abs_diff(41_421_356_237) < 10, "{limited:?}");
        assert_eq!(limited.fee_rao, limited.paid_in_rao * 33 / (65_535 - 33));
        assert_eq!(balancer.swap(tao, alpha, order(Some(RAO / 5))), Err(SwapError::PriceLimitExceeded));
    }

    proptest! {
        #[test]
        fn a_swap_gives_less_than_the_reserve_and_comes_back_with_no_gain(
            thousandths in 10_u64..=990, tao in 1_u64 << 20..1 << 54, alpha in 1_u64 << 20..1 << 54, part in 1_u64..1000,
        ) {
            let balancer = weighing(thousandths);
            let paid = tao / part;
            let bought = balancer.paid_out(Side::Buy, tao, alpha, paid);
            prop_assert!(bought <= alpha);
            let back = balancer.paid_out(Side::Sell, tao + paid, alpha - bought, bought);
            // the reserves have more digits than a power's 18 decimals tell apart
            prop_assert!(back <= paid + 2 + (tao + paid) / (1 << 54), "{paid} gave {bought} and {back}");
        }

        #[test]
        fn a_swap_to_a_price_ends_there(
            thousandths in 10_u64..=990, tao in 1_u64 << 40..1 << 54, alpha in 1_u64 << 40..1 << 54, rise in 1001_u64..4000,
        ) {
            let balancer = weighing(thousandths);
            let price = balancer.price(tao, alpha);
            let target = price.saturating_mul(U64F64::ratio(rise, 1000));
            let paid = balancer.paid_until(Side::Buy, tao, price, target);
            let bought = balancer.paid_out(Side::Buy, tao, alpha, paid);
            let reached = balancer.price(tao + paid, alpha - bought);
            let gap = reached.to_bits().abs_diff(target.to_bits());
            prop_assert!(gap <= target.to_bits() >> 20, "{reached} for {target}");
        }
    }
}
