//! TLS with oneself: what is shown must be the certificate of the config's own file, whoever signed it and whatever name it bears.

use crate::{broker::tls, config::TlsFiles};
use anyhow::Context;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::sync::Arc;

/// # Errors
/// When the certificate cannot be read.
pub fn connection(files: &TlsFiles) -> anyhow::Result<ClientConnection> {
    Ok(ClientConnection::new(config(files)?, ServerName::try_from("localhost")?)?)
}

/// What takes the certificate of the config's own file for the house, and no other.
///
/// # Errors
/// When it cannot be read.
pub fn config(files: &TlsFiles) -> anyhow::Result<Arc<ClientConfig>> {
    let certificate = tls::certificates(&files.certificate)?.into_iter().next().context("there is no certificate")?;
    let provider = Arc::new(ring::default_provider());
    let known = Arc::new(Known { certificate, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(known)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Known {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_it = shown.as_ref() == self.certificate.as_ref();
        is_it.then(ServerCertVerified::assertion).ok_or(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
