//! The hashes that storage keys are built with.

use blake2::digest::{
    Digest,
    consts::{U16, U32},
};
use twox_hash::XxHash64;

/// XX hash with seed 0: 8 bytes.
#[must_use]
pub fn twox_64(bytes: &[u8]) -> [u8; 8] {
    XxHash64::oneshot(0, bytes).to_le_bytes()
}

/// XX hashes with seeds 0 and 1: 16 bytes. Pallet prefixes and item names are hashed with it.
#[must_use]
pub fn twox_128(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    write_twox(bytes, &mut out);
    out
}

/// XX hashes with seeds 0 to 3: 32 bytes.
#[must_use]
pub fn twox_256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    write_twox(bytes, &mut out);
    out
}

/// Blake2b with 16 bytes of output.
#[must_use]
pub fn blake2_128(bytes: &[u8]) -> [u8; 16] {
    blake2::Blake2b::<U16>::digest(bytes).into()
}

/// Blake2b with 32 bytes of output.
#[must_use]
pub fn blake2_256(bytes: &[u8]) -> [u8; 32] {
    blake2::Blake2b::<U32>::digest(bytes).into()
}

fn write_twox(bytes: &[u8], out: &mut [u8]) {
    for (seed, chunk) in (0u64..).zip(out.chunks_exact_mut(8)) {
        chunk.copy_from_slice(&XxHash64::oneshot(seed, bytes).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_of_system_events_is_the_well_known_one() {
        let key = [twox_128(b"System"), twox_128(b"Events")].concat();
        let known = "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";
        assert_eq!(const_hex::encode(key), known);
    }

    #[test]
    fn longer_xx_hashes_begin_with_the_shorter() {
        let (short, middle, long) = (twox_64(b"abc"), twox_128(b"abc"), twox_256(b"abc"));
        assert_eq!(short, long[..8]);
        assert_eq!(middle, long[..16]);
        assert_eq!(const_hex::encode(short), "990977adf52cbc44");
    }

    #[test]
    fn blake2_of_alice_is_the_well_known_one() {
        // the hash in the storage key of her `System.Account`
        let alice =
            const_hex::decode("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d").unwrap();
        assert_eq!(const_hex::encode(blake2_128(&alice)), "de1e86a9a8c739864cf3cc5ec2bea59f");
        assert_eq!(blake2_256(b""), crate::Hash::blake2_256(b"").0);
    }
}
