//! Rules, sinks, the outbox, silences and leases.

use yumascan_store::{
    Store, StoreError,
    alerts::{Delivery, DeliveryState, NewAlert, OutboxFilter, Raised, RuleSave, Secret, Silence},
};

use crate::{database::TestDatabase, on_both_databases};

on_both_databases!(
    a_rule_keeps_its_position_unless_it_changes,
    an_alert_is_raised_once_and_with_its_position_or_not_at_all,
    a_sink_gets_the_alerts_of_a_rule_in_their_order,
    a_letter_given_up_is_kept_and_can_be_replayed,
    a_sink_keeps_its_secret_and_is_not_removed_while_used,
    numbers_go_on_when_a_rule_is_made_again,
    two_evaluations_at_once_leave_no_hole,
    old_alerts_are_forgotten_but_for_those_that_wait,
    a_silence_covers_what_it_names,
    a_lease_has_one_owner,
);

const FAR: u64 = 4_000_000_000_000;

async fn prepared(database: &TestDatabase) -> Store {
    let store = database.open().await;
    for sink in ["ops", "chat"] {
        store.save_sink(sink, "webhook", "{}", Some(&Secret::new("hunter2")), true).await.unwrap();
    }
    save(&store, "drain", r#"{"on":"incident"}"#, &["chat", "ops"]).await;
    store
}

async fn save(store: &Store, name: &str, definition: &str, sinks: &[&str]) -> u64 {
    let sinks: Vec<String> = sinks.iter().map(|sink| (*sink).to_owned()).collect();
    let rule = RuleSave { name, definition, sinks: &sinks, enabled: true };
    store.save_rule(rule).await.unwrap().revision
}

fn alerts(keys: impl IntoIterator<Item = u64>) -> Vec<NewAlert> {
    let alert = |key: u64| NewAlert {
        idempotency_key: format!("key-{key}"),
        block: Some(key),
        payload: format!("{{\"n\":{key}}}"),
        silenced: false,
    };
    keys.into_iter().map(alert).collect()
}

fn numbers(run: &[Delivery]) -> Vec<u64> {
    run.iter().map(|delivery| delivery.alert.sequence).collect()
}

async fn a_rule_keeps_its_position_unless_it_changes(database: &TestDatabase) {
    let store = prepared(database).await;
    let rule = store.find_rule("drain").await.unwrap().unwrap();
    assert_eq!(
        (rule.sinks.clone(), rule.position.clone()),
        (vec!["chat".to_owned(), "ops".to_owned()], None)
    );
    store.raise_alerts("drain", rule.revision, &[], "{\"block\":7}").await.unwrap();
    // the same definition to other sinks
    save(&store, "drain", r#"{"on":"incident"}"#, &["ops"]).await;
    let rule = store.find_rule("drain").await.unwrap().unwrap();
    assert_eq!((rule.sinks.len(), rule.position.as_deref()), (1, Some("{\"block\":7}")));
    save(&store, "drain", r#"{"on":"watch"}"#, &["ops"]).await;
    let rule = store.find_rule("drain").await.unwrap().unwrap();
    assert_eq!((rule.position, rule.revision), (None, 3));

    let refused = RuleSave { name: "other", definition: "{}", sinks: &["nobody".to_owned()], enabled: true };
    let refused = store.save_rule(refused).await.unwrap_err();
    assert!(matches!(&refused, StoreError::SinkUnknown { sink } if sink == "nobody"), "{refused}");
    assert_eq!(store.list_rules().await.unwrap().len(), 1);
}

async fn an_alert_is_raised_once_and_with_its_position_or_not_at_all(database: &TestDatabase) {
    let store = prepared(database).await;
    assert_eq!(store.raise_alerts("drain", 1, &alerts([1, 2]), "a").await.unwrap(), Raised::Stored(2));
    assert_eq!(store.raise_alerts("drain", 1, &alerts([2, 3, 1, 3]), "b").await.unwrap(), Raised::Stored(1));
    let stored = store.list_alerts("drain", 0, 10).await.unwrap();
    let stored: Vec<_> =
        stored.iter().map(|alert| (alert.sequence, alert.idempotency_key.as_str())).collect();
    assert_eq!(stored, [(1, "key-1"), (2, "key-2"), (3, "key-3")]);
    assert_eq!(store.list_alerts("drain", 1, 1).await.unwrap()[0].sequence, 2);

    // an evaluation of the rule as it was before
    save(&store, "drain", r#"{"on":"watch"}"#, &["ops"]).await;
    assert_eq!(store.raise_alerts("drain", 1, &alerts([4]), "c").await.unwrap(), Raised::RuleChanged);
    let rule = store.find_rule("drain").await.unwrap().unwrap();
    assert_eq!((rule.next_sequence, rule.position), (4, None));
    // a failure in the middle: a block number that cannot be stored
    let mut broken = alerts([5]);
    broken.extend(alerts([6]).into_iter().map(|alert| NewAlert { block: Some(u64::MAX), ..alert }));
    store.raise_alerts("drain", 2, &broken, "d").await.unwrap_err();
    assert_eq!(store.list_alerts("drain", 3, 10).await.unwrap(), []);
    assert_eq!(store.find_rule("drain").await.unwrap().unwrap().position, None);
}

async fn a_sink_gets_the_alerts_of_a_rule_in_their_order(database: &TestDatabase) {
    let store = prepared(database).await;
    save(&store, "price", "{}", &["ops"]).await;
    store.raise_alerts("drain", 1, &alerts(1..=5), "a").await.unwrap();
    store.raise_alerts("price", 1, &alerts(11..=12), "a").await.unwrap();
    let due = store.list_due_deliveries("ops", FAR, u64::MAX, 3).await.unwrap();
    assert_eq!(due.iter().map(|run| numbers(run)).collect::<Vec<_>>(), [vec![1, 2, 3], vec![1, 2]]);
    store.record_delivered("ops", "drain", 1, 1).await.unwrap();
    // the head waits: the rest waits with it, the other rule does not
    store.record_failed("ops", "drain", (2, 2), FAR - 10, "timed out").await.unwrap();
    let due = store.list_due_deliveries("ops", FAR - 11, u64::MAX, 3).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0][0].alert.rule, "price");
    let due = store.list_due_deliveries("ops", FAR, u64::MAX, 9).await.unwrap();
    let drain = due.iter().find(|run| run[0].alert.rule == "drain").unwrap();
    assert_eq!((numbers(drain), drain[0].attempts, drain[1].attempts), (vec![2, 3, 4, 5], 1, 0));
    assert!(drain[0].first_attempt_at_ms.is_some() && drain[1].first_attempt_at_ms.is_none());
    // the next attempt was set by a clock far ahead
    assert_eq!(store.list_due_deliveries("ops", 1, FAR - 100, 1).await.unwrap()[0][0].alert.rule, "drain");
    // each sink has its own queue
    let chat = store.list_due_deliveries("chat", FAR, u64::MAX, 9).await.unwrap();
    assert_eq!(numbers(&chat[0]), [1, 2, 3, 4, 5]);
}

async fn a_letter_given_up_is_kept_and_can_be_replayed(database: &TestDatabase) {
    let store = prepared(database).await;
    store.raise_alerts("drain", 1, &alerts(1..=3), "a").await.unwrap();
    store.record_dead("ops", "drain", (1, 2), "404 not found").await.unwrap();
    let dead = store.list_dead_letters(OutboxFilter::default(), 10).await.unwrap();
    assert_eq!(dead.len(), 2);
    assert_eq!((dead[0].sink.as_str(), dead[0].last_error.as_deref()), ("ops", Some("404 not found")));
    assert_eq!(numbers(&store.list_due_deliveries("ops", FAR, u64::MAX, 9).await.unwrap()[0]), [3]);
    let totals = store.list_outbox_totals().await.unwrap();
    let dead = totals.iter().find(|total| total.state == DeliveryState::Dead).unwrap();
    assert_eq!((dead.sink.as_str(), dead.deliveries), ("ops", 2));

    let other = OutboxFilter { sink: Some("chat"), rule: None };
    assert_eq!(store.replay_dead_letters(other).await.unwrap(), 0);
    let these = OutboxFilter { sink: Some("ops"), rule: Some("drain") };
    assert_eq!(store.replay_dead_letters(these).await.unwrap(), 2);
    let due = store.list_due_deliveries("ops", FAR, u64::MAX, 9).await.unwrap();
    assert_eq!((numbers(&due[0]), due[0][0].attempts), (vec![1, 2, 3], 0));
}

async fn a_sink_keeps_its_secret_and_is_not_removed_while_used(database: &TestDatabase) {
    let store = prepared(database).await;
    store.save_sink("ops", "webhook", "{\"url\":\"x\"}", None, false).await.unwrap();
    let sink = store.find_sink("ops").await.unwrap().unwrap();
    assert_eq!(sink.secret.as_ref().map(Secret::reveal), Some("hunter2"));
    assert!(!sink.enabled && !format!("{sink:?}").contains("hunter2"));
    // what opened one kind of place opens no other
    store.save_sink("ops", "slack", "{}", None, true).await.unwrap();
    assert_eq!(store.find_sink("ops").await.unwrap().unwrap().secret, None);

    let refused = store.remove_sink("ops").await.unwrap_err();
    assert!(refused.to_string().contains("used by drain"), "{refused}");
    save(&store, "drain", "{}", &["chat"]).await;
    assert!(store.remove_sink("ops").await.unwrap());
    assert!(!store.remove_sink("ops").await.unwrap());
    assert_eq!(store.list_sinks().await.unwrap().len(), 1);
}

async fn numbers_go_on_when_a_rule_is_made_again(database: &TestDatabase) {
    let store = prepared(database).await;
    store.raise_alerts("drain", 1, &alerts(1..=3), "a").await.unwrap();
    assert!(store.remove_rule("drain").await.unwrap());
    assert!(!store.remove_rule("drain").await.unwrap());
    assert_eq!(
        store.list_due_deliveries("ops", FAR, u64::MAX, 9).await.unwrap(),
        Vec::<Vec<Delivery>>::new()
    );
    save(&store, "drain", "{}", &["ops"]).await;
    assert_eq!(store.find_rule("drain").await.unwrap().unwrap().next_sequence, 4);
}

async fn two_evaluations_at_once_leave_no_hole(database: &TestDatabase) {
    let store = prepared(database).await;
    let mut evaluations = tokio::task::JoinSet::new();
    for turn in 0..12_u64 {
        let store = store.clone();
        // each overlaps its neighbours
        evaluations.spawn(async move { store.raise_alerts("drain", 1, &alerts(turn..turn + 3), "p").await });
    }
    while let Some(done) = evaluations.join_next().await {
        done.unwrap().unwrap();
    }
    let stored = store.list_alerts("drain", 0, 100).await.unwrap();
    let sequence: Vec<u64> = stored.iter().map(|alert| alert.sequence).collect();
    assert_eq!(sequence, (1..=14).collect::<Vec<_>>());
}

async fn old_alerts_are_forgotten_but_for_those_that_wait(database: &TestDatabase) {
    let store = prepared(database).await;
    store.raise_alerts("drain", 1, &alerts(1..=4), "a").await.unwrap();
    for sink in ["ops", "chat"] {
        store.record_delivered(sink, "drain", 1, 4).await.unwrap();
    }
    store.raise_alerts("drain", 1, &alerts(5..=5), "a").await.unwrap();
    assert_eq!(store.prune_alerts(1).await.unwrap(), 0);
    assert_eq!(store.prune_alerts(FAR).await.unwrap(), 4);
    assert_eq!(store.list_newest_alerts(9).await.unwrap()[0].sequence, 5);
}

async fn a_silence_covers_what_it_names(database: &TestDatabase) {
    let store = prepared(database).await;
    let silence = Silence {
        id: "s1".to_owned(),
        rule: None,
        kind: Some("price_move".to_owned()),
        scope: Some("subnet:8".to_owned()),
        note: "migration".to_owned(),
        from_ms: 100,
        until_ms: 200,
    };
    store.save_silence(&silence).await.unwrap();
    assert_eq!(store.list_silences(200).await.unwrap(), []);
    let [found] = store.list_silences(0).await.unwrap().try_into().unwrap();
    assert_eq!(found, silence);
    assert!(found.covers("any", "price_move", "subnet:8", 100));
    for (kind, scope, now) in
        [("price_move", "subnet:9", 100), ("drain", "subnet:8", 100), ("price_move", "subnet:8", 200)]
    {
        assert!(!found.covers("any", kind, scope, now), "{kind} {scope} {now}");
    }
    let held = NewAlert { silenced: true, ..alerts([1]).remove(0) };
    store.raise_alerts("drain", 1, &[held], "a").await.unwrap();
    assert!(store.list_due_deliveries("ops", FAR, u64::MAX, 9).await.unwrap().is_empty());
    assert!(store.remove_silence("s1").await.unwrap());
    assert!(!store.remove_silence("s1").await.unwrap());
}

async fn a_lease_has_one_owner(database: &TestDatabase) {
    let store = prepared(database).await;
    assert!(store.take_lease("delivery", "a", 60_000).await.unwrap());
    assert!(store.take_lease("delivery", "a", 60_000).await.unwrap());
    assert!(!store.take_lease("delivery", "b", 60_000).await.unwrap());
    store.give_lease_back("delivery", "a").await.unwrap();
    assert!(store.take_lease("delivery", "b", 60_000).await.unwrap());
    // the owner's clock was far ahead
    assert!(store.take_lease("delivery", "c", 1).await.unwrap());
}
