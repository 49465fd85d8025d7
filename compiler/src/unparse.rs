//! Expressions as source text, for annotations that stay strings (`from __future__ import annotations`).
//!
//! The text has CPython's normal form: its spaces, its quotes, and parentheses only where precedence asks for them.

use crate::depth::guarded;
use crate::locations::Locations;
use protopy_bytecode::Const;
use ruff_python_ast::*;
use std::fmt::Write;

/// Binding strength, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum P {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Cmp,
    Expr,
    Xor,
    BAnd,
    Shift,
    Arith,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl P {
    fn next(self) -> P {
        const ALL: [P; 16] = [
            P::Tuple,
            P::Test,
            P::Or,
            P::And,
            P::Not,
            P::Cmp,
            P::Expr,
            P::Xor,
            P::BAnd,
            P::Shift,
            P::Arith,
            P::Term,
            P::Factor,
            P::Power,
            P::Await,
            P::Atom,
        ];
        ALL.get(self as usize + 1).copied().unwrap_or(P::Atom)
    }
}

/// The text of an expression; surrogates in its literals are found in the source.
pub fn expression(e: &Expr, locations: &Locations) -> String {
    let mut w = Writer { out: String::new(), depth: 0, locations };
    w.expr(e, P::Test);
    w.out
}

struct Writer<'l> {
    out: String,
    depth: u32,
    locations: &'l Locations,
}

impl Writer<'_> {
    fn s(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes within parentheses if `level` is above the construct's own.
    fn paren(&mut self, when: bool, f: impl FnOnce(&mut Self)) {
        if when {
            self.s("(");
        }
        f(self);
        if when {
            self.s(")");
        }
    }

    fn list(&mut self, elts: &[Expr], level: P) {
        for (i, e) in elts.iter().enumerate() {
            if i > 0 {
                self.s(", ");
            }
            self.expr(e, level);
        }
    }

    fn expr(&mut self, e: &Expr, level: P) {
        self.depth += 1;
        guarded(self.depth, || self.expr_inner(e, level));
        self.depth -= 1;
    }

    fn expr_inner(&mut self, e: &Expr, level: P) {
        match e {
            Expr::BoolOp(b) => {
                let (own, word) = if b.op == BoolOp::And { (P::And, " and ") } else { (P::Or, " or ") };
                self.paren(level > own, |w| {
                    for (i, v) in b.values.iter().enumerate() {
                        if i > 0 {
                            w.s(word);
                        }
                        w.expr(v, own.next());
                    }
                });
            }
            Expr::Named(n) => self.paren(level > P::Tuple, |w| {
                w.expr(&n.target, P::Atom);
                w.s(" := ");
                w.expr(&n.value, P::Atom);
            }),
            Expr::BinOp(b) => self.binop(b, level),
            Expr::UnaryOp(u) => {
                let (own, text) = match u.op {
                    UnaryOp::Invert => (P::Factor, "~"),
                    UnaryOp::Not => (P::Not, "not "),
                    UnaryOp::UAdd => (P::Factor, "+"),
                    UnaryOp::USub => (P::Factor, "-"),
                };
                self.paren(level > own, |w| {
                    w.s(text);
                    w.expr(&u.operand, own);
                });
            }
            Expr::Lambda(l) => self.paren(level > P::Test, |w| {
                w.s("lambda");
                if let Some(p) = &l.parameters {
                    if !p.args.is_empty() || !p.posonlyargs.is_empty() {
                        w.s(" ");
                    }
                    w.parameters(p);
                }
                w.s(": ");
                w.expr(&l.body, P::Test);
            }),
            Expr::If(i) => self.paren(level > P::Test, |w| {
                w.expr(&i.body, P::Test.next());
                w.s(" if ");
                w.expr(&i.test, P::Test.next());
                w.s(" else ");
                w.expr(&i.orelse, P::Test);
            }),
            Expr::Dict(d) => {
                self.s("{");
                for (i, item) in d.items.iter().enumerate() {
                    if i > 0 {
                        self.s(", ");
                    }
                    match &item.key {
                        Some(k) => {
                            self.expr(k, P::Test);
                            self.s(": ");
                            self.expr(&item.value, P::Test);
                        }
                        None => {
                            self.s("**");
                            self.expr(&item.value, P::Expr);
                        }
                    }
                }
                self.s("}");
            }
            Expr::Set(s) => {
                self.s("{");
                self.list(&s.elts, P::Test);
                self.s("}");
            }
            Expr::ListComp(c) => self.comp("[", "]", &c.elt, None, &c.generators),
            Expr::SetComp(c) => self.comp("{", "}", &c.elt, None, &c.generators),
            Expr::Generator(c) => self.comp("(", ")", &c.elt, None, &c.generators),
            Expr::DictComp(c) => {
                let key = c.key.as_deref().unwrap_or(&c.value);
                self.comp("{", "}", key, Some(&c.value), &c.generators);
            }
            Expr::Await(a) => self.paren(level > P::Await, |w| {
                w.s("await ");
                w.expr(&a.value, P::Atom);
            }),
            Expr::Yield(y) => {
                self.s("(yield");
                if let Some(v) = &y.value {
                    self.s(" ");
                    self.expr(v, P::Test);
                }
                self.s(")");
            }
            Expr::YieldFrom(y) => {
                self.s("(yield from ");
                self.expr(&y.value, P::Test);
                self.s(")");
            }
            Expr::Compare(c) => self.paren(level > P::Cmp, |w| {
                w.expr(&c.left, P::Cmp.next());
                for (op, e) in c.ops.iter().zip(&*c.comparators) {
                    w.s(" ");
                    w.s(op.as_str());
                    w.s(" ");
                    w.expr(e, P::Cmp.next());
                }
            }),
            Expr::Call(c) => self.call(c),
            Expr::FString(f) => self.fstring(f),
            Expr::TString(t) => self.tstring(t),
            Expr::StringLiteral(s) => {
                if s.value.is_unicode() {
                    self.s("u");
                }
                let text = match crate::literals::with_surrogates(s, self.locations) {
                    Some(points) => repr_points(&points),
                    None => repr(s.value.to_str()),
                };
                self.s(&text);
            }
            Expr::BytesLiteral(b) => {
                let bytes: Vec<u8> = b.value.bytes().collect();
                let text = repr_bytes(&bytes);
                self.s(&text);
            }
            Expr::NumberLiteral(n) => self.number(n),
            Expr::BooleanLiteral(b) => self.s(if b.value { "True" } else { "False" }),
            Expr::NoneLiteral(_) => self.s("None"),
            Expr::EllipsisLiteral(_) => self.s("..."),
            Expr::Attribute(a) => {
                self.expr(&a.value, P::Atom);
                let int = matches!(&*a.value, Expr::NumberLiteral(n) if matches!(n.value, Number::Int(_)));
                self.s(if int { " ." } else { "." });
                self.s(&a.attr.id);
            }
            Expr::Subscript(s) => {
                self.expr(&s.value, P::Atom);
                self.s("[");
                self.expr(&s.slice, P::Tuple);
                self.s("]");
            }
            Expr::Starred(s) => {
                self.s("*");
                self.expr(&s.value, P::Expr);
            }
            Expr::Name(n) => self.s(&n.id),
            Expr::List(l) => {
                self.s("[");
                self.list(&l.elts, P::Test);
                self.s("]");
            }
            Expr::Tuple(t) => {
                if t.elts.is_empty() {
                    return self.s("()");
                }
                self.paren(level > P::Tuple, |w| {
                    w.list(&t.elts, P::Test);
                    if t.elts.len() == 1 {
                        w.s(",");
                    }
                });
            }
            Expr::Slice(s) => {
                if let Some(e) = &s.lower {
                    self.expr(e, P::Test);
                }
                self.s(":");
                if let Some(e) = &s.upper {
                    self.expr(e, P::Test);
                }
                if let Some(e) = &s.step {
                    self.s(":");
                    self.expr(e, P::Test);
                }
            }
            Expr::IpyEscapeCommand(i) => {
                if let Some(c) = self.locations.constant(i.range) {
                    let text = constant(c);
                    self.s(&text);
                }
            }
        }
    }

    fn binop(&mut self, b: &ExprBinOp, level: P) {
        let own = match b.op {
            Operator::Add | Operator::Sub => P::Arith,
            Operator::Mult | Operator::MatMult | Operator::Div | Operator::Mod | Operator::FloorDiv => {
                P::Term
            }
            Operator::LShift | Operator::RShift => P::Shift,
            Operator::BitOr => P::Expr,
            Operator::BitXor => P::Xor,
            Operator::BitAnd => P::BAnd,
            Operator::Pow => P::Power,
        };
        let right_assoc = b.op == Operator::Pow;
        let (left, right) = if right_assoc { (own.next(), own) } else { (own, own.next()) };
        self.paren(level > own, |w| {
            w.expr(&b.left, left);
            if right_assoc {
                w.s(" ** ");
            } else {
                w.s(" ");
                w.s(b.op.as_str());
                w.s(" ");
            }
            w.expr(&b.right, right);
        });
    }

    fn parameters(&mut self, p: &Parameters) {
        let mut first = true;
        let mut comma = |w: &mut Self| {
            if !std::mem::take(&mut first) {
                w.s(", ");
            }
        };
        for (i, a) in p.posonlyargs.iter().chain(&p.args).enumerate() {
            comma(self);
            self.parameter(a);
            if !p.posonlyargs.is_empty() && i + 1 == p.posonlyargs.len() {
                self.s(", /");
            }
        }
        if p.vararg.is_some() || !p.kwonlyargs.is_empty() {
            comma(self);
            self.s("*");
            if let Some(v) = &p.vararg {
                self.s(&v.name.id);
            }
        }
        for a in &p.kwonlyargs {
            comma(self);
            self.parameter(a);
        }
        if let Some(k) = &p.kwarg {
            comma(self);
            self.s("**");
            self.s(&k.name.id);
        }
    }

    fn parameter(&mut self, a: &ParameterWithDefault) {
        self.s(&a.parameter.name.id);
        if let Some(d) = a.default() {
            self.s("=");
            self.expr(d, P::Test);
        }
    }

    fn comp(
        &mut self,
        open: &str,
        close: &str,
        first: &Expr,
        second: Option<&Expr>,
        generators: &[Comprehension],
    ) {
        self.s(open);
        self.expr(first, P::Test);
        if let Some(e) = second {
            self.s(": ");
            self.expr(e, P::Test);
        }
        for g in generators {
            self.s(if g.is_async { " async for " } else { " for " });
            self.expr(&g.target, P::Tuple);
            self.s(" in ");
            self.expr(&g.iter, P::Test.next());
            for e in &g.ifs {
                self.s(" if ");
                self.expr(e, P::Test.next());
            }
        }
        self.s(close);
    }

    fn call(&mut self, c: &ExprCall) {
        self.expr(&c.func, P::Atom);
        if let ([arg @ Expr::Generator(_)], true) = (&*c.arguments.args, c.arguments.keywords.is_empty()) {
            return self.expr(arg, P::Atom);
        }
        self.s("(");
        let mut first = true;
        for a in &c.arguments.args {
            if !std::mem::take(&mut first) {
                self.s(", ");
            }
            self.expr(a, P::Test);
        }
        for k in &c.arguments.keywords {
            if !std::mem::take(&mut first) {
                self.s(", ");
            }
            match &k.arg {
                Some(name) => {
                    self.s(&name.id);
                    self.s("=");
                }
                None => self.s("**"),
            }
            self.expr(&k.value, P::Test);
        }
        self.s(")");
    }

    fn number(&mut self, n: &ExprNumberLiteral) {
        match &n.value {
            Number::Int(i) => {
                let text = match i.as_u64() {
                    Some(n) => n.to_string(),
                    None => crate::literals::big_int_text(&i.to_string()),
                };
                self.s(&text);
            }
            Number::Float(f) => {
                let text = repr_float(*f);
                self.s(&text);
            }
            Number::Complex { imag, .. } => {
                let text = repr_float(*imag);
                let text = text.strip_suffix(".0").unwrap_or(&text);
                let _ = write!(self.out, "{text}j");
            }
        }
    }

    fn fstring(&mut self, f: &ExprFString) {
        let mut body = Writer { out: String::new(), depth: self.depth, locations: self.locations };
        for part in &f.value {
            match part {
                FStringPart::Literal(l) => body.braced(l.as_str()),
                FStringPart::FString(f) => body.elements(&f.elements, false),
            }
        }
        self.s("f");
        let text = repr(&body.out);
        self.s(&text);
    }

    fn tstring(&mut self, t: &ExprTString) {
        let mut body = Writer { out: String::new(), depth: self.depth, locations: self.locations };
        for part in &t.value {
            body.elements(&part.elements, true);
        }
        self.s("t");
        let text = repr(&body.out);
        self.s(&text);
    }

    /// The literal part of an f-string, its braces doubled.
    fn braced(&mut self, text: &str) {
        let text = text.replace('{', "{{").replace('}', "}}");
        self.s(&text);
    }

    fn elements(&mut self, elements: &InterpolatedStringElements, template: bool) {
        for e in elements.iter() {
            match e {
                InterpolatedStringElement::Literal(l) => self.braced(&l.value),
                InterpolatedStringElement::Interpolation(i) => {
                    if let Some(debug) = &i.debug_text {
                        self.braced(&crate::literals::strip_comments(debug.as_str()));
                    }
                    let mut inner =
                        Writer { out: String::new(), depth: self.depth, locations: self.locations };
                    if template {
                        inner.s(&crate::literals::interpolation_text(i, self.locations));
                    } else {
                        inner.expr(&i.expression, P::Test.next());
                    }
                    self.s(if inner.out.starts_with('{') { "{ " } else { "{" });
                    self.s(&inner.out);
                    let debug_repr = i.debug_text.is_some() && i.format_spec.is_none();
                    match i.conversion.to_char() {
                        Some(c) => {
                            let _ = write!(self.out, "!{c}");
                        }
                        None if debug_repr => self.s("!r"),
                        None => {}
                    }
                    if let Some(spec) = &i.format_spec {
                        self.s(":");
                        self.depth += 1;
                        guarded(self.depth, || self.elements(&spec.elements, template));
                        self.depth -= 1;
                    }
                    self.s("}");
                }
            }
        }
    }
}

/// A string as Python's `repr` shows it.
/// The text of a constant that is no literal.
fn constant(c: &Const) -> String {
    let list = |items: &[Const]| items.iter().map(constant).collect::<Vec<_>>().join(", ");
    match c {
        Const::None | Const::Code(_) => "None".to_owned(),
        Const::True => "True".to_owned(),
        Const::False => "False".to_owned(),
        Const::Ellipsis => "...".to_owned(),
        Const::Int(n) => n.to_string(),
        Const::BigInt { negative, magnitude } => {
            let sign = if *negative { "-" } else { "" };
            format!("{sign}{}", num_bigint::BigUint::from_bytes_le(magnitude))
        }
        Const::Float(f) => repr_float(*f),
        Const::Complex(re, im) => format!("({}+{}j)", repr_float(*re), repr_float(*im)),
        Const::Str(s) => repr(s),
        Const::WideStr(points) => repr_points(points),
        Const::Bytes(b) => repr_bytes(b),
        Const::Tuple(items) if items.len() == 1 => format!("({},)", list(items)),
        Const::Tuple(items) => format!("({})", list(items)),
        Const::FrozenSet(items) if items.is_empty() => "frozenset()".to_owned(),
        Const::FrozenSet(items) => format!("frozenset({{{}}})", list(items)),
        Const::Slice(parts) => format!("slice({})", list(&parts[..])),
    }
}

fn repr(text: &str) -> String {
    let points: Vec<u32> = text.chars().map(u32::from).collect();
    repr_points(&points)
}

fn repr_points(points: &[u32]) -> String {
    let has = |c: char| points.contains(&u32::from(c));
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(points.len() + 2);
    out.push(quote);
    for &n in points {
        match char::from_u32(n) {
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c) if c == quote => {
                out.push('\\');
                out.push(c);
            }
            Some(c) if (' '..'\x7f').contains(&c) => out.push(c),
            Some(c) if !c.is_ascii() && protopy_tokens::is_printable(c) => out.push(c),
            _ => {
                let _ = match n {
                    0..=0xff => write!(out, "\\x{n:02x}"),
                    0x100..=0xffff => write!(out, "\\u{n:04x}"),
                    _ => write!(out, "\\U{n:08x}"),
                };
            }
        }
    }
    out.push(quote);
    out
}

fn repr_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    let mut out = String::from("b");
    out.push(char::from(quote));
    for &b in bytes {
        match b {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if b == quote => {
                out.push('\\');
                out.push(char::from(b));
            }
            b' '..=b'~' => out.push(char::from(b)),
            b => {
                let _ = write!(out, "\\x{b:02x}");
            }
        }
    }
    out.push(char::from(quote));
    out
}

/// A float as Python's `repr` shows it; infinity as a literal that overflows.
fn repr_float(f: f64) -> String {
    if f.is_infinite() {
        return "1e309".to_owned();
    }
    if f == 0.0 {
        return "0.0".to_owned();
    }
    let digits = format!("{f:e}");
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let text = format!("{f}");
        return if text.contains('.') { text } else { text + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
