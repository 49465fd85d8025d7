//! `typing.Union`, which is `types.UnionType`: `int | str`.

use super::alias::{items, make_parameters, subs_parameters};
use super::call_typing;
use super::text::type_repr;
use protocore::dict::DictObj;
use protocore::layouts::TupleObj;
use protocore::types::{SlotSpec, type_flags};
use protocore::{CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{
    TypeSpec, ValueVec, create_type, eq, getsets, hash, is_instance, is_subclass, methods, repr_text,
    set_add_hash,
};

/// A union of types.
pub struct Union {
    /// `__args__` (tuple).
    pub args: Slot,
    /// Those that have a hash (frozenset), or empty.
    hashable: Slot,
    /// Those that have none (tuple), or empty.
    unhashable: Slot,
    params: Slot,
}

impl Payload for Union {
    const NAME: &'static str = "Union";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.args, &self.hashable, &self.unhashable, &self.params] {
            t.slot(s);
        }
    }
}

fn union_of(v: Value) -> Option<&'static Union> {
    v.native::<Union>()
}

/// What `|` takes without asking the module `typing`.
fn unionable(cx: &Ctx, v: Value) -> bool {
    v.is_none()
        || TypeObj::of(v).is_some()
        || cx.is_instance(v, Ty::GenericAlias)
        || union_of(v).is_some()
        || cx.is_exact(v, Ty::TypeAliasType)
}

/// A union in the making.
struct Builder {
    args: ValueVec,
    /// A set.
    hashable: Value,
    unhashable: ValueVec,
    /// Whether what is added is checked, and strings become forward references.
    checked: bool,
}

impl Builder {
    fn new(cx: &mut Ctx, checked: bool) -> Builder {
        let hashable = cx.set();
        Builder { args: ValueVec::new(cx), hashable, unhashable: ValueVec::new(cx), checked }
    }

    fn add(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        if v.is_none() {
            let t = cx.ty(Ty::NoneType).value();
            return self.add_type(cx, t);
        }
        if let Some(u) = union_of(v) {
            for x in items(u.args.get_or_none()) {
                self.add_type(cx, *x)?;
            }
            return Ok(());
        }
        if self.checked {
            let t = check(cx, v, "Union[arg, ...]: each arg must be a type.")?;
            return self.add_type(cx, t);
        }
        self.add_type(cx, v)
    }

    fn add_type(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        match hash(cx, v) {
            Ok(h) => {
                let new = match DictObj::of_set(self.hashable) {
                    Some(s) => set_add_hash(cx, s, v, h)?,
                    None => false,
                };
                if !new {
                    return Ok(());
                }
            }
            Err(r) => {
                cx.take_raised(r);
                for i in 0..self.unhashable.len() {
                    if let Some(x) = self.unhashable.get(i)
                        && eq(cx, x, v)?
                    {
                        return Ok(());
                    }
                }
                self.unhashable.push(cx, v)?;
            }
        }
        self.args.push(cx, v)
    }

    fn finish(self, cx: &mut Ctx) -> PyResult {
        match self.args.len() {
            0 => return Err(cx.type_error("Cannot take a Union of no types.")),
            1 => return Ok(self.args.get(0).unwrap_or(Value::NONE)),
            _ => {}
        }
        let args = self.args.into_tuple(cx)?;
        let hashable = match DictObj::of_set(self.hashable) {
            Some(s) if !s.is_empty() => {
                let ty = cx.ty(Ty::FrozenSet).value();
                Some(protopy_vm::call(cx, ty, &[self.hashable])?)
            }
            _ => None,
        };
        let unhashable =
            if self.unhashable.is_empty() { None } else { Some(self.unhashable.into_tuple(cx)?) };
        let ty = cx.ty(Ty::Union);
        Ok(cx.new_native(
            ty,
            Union {
                args: Slot::new(args),
                hashable: Slot::from_option(hashable),
                unhashable: Slot::from_option(unhashable),
                params: Slot::empty(),
            },
        ))
    }
}

/// A type as `typing` accepts it: None is NoneType, a string a forward reference; TypeError.
pub fn check(cx: &mut Ctx, v: Value, msg: &str) -> PyResult {
    if v.is_none() {
        return Ok(cx.ty(Ty::NoneType).value());
    }
    if unionable(cx, v) {
        return Ok(v);
    }
    let msg = cx.str(msg);
    call_typing(cx, "_type_check", &[v, msg])
}

/// The union of some types, checked.
pub fn union_from(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mut b = Builder::new(cx, true);
    for v in args {
        b.add(cx, *v)?;
    }
    b.finish(cx)
}

/// `X | Y` of types: NotImplemented for anything else.
pub fn type_or(cx: &mut Ctx, x: Value, y: Value) -> PyResult {
    if !unionable(cx, x) || !unionable(cx, y) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let mut b = Builder::new(cx, false);
    b.add(cx, x)?;
    b.add(cx, y)?;
    b.finish(cx)
}

/// `X | Y` where one is a union or type variable.
pub fn any_or(cx: &mut Ctx, x: Value, y: Value) -> PyResult {
    union_from(cx, &[x, y])
}

fn union_repr(cx: &mut Ctx, this: Value) -> PyResult {
    cx.check_native_stack(" while getting the repr of an object")?;
    let mut text = String::new();
    for (i, v) in union_of(this).map_or(&[][..], |u| items(u.args.get_or_none())).iter().enumerate() {
        if i > 0 {
            text.push_str(" | ");
        }
        type_repr(cx, *v, &mut text)?;
    }
    Ok(cx.str(&text))
}

fn union_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let Some(u) = union_of(this) else { return Ok(0) };
    if let Some(bad) = u.unhashable.get() {
        // The first of them says why.
        for v in items(bad) {
            hash(cx, *v)?;
        }
        let msg = format!("union contains {} unhashable elements", items(bad).len());
        return Err(cx.type_error(&msg));
    }
    match u.hashable.get() {
        Some(h) => hash(cx, h),
        None => Ok(0),
    }
}

fn union_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (union_of(a), union_of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = same_union(cx, x, y)?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

fn same_union(cx: &mut Ctx, x: &Union, y: &Union) -> PyResult<bool> {
    if !eq(cx, x.hashable.get_or_none(), y.hashable.get_or_none())? {
        return Ok(false);
    }
    let (ux, uy) = (items(x.unhashable.get_or_none()), items(y.unhashable.get_or_none()));
    if ux.len() != uy.len() {
        return Ok(false);
    }
    for a in ux {
        let mut found = false;
        for b in uy {
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
    let Some(u) = union_of(this) else { return cx.tuple_of(None, &[]) };
    if let Some(p) = u.params.get() {
        return Ok(p);
    }
    let p = make_parameters(cx, u.args.get_or_none())?;
    cx.store(this, &u.params, p);
    Ok(p)
}

fn union_getitem(cx: &mut Ctx, this: Value, item: Value) -> PyResult {
    let params = union_parameters(cx, this)?;
    let args = union_args(cx, this)?;
    let new = subs_parameters(cx, this, args, params, item)?;
    union_from(cx, items(new))
}

fn union_args(_: &mut Ctx, this: Value) -> PyResult {
    Ok(union_of(this).map_or(Value::NONE, |u| u.args.get_or_none()))
}

fn union_name(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.intern_str("Union"))
}

fn union_origin(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.ty(Ty::Union).value())
}

fn union_class_getitem(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let single = [a[1]];
    let args = if TupleObj::of(a[1]).is_some() { items(a[1]) } else { &single[..] };
    union_from(cx, args)
}

fn union_mro_entries(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let msg = format!("Cannot subclass {}", repr_text(cx, a[0])?);
    Err(cx.type_error(&msg))
}

fn union_instancecheck(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let args = union_args(cx, a[0])?;
    for t in items(args) {
        if is_instance(cx, a[1], *t)? {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

fn union_subclasscheck(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let args = union_args(cx, a[0])?;
    for t in items(args) {
        if is_subclass(cx, a[1], *t)? {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
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
        or: Some(any_or),
        getitem: Some(union_getitem),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Refuses.
        "__mro_entries__(self, bases, /)" => union_mro_entries;
        /// The union of some types.
        class "__class_getitem__(cls, types, /)" => union_class_getitem;
        /// Whether an object is an instance of one of the types.
        "__instancecheck__(self, instance, /)" => union_instancecheck;
        /// Whether a class is a subclass of one of the types.
        "__subclasscheck__(self, cls, /)" => union_subclasscheck;
    ],
    getsets: getsets![
        /// The types.
        member "__args__" => union_args;
        /// Name of the type.
        "__name__" => union_name;
        /// Qualified name of the type.
        "__qualname__" => union_name;
        /// The type of unions.
        "__origin__" => union_origin;
        /// The type variables in the types.
        "__parameters__" => union_parameters;
    ],
    doc: "Represent a union type\n\nE.g. for int | str",
    ..TypeSpec::BASE
};

/// Completes the type.
pub(super) fn init_types(cx: &mut Ctx) -> PyResult<()> {
    create_type(cx, &UNION)?;
    protopy_vm::types::hooks::set_union_hook(cx, type_or);
    Ok(())
}
