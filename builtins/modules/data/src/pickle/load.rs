//! Reading of pickles: the machine that runs their opcodes.
//!
//! The stack and the memo are vectors that the collector sees. A memo number far beyond those that were used goes into a map, so that
//! no number makes the memo large. Nothing that a pickle says is believed: each opcode checks that the stack has what it takes.

use super::input::Input;
use super::{State, globals, op, unpickling_error};
use num_bigint::BigInt;
use protopy_vm as vm;
use protopy_vm::protocore::layouts::{BytesObj, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, Held, PyResult, Raised, Ty, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The memo of an unpickler: values by number.
pub struct Memo {
    dense: Held<Value>,
    sparse: BTreeMap<usize, usize>,
    far: Held<Value>,
    used: usize,
}

/// Numbers that are near enough whatever was used before.
const NEAR: usize = 4096;

impl Memo {
    /// An empty memo.
    pub fn new() -> Memo {
        Memo { dense: Held::new(), sparse: BTreeMap::new(), far: Held::new(), used: 0 }
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.used
    }

    /// A value.
    #[inline]
    pub fn get(&self, n: usize) -> Option<Value> {
        match self.dense.get(n) {
            Some(v) => v.bound(),
            None => self.sparse.get(&n).and_then(|i| self.far.get(*i)).copied(),
        }
    }

    /// Sets a value.
    #[inline]
    pub fn set(&mut self, n: usize, v: Value) {
        if n == self.dense.len() && self.sparse.is_empty() {
            self.dense.push(v);
            self.used += 1;
            return;
        }
        self.set_slow(n, v);
    }

    fn set_slow(&mut self, n: usize, v: Value) {
        if n < self.dense.len() {
            let old = std::mem::replace(&mut self.dense[n], v);
            self.used += usize::from(old.is_unbound());
            return;
        }
        if n < self.used.saturating_mul(2).saturating_add(NEAR) && self.sparse.is_empty() {
            while self.dense.len() < n {
                self.dense.push(Value::UNBOUND);
            }
            self.dense.push(v);
            self.used += 1;
            return;
        }
        match self.sparse.get(&n) {
            Some(i) => self.far[*i] = v,
            None => {
                self.sparse.insert(n, self.far.len());
                self.far.push(v);
                self.used += 1;
            }
        }
    }

    /// All numbers and values.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, Value)> + '_ {
        let near = self.dense.iter().enumerate().filter_map(|(i, v)| Some((i, v.bound()?)));
        near.chain(self.sparse.iter().filter_map(|(n, i)| Some((*n, *self.far.get(*i)?))))
    }
}

/// A pickle being read.
pub struct Loader<'a> {
    /// Where it comes from.
    pub input: Input<'a>,
    /// Values by number.
    pub memo: Memo,
    stack: Held<Value>,
    marks: Vec<usize>,
    proto: u8,
    /// Whether names of Python 2 are understood.
    pub fix_imports: bool,
    /// How 8-bit strings of Python 2 are decoded.
    pub encoding: String,
    /// What to do with those that cannot be.
    pub errors: String,
    /// Out-of-band buffers: an iterator.
    pub buffers: Option<Value>,
    /// The unpickler, if its class is derived: `find_class` is its method then.
    pub owner: Option<Value>,
    /// Loads persistent ids.
    pub persistent: Option<Value>,
    /// Where the protocol that the pickle names is told.
    pub told: Option<&'a AtomicU8>,
    /// What the module knows.
    pub state: Arc<State>,
}

impl<'a> Loader<'a> {
    /// A loader.
    pub fn new(state: Arc<State>, input: Input<'a>, memo: Memo) -> Loader<'a> {
        Loader {
            input,
            memo,
            stack: Held::new(),
            marks: Vec::new(),
            proto: 0,
            fix_imports: true,
            encoding: "ASCII".to_owned(),
            errors: "strict".to_owned(),
            buffers: None,
            owner: None,
            persistent: None,
            told: None,
            state,
        }
    }

    fn set_proto(&mut self, n: u8) {
        self.proto = n;
        if let Some(told) = self.told {
            told.store(n, Ordering::Relaxed);
        }
    }

    // ------------------------------------------------------------------------------------------------ stack

    /// The place above which values may be popped: that of the last mark.
    #[inline]
    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    #[cold]
    fn underflow(&self, cx: &mut Ctx) -> Raised {
        let msg = if self.marks.is_empty() { "unpickling stack underflow" } else { "unexpected MARK found" };
        unpickling_error(cx, msg)
    }

    #[inline]
    fn push(&mut self, v: Value) {
        self.stack.push(v);
    }

    #[inline]
    fn pop(&mut self, cx: &mut Ctx) -> PyResult {
        if self.stack.len() <= self.fence() {
            return Err(self.underflow(cx));
        }
        match self.stack.pop() {
            Some(v) => Ok(v),
            None => Err(self.underflow(cx)),
        }
    }

    #[inline]
    fn top(&mut self, cx: &mut Ctx) -> PyResult {
        if self.stack.len() <= self.fence() {
            return Err(self.underflow(cx));
        }
        match self.stack.last() {
            Some(v) => Ok(*v),
            None => Err(self.underflow(cx)),
        }
    }

    fn mark(&mut self, cx: &mut Ctx) -> PyResult<usize> {
        match self.marks.pop() {
            Some(n) => Ok(n.min(self.stack.len())),
            None => Err(unpickling_error(cx, "could not find MARK")),
        }
    }

    /// The values above a place as a tuple; they leave the stack.
    fn tuple_above(&mut self, cx: &mut Ctx, at: usize) -> PyResult {
        let t = cx.tuple_of(None, self.stack.get(at..).unwrap_or(&[]))?;
        self.stack.truncate(at);
        Ok(t)
    }

    /// A tuple of the last `n` values.
    fn short_tuple(&mut self, cx: &mut Ctx, n: usize) -> PyResult<()> {
        let Some(at) = self.stack.len().checked_sub(n).filter(|at| *at >= self.fence()) else {
            return Err(self.underflow(cx));
        };
        let t = self.tuple_above(cx, at)?;
        self.push(t);
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------ the machine

    /// Reads one pickle.
    pub fn load(&mut self, cx: &mut Ctx) -> PyResult {
        self.marks.clear();
        self.stack.truncate(0);
        self.set_proto(0);
        self.input.frame_end = usize::MAX;
        let mut steps = 0u32;
        loop {
            // A long pickle lets others in.
            steps = steps.wrapping_add(1);
            if steps & 0x3ff == 0 {
                cx.safepoint()?;
            }
            let Some(code) = self.input.byte(cx)? else {
                return Err(cx.raise_str(Ty::EOFError, "Ran out of input"));
            };
            if code == op::STOP {
                self.input.tell(cx)?;
                return self.pop(cx);
            }
            let end = self.input.frame_end;
            self.step(cx, code)?;
            if self.input.consumed() >= end {
                // An opcode and what belongs to it lie in one frame.
                if self.input.consumed() > end {
                    return Err(unpickling_error(cx, "pickle exhausted before end of frame"));
                }
                // A frame that began with the last byte of another one goes on.
                if self.input.frame_end == end {
                    self.input.frame_end = usize::MAX;
                }
            }
        }
    }

    #[inline]
    fn step(&mut self, cx: &mut Ctx, code: u8) -> PyResult<()> {
        match code {
            op::NONE => self.push(Value::NONE),
            op::BININT => {
                let n = i32::from_le_bytes(self.input.array(cx)?);
                self.push(Value::small(i64::from(n)));
            }
            op::BININT1 => {
                let [n] = self.input.array(cx)?;
                self.push(Value::small(i64::from(n)));
            }
            op::BININT2 => {
                let n = u16::from_le_bytes(self.input.array(cx)?);
                self.push(Value::small(i64::from(n)));
            }
            op::BINFLOAT => {
                let x = f64::from_be_bytes(self.input.array(cx)?);
                let v = cx.float(x);
                self.push(v);
            }
            op::SHORT_BINUNICODE => {
                let [n] = self.input.array(cx)?;
                self.text(cx, usize::from(n))?;
            }
            op::BINUNICODE => {
                let n = u32::from_le_bytes(self.input.array(cx)?);
                self.text(cx, n as usize)?;
            }
            op::MEMOIZE => {
                let v = self.top(cx)?;
                self.memo.set(self.memo.len(), v);
            }
            op::BINPUT => {
                let [n] = self.input.array(cx)?;
                let v = self.top(cx)?;
                self.memo.set(usize::from(n), v);
            }
            op::BINGET => {
                let [n] = self.input.array(cx)?;
                self.get(cx, usize::from(n))?;
            }
            op::LONG_BINPUT => {
                let n = u32::from_le_bytes(self.input.array(cx)?);
                let v = self.top(cx)?;
                self.memo.set(n as usize, v);
            }
            op::LONG_BINGET => {
                let n = u32::from_le_bytes(self.input.array(cx)?);
                self.get(cx, n as usize)?;
            }
            op::MARK => self.marks.push(self.stack.len()),
            op::EMPTY_LIST => {
                let ty = cx.ty(Ty::List);
                let v = cx.new_list(ty);
                self.push(v);
            }
            op::EMPTY_DICT => {
                let v = cx.dict();
                self.push(v);
            }
            op::EMPTY_TUPLE => {
                let v = vm::empty_tuple(cx);
                self.push(v);
            }
            op::APPENDS => {
                let at = self.mark(cx)?;
                self.append(cx, at)?;
            }
            op::APPEND => self.append(cx, self.stack.len().saturating_sub(1))?,
            op::SETITEMS => {
                let at = self.mark(cx)?;
                self.set_items(cx, at)?;
            }
            op::SETITEM => self.set_items(cx, self.stack.len().saturating_sub(2))?,
            op::TUPLE1 => self.short_tuple(cx, 1)?,
            op::TUPLE2 => self.short_tuple(cx, 2)?,
            op::TUPLE3 => self.short_tuple(cx, 3)?,
            op::TUPLE => {
                let at = self.mark(cx)?;
                let t = self.tuple_above(cx, at)?;
                self.push(t);
            }
            op::NEWTRUE => self.push(Value::TRUE),
            op::NEWFALSE => self.push(Value::FALSE),
            op::NEWOBJ => self.new_object(cx, false)?,
            op::BUILD => self.build(cx)?,
            op::REDUCE => self.reduce(cx)?,
            op::STACK_GLOBAL => self.stack_global(cx)?,
            _ => self.rare(cx, code)?,
        }
        Ok(())
    }

    /// The opcodes that modern pickles rarely have.
    fn rare(&mut self, cx: &mut Ctx, code: u8) -> PyResult<()> {
        match code {
            op::PROTO => {
                let [n] = self.input.array(cx)?;
                if i64::from(n) > op::HIGHEST_PROTOCOL {
                    return Err(cx.value_error(&format!("unsupported pickle protocol: {n}")));
                }
                self.set_proto(n);
            }
            op::FRAME => self.frame(cx)?,
            op::EMPTY_SET => {
                let v = cx.set();
                self.push(v);
            }
            op::ADDITEMS => {
                let at = self.mark(cx)?;
                self.add_items(cx, at)?;
            }
            op::FROZENSET => {
                let at = self.mark(cx)?;
                let items = self.tuple_above(cx, at)?;
                let class = cx.ty(Ty::FrozenSet).value();
                let v = vm::call(cx, class, &[items])?;
                self.push(v);
            }
            op::LIST => {
                let at = self.mark(cx)?;
                let v = cx.list(self.stack.get(at..).unwrap_or(&[]))?;
                self.stack.truncate(at);
                self.push(v);
            }
            op::DICT => {
                let at = self.mark(cx)?;
                self.make_dict(cx, at)?;
            }
            op::POP => {
                // A mark without values above it is taken away itself.
                if !self.marks.is_empty() && self.fence() == self.stack.len() {
                    self.marks.pop();
                } else {
                    self.pop(cx)?;
                }
            }
            op::POP_MARK => {
                let at = self.mark(cx)?;
                self.stack.truncate(at);
            }
            op::DUP => {
                let v = self.top(cx)?;
                self.push(v);
            }
            op::NEWOBJ_EX => self.new_object(cx, true)?,
            op::GLOBAL => {
                let (module, called) = self.two_lines(cx, "utf-8")?;
                let v = self.find_class(cx, module, called)?;
                self.push(v);
            }
            op::INST => {
                let (module, called) = self.two_lines(cx, "ascii")?;
                let at = self.mark(cx)?;
                let class = self.find_class(cx, module, called)?;
                let args = self.tuple_above(cx, at)?;
                let v = instantiate(cx, class, args)?;
                self.push(v);
            }
            op::OBJ => {
                let at = self.mark(cx)?;
                if self.stack.len() <= at {
                    return Err(self.underflow(cx));
                }
                let args = self.tuple_above(cx, at + 1)?;
                let class = self.stack.pop().unwrap_or(Value::NONE);
                let v = instantiate(cx, class, args)?;
                self.push(v);
            }
            op::EXT1 => {
                let [n] = self.input.array(cx)?;
                self.extension(cx, i64::from(n))?;
            }
            op::EXT2 => {
                let n = u16::from_le_bytes(self.input.array(cx)?);
                self.extension(cx, i64::from(n))?;
            }
            op::EXT4 => {
                let n = i32::from_le_bytes(self.input.array(cx)?);
                self.extension(cx, i64::from(n))?;
            }
            op::PERSID | op::BINPERSID => self.persistent(cx, code)?,
            op::GET => {
                let n = self.number_line(cx)?;
                match usize::try_from(&n) {
                    Ok(n) => self.get(cx, n)?,
                    Err(_) => return Err(no_memo(cx, &n.to_string())),
                }
            }
            op::PUT => {
                let n = self.number_line(cx)?;
                let v = self.top(cx)?;
                match usize::try_from(&n) {
                    Ok(n) => self.memo.set(n, v),
                    Err(_) if n.sign() == num_bigint::Sign::Minus => {
                        return Err(cx.value_error("negative PUT argument"));
                    }
                    Err(_) => {
                        let msg = "Python int too large to convert to C ssize_t";
                        return Err(cx.raise_str(Ty::OverflowError, msg));
                    }
                }
            }
            _ => self.data(cx, code)?,
        }
        Ok(())
    }

    #[cold]
    fn invalid(&mut self, cx: &mut Ctx, code: u8) -> Raised {
        let shown = match code {
            0x20..0x7f if code != b'\'' && code != b'\\' => char::from(code).to_string(),
            _ => format!("\\x{code:02x}"),
        };
        unpickling_error(cx, &format!("invalid load key, '{shown}'."))
    }

    // ------------------------------------------------------------------------------------------------ data

    /// Opcodes that carry data: numbers, strings, buffers.
    fn data(&mut self, cx: &mut Ctx, code: u8) -> PyResult<()> {
        let v = match code {
            op::INT => self.int_line(cx)?,
            op::LONG => {
                let line = self.input.full_line(cx)?;
                match line.strip_suffix(b"L") {
                    Some(digits) => int_of_text(cx, digits, 10)?,
                    None => decimal_line(cx, line)?,
                }
            }
            op::LONG1 => {
                let [n] = self.input.array(cx)?;
                self.long(cx, usize::from(n))?
            }
            op::LONG4 => {
                let n = i32::from_le_bytes(self.input.array(cx)?);
                match usize::try_from(n) {
                    Ok(n) => self.long(cx, n)?,
                    Err(_) => return Err(unpickling_error(cx, "LONG pickle has negative byte count")),
                }
            }
            op::FLOAT => {
                let line = self.input.full_line(cx)?;
                match protopy_num::float::parse_float(&line) {
                    Some(x) => cx.float(x),
                    None => {
                        let shown = String::from_utf8_lossy(&line);
                        let msg = format!("could not convert string to float: '{shown}\n'");
                        return Err(cx.value_error(&msg));
                    }
                }
            }
            op::STRING => {
                let line = self.input.line(cx)?;
                let line = line.as_slice();
                let quoted = match line {
                    [q @ (b'\'' | b'"'), inner @ .., p] if q == p => inner,
                    _ => return Err(unpickling_error(cx, "the STRING opcode argument must be quoted")),
                };
                let b = cx.bytes(quoted)?;
                let f = vm::import_attr(cx, "_codecs", "escape_decode")?;
                let pair = vm::call(cx, f, &[b])?;
                let first = vm::get_item(cx, pair, Value::small(0))?;
                let Some(b) = BytesObj::of(first) else { return Err(vm::not_bytes_like(cx, first)) };
                self.old_string(cx, b.bytes())?
            }
            op::SHORT_BINSTRING => {
                let [n] = self.input.array(cx)?;
                let b = self.input.take(cx, usize::from(n))?.to_vec();
                self.old_string(cx, &b)?
            }
            op::BINSTRING => {
                let n = i32::from_le_bytes(self.input.array(cx)?);
                let Ok(n) = usize::try_from(n) else {
                    return Err(unpickling_error(cx, "BINSTRING pickle has negative byte count"));
                };
                let b = self.input.take(cx, n)?.to_vec();
                self.old_string(cx, &b)?
            }
            op::UNICODE => {
                let line = self.input.line(cx)?;
                vm::codec::decode(cx, &line, "raw-unicode-escape", "strict")?
            }
            op::BINUNICODE8 => {
                let n = self.long_size(cx, "BINUNICODE")?;
                return self.text(cx, n);
            }
            op::SHORT_BINBYTES => {
                let [n] = self.input.array(cx)?;
                self.bytes(cx, usize::from(n))?
            }
            op::BINBYTES => {
                let n = u32::from_le_bytes(self.input.array(cx)?);
                self.bytes(cx, n as usize)?
            }
            op::BINBYTES8 => {
                let n = self.long_size(cx, "BINBYTES")?;
                self.bytes(cx, n)?
            }
            op::BYTEARRAY8 => {
                let n = self.long_size(cx, "BYTEARRAY8")?;
                let b = self.bytes(cx, n)?;
                let class = cx.ty(Ty::ByteArray).value();
                vm::call(cx, class, &[b])?
            }
            op::NEXT_BUFFER => self.next_buffer(cx)?,
            op::READONLY_BUFFER => {
                let v = self.pop(cx)?;
                read_only(cx, v)?
            }
            _ => return Err(self.invalid(cx, code)),
        };
        self.push(v);
        Ok(())
    }

    #[inline]
    fn text(&mut self, cx: &mut Ctx, n: usize) -> PyResult<()> {
        let b = self.input.take(cx, n)?;
        let v = if b.is_ascii() {
            cx.str_from(protopy_text::StrRef::Latin1(b))?
        } else {
            // A codec may run Python code.
            let b = b.to_vec();
            vm::codec::decode(cx, &b, "utf-8", "surrogatepass")?
        };
        self.push(v);
        Ok(())
    }

    fn bytes(&mut self, cx: &mut Ctx, n: usize) -> PyResult {
        let b = self.input.take(cx, n)?;
        cx.bytes(b)
    }

    /// A length of eight bytes.
    fn long_size(&mut self, cx: &mut Ctx, what: &str) -> PyResult<usize> {
        let n = u64::from_le_bytes(self.input.array(cx)?);
        match isize::try_from(n).ok().and_then(|n| usize::try_from(n).ok()) {
            Some(n) => Ok(n),
            None => {
                let most = isize::MAX;
                let msg = format!("{what} exceeds system's maximum size of {most} bytes");
                Err(cx.raise_str(Ty::OverflowError, &msg))
            }
        }
    }

    fn frame(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let n = u64::from_le_bytes(self.input.array(cx)?);
        let Some(n) = isize::try_from(n).ok().and_then(|n| usize::try_from(n).ok()) else {
            let most = isize::MAX;
            let msg = format!("FRAME length exceeds system's maximum of {most} bytes");
            return Err(cx.raise_str(Ty::OverflowError, &msg));
        };
        if self.input.frame_end != usize::MAX && self.input.consumed() < self.input.frame_end {
            return Err(unpickling_error(cx, "beginning of a new frame before end of current frame"));
        }
        self.input.require(cx, n)?;
        self.input.frame_end = self.input.consumed().saturating_add(n);
        if n == 0 {
            self.input.frame_end = usize::MAX;
        }
        Ok(())
    }

    fn long(&mut self, cx: &mut Ctx, n: usize) -> PyResult {
        let b = self.input.take(cx, n)?;
        if b.len() <= 8 {
            let fill = if b.last().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 };
            let mut word = [fill; 8];
            word[..b.len()].copy_from_slice(b);
            return Ok(cx.int(i64::from_le_bytes(word)));
        }
        let n = BigInt::from_signed_bytes_le(b);
        Ok(cx.bigint(n))
    }

    fn number_line(&mut self, cx: &mut Ctx) -> PyResult<BigInt> {
        let line = self.input.full_line(cx)?;
        let v = decimal_line(cx, line)?;
        vm::index_big(cx, v)
    }

    fn int_line(&mut self, cx: &mut Ctx) -> PyResult {
        let line = self.input.full_line(cx)?;
        match line.as_slice() {
            b"00" => Ok(Value::FALSE),
            b"01" => Ok(Value::TRUE),
            _ => match int_of_text(cx, &line, 10) {
                Ok(v) => Ok(v),
                Err(r) => {
                    cx.take_raised(r);
                    Err(cx.value_error("could not convert string to int"))
                }
            },
        }
    }

    /// A string of Python 2.
    fn old_string(&mut self, cx: &mut Ctx, b: &[u8]) -> PyResult {
        if self.encoding == "bytes" {
            return cx.bytes(b);
        }
        vm::codec::decode(cx, b, &self.encoding, &self.errors)
    }

    fn next_buffer(&mut self, cx: &mut Ctx) -> PyResult {
        let Some(it) = self.buffers else {
            let msg = "pickle stream refers to out-of-band data but no *buffers* argument was given";
            return Err(unpickling_error(cx, msg));
        };
        match vm::next(cx, it)? {
            Some(v) => Ok(v),
            None => Err(unpickling_error(cx, "not enough out-of-band buffers")),
        }
    }

    fn get(&mut self, cx: &mut Ctx, n: usize) -> PyResult<()> {
        match self.memo.get(n) {
            Some(v) => {
                self.push(v);
                Ok(())
            }
            None => Err(no_memo(cx, &n.to_string())),
        }
    }

    fn two_lines(&mut self, cx: &mut Ctx, encoding: &str) -> PyResult<(Value, Value)> {
        let line = self.input.full_line(cx)?;
        let module = vm::codec::decode(cx, &line, encoding, "strict")?;
        let line = self.input.full_line(cx)?;
        let called = vm::codec::decode(cx, &line, encoding, "strict")?;
        Ok((cx.intern(module), cx.intern(called)))
    }

    fn stack_global(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let called = self.pop(cx)?;
        let module = self.pop(cx)?;
        if !cx.is_exact(called, Ty::Str) || !cx.is_exact(module, Ty::Str) {
            return Err(unpickling_error(cx, "STACK_GLOBAL requires str"));
        }
        let v = self.find_class(cx, module, called)?;
        self.push(v);
        Ok(())
    }

    fn find_class(&mut self, cx: &mut Ctx, module: Value, called: Value) -> PyResult {
        match self.owner {
            Some(o) => vm::call_method(cx, o, "find_class", &[module, called]),
            None => globals::find_class(cx, &self.state, module, called, self.proto, self.fix_imports),
        }
    }

    fn persistent(&mut self, cx: &mut Ctx, code: u8) -> PyResult<()> {
        let id = if code == op::PERSID {
            let line = self.input.line(cx)?;
            if !line.is_ascii() {
                return Err(unpickling_error(cx, "persistent IDs in protocol 0 must be ASCII strings"));
            }
            cx.str(&String::from_utf8_lossy(&line))
        } else {
            self.pop(cx)?
        };
        let Some(f) = self.persistent else {
            let msg = "A load persistent id instruction was encountered, but no persistent_load function was specified.";
            return Err(unpickling_error(cx, msg));
        };
        let v = vm::call(cx, f, &[id])?;
        self.push(v);
        Ok(())
    }

    fn extension(&mut self, cx: &mut Ctx, code: i64) -> PyResult<()> {
        use protopy_vm::protocore::dict::DictObj;
        let key = cx.int(code);
        let cache = DictObj::of(self.state.cache.get_or_none());
        if let Some(d) = cache
            && let Some(v) = vm::dict_get(cx, d, key)?
        {
            self.push(v);
            return Ok(());
        }
        let known = match DictObj::of(self.state.inverted.get_or_none()) {
            Some(d) => vm::dict_get(cx, d, key)?,
            None => None,
        };
        let Some(pair) = known else {
            if code <= 0 {
                return Err(unpickling_error(cx, "EXT specifies code <= 0"));
            }
            return Err(cx.value_error(&format!("unregistered extension code {code}")));
        };
        let items = TupleObj::of(pair).map_or(&[][..], |t| t.items());
        let &[module, called] = items else {
            let msg = format!("_inverted_registry[{code}] isn't a 2-tuple of strings");
            return Err(cx.value_error(&msg));
        };
        if StrObj::of(module).is_none() || StrObj::of(called).is_none() {
            let msg = format!("_inverted_registry[{code}] isn't a 2-tuple of strings");
            return Err(cx.value_error(&msg));
        }
        let v = self.find_class(cx, module, called)?;
        if let Some(d) = cache {
            vm::dict_set(cx, d, key, v)?;
        }
        self.push(v);
        Ok(())
    }
}

/// Parts of [`Loader`] that [`super::build`] needs.
impl Loader<'_> {
    /// The value below a place, and the number of values on the stack; UnpicklingError if there is no such value.
    pub(super) fn below(&mut self, cx: &mut Ctx, at: usize) -> PyResult<(Value, usize)> {
        let n = self.stack.len();
        if at > n || at <= self.fence() {
            return Err(self.underflow(cx));
        }
        match self.stack.get(at - 1) {
            Some(v) => Ok((*v, n)),
            None => Err(self.underflow(cx)),
        }
    }

    /// The values from a place on.
    pub(super) fn above(&self, at: usize) -> &[Value] {
        self.stack.get(at..).unwrap_or(&[])
    }

    /// Value number `i`.
    pub(super) fn value(&self, i: usize) -> Value {
        self.stack.get(i).copied().unwrap_or(Value::NONE)
    }

    /// Drops the values from a place on.
    pub(super) fn cut(&mut self, at: usize) {
        self.stack.truncate(at);
    }

    /// As [`Loader::pop`], for others.
    pub(super) fn take(&mut self, cx: &mut Ctx) -> PyResult {
        self.pop(cx)
    }

    /// As [`Loader::top`], for others.
    pub(super) fn last(&mut self, cx: &mut Ctx) -> PyResult {
        self.top(cx)
    }

    /// As [`Loader::push`], for others.
    pub(super) fn give(&mut self, v: Value) {
        self.push(v);
    }
}

#[cold]
fn no_memo(cx: &mut Ctx, n: &str) -> Raised {
    unpickling_error(cx, &format!("Memo value not found at index {n}"))
}

/// The integer that a text is in the given base.
fn int_of_text(cx: &mut Ctx, b: &[u8], base: i64) -> PyResult {
    let text = cx.str_from(protopy_text::StrRef::Latin1(b))?;
    let class = cx.ty(Ty::Int).value();
    vm::call(cx, class, &[text, Value::small(base)])
}

/// The decimal integer of a line, whose end messages show.
fn decimal_line(cx: &mut Ctx, mut line: Vec<u8>) -> PyResult {
    line.push(b'\n');
    int_of_text(cx, &line, 10)
}

/// `cls(*args)`, or `cls.__new__(cls)` for an old class without arguments.
fn instantiate(cx: &mut Ctx, class: Value, args: Value) -> PyResult {
    let items = TupleObj::of(args).map_or(&[][..], |t| t.items());
    if items.is_empty()
        && vm::protocore::TypeObj::of(class).is_some()
        && vm::lookup_attr_str(cx, class, "__getinitargs__")?.is_none()
    {
        return vm::call_method(cx, class, "__new__", &[class]);
    }
    let v = vm::call(cx, class, items);
    vm::keep_alive(args);
    v
}

/// A view that cannot be written to.
fn read_only(cx: &mut Ctx, v: Value) -> PyResult {
    let class = cx.ty(Ty::MemoryView).value();
    let view = vm::call(cx, class, &[v])?;
    let flag = vm::get_attr_str(cx, view, "readonly")?;
    if vm::is_true(cx, flag)? {
        return Ok(v);
    }
    vm::call_method(cx, view, "toreadonly", &[])
}
