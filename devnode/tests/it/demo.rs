//! The recordings that the project carries: what the demo and other tests rely on is in them, and it is true.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use yumascan_chain::{StateVersion, matches_extrinsics_root, trie::state_root};
use yumascan_devnode::{LoadOptions, Recording};

/// `SafeMode.EnteredUntil`.
const SAFE_MODE_ENTERED_UNTIL: &str = "0xf35b44951b86069d9273a961f1e3fbeb1fd1ae5c7c15443bedf0311e151a2a4a";
/// `:code`.
const CODE: &str = "0x3a636f6465";

static MAIN: LazyLock<Recording> = LazyLock::new(|| load("main"));
static UPGRADE: LazyLock<Recording> = LazyLock::new(|| load("upgrade"));

fn load(name: &str) -> Recording {
    Recording::load(&folder(name), &LoadOptions::default()).unwrap()
}

fn folder(name: &str) -> PathBuf {
    Path::new("../demo").join(name)
}

fn body(recording: &Recording, number: u64) -> Vec<Vec<u8>> {
    recording.block(number).unwrap().extrinsics().map(<[u8]>::to_vec).collect()
}

#[test]
fn the_demo_stays_within_its_size() {
    fn size(folder: &std::path::Path) -> u64 {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| match entry.file_type().unwrap().is_dir() {
                true => size(&entry.path()),
                false => entry.metadata().unwrap().len(),
            })
            .sum()
    }
    assert!(size(&folder("")) < 25 << 20);
}

#[test]
fn every_body_is_the_one_its_header_commits_to() {
    for recording in [&*MAIN, &*UPGRADE] {
        for number in recording.first_block()..=recording.last_block() {
            let header = &recording.block(number).unwrap().header;
            assert!(matches_extrinsics_root(header, &body(recording, number)), "block {number}");
        }
    }
}

#[test]
fn state_at_a_block_is_the_one_its_header_commits_to() {
    for (recording, numbers) in [
        (&*MAIN, [0, 1, 1500, 3050, MAIN.last_block()]),
        (&*UPGRADE, [0, 799, 800, 801, UPGRADE.last_block()]),
    ] {
        for number in numbers {
            let expected = recording.block(number).unwrap().header.state_root;
            assert_eq!(state_root(recording.state(number), StateVersion::V1), expected, "block {number}");
        }
    }
}

#[test]
fn the_runaway_batches_and_safe_mode_are_in_it() {
    let bytes_of = |number| body(&MAIN, number).iter().map(Vec::len).sum::<usize>();
    let runaway: usize = (3000..=3099).map(bytes_of).sum();
    let before: usize = (2900..=2999).map(bytes_of).sum();
    assert!(runaway > 50 * before, "{runaway} bytes of extrinsics, {before} before");

    let entered_until = const_hex::decode(SAFE_MODE_ENTERED_UNTIL).unwrap();
    let in_safe_mode = |number| MAIN.storage(&entered_until, number).is_some();
    assert_eq!([3100, 3101, 3200, 3201].map(in_safe_mode), [false, true, true, false]);
}

#[test]
fn block_800_sets_the_code_that_executes_block_801() {
    let code = const_hex::decode(CODE).unwrap();
    let code_at = |number| UPGRADE.storage(&code, number).unwrap();
    assert_eq!((UPGRADE.first_block(), code_at(799)), (1, code_at(1)));
    assert_ne!(code_at(799), code_at(800));
    // digest log 8: RuntimeEnvironmentUpdated
    let announces = |number| UPGRADE.block(number).unwrap().header.logs.contains(&vec![8]);
    assert_eq!([799, 800, 801].map(announces), [false, true, false]);
    assert!(UPGRADE.last_block() > 830, "too few blocks of the new runtime");
}
