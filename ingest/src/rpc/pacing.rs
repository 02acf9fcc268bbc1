//! How fast an endpoint is asked: batch size, batches in flight, requests a second.
//!
//! All three grow slowly while answers come quickly and shrink at once when they do not. The request rate is only
//! limited after the endpoint complained: then to a fraction of what it let pass, from where it creeps up again.

use std::time::{Duration, Instant};

/// Bounds of the pacer.
#[derive(Debug, Clone)]
pub(super) struct PacingConfig {
    /// Most calls in a batch.
    pub max_batch: usize,
    /// Most batches in flight on one endpoint.
    pub max_in_flight: usize,
    /// A batch should take about this long …
    pub target_latency: Duration,
    /// … and its answer should have about this many bytes.
    pub target_bytes: usize,
}

impl Default for PacingConfig {
    fn default() -> Self {
        Self {
            max_batch: 384,
            max_in_flight: 8,
            target_latency: Duration::from_millis(1000),
            target_bytes: 6 << 20,
        }
    }
}

/// Pace of one endpoint. Pure: time is passed in.
#[derive(Debug)]
pub(super) struct Pacer {
    config: PacingConfig,
    batch: f64,
    /// Batches that were refused for their size taught this; it rises again slowly.
    ceiling: f64,
    in_flight_limit: f64,
    /// Calls a second, once the endpoint has complained.
    rate: Option<f64>,
    /// When the next batch may leave, under `rate`.
    next_send: Option<Instant>,
    /// Calls served in the running second, to learn what the endpoint lets pass.
    second: Option<(Instant, f64)>,
    /// Calls served in the last whole second.
    served_per_second: f64,
    complaints_in_a_row: u32,
    /// When the rate was lowered last.
    lowered_at: Option<Instant>,
}

/// Complaints of batches that were in flight together tell the same thing: the rate is lowered once.
const BURST: Duration = Duration::from_millis(1500);

impl Pacer {
    pub(super) fn new(config: PacingConfig) -> Self {
        let batch = config.max_batch.min(48) as f64;
        let ceiling = config.max_batch as f64;
        let in_flight_limit = config.max_in_flight.min(4) as f64;
        Self {
            config,
            batch,
            ceiling,
            in_flight_limit,
            rate: None,
            next_send: None,
            second: None,
            served_per_second: 0.0,
            complaints_in_a_row: 0,
            lowered_at: None,
        }
    }

    /// Calls to put in the next batch.
    pub(super) fn batch_size(&self) -> usize {
        (self.batch as usize).clamp(1, self.config.max_batch)
    }

    /// Batches that may be in flight.
    pub(super) fn in_flight_limit(&self) -> usize {
        (self.in_flight_limit as usize).clamp(1, self.config.max_in_flight)
    }

    /// Calls a second it is limited to, if it complained.
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// When the next batch may leave.
    pub(super) fn ready_at(&self) -> Option<Instant> {
        self.next_send
    }

    /// A batch of `items` leaves now: under a rate, the next one has to wait.
    pub(super) fn sent(&mut self, items: usize, now: Instant) {
        if let Some(rate) = self.rate {
            let from = self.next_send.filter(|at| *at > now).unwrap_or(now);
            self.next_send = Some(from + Duration::from_secs_f64((items as f64 / rate).min(60.0)));
        }
    }

    /// A batch was answered.
    pub(super) fn served(&mut self, items: usize, bytes: usize, took: Duration, now: Instant) {
        self.complaints_in_a_row = 0;
        self.count(items, now);
        if let Some(rate) = self.rate.as_mut() {
            *rate += (*rate * 0.04).max(0.2);
        }
        self.ceiling = (self.ceiling * 1.01).min(self.config.max_batch as f64);
        let slow = took.as_secs_f64() / self.config.target_latency.as_secs_f64();
        let big = bytes as f64 / self.config.target_bytes as f64;
        let load = slow.max(big);
        if load > 2.0 {
            self.batch = (self.batch / load.min(4.0)).max(1.0);
        } else if load < 0.5 && items + 1 >= self.batch_size() {
            self.batch = (self.batch * 1.5).min(self.batch_cap());
        }
        if slow < 2.0 {
            self.in_flight_limit = (self.in_flight_limit + 0.25).min(self.config.max_in_flight as f64);
        } else {
            self.in_flight_limit = (self.in_flight_limit * 0.8).max(1.0);
        }
    }

    /// The endpoint asked to slow down, `served` calls of the batch having passed; returns how long to leave it alone.
    pub(super) fn limited(&mut self, served: usize, now: Instant) -> Duration {
        self.count(served, now);
        self.complaints_in_a_row = self.complaints_in_a_row.saturating_add(1);
        let running = self.second.map_or(0.0, |(_, count)| count);
        let observed = self.served_per_second.max(running);
        let in_burst = self.lowered_at.is_some_and(|at| now.duration_since(at) < BURST);
        let lowered = match self.rate {
            Some(rate) if in_burst => rate,
            Some(rate) if served > 0 => rate * 0.85,
            Some(rate) => rate * 0.6,
            None => observed * 0.9,
        };
        if !in_burst {
            self.lowered_at = Some(now);
            self.in_flight_limit = (self.in_flight_limit / 2.0).max(1.0);
        }
        self.rate = Some(lowered.max(0.5));
        self.batch = self.batch.min(self.batch_cap()).max(1.0);
        let exponent = self.complaints_in_a_row.saturating_sub(1).min(6);
        Duration::from_millis(250 << exponent).min(Duration::from_secs(15))
    }

    /// A batch or its answer was too large, or never came.
    pub(super) fn too_large(&mut self, items: usize) {
        self.ceiling = (items as f64 / 2.0).max(1.0);
        self.batch = self.batch.min(self.ceiling);
    }

    /// An answer did not come in time.
    pub(super) fn timed_out(&mut self, items: usize) {
        self.batch = (self.batch.min(items as f64) / 2.0).max(1.0);
        self.in_flight_limit = (self.in_flight_limit / 2.0).max(1.0);
    }

    /// Under a rate, a batch holds no more than half a second's worth.
    fn batch_cap(&self) -> f64 {
        let most = self.ceiling;
        self.rate.map_or(most, |rate| (rate / 2.0).clamp(1.0, most))
    }

    fn count(&mut self, items: usize, now: Instant) {
        match self.second.as_mut() {
            Some((start, count)) if now.duration_since(*start) < Duration::from_secs(1) => {
                *count += items as f64;
            }
            Some((start, count)) => {
                let seconds = now.duration_since(*start).as_secs_f64();
                self.served_per_second = *count / seconds;
                (*start, *count) = (now, items as f64);
            }
            None => self.second = Some((now, items as f64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacer() -> Pacer {
        Pacer::new(PacingConfig::default())
    }

    #[test]
    fn quick_answers_grow_the_batch_to_its_bound() {
        let mut pacer = pacer();
        let now = Instant::now();
        for _ in 0..20 {
            pacer.served(pacer.batch_size(), 1000, Duration::from_millis(5), now);
        }
        assert_eq!(pacer.batch_size(), 384);
        assert_eq!(pacer.in_flight_limit(), 8);
        assert_eq!(pacer.ready_at(), None, "an endpoint that never complained is not slowed");
    }

    #[test]
    fn slow_or_huge_answers_shrink_the_batch() {
        let mut pacer = pacer();
        let before = pacer.batch_size();
        pacer.served(before, 1000, Duration::from_secs(4), Instant::now());
        let after_slow = pacer.batch_size();
        assert!(after_slow < before);
        pacer.served(after_slow, 100 << 20, Duration::from_millis(5), Instant::now());
        assert!(pacer.batch_size() < after_slow);
    }

    #[test]
    fn a_complaint_sets_a_rate_below_what_passed_and_spreads_batches() {
        let mut pacer = pacer();
        let now = Instant::now();
        pacer.served(100, 1000, Duration::from_millis(5), now);
        let pause = pacer.limited(100, now);
        assert!(pause >= Duration::from_millis(250));
        let rate = pacer.rate().unwrap();
        assert!(rate < 200.0 && rate > 50.0, "{rate}");
        pacer.sent(50, now);
        assert!(pacer.ready_at().unwrap() > now);
        let growing = rate;
        pacer.served(50, 1000, Duration::from_millis(5), now);
        assert!(pacer.rate().unwrap() > growing, "and creeps up again");
    }

    #[test]
    fn complaints_in_a_row_wait_longer_each_time_but_never_stop_asking() {
        let mut pacer = pacer();
        let now = Instant::now();
        let first = pacer.limited(0, now);
        let second = pacer.limited(0, now);
        assert!(second > first);
        for second in 2..100 {
            assert!(pacer.limited(0, now + Duration::from_secs(2 * second)) <= Duration::from_secs(15));
        }
        assert!(pacer.rate().unwrap() >= 0.5);
        assert_eq!(pacer.batch_size(), 1);
    }

    #[test]
    fn a_refused_size_is_halved_down_to_single_calls() {
        let mut pacer = pacer();
        for _ in 0..20 {
            pacer.too_large(pacer.batch_size());
        }
        assert_eq!(pacer.batch_size(), 1);
        for _ in 0..20 {
            pacer.served(1, 100, Duration::from_millis(1), Instant::now());
        }
        assert_eq!(pacer.batch_size(), 1, "and is not tried again at once");
    }
}
