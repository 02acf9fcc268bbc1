//! What a trade gets: TAO for alpha, alpha for TAO, or one subnet's alpha for another's, by the chain's own maths.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use yumascan_protocol::amm::{Order, Pool, Side, SwapError};

use crate::text;

/// A subnet whose alpha can be traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// Name for the choice.
    pub label: String,
    /// Its pool.
    pub pool: Pool,
}

/// Subnets by netuid.
pub type Markets = BTreeMap<u16, Market>;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fields {
    /// Amount of what is paid.
    pub amount: String,
    /// What is paid: `tao`, or a netuid.
    pub from: String,
    /// What is wanted: `tao`, or a netuid.
    pub to: String,
}

/// One swap of a trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Subnet.
    pub netuid: u16,
    /// Whether alpha is bought.
    pub buys: bool,
    /// Fee, in the unit that is paid in: TAO of a buy, alpha of a sale.
    pub fee_rao: u64,
    /// TAO for one alpha before and after, bits of U96F32.
    pub price_bits: (u128, u128),
}

/// What a trade gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What is paid, rao of its unit.
    pub paid_rao: u64,
    /// What is received, rao of its unit.
    pub received_rao: u64,
    /// What would be received at the prices before the trade, without fee or slippage.
    pub ideal_rao: u64,
    /// The swaps.
    pub legs: Vec<Leg>,
}

impl Quote {
    /// How much less is received than at the prices before the trade, parts per million: fee and slippage together.
    #[must_use]
    pub fn loss_ppm(&self) -> Option<u64> {
        let missing = u128::from(self.ideal_rao.saturating_sub(self.received_rao));
        yumascan_protocol::valuation::share_ppm(missing, u128::from(self.ideal_rao))
    }
}

/// A side of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Tao,
    Alpha(u16),
}

fn unit(text: &str) -> Option<Unit> {
    match text.trim() {
        "tao" | "" => Some(Unit::Tao),
        // root stake is TAO, one to one
        "0" => Some(Unit::Tao),
        netuid => netuid.parse().ok().map(Unit::Alpha),
    }
}

/// Sign of a side's unit.
#[must_use]
pub fn sign(side: &str) -> &'static str {
    match unit(side) {
        Some(Unit::Alpha(_)) => "α",
        _ => "TAO",
    }
}

/// The quote for the fields; `None` while there is no amount.
#[must_use]
pub fn quote(fields: &Fields, markets: &Markets) -> Option<Result<Quote, String>> {
    let amount = fields.amount.trim();
    if amount.is_empty() {
        return None;
    }
    let Some(rao) = text::parse_tao(amount).filter(|rao| *rao > 0) else {
        return Some(Err(format!("“{amount}” is no amount; write it like 1.5")));
    };
    Some(quote_of(rao, fields, markets))
}

/// The quote for another amount.
///
/// # Errors
/// What is wrong with the sides, and what the chain would refuse with.
pub fn quote_of(amount_rao: u64, fields: &Fields, markets: &Markets) -> Result<Quote, String> {
    let side = |text: &str| unit(text).ok_or_else(|| format!("“{text}” is no subnet; choose one, or TAO"));
    let (from, to) = (side(&fields.from)?, side(&fields.to)?);
    if from == to {
        return Err("What is paid and what is wanted are the same.".to_owned());
    }
    let mut legs = Vec::new();
    let mut amount = amount_rao;
    let mut ideal = u128::from(amount_rao);
    if let Unit::Alpha(netuid) = from {
        let (leg, received) = swap(netuid, Side::Sell, amount, true, markets)?;
        ideal = ideal.saturating_mul(leg.price_bits.0) >> 32;
        legs.push(leg);
        amount = received;
    }
    if let Unit::Alpha(netuid) = to {
        // the second leg of a move pays no fee
        let (leg, received) = swap(netuid, Side::Buy, amount, legs.is_empty(), markets)?;
        ideal = ideal.checked_shl(32).and_then(|bits| bits.checked_div(leg.price_bits.0)).unwrap_or(0);
        legs.push(leg);
        amount = received;
    }
    let ideal_rao = u64::try_from(ideal).unwrap_or(u64::MAX);
    Ok(Quote { paid_rao: amount_rao, received_rao: amount, ideal_rao, legs })
}

fn swap(
    netuid: u16,
    side: Side,
    amount_rao: u64,
    with_fee: bool,
    markets: &Markets,
) -> Result<(Leg, u64), String> {
    let Some(market) = markets.get(&netuid) else {
        return Err(format!("The state of the pool of subnet {netuid} is not known."));
    };
    let order = Order { side, amount_rao, limit_price_rao: None, with_fee };
    let (swap, after) = market.pool.swap(order).map_err(|why| said(netuid, why))?;
    let buys = side == Side::Buy;
    let price_bits = (market.pool.price().to_bits(), after.price().to_bits());
    Ok((Leg { netuid, buys, fee_rao: swap.fee_rao, price_bits }, swap.paid_out_rao))
}

fn said(netuid: u16, why: SwapError) -> String {
    let why = why.to_string();
    format!("Subnet {netuid}: {why}.")
}

#[cfg(test)]
mod tests {
    use yumascan_protocol::amm::Curve;

    use super::*;

    const TAO: u64 = 1_000_000_000;

    /// Two pools without fee, of prices 1/4 and 1.
    fn markets() -> Markets {
        let market = |tao: u64, alpha: u64| Market {
            label: String::new(),
            pool: Pool {
                mechanism: 1,
                tao_rao: tao * TAO,
                tao_provided_rao: 0,
                alpha_in_rao: alpha * TAO,
                alpha_in_provided_rao: 0,
                curve: Curve::ConstantProduct,
            },
        };
        BTreeMap::from([(1, market(1_000, 4_000)), (2, market(1_000, 1_000))])
    }

    fn fields(amount: &str, from: &str, to: &str) -> Fields {
        Fields { amount: amount.to_owned(), from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn a_trade_moves_the_price_against_itself() {
        let got = quote(&fields("10", "tao", "1"), &markets()).unwrap().unwrap();
        assert_eq!(got.ideal_rao, 40 * TAO);
        // 4000 − 4000·1000/1010
        assert_eq!(got.received_rao / 1_000, 39_603_960);
        assert!(got.legs[0].price_bits.1 > got.legs[0].price_bits.0);
        assert!((9_000..11_000).contains(&got.loss_ppm().unwrap()), "{got:?}");
        let back = quote(&fields("10", "1", "tao"), &markets()).unwrap().unwrap();
        assert!(back.legs[0].price_bits.1 < back.legs[0].price_bits.0 && back.received_rao < back.ideal_rao);
    }

    #[test]
    fn alpha_of_one_subnet_becomes_that_of_another_through_tao() {
        let got = quote(&fields("40", "1", "2"), &markets()).unwrap().unwrap();
        assert_eq!((got.legs.len(), got.ideal_rao), (2, 10 * TAO));
        let tao = quote(&fields("40", "1", "tao"), &markets()).unwrap().unwrap().received_rao;
        let then = quote_of(tao, &fields("", "tao", "2"), &markets()).unwrap();
        assert_eq!(got.received_rao, then.received_rao, "the legs follow each other");
    }

    #[test]
    fn what_cannot_be_traded_is_said() {
        for wrong in [
            fields("x", "tao", "1"),
            fields("0", "tao", "1"),
            fields("1", "tao", "tao"),
            fields("1", "0", "tao"),
            fields("1", "tao", "9"),
            fields("1", "beta", "tao"),
        ] {
            assert!(quote(&wrong, &markets()).unwrap().is_err(), "{wrong:?}");
        }
        assert_eq!(quote(&fields(" ", "tao", "1"), &markets()), None);
    }
}
