//! Single rows, dataloader queries, search, coverage, and what must not be seen.

use yumascan_warehouse::{
    PageRequest, Table,
    query::{
        calls::CallFilter, coverage::BlockRange, events::EventFilter, extrinsics::ExtrinsicFilter,
        search::SearchHit, transfers::TransferFilter,
    },
};

use crate::support::{account, chain, fresh_warehouse, window, write_chain};

#[tokio::test]
async fn things_are_found_by_number_place_and_hash() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(50, 0, 40);
    write_chain(&warehouse, &blocks, 16).await;
    let rows = blocks.iter().rev().find(|rows| rows.extrinsics.len() > 1).unwrap();
    let number = rows.block.number;
    assert_eq!(warehouse.find_head().await.unwrap().unwrap(), blocks[40].block);
    assert_eq!(warehouse.find_block(number).await.unwrap().unwrap(), rows.block);
    assert_eq!(warehouse.find_block(41).await.unwrap(), None);
    let shouted = format!("0x{}", rows.block.hash[2..].to_uppercase());
    assert_eq!(warehouse.find_block_by_hash(&shouted).await.unwrap().unwrap(), rows.block);
    assert_eq!(warehouse.find_block_by_hash("0x12").await.unwrap(), None);
    assert_eq!(warehouse.find_extrinsic(number, 1).await.unwrap().unwrap(), rows.extrinsics[1]);
    assert_eq!(warehouse.find_extrinsic(number, 99).await.unwrap(), None);
    let by_hash = warehouse.list_extrinsics_by_hash(&rows.extrinsics[1].hash).await.unwrap();
    assert_eq!(by_hash, [rows.extrinsics[1].clone()]);
}

#[tokio::test]
async fn a_dataloader_asks_once_for_many() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(51, 0, 40);
    write_chain(&warehouse, &blocks, 41).await;
    let places: Vec<_> = blocks
        .iter()
        .flat_map(|rows| &rows.extrinsics)
        .map(|row| (row.block_number, row.extrinsic_index))
        .step_by(3)
        .collect();
    let numbers: Vec<_> = (0..41).step_by(2).collect();
    let before = warehouse.queries_executed();
    let extrinsics = warehouse.list_extrinsics_by_place(&places).await.unwrap();
    let calls = warehouse.list_calls_of_extrinsics(&places).await.unwrap();
    let events = warehouse.list_events_of_extrinsics(&places).await.unwrap();
    let of_blocks = warehouse.list_extrinsics_of_blocks(&numbers).await.unwrap();
    let found = warehouse.list_blocks_by_number(&numbers).await.unwrap();
    assert_eq!(warehouse.queries_executed() - before, 5);
    let wanted = |block: u64, index: Option<u32>| index.is_some_and(|index| places.contains(&(block, index)));
    let all = |filter: fn(&yumascan_warehouse::BlockRows) -> usize| blocks.iter().map(filter).sum::<usize>();
    assert_eq!(extrinsics.len(), places.len());
    assert_eq!(
        calls,
        blocks
            .iter()
            .flat_map(|rows| rows.calls.clone())
            .filter(|row| wanted(row.block_number, Some(row.extrinsic_index)))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        events,
        blocks
            .iter()
            .flat_map(|rows| rows.events.clone())
            .filter(|row| wanted(row.block_number, row.extrinsic_index))
            .collect::<Vec<_>>()
    );
    assert!(events.len() < all(|rows| rows.events.len()));
    assert_eq!(of_blocks.len(), blocks.iter().step_by(2).map(|rows| rows.extrinsics.len()).sum::<usize>());
    assert_eq!(found.iter().map(|row| row.number).collect::<Vec<_>>(), numbers);
    for empty in [
        warehouse.list_extrinsics_by_place(&[]).await.unwrap().len(),
        warehouse.list_blocks_by_number(&[]).await.unwrap().len(),
    ] {
        assert_eq!(empty, 0);
    }
}

#[tokio::test]
async fn rows_of_an_unfinished_window_are_not_seen() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(52, 0, 59);
    warehouse.write_window(&window(&blocks[..20])).await.unwrap();
    warehouse.write_window(&window(&blocks[40..])).await.unwrap();
    // a window in the middle whose writer died before `blocks`
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Blocks) {
        warehouse.insert_table(&window(&blocks[20..40]), table, 0).await.unwrap();
    }
    // another process, which has seen nothing yet
    let (_other, reader) = (&_database, reader_of(&_database).await);
    for handle in [&warehouse, &reader] {
        let visible = || blocks[..20].iter().chain(&blocks[40..]);
        let page = PageRequest::newest(2000);
        let extrinsics = handle.list_extrinsics(&ExtrinsicFilter::default(), page).await.unwrap();
        assert_eq!(extrinsics.rows.len(), visible().map(|rows| rows.extrinsics.len()).sum::<usize>());
        assert!(!extrinsics.has_next);
        let name = account(1).to_ss58();
        let of_account = EventFilter { account: Some(name.clone()), ..EventFilter::default() };
        let events = handle.list_events(&of_account, page).await.unwrap().rows.len();
        let expected = visible().flat_map(|rows| &rows.events).filter(|row| row.args.contains(&name)).count();
        assert_eq!(events, expected);
        assert_eq!(handle.count_events(&of_account).await.unwrap(), expected as u64);
        // small pages cross the hidden part
        let mut after = None;
        let mut seen = 0;
        loop {
            let request = PageRequest { after, ..PageRequest::newest(5) };
            let page = handle.list_calls(&CallFilter::default(), request).await.unwrap();
            seen += page.rows.len();
            after = page.rows.last().map(yumascan_warehouse::Keyed::cursor);
            if !page.has_next {
                break;
            }
            assert_eq!(page.rows.len(), 5);
        }
        assert_eq!(seen, visible().map(|rows| rows.calls.len()).sum::<usize>());
        let transfers = handle.count_transfers(&TransferFilter::default()).await.unwrap();
        assert_eq!(transfers, visible().map(|rows| rows.transfers.len() as u64).sum::<u64>());
        let named = EventFilter { pallet: Some("Balances".into()), ..EventFilter::default() };
        let expected = visible().flat_map(|rows| &rows.events).filter(|row| row.pallet == "Balances").count();
        assert_eq!(handle.count_events(&named).await.unwrap(), expected as u64);
        let coverage = handle.get_coverage(None, None).await.unwrap();
        assert_eq!(coverage.gaps, [BlockRange { from: 20, to: 39 }]);
        if let Some(hidden) = blocks[20..40].iter().flat_map(|rows| &rows.extrinsics).next() {
            assert_eq!(
                handle.find_extrinsic(hidden.block_number, hidden.extrinsic_index).await.unwrap(),
                None
            );
            assert_eq!(handle.list_extrinsics_by_hash(&hidden.hash).await.unwrap(), []);
        }
        assert_eq!(handle.count_events_by_name(25, "Finalization").await.unwrap(), []);
    }
    warehouse.write_window(&window(&blocks[20..40])).await.unwrap();
    let page = reader.list_extrinsics(&ExtrinsicFilter::default(), PageRequest::newest(2000)).await.unwrap();
    assert_eq!(page.rows.len(), blocks.iter().map(|rows| rows.extrinsics.len()).sum::<usize>());
}

async fn reader_of(database: &yumascan_embedded::testing::TestDatabase) -> yumascan_warehouse::Warehouse {
    yumascan_warehouse::Warehouse::connect(yumascan_warehouse::WarehouseConfig {
        url: database.url().to_owned(),
        database: database.database().to_owned(),
        user: database.user().to_owned(),
        password: database.password().to_owned(),
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn the_search_box_understands_every_kind_of_thing() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(53, 0, 40);
    write_chain(&warehouse, &blocks, 20).await;
    let rows = blocks.iter().find(|rows| rows.extrinsics.len() > 1 && rows.block.number > 9).unwrap();
    let (number, extrinsic) = (rows.block.number, &rows.extrinsics[1]);
    let block = SearchHit::Block { number, hash: rows.block.hash.clone() };
    let extrinsic_hit = SearchHit::Extrinsic {
        block: number,
        index: 1,
        name: format!("{}.{}", extrinsic.pallet, extrinsic.call),
    };
    for text in [
        number.to_string(),
        format!("#{number}"),
        rows.block.hash.clone(),
        rows.block.hash[2..].to_uppercase(),
    ] {
        assert_eq!(warehouse.search(&text, 10).await.unwrap(), std::slice::from_ref(&block), "{text}");
    }
    for text in [format!("{number}-1"), format!("{number}-0001"), extrinsic.hash.clone()] {
        assert_eq!(
            warehouse.search(&text, 10).await.unwrap(),
            std::slice::from_ref(&extrinsic_hit),
            "{text}"
        );
    }
    let known = SearchHit::Account { account: account(1).to_ss58(), known: true };
    for text in [account(1).to_ss58(), format!("0x{}", "02".repeat(32))] {
        assert_eq!(warehouse.search(&text, 10).await.unwrap(), std::slice::from_ref(&known), "{text}");
    }
    let unknown = SearchHit::Account { account: yumascan_chain::AccountId([77; 32]).to_ss58(), known: false };
    assert_eq!(warehouse.search(&format!("0x{}", "4d".repeat(32)), 10).await.unwrap(), [unknown]);

    let transfers = blocks.iter().map(|rows| rows.transfers.len() as u64).sum();
    let event = SearchHit::Event { pallet: "Balances".into(), variant: "Transfer".into(), count: transfers };
    let hits = warehouse.search("balances.transfer", 10).await.unwrap();
    assert_eq!(hits[0], event, "the exact name comes first");
    assert!(matches!(&hits[1], SearchHit::Call { call, .. } if call == "transfer_keep_alive"));
    let calls =
        blocks.iter().flat_map(|rows| &rows.calls).filter(|row| row.call == "set_weights").count() as u64;
    let call = SearchHit::Call { pallet: "SubtensorModule".into(), call: "set_weights".into(), count: calls };
    assert_eq!(warehouse.search("SET_WEI", 10).await.unwrap(), [call]);
    assert_eq!(warehouse.search("sub", 10).await.unwrap().len(), 2);
    assert_eq!(warehouse.search("sub", 1).await.unwrap().len(), 1);
    for text in ["", "999999", "nothing_like_that", "' OR 1=1 --", "99-99", "balances.transfer?"] {
        assert_eq!(warehouse.search(text, 10).await.unwrap(), [], "{text}");
    }
}

#[tokio::test]
async fn coverage_names_every_gap() {
    let (_database, warehouse) = fresh_warehouse().await;
    let range = |from, to| BlockRange { from, to };
    assert_eq!(warehouse.get_coverage(None, None).await.unwrap().stored, []);
    assert_eq!(warehouse.get_coverage(Some(3), Some(5)).await.unwrap().gaps, [range(3, 5)]);
    // across the edge of a bucket of the first pass, with holes on both sides
    let blocks = chain(54, 4050, 4199);
    for (from, to) in [(4050, 4059), (4070, 4120), (4122, 4199)] {
        warehouse.write_window(&window(&blocks[from - 4050..=to - 4050])).await.unwrap();
    }
    let coverage = warehouse.get_coverage(None, None).await.unwrap();
    assert_eq!(coverage.stored, [range(4050, 4059), range(4070, 4120), range(4122, 4199)]);
    assert_eq!(coverage.gaps, [range(4060, 4069), range(4121, 4121)]);
    let coverage = warehouse.get_coverage(Some(4055), Some(4300)).await.unwrap();
    assert_eq!(coverage.stored, [range(4055, 4059), range(4070, 4120), range(4122, 4199)]);
    assert_eq!(coverage.gaps, [range(4060, 4069), range(4121, 4121), range(4200, 4300)]);
    let coverage = warehouse.get_coverage(Some(10), Some(20)).await.unwrap();
    assert_eq!((coverage.stored, coverage.gaps), (vec![], vec![range(10, 20)]));
    let totals = warehouse.get_totals().await.unwrap();
    assert_eq!(totals.blocks, 139);
}

#[tokio::test]
async fn totals_and_folded_events_count_rows() {
    let (_database, warehouse) = fresh_warehouse().await;
    assert_eq!(warehouse.get_totals().await.unwrap(), Default::default());
    assert_eq!(warehouse.find_head().await.unwrap(), None);
    let blocks = chain(55, 0, 30);
    write_chain(&warehouse, &blocks, 31).await;
    let totals = warehouse.get_totals().await.unwrap();
    assert_eq!(totals.events, blocks.iter().map(|rows| rows.events.len() as u64).sum::<u64>());
    assert_eq!(totals.calls, blocks.iter().map(|rows| rows.calls.len() as u64).sum::<u64>());
    assert_eq!(totals.transfers, blocks.iter().map(|rows| rows.transfers.len() as u64).sum::<u64>());
    assert_eq!(totals.quarantined, blocks.iter().map(|rows| rows.quarantine.len() as u64).sum::<u64>());
    let signed = blocks.iter().flat_map(|rows| &rows.extrinsics).filter(|row| row.signer.is_some()).count();
    assert_eq!(totals.signed_extrinsics, signed as u64);
    let folded = warehouse.count_events_by_name(12, "Finalization").await.unwrap();
    let event = blocks[12].events.last().unwrap();
    assert_eq!(folded, [(event.pallet.clone(), event.variant.clone(), 1)]);
}

#[tokio::test]
async fn hostile_texts_are_values_and_never_sql() {
    let (_database, warehouse) = fresh_warehouse().await;
    write_chain(&warehouse, &chain(56, 0, 10), 11).await;
    for text in
        ["'", "\\", "' OR '1'='1", "?", "??", "{a:String}", "\0", "ü\u{1F600}", "'; DROP TABLE blocks; --"]
    {
        let text = text.to_owned();
        let filter =
            EventFilter { pallet: Some(text.clone()), account: Some(text.clone()), ..EventFilter::default() };
        assert_eq!(
            warehouse.list_events(&filter, PageRequest::newest(5)).await.unwrap().rows,
            [],
            "{text:?}"
        );
        let filter = ExtrinsicFilter { signer: Some(text.clone()), ..ExtrinsicFilter::default() };
        assert_eq!(warehouse.count_extrinsics(&filter).await.unwrap(), 0, "{text:?}");
        assert_eq!(warehouse.find_account(&text).await.unwrap(), None, "{text:?}");
        assert_eq!(warehouse.count_events_by_name(1, &text).await.unwrap(), [], "{text:?}");
    }
}
