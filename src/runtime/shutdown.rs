//! Waits for the word to stop: SIGTERM, SIGINT, or Ctrl-C.

/// Listens from now on; ends when the process is asked to stop, with the name of the signal.
///
/// # Errors
/// When the signals cannot be listened to.
#[cfg(unix)]
pub fn asked() -> std::io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => "SIGTERM",
            _ = int.recv() => "SIGINT",
        }
    })
}

/// Listens from now on; ends when the process is asked to stop, with the name of the signal.
///
/// # Errors
/// When the signals cannot be listened to.
#[cfg(not(unix))]
pub fn asked() -> std::io::Result<impl Future<Output = &'static str>> {
    Ok(async {
        // Without it the process ends by the signal itself.
        let _ = tokio::signal::ctrl_c().await;
        "Ctrl-C"
    })
}
