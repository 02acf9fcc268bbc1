//! Pools as the state lane stored them, for quotes.

use yumascan_protocol::{
    amm::{Balancer, Concentrated, Curve, Pool, Position, TickFees, concentrated::FULL_RANGE_TICK},
    fixed::{I64F64, U64F64},
};

use crate::rows::SubnetStateRow;

/// First spec whose fees do not stay in the pool.
const FEES_LEAVE: u32 = 401;

/// The pool after the row's block: what it gives for one order is exact. `None` where a part of it is not stored.
///
/// Fees that the protocol's position has had are not stored, so a pool after the coinbase cannot be followed from it.
#[must_use]
pub fn pool_of(row: &SubnetStateRow) -> Option<Pool> {
    let curve = match row.price_model.as_str() {
        "stable" | "constant_product" => Curve::ConstantProduct,
        "concentrated" => Curve::Concentrated(Box::new(concentrated(row)?)),
        "balancer" => Curve::Balancer(Balancer { quote_weight: row.balancer_quote? }),
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

fn concentrated(row: &SubnetStateRow) -> Option<Concentrated> {
    let liquidity = row.liquidity?;
    let sqrt_price = U64F64::from_bits(row.sqrt_price_bits?);
    let initialized = sqrt_price > U64F64::ZERO;
    let position = Position {
        tick_low: -FULL_RANGE_TICK,
        tick_high: FULL_RANGE_TICK,
        liquidity,
        fees_tao: I64F64::ZERO,
        fees_alpha: I64F64::ZERO,
        low: TickFees::default(),
        high: TickFees::default(),
    };
    let provided = row.tao_provided_rao.unwrap_or(0) > 0 || row.alpha_in_provided_rao.unwrap_or(0) > 0;
    Some(Concentrated {
        initialized,
        sqrt_price,
        liquidity,
        fee_rate: row.fee_rate?,
        fees_stay: row.spec_version < FEES_LEAVE,
        position: initialized.then_some(position),
        user_liquidity: provided,
        ..Concentrated::default()
    })
}

#[cfg(test)]
mod tests {
    use yumascan_protocol::amm::{Order, Side};

    use super::*;

    fn row(model: &str) -> SubnetStateRow {
        SubnetStateRow {
            price_model: model.to_owned(),
            tao_in_rao: Some(1_000_000_000_000),
            alpha_in_rao: Some(4_000_000_000_000),
            sqrt_price_bits: Some(1 << 63),
            liquidity: Some(2_000_000_000_000),
            fee_rate: Some(33),
            balancer_quote: Some(500_000_000_000_000_000),
            ..SubnetStateRow::default()
        }
    }

    #[test]
    fn an_order_is_quoted_in_every_generation_of_pools() {
        let order =
            Order { side: Side::Buy, amount_rao: 1_000_000_000, limit_price_rao: None, with_fee: true };
        for model in ["stable", "constant_product", "concentrated", "balancer"] {
            let pool = pool_of(&row(model)).unwrap();
            let (swap, _) = pool.swap(order).unwrap();
            let fair = if model == "stable" { 1_000_000_000 } else { 4_000_000_000 };
            assert!(swap.paid_out_rao <= fair && swap.paid_out_rao > fair / 100 * 99, "{model}: {swap:?}");
        }
    }

    #[test]
    fn a_pool_of_which_a_part_is_not_known_is_none() {
        assert_eq!(pool_of(&SubnetStateRow { liquidity: None, ..row("concentrated") }), None);
        assert_eq!(pool_of(&SubnetStateRow { tao_in_rao: None, ..row("constant_product") }), None);
        assert_eq!(pool_of(&row("something new")), None);
    }
}
