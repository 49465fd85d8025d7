//! Code objects: from the compiler's plain data to what the interpreter runs.

use num_bigint::{BigInt, Sign};
use protocore::dict::DictObj;
use protocore::layouts::{CodeObj, CodeRt, TupleObj};
use protocore::{Ctx, Layout, PyResult, Slot, Ty, Value};
use protopy_bytecode::{CodeData, CodeFlags, Const};
use protopy_text::StrRef;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// Makes a code object; MemoryError.
pub fn make_code(cx: &mut Ctx, data: Arc<CodeData>) -> PyResult {
    cx.check_native_stack(" while making a code object")?;
    let held = cx.keep.len();
    let mut consts = Vec::with_capacity(data.consts.len());
    let mut made = Ok(());
    for c in &data.consts {
        match make_const(cx, c) {
            Ok(v) => {
                cx.keep.push(v);
                consts.push(v);
            }
            Err(r) => {
                made = Err(r);
                break;
            }
        }
    }
    let r = made.and_then(|()| build(cx, &data, consts));
    cx.keep.truncate(held);
    r
}

/// Makes a code object with these objects as constants, as many as the data has; MemoryError.
pub fn make_code_with_consts(cx: &mut Ctx, data: Arc<CodeData>, consts: &[Value]) -> PyResult {
    debug_assert_eq!(consts.len(), data.consts.len());
    let held = cx.keep.len();
    cx.keep.extend_from_slice(consts);
    let r = build(cx, &data, consts.to_vec());
    cx.keep.truncate(held);
    r
}

fn build(cx: &mut Ctx, data: &Arc<CodeData>, consts: Vec<Value>) -> PyResult {
    let names: Vec<Value> = data.names.iter().map(|n| cx.intern_str(n)).collect();
    let varnames = name_tuple(cx, &data.varnames)?;
    cx.keep.push(varnames);
    let cellvars = name_tuple(cx, &data.cellvars)?;
    cx.keep.push(cellvars);
    let freevars = name_tuple(cx, &data.freevars)?;
    cx.keep.push(freevars);
    let filename = cx.intern_str(&data.filename);
    let (name, qualname) = (cx.intern_str(&data.name), cx.intern_str(&data.qualname));
    let optimised = data.flags & CodeFlags::OPTIMIZED != 0;
    let nlocals = if optimised { data.varnames.len() as u32 } else { 0 };
    let simple = optimised
        && data.kwonlyargcount == 0
        && data.flags & (CodeFlags::VARARGS | CodeFlags::VARKEYWORDS) == 0;
    let rt = Box::new(CodeRt {
        data: data.clone(),
        code: Ctx::code_words(&data.code),
        consts: consts.into_boxed_slice(),
        names: names.into_boxed_slice(),
        varnames,
        cellvars,
        freevars,
        name,
        qualname,
        filename: Slot::new(filename),
        tools: std::sync::OnceLock::new(),
    });
    Ok(install(cx, data, rt, nlocals, simple))
}

/// How many registers a call makes unbound: all that have names. Those of cells and free variables get their content from the
/// first instructions, at which other threads may look at the frame already.
fn init_regs(data: &CodeData, nlocals: u32) -> u32 {
    let free = usize::from(data.free_base) + data.freevars.len();
    let hidden = data.hidden.iter().map(|(_, r)| usize::from(*r) + 1).max().unwrap_or(0);
    nlocals.max(free.max(hidden) as u32).min(u32::from(data.nregs))
}

#[allow(unsafe_code)]
fn install(cx: &mut Ctx, data: &CodeData, rt: Box<CodeRt>, nlocals: u32, simple: bool) -> Value {
    let p = cx.alloc_cell(size_of::<CodeObj>(), true, Layout::Code, Ty::Code.shape(), 0).cast::<CodeObj>();
    // SAFETY: a fresh cell of that size, whose header stays.
    unsafe {
        (&raw mut (*p).start).write(rt.code.as_ptr());
        // Verified code has two words at least.
        (&raw mut (*p).entry).write(rt.code.as_ptr().wrapping_add(1));
        (&raw mut (*p).consts).write(rt.consts.as_ptr());
        (&raw mut (*p).nregs).write(u32::from(data.nregs));
        (&raw mut (*p).flags).write(data.flags);
        (&raw mut (*p).argcount).write(data.argcount);
        (&raw mut (*p).kwonly).write(data.kwonlyargcount);
        (&raw mut (*p).nlocals).write(nlocals);
        (&raw mut (*p).init_regs).write(init_regs(data, nlocals));
        (&raw mut (*p).simple).write(simple);
        (&raw mut (*p).rt).write(rt);
        (&raw mut (*p).calls).write(AtomicU32::new(0));
    }
    Value::from_ref(p)
}

fn name_tuple(cx: &mut Ctx, names: &[Box<str>]) -> PyResult {
    let items: Vec<Value> = names.iter().map(|n| cx.intern_str(n)).collect();
    cx.tuple_of(None, &items)
}

/// Whether a string constant looks like an identifier, so that it is interned as CPython does.
fn is_name_like(s: &str) -> bool {
    s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The object of a constant.
pub fn make_const(cx: &mut Ctx, c: &Const) -> PyResult {
    Ok(match c {
        Const::None => Value::NONE,
        Const::True => Value::TRUE,
        Const::False => Value::FALSE,
        Const::Ellipsis => Value::ELLIPSIS,
        Const::Int(n) => cx.int(*n),
        Const::BigInt { negative, magnitude } => {
            let sign = if *negative { Sign::Minus } else { Sign::Plus };
            cx.bigint(BigInt::from_bytes_le(sign, magnitude))
        }
        Const::Float(f) => cx.float(*f),
        Const::Complex(re, im) => cx.complex(*re, *im),
        Const::Str(s) if is_name_like(s) => cx.intern_str(s),
        Const::Str(s) => cx.str(s),
        Const::WideStr(w) => cx.str_from(StrRef::Ucs4(w))?,
        Const::Bytes(b) => cx.bytes(b)?,
        Const::Tuple(items) => {
            let v = make_consts(cx, items)?;
            cx.tuple_of(None, &v)?
        }
        Const::FrozenSet(items) => {
            let v = make_consts(cx, items)?;
            let ty = cx.ty(Ty::FrozenSet);
            let set = cx.new_dict_of(ty);
            if let Some(s) = DictObj::of_set(set) {
                for i in v {
                    crate::dicts::set_add(cx, s, i)?;
                }
            }
            set
        }
        Const::Slice(parts) => {
            let v = make_consts(cx, &parts[..])?;
            cx.slice(v[0], v[1], v[2])
        }
        Const::Code(data) => make_code(cx, data.clone())?,
    })
}

fn make_consts(cx: &mut Ctx, items: &[Const]) -> PyResult<Vec<Value>> {
    cx.check_native_stack(" while making constants")?;
    let held = cx.keep.len();
    let mut v = Vec::with_capacity(items.len());
    for i in items {
        let o = make_const(cx, i)?;
        cx.keep.push(o);
        v.push(o);
    }
    // The values stay reachable through `v`'s consumer at once; the stack entries end with the outermost caller.
    let _ = held;
    Ok(v)
}

/// The source line of the instruction word `at` (0 if it has none).
pub fn line_of(code: &CodeObj, at: usize) -> u32 {
    code.rt.data.positions.get(at).map_or(0, |p| p.line)
}

/// Name of register `reg` for error messages: a local, a cell or a free variable.
pub fn register_name(code: &CodeObj, reg: u16) -> Option<(Value, bool)> {
    let d = &code.rt.data;
    if let Some(i) = d.cell_regs.iter().position(|r| *r == reg) {
        return Some((*TupleObj::of(code.rt.cellvars)?.items().get(i)?, false));
    }
    let free = usize::from(reg).checked_sub(usize::from(d.free_base));
    if let Some(i) = free
        && i < d.freevars.len()
    {
        return Some((*TupleObj::of(code.rt.freevars)?.items().get(i)?, true));
    }
    Some((*TupleObj::of(code.rt.varnames)?.items().get(usize::from(reg))?, false))
}
