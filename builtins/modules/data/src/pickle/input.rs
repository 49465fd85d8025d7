//! Where pickles are read from: bytes, or a file with `read` and `readline`.
//!
//! Lengths in a pickle are claims. Of a file no more than [`CHUNK`] bytes are asked for at once until they have come, so that a damaged
//! length allocates nothing.

use super::unpickling_error;
use protopy_vm as vm;
use protopy_vm::protocore::layouts::BytesObj;
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};

/// Bytes that are read from a file at once before others have come.
const CHUNK: usize = 1 << 20;
/// Bytes that are looked at ahead if a file can `peek`.
const PREFETCH: usize = 128 * 1024;

/// A file's methods.
#[derive(Clone, Copy)]
pub struct File {
    /// `read`
    pub read: Value,
    /// `readline`
    pub readline: Value,
    /// `peek`, if it has one.
    pub peek: Option<Value>,
}

/// A source of bytes.
pub struct Input<'a> {
    /// All bytes of a pickle in memory.
    lent: &'a [u8],
    /// Bytes of a file that came already.
    owned: Vec<u8>,
    file: Option<File>,
    at: usize,
    /// Bytes that were used and are not kept any more.
    gone: usize,
    /// Bytes of `owned`, from the start on, that the file does not know to be consumed: they were only peeked at.
    peeked: bool,
    /// How many of these the file was told of.
    told: usize,
    /// Where the frame ends, in bytes from the start; the largest number outside of frames.
    pub frame_end: usize,
}

impl<'a> Input<'a> {
    #[cold]
    fn truncated(&self, cx: &mut Ctx) -> Raised {
        // What begins at the end of a frame or behind it is in none.
        let inside = self.frame_end != usize::MAX && self.consumed() < self.frame_end;
        let msg = if inside { "pickle exhausted before end of frame" } else { "pickle data was truncated" };
        unpickling_error(cx, msg)
    }

    /// Bytes in memory.
    pub fn memory(bytes: &'a [u8]) -> Input<'a> {
        Input {
            lent: bytes,
            owned: Vec::new(),
            file: None,
            at: 0,
            gone: 0,
            peeked: false,
            told: 0,
            frame_end: usize::MAX,
        }
    }

    /// A file, and bytes of it that were read before.
    pub fn file(file: File, rest: Vec<u8>) -> Input<'a> {
        Input {
            lent: &[],
            owned: rest,
            file: Some(file),
            at: 0,
            gone: 0,
            peeked: false,
            told: 0,
            frame_end: usize::MAX,
        }
    }

    /// The bytes that came and were not used; for a file.
    pub fn rest(self) -> Vec<u8> {
        if self.peeked { Vec::new() } else { self.owned.get(self.at..).unwrap_or(&[]).to_vec() }
    }

    /// The number of bytes that were used.
    #[inline]
    pub fn consumed(&self) -> usize {
        self.gone + self.at
    }

    #[inline]
    fn all(&self) -> &[u8] {
        if self.file.is_some() { &self.owned } else { self.lent }
    }

    /// The next byte; `None` at the end.
    #[inline]
    pub fn byte(&mut self, cx: &mut Ctx) -> PyResult<Option<u8>> {
        if let Some(b) = self.all().get(self.at) {
            let b = *b;
            self.at += 1;
            return Ok(Some(b));
        }
        if self.file.is_none() || !self.fill(cx, 1)? {
            return Ok(None);
        }
        let b = self.owned.get(self.at).copied();
        self.at += 1;
        Ok(b)
    }

    /// The next `n` bytes.
    #[inline]
    pub fn take(&mut self, cx: &mut Ctx, n: usize) -> PyResult<&[u8]> {
        self.require(cx, n)?;
        let at = self.at;
        self.at += n;
        match self.all().get(at..at + n) {
            Some(b) => Ok(b),
            None => Err(self.truncated(cx)),
        }
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self, cx: &mut Ctx) -> PyResult<[u8; N]> {
        let b = self.take(cx, N)?;
        match b.try_into() {
            Ok(a) => Ok(a),
            Err(_) => Err(self.truncated(cx)),
        }
    }

    /// The next line without its end.
    pub fn line(&mut self, cx: &mut Ctx) -> PyResult<Vec<u8>> {
        let at = self.at.min(self.all().len());
        let here = &self.all()[at..];
        if let Some(n) = memchr::memchr(b'\n', here) {
            let line = here[..n].to_vec();
            self.at = at + n + 1;
            return Ok(line);
        }
        let Some(f) = self.file else {
            return Err(self.truncated(cx));
        };
        self.tell(cx)?;
        let mut line = self.owned.get(self.at..).unwrap_or(&[]).to_vec();
        if self.peeked {
            line.clear();
        }
        self.forget();
        self.gone += line.len();
        let got = vm::call(cx, f.readline, &[])?;
        let b = bytes_of(cx, got)?;
        extend(cx, &mut line, b)?;
        self.gone += b.len();
        if line.pop() != Some(b'\n') {
            return Err(self.truncated(cx));
        }
        Ok(line)
    }

    /// The next line, which has to say something, without its end.
    pub fn full_line(&mut self, cx: &mut Ctx) -> PyResult<Vec<u8>> {
        let line = self.line(cx)?;
        if line.is_empty() { Err(self.truncated(cx)) } else { Ok(line) }
    }

    /// Makes sure that `n` more bytes are there, without taking them.
    #[inline]
    pub fn require(&mut self, cx: &mut Ctx, n: usize) -> PyResult<()> {
        let left = self.all().len().saturating_sub(self.at);
        if left < n && (self.file.is_none() || !self.fill(cx, n)?) {
            return Err(self.truncated(cx));
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.gone += self.at;
        self.owned.clear();
        self.at = 0;
        self.peeked = false;
        self.told = 0;
    }

    /// Tells the file what was used of the bytes that were peeked at.
    pub fn tell(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let (Some(f), true) = (self.file, self.peeked) else { return Ok(()) };
        let n = self.at - self.told;
        if n > 0 {
            self.told = self.at;
            let n = cx.int_usize(n);
            vm::call(cx, f.read, &[n])?;
        }
        Ok(())
    }

    /// Reads until `n` bytes are there; false if the file has fewer.
    #[cold]
    fn fill(&mut self, cx: &mut Ctx, n: usize) -> PyResult<bool> {
        let Some(f) = self.file else { return Ok(false) };
        self.tell(cx)?;
        if self.peeked {
            // The file stands where the next byte is.
            self.forget();
        } else {
            self.owned.drain(..self.at.min(self.owned.len()));
            self.gone += self.at;
            self.at = 0;
        }
        if let Some(peek) = f.peek.filter(|_| self.owned.is_empty() && n < PREFETCH)
            && self.look_ahead(cx, peek)?
            && self.owned.len() >= n
        {
            return Ok(true);
        }
        if self.peeked {
            self.forget();
        }
        while self.owned.len() < n {
            // What came already says how much more may be believed.
            let want = (n - self.owned.len()).min(CHUNK.max(self.owned.len()));
            let arg = cx.int_usize(want);
            let got = vm::call(cx, f.read, &[arg])?;
            let b = bytes_of(cx, got)?;
            extend(cx, &mut self.owned, b)?;
            if b.len() < want {
                break;
            }
        }
        Ok(self.owned.len() >= n)
    }

    fn look_ahead(&mut self, cx: &mut Ctx, peek: Value) -> PyResult<bool> {
        let n = cx.int_usize(PREFETCH);
        let got = match vm::call(cx, peek, &[n]) {
            Ok(v) => v,
            Err(r) => {
                let e = cx.take_raised(r);
                if !cx.is_instance(e, Ty::NotImplementedError) {
                    return Err(cx.set_raised(e));
                }
                if let Some(f) = &mut self.file {
                    f.peek = None;
                }
                return Ok(false);
            }
        };
        let b = bytes_of(cx, got)?;
        extend(cx, &mut self.owned, b)?;
        self.peeked = true;
        self.told = 0;
        Ok(true)
    }
}

/// Appends to a vector; MemoryError.
fn extend(cx: &mut Ctx, to: &mut Vec<u8>, b: &[u8]) -> PyResult<()> {
    if to.try_reserve(b.len()).is_err() {
        return Err(cx.no_memory());
    }
    to.extend_from_slice(b);
    Ok(())
}

fn bytes_of(cx: &mut Ctx, v: Value) -> PyResult<&'static [u8]> {
    match BytesObj::of(v) {
        Some(b) => Ok(b.bytes()),
        None => Err(vm::not_bytes_like(cx, v)),
    }
}
