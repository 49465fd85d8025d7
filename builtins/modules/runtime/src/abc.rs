//! `_abc`: abstract base classes.
//!
//! Each abstract class has three sets of classes, held weakly: those registered, those known to be subclasses, those known not to be.
//! The last is valid as long as no class was registered anywhere. A set maps addresses to weak references; an entry counts only
//! if its reference still leads to the object of that address.

use protocore::layouts::{IntRef, ListObj, WeakRefObj};
use protocore::space::SpaceState;
use protocore::types::{SlotSpec, type_flags};
use protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::attrs::own_attr;
use protopy_vm::{
    ModuleSpec, TypeSpec, ValueVec, call_method, create_type, direct_subclasses, get_attr_str, is_subclass,
    is_true, lookup_attr_str, methods, set_add, set_attr_str, set_type_attr,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a space knows of its abstract classes.
#[derive(Default)]
struct State {
    /// Counts registrations.
    counter: AtomicU64,
    data_type: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.data_type);
    }
}

fn state(cx: &Ctx) -> Arc<State> {
    cx.space().state::<State>()
}

/// A set of objects that it does not keep alive.
#[derive(Default)]
struct WeakObjects(Guarded<HashMap<u64, Value>>);

impl WeakObjects {
    fn trace(&self, t: &mut Tracer) {
        self.0.with(|m| m.values().for_each(|w| t.visit(*w)));
    }

    fn contains(&self, cx: &Ctx, v: Value) -> bool {
        self.0
            .with(|m| m.get(&v.bits()).copied())
            .and_then(|w| cx.weakref_get(WeakRefObj::of(w)?))
            .is_some_and(|o| o.is(v))
    }

    fn add(&self, cx: &mut Ctx, owner: Value, v: Value) {
        let ty = cx.ty(Ty::WeakRef);
        let Some(w) = cx.new_weakref(v, None, ty, true) else { return };
        cx.barrier(owner);
        let full = self.0.with(|m| {
            m.insert(v.bits(), w);
            m.len() == m.capacity()
        });
        if full {
            let dead = |w: &Value| WeakRefObj::of(*w).is_none_or(|w| w.target.load(Ordering::Acquire) == 0);
            self.0.with(|m| m.retain(|_, w| !dead(w)));
        }
    }

    fn clear(&self) {
        self.0.with(HashMap::clear);
    }

    /// The references whose objects live.
    fn refs(&self, cx: &mut Ctx) -> PyResult<ValueVec> {
        let mut out = ValueVec::new(cx);
        // The references stay in the set, which the caller keeps alive, or become garbage that this thread's stack holds on to.
        let all: Vec<Value> = self.0.with(|m| m.values().copied().collect());
        let held = cx.keep.len();
        cx.keep.extend_from_slice(&all);
        for w in all {
            if WeakRefObj::of(w).and_then(|w| cx.weakref_get(w)).is_some()
                && let Err(r) = out.push(cx, w)
            {
                cx.keep.truncate(held);
                return Err(r);
            }
        }
        cx.keep.truncate(held);
        Ok(out)
    }
}

/// `_abc._abc_data`
#[derive(Default)]
struct Data {
    registry: WeakObjects,
    cache: WeakObjects,
    negative: WeakObjects,
    /// The registration count for which `negative` is valid.
    version: AtomicU64,
}

impl Payload for Data {
    const NAME: &'static str = "_abc_data";

    fn trace(&self, t: &mut Tracer) {
        self.registry.trace(t);
        self.cache.trace(t);
        self.negative.trace(t);
    }
}

fn data_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let version = state(cx).counter.load(Ordering::Acquire);
    match TypeObj::of(class) {
        Some(t) => Ok(cx.new_native(t, Data { version: AtomicU64::new(version), ..Data::default() })),
        None => Err(cx.type_error("not a type")),
    }
}

static DATA: TypeSpec = TypeSpec {
    name: "_abc_data",
    module: "_abc",
    layout: Layout::Native,
    vt: Some(<Data as NativeLayout>::VT),
    slots: SlotSpec { new: Some(data_new), ..SlotSpec::NONE },
    doc: "What an abstract base class knows of other classes.",
    ..TypeSpec::BASE
};

fn data_of(cx: &mut Ctx, class: Value) -> PyResult<(Value, &'static Data)> {
    let d = get_attr_str(cx, class, "_abc_impl")?;
    match d.native::<Data>() {
        Some(n) => Ok((d, n)),
        None => Err(cx.type_error("_abc_impl is set to a wrong type")),
    }
}

// ---------------------------------------------------------------------------------------------------- making

/// `__abstractmethods__` of a class: its own abstract attributes, and those of its bases that it leaves abstract.
fn compute_abstract(cx: &mut Ctx, class: Value) -> PyResult {
    let mut found = ValueVec::new(cx);
    let ns = get_attr_str(cx, class, "__dict__")?;
    let items = call_method(cx, ns, "items", &[])?;
    let items = protopy_vm::to_vec(cx, items)?;
    for i in 0..items.len() {
        let Some(pair) = items.get(i).and_then(protocore::layouts::TupleObj::of) else { continue };
        if let [k, v] = pair.items()
            && protopy_vm::types::descr::is_abstract(cx, *v)?
        {
            found.push(cx, *k)?;
        }
    }
    let bases = get_attr_str(cx, class, "__bases__")?;
    let bases = protopy_vm::to_vec(cx, bases)?;
    for i in 0..bases.len() {
        let Some(base) = bases.get(i) else { continue };
        let Some(names) = lookup_attr_str(cx, base, "__abstractmethods__")? else { continue };
        let names = protopy_vm::to_vec(cx, names)?;
        for j in 0..names.len() {
            let Some(n) = names.get(j) else { continue };
            if let Some(v) = protopy_vm::lookup_attr(cx, class, n)?
                && protopy_vm::types::descr::is_abstract(cx, v)?
            {
                found.push(cx, n)?;
            }
        }
    }
    let ty = cx.ty(Ty::FrozenSet);
    let set = cx.new_dict_of(ty);
    if let Some(s) = protocore::dict::DictObj::of_set(set) {
        for i in 0..found.len() {
            if let Some(n) = found.get(i) {
                set_add(cx, s, n)?;
            }
        }
    }
    Ok(set)
}

const COLLECTION: u64 = type_flags::SEQUENCE | type_flags::MAPPING;

fn abc_init(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let class = a[0];
    let names = compute_abstract(cx, class)?;
    set_attr_str(cx, class, "__abstractmethods__", names)?;
    let st = state(cx);
    let Some(ty) = st.data_type.get().and_then(TypeObj::of) else {
        return Err(cx.raise_str(Ty::RuntimeError, "_abc is not initialised"));
    };
    let version = AtomicU64::new(st.counter.load(Ordering::Acquire));
    let data = cx.new_native(ty, Data { version, ..Data::default() });
    set_attr_str(cx, class, "_abc_impl", data)?;
    let Some(t) = TypeObj::of(class) else { return Ok(Value::NONE) };
    let n = cx.intern_str("__abc_tpflags__");
    let Some(flags) = own_attr(cx, t, n).filter(|f| cx.is_exact(*f, Ty::Int)) else { return Ok(Value::NONE) };
    let flags = IntRef::of(flags).and_then(IntRef::to_i64).unwrap_or(0) as u64 & COLLECTION;
    if flags == COLLECTION {
        let msg = "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING";
        return Err(cx.type_error(msg));
    }
    if flags != 0 {
        t.set_flag(COLLECTION & !flags, false);
        t.set_flag(flags, true);
    }
    set_type_attr(cx, t, n, None)?;
    Ok(Value::NONE)
}

/// Makes a class and its subclasses match patterns as the class that they were registered with.
fn spread_flag(cx: &Ctx, t: &'static TypeObj, flag: u64) {
    let mut todo = vec![t];
    while let Some(t) = todo.pop() {
        if t.has(COLLECTION) || protopy_vm::types::attrs::is_immutable(t) {
            continue;
        }
        t.set_flag(flag, true);
        todo.extend(direct_subclasses(cx, t));
    }
}

fn register(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (class, sub) = (a[0], a[1]);
    let Some(t) = TypeObj::of(sub) else { return Err(cx.type_error("Can only register classes")) };
    if is_subclass(cx, sub, class)? {
        return Ok(sub);
    }
    if is_subclass(cx, class, sub)? {
        return Err(cx.raise_str(Ty::RuntimeError, "Refusing to create an inheritance cycle"));
    }
    let (owner, d) = data_of(cx, class)?;
    d.registry.add(cx, owner, sub);
    state(cx).counter.fetch_add(1, Ordering::AcqRel);
    if let Some(c) = TypeObj::of(class) {
        let flag = c.flags.load(Ordering::Relaxed) & COLLECTION;
        if flag != 0 {
            spread_flag(cx, t, flag);
        }
    }
    Ok(sub)
}

// ---------------------------------------------------------------------------------------------------- checking

fn instance_check(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (class, instance) = (a[0], a[1]);
    let (_, d) = data_of(cx, class)?;
    let real = cx.type_of(instance).value();
    let sub = lookup_attr_str(cx, instance, "__class__")?.unwrap_or(real);
    if d.cache.contains(cx, sub) {
        return Ok(Value::TRUE);
    }
    if real.is(sub) {
        if d.version.load(Ordering::Acquire) == state(cx).counter.load(Ordering::Acquire)
            && d.negative.contains(cx, sub)
        {
            return Ok(Value::FALSE);
        }
        return call_method(cx, class, "__subclasscheck__", &[sub]);
    }
    let r = call_method(cx, class, "__subclasscheck__", &[sub])?;
    if is_true(cx, r)? {
        return Ok(r);
    }
    call_method(cx, class, "__subclasscheck__", &[real])
}

fn subclass_check(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (class, sub) = (a[0], a[1]);
    let Some(t) = TypeObj::of(sub) else { return Err(cx.type_error("issubclass() arg 1 must be a class")) };
    let (owner, d) = data_of(cx, class)?;
    if d.cache.contains(cx, sub) {
        return Ok(Value::TRUE);
    }
    let now = state(cx).counter.load(Ordering::Acquire);
    if d.version.load(Ordering::Acquire) < now {
        d.negative.clear();
        d.version.store(now, Ordering::Release);
    } else if d.negative.contains(cx, sub) {
        return Ok(Value::FALSE);
    }
    let yes = decide(cx, class, t, d)?;
    if yes {
        d.cache.add(cx, owner, sub);
    } else {
        d.negative.add(cx, owner, sub);
    }
    Ok(Value::bool(yes))
}

fn decide(cx: &mut Ctx, class: Value, t: &'static TypeObj, d: &'static Data) -> PyResult<bool> {
    let sub = t.value();
    let hook = call_method(cx, class, "__subclasshook__", &[sub])?;
    if hook.is_bool() {
        return Ok(hook.is(Value::TRUE));
    }
    if !hook.is(Value::NOT_IMPLEMENTED) {
        let msg = "__subclasshook__ must return either False, True, or NotImplemented";
        return Err(cx.raise_str(Ty::AssertionError, msg));
    }
    if t.is_subtype(class) || d.registry.contains(cx, sub) {
        return Ok(true);
    }
    let registered = d.registry.refs(cx)?;
    for i in 0..registered.len() {
        let w = registered.get(i).and_then(WeakRefObj::of);
        if let Some(c) = w.and_then(|w| cx.weakref_get(w))
            && is_subclass(cx, sub, c)?
        {
            return Ok(true);
        }
    }
    let subclasses = call_method(cx, class, "__subclasses__", &[])?;
    let Some(l) = ListObj::of(subclasses) else {
        return Err(cx.type_error("__subclasses__() must return a list"));
    };
    let mut i = 0;
    while let Some(c) = l.get(i) {
        if is_subclass(cx, sub, c)? {
            return Ok(true);
        }
        i += 1;
    }
    Ok(false)
}

// ---------------------------------------------------------------------------------------------------- the module

fn get_cache_token(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let n = state(cx).counter.load(Ordering::Acquire);
    Ok(cx.int_u64(n))
}

fn reset_registry(cx: &mut Ctx, a: &[Value]) -> PyResult {
    data_of(cx, a[0])?.1.registry.clear();
    Ok(Value::NONE)
}

fn reset_caches(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, d) = data_of(cx, a[0])?;
    d.cache.clear();
    d.negative.clear();
    Ok(Value::NONE)
}

fn get_dump(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (owner, d) = data_of(cx, a[0])?;
    let mut parts = ValueVec::new(cx);
    for s in [&d.registry, &d.cache, &d.negative] {
        let refs = s.refs(cx)?;
        let set = cx.set();
        if let Some(o) = protocore::dict::DictObj::of_set(set) {
            for i in 0..refs.len() {
                if let Some(w) = refs.get(i) {
                    set_add(cx, o, w)?;
                }
            }
        }
        parts.push(cx, set)?;
    }
    let version = cx.int_u64(d.version.load(Ordering::Acquire));
    parts.push(cx, version)?;
    protopy_vm::keep_alive(owner);
    parts.into_tuple(cx)
}

fn init(cx: &mut Ctx, _: Value) -> PyResult<()> {
    let st = state(cx);
    if st.data_type.is_empty() {
        let t = create_type(cx, &DATA)?;
        st.data_type.init(Some(t));
    }
    Ok(())
}

/// `_abc`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_abc",
    doc: "Module contains faster C implementation of abc.ABCMeta",
    functions: methods![functions:
        /// Changes whenever a class is registered with any abstract class.
        "get_cache_token()" => get_cache_token;
        /// Prepares an abstract class.
        "_abc_init(self, /)" => abc_init;
        /// Registers a class as a subclass.
        "_abc_register(self, subclass, /)" => register;
        /// isinstance for abstract classes.
        "_abc_instancecheck(self, instance, /)" => instance_check;
        /// issubclass for abstract classes.
        "_abc_subclasscheck(self, subclass, /)" => subclass_check;
        /// Registry, cache, negative cache and its version, for tests.
        "_get_dump(self, /)" => get_dump;
        /// Empties the registry, for tests.
        "_reset_registry(self, /)" => reset_registry;
        /// Empties the caches, for tests.
        "_reset_caches(self, /)" => reset_caches;
    ],
    init: Some(init),
};
