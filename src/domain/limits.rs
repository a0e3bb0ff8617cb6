//! Every limit of the house, each with the reason for its size.

mod host;
mod http;
mod top;

pub use host::*;
pub use http::*;
pub use top::*;

/// An entity id goes into topics, rows and file names; 64 bytes hold an IEEE address with a vendor's prefix.
pub const ENTITY_BYTES: usize = 64;
/// A kind names what a percept tells (`temperature`); one topic level, as long as an entity.
pub const KIND_BYTES: usize = 64;
/// What waits for the mind. Eight clients with a window of 64 fill an eighth of it; at 10,000 a second it is .4 s.
pub const INBOX_MESSAGES: usize = 4_096;
/// The same in bytes, so that big bodies cannot take the memory of a 4 GB host.
pub const INBOX_BYTES: usize = 32 * 1024 * 1024;
/// The largest body remembered. A Zigbee2MQTT device list of 200 devices has about 200 KiB.
pub const BODY_BYTES: usize = 256 * 1024;
/// The largest MQTT packet accepted: camera snapshots pass through at some 500 KiB.
pub const PACKET_BYTES: usize = 2 * 1024 * 1024;
/// Topics of inputs: longer ones are no names that people gave.
pub const TOPIC_BYTES: usize = 512;
/// Levels of an input's topic.
pub const TOPIC_LEVELS: usize = 16;
/// Entities the soul keeps an opinion of; a climate sensor behind a bridge takes 1.9 KB, so 19 MB (`cargo bench --bench soul`).
pub const ENTITIES: usize = 10_000;
/// Entities that left and had something against them: twice as many as can be here, at some 200 bytes each.
pub const DEPARTED: usize = 2 * ENTITIES;
/// Relations between entities: a bridge and a place for each, at some 100 bytes.
pub const RELATIONS: usize = 20_000;
/// Relations of one entity to others: a controller commands some hundred devices.
pub const RELATIONS_OF_ONE: usize = 256;
/// Relations told with an entity's opinion: what a person reads of them at a glance.
pub const RELATIONS_TOLD: usize = 16;
/// Those near an entity, for who asks whether they see the same: more of them would not know better.
pub const NEIGHBOURS: usize = 32;
/// Kinds of one entity whose rhythm is learned: a sensor tells three or four. The last of these places is shared by all that are too many.
pub const KINDS_OF_LIFE: usize = 5;
/// Absences that have an alert each; more are counted in one. So many alerts nobody reads, and each is a retained value.
pub const SILENCES_TOLD: usize = 64;
/// Alerts on one page, besides the one that counts the rest: more nobody reads, and each is a retained value.
pub const ALERTS_TOLD: usize = 64;
/// `[[webhook]]` entries: a phone, a pager and a log are three; each has a thread.
pub const WEBHOOKS: usize = 8;
/// Where alerts are posted to: some receivers have a key of a hundred characters in it.
pub const WEBHOOK_URL_BYTES: usize = 2_048;
/// Codes of which something waits for one webhook: a page, and as many that have ended since. Of each only the newest waits.
pub const WEBHOOK_WAITING: usize = 256;
/// Of what a receiver answers so much is read, and thrown away: enough to use its connection again.
pub const WEBHOOK_REPLY_BYTES: u64 = 16 * 1_024;
/// What signs a webhook: receivers that make it up take 20 to 64.
pub const WEBHOOK_SECRET_BYTES: usize = 1_024;
/// Addresses and requesters whose incidents are counted one by one, at some 100 bytes each; the rest are one.
pub const INCIDENTS: usize = 256;
/// An alert's text: of many mistakes the first are told.
pub const ALERT_TEXT_CHARS: usize = 2_000;
/// Returns of one cause that are counted: who reads that it came back 64 times within an hour need not know how many more.
pub const ALERT_RETURNS: usize = 64;
/// Alerts that are over of which it is remembered for an hour how often they came back: at some 300 bytes each, 300 KiB.
pub const ALERTS_PAST: usize = 1_024;
/// Devices in the registry; a very large Zigbee network has 300.
pub const DEVICES: usize = 4_096;
/// Commands of one device: a Home Assistant climate device declares up to 16 command topics.
pub const DEVICE_COMMANDS: usize = 64;
/// Requests read out of one PUBLISH: Zigbee2MQTT bodies set a handful of attributes, a group has tens of members.
pub const REQUESTS_PER_PUBLISH: usize = 64;
/// Duties in one set: each is looked at for each device, each second.
pub const DUTIES: usize = 32;
/// Objectives of one mission: they are all shown on one retained topic of 4 KiB.
pub const MISSIONS: usize = 16;
/// Days over which an objective's error budget is told: a quarter; each is a count of its own.
pub const MISSION_DAYS: u16 = 90;
/// The least events that an objective may want before a burn rate says anything: more than a home has in three days of anything but looks.
pub const MISSION_LEAST: u32 = 10_000;
/// Targets: half of it must go well, or it is none; five nines of ten-second looks are one bad look in twelve days.
pub const MISSION_TARGETS: (f64, f64) = (0.5, 0.999_99);
/// Bytes of a text whose words are weighed: more than a minute's speech. A longer one is weighed by its beginning.
pub const TEXT_BYTES: usize = 1_024;
/// Duties that are due at one time: as many as there may be devices.
pub const DUTIES_DUE: usize = DEVICES;
/// Verdicts given again when a held message is let on stand in their percept's rows from this ordinal on.
pub const AGAIN: usize = 1_000;
/// Held requests at one time: more than a person could answer.
pub const HELD: usize = 64;
/// Held requests of one client, and of one requester.
pub const HELD_PER_CLIENT: usize = 8;
/// Requests that one requester may make wait within a minute, each in the place of the one before: a person who tries again and again does
/// so every few seconds, and each of them is written down.
pub const HELD_PER_MINUTE: usize = 16;
/// The same for all requesters together.
pub const HELD_PER_MINUTE_OF_ALL: usize = 256;
/// The longest that one may be made to wait: what was asked for yesterday is no more what the house needs.
pub const LONGEST_WAIT_SECONDS: u32 = 24 * 3_600;
/// The largest held payload: commands are small.
pub const HELD_BYTES: usize = 64 * 1024;
/// Nesting of a JSON or CBOR body; serde_json's own limit is 128.
pub const BODY_DEPTH: usize = 64;
/// The write-ahead log; beyond it the writer restarts it (a measured pause) instead of filling the card.
pub const WAL_BYTES: u64 = 64 * 1024 * 1024;
/// One entry of what is kept of the broker, in a snapshot: the largest packet, or a session that tells 10,000 topics apart.
pub const KEPT_ENTRY_BYTES: u64 = 16 * 1024 * 1024;
/// While a copy of the database holds its moment the log cannot be begun anew. Here the copy is given up: a log of 1 GiB is all that a small card
/// should have to hold besides the database.
pub const COPY_WAL_BYTES: u64 = 16 * WAL_BYTES;
/// Inputs committed in one transaction: bounds the pause before the first of them is acknowledged.
pub const BATCH_MESSAGES: usize = 512;
/// Paths of a body whose values are summed up one by one: a climate device reports a dozen.
pub const SUMMARY_PATHS: usize = 16;
/// Words of one path that are counted one by one: a machine has so many states; more are counted together.
pub const SUMMARY_WORDS: usize = 8;
/// `[[retention]]` entries: each is a walk over the records.
pub const RETENTIONS: usize = 64;
/// `[[phoenix.repository]]` entries: each reads all that is to be saved, and a disk, a share and another host are three.
pub const REPOSITORIES: usize = 8;
/// What is asked of Phoenix: a name, a number, and the asker's own.
pub const ERRAND_BYTES: usize = 1_024;
/// Errands that wait for Phoenix: each may take minutes, and is the same as the one before it.
pub const ERRANDS_WAITING: usize = 8;
/// Errands of HTTP whose end can be looked at: more than anybody waits for at once.
pub const ERRANDS_KEPT: usize = 64;
/// An order to Jamey itself: a word or a number, and the asker's own.
pub const ORDER_BYTES: usize = 1_024;
/// Orders that wait to be carried out: people give them, and each waits for the disk.
pub const ORDERS_WAITING: usize = 16;
/// What profile and strictness together may add to the bars of the score: θ_allow ends at 0.6, and no score reaches 1.
pub const CAUTION: f64 = 0.3;
/// Entities whose names are kept: as many as the registry has devices, for each may be a sensor as well.
pub const NAMED: usize = DEVICES;
/// Entities whose trust and liveness Home Assistant shows: each is a device there, with a document that is retained and costs the disk a sync.
pub const DESCRIBED: usize = 500;
/// A discovery document: what the MQTT clients of small hosts take in one piece.
pub const DOCUMENT_BYTES: usize = 64 * 1024;
/// Held requests that have buttons of their own; of more it is told how many there are.
pub const BUTTONS: usize = 8;
/// Values of one entity that have a name: a Zigbee device exposes up to twenty.
pub const NAMED_VALUES: usize = 32;
/// Bytes of one such name, unit or class: what fits on a label.
pub const NAME_BYTES: usize = 64;
/// Bytes of what a memory says of an event, a device's whole report in words; more is for the payload to hold.
pub const EVENT_BYTES: usize = 512;
/// The same of what somebody said or wrote: none of it must be unfindable, and a page is as much as people send.
pub const SAID_BYTES: usize = 4_096;
/// A query: people type a line, and programs a paragraph.
pub const QUERY_BYTES: usize = 1_024;
/// Words of one query: each is looked up.
pub const QUERY_WORDS: usize = 32;
/// A question to memory over MQTT: a query, and lists of names beside it.
pub const QUESTION_BYTES: usize = 8 * 1_024;
/// Records of one page: more nobody reads, and a program turns the page.
pub const RECALLED: usize = 200;
/// A page as it is sent: 200 records of half a KiB, and as much again; clients that take small packets ask for fewer.
pub const RECALL_REPLY_BYTES: usize = 256 * 1_024;
/// Questions of one client in a second, and at once: a dashboard asks a handful when it is opened.
pub const RECALLS_PER_SECOND: u32 = 20;
pub const RECALLS_BURST: u32 = 40;
/// Questions of all: each takes some milliseconds of one core, and a small host has two.
pub const RECALLS_PER_SECOND_OF_ALL: u32 = 100;
pub const RECALLS_BURST_OF_ALL: u32 = 200;
/// Questions that wait for an answer: at some milliseconds each the last of them waits a second at most.
pub const RECALLS_WAITING: usize = 64;
/// Memories whose recall is counted in one batch while verdicts wait; what is more is not counted.
pub const RECALLED_A_BATCH: usize = RECALLED;
/// The recorded inputs kept for replay.
pub const JOURNAL_BYTES: i64 = 32 * 1024 * 1024;
/// A verdict row in full for each denied or escalated request, up to so many a client and hour; then summaries.
pub const REFUSALS_PER_CLIENT_HOUR: u32 = 100;
/// Seconds in which the same client, packet id and body is a repetition and not news.
pub const REPEAT_SECONDS: i64 = 60;
/// Seconds a QoS 1 or 2 input waits for a store that cannot write, before its connection is closed unacknowledged.
pub const STORE_WAIT_SECONDS: u64 = 5;
/// One rule's source, and the nodes of its syntax tree.
pub const RULE_SOURCE_BYTES: usize = 1_024;
pub const RULE_NODES: usize = 256;
/// Requests that one replay by HTTP judges: a year of a busy home, and some tens of seconds of a small host.
pub const REPLAYED: u64 = 1_000_000;
/// Of them so many are shown at most.
pub const REPLAYS_SHOWN: usize = 200;
/// Mistakes in rules that are told by HTTP, each with its line: nobody mends more at a time.
pub const RULE_ERRORS: usize = 200;
/// Requests kept on which a candidate disagrees with the rules: at some 500 bytes each, 5 MB; their counts go on beyond it.
pub const DISAGREEMENTS: i64 = 10_000;
/// Rules in one set: 23 are shipped; each costs time on every request it applies to.
pub const RULES: usize = 512;
/// Messages queued for one slow or absent subscriber, and their bytes. mosquitto keeps 1,000; a Home Assistant that restarts is away for
/// a minute, in which a large house says some 3,000 things.
pub const QUEUED_MESSAGES: usize = 10_000;
pub const QUEUED_BYTES: usize = 16 * 1024 * 1024;
/// The most that a config may ask for: what one absent client may then hold of a 4 GB host's memory.
pub const MOST_QUEUED_MESSAGES: usize = 100_000;
pub const MOST_QUEUED_BYTES: usize = 256 * 1024 * 1024;
/// Who takes nothing for so long while something waits for it is let go: a socket holds some MiB, so it is far behind by then, and what
/// comes for it stays in memory.
pub const DEAF_SECONDS: u32 = 30;
/// Payloads that have not reached all who listen, together: 128 of the largest packets, in a house that has some MiB of them. At most so
/// much of a 4 GB host may be asked for.
pub const AFLOAT_BYTES: usize = 256 * 1024 * 1024;
pub const MOST_AFLOAT_BYTES: usize = 2 * 1024 * 1024 * 1024;
/// Smaller payloads are not followed: the engine's own bookkeeping of a message takes as much, and most messages are as small.
pub const AFLOAT_PAYLOAD_BYTES: usize = 512;
/// After so much more it is looked what has arrived; until then it is kept.
pub const AFLOAT_LOOK_BYTES: usize = 4 * 1024 * 1024;
/// Unacknowledged messages on their way to one client: a round trip of 2 ms lets 32,000 a second through.
pub const IN_FLIGHT: u16 = 64;
/// Retained values: Home Assistant with 300 Zigbee devices has some 6,000 documents and states.
pub const RETAINED_MESSAGES: usize = 20_000;
/// One retained value: they stay in memory; camera stills of 500 KiB are the largest that people retain.
pub const RETAINED_BYTES: usize = 512 * 1024;
/// All retained values together: 6,000 documents of 2 KiB and a hundred camera stills are half of it; a 4 GB host can spare it.
pub const RETAINED_TOTAL_BYTES: usize = 128 * 1024 * 1024;
/// The most that a config may ask for.
pub const MOST_RETAINED_MESSAGES: usize = 200_000;
pub const MOST_RETAINED_TOTAL_BYTES: usize = 1024 * 1024 * 1024;
/// Subscriptions of one client: Home Assistant makes one for each state topic.
pub const SUBSCRIPTIONS: usize = 20_000;
/// Any topic or filter, input or not: twice what an input's may have.
pub const ANY_TOPIC_BYTES: usize = 1_024;
/// Levels of any topic or filter: each costs a step at every match. EMQX ships with the same.
pub const ANY_TOPIC_LEVELS: usize = 128;
/// A topic's length has two bytes.
pub const MOST_TOPIC_BYTES: usize = 65_535;
/// Connections of one address: behind a container's address translation a whole house has one. A fifth is left to others.
pub const ADDRESS_CONNECTIONS: usize = 800;
/// Connections that one address may begin in a second, and at once: as many as there are places, for after a power cut a whole house comes
/// back together.
pub const ADDRESS_CONNECTIONS_SECOND: u32 = 1_000;
/// The rates above which nothing is a limit any more.
pub const MOST_PER_SECOND: u32 = 1_000_000;
pub const MOST_BYTES_PER_SECOND: u32 = 1_000_000_000;
/// A client's burst, where its rate is limited: Zigbee2MQTT tells of 300 devices in some 900 messages when it starts.
pub const BURST_MESSAGES: u32 = 2_000;
/// The same in bytes: two of the largest packets.
pub const BURST_BYTES: u32 = 4 * 1024 * 1024;
/// The longest keep-alive, in seconds: a peer that is gone is found within one and a half of it.
pub const KEEP_ALIVE_SECONDS: u16 = 3_600;
/// Failed logins that cost nothing: people mistype, and devices try again with the old password until they are told the new one.
pub const FAILED_LOGINS: u32 = 5;
/// The answer to one more failed login waits for so long, then twice as long, up to the most. Small devices wait some 4 s for an answer,
/// and a stop waits 5 s for those who are still at the door.
pub const LOGIN_DELAY_MILLIS: u64 = 250;
pub const MOST_LOGIN_DELAY_MILLIS: u64 = 4_000;
/// Failed logins of one address that wait for their answer; beyond it only passwords that were right before are. A person and a few devices
/// with old passwords, and two guesses a second for who does not wait.
pub const LOGINS_WAITING: usize = 8;
/// Whose address has been quiet for so long begins anew.
pub const LOGIN_FORGIVEN_SECONDS: u64 = 900;
/// Connections of one client id from one address within the window that are no flapping: a device in bad radio reconnects every few
/// seconds, and scripts call `mosquitto_pub -i NAME` once a second. Two clients that steal each other's name do so hundreds of times.
pub const FLAPPING_CONNECTS: u32 = 300;
pub const FLAPPING_WINDOW_SECONDS: u32 = 60;
/// For so long a flapping client is not let in.
pub const BAN_SECONDS: u32 = 60;
/// Addresses, users and clients remembered for limits; at some 200 bytes each, 1 MiB. Beyond it the oldest is forgotten.
pub const REMEMBERED: usize = 4_096;
/// Sources of one signal: a large house has some thirty doors or detectors.
pub const SIGNAL_SOURCES: usize = 64;
/// Values that make a signal true, or false: states of one device are a handful.
pub const SIGNAL_WORDS: usize = 16;
/// Members of a Zigbee group: the network's own tables hold fewer.
pub const GROUP_MEMBERS: usize = 256;
/// Connections at one time; each has a file descriptor and about 20 KiB.
pub const CONNECTIONS: usize = 1_000;
/// Listeners besides `broker.mqtt`: a house has a handful; each has a descriptor and a task.
pub const LISTENERS: usize = 64;
/// Bytes of a file that one message of the courier carries: with what stands around it below 128 KiB, which every broker takes.
pub const PIECE_BYTES: usize = 127 * 1024;
/// A pack that the courier carries, or the list of all files: of 8 MiB it names some 150,000, more than 1 TB of packs.
pub const CARRIED_BYTES: u64 = 8 * 1024 * 1024;
/// A wrapped key that the courier carries has a few hundred bytes.
pub const CARRIED_KEY_BYTES: u64 = 64 * 1024;
/// Pieces that a receiver asks for before they come: 2 MiB, which any broker queues for a client.
pub const PIECES_ASKED: usize = 16;
/// What a receiver says: so many pieces by name, and a sentence.
pub const WANT_BYTES: usize = 4 * 1024;
/// Bytes of that sentence.
pub const WOE_BYTES: usize = 256;
/// Receivers of one repository that are followed: another disk, another room, another house; each costs a copy of what is sent.
pub const RECEIVERS: usize = 8;
/// A receiver's name: it is a level of a topic.
pub const RECEIVER_BYTES: usize = 64;
/// Wrapped keys of one repository that are carried: a copy keeps those, too, that were taken away.
pub const CARRIED_KEYS: usize = 64;
/// Seconds from accept to CONNECT, with TLS and WebSocket in between, unless the config says otherwise.
pub const HANDSHAKE_SECONDS: u64 = 10;
/// An actor or an action in the audit trail: an entity, a user, an address.
pub const AUDIT_NAME_BYTES: usize = 128;
/// What an audit row tells besides: a sentence with two digests and a reason.
pub const AUDIT_DETAIL_BYTES: usize = 1_024;
/// What one actor did of one kind is audited in full so often an hour, then each hundredth; as with refusals.
pub const AUDITED_PER_HOUR: u32 = 100;
/// Actors told apart in one hour's audit; the rest share one count. As many as can be connected.
pub const AUDITED_ACTORS: usize = 1_000;
/// What waits for a place in the inbox to be audited: a second's worth of a house's doings.
pub const AUDITS_WAITING: usize = 256;
/// Verdicts sealed by one audit row, unless the hour is over before. A start counts those again that were not sealed: some 30 ms.
pub const SEALED_VERDICTS: u64 = 16_384;
/// What `jamey audit verify` names; more are counted.
pub const FINDINGS: usize = 100;
/// A key file that is read: a title, 64 digits and a checksum, and room for another hand.
pub const KEY_FILE_BYTES: usize = 1_024;
/// The file of a wrapped key: it has some 350 bytes.
pub const SLOT_BYTES: usize = 4_096;
/// What a slot may ask of the host before its passphrase is tried: four times the memory and five times the passes that are written, some
/// seconds on a small host. A hostile one asks for more.
pub const KDF_MEMORY_KIB: u32 = 256 * 1_024;
pub const KDF_PASSES: u32 = 16;
pub const KDF_LANES: u32 = 16;
/// Characters of a passphrase that a repository is opened by, at least: who has its files can try as long as he likes.
pub const PASSPHRASE_CHARS: usize = 12;
/// Series of readings followed for one entity, at some 200 bytes each: a climate sensor tells three, a power plug four.
pub const SERIES: usize = 8;
/// The longest name of a field that is followed: `ENERGY.ApparentPower` has 20 bytes.
pub const FIELD_BYTES: usize = 40;
/// States of one series, and the longest of them: what devices call their states. Longer ones are sentences, and more are no states.
pub const STATES: usize = 8;
pub const STATE_BYTES: usize = 24;
/// Oddities of the last ten minutes that others may confirm: a storm that all sensors of a house see is told by the first of them.
pub const SIGHTINGS: usize = 64;
/// Requests that the conscience thinks over, and entities of which it is known that something is amiss still, at some 2 KiB each: more than a
/// person would go on thinking of.
pub const THOUGHTS: usize = 64;
/// A request with a larger body is not thought over: commands have some hundred bytes.
pub const THOUGHT_BYTES: usize = 2 * 1_024;
/// Roles of one identity: as many as people tell apart, and all of them stand on one retained topic.
pub const ROLES: usize = 8;
/// Acts of which it is known what they counted for: an hour of a lively house, at some 150 bytes each.
pub const ACTS: usize = 64;
/// How many of those are told: what a person reads at a glance.
pub const ACTS_TOLD: usize = 8;
/// Days for which it is kept who Jamey was: a year, and the month after it for a look back; a row takes 2 KiB, so 800 KiB.
pub const IDENTITY_DAYS: i64 = 400;
/// Chunks in one repository of snapshots: at 64 KiB some 256 GiB, and at 48 bytes each 192 MiB of memory while it is read; a house has thousands.
pub const CHUNKS: usize = 4_000_000;
/// Files in one snapshot: a house has dozens.
pub const SAVED_FILES: usize = 100_000;
/// The path of a file in a snapshot.
pub const SAVED_PATH_BYTES: usize = 512;
/// A sealed manifest: of that many files some 10 MiB.
pub const MANIFEST_BYTES: u64 = 32 * 1024 * 1024;
/// A file of a snapshot that is looked at without restoring it.
pub const SAVED_READ_BYTES: u64 = 16 * 1024 * 1024;
/// Wrapped keys that one passphrase is tried at: each takes a third of a second.
pub const SLOTS: usize = 32;
/// Alerts that one scrape names one by one.
pub const METRICS_ALERTS: usize = 64;

/// Iterations of a password hash that another broker made: mosquitto makes 101, and may be told to make more. So many take about as long as Argon2id: one who is verified keeps nobody else waiting for longer.
pub const FOREIGN_ITERATIONS: u32 = 100_000;
/// A config, password or access file of another broker: the largest that houses have hold some hundred KiB.
pub const FOREIGN_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Another broker's database, which is read whole: a house's has some MiB; what is retained here has an end as well.
pub const FOREIGN_DATABASE_BYTES: u64 = 1024 * 1024 * 1024;
/// Files that another broker's `include_dir` brings in.
pub const FOREIGN_FILES: usize = 256;
