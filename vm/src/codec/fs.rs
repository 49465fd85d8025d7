//! File names: `os.fspath`, and the file-system encoding, which is UTF-8 or the locale's, with "surrogateescape".

use super::errors::{DecodeErrors, EncodeErrors};
use crate::attr::lookup_special_name;
use crate::call::call;
use crate::names::{N, name};
use crate::ops::index_i64;
use crate::settings;
use protocore::layouts::{BytesObj, IntRef, StrObj};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_text::codecs::{decode_utf8, encode_utf8};

/// Decodes bytes of the operating system.
pub fn fs_decode(cx: &mut Ctx, b: &[u8]) -> PyResult {
    if b.is_ascii() {
        return cx.str_from(protopy_text::StrRef::Latin1(b));
    }
    if let Some(encoding) = settings::of(cx).fs_encoding.get() {
        return super::decode(cx, b, encoding, "surrogateescape");
    }
    let mut errors = DecodeErrors::new("utf-8", "surrogateescape");
    let (text, _) = decode_utf8(b, true, &mut |e, input| errors.handle(cx, e, input))?;
    cx.str_buf(text)
}

/// Encodes a str for the operating system; bytes pass as they are. TypeError for other values (no `__fspath__` here, see
/// [`fs_path`]).
pub fn fs_encode(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    if let Some(b) = BytesObj::of(v) {
        return Ok(b.bytes().to_vec());
    }
    let Some(s) = StrObj::of(v) else {
        let msg = format!("expected str or bytes, not {}", crate::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    if let Some(a) = s.as_ascii() {
        return Ok(a.as_bytes().to_vec());
    }
    if let Some(encoding) = settings::of(cx).fs_encoding.get() {
        let b = super::encode(cx, v, encoding, "surrogateescape")?;
        return Ok(BytesObj::of(b).map_or_else(Vec::new, |b| b.bytes().to_vec()));
    }
    let mut errors = EncodeErrors::new("utf-8", v, "surrogateescape");
    encode_utf8(s.str_ref(), &mut |e| errors.handle(cx, e))
}

/// As [`fs_encode`]; ValueError "embedded null byte" if there is one.
pub fn fs_encode_no_nul(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    let b = fs_encode(cx, v)?;
    if b.contains(&0) {
        return Err(cx.value_error("embedded null byte"));
    }
    Ok(b)
}

/// `os.fspath(v)`: a str or bytes.
pub fn fspath(cx: &mut Ctx, v: Value) -> PyResult {
    if StrObj::of(v).is_some() || BytesObj::of(v).is_some() {
        return Ok(v);
    }
    let n = name(cx, N::Fspath);
    let Some(m) = lookup_special_name(cx, v, n)? else {
        let msg = format!("expected str, bytes or os.PathLike object, not {}", cx.type_name(v));
        return Err(cx.type_error(&msg));
    };
    if m.is_none() {
        let msg = format!("expected str, bytes or os.PathLike object, not {}", cx.type_name(v));
        return Err(cx.type_error(&msg));
    }
    let r = call(cx, m, &[])?;
    if StrObj::of(r).is_some() || BytesObj::of(r).is_some() {
        return Ok(r);
    }
    let msg = format!(
        "expected {}.__fspath__() to return str or bytes, not {}",
        crate::ops::tp_name(cx, v),
        crate::ops::tp_name(cx, r)
    );
    Err(cx.type_error(&msg))
}

/// `os.fspath(v)` as a str: bytes are decoded as file names are.
pub fn fspath_text(cx: &mut Ctx, v: Value) -> PyResult {
    let path = fspath(cx, v)?;
    let Some(b) = BytesObj::of(path) else { return Ok(path) };
    fs_decode(cx, b.bytes())
}

/// A path argument of a system call.
pub enum FsPath {
    /// A file descriptor.
    Fd(i32),
    /// A name.
    Name {
        /// Its bytes, without NUL.
        bytes: Vec<u8>,
        /// The str or bytes it came from, for errors' `filename`.
        object: Value,
        /// Whether it was bytes: results are bytes then.
        is_bytes: bool,
    },
}

impl FsPath {
    /// The name's bytes; empty for a descriptor.
    pub fn bytes(&self) -> &[u8] {
        match self {
            FsPath::Fd(_) => &[],
            FsPath::Name { bytes, .. } => bytes,
        }
    }

    /// What an OSError names as its file.
    pub fn object(&self, cx: &mut Ctx) -> Value {
        match self {
            FsPath::Fd(fd) => cx.int(i64::from(*fd)),
            FsPath::Name { object, .. } => *object,
        }
    }

    /// Whether results are bytes.
    pub fn is_bytes(&self) -> bool {
        matches!(self, FsPath::Name { is_bytes: true, .. })
    }
}

fn named(cx: &mut Ctx, object: Value, nul: &str) -> PyResult<FsPath> {
    let bytes = fs_encode(cx, object)?;
    if bytes.contains(&0) {
        return Err(cx.value_error(nul));
    }
    Ok(FsPath::Name { bytes, object, is_bytes: BytesObj::of(object).is_some() })
}

/// A path as `open` takes it: str, bytes, `os.PathLike`, and a file descriptor if allowed.
pub fn fs_path(cx: &mut Ctx, v: Value, allow_fd: bool) -> PyResult<FsPath> {
    if allow_fd && (IntRef::of(v).is_some() || is_index(cx, v)) {
        return Ok(FsPath::Fd(descriptor(cx, v)?));
    }
    let object = fspath(cx, v)?;
    named(cx, object, "embedded null byte")
}

fn is_index(cx: &Ctx, v: Value) -> bool {
    StrObj::of(v).is_none() && BytesObj::of(v).is_none() && cx.type_of(v).slots.index.address() != 0
}

fn descriptor(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    if v.is_bool() {
        crate::errors::warn(cx, Ty::RuntimeWarning, "bool is used as a file descriptor", 1)?;
    }
    let n = index_i64(cx, v, Ty::OverflowError)?;
    match i32::try_from(n) {
        Ok(fd) => Ok(fd),
        Err(_) if n > 0 => Err(cx.raise_str(Ty::OverflowError, "fd is greater than maximum")),
        Err(_) => Err(cx.raise_str(Ty::OverflowError, "fd is less than minimum")),
    }
}

#[cold]
fn wrong_path(cx: &mut Ctx, v: Value, func: &str, arg: &str, allow_fd: bool, nullable: bool) -> Raised {
    let kinds = match (allow_fd, nullable) {
        (true, true) => "string, bytes, os.PathLike, integer or None",
        (true, false) => "string, bytes, os.PathLike or integer",
        (false, true) => "string, bytes, os.PathLike or None",
        (false, false) => "string, bytes or os.PathLike",
    };
    let msg = format!("{func}: {arg} should be {kinds}, not {}", crate::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// A path as the functions of `os` take it; their messages name function and argument. `None` for None where it is allowed.
pub fn fs_path_arg(
    cx: &mut Ctx,
    v: Value,
    func: &str,
    arg: &str,
    allow_fd: bool,
    nullable: bool,
) -> PyResult<Option<FsPath>> {
    if nullable && (v.is_none() || v.is_unbound()) {
        return Ok(None);
    }
    let nul = || format!("{func}: embedded null character in {arg}");
    if StrObj::of(v).is_some() || BytesObj::of(v).is_some() {
        return named(cx, v, &nul()).map(Some);
    }
    if allow_fd && is_index(cx, v) {
        return descriptor(cx, v).map(|fd| Some(FsPath::Fd(fd)));
    }
    let n = name(cx, N::Fspath);
    match lookup_special_name(cx, v, n)? {
        Some(m) if !m.is_none() => {
            let r = call(cx, m, &[])?;
            if StrObj::of(r).is_none() && BytesObj::of(r).is_none() {
                let msg = format!(
                    "expected {}.__fspath__() to return str or bytes, not {}",
                    crate::ops::tp_name(cx, v),
                    crate::ops::tp_name(cx, r)
                );
                return Err(cx.type_error(&msg));
            }
            named(cx, r, &nul()).map(Some)
        }
        _ => Err(wrong_path(cx, v, func, arg, allow_fd, nullable)),
    }
}
