//! The load-time checker: a CEL syntax tree in, a typed term or everything that is wrong with it out.

use super::names::{self, FIELDS, Field, OBJECTIVE_ROOTS, ROOTS, Signal};
use super::possible;
use super::term::{Fold, Term, Type};
use super::ternary::ITEMS;
use super::vocabulary;
use crate::domain::{Figure, SignalType, figure::FIGURES};
use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr};
use std::collections::BTreeSet;

/// What is wrong, at which node of the syntax tree.
#[derive(Debug)]
pub(super) struct Problem {
    pub node: u64,
    pub message: String,
}

pub(super) struct Checker<'s> {
    /// What is read: `when`, `degree`, an objective's `good` or `valid`.
    key: &'s str,
    roots: &'static [&'static str],
    pub signals: &'s [Signal],
    /// Words that the rule's own examples use: they are meant.
    meant: &'s BTreeSet<String>,
    pub problems: Vec<Problem>,
    /// The comprehension around: its variable, the variable's type, the gathered type.
    around: Option<(String, Type, String, Type)>,
}

pub(super) type Typed = (Term, Type);

impl<'s> Checker<'s> {
    pub(super) fn new(key: &'s str, signals: &'s [Signal], meant: &'s BTreeSet<String>) -> Self {
        let roots: &[&str] = if matches!(key, "good" | "valid") { &OBJECTIVE_ROOTS } else { &ROOTS };
        Self { key, roots, signals, meant, problems: Vec::new(), around: None }
    }

    /// A `when`: an expression to bool.
    pub(super) fn truth(&mut self, e: &IdedExpr) -> Term {
        let key = self.key;
        let before = self.problems.len();
        let (term, kind) = self.expr(e);
        if kind != Type::Bool && self.problems.len() == before {
            self.wrong(e.id, format!("`{key}` must be a bool and this is {}; compare it with something", kind.name()));
        }
        if self.problems.len() == before {
            match possible::constant(&term, self.signals) {
                Some(how) => drop(self.wrong(e.id, format!("`{key}` is {how} true; ask for something that may be or not be"))),
                None if !term.asks() => drop(self.wrong(e.id, format!("`{key}` asks nothing: it has no field and no signal in it"))),
                None => {}
            }
        }
        term
    }

    /// A `degree`: an expression to a number.
    pub(super) fn number(&mut self, e: &IdedExpr) -> Term {
        let before = self.problems.len();
        let (term, kind) = self.expr(e);
        if !kind.is_number() && self.problems.len() == before {
            self.wrong(e.id, format!("`degree` must be a number from 0 to 1 and this is {}", kind.name()));
        }
        term
    }

    pub(super) fn wrong(&mut self, node: u64, message: impl Into<String>) -> Typed {
        self.problems.push(Problem { node, message: message.into() });
        (Term::Item, Type::Dyn)
    }

    pub(super) fn expr(&mut self, e: &IdedExpr) -> Typed {
        match &e.expr {
            Expr::Literal(literal) => self.literal(e.id, literal),
            Expr::Ident(name) => self.ident(e.id, name),
            Expr::Select(select) => self.select(e.id, select),
            Expr::Call(call) => self.call(e.id, call),
            Expr::List(list) => {
                let mut kind = None;
                let mut mixed = false;
                let mut items = Vec::new();
                for element in &list.elements {
                    let (term, of) = self.expr(element);
                    mixed |= kind.as_ref().is_some_and(|k: &Type| !k.comparable(&of));
                    kind.get_or_insert(of);
                    items.push(term);
                }
                if mixed {
                    return self.wrong(e.id, "a list holds values of one type");
                }
                (Term::List(items), Type::List(Box::new(kind.unwrap_or(Type::Dyn))))
            }
            Expr::Comprehension(fold) => self.fold(e.id, fold),
            Expr::Map(_) | Expr::Struct(_) => self.wrong(e.id, "`{…}` has no place in a rule; compare single values"),
            Expr::Unspecified => self.wrong(e.id, "something is missing here"),
        }
    }

    fn literal(&mut self, node: u64, literal: &LiteralValue) -> Typed {
        match literal {
            LiteralValue::Boolean(b) => (Term::Bool(*b.inner()), Type::Bool),
            LiteralValue::Int(i) => (Term::Int(*i.inner()), Type::Int),
            LiteralValue::Double(d) => (Term::Double(*d.inner()), Type::Double),
            LiteralValue::String(s) => (Term::Str(s.inner().into()), Type::Str),
            LiteralValue::Null => (Term::Null, Type::Null),
            LiteralValue::UInt(u) => self.wrong(node, format!("write `{}` without the `u`: rules count in ints", u.inner())),
            LiteralValue::Bytes(_) => self.wrong(node, "a rule has no bytes; write a string without the `b`"),
        }
    }

    fn ident(&mut self, node: u64, name: &str) -> Typed {
        if let Some((item, kind, gathered, of)) = &self.around {
            if name == item {
                return (Term::Item, kind.clone());
            }
            if name == gathered {
                return (Term::Gathered, of.clone());
            }
        }
        if self.roots.contains(&name) {
            return self.wrong(node, format!("`{name}` is a group; name one of its fields{}", self.fields_hint("", name)));
        }
        let hint = names::hint(name, self.roots.iter().copied());
        self.wrong(node, format!("`{name}` is not known here{hint}"))
    }

    fn fields_hint(&self, word: &str, root: &str) -> String {
        match root {
            "ctx" => names::hint(word, self.signals.iter().map(|s| s.name.as_str())),
            "fig" => names::hint(word, FIGURES.iter().map(|about| about.name)),
            _ => names::hint(word, FIELDS.iter().filter(|f| f.0 == root).map(|f| f.1)),
        }
    }

    fn select(&mut self, node: u64, select: &SelectExpr) -> Typed {
        let name = select.field.as_str();
        if let Expr::Ident(root) = &select.operand.expr
            && !self.around.as_ref().is_some_and(|a| a.0 == *root || a.2 == *root)
        {
            let found = match root.as_str() {
                "ctx" => self.signals.iter().position(|s| s.name == name).map(|at| {
                    let number = self.signals.get(at).is_some_and(|s| s.kind == SignalType::Number);
                    (Term::Signal(at), if number { Type::Double } else { Type::Bool })
                }),
                "fig" => Figure::named(name).map(|about| {
                    let kind = if about.kind == SignalType::Number { Type::Double } else { Type::Bool };
                    (Term::Figure(about.figure), kind)
                }),
                root => FIELDS.iter().find(|f| f.0 == root && f.1 == name).map(|f| (Term::Field(f.2), type_of(f.2))),
            };
            return match found.filter(|_| self.roots.contains(&root.as_str())) {
                Some(_) if select.test => {
                    let instead = if name == "value" { "; write `act.value != null`" } else { "; has() is for `act.args`" };
                    self.wrong(node, format!("`{root}.{name}` is always there{instead}"))
                }
                Some(typed) => typed,
                None if !self.roots.contains(&root.as_str()) => self.ident(select.operand.id, root),
                None => {
                    let what = match root.as_str() {
                        "ctx" => "a declared signal",
                        "fig" => "a figure",
                        _ => "a field",
                    };
                    let hint = self.fields_hint(name, root);
                    self.wrong(node, format!("`{root}.{name}` is not {what}{hint}"))
                }
            };
        }
        let (of, kind) = self.expr(&select.operand);
        match kind {
            Type::Args | Type::Dyn if select.test => (Term::Has(Box::new(of), name.into()), Type::Bool),
            Type::Args | Type::Dyn => (Term::Select(Box::new(of), name.into()), Type::Dyn),
            kind => self.wrong(node, format!("`.{name}`: {} has no fields", kind.name())),
        }
    }

    pub(super) fn expect(&mut self, node: u64, what: &str, kind: &Type, wanted: &Type) {
        if kind != wanted && *kind != Type::Dyn {
            self.wrong(node, format!("{what} needs {} and this is {}", wanted.name(), kind.name()));
        }
    }

    /// A condition that is always the same is a slip, wherever it stands.
    pub(super) fn settled(&mut self, node: u64, term: Term) -> Typed {
        if self.problems.iter().any(|p| p.node == node) {
            return (Term::Item, Type::Dyn);
        }
        let how = if self.around.is_none() && term.asks() { possible::constant(&term, self.signals) } else { None };
        match how {
            Some(how) => {
                let why = match (&term, how) {
                    (Term::All(_), "never") => "; its parts cannot hold together".to_owned(),
                    (Term::Any(_), "always") => "; one of its parts always holds".to_owned(),
                    (term, _) => self.range_of(term),
                };
                self.wrong(node, format!("this is {how} true{why}"))
            }
            None => (term, Type::Bool),
        }
    }

    /// What the values compared can be, where that is known.
    fn range_of(&self, term: &Term) -> String {
        let named = |f: Field| FIELDS.iter().find(|known| known.2 == f).map(|(root, name, _)| format!("`{root}.{name}`"));
        let range = term.children().into_iter().find_map(|side| match side {
            Term::Field(f @ (Field::Trust | Field::Risk | Field::Stress)) => Some(format!("{} is from 0 to 1", named(*f)?)),
            Term::Field(f @ (Field::Cmds60s | Field::Opposite5s)) => Some(format!("{} is a count: 0, 1, 2 …", named(*f)?)),
            Term::Signal(at) if self.signals.get(*at).is_some_and(|s| s.name == "hour") => {
                Some("`ctx.hour` is a whole number from 0 to 23".to_owned())
            }
            Term::Figure(figure) => figure.about().and_then(|about| match about.range {
                (Some(low), Some(high)) => Some(format!("`fig.{}` is from {low} to {high}", about.name)),
                (Some(low), None) => Some(format!("`fig.{}` is {low} or more", about.name)),
                _ => None,
            }),
            _ => None,
        });
        range.map_or_else(String::new, |range| format!("; {range}"))
    }

    /// A word that nothing ever has is a typing error that would silence a rule. True when there is none.
    pub(super) fn check_words(&mut self, field: &Term, at: &IdedExpr, words: &Term) -> bool {
        let Term::Field(of) = field else { return true };
        let one = std::slice::from_ref(at);
        let (words, nodes) = match (words, &at.expr) {
            (Term::List(items), Expr::List(list)) => (items.as_slice(), list.elements.as_slice()),
            (word, _) => (std::slice::from_ref(word), one),
        };
        let before = self.problems.len();
        for (word, node) in words.iter().zip(nodes) {
            let Term::Str(word) = word else { continue };
            let class = |c: &crate::domain::DeviceClass| c.as_str() == word.as_ref();
            let message = match of {
                Field::Verb | Field::Role | Field::Tags if !self.meant.contains(word.as_ref()) => vocabulary::slip(*of, word),
                Field::Class if !names::CLASSES.iter().any(class) => {
                    let hint = names::hint(word, names::CLASSES.iter().map(|c| c.as_str()));
                    Some(format!("`{word}` is not a device class{hint}"))
                }
                _ => None,
            };
            if let Some(message) = message {
                self.wrong(node.id, message);
            }
        }
        self.problems.len() == before
    }

    fn fold(&mut self, node: u64, fold: &ComprehensionExpr) -> Typed {
        if self.around.is_some() {
            return self.wrong(node, "one comprehension inside another is refused: its cost multiplies");
        }
        let (range, kind) = self.expr(&fold.iter_range);
        let of = match (&range, kind) {
            (Term::List(items), _) if items.len() > ITEMS => return self.wrong(node, "a list to go through has at most 64 elements"),
            (Term::List(_) | Term::Field(Field::Tags), Type::List(of)) => *of,
            _ => return self.wrong(fold.iter_range.id, "only `dev.tags` or a list written out here can be gone through"),
        };
        let (init, gathered) = self.expr(&fold.accu_init);
        self.around = Some((fold.iter_var.clone(), of, fold.accu_var.clone(), gathered));
        let (go_on, step) = (self.expr(&fold.loop_cond).0, self.expr(&fold.loop_step).0);
        let (result, kind) = self.expr(&fold.result);
        self.around = None;
        (Term::Fold(Box::new(Fold { range, init, go_on, step, result })), kind)
    }
}

fn type_of(field: Field) -> Type {
    match field {
        Field::Human | Field::Delegated | Field::Retained | Field::Signed => Type::Bool,
        Field::Trust | Field::Risk | Field::Stress => Type::Double,
        Field::Cmds60s | Field::Opposite5s => Type::Int,
        Field::Value => Type::MaybeDouble,
        Field::Args => Type::Args,
        Field::Tags => Type::List(Box::new(Type::Str)),
        Field::Entity | Field::Client | Field::Role | Field::Target | Field::Verb | Field::Class | Field::Area | Field::State => Type::Str,
    }
}
