//! Writing.

use super::{FLAG_REF, MAX_DEPTH, code};
use num_bigint::Sign;
use protocore::dict::DictObj;
use protocore::layouts::{
    BytesObj, CodeObj, ComplexObj, FloatObj, IntRef, ListObj, SliceObj, StrObj, TupleObj, str_flags,
};
use protocore::{Ctx, Held, PyResult, Raised, Ty, Value};
use protopy_text::StrRef;
use protopy_vm::{ValueVec, buffer_to_vec, codec, has_buffer};
use std::collections::HashMap;

struct Writer {
    out: Vec<u8>,
    version: i64,
    allow_code: bool,
    depth: usize,
    /// Reference numbers by address; none while the object is not to be referred to yet.
    refs: HashMap<u64, Option<u32>>,
    /// The objects with a number, kept alive.
    held: ValueVec,
}

/// The bytes of a value.
pub fn dumps_value(cx: &mut Ctx, v: Value, version: i64, allow_code: bool) -> PyResult<Vec<u8>> {
    dumps_at(cx, v, version, allow_code, 0)
}

fn dumps_at(cx: &mut Ctx, v: Value, version: i64, allow_code: bool, depth: usize) -> PyResult<Vec<u8>> {
    let held = ValueVec::new(cx);
    let mut w =
        Writer { out: Vec::with_capacity(64), version, allow_code, depth, refs: HashMap::new(), held };
    w.object(cx, v)?;
    Ok(w.out)
}

#[cold]
fn unmarshallable(cx: &mut Ctx) -> Raised {
    cx.value_error("unmarshallable object")
}

/// Base 2^15 digits of a magnitude, lowest first.
fn digits15(words: impl Iterator<Item = u32>) -> Vec<u16> {
    let mut out = Vec::new();
    let (mut acc, mut bits) = (0u64, 0);
    for w in words {
        acc |= u64::from(w) << bits;
        bits += 32;
        while bits >= 15 {
            out.push((acc & 0x7fff) as u16);
            acc >>= 15;
            bits -= 15;
        }
    }
    if acc != 0 {
        out.push(acc as u16);
    }
    while out.last() == Some(&0) {
        out.pop();
    }
    out
}

impl Writer {
    fn byte(&mut self, b: u8) {
        self.out.push(b);
    }

    fn long(&mut self, n: i32) {
        self.out.extend_from_slice(&n.to_le_bytes());
    }

    fn size(&mut self, cx: &mut Ctx, n: usize) -> PyResult<()> {
        match i32::try_from(n) {
            Ok(n) => {
                self.long(n);
                Ok(())
            }
            Err(_) => Err(unmarshallable(cx)),
        }
    }

    /// A length and the bytes.
    fn bytes(&mut self, cx: &mut Ctx, b: &[u8]) -> PyResult<()> {
        self.size(cx, b.len())?;
        if self.out.try_reserve(b.len()).is_err() {
            return Err(cx.no_memory());
        }
        self.out.extend_from_slice(b);
        Ok(())
    }

    fn object(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(cx.value_error("object too deeply nested to marshal"));
        }
        cx.check_native_stack(" while marshalling")?;
        cx.breathe();
        let simple = if v.is_none() {
            Some(code::NONE)
        } else if v.is(Value::TRUE) {
            Some(code::TRUE)
        } else if v.is(Value::FALSE) {
            Some(code::FALSE)
        } else if v.is(Value::ELLIPSIS) {
            Some(code::ELLIPSIS)
        } else if v.is(cx.ty(Ty::StopIteration).value()) {
            Some(code::STOPITER)
        } else {
            None
        };
        match simple {
            Some(b) => self.byte(b),
            None => self.shared(cx, v)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes a reference to an object that was written before, or the object.
    fn shared(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let mut flag = 0;
        let late = CodeObj::of(v).is_some() || SliceObj::of(v).is_some();
        if self.version >= 3 && v.is_heap() {
            match self.refs.get(&v.bits()) {
                Some(Some(n)) => {
                    let n = *n;
                    self.byte(code::REF);
                    self.long(n as i32);
                    return Ok(());
                }
                Some(None) => return Err(unmarshallable(cx)),
                None => {}
            }
            let n = self.held.len() as u32;
            self.held.push(cx, v)?;
            self.refs.insert(v.bits(), if late { None } else { Some(n) });
            flag = FLAG_REF;
            self.complex(cx, v, flag)?;
            if late {
                self.refs.insert(v.bits(), Some(n));
            }
            return Ok(());
        }
        self.complex(cx, v, flag)
    }

    fn complex(&mut self, cx: &mut Ctx, v: Value, flag: u8) -> PyResult<()> {
        if cx.is_exact(v, Ty::Int) {
            return self.int(v, flag);
        }
        if cx.is_exact(v, Ty::Float) {
            return self.float(cx, FloatObj::of(v).unwrap_or(0.0), v, flag);
        }
        if cx.is_exact(v, Ty::Complex) {
            return self.complex_number(cx, v, flag);
        }
        if cx.is_exact(v, Ty::Str) {
            return self.str(cx, v, flag);
        }
        if cx.is_exact(v, Ty::Bytes) {
            self.byte(code::STRING | flag);
            return self.bytes(cx, BytesObj::of(v).map_or(&[][..], BytesObj::bytes));
        }
        if cx.is_exact(v, Ty::Tuple) {
            return self.tuple(cx, v, flag);
        }
        if cx.is_exact(v, Ty::List) {
            let items = ListObj::of(v).map(ListObj::snapshot).unwrap_or_default();
            self.byte(code::LIST | flag);
            self.size(cx, items.len())?;
            let held = cx.keep.len();
            cx.keep.extend_from_slice(&items);
            let r = items.iter().try_for_each(|x| self.object(cx, *x));
            cx.keep.truncate(held);
            return r;
        }
        if cx.is_exact(v, Ty::Dict) {
            return self.dict(cx, v, flag);
        }
        if cx.is_exact(v, Ty::Set) || cx.is_exact(v, Ty::FrozenSet) {
            return self.set(cx, v, flag);
        }
        if let Some(c) = CodeObj::of(v) {
            return self.code(cx, c, flag);
        }
        if let Some(s) = SliceObj::of(v)
            && self.version >= 5
        {
            self.byte(code::SLICE | flag);
            for x in [&s.start, &s.stop, &s.step] {
                self.object(cx, x.get_or_none())?;
            }
            return Ok(());
        }
        self.buffer(cx, v, flag)
    }

    fn buffer(&mut self, cx: &mut Ctx, v: Value, flag: u8) -> PyResult<()> {
        if !has_buffer(cx, v) {
            return Err(unmarshallable(cx));
        }
        match buffer_to_vec(cx, v) {
            Ok(b) => {
                self.byte(code::STRING | flag);
                self.bytes(cx, &b)
            }
            Err(r) => {
                cx.take_raised(r);
                Err(unmarshallable(cx))
            }
        }
    }

    fn int(&mut self, v: Value, flag: u8) -> PyResult<()> {
        let n = IntRef::of(v).unwrap_or(IntRef::Small(0));
        if let IntRef::Small(n) = n
            && let Ok(n) = i32::try_from(n)
        {
            self.byte(code::INT | flag);
            self.long(n);
            return Ok(());
        }
        let (negative, digits) = match n {
            IntRef::Small(n) => {
                let m = n.unsigned_abs();
                (n < 0, digits15([m as u32, (m >> 32) as u32].into_iter()))
            }
            IntRef::Big(b) => (b.sign() == Sign::Minus, digits15(b.iter_u32_digits())),
        };
        self.byte(code::LONG | flag);
        let count = digits.len().min(i32::MAX as usize) as i32;
        self.long(if negative { -count } else { count });
        for d in &digits {
            self.out.extend_from_slice(&d.to_le_bytes());
        }
        Ok(())
    }

    /// A float as decimal text, as versions 0 and 1 have it.
    fn float_text(&mut self, cx: &mut Ctx, f: Value) -> PyResult<()> {
        let spec = cx.str(".17g");
        let text = protopy_vm::format(cx, f, spec)?;
        let text = StrObj::of(text).map_or_else(String::new, StrObj::to_string_lossy);
        self.byte(text.len().min(255) as u8);
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn float(&mut self, cx: &mut Ctx, f: f64, v: Value, flag: u8) -> PyResult<()> {
        if self.version > 1 {
            self.byte(code::BINARY_FLOAT | flag);
            self.out.extend_from_slice(&f.to_le_bytes());
            return Ok(());
        }
        self.byte(code::FLOAT | flag);
        self.float_text(cx, v)
    }

    fn complex_number(&mut self, cx: &mut Ctx, v: Value, flag: u8) -> PyResult<()> {
        let (re, im) = ComplexObj::of(v).map_or((0.0, 0.0), |c| (c.re, c.im));
        if self.version > 1 {
            self.byte(code::BINARY_COMPLEX | flag);
            self.out.extend_from_slice(&re.to_le_bytes());
            self.out.extend_from_slice(&im.to_le_bytes());
            return Ok(());
        }
        self.byte(code::COMPLEX | flag);
        for f in [re, im] {
            let f = cx.float(f);
            self.float_text(cx, f)?;
        }
        Ok(())
    }

    fn str(&mut self, cx: &mut Ctx, v: Value, flag: u8) -> PyResult<()> {
        let Some(s) = StrObj::of(v) else { return Err(unmarshallable(cx)) };
        let interned = s.header.flags() & str_flags::INTERNED != 0;
        if self.version >= 4
            && let Some(text) = s.as_ascii()
        {
            let (short, n) = (text.len() < 256, text.len());
            self.byte(
                flag | match (short, interned) {
                    (true, true) => code::SHORT_ASCII_INTERNED,
                    (true, false) => code::SHORT_ASCII,
                    (false, true) => code::ASCII_INTERNED,
                    (false, false) => code::ASCII,
                },
            );
            if short {
                self.byte(n as u8);
                self.out.extend_from_slice(text.as_bytes());
                return Ok(());
            }
            return self.bytes(cx, text.as_bytes());
        }
        self.byte(flag | if self.version >= 3 && interned { code::INTERNED } else { code::UNICODE });
        match (s.as_ascii(), s.str_ref()) {
            (Some(t), _) => self.bytes(cx, t.as_bytes()),
            (None, StrRef::Latin1(_) | StrRef::Ucs2(_) | StrRef::Ucs4(_)) => {
                let b = codec::encode(cx, v, "utf-8", "surrogatepass")?;
                self.bytes(cx, BytesObj::of(b).map_or(&[][..], BytesObj::bytes))
            }
        }
    }

    fn tuple(&mut self, cx: &mut Ctx, v: Value, flag: u8) -> PyResult<()> {
        let items = TupleObj::of(v).map_or(&[][..], |t| t.items());
        if self.version >= 4 && items.len() < 256 {
            self.byte(code::SMALL_TUPLE | flag);
            self.byte(items.len() as u8);
        } else {
            self.byte(code::TUPLE | flag);
            self.size(cx, items.len())?;
        }
        items.iter().try_for_each(|x| self.object(cx, *x))
    }

    fn dict(&mut self, cx: &mut Ctx, v: Value, flag: u8) -> PyResult<()> {
        let items = DictObj::of(v).map(DictObj::snapshot).unwrap_or_default();
        self.byte(code::DICT | flag);
        let held = cx.keep.len();
        cx.keep.extend(items.iter().flat_map(|(_, k, v)| [*k, *v]));
        let r = items.iter().try_for_each(|(_, k, v)| {
            self.object(cx, *k)?;
            self.object(cx, *v)
        });
        cx.keep.truncate(held);
        self.byte(code::NULL);
        r
    }

    /// The items of a set go by their bytes, so that equal sets give equal bytes.
    fn set(&mut self, cx: &mut Ctx, v: Value, flag: u8) -> PyResult<()> {
        let frozen = cx.is_exact(v, Ty::FrozenSet);
        let items: Held<Value> = DictObj::of_set(v)
            .map(|d| d.snapshot().into_iter().map(|(_, k, _)| k).collect())
            .unwrap_or_default();
        self.byte(flag | if frozen { code::FROZENSET } else { code::SET });
        self.size(cx, items.len())?;
        let held = cx.keep.len();
        cx.keep.extend_from_slice(&items);
        let mut sorted = Vec::with_capacity(items.len());
        for x in &items {
            match dumps_at(cx, *x, super::VERSION, self.allow_code, self.depth) {
                Ok(_) if DictObj::of_set(v).is_some_and(|d| d.len() != items.len()) => {
                    cx.keep.truncate(held);
                    return Err(cx.raise_str(Ty::RuntimeError, "set changed size during iteration"));
                }
                Ok(b) => sorted.push((b, *x)),
                Err(r) => {
                    cx.keep.truncate(held);
                    return Err(r);
                }
            }
        }
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let r = sorted.iter().try_for_each(|(_, x)| self.object(cx, *x));
        cx.keep.truncate(held);
        r
    }

    fn code(&mut self, cx: &mut Ctx, c: &CodeObj, flag: u8) -> PyResult<()> {
        if !self.allow_code {
            return Err(cx.value_error("marshalling code objects is disallowed"));
        }
        let Some(bytes) = super::code_obj::code_bytes(c) else { return Err(unmarshallable(cx)) };
        self.byte(code::CODE | flag);
        self.bytes(cx, &bytes)
    }
}
