//! Making functions.

use crate::names::{N, name};
use protocore::dict::DictObj;
use protocore::layouts::{CodeObj, FunctionObj, StrObj};
use protocore::{Ctx, PyResult, Root, Ty, Value};
use protopy_bytecode::CodeFlags;

/// The builtins that code with these globals sees: `__builtins__` of the globals (a module or dict), else those of the running frame.
pub fn builtins_of(cx: &mut Ctx, globals: Value) -> Value {
    let n = name(cx, N::Builtins);
    let found = DictObj::of(globals).and_then(|g| cx.dict_get_str(g, n));
    match found {
        Some(v) => match protocore::layouts::ModuleObj::of(v) {
            Some(m) => m.dict.get().unwrap_or_else(|| cx.root(Root::Builtins)),
            None => v,
        },
        // A frame hands its own on.
        None => match crate::interp::frame::current(cx).and_then(|(f, _)| f.owner().builtins.get()) {
            Some(b) => b,
            None => cx.root(Root::Builtins),
        },
    }
}

/// A function of a code object; TypeError if it is none.
pub fn new_function(cx: &mut Ctx, code: Value, globals: Value, builtins: Option<Value>) -> PyResult {
    let Some(c) = CodeObj::of(code) else { return Err(cx.type_error("not a code object")) };
    let builtins = match builtins {
        Some(b) => b,
        None => builtins_of(cx, globals),
    };
    let ty = cx.ty(Ty::Function);
    let v = cx.new_zeroed(ty);
    let Some(f) = FunctionObj::of(v) else { return Err(cx.no_memory()) };
    f.code.init(Some(code));
    f.globals.init(Some(globals));
    f.builtins.init(Some(builtins));
    f.name.init(Some(c.rt.name));
    f.qualname.init(Some(c.rt.qualname));
    let n = name(cx, N::Name);
    let module = DictObj::of(globals).and_then(|g| cx.dict_get_str(g, n));
    f.module.init(Some(module.unwrap_or(Value::NONE)));
    if c.flags & CodeFlags::HAS_DOCSTRING != 0
        && let Some(doc) = c.rt.consts.first()
        && StrObj::of(*doc).is_some()
    {
        f.doc.init(Some(*doc));
    }
    Ok(v)
}
