//! The rules that the config names: their files read, put together, and checked.

mod explain;
mod own;
mod replay;
mod setting;
mod tell;
mod watch;

pub use explain::explained;
pub use own::{OWN, Own, alarm as own_alarm, path as own_path, told as told_own};
pub use replay::{Order, Replayed, replay, time};
pub use setting::{Now, Setting, Unset, now as own_now};
pub use tell::{check, listed, told_errors, told_rule};
pub use watch::{Again, Choice, Seen, Shelf, Wanted, Watch, watch};

use crate::{
    config::Config,
    conscience::{Profile, RuleError, RuleSet},
    domain::{RuleText, Ruling, Rulings, SignalSpec},
};
use std::path::Path;

/// Everything that is wrong with a set of rules.
#[derive(Debug)]
pub struct Refused(pub Vec<RuleError>);

impl std::error::Error for Refused {}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let errors = if self.0.len() == 1 { "error" } else { "errors" };
        writeln!(f, "the rules are refused: {} {errors}", self.0.len())?;
        for error in &self.0 {
            write!(f, "\n{}", error.picture())?;
        }
        Ok(())
    }
}

impl Refused {
    /// Each with its place and without the line that stands there: where it is told to all who read, it is the owner's to show.
    #[must_use]
    pub fn plain(&self) -> String {
        let errors = if self.0.len() == 1 { "error" } else { "errors" };
        self.0.iter().fold(format!("the rules are refused: {} {errors}", self.0.len()), |told, error| format!("{told}\n{error}"))
    }
}

/// The rules that hold, and those that judge beside them.
#[derive(Debug, Clone)]
pub struct Sets {
    pub live: RuleSet,
    pub shadow: Option<RuleSet>,
}

impl Sets {
    /// What they were made of.
    #[must_use]
    pub fn rulings(&self) -> Rulings {
        Rulings { live: self.live.ruling().clone(), shadow: self.shadow.as_ref().map(|s| s.ruling().clone()) }
    }
}

/// What the config names, read from disk. Files that cannot be read are errors beside others.
///
/// # Errors
/// Each file that cannot be read.
pub fn rulings(config: &Config) -> Result<Rulings, Refused> {
    rulings_with(config, own::read(&config.store.data)?.as_ref().map(|own| own.text.as_str()))
}

/// The same with other rules of the owner's own in the place of those that are set.
///
/// # Errors
/// As above.
pub fn rulings_with(config: &Config, own: Option<&str>) -> Result<Rulings, Refused> {
    let mut errors = Vec::new();
    let live = live(config, own, &mut errors);
    let shadow = config.conscience.shadow.as_deref().and_then(|path| read(path, "conscience.shadow", &mut errors));
    if !errors.is_empty() {
        return Err(Refused(errors));
    }
    Ok(Rulings { shadow: shadow.map(|candidate| live.with(candidate)), live })
}

fn live(config: &Config, own: Option<&str>, errors: &mut Vec<RuleError>) -> Ruling {
    let conscience = &config.conscience;
    let mut sources: Vec<RuleText> = Vec::new();
    if conscience.shipped {
        sources.extend(RuleSet::shipped().into_iter().map(|(name, text)| RuleText { name, text }));
    }
    sources.extend(conscience.rules.iter().filter_map(|path| read(path, "conscience.rules", errors)));
    let profile = Profile::named(conscience.profile).unwrap_or_default();
    Ruling {
        sources,
        profile: Some(profile.text()),
        weights: conscience.weights.clone(),
        silent: conscience.silent.iter().map(|duty| (*duty).to_owned()).collect(),
        candidates: own.map(own::named).into_iter().collect(),
        strictness: conscience.strictness,
    }
}

/// A rule file; whatever is no file of text, or too large to be one of rules, is refused unread.
fn read(path: &Path, named_by: &str, errors: &mut Vec<RuleError>) -> Option<RuleText> {
    let name = path.display().to_string();
    let text = std::fs::metadata(path).map_err(|e| e.to_string()).and_then(|found| {
        if !found.is_file() {
            return Err("it is no file".to_owned());
        }
        if found.len() > FILE_BYTES {
            return Err(format!("it has {} bytes, and a rule file {FILE_BYTES} at most", found.len()));
        }
        std::fs::read_to_string(path).map_err(|e| e.to_string())
    });
    match text {
        Ok(text) => Some(RuleText { name, text }),
        Err(why) => {
            let message = format!("cannot be read ({why}); name a text file that Jamey's user may read, or take it out of `{named_by}`");
            errors.push(RuleError::plain(&name, message));
            None
        }
    }
}

/// As the checker has it.
const FILE_BYTES: u64 = 2 * 1024 * 1024;

/// One file, to be laid over the rules.
///
/// # Errors
/// When it cannot be read.
pub fn candidate(path: &Path) -> Result<RuleText, Refused> {
    let mut errors = Vec::new();
    read(path, "the command", &mut errors).ok_or(Refused(errors))
}

/// Checks both sets whole. What is wrong with a candidate is told beside what is wrong with the rules.
///
/// # Errors
/// Everything that is wrong.
pub fn compile(rulings: &Rulings, signals: &[SignalSpec]) -> Result<Sets, Refused> {
    let live = RuleSet::of(&rulings.live, signals);
    let shadow = rulings.shadow.as_ref().map(|ruling| RuleSet::of(ruling, signals)).transpose();
    match (live, shadow) {
        (Ok(live), Ok(shadow)) => Ok(Sets { live, shadow }),
        // A candidate contains the rules: their errors would be told twice.
        (Err(errors), _) | (Ok(_), Err(errors)) => Err(Refused(errors)),
    }
}

/// The sets that the config names.
///
/// # Errors
/// All errors of all rules at once.
pub fn sets(config: &Config) -> Result<Sets, Refused> {
    compile(&rulings(config)?, &config.signals)
}
