//! What an epoch shared out, inferred from what it announced.
//!
//! The amount is the pending one plus what the block itself added. Where the block's emission cannot be recomputed, the
//! announced amounts pin it: each is `⌊share · amount⌋` of a share that does not depend on the amount, and all of them
//! together leave an interval of a rao or two. A wrong share leaves none.

use yumascan_protocol::epoch::{EpochOutputs, mechanisms::split_rao};

/// An amount whose shares come out as their 32 fraction bits.
pub(crate) const UNIT: u64 = 1 << 32;

/// An interval of amounts, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interval {
    low: u64,
    high: u64,
}

impl Interval {
    /// Amounts of which a share of `bits / 2^32` is `value` rao, once floored.
    fn of(bits: u64, value: u64) -> Option<Self> {
        let bits = u128::from(bits);
        if bits == 0 {
            return None;
        }
        let unit = u128::from(UNIT);
        let low = (u128::from(value) * unit).div_ceil(bits);
        let high = ((u128::from(value) + 1) * unit - 1) / bits;
        Some(Self {
            low: u64::try_from(low).unwrap_or(u64::MAX),
            high: u64::try_from(high).unwrap_or(u64::MAX),
        })
    }

    fn meet(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }
    }
}

/// The amount that each mechanism must have shared out, from its shares and its announced amounts; `None` where nothing
/// was announced or all of it is zero.
fn of_mechanism(shares: &[u64], announced: &[u64]) -> Option<Interval> {
    let pairs = shares.iter().zip(announced);
    pairs.filter_map(|(bits, value)| Interval::of(*bits, *value)).reduce(Interval::meet)
}

/// The amount of the epoch. `unit` are the outputs of a replay whose every mechanism shared out [`UNIT`]; `announced` are the
/// event's amounts by mechanism; `emission` is the stored vector, where the subnet has one mechanism.
pub(crate) fn infer(
    unit: &EpochOutputs,
    announced: &[Option<&[u64]>],
    emission: Option<&[u64]>,
    split: Option<&[u16]>,
    at_least: u64,
) -> Option<u64> {
    let count = unit.mechanisms.len();
    let known: Vec<Option<Interval>> = unit
        .mechanisms
        .iter()
        .zip(announced)
        .map(|(mechanism, announced)| of_mechanism(&mechanism.server_emission, (*announced)?))
        .collect();
    if count == 1 {
        let by_emission = emission.and_then(|emission| of_mechanism(&unit.subnet.emission, emission));
        let interval = match (known.first().copied().flatten(), by_emission) {
            (Some(a), Some(b)) => a.meet(b),
            (a, b) => a.or(b)?,
        };
        return (interval.low <= interval.high).then(|| at_least.clamp(interval.low, interval.high));
    }
    // mechanisms sum up to the whole: try what the known ones allow around the pending amount
    let fits = |rao: &u64| {
        let parts = split_rao(*rao, count, split);
        parts.iter().zip(&known).all(|(part, interval)| {
            interval.is_none_or(|interval| (interval.low..=interval.high).contains(part))
        })
    };
    let whole: Option<Vec<Interval>> = known.iter().copied().collect();
    let (low, high) = match whole {
        Some(parts) => parts.iter().fold((0u64, 0u64), |(low, high), part| {
            (low.saturating_add(part.low), high.saturating_add(part.high))
        }),
        None => (at_least, at_least.saturating_add(MOST_ACCRUAL)),
    };
    if high.saturating_sub(low) <= MOST_TRIED {
        return (low..=high).find(|rao| fits(rao));
    }
    let (first, interval) =
        known.iter().enumerate().find_map(|(mechanism, known)| Some((mechanism, (*known)?)))?;
    // parts grow with the whole: bisect for the first whole whose part is large enough
    let (mut below, mut above) = (low.saturating_sub(1), high);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        match split_rao(middle, count, split).get(first).is_some_and(|part| *part >= interval.low) {
            true => above = middle,
            false => below = middle,
        }
    }
    (above.saturating_sub(4)..=above.saturating_add(MOST_TRIED)).find(|rao| fits(rao))
}

/// Alpha that a block can add, alpha-rao.
const MOST_ACCRUAL: u64 = 2_000_000_000;
const MOST_TRIED: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_shares_pin_the_whole() {
        let rao = 17_220_096_096u64;
        let shares = [1_234_567u64, 4_000_000, 900, 2_147_000_000];
        let announced: Vec<u64> = shares
            .iter()
            .map(|bits| (u128::from(*bits) * u128::from(rao) / u128::from(UNIT)) as u64)
            .collect();
        let interval = of_mechanism(&shares, &announced).unwrap();
        assert!((interval.low..=interval.high).contains(&rao) && interval.high - interval.low <= 2);
        let mut wrong = announced;
        wrong[3] += 3;
        let interval = of_mechanism(&shares, &wrong).unwrap();
        assert!(!(interval.low..=interval.high).contains(&rao));
    }

    #[test]
    fn nothing_is_inferred_from_zeros() {
        assert_eq!(of_mechanism(&[0, 0], &[0, 0]), None);
    }
}
