//! `jamey phoenix verify`: whether a repository is whole; each finding with what it means and what to do.

use super::{At, about, bar::Bar, put_json};
use crate::{
    cli::{
        Common,
        paint::{Screen, plain},
    },
    config::Config,
    phoenix::{Depth, Finding, Sequence},
};
use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;

#[derive(Debug, Args)]
pub struct Asked {
    /// Read every byte, open every seal and compare every hash; otherwise that all is there that should be.
    #[arg(long)]
    everything: bool,
    /// Move damaged packs out of the way, into `damaged/`: the next snapshot saves anew what it needs of them.
    #[arg(long)]
    set_aside: bool,
    #[command(flatten)]
    at: At,
}

pub(super) fn verify(common: &Common, config: &Config, asked: &Asked) -> Result<()> {
    let (found, mut repository) = asked.at.open(config)?;
    let depth = if asked.everything { Depth::Everything } else { Depth::Outline };
    let mut bar = Bar::new("read", common.json);
    let findings = repository.verify(depth, &mut |step| bar.step(step))?;
    drop(bar);
    let aside = if asked.set_aside { repository.set_aside(&findings)? } else { 0 };
    let snapshots = repository.vault.sequences()?.len();
    let grave = findings.iter().filter(|finding| finding.grave).count();
    if common.json {
        put_json(&json!({
            "v": 1, "repository": about(&found, &repository), "good": grave == 0, "everything": asked.everything, "snapshots": snapshots, "set_aside": aside,
            "findings": findings.iter().map(row).collect::<Vec<_>>(),
        }))?;
    } else {
        let screen = Screen::here();
        for finding in &findings {
            tell(screen, finding);
        }
        let looked = if asked.everything {
            "every byte was read"
        } else {
            "all that they need is there; `--everything` also reads every byte of it"
        };
        if aside > 0 {
            crate::cli::line!("{aside} damaged packs were moved to `damaged/`: take a snapshot now, and look again");
        }
        if grave == 0 {
            let many = if snapshots == 1 { "1 snapshot is".to_owned() } else { format!("{snapshots} snapshots are") };
            crate::cli::line!("{}: {many} whole: {looked}", screen.good("good"));
        }
    }
    if grave > 0 {
        bail!("{} is damaged: {grave} grave findings", found.name());
    }
    Ok(())
}

fn tell(screen: Screen, finding: &Finding) {
    let path = finding.path.display();
    let head = format!("{}: {}", plain(&path.to_string()), plain(&finding.what));
    crate::cli::line!("{}", if finding.grave { screen.bad(&head) } else { screen.warning(&head) });
    for (name, words) in [("means", means(finding)), ("do", what_to_do(finding))] {
        crate::cli::line!("{}", screen.wrapped(&format!("  {name:<5}  "), &words));
    }
}

fn means(finding: &Finding) -> String {
    match (finding.grave, finding.snapshots.as_slice()) {
        (true, []) => "something is lost, but no snapshot that is there needs it".into(),
        (true, [one]) => format!("snapshot {one} cannot be restored whole"),
        (true, some) => format!("snapshots {} cannot be restored whole", numbers(some)),
        (false, []) => "odd, but nothing is lost by it".into(),
        (false, some) => format!("odd, but nothing else is lost by it: snapshot {}", numbers(some)),
    }
}

fn what_to_do(finding: &Finding) -> String {
    if !finding.grave {
        let is_pruned = finding.path.ends_with("snapshots");
        let words = if is_pruned {
            "nothing, if you or Jamey let them go (`jamey audit list` says so). Otherwise ask who took them away"
        } else {
            "look what it is; Jamey leaves it alone"
        };
        return words.into();
    }
    let folder = finding.path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let copy = "bring the file back from another copy of the repository: a file of the same name has the same content. Without one, ";
    match folder {
        "keys" => "add a key file or a passphrase anew (`jamey phoenix key add`), and take this one away (`jamey phoenix key remove`)".into(),
        "drills" => "delete it, and let `jamey phoenix drill` try that snapshot again".into(),
        "snapshots" => format!("{copy}move it away: nothing is pruned while it lies there. Then look at the disk"),
        _ if finding.path.ends_with("packs") => {
            "bring the missing packs back from another copy of the repository. Without one, take a snapshot: what the house still has is saved anew. \
             Of a damaged snapshot --components may still restore some"
                .into()
        }
        _ => format!(
            "{copy}move it away (`--set-aside` does) and take a snapshot: what the house still has is saved anew. Then look at the disk. Of a damaged snapshot \
             --components may still restore some"
        ),
    }
}

/// `3, 4, 7`: the first ones, and how many more.
fn numbers(some: &[Sequence]) -> String {
    const NAMED: usize = 8;
    let named = some.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match some.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{named} and {more} more"),
        _ => named,
    }
}

fn row(finding: &Finding) -> Value {
    json!({
        "path": finding.path, "what": finding.what, "grave": finding.grave, "snapshots": finding.snapshots, "means": means(finding),
        "do": what_to_do(finding),
    })
}
