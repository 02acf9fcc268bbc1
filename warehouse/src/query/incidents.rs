//! Incidents and their history.

pub mod density;
pub mod loads;

use crate::{
    Cursor, Keyed, Page, PageRequest, Warehouse, WarehouseError,
    query::{
        Range,
        sql::{Conditions, Sql},
    },
    rows::{IncidentEventRow, IncidentRow},
};

/// Which incidents.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct IncidentFilter {
    /// Those that touch these blocks and times.
    pub range: Range,
    /// Kinds; empty for all.
    pub kinds: Vec<String>,
    /// Severities, e.g. `S1`; empty for all.
    pub severities: Vec<String>,
    /// `open`, `closed` or `retracted`; without it all but the retracted.
    pub state: Option<String>,
    /// What they are about, as stored.
    pub scope: Option<String>,
    /// A subnet that is involved.
    pub netuid: Option<u16>,
    /// An account that is involved, SS58.
    pub account: Option<String>,
}

/// The row written last is the incident; an older one may still be there for a moment. As a condition it leaves evidence,
/// which is by far the most of a row, unread until a row is wanted.
const CURRENT: &str = "(id, written_at) IN (SELECT id, max(written_at) FROM incidents GROUP BY id)";

impl IncidentFilter {
    fn conditions(&self) -> Conditions {
        let mut conditions = Conditions::default();
        conditions
            .and(Sql::new(CURRENT))
            .at_most("first_block", self.range.to_block)
            .at_least("last_block", self.range.from_block)
            .equal("scope", self.scope.as_deref())
            .equal("state", self.state.as_deref());
        if self.state.is_none() {
            conditions.and(Sql::new("state != 'retracted'"));
        }
        if !self.kinds.is_empty() {
            conditions.and(Sql::new("kind IN ?").bind(self.kinds.clone()));
        }
        if !self.severities.is_empty() {
            conditions.and(Sql::new("severity IN ?").bind(self.severities.clone()));
        }
        if let Some(from_ms) = self.range.from_ms {
            let first = "(SELECT minOrNull(number) FROM blocks WHERE timestamp_ms >= ?)";
            conditions.and(Sql::new(format!("last_block >= {first}")).bind(from_ms));
        }
        if let Some(to_ms) = self.range.to_ms {
            let last = "(SELECT maxOrNull(number) FROM blocks WHERE timestamp_ms <= ?)";
            conditions.and(Sql::new(format!("first_block <= {last}")).bind(to_ms));
        }
        if let Some(netuid) = self.netuid {
            conditions.and(Sql::new("has(netuids, ?)").bind(u32::from(netuid)));
        }
        if let Some(account) = &self.account {
            conditions.and(Sql::new("has(accounts, ?)").bind(account.as_str()));
        }
        conditions
    }
}

impl Keyed for IncidentRow {
    fn cursor(&self) -> Cursor {
        #[allow(clippy::cast_possible_truncation)]
        let minor = self.ordinal as u32;
        let major = u32::try_from(self.ordinal >> 32).unwrap_or(u32::MAX);
        Cursor { block: self.first_block, major, minor }
    }
}

impl Warehouse {
    /// Incidents by first block, newest first or as asked.
    pub async fn list_incidents(
        &self,
        filter: &IncidentFilter,
        page: PageRequest,
    ) -> Result<Page<IncidentRow>, WarehouseError> {
        let ascending = page.reads_ascending();
        let mut conditions = filter.conditions();
        let beyond = |cursor: Cursor, ascending: bool| {
            let ordinal = u64::from(cursor.major) << 32 | u64::from(cursor.minor);
            let comparison = if ascending { ">" } else { "<" };
            Sql::new(format!("(first_block, ordinal) {comparison} (?, ?)")).bind(cursor.block).bind(ordinal)
        };
        let position = if page.is_backward() { page.before } else { page.after };
        if let Some(cursor) = position {
            conditions.and(beyond(cursor, ascending));
        }
        if let (Some(_), Some(after)) = (page.before, page.after) {
            conditions.and(beyond(after, !ascending));
        }
        let direction = if ascending { "ASC" } else { "DESC" };
        let sql = Sql::new("SELECT ?fields FROM incidents")
            .append(&conditions.to_where())
            .push(&format!(" ORDER BY first_block {direction}, ordinal {direction} LIMIT ?"))
            .bind(page.limit.saturating_add(1));
        let mut rows = self.fetch_all::<IncidentRow>("list incidents", sql).await?;
        let has_more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        if page.is_backward() {
            rows.reverse();
            return Ok(Page { rows, has_previous: has_more || page.after.is_some(), has_next: true });
        }
        Ok(Page { rows, has_previous: page.after.is_some(), has_next: has_more })
    }

    /// How many incidents there are.
    pub async fn count_incidents(&self, filter: &IncidentFilter) -> Result<u64, WarehouseError> {
        let sql = Sql::new("SELECT count() FROM incidents").append(&filter.conditions().to_where());
        self.fetch_count("count incidents", sql).await
    }

    /// An incident by its id.
    pub async fn find_incident(&self, id: &str) -> Result<Option<IncidentRow>, WarehouseError> {
        let sql =
            Sql::new("SELECT ?fields FROM incidents WHERE id = ? ORDER BY written_at DESC LIMIT 1").bind(id);
        self.fetch_optional("find an incident", sql).await
    }

    /// Incidents that show in a block, the most severe first, at most `limit`.
    pub async fn list_incidents_at(
        &self,
        block: u64,
        limit: u32,
    ) -> Result<Vec<IncidentRow>, WarehouseError> {
        let sql = Sql::new(format!(
            "SELECT ?fields FROM incidents WHERE {CURRENT} AND first_block <= ? AND last_block >= ? AND state != 'retracted' \
             ORDER BY severity, first_block, ordinal LIMIT ?"
        ));
        self.fetch_all("list incidents of a block", sql.bind(block).bind(block).bind(limit)).await
    }

    /// Open incidents of some severities, the most severe and then the newest first, at most `limit`.
    pub async fn list_open_incidents(
        &self,
        severities: &[&str],
        limit: u32,
    ) -> Result<Vec<IncidentRow>, WarehouseError> {
        let wanted: Vec<String> = severities.iter().map(|severity| (*severity).to_owned()).collect();
        let sql = Sql::new(format!(
            "SELECT ?fields FROM incidents WHERE {CURRENT} AND state = 'open' AND severity IN ? \
             ORDER BY severity, first_block DESC, ordinal LIMIT ?"
        ));
        self.fetch_all("list open incidents", sql.bind(wanted).bind(limit)).await
    }

    /// The history of an incident, in order.
    pub async fn list_incident_events(&self, id: &str) -> Result<Vec<IncidentEventRow>, WarehouseError> {
        let sql = Sql::new("SELECT ?fields FROM incident_events WHERE incident_id = ? ORDER BY position");
        self.fetch_all("list the history of an incident", sql.bind(id)).await
    }

    /// Ids and last blocks of incidents of some kinds that begin within `from..=to` and are not retracted.
    pub async fn list_incident_ids(
        &self,
        kinds: &[String],
        from: u64,
        to: u64,
    ) -> Result<Vec<String>, WarehouseError> {
        if kinds.is_empty() {
            return Ok(Vec::new());
        }
        let sql = Sql::new(format!(
            "SELECT id FROM incidents WHERE {CURRENT} AND kind IN ? AND first_block BETWEEN ? AND ? AND state != 'retracted' \
             ORDER BY first_block, ordinal"
        ));
        self.fetch_all("list incidents", sql.bind(kinds.to_vec()).bind(from).bind(to)).await
    }

    /// Incidents by id, in any order.
    pub async fn list_incidents_by_id(&self, ids: &[String]) -> Result<Vec<IncidentRow>, WarehouseError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql =
            Sql::new(format!("SELECT ?fields FROM incidents WHERE {CURRENT} AND id IN ?")).bind(ids.to_vec());
        self.fetch_all("list incidents by id", sql).await
    }
}
