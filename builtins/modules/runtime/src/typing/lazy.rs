//! Values that are evaluated when asked for.
//!
//! A *lazy* value is a pair of slots: the value once known, and the function that computes it, made by the compiler. The function takes
//! the annotation format. Values that were given to a constructor have no function; [`evaluator`] makes one that answers a
//! constant, as source text for the format STRING.

use super::util::{items, state, type_repr};
use protocore::layouts::TupleObj;
use protocore::native::NativeLayout;
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, Ctx, Layout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{TypeSpec, call, create_type, index_i64, repr_text};

/// `annotationlib.Format.VALUE`
const FORMAT_VALUE: i64 = 1;
/// `annotationlib.Format.STRING`
const FORMAT_STRING: i64 = 4;

/// A value that may not be known yet.
#[derive(Default)]
pub struct Lazy {
    /// The value, once known.
    pub value: Slot,
    /// What computes it, if it was not given.
    pub evaluate: Slot,
}

impl Lazy {
    /// A value that is known, or none at all.
    pub fn given(v: Option<Value>) -> Lazy {
        Lazy { value: Slot::from_option(v), evaluate: Slot::empty() }
    }

    /// A value that a function computes.
    pub fn computed(f: Option<Value>) -> Lazy {
        Lazy { value: Slot::empty(), evaluate: Slot::from_option(f) }
    }

    /// Visits both.
    pub fn trace(&self, t: &mut Tracer) {
        t.slot(&self.value);
        t.slot(&self.evaluate);
    }

    /// The value, computed now if need be; `None` if there is none.
    pub fn get(&self, cx: &mut Ctx, owner: Value) -> PyResult<Option<Value>> {
        if let Some(v) = self.value.get() {
            return Ok(Some(v));
        }
        let Some(f) = self.evaluate.get() else { return Ok(None) };
        let v = call(cx, f, &[Value::small(FORMAT_VALUE)])?;
        cx.store(owner, &self.value, v);
        Ok(Some(v))
    }

    /// The function that computes the value, made if the value was given; `None` if there is no value.
    pub fn evaluator(&self, cx: &mut Ctx) -> Option<Value> {
        match (self.evaluate.get(), self.value.get()) {
            (Some(f), _) => Some(f),
            (None, Some(v)) => Some(evaluator(cx, v)),
            (None, None) => None,
        }
    }
}

/// A function that answers a constant.
struct Evaluator {
    value: Slot,
}

impl Payload for Evaluator {
    const NAME: &'static str = "_ConstEvaluator";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.value);
    }
}

/// A new evaluator of a constant.
pub fn evaluator(cx: &mut Ctx, v: Value) -> Value {
    let ty = state(cx).const_evaluator.get().and_then(TypeObj::of);
    let ty = ty.unwrap_or_else(|| cx.ty(Ty::NoneType));
    cx.new_native(ty, Evaluator { value: Slot::new(v) })
}

fn value_of(v: Value) -> Value {
    v.native::<Evaluator>().map_or(Value::NONE, |e| e.value.get_or_none())
}

fn evaluator_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let shown = repr_text(cx, value_of(this))?;
    Ok(cx.str(&format!("<constevaluator {shown}>")))
}

fn evaluator_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() {
        return Err(cx.type_error("constevaluator.__call__() takes no keyword arguments"));
    }
    let [format] = args.pos() else {
        let n = args.pos().len();
        let msg = format!("constevaluator.__call__() takes exactly 1 argument ({n} given)");
        return Err(cx.type_error(&msg));
    };
    let format = index_i64(cx, *format, Ty::OverflowError)?;
    let v = value_of(this);
    if format != FORMAT_STRING {
        return Ok(v);
    }
    let text = match TupleObj::of(v) {
        Some(_) => {
            let mut parts = Vec::new();
            for x in items(v) {
                parts.push(type_repr(cx, *x)?);
            }
            format!("({})", parts.join(", "))
        }
        None => type_repr(cx, v)?,
    };
    Ok(cx.str(&text))
}

static EVALUATOR: TypeSpec = TypeSpec {
    name: "_ConstEvaluator",
    module: "_typing",
    layout: Layout::Native,
    vt: Some(<Evaluator as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(evaluator_repr), call: Some(evaluator_call), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};

/// Makes the type.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    let t = create_type(cx, &EVALUATOR)?;
    state(cx).const_evaluator.init(Some(t));
    Ok(())
}
