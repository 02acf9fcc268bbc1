//! From the outbox to the sinks: at least once, in order per rule.
//!
//! One process at a time delivers (it holds a lease). It takes what is due, speaks to all sinks at the same time and to one
//! sink about a few rules at the same time, and notes each outcome before it takes the next of the same rule. What was
//! sent but not noted when the process died is sent again: the receiver knows it by its key.

mod pace;
mod retry;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use yumascan_store::{
    Store,
    alerts::{Delivery, DeliveryState, SinkRecord},
};

pub use retry::backoff;

use crate::{
    AlertError, AlertsConfig, Message,
    net::{Guard, HttpClient},
    sinks::{SendError, Sink},
};
use pace::Pace;

/// Alerts of a rule taken at once.
const RUN: u32 = 100;
const LEASE: &str = "alert delivery";
/// How often old alerts are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// How often totals become metrics.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// Delivers what waits in the outbox.
#[derive(Debug, Clone)]
pub struct Deliverer {
    store: Store,
    config: Arc<AlertsConfig>,
    client: HttpClient,
    wake: Arc<Notify>,
    owner: String,
}

/// What [`Deliverer::drain`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// Alerts that sinks accepted.
    pub delivered: u64,
    /// Alerts that are to be tried again later.
    pub waiting: u64,
    /// Alerts given up.
    pub dead: u64,
}

impl Deliverer {
    /// A deliverer over a store.
    ///
    /// # Errors
    /// [`AlertError::Network`], [`AlertError::Tls`].
    pub fn new(store: Store, config: AlertsConfig) -> Result<Self, AlertError> {
        let guard = Guard::new(&config.allow_networks)?;
        Self::with_guard(store, config, guard)
    }

    /// The same with its own way of resolving names.
    ///
    /// # Errors
    /// [`AlertError::Tls`].
    pub fn with_guard(store: Store, config: AlertsConfig, guard: Guard) -> Result<Self, AlertError> {
        let client = HttpClient::new(guard, config.request_timeout())?;
        let owner = format!("{}-{:016x}", std::process::id(), rand::random::<u64>());
        Ok(Self { store, config: Arc::new(config), client, wake: Arc::new(Notify::new()), owner })
    }

    /// Tells it that something may be waiting.
    #[must_use]
    pub fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// Sends a message to a sink at once, past the outbox: for trying a sink out.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send_now(&self, sink: &Sink, message: Message) -> Result<(), SendError> {
        sink.send(&self.client, &[message], now_s()).await
    }

    /// Delivers until cancelled. A failure of the store is logged and tried again.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut work = Work::default();
        let mut holds = false;
        while !cancel.is_cancelled() {
            match self.turn(&mut work, &mut holds).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(%error, "alerts cannot be delivered now");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wake.notified() => {}
                Some(done) = work.tasks.join_next() => work.done(done.ok()),
                () = tokio::time::sleep(self.config.poll()) => {}
            }
        }
        // what is under way may end; what is not noted is sent again
        let _ = tokio::time::timeout(Duration::from_secs(2), async {
            while work.tasks.join_next().await.is_some() {}
        })
        .await;
        if holds {
            let _ = self.store.give_lease_back(LEASE, &self.owner).await;
        }
    }

    async fn turn(&self, work: &mut Work, holds: &mut bool) -> Result<(), AlertError> {
        let held = self.store.take_lease(LEASE, &self.owner, self.config.lease_ms.max(50)).await?;
        if held != *holds {
            tracing::info!(held, "lease on the delivery of alerts");
            *holds = held;
        }
        if !held {
            return Ok(());
        }
        if due(&mut work.pruned, PRUNE_EVERY) {
            let keep_ms = self.config.keep_days.saturating_mul(86_400_000);
            self.store.prune_alerts(now_ms().saturating_sub(keep_ms)).await?;
        }
        if due(&mut work.counted, COUNT_EVERY) {
            self.count().await?;
        }
        for record in self.store.list_sinks().await? {
            if !record.enabled || work.busy.contains(&record.name) {
                continue;
            }
            let runs = self.list_due(&record.name).await?;
            if runs.is_empty() {
                continue;
            }
            let pace = work.pace_of(&record);
            work.busy.insert(record.name.clone());
            let this = self.clone();
            work.tasks.spawn(async move {
                this.serve(&record, runs, &pace).await;
                record.name
            });
        }
        Ok(())
    }

    /// Delivers what is due, until nothing is, and stops: what failed waits in the outbox.
    ///
    /// # Errors
    /// [`AlertError::Store`].
    pub async fn drain(&self) -> Result<Drained, AlertError> {
        let mut drained = Drained::default();
        let mut paces = Work::default();
        loop {
            let mut idle = true;
            for record in self.store.list_sinks().await?.into_iter().filter(|record| record.enabled) {
                let runs = self.list_due(&record.name).await?;
                if runs.is_empty() {
                    continue;
                }
                idle = false;
                let pace = paces.pace_of(&record);
                let served = self.serve(&record, runs, &pace).await;
                drained.delivered += served.delivered;
                drained.waiting += served.waiting;
                drained.dead += served.dead;
            }
            if idle {
                return Ok(drained);
            }
        }
    }

    async fn list_due(&self, sink: &str) -> Result<Vec<Vec<Delivery>>, AlertError> {
        let now = now_ms();
        let longest = self.config.max_retry_ms.max(3_600_000).saturating_mul(2);
        Ok(self.store.list_due_deliveries(sink, now, now.saturating_add(longest), RUN).await?)
    }

    /// Delivers runs of several rules to one sink.
    async fn serve(&self, record: &SinkRecord, runs: Vec<Vec<Delivery>>, pace: &Pace) -> Drained {
        let sink = Sink::from_record(record);
        let sink = sink.as_ref();
        let runs = runs.into_iter().map(|run| async move {
            match sink {
                Ok(sink) => self.serve_run(sink, &run, pace).await,
                // settings that this binary does not understand: nothing is lost, someone must look
                Err(error) => {
                    self.put_off(&record.name, &run, &SendError::transient(error.to_string())).await
                }
            }
        });
        let served: Vec<Result<Drained, AlertError>> =
            stream::iter(runs).buffer_unordered(self.config.concurrency.max(1)).collect().await;
        let mut sum = Drained::default();
        for served in served {
            match served {
                Ok(one) => {
                    sum.delivered += one.delivered;
                    sum.waiting += one.waiting;
                    sum.dead += one.dead;
                }
                Err(error) => {
                    tracing::warn!(sink = %record.name, %error, "an alert's delivery could not be noted");
                }
            }
        }
        sum
    }

    /// Delivers a run of one rule, in order, until one fails.
    async fn serve_run(&self, sink: &Sink, run: &[Delivery], pace: &Pace) -> Result<Drained, AlertError> {
        let mut served = Drained::default();
        let together = sink.digest_after > 0 && run.len() > sink.digest_after as usize;
        let size = if together { run.len() } else { 1 };
        for batch in run.chunks(size.max(1)) {
            let (Some(first), Some(last)) = (batch.first(), batch.last()) else { break };
            pace.wait().await;
            let messages: Vec<Message> = batch.iter().map(Message::of).collect();
            let begun = Instant::now();
            let sent = sink.send(&self.client, &messages, now_s()).await;
            metrics::histogram!("yumascan_alerts_send_seconds", "kind" => sink.kind())
                .record(begun.elapsed().as_secs_f64());
            match sent {
                Ok(()) => {
                    let (first, last) = (first.alert.sequence, last.alert.sequence);
                    self.store.record_delivered(&sink.name, &batch[0].alert.rule, first, last).await?;
                    metrics::counter!("yumascan_alerts_delivered_total", "kind" => sink.kind())
                        .increment(batch.len() as u64);
                    served.delivered += batch.len() as u64;
                }
                Err(error) => {
                    metrics::counter!("yumascan_alerts_failed_sends_total", "kind" => sink.kind())
                        .increment(1);
                    let one = self.put_off(&sink.name, batch, &error).await?;
                    served.waiting += one.waiting;
                    served.dead += one.dead;
                    if one.dead == 0 {
                        break;
                    }
                }
            }
        }
        Ok(served)
    }

    /// Notes a failure: to be tried again, or given up.
    async fn put_off(
        &self,
        sink: &str,
        batch: &[Delivery],
        error: &SendError,
    ) -> Result<Drained, AlertError> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(Drained::default()) };
        let rule = first.alert.rule.as_str();
        let range = (first.alert.sequence, last.alert.sequence);
        let now = now_ms();
        let age_ms = now.saturating_sub(first.alert.created_at_ms);
        let tried_for_long = first.first_attempt_at_ms.is_some_and(|at| now.saturating_sub(at) > 60_000);
        let too_old = age_ms > self.config.give_up_after_s.saturating_mul(1_000) && tried_for_long;
        if !error.transient || too_old {
            tracing::error!(
                sink, rule, sequence = range.0, error = %error.reason,
                "alert given up; see `yumascan alerts dead`, `yumascan alerts replay` sends it again"
            );
            self.store.record_dead(sink, rule, range, &error.reason).await?;
            metrics::counter!("yumascan_alerts_dead_total").increment(batch.len() as u64);
            return Ok(Drained { dead: batch.len() as u64, ..Drained::default() });
        }
        let (least, most) = (self.config.first_retry_ms, self.config.max_retry_ms);
        let wait = backoff(first.attempts, least, most, rand::random::<f64>());
        let wait = error.wait.map_or(wait, |asked| wait.max(asked));
        let next = now.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        tracing::warn!(
            sink, rule, sequence = range.0, attempts = first.attempts + 1, wait_ms = wait.as_millis(),
            error = %error.reason, "alert not delivered yet"
        );
        self.store.record_failed(sink, rule, range, next, &error.reason).await?;
        Ok(Drained { waiting: batch.len() as u64, ..Drained::default() })
    }

    async fn count(&self) -> Result<(), AlertError> {
        let mut pending: HashMap<String, u64> = HashMap::new();
        for total in self.store.list_outbox_totals().await? {
            let waiting = if total.state == DeliveryState::Pending { total.deliveries } else { 0 };
            *pending.entry(total.sink).or_default() += waiting;
        }
        for (sink, waiting) in pending {
            #[allow(clippy::cast_precision_loss)]
            metrics::gauge!("yumascan_alerts_pending", "sink" => sink).set(waiting as f64);
        }
        Ok(())
    }
}

/// What a run remembers between turns.
#[derive(Debug, Default)]
struct Work {
    tasks: JoinSet<String>,
    busy: HashSet<String>,
    paces: HashMap<String, (u32, Arc<Pace>)>,
    pruned: Option<Instant>,
    counted: Option<Instant>,
}

impl Work {
    fn done(&mut self, sink: Option<String>) {
        match sink {
            Some(sink) => drop(self.busy.remove(&sink)),
            // a task that panicked does not say its name: when none is left, none is busy
            None if self.tasks.is_empty() => self.busy.clear(),
            None => {}
        }
    }

    fn pace_of(&mut self, record: &SinkRecord) -> Arc<Pace> {
        let rate = Sink::from_record(record).map_or(60, |sink| sink.rate_per_minute);
        let known = self.paces.get(&record.name).filter(|(known, _)| *known == rate);
        if let Some((_, pace)) = known {
            return pace.clone();
        }
        let pace = Arc::new(Pace::new(rate));
        self.paces.insert(record.name.clone(), (rate, pace.clone()));
        pace
    }
}

/// Whether something that is done every so often is to be done now.
fn due(last: &mut Option<Instant>, every: Duration) -> bool {
    let is_due = last.is_none_or(|last| last.elapsed() >= every);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

/// Milliseconds since the Unix epoch.
#[must_use]
pub fn now_ms() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

fn now_s() -> u64 {
    now_ms() / 1_000
}
