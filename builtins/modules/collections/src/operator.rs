//! `_operator`: the operators as functions, and the three callables that fetch.

use protopy_vm::ops::{BinOp, UnOp};
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_operator",
    doc: "Operator interface: the operators of the language as functions.",
    functions: FUNCTIONS,
    init: Some(init),
};

macro_rules! binary {
    ($op:ident) => {
        |cx, a| vm::binary_op(cx, BinOp::$op, a[0], a[1])
    };
}

macro_rules! inplace {
    ($op:ident) => {
        |cx, a| vm::inplace_op(cx, BinOp::$op, a[0], a[1])
    };
}

macro_rules! comparison {
    ($op:ident) => {
        |cx, a| vm::compare(cx, a[0], a[1], CmpOp::$op)
    };
}

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// `a < b`
    "lt(a, b, /)" => comparison!(Lt);
    /// `a <= b`
    "le(a, b, /)" => comparison!(Le);
    /// `a == b`
    "eq(a, b, /)" => comparison!(Eq);
    /// `a != b`
    "ne(a, b, /)" => comparison!(Ne);
    /// `a >= b`
    "ge(a, b, /)" => comparison!(Ge);
    /// `a > b`
    "gt(a, b, /)" => comparison!(Gt);
    /// `not a`
    "not_(a, /)" => |cx, a| Ok(Value::bool(!vm::is_true(cx, a[0])?));
    /// Whether `a` is true.
    "truth(a, /)" => |cx, a| Ok(Value::bool(vm::is_true(cx, a[0])?));
    /// `a is b`
    "is_(a, b, /)" => |_, a| Ok(Value::bool(a[0].is(a[1])));
    /// `a is not b`
    "is_not(a, b, /)" => |_, a| Ok(Value::bool(!a[0].is(a[1])));
    /// `a is None`
    "is_none(a, /)" => |_, a| Ok(Value::bool(a[0].is_none()));
    /// `a is not None`
    "is_not_none(a, /)" => |_, a| Ok(Value::bool(!a[0].is_none()));
    /// `abs(a)`
    "abs(a, /)" => |cx, a| vm::unary_op(cx, UnOp::Abs, a[0]);
    /// `a + b`
    "add(a, b, /)" => binary!(Add);
    /// `a & b`
    "and_(a, b, /)" => binary!(And);
    /// `a // b`
    "floordiv(a, b, /)" => binary!(FloorDiv);
    /// `a.__index__()`
    "index(a, /)" => |cx, a| vm::index(cx, a[0]);
    /// `~a`
    "inv(a, /)" => |cx, a| vm::unary_op(cx, UnOp::Invert, a[0]);
    /// `~a`
    "invert(a, /)" => |cx, a| vm::unary_op(cx, UnOp::Invert, a[0]);
    /// `a << b`
    "lshift(a, b, /)" => binary!(LShift);
    /// `a % b`
    "mod(a, b, /)" => binary!(Mod);
    /// `a * b`
    "mul(a, b, /)" => binary!(Mul);
    /// `a @ b`
    "matmul(a, b, /)" => binary!(MatMul);
    /// `-a`
    "neg(a, /)" => |cx, a| vm::unary_op(cx, UnOp::Neg, a[0]);
    /// `a | b`
    "or_(a, b, /)" => binary!(Or);
    /// `+a`
    "pos(a, /)" => |cx, a| vm::unary_op(cx, UnOp::Pos, a[0]);
    /// `a ** b`
    "pow(a, b, /)" => |cx, a| vm::power(cx, a[0], a[1], Value::NONE);
    /// `a >> b`
    "rshift(a, b, /)" => binary!(RShift);
    /// `a - b`
    "sub(a, b, /)" => binary!(Sub);
    /// `a / b`
    "truediv(a, b, /)" => binary!(TrueDiv);
    /// `a ^ b`
    "xor(a, b, /)" => binary!(Xor);
    /// `a + b` for sequences
    "concat(a, b, /)" => |cx, a| concat(cx, a, false);
    /// `b in a`
    "contains(a, b, /)" => |cx, a| Ok(Value::bool(vm::contains(cx, a[0], a[1])?));
    /// The number of items equal to `b` in `a`.
    "countOf(a, b, /)" => count_of;
    /// `del a[b]`
    "delitem(a, b, /)" => |cx, a| { vm::set_item(cx, a[0], a[1], None)?; Ok(Value::NONE) };
    /// `a[b]`
    "getitem(a, b, /)" => |cx, a| vm::get_item(cx, a[0], a[1]);
    /// The index of the first item equal to `b` in `a`.
    "indexOf(a, b, /)" => index_of;
    /// `a[b] = c`
    "setitem(a, b, c, /)" => |cx, a| { vm::set_item(cx, a[0], a[1], Some(a[2]))?; Ok(Value::NONE) };
    /// An estimate of the number of items of an object.
    "length_hint(obj, default=0, /)" => length_hint;
    /// `a += b`
    "iadd(a, b, /)" => inplace!(Add);
    /// `a &= b`
    "iand(a, b, /)" => inplace!(And);
    /// `a += b` for sequences
    "iconcat(a, b, /)" => |cx, a| concat(cx, a, true);
    /// `a //= b`
    "ifloordiv(a, b, /)" => inplace!(FloorDiv);
    /// `a <<= b`
    "ilshift(a, b, /)" => inplace!(LShift);
    /// `a %= b`
    "imod(a, b, /)" => inplace!(Mod);
    /// `a *= b`
    "imul(a, b, /)" => inplace!(Mul);
    /// `a @= b`
    "imatmul(a, b, /)" => inplace!(MatMul);
    /// `a |= b`
    "ior(a, b, /)" => inplace!(Or);
    /// `a **= b`
    "ipow(a, b, /)" => inplace!(Pow);
    /// `a >>= b`
    "irshift(a, b, /)" => inplace!(RShift);
    /// `a -= b`
    "isub(a, b, /)" => inplace!(Sub);
    /// `a /= b`
    "itruediv(a, b, /)" => inplace!(TrueDiv);
    /// `a ^= b`
    "ixor(a, b, /)" => inplace!(Xor);
    /// Calls an object: `obj(*args, **kwargs)`.
    raw "call(obj, /, *args, **kwargs)" => call;
    /// Compares two strings or bytes in a time that does not depend on their content.
    "_compare_digest(a, b, /)" => compare_digest;
];

fn concat(cx: &mut Ctx, a: &[Value], inplace: bool) -> PyResult {
    let ok = cx.type_of(a[0]).slots.getitem.address() != 0 && cx.type_of(a[0]).slots.sq_concat.address() != 0;
    if !ok && cx.type_of(a[0]).slots.getitem.address() == 0 {
        let msg = format!("'{}' object can't be concatenated", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    }
    if inplace {
        vm::inplace_op(cx, BinOp::Add, a[0], a[1])
    } else {
        vm::binary_op(cx, BinOp::Add, a[0], a[1])
    }
}

fn count_of(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (mut n, x) = (0i64, a[1]);
    vm::for_each(cx, a[0], |cx, v| {
        n += i64::from(vm::eq(cx, v, x)?);
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok(cx.int(n))
}

fn index_of(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (mut n, mut found, x) = (0i64, false, a[1]);
    vm::for_each(cx, a[0], |cx, v| {
        if vm::eq(cx, v, x)? {
            found = true;
            return Ok(std::ops::ControlFlow::Break(()));
        }
        n += 1;
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    if found { Ok(cx.int(n)) } else { Err(cx.value_error("sequence.index(x): x not in sequence")) }
}

fn length_hint(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if IntRef::of(a[1]).is_none() {
        let msg =
            format!("'{}' object cannot be interpreted as an integer", protopy_vm::ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    }
    let default = vm::index_i64(cx, a[1], Ty::OverflowError)?;
    let known = vm::length_hint(cx, a[0], usize::MAX)?;
    if known == usize::MAX { Ok(cx.int(default)) } else { Ok(cx.int_usize(known)) }
}

fn call(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    let Some((f, _)) = args.pos().split_first() else {
        return Err(cx.type_error("call expected at least 1 argument, got 0"));
    };
    let rest = &args.all()[1..];
    let rest = match args.names() {
        Some(n) => Args::with_names(rest, n),
        None => Args::positional(rest),
    };
    vm::call_args(cx, *f, rest)
}

fn compare_digest(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let same = |x: &[u8], y: &[u8]| {
        let mut diff = u8::from(x.len() != y.len());
        for (i, p) in y.iter().enumerate() {
            diff |= p ^ x.get(i).copied().unwrap_or(!*p);
        }
        diff == 0
    };
    match (StrObj::of(a[0]), StrObj::of(a[1])) {
        (Some(x), Some(y)) => match (x.as_ascii(), y.as_ascii()) {
            (Some(x), Some(y)) => Ok(Value::bool(same(x.as_bytes(), y.as_bytes()))),
            _ => Err(cx.type_error("comparing strings with non-ASCII characters is not supported")),
        },
        (None, None) if vm::buffers::has_buffer(cx, a[0]) && vm::buffers::has_buffer(cx, a[1]) => {
            let x = vm::buffers::buffer_to_vec(cx, a[0])?;
            let y = vm::buffers::buffer_to_vec(cx, a[1])?;
            Ok(Value::bool(same(&x, &y)))
        }
        _ => {
            let msg = format!(
                "unsupported operand types(s) or combination of types: '{}' and '{}'",
                protopy_vm::ops::tp_name(cx, a[0]),
                protopy_vm::ops::tp_name(cx, a[1])
            );
            Err(cx.type_error(&msg))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- getters

/// What a getter fetches: items, dotted attribute paths, or the result of a method.
struct Getter {
    what: Slot,
    kwargs: Slot,
}

impl Payload for Getter {
    const NAME: &'static str = "operator getter";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.what);
        t.slot(&self.kwargs);
    }
}

macro_rules! getter_type {
    ($id:ident, $name:literal, $doc:literal, $new:ident, $call:ident, $repr:ident, $reduce:ident, $sig:literal) => {
        static $id: TypeSpec = TypeSpec {
            name: $name,
            module: "operator",
            layout: Layout::Native,
            vt: Some(<Getter as NativeLayout>::VT),
            flags: type_flags::BASETYPE,
            slots: SlotSpec { new: Some($new), call: Some($call), repr: Some($repr), ..SlotSpec::NONE },
            methods: methods![
                /// Helps pickle.
                "__reduce__(self, /)" => $reduce;
            ],
            getsets: protopy_vm::getsets![
                /// The signature of calling it.
                "__text_signature__" => |cx, _| Ok(cx.str("(obj, /)"));
            ],
            doc: $doc,
            sig: Some($sig),
            ..TypeSpec::BASE
        };
    };
}

getter_type!(
    ITEM,
    "itemgetter",
    "A callable that fetches items.",
    item_new,
    item_call,
    item_repr,
    item_reduce,
    "(item, /, *items)"
);
getter_type!(
    ATTR,
    "attrgetter",
    "A callable that fetches attributes, by dotted names.",
    attr_new,
    attr_call,
    attr_repr,
    attr_reduce,
    "(attr, /, *attrs)"
);
getter_type!(
    METHOD,
    "methodcaller",
    "A callable that calls a method.",
    method_new,
    method_call,
    method_repr,
    method_reduce,
    "(name, /, *args, **kwargs)"
);

fn items_of(v: Value) -> &'static [Value] {
    TupleObj::of(v).map_or(&[], |t| t.items())
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Getter> {
    match v.native::<Getter>() {
        Some(g) => Ok(g),
        None => Err(cx.type_error("not a getter")),
    }
}

fn make(cx: &mut Ctx, class: Value, what: &[Value], kwargs: Option<Value>) -> PyResult {
    let what = cx.tuple_of(None, what)?;
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    Ok(cx.new_native(t, Getter { what: Slot::new(what), kwargs: Slot::from_option(kwargs) }))
}

fn at_least_one(cx: &mut Ctx, name: &str, args: Args<'_>) -> PyResult<()> {
    if args.names().is_some() {
        let msg = format!("{name}() takes no keyword arguments");
        return Err(cx.type_error(&msg));
    }
    if args.pos().is_empty() {
        let msg = format!("{name} expected at least 1 argument, got 0");
        return Err(cx.type_error(&msg));
    }
    Ok(())
}

fn one_argument(cx: &mut Ctx, name: &str, args: Args<'_>) -> PyResult {
    match (args.pos(), args.names()) {
        ([one], None) => Ok(*one),
        (_, Some(_)) => {
            let msg = format!("{name}() takes no keyword arguments");
            Err(cx.type_error(&msg))
        }
        (many, _) => {
            let msg = format!("{name} expected 1 argument, got {}", many.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn item_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    at_least_one(cx, "itemgetter", args)?;
    make(cx, class, args.pos(), None)
}

fn item_call(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let obj = one_argument(cx, "itemgetter", args)?;
    match items_of(this(cx, v)?.what.get_or_none()) {
        [one] => vm::get_item(cx, obj, *one),
        many => {
            let mut out = vm::ValueVec::new(cx);
            for k in many {
                let x = vm::get_item(cx, obj, *k)?;
                out.push(cx, x)?;
            }
            out.into_tuple(cx)
        }
    }
}

fn shown(cx: &mut Ctx, v: Value, name: &str, items: &[Value]) -> PyResult {
    if !vm::enter_repr(cx, v) {
        return Ok(cx.str(&format!("operator.{name}(...)")));
    }
    let mut parts = Vec::new();
    for i in items {
        match vm::repr_text(cx, *i) {
            Ok(t) => parts.push(t),
            Err(r) => {
                vm::leave_repr(cx, v);
                return Err(r);
            }
        }
    }
    let kw = this(cx, v)?.kwargs.get().and_then(protopy_vm::protocore::dict::DictObj::of);
    for (_, k, x) in kw.map(|d| d.snapshot()).unwrap_or_default() {
        let k = StrObj::of(k).map_or_else(String::new, StrObj::to_string_lossy);
        match vm::repr_text(cx, x) {
            Ok(t) => parts.push(format!("{k}={t}")),
            Err(r) => {
                vm::leave_repr(cx, v);
                return Err(r);
            }
        }
    }
    vm::leave_repr(cx, v);
    Ok(cx.str(&format!("operator.{name}({})", parts.join(", "))))
}

fn item_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let items = items_of(this(cx, v)?.what.get_or_none());
    shown(cx, v, "itemgetter", items)
}

fn item_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let class = cx.type_of(a[0]).value();
    let what = this(cx, a[0])?.what.get_or_none();
    cx.tuple_of(None, &[class, what])
}

fn attr_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    at_least_one(cx, "attrgetter", args)?;
    for n in args.pos() {
        if StrObj::of(*n).is_none() {
            return Err(cx.type_error("attribute name must be a string"));
        }
    }
    make(cx, class, args.pos(), None)
}

fn dotted(cx: &mut Ctx, obj: Value, path: Value) -> PyResult {
    let text = StrObj::of(path).map_or_else(String::new, StrObj::to_string_lossy);
    if !text.contains('.') {
        return vm::get_attr(cx, obj, path);
    }
    let mut at = obj;
    for part in text.split('.') {
        at = vm::get_attr_str(cx, at, part)?;
    }
    Ok(at)
}

fn attr_call(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let obj = one_argument(cx, "attrgetter", args)?;
    match items_of(this(cx, v)?.what.get_or_none()) {
        [one] => dotted(cx, obj, *one),
        many => {
            let mut out = vm::ValueVec::new(cx);
            for n in many {
                let x = dotted(cx, obj, *n)?;
                out.push(cx, x)?;
            }
            out.into_tuple(cx)
        }
    }
}

fn attr_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let items = items_of(this(cx, v)?.what.get_or_none());
    shown(cx, v, "attrgetter", items)
}

fn attr_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    item_reduce(cx, a)
}

fn method_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(n) = args.pos().first() else {
        return Err(cx.type_error("methodcaller needs at least one argument, the method name"));
    };
    if StrObj::of(*n).is_none() {
        return Err(cx.type_error("method name must be a string"));
    }
    let kw = if args.names().is_some() {
        let d = cx.dict();
        if let Some(dict) = protopy_vm::protocore::dict::DictObj::of(d) {
            for (k, v) in args.kw() {
                vm::dict_set(cx, dict, k, v)?;
            }
        }
        Some(d)
    } else {
        None
    };
    make(cx, class, args.pos(), kw)
}

fn method_call(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let obj = one_argument(cx, "methodcaller", args)?;
    let g = this(cx, v)?;
    let Some((n, rest)) = items_of(g.what.get_or_none()).split_first() else {
        return Err(cx.type_error("methodcaller has no name"));
    };
    let f = vm::get_attr(cx, obj, *n)?;
    let kw = g.kwargs.get().and_then(protopy_vm::protocore::dict::DictObj::of);
    let Some(kw) = kw else { return vm::call(cx, f, rest) };
    let pairs = kw.snapshot();
    let names: Vec<Value> = pairs.iter().map(|(_, k, _)| *k).collect();
    let names = cx.tuple_of(None, &names)?;
    let all: Vec<Value> = rest.iter().copied().chain(pairs.iter().map(|(_, _, v)| *v)).collect();
    let held = cx.tuple_of(None, &all)?;
    let r = vm::call_args(cx, f, Args::with_names(&all, names));
    vm::keep_alive(held);
    r
}

fn method_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let items = items_of(this(cx, v)?.what.get_or_none());
    shown(cx, v, "methodcaller", items)
}

fn method_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let g = this(cx, a[0])?;
    let class = cx.type_of(a[0]).value();
    let Some(kw) = g.kwargs.get() else {
        let what = g.what.get_or_none();
        return cx.tuple_of(None, &[class, what]);
    };
    let partial = vm::import_attr(cx, "functools", "partial")?;
    let items = items_of(g.what.get_or_none());
    let n = items.first().copied().unwrap_or(Value::NONE);
    let d = protopy_vm::protocore::dict::DictObj::of(kw);
    let pairs = d.map(|d| d.snapshot()).unwrap_or_default();
    let names: Vec<Value> = pairs.iter().map(|(_, k, _)| *k).collect();
    let names = cx.tuple_of(None, &names)?;
    let all: Vec<Value> = [class, n].into_iter().chain(pairs.iter().map(|(_, _, v)| *v)).collect();
    let f = vm::call_args(cx, partial, Args::with_names(&all, names))?;
    let rest = cx.tuple_of(None, items.get(1..).unwrap_or(&[]))?;
    cx.tuple_of(None, &[f, rest])
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    for spec in [&ITEM, &ATTR, &METHOD] {
        let t = create_type(cx, spec)?;
        vm::set_attr_str(cx, module, spec.name, t)?;
    }
    Ok(())
}
