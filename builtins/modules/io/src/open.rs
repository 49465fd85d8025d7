//! The functions `open`, `open_code` and `text_encoding`.

use crate::buffered::{self, Kind};
use crate::fileio;
use crate::text;
use crate::util::*;
use protopy_vm::codec::fspath;
use protopy_vm::protocore::layouts::{BytesObj, MethodDef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::{call_method, is_true, methods, repr_text, set_attr_str, warn};

/// The functions.
pub static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Opens a file, by name or descriptor, and returns a stream.
    ///
    /// The mode says what for: `r` reading (the default), `w` writing a new content, `x` writing a new file, `a` writing at the
    /// end; `+` adds the other direction; `b` means bytes, `t` (the default) text. Text streams have an encoding, an
    /// error handler and a treatment of newlines. The buffering is the size of the buffer; 0 means none, 1 a flush
    /// after each line, -1 what suits the file.
    "open(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)" => open;
    /// Opens a file for reading its bytes as those of a program.
    "open_code(path)" => open_code;
    /// The encoding to use for an `encoding` argument: itself, or for None the default, with a warning if those were asked for.
    "text_encoding(encoding, stacklevel=2, /)" => text_encoding;
];

/// A mode taken apart.
#[derive(Clone, Copy, Default)]
struct Wanted {
    creating: bool,
    reading: bool,
    writing: bool,
    appending: bool,
    updating: bool,
    text: bool,
    binary: bool,
}

impl Wanted {
    fn parse(mode: &str) -> Option<Wanted> {
        let mut w = Wanted::default();
        for c in mode.chars() {
            let flag = match c {
                'x' => &mut w.creating,
                'r' => &mut w.reading,
                'w' => &mut w.writing,
                'a' => &mut w.appending,
                '+' => &mut w.updating,
                't' => &mut w.text,
                'b' => &mut w.binary,
                _ => return None,
            };
            if std::mem::replace(flag, true) {
                return None;
            }
        }
        Some(w)
    }

    /// The mode of the raw file.
    fn raw(self) -> String {
        let all = [
            (self.creating, 'x'),
            (self.reading, 'r'),
            (self.writing, 'w'),
            (self.appending, 'a'),
            (self.updating, '+'),
        ];
        all.iter().filter(|(on, _)| *on).map(|(_, c)| *c).collect()
    }

    fn check(self, cx: &mut Ctx, encoding: bool, errors: bool, newline: bool) -> PyResult<()> {
        let kinds = [self.creating, self.reading, self.writing, self.appending];
        let msg = if self.text && self.binary {
            "can't have text and binary mode at once"
        } else if kinds.iter().filter(|k| **k).count() > 1 {
            "must have exactly one of create/read/write/append mode"
        } else if self.binary && encoding {
            "binary mode doesn't take an encoding argument"
        } else if self.binary && errors {
            "binary mode doesn't take an errors argument"
        } else if self.binary && newline {
            "binary mode doesn't take a newline argument"
        } else {
            return Ok(());
        };
        Err(cx.value_error(msg))
    }
}

fn str_arg(cx: &mut Ctx, v: Value, n: &str) -> PyResult<String> {
    match StrObj::of(v) {
        Some(s) => Ok(s.to_string_lossy()),
        None => {
            let what = if v.is_none() { "None".to_owned() } else { protopy_vm::ops::tp_name(cx, v) };
            Err(cx.type_error(&format!("open() argument '{n}' must be str, not {what}")))
        }
    }
}

/// The file to open: a descriptor or a path.
fn path_or_fd(cx: &mut Ctx, v: Value) -> PyResult {
    let s = &cx.type_of(v).slots;
    if s.index.address() != 0 || s.int.address() != 0 || s.float.address() != 0 {
        return Ok(v);
    }
    let p = fspath(cx, v)?;
    if StrObj::of(p).is_none() && BytesObj::of(p).is_none() {
        let msg = format!("invalid file: {}", repr_text(cx, v)?);
        return Err(cx.type_error(&msg));
    }
    Ok(p)
}

fn class(cx: &mut Ctx, v: Option<Value>) -> PyResult<&'static TypeObj> {
    match v.and_then(TypeObj::of) {
        Some(t) => Ok(t),
        None => Err(uninitialized(cx)),
    }
}

fn open(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let file = path_or_fd(cx, a[0])?;
    let mode = match a[1].bound() {
        Some(m) => str_arg(cx, m, "mode")?,
        None => "r".to_owned(),
    };
    let buffering = match a[2].bound() {
        Some(n) => i64::from(int_or(cx, n, -1)?),
        None => -1,
    };
    for (v, n) in [(a[3], "encoding"), (a[4], "errors"), (a[5], "newline")] {
        str_or_none(cx, v, "open", n)?;
    }
    let closefd = match a[6].bound() {
        Some(c) => is_true(cx, c)?,
        None => true,
    };
    let Some(w) = Wanted::parse(&mode) else {
        return Err(cx.value_error(&format!("invalid mode: '{mode}'")));
    };
    w.check(cx, !a[3].is_none(), !a[4].is_none(), !a[5].is_none())?;
    if w.binary && buffering == 1 {
        let msg = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
        warn(cx, Ty::RuntimeWarning, msg, 1)?;
    }
    let state = cx.space().state::<IoState>();
    let t = class(cx, state.file.get())?;
    let raw = fileio::unopened(cx, t);
    fileio::open_into(cx, raw, file, &w.raw(), closefd, a[7].not_none())?;
    // From here on an error closes the file.
    let mut made = raw;
    let r = wrap(cx, &mut made, &state, w, buffering, [a[3], a[4], a[5]], a[1]);
    match r {
        Ok(v) => Ok(v),
        Err(r) => Err(close_after(cx, made, r)),
    }
}

fn close_after(cx: &mut Ctx, stream: Value, r: Raised) -> Raised {
    let done: PyResult<Value> = chain(cx, Err(r), |cx| call_method(cx, stream, "close", &[]));
    match done {
        Err(r) => r,
        Ok(_) => cx.value_error("I/O operation on closed file."),
    }
}

/// Puts buffer and text layer on a raw file. `made` is the outermost stream so far.
fn wrap(
    cx: &mut Ctx,
    made: &mut Value,
    state: &IoState,
    w: Wanted,
    buffering: i64,
    text_options: [Value; 3],
    mode: Value,
) -> PyResult {
    let raw = *made;
    let mut line_buffering = false;
    let mut size = buffering;
    if buffering < 0 || buffering == 1 {
        let tty = if buffering < 0 {
            let t = call_method(cx, raw, "_isatty_open_only", &[])?;
            is_true(cx, t)?
        } else {
            false
        };
        line_buffering = tty || buffering == 1;
        let block = fileio::file(cx, raw)?.blksize();
        let default = i64::try_from(DEFAULT_BUFFER_SIZE).unwrap_or(8192);
        size = block.min(8192 * 1024).max(default);
    }
    if size == 0 {
        if !w.binary {
            return Err(cx.value_error("can't have unbuffered text I/O"));
        }
        cx.register_finalizer(raw);
        return Ok(raw);
    }
    let (kind, t) = if w.updating {
        (Kind::Random, state.random.get())
    } else if w.creating || w.writing || w.appending {
        (Kind::Writer, state.writer.get())
    } else {
        (Kind::Reader, state.reader.get())
    };
    let t = class(cx, t)?;
    let buffer = buffered::unregistered(cx, t, kind, raw, size)?;
    *made = buffer;
    if w.binary {
        cx.register_finalizer(buffer);
        return Ok(buffer);
    }
    let t = class(cx, state.text.get())?;
    let wrapper = text::unregistered(cx, t);
    text::set_up(cx, wrapper, buffer, text_options, line_buffering, false)?;
    *made = wrapper;
    let m = match mode.bound() {
        Some(m) => m,
        None => cx.intern_str("r"),
    };
    set_attr_str(cx, wrapper, "mode", m)?;
    Ok(wrapper)
}

fn open_code(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if StrObj::of(a[0]).is_none() {
        let msg =
            format!("open_code() argument 'path' must be str, not {}", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    }
    let mode = cx.intern_str("rb");
    let none = Value::NONE;
    open(cx, &[a[0], mode, Value::small(-1), none, none, none, Value::TRUE, none])
}

fn text_encoding(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if !a[0].is_none() {
        return Ok(a[0]);
    }
    let level = int_or(cx, a[1], 2)?;
    if sys_flag(cx, "warn_default_encoding") {
        warn(cx, Ty::EncodingWarning, "'encoding' argument not specified", i64::from(level))?;
    }
    let utf8 = sys_flag(cx, "utf8_mode");
    Ok(cx.intern_str(if utf8 { "utf-8" } else { "locale" }))
}
