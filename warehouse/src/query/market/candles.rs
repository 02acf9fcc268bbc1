//! Candles: prices after blocks and what was traded, by period.

use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rollup::{DAY_MS, HOUR_MS, Span, merge},
    rows::SubnetPeriodRow,
};

/// Lengths of candles: name and milliseconds.
pub const INTERVALS: [(&str, u64); 12] = [
    ("1m", 60_000),
    ("5m", 300_000),
    ("15m", 900_000),
    ("30m", 1_800_000),
    ("1h", HOUR_MS),
    ("2h", 2 * HOUR_MS),
    ("4h", 4 * HOUR_MS),
    ("8h", 8 * HOUR_MS),
    ("12h", 12 * HOUR_MS),
    ("1d", DAY_MS),
    ("7d", 7 * DAY_MS),
    ("30d", 30 * DAY_MS),
];

/// Most candles of one answer.
pub const MAX_CANDLES: u64 = 5_000;

impl Warehouse {
    /// Candles of a subnet that start at or after `from_ms` and before `to_ms`, oldest first.
    ///
    /// `length_ms` is one of [`INTERVALS`]; periods begin at its multiples since the Unix epoch, UTC. Opening is the
    /// price after the first block read in the period, which is rarely the close of the one before. Periods without a
    /// block have no candle. Where a netuid changed hands, `registered_at` tells the subnets apart. Candles of an hour
    /// and longer come from the rollups.
    ///
    /// At most [`MAX_CANDLES`]: the newest of the range.
    pub async fn list_candles(
        &self,
        netuid: u16,
        length_ms: u64,
        from_ms: u64,
        to_ms: u64,
        up_to_block: u64,
    ) -> Result<Vec<SubnetPeriodRow>, WarehouseError> {
        let length_ms = length_ms.max(60_000);
        let from = from_ms.div_ceil(length_ms).saturating_mul(length_ms);
        let to = to_ms.div_ceil(length_ms).saturating_mul(length_ms);
        let from = from.max(to.saturating_sub(MAX_CANDLES.saturating_mul(length_ms)));
        let blocks = Sql::new(
            "SELECT count(), min(block_number), max(block_number) FROM network_state \
             WHERE timestamp_ms >= ? AND timestamp_ms < ? AND block_number <= ?",
        );
        let blocks = blocks.bind(from).bind(to).bind(up_to_block);
        let found = self.fetch_optional::<(u64, u64, u64)>("find blocks of candles", blocks).await?;
        let Some((_, first_block, last_block)) = found.filter(|(count, ..)| *count > 0) else {
            return Ok(Vec::new());
        };
        let span = Span { from_ms: from, to_ms: to, first_block, last_block };
        if length_ms < HOUR_MS {
            return self.compute_periods(Some(netuid), length_ms, span).await;
        }
        let table = if length_ms.is_multiple_of(DAY_MS) { "subnet_days" } else { "subnet_hours" };
        let rolled = if table == "subnet_days" { DAY_MS } else { HOUR_MS };
        let mut rows = self.list_periods(table, Some(netuid), span).await?;
        // the period in which the asked-for block lies is not rolled up to that block: it is computed
        rows.retain(|row| row.last_block <= last_block);
        let next = rows.last().map_or(from, |row| row.start_ms + rolled);
        let open = Sql::new(
            "SELECT count(), min(block_number) FROM network_state WHERE timestamp_ms >= ? AND block_number <= ?",
        );
        let open = self
            .fetch_optional::<(u64, u64)>("find blocks of a candle", open.bind(next).bind(last_block))
            .await?;
        if let Some((count, first)) = open
            && count > 0
            && next < to
        {
            let hours = Span { from_ms: next, first_block: first, ..span };
            rows.extend(self.compute_periods(Some(netuid), HOUR_MS, hours).await?);
        }
        Ok(merge(rows, length_ms))
    }
}
