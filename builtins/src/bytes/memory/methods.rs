//! The type `memoryview`: construction, comparison, conversion, attributes.

use super::index::{code, getitem, not_supported, setitem};
use super::item::{Code, native_code, number, unpack};
use super::view::{Geometry, View, export, from_object, release, view};
use crate::bytes::hex::{hex_of, hex_separator};
use protopy_vm::buffers::{gather, get_buffer, has_buffer, is_c_contiguous, is_f_contiguous};
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::layouts::{IntRef, ListObj, MethodDef, SeqIterObj, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, NativeLayout, PyResult, Ty, Value};
use protopy_vm::{
    GetSetDef, TypeSpec, call, call_def, generic_alias, getsets, import_attr, methods, slice_bound,
};
use std::sync::atomic::Ordering;

static NEW: &[MethodDef] = methods![functions:
    /// memoryview
    "memoryview(cls, object)" => new_bound;
];

fn new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    match NEW.first() {
        Some(def) => call_def(cx, def, Some(class), args),
        None => Ok(Value::NONE),
    }
}

fn new_bound(cx: &mut Ctx, args: &[Value]) -> PyResult {
    from_object(cx, args[1], false)
}

fn from_flags(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let flags = crate::text::args::c_int(cx, args[2])?;
    from_object(cx, args[1], flags & 1 != 0)
}

fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let gone = v.native::<View>().is_none_or(View::is_released);
    let text = format!("<{}memory at {:#x}>", if gone { "released " } else { "" }, v.bits());
    Ok(cx.str(&text))
}

fn hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    // A released view keeps its hash.
    if let Some(known) = v.native::<View>().map(|w| w.hash.load(Ordering::Relaxed)).filter(|h| *h != 0) {
        return Ok(known);
    }
    let w = view(cx, v)?;
    if !w.readonly {
        return Err(cx.value_error("cannot hash writable memoryview object"));
    }
    if !w.code().is_some_and(Code::is_byte) {
        return Err(cx.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
    }
    let exporter = w.exporter();
    let hold = w.hold();
    if !exporter.is_none() {
        protopy_vm::hash(cx, exporter)?;
    }
    let b = w.gather(cx, v)?;
    drop(hold);
    let h = cx.hash_bytes(&b);
    w.hash.store(h, Ordering::Relaxed);
    Ok(h)
}

fn len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let w = view(cx, v)?;
    match w.shape.first() {
        Some(n) => Ok(*n),
        None => Err(cx.type_error("0-dim memory has no length")),
    }
}

// ---------------------------------------------------------------------------------------------------- comparison

/// Whether two items of native formats are equal.
fn same_item(a: (Code, &[u8]), b: (Code, &[u8])) -> bool {
    let raw = |x: &[u8]| {
        let mut r = [0; 8];
        for (to, from) in r.iter_mut().zip(x) {
            *to = *from;
        }
        r
    };
    if (a.0.0 == b'c') != (b.0.0 == b'c') {
        return false;
    }
    match (number(a.0, &raw(a.1)), number(b.0, &raw(b.1))) {
        (Ok(x), Ok(y)) => x == y,
        (Err(x), Err(y)) => x == y,
        (Ok(i), Err(f)) | (Err(f), Ok(i)) => same_mixed(i, f),
    }
}

/// Whether an integer of at most 64 bits equals a float.
fn same_mixed(i: i128, f: f64) -> bool {
    f.is_finite() && f.fract() == 0.0 && f.abs() < 2f64.powi(70) && f as i128 == i
}

/// The items of a buffer of another format, as `struct` reads them; `None` if it does not know the format.
fn struct_items(cx: &mut Ctx, b: &Buffer, bytes: &[u8]) -> PyResult<Option<Value>> {
    let format = cx.str(&b.format);
    let make = import_attr(cx, "struct", "Struct")?;
    let found = match call(cx, make, &[format]) {
        Ok(s) => s,
        Err(r) => {
            cx.take_raised(r);
            return Ok(None);
        }
    };
    let size = protopy_vm::get_attr_str(cx, found, "size")?;
    if IntRef::of(size).and_then(IntRef::to_i64).and_then(|n| usize::try_from(n).ok()) != Some(b.itemsize) {
        return Ok(None);
    }
    let data = cx.bytes(bytes)?;
    let it = protopy_vm::call_method(cx, found, "iter_unpack", &[data])?;
    protopy_vm::to_vec(cx, it).map(|v| Some(v.into_list()))
}

fn same_content(cx: &mut Ctx, a: &Buffer, b: &Buffer) -> PyResult<bool> {
    if a.shape != b.shape {
        return Ok(false);
    }
    let (mut x, mut y) = (Vec::new(), Vec::new());
    if x.try_reserve_exact(a.len).is_err() || y.try_reserve_exact(b.len).is_err() {
        return Err(cx.no_memory());
    }
    gather(a, &mut x);
    gather(b, &mut y);
    let native = |b: &Buffer| native_code(&b.format).filter(|c| c.size() == b.itemsize);
    if let (Some(p), Some(q)) = (native(a), native(b)) {
        let exact = p == q && !matches!(p.0, b'e' | b'f' | b'd' | b'?');
        if exact {
            return Ok(x == y);
        }
        let items = x.chunks_exact(p.size()).zip(y.chunks_exact(q.size()));
        return Ok(items.into_iter().all(|(i, j)| same_item((p, i), (q, j))));
    }
    let (Some(i), Some(j)) = (struct_items(cx, a, &x)?, struct_items(cx, b, &y)?) else { return Ok(false) };
    protopy_vm::eq(cx, i, j)
}

fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let is = |same: bool| Value::bool(same == (op == CmpOp::Eq));
    let gone = |v: Value| v.native::<View>().is_some_and(View::is_released);
    if gone(a) || gone(b) {
        return Ok(is(a.is(b)));
    }
    let Some(w) = a.native::<View>() else { return Ok(Value::NOT_IMPLEMENTED) };
    if !has_buffer(cx, b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let other = match get_buffer(cx, b, false) {
        Ok(g) => g,
        Err(r) => {
            cx.take_raised(r);
            return Ok(Value::NOT_IMPLEMENTED);
        }
    };
    let r = same_content(cx, &w.buffer(a), &other);
    other.release(cx);
    Ok(is(r?))
}

// ---------------------------------------------------------------------------------------------------- iteration

fn iter(cx: &mut Ctx, v: Value) -> PyResult {
    let w = view(cx, v)?;
    match w.ndim() {
        0 => Err(cx.type_error("invalid indexing of 0-dim memory")),
        1 => {
            code(cx, w)?;
            Ok(cx.seq_iter(Ty::MemoryIter, v, 0))
        }
        _ => Err(cx.raise_str(Ty::NotImplementedError, "multi-dimensional sub-views are not implemented")),
    }
}

fn iter_next(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    let Some(o) = SeqIterObj::of(it) else { return Ok(None) };
    let Some(seq) = o.seq.get() else { return Ok(None) };
    let i = o.index.load(Ordering::Relaxed);
    let w = view(cx, seq)?;
    if i >= w.shape.first().copied().unwrap_or(0) {
        cx.store_empty(it, &o.seq);
        return Ok(None);
    }
    o.index.store(i + 1, Ordering::Relaxed);
    let c = code(cx, w)?;
    let raw = w.read(w.offset(0, i));
    unpack(cx, c, &raw).map(Some)
}

fn iter_self(_cx: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

// ---------------------------------------------------------------------------------------------------- methods

fn tolist(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = view(cx, args[0])?;
    let Some(c) = w.code() else { return Err(not_supported(cx, w)) };
    let hold = w.hold();
    let list = nested(cx, w, c, 0, 0);
    drop(hold);
    list
}

/// The list of the items from dimension `dim` on. At most 64 dimensions: the recursion is bounded.
fn nested(cx: &mut Ctx, w: &View, c: Code, dim: usize, offset: isize) -> PyResult {
    let Some(n) = w.shape.get(dim).copied() else {
        let raw = w.read(offset);
        return unpack(cx, c, &raw);
    };
    let list = cx.list(&[])?;
    let Some(l) = ListObj::of(list) else { return Ok(list) };
    cx.list_reserve(l, n)?;
    for i in 0..n {
        let at = offset.wrapping_add(w.offset(dim, i));
        let item = if dim + 1 == w.ndim() {
            let raw = w.read(at);
            unpack(cx, c, &raw)?
        } else {
            nested(cx, w, c, dim + 1, at)?
        };
        cx.list_append(l, item)?;
        cx.breathe();
    }
    Ok(list)
}

fn tobytes(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let order = match args[1].not_none() {
        None => "C".to_owned(),
        Some(o) => match StrObj::of(o) {
            Some(s) => s.to_string_lossy(),
            None => {
                let msg = format!(
                    "tobytes() argument 'order' must be str or None, not {}",
                    protopy_vm::ops::tp_name(cx, o)
                );
                return Err(cx.type_error(&msg));
            }
        },
    };
    let w = view(cx, args[0])?;
    let b = w.buffer(args[0]);
    let fortran = match order.as_str() {
        "C" => false,
        "F" => true,
        "A" => is_f_contiguous(&b) && !is_c_contiguous(&b),
        _ => return Err(cx.value_error("order must be 'C', 'F' or 'A'")),
    };
    let all = if fortran && w.ndim() > 1 {
        // Fortran order is C order with the dimensions reversed.
        let mut b = b;
        b.shape.reverse();
        b.strides.reverse();
        let mut out = Vec::new();
        gather(&b, &mut out);
        out
    } else {
        w.gather(cx, args[0])?
    };
    cx.bytes(&all)
}

fn hex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = view(cx, args[0])?;
    let hold = w.hold();
    let sep = hex_separator(cx, args[1], args[2])?;
    let b = w.gather(cx, args[0])?;
    drop(hold);
    hex_of(cx, &b, sep)
}

fn toreadonly(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = view(cx, args[0])?;
    let l = Geometry { readonly: true, ..w.layout() };
    w.sibling(cx, l)
}

fn release_method(cx: &mut Ctx, args: &[Value]) -> PyResult {
    release(cx, args[0])?;
    Ok(Value::NONE)
}

fn enter(cx: &mut Ctx, args: &[Value]) -> PyResult {
    view(cx, args[0])?;
    Ok(args[0])
}

const DEST_FORMAT: &str =
    "memoryview: destination format must be a native single character format prefixed with an optional '@'";

fn cast(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = view(cx, args[0])?;
    let Some(format) = StrObj::of(args[1]) else {
        let msg =
            format!("cast() argument 'format' must be str, not {}", protopy_vm::ops::tp_name(cx, args[1]));
        return Err(cx.type_error(&msg));
    };
    let format = format.to_string_lossy();
    let shape = match args[2].bound() {
        None => None,
        Some(s) => Some(shape_arg(cx, w, s)?),
    };
    if !w.c_contiguous(args[0]) {
        return Err(cx.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if (shape.is_some() || w.ndim() != 1) && w.shape.contains(&0) {
        return Err(cx.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    let flat = cast_flat(cx, w, &format)?;
    let l = match shape {
        None => flat,
        Some(s) => {
            let dims = shape_items(cx, &s)?;
            cast_shaped(cx, flat, dims)?
        }
    };
    view(cx, args[0])?.sibling(cx, l)
}

/// The argument `shape`: its items.
fn shape_arg(cx: &mut Ctx, w: &View, s: Value) -> PyResult<protopy_vm::protocore::Held<Value>> {
    let Some(items) = protopy_vm::seq_items(s) else {
        return Err(cx.type_error("shape must be a list or a tuple"));
    };
    if items.len() > 64 {
        return Err(cx.value_error("memoryview: number of dimensions must not exceed 64"));
    }
    if w.ndim() != 1 && items.len() != 1 {
        return Err(cx.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    Ok(items)
}

fn shape_items(cx: &mut Ctx, items: &[Value]) -> PyResult<Vec<usize>> {
    let mut dims = Vec::with_capacity(items.len());
    for x in items {
        let Some(n) = IntRef::of(*x) else {
            return Err(cx.type_error("memoryview.cast(): elements of shape must be integers"));
        };
        match n.to_i64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0) {
            Some(n) => dims.push(n),
            None => {
                return Err(cx.value_error("memoryview.cast(): elements of shape must be integers > 0"));
            }
        }
    }
    Ok(dims)
}

/// The view as one dimension of another format.
fn cast_flat(cx: &mut Ctx, w: &View, format: &str) -> PyResult<Geometry> {
    let Some(to) = native_code(format) else { return Err(cx.value_error(DEST_FORMAT)) };
    // Whatever lies in the memory can be seen as bytes.
    if !native_code(&w.format).is_some_and(|from| from.is_byte()) && !to.is_byte() {
        return Err(cx.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let size = to.size();
    if !w.len.is_multiple_of(size) {
        return Err(cx.type_error("memoryview: length is not a multiple of itemsize"));
    }
    let mut l = w.layout();
    l.itemsize = size;
    l.format = format.into();
    l.shape = vec![w.len / size].into();
    l.strides = vec![isize::try_from(size).unwrap_or(1)].into();
    Ok(l)
}

fn cast_shaped(cx: &mut Ctx, mut l: Geometry, dims: Vec<usize>) -> PyResult<Geometry> {
    let mut product = Some(1usize);
    for n in &dims {
        product = product.and_then(|p| p.checked_mul(*n)).filter(|p| isize::try_from(*p).is_ok());
    }
    let Some(product) = product else {
        return Err(cx.value_error("memoryview.cast(): product(shape) > SSIZE_MAX"));
    };
    if product.checked_mul(l.itemsize) != Some(l.len) {
        return Err(cx.type_error("memoryview: product(shape) * itemsize != buffer size"));
    }
    let mut stride = isize::try_from(l.itemsize).unwrap_or(1);
    let mut strides = vec![0; dims.len()];
    for (s, n) in strides.iter_mut().zip(&dims).rev() {
        *s = stride;
        stride = stride.wrapping_mul(isize::try_from(*n).unwrap_or(1));
    }
    l.shape = dims.into();
    l.strides = strides.into();
    Ok(l)
}

fn one_dimension(cx: &mut Ctx, w: &View) -> PyResult<usize> {
    match &*w.shape {
        [n] => Ok(*n),
        [] => Err(cx.type_error("invalid indexing of 0-dim memory")),
        _ => Err(cx.raise_str(Ty::NotImplementedError, "multi-dimensional sub-views are not implemented")),
    }
}

fn item_at(cx: &mut Ctx, v: Value, i: usize) -> PyResult {
    let w = view(cx, v)?;
    let c = code(cx, w)?;
    let raw = w.read(w.offset(0, i));
    unpack(cx, c, &raw)
}

fn count(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = view(cx, args[0])?;
    let n = one_dimension(cx, w)?;
    let mut found = 0i64;
    for i in 0..n {
        let item = item_at(cx, args[0], i)?;
        if protopy_vm::eq(cx, item, args[1])? {
            found += 1;
        }
    }
    Ok(cx.int(found))
}

fn index(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = view(cx, args[0])?;
    let n = one_dimension(cx, w)?;
    let len = i64::try_from(n).unwrap_or(i64::MAX);
    let clamp = |i: i64| if i < 0 { i.saturating_add(len).max(0) } else { i.min(len) };
    let start = clamp(slice_bound(cx, args[2], 0)?);
    let stop = clamp(slice_bound(cx, args[3], len)?);
    for i in start..stop.max(start) {
        let at = usize::try_from(i).unwrap_or(0);
        let item = item_at(cx, args[0], at)?;
        if protopy_vm::eq(cx, item, args[1])? {
            return Ok(cx.int(i));
        }
    }
    Err(cx.value_error("memoryview.index(x): x not found"))
}

fn class_getitem(cx: &mut Ctx, args: &[Value]) -> PyResult {
    generic_alias(cx, args[0], args[1])
}

// ---------------------------------------------------------------------------------------------------- attributes

fn numbers(cx: &mut Ctx, all: impl Iterator<Item = i64>) -> PyResult {
    let all: Vec<Value> = all.map(|n| cx.int(n)).collect();
    cx.tuple_of(None, &all)
}

fn get_obj(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(view(cx, v)?.exporter())
}

fn get_nbytes(cx: &mut Ctx, v: Value) -> PyResult {
    let n = view(cx, v)?.len;
    Ok(cx.int_usize(n))
}

fn get_readonly(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(view(cx, v)?.readonly))
}

fn get_itemsize(cx: &mut Ctx, v: Value) -> PyResult {
    let n = view(cx, v)?.itemsize;
    Ok(cx.int_usize(n))
}

fn get_format(cx: &mut Ctx, v: Value) -> PyResult {
    let w = view(cx, v)?;
    Ok(cx.str(&w.format))
}

fn get_ndim(cx: &mut Ctx, v: Value) -> PyResult {
    let n = view(cx, v)?.ndim();
    Ok(cx.int_usize(n))
}

fn get_shape(cx: &mut Ctx, v: Value) -> PyResult {
    let w = view(cx, v)?;
    numbers(cx, w.shape.iter().map(|n| i64::try_from(*n).unwrap_or(i64::MAX)))
}

fn get_strides(cx: &mut Ctx, v: Value) -> PyResult {
    let w = view(cx, v)?;
    numbers(cx, w.strides.iter().map(|n| *n as i64))
}

fn get_suboffsets(cx: &mut Ctx, v: Value) -> PyResult {
    view(cx, v)?;
    cx.tuple_of(None, &[])
}

fn get_c_contiguous(cx: &mut Ctx, v: Value) -> PyResult {
    let w = view(cx, v)?;
    Ok(Value::bool(is_c_contiguous(&w.buffer(v))))
}

fn get_f_contiguous(cx: &mut Ctx, v: Value) -> PyResult {
    let w = view(cx, v)?;
    Ok(Value::bool(is_f_contiguous(&w.buffer(v))))
}

fn get_contiguous(cx: &mut Ctx, v: Value) -> PyResult {
    let w = view(cx, v)?;
    let b = w.buffer(v);
    Ok(Value::bool(is_c_contiguous(&b) || is_f_contiguous(&b)))
}

static GETSETS: &[GetSetDef] = getsets![
    /// The underlying object of the memoryview.
    "obj" => get_obj;
    /// The amount of space in bytes that the array would use in a contiguous representation.
    "nbytes" => get_nbytes;
    /// A bool indicating whether the memory is read only.
    "readonly" => get_readonly;
    /// The size in bytes of each element of the memoryview.
    "itemsize" => get_itemsize;
    /// A string containing the format (in struct module style) for each element in the view.
    "format" => get_format;
    /// An integer indicating how many dimensions of a multi-dimensional array the memory represents.
    "ndim" => get_ndim;
    /// A tuple of ndim integers giving the shape of the memory as an N-dimensional array.
    "shape" => get_shape;
    /// A tuple of ndim integers giving the size in bytes to access each element for each dimension of the array.
    "strides" => get_strides;
    /// A tuple of integers used internally for PIL-style arrays.
    "suboffsets" => get_suboffsets;
    /// A bool indicating whether the memory is C contiguous.
    "c_contiguous" => get_c_contiguous;
    /// A bool indicating whether the memory is Fortran contiguous.
    "f_contiguous" => get_f_contiguous;
    /// A bool indicating whether the memory is contiguous.
    "contiguous" => get_contiguous;
];

static METHODS: &[MethodDef] = methods![
    /// Release the underlying buffer exposed by the memoryview object.
    "release(self, /)" => release_method;
    /// Return the data in the buffer as a bytes object.
    ///
    ///   order
    ///     'C' (the default, also for None) and 'F' lay the items out in the order of that language; 'A' is 'F' for memory
    ///     that is Fortran contiguous only, else 'C'.
    "tobytes(self, /, order='C')" => tobytes;
    /// Return the data in the buffer as a str of hexadecimal numbers.
    ///
    ///   sep
    ///     An optional single character or byte to separate hex bytes.
    ///   bytes_per_sep
    ///     How many bytes between separators. Positive values count from the right, negative values count from the left.
    ///
    /// >>> value = memoryview(b'\x01\x23\xab')
    /// >>> value.hex()
    /// '0123ab'
    /// >>> value.hex(':', 2)
    /// '01:23ab'
    "hex(self, /, sep=<unrepresentable>, bytes_per_sep=1)" => hex;
    /// Return the data in the buffer as a list of elements.
    "tolist(self, /)" => tolist;
    /// Cast a memoryview to a new format or shape.
    "cast(self, /, format, shape=<unrepresentable>)" => cast;
    /// Return a readonly version of the memoryview.
    "toreadonly(self, /)" => toreadonly;
    /// Count the number of occurrences of a value.
    "count(self, value, /)" => count;
    /// Return the index of the first occurrence of a value.
    ///
    /// Raises ValueError if the value is not present.
    "index(self, value, start=0, stop=<unrepresentable>, /)" => index;
    /// Create a new memoryview object which references the given object.
    class "_from_flags(cls, /, object, flags)" => from_flags;
    "__enter__(self, /)" => enter;
    "__exit__(self, /, *args)" => release_method;
    /// See PEP 585
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

/// memoryview
pub(super) static MEMORYVIEW: TypeSpec = TypeSpec {
    ty: Some(Ty::MemoryView),
    name: "memoryview",
    layout: Layout::Native,
    vt: Some(<View as NativeLayout>::VT),
    flags: type_flags::WEAKREF | type_flags::SEQUENCE,
    slots: SlotSpec {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        compare: Some(compare),
        iter: Some(iter),
        len: Some(len),
        getitem: Some(getitem),
        setitem: Some(setitem),
        buffer: Some(export),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Create a new memoryview object which references the given object.",
    sig: Some("(object)"),
    ..TypeSpec::BASE
};

/// Iterator over a memoryview.
pub(super) static MEMORY_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::MemoryIter),
    name: "memory_iterator",
    layout: Layout::SeqIter,
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(iter_next), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};
