//! Ports for what must come back at the same one, or does not say which it took.

use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

/// Claims, until this process ends.
static CLAIMED: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// A port that nobody has now, and no other test takes while this one runs, also while nobody listens there: who claims one holds it for datagrams. It
/// lies below those that the system hands out by itself (`ip_local_port_range`).
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id() * 64;
    loop {
        let number = begin + NEXT.fetch_add(1, Ordering::Relaxed);
        let address = at(10_000 + u16::try_from(number % 20_000).unwrap());
        let Ok(claim) = UdpSocket::bind(address) else { continue };
        if TcpListener::bind(address).is_ok() {
            CLAIMED.lock().unwrap().push(claim);
            return address.port();
        }
    }
}

pub fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
