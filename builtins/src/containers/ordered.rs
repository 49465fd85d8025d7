//! `collections.OrderedDict`: a dict whose order can be changed, and which compares by it.
//!
//! Dicts keep the order of insertion in an append-only table, so an OrderedDict is a dict like any other: moving a key to an end
//! writes a new entry there and kills the old one ([`Ctx::dict_move`]). Whatever changes the keys or their order counts in
//! `DictObj::changes`, by which iterators and comparisons see that the dict was changed under them.

use super::common::*;
use super::dict::{copy_dict, dicts_equal, table_size};
use super::dict_update::{fromkeys, merge_mapping};
use super::dict_views::{DictView, ViewKind};
use super::list_build::list_from_iter;
use protopy_vm::names::{N, name};
use protopy_vm::protocore::dict::{DictObj, Refused};
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::classes::{get_dict, set_dict};
use protopy_vm::types::create_type;
use protopy_vm::{
    TypeSpec, call, call_method, contains, dict_look, dict_pop_hash, dict_set_hash, dict_setdefault, eq,
    get_item, getsets, hash_key, is_true, iter, lookup_attr, methods, next, raise_key_error, repr_text,
    set_item, to_vec,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The types of a space.
#[derive(Default)]
pub struct OrderedTypes {
    dict: Slot,
    keys: Slot,
    values: Slot,
    items: Slot,
    iter: Slot,
}

impl SpaceState for OrderedTypes {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.dict, &self.keys, &self.values, &self.items, &self.iter] {
            t.slot(s);
        }
    }
}

/// Makes the types; the class `OrderedDict`.
pub fn create(cx: &mut Ctx) -> PyResult {
    let types = cx.space().state::<OrderedTypes>();
    let specs = [
        (&types.keys, &KEYS),
        (&types.values, &VALUES),
        (&types.items, &ITEMS),
        (&types.iter, &ITER),
        (&types.dict, &ORDERED),
    ];
    let mut made = Value::NONE;
    for (slot, spec) in specs {
        made = match slot.get() {
            Some(t) => t,
            None => {
                let t = create_type(cx, spec)?;
                slot.init(Some(t));
                t
            }
        };
    }
    Ok(made)
}

/// `collections.OrderedDict`
static ORDERED: TypeSpec = TypeSpec {
    name: "OrderedDict",
    module: "collections",
    base: Some(Ty::Dict),
    layout: Layout::Dict,
    flags: type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF | type_flags::MAPPING,
    slots: SlotSpec {
        init: Some(ordered_init),
        repr: Some(ordered_repr),
        compare: Some(ordered_compare),
        iter: Some(ordered_iter),
        or: Some(ordered_or),
        ior: Some(ordered_ior),
        hash: Some(protopy_vm::types::hash_not_implemented),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: getsets![
        /// The attributes of the dictionary.
        "__dict__" => get_dict, set_dict;
    ],
    doc: "Dictionary that remembers insertion order",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Create a new ordered dictionary with keys from iterable and values set to value.
    class "fromkeys(cls, /, iterable, value=None)" => |cx, a| fromkeys(cx, a[0], a[1], a[2]);
    /// Return the size of the dict in memory, in bytes.
    "__sizeof__(self, /)" => sizeof;
    /// Return state information for pickling
    "__reduce__(self, /)" => ordered_reduce;
    /// Insert key with a value of default if key is not in the dictionary.
    ///
    /// Return the value for key if key is in the dictionary, else default.
    "setdefault(self, /, key, default=None)" => setdefault;
    /// od.pop(key[,default]) -> v, remove specified key and return the corresponding value.
    ///
    /// If the key is not found, return the default if given; otherwise, raise a KeyError.
    "pop(self, /, key, default=<unrepresentable>)" => pop;
    /// Remove and return a (key, value) pair from the dictionary.
    ///
    /// Pairs are returned in LIFO order if last is true or FIFO order if false.
    "popitem(self, /, last=True)" => popitem;
    /// Return a set-like view of the keys.
    "keys(self, /)" => |cx, a| view_of(cx, a[0], ViewKind::Keys);
    /// Return a view of the values.
    "values(self, /)" => |cx, a| view_of(cx, a[0], ViewKind::Values);
    /// Return a set-like view of the (key, value) pairs.
    "items(self, /)" => |cx, a| view_of(cx, a[0], ViewKind::Items);
    /// D.update([E, ]**F) -> None.  Update D from a mapping or iterable E and the keywords F.
    raw "update(self, /, *args, **kwargs)" => update;
    /// Remove all items from ordered dict.
    "clear(self, /)" => clear;
    /// A shallow copy of ordered dict.
    "copy(self, /)" => copy;
    /// od.__reversed__() <==> reversed(od)
    "__reversed__(self, /)" => |cx, a| iter_over(cx, a[0], ViewKind::Keys, true);
    /// Move an existing element to the end (or beginning if last is false).
    ///
    /// Raise KeyError if the element does not exist.
    "move_to_end(self, /, key, last=True)" => move_to_end;
];

fn dict(cx: &mut Ctx, v: Value) -> PyResult<&'static DictObj> {
    Ok(receiver!(cx, v, DictObj::of, "collections.OrderedDict"))
}

/// Whether a value is an OrderedDict, and whether exactly one.
fn ordered(cx: &Ctx, v: Value) -> (bool, bool) {
    let Some(t) = cx.space().state::<OrderedTypes>().dict.get() else { return (false, false) };
    let class = cx.type_of(v);
    (class.is_subtype(t), class.value().is(t))
}

#[cold]
fn mutated(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::RuntimeError, "OrderedDict mutated during iteration")
}

fn changes(d: &DictObj) -> u32 {
    d.changes.load(Ordering::Acquire)
}

// ---------------------------------------------------------------------------------------------------- filling

fn ordered_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if args.pos().len() > 1 {
        let msg = format!("expected at most 1 argument, got {}", args.pos().len());
        return Err(cx.type_error(&msg));
    }
    update_with(cx, this, args)
}

fn update(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    if args.pos().len() > 1 {
        let msg = format!("update() takes at most 1 positional argument ({} given)", args.pos().len());
        return Err(cx.type_error(&msg));
    }
    update_with(cx, this, args)?;
    Ok(Value::NONE)
}

fn update_with(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    dict(cx, this)?;
    if let Some(other) = args.pos().first() {
        update_from(cx, this, *other)?;
    }
    for (k, v) in args.kw() {
        set_item(cx, this, k, Some(v))?;
    }
    Ok(())
}

/// Adds what a mapping or an iterable of pairs holds, by `self[key] = value`.
fn update_from(cx: &mut Ctx, this: Value, other: Value) -> PyResult<()> {
    let plain = cx.is_exact(other, Ty::Dict);
    if ordered(cx, this).1 && (plain || ordered(cx, other).1) {
        let d = dict(cx, this)?;
        return match DictObj::of(other) {
            Some(_) if plain => merge_mapping(cx, d, other),
            Some(src) => merge_ordered(cx, d, src),
            None => Ok(()),
        };
    }
    if plain {
        let items = call_method(cx, other, "items", &[])?;
        return add_pairs(cx, this, items);
    }
    let n = name(cx, N::Keys);
    if let Some(keys) = lookup_attr(cx, other, n)? {
        let keys = call(cx, keys, &[])?;
        let keys = to_vec(cx, keys)?;
        let mut i = 0;
        while let Some(k) = keys.get(i) {
            let v = get_item(cx, other, k)?;
            set_item(cx, this, k, Some(v))?;
            i += 1;
        }
        return Ok(());
    }
    let n = cx.intern_str("items");
    if let Some(items) = lookup_attr(cx, other, n)? {
        let items = call(cx, items, &[])?;
        return add_pairs(cx, this, items);
    }
    add_pairs(cx, this, other)
}

/// Adds the items of another OrderedDict; RuntimeError if a comparison of keys changes that one.
fn merge_ordered(cx: &mut Ctx, d: &DictObj, src: &DictObj) -> PyResult<()> {
    if std::ptr::eq(d, src) {
        return Ok(());
    }
    let seen = changes(src);
    let mut at = 0;
    while let Some((i, h, k, v)) = src.next_from(at) {
        cx.breathe();
        dict_set_hash(cx, d, k, h, v)?;
        if changes(src) != seen {
            return Err(mutated(cx));
        }
        at = i + 1;
    }
    Ok(())
}

fn add_pairs(cx: &mut Ctx, this: Value, pairs: Value) -> PyResult<()> {
    let it = iter(cx, pairs)?;
    while let Some(pair) = next(cx, it)? {
        let parts = iter(cx, pair)?;
        let (Some(k), v) = (next(cx, parts)?, next(cx, parts)?) else {
            return Err(cx.value_error("need more than 0 values to unpack"));
        };
        let Some(v) = v else { return Err(cx.value_error("need more than 1 value to unpack")) };
        if next(cx, parts)?.is_some() {
            return Err(cx.value_error("too many values to unpack (expected 2)"));
        }
        set_item(cx, this, k, Some(v))?;
    }
    Ok(())
}

fn copy(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = args[0];
    let d = dict(cx, this)?;
    let class = cx.type_of(this);
    let exact = ordered(cx, this).1;
    let made = if exact { cx.new_dict_of(class) } else { call(cx, class.value(), &[])? };
    if exact {
        let to = dict(cx, made)?;
        merge_ordered(cx, to, d)?;
        return Ok(made);
    }
    let seen = changes(d);
    let mut at = 0;
    while let Some((i, _, k, _)) = d.next_from(at) {
        let v = get_item(cx, this, k)?;
        set_item(cx, made, k, Some(v))?;
        if changes(d) != seen {
            return Err(mutated(cx));
        }
        at = i + 1;
    }
    Ok(made)
}

fn ordered_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if DictObj::of(a).is_none() || DictObj::of(b).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let class = cx.type_of(if ordered(cx, a).0 { a } else { b }).value();
    let new = call(cx, class, &[a])?;
    update_from(cx, new, b)?;
    Ok(new)
}

fn ordered_ior(cx: &mut Ctx, this: Value, other: Value) -> PyResult {
    update_from(cx, this, other)?;
    Ok(this)
}

// ---------------------------------------------------------------------------------------------------- keys

fn setdefault(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let &[this, key, default] = args else { return Ok(Value::NONE) };
    let d = dict(cx, this)?;
    if ordered(cx, this).1 {
        let h = hash_key(cx, key)?;
        return Ok(dict_setdefault(cx, d, key, h, default)?.0);
    }
    if contains(cx, this, key)? {
        return get_item(cx, this, key);
    }
    set_item(cx, this, key, Some(default))?;
    Ok(default)
}

fn pop(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let &[this, key, default] = args else { return Ok(Value::NONE) };
    let d = dict(cx, this)?;
    let h = hash_key(cx, key)?;
    match dict_pop_hash(cx, d, key, h)? {
        Some((_, v)) => Ok(v),
        None => default.bound().ok_or(()).map_err(|()| raise_key_error(cx, key)),
    }
}

fn popitem(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, args[0])?;
    let last = is_true(cx, args[1])?;
    while let Some(t) = d.table() {
        let Some((i, ..)) = (if last { d.last() } else { d.next_from(0) }) else { break };
        if let Ok((k, v)) = cx.dict_remove(d, t, i) {
            return Ok(cx.pair(k, v));
        }
    }
    Err(cx.raise_str(Ty::KeyError, "dictionary is empty"))
}

fn move_to_end(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let &[this, key, last] = args else { return Ok(Value::NONE) };
    let d = dict(cx, this)?;
    let last = is_true(cx, last)?;
    let h = hash_key(cx, key)?;
    loop {
        let Some(found) = dict_look(cx, d, key, h)?.found else { return Err(raise_key_error(cx, key)) };
        match cx.dict_move(d, found.table, found.entry, last) {
            Ok(()) => return Ok(Value::NONE),
            Err(Refused::Changed) => {}
            Err(Refused::Full) => {
                let grown = if last { cx.dict_grow(d, 1) } else { cx.dict_grow_front(d) };
                if grown.is_none() {
                    return Err(cx.no_memory());
                }
            }
        }
    }
}

fn clear(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, args[0])?;
    cx.dict_clear(d);
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- the whole

fn sizeof(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, args[0])?;
    // The slots of the attributes and of weak references come on top of what a dict has.
    Ok(cx.int_usize(48 + 16 + table_size(d.table())))
}

fn ordered_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let d = dict(cx, this)?;
    let class = cx.type_name(this);
    if d.is_empty() {
        return Ok(cx.str(&format!("{class}()")));
    }
    guarded_repr(cx, this, "...", |cx| {
        let plain = if ordered(cx, this).1 {
            copy_dict(cx, d)?
        } else {
            let t = cx.ty(Ty::Dict).value();
            call(cx, t, &[this])?
        };
        let inner = repr_text(cx, plain)?;
        Ok(cx.str(&format!("{class}({inner})")))
    })
}

fn ordered_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (DictObj::of(a), DictObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let mut same = dicts_equal(cx, x, y)?;
    if same && ordered(cx, a).0 && ordered(cx, b).0 {
        same = same_order(cx, x, y)?;
    }
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

/// Whether two dicts have equal keys in the same order.
fn same_order(cx: &mut Ctx, a: &DictObj, b: &DictObj) -> PyResult<bool> {
    let seen = (changes(a), changes(b));
    let (mut i, mut j) = (0, 0);
    loop {
        let (x, y) = (a.next_from(i), b.next_from(j));
        let (Some((m, _, p, _)), Some((n, _, q, _))) = (x, y) else { return Ok(x.is_none() && y.is_none()) };
        let same = eq(cx, p, q)?;
        if (changes(a), changes(b)) != seen {
            return Err(mutated(cx));
        }
        if !same {
            return Ok(false);
        }
        (i, j) = (m + 1, n + 1);
    }
}

fn ordered_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = args[0];
    let class = cx.type_of(this).value();
    let state = call_method(cx, this, "__getstate__", &[])?;
    let items = call_method(cx, this, "items", &[])?;
    let it = iter(cx, items)?;
    let nothing = cx.tuple(&[]);
    cx.tuple_of(None, &[class, nothing, state, Value::NONE, it])
}

// ---------------------------------------------------------------------------------------------------- views

macro_rules! view_type {
    ($name:ident, $base:ident, $text:literal, $slots:expr) => {
        static $name: TypeSpec = TypeSpec {
            name: $text,
            base: Some(Ty::$base),
            layout: Layout::Native,
            vt: Some(DictView::VT),
            flags: type_flags::NO_NEW,
            slots: $slots,
            methods: VIEW_METHODS,
            ..TypeSpec::BASE
        };
    };
}

const VIEW_SLOTS: SlotSpec = SlotSpec { iter: Some(view_iter), ..SlotSpec::NONE };

view_type!(KEYS, DictKeys, "odict_keys", VIEW_SLOTS);
view_type!(VALUES, DictValues, "odict_values", VIEW_SLOTS);
view_type!(ITEMS, DictItems, "odict_items", VIEW_SLOTS);

static VIEW_METHODS: &[MethodDef] = methods![
    /// Return an iterator from the last element to the first.
    "__reversed__(self, /)" => |cx, a| match a[0].native::<DictView>() {
        Some(w) => iter_over(cx, w.dict.get_or_none(), w.kind, true),
        None => Err(bad_receiver(cx, "dict view", a[0])),
    };
];

fn view_of(cx: &mut Ctx, this: Value, kind: ViewKind) -> PyResult {
    dict(cx, this)?;
    let types = cx.space().state::<OrderedTypes>();
    let slot = match kind {
        ViewKind::Keys => &types.keys,
        ViewKind::Values => &types.values,
        ViewKind::Items => &types.items,
    };
    match slot.get().and_then(TypeObj::of) {
        Some(t) => Ok(cx.new_native(t, DictView { dict: Slot::new(this), kind })),
        None => Err(cx.type_error("OrderedDict is not ready")),
    }
}

fn view_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let w = receiver!(cx, this, Value::native::<DictView>, "dict view");
    iter_over(cx, w.dict.get_or_none(), w.kind, false)
}

// ---------------------------------------------------------------------------------------------------- iterators

/// State of an iterator.
struct OrderedIter {
    /// The dict, empty when exhausted.
    dict: Slot,
    kind: ViewKind,
    reverse: bool,
    /// Changes and size that the dict must have.
    changes: u32,
    size: usize,
    /// Next entry number; going backwards, the one above it.
    at: AtomicUsize,
    /// Items still to give.
    left: AtomicUsize,
}

impl Payload for OrderedIter {
    const NAME: &'static str = "odict_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.dict);
    }
}

static ITER: TypeSpec = TypeSpec {
    name: "odict_iterator",
    layout: Layout::Native,
    vt: Some(OrderedIter::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(iter_next), ..SlotSpec::NONE },
    methods: methods![
        /// Return state information for pickling
        "__reduce__(self, /)" => iter_reduce;
        /// Estimate how many items are left.
        "__length_hint__(self, /)" => |cx, a| {
            let it = receiver!(cx, a[0], Value::native::<OrderedIter>, "odict_iterator");
            Ok(cx.int_usize(it.left.load(Ordering::Relaxed)))
        };
    ],
    ..TypeSpec::BASE
};

fn ordered_iter(cx: &mut Ctx, this: Value) -> PyResult {
    iter_over(cx, this, ViewKind::Keys, false)
}

fn iter_over(cx: &mut Ctx, this: Value, kind: ViewKind, reverse: bool) -> PyResult {
    let d = dict(cx, this)?;
    let size = d.len();
    let state = OrderedIter {
        dict: Slot::new(this),
        kind,
        reverse,
        changes: changes(d),
        size,
        at: AtomicUsize::new(if reverse { d.table().map_or(0, |t| t.len()) } else { 0 }),
        left: AtomicUsize::new(size),
    };
    new_iter(cx, state)
}

fn new_iter(cx: &mut Ctx, state: OrderedIter) -> PyResult {
    match cx.space().state::<OrderedTypes>().iter.get().and_then(TypeObj::of) {
        Some(t) => Ok(cx.new_native(t, state)),
        None => Err(cx.type_error("OrderedDict is not ready")),
    }
}

fn iter_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = receiver!(cx, this, Value::native::<OrderedIter>, "odict_iterator");
    let Some(owner) = it.dict.get() else { return Ok(None) };
    let Some(d) = DictObj::of(owner) else { return Ok(None) };
    let left = it.left.load(Ordering::Relaxed);
    if left == 0 {
        cx.store_empty(this, &it.dict);
        return Ok(None);
    }
    if changes(d) != it.changes {
        return Err(mutated(cx));
    }
    let at = it.at.load(Ordering::Relaxed);
    let found = if it.reverse { d.previous(at) } else { d.next_from(at) };
    let Some((i, _, k, v)) = found.filter(|_| d.len() == it.size) else {
        return Err(cx.raise_str(Ty::RuntimeError, "OrderedDict changed size during iteration"));
    };
    it.left.store(left - 1, Ordering::Relaxed);
    it.at.store(if it.reverse { i } else { i + 1 }, Ordering::Relaxed);
    Ok(Some(match it.kind {
        ViewKind::Keys => k,
        ViewKind::Values => v,
        ViewKind::Items => cx.pair(k, v),
    }))
}

fn iter_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = receiver!(cx, args[0], Value::native::<OrderedIter>, "odict_iterator");
    // A copy is used up, so that this iterator stays where it is.
    let copy = OrderedIter {
        dict: Slot::from_option(it.dict.get()),
        kind: it.kind,
        reverse: it.reverse,
        changes: it.changes,
        size: it.size,
        at: AtomicUsize::new(it.at.load(Ordering::Relaxed)),
        left: AtomicUsize::new(it.left.load(Ordering::Relaxed)),
    };
    let copy = new_iter(cx, copy)?;
    let rest = list_from_iter(cx, copy)?;
    reduce_iter(cx, rest, None)
}
