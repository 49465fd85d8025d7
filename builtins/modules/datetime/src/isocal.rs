//! `IsoCalendarDate`: what `isocalendar()` answers, a tuple whose items have names.

use crate::{Family, args, args::Params, type_in};
use protopy_vm::protocore::layouts::{MethodDef, TupleObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets, methods};

/// The type.
pub static ISO: TypeSpec = TypeSpec {
    name: "IsoCalendarDate",
    module: "datetime",
    layout: Layout::Tuple,
    slots: SlotSpec { new: Some(iso_new), repr: Some(iso_repr), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "The result of date.isocalendar() or datetime.isocalendar()\n\nThis object may be accessed either as a tuple of\n  ((year, \
          week, weekday)\nor via the object attributes as named in the above tuple.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// __reduce__() -> (cls, state)
    "__reduce__(self, /)" => |cx, a| {
        // The class cannot be imported: a plain tuple takes its place.
        let tuple = cx.ty(Ty::Tuple).value();
        let items = TupleObj::of(a[0]).map_or(&[][..], |t| t.items());
        let plain = cx.tuple_of(None, items)?;
        let args = cx.tuple_of(None, &[plain])?;
        cx.tuple_of(None, &[tuple, args])
    };
];

static GETSETS: &[GetSetDef] = getsets![
    "year" => |_, v| Ok(item(v, 0));
    "week" => |_, v| Ok(item(v, 1));
    "weekday" => |_, v| Ok(item(v, 2));
];

fn item(v: Value, i: usize) -> Value {
    TupleObj::of(v).and_then(|t| t.items().get(i).copied()).unwrap_or(Value::NONE)
}

/// A result.
pub fn make(cx: &mut Ctx, f: &Family, (year, week, day): (i32, i32, i32)) -> PyResult {
    let ty = type_in(cx, &f.iso)?;
    cx.tuple_of(Some(ty), &[year, week, day].map(|n| Value::small(i64::from(n))))
}

const PARAMS: Params =
    Params { function: "IsoCalendarDate", names: &["year", "week", "weekday"], required: 3, positional: 3 };

fn iso_new(cx: &mut Ctx, class: Value, a: Args<'_>) -> PyResult {
    let ty = crate::make::class_arg(cx, class)?;
    let mut items = [Value::small(0); 3];
    PARAMS.parse(cx, a, |cx, i, v| {
        items[i] = Value::small(i64::from(args::c_int(cx, v)?));
        Ok(())
    })?;
    cx.tuple_of(Some(ty), &items)
}

fn iso_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let mut shown = Vec::new();
    for i in 0..3 {
        let s = vm::str(cx, item(v, i))?;
        shown.push(vm::str_text(cx, s)?);
    }
    let name = vm::tp_name(cx, v);
    Ok(cx.str(&format!("{name}(year={}, week={}, weekday={})", shown[0], shown[1], shown[2])))
}
