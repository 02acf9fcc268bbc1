//! The recorded chains: every event has its row, and the rows agree with the state.

use std::{collections::BTreeMap, path::Path};

use yumascan_chain::{AccountId, DecodedBlock};
use yumascan_warehouse::rows::MoveRows;

use crate::{
    moves::{MovesOf, collect},
    recorded::Chain,
};

/// What a chain's blocks gave.
#[derive(Default)]
struct Told {
    rows: MoveRows,
    /// Events by name.
    events: BTreeMap<String, u64>,
}

fn told(chain: &Chain) -> Told {
    let mut told = Told::default();
    for number in chain.recording.first_block()..=chain.recording.last_block() {
        let decoded = chain.decode(number);
        count(&decoded, &mut told.events);
        let block = MovesOf { number, timestamp_ms: None, spec_version: chain.runtime_of(number).0 };
        let found = collect(block, &decoded, &chain.state(number));
        assert_eq!(found.missing, []);
        told.rows.append(found.rows);
    }
    told
}

fn count(decoded: &DecodedBlock, events: &mut BTreeMap<String, u64>) {
    for event in decoded.events() {
        *events.entry(format!("{}.{}", event.pallet, event.variant)).or_default() += 1;
    }
}

fn by<R>(rows: &[R], of: impl Fn(&R) -> String) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(of(row)).or_default() += 1;
    }
    counts
}

/// Rows by kind are as many as events of the kind.
fn assert_all_told(told: &Told) {
    let events = |name: &str| told.events.get(name).copied().unwrap_or(0);
    let subtensor = |name: &str| events(&format!("SubtensorModule.{name}"));
    let rows = &told.rows;
    let kinds = by(&rows.stake_moves, |row| row.kind.clone());
    let stakes = [
        ("stake_added", "StakeAdded"),
        ("stake_removed", "StakeRemoved"),
        ("stake_moved", "StakeMoved"),
        ("stake_transferred", "StakeTransferred"),
        ("stake_swapped", "StakeSwapped"),
        ("auto_stake_added", "AutoStakeAdded"),
        ("alpha_burned", "AlphaBurned"),
        ("alpha_recycled", "AlphaRecycled"),
        ("add_stake_burn", "AddStakeBurn"),
        ("fee_paid_with_alpha", "TransactionFeePaidWithAlpha"),
        ("lease_dividends", "SubnetLeaseDividendsDistributed"),
    ];
    for (kind, name) in stakes {
        assert_eq!(kinds.get(kind).copied().unwrap_or(0), subtensor(name), "{kind}");
    }
    let kinds = by(&rows.registrations, |row| row.kind.clone());
    assert_eq!(kinds.get("neuron").copied().unwrap_or(0), subtensor("NeuronRegistered"));
    assert_eq!(kinds.get("subnet").copied().unwrap_or(0), subtensor("NetworkAdded"));
    let gone = by(&rows.deregistrations, |row| row.kind.clone());
    assert_eq!(gone.get("subnet").copied().unwrap_or(0), subtensor("NetworkRemoved"));
    let identities = by(&rows.identities, |row| format!("{} {}", row.kind, row.action));
    assert_eq!(identities.get("coldkey set").copied().unwrap_or(0), subtensor("ChainIdentitySet"));
    assert_eq!(identities.get("subnet set").copied().unwrap_or(0), subtensor("SubnetIdentitySet"));
    let takes = by(&rows.delegate_takes, |row| row.kind.clone());
    assert_eq!(takes.get("childkey").copied().unwrap_or(0), subtensor("ChildKeyTakeSet"));
    let delegates = ["TakeIncreased", "TakeDecreased", "DelegateAdded"].map(subtensor).iter().sum::<u64>();
    assert_eq!(takes.get("delegate").copied().unwrap_or(0), delegates);
    let children = by(&rows.child_keys, |row| row.state.clone());
    assert_eq!(children.get("set").copied().unwrap_or(0), subtensor("SetChildren"));
    assert_eq!(children.get("scheduled").copied().unwrap_or(0), subtensor("SetChildrenScheduled"));
    let swaps = by(&rows.key_swaps, |row| row.kind.clone());
    let names = [
        ("hotkey", "HotkeySwapped"),
        ("hotkey_on_subnet", "HotkeySwappedOnSubnet"),
        ("coldkey", "ColdkeySwapped"),
        ("coldkey_scheduled", "ColdkeySwapScheduled"),
        ("coldkey_announced", "ColdkeySwapAnnounced"),
        ("coldkey_cleared", "ColdkeySwapCleared"),
    ];
    for (kind, name) in names {
        assert_eq!(swaps.get(kind).copied().unwrap_or(0), subtensor(name), "{kind}");
    }
    assert_eq!(rows.evm_transactions.len() as u64, events("Ethereum.Executed"));
    assert_eq!(rows.evm_logs.len() as u64, events("EVM.Log"));
}

/// What every row must have, and what rows must say of each other.
fn assert_sound(told: &Told) {
    let rows = &told.rows;
    for row in &rows.stake_moves {
        assert!(row.hotkey.is_some() && row.coldkey.is_some() && row.netuid.is_some(), "{row:?}");
        assert!(row.price_bits.is_some() && row.volume_rao.is_some(), "{row:?}");
        let is_summary = matches!(row.kind.as_str(), "stake_moved" | "stake_transferred" | "stake_swapped");
        let legs = rows
            .stake_moves
            .iter()
            .filter(|leg| leg.block_number == row.block_number && leg.summary_event == Some(row.event_index));
        assert!(!is_summary || legs.count() == 2, "{row:?}");
    }
    for row in &rows.registrations {
        assert!(
            row.cost_rao.is_some() && row.subnet_registered_at.is_some() && row.coldkey.is_some(),
            "{row:?}"
        );
    }
    for row in &rows.deregistrations {
        assert!(row.hotkey.is_some() && row.registered_at.is_some() && row.coldkey.is_some(), "{row:?}");
        assert!(row.kind == "subnet" || row.incentive.is_some() && row.emission_rao.is_some(), "{row:?}");
    }
    for row in &rows.identities {
        assert!(row.value.is_some() || row.action == "removed", "{row:?}");
    }
    for row in &rows.delegate_takes {
        assert!(row.old_take.is_some() && row.coldkey.is_some(), "{row:?}");
        assert!(row.kind == "delegate" || row.netuid.is_some(), "{row:?}");
    }
    for row in &rows.evm_transactions {
        assert!(row.gas_used.is_some() && row.kind.is_some() && row.nonce.is_some(), "{row:?}");
        assert!(row.gas_used <= row.gas_limit, "{row:?}");
        assert!(row.from_account.parse::<AccountId>().is_ok(), "{row:?}");
    }
    // a call of the pallet EVM from the Substrate side is no Ethereum transaction
    let outside = rows.evm_logs.iter().filter(|row| row.transaction_hash.is_none());
    assert!(outside.count() <= 1, "{:?}", rows.evm_logs);
}

/// Claims told, by where their amount is from and what became of them.
fn claims(rows: &MoveRows) -> BTreeMap<String, (u64, u64)> {
    let mut claims: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in &rows.root_claims {
        let entry =
            claims.entry(format!("{} {}", row.kind.as_deref().unwrap_or("?"), row.source)).or_default();
        entry.0 += 1;
        entry.1 += row.alpha_rao;
    }
    claims
}

fn report(name: &str, told: &Told) {
    let rows = &told.rows;
    println!("{name}: stake {:?}", by(&rows.stake_moves, |row| row.kind.clone()));
    let volume = |side: &str| {
        let of_side = rows.stake_moves.iter().filter(|row| row.side.as_deref() == Some(side));
        of_side.filter_map(|row| row.volume_rao).map(u128::from).sum::<u128>()
    };
    println!("  volume bought {} sold {}", volume("buy"), volume("sell"));
    let registered = |row: &yumascan_warehouse::rows::RegistrationRow| {
        format!("{} {:?} {:?}", row.kind, row.method, row.cost_source)
    };
    println!("  registered {:?}", by(&rows.registrations, registered));
    println!("  gone {:?}", by(&rows.deregistrations, |row| format!("{} {}", row.kind, row.reason)));
    println!("  identities {:?}", by(&rows.identities, |row| format!("{} {}", row.kind, row.action)));
    println!("  takes {} children {}", rows.delegate_takes.len(), rows.child_keys.len());
    println!("  swaps {:?}", by(&rows.key_swaps, |row| row.kind.clone()));
    println!("  claims {:?}", claims(rows));
    println!("  transactions {} logs {}", rows.evm_transactions.len(), rows.evm_logs.len());
}

#[test]
fn every_event_of_the_recorded_chain_has_its_row() {
    let told = told(&Chain::bundled("main", 400));
    report("main", &told);
    assert_all_told(&told);
    assert_sound(&told);
}

#[test]
fn every_event_after_an_upgrade_has_its_row() {
    let chain = Chain::bundled("upgrade", 860);
    let mut told = Told::default();
    for number in 795..=chain.recording.last_block() {
        let decoded = chain.decode(number);
        count(&decoded, &mut told.events);
        let block = MovesOf { number, timestamp_ms: None, spec_version: chain.runtime_of(number).0 };
        told.rows.append(collect(block, &decoded, &chain.state(number)).rows);
    }
    report("upgrade", &told);
    assert_all_told(&told);
    assert_sound(&told);
    let claims = claims(&told.rows);
    assert!(claims.keys().all(|kind| kind == "keep owed" || kind == "swap owed"), "{claims:?}");
    assert!(claims.values().map(|(count, _)| count).sum::<u64>() > 500, "{claims:?}");
}

/// All bundled blocks, or the recordings named in `YUMASCAN_RECORDINGS`.
#[test]
#[ignore = "minutes"]
fn every_event_of_whole_recordings_has_its_row() {
    let bundled = ["main", "upgrade"].map(|name| Path::new("../demo").join(name)).to_vec();
    let others = Chain::others();
    for folder in if others.is_empty() { bundled } else { others } {
        let told = told(&Chain::load(&folder, None));
        report(&folder.display().to_string(), &told);
        assert_all_told(&told);
        assert_sound(&told);
    }
}
