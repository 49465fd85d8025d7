//! From the parser's tree to Python objects.
//!
//! Both trees follow the same grammar; what differs is gathered here: chains of `elif` are nested `If`s, f-strings are flat
//! lists in which neighbouring literals are one constant, decorated definitions begin after their decorators. Positions
//! come from the ranges of the parser's nodes.

mod exprs;
mod stmts;
mod strings;

use super::classes::Ast;
use super::comments::TypeComments;
use super::table::Node;
use protocore::{Ctx, PyResult, Value};
use protopy_bytecode::Position;
use protopy_compiler::{Locations, Mode, Options};
use protopy_vm as vm;
use protopy_vm::ValueVec;
use ruff_python_ast::{self as ruff, Identifier, Mod};
use ruff_text_size::TextRange;

/// The walk over a parser's tree.
pub struct Export<'a> {
    ast: Ast,
    locations: &'a Locations,
    comments: TypeComments,
}

/// A module, interactive input or expression as an object, and the complaint about a type comment that is out of place.
pub fn tree(
    cx: &mut Ctx,
    tree: &Mod,
    locations: &Locations,
    options: &Options,
    comments: TypeComments,
) -> PyResult<(Value, Option<(&'static str, TextRange)>)> {
    let ast = Ast::get(cx)?;
    let e = Export { ast, locations, comments };
    let made = e.tree(cx, tree, options)?;
    Ok((made, e.comments.misplaced()))
}

/// A function type comment as an object.
pub fn function_type(
    cx: &mut Ctx,
    args: &[ruff::Expr],
    returns: &ruff::Expr,
    locations: &Locations,
) -> PyResult {
    let ast = Ast::get(cx)?;
    let e = Export { ast, locations, comments: TypeComments::default() };
    let args = e.exprs(cx, args)?;
    let returns = e.expr(cx, returns)?;
    e.plain(cx, Node::FunctionType, &[args, returns])
}

impl Export<'_> {
    fn tree(&self, cx: &mut Ctx, tree: &Mod, options: &Options) -> PyResult {
        let e = self;
        match tree {
            Mod::Module(m) => {
                let body = e.suite(cx, &m.body)?;
                if options.mode == Mode::Single {
                    return e.plain(cx, Node::Interactive, &[body]);
                }
                let mut ignores = ValueVec::new(cx);
                for (line, tag) in e.comments.ignores() {
                    let (line, tag) = (cx.int(i64::from(*line)), cx.str(tag));
                    let node = e.plain(cx, Node::TypeIgnore, &[line, tag])?;
                    ignores.push(cx, node)?;
                }
                e.plain(cx, Node::Module, &[body, ignores.into_list()])
            }
            Mod::Expression(m) => {
                let body = e.expr(cx, &m.body)?;
                e.plain(cx, Node::Expression, &[body])
            }
        }
    }

    fn at(&self, range: TextRange) -> Position {
        self.locations.position(range)
    }

    /// A node without a position.
    fn plain(&self, cx: &mut Ctx, n: Node, fields: &[Value]) -> PyResult {
        let this = cx.new_object(self.ast.class(n));
        for (i, v) in fields.iter().enumerate() {
            vm::attr::set_instance_attr(cx, this, self.ast.field_name(n, i), *v)?;
        }
        Ok(this)
    }

    /// A node at a range of the source.
    fn node(&self, cx: &mut Ctx, n: Node, range: TextRange, fields: &[Value]) -> PyResult {
        self.node_at(cx, n, self.at(range), fields)
    }

    /// A node at a position.
    fn node_at(&self, cx: &mut Ctx, n: Node, p: Position, fields: &[Value]) -> PyResult {
        let this = self.plain(cx, n, fields)?;
        for (i, v) in [p.line, p.col, p.end_line, p.end_col].into_iter().enumerate() {
            vm::attr::set_instance_attr(cx, this, self.ast.attribute_name(i), Value::small(i64::from(v)))?;
        }
        Ok(this)
    }

    /// A list of what `f` makes of each item.
    fn list<T>(
        &self,
        cx: &mut Ctx,
        items: impl IntoIterator<Item = T>,
        mut f: impl FnMut(&Self, &mut Ctx, T) -> PyResult,
    ) -> PyResult {
        let mut v = ValueVec::new(cx);
        for i in items {
            let made = f(self, cx, i)?;
            v.push(cx, made)?;
        }
        Ok(v.into_list())
    }

    fn identifier(&self, cx: &mut Ctx, i: &Identifier) -> Value {
        cx.intern_str(&i.id)
    }

    fn opt_identifier(&self, cx: &mut Ctx, i: Option<&Identifier>) -> Value {
        i.map_or(Value::NONE, |i| cx.intern_str(&i.id))
    }
}
