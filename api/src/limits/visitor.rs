//! The one who asks, as handlers see them.

use std::{convert::Infallible, sync::Arc, time::Instant};

use axum::{extract::FromRequestParts, http::request::Parts};

use super::buckets::{Buckets, Limited, Rate};

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tier {
    /// Without a key.
    #[default]
    Anonymous,
    /// With a key.
    Keyed,
    /// With an administrator's key.
    Admin,
}

impl Tier {
    /// Name in headers and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Keyed => "keyed",
            Self::Admin => "admin",
        }
    }
}

/// The one who asks. Without the layer of limits, as in tests: anonymous, and not limited.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// How much is allowed.
    pub tier: Tier,
    /// Scopes of the key; `None` without one: anonymous visitors may do all that is open.
    pub(super) scopes: Option<Arc<[String]>>,
    /// The bucket; `None` where nothing is limited.
    pub(super) bucket: Option<Bucket>,
}

/// A bucket among others.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) all: Arc<Buckets>,
    pub(super) whose: Arc<str>,
    pub(super) rate: Rate,
}

impl Visitor {
    /// Whether a scope is theirs.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|known| known == scope))
    }

    /// Takes `cost` more units for what is about to be done.
    ///
    /// # Errors
    /// [`Limited`] when they are not there.
    pub fn charge(&self, cost: u32) -> Result<(), Limited> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        let taken = bucket.all.take(&bucket.whose, bucket.rate, cost, Instant::now());
        taken.map(|_| ()).map_err(|wait| self.limited(bucket.rate, cost, wait))
    }

    /// Takes what something turned out to cost, even if it is not there: later requests wait for it.
    pub fn owe(&self, cost: u32) {
        if let Some(bucket) = &self.bucket {
            bucket.all.owe(&bucket.whose, bucket.rate, cost, Instant::now());
        }
    }

    pub(super) fn limited(&self, rate: Rate, wanted: u32, wait: std::time::Duration) -> Limited {
        let (whom, advice) = match self.tier {
            Tier::Anonymous => ("this address", "; a key has more"),
            _ => ("this key", ""),
        };
        Limited { whom, per_minute: rate.per_minute, wanted, wait_s: wait.as_secs() + 1, advice }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
