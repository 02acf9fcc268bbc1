//! Keys: what each hasher makes of a part, and what can be read back.

use crate::{
    hashing::{blake2_128, blake2_256, twox_64, twox_128, twox_256},
    runtime::{
        Runtime,
        storage::{StorageEntry, StorageHasher, TypeId},
    },
};

/// One part of a parsed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPart {
    /// The key itself, in canonical JSON.
    Json(String),
    /// Only its hash: the hasher does not keep the key.
    Hash(Vec<u8>),
}

pub(super) fn prefix(entry: &StorageEntry) -> [u8; 32] {
    let mut prefix = [0; 32];
    prefix[..16].copy_from_slice(&twox_128(entry.pallet_prefix.as_bytes()));
    prefix[16..].copy_from_slice(&twox_128(entry.name.as_bytes()));
    prefix
}

pub(super) fn write_hashed(hasher: StorageHasher, part: &[u8], key: &mut Vec<u8>) {
    match hasher {
        StorageHasher::Blake2_128 => key.extend_from_slice(&blake2_128(part)),
        StorageHasher::Blake2_256 => key.extend_from_slice(&blake2_256(part)),
        StorageHasher::Twox128 => key.extend_from_slice(&twox_128(part)),
        StorageHasher::Twox256 => key.extend_from_slice(&twox_256(part)),
        StorageHasher::Blake2_128Concat => {
            key.extend_from_slice(&blake2_128(part));
            key.extend_from_slice(part);
        }
        StorageHasher::Twox64Concat => {
            key.extend_from_slice(&twox_64(part));
            key.extend_from_slice(part);
        }
        StorageHasher::Identity => key.extend_from_slice(part),
    }
}

/// Bytes of the hash, and whether the key itself follows.
fn layout(hasher: StorageHasher) -> (usize, bool) {
    match hasher {
        StorageHasher::Blake2_128 | StorageHasher::Twox128 => (16, false),
        StorageHasher::Blake2_256 | StorageHasher::Twox256 => (32, false),
        StorageHasher::Blake2_128Concat => (16, true),
        StorageHasher::Twox64Concat => (8, true),
        StorageHasher::Identity => (0, true),
    }
}

/// Reads one part off the front of `rest`; the error says what is wrong with it.
pub(super) fn read_part(
    runtime: &Runtime,
    hasher: StorageHasher,
    ty: TypeId,
    rest: &mut &[u8],
) -> Result<KeyPart, String> {
    let (hash_len, keeps_key) = layout(hasher);
    let Some((hash, mut after)) = rest.split_at_checked(hash_len) else {
        return Err(format!("the key ends within a hash of {hash_len} bytes"));
    };
    if !keeps_key {
        *rest = after;
        return Ok(KeyPart::Hash(hash.to_vec()));
    }
    let start = after;
    let mut json = Vec::new();
    runtime.write_json(ty, &mut after, &mut json).map_err(|fault| format!("the key kept there: {fault}"))?;
    let part = &start[..start.len() - after.len()];
    let mut expected = Vec::with_capacity(hash_len + part.len());
    write_hashed(hasher, part, &mut expected);
    if expected[..hash_len] != *hash {
        return Err("the hash is not that of the key that follows it".to_owned());
    }
    *rest = after;
    String::from_utf8(json).map(KeyPart::Json).map_err(|_| "the key's text is not UTF-8".to_owned())
}
