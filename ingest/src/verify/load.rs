//! What an epoch began with, read by name from the state of the parent block.
//!
//! Four rounds of reading: the subnet, then (knowing its size) its neurons, then (knowing their hotkeys) stakes and
//! relations, then the stakes of parents. Whatever the block's initialization did before the epoch is applied on the
//! way: time-locked weights revealed in it are taken from the state after the block.

mod stakes;
mod subnet;

use yumascan_chain::AccountId;
use yumascan_protocol::epoch::{
    AccountKey, EpochInputs, Era, MechanismInputs, Neuron, Parameters, ParentStake, StakeInputs, StoredRow,
    mechanisms,
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
}

/// Storage index of a mechanism.
pub(crate) fn index_of(netuid: u16, mechid: u8) -> Result<u16, Reason> {
    mechanisms::storage_index(netuid, mechid)
        .ok_or_else(|| format!("subnet {netuid} and mechanism {mechid} have no storage index"))
}
