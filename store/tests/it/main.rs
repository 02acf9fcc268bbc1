//! The store's promises, each held to SQLite and to a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alerts;
mod database;
mod identity;
mod opening;
mod platform;
mod postgres;
mod windows;

/// Runs each promise (an async function over a [`database::TestDatabase`]) as a test on both databases.
macro_rules! on_both_databases {
    ($($promise:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $promise() {
                let database = crate::database::TestDatabase::sqlite();
                super::$promise(&database).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $promise() {
                let database = crate::database::TestDatabase::postgres().await;
                super::$promise(&database).await;
                database.drop_postgres().await;
            })+
        }
    };
}
pub(crate) use on_both_databases;
