//! Tests of the whole round of a house at rest: gathered, saved, restored, settled.

use super::{Gathered, Gathering, Settled, gather::clear_away, rises::obstacles, settle};
use crate::{
    config::{Config, Extra, Sources},
    domain::Timestamp,
    memory::index::Follower,
    phoenix::{Choice, Component, KeyFile, Order, Repository, Secret},
    store::{self, Reader, Store},
};
use mqtt5::{
    QoS,
    broker::{
        FileBackend,
        storage::{RetainedMessage, StorageBackend},
    },
    packet::publish::PublishPacket,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

const AT: Timestamp = Timestamp::from_micros(1_794_999_600_000_000);

struct Old {
    folder: TempDir,
    text: String,
}

impl Old {
    /// A house at rest, with what its config names.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "own.toml",
            "acl.toml",
            "server.pem",
            "server.key",
            "clients.pem",
            "gone.pem",
            "http.pem",
            "http.key",
            "bridge.pem",
            "password",
            "hook.pem",
            "hook",
        ] {
            fs::write(at(name), format!("# {name}\n")).unwrap();
        }
        let text = format!(
            "node = \"old\"\n[broker]\nacl = {:?}\n[conscience]\nrules = [{:?}]\n[store]\ndata = {:?}\n\
             [[listener]]\naddress = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}\nclient_crl = {:?}\n\
             [http.tls]\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}\n\
             [[webhook]]\nname = \"far\"\nurl = \"https://far/\"\nca = {:?}\nsecret_file = {:?}\n\
             [[bridge]]\nname = \"far\"\naddress = \"far:8883\"\ntls = true\nca = {:?}\nuser = \"us\"\npassword_file = {:?}\n\
             topics = [{{ filter = \"a\", direction = \"in\" }}]\n",
            at("acl.toml"),
            at("own.toml"),
            at("data"),
            at("server.pem"),
            at("server.key"),
            at("clients.pem"),
            at("gone.pem"),
            at("http.pem"),
            at("http.key"),
            at("clients.pem"),
            at("hook.pem"),
            at("hook"),
            at("bridge.pem"),
            at("password"),
        );
        fs::write(at("jamey.toml"), &text).unwrap();
        Self { text, folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> Config {
        Config::read(&Sources { file: Some(("jamey.toml", &self.text)), env: vec![], flags: vec![] }).unwrap()
    }

    fn gathering(&self) -> Gathering {
        Gathering { config: Arc::new(self.config()), file: Some(self.at("jamey.toml")), running: None }
    }

    fn live(&self) {
        let data = self.at("data");
        drop(Store::open(&data).unwrap());
        let store = Reader::open(&data).unwrap();
        let (mut follower, _) = Follower::open(&data.join("index"), &store).unwrap();
        follower.rebuild(&store, |_| {}).unwrap();
        follower.close().unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let engine = FileBackend::new(data.join("broker")).await.unwrap();
            let packet = PublishPacket::new("shelf/1", b"cup".to_vec(), QoS::AtLeastOnce);
            engine.store_retained_message("shelf/1", RetainedMessage::new(packet)).await.unwrap();
        });
    }

    fn gather(&self, include: &[Extra]) -> Gathered {
        self.gathering().gather(include, 0, &mut |_| true).unwrap()
    }

    /// Through a repository into a new folder.
    fn rise(&self, gathered: Gathered) -> (PathBuf, Settled) {
        let secret = Secret::KeyFile(KeyFile::create(&self.at("phoenix.key")).unwrap());
        let mut repository = Repository::init(&self.at("nas"), &[secret], false, AT).unwrap();
        let order = Order { at: AT, node: "old".into(), reason: "asked".into(), sources: gathered.sources, bytes_a_second: 0, after: 0 };
        let taken = repository.snapshot(order, &mut |_| true).unwrap();
        let home = self.at("home");
        let manifest = repository.manifest(taken.sequence).unwrap();
        let finish = |at: &Path| settle(at, &home, &manifest);
        let (_, settled) = repository.restore_and(taken.sequence, &Choice::default(), &home, &mut |_| true, finish).unwrap();
        let again = settle(&home, &home, &manifest).unwrap();
        assert_eq!(
            (&again.files, &again.config, &again.missing),
            (&settled.files, &settled.config, &settled.missing),
            "done again it is the same"
        );
        (home, settled)
    }
}

#[test]
fn what_the_owner_wants_is_in_it_and_the_restored_config_names_nothing_of_the_old_place() {
    let old = Old::new();
    old.live();
    let gathered = old.gather(&[Extra::Certificates, Extra::Index]);
    assert_eq!(gathered.left_out, Vec::<String>::new());
    let components: Vec<Component> = gathered.sources.iter().map(|source| source.component).collect();
    assert!(Component::ALL.iter().all(|one| components.contains(one)), "{components:?}");
    let (home, settled) = old.rise(gathered);

    assert_eq!(settled.broker.as_ref().unwrap()["retained"], 1);
    assert_eq!(settled.schema, Some((store::schema_version(), store::schema_version())));
    fs::remove_file(old.at("password")).unwrap();
    let text = fs::read_to_string(settled.config.as_ref().unwrap()).unwrap();
    let config = Config::read(&Sources { file: Some(("x", &text)), env: vec![], flags: vec![] }).unwrap();
    assert_eq!(config.store.data, home);
    let (tls, http) = (config.listeners[0].tls.as_ref().unwrap(), config.http.tls.as_ref().unwrap());
    let clients = tls.clients.as_ref().unwrap();
    for (path, name) in [
        (&config.conscience.rules[0], "own.toml"),
        (config.broker.acl.as_ref().unwrap(), "acl.toml"),
        (&tls.certificate, "server.pem"),
        (&tls.key, "server.key"),
        (&clients.ca, "clients.pem"),
        (clients.crl.as_ref().unwrap(), "gone.pem"),
        (&http.certificate, "http.pem"),
        (&http.key, "http.key"),
        (&http.clients.as_ref().unwrap().ca, "clients.pem"),
        (config.webhooks[0].ca.as_ref().unwrap(), "hook.pem"),
        (config.bridges[0].remote.ca.as_ref().unwrap(), "bridge.pem"),
    ] {
        assert!(path.starts_with(&home), "{}", path.display());
        assert_eq!(fs::read_to_string(path).unwrap(), format!("# {name}\n"));
    }
    assert_eq!(fs::read_to_string(home.join("config/jamey.toml.was")).unwrap(), old.text);

    // The index is taken as it is.
    let (_, doubt) = Follower::open(&home.join("index"), &Reader::open(&home).unwrap()).unwrap();
    assert!(doubt.is_none(), "{doubt:?}");
    let names: Vec<String> = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name == "kept" || name == "broker.new"), "{names:?}");
}

#[test]
fn what_cannot_be_read_is_left_out_and_said_and_a_secret_that_is_missing_too() {
    let old = Old::new();
    old.live();
    fs::remove_file(old.at("own.toml")).unwrap();
    fs::remove_file(old.at("password")).unwrap();
    fs::remove_file(old.at("hook")).unwrap();
    fs::write(old.at("acl.toml"), vec![b'#'; 4 * 1024 * 1024 + 1]).unwrap();
    let gathered = old.gather(&[]);
    assert_eq!(gathered.left_out.len(), 2, "{:?}", gathered.left_out);
    assert!(
        !gathered.sources.iter().any(|one| matches!(one.component, Component::Certificates | Component::Index)),
        "nobody asked for them"
    );
    let (home, settled) = old.rise(gathered);
    let missing: Vec<&str> = settled.missing.iter().map(|(option, _)| option.as_str()).collect();
    assert_eq!(
        missing,
        [
            "conscience.rules",
            "broker.acl",
            "listener.certificate",
            "listener.key",
            "listener.ca",
            "listener.crl",
            "http.tls.certificate",
            "http.tls.key",
            "http.tls.ca",
            "webhook.ca",
            "bridge.ca",
            "bridge.password_file",
            "webhook.secret_file"
        ]
    );
    let note = fs::read_to_string(home.join("RESTORED.txt")).unwrap();
    assert!(note.contains(&format!("bridge.password_file: {}", old.at("password").display())), "{note}");
    let [check, run] = settled.commands(&home);
    assert!(note.contains(&check) && note.contains(&run) && run.starts_with("jamey run --config "), "{note}");
}

#[test]
fn one_gathers_at_a_time_and_what_another_left_is_swept() {
    let old = Old::new();
    old.live();
    let data = old.at("data");
    fs::create_dir(data.join("phoenix-gather")).unwrap();
    fs::write(data.join("phoenix-gather/jamey.db"), "half").unwrap();
    let first = old.gather(&[]);
    let refused = old.gathering().gather(&[], 0, &mut |_| true).err().unwrap().to_string();
    assert!(refused.contains("is being taken"), "{refused}");
    clear_away(&data);
    assert!(data.join("phoenix-gather/jamey.db").exists(), "one that is under way is left alone");
    drop(first);
    assert!(!data.join("phoenix-gather").exists());
    assert!(old.gathering().gather(&[], 0, &mut |_| false).is_err(), "stopped");
    assert!(!data.join("phoenix-gather").exists());
}

#[test]
fn a_house_of_the_first_schema_rises_in_that_of_today() {
    let old = Old::new();
    let data = old.at("data");
    fs::create_dir(&data).unwrap();
    let db = rusqlite::Connection::open(data.join(store::FILE)).unwrap();
    db.execute_batch("PRAGMA application_id = 0x4a414d59").unwrap();
    db.execute_batch(include_str!("../../store/schema/0001.sql")).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    let gathered = old.gather(&[Extra::Index]);
    assert!(gathered.left_out[0].contains("the index (there is none yet)"), "{:?}", gathered.left_out);
    assert_eq!(gathered.sources.iter().find(|one| one.component == Component::Database).unwrap().schema, 1);
    let (home, settled) = old.rise(gathered);
    assert_eq!(settled.schema, Some((1, store::schema_version())));
    assert!(!home.join("index").exists() && Path::new(&home).join("audit.key").exists());
    Reader::open(&home).unwrap();
}

#[test]
fn a_snapshot_that_no_jamey_could_live_in_is_told() {
    let old = Old::new();
    old.live();
    let secret = Secret::KeyFile(KeyFile::create(&old.at("phoenix.key")).unwrap());
    let mut repository = Repository::init(&old.at("nas"), &[secret], false, AT).unwrap();
    let mut tried = |spoil: &dyn Fn(&Path)| {
        let Gathered { sources, folder, .. } = old.gather(&[]);
        let order = Order { at: AT, node: "old".into(), reason: "asked".into(), sources, bytes_a_second: 0, after: 0 };
        let sequence = repository.snapshot(order, &mut |_| true).unwrap().sequence;
        drop(folder);
        let into = old.at(&format!("trial-{sequence}"));
        repository.restore(sequence, &Choice::default(), &into, &mut |_| true).unwrap();
        spoil(&into);
        obstacles(&into, &repository.manifest(sequence).unwrap(), AT)
    };
    assert_eq!(tried(&|_| {}), Vec::<String>::new());
    let cut = |into: &Path| {
        let kept = into.join("kept/sessions.cbor");
        let bytes = fs::read(&kept).unwrap();
        fs::write(&kept, &bytes[..bytes.len() - 1]).unwrap();
    };
    let cut = tried(&cut);
    assert!(
        cut.len() == 1 && cut[0].contains("what was kept of the broker cannot be taken back") && cut[0].contains("cut short"),
        "{cut:?}"
    );
    for (name, text, says) in [
        ("acl.toml", "[[role]]\nnam = 1\n", "would not start"),
        ("own.toml", "[[rule]]\nwhen = \"(\"\n", "the rules are refused"),
        ("jamey.toml", "nodes = 1\n", "nodes"),
    ] {
        let was = fs::read(old.at(name)).unwrap();
        fs::write(old.at(name), text).unwrap();
        let told = tried(&|_| {});
        assert!(told.len() == 1 && told[0].contains("config/jamey.toml would not start") && told[0].contains(says), "{name}: {told:?}");
        fs::write(old.at(name), was).unwrap();
    }
}
