//! `unicodedata`: the Unicode database, and as `ucd_3_2_0` the one of version 3.2.
//!
//! The functions of the module and the methods of the old database have the same names; each exists once, told by its
//! first argument (the old database, or the module) which tables to use.

use protopy_text::StrBuf;

use protopy_text::unicode::{self, NAME_MAX_LEN, Named, NormalForm, old};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, GetSetDef, ModuleSpec, TypeSpec, getsets, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "unicodedata",
    doc: "The Unicode character database, version 16.0.0.",
    functions: FUNCTIONS,
    init: Some(init),
};

/// The old database.
struct Ucd;

impl Payload for Ucd {
    const NAME: &'static str = "UCD";

    fn trace(&self, _: &mut Tracer) {}
}

static UCD: TypeSpec = TypeSpec {
    name: "UCD",
    module: "unicodedata",
    layout: Layout::Native,
    vt: Some(<Ucd as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    methods: METHODS,
    getsets: GETSETS,
    ..TypeSpec::BASE
};

static GETSETS: &[GetSetDef] = getsets![
    /// The version.
    member "unidata_version" => |cx, _| Ok(cx.str("3.2.0"));
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let t = create_type(cx, &UCD)?;
    vm::set_attr_str(cx, module, "UCD", t)?;
    if let Some(t) = TypeObj::of(t) {
        let o = cx.new_native(t, Ucd);
        vm::set_attr_str(cx, module, "ucd_3_2_0", o)?;
    }
    let version = cx.str("16.0.0");
    vm::set_attr_str(cx, module, "unidata_version", version)
}

/// Declares the functions and the methods of the old database.
macro_rules! both {
    ($($(#[doc = $doc:literal])* $name:literal ($params:literal) => $f:ident;)*) => {
        static FUNCTIONS: &[MethodDef] = methods![functions:
            $($(#[doc = $doc])* $params => |cx, a| $f(cx, a, false);)*
        ];
        static METHODS: &[MethodDef] = methods![
            $($(#[doc = $doc])* $name => |cx, a| $f(cx, &a[1..], true);)*
        ];
    };
}

both! {
    /// The bidirectional class of a character, "" if it has none.
    "bidirectional(self, chr, /)" ("bidirectional(chr, /)") => bidirectional;
    /// The general category of a character.
    "category(self, chr, /)" ("category(chr, /)") => category;
    /// The canonical combining class of a character, 0 if it has none.
    "combining(self, chr, /)" ("combining(chr, /)") => combining;
    /// The value of a decimal digit.
    "decimal(self, chr, default=<unrepresentable>, /)" ("decimal(chr, default=<unrepresentable>, /)") => decimal;
    /// The decomposition of a character, "" if it has none.
    "decomposition(self, chr, /)" ("decomposition(chr, /)") => decomposition;
    /// The value of a digit.
    "digit(self, chr, default=<unrepresentable>, /)" ("digit(chr, default=<unrepresentable>, /)") => digit;
    /// The width of a character in East Asian text.
    "east_asian_width(self, chr, /)" ("east_asian_width(chr, /)") => east_asian_width;
    /// Whether a string is in a normal form: NFC, NFKC, NFD or NFKD.
    "is_normalized(self, form, unistr, /)" ("is_normalized(form, unistr, /)") => is_normalized;
    /// The character of a name.
    "lookup(self, name, /)" ("lookup(name, /)") => lookup;
    /// 1 if the character is mirrored in right-to-left text, else 0.
    "mirrored(self, chr, /)" ("mirrored(chr, /)") => mirrored;
    /// The name of a character.
    "name(self, chr, default=<unrepresentable>, /)" ("name(chr, default=<unrepresentable>, /)") => name;
    /// The normal form of a string: NFC, NFKC, NFD or NFKD.
    "normalize(self, form, unistr, /)" ("normalize(form, unistr, /)") => normalize;
    /// The numeric value of a character, a float.
    "numeric(self, chr, default=<unrepresentable>, /)" ("numeric(chr, default=<unrepresentable>, /)") => numeric;
}

/// The character of an argument; `which` is " 1" if the function has more than one.
fn character(cx: &mut Ctx, v: Value, function: &str, which: &str) -> PyResult<u32> {
    let Some(s) = StrObj::of(v) else {
        let msg = format!(
            "{function}() argument{which} must be a unicode character, not {}",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    };
    match (s.len(), s.str_ref().get(0)) {
        (1, Some(c)) => Ok(c),
        (n, _) => {
            let msg = format!(
                "{function}(): argument{which} must be a unicode character, not a string of length {n}"
            );
            Err(cx.type_error(&msg))
        }
    }
}

fn bidirectional(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "bidirectional", "")?;
    Ok(cx.str(if is_old { old::bidirectional(c) } else { unicode::bidirectional(c) }))
}

fn category(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "category", "")?;
    Ok(cx.str(if is_old { old::category(c) } else { unicode::category(c) }))
}

fn combining(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "combining", "")?;
    Ok(Value::small(i64::from(if is_old { old::combining(c) } else { unicode::combining(c) })))
}

fn mirrored(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "mirrored", "")?;
    Ok(Value::small(i64::from(if is_old { old::mirrored(c) } else { unicode::mirrored(c) })))
}

fn east_asian_width(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "east_asian_width", "")?;
    Ok(cx.str(if is_old { old::east_asian_width(c) } else { unicode::east_asian_width(c) }))
}

fn decomposition(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "decomposition", "")?;
    Ok(cx.str(&if is_old { old::decomposition(c) } else { unicode::decomposition(c) }))
}

/// A value, else the default, else ValueError.
fn or_default(cx: &mut Ctx, v: Option<Value>, default: Value, msg: &str) -> PyResult {
    match v.or(default.bound()) {
        Some(v) => Ok(v),
        None => Err(cx.value_error(msg)),
    }
}

fn decimal(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "decimal", " 1")?;
    let n = if is_old { old::to_decimal(c) } else { unicode::to_decimal(c) };
    or_default(cx, n.map(|n| Value::small(i64::from(n))), a[1], "not a decimal")
}

fn digit(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "digit", " 1")?;
    let n = if is_old { old::to_digit(c) } else { unicode::to_digit(c) };
    or_default(cx, n.map(|n| Value::small(i64::from(n))), a[1], "not a digit")
}

fn numeric(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "numeric", " 1")?;
    let n = if is_old { old::to_numeric(c) } else { unicode::to_numeric(c) };
    let n = n.map(|n| cx.float(n));
    or_default(cx, n, a[1], "not a numeric character")
}

fn name(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let c = character(cx, a[0], "name", " 1")?;
    let n = if is_old { old::name(c) } else { unicode::name(c) };
    let n = n.map(|n| cx.str(&n));
    or_default(cx, n, a[1], "no such name")
}

fn lookup(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let text = match StrObj::of(a[0]) {
        Some(s) => s.to_string_lossy(),
        None => String::from_utf8_lossy(&vm::bytes_like(cx, a[0])?).into_owned(),
    };
    if text.len() > NAME_MAX_LEN {
        return Err(cx.raise_str(Ty::KeyError, "name too long"));
    }
    let found = if is_old { old::lookup(&text).map(Named::Char) } else { unicode::lookup(&text) };
    match found {
        Some(Named::Char(c)) => Ok(cx.char(c)),
        Some(Named::Sequence(s)) => {
            let mut out = StrBuf::new();
            s.iter().for_each(|c| out.push(u32::from(*c)));
            cx.str_buf(out)
        }
        None => Err(cx.raise_str(Ty::KeyError, &format!("undefined character name '{text}'"))),
    }
}

/// The arguments of `normalize` and `is_normalized`; `None` for the empty string, of which the form is not looked at.
fn form_arguments(
    cx: &mut Ctx,
    a: &[Value],
    function: &str,
) -> PyResult<Option<(NormalForm, &'static StrObj)>> {
    let mut strings = [None; 2];
    for (i, v) in a.iter().take(2).enumerate() {
        strings[i] = StrObj::of(*v);
        if strings[i].is_none() {
            let msg = format!(
                "{function}() argument {} must be str, not {}",
                i + 1,
                protopy_vm::ops::tp_name(cx, *v)
            );
            return Err(cx.type_error(&msg));
        }
    }
    let [Some(form), Some(s)] = strings else { return Ok(None) };
    if s.is_empty() {
        return Ok(None);
    }
    match form.as_ascii().and_then(NormalForm::from_name) {
        Some(f) => Ok(Some((f, s))),
        None => Err(cx.value_error("invalid normalization form")),
    }
}

fn is_normalized(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let Some((form, s)) = form_arguments(cx, a, "is_normalized")? else { return Ok(Value::TRUE) };
    let s = s.str_ref();
    let f = if is_old { old::is_normalized } else { unicode::is_normalized };
    let r = cx.computing(s.len(), || f(s, form));
    vm::keep_alive(a[1]);
    Ok(Value::bool(r))
}

fn normalize(cx: &mut Ctx, a: &[Value], is_old: bool) -> PyResult {
    let found = form_arguments(cx, a, "normalize")?;
    let Some((form, s)) = found.filter(|(_, s)| !s.is_ascii()) else {
        // Nothing to change; an instance of a subclass becomes a str.
        return match StrObj::of(a[1]) {
            Some(s) if !cx.is_exact(a[1], Ty::Str) => cx.str_from(s.str_ref()),
            _ => Ok(a[1]),
        };
    };
    let s = s.str_ref();
    let f = if is_old { old::normalize } else { unicode::normalize };
    let r = cx.computing(s.len(), || f(s, form));
    vm::keep_alive(a[1]);
    cx.str_buf(r)
}
