//! SIGHUP: the word to read again. Where there is none, files that change are read by themselves.

/// Those heard from `listen` on.
#[cfg(unix)]
pub struct Hangups(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangups {
    /// Listens from now on. Where that cannot be, none is heard.
    #[must_use]
    pub fn listen() -> Self {
        Self(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok())
    }

    /// Ends with the next one.
    pub async fn heard(&mut self) {
        let heard = match &mut self.0 {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// There are none.
#[cfg(not(unix))]
pub struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    #[must_use]
    pub fn listen() -> Self {
        Self
    }

    /// Never ends.
    pub async fn heard(&mut self) {
        std::future::pending::<()>().await;
    }
}
