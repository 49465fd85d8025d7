//! What the stream classes share: errors, arguments, and calls of other streams' methods.

use crate::sys::SysResult;
use protopy_vm::protocore::layouts::{ExcObj, IntRef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::{
    call_method, index_i64, instance_attr, is_true, lookup_attr_str, lookup_sys, raise_class, set_context,
};

/// `DEFAULT_BUFFER_SIZE`
pub const DEFAULT_BUFFER_SIZE: usize = 128 * 1024;

/// What the module remembers in a space.
#[derive(Default)]
pub struct IoState {
    /// `UnsupportedOperation`
    pub unsupported: Slot,
    /// `FileIO`
    pub file: Slot,
    /// `BufferedReader`
    pub reader: Slot,
    /// `BufferedWriter`
    pub writer: Slot,
    /// `BufferedRandom`
    pub random: Slot,
    /// `TextIOWrapper`
    pub text: Slot,
    /// `_BytesIOBuffer`
    pub bytes_buffer: Slot,
    /// `IncrementalNewlineDecoder`
    pub newline_decoder: Slot,
}

impl SpaceState for IoState {
    fn trace(&self, t: &mut Tracer) {
        for s in [
            &self.unsupported,
            &self.file,
            &self.reader,
            &self.writer,
            &self.random,
            &self.text,
            &self.bytes_buffer,
            &self.newline_decoder,
        ] {
            t.slot(s);
        }
    }
}

/// Raises `UnsupportedOperation`.
#[cold]
pub fn unsupported(cx: &mut Ctx, msg: &str) -> Raised {
    match cx.space().state::<IoState>().unsupported.get() {
        Some(class) => {
            let m = cx.str(msg);
            raise_class(cx, class, &[m])
        }
        None => cx.raise_str(Ty::OSError, msg),
    }
}

/// Raises "I/O operation on closed file." with the point that most classes put.
#[cold]
pub fn closed_file(cx: &mut Ctx) -> Raised {
    cx.value_error("I/O operation on closed file.")
}

/// Raises "I/O operation on uninitialized object".
#[cold]
pub fn uninitialized(cx: &mut Ctx) -> Raised {
    cx.value_error("I/O operation on uninitialized object")
}

/// Raises TypeError for an attempt to pickle a stream.
pub fn cannot_pickle(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let msg = format!("cannot pickle '{}' instances", protopy_vm::ops::tp_name(cx, a[0]));
    Err(cx.type_error(&msg))
}

/// Raises TypeError for a receiver of another class.
#[cold]
pub fn bad_receiver(cx: &mut Ctx, v: Value, class: &str) -> Raised {
    let msg = format!(
        "descriptor requires a '_io.{class}' object but received a '{}'",
        protopy_vm::ops::tp_name(cx, v)
    );
    cx.type_error(&msg)
}

/// Runs a call that may block in a blocking scope; after EINTR signal handlers run, and it is tried again.
pub fn retry<T>(cx: &mut Ctx, mut f: impl FnMut() -> SysResult<T>) -> PyResult<SysResult<T>> {
    loop {
        match cx.blocking(&mut f) {
            Err(libc::EINTR) => cx.safepoint()?,
            r => return Ok(r),
        }
    }
}

/// A `size` argument: -1 for None.
#[inline]
pub fn opt_size(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(n) = v.as_small() {
        return Ok(n);
    }
    if v.is_none() || v.is_unbound() {
        return Ok(-1);
    }
    if cx.type_of(v).slots.index.address() == 0 {
        let msg = format!("argument should be integer or None, not '{}'", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    index_i64(cx, v, Ty::OverflowError)
}

/// A C ssize_t.
#[inline]
pub fn ssize(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    match v.as_small() {
        Some(n) => Ok(n),
        None => index_i64(cx, v, Ty::OverflowError),
    }
}

/// A file offset; `overflow` for numbers that are too large.
pub fn offset(cx: &mut Ctx, v: Value, overflow: Ty) -> PyResult<i64> {
    match v.as_small() {
        Some(n) => Ok(n),
        None => index_i64(cx, v, overflow),
    }
}

/// A C int with a default.
pub fn int_or(cx: &mut Ctx, v: Value, default: i32) -> PyResult<i32> {
    if v.is_unbound() {
        return Ok(default);
    }
    match v.as_small().map(i32::try_from) {
        Some(Ok(n)) => Ok(n),
        _ => {
            let n = index_i64(cx, v, Ty::OverflowError)?;
            match i32::try_from(n) {
                Ok(n) => Ok(n),
                Err(_) => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
            }
        }
    }
}

/// A str-or-None argument as text; TypeError as CPython words it, UnicodeEncodeError for lone surrogates.
pub fn utf8_or_none(cx: &mut Ctx, v: Value, func: &str, arg: &str) -> PyResult<Option<String>> {
    let Some(v) = v.not_none() else { return Ok(None) };
    let Some(s) = StrObj::of(v) else {
        let msg =
            format!("{func}() argument '{arg}' must be str or None, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    match s.to_utf8() {
        Some(t) => Ok(Some(t)),
        // That raises.
        None => protopy_vm::codec::encode(cx, v, "utf-8", "strict").map(|_| None),
    }
}

/// As [`utf8_or_none`]; ValueError for a NUL in it.
pub fn str_or_none(cx: &mut Ctx, v: Value, func: &str, arg: &str) -> PyResult<Option<String>> {
    let t = utf8_or_none(cx, v, func, arg)?;
    if t.as_ref().is_some_and(|t| t.contains('\0')) {
        return Err(cx.value_error("embedded null character"));
    }
    Ok(t)
}

/// Whether an object's class is one of this module's, not a subclass in Python.
#[inline]
pub fn is_builtin_class(cx: &Ctx, v: Value) -> bool {
    cx.type_of(v).has(type_flags::IMMUTABLE)
}

/// Whether a method of a stream of one of this module's classes is the class's own: then native code may run in its place.
#[inline]
pub fn has_own_method(cx: &mut Ctx, v: Value, method: &str) -> bool {
    if !is_builtin_class(cx, v) {
        return false;
    }
    let n = cx.intern_str(method);
    instance_attr(cx, v, n).is_none()
}

/// The value of an assignment to `_finalizing`.
pub fn bool_member(cx: &mut Ctx, v: Option<Value>) -> PyResult<bool> {
    match v {
        None => Err(cx.type_error("can't delete numeric/char attribute")),
        Some(v) if v.is_bool() => Ok(v.is(Value::TRUE)),
        Some(_) => Err(cx.type_error("attribute value type must be bool")),
    }
}

/// Whether `self.closed` is true.
pub fn is_closed(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    let c = protopy_vm::get_attr_str(cx, v, "closed")?;
    is_true(cx, c)
}

/// Raises ValueError if `self.closed` is true.
pub fn check_closed(cx: &mut Ctx, v: Value) -> PyResult<()> {
    if is_closed(cx, v)? { Err(closed_file(cx)) } else { Ok(()) }
}

/// Calls a predicate (`readable`, …) of a stream; UnsupportedOperation unless it answers True itself.
pub fn check_able(cx: &mut Ctx, v: Value, method: &str) -> PyResult {
    let r = call_method(cx, v, method, &[])?;
    if r.is(Value::TRUE) {
        return Ok(r);
    }
    Err(unsupported(cx, &format!("File or stream is not {method}.")))
}

/// Whether an exception is an OSError for EINTR: the call is made again then.
pub fn is_eintr(cx: &Ctx, exc: Value) -> bool {
    cx.is_instance(exc, Ty::OSError)
        && ExcObj::of(exc).and_then(|x| x.fields[0].get()).and_then(IntRef::of).and_then(IntRef::to_i64)
            == Some(i64::from(libc::EINTR))
}

/// Calls a method, again whenever it was interrupted.
pub fn call_eintr(cx: &mut Ctx, obj: Value, method: &str, args: &[Value]) -> PyResult {
    loop {
        match call_method(cx, obj, method, args) {
            Ok(v) => return Ok(v),
            Err(r) => {
                let e = cx.take_raised(r);
                if !is_eintr(cx, e) {
                    return Err(cx.set_raised(e));
                }
                cx.safepoint()?;
            }
        }
    }
}

/// The second of two results of a tidying-up in two steps; an error of the first is raised, or becomes the context of the second's.
pub fn chain<T>(
    cx: &mut Ctx,
    first: PyResult<Value>,
    second: impl FnOnce(&mut Ctx) -> PyResult<T>,
) -> PyResult<T> {
    let Err(r) = first else { return second(cx) };
    let e = cx.take_raised(r);
    // The exception must survive the second step.
    cx.keep.push(e);
    let done = second(cx);
    cx.keep.pop();
    match done {
        Ok(_) => Err(cx.set_raised(e)),
        Err(r) => {
            let later = cx.take_raised(r);
            set_context(cx, later, e);
            Err(cx.set_raised(later))
        }
    }
}

/// Raises BlockingIOError with `characters_written`.
#[cold]
pub fn blocking_error(cx: &mut Ctx, msg: &str, written: usize) -> Raised {
    let class = cx.ty(Ty::BlockingIOError).value();
    let (n, m, w) = (cx.int(i64::from(libc::EAGAIN)), cx.str(msg), cx.int_usize(written));
    raise_class(cx, class, &[n, m, w])
}

/// A class's name as C code shows it: with its module for the classes of this module.
pub fn shown_class(cx: &Ctx, v: Value) -> String {
    if is_builtin_class(cx, v) { format!("_io.{}", cx.type_name(v)) } else { cx.type_name(v) }
}

/// `lookup_attr_str` for `__repr__`s: errors that are ValueErrors count as "no such attribute".
pub fn attr_for_repr(cx: &mut Ctx, v: Value, n: &str) -> PyResult<Option<Value>> {
    let r = lookup_attr_str(cx, v, n);
    Ok(protopy_vm::catch(cx, r, Ty::ValueError)?.flatten())
}

/// `repr` of the parts of a stream, guarded against recursion.
pub fn guarded_repr(
    cx: &mut Ctx,
    this: Value,
    f: impl FnOnce(&mut Ctx) -> PyResult<String>,
) -> PyResult<String> {
    if !protopy_vm::enter_repr(cx, this) {
        let msg = format!("reentrant call inside {}.__repr__", shown_class(cx, this));
        return Err(cx.raise_str(Ty::RuntimeError, &msg));
    }
    let r = f(cx);
    protopy_vm::leave_repr(cx, this);
    r
}

/// A number of `sys.flags`.
pub fn sys_flag(cx: &mut Ctx, n: &str) -> bool {
    let Some(flags) = lookup_sys(cx, "flags") else { return false };
    let v = match lookup_attr_str(cx, flags, n) {
        Ok(v) => v,
        Err(r) => {
            cx.take_raised(r);
            None
        }
    };
    v.is_some_and(|v| IntRef::of(v).is_some_and(|n| n.signum() != 0))
}

/// The encoding that an omitted one means.
pub fn default_encoding(cx: &mut Ctx) -> String {
    if sys_flag(cx, "utf8_mode") {
        return "utf-8".to_owned();
    }
    let n = crate::sys::locale_encoding();
    if n.is_empty() { "utf-8".to_owned() } else { n }
}
