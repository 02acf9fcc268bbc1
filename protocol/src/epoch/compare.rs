//! Where a computed epoch and the stored one part.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EpochOutputs, MechanismOutputs, StoredRow};

/// What the chain stored at an epoch; `None` for what is not compared (not stored by the era, not read, or
/// rewritten later in the block).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEpoch {
    /// Mechanisms by number.
    pub mechanisms: Vec<StoredMechanism>,
    /// `Active[netuid]`.
    pub active: Option<Vec<bool>>,
    /// `Emission[netuid]`.
    pub emission: Option<Vec<u64>>,
    /// `Consensus[netuid]`.
    pub consensus: Option<Vec<u16>>,
    /// `Dividends[netuid]`.
    pub dividends: Option<Vec<u16>>,
    /// `ValidatorTrust[netuid]`.
    pub validator_trust: Option<Vec<u16>>,
    /// `ValidatorPermit[netuid]`.
    pub validator_permit: Option<Vec<bool>>,
    /// `StakeWeight[netuid]`.
    pub stake_weight: Option<Vec<u16>>,
    /// `Rank[netuid]`.
    pub rank: Option<Vec<u16>>,
    /// `Trust[netuid]`.
    pub trust: Option<Vec<u16>>,
    /// `PruningScores[netuid]`.
    pub pruning_scores: Option<Vec<u16>>,
}

/// What the chain stored for one mechanism.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMechanism {
    /// `Incentive[index]`.
    pub incentive: Option<Vec<u16>>,
    /// `Bonds[index, uid]` by uid.
    pub bonds: Option<Vec<StoredRow>>,
    /// Emissions of the event `IncentiveAlphaEmittedToMiners` of this index, rao.
    pub server_emission: Option<Vec<u64>>,
}

/// A stored result of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    /// `Incentive`.
    Incentive,
    /// `Bonds`.
    Bonds,
    /// `Bonds`: the same pairs in another order.
    BondsOrder,
    /// `IncentiveAlphaEmittedToMiners`.
    ServerEmission,
    /// `Active`.
    Active,
    /// `Emission`.
    Emission,
    /// `Consensus`.
    Consensus,
    /// `Dividends`.
    Dividends,
    /// `ValidatorTrust`.
    ValidatorTrust,
    /// `ValidatorPermit`.
    ValidatorPermit,
    /// `StakeWeight`.
    StakeWeight,
    /// `Rank`.
    Rank,
    /// `Trust`.
    Trust,
    /// `PruningScores`.
    PruningScores,
}

impl Field {
    /// Name of the storage item or of the event.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incentive => "Incentive",
            Self::Bonds => "Bonds",
            Self::BondsOrder => "Bonds (order)",
            Self::ServerEmission => "IncentiveAlphaEmittedToMiners",
            Self::Active => "Active",
            Self::Emission => "Emission",
            Self::Consensus => "Consensus",
            Self::Dividends => "Dividends",
            Self::ValidatorTrust => "ValidatorTrust",
            Self::ValidatorPermit => "ValidatorPermit",
            Self::StakeWeight => "StakeWeight",
            Self::Rank => "Rank",
            Self::Trust => "Trust",
            Self::PruningScores => "PruningScores",
        }
    }
}

/// One value that differs; a flag is 0 or 1, a missing value `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What was stored.
    pub field: Field,
    /// Its mechanism, for what each mechanism stores.
    pub mechid: Option<u8>,
    /// Its neuron; `None` where a mechanism is missing as a whole.
    pub uid: Option<u16>,
    /// The neuron a bond is held of.
    pub target: Option<u16>,
    /// What the replay computed.
    pub computed: Option<u64>,
    /// What the chain stored.
    pub stored: Option<u64>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.field.name())?;
        if let Some(mechid) = self.mechid {
            write!(formatter, " of mechanism {mechid}")?;
        }
        if let Some(uid) = self.uid {
            write!(formatter, ", uid {uid}")?;
        }
        if let Some(target) = self.target {
            write!(formatter, " of uid {target}")?;
        }
        let text = |value: Option<u64>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        write!(formatter, ": computed {}, stored {}", text(self.computed), text(self.stored))
    }
}

impl From<&EpochOutputs> for StoredEpoch {
    /// What the chain stores if the replay is right.
    fn from(outputs: &EpochOutputs) -> Self {
        let subnet = outputs.subnet.clone();
        Self {
            mechanisms: outputs.mechanisms.iter().map(StoredMechanism::from).collect(),
            active: Some(subnet.active),
            emission: Some(subnet.emission),
            consensus: Some(subnet.consensus),
            dividends: Some(subnet.dividends),
            validator_trust: Some(subnet.validator_trust),
            validator_permit: Some(subnet.validator_permit),
            stake_weight: subnet.stake_weight,
            rank: subnet.rank,
            trust: subnet.trust,
            pruning_scores: subnet.pruning_scores,
        }
    }
}

impl From<&MechanismOutputs> for StoredMechanism {
    fn from(outputs: &MechanismOutputs) -> Self {
        Self {
            incentive: Some(outputs.incentive.clone()),
            bonds: Some(outputs.bonds.clone()),
            server_emission: Some(outputs.server_emission.clone()),
        }
    }
}

/// Every value in which the computed epoch and the stored one differ: by field, mechanism and uid.
///
/// Vectors of different lengths differ at each uid that only one of them has.
#[must_use]
pub fn compare(computed: &EpochOutputs, stored: &StoredEpoch) -> Vec<Difference> {
    let mut differences = Differences::default();
    for mechid in 0..computed.mechanisms.len().max(stored.mechanisms.len()) {
        differences.mechid = u8::try_from(mechid).ok();
        match (computed.mechanisms.get(mechid), stored.mechanisms.get(mechid)) {
            (Some(computed), Some(stored)) => differences.of_mechanism(computed, stored),
            (computed, stored) => differences.push(
                Field::Incentive,
                (None, None),
                computed.map(|mechanism| mechanism.rao),
                stored.map(|_| 0),
            ),
        }
    }
    differences.mechid = None;
    let subnet = &computed.subnet;
    differences.of_vector(Field::Active, &subnet.active, stored.active.as_ref());
    differences.of_vector(Field::Emission, &subnet.emission, stored.emission.as_ref());
    differences.of_vector(Field::Consensus, &subnet.consensus, stored.consensus.as_ref());
    differences.of_vector(Field::Dividends, &subnet.dividends, stored.dividends.as_ref());
    differences.of_vector(Field::ValidatorTrust, &subnet.validator_trust, stored.validator_trust.as_ref());
    differences.of_vector(Field::ValidatorPermit, &subnet.validator_permit, stored.validator_permit.as_ref());
    let optional = [
        (Field::StakeWeight, &subnet.stake_weight, &stored.stake_weight),
        (Field::Rank, &subnet.rank, &stored.rank),
        (Field::Trust, &subnet.trust, &stored.trust),
        (Field::PruningScores, &subnet.pruning_scores, &stored.pruning_scores),
    ];
    for (field, computed, stored) in optional {
        if let Some(computed) = computed {
            differences.of_vector(field, computed, stored.as_ref());
        }
    }
    differences.found
}

#[derive(Default)]
struct Differences {
    found: Vec<Difference>,
    mechid: Option<u8>,
}

impl Differences {
    fn push(
        &mut self,
        field: Field,
        (uid, target): (Option<u16>, Option<u16>),
        computed: Option<u64>,
        stored: Option<u64>,
    ) {
        self.found.push(Difference { field, mechid: self.mechid, uid, target, computed, stored });
    }

    fn of_mechanism(&mut self, computed: &MechanismOutputs, stored: &StoredMechanism) {
        self.of_vector(Field::Incentive, &computed.incentive, stored.incentive.as_ref());
        self.of_vector(Field::ServerEmission, &computed.server_emission, stored.server_emission.as_ref());
        let Some(stored) = &stored.bonds else { return };
        let rows = computed.bonds.len().max(stored.len());
        for (index, uid) in (0..rows).zip(0..=u16::MAX) {
            let row = |rows: &[StoredRow]| rows.get(index).cloned().unwrap_or_default();
            self.of_row(uid, &row(&computed.bonds), &row(stored));
        }
    }

    fn of_row(&mut self, uid: u16, computed: &StoredRow, stored: &StoredRow) {
        if computed == stored {
            return;
        }
        let (mut computed, mut stored) = (computed.clone(), stored.clone());
        computed.sort_unstable();
        stored.sort_unstable();
        if computed == stored {
            self.push(Field::BondsOrder, (Some(uid), None), None, None);
        }
        let of = |row: &StoredRow, column: u16| {
            row.iter().find(|(target, _)| *target == column).map(|(_, bond)| u64::from(*bond))
        };
        let mut columns: Vec<u16> = computed.iter().chain(&stored).map(|(column, _)| *column).collect();
        columns.sort_unstable();
        columns.dedup();
        for column in columns {
            let (ours, theirs) = (of(&computed, column), of(&stored, column));
            if ours != theirs {
                self.push(Field::Bonds, (Some(uid), Some(column)), ours, theirs);
            }
        }
    }

    fn of_vector<T: Copy + Into<u64>>(&mut self, field: Field, computed: &[T], stored: Option<&Vec<T>>) {
        let Some(stored) = stored else { return };
        let length = computed.len().max(stored.len());
        for (index, uid) in (0..length).zip(0..=u16::MAX) {
            let value = |values: &[T]| values.get(index).map(|value| (*value).into());
            let (ours, theirs) = (value(computed), value(stored));
            if ours != theirs {
                self.push(field, (Some(uid), None), ours, theirs);
            }
        }
    }
}
