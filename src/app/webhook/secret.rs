//! What a webhook needs that stands in files: the secret that signs, and the authorities by which its receiver proves itself.

use crate::{config::WebhookEntry, domain::limits, runtime::files};
use anyhow::{Context, Result, bail};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use zeroize::Zeroizing;

/// Where systemd puts what it hands over.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// What signs. None: nothing is to be signed.
///
/// # Errors
/// When it is named and not there, can be read by others, or is empty or too long.
pub fn of(entry: &WebhookEntry) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let handed_over = |name: &String| {
        let folder = std::env::var_os(CREDENTIALS).with_context(|| {
            format!("systemd handed over no credential {name}: write `LoadCredential=` in the unit, or `secret_file` in the config")
        })?;
        Ok::<_, anyhow::Error>(PathBuf::from(folder).join(name))
    };
    let secret = match (&entry.secret_file, &entry.secret_env, &entry.credential) {
        (Some(path), _, _) => private(path)?,
        (None, Some(name), _) => {
            let value = std::env::var(name).map(Zeroizing::new);
            Zeroizing::new(value.with_context(|| format!("the variable {name} is not set: it is to hold the secret"))?.as_bytes().to_vec())
        }
        (None, None, Some(name)) => private(&handed_over(name)?)?,
        (None, None, None) => return Ok(None),
    };
    match secret.len() {
        0 => bail!("its secret is empty: write some 32 random characters there"),
        long if long > limits::WEBHOOK_SECRET_BYTES => {
            bail!("its secret has more than {} bytes: it is another file", limits::WEBHOOK_SECRET_BYTES)
        }
        _ => Ok(Some(secret)),
    }
}

/// A secret in a file that only its owner may read, without the end of its line.
fn private(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let shown = path.display();
    let file = std::fs::metadata(path).with_context(|| format!("the secret in {shown} cannot be read"))?;
    if files::shared_secret(path, &file).is_some() {
        bail!("the secret in {shown} can be read by others: run `chmod 600` on it");
    }
    if !file.is_file() || file.len() > u64::try_from(limits::WEBHOOK_SECRET_BYTES)?.saturating_mul(2) {
        bail!("{shown} is no file with a secret of at most {} bytes", limits::WEBHOOK_SECRET_BYTES);
    }
    let text = Zeroizing::new(std::fs::read(path).with_context(|| format!("the secret in {shown} cannot be read"))?);
    Ok(Zeroizing::new(text.trim_ascii_end().to_vec()))
}

/// TLS by ring, with the authorities of a file, or else the host's own.
///
/// # Errors
/// When the file has none.
pub fn tls(ca: Option<&Path>) -> Result<TlsConfig> {
    let roots = match ca {
        Some(path) => {
            let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
            read().with_context(|| format!("the certificates in {} cannot be read", path.display()))?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    if let Some(path) = ca.filter(|_| roots.is_empty()) {
        bail!("the certificates in {} are none: PEM is expected", path.display());
    }
    let roots: Vec<Certificate<'static>> = roots.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(&roots))
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Least;

    fn entry(secret_file: Option<PathBuf>) -> WebhookEntry {
        WebhookEntry {
            name: "phone".into(),
            url: "http://127.0.0.1:1/".into(),
            severity: Least::Warning,
            secret_file,
            secret_env: None,
            credential: None,
            ca: None,
            timeout_seconds: 1,
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let put = |text: &[u8], mode| {
            std::fs::write(&path, text).unwrap();
            files::set_mode(&std::fs::File::open(&path).unwrap(), mode).unwrap();
            of(&entry(Some(path.clone())))
        };
        assert_eq!(**put(b"open sesame\n", 0o600).unwrap().unwrap(), *b"open sesame");
        let long = vec![b'x'; limits::WEBHOOK_SECRET_BYTES];
        assert_eq!(put(&long, 0o600).unwrap().unwrap().len(), long.len());
        for (text, mode, says) in [
            (&b"open sesame"[..], 0o640, "chmod 600"),
            (b"\n", 0o600, "empty"),
            (&[&long[..], b"x"].concat(), 0o600, "another file"),
            (&long.repeat(3), 0o600, "no file with a secret"),
        ] {
            let error = format!("{:#}", put(text, mode).unwrap_err());
            assert!(error.contains(says) && !error.contains("sesame"), "{error}");
        }
        assert_eq!(of(&entry(None)).unwrap(), None);
        let missing = entry(Some(folder.path().join("nothing")));
        assert!(format!("{:#}", of(&missing).unwrap_err()).contains("cannot be read"));
        let shown = format!("{:?}", WebhookEntry { url: "https://h.example/key/123?x".into(), ..missing });
        assert_eq!(shown, "WebhookEntry(phone at h.example)");
    }
}
