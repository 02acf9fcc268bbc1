//! Ethereum on the chain.

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::{
    query::{
        blocks::BlockFilter,
        evm::{EvmLogFilter, EvmTransactionFilter},
    },
    rows::{EvmLogRow, EvmTransactionRow},
};

use super::{
    asked::Asked,
    page::Answer,
    values::{item_id, time},
};
use crate::{ApiError, http::App};

/// A lower-case 0x hex.
fn hex(asked: &Asked, name: &str) -> Option<String> {
    asked.text(name).map(str::to_ascii_lowercase)
}

/// `GET /api/evm/block/v1`: the chain's blocks, as Ethereum numbers them.
pub(super) async fn blocks(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = BlockFilter { range: asked.range()?, ..BlockFilter::default() };
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_blocks(&filter, place.slice()).await?;
    let total = warehouse.count_blocks(&filter).await?;
    let row = |row: yumascan_warehouse::rows::BlockRow| {
        json!({
            "block_number": row.number,
            "timestamp": time(row.timestamp_ms),
            "hash": null,
            "parent_hash": null,
            "substrate_hash": row.hash,
            "gas_used": null,
            "gas_limit": null,
        })
    };
    Ok(place.envelope(rows.into_iter().map(row).collect(), total))
}

fn transaction(row: &EvmTransactionRow) -> Value {
    json!({
        "hash": row.hash,
        "block_number": row.block_number,
        "timestamp": time(row.timestamp_ms),
        "transaction_index": row.transaction_index,
        "extrinsic_id": row.extrinsic_index.map(|index| item_id(row.block_number, index)),
        "type": row.kind,
        "from": row.from_address,
        "from_ss58": row.from_account,
        "to": row.to_address,
        "created": row.contract_address,
        "nonce": row.nonce,
        "value": row.value_wei,
        "gas": row.gas_limit,
        "gas_used": row.gas_used,
        "gas_price": row.gas_price_wei,
        "max_priority_fee_per_gas": row.priority_fee_wei,
        "success": row.success,
        "method_id": row.input.as_deref().filter(|input| input.len() >= 10).and_then(|input| input.get(..10)),
        "method_name": null,
        "args": null,
        "input": row.input,
    })
}

fn transactions_of(asked: &Asked, created: bool) -> Result<EvmTransactionFilter, ApiError> {
    Ok(EvmTransactionFilter {
        range: asked.range()?,
        hash: hex(asked, "hash"),
        from: hex(asked, "from"),
        to: hex(asked, "to"),
        created,
    })
}

/// `GET /api/evm/transaction/v1`.
pub(super) async fn transactions(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = transactions_of(&asked, false)?;
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_evm_transactions(&filter, place.slice()).await?;
    let total = warehouse.count_evm_transactions(&filter).await?;
    Ok(place.envelope(rows.iter().map(transaction).collect(), total))
}

/// `GET /api/evm/contract/v1`: what transactions created.
pub(super) async fn contracts(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = transactions_of(&asked, true)?;
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_evm_transactions(&filter, place.slice()).await?;
    let total = warehouse.count_evm_transactions(&filter).await?;
    let row = |row: &EvmTransactionRow| {
        json!({
            "address": row.contract_address,
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "creator": row.from_address,
            "transaction_hash": row.hash,
            "input": row.input,
            "abi": null,
        })
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}

/// `GET /api/evm/log/v1`.
pub(super) async fn logs(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = EvmLogFilter {
        range: asked.range()?,
        transaction: hex(&asked, "transaction_hash"),
        address: hex(&asked, "address"),
        topic: hex(&asked, "topic0"),
    };
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_evm_logs(&filter, place.slice()).await?;
    let total = warehouse.count_evm_logs(&filter).await?;
    let row = |row: &EvmLogRow| {
        let topic = |at: usize| row.topics.get(at);
        json!({
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "index": row.event_index,
            "transaction_hash": row.transaction_hash,
            "transaction_index": row.transaction_index,
            "address": row.address,
            "event_name": null,
            "signature": null,
            "topic0": topic(0),
            "topic1": topic(1),
            "topic2": topic(2),
            "topic3": topic(3),
            "data": row.data,
            "args": null,
        })
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}
