//! What a validator's stakers earned, by window and subnet.

use std::collections::BTreeMap;

use leptos::prelude::*;
use yumascan_warehouse::query::market::{
    Moment,
    yields::{RootYield, StakeYield, WINDOWS},
};

use crate::{
    pages::{as_of, parts, yields::said_coverage},
    server::{Context, PageError},
    text, ui,
};

/// Yields of a window.
pub(super) struct Window {
    name: &'static str,
    length_ms: u64,
    subnets: Vec<StakeYield>,
    root: Option<RootYield>,
}

pub(super) async fn read(context: &Context, hotkey: &str, moment: &Moment) -> Result<Vec<Window>, PageError> {
    let warehouse = &context.state.warehouse;
    let window = async |position: usize| -> Result<Window, PageError> {
        let (name, length_ms) = WINDOWS[position];
        let (subnets, root) = tokio::try_join!(
            warehouse.list_hotkey_yields(hotkey, moment, length_ms),
            warehouse.find_root_yield(hotkey, moment, length_ms),
        )?;
        Ok(Window { name, length_ms, subnets, root })
    };
    let (hour, day, week, month) = tokio::try_join!(window(0), window(1), window(2), window(3))?;
    Ok(vec![hour, day, week, month])
}

pub(super) fn section(
    context: &Context,
    windows: &[Window],
    subnets: &BTreeMap<u16, (Option<String>, Option<String>)>,
) -> AnyView {
    let mut by_netuid: BTreeMap<u16, Vec<Option<&StakeYield>>> = BTreeMap::new();
    for (position, window) in windows.iter().enumerate() {
        for of in &window.subnets {
            by_netuid.entry(of.netuid).or_insert_with(|| vec![None; windows.len()])[position] = Some(of);
        }
    }
    let has_root = windows.iter().any(|window| window.root.as_ref().is_some_and(|root| root.payments > 0));
    if by_netuid.is_empty() && !has_root {
        let why = "It paid nothing to stakers in the stored windows.";
        return view! { <section aria-labelledby="yields"><h2 id="yields">"What its stakers earned"</h2>{ui::empty(why, view! { "Yields come from dividends of epochs." }.into_any())}</section> }.into_any();
    }
    let heads = windows.iter().map(|window| view! { <th scope="col" class="r">{window.name}</th> });
    let root = has_root.then(|| {
        let cells = windows.iter().map(|window| {
            let cell = match &window.root {
                Some(root) if root.payments > 0 => {
                    let covered = said_coverage(root.covered_ms, window.length_ms);
                    let title = format!("{} payments, {} of them do not count; {covered} of the window", text::group(root.payments), text::group(root.skipped));
                    view! { <span title=title>{parts::rate(root.apr, "No payment counts")}<span class="sub none">{covered}</span></span> }.into_any()
                }
                _ => ui::unknown("It paid no root dividends in this window"),
            };
            view! { <td class="r">{cell}</td> }.into_any()
        });
        let href = as_of::keep(context, "/yield?netuid=0");
        view! { <tr><td><span class="subnet"><span class="netuid num">"0"</span><a href=href>"Root"</a>" "<span class="none">"APR"</span></span></td>{cells.collect::<Vec<_>>()}</tr> }
    });
    let rows = by_netuid.into_iter().map(|(netuid, of)| {
        let href = as_of::keep(context, &format!("/yield?netuid={netuid}"));
        let (name, symbol) = subnets.get(&netuid).cloned().unwrap_or_default();
        let cells = of.into_iter().map(|of| view! { <td class="r">{cell(of)}</td> }.into_any());
        view! { <tr><td>{ui::subnet_link(&href, netuid, name.as_deref(), symbol.as_deref())}</td>{cells.collect::<Vec<_>>()}</tr> }.into_any()
    });
    view! {
        <section aria-labelledby="yields"><h2 id="yields">"What its stakers earned"</h2>
            <p class="lead">"Annual yield in alpha after the take, compounded, from the dividends of the epochs in each window; on root an annual rate without compounding, as what is not claimed earns nothing. Below each: how much of the window counts, and how far to rely on it."</p>
            <div class="wide"><table class="list yields"><thead><tr><th scope="col">"On"</th>{heads.collect_view()}</tr></thead>
                <tbody>{root}{rows.collect::<Vec<_>>()}</tbody></table></div>
        </section>
    }
    .into_any()
}

fn cell(of: Option<&StakeYield>) -> AnyView {
    let Some(of) = of else { return ui::unknown("It paid nothing here in this window") };
    let known = &of.alpha;
    let covered = text::percent_ppm(parts::ppm(known.coverage));
    let title = format!(
        "{} of {} epochs count; {covered} of the window; {} confidence{}",
        text::group(known.epochs_used),
        text::group(known.epochs),
        known.confidence.name(),
        if of.has_root_in_it { "; part of it was for root and cannot be told apart" } else { "" }
    );
    view! { <span title=title>{parts::rate(known.apy, "No epoch counts")}<span class="sub none">{format!("{covered}, {}", known.confidence.name())}</span></span> }
        .into_any()
}
