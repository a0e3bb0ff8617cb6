//! The eight scenes, in order. Each tells what was seen, and says so when something expected was not.

use super::{
    house::{
        self, ACTUATORS, FLAKY, HOME_ASSISTANT, INTRUDER, LIGHT, LOCK, OLD_SCRIPT, SIREN, SMOKE_ALARM, SPEAKERS, THERMOMETER, THERMOSTAT,
    },
    seen::{self, Decision, Seen},
    stage::{BY_NOW, NOW, Stage},
};
use anyhow::Result;
use std::{net::SocketAddr, time::Duration};
use tokio::time::Instant;

/// Within 5 s of a command its opposite counts as a conflict, and that would be the story instead of the door.
const NO_CONFLICT: Duration = Duration::from_millis(5_500);

/// Plays them all.
///
/// # Errors
/// When a connection is lost, or the broker does not answer.
pub async fn play(stage: &mut Stage, at: SocketAddr) -> Result<()> {
    introductions(stage).await?;
    ordinary_life(stage).await?;
    the_lock(stage).await?;
    the_retained_command(stage).await?;
    the_smoke_alarm(stage).await?;
    opinions(stage).await?;
    mood_and_focus(stage).await?;
    closing(stage, at).await;
    Ok(())
}

async fn introductions(stage: &mut Stage) -> Result<()> {
    stage.tell.scene(1, "The devices introduce themselves").await;
    for id in SPEAKERS {
        stage.wire.join(id, &[]).await?;
    }
    for (device, component) in ACTUATORS {
        let filters = house::filters(device);
        stage.wire.join(device, &filters.each_ref().map(String::as_str)).await?;
        let topic = house::discovery_topic(device, component);
        stage.undo_later(topic.clone(), "", true);
        let document = house::document(device, component).to_string();
        if let Some(why) = stage.wire.publish(device, &topic, document.as_bytes(), true).await? {
            stage.tell.missing(&format!("the announcement of {device} was refused: {why}"));
        }
    }
    stage.tell.say(
        "A light, a lock, a thermostat and a siren announce themselves to Home Assistant, as Zigbee2MQTT does for real ones \
         (homeassistant/.../config). Jamey reads along: that is how it learns which topics command what, and how risky that is.",
    );
    Ok(())
}

async fn ordinary_life(stage: &mut Stage) -> Result<()> {
    stage.tell.scene(2, "Ordinary life").await;
    let begun = Instant::now();
    let refused = stage.wire.publish(THERMOMETER, &format!("jamey/in/{THERMOMETER}/temperature"), b"21.4", false).await?;
    match refused {
        None => stage.tell.say(&format!(
            "A thermometer says 21.4; Jamey acknowledged it in {:.1} ms (by default only when it is on disk). Home Assistant turns on the light and sets the thermostat.",
            begun.elapsed().as_secs_f64() * 1_000.0
        )),
        Some(why) => stage.tell.missing(&format!("the thermometer's 21.4 was not taken: {why}")),
    }
    // A house that has told Jamey of its smoke alarm is quiet only once the alarm has said so.
    stage.wire.publish(SMOKE_ALARM, &format!("jamey/in/{SMOKE_ALARM}/smoke"), b"false", false).await?;
    let light = stage.command(HOME_ASSISTANT, LIGHT, "on", "", r#"{"state": "ON"}"#, false).await?;
    stage.outcome(&light).await?;
    let heat = stage.command(HOME_ASSISTANT, THERMOSTAT, "set", "/occupied_heating_setpoint", "21.5", false).await?;
    stage.outcome(&heat).await?;
    Ok(())
}

async fn the_lock(stage: &mut Stage) -> Result<()> {
    stage.tell.scene(3, "The front door").await;
    let lock = stage.command(HOME_ASSISTANT, LOCK, "lock", "", "LOCK", false).await?;
    let later = Instant::now() + NO_CONFLICT;
    stage.outcome(&lock).await?;
    stage.tell.while_waiting("some seconds pass, so that nobody contradicts Home Assistant at once", tokio::time::sleep_until(later)).await;
    stage.tell.say(&format!(
        "A client nobody knows asks for the door to be unlocked and the heating to go to 35 degrees, on jamey/act/{LOCK}/unlock and \
         jamey/act/{THERMOSTAT}/set. What is asked there is always enforced."
    ));
    stage.wire.join(INTRUDER, &[]).await?;
    let unlock = stage.act(INTRUDER, LOCK, "unlock", None).await?;
    let heat = stage.act(INTRUDER, THERMOSTAT, "set", Some(35.0)).await?;
    stage.wire.settle(INTRUDER).await?;
    let unlock = stage.outcome(&unlock).await?;
    let heat = stage.outcome(&heat).await?;
    if [unlock, heat].iter().flatten().any(|s| s.decision == Decision::Escalate) {
        stage.tell.say("To escalate is to ask a person: it waits on jamey/approval/# for those who may answer, and for `jamey approval list` on this host. Without an answer it expires, and nothing happens.");
    }
    Ok(())
}

async fn the_retained_command(stage: &mut Stage) -> Result<()> {
    stage.tell.scene(4, "A command that comes back").await;
    stage.tell.say(
        "An old script sends UNLOCK with the retain flag: any broker would repeat it each time the lock reconnects, \
         and the door would open by itself after a power cut.",
    );
    let asked = stage.command(OLD_SCRIPT, LOCK, "unlock", "", "UNLOCK", true).await?;
    let seen = stage.outcome(&asked).await?;
    if seen.is_some_and(|s| s.forwarded == Some(true)) && stage.guard == "observe" {
        stage.tell.say("It went on all the same: the guard only observes now, as it does until you say otherwise. The demo takes it back.");
    }
    // At once, and not only at the end: a retained unlock is no thing to leave lying about.
    stage.wire.publish(OLD_SCRIPT, &house::set_topic(LOCK), b"", true).await?;
    Ok(())
}

async fn the_smoke_alarm(stage: &mut Stage) -> Result<()> {
    stage.tell.scene(5, "Smoke").await;
    let topic = format!("jamey/in/{SMOKE_ALARM}/smoke");
    stage.undo_later(topic.clone(), "false", false);
    stage.wire.publish(SMOKE_ALARM, &topic, b"true", false).await?;
    stage
        .tell
        .say(&format!("The smoke alarm says `true` on {topic}, and the siren sounds. The unknown client asks for the siren to be off."));
    let asked = stage.act(INTRUDER, SIREN, "off", None).await?;
    stage.wire.settle(INTRUDER).await?;
    let seen = stage.outcome(&asked).await?;
    let heard_smoke = |s: &Seen| s.decision == Decision::Deny && s.weighed("LIFE-2");
    if seen.as_ref().is_some_and(heard_smoke) {
        stage.tell.say("Jamey knows of the smoke, and a siren is not silenced while there is some.");
    } else if seen.is_some() {
        stage.tell.say("As far as this verdict shows, Jamey does not know that there is smoke: its config has to say by what the signal is fed. Add this to its config, and play the demo again:");
        stage.tell.copy(&["[[signal]]", "name = \"smoke\"", &format!("entity = \"{SMOKE_ALARM}\""), "kind = \"smoke\""]);
    }
    Ok(())
}

async fn opinions(stage: &mut Stage) -> Result<()> {
    stage.tell.scene(6, "Whom to trust").await;
    let mark = stage.wire.mark();
    let readings = ["21.3", "21.4", "-40", "85", "nan", "{\"temperature\": 2", "21.3"];
    for reading in readings {
        stage.wire.send(FLAKY, &format!("jamey/in/{FLAKY}/temperature"), reading.as_bytes(), false).await?;
    }
    stage.wire.settle(FLAKY).await?;
    stage.tell.say(&format!(
        "A sensor with a loose wire sends {}. What Jamey holds of it, of the unknown client and of Home Assistant:",
        readings.join(", ")
    ));
    // What Jamey holds of the others was told when they acted, some scenes ago.
    for (entity, since, patience) in [(FLAKY, mark, NOW), (INTRUDER, 0, BY_NOW), (HOME_ASSISTANT, 0, BY_NOW)] {
        let topic = format!("jamey/soul/entity/{entity}");
        match stage.state(&topic, since, patience).await {
            Some((payload, new)) => {
                let age = if new { "" } else { " (Told before this demo; Jamey renews an opinion at most once a minute.)" };
                let mild =
                    if entity == FLAKY && new && !seen::lowered(&payload) { " So the wild readings were not held against it." } else { "" };
                stage.tell.state(&topic, &payload, &format!("{}{age}{mild}", seen::opinion(&payload)));
            }
            None => stage.tell.missing(&format!("nothing was told on {topic}")),
        }
    }
    Ok(())
}

async fn mood_and_focus(stage: &mut Stage) -> Result<()> {
    stage.tell.scene(7, "Jamey itself").await;
    for (topic, words) in
        [("jamey/soul/emotion", seen::mood as fn(&serde_json::Value) -> String), ("jamey/consciousness/state", seen::focus)]
    {
        // Told on change only: what was said at any time in this demo is what holds.
        match stage.state(topic, 0, BY_NOW).await {
            Some((payload, _)) => stage.tell.state(topic, &payload, &words(&payload)),
            None => stage.tell.missing(&format!("nothing was told on {topic}")),
        }
    }
    Ok(())
}

async fn closing(stage: &mut Stage, at: SocketAddr) {
    stage.tell.scene(8, "Now you").await;
    let kept = "The demo's announcements are taken back now; what Jamey learned of the demo_ names it keeps, as of anyone.";
    match stage.guard.as_str() {
        "observe" => stage.tell.say(&format!(
            "{} verdicts. Jamey observes: commands on the devices' own topics were judged and reported, and none was held. `jamey run --guard enforce` holds what is not allowed. {kept}",
            stage.verdicts
        )),
        "enforce" => stage.tell.say(&format!("{} verdicts. Jamey enforces: what is not allowed does not reach a device. {kept}", stage.verdicts)),
        other => stage.tell.say(&format!("{} verdicts. Jamey says of its guard: {other}. {kept}", stage.verdicts)),
    }
    stage.tell.say("Three lines to try next:");
    let to = format!("-h {} -p {}", at.ip(), at.port());
    stage.tell.copy(&[
        &format!("mosquitto_sub {to} -t 'jamey/#' -v"),
        &format!("mosquitto_pub {to} -t jamey/in/kitchen/temperature -m 21.5"),
        &format!("mosquitto_pub {to} -t jamey/act/front_door/unlock -m '{{}}'"),
    ]);
}
