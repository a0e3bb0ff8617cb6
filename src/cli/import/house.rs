//! Retained messages take the house's own way in: Jamey is started on the new data folder, on loopback and for one client, and each is published to it. So
//! what describes devices is heard, what is an input is remembered, and a retained command is judged as any other.

use super::say;
use crate::{
    broker::password,
    domain::{Decision, Letter, Timestamp, User},
    runtime::processes,
    store::{Reader, Registrar},
};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

/// As whom it is said; gone again afterwards.
pub(super) const SPEAKER: &str = "mosquitto-import";
const ROLE: &str = "mosquitto_import";
const ACCESS: &str = "[roles.mosquitto_import]\nspeaks_for_many = true\ndiscovery = true\nrules = [\"allow all #\"]\n";

/// More verdicts than anybody reads.
const JUDGED: u32 = 200;

/// What came of it.
pub struct Heard {
    pub kept: usize,
    /// Topics that were refused, and why.
    pub refused: Vec<(String, String)>,
    /// What the conscience said of those that are commands.
    pub judged: Vec<String>,
}

/// Has the house hear all of them. What it refuses is named, and what has more than `most` bytes as a packet.
///
/// # Errors
/// When Jamey does not start there, or does not answer.
pub fn hear_all(data: &Path, guard: &str, most: usize, letters: &[Letter], now: Timestamp) -> Result<Heard> {
    let folder = tempfile::tempdir()?;
    let (config, access, errors) = (folder.path().join("jamey.toml"), folder.path().join("acl.toml"), folder.path().join("errors"));
    std::fs::write(&access, ACCESS)?;
    let text = format!(
        "[broker]\nmqtt = [\"127.0.0.1:0\"]\nguard = {guard:?}\nmax_packet_bytes = {most}\nanonymous = false\nacl = {access:?}\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [store]\ndata = {data:?}\n[home_assistant]\ndiscovery = false\n"
    );
    std::fs::write(&config, text)?;
    let mut secret = [0_u8; 24];
    getrandom::fill(&mut secret).map_err(|e| anyhow!("no randomness: {e}"))?;
    let secret = data_encoding::BASE64.encode(&secret);
    let registrar = Registrar::open(data)?;
    let hash = password::hash(secret.as_bytes()).map_err(|e| anyhow!(e))?;
    registrar.put_user(&User { name: SPEAKER.into(), roles: vec![ROLE.into()], secret: Some(hash), created_at: now })?;
    let said = Running::start(&config, &errors).and_then(|jamey| {
        let speaker = (SPEAKER.to_owned(), secret);
        crate::cli::run::on_one_thread(say::say(jamey.at, speaker, most, letters, now))
    });
    registrar.remove_user(SPEAKER)?;
    let said = said.with_context(|| {
        let said = std::fs::read_to_string(&errors).unwrap_or_default();
        let tail: Vec<&str> = said.lines().rev().take(5).collect();
        format!("the retained messages did not all come in; Jamey said: {}", tail.into_iter().rev().collect::<Vec<_>>().join(" | "))
    })?;
    let rows = Reader::open(data)?.verdicts(JUDGED, None)?;
    let judged = rows.iter().filter(|row| row.at >= now).map(|row| {
        let stays = row.verdict.decision != Decision::Allow && said.refused.iter().all(|(topic, _)| *topic != row.topic);
        format!("{}\n      {}{}", row.topic, row.verdict.reason, if stays { "; it stays, for the guard observes" } else { "" })
    });
    Ok(Heard { kept: said.kept, judged: judged.collect(), refused: said.refused })
}

/// Jamey in a process of its own, gone with this.
struct Running {
    child: Child,
    at: SocketAddr,
}

impl Running {
    fn start(config: &Path, errors: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("this program's own file is not known")?);
        std::env::vars().filter(|(name, _)| name.starts_with(crate::config::ENV_PREFIX)).for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.arg("run").arg("--config").arg(config);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(std::fs::File::create(errors)?).spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let at = line.split(' ').find_map(|word| word.strip_prefix("mqtt=")?.parse().ok());
        let Some(at) = at else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("Jamey does not start on the new data folder");
        };
        Ok(Self { child, at })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        processes::ask_to_end(&mut self.child);
        let _ = self.child.wait();
    }
}
