//! `BufferedRWPair`: a reader and a writer on two raw streams.

use crate::bases::{STREAM, ask, forward};
use crate::util::*;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, TypeObj, Value,
};
use protopy_vm::{
    GetSetDef, TypeSpec, call, call_args, call_def, call_method, get_attr_str, getsets, methods,
};

/// The two streams.
#[derive(Default)]
pub struct Pair {
    reader: Slot,
    writer: Slot,
}

impl Payload for Pair {
    const NAME: &'static str = "BufferedRWPair";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.reader);
        t.slot(&self.writer);
    }
}

/// `BufferedRWPair`
pub static BUFFERED_RW_PAIR: TypeSpec = TypeSpec {
    name: "BufferedRWPair",
    module: "_io",
    layout: Layout::Native,
    vt: Some(<Pair as NativeLayout>::VT),
    flags: STREAM,
    slots: SlotSpec { new: Some(pair_new), init: Some(pair_init), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A buffered reader and a buffered writer as one stream: for two raw streams that cannot seek, such as the ends of pipes.",
    sig: Some("(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    raw "read(self, size=-1, /)" => |cx, this, args| to_reader(cx, this, "read", args);
    raw "peek(self, size=0, /)" => |cx, this, args| to_reader(cx, this, "peek", args);
    raw "read1(self, size=-1, /)" => |cx, this, args| to_reader(cx, this, "read1", args);
    raw "readinto(self, buffer, /)" => |cx, this, args| to_reader(cx, this, "readinto", args);
    raw "readinto1(self, buffer, /)" => |cx, this, args| to_reader(cx, this, "readinto1", args);
    raw "write(self, buffer, /)" => |cx, this, args| to_writer(cx, this, "write", args);
    raw "flush(self, /)" => |cx, this, args| to_writer(cx, this, "flush", args);
    raw "readable(self, /)" => |cx, this, args| to_reader(cx, this, "readable", args);
    raw "writable(self, /)" => |cx, this, args| to_writer(cx, this, "writable", args);
    "close(self, /)" => close;
    "isatty(self, /)" => isatty;
];

static GETSETS: &[GetSetDef] = getsets![
    "closed" => closed;
];

fn pair_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let v = cx.new_native(t, Pair::default());
    cx.register_finalizer(v);
    Ok(v)
}

static INIT: &[MethodDef] = methods![
    "BufferedRWPair(self, reader, writer, buffer_size=<default>, /)" => init_bound;
];

fn pair_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    call_def(cx, &INIT[0], Some(this), args).map(|_| ())
}

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static Pair> {
    match v.native::<Pair>() {
        Some(p) => Ok(p),
        None => Err(bad_receiver(cx, v, "BufferedRWPair")),
    }
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    let size = match a[3].bound() {
        Some(n) => {
            let n = ssize(cx, n)?;
            cx.int(n)
        }
        None => cx.int_usize(DEFAULT_BUFFER_SIZE),
    };
    check_able(cx, a[1], "readable")?;
    check_able(cx, a[2], "writable")?;
    let state = cx.space().state::<IoState>();
    let (Some(r), Some(w)) = (state.reader.get(), state.writer.get()) else { return Err(uninitialized(cx)) };
    let reader = call(cx, r, &[a[1], size])?;
    let writer = call(cx, w, &[a[2], size])?;
    cx.store(a[0], &me.reader, reader);
    cx.store(a[0], &me.writer, writer);
    Ok(Value::NONE)
}

fn part(cx: &mut Ctx, s: &Slot) -> PyResult {
    match s.get() {
        Some(v) => Ok(v),
        None => Err(uninitialized(cx)),
    }
}

fn to_reader(cx: &mut Ctx, this: Value, method: &str, args: Args<'_>) -> PyResult {
    let me = of(cx, this)?;
    let r = part(cx, &me.reader)?;
    let m = get_attr_str(cx, r, method)?;
    call_args(cx, m, args)
}

fn to_writer(cx: &mut Ctx, this: Value, method: &str, args: Args<'_>) -> PyResult {
    let me = of(cx, this)?;
    let w = part(cx, &me.writer)?;
    let m = get_attr_str(cx, w, method)?;
    call_args(cx, m, args)
}

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    let first = part(cx, &me.writer).and_then(|w| call_method(cx, w, "close", &[]));
    chain(cx, first, |cx| {
        let r = part(cx, &me.reader)?;
        call_method(cx, r, "close", &[])
    })
}

fn isatty(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    let w = part(cx, &me.writer)?;
    if ask(cx, w, "isatty")? {
        return Ok(Value::TRUE);
    }
    let r = part(cx, &me.reader)?;
    forward(cx, r, "isatty")
}

fn closed(cx: &mut Ctx, this: Value) -> PyResult {
    let me = of(cx, this)?;
    if me.writer.is_empty() {
        return Err(cx.raise_str(
            protopy_vm::protocore::Ty::RuntimeError,
            "the BufferedRWPair object is being garbage-collected",
        ));
    }
    let w = part(cx, &me.writer)?;
    get_attr_str(cx, w, "closed")
}
