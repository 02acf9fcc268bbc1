//! What becomes interactive in the browser. Every page is whole without it.
//!
//! Islands that only listen (times, copy buttons, panes, keys) are rendered once in the footer and work on all marked
//! elements of the page by delegation, so that a table of a thousand rows costs nothing to hydrate.

// The macro makes structs of properties that carry no documentation.
#![allow(missing_docs)]

pub mod copy;
pub mod earnings;
pub mod graph;
pub mod keys;
pub mod live;
pub mod panes;
pub mod search;
pub mod slippage;
pub mod theme;
pub mod times;
pub mod what_if;

#[cfg(feature = "hydrate")]
pub(crate) mod browser;

pub use copy::CopyButtons;
pub use earnings::EarningsCalculator;
pub use graph::GraphView;
pub use keys::{Keys, help_text};
pub use live::LiveFeed;
pub use panes::Panes;
pub use search::{SearchBox, Suggestion};
pub use slippage::SlippageCalculator;
pub use theme::{Theme, ThemeSwitch};
pub use times::RelativeTimes;
pub use what_if::{Outcome, WhatIf};
