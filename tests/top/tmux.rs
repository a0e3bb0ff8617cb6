//! A terminal with somebody at it: a shell in a tmux of its own, which is typed into and read from.

use crate::support::{PATIENCE, wait_until};
use std::{
    path::PathBuf,
    process::{Command, Output},
    time::Instant,
};
use tempfile::TempDir;

/// What the shell has written before anything else: it must be there again when a program has given the screen back.
pub const BEFORE: &str = "before-the-house";

pub struct Tmux {
    folder: TempDir,
}

impl Tmux {
    /// A terminal of this size, with these variables.
    pub fn open(width: u16, height: u16, env: &[(&str, &str)]) -> Self {
        let tmux = Self { folder: TempDir::with_prefix("jamey-tmux-").unwrap() };
        let (width, height) = (width.to_string(), height.to_string());
        let mut args = vec!["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height];
        let env: Vec<String> = env.iter().map(|(key, value)| format!("{key}={value}")).collect();
        env.iter().for_each(|pair| args.extend(["-e", pair]));
        args.push("exec sh");
        let made = tmux.said(&args);
        assert!(made.status.success(), "tmux is needed (apt install tmux): {made:?}");
        tmux.type_line(&format!("PS1='$ '; stty -echo; clear; echo {BEFORE}"));
        tmux.shows(BEFORE);
        tmux
    }

    fn said(&self, args: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.arg("-u").arg("-S").arg(self.folder.path().join("socket")).args(args);
        // The tester's own settings are none of this terminal's.
        for key in ["TMUX", "NO_COLOR", "COLUMNS", "LINES", "JAMEY_TOKEN", "RUST_BACKTRACE"] {
            command.env_remove(key);
        }
        command.env("LC_ALL", "C.UTF-8").output().unwrap_or_else(|e| panic!("tmux is needed (apt install tmux): {e}"))
    }

    fn told(&self, args: &[&str]) -> String {
        let out = self.said(args);
        assert!(out.status.success(), "{args:?}: {out:?}");
        String::from_utf8(out.stdout).unwrap()
    }

    /// Keys by their names in tmux: `Enter`, `Down`, `Escape`, or a letter.
    pub fn press(&self, keys: &[&str]) {
        self.told(&[&["send-keys"], keys].concat());
    }

    pub fn write(&self, text: &str) {
        self.told(&["send-keys", "-l", text]);
    }

    /// A line for the shell.
    pub fn type_line(&self, text: &str) {
        self.write(text);
        self.press(&["Enter"]);
    }

    pub fn resize(&self, width: u16, height: u16) {
        self.told(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.told(&["capture-pane", "-p"])
    }

    /// The same with the sequences that made it so.
    pub fn painted(&self) -> String {
        self.told(&["capture-pane", "-p", "-e"])
    }

    /// Waits until this is on the screen.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        self.is(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is so.
    #[track_caller]
    pub fn is(&self, what: &str, mut condition: impl FnMut(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if condition(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "it never shows: {what}\n{screen}");
            std::thread::park_timeout(std::time::Duration::from_millis(30));
        }
    }

    /// Begins `jamey top` with these words; its process id stands in a file from then on.
    pub fn begin(&self, args: &[&str]) {
        let pid = self.pid_file();
        let words: Vec<String> = args.iter().map(|word| format!("'{word}'")).collect();
        let binary = std::env::var("JAMEY_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_jamey").to_owned());
        self.type_line(&format!("sh -c 'echo $$ >{}; exec \"$@\"' - {binary} top {}; echo ended-$?", pid.display(), words.join(" ")));
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.path().join("pid")
    }

    pub fn pid(&self) -> i32 {
        let read = || std::fs::read_to_string(self.pid_file()).ok().and_then(|text| text.trim().parse().ok());
        wait_until("the process id", PATIENCE, || read().is_some());
        read().unwrap()
    }

    /// Waits until the program ended so, and the screen is the shell's again, as it was.
    #[track_caller]
    pub fn is_given_back(&self, code: i32) -> String {
        let screen = self.shows(&format!("ended-{code}"));
        assert!(screen.contains(BEFORE), "what was there before is there again:\n{screen}");
        assert!(!screen.contains("1 verdicts"), "nothing of it is left:\n{screen}");
        assert_eq!(self.told(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]).trim(), "0 1", "the cursor is seen");
        // Raw mode would not turn Enter into the end of a line.
        self.type_line("echo line-$((40 + 2))");
        self.shows("line-42")
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.said(&["kill-server"]);
    }
}
