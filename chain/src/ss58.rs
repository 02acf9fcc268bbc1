//! SS58 text of accounts, fast: a fixed-size base58 encoder and a bounded cache.

use crate::ids::SS58_PREFIX;

/// Length of the longest text of a 32-byte account with a one-byte prefix.
const MAX_TEXT_LEN: usize = 49;

/// Slots of the cache; a power of two.
const CACHE_SLOTS: usize = 1 << 13;

/// First bytes of the checksum's preimage.
const CHECKSUM_PREFIX: &[u8] = b"SS58PRE";

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The two checksum bytes of `payload` (prefix and account).
pub(crate) fn checksum(payload: &[u8]) -> [u8; 2] {
    use blake2::{Blake2b512, Digest};
    let digest = Blake2b512::new().chain_update(CHECKSUM_PREFIX).chain_update(payload).finalize();
    [digest[0], digest[1]]
}

/// An SS58 text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    bytes: [u8; MAX_TEXT_LEN],
    len: u8,
}

impl Text {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// Text of `account` with Bittensor's prefix.
pub(crate) fn encode(account: &[u8; 32]) -> Text {
    // one byte of prefix, 32 of account, two of checksum: 35 bytes in nine big-endian limbs, the first one short
    let mut padded = [0u8; 36];
    padded[1] = SS58_PREFIX as u8;
    padded[2..34].copy_from_slice(account);
    let sum = checksum(&padded[1..34]);
    padded[34..36].copy_from_slice(&sum);
    let mut limbs = [0u32; 9];
    for (limb, bytes) in limbs.iter_mut().zip(padded.chunks_exact(4)) {
        *limb = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    // five digits at a time, from the last: ten rounds cover 58^50 > 2^280
    const CHUNK: u64 = 58 * 58 * 58 * 58 * 58;
    let mut digits = [0u8; 50];
    for round in (0..10).rev() {
        let mut rest = 0u64;
        for limb in &mut limbs {
            let value = rest << 32 | u64::from(*limb);
            *limb = (value / CHUNK) as u32;
            rest = value % CHUNK;
        }
        for digit in digits[round * 5..round * 5 + 5].iter_mut().rev() {
            *digit = (rest % 58) as u8;
            rest /= 58;
        }
    }
    // the prefix is not zero: leading zeros are padding
    let first = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
    let mut text = Text { bytes: [0; MAX_TEXT_LEN], len: 0 };
    for (to, digit) in text.bytes.iter_mut().zip(&digits[first..]) {
        *to = ALPHABET[usize::from(*digit)];
        text.len += 1;
    }
    text
}

/// Remembers the texts of accounts that were met lately. Bounded; a slot keeps the last account that fell into it.
#[derive(Debug)]
pub(crate) struct Cache {
    slots: Vec<([u8; 32], Text)>,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Text of `account`.
    pub(crate) fn text(&mut self, account: &[u8; 32]) -> &[u8] {
        if self.slots.is_empty() {
            let zero = [0u8; 32];
            self.slots = vec![(zero, encode(&zero)); CACHE_SLOTS];
        }
        // accounts are public keys or hashes; derived ones differ in some of these bytes
        let mixed = u64::from_le_bytes([
            account[0],
            account[1],
            account[2],
            account[3],
            account[4],
            account[5],
            account[30],
            account[31],
        ])
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut self.slots[(mixed >> 51) as usize % CACHE_SLOTS];
        if slot.0 != *account {
            *slot = (*account, encode(account));
        }
        slot.1.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_fast_text_equals_the_plain_one(account: [u8; 32]) {
            let mut payload = vec![SS58_PREFIX as u8];
            payload.extend_from_slice(&account);
            payload.extend_from_slice(&checksum(&payload));
            let plain = bs58::encode(&payload).into_string();
            let text = encode(&account);
            prop_assert_eq!(std::str::from_utf8(text.as_bytes()), Ok(plain.as_str()));
            let mut cache = Cache::new();
            prop_assert_eq!(cache.text(&account), plain.as_bytes());
            prop_assert_eq!(cache.text(&account), plain.as_bytes());
        }
    }

    #[test]
    fn accounts_that_share_a_slot_keep_their_own_texts() {
        let mut cache = Cache::new();
        for round in 0..3u8 {
            for number in 0..20_000u32 {
                let mut account = [round; 32];
                account[..4].copy_from_slice(&number.to_le_bytes());
                assert_eq!(cache.text(&account), encode(&account).as_bytes());
            }
        }
    }
}
