//! Redecoding: new rows replace old ones, equal rows stay untouched.

use yumascan_warehouse::{BlockRows, Table, Warehouse, WarehouseError};

use crate::support::{chain, fresh_warehouse, window, window_of_generation, write_chain};

const ALL: (u64, u64) = (0, 1000);

async fn parts(warehouse: &Warehouse) -> Vec<String> {
    let sql = "SELECT concat(table, ' ', name) FROM system.parts WHERE database = currentDatabase() AND active ORDER BY 1";
    warehouse.client().query(sql).fetch_all::<String>().await.unwrap()
}

/// What a newer decoder would make of these blocks: other event arguments, one event name fewer.
fn redecoded(blocks: &[BlockRows]) -> Vec<BlockRows> {
    let mut blocks = blocks.to_vec();
    for event in blocks.iter_mut().flat_map(|rows| &mut rows.events) {
        event.args = event.args.replace("who", "account");
        if event.variant == "NewPulse" {
            event.variant = "Pulse".to_owned();
        }
    }
    blocks
}

#[tokio::test]
async fn the_same_rows_change_nothing() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(20, 0, 30);
    warehouse.write_window(&window(&blocks)).await.unwrap();
    let before = (warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), parts(&warehouse).await);
    // even for a newer decoder: it is the rows that count
    let receipt = warehouse.replace_window(&window_of_generation(&blocks, 77)).await.unwrap();
    assert_eq!(receipt.changed, []);
    assert_eq!((warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), parts(&warehouse).await), before);
}

#[tokio::test]
async fn a_newer_decoder_leaves_exactly_its_own_rows_and_an_older_one_its_own_again() {
    let blocks = chain(21, 0, 30);
    let newer = redecoded(&blocks);
    let (_database, expected_old) = fresh_warehouse().await;
    write_chain(&expected_old, &blocks, 10).await;
    let (_database_new, expected_new) = fresh_warehouse().await;
    write_chain(&expected_new, &newer, 10).await;

    let (_database_changed, warehouse) = fresh_warehouse().await;
    write_chain(&warehouse, &blocks, 10).await;
    // back and forth: the tokens of the first time are known to the server and must not hide the third
    let (old, new) = (yumascan_chain::DECODER_GENERATION, yumascan_chain::DECODER_GENERATION + 1);
    for (rows, expected, generation) in
        [(&newer, &expected_new, new), (&blocks, &expected_old, old), (&newer, &expected_new, new)]
    {
        for part in rows.chunks(10) {
            let receipt = warehouse.replace_window(&window_of_generation(part, generation)).await.unwrap();
            let renamed = part.iter().flat_map(|rows| &rows.events).any(|row| row.variant.ends_with("Pulse"));
            let tables = [Table::Events, Table::NameCounts];
            assert_eq!(receipt.changed, if renamed { &tables[..] } else { &tables[..1] });
        }
        assert_eq!(
            warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(),
            expected.list_checksums(ALL.0, ALL.1).await.unwrap()
        );
        assert!(warehouse.get_coverage(Some(0), Some(30)).await.unwrap().gaps.is_empty());
    }
}

#[tokio::test]
async fn rows_that_were_lost_are_written_anew() {
    let blocks = chain(22, 0, 30);
    let (_database, warehouse) = fresh_warehouse().await;
    write_chain(&warehouse, &blocks, 10).await;
    let before = warehouse.list_checksums(ALL.0, ALL.1).await.unwrap();
    for statement in
        ["DELETE FROM calls WHERE block_number = 14", "DELETE FROM blocks WHERE number BETWEEN 10 AND 19"]
    {
        warehouse.client().query(statement).execute().await.unwrap();
    }
    let receipt = warehouse.replace_window(&window(&blocks[10..20])).await.unwrap();
    assert_eq!(receipt.changed, [Table::Calls, Table::Blocks]);
    assert_eq!(warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), before);
}

#[tokio::test]
async fn a_crash_within_a_replacement_is_mended_by_writing_or_replacing_again() {
    let blocks = chain(23, 0, 9);
    let newer = redecoded(&blocks);
    let (_database, expected) = fresh_warehouse().await;
    expected.write_window(&window(&newer)).await.unwrap();
    let expected = expected.list_checksums(ALL.0, ALL.1).await.unwrap();
    for (replace_again, deletes) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
        let (_database, warehouse) = fresh_warehouse().await;
        warehouse.write_window(&window(&blocks)).await.unwrap();
        warehouse
            .replace_window(&window_of_generation(&newer, yumascan_chain::DECODER_GENERATION + 1))
            .await
            .unwrap();
        // as if a third decoder had died after its first deletions
        for statement in
            ["DELETE FROM blocks WHERE number <= 9", "DELETE FROM events WHERE block_number <= 9"]
                .iter()
                .take(deletes)
        {
            warehouse.client().query(statement).execute().await.unwrap();
        }
        if replace_again {
            warehouse
                .replace_window(&window_of_generation(&newer, yumascan_chain::DECODER_GENERATION + 1))
                .await
                .unwrap();
        } else {
            warehouse
                .write_window(&window_of_generation(&newer, yumascan_chain::DECODER_GENERATION + 1))
                .await
                .unwrap();
        }
        assert_eq!(warehouse.list_checksums(ALL.0, ALL.1).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn windows_written_one_by_one_may_be_replaced_together_but_not_cut() {
    let blocks = chain(24, 0, 29);
    let (_database, warehouse) = fresh_warehouse().await;
    write_chain(&warehouse, &blocks[..10], 1).await;
    write_chain(&warehouse, &blocks[10..], 20).await;
    assert_eq!(warehouse.replace_window(&window(&blocks[..10])).await.unwrap().changed, []);
    let error = warehouse.replace_window(&window(&blocks[..15])).await.unwrap_err();
    assert!(
        matches!(error, WarehouseError::WindowStraddles { written_first: 10, written_last: 29, .. }),
        "{error}"
    );
}
