//! `sys.monitoring` (PEP 669): tools, their events and callbacks.
//!
//! Tools register here; the interpreter does not raise the events yet, so a tool that asks for one is told so.

use protopy_vm::methods;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Ctx, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::{self as vm};

const TOOLS: usize = 6;
const EVENTS: [(&str, i64); 19] = [
    ("PY_START", 1),
    ("PY_RESUME", 2),
    ("PY_RETURN", 4),
    ("PY_YIELD", 8),
    ("CALL", 16),
    ("LINE", 32),
    ("INSTRUCTION", 64),
    ("JUMP", 128),
    ("BRANCH_LEFT", 256),
    ("BRANCH_RIGHT", 512),
    ("STOP_ITERATION", 1024),
    ("RAISE", 2048),
    ("EXCEPTION_HANDLED", 4096),
    ("PY_UNWIND", 8192),
    ("PY_THROW", 16384),
    ("RERAISE", 32768),
    ("C_RETURN", 65536),
    ("C_RAISE", 131_072),
    ("BRANCH", 262_144),
];

/// Names of the tools in use.
#[derive(Default)]
pub struct Tools {
    names: [Slot; TOOLS],
}

impl SpaceState for Tools {
    fn trace(&self, t: &mut Tracer) {
        t.slots(&self.names);
    }
}

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Reserves a tool number under a name.
    "use_tool_id(tool_id, name, /)" => use_tool;
    /// Gives a tool number back.
    "free_tool_id(tool_id, /)" => free_tool;
    /// Forgets the callbacks of a tool.
    "clear_tool_id(tool_id, /)" => |cx, a| { tool(cx, a[0])?; Ok(Value::NONE) };
    /// The name of a tool, or None.
    "get_tool(tool_id, /)" => get_tool;
    /// The events that a tool receives.
    "get_events(tool_id, /)" => |cx, a| { in_use(cx, a[0])?; Ok(Value::small(0)) };
    /// Asks for events.
    "set_events(tool_id, event_set, /)" => set_events;
    /// The events of one code object that a tool receives.
    "get_local_events(tool_id, code, /)" => |cx, a| { in_use(cx, a[0])?; Ok(Value::small(0)) };
    /// Restarts events that callbacks have disabled.
    "restart_events()" => |_, _| Ok(Value::NONE);
];

fn tool(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let n = vm::index_i64(cx, v, Ty::OverflowError)?;
    match usize::try_from(n) {
        Ok(n) if n < TOOLS => Ok(n),
        _ => {
            let msg = format!("invalid tool {n} (must be between 0 and 5)");
            Err(cx.value_error(&msg))
        }
    }
}

fn in_use(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let n = tool(cx, v)?;
    if cx.space().state::<Tools>().names[n].is_empty() {
        let msg = format!("tool {n} is not in use");
        return Err(cx.value_error(&msg));
    }
    Ok(n)
}

fn use_tool(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    if StrObj::of(a[1]).is_none() {
        return Err(cx.value_error("tool name must be a str"));
    }
    let tools = cx.space().state::<Tools>();
    if !tools.names[n].cas_raw(None, Some(a[1])) {
        let msg = format!("tool {n} is already in use");
        return Err(cx.value_error(&msg));
    }
    Ok(Value::NONE)
}

fn free_tool(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    cx.space().state::<Tools>().names[n].init(None);
    Ok(Value::NONE)
}

fn get_tool(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = tool(cx, a[0])?;
    Ok(cx.space().state::<Tools>().names[n].get_or_none())
}

fn set_events(cx: &mut Ctx, a: &[Value]) -> PyResult {
    in_use(cx, a[0])?;
    if vm::index_i64(cx, a[1], Ty::OverflowError)? == 0 {
        return Ok(Value::NONE);
    }
    Err(cx.raise_str(Ty::NotImplementedError, "monitoring events are not raised by this interpreter yet"))
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
    for n in ["DISABLE", "MISSING"] {
        let v = cx.new_object(object);
        vm::set_attr_str(cx, m, n, v)?;
    }
    let d = cx.dict();
    if let Some(dict) = DictObj::of(d) {
        for (n, bit) in EVENTS {
            let n = cx.intern_str(n);
            vm::dict_set(cx, dict, n, Value::small(bit))?;
        }
        let n = cx.intern_str("NO_EVENTS");
        vm::dict_set(cx, dict, n, Value::small(0))?;
    }
    let ns = cx.ty(Ty::SimpleNamespace).value();
    let events = vm::call(cx, ns, &[d])?;
    vm::set_attr_str(cx, m, "events", events)?;
    Ok(m)
}
