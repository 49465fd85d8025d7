//! Positions of text streams.
//!
//! A position is a number that only `seek` understands: the byte position of a safe starting point, and, in higher bits, how
//! to get from there to the character: the decoder's flags, how many bytes to feed it, how many characters to skip
//! then, and whether the decoder must be told that the input ended. At most places all of these are zero, and the number
//! is a byte position.

use super::codec::snapshot_parts;
use super::write::{flush_method, flush_pending};
use super::*;
use protopy_vm::protocore::layouts::{BytesObj, IntRef};
use protopy_vm::protocore::{CmpOp, Ty};
use protopy_vm::{call_method, compare_bool, index_big, repr_text};

/// A position taken apart.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Cookie {
    start: i64,
    flags: i32,
    feed: i32,
    skip: i32,
    eof: bool,
}

const SIZE: usize = 21;

fn field<const N: usize>(b: &[u8; SIZE], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&b[at..at + N]);
    out
}

impl Cookie {
    fn unpack(b: &[u8; SIZE]) -> Cookie {
        Cookie {
            start: i64::from_le_bytes(field(b, 0)),
            flags: i32::from_le_bytes(field(b, 8)),
            feed: i32::from_le_bytes(field(b, 12)),
            skip: i32::from_le_bytes(field(b, 16)),
            eof: b[20] != 0,
        }
    }

    fn pack(self) -> [u8; SIZE] {
        let mut b = [0; SIZE];
        b[..8].copy_from_slice(&self.start.to_le_bytes());
        b[8..12].copy_from_slice(&self.flags.to_le_bytes());
        b[12..16].copy_from_slice(&self.feed.to_le_bytes());
        b[16..20].copy_from_slice(&self.skip.to_le_bytes());
        b[20] = u8::from(self.eof);
        b
    }

    fn value(self, cx: &mut Ctx) -> PyResult {
        let plain = Cookie { start: self.start, ..Cookie::default() };
        if self == plain && self.start >= 0 {
            return Ok(cx.int(self.start));
        }
        let bytes = cx.bytes(&self.pack())?;
        let class = cx.ty(Ty::Int).value();
        let order = cx.intern_str("little");
        call_method(cx, class, "from_bytes", &[bytes, order])
    }

    fn parse(cx: &mut Ctx, v: Value) -> PyResult<Cookie> {
        if let Some(n) = v.as_small() {
            return Ok(Cookie { start: n, ..Cookie::default() });
        }
        let (size, order) = (cx.int_usize(SIZE), cx.intern_str("little"));
        let b = call_method(cx, v, "to_bytes", &[size, order])?;
        let mut all = [0; SIZE];
        if let Some(b) = BytesObj::of(b) {
            let n = b.bytes().len().min(SIZE);
            all[..n].copy_from_slice(&b.bytes()[..n]);
        }
        Ok(Cookie::unpack(&all))
    }
}

fn small_i32(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    int_or(cx, v, 0)
}

fn count(cx: &mut Ctx, n: usize) -> PyResult<i32> {
    match i32::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.raise_str(Ty::OverflowError, "position too large")),
    }
}

fn check_seekable(cx: &mut Ctx, me: &TextIo) -> PyResult<()> {
    if me.has(SEEKABLE) { Ok(()) } else { Err(unsupported(cx, "underlying stream is not seekable")) }
}

// ---------------------------------------------------------------------------------------------------- tell

pub(super) fn tell(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.buffer(cx)?;
    check_not_closed(cx, a[0], me)?;
    me.lock.with(cx, |cx| locked_tell(cx, a[0], me))
}

fn locked_tell(cx: &mut Ctx, this: Value, me: &TextIo) -> PyResult {
    check_seekable(cx, me)?;
    if !me.has(TELLING) {
        return Err(cx.raise_str(Ty::OSError, "telling position disabled by next() call"));
    }
    flush_pending(cx, me)?;
    flush_method(cx, this)?;
    let buffer = me.buffer(cx)?;
    let at = call_method(cx, buffer, "tell", &[])?;
    let Some((flags, input)) = me.snapshot.get().and_then(snapshot_parts) else { return Ok(at) };
    if !me.reads() {
        return Ok(at);
    }
    let input = BytesObj::of(input).map_or(&[][..], |b| b.bytes());
    let start = offset(cx, at, Ty::OverflowError)? - i64::try_from(input.len()).unwrap_or(0);
    let cookie = Cookie { start, flags: small_i32(cx, flags)?, ..Cookie::default() };
    let used = me.used.load(Ordering::Relaxed);
    if used == 0 || me.decoded().is_none() {
        return cookie.value(cx);
    }
    let saved = me.decoder_state(cx)?;
    let found = Search { me, input }.run(cx, cookie, used);
    let restored = me.set_decoder_state(cx, saved);
    let cookie = found?;
    restored?;
    cookie.value(cx)
}

/// Puts the decoder into the state of a starting point.
fn place_decoder(cx: &mut Ctx, me: &TextIo, c: Cookie) -> PyResult<()> {
    if c.start == 0 && c.flags == 0 {
        return me.reset_decoder(cx);
    }
    let (empty, flags) = (cx.bytes(b"")?, cx.int(i64::from(c.flags)));
    me.set_decoder_state(cx, (empty, flags))
}

/// The search for the starting point next to a character.
struct Search<'a> {
    me: &'a TextIo,
    /// The bytes of the chunk.
    input: &'a [u8],
}

impl Search<'_> {
    fn decoded_len(&self, cx: &mut Ctx, b: &[u8], last: bool) -> PyResult<usize> {
        let v = self.me.decode(cx, b, last)?;
        Ok(StrObj::of(v).map_or(0, StrObj::len))
    }

    /// Bytes that the decoder holds back, and its flags.
    fn held(&self, cx: &mut Ctx) -> PyResult<(usize, i32)> {
        let (held, flags) = self.me.decoder_state(cx)?;
        let n = BytesObj::of(held).map_or(0, |b| b.bytes().len());
        Ok((n, small_i32(cx, flags)?))
    }

    fn run(&self, cx: &mut Ctx, start: Cookie, used: usize) -> PyResult<Cookie> {
        let (c, skip, from) = self.guess(cx, start, used)?;
        if skip == 0 {
            return Ok(c);
        }
        self.walk(cx, c, skip, from)
    }

    /// Guesses by the mean size of a character a point at or before the wanted one where the decoder holds nothing back: the
    /// position, the characters left to skip, and the index in the input.
    fn guess(&self, cx: &mut Ctx, start: Cookie, used: usize) -> PyResult<(Cookie, usize, usize)> {
        let mut at = ((self.me.ratio() * used as f64) as usize).min(self.input.len());
        let mut back = 1;
        while at > 0 {
            place_decoder(cx, self.me, start)?;
            let n = self.decoded_len(cx, &self.input[..at], false)?;
            if n > used {
                at = at.saturating_sub(back);
                back *= 2;
                continue;
            }
            let (held, flags) = self.held(cx)?;
            if held == 0 {
                let by = i64::try_from(at).unwrap_or(0);
                return Ok((Cookie { start: start.start + by, flags, ..start }, used - n, at));
            }
            at = at.saturating_sub(held);
            back = 1;
        }
        place_decoder(cx, self.me, start)?;
        Ok((start, used, 0))
    }

    /// Feeds the decoder byte by byte until the character is reached.
    fn walk(&self, cx: &mut Ctx, mut c: Cookie, mut skip: usize, from: usize) -> PyResult<Cookie> {
        let mut chars = 0;
        for i in from..self.input.len() {
            chars += self.decoded_len(cx, &self.input[i..=i], false)?;
            c.feed += 1;
            let (held, flags) = self.held(cx)?;
            if held == 0 && chars <= skip {
                c.start += i64::from(c.feed);
                skip -= chars;
                c.flags = flags;
                c.feed = 0;
                chars = 0;
            }
            if chars >= skip {
                c.skip = count(cx, skip)?;
                return Ok(c);
            }
        }
        chars += self.decoded_len(cx, &[], true)?;
        c.eof = true;
        if chars < skip {
            return Err(cx.raise_str(Ty::OSError, "can't reconstruct logical file position"));
        }
        c.skip = count(cx, skip)?;
        Ok(c)
    }
}

// ---------------------------------------------------------------------------------------------------- seek

pub(super) fn seek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    let whence = int_or(cx, a[2], 0)?;
    me.buffer(cx)?;
    check_not_closed(cx, a[0], me)?;
    me.lock.with(cx, |cx| {
        check_seekable(cx, me)?;
        match whence {
            0 => seek_to(cx, a[0], me, a[1]),
            1 => {
                check_zero(cx, a[1], "cur")?;
                flush_method(cx, a[0])?;
                let here = call_method(cx, a[0], "tell", &[])?;
                seek_to(cx, a[0], me, here)
            }
            2 => {
                check_zero(cx, a[1], "end")?;
                seek_to_end(cx, a[0], me)
            }
            w => Err(cx.value_error(&format!("invalid whence ({w}, should be 0, 1 or 2)"))),
        }
    })
}

fn check_zero(cx: &mut Ctx, v: Value, what: &str) -> PyResult<()> {
    if protopy_vm::eq(cx, v, Value::small(0))? {
        return Ok(());
    }
    Err(unsupported(cx, &format!("can't do nonzero {what}-relative seeks")))
}

fn forget(cx: &mut Ctx, this: Value, me: &TextIo) {
    me.set_decoded(cx, this, None);
    cx.store_empty(this, &me.snapshot);
}

fn seek_to_end(cx: &mut Ctx, this: Value, me: &TextIo) -> PyResult {
    flush_method(cx, this)?;
    forget(cx, this, me);
    if me.reads() {
        me.reset_decoder(cx)?;
    }
    let buffer = me.buffer(cx)?;
    let at = call_method(cx, buffer, "seek", &[Value::small(0), Value::small(2)])?;
    let start = protopy_vm::eq(cx, at, Value::small(0))?;
    me.place_encoder(cx, start)?;
    Ok(at)
}

fn seek_to(cx: &mut Ctx, this: Value, me: &TextIo, v: Value) -> PyResult {
    if IntRef::of(v).is_none() && compare_bool(cx, v, Value::small(0), CmpOp::Lt)? {
        let msg = format!("negative seek position {}", repr_text(cx, v)?);
        return Err(cx.value_error(&msg));
    }
    let n = if IntRef::of(v).is_some() {
        v
    } else {
        let n = index_big(cx, v)?;
        cx.bigint(n)
    };
    if IntRef::of(n).is_some_and(|n| n.signum() < 0) {
        let msg = format!("negative seek position {}", repr_text(cx, v)?);
        return Err(cx.value_error(&msg));
    }
    flush_method(cx, this)?;
    let c = Cookie::parse(cx, n)?;
    let buffer = me.buffer(cx)?;
    let start = cx.int(c.start);
    call_method(cx, buffer, "seek", &[start])?;
    forget(cx, this, me);
    if me.reads() {
        place_decoder(cx, me, c)?;
        skip_chars(cx, this, me, buffer, c)?;
    }
    me.place_encoder(cx, c.start == 0 && c.flags == 0)?;
    Ok(v)
}

/// Decodes from the starting point to the character.
fn skip_chars(cx: &mut Ctx, this: Value, me: &TextIo, buffer: Value, c: Cookie) -> PyResult<()> {
    let flags = cx.int(i64::from(c.flags));
    if c.skip == 0 {
        let empty = cx.bytes(b"")?;
        let s = cx.tuple_of(None, &[flags, empty])?;
        cx.store(this, &me.snapshot, s);
        return Ok(());
    }
    let feed = cx.int(i64::from(c.feed));
    let input = call_method(cx, buffer, "read", &[feed])?;
    if BytesObj::of(input).is_none() {
        let msg = format!(
            "underlying read() should have returned a bytes object, not '{}'",
            protopy_vm::ops::tp_name(cx, input)
        );
        return Err(cx.type_error(&msg));
    }
    let s = cx.tuple_of(None, &[flags, input])?;
    cx.store(this, &me.snapshot, s);
    let text = me.decode_value(cx, input, c.eof)?;
    me.set_decoded(cx, this, Some(text));
    let skip = usize::try_from(c.skip).unwrap_or(0);
    if StrObj::of(text).map_or(0, StrObj::len) < skip {
        return Err(cx.raise_str(Ty::OSError, "can't restore logical file position"));
    }
    me.used.store(skip, Ordering::Relaxed);
    Ok(())
}

pub(super) fn truncate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.buffer(cx)?;
    me.lock.with(cx, |cx| {
        flush_method(cx, a[0])?;
        let buffer = me.buffer(cx)?;
        call_method(cx, buffer, "truncate", &[a[1]])
    })
}
