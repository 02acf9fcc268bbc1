//! The chain as a whole.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use yumascan_warehouse::query::{
    Range, extrinsics::ExtrinsicFilter, market::Moment, transfers::TransferFilter,
};

use super::{
    asked::Asked,
    history::{DAY_MS, moments},
    page::Answer,
    values::{digits, newest, time},
};
use crate::{ApiError, http::App, readiness};

/// `GET /api/status/v1`.
pub(super) async fn status(State(app): State<App>) -> Answer {
    let readiness = readiness(&app.shared.state).await;
    Ok(Json(json!({
        "ok": readiness.ready,
        "version": env!("CARGO_PKG_VERSION"),
        "status": { "timestamp": time(readiness.head_timestamp_ms), "block_number": readiness.head },
    })))
}

async fn value(app: &App, moment: &Moment) -> Result<Value, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let subnets = warehouse.list_subnets(moment).await?;
    let network = warehouse.find_network(moment).await?;
    let network = network.as_ref();
    let (accounts, holders) = warehouse.count_balances(moment).await?;
    let range = Range { to_block: Some(moment.block), ..Range::default() };
    let extrinsics =
        warehouse.count_extrinsics(&ExtrinsicFilter { range, ..ExtrinsicFilter::default() }).await?;
    let transfers = warehouse.count_transfers(&TransferFilter { range, ..TransferFilter::default() }).await?;
    let locked = subnets.iter().map(|row| row.locked_rao.map(u128::from)).sum::<Option<u128>>();
    let pools = subnets.iter().filter(|row| row.netuid != 0).map(|row| row.tao_in_rao.map(u128::from));
    let in_pools = pools.sum::<Option<u128>>();
    let on_root = network.and_then(|network| network.root_tao_rao);
    let issued = network.and_then(|network| network.total_issuance_rao);
    let staked = in_pools.zip(on_root).map(|(pools, root)| pools + u128::from(root));
    Ok(json!({
        "block_number": moment.block,
        "timestamp": time(moment.timestamp_ms),
        "issued": digits(issued),
        "staked": digits(staked),
        "staked_alpha": digits(in_pools),
        "staked_root": digits(on_root),
        "staked_root_on_keep": null,
        "staked_root_on_swap": null,
        "subnet_locked": digits(locked),
        "free": digits(issued.zip(staked).and_then(|(issued, staked)| u128::from(issued).checked_sub(staked))),
        "accounts": accounts,
        "active_accounts": null,
        "balance_holders": holders,
        "active_balance_holders": null,
        "extrinsics": extrinsics,
        "transfers": transfers,
        "subnets": network.and_then(|network| network.subnet_count).map_or(subnets.len(), usize::from),
        "subnet_registration_cost": digits(network.and_then(|network| network.lock_cost_rao)),
    }))
}

/// `GET /api/stats/latest/v1`. Counts are those of the stored blocks.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    Ok(place.envelope_of(vec![value(&app, &moment).await?]))
}

/// `GET /api/stats/history/v1`: at the end of every day.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let mut rows = Vec::with_capacity(moments.len());
    for moment in &moments {
        rows.push(value(&app, moment).await?);
    }
    Ok(place.envelope(rows, total))
}
