//! Detectors: one file for each family.

mod activity;
mod authors;
mod consensus;
mod copying;
mod drain;
mod epochs;
mod extrinsics;
mod issuance;
mod keys;
mod lifecycle;
mod market;
mod parameters;
mod pump;
mod quality;
mod runaway;
mod safety;
mod subnets;
mod time;
mod verdicts;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::Block,
    incident::{Finding, Scope},
};

/// What a detector says of a block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Word {
    /// A fact, or a state above its threshold.
    Fire(Box<Finding>),
    /// Below the threshold, not far enough to be over.
    Hold(Kind, Scope),
    /// Over.
    End(Kind, Scope),
    /// All open ones of the kind but these are over.
    EndOthers(Kind, Vec<Scope>),
    /// It cannot be judged.
    Blind(Kind, Option<Scope>, String),
}

/// Where detectors speak.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) words: Vec<Word>,
}

impl Out {
    pub(crate) fn fire(&mut self, finding: Finding) {
        self.words.push(Word::Fire(Box::new(finding)));
    }

    pub(crate) fn hold(&mut self, kind: Kind, scope: Scope) {
        self.words.push(Word::Hold(kind, scope));
    }

    pub(crate) fn end(&mut self, kind: Kind, scope: Scope) {
        self.words.push(Word::End(kind, scope));
    }

    pub(crate) fn end_others(&mut self, kind: Kind, still: Vec<Scope>) {
        self.words.push(Word::EndOthers(kind, still));
    }

    pub(crate) fn blind(&mut self, kind: Kind, scope: Option<Scope>, reason: impl Into<String>) {
        self.words.push(Word::Blind(kind, scope, reason.into()));
    }
}

/// A detector: a pure function of configuration, its state and a block.
pub(crate) trait Detector: 'static {
    /// Its memory.
    type State: Default + Serialize + DeserializeOwned + Send;
    /// Its name, for errors and metrics.
    const NAME: &'static str;
    /// Raised whenever the same rows would give other findings.
    const VERSION: u32 = 1;
    /// What it needs.
    const LANE: Lane;
    /// What it may report.
    const KINDS: &'static [Kind];

    /// The thresholds it uses, to be stored with its incidents.
    fn thresholds(config: &WatchConfig) -> Value;

    /// Looks at the next block.
    fn observe(config: &WatchConfig, state: &mut Self::State, block: &Block<'_>, out: &mut Out);
}

/// A detector with its state, whichever it is.
pub(crate) trait Watcher: Send {
    fn name(&self) -> &'static str;
    fn version(&self) -> u32;
    fn lane(&self) -> Lane;
    fn kinds(&self) -> &'static [Kind];
    fn thresholds(&self, config: &WatchConfig) -> Value;
    fn observe(&mut self, config: &WatchConfig, block: &Block<'_>, out: &mut Out);
    fn save(&self) -> Value;
    /// Whether the state was taken.
    fn load(&mut self, state: Value) -> bool;
    fn reset(&mut self);
}

struct Holder<D: Detector> {
    state: D::State,
}

impl<D: Detector> Watcher for Holder<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn version(&self) -> u32 {
        D::VERSION
    }

    fn lane(&self) -> Lane {
        D::LANE
    }

    fn kinds(&self) -> &'static [Kind] {
        D::KINDS
    }

    fn thresholds(&self, config: &WatchConfig) -> Value {
        D::thresholds(config)
    }

    fn observe(&mut self, config: &WatchConfig, block: &Block<'_>, out: &mut Out) {
        D::observe(config, &mut self.state, block, out);
    }

    fn save(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn load(&mut self, state: Value) -> bool {
        match serde_json::from_value(state) {
            Ok(state) => {
                self.state = state;
                true
            }
            Err(_) => false,
        }
    }

    fn reset(&mut self) {
        self.state = D::State::default();
    }
}

pub(crate) fn holder<D: Detector>() -> Box<dyn Watcher> {
    Box::new(Holder::<D> { state: D::State::default() })
}

/// All detectors of stored blocks.
pub(crate) fn all() -> Vec<Box<dyn Watcher>> {
    vec![
        holder::<runaway::Runaway>(),
        holder::<runaway::Nested>(),
        holder::<safety::SafeMode>(),
        holder::<safety::NoTransactions>(),
        holder::<time::BlockTime>(),
        holder::<authors::Authors>(),
        holder::<lifecycle::Upgrades>(),
        holder::<lifecycle::Subnets>(),
        holder::<lifecycle::Faults>(),
        holder::<parameters::Parameters>(),
        holder::<keys::Swaps>(),
        holder::<keys::Takeovers>(),
        holder::<extrinsics::Failures>(),
        holder::<extrinsics::Unpaid>(),
        holder::<extrinsics::Fees>(),
        holder::<extrinsics::Transfers>(),
        holder::<activity::Beacon>(),
        holder::<activity::Reveals>(),
        holder::<quality::Quality>(),
        holder::<drain::Drain>(),
        holder::<copying::Copying>(),
        holder::<consensus::Consensus>(),
        holder::<pump::Pump>(),
        holder::<subnets::Emission>(),
        holder::<subnets::Registrations>(),
        holder::<subnets::Risk>(),
        holder::<subnets::Root>(),
        holder::<market::Market>(),
        holder::<issuance::Issuance>(),
        holder::<verdicts::Sweeps>(),
        holder::<verdicts::Verdicts>(),
    ]
}
