//! The official `clickhouse` crate against the endpoint.

use clickhouse::{Client, Compression, Row};
use serde::{Deserialize, Serialize};
use yumascan_embedded::testing::{TestDatabase, fresh_database};

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Sample {
    number: u64,
    name: String,
    amount: Option<u128>,
    tags: Vec<String>,
}

fn sample(number: u64) -> Sample {
    let amount = (!number.is_multiple_of(3)).then_some(u128::from(number) << 70);
    Sample { number, name: format!("row {number}"), amount, tags: vec![format!("t{}", number % 7); 2] }
}

fn client(db: &TestDatabase) -> Client {
    Client::default()
        .with_url(db.url())
        .with_user(db.user())
        .with_password(db.password())
        .with_database(db.database())
}

async fn create(client: &Client) {
    let ddl = "CREATE TABLE samples (number UInt64, name String, amount Nullable(UInt128), tags Array(String)) \
               ENGINE = MergeTree ORDER BY number SETTINGS non_replicated_deduplication_window = 100";
    client.query(ddl).execute().await.unwrap();
}

async fn insert(client: &Client, rows: std::ops::Range<u64>) -> Result<(), clickhouse::error::Error> {
    let mut insert = client.insert::<Sample>("samples").await?;
    for number in rows {
        insert.write(&sample(number)).await?;
    }
    insert.end().await
}

async fn count(client: &Client) -> u64 {
    client.query("SELECT count() FROM samples").fetch_one().await.unwrap()
}

#[tokio::test]
async fn rows_come_back_as_they_went_with_and_without_compression() {
    let db = fresh_database().unwrap();
    for compression in [Compression::Lz4, Compression::None] {
        let client = client(&db).with_compression(compression);
        client.query("DROP TABLE IF EXISTS samples").execute().await.unwrap();
        create(&client).await;
        insert(&client, 0..200_000).await.unwrap();
        let mut cursor =
            client.query("SELECT ?fields FROM samples ORDER BY number").fetch::<Sample>().unwrap();
        let mut next = 0;
        while let Some(row) = cursor.next().await.unwrap() {
            assert_eq!(row, sample(next));
            next += 1;
        }
        assert_eq!(next, 200_000);
        let none =
            client.query("SELECT ?fields FROM samples WHERE number > 1000000").fetch_all::<Sample>().await;
        assert_eq!(none.unwrap(), []);
    }
}

#[tokio::test]
async fn parameters_are_bound_on_the_server() {
    let db = fresh_database().unwrap();
    let client = client(&db);
    create(&client).await;
    insert(&client, 0..100).await.unwrap();
    let odd = "it's a \\ and\ta tab\nand a line";
    let query = "SELECT {text:String}, count(), arraySum({list:Array(UInt64)}) FROM samples \
                 WHERE number IN {list:Array(UInt64)}";
    let (text, count, sum) = client
        .query(query)
        .param("text", odd)
        .param("list", vec![1_u64, 2, 1000])
        .fetch_one::<(String, u64, u64)>()
        .await
        .unwrap();
    assert_eq!((text.as_str(), count, sum), (odd, 2, 1003));
}

#[tokio::test]
async fn a_repeated_token_inserts_nothing_twice() {
    let db = fresh_database().unwrap();
    let client = client(&db);
    create(&client).await;
    let first = client.clone().with_setting("insert_deduplication_token", "window-1");
    insert(&first, 0..1000).await.unwrap();
    insert(&first, 0..1000).await.unwrap();
    assert_eq!(count(&client).await, 1000);
    let second = client.clone().with_setting("insert_deduplication_token", "window-2");
    insert(&second, 0..1000).await.unwrap();
    assert_eq!(count(&client).await, 2000, "another token is another insert, even of equal rows");
    let sql = "INSERT INTO samples (number) SETTINGS insert_deduplication_token = 'window-2' VALUES (1)";
    client.query(sql).execute().await.unwrap();
    assert_eq!(count(&client).await, 2000, "the token in SETTINGS counts as the one in the URL");
}

#[tokio::test]
async fn an_exception_after_the_first_rows_reaches_the_client() {
    let db = fresh_database().unwrap();
    for compression in [Compression::Lz4, Compression::None] {
        let client = client(&db).with_compression(compression);
        let query = "SELECT toUInt64(throwIf(number = 3000000, 'too far') + number) FROM numbers(5000000) \
                     SETTINGS max_block_size = 10000, max_threads = 1";
        let mut cursor = client.query(query).fetch::<u64>().unwrap();
        let mut rows = 0;
        let error = loop {
            match cursor.next().await {
                Ok(Some(_)) => rows += 1,
                Ok(None) => panic!("the end came without the exception, after {rows} rows"),
                Err(err) => break err.to_string(),
            }
        };
        assert!(rows > 0, "{error}");
        assert!(error.contains("Code: 395") && error.contains("too far"), "{error}");
    }
}

#[tokio::test]
async fn an_exception_before_the_first_rows_is_told_in_full() {
    let db = fresh_database().unwrap();
    let error = client(&db).query("SELECT * FROM nowhere").fetch_all::<u64>().await.unwrap_err().to_string();
    assert!(error.contains("Code: 60. DB::Exception") && error.contains("(UNKNOWN_TABLE)"), "{error}");
    let stranger = client(&db).with_password("wrong");
    let error = stranger.query("SELECT 1").fetch_all::<u8>().await.unwrap_err().to_string();
    assert!(error.contains("Code: 516"), "{error}");
}

#[tokio::test]
async fn an_abandoned_insert_leaves_no_rows() {
    let db = fresh_database().unwrap();
    let client = client(&db).with_compression(Compression::None);
    create(&client).await;
    let mut abandoned = client.insert::<Sample>("samples").await.unwrap();
    for number in 0..50_000 {
        abandoned.write(&sample(number)).await.unwrap();
    }
    drop(abandoned);
    insert(&client, 0..10).await.unwrap();
    assert_eq!(count(&client).await, 10);
}
