//! Statements to the server: connecting, executing, fetching, counting.

use std::{
    cell::Cell,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use bytes::Bytes;
use clickhouse::{Client, Compression, RowOwned, RowRead};

use crate::{
    Warehouse, WarehouseConfig, WarehouseError,
    query::sql::{Bind, Sql},
};

tokio::task_local! {
    /// Statements that the work in hand has sent.
    static STATEMENTS: Cell<u64>;
}

/// Does `work` and says how many statements it sent. What it spawned as tasks of their own is not counted.
pub async fn count_statements<T>(work: impl Future<Output = T>) -> (T, u64) {
    let counted = async {
        let done = work.await;
        (done, STATEMENTS.with(Cell::get))
    };
    STATEMENTS.scope(Cell::new(0), counted).await
}

impl Warehouse {
    /// Connects and creates the database when it is absent. Tables come with [`Warehouse::migrate`].
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the user, or the database's name is not a plain identifier.
    pub async fn connect(config: WarehouseConfig) -> Result<Self, WarehouseError> {
        if !is_plain_identifier(&config.database) {
            return Err(WarehouseError::DatabaseName { name: config.database });
        }
        let compression = if is_loopback(&config.url) { Compression::None } else { Compression::Lz4 };
        let server = Client::default()
            .with_url(&config.url)
            .with_user(&config.user)
            .with_password(&config.password)
            .with_compression(compression)
            .with_product_info("yumascan", env!("CARGO_PKG_VERSION"));
        let create = format!("CREATE DATABASE IF NOT EXISTS `{}`", config.database);
        let created = server.query(&create).execute().await;
        created.map_err(|source| WarehouseError::Connect { url: config.url.clone(), source })?;
        Ok(Self {
            client: server.with_database(&config.database),
            config,
            queries: Arc::default(),
            rolling_up: Arc::default(),
            visible: Arc::default(),
        })
    }

    /// The client, set to the warehouse's database, for statements of the user's own.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.config.database
    }

    /// How many statements this handle and its clones have sent.
    #[must_use]
    pub fn queries_executed(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Asks the server for a sign of life.
    pub async fn ping(&self) -> Result<(), WarehouseError> {
        self.fetch_all::<u8>("ping", Sql::new("SELECT toUInt8(1)")).await.map(|_| ())
    }

    /// The server's version, e.g. `26.7.2.1`.
    pub async fn get_version(&self) -> Result<String, WarehouseError> {
        let mut versions =
            self.fetch_all::<String>("read the server's version", Sql::new("SELECT version()")).await?;
        Ok(versions.pop().unwrap_or_default())
    }

    /// Runs a query to its end and returns all rows.
    pub(crate) async fn fetch_all<T>(&self, doing: &'static str, sql: Sql) -> Result<Vec<T>, WarehouseError>
    where
        T: RowOwned + RowRead,
    {
        let started = self.count_query();
        let rows = self.prepare(&sql).fetch_all::<T>().await.map_err(WarehouseError::of(doing))?;
        tracing::trace!(doing, rows = rows.len(), elapsed = ?started.elapsed(), "warehouse answered");
        Ok(rows)
    }

    /// The first row of a query that may have none.
    pub(crate) async fn fetch_optional<T>(
        &self,
        doing: &'static str,
        sql: Sql,
    ) -> Result<Option<T>, WarehouseError>
    where
        T: RowOwned + RowRead,
    {
        Ok(self.fetch_all::<T>(doing, sql).await?.into_iter().next())
    }

    /// One number, 0 when there is no row.
    pub(crate) async fn fetch_count(&self, doing: &'static str, sql: Sql) -> Result<u64, WarehouseError> {
        Ok(self.fetch_optional::<u64>(doing, sql).await?.unwrap_or(0))
    }

    /// Runs a statement without a result.
    pub(crate) async fn execute(&self, doing: &'static str, sql: Sql) -> Result<(), WarehouseError> {
        self.count_query();
        self.prepare(&sql).execute().await.map_err(WarehouseError::of(doing))
    }

    /// A query with its values bound, for callers that stream the answer. Counted.
    pub(crate) fn stream(&self, sql: &Sql) -> clickhouse::query::Query {
        self.count_query();
        self.prepare(sql)
    }

    /// Inserts rows in `RowBinary` as one block, recognised by `token` when it comes again.
    pub(crate) async fn insert_bytes(
        &self,
        doing: &'static str,
        table: &str,
        columns: &[&str],
        bytes: Bytes,
        token: &str,
    ) -> Result<(), WarehouseError> {
        self.count_query();
        let columns = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
        let statement = format!("INSERT INTO `{table}` ({columns}) FORMAT RowBinary");
        let mut insert = self
            .client
            .insert_formatted_with(statement)
            .with_setting("insert_deduplication_token", token)
            .with_setting("insert_deduplicate", "1")
            // an insert is acknowledged when its part is on disk, and becomes exactly one part a partition
            .with_setting("async_insert", "0")
            .with_setting("max_insert_threads", "1")
            .with_setting("min_insert_block_size_rows", "1048576")
            .with_setting("min_insert_block_size_bytes", "268435456");
        insert.send(bytes).await.map_err(WarehouseError::of(doing))?;
        insert.end().await.map_err(WarehouseError::of(doing))
    }

    fn prepare(&self, sql: &Sql) -> clickhouse::query::Query {
        let mut query = self.client.query(sql.text());
        for bind in sql.binds() {
            query = match bind {
                Bind::Number(value) => query.bind(value),
                Bind::Flag(value) => query.bind(value),
                Bind::Text(value) => query.bind(value),
                Bind::Numbers(values) => query.bind(values),
                Bind::Texts(values) => query.bind(values),
            };
        }
        query
    }

    fn count_query(&self) -> Instant {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let _ = STATEMENTS.try_with(|count| count.set(count.get() + 1));
        Instant::now()
    }
}

fn is_plain_identifier(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Compressing what never leaves the machine only costs time.
fn is_loopback(url: &str) -> bool {
    ["://127.0.0.1", "://localhost", "://[::1]"].iter().any(|host| url.contains(host))
}
