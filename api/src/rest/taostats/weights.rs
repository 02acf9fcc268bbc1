//! Weights that validators set.

use std::collections::BTreeMap;

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::rows::WeightsRow;

use super::{
    asked::Asked,
    history::blocks,
    page::{Answer, Place},
    values::{address, newest, share, times},
};
use crate::{ApiError, http::App};

/// Keys of a subnet by uid, as they are now.
async fn keys(app: &App, netuid: u16) -> Result<BTreeMap<u16, String>, ApiError> {
    let moment = newest(app).await?;
    let warehouse = &app.shared.state.warehouse;
    let Some(subnet) = warehouse.find_subnet(netuid, &moment).await? else { return Ok(BTreeMap::new()) };
    let neurons = warehouse.list_metagraph(&subnet, &moment).await?;
    Ok(neurons.into_iter().filter_map(|row| Some((row.uid, row.hotkey?))).collect())
}

/// The neuron that a request names, by uid or hotkey.
fn wanted(asked: &Asked, keys: &BTreeMap<u16, String>) -> Result<Option<u16>, ApiError> {
    if let Some(uid) = asked.value("uid")? {
        return Ok(Some(uid));
    }
    let Some(hotkey) = asked.account("hotkey")? else { return Ok(None) };
    let found = keys.iter().find(|(_, key)| **key == hotkey);
    // a key that is not there has no weights: no neuron has this number
    Ok(Some(found.map_or(u16::MAX, |(uid, _)| *uid)))
}

async fn answer(
    app: &App,
    netuid: u16,
    rows: Vec<WeightsRow>,
    keys: &BTreeMap<u16, String>,
    named: bool,
) -> Result<Vec<Value>, ApiError> {
    let times = times(app, rows.iter().map(|row| row.block_number)).await?;
    let key = |uid: &u16| address(keys.get(uid).map(String::as_str));
    let row = |row: WeightsRow| {
        let edge = |(uid, value): (&u16, &u16)| match named {
            true => json!({ "uid": uid, "hotkey": key(uid), "weight": share(Some(*value)) }),
            false => json!({ "uid": uid, "weight": share(Some(*value)) }),
        };
        let mut written = json!({
            "hotkey": key(&row.uid),
            "netuid": netuid,
            "uid": row.uid,
            "block_number": row.block_number,
            "timestamp": times.get(&row.block_number),
            "weights": row.targets.iter().zip(&row.values).map(edge).collect::<Vec<_>>(),
        });
        if !named {
            for unknown in ["version_key", "call", "weights_hash"] {
                written[unknown] = Value::Null;
            }
        }
        written
    };
    Ok(rows.into_iter().map(row).collect())
}

async fn latest_as(app: App, asked: Asked, named: bool) -> Answer {
    let place = asked.place()?;
    let netuid = Asked::required("netuid", asked.value::<u16>("netuid")?)?;
    let moment = newest(&app).await?;
    let keys = keys(&app, netuid).await?;
    let warehouse = &app.shared.state.warehouse;
    let Some(epoch) = warehouse.find_epoch_block(netuid, moment.block).await? else {
        return Ok(place.envelope(Vec::new(), 0));
    };
    let rows = warehouse.list_weights(netuid, 0, epoch, wanted(&asked, &keys)?).await?;
    let (rows, total) = place.cut(rows.into_iter().filter(|row| !row.targets.is_empty()).collect());
    Ok(place.envelope(answer(&app, netuid, rows, &keys, named).await?, total))
}

async fn history_as(app: App, asked: Asked, named: bool) -> Answer {
    let place: Place = asked.place()?;
    let netuid = Asked::required("netuid", asked.value::<u16>("netuid")?)?;
    let keys = keys(&app, netuid).await?;
    let range = blocks(&app, &asked).await?;
    let uid = wanted(&asked, &keys)?;
    let (rows, total) = app.shared.state.warehouse.slice_weights(netuid, uid, range, place.slice()).await?;
    Ok(place.envelope(answer(&app, netuid, rows, &keys, named).await?, total))
}

/// `GET /api/validator/weights/latest/v1`: after the last epoch.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    latest_as(app, asked, false).await
}

/// `GET /api/validator/weights/latest/v2`.
pub(super) async fn latest_named(State(app): State<App>, asked: Asked) -> Answer {
    latest_as(app, asked, true).await
}

/// `GET /api/validator/weights/history/v1`: after every epoch. Keys are those of today.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    history_as(app, asked, false).await
}

/// `GET /api/validator/weights/history/v2`.
pub(super) async fn history_named(State(app): State<App>, asked: Asked) -> Answer {
    history_as(app, asked, true).await
}
