//! What holds for every epoch.

use proptest::prelude::*;
use yumascan_protocol::epoch::{
    EpochInputs, EpochOutputs, Era, Workspace,
    compare::{Field, StoredEpoch, compare},
    run, run_with_steps,
};

use super::{
    digest,
    faults::{Fault, plant},
    random,
    random::Dice,
    reference,
};

fn eras() -> Vec<Era> {
    Era::all().collect()
}

fn any_epoch() -> impl Strategy<Value = EpochInputs> {
    (prop::sample::select(eras()), any::<u64>())
        .prop_map(|(era, seed)| random::epoch(era, &mut Dice::new(seed)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn the_sparse_epoch_equals_the_dense_one_in_every_era(inputs in any_epoch()) {
        let computed = run(&inputs, &mut Workspace::default()).unwrap();
        let expected = reference::run(&inputs);
        let differences = compare(&computed, &StoredEpoch::from(&expected));
        prop_assert!(differences.is_empty(), "{}: {differences:?}", inputs.era);
        prop_assert_eq!(computed, expected);
    }
}

/// What is stored after the differences are taken over.
fn patched(
    mut computed: StoredEpoch,
    differences: &[yumascan_protocol::epoch::compare::Difference],
) -> StoredEpoch {
    fn set<T: Copy + TryFrom<u64, Error: std::fmt::Debug>>(
        values: Option<&mut Vec<T>>,
        uid: usize,
        value: u64,
    ) {
        values.unwrap()[uid] = T::try_from(value).unwrap();
    }
    for difference in differences {
        let uid = usize::from(difference.uid.unwrap());
        let value = difference.stored;
        let flag = |values: &mut Option<Vec<bool>>| values.as_mut().unwrap()[uid] = value == Some(1);
        if let Some(mechid) = difference.mechid {
            let mechanism = &mut computed.mechanisms[usize::from(mechid)];
            match difference.field {
                Field::Incentive => set(mechanism.incentive.as_mut(), uid, value.unwrap()),
                Field::ServerEmission => set(mechanism.server_emission.as_mut(), uid, value.unwrap()),
                Field::Bonds => {
                    let row = &mut mechanism.bonds.as_mut().unwrap()[uid];
                    row.retain(|(target, _)| Some(*target) != difference.target);
                    let pair = value.map(|bond| (difference.target.unwrap(), bond as u16));
                    row.extend(pair);
                }
                // rows are put in order before they are compared
                Field::BondsOrder => {}
                other => panic!("{other:?} of a mechanism"),
            }
            continue;
        }
        match difference.field {
            Field::Active => flag(&mut computed.active),
            Field::ValidatorPermit => flag(&mut computed.validator_permit),
            Field::Emission => set(computed.emission.as_mut(), uid, value.unwrap()),
            Field::Consensus => set(computed.consensus.as_mut(), uid, value.unwrap()),
            Field::Dividends => set(computed.dividends.as_mut(), uid, value.unwrap()),
            Field::ValidatorTrust => set(computed.validator_trust.as_mut(), uid, value.unwrap()),
            Field::StakeWeight => set(computed.stake_weight.as_mut(), uid, value.unwrap()),
            Field::Rank => set(computed.rank.as_mut(), uid, value.unwrap()),
            Field::Trust => set(computed.trust.as_mut(), uid, value.unwrap()),
            Field::PruningScores => set(computed.pruning_scores.as_mut(), uid, value.unwrap()),
            other => panic!("{other:?} of a subnet"),
        }
    }
    computed
}

/// Bond rows in order of their columns, for which differences say nothing.
fn sorted(mut stored: StoredEpoch) -> StoredEpoch {
    for row in stored.mechanisms.iter_mut().filter_map(|mechanism| mechanism.bonds.as_mut()).flatten() {
        row.sort_unstable();
    }
    stored
}

/// Whether the fault shows; every value that it changed must be named, and no other.
fn noticed(inputs: &EpochInputs, faulty: &EpochInputs) -> Result<bool, TestCaseError> {
    let mut workspace = Workspace::default();
    let stored = StoredEpoch::from(&run(inputs, &mut workspace).unwrap());
    let replayed: EpochOutputs = run(faulty, &mut workspace).unwrap();
    let differences = compare(&replayed, &stored);
    let same = StoredEpoch::from(&replayed) == stored;
    prop_assert_eq!(differences.is_empty(), same);
    prop_assert_eq!(sorted(patched(StoredEpoch::from(&replayed), &differences)), sorted(stored));
    for difference in differences.iter().filter(|difference| difference.field != Field::BondsOrder) {
        prop_assert_ne!(difference.computed, difference.stored, "{}", difference);
    }
    Ok(!same)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_value_that_a_planted_fault_changes_is_named(
        inputs in any_epoch(),
        fault in prop::sample::select(&Fault::ALL[..]),
        seed in any::<u64>(),
    ) {
        if let Some(faulty) = plant(&inputs, fault, &mut Dice::new(seed)) {
            noticed(&inputs, &faulty)?;
        }
    }

    #[test]
    fn a_used_workspace_changes_nothing_and_does_not_grow(
        first in any_epoch(),
        second in any_epoch(),
    ) {
        let fresh = run(&second, &mut Workspace::default()).unwrap();
        let mut workspace = Workspace::default();
        run(&first, &mut workspace).unwrap();
        prop_assert_eq!(&run(&second, &mut workspace).unwrap(), &fresh);
        let held = workspace.bytes();
        for _ in 0..3 {
            run(&first, &mut workspace).unwrap();
            prop_assert_eq!(&run_with_steps(&second, &mut workspace).unwrap().0, &fresh);
        }
        prop_assert_eq!(workspace.bytes(), held);
    }

    #[test]
    fn inputs_and_outputs_survive_json(inputs in any_epoch()) {
        let text = serde_json::to_string(&inputs).unwrap();
        prop_assert_eq!(&serde_json::from_str::<EpochInputs>(&text).unwrap(), &inputs);
        let (outputs, steps) = run_with_steps(&inputs, &mut Workspace::default()).unwrap();
        let text = serde_json::to_string(&(&outputs, &steps)).unwrap();
        prop_assert_eq!(serde_json::from_str::<(EpochOutputs, Vec<_>)>(&text).unwrap(), (outputs, steps));
    }

    /// Values of every size in every place, lists of every length.
    #[test]
    fn no_input_panics(mut inputs in any_epoch(), seed in any::<u64>()) {
        let dice = &mut Dice::new(seed);
        let wild = |dice: &mut Dice| { let choices = [0, 1, u64::MAX, dice.next()]; dice.of(&choices) };
        inputs.block = wild(dice);
        inputs.rao = wild(dice);
        inputs.last_step_block = wild(dice);
        inputs.netuid = dice.short();
        inputs.owner_uid = Some(dice.short());
        let parameters = &mut inputs.parameters;
        parameters.tempo = dice.short();
        parameters.kappa = dice.short();
        parameters.bonds_penalty = dice.short();
        parameters.bonds_moving_average = wild(dice);
        parameters.alpha_low = dice.short();
        parameters.alpha_high = dice.short();
        parameters.alpha_sigmoid_steepness = wild(dice) as i32;
        parameters.activity_cutoff = wild(dice);
        parameters.max_allowed_validators = dice.short();
        parameters.stake_threshold = wild(dice);
        parameters.tao_weight = wild(dice);
        for neuron in &mut inputs.neurons {
            neuron.block_at_registration = wild(dice);
            neuron.stake.alpha = wild(dice);
            neuron.stake.tao = wild(dice);
            for parent in &mut neuron.stake.parents {
                parent.alpha = wild(dice);
                parent.proportion = wild(dice);
            }
        }
        for mechanism in &mut inputs.mechanisms {
            mechanism.last_update.iter_mut().for_each(|update| *update = wild(dice));
            mechanism.last_update.truncate(dice.below(20) as usize);
            mechanism.weights.truncate(dice.below(20) as usize);
            mechanism.bonds.truncate(dice.below(20) as usize);
            if let Some(commits) = &mut mechanism.commit_blocks {
                commits.truncate(dice.below(20) as usize);
            }
            for (column, value) in mechanism.weights.iter_mut().chain(&mut mechanism.bonds).flatten() {
                if dice.one_in(4) {
                    *column = dice.short();
                    *value = dice.short();
                }
            }
        }
        // an answer or an error, of the subnet or of the root
        let _ = run(&inputs, &mut Workspace::default());
    }
}

#[test]
fn planted_faults_of_every_kind_show() {
    for fault in Fault::ALL {
        let (mut shown, mut planted) = (0, 0);
        for seed in 0..3000 {
            let dice = &mut Dice::new(seed);
            let era = dice.of(&eras());
            let inputs = random::epoch(era, dice);
            let Some(faulty) = plant(&inputs, fault, dice) else { continue };
            planted += 1;
            shown += usize::from(noticed(&inputs, &faulty).unwrap());
        }
        assert!(planted > 300 && shown * fault.shows_one_in() >= planted, "{fault:?}: {shown} of {planted}");
    }
}

#[test]
fn random_epochs_reach_what_they_are_for() {
    let mut workspace = Workspace::default();
    for era in eras() {
        let (mut fallback, mut clipped, mut dividends, mut unsorted, mut alphas, mut interpolated) =
            (0, 0, 0, 0, 0, 0);
        for seed in 0..1000 {
            let inputs = random::epoch(era, &mut Dice::new(seed));
            for steps in run_with_steps(&inputs, &mut workspace).unwrap().1 {
                fallback += u32::from(steps.fallback);
                clipped += u32::from(steps.clipped_weights != steps.weights);
                dividends += u32::from(steps.dividends.iter().any(|share| share.to_bits() > 0));
                let is_unsorted = |row: &Vec<(u16, _)>| !row.is_sorted_by_key(|(column, _)| *column);
                unsorted += u32::from(steps.weights_for_bonds.iter().any(is_unsorted));
                alphas += u32::from(steps.bond_alphas.iter().any(|row| !row.is_empty()));
                interpolated += u32::from(
                    steps.weights_for_bonds != steps.weights
                        && steps.weights_for_bonds != steps.clipped_weights,
                );
            }
        }
        let yuma3 = era.rules().yuma3;
        let penalty = era.rules().bonds_penalty;
        assert!(fallback > 50 && clipped > 50 && dividends > 50 && unsorted > 50, "{era}");
        assert!((alphas > 20) == yuma3, "{era}: {alphas}");
        assert!((interpolated > 20) == penalty, "{era}: {interpolated}");
    }
}

#[test]
fn a_thousand_epochs_have_the_bits_they_have_everywhere() {
    assert_eq!(digest::digest(), digest::EXPECTED);
}
