//! Runtimes and parameters of the chain.

use axum::extract::State;
use serde_json::{Map, Value, json};
use yumascan_warehouse::rows::RuntimeVersionRow;

use super::{
    asked::Asked,
    page::Answer,
    values::{newest, stored, time, times},
};
use crate::{ApiError, http::App};

async fn rows(app: &App) -> Result<Vec<Value>, ApiError> {
    let rows = app.shared.state.warehouse.list_runtime_versions().await?;
    let times = times(app, rows.iter().map(|row| row.first_block)).await?;
    let row = |row: RuntimeVersionRow| {
        json!({
            "block_number": row.first_block,
            "timestamp": times.get(&row.first_block),
            "runtime_version": row.spec_version,
        })
    };
    Ok(rows.into_iter().map(row).collect())
}

/// `GET /api/runtime_version/latest/v1`: the runtime of the newest block.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let head = app.shared.state.warehouse.find_head().await?;
    let row = head.map(|head| {
        json!({
            "block_number": head.number,
            "timestamp": time(head.timestamp_ms),
            "runtime_version": head.spec_version,
        })
    });
    Ok(place.envelope_of(row.into_iter().collect()))
}

/// `GET /api/runtime_version/history/v1`: the first stored block of every runtime, newest first.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let mut rows = rows(&app).await?;
    if place.order == yumascan_warehouse::Order::Oldest {
        rows.reverse();
    }
    Ok(place.envelope_of(rows))
}

/// `GET /api/network_parameter/latest/v1`: every parameter under the name of its storage item in small letters.
pub(super) async fn parameters(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    let rows = app.shared.state.warehouse.list_network_parameters(&moment).await?;
    let mut written = Map::new();
    written.insert("block_number".to_owned(), moment.block.into());
    written.insert("timestamp".to_owned(), time(moment.timestamp_ms));
    written.extend(rows.into_iter().map(|row| (snake(&row.name), stored(row.new_value.as_deref()))));
    Ok(place.envelope_of(vec![Value::Object(written)]))
}

/// `NetworkImmunityPeriod` as `network_immunity_period`.
fn snake(name: &str) -> String {
    let mut written = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !written.is_empty() && !written.ends_with('_') {
            written.push('_');
        }
        written.push(if letter == '.' { '_' } else { letter.to_ascii_lowercase() });
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parameters_are_in_small_letters() {
        assert_eq!(snake("NetworkImmunityPeriod"), "network_immunity_period");
        assert_eq!(snake("Swap.FeeRate"), "swap_fee_rate");
    }
}
