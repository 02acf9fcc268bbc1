//! Delivery by processes that are killed again and again.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use yumascan_alerts::{AlertsConfig, delivery::Deliverer, sinks::webhook};
use yumascan_store::{Store, alerts::DeliveryState};

use crate::{
    new_alert, prepare,
    server::{Mood, Server},
};

const CHILD: &str = "YUMASCAN_TEST_DELIVER";
const RULES: [&str; 5] = ["one", "two", "three", "four", "five"];
const EACH: u64 = 200;

fn config() -> AlertsConfig {
    AlertsConfig {
        allow_networks: vec!["127.0.0.1/32".to_owned()],
        poll_ms: 10,
        request_timeout_ms: 250,
        first_retry_ms: 5,
        max_retry_ms: 40,
        lease_ms: 60,
        ..AlertsConfig::default()
    }
}

/// The process that is killed: this test binary, asked to deliver.
#[tokio::test]
async fn a_process_that_delivers() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let store = Store::open(&url).await.unwrap();
    Deliverer::new(store, config()).unwrap().run(CancellationToken::new()).await;
}

fn start(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::a_process_that_delivers", "--nocapture"])
        .env(CHILD, url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn pending(store: &Store) -> u64 {
    let totals = store.list_outbox_totals().await.unwrap();
    totals.iter().filter(|total| total.state == DeliveryState::Pending).map(|total| total.deliveries).sum()
}

/// A thousand alerts to a server that fails, hangs and lets its answers be lost, by a process that is killed twenty times.
#[tokio::test(flavor = "multi_thread")]
async fn every_alert_arrives_in_order_however_often_we_are_killed() {
    let mut dice = StdRng::seed_from_u64(7);
    let server = Server::start(|number| match (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58 {
        0..=5 => Mood::Fail(503),
        6 => Mood::Fail(429),
        7 => Mood::Hang(600),
        _ => Mood::Well,
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.sqlite", folder.path().display());
    let store = Store::open(&url).await.unwrap();
    prepare(&store, json!({ "url": server.url("/hook"), "rate_per_minute": 60_000 }), &RULES).await;

    let mut raised = 0;
    let mut active = 0;
    for round in 0..20_u64 {
        // alerts are raised while they are delivered
        let until = EACH * (round + 1) / 20;
        for rule in RULES {
            let alerts: Vec<_> = (raised + 1..=until).map(|n| new_alert(rule, n)).collect();
            store.raise_alerts(rule, 1, &alerts, "{}").await.unwrap();
        }
        raised = until;
        let before = server.all().len();
        let mut child = start(&url);
        // long enough that it is at work, however busy the machine is; at what, is up to chance
        let patience = Instant::now() + Duration::from_secs(30);
        let wanted = before + dice.random_range(5..30);
        while server.all().len() < wanted && pending(&store).await > 0 && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        active += u32::from(server.all().len() > before);
    }
    assert_eq!(active, 20, "each process was killed at its work");
    let mut child = start(&url);
    let patience = Instant::now() + Duration::from_secs(180);
    while pending(&store).await > 0 && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(pending(&store).await, 0);

    let mut accepted: BTreeMap<String, u64> = BTreeMap::new();
    let mut keys: BTreeMap<String, (String, u64)> = BTreeMap::new();
    let (mut requests, mut repeated) = (0, 0);
    for seen in server.all() {
        requests += 1;
        let header = |name: &str| seen.headers.get(name).unwrap().to_str().unwrap().to_owned();
        let now: u64 = header("yumascan-timestamp").parse().unwrap();
        assert!(webhook::verify(b"top-secret-key", &header("yumascan-signature"), &seen.body, now, 0));
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let [alert] = body["alerts"].as_array().unwrap().as_slice() else { panic!("{body}") };
        let (rule, sequence) =
            (alert["rule"].as_str().unwrap().to_owned(), alert["sequence"].as_u64().unwrap());
        let key = alert["idempotency_key"].as_str().unwrap().to_owned();
        assert_eq!(header("idempotency-key"), key);
        let known = keys.entry(key).or_insert((rule.clone(), sequence)).clone();
        assert_eq!(known, (rule.clone(), sequence), "a key is one alert's");
        let last = accepted.entry(rule).or_default();
        // a later one never comes before the one before it was accepted
        assert!(sequence <= *last + 1, "{sequence} came after {last}");
        repeated += u32::from(sequence <= *last);
        if seen.accepted {
            *last = (*last).max(sequence);
        }
    }
    assert!(RULES.iter().all(|rule| accepted.get(*rule) == Some(&EACH)), "{accepted:?}");
    assert_eq!(keys.len() as u64, EACH * 5);
    println!("1000 alerts in {requests} requests, {repeated} of them again after having been accepted");
}
