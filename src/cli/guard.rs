//! `jamey guard coverage|mode|off|on`: what is judged, whether it is held, and break-glass on the host.

use super::{Common, device, option::option};
use crate::{
    app::{LONGEST_SECONDS, Order, orders},
    broker::{
        About,
        guard::{GuardRules, coverage},
    },
    config::{Config, GuardMode},
    domain::{DeviceClass, Registry, Timestamp},
    runtime::Clock,
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Each actuator and alias: judged, not judged, or never on MQTT, and why.
    Coverage,
    /// Whether what the conscience refuses is held (enforce) or only reported (observe), and who chose that; with a mode, from now on, also
    /// after a restart.
    Mode {
        /// `config`: what the config says.
        #[arg(value_parser = ["observe", "enforce", "config"])]
        mode: Option<String>,
    },
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
        Action::Mode { mode } => option(common, About::GuardMode, mode.as_ref().map(|mode| json!({"mode": mode}))),
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
            say(
                common,
                &json!({"v": 1, "guard": "on"}),
                "the guard is on again, in the mode that `jamey guard mode` tells; a running Jamey sees it within a second",
            );
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
    let devices = device::known(data)?;
    let registry = Registry::from_devices(devices.iter().cloned());
    let rules = GuardRules::of(config);
    let chosen = orders::found(data).0.without_ended(config).0;
    let holds = chosen.over(config).broker.guard;
    let rows = coverage::rows(&registry, &rules);
    let other = config.attached.as_ref().map(|attached| &attached.remote.address);
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&coverage::page(config, &json!(holds), &rows))?);
        return Ok(());
    }
    let mode = match holds {
        GuardMode::Observe => "observe: judged and reported, nothing is held",
        GuardMode::Enforce => "enforce: what the conscience refuses is held",
    };
    let why = chosen.of(About::GuardMode, config).and_then(|holds| holds.why()).unwrap_or_else(|| "by this config".to_owned());
    crate::cli::line!("guard mode {mode} ({why}; `{}/info` tells that of a running Jamey)", config.root);
    if let Some(until) = crate::app::standing(data, Clock::new(Timestamp::default()).now()) {
        crate::cli::line!("break-glass: off until {until}, nothing is held");
    }
    crate::cli::line!("");
    crate::cli::line!("{:<28} {:<12} {:>4}  {:<10} {:<44} why", "actuator", "class", "risk", "judged", "topic");
    for coverage::Row { device, covered } in &rows {
        crate::cli::line!(
            "{:<28} {:<12} {:>4.1}  {:<10} {:<44} {}",
            device.id.as_str(),
            device.class.as_str(),
            device.risk.get(),
            covered.judged.as_str(),
            covered.topic,
            covered.why
        );
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
    if !devices.iter().any(|d| d.class != DeviceClass::Gateway) {
        crate::cli::line!(
            "\nNo actuator is known yet: they are learned from Home Assistant discovery, Zigbee2MQTT and Tasmota, or named by [[device]] and [[guard]].\n\
             Topics of the families in [inputs] are judged also for devices that nobody described."
        );
    }
    if let Some(other) = other {
        crate::cli::line!("\nNot judged: what others send directly to the broker at {other} ([attached]).");
    }
    crate::cli::line!(
        "\nNever judged, because it never passes through a broker: Zigbee bindings, native APIs, HTTP, wall switches, voice assistants' own clouds."
    );
    Ok(())
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
