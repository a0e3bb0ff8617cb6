//! The composition root: puts the rooms together, starts them, and takes them down in order. The only place that knows every room.

mod alerts;
mod answers;
mod approvals;
mod aside;
mod beside;
mod conditions;
mod control;
mod damage;
mod doors;
mod duties;
mod ending;
mod exact;
mod figures;
mod greeting;
mod ground;
mod home_assistant;
mod house;
mod http;
mod index;
mod journal;
mod mailbox;
mod metrics;
pub mod orders;
mod outlets;
mod parts;
mod people;
pub mod phoenix;
mod proving;
mod recall;
mod release;
mod reload;
mod retained;
pub mod rules;
mod silences;
mod slow;
mod sound;
mod speaker;
mod start;
mod tidings;
pub mod trial;
mod unchanged;
mod upkeep;
pub mod view;
mod waking;
mod watchdog;
mod webhook;
mod wishes;
mod words;

pub use alerts::free as free_bytes;
pub use answers::Left;
pub use approvals::{Approvals, asked, ended, held_document, refused};
pub use control::{LONGEST_SECONDS, Order, standing};
pub use doors::{listeners, trouble as certificate_trouble};
pub use figures::folder_bytes;
pub use greeting::overheard;
pub use ground::is_running;
pub use index::FOLDER as INDEX;
pub use journal::{Entered, Journal, read as read_journal};
pub use reload::in_effect;
pub use sound::would_start;
pub use waking::{settings, wake};
pub use wishes::{AT_ONCE as WISHED_AT_ONCE, Wish, grant as grant_wish};
pub use words::give as give_word;

use crate::{
    api,
    broker::{Engine, GuardView, Hall, Inbox, Listener, OwnClient, Recalls, guard},
    config::{Config, GuardMode},
    domain::{
        Change, Ending, Input, Settled, limits,
        topics::{self, Topic},
    },
    observe::{Counters, Recalled},
    runtime::{Clock, Supervisor, pulse, shutdown, systemd},
    store::{Readers, Store, Writer},
};
use anyhow::{Context, Result, anyhow};
use ground::raise_descriptors;
pub use ground::{lock, private_folder};
use ground::{owners_folder, put_down};
use serde_json::json;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{mpsc, watch},
};
use tracing::{info, warn};
use uuid::Uuid;

/// What waits to be announced; beyond it verdicts are stored but not announced.
const SAID: usize = 4_096;

/// Approved requests on their way: several times `limits::HELD`.
const RELEASES: usize = 256;

/// Runs Jamey until it is asked to stop.
///
/// # Errors
/// When a port is taken, the data folder cannot be used, or the store cannot be read. Each says what to do.
pub async fn run(config: Config, again: rules::Again) -> Result<()> {
    let config = Arc::new(config);
    let seen = rules::Seen::now(&config, &again);
    let data = config.store.data.clone();
    let (found, damaged) = orders::found(&data);
    let (chosen, ended) = found.without_ended(&config);
    let counts = chosen.over(&config);
    let sets = rules::sets(&counts)?;
    private_folder(&data).with_context(|| format!("the data folder {} cannot be made", data.display()))?;
    let _lock = lock(&data)?;
    if !ended.is_empty() {
        chosen.write(&data).with_context(|| format!("{} cannot be written", data.join(orders::FILE).display()))?;
    }
    raise_descriptors(config.broker.max_connections + config.listeners.len() + limits::STREAM_SUBSCRIBERS);

    let (stop, stopped) = watch::channel(false);
    trial::warn();
    let supervisor = Supervisor::new(stopped.clone(), trial::falls(), trial::times());
    // Without these the house judges, and its owner is heard: what falls there again and again must not take that away.
    let spared = supervisor.sparing();
    let doors = doors::Doors::open(&config).await?;
    let http = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("cannot listen for HTTP on {}: set http.listen or --http", config.http.listen))?;
    let private = TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).await.context("cannot listen on loopback")?;

    let mut store = Store::open(&data).context("the store cannot be opened")?;
    // A large database takes minutes to be written anew.
    if let Err(error) = watchdog::patiently(|| store.scrub()) {
        warn!(%error, "what was forgotten is deleted, but free pages may still hold it");
    }
    let mut saved = store.load().context("the store cannot be read")?;
    let (soul, unreadable) = aside::take(&config, &mut store, &mut saved)?;
    let clock = Arc::new(Clock::new(saved.last_at.unwrap_or_default()));
    let (counters, complaints) = Counters::new();
    let counters = Arc::new(counters);
    let webhooks = webhook::Webhooks::start(&config, &clock, spared.clone())?;
    let (inbox, posts) = Inbox::new();
    let (recalls, recalled) = Recalls::new();

    let (idle, (keeper, indexing)) = (inbox.clone(), index::keep(&data, &spared).context("the index's thread cannot be started")?);
    let woken = keeper.clone();
    let vital = supervisor.vital("store");
    let on_idle = move || {
        vital.turns();
        idle.writer_idle();
        woken.wake();
    };
    let writer = Writer::spawn(store, on_idle).context("the writer's thread cannot be started")?;
    let health = writer.health();
    let (upkeeper, upkeeping) = upkeep::keep(&config, upkeep::time_of(&clock), writer.chores(), keeper.clone(), &spared)
        .context("the upkeep's thread cannot be started")?;
    keeper.work_with(writer.chores(), writer.health());

    let holds = (sets.live.ruling().digest(), sets.shadow.as_ref().map(|s| s.ruling().digest()));
    let shelf = Arc::new(rules::Shelf::default());
    let known = saved.entities.iter().map(|(id, ..)| id.clone()).collect();
    let (tell_own, own_rules) = watch::channel(rules::own_alarm(&counts, &sets));
    let (show, shown) = watch::channel(sets.clone());
    let mut mind = waking::awaken(&config, sets, soul, &saved, clock.now())?;
    waking::declare(&mut mind, &config);
    let guard = GuardView {
        registry: mind.registry().clone(),
        rules: guard::GuardRules::of(&config),
        enforce: counts.broker.guard == GuardMode::Enforce,
        off_until: control::standing(&data, clock.wall()),
    };
    let door = people::open(&config, &data)?;
    people::check(&config, &door)?;
    let digests = start::Digests::of(&config, &holds.0, &door.people)?;
    let (own_id, secret) = (format!("jamey-{}", secret()?), secret()?);
    let failing = Arc::clone(&health);
    let hall = Arc::new(Hall::new(
        Arc::clone(&config),
        inbox.clone(),
        recalls,
        Arc::clone(&clock),
        counters,
        Box::new(move || failing.failing()),
        own_id,
        secret,
        guard,
        door,
    )?);
    hall.bearing.send_replace(orders::bearing(&counts));
    let waits_for_disk = Arc::clone(&health);
    supervisor.excuse(move || waits_for_disk.failing());
    reload::tell(&data, &config);
    tidings::begin(&hall, &data)?;
    let reached = beside::open(&hall, &data)?;
    for recent in &saved.recent {
        hall.voices.recall(&recent.client_id, recent.packet_id, recent.digest, recent.percept, recent.at);
    }

    let (engine, closed) = Engine::start(Arc::clone(&hall), &data.join("broker"))
        .await
        .map_err(|e| anyhow!("sessions and retained messages cannot be read: {e}"))?;
    // A subscription that outlived the restart may be waiting for verdicts.
    hall.verdicts_wanted.fetch_or(engine.has_sessions().await, std::sync::atomic::Ordering::Relaxed);
    let engine = Arc::new(engine);
    let (mqtt, http_tls) = (doors.mqtt(), doors.http());
    let own_address = private.local_addr()?;
    let http_address = http.local_addr()?;

    let (said, hears) = mpsc::channel(SAID);
    let (releases, released) = mpsc::channel(RELEASES);
    let (asks, asked) = mpsc::channel(limits::DUTIES_DUE);
    let (waiting, waits) = watch::channel(outlets::Waiting::default());
    let (due, is_due) = watch::channel(outlets::Due::default());
    let (silent, is_silent) = watch::channel(outlets::Due::default());
    let (alarms, alarmed) = watch::channel(outlets::Alarms::default());
    let (rounds, in_round) = watch::channel(None);
    let (focus, in_focus) = watch::channel(None);
    let (observed, seen_so_far) = watch::channel(None);
    let board = Arc::<home_assistant::Board>::default();
    let outlets =
        outlets::Outlets { said, releases, asks, waiting, due, silent, alarms, board: Arc::clone(&board), rounds, focus, observed };
    // Weakly: the engine ends when all who hold it have let go.
    let (let_on, asks_of) = ((Arc::downgrade(&engine), Arc::clone(&hall)), (Arc::downgrade(&engine), Arc::clone(&hall)));
    let released = release::Released { comes: released, in_hand: None };
    supervisor.task_of("release", released, move |mut released| {
        let (engine, hall) = let_on.clone();
        async move { release::release(engine, hall, &mut released).await }
    });
    let asked = duties::Asks { comes: asked, in_hand: None };
    supervisor.task_of("duties", asked, move |mut asked| {
        let (engine, hall) = asks_of.clone();
        async move { duties::ask_all(engine, hall, &mut asked).await }
    });
    let owed = Arc::<retained::Owed>::default();
    let (owes, judges, stops) = (Arc::clone(&owed), (Arc::downgrade(&engine), Arc::clone(&hall)), stopped.clone());
    supervisor.task("sweep", move || retained::watch(Arc::clone(&owes), Arc::clone(&judges.1), judges.0.clone(), stops.clone()));
    let at = mind.now();
    hall.views.think(mind.soul().opinions(at));
    let thread = house::House {
        vital: supervisor.vital("mind"),
        mind,
        writer,
        hall: Arc::clone(&hall),
        outlets,
        kept: saved.held,
        shelf: Arc::clone(&shelf),
        data: data.clone(),
    }
    .live(posts)
    .context("the mind's thread cannot be started")?;

    digests.record(&hall, saved.last_start.as_deref()).await;
    orders::tell_ended(&hall, &ended, &config).await;
    aside::tell(unreadable, &hall).await;
    for id in saved.altered {
        let at = clock.now();
        let reason = "denied: what was kept of it is not what people were shown".to_owned();
        hall.record("approval.altered", Some(&id.to_string()), &reason).await;
        let settled = Settled { id, at, ending: Ending::Expired, by: None, judged: Vec::new(), lets_on: false, reason };
        hall.inbox.leave(Input::Note(Box::new(Change::Settled(Box::new(settled)))), 0, None, None).await;
    }

    engine.serve(&supervisor, private, Arc::new(Listener::own()));
    let status = topics::name(&config.root, Topic::Status);
    let mut own = OwnClient::connect(own_address, &hall.own_id, &hall.own_secret, &status, supervisor.vital("own-client"));
    tokio::time::timeout(Duration::from_secs(10), own.ready()).await.context("Jamey's own client cannot connect to Jamey")?;
    if counts.broker.guard == GuardMode::Enforce {
        // What was retained while the guard only observed must not reach a device now.
        retained::sweep(&hall, &engine).await;
    } else {
        retained::clear_overstepping(&hall, &engine).await;
    }
    let listeners = doors.serve(&engine, &spared);
    let has_users = !hall.door().people.is_empty();
    if !has_users && config.entities.iter().any(|e| e.owner || e.human || !e.role.is_empty()) {
        warn!("[[entity]] owner, human and role have no effect: without users nobody can prove a name");
    }

    let others = beside::live(reached, &hall, &engine, &spared);
    let recalled_so_far = Arc::<Recalled>::default();
    let gauge = Arc::new(Mutex::new(figures::Gauge::new(&data, keeper.clone(), Arc::clone(&recalled_so_far), Arc::clone(&clock))));
    let recaller = recall::Recaller {
        keeper: keeper.clone(),
        recalled: Arc::clone(&recalled_so_far),
        focus: in_focus,
        rounds: in_round.clone(),
        hall: Arc::clone(&hall),
        own: own.clone(),
        zone: config.zone(),
        asked: recalled,
    };
    let recalling = recaller.answer(stopped.clone(), spared.clone()).context("the recall's thread cannot be started")?;
    let (tell_news, news) = watch::channel(Arc::default());
    let running = phoenix::Running { engine: Arc::downgrade(&engine), health: Arc::clone(&health), runtime: Handle::current() };
    let gathering = phoenix::Gathering { config: Arc::clone(&config), file: config.file.clone(), running: Some(running) };
    let (snapshots, snapshotting) = phoenix::keep(Arc::clone(&hall), own.clone(), gathering, tell_news, stopped.clone(), spared.clone())
        .context("the snapshots' thread cannot be started")?;
    let (courier, carried) = phoenix::courier::start(&hall, own_address, news.clone(), stopped.clone(), &spared)?;
    let proving = proving::prove(Arc::clone(&hall), in_round, spared.clone()).context("phoenix's thread cannot be started")?;
    let thinker = exact::Thinker {
        inbox: hall.inbox.clone(),
        clock: Arc::clone(&clock),
        counters: Arc::clone(&hall.counters),
        observed: seen_so_far,
        load: trial::load(),
    };
    let thinking = thinker.think(stopped.clone(), spared.clone()).context("the thread of exact Φ cannot be started")?;
    let meter = metrics::Meter {
        hall: Arc::clone(&hall),
        engine: Arc::downgrade(&engine),
        health: Arc::clone(&health),
        recalled: Arc::clone(&recalled_so_far),
        waiting: waits.clone(),
        news: news.clone(),
        carried: carried.clone(),
        host: Mutex::default(),
        listeners: listeners.clone(),
        supervisor: supervisor.clone(),
    };
    let (tell, certificates) = watch::channel(None);
    let (tell_wrong, wrong) = watch::channel(None);
    let (tell_lists, lists) = watch::channel(None);
    let (tell_relaxed, relaxed) = watch::channel(None);
    let telling = home_assistant::Telling {
        own: own.clone(),
        hall: Arc::clone(&hall),
        engine: Arc::clone(&engine),
        waiting: waits.clone(),
        silent: is_silent.clone(),
        phoenix: news.clone(),
        board,
        http: http_address,
        data: data.clone(),
        stop: stopped.clone(),
    };
    let (tell_sample, samples) = watch::channel(alerts::Sample::default());
    let choices = Arc::new(orders::Choices::new(chosen.clone(), Arc::clone(&config), damaged.is_some()));
    let sources = alerts::Sources {
        certificates,
        due: is_due,
        silent: is_silent,
        alarms: alarmed,
        wrong,
        lists,
        live: hall.live.subscribe(),
        phoenix: news.clone(),
        carried: carried.clone(),
        samples,
        health: Arc::clone(&health),
        upkeeper: upkeeper.clone(),
        supervisor: supervisor.clone(),
        own: own.clone(),
        choices: Arc::clone(&choices),
        own_rules,
        log: again.log.clone(),
        relaxed,
    };
    let (wire, lookout) = (alerts::Wire::default(), alerts::Lookout::new(Arc::clone(&hall), Arc::clone(&engine), sources, webhooks));
    let (ask_rules, wanted) = mpsc::channel(1);
    let clerk = orders::Clerk {
        hall: Arc::clone(&hall),
        owed: Arc::clone(&owed),
        own: own.clone(),
        choices: Arc::clone(&choices),
        rules: ask_rules.clone(),
    };
    let watchdog = watchdog::Watchdog { hall: Arc::clone(&hall), own: own.clone(), health: Arc::clone(&health) };
    let speaker = speaker::Speaker {
        own: own.clone(),
        hall: Arc::clone(&hall),
        engine: Arc::clone(&engine),
        health: Arc::clone(&health),
        info: json!({
            "v": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "node": config.node,
            "boot_id": Uuid::now_v7(),
            "started_at": clock.now().to_string(),
            "guard": counts.broker.guard,
            "profile": counts.conscience.profile,
            "strictness": counts.conscience.strictness,
            "durability": config.store.durability,
            "attached": beside::info(&config),
        }),
        said: hears,
        complaints,
        waiting: waits.clone(),
        alerts: Arc::clone(&wire),
        phoenix: news,
        carried,
        gauge: Arc::clone(&gauge),
        keeper: keeper.clone(),
        owed: Arc::clone(&owed),
        known,
        stop: stopped.clone(),
    };
    let parts = parts::Parts { supervisor: supervisor.clone(), data: data.clone(), hall: Arc::clone(&hall), stopped: stopped.clone() };
    let spares = parts::Parts { supervisor: spared.clone(), ..parts.clone() };
    let tell = Arc::new(tell);
    spares.start("certificates", move |_, hall, stop| doors::watch(listeners.clone(), Arc::clone(&hall.clock), Arc::clone(&tell), stop));
    let telling = spared.task_of("home-assistant", telling, |mut telling| async move { telling.tell().await });
    let speaking = supervisor.task_of("speaker", (speaker, speaker::Told::default()), |mut held| async move {
        let (speaker, told) = &mut *held;
        speaker.speak(told).await;
    });
    let granter =
        wishes::Granter { data: data.clone(), hall: Arc::clone(&hall), keeper: keeper.clone(), upkeeper: upkeeper.clone(), gauge };
    let granter = Arc::new(granter);
    let whole = http::Whole {
        hall: Arc::clone(&hall),
        data: data.clone(),
        keeper: keeper.clone(),
        waiting: waits,
        choices: Arc::clone(&choices),
        granter: Arc::clone(&granter),
        workshop: http::Workshop::new(Arc::clone(&hall), Arc::clone(&choices), shown, ask_rules),
    };
    let api = api::Api::new(Arc::clone(&hall), Readers::new(&data), meter.dial(), Arc::downgrade(&engine), Arc::new(whole));
    let (api, http, tell_sample) = (Arc::new(api), Arc::new(http), Arc::new(tell_sample));
    let serving = spares.start("http", move |_, _, stop| {
        let (http, tls, api) = (Arc::clone(&http), http_tls.clone(), Arc::clone(&api));
        async move { api::serve(&http, tls, api, stop).await }
    });
    let stops = stopped.clone();
    let looking = supervisor.task_of("alerts", lookout, move |mut lookout| {
        let (wire, stop) = (Arc::clone(&wire), stops.clone());
        async move { lookout.watch(wire, stop).await }
    });
    let sampling = spares.start("samples", move |data, _, stop| alerts::sample(data, Arc::clone(&tell_sample), stop));
    let watchdog = Arc::new(watchdog);
    spares.start("watchdog", move |_, _, stop| {
        let watchdog = Arc::clone(&watchdog);
        async move { watchdog.feed(stop).await }
    });
    let ticking = parts.start("ticks", |_, hall, stop| tick(hall, stop));
    let watching = parts.start("guard-off", control::watch);
    let tell_lists = Arc::new(tell_lists);
    let minding = parts.start("people", move |data, hall, stop| people::watch(data, hall, Arc::clone(&tell_lists), stop));
    let hearing = parts.start("answers", answers::watch);
    let kept = keeper.clone();
    let listening = spares.start("words", move |data, hall, stop| words::watch(data, hall, kept.clone(), stop));
    let wishing = spares.start("wishes", move |_, _, stop| Arc::clone(&granter).watch(stop));
    let rising = spares.start("rises", move |data, _, stop| phoenix::watch(data, snapshots.clone(), stop));
    let upkeep = upkeeper.clone();
    let conditioning = spares.start("conditions", move |_, hall, stop| conditions::watch(hall, upkeep.clone(), stop));
    let stops = stopped.clone();
    let serving_orders = supervisor.task_of("orders", (clerk, hall.orders.open()), move |mut held| {
        let stop = stops.clone();
        async move {
            let (clerk, orders) = &mut *held;
            clerk.serve(orders, stop).await;
        }
    });
    let takers = reload::Takers { owed, upkeeper: upkeeper.clone(), log: again.log.clone() };
    let rules = rules::Watch {
        hall: Arc::clone(&hall),
        shelf,
        again,
        seen,
        choices,
        wanted,
        holds,
        show,
        tell_own,
        tell_relaxed,
        tell: tell_wrong,
        takers,
        stopped,
    };
    let ruling = supervisor.task_of("rules", rules, |mut rules| async move { rules::watch(&mut rules).await });

    tokio::spawn(damage::look(data.clone(), Arc::clone(&hall)));
    // Who reads `ready` may ask it to stop at once.
    let asked = shutdown::asked()?;
    greeting::greet(&config, &chosen, damaged.as_deref(), has_users, &mqtt, http_address);
    systemd::ready();
    let ended = tokio::select! {
        signal = asked => Ok(signal),
        why = supervisor.ends() => Err(why),
    };
    let why = ended.as_ref().map_or_else(String::clone, |signal| (*signal).to_owned());
    info!("{why}: stopping");
    systemd::stopping(&why);
    let is_asked = ended.is_ok();
    let down = async move {
        if is_asked {
            conditions::stopping(&hall, &why).await;
        }
        // Last words first, while clients still listen; then the clients; then what they said is written.
        let _ = stop.send(true);
        let last_words = async {
            ending::last_words([telling, speaking, looking, serving_orders], ending::LAST_WORDS).await;
            ending::offline(&own, &hall, status).await;
        };
        let _ = tokio::join!(last_words, tokio::time::timeout(ending::GOODBYE, courier));
        // Other brokers hear the last words too.
        let _ = tokio::time::timeout(ending::GOODBYE, others.stop()).await;
        engine.stop(closed).await;
        // Wishes wait for the upkeep, and both for the index: an index that cannot be kept must not keep the house from stopping.
        keeper.leave();
        upkeeper.stop();
        let _ = tokio::join!(ticking, serving, sampling, watching, minding, hearing, listening, wishing, rising, conditioning, ruling);
        tokio::task::spawn_blocking(move || upkeeping.join()).await?.map_err(|_| anyhow!("the upkeep's thread died"))?;
        tokio::task::spawn_blocking(move || thinking.join()).await?.map_err(|_| anyhow!("the thread of exact Φ died"))?;
        phoenix::ended(snapshotting).await?;
        hall.close_audits();
        hall.record("stop", None, &why).await;
        inbox.stop().await;
        tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| anyhow!("the mind's thread died"))?;
        tokio::task::spawn_blocking(move || recalling.join()).await?.map_err(|_| anyhow!("the recall's thread died"))?;
        tokio::task::spawn_blocking(move || proving.join()).await?.map_err(|_| anyhow!("phoenix's thread died"))?;
        keeper.stop();
        tokio::task::spawn_blocking(move || indexing.join()).await?.map_err(|_| anyhow!("the index's thread died"))?;
        Ok::<(), anyhow::Error>(())
    };
    match tokio::time::timeout(ending::ALL, down).await {
        Ok(came) if is_asked => came?,
        Ok(_) => {}
        Err(_) => warn!("something does not come to an end: Jamey stops without it, and what was acknowledged is on disk"),
    }
    info!("stopped");
    ended.map(drop).map_err(|why| anyhow!("{why}: Jamey ended to be started anew"))
}

/// 128 random bits, known to this process only.
fn secret() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| anyhow!("no randomness: {e}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn tick(hall: Arc<Hall>, mut stopped: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(trial::tick());
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        hall.settle_audits();
        // Where the inbox is full it waits for a place, and hangs no more than the mind does.
        pulse::waits();
        if !hall.inbox.leave(Input::Tick(hall.clock.now()), 0, None, None).await {
            return;
        }
    }
}
