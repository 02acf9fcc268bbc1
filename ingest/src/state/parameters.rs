//! Changes of parameters: found between two readings, narrowed to their block, and laid to the call that made them.

mod cause;
mod migrations;

use std::collections::{BTreeMap, BTreeSet};

use yumascan_chain::BlockNumber;
use yumascan_warehouse::{
    Parameters,
    rows::{HyperparameterRow, NetworkParameterRow},
};

pub(super) use self::migrations::ITEM as MIGRATIONS;
use super::{
    block::{Known, Pallets},
    subnets::unreadable,
};
use crate::{
    IngestError,
    rpc::Pool,
    source::BlockAt,
    verify::{
        due,
        items::{Items, Part},
        state::States,
    },
};

/// Parameters of subnets: items of `SubtensorModule` with the netuid as their only key.
const OF_SUBNET: [&str; 49] = [
    "ActivityCutoff",
    "ActivityCutoffFactorMilli",
    "AdjustmentAlpha",
    "AdjustmentInterval",
    "AlphaSigmoidSteepness",
    "AlphaValues",
    "BondsMovingAverage",
    "BondsPenalty",
    "BondsResetOn",
    "Burn",
    "BurnHalfLife",
    "BurnIncreaseMult",
    "CommitRevealWeightsEnabled",
    "Difficulty",
    "EMAPriceHalvingBlocks",
    "ImmuneOwnerUidsLimit",
    "ImmunityPeriod",
    "Kappa",
    "LiquidAlphaOn",
    "MaxAllowedUids",
    "MaxAllowedValidators",
    "MaxBurn",
    "MaxDifficulty",
    "MaxRegistrationsPerBlock",
    "MaxWeightsLimit",
    "MechanismCountCurrent",
    "MechanismEmissionSplit",
    "MinAllowedUids",
    "MinAllowedWeights",
    "MinBurn",
    "MinChildkeyTakePerSubnet",
    "MinDifficulty",
    "MinNonImmuneUids",
    "NetworkPowRegistrationAllowed",
    "NetworkRegistrationAllowed",
    "OwnerCutAutoLockEnabled",
    "OwnerCutEnabled",
    "RecycleOrBurn",
    "RevealPeriodEpochs",
    "Rho",
    "RootClaimableThreshold",
    "ServingRateLimit",
    "SubnetEmissionEnabled",
    "SubtokenEnabled",
    "TargetRegistrationsPerInterval",
    "Tempo",
    "TransferToggle",
    "WeightsSetRateLimit",
    "Yuma3On",
];
/// The same with older or rarer names.
const OF_SUBNET_MORE: [&str; 8] = [
    "NetworkMaxStake",
    "ScalingLawPower",
    "SubnetMechanism",
    "SubnetOwner",
    "SubnetOwnerHotkey",
    "ValidatorPruneLen",
    "VotingPowerTrackingEnabled",
    "WeightsVersionKey",
];
/// Parameters of the chain as a whole: items of `SubtensorModule` without keys.
const OF_CHAIN: [&str; 52] = [
    "AdminFreezeWindow",
    "CKBurn",
    "ColdkeySwapAnnouncementDelay",
    "ColdkeySwapReannouncementDelay",
    "ColdkeySwapRescheduleDuration",
    "ColdkeySwapScheduleDuration",
    "CommitRevealWeightsVersion",
    "DissolveNetworkScheduleDuration",
    "FlowEmaSmoothingFactor",
    "FlowNormExponent",
    "MaturityRate",
    "MaxChildkeyTake",
    "MaxDelegateTake",
    "MaxEpochsPerBlock",
    "MaxMechanismCount",
    "MaxTake",
    "MaxTempo",
    "MinActivityCutoff",
    "MinChildkeyTake",
    "MinDelegateTake",
    "MinTake",
    "NetTaoFlowEnabled",
    "NetworkImmunityPeriod",
    "NetworkLastLockCost",
    "NetworkLockReductionInterval",
    "NetworkMinAllowedUids",
    "NetworkMinLockCost",
    "NetworkRateLimit",
    "NetworkRegistrationStartBlock",
    "NominatorMinRequiredStake",
    "NumRootClaim",
    "OwnerHyperparamRateLimit",
    "PendingChildKeyCooldown",
    "SenateRequiredStakePercentage",
    "StakeInterval",
    "StakeThreshold",
    "StartCallDelay",
    "SubnetLimit",
    "SubnetMovingAlpha",
    "SubnetOwnerCut",
    "TaoFlowCutoff",
    "TaoInRefundDeploymentBlock",
    "TaoWeight",
    "TargetStakesPerInterval",
    "TotalNetworks",
    "TxChildkeyTakeRateLimit",
    "TxDelegateTakeRateLimit",
    "TxRateLimit",
    "UnlockRate",
    "WeightsMinStake",
    "WeightsVersionKeyRateLimit",
    "HotkeyEmissionTempo",
];

/// A parameter: of a subnet, or of the chain as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Parameter {
    pub(crate) netuid: Option<u16>,
    /// As stored: with its pallet where that is not `SubtensorModule`.
    pub(crate) name: &'static str,
}

impl Parameter {
    fn items<'p, 'r>(self, pallets: &'p Pallets<'r>) -> (&'p Items<'r>, &'static str) {
        match self.name {
            "Swap.FeeRate" => (&pallets.swap, "FeeRate"),
            "Swap.EnabledUserLiquidity" => (&pallets.swap, "EnabledUserLiquidity"),
            "Sudo.Key" => (&pallets.sudo, "Key"),
            name => (&pallets.subtensor, name),
        }
    }

    fn key(self) -> Vec<Part<'static>> {
        self.netuid.map(Part::U16).into_iter().collect()
    }

    fn want(self, pallets: &Pallets<'_>, states: &mut States, at: BlockAt) {
        let (items, name) = self.items(pallets);
        items.want(states, at, name, &self.key());
    }

    /// Its value in canonical JSON; `None` where there is none, and of a subnet that there is not.
    fn read(
        self,
        pallets: &Pallets<'_>,
        states: &States,
        at: BlockNumber,
        netuids: &[u16],
    ) -> Option<String> {
        if self.netuid.is_some_and(|netuid| !netuids.contains(&netuid)) {
            return None;
        }
        let (items, name) = self.items(pallets);
        // from 401 on this decays in every block: the subnets' rows have it
        if name == "Burn" && items.has("BurnHalfLife") {
            return None;
        }
        items.json(states, at, name, &self.key()).unwrap_or_else(|reason| {
            unreadable(at, name, &reason);
            None
        })
    }
}

/// All parameters of a state with these subnets.
fn all(netuids: &[u16]) -> Vec<Parameter> {
    let of_chain = OF_CHAIN.iter().chain(&["Sudo.Key"]);
    let mut all: Vec<Parameter> = of_chain.map(|name| Parameter { netuid: None, name }).collect();
    for netuid in netuids {
        let names =
            OF_SUBNET.iter().chain(&OF_SUBNET_MORE).chain(&["Swap.FeeRate", "Swap.EnabledUserLiquidity"]);
        all.extend(names.map(|name| Parameter { netuid: Some(*netuid), name }));
    }
    all
}

/// A block whose state is read: itself, its items, its subnets.
#[derive(Clone)]
struct Point<'w> {
    at: BlockAt,
    pallets: &'w Pallets<'w>,
    netuids: Vec<u16>,
}

impl Point<'_> {
    fn read(&self, states: &States, parameter: Parameter) -> Option<String> {
        parameter.read(self.pallets, states, self.at.number, &self.netuids)
    }
}

/// The values of all parameters after a block, as first readings.
pub(crate) async fn first_seen(
    pool: &Pool,
    states: &mut States,
    pallets: &Pallets<'_>,
    at: BlockAt,
    timestamp_ms: Option<u64>,
) -> Result<Parameters, IngestError> {
    due::want_subnets(&pallets.subtensor, states, at);
    states.fetch(pool).await?;
    let netuids = subnets(pallets, states, at);
    let parameters = all(&netuids);
    for parameter in &parameters {
        parameter.want(pallets, states, at);
    }
    states.fetch(pool).await?;
    let mut found = Parameters { first: at.number, ..Parameters::default() };
    for parameter in parameters {
        let Some(new_value) = parameter.read(pallets, states, at.number, &netuids) else { continue };
        let change =
            Change { parameter, block: at.number, timestamp_ms, old_value: None, new_value: Some(new_value) };
        change.push(cause::Cause::named("first_seen"), &mut found);
    }
    Ok(found)
}

/// Subnets of a state, root among them.
pub(crate) fn subnets(pallets: &Pallets<'_>, states: &States, at: BlockAt) -> Vec<u16> {
    let mut netuids = vec![0];
    netuids.extend(due::subnets(&pallets.subtensor, states, at));
    netuids
}

/// A parameter that a block changed.
struct Change {
    parameter: Parameter,
    block: BlockNumber,
    timestamp_ms: Option<u64>,
    old_value: Option<String>,
    new_value: Option<String>,
}

impl Change {
    fn push(self, cause: cause::Cause, found: &mut Parameters) {
        let name = self.parameter.name.to_owned();
        match self.parameter.netuid {
            Some(netuid) => found.subnets.push(HyperparameterRow {
                block_number: self.block,
                netuid,
                name,
                timestamp_ms: self.timestamp_ms,
                old_value: self.old_value,
                new_value: self.new_value,
                extrinsic_index: cause.extrinsic_index,
                call: cause.call,
                signer: cause.signer,
                cause: cause.name.to_owned(),
            }),
            None => found.network.push(NetworkParameterRow {
                block_number: self.block,
                name,
                timestamp_ms: self.timestamp_ms,
                old_value: self.old_value,
                new_value: self.new_value,
                extrinsic_index: cause.extrinsic_index,
                call: cause.call,
                signer: cause.signer,
                cause: cause.name.to_owned(),
            }),
        }
    }
}

/// All changes in a run of blocks. `hints` are positions of blocks that may have set any.
pub(crate) async fn read_changes(
    pool: &Pool,
    states: &mut States,
    blocks: &[Known<'_>],
    hints: &BTreeSet<usize>,
) -> Result<Parameters, IngestError> {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(Parameters::default()) };
    due::want_subnets(&first.before.subtensor, states, first.parent);
    for block in blocks {
        due::want_subnets(&block.after.subtensor, states, block.at);
    }
    states.fetch(pool).await?;
    // the state before the run, then those after each block
    let mut points = vec![Point {
        at: first.parent,
        pallets: first.before,
        netuids: subnets(first.before, states, first.parent),
    }];
    points.extend(blocks.iter().map(|block| Point {
        at: block.at,
        pallets: block.after,
        netuids: subnets(block.after, states, block.at),
    }));
    let mut places: BTreeSet<usize> = [0, points.len() - 1].into();
    for hint in hints.iter().copied().filter(|hint| *hint < blocks.len()) {
        places.extend([hint, hint + 1]);
    }
    let netuids: BTreeSet<u16> = points.iter().flat_map(|point| point.netuids.iter().copied()).collect();
    let parameters = all(&netuids.into_iter().collect::<Vec<_>>());
    for place in &places {
        let point = &points[*place];
        parameters.iter().for_each(|parameter| parameter.want(point.pallets, states, point.at));
    }
    states.fetch(pool).await?;
    let places: Vec<usize> = places.into_iter().collect();
    let mut open: Vec<(usize, usize, Parameter)> = Vec::new();
    for pair in places.windows(2) {
        let &[low, high] = pair else { continue };
        let differing = parameters.iter().filter(|parameter| {
            points[low].read(states, **parameter) != points[high].read(states, **parameter)
        });
        open.extend(differing.map(|parameter| (low, high, *parameter)));
    }
    let changed = narrow(pool, states, &points, open).await?;
    let mut found = Parameters { first: first.at.number, ..Parameters::default() };
    let mut by_block: BTreeMap<usize, Vec<Parameter>> = BTreeMap::new();
    for (place, parameter) in changed {
        by_block.entry(place).or_default().push(parameter);
    }
    for (place, parameters) in by_block {
        let (before, after, block) = (&points[place - 1], &points[place], &blocks[place - 1]);
        let causes = cause::Causes::of(block);
        for parameter in parameters {
            let change = Change {
                parameter,
                block: block.at.number,
                timestamp_ms: block.timestamp_ms,
                old_value: before.read(states, parameter),
                new_value: after.read(states, parameter),
            };
            let is_there =
                |point: &Point<'_>| parameter.netuid.is_none_or(|netuid| point.netuids.contains(&netuid));
            let cause = match (is_there(before), is_there(after)) {
                (false, true) => causes.of_subnet(parameter, "NetworkAdded", "subnet_registered"),
                (true, false) => causes.of_subnet(parameter, "NetworkRemoved", "subnet_removed"),
                _ => causes.of_parameter(parameter),
            };
            change.push(cause, &mut found);
        }
    }
    found.network.extend(migrations::read(pool, states, blocks).await?);
    debug_assert!(found.subnets.iter().all(|row| row.block_number <= last.at.number));
    Ok(found)
}

/// Halves stretches until each change lies in one block: the place of the state after it, and the parameter.
///
/// What changes and changes back within a stretch that no hint cuts is not seen.
async fn narrow(
    pool: &Pool,
    states: &mut States,
    points: &[Point<'_>],
    mut open: Vec<(usize, usize, Parameter)>,
) -> Result<Vec<(usize, Parameter)>, IngestError> {
    let mut found = Vec::new();
    while !open.is_empty() {
        let mut halved = Vec::new();
        for (low, high, parameter) in open {
            if high - low == 1 {
                found.push((high, parameter));
                continue;
            }
            let middle = low.midpoint(high);
            parameter.want(points[middle].pallets, states, points[middle].at);
            halved.push((low, middle, high, parameter));
        }
        states.fetch(pool).await?;
        open = Vec::new();
        for (low, middle, high, parameter) in halved {
            let value = |place: usize| points[place].read(states, parameter);
            if value(low) != value(middle) {
                open.push((low, middle, parameter));
            }
            if value(middle) != value(high) {
                open.push((middle, high, parameter));
            }
        }
    }
    Ok(found)
}
