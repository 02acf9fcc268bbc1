//! Rules on metrics: a state machine over a series.
//!
//! A value holds until the next one. The condition is looked at wherever it can change: at every value, where one leaves
//! the window of a change, and where a condition has held for long enough. So it makes no difference in which portions a
//! series is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yumascan_warehouse::{
    Warehouse,
    query::alerts::{LaneHeads, NeuronScore, Series},
};

use crate::{
    Alert, AlertError, AlertState,
    delivery::now_ms,
    message::VERSION,
    metric::{Metric, Subject},
    quantity::{ONE, Quantity},
    rule::{Condition, Direction, MetricRule, Rule},
};

/// What is known of each scope.
pub type Scopes = BTreeMap<String, ScopeState>;

/// What is known of one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScopeState {
    /// First block of the present run in which the condition held; `None` where it does not hold.
    pub since: Option<u64>,
    /// First block of the present run in which it did not, while an alert fires.
    pub clear_since: Option<u64>,
    /// Block at which the alert that is not yet over fired.
    pub fired: Option<u64>,
}

/// Values by scope: block to value, the newest before the range among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source(pub BTreeMap<String, BTreeMap<u64, Quantity>>);

/// A scope's condition began or ended to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Scope.
    pub scope: String,
    /// Fires or is over.
    pub state: AlertState,
    /// At which block.
    pub block: u64,
    /// Block at which the alert fired: the same for what resolves it.
    pub fired: u64,
    /// Value then.
    pub value: Quantity,
    /// What it was compared with, where it is a change.
    pub reference: Option<Quantity>,
}

impl Metric {
    /// Whether it is the clock's and not a block's.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Self::ChainLag
    }

    /// Whether it is read from what the state lane stored.
    #[must_use]
    pub fn is_of_state(self) -> bool {
        !self.is_live()
    }
}

impl Source {
    /// Reads what a rule needs to be evaluated over a range.
    ///
    /// # Errors
    /// [`AlertError::Warehouse`].
    pub async fn read(
        warehouse: &Warehouse,
        rule: &MetricRule,
        (from, to): (u64, u64),
        heads: &LaneHeads,
    ) -> Result<Self, AlertError> {
        let mut source = Self::default();
        let (netuid, account) = (rule.netuid.unwrap_or(0), rule.account.as_deref().unwrap_or_default());
        let series = match rule.metric {
            Metric::AlphaPrice => Series::AlphaPrice(rule.netuid),
            Metric::MovingPrice => Series::MovingPrice(rule.netuid),
            Metric::EmissionShare => Series::EmissionShare(rule.netuid),
            Metric::RegistrationCost => Series::RegistrationCost(rule.netuid),
            Metric::DeregistrationRank => Series::DeregistrationRank(rule.netuid),
            Metric::SubnetCost => Series::SubnetCost,
            Metric::ValidatorTrust => Series::Score(NeuronScore::ValidatorTrust, netuid, account),
            Metric::Dividends => Series::Score(NeuronScore::Dividends, netuid, account),
            Metric::Incentive => Series::Score(NeuronScore::Incentive, netuid, account),
            Metric::BlocksSinceUpdate => Series::BlocksSinceUpdate(netuid, account),
            Metric::Apy => Series::Apy(netuid, account),
            Metric::Take => Series::Take(account),
            Metric::Stake => Series::Stake(netuid, account),
            Metric::Balance => Series::Balance(account),
            Metric::ChainLag => {
                if let Some(time_ms) = heads.timestamp_ms {
                    let lag_ms = i128::from(now_ms().saturating_sub(time_ms));
                    let values = BTreeMap::from([(to, Quantity(lag_ms * ONE / 1_000))]);
                    source.0.insert("chain".to_owned(), values);
                }
                return Ok(source);
            }
        };
        let from = from.saturating_sub(rule.looks_back());
        for point in warehouse.list_series(series, (from, to)).await? {
            let values = source.0.entry(scope_of(rule, point.netuid)).or_default();
            values.insert(point.block_number, Quantity(point.value));
        }
        Ok(source)
    }
}

fn scope_of(rule: &MetricRule, netuid: u16) -> String {
    let account = rule.account.as_deref().unwrap_or_default();
    match rule.metric.info().subject {
        Subject::Chain => "chain".to_owned(),
        Subject::Subnet => format!("subnet:{netuid}"),
        Subject::Neuron => format!("neuron:{}:{account}", rule.netuid.unwrap_or(netuid)),
        Subject::Hotkey => format!("hotkey:{account}"),
        Subject::Account => format!("account:{account}"),
    }
}

/// Evaluates a rule over the blocks behind `done` up to `to`, and changes what is known accordingly.
pub fn evaluate(
    rule: &MetricRule,
    source: &Source,
    (done, to): (u64, u64),
    scopes: &mut Scopes,
) -> Vec<Crossing> {
    let mut found = Vec::new();
    for (scope, values) in &source.0 {
        let mut state = scopes.get(scope).copied().unwrap_or_default();
        evaluate_scope(rule, scope, values, (done, to), &mut state, &mut found);
        if state == ScopeState::default() {
            scopes.remove(scope);
        } else {
            scopes.insert(scope.clone(), state);
        }
    }
    found.sort_by(|a, b| a.block.cmp(&b.block).then_with(|| a.scope.cmp(&b.scope)));
    found
}

fn evaluate_scope(
    rule: &MetricRule,
    scope: &str,
    values: &BTreeMap<u64, Quantity>,
    (done, to): (u64, u64),
    state: &mut ScopeState,
    found: &mut Vec<Crossing>,
) {
    let long_enough = |since: u64| since + rule.for_blocks - 1;
    let back = rule.looks_back();
    let mut turns: BTreeSet<u64> = values.keys().copied().collect();
    if back > 0 {
        turns.extend(left_at(values, back));
    }
    turns.extend(state.since.map(long_enough));
    turns.extend(state.clear_since.map(long_enough));
    if rule.metric.is_live() {
        // the clock goes on where blocks do not
        turns.insert(to);
    } else {
        turns.retain(|block| *block > done);
    }
    while let Some(block) = turns.pop_first() {
        if block > to {
            break;
        }
        let Some((_, value)) = values.range(..=block).next_back() else { continue };
        let (holds, reference) = test(rule.condition, values, block, *value);
        let crossing = |state: AlertState, fired: u64| Crossing {
            scope: scope.to_owned(),
            state,
            block,
            fired,
            value: *value,
            reference,
        };
        if holds {
            let since = *state.since.get_or_insert(block);
            state.clear_since = None;
            if state.fired.is_some() {
                continue;
            }
            if block >= long_enough(since) {
                state.fired = Some(block);
                found.push(crossing(AlertState::Firing, block));
            } else {
                turns.insert(long_enough(since));
            }
        } else {
            state.since = None;
            let Some(fired) = state.fired else { continue };
            let clear_since = *state.clear_since.get_or_insert(block);
            if block >= long_enough(clear_since) {
                *state = ScopeState::default();
                found.push(crossing(AlertState::Resolved, fired));
            } else {
                turns.insert(long_enough(clear_since));
            }
        }
    }
}

/// Blocks at which a value leaves the window: it held until the next one came.
fn left_at(values: &BTreeMap<u64, Quantity>, back: u64) -> Vec<u64> {
    values.keys().map(|next| next + back).collect()
}

/// Whether the condition holds, and what the value was compared with.
fn test(
    condition: Condition,
    values: &BTreeMap<u64, Quantity>,
    block: u64,
    value: Quantity,
) -> (bool, Option<Quantity>) {
    match condition {
        Condition::Above(limit) => (value > limit, None),
        Condition::Below(limit) => (value < limit, None),
        Condition::Changes { by, relative, within, direction } => {
            let from = block.saturating_sub(within);
            // what held when the window began, and what came since
            let before = values.range(..=from).next_back().map(|(_, value)| *value);
            let since = values.range(from..=block).map(|(_, value)| *value);
            let seen = || before.into_iter().chain(since.clone());
            let enough = |reference: Quantity, change: i128| {
                let least = if relative { by.0.saturating_mul(reference.0.abs()) / ONE } else { by.0 };
                // of nothing there is no share
                change >= least && change > 0 && !(relative && reference.0 == 0)
            };
            let (low, high) = (seen().min(), seen().max());
            let up = low.filter(|low| direction != Direction::Down && enough(*low, value.0 - low.0));
            let down = high.filter(|high| direction != Direction::Up && enough(*high, high.0 - value.0));
            (up.is_some() || down.is_some(), up.or(down))
        }
    }
}

/// The alerts of a rule's crossings.
pub(super) fn alerts_of(rule: &Rule, wanted: &MetricRule, found: &[Crossing]) -> Vec<Alert> {
    let told = |crossing: &&Crossing| rule.recovery || crossing.state == AlertState::Firing;
    found.iter().filter(told).map(|crossing| alert_of(rule, wanted, crossing)).collect()
}

fn alert_of(rule: &Rule, wanted: &MetricRule, crossing: &Crossing) -> Alert {
    let info = wanted.metric.info();
    let condition = said(wanted);
    let over = if crossing.state == AlertState::Resolved { "no longer " } else { "" };
    let change = crossing.reference.map(|reference| format!(", from {reference}")).unwrap_or_default();
    let subject = crossing.scope.replace(':', " ");
    let title = format!(
        "{} of {subject} is {}{change} ({}): {over}{condition}",
        info.name, crossing.value, info.unit
    );
    let mut facts = Map::new();
    let mut fact = |name: &str, value: String| facts.insert(name.to_owned(), Value::String(value));
    fact("value", crossing.value.to_string());
    fact("unit", info.unit.to_owned());
    fact("condition", condition);
    if let Some(reference) = crossing.reference {
        fact("reference", reference.to_string());
    }
    let definition = rule.definition.to_string();
    let fired = crossing.fired.to_string();
    let group = Alert::key_of(&[&rule.name, &definition, &crossing.scope, &fired]);
    Alert {
        version: VERSION,
        idempotency_key: Alert::key_of(&[&group, crossing.state.name(), &crossing.block.to_string()]),
        group,
        rule: rule.name.clone(),
        source: "metric".to_owned(),
        kind: info.name.to_owned(),
        scope: crossing.scope.clone(),
        state: crossing.state,
        severity: rule.severity.to_owned(),
        block: Some(crossing.block),
        title,
        text: info.about.to_owned(),
        link: super::wording::path_of(&crossing.scope),
        facts,
    }
}

/// The condition in words.
fn said(rule: &MetricRule) -> String {
    let held = match rule.for_blocks {
        1 => String::new(),
        blocks => format!(" for {blocks} blocks"),
    };
    match rule.condition {
        Condition::Above(limit) => format!("above {limit}{held}"),
        Condition::Below(limit) => format!("below {limit}{held}"),
        Condition::Changes { by, relative, within, direction } => {
            let by = if relative { format!("{}%", Quantity(by.0 * 100)) } else { by.to_string() };
            let way = match direction {
                Direction::Any => "changed",
                Direction::Up => "risen",
                Direction::Down => "fallen",
            };
            format!("{way} by {by} or more within {within} blocks{held}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(condition: Condition, for_blocks: u64) -> MetricRule {
        MetricRule { metric: Metric::AlphaPrice, netuid: Some(8), account: None, condition, for_blocks }
    }

    fn source(values: &[(u64, i64)]) -> Source {
        let values = values.iter().map(|(block, value)| (*block, Quantity::whole(*value))).collect();
        Source(BTreeMap::from([("subnet:8".to_owned(), values)]))
    }

    fn seen(rule: &MetricRule, values: &[(u64, i64)], to: u64) -> Vec<(AlertState, u64)> {
        let found = evaluate(rule, &source(values), (0, to), &mut Scopes::new());
        found.into_iter().map(|crossing| (crossing.state, crossing.block)).collect()
    }

    use AlertState::{Firing, Resolved};

    #[test]
    fn a_value_must_hold_for_long_enough_and_be_gone_for_as_long() {
        let below = rule(Condition::Below(Quantity::whole(5)), 3);
        // dips at 10 for two blocks, falls at 20, recovers at 30 but for a moment, recovers at 40
        let values = [(1, 9), (10, 4), (12, 9), (20, 1), (30, 9), (32, 2), (40, 9)];
        assert_eq!(seen(&below, &values, 60), [(Firing, 22), (Resolved, 42)]);
        assert_eq!(seen(&below, &values, 41), [(Firing, 22)]);
    }

    #[test]
    fn a_change_is_seen_against_all_of_the_window_and_passes_with_it() {
        let change = |direction, relative| Condition::Changes {
            by: if relative { Quantity(ONE / 10) } else { Quantity::whole(10) },
            relative,
            within: 5,
            direction,
        };
        let values = [(1, 100), (10, 95), (12, 90), (30, 99)];
        assert_eq!(
            seen(&rule(change(Direction::Down, false), 1), &values, 60),
            [(Firing, 12), (Resolved, 15)]
        );
        assert_eq!(
            seen(&rule(change(Direction::Any, true), 1), &values, 60),
            [(Firing, 12), (Resolved, 15), (Firing, 30), (Resolved, 35)]
        );
        assert_eq!(seen(&rule(change(Direction::Up, false), 1), &values, 60), []);
        // nothing is no reference for a share
        assert_eq!(seen(&rule(change(Direction::Up, true), 1), &[(1, 0), (2, 5)], 9), []);
    }

    proptest! {
        #[test]
        fn portions_make_no_difference(
            steps in prop::collection::vec((1_u64..6, 0_i64..12), 1..40),
            cuts in prop::collection::btree_set(1_u64..120, 0..12),
            for_blocks in 1_u64..8,
            within in 1_u64..12,
            kind in 0_u8..4,
        ) {
            let mut block = 0_u64;
            let values: Vec<(u64, i64)> = steps.iter().map(|(step, value)| { block += step; (block, *value) }).collect();
            let condition = match kind {
                0 => Condition::Above(Quantity::whole(6)),
                1 => Condition::Below(Quantity::whole(6)),
                _ => Condition::Changes { by: Quantity::whole(4), relative: false, within, direction: if kind == 2 { Direction::Any } else { Direction::Down } },
            };
            let rule = rule(condition, for_blocks);
            let end = 150;
            let whole = evaluate(&rule, &source(&values), (0, end), &mut Scopes::new());
            let (mut scopes, mut parts, mut done) = (Scopes::new(), Vec::new(), 0_u64);
            for to in cuts.into_iter().chain([end]) {
                // what the warehouse would give: the window before the portion, and the newest value before that
                let from = (done + 1).saturating_sub(rule.looks_back());
                let anchor = values.iter().rev().find(|(block, _)| *block <= from).map_or(0, |(block, _)| *block);
                let part: Vec<(u64, i64)> = values.iter().copied().filter(|(block, _)| (anchor..=to).contains(block)).collect();
                parts.extend(evaluate(&rule, &source(&part), (done, to), &mut scopes));
                done = to;
            }
            prop_assert_eq!(whole, parts);
        }
    }
}
