//! Which rules an epoch ran under.
//!
//! Most changes show in the metadata: a storage item appears with them. The others are known by the spec
//! version alone, and some of those only up to the distance between two tagged releases ([`Certainty`]).

use serde::{Deserialize, Serialize};

/// A span of specs whose epochs follow the same rules, named by its first spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Era {
    /// 195–232: stake in TAO, one token.
    Tao195,
    /// 233–251: stake weight of alpha and root TAO, bonds penalty.
    Alpha233,
    /// 252–256: the subnet owner may weigh itself.
    Alpha252,
    /// 257–260: bonds to neurons registered within the last tempo are dropped.
    Alpha257,
    /// 261–272: stake inheritance in unsigned numbers.
    Alpha261,
    /// 273–282: Yuma3 bonds, liquid alpha per entry, stake threshold, permits only with stake.
    Yuma273,
    /// 283–296: steepness of liquid alpha signed and in hundredths.
    Yuma283,
    /// 297–319: weights committed before a neuron took its uid do not reach it.
    Commit297,
    /// 320–322: mechanisms; bonds written for every uid; stake weight not stored.
    Mechanisms320,
    /// 323–364: stake weight stored again.
    Mechanisms323,
    /// 365–400: no rank, trust, pruning scores; the exponential is clamped.
    Mechanisms365,
    /// 401–422: the subnet owner's uid needs no stake and always has a permit.
    Owner401,
    /// 423 and later: stored schedule, commits keyed by epoch.
    Schedule423,
}

/// How an epoch's rules are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Certainty {
    /// The rules of this spec are known.
    Known,
    /// The spec lies between two releases of which only the later has a rule of this era. A replay that equals
    /// the chain shows that the rule was there; one that differs shows nothing.
    Inferred,
    /// The spec is later than any that is known ([`LAST_KNOWN_SPEC`]); the rules are those of the last one.
    Later,
}

/// The last spec whose rules are known.
pub const LAST_KNOWN_SPEC: u32 = 424;

/// The spec has rules that are not implemented.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("epochs of spec {spec} are not implemented: {reason}")]
pub struct Unsupported {
    /// The spec version asked for.
    pub spec: u32,
    /// What is missing.
    pub reason: String,
}

/// Storage items of the pallet `SubtensorModule` whose presence in the metadata dates the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageItems {
    /// `SubnetAlphaIn`: 233 and later.
    pub subnet_alpha_in: bool,
    /// `Yuma3On`: 273 and later.
    pub yuma3_on: bool,
    /// `MechanismCountCurrent`: 320 and later.
    pub mechanism_count_current: bool,
    /// `PendingServerEmission`: 343 and later.
    pub pending_server_emission: bool,
    /// `RootProp`: 365 and later.
    pub root_prop: bool,
    /// `AlphaV2`: 401 and later.
    pub alpha_v2: bool,
    /// `LastEpochBlock`: 423 and later.
    pub last_epoch_block: bool,
}

impl StorageItems {
    /// Reads the presence of the items from `has`, which answers for an item of `SubtensorModule`.
    pub fn of(mut has: impl FnMut(&str) -> bool) -> Self {
        Self {
            subnet_alpha_in: has("SubnetAlphaIn"),
            yuma3_on: has("Yuma3On"),
            mechanism_count_current: has("MechanismCountCurrent"),
            pending_server_emission: has("PendingServerEmission"),
            root_prop: has("RootProp"),
            alpha_v2: has("AlphaV2"),
            last_epoch_block: has("LastEpochBlock"),
        }
    }

    /// The items that a runtime of this spec has.
    #[must_use]
    pub fn of_spec(spec: u32) -> Self {
        let [alpha, yuma3, mechanisms, pendings, root_prop, alpha_v2, last_epoch] =
            FIRST_SPECS.map(|first| spec >= first);
        Self {
            subnet_alpha_in: alpha,
            yuma3_on: yuma3,
            mechanism_count_current: mechanisms,
            pending_server_emission: pendings,
            root_prop,
            alpha_v2,
            last_epoch_block: last_epoch,
        }
    }

    fn presence(self) -> [bool; 7] {
        [
            self.subnet_alpha_in,
            self.yuma3_on,
            self.mechanism_count_current,
            self.pending_server_emission,
            self.root_prop,
            self.alpha_v2,
            self.last_epoch_block,
        ]
    }

    /// The spec moved into the span that the items allow: they bear witness, the number is only a name.
    fn effective_spec(self, spec: u32) -> u32 {
        let presence = self.presence();
        // the latest item present decides; an earlier one may have been removed since
        match presence.iter().rposition(|present| *present) {
            None => spec.min(FIRST_SPECS[0] - 1),
            Some(last) => {
                let above = FIRST_SPECS.get(last + 1).map_or(u32::MAX, |first| first - 1);
                spec.clamp(FIRST_SPECS[last], above)
            }
        }
    }
}

/// First specs of the items of [`StorageItems`], in its order.
const FIRST_SPECS: [u32; 7] = [233, 273, 320, 343, 365, 401, 423];

/// First specs of the eras.
const ERAS: [(u32, Era); 13] = [
    (195, Era::Tao195),
    (233, Era::Alpha233),
    (252, Era::Alpha252),
    (257, Era::Alpha257),
    (261, Era::Alpha261),
    (273, Era::Yuma273),
    (283, Era::Yuma283),
    (297, Era::Commit297),
    (320, Era::Mechanisms320),
    (323, Era::Mechanisms323),
    (365, Era::Mechanisms365),
    (401, Era::Owner401),
    (423, Era::Schedule423),
];

/// Specs between two releases with a change that no storage item dates.
const INFERRED: [(u32, u32); 6] = [(248, 251), (253, 256), (258, 260), (278, 282), (291, 296), (363, 364)];

impl Era {
    /// The era of a spec, given the storage items its metadata has.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] for specs before 195, whose rules are not implemented.
    pub fn choose(spec: u32, items: StorageItems) -> Result<(Self, Certainty), Unsupported> {
        let effective = items.effective_spec(spec);
        let Some((_, era)) = ERAS.iter().rev().find(|(first, _)| *first <= effective) else {
            let reason = "the rules before spec 195 are not implemented".to_owned();
            return Err(Unsupported { spec, reason });
        };
        let inferred = INFERRED.iter().any(|(first, last)| (*first..=*last).contains(&effective));
        let certainty = match (inferred, spec > LAST_KNOWN_SPEC) {
            (true, _) => Certainty::Inferred,
            (false, true) => Certainty::Later,
            (false, false) => Certainty::Known,
        };
        Ok((*era, certainty))
    }

    /// The era of a spec whose metadata has the items one expects of it.
    ///
    /// # Errors
    ///
    /// As [`Era::choose`].
    pub fn of_spec(spec: u32) -> Result<Self, Unsupported> {
        Self::choose(spec, StorageItems::of_spec(spec)).map(|(era, _)| era)
    }

    /// All eras, oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        ERAS.iter().map(|(_, era)| *era)
    }

    /// The first spec of the era.
    #[must_use]
    pub fn first_spec(self) -> u32 {
        ERAS.iter().find(|(_, era)| *era == self).map_or(0, |(first, _)| *first)
    }

    /// The rules of the era.
    #[must_use]
    pub fn rules(self) -> Rules {
        let since = |first: Self| self >= first;
        Rules {
            stake: match self {
                Self::Tao195 => StakeRule::Tao,
                Self::Alpha233 | Self::Alpha252 | Self::Alpha257 => StakeRule::AlphaSigned,
                _ => StakeRule::Alpha,
            },
            stake_threshold: since(Self::Yuma273),
            permits_need_stake: since(Self::Yuma273),
            owner_self_weight: since(Self::Alpha252),
            owner_always_permitted: since(Self::Owner401),
            bonds_mask: match self {
                Self::Tao195 | Self::Alpha233 | Self::Alpha252 => BondsMask::WeightUpdate,
                Self::Schedule423 => BondsMask::LastStep,
                _ => BondsMask::LastTempo,
            },
            bonds_penalty: since(Self::Alpha233),
            yuma3: since(Self::Yuma273),
            liquid_alpha: match self {
                Self::Tao195 | Self::Alpha233 | Self::Alpha252 | Self::Alpha257 | Self::Alpha261 => {
                    LiquidAlpha::Columns
                }
                Self::Yuma273 => LiquidAlpha::EntriesUnscaled,
                Self::Yuma283 | Self::Commit297 | Self::Mechanisms320 | Self::Mechanisms323 => {
                    LiquidAlpha::EntriesUnclamped
                }
                Self::Mechanisms365 | Self::Owner401 | Self::Schedule423 => LiquidAlpha::Entries,
            },
            commit_mask: since(Self::Commit297),
            mechanisms: since(Self::Mechanisms320),
            ranks_stored: !since(Self::Mechanisms365),
            stake_weight_stored: self != Self::Mechanisms320,
        }
    }
}

impl std::fmt::Display for Era {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = self.first_spec();
        let next = ERAS.iter().map(|(spec, _)| *spec).find(|spec| *spec > first);
        match next {
            Some(next) => write!(formatter, "specs {first}–{}", next - 1),
            None => write!(formatter, "specs since {first}"),
        }
    }
}

/// How the stake of a neuron is weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StakeRule {
    /// TAO alone; each inherited term floored to rao; at most the network's greatest stake.
    Tao,
    /// Alpha plus weighted root TAO, inheritance in I96F32.
    AlphaSigned,
    /// Alpha plus weighted root TAO, inheritance in U96F32.
    Alpha,
}

/// Which old bonds are dropped because their target is too new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BondsMask {
    /// Target registered at or after the validator's last weights.
    WeightUpdate,
    /// Target registered at or after the block of one tempo ago.
    LastTempo,
    /// Target registered after the last step of the mechanism; before any step as [`BondsMask::LastTempo`].
    LastStep,
}

/// The forms that liquid alpha had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiquidAlpha {
    /// One alpha per miner, fitted to the quartiles of the consensus; with classic bonds.
    Columns,
    /// One alpha per bond, steepness as stored; with Yuma3 bonds, as the ones below.
    EntriesUnscaled,
    /// Steepness in hundredths; the exponential overflows to zero.
    EntriesUnclamped,
    /// Steepness in hundredths; the exponential's argument is clamped.
    Entries,
}

/// The rules of an era: every place where releases differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Stake weight.
    pub stake: StakeRule,
    /// Stake below `StakeThreshold` counts as zero.
    pub stake_threshold: bool,
    /// A permit needs stake; before, the first uids filled free seats.
    pub permits_need_stake: bool,
    /// The owner's uid may weigh itself.
    pub owner_self_weight: bool,
    /// The owner's uid needs no stake threshold and always has a permit.
    pub owner_always_permitted: bool,
    /// Old bonds to new neurons.
    pub bonds_mask: BondsMask,
    /// `BondsPenalty` interpolates between weights and clipped weights; before, clipped weights make bonds.
    pub bonds_penalty: bool,
    /// `Yuma3On` is read.
    pub yuma3: bool,
    /// Form of liquid alpha.
    pub liquid_alpha: LiquidAlpha,
    /// Commit-reveal masks columns of neurons newer than the commit.
    pub commit_mask: bool,
    /// Several mechanisms; bonds written for every uid.
    pub mechanisms: bool,
    /// `Rank`, `Trust`, `PruningScores` are computed.
    pub ranks_stored: bool,
    /// `StakeWeight` is written.
    pub stake_weight_stored: bool,
}
