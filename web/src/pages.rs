//! One file per page: an async loader and the view of what it loaded.

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

use crate::server::{Answer, Context, PageError};

pub mod account;
pub mod block;
pub mod blocks;
pub mod epoch;
pub mod events;
pub mod extrinsic;
pub mod extrinsics;
pub mod help;
pub mod home;
pub mod incident;
pub mod incidents;
pub mod runtimes;
pub mod search;
pub mod slippage;
pub mod sql;
pub mod status;
pub mod subnet;
pub mod subnets;
pub mod tokenomics;
pub mod transfers;
pub mod validator;
pub mod validators;
pub mod verification;
pub mod yields;

mod as_of;
mod calltree;
mod filters;
mod list;
mod moves;
mod parts;
mod rows;
mod shell;
mod sorting;

pub(crate) use shell::render;

/// A page before it is rendered.
pub struct Page {
    /// Title, without the site's name.
    pub title: String,
    /// Path of the navigation entry it belongs to; empty for none.
    pub section: &'static str,
    /// HTTP status.
    pub status: StatusCode,
    /// Makes the content of `<main>`.
    pub body: Box<dyn FnOnce() -> AnyView + Send>,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("title", &self.title)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Page {
    /// A page that was found.
    pub fn new(
        title: impl Into<String>,
        section: &'static str,
        body: impl FnOnce() -> AnyView + Send + 'static,
    ) -> Self {
        Self { title: title.into(), section, status: StatusCode::OK, body: Box::new(body) }
    }
}

/// A failure, with what to do about it.
pub(crate) fn error_page(context: &Context, error: &PageError) -> Page {
    let (title, why, what) = match error {
        PageError::NotFound { what, hint } => {
            (what.clone(), hint.clone(), "Look it up with the search above, or start from the newest blocks.")
        }
        PageError::BadRequest { label, value, expected } => (
            "This filter cannot be understood".to_owned(),
            format!("{label}: “{value}”. Expected {expected}."),
            "Correct it in the address, or start again without filters.",
        ),
        PageError::NoState { what, why, .. } => (
            what.clone(),
            format!("{}.", capitalised(why)),
            "Ask for a block whose state is known, or for the newest one.",
        ),
        PageError::Warehouse(_) => (
            "The warehouse did not answer".to_owned(),
            "The page is fine, but its data could not be read; the reason is in the server's log.".to_owned(),
            "Try again in a moment. If it stays so, the one who runs this server should look at its log and at /health.",
        ),
    };
    let without_query = context.path.clone();
    let nearest = match error {
        PageError::NoState { nearest, .. } => nearest.clone(),
        _ => None,
    };
    let retry = matches!(error, PageError::BadRequest { .. } | PageError::Warehouse(_));
    let shown = title.clone();
    let status = error.status();
    let body = move || {
        view! {
            <div class="failure">
                <p class="code">{status.as_u16()}</p>
                <h1>{shown}</h1>
                <p>{why}</p>
                <p>{what}</p>
                <p class="ways">
                    {nearest.map(|href| view! { <a href=href>"The nearest block with state"</a> })}
                    {retry.then(|| view! { <a href=without_query>"Without filters"</a> })}
                    <a href="/blocks">"Newest blocks"</a>
                    <a href="/help">"What the search understands"</a>
                </p>
            </div>
        }
        .into_any()
    };
    Page { title, section: "", status, body: Box::new(body) }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The fallback of the router.
pub(crate) async fn not_found(context: Context) -> Response {
    let hint = "There is no page at this address.".to_owned();
    let error: Result<Answer, PageError> =
        Err(PageError::NotFound { what: "Page not found".to_owned(), hint });
    context.answer(error).await
}
