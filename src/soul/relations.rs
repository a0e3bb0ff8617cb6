//! How entities stand to one another: who controls, bridges, owns, or is near whom. Bounded; the owner's word stands before discovery's.

use crate::domain::{Change, EntityId, Relation, RelationKind, ToldBy, limits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Relations by who stands in them; a place is an entity too (`area.kitchen`), so that being in one costs a row, not a row a pair.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Relations {
    /// Each list in the order of kind and `to`.
    ties: BTreeMap<EntityId, Vec<Tie>>,
    /// Who stands in a relation to whom: the way back.
    back: BTreeMap<EntityId, BTreeSet<EntityId>>,
    count: usize,
    /// Those whose stored row is out of date.
    changed: BTreeSet<(EntityId, RelationKind, EntityId)>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Tie {
    kind: RelationKind,
    to: EntityId,
    like: f64,
    told_by: ToldBy,
    /// The owner says that it is not so; kept, for what was seen once will be seen again.
    denied: bool,
}

/// Why a relation was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrelated {
    #[error("an entity has no relation to itself")]
    Itself,
    #[error("an entity stands in {max} relations at most: take one back", max = limits::RELATIONS_OF_ONE)]
    TooMany,
    #[error("the house holds {max} relations at most: take some back", max = limits::RELATIONS)]
    Full,
    #[error("the owner said otherwise")]
    OwnerSaidOtherwise,
}

impl Relations {
    /// Takes a relation. Gives whether it is news; who knows better is not overruled: the owner, then discovery, then what was seen.
    pub fn relate(&mut self, relation: Relation) -> Result<bool, Unrelated> {
        let Relation { from, kind, to, like, told_by } = relation;
        self.put(&from, Tie { kind, to, like: if like.is_finite() { like.clamp(-1.0, 1.0) } else { 0.0 }, told_by, denied: false })
    }

    /// Takes what was seen. At once when it is known.
    pub fn relate_seen(&mut self, from: &EntityId, kind: RelationKind, to: &EntityId) -> bool {
        if self.find(from, kind, to).is_some() || (self.count >= limits::RELATIONS) {
            return false;
        }
        let tie = Tie { kind, to: to.clone(), like: kind.usual_like(), told_by: ToldBy::Seen, denied: false };
        self.put(from, tie).unwrap_or(false)
    }

    /// The owner says that a relation is not: false when nobody said it was.
    pub fn unrelate(&mut self, from: &EntityId, kind: RelationKind, to: &EntityId) -> bool {
        let Some(tie) = self.find_mut(from, kind, to).filter(|tie| !tie.denied) else { return false };
        (tie.denied, tie.told_by, tie.like) = (true, ToldBy::Owner, 0.0);
        self.changed.insert((from.clone(), kind, to.clone()));
        true
    }

    /// Those in which an entity stands, either way: its own first.
    pub fn of<'r>(&'r self, entity: &'r EntityId) -> impl Iterator<Item = Relation> + 'r {
        let own = self.ties_of(entity).filter(|tie| !tie.denied).map(|tie| tie.as_relation(entity));
        let others = self.back.get(entity).into_iter().flatten();
        own.chain(others.flat_map(move |from| {
            self.ties_of(from).filter(move |tie| !tie.denied && tie.to == *entity).map(move |tie| tie.as_relation(from))
        }))
    }

    /// Who reaches the broker through whom; of several bridges the one that the better informed named.
    pub fn bridge_of(&self, entity: &EntityId) -> Option<&EntityId> {
        let bridges = self.ties_of(entity).filter(|tie| tie.kind == RelationKind::BridgedBy && !tie.denied);
        bridges.min_by_key(|tie| tie.told_by).map(|tie| &tie.to)
    }

    /// Those who reach the broker through an entity.
    pub fn bridged_by<'r>(&'r self, bridge: &'r EntityId) -> impl Iterator<Item = &'r EntityId> + 'r {
        self.back.get(bridge).into_iter().flatten().filter(move |from| self.bridge_of(from) == Some(bridge))
    }

    /// Those near an entity: said to be, or in the same place; `area` is the entity's place where the caller knows one besides.
    pub fn neighbours<'r>(&'r self, entity: &'r EntityId, area: Option<&str>) -> impl Iterator<Item = &'r EntityId> + 'r {
        let near = |tie: &&Tie| tie.kind == RelationKind::Near && !tie.denied;
        let places = self.ties_of(entity).filter(near).map(|tie| &tie.to).filter(|to| is_area(to));
        let in_places = places.flat_map(|place| self.back.get(place).into_iter().flatten().filter(move |who| self.is_near(who, place)));
        let area = area.map(area_id);
        let besides = area.as_ref().and_then(|area| self.back.get_key_value(area)).into_iter();
        let besides = besides.flat_map(move |(place, who)| who.iter().filter(move |who| self.is_near(who, place)));
        let told = self.ties_of(entity).filter(near).map(|tie| &tie.to).filter(|to| !is_area(to));
        let back = self.back.get(entity).into_iter().flatten().filter(move |from| self.is_near(from, entity));
        let mut seen: Vec<&EntityId> = Vec::new();
        for one in told.chain(back).chain(in_places).chain(besides) {
            if seen.len() >= limits::NEIGHBOURS {
                break;
            }
            if one != entity && !seen.contains(&one) {
                seen.push(one);
            }
        }
        seen.into_iter()
    }

    /// How far what is good for `to` is good for `from`, in [-1, 1]; 0 between strangers. The owner's word first, then the strongest.
    pub fn like(&self, from: &EntityId, to: &EntityId) -> f64 {
        let ties = self.ties_of(from).filter(|tie| tie.to == *to && !tie.denied);
        ties.min_by(|x, y| x.told_by.cmp(&y.told_by).then_with(|| y.like.abs().total_cmp(&x.like.abs()))).map_or(0.0, |tie| tie.like)
    }

    /// Whether the owner said something of an entity's relations.
    pub fn is_owners(&self, entity: &EntityId) -> bool {
        self.ties_of(entity).any(|tie| tie.told_by == ToldBy::Owner)
    }

    /// A thing was moved: of its places the last one counts that descriptions tell, and the owner's word before all. Gives whether it is news,
    /// and which places it left.
    pub fn moves(&mut self, to: &Relation) -> (bool, Vec<EntityId>) {
        let places = |entity| self.ties_of(entity).filter(|tie: &&Tie| tie.kind == RelationKind::Near && is_area(&tie.to));
        if places(&to.from).any(|tie| tie.told_by == ToldBy::Owner && !tie.denied) {
            return (false, Vec::new());
        }
        let others = places(&to.from).filter(|tie| tie.told_by != ToldBy::Owner && tie.to != to.to);
        let left: Vec<EntityId> = others.map(|tie| tie.to.clone()).collect();
        for place in &left {
            self.remove(&to.from, RelationKind::Near, place);
        }
        let is_news = self.relate(to.clone()).unwrap_or(false);
        (is_news || !left.is_empty(), left)
    }

    /// A thing that was known by another name: what was related to that is related to this.
    pub fn rename(&mut self, old: &EntityId, new: &EntityId) {
        let Some(all) = self.back.get(old).cloned() else { return };
        for from in all {
            let ties: Vec<Tie> = self.ties_of(&from).filter(|tie| tie.to == *old).cloned().collect();
            for tie in ties {
                self.remove(&from, tie.kind, old);
                let _ = self.put(&from, Tie { to: new.clone(), ..tie });
            }
        }
    }

    /// Forgets every relation in which an entity stands; gives how many.
    pub fn forget(&mut self, entity: &EntityId) -> usize {
        let mut gone: Vec<(EntityId, RelationKind, EntityId)> =
            self.ties_of(entity).map(|tie| (entity.clone(), tie.kind, tie.to.clone())).collect();
        for from in self.back.get(entity).into_iter().flatten() {
            gone.extend(self.ties_of(from).filter(|tie| tie.to == *entity).map(|tie| (from.clone(), tie.kind, entity.clone())));
        }
        for (from, kind, to) in &gone {
            self.remove(from, *kind, to);
        }
        gone.len()
    }

    /// Takes a relation back from the store, as it was.
    pub fn restore(&mut self, relation: Relation, denied: bool) {
        let Relation { from, kind, to, like, told_by } = relation;
        let _ = self.put(&from, Tie { kind, to, like, told_by, denied });
        self.changed.clear();
    }

    /// Rows that are to be written.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let changed = std::mem::take(&mut self.changed);
        let row = |(from, kind, to): (EntityId, RelationKind, EntityId)| match self.find(&from, kind, &to) {
            Some(tie) => Change::Related { relation: Box::new(tie.as_relation(&from)), denied: tie.denied },
            None => Change::Unrelated { from, kind, to },
        };
        changed.into_iter().map(row).collect()
    }

    fn ties_of(&self, entity: &EntityId) -> impl Iterator<Item = &Tie> {
        self.ties.get(entity).into_iter().flatten()
    }

    fn is_near(&self, from: &EntityId, to: &EntityId) -> bool {
        self.find(from, RelationKind::Near, to).is_some_and(|tie| !tie.denied)
    }

    fn find(&self, from: &EntityId, kind: RelationKind, to: &EntityId) -> Option<&Tie> {
        let ties = self.ties.get(from)?;
        ties.get(place(ties, kind, to).ok()?)
    }

    fn find_mut(&mut self, from: &EntityId, kind: RelationKind, to: &EntityId) -> Option<&mut Tie> {
        let ties = self.ties.get_mut(from)?;
        let place = place(ties, kind, to).ok()?;
        ties.get_mut(place)
    }

    fn put(&mut self, from: &EntityId, tie: Tie) -> Result<bool, Unrelated> {
        if *from == tie.to {
            return Err(Unrelated::Itself);
        }
        if let Some(known) = self.find_mut(from, tie.kind, &tie.to) {
            if known.told_by < tie.told_by {
                return if known.denied { Err(Unrelated::OwnerSaidOtherwise) } else { Ok(false) };
            }
            if *known == tie {
                return Ok(false);
            }
            let key = (from.clone(), tie.kind, tie.to.clone());
            *known = tie;
            self.changed.insert(key);
            return Ok(true);
        }
        if self.ties.get(from).map_or(0, Vec::len) >= limits::RELATIONS_OF_ONE && !self.make_room(Some(from), tie.told_by) {
            return Err(Unrelated::TooMany);
        }
        if self.count >= limits::RELATIONS && !self.make_room(None, tie.told_by) {
            return Err(Unrelated::Full);
        }
        self.back.entry(tie.to.clone()).or_default().insert(from.clone());
        self.changed.insert((from.clone(), tie.kind, tie.to.clone()));
        let ties = self.ties.entry(from.clone()).or_default();
        if let Err(place) = place(ties, tie.kind, &tie.to) {
            ties.insert(place, tie);
            self.count += 1;
        }
        Ok(true)
    }

    /// Lets one go that somebody less informed told: of one entity, or of all.
    fn make_room(&mut self, of: Option<&EntityId>, told_by: ToldBy) -> bool {
        let weaker = |tie: &&Tie| tie.told_by > told_by;
        let found = match of {
            Some(from) => self.ties_of(from).filter(weaker).max_by_key(|tie| tie.told_by).map(|tie| (from.clone(), tie)),
            None => self.ties.iter().find_map(|(from, ties)| ties.iter().find(weaker).map(|tie| (from.clone(), tie))),
        };
        let Some((from, kind, to)) = found.map(|(from, tie)| (from, tie.kind, tie.to.clone())) else { return false };
        self.remove(&from, kind, &to);
        true
    }

    fn remove(&mut self, from: &EntityId, kind: RelationKind, to: &EntityId) {
        let Some(ties) = self.ties.get_mut(from) else { return };
        let Ok(place) = place(ties, kind, to) else { return };
        ties.remove(place);
        self.count -= 1;
        let still = ties.iter().any(|tie| tie.to == *to);
        if ties.is_empty() {
            self.ties.remove(from);
        }
        if !still && let Some(back) = self.back.get_mut(to) {
            back.remove(from);
            if back.is_empty() {
                self.back.remove(to);
            }
        }
        self.changed.insert((from.clone(), kind, to.clone()));
    }
}

impl Tie {
    fn as_relation(&self, from: &EntityId) -> Relation {
        Relation { from: from.clone(), kind: self.kind, to: self.to.clone(), like: self.like, told_by: self.told_by }
    }
}

/// The place with this name, as an entity.
#[must_use]
pub fn area_id(name: &str) -> EntityId {
    let escaped = EntityId::escaped(name);
    EntityId::new(&format!("{AREA}{escaped}")).unwrap_or_else(|_| EntityId::escaped(&format!("{AREA}{name}")))
}

const AREA: &str = "area.";

fn is_area(entity: &EntityId) -> bool {
    entity.as_str().starts_with(AREA)
}

fn place(ties: &[Tie], kind: RelationKind, to: &EntityId) -> Result<usize, usize> {
    ties.binary_search_by(|tie| (tie.kind, &tie.to).cmp(&(kind, to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> EntityId {
        EntityId::new(name).unwrap()
    }

    fn told(from: &str, kind: RelationKind, to: &str, told_by: ToldBy) -> Relation {
        Relation { from: id(from), kind, to: id(to), like: 0.5, told_by }
    }

    #[test]
    fn the_owners_word_stands_before_discoverys_and_survives_it() {
        use RelationKind::{BridgedBy, Near};
        let mut all = Relations::default();
        assert_eq!(all.relate(told("lamp", BridgedBy, "wrong", ToldBy::Discovery)), Ok(true));
        assert_eq!(all.relate(told("lamp", BridgedBy, "right", ToldBy::Owner)), Ok(true));
        assert_eq!(all.bridge_of(&id("lamp")), Some(&id("right")));
        assert!(all.unrelate(&id("lamp"), BridgedBy, &id("wrong")));
        assert_eq!(all.relate(told("lamp", BridgedBy, "wrong", ToldBy::Discovery)), Err(Unrelated::OwnerSaidOtherwise));
        assert!(!all.relate_seen(&id("lamp"), BridgedBy, &id("wrong")));
        assert_eq!(all.of(&id("lamp")).count(), 1);
        assert_eq!(all.bridged_by(&id("right")).collect::<Vec<_>>(), [&id("lamp")]);
        assert_eq!(all.bridged_by(&id("wrong")).count(), 0);
        assert_eq!(all.relate(told("lamp", BridgedBy, "wrong", ToldBy::Owner)), Ok(true), "the owner may change their mind");
        assert_eq!(all.relate(told("lamp", Near, "lamp", ToldBy::Owner)), Err(Unrelated::Itself));
    }

    #[test]
    fn a_thing_that_is_moved_leaves_where_it_was_but_not_where_the_owner_says() {
        let mut all = Relations::default();
        let to = |area: &str, told_by| Relation { to: area_id(area), ..told("lamp", RelationKind::Near, "x", told_by) };
        assert_eq!(all.moves(&to("Hall", ToldBy::Discovery)), (true, vec![]));
        assert_eq!(all.moves(&to("Hall", ToldBy::Discovery)), (false, vec![]));
        assert_eq!(all.moves(&to("Attic", ToldBy::Discovery)), (true, vec![area_id("Hall")]));
        all.relate(to("Cellar", ToldBy::Owner)).unwrap();
        assert_eq!(all.moves(&to("Hall", ToldBy::Discovery)), (false, vec![]));
        let places: Vec<EntityId> = all.of(&id("lamp")).map(|r| r.to).collect();
        assert_eq!(places, [area_id("Attic"), area_id("Cellar")]);
    }

    #[test]
    fn a_place_makes_neighbours_without_a_row_for_each_pair() {
        let mut all = Relations::default();
        for lamp in ["a", "b", "c"] {
            all.relate(Relation { to: area_id("Living Room"), ..told(lamp, RelationKind::Near, "x", ToldBy::Discovery) }).unwrap();
        }
        all.relate(told("d", RelationKind::Near, "a", ToldBy::Owner)).unwrap();
        assert_eq!(all.count, 4);
        let near = |who: &str, area: Option<&str>| all.neighbours(&id(who), area).map(EntityId::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(near("a", None), "d b c");
        assert_eq!(near("d", None), "a");
        assert_eq!(near("e", Some("Living Room")), "a b c");
        assert_eq!(near("e", None), "");
    }

    #[test]
    fn one_past_each_limit_is_refused_and_who_knows_better_takes_its_place() {
        let mut one = Relations::default();
        for n in 0..limits::RELATIONS_OF_ONE {
            assert!(one.relate_seen(&id("hub"), RelationKind::Controls, &id(&format!("d{n}"))));
        }
        assert!(!one.relate_seen(&id("hub"), RelationKind::Controls, &id("more")));
        assert_eq!(one.relate(told("hub", RelationKind::Controls, "more", ToldBy::Owner)), Ok(true));
        assert_eq!(one.count, limits::RELATIONS_OF_ONE);
        let mut all = Relations::default();
        for n in 0..limits::RELATIONS {
            all.relate(told(&format!("d{n}"), RelationKind::BridgedBy, "hub", ToldBy::Discovery)).unwrap();
        }
        assert_eq!(all.relate(told("more", RelationKind::BridgedBy, "hub", ToldBy::Discovery)), Err(Unrelated::Full));
        assert_eq!(all.relate(told("more", RelationKind::BridgedBy, "hub", ToldBy::Owner)), Ok(true));
        assert_eq!(all.count, limits::RELATIONS);
        let ours: Vec<EntityId> = (0..=limits::NEIGHBOURS).map(|n| id(&format!("n{n}"))).collect();
        let mut near = Relations::default();
        for one in &ours {
            near.relate_seen(one, RelationKind::Near, &id("me"));
        }
        assert_eq!(near.neighbours(&id("me"), None).count(), limits::NEIGHBOURS);
    }

    #[test]
    fn forgetting_and_renaming_leave_no_way_back_open() {
        let mut all = Relations::default();
        all.relate(told("a", RelationKind::BridgedBy, "old", ToldBy::Discovery)).unwrap();
        all.rename(&id("old"), &id("new"));
        assert_eq!(all.bridge_of(&id("a")), Some(&id("new")));
        assert_eq!(all.of(&id("old")).count(), 0);
        all.relate_seen(&id("new"), RelationKind::Controls, &id("a"));
        assert_eq!(all.forget(&id("new")), 2);
        assert!(all.ties.is_empty() && all.back.is_empty() && all.count == 0);
        assert_eq!(all.take_changes().len(), 3, "each is taken off the store");
    }

    #[test]
    fn what_was_stored_is_the_same() {
        let mut all = Relations::default();
        all.relate(told("a", RelationKind::BridgedBy, "hub", ToldBy::Discovery)).unwrap();
        all.relate(told("a", RelationKind::Near, "b", ToldBy::Owner)).unwrap();
        all.relate_seen(&id("b"), RelationKind::Controls, &id("a"));
        all.unrelate(&id("a"), RelationKind::BridgedBy, &id("hub"));
        let mut again = Relations::default();
        for change in all.take_changes() {
            if let Change::Related { relation, denied } = change {
                again.restore(*relation, denied);
            }
        }
        assert_eq!(again, all);
    }

    #[test]
    fn liking_is_the_owners_first() {
        let mut all = Relations::default();
        assert_eq!(all.like(&id("a"), &id("b")), 0.0);
        all.relate_seen(&id("a"), RelationKind::OwnedBy, &id("b"));
        all.relate(Relation { like: -0.5, ..told("a", RelationKind::Near, "b", ToldBy::Owner) }).unwrap();
        assert_eq!(all.like(&id("a"), &id("b")), -0.5);
        all.relate(Relation { like: f64::NAN, ..told("a", RelationKind::Near, "b", ToldBy::Owner) }).unwrap();
        assert_eq!(all.like(&id("a"), &id("b")), 0.0);
    }
}
