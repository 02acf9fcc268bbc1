//! What an extrinsic, or the chain by itself, did in a block.

use yumascan_chain::BlockNumber;

/// What did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// `None` for what the chain did by itself (a scheduled call).
    pub(crate) extrinsic: Option<u32>,
    /// The event or call.
    pub(crate) kind: String,
    /// What else is to be said of it.
    pub(crate) details: String,
}

impl Cause {
    pub(crate) fn new(extrinsic: Option<u32>, kind: &str) -> Self {
        Self { extrinsic, kind: kind.to_owned(), details: String::new() }
    }

    pub(crate) fn with(self, details: String) -> Self {
        Self { details, ..self }
    }

    /// It as the excuse of what it rewrote.
    pub(crate) fn excuse(&self, block: BlockNumber) -> Excuse {
        let place = match self.extrinsic {
            Some(index) => format!("extrinsic {block}-{index}"),
            None => format!("initialization of block {block}"),
        };
        let Self { kind, details, .. } = self;
        Excuse { kind: kind.clone(), text: format!("{place}: {kind}{details}") }
    }
}

/// What rewrote a stored number, named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excuse {
    /// The event or call: what excuses are counted by.
    pub(crate) kind: String,
    /// With the place in the block.
    pub(crate) text: String,
}
