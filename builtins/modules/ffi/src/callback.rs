//! Callbacks: entries in C that call Python functions.
//!
//! A thread that came from Python is in a blocking scope or in a call that uses the interpreter, and its state is at hand
//! (`call::current`). A thread that the runtime does not know is attached for the time of the call.

use crate::call::{self, FLAG_ERRNO};
use crate::info::{self, Kind, flag};
use crate::state::{T, known, set_ty, ty};
use crate::{codes, data};
use libffi_sys as ffi;
use protopy_vm::finalize::{thread_ended, thread_started};
use protopy_vm::protocore::layouts::{ListObj, TupleObj};
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{
    Ctx, Layout, NativeLayout, Payload, ProtoSpace, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{TypeSpec, ValueVec, errors, ops};
use std::ffi::c_void;
use std::sync::Weak;
use std::sync::atomic::Ordering;

/// What C's entry needs; its address is the closure's user data.
struct Entry {
    space: Weak<ProtoSpace>,
    callable: Slot,
    argtypes: Slot,
    restype: Value,
    flags: u32,
    result_size: usize,
    cif: ffi::ffi_cif,
    types: Vec<*mut ffi::ffi_type>,
    /// The owner of the entry, and the object that the last call answered, which C may hand on.
    this: Slot,
    last: Slot,
}

/// The object that owns an entry.
pub(crate) struct Thunk {
    entry: Box<Entry>,
    closure: *mut c_void,
}

// SAFETY: the entry does not change after it was made; libffi's memory is freed once, with the object.
unsafe impl Send for Thunk {}
// SAFETY: as above.
unsafe impl Sync for Thunk {}

impl Payload for Thunk {
    const NAME: &'static str = "CThunkObject";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.entry.callable);
        t.slot(&self.entry.argtypes);
        t.slot(&self.entry.last);
        t.visit(self.entry.restype);
    }
}

impl Drop for Thunk {
    fn drop(&mut self) {
        // SAFETY: allocated by libffi, freed once.
        unsafe { ffi::ffi_closure_free(self.closure) };
    }
}

/// The type of [`Thunk`] objects.
pub(crate) static THUNK: TypeSpec = TypeSpec {
    name: "CThunkObject",
    module: "_ctypes",
    layout: Layout::Native,
    vt: Some(<Thunk as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    ..TypeSpec::BASE
};

/// An entry in C for a Python function: its owner and its address.
pub(crate) fn make(
    cx: &mut Ctx,
    callable: Value,
    argtypes: Value,
    restype: Value,
    flags: u32,
) -> PyResult<(Value, u64)> {
    let result = if restype.is_none() {
        None
    } else {
        match info::of_class(restype) {
            Some(i) if i.kind == Kind::Simple => Some(i),
            _ => return Err(cx.type_error("invalid result type for callback function")),
        }
    };
    let items = TupleObj::of(argtypes).map_or(&[][..], TupleObj::items);
    // What C is told of them does not change any more.
    items.iter().filter_map(|t| info::of_class(*t)).for_each(|i| i.set(flag::FINAL));
    let mut entry = Box::new(Entry {
        space: std::sync::Arc::downgrade(&cx.space_arc()),
        callable: Slot::new(callable),
        argtypes: Slot::new(argtypes),
        restype,
        flags,
        result_size: result.map_or(0, |i| i.size),
        cif: ffi::ffi_cif::default(),
        types: items.iter().map(|t| call::ffi_of(*t)).collect(),
        this: Slot::empty(),
        last: Slot::empty(),
    });
    let result_type = result.map_or(&raw mut ffi::ffi_type_void, info::Info::ffi_type);
    let mut code: *mut c_void = std::ptr::null_mut();
    // SAFETY: the entry owns what the description refers to, and the types live as long as `argtypes`.
    let closure = unsafe {
        let closure = ffi::ffi_closure_alloc(size_of::<ffi::ffi_closure>(), &mut code);
        if closure.is_null() {
            return Err(cx.no_memory());
        }
        let n = entry.types.len() as u32;
        let types = entry.types.as_mut_ptr();
        let abi = ffi::ffi_abi_FFI_DEFAULT_ABI;
        let mut status = ffi::ffi_prep_cif(&mut entry.cif, abi, n, result_type, types);
        if status == ffi::ffi_status_FFI_OK {
            let cif = &raw mut entry.cif;
            let user: *mut Entry = &raw mut *entry;
            status = ffi::ffi_prep_closure_loc(closure.cast(), cif, Some(entered), user.cast(), code);
        }
        if status != ffi::ffi_status_FFI_OK {
            ffi::ffi_closure_free(closure);
            return Err(cx.raise_str(Ty::RuntimeError, &format!("ffi_prep_closure failed with {status}")));
        }
        closure
    };
    let t = ty(cx, T::Thunk);
    let v = cx.new_native(t, Thunk { entry, closure });
    if let Some(t) = v.native::<Thunk>() {
        t.entry.this.init(Some(v));
    }
    Ok((v, code as u64))
}

/// What every closure calls.
unsafe extern "C" fn entered(
    _: *mut ffi::ffi_cif,
    result: *mut c_void,
    args: *mut *mut c_void,
    user: *mut c_void,
) {
    // SAFETY: the closure was made with an entry, which lives as long as the closure. The Python function may drop the last reference to
    // their owner, which `run` keeps while it needs the entry; nothing looks at it later.
    let e = unsafe { &*user.cast::<Entry>() };
    let swaps = e.flags & FLAG_ERRNO != 0;
    if e.result_size > 0 && !result.is_null() {
        // SAFETY: libffi's room for a result is at least a word.
        unsafe { std::ptr::write_bytes(result.cast::<u8>(), 0, e.result_size.max(8)) };
    }
    if swaps {
        call::exchange_errno();
    }
    let body = std::panic::AssertUnwindSafe(|| {
        let me = call::current();
        if me.is_null() {
            on_foreign_thread(e, result.cast(), args);
        } else {
            // SAFETY: this thread's state; the code that has it in hand waits in the foreign call.
            let cx = unsafe { &mut *me };
            cx.unblocking(|cx| {
                if std::ptr::eq(cx.space(), e.space.as_ptr()) {
                    // SAFETY: libffi gives the arguments and the room for the result.
                    unsafe { run(cx, e, result.cast(), args) };
                } else {
                    // The thread is in another interpreter.
                    cx.elsewhere(|| on_foreign_thread(e, result.cast(), args));
                }
            });
        }
    });
    // The message of a panic has been printed; nothing may unwind through C.
    let _ = std::panic::catch_unwind(body);
    if swaps {
        call::exchange_errno();
    }
}

fn on_foreign_thread(e: &Entry, result: *mut u8, args: *mut *mut c_void) {
    let Some(space) = e.space.upgrade() else { return };
    if space.finalizing.load(Ordering::Acquire) {
        return;
    }
    let Ok(mut cx) = Ctx::attach(&space, false) else { return };
    thread_started(&mut cx);
    let me: *mut Ctx = &raw mut *cx;
    let before = call::enter(me);
    // SAFETY: the state was made for this thread; libffi gives the arguments and the room for the result.
    unsafe { run(&mut *me, e, result, args) };
    call::enter(before);
    thread_ended(&mut cx);
}

/// Calls the Python function and writes its result.
///
/// # Safety
/// The arguments and the room for the result are those of the entry's description.
#[inline(never)]
unsafe fn run(cx: &mut Ctx, e: &Entry, result: *mut u8, args: *mut *mut c_void) {
    // Another exception may wait in the state of a thread that calls back from a function that raised.
    let waiting = cx.raised();
    let this = e.this.get_or_none();
    let f = e.callable.get_or_none();
    let argtypes = e.argtypes.get_or_none();
    if cx.check_native_stack(" in a ctypes callback").is_err_and(|r| {
        report(cx, r, "calling", f);
        true
    }) {
        return;
    }
    // SAFETY: by the contract.
    match unsafe { arguments(cx, argtypes, args) } {
        Err((r, k)) => {
            let shown = ops::repr_text(cx, f).unwrap_or_default();
            let msg =
                format!("Exception ignored while creating argument {k} for ctypes callback function {shown}");
            errors::report_unraisable(cx, r, Some(&msg), Value::NONE);
        }
        Ok(items) => {
            let list = items.to_vec();
            match protopy_vm::call(cx, f, &list) {
                Err(r) => report(cx, r, "calling", f),
                // SAFETY: by the contract.
                Ok(v) => unsafe { answer(cx, e, result, v, f) },
            }
        }
    }
    protopy_vm::keep_alive(argtypes);
    protopy_vm::keep_alive(this);
    if let Some(exc) = waiting {
        let _: Raised = cx.set_raised(exc);
    }
}

fn report(cx: &mut Ctx, r: Raised, doing: &str, f: Value) {
    let exc = cx.take_raised(r);
    let shown = match ops::repr_text(cx, f) {
        Ok(s) => s,
        Err(r) => {
            cx.take_raised(r);
            String::new()
        }
    };
    let msg = if doing == "converting" {
        format!("Exception ignored while converting result of ctypes callback function {shown}")
    } else {
        format!("Exception ignored while calling ctypes callback function {shown}")
    };
    errors::unraisable(cx, exc, Some(&msg), Value::NONE);
}

/// # Safety
/// The arguments are those of the types.
unsafe fn arguments(
    cx: &mut Ctx,
    argtypes: Value,
    args: *mut *mut c_void,
) -> Result<ValueVec, (Raised, usize)> {
    let mut out = ValueVec::new(cx);
    let items = TupleObj::of(argtypes).map_or(&[][..], TupleObj::items);
    for (k, t) in items.iter().enumerate() {
        // SAFETY: by the contract.
        let p = unsafe { (*args.add(k)).cast::<u8>() };
        let v = match TypeObj::of(*t).and_then(|t| Some((t, info::of_type(t)?))) {
            // SAFETY: by the contract.
            Some((_, i)) if i.converts() => unsafe { codes::load(cx, i.code, i.swapped, p) },
            // An array came as the address of its items.
            Some((_, i)) if i.kind == Kind::Array => Err(cx.type_error("cannot build parameter")),
            // SAFETY: by the contract.
            Some((t, i)) => protopy_vm::call(cx, t.value(), &[]).inspect(|v| unsafe {
                if let Some(to) = data::of(*v).and_then(|d| d.part(0, i.size)) {
                    std::ptr::copy_nonoverlapping(p, to, i.size);
                }
            }),
            None => Err(cx.type_error("cannot build parameter")),
        };
        match v.and_then(|v| out.push(cx, v)) {
            Ok(()) => {}
            Err(r) => return Err((r, k)),
        }
    }
    Ok(out)
}

/// # Safety
/// `result` has room for the entry's result.
unsafe fn answer(cx: &mut Ctx, e: &Entry, result: *mut u8, v: Value, f: Value) {
    let Some(i) = info::of_class(e.restype) else { return };
    // SAFETY: by the contract.
    let keep = match unsafe { codes::store(cx, i.code, i.swapped, result, v) } {
        Ok(k) => k,
        Err(r) => return report(cx, r, "converting", f),
    };
    // libffi takes small integers as whole words.
    if codes::is_integer(i.code) && i.size < 8 {
        // SAFETY: a result has at least a word.
        unsafe {
            let bits = codes::load_bits(result, i.size, false);
            let shift = 64 - 8 * i.size as u32;
            let wide = if codes::is_signed(i.code) { ((bits << shift) as i64 >> shift) as u64 } else { bits };
            codes::store_bits(result, 8, false, wide);
        }
    }
    if i.code == b'O' {
        if let Some(this) = e.this.get() {
            cx.store(this, &e.last, keep);
        }
        return;
    }
    if keep.is_none() {
        return;
    }
    // C cannot tell when it needs the text no more.
    keep_forever(cx, keep);
    if let Err(r) = errors::warn(cx, Ty::RuntimeWarning, "memory leak in callback function.", 1) {
        report(cx, r, "converting", f);
    }
}

/// Keeps an object as long as the space.
fn keep_forever(cx: &mut Ctx, v: Value) {
    let list = match known(cx, T::Kept) {
        Some(l) => l,
        None => {
            let t = cx.ty(Ty::List);
            let l = cx.new_list(t);
            set_ty(cx, T::Kept, l);
            l
        }
    };
    if let Some(l) = ListObj::of(list)
        && let Err(r) = cx.list_append(l, v)
    {
        // Without memory for the list the text may go early.
        cx.take_raised(r);
    }
}
