//! What an entity told over time, as points of one value: records where they stand one by one, and sums where they were summed up.

use super::{
    error::{Doing, StoreError},
    load::all,
    reader::Reader,
    sought::Sought,
    summaries::{SUMMARY, summary},
};
use crate::domain::{Body, EntityId, Series, Tier, Timestamp, Values, limits};
use rusqlite::ToSql;
use std::{collections::BTreeMap, ops::Range};
use uuid::Uuid;

/// Whose readings, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub entity: EntityId,
    pub kind: String,
    /// The path of the value in the body, such as `ENERGY.Power`; empty: the body is the value.
    pub path: String,
    /// Of what was summed up, the sums of these whiles: of the same records there are three.
    pub sums: Tier,
}

/// What was told at a time, or in a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub at: Timestamp,
    /// The end of the while that was summed up; None: one record.
    pub until: Option<Timestamp>,
    pub told: Series,
}

/// Positions of one table in a while, as far as it was looked through.
struct Look {
    ids: Vec<Uuid>,
    /// Up to here there are no others.
    whole_to: Uuid,
}

impl Reader {
    /// Points in the order of time, those after a position.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense.
    pub fn readings(
        &self,
        of: &Read,
        within: &Range<Timestamp>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Sought<Point, Uuid>, StoreError> {
        let _moment = self.moment()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut points = BTreeMap::new();
        let records = self.look("memory_records", "", of, within, after, limit)?;
        for id in &records.ids {
            let sql = "SELECT at, body_kind, payload FROM memory_records WHERE id = ?1";
            let read = all(self.conn(), sql, [id.as_bytes()], |row| {
                let is_cbor = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)? == "cbor";
                let payload = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                let (at, body) = (Timestamp::from_micros(row.get(0)?), Body::parse(payload, is_cbor.then_some("application/cbor")));
                Ok((at, Values::of(&of.kind, &body, at)))
            })?;
            let point = |(at, mut values): (_, Values)| Some((*id, Point { at, until: None, told: values.paths.remove(&of.path)? }));
            points.extend(read.into_iter().filter_map(point));
        }
        let sums = self.look("memory_summaries", "AND tier = ?6", of, within, after, limit)?;
        for id in &sums.ids {
            let read = all(self.conn(), &format!("{SUMMARY} WHERE id = ?1"), [id.as_bytes()], summary)?.pop();
            let point =
                read.and_then(|mut sum| Some(Point { at: sum.begins, until: Some(sum.ends), told: sum.values.paths.remove(&of.path)? }));
            points.extend(point.map(|point| (*id, point)));
        }
        let whole_to = records.whole_to.min(sums.whole_to);
        let mut rows: Vec<(Uuid, Point)> = points.into_iter().take_while(|(id, _)| *id <= whole_to).collect();
        let is_cut = rows.len() > limit;
        rows.truncate(limit);
        let next = if is_cut { rows.last().map(|(id, _)| *id) } else { Some(whole_to).filter(|to| *to < Uuid::max()) };
        Ok(Sought { rows: rows.into_iter().map(|(_, point)| point).collect(), next })
    }

    /// One more than wanted, where there are so many.
    fn look(
        &self,
        table: &str,
        and: &str,
        of: &Read,
        within: &Range<Timestamp>,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Look, StoreError> {
        let (from, to) = (within.start.first_id(), within.end.first_id());
        let sql = format!("SELECT id, entity = ?4 AND kind = ?5 {and} FROM {table} WHERE id > ?1 AND id >= ?2 AND id < ?3 ORDER BY id");
        let (after, entity) = (after.unwrap_or(Uuid::nil()), of.entity.as_str());
        let tier = of.sums.as_str();
        let asked: [&dyn ToSql; 6] = [after.as_bytes(), from.as_bytes(), to.as_bytes(), &entity, &of.kind, &tier];
        let asked = asked.get(..if and.is_empty() { 5 } else { 6 }).unwrap_or_default();
        let mut statement = self.conn().prepare_cached(&sql).doing("prepare to look for readings")?;
        let mut rows = statement.query(asked).doing("look for readings")?;
        let (mut ids, mut looked, mut last) = (Vec::new(), 0, Uuid::nil());
        while let Some(row) = rows.next().doing("look for readings")? {
            if ids.len() > limit || looked >= limits::LOOKED_THROUGH {
                return Ok(Look { ids, whole_to: last });
            }
            last = Uuid::from_bytes(row.get(0)?);
            if row.get(1)? {
                ids.push(last);
            }
            looked += 1;
        }
        Ok(Look { ids, whole_to: Uuid::max() })
    }
}
