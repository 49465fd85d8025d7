//! Conditions in Python: exceptions, and the mappings `flags` and `traps` of contexts.

use crate::context::Context;
use crate::num::{Status, flags};
use crate::object::{Runtime, runtime};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{
    CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, Value,
};
use protopy_vm::{self as vm, TypeSpec, methods};

/// Number of exceptions.
pub const COUNT: usize = 14;

/// Names of the exceptions, their bases (indices here, or builtin exceptions), and their flags. The nine signals come first, in the
/// order of `Context.flags`.
pub static EXCEPTIONS: [(&str, &[usize], Option<Ty>, u32); COUNT] = [
    ("InvalidOperation", &[9], None, flags::INVALID_OPERATION),
    ("FloatOperation", &[9], Some(Ty::TypeError), flags::FLOAT_OPERATION),
    ("DivisionByZero", &[9], Some(Ty::ZeroDivisionError), flags::DIVISION_BY_ZERO),
    ("Overflow", &[6, 7], None, flags::OVERFLOW),
    ("Underflow", &[6, 7, 5], None, flags::UNDERFLOW),
    ("Subnormal", &[9], None, flags::SUBNORMAL),
    ("Inexact", &[9], None, flags::INEXACT),
    ("Rounded", &[9], None, flags::ROUNDED),
    ("Clamped", &[9], None, flags::CLAMPED),
    ("DecimalException", &[], Some(Ty::ArithmeticError), 0),
    ("ConversionSyntax", &[0], None, flags::CONVERSION_SYNTAX),
    ("DivisionImpossible", &[0], None, flags::DIVISION_IMPOSSIBLE),
    ("DivisionUndefined", &[0], Some(Ty::ZeroDivisionError), flags::DIVISION_UNDEFINED),
    ("InvalidContext", &[0], None, flags::INVALID_CONTEXT),
];

/// Order in which the exceptions are made: bases first.
const ORDER: [usize; COUNT] = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 10, 11, 12, 13];
/// Number of signals.
pub const SIGNALS: usize = 9;

const WORDS: &str = "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   \
                     Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]";

/// Makes the exceptions.
pub fn create(cx: &mut Ctx, rt: &Runtime, owner: Value) -> PyResult<()> {
    for i in ORDER {
        let (name, bases, builtin, _) = EXCEPTIONS[i];
        let mut all: Vec<Value> = bases.iter().map(|b| rt.exceptions[*b].get_or_none()).collect();
        all.extend(builtin.map(|t| cx.ty(t).value()));
        let bases = cx.tuple_of(None, &all)?;
        let ns = cx.dict();
        let module = cx.intern_str("decimal");
        let key = cx.intern_str("__module__");
        vm::set_item(cx, ns, key, Some(module))?;
        let name = cx.intern_str(name);
        let meta = cx.ty(Ty::Type).value();
        let t = vm::call(cx, meta, &[name, bases, ns])?;
        cx.store(owner, &rt.exceptions[i], t);
    }
    Ok(())
}

/// Notes conditions in a context, and raises what is trapped.
#[cold]
#[inline(never)]
pub fn note(cx: &mut Ctx, rt: &Runtime, ctx: &Context, st: Status) -> PyResult<()> {
    ctx.add_flags(as_signals(st));
    let trapped = as_signals(st) & ctx.traps();
    if trapped == 0 {
        return Ok(());
    }
    Err(raise(cx, rt, st, trapped))
}

/// All forms of the invalid operation as that one.
pub fn as_signals(st: Status) -> Status {
    if st & flags::INVALID != 0 { (st & !flags::INVALID) | flags::INVALID_OPERATION } else { st }
}

fn raise(cx: &mut Ctx, rt: &Runtime, st: Status, trapped: Status) -> Raised {
    let Some(i) = EXCEPTIONS[..SIGNALS].iter().position(|e| e.3 & trapped != 0) else {
        return cx.type_error("no signal");
    };
    // The forms of the invalid operation, then the other signals.
    let mut all = Vec::new();
    let invalid = trapped & flags::INVALID_OPERATION != 0;
    for j in [0, 10, 11, 12, 13] {
        if invalid && st & EXCEPTIONS[j].3 != 0 {
            all.push(rt.exceptions[j].get_or_none());
        }
    }
    for (signal, class) in EXCEPTIONS.iter().zip(&rt.exceptions).take(SIGNALS).skip(1) {
        if trapped & signal.3 != 0 {
            all.push(class.get_or_none());
        }
    }
    match cx.list(&all) {
        Ok(list) => vm::raise_class(cx, rt.exceptions[i].get_or_none(), &[list]),
        Err(r) => r,
    }
}

/// The flag of a signal's class.
fn flag_of(rt: &Runtime, v: Value) -> Option<u32> {
    (0..SIGNALS).find(|i| rt.exceptions[*i].get_or_none().is(v)).map(|i| EXCEPTIONS[i].3)
}

fn bad_signal(cx: &mut Ctx) -> Raised {
    let m = cx.str(WORDS);
    vm::errors::raise_key_error(cx, m)
}

/// The classes of signals among flags, as a list.
pub fn as_list(cx: &mut Ctx, st: Status) -> PyResult {
    let rt = runtime(cx)?;
    let all: Vec<Value> =
        (0..SIGNALS).filter(|i| st & EXCEPTIONS[*i].3 != 0).map(|i| rt.exceptions[i].get_or_none()).collect();
    cx.list(&all)
}

/// Names of the signals among flags.
pub fn names(st: Status) -> String {
    // In the order in which the C module writes them.
    let all: Vec<&str> = [8, 0, 2, 6, 1, 3, 7, 5, 4]
        .into_iter()
        .map(|i| &EXCEPTIONS[i])
        .filter(|e| st & e.3 != 0)
        .map(|e| e.0)
        .collect();
    all.join(", ")
}

/// Flags from a list of signals' classes.
pub fn from_list(cx: &mut Ctx, v: Value) -> PyResult<Status> {
    let rt = runtime(cx)?;
    let items = vm::iter::to_vec(cx, v)?;
    let mut st = 0;
    for x in items.to_vec() {
        match flag_of(rt, x) {
            Some(f) => st |= f,
            None => {
                // Also the forms of the invalid operation stand for it.
                let sub = (10..COUNT).any(|i| rt.exceptions[i].get_or_none().is(x));
                if !sub {
                    return Err(bad_signal(cx));
                }
                st |= flags::INVALID_OPERATION;
            }
        }
    }
    Ok(st)
}

/// Flags from a mapping of all signals to truth values.
pub fn from_mapping(cx: &mut Ctx, v: Value) -> PyResult<Status> {
    if let Some(d) = v.native::<SignalDict>() {
        return d.bits(cx);
    }
    let Some(d) = DictObj::of(v) else { return Err(cx.type_error("argument must be a signal dict")) };
    let rt = runtime(cx)?;
    let wrong = |cx: &mut Ctx| {
        let m = cx.str("invalid signal dict");
        vm::errors::raise_key_error(cx, m)
    };
    if d.len() != SIGNALS {
        return Err(wrong(cx));
    }
    let mut st = 0;
    for (i, e) in EXCEPTIONS[..SIGNALS].iter().enumerate() {
        match vm::dict_get(cx, d, rt.exceptions[i].get_or_none())? {
            Some(x) => {
                if vm::is_true(cx, x)? {
                    st |= e.3;
                }
            }
            None => return Err(wrong(cx)),
        }
    }
    Ok(st)
}

// ---------------------------------------------------------------------------------------------------- SignalDict

/// `Context.flags` or `Context.traps`.
pub struct SignalDict {
    context: Slot,
    traps: bool,
}

impl Payload for SignalDict {
    const NAME: &'static str = "decimal.SignalDict";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.context);
    }
}

impl SignalDict {
    /// The mapping of a context.
    pub fn new(context: Value, traps: bool) -> SignalDict {
        SignalDict { context: Slot::new(context), traps }
    }

    fn owner(&self, cx: &mut Ctx) -> PyResult<&'static Context> {
        match self.context.get().and_then(|c| c.native::<Context>()) {
            Some(c) => Ok(c),
            None => Err(cx.value_error("invalid signal dict")),
        }
    }

    fn bits(&self, cx: &mut Ctx) -> PyResult<Status> {
        let c = self.owner(cx)?;
        Ok(if self.traps { c.traps() } else { c.flags() })
    }
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static SignalDict> {
    match v.native::<SignalDict>() {
        Some(d) => Ok(d),
        None => Err(cx.type_error("argument must be a signal dict")),
    }
}

fn dict_new(cx: &mut Ctx, ty: Value, _: vm::protocore::Args<'_>) -> PyResult {
    match vm::protocore::TypeObj::of(ty) {
        Some(t) => Ok(cx.new_native(t, SignalDict { context: Slot::empty(), traps: false })),
        None => Err(cx.type_error("not a type")),
    }
}

fn dict_getitem(cx: &mut Ctx, v: Value, k: Value) -> PyResult {
    let bits = this(cx, v)?.bits(cx)?;
    let rt = runtime(cx)?;
    match flag_of(rt, k) {
        Some(f) => Ok(Value::bool(bits & f != 0)),
        None => Err(bad_signal(cx)),
    }
}

fn dict_setitem(cx: &mut Ctx, v: Value, k: Value, x: Option<Value>) -> PyResult<()> {
    let d = this(cx, v)?;
    let c = d.owner(cx)?;
    let Some(x) = x else { return Err(cx.value_error("signal keys cannot be deleted")) };
    let rt = runtime(cx)?;
    let Some(f) = flag_of(rt, k) else { return Err(bad_signal(cx)) };
    let on = vm::is_true(cx, x)?;
    c.set_signal(d.traps, f, on);
    Ok(())
}

fn dict_len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    this(cx, v)?.owner(cx)?;
    Ok(SIGNALS)
}

fn signals(cx: &mut Ctx) -> PyResult {
    let rt = runtime(cx)?;
    let all: Vec<Value> = rt.exceptions[..SIGNALS].iter().map(Slot::get_or_none).collect();
    cx.tuple_of(None, &all)
}

fn dict_iter(cx: &mut Ctx, v: Value) -> PyResult {
    this(cx, v)?.owner(cx)?;
    let all = signals(cx)?;
    vm::iter(cx, all)
}

fn dict_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let bits = this(cx, v)?.bits(cx)?;
    let parts: Vec<String> = EXCEPTIONS[..SIGNALS]
        .iter()
        .map(|e| format!("<class 'decimal.{}'>:{}", e.0, if bits & e.3 != 0 { "True" } else { "False" }))
        .collect();
    let text = format!("{{{}}}", parts.join(", "));
    Ok(cx.str(&text))
}

fn dict_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let x = this(cx, a)?.bits(cx)?;
    let y = if let Some(d) = b.native::<SignalDict>() {
        d.bits(cx)?
    } else if DictObj::of(b).is_some() {
        let made = from_mapping(cx, b);
        match vm::catch(cx, made, Ty::KeyError)? {
            Some(y) => y,
            None => return Ok(Value::NOT_IMPLEMENTED),
        }
    } else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    Ok(Value::bool((x == y) == (op == CmpOp::Eq)))
}

fn dict_copy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let bits = this(cx, a[0])?.bits(cx)?;
    let rt = runtime(cx)?;
    let d = cx.dict();
    for (i, e) in EXCEPTIONS[..SIGNALS].iter().enumerate() {
        vm::set_item(cx, d, rt.exceptions[i].get_or_none(), Some(Value::bool(bits & e.3 != 0)))?;
    }
    Ok(d)
}

/// The native part of `SignalDict`.
pub static SIGNAL_DICT: TypeSpec = TypeSpec {
    name: "SignalDictMixin",
    module: "decimal",
    layout: Layout::Native,
    vt: Some(<SignalDict as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(dict_new),
        getitem: Some(dict_getitem),
        setitem: Some(dict_setitem),
        len: Some(dict_len),
        iter: Some(dict_iter),
        repr: Some(dict_repr),
        compare: Some(dict_compare),
        hash: Some(vm::hash_not_implemented),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// The signals and whether they are set, as a plain dict.
        "copy(self, /)" => dict_copy;
    ],
    doc: "Signals of a context and whether they are set.",
    ..TypeSpec::BASE
};
