//! Help, and the colours without script.

use axum::{
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use super::Page;
use crate::{
    islands::{Theme, help_text},
    server::Context,
};

pub(crate) async fn handle(context: Context) -> Response {
    let page = Page::new("Help", "", || {
        view! {
            <div class="prose">
                <h1>"Help"</h1>
                {help_text()}
                <h3>"How to read the pages"</h3>
                <p>"Times are relative; rest on one for the exact UTC time. Amounts are in TAO with all nine decimals; rest on one for rao. "
                    "What is not known says so: it is never shown as 0."</p>
                <p>"A block is "<b>"finalized"</b>" when the chain can no longer replace it. Only finalized blocks are stored; newer ones are shown from memory and say so."</p>
                <p>"Every filter, tab and page is part of the address: what you see is what your link shows."</p>
            </div>
        }
        .into_any()
    });
    context.answer(Ok(page.into())).await
}

/// Remembers the colours in a cookie and goes back to the page (of this site only).
pub(crate) async fn handle_theme(context: Context) -> Response {
    let theme = Theme::from_name(context.params.get("set").unwrap_or_default());
    let cookie = format!("theme={}; Path=/; Max-Age=31536000; SameSite=Lax", theme.name());
    let local =
        |path: &&str| path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    let back = context.params.get("to").filter(local).unwrap_or("/");
    ([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response()
}
