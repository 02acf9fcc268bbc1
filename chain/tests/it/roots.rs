//! What a header commits to is recomputed from the block's own bytes.

use yumascan_chain::{
    StateVersion, matches_extrinsics_root,
    trie::{extrinsics_root, find_extrinsics_root_version, state_root},
};

use crate::fixtures;

#[test]
fn the_hash_of_every_recorded_header_is_recomputed() {
    for block in fixtures::blocks() {
        assert_eq!(block.header.hash(), block.hash, "block {}", block.header.number);
    }
}

#[test]
fn the_extrinsics_root_of_every_recorded_block_is_recomputed() {
    for block in fixtures::blocks() {
        let root = extrinsics_root(&block.extrinsics, StateVersion::V0);
        assert_eq!(root, block.header.extrinsics_root, "block {}", block.header.number);
        assert_eq!(find_extrinsics_root_version(&block.header, &block.extrinsics), Some(StateVersion::V0));
    }
}

#[test]
fn extrinsics_that_are_not_the_blocks_do_not_match_its_header() {
    for mut block in fixtures::blocks() {
        let original = block.extrinsics.clone();
        let last_byte = block.extrinsics[0].last_mut().unwrap();
        *last_byte ^= 1;
        assert!(!matches_extrinsics_root(&block.header, &block.extrinsics));
        block.extrinsics = original.clone();
        block.extrinsics.push(original[0].clone());
        assert!(!matches_extrinsics_root(&block.header, &block.extrinsics));
        if original.len() > 1 {
            block.extrinsics = original;
            block.extrinsics.swap(0, 1);
            assert!(!matches_extrinsics_root(&block.header, &block.extrinsics));
        }
    }
}

#[test]
fn a_root_of_state_version_1_matches_its_header_too() {
    let mut block = fixtures::blocks().into_iter().find(|block| block.header.number == 82).unwrap();
    block.header.extrinsics_root = extrinsics_root(&block.extrinsics, StateVersion::V1);
    assert_eq!(find_extrinsics_root_version(&block.header, &block.extrinsics), Some(StateVersion::V1));
    assert!(matches_extrinsics_root(&block.header, &block.extrinsics));
}

#[test]
fn the_state_root_of_a_recorded_genesis_is_recomputed() {
    // long keys, hashed values and inner nodes of every kind: this holds the node format itself
    let root = state_root(fixtures::genesis_state(), StateVersion::V1);
    assert_eq!(root.to_string(), "0x82657ac1e1e21ce83ac6a4f84396cb6a97fb1e3366c75476b0fdef6cb6f0f20f");
}
