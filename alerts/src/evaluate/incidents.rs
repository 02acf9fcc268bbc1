//! Rules on incidents: each step of an incident's history is told once.

use serde_json::{Map, Value, json};
use yumascan_warehouse::query::alerts::IncidentChange;

use crate::{
    Alert, AlertState,
    message::VERSION,
    rule::{IncidentRule, Rule},
};

/// What is told of incidents that changed. A rule knows nothing of steps before `since`; those before `late` are history.
pub(super) fn alerts_of(
    rule: &Rule,
    wanted: &IncidentRule,
    changes: &[IncidentChange],
    (since, late): (u64, u64),
) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for change in changes {
        if !wanted.is_meant(&change.kind, &change.netuids, &change.accounts) {
            continue;
        }
        // whether it was told, so that its end is worth telling
        let mut told = false;
        for step in change.steps.iter().map(Step::of) {
            if !wanted.is_severe(step.severity) || step.block < since {
                continue;
            }
            let state = match step.kind {
                "opened" | "raised" | "reopened" => AlertState::Firing,
                "updated" if wanted.updates || !told => AlertState::Firing,
                "closed" | "retracted" if told && rule.recovery => AlertState::Resolved,
                _ => continue,
            };
            told = state == AlertState::Firing;
            if step.block >= late {
                alerts.push(alert_of(rule, change, &step, state));
            }
        }
    }
    // incidents are read one by one; they are told in the order of the chain
    alerts.sort_by_key(|alert| alert.block);
    alerts
}

/// A step of an incident's history.
struct Step<'a> {
    position: u32,
    block: u64,
    kind: &'a str,
    severity: &'a str,
    score: f64,
    title: &'a str,
}

impl<'a> Step<'a> {
    fn of(
        (position, block, kind, severity, score, title): &'a (u32, u64, String, String, f64, String),
    ) -> Self {
        Self { position: *position, block: *block, kind, severity, score: *score, title }
    }
}

fn alert_of(rule: &Rule, change: &IncidentChange, step: &Step<'_>, state: AlertState) -> Alert {
    let mut facts = Map::new();
    let mut fact = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    fact("incident", json!(change.id));
    fact("step", json!(step.kind));
    fact("score", json!(step.score));
    fact("first_block", json!(change.first_block.to_string()));
    fact("last_block", json!(change.last_block.to_string()));
    fact("netuids", json!(change.netuids));
    fact("accounts", json!(change.accounts.iter().take(20).collect::<Vec<_>>()));
    let text = format!(
        "{} ({}), {}: blocks {} to {}, score {:.2}.",
        change.kind, change.scope, step.kind, change.first_block, change.last_block, step.score
    );
    Alert {
        version: VERSION,
        idempotency_key: Alert::key_of(&[&rule.name, &change.id, step.kind, &step.position.to_string()]),
        group: Alert::key_of(&[&rule.name, &change.id]),
        rule: rule.name.clone(),
        source: "incident".to_owned(),
        kind: change.kind.clone(),
        scope: change.scope.clone(),
        state,
        severity: step.severity.to_owned(),
        block: Some(step.block),
        title: step.title.to_owned(),
        text,
        link: Some(format!("/incidents/{}", change.id)),
        facts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(steps: &[(u64, &str, &str)]) -> IncidentChange {
        let step = |(position, (block, kind, severity)): (usize, &(u64, &str, &str))| {
            let position = u32::try_from(position).unwrap();
            (position, *block, (*kind).to_owned(), (*severity).to_owned(), 1.0, format!("{kind} at {block}"))
        };
        IncidentChange {
            id: "abc".into(),
            kind: "runaway_batch".into(),
            scope: "chain".into(),
            first_block: 1,
            last_block: 99,
            netuids: vec![8],
            accounts: vec!["5F".into()],
            written_ms: 1,
            steps: steps.iter().enumerate().map(step).collect(),
        }
    }

    fn told(
        rule: &str,
        steps: &[(u64, &str, &str)],
        since: u64,
        late: u64,
    ) -> Vec<(u64, &'static str, String)> {
        let mut whole: Value = serde_json::from_str(rule).unwrap();
        whole["name"] = json!("r");
        whole["on"] = json!("incident");
        let rule = Rule::parse(&whole, &["runaway_batch", "safe_mode"]).unwrap();
        let crate::rule::Watches::Incident(wanted) = &rule.watches else { panic!("{rule:?}") };
        let alerts = alerts_of(&rule, wanted, &[change(steps)], (since, late));
        alerts.into_iter().map(|alert| (alert.block.unwrap(), alert.state.name(), alert.severity)).collect()
    }

    #[test]
    fn every_step_worth_telling_is_told_and_an_end_only_after_a_beginning() {
        let steps = [
            (10, "opened", "S3"),
            (20, "raised", "S2"),
            (30, "updated", "S2"),
            (40, "closed", "S2"),
            (50, "reopened", "S1"),
        ];
        let line = |block, state, severity: &str| (block, state, severity.to_owned());
        let all = [
            line(10, "firing", "S3"),
            line(20, "firing", "S2"),
            line(40, "resolved", "S2"),
            line(50, "firing", "S1"),
        ];
        assert_eq!(told("{}", &steps, 0, 0), all);
        assert_eq!(
            told(r#"{"min_severity":"S2","recovery":false}"#, &steps, 0, 0),
            [all[1].clone(), all[3].clone()]
        );
        assert_eq!(told(r#"{"updates":true}"#, &steps, 0, 0).len(), 5);
        // what was told before is known although it is history; what was before the rule is not
        assert_eq!(told("{}", &steps, 0, 35), all[2..]);
        assert_eq!(told("{}", &steps, 35, 0), all[3..]);
        for other in [
            r#"{"kinds":["safe_mode"]}"#,
            r#"{"netuid":9}"#,
            r#"{"account":"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"}"#,
        ] {
            assert_eq!(told(other, &steps, 0, 0), [], "{other}");
        }
        assert_eq!(told(r#"{"netuid":8,"kinds":["runaway_batch"]}"#, &steps, 0, 0).len(), 4);
    }
}
