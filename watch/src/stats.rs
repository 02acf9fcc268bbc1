//! Robust baselines: median and MAD over a trailing window.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// What makes a MAD comparable with a standard deviation of a normal distribution.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The last values of a series, with their median and MAD.
///
/// Both are recomputed every 16th value, so that a block costs little and live and replay still agree.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Baseline {
    values: VecDeque<f32>,
    median: f64,
    mad: f64,
    since: u32,
}

impl Baseline {
    const REFRESH: u32 = 16;

    /// Adds a value; at most `keep` are kept.
    pub(crate) fn push(&mut self, value: f64, keep: usize) {
        #[allow(clippy::cast_possible_truncation)]
        self.values.push_back(value as f32);
        while self.values.len() > keep.max(1) {
            self.values.pop_front();
        }
        self.since += 1;
        if self.since >= Self::REFRESH || self.values.len() < Self::REFRESH as usize {
            self.refresh();
        }
    }

    fn refresh(&mut self) {
        self.since = 0;
        let mut sorted: Vec<f32> = self.values.iter().copied().collect();
        self.median = median_of(&mut sorted);
        let middle = self.median;
        #[allow(clippy::cast_possible_truncation)]
        let mut distances: Vec<f32> =
            self.values.iter().map(|value| (f64::from(*value) - middle).abs() as f32).collect();
        self.mad = median_of(&mut distances);
    }

    /// How many values it rests on.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Median.
    pub(crate) fn median(&self) -> f64 {
        self.median
    }

    /// Robust z of a value. `floor` is the least spread that counts, so that a constant series does not make every
    /// small step extreme.
    pub(crate) fn z(&self, value: f64, floor: f64) -> f64 {
        (value - self.median) / (MAD_TO_SIGMA * self.mad).max(floor)
    }

    /// The value below which `share` of the values lie.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted: Vec<f32> = self.values.iter().copied().collect();
        if sorted.is_empty() {
            return 0.0;
        }
        sorted.sort_unstable_by(f32::total_cmp);
        let last = sorted.len() - 1;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let position = (last as f64 * share.clamp(0.0, 1.0)).round() as usize;
        f64::from(sorted[position.min(last)])
    }
}

fn median_of(values: &mut [f32]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let (_, value, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    f64::from(*value)
}

/// Median of what there is, `None` without values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = values.into_iter().collect();
    if all.is_empty() {
        return None;
    }
    let middle = all.len() / 2;
    let (_, value, _) = all.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*value)
}

/// `part` of `whole`, 0 of nothing.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn share(part: u128, whole: u128) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Rounded to four digits behind the point, as evidence shows it.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_does_not_move_the_baseline() {
        let mut baseline = Baseline::default();
        for n in 0..100_u32 {
            baseline.push(f64::from(10 + n % 3), 64);
        }
        baseline.push(1e6, 64);
        assert_eq!(baseline.len(), 64);
        assert!((baseline.median() - 11.0).abs() < 1.01, "{}", baseline.median());
        assert!(baseline.z(100.0, 1.0) > 8.0);
    }

    #[test]
    fn quantiles_and_medians_of_little_are_what_there_is() {
        let mut baseline = Baseline::default();
        assert_eq!(baseline.quantile(0.9), 0.0);
        baseline.push(3.0, 8);
        assert_eq!(baseline.quantile(0.999), 3.0);
        assert_eq!(median([]), None);
        assert_eq!(median([5.0, 1.0, 9.0]), Some(5.0));
    }
}
