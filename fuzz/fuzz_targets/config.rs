//! Any file, environment and flag is a config, or refused with errors of one line each.
#![no_main]

use jamey::config::{Config, ENV_PREFIX, FLAGS, Sources};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // The file, then lines of `SECTION__KEY=value` for the environment, then one flag's value.
    let mut parts = text.split('\0');
    let file = parts.next().unwrap_or_default();
    let pair = |line: &str| line.split_once('=').map(|(key, value)| (format!("{ENV_PREFIX}{key}"), value.to_owned()));
    let env = parts.next().unwrap_or_default().lines().filter_map(pair).collect();
    let flags = parts.zip(FLAGS).map(|(value, (_, path))| (path.to_owned(), value.to_owned())).collect();
    match Config::read(&Sources { file: Some(("fuzz.toml", file)), env, flags }) {
        Ok(config) => assert!(!config.root.is_empty() && !config.broker.mqtt.is_empty()),
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a word");
            for error in errors {
                assert_eq!(error.to_string().lines().count(), 1, "{error:?}");
            }
        }
    }
});
