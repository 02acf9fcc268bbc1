//! What the warehouse holds, and where it has gaps.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// Contiguous stored blocks, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct BlockRange {
    /// Lowest.
    pub from: u64,
    /// Highest.
    pub to: u64,
}

/// What of a range is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Stored runs, lowest first.
    pub stored: Vec<BlockRange>,
    /// Missing runs between the range's ends, lowest first.
    pub gaps: Vec<BlockRange>,
}

/// Totals for the home and status pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Totals {
    pub blocks: u64,
    pub extrinsics: u64,
    pub signed_extrinsics: u64,
    pub calls: u64,
    pub events: u64,
    pub transfers: u64,
    pub quarantined: u64,
}

/// Lowest and highest stored block, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) blocks: u64,
}

impl Extent {
    /// Whether no block is missing in between.
    pub(crate) fn is_contiguous(&self) -> bool {
        self.blocks == self.to - self.from + 1
    }
}

/// Blocks of one bucket of heights.
#[derive(Row, Deserialize)]
struct Bucket {
    bucket: u64,
    blocks: u64,
    from: u64,
    to: u64,
}

/// Heights in a bucket of the first pass over coverage.
const BUCKET: u64 = 4096;

impl Warehouse {
    /// Coverage of `from..=to`; without ends, of everything between the lowest and the highest stored block.
    ///
    /// Where an end is given, what is missing up to it is a gap.
    pub async fn get_coverage(&self, from: Option<u64>, to: Option<u64>) -> Result<Coverage, WarehouseError> {
        let Some(extent) = self.find_extent().await? else {
            let gaps = match (from, to) {
                (Some(from), Some(to)) if from <= to => vec![BlockRange { from, to }],
                _ => Vec::new(),
            };
            return Ok(Coverage { stored: Vec::new(), gaps });
        };
        let (from, to) = (from.unwrap_or(extent.from), to.unwrap_or(extent.to));
        if from > to {
            return Ok(Coverage::default());
        }
        let stored = if extent.is_contiguous() {
            clip(BlockRange { from: extent.from, to: extent.to }, from, to).into_iter().collect()
        } else {
            self.list_stored_runs(from, to).await?
        };
        Ok(Coverage { gaps: gaps_between(&stored, from, to), stored })
    }

    /// Row counts (from part metadata and small aggregates: cheap).
    pub async fn get_totals(&self) -> Result<Totals, WarehouseError> {
        let sql = Sql::new(
            "SELECT count(), sum(extrinsic_count), sum(signed_count), sum(call_count), sum(event_count), \
             assumeNotNull((SELECT count() FROM transfers)), sum(quarantined_count) FROM blocks",
        );
        let found = self.fetch_optional::<(u64, u64, u64, u64, u64, u64, u64)>("read totals", sql).await?;
        let (blocks, extrinsics, signed_extrinsics, calls, events, transfers, quarantined) =
            found.unwrap_or_default();
        Ok(Totals { blocks, extrinsics, signed_extrinsics, calls, events, transfers, quarantined })
    }

    /// Extent of `blocks`, from the metadata of its parts.
    pub(crate) async fn find_extent(&self) -> Result<Option<Extent>, WarehouseError> {
        let sql = Sql::new("SELECT count(), min(number), max(number) FROM blocks");
        let found = self.fetch_optional::<(u64, u64, u64)>("read the extent of the blocks", sql).await?;
        let extent = found.map(|(blocks, from, to)| Extent { from, to, blocks });
        Ok(extent.filter(|extent| extent.blocks > 0))
    }

    /// Runs of stored blocks within `from..=to`. A first pass counts by bucket: only buckets with holes are read
    /// block by block.
    async fn list_stored_runs(&self, from: u64, to: u64) -> Result<Vec<BlockRange>, WarehouseError> {
        let sql = Sql::new(format!(
            "SELECT intDiv(number, {BUCKET}) AS bucket, count() AS blocks, min(number) AS from, max(number) AS to \
             FROM blocks WHERE number BETWEEN ? AND ? GROUP BY bucket ORDER BY bucket"
        ));
        let buckets = self.fetch_all::<Bucket>("read coverage", sql.bind(from).bind(to)).await?;
        let (whole, holed): (Vec<_>, Vec<_>) =
            buckets.into_iter().partition(|bucket| bucket.blocks == bucket.to - bucket.from + 1);
        let mut runs: Vec<_> =
            whole.iter().map(|bucket| BlockRange { from: bucket.from, to: bucket.to }).collect();
        if !holed.is_empty() {
            let numbers: Vec<u64> = holed.iter().map(|bucket| bucket.bucket).collect();
            let sql = Sql::new(format!(
                "SELECT min(number), max(number) FROM (SELECT number, number - row_number() OVER (ORDER BY number) AS \
                 run FROM (SELECT DISTINCT number FROM blocks WHERE intDiv(number, {BUCKET}) IN ? \
                 AND number BETWEEN ? AND ?)) GROUP BY run"
            ));
            let sql = sql.bind(numbers).bind(from).bind(to);
            let found = self.fetch_all::<(u64, u64)>("read coverage", sql).await?;
            runs.extend(found.into_iter().map(|(from, to)| BlockRange { from, to }));
        }
        runs.sort_unstable_by_key(|run| run.from);
        Ok(merge(runs))
    }
}

fn clip(range: BlockRange, from: u64, to: u64) -> Option<BlockRange> {
    let clipped = BlockRange { from: range.from.max(from), to: range.to.min(to) };
    (clipped.from <= clipped.to).then_some(clipped)
}

/// Joins runs that touch; they are sorted.
fn merge(runs: Vec<BlockRange>) -> Vec<BlockRange> {
    let mut merged: Vec<BlockRange> = Vec::new();
    for run in runs {
        match merged.last_mut() {
            Some(last) if last.to + 1 >= run.from => last.to = last.to.max(run.to),
            _ => merged.push(run),
        }
    }
    merged
}

/// What of `from..=to` is not in `stored`, which is sorted and within it.
fn gaps_between(stored: &[BlockRange], from: u64, to: u64) -> Vec<BlockRange> {
    let mut gaps = Vec::new();
    let mut next = from;
    for run in stored {
        if run.from > next {
            gaps.push(BlockRange { from: next, to: run.from - 1 });
        }
        next = run.to + 1;
    }
    if next <= to {
        gaps.push(BlockRange { from: next, to });
    }
    gaps
}
