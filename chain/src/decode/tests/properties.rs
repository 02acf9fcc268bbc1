//! What is encoded comes back.

use proptest::prelude::*;
use serde_json::Value;

use super::model::{Registry, sample, shapes};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_type_decodes_to_the_json_of_what_was_encoded(
        (shape, sample) in shapes().prop_flat_map(|shape| (Just(shape.clone()), sample(&shape)))
    ) {
        let mut registry = Registry::new();
        let ty = registry.shape(&shape);
        let runtime = registry.compile();
        let with_more = [sample.bytes.as_slice(), &[7, 7]].concat();
        let mut input = with_more.as_slice();
        let mut out = b"before".to_vec();
        runtime.write_json(ty, &mut input, &mut out).unwrap();
        prop_assert_eq!(input, &[7, 7][..], "exactly the value's bytes are taken");
        let json: Value = serde_json::from_slice(&out[6..]).unwrap();
        prop_assert_eq!(json, sample.json);
    }

    #[test]
    fn a_value_cut_short_is_refused_and_leaves_nothing_behind(
        (shape, sample, cut) in shapes().prop_flat_map(|shape| (Just(shape.clone()), sample(&shape), any::<prop::sample::Index>()))
    ) {
        prop_assume!(!sample.bytes.is_empty());
        let mut registry = Registry::new();
        let ty = registry.shape(&shape);
        let runtime = registry.compile();
        let mut input = &sample.bytes[..cut.index(sample.bytes.len())];
        let mut out = b"before".to_vec();
        let refused = runtime.write_json(ty, &mut input, &mut out);
        prop_assert!(refused.is_err());
        prop_assert_eq!(out, b"before");
    }

    #[test]
    fn any_bytes_give_json_or_an_error_for_any_type(shape in shapes(), bytes: Vec<u8>) {
        let mut registry = Registry::new();
        let ty = registry.shape(&shape);
        let runtime = registry.compile();
        let mut out = Vec::new();
        if runtime.write_json(ty, &mut bytes.as_slice(), &mut out).is_ok() {
            serde_json::from_slice::<Value>(&out).unwrap();
        }
    }
}
