//! Not faster than a sink bears.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

/// A bucket that fills evenly and holds a few seconds' worth, so that a single alert never waits.
#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    burst: Duration,
    /// When the bucket would be full again, had all that was taken been taken late.
    full_at: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(per_minute: u32) -> Self {
        let every = Duration::from_secs(60) / per_minute.max(1);
        Self { every, burst: (every * 5).max(Duration::from_secs(2)), full_at: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn.
    pub(super) async fn wait(&self) {
        let turn = {
            let mut full_at = self.full_at.lock().await;
            let (turn, next) = self.take(*full_at, Instant::now());
            *full_at = next;
            turn
        };
        if let Some(turn) = turn {
            tokio::time::sleep_until(turn).await;
        }
    }

    /// When the next turn is, and when the bucket is full again after it.
    fn take(&self, full_at: Instant, now: Instant) -> (Option<Instant>, Instant) {
        let next = full_at.max(now) + self.every;
        (next.checked_sub(self.burst).filter(|turn| *turn > now), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_holds_no_more_than_its_rate_and_a_burst() {
        let pace = Pace::new(60);
        let begun = Instant::now();
        let (mut now, mut full_at) = (begun, begun);
        let mut at = Vec::new();
        for _ in 0..66 {
            let (turn, next) = pace.take(full_at, now);
            full_at = next;
            now = turn.unwrap_or(now);
            at.push((now - begun).as_secs());
        }
        assert_eq!(at[..5], [0; 5], "a few at once do not wait");
        assert_eq!(at[65], 61);
    }
}
