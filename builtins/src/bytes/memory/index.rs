//! Indexing, slicing and assignment of memoryviews.

use super::item::{Code, pack, unpack};
use super::view::{Geometry, View, view};
use crate::text::object::resolve_index;
use protopy_vm::buffers::{get_buffer, scatter};
use protopy_vm::protocore::layouts::{IntRef, SliceObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{index_i64, slice_adjust, slice_unpack};

#[cold]
pub(super) fn not_supported(cx: &mut Ctx, w: &View) -> Raised {
    let single = w.format.strip_prefix('@').unwrap_or(&w.format).len() == 1;
    let msg = if single {
        format!("memoryview: format {} not supported", w.format)
    } else {
        format!("memoryview: unsupported format {}", w.format)
    };
    cx.raise_str(Ty::NotImplementedError, &msg)
}

#[cold]
fn not_implemented(cx: &mut Ctx, msg: &str) -> Raised {
    cx.raise_str(Ty::NotImplementedError, msg)
}

/// The format's code; NotImplementedError.
pub(super) fn code(cx: &mut Ctx, w: &View) -> PyResult<Code> {
    match w.code() {
        Some(c) => Ok(c),
        None => Err(not_supported(cx, w)),
    }
}

fn is_index(cx: &Ctx, v: Value) -> bool {
    IntRef::of(v).is_some() || cx.type_of(v).slots.index.address() != 0
}

/// Offset of item `i` of a dimension; IndexError.
fn item_offset(cx: &mut Ctx, w: &View, dim: usize, i: i64) -> PyResult<isize> {
    match w.shape.get(dim).and_then(|n| resolve_index(i, *n)) {
        Some(at) => Ok(w.offset(dim, at)),
        None => {
            let msg = format!("index out of bounds on dimension {}", dim + 1);
            Err(cx.raise_str(Ty::IndexError, &msg))
        }
    }
}

/// Where a key leads.
enum Place {
    Item(isize),
    Slice(Value),
    Whole,
}

fn tuple_place(cx: &mut Ctx, w: &View, items: &[Value], write: bool) -> PyResult<Place> {
    if items.iter().all(|k| is_index(cx, *k)) {
        if items.len() < w.ndim() {
            return Err(not_implemented(cx, "sub-views are not implemented"));
        }
        if items.len() > w.ndim() {
            let msg = format!("cannot index {}-dimension view with {}-element tuple", w.ndim(), items.len());
            return Err(cx.type_error(&msg));
        }
        let mut offset = 0isize;
        for (d, k) in items.iter().enumerate() {
            let i = index_i64(cx, *k, Ty::IndexError)?;
            offset = offset.wrapping_add(item_offset(cx, w, d, i)?);
        }
        return Ok(Place::Item(offset));
    }
    if !items.is_empty() && items.iter().all(|k| SliceObj::of(*k).is_some()) {
        let msg = if write {
            "memoryview slice assignments are currently restricted to ndim = 1"
        } else {
            "multi-dimensional slicing is not implemented"
        };
        return Err(not_implemented(cx, msg));
    }
    Err(cx.type_error("memoryview: invalid slice key"))
}

fn place(cx: &mut Ctx, w: &View, key: Value, write: bool) -> PyResult<Place> {
    let tuple = TupleObj::of(key).map(|t| t.items());
    if w.ndim() == 0 {
        return match tuple {
            Some([]) => Ok(Place::Item(0)),
            _ if key.is(Value::ELLIPSIS) => Ok(Place::Whole),
            _ => Err(cx.type_error("invalid indexing of 0-dim memory")),
        };
    }
    if is_index(cx, key) {
        let i = index_i64(cx, key, Ty::IndexError)?;
        if w.ndim() > 1 {
            return Err(not_implemented(cx, "multi-dimensional sub-views are not implemented"));
        }
        return item_offset(cx, w, 0, i).map(Place::Item);
    }
    if SliceObj::of(key).is_some() {
        return Ok(Place::Slice(key));
    }
    match tuple {
        Some(items) => tuple_place(cx, w, items, write),
        None => Err(cx.type_error("memoryview: invalid slice key")),
    }
}

/// The layout of a slice along the first dimension.
fn sliced(cx: &mut Ctx, w: &View, key: Value) -> PyResult<Geometry> {
    let Some(s) = SliceObj::of(key) else { return Ok(w.layout()) };
    let raw = slice_unpack(cx, s)?;
    let mut l = w.layout();
    let n = l.shape.first().copied().unwrap_or(0);
    let r = slice_adjust(n, raw);
    let stride = l.strides.first().copied().unwrap_or(0);
    // The start of an empty slice may lie before the first item.
    let start = isize::try_from(r.start).unwrap_or(0);
    l.ptr = w.at(stride.wrapping_mul(start));
    if let (Some(n), Some(s)) = (l.shape.first_mut(), l.strides.first_mut()) {
        *n = r.count;
        *s = stride.wrapping_mul(isize::try_from(r.step).unwrap_or(isize::MAX));
    }
    l.len = l.shape.iter().product::<usize>() * l.itemsize;
    Ok(l)
}

/// `v[key]`
pub(super) fn getitem(cx: &mut Ctx, v: Value, key: Value) -> PyResult {
    let w = view(cx, v)?;
    if w.ndim() == 1
        && let Some(i) = key.as_small()
        && let Some(at) = resolve_index(i, w.shape.first().copied().unwrap_or(0))
    {
        let c = code(cx, w)?;
        let raw = w.read(w.offset(0, at));
        return unpack(cx, c, &raw);
    }
    match place(cx, w, key, false)? {
        Place::Item(offset) => {
            let c = code(cx, w)?;
            // `__index__` may have released the view.
            let w = view(cx, v)?;
            let raw = w.read(offset);
            unpack(cx, c, &raw)
        }
        Place::Slice(key) => w.sibling_by(cx, |cx, w| sliced(cx, w, key)),
        Place::Whole => Ok(v),
    }
}

/// `v[key] = item`, `del v[key]`
pub(super) fn setitem(cx: &mut Ctx, v: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let w = view(cx, v)?;
    let c = code(cx, w)?;
    if w.readonly {
        return Err(cx.type_error("cannot modify read-only memory"));
    }
    let Some(item) = item else { return Err(cx.type_error("cannot delete memory")) };
    match place(cx, w, key, true)? {
        Place::Item(offset) => {
            let raw = pack(cx, c, item)?;
            view(cx, v)?.write(offset, &raw);
            Ok(())
        }
        Place::Whole => {
            let raw = pack(cx, c, item)?;
            view(cx, v)?.write(0, &raw);
            Ok(())
        }
        Place::Slice(key) => {
            if w.ndim() != 1 {
                let msg = "memoryview slice assignments are currently restricted to ndim = 1";
                return Err(not_implemented(cx, msg));
            }
            assign_slice(cx, v, w, key, item)
        }
    }
}

fn plain(format: &str) -> &str {
    format.strip_prefix('@').unwrap_or(format)
}

fn assign_slice(cx: &mut Ctx, v: Value, w: &View, key: Value, item: Value) -> PyResult<()> {
    let source = get_buffer(cx, item, false)?;
    let dest = sliced(cx, w, key)?;
    let same = plain(&source.format) == plain(&dest.format)
        && source.itemsize == dest.itemsize
        && source.shape.as_slice() == &*dest.shape;
    if !same {
        source.release(cx);
        let msg = "memoryview assignment: lvalue and rvalue have different structures";
        return Err(cx.value_error(msg));
    }
    // The two may overlap: through a copy.
    let mut copy = Vec::new();
    if copy.try_reserve_exact(source.len).is_err() {
        source.release(cx);
        return Err(cx.no_memory());
    }
    protopy_vm::buffers::gather(&source, &mut copy);
    source.release(cx);
    let w = view(cx, v)?;
    let mut b = w.buffer(v);
    b.ptr = dest.ptr as *mut u8;
    b.len = dest.len;
    b.shape = dest.shape.into_vec();
    b.strides = dest.strides.into_vec();
    scatter(&b, &copy);
    Ok(())
}
