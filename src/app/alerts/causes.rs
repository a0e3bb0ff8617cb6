//! What is wrong, in words, and what to do about it: of that which other rooms find out themselves.

use super::{Alarms, Causes, Due, Trouble, Wrong, disk::Scarce};
use crate::{
    broker::Hall,
    domain::{Alarm, Timestamp},
    runtime::supervisor::Fallen,
};

pub(super) fn warning(since: Timestamp, text: impl Into<String>, what_to_do: &str) -> Alarm {
    Alarm { critical: false, since, text: text.into(), what_to_do: what_to_do.to_owned() }
}

pub(super) fn critical(since: Timestamp, text: impl Into<String>, what_to_do: &str) -> Alarm {
    Alarm { critical: true, ..warning(since, text, what_to_do) }
}

/// The store, the guard, and other brokers.
pub(super) fn house(hall: &Hall, now: Timestamp, all: &mut Causes) {
    let mut tell = |code: &str, alarm: Alarm| drop(all.insert(code.to_owned(), alarm));
    if hall.failing() {
        let text = "the store cannot write; guarded commands of risky devices are held back and inputs are not acknowledged";
        tell("store", critical(now, text, "make room on the disk, or check it; Jamey heals by itself"));
    }
    if let Some(damage) = hall.damage.get() {
        let text = format!("the database is damaged ({}): what Jamey tells of the past may be wrong", damage.found);
        tell("damaged", critical(now, text, &damage.to_do));
    }
    if let Some(found) = hall.aside.get() {
        let text = format!("{found}: it began anew with this start");
        let to_do = "nothing else is touched; what it was lies in `set-aside` of the data folder, and docs/consciousness.md says how it is put back";
        tell("set-aside", warning(now, text, to_do));
    }
    if let Some(until) = hall.guard().off_until {
        let text = format!("the guard is off until {until}: commands are judged and reported, none is held");
        tell("guard-off", warning(now, text, "run `jamey guard on` when you are done"));
    }
    for side in hall.beside.get().map(|others| others.sides()).unwrap_or_default() {
        if let Some(since) = side.absent(now) {
            let text = format!("the broker `{}` at {} has been away for more than a minute", side.name, side.address);
            let to_do = "see whether it runs and lets Jamey in; what is to go there waits, and Jamey connects by itself";
            tell(&format!("bridge-{}", side.name), warning(since, text, to_do));
        }
    }
}

/// Two things of which each takes care away, as one.
pub(super) fn together(one: Option<&(Timestamp, String)>, other: Option<&(Timestamp, String)>) -> Option<(Timestamp, String)> {
    let both = one.into_iter().chain(other);
    let since = both.clone().map(|(since, _)| *since).min()?;
    Some((since, both.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("; ")))
}

/// What somebody chose while Jamey ran, and a config that changed meanwhile: that it takes care away; and that a choice was lost.
pub(super) fn choices(
    milder: Option<&(Timestamp, String)>,
    relaxed: Option<&(Timestamp, String)>,
    damaged: bool,
    now: Timestamp,
    all: &mut Causes,
) {
    let milder = milder.map(|(since, text)| (*since, format!("milder than the config: {text}")));
    let relaxed = relaxed.map(|(since, text)| (*since, format!("since it changed the config is milder than at the start: {text}")));
    if let Some((since, text)) = together(milder.as_ref(), relaxed.as_ref()) {
        let to_do = "see who chose it (`jamey audit list`); `jamey guard mode config`, `jamey rules profile config` and `jamey rules strictness \
                     config` bring back what the config says, and `rules/own.toml` in the data folder may be taken away. Where it is meant to stay, \
                     write it in the config. A config that changed is told of until it says what it said, or until the next start";
        all.insert("guard-milder".to_owned(), warning(since, text, to_do));
    }
    if damaged {
        let text = "what was chosen while Jamey ran (guard, profile, strictness) could not be read at the start: the config counts, which may be milder";
        let to_do = "choose again (`jamey guard mode`, `jamey rules profile`, `jamey rules strictness`), or say `jamey guard mode config` where the \
                     config is to count";
        all.insert("guard-unread".to_owned(), warning(now, text, to_do));
    }
}

pub(super) fn slow(text: &str, now: Timestamp) -> (String, Alarm) {
    let to_do = "see what keeps the client from reading; raise the limits if it only needs more room";
    ("slow-subscriber".to_owned(), warning(now, text, to_do))
}

pub(super) fn log(text: &str, now: Timestamp) -> (String, Alarm) {
    let to_do = "see that `log.file` and its folder belong to the user of Jamey, that nothing stands in the place of the files before it, and that its \
                 disk is neither full nor slow; or let `log.filter` say less";
    ("log".to_owned(), warning(now, text, to_do))
}

pub(super) fn certificates(trouble: &Trouble, now: Timestamp) -> (String, Alarm) {
    let to_do = "make new ones (`jamey certs`) or have them renewed: Jamey takes them without a restart";
    let alarm = Alarm { critical: trouble.ended, ..warning(now, trouble.text.as_str(), to_do) };
    ("certificate".to_owned(), alarm)
}

/// Parts that fell, and were started again.
pub(super) fn fallen(all: &[Fallen], now: Timestamp, causes: &mut Causes) {
    let to_do = "Jamey goes on; if it happens again, send the log to who makes Jamey: the panic stands there with its words. It is over when the part \
                 has run well for a minute";
    let to_do_often = "Jamey goes on without it, and tries it again each half minute; what it does is told in docs/operations.md. Send the log to who \
                       makes Jamey: the panic stands there with its words";
    for Fallen { part, cause, times, often } in all {
        let count = if *times > 1 { format!(", {times} times within ten minutes") } else { String::new() };
        let text = format!("{part} fell and was started again{count}: {cause}");
        let alarm = if *often { critical(now, text, to_do_often) } else { warning(now, text, to_do) };
        causes.insert(format!("restarted-{part}"), alarm);
    }
}

/// The newest config or rules cannot be used.
pub(super) fn refused(wrong: &Wrong, now: Timestamp) -> (String, Alarm) {
    match wrong {
        Wrong::Rules(text) => {
            let to_do =
                "mend the file (`jamey rules check` shows what is wrong): it is read again when it changes; the old rules hold until then";
            ("rules".to_owned(), warning(now, text, to_do))
        }
        Wrong::Config(text) => {
            let to_do = "mend the file (`jamey check` shows what is wrong): it is read again when it changes; the old config holds until then, and \
                         without it Jamey does not start again";
            ("config".to_owned(), warning(now, text, to_do))
        }
    }
}

/// The newest access lists cannot be used.
pub(super) fn lists(text: &str, now: Timestamp) -> (String, Alarm) {
    let to_do = "mend the file (`jamey check` shows what is wrong): it is read again when it changes; the old lists hold until then, and without it \
                 Jamey does not start again";
    ("lists".to_owned(), warning(now, text, to_do))
}

pub(super) fn disk(scarce: Scarce, now: Timestamp) -> (String, Alarm) {
    let to_do = "make room: see what else fills that disk, keep less (`memory.database_mib`, [[retention]]; `jamey memory optimise`), or move the \
                 data folder to a larger one";
    ("disk".to_owned(), Alarm { critical: scarce.critical, ..warning(now, scarce.text, to_do) })
}

pub(super) fn memory(limit_mb: u32, now: Timestamp) -> (String, Alarm) {
    let to_do = "see in `jamey/system` what takes it: retained values, queues of absent subscribers, connections; lower their limits, or raise \
                 `alerts.memory_mb` where the house is that large";
    ("memory".to_owned(), warning(now, format!("the process takes more memory than it should: over {limit_mb} MB"), to_do))
}

pub(super) fn room(text: &str, now: Timestamp) -> (String, Alarm) {
    let to_do = "see `jamey memory stats`, and allow it more in the config (`memory.database_mib`, `memory.index_mib`), or keep less ([[retention]])";
    ("memory-room".to_owned(), warning(now, text, to_do))
}

pub(super) fn performance(text: &str, now: Timestamp) -> (String, Alarm) {
    let to_do = "see what else uses the disk and the processor of this host, and who says so much (`jamey/system`); an SD card that gets slow is at \
                 its end";
    ("performance".to_owned(), warning(now, text, to_do))
}

pub(super) fn duties(due: &Due, all: &mut Causes) {
    let to_do = "put it right; what a duty looks at, and whether Jamey may act on it, stands in the config under [[duty]]";
    all.extend(due.iter().map(|(id, (since, text))| (format!("duty-{id}"), critical(*since, text.as_str(), to_do))));
}

pub(super) fn silences(silent: &Due, all: &mut Causes) {
    let to_do = "see whether it has power, reaches the house, and still works; who is meant to be off at times has `watched = false` in \
                 the config under [[entity]]";
    all.extend(silent.iter().map(|(code, (since, text))| (code.clone(), warning(*since, text.as_str(), to_do))));
}

/// What the mind and Phoenix say of themselves.
pub(super) fn known(alarms: &Alarms, all: &mut Causes) {
    all.extend(alarms.iter().map(|(code, alarm)| (code.clone(), alarm.clone())));
}
