//! Whether the running Jamey answers, over HTTP and MQTT: a port may be open while nobody is behind it.

use super::{Finding, House, good, ports::reachable, wrong};
use crate::cli::health;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(5);
/// CONNECT of MQTT 3.1.1, clean, with no name: whatever is answered, a broker answers.
const CONNECT: [u8; 14] = [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 0];
const DISCONNECT: [u8; 2] = [0xe0, 0];
const CONNACK: u8 = 0x20;
const LOOK: &str = "look at its log (`journalctl -u jamey`) and at `jamey alert list`; a restart loses nothing that was acknowledged";

pub(super) fn look(house: &House) -> Vec<Finding> {
    if !house.is_running {
        return vec![good("no Jamey runs that could be asked")];
    }
    let mut all = vec![match health::ask(&house.config.http) {
        Ok((true, _)) => good("it is ready, by HTTP"),
        Ok((false, body)) => wrong(format!("it is not ready: {body}"), LOOK),
        Err(error) => wrong(format!("it does not answer by HTTP: {error:#}"), LOOK),
    }];
    // With TLS only who has a certificate may be let in.
    if let Some(at) = house.config.broker.mqtt.first().filter(|at| at.port() != 0) {
        all.push(match speaks(reachable(*at)) {
            Ok(()) => good(format!("it speaks MQTT on {at}")),
            Err(why) => wrong(format!("what listens on {at} does not speak MQTT: {why}"), LOOK),
        });
    }
    all
}

/// Whether a broker is there.
pub(super) fn speaks(at: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&CONNECT)?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer)?;
    let _ = stream.write_all(&DISCONNECT);
    if answer.first() == Some(&CONNACK) { Ok(()) } else { Err(std::io::Error::other("it answers something else")) }
}
