//! `typing.Union`: what `int | str` and `typing.Union[int, str]` make.
//!
//! A union is built by a [`Builder`], which flattens unions among its members, writes `NoneType` for `None` and drops members that are
//! equal to earlier ones. Members need not be hashable: those that are not are compared one by one, and make the union
//! unhashable. Two unions are equal if they have the same members in any order.
//!
//! `X | Y` of classes answers NotImplemented for what is no type, so that the other operand gets its turn. A subscription of `Union`, and
//! `|` of a union or type parameter, take what `typing` takes instead: strings become forward references, and what cannot be
//! a type raises TypeError.

use super::alias::GenericAlias;
use super::subst::{make_parameters, substitute};
use super::util::{items, type_repr};
use protocore::dict::DictObj;
use protocore::layouts::TupleObj;
use protocore::native::NativeLayout;
use protocore::types::{SlotSpec, type_flags};
use protocore::{CmpOp, Ctx, Layout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::hooks::set_union_hook;
use protopy_vm::{
    TypeSpec, ValueVec, call, create_type, eq, getsets, hash, import_attr, methods, repr_text, set_add_hash,
};

/// Content of a union.
pub struct Union {
    /// Tuple of the members.
    pub args: Slot,
    /// Frozenset of the hashable members.
    hashable: Slot,
    /// Tuple of the other members; empty if there are none.
    unhashable: Slot,
    /// Tuple of the parameters in the members, once asked for.
    parameters: Slot,
}

impl Payload for Union {
    const NAME: &'static str = "Union";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.args);
        t.slot(&self.hashable);
        t.slot(&self.unhashable);
        t.slot(&self.parameters);
    }
}

// ---------------------------------------------------------------------------------------------------- making unions

/// A union under construction.
struct Builder {
    args: ValueVec,
    hashable: Value,
    unhashable: ValueVec,
    /// Whether members must be what `typing` accepts.
    checked: bool,
}

impl Builder {
    fn new(cx: &mut Ctx, checked: bool) -> Builder {
        Builder { args: ValueVec::new(cx), hashable: cx.set(), unhashable: ValueVec::new(cx), checked }
    }

    fn add(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if v.is_none() {
            let none = cx.ty(Ty::NoneType).value();
            return self.add_member(cx, none);
        }
        if let Some(u) = v.native::<Union>() {
            for m in items(u.args.get_or_none()) {
                self.add_member(cx, *m)?;
            }
            return Ok(());
        }
        let v = if self.checked { checked(cx, v)? } else { v };
        self.add_member(cx, v)
    }

    fn add_member(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let h = match hash(cx, v) {
            Ok(h) => Some(h),
            Err(r) => {
                let exc = cx.take_raised(r);
                if !cx.is_instance(exc, Ty::TypeError) {
                    return Err(cx.set_raised(exc));
                }
                None
            }
        };
        match (h, DictObj::of_set(self.hashable)) {
            (Some(h), Some(set)) => {
                if !set_add_hash(cx, set, v, h)? {
                    return Ok(());
                }
            }
            _ => {
                for i in 0..self.unhashable.len() {
                    let Some(x) = self.unhashable.get(i) else { break };
                    if eq(cx, x, v)? {
                        return Ok(());
                    }
                }
                self.unhashable.push(cx, v)?;
            }
        }
        self.args.push(cx, v)
    }

    /// The union; of one member, the member itself.
    fn finish(self, cx: &mut Ctx) -> PyResult {
        match (self.args.len(), self.args.get(0)) {
            (1, Some(only)) => return Ok(only),
            (0, _) => return Err(cx.type_error("Cannot take a Union of no types.")),
            _ => {}
        }
        let args = self.args.into_tuple(cx)?;
        let frozen = cx.ty(Ty::FrozenSet).value();
        let hashable = call(cx, frozen, &[self.hashable])?;
        let unhashable =
            if self.unhashable.is_empty() { None } else { Some(self.unhashable.into_tuple(cx)?) };
        let ty = cx.ty(Ty::Union);
        Ok(cx.new_native(
            ty,
            Union {
                args: Slot::new(args),
                hashable: Slot::new(hashable),
                unhashable: Slot::from_option(unhashable),
                parameters: Slot::empty(),
            },
        ))
    }
}

/// What is a type on its own, whatever `typing` says.
fn is_type(cx: &Ctx, v: Value) -> bool {
    v.is_none()
        || TypeObj::of(v).is_some()
        || v.native::<GenericAlias>().is_some()
        || v.native::<Union>().is_some()
        || cx.is_exact(v, Ty::TypeAliasType)
}

/// A member as `typing` has it: strings become forward references.
fn checked(cx: &mut Ctx, v: Value) -> PyResult {
    if is_type(cx, v) {
        return Ok(v);
    }
    let f = import_attr(cx, "typing", "_type_check")?;
    let msg = cx.str("Union[arg, ...]: each arg must be a type.");
    call(cx, f, &[v, msg])
}

/// `Union[members]`; the members are a slice that the caller keeps alive.
pub fn union_of(cx: &mut Ctx, members: &[Value]) -> PyResult {
    let mut b = Builder::new(cx, true);
    for m in members {
        b.add(cx, *m)?;
    }
    b.finish(cx)
}

/// `X | Y` of classes and aliases.
pub fn type_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if !is_type(cx, a) || !is_type(cx, b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let mut u = Builder::new(cx, false);
    u.add(cx, a)?;
    u.add(cx, b)?;
    u.finish(cx)
}

/// `|` of unions and type parameters.
pub fn typing_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    union_of(cx, &[a, b])
}

// ---------------------------------------------------------------------------------------------------- the type

#[cold]
fn not_union(cx: &mut Ctx) -> Raised {
    cx.type_error("expected a typing.Union")
}

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static Union> {
    match v.native::<Union>() {
        Some(u) => Ok(u),
        None => Err(not_union(cx)),
    }
}

fn union_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let u = of(cx, this)?;
    cx.check_native_stack(" while getting the repr of an object")?;
    let mut text = String::new();
    for (i, m) in items(u.args.get_or_none()).iter().enumerate() {
        if i > 0 {
            text.push_str(" | ");
        }
        text.push_str(&type_repr(cx, *m)?);
    }
    Ok(cx.str(&text))
}

fn union_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let u = of(cx, this)?;
    if let Some(list) = u.unhashable.get() {
        for m in items(list) {
            hash(cx, *m)?;
        }
        // They have become hashable, but the union was made without their hashes.
        let n = items(list).len();
        let s = if n == 1 { "" } else { "s" };
        return Err(cx.type_error(&format!("union contains {n} unhashable element{s}")));
    }
    hash(cx, u.hashable.get_or_none())
}

fn union_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (a.native::<Union>(), b.native::<Union>()) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = same_members(cx, x, y)?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

fn same_members(cx: &mut Ctx, x: &Union, y: &Union) -> PyResult<bool> {
    if !eq(cx, x.hashable.get_or_none(), y.hashable.get_or_none())? {
        return Ok(false);
    }
    let (p, q) = (items(x.unhashable.get_or_none()), items(y.unhashable.get_or_none()));
    // Members of one union differ, so that of two equally long lists one direction is enough.
    if p.len() != q.len() {
        return Ok(false);
    }
    for a in p {
        let mut found = false;
        for b in q {
            if eq(cx, *a, *b)? {
                found = true;
                break;
            }
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn union_parameters(cx: &mut Ctx, this: Value) -> PyResult {
    let u = of(cx, this)?;
    if let Some(p) = u.parameters.get() {
        return Ok(p);
    }
    let p = make_parameters(cx, u.args.get_or_none())?;
    cx.store(this, &u.parameters, p);
    Ok(p)
}

fn union_getitem(cx: &mut Ctx, this: Value, item: Value) -> PyResult {
    let u = of(cx, this)?;
    let params = union_parameters(cx, this)?;
    let args = substitute(cx, this, u.args.get_or_none(), params, item)?;
    let r = union_of(cx, items(args));
    protopy_vm::keep_alive(args);
    r
}

fn class_getitem(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match TupleObj::of(a[1]) {
        Some(t) => union_of(cx, t.items()),
        None => union_of(cx, &[a[1]]),
    }
}

fn mro_entries(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let shown = repr_text(cx, a[0])?;
    Err(cx.type_error(&format!("Cannot subclass {shown}")))
}

fn get_args(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.args.get_or_none())
}

fn get_name(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.intern_str("Union"))
}

fn get_origin(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.ty(Ty::Union).value())
}

static UNION: TypeSpec = TypeSpec {
    ty: Some(Ty::Union),
    name: "Union",
    module: "typing",
    layout: Layout::Native,
    vt: Some(<Union as NativeLayout>::VT),
    flags: type_flags::WEAKREF | type_flags::NO_NEW,
    slots: SlotSpec {
        repr: Some(union_repr),
        hash: Some(union_hash),
        compare: Some(union_compare),
        getitem: Some(union_getitem),
        or: Some(typing_or),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Raises TypeError: unions are no bases.
        "__mro_entries__(self, object, /)" => mro_entries;
        /// The union of the given types.
        class "__class_getitem__(cls, object, /)" => class_getitem;
    ],
    getsets: getsets![
        /// The members.
        member "__args__" => get_args;
        /// Name of the type.
        "__name__" => get_name;
        /// Name of the type.
        "__qualname__" => get_name;
        /// The type `Union` itself.
        "__origin__" => get_origin;
        /// The type parameters in the members.
        "__parameters__" => union_parameters;
    ],
    doc: "A union of types: `int | str`.",
    ..TypeSpec::BASE
};

/// Makes the type, and lets classes make unions.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    create_type(cx, &UNION)?;
    set_union_hook(cx, type_or);
    Ok(())
}
