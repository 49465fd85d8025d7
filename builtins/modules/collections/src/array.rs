//! `array`: arrays of machine numbers.
//!
//! The bytes lie on the malloc heap behind a lock that is held for raw operations only. While buffers are exported the vector
//! keeps its length, so that the memory stays where it is; the count of exports is part of the guarded state, which makes "may it
//! change its size" and the change one step.

mod iter;

use crate::array_item::{CODES, Code, Raw};
use iter::{ITER, array_iter};
use protopy_vm::copying::wait_for_copies;
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::layouts::{BytesObj, FloatObj, ListObj, MethodDef, SliceObj, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj,
    Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, GetSetDef, ModuleSpec, TypeSpec, ValueVec, getsets, methods};
use std::ops::ControlFlow;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "array",
    doc: "Arrays of basic values: characters, integers, floating-point numbers.",
    functions: methods![functions:
        /// Makes an array of a pickle's machine format.
        "_array_reconstructor(arraytype, typecode, mformat_code, items, /)" => reconstruct;
    ],
    init: Some(init),
};

#[derive(Default)]
struct Types {
    array: Slot,
    iter: Slot,
}

impl SpaceState for Types {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.array);
        t.slot(&self.iter);
    }
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let types = cx.space().state::<Types>();
    let t = create_type(cx, &ITER)?;
    types.iter.init(Some(t));
    let t = create_type(cx, &ARRAY)?;
    types.array.init(Some(t));
    vm::set_attr_str(cx, module, "array", t)?;
    vm::set_attr_str(cx, module, "ArrayType", t)?;
    let codes: String = CODES.iter().map(|c| c.letter()).collect();
    let codes = cx.str(&codes);
    vm::set_attr_str(cx, module, "typecodes", codes)?;
    let abc = vm::import_attr(cx, "collections.abc", "MutableSequence")?;
    vm::call_method(cx, abc, "register", &[t]).map(|_| ())
}

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    exports: usize,
}

/// An array.
struct Array {
    code: Code,
    content: Guarded<Content>,
}

impl Payload for Array {
    const NAME: &'static str = "array";

    fn trace(&self, _: &mut Tracer) {}
}

/// Why a change was refused.
enum Refused {
    Exported,
    Memory,
}

impl Array {
    fn len(&self) -> usize {
        self.content.with(|c| c.bytes.len()) / self.code.size()
    }

    /// The bytes of item `i`.
    fn item(&self, i: usize) -> Option<Raw> {
        self.content.with(|c| self.code.read(&c.bytes, i))
    }

    /// Overwrites item `i`; false if there is none.
    fn put_item(&self, i: usize, item: Raw) -> bool {
        self.content.with(|c| self.code.write(&mut c.bytes, i, item))
    }

    /// The place that a small index names, if it is within the array.
    fn small_index(&self, k: Value) -> Option<usize> {
        let i = k.as_small()?;
        let len = self.len();
        let i = if i < 0 { i.checked_add_unsigned(len as u64)? } else { i };
        usize::try_from(i).ok().filter(|i| *i < len)
    }

    /// A copy of the memory; MemoryError.
    fn bytes(&self, cx: &mut Ctx) -> PyResult<Vec<u8>> {
        self.gathered(cx, |_| (0, 1, usize::MAX))
    }

    /// A copy of the items that `choose` (first, step, number) selects among so many; MemoryError.
    fn gathered(
        &self,
        cx: &mut Ctx,
        choose: impl FnOnce(usize) -> (usize, isize, usize),
    ) -> PyResult<Vec<u8>> {
        let size = self.code.size();
        let copied = self.content.with(|c| {
            let len = c.bytes.len() / size;
            let (first, step, count) = choose(len);
            let count = count.min(len);
            let mut out = Vec::new();
            out.try_reserve_exact(count * size).ok()?;
            if step == 1 {
                let end = first.saturating_add(count).min(len);
                out.extend_from_slice(c.bytes.get(first * size..end * size).unwrap_or_default());
                return Some(out);
            }
            let mut at = first;
            for _ in 0..count {
                let item = at.checked_mul(size).and_then(|b| c.bytes.get(b..b + size));
                out.extend_from_slice(item.unwrap_or_default());
                at = at.wrapping_add_signed(step);
            }
            Some(out)
        });
        copied.ok_or_else(|| cx.no_memory())
    }

    /// Exchanges `old` items from `at` on for others; both are clamped.
    fn splice(&self, at: usize, old: usize, new: &[u8]) -> Result<(), Refused> {
        let n = self.code.size();
        self.content.with(|c| {
            let len = c.bytes.len();
            let at = at.saturating_mul(n).min(len);
            let end = at.saturating_add(old.saturating_mul(n)).min(len);
            if end - at == new.len() {
                c.bytes[at..end].copy_from_slice(new);
                return Ok(());
            }
            if c.exports > 0 {
                return Err(Refused::Exported);
            }
            if c.bytes.try_reserve(new.len()).is_err() {
                return Err(Refused::Memory);
            }
            if at == len {
                c.bytes.extend_from_slice(new);
            } else {
                c.bytes.splice(at..end, new.iter().copied());
            }
            Ok(())
        })
    }
}

static ARRAY: TypeSpec = TypeSpec {
    name: "array",
    module: "array",
    layout: Layout::Native,
    vt: Some(<Array as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::WEAKREF | type_flags::SEQUENCE,
    slots: SlotSpec {
        new: Some(array_new),
        repr: Some(array_repr),
        compare: Some(array_compare),
        hash: Some(vm::types::hash_not_implemented),
        iter: Some(array_iter),
        len: Some(|cx, v| Ok(this(cx, v)?.len())),
        getitem: Some(array_getitem),
        setitem: Some(array_setitem),
        contains: Some(|cx, v, x| Ok(find(cx, v, x, 0, usize::MAX)?.is_some())),
        sq_concat: Some(array_concat),
        sq_repeat: Some(array_repeat),
        sq_iconcat: Some(array_iconcat),
        sq_irepeat: Some(array_irepeat),
        buffer: Some(array_buffer),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A sequence of numbers of one machine type, told by a character.",
    ..TypeSpec::BASE
};

static GETSETS: &[GetSetDef] = getsets![
    /// The type code.
    "typecode" => |cx, v| {
        let c = this(cx, v)?.code;
        Ok(cx.char(u32::from(c as u8)))
    };
    /// Bytes of an item.
    "itemsize" => |cx, v| {
        let n = this(cx, v)?.code.size();
        Ok(cx.int_usize(n))
    };
];

static METHODS: &[MethodDef] = methods![
    /// Adds an item at the end.
    "append(self, v, /)" => |cx, a| insert_at(cx, a[0], usize::MAX, a[1]);
    /// Address and length of the memory.
    "buffer_info(self, /)" => buffer_info;
    /// Swaps the bytes of all items.
    "byteswap(self, /)" => byteswap;
    /// Removes all items.
    "clear(self, /)" => |cx, a| splice(cx, a[0], 0, usize::MAX, &[]);
    /// A copy.
    "__copy__(self, /)" => |cx, a| copy(cx, a[0]);
    /// The number of items equal to a value.
    "count(self, v, /)" => count;
    /// A copy.
    "__deepcopy__(self, unused, /)" => |cx, a| copy(cx, a[0]);
    /// Adds the items of an iterable at the end.
    "extend(self, bb, /)" => |cx, a| extend(cx, a[0], a[1]);
    /// Adds n items read from a file.
    "fromfile(self, f, n, /)" => fromfile;
    /// Adds the items of a list, all or none.
    "fromlist(self, list, /)" => fromlist;
    /// Adds the items whose memory a buffer holds.
    "frombytes(self, buffer, /)" => |cx, a| {
        let b = vm::bytes_like(cx, a[1])?;
        add_bytes(cx, a[0], &b)
    };
    /// Adds the characters of a string.
    "fromunicode(self, ustr, /)" => fromunicode;
    /// The index of the first item equal to a value.
    "index(self, v, start=0, stop=sys.maxsize, /)" => index;
    /// Inserts an item before an index.
    "insert(self, i, v, /)" => insert;
    /// Removes and returns an item, the last by default.
    "pop(self, i=-1, /)" => pop;
    /// Helps pickle.
    "__reduce_ex__(self, value, /)" => reduce;
    /// Removes the first item equal to a value.
    "remove(self, v, /)" => remove;
    /// Reverses the items in place.
    "reverse(self, /)" => reverse;
    /// Writes the memory of all items to a file.
    "tofile(self, f, /)" => tofile;
    /// The items as a list.
    "tolist(self, /)" => |cx, a| Ok(to_values(cx, a[0])?.into_list());
    /// The memory of all items.
    "tobytes(self, /)" => |cx, a| {
        let b = this(cx, a[0])?.bytes(cx)?;
        cx.bytes(&b)
    };
    /// The characters as a string.
    "tounicode(self, /)" => tounicode;
    /// The bytes of memory that the array takes.
    "__sizeof__(self, /)" => |cx, a| {
        let n = this(cx, a[0])?.content.with(|c| c.bytes.capacity());
        Ok(cx.int_usize(64 + n))
    };
    /// `array[T]`
    class "__class_getitem__(cls, object, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Array> {
    match v.native::<Array>() {
        Some(a) => Ok(a),
        None => Err(cx.type_error("not an array")),
    }
}

#[cold]
fn refused(cx: &mut Ctx, r: Refused) -> Raised {
    match r {
        Refused::Exported => {
            cx.raise_str(Ty::BufferError, "cannot resize an array that is exporting buffers")
        }
        Refused::Memory => cx.no_memory(),
    }
}

fn splice(cx: &mut Ctx, v: Value, at: usize, old: usize, new: &[u8]) -> PyResult {
    let a = this(cx, v)?;
    loop {
        match a.splice(at, old, new) {
            Ok(()) => return Ok(Value::NONE),
            Err(Refused::Exported) if wait_for_copies(cx, v, || a.content.with(|c| c.exports)) => {}
            Err(r) => return Err(refused(cx, r)),
        }
    }
}

/// A new array of exactly `array.array`, or of a subclass.
fn make(cx: &mut Ctx, ty: Option<&TypeObj>, code: Code, bytes: Vec<u8>) -> PyResult {
    let known = cx.space().state::<Types>().array.get().and_then(TypeObj::of);
    match ty.or(known) {
        Some(t) => Ok(cx.new_native(t, Array { code, content: Guarded::new(Content { bytes, exports: 0 }) })),
        None => Err(cx.raise_str(Ty::SystemError, "the module array is not initialised")),
    }
}

// ---------------------------------------------------------------------------------------------------- construction

/// The type code of a constructor's argument.
fn code_argument(cx: &mut Ctx, v: Value) -> PyResult<Code> {
    let Some(s) = StrObj::of(v) else {
        let msg = format!(
            "array() argument 1 must be a unicode character, not {}",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    };
    if s.len() != 1 {
        let msg =
            format!("array() argument 1 must be a unicode character, not a string of length {}", s.len());
        return Err(cx.type_error(&msg));
    }
    match s.str_ref().get(0).and_then(Code::of) {
        Some(c) => Ok(c),
        None => Err(cx.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)")),
    }
}

fn array_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    if args.nkw() > 0 && !t.has(type_flags::HEAP) {
        return Err(cx.type_error("array.array() takes no keyword arguments"));
    }
    let (code, initial) = match *args.pos() {
        [] => return Err(cx.type_error("array() takes at least 1 argument (0 given)")),
        [c] => (c, None),
        [c, i] => (c, Some(i)),
        ref all => {
            let msg = format!("array() takes at most 2 arguments ({} given)", all.len());
            return Err(cx.type_error(&msg));
        }
    };
    let code = code_argument(cx, code)?;
    if code == Code::Wchar {
        let msg = "The 'u' type code is deprecated and will be removed in Python 3.16";
        vm::warn(cx, Ty::DeprecationWarning, msg, 1)?;
    }
    let v = make(cx, Some(t), code, Vec::new())?;
    if let Some(initial) = initial {
        fill(cx, v, code, initial)?;
    }
    Ok(v)
}

/// Adds what a new array starts with.
fn fill(cx: &mut Ctx, v: Value, code: Code, initial: Value) -> PyResult<()> {
    let mixed = |cx: &mut Ctx, what: &str| {
        let msg = format!("cannot use a {what} to initialize an array with typecode '{}'", code.letter());
        Err(cx.type_error(&msg))
    };
    if StrObj::of(initial).is_some() {
        if !code.is_text() {
            return mixed(cx, "str");
        }
        return add_text(cx, v, initial).map(|_| ());
    }
    if let Some(other) = initial.native::<Array>() {
        if other.code.is_text() && !code.is_text() {
            return mixed(cx, "unicode array");
        }
        if other.code == code {
            let b = other.bytes(cx)?;
            return add_bytes(cx, v, &b).map(|_| ());
        }
    } else if cx.is_instance(initial, Ty::Bytes) || cx.is_instance(initial, Ty::ByteArray) {
        let b = vm::bytes_like(cx, initial)?;
        return add_bytes(cx, v, &b).map(|_| ());
    }
    add_items(cx, v, initial)
}

fn add_bytes(cx: &mut Ctx, v: Value, b: &[u8]) -> PyResult {
    if !b.len().is_multiple_of(this(cx, v)?.code.size()) {
        return Err(cx.value_error("bytes length not a multiple of item size"));
    }
    splice(cx, v, usize::MAX, 0, b)
}

fn add_text(cx: &mut Ctx, v: Value, text: Value) -> PyResult {
    let mut b = Vec::new();
    if let Some(s) = StrObj::of(text) {
        let s = s.str_ref();
        if b.try_reserve_exact(s.len().saturating_mul(4)).is_err() {
            return Err(cx.no_memory());
        }
        cx.computing(s.len(), || s.chars().for_each(|c| b.extend_from_slice(&c.to_ne_bytes())));
    }
    vm::keep_alive(text);
    // An empty array takes the bytes as they are.
    let taken = this(cx, v)?.content.with(|c| {
        let takes = c.bytes.is_empty() && c.exports == 0;
        if takes {
            std::mem::swap(&mut c.bytes, &mut b);
        }
        takes
    });
    if taken { Ok(Value::NONE) } else { splice(cx, v, usize::MAX, 0, &b) }
}

fn add_items(cx: &mut Ctx, v: Value, iterable: Value) -> PyResult<()> {
    vm::for_each(cx, iterable, |cx, x| {
        insert_at(cx, v, usize::MAX, x)?;
        Ok(ControlFlow::Continue(()))
    })
}

fn insert_at(cx: &mut Ctx, v: Value, at: usize, x: Value) -> PyResult {
    let code = this(cx, v)?.code;
    let raw = code.put(cx, x)?;
    splice(cx, v, at, 0, &raw[..code.size()])
}

fn extend(cx: &mut Ctx, v: Value, other: Value) -> PyResult {
    match other.native::<Array>() {
        Some(o) => {
            if o.code != this(cx, v)?.code {
                return Err(cx.type_error("can only extend with array of same kind"));
            }
            let b = o.bytes(cx)?;
            splice(cx, v, usize::MAX, 0, &b)
        }
        None => add_items(cx, v, other).map(|()| Value::NONE),
    }
}

fn fromlist(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(list) = ListObj::of(a[1]) else { return Err(cx.type_error("arg must be list")) };
    let code = this(cx, a[0])?.code;
    let want = list.len();
    let mut b = Vec::with_capacity(want.saturating_mul(code.size()));
    let mut i = 0;
    while let Some(x) = list.get(i) {
        let raw = code.put(cx, x)?;
        b.extend_from_slice(&raw[..code.size()]);
        i += 1;
        if list.len() != want {
            return Err(cx.raise_str(Ty::RuntimeError, "list changed size during iteration"));
        }
    }
    splice(cx, a[0], usize::MAX, 0, &b)
}

fn fromunicode(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if StrObj::of(a[1]).is_none() {
        let msg = format!("fromunicode() argument must be str, not {}", protopy_vm::ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    }
    if !this(cx, a[0])?.code.is_text() {
        return Err(cx.value_error("fromunicode() may only be called on unicode type arrays ('u' or 'w')"));
    }
    add_text(cx, a[0], a[1])
}

fn text_of(cx: &mut Ctx, v: Value) -> PyResult {
    let parts = to_values(cx, v)?.into_list();
    let empty = cx.str("");
    vm::call_method(cx, empty, "join", &[parts])
}

fn tounicode(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if !this(cx, a[0])?.code.is_text() {
        return Err(cx.value_error("tounicode() may only be called on unicode type arrays ('u' or 'w')"));
    }
    text_of(cx, a[0])
}

fn fromfile(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::index_i64(cx, a[2], Ty::OverflowError)?;
    if n < 0 {
        return Err(cx.value_error("negative count"));
    }
    let size = this(cx, a[0])?.code.size() as i64;
    let Some(want) = n.checked_mul(size) else { return Err(cx.no_memory()) };
    let count = cx.int(want);
    let got = vm::call_method(cx, a[1], "read", &[count])?;
    let Some(b) = BytesObj::of(got) else { return Err(cx.type_error("read() didn't return bytes")) };
    let short = (b.bytes().len() as i64) < want;
    add_bytes(cx, a[0], b.bytes())?;
    vm::keep_alive(got);
    if short {
        return Err(cx.raise_str(Ty::EOFError, "read() didn't return enough bytes"));
    }
    Ok(Value::NONE)
}

/// Bytes that are written at once.
const BLOCK: usize = 64 * 1024;

fn tofile(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let all = this(cx, a[0])?.bytes(cx)?;
    for block in all.chunks(BLOCK) {
        let b = cx.bytes(block)?;
        vm::call_method(cx, a[1], "write", &[b])?;
    }
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- reading

fn to_values(cx: &mut Ctx, v: Value) -> PyResult<ValueVec> {
    let a = this(cx, v)?;
    let b = a.bytes(cx)?;
    let mut out = ValueVec::new(cx);
    for item in b.chunks_exact(a.code.size()) {
        let x = a.code.get(cx, item)?;
        out.push(cx, x)?;
        cx.breathe();
    }
    Ok(out)
}

fn value_at(cx: &mut Ctx, a: &Array, i: usize) -> PyResult<Option<Value>> {
    match a.item(i) {
        Some(raw) => a.code.get_raw(cx, raw).map(Some),
        None => Ok(None),
    }
}

fn find(cx: &mut Ctx, v: Value, x: Value, from: usize, to: usize) -> PyResult<Option<usize>> {
    let a = this(cx, v)?;
    let mut i = from;
    while i < to {
        let Some(item) = value_at(cx, a, i)? else { break };
        if vm::eq(cx, item, x)? {
            return Ok(Some(i));
        }
        cx.safepoint()?;
        i += 1;
    }
    Ok(None)
}

fn count(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (mut n, mut from) = (0usize, 0);
    while let Some(i) = find(cx, a[0], a[1], from, usize::MAX)? {
        n += 1;
        from = i + 1;
    }
    Ok(cx.int_usize(n))
}

fn index(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let len = this(cx, a[0])?.len();
    let mut bounds = [0, usize::MAX];
    for (bound, v) in bounds.iter_mut().zip(&a[2..]) {
        if let Some(v) = v.bound() {
            let i = vm::index_clamped(cx, v)?;
            let i = if i < 0 { i.saturating_add(len as i64).max(0) } else { i };
            *bound = usize::try_from(i).unwrap_or(usize::MAX);
        }
    }
    match find(cx, a[0], a[1], bounds[0], bounds[1])? {
        Some(i) => Ok(cx.int_usize(i)),
        None => Err(cx.value_error("array.index(x): x not in array")),
    }
}

fn array_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let a = this(cx, v)?;
    let (name, letter) = (cx.type_name(v), a.code.letter());
    if a.len() == 0 {
        return Ok(cx.str(&format!("{name}('{letter}')")));
    }
    let shown = if a.code.is_text() { text_of(cx, v)? } else { to_values(cx, v)?.into_list() };
    let text = vm::repr_text(cx, shown)?;
    Ok(cx.str(&format!("{name}('{letter}', {text})")))
}

fn array_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (a.native::<Array>(), b.native::<Array>()) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if matches!(op, CmpOp::Eq | CmpOp::Ne) && x.len() != y.len() {
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    let mut i = 0;
    while let (Some(p), Some(q)) = (value_at(cx, x, i)?, value_at(cx, y, i)?) {
        // By value: a NaN differs from itself.
        if !vm::compare_bool(cx, p, q, CmpOp::Eq)? || p.is(q) && is_nan(p) {
            return match op {
                CmpOp::Eq => Ok(Value::FALSE),
                CmpOp::Ne => Ok(Value::TRUE),
                _ => vm::compare(cx, p, q, op),
            };
        }
        cx.safepoint()?;
        i += 1;
    }
    Ok(Value::bool(op.holds(x.len().cmp(&y.len()))))
}

/// Whether an item is not a number.
fn is_nan(v: Value) -> bool {
    FloatObj::of(v).is_some_and(f64::is_nan)
}

/// The place of an index, which must be within the array.
fn place(cx: &mut Ctx, v: Value, k: Value, msg: &str) -> PyResult<usize> {
    let len = this(cx, v)?.len() as i64;
    let i = vm::index_i64(cx, k, Ty::IndexError)?;
    let i = if i < 0 { i.saturating_add(len) } else { i };
    match usize::try_from(i) {
        Ok(n) if i < len => Ok(n),
        _ => Err(cx.raise_str(Ty::IndexError, msg)),
    }
}

fn not_an_index(cx: &mut Ctx, k: Value) -> PyResult<()> {
    if cx.type_of(k).slots.index.address() == 0 {
        return Err(cx.type_error("array indices must be integers"));
    }
    Ok(())
}

fn array_getitem(cx: &mut Ctx, v: Value, k: Value) -> PyResult {
    const MSG: &str = "array index out of range";
    let a = this(cx, v)?;
    if let Some(raw) = a.small_index(k).and_then(|i| a.item(i)) {
        return a.code.get_raw(cx, raw);
    }
    let Some(slice) = SliceObj::of(k) else {
        not_an_index(cx, k)?;
        let i = place(cx, v, k, MSG)?;
        return match value_at(cx, a, i)? {
            Some(x) => Ok(x),
            None => Err(cx.raise_str(Ty::IndexError, MSG)),
        };
    };
    let bounds = vm::slice_unpack(cx, slice)?;
    let selected = a.gathered(cx, |len| {
        let r = vm::slice_adjust(len, bounds);
        (usize::try_from(r.start).unwrap_or(0), r.step as isize, r.count)
    })?;
    make(cx, None, a.code, selected)
}

/// The indices that a slice selects.
fn places(len: usize, (start, stop, step): (i64, i64, i64)) -> impl Iterator<Item = usize> {
    let r = vm::slice_adjust(len, (start, stop, step));
    let (mut at, step, mut left) = (r.start, r.step, r.count);
    std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        let i = usize::try_from(at).ok()?;
        at = at.saturating_add(step);
        Some(i)
    })
}

// ---------------------------------------------------------------------------------------------------- changing

fn array_setitem(cx: &mut Ctx, v: Value, k: Value, x: Option<Value>) -> PyResult<()> {
    const MSG: &str = "array assignment index out of range";
    if let Some(x) = x
        && let a = this(cx, v)?
        && a.small_index(k).is_some()
    {
        let raw = a.code.put(cx, x)?;
        // The conversion may have run Python code.
        return match a.small_index(k) {
            Some(i) if a.put_item(i, raw) => Ok(()),
            _ => Err(cx.raise_str(Ty::IndexError, MSG)),
        };
    }
    if let Some(slice) = SliceObj::of(k) {
        return set_slice(cx, v, slice, x);
    }
    not_an_index(cx, k)?;
    let code = this(cx, v)?.code;
    match x {
        Some(x) => {
            place(cx, v, k, MSG)?;
            let raw = code.put(cx, x)?;
            let i = place(cx, v, k, MSG)?;
            splice(cx, v, i, 1, &raw[..code.size()])?;
        }
        None => {
            let i = place(cx, v, k, MSG)?;
            splice(cx, v, i, 1, &[])?;
        }
    }
    Ok(())
}

fn set_slice(cx: &mut Ctx, v: Value, slice: &SliceObj, x: Option<Value>) -> PyResult<()> {
    let a = this(cx, v)?;
    let new = match x {
        None => Vec::new(),
        Some(x) => match x.native::<Array>() {
            Some(o) if o.code == a.code => o.bytes(cx)?,
            Some(_) => return Err(cx.type_error("bad argument type for built-in operation")),
            None => {
                let msg = format!(
                    "can only assign array (not \"{}\") to array slice",
                    protopy_vm::ops::tp_name(cx, x)
                );
                return Err(cx.type_error(&msg));
            }
        },
    };
    let bounds = vm::slice_unpack(cx, slice)?;
    let n = a.code.size();
    let done = a.content.with(|c| {
        let len = c.bytes.len() / n;
        let selected: Vec<usize> = places(len, bounds).collect();
        let items = new.len() / n;
        if c.exports > 0 && (items == 0 || items != selected.len()) {
            return Err(None);
        }
        if bounds.2 == 1 {
            let r = vm::slice_adjust(len, bounds);
            let from = usize::try_from(r.start).unwrap_or(0).min(len) * n;
            c.bytes.splice(from..from + selected.len() * n, new.iter().copied());
            return Ok(());
        }
        if items == selected.len() {
            for (i, item) in selected.iter().zip(new.chunks_exact(n)) {
                c.bytes[i * n..(i + 1) * n].copy_from_slice(item);
            }
            return Ok(());
        }
        if items != 0 {
            return Err(Some(selected.len()));
        }
        let mut gone = selected;
        gone.sort_unstable();
        let (mut to, mut gone) = (0, gone.into_iter().peekable());
        for i in 0..len {
            if gone.next_if_eq(&i).is_none() {
                c.bytes.copy_within(i * n..(i + 1) * n, to);
                to += n;
            }
        }
        c.bytes.truncate(to);
        Ok(())
    });
    match done {
        Ok(()) => Ok(()),
        Err(None) => Err(refused(cx, Refused::Exported)),
        Err(Some(want)) => {
            let msg =
                format!("attempt to assign array of size {} to extended slice of size {want}", new.len() / n);
            Err(cx.value_error(&msg))
        }
    }
}

fn insert(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let i = vm::index_i64(cx, a[1], Ty::OverflowError)?;
    let len = this(cx, a[0])?.len() as i64;
    let i = if i < 0 { i.saturating_add(len).max(0) } else { i };
    insert_at(cx, a[0], usize::try_from(i).unwrap_or(0), a[2])
}

fn pop(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let arr = this(cx, a[0])?;
    if arr.len() == 0 {
        return Err(cx.raise_str(Ty::IndexError, "pop from empty array"));
    }
    let i = place(cx, a[0], a[1], "pop index out of range")?;
    let Some(x) = value_at(cx, arr, i)? else {
        return Err(cx.raise_str(Ty::IndexError, "pop index out of range"));
    };
    splice(cx, a[0], i, 1, &[])?;
    Ok(x)
}

fn remove(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match find(cx, a[0], a[1], 0, usize::MAX)? {
        Some(i) => splice(cx, a[0], i, 1, &[]),
        None => Err(cx.value_error("array.remove(x): x not in array")),
    }
}

fn reverse(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let arr = this(cx, a[0])?;
    let n = arr.code.size();
    arr.content.with(|c| {
        // All bytes backward, then those of each item forward again.
        c.bytes.reverse();
        c.bytes.chunks_exact_mut(n).for_each(<[u8]>::reverse);
    });
    Ok(Value::NONE)
}

fn byteswap(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let arr = this(cx, a[0])?;
    let n = arr.code.size();
    arr.content.with(|c| c.bytes.chunks_exact_mut(n).for_each(<[u8]>::reverse));
    Ok(Value::NONE)
}

fn copy(cx: &mut Ctx, v: Value) -> PyResult {
    let a = this(cx, v)?;
    let b = a.bytes(cx)?;
    make(cx, None, a.code, b)
}

fn array_concat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let x = this(cx, a)?;
    let Some(y) = b.native::<Array>() else {
        let msg = format!("can only append array (not \"{}\") to array", protopy_vm::ops::tp_name(cx, b));
        return Err(cx.type_error(&msg));
    };
    if x.code != y.code {
        return Err(cx.type_error("bad argument type for built-in operation"));
    }
    let mut all = x.bytes(cx)?;
    let more = y.bytes(cx)?;
    if all.try_reserve_exact(more.len()).is_err() {
        return Err(cx.no_memory());
    }
    all.extend_from_slice(&more);
    make(cx, None, x.code, all)
}

fn array_iconcat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if b.native::<Array>().is_none() {
        let msg = format!("can only extend array with array (not \"{}\")", protopy_vm::ops::tp_name(cx, b));
        return Err(cx.type_error(&msg));
    }
    extend(cx, a, b)?;
    Ok(a)
}

/// The bytes repeated; MemoryError.
fn repeated(cx: &mut Ctx, v: Value, n: Value) -> PyResult<Vec<u8>> {
    let n = usize::try_from(vm::index_i64(cx, n, Ty::OverflowError)?).unwrap_or(0);
    let b = this(cx, v)?.bytes(cx)?;
    let mut out = Vec::new();
    match b.len().checked_mul(n) {
        Some(total) if out.try_reserve_exact(total).is_ok() => {
            cx.computing(total, || {
                for _ in 0..if b.is_empty() { 0 } else { n } {
                    out.extend_from_slice(&b);
                }
            });
            Ok(out)
        }
        _ => Err(cx.no_memory()),
    }
}

fn array_repeat(cx: &mut Ctx, a: Value, n: Value) -> PyResult {
    let b = repeated(cx, a, n)?;
    let code = this(cx, a)?.code;
    make(cx, None, code, b)
}

fn array_irepeat(cx: &mut Ctx, a: Value, n: Value) -> PyResult {
    let b = repeated(cx, a, n)?;
    splice(cx, a, 0, usize::MAX, &b)?;
    Ok(a)
}

// ---------------------------------------------------------------------------------------------------- buffers

fn buffer_info(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let arr = this(cx, a[0])?;
    let (address, len) = (arr.content.with(|c| c.bytes.as_ptr() as usize), arr.len());
    let (address, len) = (cx.int_usize(address), cx.int_usize(len));
    Ok(cx.pair(address, len))
}

fn array_buffer(cx: &mut Ctx, v: Value, _writable: bool) -> PyResult<Buffer> {
    let a = this(cx, v)?;
    let (ptr, len) = a.content.with(|c| {
        c.exports += 1;
        (c.bytes.as_mut_ptr(), c.bytes.len())
    });
    let size = a.code.size();
    let mut b = Buffer::bytes(v, ptr, len, false, Some(release));
    b.itemsize = size;
    b.format = a.code.format();
    b.shape = vec![len / size];
    b.strides = vec![size as isize];
    Ok(b)
}

fn release(v: Value) {
    if let Some(a) = v.native::<Array>() {
        a.content.with(|c| c.exports = c.exports.saturating_sub(1));
    }
}

// ---------------------------------------------------------------------------------------------------- pickling

fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let arr = this(cx, a[0])?;
    let protocol = vm::index_i64(cx, a[1], Ty::OverflowError)?;
    let class = cx.type_of(a[0]).value();
    let attrs = vm::lookup_attr_str(cx, a[0], "__dict__")?.unwrap_or(Value::NONE);
    let letter = cx.char(u32::from(arr.code as u8));
    if protocol < 3 {
        let items = to_values(cx, a[0])?.into_list();
        let args = cx.tuple(&[letter, items]);
        return cx.tuple_of(None, &[class, args, attrs]);
    }
    let f = vm::import_attr(cx, "array", "_array_reconstructor")?;
    let bytes = arr.bytes(cx)?;
    let bytes = cx.bytes(&bytes)?;
    let args = cx.tuple(&[class, letter, Value::small(arr.code.machine_format()), bytes]);
    cx.tuple_of(None, &[f, args, attrs])
}

/// What a numeric machine format holds: the type code of that layout.
const FORMATS: [Code; 9] =
    [Code::U16, Code::I16, Code::U32, Code::I32, Code::U64, Code::I64, Code::F32, Code::F64, Code::U8];

fn reconstruct(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let base = cx.space().state::<Types>().array.get_or_none();
    let Some(t) = TypeObj::of(a[0]) else {
        let msg = format!("first argument must be a type object, not {}", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    };
    if !t.is_subtype(base) {
        let msg = format!("{} is not a subtype of array.array", vm::type_text(t));
        return Err(cx.type_error(&msg));
    }
    let code = match StrObj::of(a[1]).filter(|s| s.len() == 1).and_then(|s| s.str_ref().get(0)) {
        Some(c) => Code::of(c),
        None => return Err(cx.type_error("_array_reconstructor() argument 2 must be a unicode character")),
    };
    let Some(code) = code else { return Err(cx.value_error("second argument must be a valid type code")) };
    let format = vm::index_i64(cx, a[2], Ty::OverflowError)?;
    if !(0..=21).contains(&format) {
        return Err(cx.value_error("third argument must be a valid machine format code."));
    }
    let Some(bytes) = BytesObj::of(a[3]) else {
        let msg = format!("fourth argument should be bytes, not {}", protopy_vm::ops::tp_name(cx, a[3]));
        return Err(cx.type_error(&msg));
    };
    let v = make(cx, Some(t), code, Vec::new())?;
    if format == code.machine_format() {
        add_bytes(cx, v, bytes.bytes())?;
    } else {
        decode(cx, v, format, bytes.bytes())?;
    }
    vm::keep_alive(a[3]);
    Ok(v)
}

/// Adds items of another machine format.
fn decode(cx: &mut Ctx, v: Value, format: i64, bytes: &[u8]) -> PyResult<()> {
    if format >= 18 {
        const NAMES: [&str; 4] = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"];
        let name =
            usize::try_from(format - 18).ok().and_then(|i| NAMES.get(i)).copied().unwrap_or("utf-32-le");
        let text = vm::codec::decode(cx, bytes, name, "strict")?;
        let code = this(cx, v)?.code;
        return fill(cx, v, code, text);
    }
    let source = match format {
        0 => Code::U8,
        1 => Code::I8,
        f => FORMATS.get(usize::try_from(f / 2 - 1).unwrap_or(0)).copied().unwrap_or(Code::U8),
    };
    let n = source.size();
    if !bytes.len().is_multiple_of(n) {
        return Err(cx.value_error("string length not a multiple of item size"));
    }
    let swapped = format >= 2 && (format % 2 == 1) != cfg!(target_endian = "big");
    for item in bytes.chunks_exact(n) {
        let mut raw: Raw = [0; 8];
        raw[..n].copy_from_slice(item);
        if swapped {
            raw[..n].reverse();
        }
        let x = source.get(cx, &raw[..n])?;
        insert_at(cx, v, usize::MAX, x)?;
    }
    Ok(())
}
