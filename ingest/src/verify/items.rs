//! Storage by name, typed: keys from numbers and accounts, values from canonical JSON.
//!
//! An item that the runtime does not have reads as `None`; a value of another shape than expected is an error that
//! names it, so that a later runtime is answered with "cannot say" and never with a wrong verdict.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use yumascan_chain::{AccountId, BlockNumber, KeyPart, Runtime, StorageItem};

use super::state::States;
use crate::source::BlockAt;

/// Why a value could not be used: in words, for the verdict's reason.
pub(crate) type Reason = String;

/// The items of one pallet.
#[derive(Debug)]
pub(crate) struct Items<'r> {
    by_name: HashMap<&'r str, StorageItem<'r>>,
}

impl<'r> Items<'r> {
    /// The items of `pallet`.
    pub(crate) fn of(runtime: &'r Runtime, pallet: &str) -> Self {
        let items = runtime.storage_items().filter(|item| item.pallet() == pallet);
        Self { by_name: items.map(|item| (item.name(), item)).collect() }
    }

    /// An item, if the runtime has it.
    pub(crate) fn find(&self, name: &str) -> Option<StorageItem<'r>> {
        self.by_name.get(name).copied()
    }

    /// Whether the runtime has it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Wants a value.
    pub(crate) fn want(&self, states: &mut States, at: BlockAt, name: &str, key: &[Part<'_>]) {
        if let Some(key) = self.key(name, key) {
            states.want(at, key);
        }
    }

    /// Wants all keys below `key`.
    pub(crate) fn want_keys(&self, states: &mut States, at: BlockAt, name: &str, key: &[Part<'_>]) {
        if let Some(prefix) = self.key(name, key) {
            states.want_keys(at, prefix);
        }
    }

    /// The key; `None` where the runtime has no such item, or one with fewer keys.
    pub(crate) fn key(&self, name: &str, parts: &[Part<'_>]) -> Option<Vec<u8>> {
        let encoded: Vec<Vec<u8>> = parts.iter().map(Part::encode).collect();
        let parts: Vec<&[u8]> = encoded.iter().map(Vec::as_slice).collect();
        self.find(name)?.key(&parts).ok()
    }

    /// A wanted value: `None` where the runtime has no such item, or the item is absent and has no default.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        states: &States,
        block: BlockNumber,
        name: &str,
        key: &[Part<'_>],
    ) -> Result<Option<T>, Reason> {
        let (Some(item), Some(key)) = (self.find(name), self.key(name, key)) else { return Ok(None) };
        decode(item, states.get(block, &key))
    }

    /// The same for an item without which there is nothing to replay.
    pub(crate) fn require<T: DeserializeOwned>(
        &self,
        states: &States,
        block: BlockNumber,
        name: &str,
        key: &[Part<'_>],
    ) -> Result<T, Reason> {
        self.read(states, block, name, key)?.ok_or_else(|| format!("storage {name} is not there"))
    }

    /// The same where an absent item may also be one whose value is `None`.
    pub(crate) fn find_value<T: DeserializeOwned>(
        &self,
        states: &States,
        block: BlockNumber,
        name: &str,
        key: &[Part<'_>],
    ) -> Result<Option<T>, Reason> {
        Ok(self.read::<Option<T>>(states, block, name, key)?.flatten())
    }

    /// A wanted value in canonical JSON, or the item's default; `None` as for [`Self::read`].
    pub(crate) fn json(
        &self,
        states: &States,
        block: BlockNumber,
        name: &str,
        key: &[Part<'_>],
    ) -> Result<Option<String>, Reason> {
        let (Some(item), Some(key)) = (self.find(name), self.key(name, key)) else { return Ok(None) };
        let value = item.value(states.get(block, &key)).map_err(|error| error.to_string())?;
        Ok(value.map(|value| value.json))
    }

    /// The keys below a wanted prefix, in their parts.
    pub(crate) fn listed(
        &self,
        states: &States,
        block: BlockNumber,
        name: &str,
        key: &[Part<'_>],
    ) -> Vec<Vec<KeyPart>> {
        let (Some(item), Some(prefix)) = (self.find(name), self.key(name, key)) else { return Vec::new() };
        states.parsed_keys(block, item, &prefix).map(|(_, parts)| parts).collect()
    }

    /// Whether the state has a value of its own, not merely a default.
    pub(crate) fn is_set(&self, states: &States, block: BlockNumber, name: &str, key: &[Part<'_>]) -> bool {
        self.key(name, key).is_some_and(|key| states.get(block, &key).is_some())
    }
}

/// Decodes a value, or the item's default.
pub(crate) fn decode<T: DeserializeOwned>(
    item: StorageItem<'_>,
    bytes: Option<&[u8]>,
) -> Result<Option<T>, Reason> {
    let Some(value) = item.value(bytes).map_err(|error| error.to_string())? else { return Ok(None) };
    serde_json::from_str(&value.json).map(Some).map_err(|error| {
        let start: String = value.json.chars().take(60).collect();
        format!(
            "storage {}.{} has another shape than this version knows ({error}): {start}",
            item.pallet(),
            item.name()
        )
    })
}

/// The account in a part of a key.
pub(crate) fn account_of(part: &KeyPart) -> Option<AccountId> {
    match part {
        KeyPart::Json(text) => serde_json::from_str(text).ok(),
        KeyPart::Hash(_) => None,
    }
}

/// The small number in a part of a key.
pub(crate) fn number_of(part: &KeyPart) -> Option<u16> {
    match part {
        KeyPart::Json(text) => text.parse().ok(),
        KeyPart::Hash(_) => None,
    }
}

/// A part of a storage key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    U16(u16),
    I32(i32),
    Account(&'a AccountId),
}

impl Part<'_> {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::U16(number) => number.to_le_bytes().to_vec(),
            Self::I32(number) => number.to_le_bytes().to_vec(),
            Self::Account(account) => account.0.to_vec(),
        }
    }
}

/// An integer that canonical JSON writes as a number or, beyond 32 bits, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Wide<T>(pub(crate) T);

impl<'de, T> Deserialize<'de> for Wide<T>
where
    T: TryFrom<i128> + std::str::FromStr,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WideVisitor<T>(std::marker::PhantomData<T>);
        impl<T: TryFrom<i128> + std::str::FromStr> serde::de::Visitor<'_> for WideVisitor<T> {
            type Value = Wide<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an integer as a number or as text")
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Wide<T>, E> {
                T::try_from(i128::from(value)).map(Wide).map_err(|_| E::custom("integer out of range"))
            }
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Wide<T>, E> {
                T::try_from(i128::from(value)).map(Wide).map_err(|_| E::custom("integer out of range"))
            }
            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Wide<T>, E> {
                value.parse().map(Wide).map_err(|_| E::custom("text is not an integer in range"))
            }
        }
        deserializer.deserialize_any(WideVisitor(std::marker::PhantomData))
    }
}

/// A fixed-point number: `{"bits": "…"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(bound = "T: TryFrom<i128> + std::str::FromStr")]
pub(crate) struct Fixed<T> {
    pub(crate) bits: Wide<T>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_numbers_and_as_text() {
        assert_eq!(serde_json::from_str::<Wide<u64>>("7").unwrap(), Wide(7));
        assert_eq!(serde_json::from_str::<Wide<u64>>("\"18446744073709551615\"").unwrap(), Wide(u64::MAX));
        assert_eq!(serde_json::from_str::<Wide<i64>>("\"-5\"").unwrap(), Wide(-5));
        assert!(serde_json::from_str::<Wide<u64>>("-5").is_err());
        let fixed: Fixed<u128> = serde_json::from_str(r#"{"bits":"4294967296"}"#).unwrap();
        assert_eq!(fixed.bits.0, 1 << 32);
    }
}
