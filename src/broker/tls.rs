//! One listener's TLS: its files, read at the start and again whenever they change; and the handshake, of which the caller bounds the time.

use super::{
    certificate::{self, Validity},
    entrance::{Certificate, Number},
};
use crate::{
    config::{ClientFiles, TlsFiles},
    runtime::files::{self, Stamp},
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// What is wrong with the files, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{} cannot be read ({why}); name a file that this user may read", path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("{} can be read by others (mode {mode:03o}); run `chmod 600 {}`", path.display(), path.display())]
    OpenKey { path: PathBuf, mode: u32 },
    #[error("{} holds no {what} in PEM ({why}); `jamey certs` makes such files", path.display())]
    NotPem { path: PathBuf, what: &'static str, why: String },
    #[error("{} does not fit ({why}); write one that does", path.display())]
    Unfit { path: PathBuf, why: String },
}

/// A certificate that will end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub path: PathBuf,
    pub validity: Validity,
}

/// The TLS of one listener.
pub struct Tls {
    files: TlsFiles,
    state: Mutex<State>,
}

struct State {
    config: Arc<ServerConfig>,
    watched: Vec<Watched>,
    taken_back: BTreeSet<Number>,
    /// The files as they were when they were last taken, or refused.
    tried: Vec<Option<Stamp>>,
    /// The files as they were when they were last looked at.
    seen: Vec<Option<Stamp>>,
    /// Why the files as they are now are not used.
    refused: Option<String>,
}

impl Tls {
    /// # Errors
    /// When a file cannot be read or used, with what to do about it.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let stamps = stamps(&files);
        let (config, watched, taken_back) = read(&files)?;
        let state = State { config, watched, taken_back, tried: stamps.clone(), seen: stamps, refused: None };
        Ok(Self { files, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes files that have changed and then stood still from one look to the next: certificate and key are written one after the
    /// other. Files that cannot be used are left, and the old ones go on. None: there was nothing to do.
    pub fn look(&self) -> Option<Result<(), TlsError>> {
        let now = stamps(&self.files);
        {
            let mut state = self.state();
            let settled = std::mem::replace(&mut state.seen, now.clone()) == now;
            if now == state.tried || !settled {
                return None;
            }
        }
        // Read with nothing held: a slow disk keeps no handshake waiting.
        let fresh = read(&self.files);
        let mut state = self.state();
        state.tried = now;
        Some(match fresh {
            Ok((config, watched, taken_back)) => {
                (state.config, state.watched, state.taken_back, state.refused) = (config, watched, taken_back, None);
                Ok(())
            }
            Err(error) => {
                state.refused = Some(error.to_string());
                Err(error)
            }
        })
    }

    /// Whether the list of those taken back has it now: it may have been good when its connection began.
    #[must_use]
    pub fn has_taken_back(&self, certificate: &Certificate) -> bool {
        self.state().taken_back.contains(&certificate.number)
    }

    /// The certificates in use.
    #[must_use]
    pub fn watched(&self) -> Vec<Watched> {
        self.state().watched.clone()
    }

    /// Why the files as they are now are not used.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        self.state().refused.clone()
    }

    /// The server's side of the handshake, and what the client proved.
    ///
    /// # Errors
    /// When the client does not speak TLS 1.2 or 1.3, or its certificate is missing, foreign, taken back or out of its time.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<(TlsStream<S>, Option<Certificate>)> {
        let config = Arc::clone(&self.state().config);
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.map(|der| Certificate::read(der));
        Ok((stream, certificate))
    }
}

fn stamps(of: &TlsFiles) -> Vec<Option<Stamp>> {
    let clients = of.clients.iter().flat_map(|c| [Some(&c.ca), c.crl.as_ref()]).flatten();
    [&of.certificate, &of.key].into_iter().chain(clients).map(|path| files::stamp(path)).collect()
}

/// What handshakes go by, the certificates in it, and the numbers of those taken back.
type Read = (Arc<ServerConfig>, Vec<Watched>, BTreeSet<Number>);

fn read(files: &TlsFiles) -> Result<Read, TlsError> {
    let unfit = |path: &Path, why: &dyn std::fmt::Display| TlsError::Unfit { path: path.to_owned(), why: why.to_string() };
    let chain = certificates(&files.certificate)?;
    let (mut watched, mut taken_back) = (watch(&files.certificate, &chain), BTreeSet::new());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|e| unfit(&files.certificate, &e))?;
    let builder = match &files.clients {
        Some(clients) => {
            let authorities = certificates(&clients.ca)?;
            watched.extend(watch(&clients.ca, &authorities));
            let lists = clients.crl.as_deref().map(lists).transpose()?.unwrap_or_default();
            taken_back = lists.iter().flat_map(|list| certificate::taken_back(list)).collect();
            builder.with_client_cert_verifier(verifier(clients, authorities, lists, provider)?)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key(&files.key)?).map_err(|e| unfit(&files.key, &e))?;
    if files.clients.is_some() {
        // A resumed session shows no certificate, and could outlive it.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok((Arc::new(config), watched, taken_back))
}

fn verifier(
    clients: &ClientFiles,
    authorities: Vec<CertificateDer<'static>>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let unfit = |path: &Path, why: String| TlsError::Unfit { path: path.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).map_err(|e| unfit(&clients.ca, e.to_string()))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if !lists.is_empty() {
        // A list takes back the certificates that stand on it; of an authority without one all are good.
        builder = builder.with_crls(lists).only_check_end_entity_revocation().allow_unknown_revocation_status();
    }
    if !clients.required {
        builder = builder.allow_unauthenticated();
    }
    builder.build().map_err(|e| unfit(clients.crl.as_ref().unwrap_or(&clients.ca), e.to_string()))
}

/// Every list of a PEM file.
fn lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let what = "list of revoked certificates";
    let read: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&bytes(path)?).collect();
    let read = read.map_err(|e| not_pem(path, what, &e))?;
    if read.is_empty() { Err(not_pem(path, what, &"there is none")) } else { Ok(read) }
}

fn bytes(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|why| TlsError::Unreadable { path: path.to_owned(), why })
}

fn not_pem(path: &Path, what: &'static str, why: &dyn std::fmt::Display) -> TlsError {
    TlsError::NotPem { path: path.to_owned(), what, why: why.to_string() }
}

/// Every certificate of a PEM file.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let what = "certificate";
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes(path)?).collect();
    let read = read.map_err(|e| not_pem(path, what, &e))?;
    if read.is_empty() { Err(not_pem(path, what, &"there is none")) } else { Ok(read) }
}

/// A private key that nobody else can read.
fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let meta = std::fs::metadata(path).map_err(|why| TlsError::Unreadable { path: path.to_owned(), why })?;
    if let Some(mode) = files::shared_secret(path, &meta) {
        return Err(TlsError::OpenKey { path: path.to_owned(), mode });
    }
    PrivateKeyDer::from_pem_slice(&bytes(path)?).map_err(|e| not_pem(path, "private key", &e))
}

fn watch(path: &Path, chain: &[CertificateDer<'_>]) -> Vec<Watched> {
    chain.iter().filter_map(|der| Some(Watched { path: path.to_owned(), validity: certificate::validity(der)? })).collect()
}
