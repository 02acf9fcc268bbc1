//! Pages and API on one port.

mod patient;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::{conn::auto, graceful::GracefulShutdown};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use yumascan_api::{ApiState, limits::Tier};
use yumascan_store::StoreError;
use yumascan_warehouse::{LiveTip, labels::Labels};
use yumascan_web::{EndpointLine, KeptQuestion, Operations, OperationsDesk, PlaceLine, SqlShelf, WebState};

use crate::config::Config;
use crate::house::House;
use patient::Patient;

/// How long answers under way may take at the end; live streams would never end by themselves.
const GRACE: Duration = Duration::from_secs(3);
/// How long a client may take to send the head of a request, and an idle connection may stay.
const HEAD_PATIENCE: Duration = Duration::from_secs(20);
/// How long a client may take none of what is sent to it.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// Connections at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 4_096;

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

/// API and pages over the house, with the limits around both.
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
    if config.api.sql_enabled {
        web = web.with_sql(shelf(house, config));
    }
    web = web.with_operations(desk(house));
    let router = yumascan_api::router(api).merge(yumascan_web::router(web));
    Ok(yumascan_api::limits::guard(router, config.limits.clone(), house.store.clone()))
}

/// What the store knows of endpoints and places, for the page of the instance's state.
fn desk(house: &House) -> OperationsDesk {
    let store = house.store.clone();
    OperationsDesk(Arc::new(move || {
        let store = store.clone();
        Box::pin(async move {
            let read = async {
                Ok::<_, StoreError>((store.list_endpoint_health().await?, store.list_cursors().await?))
            };
            let (endpoints, cursors) = read
                .await
                .inspect_err(|error| tracing::error!(%error, "state of the instance not read"))
                .ok()?;
            let endpoints = endpoints.into_iter().map(|health| EndpointLine {
                endpoint: health.endpoint,
                state: health.state.name(),
                detail: health.detail,
                latency_ms: health.latency_ms,
                finalized_block: health.finalized_block,
                checked_at_ms: health.checked_at_ms,
            });
            let places = cursors.into_iter().map(|cursor| PlaceLine {
                name: cursor.name,
                block: cursor.block,
                updated_at_ms: cursor.updated_at_ms,
            });
            Some(Operations { endpoints: endpoints.collect(), places: places.collect() })
        })
    }))
}

/// Pages ask within an anonymous visitor's limits, and find kept questions in the store.
fn shelf(house: &House, config: &Config) -> SqlShelf {
    let store = house.store.clone();
    let find = move |id: String| {
        let store = store.clone();
        let found = async move {
            match store.find_query(&id).await {
                Ok(found) => found.map(|kept| KeptQuestion { title: kept.title, sql: kept.sql }),
                Err(error) => {
                    tracing::error!(%error, "kept question not read");
                    None
                }
            }
        };
        Box::pin(found) as futures::future::BoxFuture<'static, Option<KeptQuestion>>
    };
    SqlShelf::new(config.api.sql_limits(Tier::Anonymous), config.api.sql_max_concurrent, Arc::new(find))
}

/// Serves until cancelled.
///
/// Slow clients cannot hold it: a head must arrive in time, an answer must be taken in time, and there are so many connections
/// at once and no more.
pub(crate) async fn serve(
    listener: TcpListener,
    router: axum::Router,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_PATIENCE)
        .keep_alive_timeout(HEAD_PATIENCE)
        .max_concurrent_streams(100);
    let builder = Arc::new(builder);
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = cancel.cancelled() => break,
            next = next => next,
        };
        let Ok(slot) = slot else { break };
        match accepted {
            Ok((stream, peer)) => connect(stream, peer, slot, &router, &builder, &graceful),
            Err(error) => {
                // too many open files, or a client that left at once: neither is a reason to stop
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    Ok(())
}

fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    slot: OwnedSemaphorePermit,
    router: &axum::Router,
    builder: &Arc<auto::Builder<TokioExecutor>>,
    graceful: &GracefulShutdown,
) {
    let _ = stream.set_nodelay(true);
    let service = router.clone().map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(Body::new)
    });
    let io = TokioIo::new(Patient::new(stream, WRITE_PATIENCE));
    let builder = Arc::clone(builder);
    let watcher = graceful.watcher();
    tokio::spawn(async move {
        let connection = builder.serve_connection_with_upgrades(io, TowerToHyperService::new(service));
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "connection ended");
        }
        drop(slot);
    });
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
