//! What a connection to another broker needs, read at start: passwords and certificates. They stay here, and nobody prints them.

use crate::{broker::identity::OWN_USER, config::Remote, runtime::files};
use rumqttc::{TlsConfiguration, Transport};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

/// How the other broker is called.
pub struct Dial {
    pub client_id: String,
    pub host: String,
    pub port: u16,
    pub keep_alive: Duration,
    pub clean_start: bool,
    pub login: Option<(String, String)>,
    /// Topic and payload, retained.
    pub will: Option<(String, &'static str)>,
    tls: Option<Arc<ClientConfig>>,
}

/// Something named in the config cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{what} {place} {why}")]
pub struct Unusable {
    what: &'static str,
    place: String,
    why: String,
}

fn unusable(what: &'static str, place: impl ToString, why: impl ToString) -> Unusable {
    Unusable { what, place: place.to_string(), why: why.to_string() }
}

impl Dial {
    /// # Errors
    /// When a password or certificate cannot be read, or others may read the password.
    pub fn read(remote: &Remote, client_id: String, will: Option<(String, &'static str)>) -> Result<Self, Unusable> {
        let (host, port) = remote.address.rsplit_once(':').unwrap_or((&remote.address, "1883"));
        let password = match (&remote.password_file, &remote.password_env) {
            (Some(path), _) => private(path)?,
            (None, Some(name)) => {
                std::env::var(name).map_err(|_| unusable("the variable", name, "is not set: it is to hold the password"))?
            }
            (None, None) => String::new(),
        };
        Ok(Self {
            client_id,
            host: host.to_owned(),
            port: port.parse().unwrap_or(1883),
            keep_alive: Duration::from_secs(u64::from(remote.keep_alive_seconds)),
            clean_start: remote.clean_start,
            login: remote.user.clone().map(|user| (user, password)),
            will,
            tls: if remote.tls { Some(Arc::new(tls(remote)?)) } else { None },
        })
    }

    /// Jamey's own listener, as Jamey itself.
    #[must_use]
    pub fn own(at: SocketAddr, client_id: String, secret: &str) -> Self {
        Self {
            client_id,
            host: at.ip().to_string(),
            port: at.port(),
            keep_alive: Duration::from_secs(30),
            clean_start: true,
            login: Some((OWN_USER.to_owned(), secret.to_owned())),
            will: None,
            tls: None,
        }
    }

    pub(super) fn transport(&self) -> Option<Transport> {
        self.tls.as_ref().map(|tls| Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(tls))))
    }
}

/// A secret in a file that only its owner may read.
fn private(path: &Path) -> Result<String, Unusable> {
    let wrong = |why: &dyn ToString| unusable("the password in", path.display(), why.to_string());
    let found = std::fs::metadata(path).map_err(|e| wrong(&format!("cannot be read: {e}")))?;
    if files::shared_secret(path, &found).is_some() {
        return Err(wrong(&"can be read by others: run `chmod 600` on it"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| wrong(&format!("cannot be read: {e}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn tls(remote: &Remote) -> Result<ClientConfig, Unusable> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &remote.ca {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|e| unusable("a certificate in", path.display(), e))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable("TLS", "", e))?
        .with_root_certificates(roots);
    let (Some(certificate), Some(key)) = (&remote.certificate, &remote.key) else { return Ok(builder.with_no_client_auth()) };
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| unusable("the key in", key.display(), format!("cannot be read: {e}")))?;
    builder.with_client_auth_cert(certificates(certificate)?, secret).map_err(|e| unusable("the certificate in", certificate.display(), e))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let wrong = |why: String| unusable("the certificates in", path.display(), why);
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|e| wrong(format!("cannot be read: {e}")))?.collect();
    let all = all.map_err(|e| wrong(format!("cannot be read: {e}")))?;
    if all.is_empty() { Err(wrong("are none: PEM is expected".into())) } else { Ok(all) }
}
