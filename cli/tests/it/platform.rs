//! Keys, exports, backups: what an operator does.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::chain::node;
use crate::run::{finish, on};

#[tokio::test]
async fn keys_are_shown_once_listed_without_their_secret_and_revoked() {
    let dir = tempdir().unwrap();
    let at = dir.path();
    let key = finish(on(at, &["keys", "add", "ada", "--scope", "sql", "--days", "3"])).await.ok().out;
    let (key, id) = (key.trim(), key.split('_').nth(1).unwrap().to_owned());
    assert!(key.starts_with("ys_"), "{key}");
    let listed = finish(on(at, &["keys", "list"])).await.ok().out;
    assert!(listed.contains(&id) && listed.contains("ada") && listed.contains("sql"), "{listed}");
    assert!(!listed.contains(key.rsplit('_').next().unwrap()), "the secret is nowhere");
    finish(on(at, &["keys", "revoke", &id])).await.ok();
    finish(on(at, &["keys", "revoke", &id])).await.fails_with(&["keys list"]);
    assert!(finish(on(at, &["keys", "list"])).await.ok().out.contains("revoked"));
    let log = finish(on(at, &["keys", "log"])).await.ok().out;
    assert!(log.contains("keys.add") && log.contains("keys.revoke"), "{log}");
    finish(on(at, &["keys", "add", "eve", "--scope", "everything"])).await.fails_with(&["read, sql, export"]);
}

#[tokio::test]
async fn what_was_backed_up_deleted_and_restored_is_equal() {
    let node = node().await;
    let (one, other, backups) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    finish(on(one.path(), &["ingest", "--rpc", &node.url(), "--exit-at-head"])).await.ok();
    let to = backups.path().join("first");
    let to = to.to_str().unwrap();
    finish(on(one.path(), &["backup", "--to", to])).await.ok();
    finish(on(one.path(), &["backup", "--to", to])).await.fails_with(&["not empty"]);

    let sums = "SELECT (SELECT sum(cityHash64(tuple(*))) FROM events), (SELECT sum(cityHash64(tuple(*))) FROM raw_blocks), \
                (SELECT count() FROM calls), (SELECT max(number) FROM blocks)";
    let before = finish(on(one.path(), &["sql", sums])).await.ok().out;
    finish(on(other.path(), &["restore", "--from", to])).await.ok();
    assert_eq!(finish(on(other.path(), &["sql", sums])).await.ok().out, before);
    finish(on(other.path(), &["audit"])).await.ok();
    finish(on(other.path(), &["restore", "--from", to])).await.fails_with(&["empty data folder"]);
    // the restored folder goes on where the other was
    finish(on(other.path(), &["ingest", "--rpc", &node.url(), "--exit-at-head"])).await.ok();
    assert_eq!(finish(on(other.path(), &["sql", sums])).await.ok().out, before);

    // a file that was changed is noticed before anything is read
    let third = tempdir().unwrap();
    let file = fs::read_dir(to)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.ends_with("store.sqlite"))
        .unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[200] ^= 1;
    fs::write(&file, bytes).unwrap();
    finish(on(third.path(), &["restore", "--from", to]))
        .await
        .fails_with(&["damaged", "nothing was restored"]);
}

#[tokio::test]
async fn an_export_has_a_folder_a_day_and_writes_only_what_is_new() {
    let node = node().await;
    let (dir, out) = (tempdir().unwrap(), tempdir().unwrap());
    let (at, out) = (dir.path(), out.path().to_str().unwrap());
    finish(on(at, &["ingest", "--rpc", &node.url(), "--exit-at-head"])).await.ok();
    let export = ["export", "--table", "events,blocks", "--out", out];
    let said = finish(on(at, &export)).await.ok().out;
    assert!(said.contains("events: 1 days written, 0 unchanged"), "{said}");
    let manifest: Value =
        serde_json::from_slice(&fs::read(format!("{out}/events/manifest.json")).unwrap()).unwrap();
    let file = &manifest["files"][0];
    let bytes = fs::read(format!("{out}/events/{}", file["file"].as_str().unwrap())).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    assert_eq!(file["bytes"].as_u64().unwrap(), bytes.len() as u64);
    let rows = finish(on(at, &["sql", "SELECT count() FROM events"])).await.ok().out;
    assert_eq!(file["rows"].to_string(), rows.trim());
    let again = finish(on(at, &export)).await.ok().out;
    assert!(again.contains("events: 0 days written, 1 unchanged"), "{again}");
    fs::remove_file(format!("{out}/events/{}", file["file"].as_str().unwrap())).unwrap();
    let third = finish(on(at, &export)).await.ok().out;
    assert!(third.contains("events: 1 days written"), "{third}");
    finish(on(at, &["export", "--table", "raw_blocks", "--out", out]))
        .await
        .fails_with(&["no table `raw_blocks`"]);
}
