//! What every page handler starts from, and how its result becomes a response.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    body::Body,
    extract::{FromRequestParts, Query},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use super::{PageError, Params, Status, WebState};
use crate::{
    islands::Theme,
    pages::{Page, error_page, render},
};

/// A request, understood.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where the data is.
    pub state: WebState,
    /// Path without query.
    pub path: String,
    /// Query.
    pub params: Params,
    /// Colours that the reader chose.
    pub theme: Theme,
    /// The server's clock, milliseconds since the Unix epoch.
    pub now_ms: u64,
}

/// What a page's loader gives.
#[derive(Debug)]
pub enum Answer {
    /// A page.
    Page(Page),
    /// Another place (303).
    Elsewhere(String),
    /// A file to keep.
    File {
        /// Its name.
        name: String,
        /// Its content.
        content: FileContent,
    },
}

/// What is in a file.
#[derive(Debug)]
pub enum FileContent {
    /// Comma-separated values, see [`crate::csv`].
    Csv(String),
    /// JSON.
    Json(String),
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}

fn file(name: &str, content: FileContent) -> Response {
    let (media, text) = match content {
        FileContent::Csv(text) => ("text/csv; charset=utf-8", text),
        FileContent::Json(text) => ("application/json", text),
    };
    let offered = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_DISPOSITION, offered),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    (headers, text).into_response()
}

fn theme_of(headers: &HeaderMap) -> Theme {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix("theme="))
        .map_or(Theme::System, Theme::from_name)
}

impl FromRequestParts<WebState> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Infallible> {
        // A query that cannot be decoded is read as none: the page itself then shows.
        let pairs =
            Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|query| query.0).unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            state: state.clone(),
            path: parts.uri.path().to_owned(),
            params: Params::new(pairs),
            theme: theme_of(&parts.headers),
            now_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

impl Context {
    /// A link to this page with some parameters changed.
    #[must_use]
    pub fn link(&self, changes: &[(&str, Option<&str>)]) -> String {
        self.params.link(&self.path, changes)
    }

    /// Renders what the loader gave, or why it could not.
    pub async fn answer(self, loaded: Result<Answer, PageError>) -> Response {
        match loaded {
            Ok(Answer::Elsewhere(place)) => Redirect::to(&place).into_response(),
            Ok(Answer::Page(page)) => self.respond(page).await,
            Ok(Answer::File { name, content }) => file(&name, content),
            Err(error) => {
                if let PageError::Warehouse(cause) = &error {
                    tracing::error!(path = %self.path, error = %cause, "page not rendered: the warehouse failed");
                }
                let page = error_page(&self, &error);
                self.respond(page).await
            }
        }
    }

    async fn respond(self, page: Page) -> Response {
        let status: Option<Arc<Status>> = self.state.status().await.ok();
        let code = page.status;
        let html = render(&self, status.as_deref(), page);
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "private, no-cache"),
            (header::VARY, "Cookie"),
        ];
        (code, headers, Body::from(html)).into_response()
    }
}
