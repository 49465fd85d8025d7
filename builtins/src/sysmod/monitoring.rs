//! `sys.monitoring` (PEP 669): tools, their events and callbacks. How events come about is `vm::interp::watch`'s business.

use protopy_vm::interp::watch::event::{BRANCH, BRANCH_LEFT, BRANCH_RIGHT, C_RAISE, C_RETURN, CALL};
use protopy_vm::interp::watch::tools;
use protopy_vm::methods;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{CodeObj, IntRef, MethodDef, StrObj};
use protopy_vm::protocore::tools::USER_TOOLS;
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm};
use std::sync::atomic::Ordering;

/// The events, in the order of their bits.
const EVENTS: [&str; 19] = [
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "INSTRUCTION",
    "JUMP",
    "BRANCH_LEFT",
    "BRANCH_RIGHT",
    "STOP_ITERATION",
    "RAISE",
    "EXCEPTION_HANDLED",
    "PY_UNWIND",
    "PY_THROW",
    "RERAISE",
    "C_RETURN",
    "C_RAISE",
    "BRANCH",
];

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Reserves a tool number under a name.
    "use_tool_id(tool_id, name, /)" => use_tool;
    /// Forgets the events and callbacks of a tool.
    "clear_tool_id(tool_id, /)" => clear_tool;
    /// Gives a tool number back.
    "free_tool_id(tool_id, /)" => free_tool;
    /// The name of a tool, or None.
    "get_tool(tool_id, /)" => get_tool;
    /// Sets what is called for an event; the answer is what was called before.
    "register_callback(tool_id, event, func, /)" => register_callback;
    /// The events that a tool is told of.
    "get_events(tool_id, /)" => get_events;
    /// Sets the events that a tool is told of.
    "set_events(tool_id, event_set, /)" => set_events;
    /// The events of one code object that a tool is told of.
    "get_local_events(tool_id, code, /)" => get_local_events;
    /// Sets the events of one code object that a tool is told of.
    "set_local_events(tool_id, code, event_set, /)" => set_local_events;
    /// Restarts events that callbacks have disabled.
    "restart_events()" => |cx, _| { tools::restart_events(cx); Ok(Value::NONE) };
    "_all_events()" => all_events;
];

/// A C `int`; OverflowError.
fn int(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let n = vm::index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).map(i32::try_from) {
        Some(Ok(n)) => Ok(n),
        _ => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}

fn tool(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let n = int(cx, v)?;
    match usize::try_from(n) {
        Ok(n) if n < USER_TOOLS => Ok(n),
        _ => {
            let msg = format!("invalid tool {n} (must be between 0 and 5)");
            Err(cx.value_error(&msg))
        }
    }
}

fn check_in_use(cx: &mut Ctx, n: usize) -> PyResult<()> {
    if cx.space().tools.names[n].is_empty() {
        let msg = format!("tool {n} is not in use");
        return Err(cx.value_error(&msg));
    }
    Ok(())
}

fn code(cx: &mut Ctx, v: Value) -> PyResult<&'static CodeObj> {
    match CodeObj::of(v) {
        Some(c) => Ok(c),
        None => Err(cx.type_error("code must be a code object")),
    }
}

fn use_tool(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    if StrObj::of(a[1]).is_none() {
        return Err(cx.value_error("tool name must be a str"));
    }
    if !cx.space().tools.names[n].cas_raw(None, Some(a[1])) {
        let msg = format!("tool {n} is already in use");
        return Err(cx.value_error(&msg));
    }
    Ok(Value::NONE)
}

fn clear_tool(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    if !cx.space().tools.names[n].is_empty() {
        tools::clear(cx, n);
    }
    Ok(Value::NONE)
}

fn free_tool(cx: &mut Ctx, a: &[Value]) -> PyResult {
    clear_tool(cx, a)?;
    let n = tool(cx, a[0])?;
    cx.space().tools.names[n].init(None);
    Ok(Value::NONE)
}

fn get_tool(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    Ok(cx.space().tools.names[n].get_or_none())
}

fn register_callback(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    let event = int(cx, a[1])?;
    if event.cast_unsigned().count_ones() != 1 {
        return Err(cx.value_error("The callback can only be set for one event at a time"));
    }
    let e = event.trailing_zeros() as usize;
    if e >= EVENTS.len() {
        let msg = format!("invalid event {event}");
        return Err(cx.value_error(&msg));
    }
    vm::audit(cx, "sys.monitoring.register_callback", &[a[2]])?;
    let slot = &cx.space().tools.callbacks[n][e];
    let old = slot.get_or_none();
    slot.init(a[2].not_none());
    Ok(old)
}

fn invalid(cx: &mut Ctx, what: &str, set: i32) -> Raised {
    let msg = format!("invalid {what} set {set:#x}");
    cx.value_error(&msg)
}

const C_EVENTS: u32 = 1 << C_RETURN | 1 << C_RAISE;
const BRANCHES: u32 = 1 << BRANCH_LEFT | 1 << BRANCH_RIGHT;

/// Checks an event set; those of C functions go with CALL, BRANCH is both of its directions.
fn event_set(cx: &mut Ctx, v: Value, local: bool) -> PyResult<u32> {
    let set = int(cx, v)?;
    let mut e = set.cast_unsigned();
    let invalid_set =
        |cx: &mut Ctx, e: u32| invalid(cx, if local { "local event" } else { "event" }, e.cast_signed());
    if !local && e >= 1 << EVENTS.len() {
        return Err(invalid_set(cx, e));
    }
    if e & C_EVENTS != 0 {
        let with = 1 << CALL | C_EVENTS;
        if e & with != with {
            return Err(cx.value_error("cannot set C_RETURN or C_RAISE events independently"));
        }
        e &= !C_EVENTS;
    }
    if e & 1 << BRANCH != 0 {
        e = e & !(1 << BRANCH) | BRANCHES;
    }
    if local && e & !tools::LOCAL_EVENTS != 0 {
        return Err(invalid_set(cx, e));
    }
    Ok(e)
}

fn get_events(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    Ok(Value::small(i64::from(cx.space().tools.events[n].load(Ordering::Acquire))))
}

fn set_events(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    let set = event_set(cx, a[1], false);
    let set = set?;
    check_in_use(cx, n)?;
    tools::set_events(cx, n, set);
    Ok(Value::NONE)
}

fn get_local_events(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = code(cx, a[1])?;
    let n = tool(cx, a[0])?;
    Ok(Value::small(i64::from(tools::local_events(c, n))))
}

fn set_local_events(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = code(cx, a[1])?;
    let n = tool(cx, a[0])?;
    let set = event_set(cx, a[2], true)?;
    check_in_use(cx, n)?;
    tools::set_local_events(cx, c, n, set);
    Ok(Value::NONE)
}

fn all_events(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    let d = cx.dict();
    let Some(dict) = DictObj::of(d) else { return Ok(d) };
    for (i, name) in EVENTS.iter().enumerate() {
        let mut who = 0i64;
        for (t, events) in cx.space().tools.events.iter().enumerate() {
            who |= i64::from(events.load(Ordering::Acquire) >> i & 1) << t;
        }
        if who != 0 {
            let n = cx.intern_str(name);
            vm::dict_set(cx, dict, n, Value::small(who))?;
        }
    }
    Ok(d)
}

/// The namespace `sys.monitoring`, which is a module.
pub fn module(cx: &mut Ctx) -> PyResult {
    let m = vm::modules::new_module(cx, "sys.monitoring", None);
    let name = cx.intern_str("sys.monitoring");
    for def in FUNCTIONS {
        let f = cx.native_fn(Ty::NativeFn, def, Some(m), Some(name), None);
        vm::set_attr_str(cx, m, def.name, f)?;
    }
    for (n, id) in [("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)] {
        vm::set_attr_str(cx, m, n, Value::small(id))?;
    }
    let object = cx.ty(Ty::Object);
    for (i, n) in ["DISABLE", "MISSING"].into_iter().enumerate() {
        let v = cx.new_object(object);
        vm::set_attr_str(cx, m, n, v)?;
        cx.space().tools.marks[i].init(Some(v));
    }
    let d = cx.dict();
    if let Some(dict) = DictObj::of(d) {
        for (bit, n) in EVENTS.iter().enumerate() {
            let n = cx.intern_str(n);
            vm::dict_set(cx, dict, n, Value::small(1 << bit))?;
        }
        let n = cx.intern_str("NO_EVENTS");
        vm::dict_set(cx, dict, n, Value::small(0))?;
    }
    let ns = cx.ty(Ty::SimpleNamespace).value();
    let events = vm::call(cx, ns, &[d])?;
    vm::set_attr_str(cx, m, "events", events)?;
    Ok(m)
}
