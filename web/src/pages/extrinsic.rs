//! An extrinsic: its facts, its call tree, its events.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use yumascan_warehouse::{
    Order, PageRequest,
    query::{calls::CallFilter, events::EventFilter},
    rows::{CallRow, EventRow, ExtrinsicRow},
};

use super::{
    Page, calltree,
    list::{self, Span, Turns},
    rows,
};
use crate::{
    json_view::{self, Names},
    server::{Answer, Context, PageError},
    text, ui,
};

/// Nodes of the call tree on one page.
const CALLS: u32 = 100;
/// Events on one page.
const EVENTS: u32 = 50;
/// Bytes of raw JSON shown; all of it is behind the link.
const RAW: usize = 64_000;

pub(crate) async fn handle(context: Context, Path(id): Path<String>) -> Response {
    let loaded = load(&context, &id).await;
    context.answer(loaded).await
}

/// The arguments alone, as stored.
pub(crate) async fn handle_args(context: Context, Path(id): Path<String>) -> Response {
    match find(&context, &id).await {
        Ok(Found::One(row, _)) => ([(header::CONTENT_TYPE, "application/json")], row.args).into_response(),
        Ok(_) => (StatusCode::NOT_FOUND, "no such extrinsic; name it as block-index\n").into_response(),
        Err(error) => context.answer(Err(error)).await,
    }
}

enum Found {
    /// The extrinsic, and whether it is final.
    One(Box<ExtrinsicRow>, bool),
    /// A hash that several extrinsics share.
    Several(Vec<ExtrinsicRow>),
    None,
}

fn parse_id(id: &str) -> Option<(u64, u32)> {
    let (block, index) = id.split_once('-')?;
    Some((block.replace(',', "").parse().ok()?, index.parse().ok()?))
}

async fn find(context: &Context, id: &str) -> Result<Found, PageError> {
    let warehouse = &context.state.warehouse;
    let in_tip = |matches: &dyn Fn(&ExtrinsicRow) -> bool| {
        context
            .state
            .tip
            .blocks()
            .iter()
            .flat_map(|tip| tip.extrinsics.iter())
            .find(|row| matches(row))
            .cloned()
    };
    if let Some((block, index)) = parse_id(id) {
        if let Some(row) = warehouse.find_extrinsic(block, index).await? {
            return Ok(Found::One(Box::new(row), true));
        }
        let waiting = in_tip(&|row| row.block_number == block && row.extrinsic_index == index);
        return Ok(waiting.map_or(Found::None, |row| Found::One(Box::new(row), false)));
    }
    let Ok(hash) = id.parse::<yumascan_chain::Hash>() else { return Ok(Found::None) };
    let hash = hash.to_string();
    let mut rows = warehouse.list_extrinsics_by_hash(&hash).await?;
    match rows.len() {
        0 => Ok(in_tip(&|row| row.hash == hash).map_or(Found::None, |row| Found::One(Box::new(row), false))),
        1 => Ok(rows.pop().map_or(Found::None, |row| Found::One(Box::new(row), true))),
        _ => Ok(Found::Several(rows)),
    }
}

/// Everything the page shows.
struct Extrinsic {
    row: ExtrinsicRow,
    finalized: bool,
    calls: yumascan_warehouse::Page<CallRow>,
    /// Calls that succeeded and that did not; only for trees of several nodes.
    tally: Option<(u64, u64)>,
    events: yumascan_warehouse::Page<EventRow>,
}

async fn load(context: &Context, id: &str) -> Result<Answer, PageError> {
    let (row, finalized) = match find(context, id).await? {
        Found::One(row, finalized) => (*row, finalized),
        Found::Several(rows) => return Ok(several(context, rows)),
        Found::None => {
            let shown: String = id.chars().take(70).collect();
            let hint = "An extrinsic is named by block and index (3010-4) or by its 0x hash. It may lie in a block that is not stored here.";
            return Err(PageError::NotFound { what: format!("No extrinsic {shown}"), hint: hint.to_owned() });
        }
    };
    let warehouse = &context.state.warehouse;
    let place = Some((row.block_number, row.extrinsic_index));
    let outcome = context.params.choice("outcome", "Outcome", "success", "failed")?;
    let call_filter = |success| CallFilter { extrinsic: place, success, ..CallFilter::default() };
    let event_filter = EventFilter { extrinsic: place, ..EventFilter::default() };
    let page_of = |limit, after, before| PageRequest { limit, order: Order::Oldest, after, before };
    let shown_calls = call_filter(outcome);
    let call_page =
        page_of(CALLS, context.params.cursor("calls_after")?, context.params.cursor("calls_before")?);
    let event_page =
        page_of(EVENTS, context.params.cursor("events_after")?, context.params.cursor("events_before")?);
    let (succeeded, failed) = (call_filter(Some(true)), call_filter(Some(false)));
    let tally = async {
        if row.call_count <= 1 || !finalized {
            return Ok(None);
        }
        tokio::try_join!(warehouse.count_calls(&succeeded), warehouse.count_calls(&failed)).map(Some)
    };
    let (calls, tally, events) = tokio::try_join!(
        warehouse.list_calls(&shown_calls, call_page),
        tally,
        warehouse.list_events(&event_filter, event_page),
    )?;
    let title =
        format!("{}.{} in {}-{}", row.pallet, row.call, text::group(row.block_number), row.extrinsic_index);
    let extrinsic = Extrinsic { row, finalized, calls, tally, events };
    let context = context.clone();
    Ok(Page::new(title, "/extrinsics", move || view(&context, &extrinsic, outcome)).into())
}

fn several(context: &Context, found: Vec<ExtrinsicRow>) -> Answer {
    let now_ms = context.now_ms;
    Page::new("Extrinsics of one hash", "/extrinsics", move || {
        view! {
            <h1>{format!("{} extrinsics share this hash", found.len())}</h1>
            <p class="lead">"Identical bytes have identical hashes: unsigned extrinsics repeat, and a signed one can come again after its account was reaped."</p>
            {rows::extrinsics(&found, now_ms)}
        }
        .into_any()
    })
    .into()
}

fn view(context: &Context, extrinsic: &Extrinsic, outcome: Option<bool>) -> AnyView {
    let row = &extrinsic.row;
    view! {
        <header class="title">
            <h1>{ui::name(&row.pallet, &row.call)}</h1>
            <span class="badges">
                {ui::result_badge(row.success, row.error.as_deref())}
                {(!extrinsic.finalized).then(|| ui::finality_badge(false))}
            </span>
        </header>
        {facts(context, row)}
        {calls(context, extrinsic, outcome)}
        {events(context, extrinsic)}
    }
    .into_any()
}

fn fact(label: &'static str, value: AnyView) -> AnyView {
    view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any()
}

fn facts(context: &Context, row: &ExtrinsicRow) -> AnyView {
    let exact = row.timestamp_ms.map(|ms| view! { <span class="none">{text::utc(ms)}</span> });
    let mut facts = vec![
        fact("Extrinsic", view! { <span class="num">{format!("{}-{}", text::group(row.block_number), row.extrinsic_index)}</span>" in block "{ui::block_link(row.block_number)} }.into_any()),
        fact("Time", view! { {ui::time(row.timestamp_ms, context.now_ms)}" "{exact} }.into_any()),
        fact("Hash", view! { <span class="hex">{ui::middle(&row.hash)}</span>{ui::copy(&row.hash, "hash")} }.into_any()),
    ];
    if let Some(signer) = &row.signer {
        facts.push(fact("Signer", view! { {ui::account(signer)}{ui::copy(signer, "signer")} }.into_any()));
        let fee = match row.pays_fee {
            Some(false) if row.fee_rao.is_none() => {
                view! { <span class="none">"pays no fee"</span> }.into_any()
            }
            _ => ui::tao_or_unknown(row.fee_rao, "The events do not tell what was charged"),
        };
        facts.push(fact("Fee", fee));
        facts.push(fact("Tip", ui::tao_or_unknown(row.tip_rao, "This extrinsic names no tip")));
        facts.push(fact(
            "Nonce",
            row.nonce.map_or_else(
                || ui::unknown("This extrinsic names no nonce"),
                |nonce| ui::number(nonce).into_any(),
            ),
        ));
        facts.push(fact("Valid", era(row)));
        if let Some(signature) = &row.signature {
            facts.push(fact("Signature", json_view::inline(signature, Names { pallet: "", item: "" })));
        }
    } else {
        facts.push(fact(
            "Signer",
            view! { <span class="none">{format!("unsigned ({})", row.kind)}</span> }.into_any(),
        ));
    }
    let weight = match (row.weight_ref_time, row.weight_proof_size) {
        (Some(time), Some(proof)) => view! { <span class="num">{format!("{} of time, {} of proof", text::ref_time(time), text::bytes(proof))}</span> }.into_any(),
        _ => ui::unknown("The events do not tell"),
    };
    facts.push(fact("Weight", weight));
    facts.push(fact("Format", view! { <span>{format!("version {}, {}, {}", row.version, row.kind, text::bytes(u64::from(row.length)))}</span> }.into_any()));
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

fn era(row: &ExtrinsicRow) -> AnyView {
    match (row.era_birth, row.era_death) {
        (Some(birth), Some(death)) => view! {
            <span>"mortal: from block "{ui::number(birth)}", void from "{ui::number(death)}</span>
        }
        .into_any(),
        _ => view! { <span>"for ever (immortal)"</span> }.into_any(),
    }
}

fn tab(
    context: &Context,
    name: &'static str,
    value: &'static str,
    label: String,
    current: bool,
    pane: Option<&'static str>,
) -> AnyView {
    let href = context.link(&[
        (name, (!value.is_empty()).then_some(value)),
        ("calls_after", None),
        ("calls_before", None),
    ]);
    view! { <a href=format!("{href}#calls") data-pane=pane aria-current=if current { "true" } else { "false" }>{label}</a> }.into_any()
}

fn calls(context: &Context, extrinsic: &Extrinsic, outcome: Option<bool>) -> AnyView {
    let row = &extrinsic.row;
    let raw_shown = context.params.get("args") == Some("raw");
    let heading = if row.call_count > 1 { "Call tree" } else { "Call" };
    let panes = view! {
        <nav class="tabs" aria-label="Form of the arguments">
            {tab(context, "args", "", "Decoded".to_owned(), !raw_shown, Some("decoded"))}
            {tab(context, "args", "raw", "Raw JSON".to_owned(), raw_shown, Some("raw"))}
        </nav>
    };
    let tally = extrinsic.tally.map(|(succeeded, failed)| {
        let all = u64::from(row.call_count);
        let open = all.saturating_sub(succeeded + failed);
        view! {
            <nav class="tabs" aria-label="Calls by outcome">
                {tab(context, "outcome", "", format!("All {}", text::group(all)), outcome.is_none(), None)}
                {tab(context, "outcome", "success", format!("{} succeeded", text::group(succeeded)), outcome == Some(true), None)}
                {tab(context, "outcome", "failed", format!("{} failed or not run", text::group(failed)), outcome == Some(false), None)}
                {(open > 0).then(|| view! { <span class="none">{format!("{} deferred or unknown", text::group(open))}</span> })}
            </nav>
        }
    });
    let page = &extrinsic.calls;
    let at = |call: &CallRow| yumascan_warehouse::Cursor {
        block: call.block_number,
        major: call.extrinsic_index,
        minor: call.call_index,
    };
    let span = Span {
        first: page.rows.first().map(at),
        last: page.rows.last().map(at),
        has_previous: page.has_previous,
        has_next: page.has_next,
    };
    let turns = Turns {
        after: "calls_after",
        before: "calls_before",
        labels: ("Previous calls", "Next calls"),
        keyed: true,
    };
    let decoded = if page.rows.is_empty() {
        let names = Names { pallet: &row.pallet, item: &row.call };
        match (extrinsic.finalized, outcome) {
            (_, Some(_)) => ui::empty("No call of this extrinsic had that outcome.", view! { <a href=context.link(&[("outcome", None)])>"All calls"</a> }.into_any()),
            (false, None) => view! { <p class="none">"The outcome of every call is shown once the block is final."</p>{json_view::full(&row.args, names)} }.into_any(),
            (true, None) => json_view::full(&row.args, names),
        }
    } else {
        calltree::tree(&page.rows, row.signer.as_deref(), outcome.is_none())
    };
    let (raw, cut) = json_view::pretty(&row.args, RAW);
    let all = format!("/extrinsic/{}-{}/args.json", row.block_number, row.extrinsic_index);
    let rest = cut.then(|| view! { <p class="count">{format!("The first {} of {}. ", text::bytes(RAW as u64), text::bytes(row.args.len() as u64))}</p> });
    view! {
        <section aria-labelledby="calls">
            <header class="row"><h2 id="calls">{heading}</h2>{panes}</header>
            <div data-pane-body="decoded" hidden=raw_shown>
                {tally}
                {decoded}
                {list::pager(context, span, turns, "#calls")}
            </div>
            <div data-pane-body="raw" hidden=!raw_shown>
                <pre class="raw" tabindex="0">{raw}</pre>
                {rest}
                <p class="count"><a href=all rel="external">"As a file"</a></p>
            </div>
        </section>
    }
    .into_any()
}

fn events(context: &Context, extrinsic: &Extrinsic) -> AnyView {
    let page = &extrinsic.events;
    let turns = Turns {
        after: "events_after",
        before: "events_before",
        labels: ("Previous events", "Next events"),
        keyed: false,
    };
    let content = if page.rows.is_empty() {
        let why = if extrinsic.finalized {
            "This extrinsic left no decoded event."
        } else {
            "Events are shown once the block is final."
        };
        ui::empty(why, ().into_any())
    } else {
        rows::events_of_block(&page.rows)
    };
    view! {
        <section aria-labelledby="events">
            <header class="row"><h2 id="events">"Events"</h2><span class="none">{format!("{} in all", text::group(extrinsic.row.event_count))}</span></header>
            {content}
            {list::pager(context, rows::event_span(page), turns, "#events")}
        </section>
    }
    .into_any()
}
