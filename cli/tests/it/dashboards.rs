//! Every query of every dashboard runs on a warehouse that was filled by the real path.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::chain::node;
use crate::run::{finish, on};

/// Grafana's macros, filled in as for all of time.
fn expand(sql: &str) -> String {
    let mut text = sql.to_owned();
    while let Some(start) = text.find("$__timeFilter(") {
        let end = start + text[start..].find(')').unwrap();
        let column = text[start + "$__timeFilter(".len()..end].to_owned();
        text.replace_range(
            start..=end,
            &format!("({column} >= toDateTime64(0, 3) AND {column} < now64(3) + 1)"),
        );
    }
    assert!(!text.contains("$__"), "{text}");
    text
}

/// (dashboard, panel, statement).
fn statements() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("../dashboards").unwrap().flatten() {
        let dashboard: Value = serde_json::from_slice(&fs::read(entry.path()).unwrap()).unwrap();
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                if let Some(sql) = target["rawSql"].as_str() {
                    let title = panel["title"].as_str().unwrap().to_owned();
                    found.push((entry.path().display().to_string(), title, expand(sql)));
                }
            }
        }
    }
    found
}

async fn ask(at: &Path, sql: &str) -> String {
    finish(on(at, &["sql", sql])).await.ok().out
}

#[tokio::test]
async fn every_panels_query_runs_on_a_filled_warehouse() {
    let node = node().await;
    let dir = tempdir().unwrap();
    finish(on(dir.path(), &["ingest", "--rpc", &node.url(), "--exit-at-head"])).await.ok();
    let all = statements();
    assert!(all.len() >= 20, "{}", all.len());
    let mut answered = 0;
    for (dashboard, panel, sql) in &all {
        let rows = ask(dir.path(), sql).await;
        answered += usize::from(!rows.trim().is_empty());
        println!("{dashboard}, {panel}: {} rows", rows.lines().count());
    }
    // the first blocks of the recording have no stake moves, swaps or incidents
    assert!(answered >= all.len() / 3, "{answered} of {} have data", all.len());
}
