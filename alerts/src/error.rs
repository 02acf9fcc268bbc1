//! What can go wrong with alerts.

use yumascan_store::StoreError;
use yumascan_warehouse::WarehouseError;

/// Error of alerts. No text of it holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// A field of a rule, a sink, a silence or a file is not right.
    #[error("{place}: {reason}")]
    Field {
        /// Which field of what, e.g. `rule cheap-eight, metric`.
        place: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// A network of the configuration is none.
    #[error(
        "alerts.allow_networks: `{text}` is not a network; write it as 10.1.2.0/24, or 10.1.2.3/32 for one address"
    )]
    Network {
        /// What was given.
        text: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// Something could not be written as JSON.
    #[error("cannot write {what} as JSON: {source}")]
    Json {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl AlertError {
    pub(crate) fn field(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Field { place: place.into(), reason: reason.into() }
    }

    /// The same, said of a part of `outer`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        match self {
            Self::Field { place, reason } if place.is_empty() => {
                Self::Field { place: outer.to_owned(), reason }
            }
            Self::Field { place, reason } => Self::Field { place: format!("{outer}, {place}"), reason },
            other => other,
        }
    }
}
