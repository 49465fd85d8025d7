//! From Python objects to a tree that the compiler takes.
//!
//! Objects may hold anything, so each field is checked as it is read, in the words of CPython: that it is there and of its
//! type (TypeError), and that the node makes sense (ValueError). The tree has no source: the range of a node begins at its
//! index in a table of positions and has no end, so that a range made of two nodes' is one too. Constants that no literal
//! can express are in a table as well.

mod constants;
mod exprs;
mod patterns;
mod stmts;
mod strings;

use super::classes::Ast;
use super::table::Node;
use protocore::layouts::{IntRef, ListObj, StrObj};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_bytecode::Position;
use protopy_compiler::{Locations, Mode, NodeTable};
use protopy_vm as vm;
use ruff_python_ast::{AtomicNodeIndex, Expr, ExprContext, Identifier, Mod, ModExpression, ModModule};
use ruff_text_size::{TextRange, TextSize};

/// No index: those are the linter's business.
#[allow(clippy::declare_interior_mutable_const)]
const NO_INDEX: AtomicNodeIndex = AtomicNodeIndex::NONE;

/// The walk over syntax tree objects.
pub struct Builder {
    ast: Ast,
    table: NodeTable,
}

/// The tree that an object stands for; `mode` says which class it must be of.
pub fn tree(cx: &mut Ctx, v: Value, mode: Mode) -> PyResult<(Mod, Locations)> {
    let ast = Ast::get(cx)?;
    let mut b = Builder { ast, table: NodeTable::default() };
    check_mode(cx, ast, v, mode)?;
    let range = TextRange::default();
    let tree = match mode {
        Mode::Eval => {
            let body = b.expr_field(cx, v, Node::Expression, 0, ExprContext::Load)?;
            Mod::Expression(ModExpression { node_index: NO_INDEX, range, body: Box::new(body) })
        }
        Mode::Single => {
            let body = b.suite_field(cx, v, Node::Interactive, 0)?;
            Mod::Module(ModModule { node_index: NO_INDEX, range, body })
        }
        _ => {
            let body = b.suite_field(cx, v, Node::Module, 0)?;
            b.type_ignores(cx, v)?;
            Mod::Module(ModModule { node_index: NO_INDEX, range, body })
        }
    };
    Ok((tree, Locations::Table(b.table)))
}

/// Checks that an object is of the class that a mode wants.
pub fn check_mode(cx: &mut Ctx, ast: Ast, v: Value, mode: Mode) -> PyResult<()> {
    let wanted = match mode {
        Mode::Exec => Node::Module,
        Mode::Eval => Node::Expression,
        Mode::Single => Node::Interactive,
        Mode::FuncType => Node::FunctionType,
    };
    if cx.type_of(v).is_subtype(ast.class(wanted).value()) {
        return Ok(());
    }
    let msg = format!("expected {} node, got {}", wanted.def().name, cx.type_name(v));
    Err(cx.type_error(&msg))
}

impl Builder {
    // ---------------------------------------------------------------------------------------------- fields

    /// A field, if the object has it.
    fn lookup(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Option<Value>> {
        vm::lookup_attr(cx, v, self.ast.field_name(n, i))
    }

    /// A field that must be there.
    fn required(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult {
        match self.lookup(cx, v, n, i)? {
            Some(x) => Ok(x),
            None => Err(missing(cx, n.def().fields.get(i).map_or("", |f| f.name), n.def().name)),
        }
    }

    /// A field that must be there and not None.
    fn present(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult {
        let x = self.required(cx, v, n, i)?;
        if x.is_none() {
            let name = n.def().fields.get(i).map_or("", |f| f.name);
            return Err(cx.value_error(&format!("field '{name}' is required for {}", n.def().name)));
        }
        Ok(x)
    }

    /// A field that may be missing or None.
    fn optional(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Option<Value>> {
        Ok(self.lookup(cx, v, n, i)?.and_then(Value::not_none))
    }

    /// The items of a list field; none if it is missing. The list is the caller's to keep alive.
    fn items(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Items> {
        let Some(x) = self.lookup(cx, v, n, i)? else {
            return Ok(Items { list: Value::NONE, all: protocore::Held::new() });
        };
        match ListObj::of(x) {
            Some(l) => {
                // A copy that is visible to the collector: reading the items runs code that may change the list.
                let all = l.snapshot();
                let list = cx.list(&all)?;
                Ok(Items { list, all })
            }
            None => {
                let name = n.def().fields.get(i).map_or("", |f| f.name);
                let msg =
                    format!("{} field \"{name}\" must be a list, not a {}", n.def().name, cx.type_name(x));
                Err(cx.type_error(&msg))
            }
        }
    }

    fn int(&self, cx: &mut Ctx, v: Value) -> PyResult<i32> {
        match IntRef::of(v) {
            Some(i) => match i.to_i64().and_then(|n| i32::try_from(n).ok()) {
                Some(n) => Ok(n),
                None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
            },
            None => {
                let text = vm::repr_text(cx, v)?;
                Err(cx.value_error(&format!("invalid integer value: {text}")))
            }
        }
    }

    /// An int field that must be there.
    fn int_field(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<i32> {
        let x = self.required(cx, v, n, i)?;
        self.int(cx, x)
    }

    fn name_text(&self, cx: &mut Ctx, v: Value) -> PyResult<String> {
        match StrObj::of(v).filter(|_| cx.is_exact(v, Ty::Str)) {
            Some(s) => match s.to_utf8() {
                Some(t) => Ok(t),
                None => Err(vm::types::classes::not_utf8(cx, v)),
            },
            None => Err(cx.type_error("AST identifier must be of type str")),
        }
    }

    /// A name that must be there.
    fn name_field(
        &self,
        cx: &mut Ctx,
        v: Value,
        n: Node,
        i: usize,
        range: TextRange,
    ) -> PyResult<Identifier> {
        let x = self.present(cx, v, n, i)?;
        Ok(Identifier::new(self.name_text(cx, x)?, range))
    }

    /// A name that may be missing.
    fn opt_name(
        &self,
        cx: &mut Ctx,
        v: Value,
        n: Node,
        i: usize,
        range: TextRange,
    ) -> PyResult<Option<Identifier>> {
        match self.optional(cx, v, n, i)? {
            Some(x) => Ok(Some(Identifier::new(self.name_text(cx, x)?, range))),
            None => Ok(None),
        }
    }

    fn names(
        &self,
        cx: &mut Ctx,
        v: Value,
        n: Node,
        i: usize,
        range: TextRange,
    ) -> PyResult<Vec<Identifier>> {
        let items = self.items(cx, v, n, i)?;
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            out.push(Identifier::new(self.name_text(cx, *x)?, range));
        }
        items.done();
        Ok(out)
    }

    /// Checks the type comment of a node, which has no meaning for the compiler.
    fn type_comment(&self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<()> {
        match self.optional(cx, v, n, i)? {
            Some(x) => self.string(cx, x),
            None => Ok(()),
        }
    }

    fn string(&self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if cx.is_exact(v, Ty::Str) || cx.is_exact(v, Ty::Bytes) {
            return Ok(());
        }
        Err(cx.type_error("AST string must be of type str"))
    }

    fn type_ignores(&self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let items = self.items(cx, v, Node::Module, 1)?;
        for x in &items.all {
            if self.ast.node_of(cx, *x) != Some(Node::TypeIgnore) {
                return Err(unexpected(cx, Node::TypeIgnoreBase, *x));
            }
            self.int_field(cx, *x, Node::TypeIgnore, 0)?;
            let tag = self.required(cx, *x, Node::TypeIgnore, 1)?;
            self.string(cx, tag)?;
        }
        items.done();
        Ok(())
    }

    // ---------------------------------------------------------------------------------------------- places

    /// Reads the position of a node; `base` is the class that has the attributes.
    fn place(&mut self, cx: &mut Ctx, v: Value, base: Node) -> PyResult<TextRange> {
        let mut found = [0i32; 4];
        for i in 0..4 {
            let x = vm::lookup_attr(cx, v, self.ast.attribute_name(i))?;
            let open = matches!(base.def().attributes, super::table::Attributes::OpenEnd) && i >= 2;
            found[i] = match x {
                Some(x) if !open || !x.is_none() => self.int(cx, x)?,
                _ if open => found[i - 2],
                _ => {
                    return Err(missing(
                        cx,
                        super::table::ATTRIBUTES.get(i).copied().unwrap_or(""),
                        base.def().name,
                    ));
                }
            };
        }
        let [line, col, end_line, end_col] = found;
        if line > end_line {
            return Err(cx.value_error(&format!("AST node line range ({line}, {end_line}) is not valid")));
        }
        if (line < 0 && end_line != line) || (col < 0 && col != end_col) {
            let msg = format!(
                "AST node column range ({col}, {end_col}) for line range ({line}, {end_line}) is not valid"
            );
            return Err(cx.value_error(&msg));
        }
        if line == end_line && col > end_col {
            return Err(cx.value_error(&format!("line {line}, column {col}-{end_col} is not a valid range")));
        }
        let number = |n: i32| u32::try_from(n).unwrap_or(0);
        Ok(self.add_place(Position {
            line: number(line),
            end_line: number(end_line),
            col: number(col),
            end_col: number(end_col),
        }))
    }

    fn add_place(&mut self, p: Position) -> TextRange {
        let at = TextSize::try_from(self.table.positions.len()).unwrap_or_default();
        self.table.positions.push(p);
        TextRange::new(at, TextSize::from(u32::MAX))
    }

    fn position(&self, range: TextRange) -> Position {
        self.table.positions.get(range.start().to_usize()).copied().unwrap_or_default()
    }

    // ---------------------------------------------------------------------------------------------- expressions

    /// An expression that must be there.
    fn expr_field(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize, ctx: ExprContext) -> PyResult<Expr> {
        let x = self.present(cx, v, n, i)?;
        self.expr(cx, x, ctx)
    }

    fn boxed(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Box<Expr>> {
        Ok(Box::new(self.expr_field(cx, v, n, i, ExprContext::Load)?))
    }

    /// An expression that may be missing.
    fn opt_expr(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Option<Box<Expr>>> {
        match self.optional(cx, v, n, i)? {
            Some(x) => Ok(Some(Box::new(self.expr(cx, x, ExprContext::Load)?))),
            None => Ok(None),
        }
    }

    fn exprs(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize, ctx: ExprContext) -> PyResult<Vec<Expr>> {
        let items = self.items(cx, v, n, i)?;
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            if x.is_none() {
                return Err(cx.value_error("None disallowed in expression list"));
            }
            out.push(self.expr(cx, *x, ctx)?);
        }
        items.done();
        Ok(out)
    }

    /// A list of expressions that may be None.
    fn opt_exprs(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Vec<Option<Expr>>> {
        let items = self.items(cx, v, n, i)?;
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            out.push(match x.not_none() {
                Some(x) => Some(self.expr(cx, x, ExprContext::Load)?),
                None => None,
            });
        }
        items.done();
        Ok(out)
    }
}

/// A snapshot of a list, and the copy that keeps its items alive.
struct Items {
    list: Value,
    all: protocore::Held<Value>,
}

impl Items {
    /// Ends the life of the snapshot.
    fn done(self) {
        vm::keep_alive(self.list);
    }
}

#[cold]
fn missing(cx: &mut Ctx, field: &str, class: &str) -> Raised {
    cx.type_error(&format!("required field \"{field}\" missing from {class}"))
}

/// Raises that a value is not of a class that was expected.
#[cold]
fn unexpected(cx: &mut Ctx, base: Node, v: Value) -> Raised {
    match vm::repr_text(cx, v) {
        Ok(text) => cx.type_error(&format!("expected some sort of {}, but got {text}", base.def().name)),
        Err(r) => r,
    }
}

/// Raises that a list has no items.
#[cold]
fn empty(cx: &mut Ctx, what: &str, n: Node) -> Raised {
    cx.value_error(&format!("empty {what} on {}", n.def().name))
}
