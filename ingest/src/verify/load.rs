//! What an epoch began with, read by name from the state of the parent block.
//!
//! Four rounds of reading: the subnet, then (knowing its size) its neurons, then (knowing their hotkeys) stakes and
//! relations, then the stakes of parents. Whatever the block's initialization did before the epoch is applied on the
//! way: time-locked weights revealed in it are taken from the state after the block.

use yumascan_chain::AccountId;
use yumascan_protocol::epoch::{
    AccountKey, EpochInputs, Era, MechanismInputs, Neuron, Parameters, ParentStake, StakeInputs, StoredRow,
    mechanisms, schedule,
};

use super::{
    commits,
    effects::Effects,
    items::{Items, Part, Reason, Wide},
    outputs::Extent,
    state::States,
};
use crate::source::BlockAt;

/// Rounds of reading, each of which may need what the one before gave.
pub(crate) const ROUNDS: usize = 4;

/// Amounts that wait for the epoch before its block adds to them, each `None` where the runtime has no such item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) server: Option<u64>,
    pub(crate) validator: Option<u64>,
    pub(crate) root_alpha: Option<u64>,
    pub(crate) emission: Option<u64>,
    pub(crate) alpha_swapped: Option<u64>,
}

impl Pending {
    /// Their sum: what the epoch would share out had its block added nothing.
    pub(crate) fn sum(&self) -> u64 {
        let all = [self.server, self.validator, self.root_alpha, self.emission, self.alpha_swapped];
        all.into_iter().flatten().fold(0, u64::saturating_add)
    }
}

/// All that an epoch of a subnet began with.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// Inputs; `rao` is still 0.
    pub(crate) inputs: EpochInputs,
    pub(crate) pending: Pending,
    /// What of the inputs an extrinsic of the block may have touched, in words.
    pub(crate) doubts: Vec<String>,
}

/// An epoch whose inputs are being read.
#[derive(Debug)]
pub(crate) struct Loader<'r> {
    items: &'r Items<'r>,
    at: BlockAt,
    parent: BlockAt,
    effects: &'r Effects,
    loaded: Loaded,
    neurons: u16,
    mechanisms: u8,
    commits: Option<commits::Reading>,
    hotkeys: Vec<Option<AccountId>>,
    /// By uid: proportion and account.
    parents: Vec<Vec<(u64, AccountId)>>,
}

type Relations = Vec<(Wide<u64>, AccountId)>;

impl<'r> Loader<'r> {
    pub(crate) fn new(
        items: &'r Items<'r>,
        era: Era,
        parent: BlockAt,
        at: BlockAt,
        netuid: u16,
        effects: &'r Effects,
    ) -> Self {
        let inputs = EpochInputs {
            era,
            netuid,
            block: at.number,
            rao: 0,
            parameters: Parameters {
                tempo: 0,
                kappa: 0,
                bonds_penalty: u16::MAX,
                bonds_moving_average: 0,
                yuma3_on: false,
                liquid_alpha_on: false,
                alpha_low: 0,
                alpha_high: 0,
                alpha_sigmoid_steepness: 0,
                activity_cutoff: 0,
                max_allowed_validators: 0,
                stake_threshold: 0,
                tao_weight: 0,
                max_stake: None,
            },
            owner_uid: None,
            last_step_block: 0,
            neurons: Vec::new(),
            mechanism_split: None,
            mechanisms: Vec::new(),
        };
        let loaded = Loaded { inputs, pending: Pending::default(), doubts: Vec::new() };
        Self {
            items,
            at,
            parent,
            effects,
            loaded,
            neurons: 0,
            mechanisms: 1,
            commits: None,
            hotkeys: Vec::new(),
            parents: Vec::new(),
        }
    }

    /// Wants the values of a round; those of the rounds before are there.
    pub(crate) fn want(&mut self, round: usize, states: &mut States) -> Result<(), Reason> {
        match round {
            0 => self.want_subnet(states),
            1 => {
                self.read_subnet(states)?;
                self.want_neurons(states)?;
            }
            2 => {
                self.read_neurons(states)?;
                self.want_stakes(states)?;
            }
            _ => {
                self.read_relations(states)?;
                self.finish_reveals(states)?;
                self.want_parents(states);
            }
        }
        Ok(())
    }

    /// The inputs, after all rounds.
    pub(crate) fn finish(mut self, states: &States) -> Result<Loaded, Reason> {
        for (uid, parents) in std::mem::take(&mut self.parents).into_iter().enumerate() {
            for (proportion, parent) in parents {
                let (alpha, tao) = self.stake(states, &parent)?;
                let stake = ParentStake { proportion, alpha, tao };
                self.loaded.inputs.neurons[uid].stake.parents.push(stake);
            }
        }
        if let Some(reading) = &self.commits {
            for mechid in 0..self.mechanisms {
                let index = self.index(mechid)?;
                let blocks =
                    reading.oldest(self.items, states, index, &self.hotkeys, self.parent, self.at)?;
                self.loaded.inputs.mechanisms[usize::from(mechid)].commit_blocks = Some(blocks);
            }
        }
        Ok(self.loaded)
    }

    /// Neurons and mechanisms, known after the first round.
    pub(crate) fn extent(&self) -> Extent {
        Extent { netuid: self.netuid(), neurons: self.neurons, mechanisms: self.mechanisms }
    }

    fn netuid(&self) -> u16 {
        self.loaded.inputs.netuid
    }

    /// Storage index of a mechanism.
    fn index(&self, mechid: u8) -> Result<u16, Reason> {
        index_of(self.netuid(), mechid)
    }

    fn want_subnet(&self, states: &mut States) {
        let key = [Part::U16(self.netuid())];
        for name in OF_SUBNET {
            self.items.want(states, self.parent, name, &key);
        }
        for name in OF_CHAIN {
            self.items.want(states, self.parent, name, &[]);
        }
    }

    fn read_subnet(&mut self, states: &States) -> Result<(), Reason> {
        let (items, block, key) = (self.items, self.parent.number, [Part::U16(self.netuid())]);
        let wide = |name: &str, key: &[Part<'_>]| -> Result<Option<u64>, Reason> {
            Ok(items.read::<Wide<u64>>(states, block, name, key)?.map(|wide| wide.0))
        };
        let short = |name: &str| -> Result<Option<u16>, Reason> { items.read(states, block, name, &key) };
        let flag = |name: &str| -> Result<bool, Reason> {
            Ok(items.read::<bool>(states, block, name, &key)?.unwrap_or(false))
        };
        self.neurons = items.require(states, block, "SubnetworkN", &key)?;
        self.mechanisms = items.read::<u8>(states, block, "MechanismCountCurrent", &key)?.unwrap_or(1);
        let tempo: u16 = items.require(states, block, "Tempo", &key)?;
        let factor: Option<u32> = items.read(states, block, "ActivityCutoffFactorMilli", &key)?;
        let activity_cutoff = match factor {
            Some(factor) => schedule::activity_cutoff(factor, tempo),
            None => u64::from(items.require::<u16>(states, block, "ActivityCutoff", &key)?),
        };
        let (alpha_low, alpha_high) = items.read(states, block, "AlphaValues", &key)?.unwrap_or_default();
        let steepness: Option<i32> = items.read(states, block, "AlphaSigmoidSteepness", &key)?;
        let by_epoch = items.has("LastEpochBlock");
        let inputs = &mut self.loaded.inputs;
        inputs.parameters = Parameters {
            tempo,
            kappa: items.require(states, block, "Kappa", &key)?,
            bonds_penalty: short("BondsPenalty")?.unwrap_or(u16::MAX),
            bonds_moving_average: wide("BondsMovingAverage", &key)?
                .ok_or_else(|| "storage BondsMovingAverage is not there".to_owned())?,
            yuma3_on: flag("Yuma3On")?,
            liquid_alpha_on: flag("LiquidAlphaOn")?,
            alpha_low,
            alpha_high,
            alpha_sigmoid_steepness: steepness.unwrap_or(0),
            activity_cutoff,
            max_allowed_validators: items.require(states, block, "MaxAllowedValidators", &key)?,
            stake_threshold: wide("StakeThreshold", &[])?.unwrap_or(0),
            tao_weight: wide("TaoWeight", &[])?.unwrap_or(0),
            max_stake: wide("NetworkMaxStake", &key)?,
        };
        inputs.last_step_block =
            if by_epoch { wide("LastMechansimStepBlock", &key)?.unwrap_or(0) } else { 0 };
        inputs.mechanism_split =
            items.read::<Option<Vec<u16>>>(states, block, "MechanismEmissionSplit", &key)?.flatten();
        self.loaded.pending = Pending {
            server: wide("PendingServerEmission", &key)?,
            validator: wide("PendingValidatorEmission", &key)?,
            root_alpha: wide("PendingRootAlphaDivs", &key)?,
            emission: wide("PendingEmission", &key)?,
            alpha_swapped: wide("PendingAlphaSwapped", &key)?,
        };
        if flag("CommitRevealWeightsEnabled")? && inputs.era.rules().commit_mask {
            self.commits = Some(commits::Reading {
                netuid: inputs.netuid,
                tempo,
                block: self.at.number,
                reveal_period: wide("RevealPeriodEpochs", &key)?.unwrap_or(1),
                stored_index: if by_epoch {
                    Some(wide("SubnetEpochIndex", &key)?.unwrap_or(0))
                } else {
                    None
                },
            });
        }
        Ok(())
    }

    fn want_neurons(&self, states: &mut States) -> Result<(), Reason> {
        let netuid = Part::U16(self.netuid());
        for uid in 0..self.neurons {
            for name in ["Keys", "BlockAtRegistration"] {
                self.items.want(states, self.parent, name, &[netuid, Part::U16(uid)]);
            }
        }
        for name in ["ValidatorPermit", "SubnetOwnerHotkey"] {
            self.items.want(states, self.parent, name, &[netuid]);
        }
        for mechid in 0..self.mechanisms {
            let index = Part::U16(self.index(mechid)?);
            self.items.want(states, self.parent, "LastUpdate", &[index]);
            for uid in 0..self.neurons {
                for name in ["Weights", "Bonds"] {
                    self.items.want(states, self.parent, name, &[index, Part::U16(uid)]);
                }
            }
            if self.commits.is_some() {
                commits::want_queues(self.items, states, self.parent, index);
            }
        }
        Ok(())
    }

    fn read_neurons(&mut self, states: &States) -> Result<(), Reason> {
        let (items, block, netuid) = (self.items, self.parent.number, Part::U16(self.netuid()));
        let permits: Vec<bool> = items.read(states, block, "ValidatorPermit", &[netuid])?.unwrap_or_default();
        for uid in 0..self.neurons {
            let key = [netuid, Part::U16(uid)];
            let hotkey: Option<AccountId> = match items.is_set(states, block, "Keys", &key) {
                true => items.read(states, block, "Keys", &key)?,
                false => None,
            };
            let registered: Option<Wide<u64>> = items.read(states, block, "BlockAtRegistration", &key)?;
            self.loaded.inputs.neurons.push(Neuron {
                key: hotkey.map(|hotkey| AccountKey(hotkey.0)),
                block_at_registration: registered.filter(|_| hotkey.is_some()).map_or(0, |wide| wide.0),
                permit: permits.get(usize::from(uid)).copied().unwrap_or(false),
                stake: StakeInputs::default(),
            });
            self.hotkeys.push(hotkey);
        }
        let owner: Option<AccountId> = match items.is_set(states, block, "SubnetOwnerHotkey", &[netuid]) {
            true => items.read(states, block, "SubnetOwnerHotkey", &[netuid])?,
            false => None,
        };
        let uid = owner.and_then(|owner| self.hotkeys.iter().position(|hotkey| *hotkey == Some(owner)));
        self.loaded.inputs.owner_uid = uid.and_then(|uid| u16::try_from(uid).ok());
        for mechid in 0..self.mechanisms {
            let index = self.index(mechid)?;
            let last_update: Vec<Wide<u64>> =
                items.read(states, block, "LastUpdate", &[Part::U16(index)])?.unwrap_or_default();
            let rows = |name: &str| -> Result<Vec<StoredRow>, Reason> {
                let row = |uid| items.read(states, block, name, &[Part::U16(index), Part::U16(uid)]);
                (0..self.neurons).map(|uid| Ok(row(uid)?.unwrap_or_default())).collect()
            };
            let mechanism = MechanismInputs {
                last_update: last_update.into_iter().map(|wide| wide.0).collect(),
                weights: rows("Weights")?,
                bonds: rows("Bonds")?,
                commit_blocks: None,
            };
            self.loaded.inputs.mechanisms.push(mechanism);
        }
        Ok(())
    }

    fn want_stakes(&self, states: &mut States) -> Result<(), Reason> {
        let netuid = Part::U16(self.netuid());
        for hotkey in self.hotkeys.iter().flatten() {
            self.want_stake(states, hotkey);
            for name in ["ChildKeys", "ParentKeys"] {
                self.items.want(states, self.parent, name, &[Part::Account(hotkey), netuid]);
            }
        }
        for mechid in 0..self.mechanisms {
            let index = self.index(mechid)?;
            for uid in self.revealing_uids(index) {
                self.items.want(states, self.at, "Weights", &[Part::U16(index), Part::U16(uid)]);
            }
            if let Some(reading) = &self.commits {
                reading.want_commits(self.items, states, index, self.parent, self.at);
            }
        }
        Ok(())
    }

    fn read_relations(&mut self, states: &States) -> Result<(), Reason> {
        let (items, block, netuid) = (self.items, self.parent.number, Part::U16(self.netuid()));
        for uid in 0..self.hotkeys.len() {
            let mut parents = Vec::new();
            if let Some(hotkey) = self.hotkeys[uid] {
                let key = [Part::Account(&hotkey), netuid];
                let children: Relations = items.read(states, block, "ChildKeys", &key)?.unwrap_or_default();
                let of: Relations = items.read(states, block, "ParentKeys", &key)?.unwrap_or_default();
                parents = of.into_iter().map(|(proportion, parent)| (proportion.0, parent)).collect();
                let (alpha, tao) = self.stake(states, &hotkey)?;
                let children = children.into_iter().map(|(proportion, _)| proportion.0).collect();
                self.loaded.inputs.neurons[uid].stake =
                    StakeInputs { alpha, tao, children, parents: Vec::new() };
            }
            self.parents.push(parents);
        }
        Ok(())
    }

    /// Uids whose weights were revealed before the epoch.
    fn revealing_uids(&self, index: u16) -> Vec<u16> {
        let is_revealing =
            |hotkey: &Option<AccountId>| hotkey.is_some_and(|hotkey| self.effects.has_reveal(index, &hotkey));
        (0u16..).zip(&self.hotkeys).filter(|(_, hotkey)| is_revealing(hotkey)).map(|(uid, _)| uid).collect()
    }

    /// Rows revealed before the epoch, as they are after the block; `LastUpdate` moves with them where weights are
    /// not committed (any more).
    fn finish_reveals(&mut self, states: &States) -> Result<(), Reason> {
        let key = [Part::U16(self.netuid())];
        let committed: Option<bool> =
            self.items.read(states, self.parent.number, "CommitRevealWeightsEnabled", &key)?;
        for mechid in 0..self.mechanisms {
            let index = self.index(mechid)?;
            for uid in self.revealing_uids(index) {
                let key = [Part::U16(index), Part::U16(uid)];
                let row: Option<StoredRow> = self.items.read(states, self.at.number, "Weights", &key)?;
                let doubt = self.effects.doubt_of_reveal(self.netuid(), index, uid);
                self.loaded.doubts.extend(doubt);
                let mechanism = &mut self.loaded.inputs.mechanisms[usize::from(mechid)];
                mechanism.weights[usize::from(uid)] = row.unwrap_or_default();
                let update = mechanism.last_update.get_mut(usize::from(uid));
                if let Some(update) = update.filter(|_| committed != Some(true)) {
                    *update = self.at.number;
                }
            }
        }
        Ok(())
    }

    fn want_parents(&self, states: &mut States) {
        for (_, parent) in self.parents.iter().flatten() {
            self.want_stake(states, parent);
        }
    }

    fn want_stake(&self, states: &mut States, hotkey: &AccountId) {
        let account = Part::Account(hotkey);
        for netuid in [self.netuid(), 0] {
            self.items.want(states, self.parent, "TotalHotkeyAlpha", &[account, Part::U16(netuid)]);
        }
        self.items.want(states, self.parent, "TotalHotkeyStake", &[account]);
    }

    /// Alpha on the subnet and TAO on the root; before alpha existed, the hotkey's whole stake and 0.
    fn stake(&self, states: &States, hotkey: &AccountId) -> Result<(u64, u64), Reason> {
        let block = self.parent.number;
        let account = Part::Account(hotkey);
        let read = |name: &str, key: &[Part<'_>]| -> Result<u64, Reason> {
            Ok(self.items.read::<Wide<u64>>(states, block, name, key)?.map_or(0, |wide| wide.0))
        };
        if !self.items.has("TotalHotkeyAlpha") {
            return Ok((read("TotalHotkeyStake", &[account])?, 0));
        }
        let of = |netuid| read("TotalHotkeyAlpha", &[account, Part::U16(netuid)]);
        Ok((of(self.netuid())?, of(0)?))
    }
}

/// Storage index of a mechanism.
pub(crate) fn index_of(netuid: u16, mechid: u8) -> Result<u16, Reason> {
    mechanisms::storage_index(netuid, mechid)
        .ok_or_else(|| format!("subnet {netuid} and mechanism {mechid} have no storage index"))
}

/// Items of the chain as a whole.
const OF_CHAIN: [&str; 2] = ["StakeThreshold", "TaoWeight"];

/// Items with the netuid as their only key that the first round reads.
const OF_SUBNET: [&str; 25] = [
    "SubnetworkN",
    "MechanismCountCurrent",
    "MechanismEmissionSplit",
    "Tempo",
    "ActivityCutoff",
    "ActivityCutoffFactorMilli",
    "LastMechansimStepBlock",
    "MaxAllowedValidators",
    "Kappa",
    "BondsPenalty",
    "BondsMovingAverage",
    "Yuma3On",
    "LiquidAlphaOn",
    "AlphaValues",
    "AlphaSigmoidSteepness",
    "CommitRevealWeightsEnabled",
    "RevealPeriodEpochs",
    "SubnetEpochIndex",
    "NetworkMaxStake",
    "PendingServerEmission",
    "PendingValidatorEmission",
    "PendingRootAlphaDivs",
    "PendingEmission",
    "PendingAlphaSwapped",
    "NetworkRegisteredAt",
];
