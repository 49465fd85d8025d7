//! Code generation: from the tree and its symbol table to register bytecode.
//!
//! # The idea
//!
//! Generation is destination-driven: an expression is evaluated straight [`to`](Compiler::to) the register
//! where its value is wanted - a local variable, an argument's place in a call window - or to
//! [`any`](Compiler::any) register, which for a local variable is its own. Conditions become jumps. So most
//! operations are one instruction and few moves remain.
//!
//! # Invariants
//!
//! 1. Temporaries are a stack: `Unit::next` is its top, everything at or above is dead. A call's window is
//!    built at the top, and what a call must not destroy lies below it.
//! 2. A temporary given as a destination holds nothing that is still needed. A *named* register given as a
//!    destination is written once, by the last instruction: an exception before leaves the variable as it was.
//! 3. A local read in place must not be rebound before the instruction that reads it. Only assignment
//!    expressions can rebind within an expression, so a local that is the target of one is copied when more of
//!    the expression follows.
//! 4. `Unit::bound` is what is certainly bound here. It only ever errs towards "maybe unbound", which costs a
//!    `CheckBound`. Names that can become unbound again (`del`, `except ... as`) are dropped from it at
//!    loop heads and handler entries; joins intersect.
//! 5. Code after a jump that is never the target of another is not emitted at all.

mod annotations;
pub(crate) mod asm;
mod assign;
mod calls;
mod class;
mod comprehension;
mod cond;
mod display;
mod expr;
mod function;
mod loops;
mod pattern;
mod peephole;
mod state;
mod stmt;
mod strings;
mod tries;
mod type_params;
mod unit;
mod with_stmt;

use crate::error::{ErrorKind, Fault, Res};
use crate::locations::Locations;
use crate::names::Sym;
use crate::symtable::{ScopeId, Table};
use crate::{Mode, Options};
pub(crate) use asm::{HandlerId, Label};
use protopy_bytecode::{CodeData, Const, Instr, Op, Position};
use ruff_python_ast::{Expr, Mod, StmtAnnAssign};
use ruff_text_size::TextRange;
pub(crate) use unit::{Block, Unit, UnitKind, Var};

/// A register number.
pub(crate) type Reg = u16;

/// Most registers that a frame can have.
const MAX_REGS: u32 = 60_000;

/// The generator: the unit being compiled and those around it.
pub(crate) struct Compiler<'a> {
    pub table: Table,
    pub locations: &'a Locations,
    pub options: &'a Options,
    pub u: Unit<'a>,
    pub outer: Vec<Unit<'a>>,
    pub depth: u32,
    /// Set when a register or operand limit was passed; reported at the end of the unit.
    pub overflow: Option<&'static str>,
    pub future_annotations: bool,
    pub flags: u32,
    /// Range of a generator expression without parentheses of its own: that of the call's.
    pub bare_generator: Option<TextRange>,
}

/// Annotations of a class or module, collected for `__annotate__`.
pub(crate) struct Deferred<'a> {
    pub stmt: &'a StmtAnnAssign,
    /// Its number if it is conditional.
    pub index: Option<i64>,
}

/// Compiles a tree.
pub(crate) fn compile<'a>(
    tree: &'a Mod,
    table: Table,
    locations: &'a Locations,
    options: &'a Options,
    future_flags: u32,
) -> Res<CodeData> {
    let flags = future_flags;
    let future_annotations = table.future_annotations;
    let u = Unit::placeholder();
    let mut c = Compiler {
        table,
        locations,
        options,
        u,
        outer: Vec::new(),
        depth: 0,
        overflow: None,
        future_annotations,
        flags,
        bare_generator: None,
    };
    c.module(tree)
}

impl<'a> Compiler<'a> {
    fn module(&mut self, tree: &'a Mod) -> Res<CodeData> {
        self.enter_unit(0, UnitKind::Module, "<module>", TextRange::default());
        self.u.first_line = 1;
        self.u.pos = Position { line: 0, ..Position::default() };
        if self.options.allow_top_level_await && self.table.scope(0).coroutine {
            self.u.is_coroutine = true;
        }
        self.prologue();
        self.u.pos = Position { line: 1, end_line: 1, col: 0, end_col: 0 };
        match tree {
            Mod::Expression(e) => {
                let m = self.mark();
                let r = self.any(&e.body)?;
                self.emit(Op::Return, r, 0, 0);
                self.u.reachable = false;
                self.reset(m);
            }
            Mod::Module(m) => {
                self.module_body(&m.body)?;
                self.implicit_return();
            }
        }
        self.leave_unit()
    }

    /// Whether statements of expressions are printed.
    pub fn interactive(&self) -> bool {
        matches!(self.options.mode, Mode::Single) && self.outer.is_empty()
    }

    // ---- registers

    pub fn mark(&self) -> u32 {
        self.u.next
    }

    pub fn reset(&mut self, mark: u32) {
        self.u.next = mark;
    }

    /// A new temporary.
    pub fn temp(&mut self) -> Reg {
        self.temps(1)
    }

    /// `n` new temporaries in a row; the first of them.
    pub fn temps(&mut self, n: u32) -> Reg {
        let first = self.u.next;
        let top = first.saturating_add(n);
        if top > MAX_REGS {
            self.overflow = Some("too many registers");
            return first.min(MAX_REGS) as Reg;
        }
        self.u.next = top;
        self.u.max = self.u.max.max(top);
        first as Reg
    }

    /// Whether a register belongs to a variable.
    pub fn is_named(&self, r: Reg) -> bool {
        u32::from(r) < self.u.named
    }

    /// Whether `r` is the topmost temporary.
    pub fn is_top(&self, r: Reg) -> bool {
        !self.is_named(r) && u32::from(r) + 1 == self.u.next
    }

    /// `dst` if it may be written piecemeal, else a temporary.
    pub fn scratch_for(&mut self, dst: Reg) -> Reg {
        if self.is_named(dst) { self.temp() } else { dst }
    }

    // ---- emission

    pub fn emit(&mut self, op: Op, a: u16, b: u16, c: u16) {
        if self.u.reachable {
            self.u.asm.push(Instr::abc(op, a, b, c), None, self.u.handler, self.u.pos);
        }
    }

    pub fn emit_x(&mut self, op: Op, a: u16, bx: u32) {
        if self.u.reachable {
            self.u.asm.push(Instr::abx(op, a, bx), None, self.u.handler, self.u.pos);
        }
    }

    /// A jump of any kind; what is bound here is bound there.
    pub fn emit_jump(&mut self, op: Op, a: u16, b: u16, to: Label) {
        if self.u.reachable {
            self.u.asm.push(Instr::abc(op, a, b, 0), Some(to), self.u.handler, self.u.pos);
            self.join(to);
        }
    }

    pub fn jump(&mut self, to: Label) {
        self.emit_jump(Op::Jump, 0, 0, to);
        self.u.reachable = false;
    }

    pub fn new_label(&mut self) -> Label {
        self.u.asm.new_label()
    }

    pub fn position(&self, range: TextRange) -> Position {
        self.locations.position(range)
    }

    pub fn set_pos(&mut self, range: TextRange) {
        self.u.pos = self.locations.position(range);
    }

    pub fn no_pos(&mut self) {
        self.u.pos = Position::default();
    }

    /// Makes sure that an instruction has the line of `range`, for tracing.
    pub fn line_marker(&mut self, range: TextRange) {
        self.set_pos(range);
        if self.u.reachable && self.u.asm.last_line() != Some(self.u.pos.line) {
            self.emit(Op::Nop, 0, 0, 0);
        }
    }

    pub fn move_reg(&mut self, dst: Reg, src: Reg) {
        if dst != src {
            self.emit(Op::Move, dst, src, 0);
        }
    }

    pub fn load_const(&mut self, dst: Reg, c: Const) {
        if !self.u.reachable {
            return;
        }
        if let Const::Int(n) = c
            && let Ok(n) = i32::try_from(n)
        {
            self.emit_x(Op::LoadInt, dst, n as u32);
            return;
        }
        let k = self.u.consts.add(c);
        self.emit_x(Op::LoadConst, dst, k);
    }

    pub fn load_none(&mut self, dst: Reg) {
        self.load_const(dst, Const::None);
    }

    pub fn load_str(&mut self, dst: Reg, s: &str) {
        self.load_const(dst, Const::Str(s.into()));
    }

    // ---- names

    /// Index of a name in the code's table.
    pub fn name_index(&mut self, sym: Sym) -> u32 {
        if let Some(&i) = self.u.name_index.get(&sym) {
            return i;
        }
        let i = self.u.names.len() as u32;
        self.u.names.push(sym);
        self.u.name_index.insert(sym, i);
        i
    }

    /// Index of a name for a 16-bit operand.
    pub fn name_index16(&mut self, sym: Sym) -> u16 {
        let i = self.name_index(sym);
        u16::try_from(i).unwrap_or_else(|_| {
            self.overflow = Some("too many names in one code object");
            0
        })
    }

    /// `name` as the current class spells it.
    pub fn mangled(&mut self, name: &str) -> Sym {
        let plain = self.table.names.intern(name);
        if !name.starts_with("__") {
            return plain;
        }
        self.table.mangle_in(self.u.scope, plain)
    }

    pub fn sym(&mut self, name: &str) -> Sym {
        self.table.names.intern(name)
    }

    pub fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        self.depth += 1;
        let result = crate::depth::guarded(self.depth, || f(self));
        self.depth -= 1;
        result
    }

    pub fn check_overflow(&self) -> Res {
        match self.overflow {
            Some(msg) => {
                Err(Fault { kind: ErrorKind::Overflow, msg: msg.to_owned(), range: TextRange::default() })
            }
            None => Ok(()),
        }
    }

    /// The scope of an inner block.
    pub fn scope_of<T>(&self, node: &T, part: crate::symtable::Part) -> Res<ScopeId> {
        self.table
            .lookup(node, part)
            .ok_or_else(|| Fault::syntax("internal: no scope for a block", TextRange::default()))
    }

    /// Whether `e` may rebind a local variable while it is evaluated.
    pub fn has_walrus_effect(&self, e: &Expr) -> bool {
        !matches!(
            e,
            Expr::Name(_)
                | Expr::NumberLiteral(_)
                | Expr::StringLiteral(_)
                | Expr::BytesLiteral(_)
                | Expr::BooleanLiteral(_)
                | Expr::NoneLiteral(_)
                | Expr::EllipsisLiteral(_)
        )
    }
}
