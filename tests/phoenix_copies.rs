//! Promise: a copy on another host takes nothing that the house did not vouch for, mends itself when its disk forgets, says at home when it cannot
//! go on, and is kept over TLS by whoever shows a certificate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "the courier's other tests use the rest")]
#[path = "phoenix_courier/copy.rs"]
mod copy;
mod support;

use copy::{LONG, files, receive, receive_from, site, users};
use jamey::phoenix::{
    Id,
    courier::{Listing, Offer, Piece},
};
use std::fs;
use support::{porch::porch, *};

#[test]
fn on_a_foreign_broker_only_what_the_house_vouches_for_is_taken() {
    let site = site(300_000);
    let (copy, base) = (site.at("copy"), format!("jamey/phoenix/snapshot/{}", site.id()));
    let other = mosquitto("").start();
    let mut liar = other.client("liar");
    // Garbage under the next number, which stands there before the house comes.
    let bytes = b"garbage".to_vec();
    let listing = Listing { v: 1, repository: site.id(), keys: vec![], packs: vec![], snapshots: vec![(1, Id::of(&bytes), 7)] };
    let list = listing.to_bytes();
    let offer = Offer::of(&listing, &list).unwrap();
    assert!(liar.publish(Message::new(&format!("{base}/offer"), offer.to_bytes()).qos(1).retained()).taken());
    let voucher = site.voucher();
    let receiving = receive(other.address(), &copy, None, &["--name", "attic", "--signed-by", &voucher]);
    let odd = receiving.says("odd");
    assert!(odd["text"].as_str().unwrap().contains("does not vouch for"), "{odd}");
    liar.tell(&format!("{base}/piece/{}/0", offer.list), Piece { object: offer.list, n: 0, content: &list }.to_bytes());
    assert!(!copy.exists(), "nothing is begun for it");

    let more = format!("address = \"{}\"\n", other.address());
    let house = Plan::default().config(&site.config(&more)).start();
    receiving.says("whole");
    site.is_copied(&copy);
    let mut states = house.client("states").listen("jamey/phoenix/state", 1);
    while states.message().json()["courier"]["signed_by"] != voucher.as_str() {}
    let (well, why, _) = receive(other.address(), &site.at("none"), None, &["--name", "x", "--signed-by", "abc"]).ends();
    assert!(!well && why.contains("64 hexadecimal digits"), "{why}");
}

#[test]
fn what_the_disk_forgot_is_fetched_again() {
    let site = site(9_000_000);
    let (data, copy) = (site.at("data"), site.at("copy"));
    users(&data, &[("attic", "receiver")]);
    let house = Plan::default().config(&site.config("")).data(&data).start();
    assert!(receive(house.mqtt(), &copy, Some("attic"), &["--once"]).ends().0);
    for once in [&["--once"][..], &[]] {
        let (name, mut bytes) = files(&copy).into_iter().find(|(name, _)| name.starts_with("packs")).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(copy.join(name), bytes).unwrap();
        let receiving = receive(house.mqtt(), &copy, Some("attic"), once);
        assert_eq!(receiving.says("rotten")["packs"], 1);
        let nothing_half = || fs::read_dir(copy.join("partial")).unwrap().count() == 0;
        wait_until("it is mended", LONG, || files(&copy) == files(&site.at("repository")) && nothing_half());
        drop(receiving);
        fs::remove_dir_all(copy.join("damaged")).unwrap();
    }
    site.is_copied(&copy);
}

#[test]
fn a_copy_that_cannot_go_on_is_told_at_home() {
    let site = site(100_000);
    let (data, copy) = (site.at("data"), site.at("copy"));
    users(&data, &[("root", "admin"), ("attic", "receiver")]);
    let house = Plan::default().config(&site.config("")).data(&data).start();
    assert!(receive(house.mqtt(), &copy, Some("attic"), &["--once"]).ends().0);
    // As if an older state had been put in the house's place.
    fs::copy(copy.join("snapshots/0000000001"), copy.join("snapshots/0000000009")).unwrap();
    let refusing = receive(house.mqtt(), &copy, Some("attic"), &[]);
    refusing.says("refused");
    let mut root = house.dial("root").v5().user("root", copy::PASSWORD).open().listen("jamey/alert/phoenix-copy", 1);
    let alert = root.message().json();
    assert!(
        alert["text"].as_str().unwrap().starts_with("attic does not go on with its copy of nas: the newest snapshot offered is 1"),
        "{alert}"
    );
    assert!(alert["since"].is_string() && alert["what_to_do"].as_str().unwrap().len() > 20, "{alert}");
    refusing.kill9();
    fs::remove_file(copy.join("snapshots/0000000009")).unwrap();
    assert!(receive(house.mqtt(), &copy, Some("attic"), &["--once"]).ends().0);
    assert_eq!(root.message().text(), "", "it goes on");
}

#[test]
fn over_tls_a_certificate_is_enough_and_a_strangers_is_not() {
    let (site, porch) = (site(200_000), porch());
    let data = site.at("data");
    users(&data, &[("attic", "receiver")]);
    let ours = porch.authority.client("attic", authority::NOW);
    let door = porch::door("certified", &porch.clients());
    let house = Plan::default().config(&format!("{}{door}", site.config(""))).data(&data).start();
    let url = format!("mqtts://localhost:{}", house.listener("certified").port());
    let (ca, certificate, key) = [porch.authority.ca(), ours.certificate, ours.key].map(|path| path.to_str().unwrap().to_owned()).into();
    let with = ["--name", "attic", "--once", "--ca", &ca, "--certificate", &certificate, "--key", &key];
    let (well, why, _) = receive_from(&url, &site.at("copy"), None, &with).ends();
    assert!(well, "{why}");
    site.is_copied(&site.at("copy"));

    let stranger = authority::Authority::new(porch.folder(), "other").client("attic", authority::NOW);
    let (certificate, key) = (stranger.certificate.to_str().unwrap(), stranger.key.to_str().unwrap());
    let with = ["--name", "attic", "--ca", &ca, "--certificate", certificate, "--key", key];
    let turned_away = receive_from(&url, &site.at("none"), None, &with);
    turned_away.says("lost");
    assert!(!site.at("none").exists());
    let (well, why, _) = receive_from("mqtt://localhost:1", &site.at("none"), None, &["--ca", &ca]).ends();
    assert!(!well && why.contains("for TLS"), "{why}");
}
