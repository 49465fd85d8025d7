//! Making a text stream, and changing what it was made with.

use super::*;
use crate::bases::ask;
use crate::buffered::Buffered;
use crate::newline::{Mode, NEWLINE_DECODER, NewlineDecoder};
use protopy_vm::codec::lookup_text_codec;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Args, Ty, TypeObj};
use protopy_vm::{call, call_def, call_method, get_attr_str, is_true, lookup_attr_str, methods, warn};

pub(super) fn text_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let v = cx.new_native(t, TextIo::fresh());
    cx.register_finalizer(v);
    Ok(v)
}

/// A text stream that is not set up yet, with a finalizer.
pub fn unregistered(cx: &mut Ctx, class: &TypeObj) -> Value {
    let v = cx.new_native(class, TextIo::fresh());
    cx.register_finalizer(v);
    v
}

static INIT: &[MethodDef] = methods![
    "TextIOWrapper(self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)" => init_bound;
];

pub(super) fn text_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    call_def(cx, &INIT[0], Some(this), args).map(|_| ())
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (line, through) = (is_true(cx, a[5])?, is_true(cx, a[6])?);
    set_up(cx, a[0], a[1], [a[2], a[3], a[4]], line, through)?;
    Ok(Value::NONE)
}

/// A `newline` argument's text and mode; ValueError for an illegal one.
fn newline_mode(cx: &mut Ctx, v: Value) -> PyResult<Mode> {
    let text = str_or_none(cx, v, "TextIOWrapper", "newline")?;
    match Mode::parse(text.as_deref()) {
        Some(m) => Ok(m),
        None => {
            let shown = text.unwrap_or_default();
            Err(cx.value_error(&format!("illegal newline value: {shown}")))
        }
    }
}

fn set_lines(me: &TextIo, m: Mode) {
    me.lines.store(m.number(), Ordering::Relaxed);
}

/// The encoding that an `encoding` argument means, as an object.
fn encoding_value(cx: &mut Ctx, v: Value) -> PyResult {
    let text = str_or_none(cx, v, "TextIOWrapper", "encoding")?;
    match text.as_deref() {
        None => {
            if sys_flag(cx, "warn_default_encoding") {
                warn(cx, Ty::EncodingWarning, "'encoding' argument not specified", 1)?;
            }
            let n = default_encoding(cx);
            Ok(cx.str(&n))
        }
        Some("locale") => locale_value(cx),
        Some(_) => Ok(v),
    }
}

fn locale_value(cx: &mut Ctx) -> PyResult {
    let n = crate::sys::locale_encoding();
    let n = if n.is_empty() || n == "ANSI_X3.4-1968" { "utf-8" } else { &n };
    Ok(cx.str(n))
}

/// An `errors` argument; in development mode the handler must exist.
fn errors_value(cx: &mut Ctx, v: Value) -> PyResult {
    match str_or_none(cx, v, "TextIOWrapper", "errors")? {
        None => Ok(cx.intern_str("strict")),
        Some(e) => {
            if sys_flag(cx, "dev_mode") {
                protopy_vm::codec::lookup_error(cx, &e)?;
            }
            Ok(v)
        }
    }
}

/// Initialises a text stream (again). The options are encoding, errors and newline.
pub fn set_up(
    cx: &mut Ctx,
    this: Value,
    buffer: Value,
    [encoding, errors, newline]: [Value; 3],
    line_buffering: bool,
    write_through: bool,
) -> PyResult<()> {
    let me = of(cx, this)?;
    me.bits.store(0, Ordering::Release);
    let mode = newline_mode(cx, newline)?;
    let encoding = encoding_value(cx, encoding)?;
    let errors = errors_value(cx, errors)?;
    let codec = find_codec(cx, encoding)?;
    for s in [&me.encoder, &me.decoder, &me.snapshot, &me.raw] {
        cx.store_empty(this, s);
    }
    me.set_decoded(cx, this, None);
    me.pending.with(Vec::clear);
    me.waits.store(false, Ordering::Relaxed);
    me.set_ratio(0.0);
    me.chunk.store(CHUNK, Ordering::Relaxed);
    cx.store(this, &me.encoding, encoding);
    cx.store(this, &me.errors, errors);
    set_lines(me, mode);
    me.put(LINE_BUFFERING, line_buffering);
    me.put(WRITE_THROUGH, write_through);
    cx.store(this, &me.buffer, buffer);
    set_codecs(cx, this, me, buffer, codec)?;
    find_raw(cx, this, me, buffer)?;
    let seekable = ask(cx, buffer, "seekable")?;
    me.put(SEEKABLE | TELLING, seekable);
    let read1 = lookup_attr_str(cx, buffer, "read1")?.is_some();
    me.put(HAS_READ1, read1);
    settle_encoder(cx, me, buffer)?;
    me.put(OK, true);
    Ok(())
}

/// Remembers the raw file, so that "closed" can be asked quickly.
fn find_raw(cx: &mut Ctx, this: Value, me: &TextIo, buffer: Value) -> PyResult<()> {
    if buffer.native::<Buffered>().is_none() || !is_builtin_class(cx, buffer) {
        return Ok(());
    }
    let raw = get_attr_str(cx, buffer, "raw")?;
    if raw.native::<FileIo>().is_some() && is_builtin_class(cx, raw) {
        cx.store(this, &me.raw, raw);
    }
    Ok(())
}

/// A native encoding, or the codec that the registry has.
enum Found {
    Native(Charset),
    Codec(Value),
}

fn find_codec(cx: &mut Ctx, encoding: Value) -> PyResult<Found> {
    let n = StrObj::of(encoding).map_or_else(String::new, StrObj::to_string_lossy);
    // Codecs are looked up by C strings.
    let n = n.split('\0').next().unwrap_or_default();
    match Charset::of(n) {
        Some(c) => Ok(Found::Native(c)),
        None => lookup_text_codec(cx, n, "codecs.open()").map(Found::Codec),
    }
}

/// Makes encoder and decoder as far as the buffer can be written to and read.
fn set_codecs(cx: &mut Ctx, this: Value, me: &TextIo, buffer: Value, codec: Found) -> PyResult<()> {
    let reads = ask(cx, buffer, "readable")?;
    let lines = me.lines();
    let mut decoder = None;
    if reads && let Found::Codec(c) = codec {
        let make = get_attr_str(cx, c, "incrementaldecoder")?;
        let errors = me.errors.get_or_none();
        let d = call(cx, make, &[errors])?;
        decoder = Some(if lines.universal { wrap_decoder(cx, d, lines.translate)? } else { d });
    }
    let writes = ask(cx, buffer, "writable")?;
    let mut encoder = None;
    if writes && let Found::Codec(c) = codec {
        let make = get_attr_str(cx, c, "incrementalencoder")?;
        let errors = me.errors.get_or_none();
        encoder = Some(call(cx, make, &[errors])?);
    }
    for (slot, v) in [(&me.decoder, decoder), (&me.encoder, encoder)] {
        match v {
            Some(v) => cx.store(this, slot, v),
            None => cx.store_empty(this, slot),
        }
    }
    let native = match codec {
        Found::Native(c) => Some(c),
        Found::Codec(_) => None,
    };
    me.charset.store(native.map_or(0, Charset::number), Ordering::Relaxed);
    me.native
        .with(|n| *n = NativeDecoder { lines: Newlines::new(lines.translate), ..NativeDecoder::default() });
    me.put(READS, reads);
    me.put(WRITES, writes);
    Ok(())
}

fn wrap_decoder(cx: &mut Ctx, d: Value, translate: bool) -> PyResult {
    let class = cx.space().state::<IoState>().newline_decoder.get();
    debug_assert_eq!(NEWLINE_DECODER.name, <NewlineDecoder as Payload>::NAME);
    match class {
        Some(c) => call(cx, c, &[d, Value::bool(translate)]),
        None => Err(uninitialized(cx)),
    }
}

/// In the middle of a file no byte order mark is written.
fn settle_encoder(cx: &mut Ctx, me: &TextIo, buffer: Value) -> PyResult<()> {
    if !me.has(SEEKABLE) || me.encoder.is_empty() {
        return Ok(());
    }
    let at = call_method(cx, buffer, "tell", &[])?;
    if !protopy_vm::eq(cx, at, Value::small(0))? {
        me.place_encoder(cx, false)?;
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- reconfigure

/// An option that is a truth value or None.
fn flag(cx: &mut Ctx, v: Value, now: bool) -> PyResult<bool> {
    if v.is_none() {
        return Ok(now);
    }
    let n = protopy_vm::index_i64(cx, v, Ty::OverflowError)?;
    Ok(n != 0)
}

pub(super) fn reconfigure(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (this, encoding, errors, newline) = (a[0], a[1], a[2], a[3]);
    let me = of(cx, this)?;
    me.lock.with(cx, |cx| {
        if me.decoded().is_some() && (!encoding.is_none() || !errors.is_none() || !newline.is_unbound()) {
            return Err(unsupported(
                cx,
                "It is not possible to set the encoding or newline of stream after the first read",
            ));
        }
        let mode = match newline.bound() {
            None => None,
            Some(n) => {
                if StrObj::of(n).is_none() && !n.is_none() {
                    let msg = format!(
                        "reconfigure() argument 'newline' must be str or None, not {}",
                        protopy_vm::ops::tp_name(cx, n)
                    );
                    return Err(cx.type_error(&msg));
                }
                Some(newline_mode(cx, n)?)
            }
        };
        let line = flag(cx, a[4], me.has(LINE_BUFFERING))?;
        let through = flag(cx, a[5], me.has(WRITE_THROUGH))?;
        call_method(cx, this, "flush", &[])?;
        me.set_ratio(0.0);
        if let Some(m) = mode {
            set_lines(me, m);
        }
        change_encoding(cx, this, me, encoding, errors, mode.is_some())?;
        me.put(LINE_BUFFERING, line);
        me.put(WRITE_THROUGH, through);
        Ok(Value::NONE)
    })
}

fn change_encoding(
    cx: &mut Ctx,
    this: Value,
    me: &TextIo,
    encoding: Value,
    errors: Value,
    newline: bool,
) -> PyResult<()> {
    if encoding.is_none() && errors.is_none() && !newline {
        return Ok(());
    }
    utf8_or_none(cx, encoding, "reconfigure", "encoding")?;
    utf8_or_none(cx, errors, "reconfigure", "errors")?;
    let (enc, err) = match (encoding.not_none(), errors.not_none()) {
        (None, None) => (me.encoding.get_or_none(), me.errors.get_or_none()),
        (None, Some(e)) => (me.encoding.get_or_none(), errors_value(cx, e)?),
        (Some(e), err) => {
            let e = if StrObj::of(e).is_some_and(|s| s.eq_str("locale")) { locale_value(cx)? } else { e };
            (e, errors_value(cx, err.unwrap_or(Value::NONE))?)
        }
    };
    let codec = find_codec(cx, enc)?;
    let buffer = me.buffer(cx)?;
    let old = (me.encoding.get_or_none(), me.errors.get_or_none());
    cx.store(this, &me.encoding, enc);
    cx.store(this, &me.errors, err);
    if let Err(r) = set_codecs(cx, this, me, buffer, codec) {
        cx.store(this, &me.encoding, old.0);
        cx.store(this, &me.errors, old.1);
        return Err(r);
    }
    settle_encoder(cx, me, buffer)
}
