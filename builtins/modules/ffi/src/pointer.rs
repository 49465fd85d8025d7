//! `_Pointer` and its metaclass. What a pointer points at is C's memory: reading it is as safe as in C.

use crate::argument;
use crate::array;
use crate::data::{self, CData};
use crate::info::{self, Info, Kind, flag};
use crate::meta::{self, attach, begin, class_attr};
use protopy_vm::protocore::layouts::{IntRef, SliceObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::type_set_attr;
use protopy_vm::{TypeSpec, ValueVec, errors, getsets, index_i64, methods, ops, slice_bound};

meta::metaclass!(
    /// `PyCPointerType`
    META, "PyCPointerType", init_class, methods![
        /// Converts a Python object into a function call parameter.
        "from_param(self, value, /)" => |cx, a| from_param(cx, a[0], a[1]);
        /// Sets the type that pointers of an incomplete type point at.
        "set_type(self, type, /)" => set_type;
    ], None
);

/// `_ctypes._Pointer`
pub(crate) static POINTER: TypeSpec = TypeSpec {
    name: "_Pointer",
    module: "_ctypes",
    layout: Layout::Native,
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(new),
        init: Some(init),
        bool: Some(|_, v| Ok(data::of(v).is_some_and(|d| !d.target().is_null()))),
        getitem: Some(get_item),
        setitem: Some(set_item),
        ..SlotSpec::NONE
    },
    getsets: getsets![
        /// the object this pointer points to (read-write)
        "contents" => get_contents, set_contents;
    ],
    doc: "XXX to be provided",
    ..TypeSpec::BASE
};

fn init_class(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let t = begin(cx, this, args)?;
    let mut i = Info::new(Kind::Pointer);
    i.size = 8;
    i.align = 8;
    i.length = 1;
    i.set(flag::POINTER);
    let proto = class_attr(cx, t, "_type_")?;
    match proto {
        Some(p) => {
            let pi = check_target(cx, p)?;
            i.format = format_of(pi);
            i.proto.init(Some(p));
            attach(cx, t, i);
            name_target(cx, p, this);
        }
        None => {
            i.format = "&B".to_owned();
            attach(cx, t, i);
        }
    }
    Ok(())
}

/// The first pointer type of a type is its `__pointer_type__`.
fn name_target(cx: &mut Ctx, target: Value, pointer: Value) {
    if let Some(owner) = TypeObj::of(target).and_then(|t| t.attached.get())
        && let Some(pi) = owner.native::<Info>()
        && pi.pointer_type.is_empty()
    {
        cx.store(owner, &pi.pointer_type, pointer);
    }
}

fn format_of(target: &Info) -> String {
    if target.shape.is_empty() {
        return format!("&{}", target.format);
    }
    let shape: Vec<String> = target.shape.iter().map(usize::to_string).collect();
    format!("&({}){}", shape.join(","), target.format)
}

fn check_target(cx: &mut Ctx, proto: Value) -> PyResult<&'static Info> {
    if TypeObj::of(proto).is_none() {
        return Err(cx.type_error("_type_ must be a type"));
    }
    match info::of_class(proto) {
        Some(i) => Ok(i),
        None => Err(crate::meta::no_info(cx, proto)),
    }
}

fn set_type(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (t, i) = meta::class_of(cx, a[0])?;
    check_target(cx, a[1])?;
    if let Some(owner) = t.attached.get() {
        cx.store(owner, &i.proto, a[1]);
    }
    let n = cx.intern_str("_type_");
    type_set_attr(cx, a[0], n, Some(a[1]))?;
    name_target(cx, a[1], a[0]);
    Ok(Value::NONE)
}

/// `POINTER(T).from_param`: instances of T are passed by reference, arrays of T as they are.
pub(crate) fn from_param(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    if v.is_none() {
        return Ok(v);
    }
    let Some(target) = info::of_class(class).and_then(|i| i.proto.get()) else {
        return meta::data_from_param(cx, class, v);
    };
    if data::of(v).is_some() {
        if protopy_vm::is_instance(cx, v, target)? {
            return Ok(argument::byref(cx, v, 0));
        }
        if let Some(i) = info::of_value(cx, v)
            && matches!(i.kind, Kind::Pointer | Kind::Array)
            && let Some(item) = i.proto.get()
            && protopy_vm::is_subclass(cx, item, target)?
        {
            return Ok(v);
        }
    }
    meta::data_from_param(cx, class, v)
}

// ---------------------------------------------------------------------------------------------------- instances

fn new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    if info::of_class(class).is_none_or(|i| i.proto.is_empty()) {
        return Err(cx.type_error("Cannot create instance: has no _type_"));
    }
    data::generic_new(cx, class, args)
}

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    match args.pos() {
        [] => Ok(()),
        [v] => set_contents(cx, this, Some(*v)),
        more => {
            let msg = format!("POINTER expected at most 1 argument, got {}", more.len());
            Err(cx.type_error(&msg))
        }
    }
}

/// Content, target type and its description of a pointer that is not null.
fn parts(cx: &mut Ctx, this: Value) -> PyResult<(&'static CData, Value, &'static TypeObj, &'static Info)> {
    let found = data::of(this).and_then(|d| {
        let p = info::of_value(cx, this)?.proto.get()?;
        let t = TypeObj::of(p)?;
        Some((d, p, t, info::of_type(t)?))
    });
    match found {
        Some((d, ..)) if d.target().is_null() => Err(cx.value_error("NULL pointer access")),
        Some(all) => Ok(all),
        None => Err(info::abstract_class(cx)),
    }
}

fn get_contents(cx: &mut Ctx, this: Value) -> PyResult {
    let (d, _, t, i) = parts(cx, this)?;
    Ok(data::new_at(cx, t, i, d.target(), Some(this), 0))
}

fn set_contents(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let Some(v) = v else { return Err(cx.type_error("Pointer does not support item deletion")) };
    let target = info::of_value(cx, this).and_then(|i| i.proto.get());
    let (Some(d), Some(target)) = (data::of(this), target) else { return Err(info::abstract_class(cx)) };
    // As in CPython, any instance will do: the program says what its memory is.
    let Some(src) = data::of(v) else {
        let want = TypeObj::of(target).map_or_else(String::new, errors::type_text);
        let msg = format!("expected {want} instead of {}", ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    d.set_target(src.ptr());
    data::keep_ref(cx, this, 1, v)?;
    let kept = data::kept_objects(cx, v);
    data::keep_ref(cx, this, 0, kept)
}

/// The address of an item; C does not know where the memory ends.
fn place(d: &CData, i: &Info, index: i64) -> *mut u8 {
    let size = i64::try_from(i.size).unwrap_or(0);
    d.target().wrapping_offset(isize::try_from(index.wrapping_mul(size)).unwrap_or(0))
}

fn get_item(cx: &mut Ctx, this: Value, key: Value) -> PyResult {
    if let Some(s) = SliceObj::of(key) {
        return get_slice(cx, this, s);
    }
    if IntRef::of(key).is_none() && cx.type_of(key).slots.index.address() == 0 {
        return Err(cx.type_error("Pointer indices must be integer"));
    }
    let n = index_i64(cx, key, Ty::IndexError)?;
    let (d, target, _, i) = parts(cx, this)?;
    // SAFETY: as safe as C: the program says that there is memory.
    unsafe { data::get(cx, target, this, usize::try_from(n).unwrap_or(usize::MAX), place(d, i, n)) }
}

fn get_slice(cx: &mut Ctx, this: Value, s: &SliceObj) -> PyResult {
    let step = match s.step.get_or_none().not_none() {
        None => 1,
        Some(v) => slice_bound(cx, v, 1)?,
    };
    if step == 0 {
        return Err(cx.value_error("slice step cannot be zero"));
    }
    let start = match s.start.get_or_none().not_none() {
        None if step < 0 => return Err(cx.value_error("slice start is required for step < 0")),
        None => 0,
        Some(v) => slice_bound(cx, v, 0)?,
    };
    let Some(stop) = s.stop.get_or_none().not_none() else {
        return Err(cx.value_error("slice stop is required"));
    };
    let stop = slice_bound(cx, stop, 0)?;
    let span = if step < 0 { start.saturating_sub(stop) } else { stop.saturating_sub(start) };
    let count = if span <= 0 { 0 } else { (span as u64 - 1) / step.unsigned_abs() + 1 };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let (d, target, _, i) = parts(cx, this)?;
    let at = |k: usize| i64::try_from(k).unwrap_or(i64::MAX).wrapping_mul(step).wrapping_add(start);
    if i.converts() && matches!(i.code, b'c' | b'u') {
        let mut places = Vec::new();
        if places.try_reserve_exact(count).is_err() {
            return Err(cx.no_memory());
        }
        places.extend((0..count).map(|k| place(d, i, at(k))));
        // SAFETY: as safe as C.
        return unsafe { array::text_at(cx, i.code, places) };
    }
    let mut out = ValueVec::new(cx);
    for k in 0..count {
        cx.safepoint()?;
        let n = at(k);
        // SAFETY: as safe as C.
        let v =
            unsafe { data::get(cx, target, this, usize::try_from(n).unwrap_or(usize::MAX), place(d, i, n)) }?;
        out.push(cx, v)?;
    }
    Ok(out.into_list())
}

fn set_item(cx: &mut Ctx, this: Value, key: Value, v: Option<Value>) -> PyResult<()> {
    let Some(v) = v else { return Err(cx.type_error("Pointer does not support item deletion")) };
    let n = index_i64(cx, key, Ty::IndexError)?;
    let (d, target, _, i) = parts(cx, this)?;
    // SAFETY: as safe as C.
    unsafe { data::set(cx, this, target, v, usize::try_from(n).unwrap_or(usize::MAX), place(d, i, n)) }
}
