//! The tables that are written by windows or listed by key: names, keys, order of writing.

/// A table of the raw, log or lookup lane, or one of verdicts or moves.
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
    EpochVerifications,
    EmissionVerifications,
    StakeMoves,
    Registrations,
    Deregistrations,
    EvmTransactions,
    EvmLogs,
}

impl Table {
    /// All that a window of blocks is written to, in the order of writing. Raw first, `blocks` last: its rows make the others
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
            Self::EpochVerifications => "epoch_verifications",
            Self::EmissionVerifications => "emission_verifications",
            Self::StakeMoves => "stake_moves",
            Self::Registrations => "registrations",
            Self::Deregistrations => "deregistrations",
            Self::EvmTransactions => "evm_transactions",
            Self::EvmLogs => "evm_logs",
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

    /// Whether its rows count only once their block is in `blocks`. Verdicts and moves stand on their own: those lanes
    /// need no ingested blocks.
    #[must_use]
    pub const fn follows_blocks(self) -> bool {
        !matches!(
            self,
            Self::Blocks
                | Self::EpochVerifications
                | Self::EmissionVerifications
                | Self::StakeMoves
                | Self::Registrations
                | Self::Deregistrations
                | Self::EvmTransactions
                | Self::EvmLogs
        )
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
            Self::EpochVerifications => &["block_number", "netuid", "mechid"],
            Self::EmissionVerifications => &["block_number", "netuid"],
            Self::EvmTransactions => &["block_number", "transaction_index"],
            Self::StakeMoves | Self::Registrations | Self::EvmLogs => &["block_number", "event_index"],
            Self::Deregistrations => &["block_number", "item_index"],
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
