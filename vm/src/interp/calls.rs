//! Calls that are more than entering a function whose arguments are in place: other callables, keywords, unpacking,
//! classes; and returns from frames that something else waits for.

use super::attrs;
use super::bind::bind;
use super::frame::{self, Frame, HEADER, Pc, flag};
use super::{gens, halt};
use crate::errors::type_text;
use protocore::dict::DictObj;
use protocore::layouts::{
    BoundMethodObj, CodeObj, FunctionObj, ListObj, MethodKind, NativeCode, NativeFnObj, StrObj, TupleObj,
};
use protocore::types::type_flags;
use protocore::{Args, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_bytecode::Instr;

/// Which call instruction it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `Call`
    Plain,
    /// `CallMethod`
    Method,
    /// `CallKw`
    PlainKw,
    /// `CallMethodKw`
    MethodKw,
    /// `CallEx`
    Ex,
}

/// Carries out a call instruction. The answer is where to go on (with the thread's `regs`); null if an exception was
/// raised.
#[inline(never)]
pub fn call_op(cx: &mut Ctx, f: Frame, w: Instr, kind: Kind, next: Pc) -> Pc {
    match try_call(cx, f, w, kind, next) {
        Ok(pc) => pc,
        Err(_) => std::ptr::null(),
    }
}

fn try_call(cx: &mut Ctx, f: Frame, w: Instr, kind: Kind, next: Pc) -> PyResult<Pc> {
    if cx.poll_needed() {
        cx.safepoint_slow()?;
    }
    let base = usize::from(w.a());
    let mut n = usize::from(w.b());
    let names = match kind {
        Kind::PlainKw | Kind::MethodKw => f.code().rt.consts.get(usize::from(w.c())).copied(),
        _ => None,
    };
    if let Some(r) = quick_native(cx, f, base, n, kind) {
        f.set(base, r?);
        return Ok(next);
    }
    match kind {
        Kind::Ex => return call_ex(cx, f, base, next),
        Kind::Method | Kind::MethodKw => {
            let first = base + HEADER;
            if f.get(first).is_unbound() {
                for i in 0..n {
                    f.set(first + i, f.get(first + i + 1));
                }
            } else {
                n += 1;
            }
        }
        Kind::Plain | Kind::PlainKw => {}
    }
    call_in_place(cx, f, base, n, names, next)
}

/// Calls a native function or method by position, straight from the registers, where nothing is to be bound. `None`: by the long way.
#[inline(always)]
fn quick_native(cx: &mut Ctx, f: Frame, base: usize, n: usize, kind: Kind) -> Option<PyResult> {
    let callee = NativeFnObj::of(f.get(base))?;
    let NativeCode::Bound(code) = callee.def.code else { return None };
    let first = base + HEADER;
    let (first, n) = match (kind, callee.def.kind) {
        (Kind::Plain, MethodKind::Function) => (first, n),
        (Kind::Method, MethodKind::Function) if f.get(first).is_unbound() => (first + 1, n),
        (Kind::Method, MethodKind::Method) if callee.this.is_empty() && !f.get(first).is_unbound() => {
            let (ty, owner) = (cx.type_of(f.get(first)), callee.owner.get()?);
            if ty.value() != owner && !ty.is_subtype(owner) {
                return None;
            }
            (first, n + 1)
        }
        _ => return None,
    };
    // SAFETY: the registers belong to the frame, which does not end while its call runs.
    let args = unsafe { std::slice::from_raw_parts(f.0.add(first), n) };
    crate::call::call_by_position(cx, callee.def, code, args)
}

/// The arguments in registers.
fn window_args<'a>(f: Frame, first: usize, n: usize, names: Option<Value>) -> Args<'a> {
    // SAFETY: the registers belong to the frame, which does not end while its call runs.
    let all = unsafe { std::slice::from_raw_parts(f.0.add(first), n) };
    match names {
        Some(t) => Args::with_names(all, t),
        None => Args::positional(all),
    }
}

/// Calls `R[base]` with `n` arguments from `R[base + HEADER]` on, the last of them named by `names`.
fn call_in_place(
    cx: &mut Ctx,
    f: Frame,
    base: usize,
    n: usize,
    names: Option<Value>,
    next: Pc,
) -> PyResult<Pc> {
    let first = base + HEADER;
    let callee = f.get(base);
    match callee.layout() {
        Layout::Function => push_function(cx, f, base, window_args(f, first, n, names), next),
        Layout::BoundMethod => {
            let Some(m) = BoundMethodObj::of(callee) else {
                return Err(crate::call::not_callable(cx, callee));
            };
            let (func, this) = (m.func.get_or_none(), m.this.get_or_none());
            if func.layout() != Layout::Function {
                // Native code may call back while it looks at its arguments, which must not lie behind the window.
                let v = crate::call::call_bound(cx, m, window_args(f, first, n, names))?;
                f.set(base, v);
                return Ok(next);
            }
            shift_args(f, first, n, 1);
            // SAFETY: there is room above every window.
            unsafe { *f.0.add(first) = this };
            f.set(base, func);
            call_in_place(cx, f, base, n + 1, names, next)
        }
        Layout::NativeFn => {
            let args = window_args(f, first, n, names);
            let Some(nf) = NativeFnObj::of(callee) else { return Err(crate::call::not_callable(cx, callee)) };
            let v = crate::call::call_native(cx, callee, nf, args)?;
            f.set(base, v);
            Ok(next)
        }
        Layout::Type => {
            if let Some(pc) = construct(cx, f, base, n, names, next)? {
                return Ok(pc);
            }
            call_slot(cx, f, base, n, names, next)
        }
        _ => call_slot(cx, f, base, n, names, next),
    }
}

/// Carries out a call of something that is no Python function to its end, frames of `__init__` included, and answers its result.
pub(super) fn call_whole(cx: &mut Ctx, f: Frame, w: Instr, kind: Kind) -> PyResult {
    let (base, mut n) = (usize::from(w.a()), usize::from(w.b()));
    if kind == Kind::Ex {
        // Only functions get frames there.
        call_ex(cx, f, base, std::ptr::null())?;
        return Ok(f.get(base));
    }
    let names = match kind {
        Kind::PlainKw | Kind::MethodKw => f.code().rt.consts.get(usize::from(w.c())).copied(),
        _ => None,
    };
    let mut first = base + HEADER;
    if matches!(kind, Kind::Method | Kind::MethodKw) {
        if f.get(first).is_unbound() {
            first += 1;
        } else {
            n += 1;
        }
    }
    crate::call::call_args(cx, f.get(base), window_args(f, first, n, names))
}

fn call_slot(cx: &mut Ctx, f: Frame, base: usize, n: usize, names: Option<Value>, next: Pc) -> PyResult<Pc> {
    let callee = f.get(base);
    let args = window_args(f, base + HEADER, n, names);
    let Some(c) = cx.type_of(callee).slots.call.get() else {
        return Err(crate::call::not_callable(cx, callee));
    };
    cx.check_native_stack("")?;
    let v = c(cx, callee, args)?;
    f.set(base, v);
    Ok(next)
}

/// Moves `n` arguments up by `by` registers, beyond the window's end if need be (the stack's margin leaves room).
fn shift_args(f: Frame, first: usize, n: usize, by: usize) {
    // SAFETY: a window has 65,536 registers at most, and the register stack keeps twice that much free.
    unsafe { std::ptr::copy(f.0.add(first), f.0.add(first + by), n) };
}

/// Pushes a frame for the Python function `R[base]`.
fn push_function(cx: &mut Ctx, f: Frame, base: usize, args: Args<'_>, next: Pc) -> PyResult<Pc> {
    let callee = f.get(base);
    push_frame(cx, f, callee, base, args, 0, next)
}

fn push_frame(
    cx: &mut Ctx,
    f: Frame,
    callee: Value,
    base: usize,
    args: Args<'_>,
    flags: usize,
    next: Pc,
) -> PyResult<Pc> {
    let (Some(func), true) = (FunctionObj::of(callee), true) else {
        return Err(crate::call::not_callable(cx, callee));
    };
    let Some(code) = func.code.get().and_then(CodeObj::of) else {
        return Err(crate::call::not_callable(cx, callee));
    };
    // SAFETY: the callee's window begins after its header, within or right above the caller's.
    let window = Frame(unsafe { f.0.add(base + HEADER) });
    if !frame::enter_check(cx, window.0, code) {
        return frame::too_deep(cx);
    }
    // The header is written only when binding has succeeded: its place belongs to the caller until then. Binding
    // sizes its writes by the callee's code, which the checked stack has room for.
    let bound = bind(cx, func, code, args, WindowOf(window, code).frame());
    if let Err(r) = bound {
        cx.depth -= 1;
        return Err(r);
    }
    // SAFETY: header words lie between callable and arguments.
    unsafe { window.init(callee, f.0, flags, next, code) };
    cx.regs = window.0;
    Ok(code.entry)
}

/// A window whose header names its code already, so that bounds checks of debug builds see the right size.
struct WindowOf<'a>(Frame, &'a CodeObj);

impl WindowOf<'_> {
    fn frame(&self) -> Frame {
        // SAFETY: the code word of a window's header is free before the call.
        unsafe { *self.0.0.offset(-1).cast::<u64>() = self.1 as *const CodeObj as u64 };
        self.0
    }
}

/// Calls a plain Python class without entering the interpreter again: makes the instance and runs `__init__` in a frame.
/// `None` if the class is not that plain.
fn construct(
    cx: &mut Ctx,
    f: Frame,
    base: usize,
    n: usize,
    names: Option<Value>,
    next: Pc,
) -> PyResult<Option<Pc>> {
    let Some(ty) = TypeObj::of(f.get(base)) else { return Ok(None) };
    if ty.layout != Layout::Object || ty.has(type_flags::ABSTRACT) || !ty.has(type_flags::HEAP) {
        return Ok(None);
    }
    let meta = cx.type_of(ty.value());
    let plain = meta.slots.call.address() == cx.ty(Ty::Type).slots.call.address()
        && ty.slots.new.address() == cx.ty(Ty::Object).slots.new.address();
    if !plain {
        return Ok(None);
    }
    let init_name = crate::names::name(cx, crate::names::N::Init);
    let Some(init) = crate::attr::type_lookup(cx, ty, init_name) else { return Ok(None) };
    if FunctionObj::of(init).is_none() {
        if n == 0
            && std::ptr::addr_eq(
                ty.slots.init.address() as *const (),
                cx.ty(Ty::Object).slots.init.address() as *const (),
            )
        {
            let obj = attrs::new_instance(cx, ty);
            f.set(base, obj);
            return Ok(Some(next));
        }
        return Ok(None);
    }
    let obj = attrs::new_instance(cx, ty);
    let first = base + HEADER;
    shift_args(f, first, n, 2);
    // SAFETY: as in `shift_args`; `first + 1` becomes the first register of the window.
    unsafe { *f.0.add(first + 1) = obj };
    f.set(base, obj);
    let args = window_args(f, first + 1, n + 1, names);
    push_frame(cx, f, init, base + 1, args, flag::INIT, next).map(Some)
}

/// `f(*args, **kwargs)`.
fn call_ex(cx: &mut Ctx, f: Frame, base: usize, next: Pc) -> PyResult<Pc> {
    let callee = f.get(base);
    let (pos, kw) = (f.get(base + HEADER), f.get(base + HEADER + 1));
    let pos = match TupleObj::of(pos) {
        Some(_) => pos,
        None => {
            let t = star_args(cx, callee, pos)?;
            f.set(base + HEADER, t);
            t
        }
    };
    let items = TupleObj::of(pos).map_or(&[][..], |t| t.items());
    if kw.is_unbound() {
        let v = call_with(cx, f, base, callee, Args::positional(items), next)?;
        crate::roots::keep_alive(pos);
        return Ok(v);
    }
    let (all, names) = merge_keywords(cx, f, base, callee, items, kw)?;
    let tuple = TupleObj::of(all).map_or(&[][..], |t| t.items());
    let v = call_with(cx, f, base, callee, Args::with_names(tuple, names), next)?;
    crate::roots::keep_alive(all);
    crate::roots::keep_alive(names);
    Ok(v)
}

/// Calls with arguments that lie elsewhere (in a tuple); Python functions get a frame.
fn call_with(cx: &mut Ctx, f: Frame, base: usize, callee: Value, args: Args<'_>, next: Pc) -> PyResult<Pc> {
    if callee.layout() == Layout::Function {
        return push_frame(cx, f, callee, base, args, 0, next);
    }
    let v = crate::call::call_args(cx, callee, args)?;
    f.set(base, v);
    Ok(next)
}

fn star_args(cx: &mut Ctx, callee: Value, v: Value) -> PyResult {
    if let Some(l) = ListObj::of(v)
        && cx.is_exact(v, Ty::List)
    {
        return cx.list_to_tuple(l, None);
    }
    if !crate::iter::is_iterable(cx, v) {
        let msg = format!(
            "{} argument after * must be an iterable, not {}",
            callable_text(cx, callee)?,
            crate::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    }
    crate::iter::to_vec(cx, v)?.into_tuple(cx)
}

/// How error messages name a callable: `module.qualname()`.
pub fn callable_text(cx: &mut Ctx, callee: Value) -> PyResult<String> {
    let text = |v: Option<Value>| v.and_then(StrObj::of).map(StrObj::to_string_lossy);
    let qn = crate::names::name(cx, crate::names::N::Qualname);
    let qual = crate::attr::lookup_attr(cx, callee, qn)?;
    let Some(qual) = text(qual) else { return crate::ops::str_text(cx, callee) };
    let mn = crate::names::name(cx, crate::names::N::Module);
    let module = crate::attr::lookup_attr(cx, callee, mn)?;
    Ok(match text(module) {
        Some(m) if m != "builtins" => format!("{m}.{qual}()"),
        _ => format!("{qual}()"),
    })
}

/// Positional arguments and the values of a keyword mapping as one tuple, and the tuple of names.
fn merge_keywords(
    cx: &mut Ctx,
    f: Frame,
    base: usize,
    callee: Value,
    items: &[Value],
    kw: Value,
) -> PyResult<(Value, Value)> {
    let exact = cx.is_exact(kw, Ty::Dict);
    let dict = match DictObj::of(kw).filter(|_| exact) {
        Some(d) => d,
        None => {
            let d = cx.dict();
            f.set(base + HEADER + 1, d);
            let Some(dict) = DictObj::of(d) else { return Err(cx.no_memory()) };
            super::slow::merge_mapping(cx, dict, kw, callee)?;
            dict
        }
    };
    let dict = cx.dict_private(dict)?;
    let pairs = dict.snapshot();
    let (mut all, mut names) = (Vec::new(), Vec::new());
    let room =
        all.try_reserve_exact(items.len() + pairs.len()).and_then(|()| names.try_reserve_exact(pairs.len()));
    if room.is_err() {
        return Err(cx.no_memory());
    }
    all.extend_from_slice(items);
    for (_, k, v) in &pairs {
        // The snapshot is what the collector sees.
        cx.breathe();
        if StrObj::of(*k).is_none() {
            let msg = "keywords must be strings";
            return Err(cx.type_error(msg));
        }
        names.push(*k);
        all.push(*v);
    }
    let names = cx.tuple_of(None, &names)?;
    let all = cx.tuple_of(None, &all)?;
    drop(pairs);
    crate::roots::keep_alive(dict.value());
    Ok((all, names))
}

/// Ends a frame that something else waits for: native code, a class call, a generator's consumer, or a frame object.
#[inline(never)]
pub fn return_slow(cx: &mut Ctx, f: Frame, v: Value) -> Pc {
    let flags = f.flags();
    if f.object().is_some() {
        cx.keep.push(v);
        let pc = cx.pc;
        frame::detach(cx, f, pc, true);
        cx.keep.pop();
    }
    if flags & flag::GEN != 0 {
        return gens::return_from(cx, f, v);
    }
    cx.depth -= 1;
    let ret = f.return_pc();
    if flags & flag::ENTRY != 0 {
        set_result(f, v);
        return halt();
    }
    cx.regs = f.caller().map_or(std::ptr::null_mut(), |c| c.0);
    if flags & flag::INIT != 0 {
        if !v.is_none() {
            // SAFETY: a return address is never the first word of its code.
            cx.pc = unsafe { ret.sub(1) };
            let msg = format!("__init__() should return None, not '{}'", crate::ops::tp_name(cx, v));
            let _ = cx.type_error(&msg);
            return std::ptr::null();
        }
        return ret;
    }
    set_result(f, v);
    ret
}

/// Puts a frame's result where its callable stood.
pub fn set_result(f: Frame, v: Value) {
    // SAFETY: the owner word of the frame's header.
    unsafe { *f.0.offset(-5) = v };
}

/// Name of a type, for messages.
pub fn type_of_text(cx: &Ctx, v: Value) -> String {
    type_text(cx.type_of(v))
}
