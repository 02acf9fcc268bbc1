//! WebSocket and HTTP on one port.

mod connection;
mod handle;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{
        DefaultBodyLimit, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use tokio::{net::TcpListener, sync::watch, time::sleep};

use crate::{
    error::DevNodeError,
    node::{DevNode, Shared},
    rpc,
};

pub use handle::Handle;

/// Largest message taken: a large batch.
const LARGEST_MESSAGE: usize = 64 << 20;

/// What every connection shares.
#[derive(Clone)]
struct Serving {
    node: Arc<Shared>,
    /// Becomes true when the node shuts down.
    stop: watch::Receiver<bool>,
}

impl DevNode {
    /// Serves the node on `address` (`127.0.0.1:9944`; port 0 takes a free one) until the handle is dropped.
    ///
    /// # Errors
    /// [`DevNodeError::Listen`] where the address is taken or not one of this machine's.
    pub async fn serve(&self, address: &str) -> Result<Handle, DevNodeError> {
        let listen_error = |source| DevNodeError::Listen { address: address.to_owned(), source };
        let listener = TcpListener::bind(address).await.map_err(listen_error)?;
        let bound: SocketAddr = listener.local_addr().map_err(listen_error)?;
        let (stop, stopped) = watch::channel(false);
        let serving = Serving { node: Arc::clone(&self.shared), stop: stopped.clone() };
        let router =
            Router::new().fallback(take).layer(DefaultBodyLimit::max(LARGEST_MESSAGE)).with_state(serving);
        let server = tokio::spawn(async move {
            let stopping = axum::serve(listener, router).with_graceful_shutdown(until(stopped));
            if let Err(error) = stopping.await {
                tracing::error!(%error, address = %bound, "devnode stopped serving");
            }
        });
        let growth = self.shared.block_time.map(|time| tokio::spawn(Arc::clone(&self.shared).grow(time)));
        Ok(Handle::new(Arc::clone(&self.shared), bound, stop, server, growth))
    }
}

/// Takes any request on any path: an upgrade to a WebSocket, or a JSON-RPC message.
async fn take(
    State(serving): State<Serving>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    body: Bytes,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return upgrade
            .max_message_size(LARGEST_MESSAGE)
            .max_frame_size(LARGEST_MESSAGE)
            .on_upgrade(move |socket| connection::serve(socket, serving));
    }
    let Some(delivery) = misbehave(&serving).await else { return closed_connection() };
    if delivery == Delivery::Never {
        until(serving.stop).await;
        return closed_connection();
    }
    let reply = rpc::reply(&serving.node, &body, None);
    let status = if reply.too_many_requests { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], reply.text.unwrap_or_default())
        .into_response();
    if reply.too_many_requests {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}

/// Whether an answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Answer,
    Never,
}

/// Waits out the latency and throws the dice; `None` where the connection is to be closed.
async fn misbehave(serving: &Serving) -> Option<Delivery> {
    let node = &serving.node;
    let (latency, drop, hang) = {
        let faults = node.faults();
        (faults.latency, faults.drop, faults.hang)
    };
    if !latency.is_zero() {
        sleep(node.random_time(latency)).await;
    }
    let (drops, hangs) = (node.chance(drop), node.chance(hang));
    if drops || hangs {
        node.stats().dropped += 1;
    }
    match (drops, hangs) {
        (true, _) => None,
        (false, true) => Some(Delivery::Never),
        (false, false) => Some(Delivery::Answer),
    }
}

/// A response that breaks off: the client sees its connection closed.
fn closed_connection() -> Response {
    let broken =
        stream::once(async { Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionAborted)) });
    Response::new(Body::from_stream(broken))
}

/// Returns when the node shuts down.
async fn until(mut stop: watch::Receiver<bool>) {
    // the sender is gone: that is a shutdown, too
    let _ = stop.wait_for(|stopped| *stopped).await;
}
