//! The module `_locale`.
#![allow(unsafe_code)]

use crate::consts::locale::CONSTANTS;
use crate::posix::OsState;
use crate::support::{c_string, fs_value, int, none_name, set_ints};
use crate::sys::bytes_of;
use libc::{c_char, c_int, size_t, wchar_t};
use protopy_text::StrRef;
use protopy_vm::errors::raise_class;
use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Ty, Value};
use protopy_vm::types::create_type_with_base;
use protopy_vm::{ModuleSpec, TypeSpec, dict_of, dict_set, methods, set_attr_str};
use std::ffi::CString;
use std::sync::Mutex;

unsafe extern "C" {
    fn wcscoll(a: *const wchar_t, b: *const wchar_t) -> c_int;
    fn wcsxfrm(to: *mut wchar_t, from: *const wchar_t, n: size_t) -> size_t;
    #[link_name = "gettext"]
    fn c_gettext(msg: *const c_char) -> *const c_char;
    #[link_name = "dgettext"]
    fn c_dgettext(domain: *const c_char, msg: *const c_char) -> *const c_char;
    #[link_name = "dcgettext"]
    fn c_dcgettext(domain: *const c_char, msg: *const c_char, category: c_int) -> *const c_char;
    #[link_name = "textdomain"]
    fn c_textdomain(domain: *const c_char) -> *const c_char;
    #[link_name = "bindtextdomain"]
    fn c_bindtextdomain(domain: *const c_char, dir: *const c_char) -> *const c_char;
    #[link_name = "bind_textdomain_codeset"]
    fn c_bind_textdomain_codeset(domain: *const c_char, codeset: *const c_char) -> *const c_char;
}

/// `_locale`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_locale",
    doc: "Locales of the C library. Use the module locale.",
    functions: methods![functions:
        /// Sets (or, without one, asks for) the locale of a category.
        "setlocale(category, locale=None, /)" => setlocale;
        /// How numbers and amounts of money are written.
        "localeconv()" => localeconv;
        /// Compares two strings by the locale.
        "strcoll(os1, os2, /)" => strcoll;
        /// A string whose ordinary order is the locale's order.
        "strxfrm(string, /)" => strxfrm;
        /// A text of the locale.
        "nl_langinfo(key, /)" => nl_langinfo;
        /// The encoding of the locale.
        "getencoding()" => getencoding;
        /// The translation of a message.
        "gettext(msg, /)" => gettext;
        /// The translation of a message in a domain.
        "dgettext(domain, msg, /)" => dgettext;
        /// The translation of a message in a domain and category.
        "dcgettext(domain, msg, category, /)" => dcgettext;
        /// Sets the domain of messages.
        "textdomain(domain, /)" => textdomain;
        /// Sets the directory of a domain's translations.
        "bindtextdomain(domain, dir, /)" => bindtextdomain;
        /// Sets the encoding of a domain's translations.
        "bind_textdomain_codeset(domain, codeset, /)" => bind_textdomain_codeset;
    ],
    init: Some(init),
};

static ERROR: TypeSpec = TypeSpec {
    name: "Error",
    module: "locale",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    doc: "A locale is not supported.",
    ..TypeSpec::BASE
};

/// The C library's answers stay valid until the locale changes: one thread at a time asks and copies.
static LOCALE: Mutex<()> = Mutex::new(());

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let base = cx.ty(Ty::Exception).value();
    let t = create_type_with_base(cx, &ERROR, base)?;
    cx.space().state::<OsState>().locale_error.init(Some(t));
    set_attr_str(cx, module, "Error", t)?;
    Ok(())
}

fn failed(cx: &mut Ctx, msg: &str) -> Raised {
    let t = cx.space().state::<OsState>().locale_error.get_or_none();
    let m = cx.str(msg);
    raise_class(cx, t, &[m])
}

/// A str or None argument.
fn optional(cx: &mut Ctx, v: Value, func: &str, n: usize) -> PyResult<Option<CString>> {
    match v.not_none() {
        None => Ok(None),
        Some(v) => required(cx, v, func, &format!("argument {n}"), "str or None").map(Some),
    }
}

fn required(cx: &mut Ctx, v: Value, func: &str, what: &str, kinds: &str) -> PyResult<CString> {
    if StrObj::of(v).is_none() {
        let msg = format!("{func}() {what} must be {kinds}, not {}", none_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let b = protopy_vm::codec::fs_encode(cx, v)?;
    if b.contains(&0) {
        return Err(cx.value_error("embedded null character"));
    }
    c_string(cx, b)
}

fn pointer(s: &Option<CString>) -> *const c_char {
    s.as_ref().map_or(std::ptr::null(), |s| s.as_ptr())
}

fn setlocale(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let category = int(cx, a[0])?;
    let locale = optional(cx, a[1], "setlocale", 2)?;
    let r = cx.blocking(|| {
        let _one = LOCALE.lock().unwrap_or_else(|e| e.into_inner());
        // SAFETY: null or a NUL-terminated name; the answer is copied before another call.
        unsafe { bytes_of(libc::setlocale(category, pointer(&locale))) }
    });
    match r {
        Some(b) => fs_value(cx, &b, false),
        None if locale.is_some() => Err(failed(cx, "unsupported locale setting")),
        None => Err(failed(cx, "locale query failed")),
    }
}

/// What `localeconv` tells, copied.
struct Conventions {
    texts: Vec<(&'static str, Vec<u8>)>,
    groupings: [(&'static str, Vec<u8>); 2],
    numbers: Vec<(&'static str, i64)>,
}

/// A grouping with its end: 0 (the last size repeats) or CHAR_MAX (no more groups).
fn grouping(p: *const c_char) -> Vec<u8> {
    let mut out = Vec::new();
    if p.is_null() {
        return out;
    }
    let mut i = 0;
    // SAFETY: the C library ends the array with 0 or CHAR_MAX.
    unsafe {
        if *p == 0 {
            return out;
        }
        loop {
            let c = *p.add(i);
            out.push(c.to_ne_bytes()[0]);
            if c == 0 || c == c_char::MAX {
                return out;
            }
            i += 1;
        }
    }
}

fn conventions() -> Conventions {
    let _one = LOCALE.lock().unwrap_or_else(|e| e.into_inner());
    // SAFETY: the C library answers a structure of NUL-terminated strings, valid until the locale changes.
    unsafe {
        let l = &*libc::localeconv();
        let t = |p: *mut c_char| bytes_of(p).unwrap_or_default();
        Conventions {
            texts: vec![
                ("decimal_point", t(l.decimal_point)),
                ("thousands_sep", t(l.thousands_sep)),
                ("int_curr_symbol", t(l.int_curr_symbol)),
                ("currency_symbol", t(l.currency_symbol)),
                ("mon_decimal_point", t(l.mon_decimal_point)),
                ("mon_thousands_sep", t(l.mon_thousands_sep)),
                ("positive_sign", t(l.positive_sign)),
                ("negative_sign", t(l.negative_sign)),
            ],
            groupings: [("grouping", grouping(l.grouping)), ("mon_grouping", grouping(l.mon_grouping))],
            numbers: vec![
                ("int_frac_digits", l.int_frac_digits.into()),
                ("frac_digits", l.frac_digits.into()),
                ("p_cs_precedes", l.p_cs_precedes.into()),
                ("p_sep_by_space", l.p_sep_by_space.into()),
                ("n_cs_precedes", l.n_cs_precedes.into()),
                ("n_sep_by_space", l.n_sep_by_space.into()),
                ("p_sign_posn", l.p_sign_posn.into()),
                ("n_sign_posn", l.n_sign_posn.into()),
            ],
        }
    }
}

fn localeconv(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let c = cx.blocking(conventions);
    let v = cx.dict();
    let Some(d) = dict_of(v) else { return Ok(v) };
    for (n, t) in c.texts {
        let (k, x) = (cx.str(n), fs_value(cx, &t, false)?);
        dict_set(cx, d, k, x)?;
    }
    for (n, g) in c.groupings {
        let x = crate::support::list_from(cx, g, |cx, n| Ok(cx.int(n.into())))?;
        let k = cx.str(n);
        dict_set(cx, d, k, x)?;
    }
    for (n, x) in c.numbers {
        let (k, x) = (cx.str(n), cx.int(x));
        dict_set(cx, d, k, x)?;
    }
    Ok(v)
}

/// A NUL-terminated wide string; ValueError for a NUL inside.
fn wide(cx: &mut Ctx, v: Value, func: &str, what: &str) -> PyResult<Vec<wchar_t>> {
    let Some(s) = StrObj::of(v) else {
        let msg = format!("{func}() {what} must be str, not {}", none_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let mut out: Vec<wchar_t> = s.str_ref().chars().map(|c| c as wchar_t).collect();
    if out.contains(&0) {
        return Err(cx.value_error("embedded null character"));
    }
    out.push(0);
    Ok(out)
}

fn strcoll(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (x, y) = (wide(cx, a[0], "strcoll", "argument 1")?, wide(cx, a[1], "strcoll", "argument 2")?);
    // SAFETY: NUL-terminated strings.
    let n = unsafe { wcscoll(x.as_ptr(), y.as_ptr()) };
    Ok(cx.int(n.into()))
}

fn strxfrm(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = wide(cx, a[0], "strxfrm", "argument")?;
    let mut room = s.len() + 1;
    loop {
        let mut out: Vec<wchar_t> = vec![0; room];
        // SAFETY: room for `room` characters and a NUL-terminated string.
        let n = unsafe { wcsxfrm(out.as_mut_ptr(), s.as_ptr(), room) };
        if n < room {
            out.truncate(n);
            let mut chars = Vec::with_capacity(n);
            for c in out {
                match u32::try_from(c) {
                    Ok(c) if c <= 0x10_ffff => chars.push(c),
                    _ => {
                        let msg = format!("character U+{:x} is not in range [U+0000; U+10ffff]", c as u32);
                        return Err(cx.value_error(&msg));
                    }
                }
            }
            return cx.str_from(StrRef::Ucs4(&chars));
        }
        if n > (s.len() + 1) * 4096 {
            return Err(cx.no_memory());
        }
        room = n + 1;
    }
}

fn nl_langinfo(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let key = int(cx, a[0])?;
    let known =
        CONSTANTS.iter().any(|(n, v)| *v == i64::from(key) && !n.starts_with("LC_") && *n != "CHAR_MAX");
    if !known {
        return Err(cx.value_error("unsupported langinfo constant"));
    }
    let text = cx.blocking(|| {
        let _one = LOCALE.lock().unwrap_or_else(|e| e.into_inner());
        // SAFETY: a known item; the answer is copied before another call.
        unsafe {
            let p = libc::nl_langinfo(key);
            if key == libc::ALT_DIGITS { alt_digits(p) } else { bytes_of(p).unwrap_or_default() }
        }
    });
    fs_value(cx, &text, false)
}

/// The hundred alternative digits, which glibc separates by NULs, separated by semicolons.
///
/// # Safety
/// The answer of `nl_langinfo(ALT_DIGITS)`.
unsafe fn alt_digits(p: *const c_char) -> Vec<u8> {
    let mut out = Vec::new();
    // SAFETY: either an empty string, or a hundred strings one behind the other.
    unsafe {
        if p.is_null() || *p == 0 {
            return out;
        }
        let mut at = p;
        for i in 0..100 {
            let Some(s) = bytes_of(at) else { break };
            if s.is_empty() {
                break;
            }
            if i > 0 {
                out.push(b';');
            }
            at = at.add(s.len() + 1);
            out.extend(s);
        }
    }
    out
}

fn getencoding(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let text = cx.blocking(|| {
        let _one = LOCALE.lock().unwrap_or_else(|e| e.into_inner());
        // SAFETY: as in `nl_langinfo`.
        unsafe { bytes_of(libc::nl_langinfo(libc::CODESET)).unwrap_or_default() }
    });
    if text.is_empty() { Ok(cx.str("UTF-8")) } else { fs_value(cx, &text, false) }
}

/// Copies what a message function answered.
fn answer(cx: &mut Ctx, f: impl FnOnce() -> *const c_char) -> PyResult<Option<Vec<u8>>> {
    Ok(cx.blocking(|| {
        let _one = LOCALE.lock().unwrap_or_else(|e| e.into_inner());
        // SAFETY: the functions answer null or a NUL-terminated string: a translation or their argument.
        unsafe { bytes_of(f()) }
    }))
}

fn text(cx: &mut Ctx, t: Option<Vec<u8>>) -> PyResult {
    match t {
        Some(t) => fs_value(cx, &t, false),
        None => Ok(Value::NONE),
    }
}

fn gettext(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let msg = required(cx, a[0], "gettext", "argument", "str")?;
    // SAFETY: a NUL-terminated message.
    let t = answer(cx, || unsafe { c_gettext(msg.as_ptr()) })?;
    text(cx, t)
}

fn dgettext(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let domain = optional(cx, a[0], "dgettext", 1)?;
    let msg = required(cx, a[1], "dgettext", "argument 2", "str")?;
    // SAFETY: null or NUL-terminated strings.
    let t = answer(cx, || unsafe { c_dgettext(pointer(&domain), msg.as_ptr()) })?;
    text(cx, t)
}

fn dcgettext(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let domain = optional(cx, a[0], "dcgettext", 1)?;
    let msg = required(cx, a[1], "dcgettext", "argument 2", "str")?;
    let category = int(cx, a[2])?;
    // SAFETY: null or NUL-terminated strings.
    let t = answer(cx, || unsafe { c_dcgettext(pointer(&domain), msg.as_ptr(), category) })?;
    text(cx, t)
}

fn textdomain(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let domain = optional(cx, a[0], "textdomain", 1)?;
    // SAFETY: null or a NUL-terminated name.
    match answer(cx, || unsafe { c_textdomain(pointer(&domain)) })? {
        Some(t) => fs_value(cx, &t, false),
        None => Err(protopy_vm::raise_os(cx, crate::sys::errno(), None)),
    }
}

fn bindtextdomain(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let domain = required(cx, a[0], "bindtextdomain", "argument 1", "str")?;
    if domain.is_empty() {
        return Err(failed(cx, "domain must be a non-empty string"));
    }
    let dir = match a[1].not_none() {
        Some(v) => Some(crate::support::fs_name(cx, v)?),
        None => None,
    };
    // SAFETY: null or NUL-terminated names.
    match answer(cx, || unsafe { c_bindtextdomain(domain.as_ptr(), pointer(&dir)) })? {
        Some(t) => fs_value(cx, &t, false),
        None => Err(protopy_vm::raise_os(cx, crate::sys::errno(), None)),
    }
}

fn bind_textdomain_codeset(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let domain = required(cx, a[0], "bind_textdomain_codeset", "argument 1", "str")?;
    let codeset = optional(cx, a[1], "bind_textdomain_codeset", 2)?;
    // SAFETY: null or NUL-terminated names.
    let t = answer(cx, || unsafe { c_bind_textdomain_codeset(domain.as_ptr(), pointer(&codeset)) })?;
    text(cx, t)
}
