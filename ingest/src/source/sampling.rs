//! Sample and bisect: values that rarely change along a run, read at few places.

use std::collections::{BTreeMap, BTreeSet};

/// Finds the value at each of `len` places: asks at both ends and at given points, then between any two known places
/// that differ. Pure: whoever drives it reads the values.
///
/// A value that changes and changes back between two places asked is not seen: name such places as points.
#[derive(Debug)]
pub(super) struct Sampling<T> {
    len: usize,
    known: BTreeMap<usize, T>,
    next: Vec<usize>,
}

impl<T: PartialEq + Clone> Sampling<T> {
    pub(super) fn new(len: usize, points: &BTreeSet<usize>) -> Self {
        let ends = len.checked_sub(1).into_iter().flat_map(|last| [0, last]);
        let places: BTreeSet<usize> =
            points.iter().copied().filter(|point| *point < len).chain(ends).collect();
        Self { len, known: BTreeMap::new(), next: places.into_iter().collect() }
    }

    /// The places to read now; empty when all is known.
    pub(super) fn places(&self) -> &[usize] {
        &self.next
    }

    /// Takes the values at [`Self::places`].
    pub(super) fn learn(&mut self, values: Vec<T>) {
        self.known.extend(std::mem::take(&mut self.next).into_iter().zip(values));
        let pairs = self.known.iter().zip(self.known.iter().skip(1));
        let differing = pairs.filter(|((a, x), (b, y))| x != y && *b - *a > 1);
        self.next = differing.map(|((a, _), (b, _))| usize::midpoint(*a, *b)).collect();
    }

    /// The value at every place.
    pub(super) fn into_values(self) -> Vec<T> {
        let value_at = |place| self.known.range(..=place).next_back().map(|(_, value)| value.clone());
        (0..self.len).map_while(value_at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(truth: &[u32], points: &[usize]) -> (Vec<u32>, usize) {
        let mut sampling = Sampling::new(truth.len(), &points.iter().copied().collect());
        let mut asked = 0;
        while !sampling.places().is_empty() {
            asked += sampling.places().len();
            let values = sampling.places().iter().map(|place| truth[*place]).collect();
            sampling.learn(values);
        }
        (sampling.into_values(), asked)
    }

    #[test]
    fn a_run_without_change_is_asked_at_its_ends_only() {
        assert_eq!(run(&[5; 128], &[]), (vec![5; 128], 2));
        assert_eq!(run(&[5], &[]), (vec![5], 1));
        assert_eq!(run(&[], &[]), (vec![], 0));
    }

    #[test]
    fn every_place_of_a_change_is_found_exactly() {
        for change in 1..128 {
            let truth: Vec<u32> = (0..128).map(|place| u32::from(place >= change)).collect();
            let (found, asked) = run(&truth, &[]);
            assert_eq!(found, truth);
            assert!(asked <= 10, "{asked} questions for one change");
        }
    }

    #[test]
    fn a_change_and_back_is_found_where_it_is_announced() {
        let mut truth = vec![1; 64];
        truth[20] = 2;
        assert_eq!(run(&truth, &[19, 20, 21]).0, truth);
    }
}
