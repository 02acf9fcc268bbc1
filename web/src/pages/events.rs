//! The list of events.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::query::events::EventFilter;

use super::{
    Page,
    filters::{self, Field},
    list::{self, Turns},
    rows,
};
use crate::server::{Answer, Context, PageError};

const PHASES: [(&str, &str); 4] = [
    ("any", "any"),
    ("Initialization", "initialization"),
    ("ApplyExtrinsic", "extrinsic"),
    ("Finalization", "finalization"),
];

const FIELDS: [Field; 3] = [
    Field::text("name", "Event", "Balances.Transfer"),
    Field::text("account", "Names account", "5F… or 0x…"),
    Field::choice("phase", "Phase", &PHASES),
];

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

fn phase(value: Option<&str>) -> Result<Option<String>, PageError> {
    match value {
        None | Some("any") => Ok(None),
        Some(value) if PHASES.iter().any(|(known, _)| *known == value) => Ok(Some(value.to_owned())),
        Some(value) => {
            Err(PageError::bad("Phase", value, "`Initialization`, `ApplyExtrinsic` or `Finalization`"))
        }
    }
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let params = &context.params;
    let (pallet, variant) = params.name("name");
    let filter = EventFilter {
        range: params.range()?,
        pallet,
        variant,
        extrinsic: None,
        phase: phase(params.get("phase"))?,
        account: params.account("account", "Names account")?,
    };
    let paging = params.paging()?;
    let warehouse = &context.state.warehouse;
    let page = warehouse.list_events(&filter, paging.request).await?;
    let counted =
        if params.get("count").is_some() { Some(warehouse.count_events(&filter).await?) } else { None };
    let filtered = filter != EventFilter::default();
    let span = rows::event_span(&page);
    let context = context.clone();
    Ok(Page::new("Events", "/events", move || {
        let table = if page.rows.is_empty() {
            list::nothing(&context, "events", filtered)
        } else {
            rows::events(&page.rows, context.now_ms)
        };
        view! {
            <h1>"Events"</h1>
            {filters::form(&context, &FIELDS, &[])}
            {table}
            <div class="end">{list::count_line(&context, page.rows.len(), counted, "events")}{list::pager(&context, span, Turns::NEWEST, "")}</div>
        }
        .into_any()
    })
    .into())
}
