//! Whatever a node does wrong, the tables are the same in the end.

use std::time::Duration;

use yumascan_devnode::{Faults, RateLimit, RateLimitAnswer};
use yumascan_ingest::IngestMode;

use crate::{
    reference::{expected_main, main_chain},
    site::{Site, config, node},
};

const BLOCKS: u64 = 160;

/// Ingests the whole recording from a node with these faults and compares every table.
async fn equal_despite(faults: Faults, http: bool) -> Site {
    let recording = main_chain(BLOCKS).await;
    let node = node(&recording, faults).await;
    let url = if http { node.http_url() } else { node.url() };
    let site = Site::new().await;
    let report = site.run(config(&[url], recording.first_block()), IngestMode::ExitAtHead).await.unwrap();
    assert_eq!((report.blocks, report.quarantined), (BLOCKS, 0));
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_node_gives_what_was_recorded() {
    equal_despite(Faults::default(), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_gives_the_same_as_a_websocket() {
    equal_despite(Faults::default(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_connections_change_nothing() {
    equal_despite(Faults { drop: 0.01, ..Faults::default() }, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_change_nothing() {
    equal_despite(Faults { latency: Duration::from_millis(10), ..Faults::default() }, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_slow_down_and_change_nothing() {
    for answer in [RateLimitAnswer::HistoricalWork, RateLimitAnswer::Wait, RateLimitAnswer::Http429] {
        let http = matches!(answer, RateLimitAnswer::Http429);
        equal_despite(
            Faults { rate_limit: Some(RateLimit { per_second: 400, answer }), ..Faults::default() },
            http,
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn corrupt_events_are_noticed_and_read_again() {
    let recording = main_chain(BLOCKS).await;
    let node = node(&recording, Faults { corrupt_events: 0.1, ..Faults::default() }).await;
    let site = Site::new().await;
    let ingest = site.ingest(config(&[node.url()], recording.first_block()));
    ingest
        .run(IngestMode::ExitAtHead, Default::default(), yumascan_ingest::Progress::unwatched())
        .await
        .unwrap();
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
    let wrong: u64 = ingest.endpoints().iter().map(|endpoint| endpoint.wrong_answers).sum();
    assert!(wrong > 0, "the node did corrupt some, and each is booked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lies_is_named_and_left_for_an_honest_one() {
    let lies = [
        Faults { wrong_header: 0.2, ..Faults::default() },
        Faults { other_extrinsics: 0.2, ..Faults::default() },
        Faults { corrupt_events: 1.0, ..Faults::default() },
    ];
    let recording = main_chain(BLOCKS).await;
    let honest = node(&recording, Faults { latency: Duration::from_millis(2), ..Faults::default() }).await;
    for faults in lies {
        let liar = node(&recording, faults).await;
        let site = Site::new().await;
        let urls = [liar.url(), honest.url()];
        let ingest = site.ingest(config(&urls, recording.first_block()));
        ingest
            .run(IngestMode::ExitAtHead, Default::default(), yumascan_ingest::Progress::unwatched())
            .await
            .unwrap();
        assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
        let books = ingest.endpoints();
        assert!(books[0].wrong_answers > 0, "{books:?}");
        assert_eq!(books[1].wrong_answers, 0, "the honest one is not blamed: {books:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_liar_is_an_error_that_names_it() {
    let recording = main_chain(BLOCKS).await;
    let liar = node(&recording, Faults { wrong_header: 1.0, ..Faults::default() }).await;
    let site = Site::new().await;
    let url = liar.url();
    let error = site
        .run(
            config(std::slice::from_ref(&url), recording.first_block()),
            IngestMode::Range { from: recording.first_block(), to: recording.first_block() + 3 },
        )
        .await
        .unwrap_err();
    assert!(error.to_string().contains(url.trim_end_matches('/')), "{error}");
    assert!(site.warehouse.find_head().await.unwrap().is_none(), "nothing unverified is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_batches_is_asked_one_by_one() {
    let recording = main_chain(40).await;
    let node = node(&recording, Faults::default()).await;
    let site = Site::new().await;
    let mut config = config(&[node.url()], recording.first_block());
    config.max_batch = 1;
    site.run(config, IngestMode::ExitAtHead).await.unwrap();
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
}
