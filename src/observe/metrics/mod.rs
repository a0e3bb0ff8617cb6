//! Jamey's figures as Prometheus reads them: plain numbers in, text out. It gathers nothing and waits for nobody.

mod figures;
mod house;
mod memory;
mod mind;
mod outside;
mod sheet;

#[cfg(test)]
mod tests;

pub use figures::{
    AlertNow, Bridge, Courier, Entities, Expiry, Figures, House, Index, Memory, Mind, Mission, Phi, Recall, Receiver, Repository, Store,
    Traffic, Trust,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, prometheus_text, text},
    registry::Registry,
};
use sheet::Sheet;
use std::{fmt, sync::Arc};

/// As what the figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.0.
    Open,
    /// Prometheus text 0.0.4.
    Plain,
}

impl Format {
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Open => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => prometheus_text::CONTENT_TYPE,
        }
    }

    /// What an `Accept` header asks for: OpenMetrics only where it is named and not liked less than plain text (RFC 9110, section 12.5.1).
    #[must_use]
    pub fn asked(accept: &str) -> Self {
        let liking = |of: &str| {
            let ranges = accept.split(',').map(|range| range.split(';').map(str::trim));
            ranges
                .filter_map(|mut words| {
                    let is_it = words.next().is_some_and(|kind| kind.eq_ignore_ascii_case(of));
                    let weight = words.find_map(|word| word.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f64>().ok());
                    is_it.then_some(weight?)
                })
                .fold(0.0, f64::max)
        };
        let open = liking("application/openmetrics-text");
        if open > 0.0 && open >= liking("text/plain") { Self::Open } else { Self::Plain }
    }
}

/// The figures as text.
///
/// # Errors
/// Never, as far as is known: writing to memory does not fail.
pub fn encode(figures: Figures, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    let bytes = 32 * 1_024 + figures.entities.listed.len() * 256;
    registry.register_collector(Box::new(Told(Arc::new(figures))));
    let mut out = String::with_capacity(bytes);
    match format {
        Format::Open => text::encode(&mut out, &registry)?,
        Format::Plain => prometheus_text::encode(&mut out, &registry)?,
    }
    Ok(out)
}

#[derive(Debug)]
struct Told(Arc<Figures>);

impl Collector for Told {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (figures, mut sheet) = (&*self.0, Sheet::new(encoder));
        house::house(&figures.house, &mut sheet)?;
        house::traffic(&figures.traffic, &mut sheet)?;
        memory::store(&figures.store, &mut sheet)?;
        memory::memory(&figures.memory, &mut sheet)?;
        mind::mind(&figures.mind, &mut sheet)?;
        mind::phi(&figures.phi, &mut sheet)?;
        mind::missions(&figures.missions, &mut sheet)?;
        mind::entities(&figures.entities, &mut sheet)?;
        outside::alerts(&figures.alerts, figures.more_alerts, &mut sheet)?;
        outside::certificates(&figures.certificates, &mut sheet)?;
        outside::repositories(&figures.repositories, &mut sheet)?;
        outside::courier(figures.courier.as_ref(), &mut sheet)?;
        outside::bridges(&figures.bridges, &mut sheet)?;
        outside::requests(&figures.requests, &mut sheet)
    }
}
