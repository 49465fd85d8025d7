//! `_contextvars`: context variables.
//!
//! A context is a persistent map from variables to values: a trie whose nodes are tuples, which are never changed, so that
//! copying a context shares all of it. A node is `(head, key, value, key, value, …)`: the low 32 bits of the head tell which
//! of its 32 branches are there, the others count the variables in it; a key of None says that the value is a node. The hash of a
//! variable is its address, scrambled by a bijection, taken five bits at a time: different variables part at the thirteenth
//! level at the latest, so there are no collisions to keep.

use protocore::layouts::{StrObj, TupleObj};
use protocore::space::SpaceState;
use protocore::types::{SlotSpec, type_flags};
use protocore::{
    Args, CmpOp, Ctx, Held, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::modules::module_set;
use protopy_vm::{
    ModuleSpec, TypeSpec, ValueVec, call_args, create_type, eq, errors, getsets, hash_not_implemented,
    methods, repr_text, set_type_attr,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[derive(Default)]
struct State {
    context: Slot,
    var: Slot,
    token: Slot,
    iters: [Slot; 3],
    missing: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.context, &self.var, &self.token, &self.missing] {
            t.slot(s);
        }
        t.slots(&self.iters);
    }
}

fn state(cx: &Ctx) -> Arc<State> {
    cx.space().state::<State>()
}

fn ty_of(cx: &Ctx, s: &Slot) -> &'static TypeObj {
    s.get().and_then(TypeObj::of).unwrap_or_else(|| cx.ty(Ty::Object))
}

// ---------------------------------------------------------------------------------------------------- the trie

const BITS: u32 = 5;

fn hash_of(key: Value) -> u64 {
    (key.bits() >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(24)
}

fn node(v: Value) -> (u32, usize, &'static [Value]) {
    match TupleObj::of(v).map(|t| t.items()) {
        Some([head, rest @ ..]) => {
            let h = head.as_small().unwrap_or(0) as u64;
            (h as u32, (h >> 32) as usize, rest)
        }
        _ => (0, 0, &[]),
    }
}

/// A node. The collector knows nothing of `items`, in which a new node may lie that nothing else refers to yet.
fn make_node(cx: &mut Ctx, map: u32, count: usize, items: &[Value]) -> PyResult {
    let mut all: Held<Value> = Held::with_capacity(items.len() + 1);
    all.push(Value::small(i64::from(map) | ((count as i64 & 0x3fff_ffff) << 32)));
    for v in items {
        all.push(*v);
    }
    cx.tuple_of(None, &all)
}

/// Index of a branch's pair, and whether it is there.
fn branch(map: u32, hash: u64, shift: u32) -> (u32, usize, bool) {
    let bit = 1u32 << (hash.checked_shr(shift).unwrap_or(0) & 31);
    ((bit), (map & (bit - 1)).count_ones() as usize * 2, map & bit != 0)
}

fn find(root: Option<Value>, key: Value) -> Option<Value> {
    let (mut at, mut shift) = (root?, 0);
    let hash = hash_of(key);
    loop {
        let (map, _, items) = node(at);
        let (_, i, there) = branch(map, hash, shift);
        if !there {
            return None;
        }
        let (k, v) = (*items.get(i)?, *items.get(i + 1)?);
        if !k.is_none() {
            return if k.is(key) { Some(v) } else { None };
        }
        at = v;
        shift += BITS;
    }
}

/// A node of two variables that share the branches above.
fn pair(cx: &mut Ctx, a: (Value, Value), b: (Value, Value), shift: u32) -> PyResult {
    let (ba, _, _) = branch(0, hash_of(a.0), shift);
    let (bb, _, _) = branch(0, hash_of(b.0), shift);
    if ba == bb {
        let inner = pair(cx, a, b, shift + BITS)?;
        return make_node(cx, ba, 2, &[Value::NONE, inner]);
    }
    let (x, y) = if ba < bb { (a, b) } else { (b, a) };
    make_node(cx, ba | bb, 2, &[x.0, x.1, y.0, y.1])
}

/// The node with a variable set.
fn insert(cx: &mut Ctx, at: Option<Value>, key: Value, v: Value, shift: u32) -> PyResult {
    let Some(at) = at else {
        let (bit, _, _) = branch(0, hash_of(key), shift);
        return make_node(cx, bit, 1, &[key, v]);
    };
    let (map, count, items) = node(at);
    let (bit, i, there) = branch(map, hash_of(key), shift);
    let mut new = items.to_vec();
    if !there {
        new.splice(i..i, [key, v]);
        return make_node(cx, map | bit, count + 1, &new);
    }
    let (k, old) = (items[i], items[i + 1]);
    let added = if k.is_none() {
        let inner = insert(cx, Some(old), key, v, shift + BITS)?;
        let added = node(inner).1 - node(old).1;
        new[i + 1] = inner;
        added
    } else if k.is(key) {
        new[i + 1] = v;
        0
    } else {
        new[i] = Value::NONE;
        new[i + 1] = pair(cx, (k, old), (key, v), shift + BITS)?;
        1
    };
    let r = make_node(cx, map, count + added, &new);
    protopy_vm::keep_alive(at);
    r
}

/// The node without a variable; `None` if nothing is left.
fn remove(cx: &mut Ctx, at: Value, key: Value, shift: u32) -> PyResult<Option<Value>> {
    let (map, count, items) = node(at);
    let (bit, i, there) = branch(map, hash_of(key), shift);
    if !there {
        return Ok(Some(at));
    }
    let (k, old) = (items[i], items[i + 1]);
    let mut new = items.to_vec();
    if k.is_none() {
        let inner = remove(cx, old, key, shift + BITS)?;
        if inner.is_some_and(|n| n.is(old)) {
            return Ok(Some(at));
        }
        match inner.map(|n| (n, node(n))) {
            None => {
                new.drain(i..i + 2);
                return if new.is_empty() {
                    Ok(None)
                } else {
                    make_node(cx, map & !bit, count - 1, &new).map(Some)
                };
            }
            // A single variable moves up.
            Some((_, (_, 1, [k, v]))) if !k.is_none() => (new[i], new[i + 1]) = (*k, *v),
            Some((n, _)) => new[i + 1] = n,
        }
        return make_node(cx, map, count - 1, &new).map(Some);
    }
    if !k.is(key) {
        return Ok(Some(at));
    }
    new.drain(i..i + 2);
    if new.is_empty() { Ok(None) } else { make_node(cx, map & !bit, count - 1, &new).map(Some) }
}

/// All variables and values.
fn pairs(root: Option<Value>) -> Held<(Value, Value)> {
    let mut out = Held::new();
    let mut todo: Held<Value> = root.into_iter().collect();
    while let Some(n) = todo.pop() {
        for p in node(n).2.chunks_exact(2) {
            if p[0].is_none() {
                todo.push(p[1]);
            } else {
                out.push((p[0], p[1]));
            }
        }
    }
    out
}

// ---------------------------------------------------------------------------------------------------- Context

/// `contextvars.Context`
#[derive(Default)]
pub struct Context {
    /// Root of the trie.
    vars: Slot,
    /// The context that was current before this one was entered.
    previous: Slot,
    entered: AtomicBool,
}

impl Payload for Context {
    const NAME: &'static str = "Context";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.vars);
        t.slot(&self.previous);
    }
}

fn new_context(cx: &mut Ctx, vars: Option<Value>) -> Value {
    let st = state(cx);
    let ty = ty_of(cx, &st.context);
    cx.new_native(ty, Context { vars: Slot::from_option(vars), ..Context::default() })
}

/// The thread's current context, made if it has none.
pub fn current(cx: &mut Ctx) -> PyResult {
    if cx.context.is_none() {
        let st = state(cx);
        if st.context.is_empty() {
            protopy_vm::modules::load_builtin(cx, "_contextvars")?;
        }
        cx.context = new_context(cx, None);
    }
    Ok(cx.context)
}

/// A copy of the thread's current context.
pub fn copy_current(cx: &mut Ctx) -> PyResult {
    let c = current(cx)?;
    let vars = c.native::<Context>().and_then(|c| c.vars.get());
    Ok(new_context(cx, vars))
}

fn copy_context(cx: &mut Ctx, _: &[Value]) -> PyResult {
    copy_current(cx)
}

fn context_new(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        return Err(cx.type_error("Context() does not accept any arguments"));
    }
    Ok(new_context(cx, None))
}

fn vars_of(v: Value) -> Option<Value> {
    v.native::<Context>().and_then(|c| c.vars.get())
}

fn check_key(cx: &mut Ctx, k: Value) -> PyResult<()> {
    if k.native::<Var>().is_some() {
        return Ok(());
    }
    let msg = format!("a ContextVar key was expected, got {}", repr_text(cx, k)?);
    Err(cx.type_error(&msg))
}

/// Makes a context current; RuntimeError if it is so already, in any thread.
pub fn enter(cx: &mut Ctx, ctx: Value) -> PyResult<()> {
    let Some(c) = ctx.native::<Context>() else {
        return Err(cx.type_error("an instance of Context was expected"));
    };
    if c.entered.swap(true, Ordering::AcqRel) {
        let msg = format!("cannot enter context: {} is already entered", repr_text(cx, ctx)?);
        return Err(cx.raise_str(Ty::RuntimeError, &msg));
    }
    let before = cx.context;
    cx.store(ctx, &c.previous, before);
    cx.context = ctx;
    Ok(())
}

/// Leaves a context that was entered.
pub fn exit(cx: &mut Ctx, ctx: Value) -> PyResult<()> {
    let Some(c) = ctx.native::<Context>() else {
        return Err(cx.type_error("an instance of Context was expected"));
    };
    if !cx.context.is(ctx) {
        let shown = repr_text(cx, ctx)?;
        let msg = if c.entered.load(Ordering::Acquire) {
            format!("cannot exit context: {shown} thread state references a different context object")
        } else {
            format!("cannot exit context: {shown} has not been entered")
        };
        return Err(cx.raise_str(Ty::RuntimeError, &msg));
    }
    cx.context = c.previous.get_or_none();
    cx.store_empty(ctx, &c.previous);
    c.entered.store(false, Ordering::Release);
    Ok(())
}

fn context_run(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let Some(f) = args.pos().first().copied() else {
        return Err(cx.type_error("run() missing 1 required positional argument"));
    };
    enter(cx, this)?;
    let rest = &args.all()[1..];
    let rest = match args.names() {
        Some(n) => Args::with_names(rest, n),
        None => Args::positional(rest),
    };
    let r = call_args(cx, f, rest);
    match r {
        Ok(v) => exit(cx, this).map(|()| v),
        Err(r) => {
            let e = cx.take_raised(r);
            exit(cx, this)?;
            Err(cx.set_raised(e))
        }
    }
}

fn context_copy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(new_context(cx, vars_of(a[0])))
}

fn context_get(cx: &mut Ctx, a: &[Value]) -> PyResult {
    check_key(cx, a[1])?;
    Ok(find(vars_of(a[0]), a[1]).unwrap_or(a[2]))
}

fn context_getitem(cx: &mut Ctx, this: Value, k: Value) -> PyResult {
    check_key(cx, k)?;
    match find(vars_of(this), k) {
        Some(v) => Ok(v),
        None => Err(errors::raise_key_error(cx, k)),
    }
}

fn context_contains(cx: &mut Ctx, this: Value, k: Value) -> PyResult<bool> {
    check_key(cx, k)?;
    Ok(find(vars_of(this), k).is_some())
}

fn context_len(_: &mut Ctx, this: Value) -> PyResult<usize> {
    Ok(vars_of(this).map_or(0, |r| node(r).1))
}

fn context_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let both = a.native::<Context>().is_some() && b.native::<Context>().is_some();
    if !both || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = same_vars(cx, vars_of(a), vars_of(b))?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

fn same_vars(cx: &mut Ctx, a: Option<Value>, b: Option<Value>) -> PyResult<bool> {
    if a == b {
        return Ok(true);
    }
    let (Some(a), Some(b)) = (a, b) else { return Ok(false) };
    if node(a).1 != node(b).1 {
        return Ok(false);
    }
    for (k, v) in pairs(Some(a)) {
        let Some(w) = find(Some(b), k) else { return Ok(false) };
        if !eq(cx, v, w)? {
            return Ok(false);
        }
    }
    protopy_vm::keep_alive(a);
    Ok(true)
}

/// An iterator over a list made beforehand: a context's map never changes under its iterators.
struct Items {
    list: Slot,
    at: AtomicUsize,
}

impl Payload for Items {
    const NAME: &'static str = "items";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.list);
    }
}

fn items_next(_: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let Some(i) = this.native::<Items>() else { return Ok(None) };
    let list = i.list.get().and_then(protocore::layouts::ListObj::of);
    Ok(list.and_then(|l| l.get(i.at.fetch_add(1, Ordering::Relaxed))))
}

fn items_iter(_: &mut Ctx, this: Value) -> PyResult {
    Ok(this)
}

fn items_len(_: &mut Ctx, this: Value) -> PyResult<usize> {
    let n = |i: &Items| {
        let all = i.list.get().and_then(protocore::layouts::ListObj::of).map_or(0, |l| l.len());
        all.saturating_sub(i.at.load(Ordering::Relaxed))
    };
    Ok(this.native::<Items>().map_or(0, n))
}

fn iterate(cx: &mut Ctx, this: Value, kind: usize) -> PyResult {
    let root = vars_of(this);
    let mut all = ValueVec::new(cx);
    for (k, v) in pairs(root) {
        let x = match kind {
            0 => k,
            1 => v,
            _ => cx.tuple_of(None, &[k, v])?,
        };
        all.push(cx, x)?;
    }
    if let Some(r) = root {
        protopy_vm::keep_alive(r);
    }
    let st = state(cx);
    let ty = ty_of(cx, &st.iters[kind]);
    Ok(cx.new_native(ty, Items { list: Slot::new(all.into_list()), at: AtomicUsize::new(0) }))
}

fn context_iter(cx: &mut Ctx, this: Value) -> PyResult {
    iterate(cx, this, 0)
}

fn context_keys(cx: &mut Ctx, a: &[Value]) -> PyResult {
    iterate(cx, a[0], 0)
}

fn context_values(cx: &mut Ctx, a: &[Value]) -> PyResult {
    iterate(cx, a[0], 1)
}

fn context_items(cx: &mut Ctx, a: &[Value]) -> PyResult {
    iterate(cx, a[0], 2)
}

static CONTEXT: TypeSpec = TypeSpec {
    name: "Context",
    module: "_contextvars",
    layout: Layout::Native,
    vt: Some(<Context as NativeLayout>::VT),
    flags: type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(context_new),
        len: Some(context_len),
        getitem: Some(context_getitem),
        contains: Some(context_contains),
        iter: Some(context_iter),
        compare: Some(context_compare),
        hash: Some(hash_not_implemented),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Calls a function in this context.
        raw "run(self, /, *args, **kwargs)" => context_run;
        /// A copy, which shares nothing that changes.
        "copy(self, /)" => context_copy;
        /// The value of a variable here, or the default.
        "get(self, key, default=None, /)" => context_get;
        /// The variables with a value here.
        "keys(self, /)" => context_keys;
        /// Their values.
        "values(self, /)" => context_values;
        /// Pairs of variables and values.
        "items(self, /)" => context_items;
    ],
    doc: "A map from context variables to values.",
    ..TypeSpec::BASE
};

const ITEMS: TypeSpec = TypeSpec {
    module: "builtins",
    layout: Layout::Native,
    vt: Some(<Items as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        iter: Some(items_iter),
        iternext: Some(items_next),
        len: Some(items_len),
        ..SlotSpec::NONE
    },
    ..TypeSpec::BASE
};
static KEYS: TypeSpec = TypeSpec { name: "keys", ..ITEMS };
static VALUES: TypeSpec = TypeSpec { name: "values", ..ITEMS };
static PAIRS: TypeSpec = TypeSpec { name: "items", ..ITEMS };

// ---------------------------------------------------------------------------------------------------- ContextVar

/// `contextvars.ContextVar`
pub struct Var {
    name: Slot,
    default: Slot,
}

impl Payload for Var {
    const NAME: &'static str = "ContextVar";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.name);
        t.slot(&self.default);
    }
}

/// A new context variable.
pub fn new_var(cx: &mut Ctx, name: &str, default: Option<Value>) -> PyResult {
    let st = state(cx);
    if st.var.is_empty() {
        protopy_vm::modules::load_builtin(cx, "_contextvars")?;
    }
    let n = cx.intern_str(name);
    let ty = ty_of(cx, &st.var);
    Ok(cx.new_native(ty, Var { name: Slot::new(n), default: Slot::from_option(default) }))
}

/// The value of a variable in the current context, or its default.
pub fn var_value(cx: &Ctx, var: Value) -> Option<Value> {
    find(vars_of(cx.context), var).or_else(|| var.native::<Var>()?.default.get())
}

fn var_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let pos = args.pos().len();
    if pos > 1 {
        let msg = format!("ContextVar() takes at most 1 positional argument ({pos} given)");
        return Err(cx.type_error(&msg));
    }
    let (mut name, mut default) = (args.pos().first().copied(), None);
    for (k, v) in args.kw() {
        let key = StrObj::of(k).map_or_else(String::new, StrObj::to_string_lossy);
        match key.as_str() {
            "default" => default = Some(v),
            "name" if name.is_none() => name = Some(v),
            _ => {
                let msg = format!("ContextVar() got an unexpected keyword argument '{key}'");
                return Err(cx.type_error(&msg));
            }
        }
    }
    let Some(name) = name else {
        return Err(cx.type_error("ContextVar() takes exactly 1 positional argument (0 given)"));
    };
    if StrObj::of(name).is_none() {
        return Err(cx.type_error("context variable name must be a str"));
    }
    protopy_vm::hash(cx, name)?;
    Ok(cx.new_native(ty, Var { name: Slot::new(name), default: Slot::from_option(default) }))
}

fn var_get(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() || args.pos().len() > 1 {
        let msg = if args.names().is_some() {
            "ContextVar.get() takes no keyword arguments".to_owned()
        } else {
            format!("get expected at most 1 argument, got {}", args.pos().len())
        };
        return Err(cx.type_error(&msg));
    }
    if let Some(v) = find(vars_of(cx.context), this) {
        return Ok(v);
    }
    let default = args.pos().first().copied();
    match default.or_else(|| this.native::<Var>().and_then(|v| v.default.get())) {
        Some(v) => Ok(v),
        None => Err(cx.raise(Ty::LookupError, this)),
    }
}

fn change(cx: &mut Ctx, ctx: Value, var: Value, v: Option<Value>) -> PyResult<()> {
    let Some(c) = ctx.native::<Context>() else { return Ok(()) };
    let old = c.vars.get();
    let new = match (v, old) {
        (Some(v), _) => Some(insert(cx, old, var, v, 0)?),
        (None, Some(old)) => remove(cx, old, var, 0)?,
        (None, None) => None,
    };
    match new {
        Some(n) => cx.store(ctx, &c.vars, n),
        None => cx.store_empty(ctx, &c.vars),
    }
    Ok(())
}

fn var_set(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let ctx = current(cx)?;
    let old = find(vars_of(ctx), a[0]);
    change(cx, ctx, a[0], Some(a[1]))?;
    let st = state(cx);
    let ty = ty_of(cx, &st.token);
    Ok(cx.new_native(
        ty,
        Token {
            ctx: Slot::new(ctx),
            var: Slot::new(a[0]),
            old: Slot::from_option(old),
            used: AtomicBool::new(false),
        },
    ))
}

#[cold]
fn token_error(cx: &mut Ctx, t: Ty, token: Value, what: &str) -> Raised {
    match repr_text(cx, token) {
        Ok(shown) => cx.raise_str(t, &format!("{shown} {what}")),
        Err(r) => r,
    }
}

fn reset(cx: &mut Ctx, var: Value, token: Value) -> PyResult {
    let Some(t) = token.native::<Token>() else {
        let msg = format!("expected an instance of Token, got {}", repr_text(cx, token)?);
        return Err(cx.type_error(&msg));
    };
    if t.used.load(Ordering::Acquire) {
        return Err(token_error(cx, Ty::RuntimeError, token, "has already been used once"));
    }
    if !t.var.get_or_none().is(var) {
        return Err(token_error(cx, Ty::ValueError, token, "was created by a different ContextVar"));
    }
    let ctx = current(cx)?;
    if !t.ctx.get_or_none().is(ctx) {
        return Err(token_error(cx, Ty::ValueError, token, "was created in a different Context"));
    }
    t.used.store(true, Ordering::Release);
    change(cx, ctx, var, t.old.get())?;
    Ok(Value::NONE)
}

fn var_reset(cx: &mut Ctx, a: &[Value]) -> PyResult {
    reset(cx, a[0], a[1])
}

fn var_name(_: &mut Ctx, this: Value) -> PyResult {
    Ok(this.native::<Var>().map_or(Value::NONE, |v| v.name.get_or_none()))
}

fn var_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(v) = this.native::<Var>() else { return Ok(Value::NONE) };
    let (name, default) = (v.name.get_or_none(), v.default.get());
    let mut text = format!("<ContextVar name={}", repr_text(cx, name)?);
    if let Some(d) = default {
        if !protopy_vm::enter_repr(cx, this) {
            text.push_str(" default=...");
        } else {
            let r = repr_text(cx, d);
            protopy_vm::leave_repr(cx, this);
            text.push_str(&format!(" default={}", r?));
        }
    }
    text.push_str(&format!(" at {:#x}>", this.bits()));
    Ok(cx.str(&text))
}

fn class_getitem(cx: &mut Ctx, a: &[Value]) -> PyResult {
    protopy_vm::generic_alias(cx, a[0], a[1])
}

static VAR: TypeSpec = TypeSpec {
    name: "ContextVar",
    module: "_contextvars",
    layout: Layout::Native,
    vt: Some(<Var as NativeLayout>::VT),
    slots: SlotSpec { new: Some(var_new), repr: Some(var_repr), ..SlotSpec::NONE },
    methods: methods![
        /// The value in the current context, else the default given here, else the variable's; LookupError.
        raw "get(self, default=<unrepresentable>, /)" => var_get;
        /// Sets the value in the current context; a token for reset.
        "set(self, value, /)" => var_set;
        /// Takes a call of set back.
        "reset(self, token, /)" => var_reset;
        /// The type with parameters.
        class "__class_getitem__(cls, item, /)" => class_getitem;
    ],
    getsets: getsets![
        /// The variable's name.
        member "name" => var_name;
    ],
    doc: "A variable with a value in each context.",
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- Token

/// `contextvars.Token`
pub struct Token {
    ctx: Slot,
    var: Slot,
    old: Slot,
    used: AtomicBool,
}

impl Payload for Token {
    const NAME: &'static str = "Token";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.ctx);
        t.slot(&self.var);
        t.slot(&self.old);
    }
}

fn token_new(cx: &mut Ctx, _: Value, _: Args<'_>) -> PyResult {
    Err(cx.raise_str(Ty::RuntimeError, "Tokens can only be created by ContextVars"))
}

fn token_var(_: &mut Ctx, this: Value) -> PyResult {
    Ok(this.native::<Token>().map_or(Value::NONE, |t| t.var.get_or_none()))
}

fn token_old(cx: &mut Ctx, this: Value) -> PyResult {
    match this.native::<Token>().and_then(|t| t.old.get()) {
        Some(v) => Ok(v),
        None => Ok(state(cx).missing.get_or_none()),
    }
}

fn token_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(t) = this.native::<Token>() else { return Ok(Value::NONE) };
    let used = if t.used.load(Ordering::Acquire) { " used" } else { "" };
    let var = t.var.get_or_none();
    let text = format!("<Token{used} var={} at {:#x}>", repr_text(cx, var)?, this.bits());
    Ok(cx.str(&text))
}

fn token_enter(_: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(a[0])
}

fn token_exit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let var = token_var(cx, a[0])?;
    reset(cx, var, a[0])
}

static TOKEN: TypeSpec = TypeSpec {
    name: "Token",
    module: "_contextvars",
    layout: Layout::Native,
    vt: Some(<Token as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(token_new),
        repr: Some(token_repr),
        hash: Some(hash_not_implemented),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Begins a with block.
        "__enter__(self, /)" => token_enter;
        /// Resets the variable.
        "__exit__(self, type, value, traceback, /)" => token_exit;
        /// The type with parameters.
        class "__class_getitem__(cls, item, /)" => class_getitem;
    ],
    getsets: getsets![
        /// The variable that made the token.
        "var" => token_var;
        /// The value before, or Token.MISSING.
        "old_value" => token_old;
    ],
    doc: "What ContextVar.set answers, for ContextVar.reset.",
    ..TypeSpec::BASE
};

/// `Token.MISSING`
struct Missing;

impl Payload for Missing {
    const NAME: &'static str = "Token.MISSING";

    fn trace(&self, _: &mut Tracer) {}
}

fn missing_repr(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.str("<Token.MISSING>"))
}

static MISSING: TypeSpec = TypeSpec {
    name: "Token.MISSING",
    layout: Layout::Native,
    vt: Some(<Missing as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(missing_repr), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let st = state(cx);
    if st.context.is_empty() {
        let t = create_type(cx, &MISSING)?;
        let ty = TypeObj::of(t).unwrap_or_else(|| cx.ty(Ty::Object));
        let missing = cx.new_native(ty, Missing);
        st.missing.init(Some(missing));
        for (s, spec) in st.iters.iter().zip([&KEYS, &VALUES, &PAIRS]) {
            let t = create_type(cx, spec)?;
            s.init(Some(t));
        }
        for (s, spec) in [(&st.var, &VAR), (&st.token, &TOKEN), (&st.context, &CONTEXT)] {
            let t = create_type(cx, spec)?;
            s.init(Some(t));
        }
        if let Some(t) = st.token.get().and_then(TypeObj::of) {
            let n = cx.intern_str("MISSING");
            set_type_attr(cx, t, n, Some(missing))?;
        }
    }
    for (n, s) in [("Context", &st.context), ("ContextVar", &st.var), ("Token", &st.token)] {
        module_set(cx, m, n, s.get_or_none())?;
    }
    Ok(())
}

/// `_contextvars`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_contextvars",
    doc: "Context Variables",
    functions: methods![functions:
        /// A copy of the current context.
        "copy_context()" => copy_context;
    ],
    init: Some(init),
};
