//! Yields: who paid its stakers best on each subnet, and what an amount would have earned there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::response::Response;
use leptos::prelude::*;
use yumascan_protocol::fixed::U64F64;
use yumascan_warehouse::query::market::yields::{BestFilter, RootYield, StakeYield, WINDOWS};

use super::{
    Page, as_of, parts,
    sorting::{self, Column, Sorted},
};
use crate::{
    calculators::earnings::{Fields, Offer},
    islands::EarningsCalculator,
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

/// Hotkeys of each subnet where all subnets are shown, and of one subnet, or root.
const OF_EACH: u32 = 3;
const OF_ONE: u32 = 100;
/// Root validators that the calculator offers beside those of subnets.
const OF_ROOT: u32 = 10;
/// One TAO for one TAO: the price of root stake.
const ONE_BITS: u128 = 1 << 32;

/// A yield as the table shows it.
struct Line {
    netuid: u16,
    subnet: (Option<String>, Option<String>),
    subnet_href: String,
    hotkey: String,
    name: Option<String>,
    href: String,
    stake_rao: Option<u64>,
    /// With compounding; of root without.
    annual: Option<U64F64>,
    median: Option<U64F64>,
    /// Growth in TAO over a year, as a factor.
    tao_factor: Option<U64F64>,
    take: Option<u16>,
    coverage: Option<U64F64>,
    confidence: &'static str,
    epochs: u32,
    counted: u32,
    price_bits: Option<u128>,
}

/// What the page is asked for.
struct Asked {
    window: (&'static str, u64),
    netuid: Option<u16>,
    least_stake_rao: u64,
}

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

fn asked(context: &Context) -> Result<Asked, PageError> {
    let name = context.params.get("window").unwrap_or("1d");
    let window = WINDOWS.into_iter().find(|(known, _)| *known == name);
    let window = window.ok_or_else(|| PageError::bad("Window", name, "`1h`, `1d`, `7d` or `30d`"))?;
    let netuid = match context.params.number("netuid", "Subnet")? {
        Some(netuid) => Some(u16::try_from(netuid).map_err(|_| {
            PageError::bad("Subnet", &netuid.to_string(), "the number of a subnet, 0 for root")
        })?),
        None => None,
    };
    let least_stake_rao = context.params.tao("min", "Stake")?.unwrap_or(0);
    Ok(Asked { window, netuid, least_stake_rao })
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let asked = asked(context)?;
    let columns = columns();
    let sorted = Sorted::of(context, &columns, Sorted { column: 3, descending: true })?;
    let moment = as_of::moment(context).await?;
    let warehouse = &context.state.warehouse;
    let of_subnets = BestFilter {
        netuid: asked.netuid,
        least_stake_rao: asked.least_stake_rao,
        per_subnet: if asked.netuid.is_some() { OF_ONE } else { OF_EACH },
    };
    let of_root = BestFilter {
        per_subnet: if asked.netuid == Some(0) { OF_ONE } else { OF_ROOT },
        netuid: None,
        ..of_subnets
    };
    let length_ms = asked.window.1;
    let best = async {
        match asked.netuid {
            Some(0) => Ok(Vec::new()),
            _ => warehouse.list_best_yields(&of_subnets, &moment, length_ms).await,
        }
    };
    let root = async {
        match asked.netuid {
            None | Some(0) => warehouse.list_root_yields(&of_root, &moment, length_ms).await,
            Some(_) => Ok(Vec::new()),
        }
    };
    let (subnets, best, root) = tokio::try_join!(warehouse.list_subnets(&moment), best, root)?;
    if let Some(netuid) = asked.netuid.filter(|netuid| !subnets.iter().any(|row| row.netuid == *netuid)) {
        let known = text::count(subnets.len() as u64, "subnet");
        return Err(PageError::bad(
            "Subnet",
            &netuid.to_string(),
            &format!("one of the {known} of block {}", moment.block),
        ));
    }
    let hotkeys: BTreeSet<String> = best
        .iter()
        .filter_map(|of| of.hotkey.clone())
        .chain(root.iter().map(|of| of.hotkey.clone()))
        .collect();
    let names = parts::names_of_hotkeys(context, hotkeys, &moment).await?;
    let of_subnet: BTreeMap<u16, _> =
        subnets.into_iter().map(|row| (row.netuid, (row.name, row.symbol, row.price_bits))).collect();
    let mut lines: Vec<Line> = Vec::with_capacity(best.len() + root.len());
    lines.extend(root.into_iter().map(|of| root_line(context, of, &names, length_ms)));
    lines.extend(best.into_iter().filter_map(|of| {
        let (name, symbol, price_bits) = of_subnet.get(&of.netuid).cloned().unwrap_or_default();
        subnet_line(context, of, &names, (name, symbol), price_bits)
    }));
    let offers = offers(&lines);
    sorted.sort(&columns, &mut lines);
    if context.params.get("format") == Some("csv") {
        let name = format!("yields-{}-{}.csv", asked.window.0, moment.block);
        return Ok(Answer::File { name, content: FileContent::Csv(sorting::csv(&columns, &lines)) });
    }
    let fields = Fields {
        amount: context.params.get("amount").unwrap_or_default().to_owned(),
        offer: context.params.get("offer").unwrap_or_default().to_owned(),
    };
    let context = context.clone();
    Ok(Page::new("Yield", "/yield", move || {
        let table = if lines.is_empty() {
            let why = "No validator paid its stakers in this window, as far as it is stored.";
            ui::empty(why, view! { "A longer window, or less stake, may find some." }.into_any())
        } else {
            sorting::table(&context, &columns, sorted, &lines)
        };
        let action = as_of::keep(&context, "/yield");
        let shown = match asked.netuid {
            Some(0) => format!("The {} validators with the most root stake.", lines.len()),
            Some(netuid) => format!("The {} best paying validators of subnet {netuid}.", lines.len()),
            None => format!("The {OF_EACH} best paying validators of every subnet, and the {OF_ROOT} with the most root stake."),
        };
        view! {
            <header class="title"><h1>"Yield"</h1><span class="pager"><a href=context.link(&[("format", Some("csv"))]) rel="nofollow" download="">"CSV"</a></span></header>
            {as_of::line(&context, &moment)}
            {windows(&context, asked.window.0)}
            <p class="lead">{shown}" APY is what a stake grew by in alpha after the take, compounded over a year, from dividends alone; the return in TAO has the change of the price in it. Root pays what must be claimed, so its rate does not compound. All of it is the past, and promises nothing."</p>
            {form(&context)}
            {table}
            <section aria-labelledby="calculator"><h2 id="calculator">"What would it earn?"</h2>
                <p class="lead">"If the yield of the window stays. "<a href=as_of::keep(&context, "/slippage")>"What buying or selling alpha costs"</a>" is another question."</p>
                <EarningsCalculator action=action offers=offers fields=fields/>
            </section>
        }
        .into_any()
    })
    .into())
}

/// How much of a window is known.
pub(super) fn said_coverage(covered_ms: u64, length_ms: u64) -> String {
    text::percent_ppm(parts::ppm(U64F64::ratio(covered_ms, length_ms).min(U64F64::ONE)))
}

fn subnet_line(
    context: &Context,
    of: StakeYield,
    names: &HashMap<String, String>,
    subnet: (Option<String>, Option<String>),
    price_bits: Option<u128>,
) -> Option<Line> {
    let hotkey = of.hotkey?;
    Some(Line {
        netuid: of.netuid,
        subnet,
        subnet_href: as_of::keep(context, &format!("/subnet/{}", of.netuid)),
        name: names.get(&hotkey).cloned(),
        href: parts::validator_href(context, &hotkey),
        hotkey,
        stake_rao: of.stake_rao,
        annual: of.alpha.apy,
        median: of.alpha.median_apy,
        tao_factor: of.tao_annual_factor,
        take: of.take,
        coverage: Some(of.alpha.coverage),
        confidence: of.alpha.confidence.name(),
        epochs: of.alpha.epochs,
        counted: of.alpha.epochs_used,
        price_bits,
    })
}

fn root_line(context: &Context, of: RootYield, names: &HashMap<String, String>, length_ms: u64) -> Line {
    let coverage = U64F64::ratio(of.covered_ms, length_ms).min(U64F64::ONE);
    let counted = of.payments.saturating_sub(of.skipped);
    Line {
        netuid: 0,
        subnet: (Some("Root".to_owned()), None),
        subnet_href: as_of::keep(context, "/yield?netuid=0"),
        name: names.get(&of.hotkey).cloned(),
        href: parts::validator_href(context, &of.hotkey),
        hotkey: of.hotkey,
        stake_rao: of.stake_rao,
        annual: of.apr,
        median: None,
        // paid in TAO's worth: the price of root stake is one
        tao_factor: of.apr.and_then(|apr| U64F64::ONE.checked_add(apr)),
        take: None,
        coverage: Some(coverage),
        confidence: root_confidence(coverage, counted, of.skipped),
        epochs: of.payments,
        counted,
        price_bits: Some(ONE_BITS),
    }
}

/// The steps of `apy::Confidence`, with payments for epochs.
fn root_confidence(coverage: U64F64, counted: u32, skipped: u32) -> &'static str {
    match counted {
        0 => "none",
        _ if counted < 3 || coverage < U64F64::ratio(1, 2) => "low",
        _ if counted < 10 || skipped > 0 || coverage < U64F64::ratio(9, 10) => "medium",
        _ => "high",
    }
}

/// What the calculator offers: every line with a rate, the best first within a subnet.
fn offers(lines: &[Line]) -> Vec<Offer> {
    let to_offer = |line: &Line| {
        let who = line.name.clone().unwrap_or_else(|| line.hotkey.chars().take(8).collect::<String>() + "…");
        let place = match line.netuid {
            0 => "Root".to_owned(),
            netuid => {
                let name = line.subnet.0.clone().filter(|name| !name.is_empty());
                name.map_or_else(|| format!("Subnet {netuid}"), |name| format!("{netuid} {name}"))
            }
        };
        Some(Offer {
            key: format!("{}-{}", line.netuid, line.hotkey),
            label: format!("{place} · {who}"),
            unit: if line.netuid == 0 { "TAO" } else { "α" }.to_owned(),
            apy_ppm: parts::ppm(line.annual?),
            price_bits: line.price_bits,
        })
    };
    lines.iter().filter_map(to_offer).collect()
}

fn windows(context: &Context, current: &str) -> AnyView {
    let links = WINDOWS.into_iter().map(|(name, _)| {
        let label = match name {
            "1h" => "Hour",
            "1d" => "Day",
            "7d" => "7 days",
            _ => "30 days",
        };
        view! { <a href=context.link(&[("window", Some(name))]) aria-current=if name == current { "true" } else { "false" }>{label}</a> }
    });
    view! { <nav class="tabs" aria-label="Window">{links.collect_view()}</nav> }.into_any()
}

fn form(context: &Context) -> AnyView {
    let value = |name: &str| context.params.get(name).unwrap_or_default().to_owned();
    let kept = ["at", "sort", "window"].into_iter().filter_map(|name| {
        context
            .params
            .get(name)
            .map(|value| view! { <input type="hidden" name=name value=value.to_owned()/> })
    });
    view! {
        <form class="filters" method="get" action=context.path.clone() aria-label="Filters">
            {kept.collect_view()}
            <div class="fields">
                <label class="field f-from"><span>"Subnet"</span><input name="netuid" value=value("netuid") placeholder="all" inputmode="numeric" autocomplete="off"/></label>
                <label class="field f-min"><span>"Stake at least"</span><input name="min" value=value("min") placeholder="1000" inputmode="decimal" autocomplete="off"/></label>
                <span class="go"><button type="submit">"Filter"</button></span>
            </div>
        </form>
    }
    .into_any()
}

fn plain(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[allow(clippy::too_many_lines)] // one entry a column
fn columns() -> Vec<Column<Line>> {
    vec![
        Column {
            key: "netuid",
            label: "Subnet",
            meaning: "Netuid and name",
            class: "",
            value: |line| Some(-f64::from(line.netuid)),
            cell: |line| {
                ui::subnet_link(
                    &line.subnet_href,
                    line.netuid,
                    line.subnet.0.as_deref(),
                    line.subnet.1.as_deref(),
                )
            },
            text: |line| line.netuid.to_string(),
        },
        Column {
            key: "validator",
            label: "Validator",
            meaning: "Name of the owner's identity, or the hotkey",
            class: "",
            value: |line| line.name.as_deref().map(super::validators::place_in_alphabet),
            cell: |line| parts::validator_link(&line.href, &line.hotkey, line.name.as_deref()),
            text: |line| line.hotkey.clone(),
        },
        Column {
            key: "stake",
            label: "Stake",
            meaning: "Alpha staked to it after its last epoch; on root TAO",
            class: "r p2",
            value: |line| line.stake_rao.map(|rao| rao as f64),
            cell: |line| match (line.netuid, line.stake_rao) {
                (_, None) => ui::unknown("Not stored"),
                (0, Some(rao)) => ui::tao_short(u128::from(rao)),
                (_, Some(rao)) => ui::alpha_short(rao),
            },
            text: |line| plain(line.stake_rao),
        },
        Column {
            key: "apy",
            label: "APY",
            meaning: "In alpha, after the take, with compounding; of root in TAO's worth, without",
            class: "r",
            value: |line| line.annual.map(|rate| rate.to_bits() as f64),
            cell: |line| parts::rate(line.annual, "No epoch of the window counts"),
            text: |line| parts::rate_text(line.annual),
        },
        Column {
            key: "tao",
            label: "TAO return",
            meaning: "What TAO in the stake became, the change of the price included, over a year",
            class: "r",
            value: |line| line.tao_factor.map(|factor| factor.to_bits() as f64),
            cell: |line| match line.tao_factor {
                Some(factor) => ui::change(Some(parts::change_of(factor))),
                None => ui::unknown("No price from before the window is stored"),
            },
            text: |line| parts::rate_text(line.tao_factor),
        },
        Column {
            key: "median",
            label: "Median",
            meaning: "APY by the median epoch: what an ordinary epoch promises",
            class: "r p3",
            value: |line| line.median.map(|rate| rate.to_bits() as f64),
            cell: |line| {
                if line.netuid == 0 {
                    view! { <span class="none">"–"</span> }.into_any()
                } else {
                    parts::rate(line.median, "No epoch of the window counts")
                }
            },
            text: |line| parts::rate_text(line.median),
        },
        Column {
            key: "take",
            label: "Take",
            meaning: "Part of the dividends that the validator kept at its last epoch",
            class: "r p3",
            value: |line| line.take.map(f64::from),
            cell: |line| parts::share_or_unknown(line.take, "Not stored with the dividends"),
            text: |line| plain(line.take),
        },
        Column {
            key: "coverage",
            label: "Coverage",
            meaning: "Part of the window that counts: the time of epochs with stake enough and no great change of it",
            class: "r p2",
            value: |line| line.coverage.map(|part| part.to_bits() as f64),
            cell: |line| parts::rate(line.coverage, "Not stored"),
            text: |line| parts::rate_text(line.coverage),
        },
        Column {
            key: "confidence",
            label: "Confidence",
            meaning: "High: ten epochs or more in nine tenths of the window, all of them counted",
            class: "p2",
            value: |line| {
                Some(match line.confidence {
                    "high" => 3.0,
                    "medium" => 2.0,
                    "low" => 1.0,
                    _ => 0.0,
                })
            },
            cell: |line| {
                view! { <span title=format!("{} of {} epochs count", line.counted, line.epochs)>{line.confidence}</span> }.into_any()
            },
            text: |line| line.confidence.to_owned(),
        },
        Column {
            key: "epochs",
            label: "Epochs",
            meaning: "Epochs of the window that count, of root payments",
            class: "r p3",
            value: |line| Some(f64::from(line.counted)),
            cell: |line| {
                view! { <span class="num">{format!("{} of {}", line.counted, line.epochs)}</span> }.into_any()
            },
            text: |line| line.counted.to_string(),
        },
    ]
}
