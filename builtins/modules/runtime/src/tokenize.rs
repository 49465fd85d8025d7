//! `_tokenize`: the tokenizer behind the module `tokenize`.
//!
//! The tokens come from `protopy-tokens`, which asks for one line at a time through a closure that knows no thread. The iterator
//! object therefore leaves the current thread's state in a shared place while it takes a token, and is not in its object meanwhile: a second thread, or
//! `readline` itself, finds it busy.

#![allow(unsafe_code)]

use protopy_tokens::iter::{IterError, TokenIter, TokenizeError};
use protopy_vm::protocore::layouts::{ExcObj, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};
use std::sync::{Arc, Mutex};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_tokenize",
    doc: "The tokenizer of the tokenize module.",
    functions: &[],
    init: Some(init),
};

/// What the line reader and the iterator object share.
struct Shared {
    cx: *mut Ctx,
    readline: Value,
    encoding: Option<String>,
    failed: Option<Value>,
}

struct Source {
    tokens: TokenIter<'static>,
    shared: Arc<Mutex<Shared>>,
}

// SAFETY: the pointer in it is used only by the thread that stored it, during the call for which it did.
unsafe impl Send for Shared {}

// SAFETY: a source is used by one thread at a time: it is taken out of its object for the duration of a call; the thread pointer that it shares is
// only used during that call.
unsafe impl Send for Source {}

struct Tokenizer {
    readline: Slot,
    source: Guarded<Option<Source>>,
}

impl Payload for Tokenizer {
    const NAME: &'static str = "TokenizerIter";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.readline);
    }
}

static TOKENIZER: TypeSpec = TypeSpec {
    name: "TokenizerIter",
    module: "_tokenize",
    layout: Layout::Native,
    vt: Some(<Tokenizer as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(new), iter: Some(itself), iternext: Some(next), ..SlotSpec::NONE },
    doc: "An iterator over the tokens of the lines that a function gives.",
    sig: Some("(readline, /, *, encoding=None, extra_tokens=False)"),
    ..TypeSpec::BASE
};

static CONSTRUCTOR: &[MethodDef] = methods![functions:
    /// Makes the iterator.
    "tokenizeriter(readline, /, *, encoding=None, extra_tokens)" => |cx, a| cx.tuple_of(None, a);
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let t = create_type(cx, &TOKENIZER)?;
    vm::set_attr_str(cx, module, "TokenizerIter", t)
}

fn itself(_: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

fn new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let bound = vm::call_def(cx, &CONSTRUCTOR[0], None, args)?;
    let bound = vm::seq_items(bound).unwrap_or_default();
    let [readline, encoding, extra] = bound[..] else { return Err(cx.type_error("bad arguments")) };
    let encoding = match encoding.not_none() {
        None => None,
        Some(e) => match StrObj::of(e) {
            Some(s) => Some(s.to_string_lossy()),
            None => {
                let msg = format!(
                    "tokenizeriter() argument 'encoding' must be str, not {}",
                    protopy_vm::ops::tp_name(cx, e)
                );
                return Err(cx.type_error(&msg));
            }
        },
    };
    let extra = vm::is_true(cx, extra)?;
    let shared = Arc::new(Mutex::new(Shared { cx: std::ptr::null_mut(), readline, encoding, failed: None }));
    let reader = shared.clone();
    let tokens = TokenIter::from_lines(Box::new(move || read(&reader)), extra);
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    Ok(cx.new_native(
        t,
        Tokenizer { readline: Slot::new(readline), source: Guarded::new(Some(Source { tokens, shared })) },
    ))
}

/// Reads one line; `None` at the end or after an exception, which is kept.
fn read(shared: &Mutex<Shared>) -> Option<String> {
    let (cx, readline, encoding) = {
        let s = shared.lock().unwrap_or_else(|e| e.into_inner());
        if s.failed.is_some() || s.cx.is_null() {
            return None;
        }
        (s.cx, s.readline, s.encoding.clone())
    };
    // SAFETY: `next` stored its own thread's state, and waits for this call.
    let cx = unsafe { &mut *cx };
    match line(cx, readline, encoding.as_deref()) {
        Ok(text) => text.filter(|t| !t.is_empty()),
        Err(r) => {
            let e = cx.take_raised(r);
            cx.keep.push(e);
            shared.lock().unwrap_or_else(|e| e.into_inner()).failed = Some(e);
            None
        }
    }
}

fn line(cx: &mut Ctx, readline: Value, encoding: Option<&str>) -> PyResult<Option<String>> {
    let v = match vm::call(cx, readline, &[]) {
        Ok(v) => v,
        Err(r) => {
            let e = cx.take_raised(r);
            return if cx.is_instance(e, Ty::StopIteration) { Ok(None) } else { Err(cx.set_raised(e)) };
        }
    };
    let text = match encoding {
        None => v,
        Some(enc) => {
            if !cx.is_instance(v, Ty::Bytes) {
                return Err(cx.type_error("readline() returned a non-bytes object"));
            }
            let b = vm::buffers::buffer_to_vec(cx, v)?;
            vm::codec::decode(cx, &b, enc, "strict")?
        }
    };
    match StrObj::of(text) {
        Some(s) => Ok(Some(s.to_string_lossy())),
        None => Err(cx.type_error("readline() returned a non-string object")),
    }
}

fn next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let Some(t) = v.native::<Tokenizer>() else { return Err(cx.type_error("not a tokenizer")) };
    let Some(mut source) = t.source.with(Option::take) else {
        return Err(cx.value_error("tokenizer already executing"));
    };
    let shared = source.shared.clone();
    let held = cx.keep.len();
    shared.lock().unwrap_or_else(|e| e.into_inner()).cx = cx;
    let token = source.tokens.next_token();
    let failed = {
        let mut s = shared.lock().unwrap_or_else(|e| e.into_inner());
        s.cx = std::ptr::null_mut();
        s.failed.take()
    };
    let r = match (failed, token) {
        (Some(e), _) => Err(cx.set_raised(e)),
        (None, Ok(None)) => Ok(None),
        (None, Ok(Some(tok))) => {
            let text = source.tokens.text();
            let string = text.get(tok.string.clone()).unwrap_or("").to_owned();
            let line = text.get(tok.line.clone()).unwrap_or("").to_owned();
            tuple(cx, i64::from(tok.kind), &string, tok.start, tok.end, &line).map(Some)
        }
        (None, Err(e)) => {
            let lines = source.tokens.text().lines().count();
            Err(raise(cx, &e, lines))
        }
    };
    cx.keep.truncate(held);
    t.source.with(|s| *s = Some(source));
    r
}

type Place = (usize, isize);

fn tuple(cx: &mut Ctx, kind: i64, string: &str, start: Place, end: Place, line: &str) -> PyResult {
    let place = |cx: &mut Ctx, p: Place| {
        let pair = [Value::small(p.0 as i64), Value::small(p.1 as i64)];
        cx.tuple_of(None, &pair)
    };
    let (start, end) = (place(cx, start)?, place(cx, end)?);
    let (string, line) = (cx.str(string), cx.str(line));
    cx.tuple_of(None, &[Value::small(kind), string, start, end, line])
}

/// `lines`: how many lines were read, the place of an error that has no other.
fn raise(cx: &mut Ctx, e: &TokenizeError, lines: usize) -> Raised {
    let ty = match e.kind {
        IterError::Syntax => Ty::SyntaxError,
        IterError::Indentation => Ty::IndentationError,
        IterError::Tab => Ty::TabError,
    };
    let n = Value::NONE;
    let mut place = [cx.str("<string>"), n, n, n, n, n];
    let Some(p) = &e.place else {
        // The place is no part of the arguments.
        let (msg, at, zero) = (cx.str(&e.msg), cx.int_usize(lines), Value::small(0));
        let t = cx.ty(ty);
        let exc = cx.new_exception(t, &[msg]);
        if let Some(x) = ExcObj::of(exc) {
            for (field, v) in x.fields.iter().zip([msg, place[0], at, zero, n, at, zero]) {
                field.init(v.not_none());
            }
        }
        return cx.set_raised(exc);
    };
    place[1] = cx.int_usize(p.lineno);
    place[2] = cx.int_usize(p.offset);
    place[3] = cx.str(&p.text);
    if let Some((line, offset)) = p.end {
        place[4] = cx.int_usize(line);
        place[5] = cx.int_usize(offset);
    }
    vm::compile::syntax_error(cx, ty, &e.msg, place)
}
