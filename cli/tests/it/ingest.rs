//! The contract for checks from outside: ingest, sql, audit, redecode.

use serde_json::Value as Json;
use tempfile::tempdir;

use crate::chain::{BLOCKS, growing_node, node};
use crate::run::{Running, finish, on};

#[tokio::test]
async fn a_chain_is_ingested_asked_audited_and_decoded_again() {
    let node = node().await;
    let dir = tempdir().unwrap();
    let at = dir.path();
    let said = finish(on(at, &["ingest", "--rpc", &node.url(), "--exit-at-head", "--json"])).await.ok();
    let report: Json = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&report["blocks"], &report["quarantined"]),
        (&Json::from(BLOCKS), &Json::from(0)),
        "{report}"
    );

    let sql = "SELECT count() AS blocks, max(number) AS head FROM blocks FORMAT JSONEachRow";
    let rows = finish(on(at, &["sql", sql])).await.ok().out;
    let row: Json = serde_json::from_str(&rows).unwrap();
    assert_eq!(number(&row["blocks"]), BLOCKS, "{rows}");
    assert_eq!(number(&row["head"]), BLOCKS);
    let plain = finish(on(at, &["sql", "SELECT min(number), 'a?b' FROM blocks"])).await.ok();
    assert_eq!(plain.out, "1\ta?b\n", "tab-separated where no terminal reads");

    let said = finish(on(at, &["audit", "--json"])).await.ok();
    let audit: Json = serde_json::from_str(&said.out).unwrap();
    for (name, value) in [("from", 1), ("to", BLOCKS), ("blocks", BLOCKS), ("gaps", 0), ("broken_links", 0)] {
        assert_eq!(audit[name], value, "{name}: {audit}");
    }
    for name in ["bad_roots", "count_mismatches", "quarantined"] {
        assert_eq!(audit[name], 0, "{name}: {audit}");
    }

    let last = BLOCKS.to_string();
    let said = finish(on(at, &["redecode", "--from", "1", "--to", &last, "--json"])).await.ok();
    let again: Json = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&again["blocks"], &again["changed_windows"]),
        (&Json::from(BLOCKS), &Json::from(0)),
        "{again}"
    );

    // damage is found, and told by the exit code
    finish(on(at, &["sql", "ALTER TABLE blocks DELETE WHERE number = 30 SETTINGS mutations_sync = 2"]))
        .await
        .ok();
    let said = finish(on(at, &["audit", "--json"])).await;
    assert_eq!(said.code, Some(1), "{}", said.err);
    let audit: Json = serde_json::from_str(&said.out).unwrap();
    assert!(audit["gaps"] != 0, "{audit}");
}

#[tokio::test]
async fn it_goes_on_where_it_stopped_or_was_killed() {
    let node = growing_node(20).await;
    let dir = tempdir().unwrap();
    let at = dir.path();
    let first = ["ingest", "--rpc", &node.url(), "--from", "1", "--to", "10"];
    finish(on(at, &first)).await.ok();
    assert_eq!(finish(on(at, &["sql", "SELECT count() FROM blocks"])).await.ok().out, "10\n");
    let rpc = node.url();
    let (running, _) =
        Running::start(on(at, &["up", "--rpc", &rpc, "--listen", "127.0.0.1:0"]), "serving on ");
    running.kill();
    finish(on(at, &["ingest", "--rpc", &rpc, "--exit-at-head"])).await.ok();
    assert_eq!(
        finish(on(at, &["sql", "SELECT count(), uniqExact(number) FROM blocks"])).await.ok().out,
        "20\t20\n"
    );
    let said = finish(on(at, &["ingest", "--rpc", &rpc, "--exit-at-head", "--json"])).await.ok();
    let report: Json = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["blocks"], 0, "what is sealed is not asked for again");
    finish(on(at, &["audit"])).await.ok();
}

#[tokio::test]
async fn a_backfill_takes_its_range_and_no_more() {
    let node = growing_node(40).await;
    let dir = tempdir().unwrap();
    finish(on(dir.path(), &["backfill", "--rpc", &node.url(), "5:1_2"])).await.ok();
    let said =
        finish(on(dir.path(), &["sql", "SELECT min(number), max(number), count() FROM blocks"])).await.ok();
    assert_eq!(said.out, "5\t12\t8\n");
}

/// ClickHouse prints 64-bit numbers in quotes, or not, by its version.
fn number(value: &Json) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap()
}
