//! What epochs leave: metagraph, dividends, weights and bonds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, de::DeserializeOwned};
use yumascan_chain::AccountId;
use yumascan_protocol::epoch::mechanisms;
use yumascan_warehouse::{
    Snapshots,
    rows::{BondsRow, DividendRow, NeuronStateRow, WeightsRow},
};

use super::{block::Known, subnets::unreadable, touched::Touched};
use crate::{
    source::BlockAt,
    verify::{
        items::{Items, Part, Wide, account_of},
        state::States,
    },
};

/// A subnet whose neurons are told after a block.
#[derive(Debug, Clone)]
pub(crate) struct Metagraph {
    pub(crate) netuid: u16,
    /// Whether an epoch ran; otherwise only its neurons are told.
    pub(crate) ran: bool,
    neurons: u16,
    mechanisms: u8,
    hotkeys: Vec<Option<AccountId>>,
    /// Hotkeys whose stake the epoch may have changed: neurons, receivers, their parents, the owner's.
    paid: BTreeSet<AccountId>,
    /// Those that received dividends.
    receivers: BTreeSet<AccountId>,
}

const VECTORS: [&str; 12] = [
    "Active",
    "ValidatorPermit",
    "StakeWeight",
    "Consensus",
    "Dividends",
    "ValidatorTrust",
    "Emission",
    "Rank",
    "Trust",
    "PruningScores",
    "Incentive",
    "LastUpdate",
];
const PAID: [&str; 3] = ["AlphaDividendsPerSubnet", "RootAlphaDividendsPerSubnet", "TaoDividendsPerSubnet"];

impl Metagraph {
    pub(crate) fn new(netuid: u16, ran: bool) -> Self {
        Self {
            netuid,
            ran,
            neurons: 0,
            mechanisms: 1,
            hotkeys: Vec::new(),
            paid: BTreeSet::new(),
            receivers: BTreeSet::new(),
        }
    }

    fn index(&self, mechid: u8) -> Option<u16> {
        mechanisms::storage_index(self.netuid, mechid)
    }

    /// First round: how many neurons and mechanisms, who was paid.
    pub(crate) fn want_extent(&self, block: &Known<'_>, states: &mut States) {
        let key = [Part::U16(self.netuid)];
        for (items, at) in [(&block.before.subtensor, block.parent), (&block.after.subtensor, block.at)] {
            for name in ["SubnetworkN", "MechanismCountCurrent", "SubnetOwnerHotkey", "SubnetOwner"] {
                items.want(states, at, name, &key);
            }
        }
        if self.ran {
            for name in PAID {
                block.after.subtensor.want_keys(states, block.at, name, &key);
            }
        }
    }

    /// Second round: the neurons' hotkeys and vectors.
    pub(crate) fn want_neurons(&mut self, block: &Known<'_>, states: &mut States) {
        let (items, at, netuid) = (&block.after.subtensor, block.at, Part::U16(self.netuid));
        let read = Reader { items, states, block: at.number };
        self.neurons = read.get("SubnetworkN", &[netuid]).unwrap_or(0);
        self.mechanisms = read.get::<u8>("MechanismCountCurrent", &[netuid]).unwrap_or(1).max(1);
        for name in PAID {
            let listed = items.listed(states, at.number, name, &[netuid]);
            self.receivers.extend(listed.iter().filter_map(|parts| account_of(parts.get(1)?)));
        }
        for name in VECTORS {
            items.want(states, at, name, &[netuid]);
        }
        for mechid in 0..self.mechanisms {
            let Some(index) = self.index(mechid) else { continue };
            for name in ["Incentive", "LastUpdate"] {
                items.want(states, at, name, &[Part::U16(index)]);
            }
            for uid in (0..self.neurons).filter(|_| self.ran) {
                for name in ["Weights", "Bonds"] {
                    items.want(states, at, name, &[Part::U16(index), Part::U16(uid)]);
                }
            }
        }
        for uid in 0..self.neurons {
            for name in ["Keys", "BlockAtRegistration"] {
                items.want(states, at, name, &[netuid, Part::U16(uid)]);
            }
        }
        if self.ran {
            for uid in 0..self.neurons_before(block, states) {
                block.before.subtensor.want(states, block.parent, "Keys", &[netuid, Part::U16(uid)]);
            }
        }
    }

    fn neurons_before(&self, block: &Known<'_>, states: &States) -> u16 {
        let read = Reader { items: &block.before.subtensor, states, block: block.parent.number };
        read.get("SubnetworkN", &[Part::U16(self.netuid)]).unwrap_or(0)
    }

    /// Third round: owners, stakes, takes.
    pub(crate) fn want_accounts(&mut self, block: &Known<'_>, states: &mut States) {
        let netuid = Part::U16(self.netuid);
        let (after, before) = (&block.after.subtensor, &block.before.subtensor);
        for uid in 0..self.neurons {
            let key = [netuid, Part::U16(uid)];
            let hotkey = after.is_set(states, block.at.number, "Keys", &key).then(|| {
                Reader { items: after, states, block: block.at.number }.get::<AccountId>("Keys", &key)
            });
            self.hotkeys.push(hotkey.flatten());
        }
        for hotkey in self.hotkeys.iter().flatten() {
            after.want(states, block.at, "Axons", &[netuid, Part::Account(hotkey)]);
            after.want(states, block.at, "Owner", &[Part::Account(hotkey)]);
            want_stakes(after, states, block.at, hotkey, self.netuid);
        }
        if !self.ran {
            return;
        }
        self.paid.extend(&self.receivers);
        self.paid.extend(self.hotkeys.iter().flatten());
        for uid in 0..self.neurons_before(block, states) {
            let key = [netuid, Part::U16(uid)];
            let read = Reader { items: before, states, block: block.parent.number };
            self.paid.extend(read.get::<AccountId>("Keys", &key));
        }
        for (items, at) in [(before, block.parent), (after, block.at)] {
            let read = Reader { items, states, block: at.number };
            self.paid.extend(read.get::<AccountId>("SubnetOwnerHotkey", &[netuid]));
        }
        for hotkey in &self.paid {
            before.want(states, block.parent, "ParentKeys", &[Part::Account(hotkey), netuid]);
        }
        for hotkey in &self.receivers {
            let account = Part::Account(hotkey);
            for name in PAID {
                after.want(states, block.at, name, &[netuid, account]);
            }
            want_stakes(before, states, block.parent, hotkey, self.netuid);
            want_stakes(after, states, block.at, hotkey, self.netuid);
            before.want(states, block.parent, "Delegates", &[account]);
            before.want(states, block.parent, "ChildkeyTake", &[account, netuid]);
        }
    }

    /// Fourth round: whom the hotkeys belong to. A parent's pool is written even where it is paid nothing.
    pub(crate) fn want_owners(&mut self, block: &Known<'_>, states: &mut States) {
        let read = Reader { items: &block.before.subtensor, states, block: block.parent.number };
        let parents_of = |hotkey: &AccountId| -> Vec<(Wide<u64>, AccountId)> {
            read.get("ParentKeys", &[Part::Account(hotkey), Part::U16(self.netuid)]).unwrap_or_default()
        };
        let parents: Vec<AccountId> =
            self.paid.iter().flat_map(parents_of).map(|(_, parent)| parent).collect();
        self.paid.extend(parents);
        for hotkey in &self.paid {
            for (items, at) in [(&block.before.subtensor, block.parent), (&block.after.subtensor, block.at)] {
                items.want(states, at, "Owner", &[Part::Account(hotkey)]);
            }
        }
    }

    /// Fifth round: where miners have their incentives staked.
    pub(crate) fn want_destinations(&self, block: &Known<'_>, states: &mut States) {
        for coldkey in self.owners(block, states).into_values().flatten() {
            for (items, at) in [(&block.before.subtensor, block.parent), (&block.after.subtensor, block.at)] {
                items.want(
                    states,
                    at,
                    "AutoStakeDestination",
                    &[Part::Account(&coldkey), Part::U16(self.netuid)],
                );
            }
        }
    }

    /// Owners of the paid hotkeys, before and after the block.
    fn owners(&self, block: &Known<'_>, states: &States) -> BTreeMap<AccountId, Vec<AccountId>> {
        let mut owners = BTreeMap::new();
        for hotkey in &self.paid {
            let found: BTreeSet<AccountId> =
                [(&block.before.subtensor, block.parent), (&block.after.subtensor, block.at)]
                    .into_iter()
                    .filter_map(|(items, at)| {
                        let key = [Part::Account(hotkey)];
                        let read = Reader { items, states, block: at.number };
                        items
                            .is_set(states, at.number, "Owner", &key)
                            .then(|| read.get("Owner", &key))
                            .flatten()
                    })
                    .collect();
            owners.insert(*hotkey, found.into_iter().collect());
        }
        owners
    }

    /// Adds what the epoch may have changed of holdings.
    pub(crate) fn touch(&self, block: &Known<'_>, states: &States, touched: &mut Touched) {
        if !self.ran {
            return;
        }
        touched.rates.extend(&self.receivers);
        // runtimes that paid root stakers in TAO
        let pays_root = block.after.subtensor.has(PAID[2]);
        for (hotkey, owners) in self.owners(block, states) {
            touched.pools.insert((hotkey, self.netuid));
            if pays_root {
                touched.pools.insert((hotkey, 0));
            }
            for coldkey in owners {
                touched.stake(hotkey, coldkey, self.netuid);
                if pays_root {
                    touched.stake(hotkey, coldkey, 0);
                }
                let key = [Part::Account(&coldkey), Part::U16(self.netuid)];
                for (items, at) in
                    [(&block.before.subtensor, block.parent), (&block.after.subtensor, block.at)]
                {
                    let read = Reader { items, states, block: at.number };
                    if let Some(destination) = read.get::<AccountId>("AutoStakeDestination", &key) {
                        touched.stake(destination, coldkey, self.netuid);
                    }
                }
            }
        }
    }

    /// Adds the rows.
    pub(crate) fn read(&self, block: &Known<'_>, states: &States, rows: &mut Snapshots) {
        let items = &block.after.subtensor;
        let read = Reader { items, states, block: block.at.number };
        let netuid = Part::U16(self.netuid);
        let vectors = Vectors {
            active: read.vector("Active", self.netuid),
            permit: read.vector("ValidatorPermit", self.netuid),
            stake_weight: read.vector("StakeWeight", self.netuid),
            consensus: read.vector("Consensus", self.netuid),
            dividends: read.vector("Dividends", self.netuid),
            validator_trust: read.vector("ValidatorTrust", self.netuid),
            emission: read.vector("Emission", self.netuid),
            rank: read.vector("Rank", self.netuid),
            trust: read.vector("Trust", self.netuid),
            pruning: read.vector("PruningScores", self.netuid),
        };
        let indices: Vec<u16> = (0..self.mechanisms).filter_map(|mechid| self.index(mechid)).collect();
        let incentives: Vec<Vec<u16>> =
            indices.iter().map(|index| read.vector("Incentive", *index)).collect();
        let updates: Vec<Vec<Wide<u64>>> =
            indices.iter().map(|index| read.vector("LastUpdate", *index)).collect();
        let paid = self.paid_to_miners(block);
        for uid in 0..self.neurons {
            let position = usize::from(uid);
            let hotkey = self.hotkeys.get(position).copied().flatten();
            let coldkey = hotkey.and_then(|hotkey| {
                let key = [Part::Account(&hotkey)];
                items
                    .is_set(states, block.at.number, "Owner", &key)
                    .then(|| read.get("Owner", &key))
                    .flatten()
            });
            let coldkey: Option<AccountId> = coldkey;
            let (alpha_stake_rao, root_stake_rao) =
                hotkey.map_or((None, None), |hotkey| read.stakes(&hotkey, self.netuid));
            let registered: Option<Wide<u64>> = read.get("BlockAtRegistration", &[netuid, Part::U16(uid)]);
            let axon = hotkey.and_then(|hotkey| {
                let key = [netuid, Part::Account(&hotkey)];
                let is_set = items.is_set(states, block.at.number, "Axons", &key);
                is_set.then(|| items.json(states, block.at.number, "Axons", &key).ok().flatten()).flatten()
            });
            rows.neurons.push(NeuronStateRow {
                block_number: block.at.number,
                netuid: self.netuid,
                uid,
                timestamp_ms: block.timestamp_ms,
                hotkey: hotkey.map(|hotkey| hotkey.to_ss58()),
                coldkey: coldkey.map(|coldkey| coldkey.to_ss58()),
                registered_at: registered.filter(|_| hotkey.is_some()).map(|block| block.0),
                last_update: at(updates.first(), position).map(|block| block.0),
                active: vectors.active.get(position).copied(),
                validator_permit: vectors.permit.get(position).copied(),
                stake_weight: vectors.stake_weight.get(position).copied(),
                alpha_stake_rao,
                root_stake_rao,
                consensus: vectors.consensus.get(position).copied(),
                incentive: at(incentives.first(), position),
                dividends: vectors.dividends.get(position).copied(),
                validator_trust: vectors.validator_trust.get(position).copied(),
                emission_rao: vectors.emission.get(position).map(|rao| rao.0),
                rank: vectors.rank.get(position).copied(),
                trust: vectors.trust.get(position).copied(),
                pruning_score: vectors.pruning.get(position).copied(),
                mech_incentives: incentives.iter().map(|all| at(Some(all), position).unwrap_or(0)).collect(),
                mech_last_updates: updates
                    .iter()
                    .map(|all| at(Some(all), position).map_or(0, |block| block.0))
                    .collect(),
                miner_alpha_rao: paid.as_ref().map(|paid| paid.get(position).copied().unwrap_or(0)),
                axon,
            });
        }
        if self.ran {
            self.read_dividends(block, states, rows);
            self.read_relations(&read, rows);
        }
    }

    fn read_dividends(&self, block: &Known<'_>, states: &States, rows: &mut Snapshots) {
        let after = Reader { items: &block.after.subtensor, states, block: block.at.number };
        let before = Reader { items: &block.before.subtensor, states, block: block.parent.number };
        for hotkey in &self.receivers {
            let account = Part::Account(hotkey);
            let paid = |name: &str| -> Option<u64> {
                after.get::<Wide<u64>>(name, &[Part::U16(self.netuid), account]).map(|rao| rao.0)
            };
            let (alpha_stake_before_rao, root_stake_before_rao) = before.stakes(hotkey, self.netuid);
            let (alpha_stake_rao, root_stake_rao) = after.stakes(hotkey, self.netuid);
            rows.dividends.push(DividendRow {
                block_number: block.at.number,
                netuid: self.netuid,
                hotkey: hotkey.to_ss58(),
                timestamp_ms: block.timestamp_ms,
                alpha_dividends_rao: paid(PAID[0]),
                root_dividends_rao: paid(PAID[1]),
                tao_dividends_rao: paid(PAID[2]),
                alpha_stake_before_rao,
                alpha_stake_rao,
                root_stake_before_rao,
                root_stake_rao,
                take: before.get("Delegates", &[account]),
                childkey_take: before.get("ChildkeyTake", &[account, Part::U16(self.netuid)]),
            });
        }
    }

    fn read_relations(&self, read: &Reader<'_>, rows: &mut Snapshots) {
        let block_number = read.block;
        let netuid = self.netuid;
        for mechid in 0..self.mechanisms {
            let Some(index) = self.index(mechid) else { continue };
            for uid in 0..self.neurons {
                let row = |name: &str| -> (Vec<u16>, Vec<u16>) {
                    let row: Option<Vec<(u16, u16)>> = read.get(name, &[Part::U16(index), Part::U16(uid)]);
                    row.unwrap_or_default().into_iter().unzip()
                };
                let (targets, values) = row("Weights");
                if !targets.is_empty() {
                    rows.weights.push(WeightsRow { block_number, netuid, mechid, uid, targets, values });
                }
                let (targets, values) = row("Bonds");
                if !targets.is_empty() {
                    rows.bonds.push(BondsRow { block_number, netuid, mechid, uid, targets, values });
                }
            }
        }
    }

    /// What the event of the epoch says was paid to miners, by uid, all mechanisms together.
    fn paid_to_miners(&self, block: &Known<'_>) -> Option<Vec<u64>> {
        if !self.ran {
            return None;
        }
        let indices: Vec<u16> = (0..self.mechanisms).filter_map(|mechid| self.index(mechid)).collect();
        let mut paid: Option<Vec<u64>> = None;
        for event in block.decoded.events().filter(|event| event.extrinsic_index().is_none()) {
            if event.variant != "IncentiveAlphaEmittedToMiners" {
                continue;
            }
            let Ok(announced) = serde_json::from_str::<Announced>(event.args) else { continue };
            if !indices.contains(&announced.netuid) {
                continue;
            }
            let sums = paid.get_or_insert_default();
            for (uid, amount) in announced.emissions.iter().enumerate() {
                if sums.len() <= uid {
                    sums.push(0);
                }
                sums[uid] = sums[uid].saturating_add(amount.0);
            }
        }
        paid
    }
}

/// Event `IncentiveAlphaEmittedToMiners`; the netuid is the storage index of the mechanism.
#[derive(Deserialize)]
struct Announced {
    netuid: u16,
    emissions: Vec<Wide<u64>>,
}

struct Vectors {
    active: Vec<bool>,
    permit: Vec<bool>,
    stake_weight: Vec<u16>,
    consensus: Vec<u16>,
    dividends: Vec<u16>,
    validator_trust: Vec<u16>,
    emission: Vec<Wide<u64>>,
    rank: Vec<u16>,
    trust: Vec<u16>,
    pruning: Vec<u16>,
}

fn at<T: Copy>(values: Option<&Vec<T>>, position: usize) -> Option<T> {
    values?.get(position).copied()
}

/// Wants what is staked to a hotkey on a subnet and on root, in all.
fn want_stakes(items: &Items<'_>, states: &mut States, at: BlockAt, hotkey: &AccountId, netuid: u16) {
    for netuid in [netuid, 0] {
        items.want(states, at, "TotalHotkeyAlpha", &[Part::Account(hotkey), Part::U16(netuid)]);
    }
    items.want(states, at, "TotalHotkeyStake", &[Part::Account(hotkey)]);
}

/// Values of one state; what cannot be read is `None`, counted and told.
struct Reader<'a> {
    items: &'a Items<'a>,
    states: &'a States,
    block: u64,
}

impl Reader<'_> {
    fn get<T: DeserializeOwned>(&self, name: &str, key: &[Part<'_>]) -> Option<T> {
        self.items.find_value(self.states, self.block, name, key).unwrap_or_else(|reason| {
            unreadable(self.block, name, &reason);
            None
        })
    }

    fn vector<T: DeserializeOwned>(&self, name: &str, index: u16) -> Vec<T> {
        self.get(name, &[Part::U16(index)]).unwrap_or_default()
    }

    /// Alpha on the subnet and TAO on root; before alpha existed the hotkey's whole stake stands for the latter.
    fn stakes(&self, hotkey: &AccountId, netuid: u16) -> (Option<u64>, Option<u64>) {
        let account = Part::Account(hotkey);
        let of = |netuid: u16| {
            self.get::<Wide<u64>>("TotalHotkeyAlpha", &[account, Part::U16(netuid)]).map(|rao| rao.0)
        };
        let whole = || self.get::<Wide<u64>>("TotalHotkeyStake", &[account]).map(|rao| rao.0);
        (of(netuid), of(0).or_else(whole))
    }
}
