//! Log lines on standard error, around the progress bar.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{ConfigError, LogConfig, LogFormat};

/// What other crates say too much of.
const QUIET: &str =
    "clickhouse=warn,hyper=warn,h2=warn,jsonrpsee=warn,soketto=warn,sqlx=warn,rustls=warn,tower=warn";

/// The bars of this process: whoever writes to the terminal goes through it.
pub(crate) fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

/// Starts logging; services log what they do, other commands only what is wrong.
pub(crate) fn start(config: &LogConfig, is_service: bool) -> Result<(), ConfigError> {
    let default = if is_service { "info" } else { "warn" };
    let filter = config.filter.as_deref().unwrap_or(default);
    let filter = EnvFilter::builder().parse(format!("{QUIET},{filter}")).map_err(|err| ConfigError::Value {
        place: "log filter".into(),
        reason: format!("`{filter}` is not a filter ({err}); use a level (info) or module=level,… (yumascan_ingest=debug)"),
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(AroundBars);
    let started = match config.format {
        LogFormat::Text => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|err| ConfigError::Value { place: "log".into(), reason: err.to_string() })
}

/// Writes each line while the bars are lifted out of the way.
#[derive(Debug, Clone, Copy)]
struct AroundBars;

impl Write for AroundBars {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        bars().suspend(|| std::io::stderr().write_all(line)).map(|()| line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for AroundBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}
