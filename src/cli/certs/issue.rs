//! Makes certificates and their keys: values in, PEM out. All keys are ECDSA on P-256, which the small chips in devices know too.

use crate::domain::Timestamp;
use anyhow::{Context, Result, bail};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::net::IpAddr;
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

pub const DAY_SECONDS: i64 = 86_400;
/// An authority stands in devices that are hard to reach: ten years are the life of a device.
const CA_DAYS: i64 = 3_652;
/// The longest that Apple's systems take of a server, whoever signed it (support.apple.com/en-us/103769).
const SERVER_DAYS: i64 = 825;
/// A lost device's certificate ends by itself; a device in use is in somebody's hands every other year.
const CLIENT_DAYS: i64 = 2 * 365;
/// Clocks of devices without a battery lag behind until they hear the time.
const EARLIER_DAYS: i64 = 1;

pub struct Made {
    pub certificate_pem: String,
    pub key_pem: String,
    pub der: Vec<u8>,
}

pub enum Subject {
    /// Names and addresses, at least one.
    Server(Vec<String>),
    /// A user.
    Client(String),
}

/// Names that clients connect to, in lower case.
///
/// # Errors
/// For what is neither an address nor a name in DNS.
pub fn hosts(names: &[String]) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for name in names.iter().map(|name| name.trim().to_ascii_lowercase()) {
        let label = |l: &str| {
            (1..=63).contains(&l.len())
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let is_host = name.len() <= 253 && name.strip_prefix("*.").unwrap_or(&name).split('.').all(label);
        if !is_host && name.parse::<IpAddr>().is_err() {
            bail!("`{name}` is neither an address nor a host's name: write --name jamey.lan,192.168.1.10");
        }
        out.push(name);
    }
    Ok(out)
}

/// # Errors
/// When there is no randomness, or the name cannot stand in a certificate.
pub fn authority(name: &str, now: Timestamp) -> Result<Made> {
    let mut params = params(&[], name, now, CA_DAYS)?;
    // It signs servers and clients, and no other authority.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Made { certificate_pem: certificate.pem(), key_pem: key.serialize_pem(), der: certificate.der().to_vec() })
}

/// # Errors
/// When the authority's files cannot be used, or there is no randomness.
pub fn signed(subject: &Subject, ca_pem: &str, ca_key_pem: &str, now: Timestamp) -> Result<Made> {
    let issuer = issuer(ca_pem, ca_key_pem)?;
    let mut params = match subject {
        Subject::Server(names) => params(names, names.first().map_or("", String::as_str), now, SERVER_DAYS)?,
        Subject::Client(user) => params(&[], user, now, CLIENT_DAYS)?,
    };
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match subject {
        Subject::Server(_) => ExtendedKeyUsagePurpose::ServerAuth,
        Subject::Client(_) => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(Made { certificate_pem: certificate.pem(), key_pem: key.serialize_pem(), der: certificate.der().to_vec() })
}

/// The authority, ready to sign.
///
/// # Errors
/// When its files cannot be read, or do not belong together.
pub fn issuer(ca_pem: &str, ca_key_pem: &str) -> Result<Issuer<'static, KeyPair>> {
    let again = "make a new authority, `jamey certs ca --force`";
    let ca_key = KeyPair::from_pem(ca_key_pem).with_context(|| format!("the authority's key cannot be read: {again}"))?;
    if !belong(ca_pem, &ca_key) {
        bail!("the authority's certificate cannot be read, or its key is another's: bring them together, or {again}");
    }
    Issuer::from_ca_cert_pem(ca_pem, ca_key).with_context(|| format!("the authority cannot be used: {again}"))
}

/// Whether a certificate is that of a key: what is signed with another's, nobody takes.
fn belong(pem: &str, key: &KeyPair) -> bool {
    let der = CertificateDer::from_pem_slice(pem.as_bytes());
    der.is_ok_and(|der| {
        let parsed = X509Certificate::from_der(&der);
        parsed.is_ok_and(|(_, parsed)| parsed.public_key().raw == key.subject_public_key_info())
    })
}

/// A moment in the type that certificates are made with.
pub fn moment(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.micros() / 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn params(names: &[String], name: &str, now: Timestamp, days: i64) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let day = |days: i64| moment(now.plus_seconds(days * DAY_SECONDS));
    (params.not_before, params.not_after) = (day(-EARLIER_DAYS), day(days));
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::certificate::validity;

    #[test]
    fn each_certificate_holds_from_a_day_ago_and_as_long_as_it_should() {
        let now = Timestamp::default().plus_seconds(1_800_000_000);
        let ca = authority("Test", now).unwrap();
        let server = Subject::Server(vec!["jamey.lan".into(), "192.168.1.10".into()]);
        for (der, days) in [
            (ca.der.clone(), CA_DAYS),
            (signed(&server, &ca.certificate_pem, &ca.key_pem, now).unwrap().der, SERVER_DAYS),
            (signed(&Subject::Client("cam".into()), &ca.certificate_pem, &ca.key_pem, now).unwrap().der, CLIENT_DAYS),
        ] {
            let held = validity(&der).unwrap();
            assert_eq!((held.from, held.until), (now.plus_seconds(-DAY_SECONDS), now.plus_seconds(days * DAY_SECONDS)));
        }
    }

    #[test]
    fn an_authority_with_another_ones_key_signs_nothing() {
        let now = Timestamp::default().plus_seconds(1_800_000_000);
        let (ca, other) = (authority("One", now).unwrap(), authority("Other", now).unwrap());
        let sign = |pem: &str, key: &str| signed(&Subject::Client("cam".into()), pem, key, now).is_ok();
        assert!(sign(&ca.certificate_pem, &ca.key_pem));
        assert!(!sign(&ca.certificate_pem, &other.key_pem) && !sign("", &ca.key_pem) && !sign(&ca.certificate_pem, ""));
    }

    #[test]
    fn names_that_no_client_could_ask_for_are_refused() {
        let all = |names: &[&str]| hosts(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            all(&["Jamey.lan", " 192.168.1.10", "::1", "*.home.arpa"]).unwrap(),
            ["jamey.lan", "192.168.1.10", "::1", "*.home.arpa"]
        );
        for bad in ["", "a..b", "-a", "a b", "http://x", "host:8883", "ü"] {
            assert!(all(&[bad]).is_err(), "{bad}");
        }
    }
}
