//! `_struct`: values as packed bytes.

mod format;
mod pack;

use format::Format;
use protopy_vm::protocore::layouts::{BytesObj, MethodDef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, BytesLike, GetSetDef, ModuleSpec, TypeSpec, getsets, methods};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_struct",
    doc: "Conversion between Python values and C structs represented as bytes.",
    functions: methods![functions:
        /// Forgets the parsed formats that were kept.
        "_clearcache()" => |cx, _| {
            cx.space().state::<State>().formats.with(HashMap::clear);
            Ok(Value::NONE)
        };
        /// The size of the struct that a format describes.
        "calcsize(format, /)" => |cx, a| {
            let f = format_of(cx, a[0])?;
            Ok(cx.int_usize(f.size))
        };
        /// An iterator over the structs in a buffer.
        "iter_unpack(format, buffer, /)" => |cx, a| {
            let f = format_of(cx, a[0])?;
            iter_unpack(cx, f, a[1])
        };
        /// pack(format, v1, v2, ...) -> bytes
        raw "pack" => |cx, _, args| match args.pos().split_first() {
            Some((f, values)) => {
                let f = format_of(cx, *f)?;
                pack_values(cx, &f, values)
            }
            None => Err(cx.type_error("missing format argument")),
        };
        /// pack_into(format, buffer, offset, v1, v2, ...)
        raw "pack_into" => |cx, _, args| match args.pos().split_first() {
            Some((f, rest)) => {
                let f = format_of(cx, *f)?;
                pack_into(cx, &f, rest)
            }
            None => Err(cx.type_error("missing format argument")),
        };
        /// The values in a buffer of exactly the struct's size.
        "unpack(format, buffer, /)" => |cx, a| {
            let f = format_of(cx, a[0])?;
            unpack(cx, &f, a[1])
        };
        /// The values in a buffer from an offset on.
        "unpack_from(format, /, buffer, offset=0)" => |cx, a| {
            let f = format_of(cx, a[0])?;
            unpack_from(cx, &f, a[1], a[2])
        };
    ],
    init: Some(init),
};

/// What a space keeps: the exception, the iterator's type, parsed formats.
#[derive(Default)]
struct State {
    error: Slot,
    iterator: Slot,
    formats: Guarded<HashMap<Box<[u8]>, Arc<Format>>>,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.error);
        t.slot(&self.iterator);
    }
}

static ERROR: TypeSpec = TypeSpec {
    name: "error",
    module: "struct",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    // A module that is imported afresh shares the exception with the first one.
    let t = match state.error.get() {
        Some(t) => t,
        None => {
            let base = cx.ty(Ty::Exception).value();
            create_type_with_base(cx, &ERROR, base)?
        }
    };
    state.error.init(Some(t));
    vm::set_attr_str(cx, module, "error", t)?;
    let t = create_type(cx, &ITERATOR)?;
    state.iterator.init(Some(t));
    let t = create_type(cx, &STRUCT)?;
    vm::set_attr_str(cx, module, "Struct", t)
}

/// Raises `struct.error`.
#[cold]
fn struct_error(cx: &mut Ctx, msg: &str) -> Raised {
    let t = cx.space().state::<State>().error.get_or_none();
    let m = cx.str(msg);
    vm::raise_class(cx, t, &[m])
}

/// Formats that are kept before all are forgotten.
const KEPT: usize = 100;

/// The text of a format argument.
fn format_text(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    if let Some(s) = StrObj::of(v) {
        return match s.as_ascii() {
            Some(a) => Ok(a.as_bytes().to_vec()),
            None => {
                let b = vm::codec::encode(cx, v, "ascii", "strict")?;
                Ok(BytesObj::of(b).map_or_else(Vec::new, |b| b.bytes().to_vec()))
            }
        };
    }
    match BytesObj::of(v) {
        Some(b) => Ok(b.bytes().to_vec()),
        None => {
            let msg = format!(
                "Struct() argument 1 must be a str or bytes object, not {}",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.type_error(&msg))
        }
    }
}

fn parse(cx: &mut Ctx, text: &[u8]) -> PyResult<Arc<Format>> {
    match Format::parse(text) {
        Ok(f) => Ok(Arc::new(f)),
        Err(msg) => Err(struct_error(cx, msg)),
    }
}

/// The parsed format of a function's argument.
fn format_of(cx: &mut Ctx, v: Value) -> PyResult<Arc<Format>> {
    let state = cx.space().state::<State>();
    let known = match (StrObj::of(v).and_then(StrObj::as_ascii), BytesObj::of(v)) {
        (Some(s), _) => state.formats.with(|m| m.get(s.as_bytes()).cloned()),
        (None, Some(b)) => state.formats.with(|m| m.get(b.bytes()).cloned()),
        _ => None,
    };
    if let Some(f) = known {
        return Ok(f);
    }
    let text = format_text(cx, v)?;
    let f = parse(cx, &text)?;
    let old = state.formats.with(|m| {
        let old = if m.len() >= KEPT { std::mem::take(m) } else { HashMap::new() };
        m.insert(text.into(), f.clone());
        old
    });
    drop(old);
    Ok(f)
}

// ---------------------------------------------------------------------------------------------------- operations

fn check_count(cx: &mut Ctx, f: &Format, function: &str, got: usize) -> PyResult<()> {
    if got == f.values {
        return Ok(());
    }
    let msg = format!("{function} expected {} items for packing (got {got})", f.values);
    Err(struct_error(cx, &msg))
}

fn pack_values(cx: &mut Ctx, f: &Format, values: &[Value]) -> PyResult {
    check_count(cx, f, "pack", values.len())?;
    let b = pack::pack(cx, f, values)?;
    cx.bytes(&b)
}

/// An offset argument as it is: not yet checked.
fn offset_of(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    vm::index_i64(cx, v, Ty::IndexError)
}

/// How an operation words its errors.
struct Words {
    function: &'static str,
    negative: &'static str,
    doing: &'static str,
}

/// The offset from the start, checked against the buffer's length.
fn place(cx: &mut Ctx, f: &Format, offset: i64, len: usize, w: &Words) -> PyResult<usize> {
    let size = f.size;
    let signed_len = i64::try_from(len).unwrap_or(i64::MAX);
    let at = if offset < 0 {
        if offset.checked_add_unsigned(size as u64).is_none_or(|end| end > 0) {
            let msg = format!("{} {size} bytes at offset {offset}", w.negative);
            return Err(struct_error(cx, &msg));
        }
        if offset + signed_len < 0 {
            let msg = format!("offset {offset} out of range for {len}-byte buffer");
            return Err(struct_error(cx, &msg));
        }
        offset + signed_len
    } else {
        offset
    };
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    if len.checked_sub(at).is_none_or(|room| room < size) {
        let msg = format!(
            "{} requires a buffer of at least {} bytes for {} {size} bytes at offset {at} (actual buffer size is {len})",
            w.function,
            at.saturating_add(size),
            w.doing
        );
        return Err(struct_error(cx, &msg));
    }
    Ok(at)
}

fn pack_into(cx: &mut Ctx, f: &Format, args: &[Value]) -> PyResult {
    let (buffer, offset, values) = match args {
        [] => return Err(struct_error(cx, "pack_into expected buffer argument")),
        [_] => return Err(struct_error(cx, "pack_into expected offset argument")),
        [buffer, offset, values @ ..] => (*buffer, *offset, values),
    };
    check_count(cx, f, "pack_into", values.len())?;
    let target = vm::writable_buffer(cx, buffer, "argument")?;
    let words = Words { function: "pack_into", negative: "no space to pack", doing: "packing" };
    let done = offset_of(cx, offset).and_then(|offset| {
        let at = place(cx, f, offset, target.len, &words)?;
        let b = pack::pack(cx, f, values)?;
        target.write_at(at, &b);
        Ok(Value::NONE)
    });
    target.release(cx);
    done
}

fn unpack(cx: &mut Ctx, f: &Format, buffer: Value) -> PyResult {
    let b = vm::bytes_like(cx, buffer)?;
    if b.len() != f.size {
        let msg = format!("unpack requires a buffer of {} bytes", f.size);
        return Err(struct_error(cx, &msg));
    }
    pack::unpack(cx, f, &b)
}

fn unpack_from(cx: &mut Ctx, f: &Format, buffer: Value, offset: Value) -> PyResult {
    let offset = offset_of(cx, offset)?;
    let words = Words { function: "unpack_from", negative: "not enough data to unpack", doing: "unpacking" };
    // Of a buffer that has to be copied only the part that is needed is.
    if BytesObj::of(buffer).is_none() {
        let b = vm::get_buffer(cx, buffer, false)?;
        if vm::is_c_contiguous(&b) {
            let part = place(cx, f, offset, b.len, &words).map(|at| b.read_at(at, f.size));
            b.release(cx);
            return part.and_then(|part| pack::unpack(cx, f, &part));
        }
        b.release(cx);
    }
    let b: BytesLike = vm::bytes_like(cx, buffer)?;
    let at = place(cx, f, offset, b.len(), &words)?;
    pack::unpack(cx, f, &b[at..at + f.size])
}

// ---------------------------------------------------------------------------------------------------- Struct

/// A `Struct` object; without a format until `__init__` ran.
#[derive(Default)]
struct Struct {
    format: Guarded<Option<Arc<Format>>>,
}

impl Payload for Struct {
    const NAME: &'static str = "Struct";

    fn trace(&self, _: &mut Tracer) {}
}

static STRUCT: TypeSpec = TypeSpec {
    name: "Struct",
    module: "_struct",
    layout: Layout::Native,
    vt: Some(<Struct as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(struct_new),
        init: Some(struct_init),
        repr: Some(struct_repr),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Struct(fmt) --> compiled struct object",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// An iterator over the structs in a buffer.
    "iter_unpack(self, buffer, /)" => |cx, a| {
        let f = ready(cx, a[0])?;
        iter_unpack(cx, f, a[1])
    };
    /// S.pack(v1, v2, ...) -> bytes
    raw "pack" => |cx, v, args| {
        let f = ready(cx, v)?;
        no_keywords(cx, "pack", args)?;
        pack_values(cx, &f, args.pos())
    };
    /// S.pack_into(buffer, offset, v1, v2, ...)
    raw "pack_into" => |cx, v, args| {
        let f = ready(cx, v)?;
        no_keywords(cx, "pack_into", args)?;
        pack_into(cx, &f, args.pos())
    };
    /// The values in a buffer of exactly the struct's size.
    "unpack(self, buffer, /)" => |cx, a| {
        let f = ready(cx, a[0])?;
        unpack(cx, &f, a[1])
    };
    /// The values in a buffer from an offset on.
    "unpack_from(self, /, buffer, offset=0)" => |cx, a| {
        let f = ready(cx, a[0])?;
        unpack_from(cx, &f, a[1], a[2])
    };
    /// The bytes of memory that the object takes.
    "__sizeof__(self, /)" => |cx, a| {
        let fields = ready(cx, a[0])?.fields.len();
        Ok(cx.int_usize(size_of::<Struct>() + 16 + fields * size_of::<format::Field>()))
    };
];

static GETSETS: &[GetSetDef] = getsets![
    /// The format.
    "format" => |cx, v| {
        let f = ready(cx, v)?;
        Ok(cx.str(&String::from_utf8_lossy(&f.text)))
    };
    /// The size in bytes.
    "size" => |cx, v| match this(cx, v)?.format.with(|f| f.as_ref().map(|f| f.size)) {
        Some(n) => Ok(cx.int_usize(n)),
        None => Ok(Value::small(-1)),
    };
];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Struct> {
    match v.native::<Struct>() {
        Some(s) => Ok(s),
        None => Err(cx.type_error("not a Struct")),
    }
}

fn ready(cx: &mut Ctx, v: Value) -> PyResult<Arc<Format>> {
    match this(cx, v)?.format.with(|f| f.clone()) {
        Some(f) => Ok(f),
        None => Err(cx.raise_str(Ty::RuntimeError, "Struct object is not initialized")),
    }
}

fn no_keywords(cx: &mut Ctx, method: &str, args: Args<'_>) -> PyResult<()> {
    if args.nkw() == 0 {
        return Ok(());
    }
    let msg = format!("Struct.{method}() takes no keyword arguments");
    Err(cx.type_error(&msg))
}

fn struct_new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    match TypeObj::of(ty) {
        Some(t) => Ok(cx.new_native(t, Struct::default())),
        None => Err(cx.type_error("not a type")),
    }
}

fn struct_init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    let total = args.all().len();
    if total > 1 {
        let msg = format!("Struct() takes at most 1 argument ({total} given)");
        return Err(cx.type_error(&msg));
    }
    for (n, _) in args.kw() {
        if !StrObj::of(n).is_some_and(|n| n.eq_str("format")) {
            return Err(cx.type_error("Struct() missing required argument 'format' (pos 1)"));
        }
    }
    let Some(f) = args.all().first() else {
        return Err(cx.type_error("Struct() missing required argument 'format' (pos 1)"));
    };
    let text = format_text(cx, *f)?;
    let f = parse(cx, &text)?;
    let old = this(cx, v)?.format.with(|slot| slot.replace(f));
    drop(old);
    Ok(())
}

fn struct_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let f = ready(cx, v)?;
    let text = cx.str(&String::from_utf8_lossy(&f.text));
    let text = vm::repr_text(cx, text)?;
    let name = cx.type_name(v);
    Ok(cx.str(&format!("{name}({text})")))
}

// ---------------------------------------------------------------------------------------------------- iterator

/// Iterator over the structs in a bytes object.
struct Iter {
    format: Arc<Format>,
    bytes: Slot,
    at: AtomicUsize,
}

impl Payload for Iter {
    const NAME: &'static str = "unpack_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.bytes);
    }
}

static ITERATOR: TypeSpec = TypeSpec {
    name: "unpack_iterator",
    module: "_struct",
    layout: Layout::Native,
    vt: Some(<Iter as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(|_, v| Ok(v)), iternext: Some(iter_next), ..SlotSpec::NONE },
    methods: methods![
        /// The number of structs left.
        "__length_hint__(self, /)" => |cx, a| {
            let n = a[0].native::<Iter>().map_or(0, |i| {
                let len = i.bytes.get().and_then(BytesObj::of).map_or(0, |b| b.bytes().len());
                len.saturating_sub(i.at.load(Ordering::Relaxed)) / i.format.size.max(1)
            });
            Ok(cx.int_usize(n))
        };
    ],
    ..TypeSpec::BASE
};

fn iter_unpack(cx: &mut Ctx, f: Arc<Format>, buffer: Value) -> PyResult {
    if f.size == 0 {
        return Err(struct_error(cx, "cannot iteratively unpack with a struct of length 0"));
    }
    let b = vm::bytes_like(cx, buffer)?;
    if b.len() % f.size != 0 {
        let msg = format!("iterative unpacking requires a buffer of a multiple of {} bytes", f.size);
        return Err(struct_error(cx, &msg));
    }
    let bytes = match BytesObj::of(buffer) {
        Some(_) => buffer,
        None => cx.bytes(&b)?,
    };
    let state = cx.space().state::<State>();
    let Some(t) = state.iterator.get().and_then(TypeObj::of) else {
        return Err(cx.raise_str(Ty::SystemError, "the module _struct is not initialised"));
    };
    Ok(cx.new_native(t, Iter { format: f, bytes: Slot::new(bytes), at: AtomicUsize::new(0) }))
}

fn iter_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let Some(it) = v.native::<Iter>() else { return Ok(None) };
    let Some(bytes) = it.bytes.get() else { return Ok(None) };
    let size = it.format.size;
    let at = it.at.fetch_add(size, Ordering::Relaxed);
    let part = BytesObj::of(bytes).and_then(|b| b.bytes().get(at..at.checked_add(size)?));
    let Some(part) = part else {
        cx.store_empty(v, &it.bytes);
        return Ok(None);
    };
    let r = pack::unpack(cx, &it.format, part)?;
    vm::keep_alive(bytes);
    Ok(Some(r))
}
