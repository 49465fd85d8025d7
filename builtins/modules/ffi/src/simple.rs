//! `_SimpleCData` and its metaclass.

use crate::argument::{self, Argument, ROOM, Room, as_parameter};
use crate::codes;
use crate::data::{self, CData};
use crate::info::{self, Info, Kind, flag};
use crate::meta::{self, attach, begin, class_attr};
use crate::state::{T, attribute_error, ty};
use protopy_vm::protocore::layouts::{BytesObj, IntRef, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::set_type_attr;
use protopy_vm::{TypeSpec, errors, getsets, methods, ops, set_attr_str};

meta::metaclass!(
    /// `PyCSimpleType`
    META, "PyCSimpleType", init_class, methods![
        /// Converts a Python object into a function call parameter.
        "from_param(self, value, /)" => |cx, a| from_param(cx, a[0], a[1]);
    ], None
);

/// `_ctypes._SimpleCData`
pub(crate) static SIMPLE: TypeSpec = TypeSpec {
    name: "_SimpleCData",
    module: "_ctypes",
    layout: Layout::Native,
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(data::generic_new),
        init: Some(init),
        repr: Some(repr),
        bool: Some(truth),
        ..SlotSpec::NONE
    },
    methods: methods![
        "__ctypes_from_outparam__(self, /)" => out_param;
    ],
    getsets: getsets![
        /// current value
        "value" => get_value, set_value;
    ],
    doc: "XXX to be provided",
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- classes

fn init_class(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let t = begin(cx, this, args)?;
    let Some(code) = class_attr(cx, t, "_type_")? else {
        return Err(attribute_error(cx, "class must define a '_type_' attribute"));
    };
    let Some(s) = StrObj::of(code) else {
        return Err(cx.type_error("class must define a '_type_' string attribute"));
    };
    let mut chars = s.str_ref().chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        let msg = "class must define a '_type_' attribute which must be a string of length 1";
        return Err(cx.value_error(msg));
    };
    let known = u8::try_from(c).ok().filter(|c| codes::ALL.as_bytes().contains(c));
    let Some(c) = known else {
        let msg = format!(
            "class must define a '_type_' attribute which must be\na single character string containing one of the\nsupported types: '{}'.",
            codes::ALL
        );
        return Err(attribute_error(cx, &msg));
    };
    let root = ty(cx, T::Simple);
    let plain = t.base.get().is_some_and(|b| b.is(root.value()));
    install(cx, t, code, c, false, plain)?;
    let from_param = match c {
        _ if !plain => None,
        b'z' => CHAR_P.first(),
        b'Z' => WCHAR_P.first(),
        b'P' => VOID_P.first(),
        _ => None,
    };
    if let Some(def) = from_param {
        let f = cx.native_fn(Ty::ClassMethodDescriptor, def, None, None, Some(this));
        let n = cx.intern_str("from_param");
        set_type_attr(cx, t, n, Some(f))?;
    }
    let direct = std::ptr::eq(cx.type_of(this), ty(cx, T::SimpleMeta));
    if direct && codes::swappable(c) {
        add_swapped(cx, t, args, code, c)?;
    }
    Ok(())
}

fn install(
    cx: &mut Ctx,
    t: &'static TypeObj,
    code: Value,
    c: u8,
    swapped: bool,
    plain: bool,
) -> PyResult<()> {
    let Some((size, align)) = codes::size_align(c) else { return Ok(()) };
    let mut i = Info::new(Kind::Simple);
    i.code = c;
    i.swapped = swapped;
    i.plain = plain;
    i.size = size;
    i.align = align;
    i.proto.init(Some(code));
    let order = if swapped != cfg!(target_endian = "big") { '>' } else { '<' };
    i.format = format!("{order}{}", char::from(codes::format_letter(c)));
    if codes::is_pointer(c) {
        i.set(flag::POINTER);
    }
    attach(cx, t, i);
    Ok(())
}

/// Makes the type of the other byte order, which the type names.
fn add_swapped(cx: &mut Ctx, t: &'static TypeObj, args: Args<'_>, code: Value, c: u8) -> PyResult<()> {
    let &[_, bases, ns] = args.pos() else { return Ok(()) };
    let name = cx.str(&format!(
        "{}_{}",
        errors::type_text(t),
        if cfg!(target_endian = "big") { "le" } else { "be" }
    ));
    let meta = cx.ty(Ty::Type).slots.new.get();
    let Some(new) = meta else { return Ok(()) };
    let other = new(cx, ty(cx, T::SimpleMeta).value(), Args::positional(&[name, bases, ns]))?;
    let Some(o) = TypeObj::of(other) else { return Ok(()) };
    // It shows its native twin's name.
    install(cx, o, code, c, true, true)?;
    let (native, swapped) = ("__ctype_le__", "__ctype_be__");
    for class in [t, o] {
        set_attr_str(cx, class.value(), native, t.value())?;
        set_attr_str(cx, class.value(), swapped, other)?;
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- parameters

/// `_SimpleCData.from_param` of most types.
pub(crate) fn from_param(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    if protopy_vm::is_instance(cx, v, class)? {
        return Ok(v);
    }
    let Some(i) = info::of_class(class) else { return Err(info::abstract_class(cx)) };
    if i.kind != Kind::Simple {
        return meta::data_from_param(cx, class, v);
    }
    let mut room = Room([0; ROOM]);
    // SAFETY: the room holds any simple value.
    let failed = match unsafe { codes::store(cx, i.code, i.swapped, room.0.as_mut_ptr(), v) } {
        Ok(keep) => return Ok(argument::new(cx, i.code, room, keep.not_none())),
        Err(r) => cx.take_raised(r),
    };
    match as_parameter(cx, v)? {
        Some(p) => {
            cx.check_native_stack(" while processing _as_parameter_")?;
            from_param(cx, class, p)
        }
        None => Err(cx.set_raised(failed)),
    }
}

static CHAR_P: &[MethodDef] = methods![
    /// Converts a Python object into a function call parameter.
    class "from_param(type, value, /)" => |cx, a| text_from_param(cx, a[0], a[1], b'z', b'c', "c_char_p");
];
static WCHAR_P: &[MethodDef] = methods![
    /// Converts a Python object into a function call parameter.
    class "from_param(type, value, /)" => |cx, a| text_from_param(cx, a[0], a[1], b'Z', b'u', "c_wchar_p");
];
static VOID_P: &[MethodDef] = methods![
    /// Converts a Python object into a function call parameter.
    class "from_param(type, value, /)" => |cx, a| void_from_param(cx, a[0], a[1]);
];

fn as_code(cx: &mut Ctx, code: u8, v: Value) -> PyResult {
    let mut room = Room([0; ROOM]);
    // SAFETY: the room holds any simple value.
    let keep = unsafe { codes::store(cx, code, false, room.0.as_mut_ptr(), v) }?;
    Ok(argument::new(cx, code, room, keep.not_none()))
}

/// Tries `_as_parameter_`; TypeError with the type's name else.
fn retry(cx: &mut Ctx, class: Value, v: Value, name: &str) -> PyResult {
    match as_parameter(cx, v)? {
        Some(p) => {
            cx.check_native_stack(" while processing _as_parameter_")?;
            protopy_vm::call_method(cx, class, "from_param", &[p])
        }
        None => {
            let msg = format!("'{}' object cannot be interpreted as ctypes.{name}", ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// Whether a value is an array of, or a pointer to, the simple type of a letter.
fn refers_to(cx: &Ctx, v: Value, code: u8) -> bool {
    data::of(v).is_some()
        && info::of_value(cx, v).is_some_and(|i| {
            matches!(i.kind, Kind::Array | Kind::Pointer)
                && i.proto.get().and_then(info::of_class).is_some_and(|p| p.code == code)
        })
}

fn text_from_param(cx: &mut Ctx, class: Value, v: Value, code: u8, item: u8, name: &str) -> PyResult {
    if v.is_none() {
        return Ok(v);
    }
    let is_text = if code == b'z' { BytesObj::of(v).is_some() } else { StrObj::of(v).is_some() };
    if is_text {
        return as_code(cx, code, v);
    }
    if protopy_vm::is_instance(cx, v, class)? || refers_to(cx, v, item) {
        return Ok(v);
    }
    if let Some(o) = v.native::<Argument>().and_then(Argument::object)
        && info::of_value(cx, o).is_some_and(|i| i.kind == Kind::Simple && i.code == item)
    {
        return Ok(v);
    }
    retry(cx, class, v, name)
}

fn void_from_param(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    if v.is_none() {
        return Ok(v);
    }
    if IntRef::of(v).is_some() {
        return as_code(cx, b'P', v);
    }
    if BytesObj::of(v).is_some() {
        return as_code(cx, b'z', v);
    }
    if StrObj::of(v).is_some() {
        return as_code(cx, b'Z', v);
    }
    if protopy_vm::is_instance(cx, v, class)? {
        return Ok(v);
    }
    if let Some(a) = v.native::<Argument>() {
        if a.tag == b'P' {
            return Ok(v);
        }
    } else if let (Some(d), Some(i)) = (data::of(v), info::of_value(cx, v)) {
        match i.kind {
            Kind::Array | Kind::Pointer => return Ok(v),
            Kind::Func => return Ok(argument::address(cx, b'P', d.target() as u64, Some(v))),
            Kind::Simple if matches!(i.code, b'z' | b'Z') => {
                return Ok(argument::address(cx, b'Z', d.target() as u64, Some(v)));
            }
            _ => {}
        }
    }
    retry(cx, class, v, "c_void_p")
}

// ---------------------------------------------------------------------------------------------------- instances

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if args.names().is_some() && !cx.type_of(this).has(type_flags::HEAP) {
        return Err(cx.type_error("_SimpleCData() takes no keyword arguments"));
    }
    match args.pos() {
        [] => Ok(()),
        [v] => set_value(cx, this, Some(*v)),
        more => {
            let msg = format!("__init__ expected at most 1 argument, got {}", more.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn get_value(cx: &mut Ctx, this: Value) -> PyResult {
    let (Some(d), Some(i)) = (data::of(this), info::of_value(cx, this)) else {
        return Err(info::abstract_class(cx));
    };
    match d.part(0, i.size) {
        // SAFETY: the memory is that large, and holds a value of the type.
        Some(p) if i.kind == Kind::Simple => unsafe { codes::load(cx, i.code, i.swapped, p) },
        _ => Err(info::abstract_class(cx)),
    }
}

fn set_value(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let Some(v) = v else { return Err(cx.type_error("can't delete attribute")) };
    let (Some(d), Some(i)) = (data::of(this), info::of_value(cx, this)) else {
        return Err(info::abstract_class(cx));
    };
    let Some(p) = d.part(0, i.size).filter(|_| i.kind == Kind::Simple) else {
        return Err(info::abstract_class(cx));
    };
    // SAFETY: the memory is that large.
    let keep = unsafe { codes::store(cx, i.code, i.swapped, p, v) }?;
    data::keep_ref(cx, this, 0, keep)
}

fn truth(cx: &mut Ctx, this: Value) -> PyResult<bool> {
    let d: Option<&CData> = data::of(this);
    let (Some(d), Some(i)) = (d, info::of_value(cx, this)) else { return Ok(false) };
    // SAFETY: the object has that many bytes.
    Ok(d.part(0, i.size)
        .is_some_and(|p| unsafe { std::slice::from_raw_parts(p, i.size) }.iter().any(|b| *b != 0)))
}

fn is_plain(cx: &Ctx, v: Value) -> bool {
    info::of_value(cx, v).is_some_and(Info::converts)
}

fn out_param(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if is_plain(cx, a[0]) { get_value(cx, a[0]) } else { Ok(a[0]) }
}

fn repr(cx: &mut Ctx, this: Value) -> PyResult {
    let text = if is_plain(cx, this) {
        let v = get_value(cx, this)?;
        format!("{}({})", ops::tp_name(cx, this), ops::repr_text(cx, v)?)
    } else {
        format!("<{} object at {:#x}>", ops::tp_name(cx, this), this.bits())
    };
    Ok(cx.str(&text))
}
