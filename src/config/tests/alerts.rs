//! When something is wrong, and whom that is posted to: `[alerts]` and `[[webhook]]`.

use super::{config, lines};
use crate::{config::Least, domain::limits};

fn least(name: &str) -> String {
    format!("[[webhook]]\nname = \"{name}\"\nurl = \"https://hooks.example/{name}\"\n")
}

#[test]
fn a_webhook_needs_a_name_and_a_place_and_hears_of_all() {
    let phone = config(&least("phone")).webhooks.remove(0);
    assert_eq!((phone.name.as_str(), phone.host(), phone.severity, phone.timeout_seconds), ("phone", "hooks.example", Least::Warning, 10));
    assert_eq!((phone.secret_file, phone.secret_env, phone.credential, phone.ca), (None, None, None, None));
    let all = "severity = \"critical\"\ncredential = \"hook\"\nca = \"ca.pem\"\ntimeout_seconds = 60";
    let pager = config(&(least("pager") + all)).webhooks.remove(0);
    assert_eq!((pager.severity, pager.credential.as_deref(), pager.timeout_seconds), (Least::Critical, Some("hook"), 60));
    assert_eq!(
        lines("[[webhook]]"),
        [
            "webhook[0].name (j.toml:1): missing; write `name = \"phone\"`",
            "webhook[0].url (j.toml:1): missing; write `url = \"https://ntfy.example/jamey\"`",
        ]
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |more: &str| lines(&(least("phone") + more)).join("\n");
    assert!(refused("secret_env = \"A\"\nsecret_file = \"b\"").contains("found together with `secret_file`; keep one of the two"));
    assert!(refused("secret_env = \"A\"\ncredential = \"b\"").contains("found together with `secret_env`"));
    assert!(refused("timeout_seconds = 61").contains("a whole number from 1 to 60"));
    assert!(lines(&(least("phone") + &least("phone")))[0].contains("a second time"));
    let at = |url: &str| lines(&format!("[[webhook]]\nname = \"phone\"\nurl = \"{url}\"\n"));
    for good in ["http://10.0.0.1:8080", "https://h/x?key=1", &format!("http://h/{}", "x".repeat(limits::WEBHOOK_URL_BYTES - 9))] {
        assert_eq!(at(good), [""; 0], "{good}");
    }
    for bad in [
        "ftp://h/",
        "h/x",
        "http://",
        "http:///x",
        "http://a@h/",
        "http://h/#x",
        "http://h/ x",
        &format!("http://h/{}", "x".repeat(limits::WEBHOOK_URL_BYTES - 8)),
    ] {
        assert_eq!(at(bad).len(), 1, "{bad}");
    }
    let plain = "[[webhook]]\nname = \"phone\"\nurl = \"http://h/\"\nca = \"ca.pem\"";
    assert!(lines(plain)[0].contains("nothing would be checked"));
    let many = |n: usize| (0..n).map(|i| least(&format!("w{i}"))).collect::<String>();
    assert_eq!(lines(&many(limits::WEBHOOKS)), [""; 0]);
    assert!(lines(&many(limits::WEBHOOKS + 1))[0].contains("write 8 at most"));
}

#[test]
fn each_threshold_has_its_range() {
    let c = config("[alerts]\ndisk_free_mb = 0\ndisk_days = 365\nfailed_logins = 10000\nraise_seconds = 86400");
    assert_eq!((c.alerts.disk_free_mb, c.alerts.disk_days, c.alerts.failed_logins, c.alerts.raise_seconds), (0, 365, 10_000, 86_400));
    for past in ["disk_days = 366", "failed_logins = 10001", "raise_seconds = 86401", "answer_millis = 60001", "clock_seconds = -1"] {
        assert_eq!(lines(&format!("[alerts]\n{past}")).len(), 1, "{past}");
    }
}
