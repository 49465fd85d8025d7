//! UTF-7 (RFC 2152): ASCII with runs of base64-coded UTF-16 between `+` and `-`.

use super::{Decoding, OnDecode};
use crate::{StrBuf, StrRef};

fn sextet(b: u8) -> Option<u32> {
    Some(u32::from(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

fn base64(v: u32) -> u8 {
    match (v & 63) as u8 {
        v @ 0..26 => b'A' + v,
        v @ 26..52 => b'a' + (v - 26),
        v @ 52..62 => b'0' + (v - 52),
        62 => b'+',
        _ => b'/',
    }
}

fn decodes_directly(b: u8) -> bool {
    b.is_ascii() && b != b'+'
}

/// State of a base64 run.
#[derive(Default)]
struct Run {
    /// Where the `+` stands.
    start: usize,
    /// Length of the output before it.
    out_start: usize,
    bits: u32,
    buffer: u32,
    /// A high surrogate that waits for its low one, or 0.
    high: u32,
}

impl Run {
    fn take(&mut self, value: u32, out: &mut StrBuf) {
        self.buffer = (self.buffer << 6) | value;
        self.bits += 6;
        if self.bits < 16 {
            return;
        }
        self.bits -= 16;
        let unit = self.buffer >> self.bits & 0xFFFF;
        self.buffer &= (1 << self.bits) - 1;
        let high = std::mem::take(&mut self.high);
        if high != 0 {
            if (0xDC00..0xE000).contains(&unit) {
                return out.push(0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
            }
            out.push(high);
        }
        if (0xD800..0xDC00).contains(&unit) {
            self.high = unit;
        } else {
            out.push(unit);
        }
    }

    /// What is wrong with ending the run here.
    fn leftover(&self) -> Option<&'static str> {
        match self.bits {
            6.. => Some("partial character in shift sequence"),
            1..6 if self.buffer != 0 => Some("non-zero padding bits in shift sequence"),
            _ => None,
        }
    }
}

/// Decodes UTF-7; answers the text and the bytes consumed.
pub fn decode_utf7<E>(input: &[u8], last: bool, on_error: OnDecode<'_, E>) -> Result<(StrBuf, usize), E> {
    let mut d = Decoding::new(input, on_error);
    let mut at = 0;
    let mut run: Option<Run> = None;
    loop {
        while let Some(&b) = d.input.get(at) {
            at = match run.take() {
                Some(r) => continue_run(&mut d, at, b, r, &mut run)?,
                None if b == b'+' => begin_run(&mut d, at, &mut run)?,
                None if decodes_directly(b) => {
                    d.out.push(u32::from(b));
                    at + 1
                }
                None => d.fail(at, at + 1, "unexpected special character")?,
            };
        }
        let Some(r) = run.take() else { break };
        if !last {
            d.out.truncate(r.out_start);
            return Ok(d.finish(r.start));
        }
        if r.high == 0 && r.leftover().is_none() {
            break;
        }
        let end = d.input.len();
        at = d.fail(r.start, end, "unterminated shift sequence")?;
        if at >= d.input.len() {
            break;
        }
    }
    Ok(d.finish(at))
}

fn begin_run<E>(d: &mut Decoding<'_, '_, E>, at: usize, run: &mut Option<Run>) -> Result<usize, E> {
    match d.input.get(at + 1) {
        Some(b'-') => {
            d.out.push(u32::from(b'+'));
            Ok(at + 2)
        }
        Some(&b) if sextet(b).is_none() => d.fail(at, at + 2, "ill-formed sequence"),
        _ => {
            *run = Some(Run { start: at, out_start: d.out.len(), ..Run::default() });
            Ok(at + 1)
        }
    }
}

fn continue_run<E>(
    d: &mut Decoding<'_, '_, E>,
    at: usize,
    b: u8,
    mut r: Run,
    run: &mut Option<Run>,
) -> Result<usize, E> {
    if let Some(value) = sextet(b) {
        r.take(value, &mut d.out);
        *run = Some(r);
        return Ok(at + 1);
    }
    if let Some(reason) = r.leftover() {
        return d.fail(r.start, at + 1, reason);
    }
    if r.high != 0 && decodes_directly(b) {
        d.out.push(r.high);
    }
    Ok(at + usize::from(b == b'-'))
}

/// The characters that are written as they are: sets D and O of the RFC, and blanks.
fn encodes_directly(c: u32) -> bool {
    match u8::try_from(c) {
        Ok(b'+' | b'\\' | b'~') | Err(_) => false,
        Ok(b'\t' | b'\n' | b'\r' | b' '..=b'}') => true,
        Ok(_) => false,
    }
}

/// Encodes to UTF-7, which cannot fail.
pub fn encode_utf7(text: StrRef<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut shifted, mut bits, mut buffer) = (false, 0u32, 0u32);
    for c in text.chars() {
        if encodes_directly(c) {
            if shifted {
                if bits > 0 {
                    out.push(base64(buffer << (6 - bits)));
                }
                (shifted, bits, buffer) = (false, 0, 0);
                if u8::try_from(c).is_ok_and(|b| sextet(b).is_some() || b == b'-') {
                    out.push(b'-');
                }
            }
            out.push(c as u8);
            continue;
        }
        if !shifted {
            if c == u32::from(b'+') {
                out.extend_from_slice(b"+-");
                continue;
            }
            out.push(b'+');
            shifted = true;
        }
        let mut units = [0u32; 2];
        let units = match c.checked_sub(0x1_0000) {
            Some(c) => {
                units = [0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF)];
                &units[..]
            }
            None => {
                units[0] = c;
                &units[..1]
            }
        };
        for unit in units {
            buffer = (buffer << 16) | unit;
            bits += 16;
            while bits >= 6 {
                bits -= 6;
                out.push(base64(buffer >> bits));
            }
            buffer &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        out.push(base64(buffer << (6 - bits)));
    }
    if shifted {
        out.push(b'-');
    }
    out
}
