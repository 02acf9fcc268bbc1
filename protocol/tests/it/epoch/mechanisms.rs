//! Several mechanisms on one subnet.

use yumascan_protocol::epoch::{EpochError, Era, Workspace, run};

use super::world::{World, key, mechanism};

#[test]
fn without_weights_each_mechanism_follows_the_stake() {
    let mut world = World::new(377, &[10, 30, 60]);
    world.inputs.rao = 1_000_000;
    world.inputs.mechanisms = vec![mechanism(3); 2];
    world.epoch(0);
    let outputs = world.epoch(1);
    for (uid, expected) in [100_000_u64, 300_000, 600_000].into_iter().enumerate() {
        let payout = outputs.payouts.iter().find(|payout| usize::from(payout.uid) == uid).unwrap();
        assert!(payout.validator.abs_diff(expected) <= 2, "{payout:?}");
        assert_eq!(payout.server, 0);
    }
    let mut keys: Vec<_> = outputs.payouts.iter().map(|payout| payout.hotkey).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.is_sorted());
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[test]
fn each_mechanism_has_its_own_weights() {
    let mut world = World::new(377, &[1, 0, 0]);
    world.inputs.mechanisms = vec![mechanism(3); 2];
    world.epoch(0);
    for mechanism in &mut world.inputs.mechanisms {
        mechanism.last_update[0] = 1;
        mechanism.weights[0] = vec![(1, 52428), (2, 13107)];
    }
    let outputs = world.epoch(1);
    for mechanism in &outputs.mechanisms {
        assert!(mechanism.incentive[1].abs_diff(52428) <= 1, "{mechanism:?}");
        assert!(mechanism.incentive[2].abs_diff(13107) <= 1, "{mechanism:?}");
    }
    assert_eq!(outputs.mechanisms[1].index, 4097);
}

#[test]
fn vectors_are_weighed_by_rao_and_flags_are_joined() {
    let mut world = World::new(377, &[1, 0, 0]);
    world.inputs.rao = 1_000_001;
    world.inputs.mechanisms = vec![mechanism(3); 2];
    world.inputs.mechanism_split = Some(vec![16384, 49151]);
    world.inputs.parameters.activity_cutoff = 10;
    world.epoch(0);
    world.inputs.mechanisms[0].last_update = vec![95, 0, 0];
    world.inputs.mechanisms[0].weights[0] = vec![(1, 65535)];
    world.inputs.mechanisms[1].last_update = vec![95, 0, 95];
    world.inputs.mechanisms[1].weights[0] = vec![(2, 65535)];
    let outputs = world.epoch(100);
    let [first, second] = [&outputs.mechanisms[0], &outputs.mechanisms[1]];
    assert_eq!(first.rao + second.rao, 1_000_001);
    assert_eq!(second.rao, 1_000_001 * 49151 / 65535);
    assert_eq!(outputs.subnet.active, [true, false, true]);
    let share = |of: u64| (65535 * u128::from(of) / 1_000_001) as u16;
    // truncated twice, so up to one less
    for (uid, rao) in [(1, first.rao), (2, second.rao)] {
        assert!(share(rao) - outputs.subnet.consensus[uid] <= 1, "uid {uid}");
    }
    // each part is that of its mechanism already, and is weighed once more
    let twice = |rao: u64| (u128::from(rao / 2) * u128::from(rao) / 1_000_001) as u64;
    for (uid, rao) in [(1, first.rao), (2, second.rao)] {
        assert!(outputs.subnet.emission[uid].abs_diff(twice(rao)) <= 1, "uid {uid}");
    }
    // what is paid is not
    let paid: u64 = outputs.payouts.iter().map(|payout| payout.server + payout.validator).sum();
    assert!(1_000_001 - paid <= 4, "{paid}");
}

#[test]
fn without_rao_the_first_mechanism_counts() {
    let mut world = World::new(377, &[1, 0, 0]);
    world.inputs.rao = 0;
    world.inputs.mechanisms = vec![mechanism(3); 2];
    world.epoch(0);
    for (mechanism, target) in world.inputs.mechanisms.iter_mut().zip([1, 2]) {
        mechanism.last_update[0] = 1;
        mechanism.weights[0] = vec![(target, 65535)];
    }
    assert_eq!(world.epoch(1).subnet.consensus, [0, 65535, 0]);
}

#[test]
fn inputs_that_no_chain_has_are_errors_that_say_why() {
    let world = World::new(377, &[1, 0]);
    let error = |change: &dyn Fn(&mut World)| {
        let mut world = World { inputs: world.inputs.clone(), ..World::new(377, &[]) };
        change(&mut world);
        run(&world.inputs, &mut Workspace::default()).unwrap_err()
    };
    assert_eq!(error(&|world| world.inputs.netuid = 0), EpochError::RootNetwork);
    let none = error(&|world| world.inputs.mechanisms.clear());
    assert!(matches!(none, EpochError::MechanismCount { mechanisms: 0, most: 16, .. }), "{none}");
    let early = error(&|world| {
        world.inputs.era = Era::of_spec(298).unwrap();
        world.inputs.mechanisms = vec![mechanism(2); 2];
    });
    assert!(matches!(early, EpochError::MechanismCount { mechanisms: 2, most: 1, .. }), "{early}");
    let shared = error(&|world| world.inputs.neurons[1].key = Some(key(0)));
    assert_eq!(shared, EpochError::SharedHotkey { first: 0, second: 1 });
    let missing = error(&|world| world.inputs.neurons[1].key = None);
    assert_eq!(missing, EpochError::MissingHotkey { uid: 1 });
    let twice = error(&|world| {
        world.inputs.neurons[0].permit = true;
        world.inputs.mechanisms[0].weights[0] = vec![(1, 5), (1, 6)];
    });
    assert!(
        matches!(twice, EpochError::DuplicateColumn { map: "weights", uid: 0, column: 1, .. }),
        "{twice}"
    );
    let bonds = error(&|world| world.inputs.mechanisms[0].bonds[1] = vec![(0, 5), (0, 5)]);
    assert!(matches!(bonds, EpochError::DuplicateColumn { map: "bonds", uid: 1, column: 0, .. }), "{bonds}");
    let beyond = error(&|world| world.inputs.netuid = 4096);
    assert_eq!(beyond, EpochError::NoIndex { netuid: 4096, mechid: 0 });
}
