//! What alert rules look at, against the real engine.

use yumascan_warehouse::{
    Warehouse,
    query::alerts::{NeuronScore, Series, Watched},
};

use crate::support::{account, chain, fresh_warehouse, window};

const ONE: i128 = 1_000_000_000;

async fn run(warehouse: &Warehouse, sql: &str) {
    warehouse.client().query(sql).execute().await.unwrap();
}

async fn values(warehouse: &Warehouse, series: Series<'_>, range: (u64, u64)) -> Vec<(u64, u16, i128)> {
    let points = warehouse.list_series(series, range).await.unwrap();
    points.into_iter().map(|point| (point.block_number, point.netuid, point.value)).collect()
}

#[tokio::test]
async fn a_series_is_exact_and_begins_with_the_value_before_it() {
    let (_database, warehouse) = fresh_warehouse().await;
    run(
        &warehouse,
        "INSERT INTO subnet_state (block_number, netuid, spec_version, price_model, price_bits, moving_price_bits, burn_rao, \
         tao_in_emission_rao, excess_tao_rao, registered_at) VALUES \
         (1, 1, 1, '', 4294967296, 2147483648, 7, 25, 0, 0), (1, 2, 1, '', 2147483648, 4294967296, 9, 50, 25, 0), \
         (1, 0, 1, '', NULL, NULL, NULL, NULL, NULL, 0), \
         (3, 1, 1, '', 8589934592, 8589934592, 8, 0, 0, 0), (3, 2, 1, '', NULL, 1, 9, NULL, NULL, 3), \
         (5, 1, 1, '', 4294967297, 1, 8, 0, 0, 0)",
    )
    .await;
    let price = values(&warehouse, Series::AlphaPrice(Some(1)), (4, 9)).await;
    assert_eq!(price, [(3, 1, 2 * ONE), (5, 1, ONE)]);
    assert_eq!(values(&warehouse, Series::AlphaPrice(Some(1)), (1, 3)).await.len(), 2);
    let all = values(&warehouse, Series::AlphaPrice(None), (2, 9)).await;
    // where the price of subnet 2 is unknown there is none
    assert_eq!(all, [(1, 1, ONE), (3, 1, 2 * ONE), (5, 1, ONE), (1, 2, ONE / 2)]);
    assert_eq!(values(&warehouse, Series::MovingPrice(Some(1)), (1, 1)).await, [(1, 1, ONE / 2)]);
    assert_eq!(values(&warehouse, Series::RegistrationCost(Some(2)), (1, 3)).await, [(1, 2, 9), (3, 2, 9)]);
    let share = values(&warehouse, Series::EmissionShare(Some(2)), (1, 9)).await;
    assert_eq!(share, [(1, 2, ONE * 3 / 4)], "a block without emission has no shares");

    run(&warehouse, "INSERT INTO network_parameters (block_number, name, new_value) VALUES (1, 'NetworkImmunityPeriod', '2')")
        .await;
    let rank = values(&warehouse, Series::DeregistrationRank(Some(1)), (1, 9)).await;
    // subnet 2 has the lowest price in block 3 and was registered in it: it is immune
    assert_eq!(rank, [(3, 1, ONE), (5, 1, ONE)]);

    run(
        &warehouse,
        "INSERT INTO network_state (block_number, spec_version, lock_cost_rao) VALUES (2, 1, 100)",
    )
    .await;
    assert_eq!(values(&warehouse, Series::SubnetCost, (1, 9)).await, [(2, 0, 100)]);
    run(
        &warehouse,
        "INSERT INTO neuron_state (block_number, netuid, uid, hotkey, validator_trust, last_update) VALUES \
         (10, 8, 0, 'h', 65535, 4), (20, 8, 0, 'h', NULL, 25), (20, 8, 1, 'other', 1, 1)",
    )
    .await;
    let trust = Series::Score(NeuronScore::ValidatorTrust, 8, "h");
    assert_eq!(values(&warehouse, trust, (1, 99)).await, [(10, 8, ONE)]);
    let since = values(&warehouse, Series::BlocksSinceUpdate(8, "h"), (1, 99)).await;
    assert_eq!(since, [(10, 8, 6 * ONE), (20, 8, 0)]);
    run(
        &warehouse,
        "INSERT INTO dividends (block_number, netuid, hotkey, alpha_dividends_rao, alpha_stake_before_rao) VALUES \
         (100, 8, 'h', 1, 1000), (2629900, 8, 'h', 1, 10), (2629900, 9, 'h', 5, 10)",
    )
    .await;
    assert_eq!(
        values(&warehouse, Series::Apy(8, "h"), (2_629_800, 2_629_900)).await.len(),
        0,
        "too far apart to say"
    );
    run(
        &warehouse,
        "INSERT INTO dividends (block_number, netuid, hotkey, alpha_dividends_rao, alpha_stake_before_rao) VALUES (2616751, 8, 'h', 1, 10)",
    )
    .await;
    let apy = values(&warehouse, Series::Apy(8, "h"), (2_629_800, 2_629_900)).await;
    assert_eq!(apy.len(), 1);
    assert!(apy[0].2 > 100 * ONE, "a tenth in two days is a lot in a year: {apy:?}");
    run(
        &warehouse,
        "INSERT INTO delegate_takes (block_number, event_index, kind, hotkey, new_take) VALUES \
         (1, 0, 'delegate', 'h', 1), (1, 5, 'delegate', 'h', 65535), (1, 6, 'childkey', 'h', 0)",
    )
    .await;
    assert_eq!(values(&warehouse, Series::Take("h"), (1_000_000, 1_000_001)).await, [(1, 0, ONE)]);
    run(
        &warehouse,
        "INSERT INTO hotkey_pools (block_number, hotkey, netuid, total_alpha_rao) VALUES (4, 'h', 8, 77)",
    )
    .await;
    assert_eq!(values(&warehouse, Series::Stake(8, "h"), (1_000_000, 1_000_001)).await, [(4, 8, 77)]);
    run(
        &warehouse,
        "INSERT INTO account_balances (block_number, account, free_rao, reserved_rao) VALUES (4, 'a', 7, 3)",
    )
    .await;
    assert_eq!(values(&warehouse, Series::Balance("a"), (1, 9)).await, [(4, 0, 10)]);
}

#[tokio::test]
async fn what_touches_something_is_found_once_and_counted() {
    let (_database, warehouse) = fresh_warehouse().await;
    assert_eq!(warehouse.find_lane_heads().await.unwrap().blocks, None);
    let blocks = chain(7, 1, 60);
    warehouse.write_window(&window(&blocks)).await.unwrap();
    let heads = warehouse.find_lane_heads().await.unwrap();
    assert_eq!((heads.blocks, heads.timestamp_ms, heads.state), (Some(60), Some(1_700_000_720_000), None));

    let wanted = account(1).to_ss58();
    let found = warehouse.list_matches(&Watched::Account(&wanted), (1, 60), 1_000).await.unwrap();
    let mut expected = 0;
    for rows in &blocks {
        let mut places: Vec<(Option<u32>, Option<u32>)> = rows
            .activity
            .iter()
            .filter(|row| row.account == wanted && (row.kind != "transfer" || row.extrinsic_index.is_some()))
            .map(|row| match (&*row.kind, row.extrinsic_index) {
                ("extrinsic", _) => (Some(row.item_index), None),
                (_, Some(extrinsic)) => (Some(extrinsic), None),
                _ => (None, Some(row.item_index)),
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        expected += places.len();
        for row in found.iter().filter(|row| row.block_number == rows.block.number) {
            assert_eq!(row.total as usize, places.len());
            assert!(places.contains(&(row.extrinsic_index, row.event_index)), "{row:?}");
        }
    }
    assert!(expected > 10, "the made-up chain mentions the account");
    assert_eq!(found.len(), expected);
    let few = warehouse.list_matches(&Watched::Account(&wanted), (1, 60), 1).await.unwrap();
    assert!(few.len() < found.len() && few.iter().any(|row| row.total > 1));

    let calls = warehouse.list_matches(&Watched::Call("Sudo", None), (1, 60), 1_000).await.unwrap();
    let named = warehouse.list_matches(&Watched::Call("Sudo", Some("sudo")), (1, 60), 1_000).await.unwrap();
    assert!(!calls.is_empty() && calls == named);
    assert!(
        warehouse.list_matches(&Watched::Call("Sudo", Some("sudo_as")), (1, 60), 9).await.unwrap().is_empty()
    );
}

#[tokio::test]
async fn a_subnet_is_found_in_named_and_unnamed_fields() {
    let (_database, warehouse) = fresh_warehouse().await;
    run(&warehouse, "INSERT INTO blocks (number, hash) SELECT number, toString(number) FROM numbers(1, 12)")
        .await;
    run(
        &warehouse,
        r#"INSERT INTO events (block_number, event_index, pallet, variant, args) VALUES
           (1, 0, 'SubtensorModule', 'NeuronRegistered', '[8,3,"5F"]'), (2, 0, 'SubtensorModule', 'StakeAdded', '["5C","5H","9","9",8,0]'),
           (3, 0, 'SubtensorModule', 'StakeAdded', '["5C","5H","8","8",9,0]'), (4, 0, 'SubtensorModule', 'TxRateLimitSet', '["8"]'),
           (5, 0, 'SubtensorModule', 'TempoX', '{"netuid":8}'), (6, 0, 'SubtensorModule', 'StakeMoved', '["5C","5H",1,"5H",8,"1"]'),
           (7, 0, 'SubtensorModule', 'StakeSwapped', '["5C","5H",8,2,"1"]'), (8, 0, 'Balances', 'Transfer', '{"amount":"8"}'),
           (9, 0, 'SubtensorModule', 'NeuronRegistered', '[9,8,"5F"]')"#,
    )
    .await;
    let found = warehouse.list_matches(&Watched::Subnet(8), (1, 12), 100).await.unwrap();
    let blocks: Vec<u64> = found.iter().map(|row| row.block_number).collect();
    assert_eq!(blocks, [1, 2, 5, 6, 7]);
}
