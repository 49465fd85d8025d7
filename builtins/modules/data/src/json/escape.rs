//! Escaping of strings for JSON.

use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::{Ctx, PyResult, Value};

/// `encode_basestring_ascii` or `encode_basestring`.
pub(super) fn encode(cx: &mut Ctx, v: Value, ascii: bool) -> PyResult {
    let Some(s) = StrObj::of(v) else {
        let msg = format!("first argument must be a string, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let mut out = StrBuf::new();
    if !cx.computing(s.len(), || push_quoted(&mut out, s.str_ref(), ascii)) {
        return Err(cx.no_memory());
    }
    cx.str_buf(out)
}

/// 0 for ASCII characters that stand for themselves, the letter of the short escape for others that have one, else `u`.
static ESCAPES: [u8; 128] = {
    let mut t = [0; 128];
    let mut i = 0;
    while i < 32 {
        t[i] = b'u';
        i += 1;
    }
    t[8] = b'b';
    t[12] = b'f';
    t[10] = b'n';
    t[13] = b'r';
    t[9] = b't';
    t[b'"' as usize] = b'"';
    t[b'\\' as usize] = b'\\';
    t
};

/// The escape of a character: 0 for none.
#[inline(always)]
fn escape_of(c: u32, ascii: bool) -> u8 {
    match ESCAPES.get(c as usize) {
        // DEL is no control character for JSON but is outside of what the ASCII form leaves alone.
        Some(&e) => {
            if ascii && c == 0x7f {
                b'u'
            } else {
                e
            }
        }
        None if ascii => b'u',
        None => 0,
    }
}

/// Appends a quoted string; false if there is no memory.
pub(super) fn push_quoted(out: &mut StrBuf, s: StrRef<'_>, ascii: bool) -> bool {
    if !out.try_reserve(s.len() + 2) {
        return false;
    }
    out.push(u32::from(b'"'));
    match s {
        StrRef::Latin1(s) => {
            let mut from = 0;
            for (i, &c) in s.iter().enumerate() {
                let e = escape_of(u32::from(c), ascii);
                if e != 0 {
                    out.push_latin1(&s[from..i]);
                    push_escape(out, u32::from(c), e);
                    from = i + 1;
                }
            }
            out.push_latin1(&s[from..]);
        }
        wide => {
            for c in wide.chars() {
                match escape_of(c, ascii) {
                    0 => out.push(c),
                    e => push_escape(out, c, e),
                }
            }
        }
    }
    out.push(u32::from(b'"'));
    true
}

#[cold]
fn push_escape(out: &mut StrBuf, c: u32, e: u8) {
    if e != b'u' {
        out.push_latin1(&[b'\\', e]);
    } else if c < 0x1_0000 {
        push_hex(out, c);
    } else {
        push_hex(out, 0xd800 + ((c - 0x1_0000) >> 10));
        push_hex(out, 0xdc00 + ((c - 0x1_0000) & 0x3ff));
    }
}

fn push_hex(out: &mut StrBuf, c: u32) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let d = |shift: u32| DIGITS[(c >> shift & 15) as usize];
    out.push_latin1(&[b'\\', b'u', d(12), d(8), d(4), d(0)]);
}
