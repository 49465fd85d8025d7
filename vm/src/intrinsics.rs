//! Rare operations of compiled code.

use crate::attr::{get_attr, lookup_attr};
use crate::call::call;
use crate::interp::frame::Frame;
use crate::names::{N, name};
use crate::ops::{self, repr_text};
use crate::typing_hooks::typing_hooks;
use protocore::dict::DictObj;
use protocore::layouts::{ExcObj, FunctionObj, StrObj, TupleObj};
use protocore::{Ctx, Held, PyResult, Ty, Value};
use protopy_bytecode::{Intrinsic1, Intrinsic2};

/// One operand.
pub fn intrinsic1(cx: &mut Ctx, f: Frame, kind: u16, v: Value) -> PyResult {
    match Intrinsic1::from_u16(kind) {
        Some(Intrinsic1::Print) => match crate::errors::lookup_sys(cx, "displayhook") {
            Some(hook) => call(cx, hook, &[v]),
            None => Err(cx.raise_str(Ty::RuntimeError, "lost sys.displayhook")),
        },
        Some(Intrinsic1::ImportStar) => import_star(cx, f, v),
        Some(Intrinsic1::AsyncGenWrap) => {
            let t = cx.tuple(&[v]);
            let ty = cx.ty(Ty::AsyncGenWrapped);
            let w = cx.new_native(ty, AsyncGenValue { value: protocore::Slot::new(v) });
            crate::roots::keep_alive(t);
            Ok(w)
        }
        Some(Intrinsic1::TypeVar) => (typing_hooks(cx)?.type_var)(cx, v, None, None),
        Some(Intrinsic1::ParamSpec) => (typing_hooks(cx)?.param_spec)(cx, v),
        Some(Intrinsic1::TypeVarTuple) => (typing_hooks(cx)?.type_var_tuple)(cx, v),
        Some(Intrinsic1::SubscriptGeneric) => (typing_hooks(cx)?.subscript_generic)(cx, v),
        Some(Intrinsic1::TypeAlias) => match TupleObj::of(v).map(|t| t.items()) {
            Some([n, params, compute]) => (typing_hooks(cx)?.type_alias)(cx, *n, params.not_none(), *compute),
            _ => Err(cx.raise_str(Ty::SystemError, "bad type alias")),
        },
        Some(Intrinsic1::UnpackStar) => {
            let it = crate::iter::iter(cx, v)?;
            match crate::iter::next(cx, it)? {
                Some(x) => Ok(x),
                None => Err(cx.value_error("not enough values to unpack (expected 1, got 0)")),
            }
        }
        Some(Intrinsic1::ExcType) => Ok(cx.type_of(v).value()),
        Some(Intrinsic1::ExcTraceback) => {
            Ok(ExcObj::of(v).and_then(|x| x.traceback.get()).unwrap_or(Value::NONE))
        }
        None => Err(cx.raise_str(Ty::SystemError, "unknown intrinsic")),
    }
}

/// The value that an asynchronous generator yields, wrapped to tell it from what it awaits.
pub struct AsyncGenValue {
    /// The value.
    pub value: protocore::Slot,
}

impl protocore::Payload for AsyncGenValue {
    const NAME: &'static str = "async_generator_wrapped_value";

    fn trace(&self, t: &mut protocore::Tracer) {
        t.slot(&self.value);
    }
}

/// Two operands.
pub fn intrinsic2(cx: &mut Ctx, kind: u16, a: Value, b: Value) -> PyResult {
    match Intrinsic2::from_u16(kind) {
        Some(Intrinsic2::TypeVarWithBound) => (typing_hooks(cx)?.type_var)(cx, a, Some(b), None),
        Some(Intrinsic2::TypeVarWithConstraints) => (typing_hooks(cx)?.type_var)(cx, a, None, Some(b)),
        Some(Intrinsic2::SetTypeParamDefault) => (typing_hooks(cx)?.set_default)(cx, a, b),
        Some(Intrinsic2::SetFunctionTypeParams) => {
            if let Some(f) = FunctionObj::of(a) {
                cx.store(a, &f.type_params, b);
            }
            Ok(a)
        }
        None => Err(cx.raise_str(Ty::SystemError, "unknown intrinsic")),
    }
}

/// `from module import *` into the frame's namespace.
fn import_star(cx: &mut Ctx, f: Frame, module: Value) -> PyResult {
    let ns = f.get(0);
    let n = name(cx, N::All);
    let (names, filter) = match lookup_attr(cx, module, n)? {
        Some(all) => (all, false),
        None => {
            let n = name(cx, N::Dict);
            let Some(d) = lookup_attr(cx, module, n)? else {
                let msg = "from-import-* object has no __dict__ and no __all__";
                return Err(crate::errors::raise_import(cx, Ty::ImportError, msg, Value::NONE, Value::NONE));
            };
            let keys = match DictObj::of(d) {
                Some(dict) => {
                    let dict = cx.dict_private(dict)?;
                    let keys: Held<Value> = dict.snapshot().into_iter().map(|(_, k, _)| k).collect();
                    let keys = cx.list(&keys)?;
                    crate::roots::keep_alive(dict.value());
                    keys
                }
                None => crate::call::call_method(cx, d, "keys", &[])?,
            };
            (keys, true)
        }
    };
    let all = crate::iter::to_vec(cx, names)?;
    for k in all.to_vec() {
        let Some(s) = StrObj::of(k) else {
            let mod_name = module_text(cx, module);
            let what = if filter { "Key in" } else { "Item in" };
            let where_ = if filter { "__dict__" } else { "__all__" };
            let msg = format!("{what} {mod_name}.{where_} must be str, not {}", crate::ops::tp_name(cx, k));
            return Err(cx.type_error(&msg));
        };
        if filter && s.str_ref().get(0) == Some(u32::from('_')) {
            continue;
        }
        let v = get_attr(cx, module, k)?;
        ops::set_item(cx, ns, k, Some(v))?;
    }
    crate::roots::keep_alive(all.into_list());
    Ok(Value::NONE)
}

fn module_text(cx: &mut Ctx, module: Value) -> String {
    let n = name(cx, N::Name);
    match lookup_attr(cx, module, n) {
        Ok(Some(v)) => match StrObj::of(v) {
            Some(s) => s.to_string_lossy(),
            None => repr_text(cx, v).unwrap_or_default(),
        },
        _ => "?".to_owned(),
    }
}
