//! Waits for the word to stop: SIGTERM, SIGINT, or Ctrl-C.

/// Returns when the process is asked to stop, with the name of the signal.
///
/// # Errors
/// When the signals cannot be listened to.
#[cfg(unix)]
pub async fn asked() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    })
}

/// Returns when the process is asked to stop, with the name of the signal.
///
/// # Errors
/// When the signals cannot be listened to.
#[cfg(not(unix))]
pub async fn asked() -> std::io::Result<&'static str> {
    tokio::signal::ctrl_c().await?;
    Ok("Ctrl-C")
}
