//! Calls of foreign functions.

use crate::argument::{Argument, ROOM, Room, as_parameter};
use crate::codes;
use crate::data::{self, hold_wide, keep_bytes};
use crate::info::{self, Info, Kind, simple_ffi};
use crate::state::{T, ty};
use libffi_sys as ffi;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, StrObj};
use protopy_vm::protocore::{Ctx, Held, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::{errors, ops};
use std::cell::Cell;
use std::ffi::c_void;

/// Most arguments of a call.
pub(crate) const MAX_ARGUMENTS: usize = 1024;
/// C's calling convention.
pub(crate) const FLAG_CDECL: u32 = 1;
/// The function uses the interpreter: it runs as Python code does, and may raise.
pub(crate) const FLAG_PYTHON: u32 = 4;
/// `errno` is exchanged with ctypes' copy around the call.
pub(crate) const FLAG_ERRNO: u32 = 8;
/// As [`FLAG_ERRNO`] for Windows; nothing here.
pub(crate) const FLAG_LAST_ERROR: u32 = 16;

thread_local! {
    /// The thread's state while it is in a foreign call.
    static CURRENT: Cell<*mut Ctx> = const { Cell::new(std::ptr::null_mut()) };
    /// ctypes' copy of `errno`.
    static ERRNO: Cell<i32> = const { Cell::new(0) };
    /// Whether a function of [`FLAG_PYTHON`] has left an exception.
    static FAILED: Cell<bool> = const { Cell::new(false) };
}

/// ctypes' copy of `errno`, set to another value.
pub(crate) fn swap_errno(new: i32) -> i32 {
    ERRNO.replace(new)
}

/// ctypes' copy of `errno`.
pub(crate) fn errno() -> i32 {
    ERRNO.get()
}

/// Exchanges the C library's `errno` with the copy.
pub(crate) fn exchange_errno() {
    // SAFETY: the location is this thread's.
    unsafe {
        let real = libc::__errno_location();
        *real = ERRNO.replace(*real);
    }
}

/// The state of this thread, if it is in a foreign call; null else.
pub(crate) fn current() -> *mut Ctx {
    CURRENT.get()
}

/// Notes this thread's state until the answer is put back.
pub(crate) fn enter(cx: *mut Ctx) -> *mut Ctx {
    CURRENT.replace(cx)
}

/// Notes that the exception of `r` waits in the thread's state for the end of the call.
pub(crate) fn leave_exception(_: Raised) {
    FAILED.set(true);
}

/// Raises `ctypes.ArgumentError`.
#[cold]
pub(crate) fn argument_error(cx: &mut Ctx, msg: &str) -> Raised {
    let t = ty(cx, T::ArgumentError).value();
    let m = cx.str(msg);
    errors::raise_class(cx, t, &[m])
}

/// What is known of a call before its arguments.
pub(crate) struct Plan<'a> {
    pub(crate) function: *mut u8,
    pub(crate) flags: u32,
    pub(crate) converters: &'a [Value],
    pub(crate) argtypes: &'a [Value],
    /// Result type; `None`: int.
    pub(crate) restype: Option<Value>,
    pub(crate) checker: Option<Value>,
}

/// An argument as C gets it. What has to live as long as the call lies beside it.
struct Arg {
    ty: *mut ffi::ffi_type,
    value: Room,
    /// Where the value is, if it is not in the room.
    at: *mut u8,
}

fn word(ty: *mut ffi::ffi_type, bits: u64) -> Arg {
    let mut value = Room([0; ROOM]);
    value.0[..8].copy_from_slice(&bits.to_ne_bytes());
    Arg { ty, value, at: std::ptr::null_mut() }
}

fn pointer(p: u64) -> Arg {
    word(&raw mut ffi::ffi_type_pointer, p)
}

/// Converts an argument that has passed `from_param`, or has no declared type.
fn convert(cx: &mut Ctx, v: Value, index: usize, keep: &mut Held<Value>) -> PyResult<Arg> {
    if let Some(a) = v.native::<Argument>() {
        keep.push(v);
        return Ok(Arg { ty: a.ffi_type(), value: a.value, at: std::ptr::null_mut() });
    }
    if let (Some(d), Some(i)) = (data::of(v), info::of_value(cx, v)) {
        keep.push(v);
        return Ok(match i.kind {
            Kind::Array => pointer(d.ptr() as u64),
            Kind::Pointer | Kind::Func => pointer(d.target() as u64),
            Kind::Simple | Kind::Struct | Kind::Union => {
                let Some(p) = d.part(0, i.size) else { return Err(info::abstract_class(cx)) };
                let mut a = Arg { ty: i.ffi_type(), value: Room([0; ROOM]), at: std::ptr::null_mut() };
                if i.size <= ROOM {
                    // SAFETY: both are that large.
                    unsafe { std::ptr::copy_nonoverlapping(p, a.value.0.as_mut_ptr(), i.size) };
                    if i.kind == Kind::Simple && i.swapped {
                        a.value.0[..i.size].reverse();
                    }
                } else {
                    a.at = p;
                }
                a
            }
        });
    }
    if v.is_none() {
        return Ok(pointer(0));
    }
    if let Some(n) = IntRef::of(v) {
        return match n.to_i64() {
            // As C's int or unsigned int.
            Some(n) if i32::try_from(n).is_ok() || u32::try_from(n).is_ok() => {
                Ok(word(&raw mut ffi::ffi_type_sint32, n as u64))
            }
            Some(n) => Ok(word(&raw mut ffi::ffi_type_sint32, n as u32 as u64)),
            None if codes_fit(v) => Ok(word(&raw mut ffi::ffi_type_sint32, codes::low_bits(v))),
            None => Err(cx.raise_str(Ty::OverflowError, "int too long to convert")),
        };
    }
    if BytesObj::of(v).is_some() {
        keep.push(v);
        return Ok(pointer(keep_bytes(v)));
    }
    if StrObj::of(v).is_some() {
        let (p, holder) = hold_wide(cx, v)?;
        keep.push(holder);
        return Ok(pointer(p));
    }
    match as_parameter(cx, v)? {
        Some(p) => {
            cx.check_native_stack(" while processing _as_parameter_")?;
            keep.push(p);
            convert(cx, p, index, keep)
        }
        None => Err(cx.type_error(&format!("Don't know how to convert parameter {index}"))),
    }
}

/// Whether an int fits C's `unsigned long`.
fn codes_fit(v: Value) -> bool {
    match IntRef::of(v) {
        Some(IntRef::Small(_)) => true,
        Some(IntRef::Big(b)) => u64::try_from(b).is_ok(),
        None => false,
    }
}

/// Names the argument in the exception that its conversion raised.
#[cold]
fn named(cx: &mut Ctx, r: Raised, index: usize) -> Raised {
    let exc = cx.take_raised(r);
    let t = cx.type_of(exc);
    let kind = errors::type_text(t);
    let shown = match ops::str_text(cx, exc) {
        Ok(s) => s,
        Err(r) => return r,
    };
    argument_error(cx, &format!("argument {index}: {kind}: {shown}"))
}

/// Promotes a variadic argument as C does.
fn promote(a: &mut Arg) {
    // SAFETY: a description of libffi's or of a type that the argument keeps alive.
    let kind = unsafe { (*a.ty).type_ };
    let b = a.value.0;
    let low = |n: usize| {
        u64::from_ne_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) & (u64::MAX >> (64 - 8 * n))
    };
    let int = &raw mut ffi::ffi_type_sint32;
    let promoted = match kind {
        ffi::FFI_TYPE_FLOAT => {
            let f = f32::from_ne_bytes([b[0], b[1], b[2], b[3]]);
            word(&raw mut ffi::ffi_type_double, f64::from(f).to_bits())
        }
        ffi::FFI_TYPE_UINT8 => word(int, low(1)),
        ffi::FFI_TYPE_SINT8 => word(int, i64::from(b[0] as i8) as u64),
        ffi::FFI_TYPE_UINT16 => word(int, low(2)),
        ffi::FFI_TYPE_SINT16 => word(int, i64::from(i16::from_ne_bytes([b[0], b[1]])) as u64),
        _ => return,
    };
    *a = promoted;
}

/// Converts the arguments, calls, and converts the result.
pub(crate) fn call(cx: &mut Ctx, plan: &Plan<'_>, args: &[Value]) -> PyResult {
    let declared = plan.converters.len();
    if declared > args.len() {
        let s = if declared == 1 { "" } else { "s" };
        let msg = format!("this function takes at least {declared} argument{s} ({} given)", args.len());
        return Err(cx.type_error(&msg));
    }
    if args.len() > MAX_ARGUMENTS {
        let msg = format!("too many arguments ({}), maximum is {MAX_ARGUMENTS}", args.len());
        return Err(argument_error(cx, &msg));
    }
    if plan.function.is_null() {
        return Err(cx.value_error("NULL function pointer"));
    }
    let mut keep: Held<Value> = Held::new();
    let mut all: Vec<Arg> = Vec::with_capacity(args.len());
    for (k, v) in args.iter().enumerate() {
        let converted = match plan.converters.get(k) {
            Some(f) => protopy_vm::call(cx, *f, &[*v]),
            None => Ok(*v),
        };
        let a = converted.and_then(|v| {
            keep.push(v);
            convert(cx, v, k + 1, &mut keep)
        });
        match a {
            Ok(mut a) => {
                if declared > 0 && k >= declared {
                    promote(&mut a);
                }
                all.push(a);
            }
            Err(r) => return Err(named(cx, r, k + 1)),
        }
    }
    let result = invoke(cx, plan, &mut all)?;
    // What was converted lives until here.
    drop(keep);
    Ok(result)
}

/// Room for results that fit; larger structs get memory of their own.
const RESULT: usize = 64;

#[repr(C, align(16))]
struct ResultRoom([u8; RESULT]);

fn invoke(cx: &mut Ctx, plan: &Plan<'_>, args: &mut [Arg]) -> PyResult {
    // As the type is now: another thread may complete it during the call.
    let kind = plan.restype.and_then(info::of_class);
    let (result_type, size) = match (plan.restype, kind) {
        (Some(t), _) if t.is_none() => (&raw mut ffi::ffi_type_void, 8),
        (_, Some(i)) => (i.ffi_type(), i.size),
        _ => (&raw mut ffi::ffi_type_sint32, 8),
    };
    let mut types: Vec<*mut ffi::ffi_type> = args.iter().map(|a| a.ty).collect();
    let mut values: Vec<*mut c_void> = args
        .iter_mut()
        .map(|a| if a.at.is_null() { a.value.0.as_mut_ptr().cast() } else { a.at.cast() })
        .collect();
    let mut cif = ffi::ffi_cif::default();
    let n = types.len() as u32;
    let fixed = plan.converters.len();
    // SAFETY: the descriptions live as long as the types, which the caller keeps; the list as long as the call.
    let status = unsafe {
        if fixed > 0 && fixed < types.len() {
            let abi = ffi::ffi_abi_FFI_DEFAULT_ABI;
            ffi::ffi_prep_cif_var(&mut cif, abi, fixed as u32, n, result_type, types.as_mut_ptr())
        } else {
            ffi::ffi_prep_cif(&mut cif, ffi::ffi_abi_FFI_DEFAULT_ABI, n, result_type, types.as_mut_ptr())
        }
    };
    if status != ffi::ffi_status_FFI_OK {
        return Err(cx.raise_str(Ty::RuntimeError, "ffi_prep_cif failed"));
    }
    let mut small = ResultRoom([0; RESULT]);
    let mut large = Vec::new();
    let out: *mut u8 = if size <= RESULT {
        small.0.as_mut_ptr()
    } else {
        let words = size / 16 + 1;
        if large.try_reserve_exact(words).is_err() {
            return Err(cx.no_memory());
        }
        large.resize(words, 0u128);
        large.as_mut_ptr().cast()
    };
    let me: *mut Ctx = cx;
    let before = enter(me);
    FAILED.set(false);
    // SAFETY: the call is prepared for these arguments; the function is what the program says it is.
    unsafe { enter_c(me, plan.flags, &mut cif, plan.function, out, values.as_mut_ptr()) };
    enter(before);
    // SAFETY: as at the beginning; the state may have changed meanwhile.
    let cx = unsafe { &mut *me };
    if plan.flags & FLAG_PYTHON != 0 && FAILED.replace(false) {
        // The exception waits in the thread's state.
        let exc = cx.raised().unwrap_or(Value::NONE);
        return Err(cx.set_raised(exc));
    }
    // SAFETY: the memory holds the result.
    unsafe { result(cx, plan, kind, out) }
}

/// Calls the function, in a blocking scope unless it uses the interpreter.
///
/// # Safety
/// The call is prepared; `me` is this thread's state.
#[inline(never)]
unsafe fn enter_c(
    me: *mut Ctx,
    flags: u32,
    cif: &mut ffi::ffi_cif,
    function: *mut u8,
    out: *mut u8,
    values: *mut *mut c_void,
) {
    let swap = flags & FLAG_ERRNO != 0;
    let cif: *mut ffi::ffi_cif = cif;
    let run = || {
        if swap {
            exchange_errno();
        }
        // SAFETY: by the contract.
        unsafe {
            let f = std::mem::transmute::<*mut u8, unsafe extern "C" fn()>(function);
            ffi::ffi_call(cif, Some(f), out.cast(), values);
        }
        if swap {
            exchange_errno();
        }
    };
    if flags & FLAG_PYTHON != 0 {
        run();
    } else {
        // SAFETY: by the contract.
        unsafe { (*me).blocking(run) };
    }
}

/// # Safety
/// `p` holds a result of the plan's type, which `kind` describes.
unsafe fn result(cx: &mut Ctx, plan: &Plan<'_>, kind: Option<&Info>, p: *mut u8) -> PyResult {
    // SAFETY: by the contract.
    let as_int = |cx: &mut Ctx| unsafe { codes::load(cx, b'i', false, p) };
    let v = match plan.restype {
        None => return as_int(cx),
        Some(t) if t.is_none() => return Ok(t),
        Some(t) => match TypeObj::of(t).and_then(|t| Some((t, kind?))) {
            None => {
                let n = as_int(cx)?;
                return protopy_vm::call(cx, t, &[n]);
            }
            // SAFETY: by the contract.
            Some((_, i)) if i.converts() => unsafe { codes::load(cx, i.code, i.swapped, p) }?,
            // SAFETY: by the contract.
            Some((t, i)) => unsafe { data::new_copy(cx, t, i, p) }?,
        },
    };
    match plan.checker {
        Some(f) => protopy_vm::call(cx, f, &[v]),
        None => Ok(v),
    }
}

/// The description of a type for callbacks and calls; a pointer for what has none.
pub(crate) fn ffi_of(class: Value) -> *mut ffi::ffi_type {
    info::of_class(class).map_or_else(|| simple_ffi(b'P'), info::Info::ffi_type)
}
