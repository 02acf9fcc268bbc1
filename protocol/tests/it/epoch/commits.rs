//! Weights that were committed before they could know a neuron.

use yumascan_protocol::epoch::commits::{Clock, Commit, CommitKind, oldest_pending};

use super::world::World;

#[test]
fn committed_weights_do_not_reach_a_neuron_that_came_after() {
    let incentive = |spec, commits: Option<Vec<u64>>| {
        let mut world = World::new(spec, &[1, 0, 0, 0]);
        world.epoch(0);
        world.inputs.neurons[1].block_at_registration = 5;
        world.inputs.neurons[2].block_at_registration = 11;
        world.inputs.neurons[3].block_at_registration = 12;
        world.weigh(0, 15, &[(1, 65535), (2, 65535), (3, 65535)]);
        world.inputs.mechanisms[0].commit_blocks = commits;
        world.epoch(16).mechanisms[0].incentive.clone()
    };
    let pending = |blocks: &[u64]| {
        let commits = blocks.iter().map(|block| Commit {
            uid: 0,
            block: *block,
            epoch: 0,
            kind: CommitKind::Timelocked,
        });
        Some(oldest_pending(4, 1, Clock::Blocks { tempo: 9, block: 16 }, 1, commits))
    };
    // committed before uids 2 and 3 came
    assert_eq!(incentive(377, pending(&[10])), [0, 65535, 0, 0]);
    // the oldest commit that has not expired decides: the one of block 1 has
    assert_eq!(pending(&[1, 11]).unwrap()[0], 1, "epochs 0 and 1 are within the period");
    assert_eq!(incentive(377, pending(&[11])), [0, 32767, 32767, 0]);
    assert_eq!(incentive(377, pending(&[])), [0, 21844, 21844, 21844]);
    // not masked where commit-reveal is off, nor before spec 297
    assert_eq!(incentive(377, None), [0, 21844, 21844, 21844]);
    assert_eq!(incentive(290, pending(&[10])), [0, 21844, 21844, 21844]);
}

#[test]
fn a_commit_expires_by_epochs_and_a_queue_counts_its_first() {
    let commit = |uid, block, epoch, kind| Commit { uid, block, epoch, kind };
    let commits = [
        commit(0, 100, 9, CommitKind::Hash),
        commit(0, 50, 4, CommitKind::Hash),
        commit(1, 50, 4, CommitKind::Hash),
        commit(1, 100, 9, CommitKind::Hash),
        commit(2, 100, 9, CommitKind::Timelocked),
        commit(2, 95, 8, CommitKind::Timelocked),
        commit(9, 100, 9, CommitKind::Hash),
    ];
    // tempo 10 on subnet 1: block 100 is of epoch 9, 95 of 8, 50 of 4
    let by_blocks = |block, period| oldest_pending(3, 1, Clock::Blocks { tempo: 10, block }, period, commits);
    assert_eq!(by_blocks(105, 1), [100, 100, 95]);
    assert_eq!(by_blocks(108, 1), [100, 100, 100]);
    assert_eq!(by_blocks(119, 1), [u64::MAX; 3]);
    // in a queue the first that lives counts, not the least
    assert_eq!(by_blocks(105, 9), [100, 50, 95]);
    let by_epochs = |current| oldest_pending(3, 1, Clock::Epochs { current }, 1, commits);
    assert_eq!(by_epochs(9), [100, 100, 95]);
    assert_eq!(by_epochs(10), [100, 100, 100]);
    assert_eq!(by_epochs(11), [u64::MAX; 3]);
}
