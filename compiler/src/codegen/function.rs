//! Function definitions and lambdas.

use super::{Compiler, Op, Reg, UnitKind, Var};
use crate::error::Res;
use crate::names::Sym;
use crate::symtable::{Part, ScopeId};
use protopy_bytecode::{CALL_HEADER, CodeData, CodeFlags, Const, FnAttr, Intrinsic2};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

/// So many decorators get a window for their call each.
const MAX_WINDOWS: usize = 200;

/// What a new function gets besides its code.
#[derive(Default)]
pub(crate) struct Attrs {
    pub defaults: Option<Reg>,
    pub kwdefaults: Option<Reg>,
    pub annotate: Option<Reg>,
}

impl<'a> Compiler<'a> {
    /// Evaluates decorators, each as the callee of a call whose argument is the next one's result, or, if they are
    /// many, as an item of a list in the register before the answer; the answer is the register where the definition's value goes.
    pub fn decorators(&mut self, list: &'a [Decorator]) -> Res<Reg> {
        if list.len() > MAX_WINDOWS {
            let kept = self.temp();
            self.emit(Op::BuildList, kept, kept, 0);
            for d in list {
                let m = self.mark();
                let r = self.any(&d.expression)?;
                self.set_pos(d.expression.range());
                self.emit(Op::ListAppend, kept, r, 0);
                self.reset(m);
            }
            return Ok(self.temp());
        }
        for d in list {
            self.in_temp(&d.expression)?;
            self.temps(u32::from(CALL_HEADER) - 1);
        }
        Ok(self.temp())
    }

    /// Calls the decorators of the definition in `value`; the result's register.
    pub fn apply_decorators(&mut self, list: &'a [Decorator], value: Reg) -> Reg {
        if list.len() > MAX_WINDOWS {
            for (i, d) in list.iter().enumerate().rev() {
                let m = self.mark();
                let base = self.temps(u32::from(CALL_HEADER));
                let arg = self.temp();
                self.set_pos(d.expression.range());
                self.load_const(arg, Const::Int(i as i64));
                self.emit(Op::GetItem, base, value - 1, arg);
                self.move_reg(arg, value);
                self.emit(Op::Call, base, 1, 0);
                self.move_reg(value, base);
                self.reset(m);
            }
            return value;
        }
        let mut value = value;
        for d in list.iter().rev() {
            let base = value - CALL_HEADER;
            self.set_pos(d.expression.range());
            self.emit(Op::Call, base, 1, 0);
            value = base;
        }
        value
    }

    pub fn function_def(&mut self, s: &'a StmtFunctionDef) -> Res {
        let m = self.mark();
        let range = self.locations.definition(s.range, &s.decorator_list);
        if s.decorator_list.is_empty() {
            let sym = self.mangled(&s.name.id);
            if let Var::Local(r) = self.resolve(sym) {
                self.function_value(s, range, r)?;
                self.u.bound.add(r);
                self.reset(m);
                return Ok(());
            }
        }
        let value = self.decorators(&s.decorator_list)?;
        self.function_value(s, range, value)?;
        let value = self.apply_decorators(&s.decorator_list, value);
        self.set_pos(range);
        self.store_name(&s.name.id, value);
        self.reset(m);
        Ok(())
    }

    fn function_value(&mut self, s: &'a StmtFunctionDef, range: TextRange, dst: Reg) -> Res {
        let m = self.mark();
        let p = &s.parameters;
        let Some(tp) = &s.type_params else {
            let defaults = self.defaults(p, range)?;
            let kwdefaults = self.kwdefaults(p, range)?;
            let attrs = Attrs { defaults, kwdefaults, ..Attrs::default() };
            self.function_object(s, range, attrs, dst)?;
            self.reset(m);
            return Ok(());
        };
        // The defaults are evaluated here, the rest in the scope of the type parameters, which is called at once.
        let base = self.temps(u32::from(CALL_HEADER));
        let mut n = 0;
        if let Some(r) = self.defaults(p, range)? {
            n += 1;
            debug_assert!(r == base + CALL_HEADER);
        }
        let has_defaults = n == 1;
        let has_kwdefaults = self.kwdefaults(p, range)?.is_some();
        n += u16::from(has_kwdefaults);
        let scope = self.scope_of(s, Part::TypeParams)?;
        let name = format!("<generic parameters of {}>", s.name.id);
        self.enter_unit(scope, UnitKind::TypeScope, &name, range);
        self.first_line_of(&s.decorator_list);
        self.u.argcount = u32::from(n);
        self.prologue();
        let tuple = self.temp();
        self.type_param_tuple(tp, tuple)?;
        let attrs = Attrs {
            defaults: has_defaults.then_some(0),
            kwdefaults: has_kwdefaults.then_some(u16::from(has_defaults)),
            ..Attrs::default()
        };
        let pair = self.temps(2);
        self.function_object(s, range, attrs, pair)?;
        self.move_reg(pair + 1, tuple);
        self.emit(Op::CallIntrinsic2, pair, pair, Intrinsic2::SetFunctionTypeParams as u16);
        self.emit(Op::Return, pair, 0, 0);
        self.u.reachable = false;
        let code = self.leave_unit()?;
        self.set_pos(range);
        self.make_function(code, &Attrs::default(), base)?;
        self.emit(Op::Call, base, n, 0);
        self.move_reg(dst, base);
        self.reset(m);
        Ok(())
    }

    /// A definition's first line is that of its first decorator.
    pub fn first_line_of(&mut self, decorators: &[Decorator]) {
        if let Some(d) = decorators.first() {
            let line = self.position(d.expression.range()).line;
            self.u.first_line = line;
            self.u.pos = protopy_bytecode::Position { line, end_line: line, col: 0, end_col: 0 };
        }
    }

    /// The function of `s` in `dst`, its defaults having been evaluated.
    fn function_object(&mut self, s: &'a StmtFunctionDef, range: TextRange, attrs: Attrs, dst: Reg) -> Res {
        let mut attrs = attrs;
        let m = self.mark();
        attrs.annotate = self.annotate_of_function(s, range)?;
        let scope = self.scope_of(s, Part::Body)?;
        let code = self.function_code(s, scope, range)?;
        self.set_pos(range);
        self.make_function(code, &attrs, dst)?;
        self.reset(m);
        Ok(())
    }

    fn function_code(&mut self, s: &'a StmtFunctionDef, scope: ScopeId, range: TextRange) -> Res<CodeData> {
        self.enter_unit(scope, UnitKind::Function, &s.name.id, range);
        self.first_line_of(&s.decorator_list);
        self.parameters(&s.parameters);
        self.u.is_generator = self.table.scope(scope).generator;
        self.u.is_coroutine = s.is_async;
        let mut body = &s.body[..];
        if let Some(doc) = self.docstring(body) {
            body = &body[1..];
            if let Some(doc) = doc {
                self.u.consts.add(doc);
                self.u.flags |= CodeFlags::HAS_DOCSTRING;
            }
        }
        self.prologue();
        self.body(body)?;
        self.implicit_return();
        self.leave_unit()
    }

    pub fn parameters(&mut self, p: &Parameters) {
        self.u.posonly = p.posonlyargs.len() as u32;
        self.u.argcount = (p.posonlyargs.len() + p.args.len()) as u32;
        self.u.kwonly = p.kwonlyargs.len() as u32;
        if p.vararg.is_some() {
            self.u.flags |= CodeFlags::VARARGS;
        }
        if p.kwarg.is_some() {
            self.u.flags |= CodeFlags::VARKEYWORDS;
        }
    }

    /// The docstring of a body, if it begins with one: `Some(None)` if docstrings are dropped.
    pub fn docstring(&mut self, body: &[Stmt]) -> Option<Option<Const>> {
        let Some(Stmt::Expr(first)) = body.first() else { return None };
        let Expr::StringLiteral(s) = &*first.value else { return None };
        if self.options.optimize >= 2 {
            return Some(None);
        }
        Some(Some(match self.string_const(s) {
            Const::Str(text) => Const::Str(clean_doc(&text).into()),
            other => other,
        }))
    }

    pub fn defaults(&mut self, p: &'a Parameters, range: TextRange) -> Res<Option<Reg>> {
        let exprs: Vec<&'a Expr> = p.posonlyargs.iter().chain(&p.args).filter_map(|a| a.default()).collect();
        if exprs.is_empty() {
            return Ok(None);
        }
        let out = self.temp();
        let constants: Option<Vec<Const>> = exprs
            .iter()
            .map(|e| if super::expr::foldable_leaf(e) { self.constant(e) } else { None })
            .collect();
        if let Some(items) = constants {
            self.set_pos(range);
            self.load_const(out, Const::Tuple(items.into()));
            return Ok(Some(out));
        }
        let m = self.mark();
        for e in &exprs {
            self.in_temp(e)?;
        }
        self.set_pos(range);
        self.emit(Op::BuildTuple, out, m as Reg, exprs.len() as u16);
        self.reset(m);
        Ok(Some(out))
    }

    pub fn kwdefaults(&mut self, p: &'a Parameters, range: TextRange) -> Res<Option<Reg>> {
        if p.kwonlyargs.iter().all(|a| a.default.is_none()) {
            return Ok(None);
        }
        let out = self.temp();
        let m = self.mark();
        let mut n = 0;
        for a in &p.kwonlyargs {
            let Some(d) = a.default() else { continue };
            let key = self.temp();
            let sym = self.mangled(&a.parameter.name.id);
            let text = self.table.names.get_rc(sym);
            self.set_pos(range);
            self.load_str(key, &text);
            self.in_temp(d)?;
            n += 1;
        }
        self.set_pos(range);
        self.emit(Op::BuildMap, out, m as Reg, n);
        self.reset(m);
        Ok(Some(out))
    }

    /// A function of `code` in `dst`.
    pub fn make_function(&mut self, code: CodeData, attrs: &Attrs, dst: Reg) -> Res {
        let m = self.mark();
        let closure = self.closure(&code);
        let k = self.code_const(code);
        self.emit_x(Op::MakeFunction, dst, k);
        let all = [
            (closure, FnAttr::Closure),
            (attrs.annotate, FnAttr::Annotate),
            (attrs.kwdefaults, FnAttr::KwDefaults),
            (attrs.defaults, FnAttr::Defaults),
        ];
        for (reg, attr) in all {
            if let Some(r) = reg {
                self.emit(Op::SetFunctionAttr, dst, r, attr as u16);
            }
        }
        self.reset(m);
        Ok(())
    }

    /// The tuple of the cells that code needs.
    fn closure(&mut self, code: &CodeData) -> Option<Reg> {
        if code.freevars.is_empty() {
            return None;
        }
        let out = self.temp();
        let m = self.mark();
        for name in &code.freevars {
            let t = self.temp();
            let sym = self.sym(name);
            let r = self.cell_reg(sym);
            self.move_reg(t, r);
        }
        self.emit(Op::BuildTuple, out, m as Reg, code.freevars.len() as u16);
        self.reset(m);
        Some(out)
    }

    /// The register that holds the cell of `sym` for inner code.
    fn cell_reg(&self, sym: Sym) -> Reg {
        if let Some(&r) = self.u.magic.get(&sym) {
            return r;
        }
        match self.resolve(sym) {
            Var::Deref(r) | Var::ClassDeref(r) | Var::DictDeref(r) => r,
            _ => self.u.regs.get(&sym).copied().unwrap_or(0),
        }
    }

    pub fn lambda(&mut self, l: &'a ExprLambda, dst: Reg) -> Res {
        let mut attrs = Attrs::default();
        if let Some(p) = &l.parameters {
            attrs.defaults = self.defaults(p, l.range)?;
            attrs.kwdefaults = self.kwdefaults(p, l.range)?;
        }
        let scope = self.scope_of(l, Part::Body)?;
        self.enter_unit(scope, UnitKind::Lambda, "<lambda>", l.range);
        if let Some(p) = &l.parameters {
            self.parameters(p);
        }
        self.u.is_generator = self.table.scope(scope).generator;
        self.prologue();
        let r = self.any(&l.body)?;
        self.set_pos(l.body.range());
        self.emit(Op::Return, r, 0, 0);
        self.u.reachable = false;
        let code = self.leave_unit()?;
        self.set_pos(l.range);
        self.make_function(code, &attrs, dst)
    }
}

/// A docstring without the indentation that its lines share.
fn clean_doc(text: &str) -> String {
    let expanded: String = if text.contains('\t') { expand_tabs(text) } else { text.to_owned() };
    let mut lines = expanded.split('\n');
    let first = lines.next().unwrap_or("");
    let margin = lines.clone().filter_map(|l| l.find(|c: char| c != ' ')).min().unwrap_or(0);
    let mut out = first.trim_start_matches(' ').to_owned();
    for line in lines {
        out.push('\n');
        let blank = line.len() - line.trim_start_matches(' ').len();
        out.push_str(line.get(margin.min(blank)..).unwrap_or(""));
    }
    out
}

/// Tabs as spaces up to the next column that is a multiple of eight.
fn expand_tabs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let n = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', n));
                column += n;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}
