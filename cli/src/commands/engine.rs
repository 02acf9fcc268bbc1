//! `yumascan engine`: the embedded ClickHouse alone.

use std::net::SocketAddr;
use std::process::ExitCode;

use crate::config::Config;
use crate::house::open_engine;
use crate::shutdown;

const EXAMPLES: &str = "\
Examples:
  yumascan engine                                                  prints address, user and password
  yumascan engine --listen 127.0.0.1:8123 --password secret        the same ones every time

It speaks ClickHouse-HTTP on the loopback interface: curl, the official clients and BI tools connect to it as to any
ClickHouse server. The warehouse's tables are in the database `yumascan`.";

/// Flags of `engine`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EngineArgs {
    /// Address on the loopback interface [env: YUMASCAN_ENGINE_LISTEN] [default: 127.0.0.1, any free port]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// User [env: YUMASCAN_ENGINE_USER] [default: yumascan]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Password [env: YUMASCAN_ENGINE_PASSWORD] [default: random]
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
}

pub(crate) async fn run(args: EngineArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    if let Some(listen) = args.listen {
        config.engine.listen = listen;
    }
    if let Some(user) = args.user {
        config.engine.user = user;
    }
    if args.password.is_some() {
        config.engine.password = args.password;
    }
    let cancel = shutdown::on_signal();
    let engine = open_engine(&config).await?;
    println!("ClickHouse {} on {}", engine.version(), engine.url());
    println!("user      {}", engine.user());
    println!("password  {}", engine.password());
    println!("database  {}", config.clickhouse.database);
    println!(
        "try       curl '{}/?query=SHOW+DATABASES' --user {}:{}",
        engine.url(),
        engine.user(),
        engine.password()
    );
    cancel.cancelled().await;
    let _ = tokio::task::spawn_blocking(move || engine.shutdown()).await;
    Ok(ExitCode::SUCCESS)
}
