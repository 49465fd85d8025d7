//! Calls, method calls and `super()`.

use super::{Compiler, Op, Reg, Var};
use crate::error::Res;
use crate::symtable::NameScope;
use protopy_bytecode::{CALL_HEADER, Const};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

/// Most arguments that are built in the window; more go through a list and a dict.
const MAX_WINDOW_ARGS: usize = 100;

/// How the callee was prepared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callee {
    Plain,
    Method,
}

impl<'a> Compiler<'a> {
    pub fn call(&mut self, e: &'a ExprCall, dst: Reg) -> Res {
        let base = if self.is_top(dst) { dst } else { self.temp() };
        let simple = is_simple(&e.arguments);
        let mut callee = Callee::Plain;
        let mut pos = self.position(e.range());
        match &*e.func {
            Expr::Attribute(a) if simple => {
                self.method(a, base)?;
                callee = Callee::Method;
                let p = self.attr_position(a, e.range());
                pos = p;
            }
            _ => self.to(&e.func, base)?,
        }
        if simple {
            self.simple_args(&e.arguments, base, callee)?;
            self.u.pos = pos;
            self.emit_call(&e.arguments, base, callee);
        } else {
            self.call_ex(&e.arguments.args, &e.arguments.keywords, None, base, e.range())?;
            self.u.pos = pos;
            self.emit(Op::CallEx, base, 0, 0);
        }
        self.move_reg(dst, base);
        Ok(())
    }

    /// Prepares a method call at `base`; the object's register is left reserved.
    fn method(&mut self, a: &'a ExprAttribute, base: Reg) -> Res {
        if self.is_zero_arg_super(&a.value) {
            self.super_attribute(a, base, true)?;
        } else {
            let object = self.any_into(&a.value, base, &[])?;
            self.attr_pos(a);
            let sym = self.mangled(&a.attr.id);
            match u16::try_from(self.name_index(sym)) {
                Ok(n) => self.emit(Op::LoadMethod, base, object, n),
                Err(_) => {
                    self.load_attr(base, object, &a.attr.id);
                    self.reserve_to(base, CALL_HEADER + 1);
                    self.emit(Op::LoadUnbound, base + CALL_HEADER, 0, 0);
                }
            }
        }
        self.reserve_to(base, CALL_HEADER + 1);
        Ok(())
    }

    /// Makes the registers up to `base + n` (exclusive) reserved.
    fn reserve_to(&mut self, base: Reg, n: u16) {
        let top = u32::from(base) + u32::from(n);
        if top > self.u.next {
            let more = top - self.u.next;
            self.temps(more);
        } else {
            self.reset(top);
        }
    }

    fn simple_args(&mut self, args: &'a Arguments, base: Reg, callee: Callee) -> Res {
        let header = if callee == Callee::Method { CALL_HEADER + 1 } else { CALL_HEADER };
        self.reserve_to(base, header);
        self.bare_generator = crate::symtable::bare_generator(args);
        for e in args.args.iter().chain(args.keywords.iter().map(|k| &k.value)) {
            self.in_temp(e)?;
        }
        Ok(())
    }

    fn emit_call(&mut self, args: &Arguments, base: Reg, callee: Callee) {
        let n = (args.args.len() + args.keywords.len()) as u16;
        if args.keywords.is_empty() {
            self.emit(if callee == Callee::Method { Op::CallMethod } else { Op::Call }, base, n, 0);
            return;
        }
        let names = keyword_names(&args.keywords);
        let k = self.u.consts.add(names);
        match u16::try_from(k) {
            Ok(k) => {
                self.emit(if callee == Callee::Method { Op::CallMethodKw } else { Op::CallKw }, base, n, k)
            }
            Err(_) => self.overflow = Some("too many constants in one code object"),
        }
    }

    /// Builds the argument list and keyword dict of a `CallEx` at `base`; `extra` is a register with one more
    /// positional argument.
    pub fn call_ex(
        &mut self,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        extra: Option<Reg>,
        base: Reg,
        range: TextRange,
    ) -> Res {
        self.reserve_to(base, CALL_HEADER);
        let list = self.temps(2);
        let only = if extra.is_none() { single_starred(args) } else { None };
        match only {
            Some(s) => self.to(&s.value, list)?,
            None => {
                self.set_pos(range);
                self.build_list_into(args, list, range)?;
                if let Some(r) = extra {
                    self.emit(Op::ListAppend, list, r, 0);
                }
                self.emit(Op::ListToTuple, list, list, 0);
            }
        }
        let dict = list + 1;
        if keywords.is_empty() {
            self.emit(Op::LoadUnbound, dict, 0, 0);
        } else {
            self.keyword_dict(keywords, dict, base, range)?;
        }
        Ok(())
    }

    pub fn keyword_dict(&mut self, keywords: &'a [Keyword], dict: Reg, base: Reg, range: TextRange) -> Res {
        // Runs of named keywords are built as one dict each and merged in order.
        let mut begun = false;
        let mut i = 0;
        while i < keywords.len() {
            let m = self.mark();
            let k = &keywords[i];
            let Some(_) = &k.arg else {
                if !begun {
                    self.set_pos(range);
                    self.emit(Op::BuildMap, dict, dict, 0);
                    begun = true;
                }
                let r = self.any(&k.value)?;
                self.set_pos(range);
                self.emit(Op::DictMerge, dict, r, base);
                self.reset(m);
                i += 1;
                continue;
            };
            let run = keywords[i..].iter().take_while(|k| k.arg.is_some()).take(MAX_WINDOW_ARGS).count();
            let first = self.mark() as Reg;
            for k in &keywords[i..i + run] {
                let name = self.temp();
                self.set_pos(k.range);
                if let Some(arg) = &k.arg {
                    self.load_str(name, &arg.id);
                }
                self.in_temp(&k.value)?;
            }
            self.set_pos(range);
            if begun {
                let t = self.temp();
                self.emit(Op::BuildMap, t, first, run as u16);
                self.emit(Op::DictMerge, dict, t, base);
            } else {
                self.emit(Op::BuildMap, dict, first, run as u16);
                begun = true;
            }
            self.reset(m);
            i += run;
        }
        Ok(())
    }

    /// Whether `e` is `super()` with the built-in meaning possible and `__class__` at hand.
    pub fn is_zero_arg_super(&mut self, e: &Expr) -> bool {
        let Expr::Call(c) = e else { return false };
        let Expr::Name(n) = &*c.func else { return false };
        if n.id.as_str() != "super" || !c.arguments.keywords.is_empty() || !self.u.optimized {
            return false;
        }
        let sym = self.sym("super");
        if self.resolve(sym) != Var::Global {
            return false;
        }
        // Rebound at module level: it may mean anything, so no short cut.
        if matches!(self.table.scope(0).scopes.get(&sym), Some(NameScope::Local | NameScope::Cell)) {
            return false;
        }
        match c.arguments.args.len() {
            2 => !c.arguments.args.iter().any(Expr::is_starred_expr),
            0 => self.super_registers().is_some(),
            _ => false,
        }
    }

    /// Registers of `__class__` and of the first argument, if `super()` can have them.
    fn super_registers(&mut self) -> Option<(Reg, Var)> {
        if !self.u.comps.is_empty()
            || self.u.argcount == 0
            || !matches!(self.u.kind, super::UnitKind::Function | super::UnitKind::Lambda)
        {
            return None;
        }
        let class = self.sym("__class__");
        let Var::Deref(class) = self.resolve(class) else { return None };
        let first = *self.u.varnames.first()?;
        Some((class, self.resolve(first)))
    }

    /// `super().name` (or with two arguments) to `out`, as a value or prepared for a method call.
    pub fn super_attribute(&mut self, a: &'a ExprAttribute, out: Reg, method: bool) -> Res {
        let Expr::Call(call) = &*a.value else { return Ok(()) };
        let m = self.mark();
        let base = if method { out } else { self.temp() };
        if method {
            self.reserve_to(base, CALL_HEADER + 1);
        } else {
            self.reserve_to(base, 3);
        }
        self.to(&call.func, base)?;
        match &*call.arguments.args {
            [class, object] => {
                self.to(class, base + 1)?;
                self.to(object, base + 2)?;
            }
            _ => {
                self.set_pos(call.range());
                if let Some((class, first)) = self.super_registers() {
                    self.emit(Op::Move, base + 1, class, 0);
                    match first {
                        Var::Local(r) => {
                            self.check_bound(r);
                            self.emit(Op::Move, base + 2, r, 0);
                        }
                        Var::Deref(r) => self.emit(Op::LoadDeref, base + 2, r, 0),
                        _ => {}
                    }
                }
            }
        }
        self.attr_pos(a);
        let sym = self.mangled(&a.attr.id);
        let n = self.name_index16(sym);
        self.emit(if method { Op::LoadSuperMethod } else { Op::LoadSuperAttr }, out, base, n);
        if !method {
            self.reset(m);
        }
        Ok(())
    }
}

fn single_starred(args: &[Expr]) -> Option<&ExprStarred> {
    match args {
        [Expr::Starred(s)] => Some(s),
        _ => None,
    }
}

/// Whether all arguments are plain and few.
pub(crate) fn is_simple(args: &Arguments) -> bool {
    args.args.len() + args.keywords.len() <= MAX_WINDOW_ARGS
        && !args.args.iter().any(Expr::is_starred_expr)
        && args.keywords.iter().all(|k| k.arg.is_some())
}

/// The tuple of the names of keyword arguments, which are not mangled.
pub(crate) fn keyword_names(keywords: &[Keyword]) -> Const {
    let names = keywords.iter().map(|k| Const::Str(k.arg.as_ref().map_or("", |a| a.id.as_str()).into()));
    Const::Tuple(names.collect())
}
