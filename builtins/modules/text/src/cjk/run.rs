//! Whole texts through a [`Coder`]: errors and their handlers.

use super::coder::{Coder, Decoded, Encoded, State};
use super::table::Text;
use protopy_text::StrBuf;
use protopy_vm::codec::{lookup_error, unicode_error};
use protopy_vm::protocore::layouts::{BytesObj, IntRef, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, Payload, PyResult, Tracer, Ty, Value};
use protopy_vm::{self as vm};

/// What `getcodec` gives: an encoding and its name.
pub(crate) struct Codec {
    pub(crate) name: &'static str,
    pub(crate) coder: Coder,
}

impl Payload for Codec {
    const NAME: &'static str = "MultibyteCodec";

    fn trace(&self, _: &mut Tracer) {}
}

/// A range that cannot be converted.
struct Bad {
    start: usize,
    end: usize,
    reason: &'static str,
}

const ILLEGAL: &str = "illegal multibyte sequence";
const INCOMPLETE: &str = "incomplete multibyte sequence";

impl Codec {
    /// Encodes a str. `last`: no text follows, so the state ends as it began. The answer is the bytes and the characters taken:
    /// fewer than all if the next one decides.
    pub(crate) fn encode(
        &self,
        cx: &mut Ctx,
        text: Value,
        errors: &str,
        state: &mut State,
        last: bool,
    ) -> PyResult<(Vec<u8>, usize)> {
        let Some(s) = StrObj::of(text) else { return Err(cx.type_error("an encoder wants a str")) };
        let mut out = Vec::new();
        if out.try_reserve(s.len()).is_err() {
            return Err(cx.no_memory());
        }
        if let (Some(ascii), true) = (s.as_ascii(), self.coder.ascii_passes()) {
            out.extend_from_slice(ascii.as_bytes());
            return Ok((out, s.len()));
        }
        let mut chars: Vec<u32> = Vec::new();
        if chars.try_reserve_exact(s.len()).is_err() {
            return Err(cx.no_memory());
        }
        chars.extend(s.str_ref().chars());
        let mut at = 0;
        while at < chars.len() {
            let reason = match self.coder.encode(&chars[at..], state, last, &mut out) {
                Encoded::Used(n) => {
                    at += n;
                    continue;
                }
                Encoded::Short if !last => break,
                Encoded::Short => INCOMPLETE,
                Encoded::Bad => ILLEGAL,
            };
            let bad = Bad { start: at, end: at + 1, reason };
            let replacement = match errors {
                "ignore" => {
                    at += 1;
                    continue;
                }
                "replace" => {
                    at += 1;
                    cx.str("?")
                }
                _ => {
                    let (value, resume) =
                        self.ask(cx, Ty::UnicodeEncodeError, text, bad, chars.len(), errors)?;
                    at = resume;
                    value
                }
            };
            match BytesObj::of(replacement) {
                Some(b) => out.extend_from_slice(b.bytes()),
                None => self.replace(cx, replacement, errors, state, &mut out)?,
            }
            vm::keep_alive(replacement);
        }
        if last {
            self.coder.finish(state, &mut out);
        }
        Ok((out, at))
    }

    /// Raises the error, or asks a registered handler: what stands in place of the range, and where to go on in an input of `len`.
    #[cold]
    fn ask(
        &self,
        cx: &mut Ctx,
        t: Ty,
        object: Value,
        bad: Bad,
        len: usize,
        errors: &str,
    ) -> PyResult<(Value, usize)> {
        let e = unicode_error(cx, t, self.name, object, bad.start, bad.end, bad.reason);
        if errors == "strict" {
            return Err(cx.set_raised(e));
        }
        let handler = lookup_error(cx, errors)?;
        let answer = vm::call(cx, handler, &[e])?;
        let encoding = t == Ty::UnicodeEncodeError;
        let fits = |v| StrObj::of(v).is_some() || (encoding && BytesObj::of(v).is_some());
        let (value, position) = match TupleObj::of(answer).map(TupleObj::items) {
            Some([v, p]) if fits(*v) && IntRef::of(*p).is_some() => (*v, *p),
            _ => {
                let what = if encoding { "encoding" } else { "decoding" };
                let msg = format!("{what} error handler must return (str, int) tuple");
                return Err(cx.type_error(&msg));
            }
        };
        let given = IntRef::of(position).and_then(IntRef::to_i64);
        let n = given.map(|n| if n < 0 { n.saturating_add(len as i64) } else { n }).unwrap_or(-1);
        match usize::try_from(n) {
            Ok(n) if n <= len => Ok((value, n)),
            _ => {
                let msg = format!("position {n} from error handler out of bounds");
                Err(cx.raise_str(Ty::IndexError, &msg))
            }
        }
    }

    /// Encodes the text of a handler; it must not have errors itself, but for the question mark of "replace".
    fn replace(
        &self,
        cx: &mut Ctx,
        text: Value,
        errors: &str,
        state: &mut State,
        out: &mut Vec<u8>,
    ) -> PyResult<()> {
        let chars: Vec<u32> = StrObj::of(text).map_or_else(Vec::new, |t| t.str_ref().chars().collect());
        let mut at = 0;
        while at < chars.len() {
            match self.coder.encode(&chars[at..], state, true, out) {
                Encoded::Used(n) => at += n,
                Encoded::Short | Encoded::Bad if errors == "replace" => {
                    out.push(b'?');
                    at += 1;
                }
                Encoded::Short | Encoded::Bad => {
                    let bad = Bad { start: at, end: at + 1, reason: ILLEGAL };
                    self.ask(cx, Ty::UnicodeEncodeError, text, bad, chars.len(), "strict")?;
                }
            }
        }
        Ok(())
    }

    /// Decodes bytes. `last`: none follow. The answer is the text and the bytes taken: fewer than all if a unit is not whole.
    pub(crate) fn decode(
        &self,
        cx: &mut Ctx,
        input: &[u8],
        errors: &str,
        state: &mut State,
        last: bool,
    ) -> PyResult<(StrBuf, usize)> {
        let mut out = StrBuf::with_capacity(input.len());
        let mut object = None;
        let passes = self.coder.ascii_passes();
        let mut at = 0;
        while at < input.len() {
            let rest = &input[at..];
            if passes && rest[0] < 0x80 {
                let n = rest.iter().position(|b| *b >= 0x80).unwrap_or(rest.len());
                out.push_latin1(&rest[..n]);
                at += n;
                continue;
            }
            let (n, reason) = match self.coder.decode(rest, state) {
                Decoded::Text(t, n) => {
                    match t {
                        Text::One(c) => out.push(c),
                        Text::Two(a, b) => {
                            out.push(a);
                            out.push(b);
                        }
                    }
                    at += n;
                    continue;
                }
                Decoded::Shift(n) => {
                    at += n;
                    continue;
                }
                Decoded::Short if !last => break,
                Decoded::Short => (rest.len(), INCOMPLETE),
                Decoded::Bad(n) => (n.min(rest.len()), ILLEGAL),
            };
            match errors {
                "ignore" => at += n,
                "replace" => {
                    at += n;
                    out.push(0xFFFD);
                }
                _ => {
                    let object = match object {
                        Some(o) => o,
                        None => *object.insert(cx.bytes(input)?),
                    };
                    let (bad, t) = (Bad { start: at, end: at + n, reason }, Ty::UnicodeDecodeError);
                    let (text, resume) = self.ask(cx, t, object, bad, input.len(), errors)?;
                    if let Some(t) = StrObj::of(text) {
                        out.push_ref(t.str_ref());
                    }
                    vm::keep_alive(text);
                    at = resume;
                }
            }
        }
        Ok((out, at))
    }
}
