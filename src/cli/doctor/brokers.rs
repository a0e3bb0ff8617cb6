//! Whether other brokers are reached: those that are joined by a bridge, the one that Jamey is attached to, and where snapshots are asked for.

use super::{Finding, House, good, wrong};
use crate::config::Remote;
use std::{
    io,
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn look(house: &House) -> Vec<Finding> {
    let config = house.config;
    let bridges = config.bridges.iter().map(|bridge| (format!("the bridge {}", bridge.name), &bridge.remote));
    let attached = config.attached.iter().map(|attached| ("the broker that Jamey is attached to".to_owned(), &attached.remote));
    let couriers = config.phoenix.courier.iter().filter_map(|courier| Some(("the courier's broker".to_owned(), courier.remote.as_ref()?)));
    let all: Vec<Finding> = bridges.chain(attached).chain(couriers).map(|(who, remote)| one(&who, remote)).collect();
    if all.is_empty() { vec![good("no other broker is named")] } else { all }
}

fn one(who: &str, remote: &Remote) -> Finding {
    let at = &remote.address;
    match reached(at) {
        Ok(()) => good(format!("{who}: {at} is reached")),
        Err(why) => {
            let to_do =
                "see whether it runs, whether the name is right and whether a firewall stands between; what is to go there waits on disk";
            wrong(format!("{who}: {at} is not reached: {why}"), to_do)
        }
    }
}

fn reached(address: &str) -> io::Result<()> {
    let mut last = io::Error::other("the name is not known");
    for at in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&at, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(why) => last = why,
        }
    }
    Err(last)
}
