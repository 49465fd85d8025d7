//! `Pickler` and its memo's proxy.
//!
//! While a pickler works its table of numbers is with the saver: who comes meanwhile is told so. The objects stay where the collector and
//! the proxy see them.

use super::memo::{Memo, Table};
use super::save::Saver;
use super::worker::{self, Worker};
use super::{State, op, pickling_error, protocol_arg};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{ListObj, MethodDef, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, ValueVec, bind_arguments, getsets, methods};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};

/// A pickler; without a file until `__init__` ran.
pub struct Pickler {
    write: Slot,
    /// List of the objects in the memo.
    objects: Slot,
    buffer_callback: Slot,
    dispatch: Slot,
    /// `persistent_id` as set on the instance.
    persistent: Slot,
    proto: AtomicU8,
    fix_imports: AtomicBool,
    bin: AtomicI64,
    fast: AtomicI64,
    table: Guarded<Option<Table>>,
}

impl Default for Pickler {
    fn default() -> Pickler {
        Pickler {
            write: Slot::empty(),
            objects: Slot::empty(),
            buffer_callback: Slot::empty(),
            dispatch: Slot::empty(),
            persistent: Slot::empty(),
            proto: AtomicU8::new(5),
            fix_imports: AtomicBool::new(true),
            bin: AtomicI64::new(0),
            fast: AtomicI64::new(0),
            table: Guarded::new(Some(Table::default())),
        }
    }
}

impl Payload for Pickler {
    const NAME: &'static str = "Pickler";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.write, &self.objects, &self.buffer_callback, &self.dispatch, &self.persistent] {
            t.slot(s);
        }
    }
}

/// The type.
pub static PICKLER: TypeSpec = TypeSpec {
    name: "Pickler",
    module: "_pickle",
    layout: Layout::Native,
    vt: Some(<Pickler as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { init: Some(pickler_init), ..worker::slots::<Pickler>() },
    methods: METHODS,
    getsets: GETSETS,
    doc: "This takes a binary file for writing a pickle data stream.",
    sig: Some("(file, protocol=None, fix_imports=True, buffer_callback=None)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    "persistent_id(self, obj, /)" => |_, _| Ok(Value::NONE);
    /// Write a pickled representation of the given object to the open file.
    "dump(self, obj, /)" => |cx, a| dump(cx, a[0], a[1]);
    /// Clears the pickler's "memo".
    ///
    /// The memo is the data structure that remembers which objects the
    /// pickler has already seen, so that shared or recursive objects are
    /// pickled by reference and not by value.  This method is useful when
    /// re-using picklers.
    "clear_memo(self, /)" => |cx, a| { clear(cx, a[0])?; Ok(Value::NONE) };
    /// Returns size in memory, in bytes.
    "__sizeof__(self, /)" => |cx, a| {
        let p = this(cx, a[0])?;
        let n = p.objects.get().and_then(ListObj::of).map_or(0, ListObj::len);
        Ok(cx.int_usize(size_of::<Pickler>() + 16 + n * 40))
    };
];

static GETSETS: &[GetSetDef] = getsets![
    member "bin" => |cx, v| { let n = this(cx, v)?.bin.load(Ordering::Relaxed); Ok(cx.int(n)) },
        |cx, v, x| number(cx, v, x, |p| &p.bin);
    member "fast" => |cx, v| { let n = this(cx, v)?.fast.load(Ordering::Relaxed); Ok(cx.int(n)) },
        |cx, v, x| number(cx, v, x, |p| &p.fast);
    member "dispatch_table" => |cx, v| match this(cx, v)?.dispatch.get() {
            Some(d) => Ok(d),
            None => { let n = cx.intern_str("dispatch_table"); Err(vm::attr::no_attribute(cx, v, n)) }
        },
        |cx, v, x| {
            let p = this(cx, v)?;
            worker::store(cx, v, &p.dispatch, x);
            Ok(())
        };
    "memo" => |cx, v| worker::proxy::<Pickler>(cx, v), set_memo;
];

fn number(cx: &mut Ctx, v: Value, x: Option<Value>, which: fn(&Pickler) -> &AtomicI64) -> PyResult<()> {
    let Some(x) = x else { return Err(cx.type_error("can't delete numeric/char attribute")) };
    let n = match vm::index_big(cx, x)?.try_into() {
        Ok(n) => n,
        Err(_) => return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C long")),
    };
    which(this(cx, v)?).store(n, Ordering::Relaxed);
    Ok(())
}

impl Worker for Pickler {
    const HOOK: &'static str = "persistent_id";
    const PROXY: (&'static str, &'static str) = ("a", "PicklerMemoProxy");

    fn hook(&self) -> &Slot {
        &self.persistent
    }

    fn copy_memo(cx: &mut Ctx, v: Value) -> PyResult {
        copy(cx, v)
    }

    fn clear_memo(cx: &mut Ctx, v: Value) -> PyResult<()> {
        clear(cx, v)
    }

    fn proxy_type(cx: &mut Ctx) -> Option<&'static TypeObj> {
        cx.space().state::<State>().pickler_memo.get().and_then(TypeObj::of)
    }
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Pickler> {
    worker::this(cx, v)
}

fn pickler_init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    let names = ["file", "protocol", "fix_imports", "buffer_callback"];
    let [file, protocol, fix, callback] = bind_arguments(cx, "Pickler", &names, args)?;
    let Some(file) = file.bound() else {
        return Err(cx.type_error("Pickler() missing required argument 'file' (pos 1)"));
    };
    let fix = match fix.bound() {
        Some(f) => vm::is_true(cx, f)?,
        None => true,
    };
    let proto = protocol_arg(cx, protocol, callback)?;
    let write = write_of(cx, file)?;
    let p = this(cx, v)?;
    clear(cx, v)?;
    cx.store(v, &p.write, write);
    worker::store(cx, v, &p.buffer_callback, callback.not_none());
    p.proto.store(proto, Ordering::Relaxed);
    p.fix_imports.store(fix, Ordering::Relaxed);
    p.bin.store(i64::from(proto > 0), Ordering::Relaxed);
    p.fast.store(0, Ordering::Relaxed);
    if let Some(t) = vm::lookup_attr_str(cx, v, "dispatch_table")? {
        cx.store(v, &p.dispatch, t);
    }
    Ok(())
}

/// A file's `write`.
pub fn write_of(cx: &mut Ctx, file: Value) -> PyResult {
    match vm::lookup_attr_str(cx, file, "write")? {
        Some(w) => Ok(w),
        None => Err(cx.type_error("file must have a 'write' attribute")),
    }
}

/// The `persistent_id` that a pickler asks: none if it is the one that every pickler has.
fn persistent_of(cx: &mut Ctx, v: Value, p: &Pickler) -> PyResult<Option<Value>> {
    if let Some(f) = p.persistent.get() {
        return Ok(Some(f));
    }
    let n = cx.intern_str("persistent_id");
    let ty = cx.type_of(v);
    let state = cx.space().state::<State>();
    let found = vm::type_lookup(cx, ty, n);
    let base = state.pickler.get().and_then(TypeObj::of);
    let own = base.and_then(|b| vm::type_lookup(cx, b, n));
    if found == own {
        return Ok(None);
    }
    vm::get_attr(cx, v, n).map(Some)
}

fn dump(cx: &mut Ctx, v: Value, obj: Value) -> PyResult {
    let p = this(cx, v)?;
    let Some(write) = p.write.get() else {
        let name = super::class_text(cx, v, "Pickler");
        let msg = format!("Pickler.__init__() was not called by {name}.__init__()");
        return Err(pickling_error(cx, &msg));
    };
    let persistent = persistent_of(cx, v, p)?;
    let reducer = vm::lookup_attr_str(cx, v, "reducer_override")?;
    let state = cx.space().state::<State>();
    let fresh = ValueVec::new(cx).into_list();
    let Some(table) = p.table.with(Option::take) else { return Err(worker::busy::<Pickler>(cx)) };
    if p.objects.get().is_none() {
        cx.store(v, &p.objects, fresh);
    }
    let objects = p.objects.get().unwrap_or(fresh);
    let fix = p.fix_imports.load(Ordering::Relaxed);
    let mut s = Saver::new(cx, state, p.proto.load(Ordering::Relaxed), fix);
    s.memo = Memo { table, objects: ValueVec::from_list(objects) };
    s.fast = p.fast.load(Ordering::Relaxed) != 0;
    s.write = Some(write);
    s.buffer_callback = p.buffer_callback.get();
    s.persistent = persistent;
    s.reducer = reducer;
    s.dispatch = p.dispatch.get();
    let done = s.dump(cx, obj);
    let table = s.memo.table;
    p.table.with(|t| *t = Some(table));
    done.map(|()| Value::NONE)
}

/// Empties the memo.
fn clear(cx: &mut Ctx, v: Value) -> PyResult<()> {
    let fresh = ValueVec::new(cx);
    replace_memo(cx, v, Table::default(), fresh)
}

/// Gives a pickler another memo. Who has taken the table owns the objects, too: they change together.
fn replace_memo(cx: &mut Ctx, v: Value, table: Table, objects: ValueVec) -> PyResult<()> {
    let p = this(cx, v)?;
    let Some(old) = p.table.with(Option::take) else { return Err(worker::busy::<Pickler>(cx)) };
    cx.store(v, &p.objects, objects.into_list());
    p.table.with(|t| *t = Some(table));
    drop(old);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- memo

/// The memo as a dict: id to number and object.
fn copy(cx: &mut Ctx, v: Value) -> PyResult {
    let p = this(cx, v)?;
    let made = cx.dict();
    let Some(d) = DictObj::of(made) else { return Ok(made) };
    let Some(l) = p.objects.get().and_then(ListObj::of) else { return Ok(made) };
    for (i, obj) in l.snapshot().iter().enumerate() {
        let n = p.table.with(|t| t.as_ref().and_then(|t| t.get(*obj)));
        let n = cx.int_usize(n.map_or(i, |n| n as usize));
        let id = cx.int_u64(obj.bits());
        let pair = cx.tuple_of(None, &[n, *obj])?;
        vm::dict_set(cx, d, id, pair)?;
    }
    Ok(made)
}

fn set_memo(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let d = worker::memo_source::<Pickler>(cx, x)?;
    let mut table = Table::default();
    let mut objects = ValueVec::new(cx);
    for (_, _, pair) in d.snapshot() {
        let items = TupleObj::of(pair).map_or(&[][..], |t| t.items());
        let &[n, obj] = items else {
            return Err(cx.type_error("'memo' values must be 2-item tuples"));
        };
        let n = vm::index_i64(cx, n, Ty::OverflowError)?;
        let Ok(n) = u32::try_from(n) else {
            return Err(cx.raise_str(Ty::OverflowError, "memo number out of range"));
        };
        objects.push(cx, obj)?;
        if !table.set(obj, n) {
            return Err(cx.no_memory());
        }
    }
    replace_memo(cx, v, table, objects)
}

/// `dumps` and `dump` without a pickler.
pub fn dump_to(
    cx: &mut Ctx,
    obj: Value,
    file: Option<Value>,
    protocol: Value,
    fix_imports: Value,
    callback: Value,
) -> PyResult {
    let proto = protocol_arg(cx, protocol, callback)?;
    let fix = match fix_imports.bound() {
        Some(f) => vm::is_true(cx, f)?,
        None => true,
    };
    let state = cx.space().state::<State>();
    let write = match file {
        Some(f) => Some(write_of(cx, f)?),
        None => None,
    };
    let mut s = Saver::new(cx, state, proto, fix);
    s.write = write;
    s.buffer_callback = callback.not_none();
    s.dump(cx, obj)?;
    if file.is_some() { Ok(Value::NONE) } else { cx.bytes(&s.out) }
}

const _: () = assert!(op::HIGHEST_PROTOCOL == 5);
