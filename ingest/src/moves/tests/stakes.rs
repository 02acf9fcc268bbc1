//! Made-up blocks.

use proptest::prelude::*;

use super::made::{MadeState, Unread, key, log, rows, rows_with, who};
use crate::moves::{Key, Moment, MovesOf, collect_from};

const SUBTENSOR: &str = "SubtensorModule";

fn staked(
    name: &'static str,
    extrinsic: u32,
    args: String,
) -> (Option<u32>, &'static str, &'static str, String) {
    (Some(extrinsic), SUBTENSOR, name, args)
}

/// 100 TAO and 400 alpha in the pool: a price of a quarter.
fn quarter() -> MadeState {
    MadeState::default().pool(3, 100_000_000_000, 400_000_000_000)
}

#[test]
fn events_of_every_era_are_read_and_what_they_lack_is_null() {
    let (cold, hot) = (who(1), who(2));
    // before dTAO: no coldkey, no subnet
    let call = (0, "add_stake", cold.as_str(), format!(r#"{{"hotkey":"{hot}","amount_staked":"5"}}"#));
    let old = rows_with(
        &[staked("StakeAdded", 0, format!(r#"["{hot}","5"]"#))],
        std::slice::from_ref(&call),
        200,
        &MadeState::default(),
    );
    let row = &old.stake_moves[0];
    assert_eq!((row.coldkey.as_ref(), row.hotkey.as_ref()), (Some(&cold), Some(&hot)));
    assert_eq!((row.tao_rao, row.alpha_rao, row.netuid, row.fee), (Some(5), None, None, None));
    assert_eq!((row.volume_rao, row.price_bits, row.side.as_ref()), (Some(0), None, None));
    // 233: five fields
    let five = format!(r#"["{cold}","{hot}","1000","3990",3]"#);
    let row = &rows(&[staked("StakeAdded", 0, five)], &quarter()).stake_moves[0];
    assert_eq!((row.netuid, row.fee, row.fee_unit.as_ref()), (Some(3), None, None));
    assert_eq!((row.volume_rao, row.price_bits), (Some(1000), Some(1 << 30)));
    assert_eq!(row.slippage, Some(2_500), "3990 of 4000");
    // 257: the fee is in TAO both ways, and amounts are without it
    let six = |fee: &str| format!(r#"["{cold}","{hot}","950","4000",3,"{fee}"]"#);
    let row = &rows(&[staked("StakeRemoved", 0, six("50"))], &quarter()).stake_moves[0];
    assert_eq!((row.fee, row.fee_unit.as_deref(), row.slippage), (Some(50), Some("rao"), Some(0)));
    // 283: a sale pays in alpha
    let row = &rows(&[staked("StakeRemoved", 0, six("200"))], &quarter().with_swap_pallet()).stake_moves[0];
    assert_eq!((row.fee, row.fee_unit.as_deref(), row.slippage), (Some(200), Some("alpha_rao"), Some(0)));
    assert_eq!((row.side.as_deref(), row.volume_rao), (Some("sell"), Some(950)));
}

#[test]
fn a_move_within_a_subnet_carries_no_volume_and_one_between_subnets_carries_both_legs() {
    let (cold, one, two) = (who(1), who(2), who(3));
    let state = quarter().pool(4, 1_000, 1_000).with_swap_pallet();
    let within = [
        staked("StakeRemoved", 0, format!(r#"["{cold}","{one}","100","400",3,"0"]"#)),
        staked("StakeAdded", 0, format!(r#"["{cold}","{two}","100","400",3,"0"]"#)),
        staked("StakeMoved", 0, format!(r#"["{cold}","{one}",3,"{two}",3,"100"]"#)),
    ];
    let found = rows(&within, &state).stake_moves;
    assert!(found.iter().all(|row| row.volume_rao == Some(0) && row.side.is_none()), "{found:?}");
    assert_eq!(found.iter().map(|row| row.summary_event).collect::<Vec<_>>(), [Some(2), Some(2), None]);
    assert_eq!((found[2].alpha_rao, found[2].to_hotkey.as_ref()), (Some(400), Some(&two)));
    let between = [
        staked("StakeRemoved", 0, format!(r#"["{cold}","{one}","100","400",3,"1"]"#)),
        staked("StakeAdded", 0, format!(r#"["{cold}","{one}","100","100",4,"0"]"#)),
        staked("StakeSwapped", 0, format!(r#"["{cold}","{one}",3,4,"100"]"#)),
        // an operation of its own in the same extrinsic
        staked("StakeAdded", 0, format!(r#"["{cold}","{one}","7","7",4,"0"]"#)),
    ];
    let found = rows(&between, &state).stake_moves;
    let told: Vec<_> =
        found.iter().map(|row| (row.side.as_deref(), row.volume_rao, row.summary_event)).collect();
    assert_eq!(told[0], (Some("sell"), Some(100), Some(2)));
    assert_eq!(told[1], (Some("buy"), Some(100), Some(2)));
    assert_eq!(told[2..], [(None, Some(0), None), (Some("buy"), Some(7), None)]);
}

#[test]
fn a_fee_paid_with_alpha_and_stake_bought_to_be_burned_are_told_once() {
    let (cold, hot) = (who(1), who(2));
    let events = [
        staked("StakeRemoved", 0, format!(r#"["{cold}","{hot}","5","20",3,"0"]"#)),
        staked("StakeAdded", 0, format!(r#"["{cold}","{hot}","100","400",3,"1"]"#)),
        staked("AlphaBurned", 0, format!(r#"["{cold}","{hot}","400",3]"#)),
        staked("AddStakeBurn", 0, format!(r#"{{"netuid":3,"hotkey":"{hot}","amount":"100","alpha":"400"}}"#)),
        staked(
            "TransactionFeePaidWithAlpha",
            0,
            format!(r#"{{"who":"{cold}","netuid":3,"alpha_fee":"20","tao_amount":"5"}}"#),
        ),
    ];
    let found = rows(&events, &quarter().with_swap_pallet()).stake_moves;
    let summaries: Vec<_> = found.iter().map(|row| row.summary_event).collect();
    assert_eq!(summaries, [Some(4), Some(3), Some(3), None, None]);
    assert_eq!(found.iter().filter_map(|row| row.volume_rao).sum::<u64>(), 105);
    assert_eq!((found[3].coldkey.as_ref(), found[4].hotkey.as_ref()), (Some(&cold), Some(&hot)));
}

#[test]
fn an_order_is_told_by_its_swap() {
    let (cold, hot) = (who(1), who(2));
    let order = |kind: &str, put: u64, got: u64| {
        let args = format!(
            r#"{{"order_id":"0x00","signer":"{cold}","netuid":3,"order_type":{{"{kind}":null}},"amount_in":"{put}","amount_out":"{got}"}}"#
        );
        (Some(0), "LimitOrders", "OrderExecuted", args)
    };
    let events = [
        staked("StakeAdded", 0, format!(r#"["{cold}","{hot}","99","390",3,"1"]"#)),
        order("LimitBuy", 100, 390),
        order("TakeProfit", 400, 90),
    ];
    let found = rows(&events, &quarter().with_swap_pallet()).stake_moves;
    assert_eq!((found[0].summary_event, found[0].volume_rao), (Some(1), Some(99)));
    assert_eq!((found[1].tao_rao, found[1].alpha_rao, found[1].volume_rao), (Some(100), Some(390), Some(0)));
    assert_eq!((found[2].tao_rao, found[2].alpha_rao), (Some(90), Some(400)));
    assert_eq!(found[1].hotkey.as_ref(), Some(&hot));
}

#[test]
fn who_loses_a_uid_is_told_with_what_it_had() {
    let (cold, old, new, newer) = (who(1), who(2), who(3), who(4));
    let subnet = [Key::U16(3)];
    let state = MadeState::default()
        .with(Moment::Before, "SubnetworkN", &subnet, "2")
        .with(Moment::Before, "Keys", &[Key::U16(3), Key::U16(1)], &format!("\"{old}\""))
        .with(Moment::Before, "BlockAtRegistration", &[Key::U16(3), Key::U16(1)], "\"17\"")
        .with(Moment::Before, "Incentive", &subnet, "[0,99]")
        .with(Moment::Before, "Emission", &subnet, r#"["0","12345"]"#)
        .with(Moment::Before, "Owner", &[key(2)], &format!("\"{cold}\""))
        .with(Moment::Before, "RAORecycledForRegistration", &subnet, "\"1000\"");
    let registered =
        |uid: u16, hotkey: &str| staked("NeuronRegistered", 0, format!(r#"[3,{uid},"{hotkey}"]"#));
    let recycled = |total: u64| staked("RAORecycledForRegistrationSet", 0, format!(r#"[3,"{total}"]"#));
    let events = [
        recycled(1500),
        registered(1, &new),
        recycled(2100),
        registered(1, &newer),
        recycled(2800),
        registered(2, &who(5)),
    ];
    let found = rows(&events, &state);
    let costs: Vec<_> = found.registrations.iter().map(|row| row.cost_rao).collect();
    assert_eq!(costs, [Some(500), Some(600), Some(700)]);
    let [first, second] = &found.deregistrations[..] else { panic!("{:?}", found.deregistrations) };
    assert_eq!((first.hotkey.as_ref(), first.coldkey.as_ref()), (Some(&old), Some(&cold)));
    assert_eq!(
        (first.registered_at, first.incentive, first.emission_rao),
        (Some(17), Some(99), Some(12_345))
    );
    assert_eq!((first.reason.as_str(), first.replaced_by.as_ref()), ("replaced", Some(&new)));
    // who came and went in one block
    assert_eq!((second.hotkey.as_ref(), second.registered_at), (Some(&new), Some(1000)));
    assert_eq!((second.incentive, second.replaced_by.as_ref()), (None, Some(&newer)));
    assert_eq!(found.registrations[2].replaced_hotkey, None);
}

#[test]
fn a_removed_subnet_takes_its_neurons_with_it_and_its_successor_starts_anew() {
    let subnet = [Key::U16(3)];
    let state = MadeState::default()
        .with(Moment::Before, "SubnetworkN", &subnet, "1")
        .with(Moment::Before, "Keys", &[Key::U16(3), Key::U16(0)], &format!("\"{}\"", who(2)))
        .with(Moment::Before, "NetworkRegisteredAt", &subnet, "\"5\"")
        .with(Moment::After, "NetworkRegisteredAt", &subnet, "\"1000\"")
        .with(Moment::After, "SubnetLocked", &subnet, "\"77\"")
        .with(Moment::After, "SubnetOwner", &subnet, &format!("\"{}\"", who(6)));
    let events = [
        staked("NetworkRemoved", 0, "[3]".to_owned()),
        staked("NetworkAdded", 0, "[3,1]".to_owned()),
        staked("NeuronRegistered", 1, format!(r#"[3,0,"{}"]"#, who(7))),
    ];
    let signer = who(6);
    let calls = [(0, "register_network", signer.as_str(), format!(r#"{{"hotkey":"{}"}}"#, who(8)))];
    let found = rows_with(&events, &calls, 377, &state);
    let told: Vec<_> =
        found.deregistrations.iter().map(|row| (row.kind.as_str(), row.reason.as_str())).collect();
    assert_eq!(told, [("subnet", "pruned"), ("neuron", "pruned")]);
    assert!(found.deregistrations.iter().all(|row| row.subnet_registered_at == Some(5)));
    assert!(found.registrations.iter().all(|row| row.subnet_registered_at == Some(1000)));
    assert_eq!(found.registrations[0].cost_rao, Some(77));
    assert_eq!(found.registrations[0].method.as_deref(), Some("register_network"));
    assert_eq!(found.registrations[1].replaced_hotkey, None, "the successor had nobody");
}

#[test]
fn takes_children_and_swaps_are_told_in_order() {
    let (cold, hot, child) = (who(1), who(2), who(3));
    let state = MadeState::default().with(Moment::Before, "Delegates", &[key(2)], "11796").with(
        Moment::Before,
        "ChildkeyTake",
        &[key(2), Key::U16(3)],
        "7",
    );
    let events = [
        staked("TakeDecreased", 0, format!(r#"["{cold}","{hot}",9000]"#)),
        staked("TakeDecreased", 1, format!(r#"["{cold}","{hot}",8000]"#)),
        staked("ChildKeyTakeSet", 2, format!(r#"["{hot}",5]"#)),
        staked(
            "SetChildrenScheduled",
            3,
            format!(r#"["{hot}",3,"7200",[["9223372036854775808","{child}"]]]"#),
        ),
        staked("ColdkeySwapAnnounced", 4, format!(r#"{{"who":"{cold}","new_coldkey_hash":"0xab"}}"#)),
        staked(
            "ColdkeySwapped",
            5,
            format!(r#"{{"old_coldkey":"{cold}","new_coldkey":"{child}","swap_cost":"9"}}"#),
        ),
    ];
    let calls =
        [(2, "set_childkey_take", cold.as_str(), format!(r#"{{"hotkey":"{hot}","netuid":3,"take":5}}"#))];
    let found = rows_with(&events, &calls, 377, &state);
    let takes: Vec<_> =
        found.delegate_takes.iter().map(|row| (row.old_take, row.new_take, row.netuid)).collect();
    assert_eq!(takes, [(Some(11_796), 9_000, None), (Some(9_000), 8_000, None), (Some(7), 5, Some(3))]);
    assert_eq!(found.child_keys[0].children, [(1 << 63, child)]);
    assert_eq!(found.child_keys[0].cooldown_block, Some(7_200));
    assert_eq!(found.key_swaps[0].new_key_hash.as_deref(), Some("0xab"));
    assert_eq!((found.key_swaps[1].kind.as_str(), found.key_swaps[1].amount_rao), ("coldkey", Some(9)));
}

/// Names that are looked at, and one that is not.
const NAMES: [&str; 24] = [
    "StakeAdded",
    "StakeRemoved",
    "StakeMoved",
    "StakeTransferred",
    "StakeSwapped",
    "AutoStakeAdded",
    "AlphaBurned",
    "AddStakeBurn",
    "TransactionFeePaidWithAlpha",
    "SubnetLeaseDividendsDistributed",
    "AggregatedLimitedStakeAdded",
    "RAORecycledForRegistrationSet",
    "NeuronRegistered",
    "NetworkAdded",
    "NetworkRemoved",
    "ChainIdentitySet",
    "SubnetIdentitySet",
    "SymbolUpdated",
    "TakeIncreased",
    "ChildKeyTakeSet",
    "SetChildren",
    "ColdkeySwapped",
    "RootClaimed",
    "Unheard",
];

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<u128>().prop_map(|number| format!("\"{number}\"")),
        (0_u16..5).prop_map(|number| number.to_string()),
        (0_u8..4).prop_map(|number| format!("\"{}\"", who(number))),
        Just("\"0xzz\"".to_owned()),
        Just(r#"{"Buy":null}"#.to_owned()),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..7).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((0_usize..6, inner), 0..6).prop_map(|fields| {
                let names = ["netuid", "hotkey", "coldkey", "log", "who", "children"];
                let fields: Vec<String> =
                    fields.into_iter().map(|(name, value)| format!("\"{}\":{value}", names[name])).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics_on_any_arguments(
        events in proptest::collection::vec((0_usize..NAMES.len(), 0_u32..3, any_json()), 0..20),
        call in any_json(),
        spec in 100_u32..500,
    ) {
        let events: Vec<_> = events
            .into_iter()
            .map(|(name, extrinsic, args)| {
                let pallet = ["SubtensorModule", "LimitOrders", "EVM"][usize::try_from(extrinsic).unwrap()];
                let name = match pallet {
                    "LimitOrders" => "OrderExecuted",
                    "EVM" => "Log",
                    _ => NAMES[name],
                };
                (Some(extrinsic), pallet, name, args)
            })
            .collect();
        let calls = ["register", "set_childkey_take", "add_stake", "sudo_trim_to_max_allowed_uids"]
            .map(|name| (0, name, "", call.clone()));
        let log = log(&events, &calls);
        let block = MovesOf { number: 1, timestamp_ms: None, spec_version: spec };
        let state = quarter().with(Moment::Before, "SubnetworkN", &[Key::U16(3)], "3");
        for state in [&state as &dyn crate::moves::State, &Unread] {
            let found = collect_from(block, &log, state);
            let stakes = &found.rows.stake_moves;
            prop_assert!(stakes.is_sorted_by_key(|row| row.event_index));
            prop_assert!(stakes.iter().all(|row| row.side.is_some() || row.slippage.is_none()));
        }
    }
}
