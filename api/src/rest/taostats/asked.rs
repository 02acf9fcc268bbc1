//! Parameters as these clients send them.

use std::{collections::HashMap, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use yumascan_warehouse::{Order, query::Range};

use super::page::Place;
use crate::{ApiError, rest::extract::account};

/// Rows of a page where none are asked for.
const DEFAULT_LIMIT: u32 = 50;
/// Most rows of a page.
const MAX_LIMIT: u32 = 1_024;
/// Rows that can be reached by counting pages.
const DEEPEST: u64 = 1_000_000;

/// The parameters of a request. Those that a path does not know are not looked at; empty ones are as good as absent.
#[derive(Debug)]
pub(super) struct Asked(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<Vec<(String, String)>>::from_request_parts(parts, state).await {
            Ok(Query(pairs)) => {
                let given = pairs.into_iter().map(|(name, value)| (name, value.trim().to_owned()));
                Ok(Self(given.filter(|(_, value)| !value.is_empty()).collect()))
            }
            Err(rejection) => Err(ApiError::BadInput(rejection.body_text())),
        }
    }
}

impl Asked {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A number or a flag.
    pub(super) fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                let shown: String = text.chars().take(60).collect();
                ApiError::BadInput(format!("`{name}={shown}` cannot be read, or is out of bounds"))
            })
        };
        self.text(name).map(parse).transpose()
    }

    /// An account as it is stored.
    pub(super) fn account(&self, name: &str) -> Result<Option<String>, ApiError> {
        self.text(name).map(account).transpose()
    }

    /// A value that the path cannot do without.
    pub(super) fn required<T>(name: &str, value: Option<T>) -> Result<T, ApiError> {
        value.ok_or_else(|| ApiError::BadInput(format!("`{name}` is missing: this path needs it")))
    }

    /// `pallet` and `name`, or both as `full_name`.
    pub(super) fn name(&self) -> (Option<String>, Option<String>) {
        match self.text("full_name").map(|full| full.split_once('.').unwrap_or((full, ""))) {
            Some((pallet, name)) => {
                (Some(pallet.to_owned()), Some(name.to_owned()).filter(|name| !name.is_empty()))
            }
            None => (self.text("pallet").map(str::to_owned), self.text("name").map(str::to_owned)),
        }
    }

    /// `block_number`, `block_start`, `block_end`, and `timestamp_start`, `timestamp_end` in seconds; ends are inclusive.
    pub(super) fn range(&self) -> Result<Range, ApiError> {
        let exact = self.value::<u64>("block_number")?;
        let seconds = |name: &str| -> Result<Option<u64>, ApiError> { self.value::<u64>(name) };
        let start = seconds("timestamp_start")?.map(|at| at.saturating_mul(1_000));
        let end = seconds("timestamp_end")?.map(|at| at.saturating_mul(1_000).saturating_add(999));
        Ok(Range {
            from_block: exact.or(self.value("block_start")?),
            to_block: exact.or(self.value("block_end")?),
            from_ms: start,
            to_ms: end,
        })
    }

    /// `frequency`, as the length of a period; `None` is every block.
    pub(super) fn frequency(&self, default: Option<u64>) -> Result<Option<u64>, ApiError> {
        match self.text("frequency") {
            None => Ok(default),
            Some("by_block") => Ok(None),
            Some("by_hour") => Ok(Some(3_600_000)),
            Some("by_day") => Ok(Some(86_400_000)),
            Some(_) => Err(ApiError::BadInput("`frequency` is `by_block`, `by_hour` or `by_day`".into())),
        }
    }

    /// `page`, `limit` and the direction of `order` along the chain.
    pub(super) fn place(&self) -> Result<Place, ApiError> {
        let order = match self.text("order") {
            None | Some("block_number_desc" | "timestamp_desc") => Order::Newest,
            Some("block_number_asc" | "timestamp_asc") => Order::Oldest,
            Some(_) => {
                let text = "this path is ordered by block only: `order` is block_number_asc, block_number_desc, timestamp_asc \
                            or timestamp_desc";
                return Err(ApiError::BadInput(text.into()));
            }
        };
        self.place_in(order)
    }

    /// `page` and `limit`, where `order` is looked at by the path itself.
    pub(super) fn place_in(&self, order: Order) -> Result<Place, ApiError> {
        let page = self.value::<u64>("page")?.unwrap_or(1);
        let limit = self.value::<u32>("limit")?.unwrap_or(DEFAULT_LIMIT);
        if page == 0 || !(1..=MAX_LIMIT).contains(&limit) {
            let text = format!("pages count from 1, and `limit` is 1 to {MAX_LIMIT}");
            return Err(ApiError::BadInput(text));
        }
        if page.saturating_mul(limit.into()) > DEEPEST {
            let text = format!(
                "pages reach {DEEPEST} rows deep; narrow the range by `block_start` and `block_end`, or use the cursors of /api/v1"
            );
            return Err(ApiError::BadInput(text));
        }
        Ok(Place { page, limit, order })
    }

    /// `order` as a field and whether it descends; refused where the path has no such field.
    pub(super) fn order<'n>(
        &self,
        known: &[&'n str],
        default: (&'n str, bool),
    ) -> Result<(&'n str, bool), ApiError> {
        let Some(text) = self.text("order") else { return Ok(default) };
        let parsed = text
            .strip_suffix("_desc")
            .map(|field| (field, true))
            .or_else(|| text.strip_suffix("_asc").map(|field| (field, false)));
        let found = parsed
            .and_then(|(field, descends)| Some((*known.iter().find(|name| **name == field)?, descends)));
        found.ok_or_else(|| {
            ApiError::BadInput(format!("`order` is one of {} with _asc or _desc", known.join(", ")))
        })
    }
}
