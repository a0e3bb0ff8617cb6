//! `jamey mind identity`.

use crate::{cli::Common, store::Reader};

pub(super) fn identity(common: &Common, reader: &Reader) -> anyhow::Result<()> {
    let Some(view) = reader.identity()? else {
        anyhow::bail!("nothing is known of it yet: Jamey has done nothing that counts since it was installed");
    };
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&view)?);
    }
    Ok(())
}
