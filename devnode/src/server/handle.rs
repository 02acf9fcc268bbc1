//! A running node, as its tests and the command line hold it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle, time::timeout};
use yumascan_chain::BlockNumber;

use crate::{
    Faults, Recording, Stats,
    error::DevNodeError,
    node::{Shared, Step},
};

/// How long connections get to end.
const SHUTDOWN_TIME: Duration = Duration::from_secs(2);

/// A running node. It shuts down when this is dropped.
#[derive(Debug)]
pub struct Handle {
    node: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    growth: Option<JoinHandle<()>>,
}

impl Handle {
    pub(super) fn new(
        node: Arc<Shared>,
        address: SocketAddr,
        stop: watch::Sender<bool>,
        server: JoinHandle<()>,
        growth: Option<JoinHandle<()>>,
    ) -> Self {
        Self { node, address, stop, server, growth }
    }

    /// Where the node listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL for WebSockets.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Its URL for HTTP.
    #[must_use]
    pub fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The recording that is served.
    #[must_use]
    pub fn recording(&self) -> &Arc<Recording> {
        &self.node.recording
    }

    /// Best block of the recorded chain.
    #[must_use]
    pub fn best(&self) -> BlockNumber {
        self.node.tip().best
    }

    /// Finalized block.
    #[must_use]
    pub fn finalized(&self) -> BlockNumber {
        self.node.tip().finalized
    }

    /// Produces blocks until the best one is `blocks` higher or the recording ends; returns the best block.
    ///
    /// Where a competing branch begins on the way, it is shown first and then retracted.
    pub fn advance(&self, blocks: BlockNumber) -> BlockNumber {
        self.grow_to(self.best().saturating_add(blocks))
    }

    /// Produces blocks up to `block` or to the recording's end; returns the best block.
    pub fn grow_to(&self, block: BlockNumber) -> BlockNumber {
        while self.best() < block {
            if self.node.produce() == Step::End {
                break;
            }
        }
        self.best()
    }

    /// Adds a single block, to a competing branch where one begins here; returns whether it is on the recorded chain.
    pub fn step(&self) -> bool {
        self.node.produce() == Step::Recorded
    }

    /// Changes what goes wrong, from the next request on.
    pub fn set_faults(&self, faults: Faults) {
        *self.node.faults() = faults;
    }

    /// What goes wrong at present.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.node.faults().clone()
    }

    /// What the node has been through.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.node.stats().clone()
    }

    /// Closes every WebSocket now, as a node does that restarts.
    pub fn drop_connections(&self) {
        self.node.disconnect_all();
    }

    /// Closes all connections and stops listening.
    pub async fn shutdown(mut self) {
        self.begin_shutdown();
        // a connection that does not end in time is left behind
        let _ = timeout(SHUTDOWN_TIME, &mut self.server).await;
    }

    /// Waits until the server ends by itself, which it does on an error only.
    ///
    /// # Errors
    /// [`DevNodeError::Stopped`], always.
    pub async fn stopped(&mut self) -> Result<(), DevNodeError> {
        let reason = match (&mut self.server).await {
            Ok(()) => "it was shut down".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(DevNodeError::Stopped { address: self.address, reason })
    }

    fn begin_shutdown(&self) {
        self.stop.send_replace(true);
        if let Some(growth) = &self.growth {
            growth.abort();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.begin_shutdown();
    }
}
