//! `_csv`: reading and writing delimited text.

mod dialect;
mod reader;
mod writer;

use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};
use std::sync::atomic::{AtomicI64, Ordering};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_csv",
    doc: "CSV parsing and writing.\n",
    functions: methods![functions:
        /// A reader over an iterable of lines.
        ///
        /// Each row that it gives is a list of fields.
        raw "reader(iterable, /, dialect='excel', **fmtparams)" => |cx, _, args| reader::make(cx, args);
        /// A writer to an object that has a method `write`.
        raw "writer(fileobj, /, dialect='excel', **fmtparams)" => |cx, _, args| writer::make(cx, args);
        /// The names of all registered dialects.
        "list_dialects()" => list_dialects;
        /// Gives a dialect a name.
        raw "register_dialect(name, /, dialect='excel', **fmtparams)" => |cx, _, args| register_dialect(cx, args);
        /// Deletes the dialect of a name.
        "unregister_dialect(name)" => unregister_dialect;
        /// The dialect of a name.
        "get_dialect(name)" => |cx, a| get_dialect(cx, a[0]);
        /// The largest number of characters of a field, which may be set.
        "field_size_limit(new_limit=<unrepresentable>)" => field_size_limit;
    ],
    init: Some(init),
};

/// What the module remembers of a space.
struct State {
    error: Slot,
    dialects: Slot,
    dialect_type: Slot,
    reader_type: Slot,
    writer_type: Slot,
    field_limit: AtomicI64,
}

impl Default for State {
    fn default() -> State {
        State {
            error: Slot::empty(),
            dialects: Slot::empty(),
            dialect_type: Slot::empty(),
            reader_type: Slot::empty(),
            writer_type: Slot::empty(),
            field_limit: AtomicI64::new(128 * 1024),
        }
    }
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.error, &self.dialects, &self.dialect_type, &self.reader_type, &self.writer_type] {
            t.slot(s);
        }
    }
}

static ERROR: TypeSpec = TypeSpec {
    name: "Error",
    module: "_csv",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};

/// How fields are quoted: the values of `quoting`.
mod quoting {
    pub(super) const MINIMAL: i32 = 0;
    pub(super) const ALL: i32 = 1;
    pub(super) const NONNUMERIC: i32 = 2;
    pub(super) const NONE: i32 = 3;
    pub(super) const STRINGS: i32 = 4;
    pub(super) const NOTNULL: i32 = 5;
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    // A module that is imported afresh shares types and registry with the first one.
    if state.error.get().is_none() {
        let base = cx.ty(Ty::Exception).value();
        let t = create_type_with_base(cx, &ERROR, base)?;
        state.error.init(Some(t));
        let d = cx.dict();
        state.dialects.init(Some(d));
        for (slot, spec) in [
            (&state.dialect_type, &dialect::DIALECT),
            (&state.reader_type, &reader::READER),
            (&state.writer_type, &writer::WRITER),
        ] {
            let t = create_type(cx, spec)?;
            slot.init(Some(t));
        }
    }
    for (n, v) in [
        ("Error", &state.error),
        ("_dialects", &state.dialects),
        ("Dialect", &state.dialect_type),
        ("Reader", &state.reader_type),
        ("Writer", &state.writer_type),
    ] {
        vm::set_attr_str(cx, module, n, v.get_or_none())?;
    }
    for (n, v) in [
        ("QUOTE_MINIMAL", quoting::MINIMAL),
        ("QUOTE_ALL", quoting::ALL),
        ("QUOTE_NONNUMERIC", quoting::NONNUMERIC),
        ("QUOTE_NONE", quoting::NONE),
        ("QUOTE_STRINGS", quoting::STRINGS),
        ("QUOTE_NOTNULL", quoting::NOTNULL),
    ] {
        vm::set_attr_str(cx, module, n, Value::small(i64::from(v)))?;
    }
    Ok(())
}

/// Raises `_csv.Error`.
#[cold]
fn error(cx: &mut Ctx, msg: &str) -> Raised {
    let t = cx.space().state::<State>().error.get_or_none();
    let m = cx.str(msg);
    vm::raise_class(cx, t, &[m])
}

fn registry(cx: &mut Ctx) -> PyResult<&'static DictObj> {
    match DictObj::of(cx.space().state::<State>().dialects.get_or_none()) {
        Some(d) => Ok(d),
        None => Err(error(cx, "no dialects")),
    }
}

fn get_dialect(cx: &mut Ctx, name: Value) -> PyResult {
    let d = registry(cx)?;
    match vm::dict_get(cx, d, name)? {
        Some(v) => Ok(v),
        None => Err(error(cx, "unknown dialect")),
    }
}

fn list_dialects(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let d = registry(cx)?;
    let d = d.value();
    Ok(vm::to_vec(cx, d)?.into_list())
}

fn unregister_dialect(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = registry(cx)?;
    match vm::dict_del(cx, d, a[0])? {
        Some(_) => Ok(Value::NONE),
        None => Err(error(cx, "unknown dialect")),
    }
}

/// The positional arguments of `reader`, `writer` and `register_dialect`: an object and perhaps a dialect.
fn object_and_dialect(cx: &mut Ctx, function: &str, args: Args<'_>) -> PyResult<(Value, Option<Value>)> {
    match args.pos() {
        [] => Err(cx.type_error(&format!("{function} expected at least 1 argument, got 0"))),
        [o] => Ok((*o, None)),
        [o, d] => Ok((*o, Some(*d))),
        more => Err(cx.type_error(&format!("{function} expected at most 2 arguments, got {}", more.len()))),
    }
}

fn register_dialect(cx: &mut Ctx, args: Args<'_>) -> PyResult {
    let (name, base) = object_and_dialect(cx, "register_dialect", args)?;
    if StrObj::of(name).is_none() {
        return Err(cx.type_error("dialect name must be a string"));
    }
    let made = dialect::from_params(cx, base, args)?;
    let d = registry(cx)?;
    vm::dict_set(cx, d, name, made)?;
    Ok(Value::NONE)
}

fn field_size_limit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let state = cx.space().state::<State>();
    let old = state.field_limit.load(Ordering::Relaxed);
    if let Some(v) = a[0].bound() {
        if !cx.is_exact(v, Ty::Int) {
            return Err(cx.type_error("limit must be an integer"));
        }
        match IntRef::of(v).and_then(IntRef::to_i64) {
            Some(n) => state.field_limit.store(n, Ordering::Relaxed),
            None => {
                return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t"));
            }
        }
    }
    Ok(cx.int(old))
}
