//! Writing incidents. Writing the same again changes nothing.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Serialize;
use yumascan_chain::Hash;

use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rowbinary::write_row,
    rows::{IncidentEventRow, IncidentRow},
};

/// What [`Warehouse::write_incidents`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct IncidentReceipt {
    /// Incidents that were new or different.
    pub incidents: u64,
    /// Steps of their history that were new or different.
    pub events: u64,
}

impl Warehouse {
    /// Makes the stored incidents those of `incidents` (each once), and adds `events` to their history; steps that are
    /// stored already are left, others from the first difference on are replaced.
    ///
    /// # Errors
    /// See [`WarehouseError::is_transient`] for whether to call again.
    pub async fn write_incidents(
        &self,
        incidents: &[IncidentRow],
        events: &[IncidentEventRow],
    ) -> Result<IncidentReceipt, WarehouseError> {
        // the history first: an incident that can be seen has its own
        let events = self.write_incident_events(events).await?;
        let ids: Vec<String> = incidents.iter().map(|row| row.id.clone()).collect();
        let stored = self.list_incidents_by_id(&ids).await?;
        let stored: HashMap<&str, &IncidentRow> = stored.iter().map(|row| (row.id.as_str(), row)).collect();
        let changed: Vec<&IncidentRow> =
            incidents.iter().filter(|row| stored.get(row.id.as_str()) != Some(row)).collect();
        if changed.is_empty() {
            return Ok(IncidentReceipt { incidents: 0, events });
        }
        self.append_rows("incidents", &changed).await?;
        let replaced: Vec<String> =
            changed.iter().map(|row| row.id.clone()).filter(|id| stored.contains_key(id.as_str())).collect();
        if !replaced.is_empty() {
            self.drop_replaced(&replaced).await?;
        }
        Ok(IncidentReceipt { incidents: changed.len() as u64, events })
    }

    /// Deletes rows that a newer one of the same incident replaced, where an interrupted write left some.
    pub async fn tidy_incidents(&self) -> Result<(), WarehouseError> {
        let sql = Sql::new("SELECT id FROM incidents GROUP BY id HAVING count() > 1");
        let doubled = self.fetch_all::<String>("look for replaced incidents", sql).await?;
        if doubled.is_empty() { Ok(()) } else { self.drop_replaced(&doubled).await }
    }

    async fn drop_replaced(&self, ids: &[String]) -> Result<(), WarehouseError> {
        let sql = Sql::new(
            "DELETE FROM incidents WHERE id IN ? AND (id, written_at) NOT IN \
             (SELECT id, max(written_at) FROM incidents WHERE id IN ? GROUP BY id) \
             SETTINGS lightweight_deletes_sync = 2",
        );
        self.execute("delete replaced incidents", sql.bind(ids.to_vec()).bind(ids.to_vec())).await
    }

    async fn write_incident_events(&self, events: &[IncidentEventRow]) -> Result<u64, WarehouseError> {
        if events.is_empty() {
            return Ok(0);
        }
        let mut ids: Vec<String> = events.iter().map(|row| row.incident_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let sql = Sql::new("SELECT ?fields FROM incident_events WHERE incident_id IN ?").bind(ids);
        let stored = self.fetch_all::<IncidentEventRow>("read the history of incidents", sql).await?;
        let stored: HashMap<(&str, u32), &IncidentEventRow> =
            stored.iter().map(|row| ((row.incident_id.as_str(), row.position), row)).collect();
        let is_stored =
            |row: &&IncidentEventRow| stored.get(&(row.incident_id.as_str(), row.position)) == Some(row);
        let changed: Vec<&IncidentEventRow> = events.iter().filter(|row| !is_stored(row)).collect();
        for row in &changed {
            // a step that differs: what was told from it on is told anew
            if stored.contains_key(&(row.incident_id.as_str(), row.position)) {
                let sql = Sql::new(
                    "DELETE FROM incident_events WHERE incident_id = ? AND position >= ? SETTINGS lightweight_deletes_sync = 2",
                );
                let sql = sql.bind(row.incident_id.as_str()).bind(row.position);
                self.execute("delete the history of an incident", sql).await?;
                let later: Vec<&IncidentEventRow> = events
                    .iter()
                    .filter(|other| other.incident_id == row.incident_id && other.position >= row.position)
                    .filter(|other| is_stored(other))
                    .collect();
                self.append_rows("incident_events", &later).await?;
            }
        }
        self.append_rows("incident_events", &changed).await?;
        Ok(changed.len() as u64)
    }

    async fn append_rows<R: Row + Serialize>(
        &self,
        table: &'static str,
        rows: &[&R],
    ) -> Result<(), WarehouseError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for row in rows {
            write_row(&mut bytes, *row)
                .map_err(|source| WarehouseError::Encode { table, reason: source.to_string() })?;
        }
        // the comparison before is what keeps rows from being stored twice
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let seed = format!("{}:{}:{}", now.as_nanos(), self.queries_executed(), std::process::id());
        let token = format!("{table}:{}", Hash::blake2_256(seed.as_bytes()));
        self.insert_bytes("store incidents", table, R::COLUMN_NAMES, bytes.into(), &token).await
    }
}
