//! The command line: one file a command. Human output by default, `--json` on all that report; exit codes 0, 1 (failed), 2 (usage).

/// Prints a line; a reader that has seen enough (`| head`) ends the program in peace.
macro_rules! line {
    ($($word:tt)*) => { $crate::cli::put(&format!("{}\n", format_args!($($word)*))) };
}
pub(crate) use line;

mod alert;
mod approval;
mod audit;
mod certs;
mod check;
mod demo;
mod device;
mod doctor;
mod entity;
mod export;
mod forget;
mod guard;
mod health;
mod import;
mod memory;
mod mind;
mod option;
mod paint;
mod phoenix;
mod recall;
mod rules;
mod run;
mod settings;
mod token;
mod top;
mod user;

use crate::{
    app::orders,
    config::{self, Config, Loaded},
    runtime::{files, processes},
};
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

/// An MQTT broker with a conscience.
#[derive(Debug, Parser)]
#[command(name = "jamey", version, about, long_about = None)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The config file; without it, the embedded defaults.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen for MQTT, or where Jamey listens.
    #[arg(long, global = true, value_name = "ADDR")]
    mqtt: Option<String>,
    /// Where to listen for HTTP, or where Jamey listens.
    #[arg(long, global = true, value_name = "ADDR")]
    http: Option<String>,
    /// Hold what the conscience refuses (enforce), or only report it (observe).
    #[arg(long, global = true, value_name = "MODE")]
    guard: Option<String>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the broker (the default).
    Run,
    /// Check config and rules without starting.
    Check,
    /// The options: what holds and why, what differs, and the config file written.
    Config {
        #[command(subcommand)]
        action: settings::Action,
    },
    /// Play a small house against the running Jamey.
    Demo,
    /// Ask the running Jamey whether it is ready.
    Health,
    /// Look at all that Jamey stands on (clock, disk, permissions, ports, certificates, other brokers, snapshots), and say what to do.
    Doctor,
    Top(top::Asked),
    /// What the soul holds of those who speak and are spoken about.
    Entity {
        #[command(subcommand)]
        action: entity::Action,
    },
    /// What can be commanded, how risky that is, and who said so.
    Device {
        #[command(subcommand)]
        action: device::Action,
    },
    /// Certificates: an authority of your own, the server's, clients'.
    Certs {
        #[command(subcommand)]
        action: certs::Action,
    },
    /// What is wrong now, and that you have seen it.
    Alert {
        #[command(subcommand)]
        action: alert::Action,
    },
    /// What waits for a person's word, and your own.
    Approval {
        #[command(subcommand)]
        action: approval::Action,
    },
    /// Who did what to the house, and whether that record holds.
    Audit {
        #[command(subcommand)]
        action: audit::Action,
    },
    Recall(recall::Asked),
    Forget(forget::Asked),
    /// What is remembered: how much, whether it holds, and your own word on it.
    Memory {
        #[command(subcommand)]
        action: memory::Action,
    },
    /// What Jamey attends to, whether it works as one, who it is and what it is for.
    Mind {
        #[command(subcommand)]
        action: mind::Action,
    },
    /// Snapshots: sealed, tried out, and what the house rises from again.
    Phoenix {
        #[command(subcommand)]
        action: phoenix::Action,
    },
    /// The conscience's rules.
    Rules {
        #[command(subcommand)]
        action: rules::Action,
    },
    /// What is judged, and break-glass.
    Guard {
        #[command(subcommand)]
        action: guard::Action,
    },
    /// Take over what another broker knows.
    Import {
        #[command(subcommand)]
        action: import::Action,
    },
    /// Hand over to another broker.
    Export {
        #[command(subcommand)]
        action: export::Action,
    },
    /// Who may sign in.
    User {
        #[command(subcommand)]
        action: user::Action,
    },
    /// Tokens: what a program signs in with instead of its user's password.
    Token {
        #[command(subcommand)]
        action: token::Action,
    },
    /// Print the topics as Markdown: this is `topics.md`.
    Topics,
    /// Print a completion script for a shell.
    Completions {
        shell: clap_complete::Shell,
    },
}

impl Common {
    fn flags(&self) -> Vec<(String, String)> {
        let pairs = [
            ("store.data", self.data.as_ref().map(|p| p.display().to_string())),
            ("broker.mqtt", self.mqtt.clone()),
            ("http.listen", self.http.clone()),
            ("broker.guard", self.guard.clone()),
        ];
        pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// The config, or all that is wrong with it.
    ///
    /// # Errors
    /// With one line for each mistake.
    pub fn load(&self) -> anyhow::Result<Config> {
        self.load_all().map(|loaded| loaded.config)
    }

    /// The same, with where each option was set.
    ///
    /// # Errors
    /// As `load`.
    pub fn load_all(&self) -> anyhow::Result<Loaded> {
        config::load_all(self.config.as_deref(), self.flags()).map_err(refused)
    }

    /// What it would be if this text stood in that file.
    ///
    /// # Errors
    /// As `load`.
    pub fn load_over(&self, file: &std::path::Path, text: &str) -> anyhow::Result<Loaded> {
        config::load_text(file, text, self.flags()).map_err(refused)
    }

    /// The same as it counts: with what was chosen while Jamey ran over it.
    ///
    /// # Errors
    /// As `load`.
    pub fn counts(&self) -> anyhow::Result<Config> {
        self.load().map(|config| self.over(&config))
    }

    /// A config with what was chosen over it.
    fn over(&self, config: &Config) -> Config {
        let (chosen, damaged) = orders::found(&config.store.data);
        if let Some(damaged) = damaged {
            eprintln!("jamey: {damaged}");
        }
        chosen.over(config)
    }

    fn mqtt_address(&self, config: &Config) -> Option<SocketAddr> {
        config.broker.mqtt.first().copied()
    }
}

fn refused(errors: Vec<config::ConfigError>) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the config is refused:\n  {}", lines.join("\n  "))
}

/// What is said of options that stand under the names of an older Jamey; None: there are none.
pub(crate) fn older(loaded: &Loaded, file: Option<&std::path::Path>) -> Option<String> {
    let all: Vec<String> = loaded.older.iter().map(|one| format!("{} ({}) is called {} now", one.was, one.at, one.is)).collect();
    let way = file.map_or_else(String::new, |file| format!(" --config {}", file.display()));
    (!all.is_empty()).then(|| format!("{}: it counts, and `jamey config migrate{way}` gives it its new name", all.join("; ")))
}

/// Writes to standard output, or ends the program when nobody reads it any more.
pub(crate) fn put(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Parses the command line and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let (json, common) = (cli.common.json, cli.common.clone());
    let runs = matches!(cli.command, None | Some(Command::Run));
    let done = dispatch(cli);
    if !runs {
        hand_over(&common);
    }
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if json {
                let mut told = serde_json::json!({"error": format!("{error:#}")});
                if let (Some(rules), Some(map)) = (error.downcast_ref::<crate::app::rules::Refused>(), told.as_object_mut()) {
                    map.insert("errors".into(), rules::told(rules));
                }
                eprintln!("{told}");
            } else {
                eprintln!("jamey: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

/// What root did in a data folder is of use to whom the folder belongs, and not in the way.
fn hand_over(common: &Common) {
    if !processes::is_root() {
        return;
    }
    let Ok(config) = common.load() else { return };
    let data = &config.store.data;
    match files::hand_over(data) {
        Err(error) if data.exists() => {
            eprintln!("jamey: {}: what is root's there could not be given to its owner: {error}", data.display())
        }
        _ => {}
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<()> {
    let common = cli.common;
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => run::run(&common),
        Command::Check => check::check(&common),
        Command::Config { action } => settings::settings(&common, &action),
        Command::Demo => {
            let config = common.load()?;
            let address = common.mqtt_address(&config).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 1883)));
            run::on_one_thread(demo::demo(address, common.json))
        }
        Command::Health => health::health(&common),
        Command::Doctor => doctor::doctor(&common),
        Command::Top(asked) => top::top(&common, &asked),
        Command::Entity { action } => entity::entity(&common, &action),
        Command::Device { action } => device::device(&common, &action),
        Command::Certs { action } => certs::certs(&common, &action),
        Command::Alert { action } => alert::alert(&common, &action),
        Command::Approval { action } => approval::approval(&common, &action),
        Command::Audit { action } => audit::audit(&common, &action),
        Command::Recall(asked) => recall::recall(&common, &asked),
        Command::Forget(asked) => forget::forget(&common, &asked),
        Command::Memory { action } => memory::memory(&common, &action),
        Command::Mind { action } => mind::mind(&common, &action),
        Command::Phoenix { action } => phoenix::phoenix(&common, &action),
        Command::Rules { action } => rules::rules(&common, &action),
        Command::Guard { action } => guard::guard(&common, &action),
        Command::Import { action } => import::import(&common, &action),
        Command::Export { action } => export::export_to(&common, &action),
        Command::User { action } => user::user(&common, &action),
        Command::Token { action } => token::token(&common, &action),
        Command::Topics => {
            put(&crate::domain::topics::markdown());
            Ok(())
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "jamey", &mut script);
            put(&String::from_utf8_lossy(&script));
            Ok(())
        }
    }
}
