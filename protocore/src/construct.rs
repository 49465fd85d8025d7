//! Making the core objects.

use crate::ctx::Ctx;
use crate::dict::DictObj;
use crate::header::{Header, Layout, ShapeId};
use crate::known::{RAW_SHAPE, Ty, VALUES_SHAPE};
use crate::layouts::*;
use crate::slot::Slot;
use crate::space::{Root, len_word};
use crate::types::TypeObj;
use crate::value::Value;
use crate::{PyResult, Raised};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use protopy_text::{StrBuf, StrRef};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// Length from which a string that grows by concatenation gets room to grow.
const GROWING_MIN: usize = 256;

/// SipHash-1-3, but for -1.
fn keyed_hash((k0, k1): (u64, u64), b: &[u8]) -> i64 {
    let mut h = SipHasher13::new_with_keys(k0, k1);
    h.write(b);
    match h.finish() as i64 {
        -1 => -2,
        h => h,
    }
}

impl Ctx {
    /// A cell for an instance of `ty` (or a subclass's instance) whose layout has a fixed size: zeroed but for the header.
    ///
    /// # Safety
    /// The caller writes every field that zero is no valid value for before the next allocation.
    #[inline]
    pub unsafe fn alloc_instance(&mut self, ty: &TypeObj, needs_drop: bool) -> *mut Header {
        self.alloc_cell(ty.basic_size as usize, needs_drop, ty.layout, ty.root_shape(), 0)
    }

    #[inline]
    unsafe fn alloc_known<T>(&mut self, t: Ty, layout: Layout) -> *mut T {
        self.alloc_cell(size_of::<T>(), false, layout, t.shape(), 0).cast()
    }

    // ------------------------------------------------------------------------------------------------ numbers

    /// An int.
    #[inline]
    pub fn int(&mut self, n: i64) -> Value {
        match Value::try_small(n) {
            Some(v) => v,
            None => self.int_obj(n, None),
        }
    }

    /// An int.
    pub fn int_u64(&mut self, n: u64) -> Value {
        match i64::try_from(n) {
            Ok(n) => self.int(n),
            Err(_) => self.bigint(BigInt::from(n)),
        }
    }

    /// An int.
    pub fn int_usize(&mut self, n: usize) -> Value {
        self.int_u64(n as u64)
    }

    /// An int; small results become immediate.
    pub fn bigint(&mut self, n: BigInt) -> Value {
        match n.to_i64() {
            Some(i) => self.int(i),
            None => {
                self.external_bytes((n.bits() / 8) as isize);
                self.int_obj(0, Some(Box::new(n)))
            }
        }
    }

    fn int_obj(&mut self, small: i64, big: Option<Box<BigInt>>) -> Value {
        let p = self
            .alloc_cell(size_of::<IntObj>(), big.is_some(), Layout::Int, Ty::Int.shape(), 0)
            .cast::<IntObj>();
        // SAFETY: fresh cell of that size.
        unsafe {
            (&raw mut (*p).small).write(small);
            (&raw mut (*p).big).write(big);
        }
        Value::from_ref(p)
    }

    /// An instance of a subclass of int.
    pub fn int_subclass(&mut self, ty: &TypeObj, n: IntRef) -> Value {
        // SAFETY: fields are written at once.
        let p = unsafe { self.alloc_instance(ty, true) }.cast::<IntObj>();
        let (small, big) = match n {
            IntRef::Small(n) => (n, None),
            IntRef::Big(b) => (0, Some(Box::new(b.clone()))),
        };
        // SAFETY: fresh cell of that layout.
        unsafe {
            (&raw mut (*p).small).write(small);
            (&raw mut (*p).big).write(big);
        }
        Value::from_ref(p)
    }

    /// A float.
    #[inline]
    pub fn float(&mut self, f: f64) -> Value {
        match Value::try_float(f) {
            Some(v) => v,
            None => self.float_obj(f),
        }
    }

    #[inline(never)]
    fn float_obj(&mut self, f: f64) -> Value {
        // SAFETY: the field is written at once.
        unsafe {
            let p: *mut FloatObj = self.alloc_known(Ty::Float, Layout::Float);
            (*p).value = f;
            Value::from_ref(p)
        }
    }

    /// An instance of a subclass of float.
    pub fn float_subclass(&mut self, ty: &TypeObj, f: f64) -> Value {
        // SAFETY: the field is written at once.
        unsafe {
            let p = self.alloc_instance(ty, false).cast::<FloatObj>();
            (*p).value = f;
            Value::from_ref(p)
        }
    }

    /// A complex number of type `ty` (complex or a subclass).
    pub fn complex_of(&mut self, ty: &TypeObj, re: f64, im: f64) -> Value {
        // SAFETY: the fields are written at once.
        unsafe {
            let p = self.alloc_instance(ty, false).cast::<ComplexObj>();
            (*p).re = re;
            (*p).im = im;
            Value::from_ref(p)
        }
    }

    /// A complex number.
    pub fn complex(&mut self, re: f64, im: f64) -> Value {
        let ty = self.ty(Ty::Complex);
        self.complex_of(ty, re, im)
    }

    // ------------------------------------------------------------------------------------------------ text and bytes

    fn gap_words(ty: &TypeObj) -> usize {
        (ty.basic_size as usize).saturating_sub(fixed_size(ty.layout) as usize) / 8
    }

    /// Room for a str of type `ty` (str or a subclass): the object and its bytes, all of which the caller writes before
    /// anything else sees them. `None`: out of memory.
    fn str_cell(&mut self, ty: Option<&TypeObj>, n: usize, kind: u8, ascii: bool) -> Option<*mut StrObj> {
        let gap = ty.map_or(0, Self::gap_words);
        let shape = ty.map_or(Ty::Str.shape(), TypeObj::root_shape);
        let bytes = n.checked_mul(1 << kind)?.checked_add(size_of::<StrObj>() + gap * 8)?;
        let p = self.try_alloc_unfilled_cell(bytes, Layout::Str, shape)?.cast::<StrObj>();
        // SAFETY: fresh cell of that size.
        unsafe {
            (*p).header.flags.store(kind | if ascii { str_flags::ASCII } else { 0 }, Ordering::Relaxed);
            (&raw mut (*p).len).write(len_word(n, gap));
        }
        Some(p)
    }

    /// Runs `f`, which writes `n` items into a fresh cell without references. What it reads, `from`, may be a collected object's.
    #[inline(always)]
    fn filling<T>(&mut self, n: usize, from: T, f: impl FnOnce()) {
        if self.computes_apart(n) {
            self.blocking(f);
            std::hint::black_box(from);
        } else {
            f();
        }
    }

    /// A str of a view's content, narrowed. `None`: out of memory.
    pub fn try_str(&mut self, ty: Option<&TypeObj>, s: StrRef<'_>) -> Option<Value> {
        if let StrRef::Latin1(b) = s {
            return self.latin1(ty, b);
        }
        let max = self.computing(s.len(), || match s {
            StrRef::Latin1(_) => 0,
            StrRef::Ucs2(u) => u32::from(u.iter().copied().max().unwrap_or(0)),
            StrRef::Ucs4(u) => u.iter().copied().max().unwrap_or(0),
        });
        let kind = if max < 0x100 {
            0
        } else if max < 0x1_0000 {
            1
        } else {
            2
        };
        let n = s.len();
        let p = self.str_cell(ty, n, kind, max < 0x80)?;
        // SAFETY: the cell has room for `n` items of that width, and `s` does not overlap it. Nobody else knows the cell, and the
        // collector does not look into it.
        self.filling(n, s, || unsafe {
            let data = (*p).data().cast_mut();
            match (s, kind) {
                (StrRef::Ucs2(u), 1) => std::ptr::copy_nonoverlapping(u.as_ptr(), data.cast(), n),
                (StrRef::Ucs4(u), 2) => std::ptr::copy_nonoverlapping(u.as_ptr(), data.cast(), n),
                (_, 0) => s.chars().enumerate().for_each(|(i, c)| data.add(i).write(c as u8)),
                (_, 1) => s.chars().enumerate().for_each(|(i, c)| data.cast::<u16>().add(i).write(c as u16)),
                _ => s.chars().enumerate().for_each(|(i, c)| data.cast::<u32>().add(i).write(c)),
            }
        });
        Some(Value::from_ref(p))
    }

    fn latin1(&mut self, ty: Option<&TypeObj>, b: &[u8]) -> Option<Value> {
        if ty.is_none() && b.len() < 2 {
            let cached = match b.first() {
                None => self.space().root(Root::EmptyStr),
                Some(&c) => self.space().chars[usize::from(c)].get(),
            };
            if cached.is_some() {
                return cached;
            }
        }
        let ascii = self.computing(b.len(), || b.is_ascii());
        let p = self.str_cell(ty, b.len(), 0, ascii)?;
        // SAFETY: the cell has room for the bytes; nobody else knows it, and the collector does not look into it.
        self.filling(b.len(), b, || unsafe {
            std::ptr::copy_nonoverlapping(b.as_ptr(), (*p).data().cast_mut(), b.len());
        });
        Some(Value::from_ref(p))
    }

    /// A str.
    pub fn str(&mut self, s: &str) -> Value {
        let made = if s.is_ascii() {
            self.latin1(None, s.as_bytes())
        } else {
            let b = StrBuf::from(s);
            self.try_str(None, b.as_ref())
        };
        made.unwrap_or_else(|| self.root(Root::EmptyStr))
    }

    /// A str of a view's content; MemoryError.
    pub fn str_from(&mut self, s: StrRef<'_>) -> PyResult {
        match self.try_str(None, s) {
            Some(v) => Ok(v),
            None => Err(self.no_memory()),
        }
    }

    /// A str of a builder's content; MemoryError.
    pub fn str_buf(&mut self, s: StrBuf) -> PyResult {
        self.str_from(s.as_ref())
    }

    /// An instance of `ty`, a subclass of str.
    pub fn str_subclass(&mut self, ty: &TypeObj, s: StrRef<'_>) -> PyResult {
        match self.try_str(Some(ty), s) {
            Some(v) => Ok(v),
            None => Err(self.no_memory()),
        }
    }

    /// The concatenation of two strings.
    ///
    /// The result of one concatenation is often the left operand of the next (`s += t` in a loop). From the second in a row on the result of some
    /// length gets room to grow, which later results share: then only the right operand is copied.
    pub fn str_concat(&mut self, a: &StrObj, b: &StrObj) -> PyResult {
        let (na, nb) = (a.len(), b.len());
        let kind = (a.header.flags() & str_flags::KIND).max(b.header.flags() & str_flags::KIND);
        let ascii = a.is_ascii() && b.is_ascii();
        let Some(n) = na.checked_add(nb) else { return Err(self.no_memory()) };
        if na >= GROWING_MIN
            && nb <= na
            && a.header.flags() & (str_flags::JOINED | str_flags::KIND) == str_flags::JOINED | kind
            && let Some(v) = self.str_grow(a, b, n, kind, ascii)
        {
            return Ok(v);
        }
        let Some(p) = self.str_cell(None, n, kind, ascii) else { return Err(self.no_memory()) };
        // SAFETY: a fresh cell.
        unsafe { (*p).header.flags.fetch_or(str_flags::JOINED, Ordering::Relaxed) };
        // SAFETY: the cell has room for both; nobody else knows it.
        self.filling(n, (a, b), || unsafe {
            let data = (*p).data().cast_mut();
            copy_widened(a.str_ref(), data, kind);
            copy_widened(b.str_ref(), data.add(na << kind), kind);
        });
        Ok(Value::from_ref(p))
    }

    /// `a + b` behind `a`'s items, if there is room and nothing was put there yet, or with new room. `None`: out of memory.
    fn str_grow(&mut self, a: &StrObj, b: &StrObj, n: usize, kind: u8, ascii: bool) -> Option<Value> {
        let na = a.len();
        let claimed = a.growing().filter(|g| {
            n <= g.cap && g.used.compare_exchange(na, n, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        });
        let room: &Growing = match claimed {
            Some(g) => g,
            None => {
                let cap = n.checked_mul(2)?;
                let bytes = cap.checked_mul(1 << kind)?.checked_add(size_of::<Growing>())?;
                let p = self.try_alloc_unfilled_cell(bytes, Layout::Raw, RAW_SHAPE)?.cast::<Growing>();
                // SAFETY: a fresh cell of that size, which has room for the items of `a`.
                unsafe {
                    (&raw mut (*p).used).write(AtomicUsize::new(n));
                    (&raw mut (*p).cap).write(cap);
                    copy_widened(a.str_ref(), (*p).data(), kind);
                    &*p
                }
            }
        };
        // SAFETY: the items from `na` to `n` are this call's alone, and nothing refers to them yet.
        unsafe { copy_widened(b.str_ref(), room.data().add(na << kind), kind) };
        let p = self
            .try_alloc_scanned_cell(size_of::<StrObj>() + 8, Layout::Str, Ty::Str.shape())?
            .cast::<StrObj>();
        let flags = kind | str_flags::SHARED | str_flags::JOINED | if ascii { str_flags::ASCII } else { 0 };
        // SAFETY: a fresh cell of that size.
        unsafe {
            (&raw mut (*p).len).write(len_word(n, 0));
            (*p.add(1).cast::<Slot>()).init(Some(Value::from_ref(room)));
            (*p).header.flags.store(flags, Ordering::Relaxed);
        }
        Some(Value::from_ref(p))
    }

    /// A one-character str.
    #[inline]
    pub fn char(&mut self, c: u32) -> Value {
        if let Ok(b) = u8::try_from(c)
            && let Some(v) = self.space().chars[usize::from(b)].get()
        {
            return v;
        }
        self.new_char(c)
    }

    fn new_char(&mut self, c: u32) -> Value {
        let made = match u8::try_from(c) {
            Ok(b) => self.latin1(None, &[b]),
            Err(_) => self.try_str(None, StrRef::Ucs4(&[c])),
        };
        made.unwrap_or_else(|| self.root(Root::EmptyStr))
    }

    /// The interned str of this content.
    pub fn intern_str(&mut self, s: &str) -> Value {
        if s.is_ascii() && s.len() > 1 {
            let hash = self.hash_bytes(s.as_bytes());
            if let Some(v) = self.space().interned.find_ascii(s.as_bytes(), hash) {
                return v;
            }
        }
        let v = self.str(s);
        self.intern(v)
    }

    /// The interned str with the content of an exact str.
    pub fn intern(&mut self, s: Value) -> Value {
        match StrObj::of(s) {
            Some(o) if o.header.flags() & str_flags::INTERNED != 0 => s,
            Some(o) => {
                let exact = o.header.shape() == Ty::Str.shape();
                let s = if exact { s } else { self.str_from(o.str_ref()).unwrap_or(s) };
                self.str_hash(s);
                self.space().interned.intern(s)
            }
            None => s,
        }
    }

    /// The interned str equal to `s`, if one exists (for lookups that need not create it).
    pub fn find_interned(&self, s: Value) -> Option<Value> {
        match StrObj::of(s) {
            Some(o) if o.header.flags() & str_flags::INTERNED != 0 => Some(s),
            Some(_) => {
                self.str_hash(s);
                self.space().interned.find(s)
            }
            None => None,
        }
    }

    /// Hash of a str's content; never -1 nor, by cache convention, 0.
    #[inline]
    pub fn str_hash(&self, s: Value) -> i64 {
        let Some(o) = StrObj::of(s) else { return 0 };
        match o.hash.load(Ordering::Relaxed) {
            0 => self.str_hash_slow(o),
            h => h,
        }
    }

    #[cold]
    fn str_hash_slow(&self, o: &StrObj) -> i64 {
        let h = match o.str_ref() {
            StrRef::Latin1(b) => self.hash_bytes(b),
            StrRef::Ucs2(u) => {
                // SAFETY: any integer slice may be read as bytes.
                let b = unsafe { std::slice::from_raw_parts(u.as_ptr().cast(), u.len() * 2) };
                self.hash_bytes(b)
            }
            StrRef::Ucs4(u) => {
                // SAFETY: as above.
                let b = unsafe { std::slice::from_raw_parts(u.as_ptr().cast(), u.len() * 4) };
                self.hash_bytes(b)
            }
        };
        o.hash.store(h, Ordering::Relaxed);
        h
    }

    /// SipHash-1-3 of bytes with the space's key, as `hash(bytes)` gives it; 0 for no bytes.
    pub fn hash_bytes(&self, b: &[u8]) -> i64 {
        if b.is_empty() {
            return 0;
        }
        keyed_hash(self.space().hash_key, b)
    }

    /// As [`Ctx::hash_bytes`]; other threads need not wait for it. Who calls keeps the bytes alive.
    pub fn hash_many_bytes(&mut self, b: &[u8]) -> i64 {
        let key = self.space().hash_key;
        if self.computes_apart(b.len()) { self.blocking(|| keyed_hash(key, b)) } else { self.hash_bytes(b) }
    }

    /// A bytes object of type `ty` (bytes or a subclass); MemoryError.
    pub fn bytes_of(&mut self, ty: Option<&TypeObj>, b: &[u8]) -> PyResult {
        if ty.is_none() && b.len() < 2 {
            let cached = match b.first() {
                None => self.space().root(Root::EmptyBytes),
                Some(&c) => self
                    .space()
                    .root(Root::ByteStrings)
                    .and_then(TupleObj::of)
                    .and_then(|t| t.items().get(usize::from(c)).copied()),
            };
            if let Some(v) = cached {
                return Ok(v);
            }
        }
        let gap = ty.map_or(0, Self::gap_words);
        let shape = ty.map_or(Ty::Bytes.shape(), TypeObj::root_shape);
        // A zero byte follows, as C strings need it (`_ctypes` lends the memory to foreign functions).
        let size = b.len() + size_of::<BytesObj>() + gap * 8 + 1;
        let Some(p) = self.try_alloc_cell(size, Layout::Bytes, shape) else { return Err(self.no_memory()) };
        let p = p.cast::<BytesObj>();
        // SAFETY: fresh cell of that size.
        unsafe {
            (&raw mut (*p).hash).write(AtomicI64::new(0));
            (&raw mut (*p).len).write(len_word(b.len(), gap));
        }
        // SAFETY: the cell has room for the bytes; nobody else knows it, and the collector does not look into it.
        self.filling(b.len(), b, || unsafe {
            std::ptr::copy_nonoverlapping(b.as_ptr(), p.add(1).cast::<u64>().add(gap).cast(), b.len());
        });
        Ok(Value::from_ref(p))
    }

    /// A bytes object; MemoryError.
    pub fn bytes(&mut self, b: &[u8]) -> PyResult {
        self.bytes_of(None, b)
    }

    // ------------------------------------------------------------------------------------------------ containers

    /// A tuple of type `ty` (tuple or a subclass) whose items are copied; MemoryError.
    pub fn tuple_of(&mut self, ty: Option<&TypeObj>, items: &[Value]) -> PyResult {
        if ty.is_none()
            && items.is_empty()
            && let Some(v) = self.space().root(Root::EmptyTuple)
        {
            return Ok(v);
        }
        let gap = ty.map_or(0, Self::gap_words);
        let shape = ty.map_or(Ty::Tuple.shape(), TypeObj::root_shape);
        let Some(size) = items.len().checked_add(gap).and_then(|n| n.checked_mul(8)?.checked_add(16)) else {
            return Err(self.no_memory());
        };
        let Some(p) = self.try_alloc_cell(size, Layout::Tuple, shape) else { return Err(self.no_memory()) };
        let p = p.cast::<TupleObj>();
        // SAFETY: fresh cell of that size.
        unsafe {
            (&raw mut (*p).len).write(len_word(items.len(), gap));
            std::ptr::copy_nonoverlapping(items.as_ptr(), p.add(1).cast::<Value>().add(gap), items.len());
        }
        Ok(Value::from_ref(p))
    }

    /// Sets item `i` of a tuple that is being built: one that only this thread knows, or whose other holders (a cycle that is being
    /// unmarshalled) do not read it yet. Nothing happens beyond the end.
    pub fn tuple_set_new(&mut self, t: &TupleObj, i: usize, v: Value) {
        if i < t.len.len() {
            self.barrier(t.value());
            let at = std::ptr::from_ref(&t.items()[i]).cast::<std::sync::atomic::AtomicU64>();
            // SAFETY: a word of the live cell, written as the collector and readers see words: whole.
            unsafe { (*at).store(v.bits(), std::sync::atomic::Ordering::Release) };
        }
    }

    /// A tuple of two items: what iteration over items, `enumerate` and `zip` make.
    #[inline]
    pub fn pair(&mut self, a: Value, b: Value) -> Value {
        let size = size_of::<TupleObj>() + 2 * size_of::<Value>();
        let p = self.alloc_cell(size, false, Layout::Tuple, Ty::Tuple.shape(), 0).cast::<TupleObj>();
        // SAFETY: fresh cell with room for two items.
        unsafe {
            (&raw mut (*p).len).write(len_word(2, 0));
            p.add(1).cast::<[Value; 2]>().write([a, b]);
        }
        Value::from_ref(p)
    }

    /// A tuple of few items.
    pub fn tuple(&mut self, items: &[Value]) -> Value {
        match self.tuple_of(None, items) {
            Ok(v) => v,
            Err(r) => {
                self.take_raised(r);
                self.root(Root::EmptyTuple)
            }
        }
    }

    /// Storage for `cap` values, all empty. `None`: out of memory.
    pub fn new_values(&mut self, cap: usize) -> Option<&'static ValuesObj> {
        let size = cap.checked_mul(8)?.checked_add(size_of::<ValuesObj>())?;
        let p = self.try_alloc_cell(size, Layout::Values, VALUES_SHAPE)?.cast::<ValuesObj>();
        // SAFETY: fresh cell of that size.
        unsafe {
            (*p).cap = cap;
            Some(&*p)
        }
    }

    /// An empty list of type `ty` (list or a subclass).
    pub fn new_list(&mut self, ty: &TypeObj) -> Value {
        // SAFETY: zero is a valid, empty list.
        Value::from_ref(unsafe { self.alloc_instance(ty, false) })
    }

    /// A list of the items; MemoryError.
    pub fn list(&mut self, items: &[Value]) -> PyResult {
        let ty = self.ty(Ty::List);
        let v = self.new_list(ty);
        if items.is_empty() {
            return Ok(v);
        }
        let Some(store) = self.new_values(items.len()) else { return Err(self.no_memory()) };
        for (s, i) in store.slots().iter().zip(items) {
            s.init(Some(*i));
        }
        if let Some(l) = ListObj::of(v) {
            self.store(v, &l.items, store.value());
            l.len.store(items.len(), Ordering::Release);
        }
        Ok(v)
    }

    /// Appends to a list; MemoryError.
    #[inline]
    pub fn list_append(&mut self, l: &ListObj, v: Value) -> PyResult<()> {
        loop {
            let n = {
                // Nothing of the list is read before the lock is taken: while threads contend its cache line then comes once.
                let _g = l.header.lock(self.single_threaded());
                let n = l.len();
                if let Some(store) = l.items.get().and_then(ValuesObj::of)
                    && let Some(slot) = store.slots().get(n)
                {
                    self.store(store.value(), slot, v);
                    l.len.store(n + 1, Ordering::Release);
                    return Ok(());
                }
                n
            };
            self.list_reserve(l, n + 1)?;
        }
    }

    /// Makes sure that a list's storage holds at least `want` items; MemoryError.
    pub fn list_reserve(&mut self, l: &ListObj, want: usize) -> PyResult<()> {
        loop {
            let old = l.items.get();
            let cap = old.and_then(ValuesObj::of).map_or(0, |s| s.cap);
            if cap >= want {
                return Ok(());
            }
            let grown = if cap == 0 { want.max(4) } else { want.max(cap + cap / 8 * 4 + 6) };
            let Some(fresh) = self.new_values(grown).or_else(|| self.new_values(want)) else {
                return Err(self.no_memory());
            };
            let lock = l.header.lock(self.single_threaded());
            if l.items.get() != old {
                continue;
            }
            if let Some(old) = old.and_then(ValuesObj::of) {
                for (to, from) in fresh.slots().iter().zip(old.slots()) {
                    to.init(from.get());
                }
            }
            self.store(l.value(), &l.items, fresh.value());
            drop(lock);
            if let Some(old) = old {
                self.retire_storage(old);
            }
            return Ok(());
        }
    }

    /// Exchanges a list's items for new ones, at once for all threads; MemoryError.
    pub fn list_replace(&mut self, l: &ListObj, items: &[Value]) -> PyResult<()> {
        let Some(store) = self.new_values(items.len()) else { return Err(self.no_memory()) };
        for (s, i) in store.slots().iter().zip(items) {
            s.init(Some(*i));
        }
        let lock = l.header.lock(self.single_threaded());
        // Readers check length and capacity: the shorter length is published first.
        let n = items.len().min(l.len());
        l.len.store(n, Ordering::Release);
        let old = l.items.get();
        self.store(l.value(), &l.items, store.value());
        l.len.store(items.len(), Ordering::Release);
        drop(lock);
        if let Some(old) = old {
            self.retire_storage(old);
        }
        Ok(())
    }

    /// An empty dict, set or frozenset of type `ty` or a subclass.
    pub fn new_dict_of(&mut self, ty: &TypeObj) -> Value {
        // SAFETY: zero is a valid, empty table.
        Value::from_ref(unsafe { self.alloc_instance(ty, false) })
    }

    /// An empty dict.
    pub fn dict(&mut self) -> Value {
        // SAFETY: zero is a valid, empty dict.
        unsafe { Value::from_ref::<DictObj>(self.alloc_known(Ty::Dict, Layout::Dict)) }
    }

    /// An empty set.
    pub fn set(&mut self) -> Value {
        // SAFETY: zero is a valid, empty set.
        unsafe { Value::from_ref::<DictObj>(self.alloc_known(Ty::Set, Layout::Set)) }
    }

    /// A slice.
    pub fn slice(&mut self, start: Value, stop: Value, step: Value) -> Value {
        // SAFETY: the fields are written at once.
        unsafe {
            let p: *mut SliceObj = self.alloc_known(Ty::Slice, Layout::Slice);
            (*p).start.init(Some(start));
            (*p).stop.init(Some(stop));
            (*p).step.init(Some(step));
            Value::from_ref(p)
        }
    }

    /// A range object of four ints.
    pub fn range(&mut self, start: Value, stop: Value, step: Value, length: Value) -> Value {
        // SAFETY: the fields are written at once.
        unsafe {
            let p: *mut RangeObj = self.alloc_known(Ty::Range, Layout::Range);
            (*p).start.init(Some(start));
            (*p).stop.init(Some(stop));
            (*p).step.init(Some(step));
            (*p).length.init(Some(length));
            Value::from_ref(p)
        }
    }

    /// An iterator over `left` small numbers.
    pub fn range_iter(&mut self, next: i64, step: i64, left: i64) -> Value {
        // SAFETY: the fields are written at once.
        unsafe {
            let p: *mut RangeIterObj = self.alloc_known(Ty::RangeIter, Layout::RangeIter);
            (*p).end = next.wrapping_add(left.wrapping_mul(step));
            (*p).step = step;
            (&raw mut (*p).left).write(AtomicI64::new(left));
            Value::from_ref(p)
        }
    }

    /// A sequence iterator of a type with that layout, starting at `index`.
    pub fn seq_iter(&mut self, t: Ty, seq: Value, index: usize) -> Value {
        // SAFETY: the fields are written at once.
        unsafe {
            let p: *mut SeqIterObj = self.alloc_known(t, Layout::SeqIter);
            (*p).seq.init(Some(seq));
            (&raw mut (*p).index).write(AtomicUsize::new(index));
            Value::from_ref(p)
        }
    }

    // ------------------------------------------------------------------------------------------------ functions

    /// A cell.
    pub fn cell(&mut self, content: Option<Value>) -> Value {
        // SAFETY: the field is written at once.
        unsafe {
            let p: *mut CellObj = self.alloc_known(Ty::Cell, Layout::Cell);
            (*p).content.init(content);
            Value::from_ref(p)
        }
    }

    /// A bound method.
    pub fn bound_method(&mut self, func: Value, this: Value) -> Value {
        // SAFETY: the fields are written at once.
        unsafe {
            let p: *mut BoundMethodObj = self.alloc_known(Ty::Method, Layout::BoundMethod);
            (*p).func.init(Some(func));
            (*p).this.init(Some(this));
            Value::from_ref(p)
        }
    }

    /// A native function object of known type `t` (`NativeFn`, `MethodDescriptor`, `ClassMethodDescriptor`).
    pub fn native_fn(
        &mut self,
        t: Ty,
        def: &'static MethodDef,
        this: Option<Value>,
        module: Option<Value>,
        owner: Option<Value>,
    ) -> Value {
        // SAFETY: the fields are written at once.
        unsafe {
            let p: *mut NativeFnObj = self.alloc_known(t, Layout::NativeFn);
            (&raw mut (*p).def).write(def);
            (*p).this.init(this);
            (*p).module.init(module);
            (*p).owner.init(owner);
            Value::from_ref(p)
        }
    }

    /// A plain instance of `ty` (layout `Object`), without attributes.
    #[inline]
    pub fn new_object(&mut self, ty: &TypeObj) -> Value {
        // SAFETY: zero is a valid object without attributes.
        Value::from_ref(unsafe { self.alloc_instance(ty, false) })
    }

    /// An instance of `ty` whose layout has a fixed size and for which zero is a valid state (exceptions, modules, cells, …).
    pub fn new_zeroed(&mut self, ty: &TypeObj) -> Value {
        // SAFETY: by the contract of the layout.
        Value::from_ref(unsafe { self.alloc_instance(ty, false) })
    }

    // ------------------------------------------------------------------------------------------------ exceptions

    /// A new exception of type `ty` with the given `args`, without running `__init__`.
    pub fn new_exception(&mut self, ty: &TypeObj, args: &[Value]) -> Value {
        let args = self.tuple(args);
        let v = self.new_zeroed(ty);
        if let Some(e) = ExcObj::of(v) {
            e.args.init(Some(args));
        }
        v
    }

    /// Raises a builtin exception with one argument.
    #[cold]
    pub fn raise(&mut self, t: Ty, arg: Value) -> Raised {
        let ty = self.ty(t);
        let e = self.new_exception(ty, &[arg]);
        self.set_raised(e)
    }

    /// Raises a builtin exception with a message.
    #[cold]
    pub fn raise_str(&mut self, t: Ty, msg: &str) -> Raised {
        let m = self.str(msg);
        self.raise(t, m)
    }

    /// Raises TypeError.
    #[cold]
    pub fn type_error(&mut self, msg: &str) -> Raised {
        self.raise_str(Ty::TypeError, msg)
    }

    /// Raises ValueError.
    #[cold]
    pub fn value_error(&mut self, msg: &str) -> Raised {
        self.raise_str(Ty::ValueError, msg)
    }

    /// Raises the preallocated MemoryError.
    #[cold]
    pub fn no_memory(&mut self) -> Raised {
        let e = self.root(Root::MemoryError);
        self.set_raised(e)
    }

    /// Name of a value's type, for messages.
    pub fn type_name(&self, v: Value) -> String {
        self.type_of(v).name.get().and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy)
    }

    // ------------------------------------------------------------------------------------------------ code

    /// An instruction array with room for caches.
    pub fn code_words(words: &[u64]) -> Box<[AtomicU64]> {
        words.iter().map(|w| AtomicU64::new(*w)).collect()
    }

    /// A root shape for a class that is under construction; `None` when the table is full.
    pub fn new_root_shape(&mut self, class: Value, slot_count: u32, flags: u32) -> Option<ShapeId> {
        let ty = TypeObj::of(class)?;
        let id = self.space().shapes.push(|id| {
            crate::shape::Shape::new(id, Some(class), ty.layout, ty.vt, ShapeId(0), slot_count, None, flags)
        })?;
        self.link_shape(ty, id);
        Some(id)
    }

    /// Enters a shape into its class's list and gives it the class's version.
    fn link_shape(&self, ty: &TypeObj, id: ShapeId) {
        let s = self.shape(id);
        let version = ty.version.load(Ordering::Acquire);
        s.version.store(version, Ordering::Release);
        let mut head = ty.first_shape.load(Ordering::Acquire);
        loop {
            s.next_in_class.store(head, Ordering::Relaxed);
            match ty.first_shape.compare_exchange(head, id.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break,
                Err(h) => head = h,
            }
        }
        // The class may have got a new version before it knew of the shape. One that came later wins.
        let now = ty.version.load(Ordering::Acquire);
        let _ = s.version.compare_exchange(version, now, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// The shape that adds attribute `name` (interned) to `from`; `None` when the table is full.
    pub fn shape_with(&mut self, from: ShapeId, name: Value) -> Option<ShapeId> {
        let parent = self.shape(from);
        let find = |t: &mut Vec<(u64, ShapeId)>| t.iter().find(|(n, _)| *n == name.bits()).map(|(_, s)| *s);
        if let Some(s) = parent.transitions.with(find) {
            return Some(s);
        }
        let ty = parent.class();
        let fresh = self.space().shapes.push(|id| {
            crate::shape::Shape::new(
                id,
                Some(ty.value()),
                parent.layout,
                parent.vt,
                from,
                parent.slot_count + 1,
                Some(name),
                0,
            )
        })?;
        let chosen = parent.transitions.with(|t| match find(t) {
            Some(s) => s,
            None => {
                t.push((name.bits(), fresh));
                fresh
            }
        });
        if chosen == fresh {
            self.link_shape(ty, fresh);
        }
        Some(chosen)
    }

    /// Slot of attribute `name` (interned) in a shape.
    #[inline]
    pub fn shape_find(&self, id: ShapeId, name: Value) -> Option<u32> {
        let s = self.shape(id);
        s.keys(&|id| self.shape(id)).find(name)
    }

    /// Enters the shapes of storage cells, which have no class. Called once a space, after the known types' shapes.
    pub fn init_storage_shapes(&mut self, vts: [&'static crate::trace::LayoutVt; 3]) {
        for (layout, vt) in [Layout::Values, Layout::DictTable, Layout::Raw].into_iter().zip(vts) {
            self.space()
                .shapes
                .push(|id| crate::shape::Shape::new(id, None, layout, vt, ShapeId(0), 0, None, 0));
        }
    }
}

/// Copies a view to `data` in a width that holds it.
///
/// # Safety
/// `data` has room for the items.
unsafe fn copy_widened(s: StrRef<'_>, data: *mut u8, kind: u8) {
    // SAFETY: by the contract.
    unsafe {
        match (s, kind) {
            (StrRef::Latin1(b), 0) => std::ptr::copy_nonoverlapping(b.as_ptr(), data, b.len()),
            (StrRef::Ucs2(u), 1) => std::ptr::copy_nonoverlapping(u.as_ptr(), data.cast(), u.len()),
            (StrRef::Ucs4(u), _) => std::ptr::copy_nonoverlapping(u.as_ptr(), data.cast(), u.len()),
            (_, 1) => s.chars().enumerate().for_each(|(i, c)| data.cast::<u16>().add(i).write(c as u16)),
            _ => s.chars().enumerate().for_each(|(i, c)| data.cast::<u32>().add(i).write(c)),
        }
    }
}

/// The layout of a plain slot array within an object: the attribute area.
pub fn attr_area(v: Value, attr_base: u32, words: usize) -> &'static [Slot] {
    // SAFETY: the caller passes an object whose type has an attribute area of that size.
    unsafe { std::slice::from_raw_parts(v.ptr::<u8>().add(attr_base as usize).cast(), words) }
}
