//! What people and programs are told while a copy is kept: lines, a bar on a terminal, and JSON lines with `--json`.

use crate::{
    cli::paint::plain,
    phoenix::courier::{Kind, News, Receiver},
};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use uuid::Uuid;

/// Progress in JSON is told so often at most.
const EACH_MS: u64 = 1_000;

pub struct Tell {
    json: bool,
    bar: ProgressBar,
    told_at: u64,
    /// What was said last of what may repeat itself.
    last: String,
    others: Vec<Uuid>,
}

impl Tell {
    pub fn new(json: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() });
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left") {
            bar.set_style(style);
        }
        Self { json, bar, told_at: 0, last: String::new(), others: Vec::new() }
    }

    fn put(&self, event: &str, more: Value, text: &str) {
        if self.json {
            let mut told = json!({"v": 1, "event": event});
            if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
                told.extend(more);
            }
            crate::cli::line!("{told}");
        } else {
            self.bar.suspend(|| crate::cli::line!("{}", plain(text)));
        }
    }

    pub fn connected(&mut self, from: &str) {
        self.last.clear();
        self.put("connected", json!({"from": from}), &format!("connected to {from}"));
    }

    /// Once for each reason, until it is connected again.
    pub fn lost(&mut self, why: &str, was_up: bool) {
        let text =
            if was_up { format!("the connection was lost ({why}); trying again") } else { format!("not reached ({why}); trying again") };
        if std::mem::replace(&mut self.last, text.clone()) != text {
            self.put("lost", json!({"text": plain(why)}), &text);
        }
    }

    pub fn other(&mut self, repository: Uuid) {
        if !self.others.contains(&repository) && self.others.len() < 16 {
            self.others.push(repository);
            let text = format!("another repository is offered there too: {repository}; --repository names the one to keep");
            self.put("other", json!({"repository": repository}), &text);
        }
    }

    /// Something came that is not of use.
    pub fn odd(&mut self, text: &str) {
        if std::mem::replace(&mut self.last, text.to_owned()) != text {
            self.put("odd", json!({"text": plain(text)}), &format!("left aside: {text}"));
        }
    }

    pub fn rotten(&mut self, packs: usize) {
        let text = format!("{packs} packs here were not what their names say: they were put aside (`damaged`), and are fetched again");
        self.put("rotten", json!({"packs": packs}), &text);
    }

    pub fn news(&mut self, news: &News, receiver: &Receiver) {
        match news {
            News::Offered { sequence, left, of } => {
                self.bar.set_length(*left);
                self.bar.set_position(0);
                let text = format!("snapshot {sequence} is offered: {} of {} to fetch", HumanBytes(*left), HumanBytes(*of));
                self.put("offered", json!({"sequence": sequence, "left_bytes": left, "bytes": of}), &text);
            }
            News::Kept(object) => {
                if let Kind::Snapshot(sequence) = object.kind {
                    self.put("kept", json!({"sequence": sequence}), &format!("snapshot {sequence} is here"));
                }
            }
            News::Whole { sequence, hash } => {
                let text = format!("all that is offered is here, up to snapshot {sequence}");
                let counts = json!({
                    "sequence": sequence, "hash": hash.to_string(), "pieces": receiver.taken, "needless_pieces": receiver.needless,
                });
                self.put("whole", counts, &text);
            }
            News::Woe(text) => self.put("woe", json!({"text": plain(text)}), text),
            News::Refused(text) => self.put("refused", json!({"text": plain(text)}), &format!("refused: {text}")),
        }
    }

    pub fn progress(&mut self, receiver: &Receiver, now: u64) {
        if !receiver.is_fetching() {
            return;
        }
        let left = receiver.left();
        self.bar.set_position(self.bar.length().unwrap_or_default().saturating_sub(left));
        if self.json && now >= self.told_at + EACH_MS {
            self.told_at = now;
            self.put("progress", json!({"left_bytes": left, "pieces": receiver.taken, "needless_pieces": receiver.needless}), "");
        }
    }
}

impl Drop for Tell {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
