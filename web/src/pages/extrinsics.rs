//! The list of extrinsics.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::query::extrinsics::ExtrinsicFilter;

use super::{
    Page,
    filters::{self, Field},
    list::{self, Turns},
    rows,
};
use crate::server::{Answer, Context, PageError};

const FIELDS: [Field; 4] = [
    Field::text("call", "Call", "Balances.transfer_keep_alive"),
    Field::text("signer", "Signer", "5F… or 0x…"),
    Field::choice("result", "Result", &[("any", "any"), ("success", "success"), ("failed", "failed")]),
    Field::choice("signed", "Kind", &[("yes", "signed"), ("no", "unsigned"), ("any", "all")]),
];

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let params = &context.params;
    let (pallet, call) = params.name("call");
    // Every block starts with unsigned inherents; they are left out unless asked for.
    let signed = match params.get("signed") {
        None => Some(true),
        Some(_) => params.choice("signed", "Kind", "yes", "no")?,
    };
    let filter = ExtrinsicFilter {
        range: params.range()?,
        signer: params.account("signer", "Signer")?,
        pallet,
        call,
        success: params.choice("result", "Result", "success", "failed")?,
        signed,
    };
    let paging = params.paging()?;
    let warehouse = &context.state.warehouse;
    let page = warehouse.list_extrinsics(&filter, paging.request).await?;
    let counted =
        if params.get("count").is_some() { Some(warehouse.count_extrinsics(&filter).await?) } else { None };
    let filtered = filter != ExtrinsicFilter { signed: Some(true), ..ExtrinsicFilter::default() };
    let span = rows::extrinsic_span(&page);
    let context = context.clone();
    Ok(Page::new("Extrinsics", "/extrinsics", move || {
        let table = if page.rows.is_empty() {
            list::nothing(&context, "extrinsics", filtered)
        } else {
            rows::extrinsics(&page.rows, context.now_ms)
        };
        view! {
            <h1>"Extrinsics"</h1>
            {filters::form(&context, &FIELDS, &[])}
            {table}
            <div class="end">{list::count_line(&context, page.rows.len(), counted, "extrinsics")}{list::pager(&context, span, Turns::NEWEST, "")}</div>
        }
        .into_any()
    })
    .into())
}
