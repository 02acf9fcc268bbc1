//! Stopping in order: the first SIGINT or SIGTERM asks, the second ends the process at once.

use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;

/// How long work may take to end once it was asked to: windows that are being inserted are finished in seconds.
const GRACE: Duration = Duration::from_secs(20);

/// The outcome of `work`; `None` when it was asked to stop and did not within the grace (a node may hang). It is then
/// left as a kill would leave it: what is sealed stays, the rest is done again by the next start.
pub(crate) async fn finish<T>(cancel: &CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    let late = async {
        cancel.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = late => {
            tracing::warn!("it did not stop in time and is left as it is; the next start finishes what was begun");
            None
        }
    }
}

/// A token that is cancelled by the first signal.
pub(crate) fn on_signal() -> CancellationToken {
    let cancel = CancellationToken::new();
    let asked = cancel.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping; once more to stop at once (nothing sealed is lost)");
        asked.cancel();
        let signal = signal().await;
        // not `exit`: it would tear down the engine's globals under its running threads
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    });
    cancel
}

/// Waits for SIGINT or SIGTERM and says which it was.
async fn signal() -> i32 {
    let terminated = async {
        match tokio::signal::unix::signal(SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => SIGINT,
        () = terminated => SIGTERM,
    }
}
