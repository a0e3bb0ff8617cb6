//! Whether Jamey's ports are its own: open where it runs, free where it does not.

use super::{Finding, House, good, wrong};
use crate::cli::health;
use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(3);
const ELSEWHERE: &str = "a Jamey answers here that has another data folder: name it with --data (that of the service is /var/lib/jamey), or as \
                         `store.data` in the config";

pub(super) fn look(house: &House) -> Vec<Finding> {
    let config = house.config;
    let mqtt = config.broker.mqtt.iter().map(|at| ("broker.mqtt", *at));
    let listed = config.listeners.iter().map(|entry| ("listener", entry.address));
    let all = mqtt.chain(listed).chain([("http.listen", config.http.listen)]);
    // It is on this port, and its lock is not in this folder.
    let elsewhere = !house.is_running && health::is_there(&config.http);
    // Port 0 is another one at each start.
    let all = all.filter(|(_, at)| at.port() != 0);
    all.map(|(option, at)| if house.is_running { open(option, at) } else { free(option, at, elsewhere) }).collect()
}

fn open(option: &str, at: SocketAddr) -> Finding {
    match TcpStream::connect_timeout(&reachable(at), PATIENCE) {
        Ok(_) => good(format!("{option}: {at} is open")),
        Err(why) => {
            let to_do = "see its log for why it does not listen there; or the running one has another config: name that with --config";
            wrong(format!("{option}: Jamey runs, and nothing listens on {at}: {why}"), to_do)
        }
    }
}

fn free(option: &str, at: SocketAddr, elsewhere: bool) -> Finding {
    match TcpListener::bind(at) {
        Ok(_) => good(format!("{option}: {at} is free")),
        Err(why) => {
            let to_do = match why.kind() {
                ErrorKind::AddrInUse if elsewhere => ELSEWHERE.to_owned(),
                ErrorKind::AddrInUse => format!("see who is there (`ss -ltnp 'sport = :{}'`): stop it, or set another port", at.port()),
                ErrorKind::PermissionDenied => {
                    "ports below 1024 are for root: set a higher one, or `AmbientCapabilities=CAP_NET_BIND_SERVICE`".to_owned()
                }
                ErrorKind::AddrNotAvailable => "this host has no such address: set one of `ip address`, or 0.0.0.0".to_owned(),
                _ => "set another address".to_owned(),
            };
            wrong(format!("{option}: {at} cannot be listened on: {why}"), to_do)
        }
    }
}

/// Who listens everywhere is met on loopback.
pub(super) fn reachable(at: SocketAddr) -> SocketAddr {
    let ip = match at.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, at.port())
}
