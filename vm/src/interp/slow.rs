//! The opcodes' out-of-line parts: plain functions of (thread, frame, instruction).

use super::attrs;
use super::frame::{Frame, Pc, variable};
use super::{calls, gens};
use crate::attr::{get_attr, set_attr};
use crate::errors::raise_name;
use crate::names::{N, name};
use crate::ops::{self, BinOp, UnOp, binary_op, inplace_op, is_true, unary_op};
use protocore::dict::DictObj;
use protocore::layouts::{CellObj, FunctionObj, LOOP_OWN, ListObj, StrObj, TupleObj};
use protocore::{CmpOp, Ctx, Layout, PyResult, Raised, Ty, TypeObj, Value};
use protopy_bytecode::{CommonConst, FnAttr, Instr};

pub(super) fn r(f: Frame, i: u16) -> Value {
    f.get(usize::from(i))
}

pub(super) fn put(f: Frame, i: u16, v: Value) -> PyResult<()> {
    f.set(usize::from(i), v);
    Ok(())
}

pub(super) fn name_at(f: Frame, i: usize) -> Value {
    f.code().rt.names.get(i).copied().unwrap_or(Value::NONE)
}

pub(super) fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

/// The exception of the `Err` that an instruction answered, taken from the thread.
pub fn take_current(cx: &mut Ctx) -> Value {
    let held = cx.raised().unwrap_or(Value::NONE);
    let r = cx.set_raised(held);
    cx.take_raised(r)
}

// ---------------------------------------------------------------------------------------------------- locals and names

/// `CheckBound` on an unbound register.
pub fn check_bound_fail(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    Err(unbound(cx, f, w.a()))
}

/// `LoadDeref` of an empty cell.
pub fn unbound_deref(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    Err(unbound(cx, f, w.b()))
}

fn unbound(cx: &mut Ctx, f: Frame, reg: u16) -> Raised {
    match crate::code::register_name(f.code(), reg) {
        Some((n, true)) => {
            let msg = format!(
                "cannot access free variable '{}' where it is not associated with a value in enclosing scope",
                text(n)
            );
            raise_name(cx, Ty::NameError, &msg, n)
        }
        Some((n, false)) => {
            let msg =
                format!("cannot access local variable '{}' where it is not associated with a value", text(n));
            cx.raise_str(Ty::UnboundLocalError, &msg)
        }
        None => cx.raise_str(Ty::SystemError, "unbound register"),
    }
}

/// `DeleteLocal`
pub fn delete_local(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    if r(f, w.a()).is_unbound() {
        return Err(unbound(cx, f, w.a()));
    }
    put(f, w.a(), Value::UNBOUND)
}

/// `MakeCell`
pub fn make_cell(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = r(f, w.a()).bound();
    let c = cx.cell(v);
    put(f, w.a(), c)
}

/// `CopyFreeVars`
pub fn copy_free_vars(_cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let closure = FunctionObj::of(f.function()).and_then(|x| x.closure.get()).and_then(TupleObj::of);
    let cells = closure.map_or(&[][..], |t| t.items());
    for (i, c) in cells.iter().take(usize::from(w.b())).enumerate() {
        f.set(usize::from(w.a()) + i, *c);
    }
    Ok(())
}

/// `DeleteDeref`
pub fn delete_deref(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let cell = r(f, w.a());
    match CellObj::of(cell) {
        Some(c) if c.content.get().is_some_and(|v| !v.is_unbound()) => {
            cx.store_empty(cell, &c.content);
            Ok(())
        }
        _ => Err(unbound(cx, f, w.a())),
    }
}

/// The item of a namespace mapping; `None` if it has none of that name.
fn mapping_get(cx: &mut Ctx, ns: Value, n: Value) -> PyResult<Option<Value>> {
    if cx.is_exact(ns, Ty::Dict)
        && let Some(d) = DictObj::of(ns)
    {
        return Ok(cx.dict_get_str(d, n));
    }
    let r = ops::get_item(cx, ns, n);
    crate::errors::catch(cx, r, Ty::KeyError)
}

/// `LoadClassDeref`
pub fn load_class_deref(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, usize::from(w.c()));
    if let Some(v) = mapping_get(cx, f.get(0), n)? {
        return put(f, w.a(), v);
    }
    match variable(r(f, w.b()), true) {
        Some(v) => put(f, w.a(), v),
        None => Err(unbound(cx, f, w.b())),
    }
}

/// `LoadFromDictOrDeref`
pub fn load_from_dict_or_deref(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, usize::from(w.c()));
    if let Some(v) = mapping_get(cx, r(f, w.b()), n)? {
        return put(f, w.a(), v);
    }
    match variable(r(f, w.a()), true) {
        Some(v) => put(f, w.a(), v),
        None => Err(not_defined(cx, n)),
    }
}

fn not_defined(cx: &mut Ctx, n: Value) -> Raised {
    let msg = format!("name '{}' is not defined", text(n));
    raise_name(cx, Ty::NameError, &msg, n)
}

/// `LoadGlobal` beyond the cache hit.
pub fn load_global(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, w.bx() as usize);
    let pc = cx.pc;
    match attrs::global(cx, f.owner(), n, pc)? {
        Some(v) => put(f, w.a(), v),
        None => Err(not_defined(cx, n)),
    }
}

/// `LoadFromDictOrGlobals`
pub fn load_from_dict_or_globals(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, usize::from(w.c()));
    if let Some(v) = mapping_get(cx, r(f, w.b()), n)? {
        return put(f, w.a(), v);
    }
    match plain_global(cx, f, n)? {
        Some(v) => put(f, w.a(), v),
        None => Err(not_defined(cx, n)),
    }
}

fn plain_global(cx: &mut Ctx, f: Frame, n: Value) -> PyResult<Option<Value>> {
    let owner = f.owner();
    if let Some(g) = owner.globals.get()
        && let Some(v) = mapping_get(cx, g, n)?
    {
        return Ok(Some(v));
    }
    match owner.builtins.get() {
        Some(b) => mapping_get(cx, b, n),
        None => Ok(None),
    }
}

/// `LoadName`
pub fn load_name(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, w.bx() as usize);
    let ns = f.get(0);
    if let Some(v) = mapping_get(cx, ns, n)? {
        return put(f, w.a(), v);
    }
    match plain_global(cx, f, n)? {
        Some(v) => put(f, w.a(), v),
        None => Err(not_defined(cx, n)),
    }
}

/// `StoreName`
pub fn store_name(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, w.bx() as usize);
    let (ns, v) = (f.get(0), r(f, w.a()));
    if cx.is_exact(ns, Ty::Dict)
        && let Some(d) = DictObj::of(ns)
    {
        return set_str(cx, d, n, v);
    }
    ops::set_item(cx, ns, n, Some(v))
}

fn set_str(cx: &mut Ctx, d: &DictObj, n: Value, v: Value) -> PyResult<()> {
    match cx.dict_set_str(d, n, v) {
        Some(()) => Ok(()),
        None => Err(cx.no_memory()),
    }
}

/// `DeleteName`
pub fn delete_name(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, w.bx() as usize);
    let ns = f.get(0);
    let res = ops::set_item(cx, ns, n, None);
    match crate::errors::catch(cx, res, Ty::KeyError)? {
        Some(()) => Ok(()),
        None => Err(not_defined(cx, n)),
    }
}

/// `StoreGlobal`
pub fn store_global(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, w.bx() as usize);
    let v = r(f, w.a());
    match f.owner().globals.get().and_then(DictObj::of) {
        Some(d) => set_str(cx, d, n, v),
        None => Ok(()),
    }
}

/// `DeleteGlobal`
pub fn delete_global(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, w.bx() as usize);
    match f.owner().globals.get().and_then(DictObj::of) {
        Some(d) if cx.dict_del_str(d, n).is_some() => Ok(()),
        _ => Err(not_defined(cx, n)),
    }
}

/// `SetupAnnotations`
pub fn setup_annotations(cx: &mut Ctx, f: Frame, _w: Instr) -> PyResult<()> {
    let n = name(cx, N::Annotations);
    let ns = f.get(0);
    if mapping_get(cx, ns, n)?.is_none() {
        let d = cx.dict();
        ops::set_item(cx, ns, n, Some(d))?;
    }
    Ok(())
}

/// `LoadCommon`
pub fn load_common(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = match CommonConst::from_u16(w.b()) {
        Some(CommonConst::AssertionError) => cx.ty(Ty::AssertionError).value(),
        Some(CommonConst::NotImplementedError) => cx.ty(Ty::NotImplementedError).value(),
        Some(CommonConst::Generic) => cx.ty(Ty::Generic).value(),
        Some(CommonConst::Tuple) => cx.ty(Ty::Tuple).value(),
        Some(CommonConst::BuildClass) => {
            let n = name(cx, N::BuildClass);
            match f.owner().builtins.get() {
                Some(b) => match mapping_get(cx, b, n)? {
                    Some(v) => v,
                    None => return Err(raise_name(cx, Ty::NameError, "__build_class__ not found", n)),
                },
                None => return Err(raise_name(cx, Ty::NameError, "__build_class__ not found", n)),
            }
        }
        Some(CommonConst::All) => builtin(cx, "all"),
        Some(CommonConst::Any) => builtin(cx, "any"),
        None => Value::NONE,
    };
    put(f, w.a(), v)
}

fn builtin(cx: &mut Ctx, n: &str) -> Value {
    let n = cx.intern_str(n);
    DictObj::of(cx.root(protocore::Root::Builtins)).and_then(|d| cx.dict_get_str(d, n)).unwrap_or(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- attributes and items

/// `DeleteAttr`
pub fn delete_attr(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    set_attr(cx, r(f, w.a()), name_at(f, w.bx() as usize), None)
}

/// The class of `super()` or `super(cls, this)`, whose arguments follow `R[b]`: the code without arguments passes the cell of `__class__`.
/// Also whether the arguments are written down.
fn super_class(f: Frame, b: usize) -> (Value, bool) {
    let cls = f.get(b + 1);
    match CellObj::of(cls) {
        Some(c) => (c.content.get().unwrap_or(Value::UNBOUND), false),
        None => (cls, true),
    }
}

fn super_lookup(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult {
    let b = usize::from(w.b());
    let n = name_at(f, usize::from(w.c()));
    let (sup, this) = (f.get(b), f.get(b + 2));
    let (cls, explicit) = super_class(f, b);
    let s = if explicit {
        crate::call::call(cx, sup, &[cls, this])?
    } else {
        // Whatever the name means by now: the real one finds its arguments in the frame.
        crate::call::call(cx, sup, &[])?
    };
    get_attr(cx, s, n)
}

/// The attribute of `super(cls, this)` without making the object, for the real `super` and a plain instance:
/// the attribute, and whether it is a plain method.
fn super_fast(cx: &mut Ctx, f: Frame, w: Instr) -> Option<(Value, bool)> {
    let b = usize::from(w.b());
    let (sup, this) = (f.get(b), f.get(b + 2));
    let (cls, _) = super_class(f, b);
    if !sup.is(cx.ty(Ty::Super).value()) || this.is_unbound() {
        return None;
    }
    let start = TypeObj::of(cls)?;
    let ty = cx.type_of(this);
    if !ty.is_subtype(start.value()) || TypeObj::of(this).is_some() {
        return None;
    }
    let n = name_at(f, usize::from(w.c()));
    if n.is(name(cx, N::Class)) {
        return None;
    }
    let hash = cx.str_hash(n);
    let mro = ty.mro.get().and_then(TupleObj::of)?;
    let after = mro.items().iter().skip_while(|t| !t.is(cls)).skip(1);
    for t in after {
        let d = TypeObj::of(*t)?.dict.get().and_then(DictObj::of)?;
        if let Some(v) = d.get_str(n, hash) {
            return Some((v, FunctionObj::of(v).is_some()));
        }
    }
    None
}

/// `LoadSuperAttr`
pub fn load_super_attr(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    if let Some((attr, _)) = super_fast(cx, f, w) {
        let this = f.get(usize::from(w.b()) + 2);
        let ty = cx.type_of(this);
        let v = crate::attr::bind_descriptor(cx, attr, Some(this), ty)?;
        return put(f, w.a(), v);
    }
    let v = super_lookup(cx, f, w)?;
    put(f, w.a(), v)
}

/// `LoadSuperMethod`
pub fn load_super_method(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let at = usize::from(w.a());
    if let Some((attr, plain)) = super_fast(cx, f, w) {
        let this = f.get(usize::from(w.b()) + 2);
        if plain || crate::attr::is_plain_method(cx, attr) {
            f.set(at, attr);
            f.set(at + super::HEADER, this);
            return Ok(());
        }
    }
    let v = super_lookup(cx, f, w)?;
    f.set(at, v);
    f.set(at + super::HEADER, Value::UNBOUND);
    Ok(())
}

/// `LoadAttrDyn`
pub fn load_attr_dyn(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = get_attr(cx, r(f, w.b()), r(f, w.c()))?;
    put(f, w.a(), v)
}

/// `StoreAttrDyn`
pub fn store_attr_dyn(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    set_attr(cx, r(f, w.a()), r(f, w.c()), Some(r(f, w.b())))
}

/// `GetItem` beyond lists and tuples by small index.
pub fn get_item(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let (o, k) = (r(f, w.b()), r(f, w.c()));
    if let Some(h) = o.header()
        && h.shape() == Ty::Dict.shape()
        && let Some(d) = DictObj::of(o)
    {
        let hash = crate::dicts::hash_key(cx, k)?;
        return match crate::dicts::dict_get_hash(cx, d, k, hash)? {
            Some(v) => put(f, w.a(), v),
            None => Err(crate::errors::raise_key_error(cx, k)),
        };
    }
    let v = ops::get_item(cx, o, k)?;
    put(f, w.a(), v)
}

/// `SetItem` beyond lists by small index.
pub fn set_item(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let (o, k, v) = (r(f, w.a()), r(f, w.b()), r(f, w.c()));
    if let Some(h) = o.header()
        && h.shape() == Ty::Dict.shape()
        && let Some(d) = DictObj::of(o)
    {
        let hash = crate::dicts::hash_key(cx, k)?;
        crate::dicts::dict_set_hash(cx, d, k, hash, v)?;
        return Ok(());
    }
    ops::set_item(cx, o, k, Some(v))
}

/// `DelItem`
pub fn del_item(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    ops::set_item(cx, r(f, w.a()), r(f, w.b()), None)
}

/// `BuildSlice`
pub fn build_slice(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let b = usize::from(w.b());
    let step = if w.c() == 2 { Value::NONE } else { f.get(b + 2) };
    let s = cx.slice(f.get(b), f.get(b + 1), step);
    put(f, w.a(), s)
}

/// `GetSlice`
pub fn get_slice(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let c = usize::from(w.c());
    let s = cx.slice(f.get(c), f.get(c + 1), Value::NONE);
    let v = ops::get_item(cx, r(f, w.b()), s)?;
    put(f, w.a(), v)
}

/// `SetSlice`
pub fn set_slice(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let b = usize::from(w.b());
    let s = cx.slice(f.get(b), f.get(b + 1), Value::NONE);
    ops::set_item(cx, r(f, w.a()), s, Some(r(f, w.c())))
}

// ---------------------------------------------------------------------------------------------------- operators

/// `a op b` with floats that are not both immediate tried first.
pub fn binary(cx: &mut Ctx, op: BinOp, a: Value, b: Value) -> PyResult {
    binary_op(cx, op, a, b)
}

/// `a op= b`, out of line.
#[inline(never)]
pub fn inplace(cx: &mut Ctx, op: BinOp, a: Value, b: Value) -> PyResult {
    inplace_op(cx, op, a, b)
}

macro_rules! binaries {
    ($($name:ident => $f:ident, $op:expr;)*) => {
        $(
            /// The operator of that name.
            #[inline(never)]
            pub fn $name(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
                let v = $f(cx, $op, r(f, w.b()), r(f, w.c()))?;
                put(f, w.a(), v)
            }
        )*
    };
}

binaries! {
    add => binary_op, BinOp::Add;
    sub => binary_op, BinOp::Sub;
    mul => binary_op, BinOp::Mul;
    true_div => binary_op, BinOp::TrueDiv;
    floor_div => binary_op, BinOp::FloorDiv;
    modulo => binary_op, BinOp::Mod;
    pow => binary_op, BinOp::Pow;
    mat_mul => binary_op, BinOp::MatMul;
    lshift => binary_op, BinOp::LShift;
    rshift => binary_op, BinOp::RShift;
    and => binary_op, BinOp::And;
    or => binary_op, BinOp::Or;
    xor => binary_op, BinOp::Xor;
    iadd => inplace_op, BinOp::Add;
    isub => inplace_op, BinOp::Sub;
    imul => inplace_op, BinOp::Mul;
    itrue_div => inplace_op, BinOp::TrueDiv;
    ifloor_div => inplace_op, BinOp::FloorDiv;
    imodulo => inplace_op, BinOp::Mod;
    ipow => inplace_op, BinOp::Pow;
    imat_mul => inplace_op, BinOp::MatMul;
    ilshift => inplace_op, BinOp::LShift;
    irshift => inplace_op, BinOp::RShift;
    iand => inplace_op, BinOp::And;
    ior => inplace_op, BinOp::Or;
    ixor => inplace_op, BinOp::Xor;
}

macro_rules! unaries {
    ($($name:ident => $op:expr;)*) => {
        $(
            /// The operator of that name.
            pub fn $name(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
                let v = unary_op(cx, $op, r(f, w.b()))?;
                put(f, w.a(), v)
            }
        )*
    };
}

unaries! {
    neg => UnOp::Neg;
    pos => UnOp::Pos;
    invert => UnOp::Invert;
}

/// `Not` of a value whose truth needs code.
pub fn not(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let t = is_true(cx, r(f, w.b()))?;
    put(f, w.a(), Value::bool(!t))
}

/// `ToBool` of a value whose truth needs code.
pub fn to_bool(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let t = is_true(cx, r(f, w.b()))?;
    put(f, w.a(), Value::bool(t))
}

/// Truth of a value that needs code.
#[inline(never)]
pub fn truth(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    is_true(cx, v)
}

/// Comparison that needs code.
#[inline(never)]
pub fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    ops::compare(cx, a, b, op)
}

/// Truth of a comparison that needs code.
#[inline(never)]
pub fn compare_truth(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult<bool> {
    if let (Some(x), Some(y)) = (protocore::dict::exact_str(a), protocore::dict::exact_str(b))
        && matches!(op, CmpOp::Eq | CmpOp::Ne)
    {
        return Ok(x.same(y) == (op == CmpOp::Eq));
    }
    let v = ops::compare(cx, a, b, op)?;
    is_true(cx, v)
}

/// `In`
pub fn contains(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let t = ops::contains(cx, r(f, w.c()), r(f, w.b()))?;
    put(f, w.a(), Value::bool(t))
}

/// `NotIn`
pub fn not_contains(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let t = ops::contains(cx, r(f, w.c()), r(f, w.b()))?;
    put(f, w.a(), Value::bool(!t))
}

// ---------------------------------------------------------------------------------------------------- iteration

/// `GetIter`
pub fn get_iter(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = r(f, w.b());
    let (list, range) = (cx.is_exact(v, Ty::List), cx.is_exact(v, Ty::Range));
    let it = if list { cx.seq_iter(Ty::ListIter, v, 0) } else { crate::iter::iter(cx, v)? };
    if (list || range)
        && let Some(h) = it.header()
    {
        h.flags.store(LOOP_OWN, std::sync::atomic::Ordering::Relaxed);
    }
    put(f, w.a(), it)
}

/// `ForIter` beyond its fast paths; null: raised.
#[inline(never)]
pub fn for_iter(cx: &mut Ctx, f: Frame, w: Instr, pc: Pc) -> Pc {
    match for_iter_step(cx, f, w, pc) {
        Ok(pc) => pc,
        Err(_) => std::ptr::null(),
    }
}

fn for_iter_step(cx: &mut Ctx, f: Frame, w: Instr, pc: Pc) -> PyResult<Pc> {
    let it = r(f, w.a());
    // SAFETY: the words after the instruction: cache, then the body or (by the offset) the exit.
    let (body, exit) = unsafe { (pc.add(2), pc.add(2).offset(isize::from(w.c() as i16))) };
    if it.layout() == Layout::Generator && cx.is_exact(it, Ty::Generator) {
        return Ok(gens::resume_inline(cx, it, pc, Value::NONE)?.unwrap_or(exit));
    }
    let step = crate::iter::next(cx, it);
    match crate::errors::catch(cx, step, Ty::StopIteration)?.flatten() {
        Some(v) => {
            put(f, w.b(), v)?;
            Ok(body)
        }
        None => Ok(exit),
    }
}

// ---------------------------------------------------------------------------------------------------- containers

fn run<'a>(f: Frame, base: u16, n: usize) -> &'a [Value] {
    // SAFETY: the registers belong to the frame, whose code was verified.
    unsafe { std::slice::from_raw_parts(f.0.add(usize::from(base)), n) }
}

/// `BuildTuple`
pub fn build_tuple(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = cx.tuple_of(None, run(f, w.b(), usize::from(w.c())))?;
    put(f, w.a(), v)
}

/// `BuildList`
pub fn build_list(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = cx.list(run(f, w.b(), usize::from(w.c())))?;
    put(f, w.a(), v)
}

/// `BuildSet`
pub fn build_set(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let set = cx.set();
    if let Some(s) = DictObj::of_set(set) {
        for v in run(f, w.b(), usize::from(w.c())) {
            crate::dicts::set_add(cx, s, *v)?;
        }
    }
    put(f, w.a(), set)
}

/// `BuildMap`
pub fn build_map(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let dict = cx.dict();
    if let Some(d) = DictObj::of(dict) {
        for pair in run(f, w.b(), usize::from(w.c()) * 2).chunks_exact(2) {
            crate::dicts::dict_set(cx, d, pair[0], pair[1])?;
        }
    }
    put(f, w.a(), dict)
}

/// `BuildString`
pub fn build_string(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let mut b = protopy_text::StrBuf::new();
    for v in run(f, w.b(), usize::from(w.c())) {
        if let Some(s) = StrObj::of(*v) {
            cx.computing(s.len(), || b.push_ref(s.str_ref()));
        }
    }
    let v = cx.str_buf(b)?;
    put(f, w.a(), v)
}

/// `ListExtend`
pub fn list_extend(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let Some(l) = ListObj::of(r(f, w.a())) else { return Ok(()) };
    let v = r(f, w.b());
    if !crate::iter::is_iterable(cx, v) {
        let msg = format!("Value after * must be an iterable, not {}", crate::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    crate::iter::for_each(cx, v, |cx, x| {
        cx.list_append(l, x)?;
        Ok(std::ops::ControlFlow::Continue(()))
    })
}

/// `SetAdd`
pub fn set_add(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let set = r(f, w.a());
    match DictObj::of_set(set) {
        Some(s) if !cx.is_exact(set, Ty::FrozenSet) => crate::dicts::set_add(cx, s, r(f, w.b())).map(|_| ()),
        // The set of a module's conditional annotations is what the module makes of it.
        _ => {
            let msg = format!("'{}' object is not a set", crate::ops::tp_name(cx, set));
            Err(cx.type_error(&msg))
        }
    }
}

/// `SetUpdate`
pub fn set_update(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let Some(s) = DictObj::of_set(r(f, w.a())) else { return Ok(()) };
    let v = r(f, w.b());
    if !crate::iter::is_iterable(cx, v) {
        let msg = format!("'{}' object is not iterable", crate::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    crate::iter::for_each(cx, v, |cx, x| {
        crate::dicts::set_add(cx, s, x)?;
        Ok(std::ops::ControlFlow::Continue(()))
    })
}

/// `MapAdd`
pub fn map_add(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    match DictObj::of(r(f, w.a())) {
        Some(d) => crate::dicts::dict_set(cx, d, r(f, w.b()), r(f, w.c())),
        None => Ok(()),
    }
}

/// `DictUpdate`
pub fn dict_update(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let Some(d) = DictObj::of(r(f, w.a())) else { return Ok(()) };
    let src = r(f, w.b());
    update_from(cx, d, src)
}

/// The table of a dict that iterates as dicts do, whatever its class redefines besides.
fn plain_dict(cx: &mut Ctx, v: Value) -> Option<&'static DictObj> {
    let d = DictObj::of(v)?;
    let own = cx.type_of(v).slots.iter.get().map(|f| f as usize);
    let base = cx.ty(Ty::Dict).slots.iter.get().map(|f| f as usize);
    (own == base).then_some(d)
}

pub(super) fn update_from(cx: &mut Ctx, d: &DictObj, src: Value) -> PyResult<()> {
    if let Some(s) = plain_dict(cx, src) {
        let s = cx.dict_private(s)?;
        let Some(t) = s.table() else { return Ok(()) };
        for i in 0..t.len() {
            if let Some((h, k, v)) = t.live(i) {
                crate::dicts::dict_set_hash(cx, d, k, h, v)?;
            }
        }
        crate::roots::keep_alive(Value::from_ref(t));
        return Ok(());
    }
    let n = name(cx, N::Keys);
    let Some(keys) = crate::attr::lookup_attr(cx, src, n)? else {
        let msg = format!("'{}' object is not a mapping", crate::ops::tp_name(cx, src));
        return Err(cx.type_error(&msg));
    };
    let keys = crate::call::call(cx, keys, &[])?;
    crate::iter::for_each(cx, keys, |cx, k| {
        let v = ops::get_item(cx, src, k)?;
        crate::dicts::dict_set(cx, d, k, v)?;
        Ok(std::ops::ControlFlow::Continue(()))
    })
}

/// `DictMerge`
pub fn dict_merge(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let Some(d) = DictObj::of(r(f, w.a())) else { return Ok(()) };
    merge_mapping(cx, d, r(f, w.b()), r(f, w.c()))
}

/// Merges a mapping into the keyword dict of a call to `callee`.
pub fn merge_mapping(cx: &mut Ctx, d: &DictObj, src: Value, callee: Value) -> PyResult<()> {
    if let Some(s) = plain_dict(cx, src) {
        let s = cx.dict_private(s)?;
        let Some(t) = s.table() else { return Ok(()) };
        for i in 0..t.len() {
            cx.breathe();
            if let Some((_, k, v)) = t.live(i) {
                merge_keyword(cx, d, k, callee)?;
                crate::dicts::dict_set(cx, d, k, v)?;
            }
        }
        crate::roots::keep_alive(Value::from_ref(t));
        return Ok(());
    }
    let n = name(cx, N::Keys);
    let Some(keys) = crate::attr::lookup_attr(cx, src, n)? else {
        let msg = format!(
            "{} argument after ** must be a mapping, not {}",
            calls::callable_text(cx, callee)?,
            crate::ops::tp_name(cx, src)
        );
        return Err(cx.type_error(&msg));
    };
    let keys = crate::call::call(cx, keys, &[])?;
    crate::iter::for_each(cx, keys, |cx, k| {
        merge_keyword(cx, d, k, callee)?;
        let v = ops::get_item(cx, src, k)?;
        crate::dicts::dict_set(cx, d, k, v)?;
        Ok(std::ops::ControlFlow::Continue(()))
    })
}

/// Fails if a call to `callee` has the keyword already.
fn merge_keyword(cx: &mut Ctx, d: &DictObj, k: Value, callee: Value) -> PyResult<()> {
    if !crate::dicts::dict_contains(cx, d, k)? {
        return Ok(());
    }
    let msg = format!(
        "{} got multiple values for keyword argument '{}'",
        calls::callable_text(cx, callee)?,
        ops::str_text(cx, k)?
    );
    Err(cx.type_error(&msg))
}

/// `ListToTuple`
pub fn list_to_tuple(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let items = ListObj::of(r(f, w.b())).map(ListObj::snapshot).unwrap_or_default();
    let v = cx.tuple_of(None, &items)?;
    put(f, w.a(), v)
}

/// `ConvertValue`
pub fn convert_value(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = r(f, w.b());
    let s = match w.c() {
        1 => ops::str(cx, v)?,
        2 => ops::repr(cx, v)?,
        _ => ops::ascii(cx, v)?,
    };
    put(f, w.a(), s)
}

/// `FormatSimple`
pub fn format_simple(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let empty = name(cx, N::Empty);
    let s = ops::format(cx, r(f, w.b()), empty)?;
    put(f, w.a(), s)
}

/// `FormatWithSpec`
pub fn format_with_spec(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let s = ops::format(cx, r(f, w.b()), r(f, w.c()))?;
    put(f, w.a(), s)
}

/// `BuildInterpolation`
pub fn build_interpolation(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let b = usize::from(w.b());
    let conv = match w.c() & 3 {
        1 => cx.str("s"),
        2 => cx.str("r"),
        3 => cx.str("a"),
        _ => Value::NONE,
    };
    let spec = if w.c() & 4 != 0 { f.get(b + 2) } else { name(cx, N::Empty) };
    let ty = cx.ty(Ty::Interpolation).value();
    let v = crate::call::call(cx, ty, &[f.get(b), f.get(b + 1), conv, spec])?;
    put(f, w.a(), v)
}

/// `BuildTemplate`
pub fn build_template(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let strings = TupleObj::of(r(f, w.b())).map_or(&[][..], |t| t.items());
    let interpolations = TupleObj::of(r(f, w.c())).map_or(&[][..], |t| t.items());
    // The constructor takes strings and interpolations as they alternate.
    let mut parts = Vec::with_capacity(strings.len() + interpolations.len());
    for (i, s) in strings.iter().enumerate() {
        parts.push(*s);
        parts.extend(interpolations.get(i));
    }
    let ty = cx.ty(Ty::Template).value();
    let v = crate::call::call(cx, ty, &parts)?;
    put(f, w.a(), v)
}

// ---------------------------------------------------------------------------------------------------- functions and imports

/// `MakeFunction`
pub fn make_function(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let code = f.code().rt.consts.get(w.bx() as usize).copied().unwrap_or(Value::NONE);
    let (globals, builtins) = (f.owner().globals.get_or_none(), f.owner().builtins.get());
    let v = crate::functions::new_function(cx, code, globals, builtins)?;
    put(f, w.a(), v)
}

/// `SetFunctionAttr`
pub fn set_function_attr(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let (fv, v) = (r(f, w.a()), r(f, w.b()));
    let Some(func) = FunctionObj::of(fv) else { return Ok(()) };
    let slot = match FnAttr::from_u16(w.c()) {
        Some(FnAttr::Defaults) => &func.defaults,
        Some(FnAttr::KwDefaults) => &func.kwdefaults,
        Some(FnAttr::Annotations) => &func.annotations,
        Some(FnAttr::Closure) => &func.closure,
        Some(FnAttr::Annotate) => &func.annotate,
        Some(FnAttr::TypeParams) => &func.type_params,
        None => return Ok(()),
    };
    cx.store(fv, slot, v);
    Ok(())
}

/// `ImportName`
pub fn import_name(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let b = usize::from(w.b());
    let n = name_at(f, usize::from(w.c()));
    let v = crate::imports::import_name(cx, f, n, f.get(b), f.get(b + 1))?;
    put(f, w.a(), v)
}

/// `ImportFrom`
pub fn import_from(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = name_at(f, usize::from(w.c()));
    let v = crate::imports::import_from(cx, r(f, w.b()), n)?;
    put(f, w.a(), v)
}

pub use super::raising::*;
