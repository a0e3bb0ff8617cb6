//! Whether what was chosen while Jamey ran takes something of the care away that the config asks for, and since when; and whether a config that
//! changed meanwhile asks for less than at the start. Pure.

use super::{Chosen, Holds, bare};
use crate::{broker::About, config::Config, domain::Timestamp};

/// What of it is milder than the config says, in words, and the oldest choice of them; None: nothing.
#[must_use]
pub fn milder(all: &[Holds]) -> Option<(Timestamp, String)> {
    let milder = || all.iter().filter(|holds| is_milder(holds)).filter_map(|holds| Some((holds, holds.chosen.as_ref()?.1)));
    let since = milder().map(|(_, at)| at).min()?;
    let words: Vec<String> =
        milder().filter_map(|(holds, _)| Some(format!("the {} is {}, {}", holds.about.verb(), holds.bare(), holds.why()?))).collect();
    Some((since, words.join("; ")))
}

/// What of a config is milder than at the start, each in words; of its rules somebody else tells.
#[must_use]
pub fn relaxed(start: &Config, live: &Config) -> Vec<String> {
    let (nobody, was) = (Chosen::default(), Chosen::default().holds(start));
    let holds = nobody.holds(live).into_iter().zip(was).map(|(holds, was)| Holds { config: was.config, ..holds });
    holds
        .filter(is_milder)
        .map(|holds| format!("the {} is {}, and was {}", holds.about.verb(), holds.bare(), bare(&holds.config)))
        .collect()
}

fn is_milder(holds: &Holds) -> bool {
    match holds.about {
        About::GuardMode => holds.config == "enforce" && holds.value != "enforce",
        // Each profile weighs something less than another; but `strict` takes nothing away from `home`.
        About::Profile => holds.value != holds.config && (holds.config != "home" || holds.value != "strict"),
        About::Strictness => holds.value.as_f64() < holds.config.as_f64(),
        About::Alert => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn holds(about: About, value: Value, config: Value, at: i64) -> Holds {
        let chosen = (value != config).then(|| ("anna".to_owned(), Timestamp::from_micros(at)));
        Holds { about, value, config, chosen }
    }

    #[test]
    fn what_takes_care_away_is_milder_and_what_adds_some_is_not() {
        for (about, value, config, is) in [
            (About::GuardMode, json!("observe"), json!("enforce"), true),
            (About::GuardMode, json!("enforce"), json!("observe"), false),
            (About::GuardMode, json!("enforce"), json!("enforce"), false),
            (About::Profile, json!("strict"), json!("home"), false),
            (About::Profile, json!("home"), json!("strict"), true),
            (About::Profile, json!("workshop"), json!("home"), true),
            (About::Profile, json!("home"), json!("workshop"), true),
            (About::Profile, json!("strict"), json!("workshop"), true),
            (About::Profile, json!("strict"), json!("strict"), false),
            (About::Strictness, json!(0.0), json!(0.1), true),
            (About::Strictness, json!(0.2), json!(0.1), false),
            (About::Strictness, json!(0.1), json!(0.1), false),
        ] {
            assert_eq!(milder(&[holds(about, value.clone(), config.clone(), 0)]).is_some(), is, "{value} over {config}");
        }
    }

    #[test]
    fn a_config_that_asks_for_less_than_at_the_start_is_relaxed() {
        let of = |text: &str| crate::config::tests::config(text);
        let start = of("[broker]\nguard = \"enforce\"\n[conscience]\nstrictness = 0.1\n");
        let told = relaxed(&start, &of("[conscience]\nprofile = \"strict\"\n"));
        assert_eq!(told, ["the guard-mode is observe, and was enforce", "the strictness is 0.0, and was 0.1"]);
        assert!(relaxed(&start, &start).is_empty() && relaxed(&of(""), &start).is_empty());
    }

    #[test]
    fn all_that_is_milder_is_named_since_the_oldest_of_it() {
        let all = [
            holds(About::GuardMode, json!("observe"), json!("enforce"), 9),
            holds(About::Profile, json!("strict"), json!("home"), 1),
            holds(About::Strictness, json!(0.0), json!(0.1), 5),
        ];
        let (since, text) = milder(&all).unwrap();
        assert_eq!(since, Timestamp::from_micros(5));
        assert!(
            text.starts_with("the guard-mode is observe, chosen by anna at ") && text.contains("; the strictness is 0.0, chosen"),
            "{text}"
        );
        assert!(!text.contains("strict,"), "{text}");
    }
}
