//! `jamey demo`: a small house played through real MQTT clients against the running Jamey. Tells what was seen, and leaves the broker as it was.

mod house;
mod scenes;
mod seen;
mod stage;
mod tell;
mod wire;

use anyhow::{Result, bail};
use stage::Stage;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// How long a connection may take; Jamey is near.
const PATIENCE: Duration = Duration::from_secs(3);

/// Plays the house against the Jamey at this address.
///
/// # Errors
/// When nothing answers there, what answers is not Jamey, or a connection is lost on the way.
pub async fn demo(mqtt: SocketAddr, json: bool) -> Result<()> {
    if !matches!(timeout(PATIENCE, TcpStream::connect(mqtt)).await, Ok(Ok(_))) {
        bail!("Jamey is not running at {mqtt}: start it with `jamey run` in another terminal");
    }
    let mut stage = Stage::new(mqtt, json);
    stage.arrive(mqtt).await?;
    let guard = match stage.guard.as_str() {
        "observe" => "observe (commands are judged and reported, none is held)",
        "enforce" => "enforce (what is not allowed is held)",
        other => other,
    };
    stage.tell.say(&format!("A small house, played by real MQTT clients against Jamey at {mqtt}. Its guard: {guard}."));
    let played = tokio::select! {
        played = scenes::play(&mut stage, mqtt) => played,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let left = stage.undo().await;
    stage.wire.leave().await;
    played?;
    if !left.is_empty() {
        bail!("these topics still carry what the demo put there; clear each with `mosquitto_pub -r -n -t TOPIC`: {}", left.join(", "));
    }
    Ok(())
}
