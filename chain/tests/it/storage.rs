//! Storage keys and values of a recorded state.

use serde_json::{Value, json};
use yumascan_chain::{KeyPart, StorageError, StorageValue};

use crate::fixtures;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

fn hex(bytes: &[u8]) -> String {
    const_hex::encode_prefixed(bytes)
}

#[test]
fn well_known_keys_are_built() {
    let runtime = fixtures::runtime(377);
    let events = runtime.storage_item("System", "Events").unwrap();
    let known = "0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";
    assert_eq!(hex(&events.key(&[]).unwrap()), known);
    let account = runtime.storage_item("System", "Account").unwrap();
    let known = "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9\
                 de1e86a9a8c739864cf3cc5ec2bea59fd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    assert_eq!(hex(&account.key_from_text(&[ALICE]).unwrap()), known);
    let of_hex =
        account.key_from_text(&["0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"]);
    assert_eq!(hex(&of_hex.unwrap()), known);
}

#[test]
fn every_pair_of_a_recorded_state_is_named_decoded_and_rebuilt() {
    let runtime = fixtures::runtime(377);
    let index = runtime.storage_index();
    let (mut named, mut rebuilt) = (0, 0);
    for (key, value) in fixtures::genesis_state() {
        let Some(item) = index.find(&key) else {
            // well-known keys outside all pallets, and pallet versions, which metadata does not list
            assert!(key.starts_with(b":") || key.len() == 32, "{}", hex(&key));
            continue;
        };
        named += 1;
        let name = format!("{}.{}", item.pallet(), item.name());
        let parts = item.parse_key(&key).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(parts.len(), item.key_count(), "{name}");
        let decoded = item.value(Some(&value)).unwrap_or_else(|error| panic!("{error}")).unwrap();
        assert_eq!((decoded.unread, decoded.is_default), (0, false), "{name}");
        serde_json::from_str::<Value>(&decoded.json).unwrap();

        let json: Option<Vec<Value>> = parts
            .iter()
            .map(|part| match part {
                KeyPart::Json(json) => Some(serde_json::from_str(json).unwrap()),
                KeyPart::Hash(_) => None,
            })
            .collect();
        if let Some(json) = json {
            assert_eq!(item.key_from_json(&json).unwrap(), key, "{name}");
            rebuilt += 1;
        }
    }
    assert!(named > 200 && rebuilt > 200, "{named} named, {rebuilt} rebuilt");
}

#[test]
fn every_default_of_both_specs_decodes() {
    for spec in [377, 402] {
        let runtime = fixtures::runtime(spec);
        let mut defaults = 0;
        for item in runtime.storage_items() {
            let name = format!("{}.{}", item.pallet(), item.name());
            match item.value(None).unwrap_or_else(|error| panic!("{error}")) {
                Some(value) => {
                    assert!(item.has_default() && value.is_default, "{name}");
                    assert_eq!(value.unread, 0, "{name}");
                    defaults += 1;
                }
                None => assert!(!item.has_default(), "{name}"),
            }
        }
        assert!(defaults > 100, "{defaults} in spec {spec}");
    }
}

#[test]
fn an_absent_value_is_the_default_or_nothing() {
    let runtime = fixtures::runtime(377);
    let tempo = runtime.storage_item("SubtensorModule", "Tempo").unwrap().value(None).unwrap();
    assert!(matches!(tempo, Some(StorageValue { is_default: true, .. })), "{tempo:?}");
    let owner = runtime.storage_item("Sudo", "Key").unwrap();
    assert_eq!(owner.value(None).unwrap(), None);
}

#[test]
fn a_double_map_is_addressed_wholly_or_by_its_first_key() {
    let runtime = fixtures::runtime(377);
    let uids = runtime.storage_item("SubtensorModule", "Uids").unwrap();
    assert_eq!(uids.key_count(), 2);
    let whole = uids.key_from_text(&["7", ALICE]).unwrap();
    let first = uids.key_from_json(&[json!(7)]).unwrap();
    assert!(whole.starts_with(&first) && first.len() > 32);
    assert_eq!(uids.parse_key(&first).unwrap(), [KeyPart::Json("7".to_owned())]);
    let parts = [KeyPart::Json("7".to_owned()), KeyPart::Json(format!("\"{ALICE}\""))];
    assert_eq!(uids.parse_key(&whole).unwrap(), parts);
    assert_eq!(uids.parse_key(&uids.prefix()).unwrap(), []);
    let netuid = 7u16.to_le_bytes();
    assert_eq!(uids.key(&[&netuid]).unwrap(), first);
}

#[test]
fn a_mistyped_name_is_answered_with_the_nearest() {
    let runtime = fixtures::runtime(377);
    let text = |pallet: &str, item: &str| runtime.storage_item(pallet, item).unwrap_err().to_string();
    assert!(text("SubtensorModul", "Tempo").contains("did you mean `SubtensorModule`?"));
    assert!(text("system", "Events").contains("did you mean `System`?"));
    assert!(text("SubtensorModule", "Tempos").contains("did you mean `Tempo`?"));
    assert!(text("SubtensorModule", "TotalIssuance ").contains("did you mean `TotalIssuance`?"));
    let hopeless = runtime.storage_item("qqqqqqqqqqqq", "x").unwrap_err();
    assert!(matches!(hopeless, StorageError::UnknownPallet { nearest: None, .. }), "{hopeless:?}");
}

#[test]
fn keys_of_another_type_or_number_are_refused_with_what_was_expected() {
    let runtime = fixtures::runtime(377);
    let uids = runtime.storage_item("SubtensorModule", "Uids").unwrap();
    let text = |parts: &[&str]| uids.key_from_text(parts).unwrap_err().to_string();
    assert!(
        text(&["70000", ALICE]).contains("an integer of type u16 was expected"),
        "{}",
        text(&["70000", ALICE])
    );
    assert!(text(&["7", "5Grw"]).contains("key 2 of `SubtensorModule.Uids`: an SS58 address"));
    assert!(text(&["7", ALICE, "8"]).contains("takes 2 keys, 3 were given"));
}

#[test]
fn broken_keys_and_values_are_told_apart() {
    let runtime = fixtures::runtime(377);
    let account = runtime.storage_item("System", "Account").unwrap();
    let key = account.key_from_text(&[ALICE]).unwrap();
    let error = |key: &[u8]| account.parse_key(key).unwrap_err();
    assert!(matches!(error(&key[1..]), StorageError::OtherItem { .. }));
    assert!(matches!(error(&key[..40]), StorageError::BrokenKey { offset: 32, .. }));
    assert!(matches!(error(&key[..key.len() - 1]), StorageError::BrokenKey { offset: 32, .. }));
    assert!(matches!(error(&[&key[..], &[0]].concat()), StorageError::BrokenKey { offset: 80, .. }));
    let mut other_hash = key;
    other_hash[33] ^= 1;
    assert!(error(&other_hash).to_string().contains("the hash is not that of the key"));
    assert!(matches!(account.value(Some(&[1, 2])).unwrap_err(), StorageError::BadValue { .. }));
}
