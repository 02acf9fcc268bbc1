//! Pools of concentrated liquidity (283–422): a square-root price and a liquidity beside the reserves.
//!
//! The protocol's own position spans every price and user positions are practically always disabled, so that one
//! step is a whole swap. Pools in which users hold liquidity are told apart and refused.

use serde::{Deserialize, Serialize};

use super::{MAX_PRICE_RAO, MIN_PRICE_RAO, Order, Side, Swap, SwapError, fee_of};
use crate::{
    fixed::{I64F64, U64F64, checked_sqrt},
    supply::RAO,
};

/// Ticks of a position that spans every price: the least and, negated, the greatest.
pub const FULL_RANGE_TICK: i32 = 443_636;
/// The square root of the price at the least tick.
pub(super) const LEAST_SQRT_PRICE: U64F64 = U64F64::from_bits(0x1_0001_3b51);
/// The square root of the price at the greatest tick.
pub(super) const GREATEST_SQRT_PRICE: U64F64 = U64F64::from_bits(0xfffe_c4b1_35bb_7f32_a81b_33b5);
/// Liquidity that earns no fees, so that no fee is divided by nearly nothing.
const IDLE_LIQUIDITY: u64 = 1_000;
/// 10^-12: how exactly the first price's root is found.
const FIRST_ROOT_EPSILON: U64F64 = U64F64::from_bits(18_446_744);
/// 10^-10: how exactly the root of a limit price is found.
const LIMIT_ROOT_EPSILON: U64F64 = U64F64::from_bits(1_844_674_407);

/// State of the pallet `Swap` for one subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concentrated {
    /// Storage `SwapV3Initialized`: false until the first swap, and then the reserves alone make the price.
    pub initialized: bool,
    /// Storage `AlphaSqrtPrice`.
    pub sqrt_price: U64F64,
    /// Storage `CurrentLiquidity`.
    pub liquidity: u64,
    /// Storage `FeeRate`, of 65535.
    pub fee_rate: u16,
    /// Whether fees stay in the pool: until spec 393. From 401 on the block author has them.
    pub fees_stay: bool,
    /// Storage `FeeGlobalTao`: fees in rao ever taken, for each unit of liquidity.
    pub fee_global_tao: U64F64,
    /// Storage `FeeGlobalAlpha`.
    pub fee_global_alpha: U64F64,
    /// Storage `ScrapReservoirTao` (334 on): injected TAO that the price had no place for yet.
    pub scrap_tao_rao: u64,
    /// Storage `ScrapReservoirAlpha` (334 on).
    pub scrap_alpha_rao: u64,
    /// The protocol's position, storage `Positions[netuid, protocol account, id]`; none before the first swap.
    pub position: Option<Position>,
    /// Whether `Positions` has any position of a user for the subnet.
    pub user_liquidity: bool,
}

/// The protocol's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Least tick of its range.
    pub tick_low: i32,
    /// Greatest tick of its range.
    pub tick_high: i32,
    /// Its liquidity: less than [`Concentrated::liquidity`], into which adjustments do not sink again.
    pub liquidity: u64,
    /// TAO fees for each unit of liquidity that it has had.
    pub fees_tao: I64F64,
    /// Alpha fees for each unit of liquidity that it has had.
    pub fees_alpha: I64F64,
    /// Fees outside its least tick, storage `Ticks[netuid, tick_low]`.
    pub low: TickFees,
    /// Fees outside its greatest tick, storage `Ticks[netuid, tick_high]`.
    pub high: TickFees,
}

/// Fees outside a tick, for each unit of liquidity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickFees {
    /// Field `fees_out_tao`.
    pub tao: I64F64,
    /// Field `fees_out_alpha`.
    pub alpha: I64F64,
}

impl Concentrated {
    /// A pool of the protocol's position alone, for swaps against it: fees and what waits are not known, so that
    /// nothing can be injected into it.
    #[must_use]
    pub fn for_swaps(sqrt_price: U64F64, liquidity: u64, fee_rate: u16) -> Self {
        let position = Position {
            tick_low: -FULL_RANGE_TICK,
            tick_high: FULL_RANGE_TICK,
            liquidity,
            fees_tao: I64F64::ZERO,
            fees_alpha: I64F64::ZERO,
            low: TickFees::default(),
            high: TickFees::default(),
        };
        Self {
            initialized: sqrt_price > U64F64::ZERO,
            sqrt_price,
            liquidity,
            fee_rate,
            fees_stay: false,
            fee_global_tao: U64F64::ZERO,
            fee_global_alpha: U64F64::ZERO,
            scrap_tao_rao: 0,
            scrap_alpha_rao: 0,
            position: Some(position).filter(|_| sqrt_price > U64F64::ZERO),
            user_liquidity: false,
        }
    }

    /// TAO for one alpha with 64 fraction bits: `⌊S²⌋`.
    pub fn price(&self) -> U64F64 {
        self.sqrt_price.saturating_mul(self.sqrt_price)
    }

    /// What the first swap of a subnet does before it swaps: price and liquidity from the reserves.
    pub(super) fn initialize(&mut self, tao_reserve: u64, alpha_reserve: u64) {
        if self.initialized {
            return;
        }
        let price = U64F64::ratio(tao_reserve, alpha_reserve);
        let product = u128::from(tao_reserve) * u128::from(alpha_reserve);
        let liquidity = u64::try_from(product.isqrt()).unwrap_or(u64::MAX);
        self.sqrt_price = checked_sqrt(price, FIRST_ROOT_EPSILON).unwrap_or_default();
        self.liquidity = self.liquidity.saturating_add(liquidity);
        self.position = Some(Position {
            tick_low: -FULL_RANGE_TICK,
            tick_high: FULL_RANGE_TICK,
            liquidity,
            fees_tao: I64F64::ZERO,
            fees_alpha: I64F64::ZERO,
            low: TickFees::default(),
            high: TickFees::default(),
        });
        self.initialized = true;
    }

    /// Swaps in one step.
    pub(super) fn swap(&mut self, order: Order) -> Result<Swap, SwapError> {
        if self.user_liquidity || self.position.is_none_or(|position| !position.is_full_range()) {
            return Err(SwapError::UserLiquidity);
        }
        let limit = sqrt_limit(order);
        let open = match order.side {
            Side::Buy => self.sqrt_price < limit,
            Side::Sell => self.sqrt_price > limit,
        };
        if !open {
            return Err(SwapError::PriceLimitExceeded);
        }
        if order.amount_rao == 0 {
            return Ok(Swap { paid_in_rao: 0, paid_out_rao: 0, fee_rao: 0 });
        }
        if self.liquidity == 0 || self.sqrt_price == U64F64::ZERO {
            return Err(SwapError::Unsupported);
        }
        let step = self.step(order, limit)?;
        if step.paid_in_rao > 0 && step.paid_out_rao == 0 {
            return Err(SwapError::ReservesTooLow);
        }
        if step.paid_in_rao > 0 && self.fees_stay {
            self.keep_fee(order.side, step.fee_rao);
        }
        Ok(step)
    }

    fn step(&mut self, order: Order, limit: U64F64) -> Result<Swap, SwapError> {
        let rate = u64::from(if order.with_fee { self.fee_rate } else { 0 });
        let fee = fee_of(order.amount_rao, U64F64::ratio(rate, u64::from(u16::MAX)));
        let paid_in = order.amount_rao.saturating_sub(fee);
        let target = self.target(order.side, paid_in);
        let (within_limit, within_range) = match order.side {
            Side::Buy => (target <= limit, target.min(limit) < GREATEST_SQRT_PRICE),
            Side::Sell => (target >= limit, target.max(limit) > LEAST_SQRT_PRICE),
        };
        if !within_range {
            return Err(SwapError::Unsupported);
        }
        let (paid_in, fee, end) = if within_limit {
            (paid_in, fee, target)
        } else {
            let paid_in = self.paid_until(order.side, limit);
            let share = U64F64::ratio(rate, u64::from(u16::MAX).saturating_sub(rate));
            (paid_in, fee_of(paid_in, share), limit)
        };
        let paid_out = self.paid_out(order.side, paid_in);
        self.sqrt_price = end;
        Ok(Swap { paid_in_rao: paid_in, paid_out_rao: paid_out, fee_rao: fee })
    }

    /// The root of the price that paying this in leads to.
    fn target(&self, side: Side, paid_in: u64) -> U64F64 {
        let moved = U64F64::ratio(paid_in, self.liquidity);
        match side {
            Side::Buy => self.sqrt_price.saturating_add(moved),
            Side::Sell => inverse(moved.saturating_add(inverse(self.sqrt_price))),
        }
    }

    /// What must be paid in to bring the price to this root.
    fn paid_until(&self, side: Side, root: U64F64) -> u64 {
        let moved = match side {
            Side::Buy => root.saturating_sub(self.sqrt_price),
            Side::Sell => inverse(root).saturating_sub(inverse(self.sqrt_price)),
        };
        U64F64::from_u64(self.liquidity).saturating_mul(moved).to_u64()
    }

    fn paid_out(&self, side: Side, paid_in: u64) -> u64 {
        let (liquidity, root) = (U64F64::from_u64(self.liquidity), self.sqrt_price);
        let paid_in = U64F64::from_u64(paid_in);
        let product = match side {
            Side::Buy => {
                let reserve = liquidity.saturating_mul(root).saturating_add(paid_in);
                liquidity.safe_div(reserve.saturating_mul(root)).saturating_mul(paid_in)
            }
            Side::Sell => {
                let reserve = liquidity.safe_div(root).saturating_add(paid_in);
                paid_in.saturating_mul(liquidity.safe_div(reserve).saturating_mul(root))
            }
        };
        product.to_u64()
    }

    fn keep_fee(&mut self, side: Side, fee: u64) {
        let for_each = U64F64::ratio(fee, self.liquidity.saturating_sub(IDLE_LIQUIDITY));
        let total = match side {
            Side::Buy => &mut self.fee_global_tao,
            Side::Sell => &mut self.fee_global_alpha,
        };
        *total = total.saturating_add(for_each);
    }

    /// What the coinbase does before it adds to the reserves: liquidity for the part that fits the price.
    ///
    /// The position takes its fees and what was left over before; what does not fit the price now waits in the
    /// scrap. The price does not move. Without a position nothing happens.
    pub fn inject(&mut self, tao_rao: u64, alpha_rao: u64) {
        let Some(mut position) = self.position else { return };
        let (fees_tao, fees_alpha) = self.collect(&mut position);
        let tao = tao_rao.saturating_add(fees_tao).saturating_add(self.scrap_tao_rao);
        let alpha = alpha_rao.saturating_add(fees_alpha).saturating_add(self.scrap_alpha_rao);
        let (fitting_tao, fitting_alpha) = self.fitting(tao, alpha);
        self.scrap_tao_rao = tao.saturating_sub(fitting_tao);
        self.scrap_alpha_rao = alpha.saturating_sub(fitting_alpha);

        let (held_tao, held_alpha) = position.amounts(self.sqrt_price);
        let tao_after = u128::from(held_tao.saturating_add(fitting_tao));
        let alpha_after = u128::from(held_alpha.saturating_add(fitting_alpha));
        let liquidity = u64::try_from((tao_after * alpha_after).isqrt()).unwrap_or(u64::MAX);
        self.liquidity = self.liquidity.saturating_add(liquidity.saturating_sub(position.liquidity));
        position.liquidity = liquidity;
        self.position = Some(position);
    }

    /// Fees of the position since it last collected, in rao of TAO and of alpha.
    fn collect(&self, position: &mut Position) -> (u64, u64) {
        let within = |total: U64F64, low: I64F64, high: I64F64| {
            total.convert::<I64F64>().saturating_sub(low).saturating_sub(high)
        };
        let tao = within(self.fee_global_tao, position.low.tao, position.high.tao);
        let alpha = within(self.fee_global_alpha, position.low.alpha, position.high.alpha);
        let liquidity = I64F64::from_u64(position.liquidity);
        let amount =
            |now: I64F64, before: I64F64| liquidity.saturating_mul(now.saturating_sub(before)).to_u64();
        let collected = (amount(tao, position.fees_tao), amount(alpha, position.fees_alpha));
        (position.fees_tao, position.fees_alpha) = (tao, alpha);
        collected
    }

    /// The part of these amounts that stands in proportion to the price: all of one, some of the other.
    fn fitting(&self, tao: u64, alpha: u64) -> (u64, u64) {
        let price = self.price();
        let worth = U64F64::from_u64(alpha).saturating_mul(price).to_u64();
        if worth <= tao { (worth, alpha) } else { (tao, U64F64::from_u64(tao).safe_div(price).to_u64()) }
    }
}

impl Position {
    const fn is_full_range(&self) -> bool {
        self.tick_low == -FULL_RANGE_TICK && self.tick_high == FULL_RANGE_TICK
    }

    /// TAO and alpha in a full-range position at this root of the price.
    fn amounts(&self, root: U64F64) -> (u64, u64) {
        let liquidity = U64F64::from_u64(self.liquidity);
        let root = root.clamp(LEAST_SQRT_PRICE, GREATEST_SQRT_PRICE);
        let tao = liquidity.saturating_mul(root.saturating_sub(LEAST_SQRT_PRICE));
        let alpha = liquidity.saturating_mul(inverse(root).saturating_sub(inverse(GREATEST_SQRT_PRICE)));
        (tao.to_u64(), alpha.to_u64())
    }
}

fn sqrt_limit(order: Order) -> U64F64 {
    let default = match order.side {
        Side::Buy => MAX_PRICE_RAO,
        Side::Sell => MIN_PRICE_RAO,
    };
    let price = U64F64::ratio(order.limit_price_rao.unwrap_or(default), RAO);
    checked_sqrt(price, LIMIT_ROOT_EPSILON).unwrap_or_default()
}

fn inverse(value: U64F64) -> U64F64 {
    U64F64::ONE.safe_div(value)
}

#[cfg(test)]
mod tests;
