//! `jamey guard coverage|off|on`: what is judged, and break-glass on the host.

use super::Common;
use crate::{
    app::{LONGEST_SECONDS, Order},
    config::{Config, GuardMode},
    domain::{CommandShape, Device, Timestamp},
    runtime::Clock,
    store::Reader,
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Each actuator and alias: judged, not judged, or never on MQTT, and why.
    Coverage,
    /// Break-glass: hold nothing for a while. Audited and announced.
    Off {
        /// For how long: `90s`, `10m`, `1h`; at most 24h.
        #[arg(long = "for", value_name = "TIME")]
        time: String,
    },
    /// End break-glass now.
    On,
}

/// # Errors
/// When the data folder cannot be used, or the time cannot be read.
pub fn guard(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    match action {
        Action::Coverage => coverage(common, &config),
        Action::Off { time } => {
            if !data.is_dir() {
                bail!("there is no data folder {}: name the running Jamey's with --data", data.display());
            }
            let until = Clock::new(Timestamp::default()).now().plus_seconds(seconds(time)?);
            Order { off_until_micros: until.micros() }.give(data).with_context(|| format!("{} cannot be written", data.display()))?;
            say(
                common,
                &json!({"v": 1, "guard": "off", "until": until.to_string()}),
                &format!("the guard is off until {until}; a running Jamey sees it within a second"),
            );
            Ok(())
        }
        Action::On => {
            Order::revoke(data).with_context(|| format!("{} cannot be written", data.display()))?;
            say(common, &json!({"v": 1, "guard": "on"}), "the guard is as the config says; a running Jamey sees it within a second");
            Ok(())
        }
    }
}

fn say(common: &Common, json: &Value, text: &str) {
    if common.json {
        crate::cli::line!("{json}");
    } else {
        crate::cli::line!("{text}");
    }
}

fn seconds(text: &str) -> anyhow::Result<i64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3600,
        _ => bail!("`{text}` is no time: write 90s, 10m or 1h"),
    };
    let seconds = number.parse::<i64>().ok().and_then(|n| n.checked_mul(factor)).unwrap_or(0);
    if !(1..=LONGEST_SECONDS).contains(&seconds) {
        bail!("`{text}`: the guard can be off for 1s to 24h at a time");
    }
    Ok(seconds)
}

fn coverage(common: &Common, config: &Config) -> anyhow::Result<()> {
    let data = &config.store.data;
    let devices = match Reader::open(data) {
        Ok(reader) => reader.devices()?,
        Err(_) if !data.join("jamey.db").exists() => Vec::new(),
        Err(error) => return Err(error).context("the store cannot be read"),
    };
    let rows: Vec<Row> = devices.iter().flat_map(rows).collect();
    if common.json {
        let list: Vec<Value> = rows.iter().map(Row::json).collect();
        let guards: Vec<&str> = config.guards.iter().map(|g| g.filter.as_str()).collect();
        crate::cli::line!(
            "{}",
            serde_json::to_string_pretty(&json!({"v": 1, "mode": config.broker.guard, "actuators": list, "owner_guards": guards}))?
        );
        return Ok(());
    }
    let mode = match config.broker.guard {
        GuardMode::Observe => "observe: judged and reported, nothing is held",
        GuardMode::Enforce => "enforce: what the conscience refuses is held",
    };
    crate::cli::line!("guard mode {mode} (by this config; `{}/info` tells that of a running Jamey)", config.root);
    if let Some(until) = crate::app::standing(data, Clock::new(Timestamp::default()).now()) {
        crate::cli::line!("break-glass: off until {until}, nothing is held");
    }
    crate::cli::line!("");
    crate::cli::line!("{:<28} {:<12} {:>4}  {:<10} {:<44} why", "actuator", "class", "risk", "judged", "topic");
    for row in &rows {
        crate::cli::line!("{:<28} {:<12} {:>4.1}  {:<10} {:<44} {}", row.device, row.class, row.risk, row.judged, row.topic, row.why);
    }
    for guard in &config.guards {
        crate::cli::line!(
            "{:<28} {:<12} {:>4.1}  {:<10} {:<44} named by [[guard]]",
            guard.device.as_ref().map_or("(by topic)", |d| d.as_str()),
            guard.class.as_str(),
            guard.risk.unwrap_or(guard.class.risk()).get(),
            "yes",
            guard.filter.as_str()
        );
    }
    crate::cli::line!(
        "{:<28} {:<12} {:>4}  {:<10} {:<44} always, and always enforced",
        "(any target)",
        "",
        "",
        "yes",
        format!("{}/act/+/+", config.root)
    );
    if rows.is_empty() {
        crate::cli::line!(
            "\nNo actuator is known yet: they are learned from Home Assistant discovery and Zigbee2MQTT, or named by [[device]] and [[guard]]."
        );
    }
    crate::cli::line!(
        "\nNever judged, because it never passes through a broker: Zigbee bindings, native APIs, HTTP, wall switches, voice assistants' own clouds."
    );
    Ok(())
}

struct Row {
    device: String,
    class: &'static str,
    risk: f64,
    judged: &'static str,
    topic: String,
    why: String,
}

impl Row {
    fn json(&self) -> Value {
        json!({"device": self.device, "class": self.class, "risk": self.risk, "judged": self.judged, "topic": self.topic, "why": self.why})
    }
}

fn rows(device: &Device) -> Vec<Row> {
    let row = |judged, topic: String, why: String| Row {
        device: device.id.to_string(),
        class: device.class.as_str(),
        risk: device.risk.get(),
        judged,
        topic,
        why,
    };
    let mut rows: Vec<Row> = device
        .claims
        .values()
        .flat_map(|claim| {
            claim.commands.iter().map(move |command| {
                let why = match command.shape {
                    CommandShape::Opaque => {
                        format!("{} of {}: its template cannot be inverted, every payload is an unknown verb", command.role, claim.key)
                    }
                    _ => format!("{} of {}", command.role, claim.key),
                };
                (command.topic.clone(), why)
            })
        })
        .map(|(topic, why)| row("yes", topic, why))
        .collect();
    rows.extend(
        device
            .aliases
            .iter()
            .map(|alias| row("yes", format!("…/{alias}[/endpoint]/set[/attribute]"), "another name of it in Zigbee2MQTT".to_owned())),
    );
    if let Some(state) = device.claims.values().find_map(|c| c.state_topic.clone()) {
        rows.push(row("no", state, "its own state: told, not asked".to_owned()));
    }
    if rows.is_empty() {
        rows.push(row("never", "-".to_owned(), "it declares no command topic".to_owned()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn break_glass_has_an_end() {
        assert_eq!(seconds("90s").unwrap(), 90);
        assert_eq!(seconds("1h").unwrap(), 3600);
        assert_eq!(seconds("24h").unwrap(), LONGEST_SECONDS);
        for bad in ["25h", "0s", "", "1d", "-1s", "99999999999999999999h", "86401"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
