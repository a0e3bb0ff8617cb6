//! `jamey import mosquitto`: what a mosquitto knew – listeners, users, access lists, bridges, retained messages, sessions – becomes a house of Jamey's.
//! It reads mosquitto's files and changes none; it writes over nothing without `--force`.

mod files;
mod hear;
mod house;
mod say;
mod tell;

use super::{Common, certs};
use crate::{
    app,
    broker::keep,
    config::{self, Config, Sources},
    domain::{ForeignHash, Holdings, People, Timestamp, User},
    mosquitto::{self, Fate, Line, Note, Places, Plan, Read, conf, db, lines, plan},
    runtime::Clock,
    store::Registrar,
};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// From mosquitto: its config, users, access lists, bridges, retained messages and sessions. Writes the config file that --config names
    /// (jamey.toml), acl.toml beside it, and fills the data folder that --data names (data).
    Mosquitto(Mosquitto),
}

#[derive(Debug, Args)]
pub struct Mosquitto {
    /// mosquitto.conf; files that it includes and names are read as well.
    #[arg(value_name = "CONF")]
    conf: PathBuf,
    /// mosquitto's database, where it is not where the config says.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// Ask the running mosquitto at this address for its retained messages instead, as a client that may hear them.
    #[arg(long, value_name = "ADDR", conflicts_with = "database")]
    from: Option<SocketAddr>,
    /// As whom to ask it.
    #[arg(long, value_name = "USER", requires = "from")]
    from_user: Option<String>,
    /// A file with that user's password.
    #[arg(long, value_name = "FILE", requires = "from_user")]
    from_password_file: Option<PathBuf>,
    /// Say what would come of it, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write over what is there. Users who came from mosquitto before and are not in its password file now are removed; passwords and roles that
    /// were given here stay.
    #[arg(long)]
    force: bool,
}

/// What came of it.
pub(super) struct Outcome {
    pub plan: Plan,
    pub config: PathBuf,
    pub access: PathBuf,
    pub data: PathBuf,
    pub retained: usize,
    pub refused: Vec<(String, String)>,
    pub judged: Vec<String>,
    pub sessions: u64,
    pub messages: u64,
    pub dry: bool,
}

const CONFIG: &str = "jamey.toml";
const ACCESS: &str = "acl.toml";
const DATA: &str = "data";
const DATABASE: &str = "mosquitto.db";

/// # Errors
/// When a file of mosquitto's cannot be read, something is in the way, or the house cannot be filled.
pub fn import(common: &Common, action: &Action) -> Result<()> {
    let Action::Mosquitto(asked) = action;
    let now = Clock::new(Timestamp::default()).wall();
    let config = std::path::absolute(common.config.clone().unwrap_or_else(|| CONFIG.into()))?;
    let access = config.with_file_name(ACCESS);
    let data = std::path::absolute(common.data.clone().unwrap_or_else(|| DATA.into()))?;

    let all = files::gather(&asked.conf)?;
    let conf = conf::read(&all);
    let named = files::named(&conf)?;
    let mut notes = Vec::new();
    let holdings = holdings(asked, &conf, now, &mut notes)?;
    let present: BTreeSet<String> = holdings.absent.iter().filter_map(|one| one.user.clone()).collect();
    let places = Places {
        access: access.display().to_string(),
        data: data.display().to_string(),
        secrets: config.with_file_name("").display().to_string(),
        guard: common.guard.as_deref().unwrap_or("observe"),
        has_ipv6: std::net::TcpListener::bind("[::1]:0").is_ok(),
        look_up: &files::look_up,
        whole: &|path| std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string()),
        key: &files::wrong_with_key,
        certificate: &files::wrong_with_certificate,
    };
    let mut plan = plan(&Read { conf: &conf, files: &named, present: &present }, &places);
    plan.notes.extend(notes);
    checked(&plan, &config)?;
    let ways: Vec<&Path> = plan.secrets.iter().map(|(path, _)| Path::new(path)).chain([config.as_path(), access.as_path()]).collect();
    let (database, broker) = (data.join(crate::store::FILE), data.join("broker"));
    let in_the_way = ways.into_iter().chain([database.as_path(), broker.as_path()]).find(|path| path.exists());
    if let (Some(path), false, false) = (in_the_way, asked.force, asked.dry_run) {
        bail!(
            "{} is there already: name another place with --config and --data, or say --force to write over what is there",
            path.display()
        );
    }
    let mut outcome = Outcome {
        plan,
        config,
        access,
        data,
        retained: holdings.retained.len(),
        refused: Vec::new(),
        judged: Vec::new(),
        sessions: u64::try_from(holdings.absent.len()).unwrap_or(u64::MAX),
        messages: holdings.absent.iter().map(|one| u64::try_from(one.waiting.len()).unwrap_or(0)).sum(),
        dry: asked.dry_run,
    };
    if !asked.dry_run {
        fill(&mut outcome, &holdings, places.guard, now, asked.force)?;
    }
    tell::tell(common, &outcome);
    Ok(())
}

/// Whether what came of it is a config that Jamey takes.
fn checked(plan: &Plan, path: &Path) -> Result<()> {
    let name = path.display().to_string();
    Config::read(&Sources { file: Some((&name, &plan.config)), env: vec![], flags: vec![] }).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(
            "what mosquitto's config says, Jamey's refuses; change it there and try again:\n  {}\n\nIt was:\n{}",
            lines.join("\n  "),
            plan.config
        )
    })?;
    Ok(())
}

/// What mosquitto keeps: from its database, or from itself.
fn holdings(asked: &Mosquitto, conf: &conf::Conf, now: Timestamp, notes: &mut Vec<Note>) -> Result<Holdings> {
    if let Some(at) = asked.from {
        let password = match &asked.from_password_file {
            Some(path) => Some(files::text(path)?.trim_end().to_owned()),
            None => None,
        };
        notes.push(Note::of_the_whole(
            "",
            Fate::Lost,
            "sessions are not told over MQTT: absent clients find no session here, and subscribe again",
        ));
        let login = asked.from_user.clone().map(|user| (user, password.unwrap_or_default()));
        let heard = super::run::on_one_thread(hear::retained(at, login))?;
        if !heard.is_counted {
            let means = "it does not say how many messages it retains ($SYS), so whether all of them came could not be compared";
            notes.push(Note::of_the_whole("", Fate::Changed, means));
        }
        return Ok(Holdings { retained: heard.letters, absent: Vec::new() });
    }
    let folder = conf.folder.clone().unwrap_or_default();
    let path = asked.database.clone().unwrap_or_else(|| Path::new(&folder).join(conf.database.as_deref().unwrap_or(DATABASE)));
    let shown = path.display().to_string();
    if asked.database.is_none() && (!conf.persistence || !path.exists()) {
        let means = if conf.persistence {
            "is not there: nothing that was retained comes along; stop mosquitto once so that it writes it, or name it with --database"
        } else {
            "mosquitto keeps nothing on disk (persistence false): nothing that is retained comes along, but with --from from the running one"
        };
        notes.push(Note::of_the_whole(&shown, Fate::Lost, means));
        return Ok(Holdings::default());
    }
    let found = db::read(&files::bytes(&path, crate::domain::limits::FOREIGN_DATABASE_BYTES)?, now.micros() / 1_000_000)
        .with_context(|| format!("{shown} cannot be read"))?;
    notes.extend(found.left.iter().map(|left| Note::of_the_whole(&shown, Fate::Lost, format!("left there: {left}"))));
    if !found.at_rest {
        let means = "mosquitto wrote it while it ran: what came later is not in it; stop mosquitto first to take all";
        notes.push(Note::of_the_whole(&shown, Fate::Changed, means));
    }
    let mut holdings = found.holdings;
    for bridge in &conf.bridges {
        for absent in holdings.absent.extract_if(.., |absent| bridge.is_local(&absent.client_id)) {
            let means = format!(
                "`{}` is mosquitto's own end of the bridge `{}`: Jamey's begins anew, and {} messages that waited for the other broker stay there",
                absent.client_id,
                bridge.name,
                absent.waiting.len()
            );
            notes.push(Note::of_the_whole(&shown, if absent.waiting.is_empty() { Fate::Needless } else { Fate::Lost }, means));
        }
    }
    Ok(holdings)
}

/// Users who came from mosquitto before, with hashes of its kind, and whom it does not know any more.
fn taken_back(people: &People, plan: &Plan) -> Vec<String> {
    let is_foreign = |user: &&User| user.secret.as_deref().is_some_and(|secret| ForeignHash::parse(secret).is_some());
    let is_planned = |name: &str| plan.users.iter().any(|user| user.name == name);
    people.users.values().filter(is_foreign).filter(|user| !is_planned(&user.name)).map(|user| user.name.clone()).collect()
}

/// What was given to a user here stays with him when he comes from mosquitto once more; and that it does, in words.
fn keep_own(known: &User, put: &mut User) -> Option<String> {
    let own = known.secret.clone().filter(|secret| ForeignHash::parse(secret).is_none());
    let roles = known.roles.iter().filter(|role| !put.roles.contains(role) && !mosquitto::is_role(role)).cloned().collect::<Vec<_>>();
    let kept = match (&own, roles.is_empty()) {
        (None, true) => return None,
        (Some(_), true) => "the password that was given here".to_owned(),
        (None, false) => format!("the roles that were given here ({})", roles.join(", ")),
        (Some(_), false) => format!("password and roles ({}) that were given here", roles.join(", ")),
    };
    put.secret = own.or_else(|| put.secret.take());
    put.roles.extend(roles);
    Some(format!("`{}` keeps {kept}", put.name))
}

fn fill(outcome: &mut Outcome, holdings: &Holdings, guard: &str, now: Timestamp, force: bool) -> Result<()> {
    let parent = outcome.config.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    app::private_folder(&outcome.data).with_context(|| format!("the data folder {} cannot be made", outcome.data.display()))?;
    {
        let _lock = app::lock(&outcome.data)?;
        let registrar = Registrar::open(&outcome.data)?;
        // An import that was killed leaves it.
        registrar.remove_user(house::SPEAKER)?;
        let people = registrar.people()?;
        let gone = taken_back(&people, &outcome.plan);
        for name in gone {
            registrar.remove_user(&name)?;
            let means =
                format!("`{name}` came from a mosquitto before and is not in its password file now: removed, with tokens and certificates");
            outcome.plan.notes.push(Note::of_the_whole("", Fate::Changed, means));
        }
        for user in outcome.plan.users.clone() {
            let mut put = User { name: user.name, roles: vec![user.role], secret: user.secret, created_at: now };
            if let Some(means) = people.users.get(&put.name).and_then(|known| keep_own(known, &mut put)) {
                outcome.plan.notes.push(Note::of_the_whole("", Fate::Changed, means));
            }
            registrar.put_user(&put)?;
        }
    }
    for (path, password) in &outcome.plan.secrets {
        certs::write(Path::new(path), format!("{password}\n"), certs::For::Owner, force)?;
    }
    if let Some(text) = &outcome.plan.access {
        certs::write(&outcome.access, text, certs::For::All, force)?;
    }
    certs::write(&outcome.config, &outcome.plan.config, certs::For::All, force)?;
    let loaded = config::load(Some(&outcome.config), vec![])
        .map_err(|errors| anyhow::anyhow!("{}", errors.first().map(ToString::to_string).unwrap_or_default()))?;
    config::acl(loaded.broker.acl.as_deref(), &loaded.root).map_err(|errors| {
        anyhow::anyhow!("the access lists that came of it are refused: {}", errors.first().map(ToString::to_string).unwrap_or_default())
    })?;
    if !holdings.retained.is_empty() {
        let said = house::hear_all(&outcome.data, guard, loaded.broker.max_packet_bytes, &holdings.retained, now)?;
        (outcome.retained, outcome.refused, outcome.judged) = (said.kept, said.refused, said.judged);
    }
    if !holdings.absent.is_empty() {
        let _lock = app::lock(&outcome.data)?;
        let folder = outcome.data.join("broker");
        let since = Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0));
        (outcome.sessions, outcome.messages) =
            super::run::on_one_thread(async { Ok(keep::admit(&holdings.absent, &folder, since).await?) })?;
    }
    Ok(())
}
