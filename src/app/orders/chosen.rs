//! What was chosen while Jamey ran: it stands in the data folder and counts over the config, until somebody chooses again or the config's own
//! value for that option is another one.

use crate::{
    app::put_down,
    broker::{About, Bearing, Wants},
    config::{Config, GuardMode},
    conscience::Profile,
    domain::Timestamp,
    runtime::files,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// In the data folder.
pub const FILE: &str = "chosen.json";
/// Three choices, each with a name.
const BYTES: u64 = 64 * 1_024;

/// One choice, and what it counts over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Choice<T> {
    value: T,
    by: String,
    #[serde(rename = "at_micros")]
    at: Timestamp,
    /// What the config said then.
    config: T,
}

/// All that was chosen; an option that nobody chose is as the config says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    v: u32,
    guard_mode: Option<Choice<GuardMode>>,
    profile: Option<Choice<Profile>>,
    strictness: Option<Choice<f64>>,
}

/// What holds for one option, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Holds {
    pub about: About,
    pub value: Value,
    pub config: Value,
    /// None: as the config says.
    pub chosen: Option<(String, Timestamp)>,
}

/// Why what stands there does not count.
#[derive(Debug, thiserror::Error)]
#[error("what was chosen while Jamey ran cannot be read ({path}: {why}): the config counts; choose again, or delete the file")]
pub struct Damaged {
    path: String,
    why: String,
}

impl Default for Chosen {
    fn default() -> Self {
        Self { v: 1, guard_mode: None, profile: None, strictness: None }
    }
}

impl Chosen {
    /// What stands in a data folder.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn read(data: &Path) -> Result<Self, Damaged> {
        let path = data.join(FILE);
        let damaged = |why: String| Damaged { path: path.display().to_string(), why };
        // What somebody put in its place is not waited for.
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Ok(found) if !found.is_file() || found.len() > BYTES => return Err(damaged("it is nothing that Jamey wrote".into())),
            _ => {}
        }
        let mut text = Vec::new();
        File::open(&path).and_then(|file| file.take(BYTES).read_to_end(&mut text)).map_err(|error| damaged(error.to_string()))?;
        let chosen: Self = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let numbers = chosen.strictness.iter().flat_map(|choice| [choice.value, choice.config]);
        if chosen.v != 1 || numbers.into_iter().any(|n| !(0.0..=crate::domain::limits::CAUTION).contains(&n)) {
            return Err(damaged("it says what nobody can choose".into()));
        }
        Ok(chosen)
    }

    /// Writes it; on disk, whole, before it returns. Where nothing is chosen there is no file.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn write(&self, data: &Path) -> io::Result<()> {
        if *self != Self::default() {
            return put_down(data, FILE, &serde_json::to_string_pretty(self)?);
        }
        match fs::remove_file(data.join(FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => files::sync_folder(data),
        }
    }

    /// Takes a choice; whether that changed anything. To choose what the config says is to choose nothing.
    pub fn choose(&mut self, wants: &Wants, by: &str, at: Timestamp, config: &Config) -> bool {
        let own = Own::of(config);
        match wants {
            Wants::GuardMode(value) => place(&mut self.guard_mode, *value, own.guard_mode, by, at),
            Wants::Profile(value) => place(&mut self.profile, value.and_then(Profile::named), own.profile, by, at),
            Wants::Strictness(value) => place(&mut self.strictness, *value, own.strictness, by, at),
            Wants::Acknowledge(_) => false,
        }
    }

    /// Lets go of what the config says otherwise than when it was chosen; what that was, as it held.
    pub fn without_ended(mut self, config: &Config) -> (Self, Vec<Holds>) {
        let (own, before) = (Own::of(config), self.holds(config));
        self.guard_mode = self.guard_mode.filter(|choice| choice.config == own.guard_mode);
        self.profile = self.profile.filter(|choice| choice.config == own.profile);
        self.strictness = self.strictness.filter(|choice| choice.config == own.strictness);
        let after = self.holds(config);
        let ended = before.into_iter().zip(after).filter(|(before, after)| before.chosen != after.chosen).map(|(before, _)| before);
        let ended = ended.collect();
        (self, ended)
    }

    /// The config as it counts. A choice for which it says otherwise than then does not.
    #[must_use]
    pub fn over(&self, config: &Config) -> Config {
        let (counts, mut config) = (self.clone().without_ended(config).0, config.clone());
        if let Some(choice) = counts.guard_mode {
            config.broker.guard = choice.value;
        }
        if let Some(choice) = counts.profile {
            config.conscience.profile = choice.value.as_str();
        }
        if let Some(choice) = counts.strictness {
            config.conscience.strictness = choice.value;
        }
        config
    }

    /// What holds for each option.
    #[must_use]
    pub fn holds(&self, config: &Config) -> [Holds; 3] {
        let own = Own::of(config);
        [
            holds(About::GuardMode, self.guard_mode.as_ref(), own.guard_mode),
            holds(About::Profile, self.profile.as_ref(), own.profile),
            holds(About::Strictness, self.strictness.as_ref(), own.strictness),
        ]
    }

    /// What holds for one option; None for an alert, which nobody chooses.
    #[must_use]
    pub fn of(&self, about: About, config: &Config) -> Option<Holds> {
        self.holds(config).into_iter().find(|holds| holds.about == about)
    }
}

/// What the config itself says.
struct Own {
    guard_mode: GuardMode,
    profile: Profile,
    strictness: f64,
}

impl Own {
    fn of(config: &Config) -> Self {
        let conscience = &config.conscience;
        let profile = Profile::named(conscience.profile).unwrap_or_default();
        Self { guard_mode: config.broker.guard, profile, strictness: conscience.strictness }
    }
}

/// Who chose first what holds stands.
fn place<T: Copy + PartialEq>(at_place: &mut Option<Choice<T>>, value: Option<T>, config: T, by: &str, at: Timestamp) -> bool {
    let fresh = value.filter(|value| *value != config).map(|value| Choice { value, by: by.to_owned(), at, config });
    let is_new =
        fresh.as_ref().map(|choice| (choice.value, choice.config)) != at_place.as_ref().map(|choice| (choice.value, choice.config));
    if is_new {
        *at_place = fresh;
    }
    is_new
}

fn holds<T: Copy + Serialize>(about: About, choice: Option<&Choice<T>>, config: T) -> Holds {
    let value = json!(choice.map_or(config, |choice| choice.value));
    Holds { about, value, config: json!(config), chosen: choice.map(|choice| (choice.by.clone(), choice.at)) }
}

/// How strictly the conscience judges by a config.
#[must_use]
pub fn bearing(config: &Config) -> Bearing {
    Bearing { profile: config.conscience.profile, strictness: config.conscience.strictness }
}

impl Holds {
    /// As programs are told it.
    #[must_use]
    pub fn json(&self) -> Value {
        let chosen = self.chosen.as_ref().map(|(by, at)| json!({"by": by, "at": at.to_string()}));
        json!({"option": self.about.verb(), "holds": self.value, "config": self.config, "chosen": chosen})
    }

    /// As people are told why it holds; None: because the config says so.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        let (by, at) = self.chosen.as_ref()?;
        Some(format!("chosen by {} at {at}; the config says {}", by.escape_debug(), bare(&self.config)))
    }

    #[must_use]
    pub fn bare(&self) -> String {
        bare(&self.value)
    }

    /// Whose choice it is, of one that ends.
    #[must_use]
    pub fn bare_and_who(&self) -> String {
        let by = self.chosen.as_ref().map_or("nobody", |(by, _)| by);
        format!("{} {}, chosen by {},", self.about.verb(), self.bare(), by.escape_debug())
    }
}

/// Without quotes.
#[must_use]
pub fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_795_000_000_123_456);

    fn chosen(all: &[Wants]) -> Chosen {
        let mut chosen = Chosen::default();
        for wants in all {
            assert!(chosen.choose(wants, "anna", AT, &Config::default()), "{wants:?}");
        }
        chosen
    }

    fn all() -> Chosen {
        chosen(&[Wants::GuardMode(Some(GuardMode::Enforce)), Wants::Profile(Some("strict")), Wants::Strictness(Some(0.07))])
    }

    #[test]
    fn what_is_chosen_is_read_again_and_counts_over_the_config() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(Chosen::read(data.path()).unwrap(), Chosen::default(), "nobody chose");
        all().write(data.path()).unwrap();
        let read = Chosen::read(data.path()).unwrap();
        assert_eq!(read, all());
        let counts = read.over(&Config::default());
        assert_eq!((counts.broker.guard, bearing(&counts)), (GuardMode::Enforce, Bearing { profile: "strict", strictness: 0.07 }));
        let [guard, _, strictness] = read.holds(&Config::default());
        assert_eq!((strictness.bare().as_str(), strictness.json()["chosen"]["by"].as_str()), ("0.07", Some("anna")));
        assert_eq!(guard.why().unwrap(), "chosen by anna at 2026-11-18T11:06:40.123456Z; the config says observe");
        assert_eq!(files::shared(&fs::metadata(data.path().join(FILE)).unwrap()), None);
        Chosen::default().write(data.path()).unwrap();
        assert!(!data.path().join(FILE).exists());
        Chosen::default().write(data.path()).unwrap();
    }

    #[test]
    fn the_config_as_value_and_its_own_value_are_no_choice() {
        let config = Config::default();
        for ends in [Wants::Profile(None), Wants::Profile(Some("home"))] {
            let mut one = chosen(&[Wants::Profile(Some("workshop"))]);
            assert!(one.choose(&ends, "bob", AT, &config) && one == Chosen::default(), "{ends:?}");
            assert!(!one.choose(&ends, "bob", AT, &config), "nothing changes");
        }
        let mut one = all();
        assert!(!one.choose(&Wants::Strictness(Some(0.07)), "bob", AT.plus_seconds(1), &config), "who chose it first stands");
        assert_eq!(one, all());
        assert!(one.choose(&Wants::Strictness(Some(0.08)), "bob", AT, &config));
        assert_eq!(one.of(About::Strictness, &config).unwrap().chosen, Some(("bob".into(), AT)));
    }

    #[test]
    fn a_choice_ends_when_the_config_says_otherwise_than_then() {
        let mut config = Config::default();
        config.broker.guard = GuardMode::Enforce;
        config.conscience.strictness = 0.01;
        let (left, ended) = all().without_ended(&config);
        assert_eq!(left, chosen(&[Wants::Profile(Some("strict"))]));
        assert_eq!(ended.iter().map(|holds| holds.about).collect::<Vec<_>>(), [About::GuardMode, About::Strictness]);
        let counts = all().over(&config);
        assert_eq!((counts.broker.guard, bearing(&counts)), (GuardMode::Enforce, Bearing { profile: "strict", strictness: 0.01 }));
    }

    #[test]
    fn what_nobody_can_choose_does_not_count() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(FILE);
        all().write(data.path()).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let wrong = [
            String::new(),
            good[..good.len() / 2].to_owned(),
            good.replace("0.07", "0.31"),
            good.replace("strict\"", "loose\""),
            good.replace("\"v\": 1", "\"v\": 2"),
            " ".repeat(70_000),
        ];
        for text in wrong {
            assert_ne!(text, good);
            fs::write(&path, &text).unwrap();
            let told = Chosen::read(data.path()).unwrap_err().to_string();
            assert!(told.contains("chosen.json") && told.contains("the config counts"), "{told}");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(Chosen::read(data.path()).is_err());
    }

    #[test]
    fn the_profiles_that_can_be_ordered_are_those_that_there_are() {
        assert_eq!(crate::config::PROFILES, Profile::ALL.map(Profile::as_str));
    }
}
