//! Promise: snapshots reach another host over MQTT, byte for byte, whatever is lost, broken off, restarted or killed on the way; only who may has
//! them sent, and who lies on the road changes nothing that is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "phoenix_courier/copy.rs"]
mod copy;
mod support;

use copy::{files, receive, site, users};
use jamey::phoenix::{
    Id,
    courier::{Listing, Offer, Piece, Want},
};
use support::*;

const BAD: &[&str] = &["/piece/", "/want/", "/done/"];

#[test]
fn a_copy_over_jameys_own_broker_is_the_original_and_opens_with_the_key() {
    let site = site(3_000_000);
    let (data, copy) = (site.at("data"), site.at("copy"));
    users(&data, &[("root", "admin"), ("attic", "receiver")]);
    let house = Plan::default().config(&site.config("")).data(&data).start();
    let done = format!("jamey/phoenix/snapshot/{}/done/attic", site.id());
    let mut root = house.dial("root").v5().user("root", copy::PASSWORD).open().listen(&done, 1);
    let (well, why, _) = receive(house.mqtt(), &copy, Some("attic"), &["--once"]).ends();
    assert!(well, "{why}");
    site.is_copied(&copy);
    let receipt = root.message();
    assert_eq!(receipt.topic, done);
    // Here already: nothing is fetched but the list.
    let (_, _, said) = receive(house.mqtt(), &copy, Some("attic"), &["--once"]).ends();
    assert_eq!(said.last().unwrap()["pieces"], 1, "{said:?}");
    // A receiver that stays hears of the next one by itself, and fetches only what is new.
    let staying = receive(house.mqtt(), &copy, Some("attic"), &[]);
    staying.says("whole");
    let before = site.pieces();
    site.takes_another(&house);
    wait_until("the second snapshot is whole", copy::LONG, || staying.said("whole").is_some_and(|whole| whole["sequence"] == 2));
    let pieces = staying.said("whole").unwrap()["pieces"].as_u64().unwrap();
    // The newest manifest stands retained, and two lists are told.
    assert!(pieces <= site.pieces() - before + 2, "{pieces} of {} and {before}", site.pieces());
    let mut states = house.dial("states").v5().user("root", copy::PASSWORD).open().listen("jamey/phoenix/state", 1);
    let told = |states: &mut Mqtt| states.message().json()["courier"].clone();
    let mut courier = told(&mut states);
    while courier["receivers"]["attic"]["whole"] != 2 {
        courier = told(&mut states);
    }
    assert_eq!((&courier["repository"], &courier["offered"], &courier["connected"]), (&"nas".into(), &2.into(), &true.into()), "{courier}");
    assert_eq!(courier["receivers"]["attic"]["fetching"], false, "{courier}");
    staying.kill9();
    site.is_copied(&copy);
}

#[test]
fn a_fifth_lost_broken_off_a_killed_broker_and_a_killed_receiver_and_still_the_original() {
    let site = site(16_000_000);
    let (data, copy, pieces) = (site.at("data"), site.at("copy"), site.pieces());
    users(&data, &[("attic", "receiver")]);
    let mut house = Plan::default().config(&site.config("kilobytes_per_second = 3000\n")).data(&data).start();
    let road = lossy(house.mqtt(), BAD, 20, 60);
    let arrived = |n: u64| wait_until("pieces arrive", copy::LONG, || road.counts().0 >= n);
    let receiving = receive(road.at(), &copy, Some("attic"), &[]);
    arrived(pieces / 4);
    house.kill9();
    house.start();
    road.leads_to(house.mqtt());
    arrived(pieces / 2);
    receiving.kill9();
    let before = road.counts().0;
    let (well, why, said) = receive(road.at(), &copy, Some("attic"), &["--once"]).ends();
    assert!(well, "{why}");
    site.is_copied(&copy);
    let (passed, lost, broken) = road.counts();
    let taken = said.last().unwrap()["pieces"].as_u64().unwrap();
    eprintln!(
        "{pieces} pieces: {passed} messages arrived, {lost} were lost, {broken} connections broke off; {taken} pieces after the kill, {before} messages before"
    );
    assert!(lost > 0 && broken > 0, "the road was bad");
    // What had come was not fetched again, but for the list and what was under way when it was killed.
    assert!(taken < pieces * 3 / 4, "{taken} of {pieces}");
}

#[test]
fn the_copy_is_the_original_though_who_sends_it_falls() {
    let site = site(8_000_000);
    let (data, copy, pieces) = (site.at("data"), site.at("copy"), site.pieces());
    users(&data, &[("attic", "receiver")]);
    let falls = ["courier:panic@0", "courier:panic@1", "courier:panic@2"].join(",");
    let plan = Plan::default().config(&site.config("kilobytes_per_second = 3000\n")).data(&data);
    let house = plan.env("JAMEY_TRIAL_FALL", &falls).start();
    let (well, why, said) = receive(house.mqtt(), &copy, Some("attic"), &["--once"]).ends();
    assert!(well, "{why}");
    site.is_copied(&copy);
    assert_eq!(house.said().matches("courier fell, and is started again").count(), 3, "{}", house.said());
    let taken = said.last().unwrap()["pieces"].as_u64().unwrap();
    assert!(taken < pieces * 2, "{taken} of {pieces}: what had come is not fetched again");
}

#[test]
fn over_mosquitto_with_a_fifth_lost_and_a_restart_of_it_the_copy_is_the_original() {
    let site = site(8_000_000);
    let (copy, pieces) = (site.at("copy"), site.pieces());
    let mut other = mosquitto("").start();
    let more = format!("kilobytes_per_second = 3000\naddress = \"{}\"\n", other.address());
    let house = Plan::default().config(&site.config(&more)).start();
    let road = lossy(other.address(), BAD, 20, 0);
    let receiving = receive(road.at(), &copy, None, &["--once", "--name", "attic"]);
    wait_until("pieces arrive", copy::LONG, || road.counts().0 >= pieces / 3);
    other.die();
    other.rise();
    let (well, why, said) = receiving.ends();
    assert!(well, "{why}");
    site.is_copied(&copy);
    let (passed, lost, _) = road.counts();
    eprintln!("{pieces} pieces: {passed} messages arrived, {lost} were lost; {}", said.last().unwrap());
    assert!(lost > 0);
    drop(house);
}

#[test]
fn who_is_no_receiver_hears_nothing_and_says_nothing() {
    let site = site(100_000);
    let (data, copy, base) = (site.at("data"), site.at("copy"), format!("jamey/phoenix/snapshot/{}", site.id()));
    let house = Plan::default().config(&site.config("")).start();
    let (well, why, _) = receive(house.mqtt(), &copy, None, &["--once"]).ends();
    assert!(!well && why.contains("needs the role receiver"), "without users nobody is one: {why}");
    drop(house);
    users(&data, &[("bob", "reader"), ("carl", "operator"), ("attic", "receiver")]);
    let house = Plan::default().config(&site.config("")).data(&data).start();
    let (well, why, _) = receive(house.mqtt(), &copy, Some("bob"), &["--once"]).ends();
    assert!(!well && why.contains("needs the role receiver"), "{why}");
    assert!(!copy.exists());
    let sign_in = |user: &str| house.dial(&format!("{user}-client")).v5().user(user, copy::PASSWORD).open();
    let want = Want::new(site.id(), vec![(Id::default(), 0)], 1, "").to_bytes();
    let mut carl = sign_in("carl").listen("#", 1);
    assert!(carl.publish(Message::new(&format!("{base}/want/carl"), &*want).qos(1)).refused());
    let mut attic = sign_in("attic").listen(&format!("{base}/#"), 1);
    let heard = attic.message_on(&format!("{base}/offer"));
    assert_eq!(Offer::read(&heard.payload).unwrap().sequence, 1);
    assert!(attic.publish(Message::new(&format!("{base}/want/attic"), &*want).qos(1)).taken());
    for (topic, retain) in [("offer", false), ("piece/x/0", false), ("want/carl", false), ("done/attic/x", false), ("want/attic", true)] {
        let message = Message::new(&format!("{base}/{topic}"), "x").qos(1);
        let sent = attic.publish(if retain { message.retained() } else { message });
        assert!(sent.refused(), "{topic}: {sent:?}");
    }
    assert!(attic.publish(Message::new(&format!("{base}/want/attic"), vec![b'x'; 5_000]).qos(1)).refused());
    assert!(carl.rest().iter().all(|message| !message.topic.starts_with(&base)), "who hears all but approvals does not hear this");
}

#[test]
fn no_bridge_carries_snapshots_away() {
    let site = site(100_000);
    let other = mosquitto("").start();
    let bridge =
        format!("[[bridge]]\nname = \"far\"\naddress = \"{}\"\ntopics = [{{ filter = \"#\", direction = \"out\" }}]\n", other.address());
    let house = Plan::default().config(&site.config(&bridge)).start();
    let mut far = other.client("far").listen("jamey/#", 1);
    // It is told once the offer has gone out.
    while far.message_on("jamey/phoenix/state").json()["courier"]["connected"] != true {}
    assert!(far.rest().iter().all(|message| !message.topic.starts_with("jamey/phoenix/snapshot")));
    drop(house);
}

#[test]
fn forged_pieces_and_offers_change_nothing_in_the_copy() {
    let site = site(2_000_000);
    let (copy, base) = (site.at("copy"), format!("jamey/phoenix/snapshot/{}", site.id()));
    let other = mosquitto("").start();
    let more = format!("kilobytes_per_second = 1000\naddress = \"{}\"\n", other.address());
    let house = Plan::default().config(&site.config(&more)).start();
    let mut liar = other.client("liar").listen(&format!("{base}/want/attic"), 1);
    let receiving = receive(other.address(), &copy, None, &["--name", "attic"]);
    // The list is asked for first, then the packs: each is answered with noise before the truth comes.
    liar.message();
    let asked = Want::read(&liar.message().payload).unwrap();
    for (id, n) in asked.pieces.iter().take(3) {
        liar.tell(&format!("{base}/piece/{id}/{n}"), Piece { object: *id, n: *n, content: &vec![7; 127 * 1024] }.to_bytes());
    }
    liar.tell(&format!("{base}/piece/x/0"), "noise");
    receiving.says("whole");
    site.is_copied(&copy);
    let true_files = files(&copy);
    // Another snapshot 1, offered as if it were the house's.
    let bytes = b"another".to_vec();
    let listing = Listing { v: 1, repository: site.id(), keys: vec![], packs: vec![], snapshots: vec![(1, Id::of(&bytes), 7)] };
    let list = listing.to_bytes();
    let offer = Offer::of(&listing, &list).unwrap();
    liar.tell(&format!("{base}/offer"), offer.to_bytes());
    liar.tell(&format!("{base}/piece/{}/0", offer.list), Piece { object: offer.list, n: 0, content: &list }.to_bytes());
    wait_until("it is refused, or asked for", copy::LONG, || {
        if receiving.said("refused").is_none() {
            liar.tell(&format!("{base}/piece/{}/0", offer.list), Piece { object: offer.list, n: 0, content: &list }.to_bytes());
        }
        receiving.said("refused").is_some()
    });
    assert!(receiving.says("refused")["text"].as_str().unwrap().contains("another snapshot 1"));
    assert!(files(&copy) == true_files);
    drop(house);
}
