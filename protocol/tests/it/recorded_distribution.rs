//! Distributions as a runtime of spec 377 computed them, to the last bit, and what the chain stored of them.
//!
//! `demo/distributions.jsonl.zst` holds what the runtime itself had in hand; the state is that of the recording.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use yumascan_protocol::{
    emission::{
        DistributionInputs, DistributionOutputs, HotkeyState, Parent, Pendings, Withholding, coinbase,
        distribute,
    },
    epoch::{AccountKey, Payout},
    fixed::{I96F32, U64F64, U96F32},
    share_pool::{FixedPool, FloatPool, SafeFloat, Shares},
};

use crate::{
    recorded_coinbase::{era, inputs as coinbase_inputs},
    recording::{self, Hasher, Recording, Scale, State, int128, uint, uint_or},
};

const DEFAULT_TAKE: u64 = 11_796;

/// What a distribution reads of the state below its block.
pub(crate) fn inputs(
    recording: &Recording,
    block: u64,
    netuid: u16,
    payouts: Vec<Payout>,
) -> DistributionInputs {
    let state = &recording.before;
    let era = era(recording.spec_version(block));
    let from_coinbase = coinbase_inputs(state, era, block);
    let outputs = coinbase(&from_coinbase).unwrap();
    let (pendings, alpha_out_rao) = match outputs.subnets.iter().find(|subnet| subnet.netuid == netuid) {
        Some(subnet) => (subnet.pendings, subnet.alpha_out_rao),
        None => {
            let subnet = from_coinbase.subnets.iter().find(|subnet| subnet.netuid == netuid).unwrap();
            (subnet.pendings, subnet.alpha_out_rao)
        }
    };
    let account = |value: Option<&[u8]>| value.map(|value| Scale(value).account());
    let owner_coldkey = account(state.of("SubnetOwner", netuid));
    let owner_hotkey = account(state.of("SubnetOwnerHotkey", netuid));
    let owned_hotkeys = owner_coldkey.map_or(Vec::new(), |coldkey| {
        state.by_account("OwnedHotkeys", coldkey, None).map_or(Vec::new(), |value| {
            let mut scale = Scale(value);
            (0..scale.compact()).map(|_| scale.account()).collect()
        })
    });
    let mut wanted: Vec<AccountKey> = payouts.iter().map(|payout| payout.hotkey).collect();
    wanted.extend(owner_hotkey);
    let mut hotkeys = BTreeMap::new();
    let mut auto_stake = BTreeMap::new();
    while let Some(hotkey) = wanted.pop() {
        if hotkeys.contains_key(&hotkey) {
            continue;
        }
        let of_hotkey = hotkey_state(state, hotkey, netuid);
        wanted.extend(of_hotkey.parents.iter().map(|parent| parent.hotkey));
        if let Some(destination) =
            account(state.by_account("AutoStakeDestination", of_hotkey.owner, Some(netuid)))
        {
            auto_stake.insert(of_hotkey.owner, destination);
            wanted.push(destination);
        }
        hotkeys.insert(hotkey, of_hotkey);
    }
    DistributionInputs {
        era,
        netuid,
        pendings,
        tao_weight: from_coinbase.tao_weight,
        childkey_burn: uint(state.single("CKBurn")),
        payouts,
        hotkeys,
        owner_coldkey,
        owner_hotkey,
        owned_hotkeys,
        withholding: match state.of("RecycleOrBurn", netuid) {
            Some([1]) => Withholding::Recycle,
            _ => Withholding::Burn,
        },
        auto_stake,
        alpha_out_rao,
    }
}

pub(crate) fn hotkey_state(state: &State, hotkey: AccountKey, netuid: u16) -> HotkeyState {
    let here = |item| state.by_account(item, hotkey, Some(netuid));
    let relations = |item| {
        here(item).map_or(Vec::new(), |value| {
            let mut scale = Scale(value);
            (0..scale.compact())
                .map(|_| Parent { proportion: scale.u64(), hotkey: scale.account() })
                .collect::<Vec<_>>()
        })
    };
    HotkeyState {
        owner: state
            .by_account("Owner", hotkey, None)
            .map_or_else(AccountKey::default, |value| Scale(value).account()),
        alpha_rao: uint(here("TotalHotkeyAlpha")),
        root_rao: uint(state.by_account("TotalHotkeyAlpha", hotkey, Some(0))),
        take: uint_or(state.by_account("Delegates", hotkey, None), DEFAULT_TAKE) as u16,
        childkey_take: uint(here("ChildkeyTake")) as u16,
        parents: relations("ParentKeys"),
        children: relations("ChildKeys").into_iter().map(|child| child.proportion).collect(),
        claimable: claimable(state, hotkey, netuid),
    }
}

fn claimable(state: &State, hotkey: AccountKey, netuid: u16) -> Option<I96F32> {
    let mut scale = Scale(state.by_account("RootClaimable", hotkey, None)?);
    let entries = (0..scale.compact()).map(|_| (u16::from_le_bytes(scale.take()), scale.i128()));
    let found = entries.collect::<Vec<_>>().into_iter().find(|(of, _)| *of == netuid);
    found.map(|(_, bits)| I96F32::from_bits(bits))
}

/// Compares what the chain stored; counts the hotkeys whose stake something else in the block changed too: an
/// extrinsic, or a claim of root dividends.
///
/// A hotkey that an extrinsic of the block swapped for another left everything to it, and is not compared.
pub(crate) fn changed_further(recording: &Recording, at: (u64, u16), outputs: &DistributionOutputs) -> usize {
    let (after, netuid) = (&recording.after, at.1);
    let key = netuid.to_le_bytes();
    let is_kept = |hotkey: &AccountKey| !is_swapped(recording, *hotkey, netuid);
    let stored = |item| -> BTreeMap<AccountKey, u64> {
        let parts: [(Hasher, &[u8]); 1] = [(Hasher::Identity, &key)];
        let under = after.under("SubtensorModule", item, &parts);
        let entries = under.map(|(key, value)| (Scale(&key[16..]).account(), uint(Some(value))));
        entries.filter(|(hotkey, _)| is_kept(hotkey)).collect()
    };
    let ours = |entries: &BTreeMap<AccountKey, u64>| -> BTreeMap<AccountKey, u64> {
        entries.iter().filter(|(hotkey, _)| is_kept(hotkey)).map(|(hotkey, rao)| (*hotkey, *rao)).collect()
    };
    assert_eq!(ours(&outputs.alpha_dividends), stored("AlphaDividendsPerSubnet"), "{at:?}");
    let on_root = outputs.root_alpha_dividends.as_ref().unwrap();
    assert_eq!(ours(on_root), stored("RootAlphaDividendsPerSubnet"), "{at:?}");
    for (hotkey, alpha) in ours(&outputs.hotkey_alpha_last_epoch) {
        let stored = after.by_account("TotalHotkeyAlphaLastEpoch", hotkey, Some(netuid));
        assert_eq!(alpha, uint(stored), "{at:?} {hotkey}");
    }
    for (hotkey, rate) in outputs.claimable.iter().filter(|(hotkey, _)| is_kept(hotkey)) {
        assert_eq!(Some(*rate), claimable(after, *hotkey, netuid), "{at:?} {hotkey}");
    }
    let stored = |hotkey| uint(after.by_account("TotalHotkeyAlpha", hotkey, Some(netuid)));
    let (quiet, changed): (Vec<_>, Vec<_>) =
        outputs.hotkey_alpha.iter().partition(|(hotkey, alpha)| **alpha == stored(**hotkey));
    for (hotkey, _) in quiet {
        check_shares(recording, at, *hotkey, outputs);
    }
    changed.len()
}

/// Whether an extrinsic of the block swapped this hotkey for another or another for it, everywhere or on the subnet.
fn is_swapped(recording: &Recording, hotkey: AccountKey, netuid: u16) -> bool {
    let (before, after) = (&recording.before, &recording.after);
    let owned = |state: &State| state.by_account("Owner", hotkey, None).is_some();
    let uid = |state: &State| {
        let key: [(Hasher, &[u8]); 2] =
            [(Hasher::Identity, &netuid.to_le_bytes()), (Hasher::Blake2Concat, &hotkey.0)];
        state.raw("SubtensorModule", "Uids", &key).map(<[u8]>::to_vec)
    };
    owned(before) != owned(after) || uid(before) != uid(after)
}

/// Replays the payments to a hotkey in its share pool and compares every share with the stored one.
fn check_shares(recording: &Recording, at: (u64, u16), hotkey: AccountKey, outputs: &DistributionOutputs) {
    let (before, after, netuid) = (&recording.before, &recording.after, at.1);
    let floats = recording.spec_version(at.0) >= 401;
    let denominator = |state: &State| {
        let of = |item| state.by_account(item, hotkey, Some(netuid));
        shares_of(of("TotalHotkeyShares"), of("TotalHotkeySharesV2"), floats)
    };
    let shares = |state: &State, coldkey: AccountKey| {
        let key: [(Hasher, &[u8]); 3] = [
            (Hasher::Blake2Concat, &hotkey.0),
            (Hasher::Blake2Concat, &coldkey.0),
            (Hasher::Identity, &netuid.to_le_bytes()),
        ];
        let of = |item| state.raw("SubtensorModule", item, &key);
        shares_of(of("Alpha"), of("AlphaV2"), floats)
    };
    let mut value_rao = uint(before.by_account("TotalHotkeyAlpha", hotkey, Some(netuid)));
    let mut all = denominator(before);
    let mut coldkeys: BTreeMap<AccountKey, Shares> = BTreeMap::new();
    for payment in outputs.payments.iter().filter(|payment| payment.hotkey == hotkey) {
        if let Some(coldkey) = payment.coldkey {
            let of_coldkey = coldkeys.entry(coldkey).or_insert_with(|| shares(before, coldkey));
            pay(value_rao, &mut all, of_coldkey, payment.rao as i64);
        }
        value_rao += payment.rao;
    }
    assert_eq!(all, denominator(after), "{at:?} {hotkey}");
    for (coldkey, ours) in coldkeys {
        assert_eq!(ours, shares(after, coldkey), "{at:?} {hotkey} {coldkey}");
    }
}

/// Shares as the runtime reads them: of the older map first, as floats where it computes with floats.
fn shares_of(older: Option<&[u8]>, newer: Option<&[u8]>, floats: bool) -> Shares {
    let fixed = U64F64::from_bits(int128(older) as u128);
    let newer = newer.map(|value| {
        let mut scale = Scale(value);
        SafeFloat { mantissa: scale.i128() as u128, exponent: scale.u64() as i64 }
    });
    match (floats, older.is_some()) {
        (false, _) => Shares::Fixed(fixed),
        (true, true) => Shares::Float(fixed.into()),
        (true, false) => Shares::Float(newer.unwrap_or_default()),
    }
}

fn pay(value_rao: u64, denominator: &mut Shares, shares: &mut Shares, rao: i64) {
    match (denominator, shares) {
        (Shares::Fixed(all), Shares::Fixed(shares)) => {
            let mut pool = FixedPool { value_rao, denominator: *all };
            pool.change(shares, rao);
            *all = pool.denominator;
        }
        (Shares::Float(all), Shares::Float(shares)) => {
            let mut pool = FloatPool { value_rao, denominator: *all };
            pool.change(shares, rao);
            *all = pool.denominator;
        }
        mixed => panic!("{mixed:?}"),
    }
}

fn number(value: &Value) -> u128 {
    value.as_u64().map_or_else(|| value.as_str().unwrap().parse().unwrap(), u128::from)
}

fn key(value: &Value) -> AccountKey {
    value.as_str().unwrap().parse().unwrap()
}

fn pairs(value: &Value) -> Vec<(AccountKey, u128)> {
    value.as_array().unwrap().iter().map(|pair| (key(&pair[0]), number(&pair[1]))).collect()
}

#[test]
fn every_recorded_distribution_is_equal_to_the_last_bit() {
    let demo = Path::new("../demo");
    let mut records: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for line in recording::lines(&demo.join("distributions.jsonl.zst")) {
        let record: Value = serde_json::from_str(&line).unwrap();
        records.entry(number(&record["block"]) as u64).or_default().push(record);
    }
    let mut recording = Recording::open(demo.join("main"));
    let (mut compared, mut paid, mut changed) = (0, 0, 0);
    while let Some(block) = recording.step() {
        for record in records.remove(&block).unwrap_or_default() {
            let netuid = number(&record["netuid"]) as u16;
            let outputs = check(&recording, block, netuid, &record);
            changed += changed_further(&recording, (block, netuid), &outputs);
            compared += 1;
            paid += outputs.hotkey_alpha.len();
        }
    }
    println!(
        "{compared} distributions, {paid} hotkeys paid, stake changed further in the block: {changed:?}"
    );
    assert!(records.is_empty() && compared == 98, "{compared}");
    assert!(changed * 50 < paid, "{changed} of {paid}");
}

fn check(recording: &Recording, block: u64, netuid: u16, record: &Value) -> DistributionOutputs {
    let at = (block, netuid);
    let payouts = record["hotkey_emission"].as_array().unwrap().iter().map(|payout| Payout {
        uid: 0,
        hotkey: key(&payout[0]),
        server: number(&payout[1]) as u64,
        validator: number(&payout[2]) as u64,
    });
    let inputs = inputs(recording, block, netuid, payouts.collect());
    let field = |name: &str| number(&record[name]) as u64;
    let pendings = Pendings {
        server_rao: field("pending_server_alpha"),
        validator_rao: field("pending_validator_alpha"),
        root_rao: field("pending_root_alpha"),
        owner_cut_rao: field("pending_owner_cut"),
    };
    assert_eq!(inputs.pendings, pendings, "{at:?}: what the coinbase accrued");
    assert_eq!(U96F32::from_u64_share(inputs.tao_weight).to_bits(), number(&record["tao_weight_u96f32"]));
    let outputs = distribute(&inputs).unwrap();
    assert_eq!(outputs.validator_rao, field("validator_alpha_used"), "{at:?}");
    let incentives: Vec<_> =
        outputs.incentives.iter().map(|incentive| (incentive.hotkey, u128::from(incentive.rao))).collect();
    assert_eq!(incentives, pairs(&record["incentives"]), "{at:?}");
    let alpha: Vec<_> = outputs.dividends.iter().map(|one| (one.hotkey, one.alpha.to_bits())).collect();
    assert_eq!(alpha, pairs(&record["alpha_dividends_u96f32"]), "{at:?}");
    let root: Vec<_> = outputs.dividends.iter().map(|one| (one.hotkey, one.root.to_bits())).collect();
    assert_eq!(root, pairs(&record["root_alpha_dividends_u96f32"]), "{at:?}");
    outputs
}
