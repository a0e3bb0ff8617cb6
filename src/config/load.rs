//! Reads the configuration's file and the environment; the only place of this room that has effects.

use super::{Config, ConfigError, Older, Places, Sources, read_all, tree::ENV_PREFIX};
use std::{fs, path::Path};

/// A config, and what there is to say of how it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    pub places: Places,
    /// What stands under a name of an older Jamey: it counts, and `migrate` gives it the new one.
    pub older: Vec<Older>,
}

/// The file, or the built-in one where none is named, with the environment and the flags laid over it.
///
/// # Errors
/// Everything that is wrong, at once; a file that cannot be read is one thing more.
pub fn load(path: Option<&Path>, flags: Vec<(String, String)>) -> Result<Config, Vec<ConfigError>> {
    load_all(path, flags).map(|loaded| loaded.config)
}

/// The same, with where each option was set.
///
/// # Errors
/// As `load`.
pub fn load_all(path: Option<&Path>, flags: Vec<(String, String)>) -> Result<Loaded, Vec<ConfigError>> {
    let read = path.map(|path| match fs::read_to_string(path) {
        Ok(text) => Ok((path, text)),
        Err(error) => {
            let message = format!("cannot be read ({error}); name a text file that this user may read, or leave `--config` out");
            Err((path, ConfigError { path: path.display().to_string(), at: "--config".to_owned(), message }))
        }
    });
    match read {
        None => over(None, "config/jamey.toml (built in)", Config::EMBEDDED, flags, Vec::new()),
        Some(Ok((path, text))) => load_text(path, &text, flags),
        Some(Err((path, error))) => over(Some(path), &path.display().to_string(), "", flags, vec![error]),
    }
}

/// What `load_all` would say if this text stood in that file.
///
/// # Errors
/// As `load`.
pub fn load_text(path: &Path, text: &str, flags: Vec<(String, String)>) -> Result<Loaded, Vec<ConfigError>> {
    over(Some(path), &path.display().to_string(), text, flags, Vec::new())
}

fn over(
    path: Option<&Path>,
    name: &str,
    text: &str,
    flags: Vec<(String, String)>,
    mut errors: Vec<ConfigError>,
) -> Result<Loaded, Vec<ConfigError>> {
    let env = environment(std::env::vars_os(), &mut errors);
    match read_all(&Sources { file: Some((name, text)), env, flags }) {
        Ok(mut loaded) if errors.is_empty() => {
            loaded.config.file = path.map(Path::to_owned);
            Ok(loaded)
        }
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
