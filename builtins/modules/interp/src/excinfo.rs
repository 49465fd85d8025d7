//! What is told of an exception that another interpreter has not caught.

use protopy_vm::protocore::layouts::{ExcObj, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm};

/// An exception as texts.
pub(crate) struct ExcInfo {
    name: String,
    qualname: String,
    module: Option<String>,
    msg: Option<String>,
    formatted: String,
    /// The traceback as it would be printed.
    pub(crate) display: Option<String>,
}

fn quiet<T>(cx: &mut Ctx, r: PyResult<T>) -> Option<T> {
    r.map_err(|r| cx.take_raised(r)).ok()
}

fn attr_text(cx: &mut Ctx, v: Value, n: &str) -> Option<String> {
    let r = vm::get_attr_str(cx, v, n);
    let t = quiet(cx, r)?;
    StrObj::of(t).map(StrObj::to_string_lossy)
}

/// The lines that the `traceback` module prints.
fn display(cx: &mut Ctx, exc: Value) -> PyResult<String> {
    let format = vm::import_attr(cx, "traceback", "format_exception")?;
    let tb = ExcObj::of(exc).map_or(Value::NONE, |x| x.traceback.get_or_none());
    let ty = cx.type_of(exc).value();
    let lines = vm::call(cx, format, &[ty, exc, tb])?;
    let empty = cx.str("");
    let all = vm::call_method(cx, empty, "join", &[lines])?;
    let mut text = vm::str_text(cx, all)?;
    while text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

/// Takes the texts of an exception.
pub(crate) fn capture(cx: &mut Ctx, exc: Value) -> ExcInfo {
    let ty = cx.type_of(exc).value();
    let name = attr_text(cx, ty, "__name__").unwrap_or_default();
    let qualname = attr_text(cx, ty, "__qualname__").unwrap_or_else(|| name.clone());
    let module = attr_text(cx, ty, "__module__");
    let msg = vm::str_text(cx, exc);
    let msg = quiet(cx, msg);
    let shown = match &module {
        Some(m) if m != "builtins" && m != "__main__" => format!("{m}.{qualname}"),
        _ => qualname.clone(),
    };
    let formatted = format!("{shown}: {}", msg.as_deref().unwrap_or("<exception str() failed>"));
    let display = display(cx, exc);
    let display = quiet(cx, display);
    ExcInfo { name, qualname, module, msg, formatted, display }
}

impl ExcInfo {
    /// The text to show if there is one only.
    pub(crate) fn text(&self) -> &str {
        self.display.as_deref().unwrap_or(&self.formatted)
    }

    /// A namespace with all of it.
    pub(crate) fn namespace(&self, cx: &mut Ctx) -> PyResult {
        fn text(cx: &mut Ctx, t: Option<&str>) -> Value {
            t.map_or(Value::NONE, |t| cx.str(t))
        }
        let class = cx.ty(Ty::SimpleNamespace).value();
        let (name, qualname) = (cx.str(&self.name), cx.str(&self.qualname));
        let module = text(cx, self.module.as_deref());
        let kind = [("__name__", name), ("__qualname__", qualname), ("__module__", module)];
        let kind = vm::call_kw(cx, class, &[], &kind)?;
        let msg = text(cx, self.msg.as_deref());
        let formatted = cx.str(&self.formatted);
        let display = text(cx, self.display.as_deref());
        let all = [("type", kind), ("msg", msg), ("formatted", formatted), ("errdisplay", display)];
        vm::call_kw(cx, class, &[], &all)
    }
}
