//! Account pages.

use yumascan_warehouse::{Keyed, Order, PageRequest, query::accounts::AccountSummary};

use crate::support::{account, chain, fresh_warehouse, write_chain};

#[tokio::test]
async fn an_account_page_tells_what_the_rows_tell() {
    let (_database, warehouse) = fresh_warehouse().await;
    let blocks = chain(40, 0, 50);
    write_chain(&warehouse, &blocks, 17).await;
    for number in 0..5 {
        let name = account(number).to_ss58();
        let activity: Vec<_> =
            blocks.iter().flat_map(|rows| &rows.activity).filter(|row| row.account == name).collect();
        let count = |kind: &str| activity.iter().filter(|row| row.kind == kind).count() as u64;
        let transfers = || blocks.iter().flat_map(|rows| &rows.transfers);
        let expected = AccountSummary {
            account: name.clone(),
            public_key: format!("0x{}", format!("{:02x}", number % 5 + 1).repeat(32)),
            first_block: activity.iter().map(|row| row.block_number).min(),
            last_block: activity.iter().map(|row| row.block_number).max(),
            signed_extrinsics: blocks
                .iter()
                .flat_map(|rows| &rows.extrinsics)
                .filter(|row| row.signer.as_ref() == Some(&name))
                .count() as u64,
            extrinsics: count("extrinsic"),
            events: count("event"),
            transfers_in: transfers().filter(|row| row.to_account == name).count() as u64,
            transfers_out: transfers().filter(|row| row.from_account == name).count() as u64,
            received_rao: transfers()
                .filter(|row| row.to_account == name)
                .map(|row| u128::from(row.amount_rao))
                .sum(),
            sent_rao: transfers()
                .filter(|row| row.from_account == name)
                .map(|row| u128::from(row.amount_rao))
                .sum(),
        };
        assert_eq!(warehouse.find_account(&name).await.unwrap(), Some(expected));

        // every extrinsic it signed, originated or is named in, newest first, over pages
        let mut wanted: Vec<_> = activity
            .iter()
            .filter(|row| row.kind == "extrinsic")
            .map(|row| (row.block_number, row.item_index))
            .collect();
        wanted.sort_unstable();
        wanted.reverse();
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = PageRequest { limit: 6, order: Order::Newest, after, before: None };
            let page = warehouse.list_account_extrinsics(&name, page).await.unwrap();
            after = page.rows.last().map(Keyed::cursor);
            seen.extend(page.rows.iter().map(|row| (row.block_number, row.extrinsic_index)));
            if !page.has_next {
                break;
            }
        }
        assert_eq!(seen, wanted);
        let page = warehouse.list_account_events(&name, PageRequest::newest(1000)).await.unwrap();
        assert_eq!(page.rows.len() as u64, count("event"));
    }
    assert_eq!(
        warehouse.find_account("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY").await.unwrap(),
        None
    );
}

#[test]
fn an_account_has_its_strongest_role_once_an_extrinsic() {
    let blocks = chain(41, 0, 50);
    for rows in &blocks {
        for extrinsic in &rows.extrinsics {
            let Some(signer) = &extrinsic.signer else { continue };
            let of_signer: Vec<_> = rows
                .activity
                .iter()
                .filter(|row| {
                    row.kind == "extrinsic"
                        && row.item_index == extrinsic.extrinsic_index
                        && row.account == *signer
                })
                .collect();
            assert_eq!(of_signer.len(), 1);
            assert_eq!(of_signer[0].role, "signer");
        }
    }
}
