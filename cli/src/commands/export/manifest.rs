//! What was exported, and what its files hash to.

use std::path::Path;

use anyhow::Context;
use blake2::{Blake2b, Digest, digest::consts::U32};
use serde::{Deserialize, Serialize};
use yumascan_warehouse::{AskFormat, days::ChainDay};

const FILE: &str = "manifest.json";

/// A file of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Below the manifest's folder.
    pub(super) file: String,
    pub(super) day: String,
    pub(super) first_block: u64,
    pub(super) last_block: u64,
    pub(super) blocks: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) blake2b_256: String,
}

/// The files of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    table: String,
    format: String,
    /// Version of the warehouse's schema: another one may have other columns.
    schema: u32,
    files: Vec<Entry>,
}

impl Manifest {
    /// The manifest of a folder; a new one where there is none, or where it is of another schema or format.
    pub(super) async fn read(folder: &Path, table: &str, format: AskFormat) -> anyhow::Result<Self> {
        let schema = yumascan_warehouse::migrate::newest_schema_version();
        let new =
            Self { table: table.to_owned(), format: format.name().to_owned(), schema, files: Vec::new() };
        let path = folder.join(FILE);
        let text = match tokio::fs::read(&path).await {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(new),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let read: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} is not a manifest; remove it to export anew", path.display()))?;
        let is_same = (&read.table, &read.format, read.schema) == (&new.table, &new.format, new.schema);
        Ok(if is_same { read } else { new })
    }

    /// Whether a day is there as it is now, whole.
    pub(super) async fn holds(&self, folder: &Path, day: &ChainDay) -> bool {
        let Some(entry) = self.files.iter().find(|entry| entry.day == day.day) else { return false };
        let is_same = (entry.first_block, entry.last_block, entry.blocks)
            == (day.first_block, day.last_block, day.blocks);
        let size = tokio::fs::metadata(folder.join(&entry.file)).await.map(|file| file.len());
        is_same && size.is_ok_and(|size| size == entry.bytes)
    }

    pub(super) fn put(&mut self, entry: Entry) {
        self.files.retain(|known| known.day != entry.day);
        self.files.push(entry);
        self.files.sort_by(|one, other| one.day.cmp(&other.day));
    }

    pub(super) async fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let (path, beside) = (folder.join(FILE), folder.join("manifest.part"));
        tokio::fs::write(&beside, serde_json::to_vec_pretty(self)?).await?;
        tokio::fs::rename(&beside, &path).await.with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Counts and hashes bytes.
#[derive(Default)]
pub(crate) struct Hasher {
    hash: Blake2b<U32>,
    bytes: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
    }

    /// Bytes, and the hash as 0x hex.
    pub(crate) fn finish(self) -> (u64, String) {
        use std::fmt::Write as _;
        let digest = self.hash.finalize();
        let hex = digest.iter().fold("0x".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        (self.bytes, hex)
    }
}
