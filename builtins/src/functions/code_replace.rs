//! Changed copies of code objects: `code.replace()`, and the constructor of `code`.
//!
//! A copy is a new [`CodeData`], so that it can be run, compared and stored like any other. What the program gives is checked as
//! bytecode from a file is: the verifier refuses whatever could lead the interpreter astray. Constants that the plain data cannot
//! express (any object may be one) are given to the code object besides it.
//!
//! Registers belong to variables, so that the numbers of locals, cells and free variables cannot change, and neither can the flags
//! that say how a frame is set up.

use super::code::{int_arg, local_names, param_count, this};
use super::code_tables::{code_bytes, exception_table, line_table, read_line_table};
use protopy_bytecode::{CodeData, CodeFlags, Const, Position};
use protopy_vm::code::make_code_with_consts;
use protopy_vm::protocore::dict::{DictObj, exact_str};
use protopy_vm::protocore::layouts::{
    BytesObj, CodeObj, ComplexObj, FloatObj, IntRef, SliceObj, StrObj, TupleObj,
};
use protopy_vm::protocore::{Args, Ctx, PyResult, Raised, Ty, Value};
use std::sync::Arc;

/// The parameters of `replace`, in the order of the constructor's.
const FIELDS: [&str; 18] = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_firstlineno",
    "co_linetable",
    "co_exceptiontable",
    "co_freevars",
    "co_cellvars",
];

/// What a parameter must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Bytes,
    Tuple,
    Str,
}

fn kind(i: usize) -> Kind {
    match i {
        0..=5 | 13 => Kind::Int,
        6 | 14 | 15 => Kind::Bytes,
        10..=12 => Kind::Str,
        _ => Kind::Tuple,
    }
}

/// The flags that may change: those that do not say how a frame is set up.
const FREE_FLAGS: u32 = CodeFlags::ITERABLE_COROUTINE
    | CodeFlags::NESTED
    | CodeFlags::FUTURE_ANNOTATIONS
    | CodeFlags::FUTURE_GENERATOR_STOP
    | CodeFlags::HAS_DOCSTRING
    | CodeFlags::METHOD
    | CodeFlags::NEWLOCALS;

/// `code.replace(**changes)`
pub(super) fn replace(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let code = this(cx, v)?;
    if !args.pos().is_empty() {
        return Err(cx.type_error("replace() takes no positional arguments"));
    }
    let mut given = [None; 18];
    for (n, x) in args.kw() {
        match StrObj::of(n).and_then(|s| FIELDS.iter().position(|f| s.eq_str(f))) {
            Some(i) => given[i] = Some(x),
            None => {
                let n = StrObj::of(n).map_or_else(String::new, StrObj::to_string_lossy);
                let mut msg = format!("replace() got an unexpected keyword argument '{n}'");
                if let Some(best) = protopy_vm::suggest::closest(&n, FIELDS.into_iter()) {
                    msg.push_str(&format!(". Did you mean '{best}'?"));
                }
                return Err(cx.type_error(&msg));
            }
        }
    }
    change(cx, code, &given, "replace")
}

/// The constructor: finds the layout of registers in the code whose instructions it is given, so that only the parts of an
/// existing code object can be put together again.
pub(super) fn construct(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mut given = [None; 18];
    for (i, v) in args.iter().enumerate().take(18) {
        given[i] = Some(*v);
    }
    for (i, v) in given.iter().enumerate() {
        if let Some(v) = v {
            check_kind(cx, i, *v, "code", i + 1)?;
        }
    }
    for i in [0, 1, 2, 3, 4, 5, 13] {
        if let Some(v) = given[i] {
            let n = int_arg(cx, v)?;
            if n < 0 {
                let msg = format!("code: {} must not be negative", FIELDS[i].trim_start_matches("co_"));
                return Err(cx.value_error(&msg));
            }
        }
    }
    Err(cx.value_error("code: bytecode of another implementation or version"))
}

fn check_kind(cx: &mut Ctx, i: usize, v: Value, func: &str, place: usize) -> PyResult<()> {
    let (ok, want) = match kind(i) {
        Kind::Int => return Ok(()),
        Kind::Bytes => (BytesObj::of(v).is_some(), "bytes"),
        Kind::Tuple => (TupleObj::of(v).is_some(), "tuple"),
        Kind::Str => (StrObj::of(v).is_some(), "str"),
    };
    if ok {
        return Ok(());
    }
    let arg = if func == "code" { format!("{place}") } else { format!("'{}'", FIELDS[i]) };
    let msg = format!("{func}() argument {arg} must be {want}, not {}", super::arg_type(cx, v));
    Err(cx.type_error(&msg))
}

#[cold]
fn refused(cx: &mut Ctx, what: &str) -> Raised {
    cx.value_error(&format!("code: {what}"))
}

/// The strings of a tuple.
fn strings(cx: &mut Ctx, v: Value) -> PyResult<Vec<Box<str>>> {
    let items = TupleObj::of(v).map_or(&[][..], |t| t.items());
    let mut out = Vec::with_capacity(items.len());
    for n in items {
        match StrObj::of(*n) {
            Some(s) => out.push(s.to_string_lossy().into_boxed_str()),
            None => return Err(cx.raise_str(Ty::SystemError, "non-string found in code slot")),
        }
    }
    Ok(out)
}

fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

/// A copy of a code object with changes.
fn change(cx: &mut Ctx, code: &'static CodeObj, given: &[Option<Value>; 18], func: &str) -> PyResult {
    for (i, v) in given.iter().enumerate() {
        if let Some(v) = v {
            check_kind(cx, i, *v, func, i + 1)?;
        }
    }
    let mut d = CodeData::clone(&code.rt.data);
    change_numbers(cx, code, given, &mut d)?;
    change_names(cx, given, &mut d)?;
    change_instructions(cx, given, &mut d)?;
    let mut consts = code.rt.consts.to_vec();
    if let Some(t) = given[7] {
        let items = TupleObj::of(t).map_or(&[][..], |t| t.items());
        consts = items.to_vec();
        let old = &code.rt;
        d.consts = items
            .iter()
            .enumerate()
            .map(|(i, v)| match (old.consts.get(i), old.data.consts.get(i)) {
                (Some(same), Some(c)) if same.is(*v) => c.clone(),
                _ => plain_const(cx, *v, 0).unwrap_or(Const::None),
            })
            .collect();
    }
    if let Err(e) = protopy_compiler::verify::structure(&d) {
        return Err(refused(cx, &e.what));
    }
    make_code_with_consts(cx, Arc::new(d), &consts)
}

fn change_numbers(
    cx: &mut Ctx,
    code: &CodeObj,
    given: &[Option<Value>; 18],
    d: &mut CodeData,
) -> PyResult<()> {
    let mut numbers = [None; 14];
    for i in [0, 1, 2, 3, 4, 5, 13] {
        if let Some(v) = given[i] {
            let n = int_arg(cx, v)?;
            let Ok(n) = u32::try_from(n) else {
                return Err(cx.value_error(&format!("{} must be a positive integer", FIELDS[i])));
            };
            numbers[i] = Some(n);
        }
    }
    let old = &code.rt.data;
    d.argcount = numbers[0].unwrap_or(d.argcount);
    d.posonlyargcount = numbers[1].unwrap_or(d.posonlyargcount);
    d.kwonlyargcount = numbers[2].unwrap_or(d.kwonlyargcount);
    if d.posonlyargcount > d.argcount {
        return Err(refused(cx, "posonlyargcount must not exceed argcount"));
    }
    if numbers[3].is_some_and(|n| n as usize != local_names(old).len()) {
        return Err(refused(cx, "co_nlocals != len(co_varnames)"));
    }
    // The registers that the instructions need stay, whatever number is asked for.
    if let Some(n) = numbers[4].and_then(|n| u16::try_from(n).ok()) {
        d.nregs = d.nregs.max(n);
    }
    if let Some(flags) = numbers[5] {
        if (flags ^ d.flags) & !FREE_FLAGS & 0xffff != 0 {
            return Err(refused(cx, "flags that say how a frame is set up cannot change"));
        }
        d.flags = flags;
    }
    let params = d.argcount.checked_add(d.kwonlyargcount);
    if params.is_none() || param_count(d) > d.varnames.len() {
        return Err(refused(cx, "co_varnames is too small"));
    }
    if let Some(first) = numbers[13] {
        let delta = i64::from(first) - i64::from(d.first_line);
        d.first_line = first;
        for p in &mut d.positions {
            *p = moved(*p, delta);
        }
    }
    Ok(())
}

/// A position some lines further down.
fn moved(p: Position, delta: i64) -> Position {
    if p.line == 0 {
        return p;
    }
    let shift = |n: u32| u32::try_from((i64::from(n) + delta).max(1)).unwrap_or(u32::MAX);
    Position { line: shift(p.line), end_line: shift(p.end_line), ..p }
}

fn change_names(cx: &mut Ctx, given: &[Option<Value>; 18], d: &mut CodeData) -> PyResult<()> {
    if let Some(v) = given[8] {
        d.names = strings(cx, v)?;
    }
    if let Some(v) = given[9] {
        let names = strings(cx, v)?;
        let shown = local_names(d);
        if names.len() != shown.len() {
            return Err(refused(cx, "co_nlocals != len(co_varnames)"));
        }
        let params = param_count(d);
        for (i, n) in shown.into_iter().zip(names) {
            // A captured parameter has its name in both lists.
            if i < params
                && let Some(at) = d.cell_regs.iter().position(|r| usize::from(*r) == i)
                && let Some(cell) = d.cellvars.get_mut(at)
            {
                cell.clone_from(&n);
            }
            d.varnames[i] = n;
        }
    }
    if let Some(v) = given[16] {
        let names = strings(cx, v)?;
        if names.len() != d.freevars.len() {
            return Err(refused(cx, "the number of free variables cannot change"));
        }
        d.freevars = names;
    }
    if let Some(v) = given[17] {
        let names = strings(cx, v)?;
        if names.len() != d.cellvars.len() {
            return Err(refused(cx, "the number of cell variables cannot change"));
        }
        for (n, r) in names.iter().zip(&d.cell_regs) {
            if let Some(var) = d.varnames.get_mut(usize::from(*r)) {
                var.clone_from(n);
            }
        }
        d.cellvars = names;
    }
    if let Some(v) = given[10] {
        d.filename = text(v).into();
    }
    if let Some(v) = given[11] {
        d.name = text(v).into();
    }
    if let Some(v) = given[12] {
        d.qualname = text(v).into();
    }
    Ok(())
}

fn change_instructions(cx: &mut Ctx, given: &[Option<Value>; 18], d: &mut CodeData) -> PyResult<()> {
    let bytes = |i: usize| given[i].and_then(BytesObj::of).map(BytesObj::bytes);
    if let Some(b) = bytes(15)
        && b != exception_table(&d.exceptions)
    {
        return Err(refused(cx, "the exception table belongs to the instructions and cannot change"));
    }
    if let Some(b) = bytes(6)
        && b != code_bytes(d)
    {
        // The layout of registers and the tables were made for the instructions.
        return Err(refused(cx, "bytecode of another implementation or version"));
    }
    if let Some(b) = bytes(14)
        && b != line_table(d)
    {
        match read_line_table(b, d.first_line, d.code.len()) {
            Some(p) => d.positions = p,
            None => return Err(refused(cx, "the line table is malformed")),
        }
    }
    Ok(())
}

/// How deep constants may be nested.
const MAX_NESTING: usize = 100;

/// The plain form of a constant; `None` for objects that have none.
fn plain_const(cx: &Ctx, v: Value, depth: usize) -> Option<Const> {
    if depth > MAX_NESTING {
        return None;
    }
    let all = |items: &[Value]| -> Option<Box<[Const]>> {
        items.iter().map(|v| plain_const(cx, *v, depth + 1)).collect()
    };
    if v.is_none() {
        return Some(Const::None);
    }
    if v.is_bool() {
        return Some(if v.is(Value::TRUE) { Const::True } else { Const::False });
    }
    if v.is(Value::ELLIPSIS) {
        return Some(Const::Ellipsis);
    }
    if cx.is_exact(v, Ty::Int) {
        return match IntRef::of(v)? {
            IntRef::Small(n) => Some(Const::Int(n)),
            IntRef::Big(n) => {
                let (sign, magnitude) = n.to_bytes_le();
                let negative = sign == num_bigint::Sign::Minus;
                Some(Const::BigInt { negative, magnitude: magnitude.into() })
            }
        };
    }
    if cx.is_exact(v, Ty::Float) {
        return FloatObj::of(v).map(Const::Float);
    }
    if cx.is_exact(v, Ty::Complex) {
        return ComplexObj::of(v).map(|c| Const::Complex(c.re, c.im));
    }
    if let Some(s) = exact_str(v) {
        return Some(match s.to_utf8() {
            Some(s) => Const::Str(s.into()),
            None => Const::WideStr(s.str_ref().chars().collect()),
        });
    }
    if cx.is_exact(v, Ty::Bytes) {
        return BytesObj::of(v).map(|b| Const::Bytes(b.bytes().into()));
    }
    if cx.is_exact(v, Ty::Tuple) {
        return all(TupleObj::of(v)?.items()).map(Const::Tuple);
    }
    if cx.is_exact(v, Ty::FrozenSet) {
        let items: Vec<Value> = DictObj::of_set(v)?.snapshot().into_iter().map(|(_, k, _)| k).collect();
        return all(&items).map(Const::FrozenSet);
    }
    if let Some(s) = SliceObj::of(v) {
        let parts = [s.start.get_or_none(), s.stop.get_or_none(), s.step.get_or_none()];
        let parts: Box<[Const; 3]> = all(&parts)?.try_into().ok()?;
        return Some(Const::Slice(parts));
    }
    CodeObj::of(v).map(|c| Const::Code(c.rt.data.clone()))
}
