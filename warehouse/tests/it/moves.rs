//! Rows of moves as the engine keeps them.

use clickhouse::{Row, RowOwned, RowRead};
use serde::Serialize;
use yumascan_warehouse::{
    Warehouse,
    rows::{
        ChildKeysRow, DelegateTakeRow, DeregistrationRow, EvmLogRow, EvmTransactionRow, IdentityRow,
        KeySwapRow, RegistrationRow, RootClaimRow, StakeMoveRow,
    },
};

use crate::support::fresh_warehouse;

async fn comes_back<R>(warehouse: &Warehouse, table: &str, rows: &[R])
where
    R: RowOwned + RowRead + Row + Serialize + PartialEq + std::fmt::Debug,
    for<'a> R: Row<Value<'a> = R>,
{
    let mut insert = warehouse.client().insert::<R>(table).await.unwrap();
    for row in rows {
        insert.write(row).await.unwrap();
    }
    insert.end().await.unwrap();
    let sql = format!("SELECT ?fields FROM {table} ORDER BY ALL");
    let stored: Vec<R> = warehouse.client().query(&sql).fetch_all().await.unwrap();
    assert_eq!(stored, rows, "{table}");
}

/// Every table takes its row type and gives it back, with everything known and with nothing known.
#[tokio::test]
async fn rows_of_moves_come_back_as_they_were_written() {
    let (_database, warehouse) = fresh_warehouse().await;
    let text = || Some("0x00".to_owned());
    let whole = StakeMoveRow {
        block_number: 7,
        event_index: 1,
        extrinsic_index: Some(2),
        timestamp_ms: Some(3),
        kind: "stake_moved".to_owned(),
        coldkey: text(),
        netuid: Some(u16::MAX),
        tao_rao: Some(u64::MAX),
        fee_unit: Some("alpha_rao".to_owned()),
        side: Some("sell".to_owned()),
        summary_event: Some(9),
        price_bits: Some(u128::MAX),
        slippage: Some(i32::MIN),
        ..StakeMoveRow::default()
    };
    comes_back(&warehouse, "stake_moves", &[StakeMoveRow::default(), whole]).await;
    let whole =
        RegistrationRow { block_number: 1, cost_source: text(), method: text(), ..Default::default() };
    comes_back(&warehouse, "registrations", &[RegistrationRow::default(), whole]).await;
    let whole = DeregistrationRow { block_number: 1, emission_rao: Some(5), ..Default::default() };
    comes_back(&warehouse, "deregistrations", &[DeregistrationRow::default(), whole]).await;
    let whole = IdentityRow { block_number: 1, value: text(), netuid: Some(3), ..Default::default() };
    comes_back(&warehouse, "identities", &[IdentityRow::default(), whole]).await;
    let whole = DelegateTakeRow { block_number: 1, old_take: Some(9), ..Default::default() };
    comes_back(&warehouse, "delegate_takes", &[DelegateTakeRow::default(), whole]).await;
    let children = vec![(u64::MAX, "5a".to_owned()), (1, "5b".to_owned())];
    let whole = ChildKeysRow { block_number: 1, children, ..Default::default() };
    comes_back(&warehouse, "child_keys", &[ChildKeysRow::default(), whole]).await;
    let whole = KeySwapRow { block_number: 1, new_key_hash: text(), ..Default::default() };
    comes_back(&warehouse, "key_swaps", &[KeySwapRow::default(), whole]).await;
    let whole = RootClaimRow { block_number: 1, kind: text(), ..Default::default() };
    comes_back(&warehouse, "root_claims", &[RootClaimRow::default(), whole]).await;
    let whole = EvmTransactionRow { block_number: 1, success: Some(true), ..Default::default() };
    comes_back(&warehouse, "evm_transactions", &[EvmTransactionRow::default(), whole]).await;
    let whole = EvmLogRow { block_number: 1, topics: vec!["0x01".to_owned()], ..Default::default() };
    comes_back(&warehouse, "evm_logs", &[EvmLogRow::default(), whole]).await;
}
