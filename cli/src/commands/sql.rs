//! `yumascan sql`: a statement for the warehouse.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use anyhow::Context;
use clickhouse::Client;
use yumascan_embedded::{EmbeddedEngine, EngineInfo};

use crate::config::Config;
use crate::house::{open_engine, require_data, warehouse_config};

const EXAMPLES: &str = "\
Examples:
  yumascan sql \"SELECT number, author, event_count FROM blocks ORDER BY number DESC LIMIT 5\"
  yumascan sql \"SELECT pallet, call, count() FROM calls GROUP BY ALL ORDER BY 3 DESC FORMAT JSONEachRow\"
  yumascan sql --format CSVWithNames \"SELECT * FROM transfers\" > transfers.csv
  echo 'SHOW TABLES' | yumascan sql

It also works while another process (`up`, `ingest`) holds the data folder. Tables: docs/data-dictionary.md.";

/// Flags of `sql`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SqlArgs {
    /// The statement; read from standard input when absent or `-`
    #[arg(value_name = "SQL")]
    statement: Option<String>,
    /// Output format where the statement names none [default: PrettyCompact on a terminal, else TabSeparated]
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
}

pub(crate) async fn run(args: SqlArgs, config: Config) -> anyhow::Result<ExitCode> {
    let statement = match args.statement.filter(|statement| statement != "-") {
        Some(statement) => statement,
        None => read_statement()?,
    };
    let format = args.format.unwrap_or_else(|| {
        if std::io::stdout().is_terminal() { "PrettyCompact" } else { "TabSeparated" }.to_owned()
    });
    let (client, engine) = connect(&config).await?;
    let printed = print(&client, &statement, &format).await;
    if let Some(engine) = engine {
        let _ = tokio::task::spawn_blocking(move || engine.shutdown()).await;
    }
    printed.map(|()| ExitCode::SUCCESS)
}

fn read_statement() -> anyhow::Result<String> {
    let mut input = std::io::stdin();
    anyhow::ensure!(
        !input.is_terminal(),
        "no statement: give it as an argument, e.g. yumascan sql \"SHOW TABLES\""
    );
    let mut statement = String::new();
    input.read_to_string(&mut statement).context("cannot read the statement from standard input")?;
    Ok(statement)
}

/// A client for the server, for the process that holds the folder, or for an engine of our own.
async fn connect(config: &Config) -> anyhow::Result<(Client, Option<EmbeddedEngine>)> {
    let (info, engine) = if config.clickhouse.url.is_some() {
        (None, None)
    } else {
        require_data(config)?;
        match EngineInfo::find(&config.data_dir)? {
            Some(info) => (Some(info), None),
            None => {
                let engine = open_engine(config).await?;
                (Some(engine.info().clone()), Some(engine))
            }
        }
    };
    let server = warehouse_config(config, info);
    let client = Client::default()
        .with_url(server.url)
        .with_user(server.user)
        .with_password(server.password)
        .with_database(server.database);
    Ok((client, engine))
}

/// Streams the answer to standard output.
async fn print(client: &Client, statement: &str, format: &str) -> anyhow::Result<()> {
    // the client would take a question mark for a placeholder
    let query = client.query(&statement.replace('?', "??"));
    let mut answer = query.fetch_bytes(format)?;
    let mut out = std::io::stdout().lock();
    loop {
        let piece = match answer.next().await {
            Ok(piece) => piece,
            Err(clickhouse::error::Error::BadResponse(text)) => anyhow::bail!("{text}"),
            Err(err) => return Err(anyhow::Error::new(err).context("the warehouse does not answer")),
        };
        let Some(piece) = piece else { break };
        if let Err(err) = out.write_all(&piece) {
            // `| head` has seen enough
            return if err.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(err.into()) };
        }
    }
    out.flush().context("cannot write the answer")
}
