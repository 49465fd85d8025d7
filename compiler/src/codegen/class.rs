//! Class definitions.

use super::function::Attrs;
use super::{Compiler, Op, Reg, UnitKind, Var};
use crate::error::Res;
use crate::symtable::Part;
use protopy_bytecode::{CALL_HEADER, CodeData, CommonConst, Const, Intrinsic1};
use ruff_python_ast::*;
use ruff_text_size::TextRange;

impl<'a> Compiler<'a> {
    pub fn class_def(&mut self, s: &'a StmtClassDef) -> Res {
        let m = self.mark();
        let range = self.locations.definition(s.range, &s.decorator_list);
        let value = self.decorators(&s.decorator_list)?;
        match &s.type_params {
            None => self.class_value(s, range, None, value)?,
            Some(tp) => self.generic_class(s, tp, range, value)?,
        }
        let value = self.apply_decorators(&s.decorator_list, value);
        self.set_pos(range);
        self.store_name(&s.name.id, value);
        self.reset(m);
        Ok(())
    }

    fn generic_class(&mut self, s: &'a StmtClassDef, tp: &'a TypeParams, range: TextRange, dst: Reg) -> Res {
        let scope = self.scope_of(s, Part::TypeParams)?;
        let name = format!("<generic parameters of {}>", s.name.id);
        self.enter_unit(scope, UnitKind::TypeScope, &name, range);
        self.first_line_of(&s.decorator_list);
        self.prologue();
        let value = self.temp();
        self.type_param_tuple(tp, value)?;
        self.set_pos(range);
        let params = self.sym(".type_params");
        self.store_sym(params, value);
        let base = self.temp();
        self.emit(Op::CallIntrinsic1, base, value, Intrinsic1::SubscriptGeneric as u16);
        let generic = self.sym(".generic_base");
        self.store_sym(generic, base);
        self.class_value(s, range, Some(base), value)?;
        self.emit(Op::Return, value, 0, 0);
        self.u.reachable = false;
        let code = self.leave_unit()?;
        self.set_pos(range);
        let m = self.mark();
        let window = if self.is_top(dst) { dst } else { self.temp() };
        self.temps(u32::from(CALL_HEADER) - 1);
        self.make_function(code, &Attrs::default(), window)?;
        self.emit(Op::Call, window, 0, 0);
        self.move_reg(dst, window);
        self.reset(m);
        Ok(())
    }

    /// Calls `__build_class__`.
    fn class_value(&mut self, s: &'a StmtClassDef, range: TextRange, generic: Option<Reg>, dst: Reg) -> Res {
        let m = self.mark();
        let scope = self.scope_of(s, Part::Body)?;
        let base = if self.is_top(dst) { dst } else { self.temp() };
        self.set_pos(range);
        self.emit(Op::LoadCommon, base, CommonConst::BuildClass as u16, 0);
        self.temps(u32::from(CALL_HEADER) - 1);
        let (args, keywords): (&'a [Expr], &'a [Keyword]) =
            s.arguments.as_ref().map_or((&[], &[]), |a| (&a.args, &a.keywords));
        let simple = s.arguments.as_ref().is_none_or(|a| super::calls::is_simple(a));
        let list = if simple { 0 } else { self.temps(2) };
        let func = self.temp();
        let code = self.class_code(s, scope, range)?;
        self.set_pos(range);
        self.make_function(code, &Attrs::default(), func)?;
        let name = self.temp();
        self.load_str(name, &s.name.id);
        if simple {
            for a in args {
                self.in_temp(a)?;
            }
            let mut n = 2 + args.len() + keywords.len();
            if let Some(g) = generic {
                let t = self.temp();
                self.move_reg(t, g);
                n += 1;
            }
            for k in keywords {
                self.in_temp(&k.value)?;
            }
            self.set_pos(range);
            if keywords.is_empty() {
                self.emit(Op::Call, base, n as u16, 0);
            } else {
                let names = super::calls::keyword_names(keywords);
                match u16::try_from(self.u.consts.add(names)) {
                    Ok(k) => self.emit(Op::CallKw, base, n as u16, k),
                    Err(_) => self.overflow = Some("too many constants in one code object"),
                }
            }
        } else {
            self.emit(Op::BuildList, list, func, 2);
            self.extend_list(args, list, range, true)?;
            self.class_call_ex(keywords, generic, list, base, range)?;
        }
        self.move_reg(dst, base);
        self.reset(m);
        Ok(())
    }

    fn class_call_ex(
        &mut self,
        keywords: &'a [Keyword],
        generic: Option<Reg>,
        list: Reg,
        base: Reg,
        range: TextRange,
    ) -> Res {
        if let Some(g) = generic {
            self.emit(Op::ListAppend, list, g, 0);
        }
        self.emit(Op::ListToTuple, list, list, 0);
        if keywords.is_empty() {
            self.emit(Op::LoadUnbound, list + 1, 0, 0);
        } else {
            self.keyword_dict(keywords, list + 1, base, range)?;
        }
        self.set_pos(range);
        self.emit(Op::CallEx, base, 0, 0);
        Ok(())
    }

    fn class_code(&mut self, s: &'a StmtClassDef, scope: usize, range: TextRange) -> Res<CodeData> {
        self.enter_unit(scope, UnitKind::Class, &s.name.id, range);
        self.first_line_of(&s.decorator_list);
        self.prologue();
        let m = self.mark();
        let t = self.temp();
        self.load_global_name("__name__", t);
        self.store_class_name("__module__", t);
        let qualname = self.u.qualname.clone();
        self.load_str(t, &qualname);
        self.store_class_name("__qualname__", t);
        self.load_const(t, Const::Int(i64::from(self.u.first_line)));
        self.store_class_name("__firstlineno__", t);
        if s.type_params.is_some() {
            let sym = self.sym(".type_params");
            self.load_sym(sym, t);
            self.store_class_name("__type_params__", t);
        }
        if let Some(cell) = self.magic_cell("__classdict__") {
            self.emit(Op::LoadLocals, t, 0, 0);
            self.emit(Op::StoreDeref, cell, t, 0);
        }
        if let Some(cell) = self.magic_cell("__conditional_annotations__") {
            self.emit(Op::BuildSet, t, t, 0);
            self.emit(Op::StoreDeref, cell, t, 0);
        }
        self.reset(m);
        self.annotated_body(&s.body, false)?;
        self.class_epilogue();
        self.leave_unit()
    }

    /// What a class body stores when it is done.
    fn class_epilogue(&mut self) {
        let t = self.temp();
        if self.u.asm.last_line().is_none() {
            self.no_pos();
        }
        let names = self.table.scope(self.u.scope).static_attributes.clone();
        let names = names.iter().map(|s| Const::Str(self.table.names.get(*s).into())).collect();
        self.load_const(t, Const::Tuple(names));
        self.store_class_name("__static_attributes__", t);
        if let Some(cell) = self.magic_cell("__classdict__") {
            self.store_class_name("__classdictcell__", cell);
        }
        match self.magic_cell("__class__") {
            Some(cell) => {
                self.store_class_name("__classcell__", cell);
                self.emit(Op::Return, cell, 0, 0);
            }
            None => self.emit(Op::ReturnNone, 0, 0, 0),
        }
        self.u.reachable = false;
    }

    /// The register of a cell that the class body itself provides.
    pub fn magic_cell(&mut self, name: &str) -> Option<Reg> {
        let sym = self.sym(name);
        self.u.magic.get(&sym).copied()
    }

    /// Stores into the class namespace, or where the name is declared to be.
    fn store_class_name(&mut self, name: &str, src: Reg) {
        let sym = self.sym(name);
        if matches!(self.resolve(sym), Var::Global) {
            let n = self.name_index(sym);
            self.emit_x(Op::StoreGlobal, src, n);
            return;
        }
        let n = self.name_index(sym);
        self.emit_x(Op::StoreName, src, n);
    }

    fn load_global_name(&mut self, name: &str, dst: Reg) {
        let sym = self.sym(name);
        let n = self.name_index(sym);
        self.emit_x(Op::LoadName, dst, n);
    }
}
