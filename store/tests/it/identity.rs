//! Chain identity, cursors and endpoint health.

use yumascan_chain::Hash;
use yumascan_store::{EndpointHealth, EndpointState, StoreError};

use crate::{database::TestDatabase, on_both_databases};

on_both_databases!(
    a_store_belongs_to_the_chain_that_claimed_it_first,
    of_two_chains_that_claim_at_once_one_wins,
    a_cursor_survives_a_restart_and_moves_both_ways,
    a_block_number_that_cannot_be_stored_is_refused,
    the_newest_report_on_an_endpoint_stays,
);

const FINNEY: Hash = Hash([1; 32]);
const OTHER: Hash = Hash([2; 32]);

async fn a_store_belongs_to_the_chain_that_claimed_it_first(database: &TestDatabase) {
    let store = database.open().await;
    assert_eq!(store.find_chain().await.unwrap(), None);
    let claimed = store.claim_chain(FINNEY, "Bittensor").await.unwrap();
    assert_eq!((claimed.genesis_hash, claimed.name.as_str()), (FINNEY, "Bittensor"));
    store.close().await;

    let store = database.open().await;
    assert_eq!(store.claim_chain(FINNEY, "Bittensor, renamed").await.unwrap(), claimed);
    let refused = store.claim_chain(OTHER, "Testnet").await.unwrap_err();
    let message = refused.to_string();
    assert!(matches!(refused, StoreError::OtherChain { found: FINNEY, expected: OTHER, .. }), "{message}");
    for told in ["`Bittensor`", "`Testnet`", "--data-dir", &FINNEY.to_string(), &OTHER.to_string()] {
        assert!(message.contains(told), "{message} does not tell {told}");
    }
    assert_eq!(store.find_chain().await.unwrap(), Some(claimed));
}

async fn of_two_chains_that_claim_at_once_one_wins(database: &TestDatabase) {
    let (one, other) = (database.open().await, database.open().await);
    let (one, other) = tokio::join!(one.claim_chain(FINNEY, "one"), other.claim_chain(OTHER, "other"));
    assert!(one.is_ok() != other.is_ok(), "{one:?} and {other:?}");
}

async fn a_cursor_survives_a_restart_and_moves_both_ways(database: &TestDatabase) {
    let store = database.open().await;
    assert_eq!(store.find_cursor("head").await.unwrap(), None);
    store.set_cursor("head", 9_000_000_000, Some(FINNEY)).await.unwrap();
    store.set_cursor("backfill", 7, None).await.unwrap();
    store.close().await;

    let store = database.open().await;
    let head = store.find_cursor("head").await.unwrap().unwrap();
    assert_eq!((head.block, head.hash), (9_000_000_000, Some(FINNEY)));
    assert!(head.updated_at_ms > 1_600_000_000_000);
    store.set_cursor("head", 3, None).await.unwrap();
    let head = store.find_cursor("head").await.unwrap().unwrap();
    assert_eq!((head.block, head.hash), (3, None));
    let names: Vec<String> =
        store.list_cursors().await.unwrap().into_iter().map(|cursor| cursor.name).collect();
    assert_eq!(names, ["backfill", "head"]);
}

async fn a_block_number_that_cannot_be_stored_is_refused(database: &TestDatabase) {
    let store = database.open().await;
    let refused = store.set_cursor("head", u64::MAX, None).await.unwrap_err();
    assert!(matches!(refused, StoreError::Value { column: "block", .. }), "{refused}");
    assert_eq!(store.find_cursor("head").await.unwrap(), None);
}

async fn the_newest_report_on_an_endpoint_stays(database: &TestDatabase) {
    let store = database.open().await;
    let unreachable = EndpointHealth {
        endpoint: "wss://a.example".to_owned(),
        state: EndpointState::Unreachable,
        detail: Some("connection refused".to_owned()),
        latency_ms: None,
        best_block: None,
        finalized_block: None,
        consecutive_failures: 3,
        checked_at_ms: 2_000,
        last_ok_at_ms: None,
    };
    store.record_endpoint_health(&unreachable).await.unwrap();
    assert_eq!(store.list_endpoint_health().await.unwrap(), std::slice::from_ref(&unreachable));

    for (state, at) in [
        (EndpointState::Healthy, 3_000),
        (EndpointState::Slow, 4_000),
        (EndpointState::RateLimited, 5_000),
        (EndpointState::Distrusted, 6_000),
    ] {
        let newer = EndpointHealth {
            state,
            detail: None,
            latency_ms: Some(0),
            best_block: Some(0),
            finalized_block: Some(8_900_000),
            consecutive_failures: 0,
            checked_at_ms: at,
            last_ok_at_ms: Some(at),
            ..unreachable.clone()
        };
        store.record_endpoint_health(&newer).await.unwrap();
        store.record_endpoint_health(&unreachable).await.unwrap();
        assert_eq!(store.list_endpoint_health().await.unwrap(), [newer]);
    }
}
