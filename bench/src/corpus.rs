//! The bytes that all decoders are given.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
};

use anyhow::Context;
use serde::Deserialize;
use yumascan_chain::{Hash, Header, RawBlock, Runtime, SpecVersion};

/// Metadata and blocks that one runtime executed.
pub(crate) struct Corpus {
    /// What it is, for the report.
    pub(crate) name: String,
    /// Metadata V14, the version that every peer reads.
    pub(crate) metadata: Vec<u8>,
    pub(crate) spec: u32,
    pub(crate) blocks: Vec<RawBlock>,
}

/// How much there is in a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Counts {
    pub(crate) extrinsics: u64,
    pub(crate) events: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    number: u64,
    hash: Hash,
    parent_hash: Hash,
    state_root: Hash,
    extrinsics_root: Hash,
    digest: Digest,
    extrinsics: Vec<String>,
    events: String,
}

#[derive(Deserialize)]
struct Digest {
    logs: Vec<String>,
}

#[derive(Deserialize)]
struct Manifest {
    spec_version: u32,
}

fn all_bytes(texts: &[String]) -> anyhow::Result<Vec<Vec<u8>>> {
    texts.iter().map(|text| Ok(const_hex::decode(text)?)).collect()
}

impl Corpus {
    /// Reads every `step`-th block of a recorded chain (`blocks.jsonl.zst`, `metadata/`, `manifest.json`).
    pub(crate) fn recorded(folder: &Path, step: u64) -> anyhow::Result<Self> {
        let open = |name: &str| {
            let path = folder.join(name);
            File::open(&path).with_context(|| {
                format!("{} is not there; name a recorded chain with --capture", path.display())
            })
        };
        let Manifest { spec_version: spec } = serde_json::from_reader(open("manifest.json")?)?;
        let mut metadata = Vec::new();
        std::io::copy(&mut open(&format!("metadata/{spec}.v14.scale"))?, &mut metadata)?;
        let mut blocks = Vec::new();
        for line in BufReader::new(zstd::Decoder::new(open("blocks.jsonl.zst")?)?).lines() {
            let line: Line = serde_json::from_str(&line?)?;
            if !line.number.is_multiple_of(step) {
                continue;
            }
            blocks.push(RawBlock {
                hash: line.hash,
                header: Header {
                    parent_hash: line.parent_hash,
                    number: line.number,
                    state_root: line.state_root,
                    extrinsics_root: line.extrinsics_root,
                    logs: all_bytes(&line.digest.logs)?,
                },
                extrinsics: all_bytes(&line.extrinsics)?,
                events: const_hex::decode(&line.events)?,
                authorities: Vec::new(),
                spec_version: SpecVersion(spec),
            });
        }
        let name = format!("recorded blocks, every {step}.");
        Ok(Self { name, metadata, spec, blocks })
    }

    /// Decodes everything once; an error if anything is quarantined, as then the comparison would not be fair.
    pub(crate) fn count(&self, runtime: &Runtime) -> anyhow::Result<Counts> {
        let mut counts = Counts { extrinsics: 0, events: 0 };
        for block in &self.blocks {
            let decoded = runtime.decode_block(block);
            if let Some(item) = decoded.quarantined.first() {
                anyhow::bail!(
                    "block {} of the {} is not decoded: {}",
                    block.header.number,
                    self.name,
                    item.reason
                );
            }
            counts.extrinsics += decoded.extrinsics().len() as u64;
            counts.events += decoded.events().len() as u64;
        }
        Ok(counts)
    }

    /// Bytes of extrinsics and events.
    pub(crate) fn len(&self) -> usize {
        let of = |block: &RawBlock| block.events.len() + block.extrinsics.iter().map(Vec::len).sum::<usize>();
        self.blocks.iter().map(of).sum()
    }

    /// Writes the corpus for a peer in another process: a line of metadata, then a line a block.
    pub(crate) fn write(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let hex = |bytes: &[u8]| const_hex::encode_prefixed(bytes);
        writeln!(out, "{}", serde_json::json!({"spec": self.spec, "metadata": hex(&self.metadata)}))?;
        for block in &self.blocks {
            let extrinsics: Vec<String> = block.extrinsics.iter().map(|extrinsic| hex(extrinsic)).collect();
            writeln!(out, "{}", serde_json::json!({"extrinsics": extrinsics, "events": hex(&block.events)}))?;
        }
        Ok(())
    }
}
