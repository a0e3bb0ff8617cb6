//! Whether a start would take the config, and whether the log comes to where it says.

use super::{Finding, House, good, wrong};
use crate::{app, observe::log};

const MEND: &str = "mend what is named: `jamey check` shows the whole of it, and without it Jamey does not start again";

pub(super) fn look(house: &House) -> Vec<Finding> {
    let mut all = vec![match app::would_start(house.written, house.config) {
        Ok(rules) => good(format!("a start would take it; {rules} rules, their examples behave")),
        Err(error) => {
            let told = error.downcast_ref::<app::rules::Refused>().map_or_else(|| format!("{error:#}"), app::rules::Refused::plain);
            let lines: Vec<&str> = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            wrong(format!("a start would refuse it: {}", lines.join("; ")), MEND)
        }
    }];
    if let Some(path) = &house.config.log.file {
        all.push(match log::tried(path) {
            Ok(()) => good(format!("log.file: {} can be written and turned over", path.display())),
            Err(error) => wrong(error.to_string(), "or take `log.file` out: then the log goes to standard error, and so to the journal"),
        });
    }
    all
}
