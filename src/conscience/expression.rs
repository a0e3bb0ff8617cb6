//! One expression: its text to a checked term, or what is wrong with it and at which bytes.

use super::check::{Checker, Problem};
use super::cost;
use super::names::Signal;
use super::places::token;
use super::term::Term;
use crate::domain::limits;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Open brackets in an expression; the parser's time grows steeply with them, and people stop at four.
const NESTING: usize = 24;

/// What is wrong; without bytes it is the whole.
pub(super) struct Wrong {
    pub at: Option<Range<usize>>,
    pub message: String,
}

/// Parses and checks one expression. `key` is `when`, `degree`, `good` or `valid`; `meant` are words that the rule's examples use.
pub(super) fn read(key: &str, text: &str, signals: &[Signal], meant: &BTreeSet<String>) -> Result<Term, Vec<Wrong>> {
    let whole = |message: String| vec![Wrong { at: None, message }];
    if text.len() > limits::RULE_SOURCE_BYTES {
        return Err(whole(format!("`{key}` has {} bytes and may have {}; make two of it", text.len(), limits::RULE_SOURCE_BYTES)));
    }
    if nesting(text) > NESTING {
        return Err(whole(format!("`{key}` has more than {NESTING} open brackets; make two of it")));
    }
    // The parser is not ours: should it panic on some input, that input is refused and nothing else is lost.
    let parsed = catch_unwind(AssertUnwindSafe(|| cel::parser::Parser::new().parse_with_source_info(text)));
    let (tree, info) = match parsed {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(errors)) => {
            let told = |error: &cel::parser::ParseError| {
                let message: String = error.msg.chars().take(200).collect();
                let at = line_column(text, error.pos).map(|at| at..at + token(text.get(at..).unwrap_or_default()));
                Wrong { at, message: format!("`{key}` is not CEL: {message}") }
            };
            return Err(errors.errors.iter().take(3).map(told).collect());
        }
        Err(_) => return Err(whole(format!("`{key}` cannot be read as CEL"))),
    };
    let nodes = count(&tree);
    if nodes > limits::RULE_NODES {
        return Err(whole(format!("`{key}` has {nodes} parts and may have {}; make two of it", limits::RULE_NODES)));
    }
    let mut checker = Checker::new(key, signals, meant);
    let term = if key == "degree" { checker.number(&tree) } else { checker.truth(&tree) };
    let problems = std::mem::take(&mut checker.problems);
    if problems.is_empty() {
        let steps = cost::steps(&term);
        if steps > cost::STEPS {
            return Err(whole(format!(
                "`{key}` can take {steps} steps and may take {}; shorten its lists, or make two of it",
                cost::STEPS
            )));
        }
        return Ok(term);
    }
    let told = |p: Problem| Wrong { at: offset(&info, p.node, text), message: p.message };
    Err(problems.into_iter().take(8).map(told).collect())
}

/// The byte at a line and column as the parser counts them.
fn line_column(text: &str, (line, column): (isize, isize)) -> Option<usize> {
    let line = usize::try_from(line).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(column).ok()?.saturating_sub(1);
    Some(start + text.get(start..)?.char_indices().nth(column).map_or(text.len() - start, |(at, _)| at))
}

/// The bytes of a node's token.
fn offset(info: &SourceInfo, node: u64, text: &str) -> Option<Range<usize>> {
    let (start, _) = info.offset_for(node)?;
    let start = usize::try_from(start).ok()?;
    Some(start..start + token(text.get(start..)?))
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
