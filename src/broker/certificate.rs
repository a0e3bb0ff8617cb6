//! What an X.509 certificate says of its bearer, and until when it holds. Whether it may be believed is for TLS to check.

use super::entrance::{Certificate, Number};
use crate::domain::{Timestamp, audit::fields};
use sha2::{Digest, Sha256};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, revocation_list::CertificateRevocationList, x509::X509Version};

/// The time in which a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Certificate {
    /// Reads DER. A bearer without a readable name keeps the fingerprint.
    #[must_use]
    pub fn read(der: &[u8]) -> Self {
        let parsed = X509Certificate::from_der(der).ok().map(|(_, parsed)| parsed);
        let name = parsed.as_ref().and_then(|p| p.subject().iter_common_name().next()?.as_str().ok().map(str::to_owned));
        let number = parsed.as_ref().map_or([0; 32], |p| number(p.issuer().as_raw(), p.raw_serial()));
        Self { common_name: name.filter(|name| !name.is_empty()), fingerprint: fingerprint(der), number }
    }
}

/// SHA-256 of the DER, in lower-case hex.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The numbers of those that a list takes back. Whether the list may be believed is for TLS to check.
#[must_use]
pub fn taken_back(list: &[u8]) -> Vec<Number> {
    let Ok((_, list)) = CertificateRevocationList::from_der(list) else { return Vec::new() };
    list.iter_revoked_certificates().map(|one| number(list.issuer().as_raw(), one.raw_serial())).collect()
}

fn number(issuer: &[u8], serial: &[u8]) -> Number {
    let mut hasher = Sha256::new();
    fields(&mut hasher, &[issuer, serial]);
    hasher.finalize().into()
}

/// From when until when a certificate holds; None where it cannot be read.
#[must_use]
pub fn validity(der: &[u8]) -> Option<Validity> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let at = |seconds: i64| Timestamp::default().plus_seconds(seconds);
    let validity = parsed.validity();
    Some(Validity { from: at(validity.not_before.timestamp()), until: at(validity.not_after.timestamp()) })
}

/// Whether it is older than what TLS takes today (X.509 version 3): `openssl x509 -req` without extensions makes such.
#[must_use]
pub fn is_outdated(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, parsed)| parsed.version() != X509Version::V3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_certificate_tells_its_name_its_time_and_its_fingerprint() {
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "porch_camera");
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
        let key = rcgen::KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let read = Certificate::read(&der);
        assert_eq!((read.common_name.as_deref(), read.fingerprint.len()), (Some("porch_camera"), 64));
        let validity = validity(&der).unwrap();
        assert_eq!(
            (validity.from.to_string(), validity.until.to_string()),
            ("2020-01-01T00:00:00.000000Z".into(), "2021-01-01T00:00:00.000000Z".into())
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(Certificate::read(&bytes).fingerprint.len(), 64);
            let _ = validity(&bytes);
            prop_assert!(taken_back(&bytes).is_empty());
        }
    }
}
