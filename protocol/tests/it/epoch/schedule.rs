//! When epochs run, and the numbers of mechanisms: the tables of the chain's own tests.

use yumascan_protocol::epoch::{
    mechanisms::{of_storage_index, split_rao, storage_index},
    schedule::{
        StoredSchedule, activity_cutoff, blocks_since_last_step, blocks_until_next, blocks_until_next_at_151,
        due, epoch_index, first_block, reveal_window,
    },
};

#[test]
fn blocks_until_the_next_epoch() {
    for (netuid, tempo, block, expected) in [
        (1, 0, 100, u64::MAX),
        (1, 10, 5, 3),
        (2, 20, 15, 2),
        (3, 30, 25, 1),
        (2, 10, 5, 2),
        (3, 10, 5, 1),
        (1, 10, 9, 10),
        (2, 20, 21, 17),
        (65535, 65535, u64::MAX, 0),
        (65535, 65535, 0, 65535),
        (65535, 65535, u64::MAX - 1, 1),
        (1, 65534, 100, 65432),
        (1, 10, u64::MAX, 9),
        (1, 10, u64::MAX - 1, 10),
    ] {
        assert_eq!(blocks_until_next(netuid, tempo, block), expected, "({netuid}, {tempo}, {block})");
        assert_eq!(due(netuid, tempo, block), expected == 0);
    }
}

#[test]
fn spec_151_waits_a_thousand_blocks_for_what_never_comes() {
    for (netuid, tempo, block, expected) in [
        (0, 1, 0, 0),
        (1, 1, 0, 1),
        (0, 1, 1, 1),
        (1, 1, 1, 0),
        (0, 0, 0, 1000),
        (1, 0, 100, 1000),
        (65535, 0, u64::MAX, 1000),
    ] {
        assert_eq!(blocks_until_next_at_151(netuid, tempo, block), expected, "({netuid}, {tempo}, {block})");
    }
}

#[test]
fn an_epoch_runs_in_the_last_block_of_its_index() {
    for (netuid, tempo, block, index) in [
        (1, 10, 0, 0),
        (1, 10, 8, 0),
        (1, 10, 9, 1),
        (0, 1, 0, 0),
        (0, 1, 1, 1),
        (1, 10, u64::MAX, u64::MAX / 11),
    ] {
        assert_eq!(epoch_index(netuid, tempo, block), index, "({netuid}, {tempo}, {block})");
    }
    for (netuid, tempo, epoch, block) in [(1, 10, 0, 0), (1, 10, 1, 9), (0, 1, 1, 1), (0, 100, 1000, 100_999)]
    {
        assert_eq!(first_block(netuid, tempo, epoch), block, "({netuid}, {tempo}, {epoch})");
    }
    let runs: Vec<u64> = (0..40).filter(|block| due(1, 10, *block)).collect();
    assert_eq!(runs, [8, 19, 30]);
    for epoch in 0..10 {
        let first = first_block(1, 10, epoch);
        assert_eq!(first + blocks_until_next(1, 10, first) + 1, first_block(1, 10, epoch + 1));
    }
    assert_eq!(reveal_window(1, 10, 3, 2), first_block(1, 10, 5)..=first_block(1, 10, 5) + 10);
}

#[test]
fn blocks_are_counted_since_the_last_step() {
    let (netuid, tempo) = (1, 40);
    let (mut block, mut since) = (0, 0);
    let mut run = |blocks: u64, block: &mut u64| {
        for _ in 0..blocks {
            *block += 1;
            since = blocks_since_last_step(since, due(netuid, tempo, *block));
        }
        since
    };
    assert_eq!(run(5, &mut block), 5);
    for more in [10, 20] {
        let until = blocks_until_next(netuid, tempo, block);
        assert_eq!(run(until + more, &mut block), more);
    }
    assert_eq!(run(7, &mut block), 27);
}

#[test]
fn the_stored_schedule_runs_by_tempo_by_request_and_by_pause() {
    let regular = StoredSchedule {
        tempo: 360,
        pending_epoch_at: 0,
        blocks_since_last_step: 10,
        last_epoch_block: 1000,
    };
    assert!(!regular.due(1359));
    assert!(regular.due(1360), "the period is the tempo itself");
    assert_eq!(regular.blocks_until_next(1300), 60);
    let asked = StoredSchedule { pending_epoch_at: 1100, ..regular };
    assert!(!asked.due(1099));
    assert!(asked.due(1100));
    assert_eq!(asked.blocks_until_next(1090), 10);
    let paused = StoredSchedule { blocks_since_last_step: 50_401, last_epoch_block: u64::MAX, ..regular };
    assert!(paused.due(5));
    assert!(!StoredSchedule { blocks_since_last_step: 50_400, ..paused }.due(5));
    let never = StoredSchedule { tempo: 0, ..paused };
    assert!(!never.due(u64::MAX));
    assert_eq!(never.blocks_until_next(0), u64::MAX);
    assert_eq!(activity_cutoff(13_889, 360), 5000);
    assert_eq!(activity_cutoff(1, 360), 1);
}

#[test]
fn an_index_names_subnet_and_mechanism() {
    for netuid in [0_u16, 2048, 4095] {
        for mechid in [0_u8, 1, 7, 14, 15] {
            let index = storage_index(netuid, mechid).unwrap();
            assert_eq!(u32::from(index), u32::from(mechid) * 4096 + u32::from(netuid));
            assert_eq!(of_storage_index(index), (netuid, mechid));
        }
    }
    for index in [0_u16, 1, 14, 15, 16, 17, 4095, 4096, 4097, 32767, 65534, 65535] {
        let (netuid, mechid) = of_storage_index(index);
        assert_eq!(storage_index(netuid, mechid), Some(index));
    }
    assert_eq!(storage_index(1, 1), Some(4097));
    assert_eq!(storage_index(5, 2), Some(8197));
    assert_eq!(storage_index(4095, 15), Some(65535));
    assert_eq!(of_storage_index(65534), (4094, 15));
    assert_eq!(storage_index(4096, 0), None);
    assert_eq!(storage_index(1, 16), None);
}

#[test]
fn rao_are_split_between_mechanisms_and_the_rest_goes_to_the_first() {
    assert_eq!(split_rao(25, 5, None), [5; 5]);
    assert_eq!(split_rao(10, 4, None), [4, 2, 2, 2]);
    assert_eq!(split_rao(19, 5, Some(&[3450, 6899, 10348, 17247, 27594])), [1, 2, 3, 5, 8]);
    // a list too short is padded, one too long is cut
    assert_eq!(split_rao(100, 3, Some(&[65535])), [100, 0, 0]);
    assert_eq!(split_rao(100, 1, Some(&[32768, 32767])), [100]);
    assert_eq!(split_rao(u64::MAX, 2, Some(&[0, 65535])), [0, u64::MAX]);
    assert_eq!(split_rao(7, 0, None), [0; 0]);
}
