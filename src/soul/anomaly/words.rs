//! What is found in a series, in plain words with numbers; units are the reader's to know.

use super::{
    discrete::{Discrete, Oddity},
    episode::{Episode, What},
    news::News,
    numeric::Numeric,
    units,
};
use crate::domain::Timestamp;

/// Something that a reading told of its series, once.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    pub field: String,
    pub at: Timestamp,
    pub news: News,
    pub text: String,
    /// Another one nearby saw the same: it happens in the house.
    pub corroborated: bool,
}

impl Finding {
    #[must_use]
    pub fn of(field: &str, news: News, text: String, at: Timestamp) -> Self {
        Self { field: field.to_owned(), at, news, text, corroborated: false }
    }

    /// How much it concerns the home, in [0, 1]: what begins more than what ends, what is far off more than what is near.
    #[must_use]
    pub fn importance(&self) -> f64 {
        match self.news {
            News::Began { what: What::Drift | What::Stuck | What::NewState, .. } => 0.5,
            News::Began { z, .. } => (0.4 + 0.05 * (z - 8.0)).clamp(0.4, 0.8),
            News::Unit(_) | News::Swap { .. } => 0.5,
            News::Accepted { .. } | News::Ended { .. } => 0.3,
        }
    }

    /// What it weighs against the sensor's word, in [−1, 0]: −min(1, (z−8)/8) for an oddity that begins and that nobody else saw. A new state
    /// costs nothing: a device that tells something for the first time is no liar.
    #[must_use]
    pub fn weight(&self) -> f64 {
        match self.news {
            News::Began { what: What::NewState, .. } => 0.0,
            News::Began { z, .. } if !self.corroborated && z > 8.0 => -((z - 8.0) / 8.0).min(1.0),
            _ => 0.0,
        }
    }
}

/// What a reading of a numeric series told.
#[must_use]
pub fn of_number(field: &str, news: News, x: f64, series: &Numeric) -> String {
    match news {
        News::Began { what: What::Drift, .. } => of_drift(field, series),
        News::Began { .. } => series.episode().map_or_else(String::new, |episode| of_episode(field, episode, series)),
        News::Ended { what, since } => {
            let lasted = span(series.at().seconds_since(since));
            match what {
                What::Spike => format!("{field} is back at {} after a spike", short(x)),
                What::Stuck => format!("{field} moves again, to {}, after {lasted}", short(x)),
                What::Drift => format!("{field}: its days are as they were, after {lasted}"),
                What::Impossible => format!("{field} tells what can be again, {}, after {lasted}", short(x)),
                _ => format!("{field} is as usual again, {}, after {lasted}", short(x)),
            }
        }
        News::Unit(place) => {
            let unit = units::map(place).map_or("another unit", |map| map.words);
            format!("{field} is told in another unit from now on ({unit}): {} means what its readings before meant", short(x))
        }
        News::Swap { from, to } => {
            format!(
                "{field} comes from another sensor, or from another place: around {} instead of {}, with another noise",
                short(to),
                short(from)
            )
        }
        News::Accepted { from, to } => {
            format!("{field} stays around {} instead of {}: that is its level from now on", short(to), short(from))
        }
    }
}

/// What a word of a series of states told.
#[must_use]
pub fn of_word(field: &str, news: News, word: &str, series: &Discrete) -> String {
    match (news, series.episode()) {
        (News::Began { .. }, Some(odd)) => of_oddity(field, odd, series),
        (News::Ended { what: What::Chatter, since }, _) => {
            format!("{field} is calm again, {word}, after {}", span(series.at().seconds_since(since)))
        }
        _ => format!("{field} is {word}, which is no news any more"),
    }
}

/// An episode that lasts.
#[must_use]
pub fn of_episode(field: &str, episode: &Episode, series: &Numeric) -> String {
    let (x, level, z) = (short(episode.worst), short(episode.level), deviations(episode.z.into()));
    let side = if episode.worst > episode.level { "above" } else { "below" };
    match episode.what {
        What::Impossible => format!("{field} {x}: there is no such value"),
        What::Leap | What::Spike => format!("{field} {x}: {z} {side} its usual {level}"),
        What::Step => format!("{field} stepped from {level} to {} and stays", short(episode.trial.level)),
        What::OutOfRange => {
            let (low, high) = series.spread().ends();
            format!("{field} {x}: far {side} all of its last weeks, {} to {}", short(low), short(high))
        }
        What::Noise => {
            format!("{field} swings by {} around {level}, usually by {}", short(episode.greatest.into()), short(series.walk().sigma()))
        }
        What::Stuck => format!("{field} is {x} and nothing else for {}, and it used to move", span(series.run_seconds())),
        What::Drift | What::NewState | What::Chatter => String::new(),
    }
}

#[must_use]
pub fn of_drift(field: &str, series: &Numeric) -> String {
    let (usual, now) = series.days().means();
    format!("{field} creeps away: {} on a usual day, {} now", short(usual), short(now))
}

#[must_use]
pub fn of_oddity(field: &str, odd: &Oddity, series: &Discrete) -> String {
    match odd.what {
        What::Chatter => format!(
            "{field} changes faster than anyone could make it: {:.0} times in some ten seconds, {:.0} at most before",
            odd.size,
            series.most()
        ),
        _ => format!("{field} is {}, which it never was in {} words ({:.0} bits of surprise)", odd.word, series.words(), odd.size),
    }
}

fn deviations(z: f64) -> String {
    if z >= 1_000.0 { "more than 1000 deviations".to_owned() } else { format!("{z:.0} deviations") }
}

/// Four digits that count, no more.
fn short(x: f64) -> String {
    let size = x.abs();
    let places: usize = match size {
        s if s >= 1_000.0 => 0,
        s if s >= 100.0 => 1,
        s if s >= 1.0 => 2,
        _ => 3,
    };
    if size >= 1e7 {
        return format!("{x:.3e}");
    }
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_times_are_told_as_people_do() {
        for (x, text) in
            [(21.299_999, "21.3"), (85.0, "85"), (0.1234, "0.123"), (-127.0, "-127"), (1013.25, "1013"), (0.0, "0"), (2e9, "2.000e9")]
        {
            assert_eq!(short(x), text);
        }
        for (s, text) in [(5.0, "5 s"), (600.0, "10 min"), (7_200.0, "2 h"), (864_000.0, "10 days")] {
            assert_eq!(span(s), text);
        }
    }
}
