//! Numbers and texts, to and from rows.
//!
//! Both databases store 64-bit signed integers; heights, counts and times fit them by far, and a value that does
//! not is an error, never a wrapped number.

use sqlx::{Row, any::AnyRow};
use yumascan_chain::Hash;

use crate::error::{StoreError, failed};

/// What reading a row is called in errors.
const READ: &str = "read a row";

/// An unsigned number of a row.
pub(crate) fn number<T: TryFrom<i64>>(row: &AnyRow, column: &'static str) -> Result<T, StoreError> {
    let value: i64 = row.try_get(column).map_err(failed(READ))?;
    narrow(value, column)
}

/// A number that may be NULL.
pub(crate) fn optional_number<T: TryFrom<i64>>(
    row: &AnyRow,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    let value: Option<i64> = row.try_get(column).map_err(failed(READ))?;
    value.map(|value| narrow(value, column)).transpose()
}

/// A flag of a row, stored as 0 or 1.
pub(crate) fn flag(row: &AnyRow, column: &'static str) -> Result<bool, StoreError> {
    Ok(number::<u8>(row, column)? != 0)
}

/// A text of a row.
pub(crate) fn text(row: &AnyRow, column: &'static str) -> Result<String, StoreError> {
    row.try_get(column).map_err(failed(READ))
}

/// A text that may be NULL.
pub(crate) fn optional_text(row: &AnyRow, column: &'static str) -> Result<Option<String>, StoreError> {
    row.try_get(column).map_err(failed(READ))
}

/// A hash of a row, stored as 0x hex.
pub(crate) fn hash(row: &AnyRow, column: &'static str) -> Result<Hash, StoreError> {
    parse_hash(text(row, column)?, column)
}

/// A hash that may be NULL.
pub(crate) fn optional_hash(row: &AnyRow, column: &'static str) -> Result<Option<Hash>, StoreError> {
    optional_text(row, column)?.map(|value| parse_hash(value, column)).transpose()
}

/// The same number as the databases store it.
pub(crate) fn stored(value: u64, column: &'static str) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Value {
        column,
        value: value.to_string(),
        expected: "a number below 2^63",
    })
}

/// Milliseconds since the Unix epoch, now.
pub(crate) fn now_ms() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

fn narrow<T: TryFrom<i64>>(value: i64, column: &'static str) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Value {
        column,
        value: value.to_string(),
        expected: "a number in range",
    })
}

fn parse_hash(value: String, column: &'static str) -> Result<Hash, StoreError> {
    value.parse().map_err(|_| StoreError::Value { column, value, expected: "a hash" })
}
