//! The Prometheus recorder, and what the API itself measures.
//!
//! Every crate counts through the `metrics` macros; the recorder that [`install`] puts behind them is read at
//! `/metrics`. docs/metrics.md lists the names.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::ApiError;

pub mod process;

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Names of the API's own metrics.
pub mod names {
    /// Histogram: seconds from request to response head, by `route` and `status`.
    pub const REQUEST_SECONDS: &str = "yumascan_api_request_seconds";
    /// Counter: queries that were answered, by `outcome`: `ok`, or the code of the first error.
    pub const QUERIES: &str = "yumascan_api_queries_total";
    /// Histogram: seconds a query took, without waiting for its turn.
    pub const QUERY_SECONDS: &str = "yumascan_api_query_seconds";
    /// Histogram: estimated cost of the queries that were admitted.
    pub const QUERY_COMPLEXITY: &str = "yumascan_api_query_complexity";
    /// Histogram: warehouse queries an answer took.
    pub const WAREHOUSE_QUERIES: &str = "yumascan_api_warehouse_queries";
    /// Histogram: rows an answer read.
    pub const ROWS: &str = "yumascan_api_rows";
    /// Gauge: queries being executed.
    pub const IN_FLIGHT: &str = "yumascan_api_queries_in_flight";
    /// Counter: objects answered from memory, by `cache`.
    pub const CACHE_HITS: &str = "yumascan_api_cache_hits_total";
    /// Counter: objects that were not in memory, by `cache`.
    pub const CACHE_MISSES: &str = "yumascan_api_cache_misses_total";
    /// Gauge: bytes kept, by `cache`.
    pub const CACHE_BYTES: &str = "yumascan_api_cache_bytes";
    /// Gauge: objects kept, by `cache`.
    pub const CACHE_ENTRIES: &str = "yumascan_api_cache_entries";

    /// Counter: questions in SQL, by `outcome`: `ok`, or the code of the refusal.
    pub const SQL_QUERIES: &str = "yumascan_api_sql_queries_total";
    /// Histogram: seconds until the first bytes of a question's answer.
    pub const SQL_SECONDS: &str = "yumascan_api_sql_seconds";
    /// Counter: requests turned away by a rate limit, by `tier`.
    pub const LIMITED: &str = "yumascan_api_limited_total";

    /// All of them with their help texts.
    pub const ALL: [(&str, &str); 14] = [
        (REQUEST_SECONDS, "seconds from request to response head"),
        (QUERIES, "queries answered, by outcome"),
        (QUERY_SECONDS, "seconds a query took, without waiting for its turn"),
        (QUERY_COMPLEXITY, "estimated cost of admitted queries"),
        (WAREHOUSE_QUERIES, "warehouse queries an answer took"),
        (ROWS, "rows an answer read"),
        (IN_FLIGHT, "queries being executed"),
        (CACHE_HITS, "objects answered from memory"),
        (CACHE_MISSES, "objects that were not in memory"),
        (CACHE_BYTES, "bytes kept in memory"),
        (CACHE_ENTRIES, "objects kept in memory"),
        (SQL_QUERIES, "questions in SQL, by outcome"),
        (SQL_SECONDS, "seconds until the first bytes of a question's answer"),
        (LIMITED, "requests turned away by a rate limit"),
    ];
}

const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const COUNTS: [f64; 13] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1e3, 5e3, 1e4, 1e5, 1e6];

/// Installs the Prometheus recorder for the whole process; later calls change nothing.
///
/// Call it in `main` before anything counts. Without it `/metrics` answers 503 and says so.
///
/// # Errors
/// [`ApiError::Metrics`] when another recorder was installed first.
pub fn install() -> Result<(), ApiError> {
    if RECORDER.get().is_some() {
        return Ok(());
    }
    let build = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
            .set_buckets(&COUNTS)?
            .install_recorder()
    };
    let handle = build().map_err(|error| ApiError::Metrics(error.to_string()))?;
    for (name, help) in names::ALL {
        describe(name, help);
    }
    process::describe();
    let upkeep = handle.clone();
    if RECORDER.set(handle).is_err() {
        return Ok(());
    }
    // Histograms gather their samples until someone empties them: without a scraper, this thread does.
    let spawned = std::thread::Builder::new().name("metrics-upkeep".into()).spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(5));
            upkeep.run_upkeep();
        }
    });
    spawned.map(drop).map_err(|error| ApiError::Metrics(error.to_string()))
}

fn describe(name: &'static str, help: &'static str) {
    if name.ends_with("_total") {
        metrics::describe_counter!(name, help);
    } else if [names::IN_FLIGHT, names::CACHE_BYTES, names::CACHE_ENTRIES].contains(&name) {
        metrics::describe_gauge!(name, help);
    } else {
        metrics::describe_histogram!(name, help);
    }
}

/// The text of `/metrics`; `None` when no recorder was installed.
pub(crate) fn render() -> Option<String> {
    let handle = RECORDER.get()?;
    process::report();
    Some(handle.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_in_the_reference() {
        let reference = include_str!("../../docs/metrics.md");
        for (name, _) in names::ALL.iter().chain(&process::ALL) {
            assert!(reference.contains(&format!("`{name}`")), "docs/metrics.md lacks `{name}`");
        }
    }
}
