//! Carries plain TCP to a door of another kind: so one MQTT client tries all of them.

use super::{authority::Pair, mqtt::PATIENCE};
use futures_util::{SinkExt, StreamExt};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, handshake::client::Request},
};

/// How a door is reached.
#[derive(Clone)]
pub struct Way {
    to: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    web: bool,
}

pub fn to(address: SocketAddr) -> Way {
    Way { to: address, tls: None, web: false }
}

/// What a TLS client trusts and shows.
pub fn client(ca: &Path, shows: Option<&Pair>, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_file_iter(ca).unwrap() {
        roots.add(ca.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap().with_root_certificates(roots);
    match shows {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = CertificateDer::pem_file_iter(&pair.certificate).unwrap().map(Result::unwrap).collect();
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(&pair.key).unwrap()).unwrap()
        }
    }
}

impl Way {
    pub fn tls(self, ca: &Path, shows: Option<&Pair>) -> Self {
        self.tls_of(ca, shows, &[&TLS12, &TLS13])
    }

    pub fn tls_of(self, ca: &Path, shows: Option<&Pair>, versions: &[&'static SupportedProtocolVersion]) -> Self {
        Self { tls: Some(Arc::new(client(ca, shows, versions))), ..self }
    }

    pub fn web(self) -> Self {
        Self { web: true, ..self }
    }

    /// The request of a client as there are many.
    pub fn request(&self) -> Request {
        let mut request = format!("ws://{}/mqtt", self.to).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "mqtt".parse().unwrap());
        request
    }

    /// The address of a plain port behind which that door is. A door that does not open closes the connection.
    pub fn carry(self, runtime: &Runtime) -> SocketAddr {
        runtime.block_on(async {
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let at = socket.local_addr().unwrap();
            tokio::spawn(async move {
                while let Ok((plain, _)) = socket.accept().await {
                    plain.set_nodelay(true).unwrap();
                    let way = self.clone();
                    tokio::spawn(async move { way.one(plain).await });
                }
            });
            at
        })
    }

    async fn one(self, plain: TcpStream) {
        let stream = TcpStream::connect(self.to).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match &self.tls {
            None => self.over(plain, stream).await,
            Some(_) => {
                if let Ok(stream) = self.secured(stream).await {
                    self.over(plain, stream).await;
                }
            }
        }
    }

    /// # Errors
    /// When the server does not prove itself, or does not take us.
    pub async fn secured(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::clone(self.tls.as_ref().unwrap()));
        tokio::time::timeout(PATIENCE, connector.connect(name, stream)).await.expect("no TLS handshake")
    }

    /// A WebSocket to the door itself.
    ///
    /// # Errors
    /// When the upgrade is refused.
    pub async fn socket(&self, request: Request) -> Result<WebSocketStream<TcpStream>, Error> {
        let stream = TcpStream::connect(self.to).await.unwrap();
        tokio::time::timeout(PATIENCE, client_async(request, stream)).await.expect("no upgrade").map(|(web, _)| web)
    }

    async fn over<S: AsyncRead + AsyncWrite + Unpin>(&self, mut plain: TcpStream, mut stream: S) {
        if !self.web {
            let _ = copy_bidirectional(&mut plain, &mut stream).await;
            return;
        }
        let Ok((mut web, _)) = client_async(self.request(), stream).await else { return };
        let mut chunk = vec![0; 16_384];
        loop {
            tokio::select! {
                read = plain.read(&mut chunk) => match read {
                    Ok(n) if n > 0 => {
                        // Packets need not keep to messages: short ones are cut, long ones are not.
                        let step = if n < 200 { 7 } else { n };
                        for piece in chunk[..n].chunks(step) {
                            if web.send(Message::binary(piece.to_vec())).await.is_err() {
                                return;
                            }
                        }
                    }
                    _ => {
                        let _ = web.close(None).await;
                        return;
                    }
                },
                said = web.next() => match said {
                    Some(Ok(Message::Binary(bytes))) if plain.write_all(&bytes).await.is_ok() => {}
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => return,
                },
            }
        }
    }
}
