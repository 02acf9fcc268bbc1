//! Quotes: what a swap would give against the pool of a moment (`yumascan_protocol::amm`).

use yumascan_protocol::{
    amm::{Balancer, Concentrated, Curve, Order, Pool, Side, Swap, SwapError},
    fixed::{U64F64, U96F32},
};

use crate::rows::SubnetStateRow;

/// What stake would become: one swap, or two through TAO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The sale for TAO, of alpha.
    pub sale: Option<Swap>,
    /// The buy with TAO, of alpha.
    pub buy: Option<Swap>,
    /// What comes out: alpha-rao of the destination, or rao.
    pub received_rao: u64,
    /// What would come out at the prices before, without fees.
    pub ideal_rao: u64,
    /// How much less comes out, fees included, parts per million of the ideal.
    pub loss_ppm: Option<u64>,
    /// Price of the origin's alpha after it, bits of a U96F32.
    pub price_from_after_bits: Option<u128>,
    /// Price of the destination's alpha after it.
    pub price_to_after_bits: Option<u128>,
}

/// The pool of a subnet, as far as swaps need it; `None` where its state is not known.
///
/// Where users hold liquidity in it, swaps are refused with [`SwapError::UserLiquidity`].
#[must_use]
pub fn pool_of(row: &SubnetStateRow) -> Option<Pool> {
    let curve = match row.price_model.as_str() {
        "stable" | "constant_product" => Curve::ConstantProduct,
        "concentrated" => {
            let root = U64F64::from_bits(row.sqrt_price_bits.unwrap_or(0));
            let mut state = Concentrated::for_swaps(root, row.liquidity.unwrap_or(0), row.fee_rate?);
            let provided = row.tao_provided_rao.unwrap_or(0).max(row.alpha_in_provided_rao.unwrap_or(0));
            state.user_liquidity = provided > 0;
            Curve::Concentrated(Box::new(state))
        }
        "balancer" => {
            Curve::Balancer(Balancer { quote_weight: row.balancer_quote?, fee_rate: row.fee_rate? })
        }
        _ => return None,
    };
    Some(Pool {
        mechanism: u16::from(row.price_model != "stable"),
        tao_rao: row.tao_in_rao?,
        tao_provided_rao: row.tao_provided_rao.unwrap_or(0),
        alpha_in_rao: row.alpha_in_rao?,
        alpha_in_provided_rao: row.alpha_in_provided_rao.unwrap_or(0),
        curve,
    })
}

/// What `amount_rao` of `from` gives of `to`; `None` stands for free TAO, as root does without its stake.
///
/// Across subnets it is a sale and then a buy, of which exactly one pays the fee: the buy where the sale is on root,
/// else the sale.
///
/// # Errors
/// Why the chain would refuse, or why only the node can tell.
pub fn quote(from: Option<&Pool>, to: Option<&Pool>, amount_rao: u64) -> Result<Quote, SwapError> {
    let order = |side, amount_rao, with_fee| Order { side, amount_rao, limit_price_rao: None, with_fee };
    let mut quote = Quote {
        sale: None,
        buy: None,
        received_rao: amount_rao,
        ideal_rao: amount_rao,
        loss_ppm: None,
        price_from_after_bits: None,
        price_to_after_bits: None,
    };
    let sells_for_fee = from.is_some_and(Pool::is_dynamic);
    if let Some(pool) = from {
        quote.ideal_rao = product(quote.ideal_rao, pool.price());
        let (sale, after) = pool.swap(order(Side::Sell, amount_rao, true))?;
        quote.received_rao = sale.paid_out_rao;
        quote.price_from_after_bits = Some(after.price().to_bits());
        quote.sale = Some(sale);
    }
    if let Some(pool) = to {
        quote.ideal_rao = quotient(quote.ideal_rao, pool.price());
        let (buy, after) = pool.swap(order(Side::Buy, quote.received_rao, !sells_for_fee))?;
        quote.received_rao = buy.paid_out_rao;
        quote.price_to_after_bits = Some(after.price().to_bits());
        quote.buy = Some(buy);
    }
    let lost = quote.ideal_rao.saturating_sub(quote.received_rao);
    quote.loss_ppm = yumascan_protocol::valuation::share_ppm(lost.into(), quote.ideal_rao.into());
    Ok(quote)
}

fn product(amount_rao: u64, price: U96F32) -> u64 {
    U96F32::from_u64(amount_rao).saturating_mul(price).to_u64()
}

fn quotient(amount_rao: u64, price: U96F32) -> u64 {
    U96F32::from_u64(amount_rao).safe_div(price).to_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAO: u64 = 1_000_000_000;

    fn subnet(model: &str, tao: u64, alpha: u64) -> SubnetStateRow {
        let root = (u128::from(tao) << 64).isqrt() << 32;
        SubnetStateRow {
            price_model: model.to_owned(),
            tao_in_rao: Some(tao * RAO),
            alpha_in_rao: Some(alpha * RAO),
            // the root of tao / alpha for an alpha of one
            sqrt_price_bits: Some(root / u128::from(alpha.isqrt())),
            liquidity: Some((tao * alpha).isqrt() * RAO),
            fee_rate: Some(33),
            ..SubnetStateRow::default()
        }
    }

    #[test]
    fn a_quote_is_the_swap_of_the_pool() {
        let pool = pool_of(&subnet("concentrated", 100, 400)).unwrap();
        let bought = quote(None, Some(&pool), RAO).unwrap();
        let swap = pool
            .swap(Order { side: Side::Buy, amount_rao: RAO, limit_price_rao: None, with_fee: true })
            .unwrap()
            .0;
        assert_eq!((bought.received_rao, bought.buy), (swap.paid_out_rao, Some(swap)));
        assert!(bought.ideal_rao.abs_diff(4 * RAO) < 10, "{bought:?}");
        // a hundredth of the pool loses about a hundredth, and the fee
        assert!((9_900..11_500).contains(&bought.loss_ppm.unwrap()), "{bought:?}");
        assert!(bought.price_to_after_bits.unwrap() > pool.price().to_bits());
    }

    #[test]
    fn across_subnets_one_leg_pays_the_fee() {
        let (one, two) = (subnet("concentrated", 100, 400), subnet("concentrated", 900, 100));
        let (one, two) = (pool_of(&one).unwrap(), pool_of(&two).unwrap());
        let root = pool_of(&subnet("stable", 100, 100)).unwrap();
        let swapped = quote(Some(&one), Some(&two), RAO).unwrap();
        assert!(swapped.sale.unwrap().fee_rao > 0 && swapped.buy.unwrap().fee_rao == 0);
        let from_root = quote(Some(&root), Some(&two), RAO).unwrap();
        assert!(from_root.sale.unwrap().fee_rao == 0 && from_root.buy.unwrap().fee_rao > 0);
        assert_eq!(quote(Some(&root), None, RAO).unwrap().received_rao, RAO);
    }

    #[test]
    fn liquidity_of_users_is_refused() {
        let row = SubnetStateRow { tao_provided_rao: Some(5), ..subnet("concentrated", 100, 400) };
        assert_eq!(quote(None, pool_of(&row).as_ref(), RAO), Err(SwapError::UserLiquidity));
        assert_eq!(pool_of(&SubnetStateRow::default()), None);
    }
}
