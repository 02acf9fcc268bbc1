//! Retries, digests, dead letters, secrets.

use serde_json::{Value, json};
use yumascan_alerts::{
    AlertsConfig,
    delivery::{Deliverer, Drained},
};
use yumascan_store::{
    Store,
    alerts::{DeliveryState, OutboxFilter, Secret},
};

use crate::{
    new_alert, prepare,
    server::{Mood, Server},
};

fn config() -> AlertsConfig {
    AlertsConfig {
        allow_networks: vec!["127.0.0.0/8".to_owned()],
        request_timeout_ms: 300,
        first_retry_ms: 1,
        max_retry_ms: 5,
        ..AlertsConfig::default()
    }
}

async fn drained(store: &Store, config: AlertsConfig) -> Drained {
    Deliverer::new(store.clone(), config).unwrap().drain().await.unwrap()
}

#[tokio::test]
async fn what_fails_is_tried_again_and_what_is_refused_becomes_a_dead_letter() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let server = Server::start(|number| match number {
        0 => Mood::Fail(500),
        1 => Mood::Hang(2_000),
        2 => Mood::Fail(410),
        _ => Mood::Well,
    })
    .await;
    prepare(&store, json!({ "url": server.url("/") }), &["r"]).await;
    store.raise_alerts("r", 1, &[new_alert("r", 1), new_alert("r", 2)], "{}").await.unwrap();
    let done = drained(&store, config()).await;
    let mut sum = done;
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        let more = drained(&store, config()).await;
        sum.delivered += more.delivered;
        sum.dead += more.dead;
    }
    assert_eq!((sum.delivered, sum.dead), (1, 1));
    let dead = store.list_dead_letters(OutboxFilter::default(), 9).await.unwrap();
    assert_eq!((dead.len(), dead[0].alert.sequence, dead[0].attempts), (1, 1, 3));
    assert!(dead[0].last_error.as_deref().unwrap().contains("410"), "{dead:?}");

    assert_eq!(store.replay_dead_letters(OutboxFilter::default()).await.unwrap(), 1);
    assert_eq!(drained(&store, config()).await.delivered, 1);
    assert!(store.list_dead_letters(OutboxFilter::default(), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_too_old_is_given_up_and_the_rest_goes_on() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    prepare(&store, json!({ "url": "http://127.0.0.1:1/" }), &["r"]).await;
    store.raise_alerts("r", 1, &[new_alert("r", 1)], "{}").await.unwrap();
    assert!(drained(&store, config()).await.waiting > 0);
    let totals = store.list_outbox_totals().await.unwrap();
    assert_eq!(totals[0].state, DeliveryState::Pending, "a minute's failures are no reason to give up");
}

#[tokio::test]
async fn a_storm_is_told_in_one_message() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let server = Server::start(|_| Mood::Well).await;
    let url = Secret::new(server.url("/services/T0/B0/secretpath"));
    prepare(&store, json!({ "url": server.url("/") }), &["r"]).await;
    store.save_sink("hook", "slack", "{\"digest_after\":5}", Some(&url), true).await.unwrap();
    let alerts: Vec<_> = (1..=60).map(|n| new_alert("r", n)).collect();
    store.raise_alerts("r", 1, &alerts[..5], "{}").await.unwrap();
    assert_eq!(drained(&store, config()).await.delivered, 5);
    assert_eq!(server.all().len(), 5);
    store.raise_alerts("r", 1, &alerts, "{}").await.unwrap();
    assert_eq!(drained(&store, config()).await.delivered, 55);
    let seen = server.all();
    assert_eq!(seen.len(), 6);
    let body: Value = serde_json::from_slice(&seen[5].body).unwrap();
    let said = body.to_string();
    assert!(said.contains("55 alerts of rule r") && said.contains("and 45 more"), "{said}");
}

#[tokio::test]
async fn a_secret_is_in_no_error_record_or_debug() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    // an answer that repeats the whole request, as some do
    let server = Server::start(|_| Mood::Fail(404)).await;
    for (kind, settings, secret) in [
        ("slack", json!({}), server.url("/services/verysecretpath")),
        ("discord", json!({}), server.url("/api/webhooks/verysecretpath")),
        ("telegram", json!({ "chat_id": "@c", "api_url": server.url("/") }), "verysecretpath".to_owned()),
        ("webhook", json!({ "url": server.url("/x") }), "verysecretpath".to_owned()),
        ("pagerduty", json!({ "url": server.url("/x") }), "verysecretpath".to_owned()),
        ("alertmanager", json!({ "url": server.url("/") }), "verysecretpath".to_owned()),
    ] {
        prepare(&store, json!({ "url": server.url("/") }), &["r"]).await;
        store.save_sink("hook", kind, &settings.to_string(), Some(&Secret::new(secret)), true).await.unwrap();
        let alert = new_alert(kind, 1);
        let revision = store.find_rule("r").await.unwrap().unwrap().revision;
        store.raise_alerts("r", revision, &[alert], "{}").await.unwrap();
        drained(&store, config()).await;
        let record = store.find_sink("hook").await.unwrap().unwrap();
        let sink = yumascan_alerts::sinks::Sink::from_record(&record).unwrap();
        let dead = store.list_dead_letters(OutboxFilter::default(), 99).await.unwrap();
        let all = format!("{record:?} {sink:?} {dead:?}");
        assert!(all.contains("404") && !all.contains("verysecret"), "{kind}: {all}");
    }
}
