//! The schema comes up once, and knows its age.

use yumascan_warehouse::{WarehouseError, migrate::newest_schema_version};

use crate::support::empty_warehouse;

#[tokio::test]
async fn a_second_migration_changes_nothing() {
    let (_database, warehouse) = empty_warehouse().await;
    assert_eq!(warehouse.find_schema_version().await.unwrap(), None);
    let first = warehouse.migrate().await.unwrap();
    assert_eq!((first.from, first.to), (0, newest_schema_version()));
    assert!(first.applied.is_sorted() && first.applied.len() >= 6, "{:?}", first.applied);
    let second = warehouse.migrate().await.unwrap();
    assert_eq!((second.from, second.applied.len()), (newest_schema_version(), 0));
    assert_eq!(warehouse.find_schema_version().await.unwrap(), Some(newest_schema_version()));
}

#[tokio::test]
async fn a_migration_that_was_cut_off_is_taken_up_again() {
    let (_database, warehouse) = empty_warehouse().await;
    warehouse.migrate().await.unwrap();
    // as if the process had died before the last migration was recorded, with one of its tables missing
    for statement in
        ["DROP TABLE emission_verifications SYNC", "DELETE FROM schema_migrations WHERE version = 5"]
    {
        warehouse.client().query(statement).execute().await.unwrap();
    }
    assert_eq!(warehouse.migrate().await.unwrap().applied, ["0005_verification"]);
    let exists =
        warehouse.client().query("EXISTS TABLE emission_verifications").fetch_one::<u8>().await.unwrap();
    assert_eq!(exists, 1);
    assert_eq!(warehouse.migrate().await.unwrap().applied.len(), 0);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_database, warehouse) = empty_warehouse().await;
    warehouse.migrate().await.unwrap();
    let newer = "INSERT INTO schema_migrations (version, name, checksum) SETTINGS async_insert = 0 VALUES (99, 'x', 'y')";
    warehouse.client().query(newer).execute().await.unwrap();
    let error = warehouse.migrate().await.unwrap_err();
    assert!(matches!(error, WarehouseError::SchemaNewer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("use a newer yumascan"), "{error}");
}

#[tokio::test]
async fn a_database_name_that_needs_quoting_is_refused() {
    let (database, _warehouse) = empty_warehouse().await;
    let config = yumascan_warehouse::WarehouseConfig {
        url: database.url().to_owned(),
        database: "x`; DROP DATABASE y".to_owned(),
        user: database.user().to_owned(),
        password: database.password().to_owned(),
    };
    let error = yumascan_warehouse::Warehouse::connect(config).await.unwrap_err();
    assert!(matches!(error, WarehouseError::DatabaseName { .. }), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_not_worth_another_try() {
    let (database, _warehouse) = empty_warehouse().await;
    let config = yumascan_warehouse::WarehouseConfig {
        url: database.url().to_owned(),
        database: database.database().to_owned(),
        user: database.user().to_owned(),
        password: "wrong".to_owned(),
    };
    let error = yumascan_warehouse::Warehouse::connect(config).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_try() {
    let config = yumascan_warehouse::WarehouseConfig {
        url: "http://127.0.0.1:9".to_owned(),
        database: "yumascan".to_owned(),
        user: "yumascan".to_owned(),
        password: String::new(),
    };
    let error = yumascan_warehouse::Warehouse::connect(config).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}
