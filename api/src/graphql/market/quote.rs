//! What a swap would give.

use async_graphql::SimpleObject;
use yumascan_protocol::amm::Swap;
use yumascan_warehouse::query::market::quotes::Quote;

use super::{super::scalars::Rao, amounts::Decimal, moment::StateAsOf};

/// One swap against a pool.
#[derive(Debug, SimpleObject)]
pub(crate) struct SwapLeg {
    /// Subnet of the pool.
    netuid: u16,
    /// What entered the pool, fee apart, rao: alpha of a sale, TAO of a buy.
    paid_in_rao: Rao,
    /// What left the pool, rao: TAO of a sale, alpha of a buy.
    paid_out_rao: Rao,
    /// Fee, rao in the unit that was paid in.
    fee_rao: Rao,
    /// Price after it, TAO for one alpha.
    price_after_tao: Option<Decimal>,
}

/// What an amount would give at a block, by the rules of the chain, if the transaction were alone in its block.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Quote")]
pub(crate) struct QuoteView {
    /// Subnet that is left; null for free TAO.
    from_netuid: Option<u16>,
    /// Subnet that is entered; null for free TAO.
    to_netuid: Option<u16>,
    /// What is paid, fee included, rao: alpha of the subnet that is left, or TAO.
    amount_rao: Rao,
    /// What comes out, rao: alpha of the subnet that is entered, or TAO.
    received_rao: Rao,
    /// What would come out at the prices before, without fees, rao.
    ideal_rao: Rao,
    /// How much less comes out, fees included, a fraction.
    loss: Option<Decimal>,
    /// The sale of alpha for TAO; null where none is needed.
    sale: Option<SwapLeg>,
    /// The buy of alpha with TAO; null where none is needed.
    buy: Option<SwapLeg>,
    /// The block at which this holds.
    as_of: StateAsOf,
}

impl QuoteView {
    pub(crate) fn new(
        (from, to): (Option<u16>, Option<u16>),
        amount_rao: u64,
        of: Quote,
        as_of: StateAsOf,
    ) -> Self {
        let leg = |netuid: Option<u16>, swap: Option<Swap>, after: Option<u128>| {
            let swap = swap?;
            Some(SwapLeg {
                netuid: netuid?,
                paid_in_rao: Rao(swap.paid_in_rao.into()),
                paid_out_rao: Rao(swap.paid_out_rao.into()),
                fee_rao: Rao(swap.fee_rao.into()),
                price_after_tao: after.map(Decimal::price),
            })
        };
        Self {
            from_netuid: from,
            to_netuid: to,
            amount_rao: Rao(amount_rao.into()),
            received_rao: Rao(of.received_rao.into()),
            ideal_rao: Rao(of.ideal_rao.into()),
            loss: of.loss_ppm.map(Decimal::share_ppm),
            sale: leg(from, of.sale, of.price_from_after_bits),
            buy: leg(to, of.buy, of.price_to_after_bits),
            as_of,
        }
    }
}
