//! How many incidents began when.

use clickhouse::Row;
use serde::Deserialize;

use super::IncidentFilter;
use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// Incidents of one severity that began within one of many equal spans of blocks.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct DensityRow {
    /// Which span, from 0.
    pub bucket: u64,
    /// `S1` to `S4`.
    pub severity: String,
    /// How many.
    pub incidents: u64,
}

/// Equal spans of blocks that cover a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// First block of the first.
    pub from: u64,
    /// Last block of the range.
    pub to: u64,
    /// Blocks of each; the last may reach beyond `to`.
    pub width: u64,
}

impl Buckets {
    /// At most `count` spans over `from..=to`.
    #[must_use]
    pub fn over(from: u64, to: u64, count: u64) -> Self {
        let blocks = to.saturating_sub(from).saturating_add(1);
        Self { from, to, width: blocks.div_ceil(count.max(1)).max(1) }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.to.saturating_sub(self.from) / self.width + 1
    }

    /// First and last block of one.
    #[must_use]
    pub fn span(&self, bucket: u64) -> (u64, u64) {
        let first = self.from.saturating_add(bucket.saturating_mul(self.width));
        (first, first.saturating_add(self.width - 1).min(self.to))
    }
}

impl Warehouse {
    /// Counts by span and severity; spans without incidents are left out. What began before the range, and touches it,
    /// counts in its first span.
    pub async fn list_incident_density(
        &self,
        filter: &IncidentFilter,
        buckets: Buckets,
    ) -> Result<Vec<DensityRow>, WarehouseError> {
        let mut filter = filter.clone();
        filter.range.from_block = filter.range.from_block.max(Some(buckets.from));
        filter.range.to_block = Some(filter.range.to_block.unwrap_or(buckets.to).min(buckets.to));
        let sql = Sql::new(
            "SELECT toUInt64(intDiv(greatest(first_block, toUInt64(?)) - toUInt64(?), toUInt64(?))) AS bucket, \
             toString(severity) AS severity, count() AS incidents FROM incidents",
        )
        .bind(buckets.from)
        .bind(buckets.from)
        .bind(buckets.width)
        .append(&filter.conditions().to_where())
        .push(" GROUP BY bucket, severity ORDER BY bucket, severity");
        self.fetch_all("count incidents by block", sql).await
    }
}

#[cfg(test)]
mod tests {
    use super::Buckets;

    #[test]
    fn buckets_cover_a_range_without_gaps_or_overlaps() {
        for (from, to, count) in [(0, 0, 10), (1, 5_000, 120), (7, 8, 3), (100, 100 + 120 * 7 - 1, 120)] {
            let buckets = Buckets::over(from, to, count);
            assert!(buckets.count() <= count);
            let mut next = from;
            for bucket in 0..buckets.count() {
                let (first, last) = buckets.span(bucket);
                assert_eq!(first, next);
                next = last + 1;
            }
            assert_eq!(next, to + 1);
        }
    }
}
