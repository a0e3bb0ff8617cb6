//! Promise: `jamey config` says of each option what holds and where that comes from, writes the file so that all around an option stays, refuses
//! what a start would refuse, and gives options of an older Jamey their new names; a running house takes at once what may be taken, and says the rest.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// The options that `show` names, by path.
fn shown(answer: Answer) -> std::collections::BTreeMap<String, Value> {
    let told = answer.json();
    told["options"].as_array().unwrap().iter().map(|one| (one["option"].as_str().unwrap().to_owned(), one.clone())).collect()
}

fn differs(answer: Answer) -> Vec<(String, Value)> {
    let told = answer.json();
    told["differs"].as_array().unwrap().iter().map(|one| (one["option"].as_str().unwrap().to_owned(), one.clone())).collect()
}

#[test]
fn show_says_what_holds_and_where_it_comes_from_and_no_secret() {
    let (folder, file) = config(
        "node = \"attic\"\n[limits]\nin_flight = 5\n[[webhook]]\nname = \"phone\"\nurl = \"https://hooks.example/t0ken\"\nsecret_file = \"/etc/hidden\"\n\
         [[duty]]\nid = \"left-open\"\nafter_seconds = 5\n",
    );
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let all = ["--config", &file, "--data", text(&data)];
    jamey(&[&["rules", "strictness", "0.1"], &all[..]].concat()).good();
    let env = [("JAMEY__BROKER__GUARD", "enforce")];
    let show = |more: &[&str]| jamey_with(&env, &[&["config", "show"], more, &all[..]].concat());
    let told = shown(show(&["--json"]));
    let of = |path: &str| (told[path]["value"].clone(), told[path]["from"].as_str().unwrap().to_owned());
    assert_eq!(of("node"), (json!("attic"), format!("{file}:1")));
    assert_eq!(of("limits.in_flight"), (json!(5), format!("{file}:3")));
    assert_eq!(of("limits.deaf_seconds").1, "default");
    assert_eq!(of("broker.guard"), (json!("enforce"), "environment JAMEY__BROKER__GUARD".to_owned()));
    assert_eq!(of("store.data"), (json!(text(&data)), "--data".to_owned()));
    assert!(of("conscience.strictness").1.starts_with("chosen by owner at "), "{:?}", of("conscience.strictness"));
    assert_eq!(of("conscience.strictness").0, json!(0.1));
    assert_eq!(of("webhook[0].name"), (json!("phone"), format!("{file}:5")));
    assert_eq!(of("webhook[0].url").0, json!("https://hooks.example/"));
    let late =
        told.iter().find(|(path, one)| path.ends_with("].id") && one["value"] == "left-open").unwrap().0.replace(".id", ".after_seconds");
    assert!(of(&late).0 == 5 && of(&late).1.starts_with(&format!("{file}:")), "{:?}", of(&late));
    assert_eq!(of("duty[0].id"), (json!("leak-valve-open"), "default".to_owned()));
    let text_of = show(&[]).good();
    assert!(text_of.contains("broker.guard = \"enforce\"  # environment JAMEY__BROKER__GUARD"), "{text_of}");
    for hidden in ["t0ken", "/etc/hidden"] {
        assert!(!text_of.contains(hidden) && !told.values().any(|one| one.to_string().contains(hidden)), "{hidden}");
    }
    let section = shown(show(&["limits", "--json"]));
    assert!(section.len() > 10 && section.keys().all(|path| path.starts_with("limits.")), "{section:?}");
    assert!(show(&["limit"]).bad(1).contains("no option begins with"));
}

#[test]
fn diff_says_what_is_other_than_by_default() {
    let (_folder, file) = config("[broker]\nguard = \"enforce\"\nmax_connections = 1000\n");
    let found = differs(jamey(&["config", "diff", "--json", "--config", &file]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), &found[0].1["value"], &found[0].1["default"]), ("broker.guard", &json!("enforce"), &json!("observe")));
    assert!(jamey(&["config", "diff", "--config", &file]).good().contains("broker.guard = \"enforce\"  # default \"observe\""));
    assert!(jamey(&["config", "diff"]).good().contains("every option is at its default"));
}

#[test]
fn set_writes_one_value_and_leaves_all_around_it_as_it_was() {
    let (_folder, file) = config(Config::EMBEDDED);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let set = |more: &[&str]| jamey(&[&["config", "set", "--config", &file], more].concat());
    let said = set(&["broker.guard=enforce", "limits.in_flight=5", "broker.mqtt=[\"127.0.0.1:2883\"]"]).good();
    assert!(said.contains("is written") && said.contains("broker.guard counts from the next start on"), "{said}");
    let wanted = Config::EMBEDDED
        .replace("guard = \"observe\"", "guard = \"enforce\"")
        .replace("\nin_flight = 64\n", "\nin_flight = 5\n")
        .replace("mqtt = [\"127.0.0.1:1883\"]", "mqtt = [\"127.0.0.1:2883\"]");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, wanted);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(set(&["broker.guard=enforce"]).good().contains("says so already"));
    // What stands nowhere yet gets its section, and what is taken out its default.
    set(&["http.tls.certificate=/etc/c.pem", "http.tls.key=/etc/k.pem", "--dry-run"]).bad(1);
    set(&["conscience.weights.AUT-1-quiet-hours=0.5"]).good();
    assert!(std::fs::read_to_string(&file).unwrap().contains("AUT-1-quiet-hours = 0.5"));
    jamey(&["config", "unset", "broker.guard", "--config", &file]).good();
    assert_eq!(jamey(&["check", "--json", "--config", &file]).json()["guard"], "observe");
    assert!(jamey(&["config", "unset", "broker.guard", "--config", &file]).bad(1).contains("does not stand in the file"));
    let dry = set(&["node=boathouse", "--dry-run"]).good();
    assert!(dry.contains("node = \"boathouse\"") && !std::fs::read_to_string(&file).unwrap().contains("boathouse"));
}

#[test]
fn set_reaches_into_lists_and_says_what_lies_over_it() {
    let (_folder, file) = config("[[device]]\nid = \"a\"\nclass = \"lock\"\ncommand_topic = \"a/set\"\nrisk = 0.9 # mine\n");
    let set = |env: &[(&str, &str)], pair: &str| jamey_with(env, &["config", "set", pair, "--config", &file]);
    set(&[], "device[0].risk=0.5").good();
    assert!(std::fs::read_to_string(&file).unwrap().contains("risk = 0.5 # mine"));
    assert!(set(&[], "device[1].risk=0.5").bad(1).contains("there is no `device[1]`"));
    let said = set(&[("JAMEY__NODE", "attic")], "node=cellar").good();
    assert!(said.contains("node holds as before: environment JAMEY__NODE lies over it"), "{said}");
}

#[test]
fn set_says_of_what_is_not_shown_or_has_another_name_inside_that_it_counts() {
    let (_folder, file) = config(
        "[memory]\ndatabase_mb = 99\n[[webhook]]\nname = \"phone\"\nurl = \"https://hooks.example/OLD\"\n\
         [[input]]\ntopic = \"a/{entity}/{kind}\"\n[[duty]]\nid = \"left-open\"\nafter_seconds = 5\n",
    );
    for (pair, counts) in [
        ("webhook[0].url=https://hooks.example/NEW", "webhook[0].url"),
        ("input[0].topic=b/{entity}/{kind}", "inputs.extra[0].pattern"),
        ("memory.database_mb=98", "memory.database_mib"),
        ("duty[0].after_seconds=6", ".after_seconds"),
    ] {
        let said = jamey(&["config", "set", pair, "--config", &file]).good();
        let told: Vec<&str> = said.lines().skip(1).collect();
        assert!(told.len() == 1 && told[0].contains(&format!("{counts} counts from the next start on")), "{pair}: {said}");
        assert!(!said.contains("NEW"), "{said}");
    }
    let said = jamey(&["config", "set", "node=jamey", "--config", &file]).good();
    assert_eq!(said.lines().count(), 1, "it was so by default, and nothing lies over it: {said}");
}

#[test]
fn set_refuses_what_a_start_would_refuse_and_writes_nothing() {
    let (folder, file) = config("# mine\nnode = \"attic\"\n");
    let before = std::fs::read(&file).unwrap();
    for (pair, why) in [
        ("broker.guard=off", "broker.guard"),
        ("broker.gaurd=enforce", "did you mean `guard`"),
        ("broker.max_connections=0", "1 to 1000"),
        ("conscience.rules=[\"/nowhere/rules.toml\"]", "/nowhere/rules.toml"),
        ("log.filter=a=b=c", "log.filter"),
        ("broker=1", "is a section, or"),
        ("node.x=1", "is no section"),
        ("nothing", "PATH=VALUE"),
    ] {
        let said = jamey(&["config", "set", pair, "--config", &file]).bad(1);
        assert!(said.contains(why) || why == "is a section, or", "{pair}: {said}");
        assert_eq!(std::fs::read(&file).unwrap(), before, "{pair}");
    }
    assert!(jamey(&["config", "set", "node=a"]).bad(1).contains("--config FILE"));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no file is left beside it: {left:?}");
}

#[test]
fn names_of_an_older_jamey_count_are_told_of_and_migrated_with_comments_kept() {
    let old = "config_version = 1\n[memory]\n# room\ndatabase_mb = 99 # MiB\nhourly_days = 130\n";
    let house = Plan::default().config(old).start();
    wait_until("the start says what to run", PATIENCE, || {
        house.said().contains("memory.database_mb") && house.said().contains("jamey config migrate --config")
    });
    let (_folder, file) = config(old);
    let told = jamey(&["check", "--config", &file]).good();
    assert!(told.contains(&format!("memory.database_mb ({file}:4) is called memory.database_mib now")), "{told}");
    let value =
        |file: &str| shown(jamey(&["config", "show", "memory", "--json", "--config", file]))["memory.database_mib"]["value"].clone();
    assert_eq!(value(&file), 99);
    let dry = jamey(&["config", "migrate", "--dry-run", "--config", &file]).good();
    assert!(
        dry.contains("`memory.database_mb` is called `memory.database_mib`") && std::fs::read_to_string(&file).unwrap() == old,
        "{dry}"
    );
    jamey(&["config", "migrate", "--config", &file]).good();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), old.replace("database_mb", "database_mib").replace("version = 1", "version = 2"));
    assert_eq!(value(&file), 99);
    assert!(!jamey(&["check", "--config", &file]).good().contains("ATTENTION"));
    assert!(jamey(&["config", "migrate", "--config", &file]).good().contains("has the names of now"));
    let (_folder, both) = config("[memory]\ndatabase_mb = 99\ndatabase_mib = 99\n");
    assert!(jamey(&["check", "--config", &both]).bad(1).contains("remove one of the two"));
    let (_folder, newer) = config("config_version = 3\n");
    assert!(jamey(&["check", "--config", &newer]).bad(1).contains("of a newer Jamey"));
}

/// Writes a whole config in one step, as `set` does.
fn rewrite(house: &House, toml: &str) {
    let (path, fresh) = (house.folder().join("jamey.toml"), house.folder().join("fresh.toml"));
    std::fs::write(&fresh, toml).unwrap();
    std::fs::rename(fresh, path).unwrap();
}

#[test]
fn a_running_house_takes_at_once_what_may_be_taken_and_says_what_waits() {
    let hook = std::net::TcpListener::bind(ANY).unwrap();
    hook.set_nonblocking(true).unwrap();
    let house = Plan::default().config("# mine\ntimezone = \"UTC\"\n").start();
    announce_shed(&house);
    let mut lock = house.client("shed-lock").listen(SHED_SET, 1);
    assert!(house.client("stranger").publish(Message::new(SHED_SET, "UNLOCK").qos(1)).taken());
    assert_eq!(lock.message().text(), "UNLOCK", "it only observes");
    let file = house.folder().join("jamey.toml");
    let said = at(
        &house,
        &[
            "config",
            "set",
            "--config",
            text(&file),
            "broker.guard=enforce",
            "log.filter=debug",
            "alerts.disk_free_mb=1000000000",
            "alerts.raise_seconds=0",
            "http.burst=7",
            "limits.in_flight=5",
        ],
    )
    .good();
    assert!(
        said.contains("broker.guard is taken by the running Jamey now") && said.contains("limits.in_flight waits for a restart"),
        "{said}"
    );
    wait_until("it is said what was taken, and what waits", PATIENCE, || {
        let said = house.said();
        said.contains("is taken at once: alerts.disk_free_mb, alerts.raise_seconds, broker.guard, http.burst, log.filter")
            && said.contains("waits for a restart: limits.in_flight")
    });
    wait_until("a budget that is other raises its alert", PATIENCE, || retained(&house, "jamey/alert/disk").is_some());
    wait_until("the log says more", PATIENCE, || house.said().contains("DEBUG"));
    assert!(house.client("stranger").publish(Message::new(SHED_SET, "UNLOCK").qos(1)).taken());
    assert_eq!(lock.rest(), [], "it enforces");
    let differ = differs(at(&house, &["config", "diff", "--running", "--json", "--config", text(&file), "--mqtt", ANY, "--http", ANY]));
    let waits: Vec<_> = differ.into_iter().map(|(path, one)| (path, one["at_once"].clone())).collect();
    assert_eq!(waits, [("limits.in_flight".to_owned(), json!(false))]);
    // A webhook that is new hears of what stands.
    let toml = std::fs::read_to_string(&file).unwrap();
    rewrite(&house, &format!("{toml}\n[[webhook]]\nname = \"new\"\nurl = \"http://{}/\"\n", hook.local_addr().unwrap()));
    let mut came = None;
    wait_until("somebody posts", PATIENCE, || {
        came = hook.accept().ok();
        came.is_some()
    });
    let (mut stream, _) = came.unwrap();
    stream.set_nonblocking(false).unwrap();
    let mut begin = [0; 4];
    std::io::Read::read_exact(&mut stream, &mut begin).unwrap();
    assert_eq!(&begin, b"POST");
    let on_record = || house.count("select count(*) from audit_log where action = 'change' and subject = 'config'", []);
    wait_until("what was taken is on record", PATIENCE, || on_record() == 2);
    // What stands behind a receiver's host is not shown, and that it is another is on record all the same.
    rewrite(&house, &format!("{toml}\n[[webhook]]\nname = \"new\"\nurl = \"http://{}/other\"\n", hook.local_addr().unwrap()));
    wait_until("what is not shown is on record", PATIENCE, || on_record() == 3);
}

#[test]
fn what_is_not_shown_waits_for_a_restart_and_differs_as_all_else_does() {
    let says = |folder: &Path, password: &str, hook: &str| {
        format!(
            "timezone = \"UTC\"\n[[bridge]]\nname = \"attic\"\naddress = \"{NOWHERE}\"\nuser = \"jamey\"\npassword_file = \"{}\"\n\
             [[bridge.topics]]\nfilter = \"a/#\"\ndirection = \"in\"\n[[webhook]]\nname = \"phone\"\nurl = \"http://{NOWHERE}/{hook}\"\n",
            text(&folder.join(password))
        )
    };
    let secrets = TempDir::with_prefix("jamey-secrets-").unwrap();
    for name in ["one", "two"] {
        std::fs::write(secrets.path().join(name), "x").unwrap();
        std::fs::set_permissions(secrets.path().join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let house = Plan::default().config(&says(secrets.path(), "one", "t0ken")).start();
    let (_folder, other) = config(&says(secrets.path(), "two", "0ther"));
    let ask = |file: &str, more: &[&str]| {
        at(&house, &[&["config", "diff", "--running", "--config", file, "--mqtt", ANY, "--http", ANY], more].concat())
    };
    let same = house.folder().join("jamey.toml");
    assert!(ask(text(&same), &[]).good().contains("goes by this config"));
    let found: Vec<_> =
        differs(ask(&other, &["--json"])).into_iter().map(|(path, one)| (path, one["shown"].clone(), one["at_once"].clone())).collect();
    assert_eq!(
        found,
        [("bridge[0].password_file".to_owned(), json!(false), json!(false)), ("webhook[0].url".to_owned(), json!(false), json!(true))]
    );
    let told = ask(&other, &[]).good();
    assert!(told.contains("bridge[0].password_file is another one, which is not shown  # waits for a restart"), "{told}");
    let kept = std::fs::read_to_string(house.data().join("in-effect.json")).unwrap();
    for hidden in ["t0ken", "0ther", text(secrets.path())] {
        assert!(!told.contains(hidden) && !kept.contains(hidden), "{hidden}");
    }
    rewrite(&house, &says(secrets.path(), "two", "0ther"));
    wait_until("it is said what was taken, and what waits", PATIENCE, || {
        let said = house.said();
        said.contains("is taken at once: webhook[0].url\n") && said.contains("waits for a restart: bridge[0].password_file;")
    });
}

#[test]
fn a_config_that_takes_care_away_while_it_runs_is_on_record_and_alerted_until_it_is_as_it_was() {
    let (quick, milder) = ("[alerts]\nclear_seconds = 0\n", "jamey/alert/guard-milder");
    let says = |guard: &str, strictness: &str| format!("{quick}[broker]\nguard = \"{guard}\"\n[conscience]\nstrictness = {strictness}\n");
    let house = Plan::default().config(&says("enforce", "0.1")).start();
    rewrite(&house, &says("observe", "0.05"));
    wait_until("it is alerted", PATIENCE, || retained(&house, milder).is_some());
    let text = retained(&house, milder).unwrap().json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("the guard-mode is observe, and was enforce; the strictness is 0.05, and was 0.1"), "{text}");
    let on_record = |mode: &str| house.count("select count(*) from audit_log where action = 'guard.mode' and subject = ?1", [mode]);
    wait_until("it is on record", PATIENCE, || on_record("observe") == 1);
    rewrite(&house, &says("enforce", "0.2"));
    wait_until("the alert is over", PATIENCE, || retained(&house, milder).is_none());
    wait_until("that is on record, too", PATIENCE, || on_record("enforce") == 1);
}

#[test]
fn what_a_flag_or_the_environment_says_no_file_takes_away_while_it_runs() {
    let house = Plan::default().env("JAMEY__BROKER__GUARD", "enforce").config("# mine\n").start();
    announce_shed(&house);
    let mut lock = house.client("shed-lock").listen(SHED_SET, 1);
    rewrite(&house, "[broker]\nguard = \"observe\"\n[http]\nburst = 7\n");
    wait_until("it is taken", PATIENCE, || house.said().contains("is taken at once: http.burst"));
    assert!(house.client("stranger").publish(Message::new(SHED_SET, "UNLOCK").qos(1)).taken());
    assert_eq!(lock.rest(), [], "it enforces");
    assert!(retained(&house, "jamey/alert/guard-milder").is_none());
}

#[test]
fn a_broken_config_is_refused_by_the_running_house_alerted_and_the_old_one_holds() {
    let house = Plan::default().config("[alerts]\nclear_seconds = 0\n").start();
    rewrite(&house, "[alerts]\nclear_seconds = 0\n[broker]\nguard = \"sometimes\"\n");
    wait_until("the alert stands", PATIENCE, || retained(&house, "jamey/alert/config").is_some());
    let alert = retained(&house, "jamey/alert/config").unwrap().json();
    assert!(
        alert["text"].as_str().unwrap().contains("broker.guard") && alert["what_to_do"].as_str().unwrap().contains("jamey check"),
        "{alert}"
    );
    for wrong in ["[log]\nfilter = \"a=b=c\"\n", "[[webhook]]\nname = \"a\"\nurl = \"http://a/\"\nsecret_file = \"/nowhere/secret\"\n"] {
        rewrite(&house, wrong);
        let word = if wrong.contains("filter") { "log.filter" } else { "/nowhere/secret" };
        wait_until("it says why", PATIENCE, || retained(&house, "jamey/alert/config").is_some_and(|alert| alert.text().contains(word)));
    }
    rewrite(&house, "[alerts]\nclear_seconds = 0\n[broker]\nguard = \"enforce\"\n");
    wait_until("the alert is over", PATIENCE, || retained(&house, "jamey/alert/config").is_none());
    wait_until("what is good is taken", PATIENCE, || house.said().contains("is taken at once: broker.guard"));
}
