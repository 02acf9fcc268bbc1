//! Authors that miss their slots.
//!
//! Aura gives the slot s to the authority s mod n. The order is learned: an author that signs the slots s and s + n is the
//! one of the turn s mod n, where n is the number for which turns repeat.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Block, short},
    incident::{Finding, Scope, Severity},
};

/// Slots that are remembered.
const REMEMBERED: usize = 1_200;
/// How often it is judged, blocks.
const EVERY: u64 = 10;

pub(super) struct Authors;

/// Who signed which slot.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct AuthorsState {
    signed: VecDeque<(u64, u16)>,
    names: Vec<String>,
}

impl AuthorsState {
    fn index(&mut self, author: &str) -> Option<u16> {
        if let Some(known) = self.names.iter().position(|name| name == author) {
            return u16::try_from(known).ok();
        }
        self.names.push(author.to_owned());
        u16::try_from(self.names.len() - 1).ok()
    }

    /// The period of turns and who has each, where they repeat.
    fn turns(&self) -> Option<(u64, BTreeMap<u64, u16>)> {
        let authors: std::collections::BTreeSet<u16> =
            self.signed.iter().map(|(_, author)| *author).collect();
        let least = authors.len() as u64;
        // one that never signs is missing from the count: a few more turns than authors are tried
        (least.max(1)..=least + 4).find_map(|period| {
            let mut turns: BTreeMap<u64, u16> = BTreeMap::new();
            let fits = self
                .signed
                .iter()
                .all(|(slot, author)| *turns.entry(slot % period).or_insert(*author) == *author);
            fits.then_some((period, turns))
        })
    }
}

impl Detector for Authors {
    type State = AuthorsState;
    const NAME: &'static str = "authors";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::AuthorDown];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({
            "author_slots": config.time.author_slots, "author_misses": config.time.author_misses,
            "author_share": config.time.author_share,
        })
    }

    fn observe(config: &WatchConfig, state: &mut AuthorsState, block: &Block<'_>, out: &mut Out) {
        let (Some(slot), Some(author)) = (block.slot, block.input.block.author.as_deref()) else {
            return out.blind(Kind::AuthorDown, None, "the block names no Aura slot or author");
        };
        if !block.follows || state.signed.back().is_some_and(|(last, _)| *last >= slot) {
            *state = AuthorsState::default();
        }
        let Some(index) = state.index(author) else { return };
        state.signed.push_back((slot, index));
        while state.signed.len() > REMEMBERED {
            state.signed.pop_front();
        }
        if !block.number.is_multiple_of(EVERY) {
            return;
        }
        let Some((period, turns)) = state.turns() else {
            // the set has changed: what came before does not tell who is next
            let keep = state.signed.len() / 2;
            state.signed.drain(..state.signed.len() - keep);
            return out.blind(Kind::AuthorDown, None, "the order of authors is being learned");
        };
        let from = slot.saturating_sub(config.time.author_slots - 1);
        let seen_from = state.signed.front().map_or(slot, |(first, _)| *first).max(from);
        if slot - seen_from < 2 * period {
            return;
        }
        let made: BTreeMap<u64, u64> = state.signed.iter().filter(|(at, _)| *at >= seen_from).fold(
            BTreeMap::new(),
            |mut made, (at, _)| {
                *made.entry(at % period).or_default() += 1;
                made
            },
        );
        for (turn, author) in turns {
            let due = (seen_from..=slot).filter(|at| at % period == turn).count() as u64;
            let missed = due.saturating_sub(made.get(&turn).copied().unwrap_or(0));
            #[allow(clippy::cast_precision_loss)]
            let share = missed as f64 / due.max(1) as f64;
            let Some(name) = state.names.get(usize::from(author)) else { continue };
            let scope = Scope::Author(name.clone());
            if missed < u64::from(config.time.author_misses) || share <= config.time.author_share {
                continue;
            }
            let title = format!("{} missed {missed} of its last {due} turns.", short(name));
            let signal = (share, config.time.author_share);
            let finding = Finding::level(Kind::AuthorDown, scope, Severity::S3, signal, title)
                .with("missed", missed)
                .with("turns", due)
                .with("authorities", period);
            out.fire(finding);
        }
    }
}
