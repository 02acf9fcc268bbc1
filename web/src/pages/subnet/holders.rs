//! Who holds a subnet's alpha, and how unevenly.

use leptos::prelude::*;
use yumascan_warehouse::query::market::{concentration::Concentration, holders::Holders};

use super::{Content, Shown};
use crate::{
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

/// Holders listed, and in a file.
const LISTED: usize = 100;
const IN_FILE: usize = 100_000;

pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let as_file = context.params.get("format") == Some("csv");
    let limit = if as_file { IN_FILE } else { LISTED };
    let holders = context.state.warehouse.find_holders(shown.netuid, &shown.moment, limit).await?;
    if as_file {
        let name = format!("subnet-{}-holders-{}.csv", shown.netuid, shown.moment.block);
        return Ok(Content::File(Answer::File { name, content: FileContent::Csv(csv(&holders)) }));
    }
    let outside = shown.row.alpha_out_rao;
    Ok(Content::new(move |context| body(context, &holders, outside)))
}

fn csv(holders: &Holders) -> String {
    let mut text = String::new();
    crate::csv::line(&mut text, ["coldkey", "alpha_rao", "hotkeys"]);
    for holder in &holders.greatest {
        crate::csv::line(
            &mut text,
            [holder.coldkey.clone(), holder.alpha_rao.to_string(), holder.hotkeys.to_string()],
        );
    }
    text
}

fn body(context: &Context, holders: &Holders, outside: Option<u64>) -> AnyView {
    if holders.greatest.is_empty() {
        return ui::empty(
            "Nobody holds this subnet's alpha.",
            view! { "As far as the stored state tells." }.into_any(),
        );
    }
    let total = holders.by_coldkey.as_ref().map_or(0, |all| all.total_rao);
    let graph = Graph::new("holders", "Alpha of the greatest holders", "α", Axis::Ranks).from_zero().with(
        "alpha",
        Kind::Bars,
        holders
            .greatest
            .iter()
            .enumerate()
            .map(|(place, holder)| (place as f64 + 1.0, Some(holder.alpha_rao as f64 / 1e9)))
            .collect(),
    );
    let rows = holders.greatest.iter().enumerate().map(|(place, holder)| {
        let share = yumascan_protocol::valuation::share_ppm(u128::from(holder.alpha_rao), total);
        view! {
            <tr><td class="r num">{place + 1}</td><td>{ui::account(&holder.coldkey)}</td><td class="r">{ui::alpha(holder.alpha_rao)}</td>
                <td class="r num">{share.map(text::percent_ppm)}</td><td class="r num p2">{holder.hotkeys}</td></tr>
        }
        .into_any()
    });
    let of = outside.map(|rao| {
        format!(
            " of {} α outside of the pool; the rest is pending, owed to root, or was burned",
            text::group(rao / 1_000_000_000)
        )
    });
    view! {
        <section aria-labelledby="concentration"><h2 id="concentration">"Concentration"</h2>
            <dl class="tiles figures">{tiles("Coldkeys", holders.by_coldkey.as_ref())}{tiles("Hotkeys", holders.by_hotkey.as_ref())}</dl>
            <p class="lead">{format!("{} α staked in all", text::group(total / 1_000_000_000))}{of}"."</p>
        </section>
        {graph.is_drawable().then(|| view! { <GraphView graph=graph/> })}
        <section aria-labelledby="greatest"><header class="title"><h2 id="greatest">"The greatest"</h2>
            <span class="pager"><a href=context.link(&[("format", Some("csv"))]) rel="nofollow" download="">"All as CSV"</a></span></header>
            <div class="wide"><table class="list"><thead><tr><th scope="col" class="r">"#"</th><th scope="col">"Coldkey"</th><th scope="col" class="r">"Stake"</th>
                <th scope="col" class="r">"Share"</th><th scope="col" class="r p2">"Hotkeys"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
        </section>
    }
    .into_any()
}

fn tiles(who: &'static str, of: Option<&Concentration>) -> AnyView {
    let Some(of) = of else { return ().into_any() };
    let ppb = |value: u64| format!("{:.3}", value as f64 / 1e9);
    view! {
        <div class="tile"><dt>{who}</dt><dd class="num">{text::group(of.holders)}</dd><dd class="sub">"with stake here"</dd></div>
        <div class="tile"><dt>{format!("Gini, {}", who.to_lowercase())}</dt><dd class="num">{ppb(of.gini_ppb)}</dd><dd class="sub">"0 all alike, 1 one has all"</dd></div>
        <div class="tile"><dt>{format!("HHI, {}", who.to_lowercase())}</dt><dd class="num">{ppb(of.hhi_ppb)}</dd><dd class="sub">"sum of squared shares"</dd></div>
        <div class="tile"><dt>{format!("Nakamoto, {}", who.to_lowercase())}</dt><dd class="num">{text::group(of.nakamoto)}</dd><dd class="sub">"needed for more than half"</dd></div>
    }
    .into_any()
}
