//! The head: growth, forks, stalls, restarts.

use std::time::Duration;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;
use yumascan_devnode::{Faults, NodeOptions};
use yumascan_ingest::{IngestConfig, IngestMode, IngestReport, Progress};
use yumascan_warehouse::{
    PageRequest, TipEvent, query::verifications::VerificationFilter, rows::EpochVerificationRow,
};

use crate::{
    reference::{comparable, expected, main_chain},
    site::{Site, config, serve, until},
};

const BLOCKS: u64 = 90;

struct Following {
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<IngestReport>,
}

fn start(site: &Site, config: IngestConfig) -> Following {
    let ingest = site.ingest(config);
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let task =
        tokio::spawn(
            async move { ingest.run(IngestMode::Follow, token, Progress::unwatched()).await.unwrap() },
        );
    Following { cancel, task }
}

impl Following {
    async fn stop(self) -> IngestReport {
        self.cancel.cancel();
        self.task.await.unwrap()
    }
}

async fn stored_up_to(site: &Site) -> u64 {
    site.warehouse.find_head().await.unwrap().map_or(0, |block| block.number)
}

fn growing(head: u64, faults: Faults) -> NodeOptions {
    NodeOptions {
        head: Some(head),
        block_time: Some(Duration::from_millis(40)),
        faults,
        ..NodeOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_growing_chain_with_forks_is_stored_as_it_was_finalized() {
    let recording = main_chain(BLOCKS).await;
    let (first, last) = (recording.first_block(), recording.last_block());
    let faults = Faults { fork_every: Some(7), fork_depth: 1, ..Faults::default() };
    let node = serve(&recording, growing(first + 10, faults)).await;
    let site = Site::new().await;
    let mut events = site.tip.subscribe();
    let following = start(&site, config(&[node.url()], first));
    until("the finalized head is stored", async || stored_up_to(&site).await >= last - 2).await;
    let report = following.stop().await;
    assert_eq!(report.quarantined, 0);

    let stored = comparable(&site.warehouse, first, last - 2).await;
    assert_eq!(stored, expected("main", &recording, first, last - 2, |_| 377).await);
    assert!(site.warehouse.find_block(last - 1).await.unwrap().is_none(), "what is not final is not stored");

    let (mut best, mut retracted, mut finalized) = (0, 0, Vec::new());
    while let Ok(event) = events.try_recv() {
        match event {
            TipEvent::Best(_) => best += 1,
            TipEvent::Retracted { .. } => retracted += 1,
            TipEvent::Finalized(block) => finalized.push(block.block.number),
        }
    }
    assert!(best > 20, "{best} best blocks shown");
    assert!(retracted > 0, "forks were shown and taken back");
    assert!(finalized.windows(2).all(|pair| pair[0] < pair[1]), "finalized in order: {finalized:?}");
    assert_eq!(finalized.last(), Some(&(last - 2)));
    assert!(
        site.tip.blocks().iter().all(|block| block.block.number > last - 2),
        "the tip is what is not final"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_node_is_left_for_one_that_goes_on() {
    let recording = main_chain(BLOCKS).await;
    let (first, last) = (recording.first_block(), recording.last_block());
    let stall =
        Faults { stall_at: Some(first + 20), stall_for: Duration::from_secs(3600), ..Faults::default() };
    let stalling = serve(&recording, growing(first + 10, stall)).await;
    let site = Site::new().await;
    let healthy = serve(
        &recording,
        growing(first + 10, Faults { latency: Duration::from_millis(5), ..Faults::default() }),
    )
    .await;
    let following = start(&site, config(&[stalling.url(), healthy.url()], first));
    until("the other node's head is stored", async || stored_up_to(&site).await >= last - 2).await;
    following.stop().await;
    let stored = comparable(&site.warehouse, first, last - 2).await;
    assert_eq!(stored, expected("main", &recording, first, last - 2, |_| 377).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_are_verified_behind_the_head_unless_that_is_turned_off() {
    let recording = main_chain(BLOCKS).await;
    let (first, last) = (recording.first_block(), recording.last_block());
    let start_at = first + 30;
    for verify in [true, false] {
        let options = NodeOptions { head: Some(start_at), ..NodeOptions::default() };
        let node = serve(&recording, options).await;
        let site = Site::new().await;
        let config = IngestConfig { verify, ..config(&[node.url()], first) };
        let following = start(&site, config);
        until("history is stored", async || stored_up_to(&site).await >= start_at - 2).await;
        node.grow_to(last);
        until("the finalized head is stored", async || stored_up_to(&site).await >= last - 2).await;
        let all = VerificationFilter::default();
        let page = PageRequest::newest(1000);
        if !verify {
            following.stop().await;
            assert_eq!(site.warehouse.count_epoch_verifications(&all).await.unwrap(), 0);
            continue;
        }
        until("the last stored block is verified", async || {
            let generation = yumascan_ingest::verify::GENERATION;
            !site.warehouse.list_verified_ranges(last - 2, last - 2, generation).await.unwrap().is_empty()
        })
        .await;
        following.stop().await;
        let rows = site.warehouse.list_epoch_verifications(&all, page).await.unwrap().rows;
        let agree = |row: &EpochVerificationRow| row.verdict == "verified" || row.verdict == "excused";
        assert!(rows.len() > 3 && rows.iter().all(agree), "{rows:#?}");
        assert!(rows.iter().all(|row| row.block_number > start_at - 2), "history is left to `verify`");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_stored_where_states_cannot_be_read() {
    let recording = main_chain(BLOCKS).await;
    let (first, last) = (recording.first_block(), recording.last_block());
    // without lists of keys no epoch can be read
    let faults = Faults { without: vec!["state_getKeysPaged".to_owned()], ..Faults::default() };
    let options = NodeOptions { head: Some(first + 30), faults, ..NodeOptions::default() };
    let node = serve(&recording, options).await;
    let site = Site::new().await;
    let following = start(&site, config(&[node.url()], first));
    until("history is stored", async || stored_up_to(&site).await >= first + 28).await;
    node.grow_to(first + 60);
    until("verification has been tried", async || node.stats().by_method.contains_key("state_getKeysPaged"))
        .await;
    node.grow_to(last);
    until("the finalized head is stored", async || stored_up_to(&site).await >= last - 2).await;
    let report = following.stop().await;
    assert_eq!(report.quarantined, 0);
    let stored = comparable(&site.warehouse, first, last - 2).await;
    assert_eq!(stored, expected("main", &recording, first, last - 2, |_| 377).await);
    let all = VerificationFilter::default();
    assert_eq!(
        site.warehouse.count_epoch_verifications(&all).await.unwrap(),
        0,
        "nothing is said without states"
    );
}

/// Hands everything through to the node at `url` until it is told to fall silent: connections stay, answers stop.
async fn muffled(url: &str) -> (String, watch::Sender<bool>) {
    let node = url.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (silence, silenced) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (node, mut silenced) = (node.clone(), silenced.clone());
            tokio::spawn(async move {
                let upstream = TcpStream::connect(node).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_node, mut to_node) = upstream.into_split();
                let asking = tokio::io::copy(&mut from_client, &mut to_node);
                let silence = async move {
                    let _ = silenced.wait_for(|silent| *silent).await;
                };
                let answering = async {
                    tokio::select! {
                        _ = tokio::io::copy(&mut from_node, &mut to_client) => {}
                        () = silence => std::future::pending().await,
                    }
                };
                let _ = tokio::join!(asking, answering);
            });
        }
    });
    (format!("ws://{address}"), silence)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_falls_silent_does_not_hold_up_a_stop() {
    let recording = main_chain(BLOCKS).await;
    let first = recording.first_block();
    let node = serve(&recording, growing(first + 10, Faults::default())).await;
    let (url, silence) = muffled(&node.url()).await;
    let site = Site::new().await;
    let mut config = config(&[url], first);
    config.request_timeout_s = 3600;
    let following = start(&site, config);
    until("some blocks are stored", async || stored_up_to(&site).await >= first + 12).await;
    silence.send_replace(true);
    // long enough for the silence to be noticed, and for the question that then gets no answer
    tokio::time::sleep(Duration::from_secs(2)).await;
    let stopped = tokio::time::timeout(Duration::from_secs(60), following.stop()).await;
    assert!(stopped.expect("it stops without the node's answer").cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarting_node_leaves_no_gap() {
    let recording = main_chain(BLOCKS).await;
    let (first, last) = (recording.first_block(), recording.last_block());
    let node = serve(&recording, growing(first + 5, Faults::default())).await;
    let site = Site::new().await;
    let following = start(&site, config(&[node.url()], first));
    for stop in [15, 35, 55] {
        until("some blocks are stored", async || stored_up_to(&site).await >= first + stop).await;
        node.drop_connections();
    }
    until("the head is stored", async || stored_up_to(&site).await >= last - 2).await;
    following.stop().await;
    let stored = comparable(&site.warehouse, first, last - 2).await;
    assert_eq!(stored, expected("main", &recording, first, last - 2, |_| 377).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_heads_are_not_pushed_they_are_asked_for() {
    let recording = main_chain(40).await;
    let (first, last) = (recording.first_block(), recording.last_block());
    let node = serve(&recording, growing(first + 5, Faults::default())).await;
    let site = Site::new().await;
    let mut events = site.tip.subscribe();
    let following = start(&site, config(&[node.http_url()], first));
    until("the head is stored", async || stored_up_to(&site).await >= last - 2).await;
    following.stop().await;
    let stored = comparable(&site.warehouse, first, last - 2).await;
    assert_eq!(stored, expected("main", &recording, first, last - 2, |_| 377).await);
    let mut saw_best = false;
    while let Ok(event) = events.try_recv() {
        saw_best |= matches!(event, TipEvent::Best(_));
    }
    assert!(saw_best, "the tip is shown as well");
}
