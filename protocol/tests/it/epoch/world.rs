//! A subnet that lives from epoch to epoch, as in the chain's own tests.

use yumascan_protocol::epoch::{
    AccountKey, EpochInputs, EpochOutputs, Era, MechanismInputs, Neuron, Parameters, StakeInputs, StoredRow,
    Workspace, run,
};

/// Weights as the stored rows have them after the call that set them.
pub(crate) fn row(pairs: &[(u16, u16)]) -> StoredRow {
    pairs.to_vec()
}

/// A subnet and the memory of its replay.
pub(crate) struct World {
    pub(crate) inputs: EpochInputs,
    pub(crate) workspace: Workspace,
}

impl World {
    /// A subnet of neurons with these stakes, nobody permitted, under the rules of `spec`.
    pub(crate) fn new(spec: u32, stakes: &[u64]) -> Self {
        let neuron = |(uid, stake): (usize, &u64)| Neuron {
            key: Some(key(uid)),
            block_at_registration: 0,
            permit: false,
            stake: StakeInputs { alpha: *stake, ..StakeInputs::default() },
        };
        let inputs = EpochInputs {
            era: Era::of_spec(spec).unwrap(),
            netuid: 1,
            block: 0,
            rao: 1_000_000_000,
            parameters: Parameters {
                tempo: 1,
                kappa: 32767,
                bonds_penalty: 65535,
                bonds_moving_average: 900_000,
                yuma3_on: false,
                liquid_alpha_on: false,
                alpha_low: 45875,
                alpha_high: 58982,
                alpha_sigmoid_steepness: 1000,
                activity_cutoff: 5000,
                max_allowed_validators: u16::try_from(stakes.len()).unwrap(),
                stake_threshold: 0,
                tao_weight: 0,
                max_stake: None,
            },
            owner_uid: None,
            last_step_block: 0,
            neurons: stakes.iter().enumerate().map(neuron).collect(),
            mechanism_split: None,
            mechanisms: vec![mechanism(stakes.len())],
        };
        Self { inputs, workspace: Workspace::default() }
    }

    /// Runs the epoch of a block and keeps what it stores.
    pub(crate) fn epoch(&mut self, block: u64) -> EpochOutputs {
        self.inputs.block = block;
        let outputs = run(&self.inputs, &mut self.workspace).unwrap();
        for (neuron, permit) in self.inputs.neurons.iter_mut().zip(&outputs.subnet.validator_permit) {
            neuron.permit = *permit;
        }
        for (mechanism, outputs) in self.inputs.mechanisms.iter_mut().zip(&outputs.mechanisms) {
            mechanism.bonds.clone_from(&outputs.bonds);
        }
        outputs
    }

    /// Sets the weights of a validator at a block.
    pub(crate) fn weigh(&mut self, uid: usize, block: u64, pairs: &[(u16, u16)]) {
        let mechanism = &mut self.inputs.mechanisms[0];
        mechanism.weights[uid] = row(pairs);
        mechanism.last_update[uid] = block;
    }

    /// Gives a uid to a new hotkey without stake.
    pub(crate) fn replace(&mut self, uid: usize, block: u64) {
        let neuron = &mut self.inputs.neurons[uid];
        neuron.key = Some(key(1000 + uid));
        neuron.block_at_registration = block;
        neuron.stake = StakeInputs::default();
        self.inputs.mechanisms[0].bonds[uid].clear();
    }
}

/// A mechanism without weights or bonds.
pub(crate) fn mechanism(neurons: usize) -> MechanismInputs {
    MechanismInputs {
        last_update: vec![0; neurons],
        weights: vec![vec![]; neurons],
        bonds: vec![vec![]; neurons],
        commit_blocks: None,
    }
}

/// A key of its own for each number.
pub(crate) fn key(number: usize) -> AccountKey {
    let mut key = [0; 32];
    // the order of the keys is not that of the uids
    key[0] = u8::try_from(number % 251).unwrap().reverse_bits();
    key[1..9].copy_from_slice(&(number as u64).to_be_bytes());
    AccountKey(key)
}

/// The stored bond of a row, `None` without a pair.
pub(crate) fn bond(outputs: &EpochOutputs, uid: usize, target: u16) -> Option<u16> {
    let row = &outputs.mechanisms[0].bonds[uid];
    row.iter().find(|(column, _)| *column == target).map(|(_, bond)| *bond)
}
