//! An alert as it stands on its topic and on the page, and what a topic that outlived a restart says of it. Pure.

use super::{Alert, MORE, Page};
use crate::domain::{Alarm, Timestamp, limits, topics};
use serde_json::{Value, json};

/// As others are told it.
#[must_use]
pub fn payload(alert: &Alert) -> Value {
    let acknowledged = alert.acknowledged.as_ref().map(|(by, at)| json!({"by": by, "at": at.to_string()}));
    json!({
        "v": 1,
        "severity": severity(&alert.alarm),
        "since": alert.alarm.since.to_string(),
        "text": alert.alarm.text,
        "what_to_do": alert.alarm.what_to_do,
        "acknowledged": acknowledged,
        "times": alert.times,
    })
}

/// The whole page, with the code in each alert.
#[must_use]
pub fn page(page: &Page) -> Value {
    let one = |alert: &Alert| {
        let mut told = payload(alert);
        if let Value::Object(map) = &mut told {
            map.remove("v");
            map.insert("code".to_owned(), json!(alert.code));
        }
        told
    };
    json!({"v": 1, "alerts": page.alerts.iter().map(one).collect::<Vec<_>>(), "more": page.more})
}

fn severity(alarm: &Alarm) -> &'static str {
    if alarm.critical { "critical" } else { "warning" }
}

/// The alert that stands retained on a topic. None: it says nothing that can be held on to, and the topic is to be cleared.
#[must_use]
pub fn remembered(root: &str, topic: &str, told: &[u8]) -> Option<Alert> {
    let code = topic.strip_prefix(&topics::alert(root, "")).filter(|code| !code.is_empty() && !code.contains('/'))?;
    let told: Value = serde_json::from_slice(told).ok()?;
    let text = |key: &str| Some(told.get(key)?.as_str()?.chars().take(limits::ALERT_TEXT_CHARS).collect::<String>());
    let at = |of: &Value, key: &str| Timestamp::read(of.get(key)?.as_str()?);
    let seen = told.get("acknowledged").and_then(|seen| Some((seen.get("by")?.as_str()?.to_owned(), at(seen, "at")?)));
    let alarm = Alarm {
        critical: told.get("severity")?.as_str()? == "critical",
        since: at(&told, "since")?,
        text: text("text")?,
        what_to_do: text("what_to_do")?,
    };
    let times = told.get("times").and_then(Value::as_u64).and_then(|times| u32::try_from(times).ok()).unwrap_or(0);
    // Nobody has seen what is only counted.
    Some(Alert { code: code.to_owned(), alarm, acknowledged: seen.filter(|_| code != MORE), times })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_retained_is_read_as_it_was_told() {
        let at = Timestamp::from_micros(1_795_000_000_123_456);
        let alarm = Alarm { critical: true, since: at, text: "wet".into(), what_to_do: "dry it".into() };
        for acknowledged in [None, Some(("anna".to_owned(), at))] {
            let alert = Alert { code: "duty-leak".into(), alarm: alarm.clone(), acknowledged, times: 3 };
            assert_eq!(remembered("jamey", "jamey/alert/duty-leak", payload(&alert).to_string().as_bytes()), Some(alert));
        }
        let of_before = br#"{"v":1,"severity":"warning","since":"2026-11-18T11:06:40.123456Z","text":"t","what_to_do":"d"}"#;
        let alert = remembered("a/b", "a/b/alert/rules", of_before).unwrap();
        assert_eq!((alert.code.as_str(), alert.times, alert.acknowledged), ("rules", 0, None));
        for (topic, told) in
            [("jamey/alert/", &of_before[..]), ("jamey/alert/x/y", of_before), ("jamey/alert/x", b"{}"), ("jamey/alert/x", b"\xff")]
        {
            assert_eq!(remembered("jamey", topic, told), None, "{topic}");
        }
    }
}
