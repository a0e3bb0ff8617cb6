//! What of a result is told, and when.

use super::*;

fn exact(phi: Option<f64>) -> ExactPhi {
    let of = Observation { nodes: Part::ALL.to_vec(), state: [true, false, false, true, false, false], tables: Vec::new(), samples: 900 };
    let (from, to) = (vec![Part::Memory], Part::ALL.into_iter().filter(|part| *part != Part::Memory).collect());
    ExactPhi { at: Timestamp::from_micros(1_795_000_000_000_000), phi, from, to, concepts: 6, of, took_millis: 7, phi_g: None, phi_r: None }
}

#[test]
fn only_what_a_person_would_notice_is_news() {
    let told = exact(Some(1.0));
    assert!(!is_news(&told, &ExactPhi { phi: Some(1.04), took_millis: 9, ..told.clone() }));
    assert!(is_news(&told, &ExactPhi { phi: Some(1.06), ..told.clone() }));
    assert!(is_news(&told, &ExactPhi { phi: None, ..told.clone() }));
    assert!(is_news(&told, &ExactPhi { from: vec![Part::Soul], ..told.clone() }));
    assert!(!is_news(&told, &ExactPhi { at: told.at.plus_seconds(3_599), ..told.clone() }));
    assert!(is_news(&told, &ExactPhi { at: told.at.plus_seconds(3_600), ..told.clone() }));
    let small = exact(Some(0.001));
    assert!(!is_news(&small, &ExactPhi { phi: Some(0.01), ..small.clone() }), "a tenfold of next to nothing");
}

#[test]
fn a_result_says_what_it_is_and_what_of() {
    let expected = json!({
        "phi": 0.25, "unit": "none", "method": "iit_3.0", "distance": "EMD", "tpm_source": "observed",
        "from": ["memory"], "to": ["perception", "conscience", "soul", "workspace", "phoenix"],
        "cut": "least is lost where memory → rest is cut", "concepts": 6,
        "nodes": ["perception", "conscience", "soul", "memory", "workspace", "phoenix"], "on": ["perception", "memory"],
        "samples": 900, "took_ms": 7, "at": "2026-11-18T11:06:40.000000Z",
    });
    assert_eq!(view(&exact(Some(0.25))), expected);
    let late = view(&exact(None));
    assert_eq!((&late["phi"], &late["why"]), (&Value::Null, &json!("there was no time to look at all cuts")));
    assert_eq!(cut(0.0, &[], &[]), "nothing is lost: they do not act on each other as one");
    assert_eq!(cut(0.0, &[Part::Soul, Part::Memory], &[Part::Phoenix]), "nothing is lost where rest → phoenix is cut");
}
