//! Extrinsic formats, address forms, extensions and error shapes that recorded chains of today do not show.

use frame_metadata::{META_RESERVED, RuntimeMetadata, RuntimeMetadataPrefixed, v15, v16};
use parity_scale_codec::{Compact, Encode};
use scale_info::{TypeDefCompact, TypeDefPrimitive, TypeDefTuple};

use super::model::{Registry, Shape};
use crate::{AccountId, DecodedBlock, Hash, Header, RawBlock, Runtime, SpecVersion};

/// Fields of `DispatchError::Module`, as they were at some time.
type ModuleError = fn(&mut Registry) -> Vec<(Option<&'static str>, u32)>;

/// Types of a small runtime with one pallet.
struct Types {
    registry: Registry,
    unit: u32,
    account: u32,
    call: u32,
    event: u32,
    system_event: u32,
    signature: u32,
}

fn types(module_error: ModuleError) -> Types {
    let mut registry = Registry::new();
    let unit = registry.shape(&Shape::Unit);
    let account = registry.shape(&Shape::Account);
    let bytes = registry.shape(&Shape::Bytes);
    let remark = registry.variants(
        &["frame_system", "pallet", "Call"],
        vec![("remark", 0, vec![(Some("remark"), bytes)]), ("nothing", 1, vec![])],
    );
    let call = registry.variants(&["runtime", "RuntimeCall"], vec![("System", 0, vec![(None, remark)])]);
    let module = module_error(&mut registry);
    let error = registry
        .variants(&["sp_runtime", "DispatchError"], vec![("Other", 0, vec![]), ("Module", 3, module)]);
    let weight = registry.shape(&Shape::Int { bits: 64, signed: false });
    let class = registry.variants(&["DispatchClass"], vec![("Normal", 0, vec![])]);
    let pays = registry.variants(&["Pays"], vec![("Yes", 0, vec![]), ("No", 1, vec![])]);
    let info = registry.composite(
        &["DispatchInfo"],
        &[(Some("weight"), weight), (Some("class"), class), (Some("pays_fee"), pays)],
    );
    let system_event = registry.variants(
        &["frame_system", "pallet", "Event"],
        vec![
            ("ExtrinsicSuccess", 0, vec![(None, info)]),
            ("ExtrinsicFailed", 1, vec![(None, error), (None, info)]),
        ],
    );
    let event =
        registry.variants(&["runtime", "RuntimeEvent"], vec![("System", 0, vec![(None, system_event)])]);
    let bytes64 = registry.shape(&Shape::ByteArray(64));
    let signature = registry.variants(&["MultiSignature"], vec![("Sr25519", 1, vec![(None, bytes64)])]);
    Types { registry, unit, account, call, event, system_event, signature }
}

fn no_module_error(registry: &mut Registry) -> Vec<(Option<&'static str>, u32)> {
    let byte = registry.shape(&Shape::Int { bits: 8, signed: false });
    vec![(Some("index"), byte), (Some("error"), byte)]
}

/// `(identifier, type)` of extensions: era, nonce, a wrapped tip with more beside it, and an empty one.
fn extensions(types: &mut Types) -> Vec<(&'static str, u32)> {
    let registry = &mut types.registry;
    let byte = registry.add(&[], TypeDefPrimitive::U8);
    let immortal_or_not = registry.variants(
        &["sp_runtime", "generic", "era", "Era"],
        vec![
            ("Immortal", 0, vec![]),
            ("Mortal5", 5, vec![(None, byte)]),
            ("Mortal165", 165, vec![(None, byte)]),
        ],
    );
    let era = registry.composite(&["frame_system", "CheckMortality"], &[(None, immortal_or_not)]);
    let number = registry.add(&[], TypeDefPrimitive::U32);
    let compact = registry.add(&[], TypeDefCompact::new(number.into()));
    let nonce = registry.composite(&["frame_system", "CheckNonce"], &[(None, compact)]);
    let wide = registry.add(&[], TypeDefPrimitive::U128);
    let amount = registry.add(&[], TypeDefCompact::new(wide.into()));
    let asset = registry.shape(&Shape::Option(Box::new(Shape::Int { bits: 16, signed: false })));
    let charge = registry.composite(
        &["pallet_asset_tx_payment", "ChargeAssetTxPayment"],
        &[(Some("tip"), amount), (Some("asset_id"), asset)],
    );
    let wrapper = registry.composite(&["runtime", "Wrapper"], &[(None, charge)]);
    let empty = registry.composite(&["frame_system", "CheckWeight"], &[]);
    vec![("CheckMortality", era), ("CheckNonce", nonce), ("ChargeWrapped", wrapper), ("CheckWeight", empty)]
}

/// Bytes of those extensions: block 42 of a period of 64, nonce 7, tip 1,000.
fn extension_bytes() -> Vec<u8> {
    let era = (42u16 << 4 | 5).to_le_bytes();
    [era.to_vec(), Compact(7u32).encode(), Compact(1_000u128).encode(), vec![1, 9, 0]].concat()
}

fn v15_runtime(mut types: Types, address: u32) -> Runtime {
    let extensions =
        extensions(&mut types).into_iter().map(|(identifier, ty)| v15::SignedExtensionMetadata {
            identifier: identifier.to_owned(),
            ty: ty.into(),
            additional_signed: types.unit.into(),
        });
    let errors = types.registry.variants(&["frame_system", "Error"], vec![("Oops", 2, vec![])]);
    let system = v15::PalletMetadata {
        name: "System".to_owned(),
        storage: None,
        calls: None,
        event: Some(v15::PalletEventMetadata { ty: types.system_event.into() }),
        constants: Vec::new(),
        error: Some(v15::PalletErrorMetadata { ty: errors.into() }),
        index: 0,
        docs: Vec::new(),
    };
    let metadata = v15::RuntimeMetadataV15 {
        extrinsic: v15::ExtrinsicMetadata {
            version: 4,
            address_ty: address.into(),
            call_ty: types.call.into(),
            signature_ty: types.signature.into(),
            extra_ty: types.unit.into(),
            signed_extensions: extensions.collect(),
        },
        types: types.registry.finish(),
        pallets: vec![system],
        ty: types.unit.into(),
        apis: Vec::new(),
        outer_enums: v15::OuterEnums {
            call_enum_ty: types.call.into(),
            event_enum_ty: types.event.into(),
            error_enum_ty: types.unit.into(),
        },
        custom: v15::CustomMetadata { map: Default::default() },
    };
    Runtime::compile(&RuntimeMetadataPrefixed(META_RESERVED, RuntimeMetadata::V15(metadata)).encode())
        .unwrap()
}

fn block(runtime: &Runtime, extrinsics: &[Vec<u8>], events: Vec<u8>) -> DecodedBlock {
    let header = Header {
        parent_hash: Hash::default(),
        number: 50,
        state_root: Hash::default(),
        extrinsics_root: Hash::default(),
        logs: Vec::new(),
    };
    runtime.decode_block(&RawBlock {
        hash: header.hash(),
        header,
        extrinsics: extrinsics.iter().map(Encode::encode).collect(),
        events,
        authorities: Vec::new(),
        spec_version: SpecVersion(1),
    })
}

const CALL: &[u8] = &[0, 0, 4, 0xab];

fn signed(version: u8, address: &[u8]) -> Vec<u8> {
    [&[0x80 | version][..], address, &[1], &[3; 64], &extension_bytes(), CALL].concat()
}

#[test]
fn signed_extrinsics_of_both_versions_tell_all_they_carry() {
    let types = types(no_module_error);
    let account = types.account;
    let runtime = v15_runtime(types, account);
    let signer = AccountId([7; 32]);
    let block = block(&runtime, &[signed(4, &signer.0), signed(5, &signer.0)], vec![]);
    assert_eq!(block.quarantined, []);
    for (extrinsic, version) in block.extrinsics().zip([4, 5]) {
        assert_eq!((extrinsic.version, extrinsic.kind), (version, "signed"));
        assert_eq!(extrinsic.signer, Some(signer.to_ss58().as_str()), "an address may be a plain account");
        assert_eq!(extrinsic.signature, Some(format!(r#"{{"Sr25519":"0x{}"}}"#, "03".repeat(64)).as_str()));
        assert_eq!((extrinsic.nonce, extrinsic.tip_rao), (Some(7), Some(1_000)));
        assert_eq!((extrinsic.era_birth, extrinsic.era_death), (Some(42), Some(106)));
        let expected = r#"{"CheckMortality":{"Mortal165":2},"CheckNonce":7,"ChargeWrapped":{"tip":"1000","asset_id":9},"CheckWeight":null}"#;
        assert_eq!(extrinsic.extensions, expected);
        assert_eq!((extrinsic.call, extrinsic.args), ("remark", r#"{"remark":"0xab"}"#));
    }
}

#[test]
fn bare_extrinsics_of_both_versions_and_calls_without_arguments_are_read() {
    let types = types(no_module_error);
    let account = types.account;
    let runtime = v15_runtime(types, account);
    let block = block(&runtime, &[vec![4, 0, 1], vec![5, 0, 1], vec![6, 0, 1], vec![0x44, 0, 0, 1]], vec![]);
    let told: Vec<_> = block.extrinsics().map(|it| (it.version, it.kind, it.args, it.extensions)).collect();
    assert_eq!(told, [(4, "bare", "{}", "{}"), (5, "bare", "{}", "{}")]);
    let reasons: Vec<_> = block.quarantined.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons, ["byte 1: unknown extrinsic format 0x06", "byte 1: unknown extrinsic format 0x44"]);
}

#[test]
fn general_extrinsics_of_version_0_are_read_with_older_metadata_too() {
    let types = types(no_module_error);
    let account = types.account;
    let runtime = v15_runtime(types, account);
    let general = |version: u8| [&[0x45, version][..], &extension_bytes(), CALL].concat();
    let block = block(&runtime, &[general(0), general(1)], vec![]);
    let extrinsic = block.extrinsics().next().unwrap();
    assert_eq!((extrinsic.kind, extrinsic.signer, extrinsic.nonce), ("general", None, Some(7)));
    assert!(block.quarantined[0].reason.contains("no extensions of version 1"), "{:?}", block.quarantined);
}

#[test]
fn every_address_form_of_a_signer_has_its_text() {
    let multi_address = |index: fn(&mut Registry) -> u32| {
        let mut types = types(no_module_error);
        let (account, index) = (types.account, index(&mut types.registry));
        let raw = types.registry.shape(&Shape::Bytes);
        let (long, short) =
            (types.registry.shape(&Shape::ByteArray(32)), types.registry.shape(&Shape::ByteArray(20)));
        let variants = vec![
            ("Id", 0, vec![(None, account)]),
            ("Index", 1, vec![(None, index)]),
            ("Raw", 2, vec![(None, raw)]),
            ("Address32", 3, vec![(None, long)]),
            ("Address20", 4, vec![(None, short)]),
        ];
        let address = types.registry.variants(&["sp_runtime", "MultiAddress"], variants);
        v15_runtime(types, address)
    };
    let text = |runtime: &Runtime, address: &[u8]| {
        let block = block(runtime, &[signed(4, address)], vec![]);
        assert_eq!(block.quarantined, []);
        block.extrinsics().next().unwrap().signer.unwrap().to_owned()
    };
    let unit_index = multi_address(|registry| registry.shape(&Shape::CompactUnit));
    assert_eq!(text(&unit_index, &[&[0][..], &[7; 32]].concat()), AccountId([7; 32]).to_ss58());
    assert_eq!(text(&unit_index, &[1]), "index:");
    assert_eq!(text(&unit_index, &[2, 8, 1, 2]), "0x0102");
    assert_eq!(text(&unit_index, &[&[3][..], &[7; 32]].concat()), format!("0x{}", "07".repeat(32)));
    assert_eq!(text(&unit_index, &[&[4][..], &[7; 20]].concat()), format!("0x{}", "07".repeat(20)));
    for bits in [32, 64] {
        let runtime = if bits == 32 {
            multi_address(|registry| registry.shape(&Shape::Compact(32)))
        } else {
            multi_address(|registry| registry.shape(&Shape::Compact(64)))
        };
        assert_eq!(text(&runtime, &[1, 40]), "index:10");
    }
}

#[test]
fn a_20_byte_account_signs_too() {
    let mut types = types(no_module_error);
    let bytes = types.registry.shape(&Shape::ByteArray(20));
    let address = types.registry.composite(&["account", "AccountId20"], &[(None, bytes)]);
    let block = block(&v15_runtime(types, address), &[signed(4, &[7; 20])], vec![]);
    assert_eq!(block.quarantined, []);
    assert_eq!(block.extrinsics().next().unwrap().signer, Some(format!("0x{}", "07".repeat(20)).as_str()));
    assert_eq!(block.mentions, []);
}

/// Unnamed fields, a weight that is a bare integer and an error of one byte: the shapes of years ago.
#[test]
fn outcomes_are_read_from_old_shapes() {
    let runtime = |module: ModuleError| {
        let types = types(module);
        let account = types.account;
        v15_runtime(types, account)
    };
    let old = runtime(no_module_error);
    let middle = runtime(|registry| {
        let byte = registry.shape(&Shape::Int { bits: 8, signed: false });
        vec![(Some("index"), byte), (Some("error"), registry.shape(&Shape::ByteArray(4)))]
    });
    let new = runtime(|registry| {
        let byte = registry.shape(&Shape::Int { bits: 8, signed: false });
        let four = registry.shape(&Shape::ByteArray(4));
        let error = registry
            .composite(&["sp_runtime", "ModuleError"], &[(Some("index"), byte), (Some("error"), four)]);
        vec![(None, error)]
    });
    for (runtime, error_bytes, written) in [
        (&old, &[2][..], "2"),
        (&middle, &[2, 0, 0, 0], r#""0x02000000""#),
        (&new, &[2, 0, 0, 0], r#""0x02000000""#),
    ] {
        let info = |pays: u8| [&77u64.to_le_bytes()[..], &[0, pays]].concat();
        let success = [&[0, 0, 0, 0, 0, 0, 0][..], &info(1), &[0]].concat();
        let failed = [&[0, 1, 0, 0, 0, 0, 1, 3, 0][..], error_bytes, &info(0), &[0]].concat();
        let events = [&[8][..], &success, &failed].concat();
        let block = block(runtime, &[vec![4, 0, 1], vec![4, 0, 1]], events);
        assert_eq!(block.quarantined, []);
        let told: Vec<_> = block
            .extrinsics()
            .map(|it| (it.success, it.error, it.weight_ref_time, it.pays_fee, it.fee_rao))
            .collect();
        assert_eq!(
            told,
            [
                (Some(true), None, Some(77), Some(false), Some(0)),
                (Some(false), Some("System.Oops"), Some(77), Some(true), None),
            ]
        );
        let args = block.events().nth(1).unwrap().args.to_owned();
        let module = format!(r#"{{"Module":{{"index":0,"error":{written},"name":"System.Oops"}}}}"#);
        assert_eq!(
            args,
            format!(r#"[{module},{{"weight":"77","class":{{"Normal":null}},"pays_fee":{{"Yes":null}}}}]"#)
        );
        assert_eq!((block.summary.weight_ref_time, block.summary.weight_proof_size), (154, 0));
    }
}

#[test]
fn v16_tells_which_extensions_each_version_has_and_a_proof_names_the_signer() {
    let mut types = types(no_module_error);
    let known = extensions(&mut types);
    let (account, signature, unit) = (types.account, types.signature, types.unit);
    let proof_fields = vec![(Some("signature"), signature), (Some("account"), account)];
    let proof = types.registry.variants(
        &["pallet_verify_signature", "extension", "VerifySignature"],
        vec![("Signed", 0, proof_fields), ("Disabled", 1, vec![])],
    );
    let all = known.into_iter().chain([("VerifyMultiSignature", proof)]);
    let all = all.map(|(identifier, ty)| v16::TransactionExtensionMetadata {
        identifier: identifier.to_owned(),
        ty: ty.into(),
        implicit: unit.into(),
    });
    let by_version = [(0, vec![0, 1, 2, 3]), (3, vec![4, 1]), (9, vec![77])];
    let by_version = by_version.map(|(version, indices): (u8, Vec<u32>)| {
        (version, indices.into_iter().map(Compact).collect::<Vec<_>>())
    });
    let metadata = v16::RuntimeMetadataV16 {
        extrinsic: v16::ExtrinsicMetadata {
            versions: vec![4, 5],
            address_ty: account.into(),
            call_ty: types.call.into(),
            signature_ty: signature.into(),
            transaction_extensions_by_version: by_version.into_iter().collect(),
            transaction_extensions: all.collect(),
        },
        pallets: Vec::new(),
        apis: Vec::new(),
        outer_enums: v16::OuterEnums {
            call_enum_ty: types.call.into(),
            event_enum_ty: types.event.into(),
            error_enum_ty: unit.into(),
        },
        custom: v16::CustomMetadata { map: Default::default() },
        types: types.registry.finish(),
    };
    let metadata = RuntimeMetadataPrefixed(META_RESERVED, RuntimeMetadata::V16(metadata)).encode();
    let runtime = Runtime::compile(&metadata).unwrap();
    let signer = AccountId([8; 32]);
    let proven = [&[0x45, 3, 0, 1][..], &[5; 64], &signer.0, &[28], CALL].concat();
    let unproven = [&[0x45, 3, 1, 28][..], CALL].concat();
    let unknown = [&[0x45, 9, 28][..], CALL].concat();
    let block = block(&runtime, &[signed(4, &signer.0), proven, unproven, unknown], vec![]);
    let told: Vec<_> = block.extrinsics().map(|it| (it.kind, it.signer, it.nonce, it.tip_rao)).collect();
    let text = signer.to_ss58();
    let expected = [
        ("signed", Some(text.as_str()), Some(7), Some(1_000)),
        ("general", Some(text.as_str()), Some(7), None),
        ("general", None, Some(7), None),
    ];
    assert_eq!(told, expected);
    let proof = format!(r#"{{"Sr25519":"0x{}"}}"#, "05".repeat(64));
    assert_eq!(block.extrinsics().nth(1).unwrap().signature, Some(proof.as_str()));
    assert_eq!(block.calls().nth(1).unwrap().origin, text);
    assert_eq!(block.quarantined.len(), 1);
}

#[test]
fn compact_structs_and_tuples_of_one_are_read() {
    let mut registry = Registry::new();
    let number = registry.add(&[], TypeDefPrimitive::U64);
    let named = registry.composite(&["Fixed"], &[(Some("bits"), number)]);
    let compact_named = registry.add(&[], TypeDefCompact::new(named.into()));
    let newtype = registry.composite(&["Perbill"], &[(None, number)]);
    let compact_newtype = registry.add(&[], TypeDefCompact::new(newtype.into()));
    let single = registry.add(&[], TypeDefTuple::new_portable([number.into()]));
    let limbs = registry.add(&[], scale_info::TypeDefArray::new(4, number.into()));
    let wide = registry.composite(&["primitive_types", "U256"], &[(None, limbs)]);
    let runtime = registry.compile();
    let json = |ty, bytes: &[u8]| {
        let mut out = Vec::new();
        runtime.write_json(ty, &mut &*bytes, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(json(compact_named, &[40]), r#"{"bits":"10"}"#);
    assert_eq!(json(compact_newtype, &[40]), r#""10""#);
    assert_eq!(json(single, &7u64.to_le_bytes()), r#""7""#);
    let mut wei = [0u8; 32];
    wei[16] = 1;
    assert_eq!(json(wide, &wei), r#""340282366920938463463374607431768211456""#);
}
