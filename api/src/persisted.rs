//! Persisted queries: a client names a query by its SHA-256 once its text was sent with it, as Apollo's clients do by themselves.
//!
//! Texts are kept in memory, the newest used ones within a limit: a client whose text is gone is told so, and sends it again.

use std::sync::Arc;

use async_graphql::{Request, Value};
use axum::{http::StatusCode, response::Response};
use moka::future::Cache;
use sha2::{Digest, Sha256};

use crate::http::answer;

/// Longest text that is kept, bytes.
const MAX_TEXT: usize = 64 << 10;

/// Texts by their hash.
#[derive(Debug)]
pub(crate) struct Persisted {
    texts: Cache<String, Arc<str>>,
}

/// Why a hash names no query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// Not kept here, or no longer.
    NotFound,
    /// The text that came with it has another.
    Mismatch,
    /// Not a SHA-256, or of another version of the protocol.
    Unreadable,
}

impl Unresolved {
    pub(crate) fn response(&self) -> Response {
        match self {
            // message, code and status are what clients wait for before they send the text
            Self::NotFound => {
                answer::refuse(StatusCode::OK, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
            }
            Self::Mismatch => {
                let text = "the query is not the one of this hash: sha256Hash is the SHA-256 of its UTF-8 text, in lower-case hex";
                answer::refuse(StatusCode::BAD_REQUEST, "PERSISTED_QUERY_HASH_MISMATCH", text)
            }
            Self::Unreadable => {
                let text = "extensions.persistedQuery is {\"version\": 1, \"sha256Hash\": \"64 hexadecimal digits\"}";
                answer::refuse(StatusCode::BAD_REQUEST, "BAD_REQUEST", text)
            }
        }
    }
}

impl Persisted {
    pub(crate) fn new(max_bytes: u64) -> Self {
        let weigh =
            |hash: &String, text: &Arc<str>| u32::try_from(hash.len() + text.len()).unwrap_or(u32::MAX);
        Self { texts: Cache::builder().max_capacity(max_bytes).weigher(weigh).build() }
    }

    /// Puts the text in place of the hash; keeps a text that came with its hash.
    pub(crate) async fn resolve(&self, request: &mut Request) -> Result<(), Unresolved> {
        let Some(named) = request.extensions.get("persistedQuery") else { return Ok(()) };
        let hash = hash_of(named).ok_or(Unresolved::Unreadable)?;
        if request.query.is_empty() {
            let text = self.texts.get(&hash).await.ok_or(Unresolved::NotFound)?;
            request.query = text.to_string();
            return Ok(());
        }
        if const_hex::encode(Sha256::digest(request.query.as_bytes())) != hash {
            return Err(Unresolved::Mismatch);
        }
        if request.query.len() <= MAX_TEXT {
            self.texts.insert(hash, request.query.as_str().into()).await;
        }
        Ok(())
    }
}

fn hash_of(named: &Value) -> Option<String> {
    let Value::Object(named) = named else { return None };
    let is_known =
        matches!(named.get("version"), Some(Value::Number(version)) if version.as_u64() == Some(1));
    match named.get("sha256Hash") {
        Some(Value::String(hash)) if is_known && hash.len() == 64 => Some(hash.clone()),
        _ => None,
    }
}
