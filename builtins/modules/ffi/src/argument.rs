//! `CArgObject`: what `byref` and `from_param` answer.

use crate::info::simple_ffi;
use crate::state::{T, ty};
use crate::{codes, data};
use libffi_sys as ffi;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Value};
use protopy_vm::{TypeSpec, getsets, lookup_attr_str, ops};

/// Bytes that hold any simple value.
pub(crate) const ROOM: usize = 32;

/// Memory for a value, aligned for every type.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct Room(pub(crate) [u8; ROOM]);

/// A converted argument.
pub(crate) struct Argument {
    /// Letter of the type.
    pub(crate) tag: u8,
    pub(crate) value: Room,
    /// What has to live as long as the argument.
    obj: Slot,
}

impl Payload for Argument {
    const NAME: &'static str = "CArgObject";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.obj);
    }
}

impl Argument {
    /// The object behind the argument.
    pub(crate) fn object(&self) -> Option<Value> {
        self.obj.get()
    }

    /// The type that it is passed as.
    pub(crate) fn ffi_type(&self) -> *mut ffi::ffi_type {
        simple_ffi(self.tag)
    }
}

/// The type.
pub(crate) static ARGUMENT: TypeSpec = TypeSpec {
    name: "CArgObject",
    module: "_ctypes",
    layout: Layout::Native,
    vt: Some(<Argument as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(repr), ..SlotSpec::NONE },
    getsets: getsets![
        /// the wrapped object
        member "_obj" => |_, v| Ok(v.native::<Argument>().map_or(Value::NONE, |a| a.obj.get_or_none()));
    ],
    ..TypeSpec::BASE
};

/// A new argument.
pub(crate) fn new(cx: &mut Ctx, tag: u8, value: Room, obj: Option<Value>) -> Value {
    let t = ty(cx, T::Argument);
    cx.new_native(t, Argument { tag, value, obj: Slot::from_option(obj) })
}

/// An address as an argument.
pub(crate) fn address(cx: &mut Ctx, tag: u8, p: u64, obj: Option<Value>) -> Value {
    let mut room = Room([0; ROOM]);
    room.0[..8].copy_from_slice(&p.to_ne_bytes());
    new(cx, tag, room, obj)
}

/// `byref(obj)`
pub(crate) fn byref(cx: &mut Ctx, v: Value, offset: isize) -> Value {
    let p = data::of(v).map_or(0, |d| (d.ptr() as u64).wrapping_add(offset as u64));
    address(cx, b'P', p, Some(v))
}

/// The attribute `_as_parameter_`.
pub(crate) fn as_parameter(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    lookup_attr_str(cx, v, "_as_parameter_")
}

fn repr(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(a) = this.native::<Argument>() else { return Ok(Value::NONE) };
    let tag = char::from(a.tag);
    let text = match a.tag {
        b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'd' | b'f' => {
            // SAFETY: the room holds any simple value.
            let v = unsafe { codes::load(cx, a.tag, false, a.value.0.as_ptr()) }?;
            format!("<cparam '{tag}' ({})>", ops::repr_text(cx, v)?)
        }
        b'c' => match a.value.0[0] {
            c if c.is_ascii_graphic() || c == b' ' => match c {
                b'\'' | b'\\' => format!("<cparam '{tag}' ('\\{}')>", char::from(c)),
                _ => format!("<cparam '{tag}' ('{}')>", char::from(c)),
            },
            c => format!("<cparam '{tag}' ('\\x{c:02x}')>"),
        },
        b'z' | b'Z' | b'P' => {
            // SAFETY: as above.
            let p = unsafe { codes::load_bits(a.value.0.as_ptr(), 8, false) };
            format!("<cparam '{tag}' ({p:#x})>")
        }
        _ => format!("<cparam '{tag}' at {:#x}>", this.bits()),
    };
    Ok(cx.str(&text))
}
