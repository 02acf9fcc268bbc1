//! Rules are read strictly, and any input is read or refused.

use proptest::prelude::*;
use serde_json::{Value, json};
use yumascan_alerts::rule::Rule;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const KINDS: [&str; 3] = ["runaway_batch", "safe_mode", "price_move"];

#[test]
fn rules_of_every_sort_are_read_and_written_again() {
    for rule in [
        json!({ "name": "a", "on": "incident", "kinds": ["safe_mode"], "min_severity": "S1", "netuid": 8, "sinks": ["ops"] }),
        json!({ "name": "b", "on": "incident", "hotkey": ALICE, "updates": true, "recovery": false }),
        json!({ "name": "c", "on": "metric", "metric": "alpha_price", "netuid": 8, "below": "0.015", "for_blocks": 10 }),
        json!({ "name": "d", "on": "metric", "metric": "vtrust", "netuid": 8, "hotkey": ALICE, "below": 0.5, "severity": "S2" }),
        json!({ "name": "e", "on": "metric", "metric": "balance", "account": ALICE, "changes_by": "10%", "within_blocks": 300, "direction": "down" }),
        json!({ "name": "f", "on": "metric", "metric": "chain_lag", "above": 60 }),
        json!({ "name": "g", "on": "watch", "call": "SubtensorModule.swap_coldkey", "title": "{{ facts.name }} in {{ block }}" }),
        json!({ "name": "h", "on": "watch", "address": ALICE, "enabled": false, "note": "the treasury" }),
    ] {
        let read = Rule::parse(&rule, &KINDS).unwrap();
        assert_eq!(Rule::parse(&read.to_json(), &KINDS).unwrap(), read, "{rule}");
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_named_with_what_would_be_right() {
    let metric = |fields: Value| {
        let mut rule = json!({ "name": "x", "on": "metric", "metric": "alpha_price", "netuid": 1 });
        rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        rule
    };
    for (rule, wanted) in [
        (json!({ "name": "x" }), "on: it is missing"),
        (json!({ "name": "x", "on": "incidents" }), "did you mean `incident`?"),
        (
            json!({ "name": "x", "on": "incident", "kinds": ["runaway_bach"] }),
            "did you mean `runaway_batch`?",
        ),
        (json!({ "name": "x", "on": "incident", "min_severity": "S9" }), "min_severity"),
        (json!({ "name": "x", "on": "incident", "severitty": "S1" }), "there is no field `severitty`"),
        (json!({ "name": "x", "on": "incident", "account": "5Grw" }), "is not an address"),
        (
            metric(json!({ "metric": "alpha_prise", "below": 1 })),
            "there is no metric `alpha_prise`; did you mean `alpha_price`?",
        ),
        (metric(json!({})), "give above, below or changes_by"),
        (metric(json!({ "above": 1, "below": 2 })), "give one of"),
        (metric(json!({ "above": "1e9" })), "decimal number"),
        (metric(json!({ "above": "0.0000000001" })), "nine places"),
        (metric(json!({ "below": 0 })), "it can never be"),
        (metric(json!({ "below": "-3" })), "it can never be"),
        (
            metric(json!({ "metric": "emission_share", "above": 1 })),
            "it can never be: the metric is at most 1",
        ),
        (metric(json!({ "changes_by": "0%", "within_blocks": 5 })), "changes_by"),
        (metric(json!({ "changes_by": "120%", "within_blocks": 5, "direction": "down" })), "it can never be"),
        (metric(json!({ "changes_by": "10%" })), "within_blocks: it is missing"),
        (metric(json!({ "below": 1, "for_blocks": 0 })), "whole number from 1"),
        (metric(json!({ "metric": "vtrust", "below": "0.5" })), "hotkey: it is missing"),
        (json!({ "name": "x", "on": "metric", "metric": "vtrust", "below": "0.5" }), "netuid: it is missing"),
        (json!({ "name": "x", "on": "watch" }), "what is watched?"),
        (json!({ "name": "x", "on": "watch", "call": "add_stake" }), "write Pallet.call"),
        (json!({ "name": "x", "on": "watch", "call": "A.b", "netuid": 1 }), "give one of"),
        (json!({ "name": "x", "on": "watch", "netuid": 70_000 }), "from 0 to 65535"),
        (
            json!({ "name": "x", "on": "watch", "netuid": 1, "title": "{{ blok }}" }),
            "title: it uses a name that there is not",
        ),
        (json!({ "name": "x", "on": "watch", "netuid": 1, "text": "{% for %}" }), "text: syntax error"),
        (json!({ "name": "X y", "on": "watch", "netuid": 1 }), "cannot be a name"),
        (json!([]), "it must be an object"),
    ] {
        let refused = Rule::parse(&rule, &KINDS).unwrap_err().to_string();
        assert!(refused.contains(wanted), "{rule}: {refused}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec!["incident", "metric", "watch", "alpha_price", "S1", "10%", "0.5", ALICE])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::Array))
}

proptest! {
    #[test]
    fn any_input_is_read_or_refused(
        fields in prop::collection::vec((prop::sample::select(vec![
            "name", "on", "metric", "netuid", "hotkey", "account", "above", "below", "changes_by", "within_blocks", "for_blocks",
            "kinds", "min_severity", "call", "address", "title", "text", "sinks", "enabled", "recovery", "direction", "other",
        ]), any_json()), 0..10),
        kind in prop::sample::select(vec!["webhook", "slack", "discord", "telegram", "email", "pagerduty", "alertmanager", "x"]),
    ) {
        let object: serde_json::Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let value = Value::Object(object);
        if let Ok(rule) = Rule::parse(&value, &KINDS) {
            prop_assert_eq!(Rule::parse(&rule.to_json(), &KINDS).unwrap(), rule);
        }
        let _ = yumascan_alerts::sinks::Sink::parse("s", kind, &value, None);
    }
}
