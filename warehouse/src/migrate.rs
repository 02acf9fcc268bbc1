//! Numbered, forward-only migrations, carried in the binary.
//!
//! Each is a file of statements that may be run again (`IF NOT EXISTS`): a crash between two statements is mended by
//! the next start. `schema_migrations` keeps what was applied, with a checksum of the file.

use clickhouse::Row;
use serde::Deserialize;
use yumascan_chain::Hash;

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// A migration: a number, a name, the text of its file.
struct Migration {
    version: u32,
    name: &'static str,
    text: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal),* $(,)?) => {
        &[$(Migration {
            version: $version,
            name: $name,
            text: include_str!(concat!("../../migrations/clickhouse/", $name, ".sql")),
        }),*]
    };
}

/// All of them, ascending.
const MIGRATIONS: &[Migration] = migrations![
    1 "0001_raw",
    2 "0002_log",
    3 "0003_lookup",
    4 "0004_coverage",
    5 "0005_verification",
    6 "0006_state",
    7 "0007_moves",
    8 "0008_market",
    9 "0009_verification_causes",
    10 "0010_incidents",
    11 "0011_views",
];

const CREATE_SCHEMA_MIGRATIONS: &str = "
CREATE TABLE IF NOT EXISTS {database}.schema_migrations {on_cluster}
(
    version UInt32 COMMENT 'Number of the migration.',
    name String COMMENT 'Name of its file.',
    checksum String COMMENT 'Blake2b-256 of its file, 0x hex.',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was applied, UTC.'
)
ENGINE = {merge_tree}
ORDER BY version
COMMENT 'Migrations applied to this database. One row a migration.'";

/// What [`Warehouse::migrate`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Schema version before; 0 for an empty database.
    pub from: u32,
    /// Schema version now.
    pub to: u32,
    /// Names of the migrations applied by this call.
    pub applied: Vec<&'static str>,
}

#[derive(Row, Deserialize)]
struct AppliedMigration {
    version: u32,
    checksum: String,
}

impl Migration {
    fn checksum(&self) -> String {
        Hash::blake2_256(self.text.as_bytes()).to_string()
    }
}

/// Newest schema version this binary knows.
#[must_use]
pub fn newest_schema_version() -> u32 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

impl Warehouse {
    /// Brings the schema to the version of this binary. Safe to call at every start, and from several processes.
    ///
    /// # Errors
    /// [`WarehouseError::SchemaNewer`] when a newer binary wrote the schema, [`WarehouseError::MigrationChanged`]
    /// when an applied migration differs from the one carried here.
    pub async fn migrate(&self) -> Result<MigrationReport, WarehouseError> {
        let create = self.expand(CREATE_SCHEMA_MIGRATIONS);
        self.execute("create schema_migrations", Sql::new(create)).await?;
        let applied = self.list_applied_migrations().await?;
        let from = check_applied(&applied)?;
        let mut report = MigrationReport { from, to: newest_schema_version(), applied: Vec::new() };
        for migration in
            MIGRATIONS.iter().filter(|known| applied.iter().all(|done| done.version != known.version))
        {
            self.apply(migration).await?;
            report.applied.push(migration.name);
        }
        Ok(report)
    }

    /// Version of the schema; `None` for a database without one.
    ///
    /// # Errors
    /// As [`Warehouse::migrate`].
    pub async fn find_schema_version(&self) -> Result<Option<u32>, WarehouseError> {
        let exists = Sql::new(
            "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'",
        );
        if self.fetch_count("look for the schema", exists).await? == 0 {
            return Ok(None);
        }
        let version = check_applied(&self.list_applied_migrations().await?)?;
        Ok((version > 0).then_some(version))
    }

    async fn list_applied_migrations(&self) -> Result<Vec<AppliedMigration>, WarehouseError> {
        let sql = Sql::new("SELECT DISTINCT version, checksum FROM schema_migrations ORDER BY version");
        self.fetch_all("read the schema's version", sql).await
    }

    async fn apply(&self, migration: &Migration) -> Result<(), WarehouseError> {
        for statement in statements(migration.text) {
            self.execute("apply a migration", Sql::new(self.expand(&statement))).await?;
        }
        let checksum = migration.checksum();
        // recorded twice, by two processes at once, is as good as once
        let sql =
            Sql::new("INSERT INTO schema_migrations (version, name, checksum) SETTINGS async_insert = 0 ")
                .push("VALUES (?, ?, ?)")
                .bind(migration.version)
                .bind(migration.name)
                .bind(checksum.as_str());
        self.execute("record a migration", sql).await?;
        tracing::info!(migration.name, "migration applied");
        Ok(())
    }

    /// Fills the macros of a migration. A cluster will fill `{on_cluster}` and replicate the engine.
    fn expand(&self, statement: &str) -> String {
        statement
            .replace("{database}", &format!("`{}`", self.config.database))
            .replace("{on_cluster}", "")
            .replace("{merge_tree}", "MergeTree")
            .replace("{replacing_merge_tree}", "ReplacingMergeTree")
            // a plain `?` of the text must not be taken for a bound value
            .replace('?', "??")
    }
}

/// The version that `applied` amounts to.
fn check_applied(applied: &[AppliedMigration]) -> Result<u32, WarehouseError> {
    for done in applied {
        let Some(known) = MIGRATIONS.iter().find(|known| known.version == done.version) else {
            return Err(WarehouseError::SchemaNewer { found: done.version, known: newest_schema_version() });
        };
        if known.checksum() != done.checksum {
            return Err(WarehouseError::MigrationChanged {
                version: known.version,
                name: known.name.to_owned(),
            });
        }
    }
    Ok(applied.iter().map(|done| done.version).max().unwrap_or(0))
}

/// Statements of a file: comment lines left out, cut at semicolons that end a line.
fn statements(text: &str) -> Vec<String> {
    let code =
        text.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n");
    code.split(";\n")
        .map(|part| part.trim().trim_end_matches(';').to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_ascend_and_are_named_by_their_number() {
        assert!(MIGRATIONS.is_sorted_by(|one, next| one.version < next.version));
        for migration in MIGRATIONS {
            assert!(migration.name.starts_with(&format!("{:04}_", migration.version)));
        }
    }

    #[test]
    fn every_table_keeps_a_window_of_deduplication_tokens() {
        for statement in MIGRATIONS.iter().flat_map(|migration| statements(migration.text)) {
            if statement.starts_with("CREATE TABLE") {
                assert!(statement.contains("non_replicated_deduplication_window = 10000"), "{statement}");
                assert!(
                    statement.contains("{database}.") && statement.contains("{on_cluster}"),
                    "{statement}"
                );
            }
        }
    }

    #[test]
    fn a_newer_or_changed_schema_is_refused() {
        let newer = [AppliedMigration { version: 9999, checksum: String::new() }];
        assert!(matches!(check_applied(&newer), Err(WarehouseError::SchemaNewer { found: 9999, .. })));
        let changed = [AppliedMigration { version: 1, checksum: "0x00".to_owned() }];
        assert!(matches!(check_applied(&changed), Err(WarehouseError::MigrationChanged { version: 1, .. })));
    }
}
