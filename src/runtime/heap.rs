//! The heap, which on a small host is to give back at once what is let go of.

/// What the heap reads from the environment before `main` begins; its own default is to wait for a second, while others take anew.
#[cfg(unix)]
const GIVES_BACK: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");

/// Begins the process anew, as the same process, with a heap that gives back at once. Where its owner has said how long it may wait, that
/// holds; where it cannot be begun anew, it goes on as it is. Before anything is opened.
#[cfg(unix)]
pub fn give_back() {
    use std::{
        ffi::{CString, OsString},
        os::unix::ffi::OsStringExt,
        path::Path,
    };

    let (name, value) = GIVES_BACK;
    if std::env::var_os(name).is_some() {
        return;
    }
    let (Ok(own), Some(called)) = (std::env::current_exe(), std::env::args_os().next()) else { return };
    // Where a loader was started, it is the loader that would be begun anew.
    if own.file_name() != Path::new(&called).file_name() {
        return;
    }
    let texts = |texts: Vec<OsString>| texts.into_iter().map(|text| CString::new(text.into_vec())).collect::<Result<Vec<_>, _>>();
    let mut environment = vec![OsString::from(format!("{name}={value}"))];
    environment.extend(std::env::vars_os().map(|(mut name, value)| {
        name.push("=");
        name.push(value);
        name
    }));
    if let (Ok(own), Ok(words), Ok(environment)) =
        (CString::new(own.into_os_string().into_vec()), texts(std::env::args_os().collect()), texts(environment))
    {
        // It returns only where it failed. `Command::exec` then has signals set otherwise, and a shell read what is no program.
        let _ = nix::unistd::execve(&own, &words, &environment);
    }
}

#[cfg(not(unix))]
pub fn give_back() {}
