//! Waits for the word to stop: SIGTERM or SIGINT; on Windows Ctrl-C, Ctrl-Break, the console closing, the host shutting down.

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

/// Listens from now on; ends when the process is asked to stop, with the name of the signal. Who ends a process on Windows otherwise does not ask.
///
/// # Errors
/// When the signals cannot be listened to.
#[cfg(windows)]
pub fn asked() -> std::io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let (mut ctrl_c, mut ctrl_break, mut close, mut shutdown) = (ctrl_c()?, ctrl_break()?, ctrl_close()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = ctrl_c.recv() => "Ctrl-C",
            _ = ctrl_break.recv() => "Ctrl-Break",
            _ = close.recv() => "its console closing",
            _ = shutdown.recv() => "the host shutting down",
        }
    })
}
