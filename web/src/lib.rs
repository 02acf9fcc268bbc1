//! The explorer's pages: Leptos rendered on the server, islands hydrated in the browser.
//!
//! A request is answered in two steps: an async function loads rows through the warehouse's query functions, then a
//! pure function turns them into a view, which is rendered to HTML at once. So the status (404, redirect, failure)
//! is known before the first byte, and a page needs no script to be whole.
//!
//! - [`text`], [`feed`], [`ui`]: formatting, the home feed's shape and small view parts; shared by both targets.
//! - [`graph`]: charts; drawn by the server, and again by the browser where they are zoomed into.
//! - [`islands`]: what becomes interactive in the browser (live feed, relative times, copy, search, theme, keys).
//! - `pages`, `server` (feature `ssr`): one file per page; routing, assets, headers, the live stream.

// Types of views nest as deep as the views.
#![recursion_limit = "256"]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod calculators;
pub mod csv;
pub mod feed;
pub mod graph;
pub mod islands;
pub mod text;
pub mod ui;
pub mod what_if;

#[cfg(feature = "ssr")]
pub mod json_view;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;

#[cfg(feature = "ssr")]
pub use server::{
    EndpointLine, KeptQuestion, Operations, OperationsDesk, PlaceLine, SqlShelf, WebState, router,
};

/// Starts the browser side; the page's loader calls it once before it hydrates the islands.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
