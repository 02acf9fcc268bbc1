//! Seats for validators.

use super::*;

fn seats(stake: &[u64], count: usize, need_stake: bool) -> Vec<bool> {
    let stake: Vec<I32F32> = stake.iter().copied().map(I32F32::from_u64).collect();
    let mut permits = Vec::new();
    top_seats(&stake, count, need_stake, &mut Vec::new(), &mut permits);
    permits
}

fn uids(permits: &[bool]) -> Vec<usize> {
    permits.iter().enumerate().filter_map(|(uid, permit)| permit.then_some(uid)).collect()
}

#[test]
fn the_greatest_stakes_are_seated() {
    assert_eq!(uids(&seats(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5, true)), [5, 6, 7, 8, 9]);
    assert_eq!(uids(&seats(&[1, 2, 3], 3, true)), [0, 1, 2]);
    assert_eq!(uids(&seats(&[1, 2, 3], 4, true)), [0, 1, 2]);
    assert_eq!(uids(&seats(&[1, 2, 3], 0, true)), [0_usize; 0]);
}

#[test]
fn of_equal_stakes_the_lower_uids_lose() {
    assert_eq!(uids(&seats(&[0, 1, 2, 3, 4, 5, 5, 5, 5, 6], 5, true)), [5, 6, 7, 8, 9]);
    assert_eq!(uids(&seats(&[5, 5, 5, 5], 2, true)), [2, 3]);
}

#[test]
fn a_seat_without_stake_stays_free_since_273_and_was_given_before() {
    assert_eq!(uids(&seats(&[0, 0, 7, 0], 2, true)), [2]);
    assert_eq!(uids(&seats(&[0, 0, 7, 0], 2, false)), [2, 3]);
    assert_eq!(uids(&seats(&[0, 0], 2, false)), [0, 1]);
}
