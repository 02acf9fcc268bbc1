//! What requests carry: parameters and parts of paths, checked, and what many paths have in common.

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::{Order, query::Range};

use crate::{
    ApiError,
    graphql::{parse_place, split_name},
};

/// Parameters of the query.
pub(crate) struct Fields<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Fields<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(ApiError::BadInput(plain(&rejection.body_text()))),
        }
    }
}

/// Parts of the path.
pub(crate) struct Segments<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(rejection) => Err(ApiError::BadInput(plain(&rejection.body_text()))),
        }
    }
}

/// Without the reader's own words.
fn plain(text: &str) -> String {
    let start = text.find(": ").map_or(0, |at| at + 2);
    text[start..].to_owned()
}

/// The greatest integer that every reader of JSON reads exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// A block height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "u64")]
#[schema(value_type = u64, minimum = 0, maximum = 9007199254740991_i64, example = 3010)]
pub(crate) struct Height(pub(crate) u64);

impl TryFrom<u64> for Height {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, &'static str> {
        if number > MAX_SAFE { Err("no block is so high") } else { Ok(Self(number)) }
    }
}

/// A least amount, rao.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "u64")]
#[schema(value_type = u64, minimum = 0, maximum = 9007199254740991_i64, example = 1000000000)]
pub(crate) struct Least(pub(crate) u64);

impl TryFrom<u64> for Least {
    type Error = &'static str;

    fn try_from(rao: u64) -> Result<Self, &'static str> {
        if rao > MAX_SAFE { Err("at most 9007199254740991 rao can be asked for") } else { Ok(Self(rao)) }
    }
}

/// A name that consists of these characters.
pub(crate) fn name(
    field: &str,
    text: Option<String>,
    is_of: impl Fn(char) -> bool,
) -> Result<Option<String>, ApiError> {
    match text {
        Some(text) if text.is_empty() || !text.chars().all(is_of) => {
            Err(ApiError::BadInput(format!("`{field}` is no name as it could occur")))
        }
        text => Ok(text),
    }
}

/// An account: SS58 of any prefix, or 0x and 64 hexadecimal digits of the public key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(value_type = String, pattern = "^([1-9A-HJ-NP-Za-km-z]{46,50}|0x[0-9a-fA-F]{64})$",
    example = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY")]
pub(crate) struct Account(pub(crate) String);

impl Account {
    /// In the form in which it is stored.
    pub(crate) fn ss58(&self) -> Result<String, ApiError> {
        account(&self.0)
    }
}

/// `Pallet.item` or `Pallet`, split.
pub(crate) fn item_name(
    text: Option<String>,
    item: &str,
) -> Result<(Option<String>, Option<String>), ApiError> {
    let text = name("name", text, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.')?;
    if text.as_deref().is_some_and(|text| text.matches('.').count() > 1) {
        return Err(ApiError::BadInput(format!(
            "`name` is `Pallet.{item}` or `Pallet`, with one point at most"
        )));
    }
    split_name(text.as_deref(), None, None, item)
}

/// Block and index of an extrinsic: `3010-4`.
pub(crate) fn extrinsic_id(text: Option<String>) -> Result<Option<(u64, u32)>, ApiError> {
    let text = name("extrinsic", text, |c| c.is_ascii_digit() || c == '-')?;
    text.map(|id| parse_place(&id, "extrinsic")).transpose()
}

/// SS58 with prefix 42 of an account as clients write it.
pub(crate) fn account(text: &str) -> Result<String, ApiError> {
    let parsed = text.trim().parse::<yumascan_chain::AccountId>();
    let refuse = |error| {
        let shown: String = text.chars().take(70).collect();
        ApiError::BadInput(format!(
            "`{shown}` is not an account ({error}): pass SS58, or 0x and 64 hexadecimal digits"
        ))
    };
    parsed.map(|account| account.to_ss58()).map_err(refuse)
}

/// Accounts that were asked for, in the form in which they are stored.
pub(crate) fn accounts<const N: usize>(
    asked: [&Option<Account>; N],
) -> Result<[Option<String>; N], ApiError> {
    let mut stored = [const { None }; N];
    for (to, from) in stored.iter_mut().zip(asked) {
        *to = from.as_ref().map(Account::ss58).transpose()?;
    }
    Ok(stored)
}

/// Direction of a list along the chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// Highest block first.
    #[default]
    Newest,
    /// Lowest block first.
    Oldest,
}

impl From<Direction> for Order {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Newest => Self::Newest,
            Direction::Oldest => Self::Oldest,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Rows of the page.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before, unchanged. Repeat the filter and the order of that page.
    pub(crate) cursor: Option<String>,
    /// Direction.
    #[param(inline)]
    pub(crate) order: Option<Direction>,
}

/// Blocks and times; both ends are inclusive, an absent end is open.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Span {
    /// Lowest block.
    #[param(inline)]
    from_block: Option<Height>,
    /// Highest block.
    #[param(inline)]
    to_block: Option<Height>,
    /// Earliest block time, ISO 8601 with an offset.
    #[param(format = DateTime, example = "2026-02-03T04:05:06Z")]
    from_time: Option<String>,
    /// Latest block time, ISO 8601 with an offset.
    #[param(format = DateTime, example = "2026-02-03T05:05:06Z")]
    to_time: Option<String>,
    /// As the chain was at this block: nothing above it.
    #[param(inline)]
    at: Option<Height>,
}

impl Span {
    pub(crate) fn build(&self) -> Result<Range, ApiError> {
        let time = |name: &str, text: &Option<String>| {
            let parse = |text: &String| {
                crate::graphql::parse_time(text).ok_or_else(|| {
                    ApiError::BadInput(format!(
                        "`{name}` is not a time since 1970: write ISO 8601 with an offset, like 2026-02-03T04:05:06Z"
                    ))
                })
            };
            text.as_ref().map(parse).transpose()
        };
        let highest = [self.to_block, self.at].into_iter().flatten().map(|height| height.0).min();
        Ok(Range {
            from_block: self.from_block.map(|height| height.0),
            to_block: highest,
            from_ms: time("from_time", &self.from_time)?,
            to_ms: time("to_time", &self.to_time)?,
        })
    }
}

/// The block at which state is asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct At {
    /// Any block whose state is stored; the newest one where it is left out.
    #[param(inline)]
    pub(crate) at: Option<Height>,
}
