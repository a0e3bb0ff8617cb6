//! Evaluates a checked expression to true, false or unknown: the one evaluator of the room, total and without side effects.
//!
//! It follows CEL as the crate `cel` runs it (a test compares the two), and differs in one point: **null is not an error**.
//! Arithmetic on null is null, and no ordering with null is true, so `act.value > 30.0` is false for a command without a value.
//! `&&` and `||` absorb unknowns and errors where the other side decides (Kleene's strong logic); unknown wins over an error.

use super::facts::View;
use super::term::{Fold, Fun, Op, Term};
use super::value::{Val, equal, open_one, order, widen};
use crate::domain::SignalValue;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The elements that a comprehension may have: `dev.tags` of a device with more is an error, not a long wait.
pub(super) const ITEMS: usize = 64;

/// The value of an expression in one view of the facts.
pub(super) fn evaluate<'a>(term: &'a Term, view: &View<'a>) -> Val<'a> {
    eval(term, view, None)
}

/// Adds the signals that an expression's value can still depend on in a view: those below a part that is already decided cannot matter.
pub(super) fn open_signals<'a>(term: &'a Term, view: &View<'a>, into: &mut BTreeSet<usize>) {
    if let Term::Signal(at) = term {
        into.insert(*at);
    }
    if !evaluate(term, view).open() {
        return;
    }
    match term {
        Term::Cond(three) => match evaluate(&three.0, view) {
            Val::Bool(taken) => open_signals(if taken { &three.1 } else { &three.2 }, view, into),
            _ => term.children().into_iter().for_each(|t| open_signals(t, view, into)),
        },
        _ => term.children().into_iter().for_each(|t| open_signals(t, view, into)),
    }
}

/// The variable and the result of the comprehension around an expression.
type Around<'x, 'a> = Option<&'x (Val<'a>, Val<'a>)>;

fn eval<'a>(term: &'a Term, view: &View<'a>, around: Around<'_, 'a>) -> Val<'a> {
    let go = |t: &'a Term| eval(t, view, around);
    match term {
        Term::Null => Val::Null,
        Term::Bool(b) => Val::Bool(*b),
        Term::Int(i) => Val::Int(*i),
        Term::Double(d) => Val::Double(*d),
        Term::Str(s) => Val::Str(s),
        Term::List(items) => {
            // As strict as CEL's lists: one element that is open leaves the whole list open.
            let items: Vec<Val> = items.iter().map(go).collect();
            match items.iter().filter(|i| i.open()).cloned().reduce(open_one) {
                Some(open) => open,
                None => Val::List(items),
            }
        }
        Term::Field(field) => view.field(*field),
        Term::Signal(at) => told(view.signal(*at)),
        Term::Figure(figure) => told(view.figure(*figure)),
        Term::Item => around.map_or(Val::Error("no variable"), |(item, _)| item.clone()),
        Term::Gathered => around.map_or(Val::Error("no result"), |(_, gathered)| gathered.clone()),
        Term::Select(of, key) => match go(of) {
            Val::Object(map) => map.get(key.as_ref()).map_or(Val::Error("an argument is missing"), Val::from_json),
            open if open.open() => open,
            _ => Val::Error("an argument has no fields"),
        },
        Term::Has(of, key) => match go(of) {
            Val::Object(map) => Val::Bool(map.contains_key(key.as_ref())),
            open if open.open() => open,
            _ => Val::Error("an argument has no fields"),
        },
        Term::Index(pair) => index(go(&pair.0), go(&pair.1)),
        Term::All(terms) => connect(terms, false, go),
        Term::Any(terms) => connect(terms, true, go),
        Term::Not(inner) => match go(inner) {
            Val::Bool(b) => Val::Bool(!b),
            open if open.open() => open,
            _ => Val::Error("`!` needs a bool"),
        },
        Term::NotStrictlyFalse(inner) => Val::Bool(!matches!(go(inner), Val::Bool(false))),
        Term::Negate(inner) => match go(inner) {
            Val::Int(i) => i.checked_neg().map_or(Val::Error("a number overflows"), Val::Int),
            Val::Double(d) => Val::Double(-d),
            Val::Null => Val::Null,
            open if open.open() => open,
            _ => Val::Error("`-` needs a number"),
        },
        Term::Cond(three) => match go(&three.0) {
            Val::Bool(true) => go(&three.1),
            Val::Bool(false) => go(&three.2),
            Val::Unknown => {
                let (a, b) = (go(&three.1), go(&three.2));
                if equal(&a, &b) == Some(true) { a } else { Val::Unknown }
            }
            Val::Error(e) => Val::Error(e),
            _ => Val::Error("`?` needs a bool"),
        },
        Term::Binary(op, pair) => binary(*op, go(&pair.0), go(&pair.1)),
        Term::In(pair) => contains(go(&pair.0), &pair.1, go),
        Term::Call(fun, args) => call(*fun, args, go),
        Term::Matches(text, pattern) => match go(text) {
            Val::Str(s) => pattern.found_in(s).map_or(Val::Error("a text is too long to match"), Val::Bool),
            open if open.open() => open,
            _ => Val::Error("matches() needs a string"),
        },
        Term::Fold(fold) => run(fold, view),
    }
}

fn told<'a>(value: Option<SignalValue>) -> Val<'a> {
    match value {
        Some(SignalValue::Bool(b)) => Val::Bool(b),
        Some(SignalValue::Number(n)) => Val::Double(n),
        None => Val::Unknown,
    }
}

/// `&&` (decided by false) and `||` (decided by true).
fn connect<'a>(terms: &'a [Term], decides: bool, go: impl Fn(&'a Term) -> Val<'a>) -> Val<'a> {
    let mut so_far = Val::Bool(!decides);
    for term in terms {
        match go(term) {
            Val::Bool(b) if b == decides => return Val::Bool(decides),
            Val::Bool(_) => {}
            open if open.open() => so_far = if so_far.open() { open_one(so_far, open) } else { open },
            _ if so_far.open() => {}
            _ => so_far = Val::Error("`&&` and `||` need bools"),
        }
    }
    so_far
}

fn binary<'a>(op: Op, a: Val<'a>, b: Val<'a>) -> Val<'a> {
    if a.open() || b.open() {
        return open_one(a, b);
    }
    let ordered = |test: fn(Ordering) -> bool| match order(&a, &b) {
        Ok(o) => Val::Bool(o.is_some_and(test)),
        Err(e) => Val::Error(e),
    };
    match op {
        Op::Eq => equal(&a, &b).map_or(Val::Unknown, Val::Bool),
        Op::Ne => equal(&a, &b).map_or(Val::Unknown, |same| Val::Bool(!same)),
        Op::Lt => ordered(Ordering::is_lt),
        Op::Le => ordered(Ordering::is_le),
        Op::Gt => ordered(Ordering::is_gt),
        Op::Ge => ordered(Ordering::is_ge),
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => arithmetic(op, a, b),
    }
}

fn arithmetic<'a>(op: Op, a: Val<'a>, b: Val<'a>) -> Val<'a> {
    match (a, b) {
        (Val::List(mut items), Val::List(more)) if op == Op::Add => {
            items.extend(more);
            Val::List(items)
        }
        (Val::Null, Val::Null | Val::Int(_) | Val::Double(_)) | (Val::Int(_) | Val::Double(_), Val::Null) => Val::Null,
        (Val::Int(a), Val::Int(b)) => {
            let result = match op {
                Op::Add => a.checked_add(b),
                Op::Sub => a.checked_sub(b),
                Op::Mul => a.checked_mul(b),
                Op::Div => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            result.map_or(Val::Error("a number overflows, or is divided by zero"), Val::Int)
        }
        (Val::Double(a), Val::Double(b)) => match op {
            Op::Add => Val::Double(a + b),
            Op::Sub => Val::Double(a - b),
            Op::Mul => Val::Double(a * b),
            Op::Div => Val::Double(a / b),
            _ => Val::Error("`%` needs ints"),
        },
        _ => Val::Error("arithmetic needs two numbers of one type"),
    }
}

/// `x in list`: lists of constants and tags are looked through where they stand.
fn contains<'a>(item: Val<'a>, list: &'a Term, go: impl Fn(&'a Term) -> Val<'a>) -> Val<'a> {
    let among = |mut items: &mut dyn Iterator<Item = Val<'a>>| match &item {
        open if open.open() => open.clone(),
        item => Val::Bool((&mut items).any(|other| equal(item, &other) == Some(true))),
    };
    if let Term::List(items) = list
        && items.iter().all(|i| matches!(i, Term::Str(_) | Term::Int(_) | Term::Double(_) | Term::Bool(_)))
    {
        return among(&mut items.iter().map(go));
    }
    match (&item, go(list)) {
        (Val::Str(text), Val::Tags(tags)) => Val::Bool(tags.contains(*text)),
        (Val::Str(text), Val::Object(map)) => Val::Bool(map.contains_key(*text)),
        (_, open) if open.open() => open_one(item, open),
        (_, Val::Object(_)) if !item.open() => Val::Error("the keys of an object are strings"),
        (_, list) => match list.items() {
            Some(items) => among(&mut items.into_iter()),
            None if item.open() => item,
            None => Val::Error("`in` needs a list"),
        },
    }
}

fn index<'a>(of: Val<'a>, at: Val<'a>) -> Val<'a> {
    match (&of, &at) {
        _ if of.open() || at.open() => open_one(of, at),
        (Val::Object(map), Val::Str(key)) => map.get(*key).map_or(Val::Error("an argument is missing"), Val::from_json),
        (list, Val::Int(i)) => match (list.items(), usize::try_from(*i)) {
            (Some(items), Ok(i)) => items.into_iter().nth(i).unwrap_or(Val::Error("an index is out of bounds")),
            _ => Val::Error("an index is out of bounds"),
        },
        _ => Val::Error("an index is of the wrong type"),
    }
}

fn call<'a>(fun: Fun, args: &'a [Term], go: impl Fn(&'a Term) -> Val<'a>) -> Val<'a> {
    let mut args = args.iter().map(go);
    let first = args.next().unwrap_or(Val::Error("an argument of a function is missing"));
    match fun {
        Fun::Min | Fun::Max => {
            let wanted = if fun == Fun::Min { Ordering::Less } else { Ordering::Greater };
            args.fold(first, |best, next| {
                if best.open() || next.open() {
                    return open_one(best, next);
                }
                match order(&best, &next) {
                    Ok(Some(o)) => {
                        if o == wanted {
                            best
                        } else {
                            next
                        }
                    }
                    Ok(None) => Val::Null,
                    Err(e) => Val::Error(e),
                }
            })
        }
        Fun::StartsWith | Fun::EndsWith | Fun::Contains => match (first, args.next().unwrap_or(Val::Null)) {
            (Val::Str(text), Val::Str(part)) => Val::Bool(match fun {
                Fun::StartsWith => text.starts_with(part),
                Fun::EndsWith => text.ends_with(part),
                _ => text.contains(part),
            }),
            (a, b) if a.open() || b.open() => open_one(a, b),
            _ => Val::Error("a string is needed"),
        },
        _ if first.open() => first,
        Fun::Size => {
            let size = match &first {
                Val::Str(s) => Some(s.chars().count()),
                Val::Object(map) => Some(map.len()),
                Val::Tags(tags) => Some(tags.len()),
                other => other.items().map(|i| i.len()),
            };
            size.and_then(|n| i64::try_from(n).ok()).map_or(Val::Error("size() needs a text or a list"), Val::Int)
        }
        Fun::Double => match first {
            Val::Int(i) => Val::Double(widen(i)),
            Val::Str(s) => s.parse().map_or(Val::Error("a text is not a number"), Val::Double),
            Val::Double(_) | Val::Null => first,
            _ => Val::Error("double() needs a number"),
        },
        Fun::Int => match first {
            Val::Double(d) => truncated(d).map_or(Val::Error("a number overflows"), Val::Int),
            Val::Str(s) => s.parse().map_or(Val::Error("a text is not a number"), Val::Int),
            Val::Int(_) | Val::Null => first,
            _ => Val::Error("int() needs a number"),
        },
    }
}

/// Toward zero, within ±2^62.
fn truncated(d: f64) -> Option<i64> {
    // In this range the cast is exact but for the fraction that is meant to go.
    #[allow(clippy::cast_possible_truncation)]
    (d.abs() < 4_611_686_018_427_387_904.0).then_some(d as i64)
}

fn run<'a>(fold: &'a Fold, view: &View<'a>) -> Val<'a> {
    let range = eval(&fold.range, view, None);
    if range.open() {
        return range;
    }
    let Some(items) = range.items() else { return Val::Error("a list is needed") };
    if items.len() > ITEMS {
        return Val::Error("a device has more than 64 tags");
    }
    let mut around = (Val::Null, eval(&fold.init, view, None));
    for item in items {
        if !matches!(eval(&fold.go_on, view, Some(&around)), Val::Bool(true)) {
            break;
        }
        around.0 = item;
        around.1 = eval(&fold.step, view, Some(&around));
    }
    eval(&fold.result, view, Some(&around))
}
