//! The list of blocks.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::{query::blocks::BlockFilter, rows::BlockRow};

use super::{
    Page,
    filters::{self, Field, RANGE_NAMES},
    list::{self, Turns},
    rows,
};
use crate::server::{Answer, Context, PageError};

const FIELDS: [Field; 2] =
    [Field::text("author", "Author", "5F… or 0x…"), Field::text("spec", "Runtime", "377")];

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let params = &context.params;
    let spec = params.number("spec", "Runtime")?;
    let spec_version = spec
        .map(|spec| {
            u32::try_from(spec)
                .map_err(|_| PageError::bad("Runtime", &spec.to_string(), "a spec version such as 377"))
        })
        .transpose()?;
    let filter =
        BlockFilter { range: params.range()?, author: params.account("author", "Author")?, spec_version };
    let paging = params.paging()?;
    let warehouse = &context.state.warehouse;
    let mut page = warehouse.list_blocks(&filter, paging.request).await?;
    let counted =
        if params.get("count").is_some() { Some(warehouse.count_blocks(&filter).await?) } else { None };

    let filtered = filter != BlockFilter::default();
    let newest_page = paging.request.after.is_none() && paging.request.before.is_none();
    let span = rows::block_span(&page);
    let stored_head = context.state.status().await?.head.as_ref().map(|head| head.number);
    if newest_page && !filtered {
        let tip: Vec<BlockRow> = context
            .state
            .tip
            .blocks()
            .iter()
            .rev()
            .map(|tip| tip.block.clone())
            .filter(|block| Some(block.number) > stored_head)
            .collect();
        page.rows.splice(0..0, tip);
    }
    let context = context.clone();
    Ok(Page::new("Blocks", "/blocks", move || {
        let table = if page.rows.is_empty() {
            list::nothing(&context, "blocks", filtered || params_have_range(&context))
        } else {
            rows::blocks(&page.rows, stored_head, context.now_ms)
        };
        view! {
            <h1>"Blocks"</h1>
            {filters::form(&context, &FIELDS, &[])}
            {table}
            <div class="end">{list::count_line(&context, page.rows.len(), counted, "blocks")}{list::pager(&context, span, Turns::NEWEST, "")}</div>
        }
        .into_any()
    })
    .into())
}

fn params_have_range(context: &Context) -> bool {
    context.params.has_any(&RANGE_NAMES)
}
