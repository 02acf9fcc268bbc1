//! Which windows to write: runs of blocks that never cross a multiple of the window's width.

use yumascan_store::BlockRange;

/// Splits `gap` at multiples of `width`: a window that was cut short by the head or by `--from` keeps its
/// boundaries, and what is missing beside it becomes windows of its own.
pub(crate) fn windows(gap: BlockRange, width: u64) -> impl Iterator<Item = BlockRange> + Send {
    let width = width.max(1);
    let mut next = Some(gap.from);
    std::iter::from_fn(move || {
        let from = next.filter(|from| *from <= gap.to)?;
        let to = (from - from % width).saturating_add(width - 1).min(gap.to);
        next = to.checked_add(1);
        Some(BlockRange { from, to })
    })
}

/// Number of blocks in `ranges`.
pub(crate) fn count(ranges: &[BlockRange]) -> u64 {
    ranges.iter().map(BlockRange::block_count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(from: u64, to: u64, width: u64) -> Vec<(u64, u64)> {
        windows(BlockRange { from, to }, width).map(|window| (window.from, window.to)).collect()
    }

    #[test]
    fn windows_are_aligned_whatever_the_range() {
        assert_eq!(split(1, 300, 128), [(1, 127), (128, 255), (256, 300)]);
        assert_eq!(split(0, 127, 128), [(0, 127)]);
        assert_eq!(split(130, 130, 128), [(130, 130)]);
        assert_eq!(split(5, 4, 128), []);
        assert_eq!(split(u64::MAX - 1, u64::MAX, 128), [(u64::MAX - 1, u64::MAX)]);
    }

    #[test]
    fn windows_cover_a_range_without_gap_or_overlap() {
        for (from, to, width) in [(1, 1000, 7), (99, 100, 1), (3, 777, 128)] {
            let windows = split(from, to, width);
            assert_eq!((windows[0].0, windows[windows.len() - 1].1), (from, to));
            assert!(windows.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0));
        }
    }
}
