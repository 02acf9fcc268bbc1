//! What became of every call of an extrinsic, and on whose behalf it ran.
//!
//! [`assign`] sees the call tree in pre-order and the extrinsic's own events in order, all as borrowed text.
//! Origins follow from the calls' arguments, from the outside in ([`origin`]). Outcomes follow from the boundary
//! events that the carrying calls leave behind, read backwards ([`replay`]). What the names of pallets and calls
//! mean stands in [`kind`], and nowhere else: a carrier that is not named there passes its origin on, and its
//! inner calls have the outcome [`Outcome::Unknown`].

use std::borrow::Cow;

use crate::{ids::AccountId, records::Outcome};

mod boundary;
mod kind;
mod origin;
mod replay;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod tests;
mod tree;

/// The extrinsic a call tree belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExtrinsicFacts<'a> {
    /// As in [`crate::ExtrinsicView::signer`].
    pub(crate) signer: Option<&'a str>,
    /// From `System.ExtrinsicSuccess/ExtrinsicFailed`; `None` if neither was decoded.
    pub(crate) success: Option<bool>,
    /// Name of the dispatch error of a failed extrinsic.
    pub(crate) error: Option<&'a str>,
}

/// One node of the call tree, in pre-order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallNode<'a> {
    /// Index of the parent in the same slice; `None` for the outer call.
    pub(crate) parent: Option<u32>,
    /// Pallet.
    pub(crate) pallet: &'a str,
    /// Call.
    pub(crate) call: &'a str,
    /// Own arguments as canonical JSON, nested calls as `{"$call":"path"}`.
    pub(crate) args: &'a str,
}

/// One event of the extrinsic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallEvent<'a> {
    /// Pallet.
    pub(crate) pallet: &'a str,
    /// Variant.
    pub(crate) variant: &'a str,
    /// Arguments as canonical JSON.
    pub(crate) args: &'a str,
}

/// Effective origin of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin<'a> {
    /// An account computed here, e.g. a multisig address.
    Account(AccountId),
    /// An account as it already stands in some JSON text or in the signer (SS58 or other address form).
    Text(&'a str),
    /// Root.
    Root,
    /// No origin: inherents and unsigned extrinsics.
    None,
    /// Not known.
    Unknown,
}

/// The answer for one call.
#[derive(Debug, Clone)]
pub(crate) struct Assigned<'a> {
    /// Effective origin.
    pub(crate) origin: Origin<'a>,
    /// Outcome.
    pub(crate) outcome: Outcome,
    /// Dispatch error name of a failed call (`Pallet.Error`, `BadOrigin`, `Token.FundsUnavailable`).
    pub(crate) error: Option<Cow<'a, str>>,
}

/// Fills `out` with exactly one answer for each node of `calls`, in the same order.
///
/// Time and memory are linear in calls and events; nothing recurses.
pub(crate) fn assign<'a>(
    extrinsic: ExtrinsicFacts<'a>,
    calls: &[CallNode<'a>],
    events: &[CallEvent<'a>],
    out: &mut Vec<Assigned<'a>>,
) {
    let signer = extrinsic.signer.map_or(Origin::None, Origin::Text);
    out.clear();
    out.resize(calls.len(), Assigned { origin: signer, outcome: Outcome::Unknown, error: None });
    if let ([_], [only]) = (calls, out.as_mut_slice()) {
        // a call without inner calls: the extrinsic's own outcome says it all
        only.outcome = extrinsic.success.map_or(Outcome::Unknown, |success| match success {
            true => Outcome::Success,
            false => Outcome::Failed,
        });
        only.error = extrinsic.error.filter(|_| extrinsic.success == Some(false)).map(Cow::Borrowed);
        return;
    }
    origin::assign(calls, out);
    replay::assign(extrinsic, calls, events, out);
}
