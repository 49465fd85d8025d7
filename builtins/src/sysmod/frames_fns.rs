//! The functions of `sys` about frames, tracing and limits.

use protopy_vm::interp::frame;
use protopy_vm::methods;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{CodeObj, FrameObj, FunctionObj, MethodDef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm};
use std::sync::atomic::Ordering;

/// The functions.
pub static FRAME_FUNCTIONS: &[MethodDef] = methods![functions:
    /// The frame that many calls up.
    "_getframe(depth=0, /)" => getframe;
    /// The module name of the frame that many calls up.
    "_getframemodulename(depth=0)" => getframemodulename;
    /// The limit of the depth of calls.
    "getrecursionlimit()" => |cx, _| Ok(Value::small(cx.space().recursion_limit.load(Ordering::Relaxed) as i64));
    /// Sets the limit of the depth of calls.
    "setrecursionlimit(limit, /)" => setrecursionlimit;
    /// The trace function.
    "gettrace()" => |cx, _| Ok(cx.tracefn);
    /// Sets the trace function of this thread.
    "settrace(function, /)" => |cx, a| { cx.tracefn = a[0]; Ok(Value::NONE) };
    /// The profile function.
    "getprofile()" => |cx, _| Ok(cx.profilefn);
    /// Sets the profile function of this thread.
    "setprofile(function, /)" => |cx, a| { cx.profilefn = a[0]; Ok(Value::NONE) };
    /// Calls a function with tracing enabled.
    "call_tracing(func, args, /)" => |cx, a| {
        let args = super::super::core_fns::tuple_items(a[1]);
        vm::call(cx, a[0], args)
    };
    /// Each thread's current frame, by thread identifier.
    "_current_frames()" => current_frames;
    /// Each thread's handled exception, by thread identifier.
    "_current_exceptions()" => current_exceptions;
];

/// A traceback entry as the plain printer shows it.
pub(super) fn traceback_line(t: &vm::errors::Traceback) -> String {
    let code = t
        .frame
        .get()
        .and_then(FrameObj::of)
        .and_then(|f| f.func.get())
        .and_then(FunctionObj::of)
        .and_then(|f| f.code.get())
        .and_then(CodeObj::of);
    let text = |v: Value| StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy);
    match code {
        Some(c) => format!(
            "  File \"{}\", line {}, in {}\n",
            text(c.rt.filename.get_or_none()),
            t.line.load(Ordering::Relaxed),
            text(c.rt.name)
        ),
        None => String::new(),
    }
}

fn getframe(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let depth = vm::index_i64(cx, a[0], Ty::OverflowError)?.max(0);
    match vm::frames::frame_at(cx, depth as usize) {
        Some(f) => {
            let o = frame::frame_object(cx, f);
            vm::audit(cx, "sys._getframe", &[o])?;
            Ok(o)
        }
        None => Err(cx.value_error("call stack is not deep enough")),
    }
}

fn getframemodulename(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let depth = vm::index_i64(cx, a[0], Ty::OverflowError)?.max(0);
    let Some(f) = vm::frames::frame_at(cx, depth as usize) else { return Ok(Value::NONE) };
    Ok(FunctionObj::of(f.function()).map_or(Value::NONE, |f| f.module.get_or_none()))
}

fn setrecursionlimit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::index_i64(cx, a[0], Ty::OverflowError)?;
    if n < 1 {
        return Err(cx.value_error("recursion limit must be greater or equal than 1"));
    }
    let n = n as usize;
    if cx.depth >= n {
        let msg = format!(
            "cannot set the recursion limit to {n} at the recursion depth {}: the limit is too low",
            cx.depth
        );
        return Err(cx.raise_str(Ty::RecursionError, &msg));
    }
    cx.space().recursion_limit.store(n, Ordering::Relaxed);
    cx.depth_limit = n;
    Ok(Value::NONE)
}

fn current_frames(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    let d = cx.dict();
    if let (Some(dict), Some((f, _))) = (DictObj::of(d), frame::current(cx)) {
        let o = frame::frame_object(cx, f);
        let id = cx.int_u64(cx.ident);
        vm::dict_set(cx, dict, id, o)?;
    }
    Ok(d)
}

fn current_exceptions(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    let d = cx.dict();
    if let Some(dict) = DictObj::of(d) {
        let id = cx.int_u64(cx.ident);
        let e = cx.handled;
        vm::dict_set(cx, dict, id, e)?;
    }
    Ok(d)
}
