//! What cannot work says so, and what to do.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use yumascan_devnode::{Faults, NodeOptions};
use yumascan_ingest::{IngestConfig, IngestMode};

use crate::{
    reference::{expected_main, main_chain, recording},
    site::{Site, config, node, serve},
};

async fn refusal(site: &Site, config: IngestConfig, mode: IngestMode) -> String {
    site.run(config, mode).await.expect_err("this cannot work").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pruned_node_is_told_apart_and_an_archive_beside_it_is_used() {
    let recording = main_chain(120).await;
    let pruned = node(&recording, Faults { prune: Some(20), ..Faults::default() }).await;
    let site = Site::new().await;
    let alone = config(&[pruned.url()], recording.first_block());
    let text = refusal(&site, alone, IngestMode::ExitAtHead).await;
    assert!(text.contains("pruned") && text.contains("archive") && text.contains("--from"), "{text}");

    let archive = node(&recording, Faults::default()).await;
    let both = config(&[pruned.url(), archive.url()], recording.first_block());
    site.run(both, IngestMode::ExitAtHead).await.unwrap();
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_is_refused_and_nothing_is_touched() {
    let (main, other) = (main_chain(40).await, recording("upgrade", 40).await);
    let (right, wrong) = (node(&main, Faults::default()).await, node(&other, Faults::default()).await);
    let site = Site::new().await;
    site.run(config(&[right.url()], main.first_block()), IngestMode::ExitAtHead).await.unwrap();
    let before = site.checksums(&main).await;

    let text = refusal(&site, config(&[wrong.url()], 1), IngestMode::ExitAtHead).await;
    assert!(text.contains("another chain") && text.contains(&main.genesis_hash().to_string()), "{text}");
    assert_eq!(site.checksums(&main).await, before);

    // beside a right one it is left out
    let both = config(&[wrong.url(), right.url()], main.first_block());
    assert_eq!(site.run(both, IngestMode::ExitAtHead).await.unwrap().blocks, 0);

    // with nothing stored yet nobody can tell which was meant
    let empty = Site::new().await;
    let text = refusal(&empty, config(&[wrong.url(), right.url()], 1), IngestMode::ExitAtHead).await;
    assert!(text.contains("another chain"), "{text}");
    assert!(empty.store.find_chain().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_of_another_chain_is_refused() {
    let (main, other) = (main_chain(40).await, recording("upgrade", 60).await);
    let (right, wrong) = (node(&main, Faults::default()).await, node(&other, Faults::default()).await);
    let site = Site::new().await;
    site.run(config(&[right.url()], main.first_block()), IngestMode::ExitAtHead).await.unwrap();
    let mut mixed = Site::new().await;
    mixed.warehouse = site.warehouse.clone();
    let text = refusal(&mixed, config(&[wrong.url()], 1), IngestMode::ExitAtHead).await;
    assert!(text.contains("belongs to another chain"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_listening_is_said_with_the_address() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let site = Site::new().await;
    for scheme in ["ws", "http"] {
        let mut config = config(&[format!("{scheme}://user:secret@{free}")], 1);
        config.connect_patience_s = 1;
        let text = refusal(&site, config, IngestMode::ExitAtHead).await;
        assert!(text.contains(&free.to_string()) && text.contains("cannot be reached"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_is_not_a_node() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let body = "<html>hello</html>";
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            });
        }
    });
    let site = Site::new().await;
    for scheme in ["ws", "http"] {
        let text =
            refusal(&site, config(&[format!("{scheme}://{address}")], 1), IngestMode::ExitAtHead).await;
        assert!(text.contains("is not a Substrate node"), "{scheme}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_hold_nothing_are_refused() {
    let recording = main_chain(40).await;
    let node = serve(&recording, NodeOptions::default()).await;
    let site = Site::new().await;
    let config = config(&[node.url()], recording.first_block());
    let text = refusal(&site, config.clone(), IngestMode::Range { from: 9, to: 8 }).await;
    assert!(text.contains("nothing to do"), "{text}");
    let above = recording.last_block() + 10;
    let text = refusal(&site, config.clone(), IngestMode::Range { from: above, to: above }).await;
    assert!(text.contains("above the finalized head"), "{text}");
    let clipped = IngestMode::Range { from: recording.last_block() - 3, to: above };
    let report = site.run(config, clipped).await.unwrap();
    assert_eq!((report.blocks, report.clipped_to), (4, Some(recording.last_block())));
}
