//! A client of the compatible paths, as its users run it.

use std::process::Command;

use axum::Router;
use yumascan_warehouse::WarehouseConfig;

use crate::{
    market::market,
    market_world::{ALICE, VALIDATOR},
    world::router_over,
};

/// The address of a server.
async fn serve(router: Router) -> String {
    let wanted = std::env::var("YUMASCAN_SERVE").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(wanted).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_taostats_sdk_is_served_when_only_its_host_is_changed() {
    let api = market().await;
    api.store_recorded().await;
    let url = serve(api.router.clone()).await;
    let run =
        move || Command::new("node").args(["tests/sdk/client.mjs", &url, ALICE, VALIDATOR, "1"]).output();
    let output = tokio::task::spawn_blocking(run).await.unwrap().expect("node is not installed");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "run `npm install` first if the package is missing\n{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// For tools that try the document against a server, such as schemathesis:
/// `YUMASCAN_SERVE=127.0.0.1:9911 cargo test -p yumascan-api --test it rest::sdk::serve -- --ignored`. With `YUMASCAN_ENGINE_URL` and
/// `YUMASCAN_ENGINE_PASSWORD`, as `yumascan engine` prints them, over the warehouse there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "serves until it is ended"]
async fn serve_for_other_tools() {
    let made_up;
    let router = match std::env::var("YUMASCAN_ENGINE_URL") {
        Ok(url) => {
            let password = std::env::var("YUMASCAN_ENGINE_PASSWORD").unwrap_or_default();
            let (database, user) = ("yumascan".to_owned(), "yumascan".to_owned());
            router_over(WarehouseConfig { url, database, user, password }).await
        }
        Err(_) => {
            made_up = market().await;
            made_up.store_recorded().await;
            made_up.router.clone()
        }
    };
    println!("{}", serve(router).await);
    std::future::pending::<()>().await;
}
