//! Sets the owner's own rules while Jamey runs: checked whole, on disk, on record, and then swapped; or refused whole, and nothing changed.

use super::{
    Refused, Sets, Watch, compile,
    own::{self, OWN, Own},
    rulings_with,
};
use crate::config::Config;
use std::sync::Arc;
use tokio::sync::oneshot;
use tracing::warn;

/// Whether what is set now, and what of it is milder, is what somebody had read.
pub type Agrees = Box<dyn FnOnce(Option<&Own>, &[String]) -> bool + Send>;

/// Rules that somebody wants to set.
pub struct Setting {
    /// None: none of their own any more.
    pub text: Option<String>,
    pub by: String,
    /// Whether what is set now is what they had read.
    pub agrees: Agrees,
    pub done: oneshot::Sender<Result<Now, Unset>>,
}

/// What is set now, and what of it is milder than it was without.
#[derive(Debug, Clone, Default)]
pub struct Now {
    pub own: Option<Own>,
    pub milder: Vec<String>,
}

/// Why nothing was set.
#[derive(Debug)]
pub enum Unset {
    /// What is set is another thing than what was read.
    Changed,
    /// All that is wrong.
    Refused(Refused),
    Failed(String),
}

impl From<Refused> for Unset {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// What is to hold, and what held before; None: nothing changes.
type Fresh = Option<(Sets, Now, Option<Own>)>;

impl Watch {
    /// Does it, and tells who wanted it.
    pub(super) async fn set(&mut self, config: &Arc<Config>, setting: Setting) {
        let Setting { text, by, agrees, done } = setting;
        let counts = self.choices.now().await.chosen.over(config);
        let written = tokio::task::spawn_blocking(move || try_to_set(&counts, text.as_deref(), agrees)).await;
        let came = match written {
            Err(error) => Err(Unset::Failed(error.to_string())),
            Ok(Err(unset)) => Err(unset),
            Ok(Ok((now, None))) => Ok(now),
            Ok(Ok((_, Some((sets, now, before))))) => {
                let digest = |own: Option<&Own>| own.map_or_else(|| "none".to_owned(), |own| own::digest(&own.text));
                let (was, is) = (digest(before.as_ref()), digest(now.own.as_ref()));
                let milder = if now.milder.is_empty() { String::new() } else { format!("; milder: {}", now.milder.join(", ")) };
                let detail = format!("{OWN} set by HTTP: sha256 {was} then, {is} now{milder}");
                warn!("{detail}, by {}", by.escape_debug());
                // Nobody takes the guard's care away before that is on its way to the record.
                self.hall.record_by(&by, "rules.set", Some(OWN), &detail).await;
                let alarm = own::alarm(&self.choices.now().await.chosen.over(config), &sets);
                self.swap(sets).await;
                self.tell_own.send_replace(alarm);
                Ok(now)
            }
        };
        // Who wanted it may be gone.
        let _ = done.send(came);
    }
}

fn try_to_set(config: &Config, text: Option<&str>, agrees: Agrees) -> Result<(Now, Fresh), Unset> {
    let data = &config.store.data;
    let before = now(config)?;
    if !agrees(before.own.as_ref(), &before.milder) {
        return Err(Unset::Changed);
    }
    if before.own.as_ref().map(|own| own.text.as_str()) == text {
        return Ok((before, None));
    }
    let sets = compile(&rulings_with(config, text)?, &config.signals)?;
    let milder = own::takes_away(config, &sets);
    let unwritten = |error| Unset::Failed(format!("nothing was changed: {OWN} in the data folder cannot be written ({error})"));
    own::write(data, text).map_err(unwritten)?;
    let now = Now { own: own::read(data)?, milder };
    Ok((now.clone(), Some((sets, now, before.own))))
}

/// What is set at present. Not for an async task.
///
/// # Errors
/// When it cannot be read.
pub fn now(config: &Config) -> Result<Now, Refused> {
    let own = own::read(&config.store.data)?;
    let sets = own.as_ref().and_then(|own| compile(&rulings_with(config, Some(&own.text)).ok()?, &config.signals).ok());
    let milder = sets.map_or_else(Vec::new, |sets| own::takes_away(config, &sets));
    Ok(Now { own, milder })
}
