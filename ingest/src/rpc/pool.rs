//! The pool: gives every call its answer from some endpoint, and waits, slows down and moves on as needed.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, future, stream::FuturesUnordered};
use tokio::sync::Notify;
use yumascan_chain::{BlockNumber, Hash};

use super::{
    call::{Answer, Call},
    client::{Outcomes, Timeouts},
    endpoint::{Endpoint, EndpointStatus},
    error::RpcError,
    pacing::PacingConfig,
};

mod choosing;
mod heads;
mod identify;

use choosing::Choice;
pub use heads::{HeadEvent, HeadSubscription};

/// A call that keeps failing for reasons of transport is given up after so many attempts.
const MOST_ATTEMPTS: u32 = 100;
/// A call that nodes keep answering with an error of their own: attempts per endpoint.
const ATTEMPTS_AT_NODE_ERRORS: usize = 4;
/// Longest sleep while waiting for an endpoint: a lost wake-up costs no more than this.
const LONGEST_NAP: Duration = Duration::from_millis(100);

/// Sleep while the only endpoint is being connected to.
const CONNECTING_NAP: Duration = Duration::from_millis(10);

/// Settings of the pool.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// Endpoint URLs: ws://, wss://, http://, https://; user and password may stand in them.
    pub endpoints: Vec<String>,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// How long to try to reach the first endpoint at start.
    pub connect_patience: Duration,
    /// Give up when no endpoint answered anything for so long; `None`: never.
    pub give_up_after: Option<Duration>,
    /// Most calls in a batch; 1 turns batches off.
    pub max_batch: usize,
    /// Most batches in flight per endpoint.
    pub max_in_flight: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        let pacing = PacingConfig::default();
        Self {
            endpoints: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            connect_patience: Duration::from_secs(8),
            give_up_after: Some(Duration::from_secs(300)),
            max_batch: pacing.max_batch,
            max_in_flight: pacing.max_in_flight,
        }
    }
}

/// Several endpoints as one; cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: PoolConfig,
    endpoints: Vec<Arc<Endpoint>>,
    genesis: Mutex<Option<Hash>>,
    /// Signalled when a batch returns.
    freed: Notify,
    started: Instant,
    /// Milliseconds from `started` to the last useful answer.
    last_served_ms: AtomicU64,
    /// Nanoseconds that batches spent waiting for answers, summed over batches.
    waited_ns: AtomicU64,
    bytes: AtomicU64,
}

/// One pending call of an [`Pool::ask_all`].
struct Pending {
    index: usize,
    attempts: u32,
    node_errors: usize,
    unknown_at: Vec<String>,
}

/// A batch that came back.
struct Returned {
    endpoint: Arc<Endpoint>,
    asked: Vec<Pending>,
    outcome: Result<Outcomes, RpcError>,
    generation: Option<u64>,
    took: Duration,
}

impl Pool {
    /// A pool over the configured endpoints; connects to nothing yet.
    ///
    /// # Errors
    /// A URL that is none, or no URL at all.
    pub fn new(config: PoolConfig) -> Result<Self, RpcError> {
        if config.endpoints.is_empty() {
            return Err(RpcError::NoEndpoints);
        }
        let timeouts = Timeouts { connect: config.connect_timeout, request: config.request_timeout };
        let pacing = PacingConfig {
            max_batch: config.max_batch.max(1),
            max_in_flight: config.max_in_flight.max(1),
            ..PacingConfig::default()
        };
        let endpoints = config
            .endpoints
            .iter()
            .map(|url| Endpoint::new(url.trim(), timeouts, pacing.clone()).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        let shared = Shared {
            config,
            endpoints,
            genesis: Mutex::new(None),
            freed: Notify::new(),
            started: Instant::now(),
            last_served_ms: AtomicU64::new(0),
            waited_ns: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The endpoints.
    #[must_use]
    pub fn endpoints(&self) -> &[Arc<Endpoint>] {
        &self.shared.endpoints
    }

    /// Snapshots of all endpoints.
    #[must_use]
    pub fn status(&self) -> Vec<EndpointStatus> {
        self.shared.endpoints.iter().map(|endpoint| endpoint.status()).collect()
    }

    /// Bytes of answers so far.
    #[must_use]
    pub fn bytes_received(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Time that batches spent waiting for their answers, summed over batches.
    #[must_use]
    pub fn time_waited(&self) -> Duration {
        Duration::from_nanos(self.shared.waited_ns.load(Ordering::Relaxed))
    }

    /// Asks one call.
    ///
    /// # Errors
    /// When no endpoint can answer it.
    pub async fn ask(&self, call: Call) -> Result<Answer, RpcError> {
        let method = call.method;
        self.ask_all(&[call], &[]).await?.pop().ok_or(RpcError::Exhausted { method, errors: Vec::new() })
    }

    /// Asks all `calls`; answers are in their order. Endpoints in `avoid` are asked only when no other can be.
    ///
    /// # Errors
    /// When a call can be answered by no endpoint. Transient troubles are waited out.
    pub async fn ask_all(&self, calls: &[Call], avoid: &[Arc<Endpoint>]) -> Result<Vec<Answer>, RpcError> {
        let mut answers: Vec<Option<Answer>> = vec![None; calls.len()];
        let mut pending: VecDeque<Pending> = (0..calls.len())
            .map(|index| Pending { index, attempts: 0, node_errors: 0, unknown_at: Vec::new() })
            .collect();
        let mut in_flight = FuturesUnordered::new();
        let asked_at = Instant::now();
        loop {
            let mut nap = None;
            while let Some(first) = pending.front() {
                match self.choose(&calls[first.index], avoid, &first.unknown_at)? {
                    Choice::Use(endpoint) => {
                        let batch = take_batch(&mut pending, calls, &endpoint);
                        in_flight.push(self.send(endpoint, batch, calls));
                    }
                    Choice::Wait(until) => {
                        let longest = Instant::now() + LONGEST_NAP;
                        nap = Some(until.map_or(longest, |at| at.min(longest)));
                        break;
                    }
                }
            }
            if in_flight.is_empty() && pending.is_empty() {
                break;
            }
            let returned = tokio::select! {
                Some(returned) = in_flight.next() => Some(returned),
                () = nap_until(nap), if nap.is_some() => None,
                () = self.shared.freed.notified(), if nap.is_some() => None,
            };
            if let Some(returned) = returned {
                self.shared.freed.notify_one();
                self.settle(returned, calls, &mut answers, &mut pending).await?;
            }
            self.check_patience(asked_at)?;
        }
        let method = calls.first().map_or("", |call| call.method);
        answers
            .into_iter()
            .map(|answer| answer.ok_or_else(|| RpcError::Exhausted { method, errors: Vec::new() }))
            .collect()
    }

    /// Reports a wrong answer: the endpoint is named and avoided for a while. Returns the error, to be shown when
    /// nobody else can be asked.
    pub fn report_wrong(&self, endpoint: &Endpoint, block: BlockNumber, what: String) -> RpcError {
        let error = RpcError::WrongAnswer { endpoint: endpoint.label().to_owned(), block, what };
        endpoint.distrust(&error);
        error
    }

    /// How many endpoints may be asked at all.
    #[must_use]
    pub fn usable(&self) -> usize {
        self.shared.endpoints.iter().filter(|endpoint| !endpoint.is_refused()).count()
    }

    /// Whether some endpoint serves `method`, as far as is known.
    #[must_use]
    pub fn serves(&self, method: &'static str) -> bool {
        let call = Call::bare(method);
        self.shared.endpoints.iter().any(|endpoint| endpoint.can_serve(&call))
    }

    fn genesis(&self) -> Option<Hash> {
        *self.shared.genesis.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send<'a>(
        &'a self,
        endpoint: Arc<Endpoint>,
        asked: Vec<Pending>,
        calls: &'a [Call],
    ) -> impl Future<Output = Returned> + 'a {
        let in_flight = endpoint.take_off(asked.len());
        async move {
            let _in_flight = in_flight;
            let started = Instant::now();
            let connection = match endpoint.connection(self.genesis()).await {
                Ok(connection) => connection,
                Err(error) => {
                    return Returned {
                        endpoint,
                        asked,
                        outcome: Err(error),
                        generation: None,
                        took: started.elapsed(),
                    };
                }
            };
            let batch: Vec<&Call> = asked.iter().map(|pending| &calls[pending.index]).collect();
            let sent = Instant::now();
            let outcome = endpoint.ask(&connection, &batch).await;
            let took = sent.elapsed();
            self.shared
                .waited_ns
                .fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
            metrics::histogram!("yumascan_ingest_rpc_batch_seconds", "endpoint" => endpoint.label().to_owned())
                .record(took.as_secs_f64());
            metrics::counter!("yumascan_ingest_rpc_calls_total", "endpoint" => endpoint.label().to_owned())
                .increment(asked.len() as u64);
            if outcome.is_err() {
                endpoint.disconnect(connection.generation);
            }
            Returned { endpoint, asked, outcome, generation: Some(connection.generation), took }
        }
    }

    /// Takes what a batch brought; calls that failed go back to the queue or end the whole.
    async fn settle(
        &self,
        returned: Returned,
        calls: &[Call],
        answers: &mut [Option<Answer>],
        pending: &mut VecDeque<Pending>,
    ) -> Result<(), RpcError> {
        let Returned { endpoint, asked, outcome, generation, took } = returned;
        let count = asked.len();
        let outcomes = match outcome {
            Ok(outcomes) => outcomes,
            Err(error) => {
                endpoint.note_error(&error, count, 0, generation);
                if matches!(error, RpcError::TooLarge { .. }) && count == 1 {
                    return Err(error);
                }
                tracing::debug!(endpoint = endpoint.label(), %error, calls = count, "batch failed, its calls are asked again");
                for mut call in asked.into_iter().rev() {
                    // an endpoint that asks for patience gets it
                    call.attempts += u32::from(!matches!(error, RpcError::RateLimited { .. }));
                    if call.attempts > MOST_ATTEMPTS {
                        return Err(RpcError::GaveUp { waited: took, last: Box::new(error) });
                    }
                    pending.push_front(call);
                }
                return Ok(());
            }
        };
        let bytes: usize = outcomes.iter().flatten().map(|value| value.get().len()).sum();
        let served = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        self.shared.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        metrics::counter!("yumascan_ingest_rpc_received_bytes_total", "endpoint" => endpoint.label().to_owned())
            .increment(bytes as u64);
        endpoint.note_served(count, served, bytes, took);
        if served > 0 {
            let since_start = u64::try_from(self.shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.shared.last_served_ms.store(since_start, Ordering::Relaxed);
        }
        let mut told = Vec::new();
        for (mut call, outcome) in asked.into_iter().zip(outcomes) {
            let error = match outcome {
                Ok(value) => {
                    answers[call.index] = Some(Answer { value, endpoint: endpoint.clone() });
                    continue;
                }
                Err(error) => error,
            };
            if calls[call.index].error_is_answer && matches!(error, RpcError::Node { .. }) {
                return Err(error);
            }
            // a batch that hits a limit has many equal errors: the endpoint's books take each kind once
            if !told.contains(&error.kind()) || matches!(error, RpcError::Pruned { .. }) {
                told.push(error.kind());
                endpoint.note_error(&error, count, served, generation);
            }
            match &error {
                RpcError::UnknownBlock { .. } => {
                    call.unknown_at.push(endpoint.label().to_owned());
                    let others = self
                        .shared
                        .endpoints
                        .iter()
                        .filter(|other| other.can_serve(&calls[call.index]))
                        .count();
                    if call.unknown_at.len() > others {
                        return Err(error);
                    }
                }
                RpcError::Node { .. } => {
                    call.node_errors += 1;
                    if call.node_errors > ATTEMPTS_AT_NODE_ERRORS * self.usable().max(1) {
                        return Err(error);
                    }
                }
                RpcError::TooLarge { .. } if count == 1 => return Err(error),
                _ => {}
            }
            pending.push_front(call);
        }
        pending.make_contiguous().sort_by_key(|call| call.index);
        Ok(())
    }

    fn check_patience(&self, asked_at: Instant) -> Result<(), RpcError> {
        let Some(limit) = self.shared.config.give_up_after else { return Ok(()) };
        let last_served =
            self.shared.started + Duration::from_millis(self.shared.last_served_ms.load(Ordering::Relaxed));
        let waited = asked_at.max(last_served).elapsed();
        if waited < limit {
            return Ok(());
        }
        let last = self
            .shared
            .endpoints
            .iter()
            .map(|endpoint| endpoint.reason(&Call::bare("chain_getBlock")))
            .next_back();
        let last = Box::new(last.unwrap_or(RpcError::NoEndpoints));
        Err(RpcError::GaveUp { waited, last })
    }
}

/// The first pending calls that `endpoint` serves, as many as it likes in a batch.
fn take_batch(pending: &mut VecDeque<Pending>, calls: &[Call], endpoint: &Endpoint) -> Vec<Pending> {
    let size = endpoint.batch_size();
    let mut batch = Vec::with_capacity(size.min(pending.len()));
    let mut left = VecDeque::new();
    while let Some(call) = pending.pop_front() {
        if batch.len() < size && endpoint.can_serve(&calls[call.index]) {
            batch.push(call);
        } else {
            left.push_back(call);
        }
        if batch.len() >= size {
            break;
        }
    }
    left.append(pending);
    *pending = left;
    batch
}

async fn nap_until(until: Option<Instant>) {
    match until {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => future::pending().await,
    }
}
