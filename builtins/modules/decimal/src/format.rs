//! `Decimal.__format__`: the specification, the locale, and what a caller puts in its place.

use crate::num::format::{Locale, Spec, SpecError, format as formatted};
use crate::object::{Decimal, digits_in, run_apart, runtime_of};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, ListObj, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm};

/// `Decimal.__format__`
pub fn format(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(d) = a[0].native::<Decimal>() else { return Err(cx.type_error("not a Decimal")) };
    let Some(text) = StrObj::of(a[1]) else { return Err(cx.type_error("format arg must be str")) };
    let Some(text) = text.to_utf8() else {
        // Lone surrogates: the encoder says what is wrong.
        return vm::call_method(cx, a[1], "encode", &[]);
    };
    let mut spec = match Spec::parse(&text) {
        Ok(s) => s,
        Err(SpecError::Invalid) => return Err(cx.value_error("invalid format string")),
        Err(SpecError::TooLarge) => {
            return Err(cx.raise_str(Ty::OverflowError, "cannot fit 'int' into an index-sized integer"));
        }
    };
    if !spec.within_limits() {
        return Err(cx.value_error("format specification exceeds internal limits of _decimal"));
    }
    if spec.kind == Some('N') {
        let msg = "Format specifier 'N' is deprecated and slated for removal in Python 3.18";
        vm::errors::warn(cx, Ty::DeprecationWarning, msg, 1)?;
    }
    let local = matches!(spec.kind, Some('n' | 'N'));
    let mut locale = Locale { point: ".".to_owned(), separator: String::new(), grouping: Vec::new() };
    if let Some(o) = a[2].bound() {
        if DictObj::of(o).is_none() {
            return Err(cx.type_error("optional argument must be a dict"));
        }
        // The override stands for the locale, or for the separators of a plain specification.
        locale = Locale { point: ".".to_owned(), separator: ",".to_owned(), grouping: vec![3] };
        if !local && !spec.has_group() {
            locale.separator.clear();
            locale.grouping.clear();
        }
        read_locale(cx, o, &mut locale, true)?;
        spec.use_locale();
    } else if local {
        let conv = vm::import_attr(cx, "_locale", "localeconv")?;
        let conv = vm::call(cx, conv, &[])?;
        read_locale(cx, conv, &mut locale, false)?;
    }
    let rt = runtime_of(cx, a[0])?;
    let (_, ctx) = rt.current(cx)?;
    let (rounding, capitals) = (ctx.settings().rounding, ctx.capitals());
    let out =
        run_apart(cx, digits_in(d.view().coef), |_| formatted(d.view(), &spec, rounding, capitals, &locale))?;
    vm::keep_alive(a[0]);
    Ok(cx.str(&out))
}

/// Reads separators from a mapping; those that are missing stay as they are.
fn read_locale(cx: &mut Ctx, conv: Value, into: &mut Locale, given: bool) -> PyResult<()> {
    let Some(d) = DictObj::of(conv) else { return Ok(()) };
    let field = |cx: &mut Ctx, name: &str| -> PyResult<Option<Value>> {
        let key = cx.intern_str(name);
        vm::dict_get(cx, d, key)
    };
    for (name, place) in [("decimal_point", &mut into.point), ("thousands_sep", &mut into.separator)] {
        if let Some(v) = field(cx, name)? {
            match StrObj::of(v).and_then(StrObj::to_utf8) {
                Some(t) => *place = t,
                None => return Err(cx.value_error("invalid override dict")),
            }
        }
    }
    if let Some(v) = field(cx, "grouping")? {
        if let Some(l) = ListObj::of(v) {
            into.grouping = l.snapshot().iter().filter_map(|v| u8::try_from(v.as_small()?).ok()).collect();
        } else if let Some(t) = StrObj::of(v) {
            into.grouping = t.str_ref().chars().filter_map(|c| u8::try_from(c).ok()).collect();
        } else if let Some(b) = BytesObj::of(v) {
            into.grouping = b.bytes().to_vec();
        } else {
            return Err(cx.value_error("invalid override dict"));
        }
    }
    let long = into.point.is_empty() || into.point.len() > 4 || into.separator.len() > 4;
    if given && (long || into.grouping.iter().any(|n| *n > 127)) {
        return Err(cx.value_error("invalid override dict"));
    }
    Ok(())
}
