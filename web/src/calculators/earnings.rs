//! What a stake earns at a yield: an outlook that assumes the yield stays what it was.

use serde::{Deserialize, Serialize};
use yumascan_protocol::{
    apy::YEAR_SECONDS,
    fixed::{U64F64, power},
};

use crate::text;

/// A validator on a subnet, or on root, and what its stakers earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Value of the form's field.
    pub key: String,
    /// Who, where.
    pub label: String,
    /// Unit of the stake: `TAO` or `α`.
    pub unit: String,
    /// Annual yield with compounding, parts per million.
    pub apy_ppm: u64,
    /// TAO for one unit of the stake, as bits of a U96F32; `None` where that is not known.
    pub price_bits: Option<u128>,
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fields {
    /// Amount of the stake in its unit.
    pub amount: String,
    /// Key of an offer.
    pub offer: String,
}

/// Earnings over a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earned {
    /// The span.
    pub span: &'static str,
    /// In the unit of the stake, rao of it.
    pub rao: u64,
    /// Worth in rao of TAO at today's price; `None` where that is not known.
    pub tao_rao: Option<u64>,
}

/// Spans and their seconds.
const SPANS: [(&str, u64); 5] = [
    ("hour", 3_600),
    ("day", 86_400),
    ("week", 604_800),
    ("month", YEAR_SECONDS / 12),
    ("year", YEAR_SECONDS),
];

/// What the stake of the fields earns; `None` while there is no amount.
#[must_use]
pub fn earnings(fields: &Fields, offers: &[Offer]) -> Option<Result<Vec<Earned>, String>> {
    let amount = fields.amount.trim();
    if amount.is_empty() {
        return None;
    }
    let Some(rao) = text::parse_tao(amount) else {
        return Some(Err(format!("“{amount}” is no amount; write it like 1.5")));
    };
    let offer = offers.iter().find(|offer| offer.key == fields.offer).or_else(|| offers.first())?;
    let spans = SPANS.into_iter().map(|(span, seconds)| {
        let earned = earned(rao, offer.apy_ppm, seconds)?;
        let tao_rao = offer.price_bits.and_then(|bits| worth(earned, bits));
        Some(Earned { span, rao: earned, tao_rao })
    });
    let beyond = || "This amount at this yield is beyond what can be computed.".to_owned();
    Some(spans.collect::<Option<Vec<Earned>>>().ok_or_else(beyond))
}

/// `amount · ((1 + apy)^(seconds / year) − 1)`, rounded down.
fn earned(amount_rao: u64, apy_ppm: u64, seconds: u64) -> Option<u64> {
    let growth = U64F64::ONE.checked_add(U64F64::ratio(apy_ppm, 1_000_000))?;
    let over_span = power(growth, seconds, YEAR_SECONDS)?.saturating_sub(U64F64::ONE);
    Some(U64F64::from_u64(amount_rao).checked_mul(over_span)?.to_u64())
}

fn worth(rao: u64, price_bits: u128) -> Option<u64> {
    let product = u128::from(rao).checked_mul(price_bits)?;
    u64::try_from(product >> 32).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(apy_ppm: u64) -> Offer {
        let price_bits = Some(1_u128 << 31);
        Offer { key: "7".to_owned(), label: String::new(), unit: "α".to_owned(), apy_ppm, price_bits }
    }

    #[test]
    fn a_year_earns_the_yield_and_shorter_spans_compound_to_it() {
        let fields = Fields { amount: "1000".to_owned(), offer: "7".to_owned() };
        let earned = earnings(&fields, &[offer(250_000)]).unwrap().unwrap();
        let year = earned.last().unwrap();
        assert!(year.rao.abs_diff(250_000_000_000) < 1_000, "{year:?}");
        assert_eq!(year.tao_rao, Some(year.rao / 2));
        assert!(earned[3].rao * 12 < year.rao, "what is earned earns as well");
        assert!(earned.windows(2).all(|pair| pair[0].rao < pair[1].rao));
    }

    #[test]
    fn what_is_no_amount_is_said() {
        let fields = Fields { amount: "many".to_owned(), ..Fields::default() };
        assert!(earnings(&fields, &[offer(1)]).unwrap().is_err());
        assert_eq!(earnings(&Fields::default(), &[offer(1)]), None);
        assert_eq!(earnings(&Fields { amount: "1".to_owned(), offer: String::new() }, &[]), None);
    }
}
