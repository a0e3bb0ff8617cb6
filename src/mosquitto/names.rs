//! Which names of mosquitto's users can be users here. They stay as they are, upper case and all, for devices say them; but each is an entity of
//! its own, so no two may become the same one.

use super::roles::COMMON;
use crate::domain::EntityId;

/// # Errors
/// In words, when nobody can sign in under that name here.
pub fn check(name: &str) -> Result<(), &'static str> {
    if name.starts_with('$') {
        Err("names that begin with `$` are Jamey's own: give this one another name")
    } else if EntityId::escaped(name) == EntityId::anonymous() {
        Err("Jamey calls so who has no name: give this one another name")
    } else if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) || name.contains(['+', '#', '/']) {
        Err("no name of a user here: write up to 64 bytes without `+`, `#` and `/`")
    } else {
        Ok(())
    }
}

/// As whom Jamey knows a user: in lower case, and what else an entity's name has.
#[must_use]
pub fn entity(name: &str) -> EntityId {
    EntityId::escaped(name)
}

/// The name of a role of that user's own.
#[must_use]
pub fn role(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    format!("{COMMON}_{}", entity(name).as_str().chars().map(letter).collect::<String>())
}

/// Whether a role is one that an import makes.
#[must_use]
pub fn is_role(name: &str) -> bool {
    name.strip_prefix(COMMON).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_devices_say_them() {
        for good in ["anna", "DVES_USER", "anna@home", "Porch Camera", "über"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "$jamey", "anonymous", "Anonymous", "a/b", "+", "#", "a\u{7}", &"a".repeat(65)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
