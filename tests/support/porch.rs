//! An authority, a server's certificate, and a config with a door of each kind.

use super::{
    authority::{Authority, NOW, Pair},
    carrier::to,
    house::{House, Plan},
    mqtt::{Dial, Mqtt, dial},
    packet::Message,
};
use std::{net::SocketAddr, path::Path};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const DOORS: [&str; 4] = ["tls", "certified", "web", "secure-web"];

/// The folder, and what stands in it.
pub struct Porch {
    folder: TempDir,
    pub authority: Authority,
    pub server: Pair,
    pub client: Pair,
    pub runtime: Runtime,
}

pub fn porch() -> Porch {
    let folder = TempDir::with_prefix("porch-").unwrap();
    let authority = Authority::new(folder.path(), "ca");
    let (server, client) = (authority.server("server", NOW), authority.client("anna", NOW));
    Porch { folder, authority, server, client, runtime: Runtime::new().unwrap() }
}

impl Porch {
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn tls(&self) -> String {
        format!("certificate = {:?}\nkey = {:?}\n", self.server.certificate, self.server.key)
    }

    pub fn clients(&self) -> String {
        format!("{}client_ca = {:?}\n", self.tls(), self.authority.ca())
    }

    /// The four doors, each with `more`.
    pub fn config(&self, broker: &str, more: &str) -> String {
        let web = "protocol = \"websocket\"\n";
        let doors = [self.tls(), self.clients(), web.to_owned(), format!("{}{web}", self.tls())];
        let doors = DOORS.iter().zip(doors).map(|(name, says)| door(name, &format!("{says}{more}")));
        format!("{broker}\n{}", doors.collect::<String>())
    }

    /// A plain port behind which a door of the house is.
    pub fn way(&self, house: &House, door: &str) -> SocketAddr {
        let way = to(house.listener(door));
        let ca = self.authority.ca();
        let way = match door {
            "tls" => way.tls(&ca, None),
            "certified" => way.tls(&ca, Some(&self.client)),
            "web" => way.web(),
            "secure-web" => way.tls(&ca, None).web(),
            other => panic!("{other}"),
        };
        way.carry(&self.runtime)
    }
}

pub fn door(name: &str, says: &str) -> String {
    format!("[[listener]]\nname = \"{name}\"\naddress = \"127.0.0.1:0\"\n{says}\n")
}

pub fn opens(at: SocketAddr) -> bool {
    dial(at, "visitor").try_open().is_ok()
}

/// One door of a house, and the way through it.
pub struct Gate<'p> {
    pub house: House,
    porch: &'p Porch,
    door: &'static str,
    at: SocketAddr,
}

impl<'p> Gate<'p> {
    /// A house with all doors, and a plain one that is called `plain`.
    pub fn open(porch: &'p Porch, door: &'static str) -> Self {
        let house = Plan::default().config(&porch.config("", "")).start();
        let at = Self::way(porch, &house, door);
        Self { house, porch, door, at }
    }

    fn way(porch: &Porch, house: &House, door: &str) -> SocketAddr {
        if door == "plain" { house.mqtt() } else { porch.way(house, door) }
    }

    /// A plain port behind which the door is.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    pub fn is_plain(&self) -> bool {
        self.door == "plain"
    }

    /// Stops the house and starts it again.
    pub fn reopen(&mut self) {
        self.house.stop();
        self.house.start();
        self.at = Self::way(self.porch, &self.house, self.door);
    }

    pub fn dial(&self, id: &str) -> Dial {
        dial(self.at, id)
    }

    pub fn client(&self, id: &str) -> Mqtt {
        self.dial(id).open()
    }

    /// The house lives, and takes a message through this door and from elsewhere.
    pub fn serves(&mut self) {
        let mut here = self.dial("here").v5().open().listen("serves/here", 1);
        here.tell("serves/here", self.door);
        assert_eq!(here.message().text(), self.door);
        self.house.serves();
    }
}
