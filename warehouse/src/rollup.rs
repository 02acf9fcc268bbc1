//! Rollups: the market of each subnet by hour and by day.
//!
//! A rollup is a function of the base tables alone. After the state of a range of blocks was written, or replaced, the
//! hours it touches are computed anew, compared with what is stored, and written where they differ, as rows of a higher
//! version; days are made of hours. So rolling up twice changes nothing, and one that was cut off is done again: a
//! range counts as rolled up (`rolled_up_windows`) only after its rows.

mod periods;

use std::{collections::BTreeMap, time::SystemTime};

use crate::{Warehouse, WarehouseError, query::sql::Sql, rowbinary::write_row, rows::SubnetPeriodRow};

pub(crate) use periods::Span;

/// An hour in milliseconds.
pub(crate) const HOUR_MS: u64 = 3_600_000;
/// A day.
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;
/// Blocks of a day on a chain with blocks of a quarter second: how far blocks of touched days are looked for.
const DAY_BLOCKS: u64 = 345_600;

/// Blocks rolled up at once: about a day, so that a long history does not have to fit in memory.
const BLOCKS_AT_ONCE: u64 = 7_200;

/// What a rollup did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RollupReceipt {
    /// Ranges of blocks that were rolled up.
    pub windows: u64,
    /// Rows computed.
    pub rows: u64,
    /// Rows that were not stored so, and were written.
    pub written: u64,
}

impl RollupReceipt {
    fn add(&mut self, other: Self) {
        self.windows += other.windows;
        self.rows += other.rows;
        self.written += other.written;
    }
}

/// A range that a lane read: first and last block, generation and name of the lane.
type Window = (u64, u64, u32, String);

impl Warehouse {
    /// Rolls up every range whose state was read, or whose emission was replayed, and that is not rolled up since. Call
    /// it after either was written, and at the start: it finishes what was cut off.
    ///
    /// # Errors
    /// Of the warehouse; what is rolled up stays so.
    pub async fn roll_up_pending(&self) -> Result<RollupReceipt, WarehouseError> {
        // of two at once, the one that read less might write last
        let _alone = self.rolling_up.lock().await;
        let sql = Sql::new(
            "SELECT DISTINCT first_block, last_block, generation, lane FROM (\
             SELECT first_block, last_block, generation, 'state' AS lane FROM state_windows UNION ALL \
             SELECT first_block, last_block, generation, 'verification' AS lane FROM verification_windows) \
             WHERE (first_block, last_block, generation, lane) NOT IN (\
             SELECT first_block, last_block, generation, lane FROM rolled_up_windows) ORDER BY first_block, last_block",
        );
        let pending = self.fetch_all::<Window>("look for ranges to roll up", sql).await?;
        let mut receipt = RollupReceipt::default();
        // neighbours share hours: they are rolled up together
        for run in runs(&pending) {
            let (Some(first), Some(last)) = (run.first(), run.iter().map(|window| window.1).max()) else {
                continue;
            };
            receipt.add(self.roll_up(first.0, last).await?);
            let mut bytes = Vec::new();
            for window in run {
                write_row(&mut bytes, window).map_err(|source| WarehouseError::Encode {
                    table: "rolled_up_windows",
                    reason: source.to_string(),
                })?;
            }
            let token = format!("rolled_up_windows:{}-{last}:{}", first.0, unique());
            let columns = ["first_block", "last_block", "generation", "lane"];
            self.insert_bytes("record a rollup", "rolled_up_windows", &columns, bytes.into(), &token).await?;
            receipt.windows += run.len() as u64;
        }
        Ok(receipt)
    }

    /// Makes the rollups of all hours and days that blocks `first..=last` touch those of the base tables.
    ///
    /// # Errors
    /// Of the warehouse; calling again finishes it.
    pub async fn roll_up(&self, first: u64, last: u64) -> Result<RollupReceipt, WarehouseError> {
        let mut receipt = RollupReceipt::default();
        let mut from = first;
        while from <= last {
            let to = from.saturating_add(BLOCKS_AT_ONCE - 1).min(last);
            receipt.add(self.roll_up_part(from, to).await?);
            from = to.saturating_add(1);
        }
        Ok(receipt)
    }

    async fn roll_up_part(&self, first: u64, last: u64) -> Result<RollupReceipt, WarehouseError> {
        let mut receipt = RollupReceipt::default();
        for hours in self.find_touched_hours(first, last).await? {
            let computed = self.compute_periods(None, HOUR_MS, hours).await?;
            receipt.add(self.store_periods("subnet_hours", hours, computed).await?);
            let days = Span {
                from_ms: hours.from_ms / DAY_MS * DAY_MS,
                to_ms: hours.to_ms.div_ceil(DAY_MS) * DAY_MS,
                ..hours
            };
            let of_days = self.list_periods("subnet_hours", None, days).await?;
            receipt.add(self.store_periods("subnet_days", days, merge(of_days, DAY_MS)).await?);
        }
        Ok(receipt)
    }

    /// Hours with blocks of `first..=last`, and the hour of the next block read after them: what it traded depends on
    /// what was before.
    async fn find_touched_hours(&self, first: u64, last: u64) -> Result<Vec<Span>, WarehouseError> {
        let sql = Sql::new(
            "SELECT min(timestamp_ms), max(timestamp_ms) FROM network_state WHERE block_number BETWEEN ? AND ?",
        );
        let within =
            self.fetch_optional::<(Option<u64>, Option<u64>)>("read times", sql.bind(first).bind(last));
        let sql = Sql::new(
            "SELECT timestamp_ms FROM network_state WHERE block_number > ? ORDER BY block_number LIMIT 1",
        );
        let next = self.fetch_optional::<Option<u64>>("read times", sql.bind(last));
        let (within, next) = futures::try_join!(within, next)?;
        let Some((Some(from), Some(to))) = within else { return Ok(Vec::new()) };
        let mut hours = vec![(from / HOUR_MS * HOUR_MS, to / HOUR_MS * HOUR_MS + HOUR_MS)];
        if let (Some(Some(next)), Some(touched)) = (next, hours.last_mut()) {
            let start = next / HOUR_MS * HOUR_MS;
            if start == touched.1 {
                touched.1 += HOUR_MS;
            } else if start > touched.1 {
                hours.push((start, start + HOUR_MS));
            }
        }
        let mut spans = Vec::new();
        for (from_ms, to_ms) in hours {
            let sql = Sql::new(
                "SELECT count(), min(block_number), max(block_number) FROM network_state \
                 WHERE timestamp_ms >= ? AND timestamp_ms < ? AND block_number BETWEEN ? AND ?",
            );
            let sql = sql
                .bind(from_ms)
                .bind(to_ms)
                .bind(first.saturating_sub(DAY_BLOCKS))
                .bind(last.saturating_add(DAY_BLOCKS));
            let found = self.fetch_optional::<(u64, u64, u64)>("find blocks of hours", sql).await?;
            if let Some((count, first_block, last_block)) = found
                && count > 0
            {
                spans.push(Span { from_ms, to_ms, first_block, last_block });
            }
        }
        Ok(spans)
    }

    /// Makes the stored rows of a span those computed.
    async fn store_periods(
        &self,
        table: &'static str,
        span: Span,
        computed: Vec<SubnetPeriodRow>,
    ) -> Result<RollupReceipt, WarehouseError> {
        let stored = self.list_periods(table, None, span).await?;
        let mut stored: BTreeMap<_, _> = stored.into_iter().map(|row| (row.key(), row)).collect();
        let now = now_ms();
        let rows = computed.len() as u64;
        let mut changed = Vec::new();
        for mut row in computed {
            let old = stored.remove(&row.key());
            let old_version = old.as_ref().map_or(0, |old| old.version);
            row.version = old_version;
            if old.as_ref() != Some(&row) {
                row.version = now.max(old_version.saturating_add(1));
                changed.push(row);
            }
        }
        for (_, mut gone) in stored {
            gone.is_deleted = 1;
            gone.version = now.max(gone.version.saturating_add(1));
            changed.push(gone);
        }
        let written = changed.len() as u64;
        if written > 0 {
            let mut bytes = Vec::new();
            for row in &changed {
                write_row(&mut bytes, row)
                    .map_err(|source| WarehouseError::Encode { table, reason: source.to_string() })?;
            }
            let token = format!("{table}:{}-{}:{}", span.from_ms, span.to_ms, unique());
            let columns = <SubnetPeriodRow as clickhouse::Row>::COLUMN_NAMES;
            self.insert_bytes("store rollups", table, columns, bytes.into(), &token).await?;
        }
        Ok(RollupReceipt { windows: 0, rows, written })
    }

    /// Stored rows whose start is within the times of a span.
    pub(crate) async fn list_periods(
        &self,
        table: &str,
        netuid: Option<u16>,
        span: Span,
    ) -> Result<Vec<SubnetPeriodRow>, WarehouseError> {
        let sql = Sql::new(format!("SELECT ?fields FROM {table} FINAL WHERE start_ms >= ? AND start_ms < ?"))
            .bind(span.from_ms)
            .bind(span.to_ms);
        let sql = match netuid {
            Some(netuid) => sql.push(" AND netuid = ?").bind(u32::from(netuid)),
            None => sql,
        };
        self.fetch_all("read rollups", sql.push(" ORDER BY netuid, start_ms, first_block")).await
    }
}

/// Longer periods of shorter ones, which are sorted by subnet and time.
pub(crate) fn merge(rows: Vec<SubnetPeriodRow>, length_ms: u64) -> Vec<SubnetPeriodRow> {
    let mut merged: Vec<SubnetPeriodRow> = Vec::new();
    for mut row in rows {
        row.start_ms = row.start_ms / length_ms * length_ms;
        row.version = 0;
        match merged
            .iter_mut()
            .rev()
            .take_while(|last| last.netuid == row.netuid)
            .find(|last| last.key() == row.key())
        {
            Some(last) => last.append(&row),
            None => merged.push(row),
        }
    }
    merged
}

/// Windows in runs that follow each other, none of them long: what was done stays done when a long one is cut off.
fn runs(windows: &[Window]) -> impl Iterator<Item = &[Window]> {
    const MOST: usize = 64;
    windows.chunk_by(|a, b| a.1.saturating_add(1) >= b.0).flat_map(|run| run.chunks(MOST))
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// No insert of rollups is a repetition of another: what is stored was compared before.
fn unique() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos())
}
