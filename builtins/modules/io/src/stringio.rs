//! `StringIO`: a text stream in memory.

use crate::bases::STREAM;
use crate::bytesio::{attributes, restore_attributes};
use crate::lock::Locked;
use crate::newline::{Ending, Mode, Newlines};
use crate::util::*;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{GetSetDef, TypeSpec, call_def, call_method, getsets, methods, repr_text};
use std::sync::atomic::{AtomicU8, Ordering};

const FRESH: u8 = 0;
const READY: u8 = 1;
const CLOSED: u8 = 2;

/// The content.
struct Data {
    text: StrBuf,
    pos: usize,
    universal: bool,
    lines: Newlines,
    ending: Ending,
    write: Option<&'static str>,
}

impl Default for Data {
    fn default() -> Data {
        Data {
            text: StrBuf::new(),
            pos: 0,
            universal: false,
            lines: Newlines::default(),
            ending: Ending::Lf,
            write: None,
        }
    }
}

impl Data {
    /// Puts text at the position, over what is there.
    fn put(&mut self, s: StrRef<'_>) {
        let len = self.text.len();
        if self.pos > len {
            self.text.push_n(0, self.pos - len);
        }
        let end = self.pos + s.len();
        if self.pos == self.text.len() {
            self.text.push_ref(s);
        } else if !self.overwrite(s) {
            let old = std::mem::take(&mut self.text);
            let view = old.as_ref();
            let mut new = StrBuf::with_capacity_like(view);
            new.push_ref(view.slice(0, self.pos));
            new.push_ref(s);
            new.push_ref(view.slice(end, view.len()));
            self.text = new;
        }
        self.pos = end;
    }

    /// Overwrites in place if that needs neither a wider nor a longer text.
    fn overwrite(&mut self, s: StrRef<'_>) -> bool {
        let (from, end) = (self.pos, self.pos + s.len());
        match (&mut self.text, s) {
            (StrBuf::Latin1(t), StrRef::Latin1(s)) if end <= t.len() => t[from..end].copy_from_slice(s),
            (StrBuf::Ucs2(t), StrRef::Ucs2(s)) if end <= t.len() => t[from..end].copy_from_slice(s),
            (StrBuf::Ucs4(t), StrRef::Ucs4(s)) if end <= t.len() => t[from..end].copy_from_slice(s),
            _ => return false,
        }
        true
    }

    /// The rest from the position on.
    fn rest(&self) -> StrRef<'_> {
        let view = self.text.as_ref();
        view.slice(self.pos, view.len())
    }
}

/// A text stream in memory.
pub struct StringIo {
    state: AtomicU8,
    /// The `newline` argument as a str, or None.
    newline: Slot,
    data: Locked<Data>,
}

impl Payload for StringIo {
    const NAME: &'static str = "StringIO";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.newline);
    }
}

/// `StringIO`
pub static STRING_IO: TypeSpec = TypeSpec {
    name: "StringIO",
    module: "_io",
    layout: Layout::Native,
    vt: Some(<StringIo as NativeLayout>::VT),
    flags: STREAM,
    slots: SlotSpec {
        new: Some(stringio_new),
        init: Some(stringio_init),
        iternext: Some(stringio_next),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A text stream whose content is in memory.",
    sig: Some("(initial_value='', newline='\\n')"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Gives the memory back.
    "close(self, /)" => close;
    /// The whole content.
    "getvalue(self, /)" => getvalue;
    /// Reads size characters, or all.
    "read(self, size=-1, /)" => read;
    /// Reads a line, or as much of it as size allows.
    "readline(self, size=-1, /)" => readline;
    /// The position.
    "tell(self, /)" => tell;
    /// Cuts the content, by default at the position.
    "truncate(self, pos=None, /)" => truncate;
    /// Moves the position and answers it.
    "seek(self, pos, whence=0, /)" => seek;
    /// Writes a string; answers how many characters.
    "write(self, s, /)" => write;
    /// True: the position can be moved.
    "seekable(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::TRUE);
    /// True: a stream in memory can be read.
    "readable(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::TRUE);
    /// True: a stream in memory can be written to.
    "writable(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::TRUE);
    "__getstate__(self, /)" => getstate;
    "__setstate__(self, state, /)" => setstate;
];

static GETSETS: &[GetSetDef] = getsets![
    "closed" => |cx, v| ready(cx, v).map(|s| Value::bool(s.state.load(Ordering::Acquire) == CLOSED));
    "newlines" => newlines;
    "line_buffering" => |cx, v| open(cx, v).map(|_| Value::FALSE);
];

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static StringIo> {
    match v.native::<StringIo>() {
        Some(s) => Ok(s),
        None => Err(bad_receiver(cx, v, "StringIO")),
    }
}

fn ready(cx: &mut Ctx, v: Value) -> PyResult<&'static StringIo> {
    let s = of(cx, v)?;
    if s.state.load(Ordering::Acquire) == FRESH { Err(uninitialized(cx)) } else { Ok(s) }
}

#[inline]
fn open(cx: &mut Ctx, v: Value) -> PyResult<&'static StringIo> {
    let s = of(cx, v)?;
    match s.state.load(Ordering::Acquire) {
        READY => Ok(s),
        state => Err(not_open(cx, state)),
    }
}

#[cold]
fn not_open(cx: &mut Ctx, state: u8) -> Raised {
    if state == CLOSED { cx.value_error("I/O operation on closed file") } else { uninitialized(cx) }
}

fn stringio_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let s =
        StringIo { state: AtomicU8::new(FRESH), newline: Slot::empty(), data: Locked::new(Data::default()) };
    let v = cx.new_native(t, s);
    // A subclass may do something in its `close`.
    if !t.has(type_flags::IMMUTABLE) {
        cx.register_finalizer(v);
    }
    Ok(v)
}

static INIT: &[MethodDef] = methods![
    "StringIO(self, initial_value=None, newline=<lf>)" => init_bound;
];

fn stringio_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    call_def(cx, &INIT[0], Some(this), args).map(|_| ())
}

/// A `newline` argument's object and mode.
fn newline_mode(cx: &mut Ctx, v: Value) -> PyResult<(Value, Mode)> {
    let v = match v.bound() {
        Some(v) => v,
        None => cx.intern_str("\n"),
    };
    let text = match StrObj::of(v) {
        Some(s) => Some(s.to_string_lossy()),
        None if v.is_none() => None,
        None => {
            let msg = format!("newline must be str or None, not {}", protopy_vm::ops::tp_name(cx, v));
            return Err(cx.type_error(&msg));
        }
    };
    match Mode::parse(text.as_deref()) {
        Some(m) => Ok((v, m)),
        None => {
            let msg = format!("illegal newline value: {}", repr_text(cx, v)?);
            Err(cx.value_error(&msg))
        }
    }
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    let me = of(cx, this)?;
    let (newline, mode) = newline_mode(cx, a[2])?;
    let initial = match (a[1].not_none(), a[1].not_none().and_then(StrObj::of)) {
        (None, _) => None,
        (_, Some(s)) => Some(s),
        (Some(v), None) => {
            let msg = format!("initial_value must be str or None, not {}", protopy_vm::ops::tp_name(cx, v));
            return Err(cx.type_error(&msg));
        }
    };
    cx.store(this, &me.newline, newline);
    me.data.with(cx, this, |_, d| {
        *d = Data {
            universal: mode.universal,
            lines: Newlines::new(mode.translate),
            ending: mode.ending,
            write: mode.write,
            ..Data::default()
        };
        if let Some(s) = initial {
            put_text(d, s.str_ref());
            d.pos = 0;
        }
        Ok(())
    })?;
    me.state.store(READY, Ordering::Release);
    Ok(Value::NONE)
}

/// Puts text through the newline treatment.
fn put_text(d: &mut Data, s: StrRef<'_>) {
    let decoded = if d.universal { d.lines.feed(s, true) } else { None };
    let view = decoded.as_ref().map_or(s, StrBuf::as_ref);
    match d.write {
        None => d.put(view),
        Some(nl) => {
            let mut out = StrBuf::with_capacity_like(view);
            for c in view.chars() {
                if c == 10 { out.push_str(nl) } else { out.push(c) }
            }
            d.put(out.as_ref());
        }
    }
}

fn newlines(cx: &mut Ctx, v: Value) -> PyResult {
    let me = open(cx, v)?;
    let (universal, lines) = me.data.with(cx, v, |_, d| Ok((d.universal, d.lines)))?;
    if universal { lines.value(cx) } else { Ok(Value::NONE) }
}

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.state.store(CLOSED, Ordering::Release);
    me.data.with(cx, a[0], |_, d| {
        *d = Data::default();
        Ok(Value::NONE)
    })
}

fn getvalue(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = open(cx, a[0])?;
    me.data.with(cx, a[0], |cx, d| cx.str_from(d.text.as_ref()))
}

fn tell(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = open(cx, a[0])?;
    me.data.with(cx, a[0], |cx, d| Ok(cx.int_usize(d.pos)))
}

fn write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    of(cx, a[0])?;
    let Some(s) = StrObj::of(a[1]) else {
        ready(cx, a[0])?;
        let msg = format!("string argument expected, got '{}'", protopy_vm::ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    };
    let me = open(cx, a[0])?;
    if !s.is_empty() {
        me.data.with(cx, a[0], |cx, d| {
            let view = s.str_ref();
            let gap = d.pos.saturating_sub(d.text.len());
            if d.pos.checked_add(view.len()).and_then(|n| isize::try_from(n).ok()).is_none() {
                return Err(cx.raise_str(Ty::OverflowError, "new position too large"));
            }
            if !d.text.try_reserve(gap.saturating_add(view.len())) {
                return Err(cx.no_memory());
            }
            put_text(d, view);
            Ok(())
        })?;
        protopy_vm::keep_alive(a[1]);
    }
    Ok(cx.int_usize(s.len()))
}

fn read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = open(cx, a[0])?;
    let n = usize::try_from(opt_size(cx, a[1])?).unwrap_or(usize::MAX);
    me.data.with(cx, a[0], |cx, d| {
        let rest = d.rest();
        let n = n.min(rest.len());
        let v = cx.str_from(rest.slice(0, n))?;
        d.pos += n;
        Ok(v)
    })
}

fn line(cx: &mut Ctx, this: Value, limit: usize) -> PyResult {
    let me = open(cx, this)?;
    me.data.with(cx, this, |cx, d| {
        let rest = d.rest();
        let n = d.ending.after_first(rest).unwrap_or(rest.len()).min(limit);
        let v = cx.str_from(rest.slice(0, n))?;
        d.pos += n;
        Ok(v)
    })
}

fn readline(cx: &mut Ctx, a: &[Value]) -> PyResult {
    open(cx, a[0])?;
    let limit = usize::try_from(opt_size(cx, a[1])?).unwrap_or(usize::MAX);
    line(cx, a[0], limit)
}

fn stringio_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    open(cx, this)?;
    let v = if is_builtin_class(cx, this) {
        line(cx, this, usize::MAX)?
    } else {
        call_method(cx, this, "readline", &[])?
    };
    match StrObj::of(v) {
        Some(s) if s.is_empty() => Ok(None),
        Some(_) => Ok(Some(v)),
        None => {
            let msg = format!(
                "readline() should have returned a str object, not '{}'",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.raise_str(Ty::OSError, &msg))
        }
    }
}

fn truncate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = open(cx, a[0])?;
    let size = match a[1].not_none() {
        None => None,
        Some(_) => {
            let n = opt_size(cx, a[1])?;
            match usize::try_from(n) {
                Ok(n) => Some(n),
                Err(_) => return Err(cx.value_error(&format!("Negative size value {n}"))),
            }
        }
    };
    me.data.with(cx, a[0], |cx, d| {
        let size = size.unwrap_or(d.pos);
        if size < d.text.len() {
            d.text.truncate(size);
        }
        Ok(cx.int_usize(size))
    })
}

fn seek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    ready(cx, a[0])?;
    let pos = ssize(cx, a[1])?;
    let whence = int_or(cx, a[2], 0)?;
    let me = open(cx, a[0])?;
    if !(0..=2).contains(&whence) {
        return Err(cx.value_error(&format!("Invalid whence ({whence}, should be 0, 1 or 2)")));
    }
    if pos < 0 && whence == 0 {
        return Err(cx.value_error(&format!("Negative seek position {pos}")));
    }
    if pos != 0 && whence != 0 {
        return Err(cx.raise_str(Ty::OSError, "Can't do nonzero cur-relative seeks"));
    }
    me.data.with(cx, a[0], |cx, d| {
        d.pos = match whence {
            0 => usize::try_from(pos).unwrap_or(0),
            1 => d.pos,
            _ => d.text.len(),
        };
        Ok(cx.int_usize(d.pos))
    })
}

fn getstate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let value = getvalue(cx, a)?;
    let me = of(cx, a[0])?;
    let newline = me.newline.get_or_none();
    let pos = tell(cx, a)?;
    let dict = attributes(cx, a[0])?;
    cx.tuple_of(None, &[value, newline, pos, dict])
}

fn setstate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    if me.state.load(Ordering::Acquire) == CLOSED {
        return Err(not_open(cx, CLOSED));
    }
    let Some([value, newline, pos, dict, ..]) = TupleObj::of(a[1]).map(|t| t.items()) else {
        let msg = format!(
            "{}.__setstate__ argument should be 4-tuple, got {}",
            shown_class(cx, a[0]),
            protopy_vm::ops::tp_name(cx, a[1])
        );
        return Err(cx.type_error(&msg));
    };
    init_bound(cx, &[a[0], Value::NONE, *newline])?;
    // The content is taken as it is: its newlines have been treated.
    if !value.is_none() {
        let Some(s) = StrObj::of(*value) else {
            let msg =
                format!("initial_value must be str or None, not {}", protopy_vm::ops::tp_name(cx, *value));
            return Err(cx.type_error(&msg));
        };
        me.data.with(cx, a[0], |_, d| {
            d.text = StrBuf::from_ref(s.str_ref());
            Ok(())
        })?;
    }
    let Some(n) = IntRef::of(*pos) else {
        let msg =
            format!("third item of state must be an integer, got {}", protopy_vm::ops::tp_name(cx, *pos));
        return Err(cx.type_error(&msg));
    };
    let Some(n) = n.to_i64() else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t"));
    };
    let Ok(n) = usize::try_from(n) else {
        return Err(cx.value_error("position value cannot be negative"));
    };
    me.data.with(cx, a[0], |_, d| {
        d.pos = n;
        Ok(())
    })?;
    if !dict.is_none() && !cx.is_instance(*dict, Ty::Dict) {
        let msg =
            format!("fourth item of state should be a dict, got a {}", protopy_vm::ops::tp_name(cx, *dict));
        return Err(cx.type_error(&msg));
    }
    restore_attributes(cx, a[0], *dict)?;
    Ok(Value::NONE)
}
