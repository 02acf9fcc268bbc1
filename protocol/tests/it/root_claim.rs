//! Claims of root dividends: the figures of the chain's own tests.

use proptest::prelude::*;
use sha3::{Digest, Keccak256};
use yumascan_protocol::{
    fixed::I96F32,
    root_claim::{claiming_indexes, owed_rao},
};

#[test]
fn the_hash_of_the_parent_draws_the_coldkeys() {
    for (text, expected) in [
        (
            "some",
            [265, 630, 1286, 1558, 4496, 4861, 5517, 5789, 6803, 8096, 9092, 11034, 11399, 12055, 12327],
        ),
        (
            "some2",
            [61, 246, 1440, 2855, 3521, 5236, 6130, 6615, 8511, 9405, 9890, 11786, 11971, 13165, 14580],
        ),
    ] {
        let hash: [u8; 32] = Keccak256::digest(text).into();
        assert_eq!(claiming_indexes(hash, 15, 15_000).into_iter().collect::<Vec<_>>(), expected, "{text}");
        assert!(claiming_indexes(hash, 0, 15_000).is_empty());
        assert_eq!(claiming_indexes(hash, 5, 0).into_iter().collect::<Vec<_>>(), [0]);
    }
}

#[test]
fn what_is_owed_is_what_was_earned_less_what_was_claimed() {
    // 820 000 alpha-rao for two million rao on root
    let rate = I96F32::ratio(820_000, 2_000_000);
    let owed = owed_rao(rate, 2_000_000, 0);
    assert!((820_000 - owed).abs() <= 1, "{owed}");
    assert_eq!(owed_rao(rate, 2_000_000, 820_000 - 5), owed - 820_000 + 5);
    assert!(owed_rao(rate, 1_000_000, 820_000) < 0, "more was claimed than is owed");
    assert_eq!(owed_rao(rate, 0, u128::MAX), -i128::MAX);
}

proptest! {
    #[test]
    fn indexes_are_of_coldkeys_and_no_more_than_asked_for(
        hash: [u8; 32], count in 0_u64..60, coldkeys in 1_u64..200,
    ) {
        let indexes = claiming_indexes(hash, count, coldkeys);
        prop_assert!(indexes.len() as u64 <= count.min(coldkeys));
        prop_assert!(indexes.iter().all(|index| *index < coldkeys));
        prop_assert!(count == 0 || !indexes.is_empty());
    }
}
