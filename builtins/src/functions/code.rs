//! `code`: code objects as Python programs see them. Making changed copies is in `code_replace`.

use super::code_replace;
use super::code_tables::{UNIT, code_bytes, exception_table, line_table, lines, lnotab};
use protopy_bytecode::{CodeData, CodeFlags, Const, Position};
use protopy_vm::interp::watch::marks;
use protopy_vm::protocore::layouts::{CodeObj, IntRef, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};
use std::hash::{DefaultHasher, Hash, Hasher};

static METHODS: &[MethodDef] = methods![
    "__sizeof__(self, /)" => size_of_code;
    /// An iterator over (start, end, line) of runs of instructions of the same line.
    "co_lines(self, /)" => co_lines;
    /// An iterator over the branches: offset, and those of where it leads to the left and to the right.
    "co_branches(self, /)" => co_branches;
    /// An iterator over (line, end line, column, end column), one item an instruction.
    "co_positions(self, /)" => co_positions;
    /// A copy with other values of the attributes given.
    raw "replace(self, /, **changes)" => code_replace::replace;
    /// The same as replace().
    raw "__replace__(self, /, **changes)" => code_replace::replace;
    /// The name of a local variable by number.
    "_varname_from_oparg(self, /, oparg)" => varname_from_oparg;
];

static GETSETS: &[GetSetDef] = getsets![
    member "co_argcount" => |cx, v| number(cx, v, |d| d.argcount);
    member "co_posonlyargcount" => |cx, v| number(cx, v, |d| d.posonlyargcount);
    member "co_kwonlyargcount" => |cx, v| number(cx, v, |d| d.kwonlyargcount);
    member "co_stacksize" => |cx, v| number(cx, v, |d| u32::from(d.nregs));
    member "co_flags" => |cx, v| number(cx, v, |d| d.flags);
    member "co_nlocals" => |cx, v| number(cx, v, |d| local_names(d).len() as u32);
    member "co_consts" => co_consts;
    member "co_names" => co_names;
    member "co_filename" => |cx, v| Ok(this(cx, v)?.rt.filename.get_or_none());
    member "co_name" => |cx, v| Ok(this(cx, v)?.rt.name);
    member "co_qualname" => |cx, v| Ok(this(cx, v)?.rt.qualname);
    member "co_firstlineno" => |cx, v| number(cx, v, |d| d.first_line);
    member "co_linetable" => |cx, v| bytes(cx, v, line_table);
    member "co_exceptiontable" => |cx, v| bytes(cx, v, exception_table);
    "co_lnotab" => co_lnotab;
    "_co_code_adaptive" => |cx, v| bytes(cx, v, code_bytes);
    "co_varnames" => co_varnames;
    "co_cellvars" => |cx, v| Ok(this(cx, v)?.rt.cellvars);
    "co_freevars" => |cx, v| Ok(this(cx, v)?.rt.freevars);
    "co_code" => |cx, v| bytes(cx, v, code_bytes);
];

const SIG: &str = "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize,\n     flags, codestring, constants, names, varnames, filename, name,\n     qualname, firstlineno, linetable, exceptiontable, freevars=(),\n     cellvars=(), /)";

pub(super) static CODE: TypeSpec = TypeSpec {
    ty: Some(Ty::Code),
    name: "code",
    layout: Layout::Code,
    flags: protopy_vm::protocore::types::type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(code_new),
        repr: Some(code_repr),
        hash: Some(code_hash),
        compare: Some(code_compare),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A code object. Its instructions are this implementation's own.",
    sig: Some(SIG),
    ..TypeSpec::BASE
};

pub(super) fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static CodeObj> {
    match CodeObj::of(v) {
        Some(c) => Ok(c),
        None => Err(cx.type_error("descriptor requires a 'code' object")),
    }
}

fn code_new(cx: &mut Ctx, _class: Value, args: Args<'_>) -> PyResult {
    if args.nkw() != 0 {
        return Err(cx.type_error("code() takes no keyword arguments"));
    }
    let n = args.pos().len();
    if n < 16 {
        return Err(cx.type_error(&format!("code expected at least 16 arguments, got {n}")));
    }
    if n > 18 {
        return Err(cx.type_error(&format!("code expected at most 18 arguments, got {n}")));
    }
    code_replace::construct(cx, args.pos())
}

// ---------------------------------------------------------------------------------------------------- attributes

fn number(cx: &mut Ctx, v: Value, f: fn(&CodeData) -> u32) -> PyResult {
    Ok(Value::small(i64::from(f(&this(cx, v)?.rt.data))))
}

fn bytes(cx: &mut Ctx, v: Value, f: fn(&CodeData) -> Vec<u8>) -> PyResult {
    let b = f(&this(cx, v)?.rt.data);
    cx.bytes(&b)
}

fn co_consts(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this(cx, v)?;
    cx.tuple_of(None, &c.rt.consts)
}

fn co_names(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this(cx, v)?;
    cx.tuple_of(None, &c.rt.names)
}

/// Number of parameters, `*args` and `**kwargs` included.
pub(super) fn param_count(d: &CodeData) -> usize {
    let var = |f: u32| usize::from(d.flags & f != 0);
    d.argcount as usize + d.kwonlyargcount as usize + var(CodeFlags::VARARGS) + var(CodeFlags::VARKEYWORDS)
}

/// Indices of the variables that `co_varnames` shows: parameters, and locals that no inner function captures.
pub(super) fn local_names(d: &CodeData) -> Vec<usize> {
    let params = param_count(d);
    (0..d.varnames.len())
        .filter(|i| *i < params || !d.cell_regs.iter().any(|r| usize::from(*r) == *i))
        .collect()
}

fn co_varnames(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this(cx, v)?;
    let all = TupleObj::of(c.rt.varnames).map_or(&[][..], |t| t.items());
    let shown: Vec<Value> = local_names(&c.rt.data).into_iter().filter_map(|i| all.get(i).copied()).collect();
    if shown.len() == all.len() { Ok(c.rt.varnames) } else { cx.tuple_of(None, &shown) }
}

fn co_lnotab(cx: &mut Ctx, v: Value) -> PyResult {
    protopy_vm::warn(cx, Ty::DeprecationWarning, "co_lnotab is deprecated, use co_lines instead.", 1)?;
    bytes(cx, v, lnotab)
}

// ---------------------------------------------------------------------------------------------------- methods

fn size_of_code(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = &this(cx, a[0])?.rt.data;
    let n = size_of::<CodeObj>() + d.code.len() * (8 + size_of::<Position>()) + d.consts.len() * 8;
    Ok(cx.int_usize(n))
}

fn number_or_none(n: u32) -> Value {
    if n == 0 { Value::NONE } else { Value::small(i64::from(n)) }
}

fn list_iter(cx: &mut Ctx, items: protopy_vm::ValueVec) -> PyResult {
    protopy_vm::iter(cx, items.into_list())
}

fn co_lines(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = this(cx, a[0])?;
    let mut out = protopy_vm::ValueVec::new(cx);
    for (start, end, line) in lines(&c.rt.data) {
        // Modules begin at line 0.
        let line = if start == 0 { Value::small(i64::from(line)) } else { number_or_none(line) };
        let item = [Value::small(i64::from(start)), Value::small(i64::from(end)), line];
        let t = cx.tuple_of(None, &item)?;
        out.push(cx, t)?;
    }
    list_iter(cx, out)
}

fn co_branches(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = this(cx, a[0])?;
    let mut out = protopy_vm::ValueVec::new(cx);
    for (at, left, right) in marks::branches(&c.rt.data) {
        let t = cx.tuple_of(None, &[at, left, right].map(|w| Value::small(offset(w))))?;
        out.push(cx, t)?;
    }
    list_iter(cx, out)
}

fn co_positions(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = this(cx, a[0])?;
    let mut out = protopy_vm::ValueVec::new(cx);
    let mut last: Option<(Position, Value)> = None;
    let lines_only = protopy_vm::settings::of(cx).no_debug_ranges.load(std::sync::atomic::Ordering::Relaxed);
    let known = c.rt.data.positions.iter().any(|p| p.line != 0);
    // What sets the frame up stands at the first line of the body.
    let (all, start) = (&c.rt.data.positions, marks::start_of(&c.rt.data));
    let body = all.get(start);
    for (i, p) in all.iter().enumerate().filter(|_| known) {
        let p = if (1..start).contains(&i) { body.unwrap_or(p) } else { p };
        let t = match last {
            Some((q, t)) if q == *p => t,
            _ if p.line == 0 && p.end_line == 0 => cx.tuple_of(None, &[Value::NONE; 4])?,
            _ if p.end_line == 0 || lines_only => {
                // Compiled without columns, or they are not to be told: the line stands for both.
                let line = Value::small(i64::from(p.line));
                let end = if lines_only { line } else { Value::NONE };
                cx.tuple_of(None, &[line, end, Value::NONE, Value::NONE])?
            }
            _ => {
                let n = [p.line, p.end_line, p.col, p.end_col].map(|n| Value::small(i64::from(n)));
                cx.tuple_of(None, &n)?
            }
        };
        last = Some((*p, t));
        out.push(cx, t)?;
    }
    list_iter(cx, out)
}

/// Offset that Python sees of an instruction word.
pub(super) fn offset(word: usize) -> i64 {
    (word as i64).saturating_mul(i64::from(UNIT))
}

fn varname_from_oparg(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = this(cx, a[0])?;
    let i = ops::index_i64(cx, a[1], Ty::OverflowError)?;
    let d = &c.rt.data;
    let all = TupleObj::of(c.rt.varnames).map_or(&[][..], |t| t.items());
    let names: Vec<Value> = local_names(d)
        .into_iter()
        .filter_map(|i| all.get(i).copied())
        .chain(cell_names_beyond_params(c))
        .chain(TupleObj::of(c.rt.freevars).map_or(&[][..], |t| t.items()).iter().copied())
        .collect();
    match usize::try_from(i).ok().and_then(|i| names.get(i)) {
        Some(n) => Ok(*n),
        None => Err(cx.raise_str(Ty::IndexError, "tuple index out of range")),
    }
}

/// Names of captured variables that are no parameters.
fn cell_names_beyond_params(c: &CodeObj) -> Vec<Value> {
    let d = &c.rt.data;
    let params = param_count(d);
    let optimised = d.flags & CodeFlags::OPTIMIZED != 0;
    let names = TupleObj::of(c.rt.cellvars).map_or(&[][..], |t| t.items());
    let beyond = |r: u16| !optimised || usize::from(r) >= params;
    names.iter().zip(&d.cell_regs).filter(|(_, r)| beyond(**r)).map(|(n, _)| *n).collect()
}

fn code_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this(cx, v)?;
    let line = if c.rt.data.first_line == 0 { -1 } else { i64::from(c.rt.data.first_line) };
    let mut out = protopy_text::StrBuf::from("<code object ");
    let push = |out: &mut protopy_text::StrBuf, v: Value| {
        if let Some(s) = StrObj::of(v) {
            out.push_ref(s.str_ref());
        }
    };
    push(&mut out, c.rt.name);
    out.push_str(&format!(" at {:#x}, file \"", v.bits()));
    push(&mut out, c.rt.filename.get_or_none());
    out.push_str(&format!("\", line {line}>"));
    cx.str_buf(out)
}

// ---------------------------------------------------------------------------------------------------- equality

/// Whether two constants are equal and of the same types: 0.0 differs from -0.0, 1 from True.
fn same_const(a: &Const, b: &Const) -> bool {
    let all = |a: &[Const], b: &[Const]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_const(a, b));
    match (a, b) {
        (Const::None, Const::None)
        | (Const::True, Const::True)
        | (Const::False, Const::False)
        | (Const::Ellipsis, Const::Ellipsis) => true,
        (Const::Int(a), Const::Int(b)) => a == b,
        (Const::BigInt { negative: n, magnitude: a }, Const::BigInt { negative: m, magnitude: b }) => {
            n == m && a == b
        }
        (Const::Float(a), Const::Float(b)) => a.to_bits() == b.to_bits(),
        (Const::Complex(a, b), Const::Complex(c, d)) => {
            (a.to_bits(), b.to_bits()) == (c.to_bits(), d.to_bits())
        }
        (Const::Str(a), Const::Str(b)) => a == b,
        (Const::WideStr(a), Const::WideStr(b)) => a == b,
        (Const::Bytes(a), Const::Bytes(b)) => a == b,
        (Const::Tuple(a), Const::Tuple(b)) => all(a, b),
        (Const::FrozenSet(a), Const::FrozenSet(b)) => {
            a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| same_const(x, y)))
        }
        (Const::Slice(a), Const::Slice(b)) => all(&a[..], &b[..]),
        (Const::Code(a), Const::Code(b)) => std::sync::Arc::ptr_eq(a, b) || same_data(a, b),
        _ => false,
    }
}

fn same_data(a: &CodeData, b: &CodeData) -> bool {
    same_but_consts(a, b)
        && a.consts.len() == b.consts.len()
        && a.consts.iter().zip(&b.consts).all(|(a, b)| same_const(a, b))
}

fn same_but_consts(a: &CodeData, b: &CodeData) -> bool {
    let counts = |d: &CodeData| (d.argcount, d.posonlyargcount, d.kwonlyargcount, d.flags, d.first_line);
    a.name == b.name
        && counts(a) == counts(b)
        && a.code == b.code
        && a.names == b.names
        && a.varnames == b.varnames
        && a.cellvars == b.cellvars
        && a.freevars == b.freevars
        && a.positions == b.positions
        && a.exceptions == b.exceptions
}

/// Whether the runtime constant is one that the plain data cannot express.
fn is_foreign(c: &Const, v: Value) -> bool {
    matches!(c, Const::None) && !v.is_none()
}

fn same_code(cx: &mut Ctx, a: &CodeObj, b: &CodeObj) -> PyResult<bool> {
    let (x, y) = (&a.rt.data, &b.rt.data);
    cx.check_native_stack(" in comparison")?;
    if !same_but_consts(x, y) || x.consts.len() != y.consts.len() {
        return Ok(false);
    }
    for ((c, v), (d, w)) in x.consts.iter().zip(&a.rt.consts).zip(y.consts.iter().zip(&b.rt.consts)) {
        if v.is(*w) {
            continue;
        }
        let same = match (is_foreign(c, *v), is_foreign(d, *w)) {
            (false, false) => same_const(c, d),
            (true, true) => cx.type_of(*v).value().is(cx.type_of(*w).value()) && ops::eq(cx, *v, *w)?,
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn code_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (CodeObj::of(a), CodeObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = a.is(b) || same_code(cx, x, y)?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

fn code_hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let d = &this(cx, v)?.rt.data;
    let mut h = DefaultHasher::new();
    (&d.name, d.argcount, d.posonlyargcount, d.kwonlyargcount, d.flags, d.first_line).hash(&mut h);
    (&d.code, &d.names, &d.varnames, &d.cellvars, &d.freevars).hash(&mut h);
    d.consts.len().hash(&mut h);
    Ok(match h.finish().cast_signed() {
        -1 => -2,
        h => h,
    })
}

/// An integer argument as `i64`, for `code_replace`.
pub(super) fn int_arg(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let n = ops::index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).map(i32::try_from) {
        Some(Ok(n)) => Ok(n),
        _ => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}
