//! Markets over GraphQL, at any block, and what is told where there is nothing.

use serde_json::{Value, json};

use crate::{
    market_world::{ALICE, BOB, DISSOLVED, FIRST, OTHER, RAO, VALIDATOR, time_of, write_blocks},
    world::{Api, plain},
};

const LAST: u64 = 1_999;

pub(crate) async fn market() -> Api {
    let api = Api::empty(plain()).await;
    write_blocks(&api.state.warehouse, FIRST, LAST).await;
    api.state.warehouse.roll_up_pending().await.unwrap();
    api
}

#[tokio::test]
async fn the_examples_of_markets_in_the_documentation_are_answered() {
    let api = market().await;
    let text = include_str!("../../../docs/graphql.md");
    let examples: Vec<&str> =
        text.split("```graphql state\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 5);
    for example in examples {
        let data = api.data(example).await;
        assert!(data.as_object().unwrap().values().all(|value| !value.is_null()), "{example}\n{data:#}");
    }
}

#[tokio::test]
async fn every_query_answers_for_a_past_block_as_for_the_newest() {
    let api = market().await;
    for at in [FIRST + 500, LAST] {
        let query = format!(
            "{{ subnets(at: {at}) {{ netuid blockNumber priceTao asOf {{ block isEarlier }} }}
                subnet(netuid: 1, at: {at}) {{ name stakedMarketCapRao liquidityRao pruning {{ risk }} flows {{ window netRao }}
                  priceChanges {{ window change }} generations {{ firstBlock }} blocksUntilRootCrossover }}
                metagraph(netuid: 1, at: {at}) {{ neurons {{ uid hotkey incentive blocksSinceUpdate }} }}
                neuron(netuid: 1, uid: 0, at: {at}) {{ validatorTrust history(first: 2) {{ blockNumber }} }}
                validators(at: {at}) {{ hotkey rank dominance seats {{ neuron {{ netuid }} }} }}
                validator(hotkey: \"{VALIDATOR}\", at: {at}) {{ take nominators {{ netuid count }} attendance {{ missed }}
                  yields {{ netuid apr confidence }} rootYield {{ apr paidRao }} parents {{ hotkey }} }}
                validatorYield(netuid: 1, window: HOUR, at: {at}) {{ hotkey apy epochsUsed coverage }}
                emissions(at: {at}) {{ netuid share ownerRao minersRao }}
                supply(at: {at}) {{ totalIssuanceRao stakedShare nextHalving {{ blocks }} }}
                hyperparameters(netuid: 1, at: {at}) {{ name newValue cause }}
                hyperparameterHistory(netuid: 1, at: {at}, includeFirstSeen: true) {{ name oldValue }}
                quote(toNetuid: 1, amountRao: \"1000000000\", at: {at}) {{ receivedRao loss buy {{ feeRao priceAfterTao }} }}
                registrationCost(netuid: 1, at: {at}) {{ costRao rule ahead {{ blocks costRao }} }}
                lock: registrationCost(at: {at}) {{ costRao leastCostRao }}
                pruning(at: {at}) {{ netuid position risk liquidationPriceTao }}
                identities(at: {at}) {{ name account }}
                labels(at: {at}) {{ name netuids emissionShare }}
                holders(netuid: 1, at: {at}) {{ greatest {{ coldkey alphaRao }} byColdkey {{ gini nakamoto }} }}
                candles(netuid: 1, at: {at}) {{ start openTao closeTao buyRao }}
                subnetHistory(netuid: 1, granularity: HOUR, at: {at}) {{ start tradedRao }}
                blocks: subnetHistory(netuid: 1, granularity: BLOCK, at: {at}, first: 3) {{ lastBlock closeTao }} }}"
        );
        let data = api.data(&query).await;
        assert_eq!(data["subnets"][1]["blockNumber"], at);
        assert_eq!(data["subnets"][1]["asOf"], json!({"block": at, "isEarlier": false}));
        assert_eq!(data["metagraph"]["neurons"].as_array().unwrap().len(), 3);
        assert_eq!(data["validators"][0]["hotkey"], VALIDATOR);
        assert_eq!(data["validatorYield"].as_array().unwrap().len(), 3);
        // this runtime does not keep what the chain bought, and nothing is verified here
        assert_eq!(data["labels"][0]["emissionShare"], Value::Null);
        assert_eq!(data["blocks"][2]["lastBlock"], at);
        assert_eq!(data["holders"]["byColdkey"]["nakamoto"], 1);
        assert!(data["quote"]["receivedRao"].as_str().unwrap().parse::<u64>().unwrap() > RAO);
    }
}

#[tokio::test]
async fn the_table_of_subnets_takes_a_handful_of_queries() {
    let api = market().await;
    let query = "{ subnets { netuid priceTao totalMarketCapRao priceChanges { change } flows { buyRao } pruning { position } } }";
    let cost = api.cost(query).await;
    assert!(cost <= 16, "{cost} warehouse queries");
}

#[tokio::test]
async fn an_account_has_its_portfolio_though_no_block_mentions_it() {
    let api = market().await;
    let query = format!(
        "{{ account(id: \"{ALICE}\") {{ portfolio {{ balances {{ freeRao }} positions {{ netuid hotkey worthRao }}
            history {{ sinceBlock }} pnl {{ sinceBlock subnets {{ netuid realisedRao unrealisedRao earnedRao }} }} }}
            stakeMoves(first: 2) {{ totalCount nodes {{ id side tradeTao: taoRao }} }} }} }}"
    );
    let data = api.data(&query).await;
    let account = &data["account"];
    assert_eq!(account["portfolio"]["balances"]["freeRao"], "9");
    assert_eq!(account["portfolio"]["positions"].as_array().unwrap().len(), 3);
    assert_eq!(account["portfolio"]["history"].as_array().unwrap().len(), 2);
    let lists = format!(
        "{{ stakeMoves(coldkey: \"{BOB}\", side: BUY, first: 1) {{ totalCount nodes {{ coldkey volumeRao priceTao }} }}
            registrations(netuid: 2) {{ nodes {{ kind costRao }} }} deregistrations(netuid: 2) {{ nodes {{ reason }} }} }}"
    );
    let data = api.data(&lists).await;
    assert_eq!(data["stakeMoves"]["totalCount"], 100);
    assert_eq!(data["deregistrations"]["nodes"][0]["reason"], "dissolved");
}

/// Code, message and nearest things of a refusal.
async fn refused(api: &Api, query: &str) -> (String, String, Value) {
    let answer = api.ask(query).await;
    let error = &answer["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{query}: {answer:#}")).to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]), error["extensions"]["nearest"].clone())
}

#[tokio::test]
async fn what_is_not_there_is_told_with_the_nearest_that_is() {
    let api = market().await;
    let (code, message, nearest) = refused(&api, "{ subnet(netuid: 1, at: 5) { name } }").await;
    assert_eq!((code.as_str(), nearest), ("NO_STATE", json!([{"block": FIRST}])));
    assert!(message.contains("from block 1000 on"), "{message}");
    let (code, _, nearest) = refused(&api, "{ subnets(at: 99999) { netuid } }").await;
    assert_eq!((code.as_str(), nearest), ("NO_STATE", json!([{"block": LAST}])));
    let (code, _, nearest) = refused(&api, "{ subnet(netuid: 77) { name } }").await;
    assert_eq!((code.as_str(), nearest), ("UNKNOWN_SUBNET", json!([{"netuid": 2}])));
    let query = format!("{{ metagraph(netuid: 2, at: {}) {{ neurons {{ uid }} }} }}", DISSOLVED + 20);
    let (code, _, nearest) = refused(&api, &query).await;
    assert_eq!(code, "UNKNOWN_SUBNET");
    assert_eq!(
        nearest[0],
        json!({"netuid": 2, "registeredAt": 500, "firstBlock": FIRST, "lastBlock": DISSOLVED})
    );
    assert_eq!(nearest[1]["registeredAt"], DISSOLVED + 51, "both generations are offered");
    let (code, _, nearest) = refused(&api, "{ neuron(netuid: 1, uid: 9) { uid } }").await;
    assert_eq!((code.as_str(), nearest), ("UNKNOWN_NEURON", json!([{"uid": 2}])));
    let (code, message, _) = refused(&api, "{ account(id: \"5Grwva\") { id } }").await;
    assert!(code == "BAD_INPUT" || code == "GRAPHQL_VALIDATION_FAILED", "{code} {message}");
    let (code, ..) =
        refused(&api, "{ quote(fromNetuid: 1, toNetuid: 1, amountRao: 5) { receivedRao } }").await;
    assert_eq!(code, "BAD_INPUT");
    let from = time_of(FIRST);
    let query = format!("{{ candles(netuid: 1, interval: MINUTE, from: {from}, first: 10) {{ start }} }}");
    let (code, message, _) = refused(&api, &query).await;
    assert_eq!(code, "RANGE_LIMIT");
    assert!(message.contains("at most 10"), "{message}");
    let empty = Api::empty(plain()).await;
    let (code, message, nearest) = refused(&empty, "{ subnets { netuid } }").await;
    assert_eq!((code.as_str(), nearest), ("NO_STATE", json!([])));
    assert!(message.contains("yumascan"), "{message}");
    assert_eq!(
        empty.data("{ labels { name emissionShare } }").await["labels"][0]["emissionShare"],
        Value::Null
    );
}

#[tokio::test]
async fn a_dissolved_number_answers_for_each_of_its_subnets() {
    let api = market().await;
    let query = format!(
        "{{ old: subnet(netuid: 2, at: {DISSOLVED}) {{ registeredAt name }} new: subnet(netuid: 2) {{ registeredAt name
            generations {{ registeredAt }} }} history: subnetHistory(netuid: 2, granularity: DAY) {{ registeredAt }} }}"
    );
    let data = api.data(&query).await;
    assert_eq!((&data["old"]["registeredAt"], &data["new"]["registeredAt"]), (&json!(500), &json!(1_551)));
    assert_eq!(data["new"]["generations"].as_array().unwrap().len(), 2);
    let registered: Vec<_> =
        data["history"].as_array().unwrap().iter().map(|row| row["registeredAt"].clone()).collect();
    assert!(registered.contains(&json!(500)) && registered.contains(&json!(1_551)), "{registered:?}");
    assert!(
        api.data(&format!("{{ validator(hotkey: \"{OTHER}\") {{ rank }} }}")).await["validator"]["rank"] == 2
    );
}

#[tokio::test]
async fn charts_get_their_bars() {
    let api = market().await;
    let ask = async |path: String| -> Value {
        let (status, _, body) = api.get(&path).await;
        assert_eq!(status, 200);
        serde_json::from_slice(&body).unwrap()
    };
    let config = ask("/api/udf/config".into()).await;
    assert!(config["supported_resolutions"].as_array().unwrap().len() > 8);
    assert_eq!(ask("/api/udf/symbols?symbol=SN1".into()).await["name"], "SN1");
    assert_eq!(ask("/api/udf/symbols?symbol=SN9".into()).await["s"], "error");
    let (from, to) = (time_of(FIRST) / 1_000, time_of(LAST) / 1_000 + 1);
    let bars = ask(format!("/api/udf/history?symbol=SN1&resolution=60&from={from}&to={to}")).await;
    assert_eq!(bars["s"], "ok");
    let lengths: Vec<_> =
        ["t", "o", "h", "l", "c", "v"].iter().map(|key| bars[key].as_array().unwrap().len()).collect();
    assert!(lengths[0] >= 3 && lengths.iter().all(|length| *length == lengths[0]), "{bars}");
    let back = ask(format!("/api/udf/history?symbol=SN1&resolution=5&from=0&to={to}&countback=4")).await;
    assert!((3..=5).contains(&back["t"].as_array().unwrap().len()), "{back}");
    let none = ask("/api/udf/history?symbol=SN1&resolution=60&from=0&to=10".into()).await;
    assert_eq!(none["s"], "no_data");
}
