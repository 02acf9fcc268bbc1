//! Storage by name: keys built and parsed back, values decoded to canonical JSON.
//!
//! ```no_run
//! # fn main() -> Result<(), yumascan_chain::StorageError> {
//! # let runtime: yumascan_chain::Runtime = todo!();
//! let account = runtime.storage_item("System", "Account")?;
//! let key = account.key_from_text(&["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"])?;
//! // ask a node for the value, then
//! # let value: Option<Vec<u8>> = None;
//! let balance = account.value(value.as_deref())?;
//! # Ok(()) }
//! ```

use std::collections::HashMap;

use crate::runtime::{
    Runtime,
    storage::{StorageEntry, StorageModifier},
};

mod encode;
mod error;
mod key;

pub use error::StorageError;
pub use key::KeyPart;

/// Length of the prefix that all keys of an item share: two 128-bit hashes.
pub const PREFIX_LEN: usize = 32;

/// A storage item of a runtime.
#[derive(Debug, Clone, Copy)]
pub struct StorageItem<'r> {
    runtime: &'r Runtime,
    pallet: &'r str,
    entry: &'r StorageEntry,
}

/// A value of a storage item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageValue {
    /// Canonical JSON.
    pub json: String,
    /// Whether the item was absent and this is its default.
    pub is_default: bool,
    /// Bytes after the value that its type does not account for (the runtime ignores such bytes; they are left
    /// where a type became shorter without a migration).
    pub unread: usize,
}

impl Runtime {
    /// A storage item by name, as in `SubtensorModule` and `Tempo`.
    ///
    /// # Errors
    /// [`StorageError::UnknownPallet`] and [`StorageError::UnknownItem`], with the nearest name there is.
    pub fn storage_item(&self, pallet: &str, item: &str) -> Result<StorageItem<'_>, StorageError> {
        let found = self.storage_items().find(|known| known.pallet == pallet && known.name() == item);
        found.ok_or_else(|| error::unknown(self, pallet, item))
    }

    /// All storage items.
    pub fn storage_items(&self) -> impl Iterator<Item = StorageItem<'_>> {
        self.storage_entries().map(|(pallet, entry)| StorageItem { runtime: self, pallet, entry })
    }

    /// An index that names the item of any storage key.
    #[must_use]
    pub fn storage_index(&self) -> StorageIndex<'_> {
        StorageIndex { by_prefix: self.storage_items().map(|item| (item.prefix(), item)).collect() }
    }
}

impl<'r> StorageItem<'r> {
    /// Name of its pallet.
    #[must_use]
    pub fn pallet(&self) -> &'r str {
        self.pallet
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'r str {
        &self.entry.name
    }

    /// How many keys it takes: 0 for a plain value, 1 for a map, 2 for a double map and so on.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.entry.hashers.len()
    }

    /// Whether an absent value stands for a default (and not for none).
    #[must_use]
    pub fn has_default(&self) -> bool {
        self.entry.modifier == StorageModifier::Default
    }

    /// What all its keys begin with.
    #[must_use]
    pub fn prefix(&self) -> [u8; PREFIX_LEN] {
        key::prefix(self.entry)
    }

    /// Key of the item for `parts`, the SCALE bytes of each key. Fewer parts than [`Self::key_count`] give the
    /// prefix that all keys with these first parts share.
    ///
    /// # Errors
    /// [`StorageError::TooManyKeys`].
    pub fn key(&self, parts: &[&[u8]]) -> Result<Vec<u8>, StorageError> {
        self.check_key_count(parts.len())?;
        let mut key = self.prefix().to_vec();
        for (hasher, part) in self.entry.hashers.iter().zip(parts) {
            key::write_hashed(*hasher, part, &mut key);
        }
        Ok(key)
    }

    /// Key from canonical JSON values. More is taken than is written: integers as numbers or as text, accounts as
    /// SS58 text of any prefix or as hex, enums without fields as text.
    ///
    /// # Errors
    /// [`StorageError::TooManyKeys`], and [`StorageError::BadKey`] for a value that is not of the key's type.
    pub fn key_from_json(&self, parts: &[serde_json::Value]) -> Result<Vec<u8>, StorageError> {
        self.check_key_count(parts.len())?;
        let mut key = self.prefix().to_vec();
        let mut scale = Vec::new();
        for (index, ((hasher, ty), part)) in
            self.entry.hashers.iter().zip(&self.entry.keys).zip(parts).enumerate()
        {
            scale.clear();
            encode::write(self.runtime, *ty, part, &mut scale).map_err(|reason| StorageError::BadKey {
                pallet: self.pallet.to_owned(),
                item: self.name().to_owned(),
                position: index + 1,
                reason,
            })?;
            key::write_hashed(*hasher, &scale, &mut key);
        }
        Ok(key)
    }

    /// Key from texts as people type them: `12`, `5Grw…`, `0xd4…`, or JSON.
    ///
    /// # Errors
    /// As [`Self::key_from_json`].
    pub fn key_from_text(&self, parts: &[&str]) -> Result<Vec<u8>, StorageError> {
        let parts: Vec<serde_json::Value> = parts.iter().map(|part| encode::typed_by_hand(part)).collect();
        self.key_from_json(&parts)
    }

    /// The parts of one of its keys, or of a prefix that ends with a whole part.
    ///
    /// Hashers that keep the key give it back as JSON, the others give their hash. A kept key whose hash is wrong
    /// is an error.
    ///
    /// # Errors
    /// [`StorageError::OtherItem`], [`StorageError::BrokenKey`].
    pub fn parse_key(&self, key: &[u8]) -> Result<Vec<KeyPart>, StorageError> {
        let Some(mut rest) = key.strip_prefix(self.prefix().as_slice()) else {
            return Err(StorageError::OtherItem {
                pallet: self.pallet.to_owned(),
                item: self.name().to_owned(),
            });
        };
        let mut parts = Vec::with_capacity(self.key_count());
        for (hasher, ty) in self.entry.hashers.iter().zip(&self.entry.keys) {
            if rest.is_empty() {
                return Ok(parts);
            }
            let offset = key.len() - rest.len();
            let part = key::read_part(self.runtime, *hasher, *ty, &mut rest);
            parts.push(part.map_err(|reason| self.broken_key(offset, reason))?);
        }
        match rest.len() {
            0 => Ok(parts),
            unread => {
                Err(self
                    .broken_key(key.len() - unread, format!("{unread} more bytes than the item's keys have")))
            }
        }
    }

    /// The value in canonical JSON. `None` means that the node has no value: the item's default, or `None` where
    /// it has none.
    ///
    /// # Errors
    /// [`StorageError::BadValue`].
    pub fn value(&self, bytes: Option<&[u8]>) -> Result<Option<StorageValue>, StorageError> {
        let (bytes, is_default) = match (bytes, self.entry.modifier) {
            (Some(bytes), _) => (bytes, false),
            (None, StorageModifier::Default) => (&*self.entry.default, true),
            (None, StorageModifier::Optional) => return Ok(None),
        };
        let mut rest = bytes;
        let mut json = Vec::new();
        let decoded = self.runtime.write_json(self.entry.value, &mut rest, &mut json);
        decoded.map_err(|source| StorageError::BadValue {
            pallet: self.pallet.to_owned(),
            item: self.name().to_owned(),
            source,
        })?;
        let json = String::from_utf8(json).unwrap_or_default();
        Ok(Some(StorageValue { json, is_default, unread: rest.len() }))
    }

    fn check_key_count(&self, given: usize) -> Result<(), StorageError> {
        if given <= self.key_count() {
            return Ok(());
        }
        Err(StorageError::TooManyKeys {
            pallet: self.pallet.to_owned(),
            item: self.name().to_owned(),
            given,
            takes: self.key_count(),
        })
    }

    fn broken_key(&self, offset: usize, reason: String) -> StorageError {
        StorageError::BrokenKey {
            pallet: self.pallet.to_owned(),
            item: self.name().to_owned(),
            offset,
            reason,
        }
    }
}

/// Items by the prefix of their keys.
#[derive(Debug)]
pub struct StorageIndex<'r> {
    by_prefix: HashMap<[u8; PREFIX_LEN], StorageItem<'r>>,
}

impl<'r> StorageIndex<'r> {
    /// The item a key belongs to; `None` for keys outside all pallets (`:code`) and of removed pallets and items.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<StorageItem<'r>> {
        self.by_prefix.get(key.first_chunk::<PREFIX_LEN>()?).copied()
    }
}
