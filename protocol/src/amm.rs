//! Pools: the price of a subnet's alpha, and what a swap against the pool gives.
//!
//! The chain had three generations of pool, told apart by the storage items of the runtime at the block:
//!
//! | generation | specs | told by |
//! |---|---|---|
//! | [`constant_product`] | 233–277 | no pallet `Swap` |
//! | [`concentrated`] | 283–422 | `Swap.AlphaSqrtPrice` |
//! | [`balancer`] | 423 on (and 380) | `Swap.SwapBalancer` |
//!
//! A subnet whose `SubnetMechanism` is not 1 (root, the stable mechanism) has price one and swaps one to one.
//! Everything is pure: a swap takes a pool and gives the pool after it.

pub mod balancer;
pub mod concentrated;
pub mod constant_product;
mod power;
mod quote;
pub mod ticks;

use serde::{Deserialize, Serialize};

pub use balancer::Balancer;
pub use concentrated::{Concentrated, Position, TickFees};
pub use quote::{Leg, MoveOrder, MoveQuote, QuoteError, quote_move};

use crate::fixed::{U64F64, U96F32};

/// `SubnetMechanism` of a subnet with a pool.
const DYNAMIC: u16 = 1;
/// Reserves below which the chain refuses to swap, in rao.
const LEAST_RESERVE_RAO: u64 = 1_000_000;
/// The limit price of a buy that names none: a million TAO for one alpha, in rao.
pub const MAX_PRICE_RAO: u64 = 1_000_000_000_000_000;
/// The limit price of a sale that names none: a millionth of a TAO for one alpha, in rao.
pub const MIN_PRICE_RAO: u64 = 1_000;

/// A subnet's pool at the end of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Storage `SubtensorModule.SubnetMechanism`: 1 where the subnet has a pool, otherwise the price is one.
    pub mechanism: u16,
    /// Storage `SubnetTAO`.
    pub tao_rao: u64,
    /// Storage `SubnetTaoProvided`: what users provided (specs 283–422), 0 where the item does not exist.
    pub tao_provided_rao: u64,
    /// Storage `SubnetAlphaIn`.
    pub alpha_in_rao: u64,
    /// Storage `SubnetAlphaInProvided`: what users provided (specs 283–422), 0 where the item does not exist.
    pub alpha_in_provided_rao: u64,
    /// The generation's own state.
    pub curve: Curve,
}

/// How a pool prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// x·y = k of the reserves.
    ConstantProduct,
    /// A square-root price and liquidity of their own.
    Concentrated(Box<Concentrated>),
    /// Weighted reserves.
    Balancer(Balancer),
}

/// What a swap did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// What entered the reserves: TAO of a buy, alpha of a sale. The fee is not in it.
    pub paid_in_rao: u64,
    /// What left the reserves: alpha of a buy, TAO of a sale.
    pub paid_out_rao: u64,
    /// The fee, in the unit that was paid in.
    pub fee_rao: u64,
}

/// Which way a swap goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// TAO for alpha.
    Buy,
    /// Alpha for TAO.
    Sell,
}

/// An order against a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Which way.
    pub side: Side,
    /// What is paid, fee included: TAO of a buy, alpha of a sale.
    pub amount_rao: u64,
    /// Price at which to stop, in rao for one alpha; `None` is the chain's own limit.
    pub limit_price_rao: Option<u64>,
    /// Whether the pool's fee is charged. The chain's own buys and the second leg of a move pay none.
    pub with_fee: bool,
}

/// Why a swap has no result, on the chain or here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SwapError {
    /// The chain's `ReservesTooLow`.
    #[error("the reserve that pays has less than {LEAST_RESERVE_RAO} rao, or the swap would give nothing")]
    ReservesTooLow,
    /// The chain's `InsufficientLiquidity`.
    #[error("the swap would take more than the reserve has")]
    InsufficientLiquidity,
    /// The chain's `PriceLimitExceeded`.
    #[error("the price is beyond the limit already")]
    PriceLimitExceeded,
    /// The pool has the liquidity of users in it: the swap may cross their ticks, which this does not follow.
    #[error("users hold liquidity in the pool; ask the node (`swap_simSwap...`) for this swap")]
    UserLiquidity,
    /// The generation's swap is not implemented.
    #[error("swaps of this generation of pools are not implemented; ask the node for this swap")]
    Unsupported,
}

impl Pool {
    /// Whether the subnet has a pool at all; otherwise alpha is worth one TAO.
    #[must_use]
    pub const fn is_dynamic(&self) -> bool {
        self.mechanism == DYNAMIC
    }

    /// The TAO reserve, with what users provided.
    #[must_use]
    pub const fn tao_reserve_rao(&self) -> u64 {
        self.tao_rao.saturating_add(self.tao_provided_rao)
    }

    /// The alpha reserve, with what users provided.
    #[must_use]
    pub const fn alpha_reserve_rao(&self) -> u64 {
        self.alpha_in_rao.saturating_add(self.alpha_in_provided_rao)
    }

    /// TAO for one alpha, as the chain's own `current_alpha_price` has it.
    pub fn price(&self) -> U96F32 {
        if !self.is_dynamic() {
            return U96F32::ONE;
        }
        let (tao, alpha) = (self.tao_reserve_rao(), self.alpha_reserve_rao());
        match &self.curve {
            Curve::Concentrated(state) if state.initialized => state.price().convert(),
            Curve::ConstantProduct | Curve::Concentrated(_) => U96F32::ratio(tao, alpha),
            Curve::Balancer(balancer) => balancer.price(tao, alpha).convert(),
        }
    }

    /// Swaps as the chain would in a transaction of its own: what it gave, and the pool after it.
    ///
    /// # Errors
    /// What the chain refuses with, and [`SwapError::UserLiquidity`] and [`SwapError::Unsupported`] where only the
    /// node can tell.
    pub fn swap(&self, order: Order) -> Result<(Swap, Self), SwapError> {
        let mut after = self.clone();
        let swap = after.swap_in_place(order)?;
        match order.side {
            Side::Buy => {
                after.tao_rao = after.tao_rao.saturating_add(swap.paid_in_rao);
                after.alpha_in_rao = after.alpha_in_rao.saturating_sub(swap.paid_out_rao);
            }
            Side::Sell => {
                after.alpha_in_rao = after.alpha_in_rao.saturating_add(swap.paid_in_rao);
                after.tao_rao = after.tao_rao.saturating_sub(swap.paid_out_rao);
            }
        }
        Ok((swap, after))
    }

    /// What the coinbase does to a pool before it adds to the reserves, see [`Concentrated::inject`].
    pub(crate) fn adjust_liquidity(&mut self, tao_rao: u64, alpha_rao: u64) {
        if let Curve::Concentrated(state) = &mut self.curve {
            state.inject(tao_rao, alpha_rao);
        }
    }

    fn swap_in_place(&mut self, order: Order) -> Result<Swap, SwapError> {
        let amount = order.amount_rao;
        if !self.is_dynamic() {
            return Ok(Swap { paid_in_rao: amount, paid_out_rao: amount, fee_rao: 0 });
        }
        let (tao, alpha) = (self.tao_reserve_rao(), self.alpha_reserve_rao());
        let paying = match order.side {
            Side::Buy => alpha,
            Side::Sell => tao,
        };
        let swap = match &mut self.curve {
            Curve::ConstantProduct => return constant_product::swap(tao, alpha, order),
            Curve::Balancer(balancer) => {
                if paying < LEAST_RESERVE_RAO {
                    return Err(SwapError::ReservesTooLow);
                }
                balancer.swap(tao, alpha, order)?
            }
            Curve::Concentrated(state) => {
                if paying < LEAST_RESERVE_RAO {
                    return Err(SwapError::ReservesTooLow);
                }
                state.initialize(tao, alpha);
                state.swap(order)?
            }
        };
        if swap.paid_out_rao > paying { Err(SwapError::InsufficientLiquidity) } else { Ok(swap) }
    }
}

/// `share · amount` as the pool's fee is taken: floor to an integer.
fn fee_of(amount: u64, share: U64F64) -> u64 {
    U64F64::from_u64(amount).saturating_mul(share).to_u64()
}
