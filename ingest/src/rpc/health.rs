//! What is known of an endpoint's behaviour, and when it may be asked again.

use std::time::{Duration, Instant};

use super::error::RpcError;

/// Weight of the newest sample in the moving averages.
const EWMA_WEIGHT: f64 = 0.2;
/// First pause after a failure; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// First ban after a wrong answer; doubled with each further one.
const FIRST_BAN: Duration = Duration::from_secs(30);
/// Longest ban.
const LONGEST_BAN: Duration = Duration::from_secs(15 * 60);

/// Why an endpoint is never asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub RpcError);

/// Summary for status pages and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthState {
    /// Answers well.
    Healthy,
    /// Asked us to slow down.
    RateLimited,
    /// Not reachable at the moment.
    Unreachable,
    /// Gave wrong answers; asked only when nobody else is left.
    Distrusted,
    /// Never asked: another chain, no node, no access.
    Refused,
}

/// Health of one endpoint. Pure: time and chance are passed in.
#[derive(Debug, Default)]
pub(super) struct Health {
    latency_per_call_s: Option<f64>,
    error_rate: f64,
    failures_in_a_row: u32,
    wrong_answers: u32,
    paused_until: Option<Instant>,
    pause_is_limit: bool,
    banned_until: Option<Instant>,
    refusal: Option<Refusal>,
    last_error: Option<RpcError>,
}

impl Health {
    /// An answer came.
    pub(super) fn succeeded(&mut self, took: Duration, calls: usize) {
        let sample = took.as_secs_f64() / calls.max(1) as f64;
        let before = self.latency_per_call_s.unwrap_or(sample);
        self.latency_per_call_s = Some(before + EWMA_WEIGHT * (sample - before));
        self.error_rate *= 1.0 - EWMA_WEIGHT;
        self.failures_in_a_row = 0;
        self.pause_is_limit = false;
    }

    /// A call or the connection failed; `chance` in 0..1 spreads the retries of many clients.
    pub(super) fn failed(&mut self, error: RpcError, now: Instant, chance: f64) {
        self.error_rate += EWMA_WEIGHT * (1.0 - self.error_rate);
        let doubling = 1u32 << self.failures_in_a_row.min(10);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let pause = (FIRST_PAUSE * doubling).min(LONGEST_PAUSE);
        self.pause(pause.mul_f64(0.5 + chance), now);
        self.last_error = Some(error);
    }

    /// It asked to slow down.
    pub(super) fn limited(&mut self, error: RpcError, pause: Duration, now: Instant, chance: f64) {
        self.error_rate += EWMA_WEIGHT * 0.5 * (1.0 - self.error_rate);
        self.pause(pause.mul_f64(0.75 + chance * 0.5), now);
        self.pause_is_limit = true;
        self.last_error = Some(error);
    }

    /// It gave a wrong answer: it is left alone for a while, the longer the more often it happens.
    pub(super) fn distrust(&mut self, error: RpcError, now: Instant) {
        let doubling = 1u32 << self.wrong_answers.min(10);
        self.wrong_answers = self.wrong_answers.saturating_add(1);
        self.banned_until = Some(now + (FIRST_BAN * doubling).min(LONGEST_BAN));
        self.last_error = Some(error);
    }

    /// It can never serve us.
    pub(super) fn refuse(&mut self, error: RpcError) {
        self.last_error = Some(error.clone());
        self.refusal = Some(Refusal(error));
    }

    /// When it may be asked again; `None`: now.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    pub(super) fn is_banned(&self, now: Instant) -> bool {
        self.banned_until.is_some_and(|until| until > now)
    }

    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    pub(super) fn last_error(&self) -> Option<&RpcError> {
        self.last_error.as_ref()
    }

    pub(super) fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row
    }

    pub(super) fn latency_per_call(&self) -> Option<Duration> {
        self.latency_per_call_s.map(Duration::from_secs_f64)
    }

    /// Expected cost of asking it next; lower is better. An unknown endpoint is tried early.
    pub(super) fn cost(&self, in_flight: usize) -> f64 {
        let latency = self.latency_per_call_s.unwrap_or(0.0005).max(0.000_01);
        latency * (1.0 + in_flight as f64) * (1.0 + 8.0 * self.error_rate)
    }

    pub(super) fn state(&self, now: Instant) -> HealthState {
        if self.refusal.is_some() {
            HealthState::Refused
        } else if self.is_banned(now) {
            HealthState::Distrusted
        } else if self.pause_is_limit {
            HealthState::RateLimited
        } else if self.failures_in_a_row > 0 {
            HealthState::Unreachable
        } else {
            HealthState::Healthy
        }
    }

    fn pause(&mut self, pause: Duration, now: Instant) {
        let until = now + pause;
        self.paused_until = Some(self.paused_until.map_or(until, |before| before.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> RpcError {
        RpcError::Unreachable { endpoint: "ws://n".to_owned(), reason: "closed".to_owned() }
    }

    #[test]
    fn failures_pause_longer_each_time_up_to_a_bound() {
        let (mut health, now) = (Health::default(), Instant::now());
        let mut before = Duration::ZERO;
        for _ in 0..6 {
            health.failed(broken(), now, 0.5);
            let pause = health.paused_until(now).unwrap() - now;
            assert!(pause > before);
            before = pause;
        }
        for _ in 0..50 {
            health.failed(broken(), now, 1.0);
        }
        assert!(health.paused_until(now).unwrap() - now <= LONGEST_PAUSE.mul_f64(1.5));
        health.succeeded(Duration::from_millis(10), 10);
        assert_eq!(health.state(now), HealthState::Healthy);
    }

    #[test]
    fn an_endpoint_with_errors_costs_more_than_a_slower_one_without() {
        let (mut flaky, mut steady) = (Health::default(), Health::default());
        steady.succeeded(Duration::from_millis(20), 10);
        flaky.succeeded(Duration::from_millis(10), 10);
        for _ in 0..8 {
            flaky.failed(broken(), Instant::now(), 0.5);
        }
        assert!(flaky.cost(0) > steady.cost(0));
    }

    #[test]
    fn a_liar_is_banned_longer_each_time() {
        let (mut health, now) = (Health::default(), Instant::now());
        health.distrust(broken(), now);
        assert!(health.is_banned(now + FIRST_BAN / 2) && !health.is_banned(now + FIRST_BAN * 2));
        health.distrust(broken(), now);
        assert!(health.is_banned(now + FIRST_BAN.mul_f64(1.5)));
        assert_eq!(health.state(now), HealthState::Distrusted);
    }
}
