//! Recomputed against stored, number by number, with what extrinsics of the block rewrote.

use yumascan_protocol::epoch::{
    EpochOutputs, MechanismOutputs, StoredRow,
    compare::{Difference, Field, StoredEpoch, StoredMechanism, compare},
};

use super::effects::{Effects, Excuse, Place};

/// A difference and what excuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) difference: Difference,
    pub(crate) excused_by: Option<Excuse>,
}

/// What comparing one mechanism found; what mechanisms share counts with the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Numbers compared.
    pub(crate) checked: u64,
    pub(crate) found: Vec<Found>,
}

impl Comparison {
    pub(crate) fn equal(&self) -> u64 {
        self.checked.saturating_sub(self.found.len() as u64)
    }

    pub(crate) fn excused(&self) -> u64 {
        self.found.iter().filter(|found| found.excused_by.is_some()).count() as u64
    }

    /// Differences that nothing excuses.
    pub(crate) fn unexcused(&self) -> impl Iterator<Item = &Difference> {
        self.found.iter().filter(|found| found.excused_by.is_none()).map(|found| &found.difference)
    }
}

/// Compares all mechanisms of an epoch.
pub(crate) fn judge_numbers(
    netuid: u16,
    outputs: &EpochOutputs,
    stored: &StoredEpoch,
    effects: &Effects,
) -> Vec<Comparison> {
    let neurons = u16::try_from(outputs.subnet.active.len()).unwrap_or(u16::MAX);
    let mut comparisons = vec![Comparison::default(); outputs.mechanisms.len()];
    for (position, mechanism) in outputs.mechanisms.iter().enumerate() {
        comparisons[position].checked =
            stored.mechanisms.get(position).map_or(0, |stored| count_mechanism(mechanism, stored));
    }
    if let Some(first) = comparisons.first_mut() {
        first.checked += count_subnet(outputs, stored);
    }
    for difference in compare(outputs, stored) {
        let position = usize::from(difference.mechid.unwrap_or(0));
        let Some(comparison) = comparisons.get_mut(position) else { continue };
        // a row in another order is a difference beside its equal bonds
        comparison.checked += u64::from(difference.field == Field::BondsOrder || difference.uid.is_none());
        let place = Place { netuid, neurons, difference: &difference };
        let excused_by = effects.excuse(place);
        comparison.found.push(Found { difference, excused_by });
    }
    comparisons
}

fn count_subnet(outputs: &EpochOutputs, stored: &StoredEpoch) -> u64 {
    let of = &outputs.subnet;
    let vectors = [
        longer(&of.active, stored.active.as_ref()),
        longer(&of.emission, stored.emission.as_ref()),
        longer(&of.consensus, stored.consensus.as_ref()),
        longer(&of.dividends, stored.dividends.as_ref()),
        longer(&of.validator_trust, stored.validator_trust.as_ref()),
        longer(&of.validator_permit, stored.validator_permit.as_ref()),
    ];
    let optional = [
        (&of.stake_weight, &stored.stake_weight),
        (&of.rank, &stored.rank),
        (&of.trust, &stored.trust),
        (&of.pruning_scores, &stored.pruning_scores),
    ];
    let optional = optional
        .map(|(computed, stored)| computed.as_ref().map_or(0, |values| longer(values, stored.as_ref())));
    vectors.iter().chain(&optional).sum()
}

fn count_mechanism(mechanism: &MechanismOutputs, stored: &StoredMechanism) -> u64 {
    let vectors = longer(&mechanism.incentive, stored.incentive.as_ref())
        + longer(&mechanism.server_emission, stored.server_emission.as_ref());
    let Some(rows) = &stored.bonds else { return vectors };
    let row = |rows: &[StoredRow], uid: usize| rows.get(uid).cloned().unwrap_or_default();
    let bonds: u64 = (0..mechanism.bonds.len().max(rows.len()))
        .map(|uid| {
            let (computed, stored) = (row(&mechanism.bonds, uid), row(rows, uid));
            if computed == stored {
                return computed.len() as u64;
            }
            let mut columns: Vec<u16> = computed.iter().chain(&stored).map(|(column, _)| *column).collect();
            columns.sort_unstable();
            columns.dedup();
            columns.len() as u64
        })
        .sum();
    vectors + bonds
}

fn longer<T>(computed: &[T], stored: Option<&Vec<T>>) -> u64 {
    stored.map_or(0, |stored| stored.len().max(computed.len()) as u64)
}
