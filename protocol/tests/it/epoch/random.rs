//! Random epochs: small and full of ties, edges and disorder, or large and regular.

use yumascan_protocol::epoch::{
    EpochInputs, Era, MechanismInputs, Neuron, Parameters, ParentStake, StakeInputs, StoredRow,
};

use super::world::key;

/// A sequence of numbers from a seed (xorshift with a multiplier).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub(crate) fn short(&mut self) -> u16 {
        self.next() as u16
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// An epoch of up to a dozen neurons under the rules of `era`.
pub(crate) fn epoch(era: Era, dice: &mut Dice) -> EpochInputs {
    let neurons = dice.of(&[1_usize, 2, 3, 5, 8, 12]);
    let block = 1000 + dice.below(50);
    let tempo = dice.of(&[0_u16, 1, 20, 99]);
    // most registrations are old, some fall around the last tempo and the last updates
    let registered = |dice: &mut Dice| {
        if dice.one_in(3) { block - dice.below(120).min(block) } else { dice.below(500) }
    };
    let stakes = |dice: &mut Dice| {
        let choices = [0, 1, 2, 2, 5, 1_000_000_007, 99_999_999_999, 21_000_000_000_000_000];
        dice.of(&choices)
    };
    let share = |dice: &mut Dice| dice.of(&[0, 1, u64::MAX / 3, u64::MAX / 2, u64::MAX - 1, u64::MAX]);
    let neuron = |uid: usize, dice: &mut Dice| Neuron {
        key: Some(key(uid)),
        block_at_registration: registered(dice),
        permit: !dice.one_in(3),
        stake: StakeInputs {
            alpha: stakes(dice),
            tao: stakes(dice),
            children: (0..dice.below(3)).map(|_| share(dice) / 2).collect(),
            parents: (0..dice.below(3))
                .map(|_| ParentStake { proportion: share(dice), alpha: stakes(dice), tao: stakes(dice) })
                .collect(),
        },
    };
    let kappa = dice.of(&[0, 1, 32767, 32767, 39321, 65535]);
    let bonds_penalty = dice.of(&[0, 1, 32768, 65535, 65535]);
    let low = dice.of(&[0, 1638, 6553, 45875]);
    let parameters = Parameters {
        tempo,
        kappa,
        bonds_penalty,
        bonds_moving_average: dice.of(&[0, 900_000, 975_000, 1_000_000]),
        yuma3_on: dice.one_in(2),
        liquid_alpha_on: dice.one_in(2),
        alpha_low: low,
        alpha_high: low.max(dice.of(&[19660, 58982, 65535])),
        alpha_sigmoid_steepness: dice.of(&[0, 10, 1000, 32767]),
        activity_cutoff: dice.of(&[5, 100, 5000]),
        max_allowed_validators: dice.of(&[1, 2, 4, 64]),
        stake_threshold: dice.of(&[0, 2, 1_000_000_000]),
        tao_weight: dice.of(&[0, 971_718_665_099_567_868, u64::MAX]),
        max_stake: dice.one_in(2).then_some(1_000_000),
    };
    let mechanisms = if era.rules().mechanisms { dice.of(&[1, 1, 2, 3]) } else { 1 };
    EpochInputs {
        era,
        netuid: 1 + dice.below(100) as u16,
        block,
        rao: dice.of(&[0, 1, 1_000_000_000, 361_000_000_000]),
        parameters,
        owner_uid: dice.one_in(2).then(|| dice.below(neurons as u64) as u16),
        last_step_block: if dice.one_in(2) { block - u64::from(tempo) } else { 0 },
        neurons: (0..neurons).map(|uid| neuron(uid, dice)).collect(),
        mechanism_split: dice.one_in(2).then(|| split(dice)),
        mechanisms: (0..mechanisms).map(|_| mechanism(neurons, block, dice)).collect(),
    }
}

/// Shares that add up to one, as the chain demands.
fn split(dice: &mut Dice) -> Vec<u16> {
    let first = dice.short();
    vec![first, u16::MAX - first]
}

fn mechanism(neurons: usize, block: u64, dice: &mut Dice) -> MechanismInputs {
    let update = |dice: &mut Dice| block.saturating_sub(dice.of(&[0, 3, 4, 5, 6, 99, 100, 101, 400]));
    let rows = |dice: &mut Dice| (0..neurons).map(|_| row(neurons, dice)).collect();
    MechanismInputs {
        last_update: (0..neurons + dice.below(2) as usize).map(|_| update(dice)).collect(),
        weights: rows(dice),
        bonds: rows(dice),
        commit_blocks: dice
            .one_in(2)
            .then(|| (0..neurons).map(|_| if dice.one_in(2) { u64::MAX } else { update(dice) }).collect()),
    }
}

/// Pairs in any order, zeros and columns beyond the last uid among them.
fn row(neurons: usize, dice: &mut Dice) -> StoredRow {
    if dice.one_in(5) {
        return Vec::new();
    }
    let mut row: StoredRow = Vec::new();
    for uid in 0..neurons as u64 + 1 {
        if dice.one_in(3) {
            continue;
        }
        let value = match dice.below(4) {
            0 => 0,
            1 => 65535,
            2 => 32768,
            _ => dice.short(),
        };
        row.push((uid as u16, value));
    }
    if dice.one_in(2) {
        for index in 0..row.len() {
            let other = dice.below(row.len() as u64) as usize;
            row.swap(index, other);
        }
    }
    row
}
