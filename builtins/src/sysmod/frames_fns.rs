//! The functions of `sys` about frames, tracing and limits.

use protopy_vm::interp::remote::{self, Shot, Shots};
use protopy_vm::interp::{frame, watch};
use protopy_vm::methods;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{CodeObj, FrameObj, FunctionObj, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::tools::{PROFILE, TRACE};
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
    "settrace(function, /)" => |cx, a| set_function(cx, TRACE, "sys.settrace", a[0]);
    /// Sets the trace function of all threads.
    "_settraceallthreads(function, /)" => |cx, a| set_everywhere(cx, TRACE, "sys.settrace", a[0]);
    /// The profile function.
    "getprofile()" => |cx, _| Ok(cx.profilefn);
    /// Sets the profile function of this thread.
    "setprofile(function, /)" => |cx, a| set_function(cx, PROFILE, "sys.setprofile", a[0]);
    /// Sets the profile function of all threads.
    "_setprofileallthreads(function, /)" => |cx, a| set_everywhere(cx, PROFILE, "sys.setprofile", a[0]);
    /// Calls a function with tracing enabled.
    "call_tracing(func, args, /)" => |cx, a| {
        if TupleObj::of(a[1]).is_none() {
            let msg = format!("call_tracing() argument 2 must be tuple, not {}", protopy_vm::ops::tp_name(cx, a[1]));
            return Err(cx.type_error(&msg));
        }
        let args = super::super::core_fns::tuple_items(a[1]);
        watch::call_tracing(cx, a[0], args)
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

/// Sets this thread's trace or profile function.
fn set_function(cx: &mut Ctx, tool: usize, audited: &str, f: Value) -> PyResult {
    vm::audit(cx, audited, &[])?;
    watch::tools::set_function(cx, tool, f);
    Ok(Value::NONE)
}

/// Sets that of all threads.
fn set_everywhere(cx: &mut Ctx, tool: usize, audited: &str, f: Value) -> PyResult {
    vm::audit(cx, audited, &[])?;
    watch::tools::set_function_everywhere(cx, tool, f);
    Ok(Value::NONE)
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
    let told = cx.int(depth);
    vm::audit(cx, "sys._getframemodulename", &[told])?;
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
    cx.recursion_limit = n;
    cx.arm();
    Ok(Value::NONE)
}

/// A frame object of a frame as it was, which does not follow the thread.
fn picture(cx: &mut Ctx, s: &Shot, registers: &[Value], back: Option<Value>) -> PyResult {
    let ty = cx.ty(Ty::Frame);
    let o = cx.new_zeroed(ty);
    let Some(f) = FrameObj::of(o) else { return Err(cx.no_memory()) };
    f.func.init(Some(s.func));
    f.code.init(Some(s.code));
    f.back.init(back);
    f.lasti.store(s.word, Ordering::Relaxed);
    let Some(saved) = remote::saved_registers(cx, registers) else { return Err(cx.no_memory()) };
    cx.store(o, &f.saved, saved);
    Ok(o)
}

fn current_frames(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    vm::audit(cx, "sys._current_frames", &[])?;
    let d = cx.dict();
    let Some(dict) = DictObj::of(d) else { return Ok(d) };
    let me = cx.ident;
    let mut shots = Shots::default();
    cx.for_each_thread(&mut |t| {
        if t.ident != me {
            shots.take(t, |_| true);
        }
    });
    let held = shots.hold();
    let mut frames = shots.frames.iter();
    for &(id, n) in &shots.threads {
        let mut innermost = None;
        for s in frames.by_ref().take(n).collect::<Vec<_>>().into_iter().rev() {
            innermost = Some(picture(cx, s, &held[s.registers.clone()], innermost)?);
        }
        if let Some(o) = innermost {
            let id = cx.int_u64(id);
            vm::dict_set(cx, dict, id, o)?;
        }
    }
    if let Some((f, _)) = frame::current(cx) {
        let o = frame::frame_object(cx, f);
        let id = cx.int_u64(me);
        vm::dict_set(cx, dict, id, o)?;
    }
    Ok(d)
}

fn current_exceptions(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    vm::audit(cx, "sys._current_exceptions", &[])?;
    let d = cx.dict();
    let Some(dict) = DictObj::of(d) else { return Ok(d) };
    let mut all = Vec::new();
    cx.for_each_thread(&mut |t| all.push((t.ident, t.handled)));
    // As in `current_frames`.
    let kept = cx.keep.len();
    cx.keep.extend(all.iter().map(|(_, e)| *e));
    let mut r = Ok(());
    for (id, e) in all {
        let id = cx.int_u64(id);
        r = vm::dict_set(cx, dict, id, e);
        if r.is_err() {
            break;
        }
    }
    cx.keep.truncate(kept);
    r.map(|()| d)
}
