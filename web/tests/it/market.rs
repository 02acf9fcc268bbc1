//! Pages of the state of subnets, over a state that is written down here.

use axum::http::StatusCode;
use yumascan_warehouse::{
    rows::{HyperparameterRow, NetworkStateRow, NeuronStateRow, SubnetStateRow},
    writer::{Parameters, Snapshots, StateWindow},
};

use crate::support::{self, Explorer, text_of};

const FIRST: u64 = 3_100;
const LAST: u64 = 3_104;
/// The block in which netuid 7 went to another subnet.
const REUSED: u64 = 3_103;
const START_MS: u64 = 1_780_000_000_000;
const HOTKEY: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

fn subnet(netuid: u16, block: u64) -> SubnetStateRow {
    let is_second = netuid == 7 && block >= REUSED;
    SubnetStateRow {
        block_number: block,
        netuid,
        timestamp_ms: Some(time(block)),
        spec_version: 377,
        registered_at: Some(if is_second { REUSED } else { 10 }),
        price_model: "concentrated".to_owned(),
        tao_in_rao: Some(1_000_000_000_000),
        alpha_in_rao: Some(4_000_000_000_000),
        alpha_out_rao: Some(2_000_000_000_000),
        // netuid 3 has a price that was not read
        price_bits: (netuid != 3).then_some(u128::from(netuid) << 28),
        sqrt_price_bits: Some(1 << 63),
        liquidity: Some(2_000_000_000_000),
        fee_rate: Some(33),
        tao_in_emission_rao: Some(100_000 * u64::from(netuid)),
        excess_tao_rao: Some(0),
        alpha_out_emission_rao: Some(1_000_000_000),
        neuron_count: Some(2),
        tempo: Some(99),
        last_step_block: Some(3_101),
        name: Some(if is_second { "Second <b>" } else { "First" }.to_owned()),
        ..SubnetStateRow::default()
    }
}

fn time(block: u64) -> u64 {
    START_MS + (block - FIRST) * 12_000
}

fn neuron(uid: u16) -> NeuronStateRow {
    NeuronStateRow {
        block_number: 3_101,
        netuid: 1,
        uid,
        timestamp_ms: Some(time(3_101)),
        hotkey: Some(HOTKEY.to_owned()),
        coldkey: Some(HOTKEY.to_owned()),
        registered_at: Some(20),
        last_update: Some(3_000),
        active: Some(true),
        validator_permit: Some(uid == 0),
        stake_weight: Some(65_535 * (1 - uid)),
        incentive: Some(65_535 * uid),
        dividends: Some(65_535 * (1 - uid)),
        emission_rao: Some(500_000_000),
        ..NeuronStateRow::default()
    }
}

async fn explorer() -> Explorer {
    let explorer = support::over(FIRST..=LAST + 1).await;
    let blocks = FIRST..=LAST;
    let snapshots = Snapshots {
        subnets: blocks.clone().flat_map(|block| [1, 3, 7].map(|netuid| subnet(netuid, block))).collect(),
        network: blocks
            .map(|block| NetworkStateRow {
                block_number: block,
                timestamp_ms: Some(time(block)),
                spec_version: 377,
                total_issuance_rao: Some(9_000_000_000_000_000),
                block_emission_rao: Some(1_000_000_000),
                root_tao_rao: Some(5_000_000_000_000),
                ..NetworkStateRow::default()
            })
            .collect(),
        neurons: vec![neuron(0), neuron(1)],
        ..Snapshots::default()
    };
    let parameter = |block, old: Option<&str>, new: &str, cause: &str| HyperparameterRow {
        block_number: block,
        netuid: 1,
        name: "Tempo".to_owned(),
        timestamp_ms: Some(time(block)),
        old_value: old.map(str::to_owned),
        new_value: Some(new.to_owned()),
        cause: cause.to_owned(),
        ..HyperparameterRow::default()
    };
    let parameters = Parameters {
        first: FIRST,
        subnets: vec![
            parameter(FIRST, None, "360", "first_seen"),
            parameter(3_102, Some("360"), "99", "unknown"),
        ],
        ..Parameters::default()
    };
    let window = StateWindow {
        first: FIRST,
        last: LAST,
        generation: 1,
        stride: 1,
        snapshots,
        parameters: Some(parameters),
        ..StateWindow::default()
    };
    explorer.warehouse.write_state(&window).await.expect("a window of state");
    explorer.warehouse.roll_up_pending().await.expect("rollups");
    explorer
}

#[tokio::test]
async fn subnets_are_sorted_filtered_and_taken_away_by_address() {
    let explorer = explorer().await;
    let page = explorer.page("/subnets").await;
    let text = text_of(&page);
    assert!(text.contains("3 subnets"), "{text}");
    assert!(
        page.find("href=\"/subnet/7\"") < page.find("href=\"/subnet/1\""),
        "the most emission comes first"
    );
    assert!(text.contains("unknown"), "a price that was not read is unknown: {text}");
    let csv = explorer.get("/subnets?sort=netuid&format=csv").await;
    assert!(csv.headers["content-disposition"].to_str().unwrap().contains("subnets-3104.csv"));
    let lines: Vec<&str> = csv.body.lines().collect();
    assert!(lines[0].starts_with("netuid,price,change"), "{}", lines[0]);
    assert!(lines.iter().any(|line| line.starts_with("3,,")), "unknown is empty: {}", csv.body);
    assert_eq!(explorer.get("/subnets?sort=beauty").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_block_without_state_is_answered_with_the_nearest_one_that_has_it() {
    let explorer = explorer().await;
    for (path, nearest) in [("/subnets?at=5", "at=3100"), ("/subnet/1?at=999999", "at=3104")] {
        let answer = explorer.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains(nearest), "{path}: {}", text_of(&answer.body));
    }
    assert_eq!(explorer.get("/subnets?at=soon").await.status, StatusCode::BAD_REQUEST);
    let past = text_of(&explorer.page("/subnets?at=3101").await);
    assert!(past.contains("State after block 3,101"), "{past}");
}

#[tokio::test]
async fn a_number_that_went_to_another_subnet_offers_both() {
    let explorer = explorer().await;
    let now = explorer.page("/subnet/7").await;
    assert!(now.contains("Second &lt;b&gt;"), "names are text");
    assert!(now.contains("at=3102"), "the subnet before is offered: {}", text_of(&now));
    let before = text_of(&explorer.page("/subnet/7?at=3102").await);
    assert!(before.contains("Subnet 7 · First"), "{before}");
    assert_eq!(explorer.get("/subnet/9").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_side_of_a_subnet_is_shown() {
    let explorer = explorer().await;
    for tab in [
        "market",
        "emissions",
        "metagraph",
        "validators",
        "miners",
        "parameters",
        "registrations",
        "holders",
        "moves",
        "epochs",
    ] {
        explorer.page(&format!("/subnet/1?tab={tab}")).await;
    }
    assert_eq!(explorer.get("/subnet/1?tab=weather").await.status, StatusCode::BAD_REQUEST);
    let metagraph = text_of(&explorer.page("/subnet/1?tab=metagraph").await);
    assert!(metagraph.contains("2 neurons"), "{metagraph}");
    let parameters = text_of(&explorer.page("/subnet/1?tab=parameters").await);
    assert!(parameters.contains("360 → 99"), "{parameters}");
    let market = explorer.page("/subnet/1?tab=market&interval=1m").await;
    assert!(market.contains("class=\"graph\""), "{}", text_of(&market));
}

#[tokio::test]
async fn home_tells_of_the_economy_and_pools_can_be_asked_for() {
    let explorer = explorer().await;
    let home = text_of(&explorer.page("/").await);
    assert!(home.contains("Next halving") && home.contains("subnets with the most emission"), "{home}");
    let pool = explorer.page("/subnet/1/pool.json").await;
    let pool: yumascan_protocol::amm::Pool = serde_json::from_str(&pool).unwrap();
    assert_eq!(pool.tao_rao, 1_000_000_000_000);
}

#[tokio::test]
async fn what_a_page_costs_is_told_and_bounded() {
    let explorer = explorer().await;
    for path in ["/", "/subnets", "/subnet/1", "/subnet/1?tab=metagraph", "/subnet/1?tab=holders"] {
        let answer = explorer.get(path).await;
        let timing = answer.headers["server-timing"].to_str().unwrap().to_owned();
        let statements = timing.split("desc=\"").nth(1).and_then(|rest| rest.split(' ').next());
        let statements: u64 = statements.and_then(|count| count.parse().ok()).unwrap();
        assert!((1..=40).contains(&statements), "{path}: {timing}");
    }
}
