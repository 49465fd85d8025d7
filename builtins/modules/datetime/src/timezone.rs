//! `timezone`: a fixed offset from UTC.

use crate::args::{Params, shown_type};
use crate::datetime::{self, DateTime};
use crate::delta::{self, Delta};
use crate::iso::Text;
use crate::tzinfo::{bad_offset, fromutc_arg};
use crate::{Family, family, family_of, make as objects, type_in};
use protopy_text::StrRef;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, TypeObj, Value,
};
use protopy_vm::{self as vm, TypeSpec, methods};

/// A fixed offset.
pub struct Zone {
    /// A timedelta.
    pub offset: Slot,
    /// The name that was given, if one was.
    pub name: Slot,
}

impl Payload for Zone {
    const NAME: &'static str = "timezone";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.offset);
        t.slot(&self.name);
    }
}

/// The type.
pub static TIMEZONE: TypeSpec = TypeSpec {
    name: "timezone",
    module: "datetime",
    layout: Layout::Native,
    vt: Some(<Zone as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(zone_new),
        repr: Some(zone_repr),
        str: Some(|cx, v| {
            let z = this(cx, v)?;
            name(cx, z)
        }),
        hash: Some(|cx, v| {
            let offset = this(cx, v)?.offset.get_or_none();
            delta::delta_hash(cx, offset)
        }),
        compare: Some(zone_compare),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    doc: "Fixed offset from UTC implementation of tzinfo.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// If name is specified when timezone is created, returns the name.  Otherwise returns offset as 'UTC(+|-)HH:MM'.
    "tzname(self, object, /)" => |cx, a| {
        check_arg(cx, a[1], "tzname")?;
        let z = this(cx, a[0])?;
        name(cx, z)
    };
    /// Return fixed offset.
    "utcoffset(self, object, /)" => |cx, a| {
        check_arg(cx, a[1], "utcoffset")?;
        Ok(this(cx, a[0])?.offset.get_or_none())
    };
    /// Return None.
    "dst(self, object, /)" => |cx, a| {
        check_arg(cx, a[1], "dst")?;
        Ok(Value::NONE)
    };
    /// datetime in UTC -> datetime in local time.
    "fromutc(self, object, /)" => |cx, a| {
        fromutc_arg(cx, a[0], a[1])?;
        let offset = this(cx, a[0])?.offset.get_or_none();
        datetime::shifted(cx, a[1], offset, false)
    };
    /// pickle support
    "__getinitargs__(self, /)" => |cx, a| {
        let z = this(cx, a[0])?;
        let offset = z.offset.get_or_none();
        match z.name.get() {
            Some(n) => cx.tuple_of(None, &[offset, n]),
            None => cx.tuple_of(None, &[offset]),
        }
    };
];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Zone> {
    match v.native::<Zone>() {
        Some(z) => Ok(z),
        None => Err(cx.type_error("not a timezone")),
    }
}

fn check_arg(cx: &mut Ctx, v: Value, method: &str) -> PyResult<()> {
    if v.is_none() || v.native::<DateTime>().is_some() {
        return Ok(());
    }
    let msg =
        format!("{method}(dt) argument must be a datetime instance or None, not {}", vm::tp_name(cx, v));
    Err(cx.type_error(&msg))
}

/// A new object.
pub fn alloc(cx: &mut Ctx, ty: &TypeObj, offset: Value, name: Option<Value>) -> Value {
    cx.new_native(ty, Zone { offset: Slot::new(offset), name: Slot::from_option(name) })
}

/// The time zone of an offset; UTC itself for none without a name.
pub fn make(cx: &mut Ctx, f: &Family, offset: Value, name: Option<Value>) -> PyResult {
    let Some(d) = offset.native::<Delta>() else { return Err(cx.type_error("not a timedelta")) };
    if name.is_none() && d.key() == (0, 0, 0) {
        return Ok(f.utc.get_or_none());
    }
    if !d.is_offset() {
        return Err(bad_offset(cx, offset));
    }
    let ty = type_in(cx, &f.timezone)?;
    Ok(alloc(cx, ty, offset, name))
}

const PARAMS: Params =
    Params { function: "timezone", names: &["offset", "name"], required: 1, positional: 2 };

fn zone_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let ty = objects::class_arg(cx, class)?;
    let f = family_of(cx, ty)?;
    let mut given = [None; 2];
    PARAMS.parse(cx, args, |cx, i, v| {
        let good = if i == 0 { v.native::<Delta>().is_some() } else { StrObj::of(v).is_some() };
        if !good {
            let wanted = if i == 0 { "datetime.timedelta" } else { "str" };
            let msg = format!("timezone() argument {} must be {wanted}, not {}", i + 1, shown_type(cx, v));
            return Err(cx.type_error(&msg));
        }
        given[i] = Some(v);
        Ok(())
    })?;
    make(cx, f, given[0].unwrap_or(Value::NONE), given[1])
}

/// The name that was given, or one made of the offset.
pub fn name(cx: &mut Ctx, z: &Zone) -> PyResult {
    if let Some(n) = z.name.get() {
        return Ok(n);
    }
    let us = z.offset.get().and_then(|d| d.native::<Delta>()).map_or(0, Delta::short);
    let mut text = Text::default();
    text.str("UTC");
    if us != 0 {
        text.offset(us, ":");
    }
    cx.str_from(StrRef::Latin1(text.bytes()))
}

fn zone_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let z = this(cx, v)?;
    let f = family(cx, v)?;
    if f.utc.get_or_none().is(v) {
        return Ok(cx.str("datetime.timezone.utc"));
    }
    let class = vm::tp_name(cx, v);
    let offset = vm::repr_text(cx, z.offset.get_or_none())?;
    match z.name.get() {
        Some(n) => {
            let n = vm::repr_text(cx, n)?;
            Ok(cx.str(&format!("{class}({offset}, {n})")))
        }
        None => Ok(cx.str(&format!("{class}({offset})"))),
    }
}

fn zone_compare(_: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let key = |v: Value| v.native::<Zone>()?.offset.get()?.native::<Delta>().map(Delta::key);
    match (key(a), key(b), op) {
        (Some(x), Some(y), CmpOp::Eq) => Ok(Value::bool(x == y)),
        (Some(x), Some(y), CmpOp::Ne) => Ok(Value::bool(x != y)),
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}
