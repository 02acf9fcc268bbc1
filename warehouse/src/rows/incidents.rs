//! Rows of incidents.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// Row of `incidents`. Texts as in the table's comments.
#[derive(Debug, Clone, Default, PartialEq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct IncidentRow {
    pub first_block: u64,
    pub ordinal: u64,
    pub id: String,
    pub kind: String,
    pub lane: String,
    pub scope: String,
    pub severity: String,
    pub state: String,
    pub last_block: u64,
    pub closed_block: Option<u64>,
    pub score: f64,
    pub title: String,
    pub netuids: Vec<u16>,
    pub accounts: Vec<String>,
    /// JSON.
    pub evidence: String,
    /// JSON.
    pub thresholds: String,
    pub detector_version: u32,
    pub events: u32,
}

impl IncidentRow {
    /// What tells incidents of one block apart, from an id of 32 hex digits.
    #[must_use]
    pub fn ordinal_of(id: &str) -> u64 {
        id.get(..16).and_then(|head| u64::from_str_radix(head, 16).ok()).unwrap_or(0)
    }
}

/// Row of `incident_events`.
#[derive(Debug, Clone, Default, PartialEq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct IncidentEventRow {
    pub block_number: u64,
    pub incident_id: String,
    pub position: u32,
    pub kind: String,
    pub severity: String,
    pub score: f64,
    pub title: String,
}
