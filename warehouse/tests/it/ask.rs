//! SQL of strangers: what must run runs, what must not is refused, by each wall on its own.

use std::collections::BTreeSet;

use yumascan_warehouse::{
    AskFormat, AskLimits, Question, Warehouse,
    ask::{VIEWS, function_names},
};

use crate::support::{chain, fresh_warehouse, window};

fn limits() -> AskLimits {
    AskLimits {
        seconds: 20,
        memory_bytes: 500_000_000,
        result_rows: 1_000,
        result_bytes: 10_000_000,
        read_rows: 10_000_000,
        read_bytes: 1_000_000_000,
        threads: 1,
    }
}

async fn filled() -> (yumascan_embedded::testing::TestDatabase, Warehouse) {
    let (database, warehouse) = fresh_warehouse().await;
    let rows = window(&chain(1, 1, 40));
    warehouse.write_window(&rows).await.unwrap();
    (database, warehouse)
}

async fn ask(warehouse: &Warehouse, statement: &str, limits: &AskLimits) -> Result<String, String> {
    let question = Question::new(statement).map_err(|refusal| format!("refused: {refusal}"))?;
    let mut answer = warehouse.ask(&question, AskFormat::Tsv, limits).map_err(|error| error.to_string())?;
    let bytes = answer.collect().await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// Ways out, as people try them. None may reach the engine.
const ESCAPES: &[&str] = &[
    // table functions: files, networks, other tables, generated rows
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM file('../../../../etc/passwd', RawBLOB)",
    "SELECT * FROM url('http://169.254.169.254/latest/meta-data/', CSV)",
    "SELECT * FROM urlCluster('c', 'http://127.0.0.1/', CSV)",
    "SELECT * FROM s3('https://bucket/key', 'CSV')",
    "SELECT * FROM gcs('https://bucket/key')",
    "SELECT * FROM azureBlobStorage('a', 'b', 'c')",
    "SELECT * FROM hdfs('hdfs://h/f', 'TSV')",
    "SELECT * FROM remote('127.0.0.1', system.users)",
    "SELECT * FROM remoteSecure('127.0.0.1:9440', system, users)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM mysql('h:3306', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('h:5432', 'd', 't', 'u', 'p')",
    "SELECT * FROM mongodb('h:27017', 'd', 'c', 'u', 'p', 's')",
    "SELECT * FROM redis('h', 'k', 's')",
    "SELECT * FROM sqlite('/data/store.sqlite', 'keys')",
    "SELECT * FROM jdbc('d', 't')",
    "SELECT * FROM odbc('d', 't')",
    "SELECT * FROM executable('sh', TabSeparated, 'a String', (SELECT 1))",
    "SELECT * FROM input('a String')",
    "SELECT * FROM merge('system', '.*')",
    "SELECT * FROM merge(currentDatabase(), 'raw_.*')",
    "SELECT * FROM dictionary('d')",
    "SELECT * FROM numbers(10)",
    "SELECT * FROM generateRandom('a Array(String)')",
    "SELECT * FROM view(SELECT * FROM system.users)",
    "SELECT * FROM loop(system.one)",
    "SELECT * FROM Python('x')",
    "SELECT * FROM `file`('/etc/passwd')",
    "SELECT * FROM \"url\"('http://127.0.0.1')",
    "SELECT * FROM v_blocks JOIN url('http://127.0.0.1', CSV, 'a String') USING a",
    "SELECT * FROM v_blocks, file('/etc/passwd', 'LineAsString')",
    "SELECT (SELECT count() FROM url('http://127.0.0.1', CSV))",
    "SELECT 1 WHERE 1 IN (SELECT a FROM remote('127.0.0.1', system.one))",
    "WITH x AS (SELECT * FROM s3('https://b/k')) SELECT * FROM x",
    "SELECT 1 UNION ALL SELECT * FROM file('/etc/passwd', 'LineAsString', 'a UInt8')",
    "FROM file('/etc/passwd') SELECT *",
    // functions that read or tell
    "SELECT file('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT FILE /* x */ ('/etc/passwd')",
    "SELECT dictGet('d', 'a', 1)",
    "SELECT dictGetOrDefault('d', 'a', 1, 2)",
    "SELECT joinGet('db.t', 'a', 1)",
    "SELECT hasColumnInTable('system', 'users', 'name')",
    "SELECT getSetting('max_threads')",
    "SELECT getServerSetting('tcp_port')",
    "SELECT getMacro('shard')",
    "SELECT hostName()",
    "SELECT version()",
    "SELECT currentUser()",
    "SELECT currentDatabase()",
    "SELECT serverUUID()",
    "SELECT filesystemAvailable()",
    "SELECT showCertificate()",
    "SELECT getClientHTTPHeader('authorization')",
    "SELECT sleep(3)",
    "SELECT sleepEachRow(1) FROM v_blocks",
    "SELECT catboostEvaluate('/m', 1)",
    "SELECT addressToSymbol(1)",
    "SELECT demangle('x')",
    "SELECT in(1, system.one)",
    "SELECT evalMLMethod(1)",
    "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
    "SELECT initializeAggregation('sum', sleep(3))",
    "SELECT quantile(sleep(1))(number) FROM v_blocks",
    "SELECT sumIf(1, file('/etc/passwd') != '')",
    "SELECT 1 ORDER BY hostName()",
    "SELECT count() FROM v_blocks GROUP BY version()",
    "SELECT count() FROM v_blocks HAVING currentUser() = ''",
    "SELECT 1 LIMIT getSetting('max_threads')",
    "SELECT CAST(file('/etc/passwd') AS String)",
    "SELECT CASE WHEN 1 THEN hostName() END",
    "SELECT sum(number) OVER (PARTITION BY hostName()) FROM v_blocks",
    "SELECT [hostName()][1]",
    "SELECT INTERVAL sleep(1) SECOND",
    // other tables and databases
    "SELECT * FROM system.users",
    "SELECT * FROM system.processes",
    "SELECT * FROM `system`.`tables`",
    "SELECT * FROM \"system\".\"tables\"",
    "SELECT * FROM SYSTEM.tables",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM INFORMATION_SCHEMA.TABLES",
    "SELECT * FROM default.secrets",
    "SELECT * FROM yumascan.v_blocks",
    "SELECT * FROM blocks",
    "SELECT * FROM raw_blocks",
    "SELECT * FROM schema_migrations",
    "SELECT * FROM V_BLOCKS",
    "SELECT * FROM `v_blocks `",
    "SELECT * FROM v_blocks, raw_blocks",
    "SELECT * FROM v_blocks JOIN system.one ON 1 = 1",
    "SELECT * FROM v_blocks ARRAY JOIN system.users",
    "SELECT 1 IN system.one",
    "SELECT 1 IN (system.one)",
    "SELECT 1 IN ((system.one))",
    "SELECT 1 IN raw_blocks",
    "SELECT 1 IN (raw_blocks)",
    "SELECT 1 IN ( (`raw_blocks`) )",
    "SELECT 1 IN (raw_blocks, raw_blocks)",
    "SELECT 1 NOT IN default.secrets",
    "SELECT 1 GLOBAL IN (secrets)",
    "SELECT (1, 2) IN secrets",
    "SELECT 1 WHERE EXISTS (SELECT * FROM system.users)",
    "SELECT (SELECT name FROM system.users LIMIT 1)",
    "WITH secrets AS (SELECT * FROM secrets) SELECT * FROM secrets",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
    "SELECT * FROM secrets WHERE 1 IN (WITH secrets AS (SELECT 1) SELECT * FROM secrets)",
    "SELECT * FROM (WITH secrets AS (SELECT 1 AS x) SELECT x FROM secrets) AS a, secrets",
    "WITH v_blocks AS (SELECT * FROM v_calls) SELECT * FROM v_blocks",
    "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT * FROM r",
    "(TABLE system.users)",
    "TABLE raw_blocks",
    "VALUES (1)",
    // other statements
    "INSERT INTO blocks SELECT * FROM blocks",
    "CREATE TABLE t (a UInt8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE t AS SELECT 1",
    "CREATE FUNCTION f AS x -> x",
    "DROP TABLE blocks",
    "TRUNCATE TABLE blocks",
    "ALTER TABLE blocks DELETE WHERE 1",
    "OPTIMIZE TABLE blocks FINAL",
    "SYSTEM SHUTDOWN",
    "SYSTEM RELOAD CONFIG",
    "KILL QUERY WHERE 1",
    "GRANT ALL ON *.* TO default",
    "SET readonly = 0",
    "SET max_memory_usage = 0",
    "USE system",
    "SHOW TABLES",
    "SHOW GRANTS",
    "SHOW CREATE TABLE blocks",
    "DESCRIBE TABLE blocks",
    "DESCRIBE file('/etc/passwd')",
    "EXPLAIN SELECT 1",
    "EXISTS TABLE blocks",
    "CHECK TABLE blocks",
    "BACKUP TABLE blocks TO File('/tmp/x')",
    "ATTACH TABLE t FROM '/tmp'",
    "RENAME TABLE blocks TO b",
    "EXECUTE AS admin SELECT 1",
    "PARALLEL WITH SELECT 1",
    "SELECT 1; DROP TABLE blocks",
    "SELECT 1;;SELECT 2",
    // clauses
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 settings max_execution_time = 0, max_memory_usage = 0",
    "SELECT * FROM (SELECT 1 SETTINGS max_threads = 64)",
    "SELECT 1 FORMAT CSV",
    "SELECT 1 Format Null",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT 1 INTO OUTFILE '/tmp/x' TRUNCATE FORMAT CSV",
    "SELECT 1 INTO/**/OUTFILE '/tmp/x'",
    "SELECT 1 INTO DUMPFILE '/tmp/x'",
    "SELECT * INTO t FROM v_blocks",
    "SELECT 1 FOR UPDATE",
    "SELECT 1 FETCH FIRST 1 ROWS ONLY",
    // what readers may read differently
    "SELECT 1 -- \n SETTINGS readonly = 0",
    "SELECT '\\\\', file('/etc/passwd'), '",
    "SELECT 'a\\x27, file(\\x27/etc/passwd\\x27)'",
    "SELECT $$a$$, file($$/etc/passwd$$)",
    "SELECT $tag$ ' $tag$, hostName()",
    "SELECT 1 # comment",
    "SELECT 1 /* /* */ , hostName() /* */ */",
    "SELECT `a\\`, hostName(), \\`b`",
    "SELECT \"a\\\", hostName(), \\\"b\"",
    "SELECT {x:Identifier}",
    "SELECT * FROM {t:Identifier}",
    "SELECT @@version",
    "SELECT \u{ff46}ile('/etc/passwd')",
    "SELECT file\u{a0}('/etc/passwd')",
    "SELECT 1\0; DROP TABLE blocks",
    "SELECT sumMerge(x) FROM v_blocks",
    "SELECT * FROM mysql",
    "SELECT COLUMNS('.*') FROM system.users",
    "SELECT * APPLY(hostName) FROM system.one",
];

#[test]
fn every_way_out_is_refused_before_the_engine_sees_it() {
    assert!(ESCAPES.len() >= 60);
    let passed: Vec<_> = ESCAPES
        .iter()
        .filter_map(|statement| Question::new(statement).ok().map(|question| (statement, question)))
        .collect();
    assert!(passed.is_empty(), "{passed:#?}");
    assert_eq!(ESCAPES.iter().collect::<BTreeSet<_>>().len(), ESCAPES.len(), "one is listed twice");
}

#[test]
fn statements_as_deep_as_they_may_be_do_not_break_the_check() {
    for statement in [
        format!("SELECT 1{}", " + 1".repeat(1_900)),
        format!("SELECT 1{}", " AND NOT 1".repeat(1_200)),
        format!("SELECT {}1", "- ".repeat(3_000)),
        format!("SELECT {}1", "NOT ".repeat(3_000)),
        format!("SELECT {}1{}", "(".repeat(38), ")".repeat(38)),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(900)),
        format!("SELECT {}1{}", "CASE WHEN 1 THEN ".repeat(600), " END".repeat(600)),
        format!("SELECT a{} FROM v_blocks", " -> a".repeat(1_000)),
        format!("SELECT 1{}", "::String".repeat(1_000)),
        format!("SELECT number FROM v_blocks{}", " JOIN v_blocks".repeat(900)),
        format!("SELECT {}", "[".repeat(41)),
    ] {
        let _ = Question::new(&statement);
    }
}

#[tokio::test]
async fn questions_that_people_ask_are_answered() {
    let (_database, warehouse) = filled().await;
    for (statement, answer) in [
        ("SELECT count() FROM v_blocks", Some("count()\n40\n")),
        ("select max(number) as head from v_blocks;", Some("head\n40\n")),
        (
            "SELECT number FROM v_blocks WHERE number IN (3, 5) ORDER BY number DESC -- newest first",
            Some("number\n5\n3\n"),
        ),
        ("SELECT pallet, count() AS n FROM v_events GROUP BY pallet ORDER BY n DESC, pallet LIMIT 3", None),
        (
            "SELECT toStartOfDay(time) AS day, sum(amount_tao) FROM v_transfers GROUP BY day ORDER BY day",
            None,
        ),
        (
            "WITH big AS (SELECT * FROM v_transfers WHERE amount_rao > 10), top AS (SELECT * FROM big LIMIT 5) SELECT t.from_account, count() FROM top AS t GROUP BY ALL",
            None,
        ),
        (
            "SELECT b.number, e.n FROM v_blocks AS b INNER JOIN (SELECT block_number, count() AS n FROM v_events GROUP BY block_number) AS e ON e.block_number = b.number ORDER BY 1 LIMIT 2",
            None,
        ),
        (
            "SELECT quantile(0.9)(event_count), uniqExact(author), countIf(event_count > 2), topK(3)(author) FROM v_blocks",
            None,
        ),
        (
            "SELECT arrayMap(x -> x * 2, [1, 2]) AS twice, tupleElement((1, 'a'), 2) AS second, 'it''s' AS text",
            Some("twice\tsecond\ttext\n[2,4]\ta\tit\\'s\n"),
        ),
        (
            "SELECT number, lagInFrame(number) OVER (ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM v_blocks LIMIT 3",
            None,
        ),
        ("SELECT number FROM v_blocks WHERE number NOT IN (SELECT block_number FROM v_events) LIMIT 1", None),
        ("SELECT CAST(number AS Nullable(Decimal(38, 9))), number::String FROM v_blocks LIMIT 1", None),
        ("SELECT JSONExtractString(args, 'to') FROM v_calls WHERE pallet = 'Balances' LIMIT 1 BY call", None),
        ("SELECT author, number FROM v_blocks ORDER BY number LIMIT 1 BY author", None),
        (
            "SELECT toStartOfInterval(time, INTERVAL 1 HOUR) AS hour, count() FROM v_blocks GROUP BY hour ORDER BY hour WITH FILL STEP INTERVAL 1 HOUR LIMIT 5",
            None,
        ),
        ("SELECT 1 UNION ALL SELECT 2", None),
        ("SELECT if(1 < 2, 'a', 'b') AS x, multiIf(1, 2, 3), NULL IS NULL, 1 BETWEEN 0 AND 2", None),
        ("SELECT * FROM v_blocks WHERE author LIKE '5%' LIMIT 1", None),
        ("SELECT * EXCEPT (digest) FROM v_blocks LIMIT 1", None),
        ("SELECT 'why?' AS q", Some("q\nwhy?\n")),
    ] {
        let got = ask(&warehouse, statement, &limits())
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        if let Some(answer) = answer {
            assert_eq!(got, answer, "{statement}");
        }
    }
}

#[tokio::test]
async fn what_was_written_in_quotes_arrives_as_it_was() {
    let (_database, warehouse) = filled().await;
    for text in
        ["it's", "a\\b", "'; DROP TABLE blocks; --", "line\nline", "tab\t", "ü € 𝕏", "\\x41", "$$", "{x}"]
    {
        let quoted = text.replace('\\', "\\\\").replace('\'', "''");
        let statement = format!("SELECT hex('{quoted}') AS x");
        let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(ask(&warehouse, &statement, &limits()).await.unwrap(), format!("x\n{hex}\n"), "{text:?}");
    }
}

#[tokio::test]
async fn limits_hold_and_say_which_one() {
    let (_database, warehouse) = filled().await;
    let cut = AskLimits { result_rows: 7, ..limits() };
    let rows = ask(&warehouse, "SELECT number FROM v_blocks ORDER BY number", &cut).await.unwrap();
    assert_eq!(rows.lines().count(), 8, "{rows}");
    let small = ask(&warehouse, "SELECT number FROM v_blocks ORDER BY number LIMIT 3", &cut).await.unwrap();
    assert_eq!(small.lines().count(), 4, "the statement's own LIMIT holds: {small}");

    let short = AskLimits { seconds: 1, ..limits() };
    let slow =
        "SELECT count() FROM v_events AS a, v_events AS b, v_events AS c, v_events AS d, v_events AS e";
    let error = ask(&warehouse, slow, &short).await.unwrap_err();
    assert!(error.contains("TIMEOUT_EXCEEDED") || error.contains("TOO_SLOW"), "{error}");
    let error = ask(
        &warehouse,
        "SELECT length(groupArray(repeat('x', 1000000))) FROM v_events, v_blocks",
        &AskLimits { memory_bytes: 50_000_000, ..limits() },
    )
    .await
    .unwrap_err();
    assert!(error.contains("MEMORY_LIMIT"), "{error}");
    let error = ask(
        &warehouse,
        "SELECT repeat('x', 100000) FROM v_blocks",
        &AskLimits { result_bytes: 1_000_000, ..limits() },
    )
    .await
    .unwrap_err();
    assert!(error.contains("larger than 1000000 bytes") || error.contains("396"), "{error}");
    let error = ask(&warehouse, "SELECT sum(number) FROM v_blocks", &AskLimits { read_rows: 10, ..limits() })
        .await
        .unwrap_err();
    assert!(error.contains("TOO_MANY_ROWS") || error.contains("158"), "{error}");
}

/// The last wall alone: what the engine itself refuses under the settings of a question.
#[tokio::test]
async fn the_engine_alone_neither_writes_nor_changes_settings() {
    let (_database, warehouse) = filled().await;
    for statement in [
        "INSERT INTO blocks SELECT * FROM blocks",
        "CREATE TABLE t (a UInt8) ENGINE = Memory",
        "DROP TABLE blocks",
        "ALTER TABLE blocks DELETE WHERE 1",
        "TRUNCATE TABLE blocks",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SET readonly = 0",
        "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
        "SELECT * FROM file('/etc/hostname', LineAsString)",
        "SELECT * FROM remote('127.0.0.1', system.one)",
        "SELECT * FROM s3('https://bucket.example/key', CSV)",
    ] {
        let answer = warehouse.ask_unchecked(statement, AskFormat::Tsv, &limits()).unwrap().collect().await;
        assert!(answer.is_err(), "{statement}: {answer:?}");
    }
    assert_eq!(ask(&warehouse, "SELECT count() AS n FROM v_blocks", &limits()).await.unwrap(), "n\n40\n");
}

#[tokio::test]
async fn every_format_is_whole() {
    let (_database, warehouse) = filled().await;
    let question = Question::new("SELECT number, hash, time FROM v_blocks ORDER BY number").unwrap();
    for format in AskFormat::ALL {
        let bytes = warehouse.ask(&question, format, &limits()).unwrap().collect().await.unwrap();
        match format {
            AskFormat::Parquet => assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1")),
            AskFormat::Arrow => assert!(bytes.starts_with(&[0xff, 0xff, 0xff, 0xff]) && bytes.len() > 1_000),
            AskFormat::Json => assert!(bytes.starts_with(b"{") && bytes.trim_ascii_end().ends_with(b"}")),
            _ => assert!(bytes.iter().filter(|byte| **byte == b'\n').count() >= 40),
        }
        assert_eq!(AskFormat::from_name(format.name()), Some(format));
    }
}

#[tokio::test]
async fn the_views_are_those_of_the_schema_and_say_what_their_columns_mean() {
    let (_database, warehouse) = filled().await;
    let sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'";
    let found: BTreeSet<String> =
        warehouse.client().query(sql).fetch_all::<String>().await.unwrap().into_iter().collect();
    assert_eq!(found, VIEWS.iter().map(ToString::to_string).collect());
    let views = warehouse.list_views().await.unwrap();
    assert_eq!(views.len(), VIEWS.len());
    for view in &views {
        assert!(
            !view.about.is_empty() && view.columns.iter().all(|column| !column.about.is_empty()),
            "{view:?}"
        );
        let all = format!("SELECT * FROM {} LIMIT 1", view.name);
        ask(&warehouse, &all, &limits()).await.unwrap_or_else(|error| panic!("{all}: {error}"));
    }
}

#[tokio::test]
async fn every_listed_function_exists() {
    let (_database, warehouse) = filled().await;
    let sql = "SELECT lower(name) FROM system.functions UNION ALL SELECT lower(name) FROM system.data_type_families";
    let known: BTreeSet<String> =
        warehouse.client().query(sql).fetch_all::<String>().await.unwrap().into_iter().collect();
    // grammar, not functions
    let grammar =
        ["cast", "columns", "extract", "date_add", "dateadd", "date_sub", "datesub", "untuple", "notilike"];
    let missing: Vec<_> = function_names()
        .filter(|name| {
            !known.contains(&name.to_lowercase()) && !grammar.contains(&name.to_lowercase().as_str())
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Leaving an answer half read ends its query in the engine.
#[tokio::test]
async fn an_answer_that_is_dropped_is_cancelled() {
    let (_database, warehouse) = filled().await;
    let long = AskLimits { seconds: 60, read_rows: 0, read_bytes: 0, ..limits() };
    let slow =
        "SELECT count() FROM v_events AS a, v_events AS b, v_events AS c, v_events AS d, v_events AS e";
    let question = Question::new(slow).unwrap();
    let running = "SELECT count() FROM system.processes WHERE query LIKE '%v_events AS d%' AND query NOT LIKE '%processes%'";
    let count = || async { warehouse.client().query(running).fetch_one::<u64>().await.unwrap() };
    let mut answer = warehouse.ask(&question, AskFormat::Tsv, &long).unwrap();
    let asked = tokio::spawn(async move { answer.next().await.map(|_| ()) });
    for _ in 0..200 {
        if count().await > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(count().await, 1);
    asked.abort();
    for _ in 0..500 {
        if count().await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the query goes on");
}
