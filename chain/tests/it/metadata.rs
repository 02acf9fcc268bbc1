//! Metadata of one spec in its three versions.

use proptest::prelude::*;
use yumascan_chain::{MetadataError, Runtime, SpecVersion};

use crate::fixtures;

#[test]
fn the_three_metadata_versions_of_a_spec_give_the_same_tables() {
    let [v14, v15, v16] =
        [14, 15, 16].map(|version| Runtime::compile(&fixtures::metadata(377, version)).unwrap());
    assert_eq!([&v14, &v15, &v16].map(Runtime::metadata_version), [14, 15, 16]);
    assert_eq!(v14.spec_version(), Some(SpecVersion(377)));
    let tables = v14.pallets();
    assert_eq!(tables.len(), 27);
    assert_eq!(tables, v15.pallets());
    assert_eq!(tables, v16.pallets());

    let balances = tables.iter().find(|pallet| pallet.name == "Balances").unwrap();
    let transfer = balances.events.iter().find(|event| event.name == "Transfer").unwrap();
    let fields: Vec<_> = transfer.fields.iter().map(|field| (field.name, field.type_text.as_str())).collect();
    assert_eq!(fields, [("from", "AccountId"), ("to", "AccountId"), ("amount", "u64")]);
    let utility = tables.iter().find(|pallet| pallet.name == "Utility").unwrap();
    let batch = utility.calls.iter().find(|call| call.name == "batch").unwrap();
    assert_eq!(batch.fields[0].type_text, "[Call]");
    assert!(utility.errors.iter().any(|(_, name)| *name == "TooManyCalls"));
}

#[test]
fn metadata_cut_short_anywhere_is_refused() {
    let whole = fixtures::metadata(377, 16);
    let step = whole.len() / 300;
    for len in (0..whole.len()).step_by(step) {
        assert!(
            matches!(Runtime::compile(&whole[..len]), Err(MetadataError::Malformed { .. })),
            "{len} bytes"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Mutated metadata either is refused or decodes blocks to something; it never panics.
    #[test]
    fn damaged_metadata_never_panics(
        version in 14u8..=16,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut metadata = fixtures::metadata(377, version);
        for (at, byte) in damage {
            let at = at.index(metadata.len());
            metadata[at] = byte;
        }
        if let Ok(runtime) = Runtime::compile(&metadata) {
            let _ = runtime.pallets();
            for block in fixtures::blocks().iter().take(4) {
                let _ = runtime.decode_block(block).events().map(|event| event.args.len()).sum::<usize>();
            }
        }
    }
}
