//! Everyone's SQL over HTTP, exports, and who may ask how much.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use yumascan_api::{ApiConfig, LimitsConfig, limits};
use yumascan_store::KeyTier;

use crate::world::{Api, FIRST, LAST, plain};

async fn post(api: &Api, statement: &str, parameters: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request =
        Request::post(format!("/api/v1/sql{parameters}")).body(statement.to_owned().into()).unwrap();
    api.send(request).await
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(body)))
}

#[tokio::test]
async fn a_question_is_answered_in_every_way_it_may_be_asked() {
    let api = Api::new(plain()).await;
    let blocks = LAST - FIRST + 1;
    let (status, _, body) = post(&api, "SELECT count() AS n FROM v_blocks", "").await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    assert_eq!(json_of(&body)["data"], json!([[blocks.to_string()]]), "64-bit integers are strings");

    let request = Request::post("/api/v1/sql")
        .header(header::CONTENT_TYPE, "application/json")
        .body(
            json!({ "sql": "SELECT number FROM v_blocks ORDER BY number", "format": "csv", "max_rows": 2 })
                .to_string()
                .into(),
        )
        .unwrap();
    let (status, headers, body) = api.send(request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("yumascan.csv"));
    assert_eq!(String::from_utf8(body).unwrap(), format!("\"number\"\n{FIRST}\n{}\n", FIRST + 1));

    let curl = Request::post("/api/v1/sql?format=tsv")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("SELECT count() AS n FROM v_blocks WHERE 1 = 1".into())
        .unwrap();
    let (_, _, body) = api.send(curl).await;
    assert_eq!(String::from_utf8(body).unwrap(), format!("n\n{blocks}\n"), "as `curl --data` sends it");

    let (status, headers, body) =
        api.get("/api/v1/sql?sql=SELECT%20*%20FROM%20v_events&format=parquet").await;
    assert_eq!((status, &body[..4]), (StatusCode::OK, &b"PAR1"[..]));
    assert_eq!(headers[header::CONTENT_TYPE], "application/vnd.apache.parquet");
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said_in_one_place_and_one_form() {
    let config = ApiConfig { sql_max_read_rows: 5, ..plain() };
    let api = Api::new(config).await;
    for (statement, status, code, text) in [
        ("SELECT * FROM system.users", 400, "SQL_REFUSED", "system"),
        ("SELECT * FROM blocks", 400, "SQL_REFUSED", "v_blocks"),
        ("SELECT nothing FROM v_weights", 400, "SQL_ERROR", "nothing"),
        ("SELECT sum(event_count) FROM v_blocks", 422, "SQL_LIMIT", "reads more than 5 rows"),
        ("", 400, "SQL_REFUSED", "empty"),
    ] {
        let (got, headers, body) = post(&api, statement, "").await;
        let body = json_of(&body);
        assert_eq!((got.as_u16(), body["code"].as_str()), (status, Some(code)), "{statement}: {body}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.contains(text) && !detail.contains("DB::Exception"), "{statement}: {detail}");
    }
    let (status, _, body) = post(&api, "SELECT 1", "?format=exe").await;
    assert_eq!((status, &json_of(&body)["code"]), (StatusCode::BAD_REQUEST, &json!("BAD_INPUT")));
    let (status, ..) =
        post(&Api::new(ApiConfig { sql_enabled: false, ..plain() }).await, "SELECT 1", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_question_that_is_kept_is_found_under_its_link() {
    let api = Api::new(plain()).await;
    let sql = "SELECT count() FROM v_blocks -- all of them";
    let keep = |kind: &'static str, site: &'static str, body: String| {
        Request::post("/api/v1/sql/saved")
            .header(header::CONTENT_TYPE, kind)
            .header("sec-fetch-site", site)
            .body(Body::from(body))
            .unwrap()
    };
    let body = json!({ "sql": sql, "title": "Blocks" }).to_string();
    let (status, _, body) = api.send(keep("application/json", "none", body)).await;
    assert_eq!(status, StatusCode::CREATED);
    let id = json_of(&body)["id"].as_str().unwrap().to_owned();
    let (_, _, body) = api.get(&format!("/api/v1/sql/saved/{id}")).await;
    assert_eq!((&json_of(&body)["sql"], &json_of(&body)["title"]), (&json!(sql), &json!("Blocks")));
    let (status, ..) = api.get(&format!("/api/v1/sql?q={id}")).await;
    assert_eq!(status, StatusCode::OK);

    let form = format!("sql={}&title=Blocks", sql.replace(' ', "+"));
    let (status, headers, _) =
        api.send(keep("application/x-www-form-urlencoded", "same-origin", form.clone())).await;
    assert_eq!(
        (status, headers[header::LOCATION].to_str().unwrap()),
        (StatusCode::SEE_OTHER, &*format!("/sql?q={id}"))
    );
    let (status, ..) = api.send(keep("application/x-www-form-urlencoded", "cross-site", form)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a form of another site keeps nothing");
    let refused = json!({ "sql": "DROP TABLE blocks" }).to_string();
    assert_eq!(api.send(keep("application/json", "none", refused)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(api.get("/api/v1/sql/saved/0123").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_reference_names_views_functions_and_limits() {
    let api = Api::new(plain()).await;
    let (_, _, body) = api.get("/api/v1/sql/reference").await;
    let body = json_of(&body);
    assert!(body["views"].as_array().unwrap().iter().any(|view| view["name"] == "v_transfers"));
    assert!(body["functions"].as_array().unwrap().len() > 300 && body["limits"]["seconds"] == 10);
}

#[tokio::test]
async fn an_export_goes_on_where_its_part_ended_and_gives_every_row_once() {
    let api = Api::new(plain()).await;
    let (_, _, whole) = api.get("/api/v1/export/events?format=csv").await;
    let whole = String::from_utf8(whole).unwrap();
    let mut parts = Vec::new();
    let mut next = Some("/api/v1/export/events?format=csv&max_rows=40".to_owned());
    let mut requests = 0;
    while let Some(path) = next {
        let (status, headers, body) = api.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        let body = String::from_utf8(body).unwrap();
        parts.extend(body.lines().skip(1).map(str::to_owned));
        next = headers.get(header::LINK).map(|link| {
            let link = link.to_str().unwrap();
            link.trim_start_matches('<').split('>').next().unwrap().to_owned()
        });
        requests += 1;
        assert!(requests < 200);
    }
    assert!(requests > 3, "{requests}");
    assert_eq!(parts, whole.lines().skip(1).map(str::to_owned).collect::<Vec<_>>());

    let (_, _, some) = api.get(&format!("/api/v1/export/blocks?from={LAST}&to={LAST}&format=jsonl")).await;
    assert_eq!(json_of(&some)["number"], json!(LAST.to_string()));
    for (path, status) in [
        ("/api/v1/export/raw_blocks", 404),
        ("/api/v1/export/blocks?format=exe", 400),
        ("/api/v1/export/blocks?from=x", 400),
        ("/api/v1/export/blocks;DROP", 404),
    ] {
        assert_eq!(api.get(path).await.0.as_u16(), status, "{path}");
    }
}

/// The router behind the limits, asked from an address.
struct Limited(Router);

impl Limited {
    fn new(api: &Api, config: LimitsConfig) -> Self {
        Self(limits::guard(api.router.clone(), config, api.state.store.clone()))
    }

    async fn send(&self, from: &str, mut request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let peer: SocketAddr = format!("{from}:4711").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    async fn get(&self, from: &str, headers: &[(&'static str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::get("/graphql?query=%7Bstatus%7Bhead%7Bnumber%7D%7D%7D");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(from, request.body(Body::empty()).unwrap()).await
    }
}

fn tight() -> LimitsConfig {
    LimitsConfig {
        anonymous_per_minute: 6,
        anonymous_burst: 3,
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..LimitsConfig::default()
    }
}

#[tokio::test]
async fn an_address_that_asks_too_much_is_told_which_limit_and_when() {
    let api = Api::new(plain()).await;
    let limited = Limited::new(&api, tight());
    let mut last = limited.get("198.51.100.7", &[]).await;
    assert!(last.1["ratelimit"].to_str().unwrap().starts_with("\"anonymous\";r="), "{:?}", last.1);
    for _ in 0..5 {
        last = limited.get("198.51.100.7", &[]).await;
    }
    let (status, headers, body) = last;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() <= 60);
    let body = json_of(&body);
    assert_eq!(body["code"], "RATE_LIMITED");
    assert!(body["detail"].as_str().unwrap().contains("6 units a minute for this address"), "{body}");
    assert!(limited.get("198.51.100.8", &[]).await.0.is_success(), "another address has its own bucket");
    let open = Request::get("/health").body(Body::empty()).unwrap();
    assert_eq!(limited.send("198.51.100.7", open).await.0, StatusCode::OK);
    assert!(limited.get("127.0.0.1", &[]).await.0.is_success(), "the machine itself is exempt");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_client_is_limited_and_a_liar_gains_nothing() {
    let api = Api::new(plain()).await;
    let limited = Limited::new(&api, tight());
    for _ in 0..4 {
        limited.get("10.0.0.1", &[("x-forwarded-for", "198.51.100.7")]).await;
    }
    let again = limited.get("10.0.0.1", &[("x-forwarded-for", "203.0.113.1, 198.51.100.7")]).await;
    assert_eq!(again.0, StatusCode::TOO_MANY_REQUESTS, "what the client wrote in front changes nothing");
    assert!(limited.get("10.0.0.1", &[("x-forwarded-for", "198.51.100.8")]).await.0.is_success());
    // an undeclared proxy on this machine does not make the world exempt
    let mut status = StatusCode::OK;
    for number in 0..8 {
        status = limited.get("127.0.0.1", &[("x-forwarded-for", &format!("203.0.113.{number}"))]).await.0;
    }
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn keys_open_what_their_scopes_say_until_they_are_revoked() {
    let api = Api::new(plain()).await;
    let limited = Limited::new(&api, LimitsConfig { require_key: true, ..tight() });
    let (_, text) =
        api.state.store.create_key("reader", KeyTier::Keyed, &["read".into()], None).await.unwrap();
    let bearer = format!("Bearer {text}");
    assert_eq!(limited.get("198.51.100.7", &[]).await.0, StatusCode::UNAUTHORIZED);
    for wrong in ["Bearer nonsense", "Bearer ys_0_0", "Basic eA=="] {
        assert_eq!(
            limited.get("198.51.100.7", &[("authorization", wrong)]).await.0,
            StatusCode::UNAUTHORIZED,
            "{wrong}"
        );
    }
    for _ in 0..10 {
        let (status, headers, _) = limited.get("198.51.100.7", &[("authorization", &bearer)]).await;
        assert!(status.is_success() && headers["ratelimit"].to_str().unwrap().starts_with("\"keyed\""));
    }
    let sql = Request::post("/api/v1/sql").header("x-api-key", &text).body("SELECT 1".into()).unwrap();
    let (status, _, body) = limited.send("198.51.100.7", sql).await;
    assert_eq!((status, &json_of(&body)["code"]), (StatusCode::FORBIDDEN, &json!("SCOPE")));

    let (_, text) = api.state.store.create_key("asker", KeyTier::Keyed, &["sql".into()], None).await.unwrap();
    let rest = Request::get("/api/v1/blocks").header("x-api-key", &text).body(Body::empty()).unwrap();
    assert_eq!(limited.send("198.51.100.7", rest).await.0, StatusCode::FORBIDDEN);

    let (ended, text) = api.state.store.create_key("old", KeyTier::Keyed, &[], Some(1)).await.unwrap();
    assert!(!ended.is_valid(2));
    let bearer = format!("Bearer {text}");
    assert_eq!(limited.get("198.51.100.7", &[("authorization", &bearer)]).await.0, StatusCode::UNAUTHORIZED);
    let (revoked, text) = api.state.store.create_key("gone", KeyTier::Admin, &[], None).await.unwrap();
    api.state.store.revoke_key(&revoked.id).await.unwrap();
    let bearer = format!("Bearer {text}");
    assert_eq!(limited.get("198.51.100.7", &[("authorization", &bearer)]).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_question_costs_more_than_a_page() {
    let api = Api::new(plain()).await;
    let limited = Limited::new(&api, LimitsConfig { anonymous_burst: 13, ..tight() });
    let ask = || Request::post("/api/v1/sql").body("SELECT count() FROM v_blocks".into()).unwrap();
    assert_eq!(limited.send("198.51.100.7", ask()).await.0, StatusCode::OK);
    assert_eq!(limited.send("198.51.100.7", ask()).await.0, StatusCode::OK);
    let (status, _, body) = limited.send("198.51.100.7", ask()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{}", String::from_utf8_lossy(&body));
}

#[tokio::test]
async fn a_key_may_ask_for_more_than_an_address() {
    let api = Api::new(ApiConfig { max_complexity: 60, ..plain() }).await;
    let limited = Limited::new(&api, LimitsConfig::default());
    let (_, text) =
        api.state.store.create_key("reader", KeyTier::Keyed, &["read".into()], None).await.unwrap();
    let ask = |key: Option<&str>| {
        let body = json!({ "query": "{ blocks(first: 50) { nodes { number hash } } }" }).to_string();
        let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        request.body(Body::from(body)).unwrap()
    };
    let (_, _, body) = limited.send("198.51.100.7", ask(None)).await;
    assert_eq!(json_of(&body)["errors"][0]["extensions"]["code"], "COMPLEXITY_LIMIT");
    let (_, _, body) = limited.send("198.51.100.7", ask(Some(&text))).await;
    assert!(json_of(&body)["errors"].is_null(), "{}", String::from_utf8_lossy(&body));
}
