//! `cell`: a variable shared by functions.

use protopy_vm::protocore::layouts::CellObj;
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, ops};

static GETSETS: &[GetSetDef] = getsets![
    /// The variable's value.
    "cell_contents" => get_contents, set_contents;
];

pub(super) static CELL: TypeSpec = TypeSpec {
    ty: Some(Ty::Cell),
    name: "cell",
    layout: Layout::Cell,
    slots: SlotSpec {
        new: Some(cell_new),
        repr: Some(cell_repr),
        compare: Some(cell_compare),
        ..SlotSpec::NONE
    },
    getsets: GETSETS,
    doc: "Makes a cell.\n\n  contents\n    its content; without it the cell is empty, and reading it raises ValueError",
    sig: Some("([contents])"),
    ..TypeSpec::BASE
};

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static CellObj> {
    match CellObj::of(v) {
        Some(c) => Ok(c),
        None => Err(cx.type_error("descriptor requires a 'cell' object")),
    }
}

fn content(c: &CellObj) -> Option<Value> {
    c.content.get().and_then(Value::bound)
}

fn cell_new(cx: &mut Ctx, _class: Value, args: Args<'_>) -> PyResult {
    if args.nkw() != 0 {
        return Err(cx.type_error("cell() takes no keyword arguments"));
    }
    match args.pos() {
        [] => Ok(cx.cell(None)),
        [one] => Ok(cx.cell(Some(*one))),
        more => {
            let msg = format!("cell expected at most 1 argument, got {}", more.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn cell_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this(cx, v)?;
    let text = match content(c) {
        Some(o) => format!("<cell at {:#x}: {} object at {:#x}>", v.bits(), cx.type_name(o), o.bits()),
        None => format!("<cell at {:#x}: empty>", v.bits()),
    };
    Ok(cx.str(&text))
}

/// Cells compare as their contents; an empty cell is less than any other.
fn cell_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (CellObj::of(a), CellObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    match (content(x), content(y)) {
        (Some(x), Some(y)) => ops::compare(cx, x, y, op),
        (x, y) => Ok(Value::bool(op.holds(x.is_some().cmp(&y.is_some())))),
    }
}

fn get_contents(cx: &mut Ctx, v: Value) -> PyResult {
    match content(this(cx, v)?) {
        Some(o) => Ok(o),
        None => Err(cx.value_error("Cell is empty")),
    }
}

fn set_contents(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let c = this(cx, v)?;
    match new {
        Some(o) => cx.store(v, &c.content, o),
        None => cx.store_empty(v, &c.content),
    }
    Ok(())
}
