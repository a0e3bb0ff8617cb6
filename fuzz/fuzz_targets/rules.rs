//! Any rule file is a rule set that judges, or is refused with errors; the checker itself never fails.
#![no_main]

use jamey::{
    config::shipped_signals,
    conscience::RuleSet,
    domain::{SignalSpec, limits},
};
use libfuzzer_sys::fuzz_target;
use std::{collections::BTreeMap, sync::LazyLock};

static SIGNALS: LazyLock<Vec<SignalSpec>> = LazyLock::new(shipped_signals);

/// Half of the inputs are CEL in a rule that is otherwise good: a fuzzer seldom guesses TOML and CEL at once.
fn wrapped(source: &str) -> String {
    let quoted: String = source.chars().filter(|c| *c != '\0' && (!c.is_control() || *c == '\n')).collect();
    let quoted = quoted.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\u{7f}', "");
    format!(
        "[[rule]]\nid = \"F-1\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = -1\nweight = 1\nseverity = 0.5\nwhen = \"{quoted}\"\n\
         [[rule.examples]]\nfires = true\nname = \"any\"\n"
    )
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let text = if first & 1 == 0 { text.into_owned() } else { wrapped(&text) };
    match RuleSet::load(&[("fuzz.toml".to_owned(), text)], &SIGNALS, &BTreeMap::new()) {
        Ok(set) => assert!(set.rules().count() <= limits::RULES),
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a word");
            assert!(errors.iter().all(|e| !e.message.contains("the checker failed")), "{errors:?}");
        }
    }
});
