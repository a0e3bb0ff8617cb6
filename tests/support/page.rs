//! Pages whose blocks headed `console` are executed as they stand, and what is answered is compared with what is shown.

use serde_json::Value;
use std::{path::Path, process::Command};

/// A command of the page, and what is shown below it.
#[derive(Debug)]
pub struct Example {
    pub line: usize,
    pub command: String,
    pub shown: Vec<String>,
}

/// The blocks headed `console`; each is one shell.
pub fn blocks(page: &str) -> Vec<Vec<Example>> {
    let (mut all, mut inside): (Vec<Vec<Example>>, bool) = (Vec::new(), false);
    for (at, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), inside) {
            (Some("console"), false) => (inside, _) = (true, all.push(Vec::new())),
            (Some(_), true) => inside = false,
            (None, true) => match (line.strip_prefix("$ "), all.last_mut().unwrap()) {
                (Some(command), block) => block.push(Example { line: at + 1, command: command.to_owned(), shown: Vec::new() }),
                (None, block) => block.last_mut().expect("a block begins with a command").shown.push(line.to_owned()),
            },
            _ => {}
        }
    }
    all
}

const MARK: &str = "=== the next one ===";

/// What the commands of a block print, one by one.
pub fn run(block: &[Example], env: &[(&str, &str)], folder: &Path) -> Vec<String> {
    // What a block leaves running goes with it.
    let end = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n".to_owned();
    let script: String = end + &block.iter().map(|one| format!("{}\nprintf '\\n{MARK}\\n'\n", one.command)).collect::<String>();
    let out = Command::new("bash")
        .args(["-euc", &script])
        .current_dir(folder)
        .envs(env.iter().copied())
        .output()
        .expect("bash is there (tests/run installs curl and jq)");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "line {}: {}\n{text}", block[0].line, String::from_utf8_lossy(&out.stderr));
    text.split(&format!("\n{MARK}\n")).take(block.len()).map(|part| part.trim().to_owned()).collect()
}

/// Whether what is answered has the shape of what is shown: the same keys, and values of the same kind. `"…": "…"` stands for other keys, an
/// empty list for any, and null, which tells that something may be missing, for anything.
pub fn fits(shown: &Value, answered: &Value, at: &str) -> Result<(), String> {
    match (shown, answered) {
        (Value::Object(shown), Value::Object(answered)) => {
            let more = shown.contains_key("…");
            for (key, value) in shown.iter().filter(|(key, _)| *key != "…") {
                fits(value, answered.get(key).ok_or_else(|| format!("{at} has no `{key}`"))?, &format!("{at}.{key}"))?;
            }
            match answered.keys().find(|key| !more && !shown.contains_key(*key)) {
                Some(key) => Err(format!("{at} has `{key}`, which is not shown")),
                None => Ok(()),
            }
        }
        (Value::Array(shown), Value::Array(answered)) => match shown.first() {
            None => Ok(()),
            Some(_) if answered.is_empty() => Err(format!("{at} is empty")),
            Some(first) => answered.iter().try_for_each(|one| fits(first, one, &format!("{at}[]"))),
        },
        (Value::Null, _) | (_, Value::Null) => Ok(()),
        (shown, answered) if std::mem::discriminant(shown) == std::mem::discriminant(answered) => Ok(()),
        (shown, answered) => Err(format!("{at} is {answered}, shown is {shown}")),
    }
}

/// A head: its first line whole, and the names of its headers.
pub fn head_fits(shown: &[String], answered: &str) -> Result<(), String> {
    let name = |line: &str| line.split_once(": ").map_or_else(|| line.to_owned(), |(name, _)| name.to_lowercase());
    let all: Vec<String> = answered.lines().map(|line| name(line.trim())).collect();
    shown.iter().map(|line| name(line)).try_for_each(|line| if all.contains(&line) { Ok(()) } else { Err(format!("no `{line}`")) })
}

pub fn example_fits(example: &Example, answered: &str) -> Result<(), String> {
    if example.shown.is_empty() {
        return if answered.is_empty() { Ok(()) } else { Err("nothing is shown".into()) };
    }
    // A status stands alone, and is no other.
    if example.command.contains("%{http_code}") {
        return if example.shown == [answered] { Ok(()) } else { Err(format!("{answered} instead of {}", example.shown.join(" "))) };
    }
    match serde_json::from_str::<Value>(&example.shown.join("\n")) {
        Ok(shown) => fits(&shown, &serde_json::from_str(answered).map_err(|e| e.to_string())?, ""),
        Err(_) => head_fits(&example.shown, answered),
    }
}

/// Words as people read them: each line that is shown comes, in that order, its parts beside `…` as they stand. A line `…` is some that are not shown.
pub fn words_fit(shown: &[String], answered: &str) -> Result<(), String> {
    let mut lines = answered.lines();
    for line in shown.iter().filter(|line| line.trim() != "…" && !line.trim().is_empty()) {
        let parts: Vec<&str> = line.split('…').map(str::trim).collect();
        let has = |said: &str| parts.iter().try_fold(said, |rest, part| rest.split_once(part).map(|(_, rest)| rest)).is_some();
        if !lines.any(has) {
            return Err(format!("no line `{line}`"));
        }
    }
    Ok(())
}
