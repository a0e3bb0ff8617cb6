//! Authorities and certificates for tests, good ones and bad ones, in files of a folder.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use std::{
    fs::File,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

static SERIAL: AtomicU64 = AtomicU64::new(1_000);

/// So many days from now, in a type that has no name here.
macro_rules! at {
    ($days:expr) => {
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds($days))
    };
}

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
    name: String,
}

/// Certificate and key, as files.
#[derive(Debug, Clone)]
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub serial: u64,
}

/// From how many days from now until how many a certificate holds.
pub type Days = (i64, i64);
pub const NOW: Days = (-1, 365);

impl Authority {
    pub fn new(folder: &Path, name: &str) -> Self {
        let mut params = params(name, &[], NOW);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, folder: folder.to_owned(), name: name.to_owned() };
        write(&authority.ca(), &authority.issuer.pem(), 0o644);
        authority
    }

    pub fn ca(&self) -> PathBuf {
        self.folder.join(format!("{}.pem", self.name))
    }

    pub fn server(&self, file: &str, days: Days) -> Pair {
        let mut params = params("localhost", &["localhost", "127.0.0.1"], days);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(file, params)
    }

    pub fn client(&self, user: &str, days: Days) -> Pair {
        let mut params = params(user, &[], days);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&format!("{}-{user}", self.name), params)
    }

    fn sign(&self, file: &str, mut params: CertificateParams) -> Pair {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        params.serial_number = Some(serial.into());
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |kind: &str| self.folder.join(format!("{file}.{kind}"));
        let pair = Pair { certificate: path("pem"), key: path("key"), serial };
        write(&pair.key, &key.serialize_pem(), 0o600);
        write(&pair.certificate, &certificate.pem(), 0o644);
        pair
    }

    /// The list of those taken back.
    pub fn revoke(&self, file: &str, serials: &[u64]) -> PathBuf {
        let revoked_certs = serials.iter().map(|&serial| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: at!(0),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: at!(-1),
            next_update: at!(30),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let path = self.folder.join(file);
        write(&path, &list.signed_by(&self.issuer).unwrap().pem().unwrap(), 0o644);
        path
    }
}

fn params(name: &str, hosts: &[&str], (from, until): Days) -> CertificateParams {
    let mut params = CertificateParams::new(hosts.iter().map(|&h| h.to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (at!(from), at!(until));
    params
}

/// Seconds of 1970 at so many days from now.
fn seconds(days: i64) -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second() + days * 86_400).unwrap()
}

pub fn write(path: &Path, text: &str, mode: u32) {
    let mut file = File::options().create(true).truncate(true).write(true).mode(mode).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
