//! The mission's objectives, and the expressions of those that are counted, read and checked.

use crate::{
    conscience::{Asked, RuleError, Truth},
    consciousness::Pursued,
    domain::{Aim, Figures, MissionSpec, Occasion, SignalSpec, Signals},
};
use std::collections::BTreeSet;

#[derive(Debug, Clone, Default)]
pub struct Objectives {
    specs: Vec<MissionSpec>,
    counted: Vec<Counted>,
}

/// One that is counted.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub id: String,
    pub occasion: Occasion,
    says: String,
    aim: Aim,
    good: Truth,
    valid: Option<Truth>,
}

impl Objectives {
    /// Reads what each of them counts.
    ///
    /// # Errors
    /// Everything that is wrong in any of their expressions, and those that speak of two events at once.
    pub fn read(specs: Vec<MissionSpec>, signals: &[SignalSpec]) -> Result<Self, Vec<RuleError>> {
        let aims: Vec<(String, &MissionSpec, &Aim)> =
            specs.iter().filter_map(|spec| Some((format!("mission {}", spec.id), spec, spec.aim.as_ref()?))).collect();
        let mut asked = Vec::new();
        for (place, _, aim) in &aims {
            asked.push(Asked { place, key: "good", text: &aim.good });
            asked.extend(aim.valid.as_deref().map(|text| Asked { place, key: "valid", text }));
        }
        let mut truths = Truth::read(&asked, signals)?.into_iter();
        let (mut counted, mut errors) = (Vec::new(), Vec::new());
        for (place, spec, aim) in &aims {
            let Some(good) = truths.next() else { break };
            let valid = aim.valid.as_ref().and_then(|_| truths.next());
            match occasion(&good, valid.as_ref()) {
                Ok(occasion) => {
                    counted.push(Counted { id: spec.id.clone(), occasion, says: spec.says.clone(), aim: (*aim).clone(), good, valid });
                }
                Err(why) => errors.push(RuleError::plain(place, why)),
            }
        }
        if errors.is_empty() { Ok(Self { counted, specs }) } else { Err(errors) }
    }

    pub(super) fn specs(&self) -> &[MissionSpec] {
        &self.specs
    }

    pub(super) fn spec(&self, id: &str) -> Option<&MissionSpec> {
        self.specs.iter().find(|spec| spec.id == id)
    }

    pub(super) fn counted(&self) -> &[Counted] {
        &self.counted
    }

    pub(super) fn pursued(&self) -> impl Iterator<Item = Pursued<'_>> {
        self.counted.iter().map(|one| Pursued { id: &one.id, says: &one.says, aim: &one.aim, occasion: one.occasion })
    }
}

impl Counted {
    /// Whether one occasion was good; None: it is not to be counted, or cannot be told.
    pub(super) fn tells(&self, ctx: &Signals, figures: &Figures) -> Option<bool> {
        match &self.valid {
            Some(valid) if valid.holds(ctx, figures) != Some(true) => None,
            _ => self.good.holds(ctx, figures),
        }
    }
}

/// When it is to be looked at: when that happens of which it speaks.
fn occasion(good: &Truth, valid: Option<&Truth>) -> Result<Occasion, String> {
    let figures = good.figures().into_iter().chain(valid.into_iter().flat_map(Truth::figures));
    let all: Vec<_> = figures.filter_map(|figure| figure.about()).filter(|about| about.occasion != Occasion::Look).collect();
    let events: BTreeSet<Occasion> = all.iter().map(|about| about.occasion).collect();
    match (events.first(), events.last()) {
        (Some(one), Some(other)) if one != other => {
            let names: Vec<String> = all.iter().map(|about| format!("`fig.{}`", about.name)).collect();
            Err(format!(
                "{} tell of {} and of {}, which happen at different times; make two objectives of it",
                names.join(", "),
                one.plural(),
                other.plural()
            ))
        }
        (first, _) => Ok(first.copied().unwrap_or(Occasion::Look)),
    }
}
