//! Incidents on pages: the timeline, one told for people, and the banner that comes and goes.

use axum::http::StatusCode;
use yumascan_warehouse::rows::{IncidentEventRow, IncidentRow};

use crate::support::{self, Explorer, text_of};

const ID: &str = "00112233445566778899aabbccddeeff";

fn runaway(state: &str, severity: &str) -> IncidentRow {
    IncidentRow {
        first_block: 3_000,
        ordinal: IncidentRow::ordinal_of(ID),
        id: ID.to_owned(),
        kind: "runaway_batch".to_owned(),
        lane: "log".to_owned(),
        scope: "chain".to_owned(),
        severity: severity.to_owned(),
        state: state.to_owned(),
        last_block: 3_003,
        closed_block: (state == "closed").then_some(3_303),
        score: 12.5,
        title: "<b>Many</b> leaf calls & few signers.".to_owned(),
        netuids: vec![7],
        accounts: vec!["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".to_owned()],
        evidence: r#"{"fees_rao":"1500000000","items":[{"extrinsic":"3000-4","leaves":500}],"items_total":9,"series":[[3000,500,40],[3001,700,40]]}"#.to_owned(),
        thresholds: r#"{"least_leaves":40}"#.to_owned(),
        detector_version: 1,
        events: 1,
    }
}

async fn write(explorer: &Explorer, row: &IncidentRow) {
    let event = IncidentEventRow {
        block_number: 3_000,
        incident_id: row.id.clone(),
        position: 0,
        kind: "opened".to_owned(),
        severity: "S3".to_owned(),
        score: 1.0,
        title: "It began.".to_owned(),
    };
    explorer.warehouse.write_incidents(std::slice::from_ref(row), &[event]).await.unwrap();
}

#[tokio::test]
async fn before_anything_is_found_the_timeline_says_how() {
    let explorer = support::empty().await;
    let page = text_of(&explorer.page("/incidents").await);
    assert!(page.contains("No incident was found yet") && page.contains("yumascan detect"), "{page}");
}

#[tokio::test]
async fn an_incident_is_listed_told_and_handed_out() {
    let explorer = support::over(2_998..=3_005).await;
    write(&explorer, &runaway("closed", "S1")).await;
    let place = format!("/incident/{ID}");
    let list = explorer.page("/incidents").await;
    assert!(
        list.contains(&place) && (list.contains("&lt;b>Many") || list.contains("&lt;b&gt;Many")),
        "{list}"
    );
    assert!(!list.contains("<b>Many"), "titles are escaped");
    assert!(list.contains("id=\"incident-density\""), "the chart is there");
    for (query, is_there) in [
        ("severity=S1", true),
        ("severity=S2", false),
        ("kind=safe_mode", false),
        ("netuid=7&state=closed", true),
        ("from=3004", false),
        ("to=2999", false),
    ] {
        let page = explorer.page(&format!("/incidents?{query}")).await;
        assert_eq!(page.contains(&place), is_there, "{query}");
    }
    let page = explorer.page(&place).await;
    let text = text_of(&page);
    for wanted in [
        "Runaway batch",
        "S1",
        "It began.",
        "500",
        "least leaves",
        "Shape of the largest call tree",
        "Who filled these blocks",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(text.contains("The first 1 of 9"), "{text}");
    assert!(page.contains("/extrinsic/3000-4") && page.contains("/subnet/7"), "linked");
    assert!(page.contains("g-level") && page.contains("g-mark"), "threshold and blocks are marked");
    let json = explorer.get(&format!("{place}/incident.json")).await;
    let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(
        (&json["evidence"]["items_total"], &json["history"][0]["kind"]),
        (&9.into(), &"opened".into())
    );
    let csv = explorer.get("/incidents?format=csv").await.body;
    assert!(csv.starts_with("id,kind,scope") && csv.contains(ID), "{csv}");
}

#[tokio::test]
async fn the_banner_is_there_while_something_serious_goes_on() {
    let explorer = support::over(3_000..=3_004).await;
    let has_banner = async || {
        // the state of the chain is read once a second
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        explorer.page("/help").await.contains("class=\"alarm\"")
    };
    assert!(!has_banner().await);
    write(&explorer, &runaway("open", "S3")).await;
    assert!(!has_banner().await, "S3 is no alarm");
    write(&explorer, &runaway("open", "S2")).await;
    assert!(has_banner().await);
    write(&explorer, &runaway("closed", "S2")).await;
    assert!(!has_banner().await);
}

#[tokio::test]
async fn filters_that_mean_nothing_are_refused_with_what_would_do() {
    let explorer = support::empty().await;
    for (query, wanted) in [
        ("severity=S9", "S1"),
        ("state=gone", "retracted"),
        ("netuid=70000", "65535"),
        ("kind=%3Cscript%3E", "runaway_batch"),
        ("account=5A", "SS58"),
        ("from=x", "whole number"),
    ] {
        let answer = explorer.get(&format!("/incidents?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(text_of(&answer.body).contains(wanted), "{query}: {}", text_of(&answer.body));
    }
    for id in ["1", ID, "%2e%2e", "zz112233445566778899aabbccddeeff"] {
        assert_eq!(explorer.get(&format!("/incident/{id}")).await.status, StatusCode::NOT_FOUND, "{id}");
    }
}
