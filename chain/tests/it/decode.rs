//! Recorded blocks, decoded whole, damaged and under the wrong runtime.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use yumascan_chain::{AccountId, DecodedBlock, MentionRole, Phase, QuarantineKind, RawBlock, Runtime};

use crate::fixtures;

fn decode(block: &RawBlock) -> DecodedBlock {
    fixtures::runtime(block.spec_version.0).decode_block(block)
}

fn recorded(number: u64) -> RawBlock {
    fixtures::blocks().into_iter().find(|block| block.header.number == number).unwrap()
}

/// All that a decoded block says, as text, to compare.
fn told(block: &DecodedBlock) -> Vec<String> {
    let mut told = vec![format!("{:?} {:?}", block.summary, block.quarantined)];
    told.extend(block.extrinsics().map(|it| format!("{it:?}")));
    told.extend(block.calls().map(|it| format!("{it:?}")));
    told.extend(block.events().map(|it| format!("{it:?}")));
    told.extend(block.transfers.iter().map(|it| format!("{it:?}")));
    told.extend(block.mentions.iter().map(|it| format!("{it:?}")));
    told
}

#[test]
fn every_recorded_block_is_decoded_whole() {
    for raw in fixtures::blocks() {
        let block = decode(&raw);
        let number = raw.header.number;
        assert_eq!(block.quarantined, [], "block {number}");
        assert_eq!(block.extrinsics().len(), raw.extrinsics.len(), "block {number}");
        assert_eq!(block.events().len() as u32, block.summary.announced_events, "block {number}");
        assert!(block.summary.timestamp_ms.is_some_and(|ms| ms > 1_700_000_000_000), "block {number}");
        for (position, extrinsic) in block.extrinsics().enumerate() {
            let index = position as u32;
            assert_eq!(extrinsic.index, index);
            assert_eq!(extrinsic.hash, yumascan_chain::Hash::blake2_256(&raw.extrinsics[position]));
            assert!(extrinsic.success.is_some() && extrinsic.weight_ref_time.is_some());
            assert_eq!(extrinsic.error.is_some(), extrinsic.success == Some(false));
            assert_eq!(extrinsic.kind == "signed", extrinsic.signer.is_some());
            assert_eq!(extrinsic.kind == "signed", extrinsic.nonce.is_some() && extrinsic.tip_rao.is_some());
            serde_json::from_str::<Value>(extrinsic.extensions).unwrap();
            let own = block.calls().filter(|call| call.extrinsic_index == index);
            assert_eq!(own.count() as u32, extrinsic.call_count);
            let own = block.events().filter(|event| event.extrinsic_index() == Some(index));
            assert_eq!(own.count() as u32, extrinsic.event_count);
        }
        for event in block.events() {
            let args: Value = serde_json::from_str(event.args).unwrap();
            assert!(args.is_object() || args.is_array(), "{}.{} {args}", event.pallet, event.variant);
            serde_json::from_str::<Vec<String>>(event.topics).unwrap();
        }
    }
}

#[test]
fn all_metadata_versions_of_a_spec_decode_a_block_alike() {
    let runtimes = [14, 15, 16].map(|version| Runtime::compile(&fixtures::metadata(377, version)).unwrap());
    for raw in fixtures::blocks().into_iter().filter(|block| block.spec_version.0 == 377) {
        let [v14, v15, v16] = runtimes.each_ref().map(|runtime| told(&runtime.decode_block(&raw)));
        assert_eq!(v14, v15, "block {}", raw.header.number);
        assert_eq!(v14, v16, "block {}", raw.header.number);
    }
}

/// The whole arguments of an extrinsic, with each nested call replaced by a reference, are the calls' own ones.
fn replace_calls(value: &mut Value, path: &str, next: &mut u32, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(|item| replace_calls(item, path, next, found));
        }
        Value::Object(fields) => {
            let is_call = fields.len() == 1
                && fields.iter().all(|(name, inner)| {
                    name.starts_with(char::is_uppercase)
                        && inner.as_object().is_some_and(|inner| {
                            inner.len() == 1
                                && inner.keys().all(|name| name.starts_with(char::is_lowercase))
                                && inner.values().all(Value::is_object)
                        })
                });
            if !is_call {
                fields.values_mut().for_each(|field| replace_calls(field, path, next, found));
                return;
            }
            let own_path = format!("{path}.{next}");
            *next += 1;
            let call = fields.values_mut().next().and_then(Value::as_object_mut).unwrap();
            let args = call.values_mut().next().unwrap();
            let position = found.len();
            found.push((own_path.clone(), Value::Null));
            replace_calls(args, &own_path, &mut 0, found);
            found[position].1 = args.take();
            *value = serde_json::json!({ "$call": own_path });
        }
        _ => {}
    }
}

#[test]
fn the_call_rows_and_the_whole_arguments_tell_the_same() {
    let mut nested = 0;
    for raw in fixtures::blocks() {
        let block = decode(&raw);
        for extrinsic in block.extrinsics() {
            let mut whole: Value = serde_json::from_str(extrinsic.args).unwrap();
            let mut expected = vec![("0".to_owned(), Value::Null)];
            let fields = whole.as_object_mut().unwrap();
            let mut next = 0;
            fields.values_mut().for_each(|field| replace_calls(field, "0", &mut next, &mut expected));
            expected[0].1 = whole;
            let calls: Vec<_> =
                block.calls().filter(|call| call.extrinsic_index == extrinsic.index).collect();
            let rows: Vec<(String, Value)> = calls
                .iter()
                .map(|call| (call.path.to_owned(), serde_json::from_str(call.args).unwrap()))
                .collect();
            assert_eq!(rows, expected);
            for call in &calls {
                assert_eq!(call.depth as usize, call.path.matches('.').count());
                let parent = call.parent_index.map(|parent| calls[parent as usize].path);
                assert_eq!(parent, call.path.rsplit_once('.').map(|(parent, _)| parent));
                assert_eq!(call.role.is_empty(), call.depth == 0);
            }
            nested += calls.len() - 1;
        }
    }
    assert!(nested > 1000, "{nested} nested calls were compared");
}

#[test]
fn an_upgrade_is_decoded_by_the_runtime_that_executed_the_block() {
    let before = recorded(800);
    let block = decode(&before);
    assert!(block.events().any(|event| (event.pallet, event.variant) == ("System", "CodeUpdated")));
    assert!(block.summary.digest.contains("RuntimeEnvironmentUpdated"));
    // the runtime that the node already names for this block reads it otherwise
    let wrong = fixtures::runtime(402).decode_block(&before);
    assert_ne!(told(&block)[1..], told(&wrong)[1..]);
    assert_eq!(decode(&recorded(801)).quarantined, []);
}

#[test]
fn fees_and_weights_come_from_the_extrinsics_own_events() {
    let block = decode(&recorded(3010));
    let of = |index, variant: &str| {
        let event =
            block.events().find(|event| event.extrinsic_index() == Some(index) && event.variant == variant);
        event.map(|event| serde_json::from_str::<Value>(event.args).unwrap())
    };
    let mut ref_time = 0;
    for extrinsic in block.extrinsics() {
        let outcome =
            of(extrinsic.index, "ExtrinsicSuccess").or_else(|| of(extrinsic.index, "ExtrinsicFailed"));
        let info = &outcome.unwrap()["dispatch_info"];
        let weight: u64 = info["weight"]["ref_time"].as_str().unwrap().parse().unwrap();
        ref_time += weight;
        assert_eq!(extrinsic.weight_ref_time, Some(weight));
        let pays = info["pays_fee"].get("Yes").is_some();
        assert_eq!(extrinsic.pays_fee, Some(pays));
        let paid = of(extrinsic.index, "TransactionFeePaid");
        let fee = paid.map(|paid| paid["actual_fee"].as_str().unwrap().parse::<u64>().unwrap());
        assert_eq!(extrinsic.fee_rao, fee.or((!pays).then_some(0)));
    }
    assert_eq!(block.summary.weight_ref_time, ref_time);
    assert!(block.extrinsics().any(|extrinsic| extrinsic.fee_rao.is_some_and(|fee| fee > 0)));
}

#[test]
fn transfers_are_those_of_the_events() {
    let mut count = 0;
    for raw in fixtures::blocks() {
        let block = decode(&raw);
        let expected: Vec<_> = block
            .events()
            .filter(|event| (event.pallet, event.variant) == ("Balances", "Transfer"))
            .map(|event| {
                let args: Value = serde_json::from_str(event.args).unwrap();
                let text = |name: &str| args[name].as_str().unwrap().to_owned();
                (event.index, event.extrinsic_index(), text("from"), text("to"), text("amount"))
            })
            .collect();
        let found: Vec<_> = block
            .transfers
            .iter()
            .map(|transfer| {
                let (from, to) = (transfer.from.to_string(), transfer.to.to_string());
                (transfer.event_index, transfer.extrinsic_index, from, to, transfer.amount_rao.to_string())
            })
            .collect();
        assert_eq!(found, expected);
        count += found.len();
    }
    assert!(count > 100, "{count} transfers were compared");
}

/// All SS58 texts of a JSON value.
fn accounts(value: &Value, found: &mut BTreeSet<AccountId>) {
    match value {
        Value::String(text) if text.len() >= 46 && !text.starts_with("0x") => {
            found.extend(text.parse::<AccountId>());
        }
        Value::Array(items) => items.iter().for_each(|item| accounts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| accounts(field, found)),
        _ => {}
    }
}

#[test]
fn every_account_that_a_block_names_is_mentioned_once_in_its_role() {
    for raw in fixtures::blocks() {
        let block = decode(&raw);
        let mut expected = BTreeSet::new();
        for extrinsic in block.extrinsics() {
            let mut named = BTreeSet::new();
            accounts(&serde_json::from_str(extrinsic.args).unwrap(), &mut named);
            expected
                .extend(named.into_iter().map(|it| (MentionRole::Argument, it, Some(extrinsic.index), None)));
            if let Some(signer) = extrinsic.signer {
                expected.insert((MentionRole::Signer, signer.parse().unwrap(), Some(extrinsic.index), None));
            }
        }
        for call in block.calls() {
            let signer = block.extrinsics().find(|it| it.index == call.extrinsic_index).unwrap().signer;
            if let Ok(origin) = call.origin.parse::<AccountId>()
                && signer != Some(call.origin)
            {
                expected.insert((MentionRole::Origin, origin, Some(call.extrinsic_index), None));
            }
        }
        for event in block.events() {
            let mut named = BTreeSet::new();
            accounts(&serde_json::from_str(event.args).unwrap(), &mut named);
            let role = MentionRole::Event;
            expected
                .extend(named.into_iter().map(|it| (role, it, event.extrinsic_index(), Some(event.index))));
        }
        let found: Vec<_> = block
            .mentions
            .iter()
            .map(|it| (it.role, it.account, it.extrinsic_index, it.event_index))
            .collect();
        let distinct: BTreeSet<_> = found.iter().copied().collect();
        assert_eq!(distinct.len(), found.len(), "block {}", raw.header.number);
        assert_eq!(distinct, expected, "block {}", raw.header.number);
    }
}

#[test]
fn events_after_a_damaged_one_are_quarantined_with_their_bytes() {
    let raw = recorded(2);
    let whole = decode(&raw);
    let mut damaged = raw;
    // somewhere in the middle an event of a pallet that does not exist
    let middle = damaged.events.len() / 2;
    damaged.events.truncate(middle);
    damaged.events.extend([0xff; 40]);
    let block = decode(&damaged);
    let [quarantined] = block.quarantined.as_slice() else { panic!("{:?}", block.quarantined) };
    assert_eq!(quarantined.kind, QuarantineKind::Event);
    assert_eq!(quarantined.index as usize, block.events().len());
    assert_eq!(quarantined.end as usize, damaged.events.len());
    assert_eq!(quarantined.raw, damaged.events[quarantined.start as usize..]);
    assert!(quarantined.start as usize <= middle + 6 && quarantined.reason.starts_with("byte "));
    // all before it is delivered as in the whole block, and the extrinsics are as well
    assert_eq!(block.summary.announced_events, whole.summary.announced_events);
    let before: Vec<_> = block.events().map(|event| format!("{event:?}")).collect();
    let same: Vec<_> = whole.events().take(before.len()).map(|event| format!("{event:?}")).collect();
    assert!(before.len() > 10);
    assert_eq!(before, same);
    assert_eq!(block.extrinsics().len(), whole.extrinsics().len());
}

#[test]
fn bytes_after_the_last_event_are_quarantined() {
    let mut raw = recorded(2);
    let len = raw.events.len();
    raw.events.extend([1, 2, 3]);
    let block = decode(&raw);
    assert_eq!(block.events().len() as u32, block.summary.announced_events);
    assert_eq!((block.quarantined[0].start as usize, &block.quarantined[0].raw[..]), (len, &[1, 2, 3][..]));
}

#[test]
fn an_extrinsic_that_is_not_understood_is_quarantined_and_the_others_keep_their_index() {
    let mut raw = recorded(2);
    let last = raw.extrinsics.len() - 1;
    let good = decode(&raw);
    let mut long = raw.extrinsics[1].clone();
    long.push(0);
    raw.extrinsics[1] = long;
    raw.extrinsics[2] = vec![4, 0x07];
    raw.extrinsics.push(Vec::new());
    let block = decode(&raw);
    let reasons: Vec<_> =
        block.quarantined.iter().map(|it| (it.index as usize, it.reason.as_str())).collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons[0].0 == 1 && reasons[0].1.contains("the length prefix says"), "{reasons:?}");
    assert!(reasons[1].0 == 2 && reasons[1].1.contains("unknown extrinsic format 0x07"), "{reasons:?}");
    assert!(reasons[2].0 == last + 1 && reasons[2].1.contains("the bytes end"), "{reasons:?}");
    assert!(block.quarantined.iter().all(|it| it.raw == raw.extrinsics[it.index as usize]));
    assert_eq!(block.summary.announced_extrinsics as usize, raw.extrinsics.len());
    let of = |block: &DecodedBlock, index| {
        block.extrinsics().find(|it| it.index == index).map(|it| format!("{it:?}"))
    };
    assert_eq!(of(&block, 0), of(&good, 0));
    assert_eq!(of(&block, last as u32), of(&good, last as u32));
    assert_eq!(of(&block, 1), None);
}

#[test]
fn a_block_without_events_is_a_block() {
    let mut raw = recorded(1);
    for events in [vec![], vec![0]] {
        raw.events = events;
        let block = decode(&raw);
        assert_eq!((block.events().len(), block.quarantined.len()), (0, 0));
        assert!(block.extrinsics().all(|it| it.success.is_none() && it.fee_rao.is_none()));
    }
}

#[test]
fn phases_are_told() {
    let block = decode(&recorded(3101));
    let phases: BTreeSet<_> =
        block.events().map(|event| matches!(event.phase, Phase::Initialization)).collect();
    assert_eq!(phases.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Blocks damaged at random neither panic nor lose what is not damaged.
    #[test]
    fn damaged_blocks_never_panic_and_account_for_every_item(
        which in any::<prop::sample::Index>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
        in_events: bool,
    ) {
        let blocks: Vec<_> = fixtures::blocks().into_iter().filter(|block| block.events.len() < 10_000).collect();
        let mut raw = which.get(&blocks).clone();
        let whole = raw.extrinsics.len();
        let target = if in_events { &mut raw.events } else { &mut raw.extrinsics[which.index(whole)] };
        if let Some(cut) = cut {
            target.truncate(cut.index(target.len()));
        }
        for (at, byte) in damage {
            if !target.is_empty() {
                let at = at.index(target.len());
                target[at] ^= byte;
            }
        }
        let block = decode(&raw);
        let lost = block.quarantined.iter().filter(|it| it.kind == QuarantineKind::Extrinsic).count();
        prop_assert_eq!(block.extrinsics().len() + lost, whole);
        prop_assert!(lost <= 1);
        for call in block.calls() {
            serde_json::from_str::<Value>(call.args).unwrap();
        }
        for event in block.events() {
            serde_json::from_str::<Value>(event.args).unwrap();
        }
    }
}
