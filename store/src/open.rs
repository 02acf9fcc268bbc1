//! Opening: from a URL to a pool on an up-to-date schema.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use futures::future::BoxFuture;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{MigrateError, Migrator},
};
use url::Url;

use crate::error::{StoreError, code_of};

/// The schema, embedded; each migration is stored with a checksum of its text.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/store");

/// SQLite allows one writer at a time: a few connections let readers by.
const SQLITE_CONNECTIONS: u32 = 4;
/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 8;
/// How long to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);
/// What every SQLite connection starts with. `busy_timeout` comes first: the others may have to wait.
const SQLITE_PRAGMAS: [&str; 4] = [
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    // a seal must survive a power failure
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
];
/// Characters of a path that need no escape in a URL.
const PATH_CHARACTERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// A handle on the operational state; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: AnyPool,
}

/// The databases a store can live in.
#[derive(Debug)]
enum Database {
    SqliteMemory,
    SqliteFile(PathBuf),
    Postgres(Url),
}

impl Store {
    /// Opens the store of a URL (`sqlite:///path/to/file`, `sqlite::memory:`, `postgres://…`), creates the file
    /// and its folder when absent, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Url`], [`StoreError::Open`], [`StoreError::Damaged`]; [`StoreError::SchemaNewer`] when a newer
    /// binary wrote the schema, [`StoreError::SchemaDiffers`] when a migration was changed after it was applied.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_database(parse(url)?).await
    }

    /// Opens the SQLite store in `file`; like [`Store::open`].
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_file(file: &Path) -> Result<Self, StoreError> {
        Self::open_database(Database::SqliteFile(file.to_owned())).await
    }

    /// Closes all connections; in SQLite, this also folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Writes a whole copy of a SQLite store into a new file, while it may be in use.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database is not SQLite, or the file cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let copied = sqlx::query("VACUUM INTO $1").bind(file.display().to_string()).execute(&self.pool).await;
        copied.map(|_| ()).map_err(crate::error::failed("copy the store"))
    }

    async fn open_database(database: Database) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let shown_url = database.shown_url();
        let open_error = |source: sqlx::Error| match code_of(&source).as_deref() {
            // SQLITE_CORRUPT and SQLITE_NOTADB, and what SQLite says while it recovers a damaged log
            Some("11" | "26" | "267" | "523" | "779") => {
                StoreError::Damaged { url: shown_url.clone(), source }
            }
            _ => StoreError::Open { url: shown_url.clone(), source },
        };

        let url = database.connection_url().map_err(&open_error)?;
        let options = AnyConnectOptions::from_url(&url).map_err(&open_error)?.disable_statement_logging();
        database.try_once(&options).await.map_err(&open_error)?;
        let pool = database.pool_options().connect_with(options).await.map_err(&open_error)?;
        migrate(&pool).await.map_err(|error| match error {
            MigrateError::Execute(source) => open_error(source),
            error => migrate_error(error),
        })?;
        Ok(Self { pool })
    }
}

impl Database {
    fn shown_url(&self) -> String {
        match self {
            Self::SqliteMemory => "sqlite::memory:".to_owned(),
            Self::SqliteFile(file) => format!("sqlite://{}", file.display()),
            Self::Postgres(url) => redact_url(url.as_str()),
        }
    }

    fn connection_url(&self) -> Result<Url, sqlx::Error> {
        let text = match self {
            Self::SqliteMemory => "sqlite::memory:".to_owned(),
            Self::SqliteFile(file) => {
                let file = std::path::absolute(file)?;
                if let Some(folder) = file.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                let path = file.to_str().ok_or_else(|| configuration("the path is not valid Unicode"))?;
                format!("sqlite://{}?mode=rwc", utf8_percent_encode(path, PATH_CHARACTERS))
            }
            Self::Postgres(url) => return Ok(url.clone()),
        };
        Url::parse(&text).map_err(|error| configuration(&error.to_string()))
    }

    /// Connects and hangs up. A pool hides why it cannot connect and tries until it runs out of time; here, a
    /// server that is down or a file that is no database is reported as what it is, at once.
    async fn try_once(&self, options: &AnyConnectOptions) -> Result<(), sqlx::Error> {
        let mut connection = AnyConnection::connect_with(options).await?;
        if let Self::SqliteFile(_) = self {
            prepare_sqlite(&mut connection).await?;
        }
        connection.close().await
    }

    fn pool_options(&self) -> AnyPoolOptions {
        let options = AnyPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT);
        match self {
            // the database lives as long as its one connection
            Self::SqliteMemory => options.max_connections(1).idle_timeout(None).max_lifetime(None),
            Self::SqliteFile(_) => options
                .max_connections(SQLITE_CONNECTIONS)
                .after_connect(|connection, _| prepare_sqlite(connection)),
            Self::Postgres(_) => options.max_connections(POSTGRES_CONNECTIONS),
        }
    }
}

fn prepare_sqlite(connection: &mut AnyConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    Box::pin(async move {
        for pragma in SQLITE_PRAGMAS {
            sqlx::query(pragma).execute(&mut *connection).await?;
        }
        Ok(())
    })
}

/// A URL without what must not be shown: user, password, query, and path segments long enough to be a key.
#[must_use]
pub fn redact_url(url: &str) -> String {
    const LONGEST_SHOWN: usize = 20;
    let Ok(parsed) = Url::parse(url) else { return "(not a URL)".to_owned() };
    let host = parsed.host_str().unwrap_or_default();
    let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path: Vec<&str> = parsed
        .path()
        .split('/')
        .map(|segment| if segment.len() > LONGEST_SHOWN { "…" } else { segment })
        .collect();
    let path = path.join("/");
    format!("{}://{host}{port}{}", parsed.scheme(), if path == "/" { "" } else { &path })
}

fn parse(url: &str) -> Result<Database, StoreError> {
    let refuse = |reason: &str| StoreError::Url { url: redact_url(url), reason: reason.to_owned() };
    if let Some(rest) = url.strip_prefix("sqlite:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path == ":memory:" {
            return Ok(Database::SqliteMemory);
        }
        if path.is_empty() {
            return Err(refuse("it names no file"));
        }
        if path.contains('?') {
            return Err(refuse("parameters are not supported (write a `?` of the path as %3F)"));
        }
        let path = percent_decode_str(path).decode_utf8().map_err(|_| refuse("its path is not UTF-8"))?;
        return Ok(Database::SqliteFile(PathBuf::from(path.into_owned())));
    }
    let parsed = Url::parse(url).map_err(|error| refuse(&error.to_string()))?;
    match parsed.scheme() {
        "postgres" | "postgresql" => Ok(Database::Postgres(parsed)),
        scheme => Err(refuse(&format!("`{scheme}` is neither sqlite nor postgres"))),
    }
}

async fn migrate(pool: &AnyPool) -> Result<(), MigrateError> {
    // another process may apply each of them at the same moment: then it is applied now, and the next run says so
    for _ in MIGRATIONS.iter() {
        match MIGRATIONS.run(pool).await {
            Err(MigrateError::ExecuteMigration(..)) => {}
            done => return done,
        }
    }
    MIGRATIONS.run(pool).await
}

fn migrate_error(error: MigrateError) -> StoreError {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match error {
        MigrateError::VersionMissing(found) if found > known => StoreError::SchemaNewer { found, known },
        MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
            StoreError::SchemaDiffers { version }
        }
        source => StoreError::Migrate { source },
    }
}

fn configuration(reason: &str) -> sqlx::Error {
    sqlx::Error::Configuration(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_holds_no_secret() {
        for (url, shown) in [
            ("postgres://scan:secret@db.example:5433/scan", "postgres://db.example:5433/scan"),
            ("wss://node.example/", "wss://node.example"),
            ("wss://node.example/v2/0123456789abcdef0123456789abcdef", "wss://node.example/v2/…"),
            ("https://user@node.example/rpc?key=secret#secret", "https://node.example/rpc"),
            ("secret", "(not a URL)"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }

    #[test]
    fn a_url_of_another_database_is_refused_with_the_right_forms() {
        for url in ["mysql://u:secret@h/d", "store.sqlite", "sqlite:", "sqlite://a?mode=ro", ""] {
            let message = parse(url).expect_err(url).to_string();
            assert!(message.contains("sqlite:///path") && !message.contains("secret"), "{message}");
        }
    }
}
