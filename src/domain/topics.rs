//! Every topic of Jamey's own: one table, from which the names are made and `topics.md` is written.

use super::EntityId;
use uuid::Uuid;

/// A topic that Jamey publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Status,
    Info,
    Verdict,
    Emotion,
    Entity,
    Consciousness,
    Phi,
    Identity,
    Mission,
    Alert,
    System,
    /// How the house stands, in plain words.
    Glance,
    /// What people are told as it happens.
    Notice,
    AuditHead,
    Shadow,
    Reply,
    Bridge,
    Approval,
    Act,
    /// Where questions to memory are answered.
    Recall,
    Phoenix,
    /// Snapshots on their way to other hosts.
    Snapshot,
}

/// One row of `topics.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Below the root.
    pub topic: &'static str,
    /// `out`: Jamey publishes it; `in`: others do.
    pub way: &'static str,
    pub qos: &'static str,
    pub retained: &'static str,
    pub payload: &'static str,
}

/// All of them.
pub const ROWS: &[Row] = &[
    Row { topic: "status", way: "out", qos: "1", retained: "yes, last will", payload: "`online` or `offline`, bare" },
    Row {
        topic: "info",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "`version`, `boot_id`, `started_at`, `guard` (`observe`, `enforce`), `profile` and `strictness` as they hold now, `durability`, `attached` (`address`, `judged`)",
    },
    Row {
        topic: "in/{entity}/{kind}",
        way: "in",
        qos: "any",
        retained: "any",
        payload: "a percept's body: JSON, CBOR, number, boolean, text, or bytes; at most 256 KiB; of the kinds `say` and `text` the words are weighed",
    },
    Row {
        topic: "in/{user}/registry",
        way: "in",
        qos: "any",
        retained: "any",
        payload: "Home Assistant's areas and names, JSON of at most 2 MiB, where `{user}` is `[home_assistant] user`, from who may describe devices: `devices[]` (`identifiers`, `name`, `name_by_user`, `area`), `entities[]` (`entity_id`, `name`, `area`); 4,096 of each count, and of them those whom Jamey knows",
    },
    Row {
        topic: "act/{target}/{verb}",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "arguments as a JSON object, or a number; `id` is repeated in the verdict; MQTT 5 response topic and correlation data are honoured; at most 64 KiB",
    },
    Row {
        topic: "do/{target}/{verb}",
        way: "out",
        qos: "as asked",
        retained: "no",
        payload: "an allowed request for a target whose own words are not known, as it came",
    },
    Row {
        topic: "verdict/{entity}",
        way: "out",
        qos: "1",
        retained: "no",
        payload: "`decision` (`allow`, `deny`, `escalate`), `score`, `theta_allow`, `theta_deny`, `uncertainty`, `contributions` (`rule`, `kind`, `share`, `duty`), `reason`, `request` (`entity`, `target`, `endpoint`, `verb`, `value`, `id`), `forwarded`, `percept`, `at`; when a held request is settled, it is told again with `settled` (`approved`, `refused`, `expired`, `superseded`) and `by`; published while someone subscribes",
    },
    Row {
        topic: "approval/{id}",
        way: "out",
        qos: "1",
        retained: "yes, empty when settled",
        payload: "a request that waits for a person's word: `id`, `asked_at`, `expires_at`, `nonce`, `sha256`, `requester`, `client`, `topic`, `payload` (up to 1 KiB of text), `payload_bytes`, `goes_on` (`topic`, `payload`, `payload_bytes`), `requests` (`target`, `endpoint`, `verb`, `value`, `risk`, `id`), `reason`; heard by the roles approver and admin only",
    },
    Row {
        topic: "approval/{id}/answer",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`answer` (`approve`, `refuse`), and `nonce` and `sha256` as they stand in the approval; `transaction` is repeated in `reply/approval`; needs the role approver, and is nobody's who asked",
    },
    Row {
        topic: "soul/emotion",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "`emotions` (`name`, `intensity`, `cause`, `objective`, `percept`, `text`), `objectives` (`id`, `utility`, `likelihood`, `lasting`: how many things bear on it now), `mood` (`pleasure`, `arousal`, `dominance`, octant, strength), `stability`",
    },
    Row {
        topic: "soul/entity/{entity}",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "`standing`, `belief`, `disbelief`, `uncertainty`, `base_rate`, `expectation` (P), `lower_bound` (t); `facets` by name, each with the same and `for`, `against`, `clean_events_owed`; `liveness` (`state`, `since`, `heard`, `every_seconds`, `silent_after_seconds`, `because_of`, `battery_percent`, `link`); `anomalies[]` (`field`, `text`, `since`, `seen_by_others`); `empathy`; `relations[]` (`from`, `kind`, `to`, `like`, `told_by`), at most 16; `reasons`, the three that moved it most; `lately`; `would_change_it`, in words; `wanted`, the last request that was not allowed; `events`, `last_seen`. Empty when it is forgotten",
    },
    Row {
        topic: "consciousness/state",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "`state` (`waking`, `attentive`, `idle`, `consolidating`, `degraded`, `stopping`), `since`, `reason`, `transitions[]` (`at`, `from`, `to`, `reason`), the last 16; `focus` and `last_broadcast` (`entity`, `percept`, `text`, `activation`, `at`), `candidates`, `broadcasts_total`",
    },
    Row {
        topic: "consciousness/phi",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "of the live Φ, a second: `value`, `unit` (`nats`), `method` (`phi_flow`), `samples`, `t_eff`, `p`, `powered`, `mip` (`from`, `to`, `text`), `lost` (`since`, `links`), `phi_g`, `phi_r`; `exact`: `phi`, null with `why`, else `unit` (`none`), `method` (`iit_3.0`), `distance` (`EMD`), `from`, `to`, `cut` in words, `concepts`, `nodes`, `on`, `samples`, `tpm_source` (`observed`), `took_ms`, `at`; what is not known yet is not there",
    },
    Row {
        topic: "consciousness/identity",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "who Jamey is by what it did: `text`; `roles` by name (`strength`, the share of a month's acts, with its 90 % interval `low` and `high`; `today`); `contexts` by name (`day_home`, `night_away`, `day_unknown` and so on: `roles`, `drift`, `weight`); `drift` of the last day from the last month, 0 to 1; `drifting` (`role`, `since`) while that is told; `charter`; `acts`, the last 8 (`at`, `what`, `text`, `role`, `context`, `weight`, `percept`, `entity`); `counted`. From the first act on; told anew when a strength moved by 0.05 or `text` is another, at most once a minute",
    },
    Row {
        topic: "consciousness/mission/{id}",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "`id`, `says`, `good_when`, `valid_when`, `counts` (`looks`, `requests`, `commands`, `words`), `target`, `window_days`, `priority`, `least`; `status` (`met`, `ticket`, `page`, `unknown`), `since`, `valid`: whether it could be told last; `burn_rates` by window (`5m`, `30m`, `1h`, `6h`, `3d`; 1 uses up exactly what may go wrong; null: too few), `budget_left` (1: all of it, below 0: more went wrong than may), `good` and `bad` counts of that window; `text`, what is the matter. Empty when it is no objective any more",
    },
    Row {
        topic: "memory/recall",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "a question to memory, as JSON of at most 8 KiB, every key optional: `query` (as people type it), `limit` (1 to 200, else 10), `cursor` (`next` of the page before), `entity`, `kind`, `verdict` (a text or a list each), `importance` (the least, 0 to 1), `from`, `to` (times as in a query), `transaction`; needs the right to publish here, which admin, operator, human and home_assistant have, and anyone while there are no users; at most 20 a second from one client, 100 from all",
    },
    Row {
        topic: "memory/recall/reply",
        way: "out",
        qos: "1",
        retained: "no",
        payload: "`status`, `transaction`, and `error` or `data`: `records[]` (`id`, `at`, `entity`, `kind`, `topic`, `text`, `importance`, `layer`, `pinned`, `requester`, `score`), best first, `next` (the cursor of the next page, else null), `notes` (what of the query was not understood); at most 256 KiB, then the page is shorter. Where MQTT 5 names a response topic that the asker may publish to, the reply goes there with the correlation data, and not here; here it is heard by those only who may hear everything but approvals. What the asker may not hear is left out, and so are requests whose verdict is not theirs to hear",
    },
    Row {
        topic: "phoenix/state",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "snapshots: `repositories` by name, each with `path`, `doing` (`snapshot`, `drill`, `prune`, null), `next_at`, `error`, `snapshots` (how many), `bytes` (all of it), `last` (`sequence`, `taken_at`, `reason`, `bytes`, `age_hours`; of one taken since the start also `written_bytes`, by which the repository grew, `took_seconds`, and `left_out[]`, what of it could not be read), `drill` (`sequence`, `drilled_at`, `passed`); `text` where none is configured; `courier`, where one is: `repository`, `offered` (the newest snapshot's number), `connected`, `error`, `signed_by` (the public key that vouches for what is offered), `receivers` by name (`whole`: the newest that it said it has on its disk, `whole_at`, `fetching`, `woe`: why it does not go on). Told anew when something of it is another thing, and each hour",
    },
    Row {
        topic: "alert/{code}",
        way: "out",
        qos: "1",
        retained: "yes, empty clears",
        payload: "`severity` (`warning`, `critical`), `since`, `text`, `what_to_do`, `acknowledged` (`by`, `at`, or null), `times` (how often its cause came back within an hour); at most 64 at a time, the gravest first; codes: `more` (how many stand besides), `store`, `damaged` (a page of the database), `guard-off`, `guard-milder` (less is held than the config says, by somebody's choice), `guard-unread` (what was chosen cannot be read), `certificate`, `slow-subscriber`, `rules`, `set-aside` (what the mind had counted could not be read at the start), `critical-consciousness-state` (a part does not answer the others), `mission-{id}`, `bridge-{name}`, `duty-{id}`, `silent-{entity}` (it has said nothing for longer than it used to), `outage-{bridge}` (with all that is heard through it), `silences` (how many more than have one of their own), `phoenix-failed` (no snapshot can be taken), `phoenix-stale` (the newest is too old), `phoenix-drill-failed` (one could not be restored for trial), `phoenix-rolled-back` (an older state of a repository was put in its place), `phoenix-copy` (a receiver does not go on with its copy), `disk`, `clock`, `memory`, `performance`, `availability-{part}`, `security-{what}` (`logins`, `vetoed`, `names`, `forged`, `audit`), `webhook-{name}`, `config`, `restarted-{part}`, `log` (its file cannot be written or turned over); docs/alerts.md has the cause of each, and what to do",
    },
    Row {
        topic: "bridge/{name}",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "another broker: `state` (`up`, `down`), `since`, `address`, `mqtt`, `error`, `received`, `sent`, `refused`, `dropped`, `waiting`; `attached` is the one that Jamey is attached to",
    },
    Row {
        topic: "system",
        way: "out",
        qos: "0",
        retained: "yes",
        payload: "host and process figures, messages, connections, refusals, the store's batches and latencies; `verdicts` (`allow`, `escalate`, `deny` since the start, `a_minute`: of the last), `judged_p50_micros`, `judged_p99_micros` (from a request to its verdict on disk; null before there was one); `memory`: `records` by layer, `pinned`, `summaries` by tier, `oldest_at` (all counted each 6 hours, or when there are a tenth more), `database_bytes`, `database_free_bytes`, `index_bytes`, `index_records`, `index_lag` (transactions), `recalls`, `recalls_failed`, `recall_p50_micros`, `recall_p99_micros`, `working_bytes`, `working_room_bytes`, `working_hit_rate` (records at hand), `written_bytes`, `written_bytes_a_day` (what the process writes to disk: an SD card wears by it)",
    },
    Row {
        topic: "glance",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "how the house stands: `held` (requests that wait for a person), `denied_today`, `silent` (who fell silent), `last_backup`, `last_backup_hours`, `last_drill` (`passed`, `failed`, null), `guard` (`observe`, `enforce`, `off`), `coverage` (`judged`, `not_judged`: actuators), `alerts` (`critical`, `warning`, `acknowledged`), `problem` (one stands that nobody has seen), `critical`, `trusted`, `distrusted`, `entities`, `verdicts_a_minute`, `profile`, `strictness`, `version`, `newer` (the version of a newer binary in the place of the running one, else null)",
    },
    Row {
        topic: "notice/verdict",
        way: "out",
        qos: "1",
        retained: "no",
        payload: "at most two a second, of several the gravest: `event_type` (`allowed`, `denied`, `held`), `text`, `requester`, `target`, `name`, `verb`, `forwarded`, `reason`, `percept`, `at`, `more` (verdicts that are not told of)",
    },
    Row {
        topic: "notice/approval",
        way: "out",
        qos: "1",
        retained: "no",
        payload: "the same of what waits: `event_type` (`asked`, `approved`, `refused`, `expired`, `superseded`), `text`, `id`, `requester`, `targets`, `by`, `reason`, `expires_at`, `at`, `more`",
    },
    Row {
        topic: "audit/head",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "`seq`, `hash` (hex) and `at` of the audit trail's newest row: who keeps it elsewhere can tell whether the trail was cut off since",
    },
    Row {
        topic: "conscience/shadow",
        way: "out",
        qos: "1",
        retained: "yes, empty without a candidate",
        payload: "a candidate that judges beside the rules: `candidate`, `digest`, `since`, `judged`, `disagreed`, `changes` (`allow to deny` and so on), `rules` (which rule did it)",
    },
    Row {
        topic: "phoenix/snapshot/{repository}/offer",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "where `[phoenix.courier]` names a repository: its newest snapshot, in CBOR: `v`, `repository`, `sequence`, `snapshot` (BLAKE3 of the sealed manifest), `list` and `list_bytes` (BLAKE3 and length of the list of all files, which is fetched in pieces as they are), `signature` (Ed25519, docs/phoenix-format.md); this topic and all below it are heard by the roles receiver and admin only",
    },
    Row {
        topic: "phoenix/snapshot/{repository}/manifest",
        way: "out",
        qos: "1",
        retained: "yes",
        payload: "the newest sealed manifest, as the piece that it is; one of more than 127 KiB is fetched as other files are",
    },
    Row {
        topic: "phoenix/snapshot/{repository}/piece/{file}/{n}",
        way: "out",
        qos: "1",
        retained: "no",
        payload: "127 KiB of a file that a receiver asked for: version (1 byte), 3 zero bytes, number (4, big-endian), BLAKE3 of the file (32), BLAKE3 of what stands before and after it (32), content",
    },
    Row {
        topic: "phoenix/snapshot/{repository}/want/{receiver}",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "what a receiver lacks, in CBOR of at most 4 KiB: `v`, `repository`, `pieces` (file and number each, at most 16), `left` (bytes that it lacks in all), `woe` (why it does not go on); needs the role receiver, and `{receiver}` is the user's name",
    },
    Row {
        topic: "phoenix/snapshot/{repository}/done/{receiver}",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "a snapshot, and all that it needs, is on the receiver's disk, in CBOR: `v`, `repository`, `sequence`, `hash` (BLAKE3 of the sealed manifest); as above",
    },
    Row {
        topic: "reply/{verb}",
        way: "out",
        qos: "1",
        retained: "no",
        payload: "`status`, `error`; `reply/in` tells why an input was refused, with `client` and `topic`; `reply/approval` whether an answer counted, with `id` and `transaction`; what came of it is a verdict; `reply/entity-…` what came of a word, with `transaction` and `data`; `reply/guard-mode`, `reply/profile` and `reply/strictness` what holds since an order, as `data`: `option`, `holds`, `config` (what the config says), `chosen` (`by`, `at`; null: as the config says), of the guard `off_until` (break-glass)",
    },
    Row {
        topic: "cmd/entity-trust, cmd/entity-distrust",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`entity`, and perhaps `transaction`; needs the role operator or admin. The reply's `data` has `entity`, `expectation`, `lower_bound`, `relations`",
    },
    Row {
        topic: "cmd/entity-relate, cmd/entity-unrelate",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`entity`, `kind` (`controls`, `bridged_by`, `near`, `owned_by`), `to` (an entity, or a place as `area.kitchen`), perhaps `like` in [-1, 1] and `transaction`; role and reply as above",
    },
    Row {
        topic: "cmd/entity-forget",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`entity`, and perhaps `transaction`; needs the role admin. The reply's `data` has `forgetting` (its number in the audit trail), `removed` (how many of what), `file_written_anew`",
    },
    Row {
        topic: "cmd/guard-mode",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`mode` (`observe`, `enforce`, or `config`: what the config says), and perhaps `transaction`, at most 1 KiB; needs the role approver or admin, and never operator: no automation disarms Jamey. It holds also after a restart, until it is ordered otherwise or the config's own value is another one",
    },
    Row {
        topic: "cmd/profile",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`profile` (`home`, `workshop`, `strict`, or `config`); the rest as above",
    },
    Row {
        topic: "cmd/strictness",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`strictness` (0 to 0.3, added to the profile's caution, or `config`); the rest as above",
    },
    Row {
        topic: "cmd/alert-acknowledge",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "`code` of an alert that stands, and perhaps `transaction`; needs the role operator, approver or admin, for `security-…` and `guard-…` approver or admin. The reply's `data` has `code`, `by`, `at`",
    },
    Row {
        topic: "cmd/phoenix-snapshot, cmd/phoenix-drill",
        way: "in",
        qos: "any",
        retained: "refused",
        payload: "nothing, or `repository` (its name; left out, each), for a drill `snapshot` (its number; left out, the newest), `transaction`; needs the role operator or admin. The reply comes when it is done: its `data[]` has `repository`, `path` and `came`: `Ok` with `sequence`, `took_millis` and, of a snapshot, `bytes`, `written`, `chunks`, `new_chunks`, `hash`, `left_out[]`, of a drill `passed`, `wrong[]`, `bytes`, `files`; or `Err` with the reason",
    },
];

/// The name of a topic without placeholders.
#[must_use]
pub fn name(root: &str, topic: Topic) -> String {
    let below = match topic {
        Topic::Status => "status",
        Topic::Info => "info",
        Topic::Verdict => "verdict",
        Topic::Emotion => "soul/emotion",
        Topic::Entity => "soul/entity",
        Topic::Consciousness => "consciousness/state",
        Topic::Phi => "consciousness/phi",
        Topic::Identity => "consciousness/identity",
        Topic::Mission => "consciousness/mission",
        Topic::Alert => "alert",
        Topic::System => "system",
        Topic::Glance => "glance",
        Topic::Notice => "notice",
        Topic::AuditHead => "audit/head",
        Topic::Shadow => "conscience/shadow",
        Topic::Reply => "reply",
        Topic::Bridge => "bridge",
        Topic::Approval => "approval",
        Topic::Act => "act",
        Topic::Recall => "memory/recall/reply",
        Topic::Phoenix => "phoenix/state",
        Topic::Snapshot => "phoenix/snapshot",
    };
    format!("{root}/{below}")
}

#[must_use]
pub fn of_entity(root: &str, topic: Topic, entity: &EntityId) -> String {
    format!("{}/{entity}", name(root, topic))
}

/// A topic without its root.
#[must_use]
pub fn below<'t>(root: &str, topic: &'t str) -> &'t str {
    topic.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')).unwrap_or(topic)
}

#[must_use]
pub fn alert(root: &str, code: &str) -> String {
    format!("{}/{code}", name(root, Topic::Alert))
}

/// What people are told of verdicts, or of what waits.
#[must_use]
pub fn notice(root: &str, of: &str) -> String {
    format!("{}/{of}", name(root, Topic::Notice))
}

/// Where an objective of the mission stands.
#[must_use]
pub fn mission(root: &str, id: &str) -> String {
    format!("{}/{id}", name(root, Topic::Mission))
}

/// Where a held request stands until it is settled.
#[must_use]
pub fn approval(root: &str, id: Uuid) -> String {
    format!("{}/{id}", name(root, Topic::Approval))
}

/// Where the state of another broker stands.
#[must_use]
pub fn bridge(root: &str, name_of: &str) -> String {
    format!("{}/{name_of}", name(root, Topic::Bridge))
}

#[must_use]
pub fn reply(root: &str, verb: &str) -> String {
    format!("{}/{verb}", name(root, Topic::Reply))
}

/// Below which all that the courier says of one repository stands.
#[must_use]
pub fn snapshot(root: &str, repository: Uuid) -> String {
    format!("{}/{repository}", name(root, Topic::Snapshot))
}

/// `topics.md`, whole.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Topics\n\nBelow the root, which is `jamey` unless `root` in the config says otherwise. Written by `jamey topics`; a test keeps it true.\n\n\
         Every JSON payload has an integer `v`, now 1. Times are RFC 3339 in UTC. Unknown keys are to be ignored. Retained states are published at most\n\
         twice a second each, and only when they changed; an entity's state at most once a minute, when its expectation moved by 0.02,\n\
         its liveness or its relations changed, or an anomaly began or ended. All are published\n\
         again when Home Assistant comes to life (`homeassistant/status`).\n\n\
         Others may publish only the topics marked `in`; everything else below the root is refused (MQTT 5: 0x87). Any other `cmd/{verb}` is\n\
         reserved; it needs the role operator, which anonymous clients never have.\n\n\
         Where `[home_assistant] discovery` is on, retained documents stand besides below its `prefix`: `device/jamey_{node}/config`, Jamey itself;\n\
         `device/jamey_{node}_-approvals/config`, buttons for what waits, heard by the roles approver and admin only; `device/jamey_{node}_{entity}/config`,\n\
         one for each of `entities` (a `-` in the id doubled, `.` as `-_`). Nobody else may publish there.\n\n\
         | topic | way | QoS | retained | payload |\n|---|---|---|---|---|\n",
    );
    for row in ROWS {
        out.push_str(&format!("| `{}` | {} | {} | {} | {} |\n", row.topic, row.way, row.qos, row.retained, row.payload));
    }
    out
}
