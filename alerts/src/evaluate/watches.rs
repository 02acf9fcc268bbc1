//! Rules that tell everything that touches something.

use serde_json::{Map, Value, json};
use yumascan_warehouse::{
    Warehouse,
    query::alerts::{MatchRow, Watched},
};

use super::wording;
use crate::{
    Alert, AlertError, AlertState,
    message::VERSION,
    rule::{Rule, WatchRule},
};

/// What touches it within a range, each told once; beyond `most` in one block, the rest as a number.
pub(super) async fn alerts_of(
    warehouse: &Warehouse,
    rule: &Rule,
    wanted: &WatchRule,
    range: (u64, u64),
    most: u32,
) -> Result<Vec<Alert>, AlertError> {
    let watched = match wanted {
        WatchRule::Address(account) | WatchRule::Hotkey(account) => Watched::Account(account),
        WatchRule::Subnet(netuid) => Watched::Subnet(*netuid),
        WatchRule::Call(pallet, name) => Watched::Call(pallet, name.as_deref()),
    };
    let rows = warehouse.list_matches(&watched, range, most).await?;
    let mut alerts = Vec::with_capacity(rows.len());
    for (position, row) in rows.iter().enumerate() {
        alerts.push(alert_of(rule, wanted, row));
        let is_last = rows.get(position + 1).is_none_or(|next| next.block_number != row.block_number);
        if is_last && row.total > u64::from(most) {
            alerts.push(rest_of(rule, wanted, row, row.total - u64::from(most)));
        }
    }
    Ok(alerts)
}

fn alert_of(rule: &Rule, wanted: &WatchRule, row: &MatchRow) -> Alert {
    let place = match (row.extrinsic_index, row.event_index) {
        (Some(index), _) => format!("{}-{index}", row.block_number),
        (None, Some(index)) => format!("{}#{index}", row.block_number),
        (None, None) => row.block_number.to_string(),
    };
    let failed = match (row.success, row.error.as_deref()) {
        (Some(false), Some(error)) => format!(", failed ({error})"),
        (Some(false), None) => ", failed".to_owned(),
        _ => String::new(),
    };
    let by = row.signer.as_deref().map(|signer| format!(" by {signer}")).unwrap_or_default();
    let subject = wanted.scope().replacen(':', " ", 1);
    let mut facts = Map::new();
    facts.insert("name".into(), row.name.clone().into());
    facts.insert("extrinsic_index".into(), json!(row.extrinsic_index));
    facts.insert("event_index".into(), json!(row.event_index));
    facts.insert("signer".into(), json!(row.signer));
    facts.insert("success".into(), json!(row.success));
    let link = match row.extrinsic_index {
        Some(index) => format!("/extrinsics/{}-{index}", row.block_number),
        None => format!("/blocks/{}", row.block_number),
    };
    whole(
        rule,
        wanted,
        row.block_number,
        &place,
        facts,
        (format!("{subject}: {}{by}{failed} in block {}", row.name, row.block_number), link),
    )
}

fn rest_of(rule: &Rule, wanted: &WatchRule, row: &MatchRow, more: u64) -> Alert {
    let block = row.block_number;
    let subject = wanted.scope().replacen(':', " ", 1);
    let mut facts: Map<String, Value> = Map::new();
    facts.insert("more".into(), more.to_string().into());
    facts.insert("total".into(), row.total.to_string().into());
    let title = format!("{subject}: {more} more of {} matches in block {block}", row.total);
    whole(rule, wanted, block, &format!("{block}+"), facts, (title, format!("/blocks/{block}")))
}

fn whole(
    rule: &Rule,
    wanted: &WatchRule,
    block: u64,
    place: &str,
    facts: Map<String, Value>,
    (title, link): (String, String),
) -> Alert {
    let key = Alert::key_of(&[&rule.name, &rule.definition.to_string(), place]);
    Alert {
        version: VERSION,
        idempotency_key: key.clone(),
        group: key,
        rule: rule.name.clone(),
        source: "watch".to_owned(),
        kind: wanted.kind().to_owned(),
        scope: wanted.scope(),
        state: AlertState::Firing,
        severity: rule.severity.to_owned(),
        block: Some(block),
        text: wording::facts_of(&facts),
        title,
        link: Some(link),
        facts,
    }
}
