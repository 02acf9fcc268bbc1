//! Stake that was added, removed or given away.

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::{query::market::stake_moves::StakeMoveFilter, rows::StakeMoveRow};

use super::{
    asked::Asked,
    page::Answer,
    values::{address, digits, hex_of, item_id, network, percent, price, time},
};
use crate::{ApiError, http::App};

/// `GET /api/delegation/v1`.
pub(super) async fn list(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let kind = match asked.text("action").map(str::to_ascii_lowercase).as_deref() {
        None | Some("all") => None,
        Some("delegate") => Some("stake_added"),
        Some("undelegate") => Some("stake_removed"),
        Some(_) => return Err(ApiError::BadInput("`action` is `delegate`, `undelegate` or `all`".into())),
    };
    let kind = match asked.value::<bool>("is_transfer")? {
        Some(true) => Some("stake_transferred"),
        _ => kind,
    };
    let filter = StakeMoveFilter {
        range: asked.range()?,
        netuid: asked.value("netuid")?,
        coldkey: asked.account("nominator")?,
        hotkey: asked.account("delegate")?,
        kind: kind.map(str::to_owned),
        side: None,
        min_tao_rao: asked.value("amount_min")?,
    };
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_stake_moves(&filter, place.slice()).await?;
    let total = warehouse.count_stake_moves(&filter).await?;
    let network = network(&app).await?.unwrap_or_default();
    Ok(place.envelope(rows.iter().map(|row| value(row, &network)).collect(), total))
}

fn value(row: &StakeMoveRow, network: &str) -> Value {
    let action = match row.kind.as_str() {
        "stake_added" => Some("DELEGATE"),
        "stake_removed" => Some("UNDELEGATE"),
        _ => None,
    };
    let hex = |key: Option<&String>| key.and_then(|key| hex_of(key)).unwrap_or_default();
    let id = format!(
        "{network}-{}-{}-{}-{}-{}",
        row.netuid.unwrap_or_default(),
        hex(row.hotkey.as_ref()),
        hex(row.coldkey.as_ref()),
        row.block_number,
        row.event_index
    );
    let is_transfer = row.kind == "stake_transferred";
    let fee_rao = row.fee.filter(|_| row.fee_unit.as_deref() == Some("rao"));
    json!({
        "id": id,
        "block_number": row.block_number,
        "timestamp": time(row.timestamp_ms),
        "action": action.map_or_else(|| row.kind.to_ascii_uppercase(), str::to_owned),
        "nominator": address(row.coldkey.as_deref()),
        "delegate": address(row.hotkey.as_deref()),
        "amount": digits(row.tao_rao),
        "alpha": digits(row.alpha_rao),
        "usd": null,
        "alpha_price_in_tao": price(row.price_bits),
        "alpha_price_in_usd": null,
        "slippage": percent(row.slippage.map(i64::from)),
        "fee": digits(fee_rao),
        "netuid": row.netuid,
        "extrinsic_id": row.extrinsic_index.map(|index| item_id(row.block_number, index)),
        "is_transfer": is_transfer.then_some(true),
        "transfer_address": if is_transfer { address(row.to_coldkey.as_deref()) } else { Value::Null },
    })
}
