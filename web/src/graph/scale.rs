//! From values to places: a scale whose ends are round numbers and whose ticks lie evenly between them.

/// Intervals between ticks.
pub const INTERVALS: usize = 4;

/// A linear scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Value at the lower end.
    pub low: f64,
    /// Value at the upper end; above `low`.
    pub high: f64,
}

impl Scale {
    /// A scale around all values, with round ends. Values that are equal get room on both sides.
    #[must_use]
    pub fn around(values: impl Iterator<Item = f64>, from_zero: bool) -> Option<Self> {
        let (low, high) = values.filter(|value| value.is_finite()).fold(
            None,
            |ends: Option<(f64, f64)>, value| match ends {
                None => Some((value, value)),
                Some((low, high)) => Some((low.min(value), high.max(value))),
            },
        )?;
        let (low, high) = if from_zero { (low.min(0.0), high.max(0.0)) } else { (low, high) };
        let room = if high > low { high - low } else { (high.abs() * 0.2).max(f64::MIN_POSITIVE * 1e9) };
        let (low, high) = if high > low { (low, high) } else { (low - room / 2.0, high + room / 2.0) };
        let mut step = round_step(room / INTERVALS as f64);
        let mut start = (low / step).floor() * step;
        // rounding the start down can leave the top above the last tick: the step grows until it does not
        while start + step * (INTERVALS as f64) < high {
            let wider = round_step(step * 1.01);
            if wider <= step {
                return Some(Self { low, high });
            }
            step = wider;
            start = (low / step).floor() * step;
        }
        Some(Self { low: start, high: start + step * INTERVALS as f64 })
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span > 0.0 { ((value - self.low) / span).clamp(-1.0, 2.0) } else { 0.5 }
    }

    /// Values of the ticks, from the upper end to the lower.
    #[must_use]
    pub fn ticks(&self) -> Vec<f64> {
        let step = (self.high - self.low) / INTERVALS as f64;
        (0..=INTERVALS).rev().map(|index| tidy(self.low + step * index as f64, step)).collect()
    }
}

/// The smallest of a few round numbers times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    if step <= 0.0 || !step.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(step.log10().floor());
    let found = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .find(|unit| unit * power >= step * 0.999_999);
    found.unwrap_or(10.0) * power
}

/// Removes the noise of binary fractions.
fn tidy(value: f64, step: f64) -> f64 {
    let unit = step / 1_000.0;
    if unit > 0.0 { (value / unit).round() * unit } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_within_its_scale() {
        for (low, high) in
            [(0.0, 1.0), (0.0123, 0.0124), (-5.0, 17.0), (3.0, 3.0), (0.0, 0.0), (1e15, 1.1e15), (-3.0, -2.9)]
        {
            let scale = Scale::around([low, high].into_iter(), false).unwrap();
            assert!(
                scale.low <= low && scale.high >= high && scale.high > scale.low,
                "{low} {high} {scale:?}"
            );
            assert_eq!(scale.ticks().len(), INTERVALS + 1);
        }
    }

    #[test]
    fn a_scale_from_zero_holds_zero() {
        let scale = Scale::around([7.0, 9.0].into_iter(), true).unwrap();
        assert!(scale.low <= 0.0);
        assert_eq!(Scale::around(std::iter::empty(), true), None);
    }
}
