//! What extrinsics moved after the coinbase and the epochs, counted by cause.

use std::collections::BTreeMap;

use yumascan_warehouse::rows::VerificationCauseRow;

/// Which comparison met a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Results and payments of an epoch.
    Epoch,
    /// Amounts of the coinbase.
    Emission,
}

/// How a cause was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// Its amount is known, and with it the number is equal.
    Traced,
    /// Its amount is not known: the number is not compared further.
    Excused,
}

/// Counts of numbers by lane, field, cause and treatment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Causes(BTreeMap<(Lane, String, String, How), u32>);

impl Causes {
    /// One more number of `field` that `kind` moved.
    pub(crate) fn note(&mut self, lane: Lane, field: &str, kind: &str, how: How) {
        *self.0.entry((lane, field.to_owned(), kind.to_owned(), how)).or_default() += 1;
    }

    /// Rows of a block and subnet, sorted.
    pub(crate) fn rows(&self, block: u64, netuid: u16) -> impl Iterator<Item = VerificationCauseRow> {
        self.0.iter().map(move |((lane, field, cause, how), numbers)| VerificationCauseRow {
            block_number: block,
            netuid,
            lane: match lane {
                Lane::Epoch => "epoch".to_owned(),
                Lane::Emission => "emission".to_owned(),
            },
            field: field.clone(),
            cause: cause.clone(),
            treatment: match how {
                How::Traced => "traced".to_owned(),
                How::Excused => "excused".to_owned(),
            },
            numbers: *numbers,
        })
    }
}
