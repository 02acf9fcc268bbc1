//! Arguments of calls and events in the form that these clients know: names in camel case, accounts as hex, enums as
//! `{"__kind": …, "value": …}`.

use serde_json::{Map, Value, json};

use super::values::hex_of;

/// Nesting beyond which arguments are not rewritten but left out.
const DEEPEST: usize = 120;

/// From canonical JSON.
pub(super) fn rewrite(canonical: &str) -> Value {
    serde_json::from_str(canonical).map_or(Value::Null, |value| value_of(value, 0))
}

fn value_of(value: Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    match value {
        Value::String(text) => Value::String(hex_of_account(&text).unwrap_or(text)),
        Value::Array(items) => items.into_iter().map(|item| value_of(item, depth + 1)).collect(),
        Value::Object(members) if is_variant(&members) => variant(members, depth),
        Value::Object(members) => Value::Object(fields(members, depth)),
        other => other,
    }
}

/// Only an enum's value has a single member with a capital letter in front.
fn is_variant(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.keys().all(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn variant(members: Map<String, Value>, depth: usize) -> Value {
    let Some((name, value)) = members.into_iter().next() else { return Value::Null };
    match value {
        Value::Null => json!({ "__kind": name }),
        Value::Object(inner) if is_call(&inner) => json!({ "__kind": name, "value": call(inner, depth + 1) }),
        value => json!({ "__kind": name, "value": value_of(value, depth + 1) }),
    }
}

/// A call in its pallet: a name in small letters with its arguments.
fn is_call(members: &Map<String, Value>) -> bool {
    members.len() == 1
        && members
            .iter()
            .all(|(name, value)| value.is_object() && name.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn call(members: Map<String, Value>, depth: usize) -> Value {
    let mut written = Map::new();
    for (name, args) in members {
        written.insert("__kind".to_owned(), Value::String(name));
        if let Value::Object(args) = args {
            written.extend(fields(args, depth + 1));
        }
    }
    Value::Object(written)
}

fn fields(members: Map<String, Value>, depth: usize) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (camel(&name), value_of(value, depth + 1))).collect()
}

fn camel(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    let mut raised = false;
    for letter in name.trim_start_matches('_').chars() {
        if letter == '_' {
            raised = true;
        } else if raised {
            written.extend(letter.to_uppercase());
            raised = false;
        } else {
            written.push(letter);
        }
    }
    written
}

/// Addresses of prefix 42 have 48 characters and begin with a 5.
fn hex_of_account(text: &str) -> Option<String> {
    if text.len() == 48 && text.starts_with('5') { hex_of(text) } else { None }
}

/// Signed extensions: those that say anything, with a small letter in front.
pub(super) fn extensions(canonical: &str) -> Value {
    let Ok(Value::Object(members)) = serde_json::from_str(canonical) else { return Value::Null };
    let said = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(said.map(|(name, value)| (lowered(&name), value_of(value, 0))).collect())
}

fn lowered(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Canonical arguments with the calls inside, which are stored as `{"$call": path}`, in their place: `calls` are those of the
/// same extrinsic by path, as (`Pallet`, `call`, arguments).
pub(super) fn with_calls<'c>(
    canonical: &str,
    find: &impl Fn(&str) -> Option<(&'c str, &'c str, &'c str)>,
) -> Value {
    serde_json::from_str(canonical).map_or(Value::Null, |value| value_of(in_place(value, find, 0), 0))
}

fn in_place<'c>(
    value: Value,
    find: &impl Fn(&str) -> Option<(&'c str, &'c str, &'c str)>,
    depth: usize,
) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    match value {
        Value::Array(items) => items.into_iter().map(|item| in_place(item, find, depth + 1)).collect(),
        Value::Object(members) => {
            let path = if members.len() == 1 { members.get("$call").and_then(Value::as_str) } else { None };
            let Some((pallet, call, args)) = path.and_then(find) else {
                let kept = members.into_iter().map(|(name, value)| (name, in_place(value, find, depth + 1)));
                return Value::Object(kept.collect());
            };
            let args = serde_json::from_str(args).unwrap_or(Value::Null);
            json!({ pallet: { call: in_place(args, find, depth + 1) } })
        }
        other => other,
    }
}

/// `Pallet.Error` as an object.
pub(super) fn error(text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    let (pallet, name) = text.split_once('.').map_or((None, text), |(pallet, name)| (Some(pallet), name));
    json!({ "extra_info": null, "name": name, "pallet": pallet.map(lowered) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const HEX: &str = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

    #[test]
    fn calls_inside_calls_have_their_kind_beside_their_arguments() {
        let canonical = json!({ "force_proxy_type": { "Staking": null }, "real": { "Id": ALICE },
            "call": { "SubtensorModule": { "add_stake": { "hotkey": ALICE, "amount_staked": "7", "netuid": 1 } } } });
        let expected = json!({ "forceProxyType": { "__kind": "Staking" }, "real": { "__kind": "Id", "value": HEX },
            "call": { "__kind": "SubtensorModule", "value": { "__kind": "add_stake", "hotkey": HEX, "amountStaked": "7", "netuid": 1 } } });
        assert_eq!(rewrite(&canonical.to_string()), expected);
    }

    #[test]
    fn calls_that_are_stored_apart_are_put_in_their_place() {
        let canonical = json!({ "calls": [{ "$call": "0.0" }, { "$call": "0.9" }] }).to_string();
        let find = |path: &str| (path == "0.0").then_some(("System", "remark", "{\"remark\":\"0x00\"}"));
        let expected = json!({ "calls": [
            { "__kind": "System", "value": { "__kind": "remark", "remark": "0x00" } }, { "$call": "0.9" } ] });
        assert_eq!(with_calls(&canonical, &find), expected);
        assert_eq!(extensions("{\"CheckNonce\":7,\"CheckWeight\":null}"), json!({ "checkNonce": 7 }));
    }

    #[test]
    fn dispatch_errors_keep_their_fields_under_value() {
        let canonical = json!({ "dispatch_error": { "Module": { "index": 7, "error": "0x0a000000" } } });
        let expected = json!({ "dispatchError": { "__kind": "Module", "value": { "index": 7, "error": "0x0a000000" } } });
        assert_eq!(rewrite(&canonical.to_string()), expected);
        assert_eq!(
            error(Some("SubtensorModule.AmountTooLow")),
            json!({ "extra_info": null, "name": "AmountTooLow", "pallet": "subtensorModule" })
        );
    }

    #[test]
    fn arguments_of_any_depth_are_survived() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(rewrite(&deep), Value::Null);
    }
}
