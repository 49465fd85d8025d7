//! New code objects of old ones: `code.replace()`, and the constructor of `code`.
//!
//! What the program gives becomes a new [`CodeData`], so that it can be run, compared and stored like any other. It is checked as
//! bytecode from a file is, and changed instructions are verified as the compiler's are in tests: whatever could lead the interpreter astray is refused.
//! Constants that the plain data cannot express (any object may be one) are given to the code object besides it.
//!
//! Registers belong to variables: a captured variable has one whether it is a parameter or not. New cells and free variables
//! get registers that no instruction uses.

use super::code::{int_arg, local_names, param_count, this};
use super::code_tables::{
    code_bytes, exception_table, line_table, read_code, read_exception_table, read_line_table,
};
use protopy_bytecode::{CodeData, CodeFlags, Const, Position};
use protopy_vm::code::make_code_with_consts;
use protopy_vm::protocore::Held;
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
    for (i, v) in given.iter().enumerate() {
        if let Some(v) = v {
            check_kind(cx, i, *v, "replace", i + 1)?;
        }
    }
    change(cx, CodeData::clone(&code.rt.data), &code.rt.consts, &given, false)
}

/// The constructor, with 16 to 18 arguments: puts the parts of a code object together again.
pub(super) fn construct(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mut given = [None; 18];
    for (i, v) in args.iter().enumerate().take(18) {
        given[i] = Some(*v);
        check_kind(cx, i, *v, "code", i + 1)?;
    }
    let mut d = CodeData::default();
    let bytes = |i: usize| given[i].and_then(BytesObj::of).map_or(&[][..], BytesObj::bytes);
    let Some(table) = read_exception_table(bytes(15)) else {
        return Err(refused(cx, "the exception table is malformed"));
    };
    let mut numbers = [0u32; 6];
    for (i, n) in numbers.iter_mut().enumerate() {
        let v = given[i].map_or(Ok(0), |v| int_arg(cx, v))?;
        // Negative numbers are refused with the others below.
        *n = u32::try_from(v).unwrap_or(0);
    }
    [d.argcount, d.posonlyargcount, d.kwonlyargcount, _, _, d.flags] = numbers;
    let list = |cx: &mut Ctx, i: usize| given[i].map_or(Ok(Vec::new()), |v| strings(cx, v));
    let (shown, cells) = (list(cx, 9)?, list(cx, 17)?);
    d.freevars = list(cx, 16)?;
    d.nregs = 1;
    if let Some(base) = table.free_base {
        d.free_base = base;
    }
    d.cell_regs = table.cell_regs;
    d.cell_regs.truncate(cells.len());
    d.cellvars = cells;
    d.cellvars.truncate(d.cell_regs.len());
    let Some(vars) = all_variables(&d, shown) else {
        return Err(refused(cx, "variables and cells do not fit"));
    };
    d.varnames = vars;
    given[16] = None;
    change(cx, d, &[], &given, true)
}

/// The variables in the order of registers: those of `co_varnames`, and the cells among them.
fn all_variables(d: &CodeData, shown: Vec<Box<str>>) -> Option<Vec<Box<str>>> {
    if d.flags & CodeFlags::OPTIMIZED == 0 {
        return Some(shown);
    }
    let params = param_count(d);
    let captured = |i: usize| d.cell_regs.iter().position(|r| usize::from(*r) == i);
    let beyond = d.cell_regs.iter().filter(|r| usize::from(**r) >= params).count();
    let mut shown = shown.into_iter();
    let total = shown.len() + beyond;
    let mut all = Vec::with_capacity(total);
    for i in 0..total {
        all.push(match captured(i) {
            Some(at) if i >= params => d.cellvars.get(at)?.clone(),
            _ => shown.next()?,
        });
    }
    Some(all)
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

/// Applies changes to plain data and makes the code object; `old` are the constants that it had.
fn change(
    cx: &mut Ctx,
    mut d: CodeData,
    old: &[Value],
    given: &[Option<Value>; 18],
    fresh: bool,
) -> PyResult {
    change_numbers(cx, given, &mut d, fresh)?;
    if let Some(v) = given[8] {
        d.names = strings(cx, v)?;
    }
    if !fresh {
        change_variables(cx, given, &mut d)?;
    }
    for (i, field) in [(11, &mut d.name), (12, &mut d.qualname)] {
        if let Some(v) = given[i] {
            *field = text(v).into();
        }
    }
    if let Some(v) = given[10] {
        d.filename = text(v).into();
    }
    let rewritten = change_instructions(cx, given, &mut d)?;
    let mut consts = old.to_vec();
    if let Some(t) = given[7] {
        let items = TupleObj::of(t).map_or(&[][..], |t| t.items());
        let plain = std::mem::take(&mut d.consts);
        d.consts = items
            .iter()
            .enumerate()
            .map(|(i, v)| match (old.get(i), plain.get(i)) {
                (Some(same), Some(c)) if same.is(*v) => c.clone(),
                _ => plain_const(cx, *v, 0).unwrap_or(Const::None),
            })
            .collect();
        consts = items.to_vec();
    }
    let checked = if rewritten {
        protopy_compiler::verify::verify(&d)
    } else {
        protopy_compiler::verify::structure(&d)
    };
    if let Err(e) = checked {
        return Err(refused(cx, &e.what));
    }
    make_code_with_consts(cx, Arc::new(d), &consts)
}

fn change_numbers(cx: &mut Ctx, given: &[Option<Value>; 18], d: &mut CodeData, fresh: bool) -> PyResult<()> {
    let mut numbers = [None; 14];
    for i in [0, 1, 2, 3, 4, 5, 13] {
        if let Some(v) = given[i] {
            let n = int_arg(cx, v)?;
            let Ok(n) = u32::try_from(n) else {
                let msg = if fresh {
                    format!("code: {} must not be negative", FIELDS[i].trim_start_matches("co_"))
                } else {
                    format!("{} must be a positive integer", FIELDS[i])
                };
                return Err(cx.value_error(&msg));
            };
            numbers[i] = Some(n);
        }
    }
    d.argcount = numbers[0].unwrap_or(d.argcount);
    d.posonlyargcount = numbers[1].unwrap_or(d.posonlyargcount);
    d.kwonlyargcount = numbers[2].unwrap_or(d.kwonlyargcount);
    if d.posonlyargcount > d.argcount {
        return Err(refused(cx, "posonlyargcount must not exceed argcount"));
    }
    if let Some(n) = numbers[4] {
        // The registers that instructions and variables need stay, whatever number is asked for.
        d.nregs = d.nregs.max(u16::try_from(n).unwrap_or(u16::MAX));
    }
    if let Some(flags) = numbers[5] {
        if (flags ^ d.flags) & CodeFlags::OPTIMIZED != 0 {
            return Err(refused(cx, "whether locals are registers cannot change"));
        }
        d.flags = flags;
    }
    let total = d.argcount.checked_add(d.kwonlyargcount).is_some();
    if !total || param_count(d) > d.varnames.len() {
        return Err(refused(cx, "co_varnames is too small"));
    }
    let names = given[9].and_then(TupleObj::of).map_or_else(|| local_names(d).len(), |t| t.items().len());
    if numbers[3].is_some_and(|n| n as usize != names) {
        return Err(refused(cx, "co_nlocals != len(co_varnames)"));
    }
    if let Some(first) = numbers[13] {
        let delta = i64::from(first) - i64::from(d.first_line);
        d.first_line = first;
        d.positions = d.positions.iter().map(|p| moved(*p, delta)).collect::<Vec<_>>().into();
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

/// Exchanges the names of variables; cells and free variables may become more.
fn change_variables(cx: &mut Ctx, given: &[Option<Value>; 18], d: &mut CodeData) -> PyResult<()> {
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
    if let Some(v) = given[17] {
        let names = strings(cx, v)?;
        d.cell_regs.truncate(names.len());
        while d.cell_regs.len() < names.len() {
            let r = fresh_registers(cx, d, 1)?;
            d.cell_regs.push(r);
        }
        for (n, r) in names.iter().zip(&d.cell_regs) {
            if let Some(var) = d.varnames.get_mut(usize::from(*r)) {
                var.clone_from(n);
            }
        }
        d.cellvars = names;
    }
    if let Some(v) = given[16] {
        let names = strings(cx, v)?;
        if names.len() > d.freevars.len() {
            d.free_base = fresh_registers(cx, d, names.len())?;
        }
        d.freevars = names;
    }
    Ok(())
}

/// The first of `n` registers that nothing uses.
fn fresh_registers(cx: &mut Ctx, d: &mut CodeData, n: usize) -> PyResult<u16> {
    let first = d.nregs;
    match u16::try_from(n).ok().and_then(|n| first.checked_add(n)) {
        Some(end) => {
            d.nregs = end;
            Ok(first)
        }
        None => Err(refused(cx, "too many variables")),
    }
}

/// Exchanges instructions and their tables; whether instructions or handlers changed.
fn change_instructions(cx: &mut Ctx, given: &[Option<Value>; 18], d: &mut CodeData) -> PyResult<bool> {
    let bytes = |i: usize| given[i].and_then(BytesObj::of).map(BytesObj::bytes);
    let mut rewritten = false;
    if let Some(b) = bytes(6)
        && b != code_bytes(d)
    {
        match read_code(b) {
            Some(words) => d.code = words,
            None => return Err(refused(cx, "bytecode of another implementation or version")),
        }
        let mut positions = std::mem::take(&mut d.positions).into_vec();
        positions.resize(d.code.len(), Position::default());
        d.positions = positions.into();
        rewritten = true;
    }
    if let Some(b) = bytes(15)
        && b != exception_table(d)
    {
        match read_exception_table(b) {
            Some(t) => d.exceptions = t.entries,
            None => return Err(refused(cx, "the exception table is malformed")),
        }
        rewritten = true;
    }
    if let Some(b) = bytes(14)
        && b != line_table(d)
    {
        // A table of another version tells nothing.
        d.positions = read_line_table(b, d.first_line, d.code.len())
            .unwrap_or_else(|| vec![Position::default(); d.code.len()])
            .into();
    }
    Ok(rewritten)
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
        let items: Held<Value> = DictObj::of_set(v)?.snapshot().into_iter().map(|(_, k, _)| k).collect();
        return all(&items).map(Const::FrozenSet);
    }
    if let Some(s) = SliceObj::of(v) {
        let parts = [s.start.get_or_none(), s.stop.get_or_none(), s.step.get_or_none()];
        let parts: Box<[Const; 3]> = all(&parts)?.try_into().ok()?;
        return Some(Const::Slice(parts));
    }
    CodeObj::of(v).map(|c| Const::Code(c.rt.data.clone()))
}
