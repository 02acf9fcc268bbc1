//! How long to wait before the next attempt.

use std::time::Duration;

/// Doubles from `least_ms` to `most_ms` with every attempt that failed; the upper half of it is left to `chance` (0 to 1),
/// so that those who failed together do not come again together.
#[must_use]
pub fn backoff(attempts: u32, least_ms: u64, most_ms: u64, chance: f64) -> Duration {
    let doubled = least_ms.max(1).saturating_mul(1_u64.checked_shl(attempts.min(40)).unwrap_or(u64::MAX));
    let most = doubled.min(most_ms.max(1));
    let half = most / 2;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let jitter = (chance.clamp(0.0, 1.0) * (most - half) as f64) as u64;
    Duration::from_millis(half + jitter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_wait_grows_and_is_bounded(
            attempts in 0_u32..200,
            least in 0_u64..10_000,
            most in 0_u64..1_000_000,
            chance in 0.0_f64..=1.0,
        ) {
            let wait = backoff(attempts, least, most, chance);
            prop_assert!(wait <= Duration::from_millis(most.max(1)));
            prop_assert!(wait <= backoff(attempts + 1, least, most, 1.0));
            prop_assert!(backoff(attempts, least, most, 0.0) <= wait);
        }
    }
}
