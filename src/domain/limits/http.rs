//! The limits of HTTP, each with the reason for its size.

/// HTTP connections at once, at some 40 KiB each: what people and their tools open, several times over.
pub const HTTP_CONNECTIONS: usize = 128;
/// Of them this part, and at most so many, are for this host alone: a health check and a scraper, each with a few.
pub const HTTP_KEPT_OF: usize = 8;
pub const HTTP_KEPT: usize = 8;
/// Of one address: a browser opens six to a host.
pub const HTTP_ADDRESS_CONNECTIONS: usize = 32;
/// How long a request's head, the answer, and its taking may last each: a slow phone on a bad line needs a second.
pub const HTTP_PATIENCE_SECONDS: u32 = 10;
/// A request's head: its target and its headers with a token have less than 2 KiB.
pub const HTTP_HEAD_BYTES: usize = 16 * 1_024;
/// Headers of one request: browsers send some twenty.
pub const HTTP_HEADERS: usize = 64;
/// A request's body: what people write, and no uploads.
pub const HTTP_BODY_BYTES: usize = 64 * 1_024;
/// The text of a rule file that is told by HTTP, in characters: some hundred rules. The shipped ones have half of it.
pub const HTTP_RULES_CHARS: usize = 64 * 1_024;
/// A request's body under `/v1/rules/`: JSON may write each character in 12 bytes, and there is a name beside the text.
pub const HTTP_RULES_BODY_BYTES: usize = HTTP_RULES_CHARS * 12 + 4 * 1_024;
/// Threads that read and reckon for answers by HTTP at once, each with a page cache of 2 MiB: on two cores more would only wait for one another.
pub const HTTP_THREADS: usize = 16;
/// How long one waits for such a thread, in milliseconds: long enough for a page that asks many things at once.
pub const HTTP_THREAD_MILLIS: u64 = 1_000;
/// Rows that one request by HTTP looks through for what there is no index for, at some microseconds each: as long as a person waits without
/// noticing. Where more are to be looked through, the answer says where to go on.
pub const LOOKED_THROUGH: usize = 5_000;
/// Requests of one key in a second, and at once: a dashboard asks some twenty when it is opened and one or two a second then, and a script
/// that turns pages is answered in some milliseconds each.
pub const HTTP_PER_SECOND: u32 = 100;
pub const HTTP_BURST: u32 = 200;
/// An address may do so many times what one key may: behind it are several people with their tools, and what is not known yet.
pub const HTTP_ADDRESS_TIMES: u32 = 4;
/// A request's own id: a UUID has 36 characters, a trace's id with its span some 50.
pub const REQUEST_ID_BYTES: usize = 64;
/// What happened lately, for who listens by HTTP: some seconds of a busy house, at some 2 KiB each before they are written down.
pub const NEWS_EVENTS: usize = 4_096;
/// The same in bytes, so that large commands do not take the memory of a small host.
pub const NEWS_BYTES: usize = 4 * 1_024 * 1_024;
/// Of it so much is kept where nobody has listened for a while: enough for who comes back after a dropped line.
pub const NEWS_QUIET_EVENTS: usize = 256;
pub const NEWS_QUIET_BYTES: usize = 512 * 1_024;
/// Such a while, in seconds.
pub const NEWS_QUIET_SECONDS: i64 = 600;
/// Who listens by HTTP at once, at some 60 KiB each: every phone, tablet and script of a large house several times over.
pub const STREAM_SUBSCRIBERS: usize = 256;
/// Of one address that is not this host: a person with some pages.
pub const STREAM_ADDRESS_SUBSCRIBERS: usize = 8;
/// Of one user, wherever he is: so nobody takes the places of all.
pub const STREAM_USER_SUBSCRIBERS: usize = 64;
/// Signs of life that one may send or answer in a minute: some clients ping each second, and each is answered.
pub const STREAM_SIGNS_A_MINUTE: usize = 240;
/// What a subscriber may say at once: a list of kinds and of entities.
pub const STREAM_MESSAGE_BYTES: usize = 4 * 1_024;
/// Entities that one subscription names: as many as fit into what may be said.
pub const STREAM_ENTITIES: usize = 48;
/// Subscriptions that one subscriber may make in a minute: a person turns pages, and no page asks more often.
pub const STREAM_CHANGES_A_MINUTE: usize = 60;
/// Tickets that wait to be used: one for each who may listen.
pub const STREAM_TICKETS: usize = STREAM_SUBSCRIBERS;
/// Of one who proved himself in one way: a page asks for one when it needs one.
pub const STREAM_OWN_TICKETS: usize = 8;
/// How long a ticket holds: a page uses it at once.
pub const STREAM_TICKET_SECONDS: u64 = 30;
/// Events that all subscribers together are sent in a second, and bytes: some hundredths of what a small host can do, so that judging never
/// waits for listening. Each has its share; who cannot follow with it is told what was left out.
pub const STREAM_EVENTS_A_SECOND: u64 = 20_000;
pub const STREAM_BYTES_A_SECOND: u64 = 16 * 1_024 * 1_024;
/// Verdicts that are read from the disk at once for who resumes from long ago, and how many may read at one time.
pub const STREAM_PAGE: u32 = 100;
pub const STREAM_READING: usize = 2;
/// What one subscriber's connection gathers before it is sent.
pub const STREAM_WRITE_BYTES: usize = 16 * 1_024;
/// What waits to be sent to one, answers to pings included: the longest event twice over. Who asks for more ends.
pub const STREAM_UNSENT_BYTES: usize = 1_024 * 1_024;
/// Origins whose pages may ask: a house has one dashboard elsewhere, or two.
pub const HTTP_ORIGINS: usize = 16;
/// So long browsers believe that they may ask, in seconds: a change of the config is felt within it.
pub const HTTP_PREFLIGHT_SECONDS: u32 = 600;
/// Entities with figures of their own in one scrape, at some 200 bytes each: more than a house has, and what a Prometheus on the same
/// small host still takes.
pub const METRICS_ENTITIES: usize = 1_000;
/// Sessions of browsers, at some 300 bytes each: everybody of a large house on several devices.
pub const SESSIONS: usize = 512;
/// Of one user: a phone, a tablet and a computer or two, each with a browser or three.
pub const USER_SESSIONS: usize = 16;
/// How long a session holds that nobody uses: over a night.
pub const SESSION_IDLE_SECONDS: u64 = 12 * 3_600;
/// How long one holds at most, however much it is used: once a week one can be asked for a password.
pub const SESSION_SECONDS: u64 = 7 * 24 * 3_600;
/// All files of the dashboard, compressed: a phone on a bad line has them within two seconds.
pub const WEB_BYTES: usize = 60 * 1_024;
/// Moods that are kept to be looked at, each five minutes one of 32 bytes: a week.
pub const MOODS: usize = 2_016;
