//! Windows: boundaries, states and attempts.

use yumascan_chain::Hash;
use yumascan_store::{BlockRange, RowCounts, Store, StoreError, WindowState, ranges};

use crate::{database::TestDatabase, on_both_databases};

on_both_databases!(
    a_window_left_open_by_a_crash_is_found_and_sealed_after_it,
    a_sealed_window_is_not_written_again_by_accident,
    sealing_twice_is_sealing_once,
    only_the_newest_attempt_can_seal,
    windows_never_overlap,
    windows_opened_at_the_same_moment_never_overlap,
    a_reopened_window_counts_as_missing_until_it_is_sealed_again,
    what_an_older_decoder_sealed_is_listed,
    a_discarded_window_leaves_nothing_that_an_old_attempt_could_seal,
    sealed_runs_and_gaps_are_those_of_the_single_blocks,
    windows_are_listed_in_pages,
);

const CONTENT: Hash = Hash([7; 32]);
const ROWS: RowCounts = RowCounts {
    raw_blocks: 128,
    blocks: 128,
    extrinsics: 400,
    calls: 90_000,
    events: 5_000_000_000,
    transfers: 9,
    quarantined: 0,
};

async fn seal_new(store: &Store, first: u64, last: u64, generation: u32) {
    let window = store.open_window(first, last, generation).await.unwrap();
    store.seal_window(first, last, window.attempt, CONTENT, ROWS).await.unwrap();
}

async fn a_window_left_open_by_a_crash_is_found_and_sealed_after_it(database: &TestDatabase) {
    let store = database.open().await;
    let first_attempt = store.open_window(1, 128, 1).await.unwrap();
    assert_eq!(first_attempt.previous, None);
    seal_new(&store, 129, 256, 1).await;
    drop(store);

    let store = database.open().await;
    let open = store.list_open_windows().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].first, open[0].last, open[0].attempt), (1, 128, first_attempt.attempt));
    assert_eq!((open[0].rows, open[0].content_hash, open[0].sealed_at_ms), (None, None, None));

    let second_attempt = store.open_window(1, 128, 2).await.unwrap();
    assert_eq!(second_attempt.previous, Some(1));
    assert!(second_attempt.attempt > first_attempt.attempt);
    store.seal_window(1, 128, second_attempt.attempt, CONTENT, ROWS).await.unwrap();
    assert_eq!(store.list_open_windows().await.unwrap(), []);
    let sealed = store.find_window(1, 128).await.unwrap().unwrap();
    assert_eq!(sealed.state, WindowState::Sealed);
    assert_eq!((sealed.rows, sealed.content_hash, sealed.decoder_generation), (Some(ROWS), Some(CONTENT), 2));
    assert!(sealed.sealed_at_ms >= Some(sealed.opened_at_ms));
}

async fn a_sealed_window_is_not_written_again_by_accident(database: &TestDatabase) {
    let store = database.open().await;
    seal_new(&store, 1, 128, 1).await;
    let refused = store.open_window(1, 128, 1).await.unwrap_err();
    assert!(matches!(refused, StoreError::WindowSealed { first: 1, last: 128 }), "{refused}");
    let window = store.find_window(1, 128).await.unwrap().unwrap();
    assert!(matches!(
        store.discard_window(1, 128, window.attempt).await,
        Err(StoreError::WindowSealed { .. })
    ));
    assert_eq!(store.find_window(1, 128).await.unwrap(), Some(window));
}

async fn sealing_twice_is_sealing_once(database: &TestDatabase) {
    let store = database.open().await;
    let window = store.open_window(5, 5, 1).await.unwrap();
    store.seal_window(5, 5, window.attempt, CONTENT, ROWS).await.unwrap();
    let sealed = store.find_window(5, 5).await.unwrap();
    store.seal_window(5, 5, window.attempt, CONTENT, ROWS).await.unwrap();
    let other = Hash([8; 32]);
    let refused = store.seal_window(5, 5, window.attempt, other, ROWS).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::SealDiffers { found: CONTENT, given, .. } if given == other),
        "{refused}"
    );
    assert_eq!(store.find_window(5, 5).await.unwrap(), sealed);
    let refused = store.seal_window(6, 6, 1, CONTENT, ROWS).await.unwrap_err();
    assert!(matches!(refused, StoreError::WindowUnknown { first: 6, last: 6 }), "{refused}");
}

async fn only_the_newest_attempt_can_seal(database: &TestDatabase) {
    let store = database.open().await;
    let stale = store.open_window(1, 128, 1).await.unwrap();
    let newest = store.open_window(1, 128, 1).await.unwrap();
    let refused = store.seal_window(1, 128, stale.attempt, CONTENT, ROWS).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::StaleAttempt { newest: found, .. } if found == newest.attempt),
        "{refused}"
    );
    assert!(matches!(
        store.discard_window(1, 128, stale.attempt).await,
        Err(StoreError::StaleAttempt { .. })
    ));
    store.seal_window(1, 128, newest.attempt, CONTENT, ROWS).await.unwrap();
    // and after the seal, the late writer still learns that it was not its own
    let refused = store.seal_window(1, 128, stale.attempt, CONTENT, ROWS).await.unwrap_err();
    assert!(matches!(refused, StoreError::StaleAttempt { .. }), "{refused}");
}

async fn windows_never_overlap(database: &TestDatabase) {
    let store = database.open().await;
    store.open_window(100, 199, 1).await.unwrap();
    seal_new(&store, 300, 300, 1).await;
    for (first, last) in [
        (0, 100),
        (199, 250),
        (100, 198),
        (101, 199),
        (120, 130),
        (0, 500),
        (299, 301),
        (300, 301),
        (50, 300),
    ] {
        for refused in [store.open_window(first, last, 1).await, store.reopen_window(first, last, 1).await] {
            assert!(
                matches!(refused, Err(StoreError::WindowOverlap { .. })),
                "{first}..={last}: {refused:?}"
            );
        }
    }
    for (first, last) in [(0, 99), (200, 299), (301, 1_000)] {
        store.open_window(first, last, 1).await.unwrap();
    }
    for (first, last) in [(5_001, 5_000), (5_000, u64::MAX)] {
        let refused = store.open_window(first, last, 1).await;
        assert!(matches!(refused, Err(StoreError::InvalidRange { .. })), "{refused:?}");
    }
}

async fn windows_opened_at_the_same_moment_never_overlap(database: &TestDatabase) {
    let stores = [database.open().await, database.open().await, database.open().await];
    let mut openings = tokio::task::JoinSet::new();
    for turn in 0..60_u64 {
        let store = stores[usize::try_from(turn % 3).unwrap()].clone();
        // every window touches its neighbours: only one in three can be opened
        openings.spawn(async move { store.open_window(turn * 10, turn * 10 + 25, 1).await });
    }
    let mut opened = Vec::new();
    while let Some(opening) = openings.join_next().await {
        match opening.unwrap() {
            Ok(window) => opened.push(window),
            Err(StoreError::WindowOverlap { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    opened.sort_unstable_by_key(|window| window.first);
    assert!(opened.len() >= 12, "only {} windows were opened", opened.len());
    for pair in opened.windows(2) {
        assert!(pair[0].last < pair[1].first, "{pair:?}");
        assert_ne!(pair[0].attempt, pair[1].attempt);
    }
}

async fn a_reopened_window_counts_as_missing_until_it_is_sealed_again(database: &TestDatabase) {
    let store = database.open().await;
    let refused = store.reopen_window(1, 128, 1).await.unwrap_err();
    assert!(matches!(refused, StoreError::WindowUnknown { .. }), "{refused}");
    for first in [1, 129, 257] {
        seal_new(&store, first, first + 127, 1).await;
    }
    let all = BlockRange { from: 1, to: 384 };
    assert_eq!(store.list_sealed_ranges().await.unwrap(), [all]);

    let reopened = store.reopen_window(129, 256, 2).await.unwrap();
    assert_eq!(reopened.previous, Some(1));
    assert_eq!(store.list_gaps(1, 384).await.unwrap(), [BlockRange { from: 129, to: 256 }]);
    store.seal_window(129, 256, reopened.attempt, CONTENT, ROWS).await.unwrap();
    assert_eq!(store.list_sealed_ranges().await.unwrap(), [all]);
}

async fn what_an_older_decoder_sealed_is_listed(database: &TestDatabase) {
    let store = database.open().await;
    seal_new(&store, 1, 10, 3).await;
    seal_new(&store, 11, 20, 1).await;
    seal_new(&store, 21, 30, 2).await;
    store.open_window(31, 40, 1).await.unwrap();
    let stale = |generation, limit| {
        let store = store.clone();
        async move {
            let windows = store.list_stale_windows(generation, limit).await.unwrap();
            windows.into_iter().map(|window| window.first).collect::<Vec<_>>()
        }
    };
    assert_eq!(stale(3, 10).await, [11, 21]);
    assert_eq!(stale(3, 1).await, [11]);
    assert_eq!(stale(1, 10).await, [0; 0]);
}

async fn a_discarded_window_leaves_nothing_that_an_old_attempt_could_seal(database: &TestDatabase) {
    let store = database.open().await;
    let discarded = store.open_window(1, 128, 1).await.unwrap();
    store.discard_window(1, 128, discarded.attempt).await.unwrap();
    store.discard_window(1, 128, discarded.attempt).await.unwrap();
    assert_eq!(store.list_open_windows().await.unwrap(), []);
    // other boundaries are free now, and the same ones are another attempt
    let again = store.open_window(1, 128, 1).await.unwrap();
    assert_eq!(again.previous, None);
    let refused = store.seal_window(1, 128, discarded.attempt, CONTENT, ROWS).await.unwrap_err();
    assert!(matches!(refused, StoreError::StaleAttempt { .. }), "{refused}");
}

async fn sealed_runs_and_gaps_are_those_of_the_single_blocks(database: &TestDatabase) {
    let store = database.open().await;
    assert_eq!(store.list_sealed_ranges().await.unwrap(), []);
    assert_eq!(store.list_gaps(3, 9).await.unwrap(), [BlockRange { from: 3, to: 9 }]);
    // lengths, gaps and the order of sealing vary; every seventh window stays open
    let mut windows = Vec::new();
    let mut next = 1_u64;
    for step in 0..60_u64 {
        let first = next + [0, 0, 1, 0, 3][usize::try_from(step % 5).unwrap()];
        let last = first + (step * 7) % 11;
        windows.push((first, last, step % 7 != 0));
        next = last + 1;
    }
    for (first, last, sealed) in windows.iter().rev() {
        match sealed {
            true => seal_new(&store, *first, *last, 1).await,
            false => drop(store.open_window(*first, *last, 1).await.unwrap()),
        }
    }
    let sealed: Vec<BlockRange> = windows
        .iter()
        .filter(|(_, _, sealed)| *sealed)
        .flat_map(|(first, last, _)| (*first..=*last).map(|block| BlockRange { from: block, to: block }))
        .collect();
    assert_eq!(store.list_sealed_ranges().await.unwrap(), ranges::merge(sealed.clone()));
    assert_eq!(store.list_gaps(5, next + 9).await.unwrap(), ranges::gaps(5, next + 9, sealed));
}

async fn windows_are_listed_in_pages(database: &TestDatabase) {
    let store = database.open().await;
    for first in (0..100).step_by(10) {
        store.open_window(first, first + 9, 1).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut from = 15;
    loop {
        let page = store.list_windows(from, 74, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        from = last.last + 1;
        seen.extend(page.iter().map(|window| window.first));
    }
    assert_eq!(seen, [10, 20, 30, 40, 50, 60, 70]);
    assert_eq!(store.list_windows(0, u64::MAX, 100).await.unwrap().len(), 10);
    assert_eq!(store.find_window_of(29).await.unwrap().map(|window| window.first), Some(20));
    assert_eq!(store.find_window_of(100).await.unwrap(), None);
    assert_eq!(store.find_window(20, 28).await.unwrap(), None);
}
