//! The list of transfers.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::query::transfers::TransferFilter;

use super::{
    Page,
    filters::{self, Field},
    list::{self, Turns},
    rows,
};
use crate::server::{Answer, Context, PageError};

const FIELDS: [Field; 3] = [
    Field::text("min", "At least (TAO)", "100"),
    Field::text("sender", "From", "5F… or 0x…"),
    Field::text("receiver", "To", "5F… or 0x…"),
];

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let params = &context.params;
    let filter = TransferFilter {
        range: params.range()?,
        account: params.account("account", "Account")?,
        from: params.account("sender", "From")?,
        to: params.account("receiver", "To")?,
        min_amount_rao: params.tao("min", "At least")?,
    };
    let paging = params.paging()?;
    let warehouse = &context.state.warehouse;
    let page = warehouse.list_transfers(&filter, paging.request).await?;
    let counted =
        if params.get("count").is_some() { Some(warehouse.count_transfers(&filter).await?) } else { None };
    let filtered = filter != TransferFilter::default();
    let span = rows::transfer_span(&page);
    let context = context.clone();
    Ok(Page::new("Transfers", "/transfers", move || {
        let table = if page.rows.is_empty() {
            list::nothing(&context, "transfers", filtered)
        } else {
            rows::transfers(&page.rows, None, context.now_ms)
        };
        view! {
            <h1>"Transfers"</h1>
            {filters::form(&context, &FIELDS, &[])}
            {table}
            <div class="end">{list::count_line(&context, page.rows.len(), counted, "transfers")}{list::pager(&context, span, Turns::NEWEST, "")}</div>
        }
        .into_any()
    })
    .into())
}
