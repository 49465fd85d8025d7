//! `Array` and its metaclass.

use crate::codes;
use crate::data::{self, CData};
use crate::info::{self, Info, Kind, REGISTERS, flag};
use crate::meta::{self, NO_METHODS, attach, begin, class_attr};
use crate::state::attribute_error;
use protopy_vm::declare::GetSetDef;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, SliceObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::types::descr::new_getset;
use protopy_vm::types::set_type_attr;
use protopy_vm::{TypeSpec, ValueVec, getsets, index_i64, methods, ops, slice_adjust, slice_unpack};
use std::sync::atomic::Ordering;

meta::metaclass!(
    /// `PyCArrayType`
    META, "PyCArrayType", init_class, NO_METHODS, None
);

/// `_ctypes.Array`
pub(crate) static ARRAY: TypeSpec = TypeSpec {
    name: "Array",
    module: "_ctypes",
    layout: Layout::Native,
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(data::generic_new),
        init: Some(init),
        len: Some(|cx, v| Ok(info::of_value(cx, v).map_or(0, |i| i.length))),
        getitem: Some(get_item),
        setitem: Some(set_item),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// See PEP 585
        class "__class_getitem__(type, item, /)" => |cx, a| protopy_vm::generic_alias(cx, a[0], a[1]);
    ],
    doc: "Abstract base class for arrays.\n\nThe recommended way to create concrete array types is by multiplying any\nctypes data type with a non-negative integer. Alternatively, you can subclass\nthis type and define _length_ and _type_ class variables. Array elements can\nbe read and written using standard subscript and slice accesses for slice\nreads, the resulting object is not itself an Array.",
    ..TypeSpec::BASE
};

static CHARS: &[GetSetDef] = getsets![
    /// value
    "raw" => get_raw, set_raw;
    /// string value
    "value" => get_text, set_text;
];
static WIDES: &[GetSetDef] = getsets![
    /// string value
    "value" => get_wide, set_wide;
];

fn init_class(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let t = begin(cx, this, args)?;
    let Some(length) = class_attr(cx, t, "_length_")?.filter(|v| !v.is_none()) else {
        return Err(attribute_error(cx, "class must define a '_length_' attribute"));
    };
    let Some(n) = IntRef::of(length) else {
        return Err(cx.type_error("The '_length_' attribute must be an integer"));
    };
    if n.signum() < 0 {
        return Err(cx.value_error("The '_length_' attribute must not be negative"));
    }
    let Some(n) = n.to_i64().and_then(|n| usize::try_from(n).ok()) else {
        return Err(cx.raise_str(Ty::OverflowError, "The '_length_' attribute is too large"));
    };
    let Some(item) = class_attr(cx, t, "_type_")? else {
        return Err(attribute_error(cx, "class must define a '_type_' attribute"));
    };
    let Some(ii) = info::of_class(item) else { return Err(cx.type_error("_type_ must have storage info")) };
    let Some(size) = ii.size.checked_mul(n).filter(|n| isize::try_from(*n).is_ok()) else {
        return Err(cx.raise_str(Ty::OverflowError, "array too large"));
    };
    ii.set(flag::FINAL);
    let mut i = Info::new(Kind::Array);
    i.size = size;
    i.align = ii.align;
    i.length = n;
    i.proto.init(Some(item));
    i.format.clone_from(&ii.format);
    i.shape = std::iter::once(n).chain(ii.shape.iter().copied()).collect();
    i.set(ii.flags.load(Ordering::Relaxed) & flag::POINTER);
    if size <= REGISTERS && ii.size > 0 {
        for k in 0..n {
            ii.prims_at(k * ii.size, &mut i.prims);
        }
    }
    attach(cx, t, i);
    let extra = match ii.code {
        b'c' if ii.converts() => CHARS,
        b'u' if ii.converts() => WIDES,
        _ => &[],
    };
    for g in extra {
        let d = new_getset(cx, this, g);
        let n = cx.intern_str(g.name);
        set_type_attr(cx, t, n, Some(d))?;
    }
    Ok(())
}

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    for (i, v) in args.pos().iter().enumerate() {
        store_item(cx, this, i, *v)?;
    }
    Ok(())
}

/// Content, type and item type of an array.
pub(crate) fn parts(
    cx: &mut Ctx,
    this: Value,
) -> PyResult<(&'static CData, &'static Info, Value, &'static Info)> {
    let found = data::of(this).and_then(|d| {
        let i = info::of_value(cx, this)?;
        let item = i.proto.get()?;
        Some((d, i, item, info::of_class(item)?))
    });
    found.ok_or_else(|| info::abstract_class(cx))
}

fn load_item(cx: &mut Ctx, this: Value, index: usize) -> PyResult {
    let (d, i, item, ii) = parts(cx, this)?;
    let place = index.checked_mul(ii.size).and_then(|at| d.part(at, ii.size));
    match place {
        // SAFETY: the item lies in the object.
        Some(p) if index < i.length => unsafe { data::get(cx, item, this, index, p) },
        _ => Err(cx.raise_str(Ty::IndexError, "invalid index")),
    }
}

fn store_item(cx: &mut Ctx, this: Value, index: usize, v: Value) -> PyResult<()> {
    let (d, i, item, ii) = parts(cx, this)?;
    let place = index.checked_mul(ii.size).and_then(|at| d.part(at, ii.size));
    match place {
        // SAFETY: as above.
        Some(p) if index < i.length => unsafe { data::set(cx, this, item, v, index, p) },
        _ => Err(cx.raise_str(Ty::IndexError, "invalid index")),
    }
}

fn is_index(cx: &Ctx, v: Value) -> bool {
    IntRef::of(v).is_some() || cx.type_of(v).slots.index.address() != 0
}

fn position(cx: &mut Ctx, length: usize, key: Value) -> PyResult<usize> {
    let n = index_i64(cx, key, Ty::IndexError)?;
    let n = if n < 0 { n.saturating_add_unsigned(length as u64) } else { n };
    match usize::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.raise_str(Ty::IndexError, "invalid index")),
    }
}

/// Index of item `k` of a slice.
pub(crate) fn nth(start: i64, step: i64, k: usize) -> usize {
    let at = i64::try_from(k).unwrap_or(i64::MAX).saturating_mul(step).saturating_add(start);
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn get_item(cx: &mut Ctx, this: Value, key: Value) -> PyResult {
    let (d, i, _, ii) = parts(cx, this)?;
    if let Some(s) = SliceObj::of(key) {
        let r = slice_unpack(cx, s)?;
        let r = slice_adjust(i.length, r);
        return gather(cx, this, d, ii, r.count, |k| nth(r.start, r.step, k));
    }
    if !is_index(cx, key) {
        return Err(cx.type_error("indices must be integers"));
    }
    let n = position(cx, i.length, key)?;
    load_item(cx, this, n)
}

/// Items as bytes, a str or a list, depending on their type.
fn gather(
    cx: &mut Ctx,
    this: Value,
    d: &CData,
    ii: &Info,
    count: usize,
    at: impl Fn(usize) -> usize,
) -> PyResult {
    if ii.converts() && matches!(ii.code, b'c' | b'u') {
        let mut places = Vec::new();
        if places.try_reserve_exact(count).is_err() {
            return Err(cx.no_memory());
        }
        for k in 0..count {
            cx.breathe();
            match at(k).checked_mul(ii.size).and_then(|p| d.part(p, ii.size)) {
                Some(p) => places.push(p),
                None => return Err(cx.raise_str(Ty::IndexError, "invalid index")),
            }
        }
        // SAFETY: every place was checked.
        return unsafe { text_at(cx, ii.code, places) };
    }
    let mut out = ValueVec::new(cx);
    for k in 0..count {
        cx.safepoint()?;
        let v = load_item(cx, this, at(k))?;
        out.push(cx, v)?;
    }
    Ok(out.into_list())
}

/// The text of characters at addresses.
///
/// # Safety
/// Each is readable for the size of the character type.
pub(crate) unsafe fn text_at(cx: &mut Ctx, code: u8, places: Vec<*mut u8>) -> PyResult {
    if code == b'c' {
        let mut b: Vec<u8> = Vec::new();
        if b.try_reserve_exact(places.len()).is_err() {
            return Err(cx.no_memory());
        }
        // SAFETY: by the contract.
        b.extend(places.into_iter().map(|p| unsafe { p.read() }));
        return cx.bytes(&b);
    }
    let mut w: Vec<u32> = Vec::new();
    if w.try_reserve_exact(places.len()).is_err() {
        return Err(cx.no_memory());
    }
    // SAFETY: by the contract.
    w.extend(places.into_iter().map(|p| unsafe { p.cast::<u32>().read_unaligned() }));
    codes::wide_str(cx, &w)
}

fn set_item(cx: &mut Ctx, this: Value, key: Value, v: Option<Value>) -> PyResult<()> {
    let Some(v) = v else { return Err(cx.type_error("Array does not support item deletion")) };
    let (_, i, ..) = parts(cx, this)?;
    if let Some(s) = SliceObj::of(key) {
        let r = slice_unpack(cx, s)?;
        let r = slice_adjust(i.length, r);
        let n = ops::len(cx, v);
        let n = protopy_vm::catch(cx, n, Ty::TypeError)?;
        let Some(n) = n.filter(|n| *n == r.count) else {
            return Err(cx.value_error("Can only assign sequence of same size"));
        };
        for k in 0..n {
            cx.safepoint()?;
            let key = cx.int_usize(k);
            let item = protopy_vm::get_item(cx, v, key)?;
            store_item(cx, this, nth(r.start, r.step, k), item)?;
        }
        return Ok(());
    }
    if !is_index(cx, key) {
        return Err(cx.type_error("indices must be integer"));
    }
    let n = position(cx, i.length, key)?;
    store_item(cx, this, n, v)
}

// ---------------------------------------------------------------------------------------------------- text

fn whole(cx: &mut Ctx, v: Value) -> PyResult<(&'static CData, usize)> {
    match data::of(v) {
        Some(d) => Ok((d, d.size())),
        None => Err(info::abstract_class(cx)),
    }
}

fn get_raw(cx: &mut Ctx, this: Value) -> PyResult {
    let (d, n) = whole(cx, this)?;
    // SAFETY: the object has that many bytes.
    cx.bytes(unsafe { std::slice::from_raw_parts(d.ptr(), n) })
}

fn set_raw(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let Some(v) = v else { return Err(attribute_error(cx, "cannot delete attribute")) };
    let (d, n) = whole(cx, this)?;
    let b = protopy_vm::bytes_like(cx, v)?;
    if b.len() > n {
        return Err(cx.value_error("byte string too long"));
    }
    // SAFETY: the object is no shorter; `b` is a copy or immutable.
    unsafe { std::ptr::copy_nonoverlapping(b.as_ptr(), d.ptr(), b.len()) };
    Ok(())
}

fn get_text(cx: &mut Ctx, this: Value) -> PyResult {
    let (d, n) = whole(cx, this)?;
    // SAFETY: the object has that many bytes.
    unsafe { codes::load_chars(cx, d.ptr(), n) }
}

fn set_text(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let Some(v) = v else { return Err(cx.type_error("can't delete attribute")) };
    let Some(b) = BytesObj::of(v) else {
        let msg = format!("bytes expected instead of {} instance", ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let (d, n) = whole(cx, this)?;
    let b = b.bytes();
    if b.len() > n {
        return Err(cx.value_error("byte string too long"));
    }
    // SAFETY: the object is no shorter.
    unsafe {
        std::ptr::copy_nonoverlapping(b.as_ptr(), d.ptr(), b.len());
        if b.len() < n {
            d.ptr().add(b.len()).write(0);
        }
    }
    Ok(())
}

fn get_wide(cx: &mut Ctx, this: Value) -> PyResult {
    let (d, n) = whole(cx, this)?;
    // SAFETY: the object has that many bytes.
    unsafe { codes::load_wides(cx, d.ptr(), n) }
}

fn set_wide(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let Some(v) = v else { return Err(cx.type_error("can't delete attribute")) };
    let (d, n) = whole(cx, this)?;
    if let Some(s) = protopy_vm::protocore::layouts::StrObj::of(v)
        && s.len() > n / 4
    {
        return Err(cx.value_error("string too long"));
    }
    // SAFETY: the object has that many bytes.
    unsafe { codes::store_wides(cx, d.ptr(), n, v) }.map(drop)
}
