//! Bad input: each a clear message with the way out, and an exit code that is not 0.

use std::io::Write;
use std::net::TcpListener;

use tempfile::tempdir;

use crate::chain::{node, other_node};
use crate::run::{Running, finish, on, yumascan};

#[tokio::test]
async fn wrong_urls_are_told_apart() {
    let dir = tempdir().unwrap();
    let ingest = async |rpc: &str| finish(on(dir.path(), &["ingest", "--rpc", rpc, "--exit-at-head"])).await;
    ingest("ftp://node").await.fails_with(&["ftp://node", "use ws://, wss://, http:// or https://"]);
    ingest("ws://127.0.0.1:1").await.fails_with(&["127.0.0.1:1", "cannot be reached"]);
    finish(on(dir.path(), &["ingest", "--exit-at-head"]))
        .await
        .fails_with(&["no node to read from", "--rpc"]);
}

#[tokio::test]
async fn a_server_that_is_no_node_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut request = [0; 4096];
                let _ = std::io::Read::read(&mut stream, &mut request);
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
            });
        }
    });
    let dir = tempdir().unwrap();
    let said = finish(on(dir.path(), &["ingest", "--rpc", &url, "--exit-at-head"])).await;
    said.fails_with(&["is not a Substrate node"]);
}

#[tokio::test]
async fn a_chain_of_another_genesis_is_refused() {
    let (node, other) = (node().await, other_node().await);
    let dir = tempdir().unwrap();
    finish(on(dir.path(), &["ingest", "--rpc", &node.url(), "--to", "5"])).await.ok();
    let said = finish(on(dir.path(), &["ingest", "--rpc", &other.url(), "--exit-at-head"])).await;
    said.fails_with(&["genesis"]);
    finish(on(dir.path(), &["audit"])).await.ok();
}

#[tokio::test]
async fn a_taken_port_is_named_before_anything_slow_begins() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempdir().unwrap();
    let said = finish(on(dir.path(), &["up", "--rpc", "ws://127.0.0.1:1", "--listen", &address])).await;
    said.fails_with(&[&address, "is taken", "--listen"]);
    assert!(!dir.path().join("clickhouse").exists());
    finish(on(dir.path(), &["node", "--listen", &address, "--head", "5"])).await.fails_with(&[&address]);
    finish(on(dir.path(), &["engine", "--listen", &address])).await.fails_with(&[&address]);
    finish(on(dir.path(), &["engine", "--listen", "0.0.0.0:0"])).await.fails_with(&["loopback only"]);
}

#[tokio::test]
async fn a_missing_or_foreign_engine_says_the_command_that_installs_it() {
    let dir = tempdir().unwrap();
    let mut lost = on(&dir.path().join("data"), &["engine"]);
    // away from every node_modules
    let exe = dir.path().join("yumascan");
    std::fs::copy(env!("CARGO_BIN_EXE_yumascan"), &exe).unwrap();
    let args: Vec<_> = lost.get_args().map(std::ffi::OsStr::to_os_string).collect();
    lost = std::process::Command::new(exe);
    lost.args(args).current_dir(dir.path()).env_remove("YUMASCAN_ENGINE");
    finish(lost).await.fails_with(&["not installed", "npm install @chdb/lib-", "looked in"]);

    let missing = finish(on(dir.path(), &["engine", "--engine", "/nowhere/libchdb.so"])).await;
    missing.fails_with(&["--engine names /nowhere/libchdb.so", "npm install"]);
    let file = dir.path().join("libchdb.so");
    let mut foreign = vec![0_u8; 64];
    foreign[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
    foreign[18] = 8; // MIPS
    std::fs::write(&file, foreign).unwrap();
    let said = finish(on(dir.path(), &["engine", "--engine", file.to_str().unwrap()])).await;
    said.fails_with(&["is made for Linux on another processor", "npm install"]);
}

#[tokio::test]
async fn a_second_process_is_told_who_holds_the_folder() {
    let dir = tempdir().unwrap();
    let (first, _) = Running::start(on(dir.path(), &["engine"]), "ClickHouse ");
    let pid = format!("pid {}", first.pid());
    finish(on(dir.path(), &["engine"])).await.fails_with(&[
        "in use by another process",
        &pid,
        "yumascan sql",
    ]);
    finish(on(dir.path(), &["migrate"])).await.fails_with(&["in use by another process", &pid]);
    assert_eq!(
        finish(on(dir.path(), &["sql", "SELECT 42 FROM system.one", "--clickhouse-database", "default"]))
            .await
            .ok()
            .out,
        "42\n"
    );
    first.stop().await;
}

#[tokio::test]
async fn a_damaged_folder_is_told_with_the_way_out() {
    let node = node().await;
    let dir = tempdir().unwrap();
    let ingest = ["ingest", "--rpc", &node.url(), "--to", "5"];
    finish(on(dir.path(), &ingest)).await.ok();
    let store = dir.path().join("store.sqlite");
    for file in std::fs::read_dir(dir.path()).unwrap().flatten() {
        if file.file_name().to_string_lossy().starts_with("store.sqlite-") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    let sound = std::fs::read(&store).unwrap();
    std::fs::write(&store, b"this is not a database, whatever its name may say").unwrap();
    finish(on(dir.path(), &ingest)).await.fails_with(&["damaged", "restore it from a backup"]);
    std::fs::write(&store, sound).unwrap();

    // the engine's description of a table
    let metadata = dir.path().join("clickhouse/store");
    let mut files = Vec::new();
    collect(&metadata, &mut files);
    let table = files.iter().find(|file| file.ends_with("blocks.sql")).expect("the table's description");
    std::fs::write(table, "ATTACH nonsense").unwrap();
    finish(on(dir.path(), &ingest)).await.fails_with(&["the engine", "ingest"]);

    let not_a_folder = dir.path().join("file");
    std::fs::write(&not_a_folder, "").unwrap();
    finish(on(&not_a_folder, &ingest)).await.fails_with(&["create the data folder"]);
}

fn collect(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path().is_dir() {
            true => collect(&entry.path(), files),
            false => files.push(entry.path()),
        }
    }
}

#[tokio::test]
async fn a_schema_of_a_newer_binary_is_left_alone() {
    let dir = tempdir().unwrap();
    finish(on(dir.path(), &["migrate"])).await.ok();
    let newer =
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'from_the_future', '')";
    finish(on(dir.path(), &["sql", newer])).await.ok();
    let said = finish(on(dir.path(), &["migrate"])).await;
    said.fails_with(&["9999", "use a newer yumascan"]);
    finish(on(dir.path(), &["serve", "--listen", "127.0.0.1:0"])).await.fails_with(&["use a newer yumascan"]);
}

#[tokio::test]
async fn sql_says_what_is_wrong() {
    let dir = tempdir().unwrap();
    let empty = dir.path().join("empty");
    finish(on(&empty, &["sql", "SELECT 1"]))
        .await
        .fails_with(&["there is no data in", "yumascan ingest --rpc URL"]);
    assert!(!empty.exists(), "asking creates nothing");
    finish(on(dir.path(), &["migrate"])).await.ok();
    let said = finish(on(dir.path(), &["sql", "SELECT nothing FROM blocks"])).await;
    said.fails_with(&["Code: 47", "UNKNOWN_IDENTIFIER"]);
    let mut piped = on(dir.path(), &["sql"]);
    let folder = dir.path().join("statement.sql");
    std::fs::write(&folder, "SELECT 'from a file' FORMAT JSONEachRow").unwrap();
    piped.stdin(std::fs::File::open(folder).unwrap());
    assert!(finish(piped).await.ok().out.contains("from a file"));
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named() {
    let dir = tempdir().unwrap();
    let said =
        finish(on(dir.path(), &["migrate", "--clickhouse-url", "http://ada:secret@127.0.0.1:1"])).await;
    let said = said.fails_with(&["clickhouse"]);
    assert!(!said.err.contains("secret"), "{}", said.err);
    finish(on(dir.path(), &["migrate", "--clickhouse-url", "127.0.0.1:8123"]))
        .await
        .fails_with(&["is not a ClickHouse URL"]);
    finish(on(dir.path(), &["migrate", "--store-url", "mysql://x"]))
        .await
        .fails_with(&["mysql", "postgres://"]);
    finish(yumascan(&["backfill", "--rpc", "ws://x", "9:2"])).await.fails_with(&["range 9:2 is empty"]);
}
