//! Call trees deep and wide, built from the runtime's own tables.

use parity_scale_codec::{Compact, Encode};
use yumascan_chain::{DecodedBlock, RawBlock, Runtime};

use crate::fixtures;

/// Index bytes of a call.
fn call(runtime: &Runtime, pallet: &str, name: &str) -> [u8; 2] {
    let pallets = runtime.pallets();
    let pallet = pallets.iter().find(|it| it.name == pallet).unwrap();
    [pallet.index, pallet.calls.iter().find(|it| it.name == name).unwrap().index]
}

fn batch(runtime: &Runtime, calls: &[Vec<u8>]) -> Vec<u8> {
    let head = call(runtime, "Utility", "batch").to_vec();
    [head, Compact(calls.len() as u32).encode(), calls.concat()].concat()
}

fn remark(runtime: &Runtime, text: &[u8]) -> Vec<u8> {
    [call(runtime, "System", "remark").to_vec(), text.to_vec().encode()].concat()
}

fn bare(call: &[u8]) -> Vec<u8> {
    [vec![4], call.to_vec()].concat().encode()
}

fn decode(runtime: &Runtime, extrinsics: Vec<Vec<u8>>) -> DecodedBlock {
    let mut raw: RawBlock = fixtures::blocks().swap_remove(0);
    raw.extrinsics = extrinsics;
    raw.events = vec![0];
    runtime.decode_block(&raw)
}

#[test]
fn a_call_nested_300_deep_is_unfolded() {
    let runtime = fixtures::runtime(377);
    let mut nested = remark(runtime, b"deep");
    for _ in 0..300 {
        nested = batch(runtime, &[nested]);
    }
    let block = decode(runtime, vec![bare(&nested)]);
    assert_eq!(block.quarantined, []);
    let calls: Vec<_> = block.calls().collect();
    assert_eq!(calls.len(), 301);
    let deepest = calls[300];
    assert_eq!((deepest.depth, deepest.call, deepest.args), (300, "remark", r#"{"remark":"0x64656570"}"#));
    assert_eq!(deepest.path, format!("0{}", ".0".repeat(300)));
    for (depth, call) in calls.iter().enumerate().take(300) {
        assert_eq!(call.args, format!(r#"{{"calls":[{{"$call":"{}"}}]}}"#, calls[depth + 1].path));
    }
    let whole = block.extrinsics().next().unwrap().args.to_owned();
    let expected = format!(
        r#"{}{{"remark":"0x64656570"}}{}"#,
        r#"{"calls":[{"Utility":{"batch":"#.repeat(299) + r#"{"calls":[{"System":{"remark":"#,
        "}}]}".repeat(300)
    );
    assert_eq!(whole, expected);
}

#[test]
fn ten_thousand_calls_in_one_extrinsic_are_unfolded() {
    let runtime = fixtures::runtime(377);
    let calls: Vec<_> = (0..10_000u32).map(|number| remark(runtime, &number.to_le_bytes())).collect();
    let block = decode(runtime, vec![bare(&batch(runtime, &calls))]);
    assert_eq!(block.quarantined, []);
    assert_eq!(block.calls().len(), 10_001);
    for (number, call) in block.calls().skip(1).enumerate() {
        assert_eq!(call.path, format!("0.{number}"));
        assert_eq!(call.call_index as usize, number + 1);
        assert_eq!(
            call.args,
            format!(r#"{{"remark":"0x{}"}}"#, const_hex::encode((number as u32).to_le_bytes()))
        );
    }
}

#[test]
fn ten_thousand_calls_300_deep_are_unfolded() {
    let runtime = fixtures::runtime(377);
    let mut nested = batch(runtime, &vec![remark(runtime, b""); 10_000]);
    for _ in 1..300 {
        nested = batch(runtime, &[nested]);
    }
    let block = decode(runtime, vec![bare(&nested)]);
    assert_eq!(block.quarantined, []);
    assert_eq!(block.calls().len(), 10_300);
    let last = block.calls().last().unwrap();
    assert_eq!((last.depth, last.path.rsplit_once('.').unwrap().1), (300, "9999"));
}

#[test]
fn nesting_as_deep_as_the_bytes_go_ends_in_quarantine_with_bounded_memory() {
    let runtime = fixtures::runtime(377);
    let head = [call(runtime, "Utility", "batch").to_vec(), vec![4]].concat();
    let nested = [head.repeat(1_000_000), remark(runtime, b"")].concat();
    let block = decode(runtime, vec![bare(&nested)]);
    assert_eq!((block.extrinsics().len(), block.calls().len()), (0, 0));
    assert!(block.quarantined[0].reason.contains("out of proportion"), "{}", block.quarantined[0].reason);
}

#[test]
fn many_calls_deep_below_cannot_multiply_their_paths_without_bound() {
    let runtime = fixtures::runtime(377);
    let leaves = vec![remark(runtime, b""); 400_000];
    let mut nested = batch(runtime, &leaves);
    for _ in 0..1_500 {
        nested = batch(runtime, &[nested]);
    }
    let block = decode(runtime, vec![bare(&nested)]);
    assert_eq!(block.quarantined.len(), 1);
    assert!(block.quarantined[0].reason.contains("out of proportion"));
}

#[test]
fn a_batch_that_announces_more_calls_than_there_are_is_quarantined() {
    let runtime = fixtures::runtime(377);
    let head = call(runtime, "Utility", "batch").to_vec();
    let lying = [head, Compact(u32::MAX).encode(), remark(runtime, b"one")].concat();
    let block = decode(runtime, vec![bare(&lying), bare(&remark(runtime, b"fine"))]);
    assert_eq!((block.quarantined.len(), block.extrinsics().len(), block.calls().len()), (1, 1, 1));
}

#[test]
fn calls_are_found_in_every_argument_that_holds_them() {
    let runtime = fixtures::runtime(377);
    let find = |pallet: &str, name: &str| call(runtime, pallet, name).to_vec();
    let inner = remark(runtime, b"x");
    // a box, two boxes, an option of a box, and a proxy around a batch
    let if_else =
        [find("Utility", "if_else"), inner.clone(), batch(runtime, &[inner.clone(), inner])].concat();
    let proxy = [find("Proxy", "proxy"), vec![0], vec![9; 32], vec![0], if_else].concat();
    let block = decode(runtime, vec![bare(&proxy)]);
    assert_eq!(block.quarantined, []);
    let told: Vec<_> =
        block.calls().map(|call| (call.path, call.role, call.call, call.parent_index)).collect();
    assert_eq!(
        told,
        [
            ("0", "", "proxy", None),
            ("0.0", "call", "if_else", Some(0)),
            ("0.0.0", "main", "remark", Some(1)),
            ("0.0.1", "fallback", "batch", Some(1)),
            ("0.0.1.0", "calls", "remark", Some(3)),
            ("0.0.1.1", "calls", "remark", Some(3)),
        ]
    );
}

#[test]
fn every_address_form_of_a_destination_is_read() {
    let runtime = fixtures::runtime(377);
    let transfer = call(runtime, "Balances", "transfer_keep_alive").to_vec();
    let to = |address: &[u8]| {
        let call = [transfer.clone(), address.to_vec(), Compact(5u64).encode()].concat();
        let block = decode(runtime, vec![bare(&call)]);
        assert_eq!(block.quarantined, []);
        block.calls().next().unwrap().args.to_owned()
    };
    let account = yumascan_chain::AccountId([7; 32]);
    assert_eq!(
        to(&[vec![0], vec![7; 32]].concat()),
        format!(r#"{{"dest":{{"Id":"{account}"}},"value":"5"}}"#)
    );
    // `Index(Compact<()>)` takes no bytes at all
    assert_eq!(to(&[1]), r#"{"dest":{"Index":null},"value":"5"}"#);
    assert_eq!(to(&[2, 8, 1, 2]), r#"{"dest":{"Raw":"0x0102"},"value":"5"}"#);
    assert_eq!(
        to(&[vec![3], vec![7; 32]].concat()),
        format!(r#"{{"dest":{{"Address32":"0x{}"}},"value":"5"}}"#, "07".repeat(32))
    );
    assert_eq!(
        to(&[vec![4], vec![7; 20]].concat()),
        format!(r#"{{"dest":{{"Address20":"0x{}"}},"value":"5"}}"#, "07".repeat(20))
    );
}
