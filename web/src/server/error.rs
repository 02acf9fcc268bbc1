//! Why a page could not be shown, and what the reader can do.

use axum::http::StatusCode;
use yumascan_warehouse::WarehouseError;

/// Error of a page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The thing asked for is not here.
    #[error("{what}: {hint}")]
    NotFound {
        /// What was asked for, as a headline.
        what: String,
        /// Why it may be missing and where to go.
        hint: String,
    },
    /// A filter or a position that cannot be understood.
    #[error("{label} `{value}` is not understood; expected {expected}")]
    BadRequest {
        /// The field.
        label: String,
        /// What was given.
        value: String,
        /// What would do.
        expected: String,
    },
    /// The state of the block asked for is not known.
    #[error("{what}: {why}")]
    NoState {
        /// What was asked for, as a headline.
        what: String,
        /// Why it is not known, and which state is.
        why: String,
        /// The same page at the nearest block with state.
        nearest: Option<String>,
    },
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

impl PageError {
    /// A [`PageError::BadRequest`].
    #[must_use]
    pub fn bad(label: &str, value: &str, expected: &str) -> Self {
        let value = value.chars().take(80).collect();
        Self::BadRequest { label: label.to_owned(), value, expected: expected.to_owned() }
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } | Self::NoState { .. } => StatusCode::NOT_FOUND,
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::Warehouse(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
