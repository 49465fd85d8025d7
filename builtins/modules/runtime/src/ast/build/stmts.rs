//! Statements and type parameters.

use super::exprs::check_name;
use super::{Builder, NO_INDEX, empty, missing, unexpected};
use crate::ast::table::Node;
use protocore::{Ctx, PyResult, Value};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

const LOAD: ExprContext = ExprContext::Load;
const STORE: ExprContext = ExprContext::Store;

impl Builder {
    /// A list of statements.
    pub(super) fn suite_field(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Suite> {
        let items = self.items(cx, v, n, i)?;
        let mut out = Suite::with_capacity(items.all.len());
        for x in &items.all {
            if x.is_none() {
                return Err(cx.value_error("None disallowed in statement list"));
            }
            out.push(self.stmt(cx, *x)?);
        }
        items.done();
        Ok(out)
    }

    /// A list of statements that must have some.
    fn body(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Suite> {
        let body = self.suite_field(cx, v, n, i)?;
        if body.is_empty() {
            return Err(empty(cx, "body", n));
        }
        Ok(body)
    }

    fn stmt(&mut self, cx: &mut Ctx, v: Value) -> PyResult<Stmt> {
        cx.check_native_stack(" while traversing 'stmt' node")?;
        let range = self.place(cx, v, Node::Stmt)?;
        let n = self.ast.node_of(cx, v).filter(|n| n.def().base == Some(Node::Stmt));
        let Some(n) = n else { return Err(unexpected(cx, Node::Stmt, v)) };
        match n {
            Node::FunctionDef | Node::AsyncFunctionDef => self.function(cx, v, n, range),
            Node::ClassDef => self.class(cx, v, range),
            Node::For | Node::AsyncFor | Node::While | Node::If | Node::With | Node::AsyncWith => {
                self.block(cx, v, n, range)
            }
            Node::Match => self.match_stmt(cx, v, range),
            Node::Try | Node::TryStar => self.try_stmt(cx, v, n, range),
            Node::Assign | Node::AugAssign | Node::AnnAssign | Node::TypeAlias | Node::Delete => {
                self.assignment(cx, v, n, range)
            }
            Node::Import | Node::ImportFrom => self.import(cx, v, n, range),
            _ => self.simple(cx, v, n, range),
        }
    }

    fn simple(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Stmt> {
        let node_index = NO_INDEX;
        Ok(match n {
            Node::Return => {
                let value = self.opt_expr(cx, v, n, 0)?;
                Stmt::Return(StmtReturn { node_index, range, value })
            }
            Node::Raise => {
                let exc = self.opt_expr(cx, v, n, 0)?;
                let cause = self.opt_expr(cx, v, n, 1)?;
                if exc.is_none() && cause.is_some() {
                    return Err(cx.value_error("Raise with cause but no exception"));
                }
                Stmt::Raise(StmtRaise { node_index, range, exc, cause })
            }
            Node::Assert => {
                let test = self.boxed(cx, v, n, 0)?;
                let msg = self.opt_expr(cx, v, n, 1)?;
                Stmt::Assert(StmtAssert { node_index, range, test, msg })
            }
            Node::Global | Node::Nonlocal => {
                let names = self.names(cx, v, n, 0, range)?;
                if names.is_empty() {
                    return Err(empty(cx, "names", n));
                }
                if n == Node::Global {
                    Stmt::Global(StmtGlobal { node_index, range, names })
                } else {
                    Stmt::Nonlocal(StmtNonlocal { node_index, range, names })
                }
            }
            Node::ExprStmt => {
                let value = self.boxed(cx, v, n, 0)?;
                Stmt::Expr(StmtExpr { node_index, range, value })
            }
            Node::Break => Stmt::Break(StmtBreak { node_index, range }),
            Node::Continue => Stmt::Continue(StmtContinue { node_index, range }),
            _ => Stmt::Pass(StmtPass { node_index, range }),
        })
    }

    fn targets(&mut self, cx: &mut Ctx, v: Value, n: Node, ctx: ExprContext) -> PyResult<Vec<Expr>> {
        let targets = self.exprs(cx, v, n, 0, ctx)?;
        if targets.is_empty() {
            return Err(empty(cx, "targets", n));
        }
        Ok(targets)
    }

    fn assignment(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Stmt> {
        let node_index = NO_INDEX;
        Ok(match n {
            Node::Delete => {
                let targets = self.targets(cx, v, n, ExprContext::Del)?;
                Stmt::Delete(StmtDelete { node_index, range, targets })
            }
            Node::Assign => {
                let targets = self.targets(cx, v, n, STORE)?;
                let value = self.boxed(cx, v, n, 1)?;
                self.type_comment(cx, v, n, 2)?;
                Stmt::Assign(StmtAssign { node_index, range, targets, value })
            }
            Node::AugAssign => {
                let target = Box::new(self.expr_field(cx, v, n, 0, STORE)?);
                let op = self.required(cx, v, n, 1)?;
                let op = self.operator(cx, op)?;
                let value = self.boxed(cx, v, n, 2)?;
                self.single_target(cx, &target, "augmented")?;
                Stmt::AugAssign(StmtAugAssign { node_index, range, target, op, value })
            }
            Node::AnnAssign => {
                let given = self.present(cx, v, n, 0)?;
                let simple = self.int_field(cx, v, n, 3)? != 0;
                if simple && self.ast.node_of(cx, given) != Some(Node::Name) {
                    return Err(cx.type_error("AnnAssign with simple non-Name target"));
                }
                let target = Box::new(self.expr(cx, given, STORE)?);
                let value = self.opt_expr(cx, v, n, 2)?;
                let annotation = self.boxed(cx, v, n, 1)?;
                self.single_target(cx, &target, "annotated")?;
                Stmt::AnnAssign(StmtAnnAssign { node_index, range, target, annotation, value, simple })
            }
            _ => {
                let name = self.present(cx, v, n, 0)?;
                if self.ast.node_of(cx, name) != Some(Node::Name) {
                    return Err(cx.type_error("TypeAlias with non-Name name"));
                }
                let name = Box::new(self.expr(cx, name, STORE)?);
                let type_params = self.type_params(cx, v, n, 1, range)?;
                let value = self.boxed(cx, v, n, 2)?;
                Stmt::TypeAlias(StmtTypeAlias { node_index, range, name, type_params, value })
            }
        })
    }

    /// Augmented and annotated assignment have one target, which is no sequence.
    fn single_target(&self, cx: &mut Ctx, target: &Expr, what: &str) -> PyResult<()> {
        let number = match target {
            Expr::Starred(_) => 25,
            Expr::List(_) => 27,
            Expr::Tuple(_) => 28,
            _ => return Ok(()),
        };
        let msg = format!("invalid node type ({number}) for {what} assignment");
        Err(cx.raise_str(protocore::Ty::SystemError, &msg))
    }

    fn import(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Stmt> {
        let at = usize::from(n == Node::ImportFrom);
        let module = if at == 1 { self.opt_name(cx, v, n, 0, range)? } else { None };
        let items = self.items(cx, v, n, at)?;
        let mut names = Vec::with_capacity(items.all.len());
        for x in &items.all {
            let n = Node::Alias;
            self.required(cx, *x, n, 0)?;
            let range = self.place(cx, *x, n)?;
            let name = self.name_field(cx, *x, n, 0, range)?;
            let asname = self.opt_name(cx, *x, n, 1, range)?;
            check_name(cx, &name.id)?;
            if let Some(asname) = &asname {
                check_name(cx, &asname.id)?;
            }
            names.push(Alias { range, node_index: NO_INDEX, name, asname });
        }
        items.done();
        let node_index = NO_INDEX;
        let is_lazy = false;
        if at == 0 {
            if names.is_empty() {
                return Err(empty(cx, "names", n));
            }
            return Ok(Stmt::Import(StmtImport { node_index, range, names, is_lazy }));
        }
        let level = match self.optional(cx, v, n, 2)? {
            Some(x) => self.int(cx, x)?,
            None => 0,
        };
        let Ok(level) = u32::try_from(level) else {
            return Err(cx.value_error("Negative ImportFrom level"));
        };
        if names.is_empty() {
            return Err(empty(cx, "names", n));
        }
        Ok(Stmt::ImportFrom(StmtImportFrom { node_index, range, module, names, level, is_lazy }))
    }

    fn block(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Stmt> {
        let node_index = NO_INDEX;
        Ok(match n {
            Node::For | Node::AsyncFor => {
                let target = Box::new(self.expr_field(cx, v, n, 0, STORE)?);
                let iter = self.boxed(cx, v, n, 1)?;
                let body = self.body(cx, v, n, 2)?;
                let orelse = self.suite_field(cx, v, n, 3)?;
                self.type_comment(cx, v, n, 4)?;
                let is_async = n == Node::AsyncFor;
                Stmt::For(StmtFor { node_index, range, is_async, target, iter, body, orelse })
            }
            Node::While => {
                let test = self.boxed(cx, v, n, 0)?;
                let body = self.body(cx, v, n, 1)?;
                let orelse = self.suite_field(cx, v, n, 2)?;
                Stmt::While(StmtWhile { node_index, range, test, body, orelse })
            }
            Node::If => self.if_stmt(cx, v, range)?,
            _ => {
                let items = self.items(cx, v, n, 0)?;
                if items.all.is_empty() {
                    return Err(empty(cx, "items", n));
                }
                let mut with = Vec::with_capacity(items.all.len());
                for x in &items.all {
                    let context_expr = self.expr_field(cx, *x, Node::WithItem, 0, LOAD)?;
                    let optional_vars = match self.optional(cx, *x, Node::WithItem, 1)? {
                        Some(e) => Some(Box::new(self.expr(cx, e, STORE)?)),
                        None => None,
                    };
                    let range = context_expr.range();
                    with.push(WithItem { range, node_index: NO_INDEX, context_expr, optional_vars });
                }
                items.done();
                let body = self.body(cx, v, n, 1)?;
                self.type_comment(cx, v, n, 2)?;
                let is_async = n == Node::AsyncWith;
                Stmt::With(StmtWith { node_index, range, is_async, items: with, body })
            }
        })
    }

    /// An `If` alone in the other branch is an `elif`.
    fn if_stmt(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Stmt> {
        let n = Node::If;
        let test = self.boxed(cx, v, n, 0)?;
        let body = self.body(cx, v, n, 1)?;
        let mut elif_else_clauses = Vec::new();
        let mut at = v;
        loop {
            let items = self.items(cx, at, n, 2)?;
            match &items.all[..] {
                [] => break,
                [one] if self.ast.node_of(cx, *one) == Some(Node::If) => {
                    let range = self.place(cx, *one, Node::Stmt)?;
                    let test = Some(self.expr_field(cx, *one, n, 0, LOAD)?);
                    let body = self.body(cx, *one, n, 1)?;
                    elif_else_clauses.push(ElifElseClause { range, node_index: NO_INDEX, test, body });
                    at = *one;
                }
                _ => {
                    let body = self.suite_field(cx, at, n, 2)?;
                    elif_else_clauses.push(ElifElseClause { range, node_index: NO_INDEX, test: None, body });
                    break;
                }
            }
            items.done();
        }
        Ok(Stmt::If(StmtIf { node_index: NO_INDEX, range, test, body, elif_else_clauses }))
    }

    fn match_stmt(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Stmt> {
        let subject = self.boxed(cx, v, Node::Match, 0)?;
        let items = self.items(cx, v, Node::Match, 1)?;
        if items.all.is_empty() {
            return Err(empty(cx, "cases", Node::Match));
        }
        let mut cases = Vec::with_capacity(items.all.len());
        for x in &items.all {
            let n = Node::MatchCase;
            let pattern = self.present(cx, *x, n, 0)?;
            let pattern = self.pattern(cx, pattern, false)?;
            let guard = self.opt_expr(cx, *x, n, 1)?;
            let body = self.body(cx, *x, n, 2)?;
            let range = pattern.range();
            cases.push(MatchCase { range, node_index: NO_INDEX, pattern, guard, body });
        }
        items.done();
        Ok(Stmt::Match(StmtMatch { node_index: NO_INDEX, range, subject, cases }))
    }

    fn try_stmt(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Stmt> {
        let body = self.body(cx, v, n, 0)?;
        let handlers = self.handlers(cx, v, n)?;
        let orelse = self.suite_field(cx, v, n, 2)?;
        let finalbody = self.suite_field(cx, v, n, 3)?;
        let name = n.def().name;
        if handlers.is_empty() && finalbody.is_empty() {
            return Err(cx.value_error(&format!("{name} has neither except handlers nor finalbody")));
        }
        if handlers.is_empty() && !orelse.is_empty() {
            return Err(cx.value_error(&format!("{name} has orelse but no except handlers")));
        }
        let is_star = n == Node::TryStar;
        Ok(Stmt::Try(StmtTry { node_index: NO_INDEX, range, body, handlers, orelse, finalbody, is_star }))
    }

    fn handlers(&mut self, cx: &mut Ctx, v: Value, n: Node) -> PyResult<Vec<ExceptHandler>> {
        let items = self.items(cx, v, n, 1)?;
        let mut handlers = Vec::with_capacity(items.all.len());
        for x in &items.all {
            let n = Node::ExceptHandler;
            let range = self.place(cx, *x, Node::ExceptHandlerBase)?;
            if self.ast.node_of(cx, *x) != Some(n) {
                return Err(unexpected(cx, Node::ExceptHandlerBase, *x));
            }
            let type_ = self.opt_expr(cx, *x, n, 0)?;
            let name = self.opt_name(cx, *x, n, 1, range)?;
            if let Some(name) = &name {
                check_name(cx, &name.id)?;
            }
            let body = self.body(cx, *x, n, 2)?;
            handlers.push(ExceptHandler::ExceptHandler(ExceptHandlerExceptHandler {
                range,
                node_index: NO_INDEX,
                type_,
                name,
                body,
            }));
        }
        items.done();
        Ok(handlers)
    }

    fn decorators(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Vec<Decorator>> {
        let all = self.exprs(cx, v, n, i, LOAD)?;
        let one =
            |expression: Expr| Decorator { range: expression.range(), node_index: NO_INDEX, expression };
        Ok(all.into_iter().map(one).collect())
    }

    fn function(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Stmt> {
        let name = self.name_field(cx, v, n, 0, range)?;
        check_name(cx, &name.id)?;
        let parameters = Box::new(self.arguments(cx, v, n, 1, range)?);
        let body = self.body(cx, v, n, 2)?;
        let decorator_list = self.decorators(cx, v, n, 3)?.into_iter().collect();
        let returns = self.opt_expr(cx, v, n, 4)?;
        self.type_comment(cx, v, n, 5)?;
        let type_params = self.type_params(cx, v, n, 6, range)?;
        Ok(Stmt::FunctionDef(StmtFunctionDef {
            node_index: NO_INDEX,
            range,
            is_async: n == Node::AsyncFunctionDef,
            decorator_list,
            name,
            type_params,
            parameters,
            returns,
            body,
        }))
    }

    fn class(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Stmt> {
        let n = Node::ClassDef;
        let name = self.name_field(cx, v, n, 0, range)?;
        check_name(cx, &name.id)?;
        let args: Box<[Expr]> = self.exprs(cx, v, n, 1, LOAD)?.into();
        let keywords = self.keywords(cx, v, n, 2)?;
        let body = self.body(cx, v, n, 3)?;
        let decorator_list = self.decorators(cx, v, n, 4)?.into_iter().collect();
        let type_params = self.type_params(cx, v, n, 5, range)?;
        let arguments = (!args.is_empty() || !keywords.is_empty()).then(|| {
            let keywords = keywords.into_iter().collect();
            Box::new(Arguments { range, node_index: NO_INDEX, args, keywords })
        });
        Ok(Stmt::ClassDef(StmtClassDef {
            node_index: NO_INDEX,
            range,
            decorator_list,
            name,
            type_params,
            arguments,
            body,
        }))
    }

    fn type_params(
        &mut self,
        cx: &mut Ctx,
        v: Value,
        n: Node,
        i: usize,
        whole: TextRange,
    ) -> PyResult<Option<Box<TypeParams>>> {
        let items = self.items(cx, v, n, i)?;
        if items.all.is_empty() {
            return Ok(None);
        }
        let mut type_params = Vec::with_capacity(items.all.len());
        for x in &items.all {
            type_params.push(self.type_param(cx, *x)?);
        }
        items.done();
        Ok(Some(Box::new(TypeParams { range: whole, node_index: NO_INDEX, type_params })))
    }

    fn type_param(&mut self, cx: &mut Ctx, v: Value) -> PyResult<TypeParam> {
        if v.is_none() {
            return Err(missing(cx, "lineno", "type_param"));
        }
        let range = self.place(cx, v, Node::TypeParam)?;
        let n = self.ast.node_of(cx, v).filter(|n| n.def().base == Some(Node::TypeParam));
        let Some(n) = n else { return Err(unexpected(cx, Node::TypeParam, v)) };
        let name = self.name_field(cx, v, n, 0, range)?;
        check_name(cx, &name.id)?;
        let node_index = NO_INDEX;
        Ok(match n {
            Node::TypeVar => {
                let bound = self.opt_expr(cx, v, n, 1)?;
                let default = self.opt_expr(cx, v, n, 2)?;
                TypeParam::TypeVar(TypeParamTypeVar { node_index, range, name, bound, default })
            }
            Node::ParamSpec => {
                let default = self.opt_expr(cx, v, n, 1)?;
                TypeParam::ParamSpec(TypeParamParamSpec { node_index, range, name, default })
            }
            _ => {
                let default = self.opt_expr(cx, v, n, 1)?;
                TypeParam::TypeVarTuple(TypeParamTypeVarTuple { node_index, range, name, default })
            }
        })
    }
}
