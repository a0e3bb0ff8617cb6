//! Options that become nothing: what each means for who runs the house.

use super::{is_false, is_true, word};
use crate::mosquitto::note::Fate;

/// What becomes of an option that Jamey has no place for; none: it is not known.
pub(super) fn means(key: &str, value: &str) -> Option<(Fate, String)> {
    let needless = |means: &str| Some((Fate::Needless, means.to_owned()));
    let changed = |means: &str| Some((Fate::Changed, means.to_owned()));
    let lost = |means: &str| Some((Fate::Lost, means.to_owned()));
    match key {
        "autosave_interval" | "autosave_on_changes" => needless("what Jamey acknowledges is on disk already"),
        "log_dest" | "log_facility" | "log_timestamp" | "log_timestamp_format" | "connection_messages" | "websockets_log_level" => {
            needless("Jamey logs to standard error, which systemd and containers keep, with the time")
        }
        "log_type" => {
            changed("`[log] filter` says how much is logged; who came, went and was refused is on record in any case (`jamey audit list`)")
        }
        "pid_file" => needless("who starts Jamey knows its process: systemd, or a container"),
        "user" => needless("Jamey runs as who starts it; the service has a user of its own (docs/operations.md)"),
        "sys_interval" => changed("there is no `$SYS`: `jamey/system` and http://127.0.0.1:8420/metrics tell more"),
        "set_tcp_nodelay" | "retry_interval" | "max_topic_alias" | "websockets_headers_size" | "memory_limit" | "max_inflight_bytes" => {
            needless("Jamey has limits of its own for it, by default ([limits])")
        }
        "tls_version" => changed("TLS 1.2 and 1.3, and none older"),
        "ciphers" | "ciphers_tls1.3" | "dhparamfile" => needless("the good ones alone, by rustls"),
        "tls_engine" | "tls_engine_kpass_sha1" | "tls_keyform" => {
            lost("keys come from files: export it from the engine, or make another (`jamey certs`)")
        }
        "queue_qos0_messages" if is_true(value) => changed("messages at QoS 0 do not wait for who is away: subscribe at QoS 1"),
        "retain_available" if is_false(value) => lost("Jamey keeps retained messages"),
        "max_qos" | "maximum_qos" if word(value) != "2" => lost("Jamey takes every QoS"),
        "check_retain_source" if is_true(value) => lost("what is retained stays when who said it loses the right to"),
        "clientid_prefixes" => lost("any client id may come in: give each device a user and a password"),
        "auto_id_prefix" => needless("who names no client id gets one"),
        "allow_zero_length_clientid" if is_false(value) => lost("who names no client id comes in, and gets one"),
        "allow_zero_length_clientid"
        | "queue_qos0_messages"
        | "retain_available"
        | "max_qos"
        | "maximum_qos"
        | "check_retain_source"
        | "upgrade_outgoing_qos"
        | "allow_duplicate_messages"
        | "use_subject_as_username"
        | "use_username_as_clientid" => needless("as it is with Jamey"),
        "psk_file" | "psk_hint" => lost("Jamey knows no pre-shared keys: give the listener a certificate (`jamey certs`)"),
        "plugin" | "auth_plugin" | "global_plugin" | "plugin_load" => lost(
            "Jamey loads no plugins: who it let in, and what it allowed, is not known here, so that nobody may anything whose rights stand in no access file; add users and roles (`jamey user add`)",
        ),
        _ if key.starts_with("plugin_opt_") || key.starts_with("auth_opt_") || key == "auth_plugin_deny_special_chars" => {
            lost("it belongs to a plugin, and Jamey loads none")
        }
        _ => None,
    }
}
