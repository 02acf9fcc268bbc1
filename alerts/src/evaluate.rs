//! From the warehouse to the outbox: follows the head and puts what rules find into the store, together with how far
//! each rule has looked.
//!
//! A rule is evaluated over ranges of blocks in order; where a range ends makes no difference to what is found. A rule
//! that fails is logged and tried again, and holds no other up.

mod incidents;

mod preview;
mod series;
mod watches;
mod wording;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use yumascan_store::{
    Store,
    alerts::{NewAlert, Raised, RuleRecord, Silence},
};
use yumascan_warehouse::{Warehouse, query::alerts::LaneHeads};

pub use preview::{Preview, preview};
pub use series::{Scopes, Source, evaluate as evaluate_metric};

use crate::{
    Alert, AlertError, AlertsConfig,
    delivery::now_ms,
    rule::{Rule, Watches},
};

/// How long the evaluation of one rule may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most blocks that a rule is evaluated over at once.
const MOST_BLOCKS: u64 = 1_000;
/// How often rules are read again.
const READ_EVERY: Duration = Duration::from_secs(2);
/// Incidents are looked at again that were written up to this long before the newest seen, milliseconds: those that write
/// them need not agree to the millisecond, and a key is used once anyway.
const OVERLAP_MS: u64 = 60_000;

/// How far a rule was evaluated, and what it remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// Last block looked at.
    pub block: u64,
    /// First block that counts: the rule was made, or edited, before it.
    pub since: u64,
    /// When the newest incident seen was written, milliseconds since the Unix epoch.
    pub written_ms: u64,
    /// The warehouse's mark of incidents when they were last looked at.
    pub incidents_mark: u64,
    /// What is known of each scope of a metric.
    pub scopes: Scopes,
}

/// Follows the head.
#[derive(Debug, Clone)]
pub struct Evaluator {
    warehouse: Warehouse,
    store: Store,
    config: Arc<AlertsConfig>,
    kinds: Arc<[&'static str]>,
    deliver: Arc<Notify>,
}

impl Evaluator {
    /// An evaluator; `kinds` are the kinds of incidents that there are, `deliver` is told when something waits.
    #[must_use]
    pub fn new(
        warehouse: Warehouse,
        store: Store,
        config: AlertsConfig,
        kinds: Vec<&'static str>,
        deliver: Arc<Notify>,
    ) -> Self {
        Self { warehouse, store, config: Arc::new(config), kinds: kinds.into(), deliver }
    }

    /// Evaluates until cancelled. What fails is logged and tried again.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut rules: Vec<RuleRecord> = Vec::new();
        let mut silences: Vec<Silence> = Vec::new();
        let mut read: Option<Instant> = None;
        loop {
            if read.is_none_or(|read| read.elapsed() >= READ_EVERY) {
                match self.read().await {
                    Ok(found) => {
                        (rules, silences) = found;
                        read = Some(Instant::now());
                    }
                    Err(error) => tracing::warn!(%error, "rules of alerts cannot be read now"),
                }
            }
            if rules.iter().any(|rule| rule.enabled) {
                match self.turn(&rules, &silences).await {
                    Ok(false) => {}
                    // positions have moved
                    Ok(true) => read = None,
                    Err(error) => tracing::warn!(%error, "alerts cannot be evaluated now"),
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(self.config.poll()) => {}
            }
        }
    }

    async fn read(&self) -> Result<(Vec<RuleRecord>, Vec<Silence>), AlertError> {
        Ok((self.store.list_rules().await?, self.store.list_silences(now_ms()).await?))
    }

    /// Evaluates all rules once; tells whether any has moved.
    ///
    /// # Errors
    /// [`AlertError::Warehouse`] where it is not even known how far the lanes are.
    pub async fn turn(&self, rules: &[RuleRecord], silences: &[Silence]) -> Result<bool, AlertError> {
        let heads = self.warehouse.find_lane_heads().await?;
        let mut moved = false;
        for record in rules.iter().filter(|rule| rule.enabled) {
            let evaluated = tokio::time::timeout(PATIENCE, self.evaluate(record, silences, &heads)).await;
            match evaluated {
                Ok(Ok(has_moved)) => moved |= has_moved,
                Ok(Err(error)) => {
                    metrics::counter!("yumascan_alerts_failed_evaluations_total").increment(1);
                    tracing::warn!(rule = %record.name, %error, "a rule cannot be evaluated now");
                }
                Err(_) => {
                    metrics::counter!("yumascan_alerts_failed_evaluations_total").increment(1);
                    tracing::warn!(rule = %record.name, "the evaluation of a rule takes too long");
                }
            }
        }
        Ok(moved)
    }

    /// Reads rules and silences, and evaluates all once.
    ///
    /// # Errors
    /// [`AlertError::Store`], [`AlertError::Warehouse`].
    pub async fn once(&self) -> Result<bool, AlertError> {
        let (rules, silences) = self.read().await?;
        self.turn(&rules, &silences).await
    }

    async fn evaluate(
        &self,
        record: &RuleRecord,
        silences: &[Silence],
        heads: &LaneHeads,
    ) -> Result<bool, AlertError> {
        let rule = Rule::from_record(record, &self.kinds)?;
        let before = match &record.position {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| AlertError::field(format!("rule {}", rule.name), error.to_string()))?,
            None => return self.begin(record, &rule, heads).await,
        };
        let (found, after) = self.find(&rule, &before, heads).await?;
        if found.is_empty() && after == before {
            return Ok(false);
        }
        let now = now_ms();
        let mut alerts = Vec::with_capacity(found.len());
        for alert in found {
            let covered = silences.iter().any(|it| it.covers(&rule.name, &alert.kind, &alert.scope, now));
            let alert = wording::finish(&rule, alert, &self.config.public_url);
            alerts.push(NewAlert {
                idempotency_key: alert.idempotency_key.clone(),
                block: alert.block,
                payload: alert.to_json()?,
                silenced: covered,
            });
        }
        self.store(record, &alerts, &after).await
    }

    /// A new rule begins at the head: history raises no alert.
    async fn begin(&self, record: &RuleRecord, rule: &Rule, heads: &LaneHeads) -> Result<bool, AlertError> {
        let Some(block) = head_for(rule, heads) else { return Ok(false) };
        let since = heads.blocks.unwrap_or(block) + 1;
        let position = Position { block, since, written_ms: now_ms(), ..Position::default() };
        self.store(record, &[], &position).await
    }

    async fn store(
        &self,
        record: &RuleRecord,
        alerts: &[NewAlert],
        position: &Position,
    ) -> Result<bool, AlertError> {
        let position = serde_json::to_string(position)
            .map_err(|source| AlertError::Json { what: "the position of a rule", source })?;
        match self.store.raise_alerts(&record.name, record.revision, alerts, &position).await? {
            Raised::Stored(0) => {}
            Raised::Stored(new) => {
                metrics::counter!("yumascan_alerts_raised_total").increment(new.into());
                tracing::info!(rule = %record.name, alerts = new, "alerts raised");
                self.deliver.notify_one();
            }
            Raised::RuleChanged => tracing::debug!(rule = %record.name, "the rule changed meanwhile"),
        }
        Ok(true)
    }

    /// What a rule finds behind its position, and its position after.
    async fn find(
        &self,
        rule: &Rule,
        before: &Position,
        heads: &LaneHeads,
    ) -> Result<(Vec<Alert>, Position), AlertError> {
        let mut after = before.clone();
        let found = match &rule.watches {
            Watches::Incident(wanted) => {
                let head = heads.blocks.unwrap_or(0);
                if before.incidents_mark == heads.incidents_mark {
                    return Ok((Vec::new(), after));
                }
                let from_ms = before.written_ms.saturating_sub(OVERLAP_MS);
                let changes = self.warehouse.list_incident_changes(from_ms).await?;
                after.written_ms =
                    changes.iter().map(|change| change.written_ms).fold(before.written_ms, u64::max);
                after.block = head;
                after.incidents_mark = heads.incidents_mark;
                let late = head.saturating_sub(self.config.late_blocks);
                incidents::alerts_of(rule, wanted, &changes, (before.since, late))
            }
            Watches::Metric(wanted) => {
                let Some(head) = head_for(rule, heads) else { return Ok((Vec::new(), after)) };
                let to = head.min(before.block.saturating_add(MOST_BLOCKS));
                if to <= before.block && !wanted.metric.is_live() {
                    return Ok((Vec::new(), after));
                }
                let source = Source::read(&self.warehouse, wanted, (before.block + 1, to), heads).await?;
                let found = series::evaluate(wanted, &source, (before.block, to), &mut after.scopes);
                after.block = to.max(before.block);
                series::alerts_of(rule, wanted, &found)
            }
            Watches::Watch(wanted) => {
                let Some(head) = heads.blocks else { return Ok((Vec::new(), after)) };
                let to = head.min(before.block.saturating_add(MOST_BLOCKS));
                if to <= before.block {
                    return Ok((Vec::new(), after));
                }
                let range = (before.block + 1, to);
                after.block = to;
                watches::alerts_of(&self.warehouse, rule, wanted, range, self.config.max_matches).await?
            }
        };
        Ok((found, after))
    }
}

/// How far what a rule reads is complete.
fn head_for(rule: &Rule, heads: &LaneHeads) -> Option<u64> {
    match &rule.watches {
        Watches::Metric(wanted) if wanted.metric.is_of_state() => heads.state,
        _ => heads.blocks,
    }
}
