//! The contract of `detect`.

use serde_json::Value as Json;
use tempfile::tempdir;

use crate::chain::{BLOCKS, node};
use crate::run::{finish, on};

#[tokio::test]
async fn incidents_are_found_once_and_a_dry_run_stores_nothing() {
    let node = node().await;
    let dir = tempdir().unwrap();
    let at = dir.path();
    finish(on(at, &["ingest", "--rpc", &node.url(), "--exit-at-head"])).await.ok();
    let report = async |flags: &[&str]| {
        let mut all = vec!["detect", "--json"];
        all.extend(flags);
        let said = finish(on(at, &all)).await.ok();
        serde_json::from_str::<Json>(&said.out).unwrap()
    };
    let dry = report(&["--dry"]).await;
    assert_eq!((&dry["to"], &dry["written"]), (&Json::from(BLOCKS), &Json::from(0)), "{dry}");
    let count = "SELECT count() FROM incidents";
    assert_eq!(finish(on(at, &["sql", count])).await.ok().out, "0\n");

    let first = report(&[]).await;
    assert_eq!(first["incidents"], dry["incidents"]);
    let found = first["incidents"].as_array().unwrap().len();
    assert!(found > 5 && first["written"] == found, "{first}");
    assert_eq!(report(&[]).await["written"], 0, "running again changes nothing");
    assert_eq!(finish(on(at, &["sql", count])).await.ok().out, format!("{found}\n"));
    let blind = first["not_evaluable"].as_array().unwrap();
    assert!(
        blind.iter().any(|found| found["kind"] == "replay_difference"),
        "nothing was verified: {blind:?}"
    );

    let subnets = report(&["--kind", "subnet_registered"]).await;
    assert!(
        subnets["incidents"].as_array().unwrap().iter().all(|found| found["kind"] == "subnet_registered")
    );
    let said = finish(on(at, &["detect", "--kind", "flood"])).await;
    assert!(said.code == Some(1) && said.err.contains("runaway_batch"), "{}", said.err);
    let said = finish(on(at, &["detect", "--from", "9000"])).await;
    assert!(said.code == Some(1) && said.err.contains("no block of"), "{}", said.err);
}
