//! The numbers by which a numeric series is judged, in one place, so that a search can vary them and everybody else cannot.

/// From where on something is odd, and from where on it is not any more. σ is the winsorised root mean square of a series' departures.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// A leap: so many σ from the level,
    pub leap_deviations: f64,
    /// and so many times the greatest departure of the last weeks,
    pub leap_reach: f64,
    /// and no less than so many times what opening a window does.
    pub least: f64,
    /// Out of range: outside the range of the last weeks by so much of its width, and by so many σ.
    pub range_margin: f64,
    pub range_deviations: f64,
    /// Noise: the last eight departures together are so many σ, and so many times the greatest single one.
    pub noise_deviations: f64,
    pub noise_reach: f64,
    /// Back at the level: within so many σ, at once; within this part of how far it was away, as far as a level wanders.
    pub back_deviations: f64,
    pub back_part: f64,
    /// It moves as usual: its departure from where it is now is at most so many σ.
    pub calm_deviations: f64,
    /// Stuck: a run so many times as long as the longest.
    pub stuck_times: f64,
    /// Drift: the allowance and the threshold of the CUSUM of days, in deviations of a day.
    pub drift_allowance: f64,
    pub drift_threshold: f64,
    /// The level follows this share of each departure.
    pub level_share: f64,
    /// A judged series' greatest departure grows by so much of itself a reading, so that an excursion is not its own example.
    pub reach_growth: f64,
}

impl Settings {
    /// What every series is judged by; docs/soul.md tells how it was chosen.
    pub const CHOSEN: Self = Self {
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
}
