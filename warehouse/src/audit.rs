//! Does the warehouse hold together: gaps, broken links, counts that do not match, rows stored twice.

use serde::Serialize;

use crate::{
    Table, Warehouse, WarehouseError,
    query::{coverage::BlockRange, sql::Sql},
};

/// Blocks audited by one statement.
const STEP: u64 = 50_000;
/// Findings of a kind that are listed; all are counted.
const LISTED: usize = 1000;

/// A count in `blocks` that the rows do not bear out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountMismatch {
    /// The block.
    pub block: u64,
    /// The table whose rows were counted.
    pub table: &'static str,
    /// What `blocks` says.
    pub expected: u64,
    /// Rows found, and quarantined items where they stand for rows.
    pub found: u64,
}

/// Rows of a table that have the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuplicateRows {
    /// The table.
    pub table: &'static str,
    /// Rows beyond one a key.
    pub rows: u64,
}

/// What an audit found. Lists hold the first thousand of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Lowest block audited.
    pub from: u64,
    /// Highest block audited.
    pub to: u64,
    /// Stored blocks in between.
    pub blocks: u64,
    /// Missing runs of blocks.
    pub gaps: Vec<BlockRange>,
    /// Blocks whose `parent_hash` is not the hash of the stored block before.
    pub broken_links: Vec<u64>,
    /// Counts in `blocks` against rows.
    pub count_mismatches: Vec<CountMismatch>,
    /// Rows stored more than once.
    pub duplicates: Vec<DuplicateRows>,
    /// Rows of blocks that are not in `blocks`: left by an interrupted write that was not taken up again.
    pub orphan_rows: u64,
    /// Quarantined items.
    pub quarantined: u64,
    /// Runtimes that executed stored blocks and whose metadata is not stored.
    pub missing_metadata: Vec<u32>,
}

impl AuditReport {
    /// Whether nothing is wrong. Quarantined items count as wrong: something is not decoded.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.gaps.is_empty()
            && self.broken_links.is_empty()
            && self.count_mismatches.is_empty()
            && self.duplicates.is_empty()
            && self.orphan_rows == 0
            && self.quarantined == 0
            && self.missing_metadata.is_empty()
    }
}

/// A table whose rows are counted against a column of `blocks`, with the items in quarantine that stand for rows.
const COUNTS: [(Table, &str); 4] = [
    (Table::RawBlocks, "extrinsic_count"),
    (Table::Extrinsics, "extrinsic_count"),
    (Table::Calls, "call_count"),
    (Table::Events, "event_count"),
];

impl Warehouse {
    /// Audits `from..=to`; without ends, everything between the lowest and the highest stored block.
    pub async fn audit(&self, from: Option<u64>, to: Option<u64>) -> Result<AuditReport, WarehouseError> {
        let coverage = self.get_coverage(from, to).await?;
        let ends = || coverage.stored.iter().chain(&coverage.gaps);
        let mut report = AuditReport {
            from: from.or_else(|| ends().map(|run| run.from).min()).unwrap_or(0),
            to: to.or_else(|| ends().map(|run| run.to).max()).unwrap_or(0),
            gaps: coverage.gaps.clone(),
            ..AuditReport::default()
        };
        let mut start = report.from;
        while start <= report.to {
            let end = report.to.min(start.saturating_add(STEP - 1));
            self.audit_step(start, end, &mut report).await?;
            start = end + 1;
        }
        report.missing_metadata = self.list_missing_metadata().await?;
        report.duplicates.retain(|duplicate| duplicate.rows > 0);
        Ok(report)
    }

    async fn audit_step(&self, from: u64, to: u64, report: &mut AuditReport) -> Result<(), WarehouseError> {
        let count = Sql::new("SELECT count() FROM blocks WHERE number BETWEEN ? AND ?").bind(from).bind(to);
        report.blocks += self.fetch_count("count blocks", count).await?;
        let broken = self.list_broken_links(from, to).await?;
        report.broken_links.extend(broken);
        report.broken_links.truncate(LISTED);
        for (table, column) in COUNTS {
            let mismatches = self.list_count_mismatches(table, column, from, to).await?;
            report.count_mismatches.extend(mismatches);
        }
        report.count_mismatches.truncate(LISTED);
        for table in Table::ALL {
            let rows = self.count_duplicates(table, from, to).await?;
            match report.duplicates.iter_mut().find(|duplicate| duplicate.table == table.name()) {
                Some(duplicate) => duplicate.rows += rows,
                None => report.duplicates.push(DuplicateRows { table: table.name(), rows }),
            }
            report.orphan_rows += self.count_orphans(table, from, to).await?;
        }
        let quarantined = Sql::new("SELECT count() FROM quarantine WHERE block_number BETWEEN ? AND ?");
        report.quarantined +=
            self.fetch_count("count quarantined items", quarantined.bind(from).bind(to)).await?;
        Ok(())
    }

    async fn list_broken_links(&self, from: u64, to: u64) -> Result<Vec<u64>, WarehouseError> {
        let sql = Sql::new(
            "SELECT number FROM (SELECT number, parent_hash, lagInFrame(number) OVER chain AS previous, \
             lagInFrame(hash) OVER chain AS previous_hash FROM blocks WHERE number BETWEEN ? AND ? \
             WINDOW chain AS (ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) \
             WHERE previous_hash != '' AND previous + 1 = number AND parent_hash != previous_hash \
             AND number >= ? ORDER BY number LIMIT ?",
        );
        // the block before the range is read too: its child's link is checked
        let sql = sql.bind(from.saturating_sub(1)).bind(to).bind(from).bind(LISTED as u64);
        self.fetch_all("check parent links", sql).await
    }

    async fn list_count_mismatches(
        &self,
        table: Table,
        column: &str,
        from: u64,
        to: u64,
    ) -> Result<Vec<CountMismatch>, WarehouseError> {
        let (name, block) = (table.name(), table.block_column());
        let rows = if table == Table::RawBlocks { "sum(length(extrinsics))" } else { "count()" };
        // a quarantined extrinsic stands for itself; a quarantined event for all events of the block from it on
        let quarantined = match table {
            Table::Extrinsics => "countIf(kind = 'extrinsic')",
            Table::Events => "maxIf(4294967296, kind = 'event')",
            _ => "toUInt64(0)",
        };
        let text = format!(
            "SELECT number, toUInt64({column}), found.rows + if(lost.items < 4294967296, lost.items, 0) FROM blocks \
             LEFT JOIN (SELECT {block} AS at, {rows} AS rows FROM {name} WHERE {block} BETWEEN ? AND ? GROUP BY at) \
             AS found ON found.at = number \
             LEFT JOIN (SELECT block_number AS at, toUInt64({quarantined}) AS items FROM quarantine \
             WHERE block_number BETWEEN ? AND ? GROUP BY at) AS lost ON lost.at = number \
             WHERE number BETWEEN ? AND ? AND if(lost.items >= 4294967296, found.rows > {column}, \
             found.rows + lost.items != {column}) ORDER BY number LIMIT ?"
        );
        let sql =
            Sql::new(text).bind(from).bind(to).bind(from).bind(to).bind(from).bind(to).bind(LISTED as u64);
        let found = self.fetch_all::<(u64, u64, u64)>("compare counts", sql).await?;
        let mismatch = |(block, expected, found)| CountMismatch { block, table: name, expected, found };
        Ok(found.into_iter().map(mismatch).collect())
    }

    async fn count_duplicates(&self, table: Table, from: u64, to: u64) -> Result<u64, WarehouseError> {
        let (name, block, keys) = (table.name(), table.block_column(), table.key_columns().join(", "));
        let text =
            format!("SELECT toUInt64(count() - uniqExact({keys})) FROM {name} WHERE {block} BETWEEN ? AND ?");
        self.fetch_count("look for rows stored twice", Sql::new(text).bind(from).bind(to)).await
    }

    async fn count_orphans(&self, table: Table, from: u64, to: u64) -> Result<u64, WarehouseError> {
        if table == Table::Blocks {
            return Ok(0);
        }
        let (name, block) = (table.name(), table.block_column());
        let text = format!(
            "SELECT count() FROM {name} WHERE {block} BETWEEN ? AND ? \
             AND {block} NOT IN (SELECT number FROM blocks WHERE number BETWEEN ? AND ?)"
        );
        self.fetch_count("look for orphaned rows", Sql::new(text).bind(from).bind(to).bind(from).bind(to))
            .await
    }

    async fn list_missing_metadata(&self) -> Result<Vec<u32>, WarehouseError> {
        let sql = Sql::new(
            "SELECT DISTINCT spec_version FROM blocks \
             WHERE spec_version NOT IN (SELECT spec_version FROM runtime_metadata) ORDER BY spec_version",
        );
        self.fetch_all("look for missing metadata", sql).await
    }
}
