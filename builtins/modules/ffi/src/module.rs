//! The module `_ctypes`: its functions, and the making of its types.

use crate::argument::{self, ARGUMENT};
use crate::call::{self, FLAG_CDECL, FLAG_ERRNO, FLAG_LAST_ERROR, FLAG_PYTHON, MAX_ARGUMENTS, Plan};
use crate::data::{self, CDATA};
use crate::field::FIELD;
use crate::info::{self, Info, Kind};
use crate::state::{T, known, set_ty, ty};
use crate::{array, callback, codes, function, meta, pointer, simple, structs};
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::{create_type, create_type_with_base, create_type_with_meta};
use protopy_vm::{ModuleSpec, TypeSpec, ValueVec, errors, index_i64, methods, ops, set_attr_str};
use std::ffi::{CStr, CString, c_int, c_void};

/// `_ctypes`
pub(crate) static MODULE: ModuleSpec = ModuleSpec {
    name: "_ctypes",
    doc: "Create and manipulate C compatible data types in Python.",
    functions: methods![functions:
        /// Bytes of a C type or instance.
        "sizeof(obj, /)" => size_of;
        /// Alignment of a C type or instance.
        "alignment(obj, /)" => alignment;
        /// Address of an instance's memory.
        "addressof(obj, /)" => address_of;
        /// A pointer to an instance, for calls only.
        "byref(obj, offset=0, /)" => byref;
        /// Gives an instance's memory another size.
        "resize(obj, size, /)" => resize;
        /// ctypes' copy of errno in this thread.
        "get_errno()" => |cx, _| {
            errors::audit(cx, "ctypes.get_errno", &[])?;
            Ok(cx.int(call::errno().into()))
        };
        /// Sets ctypes' copy of errno in this thread; the old value.
        "set_errno(value, /)" => set_errno;
        /// Buffer format, number of dimensions and shape of a C type or instance.
        "buffer_info(o, /)" => buffer_info;
        /// Opens a shared library.
        "dlopen(name, flag=2, /)" => dl_open;
        /// Closes a shared library.
        "dlclose(handle, /)" => dl_close;
        /// Finds a symbol of a library.
        "dlsym(handle, name, /)" => dl_sym;
        /// The names of the shared libraries of the process.
        "dllist()" => |cx, _| dl_list(cx);
        /// Calls a function by address.
        "call_function(func, arguments, /)" => |cx, a| call_address(cx, a, FLAG_CDECL);
        /// Calls a function by address.
        "call_cdeclfunction(func, arguments, /)" => |cx, a| call_address(cx, a, FLAG_CDECL);
        /// The object whose address (in C's memory) is given.
        "PyObj_FromPtr(address, /)" => |cx, a| {
            let w = codes::int_bits(cx, a[0])?;
            codes::object_at(cx, w)
        };
        /// The object: there are no reference counts.
        "Py_INCREF(obj, /)" => |_, a| Ok(a[0]);
        /// The object: there are no reference counts.
        "Py_DECREF(obj, /)" => |_, a| Ok(a[0]);
        /// Makes an instance from its pickled state.
        "_unpickle(type, state, /)" => unpickle;
    ],
    init: Some(init),
};

static ARGUMENT_ERROR: TypeSpec = TypeSpec {
    name: "ArgumentError",
    module: "ctypes",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};

static INFO: TypeSpec = TypeSpec {
    name: "StgInfo",
    module: "_ctypes",
    layout: Layout::Native,
    vt: Some(<Info as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    ..TypeSpec::BASE
};

fn make_types(cx: &mut Ctx) -> PyResult<()> {
    let plain: [(T, &'static TypeSpec); 8] = [
        (T::CType, &meta::CTYPE),
        (T::Info, &INFO),
        (T::Argument, &ARGUMENT),
        (T::Field, &FIELD),
        (T::Holder, &data::HOLDER),
        (T::Thunk, &callback::THUNK),
        (T::FuncState, &function::STATE),
        (T::Memory, &MEMORY),
    ];
    for (t, spec) in plain {
        let v = create_type(cx, spec)?;
        set_ty(cx, t, v);
    }
    let base = cx.ty(Ty::Exception).value();
    let e = create_type_with_base(cx, &ARGUMENT_ERROR, base)?;
    set_ty(cx, T::ArgumentError, e);
    let root = ty(cx, T::CType).value();
    let object = cx.ty(Ty::Object).value();
    let cdata = create_type_with_meta(cx, &CDATA, object, root)?;
    set_ty(cx, T::CData, cdata);
    let kinds: [(T, &'static TypeSpec, T, &'static TypeSpec); 6] = [
        (T::SimpleMeta, &simple::META, T::Simple, &simple::SIMPLE),
        (T::StructMeta, &structs::STRUCT_META, T::Struct, &structs::STRUCT),
        (T::UnionMeta, &structs::UNION_META, T::Union, &structs::UNION),
        (T::ArrayMeta, &array::META, T::Array, &array::ARRAY),
        (T::PointerMeta, &pointer::META, T::Pointer, &pointer::POINTER),
        (T::FuncMeta, &function::META, T::Func, &function::FUNC),
    ];
    for (mt, mspec, t, spec) in kinds {
        let m = create_type_with_base(cx, mspec, root)?;
        set_ty(cx, mt, m);
        let v = create_type_with_meta(cx, spec, cdata, m)?;
        set_ty(cx, t, v);
    }
    Ok(())
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    // A module that is imported afresh shares the types with the first one.
    if known(cx, T::Func).is_none() {
        make_types(cx)?;
    }
    let shown = [
        ("Structure", T::Struct),
        ("Union", T::Union),
        ("Array", T::Array),
        ("_Pointer", T::Pointer),
        ("_SimpleCData", T::Simple),
        ("CFuncPtr", T::Func),
        ("CField", T::Field),
        ("ArgumentError", T::ArgumentError),
    ];
    for (n, t) in shown {
        let v = ty(cx, t).value();
        set_attr_str(cx, module, n, v)?;
    }
    let version = cx.str("1.1.0");
    set_attr_str(cx, module, "__version__", version)?;
    let numbers = [
        ("FUNCFLAG_CDECL", u64::from(FLAG_CDECL)),
        ("FUNCFLAG_PYTHONAPI", FLAG_PYTHON.into()),
        ("FUNCFLAG_USE_ERRNO", FLAG_ERRNO.into()),
        ("FUNCFLAG_USE_LASTERROR", FLAG_LAST_ERROR.into()),
        ("RTLD_LOCAL", libc::RTLD_LOCAL as u64),
        ("RTLD_GLOBAL", libc::RTLD_GLOBAL as u64),
        ("CTYPES_MAX_ARGCOUNT", MAX_ARGUMENTS as u64),
        ("SIZEOF_TIME_T", std::mem::size_of::<libc::time_t>() as u64),
        ("_memmove_addr", libc::memmove as *const () as u64),
        ("_memset_addr", libc::memset as *const () as u64),
        ("_string_at_addr", string_at as *const () as u64),
        ("_wstring_at_addr", wstring_at as *const () as u64),
        ("_cast_addr", cast as *const () as u64),
        ("_memoryview_at_addr", memoryview_at as *const () as u64),
    ];
    for (n, w) in numbers {
        let v = cx.int_u64(w);
        set_attr_str(cx, module, n, v)?;
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- types and instances

/// A description and the size of what a function was given: a type or an instance.
fn described(cx: &mut Ctx, v: Value) -> Option<(&'static Info, usize)> {
    if let Some(i) = info::of_class(v) {
        return Some((i, i.size));
    }
    let d = data::of(v)?;
    Some((info::of_value(cx, v)?, d.size()))
}

fn size_of_it(cx: &mut Ctx, v: Value) -> Option<usize> {
    described(cx, v).map(|d| d.1)
}

fn size_of(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match size_of_it(cx, a[0]) {
        Some(n) => Ok(cx.int_usize(n)),
        None => Err(cx.type_error("this type has no size")),
    }
}

fn alignment(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match described(cx, a[0]) {
        Some((i, _)) => Ok(cx.int_usize(i.align)),
        None => Err(cx.type_error("no alignment info")),
    }
}

fn instance(cx: &mut Ctx, v: Value, what: &str) -> PyResult<&'static data::CData> {
    match data::of(v) {
        Some(d) => Ok(d),
        None => {
            let given = if v.is_none() { "None".to_owned() } else { ops::tp_name(cx, v) };
            let msg = format!("{what} must be _ctypes._CData, not {given}");
            Err(cx.type_error(&msg))
        }
    }
}

fn address_of(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = instance(cx, a[0], "addressof() argument")?;
    errors::audit(cx, "ctypes.addressof", &[a[0]])?;
    Ok(cx.int_u64(d.ptr() as u64))
}

fn byref(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = crate::meta::c_ssize(cx, a[1])?;
    instance(cx, a[0], "byref() argument 1")?;
    Ok(argument::byref(cx, a[0], n as isize))
}

fn resize(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = instance(cx, a[0], "resize() argument 1")?;
    let n = crate::meta::c_ssize(cx, a[1])?;
    let Some(i) = info::of_value(cx, a[0]) else { return Err(cx.type_error("excepted ctypes instance")) };
    let n = match usize::try_from(n) {
        Ok(n) if n >= i.size => n,
        _ => return Err(cx.value_error(&format!("minimum size is {}", i.size))),
    };
    if !d.owns() {
        let msg = "Memory cannot be resized because this object doesn't own it";
        return Err(cx.value_error(msg));
    }
    match d.resize(n) {
        Some(()) => {
            cx.external_bytes(isize::try_from(n).unwrap_or(isize::MAX));
            Ok(Value::NONE)
        }
        None => Err(cx.no_memory()),
    }
}

fn set_errno(cx: &mut Ctx, a: &[Value]) -> PyResult {
    errors::audit(cx, "ctypes.set_errno", &[a[0]])?;
    let n = index_i64(cx, a[0], Ty::OverflowError)?;
    let Ok(n) = i32::try_from(n) else {
        let msg = format!(
            "signed integer is {} than {}",
            if n < 0 { "less" } else { "greater" },
            if n < 0 { "minimum" } else { "maximum" }
        );
        return Err(cx.raise_str(Ty::OverflowError, &msg));
    };
    Ok(cx.int(call::swap_errno(n).into()))
}

fn buffer_info(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some((i, _)) = described(cx, a[0]) else { return Err(cx.type_error("not a ctypes type or object")) };
    let format = cx.str(&i.format);
    let ndim = cx.int_usize(i.shape.len());
    let mut shape = ValueVec::new(cx);
    for n in &i.shape {
        let n = cx.int_usize(*n);
        shape.push(cx, n)?;
    }
    let shape = shape.into_tuple(cx)?;
    cx.tuple_of(None, &[format, ndim, shape])
}

fn unpickle(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let v = protopy_vm::call_method(cx, a[0], "__new__", &[a[0]])?;
    let Some(state) = TupleObj::of(a[1]) else {
        let msg = format!("argument 2 must be tuple, not {}", ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    };
    let state = state.items().to_vec();
    protopy_vm::call_method(cx, v, "__setstate__", &state)?;
    Ok(v)
}

fn call_address(cx: &mut Ctx, a: &[Value], flags: u32) -> PyResult {
    if IntRef::of(a[0]).is_none() {
        return Err(cx.type_error("an integer is required"));
    }
    let Some(args) = TupleObj::of(a[1]) else {
        let msg = format!("call_function() argument 2 must be tuple, not {}", ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    };
    let plan = Plan {
        function: codes::low_bits(a[0]) as *mut u8,
        flags,
        converters: &[],
        argtypes: &[],
        restype: None,
        checker: None,
    };
    call::call(cx, &plan, args.items())
}

// ---------------------------------------------------------------------------------------------------- libraries

/// What went wrong in the dynamic linker, in this thread; nothing for a symbol whose address is null.
fn dl_error() -> Option<String> {
    // SAFETY: the text is this thread's until its next call of the linker.
    unsafe {
        let p = libc::dlerror();
        if p.is_null() { None } else { Some(CStr::from_ptr(p).to_string_lossy().into_owned()) }
    }
}

fn c_string(cx: &mut Ctx, b: Vec<u8>) -> PyResult<CString> {
    match CString::new(b) {
        Ok(s) => Ok(s),
        Err(_) => Err(cx.value_error("embedded null byte")),
    }
}

/// The address of a symbol, or why there is none.
pub(crate) fn find_symbol(
    cx: &mut Ctx,
    handle: u64,
    name: Vec<u8>,
    what: &str,
) -> PyResult<Result<*mut u8, String>> {
    let name = match CString::new(name) {
        Ok(n) => n,
        Err(_) => return Err(cx.value_error("embedded null character")),
    };
    let found = cx.blocking(|| {
        // SAFETY: the handle is what the program says it is; the linker checks none.
        unsafe {
            libc::dlerror();
            let p = libc::dlsym(handle as *mut c_void, name.as_ptr());
            if p.is_null() { Err(dl_error()) } else { Ok(p as usize) }
        }
    });
    let missing =
        |e: Option<String>| e.unwrap_or_else(|| format!("{what} '{}' not found", name.to_string_lossy()));
    Ok(found.map(|p| p as *mut u8).map_err(missing))
}

fn dl_open(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mode = index_i64(cx, a[1], Ty::OverflowError)?;
    let Ok(mode) = c_int::try_from(mode) else {
        let which = if mode < 0 { "less than minimum" } else { "greater than maximum" };
        return Err(cx.raise_str(Ty::OverflowError, &format!("signed integer is {which}")));
    };
    let mode = mode | libc::RTLD_NOW;
    errors::audit(cx, "ctypes.dlopen", &[a[0]])?;
    let name = match a[0].not_none() {
        None => None,
        Some(v) => {
            let v =
                protopy_vm::import_attr(cx, "os", "fsencode").and_then(|f| protopy_vm::call(cx, f, &[v]))?;
            let b = BytesObj::of(v).map_or_else(Vec::new, |b| b.bytes().to_vec());
            Some(c_string(cx, b)?)
        }
    };
    let opened = cx.blocking(|| {
        // SAFETY: loading a library runs its initialisers: as safe as the library.
        unsafe {
            let p = libc::dlopen(name.as_ref().map_or(std::ptr::null(), |n| n.as_ptr()), mode);
            if p.is_null() { Err(dl_error()) } else { Ok(p as u64) }
        }
    });
    match opened {
        Ok(h) => Ok(cx.int_u64(h)),
        Err(msg) => Err(cx.raise_str(Ty::OSError, &msg.unwrap_or_default())),
    }
}

fn dl_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let h = codes::int_bits(cx, a[0])?;
    let closed = cx.blocking(|| {
        // SAFETY: as safe as the program says.
        if unsafe { libc::dlclose(h as *mut c_void) } == 0 { Ok(()) } else { Err(dl_error()) }
    });
    match closed {
        Ok(()) => Ok(Value::NONE),
        Err(msg) => Err(cx.raise_str(Ty::OSError, &msg.unwrap_or_default())),
    }
}

fn dl_sym(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let h = codes::int_bits(cx, a[0])?;
    let Some(s) = StrObj::of(a[1]) else {
        let msg = format!("dlsym() argument 2 must be str, not {}", ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    };
    errors::audit(cx, "ctypes.dlsym/handle", &[a[0], a[1]])?;
    let name = s.to_string_lossy().into_bytes();
    match find_symbol(cx, h, name, "symbol")? {
        Ok(p) => Ok(cx.int_u64(p as u64)),
        Err(msg) => Err(cx.raise_str(Ty::OSError, &msg)),
    }
}

unsafe extern "C" fn note_library(info: *mut libc::dl_phdr_info, _: usize, all: *mut c_void) -> c_int {
    // SAFETY: the linker gives the description of a library; `all` is the caller's vector.
    unsafe {
        let name = (*info).dlpi_name;
        if !name.is_null() {
            (*all.cast::<Vec<Vec<u8>>>()).push(CStr::from_ptr(name).to_bytes().to_vec());
        }
    }
    0
}

fn dl_list(cx: &mut Ctx) -> PyResult {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let all: *mut Vec<Vec<u8>> = &mut names;
    // SAFETY: the function is called during this call only, with the vector.
    unsafe { libc::dl_iterate_phdr(Some(note_library), all.cast()) };
    let decode = protopy_vm::import_attr(cx, "os", "fsdecode")?;
    let mut out = ValueVec::new(cx);
    for n in &names {
        let b = cx.bytes(n)?;
        let s = protopy_vm::call(cx, decode, &[b])?;
        out.push(cx, s)?;
    }
    Ok(out.into_list())
}

// ---------------------------------------------------------------------------------------------------- functions that ctypes calls as C's

/// Runs `f` for a function that was called as C's from a call that uses the interpreter; zero after an exception.
fn from_c(f: impl FnOnce(&mut Ctx) -> PyResult) -> u64 {
    let me = call::current();
    if me.is_null() {
        return 0;
    }
    let body = std::panic::AssertUnwindSafe(|| {
        // SAFETY: this thread's state; the code that has it in hand waits in the foreign call.
        let cx = unsafe { &mut *me };
        cx.unblocking(f)
    });
    match std::panic::catch_unwind(body) {
        Ok(Ok(v)) => v.bits(),
        Ok(Err(r)) => {
            call::leave_exception(r);
            0
        }
        Err(_) => 0,
    }
}

extern "C" fn string_at(p: *const u8, size: c_int) -> u64 {
    from_c(|cx| {
        let (address, n) = (cx.int_u64(p as u64), cx.int(size.into()));
        errors::audit(cx, "ctypes.string_at", &[address, n])?;
        if p.is_null() && size != 0 {
            return Err(cx.value_error("NULL pointer access"));
        }
        // SAFETY: as safe as the program says.
        unsafe {
            let n = match usize::try_from(size) {
                Ok(n) => n,
                Err(_) if size == -1 => CStr::from_ptr(p.cast()).count_bytes(),
                Err(_) => {
                    let msg = "Negative size passed to PyBytes_FromStringAndSize";
                    return Err(cx.raise_str(Ty::SystemError, msg));
                }
            };
            if n == 0 {
                return cx.bytes(&[]);
            }
            cx.bytes(std::slice::from_raw_parts(p, n))
        }
    })
}

extern "C" fn wstring_at(p: *const u8, size: c_int) -> u64 {
    from_c(|cx| {
        let (address, n) = (cx.int_u64(p as u64), cx.int(size.into()));
        errors::audit(cx, "ctypes.wstring_at", &[address, n])?;
        if p.is_null() && size != 0 {
            return Err(cx.value_error("NULL pointer access"));
        }
        let mut chars: Vec<u32> = Vec::new();
        match usize::try_from(size) {
            Ok(n) => {
                if chars.try_reserve_exact(n).is_err() {
                    return Err(cx.no_memory());
                }
                // SAFETY: as safe as the program says.
                chars.extend((0..n).map(|i| unsafe { p.cast::<u32>().add(i).read_unaligned() }));
            }
            // SAFETY: as above.
            Err(_) if size == -1 => chars = unsafe { codes::read_wide(p, usize::MAX) },
            Err(_) => {
                let msg = "Negative size passed to PyUnicode_New";
                return Err(cx.raise_str(Ty::SystemError, msg));
            }
        }
        codes::wide_str(cx, &chars)
    })
}

extern "C" fn cast(p: *mut u8, source: u64, class: u64) -> u64 {
    from_c(|cx| {
        let (source, class) = (codes::object_at(cx, source)?, codes::object_at(cx, class)?);
        let fits = info::of_class(class).is_some_and(|i| match i.kind {
            Kind::Pointer | Kind::Func => true,
            Kind::Simple => codes::is_pointer(i.code),
            _ => false,
        });
        if !fits {
            let msg = match TypeObj::of(class) {
                Some(t) => format!("cast() argument 2 must be a pointer type, not {}", errors::type_text(t)),
                None => "cast() argument 2 must be a pointer type".to_owned(),
            };
            return Err(cx.type_error(&msg));
        }
        let result = protopy_vm::call(cx, class, &[])?;
        let Some(d) = data::of(result) else { return Ok(result) };
        if data::of(source).is_some() {
            // What the source keeps, and the source itself.
            let kept = match data::kept_objects(cx, source) {
                k if DictObj::of(k).is_some() => k,
                k => {
                    let fresh = cx.dict();
                    if let Some(all) = DictObj::of(fresh).filter(|_| !k.is_none()) {
                        let key = cx.str("0");
                        protopy_vm::dict_set(cx, all, key, k)?;
                    }
                    fresh
                }
            };
            if let Some(all) = DictObj::of(kept) {
                let key = cx.int_u64(source.bits());
                protopy_vm::dict_set(cx, all, key, source)?;
            }
            cx.store(result, &d.objects, kept);
        }
        d.set_target(p);
        Ok(result)
    })
}

/// Memory of C as a buffer.
struct Memory {
    ptr: usize,
    len: usize,
    readonly: bool,
}

impl Payload for Memory {
    const NAME: &'static str = "C memory";
    fn trace(&self, _: &mut Tracer) {}
}

static MEMORY: TypeSpec = TypeSpec {
    name: "_memoryat",
    module: "_ctypes",
    layout: Layout::Native,
    vt: Some(<Memory as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { buffer: Some(memory_buffer), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};

fn memory_buffer(cx: &mut Ctx, this: Value, writable: bool) -> PyResult<Buffer> {
    let Some(m) = this.native::<Memory>() else { return Err(protopy_vm::buffers::not_bytes_like(cx, this)) };
    if writable && m.readonly {
        return Err(cx.raise_str(Ty::BufferError, "Object is not writable."));
    }
    Ok(Buffer::bytes(Value::NONE, m.ptr as *mut u8, m.len, m.readonly, None))
}

extern "C" fn memoryview_at(p: *mut u8, size: isize, readonly: c_int) -> u64 {
    from_c(|cx| {
        let (address, n, r) = (cx.int_u64(p as u64), cx.int(size as i64), Value::bool(readonly != 0));
        errors::audit(cx, "ctypes.memoryview_at", &[address, n, r])?;
        let Ok(len) = usize::try_from(size) else {
            let msg = format!("memoryview_at: size is negative (or overflowed): {size}");
            return Err(cx.value_error(&msg));
        };
        let t = ty(cx, T::Memory);
        let m = cx.new_native(t, Memory { ptr: p as usize, len, readonly: readonly != 0 });
        let view = cx.ty(Ty::MemoryView).value();
        protopy_vm::call(cx, view, &[m])
    })
}
