//! The unfinalized tip, held in memory: ingest writes it, api and web read it. Never stored.

use std::sync::{Arc, RwLock};

use tokio::sync::broadcast;

use crate::rows::{BlockRow, ExtrinsicRow};

/// A block above the finalized head, as rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TipBlock {
    /// The block.
    pub block: BlockRow,
    /// Its extrinsics.
    pub extrinsics: Vec<ExtrinsicRow>,
}

/// What happened at the head.
#[derive(Debug, Clone)]
pub enum TipEvent {
    /// A new best block (finalized: false).
    Best(Arc<TipBlock>),
    /// Best blocks above this height were retracted.
    Retracted {
        /// The highest block that remains.
        to: u64,
    },
    /// A block was finalized and is stored.
    Finalized(Arc<TipBlock>),
}

/// Shared between ingest (writer) and api and web (readers) of one process; cheap to clone.
#[derive(Debug, Clone)]
pub struct LiveTip {
    blocks: Arc<RwLock<Vec<Arc<TipBlock>>>>,
    events: broadcast::Sender<TipEvent>,
}

impl Default for LiveTip {
    fn default() -> Self {
        Self { blocks: Arc::default(), events: broadcast::channel(256).0 }
    }
}

impl LiveTip {
    /// Unfinalized blocks, lowest first.
    #[must_use]
    pub fn blocks(&self) -> Vec<Arc<TipBlock>> {
        self.blocks.read().map(|blocks| blocks.clone()).unwrap_or_default()
    }

    /// Events from now on. A slow reader loses old ones and is told so by the channel.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<TipEvent> {
        self.events.subscribe()
    }

    /// Adds a best block; whatever stood at its height or above is retracted first.
    pub fn push_best(&self, tip_block: Arc<TipBlock>) {
        let number = tip_block.block.number;
        self.retract_to(number.saturating_sub(1));
        if let Ok(mut blocks) = self.blocks.write() {
            blocks.push(tip_block.clone());
        }
        let _ = self.events.send(TipEvent::Best(tip_block));
    }

    /// Drops every unfinalized block above `number`.
    pub fn retract_to(&self, number: u64) {
        let retracted = self.blocks.write().is_ok_and(|mut blocks| {
            let before = blocks.len();
            blocks.retain(|kept| kept.block.number <= number);
            blocks.len() < before
        });
        if retracted {
            let _ = self.events.send(TipEvent::Retracted { to: number });
        }
    }

    /// Forgets blocks up to `number` without a word to readers: they are too old to be a tip, stored or not.
    pub fn forget_to(&self, number: u64) {
        if let Ok(mut blocks) = self.blocks.write() {
            blocks.retain(|kept| kept.block.number > number);
        }
    }

    /// Announces a stored, finalized block and forgets the tip up to it.
    pub fn finalize(&self, tip_block: Arc<TipBlock>) {
        let number = tip_block.block.number;
        if let Ok(mut blocks) = self.blocks.write() {
            blocks.retain(|kept| kept.block.number > number);
        }
        let _ = self.events.send(TipEvent::Finalized(tip_block));
    }
}
