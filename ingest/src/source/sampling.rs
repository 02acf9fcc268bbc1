//! Sample and bisect: values that rarely change along a run, read at few places.

use std::collections::{BTreeMap, BTreeSet};

/// Finds the value at each of `len` places, asking at both ends and at `points`, then between any two known
/// places that differ. A value that changes and changes back between two places asked is not seen: name such
/// places in `points`.
pub(super) async fn sample<T, E, F>(len: usize, points: BTreeSet<usize>, mut ask: F) -> Result<Vec<T>, E>
where
    T: PartialEq + Clone,
    F: AsyncFnMut(Vec<usize>) -> Result<Vec<T>, E>,
{
    let mut known: BTreeMap<usize, T> = BTreeMap::new();
    let mut next: BTreeSet<usize> = points.into_iter().filter(|point| *point < len).collect();
    if let Some(last) = len.checked_sub(1) {
        next.extend([0, last]);
    }
    while !next.is_empty() {
        let places: Vec<usize> = next.into_iter().collect();
        let values = ask(places.clone()).await?;
        known.extend(places.into_iter().zip(values));
        let pairs = known.iter().zip(known.iter().skip(1));
        next = pairs.filter(|((a, x), (b, y))| x != y && *b - *a > 1).map(|((a, _), (b, _))| usize::midpoint(*a, *b)).collect();
    }
    let mut values = Vec::with_capacity(len);
    for place in 0..len {
        match known.range(..=place).next_back() {
            Some((_, value)) => values.push(value.clone()),
            None => break,
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    async fn run(truth: &[u32], points: &[usize]) -> (Vec<u32>, usize) {
        let mut asked = 0;
        let found = sample(truth.len(), points.iter().copied().collect(), async |places: Vec<usize>| {
            asked += places.len();
            Ok::<_, Infallible>(places.into_iter().map(|place| truth[place]).collect())
        });
        let found = found.await.unwrap();
        (found, asked)
    }

    #[tokio::test]
    async fn a_run_without_change_is_asked_at_its_ends_only() {
        assert_eq!(run(&[5; 128], &[]).await, (vec![5; 128], 2));
        assert_eq!(run(&[5], &[]).await, (vec![5], 1));
        assert_eq!(run(&[], &[]).await, (vec![], 0));
    }

    #[tokio::test]
    async fn every_place_of_a_change_is_found_exactly() {
        for change in 1..128 {
            let truth: Vec<u32> = (0..128).map(|place| u32::from(place >= change)).collect();
            let (found, asked) = run(&truth, &[]).await;
            assert_eq!(found, truth);
            assert!(asked <= 10, "{asked} questions for one change");
        }
    }

    #[tokio::test]
    async fn a_change_and_back_is_found_where_it_is_announced() {
        let mut truth = vec![1; 64];
        truth[20] = 2;
        assert_eq!(run(&truth, &[19, 20, 21]).await.0, truth);
    }
}
