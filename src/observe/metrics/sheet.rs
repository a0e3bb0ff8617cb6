//! One family of figures after the other: what it is called, what it means, and its numbers. A family without a number is not there at all.

use crate::domain::Taken;
use prometheus_client::{
    encoding::{
        CounterValueEncoder, DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, GaugeValueEncoder, MetricEncoder, NoLabelSet,
    },
    metrics::MetricType,
    registry::Unit,
};
use std::fmt;

/// Label and value, in order.
pub type Labels = Vec<(&'static str, String)>;

/// A number: counts are whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    Whole(u64),
    Real(f64),
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Whole(n)
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::Real(x)
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Self::Whole(is.into())
    }
}

impl EncodeGaugeValue for Value {
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Whole(n) => EncodeGaugeValue::encode(n, encoder),
            Self::Real(x) => EncodeGaugeValue::encode(x, encoder),
        }
    }
}

impl EncodeCounterValue for Value {
    fn encode(&self, encoder: &mut CounterValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Whole(n) => EncodeCounterValue::encode(n, encoder),
            Self::Real(x) => EncodeCounterValue::encode(x, encoder),
        }
    }
}

/// What the figures are written on.
pub struct Sheet<'e>(DescriptorEncoder<'e>);

/// A family by its name without unit and suffix, and its help.
#[derive(Clone, Copy)]
pub struct Family {
    pub name: &'static str,
    pub help: &'static str,
    pub unit: Option<&'static Unit>,
}

pub const SECONDS: Option<&Unit> = Some(&Unit::Seconds);
pub const BYTES: Option<&Unit> = Some(&Unit::Bytes);

/// One of no unit.
pub const fn family(name: &'static str, help: &'static str) -> Family {
    Family { name, help, unit: None }
}

impl Family {
    pub const fn of(self, unit: Option<&'static Unit>) -> Self {
        Self { unit, ..self }
    }
}

impl<'e> Sheet<'e> {
    pub fn new(encoder: DescriptorEncoder<'e>) -> Self {
        Self(encoder)
    }

    /// One number without a label; None: it is not known.
    pub fn gauge(&mut self, of: Family, value: Option<impl Into<Value>>) -> fmt::Result {
        self.gauges(of, value.map(|value| (Labels::new(), value.into())))
    }

    pub fn gauges<V: Into<Value>>(&mut self, of: Family, all: impl IntoIterator<Item = (Labels, V)>) -> fmt::Result {
        self.write(of, MetricType::Gauge, all, |encoder, value| encoder.encode_gauge(&value.into()))
    }

    pub fn counter(&mut self, of: Family, value: Option<impl Into<Value>>) -> fmt::Result {
        self.counters(of, value.map(|value| (Labels::new(), value.into())))
    }

    /// Numbers that only grow, until a restart.
    pub fn counters<V: Into<Value>>(&mut self, of: Family, all: impl IntoIterator<Item = (Labels, V)>) -> fmt::Result {
        self.write(of, MetricType::Counter, all, |encoder, value| encoder.encode_counter::<NoLabelSet, _, u64>(&value.into(), None))
    }

    /// How long things took, in seconds.
    pub fn times<'t>(&mut self, of: Family, all: impl IntoIterator<Item = (Labels, &'t Taken)>) -> fmt::Result {
        self.write(of.of(SECONDS), MetricType::Histogram, all, |encoder, taken| {
            let bounds = taken.classes.iter().map(|(bound, count)| (bound.map_or(f64::INFINITY, seconds), *count));
            let buckets: Vec<(f64, u64)> = bounds.collect();
            encoder.encode_histogram::<NoLabelSet>(seconds(taken.sum_micros), taken.count(), &buckets, None)
        })
    }

    pub fn info(&mut self, of: Family, labels: Labels) -> fmt::Result {
        self.0.encode_descriptor(of.name, of.help, None, MetricType::Info)?.encode_info(&labels)
    }

    fn write<T>(
        &mut self,
        of: Family,
        kind: MetricType,
        all: impl IntoIterator<Item = (Labels, T)>,
        mut each: impl FnMut(&mut MetricEncoder<'_>, T) -> fmt::Result,
    ) -> fmt::Result {
        let mut all = all.into_iter().peekable();
        if all.peek().is_none() {
            return Ok(());
        }
        let mut encoder = self.0.encode_descriptor(of.name, of.help, of.unit, kind)?;
        for (labels, value) in all {
            if labels.is_empty() {
                each(&mut encoder, value)?;
            } else {
                each(&mut encoder.encode_family(&labels)?, value)?;
            }
        }
        Ok(())
    }
}

/// Microseconds as seconds.
fn seconds(micros: u64) -> f64 {
    std::time::Duration::from_micros(micros).as_secs_f64()
}
