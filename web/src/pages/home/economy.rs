//! The economy in a few figures: supply, halving, what the subnets receive.

use leptos::prelude::*;
use yumascan_protocol::valuation::share_ppm;
use yumascan_warehouse::query::market::{Moment, emissions::Supply};

use crate::{
    pages::{as_of, subnets, subnets::Line},
    server::{Context, PageError},
    text, ui,
};

/// Subnets listed.
const TOP: usize = 10;
/// Seconds of a block.
const BLOCK_S: u64 = 12;

/// What the section shows.
pub(super) struct Economy {
    moment: Moment,
    supply: Option<Supply>,
    /// The most emission first.
    top: Vec<Line>,
    subnets: usize,
}

/// Reads it; `None` where no state is stored.
pub(super) async fn read(context: &Context) -> Result<Option<Economy>, PageError> {
    let moment = match as_of::moment(context).await {
        Err(PageError::NoState { .. }) if context.params.get("at").is_none() => return Ok(None),
        found => found?,
    };
    let (supply, mut lines) = tokio::try_join!(
        async { Ok::<_, PageError>(context.state.warehouse.find_supply(&moment).await?) },
        subnets::read(context, &moment)
    )?;
    let subnets = lines.len();
    lines.sort_by(|a, b| b.emission_ppm.cmp(&a.emission_ppm).then(a.row.netuid.cmp(&b.row.netuid)));
    lines.truncate(TOP);
    Ok(Some(Economy { moment, supply, top: lines, subnets }))
}

/// Tiles and the subnets that receive most.
pub(super) fn section(context: &Context, economy: &Economy) -> AnyView {
    let emitted: u64 = economy.top.iter().filter_map(|line| line.emission_ppm).sum();
    view! {
        <section aria-labelledby="economy">
            <h2 id="economy">"Economy"</h2>
            {economy.supply.as_ref().map(tiles)}
            <header class="title"><h3>{format!("The {} subnets with the most emission, {} of all", economy.top.len(), text::percent_ppm(emitted))}</h3>
                <span class="pager"><a href=as_of::keep(context, "/subnets")>{format!("All {}", economy.subnets)}</a></span></header>
            {top(&economy.top)}
            <p class="none">{format!("State after block {}.", text::group(economy.moment.block))}</p>
        </section>
    }
    .into_any()
}

fn tiles(supply: &Supply) -> AnyView {
    let network = &supply.network;
    let issued = network.total_issuance_rao;
    let staked = supply.root_tao_rao.map(|root| u128::from(root) + supply.subnets_tao_rao);
    let staked_share = staked.zip(issued).and_then(|(staked, issued)| share_ppm(staked, u128::from(issued)));
    let unknown = || ui::unknown("Not stored");
    let halving = supply.halving.as_ref().map_or_else(
        || tile("Next halving", unknown(), String::new()),
        |halving| {
            let blocks = halving.blocks;
            let days = blocks.saturating_mul(BLOCK_S) / 86_400;
            tile(
                "Next halving",
                view! { <span class="num">{format!("{} blocks", text::group(blocks))}</span> }.into_any(),
                format!("about {} days, if every block emits and nothing is recycled", text::group(days)),
            )
        },
    );
    view! {
        <dl class="tiles figures">
            {tile("Issued", issued.map_or_else(unknown, |rao| ui::tao_short(u128::from(rao))), "of 21 million TAO".to_owned())}
            {tile("Emission", network.block_emission_rao.map_or_else(unknown, |rao| ui::tao_short(u128::from(rao))), "a block".to_owned())}
            {halving}
            {tile("Staked", staked_share.map_or_else(unknown, |ppm| view! { <span class="num">{text::percent_ppm(ppm)}</span> }.into_any()),
                staked.map_or_else(String::new, |rao| format!("{} in pools and on root", text::tao(rao))))}
            {tile("All alpha", ui::tao_short(supply.alpha_worth_rao), "worth at pool prices".to_owned())}
            {tile("A new subnet", network.lock_cost_rao.map_or_else(unknown, |rao| ui::tao_short(u128::from(rao))), "costs now".to_owned())}
        </dl>
    }
    .into_any()
}

fn tile(name: &'static str, value: AnyView, sub: String) -> AnyView {
    view! { <div class="tile"><dt>{name}</dt><dd>{value}</dd><dd class="sub">{sub}</dd></div> }.into_any()
}

fn top(lines: &[Line]) -> AnyView {
    let mut sum = 0_u64;
    let rows = lines.iter().map(|line| {
        sum += line.emission_ppm.unwrap_or(0);
        let share = line.emission_ppm.map(text::percent_ppm);
        view! {
            <tr>
                <td>{ui::subnet_link(&line.href, line.row.netuid, line.row.name.as_deref(), line.row.symbol.as_deref())}</td>
                <td class="r">{ui::price(line.row.price_bits)}</td>
                <td class="r">{ui::change(line.day_change_ppm())}</td>
                <td class="r p2">{line.holdings.map(|held| ui::tao_short(held.staked_cap_rao()))}</td>
                <td class="r num">{share}</td>
                <td class="r num p2">{text::percent_ppm(sum)}</td>
                <td class="p3">{ui::spark(&line.week)}</td>
            </tr>
        }
        .into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Subnet"</th><th scope="col" class="r">"Price"</th><th scope="col" class="r">"24 h"</th>
            <th scope="col" class="r p2">"Market cap"</th><th scope="col" class="r">"Emission"</th><th scope="col" class="r p2">"Together"</th><th scope="col" class="p3">"Week"</th></tr></thead>
            <tbody>{rows}</tbody></table></div>
    }
    .into_any()
}
