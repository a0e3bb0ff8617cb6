//! `jamey memory verify`: the database's own check, its sums, and index and database compared record by record.

use crate::{
    app::phoenix,
    cli::{Common, recall},
    memory::verify::{Agreement, Sums, agreement, sums},
};
use anyhow::bail;
use serde_json::json;

pub(super) fn verify(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let data = config.store.data.display();
    let (store, index) = recall::open(&config).map_err(|error| phoenix::rescued(&config, error))?;
    let bar = super::progress(None, "the database is read", common.json);
    let damage = store.damage()?;
    bar.finish_and_clear();
    let bar = super::progress(Some(index.records()), "compared", common.json);
    // What a damaged database says is nothing to compare with.
    let (told, summed) = match damage.is_empty() {
        true => (agreement(&index, &store, |done| bar.set_position(done))?, sums(&store)?),
        false => (Agreement::default(), Sums::default()),
    };
    bar.finish_and_clear();
    let way = (!damage.is_empty()).then(|| phoenix::rescue(&config)).flatten();
    let is_good = damage.is_empty() && told.is_whole() && summed.is_whole();
    let Agreement { records, waiting, missing, too_many, named } = &told;
    let Sums { summaries, wrong, named: of_sums } = &summed;
    if common.json {
        crate::cli::line!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "v": 1, "good": is_good, "damage": damage, "records": records, "waiting": waiting, "missing": missing, "too_many": too_many,
                "findings": named, "summaries": summaries, "summaries_wrong": wrong, "summary_findings": of_sums, "what_to_do": way,
            }))?
        );
    } else {
        for finding in damage.iter().chain(named).chain(of_sums) {
            crate::cli::line!("{finding}");
        }
        if is_good {
            crate::cli::line!(
                "good: the database is whole, its {summaries} sums could have come about, and the index has its {records} records and sums ({waiting} of them in a moment)"
            );
        }
    }
    if !damage.is_empty() {
        let way = way.unwrap_or_else(|| "put a good one in its place".to_owned());
        bail!("{data} is damaged: stop Jamey, keep a copy of the data folder, and {way}");
    }
    if !told.is_whole() {
        bail!("the index lacks {missing} records and has {too_many} too many: `jamey memory rebuild` makes it anew");
    }
    if !summed.is_whole() {
        bail!(
            "{wrong} of {summaries} sums cannot have come about: `jamey memory show ID` shows one, `jamey forget --record ID` takes it away; \
             records are not touched by that"
        );
    }
    Ok(())
}
