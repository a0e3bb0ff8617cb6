//! Whether there is room in the data folder, and whether it can be written.

use super::{Finding, House, good, wrong};
use crate::{app, cli::paint::size};
use std::{io::Write, path::Path};

pub(super) fn look(house: &House) -> Vec<Finding> {
    let data = &house.config.store.data;
    let shown = data.display();
    if !data.is_dir() {
        return vec![good(format!("{shown} is not there yet: the first start makes it"))];
    }
    let mut all = Vec::new();
    let least = u64::from(house.config.alerts.disk_free_mb) * 1_000_000;
    match app::free_bytes(data) {
        Some(free) if free < least => {
            let to_do = "see what else fills that disk, keep less (`memory.database_mib`, [[retention]]; `jamey memory optimise`), or move the data \
                         folder to a larger one";
            all.push(wrong(format!("{} free for {shown}, and `alerts.disk_free_mb` wants {}", size(free), size(least)), to_do));
        }
        Some(free) => all.push(good(format!("{} free for {shown}", size(free)))),
        None => all.push(wrong(format!("how much is free for {shown} cannot be read"), "see that the disk is mounted and answers")),
    }
    if let Err(why) = written(data) {
        let to_do = "see that the folder belongs to the user of Jamey, and that the disk is not full and not mounted read-only (`mount`)";
        all.push(wrong(format!("{shown} cannot be written: {why}"), to_do));
    }
    all
}

/// What is written comes to the disk, and goes again.
fn written(data: &Path) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".doctor-").tempfile_in(data)?;
    file.write_all(&[0; 4_096])?;
    file.as_file().sync_all()
}
