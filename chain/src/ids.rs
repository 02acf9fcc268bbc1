//! Domain newtypes: account ids, hashes, spec versions.

use std::{fmt, str::FromStr};

use crate::ss58;

/// Height of a block.
pub type BlockNumber = u64;

/// SS58 prefix of Bittensor (the generic Substrate prefix).
pub const SS58_PREFIX: u16 = 42;

/// Version of a runtime (`spec_version` of `Core_version`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct SpecVersion(pub u32);

impl fmt::Display for SpecVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A 32-byte hash; shown and parsed as 0x hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

/// A 32-byte account id; shown as SS58 with prefix 42, parsed from SS58 of any prefix or from 0x hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub [u8; 32]);

/// Why a text is not a hash or an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// Not 32 bytes of hex.
    #[error("`{0}` is not 32 bytes of hex (0x and 64 digits)")]
    Hex(String),
    /// Not an SS58 address of a 32-byte account.
    #[error("`{0}` is not an SS58 address (wrong alphabet, length or checksum)")]
    Ss58(String),
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 66];
        text[..2].copy_from_slice(b"0x");
        const_hex::encode_to_slice(self.0, &mut text[2..]).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0u8; 32];
        const_hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseIdError::Hex(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl Hash {
    /// Blake2b-256 of `bytes`: the hash of headers, extrinsics and calls.
    #[must_use]
    pub fn blake2_256(bytes: &[u8]) -> Self {
        use blake2::digest::{Digest, consts::U32};
        Self(blake2::Blake2b::<U32>::digest(bytes).into())
    }
}

impl AccountId {
    /// SS58 text of these 32 bytes with prefix 42.
    #[must_use]
    pub fn to_ss58(&self) -> String {
        String::from_utf8_lossy(ss58::encode(&self.0).as_bytes()).into_owned()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_ss58())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccountId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("0x") {
            return text.parse::<Hash>().map(|hash| Self(hash.0));
        }
        ss58_decode(text).map(Self).ok_or_else(|| ParseIdError::Ss58(text.to_owned()))
    }
}

#[cfg(test)]
fn ss58_encode(bytes: &[u8; 32], prefix: u16) -> String {
    let mut payload = Vec::with_capacity(36);
    if prefix < 64 {
        payload.push(prefix as u8);
    } else {
        payload.push(((prefix & 0b0000_0000_1111_1100) >> 2) as u8 | 0b0100_0000);
        payload.push((prefix >> 8) as u8 | ((prefix & 0b11) << 6) as u8);
    }
    payload.extend_from_slice(bytes);
    let checksum = ss58::checksum(&payload);
    payload.extend_from_slice(&checksum);
    bs58::encode(payload).into_string()
}

fn ss58_decode(text: &str) -> Option<[u8; 32]> {
    if text.len() > 64 {
        return None;
    }
    let decoded = bs58::decode(text).into_vec().ok()?;
    let prefix_len = match decoded.first()? {
        0..=63 => 1,
        64..=127 => 2,
        _ => return None,
    };
    if decoded.len() != prefix_len + 34 {
        return None;
    }
    let (payload, checksum) = decoded.split_at(decoded.len() - 2);
    if ss58::checksum(payload) != checksum {
        return None;
    }
    payload[prefix_len..].try_into().ok()
}

macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
serde_as_text!(Hash);
serde_as_text!(AccountId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alice_has_her_well_known_address() {
        let alice: AccountId =
            "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d".parse().unwrap();
        assert_eq!(alice.to_string(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
        assert_eq!(alice.to_string().parse::<AccountId>(), Ok(alice));
    }

    #[test]
    fn an_address_of_another_chain_gives_the_same_account() {
        let bytes = [7u8; 32];
        for prefix in [0u16, 2, 63, 64, 255, 16383] {
            assert_eq!(ss58_decode(&ss58_encode(&bytes, prefix)), Some(bytes), "prefix {prefix}");
        }
    }

    #[test]
    fn a_mistyped_address_is_refused() {
        assert!("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQX".parse::<AccountId>().is_err());
        assert!("".parse::<AccountId>().is_err());
    }
}
