//! Line endings: the state machine that text streams share, and `IncrementalNewlineDecoder` around it.

use crate::util::bad_receiver;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::{BytesObj, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, TypeObj, Value,
};
use protopy_vm::{GetSetDef, TypeSpec, call_def, call_method, getsets, index_big, is_true, methods};
use std::sync::atomic::{AtomicBool, Ordering};

const SEEN_CR: u8 = 1;
const SEEN_LF: u8 = 2;
const SEEN_CRLF: u8 = 4;

/// What is known of the line endings of a stream.
#[derive(Clone, Copy, Default, Debug)]
pub struct Newlines {
    /// Whether all of them become `\n`.
    pub translate: bool,
    /// Whether a `\r` at the end of the last piece waits for what follows.
    pub pending_cr: bool,
    seen: u8,
}

fn find(text: StrRef<'_>, c: u8) -> Option<usize> {
    match text {
        StrRef::Latin1(b) => memchr::memchr(c, b),
        StrRef::Ucs2(s) => s.iter().position(|x| *x == u16::from(c)),
        StrRef::Ucs4(s) => s.iter().position(|x| *x == u32::from(c)),
    }
}

/// Position of the first `\r` or `\n`.
fn find_either(text: StrRef<'_>) -> Option<usize> {
    match text {
        StrRef::Latin1(b) => memchr::memchr2(b'\r', b'\n', b),
        StrRef::Ucs2(s) => s.iter().position(|x| *x == 13 || *x == 10),
        StrRef::Ucs4(s) => s.iter().position(|x| *x == 13 || *x == 10),
    }
}

impl Newlines {
    /// A fresh state.
    pub fn new(translate: bool) -> Newlines {
        Newlines { translate, ..Newlines::default() }
    }

    /// Forgets what was seen.
    pub fn reset(&mut self) {
        self.pending_cr = false;
        self.seen = 0;
    }

    /// Passes a piece of text on; `None` if it is unchanged.
    pub fn feed(&mut self, text: StrRef<'_>, last: bool) -> Option<StrBuf> {
        let has_cr = find(text, b'\r').is_some();
        if !self.pending_cr && !has_cr {
            if self.seen & SEEN_LF == 0 && find(text, b'\n').is_some() {
                self.seen |= SEEN_LF;
            }
            return None;
        }
        let mut whole = StrBuf::with_capacity_like(text);
        if self.pending_cr && (last || !text.is_empty()) {
            whole.push(u32::from(b'\r'));
            self.pending_cr = false;
        }
        whole.push_ref(text);
        // A `\r` at the end is kept back even if nothing is translated, so that `\r\n` comes in one piece.
        let n = whole.len();
        if !last && n > 0 && whole.as_ref().get(n - 1) == Some(13) {
            whole.truncate(n - 1);
            self.pending_cr = true;
        }
        Some(self.convert(whole))
    }

    /// Notes the endings of a text, and translates them if that is wanted.
    fn convert(&mut self, text: StrBuf) -> StrBuf {
        let view = text.as_ref();
        let mut out = StrBuf::with_capacity_like(view);
        let (mut i, mut from) = (0, 0);
        let n = view.len();
        while i < n {
            let Some(at) = find_either(view.slice(i, n)) else { break };
            let at = i + at;
            if view.get(at) == Some(10) {
                self.seen |= SEEN_LF;
                // The run up to the next `\r` needs no look at each line.
                i = find(view.slice(at, n), b'\r').map_or(n, |a| at + a);
                continue;
            }
            let crlf = view.get(at + 1) == Some(10);
            self.seen |= if crlf { SEEN_CRLF } else { SEEN_CR };
            i = at + 1 + usize::from(crlf);
            if self.translate {
                out.push_ref(view.slice(from, at));
                out.push(10);
                from = i;
            }
        }
        if !self.translate {
            return text;
        }
        out.push_ref(view.slice(from, n));
        out
    }

    /// The attribute `newlines`.
    pub fn value(self, cx: &mut Ctx) -> PyResult {
        let all = [(SEEN_CR, "\r"), (SEEN_LF, "\n"), (SEEN_CRLF, "\r\n")];
        let mut items = Vec::with_capacity(3);
        for (bit, text) in all {
            if self.seen & bit != 0 {
                items.push(cx.intern_str(text));
            }
        }
        match items.as_slice() {
            [] => Ok(Value::NONE),
            [one] => Ok(*one),
            many => cx.tuple_of(None, many),
        }
    }
}

// ---------------------------------------------------------------------------------------------------- the class

/// A decoder that passes what another one decodes through [`Newlines`].
pub struct NewlineDecoder {
    /// The decoder below; None: the input is text already.
    decoder: Slot,
    errors: Slot,
    state: Guarded<Newlines>,
    ready: AtomicBool,
}

impl Payload for NewlineDecoder {
    const NAME: &'static str = "IncrementalNewlineDecoder";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.decoder);
        t.slot(&self.errors);
    }
}

/// `IncrementalNewlineDecoder`
pub static NEWLINE_DECODER: TypeSpec = TypeSpec {
    name: "IncrementalNewlineDecoder",
    module: "_io",
    layout: Layout::Native,
    vt: Some(<NewlineDecoder as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::HEAP | type_flags::IMMUTABLE,
    slots: SlotSpec { new: Some(decoder_new), init: Some(decoder_init), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A decoder for text with any line endings. It wraps another incremental decoder, notes which endings occur and translates them to newlines if asked to.",
    sig: Some("(decoder, translate, errors='strict')"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    "decode(self, /, input, final=False)" => decode;
    "getstate(self, /)" => getstate;
    "setstate(self, state, /)" => setstate;
    "reset(self, /)" => reset;
];

static GETSETS: &[GetSetDef] = getsets![
    "newlines" => |cx, v| { let s = of(cx, v)?.state.with(|s| *s); s.value(cx) };
];

fn raw_of(cx: &mut Ctx, v: Value) -> PyResult<&'static NewlineDecoder> {
    match v.native::<NewlineDecoder>() {
        Some(d) => Ok(d),
        None => Err(bad_receiver(cx, v, "IncrementalNewlineDecoder")),
    }
}

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static NewlineDecoder> {
    let d = raw_of(cx, v)?;
    if d.ready.load(Ordering::Acquire) {
        return Ok(d);
    }
    Err(cx.value_error("IncrementalNewlineDecoder.__init__() not called"))
}

fn decoder_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let d = NewlineDecoder {
        decoder: Slot::empty(),
        errors: Slot::empty(),
        state: Guarded::default(),
        ready: AtomicBool::new(false),
    };
    Ok(cx.new_native(t, d))
}

static INIT: &[MethodDef] = methods![
    "IncrementalNewlineDecoder(self, decoder, translate, errors='strict')" => init_bound;
];

fn decoder_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    call_def(cx, &INIT[0], Some(this), args).map(|_| ())
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = raw_of(cx, a[0])?;
    let translate = is_true(cx, a[2])?;
    cx.store(a[0], &d.decoder, a[1]);
    let errors = match a[3].bound() {
        Some(e) => e,
        None => cx.intern_str("strict"),
    };
    cx.store(a[0], &d.errors, errors);
    d.state.with(|s| *s = Newlines::new(translate));
    d.ready.store(true, Ordering::Release);
    Ok(Value::NONE)
}

/// The text that a decoder answered; TypeError for anything else.
pub fn decoded_text(cx: &mut Ctx, v: Value) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => {
            let msg =
                format!("decoder should return a string result, not '{}'", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn decode(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = of(cx, a[0])?;
    let last = is_true(cx, a[2])?;
    let inner = d.decoder.get_or_none();
    let text =
        if inner.is_none() { a[1] } else { call_method(cx, inner, "decode", &[a[1], Value::bool(last)])? };
    let s = decoded_text(cx, text)?;
    let changed = d.state.with(|n| n.feed(s.str_ref(), last));
    match changed {
        None => Ok(text),
        Some(out) => cx.str_buf(out),
    }
}

/// Takes a decoder's state apart; TypeError with `msg`.
fn state_parts(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<(Value, Value)> {
    match TupleObj::of(v).map(|t| t.items()) {
        Some([buffer, flag]) => Ok((*buffer, *flag)),
        _ => Err(cx.type_error(msg)),
    }
}

fn getstate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = of(cx, a[0])?;
    let inner = d.decoder.get_or_none();
    let (buffer, flag) = if inner.is_none() {
        (cx.bytes(b"")?, Value::small(0))
    } else {
        let s = call_method(cx, inner, "getstate", &[])?;
        state_parts(cx, s, "illegal decoder state")?
    };
    let cr = d.state.with(|s| s.pending_cr);
    let flag = index_big(cx, flag)? * 2 + i32::from(cr);
    let flag = cx.bigint(flag);
    cx.tuple_of(None, &[buffer, flag])
}

fn setstate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = of(cx, a[0])?;
    if TupleObj::of(a[1]).is_none() {
        return Err(cx.type_error("state argument must be a tuple"));
    }
    let (buffer, flag) = state_parts(cx, a[1], "setstate(): illegal state argument")?;
    let flag = index_big(cx, flag)?;
    d.state.with(|s| s.pending_cr = flag.bit(0));
    let inner = d.decoder.get_or_none();
    if inner.is_none() {
        return Ok(Value::NONE);
    }
    let flag = cx.bigint(flag >> 1u32);
    let state = cx.tuple_of(None, &[buffer, flag])?;
    call_method(cx, inner, "setstate", &[state])
}

fn reset(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = of(cx, a[0])?;
    d.state.with(Newlines::reset);
    let inner = d.decoder.get_or_none();
    if inner.is_none() { Ok(Value::NONE) } else { call_method(cx, inner, "reset", &[]) }
}

/// Where a line ends, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// At each `\n`.
    Lf,
    /// At each `\r`.
    Cr,
    /// At each `\r\n`.
    CrLf,
    /// At any of the three.
    Any,
}

impl Ending {
    /// Position after the first line ending of a text.
    #[inline]
    pub fn after_first(self, text: StrRef<'_>) -> Option<usize> {
        match self {
            Ending::Lf => find(text, b'\n').map(|i| i + 1),
            Ending::Cr => find(text, b'\r').map(|i| i + 1),
            Ending::CrLf => {
                let mut from = 0;
                loop {
                    let i = from + find(text.slice(from, text.len()), b'\r')?;
                    if text.get(i + 1) == Some(10) {
                        return Some(i + 2);
                    }
                    from = i + 1;
                }
            }
            Ending::Any => {
                let i = find_either(text)?;
                let crlf = text.get(i) == Some(13) && text.get(i + 1) == Some(10);
                Some(i + 1 + usize::from(crlf))
            }
        }
    }
}

/// What a `newline` argument means.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Whether every kind of ending is recognised in input.
    pub universal: bool,
    /// Whether endings become `\n` in input.
    pub translate: bool,
    /// How lines of input end.
    pub ending: Ending,
    /// What stands for `\n` in output; `None`: itself.
    pub write: Option<&'static str>,
}

static MODES: [Mode; 5] = [
    Mode { universal: true, translate: true, ending: Ending::Lf, write: None },
    Mode { universal: true, translate: false, ending: Ending::Any, write: None },
    Mode { universal: false, translate: false, ending: Ending::Lf, write: None },
    Mode { universal: false, translate: false, ending: Ending::Cr, write: Some("\r") },
    Mode { universal: false, translate: false, ending: Ending::CrLf, write: Some("\r\n") },
];

impl Mode {
    /// The mode of a `newline` argument (`None` is None); `None` if it is illegal.
    pub fn parse(newline: Option<&str>) -> Option<Mode> {
        let at = match newline {
            None => 0,
            Some("") => 1,
            Some("\n") => 2,
            Some("\r") => 3,
            Some("\r\n") => 4,
            Some(_) => return None,
        };
        Some(Mode::numbered(at))
    }

    /// Mode number `n`, as [`Mode::number`] tells it.
    #[inline]
    pub fn numbered(n: u8) -> Mode {
        MODES[usize::from(n) % MODES.len()]
    }

    /// The mode as a small number.
    pub fn number(self) -> u8 {
        match (self.ending, self.universal) {
            (Ending::Lf, true) => 0,
            (Ending::Any, _) => 1,
            (Ending::Lf, false) => 2,
            (Ending::Cr, _) => 3,
            (Ending::CrLf, _) => 4,
        }
    }
}

/// The bytes that a decoder's state holds back; TypeErrors as CPython words them.
pub fn state_bytes(cx: &mut Ctx, state: Value) -> PyResult<(Value, Value)> {
    let (buffer, flags) = state_parts(cx, state, "illegal decoder state")?;
    if BytesObj::of(buffer).is_none() {
        let msg = format!(
            "illegal decoder state: the first item should be a bytes object, not '{}'",
            protopy_vm::ops::tp_name(cx, buffer)
        );
        return Err(cx.type_error(&msg));
    }
    Ok((buffer, flags))
}
