//! The heap, which on a small host is to give back at once what is let go of.

/// What the heap reads from the environment before `main` begins; its own default is to wait for a second, while others take anew.
#[cfg(unix)]
const GIVES_BACK: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");

/// Begins the process anew, as the same process, with a heap that gives back at once. Where its owner has said how long it may wait, that
/// holds; where it cannot be begun anew, it goes on as it is. Before anything is opened.
#[cfg(unix)]
pub fn give_back() {
    use std::os::unix::process::CommandExt;

    let (name, value) = GIVES_BACK;
    if std::env::var_os(name).is_some() {
        return;
    }
    let mut words = std::env::args_os();
    if let (Ok(own), Some(called)) = (std::env::current_exe(), words.next()) {
        // It returns only where it failed.
        let _ = std::process::Command::new(own).arg0(called).args(words).env(name, value).exec();
    }
}

#[cfg(not(unix))]
pub fn give_back() {}
