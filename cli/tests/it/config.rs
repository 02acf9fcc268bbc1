//! Configuration: layers, typos, secrets.

use tempfile::tempdir;

use crate::run::{finish, on, yumascan};

#[tokio::test]
async fn typos_are_refused_at_start_with_the_nearest_name() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("yumascan.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "[ingest]\nendpoitns = [\"ws://x\"]\n").unwrap();
    let said = finish(on(dir.path(), &["migrate", "--config", path])).await;
    said.fails_with(&["yumascan.toml", "`ingest.endpoitns`", "did you mean `ingest.endpoints`?"]);
    let mut command = on(dir.path(), &["migrate"]);
    command.env("YUMASCAN_STORE_ULR", "x");
    finish(command).await.fails_with(&["`YUMASCAN_STORE_ULR`", "did you mean `YUMASCAN_STORE_URL`?"]);
    finish(yumascan(&["ingest", "--exit-at-haed"])).await.fails_with(&["--exit-at-haed", "--exit-at-head"]);
    finish(yumascan(&["ingets"])).await.fails_with(&["ingets", "ingest"]);
    finish(on(dir.path(), &["migrate", "--config", "/nowhere.toml"])).await.fails_with(&["/nowhere.toml"]);
    finish(on(dir.path(), &["migrate", "--log", "a=b=c"])).await.fails_with(&["a=b=c"]);
}

#[tokio::test]
async fn flags_win_over_the_environment_over_the_file_and_secrets_stay_hidden() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("y.toml");
    let text = "[serve]\nlisten = \"127.0.0.1:1111\"\n[clickhouse]\ndatabase = \"one\"\npassword = \"hunter2\"\n\
                [store]\nurl = \"postgres://bob:hunter3@db/x\"\n[api]\ntimeout_ms = 7\n";
    std::fs::write(&file, text).unwrap();
    let mut command = on(dir.path(), &["doctor", "--print-config", "--clickhouse-database", "three"]);
    command.env("YUMASCAN_CONFIG", &file).env("YUMASCAN_SERVE_LISTEN", "127.0.0.1:2222");
    command.env("YUMASCAN_CLICKHOUSE_DATABASE", "two").env("YUMASCAN_RPC", "wss://node/?key=hunter4");
    let shown = finish(command).await.ok().out;
    for part in ["127.0.0.1:2222", "database = \"three\"", "timeout_ms = 7", "wss://node"] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    assert!(!shown.contains("hunter"), "{shown}");
}

#[tokio::test]
async fn help_teaches_by_examples() {
    let said = finish(yumascan(&["--help"])).await.ok();
    for command in [
        "demo", "up", "ingest", "backfill", "serve", "sql", "audit", "redecode", "node", "engine", "migrate",
        "doctor",
    ] {
        assert!(said.out.contains(&format!("\n  {command} ")), "{command}: {}", said.out);
        let help = finish(yumascan(&[command, "--help"])).await.ok();
        assert!(
            help.out.contains("Examples:") && help.out.contains(&format!("yumascan {command}")),
            "{command}"
        );
    }
}
