//! `traceback`: where an exception has passed.
//!
//! `tb_lasti` counts two for an instruction word, as an index into `co_positions()` is had by halving it. A traceback made by its
//! constructor keeps the number that it was given: [`GIVEN`] is set then.

use super::frame::code_of;
use protopy_vm::errors::Traceback;
use protopy_vm::protocore::layouts::{FrameObj, IntRef, MethodDef};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, Layout, NativeLayout, PyResult, Slot, Ty, TypeObj, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Bit of `lasti`: the other bits are `tb_lasti` as the constructor got it.
const GIVEN: u32 = 1 << 31;

static NEW: &[MethodDef] = methods![
    "traceback(cls, tb_next, tb_frame, tb_lasti, tb_lineno)" => make;
];

static METHODS: &[MethodDef] = methods![
    /// The names of the attributes.
    "__dir__(self, /)" => dir;
];

static GETSETS: &[GetSetDef] = getsets![
    /// The frame.
    member "tb_frame" => get_frame;
    /// The instruction.
    member "tb_lasti" => get_lasti;
    /// The next entry, nearer to where the exception was raised.
    "tb_next" => get_next, set_next;
    /// The line.
    "tb_lineno" => get_lineno;
];

pub(super) static TRACEBACK: TypeSpec = TypeSpec {
    ty: Some(Ty::Traceback),
    name: "traceback",
    layout: Layout::Native,
    vt: Some(<Traceback as NativeLayout>::VT),
    slots: SlotSpec { new: Some(traceback_new), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Makes a traceback entry.",
    sig: Some("(tb_next, tb_frame, tb_lasti, tb_lineno)"),
    ..TypeSpec::BASE
};

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Traceback> {
    match v.native::<Traceback>() {
        Some(t) => Ok(t),
        None => Err(cx.type_error("descriptor requires a 'traceback' object")),
    }
}

fn traceback_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    protopy_vm::call_def(cx, &NEW[0], Some(class), args)
}

/// A number for a C `int`.
fn c_int(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let n = ops::index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).map(i32::try_from) {
        Some(Ok(n)) => Ok(n),
        _ => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}

fn make(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let [class, next, frame, lasti, line] = *a else { return Err(cx.type_error("traceback() arguments")) };
    if FrameObj::of(frame).is_none() {
        let msg =
            format!("traceback() argument 'tb_frame' must be frame, not {}", super::arg_type(cx, frame));
        return Err(cx.type_error(&msg));
    }
    let lasti = c_int(cx, lasti)?;
    let line = c_int(cx, line)?;
    if !next.is_none() && next.native::<Traceback>().is_none() {
        let msg = format!("expected traceback object or None, got '{}'", protopy_vm::ops::tp_name(cx, next));
        return Err(cx.type_error(&msg));
    }
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("traceback() requires a class")) };
    Ok(cx.new_native(
        ty,
        Traceback {
            next: Slot::from_option(next.not_none()),
            frame: Slot::new(frame),
            lasti: AtomicU32::new(lasti.cast_unsigned() | GIVEN),
            line: AtomicI64::new(i64::from(line)),
        },
    ))
}

fn dir(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"].map(|n| cx.intern_str(n));
    cx.list(&names)
}

fn get_frame(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.frame.get_or_none())
}

fn get_lasti(cx: &mut Ctx, v: Value) -> PyResult {
    let raw = this(cx, v)?.lasti.load(Ordering::Relaxed);
    let n = if raw & GIVEN == 0 { i64::from(raw) * 2 } else { given_lasti(raw) };
    Ok(cx.int(n))
}

fn get_lineno(cx: &mut Ctx, v: Value) -> PyResult {
    let t = this(cx, v)?;
    let line = t.line.load(Ordering::Relaxed);
    if line > 0 {
        return Ok(cx.int(line));
    }
    let code = t.frame.get().and_then(FrameObj::of).and_then(code_of);
    let raw = t.lasti.load(Ordering::Relaxed);
    let found = match (code, line) {
        (Some(c), -1) if raw & GIVEN == 0 => protopy_vm::code::line_of(c, raw as usize),
        (Some(c), -1) => match usize::try_from(given_lasti(raw)) {
            Ok(n) => protopy_vm::code::line_of(c, n / 2),
            Err(_) => c.rt.data.first_line,
        },
        _ => 0,
    };
    Ok(if found == 0 { Value::NONE } else { Value::small(i64::from(found)) })
}

/// `tb_lasti` as the constructor got it: the sign was bit 31, and 30 stands for it now.
fn given_lasti(raw: u32) -> i64 {
    i64::from((raw << 1).cast_signed() >> 1)
}

fn get_next(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.next.get_or_none())
}

fn set_next(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let t = this(cx, v)?;
    let Some(new) = new else { return Err(cx.type_error("can't delete tb_next attribute")) };
    if new.is_none() {
        cx.store_empty(v, &t.next);
        return Ok(());
    }
    if new.native::<Traceback>().is_none() {
        let msg = format!("expected traceback object, got '{}'", protopy_vm::ops::tp_name(cx, new));
        return Err(cx.type_error(&msg));
    }
    let mut at = Some(new);
    while let Some(x) = at {
        if x.is(v) {
            return Err(cx.value_error("traceback loop detected"));
        }
        at = x.native::<Traceback>().and_then(|t| t.next.get()).and_then(Value::not_none);
    }
    cx.store(v, &t.next, new);
    Ok(())
}
