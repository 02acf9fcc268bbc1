//! Whether a value is what a schema says: as much of JSON Schema as the document uses.

use serde_json::Value;

/// Where `value` is not what `schema` says; empty where it is.
pub(crate) fn faults(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(link) = schema["$ref"].as_str() {
        let name = link.rsplit('/').next().unwrap();
        return faults(document, &document["components"]["schemas"][name], value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let tried: Vec<_> = choices.iter().map(|choice| faults(document, choice, value, place)).collect();
        let matching = tried.iter().filter(|faults| faults.is_empty()).count();
        return if matching == 1 {
            Vec::new()
        } else {
            vec![format!("{place}: {matching} of oneOf match: {tried:?}")]
        };
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().flat_map(|part| faults(document, part, value, place)).collect();
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::String(name) => vec![name],
        _ => return Vec::new(),
    };
    let is = |name: &&str| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    if !names.iter().any(is) {
        return vec![format!("{place}: {value} is no {names:?}")];
    }
    let mut found = Vec::new();
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(document, &schema["items"], item, &format!("{place}[{index}]")));
    }
    if let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, of) in properties {
            match members.get(name) {
                Some(member) => found.extend(faults(document, of, member, &format!("{place}.{name}"))),
                None if schema["required"]
                    .as_array()
                    .is_some_and(|names| names.contains(&Value::from(name.as_str()))) =>
                {
                    found.push(format!("{place}.{name}: is missing"));
                }
                None => {}
            }
        }
    }
    found
}

#[test]
fn the_reader_of_schemas_finds_faults() {
    let schema = serde_json::json!({ "type": "object", "required": ["a"], "properties": {
        "a": { "type": ["string", "null"] }, "b": { "type": "array", "items": { "type": "integer" } } } });
    let faults = |value| faults(&Value::Null, &schema, &value, "x").len();
    assert_eq!(faults(serde_json::json!({ "a": null, "b": [1, 2] })), 0);
    assert_eq!(faults(serde_json::json!({ "b": [1, "2"] })), 2);
    assert_eq!(faults(serde_json::json!([])), 1);
}
