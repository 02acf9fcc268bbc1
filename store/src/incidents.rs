//! Where incidents stand, and what operators said of them.

use sqlx::any::AnyRow;
use yumascan_chain::BlockNumber;

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// Where an incident stands. Texts as in the warehouse's table `incidents`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentStanding {
    /// Its id, 32 hex digits.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// Scope.
    pub scope: String,
    /// `S1` to `S4`.
    pub severity: String,
    /// `open`, `closed` or `retracted`.
    pub state: String,
    /// First block in which it shows.
    pub first_block: BlockNumber,
    /// Last block in which it showed.
    pub last_block: BlockNumber,
    /// Block at which it was known to be over.
    pub closed_block: Option<BlockNumber>,
    /// What happened, in one sentence.
    pub title: String,
    /// What an operator said of it.
    pub mark: Option<IncidentMark>,
}

/// What an operator may say of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Seen, somebody is at it.
    Acknowledged,
    /// No further word about it is wanted.
    Silenced,
}

impl Mark {
    /// Stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Silenced => "silenced",
        }
    }
}

/// An operator's word about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentMark {
    /// What.
    pub mark: Mark,
    /// Why.
    pub note: String,
    /// Who.
    pub marked_by: String,
    /// When, milliseconds since the Unix epoch.
    pub marked_at_ms: u64,
}

const COLUMNS: &str = "s.id AS id, s.kind AS kind, s.scope AS scope, s.severity AS severity, s.state AS state, \
     s.first_block AS first_block, s.last_block AS last_block, s.closed_block AS closed_block, s.title AS title, \
     m.mark AS mark, m.note AS note, m.marked_by AS marked_by, m.marked_at_ms AS marked_at_ms \
     FROM incident_standings s LEFT JOIN incident_marks m ON m.id = s.id";

impl Store {
    /// Notes where incidents stand; marks are kept.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn set_incident_standings(&self, standings: &[IncidentStanding]) -> Result<(), StoreError> {
        let doing = "note where incidents stand";
        let mut transaction = self.pool.begin().await.map_err(failed(doing))?;
        for standing in standings {
            let closed = standing.closed_block.map(|block| row::stored(block, "closed_block")).transpose()?;
            sqlx::query(
                "INSERT INTO incident_standings (id, kind, scope, severity, state, first_block, last_block,
                                                 closed_block, title, updated_at_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (id) DO UPDATE
                 SET severity = excluded.severity, state = excluded.state, last_block = excluded.last_block,
                     closed_block = excluded.closed_block, title = excluded.title,
                     updated_at_ms = excluded.updated_at_ms",
            )
            .bind(standing.id.as_str())
            .bind(standing.kind.as_str())
            .bind(standing.scope.as_str())
            .bind(standing.severity.as_str())
            .bind(standing.state.as_str())
            .bind(row::stored(standing.first_block, "first_block")?)
            .bind(row::stored(standing.last_block, "last_block")?)
            .bind(closed)
            .bind(standing.title.as_str())
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(failed(doing))?;
        }
        transaction.commit().await.map_err(failed(doing))
    }

    /// Where an incident stands.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_incident_standing(&self, id: &str) -> Result<Option<IncidentStanding>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} WHERE s.id = $1"));
        let found = sqlx::query(sql)
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find where an incident stands"))?;
        found.as_ref().map(standing).transpose()
    }

    /// Open incidents, the most severe first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_open_incidents(&self) -> Result<Vec<IncidentStanding>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} WHERE s.state = 'open' ORDER BY s.severity, s.first_block, s.id"
        ));
        let found = sqlx::query(sql).fetch_all(&self.pool).await.map_err(failed("list open incidents"))?;
        found.iter().map(standing).collect()
    }

    /// Notes what an operator says of an incident; a later word replaces an earlier one.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn mark_incident(
        &self,
        id: &str,
        mark: Mark,
        note: &str,
        marked_by: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO incident_marks (id, mark, note, marked_by, marked_at_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE
             SET mark = excluded.mark, note = excluded.note, marked_by = excluded.marked_by,
                 marked_at_ms = excluded.marked_at_ms",
        )
        .bind(id)
        .bind(mark.name())
        .bind(note)
        .bind(marked_by)
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(failed("mark an incident"))?;
        Ok(())
    }

    /// Takes back what an operator said of an incident.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn unmark_incident(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM incident_marks WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .map_err(failed("unmark an incident"))?;
        Ok(())
    }
}

fn standing(found: &AnyRow) -> Result<IncidentStanding, StoreError> {
    let mark = match row::optional_text(found, "mark")?.as_deref() {
        None => None,
        Some(name) => Some(IncidentMark {
            mark: if name == "silenced" { Mark::Silenced } else { Mark::Acknowledged },
            note: row::text(found, "note")?,
            marked_by: row::text(found, "marked_by")?,
            marked_at_ms: row::number(found, "marked_at_ms")?,
        }),
    };
    Ok(IncidentStanding {
        id: row::text(found, "id")?,
        kind: row::text(found, "kind")?,
        scope: row::text(found, "scope")?,
        severity: row::text(found, "severity")?,
        state: row::text(found, "state")?,
        first_block: row::number(found, "first_block")?,
        last_block: row::number(found, "last_block")?,
        closed_block: row::optional_number(found, "closed_block")?,
        title: row::text(found, "title")?,
        mark,
    })
}
