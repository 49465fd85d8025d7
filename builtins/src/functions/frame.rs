//! `frame`: a running, suspended or finished call. Where its registers live at a time is `vm`'s business (`interp::frame`); its
//! variables are shown by the proxy in `locals`.

use super::code::offset;
use super::locals;
use protopy_bytecode::CodeFlags;
use protopy_vm::interp::frame::{self as frames, Frame, frame_register};
use protopy_vm::interp::{gens, remote, watch};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{
    CodeObj, FrameObj, FunctionObj, GeneratorObj, IntRef, MethodDef, StrObj, ValuesObj, gen_state,
};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};
use std::sync::atomic::Ordering;

/// Header flags of a frame.
const NO_LINES: u8 = 1;
const OPCODES: u8 = 2;

static METHODS: &[MethodDef] = methods![
    /// Forgets the variables of a finished frame; ends a generator that has not begun.
    "clear(self, /)" => clear;
    "__sizeof__(self, /)" => size_of_frame;
];

static GETSETS: &[GetSetDef] = getsets![
    /// Whether the trace function is called for lines.
    member "f_trace_lines" => get_trace_lines, set_trace_lines;
    /// The calling frame.
    "f_back" => get_back;
    /// The variables.
    "f_locals" => get_locals;
    /// The current line.
    "f_lineno" => get_lineno, set_lineno;
    /// The frame's trace function.
    "f_trace" => get_trace, set_trace;
    /// The current instruction.
    "f_lasti" => get_lasti;
    /// The global namespace.
    "f_globals" => get_globals;
    /// The namespace of builtins.
    "f_builtins" => get_builtins;
    /// The code object.
    "f_code" => get_code;
    /// Whether the trace function is called for instructions.
    "f_trace_opcodes" => get_trace_opcodes, set_trace_opcodes;
    /// The generator or coroutine whose frame it is, or None.
    "f_generator" => get_generator;
];

pub(super) static FRAME: TypeSpec = TypeSpec {
    ty: Some(Ty::Frame),
    name: "frame",
    layout: Layout::Frame,
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(frame_repr), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    ..TypeSpec::BASE
};

pub(super) fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static FrameObj> {
    match FrameObj::of(v) {
        Some(f) => Ok(f),
        None => Err(cx.type_error("descriptor requires a 'frame' object")),
    }
}

/// The code object of a frame.
pub(super) fn code_of(f: &FrameObj) -> Option<&'static CodeObj> {
    f.code.get().and_then(CodeObj::of)
}

fn generator(f: &FrameObj) -> Option<&'static GeneratorObj> {
    f.generator.get().and_then(GeneratorObj::of)
}

/// The window of a frame that is on this thread's stack.
fn window(cx: &Ctx, f: &FrameObj) -> Option<Frame> {
    let regs = f.regs.load(Ordering::Acquire);
    (!regs.is_null() && f.thread.load(Ordering::Relaxed) == cx.ident).then_some(Frame(regs))
}

/// The frame object of a generator that does not run on this thread, made on demand.
pub(super) fn of_generator(cx: &mut Ctx, g: &GeneratorObj) -> Value {
    remote::generator_frame(cx, g)
}

/// The instruction word that a frame is at.
pub(super) fn word_of(cx: &mut Ctx, f: &FrameObj) -> usize {
    if remote::is_elsewhere(cx, f) {
        if let Some(at) = remote::at_rest(cx, f, &mut |w, pc| w.index(pc)) {
            return at;
        }
    } else if let Some(w) = window(cx, f) {
        let mut at = frames::current(cx);
        while let Some((x, pc)) = at {
            if x == w {
                return x.index(pc);
            }
            at = frames::parent(x);
        }
    }
    match generator(f) {
        Some(g) if matches!(g.state.load(Ordering::Acquire), gen_state::CREATED | gen_state::SUSPENDED) => {
            g.pc.load(Ordering::Relaxed) as usize
        }
        _ => f.lasti.load(Ordering::Relaxed) as usize,
    }
}

/// The current line, if there is one.
pub(super) fn line_of(cx: &mut Ctx, f: &FrameObj) -> Option<u32> {
    let at = word_of(cx, f);
    let line = protopy_vm::code::line_of(code_of(f)?, at);
    // Modules begin at line 0.
    (line != 0 || at == 0).then_some(line)
}

// ---------------------------------------------------------------------------------------------------- attributes

fn get_back(cx: &mut Ctx, v: Value) -> PyResult {
    let f = this(cx, v)?;
    if let Some(w) = window(cx, f) {
        return Ok(match frames::parent(w) {
            Some((p, _)) => frames::frame_object(cx, p),
            None => Value::NONE,
        });
    }
    if remote::is_elsewhere(cx, f)
        && let Some(back) = remote::caller_object(cx, f)
    {
        return Ok(back.unwrap_or(Value::NONE));
    }
    match generator(f) {
        Some(g) if g.state.load(Ordering::Acquire) != gen_state::DONE => Ok(Value::NONE),
        _ => Ok(f.back.get_or_none()),
    }
}

fn get_locals(cx: &mut Ctx, v: Value) -> PyResult {
    let f = this(cx, v)?;
    let Some(code) = code_of(f) else { return Ok(cx.dict()) };
    let hidden = |cx: &mut Ctx| {
        code.rt.data.hidden.iter().any(|(_, r)| frame_register(cx, f, usize::from(*r)).is_some())
    };
    if code.flags & CodeFlags::OPTIMIZED != 0 || hidden(cx) {
        return Ok(locals::new_proxy(cx, v));
    }
    match frame_register(cx, f, 0) {
        Some(ns) => Ok(ns),
        None => Ok(cx.dict()),
    }
}

fn get_lineno(cx: &mut Ctx, v: Value) -> PyResult {
    let f = this(cx, v)?;
    Ok(line_of(cx, f).map_or(Value::NONE, |n| Value::small(i64::from(n))))
}

fn set_lineno(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let f = this(cx, v)?;
    let Some(new) = new else { return Err(undeletable(cx, "f_lineno")) };
    let Some(n) = IntRef::of(new).filter(|_| cx.is_exact(new, Ty::Int)) else {
        return Err(cx.value_error("lineno must be an integer"));
    };
    match n.to_i64().filter(|n| i32::try_from(*n).is_ok()) {
        Some(n) => watch::jump::set_line(cx, f, n),
        None => Err(cx.value_error("lineno out of range")),
    }
}

#[cold]
fn undeletable(cx: &mut Ctx, attr: &str) -> protopy_vm::protocore::Raised {
    let msg = format!("attribute '{attr}' of 'frame' objects cannot be deleted");
    cx.raise_str(Ty::AttributeError, &msg)
}

fn get_trace(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.trace.get_or_none())
}

fn set_trace(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let f = this(cx, v)?;
    match new.and_then(Value::not_none) {
        Some(new) => {
            if f.trace.is_empty() {
                // What the frame is doing is no news to its trace function.
                f.line.store(line_of(cx, f).unwrap_or(0), Ordering::Relaxed);
            }
            cx.store(v, &f.trace, new);
        }
        None => cx.store_empty(v, &f.trace),
    }
    Ok(())
}

fn get_lasti(cx: &mut Ctx, v: Value) -> PyResult {
    let f = this(cx, v)?;
    let at = offset(word_of(cx, f));
    Ok(cx.int(at))
}

fn get_code(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.code.get_or_none())
}

/// A namespace of the frame's function.
fn namespace(cx: &mut Ctx, v: Value, which: fn(&FunctionObj) -> Value) -> PyResult {
    let f = this(cx, v)?;
    Ok(f.func.get().and_then(FunctionObj::of).map_or(Value::NONE, which))
}

fn get_globals(cx: &mut Ctx, v: Value) -> PyResult {
    namespace(cx, v, |f| f.globals.get_or_none())
}

fn get_builtins(cx: &mut Ctx, v: Value) -> PyResult {
    namespace(cx, v, |f| f.builtins.get_or_none())
}

fn get_generator(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.generator.get_or_none())
}

fn get_trace_lines(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(this(cx, v)?.header.flags() & NO_LINES == 0))
}

fn set_trace_lines(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    match new {
        None => Err(cx.type_error("can't delete numeric/char attribute")),
        Some(new) => set_flag(cx, v, new, NO_LINES, Value::FALSE),
    }
}

fn get_trace_opcodes(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(this(cx, v)?.header.flags() & OPCODES != 0))
}

fn set_trace_opcodes(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    match new {
        None => Err(undeletable(cx, "f_trace_opcodes")),
        Some(new) => {
            set_flag(cx, v, new, OPCODES, Value::TRUE)?;
            let f = this(cx, v)?;
            if new.is(Value::TRUE)
                && let Some(code) = code_of(f)
            {
                if let Some(w) = window(cx, f) {
                    let at = word_of(cx, f);
                    watch::in_call(cx, w, at);
                }
                watch::tools::want_opcodes(cx, code);
            }
            Ok(())
        }
    }
}

/// Sets a header flag if the bool is `on`, clears it otherwise.
fn set_flag(cx: &mut Ctx, v: Value, new: Value, flag: u8, on: Value) -> PyResult<()> {
    let f = this(cx, v)?;
    if !new.is_bool() {
        return Err(cx.type_error("attribute value type must be bool"));
    }
    if new.is(on) {
        f.header.flags.fetch_or(flag, Ordering::Relaxed);
    } else {
        f.header.flags.fetch_and(!flag, Ordering::Relaxed);
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- methods

fn clear(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = this(cx, a[0])?;
    let state = generator(f).map(|g| g.state.load(Ordering::Acquire));
    if !f.regs.load(Ordering::Acquire).is_null() || state == Some(gen_state::RUNNING) {
        return Err(cx.raise_str(Ty::RuntimeError, "cannot clear an executing frame"));
    }
    match state {
        Some(gen_state::SUSPENDED) => {
            return Err(cx.raise_str(Ty::RuntimeError, "cannot clear a suspended frame"));
        }
        Some(gen_state::CREATED) => {
            let g = f.generator.get_or_none();
            super::generator::generator_del(cx, g)?;
            gens::gen_close(cx, g)?;
        }
        _ => {}
    }
    if let Some(saved) = f.saved.get().and_then(ValuesObj::of) {
        for s in saved.slots() {
            cx.store(saved.value(), s, Value::UNBOUND);
        }
    }
    cx.store_empty(a[0], &f.extra_locals);
    cx.store_empty(a[0], &f.trace);
    Ok(Value::NONE)
}

fn size_of_frame(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = this(cx, a[0])?;
    let regs = code_of(f).map_or(0, |c| c.nregs as usize);
    Ok(cx.int_usize(size_of::<FrameObj>() + regs * 8))
}

fn frame_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let f = this(cx, v)?;
    let line = line_of(cx, f).map_or_else(|| "?".to_owned(), |n| n.to_string());
    let mut out = protopy_text::StrBuf::from(format!("<frame at {:#x}, file ", v.bits()).as_str());
    if let Some(code) = code_of(f) {
        let file = ops::repr(cx, code.rt.filename.get_or_none())?;
        if let Some(s) = StrObj::of(file) {
            out.push_ref(s.str_ref());
        }
        out.push_str(&format!(", line {line}, code "));
        if let Some(s) = StrObj::of(code.rt.name) {
            out.push_ref(s.str_ref());
        }
    }
    out.push_str(">");
    cx.str_buf(out)
}

/// The dict of names that are no variables of a frame's code.
pub(super) fn extra_locals(f: &FrameObj) -> Option<&'static DictObj> {
    f.extra_locals.get().and_then(DictObj::of)
}
