//! REST: its document, its answers, its refusals.

mod conforms;
mod pages;
mod refusals;
mod sdk;
mod shapes;
mod walk;

use serde_json::Value;

use crate::world::Api;

/// The document that is served.
fn document() -> Value {
    serde_json::to_value(yumascan_api::openapi()).unwrap()
}

impl Api {
    /// A GET that must be answered.
    async fn rest(&self, path: &str) -> Value {
        let (status, _, body) = self.get(path).await;
        let text = String::from_utf8(body).unwrap();
        assert_eq!(status, 200, "{path}\n{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Status, media type and problem of a GET that must be refused.
    async fn problem(&self, path: &str) -> (u16, String, Value) {
        let (status, headers, body) = self.get(path).await;
        let kind = headers["content-type"].to_str().unwrap().to_owned();
        let value = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{path}: {status}"));
        (status.as_u16(), kind, value)
    }
}

#[test]
fn the_document_in_the_repository_is_what_the_handlers_say() {
    let path = std::path::Path::new("../docs/openapi.json");
    let current = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == current,
        "docs/openapi.json is not current: run the tests with UPDATE=1 and read the diff"
    );
}

#[test]
fn everything_in_the_document_is_described_and_amounts_name_their_unit() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut lacking = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            lacking.push(path.clone());
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                lacking.push(format!("{path} {}", parameter["name"]));
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            // of a field that may be null, it stands beside the other choice
            let choices = of["oneOf"].as_array().into_iter().flatten();
            let text = choices.chain([of]).find_map(|of| of["description"].as_str()).unwrap_or_default();
            let unit = if field.ends_with("_rao") && !field.starts_with("min_") { "rao" } else { "" };
            if text.len() < 4 || !text.contains(unit) && !field.starts_with("emission") {
                lacking.push(format!("{name}.{field}: {text}"));
            }
        }
    }
    let text = document.to_string();
    for link in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"].get(link).is_some(), "{link} is not in the document");
    }
    assert!(lacking.is_empty(), "without a description or unit: {lacking:#?}");
}
