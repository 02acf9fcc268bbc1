//! All validators: stake, dominance, take, trust, what they paid.

use std::collections::BTreeSet;

use axum::response::Response;
use leptos::prelude::*;
use yumascan_protocol::{apy, fixed::U64F64};
use yumascan_warehouse::query::market::{
    validators::Validator,
    yields::{DAY_MS, Payments},
};

use super::{
    Page, as_of, parts,
    sorting::{self, Column, Sorted},
};
use crate::{
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

/// Validators on a page; the file has all.
const SHOWN: usize = 250;

/// A validator as the table shows it.
struct Line {
    of: Validator,
    name: Option<String>,
    take: Option<u16>,
    /// The highest validator trust among its seats.
    trust: Option<u16>,
    /// What its stakers received in the last day, over a year and as a part of the stake, without compounding.
    apr: Option<U64F64>,
    href: String,
}

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let columns = columns();
    let sorted = Sorted::of(context, &columns, Sorted { column: 1, descending: true })?;
    let netuid = context.params.number("netuid", "Subnet")?;
    let least = context.params.tao("min", "Stake weight")?.unwrap_or(0);
    let moment = as_of::moment(context).await?;
    let warehouse = &context.state.warehouse;
    let (validators, takes, paid) = tokio::try_join!(
        warehouse.list_validators(&moment),
        warehouse.list_current_takes(&moment),
        warehouse.list_paid(&moment, DAY_MS),
    )?;
    let coldkeys: BTreeSet<String> = validators.iter().filter_map(|of| of.coldkey.clone()).collect();
    let names = parts::names_of_coldkeys(context, coldkeys, &moment).await?;
    let all = validators.len();
    let wanted = context.params.get("q").map(str::to_lowercase);
    let is_wanted = |line: &Line| {
        let named = wanted.as_ref().is_none_or(|text| {
            let name = line.name.as_ref().is_some_and(|name| name.to_lowercase().contains(text));
            name || line.of.hotkey.to_lowercase().contains(text)
        });
        let seated = netuid
            .is_none_or(|netuid| line.of.seats.iter().any(|seat| u64::from(seat.neuron.netuid) == netuid));
        named && seated && line.of.weight_rao >= u128::from(least)
    };
    let lines = validators.into_iter().map(|of| Line {
        name: of.coldkey.as_ref().and_then(|coldkey| names.get(coldkey).cloned()),
        take: takes.get(&of.hotkey).copied(),
        trust: of.seats.iter().filter_map(|seat| seat.neuron.validator_trust).max(),
        apr: apr(&of, &paid),
        href: parts::validator_href(context, &of.hotkey),
        of,
    });
    let mut lines: Vec<Line> = lines.filter(is_wanted).collect();
    sorted.sort(&columns, &mut lines);
    if context.params.get("format") == Some("csv") {
        let name = format!("validators-{}.csv", moment.block);
        return Ok(Answer::File { name, content: FileContent::Csv(sorting::csv(&columns, &lines)) });
    }
    let found = lines.len();
    if context.params.get("n") != Some("all") {
        lines.truncate(SHOWN);
    }
    let context = context.clone();
    Ok(Page::new("Validators", "/validators", move || {
        let rest = (found > lines.len()).then(|| {
            view! { <p class="count">{format!("The first {} of {}. ", lines.len(), text::group(found as u64))}<a href=context.link(&[("n", Some("all"))]) rel="nofollow">"Show all"</a></p> }
        });
        let table = if lines.is_empty() {
            let why = if all == 0 { "No neuron has a validator permit at this block." } else { "No validator matches these filters." };
            ui::empty(why, view! { <a href=context.path.clone()>"Show all"</a> }.into_any())
        } else {
            sorting::table(&context, &columns, sorted, &lines)
        };
        view! {
            <header class="title"><h1>"Validators"</h1><span class="pager"><a href=context.link(&[("format", Some("csv")), ("n", None)]) rel="nofollow" download="">"CSV"</a></span></header>
            {as_of::line(&context, &moment)}
            <p class="lead">{format!("{} hotkeys with a permit after the last epoch of a subnet. ", text::group(all as u64))}
                "Stake weight is root stake by the chain's weight of TAO and the worth of the alpha on subnets; dominance is its part of that of all validators."</p>
            {form(&context)}
            {table}
            {rest}
        }
        .into_any()
    })
    .into())
}

/// A validator's day: what its stakers received on root and where it has a seat, over what they have there.
fn apr(of: &Validator, paid: &Payments) -> Option<U64F64> {
    let mut received = 0_u128;
    for (netuid, paid) in paid.by_hotkey.get(&of.hotkey)? {
        received = received.checked_add(paid.root_worth_rao?)?;
        if of.seats.iter().any(|seat| seat.neuron.netuid == *netuid) {
            received = received.checked_add(paid.alpha_worth_rao?)?;
        }
    }
    let stake = of.alpha_worth_rao.checked_add(u128::from(of.root_stake_rao.unwrap_or(0)))?;
    let ratio =
        U64F64::ratio(u64::try_from(received).ok()?, u64::try_from(stake).ok().filter(|rao| *rao > 0)?);
    apy::annual(ratio, paid.covered_ms)
}

fn form(context: &Context) -> AnyView {
    let value = |name: &str| context.params.get(name).unwrap_or_default().to_owned();
    let kept = ["at", "sort"].into_iter().filter_map(|name| {
        context
            .params
            .get(name)
            .map(|value| view! { <input type="hidden" name=name value=value.to_owned()/> })
    });
    view! {
        <form class="filters" method="get" action=context.path.clone() aria-label="Filters">
            {kept.collect_view()}
            <div class="fields">
                <label class="field"><span>"Name or hotkey"</span><input name="q" value=value("q") autocomplete="off" spellcheck="false"/></label>
                <label class="field f-from"><span>"On subnet"</span><input name="netuid" value=value("netuid") placeholder="1" inputmode="numeric" autocomplete="off"/></label>
                <label class="field f-min"><span>"Weight at least (TAO)"</span><input name="min" value=value("min") placeholder="1000" inputmode="decimal" autocomplete="off"/></label>
                <span class="go"><button type="submit">"Filter"</button></span>
            </div>
        </form>
    }
    .into_any()
}

/// Names as numbers, so that the first click sorts from A to Z: the first six bytes, which a float holds exactly.
pub(super) fn place_in_alphabet(name: &str) -> f64 {
    let lower = name.to_lowercase();
    let bytes = lower.bytes().chain(std::iter::repeat(0)).take(6);
    -bytes.fold(0.0, |number, byte| number * 256.0 + f64::from(byte))
}

fn plain(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[allow(clippy::too_many_lines)] // one entry a column
fn columns() -> Vec<Column<Line>> {
    vec![
        Column {
            key: "validator",
            label: "Validator",
            meaning: "Name of the owner's identity, or the hotkey",
            class: "",
            value: |line| line.name.as_deref().map(place_in_alphabet),
            cell: |line| parts::validator_link(&line.href, &line.of.hotkey, line.name.as_deref()),
            text: |line| match &line.name {
                Some(name) => format!("{name} {}", line.of.hotkey),
                None => line.of.hotkey.clone(),
            },
        },
        Column {
            key: "weight",
            label: "Stake weight",
            meaning: "Root stake by the chain's weight of TAO, and the worth of its alpha",
            class: "r",
            value: |line| Some(line.of.weight_rao as f64),
            cell: |line| ui::tao_short(line.of.weight_rao),
            text: |line| line.of.weight_rao.to_string(),
        },
        Column {
            key: "dominance",
            label: "Dominance",
            meaning: "Its part of the stake weight of all validators",
            class: "r",
            value: |line| line.of.dominance_ppm.map(|ppm| ppm as f64),
            cell: |line| {
                line.of.dominance_ppm.map_or_else(
                    || ui::unknown("Nobody has stake"),
                    |ppm| view! { <span class="num">{text::percent_ppm(ppm)}</span> }.into_any(),
                )
            },
            text: |line| plain(line.of.dominance_ppm),
        },
        Column {
            key: "root",
            label: "Root",
            meaning: "TAO staked to it on root",
            class: "r p2",
            value: |line| line.of.root_stake_rao.map(|rao| rao as f64),
            cell: |line| {
                line.of
                    .root_stake_rao
                    .map_or_else(|| ui::unknown("Not stored"), |rao| ui::tao_short(u128::from(rao)))
            },
            text: |line| plain(line.of.root_stake_rao),
        },
        Column {
            key: "alpha",
            label: "Alpha",
            meaning: "Worth of the alpha staked to it where it is a validator",
            class: "r p2",
            value: |line| Some(line.of.alpha_worth_rao as f64),
            cell: |line| ui::tao_short(line.of.alpha_worth_rao),
            text: |line| line.of.alpha_worth_rao.to_string(),
        },
        Column {
            key: "take",
            label: "Take",
            meaning: "Part of the dividends that it keeps",
            class: "r p2",
            value: |line| line.take.map(f64::from),
            cell: |line| {
                parts::share_or_unknown(line.take, "No dividends and no change of its take are stored")
            },
            text: |line| plain(line.take),
        },
        Column {
            key: "seats",
            label: "Seats",
            meaning: "Subnets on which it has a validator permit",
            class: "r",
            value: |line| Some(line.of.seats.len() as f64),
            cell: |line| view! { <span class="num">{line.of.seats.len()}</span> }.into_any(),
            text: |line| line.of.seats.len().to_string(),
        },
        Column {
            key: "vtrust",
            label: "Best vtrust",
            meaning: "The highest validator trust among its seats",
            class: "r p3",
            value: |line| line.trust.map(f64::from),
            cell: |line| parts::share_or_unknown(line.trust, "Not stored"),
            text: |line| plain(line.trust),
        },
        Column {
            key: "apr",
            label: "APR 24 h",
            meaning: "What its stakers received in the last day, root and alpha at the prices of the block, over their stake and a year, without compounding",
            class: "r",
            value: |line| line.apr.map(|apr| apr.to_bits() as f64),
            cell: |line| parts::rate(line.apr, "It paid nothing in the stored day"),
            text: |line| parts::rate_text(line.apr),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::place_in_alphabet;

    #[test]
    fn names_are_ordered_by_their_letters() {
        let mut names = ["zeta", "Alpha", "beta", "alp"];
        names.sort_by(|a, b| place_in_alphabet(b).total_cmp(&place_in_alphabet(a)));
        assert_eq!(names, ["alp", "Alpha", "beta", "zeta"]);
    }
}
