//! `FrameLocalsProxy`: the variables of a frame as a mapping that reads and writes them where they live (PEP 667).
//!
//! Variables come in CPython's order: parameters and plain locals, captured locals, free variables. Names that the code does not
//! know live in a dict of the frame.

use super::frame::{code_of, extra_locals};
use protopy_bytecode::CodeFlags;
use protopy_vm::frames::variables;
use protopy_vm::interp::frame::{frame_register, frame_registers, set_frame_register, variable};
use protopy_vm::protocore::dict::{DictObj, exact_str};
use protopy_vm::protocore::layouts::{CellObj, FrameObj, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, Value,
};
use protopy_vm::{TypeSpec, ValueVec, dict_del, dict_get, dict_set, methods, ops};

/// The proxy: its frame.
pub(super) struct FrameLocals {
    frame: Slot,
}

impl Payload for FrameLocals {
    const NAME: &'static str = "FrameLocalsProxy";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.frame);
    }
}

static METHODS: &[MethodDef] = methods![
    "update(self, object, /)" => update;
    "__reversed__(self, /)" => reversed;
    "copy(self, /)" => copy;
    "keys(self, /)" => keys;
    "values(self, /)" => values;
    "items(self, /)" => items;
    raw "get(self, key, default=None, /)" => get;
    raw "pop(self, key, default=<unrepresentable>, /)" => pop;
    raw "setdefault(self, key, default=None, /)" => setdefault;
];

pub(super) static FRAME_LOCALS_PROXY: TypeSpec = TypeSpec {
    ty: Some(Ty::FrameLocalsProxy),
    name: "FrameLocalsProxy",
    layout: Layout::Native,
    vt: Some(<FrameLocals as NativeLayout>::VT),
    flags: type_flags::MAPPING,
    slots: SlotSpec {
        new: Some(proxy_new),
        repr: Some(proxy_repr),
        compare: Some(proxy_compare),
        iter: Some(proxy_iter),
        len: Some(proxy_len),
        getitem: Some(proxy_getitem),
        setitem: Some(proxy_setitem),
        contains: Some(proxy_contains),
        or: Some(proxy_or),
        ior: Some(proxy_ior),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    ..TypeSpec::BASE
};

/// A proxy for a frame.
pub(super) fn new_proxy(cx: &mut Ctx, frame: Value) -> Value {
    let ty = cx.ty(Ty::FrameLocalsProxy);
    cx.new_native(ty, FrameLocals { frame: Slot::new(frame) })
}

fn proxy_new(cx: &mut Ctx, _class: Value, args: Args<'_>) -> PyResult {
    let [frame] = *args.pos() else {
        let msg = format!("FrameLocalsProxy expected 1 argument, got {}", args.pos().len());
        return Err(cx.type_error(&msg));
    };
    if FrameObj::of(frame).is_none() {
        let msg = format!("expect frame, not {}", protopy_vm::ops::tp_name(cx, frame));
        return Err(cx.type_error(&msg));
    }
    if args.nkw() != 0 {
        return Err(cx.type_error("FrameLocalsProxy takes no keyword arguments"));
    }
    Ok(new_proxy(cx, frame))
}

/// The frame object of a proxy.
fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static FrameObj> {
    match v.native::<FrameLocals>().and_then(|p| p.frame.get()).and_then(FrameObj::of) {
        Some(f) => Ok(f),
        None => Err(cx.type_error("descriptor requires a 'FrameLocalsProxy' object")),
    }
}

// ---------------------------------------------------------------------------------------------------- variables

/// Names and registers of the code's variables.
fn ordered(cx: &mut Ctx, f: &FrameObj) -> Vec<(Value, usize, bool)> {
    let Some(code) = code_of(f) else { return Vec::new() };
    let mut all = variables(code);
    if code.flags & CodeFlags::OPTIMIZED == 0 {
        // The variables of a comprehension that runs as a part of a class or module.
        for (n, r) in &code.rt.data.hidden {
            let r = usize::from(*r);
            if !all.iter().any(|x| x.1 == r) {
                all.push((cx.intern_str(n), r, true));
            }
        }
    }
    all
}

/// The variable that equals a key, a string or not: register, whether it holds a cell.
fn find(cx: &mut Ctx, f: &FrameObj, key: Value) -> PyResult<Option<(usize, bool)>> {
    let all = ordered(cx, f);
    let exact = exact_str(key);
    let hash = ops::hash(cx, key)?;
    let mut found = None;
    for (n, r, c) in all {
        let same = match (exact, StrObj::of(n)) {
            (Some(s), Some(n)) => n.same(s),
            _ => cx.str_hash(n) == hash && ops::eq(cx, n, key)?,
        };
        if same {
            found = Some((r, c));
            if read(cx, f, r, c).is_some() {
                break;
            }
        }
    }
    Ok(found)
}

/// The value of a variable, `None` if it is unbound.
fn read(cx: &mut Ctx, f: &FrameObj, reg: usize, captured: bool) -> Option<Value> {
    variable(frame_register(cx, f, reg)?, captured)
}

fn write(cx: &mut Ctx, f: &FrameObj, reg: usize, captured: bool, v: Value) {
    if captured && let Some(cell) = frame_register(cx, f, reg).and_then(CellObj::of) {
        cx.store(cell.value(), &cell.content, v);
        return;
    }
    set_frame_register(cx, f, reg, v);
}

/// The item of a key.
fn lookup(cx: &mut Ctx, f: &FrameObj, key: Value) -> PyResult<Option<Value>> {
    if let Some((r, c)) = find(cx, f, key)? {
        return Ok(read(cx, f, r, c));
    }
    match extra_locals(f) {
        Some(d) => dict_get(cx, d, key),
        None => Ok(None),
    }
}

/// All items at this moment, as a new dict.
fn to_dict(cx: &mut Ctx, f: &FrameObj) -> PyResult<&'static DictObj> {
    let v = cx.dict();
    let Some(d) = DictObj::of(v) else { return Err(cx.no_memory()) };
    let names = ordered(cx, f);
    let all = frame_registers(cx, f, names.iter().map(|x| x.1 + 1).max().unwrap_or(0));
    for (n, r, c) in names {
        if let Some(x) = variable(all[r], c)
            && cx.dict_get_str(d, n).is_none()
            && cx.dict_set_str(d, n, x).is_none()
        {
            return Err(cx.no_memory());
        }
    }
    if let Some(extra) = extra_locals(f) {
        for (h, k, x) in extra.snapshot() {
            protopy_vm::dict_set_hash(cx, d, k, h, x)?;
        }
    }
    Ok(d)
}

fn no_removal<T>(cx: &mut Ctx) -> PyResult<T> {
    Err(cx.value_error("cannot remove local variables from FrameLocalsProxy"))
}

fn store(cx: &mut Ctx, f: &FrameObj, key: Value, v: Value) -> PyResult<()> {
    if let Some((r, c)) = find(cx, f, key)? {
        write(cx, f, r, c, v);
        return Ok(());
    }
    let d = match extra_locals(f) {
        Some(d) => d,
        None => {
            let d = cx.dict();
            cx.store(f.value(), &f.extra_locals, d);
            match DictObj::of(d) {
                Some(d) => d,
                None => return Err(cx.no_memory()),
            }
        }
    };
    dict_set(cx, d, key, v)
}

// ---------------------------------------------------------------------------------------------------- slots

fn proxy_repr(cx: &mut Ctx, v: Value) -> PyResult {
    if !ops::enter_repr(cx, v) {
        return Ok(cx.str("{...}"));
    }
    let r = this(cx, v).and_then(|f| to_dict(cx, f)).and_then(|d| ops::repr(cx, d.value()));
    ops::leave_repr(cx, v);
    r
}

fn proxy_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let f = this(cx, a)?;
    if let Some(other) = b.native::<FrameLocals>() {
        let same = other.frame.get() == Some(f.value());
        return Ok(Value::bool(same == (op == CmpOp::Eq)));
    }
    if DictObj::of(b).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let d = to_dict(cx, f)?;
    ops::compare(cx, d.value(), b, op)
}

fn proxy_iter(cx: &mut Ctx, v: Value) -> PyResult {
    let list = keys(cx, &[v])?;
    protopy_vm::iter(cx, list)
}

fn proxy_len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let f = this(cx, v)?;
    Ok(to_dict(cx, f)?.len())
}

fn proxy_getitem(cx: &mut Ctx, v: Value, key: Value) -> PyResult {
    let f = this(cx, v)?;
    match lookup(cx, f, key)? {
        Some(x) => Ok(x),
        None => Err(undefined(cx, key)),
    }
}

#[cold]
fn undefined(cx: &mut Ctx, key: Value) -> Raised {
    match ops::repr_text(cx, key) {
        Ok(r) => cx.raise_str(Ty::KeyError, &format!("local variable '{r}' is not defined")),
        Err(r) => r,
    }
}

fn proxy_setitem(cx: &mut Ctx, v: Value, key: Value, new: Option<Value>) -> PyResult<()> {
    let f = this(cx, v)?;
    if let Some(new) = new {
        return store(cx, f, key, new);
    }
    if find(cx, f, key)?.is_some() {
        return no_removal(cx);
    }
    let gone = match extra_locals(f) {
        Some(d) => dict_del(cx, d, key)?,
        None => None,
    };
    match gone {
        Some(_) => Ok(()),
        None => Err(protopy_vm::raise_key_error(cx, key)),
    }
}

fn proxy_contains(cx: &mut Ctx, v: Value, key: Value) -> PyResult<bool> {
    let f = this(cx, v)?;
    Ok(lookup(cx, f, key)?.is_some())
}

/// Whether something may be merged with a proxy.
fn mergeable(v: Value) -> bool {
    DictObj::of(v).is_some() || v.native::<FrameLocals>().is_some()
}

/// Puts the items of a dict or proxy into a dict.
fn merge_into(cx: &mut Ctx, d: &DictObj, from: Value) -> PyResult<()> {
    let src = match DictObj::of(from) {
        Some(s) => s,
        None => {
            let f = this(cx, from)?;
            to_dict(cx, f)?
        }
    };
    let src = cx.dict_private(src)?;
    let Some(t) = src.table() else { return Ok(()) };
    for i in 0..t.len() {
        if let Some((h, k, x)) = t.live(i) {
            protopy_vm::dict_set_hash(cx, d, k, h, x)?;
        }
    }
    protopy_vm::keep_alive(Value::from_ref(t));
    Ok(())
}

fn proxy_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if !mergeable(a) || !mergeable(b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let v = cx.dict();
    let Some(d) = DictObj::of(v) else { return Err(cx.no_memory()) };
    merge_into(cx, d, a)?;
    merge_into(cx, d, b)?;
    Ok(v)
}

fn proxy_ior(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if !mergeable(b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    merge(cx, a, b)?;
    Ok(a)
}

/// Sets the items of a dict or proxy in the frame.
fn merge(cx: &mut Ctx, v: Value, from: Value) -> PyResult<()> {
    let f = this(cx, v)?;
    let tmp = cx.dict();
    let Some(d) = DictObj::of(tmp) else { return Err(cx.no_memory()) };
    merge_into(cx, d, from)?;
    for (_, k, x) in d.snapshot() {
        store(cx, f, k, x)?;
    }
    protopy_vm::keep_alive(tmp);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- methods

fn update(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if !mergeable(a[1]) {
        return Err(cx.type_error("update() argument must be dict or another FrameLocalsProxy"));
    }
    merge(cx, a[0], a[1])?;
    Ok(Value::NONE)
}

fn copy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = this(cx, a[0])?;
    to_dict(cx, f).map(DictObj::value)
}

/// A list made of the items.
fn listed(
    cx: &mut Ctx,
    v: Value,
    mut item: impl FnMut(&mut Ctx, Value, Value) -> PyResult,
) -> PyResult<ValueVec> {
    let f = this(cx, v)?;
    let d = to_dict(cx, f)?;
    let mut out = ValueVec::new(cx);
    for (_, k, x) in d.snapshot() {
        let i = item(cx, k, x)?;
        out.push(cx, i)?;
    }
    protopy_vm::keep_alive(d.value());
    Ok(out)
}

fn keys(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(listed(cx, a[0], |_, k, _| Ok(k))?.into_list())
}

fn values(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(listed(cx, a[0], |_, _, x| Ok(x))?.into_list())
}

fn items(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(listed(cx, a[0], |cx, k, x| cx.tuple_of(None, &[k, x]))?.into_list())
}

fn reversed(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let all = listed(cx, a[0], |_, k, _| Ok(k))?;
    let mut names = all.to_vec();
    names.reverse();
    let list = cx.list(&names)?;
    protopy_vm::keep_alive(all.into_list());
    Ok(list)
}

/// Key and default of `get`, `setdefault`.
fn key_and_default(cx: &mut Ctx, args: Args<'_>, func: &str) -> PyResult<(Value, Value)> {
    match *args.pos() {
        [k] if args.nkw() == 0 => Ok((k, Value::NONE)),
        [k, d] if args.nkw() == 0 => Ok((k, d)),
        _ => Err(cx.type_error(&format!("{func} expected 1 or 2 arguments"))),
    }
}

fn get(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let (key, default) = key_and_default(cx, args, "get")?;
    let f = this(cx, v)?;
    Ok(lookup(cx, f, key)?.unwrap_or(default))
}

fn setdefault(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let (key, default) = key_and_default(cx, args, "setdefault")?;
    let f = this(cx, v)?;
    if let Some(x) = lookup(cx, f, key)? {
        return Ok(x);
    }
    store(cx, f, key, default)?;
    Ok(default)
}

fn pop(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let f = this(cx, v)?;
    let (key, default) = match *args.pos() {
        [] => return Err(cx.type_error("pop expected at least 1 argument, got 0")),
        [k] => (k, None),
        [k, d] => (k, Some(d)),
        ref more => {
            let msg = format!("pop expected at most 2 arguments, got {}", more.len());
            return Err(cx.type_error(&msg));
        }
    };
    if find(cx, f, key)?.is_some() {
        return no_removal(cx);
    }
    let gone = match extra_locals(f) {
        Some(d) => dict_del(cx, d, key)?,
        None => None,
    };
    match gone.or(default) {
        Some(x) => Ok(x),
        None => Err(protopy_vm::raise_key_error(cx, key)),
    }
}
