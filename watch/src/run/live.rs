//! What only a clock and the nodes can tell: halts, finality, trouble with nodes. Never in replay.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use yumascan_store::{EndpointHealth, EndpointState, Store};
use yumascan_warehouse::{LiveTip, Warehouse};

use super::record::record;
use crate::{
    Finding, Kind, Scope, Severity, WatchConfig,
    error::WatchError,
    ledger::{Changes, Ledger, Origin},
};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(6);
/// An endpoint that was not asked for so long says nothing, milliseconds.
const STALE_MS: u64 = 120_000;

/// What is known of the head at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pulse {
    pub(crate) now_ms: u64,
    /// Newest block, at the head or stored: height and time.
    pub(crate) newest: Option<(u64, u64)>,
    /// Highest stored block.
    pub(crate) stored: Option<u64>,
    pub(crate) endpoints: Vec<EndpointHealth>,
}

pub(super) async fn follow(
    warehouse: &Warehouse,
    store: &Store,
    config: Arc<WatchConfig>,
    tip: &LiveTip,
    cancel: &CancellationToken,
) {
    let mut ledger = Ledger::default();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = look(warehouse, store, &config, tip, &mut ledger).await {
            tracing::warn!(%error, "the nodes could not be watched");
        }
    }
}

async fn look(
    warehouse: &Warehouse,
    store: &Store,
    config: &WatchConfig,
    tip: &LiveTip,
    ledger: &mut Ledger,
) -> Result<(), WatchError> {
    let head = warehouse.find_head().await?;
    let best = tip.blocks().last().map(|tip| (tip.block.number, tip.block.timestamp_ms));
    let stored = head.as_ref().map(|head| (head.number, head.timestamp_ms));
    let newest = best.into_iter().chain(stored).max().and_then(|(number, time)| Some((number, time?)));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let pulse = Pulse {
        now_ms: u64::try_from(now).unwrap_or(u64::MAX),
        newest,
        stored: head.map(|head| head.number),
        endpoints: store.list_endpoint_health().await?,
    };
    let changes = judge(config, &pulse, ledger);
    record(warehouse, store, &changes).await?;
    Ok(())
}

/// What a moment says.
pub(crate) fn judge(config: &WatchConfig, pulse: &Pulse, ledger: &mut Ledger) -> Changes {
    let mut changes = Changes::default();
    // before anything is stored there is nothing to be late with
    let Some((number, time_ms)) = pulse.newest else { return changes };
    let thresholds = serde_json::to_value(&config.quality).unwrap_or_default();
    let origin = Origin { version: 1, thresholds };
    let fresh = |health: &&EndpointHealth| pulse.now_ms.saturating_sub(health.checked_at_ms) < STALE_MS;
    let asked: Vec<&EndpointHealth> = pulse.endpoints.iter().filter(fresh).collect();
    let answering: Vec<&EndpointHealth> = asked
        .iter()
        .filter(|health| !matches!(health.state, EndpointState::Unreachable | EndpointState::Distrusted))
        .copied()
        .collect();
    let finalized = answering.iter().filter_map(|health| health.finalized_block).max();
    // while history is being filled in, the newest stored block is no measure of the chain
    let behind = finalized.zip(pulse.stored).map(|(finalized, stored)| finalized.saturating_sub(stored));
    let catches_up = behind.is_some_and(|behind| behind >= config.quality.behind_serious);
    let mut take = |finding: Option<Finding>, kind: Kind, scope: Scope| match finding {
        Some(finding) => ledger.take(number, finding, &origin, &mut changes),
        None => ledger.end(number, kind, &scope, &mut changes),
    };
    let halt = halt_of(config, pulse, time_ms, answering.len()).filter(|_| !catches_up);
    take(halt, Kind::ChainHalt, Scope::Chain);
    take(lag_of(config, &answering), Kind::FinalityLag, Scope::Chain);
    let none = !asked.is_empty() && answering.is_empty();
    let silent = none.then(|| {
        let title = format!("None of {} endpoints answers.", asked.len());
        let states: Vec<_> = asked
            .iter()
            .map(|health| json!({ "endpoint": health.endpoint, "state": health.state.name(), "detail": health.detail }))
            .collect();
        level(Kind::NodeTrouble, Scope::Own("endpoints".to_owned()), Severity::S2, 1.0, 1.0, title)
            .with("endpoints", json!(states))
    });
    take(silent, Kind::NodeTrouble, Scope::Own("endpoints".to_owned()));
    let late = behind.filter(|behind| *behind >= config.quality.behind_serious).map(|behind| {
        let title = format!("{behind} finalized blocks are not stored yet.");
        #[allow(clippy::cast_precision_loss)]
        let (signal, bound) = (behind as f64, config.quality.behind_serious as f64);
        level(Kind::NodeTrouble, Scope::Own("storing".to_owned()), Severity::S2, signal, bound, title)
    });
    take(late, Kind::NodeTrouble, Scope::Own("storing".to_owned()));
    for health in &asked {
        let scope = Scope::Own(format!("endpoint:{}", health.endpoint));
        let lied = (health.state == EndpointState::Distrusted).then(|| {
            let title = format!(
                "The endpoint {} gave an answer that does not verify; it is not asked again.",
                health.endpoint
            );
            level(Kind::NodeTrouble, scope.clone(), Severity::S3, 1.0, 1.0, title)
                .with("detail", health.detail.clone())
        });
        take(lied, Kind::NodeTrouble, scope);
    }
    ledger.hand_out(&mut changes);
    changes
}

fn level(kind: Kind, scope: Scope, severity: Severity, signal: f64, bound: f64, title: String) -> Finding {
    Finding::level(kind, scope, severity, (signal, bound), title)
}

fn halt_of(config: &WatchConfig, pulse: &Pulse, time_ms: u64, endpoints: usize) -> Option<Finding> {
    let seconds = pulse.now_ms.checked_sub(time_ms)? / 1000;
    let wanted = &config.quality;
    let severity = match seconds {
        s if s > wanted.halt_critical_s => Severity::S1,
        s if s > wanted.halt_serious_s => Severity::S2,
        s if s > wanted.halt_notice_s => Severity::S3,
        _ => return None,
    };
    // with one endpoint it may be the endpoint that stands still
    let severity = if endpoints < 2 { severity.min(Severity::S2) } else { severity };
    let title = format!("No new block for {seconds} seconds.");
    #[allow(clippy::cast_precision_loss)]
    let (signal, bound) = (seconds as f64, wanted.halt_notice_s as f64);
    Some(
        level(Kind::ChainHalt, Scope::Chain, severity, signal, bound, title)
            .with("endpoints", endpoints as u64),
    )
}

fn lag_of(config: &WatchConfig, answering: &[&EndpointHealth]) -> Option<Finding> {
    let mut lags: Vec<u64> = answering
        .iter()
        .filter_map(|health| Some(health.best_block?.saturating_sub(health.finalized_block?)))
        .collect();
    lags.sort_unstable();
    let lag = *lags.get(lags.len().saturating_sub(1) / 2)?;
    let wanted = &config.quality;
    let severity = match lag {
        lag if lag > wanted.lag_critical => Severity::S1,
        lag if lag > wanted.lag_serious => Severity::S2,
        lag if lag > wanted.lag_notice => Severity::S3,
        lag if lag > wanted.lag_info => Severity::S4,
        _ => return None,
    };
    let severity = if lags.len() < 2 { severity.min(Severity::S3) } else { severity };
    let title = format!("Finality is {lag} blocks behind the best block.");
    #[allow(clippy::cast_precision_loss)]
    let (signal, bound) = (lag as f64, wanted.lag_info as f64);
    Some(
        level(Kind::FinalityLag, Scope::Chain, severity, signal, bound, title)
            .with("endpoints", lags.len() as u64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(name: &str, state: EndpointState, best: u64, finalized: u64, at: u64) -> EndpointHealth {
        EndpointHealth {
            endpoint: name.to_owned(),
            state,
            detail: None,
            latency_ms: Some(5),
            best_block: Some(best),
            finalized_block: Some(finalized),
            consecutive_failures: 0,
            checked_at_ms: at,
            last_ok_at_ms: Some(at),
        }
    }

    fn pulse(now_ms: u64, endpoints: Vec<EndpointHealth>) -> Pulse {
        Pulse { now_ms, newest: Some((100, 1_000_000)), stored: Some(100), endpoints }
    }

    fn found(pulse: &Pulse) -> Vec<(Kind, Severity)> {
        let changes = judge(&WatchConfig::default(), pulse, &mut Ledger::default());
        changes.incidents.iter().map(|incident| (incident.kind, incident.severity)).collect()
    }

    #[test]
    fn a_halted_chain_is_critical_only_where_two_endpoints_agree() {
        let at = |name, now| endpoint(name, EndpointState::Healthy, 102, 100, now);
        let now = 1_000_000 + 700_000;
        assert_eq!(found(&pulse(now, vec![at("a", now), at("b", now)])), [(Kind::ChainHalt, Severity::S1)]);
        assert_eq!(found(&pulse(now, vec![at("a", now)])), [(Kind::ChainHalt, Severity::S2)]);
        let now = 1_000_000 + 20_000;
        assert_eq!(found(&pulse(now, vec![at("a", now)])), []);
    }

    #[test]
    fn one_lagging_endpoint_of_three_is_no_lag_of_finality() {
        let now = 1_010_000;
        let at = |name, finalized| endpoint(name, EndpointState::Healthy, 1000, finalized, now);
        let lagging = pulse(now, vec![at("a", 998), at("b", 998), at("c", 100)]);
        let found = found(&Pulse { stored: Some(990), ..lagging });
        assert_eq!(found, []);
    }

    #[test]
    fn silent_and_lying_endpoints_are_named() {
        let now = 1_010_000;
        let lied = endpoint("b", EndpointState::Distrusted, 100, 100, now);
        let silent = endpoint("a", EndpointState::Unreachable, 100, 100, now);
        let mut ledger = Ledger::default();
        let changes = judge(&WatchConfig::default(), &pulse(now, vec![silent, lied]), &mut ledger);
        let mut scopes: Vec<_> =
            changes.incidents.iter().map(|incident| incident.scope.to_string()).collect();
        scopes.sort_unstable();
        assert_eq!(scopes, ["own:endpoint:b", "own:endpoints"]);
        let well = endpoint("a", EndpointState::Healthy, 100, 100, now);
        let changes = judge(&WatchConfig::default(), &pulse(now, vec![well]), &mut ledger);
        assert!(changes.events.iter().any(|event| event.kind == crate::incident::EventKind::Closed));
    }
}
