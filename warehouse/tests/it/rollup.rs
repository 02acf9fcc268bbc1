//! Rollups equal a recomputation from the base rows, however often and however far they were made.

use std::collections::BTreeMap;

use yumascan_warehouse::{Warehouse, query::market::candles::INTERVALS, rows::SubnetPeriodRow};

use crate::{
    market_replays::write_replays,
    market_world::{DISSOLVED, FIRST, RAO, price_of, registered_at, time_of, write_blocks},
    support::fresh_warehouse,
};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// Periods by a way of their own: block by block, from the functions that made the base rows.
fn expected(last: u64, length: u64) -> BTreeMap<(u16, u64, u64), SubnetPeriodRow> {
    let mut periods: BTreeMap<(u16, u64, u64), SubnetPeriodRow> = BTreeMap::new();
    for (netuid, block) in (0..3).flat_map(|netuid| (FIRST..=last).map(move |block| (netuid, block))) {
        let Some(registered) = registered_at(netuid, block) else { continue };
        let start_ms = time_of(block) / length * length;
        let bits = Some(price_of(netuid, block));
        let is_new = !periods.contains_key(&(netuid, start_ms, registered));
        let row = periods.entry((netuid, start_ms, registered)).or_insert_with(|| SubnetPeriodRow {
            netuid,
            start_ms,
            registered_at: Some(registered),
            first_block: block,
            open_bits: bits,
            high_bits: bits,
            low_bits: bits,
            // what was traded since the block before, where that is known
            traded_rao: if block == FIRST { None } else { Some(0) },
            tao_in_emission_rao: Some(0),
            alpha_in_emission_rao: Some(0),
            alpha_out_emission_rao: Some(0),
            ..SubnetPeriodRow::default()
        });
        row.last_block = block;
        row.reads += 1;
        row.high_bits = row.high_bits.max(bits);
        row.low_bits = row.low_bits.min(bits);
        row.close_bits = bits;
        row.moving_price_bits = Some((price_of(netuid, block) / 2) as i128);
        (row.tao_in_rao, row.alpha_in_rao, row.alpha_out_rao) =
            (Some(1_000 * RAO + block), Some(5_000 * RAO + block), Some(20_000 * RAO + block));
        row.turnover_rao = Some(u128::from(block - registered) * 7);
        let is_birth = block == registered;
        row.traded_rao = row.traded_rao.map(|sum| sum + if is_birth && is_new { 0 } else { 7 });
        let add = |sum: &mut Option<u128>, part: u64| *sum = sum.map(|sum| sum + u128::from(part));
        add(&mut row.tao_in_emission_rao, u64::from(netuid) * 1_000);
        add(&mut row.alpha_in_emission_rao, 3_000);
        add(&mut row.alpha_out_emission_rao, RAO);
        if netuid == 1 && block % 10 == 0 {
            row.buys += 1;
            row.buy_rao += u128::from(RAO + block);
        }
        if netuid == 1 && block % 15 == 0 {
            row.sells += 1;
            row.sell_rao += u128::from(RAO + block);
        }
        if netuid == 1 && block == DISSOLVED + 60 {
            row.registrations += 1;
            row.registration_rao += u128::from(RAO);
        }
    }
    periods
}

async fn stored(warehouse: &Warehouse, table: &str) -> BTreeMap<(u16, u64, u64), SubnetPeriodRow> {
    let sql = format!("SELECT ?fields FROM {table} FINAL ORDER BY netuid, start_ms");
    let rows: Vec<SubnetPeriodRow> = warehouse.client().query(&sql).fetch_all().await.unwrap();
    rows.into_iter().map(|row| (row.key(), SubnetPeriodRow { version: 0, ..row })).collect()
}

async fn check(warehouse: &Warehouse, last: u64) {
    assert_eq!(stored(warehouse, "subnet_hours").await, expected(last, HOUR));
    assert_eq!(stored(warehouse, "subnet_days").await, expected(last, DAY));
}

#[tokio::test]
async fn rollups_equal_a_recomputation_however_the_blocks_came() {
    let (_database, warehouse) = fresh_warehouse().await;
    // the second half first: what the first hour after it traded is known only later
    write_blocks(&warehouse, 1_500, 1_799).await;
    warehouse.roll_up_pending().await.unwrap();
    write_blocks(&warehouse, FIRST, 1_499).await;
    let receipt = warehouse.roll_up_pending().await.unwrap();
    assert_eq!(receipt.windows, 5);
    write_blocks(&warehouse, 1_800, 1_999).await;
    warehouse.roll_up_pending().await.unwrap();
    check(&warehouse, 1_999).await;
    let again = warehouse.roll_up_pending().await.unwrap();
    assert_eq!((again.windows, again.written), (0, 0));
    let whole = warehouse.roll_up(FIRST, 1_999).await.unwrap();
    assert!(whole.written == 0 && whole.rows > 0, "rolling up twice changes nothing: {whole:?}");
}

#[tokio::test]
async fn base_rows_that_were_replaced_or_taken_away_are_followed() {
    let (_database, warehouse) = fresh_warehouse().await;
    write_blocks(&warehouse, FIRST, 1_999).await;
    warehouse.roll_up_pending().await.unwrap();
    let delete = "DELETE FROM subnet_state WHERE block_number > 1399 SETTINGS lightweight_deletes_sync = 2";
    warehouse.client().query(delete).execute().await.unwrap();
    for table in ["network_state", "stake_moves", "registrations"] {
        let sql =
            format!("DELETE FROM {table} WHERE block_number > 1399 SETTINGS lightweight_deletes_sync = 2");
        warehouse.client().query(&sql).execute().await.unwrap();
    }
    // what was there is found by its times: the range is rolled up with the blocks that are left before it
    warehouse.roll_up(FIRST, 1_999).await.unwrap();
    let left: Vec<_> = stored(&warehouse, "subnet_hours")
        .await
        .into_iter()
        .filter(|(_, row)| row.first_block <= 1_399)
        .collect();
    assert_eq!(left, expected(1_399, HOUR).into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_rollup_that_was_cut_off_is_made_again() {
    let (_database, warehouse) = fresh_warehouse().await;
    write_blocks(&warehouse, FIRST, 1_999).await;
    // stopped at an unforeseeable place, again and again
    for _ in 0..12 {
        let cut = std::time::Duration::from_millis(7);
        let _ = tokio::time::timeout(cut, warehouse.roll_up_pending()).await;
    }
    warehouse.roll_up_pending().await.unwrap();
    check(&warehouse, 1_999).await;
}

#[tokio::test]
async fn what_the_chain_bought_is_known_once_every_block_of_a_period_is_replayed() {
    let (_database, warehouse) = fresh_warehouse().await;
    write_blocks(&warehouse, FIRST, 1_999).await;
    warehouse.roll_up_pending().await.unwrap();
    write_replays(&warehouse, FIRST, 1_899).await;
    let receipt = warehouse.roll_up_pending().await.unwrap();
    assert_eq!(receipt.windows, 1);
    for (table, length) in [("subnet_hours", HOUR), ("subnet_days", DAY)] {
        for ((netuid, start_ms, registered), row) in stored(&warehouse, table).await {
            let blocks = (FIRST..=1_999).filter(|block| {
                time_of(*block) / length * length == start_ms
                    && registered_at(netuid, *block) == Some(registered)
            });
            let is_whole = netuid > 0 && blocks.clone().all(|block| block <= 1_899);
            let bought = if netuid == 1 { 1_000 * blocks.count() as u128 } else { 0 };
            assert_eq!(row.chain_buy_rao, is_whole.then_some(bought), "{table} {netuid} {start_ms}");
        }
    }
}

#[tokio::test]
async fn candles_of_every_length_equal_a_recomputation() {
    let (_database, warehouse) = fresh_warehouse().await;
    write_blocks(&warehouse, FIRST, 1_999).await;
    warehouse.roll_up_pending().await.unwrap();
    for (name, length) in INTERVALS {
        let from = time_of(FIRST) / length * length;
        for last in [1_999, 1_777] {
            let candles = warehouse.list_candles(1, length, from, time_of(1_999) + 1, last).await.unwrap();
            let found: Vec<_> =
                candles.into_iter().map(|row| SubnetPeriodRow { version: 0, ..row }).collect();
            let wanted: Vec<_> = expected(last, length).into_values().filter(|row| row.netuid == 1).collect();
            assert_eq!(found, wanted, "{name} up to {last}");
        }
    }
}
