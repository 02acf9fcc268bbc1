//! On whose behalf each call runs: origins, from the outer call inwards.

use parity_scale_codec::Encode;

use super::{Assigned, CallNode, Origin, kind};
use crate::{
    ids::{AccountId, Hash},
    json,
};

/// Prefix of the preimages of derived accounts, both of multisigs and of `as_derivative`.
const DERIVATION_PREFIX: &[u8; 16] = b"modlpy/utilisuba";

/// Sets the origin of every node but the first, whose origin stands already.
pub(super) fn assign<'a>(calls: &[CallNode<'a>], out: &mut [Assigned<'a>]) {
    // siblings share their parent's answer
    let mut last = None;
    for index in 1..calls.len() {
        let Some(parent) = calls[index].parent.map(|parent| parent as usize).filter(|parent| *parent < index)
        else {
            out[index].origin = Origin::Unknown;
            continue;
        };
        let origin = match last {
            Some((of, origin)) if of == parent => origin,
            _ => inner_origin(&calls[parent], out[parent].origin),
        };
        last = Some((parent, origin));
        out[index].origin = origin;
    }
}

/// The origin that `carrier`, itself called by `origin`, gives to the calls it carries.
fn inner_origin<'a>(carrier: &CallNode<'a>, origin: Origin<'a>) -> Origin<'a> {
    let argument = |name: &str, position: usize| json::member(carrier.args, name, position);
    let known = match (carrier.pallet, carrier.call) {
        ("Proxy", "proxy") => argument("real", 0).and_then(address),
        ("Proxy", "proxy_announced") => argument("real", 1).and_then(address),
        ("Sudo" | "SubtensorModule", "sudo" | "sudo_unchecked_weight") => Some(Origin::Root),
        ("Sudo", "sudo_as") => argument("who", 0).and_then(address),
        ("Multisig", "as_multi_threshold_1") => {
            argument("other_signatories", 0).and_then(|others| multisig(origin, others, 1))
        }
        ("Multisig", "as_multi") => argument("threshold", 0)
            .and_then(json::integer)
            .and_then(|threshold| u16::try_from(threshold).ok())
            .zip(argument("other_signatories", 1))
            .and_then(|(threshold, others)| multisig(origin, others, threshold)),
        ("Utility", "as_derivative") => argument("index", 0)
            .and_then(json::integer)
            .and_then(|index| u16::try_from(index).ok())
            .and_then(|index| derivative(origin, index)),
        ("Utility", "dispatch_as" | "dispatch_as_fallible") => {
            argument("as_origin", 0).and_then(named_origin)
        }
        // a collective's own origin, of one member or of a majority, is none of those told apart here
        (pallet, "execute" | "propose") if kind::is_collective(pallet) => None,
        _ => Some(origin),
    };
    known.unwrap_or(Origin::Unknown)
}

/// A `MultiAddress` or a bare account id.
fn address(value: &str) -> Option<Origin<'_>> {
    match json::variant(value) {
        None | Some(("Id", _)) => {
            let text = json::text(json::variant(value).map_or(value, |(_, id)| id))?;
            Some(Origin::Text(text))
        }
        Some(("Address32", hex)) => json::text(hex)?.parse().ok().map(Origin::Account),
        // an index can be reassigned and the rest is not resolved by the runtime
        Some(_) => None,
    }
}

/// An `OriginCaller`.
fn named_origin(value: &str) -> Option<Origin<'_>> {
    let ("system" | "System", raw) = json::variant(value)? else { return None };
    match json::variant(raw)? {
        ("Root", _) => Some(Origin::Root),
        ("None", _) => Some(Origin::None),
        ("Signed", account) => json::text(account).map(Origin::Text),
        _ => None,
    }
}

fn account_of(origin: Origin<'_>) -> Option<AccountId> {
    match origin {
        Origin::Account(account) => Some(account),
        Origin::Text(text) => text.parse().ok(),
        Origin::Root | Origin::None | Origin::Unknown => None,
    }
}

/// Address of the multisig of `origin` and `others` (JSON array of accounts).
fn multisig<'a>(origin: Origin<'_>, others: &str, threshold: u16) -> Option<Origin<'a>> {
    let mut signatories = vec![account_of(origin)?];
    for other in json::elements(others) {
        signatories.push(json::text(other)?.parse().ok()?);
    }
    Some(Origin::Account(multisig_account(signatories, threshold)))
}

fn multisig_account(mut signatories: Vec<AccountId>, threshold: u16) -> AccountId {
    signatories.sort_unstable();
    let keys: Vec<[u8; 32]> = signatories.iter().map(|account| account.0).collect();
    AccountId(Hash::blake2_256(&(DERIVATION_PREFIX, keys, threshold).encode()).0)
}

fn derivative<'a>(origin: Origin<'_>, index: u16) -> Option<Origin<'a>> {
    let preimage = (DERIVATION_PREFIX, account_of(origin)?.0, index).encode();
    Some(Origin::Account(AccountId(Hash::blake2_256(&preimage).0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
    const CHARLIE: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";

    fn carried_by<'a>(pallet: &'a str, call: &'a str, args: &'a str, origin: Origin<'a>) -> Origin<'a> {
        inner_origin(&CallNode { parent: None, pallet, call, args }, origin)
    }

    #[test]
    fn two_of_alice_bob_and_charlie_have_their_well_known_address() {
        let args = format!(r#"{{"threshold":2,"other_signatories":["{CHARLIE}","{BOB}"]}}"#);
        let origin = carried_by("Multisig", "as_multi", &args, Origin::Text(ALICE));
        let expected = "5DjYJStmdZ2rcqXbXGX7TW85JsrW6uG4y9MUcLq2BoPMpRA7".parse().unwrap();
        assert_eq!(origin, Origin::Account(expected));
    }

    #[test]
    fn a_proxied_call_runs_for_the_real_account_in_every_address_form() {
        for args in [format!(r#"{{"real":{{"Id":"{BOB}"}}}}"#), format!(r#"{{"real":"{BOB}"}}"#)] {
            assert_eq!(carried_by("Proxy", "proxy", &args, Origin::Text(ALICE)), Origin::Text(BOB));
        }
        let announced = format!(r#"{{"delegate":{{"Id":"{ALICE}"}},"real":{{"Id":"{BOB}"}}}}"#);
        assert_eq!(carried_by("Proxy", "proxy_announced", &announced, Origin::None), Origin::Text(BOB));
        let index = r#"{"real":{"Index":null}}"#;
        assert_eq!(carried_by("Proxy", "proxy", index, Origin::Text(ALICE)), Origin::Unknown);
    }

    #[test]
    fn named_origins_are_read() {
        let origin = |json| carried_by("Utility", "dispatch_as", json, Origin::Root);
        assert_eq!(origin(r#"{"as_origin":{"system":{"Root":null}}}"#), Origin::Root);
        assert_eq!(origin(r#"{"as_origin":{"system":{"None":null}}}"#), Origin::None);
        let signed = format!(r#"{{"as_origin":{{"system":{{"Signed":"{BOB}"}}}}}}"#);
        assert_eq!(carried_by("Utility", "dispatch_as", &signed, Origin::Root), Origin::Text(BOB));
        assert_eq!(origin(r#"{"as_origin":{"Triumvirate":{"Members":[2,3]}}}"#), Origin::Unknown);
    }

    #[test]
    fn what_cannot_be_derived_is_unknown_and_not_the_signer() {
        let args = r#"{"threshold":2,"other_signatories":["5G"]}"#;
        assert_eq!(carried_by("Multisig", "as_multi", args, Origin::Text(ALICE)), Origin::Unknown);
        let derived = carried_by("Utility", "as_derivative", r#"{"index":0}"#, Origin::Text("0x00"));
        assert_eq!(derived, Origin::Unknown);
        assert_eq!(carried_by("Utility", "as_derivative", r#"{"index":0}"#, Origin::Root), Origin::Unknown);
        assert_eq!(carried_by("Triumvirate", "execute", "{}", Origin::Text(ALICE)), Origin::Unknown);
        assert_eq!(carried_by("Whatever", "carries", "{}", Origin::Text(ALICE)), Origin::Text(ALICE));
    }
}
