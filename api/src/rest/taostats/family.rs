//! Parents and children of hotkeys.

use std::collections::BTreeMap;

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_protocol::fixed::U64F64;
use yumascan_warehouse::query::market::{
    Moment,
    validators::{Family, Relation, ValidatorSeat},
};

use super::{
    asked::Asked,
    history::{DAY_MS, moments},
    metagraph::{Common, metric},
    page::Answer,
    values::{address, digits, merged, newest, share, time},
};
use crate::{ApiError, graphql::Decimal, http::App};

/// Validators with their families at a moment: one row a subnet.
async fn rows(app: &App, asked: &Asked, moment: &Moment) -> Result<Vec<Value>, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let (hotkey, netuid) = (asked.account("hotkey")?, asked.value::<u16>("netuid")?);
    let takes = warehouse.list_current_takes(moment).await?;
    let child_takes: BTreeMap<(String, u16), u16> = warehouse
        .list_childkey_takes(moment)
        .await?
        .into_iter()
        .map(|(key, netuid, take)| ((key, netuid), take))
        .collect();
    let families = families(warehouse.list_children(netuid, moment).await?);
    let none = Family::default();
    let mut written = Vec::new();
    for of in warehouse.list_validators(moment).await? {
        if hotkey.as_ref().is_some_and(|key| *key != of.hotkey) {
            continue;
        }
        for seat in of.seats.iter().filter(|seat| netuid.is_none_or(|netuid| netuid == seat.neuron.netuid)) {
            let key = (of.hotkey.clone(), seat.neuron.netuid);
            let family = families.get(&key).unwrap_or(&none);
            let child_take = child_takes.get(&key).copied();
            written.push(row(
                &of.hotkey,
                of.coldkey.as_deref(),
                seat,
                family,
                takes.get(&of.hotkey).copied(),
                child_take,
                moment,
            ));
        }
    }
    Ok(written)
}

/// Families by hotkey and subnet.
fn families(rows: Vec<yumascan_warehouse::rows::ChildKeysRow>) -> BTreeMap<(String, u16), Family> {
    let mut families: BTreeMap<(String, u16), Family> = BTreeMap::new();
    for row in rows {
        for (proportion, child) in row.children {
            let relation = |hotkey: &str| Relation {
                netuid: row.netuid,
                hotkey: hotkey.to_owned(),
                proportion,
                since_block: row.block_number,
            };
            families.entry((row.hotkey.clone(), row.netuid)).or_default().children.push(relation(&child));
            families.entry((child, row.netuid)).or_default().parents.push(relation(&row.hotkey));
        }
    }
    families
}

fn row(
    hotkey: &str,
    coldkey: Option<&str>,
    seat: &ValidatorSeat,
    family: &Family,
    take: Option<u16>,
    child_take: Option<u16>,
    moment: &Moment,
) -> Value {
    let neuron = &seat.neuron;
    let is_alone = family.children.is_empty() && family.parents.is_empty();
    // histories of families carry the neuron, too
    let neuron_part = metric(neuron, Common::default(), moment.block);
    let own = json!({
        "hotkey": address(Some(hotkey)),
        "coldkey": address(coldkey),
        "block_number": moment.block,
        "timestamp": time(moment.timestamp_ms),
        "netuid": neuron.netuid,
        "stake": digits(neuron.alpha_stake_rao),
        "root_stake": digits(neuron.root_stake_rao),
        "family_stake": digits(neuron.alpha_stake_rao.filter(|_| is_alone)),
        "take": share(take),
        "childkey_take": share(child_take),
        "children": family.children.iter().map(relation).collect::<Vec<_>>(),
        "parents": family.parents.iter().map(relation).collect::<Vec<_>>(),
    });
    merged(neuron_part, own)
}

fn relation(of: &Relation) -> Value {
    json!({
        "hotkey": address(Some(&of.hotkey)),
        "proportion": Decimal::rate(U64F64::from_u64_share(of.proportion)).0,
        "since_block": of.since_block,
    })
}

/// `GET /api/hotkey/family/latest/v1`.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    Ok(place.envelope_of(rows(&app, &asked, &moment).await?))
}

/// `GET /api/hotkey/family/history/v1`: at the end of every day.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    Asked::required("hotkey", asked.account("hotkey")?)?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let mut written = Vec::new();
    for moment in &moments {
        written.extend(rows(&app, &asked, moment).await?);
    }
    Ok(place.envelope(written, total))
}
