//! Makes the list of certificates that an authority took back (a CRL): what stood on it before, and one more.

use super::issue::{DAY_SECONDS, issuer, moment};
use crate::domain::Timestamp;
use anyhow::{Context, Result};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, revocation_list::CertificateRevocationList};

/// Jamey takes a list for good until there is another; the standard wants a day all the same.
const LIST_DAYS: i64 = 3_652;

/// The serial number of a certificate, as it stands on a list.
///
/// # Errors
/// When it cannot be read.
pub fn serial(pem: &str) -> Result<Vec<u8>> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).context("it holds no certificate in PEM")?;
    let (_, parsed) = X509Certificate::from_der(&der).context("its certificate cannot be read")?;
    Ok(parsed.raw_serial().to_vec())
}

/// Those that stand on a list, and since when.
///
/// # Errors
/// When it is no list.
pub fn listed(pem: &str) -> Result<Vec<(Vec<u8>, Timestamp)>> {
    let der = CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).context("it holds no list of revoked certificates in PEM")?;
    let (_, list) = CertificateRevocationList::from_der(&der).context("its list cannot be read")?;
    let at = |seconds: i64| Timestamp::default().plus_seconds(seconds);
    Ok(list.iter_revoked_certificates().map(|one| (one.raw_serial().to_vec(), at(one.revocation_date.timestamp()))).collect())
}

/// The list in PEM, signed by the authority.
///
/// # Errors
/// When the authority cannot be used.
pub fn list(revoked: &[(Vec<u8>, Timestamp)], ca_pem: &str, ca_key_pem: &str, now: Timestamp) -> Result<String> {
    let issuer = issuer(ca_pem, ca_key_pem)?;
    let one = |(serial, since): &(Vec<u8>, Timestamp)| RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: moment(*since),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: moment(now),
        next_update: moment(now.plus_seconds(LIST_DAYS * DAY_SECONDS)),
        // Later lists have greater numbers.
        crl_number: SerialNumber::from(u64::try_from(now.micros()).unwrap_or_default()),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(one).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(params.signed_by(&issuer)?.pem()?)
}
