//! Opening: schema versions, damaged files, several processes.

use yumascan_chain::Hash;
use yumascan_store::{Store, StoreError};

use crate::{database::TestDatabase, on_both_databases};

on_both_databases!(
    a_newer_schema_is_refused_and_left_alone,
    a_changed_migration_is_refused,
    processes_that_start_at_once_share_one_schema,
    a_value_changed_from_outside_is_named,
);

async fn a_newer_schema_is_refused_and_left_alone(database: &TestDatabase) {
    let store = database.open().await;
    store.claim_chain(Hash([1; 32]), "kept").await.unwrap();
    store.close().await;
    database
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 9000, 'from the future', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    let refused = Store::open(&database.url).await.unwrap_err();
    assert!(matches!(refused, StoreError::SchemaNewer { found: 9000, known: 1.. }), "{refused}");
    assert!(refused.to_string().contains("newer yumascan"), "{refused}");

    database.execute("DELETE FROM _sqlx_migrations WHERE version = 9000").await;
    let chain = database.open().await.find_chain().await.unwrap().unwrap();
    assert_eq!(chain.name, "kept");
}

async fn a_changed_migration_is_refused(database: &TestDatabase) {
    database.open().await.close().await;
    // any other bytes of the right type
    database.execute("UPDATE _sqlx_migrations SET checksum = substr(checksum, 2) WHERE version = 1").await;
    let refused = Store::open(&database.url).await.unwrap_err();
    assert!(matches!(refused, StoreError::SchemaDiffers { version: 1 }), "{refused}");
}

async fn processes_that_start_at_once_share_one_schema(database: &TestDatabase) {
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let url = database.url.clone();
        starts.spawn(async move { Store::open(&url).await });
    }
    while let Some(started) = starts.join_next().await {
        let store = started.unwrap().unwrap();
        assert_eq!(store.find_chain().await.unwrap(), None);
    }
}

async fn a_value_changed_from_outside_is_named(database: &TestDatabase) {
    let store = database.open().await;
    store.claim_chain(Hash([1; 32]), "chain").await.unwrap();
    database.execute("UPDATE chain SET genesis_hash = '0x12'").await;
    let refused = store.find_chain().await.unwrap_err();
    assert!(matches!(refused, StoreError::Value { column: "genesis_hash", .. }), "{refused}");
}

mod on_sqlite_files {
    use super::*;

    #[tokio::test]
    async fn a_file_is_made_with_its_folders_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["plain/deep/store.sqlite", "with space/100%/a?b#c/überall.sqlite"] {
            let file = folder.path().join(name);
            let store = Store::open_file(&file).await.unwrap();
            store.set_cursor("head", 1, None).await.unwrap();
            store.close().await;
            assert!(file.is_file(), "{}", file.display());
        }
    }

    #[tokio::test]
    async fn readers_do_not_wait_for_writers() {
        let database = TestDatabase::sqlite();
        let _store = database.open().await;
        let file = database.url.trim_start_matches("sqlite://");
        let mut header = std::fs::read(file).unwrap();
        header.truncate(20);
        // bytes 18 and 19 of an SQLite file: 2 means write-ahead log
        assert_eq!(&header[18..], [2, 2]);
    }

    #[tokio::test]
    async fn what_is_in_memory_works_without_a_file() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        store.claim_chain(Hash([1; 32]), "memory").await.unwrap();
        assert!(store.find_chain().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_called_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.sqlite");
        std::fs::write(&file, "this was a store once. ".repeat(200)).unwrap();
        let refused = Store::open_file(&file).await.unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
        assert!(refused.to_string().contains("backup"), "{refused}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("file");
        std::fs::write(&in_the_way, "").unwrap();
        let refused = Store::open_file(&in_the_way.join("store.sqlite")).await.unwrap_err();
        assert!(matches!(refused, StoreError::Open { .. }), "{refused}");
        assert!(refused.to_string().contains("file/store.sqlite"), "{refused}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named_without_its_password() {
        let refused = Store::open("postgres://scan:secret@127.0.0.1:1/scan").await.unwrap_err();
        let message = refused.to_string();
        assert!(matches!(refused, StoreError::Open { .. }), "{message}");
        assert!(message.contains("127.0.0.1:1") && !message.contains("secret"), "{message}");
    }
}
