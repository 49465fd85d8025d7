//! What `Pickler` and `Unpickler` have in common: a method for persistent ids that may be set on the instance, and a memo that is seen
//! through a proxy.

use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, TypeSpec, methods};

/// `Pickler` or `Unpickler`.
pub trait Worker: Payload + Default {
    /// The method that an attribute of the instance takes the place of.
    const HOOK: &'static str;
    /// Article and name of the memo's proxy.
    const PROXY: (&'static str, &'static str);

    /// The attribute that takes the place of the method.
    fn hook(&self) -> &Slot;

    /// The memo as a fresh dict.
    fn copy_memo(cx: &mut Ctx, v: Value) -> PyResult;

    /// Empties the memo.
    fn clear_memo(cx: &mut Ctx, v: Value) -> PyResult<()>;

    /// The type of the memo's proxy.
    fn proxy_type(cx: &mut Ctx) -> Option<&'static TypeObj>;
}

/// The native part of an object.
pub fn this<T: Worker>(cx: &mut Ctx, v: Value) -> PyResult<&'static T> {
    match v.native::<T>() {
        Some(p) => Ok(p),
        None => Err(cx.type_error(&format!("not {} object", T::NAME))),
    }
}

/// Raises the error of an object that is at work.
#[cold]
pub fn busy<T: Worker>(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::RuntimeError, &format!("{} object is already used", T::NAME))
}

fn is_hook<T: Worker>(n: Value) -> bool {
    StrObj::of(n).is_some_and(|s| s.eq_str(T::HOOK))
}

fn getattro<T: Worker>(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    if is_hook::<T>(n)
        && let Some(f) = v.native::<T>().and_then(|p| p.hook().get())
    {
        return Ok(f);
    }
    vm::generic_get_attr(cx, v, n)
}

fn setattro<T: Worker>(cx: &mut Ctx, v: Value, n: Value, x: Option<Value>) -> PyResult<()> {
    if is_hook::<T>(n)
        && let Some(p) = v.native::<T>()
    {
        store(cx, v, p.hook(), x);
        return Ok(());
    }
    vm::generic_set_attr(cx, v, n, x)
}

/// Stores a value into a slot of an object, or empties it.
pub fn store(cx: &mut Ctx, v: Value, slot: &Slot, x: Option<Value>) {
    match x {
        Some(x) => cx.store(v, slot, x),
        None => cx.store_empty(v, slot),
    }
}

fn new<T: Worker>(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    match TypeObj::of(class) {
        Some(t) => Ok(cx.new_native(t, T::default())),
        None => Err(cx.type_error("not a type")),
    }
}

/// The slots of both types but for `init`.
pub const fn slots<T: Worker>() -> SlotSpec {
    SlotSpec {
        new: Some(new::<T>),
        getattro: Some(getattro::<T>),
        setattro: Some(setattro::<T>),
        ..SlotSpec::NONE
    }
}

// ---------------------------------------------------------------------------------------------------- memo

/// What `memo` answers.
pub struct MemoProxy {
    owner: Slot,
    copy: fn(&mut Ctx, Value) -> PyResult,
    clear: fn(&mut Ctx, Value) -> PyResult<()>,
}

impl Payload for MemoProxy {
    const NAME: &'static str = "memo proxy";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.owner);
    }
}

/// A proxy's type.
pub const fn proxy_spec(name: &'static str) -> TypeSpec {
    TypeSpec {
        name,
        module: "_pickle",
        layout: Layout::Native,
        vt: Some(<MemoProxy as NativeLayout>::VT),
        flags: type_flags::NO_NEW,
        slots: SlotSpec { hash: Some(vm::types::hash_not_implemented), ..SlotSpec::NONE },
        methods: PROXY_METHODS,
        ..TypeSpec::BASE
    }
}

static PROXY_METHODS: &[MethodDef] = methods![
    /// Remove all items from memo.
    "clear(self, /)" => |cx, a| {
        let (m, v) = behind(cx, a[0])?;
        (m.clear)(cx, v)?;
        Ok(Value::NONE)
    };
    /// Copy the memo to a new object.
    "copy(self, /)" => |cx, a| {
        let (m, v) = behind(cx, a[0])?;
        (m.copy)(cx, v)
    };
    /// Implement pickle support.
    "__reduce__(self, /)" => |cx, a| {
        let (m, v) = behind(cx, a[0])?;
        let d = (m.copy)(cx, v)?;
        let args = cx.tuple_of(None, &[d])?;
        let class = cx.ty(Ty::Dict).value();
        cx.tuple_of(None, &[class, args])
    };
];

fn behind(cx: &mut Ctx, v: Value) -> PyResult<(&'static MemoProxy, Value)> {
    match v.native::<MemoProxy>().and_then(|m| Some((m, m.owner.get()?))) {
        Some(found) => Ok(found),
        None => Err(cx.type_error("not a memo proxy")),
    }
}

/// A proxy of the memo of an object.
pub fn proxy<T: Worker>(cx: &mut Ctx, v: Value) -> PyResult {
    match T::proxy_type(cx) {
        Some(t) => {
            let proxy = MemoProxy { owner: Slot::new(v), copy: T::copy_memo, clear: T::clear_memo };
            Ok(cx.new_native(t, proxy))
        }
        None => Err(cx.type_error("no type for memos")),
    }
}

/// The dict that is assigned to `memo`: that of another object, behind its proxy, is copied.
pub fn memo_source<T: Worker>(cx: &mut Ctx, x: Option<Value>) -> PyResult<&'static DictObj> {
    let Some(x) = x else { return Err(cx.type_error("attribute deletion is not supported")) };
    let ty = cx.type_of(x);
    let own = T::proxy_type(cx).is_some_and(|t| std::ptr::eq(t, ty));
    let source = match x.native::<MemoProxy>().and_then(|m| m.owner.get()).filter(|_| own) {
        Some(other) => T::copy_memo(cx, other)?,
        None => x,
    };
    match DictObj::of(source) {
        Some(d) => Ok(d),
        None => {
            let (a, wanted) = T::PROXY;
            let got = vm::tp_name(cx, x);
            let msg = format!("'memo' attribute must be {a} {wanted} object or dict, not {got}");
            Err(cx.type_error(&msg))
        }
    }
}
