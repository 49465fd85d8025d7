//! The code object being generated: its registers, blocks and names.

use super::asm::Asm;
use super::state::Bits;
use super::{Compiler, Deferred, HandlerId, Label, Reg};
use crate::consts::ConstTable;
use crate::error::Res;
use crate::names::Sym;
use crate::symtable::{BlockKind, NameScope, ScopeId, flag};
use protopy_bytecode::{CodeData, CodeFlags, Op, Position};
use ruff_python_ast::Stmt;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What kind of code a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    Module,
    Class,
    Function,
    Lambda,
    /// Generator expression, or a comprehension that is not inlined.
    Comprehension,
    /// `__annotate__`
    Annotate,
    /// Type parameters, values of aliases, bounds.
    TypeScope,
}

/// How a name is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Var {
    /// In a register.
    Local(Reg),
    /// In the cell in a register.
    Deref(Reg),
    /// Free in a class body: its namespace first.
    ClassDeref(Reg),
    /// Free in an annotation scope: the class namespace first.
    DictDeref(Reg),
    /// Global or builtin.
    Global,
    /// The class namespace first, then global.
    DictGlobal,
    /// In the namespace of the code.
    Name,
}

/// An entry of the stack of statements that leaving code passes through.
#[derive(Clone)]
pub(crate) enum Block<'a> {
    Loop {
        on_break: Label,
        on_continue: Label,
    },
    /// Body of `try ... finally`: the `finally` body runs on the way out.
    Finally {
        body: &'a [Stmt],
        outer: Option<HandlerId>,
    },
    /// Inside of a handler: the previous exception is restored, the name deleted.
    Handler {
        prev: Reg,
        name: Option<&'a str>,
        outer: Option<HandlerId>,
    },
    /// Body of a `with`: `__exit__` is prepared at `base`.
    With {
        base: Reg,
        is_async: bool,
        pos: Position,
        outer: Option<HandlerId>,
    },
}

/// The code object being generated.
pub(crate) struct Unit<'a> {
    pub scope: ScopeId,
    pub kind: UnitKind,
    pub name: String,
    pub qualname: String,
    pub first_line: u32,
    pub optimized: bool,
    pub is_generator: bool,
    pub is_coroutine: bool,
    pub flags: u32,
    pub argcount: u32,
    pub posonly: u32,
    pub kwonly: u32,
    pub asm: Asm,
    pub consts: ConstTable,
    pub names: Vec<Sym>,
    pub name_index: FxHashMap<Sym, u32>,
    /// Registers of the block's own locals, cells and free variables.
    pub regs: FxHashMap<Sym, Reg>,
    /// Registers of the variables of inlined comprehensions, plain (false) and captured (true).
    pub comp_regs: FxHashMap<(Sym, bool), Reg>,
    /// Registers of the cells that a class body provides to its methods (`__class__` and the like); by name the body
    /// itself means something else.
    pub magic: FxHashMap<Sym, Reg>,
    pub varnames: Vec<Sym>,
    pub cells: Vec<(Sym, Reg)>,
    pub frees: Vec<Sym>,
    pub free_base: Reg,
    /// Variables of inlined comprehensions in code that is not optimised.
    pub hidden: Vec<(Sym, Reg)>,
    /// Registers below this belong to variables.
    pub named: u32,
    pub next: u32,
    pub max: u32,
    pub bound: Bits,
    pub deleted: Bits,
    pub reachable: bool,
    pub label_states: FxHashMap<Label, Bits>,
    pub handler: Option<HandlerId>,
    pub pos: Position,
    pub blocks: Vec<Block<'a>>,
    /// Inlined comprehensions around the point of generation.
    pub comps: Vec<ScopeId>,
    pub deferred: Vec<Deferred<'a>>,
    /// Where each of those statements is in it.
    pub deferred_at: rustc_hash::FxHashMap<*const ruff_python_ast::StmtAnnAssign, usize>,
    pub next_conditional: i64,
    /// Depth of statements that run conditionally.
    pub conditional: u32,
}

impl Unit<'_> {
    pub fn placeholder() -> Self {
        Unit {
            scope: 0,
            kind: UnitKind::Module,
            name: String::new(),
            qualname: String::new(),
            first_line: 1,
            optimized: false,
            is_generator: false,
            is_coroutine: false,
            flags: 0,
            argcount: 0,
            posonly: 0,
            kwonly: 0,
            asm: Asm::default(),
            consts: ConstTable::default(),
            names: Vec::new(),
            name_index: FxHashMap::default(),
            regs: FxHashMap::default(),
            comp_regs: FxHashMap::default(),
            magic: FxHashMap::default(),
            varnames: Vec::new(),
            cells: Vec::new(),
            frees: Vec::new(),
            free_base: 0,
            hidden: Vec::new(),
            named: 0,
            next: 0,
            max: 0,
            bound: Bits::default(),
            deleted: Bits::default(),
            reachable: true,
            label_states: FxHashMap::default(),
            handler: None,
            pos: Position::default(),
            blocks: Vec::new(),
            comps: Vec::new(),
            deferred: Vec::new(),
            deferred_at: Default::default(),
            next_conditional: 0,
            conditional: 0,
        }
    }
}

impl<'a> Compiler<'a> {
    /// Begins a new code object for a scope.
    pub fn enter_unit(&mut self, scope: ScopeId, kind: UnitKind, name: &str, range: TextRange) {
        let mut u = Unit::placeholder();
        u.scope = scope;
        u.kind = kind;
        u.name = name.to_owned();
        u.optimized = !matches!(kind, UnitKind::Module | UnitKind::Class);
        u.first_line = self.position(range).line;
        u.pos = Position { line: u.first_line, end_line: u.first_line, col: 0, end_col: 0 };
        let old = std::mem::replace(&mut self.u, u);
        if !(self.outer.is_empty() && old.name.is_empty()) {
            self.outer.push(old);
        }
        let is_def = matches!(kind, UnitKind::Function | UnitKind::Class);
        self.u.qualname = self.qualified_name(name, is_def);
        self.assign_registers();
    }

    /// The qualified name that something would have in place of the current unit; the name of a definition may be
    /// declared global.
    pub fn qualified_name(&mut self, name: &str, is_def: bool) -> String {
        let Some(mut parent) = self.outer.last() else { return name.to_owned() };
        let scope = self.table.scope(self.u.scope);
        let mut scope_parent = scope.parent;
        if parent.kind == UnitKind::TypeScope
            && self.table.scope(parent.scope).kind == BlockKind::TypeParameters
        {
            let n = self.outer.len();
            if n >= 2 {
                parent = &self.outer[n - 2];
                scope_parent = scope_parent.and_then(|p| self.table.scope(p).parent);
            } else {
                return name.to_owned();
            }
        }
        if parent.kind == UnitKind::Module {
            return name.to_owned();
        }
        if is_def
            && let Some(p) = scope_parent
            && let Some(sym) = self.table.names.find(name)
        {
            let mangled = self.table.mangle_in(p, sym);
            if self.table.scope(p).scopes.get(&mangled) == Some(&NameScope::GlobalExplicit) {
                return name.to_owned();
            }
        }
        let dotted_locals = matches!(parent.kind, UnitKind::Function | UnitKind::Lambda);
        if dotted_locals {
            format!("{}.<locals>.{name}", parent.qualname)
        } else {
            format!("{}.{name}", parent.qualname)
        }
    }

    fn assign_registers(&mut self) {
        let scope = self.table.scope(self.u.scope);
        let mut next: u32 = 0;
        let u = &mut self.u;
        let mut cells = Vec::new();
        if u.optimized {
            for &sym in &scope.varnames {
                let r = take(u, &mut next, sym);
                u.varnames.push(sym);
                u.bound.add(r);
            }
        } else {
            let ns = self.table.names.intern(".namespace");
            take(u, &mut next, ns);
        }
        let scope = self.table.scope(u.scope);
        for &(sym, _) in &scope.symbols.entries {
            match scope.scopes.get(&sym) {
                Some(NameScope::Local) if u.optimized && !u.regs.contains_key(&sym) => {
                    take(u, &mut next, sym);
                    u.varnames.push(sym);
                }
                Some(NameScope::Cell) => {
                    let r = match u.regs.get(&sym) {
                        Some(&r) => r,
                        None => {
                            if u.optimized {
                                u.varnames.push(sym);
                            }
                            take(u, &mut next, sym)
                        }
                    };
                    cells.push((sym, r));
                }
                _ => {}
            }
        }
        for sym in class_cells(&mut self.table, u.scope) {
            let r = next as Reg;
            next += 1;
            u.magic.insert(sym, r);
            cells.push((sym, r));
        }
        // A comprehension's variable shares the register of a local, or of a cell if it is captured itself; where
        // the block's own variable of that name is of another kind, it gets one of its own.
        let mut variables = Vec::new();
        collect_variables(&self.table, u.scope, &mut variables);
        let scope = self.table.scope(u.scope);
        let mut hidden = Vec::new();
        for &(sym, captured) in &variables {
            let own = scope.scopes.get(&sym);
            let shares = match own {
                Some(NameScope::Local) => !captured && u.optimized,
                Some(NameScope::Cell) => captured,
                _ => false,
            };
            let r = match u.regs.get(&sym) {
                Some(&r) if shares => r,
                _ => {
                    if !u.optimized && !captured {
                        hidden.push(sym);
                        continue;
                    }
                    let r = next as Reg;
                    next += 1;
                    if u.optimized {
                        u.varnames.push(sym);
                    }
                    if captured {
                        cells.push((sym, r));
                    }
                    r
                }
            };
            u.comp_regs.insert((sym, captured), r);
        }
        let mut frees: Vec<Sym> = scope
            .symbols
            .entries
            .iter()
            .filter(|(sym, flags)| {
                scope.scopes.get(sym) == Some(&NameScope::Free) || flags & flag::DEF_FREE_CLASS != 0
            })
            .map(|e| e.0)
            .collect();
        frees.sort_by(|a, b| self.table.names.get(*a).cmp(self.table.names.get(*b)));
        for (i, &sym) in frees.iter().enumerate() {
            let r = next as Reg;
            next += 1;
            u.regs.insert(sym, r);
            if i == 0 {
                u.free_base = r;
            }
        }
        for sym in hidden {
            let r = next as Reg;
            next += 1;
            u.comp_regs.insert((sym, false), r);
            u.hidden.push((sym, r));
        }
        if frees.is_empty() {
            u.free_base = next.min(60_000) as Reg;
        }
        u.frees = frees;
        u.cells = cells;
        u.named = next;
        u.next = next;
        u.max = next;
        if next > 50_000 {
            self.overflow = Some("too many local variables");
        }
        let scope = self.table.scope(u.scope);
        for sym in &scope.deleted {
            if let Some(&r) = u.regs.get(sym) {
                u.deleted.add(r);
            }
        }
    }

    /// Emits what every code object starts with.
    pub fn prologue(&mut self) {
        if !self.u.frees.is_empty() {
            self.emit(Op::CopyFreeVars, self.u.free_base, self.u.frees.len() as u16, 0);
        }
        for i in 0..self.u.cells.len() {
            let r = self.u.cells[i].1;
            if !self.u.optimized {
                self.emit(Op::LoadUnbound, r, 0, 0);
            }
            self.emit(Op::MakeCell, r, 0, 0);
        }
        for i in 0..self.u.hidden.len() {
            let r = self.u.hidden[i].1;
            self.emit(Op::LoadUnbound, r, 0, 0);
        }
        if self.u.is_generator || self.u.is_coroutine {
            self.emit(Op::ReturnGenerator, 0, 0, 0);
        }
    }

    /// Ends the current code object and goes back to the unit around it.
    pub fn leave_unit(&mut self) -> Res<CodeData> {
        self.check_overflow()?;
        let flags = self.code_flags();
        let old = self.outer.pop().unwrap_or_else(Unit::placeholder);
        let u = std::mem::replace(&mut self.u, old);
        let line = if u.kind == UnitKind::Module { 0 } else { u.first_line };
        let begin = Position { line, end_line: u.first_line, col: 0, end_col: 0 };
        let done = u.asm.finish(u.first_line, begin);
        let text = |s: &Sym| -> Box<str> { self.table.names.get(*s).into() };
        let mut varnames: Vec<Box<str>> = u.varnames.iter().map(text).collect();
        if u.kind == UnitKind::Annotate
            && let Some(first) = varnames.first_mut()
        {
            *first = "format".into();
        }
        let mut cells = u.cells;
        let nparams = self.table.scope(u.scope).varnames.len();
        cells.sort_by(|a, b| {
            let rank = |c: &(Sym, Reg)| (usize::from(c.1) >= nparams || !u.optimized, c.1);
            let (x, y) = (rank(a), rank(b));
            if x.0 && y.0 { self.table.names.get(a.0).cmp(self.table.names.get(b.0)) } else { x.cmp(&y) }
        });
        Ok(CodeData {
            name: u.name.into(),
            qualname: u.qualname.into(),
            filename: self.options.filename.clone(),
            first_line: u.first_line,
            flags,
            argcount: u.argcount,
            posonlyargcount: u.posonly,
            kwonlyargcount: u.kwonly,
            varnames,
            cellvars: cells.iter().map(|c| text(&c.0)).collect(),
            cell_regs: cells.iter().map(|c| c.1).collect(),
            freevars: u.frees.iter().map(text).collect(),
            free_base: u.free_base,
            hidden: u.hidden.iter().map(|(s, r)| (text(s), *r)).collect(),
            nregs: u.max.max(1).min(u32::from(u16::MAX)) as u16,
            consts: u.consts.into_vec(),
            names: u.names.iter().map(text).collect(),
            code: done.code,
            positions: done.positions.into(),
            exceptions: done.exceptions,
        })
    }

    fn code_flags(&self) -> u32 {
        let u = &self.u;
        let scope = self.table.scope(u.scope);
        let mut flags = self.flags | u.flags;
        if u.optimized {
            flags |= CodeFlags::OPTIMIZED | CodeFlags::NEWLOCALS;
            if scope.nested {
                flags |= CodeFlags::NESTED;
            }
            flags |= match (u.is_generator, u.is_coroutine) {
                (true, false) => CodeFlags::GENERATOR,
                (false, true) => CodeFlags::COROUTINE,
                (true, true) => CodeFlags::ASYNC_GENERATOR,
                (false, false) => 0,
            };
            if scope.method {
                flags |= CodeFlags::METHOD;
            }
        } else if u.is_coroutine {
            flags |= CodeFlags::COROUTINE;
        }
        flags
    }

    /// The code object as a constant index.
    pub fn code_const(&mut self, code: CodeData) -> u32 {
        self.u.consts.add(protopy_bytecode::Const::Code(Arc::new(code)))
    }

    /// The register of a variable of an inlined comprehension.
    pub fn comp_reg(&self, sym: Sym, captured: bool) -> Reg {
        self.u.comp_regs.get(&(sym, captured)).copied().unwrap_or(0)
    }

    /// How the name `sym` is reached from here.
    pub fn resolve(&self, sym: Sym) -> Var {
        let reg = |sym: &Sym| self.u.regs.get(sym).copied().unwrap_or(0);
        let is_class = self.u.kind == UnitKind::Class;
        let mut through_comp = false;
        for &comp in self.u.comps.iter().rev() {
            through_comp = true;
            match self.table.scope(comp).scopes.get(&sym) {
                Some(NameScope::Local) => return Var::Local(self.comp_reg(sym, false)),
                Some(NameScope::Cell) => return Var::Deref(self.comp_reg(sym, true)),
                Some(NameScope::GlobalExplicit) => return Var::Global,
                Some(NameScope::GlobalImplicit) => {
                    return if is_class || self.u.optimized { Var::Global } else { Var::Name };
                }
                Some(NameScope::Free) | None => {}
            }
        }
        let scope = self.table.scope(self.u.scope);
        let sees_class = scope.can_see_class_scope && self.table.names.get(sym) != "__classdict__";
        if through_comp && is_class {
            return if self.u.frees.contains(&sym) { Var::Deref(reg(&sym)) } else { Var::Global };
        }
        match scope.scopes.get(&sym) {
            Some(NameScope::Local) if self.u.optimized => Var::Local(reg(&sym)),
            Some(NameScope::Local) => Var::Name,
            Some(NameScope::Cell) => Var::Deref(reg(&sym)),
            Some(NameScope::Free) if is_class => Var::ClassDeref(reg(&sym)),
            Some(NameScope::Free) if sees_class => Var::DictDeref(reg(&sym)),
            Some(NameScope::Free) => Var::Deref(reg(&sym)),
            Some(NameScope::GlobalExplicit) => Var::Global,
            Some(NameScope::GlobalImplicit) | None if !self.u.optimized => Var::Name,
            Some(NameScope::GlobalImplicit) | None if sees_class => Var::DictGlobal,
            Some(NameScope::GlobalImplicit) | None => Var::Global,
        }
    }

    /// Whether assignment expressions bind `sym` in this unit.
    pub fn is_walrus_target(&self, sym: Sym) -> bool {
        self.table.scope(self.u.scope).walrus.contains(&sym)
            || self.u.comps.iter().any(|&c| self.table.scope(c).walrus.contains(&sym))
    }

    /// The plain-local register of a name, if it has one.
    pub fn local_reg(&mut self, name: &ruff_python_ast::ExprName) -> Option<(Sym, Reg)> {
        let sym = self.mangled(&name.id);
        match self.resolve(sym) {
            Var::Local(r) => Some((sym, r)),
            _ => None,
        }
    }
}

/// The next register, for `sym`.
fn take(u: &mut Unit<'_>, next: &mut u32, sym: Sym) -> Reg {
    let r = *next as Reg;
    *next += 1;
    u.regs.insert(sym, r);
    r
}

/// Variables of the comprehensions inlined into a scope, and whether they are captured.
fn collect_variables(table: &crate::symtable::Table, id: ScopeId, out: &mut Vec<(Sym, bool)>) {
    for &comp in &table.scope(id).inlined {
        let scope = table.scope(comp);
        for &(sym, flags) in &scope.symbols.entries {
            let captured = match scope.scopes.get(&sym) {
                Some(NameScope::Local) => false,
                Some(NameScope::Cell) => true,
                _ => continue,
            };
            if flags & flag::DEF_PARAM == 0 && !out.contains(&(sym, captured)) {
                out.push((sym, captured));
            }
        }
        collect_variables(table, comp, out);
    }
}

/// Cells that a class body provides by magic.
fn class_cells(table: &mut crate::symtable::Table, id: ScopeId) -> Vec<Sym> {
    let scope = table.scope(id);
    let mut out = Vec::new();
    if scope.kind == BlockKind::Class {
        let wanted = [
            ("__class__", scope.needs_class_closure),
            ("__classdict__", scope.needs_classdict),
            ("__conditional_annotations__", scope.has_conditional_annotations),
        ];
        for (name, wanted) in wanted {
            if wanted {
                out.push(table.names.intern(name));
            }
        }
    }
    out
}
