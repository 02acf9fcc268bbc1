//! Metadata V14, V15 and V16 brought to one shape.

use std::collections::BTreeMap;

use frame_metadata::{v14, v15, v16};
use parity_scale_codec::Decode;
use scale_info::PortableType;

use super::{
    MetadataError,
    storage::{StorageHasher, StorageModifier, TypeId},
};

/// Bytes that metadata begins with.
const MAGIC: &[u8; 4] = b"meta";

/// Longest pallet, variant or field name taken; names are multiplied in the compiled program.
const MAX_NAME_LEN: usize = 256;

/// What the compiler needs, whatever the version.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) version: u8,
    pub(super) types: Vec<PortableType>,
    pub(super) pallets: Vec<Pallet>,
    pub(super) address: Option<TypeId>,
    pub(super) call: Option<TypeId>,
    pub(super) signature: Option<TypeId>,
    pub(super) extensions: Vec<Extension>,
    /// Indices into `extensions` by extension version; empty before V16, where all are of version 0.
    pub(super) extensions_by_version: BTreeMap<u8, Vec<u32>>,
}

#[derive(Debug)]
pub(super) struct Pallet {
    pub(super) name: String,
    pub(super) index: u8,
    pub(super) events: Option<TypeId>,
    pub(super) errors: Option<TypeId>,
    pub(super) constants: Vec<Constant>,
    pub(super) storage_prefix: String,
    pub(super) storage: Vec<StorageItem>,
}

#[derive(Debug)]
pub(super) struct Constant {
    pub(super) name: String,
    pub(super) ty: TypeId,
    pub(super) value: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct StorageItem {
    pub(super) name: String,
    pub(super) hashers: Vec<StorageHasher>,
    pub(super) key: Option<TypeId>,
    pub(super) value: TypeId,
    pub(super) modifier: StorageModifier,
    pub(super) default: Vec<u8>,
}

/// A signed (transaction) extension.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) identifier: String,
    pub(super) ty: TypeId,
}

fn malformed(reason: impl Into<String>) -> MetadataError {
    MetadataError::Malformed { reason: reason.into() }
}

/// Parses metadata from its magic number on.
pub(super) fn parse(bytes: &[u8]) -> Result<Metadata, MetadataError> {
    let Some((magic, [version, body @ ..])) = bytes.split_first_chunk::<4>() else {
        return Err(malformed(format!("{} bytes are too few", bytes.len())));
    };
    if magic != MAGIC {
        return Err(malformed("it does not begin with `meta`"));
    }
    let metadata = match version {
        14 => from_v14(decode(body)?),
        15 => from_v15(decode(body)?),
        16 => from_v16(decode(body)?),
        _ => return Err(MetadataError::UnsupportedVersion { version: u32::from(*version) }),
    };
    check(&metadata)?;
    Ok(metadata)
}

fn decode<T: Decode>(mut body: &[u8]) -> Result<T, MetadataError> {
    let decoded = T::decode(&mut body).map_err(|error| malformed(error.to_string()))?;
    if !body.is_empty() {
        return Err(malformed(format!("{} bytes are left over at its end", body.len())));
    }
    Ok(decoded)
}

fn check(metadata: &Metadata) -> Result<(), MetadataError> {
    if let Some((position, ty)) =
        metadata.types.iter().enumerate().find(|(position, ty)| u32::try_from(*position) != Ok(ty.id))
    {
        return Err(malformed(format!("the type at position {position} has id {}", ty.id)));
    }
    let pallets = metadata.pallets.iter().map(|pallet| &pallet.name);
    let extensions = metadata.extensions.iter().map(|extension| &extension.identifier);
    let defs = metadata.types.iter().map(|ty| &ty.ty.type_def);
    let variants = defs.clone().flat_map(|def| match def {
        scale_info::TypeDef::Variant(variant) => variant.variants.as_slice(),
        _ => &[],
    });
    let fields = defs
        .flat_map(|def| match def {
            scale_info::TypeDef::Composite(composite) => composite.fields.as_slice(),
            _ => &[],
        })
        .chain(variants.clone().flat_map(|variant| &variant.fields));
    let mut names = pallets
        .chain(extensions)
        .chain(variants.map(|variant| &variant.name))
        .chain(fields.filter_map(|field| field.name.as_ref()));
    match names.find(|name| name.len() > MAX_NAME_LEN) {
        Some(name) => {
            Err(malformed(format!("a name is {} bytes long, {MAX_NAME_LEN} are the most", name.len())))
        }
        None => Ok(()),
    }
}

impl From<v14::StorageHasher> for StorageHasher {
    fn from(hasher: v14::StorageHasher) -> Self {
        match hasher {
            v14::StorageHasher::Blake2_128 => Self::Blake2_128,
            v14::StorageHasher::Blake2_256 => Self::Blake2_256,
            v14::StorageHasher::Blake2_128Concat => Self::Blake2_128Concat,
            v14::StorageHasher::Twox128 => Self::Twox128,
            v14::StorageHasher::Twox256 => Self::Twox256,
            v14::StorageHasher::Twox64Concat => Self::Twox64Concat,
            v14::StorageHasher::Identity => Self::Identity,
        }
    }
}

type Portable = scale_info::form::PortableForm;

fn storage_item(
    name: String,
    modifier: &v14::StorageEntryModifier,
    ty: v14::StorageEntryType<Portable>,
    default: Vec<u8>,
) -> StorageItem {
    let modifier = match modifier {
        v14::StorageEntryModifier::Optional => StorageModifier::Optional,
        v14::StorageEntryModifier::Default => StorageModifier::Default,
    };
    let (hashers, key, value) = match ty {
        v14::StorageEntryType::Plain(value) => (Vec::new(), None, value.id),
        v14::StorageEntryType::Map { hashers, key, value } => {
            (hashers.into_iter().map(Into::into).collect(), Some(key.id), value.id)
        }
    };
    StorageItem { name, hashers, key, value, modifier, default }
}

/// The three versions name the same members of a pallet, in types of their own.
macro_rules! pallet {
    ($source:expr) => {{
        let source = $source;
        let (storage_prefix, storage) = match source.storage {
            None => (String::new(), Vec::new()),
            Some(storage) => (
                storage.prefix,
                storage
                    .entries
                    .into_iter()
                    .map(|entry| storage_item(entry.name, &entry.modifier, entry.ty, entry.default))
                    .collect(),
            ),
        };
        Pallet {
            name: source.name,
            index: source.index,
            events: source.event.map(|event| event.ty.id),
            errors: source.error.map(|error| error.ty.id),
            constants: source
                .constants
                .into_iter()
                .map(|constant| Constant { name: constant.name, ty: constant.ty.id, value: constant.value })
                .collect(),
            storage_prefix,
            storage,
        }
    }};
}

/// So with the extensions.
macro_rules! extensions {
    ($source:expr) => {
        $source
            .into_iter()
            .map(|extension| Extension { identifier: extension.identifier, ty: extension.ty.id })
            .collect()
    };
}

/// In V14 the parts of an extrinsic are the type parameters of its type.
fn extrinsic_parameter(types: &[PortableType], extrinsic: TypeId, name: &str) -> Option<TypeId> {
    let parameters = &types.get(usize::try_from(extrinsic).ok()?)?.ty.type_params;
    parameters.iter().find(|parameter| parameter.name == name)?.ty.map(|ty| ty.id)
}

fn from_v14(source: v14::RuntimeMetadataV14) -> Metadata {
    let types = source.types.types;
    let part = |name| extrinsic_parameter(&types, source.extrinsic.ty.id, name);
    let (address, call, signature) = (part("Address"), part("Call"), part("Signature"));
    Metadata {
        version: 14,
        types,
        pallets: source.pallets.into_iter().map(|pallet| pallet!(pallet)).collect(),
        address,
        call,
        signature,
        extensions: extensions!(source.extrinsic.signed_extensions),
        extensions_by_version: BTreeMap::new(),
    }
}

fn from_v15(source: v15::RuntimeMetadataV15) -> Metadata {
    Metadata {
        version: 15,
        types: source.types.types,
        pallets: source.pallets.into_iter().map(|pallet| pallet!(pallet)).collect(),
        address: Some(source.extrinsic.address_ty.id),
        call: Some(source.extrinsic.call_ty.id),
        signature: Some(source.extrinsic.signature_ty.id),
        extensions: extensions!(source.extrinsic.signed_extensions),
        extensions_by_version: BTreeMap::new(),
    }
}

fn from_v16(source: v16::RuntimeMetadataV16) -> Metadata {
    let by_version = source.extrinsic.transaction_extensions_by_version;
    Metadata {
        version: 16,
        types: source.types.types,
        pallets: source.pallets.into_iter().map(|pallet| pallet!(pallet)).collect(),
        address: Some(source.extrinsic.address_ty.id),
        call: Some(source.extrinsic.call_ty.id),
        signature: Some(source.extrinsic.signature_ty.id),
        extensions: extensions!(source.extrinsic.transaction_extensions),
        extensions_by_version: by_version
            .into_iter()
            .map(|(version, indices)| (version, indices.into_iter().map(|index| index.0).collect()))
            .collect(),
    }
}
