//! The detectors over stored history.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;
use yumascan_store::Store;
use yumascan_warehouse::{Warehouse, query::coverage::BlockRange};

use super::{
    drive::Drive,
    record::{record, retract},
};
use crate::{
    Incident, Kind, Lane, Severity, WatchConfig, engine::NotEvaluable, error::WatchError, ledger::Changes,
};

/// Blocks that are read at once: more than behind the head, for each reading of a table costs as much as its parts.
const AT_ONCE: u64 = 128;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayRequest {
    /// First block; the lowest stored one without it.
    pub from: Option<u64>,
    /// Last block; the highest stored one without it.
    pub to: Option<u64>,
    /// Only these kinds; all without it.
    pub kinds: Option<Vec<Kind>>,
    /// Whether nothing is stored.
    pub dry: bool,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayReport {
    /// First block.
    pub from: u64,
    /// Last block.
    pub to: u64,
    /// The lanes.
    pub lanes: Vec<LaneReport>,
    /// Incidents, by first block.
    pub incidents: Vec<Incident>,
    /// How many by severity.
    pub by_severity: BTreeMap<&'static str, u64>,
    /// What could not be judged.
    pub not_evaluable: Vec<NotEvaluable>,
    /// Whether nothing was stored.
    pub dry: bool,
    /// Incidents that were new or different.
    pub written: u64,
    /// Incidents that were stored and are not found any more.
    pub retracted: u64,
    /// Seconds.
    pub elapsed_s: f64,
}

/// What a lane did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaneReport {
    /// The lane.
    pub lane: Lane,
    /// Blocks it looked at, those before the first one for its baselines among them.
    pub blocks: u64,
    /// What of the range it could look at.
    pub ranges: Vec<BlockRange>,
    /// What its detectors took.
    pub detectors: Vec<DetectorCost>,
}

/// What a detector took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorCost {
    /// Its name.
    pub name: &'static str,
    /// Microseconds a block.
    pub mean_us: f64,
    /// Microseconds of its slowest block.
    pub worst_us: f64,
    /// That block.
    pub worst_block: u64,
}

/// Runs the detectors over stored blocks, and makes the stored incidents those that are found.
///
/// # Errors
/// [`WatchError::NothingStored`] for a range without blocks; what warehouse and store say.
pub async fn replay(
    warehouse: &Warehouse,
    store: &Store,
    config: &WatchConfig,
    request: &ReplayRequest,
) -> Result<ReplayReport, WatchError> {
    let started = Instant::now();
    let stored = warehouse.get_coverage(None, None).await?.stored;
    let nothing = || WatchError::NothingStored {
        from: request.from.unwrap_or(0),
        to: request.to.or(request.from).unwrap_or(0),
    };
    let (lowest, highest) =
        stored.first().zip(stored.last()).map(|(a, b)| (a.from, b.to)).ok_or_else(nothing)?;
    let (from, to) = (request.from.unwrap_or(lowest).max(lowest), request.to.unwrap_or(highest).min(highest));
    if from > to || !stored.iter().any(|run| run.from <= to && run.to >= from) {
        return Err(nothing());
    }
    let config = Arc::new(config.clone());
    let mut report = ReplayReport {
        from,
        to,
        lanes: Vec::new(),
        incidents: Vec::new(),
        by_severity: BTreeMap::new(),
        not_evaluable: Vec::new(),
        dry: request.dry,
        written: 0,
        retracted: 0,
        elapsed_s: 0.0,
    };
    if !request.dry {
        warehouse.tidy_incidents().await?;
    }
    for lane in Lane::STORED {
        let drive = Drive::new(warehouse, config.clone(), lane, request.kinds.as_deref());
        if drive.engine()?.is_idle() {
            continue;
        }
        replay_lane(warehouse, store, &config, request, drive, lowest, &mut report).await?;
    }
    report
        .incidents
        .sort_by(|a, b| (a.first_block, a.kind, &a.scope).cmp(&(b.first_block, b.kind, &b.scope)));
    for severity in Severity::ALL {
        let count = report.incidents.iter().filter(|incident| incident.severity == severity).count();
        report.by_severity.insert(severity.name(), count as u64);
    }
    report.elapsed_s = started.elapsed().as_secs_f64();
    Ok(report)
}

async fn replay_lane(
    warehouse: &Warehouse,
    store: &Store,
    config: &WatchConfig,
    request: &ReplayRequest,
    mut drive: Drive,
    lowest: u64,
    report: &mut ReplayReport,
) -> Result<(), WatchError> {
    let lane = drive.engine()?.lane();
    let begin = report.from.saturating_sub(config.warm_up_blocks).max(lowest);
    let ranges = drive.source.ranges(begin, report.to).await?;
    let wanted = |incident: &Incident| {
        let of_kind = request.kinds.as_ref().is_none_or(|kinds| kinds.contains(&incident.kind));
        of_kind && (incident.first_block >= report.from || report.from == lowest)
    };
    let mut all = Changes::default();
    let mut blocks = 0;
    for range in &ranges {
        let mut next = range.from;
        while next <= range.to {
            let last = range.to.min(next + AT_ONCE - 1);
            let (mut changes, looked) = drive.advance(next, last).await?;
            changes.incidents.retain(wanted);
            let kept: HashSet<&str> = changes.incidents.iter().map(|incident| incident.id.as_str()).collect();
            changes.events.retain(|event| kept.contains(event.incident_id.as_str()));
            all.extend(changes);
            blocks += looked;
            next = last + 1;
        }
    }
    if !request.dry {
        report.written += record(warehouse, store, &all).await?.incidents;
        let is_whole = ranges.len() == 1 && ranges[0].from <= report.from && ranges[0].to >= report.to;
        if is_whole {
            let kinds: Vec<String> = drive
                .engine()?
                .kinds()
                .into_iter()
                .filter(|kind| request.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind)))
                .map(|kind| kind.name().to_owned())
                .collect();
            let stored = warehouse.list_incident_ids(&kinds, report.from, report.to).await?;
            let found: HashSet<&str> = all.incidents.iter().map(|incident| incident.id.as_str()).collect();
            let gone: Vec<String> = stored.into_iter().filter(|id| !found.contains(id.as_str())).collect();
            report.retracted += retract(warehouse, store, &gone, report.to).await?;
        }
    }
    let engine = drive.engine()?;
    let micros = |elapsed: Duration| elapsed.as_secs_f64() * 1e6;
    #[allow(clippy::cast_precision_loss)]
    let detectors = engine.costs().iter().map(|(name, cost)| DetectorCost {
        name,
        mean_us: (micros(cost.total) / (blocks.max(1) as f64) * 10.0).round() / 10.0,
        worst_us: micros(cost.worst).round(),
        worst_block: cost.worst_block,
    });
    let ranges = ranges.into_iter().filter(|range| range.to >= report.from).collect();
    report.lanes.push(LaneReport { lane, blocks, ranges, detectors: detectors.collect() });
    if blocks == 0 {
        report.not_evaluable.extend(engine.kinds().into_iter().map(|kind| NotEvaluable {
            kind,
            scope: None,
            reason: format!("the {} lane holds nothing of these blocks", lane.name()),
            first_block: report.from,
            last_block: report.to,
            blocks: report.to - report.from + 1,
        }));
    }
    report.not_evaluable.extend(engine.not_evaluable().cloned());
    report.incidents.extend(all.incidents);
    Ok(())
}

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "blocks {} to {}: {} incidents", self.from, self.to, self.incidents.len())?;
        for incident in &self.incidents {
            let state = incident.state.name();
            writeln!(
                f,
                "  {} {:<24} {:>9}–{:<9} {state:<6} {}  {}",
                incident.severity,
                incident.kind.name(),
                incident.first_block,
                incident.last_block,
                incident.scope,
                incident.title
            )?;
        }
        for found in &self.not_evaluable {
            let scope = found.scope.as_ref().map(|scope| format!(" ({scope})")).unwrap_or_default();
            writeln!(
                f,
                "  not evaluable: {}{scope} in {} blocks from {} to {}: {}",
                found.kind, found.blocks, found.first_block, found.last_block, found.reason
            )?;
        }
        let severities: Vec<_> =
            self.by_severity.iter().map(|(name, count)| format!("{name} {count}")).collect();
        write!(f, "{}", severities.join(", "))?;
        match self.dry {
            true => write!(f, "; nothing was stored"),
            false => write!(f, "; {} written, {} retracted", self.written, self.retracted),
        }
    }
}
