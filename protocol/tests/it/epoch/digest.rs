//! One number for the bits of a thousand epochs: whatever machine computes it, it must be this one.

use yumascan_protocol::epoch::{Era, Workspace, run_with_steps};

use super::random::{self, Dice};

/// The digest of [`EPOCHS`] random epochs, every era in turn.
pub(crate) const EXPECTED: u64 = 2_563_190_357_519_834_989;

/// How many epochs it is made of.
pub(crate) const EPOCHS: u64 = 1000;

/// Computes the digest: FNV-1a over all outputs and all steps as JSON text.
pub(crate) fn digest() -> u64 {
    let eras: Vec<Era> = Era::all().collect();
    let mut workspace = Workspace::default();
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for (seed, era) in (0..EPOCHS).zip(eras.iter().cycle()) {
        let inputs = random::epoch(*era, &mut Dice::new(seed));
        let results = run_with_steps(&inputs, &mut workspace).unwrap();
        for byte in serde_json::to_vec(&results).unwrap() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
    hash
}
