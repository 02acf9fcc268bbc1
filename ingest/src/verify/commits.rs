//! Pending weight commits as the epoch saw them.
//!
//! The block's initialization takes revealed commits out of the time-locked queues before the epoch; extrinsics of the
//! block put theirs under a later epoch. So the queues of the running epoch and of those before are read after the
//! block, and everything else in the state of its parent.

use serde::de::IgnoredAny;
use yumascan_chain::{AccountId, KeyPart, StorageItem};
use yumascan_protocol::epoch::{
    commits::{Clock, Commit, CommitKind, oldest_pending},
    schedule,
};

use super::{
    items::{Items, Part, Reason, Wide, decode},
    state::States,
};
use crate::source::BlockAt;

/// Commits of hashes: by index and hotkey.
const BY_HOTKEY: &str = "WeightCommits";
/// Commits of ciphertexts: by index and epoch.
const BY_EPOCH: [&str; 2] = ["TimelockedWeightCommits", "CRV3WeightCommitsV2"];

/// Hash, block, first and last block of the reveal; since spec 423 hash, epoch, block.
type HashCommit = (IgnoredAny, Wide<u64>, Wide<u64>, IgnoredAny);
/// Hotkey, block, ciphertext, drand round.
type LockedCommit = (AccountId, Wide<u64>, IgnoredAny, IgnoredAny);

/// How the commits of a subnet are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) netuid: u16,
    pub(super) tempo: u16,
    /// The epoch's block.
    pub(super) block: u64,
    pub(super) reveal_period: u64,
    /// `SubnetEpochIndex` before the epoch, where the runtime keeps it (since spec 423).
    pub(super) stored_index: Option<u64>,
}

/// A queue of commits: its item, its key, its second key part, and whether it is read after the block.
struct Queue<'r> {
    item: StorageItem<'r>,
    key: Vec<u8>,
    part: String,
    after: bool,
}

/// Wants the keys of all queues of a mechanism.
pub(super) fn want_queues(items: &Items<'_>, states: &mut States, parent: BlockAt, index: Part<'_>) {
    for name in [BY_HOTKEY, BY_EPOCH[0], BY_EPOCH[1]] {
        items.want_keys(states, parent, name, &[index]);
    }
}

impl Reading {
    /// Wants the queues themselves.
    pub(super) fn want_commits(
        &self,
        items: &Items<'_>,
        states: &mut States,
        index: u16,
        parent: BlockAt,
        at: BlockAt,
    ) {
        for queue in self.queues(items, states, index, parent) {
            states.want(if queue.after { at } else { parent }, queue.key);
        }
    }

    /// By uid the block of the oldest pending commit, `u64::MAX` for none.
    pub(super) fn oldest(
        &self,
        items: &Items<'_>,
        states: &States,
        index: u16,
        hotkeys: &[Option<AccountId>],
        parent: BlockAt,
        at: BlockAt,
    ) -> Result<Vec<u64>, Reason> {
        let uid_of = |who: &AccountId| {
            let uid = hotkeys.iter().position(|hotkey| hotkey.as_ref() == Some(who));
            uid.and_then(|uid| u16::try_from(uid).ok())
        };
        let mut commits = Vec::new();
        for queue in self.queues(items, states, index, parent) {
            let block = if queue.after { at.number } else { parent.number };
            let Some(bytes) = states.get(block, &queue.key) else { continue };
            if queue.item.name() == BY_HOTKEY {
                let who: AccountId = serde_json::from_str(&queue.part).map_err(|error| error.to_string())?;
                let Some(uid) = uid_of(&who) else { continue };
                let queue: Vec<HashCommit> = decode(queue.item, Some(bytes))?.unwrap_or_default();
                commits.extend(queue.into_iter().map(|(_, first, second, _)| match self.stored_index {
                    Some(_) => Commit { uid, block: second.0, epoch: first.0, kind: CommitKind::Hash },
                    None => Commit { uid, block: first.0, epoch: 0, kind: CommitKind::Hash },
                }));
                continue;
            }
            let epoch = number(&queue.part).unwrap_or(0);
            let queue: Vec<LockedCommit> = decode(queue.item, Some(bytes))?.unwrap_or_default();
            let known = queue.into_iter().filter_map(|(who, block, ..)| Some((uid_of(&who)?, block.0)));
            commits.extend(known.map(|(uid, block)| Commit {
                uid,
                block,
                epoch,
                kind: CommitKind::Timelocked,
            }));
        }
        let clock = match self.stored_index {
            Some(before) => Clock::Epochs { current: before.saturating_add(1) },
            None => Clock::Blocks { tempo: self.tempo, block: self.block },
        };
        Ok(oldest_pending(hotkeys.len(), self.netuid, clock, self.reveal_period, commits))
    }

    /// The last epoch whose queue no extrinsic of the block can have added to.
    fn last_settled_epoch(&self) -> u64 {
        match self.stored_index {
            Some(before) => before,
            None => schedule::epoch_index(self.netuid, self.tempo, self.block),
        }
    }

    fn queues<'r>(&self, items: &Items<'r>, states: &States, index: u16, parent: BlockAt) -> Vec<Queue<'r>> {
        let mut queues = Vec::new();
        for name in [BY_HOTKEY, BY_EPOCH[0], BY_EPOCH[1]] {
            let (Some(item), Some(prefix)) = (items.find(name), items.key(name, &[Part::U16(index)])) else {
                continue;
            };
            for (key, parts) in states.parsed_keys(parent.number, item, &prefix) {
                let Some(KeyPart::Json(part)) = parts.into_iter().nth(1) else { continue };
                let settled = || number(&part).is_some_and(|epoch| epoch <= self.last_settled_epoch());
                let after = name != BY_HOTKEY && settled();
                queues.push(Queue { item, key: key.clone(), part, after });
            }
        }
        queues
    }
}

/// A number in canonical JSON, which writes it as text.
fn number(text: &str) -> Option<u64> {
    text.trim_matches('"').parse().ok()
}
