//! What strangers send: it is refused or escaped, and never a 500.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::support;

const SCRIPT: &str = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";

#[tokio::test]
async fn what_does_not_exist_is_404() {
    let explorer = support::over(3_100..=3_102).await;
    for path in [
        "/nowhere",
        "/block/99999999",
        "/block/18446744073709551616",
        "/block/-1",
        "/block/0xabc",
        "/extrinsic/3100-9999",
        "/extrinsic/3100-99999999999",
        "/extrinsic/x",
        "/extrinsic/0x0000000000000000000000000000000000000000000000000000000000000001",
        "/account/nobody",
        "/account/5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQX",
        "/extrinsic/3100-9999/args.json",
        "/assets/0/nothing.css",
        "/assets/0/..%2FCargo.toml",
    ] {
        assert_eq!(explorer.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn filters_that_cannot_be_understood_are_400_and_say_why() {
    let explorer = support::over(3_100..=3_102).await;
    for (path, field) in [
        ("/blocks?from=abc", "From block"),
        ("/blocks?author=5Fake", "Author"),
        ("/blocks?spec=99999999999", "Runtime"),
        ("/events?phase=Never", "Phase"),
        ("/extrinsics?result=maybe", "Result"),
        ("/transfers?min=-1", "At least"),
        ("/transfers?since=yesterday", "Since"),
        ("/blocks?after=x", "Page position"),
        ("/blocks?n=1000", "Rows"),
        ("/account/5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY?tab=secrets", "Tab"),
    ] {
        let answer = explorer.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(support::text_of(&answer.body).contains(field), "{path}: {}", support::text_of(&answer.body));
    }
}

#[tokio::test]
async fn hostile_input_is_escaped_wherever_it_is_shown() {
    let explorer = support::over(3_100..=3_102).await;
    for path in [
        format!("/search?q={SCRIPT}"),
        format!("/block/{SCRIPT}"),
        format!("/extrinsic/{SCRIPT}"),
        format!("/account/{SCRIPT}"),
        format!("/events?name={SCRIPT}"),
        format!("/extrinsics?call={SCRIPT}%22%3E%3Cimg%20src=x%3E"),
        format!("/transfers?min={SCRIPT}"),
        format!("/blocks?x={SCRIPT}%22%20onload=%22"),
        "/events?name='%20OR%201=1%20--".to_owned(),
        "/search?q='%3B%20DROP%20TABLE%20blocks%3B%20--".to_owned(),
        "/search?q=%25".to_owned(),
        "/search?q=%00%ff".to_owned(),
        format!("/search?q={}", "a".repeat(5_000)),
    ] {
        let answer = explorer.get(&path).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
        assert!(!answer.body.contains("<script>") && !answer.body.contains("<img src=x"), "{path}");
        assert!(!answer.body.contains("\" onload=\""), "{path}");
    }
    assert!(explorer.warehouse.find_block(3_100).await.unwrap().is_some(), "the tables are still there");
}

#[tokio::test]
async fn the_theme_never_leads_away() {
    let explorer = support::empty().await;
    for (to, expected) in [
        ("/blocks?n=5", "/blocks?n=5"),
        ("//elsewhere.example", "/"),
        ("https://elsewhere.example", "/"),
        ("/%5C%5Celsewhere.example", "/"),
    ] {
        let answer = explorer
            .get(&format!("/theme?set=dark&to={}", yumascan_web::text::encode(to).replace("%255C", "%5C")))
            .await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, expected), "{to}");
        assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().starts_with("theme=dark;"));
    }
    let request =
        Request::get("/help").header(header::COOKIE, "a=b; theme=\"><script>").body(Body::empty()).unwrap();
    assert!(explorer.send(request).await.body.contains("data-theme=\"system\""));
    let request = Request::get("/help").header(header::COOKIE, "theme=dark").body(Body::empty()).unwrap();
    assert!(explorer.send(request).await.body.contains("data-theme=\"dark\""));
}

#[tokio::test]
async fn answers_carry_the_policy_and_assets_are_kept_for_ever() {
    let explorer = support::empty().await;
    let answer = explorer.get("/help").await;
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let style = answer.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = explorer.get(style).await;
    assert_eq!(style.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert!(style.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
}
