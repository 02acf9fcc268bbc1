//! Which blocks are known to be visible.
//!
//! A crash between the tables of a window leaves rows whose blocks are not in `blocks`. Lists must not show them, and
//! joining every list with `blocks` would cost too much. So a list is read first, and the blocks of its rows are then
//! looked up: those seen before are remembered here (a block, once visible, stays so), the others are asked for by
//! their key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::RwLock,
};

use crate::{Keyed, Warehouse, WarehouseError, query::sql::Sql};

/// Runs kept at most; beyond that the memory starts anew.
const MAX_RUNS: usize = 100_000;

/// Runs of blocks known to be visible: first → last.
#[derive(Debug, Default)]
pub(crate) struct VisibleBlocks {
    runs: RwLock<BTreeMap<u64, u64>>,
}

impl VisibleBlocks {
    /// Remembers `first..=last`.
    pub(crate) fn insert(&self, first: u64, last: u64) {
        let Ok(mut runs) = self.runs.write() else { return };
        if runs.len() >= MAX_RUNS {
            runs.clear();
        }
        let (mut start, mut end) = (first, last);
        // runs that touch or overlap become one; they begin at or before `last + 1`
        while let Some((&run_start, &run_end)) = runs.range(..=end.saturating_add(1)).next_back() {
            if run_end.saturating_add(1) < start {
                break;
            }
            runs.remove(&run_start);
            (start, end) = (start.min(run_start), end.max(run_end));
        }
        runs.insert(start, end);
    }

    /// Forgets `first..=last`.
    pub(crate) fn remove(&self, first: u64, last: u64) {
        let Ok(mut runs) = self.runs.write() else { return };
        let touched: Vec<_> =
            runs.range(..=last).filter(|(_, end)| **end >= first).map(|(a, b)| (*a, *b)).collect();
        for (start, end) in touched {
            runs.remove(&start);
            if start < first {
                runs.insert(start, first - 1);
            }
            if end > last {
                runs.insert(last + 1, end);
            }
        }
    }

    /// Whether `number` is known to be visible.
    pub(crate) fn contains(&self, number: u64) -> bool {
        self.runs
            .read()
            .is_ok_and(|runs| runs.range(..=number).next_back().is_some_and(|(_, last)| *last >= number))
    }
}

impl Warehouse {
    /// Drops rows of blocks that are not visible.
    pub(crate) async fn retain_visible<R: Keyed>(&self, rows: &mut Vec<R>) -> Result<(), WarehouseError> {
        let blocks: BTreeSet<u64> = rows.iter().map(|row| row.cursor().block).collect();
        let unknown: Vec<u64> = blocks.into_iter().filter(|block| !self.visible.contains(*block)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let sql = Sql::new("SELECT number FROM blocks WHERE number IN ?").bind(unknown.clone());
        let found: BTreeSet<u64> = self.fetch_all::<u64>("look blocks up", sql).await?.into_iter().collect();
        for number in &found {
            self.visible.insert(*number, *number);
        }
        if found.len() < unknown.len() {
            let hidden: BTreeSet<u64> =
                unknown.into_iter().filter(|number| !found.contains(number)).collect();
            rows.retain(|row| !hidden.contains(&row.cursor().block));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_hold_what_was_put_in_and_not_taken_out(
            steps in prop::collection::vec((any::<bool>(), 0u64..60, 0u64..8), 1..60),
        ) {
            let visible = VisibleBlocks::default();
            let mut model = BTreeSet::new();
            for (add, first, length) in steps {
                let last = first + length;
                if add {
                    visible.insert(first, last);
                    model.extend(first..=last);
                } else {
                    visible.remove(first, last);
                    model.retain(|number| *number < first || *number > last);
                }
            }
            for number in 0..80 {
                prop_assert_eq!(visible.contains(number), model.contains(&number), "block {}", number);
            }
            let runs = visible.runs.read().unwrap();
            let ends: Vec<_> = runs.iter().collect();
            prop_assert!(ends.windows(2).all(|pair| *pair[0].1 + 1 < *pair[1].0), "runs touch: {:?}", ends);
        }
    }
}
