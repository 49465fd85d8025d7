//! The scanner: `make_scanner(context)(string, idx)`.

use super::decode_error;
use super::strings::{Unit, plain_run, scan_units};
use protopy_text::StrRef;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{ListObj, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, bind_all_arguments, getsets};

/// What the context said.
#[derive(Default)]
pub(super) struct Scanner {
    strict: bool,
    object_hook: Slot,
    object_pairs_hook: Slot,
    parse_float: Slot,
    parse_int: Slot,
    parse_constant: Slot,
}

impl Payload for Scanner {
    const NAME: &'static str = "Scanner";

    fn trace(&self, t: &mut Tracer) {
        for s in [
            &self.object_hook,
            &self.object_pairs_hook,
            &self.parse_float,
            &self.parse_int,
            &self.parse_constant,
        ] {
            t.slot(s);
        }
    }
}

pub(super) static SCANNER: TypeSpec = TypeSpec {
    name: "Scanner",
    module: "_json",
    layout: Layout::Native,
    vt: Some(<Scanner as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(scanner_new), call: Some(scanner_call), ..SlotSpec::NONE },
    getsets: GETSETS,
    doc: "JSON scanner object",
    ..TypeSpec::BASE
};

fn member(v: Value, f: impl Fn(&'static Scanner) -> &'static Slot) -> PyResult {
    Ok(v.native::<Scanner>().map_or(Value::NONE, |s| f(s).get_or_none()))
}

static GETSETS: &[GetSetDef] = getsets![
    /// Whether control characters are refused in strings.
    member "strict" => |_, v| Ok(Value::bool(v.native::<Scanner>().is_some_and(|s| s.strict)));
    /// Makes the result of a dict.
    member "object_hook" => |_, v| member(v, |s| &s.object_hook);
    /// Makes the result of a list of pairs.
    member "object_pairs_hook" => |_, v| member(v, |s| &s.object_pairs_hook);
    /// Makes the result of the text of a number with fraction or exponent.
    member "parse_float" => |_, v| member(v, |s| &s.parse_float);
    /// Makes the result of the text of an integer.
    member "parse_int" => |_, v| member(v, |s| &s.parse_int);
    /// Makes the result of NaN, Infinity or -Infinity.
    member "parse_constant" => |_, v| member(v, |s| &s.parse_constant);
];

fn scanner_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let a = bind_all_arguments(cx, "make_scanner", &["context"], args)?;
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let context = a[0];
    let strict = vm::get_attr_str(cx, context, "strict")?;
    let strict = vm::is_true(cx, strict)?;
    let mut hook = |n: &str| vm::get_attr_str(cx, context, n);
    let object_hook = hook("object_hook")?;
    let object_pairs_hook = hook("object_pairs_hook")?;
    let parse_float = hook("parse_float")?;
    let parse_int = hook("parse_int")?;
    let parse_constant = hook("parse_constant")?;
    let scanner = Scanner {
        strict,
        object_hook: Slot::new(object_hook),
        object_pairs_hook: Slot::new(object_pairs_hook),
        parse_float: Slot::new(parse_float),
        parse_int: Slot::new(parse_int),
        parse_constant: Slot::new(parse_constant),
    };
    Ok(cx.new_native(ty, scanner))
}

fn scanner_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let [text, idx] = bind_all_arguments(cx, "scan_once", &["string", "idx"], args)?;
    let idx = vm::index_i64(cx, idx, Ty::OverflowError)?;
    let Some(scanner) = this.native::<Scanner>() else { return Err(cx.type_error("not a scanner")) };
    let Some(s) = StrObj::of(text) else {
        let msg = format!("first argument must be a string, not {}", protopy_vm::ops::tp_name(cx, text));
        return Err(cx.type_error(&msg));
    };
    let Ok(idx) = usize::try_from(idx) else { return Err(cx.value_error("idx cannot be negative")) };
    let (v, next) = match s.str_ref() {
        StrRef::Latin1(s) => Scan::new(cx, scanner, text, s).value(cx, idx),
        StrRef::Ucs2(s) => Scan::new(cx, scanner, text, s).value(cx, idx),
        StrRef::Ucs4(s) => Scan::new(cx, scanner, text, s).value(cx, idx),
    }?;
    vm::keep_alive(text);
    vm::keep_alive(this);
    let next = cx.int_usize(next);
    Ok(cx.pair(v, next))
}

/// Slots of the cache of keys.
const KEYS: usize = 64;

/// A run over one text. It lives on the native stack, where the collector sees the keys.
struct Scan<'a, T> {
    scanner: &'a Scanner,
    text: Value,
    s: &'a [T],
    object_hook: Option<Value>,
    pairs_hook: Option<Value>,
    /// Whether integers and floats are made by `int` and `float`.
    plain_int: bool,
    plain_float: bool,
    /// Keys seen lately, by a hash of their characters: objects of the same kind share them.
    keys: [Option<Value>; KEYS],
}

fn is_char<T: Unit>(c: Option<&T>, want: u8) -> bool {
    c.is_some_and(|c| c.point() == u32::from(want))
}

fn is_digit<T: Unit>(c: Option<&T>) -> bool {
    c.is_some_and(|c| (0x30..0x3a).contains(&c.point()))
}

impl<'a, T: Unit> Scan<'a, T> {
    fn new(cx: &Ctx, scanner: &'a Scanner, text: Value, s: &'a [T]) -> Self {
        let is = |slot: &Slot, t: Ty| slot.get().is_some_and(|v| v.is(cx.ty(t).value()));
        Scan {
            scanner,
            text,
            s,
            object_hook: scanner.object_hook.get().and_then(Value::not_none),
            pairs_hook: scanner.object_pairs_hook.get().and_then(Value::not_none),
            plain_int: is(&scanner.parse_int, Ty::Int),
            plain_float: is(&scanner.parse_float, Ty::Float),
            keys: [None; KEYS],
        }
    }

    #[cold]
    fn error(&self, cx: &mut Ctx, msg: &str, at: usize) -> Raised {
        decode_error(cx, msg, self.text, at as i64)
    }

    /// StopIteration with the position where a value should be.
    #[cold]
    fn nothing(&self, cx: &mut Ctx, at: usize) -> Raised {
        let at = cx.int_usize(at);
        vm::raise_stop_iteration(cx, at)
    }

    #[inline(always)]
    fn skip_space(&self, mut at: usize) -> usize {
        while let Some(c) = self.s.get(at)
            && matches!(c.point(), 0x20 | 0x09 | 0x0a | 0x0d)
        {
            at += 1;
        }
        at
    }

    fn starts_with(&self, at: usize, word: &[u8]) -> bool {
        self.s
            .get(at..at + word.len())
            .is_some_and(|w| w.iter().zip(word).all(|(c, w)| c.point() == u32::from(*w)))
    }

    /// The value at `at` and the index behind it.
    fn value(&mut self, cx: &mut Ctx, at: usize) -> PyResult<(Value, usize)> {
        let Some(c) = self.s.get(at) else { return Err(self.nothing(cx, at)) };
        match u8::try_from(c.point()).unwrap_or(0) {
            b'"' => scan_units(cx, self.text, self.s, at + 1, self.scanner.strict),
            b'{' => {
                cx.check_native_stack(" while decoding a JSON object from a unicode string")?;
                self.object(cx, at + 1)
            }
            b'[' => {
                cx.check_native_stack(" while decoding a JSON array from a unicode string")?;
                self.array(cx, at + 1)
            }
            b'n' if self.starts_with(at, b"null") => Ok((Value::NONE, at + 4)),
            b't' if self.starts_with(at, b"true") => Ok((Value::TRUE, at + 4)),
            b'f' if self.starts_with(at, b"false") => Ok((Value::FALSE, at + 5)),
            b'N' if self.starts_with(at, b"NaN") => self.constant(cx, "NaN", at),
            b'I' if self.starts_with(at, b"Infinity") => self.constant(cx, "Infinity", at),
            b'-' if self.starts_with(at, b"-Infinity") => self.constant(cx, "-Infinity", at),
            _ => self.number(cx, at),
        }
    }

    fn constant(&self, cx: &mut Ctx, word: &str, at: usize) -> PyResult<(Value, usize)> {
        let text = cx.str(word);
        let v = vm::call(cx, self.scanner.parse_constant.get_or_none(), &[text])?;
        Ok((v, at + word.len()))
    }

    fn number(&self, cx: &mut Ctx, start: usize) -> PyResult<(Value, usize)> {
        let s = self.s;
        let mut at = start;
        if is_char(s.get(at), b'-') {
            at += 1;
        }
        if is_char(s.get(at), b'0') {
            at += 1;
        } else if is_digit(s.get(at)) {
            while is_digit(s.get(at)) {
                at += 1;
            }
        } else {
            return Err(self.nothing(cx, start));
        }
        let whole = at;
        if is_char(s.get(at), b'.') && is_digit(s.get(at + 1)) {
            at += 2;
            while is_digit(s.get(at)) {
                at += 1;
            }
        }
        if s.get(at).is_some_and(|c| matches!(c.point(), 0x45 | 0x65)) {
            let signed = s.get(at + 1).is_some_and(|c| matches!(c.point(), 0x2b | 0x2d));
            let mut e = at + 1 + usize::from(signed);
            if is_digit(s.get(e)) {
                while is_digit(s.get(e)) {
                    e += 1;
                }
                at = e;
            }
        }
        let v = if at == whole { self.integer(cx, start, at)? } else { self.real(cx, start, at)? };
        Ok((v, at))
    }

    fn integer(&self, cx: &mut Ctx, start: usize, end: usize) -> PyResult {
        let digits = &self.s[start..end];
        if self.plain_int && digits.len() <= 18 {
            let (negative, digits) = match digits.split_first() {
                Some((c, rest)) if c.point() == u32::from(b'-') => (true, rest),
                _ => (false, digits),
            };
            let n = digits.iter().fold(0i64, |n, c| n * 10 + i64::from(c.point()) - 0x30);
            return Ok(cx.int(if negative { -n } else { n }));
        }
        let text = cx.str_from(T::view(digits))?;
        vm::call(cx, self.scanner.parse_int.get_or_none(), &[text])
    }

    fn real(&self, cx: &mut Ctx, start: usize, end: usize) -> PyResult {
        let chars = &self.s[start..end];
        if self.plain_float {
            let mut buf = [0u8; 40];
            if let Some(out) = buf.get_mut(..chars.len()) {
                out.iter_mut().zip(chars).for_each(|(o, c)| *o = c.point() as u8);
                if let Some(f) = std::str::from_utf8(out).ok().and_then(|t| t.parse::<f64>().ok()) {
                    return Ok(cx.float(f));
                }
            }
        }
        let text = cx.str_from(T::view(chars))?;
        vm::call(cx, self.scanner.parse_float.get_or_none(), &[text])
    }

    /// The key whose first character is at `begin`, shared with equal keys if it is short and plain.
    fn key(&mut self, cx: &mut Ctx, begin: usize) -> PyResult<(Value, usize)> {
        let end = plain_run(self.s, begin);
        let chars = &self.s[begin..end];
        if chars.len() > 32 || chars.is_empty() || !is_char(self.s.get(end), b'"') {
            return scan_units(cx, self.text, self.s, begin, self.scanner.strict);
        }
        let hash = chars.iter().fold(chars.len(), |h, c| h.wrapping_mul(31).wrapping_add(c.point() as usize));
        let place = &mut self.keys[hash % KEYS];
        if let Some(k) = *place
            && StrObj::of(k).is_some_and(|s| s.len() == chars.len() && same(s.str_ref(), chars))
        {
            return Ok((k, end + 1));
        }
        let k = cx.str_from(T::view(chars))?;
        *place = Some(k);
        Ok((k, end + 1))
    }

    fn object(&mut self, cx: &mut Ctx, at: usize) -> PyResult<(Value, usize)> {
        let pairs = self.pairs_hook.is_some();
        let made = if pairs { cx.list(&[])? } else { cx.dict() };
        let next = self.members(cx, at, made)?;
        let v = match (self.pairs_hook, self.object_hook) {
            (Some(h), _) | (None, Some(h)) => vm::call(cx, h, &[made])?,
            (None, None) => made,
        };
        Ok((v, next))
    }

    /// Reads members into a dict or a list of pairs; the index behind the closing brace.
    fn members(&mut self, cx: &mut Ctx, at: usize, made: Value) -> PyResult<usize> {
        let mut at = self.skip_space(at);
        if is_char(self.s.get(at), b'}') {
            return Ok(at + 1);
        }
        loop {
            if !is_char(self.s.get(at), b'"') {
                return Err(self.error(cx, "Expecting property name enclosed in double quotes", at));
            }
            let (key, next) = self.key(cx, at + 1)?;
            at = self.skip_space(next);
            if !is_char(self.s.get(at), b':') {
                return Err(self.error(cx, "Expecting ':' delimiter", at));
            }
            at = self.skip_space(at + 1);
            let (value, next) = self.value(cx, at)?;
            match (DictObj::of(made), ListObj::of(made)) {
                (Some(d), _) => {
                    if cx.dict_set_str(d, key, value).is_none() {
                        return Err(cx.no_memory());
                    }
                }
                (None, Some(l)) => {
                    let pair = cx.pair(key, value);
                    cx.list_append(l, pair)?;
                }
                (None, None) => {}
            }
            at = self.skip_space(next);
            if is_char(self.s.get(at), b'}') {
                return Ok(at + 1);
            }
            if !is_char(self.s.get(at), b',') {
                return Err(self.error(cx, "Expecting ',' delimiter", at));
            }
            let comma = at;
            at = self.skip_space(at + 1);
            if is_char(self.s.get(at), b'}') {
                return Err(self.error(cx, "Illegal trailing comma before end of object", comma));
            }
        }
    }

    fn array(&mut self, cx: &mut Ctx, at: usize) -> PyResult<(Value, usize)> {
        let made = cx.list(&[])?;
        let Some(list) = ListObj::of(made) else { return Err(cx.no_memory()) };
        let mut at = self.skip_space(at);
        if is_char(self.s.get(at), b']') {
            return Ok((made, at + 1));
        }
        loop {
            let (v, next) = self.value(cx, at)?;
            cx.list_append(list, v)?;
            at = self.skip_space(next);
            if is_char(self.s.get(at), b']') {
                return Ok((made, at + 1));
            }
            if !is_char(self.s.get(at), b',') {
                return Err(self.error(cx, "Expecting ',' delimiter", at));
            }
            let comma = at;
            at = self.skip_space(at + 1);
            if is_char(self.s.get(at), b']') {
                return Err(self.error(cx, "Illegal trailing comma before end of array", comma));
            }
        }
    }
}

/// Whether a string of the same length has these characters.
fn same<T: Unit>(s: StrRef<'_>, chars: &[T]) -> bool {
    match s {
        StrRef::Latin1(s) => s.iter().zip(chars).all(|(a, b)| u32::from(*a) == b.point()),
        wide => wide.chars().zip(chars).all(|(a, b)| a == b.point()),
    }
}
