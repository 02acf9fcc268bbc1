//! How far it is: for progress bars, status pages and `bench ingest`.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;
use yumascan_chain::{DecodedBlock, RawBlock};

/// Rates are averages over this time.
const RATE_SPAN: Duration = Duration::from_secs(10);

/// What the ingester is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reaching the endpoints.
    #[default]
    Connecting,
    /// Filling the range.
    Backfill,
    /// Storing blocks as they are finalized.
    Following,
    /// Replaying epochs.
    Verifying,
    /// Reading the state of stored blocks.
    ReadingState,
    /// Rebuilding rows from raw rows.
    Redecode,
    /// Finished.
    Done,
}

/// Shares of the busy time, summing to 1 (or all 0 before anything was done).
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Shares {
    /// Waiting for nodes, and verifying what they gave.
    pub rpc: f64,
    /// Decoding and encoding rows.
    pub decode: f64,
    /// Inserting and sealing.
    pub insert: f64,
}

/// A look at the progress.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct ProgressView {
    /// What is being done.
    pub stage: Stage,
    /// First block of the range.
    pub from: u64,
    /// Blocks done of this run.
    pub done: u64,
    /// Blocks to do in this run.
    pub total: u64,
    /// The finalized head, once known.
    pub head: Option<u64>,
    /// Blocks a second, lately.
    pub blocks_per_s: f64,
    /// Events a second, lately.
    pub events_per_s: f64,
    /// Expected time to the end of the range.
    pub eta: Option<Duration>,
    /// Blocks stored by this run.
    pub blocks: u64,
    /// Extrinsics stored by this run.
    pub extrinsics: u64,
    /// Call-tree nodes stored by this run.
    pub calls: u64,
    /// Events stored by this run.
    pub events: u64,
    /// Items that could not be decoded.
    pub quarantined: u64,
    /// Windows sealed by this run.
    pub windows: u64,
    /// Time since the start.
    pub elapsed: Duration,
    /// Where the time went.
    pub shares: Shares,
}

/// What one window added.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WindowTally {
    pub(crate) blocks: u64,
    pub(crate) extrinsics: u64,
    pub(crate) calls: u64,
    pub(crate) events: u64,
    pub(crate) quarantined: u64,
    pub(crate) rpc: Duration,
    pub(crate) decode: Duration,
    pub(crate) insert: Duration,
}

impl WindowTally {
    /// Adds the counts of another part of the window.
    pub(crate) fn add(&mut self, part: &Self) {
        self.blocks += part.blocks;
        self.extrinsics += part.extrinsics;
        self.calls += part.calls;
        self.events += part.events;
        self.quarantined += part.quarantined;
    }

    /// Adds a block.
    pub(crate) fn count(&mut self, raw: &RawBlock, decoded: &DecodedBlock) {
        self.blocks += 1;
        self.extrinsics += raw.extrinsics.len() as u64;
        self.calls += decoded.calls().len() as u64;
        self.events += decoded.events().len() as u64;
        self.quarantined += decoded.quarantined.len() as u64;
    }
}

/// The writing end; cheap to clone.
#[derive(Debug, Clone)]
pub struct Progress {
    state: Arc<Mutex<State>>,
    view: Arc<watch::Sender<ProgressView>>,
}

#[derive(Debug)]
struct State {
    view: ProgressView,
    started: Instant,
    rpc: Duration,
    decode: Duration,
    insert: Duration,
    samples: VecDeque<(Instant, u64, u64)>,
}

impl Progress {
    /// A progress and the end it is watched at.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<ProgressView>) {
        let (sender, receiver) = watch::channel(ProgressView::default());
        let state = State {
            view: ProgressView::default(),
            started: Instant::now(),
            rpc: Duration::ZERO,
            decode: Duration::ZERO,
            insert: Duration::ZERO,
            samples: VecDeque::new(),
        };
        (Self { state: Arc::new(Mutex::new(state)), view: Arc::new(sender) }, receiver)
    }

    /// A progress that nobody watches.
    #[must_use]
    pub fn unwatched() -> Self {
        Self::new().0
    }

    /// The present view.
    #[must_use]
    pub fn view(&self) -> ProgressView {
        self.view.borrow().clone()
    }

    /// Recomputes rates and elapsed time.
    pub(crate) fn refresh(&self) {
        self.update(|_| ());
    }

    pub(crate) fn set_stage(&self, stage: Stage) {
        self.update(|state| state.view.stage = stage);
    }

    pub(crate) fn set_head(&self, head: u64) {
        metrics::gauge!("yumascan_ingest_finalized_head_block").set(head as f64);
        self.update(|state| state.view.head = Some(state.view.head.map_or(head, |before| before.max(head))));
    }

    /// `total` more blocks are to be done, the lowest of them `from`.
    pub(crate) fn expect(&self, from: u64, total: u64) {
        self.update(|state| {
            if state.view.total == 0 {
                state.view.from = from;
            }
            state.view.total += total;
        });
    }

    pub(crate) fn window_done(&self, tally: &WindowTally) {
        metrics::counter!("yumascan_ingest_blocks_total").increment(tally.blocks);
        metrics::counter!("yumascan_ingest_events_total").increment(tally.events);
        metrics::counter!("yumascan_ingest_extrinsics_total").increment(tally.extrinsics);
        metrics::counter!("yumascan_ingest_quarantined_items_total").increment(tally.quarantined);
        metrics::histogram!("yumascan_ingest_window_fetch_seconds").record(tally.rpc.as_secs_f64());
        metrics::histogram!("yumascan_ingest_window_decode_seconds").record(tally.decode.as_secs_f64());
        metrics::histogram!("yumascan_ingest_window_insert_seconds").record(tally.insert.as_secs_f64());
        self.update(|state| {
            let view = &mut state.view;
            view.done += tally.blocks;
            view.blocks += tally.blocks;
            view.extrinsics += tally.extrinsics;
            view.calls += tally.calls;
            view.events += tally.events;
            view.quarantined += tally.quarantined;
            view.windows += 1;
            state.rpc += tally.rpc;
            state.decode += tally.decode;
            state.insert += tally.insert;
            state.samples.push_back((Instant::now(), tally.blocks, tally.events));
        });
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        state.recompute(Instant::now());
        self.view.send_replace(state.view.clone());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn recompute(&mut self, now: Instant) {
        while self.samples.front().is_some_and(|(at, ..)| now.duration_since(*at) > RATE_SPAN) {
            self.samples.pop_front();
        }
        let elapsed = now.duration_since(self.started);
        let span = elapsed.min(RATE_SPAN).as_secs_f64().max(0.05);
        let (blocks, events) =
            self.samples.iter().fold((0, 0), |(b, e), (_, blocks, events)| (b + blocks, e + events));
        let view = &mut self.view;
        view.elapsed = elapsed;
        view.blocks_per_s = blocks as f64 / span;
        view.events_per_s = events as f64 / span;
        let left = view.total.saturating_sub(view.done);
        view.eta = match (left, view.blocks_per_s) {
            (0, _) => Some(Duration::ZERO),
            (_, rate) if rate > 0.0 => Duration::try_from_secs_f64(left as f64 / rate).ok(),
            _ => None,
        };
        let busy = (self.rpc + self.decode + self.insert).as_secs_f64();
        if busy > 0.0 {
            let share = |part: Duration| part.as_secs_f64() / busy;
            view.shares =
                Shares { rpc: share(self.rpc), decode: share(self.decode), insert: share(self.insert) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_adds_up() {
        let (progress, view) = Progress::new();
        progress.expect(1, 300);
        let second = Duration::from_secs(1);
        let tally = WindowTally {
            blocks: 100,
            events: 5000,
            rpc: second,
            decode: second,
            insert: second * 2,
            ..WindowTally::default()
        };
        progress.window_done(&tally);
        let view = view.borrow().clone();
        assert_eq!((view.from, view.done, view.total, view.events, view.windows), (1, 100, 300, 5000, 1));
        assert!((view.shares.insert - 0.5).abs() < 1e-9);
        assert!(view.blocks_per_s > 0.0 && view.eta.is_some());
    }

    #[test]
    fn before_the_first_window_nothing_is_promised() {
        let (progress, view) = Progress::new();
        progress.expect(1, 10);
        assert_eq!(view.borrow().eta, None);
    }
}
