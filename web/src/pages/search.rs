//! Search: one hit leads straight to its page, several are listed.

use axum::response::IntoResponse;
use axum::{Json, response::Response};
use leptos::prelude::*;
use yumascan_warehouse::query::search::SearchHit;

use super::Page;
use crate::{
    islands::{Suggestion, help_text},
    server::{Answer, Context, PageError},
    text, ui,
};

/// Longest text that is looked up.
const LONGEST: usize = 200;

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

/// Suggestions while one types.
pub(crate) async fn handle_json(context: Context) -> Response {
    let query = context.params.get("q").unwrap_or_default().to_owned();
    if query.is_empty() || query.len() > LONGEST {
        return Json(Vec::<Suggestion>::new()).into_response();
    }
    match context.state.warehouse.search(&query, 8).await {
        Ok(hits) => Json(hits.iter().map(suggestion).collect::<Vec<_>>()).into_response(),
        Err(error) => {
            tracing::warn!(%error, "no suggestions");
            axum::http::StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn suggestion(hit: &SearchHit) -> Suggestion {
    let (kind, label, detail, href) = match hit {
        SearchHit::Block { number, hash } => {
            ("Block", text::group(*number), hash.clone(), format!("/block/{number}"))
        }
        SearchHit::Extrinsic { block, index, name } => (
            "Extrinsic",
            format!("{}-{index}", text::group(*block)),
            name.clone(),
            format!("/extrinsic/{block}-{index}"),
        ),
        SearchHit::Account { account, known } => {
            let detail =
                if *known { "named in stored blocks" } else { "valid, but no stored block names it" };
            ("Account", account.clone(), detail.to_owned(), format!("/account/{account}"))
        }
        SearchHit::Call { pallet, call, count } => {
            let name = format!("{pallet}.{call}");
            let href = format!("/extrinsics?signed=any&call={}", text::encode(&name));
            ("Call", name, text::count(*count, "time"), href)
        }
        SearchHit::Event { pallet, variant, count } => {
            let name = format!("{pallet}.{variant}");
            let href = format!("/events?name={}", text::encode(&name));
            ("Event", name, text::count(*count, "time"), href)
        }
    };
    Suggestion { kind: kind.to_owned(), label, detail, href }
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let query = context.params.get("q").unwrap_or_default().to_owned();
    if query.is_empty() {
        return Ok(Page::new("Search", "", || {
            view! { <div class="prose"><h1>"Search"</h1><p>"Type into the box above (key "<kbd>"/"</kbd>")."</p>{help_text()}</div> }.into_any()
        })
        .into());
    }
    if query.len() > LONGEST {
        return Err(PageError::bad("Search", &query, "at most 200 characters"));
    }
    let hits = context.state.warehouse.search(&query, 50).await?;
    let suggestions: Vec<Suggestion> = hits.iter().map(suggestion).collect();
    if let [only] = suggestions.as_slice() {
        return Ok(Answer::Elsewhere(only.href.clone()));
    }
    Ok(Page::new(format!("Search: {query}"), "", move || {
        let heading = view! { <h1>"Search: "<span class="query">{query.clone()}</span></h1> };
        if suggestions.is_empty() {
            let what = view! { "The search knows block numbers, hashes, extrinsic ids (3010-4), addresses, public keys, and names of calls and events." };
            return view! { <div class="prose">{heading}{ui::empty("Nothing stored matches.", what.into_any())}{help_text()}</div> }.into_any();
        }
        let rows = suggestions
            .iter()
            .map(|hit| {
                view! {
                    <li><a href=hit.href.clone()><span class="kind">{hit.kind.clone()}</span><span class="label">{hit.label.clone()}</span><span class="detail">{hit.detail.clone()}</span></a></li>
                }
                .into_any()
            })
            .collect::<Vec<_>>();
        view! { {heading}<ul class="hits">{rows}</ul> }.into_any()
    })
    .into())
}
