//! Incidents on their way to warehouse and store.

use yumascan_store::{IncidentStanding, Store};
use yumascan_warehouse::{
    IncidentReceipt, Warehouse,
    rows::{IncidentEventRow, IncidentRow},
};

use crate::{
    Incident,
    error::WatchError,
    incident::{EventKind, IncidentEvent},
    ledger::Changes,
};

/// The row of an incident.
pub(super) fn row_of(incident: &Incident) -> IncidentRow {
    IncidentRow {
        first_block: incident.first_block,
        ordinal: IncidentRow::ordinal_of(&incident.id),
        id: incident.id.clone(),
        kind: incident.kind.name().to_owned(),
        lane: incident.kind.info().lane.name().to_owned(),
        scope: incident.scope.to_string(),
        severity: incident.severity.name().to_owned(),
        state: incident.state.name().to_owned(),
        last_block: incident.last_block,
        closed_block: incident.closed_block,
        score: crate::stats::rounded(incident.score),
        title: incident.title.clone(),
        netuids: incident.netuids.clone(),
        accounts: incident.accounts.clone(),
        evidence: serde_json::to_string(&incident.evidence).unwrap_or_default(),
        thresholds: incident.thresholds.to_string(),
        detector_version: incident.detector_version,
        events: incident.events,
    }
}

fn event_row_of(event: &IncidentEvent) -> IncidentEventRow {
    IncidentEventRow {
        block_number: event.block,
        incident_id: event.incident_id.clone(),
        position: event.position,
        kind: event.kind.name().to_owned(),
        severity: event.severity.name().to_owned(),
        score: event.score,
        title: event.title.clone(),
    }
}

fn standing_of(row: &IncidentRow) -> IncidentStanding {
    IncidentStanding {
        id: row.id.clone(),
        kind: row.kind.clone(),
        scope: row.scope.clone(),
        severity: row.severity.clone(),
        state: row.state.clone(),
        first_block: row.first_block,
        last_block: row.last_block,
        closed_block: row.closed_block,
        title: row.title.clone(),
        mark: None,
    }
}

/// Stores what happened. Doing so again changes nothing.
pub(super) async fn record(
    warehouse: &Warehouse,
    store: &Store,
    changes: &Changes,
) -> Result<IncidentReceipt, WatchError> {
    if changes.is_empty() {
        return Ok(IncidentReceipt::default());
    }
    let rows: Vec<_> = changes.incidents.iter().map(row_of).collect();
    let events: Vec<_> = changes.events.iter().map(event_row_of).collect();
    let receipt = warehouse.write_incidents(&rows, &events).await?;
    let standings: Vec<_> = rows.iter().map(standing_of).collect();
    store.set_incident_standings(&standings).await?;
    for event in changes.events.iter().filter(|event| event.kind == EventKind::Opened) {
        metrics::counter!("yumascan_watch_incidents_total", "severity" => event.severity.name()).increment(1);
    }
    Ok(receipt)
}

/// Marks incidents as retracted: a replay with better data does not find them.
pub(super) async fn retract(
    warehouse: &Warehouse,
    store: &Store,
    ids: &[String],
    at: u64,
) -> Result<u64, WatchError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut rows = warehouse.list_incidents_by_id(ids).await?;
    let mut events = Vec::new();
    for row in &mut rows {
        events.push(IncidentEventRow {
            block_number: at,
            incident_id: row.id.clone(),
            position: row.events,
            kind: EventKind::Retracted.name().to_owned(),
            severity: row.severity.clone(),
            score: row.score,
            title: row.title.clone(),
        });
        row.events += 1;
        "retracted".clone_into(&mut row.state);
        row.closed_block = row.closed_block.or(Some(at));
    }
    warehouse.write_incidents(&rows, &events).await?;
    let standings: Vec<_> = rows.iter().map(standing_of).collect();
    store.set_incident_standings(&standings).await?;
    Ok(rows.len() as u64)
}
