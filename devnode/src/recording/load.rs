//! Reading a recording: JSON lines, plain or Zstandard, into bytes.
//!
//! Thousands of blocks are hundreds of megabytes of JSON. One thread decompresses while another parses; hex becomes
//! bytes at once, the values of a block live in one allocation, and a key is kept once however often it changes.

mod lines;

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{Cursor, Read},
    path::Path,
};

use serde::Deserialize;
use yumascan_chain::{BlockNumber, Hash, Header};

use super::{Change, CoreVersion, EVENTS_KEY, Manifest, RecordedBlock, Recording, StorageItem};
use crate::error::DevNodeError;

/// What to read of a recording.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadOptions {
    /// Read no block above this one.
    pub last_block: Option<BlockNumber>,
}

/// The files of a recording, as bytes. Lines may be compressed with Zstandard or plain.
#[derive(Debug, Clone, Default)]
pub struct RecordingFiles {
    /// `manifest.json`.
    pub manifest: Vec<u8>,
    /// `genesis_header.json`: header of the block below the first (block 0 unless it is a slice).
    pub genesis_header: Vec<u8>,
    /// `genesis.jsonl.zst`: the whole state at that block.
    pub genesis: Vec<u8>,
    /// `blocks.jsonl.zst`.
    pub blocks: Vec<u8>,
    /// Files of `metadata/` by name.
    pub metadata: Vec<(String, Vec<u8>)>,
}

/// A source of lines.
type Source = Box<dyn Read + Send>;

/// A line of `blocks.jsonl`. `genesis_header.json` is one without a body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockLine<'a> {
    number: BlockNumber,
    hash: &'a str,
    parent_hash: &'a str,
    state_root: &'a str,
    extrinsics_root: &'a str,
    #[serde(borrow)]
    digest: DigestLine<'a>,
    #[serde(default)]
    extrinsics: Vec<&'a str>,
    /// `System.Events` after the block; it is in the diff, too, unless the recorder left it out there.
    #[serde(default)]
    events: Option<&'a str>,
    #[serde(default)]
    diff: Vec<(&'a str, Option<&'a str>)>,
}

#[derive(Debug, Deserialize)]
struct DigestLine<'a> {
    #[serde(borrow)]
    logs: Vec<&'a str>,
}

/// A line of `genesis.jsonl`.
#[derive(Debug, Deserialize)]
struct GenesisLine<'a> {
    k: &'a str,
    v: &'a str,
}

impl Recording {
    /// Reads a recording's folder. Takes seconds for thousands of blocks: do it on a blocking thread.
    ///
    /// Every header is hashed and every parent link is followed.
    ///
    /// # Errors
    /// [`DevNodeError::Read`], [`DevNodeError::Damaged`], [`DevNodeError::MissingMetadata`].
    pub fn load(folder: &Path, options: &LoadOptions) -> Result<Self, DevNodeError> {
        let mut metadata = Vec::new();
        let metadata_folder = folder.join("metadata");
        let read_error = |source| DevNodeError::Read { file: metadata_folder.clone(), source };
        for entry in fs::read_dir(&metadata_folder).map_err(read_error)? {
            let entry = entry.map_err(read_error)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            metadata.push((name, read(&entry.path())?));
        }
        let manifest = read(&folder.join("manifest.json"))?;
        let genesis_header = read(&folder.join("genesis_header.json"))?;
        let genesis = open(folder, "genesis.jsonl")?;
        let blocks = open(folder, "blocks.jsonl")?;
        build(&manifest, &genesis_header, genesis, blocks, metadata, options)
    }

    /// Reads a recording from bytes; otherwise like [`Recording::load`].
    ///
    /// # Errors
    /// As [`Recording::load`].
    pub fn load_files(files: RecordingFiles, options: &LoadOptions) -> Result<Self, DevNodeError> {
        let source = |bytes| -> Source { Box::new(Cursor::new(bytes)) };
        let (genesis, blocks) = (source(files.genesis), source(files.blocks));
        build(&files.manifest, &files.genesis_header, genesis, blocks, files.metadata, options)
    }
}

fn build(
    manifest: &[u8],
    genesis_header: &[u8],
    genesis: Source,
    blocks: Source,
    metadata: Vec<(String, Vec<u8>)>,
    options: &LoadOptions,
) -> Result<Recording, DevNodeError> {
    let manifest: Manifest = json(manifest).map_err(|reason| damaged("manifest.json", reason))?;
    let base_header: BlockLine<'_> =
        json(genesis_header).map_err(|reason| damaged("genesis_header.json", reason))?;
    let base_block = block_of(&base_header, Vec::new(), Vec::new())
        .map_err(|reason| damaged("genesis_header.json", reason))?;
    let base = base_header.number;
    if base + 1 != manifest.first_block {
        let reason =
            format!("it is block {base}, but the manifest begins with block {}", manifest.first_block);
        return Err(damaged("genesis_header.json", reason));
    }
    if base == 0 && base_block.hash != manifest.genesis_hash {
        return Err(damaged("genesis_header.json", "its hash is not the manifest's genesis hash".to_owned()));
    }

    let mut building = Building { base, blocks: vec![base_block], ..Building::default() };
    lines::for_each(genesis, |number, line| {
        let added = json::<GenesisLine<'_>>(line).and_then(|line| building.add_base_value(&line));
        added.map_err(|reason| damaged_line("genesis.jsonl", number, reason))?;
        Ok(true)
    })?;
    lines::for_each(blocks, |number, line| {
        let added = json::<BlockLine<'_>>(line).and_then(|line| building.add_block(&line));
        let block = added.map_err(|reason| damaged_line("blocks.jsonl", number, reason))?;
        Ok(options.last_block.is_none_or(|last| block < last))
    })?;

    let mut recording = building.finish(manifest);
    recording.add_metadata(metadata)?;
    Ok(recording)
}

/// A recording of which not all lines are read yet.
#[derive(Default)]
struct Building {
    base: BlockNumber,
    blocks: Vec<RecordedBlock>,
    base_values: Vec<u8>,
    key_ids: HashMap<Box<[u8]>, usize>,
    histories: Vec<Vec<Change>>,
    /// The key at hand, as bytes.
    key: Vec<u8>,
}

impl Building {
    fn add_base_value(&mut self, line: &GenesisLine<'_>) -> Result<(), String> {
        let start = self.base_values.len();
        append_hex(&mut self.base_values, line.v)?;
        let length = self.base_values.len() - start;
        self.add_change(line.k, self.base, start, Some(length))
    }

    /// Adds the next block and returns its number.
    fn add_block(&mut self, line: &BlockLine<'_>) -> Result<BlockNumber, String> {
        let number = line.number;
        let parent = self.blocks.last().ok_or("no block below it")?;
        if number != self.base + self.blocks.len() as u64 {
            return Err(format!("block {number} follows block {}", parent.header.number));
        }

        let hex_length: usize = line.extrinsics.iter().map(|hex| hex.len()).sum::<usize>()
            + line.diff.iter().filter_map(|(_, value)| *value).map(str::len).sum::<usize>();
        let mut bytes = Vec::with_capacity(hex_length / 2);
        let mut extrinsic_ends = Vec::with_capacity(line.extrinsics.len());
        for extrinsic in &line.extrinsics {
            append_hex(&mut bytes, extrinsic)?;
            extrinsic_ends.push(narrow(bytes.len())?);
        }
        let mut has_events = false;
        let events_hex = const_hex::encode_prefixed(EVENTS_KEY);
        for (key, value) in &line.diff {
            let start = bytes.len();
            let length = match value {
                Some(value) => {
                    append_hex(&mut bytes, value)?;
                    Some(bytes.len() - start)
                }
                None => None,
            };
            has_events |= *key == events_hex;
            self.add_change(key, number, start, length)?;
        }
        if let (Some(events), false) = (line.events, has_events) {
            let start = bytes.len();
            append_hex(&mut bytes, events)?;
            self.add_change(&events_hex, number, start, Some(bytes.len() - start))?;
        }

        let block = block_of(line, bytes, extrinsic_ends)?;
        if self.blocks.last().is_some_and(|parent| parent.hash != block.header.parent_hash) {
            return Err(format!("block {number} does not link to the block below it"));
        }
        self.blocks.push(block);
        Ok(number)
    }

    fn add_change(
        &mut self,
        key: &str,
        block: BlockNumber,
        start: usize,
        length: Option<usize>,
    ) -> Result<(), String> {
        let change = Change {
            block: u32::try_from(block).map_err(|_| format!("block {block} is above 2^32"))?,
            start: narrow(start)?,
            length: length.map_or(Ok(Change::REMOVED), narrow)?,
        };
        self.key.clear();
        append_hex(&mut self.key, key)?;
        let id = match self.key_ids.get(self.key.as_slice()) {
            Some(id) => *id,
            None => {
                self.histories.push(Vec::new());
                self.key_ids.insert(self.key.as_slice().into(), self.histories.len() - 1);
                self.histories.len() - 1
            }
        };
        let history = self.histories.get_mut(id).ok_or("a key without history")?;
        match history.last_mut() {
            // a later line of the same block overrides
            Some(last) if last.block == change.block => *last = change,
            _ => history.push(change),
        }
        Ok(())
    }

    fn finish(mut self, manifest: Manifest) -> Recording {
        let mut storage: Vec<StorageItem> = self
            .key_ids
            .into_iter()
            .map(|(key, id)| {
                let changes = self.histories.get_mut(id).map(std::mem::take).unwrap_or_default();
                StorageItem { key, changes: changes.into_boxed_slice() }
            })
            .collect();
        storage.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        let mut by_hash: HashMap<Hash, BlockNumber> =
            self.blocks.iter().map(|block| (block.hash, block.header.number)).collect();
        by_hash.insert(manifest.genesis_hash, 0);
        Recording {
            manifest,
            base: self.base,
            blocks: self.blocks,
            by_hash,
            storage,
            base_values: self.base_values.into_boxed_slice(),
            metadata: Default::default(),
            core_versions: Default::default(),
        }
    }
}

impl Recording {
    /// Files are named `<spec>.v<version>.scale` and `<spec>.core_version.{scale,json}`; others are ignored.
    fn add_metadata(&mut self, files: Vec<(String, Vec<u8>)>) -> Result<(), DevNodeError> {
        for (name, bytes) in files {
            let mut parts = name.split('.');
            let (spec, kind, ending) = (parts.next(), parts.next(), parts.next());
            let (Some(Ok(spec)), Some(kind), Some(ending)) = (spec.map(str::parse::<u32>), kind, ending)
            else {
                continue;
            };
            let version = kind.strip_prefix('v').and_then(|version| version.parse::<u32>().ok());
            match (kind, ending, version) {
                (_, "scale", Some(version)) => drop(self.metadata.insert((spec, version), bytes)),
                ("core_version", "scale", _) => self.core_version_mut(spec).scale = Some(bytes),
                ("core_version", "json", _) => {
                    let text: Box<serde_json::value::RawValue> =
                        json(&bytes).map_err(|reason| damaged(&name, reason))?;
                    let compact: serde_json::Value =
                        json(text.get().as_bytes()).map_err(|reason| damaged(&name, reason))?;
                    self.core_version_mut(spec).json = Some(compact.to_string().into_boxed_str());
                }
                _ => {}
            }
        }
        let missing =
            self.manifest.specs().into_iter().find(|spec| !self.metadata.contains_key(&(*spec, 14)));
        missing.map_or(Ok(()), |spec| Err(DevNodeError::MissingMetadata { spec }))
    }

    fn core_version_mut(&mut self, spec: u32) -> &mut CoreVersion {
        self.core_versions.entry(spec).or_default()
    }
}

fn block_of(line: &BlockLine<'_>, bytes: Vec<u8>, extrinsic_ends: Vec<u32>) -> Result<RecordedBlock, String> {
    let hash = |text: &str| text.parse::<Hash>().map_err(|error| error.to_string());
    let logs = line.digest.logs.iter().map(|log| const_hex::decode(log).map_err(|error| error.to_string()));
    let header = Header {
        parent_hash: hash(line.parent_hash)?,
        number: line.number,
        state_root: hash(line.state_root)?,
        extrinsics_root: hash(line.extrinsics_root)?,
        logs: logs.collect::<Result<_, _>>()?,
    };
    let claimed = hash(line.hash)?;
    let computed = header.hash();
    if claimed != computed {
        return Err(format!(
            "block {} is called {claimed}, but its header hashes to {computed}",
            line.number
        ));
    }
    let (bytes, extrinsic_ends) = (bytes.into_boxed_slice(), extrinsic_ends.into_boxed_slice());
    Ok(RecordedBlock { hash: claimed, header, bytes, extrinsic_ends })
}

fn append_hex(bytes: &mut Vec<u8>, hex: &str) -> Result<(), String> {
    let digits = hex.strip_prefix("0x").unwrap_or(hex);
    let start = bytes.len();
    bytes.resize(start + digits.len() / 2, 0);
    let target = bytes.get_mut(start..).ok_or("no room")?;
    const_hex::decode_to_slice(digits, target).map_err(|error| error.to_string())
}

fn narrow(length: usize) -> Result<u32, String> {
    u32::try_from(length)
        .ok()
        .filter(|length| *length < Change::REMOVED)
        .ok_or("a block above 4 GB".to_owned())
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn read(file: &Path) -> Result<Vec<u8>, DevNodeError> {
    fs::read(file).map_err(|source| DevNodeError::Read { file: file.to_owned(), source })
}

/// Opens `name.zst`, or `name` where that is absent.
fn open(folder: &Path, name: &str) -> Result<Source, DevNodeError> {
    let plain = folder.join(name);
    let compressed = folder.join(format!("{name}.zst"));
    let file = if plain.exists() && !compressed.exists() { plain } else { compressed };
    let opened = File::open(&file).map_err(|source| DevNodeError::Read { file, source })?;
    Ok(Box::new(opened))
}

fn damaged(file: &str, reason: String) -> DevNodeError {
    DevNodeError::Damaged { file: file.to_owned(), reason }
}

fn damaged_line(file: &str, number: usize, reason: String) -> DevNodeError {
    damaged(&format!("{file} (line {number})"), reason)
}
