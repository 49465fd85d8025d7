//! The module `_decimal`: types, constants, the current context.

use crate::context::{self, Context, DEFAULT, PARAMETERS, TRAPS};
use crate::context_methods::CONTEXT;
use crate::decimal::DECIMAL;
use crate::num::dec::{MAX_EMAX, MAX_PREC, MIN_EMIN, MIN_ETINY, ROUNDINGS};
use crate::num::{Rounding, Settings, flags};
use crate::object::{Runtime, runtime};
use crate::signals::{self, EXCEPTIONS, SIGNAL_DICT};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};

/// Bits of the widest context of IEEE 754 that [`ieee_context`] makes.
const IEEE_MAX_BITS: i64 = 512;

fn get_context(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let rt = runtime(cx)?;
    rt.current(cx).map(|(v, _)| v)
}

/// Makes a context the thread's; of the three that the module provides a copy.
fn install(cx: &mut Ctx, rt: &Runtime, v: Value) -> PyResult {
    if v.native::<Context>().is_none() {
        return Err(cx.type_error("argument must be a context"));
    }
    let shared = rt.templates.iter().any(|t| t.get_or_none().is(v));
    let v = if shared {
        let copy = context::copy(cx, v)?;
        context::this(cx, copy)?.clear_flags();
        copy
    } else {
        v
    };
    rt.set_current(cx, v)?;
    Ok(Value::NONE)
}

fn set_context(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let rt = runtime(cx)?;
    install(cx, rt, a[0])
}

/// `IEEEContext(bits)`
fn ieee_context(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::index_i64(cx, a[0], Ty::OverflowError)?;
    if n <= 0 || n > IEEE_MAX_BITS || n % 32 != 0 {
        let msg = format!("argument must be a multiple of 32, with a maximum of {IEEE_MAX_BITS}");
        return Err(cx.value_error(&msg));
    }
    let emax = 3 * (1 << (n / 16 + 3));
    let s =
        Settings { prec: 9 * (n / 32) - 2, emax, emin: 1 - emax, rounding: Rounding::HalfEven, clamp: true };
    let rt = runtime(cx)?;
    Ok(context::make(cx, rt, Context::new(&s, true, 0)))
}

// ---------------------------------------------------------------------------------------------------- localcontext

/// What `localcontext` answers: the context to set, and the one to set again.
struct Manager {
    local: Slot,
    global: Slot,
}

impl Payload for Manager {
    const NAME: &'static str = "decimal.ContextManager";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.local);
        t.slot(&self.global);
    }
}

static MANAGER: TypeSpec = TypeSpec {
    name: "ContextManager",
    module: "decimal",
    layout: Layout::Native,
    vt: Some(<Manager as NativeLayout>::VT),
    flags: vm::protocore::types::type_flags::NO_NEW,
    slots: SlotSpec::NONE,
    methods: methods![
        /// Sets the context.
        "__enter__(self, /)" => manager_enter;
        /// Sets the context that was there before.
        raw "__exit__(self, /, *args)" => manager_exit;
    ],
    ..TypeSpec::BASE
};

fn manager_enter(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(m) = a[0].native::<Manager>() else { return Err(cx.type_error("not a context manager")) };
    let rt = runtime(cx)?;
    let local = m.local.get_or_none();
    install(cx, rt, local)?;
    Ok(local)
}

fn manager_exit(cx: &mut Ctx, this: Value, _: Args<'_>) -> PyResult {
    let Some(m) = this.native::<Manager>() else { return Err(cx.type_error("not a context manager")) };
    let rt = runtime(cx)?;
    install(cx, rt, m.global.get_or_none())?;
    Ok(Value::FALSE)
}

fn local_context(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let rt = runtime(cx)?;
    if args.pos().len() > 1 {
        let n = args.all().len();
        return Err(cx.type_error(&format!("function takes at most 9 arguments ({n} given)")));
    }
    let mut base = args.pos().first().copied().unwrap_or(Value::NONE);
    let mut given = [Value::UNBOUND; 8];
    for (k, v) in args.kw() {
        let name = vm::str_text(cx, k)?;
        match PARAMETERS.iter().position(|p| *p == name) {
            Some(i) => given[i] = v,
            None if name == "ctx" && args.pos().is_empty() => base = v,
            None => {
                let msg = format!("this function got an unexpected keyword argument '{name}'");
                return Err(cx.type_error(&msg));
            }
        }
    }
    let (global, _) = rt.current(cx)?;
    let source = if base.is_none() {
        global
    } else if base.native::<Context>().is_some() {
        base
    } else {
        return Err(cx.type_error("optional argument must be a context"));
    };
    let local = context::copy(cx, source)?;
    context::set_all(cx, local, &given)?;
    let Some(t) = rt.manager.get().and_then(TypeObj::of) else { return Err(cx.type_error("not a type")) };
    Ok(cx.new_native(t, Manager { local: Slot::new(local), global: Slot::new(global) }))
}

// ---------------------------------------------------------------------------------------------------- the module

/// `class SignalDict(SignalDictMixin, MutableMapping)`
fn signal_dict(cx: &mut Ctx) -> PyResult {
    let native = vm::create_type(cx, &SIGNAL_DICT)?;
    let mapping = vm::import_attr(cx, "collections.abc", "MutableMapping")?;
    let bases = cx.tuple_of(None, &[native, mapping])?;
    let name = cx.intern_str("SignalDict");
    let ns = cx.dict();
    let meta = cx.type_of(mapping).value();
    vm::call(cx, meta, &[name, bases, ns])
}

/// `namedtuple("DecimalTuple", "sign digits exponent", module="decimal")`
fn decimal_tuple(cx: &mut Ctx) -> PyResult {
    let make = vm::import_attr(cx, "collections", "namedtuple")?;
    let (name, fields, module) = (cx.str("DecimalTuple"), cx.str("sign digits exponent"), cx.str("decimal"));
    vm::call_kw(cx, make, &[name, fields], &[("module", module)])
}

/// Makes what the space keeps, once.
fn set_up(cx: &mut Ctx, rt: &'static Runtime) -> PyResult<()> {
    let holder = crate::object::runtime_value(cx);
    let decimal = vm::create_type(cx, &DECIMAL)?;
    let context_type = vm::create_type(cx, &CONTEXT)?;
    let manager = vm::create_type(cx, &MANAGER)?;
    for (slot, t) in [(&rt.decimal, decimal), (&rt.context, context_type), (&rt.manager, manager)] {
        cx.store(holder, slot, t);
    }
    signals::create(cx, rt, holder)?;
    let t = signal_dict(cx)?;
    cx.store(holder, &rt.signal_dict, t);
    let t = decimal_tuple(cx)?;
    cx.store(holder, &rt.tuple, t);
    for r in ROUNDINGS {
        let name = cx.intern_str(r.name());
        cx.store(holder, &rt.roundings[r as usize], name);
    }
    let number = vm::import_attr(cx, "numbers", "Number")?;
    vm::call_method(cx, number, "register", &[decimal])?;
    let rational = vm::import_attr(cx, "numbers", "Rational")?;
    cx.store(holder, &rt.rational, rational);
    let basic = TRAPS | flags::UNDERFLOW | flags::CLAMPED;
    let basic_settings = Settings { prec: 9, rounding: Rounding::HalfUp, ..DEFAULT };
    let extended = Settings { prec: 9, ..DEFAULT };
    for (i, (s, traps)) in [(DEFAULT, TRAPS), (basic_settings, basic), (extended, 0)].iter().enumerate() {
        let c = context::make(cx, rt, Context::new(s, true, *traps));
        cx.store(holder, &rt.templates[i], c);
    }
    let var_type = vm::import_attr(cx, "_contextvars", "ContextVar")?;
    let name = cx.str("decimal_context");
    let var = vm::call(cx, var_type, &[name])?;
    cx.store(holder, &rt.var, var);
    rt.set_reader(cx);
    Ok(())
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let rt = runtime(cx)?;
    if !rt.is_ready() {
        set_up(cx, rt)?;
    }
    let objects = [
        ("Decimal", &rt.decimal),
        ("Context", &rt.context),
        ("DecimalTuple", &rt.tuple),
        ("DefaultContext", &rt.templates[0]),
        ("BasicContext", &rt.templates[1]),
        ("ExtendedContext", &rt.templates[2]),
    ];
    for (name, slot) in objects {
        vm::set_attr_str(cx, m, name, slot.get_or_none())?;
    }
    for (e, slot) in EXCEPTIONS.iter().zip(&rt.exceptions) {
        vm::set_attr_str(cx, m, e.0, slot.get_or_none())?;
    }
    for r in ROUNDINGS {
        vm::set_attr_str(cx, m, r.name(), rt.roundings[r as usize].get_or_none())?;
    }
    let numbers = [
        ("MAX_PREC", MAX_PREC),
        ("MAX_EMAX", MAX_EMAX),
        ("MIN_EMIN", MIN_EMIN),
        ("MIN_ETINY", MIN_ETINY),
        ("IEEE_CONTEXT_MAX_BITS", IEEE_MAX_BITS),
    ];
    for (name, n) in numbers {
        let n = cx.int(n);
        vm::set_attr_str(cx, m, name, n)?;
    }
    for name in ["HAVE_THREADS", "HAVE_CONTEXTVAR"] {
        vm::set_attr_str(cx, m, name, Value::TRUE)?;
    }
    // The version of the specification, and that of the library whose behaviour this module has.
    for (name, text) in [("__version__", "1.70"), ("__libmpdec_version__", "2.5.1")] {
        let text = cx.str(text);
        vm::set_attr_str(cx, m, name, text)?;
    }
    Ok(())
}

/// `_decimal`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_decimal",
    doc: "C decimal arithmetic module",
    functions: methods![functions:
        /// The thread's context.
        "getcontext()" => get_context;
        /// Sets the thread's context.
        "setcontext(context, /)" => set_context;
        /// A context manager with a copy of a context, and what is to be different in it.
        raw "localcontext(ctx=None, **kwargs)" => local_context;
        /// The context of an interchange format of IEEE 754 with so many bits.
        "IEEEContext(bits, /)" => ieee_context;
    ],
    init: Some(init),
};
