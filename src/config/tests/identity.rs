//! Who Jamey is meant to be: `[identity]`.

use super::{config, lines};
use crate::domain::{Act, limits};

#[test]
fn roles_have_names_of_ones_own_once_each_act_has_one() {
    let text = "[identity]\nhome_signal = \"\"\nnight_from = 0\nnight_until = 5\ndrift = 1\n[identity.charter]\nwatch = 5\nhost = 0.5\n[identity.acts]\n";
    let acts: String = Act::ALL.iter().map(|act| format!("{} = \"watch\"\n", act.as_str())).collect();
    let c = config(&format!("{text}{acts}")).identity;
    assert_eq!((c.charter["watch"], c.charter["host"], c.charter.len()), (5.0, 0.5, 2));
    assert_eq!((c.role_of(Act::Word), c.night_until, c.home_signal.as_str()), (Some("watch"), 5, ""));
    let one = config("[identity.acts]\nword = \"guardian\"").identity;
    assert_eq!((one.role_of(Act::Word), one.role_of(Act::Met)), (Some("guardian"), Some("learner")), "the others stay");
}

#[test]
fn what_is_out_of_range_is_told_word_for_word() {
    let one = |text: &str, told: &str| assert_eq!(lines(text), [told]);
    one("[identity]\nnight_from = 24", "identity.night_from (j.toml:2): found 24; write a whole number from 0 to 23");
    one(
        "[identity]\nnight_from = 6",
        "identity.night_until (j.toml:1): found 6, the hour at which night begins; write another, such as `night_until = 6`",
    );
    one("[identity]\ndrift = 0.009", "identity.drift (j.toml:2): found 0.009; write a number from 0.01 to 1");
    one(
        "[identity]\nhome_signal = \"in_c\"",
        "identity.home_signal (j.toml:2): found \"in_c\", which is no signal that is true or false; write one of home, asleep, smoke, co, leak, \
         intruder, maintenance, or \"\" for none",
    );
    one(
        "[identity.charter]\nguardian = 0.4\ncaretaker = 1",
        "identity.charter.guardian (j.toml:2): found 0.4; write a number from 0.5 to 1000",
    );
    one(
        "[identity.charter]\nGuardian = 1\ncaretaker = 1",
        "identity.charter.Guardian (j.toml:2): found 1; write a role as a letter a-z, then up to 31 of a-z, 0-9 and `_`, with its weight, such as \
         `guardian = 2.0`",
    );
    one(
        "[identity.charter]\nguardian = 1",
        "identity.charter (j.toml:1): found 1 roles; write 2 to 8, each with its weight, such as `guardian = 2.0`",
    );
    one("[identity.acts]\ndennied = \"guardian\"", "identity.acts.dennied (j.toml:2): no such act; did you mean `denied`?");
    one(
        "[identity.acts]\ndreamt_a_lot = \"guardian\"",
        "identity.acts.dreamt_a_lot (j.toml:2): no such act; remove it. There are denied, held, alarmed, forged, allowed, released, due, silent, kept, odd, \
         met, related, moved, word",
    );
    one(
        "[identity.acts]\ndenied = \"warden\"",
        "identity.acts.denied (j.toml:2): found \"warden\", which is no role of the charter; write one of \"caretaker\", \"guardian\", \
         \"learner\", \"observer\"",
    );
    one(
        "[identity.acts]\ndenied = 1",
        "identity.acts.denied (j.toml:2): found 1; write the name of a role in quotes, such as \"guardian\"",
    );
}

#[test]
fn one_role_past_the_limit_is_refused() {
    let own = |n: usize| {
        let more: String = (4..n).map(|i| format!("r{i} = 1000\n")).collect();
        lines(&format!("[identity.charter]\nguardian = 1\ncaretaker = 1\nobserver = 1\nlearner = 1\n{more}"))
    };
    assert_eq!(own(limits::ROLES), [""; 0]);
    assert_eq!(
        own(limits::ROLES + 1),
        ["identity.charter (j.toml:1): found 9 roles; write 2 to 8, each with its weight, such as `guardian = 2.0`"]
    );
}
