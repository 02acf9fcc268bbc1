//! The engine across processes: restarts, `kill -9`, a second process on the folder.
//!
//! The child is this test binary, called to run [`child`] alone.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use clickhouse::Client;
use yumascan_embedded::{
    ENGINE_ENV, EmbeddedEngine, EmbeddedError, EngineConfig, EngineInfo, EngineLibrary, FindOptions,
};

const FOLDER: &str = "YUMASCAN_TEST_FOLDER";

/// Opens an engine on the folder in the environment, says so, and ends in order when its input ends.
#[test]
#[ignore = "the other half of the tests below"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let found = EngineLibrary::find(&FindOptions::default());
    match found.and_then(|library| EmbeddedEngine::open(EngineConfig::new(folder, library))) {
        Ok(engine) => {
            println!("\nopened");
            std::io::stdin().lines().for_each(drop);
            engine.shutdown();
            println!("\nclosed");
        }
        Err(err) => println!("\nrefused {err}"),
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped());
    command
}

struct Engine {
    child: Child,
    input: Option<ChildStdin>,
    first_line: String,
}

impl Engine {
    fn start(folder: &Path) -> Self {
        let mut child = command(folder).stdin(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first_line =
            lines.find(|line| line.starts_with("opened") || line.starts_with("refused")).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let input = child.stdin.take();
        Self { child, input, first_line }
    }

    fn stop(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success(), "an orderly end is a success");
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn client(folder: &Path) -> Client {
    let info = EngineInfo::find(folder).unwrap().expect("engine.json is there while the engine runs");
    Client::default().with_url(info.url).with_user(info.user).with_password(info.password)
}

async fn insert(client: &Client, rows: u32) {
    let sql = format!("INSERT INTO t SELECT number + (SELECT count() FROM t) FROM numbers({rows})");
    client.query(&sql).execute().await.unwrap();
}

async fn numbers(client: &Client) -> (u64, u64) {
    client.query("SELECT count(), uniqExact(a) FROM t").fetch_one().await.unwrap()
}

#[tokio::test]
async fn acknowledged_rows_survive_restart_and_kill() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::start(dir.path());
    let first = client(dir.path());
    first.query("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").execute().await.unwrap();
    insert(&first, 1000).await;
    engine.stop();
    assert_eq!(EngineInfo::find(dir.path()).unwrap(), None);
    assert!(!dir.path().join("engine.json").exists(), "engine.json goes with the engine");

    let engine = Engine::start(dir.path());
    let second = client(dir.path());
    assert_eq!(numbers(&second).await, (1000, 1000));
    for _ in 0..20 {
        insert(&second, 500).await;
    }
    engine.kill();
    assert_eq!(
        EngineInfo::find(dir.path()).unwrap(),
        None,
        "a killed process's engine.json counts for nothing"
    );

    let engine = Engine::start(dir.path());
    assert_eq!(numbers(&client(dir.path())).await, (11_000, 11_000));
    engine.stop();
}

#[test]
fn a_second_process_is_refused_with_the_firsts_pid() {
    let dir = tempfile::tempdir().unwrap();
    let first = Engine::start(dir.path());
    let second = Engine::start(dir.path());
    let text = second.first_line.clone();
    assert!(text.contains(&format!("pid {}", first.child.id())), "{text}");
    assert!(text.contains(dir.path().to_str().unwrap()) && text.contains("--data-dir"), "{text}");
    second.stop();
    first.stop();
}

#[test]
fn a_second_engine_in_the_process_is_refused() {
    let shared = yumascan_embedded::testing::shared_engine().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let library = EngineLibrary::find(&FindOptions::default()).unwrap();
    let refused = EmbeddedEngine::open(EngineConfig::new(dir.path(), library.clone())).unwrap_err();
    assert!(matches!(refused, EmbeddedError::AlreadyOpen { .. }), "{refused}");
    assert!(shared.url().starts_with("http://127.0.0.1:"));
    let mut config = EngineConfig::new(dir.path(), library);
    config.listen = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(EmbeddedEngine::open(config).unwrap_err(), EmbeddedError::NotLoopback { .. }));
}

#[test]
fn a_library_that_does_not_load_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let library = EngineLibrary::find(&FindOptions::default()).unwrap();
    // the right header, and nothing behind it
    let mut head = vec![0; 4096];
    std::fs::File::open(library.path()).unwrap().read_exact(&mut head).unwrap();
    let broken = dir.path().join("libchdb.so");
    std::fs::File::create(&broken).unwrap().write_all(&head).unwrap();
    let output =
        command(&dir.path().join("data")).env(ENGINE_ENV, &broken).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("refused the engine library") && text.contains("npm install"), "{text}");
}
