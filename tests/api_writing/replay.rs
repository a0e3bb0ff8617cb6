//! What others would have said to all that was asked: as on the host, one at a time, and ended when who asked goes away.

use super::{
    site::{Site, is_problem},
    support::*,
};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::TcpStream,
};

const REPLAY: &str = "/v1/rules/replay";
const NEVER: &str = "without = [\"LITTLE\"]\n[[rule]]\nid = \"NEVER\"\nduty = \"security\"\nkind = \"veto\"\npolarity = -1\nweight = 10\nseverity = 1.0\nwhen = \"act.verb == 'on'\"\n";

#[test]
fn it_is_judged_as_on_the_host_judges_it() {
    let site = Site::new();
    let mut panel = site.sign_in("panel");
    for _ in 0..3 {
        assert_eq!(site.lamp(&mut panel), "allow");
    }
    let file = site.folder().join("never.toml");
    std::fs::write(&file, NEVER).unwrap();
    let mut on_host = site.told(&["rules", "replay", "--with", file.to_str().unwrap(), "--show", "2"]);
    let answer = site.post("anna", REPLAY, &json!({"text": NEVER, "show": 2}));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{answer:?}");
    let mut by_http = chunked(&answer.body);
    assert_eq!((&by_http["judged"], &by_http["changes"]), (&json!(3), &json!({"allow to deny": 3})));
    (on_host["seconds"], by_http["seconds"]) = (json!(0), json!(0));
    assert_eq!(by_http, on_host);
    let none = site.post("anna", REPLAY, &json!({"text": NEVER, "until": "2020-01-01"}));
    assert_eq!(chunked(&none.body)["judged"], 0);
    site.on_record("anna", "rules.replay");

    is_problem(&site.post("anna", REPLAY, &json!({"text": "[weights]\nNOTHING = 1\n"})), 422, "rules-refused");
    is_problem(&site.post("anna", REPLAY, &json!({"text": "", "since": "yesterday"})), 400, "request");
    is_problem(&site.post("anna", REPLAY, &json!({"text": "", "since": "1d", "until": "2d"})), 400, "request");
    is_problem(&site.post("anna", REPLAY, &json!({"text": "", "show": 201})), 400, "request");
    is_problem(&site.post("panel", REPLAY, &json!({"text": ""})), 403, "forbidden");
    assert_eq!(site.post("anna", REPLAY, &json!({"text": "", "show": 200})).status, 200);
    assert_eq!(site.get("carl", "/v1/rules/shadow").json(), json!({"shadow": null, "newest": []}));
}

#[test]
fn who_goes_away_ends_it_and_meanwhile_nobody_else_may() {
    let mut site = Site::new();
    let mut panel = site.sign_in("panel");
    assert_eq!(site.lamp(&mut panel), "allow");
    site.house.stop();
    // More than is judged in a minute, so that nobody sees its end.
    let db = rusqlite::Connection::open(site.house.data().join("jamey.db")).unwrap();
    let columns: Vec<String> = db
        .prepare("select name from pragma_table_info('verdicts')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .filter(|name: &String| name != "percept" && name != "id")
        .collect();
    let columns = columns.join(", ");
    let many = format!(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 400000)
         insert into verdicts (percept, {columns}) select randomblob(16), {columns} from n, (select * from verdicts limit 1)"
    );
    db.execute_batch(&many).unwrap();
    drop(db);
    site.house.start();

    let mut stream = TcpStream::connect(site.house.http()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let said = site.said("anna", "POST", REPLAY, &[], Some(&json!({"text": NEVER})));
    stream.write_all(said.as_bytes()).unwrap();
    let mut head = [0; 17];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head[..15], b"HTTP/1.1 200 OK", "it is on");
    is_problem(&site.post("ada", REPLAY, &json!({"text": ""})), 503, "busy");
    drop(stream);
    let left = || {
        site.house.count(
            "select count(*) from audit_log where action = 'rules.replay' and actor = 'anna' and detail like 'left by who asked%'",
            [],
        ) == 1
    };
    wait_until("it is left", PATIENCE, left);
    let again = site.post("ada", REPLAY, &json!({"text": "", "until": "2020-01-01"}));
    assert_eq!(again.status, 200, "there is room for another: {again:?}");
}

/// A document in chunks, with blank space before it.
fn chunked(body: &str) -> serde_json::Value {
    let (mut rest, mut whole) = (body, String::new());
    loop {
        let (size, after) = rest.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return serde_json::from_str(&whole).unwrap();
        }
        whole += &after[..size];
        rest = &after[size + 2..];
    }
}
