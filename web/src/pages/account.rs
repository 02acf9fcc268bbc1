//! An account: what it did, what it sent and received, where it is named.

use axum::{extract::Path, response::Response};
use leptos::prelude::*;
use yumascan_warehouse::{
    Page as Rows,
    query::{accounts::AccountSummary, transfers::TransferFilter},
    rows::{EpochVerificationRow, EventRow, ExtrinsicRow, TransferRow},
};

use super::{
    Page,
    epoch::verified_badge,
    list::{self, Turns},
    rows,
};
use crate::{
    server::{Answer, Context, PageError},
    text,
    ui::{self, mark},
};

pub(crate) async fn handle(context: Context, Path(id): Path<String>) -> Response {
    let loaded = load(&context, &id).await;
    context.answer(loaded).await
}

/// What the chosen tab lists.
enum Listed {
    Activity(Rows<ExtrinsicRow>),
    Transfers(Rows<TransferRow>),
    Events(Rows<EventRow>),
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
    let warehouse = &context.state.warehouse;
    let paging = context.params.paging()?.request;
    let listed = async {
        match context.params.get("tab") {
            None | Some("activity") => {
                Ok(Listed::Activity(warehouse.list_account_extrinsics(&address, paging).await?))
            }
            Some("transfers") => {
                let min_amount_rao = context.params.tao("min", "At least")?;
                let filter = TransferFilter {
                    account: Some(address.clone()),
                    min_amount_rao,
                    ..TransferFilter::default()
                };
                Ok(Listed::Transfers(warehouse.list_transfers(&filter, paging).await?))
            }
            Some("events") => Ok(Listed::Events(warehouse.list_account_events(&address, paging).await?)),
            Some(other) => Err(PageError::bad("Tab", other, "`activity`, `transfers` or `events`")),
        }
    };
    let summary = async { Ok(warehouse.find_account(&address).await?) };
    let neuron_of =
        async { Ok(warehouse.list_newest_epochs_of(&yumascan_chain::Hash(account.0).to_string()).await?) };
    let (summary, listed, neuron_of): (Option<AccountSummary>, Listed, Vec<EpochVerificationRow>) =
        tokio::try_join!(summary, listed, neuron_of)?;
    let title = format!("Account {}…{}", &address[..6], &address[address.len() - 4..]);
    let public_key = yumascan_chain::Hash(account.0).to_string();
    let context = context.clone();
    Ok(Page::new(title, "", move || {
        view(&context, &address, &public_key, summary.as_ref(), &listed, &neuron_of)
    })
    .into())
}

fn view(
    context: &Context,
    address: &str,
    public_key: &str,
    summary: Option<&AccountSummary>,
    listed: &Listed,
    neuron_of: &[EpochVerificationRow],
) -> AnyView {
    view! {
        <header class="title account">
            <span class="big">{mark::account_mark(address)}</span>
            <h1><span class="sr">"Account "</span><span class="hex">{ui::middle(address)}</span>{ui::copy(address, "address")}</h1>
        </header>
        {neurons(neuron_of)}
        {facts(public_key, summary)}
        {tabs(context, summary)}
        {list(context, address, listed, summary.is_some())}
    }
    .into_any()
}

/// Subnets in whose newest epoch the account is a hotkey, each with how far it is verified.
fn neurons(neuron_of: &[EpochVerificationRow]) -> AnyView {
    if neuron_of.is_empty() {
        return ().into_any();
    }
    let of = neuron_of.iter().map(|row| {
        let subnet = format!("/subnet/{}", row.netuid);
        view! { <span class="kv"><a href=subnet>{format!("Subnet {}", row.netuid)}</a>{verified_badge(row)}</span> }.into_any()
    });
    view! { <p class="badges"><span class="none">"Neuron of "</span>{of.collect_view()}</p> }.into_any()
}

fn facts(public_key: &str, summary: Option<&AccountSummary>) -> AnyView {
    let not_read = "Not read yet: balances come with the state lane, which reads storage at every block";
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
            <div><dt>"Free balance"</dt><dd>{ui::unknown(not_read)}<span class="none">": balances are not read yet"</span></dd></div>
            <div><dt>"Staked"</dt><dd>{ui::unknown(not_read)}<span class="none">": balances are not read yet"</span></dd></div>
            {moved}
            <div><dt>"Seen"</dt><dd>{seen}</dd></div>
            <div><dt>"Public key"</dt><dd><span class="hex">{ui::middle(public_key)}</span>{ui::copy(public_key, "public key")}</dd></div>
        </dl>
    }
    .into_any()
}

fn tabs(context: &Context, summary: Option<&AccountSummary>) -> AnyView {
    let current = context.params.get("tab").unwrap_or("activity").to_owned();
    let tab = |name: &'static str, label: &'static str, count: Option<u64>| {
        let href = context
            .params
            .link(&context.path, &[("tab", Some(name)), ("after", None), ("before", None), ("min", None)]);
        let count = count.map(|count| view! { " "<span class="none num">{text::group(count)}</span> });
        view! { <a href=href aria-current=if current == name { "true" } else { "false" }>{label}{count}</a> }
    };
    view! {
        <nav class="tabs big" aria-label="What this account did">
            {tab("activity", "Activity", summary.map(|summary| summary.extrinsics))}
            {tab("transfers", "Transfers", summary.map(|summary| summary.transfers_in + summary.transfers_out))}
            {tab("events", "Events", summary.map(|summary| summary.events))}
        </nav>
    }
    .into_any()
}

fn list(context: &Context, address: &str, listed: &Listed, known: bool) -> AnyView {
    let now_ms = context.now_ms;
    let (table, span, count) = match listed {
        Listed::Activity(page) => {
            (rows::extrinsics(&page.rows, now_ms), rows::extrinsic_span(page), page.rows.len())
        }
        Listed::Transfers(page) => {
            (rows::transfers(&page.rows, Some(address), now_ms), rows::transfer_span(page), page.rows.len())
        }
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
    let shown = if count > 0 {
        table
    } else if known {
        ui::empty(
            "Nothing of this kind is stored for this account.",
            view! { "The other tabs may have something." }.into_any(),
        )
    } else {
        let why = "No stored block names this account.";
        ui::empty(why, view! { "The address is valid. It may be new, or known only from blocks that are not stored here (see the foot of the page)." }.into_any())
    };
    view! { {amount}{shown}<div class="end">{list::pager(context, span, Turns::NEWEST, "")}</div> }.into_any()
}
