//! Token buckets, one a visitor.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Buckets kept at most; full ones are forgotten first, as a new one is full too.
const MAX_BUCKETS: usize = 100_000;

/// How fast a bucket fills and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) per_minute: u32,
    pub(super) burst: u32,
}

/// What is left after taking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    /// Whole units that can be taken now.
    pub(super) left: u32,
    /// Until it is full again.
    pub(super) full_in: Duration,
}

/// A bucket that is empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the limit of {per_minute} units a minute for {whom} is used up: this needs {wanted}; try again in {wait_s} s{advice}"
)]
pub struct Limited {
    /// `this address` or `this key`.
    pub whom: &'static str,
    /// Units a minute.
    pub per_minute: u32,
    /// Units wanted.
    pub wanted: u32,
    /// Seconds until there are as many.
    pub wait_s: u64,
    /// How to get more.
    pub advice: &'static str,
}

/// How full a bucket was, and when. Costs that are known afterwards may take it below zero.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    units: f64,
    at: Instant,
}

/// The buckets of a process.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    buckets: Mutex<HashMap<String, Bucket>>,
}

impl Buckets {
    /// Takes `cost` when it is there; else says how long until it is.
    pub(super) fn take(
        &self,
        whose: &str,
        rate: Rate,
        cost: u32,
        now: Instant,
    ) -> Result<Standing, Duration> {
        self.change(whose, rate, now, |units| {
            // what costs more than a bucket holds is let through by a full one
            let needed = f64::from(cost.min(rate.burst));
            if *units < needed {
                return Err(time_for(needed - *units, rate));
            }
            *units -= f64::from(cost);
            Ok(())
        })
    }

    /// Takes what a request turned out to cost, whether it is there or not.
    pub(super) fn owe(&self, whose: &str, rate: Rate, cost: u32, now: Instant) {
        let floor = -f64::from(rate.burst);
        let _ = self.change(whose, rate, now, |units| {
            *units = (*units - f64::from(cost)).max(floor);
            Ok(())
        });
    }

    fn change(
        &self,
        whose: &str,
        rate: Rate,
        now: Instant,
        change: impl FnOnce(&mut f64) -> Result<(), Duration>,
    ) -> Result<Standing, Duration> {
        let burst = f64::from(rate.burst);
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS && !buckets.contains_key(whose) {
            // whoever has not come for a minute and owes nothing is full, or nearly
            buckets.retain(|_, bucket| {
                bucket.units < 0.0 || now.duration_since(bucket.at) < Duration::from_secs(60)
            });
            if buckets.len() >= MAX_BUCKETS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(whose.to_owned()).or_insert(Bucket { units: burst, at: now });
        let gained =
            now.saturating_duration_since(bucket.at).as_secs_f64() * f64::from(rate.per_minute) / 60.0;
        bucket.units = (bucket.units + gained).min(burst);
        bucket.at = now;
        change(&mut bucket.units)?;
        let left = bucket.units.max(0.0).floor();
        Ok(Standing { left: left as u32, full_in: time_for(burst - bucket.units, rate) })
    }
}

fn time_for(units: f64, rate: Rate) -> Duration {
    Duration::try_from_secs_f64(units.max(0.0) * 60.0 / f64::from(rate.per_minute.max(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_minute: 60, burst: 10 };

    #[test]
    fn a_bucket_empties_and_fills_by_the_clock() {
        let buckets = Buckets::default();
        let start = Instant::now();
        for _ in 0..10 {
            assert!(buckets.take("a", RATE, 1, start).is_ok());
        }
        assert_eq!(buckets.take("a", RATE, 1, start), Err(Duration::from_secs(1)));
        assert!(buckets.take("b", RATE, 1, start).is_ok(), "another's is another's");
        let later = start + Duration::from_secs(3);
        assert_eq!(buckets.take("a", RATE, 1, later).map(|standing| standing.left), Ok(2));
        let much_later = start + Duration::from_secs(3_600);
        assert_eq!(buckets.take("a", RATE, 1, much_later).map(|standing| standing.left), Ok(9));
    }

    #[test]
    fn what_is_owed_is_waited_for_and_bounded() {
        let buckets = Buckets::default();
        let start = Instant::now();
        buckets.owe("a", RATE, 1_000, start);
        assert_eq!(buckets.take("a", RATE, 1, start), Err(Duration::from_secs(11)));
        assert!(buckets.take("a", RATE, 1, start + Duration::from_secs(12)).is_ok());
    }

    #[test]
    fn what_costs_more_than_a_bucket_holds_waits_for_a_full_one() {
        let buckets = Buckets::default();
        let start = Instant::now();
        assert!(buckets.take("a", RATE, 25, start).is_ok());
        assert!(buckets.take("a", RATE, 1, start + Duration::from_secs(10)).is_err(), "it is owed");
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory() {
        let buckets = Buckets::default();
        let start = Instant::now();
        for number in 0..(MAX_BUCKETS + 10) {
            let _ = buckets.take(&number.to_string(), RATE, 1, start);
        }
        assert!(buckets.buckets.lock().unwrap().len() <= MAX_BUCKETS);
    }
}
