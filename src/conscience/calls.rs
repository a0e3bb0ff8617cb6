//! The checker's half for operators and functions: each with the types it takes and the type it gives.

use super::check::{Checker, Typed};
use super::names::{self, FUNCTIONS};
use super::term::{Fun, Op, Pattern, Term, Type};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators as cel_op};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn call(&mut self, node: u64, call: &CallExpr) -> Typed {
        let name = call.func_name.as_str();
        if name == "matches" {
            return self.matches(node, call);
        }
        let mut args: Vec<Typed> = Vec::new();
        for arg in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
            args.push(self.expr(arg));
        }
        match (name, <[Typed; 1]>::try_from(args)) {
            (cel_op::LOGICAL_NOT, Ok([(term, kind)])) => {
                self.expect(node, "`!`", &kind, &Type::Bool);
                self.settled(node, Term::Not(Box::new(term)))
            }
            (cel_op::NOT_STRICTLY_FALSE, Ok([(term, _)])) => (Term::NotStrictlyFalse(Box::new(term)), Type::Bool),
            (cel_op::NEGATE, Ok([(term, kind)])) if kind.is_number() || kind == Type::Dyn => (Term::Negate(Box::new(term)), kind),
            (cel_op::NEGATE, Ok([(_, kind)])) => self.wrong(node, format!("`-` needs a number and this is {}", kind.name())),
            ("size", Ok([(term, Type::Str | Type::List(_) | Type::Args | Type::Dyn)])) => (Term::Call(Fun::Size, vec![term]), Type::Int),
            ("double", Ok([(term, kind)])) if kind.is_number() || matches!(kind, Type::Str | Type::Dyn) => {
                let of = if matches!(kind, Type::MaybeDouble | Type::Dyn) { Type::MaybeDouble } else { Type::Double };
                (Term::Call(Fun::Double, vec![term]), of)
            }
            ("int", Ok([(term, Type::Int | Type::Double | Type::Str | Type::Dyn)])) => (Term::Call(Fun::Int, vec![term]), Type::Int),
            ("size" | "double" | "int", Ok([(_, kind)])) => self.wrong(node, format!("{name}() cannot take {}", kind.name())),
            (_, Ok([one])) => self.wider(node, call, vec![one]),
            (_, Err(args)) => self.wider(node, call, args),
        }
    }

    /// Operators and functions of two arguments and more.
    fn wider(&mut self, node: u64, call: &CallExpr, args: Vec<Typed>) -> Typed {
        let name = call.func_name.as_str();
        match name {
            "min" | "max" if args.len() >= 2 => {
                let fun = if name == "min" { Fun::Min } else { Fun::Max };
                let kind = args.first().map_or(Type::Dyn, |a| a.1.clone());
                let alike = |k: &Type| *k == kind && kind.is_number();
                if args.iter().any(|a| !alike(&a.1)) {
                    return self.wrong(node, format!("{name}() needs numbers of one type: all ints (1) or all doubles (1.0)"));
                }
                return (Term::Call(fun, args.into_iter().map(|a| a.0).collect()), kind);
            }
            cel_op::CONDITIONAL => {
                let Ok([(cond, c), (yes, y), (no, n)]) = <[Typed; 3]>::try_from(args) else {
                    return self.wrong(node, "`?` needs a condition and two values");
                };
                self.expect(node, "`?`", &c, &Type::Bool);
                if !y.comparable(&n) {
                    return self.wrong(node, format!("`?` gives {} here and {} there", y.name(), n.name()));
                }
                let kind = if y == n { y } else { Type::Dyn };
                return (Term::Cond(Box::new((cond, yes, no))), kind);
            }
            _ => {}
        }
        let count = args.len();
        match <[Typed; 2]>::try_from(args) {
            Ok([a, b]) => self.pair(node, call, a, b),
            Err(_) if FUNCTIONS.contains(&name) => self.wrong(node, format!("{name}() does not take {count} arguments so")),
            Err(_) => self.unknown_function(node, name),
        }
    }

    fn unknown_function(&mut self, node: u64, name: &str) -> Typed {
        let hint = names::hint(name, FUNCTIONS);
        self.wrong(node, format!("`{name}` is not a function of rules{hint}"))
    }

    fn pair(&mut self, node: u64, call: &CallExpr, (a, ka): Typed, (b, kb): Typed) -> Typed {
        let name = call.func_name.as_str();
        match name {
            cel_op::LOGICAL_AND | cel_op::LOGICAL_OR => {
                let and = name == cel_op::LOGICAL_AND;
                for kind in [&ka, &kb] {
                    self.expect(node, if and { "`&&`" } else { "`||`" }, kind, &Type::Bool);
                }
                let mut terms = Vec::new();
                for term in [a, b] {
                    match term {
                        Term::All(inner) if and => terms.extend(inner),
                        Term::Any(inner) if !and => terms.extend(inner),
                        other => terms.push(other),
                    }
                }
                self.settled(node, if and { Term::All(terms) } else { Term::Any(terms) })
            }
            cel_op::EQUALS | cel_op::NOT_EQUALS => {
                if !ka.comparable(&kb) {
                    return self.wrong(node, format!("{} and {} are never equal", ka.name(), kb.name()));
                }
                if let [left, right] = call.args.as_slice()
                    && !(self.check_words(&a, right, &b) && self.check_words(&b, left, &a))
                {
                    return (Term::Item, Type::Dyn);
                }
                self.settled(node, Term::Binary(if name == cel_op::EQUALS { Op::Eq } else { Op::Ne }, Box::new((a, b))))
            }
            cel_op::IN => {
                match &kb {
                    Type::List(of) if !of.comparable(&ka) => {
                        return self.wrong(node, format!("{} is never in a list of which each is {}", ka.name(), of.name()));
                    }
                    Type::List(_) | Type::Dyn => {}
                    Type::Args if matches!(ka, Type::Str | Type::Dyn) => {}
                    _ => return self.wrong(node, format!("`in` needs a list and this is {}", kb.name())),
                }
                if let [left, right] = call.args.as_slice()
                    && !(self.check_words(&a, right, &b) && self.check_words(&b, left, &a))
                {
                    return (Term::Item, Type::Dyn);
                }
                self.settled(node, Term::In(Box::new((a, b))))
            }
            cel_op::INDEX => match (&ka, &kb) {
                (Type::Args, Type::Str) | (Type::Dyn, Type::Str | Type::Int) => (Term::Index(Box::new((a, b))), Type::Dyn),
                (Type::List(of), Type::Int) => {
                    let of = of.as_ref().clone();
                    (Term::Index(Box::new((a, b))), of)
                }
                _ => self.wrong(node, format!("{} cannot be indexed with {}", ka.name(), kb.name())),
            },
            "startsWith" | "endsWith" | "contains" if call.target.is_some() => {
                self.expect(node, name, &ka, &Type::Str);
                self.expect(node, name, &kb, &Type::Str);
                let fun = match name {
                    "startsWith" => Fun::StartsWith,
                    "endsWith" => Fun::EndsWith,
                    _ => Fun::Contains,
                };
                (Term::Call(fun, vec![a, b]), Type::Bool)
            }
            _ => {
                let ordering =
                    [(cel_op::LESS, Op::Lt), (cel_op::LESS_EQUALS, Op::Le), (cel_op::GREATER, Op::Gt), (cel_op::GREATER_EQUALS, Op::Ge)];
                let sums = [
                    (cel_op::ADD, Op::Add),
                    (cel_op::SUBSTRACT, Op::Sub),
                    (cel_op::MULTIPLY, Op::Mul),
                    (cel_op::DIVIDE, Op::Div),
                    (cel_op::MODULO, Op::Rem),
                ];
                if let Some((_, op)) = ordering.iter().find(|o| o.0 == name) {
                    let fits = |k: &Type| k.is_number() || matches!(k, Type::Str | Type::Dyn);
                    if !(fits(&ka) && fits(&kb) && ka.comparable(&kb)) {
                        return self.wrong(node, format!("{} and {} have no order", ka.name(), kb.name()));
                    }
                    self.settled(node, Term::Binary(*op, Box::new((a, b))))
                } else if let Some((_, op)) = sums.iter().find(|o| o.0 == name) {
                    match sum_of(*op, &a, &ka, &kb) {
                        Ok(kind) => (Term::Binary(*op, Box::new((a, b))), kind),
                        Err(message) => self.wrong(node, message),
                    }
                } else if FUNCTIONS.contains(&name) {
                    self.wrong(node, format!("{name}() is not called so; write {}", if name == "size" { "size(x)" } else { "x.f(y)" }))
                } else {
                    self.unknown_function(node, name)
                }
            }
        }
    }

    fn matches(&mut self, node: u64, call: &CallExpr) -> Typed {
        let parts: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).chain(&call.args).collect();
        let [text, pattern] = parts.as_slice() else { return self.wrong(node, "write text.matches('pattern')") };
        let (text, kind) = self.expr(text);
        self.expect(node, "matches()", &kind, &Type::Str);
        let Expr::Literal(LiteralValue::String(constant)) = &pattern.expr else {
            return self.wrong(pattern.id, "the pattern of matches() must be a constant: what a sender writes is never a pattern");
        };
        match Pattern::new(constant.inner()) {
            Ok(pattern) => (Term::Matches(Box::new(text), Arc::new(pattern)), Type::Bool),
            Err(message) => self.wrong(pattern.id, message),
        }
    }
}

/// CEL does not mix ints and doubles in arithmetic.
fn sum_of(op: Op, a: &Term, ka: &Type, kb: &Type) -> Result<Type, String> {
    match (ka, kb) {
        (Type::List(_), Type::List(_)) if op == Op::Add && matches!(a, Term::Gathered) => Ok(ka.clone()),
        (Type::Int, Type::Int) => Ok(Type::Int),
        _ if op == Op::Rem => Err("`%` needs two ints".into()),
        (Type::Double, Type::Double) => Ok(Type::Double),
        (Type::Double | Type::MaybeDouble, Type::Double | Type::MaybeDouble) => Ok(Type::MaybeDouble),
        (Type::Dyn | Type::Double | Type::MaybeDouble, Type::Dyn | Type::Double | Type::MaybeDouble) => Ok(Type::MaybeDouble),
        (a, b) if (a.is_number() || *a == Type::Dyn) && (b.is_number() || *b == Type::Dyn) => {
            Err("ints and doubles do not mix in arithmetic; write 1.0 for 1, or double(…)".into())
        }
        (a, b) => Err(format!("arithmetic needs numbers and this is {} and {}", a.name(), b.name())),
    }
}
