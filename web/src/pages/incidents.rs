//! The timeline of incidents: what detectors found, filtered, over the chain and as a list.

use std::collections::HashMap;

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::{
    Keyed, PageRequest,
    query::incidents::{
        IncidentFilter,
        density::{Buckets, DensityRow},
    },
    rows::IncidentRow,
};

use super::{
    Page,
    filters::{self, Field},
    list::{self, Span, Turns},
};
use crate::{
    csv,
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

/// Spans of the density.
const SPANS: u64 = 120;
/// Rows of a file.
const MOST_ROWS: u32 = 10_000;

const FIELDS: [Field; 6] = [
    Field::text("kind", "Kind", "runaway_batch"),
    Field::choice(
        "severity",
        "Severity",
        &[("any", "Any"), ("S1", "S1"), ("S2", "S2"), ("S3", "S3"), ("S4", "S4")],
    ),
    Field::choice(
        "state",
        "State",
        &[("any", "All but retracted"), ("open", "Open"), ("closed", "Closed"), ("retracted", "Retracted")],
    ),
    Field::text("netuid", "Subnet", "9"),
    Field::text("account", "Account", "5F… or 0x…"),
    Field::text("scope", "About", "chain"),
];

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

/// What the address asks for.
fn filter_of(context: &Context) -> Result<IncidentFilter, PageError> {
    let params = &context.params;
    let one_of = |name: &str, label: &str, known: &[&str]| -> Result<Option<String>, PageError> {
        match params.get(name) {
            None | Some("any") => Ok(None),
            Some(value) if known.contains(&value) => Ok(Some(value.to_owned())),
            Some(value) => Err(PageError::bad(label, value, &format!("one of `{}`", known.join("`, `")))),
        }
    };
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let kind = match params.get("kind") {
        Some(kind) if !is_name(kind) => {
            return Err(PageError::bad("Kind", kind, "a kind such as `runaway_batch`"));
        }
        kind => kind.map(str::to_owned),
    };
    let netuid = match params.number("netuid", "Subnet")? {
        None => None,
        Some(number) => {
            let netuid = u16::try_from(number);
            Some(netuid.map_err(|_| PageError::bad("Subnet", &number.to_string(), "a number up to 65535"))?)
        }
    };
    Ok(IncidentFilter {
        range: params.range()?,
        kinds: kind.into_iter().collect(),
        severities: one_of("severity", "Severity", &["S1", "S2", "S3", "S4"])?.into_iter().collect(),
        state: one_of("state", "State", &["open", "closed", "retracted"])?,
        scope: params.get("scope").map(str::to_owned),
        netuid,
        account: params.account("account", "Account")?,
    })
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let filter = filter_of(context)?;
    let paging = context.params.paging()?;
    let warehouse = &context.state.warehouse;
    if context.params.get("format") == Some("csv") {
        let page = warehouse.list_incidents(&filter, PageRequest::newest(MOST_ROWS)).await?;
        return Ok(Answer::File {
            name: "incidents.csv".to_owned(),
            content: FileContent::Csv(to_csv(&page.rows)),
        });
    }
    let status = context.state.status().await?;
    let first = status.coverage.stored.first().map(|run| run.from);
    let last = status.head.as_ref().map(|head| head.number);
    let ends = filter.range.from_block.or(first).zip(filter.range.to_block.min(last).or(last));
    let buckets = ends.filter(|(from, to)| from <= to).map(|(from, to)| Buckets::over(from, to, SPANS));
    let page = warehouse.list_incidents(&filter, paging.request).await?;
    let density = match buckets {
        Some(buckets) => warehouse.list_incident_density(&filter, buckets).await?,
        None => Vec::new(),
    };
    let times = times_of(context, &page.rows).await?;
    let counted = if context.params.get("count").is_some() {
        Some(warehouse.count_incidents(&filter).await?)
    } else {
        None
    };
    let filtered = filter != IncidentFilter::default();
    let context = context.clone();
    Ok(Page::new("Incidents", "/incidents", move || {
        let span = Span {
            first: page.rows.first().map(Keyed::cursor),
            last: page.rows.last().map(Keyed::cursor),
            has_previous: page.has_previous,
            has_next: page.has_next,
        };
        let listed = if page.rows.is_empty() {
            nothing(&context, filtered)
        } else {
            let chart = buckets.map(|buckets| chart(buckets, &density));
            view! { {chart}{table(&page.rows, &times, context.now_ms)} }.into_any()
        };
        let file = context.link(&[("format", Some("csv")), ("after", None), ("before", None), ("n", None)]);
        view! {
            <h1>"Incidents"</h1>
            <p class="lead">"What detectors found in the stored blocks, live or over history, by rules that give the same result each time. S1 is the whole chain or loss of money in progress, S4 is for information."</p>
            {filters::form(&context, &FIELDS, &[])}
            {listed}
            <div class="end">{list::count_line(&context, page.rows.len(), counted, "incidents")}
                <a href=file rel="nofollow">"CSV"</a>{list::pager(&context, span, Turns::NEWEST, "")}</div>
        }
        .into_any()
    })
    .into())
}

fn nothing(context: &Context, filtered: bool) -> AnyView {
    if filtered {
        return list::nothing(context, "incidents", true);
    }
    let what = view! { "Detectors follow the head under "<code>"yumascan up"</code>"; "<code>"yumascan detect --from 1"</code>" looks through what is stored." };
    ui::empty("No incident was found yet.", what.into_any())
}

/// Times of first blocks.
pub(crate) async fn times_of(
    context: &Context,
    rows: &[IncidentRow],
) -> Result<HashMap<u64, u64>, PageError> {
    let blocks: Vec<u64> = rows.iter().map(|row| row.first_block).collect();
    Ok(context.state.warehouse.list_block_times(&blocks).await?)
}

fn chart(buckets: Buckets, density: &[DensityRow]) -> AnyView {
    let of = |wanted: &[&str]| -> Vec<(f64, Option<f64>)> {
        let mut counts = vec![0_u64; usize::try_from(buckets.count()).unwrap_or(0)];
        for row in density.iter().filter(|row| wanted.contains(&row.severity.as_str())) {
            if let Some(count) = usize::try_from(row.bucket).ok().and_then(|place| counts.get_mut(place)) {
                *count += row.incidents;
            }
        }
        (0..).zip(counts).map(|(bucket, count)| (buckets.span(bucket).0 as f64, Some(count as f64))).collect()
    };
    let unit = format!("begun in {}", text::count(buckets.width, "block"));
    let graph = Graph::new("incident-density", "Incidents", unit, Axis::Blocks)
        .from_zero()
        .with("all", Kind::Bars, of(&["S1", "S2", "S3", "S4"]))
        .with("S1 and S2", Kind::Bars, of(&["S1", "S2"]));
    if !graph.is_drawable() {
        return ().into_any();
    }
    view! { <GraphView graph=graph/> }.into_any()
}

/// A row an incident.
pub(crate) fn table(rows: &[IncidentRow], times: &HashMap<u64, u64>, now_ms: u64) -> AnyView {
    let rows = rows.iter().map(|row| {
        view! {
            <tr>
                <td class="nowrap">{severity(&row.severity)}</td>
                <td><a href=format!("/incident/{}", row.id)>{row.title.clone()}</a></td>
                <td class="p2">{spoken(&row.kind)}</td>
                <td class="nowrap">{blocks(row)}</td>
                <td class="age p2">{ui::time(times.get(&row.first_block).copied(), now_ms)}</td>
                <td class="p3">{row.state.clone()}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Severity"</th><th scope="col">"What happened"</th><th scope="col" class="p2">"Kind"</th>
            <th scope="col">"Blocks"</th><th scope="col" class="p2">"Age"</th><th scope="col" class="p3">"State"</th></tr></thead>
            <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

/// First and last block.
pub(crate) fn blocks(row: &IncidentRow) -> AnyView {
    let last = (row.last_block > row.first_block).then(|| view! { " – "{ui::block_link(row.last_block)} });
    view! { {ui::block_link(row.first_block)}{last} }.into_any()
}

/// Severity by word, and by colour where it is serious.
pub(crate) fn severity(name: &str) -> AnyView {
    let class = match name {
        "S1" | "S2" => "badge bad",
        "S3" => "badge wait",
        _ => "badge dim",
    };
    view! { <span class=class><span>{name.to_owned()}</span></span> }.into_any()
}

/// `runaway_batch` as `runaway batch`.
pub(crate) fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

fn to_csv(rows: &[IncidentRow]) -> String {
    let mut file = String::new();
    let names = [
        "id",
        "kind",
        "scope",
        "severity",
        "state",
        "first_block",
        "last_block",
        "closed_block",
        "score",
        "title",
        "netuids",
        "accounts",
        "detector_version",
    ];
    csv::line(&mut file, names);
    for row in rows {
        let netuids: Vec<String> = row.netuids.iter().map(u16::to_string).collect();
        csv::line(
            &mut file,
            [
                row.id.clone(),
                row.kind.clone(),
                row.scope.clone(),
                row.severity.clone(),
                row.state.clone(),
                row.first_block.to_string(),
                row.last_block.to_string(),
                row.closed_block.map_or_else(String::new, |block| block.to_string()),
                row.score.to_string(),
                row.title.clone(),
                netuids.join(" "),
                row.accounts.join(" "),
                row.detector_version.to_string(),
            ],
        );
    }
    file
}
