//! Reads the configuration's file and the environment; the only place of this room that has effects.

use super::{Config, ConfigError, Sources, tree::ENV_PREFIX};
use std::{fs, path::Path};

/// The file, or the built-in one where none is named, with the environment and the flags laid over it.
///
/// # Errors
/// Everything that is wrong, at once; a file that cannot be read is one thing more.
pub fn load(path: Option<&Path>, flags: Vec<(String, String)>) -> Result<Config, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let env = environment(std::env::vars_os(), &mut errors);
    let file = path.map(|path| (path.display().to_string(), path)).map(|(name, path)| match fs::read_to_string(path) {
        Ok(text) => (name, text),
        Err(error) => {
            let message = format!("cannot be read ({error}); name a text file that this user may read, or leave `--config` out");
            errors.push(ConfigError { path: name.clone(), at: "--config".to_owned(), message });
            (name, String::new())
        }
    });
    let file = file.as_ref().map_or(("config/jamey.toml (built in)", Config::EMBEDDED), |(name, text)| (name, text));
    let read = Config::read(&Sources { file: Some(file), env, flags });
    match read {
        Ok(config) if errors.is_empty() => Ok(Config { file: path.map(Path::to_owned), ..config }),
        Ok(_) => Err(errors),
        Err(more) => Err(errors.into_iter().chain(more).collect()),
    }
}

fn environment(
    vars: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    errors: &mut Vec<ConfigError>,
) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (name, value) in vars {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with(ENV_PREFIX) {
            continue;
        }
        match value.into_string() {
            Ok(value) => out.push((name, value)),
            Err(_) => errors.push(ConfigError {
                path: name.clone(),
                at: format!("environment {name}"),
                message: "found bytes that are no text; write UTF-8".to_owned(),
            }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_told_with_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none.toml");
        let errors = load(Some(&missing), vec![("broker.guard".into(), "off".into())]).unwrap_err();
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let name = missing.display();
        assert_eq!(
            lines,
            [
                format!(
                    "{name} (--config): cannot be read (No such file or directory (os error 2)); name a text file that this user may read, or leave `--config` out"
                ),
                "broker.guard (--guard): found \"off\"; write \"observe\" or \"enforce\"".to_owned(),
            ]
        );
    }

    #[test]
    fn a_file_is_read_and_named_in_its_errors() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("house.toml");
        fs::write(&path, "node = \"attic\"\n").unwrap();
        assert_eq!(load(Some(&path), vec![]).unwrap().node, "attic");
        fs::write(&path, "\nnode = 1\n").unwrap();
        assert_eq!(load(Some(&path), vec![]).unwrap_err()[0].at, format!("{}:2", path.display()));
        assert_eq!(load(None, vec![]).unwrap(), Config::default());
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_refused_and_others_are_let_be() {
        use std::os::unix::ffi::OsStringExt;
        let mut errors = Vec::new();
        let bad = std::ffi::OsString::from_vec(vec![0xff]);
        let vars = [("JAMEY__NODE".into(), bad.clone()), ("JAMEY_SECRET".into(), bad), ("JAMEY__ROOT".into(), "x".into())];
        assert_eq!(environment(vars.into_iter(), &mut errors), [("JAMEY__ROOT".to_owned(), "x".to_owned())]);
        assert_eq!(errors[0].to_string(), "JAMEY__NODE (environment JAMEY__NODE): found bytes that are no text; write UTF-8");
    }
}
