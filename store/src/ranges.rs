//! Runs of blocks: merging them, and finding what lies between.

/// Contiguous blocks, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct BlockRange {
    /// Lowest block.
    pub from: u64,
    /// Highest block, not below `from`.
    pub to: u64,
}

impl BlockRange {
    /// Number of blocks.
    #[must_use]
    pub fn block_count(&self) -> u64 {
        (self.to - self.from).saturating_add(1)
    }
}

/// The same blocks as fewest runs, lowest first; overlapping and adjacent runs become one.
#[must_use]
pub fn merge(mut ranges: Vec<BlockRange>) -> Vec<BlockRange> {
    ranges.sort_unstable();
    let mut merged: Vec<BlockRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.from <= last.to.saturating_add(1) => last.to = last.to.max(range.to),
            _ => merged.push(range),
        }
    }
    merged
}

/// The blocks of `from..=to` that no run of `present` holds, as fewest runs, lowest first.
#[must_use]
pub fn gaps(from: u64, to: u64, present: Vec<BlockRange>) -> Vec<BlockRange> {
    let mut missing = Vec::new();
    let mut next = from;
    for range in merge(present) {
        if range.from > to {
            break;
        }
        if range.from > next {
            missing.push(BlockRange { from: next, to: range.from - 1 });
        }
        // nothing can be missing above a run that ends at the highest number there is
        let Some(above) = range.to.checked_add(1) else { return missing };
        next = next.max(above);
    }
    if next <= to {
        missing.push(BlockRange { from: next, to });
    }
    missing
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn blocks_of(ranges: &[BlockRange]) -> BTreeSet<u64> {
        ranges.iter().flat_map(|range| range.from..=range.to).collect()
    }

    fn some_ranges() -> impl Strategy<Value = Vec<BlockRange>> {
        prop::collection::vec(
            (0u64..60, 0u64..8).prop_map(|(from, more)| BlockRange { from, to: from + more }),
            0..12,
        )
    }

    proptest! {
        #[test]
        fn merging_keeps_the_blocks_and_leaves_no_neighbours(ranges in some_ranges()) {
            let merged = merge(ranges.clone());
            prop_assert_eq!(blocks_of(&merged), blocks_of(&ranges));
            prop_assert!(merged.windows(2).all(|pair| pair[0].to + 1 < pair[1].from));
        }

        #[test]
        fn present_and_missing_blocks_make_up_the_range(ranges in some_ranges(), from in 0u64..70, more in 0u64..70) {
            let to = from + more;
            let asked: BTreeSet<u64> = (from..=to).collect();
            let missing = blocks_of(&gaps(from, to, ranges.clone()));
            let expected: BTreeSet<u64> = asked.difference(&blocks_of(&ranges)).copied().collect();
            prop_assert_eq!(missing, expected);
        }
    }

    #[test]
    fn a_run_up_to_the_highest_number_has_nothing_missing_above_it() {
        let everything = BlockRange { from: 5, to: u64::MAX };
        assert_eq!(gaps(0, u64::MAX, vec![everything]), vec![BlockRange { from: 0, to: 4 }]);
        assert_eq!(everything.block_count(), u64::MAX - 4);
    }
}
