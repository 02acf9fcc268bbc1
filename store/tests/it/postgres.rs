//! A real PostgreSQL: the server of `YUMASCAN_TEST_POSTGRES_URL`, or one of our own in a temporary folder.
//!
//! Without either the tests fail: a store that was not tried on PostgreSQL is not known to work there.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use url::Url;

const MISSING: &str = "PostgreSQL is needed for this test: install it (Debian: `apt-get install postgresql`), or name a \
                       server whose user may create databases in YUMASCAN_TEST_POSTGRES_URL";

/// Starts the server; removes it when the test process is gone, however it ended: then its standard input closes.
const KEEPER: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=300 >"$2/log" 2>&1 &
server=$!
read -r _
kill -TERM $server
wait $server
rm -rf "$2"
"#;

static SERVER: OnceLock<(Url, Option<Child>)> = OnceLock::new();

/// Creates an empty database and returns its URL.
pub(crate) async fn create_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut url = server_url();
    let name = format!("yumascan_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    run(format!("CREATE DATABASE {name}")).await;
    url.set_path(&name);
    url.to_string()
}

/// Removes a database made by [`create_database`].
pub(crate) async fn drop_database(url: &str) {
    let url = Url::parse(url).unwrap();
    run(format!("DROP DATABASE {} WITH (FORCE)", url.path().trim_start_matches('/'))).await;
}

async fn run(statement: String) {
    sqlx::any::install_default_drivers();
    let url = server_url();
    let mut connection = AnyConnection::connect(url.as_str()).await.unwrap();
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn server_url() -> Url {
    let (url, _keeper) = SERVER.get_or_init(|| match std::env::var("YUMASCAN_TEST_POSTGRES_URL") {
        Ok(url) => (Url::parse(&url).expect("YUMASCAN_TEST_POSTGRES_URL is a URL"), None),
        Err(_) => {
            let (url, keeper) = start_own_server();
            (url, Some(keeper))
        }
    });
    url.clone()
}

fn start_own_server() -> (Url, Child) {
    let programs = find_programs().expect(MISSING);
    // PostgreSQL refuses to run as root: root becomes the user that the package made
    let become_user: &[&str] = if is_root() { &["runuser", "-u", "postgres", "--"] } else { &["env"] };
    let run_as = || {
        let mut command = Command::new(become_user[0]);
        command.args(&become_user[1..]).current_dir("/");
        command
    };

    let made = run_as().args(["mktemp", "-d", "-t", "yumascan-postgres-XXXXXX"]).output().unwrap();
    assert!(made.status.success(), "no temporary folder: {}", String::from_utf8_lossy(&made.stderr));
    let folder = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
    let initialised = run_as()
        .arg(programs.join("initdb"))
        .args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "-D"])
        .arg(folder.join("data"))
        .output()
        .unwrap();
    assert!(initialised.status.success(), "initdb: {}", String::from_utf8_lossy(&initialised.stderr));

    let keeper = run_as()
        .args(["sh", "-c", KEEPER, "keeper"])
        .args([&programs, &folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until_ready(&programs, &folder);
    let url = format!("postgres://postgres@localhost/postgres?host={}", folder.display());
    (Url::parse(&url).unwrap(), keeper)
}

fn wait_until_ready(programs: &Path, folder: &Path) {
    for _ in 0..600 {
        let asked = Command::new(programs.join("pg_isready")).arg("-q").arg("-h").arg(folder).status();
        if asked.unwrap().success() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    panic!("PostgreSQL did not start: {log}");
}

/// The folder of the server's programs: Debian keeps them out of the path, newest version wins.
fn find_programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_unstable();
    folders.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    let programs = ["initdb", "postgres", "pg_isready"];
    folders.into_iter().find(|folder| programs.iter().all(|program| folder.join(program).exists()))
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output().unwrap();
    asked.stdout.trim_ascii() == b"0"
}
