//! The HTTP server: so many connections, of so many at one address, and patience with none that is slow. What it serves is not its business.

use super::{patient::Patient, places::Places};
use crate::{
    broker::{Certificate, Hall, tls::Tls},
    domain::limits,
    runtime::pulse,
};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tracing::debug;

/// Where a request comes from; in its extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What it comes through; in its extensions, where that is TLS.
#[derive(Debug, Clone)]
pub struct Secured(pub Option<Arc<Certificate>>);

/// How long nobody is accepted where the host has no descriptors left.
const FULL: Duration = Duration::from_millis(100);
/// After a failure: when nobody was turned away for so long, it is well again, though nobody came.
const WELL: Duration = Duration::from_secs(5);
/// What it is called where it is told that it ails.
pub const PART: &str = "http";
/// How long open requests may take to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves until told to stop.
pub async fn serve(listener: &TcpListener, tls: Option<Arc<Tls>>, routes: Router, hall: Arc<Hall>, mut stopped: watch::Receiver<bool>) {
    let patience = Duration::from_secs(hall.config.http.patience_seconds.into());
    let places = Places::new(hall.config.http.max_connections);
    // Held by every connection: when the last one is gone, receiving ends.
    let (open, mut closed) = mpsc::channel::<()>(1);
    let mut server = http1::Builder::new();
    // The time for a head runs while nothing is asked, too: who keeps a connection open must use it.
    server.timer(TokioTimer::new()).header_read_timeout(patience).max_headers(limits::HTTP_HEADERS).max_buf_size(limits::HTTP_HEAD_BYTES);
    let mut ails = false;
    loop {
        pulse::waits();
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sleep(WELL), if ails => {
                hall.pulses.is_well(PART);
                ails = false;
                continue;
            }
            _ = stopped.changed() => break,
        };
        pulse::works().await;
        let (stream, peer) = match accepted {
            Ok(accepted) => {
                if std::mem::take(&mut ails) {
                    hall.pulses.is_well(PART);
                }
                accepted
            }
            Err(error) => {
                hall.counters.refuse("accept", &error.to_string());
                hall.pulses.ails(PART, &format!("nobody can ask: {error}"));
                ails = true;
                sleep(FULL).await;
                continue;
            }
        };
        let Some(place) = places.enter(peer.ip()) else {
            hall.counters.refuse("http-connections", &format!("a connection from {peer}: http.max_connections is reached"));
            continue;
        };
        let Some(pass) = hall.place_for_visitor(peer) else { continue };
        if let Err(error) = stream.set_nodelay(true) {
            debug!("TCP_NODELAY for {peer}: {error}");
        }
        let line = Line { server: server.clone(), stopped: stopped.clone(), routes: routes.clone().layer(Extension(Peer(peer))), patience };
        let (hall, tls, open) = (Arc::clone(&hall), tls.clone(), open.clone());
        tokio::spawn(async move {
            match tls {
                None => line.converse(stream, peer).await,
                Some(tls) => match timeout(patience, tls.accept(stream)).await {
                    Ok(Ok((stream, certificate))) => line.secured(stream, certificate, peer, &hall).await,
                    Ok(Err(error)) => hall.counters.refuse("handshake", &format!("{peer} at {PART}: {error}")),
                    Err(_) => hall.counters.refuse("handshake", &format!("{peer} at {PART}: TLS handshake took too long")),
                },
            }
            drop((place, pass, open));
        });
    }
    drop(open);
    let _ = timeout(FAREWELL, closed.recv()).await;
}

/// What one connection is served with.
struct Line {
    server: http1::Builder,
    stopped: watch::Receiver<bool>,
    routes: Router,
    patience: Duration,
}

impl Line {
    /// Who shows no certificate where one is required stays outside, except on this host: whoever watches over Jamey there has none, and the
    /// gate lets him to nothing but its health.
    async fn secured<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        stream: S,
        certificate: Option<Certificate>,
        peer: SocketAddr,
        hall: &Hall,
    ) {
        if certificate.is_none() && hall.config.http.requires_certificate() && !peer.ip().to_canonical().is_loopback() {
            return hall.counters.refuse("handshake", &format!("{peer} at {PART}: it shows no certificate"));
        }
        let routes = self.routes.layer(Extension(Secured(certificate.map(Arc::new))));
        Self { routes, ..self }.converse(stream, peer).await;
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut self, stream: S, peer: SocketAddr) {
        let service = TowerToHyperService::new(self.routes);
        let stream = TokioIo::new(Patient::new(stream, self.patience));
        let mut connection = pin!(self.server.serve_connection(stream, service).with_upgrades());
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = self.stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!("HTTP with {peer} ended: {error}");
        }
    }
}
