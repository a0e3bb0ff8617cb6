//! What the search may turn, and where it begins.

use jamey::soul::SeriesSettings;

/// The settings in use when the objective was written.
pub const FIRST: SeriesSettings = SeriesSettings {
    leap_deviations: 8.0,
    leap_reach: 2.0,
    least: 1.0,
    range_margin: 0.5,
    range_deviations: 8.0,
    noise_deviations: 4.0,
    noise_reach: 1.0,
    back_deviations: 4.0,
    back_part: 0.25,
    calm_deviations: 4.0,
    stuck_times: 4.0,
    drift_allowance: 1.25,
    drift_threshold: 10.0,
    level_share: 0.25,
    reach_growth: 0.1,
};

pub type Knob = (&'static str, fn(&mut SeriesSettings) -> &mut f64, &'static [f64]);

pub const KNOBS: [Knob; 15] = [
    ("least", |s| &mut s.least, &[0.5, 0.75, 1.0, 1.25, 1.5, 2.0]),
    ("leap_deviations", |s| &mut s.leap_deviations, &[5.0, 6.0, 8.0, 10.0, 12.0]),
    ("leap_reach", |s| &mut s.leap_reach, &[1.25, 1.5, 2.0, 2.5, 3.0, 4.0]),
    ("calm_deviations", |s| &mut s.calm_deviations, &[2.0, 3.0, 4.0, 6.0]),
    ("back_deviations", |s| &mut s.back_deviations, &[2.0, 3.0, 4.0, 6.0]),
    ("back_part", |s| &mut s.back_part, &[0.05, 0.1, 0.15, 0.25, 0.35]),
    ("level_share", |s| &mut s.level_share, &[0.15, 0.2, 0.25, 0.35, 0.5]),
    ("reach_growth", |s| &mut s.reach_growth, &[0.05, 0.1, 0.2, 0.4]),
    ("range_margin", |s| &mut s.range_margin, &[0.25, 0.35, 0.5, 0.75]),
    ("range_deviations", |s| &mut s.range_deviations, &[6.0, 8.0, 12.0]),
    ("noise_deviations", |s| &mut s.noise_deviations, &[3.0, 4.0, 5.0]),
    ("noise_reach", |s| &mut s.noise_reach, &[0.75, 1.0, 1.25]),
    ("stuck_times", |s| &mut s.stuck_times, &[3.0, 4.0, 5.0]),
    ("drift_allowance", |s| &mut s.drift_allowance, &[1.0, 1.25, 1.5]),
    ("drift_threshold", |s| &mut s.drift_threshold, &[8.0, 10.0, 12.0]),
];
