//! Real samples of the main network, which the project does not carry: a folder with `metadata/*.scale` (named
//! `…-SPEC-vVERSION…`) and `verified_raw_extrinsics_spec244.json`, named by `YUMASCAN_REAL_SAMPLES`.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Map, Value, json};
use yumascan_chain::{AccountId, Hash, RawBlock, Runtime};

use crate::fixtures;

fn folder() -> PathBuf {
    std::env::var_os("YUMASCAN_REAL_SAMPLES")
        .expect("YUMASCAN_REAL_SAMPLES names the folder of samples")
        .into()
}

/// Runtimes by spec and metadata version.
fn runtimes() -> BTreeMap<(u32, u32), Runtime> {
    let mut runtimes = BTreeMap::new();
    for entry in std::fs::read_dir(folder().join("metadata")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let version = name.split('-').find_map(|part| part.strip_prefix('v')?.parse().ok()).unwrap();
        let spec = name.split('-').find_map(|part| part.parse().ok()).unwrap();
        let runtime = Runtime::compile(&std::fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(runtime.metadata_version(), version as u8, "{name}");
        assert_eq!(runtime.spec_version().map(|spec| spec.0), Some(spec), "{name}");
        runtimes.insert((spec, version), runtime);
    }
    assert!(!runtimes.is_empty());
    runtimes
}

#[test]
#[ignore = "needs the folder YUMASCAN_REAL_SAMPLES"]
fn all_real_metadata_compile_and_their_tables_are_full() {
    let runtimes = runtimes();
    for ((spec, version), runtime) in &runtimes {
        let pallets = runtime.pallets();
        let count =
            |items: fn(&yumascan_chain::PalletTable<'_>) -> usize| pallets.iter().map(items).sum::<usize>();
        let (calls, events) = (count(|it| it.calls.len()), count(|it| it.events.len()));
        assert!(calls > 100 && events > 100, "{spec} v{version}: {calls} calls, {events} events");
        for pallet in &pallets {
            let fields = pallet.calls.iter().chain(&pallet.events).flat_map(|item| &item.fields);
            for field in fields {
                assert!(!field.type_text.contains('?'), "{spec} {} {field:?}", pallet.name);
            }
        }
    }
    let of = |version| runtimes[&(320, version)].pallets();
    assert_eq!(of(14), of(15), "the two versions of spec 320 give the same tables");
}

/// The camel-case form that the samples' arguments have, with accounts in hex and enums by `__kind`.
fn restyle(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<AccountId>() {
            Ok(account) if !text.starts_with("0x") => json!(Hash(account.0).to_string()),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(restyle).collect(),
        Value::Object(fields) => {
            let single = fields.iter().next().filter(|_| fields.len() == 1);
            if let Some((name, inner)) = single
                && (name.starts_with(char::is_uppercase) || inner.is_object())
            {
                return restyle_enum(name, inner);
            }
            Value::Object(fields.iter().map(|(name, field)| (camel(name), restyle(field))).collect())
        }
        other => other.clone(),
    }
}

fn restyle_enum(name: &str, inner: &Value) -> Value {
    let mut restyled = Map::new();
    restyled.insert("__kind".to_owned(), json!(name));
    match restyle(inner) {
        Value::Null => {}
        Value::Object(fields) if !fields.contains_key("__kind") => restyled.extend(fields),
        value => {
            restyled.insert("value".to_owned(), value);
        }
    }
    Value::Object(restyled)
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |text, part| {
        let (head, tail) = part.split_at(1);
        text + &head.to_uppercase() + tail
    })
}

#[test]
#[ignore = "needs the folder YUMASCAN_REAL_SAMPLES"]
fn real_extrinsics_decode_to_what_the_network_made_of_them() {
    let runtimes = runtimes();
    let runtime = &runtimes[&(240, 15)];
    let text = std::fs::read_to_string(folder().join("verified_raw_extrinsics_spec244.json")).unwrap();
    let samples: Vec<Value> = serde_json::from_str(&text).unwrap();
    let (mut nested, mut mortal) = (0, 0);
    for sample in &samples {
        let expected = &sample["expected"];
        let id = &sample["id"];
        let number = sample["block_number"].as_u64().unwrap();
        let mut raw: RawBlock = fixtures::blocks().swap_remove(0);
        raw.header.number = number;
        raw.extrinsics = vec![const_hex::decode(sample["raw"].as_str().unwrap()).unwrap()];
        raw.events = vec![0];
        let block = runtime.decode_block(&raw);
        assert_eq!(block.quarantined, [], "{id}");
        let extrinsic = block.extrinsics().next().unwrap();
        assert_eq!(json!(extrinsic.hash), sample["hash"], "{id}");
        assert_eq!(json!(format!("{}.{}", extrinsic.pallet, extrinsic.call)), sample["call"], "{id}");
        assert_eq!(json!(extrinsic.version), expected["version"], "{id}");

        let args: Value = serde_json::from_str(extrinsic.args).unwrap();
        let restyled: Map<String, Value> =
            args.as_object().unwrap().iter().map(|(name, arg)| (camel(name), restyle(arg))).collect();
        assert_eq!(Value::Object(restyled), expected["call_args"], "{id}");
        nested += block.calls().len() - 1;

        let signature = &expected["signature"];
        if signature.get("address").is_none() {
            assert_eq!((extrinsic.kind, extrinsic.signer, extrinsic.nonce), ("bare", None, None), "{id}");
            continue;
        }
        let signer: AccountId = extrinsic.signer.unwrap().parse().unwrap();
        assert_eq!(json!(Hash(signer.0)), signature["address"]["value"], "{id}");
        let proof: Value = serde_json::from_str(extrinsic.signature.unwrap()).unwrap();
        assert_eq!(restyle(&proof), signature["signature"], "{id}");
        let extensions = &signature["signedExtensions"];
        assert_eq!(extrinsic.nonce, extensions["checkNonce"].as_u64(), "{id}");
        assert_eq!(
            extrinsic.tip_rao.map(|tip| json!(tip.to_string())),
            Some(expected["tip"].clone()),
            "{id}"
        );
        let told: Value = serde_json::from_str(extrinsic.extensions).unwrap();
        assert_eq!(
            restyle(&told["CheckMetadataHash"]["mode"]),
            extensions["checkMetadataHash"]["mode"],
            "{id}"
        );
        let era = &extensions["checkMortality"]["__kind"];
        assert_eq!(
            told["CheckMortality"].as_object().unwrap().keys().next().map(|kind| json!(kind)),
            Some(era.clone())
        );
        assert_eq!(extrinsic.era_birth.is_none(), era == "Immortal", "{id}");
        if let (Some(birth), Some(death)) = (extrinsic.era_birth, extrinsic.era_death) {
            mortal += 1;
            assert!(
                birth <= number && number < death && (death - birth).is_power_of_two(),
                "{id}: {birth}..{death}"
            );
        }
    }
    assert_eq!((samples.len(), nested), (49, 2));
    assert!(mortal > 10);
}
