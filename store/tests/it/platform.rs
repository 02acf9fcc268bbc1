//! Keys, kept questions and operators' actions.

use yumascan_store::KeyTier;

use crate::{database::TestDatabase, on_both_databases};

on_both_databases!(
    a_key_opens_until_it_is_revoked_or_ends,
    what_is_stored_of_a_key_does_not_open,
    the_same_question_has_the_same_link_and_the_shelf_ends,
    actions_are_listed_newest_first,
);

async fn a_key_opens_until_it_is_revoked_or_ends(database: &TestDatabase) {
    let store = database.open().await;
    let (made, text) = store.create_key("ada", KeyTier::Keyed, &["sql".into()], Some(5_000)).await.unwrap();
    let found = store.find_key(&text).await.unwrap().unwrap();
    assert_eq!(found, made);
    assert!(found.is_valid(4_999) && !found.is_valid(5_000));
    store.touch_key(&made.id).await.unwrap();
    assert!(store.list_keys().await.unwrap()[0].last_used_at_ms.is_some());
    assert!(store.revoke_key(&made.id).await.unwrap());
    assert!(!store.revoke_key(&made.id).await.unwrap(), "once is enough");
    assert!(!store.find_key(&text).await.unwrap().unwrap().is_valid(0));
}

async fn what_is_stored_of_a_key_does_not_open(database: &TestDatabase) {
    let store = database.open().await;
    let (key, text) = store.create_key("bob", KeyTier::Admin, &[], None).await.unwrap();
    let (_, other) = store.create_key("eve", KeyTier::Keyed, &[], None).await.unwrap();
    assert_ne!(text, other);
    let secret = text.rsplit('_').next().unwrap();
    assert_eq!(secret.len(), 64, "256 bits");
    for wrong in [
        String::new(),
        "ys_".to_owned(),
        key.id.clone(),
        format!("ys_{}_", key.id),
        format!("ys_{}_{}", key.id, &secret[1..]),
        format!("ys_{}_{}", key.id, other.rsplit('_').next().unwrap()),
        text.replace("ys_", "yx_"),
    ] {
        assert_eq!(store.find_key(&wrong).await.unwrap(), None, "{wrong}");
    }
}

async fn the_same_question_has_the_same_link_and_the_shelf_ends(database: &TestDatabase) {
    let store = database.open().await;
    let one = store.save_query("SELECT 1", "one", 2).await.unwrap().unwrap();
    assert_eq!(store.save_query("SELECT 1", "one", 2).await.unwrap().unwrap(), one);
    let two = store.save_query("SELECT 1", "another title", 2).await.unwrap().unwrap();
    assert_ne!(one.id, two.id);
    assert_eq!(store.save_query("SELECT 3", "", 2).await.unwrap(), None);
    assert_eq!(store.save_query("SELECT 1", "one", 2).await.unwrap().unwrap(), one, "what is kept stays");
    assert_eq!(store.find_query(&two.id).await.unwrap().unwrap().title, "another title");
}

async fn actions_are_listed_newest_first(database: &TestDatabase) {
    let store = database.open().await;
    for target in ["a", "b"] {
        store.record_action("cli:root", "keys.add", target).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    let actions = store.list_actions(10).await.unwrap();
    assert_eq!(actions.iter().map(|action| action.target.as_str()).collect::<Vec<_>>(), ["b", "a"]);
}
