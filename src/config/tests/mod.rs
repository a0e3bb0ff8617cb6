//! What the configuration promises, read from the outside.

mod alerts;
mod courier;
mod defaults;
mod identity;
mod listeners;
mod lists;
mod memory;
mod overrides;
mod phoenix;
mod refusals;

use super::{Config, Sources};
use proptest::prelude::*;

/// A file's errors, as lines.
fn lines(text: &str) -> Vec<String> {
    lines_of(&Sources { file: Some(("j.toml", text)), ..Sources::default() })
}

fn lines_of(sources: &Sources) -> Vec<String> {
    Config::read(sources).map_or_else(|errors| errors.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

pub(crate) fn config(text: &str) -> Config {
    Config::read(&Sources { file: Some(("j.toml", text)), ..Sources::default() }).unwrap()
}

/// Lines of TOML that are nearly right, so that every reader is reached.
fn line() -> impl Strategy<Value = String> {
    let keys = "(path|key_file|schedule|include|address|protocol|certificate|key|client_ca|origins|filter|filters|direction|topics|node|root|timezone|mqtt|guard|topic|id|class|risk|payloads|reads|name|default|weights|\\[\\[(listener|guard|device|input|signal|entity|retention|bridge|bridge\\.topics|phoenix\\.repository)\\]\\]|\\[(broker|inputs|store|conscience|attached|phoenix|phoenix\\.courier)\\])";
    let values = "( = (true|-?[0-9]{1,20}|\"[a-z/+#{}$\\\\n]{0,9}\"|\\[\"[a-z:0-9.]{0,9}\"\\]|\\{ a = 1 \\}|inf|1979-05-27))?";
    proptest::string::string_regex(&format!("{keys}{values}")).unwrap()
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), name in "(JAMEY__)?\\PC{0,20}", value in any::<String>()) {
        let flags = vec![(name.clone(), value.clone())];
        let told = lines_of(&Sources { file: Some(("j.toml", &text)), env: vec![(name, value)], flags });
        prop_assert!(told.iter().all(|line| !line.contains('\n')), "one line each: {told:?}");
    }

    #[test]
    fn nothing_nearly_right_makes_it_panic(parts in proptest::collection::vec(line(), 0..12)) {
        let told = lines(&parts.join("\n"));
        prop_assert!(told.iter().all(|line| !line.contains('\n')), "one line each: {told:?}");
    }
}
