//! Commands that go on: up, serve, engine, node, demo.

use std::time::Duration;

use tempfile::tempdir;

use crate::chain::{growing_node, node};
use crate::run::{Running, finish, get, on, yumascan};

#[tokio::test]
async fn up_serves_pages_and_api_while_the_chain_grows_and_stops_in_order() {
    let node = growing_node(10).await;
    let dir = tempdir().unwrap();
    let up = on(dir.path(), &["up", "--rpc", &node.url(), "--listen", "127.0.0.1:0"]);
    let (up, url) = Running::start(up, "serving on ");
    wait_for_page(&url, "/block/10").await;
    node.advance(5);
    wait_for_page(&url, "/block/15").await;
    for path in ["/", "/blocks", "/health", "/metrics", "/graphql"] {
        assert_eq!(get(&url, path).0, 200, "{path}");
    }
    assert_eq!(get(&url, "/nowhere").0, 404);

    // the folder is held: sql asks through the process that holds it, others are told its pid
    let at = dir.path();
    wait_until_sql(at, "SELECT max(number) >= 10 FROM blocks").await;
    let pid = format!("pid {}", up.pid());
    finish(on(at, &["ingest", "--rpc", &node.url(), "--exit-at-head"]))
        .await
        .fails_with(&["in use by another process", &pid]);
    finish(on(at, &["serve", "--listen", "127.0.0.1:0"]))
        .await
        .fails_with(&["in use by another process", &pid]);
    finish(on(at, &["audit"])).await.ok();
    up.stop().await;
    assert!(!at.join("engine.json").exists(), "nothing is left behind");

    let (serve, url) = Running::start(on(at, &["serve", "--listen", "127.0.0.1:0"]), "serving on ");
    assert_eq!(get(&url, "/block/10").0, 200, "stored blocks are served without a node");
    serve.stop().await;
}

async fn wait_until_sql(at: &std::path::Path, sql: &str) {
    loop {
        if finish(on(at, &["sql", sql])).await.ok().out.trim() == "1" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// No deadline: were it never there, the test would hang and the runner say so.
async fn wait_for_page(url: &str, path: &'static str) {
    let url = url.to_owned();
    let waiting = tokio::task::spawn_blocking(move || {
        while get(&url, path).0 != 200 {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    waiting.await.unwrap();
}

/// The node hangs: its runtime is this test's, which waits for the command to end.
#[tokio::test]
async fn up_ends_although_its_node_hangs() {
    let node = growing_node(5).await;
    let dir = tempdir().unwrap();
    let up = on(dir.path(), &["up", "--rpc", &node.url(), "--listen", "127.0.0.1:0"]);
    let (up, url) = Running::start(up, "serving on ");
    wait_for_page(&url, "/block/5").await;
    let asked = std::process::Command::new("kill").arg(up.pid().to_string()).status().unwrap();
    assert!(asked.success());
    assert_eq!(up.wait_blocking(), Some(0));
}

#[tokio::test]
async fn engine_answers_bi_tools_with_its_password_only() {
    let dir = tempdir().unwrap();
    let (engine, _) = Running::start(on(dir.path(), &["engine", "--password", "secret"]), "ClickHouse ");
    let curl = engine.line("try       ");
    let url = curl.split('\'').nth(1).unwrap().to_owned();
    let (base, _) = url.split_once("/?").unwrap();
    assert_eq!(get(base, "/?query=SELECT+1").0, 401);
    let (status, text) = get(base, "/?query=SELECT+40%2B2&user=yumascan&password=secret");
    assert_eq!((status, text.contains("\n42\n")), (200, true), "{text}");
    engine.stop().await;
}

#[tokio::test]
async fn node_serves_a_recording_and_refuses_senseless_faults() {
    let (node, rest) = Running::start(yumascan(&["node", "--listen", "127.0.0.1:0", "--head", "10"]), "");
    assert!(rest.contains("ws://127.0.0.1:") && rest.contains("head 10 of"), "{rest}");
    node.stop().await;
    finish(yumascan(&["node", "--drop", "7"])).await.fails_with(&["--drop 7", "between 0 and 1"]);
    finish(yumascan(&["node", "--recording", "/nowhere"]))
        .await
        .fails_with(&["/nowhere", "a recording is a folder"]);
}

#[tokio::test]
async fn doctor_says_what_is_well_and_what_to_do() {
    let node = node().await;
    let dir = tempdir().unwrap();
    let said = finish(on(dir.path(), &["doctor", "--rpc", &node.url(), "--listen", "127.0.0.1:0", "--json"]))
        .await
        .ok();
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let outcome = |name: &str| {
        let checks = report["checks"].as_array().unwrap();
        let check =
            checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {report}"));
        check["outcome"].as_str().unwrap().to_owned()
    };
    for name in ["engine", "folder", "port", "exposure", "warehouse", "schema", "node"] {
        assert!(outcome(name) == "ok" || (name == "folder" && outcome(name) == "warn"), "{name}: {report}");
    }
    assert_eq!(outcome("blocks"), "warn", "nothing is stored yet");

    let said =
        finish(on(dir.path(), &["doctor", "--rpc", "ws://127.0.0.1:1", "--listen", "127.0.0.1:0"])).await;
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.contains("FAIL  node"), "{}", said.out);
}
