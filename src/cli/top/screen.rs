//! The terminal: taken over, drawn on, read from, and given back however it ends.

use super::{
    door::Door,
    feed::follow,
    model::{Model, News},
    view::{Palette, draw},
};
use crate::{
    app::trial,
    domain::Timestamp,
    runtime::{Clock, shutdown},
};
use anyhow::{Context, Result, bail};
use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use ratatui::DefaultTerminal;
use std::time::Duration;
use tokio::{
    pin,
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

/// What waits to be shown: some hundred verdicts, which come faster than anybody reads.
const WAITING: usize = 256;
/// News are drawn so often at most; keys at once.
const FRAME: Duration = Duration::from_millis(50);
/// Times are told in seconds.
const SECOND: Duration = Duration::from_secs(1);

/// The terminal while it is ours. A panic gives it back before it says what it has to say (`ratatui::try_init`).
struct Taken(DefaultTerminal);

impl Taken {
    fn over() -> Result<Self> {
        ratatui::try_init().map(Self).context("the terminal cannot be taken over")
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // A panic has given it back already; to do so twice would paint over what it says.
        if !std::thread::panicking() {
            ratatui::restore();
        }
    }
}

/// Until a key, a signal or the house ends it.
///
/// # Errors
/// When the terminal goes, or the house does not want to tell any more.
pub async fn show(door: Door, mut model: Model, palette: Palette) -> Result<()> {
    let stop = shutdown::asked()?;
    pin!(stop);
    let (tell, mut news) = mpsc::channel(WAITING);
    let (want, wants) = watch::channel(model.wants());
    let clock = Clock::new(Timestamp::default());
    let mut taken = Taken::over()?;
    tokio::spawn(follow(door, wants, tell, Clock::new(Timestamp::default())));
    let mut keys = EventStream::new();
    let mut second = interval(SECOND);
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut drawn, mut is_due) = (Instant::now(), true);
    while !model.quits {
        tokio::select! {
            biased;
            _ = &mut stop => return Ok(()),
            key = keys.next() => match key {
                Some(Ok(Event::Key(key))) => {
                    model.press(key);
                    paint(&mut taken, &mut model, palette)?;
                    (drawn, is_due) = (Instant::now(), false);
                }
                Some(Ok(_)) => is_due = true,
                Some(Err(error)) => return Err(error).context("the terminal is gone"),
                None => bail!("the terminal is gone"),
            },
            () = sleep_until(drawn + FRAME), if is_due => {
                paint(&mut taken, &mut model, palette)?;
                (drawn, is_due) = (Instant::now(), false);
            }
            told = news.recv() => match told {
                Some(News::Refused(why)) => bail!("{why}"),
                Some(told) => {
                    model.hear(told);
                    is_due = true;
                }
                None => bail!("what follows the house has ended"),
            },
            _ = second.tick() => {
                model.now = clock.now();
                is_due = true;
            }
        }
        want.send_if_modified(|before| {
            let now = model.wants();
            let is_other = *before != now;
            *before = now;
            is_other
        });
    }
    Ok(())
}

fn paint(taken: &mut Taken, model: &mut Model, palette: Palette) -> Result<()> {
    let mut bounds = model.bounds;
    taken.0.draw(|frame| bounds = draw(frame, model, palette)).context("the terminal is gone")?;
    model.bounds = bounds;
    if model.answered.is_some() && trial::screen_falls() {
        #[expect(clippy::panic, reason = "a trial asks for it")]
        {
            panic!("the screen falls, for trial");
        }
    }
    Ok(())
}
