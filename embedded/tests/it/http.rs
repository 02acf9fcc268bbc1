//! Plain HTTP: what `curl`, a driver or a BI tool would send.

use std::io::{Read, Write};

use ::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;

use crate::wire::{Wire, chunked, full};

#[tokio::test]
async fn queries_come_by_url_or_body_and_answer_in_the_asked_format() {
    let wire = Wire::new();
    let answer = wire.get(&[("query", "SELECT 1 AS x"), ("default_format", "JSONEachRow")]).await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "{\"x\":1}\n"));
    assert_eq!(answer.header("content-type"), "application/x-ndjson; charset=UTF-8");
    assert_eq!(answer.header("x-clickhouse-format"), "JSONEachRow");
    let answer =
        wire.post(&[("default_format", "JSONEachRow")], "SELECT 1 AS x, 'a' AS y FORMAT CSVWithNames;").await;
    assert_eq!(answer.text(), "\"x\",\"y\"\n1,\"a\"\n");
    assert_eq!(wire.run("SELECT 1, 2").await, "1\t2\n");
    let split = wire.post(&[("query", "SELECT number FROM numbers(2)")], "WHERE number = 1").await;
    assert_eq!(split.text(), "1\n");
    let answer = wire.post(&[("query_id", "my-id")], "SELECT number FROM numbers(3) FORMAT Null").await;
    assert_eq!(answer.header("x-clickhouse-query-id"), "my-id");
    let summary: serde_json::Value = serde_json::from_str(answer.header("x-clickhouse-summary")).unwrap();
    assert_eq!(summary["read_rows"], "3");
}

#[tokio::test]
async fn whole_documents_stream_in_one_piece() {
    let wire = Wire::new();
    let text = wire.run("SELECT number FROM numbers(300000) FORMAT JSON").await;
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["rows"], 300_000);
    assert_eq!(document["data"].as_array().unwrap().len(), 300_000);
    let csv = wire.run("SELECT number FROM numbers(300000) FORMAT CSVWithNames").await;
    assert_eq!(csv.lines().filter(|line| *line == "\"number\"").count(), 1);
    assert_eq!(csv.lines().count(), 300_001);
}

#[tokio::test]
async fn database_parameters_and_settings_apply_to_their_request_alone() {
    let wire = Wire::new();
    assert_eq!(wire.run("SELECT currentDatabase()").await.trim(), wire.db.database());
    let params = [("param_name", r"tab\there"), ("param_n", "7"), ("max_threads", "3")];
    let answer = wire.post(&params, "SELECT {name:String}, {n:UInt8} + 1, getSetting('max_threads')").await;
    assert_eq!(answer.text(), "tab\\there\t8\t3\n");
    let missing = wire.post(&[], "SELECT {n:UInt8}").await;
    assert_eq!(
        (missing.status, missing.header("x-clickhouse-exception-code")),
        (StatusCode::BAD_REQUEST, "456")
    );
    assert_ne!(wire.run("SELECT getSetting('max_threads')").await, "3\n");
    let answer = wire.post(&[("no_such_setting", "1")], "SELECT 1").await;
    assert_eq!((answer.status, answer.header("x-clickhouse-exception-code")), (StatusCode::NOT_FOUND, "115"));
    let answer = wire.post(&[("max_threads", "1', readonly = '0")], "SELECT 1").await;
    assert_ne!(answer.status, StatusCode::OK, "a value cannot leave its quotes");
}

#[tokio::test]
async fn nothing_answers_without_the_password_but_ping() {
    let wire = Wire::new();
    let plain = |uri: String| Request::builder().uri(uri).body(full("")).unwrap();
    let ping = wire.send(plain(format!("{}/ping", wire.db.url()))).await;
    assert_eq!((ping.status, ping.text().as_str()), (StatusCode::OK, "Ok.\n"));
    let refused = wire.send(plain(wire.url(&[("query", "SELECT 1")]))).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("x-clickhouse-exception-code"), "194");
    assert!(refused.header("www-authenticate").starts_with("Basic"));
    let wrong =
        wire.send(plain(wire.url(&[("query", "SELECT 1"), ("user", "default"), ("password", "")]))).await;
    assert_eq!((wrong.status, wrong.header("x-clickhouse-exception-code")), (StatusCode::FORBIDDEN, "516"));
    let params = [("query", "SELECT 1"), ("user", wire.db.user()), ("password", wire.db.password())];
    assert_eq!(wire.send(plain(wire.url(&params))).await.text(), "1\n");
}

#[tokio::test]
async fn errors_carry_code_status_and_text() {
    let wire = Wire::new();
    for (sql, code, status, name) in [
        ("SELECT * FROM nowhere", "60", StatusCode::NOT_FOUND, "UNKNOWN_TABLE"),
        ("SELEC 1", "62", StatusCode::BAD_REQUEST, "SYNTAX_ERROR"),
        ("nonsense", "62", StatusCode::BAD_REQUEST, "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", "62", StatusCode::BAD_REQUEST, "Multi-statements"),
        ("SELECT nofunction(1)", "46", StatusCode::NOT_FOUND, "UNKNOWN_FUNCTION"),
        ("SELECT 1 FORMAT NoFormat", "73", StatusCode::NOT_FOUND, "UNKNOWN_FORMAT"),
        (
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "358",
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTO_OUTFILE_NOT_ALLOWED",
        ),
        (
            "SELECT throwIf(number = 5, 'stop') FROM numbers(10)",
            "395",
            StatusCode::INTERNAL_SERVER_ERROR,
            "stop",
        ),
        ("", "62", StatusCode::BAD_REQUEST, "Empty query"),
    ] {
        let answer = wire.post(&[], sql.to_owned()).await;
        let text = answer.text();
        assert_eq!(
            (answer.header("x-clickhouse-exception-code"), answer.status),
            (code, status),
            "{sql}: {text}"
        );
        assert!(
            text.starts_with(&format!("Code: {code}. DB::Exception: ")) && text.contains(name),
            "{sql}: {text}"
        );
        assert!(text.contains("(version "), "{sql}: {text}");
    }
    let unknown = wire.post(&[("database", "nowhere")], "SELECT 1").await;
    assert_eq!(unknown.header("x-clickhouse-exception-code"), "81");
}

#[tokio::test]
async fn an_exception_among_sent_rows_is_tagged_and_the_answer_cut_short() {
    let wire = Wire::new();
    let sql = "SELECT throwIf(number = 3000000, 'too far') FROM numbers(4000000) \
               SETTINGS max_block_size = 10000, max_threads = 1";
    let answer = wire.post(&[], sql).await;
    assert_eq!(answer.status, StatusCode::OK);
    let end = format!(" {}\r\n__exception__\r\n", answer.header("x-clickhouse-exception-tag"));
    assert!(
        answer.text().ends_with(&end) && answer.text().contains("Code: 395"),
        "the end says what happened"
    );
    assert!(answer.cut, "a client that knows no tag sees a broken answer");
    let waited = wire.post(&[("wait_end_of_query", "1")], sql).await;
    assert_eq!(waited.header("x-clickhouse-exception-code"), "395", "{}", waited.status);
}

#[tokio::test]
async fn reading_by_get_changes_nothing() {
    let wire = Wire::new();
    let create = ("query", "CREATE TABLE t (a UInt8) ENGINE = Memory");
    for params in [&[create][..], &[create, ("readonly", "0")][..]] {
        let answer = wire.get(params).await;
        assert_eq!(answer.header("x-clickhouse-exception-code"), "164", "{}", answer.text());
    }
    assert_eq!(wire.get(&[("query", "SHOW TABLES")]).await.text(), "");
}

#[tokio::test]
async fn inserts_stream_in_from_url_and_body() {
    let wire = Wire::new();
    wire.run("CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a").await;
    wire.run("INSERT INTO t VALUES (1, 'one;'), (2, lower('TWO'));").await;
    wire.run("INSERT INTO t (a, b) FORMAT CSV\n3,three\n").await;
    let piece =
        |i: u32| (i * 5000..(i + 1) * 5000).map(|n| format!("{n}\tx{n}\n")).collect::<String>().into_bytes();
    let params = [("query", "INSERT INTO t FORMAT TSV")];
    let answer = wire
        .send(wire.request(Method::POST, &params).body(chunked((0..20).map(piece).collect())).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let summary: serde_json::Value = serde_json::from_str(answer.header("x-clickhouse-summary")).unwrap();
    assert_eq!(summary["written_rows"], "100000");
    assert_eq!(
        wire.run("SELECT count(), uniqExact(b), countIf(b = 'one;') FROM t").await,
        "100003\t100003\t1\n"
    );
    let bad = wire.post(&params, "5\tok\nnot a number\tx\n").await;
    assert_eq!(bad.header("x-clickhouse-exception-code"), "27", "{}", bad.text());
    assert_eq!(wire.run("SELECT count() FROM t").await, "100003\n", "a refused insert leaves nothing");
    wire.run("INSERT INTO t SELECT number + 200000, '' FROM numbers(5)").await;
    assert_eq!(wire.run("SELECT count() FROM t").await, "100008\n");
}

#[tokio::test]
async fn bodies_are_packed_and_unpacked_as_asked() {
    let wire = Wire::new();
    wire.run("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a").await;
    let rows: String = (0..50_000).map(|n| format!("{n}\n")).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(rows.as_bytes()).unwrap();
    let request = wire.request(Method::POST, &[("query", "INSERT INTO t FORMAT TSV")]);
    let request = request.header("content-encoding", "gzip").body(full(gzip.finish().unwrap())).unwrap();
    assert_eq!(wire.send(request).await.status, StatusCode::OK);

    let sql = "SELECT a FROM t ORDER BY a";
    let request =
        wire.request(Method::POST, &[]).header("accept-encoding", "gzip, br").body(full(sql)).unwrap();
    let answer = wire.send(request).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    let mut plain = String::new();
    flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_string(&mut plain).unwrap();
    assert!(plain == rows);
    let request = wire.request(Method::POST, &[("enable_http_compression", "0")]);
    let answer = wire.send(request.header("accept-encoding", "gzip").body(full(sql)).unwrap()).await;
    assert_eq!((answer.header("content-encoding"), answer.text() == rows), ("", true));

    // ClickHouse's own blocks: what the endpoint packs, it takes
    let blocks = wire.post(&[("compress", "1")], sql).await.body;
    assert!(blocks.len() < rows.len() && blocks[16] == 0x82);
    let back = wire.post(&[("query", "INSERT INTO t FORMAT TSV"), ("decompress", "1")], blocks.clone()).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text());
    assert_eq!(wire.run("SELECT count() FROM t").await, "100000\n");
    let mut damaged = blocks;
    damaged[100] ^= 1;
    let refused = wire.post(&[("query", "INSERT INTO t FORMAT TSV"), ("decompress", "1")], damaged).await;
    assert!(refused.text().contains("checksum"), "{}", refused.text());
}

/// The engine's own column files are made of the same blocks: its checksum must be ours.
#[tokio::test]
async fn the_block_format_is_the_engines_own() {
    let wire = Wire::new();
    let ddl = "CREATE TABLE t (a UInt64 CODEC(LZ4)) ENGINE = MergeTree ORDER BY a \
               SETTINGS min_bytes_for_wide_part = 0, min_bytes_for_full_part_storage = 0";
    wire.run(ddl).await;
    wire.run("INSERT INTO t SELECT number FROM numbers(1000)").await;
    let path = wire.run("SELECT path FROM system.parts WHERE active AND database = currentDatabase()").await;
    let column = std::fs::read(format!("{}a.bin", path.trim())).unwrap();
    wire.run("CREATE TABLE copy (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let answer =
        wire.post(&[("query", "INSERT INTO copy FORMAT RowBinary"), ("decompress", "1")], column).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(wire.run("SELECT count(), sum(a) FROM copy").await, "1000\t499500\n");
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_query() {
    let wire = Wire::new();
    let running =
        "SELECT count() FROM system.processes WHERE query LIKE '%endless%' AND query NOT LIKE '%processes%'";
    // one leaves before the first byte, the other in the midst of rows
    let silent = "SELECT count() AS endless FROM system.numbers SETTINGS max_execution_time = 0";
    let request = wire.request(Method::POST, &[]).body(full(silent)).unwrap();
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(500), wire.start(request)).await;
    assert!(waiting.is_err(), "it never answers");
    let talking = "SELECT number AS endless FROM system.numbers";
    let request = wire.request(Method::POST, &[]).body(full(talking)).unwrap();
    let mut response = wire.start(request).await;
    assert!(response.frame().await.unwrap().is_ok());
    drop(response);
    // no deadline: were they not cancelled, the test would hang and the runner say so
    while wire.run(running).await.trim() != "0" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn queries_run_side_by_side() {
    let wire = Wire::new();
    let sleeper = "SELECT sum(sleepEachRow(0.05)) AS sleeper FROM numbers(60) SETTINGS max_block_size = 1";
    let seen = "SELECT count() FROM system.processes WHERE query LIKE '%AS sleeper%' AND query NOT LIKE '%processes%'";
    let watch = async {
        let mut most = 0;
        for _ in 0..40 {
            most = most.max(wire.run(seen).await.trim().parse::<u32>().unwrap());
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        most
    };
    let (a, b, c, most) = tokio::join!(wire.run(sleeper), wire.run(sleeper), wire.run(sleeper), watch);
    assert_eq!((a.as_str(), b.as_str(), c.as_str(), most), ("0\n", "0\n", "0\n", 3));
}

#[tokio::test]
async fn a_slow_reader_holds_the_engine_back() {
    let wire = Wire::new();
    let sql = "SELECT number, repeat('x', 1000) AS slow FROM numbers(2000000)";
    let mut response = wire.start(wire.request(Method::POST, &[]).body(full(sql)).unwrap()).await;
    assert!(response.frame().await.unwrap().is_ok());
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let seen = "SELECT read_rows < 1000000 FROM system.processes \
                WHERE query LIKE '%AS slow%' AND query NOT LIKE '%processes%'";
    assert_eq!(wire.run(seen).await, "1\n", "the engine waits instead of filling memory");
}
