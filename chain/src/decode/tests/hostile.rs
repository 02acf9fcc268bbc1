//! Types and bytes made to exhaust a decoder.

use frame_metadata::{META_RESERVED, RuntimeMetadata, RuntimeMetadataPrefixed, v14};
use parity_scale_codec::{Compact, Encode};
use scale_info::{TypeDefArray, TypeDefPrimitive, TypeDefSequence, TypeDefTuple};

use super::model::{Registry, Shape};
use crate::{Runtime, decode::machine::output_limit};

fn refusal(runtime: &Runtime, ty: u32, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    let error = runtime.write_json(ty, &mut &*bytes, &mut out).unwrap_err();
    // what was written before the refusal had to fit the limit, or one element beyond it
    assert!(out.capacity() <= 4 * output_limit(bytes.len()), "{} bytes were taken", out.capacity());
    error.to_string()
}

#[test]
fn a_huge_length_of_elements_without_bytes_is_refused() {
    for element in
        [Shape::Unit, Shape::Struct(vec![Shape::Unit, Shape::Unit]), Shape::Array(Box::new(Shape::Unit), 9)]
    {
        let mut registry = Registry::new();
        let ty = registry.shape(&Shape::Sequence(Box::new(element)));
        let runtime = registry.compile();
        let reason = refusal(&runtime, ty, &Compact(u32::MAX).encode());
        assert!(reason.contains("out of proportion"), "{reason}");
    }
}

#[test]
fn a_huge_length_of_elements_that_do_not_follow_is_refused() {
    for element in [Shape::Bool, Shape::Account, Shape::Int { bits: 8, signed: false }, Shape::Text] {
        let mut registry = Registry::new();
        let ty = registry.shape(&Shape::Sequence(Box::new(element)));
        let runtime = registry.compile();
        let bytes = [Compact(u32::MAX).encode(), vec![0; 100]].concat();
        let reason = refusal(&runtime, ty, &bytes);
        assert!(reason.contains("the bytes end"), "{reason}");
    }
}

#[test]
fn an_array_type_of_endless_nothing_is_refused() {
    let mut registry = Registry::new();
    let mut ty = registry.shape(&Shape::Unit);
    for _ in 0..8 {
        ty = registry.add(&[], TypeDefArray::new(u32::MAX, ty.into()));
    }
    let reason = refusal(&registry.compile(), ty, &[]);
    assert!(reason.contains("out of proportion"), "{reason}");
}

#[test]
fn a_type_that_doubles_at_every_level_is_refused() {
    let mut registry = Registry::new();
    let mut ty = registry.shape(&Shape::Unit);
    for _ in 0..200 {
        ty = registry.add(&[], TypeDefTuple::new_portable([ty.into(), ty.into()]));
    }
    let reason = refusal(&registry.compile(), ty, &[]);
    assert!(reason.contains("out of proportion"), "{reason}");
}

#[test]
fn types_that_contain_themselves_are_compiled_and_end() {
    let mut registry = Registry::new();
    let unit = registry.shape(&Shape::Unit);
    // the ids that follow are 1, 2, 3, …
    let newtype_of_itself = registry.composite(&["a"], &[(None, unit + 1)]);
    let struct_of_itself = registry.composite(&["b"], &[(Some("b"), unit + 2)]);
    let one = registry.composite(&["c"], &[(None, unit + 4)]);
    let _other = registry.composite(&["d"], &[(None, one)]);
    let option_of_itself =
        registry.variants(&["Option"], vec![("None", 0, vec![]), ("Some", 1, vec![(None, unit + 5)])]);
    let list = registry.add(&[], TypeDefSequence::new((unit + 6).into()));
    let unknown = registry.composite(&["e"], &[(None, 9_999)]);
    let unknown_field = registry.composite(&["f"], &[(Some("x"), 9_999)]);
    let runtime = registry.compile();
    for (ty, expected) in [
        (newtype_of_itself, "wraps itself"),
        (one, "wraps itself"),
        (unknown, "unknown type"),
        (unknown_field, "unknown type"),
        (struct_of_itself, "out of proportion"),
    ] {
        let reason = refusal(&runtime, ty, &[]);
        assert!(reason.contains(expected), "{ty}: {reason}");
    }
    // a list of lists nested a million deep, an option of options as well: the depth costs no stack
    let deep = 1_000_000;
    for (ty, byte) in [(list, 4u8), (option_of_itself, 1)] {
        let mut bytes = vec![byte; deep];
        bytes.push(0);
        let mut out = Vec::new();
        runtime.write_json(ty, &mut bytes.as_slice(), &mut out).unwrap();
        assert!(out.len() > deep);
    }
}

#[test]
fn metadata_with_a_chain_of_newtypes_as_long_as_it_likes_compiles() {
    let mut registry = Registry::new();
    let mut ty = registry.add(&[], TypeDefPrimitive::U16);
    for _ in 0..20_000 {
        ty = registry.composite(&[], &[(None, ty)]);
    }
    let runtime = registry.compile();
    let mut out = Vec::new();
    runtime.write_json(ty, &mut &[1, 2][..], &mut out).unwrap();
    assert_eq!(out, b"513");
}

#[test]
fn a_name_out_of_all_proportion_is_refused() {
    let mut registry = Registry::new();
    let name = "x".repeat(10_000);
    registry.variants(&["some"], vec![(&name, 0, vec![])]);
    let error = Runtime::compile(&registry.metadata()).unwrap_err().to_string();
    assert!(error.contains("10000 bytes long"), "{error}");
}

/// 20,000 pallets of one index, and 60,000 variants of one index: read once each, not multiplied.
#[test]
fn pallets_and_variants_that_share_an_index_do_not_multiply() {
    let mut registry = Registry::new();
    let variants = vec![("V", 0, vec![]); 60_000];
    let ty = registry.variants(&["pallet", "Event"], variants);
    let unit = registry.shape(&Shape::Unit);
    let pallet = v14::PalletMetadata {
        name: "P".to_owned(),
        storage: None,
        calls: None,
        event: Some(v14::PalletEventMetadata { ty: ty.into() }),
        constants: Vec::new(),
        error: Some(v14::PalletErrorMetadata { ty: ty.into() }),
        index: 0,
    };
    let metadata = v14::RuntimeMetadataV14 {
        types: registry.finish(),
        pallets: vec![pallet; 20_000],
        extrinsic: v14::ExtrinsicMetadata { ty: unit.into(), version: 4, signed_extensions: Vec::new() },
        ty: unit.into(),
    };
    let bytes = RuntimeMetadataPrefixed(META_RESERVED, RuntimeMetadata::V14(metadata)).encode();
    let runtime = Runtime::compile(&bytes).unwrap();
    assert_eq!(runtime.pallets().len(), 1);
    assert_eq!(runtime.pallets()[0].events.len(), 1);
}

#[test]
fn what_is_no_metadata_is_named() {
    let text = |bytes: &[u8]| Runtime::compile(bytes).unwrap_err().to_string();
    assert_eq!(text(b""), "not runtime metadata: 0 bytes are too few");
    assert_eq!(text(b"atem\x0e"), "not runtime metadata: it does not begin with `meta`");
    assert_eq!(text(b"meta\x0d"), "metadata V13 is not supported (V14, V15 and V16 are)");
    assert_eq!(text(b"meta\xff"), "metadata V255 is not supported (V14, V15 and V16 are)");
    assert!(text(b"meta\x0e").starts_with("not runtime metadata: "));
    let whole = Registry::new().metadata();
    assert!(Runtime::compile(&whole).is_ok());
    assert!(text(&[whole.as_slice(), &[0]].concat()).contains("1 bytes are left over"));
}
