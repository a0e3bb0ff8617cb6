//! What events mean for the mission's objectives. The one place from which the soul is told: whoever finds that something happened calls it.

use super::Mind;
use crate::{
    consciousness::{Turn, burn::Urgency},
    domain::{Act, Body, Decision, EntityId, Judged, Part, Percept, Unit01, mission},
    soul::{Lot, News, sentiment},
};
use uuid::Uuid;

/// Jamey's own requests come from this role.
const OWN_ROLE: &str = "jamey";
/// How far Jamey believes what it found itself: a silence, an anomaly. It may be wrong, as any statistic.
const OWN_FINDING: f64 = 0.9;
/// What the silence of something unguarded takes off the mission.
const UNGUARDED: f64 = 0.2;
/// The |z| at which a reading is as far off as can be.
const FAR_OFF: f64 = 16.0;
/// One command that was not obeyed: radio is what it is.
const NOT_OBEYED: f64 = 0.3;
/// Being asked for what a person must decide takes half of what a forbidden request does.
const LEFT_TO_A_PERSON: f64 = 0.5;
/// A person's word on a request or an entity.
const WORD_ON_CONDUCT: f64 = 0.5;
/// Somebody spoke as somebody else.
const FORGED: f64 = 0.6;
/// The kinds in which people say something in words.
const IN_WORDS: [&str; 2] = ["text", "say"];
/// What words weigh at most: anybody can say anything.
const WORDS: f64 = 0.3;
/// Below it a text is neither good nor bad (Hutto & Gilbert 2014).
const NEUTRAL: f64 = 0.05;
/// Who is told to be the cause where an objective as a whole goes badly: no client has such a name.
const MISSION: &str = "jamey.mission";
/// Less than that is no news.
const NOTHING_LEFT: f64 = 0.01;
const GENTLY: &str = "; it is meant to protect, not to blame";

impl Mind {
    /// Takes a percept as a word of its entity, and what it says in words. Gives how much it concerns the home, in [0, 1].
    pub(super) fn hear_feeling(&mut self, percept: &Percept) -> f64 {
        self.state.soul.understand(&percept.entity, &percept.kind, &percept.body, self.state.now);
        let sentiment = match said(percept) {
            Some(text) => sentiment(text),
            None => return 0.0,
        };
        if sentiment.abs() < NEUTRAL { 0.0 } else { self.feel_word(percept, sentiment) }
    }

    /// A person who does not get what it needs is told so gently. The verdict is the same.
    pub(super) fn speak_gently(&self, percept: &Percept, judged: &mut [Judged]) {
        let source = &percept.source;
        if !source.human || !self.state.soul.empathy(&source.requester, self.state.now).1 {
            return;
        }
        for refused in judged.iter_mut().filter(|j| j.verdict.decision != Decision::Allow) {
            refused.verdict.reason.push_str(GENTLY);
        }
    }

    /// A verdict on a request. What is allowed is ordinary, unless Jamey asked it itself.
    pub(super) fn feel_verdict(&mut self, percept: &Percept, judged: &Judged) {
        let (verdict, risk) = (&judged.verdict, judged.facts.dev.risk.get());
        let asker = &percept.source.requester;
        match verdict.decision {
            Decision::Allow => self.befalls(asker, Lot::Granted),
            Decision::Deny => self.befalls(asker, Lot::Denied),
            Decision::Escalate => {}
        }
        if percept.source.role == OWN_ROLE {
            let (towards, praise) = match verdict.decision {
                Decision::Allow => (risk / 2.0, verdict.score.max(risk / 2.0)),
                Decision::Deny => (0.0, verdict.score.min(-risk / 2.0)),
                Decision::Escalate => return,
            };
            let own = News::of(mission::SAFE_HOME, &judged.request.target, percept.id, towards).praised(praise);
            self.tell_soul(&News { own_act: true, ..own });
            return;
        }
        let grave = match verdict.decision {
            Decision::Allow => return,
            Decision::Escalate => risk * LEFT_TO_A_PERSON,
            Decision::Deny => risk,
        };
        self.tell_soul(&News::of(mission::NO_UNSAFE_REQUEST, asker, percept.id, -grave / 2.0).praised(verdict.score));
    }

    /// A person's word on a request that waited.
    pub(super) fn feel_answer(&mut self, asker: &EntityId, percept: Uuid, approves: bool) {
        let conduct = if approves { WORD_ON_CONDUCT } else { -WORD_ON_CONDUCT };
        self.tell_soul(&News::of(mission::NO_UNSAFE_REQUEST, asker, percept, conduct / 2.0).praised(conduct));
        self.befalls(asker, if approves { Lot::Granted } else { Lot::Denied });
    }

    /// Jamey lets on what a person approved.
    pub(super) fn feel_release(&mut self, target: &EntityId, percept: Uuid) {
        let own = News::of(mission::NO_UNSAFE_REQUEST, target, percept, 0.0).praised(WORD_ON_CONDUCT / 2.0);
        self.tell_soul(&News { own_act: true, ..own });
    }

    /// Somebody spoke as somebody else and was not let.
    pub(super) fn feel_forgery(&mut self, by: &EntityId) {
        self.tell_soul(&News::of(mission::NO_UNSAFE_REQUEST, by, self.hearing, -FORGED / 2.0).praised(-FORGED));
    }

    /// A hazard came true, or is over. It is believed as far as who tells it.
    pub(super) fn feel_hazard(&mut self, percept: &Percept, signal: &str, begins: bool) {
        if begins {
            self.acted(Act::Alarmed, percept.id, &percept.entity);
        }
        let belief = self.state.soul.belief(&percept.entity, self.state.now);
        self.tell_soul(&News::of(mission::SAFE_HOME, &percept.entity, percept.id, -1.0).believed(belief).lasting(signal, begins));
    }

    /// Who should have spoken and did not, or is there again. What is guarded matters as its risk.
    pub fn feel_silence(&mut self, entity: &EntityId, gone: bool) {
        let device = self.state.registry.device(entity);
        let grave = device.map_or(UNGUARDED, |d| d.risk.get().max(UNGUARDED));
        let belief = Unit01::clamped(OWN_FINDING);
        let news = News::of(mission::DEVICES_REACHABLE, entity, self.hearing, -grave).believed(belief);
        self.tell_soul(&news.lasting(entity.as_str(), gone));
        self.befalls(entity, if gone { Lot::Gone } else { Lot::Back });
    }

    /// A series of readings is not as it should be, by so many standard deviations, or is so again.
    pub fn feel_anomaly(&mut self, entity: &EntityId, percept: Uuid, begins: bool, z: f64) {
        let belief = Unit01::clamped(OWN_FINDING);
        let news = News::of(mission::READINGS_PLAUSIBLE, entity, percept, -(z.abs() / FAR_OFF)).believed(belief);
        self.tell_soul(&news.lasting(entity.as_str(), begins));
        self.befalls(entity, if begins { Lot::Odd } else { Lot::Even });
    }

    /// A device did what it was commanded to, or not in time. That it did is news after it did not.
    pub fn feel_obeyed(&mut self, entity: &EntityId, obeyed: bool) {
        let praise = if obeyed { NOT_OBEYED / 2.0 } else { -NOT_OBEYED / 2.0 };
        let news = News::of(mission::COMMANDS_OBEYED, entity, self.hearing, -NOT_OBEYED).praised(praise);
        self.tell_soul(&news.lasting(entity.as_str(), !obeyed));
        self.befalls(entity, if obeyed { Lot::Obeyed } else { Lot::Failed });
    }

    /// What an owner says of an entity.
    pub fn feel_owner(&mut self, about: &EntityId, trusts: bool) {
        let conduct = if trusts { WORD_ON_CONDUCT } else { -WORD_ON_CONDUCT };
        self.tell_soul(&News::of(mission::NO_UNSAFE_REQUEST, about, self.hearing, conduct / 2.0).praised(conduct));
        self.befalls(about, if trusts { Lot::Trusted } else { Lot::Distrusted });
    }

    /// What somebody says in words, from −1 (all bad) to 1 (all good). Words bear on people's well-being, on which nothing else bears, so that
    /// no talk makes a later hazard weigh less. Who is understood well is believed more, by half at most.
    pub(super) fn feel_word(&mut self, percept: &Percept, sentiment: f64) -> f64 {
        let now = self.state.now;
        let (understood, _) = self.state.soul.empathy(&percept.entity, now);
        let belief = self.state.soul.belief(&percept.entity, now).get() * f64::midpoint(1.0, understood.get());
        let weak = sentiment.clamp(-1.0, 1.0) * WORDS;
        let news = News::of(mission::PEOPLE_WELL, &percept.entity, percept.id, weak).believed(Unit01::clamped(belief)).praised(weak);
        let stir = self.tell_soul(&News { in_words: true, ..news });
        self.befalls(&percept.entity, Lot::Said(sentiment));
        self.count_word(sentiment.clamp(-1.0, 1.0));
        stir
    }

    /// One of the owner's signals turned: objectives of the owner's that it tells.
    pub(super) fn feel_signal(&mut self, percept: &Percept, signal: &str, truth: bool) {
        let told = self.settings.missions.specs().iter().filter(|m| m.signal.as_deref() == Some(signal));
        let ids: Vec<String> = told.map(|m| m.id.clone()).collect();
        let belief = self.state.soul.belief(&percept.entity, self.state.now);
        for id in ids {
            let news = News::of(&id, &percept.entity, percept.id, if truth { 1.0 } else { -1.0 }).believed(belief);
            self.tell_soul(&news.lasting(signal, true));
        }
    }

    /// An objective as a whole goes badly, or does no more. It takes no more than brings the objective to where its burn rate says that it
    /// stands: what single events took of it already is not taken again.
    pub(super) fn feel_turn(&mut self, objective: &str, turn: &Turn) {
        let cause = EntityId::escaped(MISSION);
        for (key, level) in [("mission:ticket", Urgency::Ticket), ("mission:page", Urgency::Page)] {
            let (was, is) = (turn.from >= level, turn.to >= level);
            if was && !is {
                self.tell_soul(&News::of(objective, &cause, Uuid::nil(), 0.0).lasting(key, false));
            } else if is && !was {
                let push = self.still_to_take(objective, turn.congruence);
                if push.abs() >= NOTHING_LEFT {
                    self.tell_soul(&News::of(objective, &cause, Uuid::nil(), push).lasting(key, true));
                }
            }
        }
    }

    /// How far an objective stands from where a congruence below 0 would have it, if it does.
    fn still_to_take(&self, objective: &str, congruence: f64) -> f64 {
        let now = self.state.soul.likelihood(objective, self.state.now);
        let (Some(spec), Some(now)) = (self.settings.missions.spec(objective), now) else { return 0.0 };
        // What must not come about is likelier when it goes badly.
        let towards = if spec.utility.get() < 0.0 { -congruence } else { congruence };
        if !spec.maintained {
            return towards;
        }
        let push = (spec.rest.get() + towards).clamp(0.0, 1.0) - now.get();
        if push * towards > 0.0 { push } else { 0.0 }
    }

    fn befalls(&mut self, entity: &EntityId, lot: Lot) {
        self.state.soul.live_through(entity, lot, self.state.now);
    }

    fn tell_soul(&mut self, news: &News) -> f64 {
        let stirred = self.state.soul.hear_news(news, self.state.now).get();
        if stirred > 0.0 {
            self.state.round.stir(Part::Soul);
        }
        stirred
    }
}

/// What a percept says in words, if that is what it is for.
fn said(percept: &Percept) -> Option<&str> {
    if !IN_WORDS.contains(&percept.kind.as_str()) {
        return None;
    }
    match &percept.body {
        Body::Text(text) => Some(text),
        body => body.object()?.get("text")?.as_str(),
    }
}
