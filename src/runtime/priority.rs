//! Threads that give way to all others.

/// As nice as a thread can be.
#[cfg(target_os = "linux")]
const NICE: i32 = 19;

/// From now on the thread that calls this runs when no other wants to. On Linux a thread has a niceness of its own, and no process id means the
/// thread that asks. Where it may not be nicer it works as it is.
#[cfg(target_os = "linux")]
pub fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
pub fn give_way() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_thread_is_nicer() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let there = std::thread::spawn(move || {
            give_way();
            nice()
        });
        assert_eq!(there.join().unwrap(), NICE);
        assert_eq!(nice(), before);
    }
}
