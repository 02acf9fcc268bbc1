//! Keyset pagination.

/// Direction of a list along the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Highest block first.
    #[default]
    Newest,
    /// Lowest block first.
    Oldest,
}

/// Position of a row: block, then up to two ordinals within it (extrinsic and call, or event).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// Block number.
    pub block: u64,
    /// Extrinsic or event index.
    pub major: u32,
    /// Call ordinal within the extrinsic, else 0.
    pub minor: u32,
}

/// Which rows of an ordered list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// At most this many.
    pub limit: u32,
    /// Direction.
    pub order: Order,
    /// Only rows after this one, in list order.
    pub after: Option<Cursor>,
    /// Only the last rows before this one, in list order (going back a page).
    pub before: Option<Cursor>,
}

impl PageRequest {
    /// The first `limit` rows, newest first.
    #[must_use]
    pub fn newest(limit: u32) -> Self {
        Self { limit, order: Order::Newest, after: None, before: None }
    }
}

/// Some rows of an ordered list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in list order.
    pub rows: Vec<T>,
    /// Whether rows come before these.
    pub has_previous: bool,
    /// Whether rows come after these.
    pub has_next: bool,
}

/// Rows that know their place in a list.
pub trait Keyed {
    /// Position of the row.
    fn cursor(&self) -> Cursor;
}

/// A page by its place, for clients that count pages: `skip` rows are passed over, then at most `limit` given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slice {
    /// Rows before the first one wanted.
    pub skip: u64,
    /// At most this many.
    pub limit: u32,
    /// Direction.
    pub order: Order,
}

impl PageRequest {
    /// Whether the rows are those before a cursor, so that they are read against list order.
    pub(crate) fn is_backward(&self) -> bool {
        self.before.is_some()
    }

    /// Whether reading goes up the chain.
    pub(crate) fn reads_ascending(&self) -> bool {
        (self.order == Order::Oldest) != self.is_backward()
    }
}
