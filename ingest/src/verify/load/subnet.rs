//! The first round: a subnet's size, parameters and pending amounts.

use yumascan_protocol::epoch::{Parameters, schedule};

use super::{Loader, Pending};
use crate::verify::{
    commits,
    items::{Part, Reason, Wide},
    state::States,
};

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

impl Loader<'_> {
    pub(super) fn want_subnet(&self, states: &mut States) {
        let key = [Part::U16(self.netuid())];
        for name in OF_SUBNET {
            self.items.want(states, self.parent, name, &key);
        }
        for name in OF_CHAIN {
            self.items.want(states, self.parent, name, &[]);
        }
    }

    pub(super) fn read_subnet(&mut self, states: &States) -> Result<(), Reason> {
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
}
