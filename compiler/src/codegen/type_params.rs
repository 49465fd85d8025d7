//! Type parameters and type aliases.

use super::function::Attrs;
use super::{Compiler, Op, Reg, UnitKind};
use crate::error::Res;
use crate::symtable::{Part, ScopeId};
use protopy_bytecode::{CALL_HEADER, Const, Intrinsic1, Intrinsic2};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

impl<'a> Compiler<'a> {
    /// Makes the type parameters, binds their names, and puts the tuple of them into temporary `dst`.
    pub fn type_param_tuple(&mut self, tp: &'a TypeParams, dst: Reg) -> Res {
        let m = self.mark();
        for p in &tp.type_params {
            let t = self.temp();
            self.type_param(p, t)?;
        }
        self.set_pos(tp.range);
        if tp.type_params.len() > 4000 {
            self.overflow = Some("too many type parameters");
        }
        self.emit(Op::BuildTuple, dst, m as Reg, tp.type_params.len() as u16);
        self.reset(m);
        Ok(())
    }

    fn type_param(&mut self, p: &'a TypeParam, t: Reg) -> Res {
        let m = self.mark();
        let lazy = self.temp();
        let range = p.range();
        self.set_pos(range);
        let (name, default) = match p {
            TypeParam::TypeVar(v) => {
                self.load_str(t, &v.name.id);
                match &v.bound {
                    Some(bound) => {
                        self.lazy_value(p, Part::Bound, &v.name.id, bound, lazy)?;
                        self.set_pos(range);
                        let kind = if bound.is_tuple_expr() {
                            Intrinsic2::TypeVarWithConstraints
                        } else {
                            Intrinsic2::TypeVarWithBound
                        };
                        self.emit(Op::CallIntrinsic2, t, t, kind as u16);
                    }
                    None => self.emit(Op::CallIntrinsic1, t, t, Intrinsic1::TypeVar as u16),
                }
                (&v.name, &v.default)
            }
            TypeParam::TypeVarTuple(v) => {
                self.load_str(t, &v.name.id);
                self.emit(Op::CallIntrinsic1, t, t, Intrinsic1::TypeVarTuple as u16);
                (&v.name, &v.default)
            }
            TypeParam::ParamSpec(v) => {
                self.load_str(t, &v.name.id);
                self.emit(Op::CallIntrinsic1, t, t, Intrinsic1::ParamSpec as u16);
                (&v.name, &v.default)
            }
        };
        if let Some(default) = default {
            self.lazy_value(p, Part::Default, &name.id, default, lazy)?;
            self.set_pos(range);
            self.emit(Op::CallIntrinsic2, t, t, Intrinsic2::SetTypeParamDefault as u16);
        }
        self.store_name(&name.id, t);
        self.reset(m);
        Ok(())
    }

    fn lazy_value(&mut self, p: &'a TypeParam, part: Part, name: &str, value: &'a Expr, dst: Reg) -> Res {
        let scope = self.scope_of(p, part)?;
        self.lazy_function(scope, name, value, p.range(), dst)
    }

    /// A function of one parameter, the format, that evaluates `value` when called.
    fn lazy_function(
        &mut self,
        scope: ScopeId,
        name: &str,
        value: &'a Expr,
        range: TextRange,
        dst: Reg,
    ) -> Res {
        self.enter_unit(scope, UnitKind::TypeScope, name, range);
        self.u.argcount = 1;
        self.u.posonly = 1;
        self.prologue();
        self.check_format();
        let r = match value {
            Expr::Starred(s) => {
                let t = self.temp();
                let r = self.any(&s.value)?;
                self.set_pos(s.range);
                self.emit(Op::UnpackSequence, t, r, 1);
                t
            }
            _ => self.any(value)?,
        };
        self.emit(Op::Return, r, 0, 0);
        self.u.reachable = false;
        let code = self.leave_unit()?;
        self.set_pos(range);
        let m = self.mark();
        let defaults = self.temp();
        self.load_const(defaults, Const::Tuple(Box::new([Const::Int(1)])));
        let attrs = Attrs { defaults: Some(defaults), ..Attrs::default() };
        self.make_function(code, &attrs, dst)?;
        self.reset(m);
        Ok(())
    }

    pub fn type_alias(&mut self, s: &'a StmtTypeAlias) -> Res {
        let m = self.mark();
        let Expr::Name(name) = &*s.name else { return Ok(()) };
        let base = self.temp();
        match &s.type_params {
            None => {
                self.alias_object(s, &name.id, None, base)?;
            }
            Some(tp) => {
                self.temps(u32::from(CALL_HEADER) - 1);
                let scope = self.scope_of(s, Part::TypeParams)?;
                let wrapper = format!("<generic parameters of {}>", name.id);
                self.enter_unit(scope, UnitKind::TypeScope, &wrapper, s.range);
                self.prologue();
                let tuple = self.temp();
                self.type_param_tuple(tp, tuple)?;
                let out = self.temp();
                self.alias_object(s, &name.id, Some(tuple), out)?;
                self.emit(Op::Return, out, 0, 0);
                self.u.reachable = false;
                let code = self.leave_unit()?;
                self.set_pos(s.range);
                self.make_function(code, &Attrs::default(), base)?;
                self.emit(Op::Call, base, 0, 0);
            }
        }
        self.set_pos(s.range);
        self.store_name(&name.id, base);
        self.reset(m);
        Ok(())
    }

    fn alias_object(&mut self, s: &'a StmtTypeAlias, name: &str, params: Option<Reg>, dst: Reg) -> Res {
        let m = self.mark();
        let row = self.temps(3);
        self.set_pos(s.range);
        self.load_str(row, name);
        match params {
            Some(r) => self.move_reg(row + 1, r),
            None => self.load_none(row + 1),
        }
        let scope = self.scope_of(s, Part::Value)?;
        self.lazy_function(scope, name, &s.value, s.range, row + 2)?;
        self.emit(Op::BuildTuple, row, row, 3);
        self.emit(Op::CallIntrinsic1, dst, row, Intrinsic1::TypeAlias as u16);
        self.reset(m);
        Ok(())
    }
}
