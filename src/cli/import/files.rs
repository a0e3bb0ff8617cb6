//! mosquitto's files: read whole, none of them changed.

use super::{Line, conf, lines};
use crate::{broker::certificate, domain::limits, runtime::files};
use anyhow::{Context, Result, bail};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    collections::BTreeMap,
    io::Read,
    net::{IpAddr, ToSocketAddrs},
    path::{Path, PathBuf},
};

/// The lines of a config, those of the files that its `include_dir` brings in behind it.
///
/// # Errors
/// When one cannot be read, or there are too many.
pub fn gather(path: &Path) -> Result<Vec<Line>> {
    let (mut all, mut count) = (Vec::new(), 0);
    for line in lines(&path.display().to_string(), &text(path)?) {
        let folder = (line.key == "include_dir").then(|| PathBuf::from(&line.value));
        all.push(line);
        let Some(folder) = folder else { continue };
        let entries = std::fs::read_dir(&folder).with_context(|| format!("include_dir {} cannot be read", folder.display()))?;
        let mut files: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "conf")).collect();
        files.sort();
        count += files.len();
        if count > limits::FOREIGN_FILES {
            bail!(
                "include_dir {} brings in {count} files, and {} are read at most: put some together",
                folder.display(),
                limits::FOREIGN_FILES
            );
        }
        for file in files {
            // mosquitto follows no include in what is included.
            all.extend(lines(&file.display().to_string(), &text(&file)?).into_iter().filter(|line| line.key != "include_dir"));
        }
    }
    Ok(all)
}

/// The password and access files that it names, by their paths.
///
/// # Errors
/// When one cannot be read.
pub fn named(conf: &conf::Conf) -> Result<BTreeMap<String, String>> {
    let all = conf.doors.iter().map(|door| &door.security).chain([&conf.security]);
    let paths = all.flat_map(|security| [security.passwords.clone(), security.access.clone()]).flatten();
    paths.map(|path| Ok((path.clone(), text(Path::new(&path))?))).collect()
}

/// # Errors
/// When it cannot be read, is too large or no text.
pub fn text(path: &Path) -> Result<String> {
    String::from_utf8(bytes(path, limits::FOREIGN_FILE_BYTES)?).map_err(|_| anyhow::anyhow!("{} is no text (UTF-8)", path.display()))
}

/// # Errors
/// When it cannot be read, or has more than `most` bytes.
pub fn bytes(path: &Path, most: u64) -> Result<Vec<u8>> {
    let cannot = || format!("{} cannot be read: is this who may read it? (sudo)", path.display());
    let mut all = Vec::new();
    std::fs::File::open(path).with_context(cannot)?.take(most + 1).read_to_end(&mut all).with_context(cannot)?;
    if u64::try_from(all.len()).unwrap_or(u64::MAX) > most {
        bail!("{} has more than {most} bytes", path.display());
    }
    Ok(all)
}

/// The address that a name stands for here.
pub fn look_up(name: &str) -> Option<IpAddr> {
    let mut all: Vec<IpAddr> = (name, 1883).to_socket_addrs().ok()?.map(|address| address.ip()).collect();
    all.sort_by_key(IpAddr::is_ipv6);
    all.first().copied()
}

/// Whether others than its owner can read a private key: Jamey takes no such key.
pub fn wrong_with_key(path: &str) -> Option<String> {
    files::shared(&std::fs::metadata(path).ok()?).map(|mode| {
        format!(
            "its mode is {mode:o}, and Jamey takes a key only its owner can read: let Jamey's user own a copy, `chmod 600`, and name that"
        )
    })
}

/// Whether a certificate is of a kind that TLS here refuses.
pub fn wrong_with_certificate(path: &str) -> Option<String> {
    let mut all = CertificateDer::pem_file_iter(path).ok()?;
    all.any(|one| one.is_ok_and(|one| certificate::is_outdated(&one))).then(|| {
        "it is an X.509 certificate of version 1, as `openssl x509 -req` makes them without extensions, and TLS here takes none but version 3: make another \
         (`jamey certs`, or with `-extfile`), and so for every client whose certificate was made like it"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBGTCBvwIUEaTOepbDOw0hIg9L2R5EG+yqgZQwCgYIKoZIzj0EAwIwDjEMMAoG\n\
        A1UEAwwDb2xkMCAXDTI2MTEyNzE4NDQyNFoYDzIxMjYxMTAzMTg0NDI0WjAOMQww\n\
        CgYDVQQDDANvbGQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT8LXBCaYTNk144\n\
        Whffwwnd17ySaE1xJMKnZSOvspY8kWf+cFp6G1PIBlbyqWxiSOPS5KeAoCBbwsaU\n\
        783U36q+MAoGCCqGSM49BAMCA0kAMEYCIQCCjf0s49yODmRSh7s0jW5WRCbLHyon\n\
        wCklifbSamv56QIhAJ+6pq3vNDHUd5+/hxzY5W8yvmKDnvwGz5a6A+8xD1Ry\n\
        -----END CERTIFICATE-----\n";

    #[test]
    fn a_certificate_of_version_1_is_told_of_and_one_of_version_3_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old.pem"), folder.path().join("new.pem"));
        std::fs::write(&old, OLD).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        std::fs::write(&new, rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().pem()).unwrap();
        let wrong = |path: &Path| wrong_with_certificate(path.to_str().unwrap());
        assert!(wrong(&old).unwrap().contains("version 1"));
        assert_eq!((wrong(&new), wrong(&folder.path().join("none"))), (None, None));
    }

    #[test]
    fn one_file_or_byte_too_many_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("mosquitto.conf");
        std::fs::write(&main, format!("include_dir {}\n", folder.path().join("more").display())).unwrap();
        std::fs::create_dir(folder.path().join("more")).unwrap();
        for n in 0..=limits::FOREIGN_FILES {
            assert!(gather(&main).is_ok(), "{n}");
            std::fs::write(folder.path().join(format!("more/{n:03}.conf")), "port 1883\n").unwrap();
        }
        assert!(gather(&main).is_err());
        assert!(bytes(&main, 1).is_err() && bytes(&main, 4_096).is_ok());
        let wide = folder.path().join("wide");
        std::fs::File::create(&wide).unwrap().set_len(limits::FOREIGN_FILE_BYTES + 1).unwrap();
        assert!(text(&wide).is_err());
    }
}
