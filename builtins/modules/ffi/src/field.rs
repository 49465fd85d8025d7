//! `CField`: the descriptor of a field.

use crate::codes;
use crate::data;
use crate::info::{self, Kind};
use crate::state::{T, text, ty};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{TypeSpec, call_def, errors, getsets, index_i64, is_true, methods, ops};
use std::sync::atomic::{AtomicBool, Ordering};

/// How a field is read and written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// As its type.
    Plain,
    /// As bytes up to a zero.
    Chars,
    /// As a str up to a zero.
    Wides,
}

/// The descriptor's content.
pub(crate) struct Field {
    pub(crate) name: Slot,
    pub(crate) proto: Slot,
    pub(crate) index: usize,
    pub(crate) offset: usize,
    pub(crate) size: usize,
    /// Bits and position of the lowest one, of a bit field.
    pub(crate) bits: Option<(u32, u32)>,
    access: Access,
    pub(crate) anonymous: AtomicBool,
}

impl Payload for Field {
    const NAME: &'static str = "CField";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.name);
        t.slot(&self.proto);
    }
}

/// `_ctypes.CField`
pub(crate) static FIELD: TypeSpec = TypeSpec {
    name: "CField",
    module: "ctypes",
    layout: Layout::Native,
    vt: Some(<Field as NativeLayout>::VT),
    flags: type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(new),
        repr: Some(repr),
        descr_get: Some(get),
        descr_set: Some(set),
        ..SlotSpec::NONE
    },
    getsets: getsets![
        /// name of this field
        member "name" => |_, v| Ok(of(v).map_or(Value::NONE, |f| f.name.get_or_none()));
        /// type of this field
        member "type" => |_, v| Ok(of(v).map_or(Value::NONE, |f| f.proto.get_or_none()));
        /// offset in bytes of this field (same as byte_offset)
        member "offset" => |cx, v| Ok(cx.int_usize(of(v).map_or(0, |f| f.offset)));
        /// offset in bytes of this field. For bitfields: excludes bit_offset.
        member "byte_offset" => |cx, v| Ok(cx.int_usize(of(v).map_or(0, |f| f.offset)));
        /// size of this field in bytes
        member "byte_size" => |cx, v| Ok(cx.int_usize(of(v).map_or(0, |f| f.size)));
        /// additional offset in bits (relative to byte_offset); zero for non-bitfields
        member "bit_offset" => |cx, v| Ok(cx.int(of(v).and_then(|f| f.bits).map_or(0, |b| b.1.into())));
        /// size in bytes of this field. For bitfields, this is a legacy packed value; use byte_size instead
        "size" => |cx, v| Ok(match of(v) {
            Some(Field { bits: Some((n, at)), .. }) => cx.int(i64::from(*n) << 16 | i64::from(*at)),
            f => cx.int_usize(f.map_or(0, |f| f.size)),
        });
        /// size of this field in bits
        "bit_size" => |cx, v| Ok(match of(v) {
            Some(Field { bits: Some((n, _)), .. }) => cx.int((*n).into()),
            f => cx.bigint(num_bigint::BigInt::from(f.map_or(0, |f| f.size)) * 8),
        });
        /// true if this is a bitfield
        "is_bitfield" => |_, v| Ok(Value::bool(of(v).is_some_and(|f| f.bits.is_some())));
        /// true if this field is anonymous
        "is_anonymous" => |_, v| Ok(Value::bool(of(v).is_some_and(|f| f.anonymous.load(Ordering::Relaxed))));
    ],
    doc: "Structure/Union member",
    ..TypeSpec::BASE
};

/// The content of a descriptor.
pub(crate) fn of(v: Value) -> Option<&'static Field> {
    v.native::<Field>()
}

fn new(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    static SIG: &[MethodDef] = methods![functions:
        /// Binds the constructor's arguments.
        "CField(*, name, type, byte_size, byte_offset, index, _internal_use, bit_size=None, bit_offset=None)" => make;
    ];
    match SIG.first() {
        Some(def) => call_def(cx, def, None, args),
        None => Ok(Value::NONE),
    }
}

fn natural(cx: &mut Ctx, v: Value, what: &str) -> PyResult<usize> {
    let n = index_i64(cx, v, Ty::OverflowError)?;
    match usize::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.value_error(&format!("{what} must be non-negative"))),
    }
}

fn make(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let [name, proto, size, offset, index, internal, bit_size, bit_offset] = *a else {
        return Ok(Value::NONE);
    };
    if !is_true(cx, internal)? {
        return Err(cx.type_error("CField is not intended to be used directly"));
    }
    if StrObj::of(name).is_none() {
        let msg = format!("CField() argument 'name' must be str, not {}", ops::tp_name(cx, name));
        return Err(cx.type_error(&msg));
    }
    let Some(i) = info::of_class(proto) else {
        let shown = ops::repr_text(cx, name)?;
        return Err(cx.type_error(&format!("type of field {shown} must be a C type")));
    };
    let size = natural(cx, size, "byte_size")?;
    let offset = natural(cx, offset, "byte_offset")?;
    let index = natural(cx, index, "index")?;
    if size != i.size {
        return Err(cx.value_error("byte_size does not match type size"));
    }
    let bits = if bit_size.is_none() {
        None
    } else {
        let n = natural(cx, bit_size, "bit_size")?;
        let at = natural(cx, bit_offset, "bit_offset")?;
        if i.kind != Kind::Simple || !codes::is_integer(i.code) {
            let t = TypeObj::of(proto).map_or_else(String::new, errors::type_text);
            return Err(cx.type_error(&format!("bit fields not allowed for type {t}")));
        }
        if n == 0 {
            let shown = ops::repr_text(cx, name)?;
            return Err(cx.value_error(&format!("number of bits invalid for bit field {shown}")));
        }
        if n.checked_add(at).is_none_or(|end| end > size * 8) {
            let shown = ops::repr_text(cx, name)?;
            let all = size * 8;
            return Err(cx.value_error(&format!("bit field {shown} overflows its type ({at} + {n} > {all})")));
        }
        Some((n as u32, at as u32))
    };
    let name = cx.intern(name);
    let access = match i.proto.get().filter(|_| i.kind == Kind::Array).and_then(info::of_class) {
        Some(item) if item.converts() && item.code == b'c' => Access::Chars,
        Some(item) if item.converts() && item.code == b'u' => Access::Wides,
        _ => Access::Plain,
    };
    let t = ty(cx, T::Field);
    Ok(cx.new_native(
        t,
        Field {
            name: Slot::new(name),
            proto: Slot::new(proto),
            index,
            offset,
            size,
            bits,
            access,
            anonymous: AtomicBool::new(false),
        },
    ))
}

/// The field of an anonymous member as one of the struct around it.
pub(crate) fn moved(cx: &mut Ctx, f: &Field, index: usize, offset: usize) -> Value {
    let t = ty(cx, T::Field);
    cx.new_native(
        t,
        Field {
            name: Slot::from_option(f.name.get()),
            proto: Slot::from_option(f.proto.get()),
            index: f.index.saturating_add(index),
            offset: f.offset.saturating_add(offset),
            size: f.size,
            bits: f.bits,
            access: f.access,
            anonymous: AtomicBool::new(false),
        },
    )
}

fn repr(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(f) = of(this) else { return Ok(Value::NONE) };
    let name = f.name.get_or_none();
    let shown = ops::repr_text(cx, name)?;
    let proto = f.proto.get().and_then(TypeObj::of).map_or_else(String::new, errors::type_text);
    let tail = match f.bits {
        Some((n, at)) => format!("bit_size={n}, bit_offset={at}"),
        None => String::new(),
    };
    let text = if f.bits.is_some() {
        format!("<ctypes.CField {shown} type={proto}, ofs={}, {tail}>", f.offset)
    } else {
        format!("<ctypes.CField {shown} type={proto}, ofs={}, size={}>", f.offset, f.size)
    };
    Ok(cx.str(&text))
}

/// The field's memory in an instance.
fn place(cx: &mut Ctx, f: &Field, obj: Value) -> PyResult<*mut u8> {
    let Some(d) = data::of(obj) else { return Err(cx.type_error("not a ctype instance")) };
    match d.part(f.offset, f.size) {
        Some(p) => Ok(p),
        None => {
            let msg = format!("field '{}' lies outside of the object", text(f.name.get_or_none()));
            Err(cx.value_error(&msg))
        }
    }
}

fn get(cx: &mut Ctx, this: Value, obj: Option<Value>, _: Value) -> PyResult {
    let (Some(obj), Some(f)) = (obj, of(this)) else { return Ok(this) };
    let p = place(cx, f, obj)?;
    let proto = f.proto.get_or_none();
    // SAFETY: the place is the field's, which lies in the object.
    unsafe {
        if let Some((n, at)) = f.bits
            && let Some(i) = info::of_class(proto)
        {
            let bits = codes::load_bits(p, f.size, i.swapped) >> at;
            if i.code == b'?' {
                return Ok(Value::bool(bits & 1 != 0));
            }
            return Ok(codes::int_value(cx, bits, n, codes::is_signed(i.code)));
        }
        match f.access {
            Access::Plain => data::get(cx, proto, obj, f.index, p),
            Access::Chars => codes::load_chars(cx, p, f.size),
            Access::Wides => codes::load_wides(cx, p, f.size),
        }
    }
}

fn set(cx: &mut Ctx, this: Value, obj: Value, v: Option<Value>) -> PyResult<()> {
    let Some(f) = of(this) else { return Ok(()) };
    if data::of(obj).is_none() {
        return Err(cx.type_error("not a ctype instance"));
    }
    let Some(v) = v else { return Err(cx.type_error("can't delete attribute")) };
    let proto = f.proto.get_or_none();
    let p = place(cx, f, obj)?;
    // SAFETY: as in `get`. The conversion may run Python code, but the object's memory stays mapped.
    unsafe {
        if let Some((n, at)) = f.bits
            && let Some(i) = info::of_class(proto)
        {
            let new = if i.code == b'?' { u64::from(is_true(cx, v)?) } else { codes::int_bits(cx, v)? };
            let mask = (u64::MAX >> (64 - n)) << at;
            let old = codes::load_bits(p, f.size, i.swapped);
            codes::store_bits(p, f.size, i.swapped, old & !mask | new << at & mask);
            return Ok(());
        }
        match f.access {
            Access::Plain => data::set(cx, obj, proto, v, f.index, p),
            Access::Chars => codes::store_chars(cx, p, f.size, v).map(drop),
            Access::Wides => codes::store_wides(cx, p, f.size, v).map(drop),
        }
    }
}
