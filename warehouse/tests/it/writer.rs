//! Windows are written once, whatever happens in between.

use futures::TryStreamExt;
use yumascan_chain::RawBlock;
use yumascan_warehouse::{Order, PageRequest, Table, WarehouseError, WindowRows, query};

use crate::support::{chain, fresh_warehouse, window, window_of_generation, write_chain};

const ALL: (u64, u64) = (0, 1000);

#[tokio::test]
async fn what_was_written_is_read_back_column_by_column() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(1, 0, 40);
    let receipt = warehouse.write_window(&window(&blocks)).await.unwrap();
    assert_eq!(receipt.rows(Table::Blocks), 41);
    assert!(!receipt.was_stored);
    let page = PageRequest { limit: 10_000, order: Order::Oldest, after: None, before: None };
    let stored = warehouse.list_blocks(&query::blocks::BlockFilter::default(), page).await.unwrap().rows;
    assert_eq!(stored, blocks.iter().map(|rows| rows.block.clone()).collect::<Vec<_>>());
    let stored =
        warehouse.list_extrinsics(&query::extrinsics::ExtrinsicFilter::default(), page).await.unwrap().rows;
    assert_eq!(stored, blocks.iter().flat_map(|rows| rows.extrinsics.clone()).collect::<Vec<_>>());
    let stored = warehouse.list_calls(&query::calls::CallFilter::default(), page).await.unwrap().rows;
    assert_eq!(stored, blocks.iter().flat_map(|rows| rows.calls.clone()).collect::<Vec<_>>());
    let stored = warehouse.list_events(&query::events::EventFilter::default(), page).await.unwrap().rows;
    assert_eq!(stored, blocks.iter().flat_map(|rows| rows.events.clone()).collect::<Vec<_>>());
    let stored =
        warehouse.list_transfers(&query::transfers::TransferFilter::default(), page).await.unwrap().rows;
    assert_eq!(stored, blocks.iter().flat_map(|rows| rows.transfers.clone()).collect::<Vec<_>>());
    let stored = warehouse.list_quarantine(0, 40, 1000).await.unwrap();
    assert_eq!(stored, blocks.iter().flat_map(|rows| rows.quarantine.clone()).collect::<Vec<_>>());
    assert!(!stored.is_empty(), "the made-up chain has quarantined items");
}

#[tokio::test]
async fn raw_blocks_come_back_as_the_node_gave_them() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(2, 0, 150);
    write_chain(&warehouse, &blocks, 64).await;
    let raw: Vec<RawBlock> = warehouse.list_raw_blocks(3, 148).try_collect().await.unwrap();
    assert_eq!(raw.len(), 146);
    for (raw, rows) in raw.iter().zip(&blocks[3..]) {
        assert_eq!(raw.hash.to_string(), rows.block.hash);
        assert_eq!(raw.header.encode(), rows.raw.header.0);
        assert_eq!(
            raw.extrinsics,
            rows.raw.extrinsics.iter().map(|bytes| bytes.0.clone()).collect::<Vec<_>>()
        );
        assert_eq!(raw.events, rows.raw.events.0);
        assert_eq!(raw.spec_version.0, rows.raw.spec_version);
    }
    let damage = "INSERT INTO raw_blocks SETTINGS async_insert = 0 SELECT 500, hash, spec_version, header, extrinsics, events, authorities FROM raw_blocks WHERE number = 5";
    warehouse.client().query(damage).execute().await.unwrap();
    let error = warehouse.list_raw_blocks(500, 500).try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(error, WarehouseError::DamagedRaw { number: 500, .. }), "{error}");
}

#[tokio::test]
async fn a_window_written_twice_is_there_once() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(3, 0, 30);
    let first = warehouse.write_window(&window(&blocks)).await.unwrap();
    let before = warehouse.list_checksums(ALL.0, ALL.1).await.unwrap();
    let second = warehouse.write_window(&window(&blocks)).await.unwrap();
    assert!(second.was_stored);
    assert_eq!(second.content_hash, first.content_hash);
    assert_eq!(warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), before);
    // and the bare inserts, as after a lost acknowledgement
    for table in Table::ALL {
        warehouse.insert_table(&window(&blocks), table, 0).await.unwrap();
    }
    assert_eq!(warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), before);
}

#[tokio::test]
async fn a_crash_after_any_table_leaves_no_trace() {
    let blocks = chain(4, 0, 20);
    let (_database, clean) = fresh_warehouse().await;
    clean.write_window(&window(&blocks)).await.unwrap();
    let expected = clean.list_checksums(ALL.0, ALL.1).await.unwrap();
    for reached in 0..=Table::ALL.len() {
        let (_database, warehouse) = fresh_warehouse().await;
        for table in &Table::ALL[..reached] {
            warehouse.insert_table(&window(&blocks), *table, 0).await.unwrap();
        }
        let receipt = warehouse.write_window(&window(&blocks)).await.unwrap();
        assert_eq!(receipt.attempt, 0, "nothing had to be deleted");
        assert_eq!(warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), expected, "after {reached} tables");
        assert!(warehouse.get_coverage(None, None).await.unwrap().gaps.is_empty());
    }
}

#[tokio::test]
async fn leftovers_of_an_older_decoder_are_replaced() {
    let blocks = chain(5, 0, 20);
    let (_database, clean) = fresh_warehouse().await;
    clean.write_window(&window(&blocks)).await.unwrap();
    let expected = clean.list_checksums(ALL.0, ALL.1).await.unwrap();

    let mut older = blocks.clone();
    for event in older.iter_mut().flat_map(|rows| &mut rows.events) {
        event.args = "{}".to_owned();
    }
    older[3].events.pop();
    let (_database, warehouse) = fresh_warehouse().await;
    for table in &Table::ALL[..6] {
        warehouse.insert_table(&window_of_generation(&older, 0), *table, 0).await.unwrap();
    }
    let receipt = warehouse.write_window(&window(&blocks)).await.unwrap();
    assert_eq!(receipt.attempt, 1);
    assert_eq!(warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), expected);
}

#[tokio::test]
async fn windows_may_be_cut_in_any_way() {
    let blocks = chain(6, 0, 59);
    let mut checksums = Vec::new();
    for width in [60, 13, 1] {
        let (_database, warehouse) = fresh_warehouse().await;
        write_chain(&warehouse, &blocks, width).await;
        checksums.push(warehouse.list_checksums(ALL.0, ALL.1).await.unwrap());
    }
    assert_eq!(checksums[0], checksums[1]);
    assert_eq!(checksums[0], checksums[2]);
}

#[tokio::test]
async fn blocks_decoded_apart_make_the_same_window() {
    let blocks = chain(7, 10, 29);
    let whole = window(&blocks);
    let mut joined = WindowRows::new(10, 29);
    for part in blocks.chunks(6) {
        let mut rows = WindowRows::new(part[0].block.number, part[part.len() - 1].block.number);
        for block in part {
            rows.push_rows(block).unwrap();
        }
        joined.append(rows).unwrap();
    }
    assert_eq!(joined.finish().unwrap().content_hash(), whole.content_hash());
}

#[test]
fn blocks_out_of_order_are_refused() {
    let blocks = chain(8, 0, 5);
    let mut rows = WindowRows::new(0, 5);
    rows.push_rows(&blocks[0]).unwrap();
    let error = rows.push_rows(&blocks[2]).unwrap_err();
    assert!(matches!(error, WarehouseError::WindowOrder { number: 2, expected: 1, .. }), "{error}");
    let error = rows.finish().unwrap_err();
    assert!(matches!(error, WarehouseError::WindowIncomplete { missing: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_large_window_goes_in_several_inserts_and_still_once() {
    let (_database, warehouse) = fresh_warehouse().await;
    let mut blocks = chain(9, 0, 3);
    for rows in &mut blocks {
        let template = rows.events[0].clone();
        rows.events = (0..60_000)
            .map(|index| yumascan_warehouse::rows::EventRow { event_index: index, ..template.clone() })
            .collect();
        crate::support::count_rows(rows);
    }
    for _ in 0..2 {
        warehouse.write_window(&window(&blocks)).await.unwrap();
        for table in Table::ALL {
            warehouse.insert_table(&window(&blocks), table, 0).await.unwrap();
        }
    }
    let count = warehouse.client().query("SELECT count() FROM events").fetch_one::<u64>().await.unwrap();
    assert_eq!(count, 240_000);
}

#[tokio::test]
async fn metadata_is_kept_once_and_the_highest_format_is_given() {
    let (_database, warehouse) = fresh_warehouse().await;
    write_chain(&warehouse, &chain(10, 0, 25), 13).await;
    assert_eq!(warehouse.find_metadata(100).await.unwrap(), None);
    for _ in 0..2 {
        warehouse.insert_metadata(100, 14, b"meta fourteen \xff\x00").await.unwrap();
        warehouse.insert_metadata(100, 15, b"meta fifteen \xff\x00").await.unwrap();
    }
    assert_eq!(warehouse.find_metadata(100).await.unwrap().unwrap(), b"meta fifteen \xff\x00");
    let versions = warehouse.list_runtime_versions().await.unwrap();
    assert_eq!(versions.iter().map(|row| row.spec_version).collect::<Vec<_>>(), [101, 100]);
    assert_eq!((versions[1].first_block, versions[1].last_block, versions[1].block_count), (0, 19, 20));
    assert_eq!((versions[1].metadata_version, versions[1].metadata_bytes), (Some(15), Some(15)));
    assert_eq!(versions[0].metadata_version, None);
    let stored =
        warehouse.client().query("SELECT count() FROM runtime_metadata").fetch_one::<u64>().await.unwrap();
    assert_eq!(stored, 2);
}
