//! What a rule would have found, before it is saved.

use std::fmt;

use serde::Serialize;
use yumascan_warehouse::Warehouse;

use super::{Scopes, Source, incidents, series, watches, wording};
use crate::{
    Alert, AlertError, AlertState, AlertsConfig,
    rule::{Rule, Watches},
};

/// Titles that a preview shows.
const SHOWN: usize = 20;

/// What a rule would have found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// First block looked at.
    pub from: u64,
    /// Last block looked at.
    pub to: u64,
    /// How often it would have fired.
    pub fired: usize,
    /// How often it would have been over.
    pub resolved: usize,
    /// The alerts, in order.
    pub alerts: Vec<Alert>,
    /// Why nothing can be said, where that is so.
    pub not_evaluable: Option<String>,
}

/// Evaluates a rule over the last `blocks` blocks as if it had just been made; nothing is stored or sent.
///
/// # Errors
/// [`AlertError::Warehouse`].
pub async fn preview(
    warehouse: &Warehouse,
    config: &AlertsConfig,
    rule: &Rule,
    blocks: u64,
) -> Result<Preview, AlertError> {
    let heads = warehouse.find_lane_heads().await?;
    let nothing = |why: &str| Preview {
        from: 0,
        to: 0,
        fired: 0,
        resolved: 0,
        alerts: Vec::new(),
        not_evaluable: Some(why.to_owned()),
    };
    let Some(to) = super::head_for(rule, &heads) else {
        return Ok(nothing(match heads.blocks {
            None => "no block is stored yet; run `yumascan ingest` first",
            Some(_) => "no state is stored yet, which metrics are read from; run `yumascan state` first",
        }));
    };
    let from = (to + 1).saturating_sub(blocks.max(1)).max(1);
    let alerts = match &rule.watches {
        Watches::Incident(wanted) => {
            let changes = warehouse.list_incident_changes_within((from, to)).await?;
            incidents::alerts_of(rule, wanted, &changes, (from, from))
        }
        Watches::Metric(wanted) if wanted.metric.is_live() => {
            return Ok(nothing("it is the clock's, and has no history"));
        }
        Watches::Metric(wanted) => {
            let source = Source::read(warehouse, wanted, (from, to), &heads).await?;
            if source.0.is_empty() {
                return Ok(nothing(
                    "there is no value of this metric in these blocks; is the address or the subnet right?",
                ));
            }
            let found = series::evaluate(wanted, &source, (from - 1, to), &mut Scopes::new());
            series::alerts_of(rule, wanted, &found)
        }
        Watches::Watch(wanted) => {
            watches::alerts_of(warehouse, rule, wanted, (from, to), config.max_matches).await?
        }
    };
    let alerts: Vec<Alert> =
        alerts.into_iter().map(|alert| wording::finish(rule, alert, &config.public_url)).collect();
    let of = |state| alerts.iter().filter(|alert| alert.state == state).count();
    let (fired, resolved) = (of(AlertState::Firing), of(AlertState::Resolved));
    Ok(Preview { from, to, fired, resolved, alerts, not_evaluable: None })
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.not_evaluable {
            return write!(f, "cannot be said: {why}");
        }
        let times = if self.fired == 1 { "time" } else { "times" };
        let stop = if self.fired == 0 { "." } else { ":" };
        write!(f, "blocks {} to {}: would have fired {} {times}{stop}", self.from, self.to, self.fired)?;
        for alert in self.alerts.iter().take(SHOWN) {
            let mark = if alert.state == AlertState::Resolved { "resolved: " } else { "" };
            let block = alert.block.map_or_else(String::new, |block| format!("block {block}: "));
            write!(f, "\n  {block}[{}] {mark}{}", alert.severity, alert.title)?;
        }
        if self.alerts.len() > SHOWN {
            write!(f, "\n  and {} more", self.alerts.len() - SHOWN)?;
        }
        Ok(())
    }
}
