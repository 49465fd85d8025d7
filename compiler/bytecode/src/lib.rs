//! The instruction set and the plain-data code objects of protoPython.
//!
//! The compiler produces [`CodeData`], the virtual machine turns it into a heap object and runs it.
//! Nothing here knows a Python object, so that both can be built, tested and cached independently.
//!
//! # Registers and calls
//!
//! A frame is a window of 64-bit registers `R[0..nregs]`. Optimised code (functions) has its local
//! variables in `R[0..nlocals]` in the order of `co_varnames` (positional parameters, keyword-only
//! parameters, `*args`, `**kwargs`, other locals), then one register for each free variable, holding its
//! cell, then temporaries. A captured local keeps its register; [`Op::MakeCell`] replaces its content by
//! a cell. Code that is not optimised (modules, class bodies, `exec`) has its namespace mapping in
//! `R[0]`, then cells of class-body cell variables, free variables, temporaries.
//!
//! A call is built in place. For [`Op::Call`] with base `a` the callable stands in `R[a]`, the registers
//! `R[a+1] ..= R[a+4]` are left to the callee's frame header and the arguments start at
//! `R[a + CALL_HEADER]`, which becomes the callee's `R[0]`. The result arrives in `R[a]`. Registers
//! from `a` upwards are dead after the call but for the result.
//!
//! # Jumps
//!
//! Offsets count words and are relative to the word after the instruction and its cache words. A
//! backward jump of any kind polls the thread's breaker, so every loop has a safepoint.

mod code;
mod ops;
mod positions;

pub use code::{CodeData, CodeFlags, Const, ExcEntry, Position, SurrogateStr};
pub use ops::{
    ALL_OPS, CommonConst, FnAttr, Instr, Intrinsic1, Intrinsic2, Op, OpInfo, Operand, Special, WATCHED,
    fingerprint,
};
pub use positions::Positions;

/// Registers between a callable's slot and its first argument: the callee's frame header lies there.
pub const CALL_HEADER: u16 = 5;
