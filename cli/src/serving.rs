//! Pages and API on one port.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use yumascan_api::ApiState;
use yumascan_warehouse::{LiveTip, labels::Labels};
use yumascan_web::WebState;

use crate::config::Config;
use crate::house::House;

/// How long answers under way may take at the end; live streams would never end by themselves.
const GRACE: Duration = Duration::from_secs(3);

/// Takes the port, before anything slow is begun.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|err| match err.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is taken: another program listens there; stop it, or choose another address with --listen \
             (port 0 takes any free one)"
        ),
        std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "{address}: permission denied; ports below 1024 are the system's, choose a higher one with --listen"
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {err}; choose another address with --listen"),
    })
}

/// Labels of the operator, in the data folder.
const LABELS_FILE: &str = "labels.toml";

/// API and pages over the house.
///
/// # Errors
/// Where there is a file of labels that cannot be used.
pub(crate) fn router(
    house: &House,
    tip: &LiveTip,
    config: &Config,
    chain_name: Option<String>,
) -> anyhow::Result<axum::Router> {
    let labels = Labels::load(&config.data_dir.join(LABELS_FILE))?;
    let api = ApiState {
        warehouse: house.warehouse.clone(),
        store: house.store.clone(),
        tip: tip.clone(),
        labels,
        config: config.api.clone(),
    };
    let mut web = WebState::new(house.warehouse.clone(), tip.clone());
    if let Some(name) = chain_name {
        web = web.with_chain_name(name);
    }
    Ok(yumascan_api::router(api).merge(yumascan_web::router(web)))
}

/// Serves until cancelled.
pub(crate) async fn serve(
    listener: TcpListener,
    router: axum::Router,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let stop = cancel.clone();
    let served = axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
    let late = async {
        cancel.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served.into_future() => served.context("the server stopped"),
        () = late => Ok(()),
    }
}

/// The address people can open: a listener on all interfaces is reached by the loopback one.
pub(crate) fn url(listener: &TcpListener) -> anyhow::Result<String> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    Ok(format!("http://{address}"))
}
