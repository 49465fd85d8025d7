//! `UnicodeEncodeError`, `UnicodeDecodeError`, `UnicodeTranslateError`.

use super::base::{base_init, push_value};
use super::{exc, get_field, put, set_field, with};
use protopy_text::StrBuf;
use protopy_vm::protocore::layouts::{BytesObj, ExcObj, IntRef, StrObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, ops};

const ENCODING: usize = 0;
const OBJECT: usize = 1;
const START: usize = 2;
const END: usize = 3;
const REASON: usize = 4;

static ATTRS: &[GetSetDef] = getsets![
    /// The encoding's name.
    member "encoding" => get_field::<ENCODING>, set_field::<ENCODING>;
    /// What was being converted.
    member "object" => get_field::<OBJECT>, set_field::<OBJECT>;
    /// Where the error starts.
    member "start" => get_index::<START>, set_index::<START>;
    /// Where the error ends.
    member "end" => get_index::<END>, set_index::<END>;
    /// What is wrong.
    member "reason" => get_field::<REASON>, set_field::<REASON>;
];

pub(super) static ENCODE_ERROR: TypeSpec = with(
    Ty::UnicodeEncodeError,
    Ty::UnicodeError,
    SlotSpec { init: Some(encode_init), str: Some(encode_str), ..SlotSpec::NONE },
    ATTRS,
    "Text cannot be encoded.",
);

pub(super) static DECODE_ERROR: TypeSpec = with(
    Ty::UnicodeDecodeError,
    Ty::UnicodeError,
    SlotSpec { init: Some(decode_init), str: Some(decode_str), ..SlotSpec::NONE },
    ATTRS,
    "Bytes cannot be decoded.",
);

pub(super) static TRANSLATE_ERROR: TypeSpec = with(
    Ty::UnicodeTranslateError,
    Ty::UnicodeError,
    SlotSpec { init: Some(translate_init), str: Some(translate_str), ..SlotSpec::NONE },
    ATTRS,
    "Text cannot be translated.",
);

// ---------------------------------------------------------------------------------------------------- making

/// What a constructor's parameter takes.
#[derive(Clone, Copy)]
enum Kind {
    Str,
    Any,
    Index,
}

/// Checks the arguments and stores them in the fields; the kinds say what is expected.
fn init(cx: &mut Ctx, this: Value, args: Args<'_>, params: &[(usize, Kind)]) -> PyResult<()> {
    base_init(cx, this, args)?;
    let x = exc(cx, this)?;
    let pos = args.pos();
    if pos.len() != params.len() {
        let msg = format!("function takes exactly {} arguments ({} given)", params.len(), pos.len());
        return Err(cx.type_error(&msg));
    }
    let mut checked = [Value::NONE; 5];
    for (i, ((_, kind), v)) in params.iter().zip(pos).enumerate() {
        checked[i] = match kind {
            Kind::Str if StrObj::of(*v).is_none() => {
                let msg = format!("argument {} must be str, not {}", i + 1, arg_type(cx, *v));
                return Err(cx.type_error(&msg));
            }
            Kind::Str | Kind::Any => *v,
            Kind::Index => {
                let n = ops::index_i64(cx, *v, Ty::OverflowError)?;
                cx.int(n)
            }
        };
    }
    for ((field, _), v) in params.iter().zip(checked) {
        put(cx, this, x, *field, Some(v));
    }
    Ok(())
}

/// How argument errors name a type.
fn arg_type(cx: &mut Ctx, v: Value) -> String {
    if v.is_none() { "None".to_owned() } else { protopy_vm::ops::tp_name(cx, v) }
}

fn encode_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    use Kind::{Index, Str};
    init(cx, this, args, &[(ENCODING, Str), (OBJECT, Str), (START, Index), (END, Index), (REASON, Str)])
}

fn translate_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    use Kind::{Index, Str};
    init(cx, this, args, &[(OBJECT, Str), (START, Index), (END, Index), (REASON, Str)])
}

fn decode_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    use Kind::{Any, Index, Str};
    init(cx, this, args, &[(ENCODING, Str), (OBJECT, Any), (START, Index), (END, Index), (REASON, Str)])?;
    let x = exc(cx, this)?;
    let object = x.fields[OBJECT].get_or_none();
    if BytesObj::of(object).is_none() {
        let ty = cx.ty(Ty::Bytes).value();
        if cx.type_of(object).slots.buffer.address() == 0 {
            put(cx, this, x, OBJECT, None);
            let msg =
                format!("a bytes-like object is required, not '{}'", protopy_vm::ops::tp_name(cx, object));
            return Err(cx.type_error(&msg));
        }
        let copy = protopy_vm::call(cx, ty, &[object])?;
        put(cx, this, x, OBJECT, Some(copy));
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- attributes

fn get_index<const I: usize>(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(exc(cx, this)?.fields[I].get_or(Value::small(0)))
}

fn set_index<const I: usize>(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let x = exc(cx, this)?;
    let Some(v) = v else { return Err(cx.type_error("can't delete numeric/char attribute")) };
    match IntRef::of(v).map(IntRef::to_i64) {
        None => Err(cx.type_error("an integer is required")),
        Some(None) => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t")),
        Some(Some(n)) => {
            let n = cx.int(n);
            put(cx, this, x, I, Some(n));
            Ok(())
        }
    }
}

// ---------------------------------------------------------------------------------------------------- texts

fn index_of(x: &ExcObj, i: usize) -> i64 {
    x.fields[i].get().and_then(IntRef::of).and_then(IntRef::to_i64).unwrap_or(0)
}

/// Position for the item at `start`, if the range is that one item of `len`.
fn single(start: i64, end: i64, len: usize) -> Option<usize> {
    let at = usize::try_from(start).ok()?;
    (at < len && start.checked_add(1) == Some(end)).then_some(at)
}

/// A code point as an escape.
fn escape(c: u32) -> String {
    match c {
        0..=0xff => format!("\\x{c:02x}"),
        0x100..=0xffff => format!("\\u{c:04x}"),
        _ => format!("\\U{c:08x}"),
    }
}

/// "'enc' codec ", then what happened, the position and the reason.
fn finish(
    cx: &mut Ctx,
    encoding: Option<Value>,
    what: &str,
    one: Option<String>,
    (start, end): (i64, i64),
    reason: Value,
) -> PyResult {
    let mut out = StrBuf::new();
    if let Some(e) = encoding {
        out.push_str("'");
        push_value(&mut out, e);
        out.push_str("' codec ");
    }
    out.push_str(&match one {
        Some(item) => format!("{what} {item} in position {start}: "),
        None => format!("{what}s in position {start}-{}: ", end.wrapping_sub(1)),
    });
    push_value(&mut out, reason);
    cx.str_buf(out)
}

/// Start, end and the texts of reason and encoding; `None` if the exception was never initialised.
fn parts(cx: &mut Ctx, x: &ExcObj) -> PyResult<Option<(i64, i64, Value, Value)>> {
    if x.fields[OBJECT].is_empty() {
        return Ok(None);
    }
    let reason = ops::str(cx, x.fields[REASON].get_or_none())?;
    let encoding = ops::str(cx, x.fields[ENCODING].get_or_none())?;
    Ok(Some((index_of(x, START), index_of(x, END), reason, encoding)))
}

fn encode_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let Some((start, end, reason, encoding)) = parts(cx, x)? else { return Ok(cx.str("")) };
    let one = text_item(cx, x, start, end)?;
    finish(cx, Some(encoding), "can't encode character", one, (start, end), reason)
}

fn translate_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let Some((start, end, reason, _)) = parts(cx, x)? else { return Ok(cx.str("")) };
    let one = text_item(cx, x, start, end)?;
    finish(cx, None, "can't translate character", one, (start, end), reason)
}

/// The only character of the range, quoted and escaped.
fn text_item(cx: &mut Ctx, x: &ExcObj, start: i64, end: i64) -> PyResult<Option<String>> {
    let Some(s) = x.fields[OBJECT].get().and_then(StrObj::of) else {
        return Err(cx.type_error("UnicodeError 'object' attribute must be a string"));
    };
    let c = single(start, end, s.len()).and_then(|at| s.str_ref().get(at));
    Ok(c.map(|c| format!("'{}'", escape(c))))
}

fn decode_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let Some((start, end, reason, encoding)) = parts(cx, x)? else { return Ok(cx.str("")) };
    let Some(b) = x.fields[OBJECT].get().and_then(BytesObj::of) else {
        return Err(cx.type_error("UnicodeError 'object' attribute must be a bytes"));
    };
    let bytes = b.bytes();
    let one = single(start, end, bytes.len()).and_then(|at| bytes.get(at)).map(|b| format!("{b:#04x}"));
    finish(cx, Some(encoding), "can't decode byte", one, (start, end), reason)
}
