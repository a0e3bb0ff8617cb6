//! A connection that is let go when it takes too little of its answer: what is on its way stays in memory meanwhile.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// Who takes less than this in the time that he has takes nothing: a trick, or a line that no answer comes through.
const LEAST_BYTES: usize = 4 * 1_024;

pub struct Patient<S> {
    stream: S,
    patience: Duration,
    /// Runs while something waits to be taken.
    until: Option<Pin<Box<Sleep>>>,
    taken: usize,
}

impl<S> Patient<S> {
    pub fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, until: None, taken: 0 }
    }

    /// What came of a write of so many bytes: that it waits is borne for its time only.
    fn bear(&mut self, written: Poll<io::Result<usize>>, of: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            let now = written.as_ref().map_or(0, |bytes| *bytes);
            self.taken += now;
            // Where all was taken nothing waits any more, however long it is until there is something again.
            if self.taken >= LEAST_BYTES || now == of {
                (self.until, self.taken) = (None, 0);
            }
            return Poll::Ready(written);
        }
        let until = self.until.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + self.patience)));
        ready!(until.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.bear(written, buf.len(), cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.bear(written, bufs.iter().map(|buf| buf.len()).sum(), cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn who_takes_nothing_is_let_go_and_who_is_slow_is_not() {
        let patience = Duration::from_millis(50);
        let (near, _far) = duplex(1_024);
        let error = Patient::new(near, patience).write_all(&[0; 4_096]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);

        let (near, mut far) = duplex(8 * 1_024);
        let mut patient = Patient::new(near, patience);
        let reads = async {
            let mut taken = vec![0; 8 * 1_024];
            for _ in 0..8 {
                tokio::time::sleep(patience / 2).await;
                far.read_exact(&mut taken).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(patient.write_all(&[0; 64 * 1_024]), reads);
        written.unwrap();

        // What is idle takes nothing because there is nothing.
        let (near, mut far) = duplex(1_024);
        let mut patient = Patient::new(near, patience);
        for _ in 0..3 {
            let mut taken = [0; 1_500];
            let (written, read) = tokio::join!(patient.write_all(&[0; 1_500]), far.read_exact(&mut taken));
            assert!(written.is_ok() && read.is_ok());
            tokio::time::sleep(patience * 2).await;
        }

        // A byte now and then is a trick.
        let (near, mut far) = duplex(16);
        let mut patient = Patient::new(near, patience);
        let reads = async {
            while far.read_u8().await.is_ok() {
                tokio::time::sleep(patience / 8).await;
            }
        };
        let (written, ()) = tokio::join!(
            async {
                let written = patient.write_all(&[0; 4_096]).await;
                drop(patient);
                written
            },
            reads
        );
        assert!(written.is_err());
    }
}
