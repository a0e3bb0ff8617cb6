//! A series that is told in another unit from now on: the house did not change, and neither did the sensor's truth.

/// How a value becomes the same in another unit: new = factor·old + shift.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct UnitMap {
    pub words: &'static str,
    pub factor: f64,
    pub shift: f64,
    of_temperature: bool,
}

/// Readings in a row that must fit before it is believed; as long nothing is said. Two temperatures that map onto each other are no
/// chance; that a load is ten times another may be.
const CONFIRMED_TEMPERATURE: u8 = 3;
const CONFIRMED_FACTOR: u8 = 8;
/// What is let pass must be this small against the change, or anything would fit.
const TELLING: f64 = 0.2;

const fn t(words: &'static str, factor: f64, shift: f64) -> UnitMap {
    UnitMap { words, factor, shift, of_temperature: true }
}

const fn by(words: &'static str, factor: f64) -> UnitMap {
    UnitMap { words, factor, shift: 0.0, of_temperature: false }
}

const MAPS: [UnitMap; 11] = [
    t("°C to °F", 1.8, 32.0),
    t("°F to °C", 1.0 / 1.8, -32.0 / 1.8),
    t("°C to K", 1.0, 273.15),
    t("K to °C", 1.0, -273.15),
    t("°F to K", 1.0 / 1.8, 273.15 - 32.0 / 1.8),
    by("ten times the number", 10.0),
    by("a hundred times the number", 100.0),
    by("a thousand times the number", 1000.0),
    by("a tenth of the number", 0.1),
    by("a hundredth of the number", 0.01),
    by("a thousandth of the number", 0.001),
];

impl UnitMap {
    #[must_use]
    pub fn apply(&self, x: f64) -> f64 {
        self.factor * x + self.shift
    }

    #[must_use]
    pub fn confirmed_after(&self) -> u8 {
        if self.of_temperature { CONFIRMED_TEMPERATURE } else { CONFIRMED_FACTOR }
    }

    /// The same value in the old unit.
    #[must_use]
    pub fn back(&self, x: f64) -> f64 {
        (x - self.shift) / self.factor
    }

    /// Whether a value is the old level in the new unit, but for a `slack` in the old one.
    #[must_use]
    pub fn fits(&self, level: f64, slack: f64, x: f64) -> bool {
        let tolerance = self.factor * slack + 0.005 * x.abs();
        (x - self.apply(level)).abs() <= tolerance && tolerance <= TELLING * (x - level).abs()
    }
}

/// The map that a value would fit, by its place in the table.
#[must_use]
pub fn suspect(level: f64, slack: f64, x: f64, of_temperature: bool) -> Option<u8> {
    (0..).zip(&MAPS).find(|(_, map)| map.of_temperature == of_temperature && map.fits(level, slack, x)).map(|(place, _)| place)
}

#[must_use]
pub fn map(place: u8) -> Option<&'static UnitMap> {
    MAPS.get(usize::from(place))
}
