//! Walking pages visits every row exactly once, in both orders and both directions.

use std::fmt::Debug;

use yumascan_warehouse::{
    BlockRows, Cursor, Keyed, Order, Page, PageRequest, Warehouse, WarehouseError,
    query::{
        Range, blocks::BlockFilter, calls::CallFilter, events::EventFilter, extrinsics::ExtrinsicFilter,
        transfers::TransferFilter,
    },
};

use crate::support::{account, chain, fresh_warehouse, write_chain};

/// Walks `list` forwards and backwards with several page sizes; each walk must give `expected` (lowest first).
async fn walk<R, F>(what: &str, expected: &[R], list: F)
where
    R: Keyed + Clone + PartialEq + Debug,
    F: AsyncFn(PageRequest) -> Result<Page<R>, WarehouseError>,
{
    for order in [Order::Oldest, Order::Newest] {
        let mut in_order = expected.to_vec();
        if order == Order::Newest {
            in_order.reverse();
        }
        // a page size that divides evenly, one that does not, and one that takes in all
        for limit in [1, 7, 20, 1000].into_iter().filter(|limit| expected.len() / limit < 8) {
            let limit = u32::try_from(limit).unwrap();
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = list(PageRequest { limit, order, after, before: None }).await.unwrap();
                assert_eq!(page.has_previous, after.is_some(), "{what}");
                seen.extend(page.rows.clone());
                after = page.rows.last().map(Keyed::cursor);
                if !page.has_next {
                    break;
                }
                assert_eq!(page.rows.len(), limit as usize, "{what}: a page with more behind it is full");
            }
            assert_eq!(seen, in_order, "{what}, forwards, {order:?}, {limit} a page");

            let beyond = Cursor { block: u64::MAX >> 1, major: u32::MAX, minor: u32::MAX };
            let nothing = Cursor { block: 0, major: 0, minor: 0 };
            let mut seen: Vec<R> = Vec::new();
            let mut before = Some(if order == Order::Oldest { beyond } else { nothing });
            // the cursor before everything would hide block 0, item 0, which has that very cursor
            if order == Order::Newest {
                let last = in_order.last().filter(|row| row.cursor() == nothing);
                seen.extend(last.cloned());
            }
            loop {
                let page = list(PageRequest { limit, order, after: None, before }).await.unwrap();
                assert!(page.has_next, "{what}");
                before = page.rows.first().map(Keyed::cursor).or(before);
                seen.splice(0..0, page.rows.clone());
                if !page.has_previous {
                    break;
                }
                assert_eq!(page.rows.len(), limit as usize, "{what}");
            }
            assert_eq!(seen, in_order, "{what}, backwards, {order:?}, {limit} a page");
        }
    }
}

fn in_range(range: Range, block: u64, time: Option<u64>) -> bool {
    range.from_block.is_none_or(|from| block >= from)
        && range.to_block.is_none_or(|to| block <= to)
        && range.from_ms.is_none_or(|from| time.is_some_and(|time| time >= from))
        && range.to_ms.is_none_or(|to| time.is_some_and(|time| time <= to))
}

fn ranges() -> [Range; 3] {
    [
        Range::default(),
        Range { from_block: Some(7), to_block: Some(22), ..Range::default() },
        Range {
            from_ms: Some(1_700_000_000_000 + 12_000 * 9),
            to_ms: Some(1_700_000_000_000 + 12_000 * 23),
            to_block: Some(21),
            ..Range::default()
        },
    ]
}

async fn stored_chain(seed: u64) -> (yumascan_embedded::testing::TestDatabase, Warehouse, Vec<BlockRows>) {
    let (database, warehouse) = fresh_warehouse().await;
    let blocks = chain(seed, 0, 31);
    write_chain(&warehouse, &blocks, 9).await;
    (database, warehouse, blocks)
}

#[tokio::test]
async fn block_pages_visit_every_block_once() {
    let (_database, warehouse, blocks) = stored_chain(30).await;
    let author = Some(account(3).to_ss58());
    for range in ranges() {
        for (author, spec_version) in
            [(None, None), (author.clone(), None), (None, Some(101)), (author.clone(), Some(100))]
        {
            let expected: Vec<_> = blocks
                .iter()
                .map(|rows| rows.block.clone())
                .filter(|row| in_range(range, row.number, row.timestamp_ms))
                .filter(|row| author.is_none() || row.author == author)
                .filter(|row| spec_version.is_none_or(|spec| row.spec_version == spec))
                .collect();
            let filter = BlockFilter { range, author, spec_version };
            walk("blocks", &expected, async |page| warehouse.list_blocks(&filter, page).await).await;
            assert_eq!(warehouse.count_blocks(&filter).await.unwrap(), expected.len() as u64);
        }
    }
}

#[tokio::test]
async fn extrinsic_pages_visit_every_extrinsic_once() {
    let (_database, warehouse, blocks) = stored_chain(31).await;
    let signer = Some(account(2).to_ss58());
    let filters = [
        ExtrinsicFilter::default(),
        ExtrinsicFilter { signer: signer.clone(), ..ExtrinsicFilter::default() },
        ExtrinsicFilter { signer, success: Some(true), ..ExtrinsicFilter::default() },
        ExtrinsicFilter { signed: Some(false), ..ExtrinsicFilter::default() },
        ExtrinsicFilter {
            pallet: Some("Utility".into()),
            call: Some("batch".into()),
            ..ExtrinsicFilter::default()
        },
        ExtrinsicFilter { success: Some(false), signed: Some(true), ..ExtrinsicFilter::default() },
    ];
    for (filter, range) in
        filters.into_iter().flat_map(|filter| ranges().map(|range| (filter.clone(), range)))
    {
        let filter = ExtrinsicFilter { range, ..filter };
        let expected: Vec<_> = blocks
            .iter()
            .flat_map(|rows| rows.extrinsics.clone())
            .filter(|row| in_range(range, row.block_number, row.timestamp_ms))
            .filter(|row| filter.signer.is_none() || row.signer == filter.signer)
            .filter(|row| filter.pallet.as_ref().is_none_or(|pallet| row.pallet == *pallet))
            .filter(|row| filter.call.as_ref().is_none_or(|call| row.call == *call))
            .filter(|row| filter.success.is_none() || row.success == filter.success)
            .filter(|row| filter.signed.is_none_or(|signed| row.signer.is_some() == signed))
            .collect();
        walk("extrinsics", &expected, async |page| warehouse.list_extrinsics(&filter, page).await).await;
        assert_eq!(warehouse.count_extrinsics(&filter).await.unwrap(), expected.len() as u64, "{filter:?}");
    }
}

#[tokio::test]
async fn call_pages_visit_every_call_once() {
    let (_database, warehouse, blocks) = stored_chain(32).await;
    let place = blocks.iter().flat_map(|rows| &rows.calls).find(|row| row.depth == 2).unwrap();
    let filters = [
        CallFilter::default(),
        CallFilter { pallet: Some("Sudo".into()), ..CallFilter::default() },
        CallFilter {
            pallet: Some("Sudo".into()),
            call: Some("sudo".into()),
            success: Some(true),
            ..CallFilter::default()
        },
        CallFilter { origin: Some(account(1).to_ss58()), ..CallFilter::default() },
        CallFilter { origin: Some("None".into()), ..CallFilter::default() },
        CallFilter { extrinsic: Some((place.block_number, place.extrinsic_index)), ..CallFilter::default() },
    ];
    for (filter, range) in
        filters.into_iter().flat_map(|filter| ranges().map(|range| (filter.clone(), range)))
    {
        let filter = CallFilter { range, ..filter };
        let expected: Vec<_> = blocks
            .iter()
            .flat_map(|rows| rows.calls.clone())
            .filter(|row| in_range(range, row.block_number, row.timestamp_ms))
            .filter(|row| filter.pallet.as_ref().is_none_or(|pallet| row.pallet == *pallet))
            .filter(|row| filter.call.as_ref().is_none_or(|call| row.call == *call))
            .filter(|row| filter.origin.as_ref().is_none_or(|origin| row.origin == *origin))
            .filter(|row| filter.success.is_none() || row.success == filter.success)
            .filter(|row| filter.extrinsic.is_none_or(|at| (row.block_number, row.extrinsic_index) == at))
            .collect();
        walk("calls", &expected, async |page| warehouse.list_calls(&filter, page).await).await;
        assert_eq!(warehouse.count_calls(&filter).await.unwrap(), expected.len() as u64, "{filter:?}");
    }
}

#[tokio::test]
async fn event_pages_visit_every_event_once() {
    let (_database, warehouse, blocks) = stored_chain(33).await;
    let name = account(4).to_ss58();
    let filters = [
        EventFilter::default(),
        EventFilter { pallet: Some("Balances".into()), ..EventFilter::default() },
        EventFilter {
            pallet: Some("Drand".into()),
            variant: Some("NewPulse".into()),
            ..EventFilter::default()
        },
        EventFilter { phase: Some("Finalization".into()), ..EventFilter::default() },
        EventFilter { account: Some(name.clone()), ..EventFilter::default() },
        EventFilter {
            account: Some(name.clone()),
            pallet: Some("Balances".into()),
            ..EventFilter::default()
        },
        EventFilter { extrinsic: Some((12, 0)), ..EventFilter::default() },
    ];
    for (filter, range) in
        filters.into_iter().flat_map(|filter| ranges().map(|range| (filter.clone(), range)))
    {
        let filter = EventFilter { range, ..filter };
        let expected: Vec<_> = blocks
            .iter()
            .flat_map(|rows| rows.events.clone())
            .filter(|row| in_range(range, row.block_number, row.timestamp_ms))
            .filter(|row| filter.pallet.as_ref().is_none_or(|pallet| row.pallet == *pallet))
            .filter(|row| filter.variant.as_ref().is_none_or(|variant| row.variant == *variant))
            .filter(|row| filter.phase.as_ref().is_none_or(|phase| row.phase == *phase))
            .filter(|row| filter.account.as_ref().is_none_or(|account| row.args.contains(account.as_str())))
            .filter(|row| {
                filter
                    .extrinsic
                    .is_none_or(|at| (row.block_number, row.extrinsic_index) == (at.0, Some(at.1)))
            })
            .collect();
        walk("events", &expected, async |page| warehouse.list_events(&filter, page).await).await;
        assert_eq!(warehouse.count_events(&filter).await.unwrap(), expected.len() as u64, "{filter:?}");
    }
}

#[tokio::test]
async fn transfer_pages_visit_every_transfer_once() {
    let (_database, warehouse, blocks) = stored_chain(34).await;
    let (one, two) = (Some(account(1).to_ss58()), Some(account(2).to_ss58()));
    let filters = [
        TransferFilter::default(),
        TransferFilter { min_amount_rao: Some(2_000_000_000), ..TransferFilter::default() },
        TransferFilter { account: one.clone(), ..TransferFilter::default() },
        TransferFilter { from: one.clone(), ..TransferFilter::default() },
        TransferFilter { to: one.clone(), ..TransferFilter::default() },
        TransferFilter { from: one.clone(), to: two.clone(), ..TransferFilter::default() },
        TransferFilter { from: one.clone(), to: one.clone(), ..TransferFilter::default() },
        TransferFilter {
            account: one,
            to: two,
            min_amount_rao: Some(1_000_000_000),
            ..TransferFilter::default()
        },
    ];
    for (filter, range) in
        filters.into_iter().flat_map(|filter| ranges().map(|range| (filter.clone(), range)))
    {
        let filter = TransferFilter { range, ..filter };
        let is = |wanted: &Option<String>, account: &String| {
            wanted.as_ref().is_none_or(|wanted| wanted == account)
        };
        let expected: Vec<_> = blocks
            .iter()
            .flat_map(|rows| rows.transfers.clone())
            .filter(|row| in_range(range, row.block_number, row.timestamp_ms))
            .filter(|row| is(&filter.from, &row.from_account) && is(&filter.to, &row.to_account))
            .filter(|row| is(&filter.account, &row.from_account) || is(&filter.account, &row.to_account))
            .filter(|row| filter.min_amount_rao.is_none_or(|least| row.amount_rao >= least))
            .collect();
        walk("transfers", &expected, async |page| warehouse.list_transfers(&filter, page).await).await;
        assert_eq!(warehouse.count_transfers(&filter).await.unwrap(), expected.len() as u64, "{filter:?}");
    }
}

#[tokio::test]
async fn a_page_between_two_cursors_holds_what_lies_between() {
    let (_database, warehouse, _blocks) = stored_chain(35).await;
    let at = |block| Some(Cursor { block, major: 0, minor: 0 });
    let request = PageRequest { limit: 4, order: Order::Newest, after: at(30), before: at(20) };
    let page = warehouse.list_blocks(&BlockFilter::default(), request).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [24, 23, 22, 21]);
    let request = PageRequest { limit: 40, ..request };
    let page = warehouse.list_blocks(&BlockFilter::default(), request).await.unwrap();
    assert_eq!(
        page.rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        (21..30).rev().collect::<Vec<_>>()
    );
}
