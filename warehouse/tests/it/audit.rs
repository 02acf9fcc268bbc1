//! An audit finds what is wrong, and nothing where nothing is.

use yumascan_warehouse::{AuditReport, BlockRows, Warehouse, query::coverage::BlockRange};

use crate::support::{chain, count_rows, fresh_warehouse, write_chain};

/// A chain without quarantined items, as a healthy decoder leaves it.
fn healthy(seed: u64, last: u64) -> Vec<BlockRows> {
    let mut blocks = chain(seed, 0, last);
    for rows in &mut blocks {
        rows.quarantine.clear();
        count_rows(rows);
    }
    blocks
}

async fn audited(warehouse: &Warehouse) -> AuditReport {
    warehouse.audit(None, None).await.unwrap()
}

#[tokio::test]
async fn a_healthy_warehouse_is_clean() {
    let (_database, warehouse) = fresh_warehouse().await;
    assert_eq!(audited(&warehouse).await, AuditReport::default());
    write_chain(&warehouse, &healthy(60, 39), 8).await;
    assert_eq!(audited(&warehouse).await.missing_metadata, [100, 101]);
    for spec in [100, 101] {
        warehouse.insert_metadata(spec, 15, b"meta").await.unwrap();
    }
    let report = audited(&warehouse).await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.from, report.to, report.blocks), (0, 39, 40));
}

#[tokio::test]
async fn every_kind_of_damage_is_named() {
    let (_database, warehouse) = fresh_warehouse().await;
    let mut blocks = healthy(61, 49);
    blocks[30].block.parent_hash = blocks[3].block.hash.clone();
    write_chain(&warehouse, &blocks[..25], 25).await;
    write_chain(&warehouse, &blocks[28..], 22).await;
    let run = async |sql: &str| warehouse.client().query(sql).execute().await.unwrap();
    run("INSERT INTO events SETTINGS async_insert = 0 SELECT * FROM events WHERE block_number = 12").await;
    run("DELETE FROM calls WHERE block_number = 14 AND call_index = 0").await;
    run("INSERT INTO transfers (block_number, event_index, from_account, to_account, amount_rao) \
         SETTINGS async_insert = 0 VALUES (26, 0, 'a', 'b', 1)")
    .await;
    let report = audited(&warehouse).await;
    assert!(!report.is_clean());
    assert_eq!(report.gaps, [BlockRange { from: 25, to: 27 }]);
    assert_eq!(report.broken_links, [30]);
    let mismatched: Vec<_> = report.count_mismatches.iter().map(|found| (found.block, found.table)).collect();
    let calls = blocks[14].calls.iter().any(|row| row.call_index == 0);
    assert_eq!(mismatched, if calls { vec![(14, "calls"), (12, "events")] } else { vec![(12, "events")] });
    let duplicates: Vec<_> = report.duplicates.iter().map(|found| (found.table, found.rows)).collect();
    assert_eq!(duplicates, [("events", blocks[12].events.len() as u64)]);
    assert_eq!(report.orphan_rows, 1);
    assert_eq!(report.blocks, 47);
}

#[tokio::test]
async fn quarantined_items_stand_for_the_rows_they_are_not() {
    let (_database, warehouse) = fresh_warehouse().await;
    let mut blocks = healthy(62, 19);
    for (number, kind) in [(5, "extrinsic"), (9, "event")] {
        let rows: &mut BlockRows = &mut blocks[number];
        rows.quarantine.push(yumascan_warehouse::rows::QuarantineRow {
            block_number: number as u64,
            kind: kind.to_owned(),
            item_index: 9,
            ..Default::default()
        });
        rows.block.quarantined_count = 1;
        if kind == "extrinsic" {
            rows.block.extrinsic_count += 1;
            rows.raw.extrinsics.push(Default::default());
        } else {
            rows.block.event_count += 7;
        }
    }
    write_chain(&warehouse, &blocks, 20).await;
    let report = audited(&warehouse).await;
    assert_eq!(report.count_mismatches, []);
    assert_eq!(report.quarantined, 2);
    assert!(!report.is_clean());
}
