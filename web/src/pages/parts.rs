//! Parts that the pages of people share: tiles, rates, names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use leptos::prelude::*;
use yumascan_protocol::fixed::U64F64;
use yumascan_warehouse::query::market::{Moment, identities::IdentityFilter};

use super::as_of;
use crate::{
    server::{Context, PageError},
    text, ui,
};

/// Identities looked up at once.
const MOST_NAMES: u32 = 5_000;

/// A figure with what it is and what to know of it.
pub(crate) fn tile(name: &'static str, value: AnyView, sub: impl Into<String>) -> AnyView {
    view! { <div class="tile"><dt>{name}</dt><dd>{value}</dd><dd class="sub">{sub.into()}</dd></div> }
        .into_any()
}

/// A fraction in parts per million, rounded down.
pub(crate) fn ppm(fraction: U64F64) -> u64 {
    fraction.saturating_mul(U64F64::from_u64(1_000_000)).to_u64()
}

/// A factor less one in parts per million: 0.9 is −100,000.
pub(crate) fn change_of(factor: U64F64) -> i64 {
    let million = i64::try_from(ppm(factor)).unwrap_or(i64::MAX);
    million.saturating_sub(1_000_000)
}

/// A fraction of a year or a whole as percent.
pub(crate) fn rate(fraction: Option<U64F64>, why: &'static str) -> AnyView {
    match fraction {
        Some(fraction) => view! { <span class="num">{text::percent_ppm(ppm(fraction))}</span> }.into_any(),
        None => ui::unknown(why),
    }
}

/// A rate as a file has it: a decimal fraction, empty where it is not known or beyond measure.
pub(crate) fn rate_text(fraction: Option<U64F64>) -> String {
    const TRILLION: u128 = 1_000_000_000_000;
    fraction.filter(|fraction| *fraction < U64F64::MAX).map_or_else(String::new, |fraction| {
        let bits = fraction.to_bits();
        let decimals = ((bits & u128::from(u64::MAX)) * TRILLION) >> 64;
        format!("{}.{decimals:012}", bits >> 64)
    })
}

/// A take or another share of 65535.
pub(crate) fn share_or_unknown(share: Option<u16>, why: &'static str) -> AnyView {
    match share {
        Some(share) => {
            view! { <span class="num" title=format!("{share} of 65535")>{text::share(share)}</span> }
                .into_any()
        }
        None => ui::unknown(why),
    }
}

/// A validator by its name, or by its hotkey where it has none.
pub(crate) fn validator_link(href: &str, hotkey: &str, name: Option<&str>) -> AnyView {
    let name = name.filter(|name| !name.is_empty());
    match name {
        Some(name) => view! { <span class="acct named" title=hotkey.to_owned()>{ui::mark::account_mark(hotkey)}<a href=href.to_owned()>{name.to_owned()}</a></span> }.into_any(),
        None => view! { <span class="acct">{ui::mark::account_mark(hotkey)}<a href=href.to_owned() aria-label=hotkey.to_owned()>{ui::middle(hotkey)}</a></span> }.into_any(),
    }
}

/// Address of a validator's page at the block that this one shows.
pub(crate) fn validator_href(context: &Context, hotkey: &str) -> String {
    as_of::keep(context, &format!("/validator/{hotkey}"))
}

/// Names of coldkeys at a moment, as their identities say.
pub(crate) async fn names_of_coldkeys(
    context: &Context,
    coldkeys: BTreeSet<String>,
    moment: &Moment,
) -> Result<HashMap<String, String>, PageError> {
    if coldkeys.is_empty() {
        return Ok(HashMap::new());
    }
    let filter = IdentityFilter {
        kind: Some("coldkey".to_owned()),
        accounts: coldkeys.into_iter().collect(),
        ..IdentityFilter::default()
    };
    let rows = context.state.warehouse.list_identities(&filter, moment, MOST_NAMES).await?;
    let named =
        rows.into_iter().filter_map(|row| Some((row.account?, row.name.filter(|name| !name.is_empty())?)));
    Ok(named.collect())
}

/// Names of hotkeys: of their owners.
pub(crate) async fn names_of_hotkeys(
    context: &Context,
    hotkeys: BTreeSet<String>,
    moment: &Moment,
) -> Result<HashMap<String, String>, PageError> {
    let hotkeys: Vec<String> = hotkeys.into_iter().collect();
    let owners: BTreeMap<String, String> = context.state.warehouse.list_owners(hotkeys, moment).await?;
    let names = names_of_coldkeys(context, owners.values().cloned().collect(), moment).await?;
    let named =
        owners.into_iter().filter_map(|(hotkey, coldkey)| Some((hotkey, names.get(&coldkey)?.clone())));
    Ok(named.collect())
}

/// The first block with state.
pub(crate) async fn first_state(context: &Context) -> Result<u64, PageError> {
    use yumascan_warehouse::query::market::NoMoment;
    Ok(match context.state.warehouse.find_moment(Some(0)).await? {
        Err(NoMoment::BeforeFirst { first }) => first,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_said_in_percent_and_written_as_fractions() {
        assert_eq!(ppm(U64F64::ratio(1, 4)), 250_000);
        assert_eq!(change_of(U64F64::ratio(9, 10)), -100_001, "rounded down");
        assert_eq!(change_of(U64F64::ratio(5, 4)), 250_000);
        assert_eq!(rate_text(Some(U64F64::ratio(1, 4))), "0.250000000000");
        assert_eq!(rate_text(None), "");
    }
}
