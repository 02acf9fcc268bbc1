//! Stopping in order: the first SIGINT or SIGTERM asks, the second ends the process at once.

use tokio_util::sync::CancellationToken;

/// Exit code of a process ended by SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

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
