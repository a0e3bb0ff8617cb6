//! Whether the database is whole, and the audit trail in it.

use super::{Finding, House, good, wrong};
use crate::{
    app::phoenix,
    store::{FILE, Reader, audit_key},
};

pub(super) fn look(house: &House) -> Vec<Finding> {
    let data = &house.config.store.data;
    if !data.join(FILE).exists() {
        return vec![good("there is no database yet: the first start makes it")];
    }
    let way = || phoenix::rescue(house.config).unwrap_or_else(|| "put a backup of the data folder in its place".to_owned());
    let damaged = |what: String| {
        vec![wrong(format!("the database is damaged ({what})"), format!("stop Jamey, keep a copy of the data folder, and {}", way()))]
    };
    let reader = match Reader::open(data) {
        Ok(reader) => reader,
        Err(error) if error.is_damage() => return damaged(error.to_string()),
        Err(error) => {
            return vec![wrong(format!("the database cannot be read: {error}"), "run the doctor as the user of Jamey, with its --data")];
        }
    };
    match reader.damage() {
        Ok(found) if found.is_empty() => {}
        Ok(found) => return damaged(found.into_iter().next().unwrap_or_default()),
        Err(error) => return damaged(error.to_string()),
    }
    let audited = match audit_key(data) {
        Ok(key) => reader.verify_audit(key.as_ref()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match audited {
        Ok(audited) if audited.wrong == 0 => vec![good(format!("it is whole, and so are {} rows of its audit trail", audited.rows))],
        Ok(audited) => {
            let first = audited.findings.first().map(ToString::to_string).unwrap_or_default();
            vec![wrong(format!("the audit trail is not whole: {first}"), "`jamey audit verify` names each row: find out who did it")]
        }
        Err(why) => vec![wrong(
            format!("the audit trail cannot be looked at: {why}"),
            "run the doctor as the user of Jamey; `jamey audit verify` looks again",
        )],
    }
}
