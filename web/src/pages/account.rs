//! An account: what it has and what that is worth, what it did, what it sent and received, where it is named.

use axum::{extract::Path, response::Response};
use leptos::prelude::*;
use yumascan_warehouse::{
    Page as Rows,
    query::{
        accounts::AccountSummary,
        market::{Moment, identities::IdentityFilter, positions::Position},
        transfers::TransferFilter,
    },
    rows::{
        AccountBalanceRow, EpochVerificationRow, EventRow, ExtrinsicRow, IdentityRow, RegistrationRow,
        StakeMoveRow, TransferRow,
    },
};

use super::{
    Page, as_of,
    epoch::verified_badge,
    list::{self, Turns},
    moves, parts, rows,
};
use crate::{
    server::{Answer, Context, PageError},
    text,
    ui::{self, mark},
};

mod portfolio;
mod stake;
mod statement;

/// Tabs: name in the address, label.
const TABS: [(&str, &str); 6] = [
    ("portfolio", "Portfolio"),
    ("activity", "Activity"),
    ("transfers", "Transfers"),
    ("stake", "Stake moves"),
    ("registrations", "Registrations"),
    ("events", "Events"),
];

pub(crate) async fn handle(context: Context, Path(id): Path<String>) -> Response {
    let loaded = load(&context, &id).await;
    context.answer(loaded).await
}

/// What the chosen tab lists.
enum Listed {
    Portfolio(Box<portfolio::Portfolio>),
    Activity(Rows<ExtrinsicRow>),
    Transfers(Rows<TransferRow>),
    Stake(Rows<StakeMoveRow>),
    Registrations(Rows<RegistrationRow>),
    Events(Rows<EventRow>),
}

/// What the account has at a moment.
struct Held {
    moment: Moment,
    balance: Option<AccountBalanceRow>,
    positions: Vec<Position>,
    identity: Option<IdentityRow>,
}

/// What the page shows of an account whatever the tab.
struct Shown {
    address: String,
    public_key: String,
    summary: Option<AccountSummary>,
    neuron_of: Vec<EpochVerificationRow>,
    /// `None` where no state was read at all.
    held: Option<Held>,
}

async fn load(context: &Context, id: &str) -> Result<Answer, PageError> {
    let Ok(account) = id.parse::<yumascan_chain::AccountId>() else {
        let shown: String = id.chars().take(70).collect();
        let hint = "An account is named by its SS58 address (of any prefix; the checksum must be right) or its public key as 0x and 64 digits.";
        return Err(PageError::NotFound { what: format!("No account {shown}"), hint: hint.to_owned() });
    };
    let address = account.to_ss58();
    if address != id {
        return Ok(Answer::Elsewhere(context.params.link(&format!("/account/{address}"), &[])));
    }
    if let Some(asked) = context.params.get("tab").filter(|asked| !TABS.iter().any(|(name, _)| name == asked))
    {
        let known = TABS.map(|(name, _)| name).join("`, `");
        return Err(PageError::bad("Tab", asked, &format!("one of `{known}`")));
    }
    let warehouse = &context.state.warehouse;
    if context.params.get("format") == Some("csv") {
        return statement::load(context, &address).await;
    }
    let public_key = yumascan_chain::Hash(account.0).to_string();
    let summary = async { Ok::<_, PageError>(warehouse.find_account(&address).await?) };
    let neuron_of = async { Ok(warehouse.list_newest_epochs_of(&public_key).await?) };
    let (summary, neuron_of, held) = tokio::try_join!(summary, neuron_of, held(context, &address))?;
    let tab = match context.params.get("tab") {
        Some(tab) => tab.to_owned(),
        None if held.as_ref().is_some_and(Held::has_any) => "portfolio".to_owned(),
        None => "activity".to_owned(),
    };
    let listed = listed(context, &address, &tab, held.as_ref()).await?;
    let title = format!("Account {}…{}", &address[..6], &address[address.len() - 4..]);
    let shown = Shown { address, public_key, summary, neuron_of, held };
    let context = context.clone();
    Ok(Page::new(title, "", move || view(&context, &shown, &tab, &listed)).into())
}

/// Balances and stake; a block that is asked for must have its state.
async fn held(context: &Context, address: &str) -> Result<Option<Held>, PageError> {
    let moment = match as_of::moment(context).await {
        Err(PageError::NoState { .. }) if context.params.get("at").is_none() => return Ok(None),
        found => found?,
    };
    let warehouse = &context.state.warehouse;
    let filter = IdentityFilter {
        kind: Some("coldkey".to_owned()),
        accounts: vec![address.to_owned()],
        ..IdentityFilter::default()
    };
    let (balance, positions, mut identities) = tokio::try_join!(
        warehouse.find_balance(address, &moment),
        warehouse.list_positions(address, &moment),
        warehouse.list_identities(&filter, &moment, 1),
    )?;
    Ok(Some(Held { moment, balance, positions, identity: identities.pop() }))
}

impl Held {
    fn has_any(&self) -> bool {
        self.balance.is_some() || !self.positions.is_empty()
    }

    fn root_rao(&self) -> u128 {
        self.positions.iter().filter(|of| of.netuid == 0).map(|of| u128::from(of.alpha_rao)).sum()
    }

    /// Worth of the alpha; `None` where a price is not known.
    fn alpha_rao(&self) -> Option<u128> {
        let mut parts = self.positions.iter().filter(|of| of.netuid != 0).map(|of| of.worth_rao);
        parts.try_fold(0_u128, |sum, part| Some(sum.saturating_add(part?)))
    }

    /// All of it; an account that does not exist has no balance.
    fn total_rao(&self) -> Option<u128> {
        let balance =
            self.balance.as_ref().map_or(0, |row| u128::from(row.free_rao) + u128::from(row.reserved_rao));
        Some(self.alpha_rao()?.saturating_add(self.root_rao()).saturating_add(balance))
    }
}

async fn listed(
    context: &Context,
    address: &str,
    tab: &str,
    held: Option<&Held>,
) -> Result<Listed, PageError> {
    let warehouse = &context.state.warehouse;
    let paging = context.params.paging()?.request;
    Ok(match tab {
        "portfolio" => Listed::Portfolio(Box::new(portfolio::read(context, address, held).await?)),
        "transfers" => {
            let min_amount_rao = context.params.tao("min", "At least")?;
            let filter = TransferFilter {
                account: Some(address.to_owned()),
                min_amount_rao,
                ..TransferFilter::default()
            };
            Listed::Transfers(warehouse.list_transfers(&filter, paging).await?)
        }
        "stake" => Listed::Stake(stake::read_moves(context, address, paging).await?),
        "registrations" => Listed::Registrations(stake::read_registrations(context, address, paging).await?),
        "events" => Listed::Events(warehouse.list_account_events(address, paging).await?),
        _ => Listed::Activity(warehouse.list_account_extrinsics(address, paging).await?),
    })
}

fn view(context: &Context, shown: &Shown, tab: &str, listed: &Listed) -> AnyView {
    let address = shown.address.as_str();
    let name = shown.held.as_ref().and_then(|held| held.identity.as_ref()).and_then(|row| row.name.clone());
    let name = name
        .filter(|name| !name.is_empty())
        .map(|name| view! { <p class="lead">"Calls itself "<b>{name}</b></p> });
    view! {
        <header class="title account">
            <span class="big">{mark::account_mark(address)}</span>
            <h1><span class="sr">"Account "</span><span class="hex">{ui::middle(address)}</span>{ui::copy(address, "address")}</h1>
            <span class="pager"><a href=context.link(&[("format", Some("csv")), ("tab", None), ("after", None), ("before", None)]) rel="nofollow" download="" title="Every transfer, fee, stake move, registration, claim and dividend: one row an event, UTC, in TAO">"Statement (CSV)"</a></span>
        </header>
        {name}
        {shown.held.as_ref().map(|held| as_of::line(context, &held.moment))}
        {neurons(context, shown)}
        {shown.held.as_ref().map(portfolio::tiles)}
        {facts(shown)}
        {tabs(context, shown.summary.as_ref(), tab)}
        {list(context, shown, listed)}
    }
    .into_any()
}

/// Subnets in whose newest epoch the account is a hotkey, each with how far it is verified.
fn neurons(context: &Context, shown: &Shown) -> AnyView {
    if shown.neuron_of.is_empty() {
        return ().into_any();
    }
    let of = shown.neuron_of.iter().map(|row| {
        let subnet = format!("/subnet/{}", row.netuid);
        view! { <span class="kv"><a href=subnet>{format!("Subnet {}", row.netuid)}</a>{verified_badge(row)}</span> }.into_any()
    });
    let validator = shown.held.is_some().then(|| {
        view! { <a href=parts::validator_href(context, &shown.address)>"as a validator"</a> }
    });
    view! { <p class="badges"><span class="none">"Neuron of "</span>{of.collect_view()}{validator}</p> }
        .into_any()
}

fn facts(shown: &Shown) -> AnyView {
    let summary = shown.summary.as_ref();
    let seen = match summary.and_then(|summary| summary.first_block.zip(summary.last_block)) {
        Some((first, last)) => {
            view! { "from block "{ui::block_link(first)}" to "{ui::block_link(last)} }.into_any()
        }
        None => view! { <span class="none">"no stored block names it"</span> }.into_any(),
    };
    let moved = summary.map(|summary| {
        view! {
            <div><dt>"Received"</dt><dd>{ui::tao(summary.received_rao)}" "<span class="none">{format!("in {} transfers of the stored blocks", text::group(summary.transfers_in))}</span></dd></div>
            <div><dt>"Sent"</dt><dd>{ui::tao(summary.sent_rao)}" "<span class="none">{format!("in {} transfers of the stored blocks", text::group(summary.transfers_out))}</span></dd></div>
        }
    });
    view! {
        <dl class="facts">
            {balances(shown.held.as_ref())}
            {moved}
            <div><dt>"Seen"</dt><dd>{seen}</dd></div>
            <div><dt>"Public key"</dt><dd><span class="hex">{ui::middle(&shown.public_key)}</span>{ui::copy(&shown.public_key, "public key")}</dd></div>
        </dl>
    }
    .into_any()
}

fn balances(held: Option<&Held>) -> AnyView {
    let Some(held) = held else {
        let not_read = "No state has been read yet; `yumascan state` reads it";
        let unknown =
            || view! { {ui::unknown(not_read)}<span class="none">": balances are not read yet"</span> };
        return view! {
            <div><dt>"Free balance"</dt><dd>{unknown()}</dd></div>
            <div><dt>"Staked"</dt><dd>{unknown()}</dd></div>
        }
        .into_any();
    };
    let Some(row) = &held.balance else {
        return view! { <div><dt>"Free balance"</dt><dd><span class="none">"none: the chain keeps no account for it after this block"</span></dd></div> }.into_any();
    };
    let of = |rao: u64| ui::tao(u128::from(rao));
    view! {
        <div><dt>"Free balance"</dt><dd>{of(row.free_rao)}</dd></div>
        <div><dt>"Reserved"</dt><dd>{of(row.reserved_rao)}</dd></div>
        <div><dt>"Frozen"</dt><dd>{of(row.frozen_rao)}" "<span class="none">"of the free balance"</span></dd></div>
    }
    .into_any()
}

fn tabs(context: &Context, summary: Option<&AccountSummary>, current: &str) -> AnyView {
    let count = |name: &str| {
        let summary = summary?;
        match name {
            "activity" => Some(summary.extrinsics),
            "transfers" => Some(summary.transfers_in + summary.transfers_out),
            "events" => Some(summary.events),
            _ => None,
        }
    };
    let links = TABS.iter().map(|(name, label)| {
        let changes = [("tab", Some(*name)), ("after", None), ("before", None), ("min", None)];
        let href = context.params.link(&context.path, &changes);
        let count = count(name).map(|count| view! { " "<span class="none num">{text::group(count)}</span> });
        view! { <a href=href aria-current=if current == *name { "true" } else { "false" }>{*label}{count}</a> }
    });
    view! { <nav class="tabs big" aria-label="What this account has and did">{links.collect_view()}</nav> }
        .into_any()
}

fn list(context: &Context, shown: &Shown, listed: &Listed) -> AnyView {
    let now_ms = context.now_ms;
    let address = shown.address.as_str();
    let (table, span, count) = match listed {
        Listed::Portfolio(portfolio) => return portfolio::view(context, shown.held.as_ref(), portfolio),
        Listed::Activity(page) => {
            (rows::extrinsics(&page.rows, now_ms), rows::extrinsic_span(page), page.rows.len())
        }
        Listed::Transfers(page) => {
            (rows::transfers(&page.rows, Some(address), now_ms), rows::transfer_span(page), page.rows.len())
        }
        Listed::Stake(page) => (
            moves::table(&page.rows, now_ms),
            rows::span(page, yumascan_warehouse::Keyed::cursor),
            page.rows.len(),
        ),
        Listed::Registrations(page) => (
            stake::registrations(context, &page.rows),
            rows::span(page, yumascan_warehouse::Keyed::cursor),
            page.rows.len(),
        ),
        Listed::Events(page) => (rows::events(&page.rows, now_ms), rows::event_span(page), page.rows.len()),
    };
    let amount = matches!(listed, Listed::Transfers(_)).then(|| {
        let value = context.params.get("min").unwrap_or_default().to_owned();
        view! {
            <form class="filters" method="get" action=context.path.clone() aria-label="Filters"><input type="hidden" name="tab" value="transfers"/>
                <div class="fields"><label class="field"><span>"At least (TAO)"</span><input name="min" value=value placeholder="100" inputmode="decimal" autocomplete="off"/></label>
                <span class="go"><button type="submit">"Filter"</button></span></div></form>
        }
    });
    let rows = if count > 0 {
        table
    } else if shown.summary.is_some() {
        ui::empty(
            "Nothing of this kind is stored for this account.",
            view! { "The other tabs may have something." }.into_any(),
        )
    } else {
        let why = "No stored block names this account.";
        ui::empty(why, view! { "The address is valid. It may be new, or known only from blocks that are not stored here (see the foot of the page)." }.into_any())
    };
    view! { {amount}{rows}<div class="end">{list::pager(context, span, Turns::NEWEST, "")}</div> }.into_any()
}
