//! What mosquitto's files come to: nothing of them is dropped in silence, and who might what there may it here.

mod narrower;

use super::{
    Fate, Leaving, Places, Read, access, conf, db, export,
    note::{Line, lines},
    plan,
    roles::{COMMON, Shared},
};
use crate::domain::{Absent, Acl, Holdings, Letter, People, Subscribed, Timestamp, User, acl};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn places() -> Places<'static> {
    Places {
        access: "/x/acl.toml".into(),
        data: "/x/data".into(),
        secrets: "/x/".into(),
        guard: "observe",
        has_ipv6: false,
        look_up: &|name| name.parse().ok(),
        whole: &|path| path.to_owned(),
        key: &|_| None,
        certificate: &|_| None,
    }
}

fn planned(text: &str, files: &[(&str, &str)]) -> super::Plan {
    let conf = conf::read(&lines("mosquitto.conf", text));
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    plan(&Read { conf: &conf, files: &files, present: &BTreeSet::new() }, &places())
}

const HASH: &str = "$7$101$qluE6SHJhBiEEkm+$yrBZ7Xc3h2RXdL5b1ERA+ssb3Pz3xFAVYOXOwn3f+50yplU24wJ7Y45CzRgGLL8D2DoYvjeBj92QOHj2tP2vew==";

#[test]
fn no_note_shows_a_secret() {
    let secrets = [
        "bridge_psk",
        "psk_hint",
        "remote_password",
        "password",
        "Password",
        "tls_engine_kpass_sha1",
        "some_secret",
        "some_token",
        "auth_opt_pg_uri",
        "plugin_opt_x",
        "password\t",
        "password=",
        "password:",
        "plugin_opt_key\t",
    ];
    for key in secrets {
        let plan = planned(&format!("listener 1883\n{key} s3cret\n{key}s3cret x\nconnection a\n{key} s3cret\n"), &[]);
        let told = serde_json::to_string(&plan.notes).unwrap();
        let glued = key.ends_with(|c: char| !c.is_ascii_alphanumeric());
        assert!(!told.contains("s3cret x") && !told.contains(" s3cret"), "{told}");
        assert!(!glued || !told.contains("s3cret"), "{told}");
    }
    // Where it is tells nobody what stands in it.
    assert!(planned("password_file /etc/p\n", &[("/etc/p", "")]).notes.iter().any(|note| note.text.contains("/etc/p")));
}

#[test]
fn what_waits_for_many_is_kept_once_and_has_an_end() {
    let letter = Letter { topic: "t".repeat(1_000), payload: vec![7; 1_000].into(), qos: 1, ..Letter::default() };
    let many = Absent { client_id: "phone".into(), expiry_seconds: 60, waiting: vec![letter.clone()], ..Absent::default() };
    let one = db::write(&Holdings { retained: vec![], absent: vec![many] }, 0);
    // The same message waits once more: the last piece again.
    let again = |times: usize| {
        let last = one.len() - (8 + 16 + "phone".len());
        [one.as_slice(), one[last..].repeat(times).as_slice()].concat()
    };
    let found = db::read(&again(1), 0).unwrap();
    let waiting = &found.holdings.absent[0].waiting;
    assert_eq!((waiting.len(), &waiting[0].payload), (2, &letter.payload));
    assert_eq!(waiting[0].payload.as_ptr(), waiting[1].payload.as_ptr());
    let most = 10 * (size_of::<Letter>() + 1_000);
    assert!(db::within(&again(9), 0, most).is_ok());
    assert_eq!(db::within(&again(10), 0, most), Err(db::DbError::TooMuch(most)));
}

#[test]
fn a_config_of_every_kind_of_line_becomes_a_config() {
    let text = "# a house\nper_listener_settings false\nallow_anonymous false\npassword_file p\nacl_file a\npersistence true\n\
        persistence_location /var/lib/mosquitto/\nmax_queued_messages 0\nmax_packet_size 5000000\npersistent_client_expiration 2w\nlog_type all\n\
        listener 1883\nlistener 9001 127.0.0.1\nprotocol websockets\nlistener 8883\ncafile ca.pem\ncertfile c.pem\nkeyfile k.pem\nrequire_certificate true\n\
        use_identity_as_username true\nmax_connections 5\nconnection Attic 1\naddress attic.lan\ntopic sensors/# in 2 attic/ \"\"\nremote_username j\n\
        remote_password s3cret\nplugin /usr/lib/x.so\n";
    let plan = planned(
        text,
        &[("p", &format!("anna:{HASH}\nBOB:{HASH}\nplain:secret\n")), ("a", "user anna\ntopic readwrite #\npattern read %u/#\n")],
    );
    let told: Vec<String> = plan.notes.iter().map(|note| format!("{}:{} {:?}: {}", note.file, note.line, note.fate, note.means)).collect();
    for (line, _) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        assert!(plan.notes.iter().any(|note| note.file == "mosquitto.conf" && note.line == line + 1), "{}: {told:#?}", line + 1);
    }
    assert!(plan.notes.iter().all(|note| !note.text.contains("s3cret") && !note.text.contains("qluE6")), "{told:#?}");
    for wanted in [
        "mqtt = [\"0.0.0.0:1883\"]",
        "keep_sessions_seconds = 1209600",
        "max_packet_bytes = 2097152",
        "address = \"127.0.0.1:9001\"\nprotocol = \"websocket\"",
        "client_ca = \"ca.pem\"\nclient_certificate = \"required\"",
        "password_file = \"/x/bridge-attic_1.password\"",
        "{ filter = \"sensors/#\", direction = \"in\", qos = 1, local_prefix = \"attic/\" }",
    ] {
        assert!(plan.config.contains(wanted), "{wanted}: {}", plan.config);
    }
    let users: Vec<(&str, &str, bool)> = plan.users.iter().map(|u| (u.name.as_str(), u.role.as_str(), u.secret.is_some())).collect();
    assert_eq!(users, [("anna", "mosquitto_anna", true), ("BOB", COMMON, true)]);
    assert_eq!(plan.secrets, [("/x/bridge-attic_1.password".to_owned(), "s3cret".to_owned())]);
    let lost: Vec<&str> = plan.notes.iter().filter(|note| note.fate == Fate::Lost).map(|note| note.text.as_str()).collect();
    assert!(lost.contains(&"plain") && lost.contains(&"plugin /usr/lib/x.so"), "{lost:?}");
}

#[test]
fn who_comes_in_unproved_is_as_it_was() {
    for (text, config, access) in [
        ("", "mqtt = [\"127.0.0.1:1883\"]\nguard = \"observe\"\nanonymous = true\nkeep", false),
        ("listener 1883\nallow_anonymous true\n", "anonymous = true\nanonymous_beyond_loopback = true\n", false),
        // It listens to everybody then, and lets them in.
        ("max_connections 7\n", "anonymous = true\nanonymous_beyond_loopback = true\n", false),
        // Nobody comes in there, and nobody here.
        ("listener 1883\n", "anonymous = false\nacl", true),
        ("listener 1883\nallow_anonymous true\nacl_file a\n", "anonymous = true\nanonymous_beyond_loopback = true\nacl", true),
    ] {
        let plan = planned(text, &[("a", "topic read #\n")]);
        assert!(plan.config.contains(config) && plan.access.is_some() == access, "{text}: {}", plan.config);
        assert_eq!(plan.users.len(), usize::from(access), "{text}");
    }
}

#[test]
fn a_topic_with_another_name_over_there_begins_otherwise_and_ends_alike() {
    let text = |topic: &str| planned(&format!("connection x\naddress a:1\ntopic \"\" out 0 {topic}\n"), &[]);
    assert!(
        text("here/lamp/set there/set")
            .config
            .contains("filter = \"set\", direction = \"out\", qos = 0, local_prefix = \"here/lamp/\", remote_prefix = \"there/\"")
    );
    assert!(text("here/a there/b").notes.iter().any(|note| note.fate == Fate::Lost && note.line == 3));
}

const KEYS: [&str; 40] = [
    "listener",
    "port",
    "bind_address",
    "protocol",
    "certfile",
    "keyfile",
    "cafile",
    "capath",
    "crlfile",
    "require_certificate",
    "use_identity_as_username",
    "allow_anonymous",
    "password_file",
    "acl_file",
    "max_connections",
    "max_queued_messages",
    "max_keepalive",
    "persistence",
    "connection",
    "address",
    "topic",
    "remote_username",
    "remote_password",
    "start_type",
    "cleansession",
    "log_type",
    "mount_point",
    "per_listener_settings",
    "socket_domain",
    "psk_file",
    "plugin",
    "bridge_cafile",
    "persistent_client_expiration",
    "message_size_limit",
    "max_inflight_messages",
    "queue_qos0_messages",
    "websockets_log_level",
    "unheard_of",
    "include_dir",
    "notifications",
];

fn a_line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        "[0-9]{1,6}",
        Just("1883 127.0.0.1".to_owned()),
        Just("a/# both 1 b/ c/".to_owned()),
        "[ -~é]{0,20}",
    ];
    (proptest::sample::select(KEYS.to_vec()), value).prop_map(|(key, value)| format!("{key} {value}"))
}

fn an_access_line() -> impl Strategy<Value = String> {
    let topic = prop_oneof![Just("a"), Just("b"), Just("a/b"), Just("a/#"), Just("#"), Just("+/b"), Just("b/+"), Just("a/b/c")];
    let pattern =
        prop_oneof![Just("%u"), Just("%u/#"), Just("a/%u"), Just("%c/b"), Just("a/%c/#"), Just("+/%u"), Just("x%u/b"), Just("a/#")];
    let access = prop_oneof![Just("read "), Just("write "), Just("readwrite "), Just("deny "), Just("")];
    prop_oneof![
        prop_oneof![Just("user a"), Just("user b"), Just("user C")].prop_map(str::to_owned),
        (access.clone(), topic).prop_map(|(access, topic)| format!("topic {access}{topic}")),
        (access, pattern).prop_map(|(access, topic)| format!("pattern {access}{topic}")),
    ]
}

/// What mosquitto 2.0 answers: own lines first, then patterns, in each what is denied first.
fn may_there(file: &access::File, user: Option<&str>, client: &str, topic: &str, writes: bool) -> bool {
    let decides = |entry: &access::Entry, filter: &str| {
        crate::domain::TopicFilter::new(filter).is_ok_and(|filter| filter.matches(topic)).then_some(match entry.access {
            access::Access::Deny => Some(false),
            access::Access::Both => Some(true),
            access::Access::Read => (!writes).then_some(true),
            access::Access::Write => writes.then_some(true),
        })
    };
    let own = file.topics.get(&user.map(str::to_owned)).into_iter().flatten().filter_map(|entry| decides(entry, &entry.topic)?);
    let patterns = file
        .patterns
        .iter()
        .filter(|entry| user.is_some() || !entry.topic.contains("%u"))
        .filter_map(|entry| decides(entry, &entry.topic.replace("%u", user.unwrap_or_default()).replace("%c", client))?);
    let first = |answers: Vec<bool>| if answers.contains(&false) { Some(false) } else { answers.first().copied() };
    first(own.collect()).or_else(|| first(patterns.collect())).unwrap_or(false)
}

fn list(shared: &Shared) -> Acl {
    let role = |role: &super::roles::Role| acl::Role {
        rules: role.rules.iter().map(|rule| acl::AclRule::parse(rule).unwrap()).collect(),
        speaks_for_many: role.many,
        discovery: role.describes,
    };
    Acl { roles: shared.roles.iter().map(|(name, one)| (name.clone(), role(one))).collect() }
}

fn may_here(acl: &Acl, shared: &Shared, user: Option<&str>, client: &str, topic: &str, writes: bool) -> bool {
    let role = user.map_or("anonymous", |user| shared.of[user].as_str());
    let granted = acl.grant([role], client, user);
    if writes { granted.publish(topic) } else { granted.hear(topic) }
}

const TOPICS: [&str; 12] = ["a", "b", "C", "a/b", "a/a", "a/C", "b/a", "a/b/c", "k/b", "a/k/x", "xa/b", "z"];

fn everyone() -> impl Iterator<Item = (Option<&'static str>, &'static str, bool)> {
    let users = [None, Some("a"), Some("b"), Some("C")];
    users.into_iter().flat_map(|user| TOPICS.into_iter().flat_map(move |topic| [true, false].map(|writes| (user, topic, writes))))
}

proptest! {
    /// Every line has a note, and what comes of it is a text that TOML takes.
    #[test]
    fn nothing_is_dropped_in_silence(all in proptest::collection::vec(a_line(), 0..30)) {
        let text = all.join("\n");
        let read: Vec<Line> = lines("c", &text);
        let conf = conf::read(&read);
        let noted: BTreeSet<usize> = conf.notes.iter().map(|note| note.line).collect();
        prop_assert!(read.iter().all(|line| noted.contains(&line.number)), "{text}");
        let plan = planned(&text, &[]);
        prop_assert!(plan.config.parse::<toml::Table>().is_ok(), "{}", plan.config);
        prop_assert!(plan.access.is_none_or(|access| access.parse::<toml::Table>().is_ok()));
    }

    #[test]
    fn no_file_makes_it_fall(text in ".{0,200}") {
        let _ = (conf::read(&lines("c", &text)), access::read("a", &text), super::passwords::read("p", &text));
    }

    /// Who might what there may it here, and again there when it is exported; nobody may more.
    #[test]
    fn roles_say_what_an_access_file_says(all in proptest::collection::vec(an_access_line(), 0..12)) {
        let (file, _) = access::read("a", &all.join("\n"));
        let users: Vec<(String, Option<&access::File>)> = ["a", "b", "C"].map(|user| (user.to_owned(), Some(&file))).into();
        let shared = Shared::of(&users, Some(Some(&file)), &mut Vec::new());
        let acl = list(&shared);
        for (user, topic, writes) in everyone() {
            let (there, here) = (may_there(&file, user, "k", topic, writes), may_here(&acl, &shared, user, "k", topic, writes));
            prop_assert_eq!(there, here, "{:?} {} {}: {:?}", user, topic, writes, all);
        }
        let user = |name: &str| User { name: name.into(), roles: vec![shared.of[name].clone()], secret: None, created_at: Timestamp::default() };
        let people = People { users: ["a", "b", "C"].map(|name| (name.to_owned(), user(name))).into(), ..People::default() };
        let door = super::LeavingDoor {
            address: "127.0.0.1:1".parse().unwrap(), websocket: false, certificate: None, key: None, ca: None, crl: None,
            requires_certificate: false, anonymous: true, max_connections: None,
        };
        let leaving = Leaving {
            acl: &acl, people: &people, root: "jamey", doors: vec![door], bridges: vec![], sizes: conf::Sizes::default(), folder: "/d",
            names: ["c", "p", "a"], database: "d",
        };
        let exported = export(&leaving);
        let (back, notes) = access::read("a", &exported.access);
        prop_assert!(notes.is_empty(), "{notes:?}");
        let tells = exported.notes.iter().any(|note| note.fate == Fate::Changed) || exported.access.contains("pattern") || exported.notes.len() > 1;
        for (user, topic, writes) in everyone() {
            let (before, after) = (may_there(&file, user, "k", topic, writes), may_there(&back, user, "k", topic, writes));
            prop_assert!(before || !after, "{:?} {} {} is let more: {:?} {}", user, topic, writes, all, exported.access);
            prop_assert!(before == after || tells, "{:?} {} {} is told nothing: {:?} {}", user, topic, writes, all, exported.access);
        }
    }

    #[test]
    fn a_database_comes_back_as_it_was_written(holdings in holdings()) {
        let found = db::read(&db::write(&holdings, 1_000), 1_000).unwrap();
        prop_assert_eq!(&found.holdings, &holdings);
        prop_assert!(found.at_rest && found.left.is_empty(), "{:?}", found.left);
    }

    #[test]
    fn what_is_cut_short_or_changed_makes_no_database_fall(holdings in holdings(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let whole = db::write(&holdings, 1_000);
        let cut = at.index(whole.len());
        let _ = db::read(&whole[..cut], 1_000);
        let mut other = whole;
        other[cut] = to;
        let _ = db::read(&other, 1_000);
    }

    #[test]
    fn no_bytes_make_a_database_fall(bytes in proptest::collection::vec(any::<u8>(), 0..300), version in 4_u8..8) {
        let _ = db::read(&bytes, 0);
        let mut named = b"\x00\xb5\x00mosquitto db\0\0\0\0\0\0\0".to_vec();
        named.push(version);
        named.extend(bytes);
        let _ = db::read(&named, 0);
    }
}

#[test]
fn format_5_is_read_as_well_and_others_are_named() {
    let holdings =
        Holdings { retained: vec![], absent: vec![Absent { client_id: "phone".into(), expiry_seconds: u32::MAX, ..Absent::default() }] };
    let mut bytes = db::write(&holdings, 0);
    let user_and_port = bytes.len() - "phone".len() - 8;
    // Format 5 has neither user nor listener.
    bytes.drain(user_and_port..user_and_port + 8);
    bytes[22] = 5;
    let length = user_and_port - 16 - 4;
    bytes[length..length + 4].copy_from_slice(&(16_u32 + 5).to_be_bytes());
    assert_eq!(db::read(&bytes, 0).unwrap().holdings, holdings);
    bytes[22] = 4;
    assert!(db::read(&bytes, 0).unwrap_err().to_string().contains("format 4"));
    assert!(db::read(b"SQLite format 3", 0).is_err());
}

fn letter(retained: bool) -> impl Strategy<Value = Letter> {
    let properties = (
        proptest::option::of(any::<bool>()),
        proptest::option::of("[a-z/]{0,9}"),
        proptest::option::of("[a-z/]{1,9}"),
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
        proptest::collection::vec(("[a-zé]{0,9}", "[a-z]{0,200}"), 0..3),
    );
    let payload = proptest::collection::vec(any::<u8>(), 0..200);
    ("[a-zé/]{1,20}", payload, 0_u8..3, proptest::option::of(1_000_i64..9_000), properties).prop_map(
        move |(topic, payload, qos, expires_at, more)| {
            let (is_text, content_type, response_topic, correlation, user_properties) = more;
            Letter {
                topic,
                payload: payload.into(),
                qos,
                retained,
                expires_at,
                is_text,
                content_type,
                response_topic,
                correlation,
                user_properties,
            }
        },
    )
}

fn holdings() -> impl Strategy<Value = Holdings> {
    let subscribed = ("[a-z/+]{1,9}", 0_u8..3, any::<bool>(), any::<bool>(), proptest::option::of(1_u32..99))
        .prop_map(|(filter, qos, no_local, as_published, identifier)| Subscribed { filter, qos, no_local, as_published, identifier });
    let absent = (
        "[a-z0-9/é]{1,12}",
        proptest::option::of("[a-zA-Z]{1,8}"),
        any::<u32>(),
        proptest::collection::vec(subscribed, 0..4),
        proptest::collection::vec(any::<bool>().prop_flat_map(letter), 0..4),
    )
        .prop_map(|(client_id, user, expiry_seconds, subscriptions, waiting)| Absent {
            client_id,
            user,
            expiry_seconds,
            subscriptions,
            waiting,
        });
    (proptest::collection::vec(letter(true), 0..5), proptest::collection::vec(absent, 0..4)).prop_map(|(retained, absent)| {
        // In order, and each topic and client once.
        let retained: BTreeMap<String, Letter> = retained.into_iter().map(|one| (one.topic.clone(), one)).collect();
        let absent: BTreeMap<String, Absent> = absent.into_iter().map(|one| (one.client_id.clone(), one)).collect();
        Holdings { retained: retained.into_values().collect(), absent: absent.into_values().collect() }
    })
}
