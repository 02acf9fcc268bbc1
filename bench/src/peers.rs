//! The decoders that are compared, behind one trait.
//!
//! The contract: for each extrinsic its signer, pallet, call and arguments, for each event its phase, pallet,
//! variant and arguments. *Rows* is the form that a program goes on with (records, dynamic values, objects); *JSON*
//! is these same items as text. Yumascan does more within the same time: it unfolds call trees, tells outcomes and
//! origins, names errors, sums fees and weights, and lists the accounts that are mentioned.

pub(crate) mod squid;
pub(crate) mod subxt;
pub(crate) mod yumascan;

use std::time::Duration;

use crate::corpus::Counts;

/// What is made of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Rows,
    Json,
}

/// One pass over a corpus.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass {
    pub(crate) elapsed: Duration,
    pub(crate) counts: Counts,
    /// Bytes of JSON text written; 0 for rows.
    pub(crate) text: u64,
}

/// A decoder with a corpus loaded.
pub(crate) trait Decoder {
    fn name(&self) -> &'static str;
    fn pass(&mut self, form: Form) -> anyhow::Result<Pass>;
}
