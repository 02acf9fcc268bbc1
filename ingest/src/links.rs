//! Whether windows fetched side by side form one chain.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use yumascan_chain::{BlockNumber, Hash};

use crate::{IngestError, source::FetchedWindow};

/// Hashes at the edges of windows: those of last blocks, and those that first blocks name as their parents.
#[derive(Debug, Default)]
pub(crate) struct Links {
    edges: Mutex<BTreeMap<BlockNumber, Hash>>,
}

impl Links {
    /// `number` has `hash`, as is stored.
    pub(crate) fn know(&self, number: BlockNumber, hash: Hash) {
        self.edges().insert(number, hash);
    }

    pub(crate) fn knows(&self, number: BlockNumber) -> bool {
        self.edges().contains_key(&number)
    }

    /// Compares a window with its neighbours.
    pub(crate) fn check(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        window: &FetchedWindow,
    ) -> Result<(), IngestError> {
        let edges = self.edges();
        let (parent, hash) = (window.parent_hash(), window.last_hash());
        if let Some(stored) =
            first.checked_sub(1).and_then(|below| edges.get(&below)).filter(|known| **known != parent)
        {
            return Err(IngestError::BrokenLink { number: first, parent, stored: *stored });
        }
        if let Some(named) = edges.get(&last).filter(|known| **known != hash) {
            return Err(IngestError::BrokenLink { number: last + 1, parent: *named, stored: hash });
        }
        Ok(())
    }

    /// A window was sealed: its edges bind its neighbours.
    pub(crate) fn seal(&self, first: BlockNumber, last: BlockNumber, parent: Hash, hash: Hash) {
        let mut edges = self.edges();
        // an edge that both neighbours have confirmed is not needed any more, except the highest
        if let Some(below) = first.checked_sub(1)
            && edges.insert(below, parent).is_some()
        {
            edges.remove(&below);
        }
        let confirmed = edges.insert(last, hash).is_some();
        if confirmed && edges.range(last + 1..).next().is_some() {
            edges.remove(&last);
        }
    }

    fn edges(&self) -> MutexGuard<'_, BTreeMap<BlockNumber, Hash>> {
        self.edges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
