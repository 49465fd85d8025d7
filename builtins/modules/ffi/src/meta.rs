//! The metaclasses: what they share.

use crate::argument::{Argument, as_parameter};
use crate::data;
use crate::info::{self, Info, Kind};
use crate::state::{T, attribute_error, ty};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, MethodDef, StrObj, WeakRefObj};
use protopy_vm::protocore::types::{InitFn, SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, TypeObj, Value};
use protopy_vm::{TypeSpec, buffers, call, errors, getsets, index_i64, lookup_attr_str, methods, ops};

/// A metaclass with the given name and initialiser.
macro_rules! metaclass {
    ($(#[doc = $doc:literal])* $name:ident, $text:literal, $init:expr, $methods:expr, $setattr:expr) => {
        $(#[doc = $doc])*
        pub(crate) static $name: TypeSpec = TypeSpec {
            name: $text,
            module: "_ctypes",
            flags: type_flags::BASETYPE | type_flags::TYPE_SUBCLASS,
            slots: SlotSpec { init: Some($init), setattro: $setattr, ..SlotSpec::NONE },
            methods: $methods,
            doc: concat!("metatype for C ", $text),
            ..TypeSpec::BASE
        };
    };
}
pub(crate) use metaclass;

/// `_ctypes.CType_Type`
pub(crate) static CTYPE: TypeSpec = TypeSpec {
    name: "CType_Type",
    module: "_ctypes",
    base: Some(Ty::Type),
    flags: type_flags::BASETYPE | type_flags::TYPE_SUBCLASS,
    slots: SlotSpec { sq_repeat: Some(repeat), ..SlotSpec::NONE },
    methods: methods![
        /// C.from_address(integer) -> C instance; the instance looks at the memory at an address.
        "from_address(self, value, /)" => from_address;
        /// C.from_buffer(object, offset=0) -> C instance; the instance shares the memory of a writable buffer.
        "from_buffer(self, obj, offset=0, /)" => from_buffer;
        /// C.from_buffer_copy(object, offset=0) -> C instance with a copy of a buffer's content.
        "from_buffer_copy(self, buffer, offset=0, /)" => from_buffer_copy;
        /// C.in_dll(dll, name) -> C instance; the instance is a variable of a library.
        "in_dll(self, dll, name, /)" => in_dll;
        /// Converts a Python object into a function call parameter.
        "from_param(self, value, /)" => |cx, a| data_from_param(cx, a[0], a[1]);
        /// Bytes that the type takes.
        "__sizeof__(self, /)" => |cx, _| Ok(cx.int_usize(std::mem::size_of::<TypeObj>() + std::mem::size_of::<Info>()));
    ],
    getsets: getsets![
        /// pointer type
        "__pointer_type__" => get_pointer_type, set_pointer_type;
    ],
    doc: "metatype for C types",
    ..TypeSpec::BASE
};

/// The class that a metaclass's method is called on.
pub(crate) fn class_of(cx: &mut Ctx, v: Value) -> PyResult<(&'static TypeObj, &'static Info)> {
    match TypeObj::of(v).and_then(|t| Some((t, info::of_type(t)?))) {
        Some(both) => Ok(both),
        None => Err(info::abstract_class(cx)),
    }
}

/// Hangs a description on a class.
pub(crate) fn attach(cx: &mut Ctx, class: &'static TypeObj, i: Info) -> Value {
    let t = ty(cx, T::Info);
    let v = cx.new_native(t, i);
    cx.store(class.value(), &class.attached, v);
    v
}

/// `type.__init__` for a metaclass's initialiser: answers the class if it has no description yet.
pub(crate) fn begin(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<&'static TypeObj> {
    if let Some(init) = cx.ty(Ty::Type).slots.init.get() {
        let init: InitFn = init;
        init(cx, this, args)?;
    }
    let Some(t) = TypeObj::of(this) else { return Err(cx.type_error("a class is required")) };
    if info::of_type(t).is_some() {
        let msg = format!("StgInfo of '{}' is already initialized.", errors::type_text(t));
        return Err(cx.raise_str(Ty::SystemError, &msg));
    }
    Ok(t)
}

/// TypeError: what is no C type.
#[cold]
pub(crate) fn no_info(cx: &mut Ctx, v: Value) -> protopy_vm::protocore::Raised {
    match ops::repr_text(cx, v) {
        Ok(shown) => cx.type_error(&format!("{shown} must have storage info")),
        Err(r) => r,
    }
}

fn get_pointer_type(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(i) = info::of_class(this) else { return Err(no_info(cx, this)) };
    match i.pointer_type.get() {
        Some(t) => Ok(t),
        None => {
            let shown = ops::repr_text(cx, this)?;
            Err(attribute_error(cx, &format!("type {shown} has no attribute '__pointer_type__'")))
        }
    }
}

fn set_pointer_type(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let owner = TypeObj::of(this).and_then(|t| t.attached.get());
    let (Some(i), Some(owner)) = (info::of_class(this), owner) else { return Err(no_info(cx, this)) };
    match v {
        Some(v) => cx.store(owner, &i.pointer_type, v),
        None => cx.store_empty(owner, &i.pointer_type),
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- arrays of a type

fn repeat(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let n = index_i64(cx, n, Ty::OverflowError)?;
    let Ok(n) = usize::try_from(n) else {
        return Err(cx.value_error(&format!("Array length must be >= 0, not {n}")));
    };
    array_type(cx, this, n)
}

/// The type of arrays of `n` items.
pub(crate) fn array_type(cx: &mut Ctx, item: Value, n: usize) -> PyResult {
    let Some(t) = TypeObj::of(item) else { return Err(cx.type_error("Expected a type object")) };
    let key = cx.int_usize(n);
    let cache = match (t.attached.get(), info::of_type(t)) {
        (Some(owner), Some(i)) => Some(match i.arrays.get() {
            Some(d) => d,
            None => {
                let d = cx.dict();
                cx.store(owner, &i.arrays, d);
                d
            }
        }),
        _ => None,
    };
    if let Some(d) = cache.and_then(DictObj::of)
        && let Some(w) = protopy_vm::dict_get(cx, d, key)?
        && let Some(found) = WeakRefObj::of(w).and_then(|w| cx.weakref_get(w))
    {
        return Ok(found);
    }
    let name = cx.str(&format!("{}_Array_{n}", errors::type_text(t)));
    let array = ty(cx, T::Array).value();
    let bases = cx.tuple_of(None, &[array])?;
    let ns = cx.dict();
    for (k, v) in [("_length_", key), ("_type_", item)] {
        let k = cx.intern_str(k);
        ops::set_item(cx, ns, k, Some(v))?;
    }
    let meta = ty(cx, T::ArrayMeta).value();
    let made = call(cx, meta, &[name, bases, ns])?;
    if let Some(d) = cache.and_then(DictObj::of) {
        let wt = cx.ty(Ty::WeakRef);
        if let Some(w) = cx.new_weakref(made, None, wt, true) {
            protopy_vm::dict_set(cx, d, key, w)?;
        }
    }
    Ok(made)
}

// ---------------------------------------------------------------------------------------------------- making instances

fn from_address(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if IntRef::of(a[1]).is_none() {
        return Err(cx.type_error("integer expected"));
    }
    let p = crate::codes::low_bits(a[1]);
    let (t, i) = class_of(cx, a[0])?;
    Ok(data::new_at(cx, t, i, p as *mut u8, None, 0))
}

/// An argument that is a `Py_ssize_t` in C.
pub(crate) fn c_ssize(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    match i64::try_from(ops::index_big(cx, v)?) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

/// Checks that `size` bytes from the offset on lie in a buffer.
fn checked_offset(cx: &mut Ctx, len: usize, offset: Value, size: usize) -> PyResult<usize> {
    let n = c_ssize(cx, offset)?;
    let Ok(at) = usize::try_from(n) else { return Err(cx.value_error("offset cannot be negative")) };
    if at.checked_add(size).is_none_or(|end| end > len) {
        let msg =
            format!("Buffer size too small ({len} instead of at least {} bytes)", size.saturating_add(at));
        return Err(cx.value_error(&msg));
    }
    Ok(at)
}

fn from_buffer(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (t, i) = class_of(cx, a[0])?;
    // The view pins the memory; the instance keeps the view.
    let memoryview = cx.ty(Ty::MemoryView).value();
    let view = call(cx, memoryview, &[a[1]])?;
    let b = buffers::get_buffer(cx, view, false)?;
    let (ptr, len, readonly, flat) = (b.ptr, b.len, b.readonly, buffers::is_c_contiguous(&b));
    b.release(cx);
    if readonly {
        return Err(cx.type_error("underlying buffer is not writable"));
    }
    if !flat {
        return Err(cx.type_error("underlying buffer is not C contiguous"));
    }
    let at = checked_offset(cx, len, a[2], i.size)?;
    let (o, n, l) = (a[1], cx.int_usize(len), cx.int_usize(at));
    errors::audit(cx, "ctypes.cdata/buffer", &[o, n, l])?;
    let v = data::new_at(cx, t, i, ptr.wrapping_add(at), None, 0);
    if i.length > 0 {
        data::keep_ref(cx, v, usize::MAX, view)?;
    } else if let Some(d) = data::of(v) {
        cx.store(v, &d.objects, view);
    }
    Ok(v)
}

fn from_buffer_copy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (t, i) = class_of(cx, a[0])?;
    let b = protopy_vm::bytes_like(cx, a[1])?;
    let at = checked_offset(cx, b.len(), a[2], i.size)?;
    let (o, n, l) = (a[1], cx.int_usize(b.len()), cx.int_usize(at));
    errors::audit(cx, "ctypes.cdata/buffer", &[o, n, l])?;
    // SAFETY: the range was checked.
    unsafe { data::new_copy(cx, t, i, b.as_ptr().add(at)) }
}

fn in_dll(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (dll, name) = (a[1], a[2]);
    if StrObj::of(name).is_none() {
        let msg = format!("in_dll() argument 2 must be str, not {}", ops::tp_name(cx, name));
        return Err(cx.type_error(&msg));
    }
    errors::audit(cx, "ctypes.dlsym", &[dll, name])?;
    let handle = protopy_vm::get_attr_str(cx, dll, "_handle")?;
    if IntRef::of(handle).is_none() {
        return Err(cx.type_error("the _handle attribute of the second argument must be an integer"));
    }
    let (t, i) = class_of(cx, a[0])?;
    let symbol = protopy_vm::codec::encode(cx, name, "utf-8", "strict")?;
    let symbol = BytesObj::of(symbol).map_or_else(Vec::new, |b| b.bytes().to_vec());
    match crate::module::find_symbol(cx, crate::codes::low_bits(handle), symbol, "symbol")? {
        Ok(p) => Ok(data::new_at(cx, t, i, p, None, 0)),
        Err(msg) => Err(cx.value_error(&msg)),
    }
}

// ---------------------------------------------------------------------------------------------------- parameters

/// The conversion of parameters that most kinds share: instances, `byref` of instances, and `_as_parameter_`.
pub(crate) fn data_from_param(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    if protopy_vm::is_instance(cx, v, class)? {
        return Ok(v);
    }
    let want = match TypeObj::of(class) {
        Some(t) => ops::type_tp_name(cx, t),
        None => String::new(),
    };
    if let Some(arg) = v.native::<Argument>() {
        let what = match arg.object() {
            Some(o) if protopy_vm::is_instance(cx, o, class)? => return Ok(v),
            Some(o) => ops::tp_name(cx, o),
            None => "???".to_owned(),
        };
        let msg = format!("expected {want} instance instead of pointer to {what}");
        return Err(cx.type_error(&msg));
    }
    match as_parameter(cx, v)? {
        Some(p) => {
            cx.check_native_stack(" while processing _as_parameter_")?;
            from_param(cx, class, p)
        }
        None => {
            let msg = format!("expected {want} instance instead of {}", ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// `class.from_param(v)` for classes whose kind decides.
pub(crate) fn from_param(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    match info::of_class(class).map(|i| i.kind) {
        Some(Kind::Simple) => crate::simple::from_param(cx, class, v),
        Some(Kind::Pointer) => crate::pointer::from_param(cx, class, v),
        _ => data_from_param(cx, class, v),
    }
}

/// An attribute of a class under construction, from itself or a base.
pub(crate) fn class_attr(cx: &mut Ctx, t: &'static TypeObj, n: &str) -> PyResult<Option<Value>> {
    lookup_attr_str(cx, t.value(), n)
}

/// The methods of every metaclass beside those of `CType_Type`.
pub(crate) static NO_METHODS: &[MethodDef] = &[];
