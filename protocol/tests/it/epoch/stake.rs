//! Weighed stake: children, parents, root TAO, in every era.

use yumascan_protocol::{
    epoch::{EpochInputs, Era, ParentStake, StakeInputs, stake_weight},
    fixed::I64F64,
};

use super::world::World;

const STAKE: u64 = 1_000_000_000;

/// Alice gives `proportion` of her stake to Bob; both hold alpha and root TAO.
fn alice_and_bob(spec: u32, proportion: u64) -> EpochInputs {
    let mut inputs = World::new(spec, &[STAKE, STAKE]).inputs;
    inputs.parameters.tao_weight = u64::MAX;
    inputs.neurons[0].stake =
        StakeInputs { alpha: STAKE, tao: STAKE, children: vec![proportion], parents: vec![] };
    inputs.neurons[1].stake = StakeInputs {
        alpha: STAKE,
        tao: STAKE,
        children: vec![],
        parents: vec![ParentStake { proportion, alpha: STAKE, tao: STAKE }],
    };
    inputs
}

#[test]
fn a_child_inherits_what_its_parent_gives() {
    let [alice, bob] = stake_weight::stake_weights(&alice_and_bob(377, u64::MAX)).try_into().unwrap();
    assert_eq!((alice.alpha, alice.tao, alice.total), (0, 0, I64F64::ZERO));
    assert_eq!((bob.alpha, bob.tao), (2 * STAKE, 2 * STAKE));
    assert_eq!(bob.total, I64F64::from_u64(4 * STAKE));

    let [alice, bob] = stake_weight::stake_weights(&alice_and_bob(377, 1 << 63)).try_into().unwrap();
    assert_eq!((alice.alpha, bob.alpha), (STAKE / 2, STAKE + STAKE / 2));
}

#[test]
fn each_product_is_floored_at_its_last_bit() {
    // a third, truncated to 32 fraction bits, of a stake: 333_333_333.255… rao
    let third = u64::MAX / 3;
    let [alice, bob] = stake_weight::stake_weights(&alice_and_bob(377, third)).try_into().unwrap();
    let given = u128::from(STAKE) * 1_431_655_765;
    assert_eq!(alice.alpha, u64::try_from(((u128::from(STAKE) << 32) - given) >> 32).unwrap());
    assert_eq!(bob.alpha, u64::try_from(((u128::from(STAKE) << 32) + given) >> 32).unwrap());
    // before alpha every term was floored to rao before it was summed
    let [alice, bob] = stake_weight::stake_weights(&alice_and_bob(195, third)).try_into().unwrap();
    assert_eq!(alice.alpha, STAKE - 333_333_333);
    assert_eq!(bob.alpha, STAKE + 333_333_333);
}

#[test]
fn giving_more_than_all_leaves_nothing_and_takes_nothing_from_what_is_received() {
    let over = |spec| {
        let mut inputs = alice_and_bob(spec, u64::MAX);
        inputs.neurons[1].stake.children = vec![u64::MAX, u64::MAX];
        stake_weight::stake_weights(&inputs)[1].alpha
    };
    // unsigned numbers stop at zero before they add, signed ones after
    assert_eq!(over(261), STAKE);
    assert_eq!(over(257), 0);
}

#[test]
fn the_root_counts_at_its_weight() {
    let mut inputs = World::new(377, &[0]).inputs;
    inputs.neurons[0].stake.tao = STAKE;
    inputs.parameters.tao_weight = 971_718_665_099_567_868;
    let total = stake_weight::stake_weights(&inputs)[0].total;
    assert_eq!(total.to_bits(), i128::from(STAKE) * (226_245_882 << 32));
    // before alpha there was no root TAO on subnets
    inputs.era = Era::Tao195;
    assert_eq!(stake_weight::stake_weights(&inputs)[0].total, I64F64::ZERO);
}

#[test]
fn before_alpha_stake_had_a_limit() {
    let mut inputs = World::new(195, &[STAKE]).inputs;
    inputs.parameters.max_stake = Some(1000);
    assert_eq!(stake_weight::stake_weights(&inputs)[0].alpha, 1000);
    inputs.era = Era::Alpha233;
    assert_eq!(stake_weight::stake_weights(&inputs)[0].alpha, STAKE);
}

#[test]
fn the_owner_needs_no_stake_and_no_seat_since_401() {
    let permits = |spec| {
        let mut world = World::new(spec, &[1, 1000, 2000]);
        world.inputs.owner_uid = Some(0);
        world.inputs.parameters.stake_threshold = 10;
        world.inputs.parameters.max_allowed_validators = 1;
        let outputs = world.epoch(1);
        (outputs.subnet.validator_permit, outputs.subnet.stake_weight.unwrap()[0] > 0)
    };
    assert_eq!(permits(393), (vec![false, false, true], false));
    assert_eq!(permits(402), (vec![true, false, true], true));
}
