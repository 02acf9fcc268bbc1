//! What an account has: positions, their worth and profit, and how that went over time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use leptos::prelude::*;
use yumascan_protocol::valuation::share_ppm;
use yumascan_warehouse::{
    query::market::{
        pnl::{Profit, SubnetProfit},
        worth::Worth,
    },
    rows::AccountBalanceRow,
};

use super::Held;
use crate::{
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    pages::{as_of, parts},
    server::{Context, PageError},
    text, ui,
};

/// Points of the chart.
const POINTS: u64 = 120;
/// Changes of the balance listed.
const CHANGES: u32 = 20;
/// Positions listed.
const LISTED: usize = 500;

/// Name and symbol of subnets.
type Names = BTreeMap<u16, (Option<String>, Option<String>)>;

/// What the tab shows beside what the account has.
#[derive(Default)]
pub(super) struct Portfolio {
    worths: Vec<Worth>,
    profit: Option<Profit>,
    changes: Vec<AccountBalanceRow>,
    subnets: Names,
    names: HashMap<String, String>,
}

pub(super) async fn read(
    context: &Context,
    address: &str,
    held: Option<&Held>,
) -> Result<Portfolio, PageError> {
    let Some(held) = held else { return Ok(Portfolio::default()) };
    let warehouse = &context.state.warehouse;
    let moment = &held.moment;
    let hotkeys: BTreeSet<String> = held.positions.iter().map(|of| of.hotkey.clone()).collect();
    let rest = async {
        Ok::<_, PageError>(tokio::try_join!(
            warehouse.list_worths(address, moment, POINTS),
            warehouse.find_profit(address, moment),
            warehouse.list_balance_changes(address, (0, moment.block), CHANGES),
            warehouse.list_subnets(moment),
        )?)
    };
    let ((worths, profit, changes, subnets), names) =
        tokio::try_join!(rest, parts::names_of_hotkeys(context, hotkeys, moment))?;
    let subnets = subnets.into_iter().map(|row| (row.netuid, (row.name, row.symbol))).collect();
    Ok(Portfolio { worths, profit, changes, subnets, names })
}

/// The sums at the head of the page.
pub(super) fn tiles(held: &Held) -> AnyView {
    let no_price = "The price of a subnet is not known at this block";
    let worth = |rao: Option<u128>| rao.map_or_else(|| ui::unknown(no_price), ui::tao_short);
    let balance = held.balance.as_ref().map(|row| u128::from(row.free_rao) + u128::from(row.reserved_rao));
    let on_subnets =
        held.positions.iter().filter(|of| of.netuid != 0).map(|of| of.netuid).collect::<BTreeSet<_>>().len();
    let hotkeys = held.positions.iter().filter(|of| of.netuid == 0).count();
    view! {
        <dl class="tiles figures">
            {parts::tile("Total", worth(held.total_rao()), "balance, root stake, and alpha at its price")}
            {parts::tile("Balance", balance.map_or_else(|| view! { <span class="none">"none"</span> }.into_any(), ui::tao_short), "free and reserved")}
            {parts::tile("On root", ui::tao_short(held.root_rao()), text::count(hotkeys as u64, "hotkey"))}
            {parts::tile("In alpha", worth(held.alpha_rao()), format!("of {}; a sale would move the prices", text::count(on_subnets as u64, "subnet")))}
        </dl>
    }
    .into_any()
}

pub(super) fn view(context: &Context, held: Option<&Held>, portfolio: &Portfolio) -> AnyView {
    let Some(held) = held else {
        return ui::empty("What this account has is not known.", view! { "No state has been read yet: "<code>"yumascan up"</code>" or "<code>"yumascan state"</code>" reads it." }.into_any());
    };
    view! {
        {chart(&portfolio.worths)}
        {positions(context, held, portfolio)}
        {profit(context, portfolio)}
        {changes(&portfolio.changes)}
    }
    .into_any()
}

fn chart(worths: &[Worth]) -> AnyView {
    if worths.len() < 2 {
        return ().into_any();
    }
    let tao = |rao: u128| rao as f64 / 1e9;
    let points = |value: &dyn Fn(&Worth) -> Option<f64>| {
        worths.iter().filter_map(|worth| Some((worth.timestamp_ms? as f64, value(worth)))).collect::<Vec<_>>()
    };
    let graph = Graph::new("worth", "Worth of what it has", "TAO", Axis::Time)
        .from_zero()
        .with("total", Kind::Area, points(&|worth| worth.total_rao().map(tao)))
        .with("balance", Kind::Line, points(&|worth| worth.balance_rao.map(|rao| tao(u128::from(rao)))))
        .with("root stake", Kind::Line, points(&|worth| Some(tao(u128::from(worth.root_rao)))))
        .with("alpha", Kind::Line, points(&|worth| worth.alpha_rao.map(tao)));
    graph.is_drawable().then(|| view! { <GraphView graph=graph/> }).into_any()
}

fn subnet(context: &Context, subnets: &Names, netuid: u16) -> AnyView {
    let (name, symbol) = subnets.get(&netuid).cloned().unwrap_or_default();
    let name = if netuid == 0 { Some("Root".to_owned()) } else { name };
    let href = as_of::keep(
        context,
        &if netuid == 0 { "/yield?netuid=0".to_owned() } else { format!("/subnet/{netuid}") },
    );
    ui::subnet_link(&href, netuid, name.as_deref(), symbol.as_deref())
}

fn positions(context: &Context, held: &Held, portfolio: &Portfolio) -> AnyView {
    if held.positions.is_empty() {
        return ui::empty("No stake at this block.", view! { "What it has is its balance." }.into_any());
    }
    let whole = held.total_rao();
    let mut ordered: Vec<_> = held.positions.iter().collect();
    ordered.sort_by(|a, b| {
        b.worth_rao.cmp(&a.worth_rao).then(a.netuid.cmp(&b.netuid)).then(a.hotkey.cmp(&b.hotkey))
    });
    let rows = ordered.into_iter().take(LISTED).map(|of| {
        let amount = if of.netuid == 0 { ui::tao(u128::from(of.alpha_rao)) } else { ui::alpha(of.alpha_rao) };
        let share = of.worth_rao.zip(whole).and_then(|(part, whole)| share_ppm(part, whole)).map(text::percent_ppm);
        let href = parts::validator_href(context, &of.hotkey);
        let name = portfolio.names.get(&of.hotkey).map(String::as_str);
        view! {
            <tr>
                <td>{subnet(context, &portfolio.subnets, of.netuid)}</td>
                <td>{parts::validator_link(&href, &of.hotkey, name)}</td>
                <td class="r p2">{amount}</td>
                <td class="r p2">{ui::price(of.price_bits)}</td>
                <td class="r">{of.worth_rao.map_or_else(|| ui::unknown("The price is not known"), ui::tao_short)}</td>
                <td class="r num">{share}</td>
                <td class="r p3" title="Block that changed its shares last; dividends change the amount and no shares">{ui::block_link(of.shares_since)}</td>
            </tr>
        }
        .into_any()
    });
    let rest = held.positions.len().saturating_sub(LISTED);
    view! {
        <section aria-labelledby="positions"><h2 id="positions">"Stake"</h2>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Subnet"</th><th scope="col">"Staked to"</th><th scope="col" class="r p2">"Stake"</th>
                <th scope="col" class="r p2">"Price"</th><th scope="col" class="r">"Worth"</th><th scope="col" class="r" title="Of all that the account has">"Share"</th><th scope="col" class="r p3">"Since"</th></tr></thead>
                <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
            {(rest > 0).then(|| view! { <p class="count">{format!("and {} smaller ones", text::group(rest as u64))}</p> })}
        </section>
    }
    .into_any()
}

fn profit(context: &Context, portfolio: &Portfolio) -> AnyView {
    let Some(profit) = portfolio.profit.as_ref().filter(|profit| !profit.subnets.is_empty()) else {
        return ().into_any();
    };
    let sum = |value: &dyn Fn(&SubnetProfit) -> Option<i128>| {
        profit.subnets.iter().try_fold(0_i128, |sum, of| Some(sum.saturating_add(value(of)?)))
    };
    let (realised, unrealised) = (sum(&|of| Some(of.realised_rao)), sum(&|of| of.unrealised_rao));
    let rows = profit.subnets.iter().map(|of| {
        let amount = if of.netuid == 0 { ui::tao_short(u128::from(of.held_rao)) } else { ui::alpha_short(of.held_rao) };
        view! {
            <tr>
                <td>{subnet(context, &portfolio.subnets, of.netuid)}</td>
                <td class="r p2">{amount}</td>
                <td class="r">{ui::tao_short(of.cost_rao)}</td>
                <td class="r p2">{of.worth_rao.map_or_else(|| ui::unknown("The price is not known"), ui::tao_short)}</td>
                <td class="r">{ui::signed_tao(of.unrealised_rao)}</td>
                <td class="r">{ui::signed_tao(Some(of.realised_rao))}</td>
                <td class="r p3">{ui::tao_short(of.bought_rao)}</td>
                <td class="r p3">{ui::tao_short(of.sold_rao)}</td>
                <td class="r p3" title="Alpha held that nobody paid for: dividends and other emission">{earned(of)}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="profit"><h2 id="profit">"Profit and loss"</h2>
            <dl class="tiles figures">
                {parts::tile("Unrealised", ui::signed_tao(unrealised), "worth of what is held, less its cost")}
                {parts::tile("Realised", ui::signed_tao(realised), "proceeds of sales, less their cost")}
            </dl>
            <p class="lead">{basis(profit)}</p>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Subnet"</th><th scope="col" class="r p2">"Held"</th><th scope="col" class="r">"Cost"</th><th scope="col" class="r p2">"Worth"</th>
                <th scope="col" class="r">"Unrealised"</th><th scope="col" class="r">"Realised"</th><th scope="col" class="r p3">"Paid"</th><th scope="col" class="r p3">"Received"</th><th scope="col" class="r p3">"Earned"</th></tr></thead>
                <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
        </section>
    }
    .into_any()
}

fn earned(of: &SubnetProfit) -> AnyView {
    let rao = u64::try_from(of.earned_rao).unwrap_or(u64::MAX);
    if of.netuid == 0 { ui::tao_short(of.earned_rao) } else { ui::alpha_short(rao) }
}

/// How the cost of what is held is found, and what is missing from it.
fn basis(profit: &Profit) -> String {
    let mut text = format!(
        "In TAO, by average cost: a sale takes the average cost of what is held with it; what was earned cost nothing and counts as sold last. \
         What was held after block {} came in at its price then; since then {} entered.",
        text::group(profit.since_block),
        text::count(profit.moves, "stake move")
    );
    if profit.unknown_moves > 0 {
        text.push_str(&format!(
            " {} of unknown amount are left out.",
            text::count(profit.unknown_moves, "move")
        ));
    }
    if profit.has_key_swaps {
        text.push_str(
            " Its keys were swapped: what came or went with that counts as earned, or as held no more.",
        );
    }
    if profit.is_cut {
        text.push_str(" It has more moves than are looked at, so this is incomplete.");
    }
    text
}

fn changes(rows: &[AccountBalanceRow]) -> AnyView {
    if rows.is_empty() {
        return ().into_any();
    }
    let lines = rows.iter().enumerate().map(|(position, row)| {
        let before = rows.get(position + 1).map(|before| i128::from(row.free_rao) - i128::from(before.free_rao));
        view! {
            <tr><td class="num">{ui::block_link(row.block_number)}</td><td class="r">{ui::tao(u128::from(row.free_rao))}</td>
                <td class="r">{before.map(|change| ui::signed_tao(Some(change)))}</td><td class="r p2">{ui::tao(u128::from(row.reserved_rao))}</td><td class="r p2">{ui::tao(u128::from(row.frozen_rao))}</td></tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="balances"><h2 id="balances">"Latest balances"</h2>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"After block"</th><th scope="col" class="r">"Free"</th><th scope="col" class="r">"Change"</th>
                <th scope="col" class="r p2">"Reserved"</th><th scope="col" class="r p2">"Frozen"</th></tr></thead><tbody>{lines.collect::<Vec<_>>()}</tbody></table></div>
        </section>
    }
    .into_any()
}
