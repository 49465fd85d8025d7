//! `groupby`.

use super::{bind, class, iterator, this};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Args, Ctx, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{self as vm};

/// `groupby`: the iterator, the key function, the current item and key, the key of the group given last, and that group.
pub(super) struct GroupBy {
    it: Slot,
    keyfunc: Slot,
    target: Slot,
    key: Slot,
    value: Slot,
    group: Slot,
}

impl Payload for GroupBy {
    const NAME: &'static str = "groupby";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.it, &self.keyfunc, &self.target, &self.key, &self.value, &self.group] {
            t.slot(s);
        }
    }
}

/// One group: its `groupby` and its key.
pub(super) struct Grouper {
    parent: Slot,
    target: Slot,
}

impl Payload for Grouper {
    const NAME: &'static str = "_grouper";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.parent);
        t.slot(&self.target);
    }
}

/// The type of groups in this space.
#[derive(Default)]
pub(super) struct GrouperType(pub(super) Slot);

impl SpaceState for GrouperType {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.0);
    }
}

iterator!(
    GROUPBY,
    "groupby",
    "Keys and runs of items with that key.",
    "(iterable, key=None)",
    GroupBy,
    groupby_new,
    groupby_next
);
iterator!(
    GROUPER,
    "_grouper",
    "The items of one group.",
    "(parent, tgtkey, /)",
    Grouper,
    grouper_new,
    grouper_next
);

fn groupby_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [iterable, key] = bind(cx, "groupby", ["iterable", "key"], 1, args)?;
    let it = vm::iter(cx, iterable)?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(
        t,
        GroupBy {
            it: Slot::new(it),
            keyfunc: Slot::from_option(key.not_none()),
            target: Slot::empty(),
            key: Slot::empty(),
            value: Slot::empty(),
            group: Slot::empty(),
        },
    ))
}

/// Takes the next item and its key; `false` at the end.
fn step(cx: &mut Ctx, v: Value, g: &GroupBy) -> PyResult<bool> {
    let it = g.it.get_or_none();
    let r = vm::next(cx, it);
    let Some(x) = vm::catch(cx, r, Ty::StopIteration)?.flatten() else { return Ok(false) };
    let key = match g.keyfunc.get() {
        Some(f) => vm::call(cx, f, &[x])?,
        None => x,
    };
    cx.store(v, &g.value, x);
    cx.store(v, &g.key, key);
    Ok(true)
}

fn groupby_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let g = this::<GroupBy>(cx, v)?;
    cx.store_empty(v, &g.group);
    loop {
        match (g.key.get(), g.target.get()) {
            (Some(k), Some(t)) => {
                if !vm::eq(cx, t, k)? {
                    break;
                }
            }
            (Some(_), None) => break,
            (None, _) => {}
        }
        if !step(cx, v, g)? {
            return Ok(None);
        }
        cx.safepoint()?;
    }
    let key = g.key.get_or_none();
    cx.store(v, &g.target, key);
    let ty = cx.space().state::<GrouperType>().0.get().and_then(TypeObj::of);
    let Some(ty) = ty else { return Ok(None) };
    let group = cx.new_native(ty, Grouper { parent: Slot::new(v), target: Slot::new(key) });
    cx.store(v, &g.group, group);
    Ok(Some(cx.tuple(&[key, group])))
}

fn grouper_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [parent, key] = super::exactly(cx, "_grouper", ty, args)?;
    let Some(g) = parent.native::<GroupBy>() else {
        return Err(cx.type_error("_grouper() argument 1 must be itertools.groupby"));
    };
    let t = class(cx, ty)?;
    let v = cx.new_native(t, Grouper { parent: Slot::new(parent), target: Slot::new(key) });
    cx.store(parent, &g.group, v);
    Ok(v)
}

fn grouper_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let me = this::<Grouper>(cx, v)?;
    let parent = me.parent.get_or_none();
    let g = this::<GroupBy>(cx, parent)?;
    if !g.group.get().is_some_and(|now| now.is(v)) {
        return Ok(None);
    }
    if g.value.is_empty() && !step(cx, parent, g)? {
        return Ok(None);
    }
    let (target, key) = (me.target.get_or_none(), g.key.get_or_none());
    if !vm::eq(cx, target, key)? {
        return Ok(None);
    }
    let x = g.value.get();
    cx.store_empty(parent, &g.value);
    Ok(x)
}
