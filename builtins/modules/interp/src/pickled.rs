//! Objects that cross as pickles.
//!
//! What the program's main module defines is pickled by reference to `__main__`, which is another module in other interpreters. There
//! the program's file is run once as the module `<fake __main__>`, which stands in for `__main__` while such a pickle is loaded; the interpreter's
//! own `__main__` stays as it is.

use crate::state;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, ModuleObj, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Root, Ty, Value};
use protopy_vm::{self as vm, compile, errors, modules};

/// A pickle, and the file of the main module of the interpreter that made it.
pub(crate) struct Pickled {
    bytes: Box<[u8]>,
    main_file: Option<Box<str>>,
}

const FAKE: &str = "<fake __main__>";

fn main_entry(cx: &mut Ctx) -> Option<(&'static DictObj, Value)> {
    let all = DictObj::of(cx.root(Root::Modules))?;
    let n = cx.intern_str("__main__");
    Some((all, n))
}

fn main_file(cx: &mut Ctx) -> PyResult<Option<Box<str>>> {
    let Some((all, n)) = main_entry(cx) else { return Ok(None) };
    let Some(main) = cx.dict_get_str(all, n) else { return Ok(None) };
    let file = vm::lookup_attr_str(cx, main, "__file__")?;
    Ok(file.and_then(StrObj::of).and_then(|s| s.to_utf8()).map(String::into_boxed_str))
}

/// Pickles an object.
pub(crate) fn dump(cx: &mut Ctx, v: Value) -> PyResult<Pickled> {
    let dumps = vm::import_attr(cx, "pickle", "dumps")?;
    let made = vm::call(cx, dumps, &[v])?;
    match BytesObj::of(made) {
        Some(b) => Ok(Pickled { bytes: b.bytes().into(), main_file: main_file(cx)? }),
        None => Err(cx.type_error("pickle.dumps() did not answer bytes")),
    }
}

/// Loads a pickle; NotShareableError.
pub(crate) fn load(cx: &mut Ctx, p: &Pickled) -> PyResult {
    let bytes = cx.bytes(&p.bytes)?;
    let loads = vm::import_attr(cx, "pickle", "loads")?;
    let e = match vm::call(cx, loads, &[bytes]) {
        Ok(v) => return Ok(v),
        Err(r) => cx.take_raised(r),
    };
    let e = match &p.main_file {
        Some(file) if lacks_main(cx, e) => match with_fake_main(cx, file, loads, bytes) {
            Ok(v) => return Ok(v),
            Err(r) => cx.take_raised(r),
        },
        _ => e,
    };
    if cx.is_instance(e, Ty::Exception) {
        return state::not_shareable_from(cx, "object could not be unpickled", e);
    }
    Err(cx.set_raised(e))
}

/// Whether an error says that `__main__` does not define something.
fn lacks_main(cx: &mut Ctx, e: Value) -> bool {
    if !cx.is_instance(e, Ty::AttributeError) {
        return false;
    }
    match vm::str_text(cx, e) {
        Ok(t) => t.contains("'__main__'"),
        Err(r) => {
            cx.take_raised(r);
            false
        }
    }
}

/// Runs the file of another interpreter's program as a module of this one.
fn fake_main(cx: &mut Ctx, file: &str) -> PyResult {
    let state = state::of(cx);
    if let Some(m) = state.fake_main.get() {
        let f = vm::get_attr_str(cx, m, "__file__")?;
        if StrObj::of(f).is_some_and(|s| s.eq_str(file)) {
            return Ok(m);
        }
    }
    let source = match std::fs::read(file) {
        Ok(s) => s,
        Err(e) => return Err(errors::raise_io(cx, &e, None)),
    };
    let m = modules::new_module(cx, FAKE, None);
    let f = cx.str(file);
    vm::set_attr_str(cx, m, "__file__", f)?;
    let builtins = cx.root(Root::BuiltinsModule);
    vm::set_attr_str(cx, m, "__builtins__", builtins)?;
    let text = compile::decode_source(cx, &source, file, true)?;
    let dict = ModuleObj::of(m).map_or(Value::NONE, |m| m.dict.get_or_none());
    compile::run_source(cx, &text, file, dict)?;
    state.fake_main.init(Some(m));
    Ok(m)
}

fn with_fake_main(cx: &mut Ctx, file: &str, loads: Value, bytes: Value) -> PyResult {
    let fake = fake_main(cx, file)?;
    let Some((all, n)) = main_entry(cx) else { return Err(cx.no_memory()) };
    let own = cx.dict_get_str(all, n);
    vm::dict_set(cx, all, n, fake)?;
    let r = vm::call(cx, loads, &[bytes]);
    let r = r.map_err(|r| cx.take_raised(r));
    match own {
        Some(m) => vm::dict_set(cx, all, n, m)?,
        None => {
            cx.dict_del_str(all, n);
        }
    }
    r.map_err(|e| cx.set_raised(e))
}
