//! Writing of pickles: the builtin types.
//!
//! A [`Saver`] lives on the native stack of the call that writes, where the collector sees the values that it holds. Frames (protocol 4 and
//! up) are lengths written in front of runs of opcodes once these are complete; what is larger than a frame goes without one, and
//! straight into the file.

use super::memo::Memo;
use super::{State, op, pickling_error};
use crate::note;
use num_bigint::BigInt;
use protopy_vm as vm;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, FloatObj, IntRef, ListObj, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Ty, TypeObj, Value};
use std::sync::Arc;

/// Bytes of a frame that are enough to end it.
pub const FRAME_TARGET: usize = 64 * 1024;
const FRAME_MIN: usize = 4;
const FRAME_HEADER: usize = 9;
/// Items that one opcode takes.
pub const BATCH: usize = 1000;
/// Depth from which on a pickler without memo looks for cycles.
const FAST_LIMIT: usize = 50;

/// A pickle being written.
pub struct Saver {
    /// What was written and has not gone into the file.
    pub out: Vec<u8>,
    /// The objects that were written.
    pub memo: Memo,
    /// Protocol.
    pub proto: u8,
    /// Whether objects are not memoized.
    pub fast: bool,
    /// Whether names of Python 2 are written, for protocols below 3.
    pub fix_imports: bool,
    framing: bool,
    frame: Option<usize>,
    /// The file's `write`; none for `dumps`.
    pub write: Option<Value>,
    /// Gets out-of-band buffers.
    pub buffer_callback: Option<Value>,
    /// Tells persistent ids.
    pub persistent: Option<Value>,
    /// `reducer_override`
    pub reducer: Option<Value>,
    /// A private dispatch table.
    pub dispatch: Option<Value>,
    /// What the module knows.
    pub state: Arc<State>,
    fast_nesting: usize,
    fast_seen: Vec<u64>,
}

/// Adds "when serializing …" to the exception that is being raised.
#[cold]
pub fn note_about(cx: &mut Ctx, r: Raised, obj: Value, what: &str) -> Raised {
    let text = format!("when serializing {} {what}", vm::full_type_name(cx, obj));
    note(cx, r, &text)
}

impl Saver {
    /// A saver for a protocol.
    pub fn new(cx: &mut Ctx, state: Arc<State>, proto: u8, fix_imports: bool) -> Saver {
        Saver {
            out: Vec::with_capacity(256),
            memo: Memo::new(cx),
            proto,
            fast: false,
            fix_imports: fix_imports && proto < 3,
            framing: false,
            frame: None,
            write: None,
            buffer_callback: None,
            persistent: None,
            reducer: None,
            dispatch: None,
            state,
            fast_nesting: 0,
            fast_seen: Vec::new(),
        }
    }

    fn bin(&self) -> bool {
        self.proto > 0
    }

    /// Writes a whole pickle.
    pub fn dump(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if self.proto >= 2 {
            self.out.extend_from_slice(&[op::PROTO, self.proto]);
            self.framing = self.proto >= 4;
        }
        self.save(cx, v)?;
        self.put(&[op::STOP]);
        self.commit();
        self.framing = false;
        self.flush(cx)
    }

    // ------------------------------------------------------------------------------------------------ output

    /// Writes bytes.
    #[inline]
    pub fn put(&mut self, b: &[u8]) {
        if self.framing && self.frame.is_none() {
            self.frame = Some(self.out.len());
            self.out.extend_from_slice(&[0; FRAME_HEADER]);
        }
        self.out.extend_from_slice(b);
    }

    /// Ends the frame.
    fn commit(&mut self) {
        let Some(start) = self.frame.take() else { return };
        let len = self.out.len() - start - FRAME_HEADER;
        if len >= FRAME_MIN {
            if let Some(header) = self.out.get_mut(start..start + FRAME_HEADER) {
                header[0] = op::FRAME;
                header[1..].copy_from_slice(&(len as u64).to_le_bytes());
            }
        } else {
            self.out.drain(start..start + FRAME_HEADER);
        }
    }

    /// Hands what was written to the file, if there is one.
    fn flush(&mut self, cx: &mut Ctx) -> PyResult<()> {
        let Some(write) = self.write else { return Ok(()) };
        let b = cx.bytes(&self.out)?;
        self.out.clear();
        vm::call(cx, write, &[b]).map(|_| ())
    }

    /// Between opcodes: a frame that is large enough ends.
    #[inline]
    fn boundary(&mut self, cx: &mut Ctx) -> PyResult<()> {
        match self.frame {
            Some(start) if self.out.len() - start - FRAME_HEADER >= FRAME_TARGET => {
                self.commit();
                self.flush(cx)
            }
            _ => Ok(()),
        }
    }

    /// A header and a payload, which goes without a frame if it is large. `object`: bytes that are the payload.
    fn put_payload(
        &mut self,
        cx: &mut Ctx,
        header: &[u8],
        data: &[u8],
        object: Option<Value>,
    ) -> PyResult<()> {
        if data.len() < FRAME_TARGET {
            self.put(header);
            self.put(data);
            return Ok(());
        }
        self.commit();
        let framing = std::mem::replace(&mut self.framing, false);
        self.put(header);
        if let Some(write) = self.write {
            self.flush(cx)?;
            let b = match object {
                Some(b) => b,
                None => cx.bytes(data)?,
            };
            vm::call(cx, write, &[b])?;
        } else {
            if self.out.try_reserve(data.len()).is_err() {
                return Err(cx.no_memory());
            }
            self.put(data);
        }
        self.framing = framing;
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------ memo

    /// Takes up an object in the memo, if there is one.
    #[inline]
    pub fn memoize(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if self.fast {
            return Ok(());
        }
        let n = self.memo.add(cx, v)?;
        if self.proto >= 4 {
            self.put(&[op::MEMOIZE]);
        } else {
            self.put_number([op::PUT, op::BINPUT, op::LONG_BINPUT], n);
        }
        Ok(())
    }

    fn put_number(&mut self, [text, short, long]: [u8; 3], n: u32) {
        if !self.bin() {
            let s = format!("{}{n}\n", char::from(text));
            self.put(s.as_bytes());
        } else if let Ok(n) = u8::try_from(n) {
            self.put(&[short, n]);
        } else {
            let [a, b, c, d] = n.to_le_bytes();
            self.put(&[long, a, b, c, d]);
        }
    }

    /// Refers to an object that was written; false if it was not.
    #[inline]
    pub fn put_memoized(&mut self, v: Value) -> bool {
        match self.memo.table.get(v) {
            Some(n) => {
                self.put_number([op::GET, op::BINGET, op::LONG_BINGET], n);
                true
            }
            None => false,
        }
    }

    // ------------------------------------------------------------------------------------------------ objects

    /// Writes an object.
    pub fn save(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        cx.breathe();
        if let Some(f) = self.persistent {
            self.boundary(cx)?;
            if self.save_persistent(cx, f, v)? {
                return Ok(());
            }
        }
        self.save_value(cx, v)
    }

    fn save_persistent(&mut self, cx: &mut Ctx, f: Value, v: Value) -> PyResult<bool> {
        let id = vm::call(cx, f, &[v])?;
        if id.is_none() {
            return Ok(false);
        }
        if self.bin() {
            self.save_value(cx, id)?;
            self.put(&[op::BINPERSID]);
            return Ok(true);
        }
        let s = vm::str(cx, id)?;
        match StrObj::of(s).and_then(StrObj::as_ascii) {
            Some(s) => {
                let line = format!("{}{s}\n", char::from(op::PERSID));
                self.put(line.as_bytes());
                Ok(true)
            }
            None => Err(pickling_error(cx, "persistent IDs in protocol 0 must be ASCII strings")),
        }
    }

    /// Writes an object without asking for a persistent id.
    fn save_value(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        self.boundary(cx)?;
        if let Some(n) = v.as_small() {
            return self.save_int(cx, v, n);
        }
        if let Some(x) = v.as_imm_float() {
            return self.save_float(cx, v, x);
        }
        if v.is_none() {
            self.put(&[op::NONE]);
            return Ok(());
        }
        if v.is_bool() {
            self.save_bool(v.is(Value::TRUE));
            return Ok(());
        }
        let ty = cx.type_of(v);
        let exact = |cx: &Ctx, t: Ty| std::ptr::eq(ty, cx.ty(t));
        match v.layout() {
            Layout::Int if exact(cx, Ty::Int) => return self.save_big(cx, v),
            Layout::Float if exact(cx, Ty::Float) => {
                return self.save_float(cx, v, FloatObj::of(v).unwrap_or(0.0));
            }
            _ => {}
        }
        if self.put_memoized(v) {
            return Ok(());
        }
        match v.layout() {
            Layout::Str if exact(cx, Ty::Str) => self.save_str(cx, v),
            Layout::Bytes if exact(cx, Ty::Bytes) => self.save_bytes(cx, v),
            Layout::Tuple if exact(cx, Ty::Tuple) => self.guarded(cx, v, Self::save_tuple),
            Layout::List if exact(cx, Ty::List) => self.guarded(cx, v, Self::save_list),
            Layout::Dict if exact(cx, Ty::Dict) => self.guarded(cx, v, Self::save_dict),
            Layout::Set if exact(cx, Ty::Set) => self.guarded(cx, v, Self::save_set),
            Layout::FrozenSet if exact(cx, Ty::FrozenSet) => self.guarded(cx, v, Self::save_frozenset),
            _ => self.guarded(cx, v, |s, cx, v| s.save_other(cx, v, ty)),
        }
    }

    fn guarded(
        &mut self,
        cx: &mut Ctx,
        v: Value,
        f: impl FnOnce(&mut Self, &mut Ctx, Value) -> PyResult<()>,
    ) -> PyResult<()> {
        cx.check_native_stack(" while pickling an object")?;
        f(self, cx, v)
    }

    fn save_other(&mut self, cx: &mut Ctx, v: Value, ty: &'static TypeObj) -> PyResult<()> {
        if std::ptr::eq(ty, cx.ty(Ty::ByteArray)) {
            return self.save_bytearray(cx, v);
        }
        if v.native::<super::buffer::PickleBuffer>().is_some()
            && ty.value().is(self.state.buffer.get_or_none())
        {
            return self.save_buffer(cx, v);
        }
        self.save_reducible(cx, v, ty)
    }

    // ------------------------------------------------------------------------------------------------ numbers

    fn save_bool(&mut self, b: bool) {
        match (self.proto >= 2, b) {
            (true, true) => self.put(&[op::NEWTRUE]),
            (true, false) => self.put(&[op::NEWFALSE]),
            (false, true) => self.put(b"I01\n"),
            (false, false) => self.put(b"I00\n"),
        }
    }

    fn save_int(&mut self, cx: &mut Ctx, v: Value, n: i64) -> PyResult<()> {
        let Ok(small) = i32::try_from(n) else { return self.save_big(cx, v) };
        if !self.bin() {
            let s = format!("I{n}\n");
            self.put(s.as_bytes());
            return Ok(());
        }
        let [a, b, c, d] = small.to_le_bytes();
        match (b, c, d) {
            (0, 0, 0) => self.put(&[op::BININT1, a]),
            (_, 0, 0) => self.put(&[op::BININT2, a, b]),
            _ => self.put(&[op::BININT, a, b, c, d]),
        }
        Ok(())
    }

    fn save_big(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if self.proto < 2 {
            let shown = vm::repr_text(cx, v)?;
            let line = format!("L{shown}L\n");
            self.put(line.as_bytes());
            return Ok(());
        }
        let bytes = match IntRef::of(v) {
            Some(IntRef::Big(b)) => b.to_signed_bytes_le(),
            Some(IntRef::Small(n)) => BigInt::from(n).to_signed_bytes_le(),
            None => return Err(cx.type_error("not an int")),
        };
        match (u8::try_from(bytes.len()), i32::try_from(bytes.len())) {
            (Ok(n), _) => self.put(&[op::LONG1, n]),
            (_, Ok(n)) => {
                let [a, b, c, d] = n.to_le_bytes();
                self.put(&[op::LONG4, a, b, c, d]);
            }
            _ => return Err(cx.raise_str(Ty::OverflowError, "int too large to pickle")),
        }
        self.put(&bytes);
        Ok(())
    }

    fn save_float(&mut self, cx: &mut Ctx, v: Value, x: f64) -> PyResult<()> {
        if self.bin() {
            let mut b = [op::BINFLOAT; 9];
            b[1..].copy_from_slice(&x.to_be_bytes());
            self.put(&b);
        } else {
            let shown = vm::repr_text(cx, v)?;
            let line = format!("F{shown}\n");
            self.put(line.as_bytes());
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------ text

    fn save_str(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let Some(s) = StrObj::of(v) else { return Ok(()) };
        if !self.bin() {
            let mut line = vec![op::UNICODE];
            for c in s.str_ref().chars() {
                match c {
                    0x5c | 0 | 0x0a | 0x0d | 0x1a | 0x100..=0xffff => {
                        line.extend_from_slice(format!("\\u{c:04x}").as_bytes());
                    }
                    0x1_0000.. => line.extend_from_slice(format!("\\U{c:08x}").as_bytes()),
                    _ => line.push(c as u8),
                }
            }
            line.push(b'\n');
            self.put(&line);
        } else if let Some(a) = s.as_ascii() {
            self.put_text(cx, a.as_bytes())?;
        } else {
            let b = vm::codec::encode(cx, v, "utf-8", "surrogatepass")?;
            self.put_text(cx, BytesObj::of(b).map_or(&[], |b| b.bytes()))?;
            vm::keep_alive(b);
        }
        self.memoize(cx, v)
    }

    fn put_text(&mut self, cx: &mut Ctx, b: &[u8]) -> PyResult<()> {
        let n = b.len();
        if n <= 0xff && self.proto >= 4 {
            self.put(&[op::SHORT_BINUNICODE, n as u8]);
            self.put(b);
            return Ok(());
        }
        match u32::try_from(n) {
            Ok(n) => {
                let [p, q, r, s] = n.to_le_bytes();
                self.put_payload(cx, &[op::BINUNICODE, p, q, r, s], b, None)
            }
            Err(_) if self.proto >= 4 => {
                let header = long_header(op::BINUNICODE8, n);
                self.put_payload(cx, &header, b, None)
            }
            Err(_) => {
                let msg = "serializing a string larger than 4 GiB requires pickle protocol 4 or higher";
                Err(cx.raise_str(Ty::OverflowError, msg))
            }
        }
    }

    fn save_bytes(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let data = BytesObj::of(v).map_or(&[][..], |b| b.bytes());
        if self.proto < 3 {
            // Python 2 has no bytes: a call that makes some takes their place.
            let (f, args) = if data.is_empty() {
                (cx.ty(Ty::Bytes).value(), vm::empty_tuple(cx))
            } else {
                let text = cx.str_from(protopy_text::StrRef::Latin1(data))?;
                let codec = cx.intern_str("latin1");
                (self.state.encode.get_or_none(), cx.tuple_of(None, &[text, codec])?)
            };
            let reduced = cx.tuple_of(None, &[f, args])?;
            return self.save_reduced(cx, reduced, Some(v));
        }
        self.put_bytes(cx, data, Some(v))?;
        self.memoize(cx, v)
    }

    fn put_bytes(&mut self, cx: &mut Ctx, b: &[u8], object: Option<Value>) -> PyResult<()> {
        let n = b.len();
        if let Ok(n) = u8::try_from(n) {
            self.put(&[op::SHORT_BINBYTES, n]);
            self.put(b);
            return Ok(());
        }
        match u32::try_from(n) {
            Ok(n) => {
                let [p, q, r, s] = n.to_le_bytes();
                self.put_payload(cx, &[op::BINBYTES, p, q, r, s], b, object)
            }
            Err(_) if self.proto >= 4 => {
                let header = long_header(op::BINBYTES8, n);
                self.put_payload(cx, &header, b, object)
            }
            Err(_) => {
                let msg = "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher";
                Err(cx.raise_str(Ty::OverflowError, msg))
            }
        }
    }

    fn save_bytearray(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let data = vm::buffer_to_vec(cx, v)?;
        if self.proto < 5 {
            let class = cx.ty(Ty::ByteArray).value();
            let args = if data.is_empty() {
                vm::empty_tuple(cx)
            } else {
                let b = cx.bytes(&data)?;
                cx.tuple_of(None, &[b])?
            };
            let reduced = cx.tuple_of(None, &[class, args])?;
            return self.save_reduced(cx, reduced, Some(v));
        }
        let header = long_header(op::BYTEARRAY8, data.len());
        self.put_payload(cx, &header, &data, None)?;
        self.memoize(cx, v)
    }

    fn save_buffer(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if self.proto < 5 {
            return Err(pickling_error(cx, "PickleBuffer can only be pickled with protocol >= 5"));
        }
        let b = vm::get_buffer(cx, v, false)?;
        let (readonly, whole) = (b.readonly, vm::is_c_contiguous(&b) || vm::is_f_contiguous(&b));
        if !whole {
            b.release(cx);
            let msg = "PickleBuffer can not be pickled when pointing to a non-contiguous buffer";
            return Err(pickling_error(cx, msg));
        }
        let in_band = match self.buffer_callback {
            Some(f) => vm::call(cx, f, &[v]).and_then(|r| vm::is_true(cx, r))?,
            None => true,
        };
        if !in_band {
            b.release(cx);
            self.put(&[op::NEXT_BUFFER]);
            if readonly {
                self.put(&[op::READONLY_BUFFER]);
            }
            return Ok(());
        }
        // In the order of memory, whatever the shape.
        let data = b.read_at(0, b.len);
        b.release(cx);
        if readonly {
            self.put_bytes(cx, &data, None)?;
        } else {
            let header = long_header(op::BYTEARRAY8, data.len());
            self.put_payload(cx, &header, &data, None)?;
        }
        self.memoize(cx, v)
    }

    // ------------------------------------------------------------------------------------------------ containers

    fn save_item(&mut self, cx: &mut Ctx, owner: Value, v: Value, i: usize) -> PyResult<()> {
        match self.save(cx, v) {
            Ok(()) => Ok(()),
            Err(r) => Err(note_about(cx, r, owner, &format!("item {i}"))),
        }
    }

    fn save_tuple(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let items = TupleObj::of(v).map_or(&[][..], |t| t.items());
        let n = items.len();
        if n == 0 {
            self.put(if self.bin() { &[op::EMPTY_TUPLE][..] } else { &[op::MARK, op::TUPLE] });
            return Ok(());
        }
        let short = n <= 3 && self.proto >= 2;
        if !short {
            self.put(&[op::MARK]);
        }
        for (i, x) in items.iter().enumerate() {
            self.save_item(cx, v, *x, i)?;
        }
        // Items may have written the tuple: then it is recursive, and made already.
        if self.memo.table.get(v).is_some() {
            if short {
                (0..n).for_each(|_| self.put(&[op::POP]));
            } else if self.bin() {
                self.put(&[op::POP_MARK]);
            } else {
                (0..=n).for_each(|_| self.put(&[op::POP]));
            }
            self.put_memoized(v);
            return Ok(());
        }
        self.put(&[match (short, n) {
            (true, 1) => op::TUPLE1,
            (true, 2) => op::TUPLE2,
            (true, _) => op::TUPLE3,
            _ => op::TUPLE,
        }]);
        self.memoize(cx, v)
    }

    /// Notes that a container is being written without a memo; ValueError for one that contains itself. Whether it has to be left.
    fn fast_enter(&mut self, cx: &mut Ctx, v: Value) -> PyResult<bool> {
        if !self.fast {
            return Ok(false);
        }
        self.fast_nesting += 1;
        if self.fast_nesting < FAST_LIMIT {
            return Ok(true);
        }
        if self.fast_seen.contains(&v.bits()) {
            self.fast_nesting = 0;
            let name = vm::tp_name(cx, v);
            let msg = format!(
                "fast mode: can't pickle cyclic objects including object type {name} at {:#x}",
                v.bits()
            );
            return Err(cx.value_error(&msg));
        }
        self.fast_seen.push(v.bits());
        Ok(true)
    }

    fn fast_leave(&mut self, entered: bool) {
        if entered {
            if self.fast_nesting >= FAST_LIMIT {
                self.fast_seen.pop();
            }
            self.fast_nesting = self.fast_nesting.saturating_sub(1);
        }
    }

    fn save_list(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let entered = self.fast_enter(cx, v)?;
        self.put(if self.bin() { &[op::EMPTY_LIST][..] } else { &[op::MARK, op::LIST] });
        self.memoize(cx, v)?;
        let done = match ListObj::of(v) {
            Some(l) => self.list_items(cx, v, l),
            None => Ok(()),
        };
        self.fast_leave(entered);
        done
    }

    fn list_items(&mut self, cx: &mut Ctx, v: Value, l: &ListObj) -> PyResult<()> {
        if l.is_empty() {
            return Ok(());
        }
        if !self.bin() || l.len() == 1 {
            let mut i = 0;
            while let Some(x) = l.get(i) {
                self.save_item(cx, v, x, i)?;
                self.put(&[op::APPEND]);
                i += 1;
                if !self.bin() {
                    continue;
                }
                check_size(cx, l.len() == 1)?;
            }
            return Ok(());
        }
        let (mut i, size) = (0, l.len());
        loop {
            self.put(&[op::MARK]);
            let end = i + BATCH;
            while i < end
                && let Some(x) = l.get(i)
            {
                self.save_item(cx, v, x, i)?;
                i += 1;
                check_size(cx, l.len() == size)?;
            }
            self.put(&[op::APPENDS]);
            if i >= l.len() {
                return Ok(());
            }
        }
    }

    fn save_dict(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let entered = self.fast_enter(cx, v)?;
        self.put(if self.bin() { &[op::EMPTY_DICT][..] } else { &[op::MARK, op::DICT] });
        self.memoize(cx, v)?;
        let done = match DictObj::of(v) {
            Some(d) => self.dict_items(cx, v, d),
            None => Ok(()),
        };
        self.fast_leave(entered);
        done
    }

    /// A key and its value.
    pub fn save_pair(&mut self, cx: &mut Ctx, owner: Value, k: Value, x: Value) -> PyResult<()> {
        self.save(cx, k)?;
        match self.save(cx, x) {
            Ok(()) => Ok(()),
            Err(r) => Err(note_key(cx, r, owner, k)),
        }
    }

    fn dict_items(&mut self, cx: &mut Ctx, v: Value, d: &DictObj) -> PyResult<()> {
        let size = d.len();
        if size == 0 {
            return Ok(());
        }
        let one_by_one = !self.bin() || size == 1;
        let mut at = 0;
        let mut n = 0;
        if !one_by_one {
            self.put(&[op::MARK]);
        }
        while let Some((next, _, k, x)) = d.next_from(at) {
            at = next + 1;
            self.save_pair(cx, v, k, x)?;
            if d.len() != size {
                return Err(cx.raise_str(Ty::RuntimeError, "dictionary changed size during iteration"));
            }
            if one_by_one {
                self.put(&[op::SETITEM]);
                continue;
            }
            n += 1;
            if n == BATCH {
                n = 0;
                self.put(&[op::SETITEMS, op::MARK]);
            }
        }
        if !one_by_one {
            self.put(&[op::SETITEMS]);
        }
        Ok(())
    }

    fn save_element(&mut self, cx: &mut Ctx, owner: Value, x: Value) -> PyResult<()> {
        match self.save(cx, x) {
            Ok(()) => Ok(()),
            Err(r) => Err(note_about(cx, r, owner, "element")),
        }
    }

    fn set_as_call(&mut self, cx: &mut Ctx, v: Value, ty: Ty) -> PyResult<()> {
        let items = vm::to_vec(cx, v)?.into_list();
        let args = cx.tuple_of(None, &[items])?;
        let class = cx.ty(ty).value();
        let reduced = cx.tuple_of(None, &[class, args])?;
        self.save_reduced(cx, reduced, Some(v))
    }

    fn save_set(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if self.proto < 4 {
            return self.set_as_call(cx, v, Ty::Set);
        }
        self.put(&[op::EMPTY_SET]);
        self.memoize(cx, v)?;
        let Some(s) = DictObj::of_set(v) else { return Ok(()) };
        let size = s.len();
        if size == 0 {
            return Ok(());
        }
        let (mut at, mut n) = (0, 0);
        self.put(&[op::MARK]);
        while let Some((next, _, x, _)) = s.next_from(at) {
            at = next + 1;
            self.save_element(cx, v, x)?;
            if s.len() != size {
                return Err(cx.raise_str(Ty::RuntimeError, "set changed size during iteration"));
            }
            n += 1;
            if n == BATCH {
                n = 0;
                self.put(&[op::ADDITEMS, op::MARK]);
            }
        }
        self.put(&[op::ADDITEMS]);
        Ok(())
    }

    fn save_frozenset(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if self.proto < 4 {
            return self.set_as_call(cx, v, Ty::FrozenSet);
        }
        self.put(&[op::MARK]);
        let mut at = 0;
        while let Some((next, _, x, _)) = DictObj::of_set(v).and_then(|s| s.next_from(at)) {
            at = next + 1;
            self.save_element(cx, v, x)?;
        }
        // As with tuples.
        if self.memo.table.get(v).is_some() {
            self.put(&[op::POP_MARK]);
            self.put_memoized(v);
            return Ok(());
        }
        self.put(&[op::FROZENSET]);
        self.memoize(cx, v)
    }
}

/// RuntimeError if a list that is being written has another length than it had.
#[inline]
fn check_size(cx: &mut Ctx, same: bool) -> PyResult<()> {
    if same {
        return Ok(());
    }
    Err(cx.raise_str(Ty::RuntimeError, "list changed size during iteration"))
}

/// Adds "when serializing dict item 'key'" to the exception that is being raised.
#[cold]
fn note_key(cx: &mut Ctx, r: Raised, owner: Value, k: Value) -> Raised {
    let e = cx.take_raised(r);
    let shown = match vm::repr_text(cx, k) {
        Ok(s) => s,
        Err(r) => {
            cx.take_raised(r);
            return cx.set_raised(e);
        }
    };
    let r = cx.set_raised(e);
    note_about(cx, r, owner, &format!("item {shown}"))
}

/// An opcode with a length of eight bytes.
fn long_header(op: u8, n: usize) -> [u8; 9] {
    let mut b = [op; 9];
    b[1..].copy_from_slice(&(n as u64).to_le_bytes());
    b
}
