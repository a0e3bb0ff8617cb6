//! Reads rule files: TOML to rules with checked terms, each complaint with its line and column.

use super::check::Checker;
use super::cost;
use super::example::Example;
use super::names::{self, Signal};
use super::rule::{Duty, Kind, Rule, RuleError};
use super::term::Term;
use crate::domain::limits;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A rule as read, with the terms it is evaluated by.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub rule: Rule,
    pub when: Term,
    pub degree: Option<Term>,
    pub line: usize,
    /// Where each `overrides` entry stands.
    pub overrides_at: Vec<(usize, usize)>,
}

/// The largest file: 512 rules of a page each.
const FILE_BYTES: usize = 2 * 1024 * 1024;
/// Examples of one rule: they are run at every load.
const EXAMPLES: usize = 64;
/// `says` and `source` of a rule, in characters: reasons repeat the sentence, and a reason is read on a telephone.
pub(super) const SENTENCE_CHARS: usize = 160;
/// Open brackets in an expression; the parser's time grows steeply with them, and people stop at four.
const NESTING: usize = 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: Spanned<String>,
    duty: Duty,
    kind: Kind,
    polarity: Spanned<i64>,
    weight: Spanned<f64>,
    severity: Spanned<f64>,
    when: Spanned<String>,
    degree: Option<Spanned<String>>,
    #[serde(default)]
    overrides: Vec<Spanned<String>>,
    #[serde(default)]
    learnable: Option<bool>,
    says: Option<Spanned<String>>,
    source: Option<Spanned<String>>,
    #[serde(default)]
    examples: Vec<Example>,
}

/// One file and what was found wrong in it.
struct File<'a> {
    name: &'a str,
    text: &'a str,
    ids: &'a mut Ids,
    errors: &'a mut Vec<RuleError>,
}

/// Every id seen, also of rules that are not whole, with its file and line.
pub(super) type Ids = BTreeMap<String, (String, usize)>;

/// Reads one file, adds its ids to `ids` and what is wrong to `errors`, and gives the rules that are whole.
pub(super) fn read(name: &str, text: &str, signals: &[Signal], ids: &mut Ids, errors: &mut Vec<RuleError>) -> Vec<Read> {
    let mut file = File { name, text, ids, errors };
    if text.len() > FILE_BYTES {
        file.wrong(None, None, format!("a rule file has at most {FILE_BYTES} bytes"));
        return Vec::new();
    }
    let (table, problems) = DeTable::parse_recoverable(text);
    for problem in problems.iter().take(16) {
        file.wrong(None, problem.span().map(|s| s.start), format!("not TOML: {}", problem.message()));
    }
    if !problems.is_empty() {
        return Vec::new();
    }
    let mut rules = Vec::new();
    for (key, value) in table.into_inner() {
        let at = key.span().start;
        match value.into_inner() {
            DeValue::Array(items) if key.get_ref() == "rule" => {
                if items.len() > limits::RULES {
                    file.wrong(None, Some(at), format!("a set has at most {} rules and here are {}", limits::RULES, items.len()));
                    return Vec::new();
                }
                rules.extend(items.into_iter().filter_map(|item| file.rule(item, signals)));
            }
            _ => {
                let hint = names::hint(key.get_ref(), ["[[rule]]"]);
                file.wrong(None, Some(at), format!("`{}` has no place in a rule file{hint}", key.get_ref()));
            }
        }
    }
    rules
}

impl File<'_> {
    fn wrong(&mut self, rule: Option<&str>, at: Option<usize>, message: String) {
        let (line, column) = at.map(|at| place(self.text, at)).unzip();
        self.errors.push(RuleError { file: self.name.to_owned(), rule: rule.map(short), line, column, message });
    }

    fn rule(&mut self, item: Spanned<DeValue<'_>>, signals: &[Signal]) -> Option<Read> {
        let start = item.span().start;
        let said = item.get_ref().get("id").and_then(|v| v.get_ref().as_str()).map(str::to_owned);
        if let Some(id) = &said {
            let line = place(self.text, start).0;
            if let Some((file, first)) = self.ids.insert(id.clone(), (self.name.to_owned(), line)) {
                self.wrong(Some(id), Some(start), format!("this id is taken already, in {file} line {first}; give it another"));
            }
        }
        let raw = match Raw::deserialize(ValueDeserializer::from(item)) {
            Ok(raw) => raw,
            Err(e) => {
                let at = e.span().map_or(start, |s| s.start);
                self.wrong(said.as_deref(), Some(at), e.message().to_owned());
                return None;
            }
        };
        let before = self.errors.len();
        let id = raw.id.get_ref().clone();
        let named = id.len() <= 64 && !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let checks = [
            (named, raw.id.span(), "an id has 1 to 64 letters, digits, `-`, `_` and `.`"),
            (matches!(raw.polarity.get_ref(), -1 | 1), raw.polarity.span(), "`polarity` is 1 (speaks for it) or -1 (against it)"),
            ((0.0..=10.0).contains(raw.weight.get_ref()), raw.weight.span(), "`weight` is from 0 to 10"),
            ((0.0..=1.0).contains(raw.severity.get_ref()), raw.severity.span(), "`severity` is from 0 to 1"),
            (raw.kind != Kind::Veto || *raw.polarity.get_ref() == -1, raw.polarity.span(), "a veto speaks against: `polarity` is -1"),
            (raw.examples.len() <= EXAMPLES, start..start, "a rule has at most 64 examples"),
            (!(raw.kind == Kind::Veto && raw.learnable == Some(true)), start..start, "a veto is not learnable"),
        ];
        for (_, span, message) in checks.into_iter().filter(|c| !c.0) {
            self.wrong(Some(&id), Some(span.start), message.to_owned());
        }
        for (key, sentence) in [("says", &raw.says), ("source", &raw.source)] {
            if let Some(sentence) = sentence.as_ref().filter(|s| !is_sentence(s.get_ref())) {
                let message = format!("`{key}` is one line of 1 to {SENTENCE_CHARS} characters");
                self.wrong(Some(&id), Some(sentence.span().start), message);
            }
        }
        for example in &raw.examples {
            for name in example.ctx.keys().filter(|n| !signals.iter().any(|s| s.name == **n)) {
                let hint = names::hint(name, signals.iter().map(|s| s.name.as_str()));
                self.wrong(Some(&id), Some(start), format!("example `{}`: `ctx.{name}` is not a declared signal{hint}", example.name));
            }
        }
        let when = self.term(&id, "when", &raw.when, signals);
        let degree = raw.degree.as_ref().map(|d| self.term(&id, "degree", d, signals));
        if self.errors.len() > before {
            return None;
        }
        let rule = Rule {
            file: self.name.to_owned(),
            duty: raw.duty,
            kind: raw.kind,
            polarity: if *raw.polarity.get_ref() < 0 { -1 } else { 1 },
            weight: *raw.weight.get_ref(),
            severity: *raw.severity.get_ref(),
            when: raw.when.into_inner(),
            degree: raw.degree.map(Spanned::into_inner),
            learnable: raw.learnable.unwrap_or(raw.kind != Kind::Veto),
            says: raw.says.map(Spanned::into_inner),
            source: raw.source.map(Spanned::into_inner),
            examples: raw.examples,
            overrides: raw.overrides.iter().map(|o| o.get_ref().clone()).collect(),
            id,
        };
        let overrides_at = raw.overrides.iter().map(|o| place(self.text, o.span().start)).collect();
        Some(Read { rule, when: when?, degree: degree.flatten(), line: place(self.text, start).0, overrides_at })
    }

    /// Parses and checks one expression; complaints stand where they are in the file.
    fn term(&mut self, id: &str, key: &str, source: &Spanned<String>, signals: &[Signal]) -> Option<Term> {
        let text = source.get_ref();
        let whole = source.span();
        if text.len() > limits::RULE_SOURCE_BYTES {
            let message = format!("`{key}` has {} bytes and may have {}; make two rules of it", text.len(), limits::RULE_SOURCE_BYTES);
            self.wrong(Some(id), Some(whole.start), message);
            return None;
        }
        if nesting(text) > NESTING {
            self.wrong(Some(id), Some(whole.start), format!("`{key}` has more than {NESTING} open brackets; make two rules of it"));
            return None;
        }
        // The parser is not ours: should it panic on some input, that input is refused and nothing else is lost.
        let parsed = catch_unwind(AssertUnwindSafe(|| cel::parser::Parser::new().parse_with_source_info(text)));
        let (tree, info) = match parsed {
            Ok(Ok(parsed)) => parsed,
            Ok(Err(errors)) => {
                for error in errors.errors.iter().take(3) {
                    let at = line_column(text, error.pos).map_or(whole.start, |at| self.inside(source, at));
                    let told: String = error.msg.chars().take(200).collect();
                    self.wrong(Some(id), Some(at), format!("`{key}` is not CEL: {told}"));
                }
                return None;
            }
            Err(_) => {
                self.wrong(Some(id), Some(whole.start), format!("`{key}` cannot be read as CEL"));
                return None;
            }
        };
        let nodes = count(&tree);
        if nodes > limits::RULE_NODES {
            let message = format!("`{key}` has {nodes} parts and may have {}; make two rules of it", limits::RULE_NODES);
            self.wrong(Some(id), Some(whole.start), message);
            return None;
        }
        let mut checker = Checker::new(signals);
        let term = if key == "when" { checker.truth(&tree) } else { checker.number(&tree) };
        let clean = checker.problems.is_empty();
        let steps = cost::steps(&term);
        if clean && steps > cost::STEPS {
            let message = format!("`{key}` can take {steps} steps and may take {}; make two rules of it", cost::STEPS);
            self.wrong(Some(id), Some(whole.start), message);
            return None;
        }
        for problem in checker.problems.into_iter().take(8) {
            let at = offset(&info, problem.node, text).map_or(whole.start, |at| self.inside(source, at));
            self.wrong(Some(id), Some(at), problem.message);
        }
        clean.then_some(term)
    }

    /// The place in the file of a byte of an expression: exact where the string has no escapes, else where it begins.
    fn inside(&self, source: &Spanned<String>, at: usize) -> usize {
        let Range { start, end } = source.span();
        let raw = self.text.get(start..end).unwrap_or_default();
        let quote = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
        let body = raw.get(quote..).unwrap_or_default();
        let newline = body.strip_prefix("\r\n").map_or(usize::from(quote == 3 && body.starts_with('\n')), |_| 2);
        let plain = body.get(newline..).is_some_and(|b| b.starts_with(source.get_ref().as_str()));
        if plain { start + quote + newline + at } else { start }
    }
}

fn is_sentence(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= SENTENCE_CHARS && !text.chars().any(char::is_control)
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Line and column, from 1, of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).unwrap_or_default().chars().count() + 1)
}

/// The byte at a line and column as the parser counts them.
fn line_column(text: &str, (line, column): (isize, isize)) -> Option<usize> {
    let line = usize::try_from(line).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(column).ok()?.saturating_sub(1);
    Some(start + text.get(start..)?.char_indices().nth(column).map_or(text.len() - start, |(at, _)| at))
}

/// The byte at which a node's token begins.
fn offset(info: &SourceInfo, node: u64, text: &str) -> Option<usize> {
    let (start, _) = info.offset_for(node)?;
    usize::try_from(start).ok().filter(|at| text.is_char_boundary(*at))
}

/// The most brackets open at once, those in strings not excepted.
fn nesting(text: &str) -> usize {
    let mut open = 0usize;
    let mut most = 0;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// The nodes of a syntax tree, macros expanded.
fn count(e: &IdedExpr) -> usize {
    1 + match &e.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
        Expr::Call(call) => call.target.iter().map(|t| count(t)).sum::<usize>() + call.args.iter().map(count).sum::<usize>(),
        Expr::Select(select) => count(&select.operand),
        Expr::List(list) => list.elements.iter().map(count).sum(),
        Expr::Map(map) => map.entries.iter().map(|e| entry(&e.expr)).sum(),
        Expr::Struct(map) => map.entries.iter().map(|e| entry(&e.expr)).sum(),
        Expr::Comprehension(c) => [&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result].into_iter().map(count).sum(),
    }
}

fn entry(e: &EntryExpr) -> usize {
    match e {
        EntryExpr::StructField(field) => count(&field.value),
        EntryExpr::MapEntry(entry) => count(&entry.key) + count(&entry.value),
    }
}
