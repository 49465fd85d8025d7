//! `PyCF_OPTIMIZED_AST`: the little that CPython does to a tree before it compiles one, done to objects.
//!
//! `__debug__` becomes its value; from level 2 on docstrings go; `"%s" % (x,)` becomes an f-string; numbers in patterns become
//! one constant. The tree is fresh, so it is changed in place.

use super::classes::Ast;
use super::table::{ATTRIBUTES, FieldType, Node};
use protocore::layouts::{ListObj, StrObj};
use protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm as vm;
use protopy_vm::{BinOp, ValueVec};

/// Most digits of a width or precision that becomes part of an f-string.
const MAX_DIGITS: usize = 3;

struct Optimizer {
    ast: Ast,
    level: u8,
    /// Annotations stay as they are written.
    future_annotations: bool,
}

/// Optimizes a tree that nobody else has.
pub fn tree(cx: &mut Ctx, v: Value, level: u8, future_annotations: bool) -> PyResult<()> {
    let ast = Ast::get(cx)?;
    Optimizer { ast, level, future_annotations }.node(cx, v)?;
    Ok(())
}

// Fields by their position in the table.
const NAME_ID: usize = 0;
const NAME_CTX: usize = 1;
const CONSTANT_VALUE: usize = 0;
const EXPR_VALUE: usize = 0;
const MATCH_VALUE: usize = 0;
const MAPPING_KEYS: usize = 0;

impl Optimizer {
    fn get(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult {
        Ok(vm::lookup_attr(cx, v, self.ast.field_name(n, i))?.unwrap_or(Value::NONE))
    }

    fn set(&self, cx: &mut Ctx, v: Value, n: Node, i: usize, x: Value) -> PyResult<()> {
        vm::attr::set_instance_attr(cx, v, self.ast.field_name(n, i), x).map(|_| ())
    }

    /// A new node at the place of another one.
    fn made(&self, cx: &mut Ctx, n: Node, fields: &[Value], at: Option<Value>) -> PyResult {
        let this = cx.new_object(self.ast.class(n));
        for (i, v) in fields.iter().enumerate() {
            self.set(cx, this, n, i, *v)?;
        }
        for i in 0..ATTRIBUTES.len() {
            let name = self.ast.attribute_name(i);
            let place = match at {
                Some(other) => vm::lookup_attr(cx, other, name)?,
                None => Some(Value::small(-1)),
            };
            if let Some(place) = place {
                vm::attr::set_instance_attr(cx, this, name, place)?;
            }
        }
        Ok(this)
    }

    /// Optimizes a node and what is below it; what takes its place.
    fn node(&self, cx: &mut Ctx, v: Value) -> PyResult {
        cx.check_native_stack(" during ast preprocessing")?;
        let Some(n) = self.ast.node_of(cx, v) else { return Ok(v) };
        match n {
            Node::MatchValue => {
                let value = self.get(cx, v, n, MATCH_VALUE)?;
                let value = self.number(cx, value)?;
                self.set(cx, v, n, MATCH_VALUE, value)?;
                return Ok(v);
            }
            Node::MatchMapping => self.mapping_keys(cx, v)?,
            _ => {}
        }
        let body = matches!(n, Node::Module | Node::FunctionDef | Node::AsyncFunctionDef | Node::ClassDef);
        for (i, f) in n.def().fields.iter().enumerate() {
            let annotation = matches!(f.name, "annotation" | "returns");
            let keys = n == Node::MatchMapping && i == MAPPING_KEYS;
            if !matches!(f.ty, FieldType::Node(_)) || keys || (annotation && self.future_annotations) {
                continue;
            }
            let old = self.get(cx, v, n, i)?;
            match ListObj::of(old) {
                Some(l) if body && f.name == "body" => self.body(cx, l)?,
                Some(l) => self.list(cx, l)?,
                None if old.is_none() => {}
                None => {
                    let new = self.node(cx, old)?;
                    if !new.is(old) {
                        self.set(cx, v, n, i, new)?;
                    }
                }
            }
        }
        match n {
            Node::Name => self.name(cx, v),
            Node::BinOp => self.format(cx, v),
            _ => Ok(v),
        }
    }

    fn list(&self, cx: &mut Ctx, l: &ListObj) -> PyResult<()> {
        for i in 0..l.len() {
            if let Some(old) = l.get(i) {
                let new = self.node(cx, old)?;
                if !new.is(old) {
                    cx.list_set(l, i, new);
                }
            }
        }
        Ok(())
    }

    fn name(&self, cx: &mut Ctx, v: Value) -> PyResult {
        let id = self.get(cx, v, Node::Name, NAME_ID)?;
        if !StrObj::of(id).is_some_and(|s| s.eq_str("__debug__")) {
            return Ok(v);
        }
        let ctx = self.get(cx, v, Node::Name, NAME_CTX)?;
        if self.ast.node_of(cx, ctx) != Some(Node::Load) {
            return Ok(v);
        }
        let value = if self.level == 0 { Value::TRUE } else { Value::FALSE };
        self.made(cx, Node::Constant, &[value, Value::NONE], Some(v))
    }

    // ------------------------------------------------------------------------------------------ docstrings

    /// The text at the beginning of a block: the statement and its expression.
    fn docstring(&self, cx: &mut Ctx, l: &ListObj) -> PyResult<Option<(Value, Value)>> {
        let Some(first) = l.get(0) else { return Ok(None) };
        if self.ast.node_of(cx, first) != Some(Node::ExprStmt) {
            return Ok(None);
        }
        let e = self.get(cx, first, Node::ExprStmt, EXPR_VALUE)?;
        if self.ast.node_of(cx, e) != Some(Node::Constant) {
            return Ok(None);
        }
        let text = self.get(cx, e, Node::Constant, CONSTANT_VALUE)?;
        Ok(cx.is_exact(text, Ty::Str).then_some((first, e)))
    }

    /// A block whose first statement may be a docstring. A string that was none before must not become one.
    fn body(&self, cx: &mut Ctx, l: &ListObj) -> PyResult<()> {
        let mut had = self.docstring(cx, l)?;
        if let Some((stmt, _)) = had
            && self.level >= 2
        {
            had = None;
            if l.len() == 1 {
                let pass = self.pass_at(cx, stmt)?;
                cx.list_set(l, 0, pass);
            } else {
                cx.list_remove(l, 0);
            }
        }
        self.list(cx, l)?;
        if had.is_none()
            && let Some((stmt, e)) = self.docstring(cx, l)?
        {
            let values = cx.list(&[e])?;
            let joined = self.made(cx, Node::JoinedStr, &[values], Some(e))?;
            self.set(cx, stmt, Node::ExprStmt, EXPR_VALUE, joined)?;
        }
        Ok(())
    }

    /// A `pass` that begins where a statement does.
    fn pass_at(&self, cx: &mut Ctx, stmt: Value) -> PyResult {
        let pass = self.made(cx, Node::Pass, &[], Some(stmt))?;
        let [line, col] = [0, 1].map(|i| self.ast.attribute_name(i));
        let line = vm::lookup_attr(cx, stmt, line)?.unwrap_or(Value::small(-1));
        let col = vm::lookup_attr(cx, stmt, col)?.and_then(Value::as_small).unwrap_or(-1);
        vm::attr::set_instance_attr(cx, pass, self.ast.attribute_name(2), line)?;
        let end = cx.int(col.saturating_add(4));
        vm::attr::set_instance_attr(cx, pass, self.ast.attribute_name(3), end)?;
        Ok(pass)
    }

    // ------------------------------------------------------------------------------------------ patterns

    fn mapping_keys(&self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let keys = self.get(cx, v, Node::MatchMapping, MAPPING_KEYS)?;
        let Some(l) = ListObj::of(keys) else { return Ok(()) };
        for i in 0..l.len() {
            if let Some(key) = l.get(i) {
                let key = self.number(cx, key)?;
                cx.list_set(l, i, key);
            }
        }
        Ok(())
    }

    fn constant_of(&self, cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
        if self.ast.node_of(cx, v) != Some(Node::Constant) {
            return Ok(None);
        }
        let c = self.get(cx, v, Node::Constant, CONSTANT_VALUE)?;
        Ok([Ty::Int, Ty::Float, Ty::Complex].into_iter().any(|t| cx.is_exact(c, t)).then_some(c))
    }

    /// A number with a sign, or the sum of a real and an imaginary one, as one constant.
    fn number(&self, cx: &mut Ctx, v: Value) -> PyResult {
        let value = match self.ast.node_of(cx, v) {
            Some(n @ Node::UnaryOp) => {
                let (op, operand) = (self.get(cx, v, n, 0)?, self.get(cx, v, n, 1)?);
                let minus = self.ast.node_of(cx, op) == Some(Node::USub);
                match self.constant_of(cx, operand)? {
                    Some(c) if minus => vm::unary_op(cx, vm::UnOp::Neg, c)?,
                    _ => return Ok(v),
                }
            }
            Some(n @ Node::BinOp) => {
                let (left, op, right) =
                    (self.get(cx, v, n, 0)?, self.get(cx, v, n, 1)?, self.get(cx, v, n, 2)?);
                let op = match self.ast.node_of(cx, op) {
                    Some(Node::Add) => BinOp::Add,
                    Some(Node::Sub) => BinOp::Sub,
                    _ => return Ok(v),
                };
                let Some(b) = self.constant_of(cx, right)? else { return Ok(v) };
                // Only `-number` may stand on the left, so this goes one level deeper.
                let left = if self.ast.node_of(cx, left) == Some(Node::UnaryOp) {
                    self.number(cx, left)?
                } else {
                    left
                };
                match self.constant_of(cx, left)? {
                    Some(a) => vm::binary_op(cx, op, a, b)?,
                    None => return Ok(v),
                }
            }
            _ => return Ok(v),
        };
        self.made(cx, Node::Constant, &[value, Value::NONE], Some(v))
    }

    // ------------------------------------------------------------------------------------------ formats

    /// An f-string for `"format" % (values)`, if each value is formatted by `%s`, `%r` or `%a`.
    fn format(&self, cx: &mut Ctx, v: Value) -> PyResult {
        let (left, op, right) = (
            self.get(cx, v, Node::BinOp, 0)?,
            self.get(cx, v, Node::BinOp, 1)?,
            self.get(cx, v, Node::BinOp, 2)?,
        );
        if self.ast.node_of(cx, op) != Some(Node::Modulo)
            || self.ast.node_of(cx, left) != Some(Node::Constant)
            || self.ast.node_of(cx, right) != Some(Node::Tuple)
        {
            return Ok(v);
        }
        let text = self.get(cx, left, Node::Constant, CONSTANT_VALUE)?;
        let items = self.get(cx, right, Node::Tuple, 0)?;
        let (Some(text), Some(items)) = (StrObj::of(text), ListObj::of(items)) else { return Ok(v) };
        let mut args = ValueVec::new(cx);
        for i in 0..items.len() {
            let Some(x) = items.get(i) else { continue };
            if self.ast.node_of(cx, x) == Some(Node::Starred) {
                return Ok(v);
            }
            args.push(cx, x)?;
        }
        let chars: Vec<u32> = text.str_ref().chars().collect();
        let Some(pieces) = split(&chars, args.len()) else { return Ok(v) };
        let mut values = ValueVec::new(cx);
        let mut next = 0;
        for piece in pieces {
            let node = match piece {
                Piece::Text(points) => self.text(cx, &points)?,
                Piece::Field { conversion, spec } => {
                    let arg = args.get(next).unwrap_or(Value::NONE);
                    next += 1;
                    let spec = match spec.is_empty() {
                        true => Value::NONE,
                        false => {
                            let points: Vec<u32> = spec.chars().map(u32::from).collect();
                            self.text(cx, &points)?
                        }
                    };
                    let conversion = Value::small(i64::from(conversion));
                    self.made(cx, Node::FormattedValue, &[arg, conversion, spec], Some(arg))?
                }
            };
            values.push(cx, node)?;
        }
        self.made(cx, Node::JoinedStr, &[values.into_list()], Some(v))
    }

    fn text(&self, cx: &mut Ctx, points: &[u32]) -> PyResult {
        let mut b = protopy_text::StrBuf::new();
        points.iter().for_each(|c| b.push(*c));
        let s = cx.str_buf(b)?;
        self.made(cx, Node::Constant, &[s, Value::NONE], None)
    }
}

/// A part of a format string.
enum Piece {
    Text(Vec<u32>),
    Field { conversion: u8, spec: String },
}

/// The parts of a format string with `count` fields, all of them simple.
fn split(format: &[u32], count: usize) -> Option<Vec<Piece>> {
    const PERCENT: u32 = b'%' as u32;
    let mut pieces = Vec::new();
    let mut fields = 0;
    let mut text = Vec::new();
    let mut at = 0;
    while let Some(&c) = format.get(at) {
        at += 1;
        if c != PERCENT {
            text.push(c);
        } else if format.get(at) == Some(&PERCENT) {
            text.push(PERCENT);
            at += 1;
        } else {
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(field(format, &mut at)?);
            fields += 1;
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    (fields == count).then_some(pieces)
}

/// The field behind a percent sign.
fn field(format: &[u32], at: &mut usize) -> Option<Piece> {
    let peek = |at: usize| format.get(at).and_then(|c| u8::try_from(*c).ok());
    let mut left = false;
    while let Some(flag @ (b'-' | b'+' | b' ' | b'#' | b'0')) = peek(*at) {
        left |= flag == b'-';
        *at += 1;
    }
    let digits = |at: &mut usize| {
        let mut found = String::new();
        while let Some(d @ b'0'..=b'9') = peek(*at) {
            found.push(char::from(d));
            *at += 1;
        }
        (found.len() <= MAX_DIGITS).then_some(found)
    };
    let mut spec = String::new();
    let width = digits(at)?;
    if let Ok(width) = width.parse::<u32>() {
        if width > 0 && !left {
            spec.push('>');
        }
        spec.push_str(&width.to_string());
    }
    if peek(*at) == Some(b'.') {
        *at += 1;
        let precision: u32 = digits(at)?.parse().unwrap_or(0);
        spec.push('.');
        spec.push_str(&precision.to_string());
    }
    let conversion = peek(*at).filter(|c| matches!(c, b's' | b'r' | b'a'))?;
    *at += 1;
    Some(Piece::Field { conversion, spec })
}
