//! The document of v1 as JSON and as a page that needs no other host.

use std::{fmt::Write as _, sync::LazyLock};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::Value;

use super::{openapi, problem::CODES};
use crate::{
    ApiError,
    http::{App, tagged},
};

const STYLE: &str = include_str!("../../assets/rest/docs.css");

/// Nothing is loaded from, or sent to, any other host; the page has no script.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(openapi::document()).unwrap_or_default());
static PAGE: LazyLock<String> = LazyLock::new(|| page(&DOCUMENT));

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/openapi.json", get(json))
        .route("/api/v1/docs", get(html))
        .route("/api/v1", any(nothing))
        .route("/api/v1/{*path}", any(nothing))
}

async fn json() -> Response {
    axum::Json(&*DOCUMENT).into_response()
}

async fn html(request: HeaderMap) -> Response {
    let body = Bytes::from_static(PAGE.as_bytes());
    let mut response = tagged(&request, body, "text/html; charset=utf-8", "no-cache");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn nothing() -> ApiError {
    let message = "there is no such path; `/api/v1/docs` lists those there are".to_owned();
    ApiError::NotFound { code: "UNKNOWN", message, nearest: Vec::new() }
}

/// The whole document as one page.
fn page(document: &Value) -> String {
    let mut text = String::with_capacity(256 * 1024);
    // writing to a string cannot fail
    let _ = write_page(&mut text, document);
    text
}

fn write_page(out: &mut String, document: &Value) -> std::fmt::Result {
    write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>REST · Yumascan</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body><main>\
         <h1>REST</h1><p>The same as a document: <a href=\"/api/v1/openapi.json\">openapi.json</a> (OpenAPI 3.1). \
         Other ways in: <a href=\"/graphql\">GraphQL</a>, <a href=\"/\">pages</a>.</p>"
    )?;
    for line in text(&document["info"]["description"]).split("\n") {
        if !line.is_empty() {
            write!(out, "<p>{}</p>", code(line.trim_start_matches("- ")))?;
        }
    }
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        write!(out, "<h2 id=\"{name}\">{name}</h2><p>{}</p>", code(text(&tag["description"])))?;
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let operation = &item["get"];
            if operation["tags"][0] == tag["name"] {
                write_operation(out, path, operation)?;
            }
        }
    }
    write!(out, "<h2>Codes</h2><table><tr><th>code<th>status<th>meaning")?;
    for (name, status, meaning) in CODES {
        write!(out, "<tr id=\"{name}\"><td><code>{name}</code><td>{}<td>{}", status.as_u16(), code(meaning))?;
    }
    write!(out, "</table><h2>Schemas</h2>")?;
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        write_schema(out, name, schema)?;
    }
    write!(out, "</main></body></html>")
}

fn write_operation(out: &mut String, path: &str, operation: &Value) -> std::fmt::Result {
    let parameters = || operation["parameters"].as_array().into_iter().flatten();
    write!(
        out,
        "<section><h3><code>GET {}</code> {}</h3><p>{}</p>",
        escape(path),
        escape(text(&operation["summary"])),
        code(text(&operation["description"]))
    )?;
    if let Some(example) = example_of(path, parameters()) {
        write!(out, "<p><a href=\"{0}\"><code>{0}</code></a></p>", escape(&example))?;
    }
    if parameters().next().is_some() {
        write!(out, "<table><tr><th>parameter<th>in<th>type<th>")?;
        for parameter in parameters() {
            write!(
                out,
                "<tr><td><code>{}</code><td>{}<td>{}<td>{}",
                escape(text(&parameter["name"])),
                text(&parameter["in"]),
                kind(&parameter["schema"]),
                code(text(&parameter["description"]))
            )?;
        }
        write!(out, "</table>")?;
    }
    let body = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    write!(out, "<p>Answers {}</p></section>", kind(body))
}

fn write_schema(out: &mut String, name: &str, schema: &Value) -> std::fmt::Result {
    write!(
        out,
        "<section id=\"{0}\"><h3><code>{0}</code></h3><p>{1}</p>",
        escape(name),
        code(text(&schema["description"]))
    )?;
    let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |parts| parts.iter().collect());
    let properties = || parts.iter().filter_map(|part| part["properties"].as_object()).flatten();
    if properties().next().is_some() {
        write!(out, "<table><tr><th>field<th>type<th>")?;
        for (field, of) in properties() {
            write!(
                out,
                "<tr><td><code>{}</code><td>{}<td>{}",
                escape(field),
                kind(of),
                code(description(of))
            )?;
        }
        write!(out, "</table>")?;
    } else {
        write!(out, "<p>{}</p>", kind(schema))?;
    }
    write!(out, "</section>")
}

/// A path that can be followed: with the examples of its parts.
fn example_of<'a>(path: &str, parameters: impl Iterator<Item = &'a Value>) -> Option<String> {
    let mut example = path.to_owned();
    for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
        let value = [&parameter["example"], &parameter["schema"]["example"]]
            .into_iter()
            .find(|value| !value.is_null())?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        example = example.replace(&format!("{{{}}}", text(&parameter["name"])), &value);
    }
    (!example.contains('{')).then_some(example)
}

/// A schema in a few words, with links to those that have a name.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|link| link.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["allOf"].as_array()) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("<code>{}</code>", escape(text(value))))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().map(text).collect(),
        name => vec![text(name)],
    };
    if names.contains(&"array") {
        return format!("list of {}", kind(&schema["items"]));
    }
    let name = names.join(" or ");
    if name.is_empty() { "any JSON".to_owned() } else { escape(&name) }
}

/// What a field is for; of one that may be null, it stands beside the other choice.
fn description(of: &Value) -> &str {
    let choices = of["oneOf"].as_array().into_iter().flatten();
    choices.chain([of]).map(|of| text(&of["description"])).find(|text| !text.is_empty()).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// With what stands in backticks as code.
fn code(text: &str) -> String {
    let mut out = String::new();
    for (position, part) in text.split('`').enumerate() {
        let part = escape(part);
        out += &if position % 2 == 1 { format!("<code>{part}</code>") } else { part };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_path_code_and_schema_and_loads_nothing() {
        let page = &*PAGE;
        for path in DOCUMENT["paths"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("GET {path}")), "{path}");
        }
        for (code, ..) in CODES {
            assert!(page.contains(&format!("id=\"{code}\"")), "{code}");
        }
        for schema in DOCUMENT["components"]["schemas"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("id=\"{schema}\"")), "{schema}");
        }
        for outside in ["http://", "https://", "<script", "@import", "src="] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn texts_cannot_leave_their_place() {
        assert_eq!(code("a `<b>` & \"c\""), "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;");
    }
}
