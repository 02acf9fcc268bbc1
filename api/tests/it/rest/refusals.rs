//! Refusals are problems with a code, and say what to do.

use crate::{
    market::market,
    world::{Api, plain},
};

#[tokio::test]
async fn refusals_are_problems_with_their_code() {
    let api = Api::new(plain()).await;
    let blocks = api.rest("/api/v1/blocks?limit=2").await;
    let cursor = blocks["next_cursor"].as_str().unwrap();
    let long = format!("/api/v1/search?q={}", "x".repeat(201));
    let foreign = format!("/api/v1/events?cursor={cursor}");
    for (path, status, code) in [
        ("/api/v1/blocks?limit=0", 400, "BAD_INPUT"),
        ("/api/v1/blocks?limit=many", 400, "BAD_INPUT"),
        ("/api/v1/blocks?limit=1&limit=2", 400, "BAD_INPUT"),
        ("/api/v1/blocks?signer=x", 400, "UNKNOWN_PARAMETER"),
        ("/api/v1/blocks?cursor=zz", 400, "INVALID_CURSOR"),
        (foreign.as_str(), 400, "CURSOR_MISMATCH"),
        ("/api/v1/blocks?from_time=yesterday", 400, "BAD_INPUT"),
        ("/api/v1/blocks/x", 400, "BAD_INPUT"),
        ("/api/v1/blocks/7", 404, "UNKNOWN"),
        ("/api/v1/extrinsics/7", 400, "BAD_INPUT"),
        ("/api/v1/accounts/5Grwva", 400, "BAD_INPUT"),
        ("/api/v1/subnets/70000", 400, "BAD_INPUT"),
        ("/api/v1/subnets", 404, "NO_STATE"),
        ("/api/v1/nothing/here", 404, "UNKNOWN"),
        (long.as_str(), 400, "BAD_INPUT"),
    ] {
        let (given, kind, problem) = api.problem(path).await;
        assert_eq!((given, kind.as_str()), (status, "application/problem+json"), "{path}\n{problem:#}");
        assert_eq!(problem["code"], code, "{path}\n{problem:#}");
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem:#}");
        assert!(!problem["instance"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_not_there_comes_with_what_is() {
    let api = market().await;
    let (status, _, problem) = api.problem("/api/v1/subnets/77").await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("UNKNOWN_SUBNET")));
    assert_eq!(problem["nearest"][0]["netuid"], 2);
    let (_, _, problem) = api.problem("/api/v1/subnets/1/neurons/9").await;
    assert_eq!(problem["nearest"][0]["uid"], 2);
    let (_, _, problem) = api.problem("/api/v1/subnets?at=1").await;
    assert_eq!(
        (problem["code"].as_str(), &problem["nearest"][0]["block"]),
        (Some("NO_STATE"), &1_000.into())
    );
}

#[tokio::test]
async fn a_warehouse_without_tables_is_masked() {
    let api = Api::broken(plain()).await;
    let (status, _, problem) = api.problem("/api/v1/blocks").await;
    assert_eq!((status, problem["code"].as_str()), (500, Some("INTERNAL")));
    assert!(!problem["detail"].as_str().unwrap().contains("Table"), "{problem:#}");
}
