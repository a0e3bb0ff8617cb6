//! Threads that give way to all others.

/// As nice as a thread can be.
#[cfg(target_os = "linux")]
const LAST: i32 = 19;
/// A tenth of what others get where all of them want a core: what has to be done goes on.
#[cfg(target_os = "linux")]
const BEHIND: i32 = 10;

/// From now on the thread that calls this, and each that it starts, runs when no other wants to.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    be_nice(LAST);
}

/// From now on those who are waited for come before the thread that calls this, and before each that it starts.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    be_nice(BEHIND);
}

/// On Linux a thread has a niceness of its own, and no process id means the thread that asks. Where it may not be nicer it works as it is.
#[cfg(target_os = "linux")]
fn be_nice(by: i32) {
    if let Err(error) = rustix::process::setpriority_process(None, by) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_thread_is_nicer_and_those_that_it_starts() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        for (go, then) in [(give_way as fn(), LAST), (step_back, BEHIND.max(before))] {
            let there = std::thread::spawn(move || {
                go();
                (nice(), std::thread::spawn(nice).join().unwrap())
            });
            assert_eq!(there.join().unwrap(), (then, then));
        }
        assert_eq!(nice(), before);
    }
}
