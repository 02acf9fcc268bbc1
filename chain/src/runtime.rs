//! A runtime: one spec's metadata, compiled once into a flat program that decodes its bytes.

mod compile;
mod extensions;
mod items;
mod metadata;
pub(crate) mod names;
pub(crate) mod program;
mod registry;
pub(crate) mod storage;
mod tables;

use std::sync::Arc;

pub(crate) use self::extensions::{ExtensionRole, Extensions};
pub use self::tables::{FieldTable, ItemTable, PalletTable};
use self::{
    compile::Compiler,
    metadata::{Metadata, Pallet},
    names::{NameId, RuntimeNames},
    program::Program,
    storage::{StorageEntry, TypeId},
};
use crate::{
    RawBlock,
    decode::{block, value},
    ids::SpecVersion,
    json,
    records::DecodedBlock,
};

/// Why metadata could not be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Bytes that are not runtime metadata.
    #[error("not runtime metadata: {reason}")]
    Malformed {
        /// What was wrong with them.
        reason: String,
    },
    /// A version other than 14, 15 and 16.
    #[error("metadata V{version} is not supported (V14, V15 and V16 are)")]
    UnsupportedVersion {
        /// The version found.
        version: u32,
    },
}

/// Where and why a value could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {reason}")]
pub struct DecodeError {
    /// Offset of the byte that was not understood, from the start of the input.
    pub offset: usize,
    /// What was expected there.
    pub reason: String,
}

/// One spec's decoder. Immutable, shareable between threads.
#[derive(Debug)]
pub struct Runtime {
    metadata_version: u8,
    spec_version: Option<SpecVersion>,
    pub(crate) program: Program,
    pub(crate) names: Arc<RuntimeNames>,
    pub(crate) address: Option<TypeId>,
    pub(crate) signature: Option<TypeId>,
    pub(crate) call: Option<TypeId>,
    pub(crate) extensions: Extensions,
    /// Sorted by index.
    pallets: Vec<(u8, NameId)>,
    /// Sorted by pallet and name.
    constants: Vec<Constant>,
    /// Sorted by pallet and name.
    storage: Vec<(Box<str>, StorageEntry)>,
}

#[derive(Debug)]
struct Constant {
    pallet: Box<str>,
    name: Box<str>,
    ty: TypeId,
    value: Box<[u8]>,
}

impl Runtime {
    /// Compiles metadata V14, V15 or V16 (SCALE bytes from the magic number `meta` on).
    ///
    /// # Errors
    /// [`MetadataError`] for bytes that are no metadata or of another version; never panics.
    pub fn compile(metadata: &[u8]) -> Result<Self, MetadataError> {
        let metadata = metadata::parse(metadata)?;
        let mut compiler = Compiler::new(&metadata.types);
        compiler.compile_types(metadata.call);
        compiler.compile_items(metadata.call, &metadata.pallets);
        let extensions = Extensions::compile(&mut compiler, &metadata);
        let storage = compile_storage(&compiler, &metadata);
        let mut pallet_names: Vec<_> =
            metadata.pallets.iter().map(|pallet| (pallet.index, compiler.name(&pallet.name))).collect();
        pallet_names.sort_by_key(|(index, _)| *index);
        pallet_names.dedup_by_key(|(index, _)| *index);
        let Compiler { program, names, .. } = compiler;
        let Metadata { version, pallets, address, call, signature, .. } = metadata;
        let mut runtime = Self {
            metadata_version: version,
            spec_version: None,
            program,
            names: Arc::new(names.finish()),
            address,
            signature,
            call,
            extensions,
            pallets: pallet_names,
            constants: collect_constants(pallets),
            storage,
        };
        runtime.spec_version = runtime.read_spec_version();
        Ok(runtime)
    }

    fn read_spec_version(&self) -> Option<SpecVersion> {
        let (ty, mut value) = self.constant("System", "Version")?;
        let mut text = Vec::new();
        self.write_json(ty, &mut value, &mut text).ok()?;
        let spec = json::integer(json::field(std::str::from_utf8(&text).ok()?, "spec_version")?)?;
        u32::try_from(spec).ok().map(SpecVersion)
    }

    /// The spec that the metadata itself names (constant `System.Version`).
    #[must_use]
    pub fn spec_version(&self) -> Option<SpecVersion> {
        self.spec_version
    }

    /// Version of the metadata's own format: 14, 15 or 16.
    #[must_use]
    pub fn metadata_version(&self) -> u8 {
        self.metadata_version
    }

    /// A constant: its type and its SCALE bytes.
    pub(crate) fn constant(&self, pallet: &str, name: &str) -> Option<(TypeId, &[u8])> {
        let found = self
            .constants
            .binary_search_by(|constant| (&*constant.pallet, &*constant.name).cmp(&(pallet, name)));
        let constant = self.constants.get(found.ok()?)?;
        Some((constant.ty, &constant.value))
    }

    /// All storage items with the name of their pallet.
    pub(crate) fn storage_entries(&self) -> impl Iterator<Item = (&str, &StorageEntry)> {
        self.storage.iter().map(|(pallet, entry)| (&**pallet, entry))
    }

    /// Decodes one value of type `ty` to canonical JSON, appended to `out`; `input` is advanced past it.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes are not such a value; `out` is left as it was.
    pub(crate) fn write_json(
        &self,
        ty: TypeId,
        input: &mut &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        value::write(self, ty, input, out)
    }

    /// Decodes a block that this runtime executed. Never fails: what cannot be decoded is in `quarantined`.
    #[must_use]
    pub fn decode_block(&self, raw: &RawBlock) -> DecodedBlock {
        block::decode(self, raw)
    }
}

fn collect_constants(pallets: Vec<Pallet>) -> Vec<Constant> {
    let mut constants = Vec::new();
    for pallet in pallets {
        constants.extend(pallet.constants.into_iter().map(|constant| Constant {
            pallet: pallet.name.as_str().into(),
            name: constant.name.into(),
            ty: constant.ty,
            value: constant.value.into(),
        }));
    }
    constants.sort_by(|a, b| (&a.pallet, &a.name).cmp(&(&b.pallet, &b.name)));
    constants
}

fn compile_storage(compiler: &Compiler<'_>, metadata: &Metadata) -> Vec<(Box<str>, StorageEntry)> {
    let mut entries = Vec::new();
    for pallet in &metadata.pallets {
        for item in &pallet.storage {
            let keys = match (item.key, item.hashers.len()) {
                (None, 0) => Some(Vec::new()),
                (Some(key), 1) => Some(vec![key]),
                (Some(key), count) => compiler.registry.tuple_parts(key, count),
                (None, _) => None,
            };
            // an item whose hashers and keys do not agree cannot be read by anyone
            let Some(keys) = keys else { continue };
            let entry = StorageEntry {
                pallet_prefix: pallet.storage_prefix.as_str().into(),
                name: item.name.as_str().into(),
                hashers: item.hashers.as_slice().into(),
                keys: keys.into(),
                value: item.value,
                modifier: item.modifier,
                default: item.default.as_slice().into(),
            };
            entries.push((pallet.name.as_str().into(), entry));
        }
    }
    entries.sort_by(|a: &(Box<str>, StorageEntry), b| (&a.0, &a.1.name).cmp(&(&b.0, &b.1.name)));
    entries
}
