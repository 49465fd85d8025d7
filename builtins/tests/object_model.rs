//! The object model by itself: a space with the types of `objects`, bare versions of the others, and Python code whose globals
//! are looked at afterwards. What is expected was checked against CPython 3.14.

use protopy_builtins::objects::{TYPES, create_object_types};
use protopy_vm::compile::run_source;
use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::getsets;
use protopy_vm::methods;
use protopy_vm::names::init_names;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::known::ALL_TYPES;
use protopy_vm::protocore::layouts::{ExcObj, FunctionObj, IntRef, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::vts::layout_vt;
use protopy_vm::protocore::{Args, CmpOp, Ctx, ProtoSpace, PyResult, Root, Ty, TypeObj, Value};
use protopy_vm::types::{bootstrap_types, builtin_build_class, create_type};

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Makes a class.
    raw "__build_class__(func, name, /, *bases, **kwds)" => builtin_build_class;
    /// repr
    "repr(obj, /)" => |cx, a| protopy_vm::ops::repr(cx, a[0]);
    /// hash
    "hash(obj, /)" => |cx, a| { let h = protopy_vm::ops::hash(cx, a[0])?; Ok(cx.int(h)) };
    /// len
    "len(obj, /)" => |cx, a| { let h = protopy_vm::ops::len(cx, a[0])?; Ok(cx.int_usize(h)) };
    /// iter
    "iter(obj, /)" => |cx, a| protopy_vm::iter::iter(cx, a[0]);
    /// isinstance
    "isinstance(obj, cls, /)" => |cx, a| Ok(Value::bool(protopy_vm::ops::is_instance(cx, a[0], a[1])?));
    /// getattr
    "getattr(obj, name, /)" => |cx, a| protopy_vm::attr::get_attr(cx, a[0], a[1]);
    /// setattr
    "setattr(obj, name, value, /)" => |cx, a| { protopy_vm::attr::set_attr(cx, a[0], a[1], Some(a[2]))?; Ok(Value::NONE) };
    /// pow
    "pow(a, b, c=None, /)" => |cx, a| protopy_vm::ops::power(cx, a[0], a[1], a[2]);
];

fn exc_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let t = TypeObj::of(ty).expect("a type");
    Ok(cx.new_exception(t, args.pos()))
}

fn exc_args(_: &mut Ctx, v: Value) -> PyResult {
    Ok(ExcObj::of(v).and_then(|e| e.args.get()).unwrap_or(Value::NONE))
}

fn exc_init(_: &mut Ctx, _: Value, _: Args<'_>) -> PyResult<()> {
    Ok(())
}

static EXC_GETSETS: &[GetSetDef] = getsets![ "args" => exc_args; ];

static FN_GETSETS: &[GetSetDef] = getsets![ "__doc__" => fn_doc; "__name__" => fn_name; ];

fn fn_doc(_: &mut Ctx, v: Value) -> PyResult {
    Ok(FunctionObj::of(v).map_or(Value::NONE, |f| f.doc.get_or_none()))
}

fn fn_name(_: &mut Ctx, v: Value) -> PyResult {
    Ok(FunctionObj::of(v).map_or(Value::NONE, |f| f.name.get_or_none()))
}

fn int_add(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    match (IntRef::of(a), IntRef::of(b)) {
        (Some(IntRef::Small(x)), Some(IntRef::Small(y))) => Ok(cx.int(x + y)),
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

fn int_index(cx: &mut Ctx, a: Value) -> PyResult {
    let i = IntRef::of(a).expect("an int");
    Ok(protopy_vm::ops::int_from_ref(cx, i))
}

fn int_hash(_: &mut Ctx, a: Value) -> PyResult<i64> {
    Ok(IntRef::of(a).and_then(IntRef::to_i64).unwrap_or(7))
}

fn int_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let t = TypeObj::of(ty).expect("a type");
    let n = args.pos().first().and_then(|v| IntRef::of(*v)).unwrap_or(IntRef::Small(0));
    Ok(cx.int_subclass(t, n))
}

fn str_compare(_: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    match (StrObj::of(a), StrObj::of(b), op) {
        (Some(a), Some(b), CmpOp::Eq) => Ok(Value::bool(a.same(b))),
        (Some(a), Some(b), CmpOp::Ne) => Ok(Value::bool(!a.same(b))),
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

fn str_repr(cx: &mut Ctx, a: Value) -> PyResult {
    let s = StrObj::of(a).map_or_else(String::new, StrObj::to_string_lossy);
    Ok(cx.str(&format!("'{s}'")))
}

fn str_str(_: &mut Ctx, a: Value) -> PyResult {
    Ok(a)
}

fn str_hash(cx: &mut Ctx, a: Value) -> PyResult<i64> {
    Ok(cx.str_hash(a))
}

fn list_concat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let mut items = protopy_vm::roots::seq_items(a).unwrap_or_default();
    items.extend(protopy_vm::roots::seq_items(b).unwrap_or_default());
    cx.list(&items)
}

fn list_new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    Ok(cx.new_list(TypeObj::of(ty).expect("a type")))
}

fn seq_iter(cx: &mut Ctx, a: Value) -> PyResult {
    Ok(cx.seq_iter(Ty::ListIter, a, 0))
}

fn seq_next(cx: &mut Ctx, a: Value) -> PyResult<Option<Value>> {
    let it = protopy_vm::protocore::layouts::SeqIterObj::of(a).expect("an iterator");
    let i = it.index.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let items = protopy_vm::roots::seq_items(it.seq.get_or(Value::NONE)).unwrap_or_default();
    let _ = cx;
    Ok(items.get(i).copied())
}

fn seq_item(cx: &mut Ctx, a: Value, k: Value) -> PyResult {
    let items = protopy_vm::roots::seq_items(a).unwrap_or_default();
    match k.as_small().and_then(|i| items.get(i as usize).copied()) {
        Some(v) => Ok(v),
        None => Err(cx.raise_str(Ty::IndexError, "index out of range")),
    }
}

fn dict_item(cx: &mut Ctx, a: Value, k: Value) -> PyResult {
    protopy_vm::dicts::dict_item(cx, DictObj::of(a).expect("a dict"), k)
}

fn dict_store(cx: &mut Ctx, a: Value, k: Value, v: Option<Value>) -> PyResult<()> {
    let d = DictObj::of(a).expect("a dict");
    protopy_vm::dicts::dict_set(cx, d, k, v.expect("a value"))
}

fn fn_get(cx: &mut Ctx, f: Value, obj: Option<Value>, _: Value) -> PyResult {
    Ok(match obj {
        Some(o) => cx.bound_method(f, o),
        None => f,
    })
}

fn native_get(cx: &mut Ctx, f: Value, obj: Option<Value>, owner: Value) -> PyResult {
    let n = protopy_vm::protocore::layouts::NativeFnObj::of(f).expect("a descriptor");
    let this = if cx.is_exact(f, Ty::ClassMethodDescriptor) { Some(owner) } else { obj };
    Ok(match this {
        Some(t) => cx.native_fn(Ty::NativeFn, n.def, Some(t), None, n.owner.get()),
        None => f,
    })
}

fn call_any(cx: &mut Ctx, f: Value, args: Args<'_>) -> PyResult {
    protopy_vm::call::call_args(cx, f, args)
}

fn bare_slots(t: Ty) -> SlotSpec {
    let none = SlotSpec::NONE;
    match t {
        Ty::Int => SlotSpec {
            new: Some(int_new),
            add: Some(int_add),
            index: Some(int_index),
            int: Some(int_index),
            hash: Some(int_hash),
            ..none
        },
        Ty::Str => SlotSpec {
            compare: Some(str_compare),
            repr: Some(str_repr),
            str: Some(str_str),
            hash: Some(str_hash),
            ..none
        },
        Ty::List => SlotSpec {
            new: Some(list_new),
            sq_concat: Some(list_concat),
            iter: Some(seq_iter),
            getitem: Some(seq_item),
            ..none
        },
        Ty::Tuple => SlotSpec { iter: Some(seq_iter), getitem: Some(seq_item), ..none },
        Ty::ListIter => SlotSpec { iternext: Some(seq_next), ..none },
        Ty::Dict => SlotSpec { getitem: Some(dict_item), setitem: Some(dict_store), ..none },
        Ty::Function => SlotSpec { descr_get: Some(fn_get), call: Some(call_any), ..none },
        Ty::MethodDescriptor | Ty::ClassMethodDescriptor => {
            SlotSpec { descr_get: Some(native_get), call: Some(call_any), ..none }
        }
        Ty::Method | Ty::NativeFn => SlotSpec { call: Some(call_any), ..none },
        Ty::BaseException => SlotSpec { new: Some(exc_new), init: Some(exc_init), ..none },
        _ => none,
    }
}

fn bare_base(t: Ty) -> Option<Ty> {
    match t {
        Ty::BaseException => Some(Ty::Object),
        Ty::Exception => Some(Ty::BaseException),
        Ty::Bool => Some(Ty::Int),
        t if t as u32 > Ty::BaseException as u32 => Some(Ty::Exception),
        _ => Some(Ty::Object),
    }
}

/// A space in which only the types of `objects` are real.
fn space() -> Box<Ctx> {
    let space = ProtoSpace::new((1, 2)).expect("a space");
    let mut cx = Ctx::attach(&space, true).expect("a thread");
    boot(&mut cx).expect("boots");
    cx
}

fn boot(cx: &mut Ctx) -> PyResult<()> {
    bootstrap_types(cx)?;
    init_names(cx)?;
    create_object_types(cx)?;
    for t in ALL_TYPES.iter().filter(|t| TYPES.iter().all(|s| s.ty != Some(**t))) {
        let layout = cx.ty(*t).layout;
        let exc = *t == Ty::BaseException;
        let spec: &'static TypeSpec = Box::leak(Box::new(TypeSpec {
            ty: Some(*t),
            name: t.name(),
            base: bare_base(*t),
            layout,
            vt: Some(layout_vt(layout)),
            flags: type_flags::BASETYPE
                | if exc { type_flags::DICT | type_flags::EXCEPTION } else { 0 }
                | if matches!(t, Ty::Function | Ty::MethodDescriptor) {
                    type_flags::METHOD_DESCRIPTOR
                } else {
                    0
                },
            slots: bare_slots(*t),
            getsets: match t {
                Ty::BaseException => EXC_GETSETS,
                Ty::Function => FN_GETSETS,
                _ => &[],
            },
            ..TypeSpec::BASE
        }));
        create_type(cx, spec)?;
    }
    let builtins = cx.dict();
    let d = DictObj::of(builtins).expect("a dict");
    for f in FUNCTIONS {
        let n = cx.intern_str(f.name);
        let v = cx.native_fn(Ty::NativeFn, f, None, None, None);
        cx.dict_set_str(d, n, v);
    }
    for t in ALL_TYPES {
        let n = cx.intern_str(t.name());
        let v = cx.ty(*t).value();
        cx.dict_set_str(d, n, v);
    }
    cx.space().set_root(Root::Builtins, builtins);
    Ok(())
}

/// Runs code; its globals.
fn run(cx: &mut Ctx, text: &str) -> Value {
    let globals = cx.dict();
    let (n, main) = (cx.intern_str("__name__"), cx.intern_str("__main__"));
    cx.dict_set_str(DictObj::of(globals).expect("a dict"), n, main);
    if let Err(r) = run_source(cx, text, "<test>", globals) {
        let e = cx.take_raised(r);
        let msg = ExcObj::of(e).and_then(|e| e.args.get()).and_then(TupleObj::of).map(|a| a.items().to_vec());
        let msg: Vec<String> = msg
            .unwrap_or_default()
            .into_iter()
            .map(|v| StrObj::of(v).map_or_else(|| format!("{v:?}"), StrObj::to_string_lossy))
            .collect();
        panic!("{}: {msg:?}", cx.type_name(e));
    }
    globals
}

fn show(v: Value) -> String {
    if let Some(s) = StrObj::of(v) {
        return s.to_string_lossy();
    }
    if let Some(t) = TupleObj::of(v) {
        return format!("({})", t.items().iter().map(|v| show(*v)).collect::<Vec<_>>().join(", "));
    }
    if let Some(t) = TypeObj::of(v) {
        return protopy_vm::errors::type_text(t);
    }
    if v.is_bool() || v.is_none() {
        return if v.is_none() {
            "None"
        } else if v.is(Value::TRUE) {
            "True"
        } else {
            "False"
        }
        .to_owned();
    }
    if protopy_vm::protocore::layouts::ListObj::of(v).is_some() {
        let items = protopy_vm::roots::seq_items(v).unwrap_or_default();
        return format!("[{}]", items.iter().map(|v| show(*v)).collect::<Vec<_>>().join(", "));
    }
    format!("{v:?}")
}

/// Runs code and compares global names with texts. Code may use `fails(function)`, which answers the message.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let mut cx = space();
    let prelude = "def fails(f, *a):\n    try:\n        f(*a)\n    except BaseException as e:\n        return e.args[0]\n    \
                   return 'no error'\n";
    let globals = run(&mut cx, &format!("{prelude}{text}"));
    let d = DictObj::of(globals).expect("a dict");
    for (n, want) in expected {
        let n = cx.intern_str(n);
        let got = cx.dict_get_str(d, n).map_or_else(|| "missing".to_owned(), show);
        assert_eq!(&got, want, "{}", show(n));
    }
}

#[test]
fn classes_have_attributes_and_methods() {
    check(
        r#"
class A:
    k = 1
    def __init__(self, x): self.x = x
    def get(self): return self.x
    def __repr__(self): return 'A!'
class B(A):
    def get(self): return (super().get(), 'b')
a = A(5)
g1 = a.get()
g2 = B(6).get()
r = repr(a)
m = B.__mro__
n = (B.__name__, B.__qualname__, B.__module__, B.__base__)
a.k = 2
k = (a.k, A.k)
A.get = lambda self: 'new'
g3 = a.get()
s = A.__subclasses__()
c = a.__class__
bad = fails(lambda: a.zork)
bad2 = fails(lambda: A.zork)
bad3 = fails(A)
t = type('T', (A,), {'z': 3})
z = (t.z, t.__name__, t.__bases__)
"#,
        &[
            ("g1", "5"),
            ("g2", "(6, b)"),
            ("r", "A!"),
            ("m", "(B, A, object)"),
            ("n", "(B, B, __main__, A)"),
            ("k", "(2, 1)"),
            ("g3", "new"),
            ("s", "[B]"),
            ("c", "A"),
            ("bad", "'A' object has no attribute 'zork'"),
            ("bad2", "type object 'A' has no attribute 'zork'"),
            ("z", "(3, T, (A))"),
        ],
    );
}

#[test]
fn operators_follow_the_subclass_rule() {
    check(
        r#"
class A:
    def __add__(self, o): return 'A.add'
    def __radd__(self, o): return 'A.radd'
    def __lt__(self, o): return 'lt'
    def __call__(self, *a, **k): return a
    def __len__(self): return -1
    def __getitem__(self, k): return k
    def __contains__(self, k): return 1
    def __hash__(self): return -1
    def __bool__(self): return 3
    def __iter__(self): return iter([1])
    def __pow__(self, o, m=None): return ('pow', m)
class B(A):
    def __radd__(self, o): return 'B.radd'
class C(A): pass
class E(int): pass
class F(int):
    def __radd__(self, o): return 'F.radd'
class L(list): pass
class M(list):
    def __add__(self, o): return 'M.add'
r1 = A() + 1
r2 = 1 + A()
r3 = A() + B()
r4 = A() + C()
r5 = E(3) + 4
r6 = 4 + F(3)
r7 = L() + [1]
r8 = M() + [1]
r9 = A() < 1
r10 = A() > A()
r11 = A()(1, 2)
r12 = A()[5]
r13 = 5 in A()
r14 = hash(A())
e1 = fails(lambda: len(A()))
e2 = fails(lambda: not A())
r15 = pow(A(), 1, 2)
r16 = A() ** 1
class N:
    __contains__ = None
    __iter__ = None
    __hash__ = None
e3 = fails(lambda: 1 in N())
e4 = fails(lambda: iter(N()))
e5 = fails(lambda: hash(N()))
class Q:
    def __eq__(self, o): return True
e6 = fails(lambda: hash(Q()))
q = (Q() == 1, Q() != 1)
x = A.__add__(A(), 1), int.__add__(1, 2), (1).__add__(2)
e7 = fails(lambda: int.__add__('a', 1))
e8 = fails(lambda: int.__add__())
e9 = fails(lambda: int.__add__(1))
A.__add__ = lambda s, o: 'late'
late = A() + 1, C() + 1
del A.__add__
e10 = fails(lambda: A() + 1)
"#,
        &[
            ("r1", "A.add"),
            ("r2", "A.radd"),
            ("r3", "B.radd"),
            ("r4", "A.add"),
            ("r5", "7"),
            ("r6", "F.radd"),
            ("r7", "[1]"),
            ("r8", "M.add"),
            ("r9", "lt"),
            ("r10", "lt"),
            ("r11", "(1, 2)"),
            ("r12", "5"),
            ("r13", "True"),
            ("r14", "-2"),
            ("e1", "__len__() should return >= 0"),
            ("e2", "__bool__ should return bool, returned int"),
            ("r15", "(pow, 2)"),
            ("r16", "(pow, None)"),
            ("e3", "'N' object is not a container"),
            ("e4", "'N' object is not iterable"),
            ("e5", "unhashable type: 'N'"),
            ("e6", "unhashable type: 'Q'"),
            ("q", "(True, False)"),
            ("x", "(A.add, 3, 3)"),
            ("e7", "descriptor '__add__' requires a 'int' object but received a 'str'"),
            ("e8", "descriptor '__add__' of 'int' object needs an argument"),
            ("e9", "expected 1 argument, got 0"),
            ("late", "(late, late)"),
            ("e10", "unsupported operand type(s) for +: 'A' and 'int'"),
        ],
    );
}

#[test]
fn slots_have_fixed_places() {
    check(
        r#"
class S:
    __slots__ = ('a', '__b')
    def b(self):
        self.__b = 2
        return self.__b
class T(S):
    __slots__ = 'c'
class U(T): pass
s = S()
e1 = fails(lambda: s.a)
s.a = 1
r1 = s.a, s.b()
e2 = fails(setattr, s, 'q', 1)
t = T()
t.a = 1; t.c = 3
u = U()
u.a = 5; u.c = 6; u.z = 7; u.y = 8
r2 = t.a, t.c, u.a, u.c, u.z, u.y
def d(): del s.a
r3 = fails(d)
r4 = fails(d)
class S2:
    __slots__ = ('b',)
e3 = fails(lambda: type('X', (S, S2), {}))
e4 = fails(lambda: type('X', (int,), {'__slots__': ['a']}))
e5 = fails(lambda: type('X', (), {'__slots__': [1]}))
e6 = fails(lambda: type('X', (), {'__slots__': ['1a']}))
e7 = fails(lambda: type('X', (), {'__slots__': ['a'], 'a': 1}))
e8 = fails(lambda: type('X', (), {'__slots__': ['__dict__', '__dict__']}))
rep = repr(S.__dict__['a'])
class V(S): pass
v = V(); v.a = 1; v.k = 2
class W(S):
    def __init__(self): self.p = self.q = self.r = self.o = 1
v.__class__ = W
r5 = v.a, v.k, type(v)
e9 = fails(setattr, s, '__class__', S2)
e10 = fails(setattr, s, '__class__', int)
e11 = fails(setattr, 1, '__class__', S)
class P:
    def __init__(self): self.x = 1
class P2:
    def __init__(self): self.x = 1
p = P(); p.y = 2
p.__class__ = P2
r6 = p.x, p.y, type(p)
"#,
        &[
            ("e1", "'S' object has no attribute 'a'"),
            ("r1", "(1, 2)"),
            ("e2", "'S' object has no attribute 'q' and no __dict__ for setting new attributes"),
            ("r2", "(1, 3, 5, 6, 7, 8)"),
            ("r3", "no error"),
            ("r4", "a"),
            ("e3", "multiple bases have instance lay-out conflict"),
            ("e4", "nonempty __slots__ not supported for subtype of 'int'"),
            ("e5", "__slots__ items must be strings, not 'int'"),
            ("e6", "__slots__ must be identifiers"),
            ("e7", "'a' in __slots__ conflicts with class variable"),
            ("e8", "__dict__ slot disallowed: we already got one"),
            ("rep", "<member 'a' of 'S' objects>"),
            ("r5", "(1, 2, W)"),
            ("e9", "__class__ assignment: 'S2' object layout differs from 'S'"),
            ("e10", "__class__ assignment only supported for mutable types or ModuleType subclasses"),
            ("e11", "__class__ assignment only supported for mutable types or ModuleType subclasses"),
            ("r6", "(1, 2, P2)"),
        ],
    );
}

#[test]
fn making_classes_reports_errors() {
    check(
        r#"
class A: pass
class B(A): pass
e1 = fails(lambda: type('X', (A, B), {}))
e2 = fails(lambda: type('X', (A, A), {}))
e3 = fails(lambda: type('X', [], {}))
e4 = fails(lambda: type(1, (), {}))
e5 = fails(lambda: type('X', ()))
e6 = fails(lambda: type.__new__(type))
e7 = fails(lambda: object.__new__(int))
e8 = fails(lambda: object.__new__(1))
e9 = fails(lambda: object(1))
e10 = fails(lambda: A(1))
e11 = fails(lambda: type.__new__(int))
class M1(type): pass
class M2(type): pass
class C1(metaclass=M1): pass
class C2(metaclass=M2): pass
e12 = fails(lambda: type('X', (C1, C2), {}))
e13 = fails(setattr, int, 'x', 1)
e14 = fails(setattr, A, '__name__', 1)
e15 = fails(setattr, A, '__bases__', ())
e16 = fails(setattr, B, '__bases__', (B,))
e17 = fails(setattr, A, '__mro__', ())
e18 = fails(lambda: type('X', (), {}, a=1))
class I:
    def __init__(self): return 1
e19 = fails(I)
class D:
    def __set_name__(self, owner, n): self.n = (owner.__name__, n)
class H:
    d = D()
    def __init_subclass__(cls, /, k=0, **kw): cls.k = k
class H2(H, k=4): pass
r1 = H.d.n, H2.k
class Meta(type):
    def __prepare__(name, bases, **kw): return {'pre': kw}
    def __new__(m, n, b, d, **kw): return super().__new__(m, n, b, d)
    def __init__(cls, n, b, d, **kw): pass
    def __call__(cls, *a): return 'called'
    def hello(cls): return cls.__name__
    @property
    def prop(cls): return 'prop'
class K(metaclass=Meta, opt=1): 
    x = 1
r2 = K(), K.hello(), K.prop, type(K)
class Ent:
    def __mro_entries__(self, bases): return (A,)
class EE(Ent()): pass
r3 = EE.__mro__
class X1:
    def f(self): return 'X1'
class X2:
    def f(self): return 'X2'
class Y(X1):
    pass
y = Y()
r4 = y.f()
Y.__bases__ = (X2,)
r5 = y.f(), Y.__mro__, X1.__subclasses__(), X2.__subclasses__()
r6 = repr(Y), repr(int), A() == A()
class Ann:
    a: int
    b: str = ''
r7 = Ann.__annotations__['a'], Ann.__annotations__ is Ann.__annotations__
e20 = fails(lambda: int.__annotations__)
e21 = fails(lambda: A.__abstractmethods__)
class AB:
    def m(self): pass
AB.__abstractmethods__ = ('m', 'k')
e22 = fails(AB)
"#,
        &[
            ("e1", "Cannot create a consistent method resolution order (MRO) for bases A, B"),
            ("e2", "duplicate base class A"),
            ("e3", "type.__new__() argument 2 must be tuple, not list"),
            ("e4", "type.__new__() argument 1 must be str, not int"),
            ("e5", "type() takes 1 or 3 arguments"),
            ("e6", "type.__new__() takes exactly 3 arguments (0 given)"),
            ("e7", "object.__new__(int) is not safe, use int.__new__()"),
            ("e8", "object.__new__(X): X is not a type object (int)"),
            ("e9", "object() takes no arguments"),
            ("e10", "A() takes no arguments"),
            ("e11", "type.__new__(int): int is not a subtype of type"),
            (
                "e12",
                "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
            ),
            ("e13", "cannot set 'x' attribute of immutable type 'int'"),
            ("e14", "can only assign string to A.__name__, not 'int'"),
            ("e15", "can only assign non-empty tuple to A.__bases__, not ()"),
            ("e16", "a __bases__ item causes an inheritance cycle"),
            ("e17", "attribute '__mro__' of 'type' objects is not writable"),
            ("e18", "X.__init_subclass__() takes no keyword arguments"),
            ("e19", "__init__() should return None, not 'int'"),
            ("r1", "((H, d), 4)"),
            ("r2", "(called, K, prop, Meta)"),
            ("r3", "(EE, A, object)"),
            ("r4", "X1"),
            ("r5", "(X2, (Y, X2, object), [], [Y])"),
            ("r6", "(<class '__main__.Y'>, <class 'int'>, False)"),
            ("r7", "(int, True)"),
            ("e20", "type object 'int' has no attribute '__annotations__'"),
            ("e21", "__abstractmethods__"),
            (
                "e22",
                "Can't instantiate abstract class AB without an implementation for abstract methods 'k', 'm'",
            ),
        ],
    );
}

#[test]
fn attribute_hooks_and_descriptors() {
    check(
        r#"
class A:
    def __getattr__(self, n): return ('getattr', n)
    @property
    def p(self): return self.missing_one
    @staticmethod
    def s(x): return x
    @classmethod
    def c(cls): return cls
a = A()
r1 = a.foo, a.p, a.s(3), a.c(), A.c()
class B:
    def __getattribute__(self, n): return n
    def __setattr__(self, n, v): log[0:0]
r2 = B().anything
class P:
    def __init__(self): self._x = 0
    @property
    def x(self):
        'doc of x'
        return self._x
    @x.setter
    def x(self, v): self._x = v
    @property
    def y(self): return 1
p = P()
p.x = 5
r3 = p.x, P.x.__doc__, P.x.__name__
e1 = fails(setattr, p, 'y', 1)
class D:
    def __get__(self, o, t): return ('get', o is None)
class E:
    d = D()
r4 = E.d, E().d
class F:
    d = D()
    def __init__(self): self.d = 'own'
r5 = F().d
f = F()
def read(o): return o.d
r6 = read(f), read(f)
D.__set__ = lambda self, o, v: None
r7 = read(f)
def hooked(self, n): return 'hooked'
F.__getattribute__ = hooked
r8 = read(f)
del F.__getattribute__
r9 = read(f)
r10 = repr(super(P, p)), repr(P.__dict__['x'])[0:0] if False else 1
s = super(P, p)
r11 = s.__thisclass__, s.__self_class__
e2 = fails(lambda: super(int, 'a'))
e3 = fails(super)
def m(self): return super().zork
class Z(A):
    def f(self): return super().s(4)
    def g(self): return super().__len__
r12 = Z().f()
e4 = fails(Z().g)
r13 = repr((1).__add__)[0:0] if False else 1
r14 = int.__add__.__name__, int.__add__.__qualname__, int.__add__.__text_signature__, int.__add__.__objclass__
r15 = (1).__add__ == (1).__add__
r16 = repr(SimpleNamespace(a=1, b='x'))
n = SimpleNamespace(a=1)
n.b = 2
r17 = n.a, n.b
r18 = A.__dict__['s'].__func__(1)
class CM:
    def __call__(self, x): return x
    f = classmethod(lambda c: c)
r19 = CM().f(), CM()(2)
r20 = object.__dict__['__class__'].__get__(1), type.__dict__['__mro__'].__get__(int)
class Late: pass
l = Late()
Late.__getattr__ = lambda self, n: 'late'
r21 = l.q
"#,
        &[
            ("r1", "((getattr, foo), (getattr, missing_one), 3, A, A)"),
            ("r2", "anything"),
            ("r3", "(5, doc of x, x)"),
            ("e1", "property 'y' of 'P' object has no setter"),
            ("r4", "((get, True), (get, False))"),
            ("r5", "own"),
            ("r6", "(own, own)"),
            ("r7", "(get, False)"),
            ("r8", "hooked"),
            ("r9", "(get, False)"),
            ("r11", "(P, P)"),
            ("e2", "super(type, obj): obj (instance of str) is not an instance or subtype of type (int)."),
            ("r12", "4"),
            ("e4", "'super' object has no attribute '__len__'"),
            ("r14", "(__add__, int.__add__, ($self, value, /), int)"),
            ("r15", "True"),
            ("r17", "(1, 2)"),
            ("r18", "1"),
            ("r19", "(CM, 2)"),
            ("r20", "(int, (int, object))"),
            ("r21", "late"),
        ],
    );
}
