//! Runs the detectors of a lane over an ordered stream of blocks.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yumascan_chain::Hash;

use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    detect::{self, Out, Watcher, Word},
    facts::{Block, Trail},
    incident::{Finding, Incident, Scope, Severity},
    input::BlockInput,
    ledger::{Changes, Ledger, Origin},
};

/// Blocks after a gap or an undecodable item in which baselines are not trusted.
const DOUBT_BLOCKS: u64 = 50;
/// Kinds and scopes kept of what cannot be judged.
const MOST_BLIND: usize = 2_000;

/// The detectors of a lane and all they remember.
pub struct Engine {
    lane: Lane,
    config: Arc<WatchConfig>,
    watchers: Vec<(Box<dyn Watcher>, Origin)>,
    memory: Memory,
    costs: BTreeMap<&'static str, Cost>,
}

/// What an engine remembers beside its detectors' states.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Memory {
    trail: Trail,
    ledger: Ledger,
    blind: BTreeMap<String, NotEvaluable>,
}

/// A kind, perhaps of a scope, that could not be judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotEvaluable {
    /// The kind.
    pub kind: Kind,
    /// The scope, where only that could not be judged.
    pub scope: Option<Scope>,
    /// Why, when it was last so.
    pub reason: String,
    /// First block.
    pub first_block: u64,
    /// Last block.
    pub last_block: u64,
    /// How many blocks.
    pub blocks: u64,
}

/// What a detector took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// All blocks together.
    pub total: Duration,
    /// The slowest block.
    pub worst: Duration,
    /// Which block that was.
    pub worst_block: u64,
}

/// An engine's memory, as stored between runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Of detectors, their versions and the configuration: another fingerprint's memory is not taken.
    pub fingerprint: String,
    /// Last block seen.
    pub block: u64,
    memory: Memory,
    states: BTreeMap<String, Value>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("lane", &self.lane).field("detectors", &self.watchers.len()).finish()
    }
}

impl Engine {
    /// The detectors of a lane, all or those that report one of `kinds`.
    #[must_use]
    pub fn new(config: Arc<WatchConfig>, lane: Lane, kinds: Option<&[Kind]>) -> Self {
        let wanted = |watcher: &dyn Watcher| {
            watcher.lane() == lane
                && kinds.is_none_or(|kinds| watcher.kinds().iter().any(|kind| kinds.contains(kind)))
        };
        Self::with(
            config,
            lane,
            detect::all().into_iter().filter(|watcher| wanted(watcher.as_ref())).collect(),
        )
    }

    pub(crate) fn with(config: Arc<WatchConfig>, lane: Lane, watchers: Vec<Box<dyn Watcher>>) -> Self {
        let origin = |watcher: &dyn Watcher| Origin {
            version: watcher.version(),
            thresholds: watcher.thresholds(&config),
        };
        let watchers = watchers
            .into_iter()
            .map(|watcher| {
                let origin = origin(watcher.as_ref());
                (watcher, origin)
            })
            .collect();
        Self { lane, config, watchers, memory: Memory::default(), costs: BTreeMap::new() }
    }

    /// Its lane.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Whether it has any detector.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.watchers.is_empty()
    }

    /// Last block seen.
    #[must_use]
    pub fn last_block(&self) -> Option<u64> {
        self.memory.trail.last.as_ref().map(|last| last.number)
    }

    /// Runtime of the last block seen.
    #[must_use]
    pub fn last_spec(&self) -> Option<u32> {
        self.memory.trail.last.as_ref().map(|last| last.spec)
    }

    /// Kinds that its detectors report.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        self.watchers.iter().flat_map(|(watcher, _)| watcher.kinds()).copied().collect()
    }

    /// Incidents that are open, or closed so lately that they may be reopened.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.memory.ledger.incidents()
    }

    /// What could not be judged so far.
    pub fn not_evaluable(&self) -> impl Iterator<Item = &NotEvaluable> {
        self.memory.blind.values()
    }

    /// What detectors took so far, by name.
    #[must_use]
    pub fn costs(&self) -> &BTreeMap<&'static str, Cost> {
        &self.costs
    }

    /// Looks at the next block. Blocks come in ascending order; one that was seen is passed over.
    pub fn observe(&mut self, input: &BlockInput) -> Changes {
        let number = input.block.number;
        let mut changes = Changes::default();
        if self.last_block().is_some_and(|last| number <= last) {
            return changes;
        }
        self.arrive(input);
        let trail = self.memory.trail.clone();
        let block = Block::new(input, &trail);
        let is_doubtful = number <= trail.doubtful_until;
        for (watcher, origin) in &mut self.watchers {
            let mut out = Out::default();
            let started = Instant::now();
            let done = catch_unwind(AssertUnwindSafe(|| watcher.observe(&self.config, &block, &mut out)));
            let cost = self.costs.entry(watcher.name()).or_default();
            cost.add(started.elapsed(), number);
            if let Err(panic) = done {
                let name = watcher.name();
                tracing::error!(detector = name, block = number, "a detector failed");
                metrics::counter!("yumascan_watch_detector_failures_total", "detector" => name).increment(1);
                watcher.reset();
                out = Out::default();
                out.fire(failure_of(name, panic.as_ref()));
            }
            for word in out.words {
                self.memory.take(number, word, origin, is_doubtful, &mut changes);
            }
        }
        self.memory.ledger.settle(number, &mut changes);
        self.memory.trail.last = Some(block.leave());
        changes
    }

    /// Updates the trail with what concerns all detectors.
    fn arrive(&mut self, input: &BlockInput) {
        let number = input.block.number;
        let trail = &mut self.memory.trail;
        let has_gap = trail.last.as_ref().is_some_and(|last| last.number + 1 != number);
        if has_gap || !input.quarantine.is_empty() {
            trail.doubtful_until = number + DOUBT_BLOCKS;
        }
        let other_spec = trail.last.as_ref().is_some_and(|last| last.spec != input.block.spec_version);
        if other_spec || input.upgrade.is_some() {
            trail.upgraded_at = Some(number);
        }
        for event in input.events.iter().filter(|event| event.pallet == "SafeMode") {
            match event.variant.as_str() {
                "Entered" | "Extended" => trail.safe_mode = true,
                "Exited" => trail.safe_mode = false,
                _ => {}
            }
        }
    }

    /// Its memory, to go on from later.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            fingerprint: self.fingerprint(),
            block: self.last_block().unwrap_or(0),
            memory: self.memory.clone(),
            states: self
                .watchers
                .iter()
                .map(|(watcher, _)| (watcher.name().to_owned(), watcher.save()))
                .collect(),
        }
    }

    /// Takes a memory; `false` where it is another configuration's or other detectors', and nothing was taken.
    #[must_use]
    pub fn restore(&mut self, checkpoint: Checkpoint) -> bool {
        if checkpoint.fingerprint != self.fingerprint() {
            return false;
        }
        let mut states = checkpoint.states;
        let all = self
            .watchers
            .iter_mut()
            .all(|(watcher, _)| states.remove(watcher.name()).is_some_and(|state| watcher.load(state)));
        if !all {
            self.watchers.iter_mut().for_each(|(watcher, _)| watcher.reset());
            return false;
        }
        self.memory = checkpoint.memory;
        true
    }

    fn fingerprint(&self) -> String {
        let detectors: Vec<_> =
            self.watchers.iter().map(|(watcher, origin)| (watcher.name(), origin.version)).collect();
        let text = json!([detectors, serde_json::to_value(self.config.as_ref()).unwrap_or_default()]);
        Hash::blake2_256(text.to_string().as_bytes()).to_string()
    }
}

impl Memory {
    fn take(&mut self, number: u64, word: Word, origin: &Origin, is_doubtful: bool, changes: &mut Changes) {
        match word {
            Word::Fire(finding) => {
                let mut finding = *finding;
                if is_doubtful && finding.kind.info().statistical {
                    finding.severity = finding.severity.min(Severity::S3);
                    finding = finding.with("doubtful_data", true);
                }
                self.ledger.take(number, finding, origin, changes);
            }
            Word::Hold(kind, scope) => self.ledger.hold(number, kind, &scope, changes),
            Word::End(kind, scope) => self.ledger.end(number, kind, &scope, changes),
            Word::EndOthers(kind, still) => self.ledger.end_others(number, kind, &still, changes),
            Word::Blind(kind, scope, reason) => self.note_blind(number, kind, scope, reason),
        }
    }

    fn note_blind(&mut self, number: u64, kind: Kind, scope: Option<Scope>, reason: String) {
        let key = match &scope {
            Some(scope) => format!("{} {scope}", kind.name()),
            None => kind.name().to_owned(),
        };
        if let Some(known) = self.blind.get_mut(&key) {
            known.reason = reason;
            known.last_block = number;
            known.blocks += 1;
        } else if self.blind.len() < MOST_BLIND {
            let new =
                NotEvaluable { kind, scope, reason, first_block: number, last_block: number, blocks: 1 };
            self.blind.insert(key, new);
        }
    }
}

impl Cost {
    fn add(&mut self, elapsed: Duration, block: u64) {
        self.total += elapsed;
        if elapsed > self.worst {
            self.worst = elapsed;
            self.worst_block = block;
        }
    }
}

fn failure_of(name: &str, panic: &(dyn std::any::Any + Send)) -> Finding {
    let words = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    let title = format!("The detector {name} failed; what it would have seen in this block is not known.");
    Finding::point(Kind::DetectorFailure, Scope::Own(format!("detector:{name}")), Severity::S3, title)
        .with("detector", name)
        .with("message", words.unwrap_or_default())
}

#[cfg(test)]
mod tests;
