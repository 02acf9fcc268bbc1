//! The economy of TAO: issuance, halving, what is staked, what registering costs, who would be pruned.

use std::collections::BTreeMap;

use axum::response::Response;
use leptos::prelude::*;
use yumascan_protocol::{
    supply::{self, MAX_SUPPLY_RAO, NextHalving},
    valuation::share_ppm,
};
use yumascan_warehouse::{
    query::market::{
        Moment,
        emissions::Supply,
        registrations::{PruningPlace, SubnetCost},
    },
    rows::{NetworkStateRow, SubnetStateRow},
};

use super::{Page, as_of, parts};
use crate::{
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

/// Points of a curve.
const POINTS: u64 = 300;
/// Block time that the chain aims at, milliseconds.
const BLOCK_MS: u64 = 12_000;
/// Prices of a subnet so many blocks ahead: a day, three, a week, a month.
const AHEAD: [u64; 4] = [7_200, 21_600, 50_400, 216_000];

/// All that the page shows.
struct Shown {
    moment: Moment,
    supply: Supply,
    history: Vec<NetworkStateRow>,
    cost: SubnetCost,
    pruning: Vec<PruningPlace>,
    subnets: BTreeMap<u16, SubnetStateRow>,
}

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let moment = as_of::moment(context).await?;
    let warehouse = &context.state.warehouse;
    let history = async {
        let first = parts::first_state(context).await?;
        Ok::<_, PageError>(warehouse.list_network_history((first, moment.block), POINTS).await?)
    };
    let rest = async {
        Ok::<_, PageError>(tokio::try_join!(
            warehouse.find_supply(&moment),
            warehouse.find_subnet_cost(&moment, &AHEAD),
            warehouse.list_pruning(&moment),
            warehouse.list_subnets(&moment),
        )?)
    };
    let (history, (supply, cost, pruning, subnets)) = tokio::try_join!(history, rest)?;
    let Some(supply) = supply else {
        return Err(PageError::NoState {
            what: format!("No state of the chain at block {}", text::group(moment.block)),
            why: "subnets are known there, the chain as a whole is not".to_owned(),
            nearest: None,
        });
    };
    let subnets = subnets.into_iter().map(|row| (row.netuid, row)).collect();
    let shown = Shown { moment, supply, history, cost, pruning, subnets };
    if context.params.get("format") == Some("csv") {
        let name = format!("pruning-{}.csv", moment.block);
        return Ok(Answer::File { name, content: FileContent::Csv(csv(&shown)) });
    }
    let context = context.clone();
    Ok(Page::new("Tokenomics", "/tokenomics", move || {
        view! {
            <h1>"Tokenomics"</h1>
            {as_of::line(&context, &shown.moment)}
            {tiles(&shown)}
            {halving(&context, &shown)}
            {curves(&shown)}
            {removed(&shown)}
            {registration(&shown)}
            {pruning_order(&context, &shown)}
        }
        .into_any()
    })
    .into())
}

fn rao(value: Option<u64>) -> AnyView {
    value.map_or_else(|| ui::unknown("The state does not say"), |rao| ui::tao_short(u128::from(rao)))
}

fn percent(part: Option<u128>, whole: Option<u128>) -> String {
    let share = part.zip(whole).and_then(|(part, whole)| share_ppm(part, whole));
    share.map_or_else(|| "unknown".to_owned(), text::percent_ppm)
}

impl Shown {
    /// TAO in pools and on root.
    fn staked_rao(&self) -> Option<u128> {
        Some(self.supply.subnets_tao_rao + u128::from(self.supply.root_tao_rao?))
    }

    fn issued_rao(&self) -> Option<u128> {
        self.supply.network.total_issuance_rao.map(u128::from)
    }
}

fn tiles(shown: &Shown) -> AnyView {
    let network = &shown.supply.network;
    let (issued, staked) = (shown.issued_rao(), shown.staked_rao());
    let cap = Some(u128::from(MAX_SUPPLY_RAO));
    let root = shown.supply.root_tao_rao.map(u128::from);
    let daily = network.block_emission_rao.map(|rao| u128::from(rao) * u128::from(86_400_000 / BLOCK_MS));
    view! {
        <dl class="tiles figures">
            {parts::tile("Issuance", rao(network.total_issuance_rao), format!("{} of 21 million", percent(issued, cap)))}
            {parts::tile("Emission of a block", rao(network.block_emission_rao), daily.map_or_else(String::new, |rao| format!("about {} TAO a day", text::group(rao / 1_000_000_000))))}
            {parts::tile("Staked", staked.map_or_else(|| ui::unknown("The state does not say"), ui::tao_short), format!("{} of issuance: root, and TAO in pools", percent(staked, issued)))}
            {parts::tile("On root", rao(shown.supply.root_tao_rao), format!("{} of what is staked", percent(root, staked)))}
            {parts::tile("In pools", ui::tao_short(shown.supply.subnets_tao_rao), format!("{} of what is staked", percent(Some(shown.supply.subnets_tao_rao), staked)))}
            {parts::tile("Alpha", ui::tao_short(shown.supply.alpha_worth_rao), "worth of all alpha outside of pools at its price")}
            {parts::tile("Staking coldkeys", network.staking_coldkeys.map_or_else(|| ui::unknown("The runtime does not count them"), |count| view! { {text::group(count)} }.into_any()), "with stake anywhere")}
            {parts::tile("Subnets", network.subnet_count.map_or_else(|| ui::unknown("The state does not say"), |count| view! { {text::group(count)} }.into_any()), network.subnet_limit.map_or_else(String::new, |limit| format!("of {limit}, root included in the count")))}
        </dl>
    }
    .into_any()
}

fn halving(context: &Context, shown: &Shown) -> AnyView {
    let Some(next) = shown.supply.halving else {
        return ui::empty(
            "When the emission halves next is not known.",
            view! { "The total issuance is not stored at this block, or nothing is left to issue." }
                .into_any(),
        );
    };
    let NextHalving { threshold_rao, left_rao, blocks } = next;
    let now_ms = shown.moment.timestamp_ms.unwrap_or(context.now_ms);
    let then_ms = now_ms.saturating_add(blocks.saturating_mul(BLOCK_MS));
    let emission = shown.supply.network.block_emission_rao.unwrap_or(0);
    let days = blocks.saturating_mul(BLOCK_MS) / 86_400_000;
    let day = text::utc(then_ms);
    let day = day.split(' ').next().unwrap_or_default().to_owned();
    view! {
        <section aria-labelledby="halving"><h2 id="halving">"The next halving"</h2>
            <dl class="tiles figures">
                {parts::tile("Left", view! { {text::group(blocks)}" blocks" }.into_any(), format!("about {} days", text::group(days)))}
                {parts::tile("About", view! { <time datetime=text::iso(then_ms) title=text::utc(then_ms)>{day}</time> }.into_any(), text::relative(then_ms, now_ms))}
                {parts::tile("At an issuance of", ui::tao_short(u128::from(threshold_rao)), format!("{} TAO are left to issue", text::group(left_rao / 1_000_000_000)))}
                {parts::tile("Emission then", ui::tao_short(u128::from(supply::block_emission(threshold_rao))), format!("a block, now {} TAO", text::amount(emission)))}
            </dl>
            <p class="lead">"Assumes that every block issues all that it may, takes twelve seconds, and that nothing is recycled: what is recycled is issued again, which delays the halving."</p>
        </section>
    }
    .into_any()
}

fn curves(shown: &Shown) -> AnyView {
    let rows = &shown.history;
    if rows.len() < 2 {
        return ui::empty(
            "No curves yet.",
            view! { "They appear once more than one block with state is stored." }.into_any(),
        );
    }
    let at = |row: &NetworkStateRow| row.timestamp_ms.map(|ms| ms as f64);
    let points = |value: fn(&NetworkStateRow) -> Option<u64>| {
        rows.iter()
            .filter_map(|row| Some((at(row)?, value(row).map(|rao| rao as f64 / 1e9))))
            .collect::<Vec<_>>()
    };
    let mut issuance = Graph::new("issuance", "Issuance", "TAO", Axis::Time).with(
        "issued",
        Kind::Line,
        points(|row| row.total_issuance_rao),
    );
    let emission = points(|row| row.block_emission_rao).into_iter().map(|(_, value)| value).collect();
    issuance.below = Some((
        crate::graph::Series { name: "emission of a block".to_owned(), kind: Kind::Line, values: emission },
        "TAO".to_owned(),
    ));
    let staked = Graph::new("staked", "Root and pools", "TAO", Axis::Time)
        .with("root", Kind::Line, points(|row| row.root_tao_rao))
        .with("root and pools (the chain's running count)", Kind::Line, points(|row| row.total_stake_rao));
    let cost = Graph::new("lock", "Cost of registering a subnet", "TAO", Axis::Time).with(
        "cost",
        Kind::Line,
        points(|row| row.lock_cost_rao),
    );
    view! {
        <section aria-labelledby="curves"><h2 id="curves">"Over time"</h2>
            <GraphView graph=issuance/>
            <GraphView graph=staked/>
            <GraphView graph=cost/>
        </section>
    }
    .into_any()
}

/// What left circulation, as far as the chain counts it.
fn removed(shown: &Shown) -> AnyView {
    let sum = |value: fn(&SubnetStateRow) -> Option<u64>| {
        let known: Vec<u64> = shown.subnets.values().filter_map(value).collect();
        (!known.is_empty()).then(|| known.iter().map(|rao| u128::from(*rao)).sum::<u128>())
    };
    let recycled = sum(|row| row.recycled_rao);
    let locked = sum(|row| row.locked_rao);
    let worth = |value: fn(&SubnetStateRow) -> Option<u64>| {
        let rows = shown.subnets.values().filter(|row| row.netuid != 0);
        let parts: Vec<u128> = rows
            .filter_map(|row| {
                let price = yumascan_protocol::fixed::U96F32::from_bits(row.price_bits?);
                Some(yumascan_protocol::valuation::worth_rao(value(row)?, price))
            })
            .collect();
        (!parts.is_empty()).then(|| parts.iter().sum::<u128>())
    };
    let known =
        |value: Option<u128>, why: &'static str| value.map_or_else(|| ui::unknown(why), ui::tao_short);
    let not_kept = "The runtime does not keep it";
    view! {
        <section aria-labelledby="removed"><h2 id="removed">"Recycled, burned, locked"</h2>
            <dl class="tiles figures">
                {parts::tile("Recycled by registrations", known(recycled, not_kept), "of neurons, on the subnets of this block; issued again")}
                {parts::tile("Locked by subnets", known(locked, not_kept), "paid for registering those that exist")}
                {parts::tile("Alpha burned", known(worth(|row| row.alpha_burned_rao), not_kept), "at the prices of this block")}
                {parts::tile("Alpha recycled", known(worth(|row| row.alpha_recycled_rao), not_kept), "at the prices of this block")}
            </dl>
        </section>
    }
    .into_any()
}

fn registration(shown: &Shown) -> AnyView {
    let cost = &shown.cost;
    let ahead = cost.ahead.iter().map(|price| {
        let days = price.blocks / 7_200;
        view! { <tr><td>{format!("in {}", text::count(days, "day"))}</td><td class="r num">{text::group(price.blocks)}</td><td class="r">{ui::tao(u128::from(price.cost_rao))}</td></tr> }.into_any()
    });
    let table = (!cost.ahead.is_empty()).then(|| {
        view! {
            <div class="wide"><table class="list"><thead><tr><th scope="col">"If nobody registers"</th><th scope="col" class="r">"Blocks"</th><th scope="col" class="r">"Cost"</th></tr></thead>
                <tbody>{ahead.collect::<Vec<_>>()}</tbody></table></div>
        }
    });
    view! {
        <section aria-labelledby="registration"><h2 id="registration">"Registering a subnet"</h2>
            <dl class="tiles figures">
                {parts::tile("In the next block", rao(cost.lock_rao), "doubles with each registration, then falls")}
                {parts::tile("The last one cost", rao(cost.last_rao), "")}
                {parts::tile("At least", rao(cost.least_rao), "the chain's floor")}
            </dl>
            {table}
        </section>
    }
    .into_any()
}

/// Blocks until the stakers of a subnet's alpha receive more of its dividends than root.
fn crossover(shown: &Shown, row: &SubnetStateRow) -> Option<u64> {
    let weight = shown.supply.network.tao_weight?;
    let root = u128::from(shown.supply.root_tao_rao?);
    let weighted = u64::try_from(root.checked_mul(u128::from(weight))? / u128::from(u64::MAX)).ok()?;
    let alpha = row.alpha_in_rao?.saturating_add(row.alpha_out_rao?);
    let growth = row.alpha_in_emission_rao?.saturating_add(row.alpha_out_emission_rao?);
    supply::blocks_to_crossover(weighted, alpha, growth)
}

fn said_blocks(blocks: u64) -> String {
    match blocks {
        0 => "now".to_owned(),
        _ => {
            let hours = blocks.saturating_mul(BLOCK_MS) / 3_600_000;
            if hours < 48 { format!("in {hours} h") } else { format!("in {} d", text::group(hours / 24)) }
        }
    }
}

fn pruning_order(context: &Context, shown: &Shown) -> AnyView {
    if shown.pruning.is_empty() {
        return ().into_any();
    }
    let network = &shown.supply.network;
    let full = network.subnet_count.zip(network.subnet_limit).map(|(count, limit)| count > limit);
    let head = match full {
        Some(true) => {
            "The limit is reached: the next registration removes the first of the list that is not immune."
        }
        Some(false) => "There is room for more subnets: nobody is removed until the limit is reached.",
        None => "Whether the limit of subnets is reached is not known.",
    };
    let rows = shown.pruning.iter().map(|place| {
        let row = shown.subnets.get(&place.netuid);
        let href = as_of::keep(context, &format!("/subnet/{}", place.netuid));
        let (name, symbol) = row.map(|row| (row.name.clone(), row.symbol.clone())).unwrap_or_default();
        let price = row.and_then(|row| row.price_bits);
        let badge = match place.risk {
            "next" => ui::badge("bad", ().into_any(), "next"),
            "near" => ui::badge("wait", ().into_any(), "near"),
            "immune" => ui::badge("ok", ().into_any(), "immune"),
            other => ui::badge("dim", ().into_any(), other),
        };
        let immune = place.position.is_none().then(|| {
            view! { <span class="num none">{said_blocks(place.immune_until.saturating_sub(shown.moment.block))}</span> }
        });
        let cross = row.and_then(|row| crossover(shown, row)).map_or_else(|| ui::unknown("Not all of it is stored"), |blocks| view! { <span class="num" title=format!("{} blocks", text::group(blocks))>{said_blocks(blocks)}</span> }.into_any());
        view! {
            <tr>
                <td class="r num">{place.position.map_or_else(|| "–".to_owned(), |position| position.to_string())}</td>
                <td>{ui::subnet_link(&href, place.netuid, name.as_deref(), symbol.as_deref())}</td>
                <td>{badge}" "{immune}</td>
                <td class="r">{ui::moving_price(Some(place.moving_price_bits))}</td>
                <td class="r p2">{place.margin_ppm.map(|ppm| ui::change(Some(ppm)))}</td>
                <td class="r">{ui::price(place.liquidation_price_bits)}</td>
                <td class="r p2">{ui::price(price)}</td>
                <td class="r p3">{cross}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="pruning"><header class="title"><h2 id="pruning">"Who would be removed"</h2>
            <span class="pager"><a href=context.link(&[("format", Some("csv"))]) rel="nofollow" download="">"CSV"</a></span></header>
            <p class="lead">{head}" Subnets are ranked by their moving price, the lowest first; those that are young are immune. The liquidation price is what one alpha would get of the pool's TAO if the subnet were dissolved now."</p>
            <div class="wide"><table class="list"><thead><tr><th scope="col" class="r">"#"</th><th scope="col">"Subnet"</th><th scope="col">"Risk"</th><th scope="col" class="r">"Moving price"</th>
                <th scope="col" class="r p2" title="Its moving price above that of the next to be removed">"Margin"</th><th scope="col" class="r">"Liquidation"</th><th scope="col" class="r p2">"Price"</th>
                <th scope="col" class="r p3" title="When the stakers of its alpha receive more of its dividends than root: once its alpha exceeds the weighted TAO on root, if both and its emission stay as they are">"Alpha over root"</th></tr></thead>
                <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
        </section>
    }
    .into_any()
}

fn csv(shown: &Shown) -> String {
    let mut text = String::new();
    crate::csv::line(
        &mut text,
        [
            "position",
            "netuid",
            "risk",
            "registered_at",
            "immune_until",
            "moving_price_tao",
            "margin_ppm",
            "liquidation_price_tao",
            "blocks_to_crossover",
        ],
    );
    for place in &shown.pruning {
        let plain = |value: Option<String>| value.unwrap_or_default();
        let crossing = shown.subnets.get(&place.netuid).and_then(|row| crossover(shown, row));
        let moving = u128::try_from(place.moving_price_bits).ok();
        let fields = [
            plain(place.position.map(|position| position.to_string())),
            place.netuid.to_string(),
            place.risk.to_owned(),
            place.registered_at.to_string(),
            place.immune_until.to_string(),
            plain(moving.map(text::price)),
            plain(place.margin_ppm.map(|ppm| ppm.to_string())),
            plain(place.liquidation_price_bits.map(text::price)),
            plain(crossing.map(|blocks| blocks.to_string())),
        ];
        crate::csv::line(&mut text, fields);
    }
    text
}
