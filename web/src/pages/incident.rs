//! One incident, told for people: what happened, its signal over blocks, who and what was involved, and how it went on.

use std::collections::HashMap;

use axum::{extract::Path, response::Response};
use leptos::prelude::*;
use serde_json::{Map, Value};
use yumascan_warehouse::{
    PageRequest,
    query::{Range, incidents::IncidentFilter},
    rows::{IncidentEventRow, IncidentRow},
};

use super::{
    Page,
    incidents::{blocks, severity, spoken, table, times_of},
};
use crate::{
    graph::{Axis, Graph, Kind, Level, Mark},
    islands::GraphView,
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

mod runaway;

/// Earlier incidents of the kind that are listed.
const SIMILAR: u32 = 8;
/// Accounts listed without asking.
const FEW_ACCOUNTS: usize = 12;
/// Columns of the table of things involved.
const MOST_COLUMNS: usize = 7;

pub(crate) async fn handle(context: Context, Path(id): Path<String>) -> Response {
    let loaded = load(&context, &id).await;
    context.answer(loaded).await
}

/// The whole incident as a file.
pub(crate) async fn handle_json(context: Context, Path(id): Path<String>) -> Response {
    let loaded = load_json(&context, &id).await;
    context.answer(loaded).await
}

async fn find(context: &Context, id: &str) -> Result<IncidentRow, PageError> {
    let is_id = id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let found = match is_id {
        true => context.state.warehouse.find_incident(&id.to_ascii_lowercase()).await?,
        false => None,
    };
    found.ok_or_else(|| PageError::NotFound {
        what: "No such incident".to_owned(),
        hint: "An incident is named by 32 hex digits; the list of incidents links to each.".to_owned(),
    })
}

async fn load_json(context: &Context, id: &str) -> Result<Answer, PageError> {
    let row = find(context, id).await?;
    let events = context.state.warehouse.list_incident_events(&row.id).await?;
    let name = format!("incident-{}.json", row.id);
    let mut whole = serde_json::to_value(&row).unwrap_or_default();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("evidence".to_owned(), parsed(&row.evidence));
        fields.insert("thresholds".to_owned(), parsed(&row.thresholds));
        fields.insert("history".to_owned(), serde_json::to_value(&events).unwrap_or_default());
    }
    Ok(Answer::File { name, content: FileContent::Json(format!("{whole:#}\n")) })
}

async fn load(context: &Context, id: &str) -> Result<Answer, PageError> {
    let row = find(context, id).await?;
    let warehouse = &context.state.warehouse;
    let earlier = IncidentFilter {
        range: Range { to_block: row.first_block.checked_sub(1), ..Range::default() },
        kinds: vec![row.kind.clone()],
        ..IncidentFilter::default()
    };
    let (events, similar) = tokio::try_join!(
        warehouse.list_incident_events(&row.id),
        warehouse.list_incidents(&earlier, PageRequest::newest(SIMILAR)),
    )?;
    let similar = if row.first_block == 0 { Vec::new() } else { similar.rows };
    let mut shown = similar.clone();
    shown.push(row.clone());
    let times = times_of(context, &shown).await?;
    let load = match row.kind.as_str() {
        "runaway_batch" | "nested_calls" => Some(runaway::read(context, &row).await?),
        _ => None,
    };
    let now_ms = context.now_ms;
    Ok(Page::new(format!("{}: {}", row.severity, spoken(&row.kind)), "/incidents", move || {
        let evidence = parsed(&row.evidence);
        view! {
            {head(&row, &times, now_ms)}
            {signal(&row, &evidence)}
            {load.map(|load| load.view(&row))}
            {facts(&evidence)}
            {items(&evidence)}
            {involved(&row)}
            {history(&events)}
            {past(&similar, &times, now_ms)}
            {values("thresholds", "Thresholds in force", &parsed(&row.thresholds))}
            {raw(&row, &evidence)}
        }
        .into_any()
    })
    .into())
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}

fn head(row: &IncidentRow, times: &HashMap<u64, u64>, now_ms: u64) -> AnyView {
    let closed = match row.closed_block {
        Some(block) => view! { "known to be over at block "{ui::block_link(block)} }.into_any(),
        None => view! { "not known to be over" }.into_any(),
    };
    let of_blocks = text::count(row.last_block - row.first_block.min(row.last_block) + 1, "block");
    let title = spoken(&row.kind);
    let title = title.chars().next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(title.chars().skip(1)).collect::<String>()
    });
    view! {
        <header class="title"><h1>{title}</h1><span class="badges">{severity(&row.severity)}<span class="badge dim"><span>{row.state.clone()}</span></span></span></header>
        <p class="lead">{row.title.clone()}</p>
        <dl class="facts">
            <div><dt>"About"</dt><dd>{about(&row.scope)}</dd></div>
            <div><dt>"Blocks"</dt><dd>{blocks(row)}{format!(", {of_blocks}")}</dd></div>
            <div><dt>"Began"</dt><dd>{ui::time(times.get(&row.first_block).copied(), now_ms)}</dd></div>
            <div><dt>"State"</dt><dd>{closed}</dd></div>
            <div><dt>"Score"</dt><dd class="num" title="Signal divided by its threshold, at most; 1 for facts">{format!("{:.2}", row.score)}</dd></div>
            <div><dt>"Detector"</dt><dd>{format!("reads the {} lane, version {}", row.lane, row.detector_version)}</dd></div>
        </dl>
    }
    .into_any()
}

/// What a scope names, linked.
fn about(scope: &str) -> AnyView {
    let (kind, rest) = scope.split_once(':').unwrap_or((scope, ""));
    let subnet = |netuid: &str| view! { <a href=format!("/subnet/{}", text::encode(netuid))>{format!("subnet {netuid}")}</a> };
    match kind {
        "subnet" => subnet(rest).into_any(),
        "neuron" => {
            let (netuid, hotkey) = rest.split_once(':').unwrap_or((rest, ""));
            view! { {subnet(netuid)}", "{ui::account(hotkey)} }.into_any()
        }
        "account" | "hotkey" | "author" => ui::account(rest),
        "chain" => view! { "the whole chain" }.into_any(),
        "spec" => view! { {format!("runtime {rest}")} }.into_any(),
        _ => view! { {rest.to_owned()} }.into_any(),
    }
}

/// The signal with its threshold; the blocks of the incident are marked.
fn signal(row: &IncidentRow, evidence: &Value) -> AnyView {
    let points: Vec<(f64, f64, f64)> = evidence
        .get("series")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|point| Some((point.get(0)?.as_f64()?, point.get(1)?.as_f64()?, point.get(2)?.as_f64()?)))
        .collect();
    let signal = points.iter().map(|(block, signal, _)| (*block, Some(*signal))).collect();
    let mut graph = Graph::new(format!("incident-{}", row.id), "Signal", "as measured", Axis::Blocks).with(
        "signal",
        Kind::Line,
        signal,
    );
    if !graph.is_drawable() {
        return ().into_any();
    }
    graph.level =
        points.last().map(|(.., threshold)| Level { value: *threshold, label: "threshold".to_owned() });
    graph.marks = vec![mark_of(row, "")];
    view! { <GraphView graph=graph/> }.into_any()
}

fn mark_of(row: &IncidentRow, href: &str) -> Mark {
    Mark {
        from: row.first_block as f64,
        to: row.last_block as f64,
        label: format!("blocks {} to {}", row.first_block, row.last_block),
        href: href.to_owned(),
    }
}

/// What was measured: everything of the evidence that is no list of things.
fn facts(evidence: &Value) -> AnyView {
    let apart = ["items", "items_total", "series"];
    let rest: Map<String, Value> = evidence
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !apart.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    values("evidence", "What was measured", &Value::Object(rest))
}

/// A named group of values as a list of facts; nothing where there are none.
fn values(id: &'static str, title: &'static str, values: &Value) -> AnyView {
    let Some(fields) = values.as_object().filter(|fields| !fields.is_empty()) else { return ().into_any() };
    let rows = fields.iter().map(|(name, value)| {
        view! { <div><dt>{label(name)}</dt><dd>{cell(name, value)}</dd></div> }.into_any()
    });
    view! { <section aria-labelledby=id><h2 id=id>{title}</h2><dl class="facts">{rows.collect::<Vec<_>>()}</dl></section> }
        .into_any()
}

/// The name of a value for people: its unit is said with the value.
fn label(name: &str) -> String {
    spoken(name.strip_suffix("_rao").unwrap_or(name))
}

/// A value by its name and form: amounts in TAO, places and accounts linked.
fn cell(name: &str, value: &Value) -> AnyView {
    match value {
        Value::Null => ui::unknown("Not known"),
        Value::String(amount) if name.ends_with("_rao") => match amount.parse::<u128>() {
            Ok(rao) => ui::tao(rao),
            Err(_) => view! { {amount.clone()} }.into_any(),
        },
        Value::Number(amount) if name.ends_with("_rao") => match amount.as_u64() {
            Some(rao) => ui::tao(u128::from(rao)),
            None => view! { {amount.to_string()} }.into_any(),
        },
        Value::String(account) if text::looks_like_account(account) => ui::account(account),
        Value::String(place) if name == "extrinsic" => match parse_place(place) {
            Some((block, index)) => ui::extrinsic_link(block, index).into_any(),
            None => view! { {place.clone()} }.into_any(),
        },
        Value::Number(block) if name == "block" || name.ends_with("_block") => match block.as_u64() {
            Some(block) => ui::block_link(block).into_any(),
            None => view! { {block.to_string()} }.into_any(),
        },
        Value::Number(number) => view! { <span class="num">{number_text(number)}</span> }.into_any(),
        Value::String(said) => view! { {said.clone()} }.into_any(),
        Value::Bool(said) => view! { {if *said { "yes" } else { "no" }} }.into_any(),
        Value::Array(list) if list.iter().all(|item| item.is_string() || item.is_number()) => {
            let said: Vec<String> = list.iter().map(plain).collect();
            view! { {said.join(", ")} }.into_any()
        }
        Value::Array(list) => {
            let lines = list.iter().map(|item| view! { <div>{line(item)}</div> }.into_any());
            view! { {lines.collect::<Vec<_>>()} }.into_any()
        }
        Value::Object(_) => line(value),
    }
}

/// An object on one line: its values, with names where they do not speak for themselves.
fn line(value: &Value) -> AnyView {
    let Some(fields) = value.as_object() else { return view! { {plain(value)} }.into_any() };
    let parts = fields.iter().map(|(name, value)| {
        let said = match value {
            Value::String(account) if text::looks_like_account(account) => ui::account(account),
            Value::Array(_) | Value::Object(_) => view! { {value.to_string()} }.into_any(),
            _ => cell(name, value),
        };
        view! { <span>{label(name)}" "{said}" "</span> }.into_any()
    });
    view! { {parts.collect::<Vec<_>>()} }.into_any()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(said) => said.clone(),
        Value::Number(number) => number_text(number),
        other => other.to_string(),
    }
}

fn number_text(number: &serde_json::Number) -> String {
    number.as_u64().map_or_else(|| number.to_string(), text::group)
}

fn parse_place(place: &str) -> Option<(u64, u32)> {
    let (block, index) = place.split_once('-')?;
    Some((block.parse().ok()?, index.parse().ok()?))
}

/// The things involved, as a table of what they say.
fn items(evidence: &Value) -> AnyView {
    let list: Vec<&Map<String, Value>> = evidence
        .get("items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .collect();
    if list.is_empty() {
        return ().into_any();
    }
    let mut columns: Vec<&str> = Vec::new();
    for name in list.iter().flat_map(|item| item.keys()) {
        if !columns.contains(&name.as_str()) && columns.len() < MOST_COLUMNS {
            columns.push(name);
        }
    }
    let heads: Vec<_> = columns.iter().map(|name| view! { <th scope="col">{label(name)}</th> }).collect();
    let rows = list.iter().map(|item| {
        let cells: Vec<AnyView> = columns
            .iter()
            .map(|name| view! { <td>{item.get(*name).map(|value| cell(name, value))}</td> }.into_any())
            .collect();
        view! { <tr>{cells}</tr> }.into_any()
    });
    let total = evidence.get("items_total").and_then(Value::as_u64).unwrap_or(0);
    let more = (total > list.len() as u64).then(
        || view! { <p class="count">{format!("The first {} of {}.", list.len(), text::group(total))}</p> },
    );
    view! {
        <section aria-labelledby="items"><h2 id="items">"What was involved"</h2>
            <div class="wide"><table class="list"><thead><tr>{heads}</tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>{more}</section>
    }
    .into_any()
}

fn involved(row: &IncidentRow) -> AnyView {
    let subnets = row.netuids.iter().map(|netuid| {
        view! { <a href=format!("/subnet/{netuid}")>{format!("subnet {netuid}")}</a>" " }.into_any()
    });
    let subnets: Vec<AnyView> = subnets.collect();
    let accounts = |range: &[String]| -> Vec<AnyView> {
        range.iter().map(|account| view! { <li>{ui::account(account)}</li> }.into_any()).collect()
    };
    let few = row.accounts.len().min(FEW_ACCOUNTS);
    let more = (row.accounts.len() > few).then(|| {
        view! { <details><summary>{format!("{} more", row.accounts.len() - few)}</summary><ul>{accounts(&row.accounts[few..])}</ul></details> }
    });
    let within = format!("from={}&to={}", row.first_block, row.last_block);
    view! {
        <section aria-labelledby="involved"><h2 id="involved">"Blocks, subnets and accounts"</h2>
            <p>"In its blocks: "<a href=format!("/extrinsics?{within}")>"extrinsics"</a>", "<a href=format!("/extrinsics?{within}&result=failed")>"failed ones"</a>", "
                <a href=format!("/events?{within}")>"events"</a>", "<a href=format!("/transfers?{within}")>"transfers"</a>". "{subnets}</p>
            <ul>{accounts(&row.accounts[..few])}</ul>{more}</section>
    }
    .into_any()
}

fn history(events: &[IncidentEventRow]) -> AnyView {
    if events.is_empty() {
        return ().into_any();
    }
    let rows = events.iter().map(|event| {
        view! { <tr><td class="nowrap">{ui::block_link(event.block_number)}</td><td>{event.kind.clone()}</td><td>{severity(&event.severity)}</td><td>{event.title.clone()}</td></tr> }.into_any()
    });
    view! {
        <section aria-labelledby="history"><h2 id="history">"How it went"</h2>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Block"</th><th scope="col">"Step"</th><th scope="col">"Severity"</th>
                <th scope="col">"What was seen"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div></section>
    }
    .into_any()
}

fn past(similar: &[IncidentRow], times: &HashMap<u64, u64>, now_ms: u64) -> AnyView {
    if similar.is_empty() {
        return ().into_any();
    }
    view! { <section aria-labelledby="similar"><h2 id="similar">"Earlier ones of this kind"</h2>{table(similar, times, now_ms)}</section> }
        .into_any()
}

fn raw(row: &IncidentRow, evidence: &Value) -> AnyView {
    view! {
        <section aria-labelledby="raw"><h2 id="raw">"As stored"</h2>
            <p><a href=format!("/incident/{}/incident.json", row.id)>"The whole incident as JSON"</a></p>
            <details><summary>"Evidence"</summary><pre class="wide">{format!("{evidence:#}")}</pre></details></section>
    }
    .into_any()
}
