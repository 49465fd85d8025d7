//! Errors of `match` patterns.

use super::Checker;
use crate::error::{Fault, Res};
use ruff_python_ast::*;
use ruff_text_size::Ranged;

/// Names bound so far by a pattern.
type Stores<'a> = Vec<&'a str>;

impl Checker<'_> {
    pub(super) fn match_stmt(&mut self, s: &StmtMatch) -> Res {
        self.expr(&s.subject)?;
        let n = s.cases.len();
        for (i, case) in s.cases.iter().enumerate() {
            let mut stores = Vec::new();
            let may_match_all = i + 1 == n || case.guard.is_some();
            self.pattern(&case.pattern, &mut stores, may_match_all)?;
            self.opt_expr(case.guard.as_deref())?;
            self.body(&case.body)?;
        }
        Ok(())
    }

    fn store<'p>(
        &mut self,
        name: &'p Identifier,
        p: ruff_text_size::TextRange,
        stores: &mut Stores<'p>,
    ) -> Res {
        let name = name.id.as_str();
        if stores.contains(&name) {
            return Err(Fault::syntax(format!("multiple assignments to name '{name}' in pattern"), p));
        }
        stores.push(name);
        Ok(())
    }

    fn pattern<'p>(&mut self, p: &'p Pattern, stores: &mut Stores<'p>, may_match_all: bool) -> Res {
        self.nested(|c| c.pattern_inner(p, stores, may_match_all))
    }

    fn pattern_inner<'p>(&mut self, p: &'p Pattern, stores: &mut Stores<'p>, may_match_all: bool) -> Res {
        match p {
            Pattern::MatchValue(v) => {
                if matches!(&*v.value, Expr::FString(_) | Expr::TString(_)) {
                    let msg = "patterns may only match literals and attribute lookups";
                    return Err(Fault::syntax(msg, v.range));
                }
                self.expr(&v.value)
            }
            Pattern::MatchSingleton(_) => Ok(()),
            Pattern::MatchSequence(s) => {
                let stars = s.patterns.iter().filter(|p| matches!(p, Pattern::MatchStar(_))).count();
                if stars > 1 {
                    return Err(Fault::syntax("multiple starred names in sequence pattern", s.range));
                }
                s.patterns.iter().try_for_each(|p| self.pattern(p, stores, true))
            }
            Pattern::MatchMapping(m) => self.mapping(m, stores),
            Pattern::MatchClass(c) => {
                self.expr(&c.cls)?;
                let mut seen: Vec<&str> = Vec::new();
                for k in &c.arguments.keywords {
                    let name = k.attr.id.as_str();
                    if seen.contains(&name) {
                        let msg = format!("attribute name repeated in class pattern: {name}");
                        return Err(Fault::syntax(msg, k.pattern.range()));
                    }
                    seen.push(name);
                }
                c.arguments.patterns.iter().try_for_each(|p| self.pattern(p, stores, true))?;
                c.arguments.keywords.iter().try_for_each(|k| self.pattern(&k.pattern, stores, true))
            }
            Pattern::MatchStar(s) => s.name.as_ref().map_or(Ok(()), |n| self.store(n, s.range, stores)),
            Pattern::MatchAs(a) => self.as_pattern(a, stores, may_match_all),
            Pattern::MatchOr(o) => self.or_pattern(o, stores, may_match_all),
        }
    }

    fn as_pattern<'p>(&mut self, a: &'p PatternMatchAs, stores: &mut Stores<'p>, may_match_all: bool) -> Res {
        match (&a.pattern, &a.name) {
            (None, name) if !may_match_all => {
                let msg = match name {
                    Some(name) => format!("name capture '{}' makes remaining patterns unreachable", name.id),
                    None => "wildcard makes remaining patterns unreachable".to_owned(),
                };
                Err(Fault::syntax(msg, a.range))
            }
            (inner, name) => {
                if let Some(inner) = inner {
                    self.pattern(inner, stores, may_match_all)?;
                }
                name.as_ref().map_or(Ok(()), |n| self.store(n, a.range, stores))
            }
        }
    }

    fn or_pattern<'p>(&mut self, o: &'p PatternMatchOr, stores: &mut Stores<'p>, may_match_all: bool) -> Res {
        let n = o.patterns.len();
        let mut first: Option<Vec<&str>> = None;
        for (i, p) in o.patterns.iter().enumerate() {
            let mut own = Vec::new();
            self.pattern(p, &mut own, i + 1 == n && may_match_all)?;
            let mut sorted = own.clone();
            sorted.sort_unstable();
            match &first {
                None => first = Some(sorted),
                Some(names) if *names != sorted => {
                    return Err(Fault::syntax("alternative patterns bind different names", o.range));
                }
                Some(_) => {}
            }
            if i + 1 == n {
                for name in own {
                    if stores.contains(&name) {
                        let msg = format!("multiple assignments to name '{name}' in pattern");
                        return Err(Fault::syntax(msg, o.range));
                    }
                    stores.push(name);
                }
            }
        }
        Ok(())
    }

    fn mapping<'p>(&mut self, m: &'p PatternMatchMapping, stores: &mut Stores<'p>) -> Res {
        let mut seen: Vec<(Key, String)> = Vec::new();
        for k in &m.keys {
            if let Some((key, text)) = key_of(k, self.locations) {
                if seen.iter().any(|(k, _)| *k == key) {
                    return Err(Fault::syntax(
                        format!("mapping pattern checks duplicate key ({text})"),
                        m.range,
                    ));
                }
                seen.push((key, text));
            }
            self.expr(k)?;
        }
        m.patterns.iter().try_for_each(|p| self.pattern(p, stores, true))?;
        m.rest.as_ref().map_or(Ok(()), |n| self.store(n, m.range, stores))
    }
}

/// A literal key: numbers are equal across types.
#[derive(PartialEq)]
enum Key {
    Number(f64, f64),
    Other(String),
}

/// A literal key, and how it is shown.
fn key_of(e: &Expr, locations: &crate::locations::Locations) -> Option<(Key, String)> {
    let text = crate::unparse::expression(e, locations);
    match e {
        Expr::NumberLiteral(_) | Expr::UnaryOp(_) | Expr::BinOp(_) => {
            let Some((re, im)) = number(e) else { return Some((Key::Other(text.clone()), text)) };
            let shown = if re == 0.0 && im == 0.0 { text.trim_start_matches('-').to_owned() } else { text };
            Some((Key::Number(re, im), shown))
        }
        Expr::BooleanLiteral(b) => Some((Key::Number(f64::from(u8::from(b.value)), 0.0), text)),
        Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::NoneLiteral(_) => {
            Some((Key::Other(text.clone()), text))
        }
        _ => None,
    }
}

/// The value of a number, where a float holds it exactly.
fn number(e: &Expr) -> Option<(f64, f64)> {
    match e {
        Expr::NumberLiteral(n) => match &n.value {
            Number::Int(i) => i.as_u64().filter(|n| *n < 1 << 53).map(|n| (n as f64, 0.0)),
            Number::Float(f) => Some((*f, 0.0)),
            Number::Complex { real, imag } => Some((*real, *imag)),
        },
        Expr::UnaryOp(u) if u.op == UnaryOp::USub => number(&u.operand).map(|(re, im)| (-re, -im)),
        Expr::BinOp(b) => {
            let ((a, b2), (c, d)) = (number(&b.left)?, number(&b.right)?);
            match b.op {
                Operator::Add => Some((a + c, b2 + d)),
                Operator::Sub => Some((a - c, b2 - d)),
                _ => None,
            }
        }
        _ => None,
    }
}
