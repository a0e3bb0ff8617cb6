//! `jamey certs ca|server|client|revoke|show`: a small authority of one's own, for a house that needs no other.

mod issue;
mod revoke;

use super::Common;
use crate::{
    broker::{
        Certificate,
        certificate::{Validity, validity},
        tls,
    },
    domain::{EntityId, Timestamp},
    runtime::{Clock, files::OwnersAlone},
};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use issue::{Made, Subject};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make the authority that signs the others; once.
    Ca {
        /// Its name, as clients show it.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Make the server's certificate, for TLS.
    Server {
        /// The names and addresses by which clients reach it.
        #[arg(long, value_name = "HOST[,IP...]", value_delimiter = ',', required = true)]
        name: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Make a client's certificate, by which it proves its name.
    Client {
        /// The user.
        #[arg(long, value_name = "USER")]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take a client's certificate back, before its time: it joins the list that listeners read as `client_crl`.
    Revoke {
        /// The user.
        #[arg(long, value_name = "USER")]
        name: String,
        #[command(flatten)]
        place: Folder,
    },
    /// Whose certificates there are, and until when they hold.
    Show {
        #[command(flatten)]
        place: Folder,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Folder {
    /// The folder of certificates and keys.
    #[arg(long, value_name = "DIR", default_value = "certs")]
    dir: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct Place {
    #[command(flatten)]
    folder: Folder,
    /// Replace what is there.
    #[arg(long)]
    force: bool,
}

const CA: &str = "ca";
const SERVER: &str = "server";
const REVOKED: &str = "revoked.pem";

/// # Errors
/// When a name cannot stand in a certificate, a file is in the way, or the authority is missing.
pub fn certs(common: &Common, action: &Action) -> Result<()> {
    let now = Clock::new(Timestamp::default()).now();
    match action {
        Action::Ca { name, place } => {
            let today = now.to_string();
            let today = today.split('T').next().unwrap_or_default();
            let made = issue::authority(name.as_deref().unwrap_or(&format!("Jamey CA {today}")), now)?;
            let files = place.put(CA, &made)?;
            let mut advice = "Keep the key here, or better away from this host: who has it is everybody. Clients get the certificate.\n\
                              Next: jamey certs server --name HOST,IP"
                .to_owned();
            if place.force {
                advice.push_str("\nWhat an earlier authority signed is worth nothing to who trusts this one: make the others again.");
            }
            tell(common, &files, &made, &advice)
        }
        Action::Server { name, place } => {
            let made = place.sign(&Subject::Server(issue::hosts(name)?), now)?;
            let files = place.put(SERVER, &made)?;
            let ca = place.file(CA, "pem");
            let advice = format!(
                "In the config:\n\n[[listener]]\naddress = \"0.0.0.0:8883\"\ncertificate = {:?}\nkey = {:?}\n\
                 # Clients show certificates too (`jamey certs client --name USER`); without this line they need a user.\nclient_ca = {ca:?}\n\n\
                 Then: mosquitto_sub -h {} -p 8883 --cafile {} --cert CLIENT.pem --key CLIENT.key -t 'jamey/#' -v",
                files.certificate,
                files.key,
                name.first().map_or("HOST", String::as_str),
                ca.display()
            );
            tell(common, &files, &made, &advice)
        }
        Action::Client { name, place } => {
            let user = user(name)?;
            let made = place.sign(&Subject::Client(user.to_string()), now)?;
            let files = place.put(&format!("client-{user}"), &made)?;
            let advice = format!(
                "Give both files and {} to {user}, and to nobody else:\n  mosquitto_pub -h HOST -p 8883 --cafile {} --cert {} --key {} -t jamey/in/{user}/hello -m 1",
                place.file(CA, "pem").display(),
                place.file(CA, "pem").display(),
                files.certificate.display(),
                files.key.display()
            );
            tell(common, &files, &made, &advice)
        }
        Action::Revoke { name, place } => revoke_client(common, &user(name)?, place, now),
        Action::Show { place } => show(common, &place.dir, now),
    }
}

fn user(name: &str) -> Result<EntityId> {
    EntityId::new(name).map_err(|e| anyhow::anyhow!("`{name}` cannot be a user: {e}"))
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Folder {
    fn file(&self, stem: &str, kind: &str) -> PathBuf {
        self.dir.join(format!("{stem}.{kind}"))
    }

    /// The authority's certificate and key.
    fn authority(&self) -> Result<(String, String)> {
        let read = |path: PathBuf| {
            std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read: make an authority first, `jamey certs ca`", path.display()))
        };
        Ok((read(self.file(CA, "pem"))?, read(self.file(CA, "key"))?))
    }
}

impl Place {
    fn file(&self, stem: &str, kind: &str) -> PathBuf {
        self.folder.file(stem, kind)
    }

    fn sign(&self, subject: &Subject, now: Timestamp) -> Result<Made> {
        let (certificate, key) = self.folder.authority()?;
        issue::signed(subject, &certificate, &key, now)
    }

    /// Writes key and certificate; nothing that is there is touched without `--force`.
    fn put(&self, stem: &str, made: &Made) -> Result<Files> {
        let files = Files { certificate: self.file(stem, "pem"), key: self.file(stem, "key") };
        if let Some(path) = [&files.certificate, &files.key].into_iter().find(|path| !self.force && path.exists()) {
            bail!("{} is there already: take it away, or say --force to replace it", path.display());
        }
        std::fs::create_dir_all(&self.folder.dir).with_context(|| format!("{} cannot be made", self.folder.dir.display()))?;
        write(&files.key, &made.key_pem, For::Owner, self.force)?;
        write(&files.certificate, &made.certificate_pem, For::All, self.force)?;
        Ok(files)
    }
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    Owner,
    All,
}

/// A new file, its owner's alone from the first moment where it is to be; a replaced one changes in one step, for it may be in use.
pub(super) fn write(path: &Path, text: impl AsRef<[u8]>, whose: For, force: bool) -> Result<()> {
    let cannot = || format!("{} cannot be written", path.display());
    let fresh = if force { path.with_extension(format!("new-{}", std::process::id())) } else { path.to_owned() };
    let mut options = File::options();
    if whose == For::Owner {
        options.owners_alone();
    }
    let mut file = options.write(true).create_new(true).open(&fresh).with_context(cannot)?;
    file.write_all(text.as_ref()).and_then(|()| file.sync_all()).with_context(cannot)?;
    if force {
        std::fs::rename(&fresh, path).with_context(cannot)?;
    }
    Ok(())
}

/// Puts a client's certificate on the list, which is replaced in one step.
fn revoke_client(common: &Common, user: &EntityId, place: &Folder, now: Timestamp) -> Result<()> {
    let (certificate, key) = place.authority()?;
    let path = place.file(&format!("client-{user}"), "pem");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read: name a user it was made for", path.display()))?;
    let serial = revoke::serial(&text).with_context(|| format!("{} is no client's", path.display()))?;
    let list = place.dir.join(REVOKED);
    let mut revoked = if list.exists() {
        let text = std::fs::read_to_string(&list).with_context(|| format!("{} cannot be read", list.display()))?;
        revoke::listed(&text).with_context(|| format!("{}: take it away, or mend it", list.display()))?
    } else {
        Vec::new()
    };
    if revoked.iter().all(|(listed, _)| *listed != serial) {
        revoked.push((serial, now));
    }
    write(&list, &revoke::list(&revoked, &certificate, &key, now)?, For::All, true)?;
    if common.json {
        crate::cli::line!("{}", json!({"v": 1, "list": list, "user": user, "revoked": revoked.len()}));
    } else {
        crate::cli::line!("{} is taken back; {} on the list {}", path.display(), revoked.len(), list.display());
        crate::cli::line!("\nIn the config, below client_ca (a running Jamey reads it again by itself):\n\nclient_crl = {list:?}");
    }
    Ok(())
}

fn tell(common: &Common, files: &Files, made: &Made, advice: &str) -> Result<()> {
    let (read, held) = about(&made.der);
    let until = held.map_or_else(String::new, |v| v.until.to_string());
    if common.json {
        crate::cli::line!(
            "{}",
            json!({
                "v": 1, "certificate": files.certificate, "key": files.key, "name": read.common_name,
                "fingerprint": read.fingerprint, "until": until,
            })
        );
        return Ok(());
    }
    crate::cli::line!("certificate  {}", files.certificate.display());
    crate::cli::line!("key          {} (0600)", files.key.display());
    crate::cli::line!("name         {}", read.common_name.unwrap_or_default());
    crate::cli::line!("until        {until}");
    crate::cli::line!("SHA-256      {}", read.fingerprint);
    crate::cli::line!("\n{advice}");
    Ok(())
}

fn about(der: &[u8]) -> (Certificate, Option<Validity>) {
    (Certificate::read(der), validity(der))
}

fn show(common: &Common, folder: &Path, now: Timestamp) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read: name the folder with --dir", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "pem"));
    paths.sort();
    let mut rows: Vec<Value> = Vec::new();
    for path in paths {
        // A list of revoked certificates has the same ending.
        for der in tls::certificates(&path).unwrap_or_default() {
            let (read, held) = about(&der);
            let until = held.map(|v| v.until);
            rows.push(json!({
                "file": path, "name": read.common_name, "fingerprint": read.fingerprint,
                "until": until.map(|t| t.to_string()), "holds": held.is_some_and(|v| v.from <= now && now < v.until),
            }));
        }
    }
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "certificates": rows}))?);
        return Ok(());
    }
    crate::cli::line!("{:<28} {:<24} {:<32} SHA-256", "file", "name", "until");
    for row in &rows {
        let word = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
        let ended = if row.get("holds") == Some(&json!(true)) { "" } else { " (holds not)" };
        crate::cli::line!("{:<28} {:<24} {:<32} {}", word("file"), word("name"), format!("{}{ended}", word("until")), word("fingerprint"));
    }
    Ok(())
}
