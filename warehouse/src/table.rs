//! The tables that windows are written to: names, keys, order of writing.

/// A table of the raw, log or lookup lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Table {
    RawBlocks,
    Extrinsics,
    Calls,
    Events,
    Transfers,
    Quarantine,
    AccountActivity,
    HashIndex,
    NameCounts,
    Blocks,
}

impl Table {
    /// All of them, in the order in which a window is written. Raw first, `blocks` last: its rows make the others
    /// visible. The lookups come after what they point at, so that a pointer always has a target.
    pub const ALL: [Self; 10] = [
        Self::RawBlocks,
        Self::Extrinsics,
        Self::Calls,
        Self::Events,
        Self::Transfers,
        Self::Quarantine,
        Self::AccountActivity,
        Self::HashIndex,
        Self::NameCounts,
        Self::Blocks,
    ];

    /// Name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RawBlocks => "raw_blocks",
            Self::Extrinsics => "extrinsics",
            Self::Calls => "calls",
            Self::Events => "events",
            Self::Transfers => "transfers",
            Self::Quarantine => "quarantine",
            Self::AccountActivity => "account_activity",
            Self::HashIndex => "hash_index",
            Self::NameCounts => "name_counts",
            Self::Blocks => "blocks",
        }
    }

    /// Column with the block's height (for `name_counts`, of the first block of the window).
    #[must_use]
    pub const fn block_column(self) -> &'static str {
        match self {
            Self::RawBlocks | Self::Blocks => "number",
            Self::NameCounts => "first_block",
            _ => "block_number",
        }
    }

    /// Columns that tell rows apart, in sort order.
    #[must_use]
    pub const fn key_columns(self) -> &'static [&'static str] {
        match self {
            Self::RawBlocks | Self::Blocks => &["number"],
            Self::Extrinsics => &["block_number", "extrinsic_index"],
            Self::Calls => &["block_number", "extrinsic_index", "call_index"],
            Self::Events | Self::Transfers => &["block_number", "event_index"],
            Self::Quarantine => &["block_number", "kind", "item_index"],
            Self::AccountActivity => &["account", "kind", "block_number", "item_index"],
            Self::HashIndex => &["hash_key", "kind", "block_number", "item_index"],
            Self::NameCounts => &["kind", "pallet", "name", "first_block"],
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
