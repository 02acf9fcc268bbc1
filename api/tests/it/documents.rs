//! Queries that we show to others work: the console's examples and those of docs/graphql.md.

use serde_json::{Value, json};

use crate::world::{Api, plain, world};

/// An account of the recorded blocks, as the examples name one that is known everywhere.
fn some_account() -> String {
    let block = world().decoded.iter().find(|block| !block.transfers.is_empty()).unwrap();
    block.transfers[0].from.to_ss58()
}

#[tokio::test]
async fn the_examples_of_the_console_are_answered() {
    let api = Api::new(plain()).await;
    let (_, _, body) = api.get("/graphql/assets/examples.json").await;
    let examples: Vec<Value> = serde_json::from_slice(&body).unwrap();
    assert!(examples.len() >= 8);
    for example in examples {
        let mut variables = example.get("variables").cloned().unwrap_or_else(|| json!({}));
        if variables.get("id").is_some() {
            variables["id"] = some_account().into();
        }
        let data = api.data_with(example["query"].as_str().unwrap(), variables).await;
        let (_, answered) = data.as_object().unwrap().iter().next().unwrap();
        assert!(!answered.is_null(), "{}: {data}", example["title"]);
    }
}

#[tokio::test]
async fn the_examples_of_the_documentation_are_answered() {
    let api = Api::new(plain()).await;
    let text = include_str!("../../../docs/graphql.md");
    let examples: Vec<&str> =
        text.split("```graphql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 6);
    for example in examples {
        let data = api.data(example).await;
        let (_, answered) = data.as_object().unwrap().iter().next().unwrap();
        assert!(!answered.is_null(), "{example}");
    }
}

#[tokio::test]
async fn the_documentation_names_every_error_code_and_limit() {
    let text = include_str!("../../../docs/graphql.md");
    for code in [
        "BAD_INPUT",
        "INVALID_CURSOR",
        "CURSOR_MISMATCH",
        "PAGE_SIZE",
        "FIELD_LIMIT",
        "DEPTH_LIMIT",
        "COMPLEXITY_LIMIT",
        "NODE_LIMIT",
        "NO_STATE",
        "UNKNOWN_SUBNET",
        "UNKNOWN_NEURON",
        "RANGE_LIMIT",
        "QUERY_LIMIT",
        "TIMEOUT",
        "TOO_LARGE",
        "OVERLOADED",
        "UNAVAILABLE",
        "INTERNAL",
        "RESPONSE_TOO_LARGE",
        "PERSISTED_QUERY_NOT_FOUND",
        "PERSISTED_QUERY_HASH_MISMATCH",
        "SCOPE",
        "UNAUTHORIZED",
        "RATE_LIMITED",
        "BODY_TOO_LARGE",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_REQUEST",
        "UNSUPPORTED_MEDIA_TYPE",
    ] {
        assert!(text.contains(&format!("`{code}`")), "docs/graphql.md lacks {code}");
    }
}
