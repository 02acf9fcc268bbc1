//! Rules on metrics.

use super::{address, netuid};
use crate::{
    AlertError,
    metric::{METRICS, Metric, Subject},
    quantity::{ONE, Quantity},
    sinks::{Fields, unknown},
};

/// Which way something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Either.
    Any,
    /// More.
    Up,
    /// Less.
    Down,
}

/// When a metric is worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// More than.
    Above(Quantity),
    /// Less than.
    Below(Quantity),
    /// It differs by at least so much from what it was at some block of the last `within` blocks.
    Changes {
        /// By how much: in its unit, or as a share of what it was.
        by: Quantity,
        /// Whether `by` is a share.
        relative: bool,
        /// Within how many blocks.
        within: u64,
        /// Which way.
        direction: Direction,
    },
}

/// A metric and its condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricRule {
    /// Metric.
    pub metric: Metric,
    /// Subnet; `None` is every subnet where the metric is a subnet's.
    pub netuid: Option<u16>,
    /// Hotkey or account, SS58.
    pub account: Option<String>,
    /// Condition.
    pub condition: Condition,
    /// For how many blocks it must hold, and for how many not before it is over.
    pub for_blocks: u64,
}

const DAY: u64 = 7_200;

impl MetricRule {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, AlertError> {
        let name = fields.wanted_text("metric")?;
        let metric = Metric::from_name(name).ok_or_else(|| {
            AlertError::field("metric", unknown("metric", name, METRICS.iter().map(|info| info.name)))
        })?;
        let subject = metric.info().subject;
        let netuid = match subject {
            Subject::Subnet => netuid(fields)?,
            Subject::Neuron => {
                let missing =
                    || AlertError::field("netuid", format!("it is missing; {name} is asked of a subnet"));
                Some(netuid(fields)?.ok_or_else(missing)?)
            }
            _ => None,
        };
        let mut wanted = |field: &'static str| {
            address(fields, field)?
                .ok_or_else(|| AlertError::field(field, format!("it is missing; {name} is asked of one")))
        };
        let account = match subject {
            Subject::Neuron | Subject::Hotkey => Some(wanted("hotkey")?),
            Subject::Account => Some(wanted("account")?),
            _ => None,
        };
        let condition = condition(fields, metric)?;
        let for_blocks = fields.number("for_blocks", 1..=30 * DAY)?.unwrap_or(1);
        Ok(Self { metric, netuid, account, condition, for_blocks })
    }

    /// How many blocks before a block its condition looks at.
    #[must_use]
    pub fn looks_back(&self) -> u64 {
        match self.condition {
            Condition::Changes { within, .. } => within,
            _ => 0,
        }
    }
}

fn condition(fields: &mut Fields<'_>, metric: Metric) -> Result<Condition, AlertError> {
    let (above, below, by) = (fields.value("above"), fields.value("below"), fields.value("changes_by"));
    let within = fields.number("within_blocks", 1..=30 * DAY)?;
    let direction = match fields.one_of("direction", &["any", "up", "down"])? {
        Some("up") => Direction::Up,
        Some("down") => Direction::Down,
        _ => Direction::Any,
    };
    let number = |name: &str, value| {
        let reason = || "it must be a decimal number of at most nine places, e.g. \"0.015\"".to_owned();
        Quantity::of(value).ok_or_else(|| AlertError::field(name, reason()))
    };
    let (most, unit) = (metric.info().most, metric.info().unit);
    match (above, below, by) {
        (Some(value), None, None) => {
            let value = number("above", value)?;
            if most.is_some_and(|most| value >= most) {
                let most = most.map(|most| most.to_string()).unwrap_or_default();
                let reason =
                    format!("it can never be: the metric is at most {most} ({unit}), so give less than that");
                return Err(AlertError::field("above", reason));
            }
            Ok(Condition::Above(value))
        }
        (None, Some(value), None) => {
            let value = number("below", value)?;
            if value.0 <= 0 {
                let reason =
                    format!("it can never be: the metric is at least 0 ({unit}), so give more than that");
                return Err(AlertError::field("below", reason));
            }
            Ok(Condition::Below(value))
        }
        (None, None, Some(value)) => {
            let percent = value.as_str().and_then(|text| text.trim().strip_suffix('%'));
            let by = match percent {
                Some(text) => text.trim().parse::<Quantity>().map(|by| Quantity(by.0 / 100)).ok(),
                None => Quantity::of(value),
            };
            let reason = "it must be an amount above 0 such as \"0.5\", or a share such as \"10%\"";
            let by = by.filter(|by| by.0 > 0).ok_or_else(|| AlertError::field("changes_by", reason))?;
            if percent.is_some() && direction == Direction::Down && by.0 > ONE {
                return Err(AlertError::field(
                    "changes_by",
                    "it can never be: nothing falls by more than 100%",
                ));
            }
            if percent.is_none() && most.is_some_and(|most| by > most) {
                return Err(AlertError::field(
                    "changes_by",
                    "it can never be: the metric's whole range is less",
                ));
            }
            let within = within
                .ok_or_else(|| AlertError::field("within_blocks", "it is missing; in how many blocks?"))?;
            Ok(Condition::Changes { by, relative: percent.is_some(), within, direction })
        }
        (None, None, None) => {
            Err(AlertError::field("above", "a condition is missing: give above, below or changes_by"))
        }
        _ => Err(AlertError::field(
            "above",
            "give one of above, below and changes_by; make a second rule for the other",
        )),
    }
}
