//! Costs of registration: the sequences of the chain's own tests.

use proptest::prelude::*;
use yumascan_protocol::{
    fixed::U64F64,
    registration::{Adjustment, BurnCurve, SubnetLock, reduction_interval},
    supply::RAO,
};

/// A cost in halves of TAO, as rao.
fn halves(count: u64) -> u64 {
    count * RAO / 2
}

#[test]
fn a_subnet_doubles_the_cost_of_the_next_until_it_has_fallen_again() {
    let mut lock = SubnetLock { least_rao: 100 * RAO, last_rao: 100 * RAO, last_block: 0, interval: 2 };
    assert_eq!(lock.cost_rao(0), 100 * RAO, "nobody registered yet: what is stored counts once");
    let mut block = 1;
    // each a registration at the cost of the moment, and the costs from that block on
    let sequence: [&[u64]; 8] = [
        &[400, 300, 200, 200],
        &[400, 300],
        &[600, 450],
        &[900, 675],
        &[1350],
        &[2700],
        &[5400, 4050, 2700, 1350, 200],
        &[400],
    ];
    for costs in sequence {
        (lock.last_rao, lock.last_block) = (lock.cost_rao(block), block);
        for (after, cost) in (0..).zip(costs) {
            block = lock.last_block + after;
            assert_eq!(lock.cost_rao(block), halves(*cost), "{lock:?} at {block}");
        }
    }
}

#[test]
fn a_cost_falls_by_the_last_lock_over_the_interval() {
    let interval = reduction_interval(14 * 7200, RAO);
    assert_eq!(interval, 100_800);
    assert_eq!(reduction_interval(14 * 7200, RAO / 2), 50_400);
    let lock = SubnetLock { least_rao: 100 * RAO, last_rao: 1250 * RAO, last_block: 7, interval };
    assert_eq!(lock.cost_rao(7), 2500 * RAO);
    assert_eq!(lock.cost_rao(8), 2500 * RAO - 1250 * RAO / 100_800);
    assert_eq!(lock.cost_rao(7 + 100_800), 2500 * RAO - 1250 * RAO / 100_800 * 100_800);
    assert_eq!(lock.cost_rao(u64::MAX), 100 * RAO);
    assert_eq!(SubnetLock { interval: 0, ..lock }.cost_rao(u64::MAX), 2500 * RAO);
}

#[test]
fn difficulty_follows_the_registrations() {
    let terms = |target, least, most| Adjustment { target, kept: 58_000, least, most };
    assert_eq!(terms(1, 1, u64::MAX).next(20_000, 3), Some(40_000));
    assert_eq!(terms(3, 1, u64::MAX).next(40_000, 6), Some(60_000));
    for (value, next) in [(4, 2), (2, 1), (1, 1)] {
        assert_eq!(terms(3, 1, u64::MAX).next(value, 0), Some(next));
    }
    assert_eq!(terms(3, 1, 10_000).next(5_000, 4), Some(5_833));
    assert_eq!(terms(3, 1, 10_000).next(5_833, 3), Some(5_833));
    assert_eq!(terms(3, 1, 10_000).next(9_999, 300), Some(10_000));
    assert_eq!(terms(0, 1, 10_000).next(9_999, 3), None);
    let kept = Adjustment { kept: u64::MAX, ..terms(3, 1, 10_000) };
    assert_eq!(kept.next(5_000, 300), Some(5_000), "all of the old value stays");
}

proptest! {
    #[test]
    fn terms_stay_within_their_ends(
        target in 1_u16.., kept: u64, ends: (u64, u64), value: u64, registrations: u16,
    ) {
        let (least, most) = (ends.0.min(ends.1), ends.0.max(ends.1));
        let next = Adjustment { target, kept, least, most }.next(value, registrations).unwrap();
        prop_assert!((least..=most).contains(&next));
    }
}

#[test]
fn a_burn_halves_in_its_half_life_and_rises_with_a_registration() {
    let curve = BurnCurve {
        half_life: 360,
        increase: U64F64::ratio(126, 100),
        least_rao: 500_000,
        most_rao: 100 * RAO,
    };
    let halved = curve.after(RAO, 360);
    assert!(halved <= RAO / 2 && halved > RAO / 2 - 2_000, "floors make it a little less: {halved}");
    assert_eq!(curve.after(curve.after(RAO, 100), 260), halved);
    assert_eq!(curve.after(RAO, u64::MAX), 500_000, "it stops at the least");
    assert_eq!(curve.after_registration(100 * RAO), 100 * RAO);
    assert_eq!(curve.after_registration(RAO), 1_259_999_999, "a factor below 1.26, cut");
    let still = BurnCurve { half_life: 0, ..curve };
    assert_eq!(still.after(RAO, 1_000), RAO);
}
