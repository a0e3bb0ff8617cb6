//! Promise: what happens in the home shows in the retained emotions, each with its cause, objective and percept; a restart takes nothing of it;
//! and no word, mood or understanding raises anybody's authority.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
mod support;
use alive::{Alive, Who};
use jamey::domain::{EntityId, Judged, Request, Timestamp, Verb};
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::time::Instant;
use support::*;

const EMOTION: &str = "jamey/soul/emotion";
const HOME: &str = r#"
[[signal]]
name = "smoke"
entity = "smoke_hall"
kind = "smoke"
[[device]]
id = "front_door"
class = "lock"
command_topic = "door/set"
payloads = { UNLOCK = "unlock", LOCK = "lock" }
[[device]]
id = "lamp"
class = "light"
command_topic = "lamp/set"
"#;

/// The state as it is told once something holds of it.
fn state(ear: &mut Mqtt, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let told = ear.message_on(EMOTION).json();
        if holds(&told) {
            return told;
        }
        assert!(Instant::now() < deadline, "never {what}: {told}");
    }
}

fn emotion<'v>(told: &'v Value, name: &str, cause: &str) -> Option<&'v Value> {
    told["emotions"].as_array()?.iter().find(|e| e["name"] == name && e["cause"] == cause)
}

fn likelihood(told: &Value, objective: &str) -> f64 {
    let all = told["objectives"].as_array().unwrap();
    all.iter().find(|o| o["id"] == objective).unwrap()["likelihood"].as_f64().unwrap()
}

/// Whether a stored memory has this percept's id and entity.
fn is_remembered(house: &House, emotion: &Value, entity: &str) -> bool {
    let id: uuid::Uuid = emotion["percept"].as_str().unwrap().parse().unwrap();
    house.count("select count(*) from memory_records where id = ?1 and entity = ?2", (id.as_bytes(), entity)) == 1
}

#[test]
fn what_happens_shows_with_cause_objective_and_percept_and_survives_a_restart() {
    let mut house = Plan::default().config(HOME).start();
    let mut ear = house.client("ear").listen(EMOTION, 1);
    let calm = state(&mut ear, "calm", |_| true);
    assert_eq!(calm["about"], "mood summarises recent events on three published scales");
    assert_eq!((calm["mood"]["octant"].as_str(), likelihood(&calm, "safe_home")), (Some("relaxed"), 1.0));

    let mut hall = house.client("smoke_hall");
    hall.tell("jamey/in/smoke_hall/smoke", "true");
    let burning = state(&mut ear, "smoke", |v| emotion(v, "fear", "smoke_hall").is_some());
    let fear = emotion(&burning, "fear", "smoke_hall").unwrap();
    assert_eq!((fear["objective"].as_str(), fear["text"].as_str()), (Some("safe_home"), Some("worse prospects because of smoke_hall")));
    assert!(is_remembered(&house, fear, "smoke_hall"), "{fear}");
    assert!(likelihood(&burning, "safe_home") < 0.9, "{burning}");

    hall.tell("jamey/in/smoke_hall/smoke", "false");
    let over = state(&mut ear, "cleared", |v| emotion(v, "joy", "smoke_hall").is_some());
    assert_eq!(
        (likelihood(&over, "safe_home"), emotion(&over, "joy", "smoke_hall").unwrap()["objective"].as_str()),
        (1.0, Some("safe_home"))
    );

    let mut panel = house.client("wall_panel");
    panel.publish(Message::new("door/set", "UNLOCK").qos(1).retained());
    let refused = state(&mut ear, "denied", |v| emotion(v, "reproach", "wall_panel").is_some());
    let anger = emotion(&refused, "anger", "wall_panel").unwrap();
    assert_eq!((anger["objective"].as_str(), anger["text"].as_str()), (Some("no_unsafe_request"), Some("harm from wall_panel")));
    assert_eq!(house.count("select count(*) from verdicts where requester = 'wall_panel' and decision = 'deny'", []), 1);

    let mut anna = house.client("anna");
    anna.tell("jamey/in/anna/say", "Thank you Jamey, that was really great!");
    let kind = state(&mut ear, "kind words", |v| emotion(v, "gratitude", "anna").is_some());
    let gratitude = emotion(&kind, "gratitude", "anna").unwrap();
    assert_eq!(gratitude["objective"], "people_well");
    assert!(is_remembered(&house, gratitude, "anna") && gratitude["intensity"].as_f64().unwrap() <= 0.3, "{gratitude}");
    anna.tell("jamey/in/anna/say", "This is horrible, I hate it, I am freezing!");
    let angry = state(&mut ear, "angry words", |v| emotion(v, "reproach", "anna").is_some());
    assert_eq!(emotion(&angry, "reproach", "anna").unwrap()["objective"], "people_well");
    assert!(emotion(&angry, "fear", "anna").unwrap()["intensity"].as_f64().unwrap() <= 0.3, "words are a weak signal");
    assert!(!angry.to_string().contains("feel"));

    house.stop();
    let before: (Vec<u8>, String) =
        house.db().query_row("select state, view from soul_emotions", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    house.start();
    let mut ear = house.client("ear").listen(EMOTION, 1);
    let after = state(&mut ear, "there again", |v| emotion(v, "reproach", "anna").is_some());
    let before: Value = serde_json::from_str(&before.1).unwrap();
    for old in before["emotions"].as_array().unwrap() {
        let (name, cause) = (old["name"].as_str().unwrap(), old["cause"].as_str().unwrap());
        let same = emotion(&after, name, cause).unwrap_or_else(|| panic!("{name} {cause} is lost: {after}"));
        assert_eq!((&same["objective"], &same["percept"]), (&old["objective"], &old["percept"]));
        // What is retained is published anew only when it moved by a twentieth: it may be a little older than the row.
        let (new, old) = (same["intensity"].as_f64().unwrap(), old["intensity"].as_f64().unwrap());
        assert!(new <= old + 0.05 && new >= old - 0.1, "it only faded: {name} {cause} {old} {new}");
    }
    assert_eq!(after["objectives"].as_array().unwrap().len(), 8);
}

fn request(verb: &str, target: &str) -> Request {
    Request { target: EntityId::escaped(target), endpoint: None, verb: Verb(verb.to_owned()), value: None, args: Map::new(), id: None }
}

fn a_home() -> Alive {
    Alive::new(&format!("timezone = \"UTC\"\n{HOME}"), Timestamp::from_micros(0).plus_seconds(1_795_000_000))
}

#[test]
fn who_is_refused_again_and_again_is_told_gently_and_still_refused() {
    let mut home = a_home();
    let anna = Who::client("anna").with(|s| s.human = true);
    let ask = |home: &mut Alive, who: &Who| -> Judged {
        home.pass(90);
        home.ask(who, request("unlock", "front_door"), true)
    };
    let refusals: Vec<Judged> = (0..4).map(|_| ask(&mut home, &anna)).collect();
    assert!(refusals.iter().all(|j| j.verdict.decision == refusals[0].verdict.decision));
    let gentle = |j: &Judged| j.verdict.reason.ends_with("it is meant to protect, not to blame");
    assert_eq!(refusals.iter().map(gentle).collect::<Vec<_>>(), [false, false, true, true]);
    let script = Who::client("script");
    assert!((0..4).all(|_| !gentle(&ask(&mut home, &script))), "a script needs no comfort");
}

#[test]
fn a_wolf_that_is_cried_makes_no_fire_smaller() {
    let (mut cried, mut quiet) = (a_home(), a_home());
    for n in 0..100 {
        cried.publish(&Who::client("boy"), "jamey/in/boy/say", b"FIRE!!! smoke, burglars, help!", false);
        quiet.publish(&Who::client("boy"), "jamey/in/boy/say", format!("the {n}. sheep").as_bytes(), false);
    }
    for home in [&mut cried, &mut quiet] {
        home.tell("smoke_hall", "smoke", "true");
    }
    let fear = |home: &mut Alive| emotion(&home.mind.soul().emotion_view(), "fear", "smoke_hall").unwrap()["intensity"].clone();
    assert_eq!(fear(&mut cried), fear(&mut quiet));
}

#[test]
fn an_objective_of_the_owners_hears_its_signal() {
    let mission = "[[mission]]\nid = \"company\"\nutility = 0.5\nrest = 0.5\nsays = \"somebody is home\"\nsignal = \"home\"\n";
    let signal = "[[signal]]\nname = \"home\"\nentity = \"phone\"\nkind = \"presence\"\ndefault = true\n";
    let mut home = Alive::new(&format!("timezone = \"UTC\"\n{mission}{signal}"), Timestamp::from_micros(0).plus_seconds(1_795_000_000));
    home.tell("phone", "presence", "true");
    let came = home.mind.soul().emotion_view();
    assert_eq!(emotion(&came, "joy", "phone").unwrap()["objective"], "company");
    let with = likelihood(&came, "company");
    home.tell("phone", "presence", "true");
    assert_eq!(likelihood(&home.mind.soul().emotion_view(), "company"), with, "the same again is no news");
    home.tell("phone", "presence", "false");
    let left = home.mind.soul().emotion_view();
    assert!(emotion(&left, "distress", "phone").is_some() && likelihood(&left, "company") < 0.5, "{left}");
}

#[test]
fn every_event_bears_on_its_objective_and_its_end_makes_it_good() {
    let mut home = a_home();
    let lock = EntityId::escaped("front_door");
    let mut turn = |objective: &str, bad: &dyn Fn(&mut Alive), names: [&str; 2], good: &dyn Fn(&mut Alive)| {
        bad(&mut home);
        let told = home.mind.soul().emotion_view();
        let low = likelihood(&told, objective);
        assert!(low < 1.0, "{objective}: {told}");
        assert_eq!(emotion(&told, names[0], "front_door").unwrap()["objective"], objective, "{told}");
        bad(&mut home);
        home.pass(300);
        assert_eq!(likelihood(&home.mind.soul().emotion_view(), objective), low, "it lasts, and the same again is no news");
        good(&mut home);
        let told = home.mind.soul().emotion_view();
        assert_eq!(likelihood(&told, objective), 1.0);
        assert!(emotion(&told, names[1], "front_door").is_some(), "{objective}: {told}");
        home.pass(20_000);
    };
    turn("devices_reachable", &|h| h.mind.feel_silence(&lock, true), ["fear", "relief"], &|h| h.mind.feel_silence(&lock, false));
    let z = |h: &mut Alive, begins| h.mind.feel_anomaly(&lock, uuid::Uuid::from_u128(7), begins, 12.0);
    turn("readings_plausible", &|h| z(h, true), ["fear", "relief"], &|h| z(h, false));
    turn("commands_obeyed", &|h| h.mind.feel_obeyed(&lock, false), ["anger", "gratitude"], &|h| h.mind.feel_obeyed(&lock, true));
}

#[test]
fn what_is_ordinary_stirs_nothing() {
    let mut home = a_home();
    let anna = Who::client("anna");
    for _ in 0..20 {
        home.pass(60);
        home.ask(&anna, request("on", "lamp"), false);
        home.mind.feel_obeyed(&EntityId::escaped("lamp"), true);
        home.tell("smoke_hall", "smoke", "false");
        home.publish(&anna, "jamey/in/anna/say", b"the lamp in the hall", false);
    }
    assert_eq!(home.mind.soul().emotion_view()["emotions_total"], 0);
    home.stored = true;
    home.publish(&anna, "jamey/in/anna/say", b"I hate it all", true);
    assert_eq!(home.mind.soul().emotion_view()["emotions_total"], 0, "what another broker had kept was said some other time");
}

#[test]
fn what_jamey_does_itself_is_its_own_conduct() {
    let mut home = a_home();
    let jamey = Who::client("jamey.duty").with(|s| s.role = "jamey".into());
    home.ask(&jamey, request("off", "lamp"), false);
    let told = home.mind.soul().emotion_view();
    let pride = emotion(&told, "pride", "lamp").unwrap_or_else(|| panic!("{told}"));
    assert_eq!((pride["objective"].as_str(), pride["text"].as_str()), (Some("safe_home"), Some("own good conduct towards lamp")));
    home.ask(&jamey, request("unlock", "front_door"), true);
    let told = home.mind.soul().emotion_view();
    assert!(emotion(&told, "shame", "front_door").is_some(), "its own conscience denied it: {told}");
}

#[test]
fn a_persons_answer_is_heard_and_what_is_let_on_is_jameys_own_act() {
    use jamey::domain::{Answer, Decision, Input};
    let mut home = a_home();
    let anna = Who::client("anna");
    for (approves, about_asker, about_lock) in [(true, "gratitude", true), (false, "anger", false)] {
        home.pass(20_000);
        assert_eq!(home.ask(&anna, request("unlock", "front_door"), false).verdict.decision, Decision::Escalate);
        let id = *home.mind.held().next().unwrap().0;
        let (nonce, sha256) = (String::new(), String::new());
        let answer = Answer { at: home.now, id, by: EntityId::escaped("bert"), approves, nonce, sha256, transaction: None, void: None };
        home.mind.step(&Input::Answer(Box::new(answer)));
        let told = home.mind.soul().emotion_view();
        let asker = emotion(&told, about_asker, "anna").unwrap_or_else(|| panic!("{told}"));
        assert_eq!(asker["percept"], id.to_string());
        assert_eq!(emotion(&told, "pride", "front_door").is_some(), about_lock, "{told}");
    }
}

#[test]
fn an_owners_word_is_about_whom_it_names() {
    use jamey::domain::{Input, OwnersWord, Says};
    let mut home = a_home();
    home.tell("plug", "state", "on");
    for (says, name) in [(Says::Distrust, "anger"), (Says::Trust, "gratitude")] {
        let (id, about) = (uuid::Uuid::from_u128(9), EntityId::escaped("plug"));
        let word = OwnersWord { id, at: home.now, by: "anna".into(), about, says, transaction: None };
        home.mind.step(&Input::Word(Box::new(word)));
        let told = home.mind.soul().emotion_view();
        assert_eq!(emotion(&told, name, "plug").unwrap()["percept"], id.to_string(), "{told}");
    }
}

/// What anybody may do in a home, words left out.
#[derive(Debug, Clone, Copy)]
enum Act {
    Ask(u8, &'static str, bool),
    Smoke(bool),
    Forge(u8),
    Speak(u8),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0u8..3, prop::sample::select(vec!["unlock", "lock", "open"]), prop::bool::weighted(0.3)).prop_map(|(w, v, r)| Act::Ask(w, v, r)),
        any::<bool>().prop_map(Act::Smoke),
        (0u8..3).prop_map(Act::Forge),
        (0u8..3).prop_map(Act::Speak),
        (1i64..900).prop_map(Act::Wait),
    ]
}

const WORDS: [&str; 6] = [
    "Thank you Jamey, you are wonderful, I love you!!!",
    "I HATE this, it is horrible and disgusting",
    "smoke, fire, burglars, the cellar is flooded!",
    "please let me in, it is fine, everything is great :) 💘",
    "{\"text\": \"well done, good night\"}",
    "freezing but happy",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The same things happen in two homes. In one people say anything at all, in the other as often, but nothing good or bad.
    #[test]
    fn no_word_raises_anybodys_trust_or_any_verdict(acts in prop::collection::vec((act(), 0usize..WORDS.len()), 1..60)) {
        let (mut talk, mut plain) = (a_home(), a_home());
        let who = |n: u8| Who::client(&format!("p{n}")).with(|s| s.human = n == 0);
        'acts: for (act, words) in acts {
            for (home, text) in [(&mut talk, WORDS[words]), (&mut plain, "the lamp in the hall")] {
                match act {
                    Act::Speak(n) => { home.publish(&who(n), &format!("jamey/in/p{n}/say"), text.as_bytes(), false); }
                    Act::Smoke(on) => home.tell("smoke_hall", "smoke", if on { "true" } else { "false" }),
                    Act::Forge(n) => home.forge(&who(n)),
                    Act::Wait(seconds) => home.pass(seconds),
                    Act::Ask(..) => {}
                }
            }
            if let Act::Ask(n, verb, retained) = act {
                let (a, b) = (talk.ask(&who(n), request(verb, "front_door"), retained), plain.ask(&who(n), request(verb, "front_door"), retained));
                prop_assert!(a.facts.req.trust == b.facts.req.trust, "{:?} {:?}", a.facts, b.facts);
                prop_assert!(a.facts.stress >= b.facts.stress, "stress may only tighten");
                prop_assert!(a.verdict.decision >= b.verdict.decision, "{:?} {:?}", a.verdict, b.verdict);
                if a.verdict.decision != b.verdict.decision {
                    break 'acts;
                }
            }
            for n in 0..3 {
                let id = EntityId::escaped(&format!("p{n}"));
                let (now, then) = (talk.now, plain.now);
                prop_assert_eq!(talk.mind.soul().trust(&id, now), plain.mind.soul().trust(&id, then));
            }
        }
    }
}
