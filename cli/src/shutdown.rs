//! Stopping in order: the first SIGINT or SIGTERM asks, the second ends the process at once.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Exit code of a process ended by SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

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
        signal().await;
        std::process::exit(INTERRUPTED);
    });
    cancel
}

#[cfg(unix)]
async fn signal() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
