//! The log of the chain: blocks, extrinsics, events, calls, transfers.

use std::collections::HashMap;

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::{
    Order, Slice,
    query::{
        blocks::BlockFilter, calls::CallFilter, events::EventFilter, extrinsics::ExtrinsicFilter,
        transfers::TransferFilter,
    },
    rows::{CallRow, EventRow, ExtrinsicRow, TransferRow},
};

use super::{
    args::{error, extensions, rewrite, with_calls},
    asked::Asked,
    history::{DAY_MS, moments},
    page::Answer,
    values::{address, digits, hex_of, item_id, network, stored, time},
};
use crate::{ApiError, graphql::parse_place, http::App};

/// `GET /api/block/v1`.
pub(super) async fn blocks(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = BlockFilter {
        range: asked.range()?,
        author: asked.account("validator")?,
        spec_version: asked.value("spec_version")?,
    };
    let warehouse = &app.shared.state.warehouse;
    let (rows, total) = match asked.text("hash") {
        Some(hash) => {
            let found: Vec<_> = warehouse.find_block_by_hash(hash).await?.into_iter().collect();
            place.cut(found)
        }
        None => {
            (warehouse.slice_blocks(&filter, place.slice()).await?, warehouse.count_blocks(&filter).await?)
        }
    };
    let row = |row: yumascan_warehouse::rows::BlockRow| {
        json!({
            "block_number": row.number,
            "hash": row.hash,
            "parent_hash": row.parent_hash,
            "state_root": row.state_root,
            "extrinsics_root": row.extrinsics_root,
            "spec_name": null,
            "spec_version": row.spec_version,
            "impl_name": null,
            "impl_version": null,
            "timestamp": time(row.timestamp_ms),
            "validator": row.author.as_deref().and_then(hex_of),
            "events_count": row.event_count,
            "extrinsics_count": row.extrinsic_count,
            "calls_count": row.call_count,
        })
    };
    Ok(place.envelope(rows.into_iter().map(row).collect(), total))
}

/// `GET /api/block/interval/v1`: the last block of every hour or day.
pub(super) async fn intervals(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let row = |moment: yumascan_warehouse::query::market::Moment| json!({ "block_number": moment.block, "timestamp": time(moment.timestamp_ms) });
    Ok(place.envelope(moments.into_iter().map(row).collect(), total))
}

/// The place that an id `block-index` names.
fn place_of(asked: &Asked, name: &str) -> Result<Option<(u64, u32)>, ApiError> {
    asked.text(name).map(|id| parse_place(id, "extrinsic")).transpose()
}

/// `GET /api/extrinsic/v1`.
pub(super) async fn extrinsics(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (pallet, call) = asked.name();
    let filter = ExtrinsicFilter {
        range: asked.range()?,
        signer: asked.account("signer_address")?,
        pallet,
        call,
        success: asked.value("success")?,
        signed: None,
    };
    let warehouse = &app.shared.state.warehouse;
    let (rows, total) = match (asked.text("hash"), place_of(&asked, "id")?) {
        (Some(hash), _) => place.cut(warehouse.list_extrinsics_by_hash(hash).await?),
        (None, Some(id)) => place.cut(warehouse.list_extrinsics_by_place(&[id]).await?),
        (None, None) => {
            let rows = warehouse.slice_extrinsics(&filter, place.slice()).await?;
            (rows, warehouse.count_extrinsics(&filter).await?)
        }
    };
    Ok(place.envelope(rows.iter().map(extrinsic).collect(), total))
}

fn extrinsic(row: &ExtrinsicRow) -> Value {
    let id = item_id(row.block_number, row.extrinsic_index);
    let signer = row.signer.as_deref().map(|signer| hex_of(signer).unwrap_or_else(|| signer.to_owned()));
    let signature = signer.as_ref().map(|signer| {
        let extensions = extensions(&row.extensions);
        json!({
            "address": { "__kind": "Id", "value": signer },
            "signature": signature_of(row.signature.as_deref()),
            "signedExtensions": extensions,
        })
    });
    json!({
        "timestamp": time(row.timestamp_ms),
        "block_number": row.block_number,
        "hash": row.hash,
        "id": id,
        "index": row.extrinsic_index,
        "version": row.version,
        "signature": signature,
        "signer_address": signer,
        "tip": digits(row.tip_rao),
        "fee": digits(row.fee_rao),
        "success": row.success,
        "error": error(row.error.as_deref()),
        "call_id": id,
        "full_name": format!("{}.{}", row.pallet, row.call),
        "call_args": rewrite(&row.args),
    })
}

/// The stored text is JSON of the enum, or plain hex.
fn signature_of(text: Option<&str>) -> Value {
    match text {
        Some(text) if text.starts_with('{') => rewrite(text),
        Some(text) => Value::String(text.to_owned()),
        None => Value::Null,
    }
}

/// `GET /api/event/v1`.
pub(super) async fn events(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (pallet, variant) = asked.name();
    let filter = EventFilter {
        range: asked.range()?,
        pallet,
        variant,
        extrinsic: place_of(&asked, "extrinsic_id")?,
        phase: asked.text("phase").map(str::to_owned),
        account: None,
    };
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_events(&filter, place.slice()).await?;
    let total = warehouse.count_events(&filter).await?;
    Ok(place.envelope(rows.iter().map(event).collect(), total))
}

fn event(row: &EventRow) -> Value {
    json!({
        "id": item_id(row.block_number, row.event_index),
        "extrinsic_index": row.extrinsic_index,
        "index": row.event_index,
        "phase": row.phase,
        "pallet": row.pallet,
        "name": row.variant,
        "full_name": format!("{}.{}", row.pallet, row.variant),
        "args": rewrite(&row.args),
        "block_number": row.block_number,
        "extrinsic_id": row.extrinsic_index.map(|index| item_id(row.block_number, index)),
        "call_id": null,
        "timestamp": time(row.timestamp_ms),
    })
}

/// `GET /api/call/v1`.
pub(super) async fn calls(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (pallet, call) = asked.name();
    let origin = asked.account("origin_address")?;
    let filter = CallFilter {
        range: asked.range()?,
        pallet,
        call,
        origin,
        success: asked.value("success")?,
        extrinsic: place_of(&asked, "extrinsic_id")?,
    };
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_calls(&filter, place.slice()).await?;
    let total = warehouse.count_calls(&filter).await?;
    let trees = trees(&app, &rows).await?;
    Ok(place.envelope(rows.iter().map(|row| call_value(row, &trees)).collect(), total))
}

/// Calls by extrinsic and path.
type Trees = HashMap<(u64, u32, String), CallRow>;

/// Most calls of an extrinsic that are put into the arguments of others: a batch of thousands is left as it is stored.
const MOST_CALLS: u32 = 1_000;

/// The calls inside of those rows that have any.
async fn trees(app: &App, rows: &[CallRow]) -> Result<Trees, ApiError> {
    let mut places: Vec<_> = rows
        .iter()
        .filter(|row| row.args.contains("\"$call\""))
        .map(|row| (row.block_number, row.extrinsic_index))
        .collect();
    places.dedup();
    let mut trees = Trees::new();
    for extrinsic in places {
        let filter = CallFilter { extrinsic: Some(extrinsic), ..CallFilter::default() };
        let slice = Slice { skip: 0, limit: MOST_CALLS, order: Order::Oldest };
        let calls = app.shared.state.warehouse.slice_calls(&filter, slice).await?;
        trees.extend(
            calls.into_iter().map(|row| ((row.block_number, row.extrinsic_index, row.path.clone()), row)),
        );
    }
    Ok(trees)
}

/// The id of a call by its path: `0` is the extrinsic's own, `0.3` ends in `-3`.
fn call_id(block: u64, extrinsic: u32, path: &str) -> String {
    let inner =
        path.strip_prefix("0.").map_or_else(String::new, |rest| format!("-{}", rest.replace('.', "-")));
    item_id(block, extrinsic) + &inner
}

fn call_value(row: &CallRow, trees: &Trees) -> Value {
    let find = |path: &str| {
        let found = trees.get(&(row.block_number, row.extrinsic_index, path.to_owned()))?;
        Some((found.pallet.as_str(), found.call.as_str(), found.args.as_str()))
    };
    let id = |path: &str| call_id(row.block_number, row.extrinsic_index, path);
    let parent = row.path.rsplit_once('.').map(|(parent, _)| id(parent));
    let account = hex_of(&row.origin);
    let origin = match (account.as_ref(), row.origin.as_str()) {
        (Some(hex), _) => json!({ "__kind": "system", "value": { "__kind": "Signed", "value": hex } }),
        (None, "Root" | "None") => json!({ "__kind": "system", "value": { "__kind": row.origin } }),
        (None, _) => Value::Null,
    };
    json!({
        "id": id(&row.path),
        "extrinsic_id": item_id(row.block_number, row.extrinsic_index),
        "parent_id": parent,
        "extrinsic_index": row.extrinsic_index,
        "success": row.success,
        "error": error(row.error.as_deref()),
        "pallet": row.pallet,
        "name": row.call,
        "full_name": format!("{}.{}", row.pallet, row.call),
        "args": with_calls(&row.args, &find),
        "origin": origin,
        "origin_address": account,
        "timestamp": time(row.timestamp_ms),
        "block_number": row.block_number,
    })
}

/// `GET /api/proxy_call/v1`: calls of `Proxy.proxy`.
pub(super) async fn proxied(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = CallFilter {
        range: asked.range()?,
        pallet: Some("Proxy".to_owned()),
        call: Some("proxy".to_owned()),
        origin: asked.account("signer_address")?,
        ..CallFilter::default()
    };
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_calls(&filter, place.slice()).await?;
    let total = warehouse.count_calls(&filter).await?;
    let extrinsics =
        extrinsics_of(&app, rows.iter().map(|row| (row.block_number, row.extrinsic_index))).await?;
    let network = network(&app).await?;
    let row = |row: &CallRow| {
        let id = item_id(row.block_number, row.extrinsic_index);
        let args = stored(Some(&row.args));
        let extrinsic = extrinsics.get(&(row.block_number, row.extrinsic_index));
        let inner = extrinsic.and_then(|extrinsic| stored(Some(&extrinsic.args)).get("call").cloned());
        json!({
            "id": format!("{}-{id}", network.as_deref().unwrap_or_default()),
            "network": network,
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "signer_address": address(Some(&row.origin)),
            "real_address": address(args["real"]["Id"].as_str()),
            "args": inner.map(|inner| rewrite(&inner.to_string())["value"].clone()),
            "extrinsic_id": id,
            "extrinsic_hash": extrinsic.map(|extrinsic| extrinsic.hash.clone()),
        })
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}

/// Extrinsics by their place.
pub(super) async fn extrinsics_of(
    app: &App,
    places: impl Iterator<Item = (u64, u32)>,
) -> Result<HashMap<(u64, u32), ExtrinsicRow>, ApiError> {
    let mut places: Vec<_> = places.collect();
    places.sort_unstable();
    places.dedup();
    let rows = app.shared.state.warehouse.list_extrinsics_by_place(&places).await?;
    Ok(rows.into_iter().map(|row| ((row.block_number, row.extrinsic_index), row)).collect())
}

/// `GET /api/transfer/v1`.
pub(super) async fn transfers(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = TransferFilter {
        range: asked.range()?,
        account: asked.account("address")?,
        from: asked.account("from")?,
        to: asked.account("to")?,
        min_amount_rao: asked.value("amount_min")?,
    };
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_transfers(&filter, place.slice()).await?;
    let total = warehouse.count_transfers(&filter).await?;
    let places = rows.iter().filter_map(|row| Some((row.block_number, row.extrinsic_index?)));
    let extrinsics = extrinsics_of(&app, places).await?;
    let network = network(&app).await?;
    let row = |row: &TransferRow| {
        let extrinsic = row.extrinsic_index.and_then(|index| extrinsics.get(&(row.block_number, index)));
        json!({
            "id": format!("{}-{}", network.as_deref().unwrap_or_default(), item_id(row.block_number, row.event_index)),
            "to": address(Some(&row.to_account)),
            "from": address(Some(&row.from_account)),
            "network": network,
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "amount": digits(Some(row.amount_rao)),
            "fee": digits(extrinsic.and_then(|extrinsic| extrinsic.fee_rao)),
            "transaction_hash": extrinsic.map(|extrinsic| extrinsic.hash.clone()),
            "extrinsic_id": row.extrinsic_index.map(|index| item_id(row.block_number, index)),
        })
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_calls_follow_their_path() {
        assert_eq!(call_id(7, 4, "0"), "7-0004");
        assert_eq!(call_id(7, 4, "0.3"), "7-0004-3");
        assert_eq!(call_id(7, 4, "0.3.1"), "7-0004-3-1");
    }
}
