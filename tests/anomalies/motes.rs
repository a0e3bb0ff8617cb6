//! Four sensors of a laboratory each time, with what was done to two of them: S. Suthaharan et al., "Labelled data collection for anomaly detection in
//! wireless sensor networks" (2010), as packed by npm. `tests/run` fetches it; it is no part of the project.

/// One reading, each five seconds after the one before it.
pub struct Reading {
    pub humidity: f64,
    pub temperature: f64,
    pub odd: bool,
}

/// The readings of a mote, 1 to 4; the file is `single-hop` or `multi-hop`.
pub fn mote(file: &str, of: u32) -> Vec<Reading> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/data/suthaharan-{file}.csv"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{} cannot be read ({e}): run `tests/fetch-data all`, which gets it by npm", path.display()));
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').map(|n| n.trim_matches('"')).collect();
    let place = |name: &str| names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("{} has no column {name}", path.display()));
    let (id, humidity, temperature, label) = (place("mote_id"), place("humidity"), place("temperature"), place("label"));
    let rows = lines.map(|line| line.split(',').map(|x| x.parse().unwrap()).collect::<Vec<f64>>());
    rows.filter(|r| r[id] == f64::from(of))
        .map(|r| Reading { humidity: r[humidity], temperature: r[temperature], odd: r[label] == 1.0 })
        .collect()
}
