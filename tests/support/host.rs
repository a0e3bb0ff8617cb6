//! Commands on the host, and the people of a house.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// One command on a data folder: exit code, and what it said on each of both ways.
pub fn run(data: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.arg("--data").arg(data).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who needs no word may be gone.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let out = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
}

/// The same, and all that it said.
pub fn jamey(data: &Path, args: &[&str], input: &str) -> (i32, String) {
    let (code, out, err) = run(data, args, input);
    (code, out + &err)
}

/// People with their roles, all with one password.
#[track_caller]
pub fn settle(data: &Path, people: &[(&str, &[&str])], password: &str) {
    for (user, roles) in people {
        let mut args = vec!["user", "add", *user];
        args.extend(roles.iter().flat_map(|role| ["--role", *role]));
        let (code, said) = jamey(data, &args, &format!("{password}\n"));
        assert_eq!(code, 0, "{said}");
    }
}
