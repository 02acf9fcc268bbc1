//! When epochs run.
//!
//! Up to spec 422 the block number alone decides ([`due`]); from 423 on the chain stores its schedule
//! ([`StoredSchedule`]).

use serde::{Deserialize, Serialize};

/// Whether the epoch of a subnet runs at `block`, specs 195 to 422.
#[must_use]
pub const fn due(netuid: u16, tempo: u16, block: u64) -> bool {
    blocks_until_next(netuid, tempo, block) == 0
}

/// Blocks until the next epoch, 0 at the due block; `u64::MAX` for tempo 0, which never runs.
#[must_use]
pub const fn blocks_until_next(netuid: u16, tempo: u16, block: u64) -> u64 {
    if tempo == 0 {
        return u64::MAX;
    }
    let phase = block.wrapping_add(netuid as u64 + 1) % (tempo as u64 + 1);
    tempo as u64 - phase
}

/// Blocks until the next epoch as spec 151 counts them: like [`blocks_until_next`], but 1000 for tempo 0.
///
/// Either way a subnet of tempo 0 never runs. Source of the tempo: `Tempo[netuid]`.
#[must_use]
pub const fn blocks_until_next_at_151(netuid: u16, tempo: u16, block: u64) -> u64 {
    if tempo == 0 { 1000 } else { blocks_until_next(netuid, tempo, block) }
}

/// `BlocksSinceLastStep[netuid]` after a block: 0 where its epoch ran, else one more than before.
#[must_use]
pub const fn blocks_since_last_step(before: u64, ran: bool) -> u64 {
    if ran { 0 } else { before.saturating_add(1) }
}

/// Number of the epoch to which `block` belongs, specs up to 422; it runs in its last block.
#[must_use]
pub const fn epoch_index(netuid: u16, tempo: u16, block: u64) -> u64 {
    block.saturating_add(netuid as u64 + 1) / (tempo as u64 + 1)
}

/// First block of an epoch, specs up to 422.
#[must_use]
pub const fn first_block(netuid: u16, tempo: u16, epoch: u64) -> u64 {
    epoch.saturating_mul(tempo as u64 + 1).saturating_sub(netuid as u64 + 1)
}

/// Blocks in which weights committed in `epoch` may be revealed, specs up to 422.
#[must_use]
pub const fn reveal_window(
    netuid: u16,
    tempo: u16,
    epoch: u64,
    reveal_period: u64,
) -> std::ops::RangeInclusive<u64> {
    let first = first_block(netuid, tempo, epoch.saturating_add(reveal_period));
    first..=first.saturating_add(tempo as u64)
}

/// Blocks without an update after which a neuron is inactive, from spec 423 on.
///
/// Source: `ActivityCutoffFactorMilli[netuid]` in thousandths of a tempo.
#[must_use]
pub const fn activity_cutoff(factor_milli: u32, tempo: u16) -> u64 {
    let cutoff = factor_milli as u64 * tempo as u64 / 1000;
    if cutoff == 0 { 1 } else { cutoff }
}

/// The chain's schedule of a subnet from spec 423 on, before the block's coinbase looks at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSchedule {
    /// `Tempo[netuid]`.
    pub tempo: u16,
    /// `PendingEpochAt[netuid]`: asked for or deferred; 0 for none.
    pub pending_epoch_at: u64,
    /// `BlocksSinceLastStep[netuid]`, this block counted.
    pub blocks_since_last_step: u64,
    /// `LastEpochBlock[netuid]`.
    pub last_epoch_block: u64,
}

impl StoredSchedule {
    /// An epoch runs at the latest after this many blocks.
    pub const LONGEST_PAUSE: u64 = 50_400;

    /// Whether an epoch is due at `block`. At most `MaxEpochsPerBlock` of those due run; the others are deferred.
    #[must_use]
    pub const fn due(&self, block: u64) -> bool {
        if self.tempo == 0 {
            return false;
        }
        let pending = self.pending_epoch_at > 0 && block >= self.pending_epoch_at;
        let overdue = self.blocks_since_last_step > Self::LONGEST_PAUSE;
        pending || overdue || block.saturating_sub(self.last_epoch_block) >= self.tempo as u64
    }

    /// Blocks until the next epoch if nothing changes, 0 where one is due; `u64::MAX` for tempo 0.
    #[must_use]
    pub fn blocks_until_next(&self, block: u64) -> u64 {
        if self.tempo == 0 {
            return u64::MAX;
        }
        if self.due(block) {
            return 0;
        }
        let regular = self.last_epoch_block.saturating_add(u64::from(self.tempo)).saturating_sub(block);
        let overdue = (Self::LONGEST_PAUSE + 1).saturating_sub(self.blocks_since_last_step);
        let pending = match self.pending_epoch_at {
            0 => u64::MAX,
            at => at.saturating_sub(block),
        };
        regular.min(overdue).min(pending)
    }
}
