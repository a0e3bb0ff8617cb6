//! One who listens: where he stands, what he wants and may hear, and what he is told next.

use super::{
    lines::{self, Line},
    live::Live,
    past,
    seats::Seat,
    wish::Wish,
};
use crate::{
    api::{Api, ground::Ground},
    broker::{Rights, Visitor},
    domain::limits,
    observe::news::{Cursor, Event, EventId, Kind, Listening, News, Read},
};
use std::sync::Arc;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

pub struct Listener {
    pub api: Arc<Api>,
    live: Arc<Live>,
    news: Arc<News>,
    ground: Ground,
    user: Option<String>,
    rights: Rights,
    /// Whether nothing has to be looked at but approvals.
    hears_everything: bool,
    wish: Wish,
    cursor: Cursor,
    /// Where he wants to go on, until it was looked at.
    resumes: Option<EventId>,
    first: Vec<Line>,
    wake: watch::Receiver<()>,
    /// There is something to tell, or may be.
    is_ready: bool,
    due: Instant,
    _seat: Seat,
    _listening: Listening,
}

/// He can be told nothing any more.
pub struct Unreadable;

impl Listener {
    pub fn new(api: Arc<Api>, live: Arc<Live>, visitor: Visitor, ground: Ground, seat: Seat) -> Self {
        let news = Arc::clone(&api.hall.news);
        let listening = news.listen();
        let (cursor, wake) = (news.now(), live.waker());
        let hears_everything = visitor.rights.hears_everything();
        Self {
            api,
            live,
            news,
            ground,
            user: visitor.user,
            rights: visitor.rights,
            hears_everything,
            wish: Wish::of_all(false),
            cursor,
            resumes: None,
            first: Vec::new(),
            wake,
            is_ready: true,
            due: Instant::now(),
            _seat: seat,
            _listening: listening,
        }
    }

    /// What he wants from now on, and from where.
    pub fn subscribe(&mut self, wish: Wish, from: Option<EventId>) {
        self.wish = wish;
        if let Some(from) = from {
            let is_whole;
            (self.cursor, is_whole) = self.news.after(from);
            self.resumes = (!is_whole).then_some(from);
        }
        self.is_ready = true;
    }

    /// Says hello before all else.
    pub fn hello(&mut self) {
        let ping = self.api.hall.config.http.patience_seconds;
        self.first.push(lines::hello(self.user.as_deref(), &self.cursor.id(), &self.wish, ping));
    }

    pub fn subscribed(&mut self) {
        self.first.push(lines::subscribed(&self.cursor.id(), &self.wish));
    }

    /// Whether what let him in still does.
    pub fn still_may(&mut self) -> bool {
        let Some(visitor) = self.ground.still(&self.api).filter(|visitor| visitor.rights.reads()) else { return false };
        self.hears_everything = visitor.rights.hears_everything();
        self.rights = visitor.rights;
        true
    }

    /// How far he has been told.
    pub fn id(&self) -> EventId {
        self.cursor.id()
    }

    /// Resolves when it is time to tell him something. It may be given up and begun anew.
    pub async fn due(&mut self) {
        while !self.is_ready {
            if self.wake.changed().await.is_err() {
                return std::future::pending().await;
            }
            self.is_ready = true;
        }
        sleep_until(self.due).await;
    }

    /// What he is told now: his share.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn next(&mut self) -> Result<Vec<Line>, Unreadable> {
        let mut told = std::mem::take(&mut self.first);
        if let Some(from) = self.resumes.take() {
            self.look_back(from, &mut told).await?;
        }
        let (share, was_live) = (self.live.share(), self.cursor.is_live());
        let mut cursor = self.cursor.clone();
        let read = self.news.read(&mut cursor, share, |event| self.wants(event));
        self.cursor = cursor;
        let root = &self.api.hall.config.root;
        match read {
            Read::Events(events, more) => {
                told.extend(events.iter().map(|event| Line::of(event, root)));
                self.is_ready = more;
            }
            Read::Fell { missed, from, to } => {
                let counts = |kind: &Kind| self.may_know_of(*kind).then(|| (*kind, missed.get(kind.place()).copied().unwrap_or(0)));
                told.extend(lines::summary(self.wish.kinds.iter().filter_map(counts), &from, &to));
            }
            Read::Past => {
                if was_live {
                    // Somebody was forgotten.
                    told.extend(lines::gap(&self.wish, &self.cursor.id(), 0));
                }
                self.read_past(&mut told).await?;
            }
        }
        self.due = Instant::now() + self.live.beat();
        Ok(told)
    }

    /// What cannot be told any more of what came after an event.
    async fn look_back(&mut self, from: EventId, told: &mut Vec<Line>) -> Result<(), Unreadable> {
        let turn = self.live.reading.acquire().await;
        let Some(counted) = past::counted_since(&self.api, from.mark).await? else {
            drop(turn);
            self.cursor = self.news.now();
            told.push(lines::unknown(&from, &self.cursor.id()));
            return Ok(());
        };
        drop(turn);
        told.extend(lines::gap(&self.wish, &from, counted));
        if !self.wish.kinds.contains(&Kind::Verdict) {
            self.cursor = self.news.oldest();
        }
        Ok(())
    }

    async fn read_past(&mut self, told: &mut Vec<Line>) -> Result<(), Unreadable> {
        if !self.wish.kinds.contains(&Kind::Verdict) {
            self.cursor = self.news.oldest();
            return Ok(());
        }
        let turn = self.live.reading.acquire().await;
        let most = u32::try_from(self.live.share().events).unwrap_or(u32::MAX).min(limits::STREAM_PAGE);
        let page = past::page(&self.api, self.cursor.id().mark, most).await?;
        drop(turn);
        // What stands in no row that can be read is behind him.
        match page.last() {
            Some(last) => self.cursor.has_read(last.id.mark),
            None => self.cursor = self.news.oldest(),
        }
        let root = &self.api.hall.config.root;
        told.extend(page.iter().filter(|event| self.wants(event)).map(|event| Line::of(event, root)));
        Ok(())
    }

    fn wants(&self, event: &Event) -> bool {
        let Self { wish, rights, .. } = self;
        wish.kinds.contains(&event.kind)
            && (wish.entities.is_empty() || event.is_about(|id| wish.entities.contains(id)))
            // Whoever hears everything hears no approvals by that.
            && ((self.hears_everything && event.kind != Kind::Approval) || rights.hear(&self.api.hall.config, &event.topic))
    }

    /// Who is told of no approvals has missed none. That something waits he is told otherwise: by its verdict, and by the count at a glance.
    fn may_know_of(&self, kind: Kind) -> bool {
        kind != Kind::Approval || self.rights.has("approver") || self.rights.has("admin")
    }
}
