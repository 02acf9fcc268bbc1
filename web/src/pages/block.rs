//! A block: its facts, its extrinsics with their events, and the noise around them, folded.

use axum::{extract::Path, response::Response};
use leptos::prelude::*;
use yumascan_warehouse::{
    Order, PageRequest,
    query::{Range, events::EventFilter, extrinsics::ExtrinsicFilter},
    rows::{BlockRow, EventRow, ExtrinsicRow, QuarantineRow},
};

use super::{
    Page,
    list::{self, Turns},
    rows,
};
use crate::{
    json_view::{self, Names},
    server::{Answer, Context, PageError, Status},
    text, ui,
};

/// Extrinsics on one page of a block.
const EXTRINSICS: u32 = 50;
/// Extrinsics with at most so many events show them here; larger ones link to their own page.
const EVENTS_SHOWN: u32 = 40;
/// Events of initialization or finalization listed behind the fold.
const NOISE: u32 = 100;

pub(crate) async fn handle(context: Context, Path(id): Path<String>) -> Response {
    let loaded = load(&context, &id).await;
    context.answer(loaded).await
}

/// Undecoded items listed.
const UNDECODED: u32 = 100;

/// Everything the page shows.
struct Block {
    row: BlockRow,
    finalized: bool,
    highest: Option<u64>,
    extrinsics: yumascan_warehouse::Page<ExtrinsicRow>,
    events: Vec<EventRow>,
    before: Noise,
    after: Noise,
    quarantined: Vec<QuarantineRow>,
}

/// The events of a phase without extrinsic.
#[derive(Default)]
struct Noise {
    counts: Vec<(String, String, u64)>,
    events: Vec<EventRow>,
}

async fn load(context: &Context, id: &str) -> Result<Answer, PageError> {
    let status = context.state.status().await?;
    let tip = context
        .state
        .tip
        .blocks()
        .into_iter()
        .find(|tip| tip.block.hash == id || tip.block.number.to_string() == id);
    let stored = find(context, id).await?;
    let block = match (stored, tip) {
        (Some(row), _) => load_stored(context, row, &status).await?,
        (None, Some(tip)) => Block {
            row: tip.block.clone(),
            finalized: false,
            highest: status.best,
            extrinsics: yumascan_warehouse::Page {
                rows: tip.extrinsics.clone(),
                has_previous: false,
                has_next: false,
            },
            events: Vec::new(),
            before: Noise::default(),
            after: Noise::default(),
            quarantined: Vec::new(),
        },
        (None, None) => return Err(missing(id, &status)),
    };
    let title = format!("Block {}", text::group(block.row.number));
    let context = context.clone();
    Ok(Page::new(title, "/blocks", move || view(&context, &block)).into())
}

async fn find(context: &Context, id: &str) -> Result<Option<BlockRow>, PageError> {
    let warehouse = &context.state.warehouse;
    if let Ok(number) = id.replace(',', "").parse() {
        return Ok(warehouse.find_block(number).await?);
    }
    match id.parse::<yumascan_chain::Hash>() {
        Ok(hash) => Ok(warehouse.find_block_by_hash(&hash.to_string()).await?),
        Err(_) => Ok(None),
    }
}

fn missing(id: &str, status: &Status) -> PageError {
    let shown: String = id.chars().take(70).collect();
    let hint = match (id.replace(',', "").parse::<u64>(), status.best) {
        (Ok(_), None) => "Nothing is stored yet; blocks appear as they are ingested.".to_owned(),
        (Ok(number), Some(best)) if number > best => {
            format!("The highest known block is {}.", text::group(best))
        }
        (Ok(_), Some(_)) => format!("It is not stored here. Stored: {}.", status.coverage_text()),
        (Err(_), _) if id.starts_with("0x") => {
            "No stored block has this hash. It may be an extrinsic's, or of a block that was retracted."
                .to_owned()
        }
        (Err(_), _) => "A block is named by its number or its 0x hash.".to_owned(),
    };
    PageError::NotFound { what: format!("No block {shown}"), hint }
}

async fn load_stored(context: &Context, row: BlockRow, status: &Status) -> Result<Block, PageError> {
    let warehouse = &context.state.warehouse;
    let here = Range { from_block: Some(row.number), to_block: Some(row.number), ..Range::default() };
    let filter = ExtrinsicFilter { range: here, ..ExtrinsicFilter::default() };
    let request = PageRequest {
        limit: EXTRINSICS,
        order: Order::Oldest,
        after: context.params.cursor("after")?,
        before: context.params.cursor("before")?,
    };
    let phase_filter =
        |phase: &str| EventFilter { range: here, phase: Some(phase.to_owned()), ..EventFilter::default() };
    let (initialization, finalization) = (phase_filter("Initialization"), phase_filter("Finalization"));
    let noise = PageRequest { limit: NOISE, order: Order::Oldest, after: None, before: None };
    let quarantined = async {
        if row.quarantined_count == 0 {
            Ok(Vec::new())
        } else {
            warehouse.list_quarantine(row.number, row.number, UNDECODED).await
        }
    };
    let (extrinsics, before, before_events, after, after_events, quarantined) = tokio::try_join!(
        warehouse.list_extrinsics(&filter, request),
        warehouse.count_events_by_name(row.number, "Initialization"),
        warehouse.list_events(&initialization, noise),
        warehouse.count_events_by_name(row.number, "Finalization"),
        warehouse.list_events(&finalization, noise),
        quarantined,
    )?;
    let small: Vec<(u64, u32)> = extrinsics
        .rows
        .iter()
        .filter(|extrinsic| (1..=EVENTS_SHOWN).contains(&extrinsic.event_count))
        .map(|extrinsic| (extrinsic.block_number, extrinsic.extrinsic_index))
        .collect();
    let events =
        if small.is_empty() { Vec::new() } else { warehouse.list_events_of_extrinsics(&small).await? };
    Ok(Block {
        row,
        finalized: true,
        highest: status.best,
        extrinsics,
        events,
        before: Noise { counts: before, events: before_events.rows },
        after: Noise { counts: after, events: after_events.rows },
        quarantined,
    })
}

fn view(context: &Context, block: &Block) -> AnyView {
    let row = &block.row;
    view! {
        <header class="title">
            <h1>"Block " <span class="num">{text::group(row.number)}</span></h1>
            <span class="badges">
                {ui::finality_badge(block.finalized)}
                <a class="badge" href=format!("/blocks?spec={}", row.spec_version) title="Runtime that executed this block">"runtime "{row.spec_version}</a>
            </span>
            {neighbours(row.number, block.highest)}
        </header>
        {facts(context, row)}
        {quarantine(&block.quarantined, row.quarantined_count)}
        {noise("Initialization", "Before the first extrinsic", &block.before, row.number)}
        {extrinsics(context, block)}
        {noise("Finalization", "After the last extrinsic", &block.after, row.number)}
        {digest(&row.digest)}
    }
    .into_any()
}

fn neighbours(number: u64, highest: Option<u64>) -> impl IntoView {
    let previous = number.checked_sub(1).map(|previous| {
        view! { <a rel="prev" href=format!("/block/{previous}") title="Previous block (key p)">"← "{text::group(previous)}</a> }
    });
    let next = highest.is_some_and(|highest| number < highest).then(|| {
        view! { <a rel="next" href=format!("/block/{}", number + 1) title="Next block (key n)">{text::group(number + 1)}" →"</a> }
    });
    view! { <nav class="pager" aria-label="Blocks around">{previous}{next}</nav> }
}

fn hash_fact(label: &'static str, hash: &str, link: Option<String>) -> AnyView {
    let shown = match link {
        Some(href) => view! { <a class="hex" href=href>{ui::middle(hash)}</a> }.into_any(),
        None => view! { <span class="hex">{ui::middle(hash)}</span> }.into_any(),
    };
    view! { <div><dt>{label}</dt><dd>{shown}{ui::copy(hash, &label.to_lowercase())}</dd></div> }.into_any()
}

fn facts(context: &Context, row: &BlockRow) -> AnyView {
    let exact = row.timestamp_ms.map(|ms| view! { <span class="none">{text::utc(ms)}</span> });
    let author = match &row.author {
        Some(author) => view! { {ui::account(author)}{ui::copy(author, "author")} }.into_any(),
        None => ui::unknown("Slot or authorities of this block are not known"),
    };
    let parent = row.number.checked_sub(1).map(|parent| format!("/block/{parent}"));
    view! {
        <dl class="facts">
            <div><dt>"Time"</dt><dd>{ui::time(row.timestamp_ms, context.now_ms)}" "{exact}</dd></div>
            <div><dt>"Author"</dt><dd>{author}</dd></div>
            {hash_fact("Hash", &row.hash, None)}
            {hash_fact("Parent", &row.parent_hash, parent)}
            {hash_fact("State root", &row.state_root, None)}
            {hash_fact("Extrinsics root", &row.extrinsics_root, None)}
            <div><dt>"Contents"</dt><dd class="num">{format!("{} extrinsics, {} calls, {} events", text::group(row.extrinsic_count), text::group(row.call_count), text::group(row.event_count))}</dd></div>
            <div><dt>"Weight"</dt><dd class="num">{text::ref_time(row.weight_ref_time)}" of time, "{text::bytes(row.weight_proof_size)}" of proof"</dd></div>
        </dl>
    }
    .into_any()
}

fn quarantine(items: &[QuarantineRow], count: u32) -> AnyView {
    if count == 0 {
        return ().into_any();
    }
    let rows = items
        .iter()
        .map(|item| {
            let raw: String = item.raw.chars().take(2_000).collect();
            let cut = (raw.len() < item.raw.len()).then_some("…");
            view! {
                <li>
                    <b>{format!("{} {}", item.kind.replace('_', " "), item.item_index)}</b>
                    {format!(", bytes {} to {}: ", item.start, item.end)}<span>{item.reason.clone()}</span>
                    <details class="fold"><summary>"Raw bytes"</summary><code class="bytes">{raw}{cut}</code></details>
                </li>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <section class="notice bad" aria-labelledby="undecoded">
            <h2 id="undecoded">{format!("{count} items could not be decoded")}</h2>
            <p>"Their raw bytes are kept; a newer decoder can fill them in ("<code>"yumascan redecode"</code>"). The rest of the block is complete."</p>
            <ul>{rows}</ul>
        </section>
    }
    .into_any()
}

/// Events that belong to no extrinsic: counts by name, and the events themselves behind the fold.
fn noise(phase: &'static str, when: &'static str, noise: &Noise, number: u64) -> AnyView {
    let total: u64 = noise.counts.iter().map(|(_, _, count)| count).sum();
    if total == 0 {
        return ().into_any();
    }
    let names = noise
        .counts
        .iter()
        .take(24)
        .map(|(pallet, variant, count)| view! { <span class="chip">{ui::name(pallet, variant)}<b>{text::group(*count)}</b></span> })
        .collect_view();
    let all = format!("/events?from={number}&to={number}&phase={phase}");
    let shown = noise.events.len() as u64;
    let rest = (shown < total).then(|| view! { <p class="count">{format!("The first {shown} of {}. ", text::group(total))}<a href=all>"All of them"</a></p> });
    view! {
        <details class="noise">
            <summary><span class="what"><b>{phase}</b>" "<span class="none">{format!("{when}: {} events", text::group(total))}</span></span><span class="chips">{names}</span></summary>
            {rows::events_of_block(&noise.events)}{rest}
        </details>
    }
    .into_any()
}

fn extrinsics(context: &Context, block: &Block) -> AnyView {
    let page = &block.extrinsics;
    let rows: Vec<AnyView> = page.rows.iter().map(|row| extrinsic(row, block)).collect();
    let empty = page.rows.is_empty().then(|| {
        ui::empty(
            "This block holds no decoded extrinsic.",
            view! { "Genesis has none; elsewhere they may be among the undecoded items." }.into_any(),
        )
    });
    let turns = Turns { labels: ("Lower", "Higher"), keyed: false, ..Turns::NEWEST };
    let pager = list::pager(context, rows::extrinsic_span(page), turns, "#extrinsics");
    let waiting = (!block.finalized)
        .then(|| view! { <p class="none">"Their events are shown once the block is final."</p> });
    view! {
        <section aria-labelledby="extrinsics">
            <header class="row"><h2 id="extrinsics">"Extrinsics and their events"</h2><span class="none">{format!("{} in all", text::group(block.row.extrinsic_count))}</span></header>
            {waiting}
            <ol class="extrinsics">{rows}</ol>
            {empty}
            {pager}
        </section>
    }
    .into_any()
}

fn extrinsic(row: &ExtrinsicRow, block: &Block) -> AnyView {
    let events: Vec<EventRow> = block
        .events
        .iter()
        .filter(|event| event.extrinsic_index == Some(row.extrinsic_index))
        .cloned()
        .collect();
    let href = format!("/extrinsic/{}-{}", row.block_number, row.extrinsic_index);
    let calls = (row.call_count > 1)
        .then(|| view! { <span class="none">{text::count(row.call_count, "call")}</span> });
    let inside = if events.is_empty() {
        let names = Names { pallet: &row.pallet, item: &row.call };
        let many = (row.event_count > 0 && block.finalized).then(|| view! {
            <p class="count"><a href=format!("{href}#events")>{text::count(row.event_count, "event")}</a>" are on the extrinsic's page."</p>
        });
        view! { <div class="line">{json_view::inline(&short(&row.args), names)}</div>{many} }.into_any()
    } else {
        rows::events_of_block(&events)
    };
    let signed = row.signer.is_some();
    view! {
        <li class:inherent=!signed>
            <details open=signed && row.event_count <= 12 && block.row.extrinsic_count <= 30>
                <summary>
                    {ui::result_sign(row.success)}
                    <a class="num id" href=href>{row.extrinsic_index}</a>
                    <span class="call">{ui::name(&row.pallet, &row.call)}{calls}{row.error.as_ref().map(|error| view! { <span class="badge bad">{error.clone()}</span> })}</span>
                    <span class="who p2">{ui::account_or(row.signer.as_deref(), "unsigned")}</span>
                    <span class="fee p3">{row.fee_rao.map(|fee| ui::tao(u128::from(fee)))}</span>
                    <span class="n">{text::count(row.event_count, "event")}</span>
                </summary>
                {inside}
            </details>
        </li>
    }
    .into_any()
}

/// Arguments of a huge batch are not parsed for a one-line preview.
fn short(args: &str) -> String {
    if args.len() <= 20_000 {
        args.to_owned()
    } else {
        format!("\"{} of arguments\"", text::bytes(args.len() as u64))
    }
}

fn digest(json: &str) -> AnyView {
    let count = json_view::parse(json).and_then(|value| value.as_array().map(Vec::len)).unwrap_or(0);
    if count == 0 {
        return ().into_any();
    }
    view! {
        <details class="noise">
            <summary><span class="what"><b>"Digest"</b>" "<span class="none">{format!("{count} logs")}</span></span></summary>
            {json_view::full(json, Names { pallet: "", item: "" })}
        </details>
    }
    .into_any()
}
