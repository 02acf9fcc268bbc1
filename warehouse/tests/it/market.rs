//! What the state says at a block, and what follows from it.

use yumascan_embedded::testing::TestDatabase;
use yumascan_protocol::{apy::Confidence, fixed::U64F64};
use yumascan_warehouse::{
    PageRequest, Warehouse,
    query::market::{
        Moment, NoMoment,
        identities::IdentityFilter,
        registrations::RegistrationFilter,
        stake_moves::StakeMoveFilter,
        yields::{DAY_MS, HOUR_MS},
    },
};

use crate::{
    market_replays::write_replays,
    market_world::{
        ALICE, BOB, DISSOLVED, FIRST, OTHER, RAO, VALIDATOR, dividend_of, is_epoch, price_of, stake_of,
        time_of, write_blocks,
    },
    support::fresh_warehouse,
};

const LAST: u64 = 1_999;

async fn market() -> (TestDatabase, Warehouse) {
    let (database, warehouse) = fresh_warehouse().await;
    write_blocks(&warehouse, FIRST, LAST).await;
    warehouse.roll_up_pending().await.unwrap();
    (database, warehouse)
}

async fn at(warehouse: &Warehouse, block: u64) -> Moment {
    warehouse.find_moment(Some(block)).await.unwrap().unwrap()
}

fn float(value: U64F64) -> f64 {
    value.to_bits() as f64 / 2_f64.powi(64)
}

#[tokio::test]
async fn a_block_without_state_is_told_with_the_nearest_ones() {
    let (_database, warehouse) = fresh_warehouse().await;
    let none = warehouse.find_moment(None).await.unwrap();
    assert_eq!(none, Err(NoMoment::NothingRead));
    write_blocks(&warehouse, FIRST, 1_199).await;
    write_blocks(&warehouse, 1_400, LAST).await;
    let find = async |block| warehouse.find_moment(block).await.unwrap();
    assert_eq!(find(Some(3)).await, Err(NoMoment::BeforeFirst { first: FIRST }));
    assert_eq!(find(Some(LAST + 1)).await, Err(NoMoment::AboveLast { last: LAST }));
    assert_eq!(find(Some(1_300)).await, Err(NoMoment::InGap { before: 1_199, after: 1_400 }));
    let newest = find(None).await.unwrap();
    assert_eq!((newest.block, newest.read_at, newest.timestamp_ms), (LAST, LAST, Some(time_of(LAST))));
    assert_eq!(find(Some(FIRST)).await.unwrap().block, FIRST);
}

#[tokio::test]
async fn subnets_are_those_of_the_block_and_generations_are_told_apart() {
    let (_database, warehouse) = market().await;
    let netuids = async |block| {
        let rows = warehouse.list_subnets(&at(&warehouse, block).await).await.unwrap();
        assert!(rows.iter().all(|row| row.block_number == block));
        rows.iter().map(|row| row.netuid).collect::<Vec<_>>()
    };
    assert_eq!(netuids(DISSOLVED).await, [0, 1, 2]);
    assert_eq!(netuids(DISSOLVED + 20).await, [0, 1]);
    assert_eq!(netuids(LAST).await, [0, 1, 2]);
    let gone = warehouse.find_subnet(2, &at(&warehouse, DISSOLVED + 20).await).await.unwrap();
    assert_eq!(gone, None);
    let generations = warehouse.list_generations(2).await.unwrap();
    let spans: Vec<_> =
        generations.iter().map(|of| (of.registered_at, of.first_block, of.last_block)).collect();
    assert_eq!(spans, [(Some(500), FIRST, DISSOLVED), (Some(1_551), 1_551, LAST)]);
    assert_eq!(warehouse.list_netuids().await.unwrap(), [0, 1, 2]);
    let blocks = warehouse.list_subnet_blocks(1, (1_100, 1_200), 5).await.unwrap();
    assert_eq!(
        blocks.iter().map(|row| row.block_number).collect::<Vec<_>>(),
        [1_200, 1_199, 1_198, 1_197, 1_196]
    );
    let points = warehouse.list_network_history((FIRST, LAST), 10).await.unwrap();
    assert!(points.len() >= 10 && points.len() <= 12, "{}", points.len());
}

#[tokio::test]
async fn the_metagraph_is_that_of_the_last_epoch() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, 1_250).await;
    let subnet = warehouse.find_subnet(1, &moment).await.unwrap().unwrap();
    let neurons = warehouse.list_metagraph(&subnet, &moment).await.unwrap();
    assert_eq!(
        neurons.iter().map(|row| (row.uid, row.block_number)).collect::<Vec<_>>(),
        [(0, 1_199), (1, 1_199), (2, 1_199)]
    );
    assert_eq!(warehouse.find_neuron(&subnet, 2, &moment).await.unwrap().unwrap(), neurons[2]);
    assert_eq!(warehouse.find_neuron(&subnet, 3, &moment).await.unwrap(), None);
    let before = at(&warehouse, FIRST + 10).await;
    let subnet = warehouse.find_subnet(1, &before).await.unwrap().unwrap();
    assert_eq!(
        warehouse.list_metagraph(&subnet, &before).await.unwrap().len(),
        3,
        "as first read, before any epoch"
    );
    let history = warehouse.list_neuron_history(1, 0, FIRST, 1_400, 2).await.unwrap();
    assert_eq!(history.iter().map(|row| row.block_number).collect::<Vec<_>>(), [1_399, 1_299]);
    assert_eq!(warehouse.list_neurons_of(VALIDATOR, &moment).await.unwrap().len(), 2);
    let places = warehouse.list_neuron_pruning(&subnet, &neurons, &moment).await.unwrap();
    assert_eq!(places.iter().map(|place| place.of.uid).collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test]
async fn yields_are_dividends_over_the_stake_before() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, LAST).await;
    let yields = warehouse.list_subnet_yields(1, &moment, HOUR_MS).await.unwrap();
    assert_eq!(yields.len(), 3);
    let hotkeys: Vec<_> = yields.iter().map(|row| row.hotkey.as_deref()).collect();
    assert_eq!(hotkeys, [None, Some(VALIDATOR), Some(OTHER)]);
    let window: Vec<u64> = (FIRST..=LAST)
        .filter(|block| is_epoch(1, *block) && time_of(*block) > time_of(LAST) - HOUR_MS)
        .collect();
    let duration = window.len() as f64 * 100.0 * 12.0;
    let year = 31_557_600.0 / duration;
    for (row, hotkey) in yields[1..].iter().zip([VALIDATOR, OTHER]) {
        let returns =
            window.iter().map(|block| dividend_of(hotkey) as f64 / stake_of(hotkey, 1, block - 1) as f64);
        let apy = returns.clone().map(|part| 1.0 + part).product::<f64>().powf(year) - 1.0;
        assert!((float(row.alpha.apr.unwrap()) - returns.sum::<f64>() * year).abs() < 1e-9);
        assert!((float(row.alpha.apy.unwrap()) / apy - 1.0).abs() < 1e-9);
        assert_eq!(row.alpha.epochs as usize, window.len());
        assert_eq!(row.stake_rao, Some(stake_of(hotkey, 1, LAST)));
        let gross = float(row.gross_apr.unwrap()) * (1.0 - 11_796.0 / 65_535.0);
        assert!((gross - float(row.alpha.apr.unwrap())).abs() < 1e-9);
        let prices = [window[0] - 100, *window.last().unwrap()].map(|block| price_of(1, block) as f64);
        let growth = float(row.alpha.growth.unwrap()) * prices[1] / prices[0];
        assert!((float(row.tao_growth.unwrap()) - growth).abs() < 1e-9);
    }
    let day = warehouse.list_hotkey_yields(VALIDATOR, &moment, DAY_MS).await.unwrap();
    assert_eq!(day.iter().map(|row| row.netuid).collect::<Vec<_>>(), [1, 2]);
    assert!(
        day.iter().all(|row| row.alpha.skipped.unknown_time <= 1 && row.alpha.confidence < Confidence::High)
    );
    let root = warehouse.find_root_yield(VALIDATOR, &moment, HOUR_MS).await.unwrap().unwrap();
    let paid: u128 = (1..3)
        .flat_map(|netuid| (FIRST..=LAST).map(move |block| (netuid, block)))
        .filter(|(netuid, block)| is_epoch(*netuid, *block) && time_of(*block) > time_of(LAST) - HOUR_MS)
        .map(|(netuid, block)| (u128::from(RAO / 2) * price_of(netuid, block)) >> 32)
        .sum();
    assert_eq!((root.paid_rao, root.skipped, root.covered_ms), (paid, 0, HOUR_MS));
    let apr = paid as f64 / (4_000 * RAO) as f64 * 31_557_600.0 / 3_600.0;
    assert!((float(root.apr.unwrap()) - apr).abs() < 1e-6);
}

#[tokio::test]
async fn positions_and_holders_follow_the_pools() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, LAST).await;
    let positions = warehouse.list_positions(ALICE, &moment).await.unwrap();
    let stake = |hotkey| stake_of(hotkey, 1, LAST);
    let found: Vec<_> =
        positions.iter().map(|row| (row.netuid, row.hotkey.as_str(), row.alpha_rao)).collect();
    // the chain cuts the amount for a share first, so that shares of a third and of all are worth a rao less
    let about = |found: (u16, &str, u64), wanted: (u16, &str, u64)| {
        (found.0, found.1) == (wanted.0, wanted.1) && wanted.2 - found.2 <= 1
    };
    assert!(about(found[0], (0, VALIDATOR, 4_000 * RAO)), "{found:?}");
    assert!(about(found[1], (1, OTHER, stake(OTHER))), "{found:?}");
    assert!(about(found[2], (1, VALIDATOR, stake(VALIDATOR) / 3)), "{found:?}");
    assert_eq!(positions[1].worth_rao, Some((u128::from(positions[1].alpha_rao) * price_of(1, LAST)) >> 32));
    let holders = warehouse.find_holders(1, &moment, 1).await.unwrap();
    assert_eq!((holders.greatest.len(), holders.greatest[0].coldkey.as_str()), (1, ALICE));
    let by_coldkey = holders.by_coldkey.unwrap();
    assert_eq!((by_coldkey.holders, by_coldkey.nakamoto), (2, 1));
    assert_eq!(holders.by_hotkey.unwrap().holders, 2);
    let free = async |block| {
        let found = warehouse.find_balance(ALICE, &at(&warehouse, block).await).await.unwrap();
        found.map(|row| (row.block_number, row.free_rao))
    };
    assert_eq!(free(FIRST + 19).await, Some((FIRST, 5)));
    assert_eq!(free(LAST).await, Some((FIRST + 20, 9)));
    assert_eq!(warehouse.find_balance(BOB, &moment).await.unwrap(), None);
    assert_eq!(warehouse.list_balance_changes(ALICE, (FIRST, LAST), 10).await.unwrap().len(), 2);
    let nominators = warehouse.count_nominators(VALIDATOR, &moment).await.unwrap();
    assert_eq!(nominators.into_iter().collect::<Vec<_>>(), [(0, 1), (1, 2)]);
}

#[tokio::test]
async fn profit_is_what_came_out_and_is_left_less_what_went_in() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, LAST).await;
    let profit = warehouse.find_profit(BOB, &moment).await.unwrap().unwrap();
    assert_eq!((profit.since_block, profit.unknown_moves, profit.is_cut), (FIRST, 0, false));
    let [row] = profit.subnets.as_slice() else { panic!("{profit:?}") };
    let bought: u128 =
        (FIRST + 1..=LAST).filter(|block| block % 10 == 0).map(|block| u128::from(RAO + block)).sum();
    assert_eq!((row.netuid, row.bought_rao, row.sold_rao), (1, bought, 0));
    let all = row.realised_rao + row.unrealised_rao.unwrap();
    assert_eq!(all, (row.worth_rao.unwrap() as i128) - (row.bought_rao + row.received_rao) as i128);
    let nobody = warehouse.find_profit("5Nobody", &moment).await.unwrap().unwrap();
    assert!(nobody.subnets.is_empty());
}

#[tokio::test]
async fn changes_compare_with_the_anchor_of_the_same_subnet() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, LAST).await;
    let changes = warehouse.list_changes(None, &moment).await.unwrap();
    assert_eq!(changes.iter().map(|row| row.netuid).collect::<Vec<_>>(), [0, 1, 2]);
    let hour = &changes[1].prices[0];
    assert_eq!((hour.anchor_block, hour.then_bits), (Some(LAST - 300), Some(price_of(1, LAST - 300))));
    let flow = &changes[1].flows[0];
    let buys: u128 =
        (LAST - 299..=LAST).filter(|block| block % 10 == 0).map(|block| u128::from(RAO + block)).sum();
    assert_eq!((flow.buys, flow.buy_rao, flow.buyers, flow.sellers), (30, buys, Some(1), Some(1)));
    assert!(flow.net_rao() > 0);
    assert_eq!(changes[1].prices[1].then_bits, None, "a day ago nothing was read");
    assert_eq!(changes[1].flows[2].buys, changes[1].flows[3].buys);
    let early = at(&warehouse, DISSOLVED + 100).await;
    let of_second = warehouse.list_changes(Some(2), &early).await.unwrap();
    assert_eq!(of_second[0].prices[0].change_ppm, None, "the subnet before it is another one");
    let lines = warehouse.list_sparklines(&moment, 0, 1).await.unwrap();
    assert!(lines[&1].len() >= 3);
}

#[tokio::test]
async fn supply_emission_costs_and_pruning_are_told_for_a_block() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, DISSOLVED).await;
    let shares = async || {
        let emissions = warehouse.list_emissions(&moment).await.unwrap();
        emissions.iter().map(|row| (row.netuid, row.chain_buy_rao, row.share_ppm)).collect::<Vec<_>>()
    };
    // this runtime does not keep what the chain bought: the replay of the block knows
    assert_eq!(shares().await, [(1, None, None), (2, None, None)]);
    write_replays(&warehouse, DISSOLVED, DISSOLVED).await;
    assert_eq!(shares().await, [(1, Some(1_000), Some(500_000)), (2, Some(0), Some(500_000))]);
    let emissions = warehouse.list_emissions(&moment).await.unwrap();
    let parts = |row: &yumascan_warehouse::query::market::emissions::SubnetEmission| {
        [row.owner_rao, row.miners_rao, row.validators_rao, row.root_rao]
            .map(Option::unwrap)
            .iter()
            .sum::<u64>()
    };
    assert_eq!(parts(&emissions[0]), RAO);
    let supply = warehouse.find_supply(&moment).await.unwrap().unwrap();
    let halving = supply.halving.unwrap();
    assert_eq!(halving.left_rao, 500_000 * RAO - DISSOLVED);
    assert_eq!(supply.subnets_tao_rao, u128::from(2_000 * RAO + 2 * DISSOLVED));
    let places = warehouse.list_pruning(&moment).await.unwrap();
    assert_eq!(
        places.iter().map(|place| (place.position, place.risk)).collect::<Vec<_>>(),
        [(Some(1), "next"), (Some(2), "near")]
    );
    let after = warehouse.list_pruning(&at(&warehouse, DISSOLVED + 60).await).await.unwrap();
    assert_eq!((after[1].netuid, after[1].risk, after[1].immune_until), (2, "immune", 1_751));
    let subnet = warehouse.find_subnet(1, &moment).await.unwrap().unwrap();
    let cost = warehouse.find_neuron_cost(&subnet, &moment, &[0, 1_000]).await.unwrap();
    assert_eq!((cost.rule, cost.burn_rao), (Some("interval"), Some(RAO)));
    assert!(cost.ahead[1].cost_rao < RAO && cost.ahead[0].cost_rao == RAO, "{cost:?}");
    let lock = warehouse.find_subnet_cost(&moment, &[0, 50_400]).await.unwrap();
    assert_eq!(lock.lock_rao, Some(200 * RAO));
    assert_eq!(
        lock.ahead.last().unwrap().cost_rao,
        150 * RAO + 150 * RAO - 150 * RAO / 100_800 * (50_400 + DISSOLVED - 500)
    );
}

#[tokio::test]
async fn lists_and_identities_end_at_the_block() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, DISSOLVED + 57).await;
    let identities = async |block| {
        let moment = at(&warehouse, block).await;
        let rows = warehouse.list_identities(&IdentityFilter::default(), &moment, 10).await.unwrap();
        rows.into_iter().filter_map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(identities(DISSOLVED + 10).await, ["Alice"]);
    assert_eq!(identities(DISSOLVED + 57).await, ["Alice the Second"]);
    assert!(identities(LAST).await.is_empty());
    let changes = warehouse.list_identity_changes(&IdentityFilter::default(), &moment, 10).await.unwrap();
    assert_eq!(changes.len(), 2);
    let filter = StakeMoveFilter {
        side: Some("sell".to_owned()),
        coldkey: Some(ALICE.to_owned()),
        netuid: Some(1),
        ..StakeMoveFilter::default()
    };
    let page = warehouse.list_stake_moves(&filter, PageRequest::newest(2)).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.block_number).collect::<Vec<_>>(), [1_995, 1_980]);
    assert_eq!(warehouse.count_stake_moves(&filter).await.unwrap(), 67);
    let filter = RegistrationFilter { netuid: Some(2), ..RegistrationFilter::default() };
    assert_eq!(warehouse.list_registrations(&filter, PageRequest::newest(5)).await.unwrap().rows.len(), 1);
    assert_eq!(warehouse.list_deregistrations(&filter, PageRequest::newest(5)).await.unwrap().rows.len(), 1);
    let all = warehouse.list_hyperparameters(1, &moment).await.unwrap();
    assert!(all.iter().any(|row| row.name == "ImmunityPeriod" && row.new_value.as_deref() == Some("50")));
    assert!(warehouse.list_hyperparameter_changes(1, None, (0, LAST), false, 10).await.unwrap().is_empty());
    assert_eq!(warehouse.list_network_parameter_changes(None, (0, LAST), true, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn validators_are_weighed_under_one_definition() {
    let (_database, warehouse) = market().await;
    let moment = at(&warehouse, DISSOLVED).await;
    let validators = warehouse.list_validators(&moment).await.unwrap();
    assert_eq!(validators.iter().map(|row| row.hotkey.as_str()).collect::<Vec<_>>(), [VALIDATOR, OTHER]);
    let shares: u64 = validators.iter().filter_map(|row| row.dominance_ppm).sum();
    assert!((999_998..=1_000_000).contains(&shares));
    assert_eq!(validators[0].seats.len(), 2);
    assert_eq!(validators[0].seats[0].dividend_share_ppm, Some(686_655));
    assert_eq!(validators[0].root_stake_rao, Some(4_000 * RAO));
    let found = warehouse.find_validator(OTHER, &moment).await.unwrap().unwrap();
    assert_eq!(found, validators[1]);
    assert_eq!(warehouse.find_take(VALIDATOR, &moment).await.unwrap(), Some(11_796));
    assert!(warehouse.list_takes(VALIDATOR, &moment, 5).await.unwrap().is_empty());
    let attendance = warehouse.list_attendance(VALIDATOR, &moment).await.unwrap();
    assert_eq!(
        attendance.iter().map(|row| (row.netuid, row.epochs, row.missed)).collect::<Vec<_>>(),
        [(1, 5, 0), (2, 5, 0)]
    );
    assert_eq!(warehouse.find_family(VALIDATOR, &moment).await.unwrap(), Default::default());
}
