//! Rules: what is watched, and how far it was evaluated.

use sqlx::{Row, any::AnyRow};

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// A rule as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRecord {
    /// Its name.
    pub name: String,
    /// What it watches (JSON).
    pub definition: String,
    /// Where its alerts go: names of sinks, sorted.
    pub sinks: Vec<String>,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// How often it was edited.
    pub revision: u64,
    /// Number that its next alert gets.
    pub next_sequence: u64,
    /// How far it was evaluated, and what it remembers (JSON); `None` before the first evaluation.
    pub position: Option<String>,
    /// When it was made, milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// When it was last edited.
    pub updated_at_ms: u64,
}

/// A rule to be made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleSave<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it watches (JSON).
    pub definition: &'a str,
    /// Names of sinks.
    pub sinks: &'a [String],
    /// Whether it is evaluated.
    pub enabled: bool,
}

impl Store {
    /// Makes or changes a rule. A rule whose definition changes, or that is enabled again, begins anew at the head; its
    /// alerts go on being numbered.
    ///
    /// # Errors
    /// [`StoreError::SinkUnknown`] for a sink that there is not.
    pub async fn save_rule(&self, rule: RuleSave<'_>) -> Result<RuleRecord, StoreError> {
        const DOING: &str = "save a rule";
        let mut transaction = self.pool.begin().await.map_err(failed(DOING))?;
        sqlx::query(
            "INSERT INTO alert_rules
                 (name, definition, enabled, revision, next_sequence, position, created_at_ms, updated_at_ms)
             VALUES ($1, $2, $3, 1, COALESCE((SELECT MAX(sequence) FROM alerts WHERE rule = $1), 0) + 1, NULL, $4, $4)
             ON CONFLICT (name) DO UPDATE
             SET position = CASE WHEN alert_rules.definition = excluded.definition
                                      AND alert_rules.enabled = excluded.enabled
                                 THEN alert_rules.position ELSE NULL END,
                 definition = excluded.definition, enabled = excluded.enabled,
                 revision = alert_rules.revision + 1, updated_at_ms = excluded.updated_at_ms",
        )
        .bind(rule.name)
        .bind(rule.definition)
        .bind(i64::from(rule.enabled))
        .bind(now_ms())
        .execute(&mut *transaction)
        .await
        .map_err(failed(DOING))?;
        sqlx::query("DELETE FROM alert_rule_sinks WHERE rule = $1")
            .bind(rule.name)
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
        for sink in rule.sinks {
            let added = sqlx::query(
                "INSERT INTO alert_rule_sinks (rule, sink)
                 SELECT $1, name FROM alert_sinks WHERE name = $2
                 ON CONFLICT (rule, sink) DO UPDATE SET sink = excluded.sink",
            )
            .bind(rule.name)
            .bind(sink.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
            if added.rows_affected() == 0 {
                return Err(StoreError::SinkUnknown { sink: sink.clone() });
            }
        }
        transaction.commit().await.map_err(failed(DOING))?;
        let saved = self.find_rule(rule.name).await?;
        saved.ok_or_else(|| failed(DOING)(sqlx::Error::RowNotFound))
    }

    /// The rule of this name.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_rule(&self, name: &str) -> Result<Option<RuleRecord>, StoreError> {
        Ok(self.read_rules(Some(name)).await?.pop())
    }

    /// All rules by name.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_rules(&self) -> Result<Vec<RuleRecord>, StoreError> {
        self.read_rules(None).await
    }

    /// Removes a rule and what waits to be delivered of it; what was delivered stays listed. `false` when there is none
    /// of this name.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn remove_rule(&self, name: &str) -> Result<bool, StoreError> {
        const DOING: &str = "remove a rule";
        let mut transaction = self.pool.begin().await.map_err(failed(DOING))?;
        let removed = sqlx::query("DELETE FROM alert_rules WHERE name = $1")
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
        sqlx::query("DELETE FROM alert_deliveries WHERE rule = $1 AND state = 'pending'")
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
        transaction.commit().await.map_err(failed(DOING))?;
        Ok(removed.rows_affected() == 1)
    }

    /// Rules and their sinks in one reading, so that they belong together.
    async fn read_rules(&self, name: Option<&str>) -> Result<Vec<RuleRecord>, StoreError> {
        let found = sqlx::query(
            "SELECT r.name, r.definition, r.enabled, r.revision, r.next_sequence, r.position, r.created_at_ms,
                    r.updated_at_ms, s.sink
             FROM alert_rules AS r LEFT JOIN alert_rule_sinks AS s ON s.rule = r.name
             WHERE $1 IS NULL OR r.name = $1 ORDER BY r.name, s.sink",
        )
        .bind(name)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list rules"))?;
        let mut rules: Vec<RuleRecord> = Vec::new();
        for row in &found {
            let name = row::text(row, "name")?;
            if rules.last().is_none_or(|last| last.name != name) {
                rules.push(rule(row, name)?);
            }
            let sink: Option<String> = row.try_get("sink").map_err(failed("list rules"))?;
            if let (Some(last), Some(sink)) = (rules.last_mut(), sink) {
                last.sinks.push(sink);
            }
        }
        Ok(rules)
    }
}

fn rule(found: &AnyRow, name: String) -> Result<RuleRecord, StoreError> {
    Ok(RuleRecord {
        name,
        definition: row::text(found, "definition")?,
        sinks: Vec::new(),
        enabled: row::flag(found, "enabled")?,
        revision: row::number(found, "revision")?,
        next_sequence: row::number(found, "next_sequence")?,
        position: row::optional_text(found, "position")?,
        created_at_ms: row::number(found, "created_at_ms")?,
        updated_at_ms: row::number(found, "updated_at_ms")?,
    })
}
