//! Follows a house: listens to its verdicts, asks for what is on the screen, and comes again when it went away.

use super::{
    door::{Door, Unanswered},
    events::{Events, Heard},
    model::News,
    part::{Part, Wants},
};
use crate::runtime::Clock;
use axum::body::BodyDataStream;
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

/// How often it is looked; the house makes its own figures about as often.
const LOOK: Duration = Duration::from_secs(2);
/// A look takes a share of the time at most, so that a large house is not busy with who looks at it.
const SHARE: u32 = 10;
/// How soon a house that went away is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// A line that lives says so each `http.patience_seconds`, 300 at most; this house says it by its other answers too.
const SILENT: Duration = Duration::from_secs(330);

type Verdicts = Option<Events<BodyDataStream>>;

/// What is shown of every house, whatever the tab.
pub const ALWAYS: [Part; 3] = [Part::Glance, Part::System, Part::Alerts];

/// Until the house refuses, or nobody wants to hear any more.
pub async fn follow(mut door: Door, mut wants: watch::Receiver<Wants>, tell: mpsc::Sender<News>, clock: Clock) {
    loop {
        let Err(why) = visit(&mut door, &mut wants, &tell, &clock).await else { return };
        match why {
            Unanswered::Refused(why) => {
                let _ = tell.send(News::Refused(why)).await;
                return;
            }
            Unanswered::Away(why) => {
                if tell.send(News::Away(why)).await.is_err() {
                    return;
                }
                sleep(AGAIN).await;
            }
        }
    }
}

/// Ends well when nobody wants to hear any more.
async fn visit(door: &mut Door, wants: &mut watch::Receiver<Wants>, tell: &mpsc::Sender<News>, clock: &Clock) -> Result<(), Unanswered> {
    // The page is asked for when the line stands: what falls in between is in both, and nothing in neither.
    let mut line = door.listen().await?;
    let mut heard_at = Instant::now();
    let mut due = heard_at;
    let mut is_missed = true;
    loop {
        if is_missed {
            ask(door, Part::Verdicts, tell, clock).await?;
        }
        tokio::select! {
            heard = hear(&mut line) => {
                heard_at = Instant::now();
                let heard = heard.ok_or_else(|| Unanswered::Away("the house ended the conversation".to_owned()))?;
                is_missed = heard == Heard::Missed;
                if let Heard::Verdict(verdict) = heard && tell.send(News::Verdict(verdict)).await.is_err() {
                    return Ok(());
                }
            }
            changed = wants.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                is_missed = false;
                due = look(door, wants, tell, clock).await?;
            }
            () = sleep_until(due) => {
                due = look(door, wants, tell, clock).await?;
                // Who may not listen looks again and again.
                is_missed = line.is_none();
                if line.is_some() && heard_at.elapsed() > SILENT {
                    return Err(Unanswered::Away("the house fell silent".to_owned()));
                }
            }
        }
    }
}

/// The next that is heard; without a line never.
async fn hear(line: &mut Verdicts) -> Option<Heard> {
    match line {
        Some(line) => line.next().await,
        None => std::future::pending().await,
    }
}

/// Asks for what is on the screen, and says when to do so again.
async fn look(
    door: &mut Door,
    wants: &mut watch::Receiver<Wants>,
    tell: &mpsc::Sender<News>,
    clock: &Clock,
) -> Result<Instant, Unanswered> {
    let began = Instant::now();
    let Wants { tab, opened } = wants.borrow_and_update().clone();
    if let Some(opened) = opened {
        let document = match opened.path() {
            Some(path) => door.get(&path).await?,
            None => None,
        };
        let _ = tell.send(News::Opened(opened, document)).await;
    }
    for part in tab.parts().iter().chain(&ALWAYS) {
        ask(door, *part, tell, clock).await?;
    }
    Ok(Instant::now() + LOOK.max(began.elapsed() * SHARE))
}

async fn ask(door: &mut Door, of: Part, tell: &mpsc::Sender<News>, clock: &Clock) -> Result<(), Unanswered> {
    let document = door.part(of).await?.unwrap_or_default();
    let _ = tell.send(News::Told { of, document, at: clock.now() }).await;
    Ok(())
}
