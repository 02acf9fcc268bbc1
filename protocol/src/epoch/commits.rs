//! Pending weight commits: from when on each validator's weights may date.

use serde::{Deserialize, Serialize};

use super::schedule;

/// One pending commit of a hotkey that has a uid; commits of other hotkeys do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Who committed.
    pub uid: u16,
    /// Block of the commit.
    pub block: u64,
    /// Epoch of the commit as stored, from spec 423 on; ignored before, where the block tells it.
    pub epoch: u64,
    /// Which of the two maps it stands in.
    pub kind: CommitKind,
}

/// The two kinds of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitKind {
    /// `WeightCommits`: of a queue only the first commit that has not expired counts.
    Hash,
    /// `TimelockedWeightCommits` (or `CRV3WeightCommitsV2`): all that have not expired count.
    Timelocked,
}

/// How commits expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clock {
    /// Specs 297 to 422: by the epoch of the commit's block.
    Blocks {
        /// `Tempo[netuid]`.
        tempo: u16,
        /// The epoch's block.
        block: u64,
    },
    /// Specs since 423: by the stored epoch of the commit.
    Epochs {
        /// `SubnetEpochIndex[netuid]` of the epoch that runs: the one stored before it plus one.
        current: u64,
    },
}

/// Block of the oldest pending commit by uid, `u64::MAX` for none: the input
/// [`commit_blocks`](super::MechanismInputs::commit_blocks).
///
/// `commits` in storage order; `reveal_period` is `RevealPeriodEpochs[netuid]`.
pub fn oldest_pending(
    neurons: usize,
    netuid: u16,
    clock: Clock,
    reveal_period: u64,
    commits: impl IntoIterator<Item = Commit>,
) -> Vec<u64> {
    let mut oldest = vec![u64::MAX; neurons];
    let mut queue_counted = vec![false; neurons];
    for commit in commits {
        let (committed, current) = match clock {
            Clock::Blocks { tempo, block } => {
                let epoch_of = |block| schedule::epoch_index(netuid, tempo, block);
                (epoch_of(commit.block), epoch_of(block))
            }
            Clock::Epochs { current } => (commit.epoch, current),
        };
        let expired = current > committed.saturating_add(reveal_period);
        let uid = usize::from(commit.uid);
        let (Some(block), Some(counted)) = (oldest.get_mut(uid), queue_counted.get_mut(uid)) else {
            continue;
        };
        if expired || (commit.kind == CommitKind::Hash && *counted) {
            continue;
        }
        *counted |= commit.kind == CommitKind::Hash;
        *block = (*block).min(commit.block);
    }
    oldest
}
