//! The names of the emotions that an appraisal can yield, with their place in mood space and their half-lives. A table, no state.

use serde::{Deserialize, Serialize};

/// The OCC emotions (Ortony, Clore, Collins 1988).
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Emotion {
    Hope,
    Fear,
    Satisfaction,
    FearsConfirmed,
    Relief,
    Disappointment,
    Joy,
    Distress,
    HappyFor,
    Pity,
    Resentment,
    Gloating,
    Admiration,
    Reproach,
    Pride,
    Shame,
    Gratitude,
    Anger,
    Gratification,
    Remorse,
}

/// Pleasure, arousal and dominance, each in [-1, 1] (Mehrabian 1996).
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug, Default)]
pub struct Pad {
    pub pleasure: f64,
    pub arousal: f64,
    pub dominance: f64,
}

impl Pad {
    #[must_use]
    pub const fn new(pleasure: f64, arousal: f64, dominance: f64) -> Self {
        Self { pleasure, arousal, dominance }
    }

    /// self + (other − self)·share, dimension by dimension.
    #[must_use]
    pub fn towards(self, other: Self, share: f64) -> Self {
        let mix = |from: f64, to: f64| from + (to - from) * share;
        Self::new(mix(self.pleasure, other.pleasure), mix(self.arousal, other.arousal), mix(self.dominance, other.dominance))
    }

    /// The octant's name (Gebhard 2005, table 1); zero counts as positive.
    #[must_use]
    pub fn octant(self) -> &'static str {
        match (self.pleasure >= 0.0, self.arousal >= 0.0, self.dominance >= 0.0) {
            (true, true, true) => "exuberant",
            (true, true, false) => "dependent",
            (true, false, true) => "relaxed",
            (true, false, false) => "docile",
            (false, true, true) => "hostile",
            (false, true, false) => "anxious",
            (false, false, true) => "disdainful",
            (false, false, false) => "bored",
        }
    }

    /// Thirds of the longest possible mood, √3 (Gebhard 2005).
    #[must_use]
    pub fn strength(self) -> &'static str {
        let square = self.pleasure * self.pleasure + self.arousal * self.arousal + self.dominance * self.dominance;
        match libm::sqrt(square / 3.0) {
            x if x < 1.0 / 3.0 => "slight",
            x if x < 2.0 / 3.0 => "moderate",
            _ => "full",
        }
    }

    #[must_use]
    pub fn is_sound(self) -> bool {
        [self.pleasure, self.arousal, self.dominance].iter().all(|x| (-1.0..=1.0).contains(x))
    }
}

impl Emotion {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hope => "hope",
            Self::Fear => "fear",
            Self::Satisfaction => "satisfaction",
            Self::FearsConfirmed => "fears_confirmed",
            Self::Relief => "relief",
            Self::Disappointment => "disappointment",
            Self::Joy => "joy",
            Self::Distress => "distress",
            Self::HappyFor => "happy_for",
            Self::Pity => "pity",
            Self::Resentment => "resentment",
            Self::Gloating => "gloating",
            Self::Admiration => "admiration",
            Self::Reproach => "reproach",
            Self::Pride => "pride",
            Self::Shame => "shame",
            Self::Gratitude => "gratitude",
            Self::Anger => "anger",
            Self::Gratification => "gratification",
            Self::Remorse => "remorse",
        }
    }

    /// What happened, in words that claim no feeling; the cause's name follows.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Hope => "better prospects because of",
            Self::Fear => "worse prospects because of",
            Self::Satisfaction => "expected success through",
            Self::FearsConfirmed => "expected setback through",
            Self::Relief => "threat ended by",
            Self::Disappointment => "hoped-for success lost through",
            Self::Joy => "success caused by",
            Self::Distress => "setback caused by",
            Self::HappyFor => "good fortune of one well regarded, through",
            Self::Pity => "misfortune of one well regarded, through",
            Self::Resentment => "good fortune of one badly regarded, through",
            Self::Gloating => "misfortune of one badly regarded, through",
            Self::Admiration => "good conduct of",
            Self::Reproach => "misconduct of",
            Self::Pride => "own good conduct towards",
            Self::Shame => "own misconduct towards",
            Self::Gratitude => "help from",
            Self::Anger => "harm from",
            Self::Gratification => "own help to",
            Self::Remorse => "own harm to",
        }
    }

    /// What it says of the one who caused it, in [-1, 1]: its conduct wholly, what came of it by half, Jamey's own acts nothing.
    #[must_use]
    pub fn regard(self) -> f64 {
        match self {
            Self::Admiration | Self::Gratitude => 1.0,
            Self::Hope | Self::Satisfaction | Self::Relief | Self::Joy | Self::HappyFor => 0.5,
            Self::Fear | Self::FearsConfirmed | Self::Disappointment | Self::Distress | Self::Pity => -0.5,
            Self::Reproach | Self::Anger => -1.0,
            Self::Resentment | Self::Gloating | Self::Pride | Self::Shame | Self::Gratification | Self::Remorse => 0.0,
        }
    }

    /// Prospects fade in 120 s, well-being in 300 s, attribution in 900 s.
    #[must_use]
    pub fn half_life_seconds(self) -> f64 {
        match self {
            Self::Hope | Self::Fear | Self::Satisfaction | Self::FearsConfirmed | Self::Relief | Self::Disappointment => 120.0,
            Self::Joy | Self::Distress | Self::HappyFor | Self::Pity | Self::Resentment | Self::Gloating => 300.0,
            Self::Admiration | Self::Reproach | Self::Pride | Self::Shame => 900.0,
            Self::Gratitude | Self::Anger | Self::Gratification | Self::Remorse => 900.0,
        }
    }

    /// Where it draws the mood: ALMA's table (Gebhard 2005, table 2).
    #[must_use]
    pub fn pad(self) -> Pad {
        match self {
            Self::Admiration => Pad::new(0.5, 0.3, -0.2),
            Self::Anger => Pad::new(-0.51, 0.59, 0.25),
            Self::Disappointment => Pad::new(-0.3, 0.1, -0.4),
            Self::Distress | Self::Pity => Pad::new(-0.4, -0.2, -0.5),
            Self::Fear => Pad::new(-0.64, 0.6, -0.43),
            Self::FearsConfirmed => Pad::new(-0.5, -0.3, -0.7),
            Self::Gloating => Pad::new(0.3, -0.3, -0.1),
            Self::Gratification => Pad::new(0.6, 0.5, 0.4),
            Self::Gratitude => Pad::new(0.4, 0.2, -0.3),
            Self::HappyFor => Pad::new(0.4, 0.2, 0.2),
            Self::Hope => Pad::new(0.2, 0.2, -0.1),
            Self::Joy => Pad::new(0.4, 0.2, 0.1),
            Self::Pride => Pad::new(0.4, 0.3, 0.3),
            Self::Relief => Pad::new(0.2, -0.3, 0.4),
            Self::Remorse | Self::Shame => Pad::new(-0.3, 0.1, -0.6),
            Self::Reproach => Pad::new(-0.3, -0.1, 0.4),
            Self::Resentment => Pad::new(-0.2, -0.3, -0.2),
            Self::Satisfaction => Pad::new(0.3, -0.2, 0.4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_emotion_lies_where_alma_puts_it() {
        let table = [
            (Emotion::Admiration, [0.5, 0.3, -0.2], "dependent"),
            (Emotion::Anger, [-0.51, 0.59, 0.25], "hostile"),
            (Emotion::Disappointment, [-0.3, 0.1, -0.4], "anxious"),
            (Emotion::Distress, [-0.4, -0.2, -0.5], "bored"),
            (Emotion::Fear, [-0.64, 0.6, -0.43], "anxious"),
            (Emotion::FearsConfirmed, [-0.5, -0.3, -0.7], "bored"),
            (Emotion::Gloating, [0.3, -0.3, -0.1], "docile"),
            (Emotion::Gratification, [0.6, 0.5, 0.4], "exuberant"),
            (Emotion::Gratitude, [0.4, 0.2, -0.3], "dependent"),
            (Emotion::HappyFor, [0.4, 0.2, 0.2], "exuberant"),
            (Emotion::Hope, [0.2, 0.2, -0.1], "dependent"),
            (Emotion::Joy, [0.4, 0.2, 0.1], "exuberant"),
            (Emotion::Pity, [-0.4, -0.2, -0.5], "bored"),
            (Emotion::Pride, [0.4, 0.3, 0.3], "exuberant"),
            (Emotion::Relief, [0.2, -0.3, 0.4], "relaxed"),
            (Emotion::Remorse, [-0.3, 0.1, -0.6], "anxious"),
            (Emotion::Reproach, [-0.3, -0.1, 0.4], "disdainful"),
            (Emotion::Resentment, [-0.2, -0.3, -0.2], "bored"),
            (Emotion::Satisfaction, [0.3, -0.2, 0.4], "relaxed"),
            (Emotion::Shame, [-0.3, 0.1, -0.6], "anxious"),
        ];
        for (emotion, [p, a, d], octant) in table {
            assert_eq!(emotion.pad(), Pad::new(p, a, d), "{emotion:?}");
            assert_eq!(emotion.pad().octant(), octant, "{emotion:?}");
            assert_eq!(serde_json::to_value(emotion).unwrap(), emotion.as_str());
        }
    }

    #[test]
    fn every_octant_has_its_name() {
        for (signs, octant) in [
            ([1.0, 1.0, 1.0], "exuberant"),
            ([-1.0, -1.0, -1.0], "bored"),
            ([1.0, 1.0, -1.0], "dependent"),
            ([-1.0, -1.0, 1.0], "disdainful"),
            ([1.0, -1.0, 1.0], "relaxed"),
            ([-1.0, 1.0, -1.0], "anxious"),
            ([1.0, -1.0, -1.0], "docile"),
            ([-1.0, 1.0, 1.0], "hostile"),
        ] {
            let [p, a, d] = signs.map(|s| s * 0.2);
            assert_eq!(Pad::new(p, a, d).octant(), octant);
        }
        assert_eq!(Pad::default().octant(), "exuberant", "zero counts as positive");
    }

    #[test]
    fn what_alma_has_besides_is_about_things_and_not_about_events() {
        // Of ALMA's 24 emotions these four are no appraisal of an event; their places hold the octants to the table all the same.
        for (pad, octant) in [
            (Pad::new(-0.4, 0.2, 0.1), "hostile"),     // disliking
            (Pad::new(-0.6, 0.6, 0.3), "hostile"),     // hate
            (Pad::new(0.4, 0.16, -0.24), "dependent"), // liking
            (Pad::new(0.3, 0.1, 0.2), "exuberant"),    // love
        ] {
            assert_eq!(pad.octant(), octant);
        }
    }

    #[test]
    fn strength_goes_by_thirds() {
        assert_eq!(Pad::default().strength(), "slight");
        assert_eq!(Pad::new(0.5, 0.5, 0.5).strength(), "moderate");
        assert_eq!(Pad::new(-1.0, 1.0, 1.0).strength(), "full");
    }
}
