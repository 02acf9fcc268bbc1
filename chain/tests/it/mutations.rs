//! What the fuzz targets do (`fuzz/`), on seeds mutated at random: a short, repeatable run of each.

use yumascan_chain::RawBlock;

use crate::fixtures;

#[path = "../../../fuzz/src/bodies.rs"]
#[allow(unreachable_pub)] // public to the fuzz targets
mod bodies;

/// Xorshift: the same mutations in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    /// A few edits: flipped bits, hostile lengths, cuts, repeats, deletions.
    fn mutate(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 if !bytes.is_empty() => bytes[at] = [0, 1, 0xfe, 0xff, 0x03, 0x13][self.below(6)],
                3 => bytes.truncate(at),
                4 => {
                    let end = (at + self.below(64)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => drop(bytes.drain(at..(at + self.below(16)).min(bytes.len()))),
            }
        }
        bytes
    }
}

fn modest_blocks() -> impl Iterator<Item = RawBlock> {
    fixtures::blocks().into_iter().filter(|block| block.events.len() < 20_000)
}

#[test]
fn mutated_metadata_never_panics() {
    let mut dice = Dice(1);
    for (spec, version) in [(377, 14), (377, 15), (402, 16)] {
        let seed = fixtures::metadata(spec, version);
        bodies::metadata(&seed);
        for _ in 0..12 {
            bodies::metadata(&dice.mutate(&seed));
        }
    }
}

#[test]
fn mutated_extrinsics_are_delivered_or_quarantined() {
    let (mut dice, runtime) = (Dice(2), fixtures::runtime(377));
    for seed in modest_blocks().flat_map(|block| block.extrinsics) {
        bodies::extrinsic(&runtime, &seed);
        for _ in 0..40 {
            bodies::extrinsic(&runtime, &dice.mutate(&seed));
        }
    }
}

#[test]
fn mutated_events_never_panic() {
    let (mut dice, runtime) = (Dice(3), fixtures::runtime(377));
    for block in modest_blocks() {
        let nested = block.extrinsics.iter().max_by_key(|extrinsic| extrinsic.len()).unwrap();
        for _ in 0..40 {
            bodies::events(&runtime, nested, &dice.mutate(&block.events));
        }
    }
}

#[test]
fn mutated_storage_values_and_keys_never_panic() {
    let (mut dice, runtime) = (Dice(4), fixtures::runtime(377));
    let index = runtime.storage_index();
    for (key, value) in fixtures::genesis_state() {
        let Some(item) = index.find(&key) else { continue };
        let position = runtime.storage_items().position(|known| known.prefix() == item.prefix()).unwrap();
        for bytes in [&value[..], &key[32..]] {
            let seed = [&u16::try_from(position).unwrap().to_le_bytes()[..], bytes].concat();
            bodies::storage(&runtime, &seed);
            for _ in 0..20 {
                bodies::storage(&runtime, &dice.mutate(&seed));
            }
        }
    }
}
