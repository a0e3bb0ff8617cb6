//! What is said of a rule file that is wrong: what, where, and what would be right; in one line, or with the source and a caret under it.

use std::fmt;

/// Why a rule set was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RuleError {
    pub file: String,
    pub rule: Option<String>,
    /// From 1.
    pub line: Option<usize>,
    /// From 1, in characters.
    pub column: Option<usize>,
    pub message: String,
    /// The line as it stands there; not part of a program's answer.
    pub shown: Option<Box<Shown>>,
}

/// A line of a file, and how much of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The line, or the part of a long one around the place.
    pub text: String,
    /// Characters before the place.
    pub before: usize,
    /// Characters meant, at least one.
    pub width: usize,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub line: usize,
    pub column: usize,
    pub shown: Shown,
}

impl RuleError {
    /// A complaint about a file as a whole.
    #[must_use]
    pub fn plain(file: &str, message: impl Into<String>) -> Self {
        Self::of(file, None, message)
    }

    /// A complaint about no place in particular.
    pub(super) fn of(file: &str, rule: Option<&str>, message: impl Into<String>) -> Self {
        let rule = rule.map(|id| id.chars().take(64).collect());
        Self { file: file.to_owned(), rule, line: None, column: None, message: message.into(), shown: None }
    }

    pub(super) fn at(self, spot: &Spot) -> Self {
        Self { line: Some(spot.line), column: Some(spot.column), shown: Some(Box::new(spot.shown.clone())), ..self }
    }

    /// The complaint with the line of the file below it, and a caret where it begins.
    #[must_use]
    pub fn picture(&self) -> String {
        let mut place = self.file.clone();
        for number in [self.line, self.column].into_iter().flatten() {
            place.push_str(&format!(":{number}"));
        }
        if let Some(rule) = &self.rule {
            place.push_str(&format!(", rule `{rule}`"));
        }
        let number = self.line.unwrap_or_default().to_string();
        let margin = " ".repeat(number.len());
        let mut out = format!("error: {}\n{margin}--> {place}\n", self.message);
        if let (Some(shown), Some(_)) = (&self.shown, self.line) {
            let (before, carets) = (" ".repeat(shown.before), "^".repeat(shown.width));
            out.push_str(&format!("{margin} |\n{number} | {}\n{margin} | {before}{carets}\n", shown.text));
        }
        out
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if let Some(rule) = &self.rule {
            write!(f, ": rule `{rule}`")?;
        }
        write!(f, ": {}", self.message)
    }
}
