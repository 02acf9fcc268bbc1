//! The epoch itself: its stages in order.

use crate::fixed::I32F32;

use super::{
    EpochInputs, EpochOutputs, EpochSteps, Era, MechanismInputs, MechanismOutputs, Rules, StoredRow,
    Workspace, aggregate,
    bonds::{self, Source},
    consensus, mechanisms,
    quantise::to_u16_share,
    split, stake, weights,
    workspace::{MechanismBuffers, SubnetBuffers},
};

/// Inputs that no state of the chain has, or an epoch that the chain does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EpochError {
    /// Epochs of the root network are not implemented.
    #[error("netuid 0 has no epoch of its own; give the inputs of a subnet")]
    RootNetwork,
    /// More neurons than uids.
    #[error("{neurons} neurons are more than uids can number; give at most 65536")]
    TooManyNeurons {
        /// How many were given.
        neurons: usize,
    },
    /// No mechanism, or more than the era or the index allows.
    #[error(
        "{mechanisms} mechanisms on subnet {netuid} under the rules of {era}; give at least 1 and at most {most}"
    )]
    MechanismCount {
        /// Subnet.
        netuid: u16,
        /// How many were given.
        mechanisms: usize,
        /// Rules in force.
        era: Era,
        /// How many there may be.
        most: usize,
    },
    /// A storage index does not exist for the subnet.
    #[error(
        "subnet {netuid} has no index for mechanism {mechid}; netuids end at 4095 where mechanisms exist"
    )]
    NoIndex {
        /// Subnet.
        netuid: u16,
        /// Mechanism.
        mechid: u8,
    },
    /// Two uids share a hotkey; since spec 334 the chain skips such an epoch.
    #[error("uids {first} and {second} have the same hotkey; the chain skips the epoch of such a subnet")]
    SharedHotkey {
        /// Lower uid.
        first: u16,
        /// Higher uid.
        second: u16,
    },
    /// A uid without hotkey: what the chain stores then is not known.
    #[error("uid {uid} has no hotkey; an epoch with a gap among the keys is not implemented")]
    MissingHotkey {
        /// The uid.
        uid: u16,
    },
    /// A row names a column twice.
    #[error("mechanism {mechid}: the {map} of uid {uid} name uid {column} twice; read the row again")]
    DuplicateColumn {
        /// Mechanism.
        mechid: usize,
        /// `weights` or `bonds`.
        map: &'static str,
        /// The row.
        uid: usize,
        /// The column.
        column: u16,
    },
}

impl EpochError {
    pub(super) fn duplicate(mechid: usize, map: &'static str, uid: usize, column: u16) -> Self {
        Self::DuplicateColumn { mechid, map, uid, column }
    }
}

/// Computes an epoch.
///
/// # Errors
///
/// [`EpochError`] for inputs that no chain state has; never for lack of stake, weights or validators.
pub fn run(inputs: &EpochInputs, workspace: &mut Workspace) -> Result<EpochOutputs, EpochError> {
    execute(inputs, workspace, None)
}

/// As [`run`], with every intermediate of each mechanism.
///
/// # Errors
///
/// As [`run`].
pub fn run_with_steps(
    inputs: &EpochInputs,
    workspace: &mut Workspace,
) -> Result<(EpochOutputs, Vec<EpochSteps>), EpochError> {
    let mut steps = Vec::with_capacity(inputs.mechanisms.len());
    let outputs = execute(inputs, workspace, Some(&mut steps))?;
    Ok((outputs, steps))
}

fn execute(
    inputs: &EpochInputs,
    workspace: &mut Workspace,
    mut steps: Option<&mut Vec<EpochSteps>>,
) -> Result<EpochOutputs, EpochError> {
    let rules = inputs.era.rules();
    check(inputs, &rules)?;
    let Workspace { subnet, mechanism: buffers, scratch } = workspace;
    let neurons = inputs.neurons.len();
    scratch.prepare(neurons);
    stake::weigh(inputs, &rules, subnet);

    let parts = mechanisms::split_rao(inputs.rao, inputs.mechanisms.len(), inputs.mechanism_split.as_deref());
    let mut outputs = EpochOutputs { subnet: aggregate::empty(neurons, &rules), ..EpochOutputs::default() };
    for (mechid, (mechanism, part)) in inputs.mechanisms.iter().zip(parts).enumerate() {
        let number = u8::try_from(mechid).unwrap_or(u8::MAX);
        let index = storage_index(inputs.netuid, number, &rules)?;
        stake::activate(inputs, mechanism, subnet, buffers);
        weights::read(inputs, mechid, mechanism, &rules, &subnet.permits, scratch, &mut buffers.weights)?;
        consensus::agree(inputs.parameters.kappa, scratch, buffers);
        consensus::clip(buffers);
        if rules.ranks_stored {
            consensus::rank_unclipped(buffers);
        }
        let source = bonds::update(inputs, mechid, mechanism, &rules, scratch, buffers)?;
        split::share_out(part, &subnet.stake, buffers);

        let weight = aggregate::weight(mechid, part, inputs.rao);
        aggregate::add(&mut outputs.subnet, weight, &rules, subnet, buffers);
        outputs.mechanisms.push(MechanismOutputs {
            mechid: number,
            index,
            rao: part,
            incentive: buffers.incentive.iter().copied().map(to_u16_share).collect(),
            bonds: stored_bonds(inputs, mechanism, &rules, subnet, buffers),
            server_emission: buffers.server_emission.clone(),
            validator_emission: buffers.validator_emission.clone(),
        });
        if let Some(steps) = &mut steps {
            steps.push(steps_of(subnet, buffers, source));
        }
    }
    outputs.payouts = aggregate::payouts(inputs, &outputs);
    Ok(outputs)
}

fn storage_index(netuid: u16, mechid: u8, rules: &Rules) -> Result<u16, EpochError> {
    if !rules.mechanisms {
        return Ok(netuid);
    }
    mechanisms::storage_index(netuid, mechid).ok_or(EpochError::NoIndex { netuid, mechid })
}

fn check(inputs: &EpochInputs, rules: &Rules) -> Result<(), EpochError> {
    if inputs.netuid == 0 {
        return Err(EpochError::RootNetwork);
    }
    let neurons = inputs.neurons.len();
    if neurons > usize::from(u16::MAX) + 1 {
        return Err(EpochError::TooManyNeurons { neurons });
    }
    let mechanisms = inputs.mechanisms.len();
    let most = if rules.mechanisms { usize::from(mechanisms::MAX_MECHANISM_COUNT) } else { 1 };
    if mechanisms == 0 || mechanisms > most {
        let (netuid, era) = (inputs.netuid, inputs.era);
        return Err(EpochError::MechanismCount { netuid, mechanisms, era, most });
    }
    let mut keys = Vec::with_capacity(neurons);
    for (neuron, uid) in inputs.neurons.iter().zip(0..=u16::MAX) {
        match neuron.key {
            Some(key) => keys.push((key, uid)),
            None => return Err(EpochError::MissingHotkey { uid }),
        }
    }
    keys.sort_unstable();
    for pair in keys.windows(2) {
        if let [(first_key, first), (second_key, second)] = pair
            && first_key == second_key
        {
            return Err(EpochError::SharedHotkey { first: *first, second: *second });
        }
    }
    Ok(())
}

/// `Bonds` after the epoch: rows of those with a permit in the next one, nothing for the others.
///
/// Before mechanisms the chain wrote only rows of uids with a permit, and emptied those of uids that lost it.
fn stored_bonds(
    inputs: &EpochInputs,
    mechanism: &MechanismInputs,
    rules: &Rules,
    subnet: &SubnetBuffers,
    buffers: &MechanismBuffers,
) -> Vec<StoredRow> {
    let rows = subnet.next_permits.iter().zip(&inputs.neurons).enumerate();
    rows.map(|(uid, (next_permit, neuron))| {
        if *next_permit {
            let row = buffers.scaled_bonds.row(uid).iter();
            return row.map(|(column, bond)| (*column, to_u16_share(*bond))).collect();
        }
        let untouched = !rules.mechanisms && !neuron.permit;
        mechanism.bonds.get(uid).filter(|_| untouched).cloned().unwrap_or_default()
    })
    .collect()
}

fn steps_of(subnet: &SubnetBuffers, buffers: &MechanismBuffers, source: Source) -> EpochSteps {
    let vector = |values: &Vec<I32F32>| values.clone();
    EpochSteps {
        stake_weight: subnet.stake_weight.clone(),
        stake: vector(&subnet.stake),
        active: buffers.active.clone(),
        permits: subnet.permits.clone(),
        active_stake: vector(&buffers.active_stake),
        weights: buffers.weights.to_rows(),
        consensus: vector(&buffers.consensus),
        clipped_weights: buffers.clipped.to_rows(),
        validator_trust: vector(&buffers.validator_trust),
        ranks: vector(&buffers.ranks),
        incentive: vector(&buffers.incentive),
        weights_for_bonds: source.rows(buffers).to_rows(),
        old_bonds: buffers.old_bonds.to_rows(),
        new_bonds: buffers.new_bonds.to_rows(),
        bond_alphas: buffers.bond_alphas.to_rows(),
        bonds: buffers.bonds.to_rows(),
        scaled_bonds: buffers.scaled_bonds.to_rows(),
        dividends: vector(&buffers.dividends),
        fallback: buffers.fallback,
        emission: buffers.emission.clone(),
    }
}
