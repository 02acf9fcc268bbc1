//! One endpoint: its connection, its health, its pace and what it cannot do.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use yumascan_chain::{BlockNumber, Hash};

use super::{
    call::Call,
    client::{Client, Outcomes, Timeouts},
    error::RpcError,
    health::{Health, HealthState},
    pacing::{Pacer, PacingConfig},
    wire,
};

/// How long an endpoint is remembered not to have a state.
const PRUNED_MEMORY: Duration = Duration::from_secs(600);

/// An endpoint of the pool.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    label: String,
    timeouts: Timeouts,
    connection: Mutex<Option<Arc<Connection>>>,
    /// Held while a connection is being opened.
    connecting: tokio::sync::Mutex<()>,
    in_flight: AtomicUsize,
    state: Mutex<State>,
}

/// A live connection; its number tells failures of one burst from those of the next.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) generation: u64,
}

#[derive(Debug)]
struct State {
    health: Health,
    pacer: Pacer,
    generation: u64,
    failed_generation: u64,
    genesis: Option<Hash>,
    /// State was found gone at and below this block, and when (a node that is still syncing may have it later).
    pruned_to: Option<(BlockNumber, Instant)>,
    /// Methods it does not serve.
    missing_methods: BTreeSet<&'static str>,
    calls: u64,
    errors: u64,
    wrong_answers: u64,
    last_ok: Option<std::time::SystemTime>,
    finalized: Option<BlockNumber>,
}

/// A snapshot of an endpoint, for status pages and the store.
#[derive(Debug, Clone)]
pub struct EndpointStatus {
    /// URL without credentials.
    pub endpoint: String,
    /// Its state.
    pub state: HealthState,
    /// The last error, in words.
    pub last_error: Option<String>,
    /// Moving average of the time per call.
    pub latency_per_call: Option<Duration>,
    /// Failures since the last success.
    pub failures_in_a_row: u32,
    /// Calls asked.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Answers that were wrong.
    pub wrong_answers: u64,
    /// Present batch size.
    pub batch_size: usize,
    /// Calls a second it is limited to, if it complained.
    pub rate_per_second: Option<u64>,
    /// When it last answered.
    pub last_ok: Option<std::time::SystemTime>,
    /// The highest finalized block it named.
    pub finalized: Option<BlockNumber>,
}

/// Whether and how willingly an endpoint takes a call now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Readiness {
    /// Now, at this cost.
    Ready { cost: f64, banned: bool, failing: bool },
    /// Not before this time (`None`: when a batch in flight returns).
    Later { at: Option<Instant>, banned: bool, failing: bool },
    /// Never for this call.
    Never,
}

impl Endpoint {
    pub(super) fn new(url: &str, timeouts: Timeouts, pacing: PacingConfig) -> Result<Self, RpcError> {
        let label = yumascan_store::redact_url(url);
        let scheme_ok =
            ["ws://", "wss://", "http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
        if !scheme_ok {
            let reason = "it has no scheme this program speaks".to_owned();
            return Err(RpcError::BadUrl { endpoint: label, reason });
        }
        let state = State {
            health: Health::default(),
            pacer: Pacer::new(pacing),
            generation: 0,
            failed_generation: 0,
            genesis: None,
            pruned_to: None,
            missing_methods: BTreeSet::new(),
            calls: 0,
            errors: 0,
            wrong_answers: 0,
            last_ok: None,
            finalized: None,
        };
        Ok(Self {
            url: url.to_owned(),
            label,
            timeouts,
            connection: Mutex::new(None),
            connecting: tokio::sync::Mutex::new(()),
            in_flight: AtomicUsize::new(0),
            state: Mutex::new(state),
        })
    }

    /// URL without credentials; what logs and errors call it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether it can push new heads (WebSocket).
    #[must_use]
    pub fn can_subscribe(&self) -> bool {
        self.url.starts_with("ws")
    }

    /// Its genesis hash, once it was asked.
    #[must_use]
    pub fn genesis(&self) -> Option<Hash> {
        self.state().genesis
    }

    /// A snapshot for people.
    #[must_use]
    pub fn status(&self) -> EndpointStatus {
        let state = self.state();
        EndpointStatus {
            endpoint: self.label.clone(),
            state: state.health.state(Instant::now()),
            last_error: state.health.last_error().map(ToString::to_string),
            latency_per_call: state.health.latency_per_call(),
            failures_in_a_row: state.health.failures_in_a_row(),
            calls: state.calls,
            errors: state.errors,
            wrong_answers: state.wrong_answers,
            batch_size: state.pacer.batch_size(),
            rate_per_second: state.pacer.rate().map(|rate| rate as u64),
            last_ok: state.last_ok,
            finalized: state.finalized,
        }
    }

    /// The open connection, if there is one.
    pub(super) fn current(&self) -> Option<Arc<Connection>> {
        self.slot().as_ref().filter(|open| open.client.is_connected()).cloned()
    }

    /// The connection, opened when there is none; a new one is asked for its genesis before it is used.
    pub(super) async fn connection(
        &self,
        expected_genesis: Option<Hash>,
    ) -> Result<Arc<Connection>, RpcError> {
        if let Some(open) = self.current() {
            return Ok(open);
        }
        let _one = self.connecting.lock().await;
        if let Some(open) = self.current() {
            return Ok(open);
        }
        let client = Client::connect(&self.url, &self.label, self.timeouts).await?;
        self.check_genesis(&client, expected_genesis).await?;
        let generation = {
            let mut state = self.state();
            state.generation += 1;
            state.generation
        };
        let connection = Arc::new(Connection { client, generation });
        *self.slot() = Some(connection.clone());
        Ok(connection)
    }

    /// Opens a connection in the background unless that is being done: no call waits for an endpoint that may be
    /// unreachable while another could serve it.
    pub(super) fn connect_in_background(self: &Arc<Self>, expected_genesis: Option<Hash>) {
        if self.connecting.try_lock().is_err() {
            return;
        }
        let endpoint = self.clone();
        tokio::spawn(async move {
            if let Err(error) = endpoint.connection(expected_genesis).await {
                tracing::debug!(endpoint = endpoint.label, %error, "no connection");
                endpoint.note_error(&error, 1, 0, None);
            }
        });
    }

    /// Sends calls over `connection`.
    pub(super) async fn ask(&self, connection: &Connection, calls: &[&Call]) -> Result<Outcomes, RpcError> {
        connection.client.ask(calls, &self.url, &self.label, self.timeouts.request).await
    }

    /// Subscribes over `connection`.
    pub(super) async fn subscribe(
        &self,
        connection: &Connection,
        method: &'static str,
        unsubscribe: &'static str,
    ) -> Result<jsonrpsee::core::client::Subscription<Box<jsonrpsee::core::JsonRawValue>>, RpcError> {
        connection.client.subscribe(method, unsubscribe, &self.url, &self.label, self.timeouts.request).await
    }

    /// Closes the connection if it is still the one given.
    pub(super) fn disconnect(&self, generation: u64) {
        let mut slot = self.slot();
        if slot.as_ref().is_some_and(|open| open.generation == generation) {
            *slot = None;
        }
    }

    /// Whether it takes `call` now.
    pub(super) fn readiness(&self, call: &Call, now: Instant) -> Readiness {
        let state = self.state();
        if state.health.refusal().is_some() || !state.can_serve(call) {
            return Readiness::Never;
        }
        let banned = state.health.is_banned(now);
        let failing = state.health.failures_in_a_row() > 0;
        let paused = state.health.paused_until(now);
        let paced = state.pacer.ready_at().filter(|at| *at > now);
        if let Some(at) = paused.into_iter().chain(paced).max() {
            return Readiness::Later { at: Some(at), banned, failing };
        }
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        if in_flight >= state.pacer.in_flight_limit() {
            return Readiness::Later { at: None, banned, failing };
        }
        Readiness::Ready { cost: state.health.cost(in_flight), banned, failing }
    }

    /// Whether it could ever serve `call`.
    pub(super) fn can_serve(&self, call: &Call) -> bool {
        let state = self.state();
        state.health.refusal().is_none() && state.can_serve(call)
    }

    pub(super) fn batch_size(&self) -> usize {
        self.state().pacer.batch_size()
    }

    /// Takes a place among the batches in flight; given back when the guard drops.
    pub(super) fn take_off(self: &Arc<Self>, items: usize) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.state().pacer.sent(items, Instant::now());
        InFlight(self.clone())
    }

    /// A batch came back, `served` of `asked` calls with a result.
    pub(super) fn note_served(&self, asked: usize, served: usize, bytes: usize, took: Duration) {
        let mut state = self.state();
        state.calls += asked as u64;
        state.last_ok = Some(std::time::SystemTime::now());
        state.health.succeeded(took, asked);
        if served > 0 {
            state.pacer.served(served, bytes, took, Instant::now());
        }
    }

    /// An error of one call or of the connection `generation`. Failures of one connection count once.
    pub(super) fn note_error(&self, error: &RpcError, asked: usize, served: usize, generation: Option<u64>) {
        metrics::counter!("yumascan_ingest_rpc_errors_total", "endpoint" => self.label.clone(), "kind" => error.kind())
            .increment(1);
        let (now, chance) = (Instant::now(), rand::random::<f64>());
        let mut state = self.state();
        state.errors += 1;
        match error {
            RpcError::RateLimited { .. } => {
                let pause = state.pacer.limited(served, now);
                tracing::debug!(endpoint = %self.label, ?pause, rate = state.pacer.rate(), "endpoint limits requests");
                state.health.limited(error.clone(), pause, now, chance);
            }
            RpcError::TooLarge { .. } => state.pacer.too_large(asked),
            RpcError::Pruned { block, .. } => {
                let before = state.pruned_to.map_or(0, |(before, _)| before);
                state.pruned_to = Some((before.max(*block), now));
            }
            RpcError::NoSuchMethod { method, .. } => {
                state.missing_methods.insert(method);
            }
            // what was once our chain's node and now answers nonsense may recover; another chain never becomes ours
            RpcError::Denied { .. }
            | RpcError::NotANode { .. }
            | RpcError::BadUrl { .. }
            | RpcError::OtherGenesis { .. }
                if state.genesis.is_none() || matches!(error, RpcError::OtherGenesis { .. }) =>
            {
                tracing::warn!(endpoint = %self.label, %error, "endpoint is not used");
                state.health.refuse(error.clone());
            }
            _ => {
                if matches!(error, RpcError::TimedOut { .. }) {
                    state.pacer.timed_out(asked);
                }
                let counted_already = generation.is_some_and(|number| number <= state.failed_generation);
                if !counted_already {
                    state.failed_generation = generation.unwrap_or(state.failed_generation);
                    state.health.failed(error.clone(), now, chance);
                }
            }
        }
    }

    /// It named a finalized head.
    pub(super) fn note_finalized(&self, number: BlockNumber) {
        let mut state = self.state();
        state.finalized = state.finalized.max(Some(number));
    }

    /// It gave a wrong answer: it is named, and left while another can be asked.
    pub(super) fn distrust(&self, error: &RpcError) {
        metrics::counter!("yumascan_ingest_rpc_wrong_answers_total", "endpoint" => self.label.clone())
            .increment(1);
        tracing::warn!(endpoint = %self.label, %error, "endpoint gave a wrong answer and is avoided");
        let mut state = self.state();
        state.wrong_answers += 1;
        state.health.distrust(error.clone(), Instant::now());
    }

    /// Why it is not asked, or the last thing that went wrong.
    pub(super) fn reason(&self, call: &Call) -> RpcError {
        let state = self.state();
        if let Some(refusal) = state.health.refusal() {
            return refusal.0.clone();
        }
        if state.missing_methods.contains(call.method) {
            return RpcError::NoSuchMethod { endpoint: self.label.clone(), method: call.method };
        }
        match call.state_at {
            Some(at) if state.is_pruned(at.0) => {
                RpcError::Pruned { endpoint: self.label.clone(), block: at.0 }
            }
            _ => state.health.last_error().cloned().unwrap_or_else(|| RpcError::Unreachable {
                endpoint: self.label.clone(),
                reason: "not connected yet".to_owned(),
            }),
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        self.state().health.refusal().is_some()
    }

    async fn check_genesis(&self, client: &Client, expected: Option<Hash>) -> Result<(), RpcError> {
        let call = Call::block_hash(0);
        let not_a_node = |reason: String| RpcError::NotANode { endpoint: self.label.clone(), reason };
        let outcome = client.ask(&[&call], &self.url, &self.label, self.timeouts.request).await?.pop();
        let value = match outcome {
            Some(Ok(value)) => value,
            Some(Err(RpcError::NoSuchMethod { method, .. })) => {
                return Err(not_a_node(format!("it does not know the method {method}")));
            }
            Some(Err(error)) => return Err(error),
            None => return Err(not_a_node("it gave no answer".to_owned())),
        };
        let found: Hash = wire::text(&value)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| not_a_node("it knows no genesis block".to_owned()))?;
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(RpcError::OtherGenesis { endpoint: self.label.clone(), found, expected });
        }
        self.state().genesis = Some(found);
        Ok(())
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Connection>>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn can_serve(&self, call: &Call) -> bool {
        let pruned = call.state_at.is_some_and(|at| self.is_pruned(at.0));
        !pruned && !self.missing_methods.contains(call.method)
    }

    fn is_pruned(&self, block: BlockNumber) -> bool {
        self.pruned_to.is_some_and(|(to, found)| block <= to && found.elapsed() < PRUNED_MEMORY)
    }
}

/// A batch in flight.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Endpoint>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
