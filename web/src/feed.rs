//! The home page's live feed: what the server renders, streams and the island shows.

use serde::{Deserialize, Serialize};

/// Rows in each of the feed's two lists.
pub const FEED_ROWS: usize = 10;

/// The newest blocks and signed extrinsics, with the heads and totals of the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Feed {
    /// Highest stored, finalized block.
    pub finalized: Option<u64>,
    /// Highest known block, finalized or not.
    pub best: Option<u64>,
    /// Row counts of the warehouse.
    pub totals: FeedTotals,
    /// Newest first.
    pub blocks: Vec<FeedBlock>,
    /// Newest first.
    pub extrinsics: Vec<FeedExtrinsic>,
}

/// Row counts; `None` where they could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FeedTotals {
    pub blocks: Option<u64>,
    pub extrinsics: Option<u64>,
    pub signed_extrinsics: Option<u64>,
    pub calls: Option<u64>,
    pub events: Option<u64>,
    pub transfers: Option<u64>,
    pub quarantined: Option<u64>,
}

/// A block of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeedBlock {
    /// Height.
    pub number: u64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// SS58 of the author.
    pub author: Option<String>,
    /// Extrinsics.
    pub extrinsics: u32,
    /// Events.
    pub events: u32,
    /// Whether it is final and stored.
    pub finalized: bool,
}

/// A signed extrinsic of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeedExtrinsic {
    /// Block.
    pub block: u64,
    /// Index in it.
    pub index: u32,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// `Pallet.call`.
    pub name: String,
    /// Signer's text.
    pub signer: Option<String>,
    /// Outcome; `None` where unknown.
    pub success: Option<bool>,
}
