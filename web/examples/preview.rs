//! Serves the pages over some blocks of a recording, for work on their look:
//! `cargo run -p yumascan-web --features ssr --example preview -- demo/main 377 2990 3110`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{path::PathBuf, sync::Arc};

use yumascan_warehouse::{LiveTip, Warehouse, WarehouseConfig};
use yumascan_web::WebState;

#[path = "../tests/support/recording.rs"]
mod recording;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().init();
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().unwrap_or_else(|| "demo/main".to_owned()));
    let mut number = |default: u64| args.next().map_or(default, |text| text.parse().expect("a number"));
    let (spec, from, to) = (u32::try_from(number(377)).expect("a spec"), number(1), number(200));

    let database = yumascan_embedded::testing::fresh_database().expect("the embedded engine");
    let config = WarehouseConfig {
        url: database.url().to_owned(),
        database: database.database().to_owned(),
        user: database.user().to_owned(),
        password: database.password().to_owned(),
    };
    let warehouse = Warehouse::connect(config).await.expect("a connection");
    warehouse.migrate().await.expect("the schema");
    let (runtime, metadata) = recording::runtime(&folder, spec);
    warehouse.insert_metadata(spec, 15, &metadata).await.expect("metadata is stored");
    let blocks = recording::raw_blocks(&folder, spec, from..=to);
    let (tip_block, stored) = blocks.split_last().expect("blocks of that range");
    recording::store(&warehouse, &runtime, stored).await;

    let tip = LiveTip::default();
    tip.push_best(Arc::new(recording::tip_block(&runtime, tip_block)));
    let state = WebState::new(warehouse, tip).with_chain_name("preview");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8700").await.expect("port 8700 is free");
    println!("http://127.0.0.1:8700");
    axum::serve(listener, yumascan_web::router(state)).await.expect("serving");
}
