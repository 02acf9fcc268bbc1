//! Growth: blocks appear one by one, sometimes on a competing branch first, and are finalized some time after.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use yumascan_chain::{BlockNumber, Hash, Header};

use super::{Event, FORKED_BLOCKS_KEPT, ForkedBlock, Notice, Shared, Tip};

/// What one step of growth did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A block was added to the recorded chain.
    Recorded,
    /// A block was added to a competing branch.
    Competing,
    /// The recording is at its end.
    End,
}

impl Shared {
    /// Produces blocks in the node's block time until the recording ends.
    pub(crate) async fn grow(self: Arc<Self>, block_time: Duration) {
        loop {
            sleep(block_time).await;
            let stall_for = {
                let faults = self.faults();
                let stalls = faults.stall_at == Some(self.tip().best);
                if stalls { faults.stall_for } else { Duration::ZERO }
            };
            sleep(stall_for).await;
            if self.produce() == Step::End {
                return;
            }
        }
    }

    /// Adds one block, to the recorded chain or to a competing branch, and tells the subscribers.
    pub(crate) fn produce(&self) -> Step {
        let (fork_every, fork_depth) = {
            let faults = self.faults();
            (faults.fork_every, faults.fork_depth.max(1))
        };
        let mut tip = self.tip();
        let next = tip.best + 1;
        if self.recording.block(next).is_none() {
            return Step::End;
        }
        let forks_here = fork_every.is_some_and(|every| every > 0 && next.is_multiple_of(every));
        let branch_length = tip.branch.len() as u64;
        if forks_here
            && branch_length < fork_depth
            && let Some(competing) = self.competing_block(&tip, next + branch_length)
        {
            tip.forked.push_back(competing.clone());
            while tip.forked.len() > FORKED_BLOCKS_KEPT {
                tip.forked.pop_front();
            }
            let header = competing.header.clone();
            tip.branch.push(competing);
            self.tell(&mut tip, Event::Best(header));
            return Step::Competing;
        }

        // the recorded chain takes over as a whole: a node announces only where it ends as its new best block
        let last = (next + branch_length.saturating_sub(1)).min(self.recording.last_block());
        tip.branch.clear();
        for number in next..=last {
            self.add_recorded(&mut tip, number, number == last);
        }
        Step::Recorded
    }

    /// Closes all WebSocket connections.
    pub(crate) fn disconnect_all(&self) {
        let mut tip = self.tip();
        self.tell(&mut tip, Event::Disconnect);
    }

    fn add_recorded(&self, tip: &mut Tip, number: BlockNumber, is_best: bool) {
        let Some(block) = self.recording.block(number) else { return };
        let header = block.header.clone();
        tip.best = number;
        self.tell(tip, if is_best { Event::Best(header) } else { Event::Imported(header) });
        while tip.finalized + self.finality_lag < tip.best {
            let Some(finalized) = self.recording.block(tip.finalized + 1) else { return };
            tip.finalized += 1;
            self.tell(tip, Event::Finalized(finalized.header.clone()));
        }
    }

    /// The recorded block of this height under a header of its own, on top of the present branch.
    fn competing_block(&self, tip: &Tip, number: BlockNumber) -> Option<ForkedBlock> {
        let recorded = self.recording.block(number)?;
        let parent_hash = tip.branch.last().map_or(recorded.header.parent_hash, |block| block.hash);
        let state_root = Hash::blake2_256(format!("competing block {number}").as_bytes());
        let header = Header { parent_hash, state_root, ..recorded.header.clone() };
        Some(ForkedBlock { hash: header.hash(), header })
    }

    fn tell(&self, tip: &mut Tip, event: Event) {
        tip.sequence += 1;
        // without subscribers there is nobody to tell
        let _ = self.notices.send(Notice { sequence: tip.sequence, event });
    }
}
