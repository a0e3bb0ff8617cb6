//! What is said of the courier is checked against the rest.

use super::{config, lines};

const NAS: &str = "[[phoenix.repository]]\nname = \"nas\"\npath = \"/mnt/nas\"\nkey_file = \"/k\"\n";

#[test]
fn a_courier_is_read_with_and_without_another_broker() {
    assert_eq!(config("").phoenix.courier, None);
    let own = config(&format!("{NAS}[phoenix.courier]\nrepository = \"nas\"\n")).phoenix.courier.unwrap();
    assert_eq!((own.repository.as_str(), own.kilobytes_per_second, own.remote), ("nas", 4_000, None));
    let text = format!(
        "{NAS}[phoenix.courier]\nrepository = \"nas\"\nkilobytes_per_second = 0\naddress = \"far:8883\"\ntls = true\nuser = \"house\"\n"
    );
    let far = config(&text).phoenix.courier.unwrap();
    let remote = far.remote.unwrap();
    assert_eq!((far.kilobytes_per_second, remote.address.as_str(), remote.tls), (0, "far:8883", true));
}

#[test]
fn what_cannot_be_carried_is_told() {
    let told = |more: &str| lines(&format!("{NAS}{more}")).join("\n");
    assert!(told("[phoenix.courier]\n").contains("phoenix.courier.repository (j.toml:5): missing; write `repository = \"nas\"`"));
    assert!(told("[phoenix.courier]\nrepository = \"usb\"\n").contains("found \"usb\", which is no `[[phoenix.repository]]`"));
    assert!(told("[phoenix.courier]\nrepository = \"nas\"\nuser = \"anna\"\n").contains("phoenix.courier.user"));
    let small = "[phoenix.courier]\nrepository = \"nas\"\n[broker]\nmax_packet_bytes = 100000\n";
    assert!(told(small).contains("found 100000, and the courier's messages have 131072; write as much"), "{}", told(small));
    let over = "[phoenix.courier]\nrepository = \"nas\"\nkilobytes_per_second = 1000001\n";
    assert!(told(over).contains("phoenix.courier.kilobytes_per_second"), "{}", told(over));
}
