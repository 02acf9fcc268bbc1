//! `yumascan backup` and `yumascan restore`: warehouse and store as files, and back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use yumascan_warehouse::Warehouse;

use super::export::Hasher;
use crate::config::Config;
use crate::house::{House, open_engine, require_data, warehouse_config};

const BACKUP_EXAMPLES: &str = "\
Examples:
  yumascan backup --to /backups/2026-02-11
  yumascan backup --clickhouse-url http://ch:8123 --store-url postgres://… --to /backups/2026-02-11

Every table in ClickHouse's own format, a file a partition, with checksums; the store's SQLite file as well. Stop what ingests first:
warehouse and store belong together. A store in PostgreSQL is backed up with pg_dump, at the same moment.";

const RESTORE_EXAMPLES: &str = "\
Examples:
  yumascan restore --from /backups/2026-02-11 --data-dir data

Into an empty data folder, or an empty database of a server. Files are checked before they are read, tables afterwards: rows and
checksums must be those of the backup.";

const MANIFEST: &str = "backup.json";
const STORE: &str = "store.sqlite";
const CHUNK: usize = 1 << 20;

/// Flags of `backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct BackupArgs {
    /// Folder to write to; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Flags of `restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// Folder of a backup
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// Version of the warehouse's schema.
    schema: u32,
    tables: Vec<Table>,
    /// The store's file, where it was one.
    store: Option<File>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Table {
    name: String,
    rows: u64,
    /// Sum of the hashes of its rows.
    sum: String,
    files: Vec<File>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct File {
    file: String,
    bytes: u64,
    blake2b_256: String,
}

pub(crate) async fn backup(args: BackupArgs, config: Config) -> anyhow::Result<ExitCode> {
    let is_empty = std::fs::read_dir(&args.to).map_or(true, |mut entries| entries.next().is_none());
    anyhow::ensure!(is_empty, "{} is not empty; name a folder that does not exist yet", args.to.display());
    if config.clickhouse.url.is_none() {
        require_data(&config)?;
    }
    // taking the folder keeps an ingester out while it is read
    let house = House::open(&config).await?;
    let done = write_backup(&house, &config, &args.to).await;
    house.close().await;
    let manifest = done?;
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    println!("{} tables, {rows} rows in {}", manifest.tables.len(), args.to.display());
    Ok(ExitCode::SUCCESS)
}

async fn write_backup(house: &House, config: &Config, to: &Path) -> anyhow::Result<Manifest> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    let mut tables = Vec::new();
    for stored in house.warehouse.list_stored_tables().await? {
        let mut files = Vec::new();
        for partition in &stored.partitions {
            let name = format!("{}.{partition}.native.zst", stored.name);
            files.push(write_partition(&house.warehouse, &stored.name, partition, to, name).await?);
        }
        tracing::info!(table = stored.name, rows = stored.rows, "table backed up");
        tables.push(Table { name: stored.name, rows: stored.rows, sum: stored.sum.to_string(), files });
    }
    let store = match &config.store.url {
        Some(_) => None,
        None => {
            house.store.copy_to(&to.join(STORE)).await?;
            let mut hash = Hasher::default();
            hash.update(&std::fs::read(to.join(STORE))?);
            let (bytes, blake2b_256) = hash.finish();
            Some(File { file: STORE.to_owned(), bytes, blake2b_256 })
        }
    };
    let manifest = Manifest { schema: yumascan_warehouse::migrate::newest_schema_version(), tables, store };
    // the last file: a backup without it is not whole
    std::fs::write(to.join(MANIFEST), serde_json::to_vec_pretty(&manifest)?)?;
    Ok(manifest)
}

async fn write_partition(
    warehouse: &Warehouse,
    table: &str,
    partition: &str,
    to: &Path,
    name: String,
) -> anyhow::Result<File> {
    let path = to.join(&name);
    let mut rows = warehouse.read_partition(table, partition)?;
    let mut out =
        tokio::fs::File::create(&path).await.with_context(|| format!("cannot write {}", path.display()))?;
    let mut hash = Hasher::default();
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 3)?;
    loop {
        let piece = rows.next().await.with_context(|| format!("{table} cannot be read"))?;
        let is_last = piece.is_none();
        if let Some(piece) = piece {
            std::io::Write::write_all(&mut packer, &piece)?;
        }
        let packed = if is_last {
            packer.do_finish()?;
            std::mem::take(packer.get_mut())
        } else {
            std::mem::take(packer.get_mut())
        };
        hash.update(&packed);
        out.write_all(&packed).await?;
        if is_last {
            break;
        }
    }
    out.sync_all().await?;
    let (bytes, blake2b_256) = hash.finish();
    Ok(File { file: name, bytes, blake2b_256 })
}

pub(crate) async fn restore(args: RestoreArgs, config: Config) -> anyhow::Result<ExitCode> {
    let path = args.from.join(MANIFEST);
    let text = std::fs::read(&path)
        .with_context(|| format!("{} is not a whole backup: it has no {MANIFEST}", args.from.display()))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
    let schema = yumascan_warehouse::migrate::newest_schema_version();
    anyhow::ensure!(
        manifest.schema == schema,
        "the backup has schema {}, this binary {schema}: restore it with the yumascan that wrote it, and then start the newer one",
        manifest.schema
    );
    let files = manifest.tables.iter().flat_map(|table| &table.files).chain(&manifest.store);
    for file in files {
        check(&args.from, file)?;
    }
    if let (Some(file), None) = (&manifest.store, &config.store.url) {
        let place = config.store_file();
        anyhow::ensure!(
            !place.exists(),
            "{} exists already; restore into an empty data folder",
            place.display()
        );
        std::fs::create_dir_all(&config.data_dir)?;
        std::fs::copy(args.from.join(&file.file), &place)?;
    }
    let engine = match config.clickhouse.url {
        Some(_) => None,
        None => Some(open_engine(&config).await?),
    };
    let server = warehouse_config(&config, engine.as_ref().map(|engine| engine.info().clone()));
    let done = read_backup(server, &args.from, &manifest).await;
    if let Some(engine) = engine {
        let _ = tokio::task::spawn_blocking(move || engine.shutdown()).await;
    }
    done?;
    println!("{} tables restored, checksums equal", manifest.tables.len());
    Ok(ExitCode::SUCCESS)
}

fn check(folder: &Path, file: &File) -> anyhow::Result<()> {
    let path = folder.join(&file.file);
    let mut reader = std::fs::File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (mut hash, mut chunk) = (Hasher::default(), vec![0; CHUNK]);
    loop {
        match std::io::Read::read(&mut reader, &mut chunk)? {
            0 => break,
            read => hash.update(&chunk[..read]),
        }
    }
    let whole = hash.finish() == (file.bytes, file.blake2b_256.clone());
    anyhow::ensure!(
        whole,
        "{} is damaged: its hash is not that of the backup; nothing was restored",
        path.display()
    );
    Ok(())
}

async fn read_backup(
    server: yumascan_warehouse::WarehouseConfig,
    from: &Path,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let warehouse = Warehouse::connect(server).await?;
    warehouse.migrate().await?;
    let held: u64 = warehouse.list_stored_tables().await?.iter().map(|table| table.rows).sum();
    anyhow::ensure!(
        held == 0,
        "the database holds {held} rows; restore into an empty data folder or database"
    );
    for table in &manifest.tables {
        for file in &table.files {
            let packed = tokio::fs::File::open(from.join(&file.file)).await?.into_std().await;
            let mut unpacked = Unpacked::new(packed)?;
            let mut rows = warehouse.restore_rows(&table.name);
            while let Some(piece) = unpacked.next().await? {
                rows.send(piece).await?;
            }
            rows.finish().await?;
        }
    }
    let restored = warehouse.list_stored_tables().await?;
    for table in &manifest.tables {
        let found = restored.iter().find(|found| found.name == table.name);
        let is_equal =
            found.is_some_and(|found| found.rows == table.rows && found.sum.to_string() == table.sum);
        anyhow::ensure!(
            is_equal,
            "table {} is not what was backed up; remove the data folder and restore again",
            table.name
        );
    }
    Ok(())
}

/// A packed file, piece by piece, unpacked off the async threads.
struct Unpacked {
    reader: Option<zstd::stream::read::Decoder<'static, std::io::BufReader<std::fs::File>>>,
}

impl Unpacked {
    fn new(file: std::fs::File) -> anyhow::Result<Self> {
        Ok(Self { reader: Some(zstd::stream::read::Decoder::new(file)?) })
    }

    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let Some(mut reader) = self.reader.take() else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(CHUNK);
            std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, CHUNK as u64), &mut piece)?;
            Ok::<_, std::io::Error>((reader, piece))
        });
        let (reader, piece) = read.await??;
        if piece.is_empty() {
            return Ok(None);
        }
        self.reader = Some(reader);
        Ok(Some(piece.into()))
    }
}
