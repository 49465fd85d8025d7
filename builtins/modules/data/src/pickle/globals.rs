//! Names of classes and functions: the module that has one, what a name stands for, and the names of Python 2.

use super::{State, pickling_error};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Root, Ty, Value};
use protopy_vm::{self as vm, N, name};

/// `obj.a.b.c`; `None` if an attribute is missing.
fn walk(cx: &mut Ctx, obj: Value, path: &str) -> PyResult<Option<Value>> {
    let mut v = obj;
    for part in path.split('.') {
        let n = cx.intern_str(part);
        match vm::lookup_attr(cx, v, n)? {
            Some(next) => v = next,
            None => return Ok(None),
        }
    }
    Ok(Some(v))
}

/// The AttributeError of a path that leads nowhere.
#[cold]
fn missing(cx: &mut Ctx, obj: Value, path: &str) -> Option<Value> {
    let mut v = obj;
    for part in path.split('.') {
        let n = cx.intern_str(part);
        match vm::get_attr(cx, v, n) {
            Ok(next) => v = next,
            Err(r) => return Some(cx.take_raised(r)),
        }
    }
    None
}

/// What is raised, with the exception that it was found out by as its context.
#[cold]
pub(super) fn during(cx: &mut Ctx, r: Raised, context: Value) -> Raised {
    let e = cx.take_raised(r);
    vm::errors::set_context_if_empty(cx, e, context);
    cx.set_raised(e)
}

fn modules(cx: &Ctx) -> Option<&'static DictObj> {
    DictObj::of(cx.root(Root::Modules))
}

#[cold]
fn cannot(cx: &mut Ctx, obj: Value, why: &str) -> Raised {
    match vm::repr_text(cx, obj) {
        Ok(shown) => pickling_error(cx, &format!("Can't pickle {shown}: {why}")),
        Err(r) => r,
    }
}

/// The module with the given name, imported if need be; one that another thread is importing is waited for.
fn module_named(cx: &mut Ctx, n: Value) -> PyResult {
    let globals = Value::NONE;
    let from = Value::NONE;
    vm::imports::import_module(cx, n, globals, from, 0)?;
    let Some(d) = modules(cx) else { return Err(cx.raise(Ty::KeyError, n)) };
    match vm::dict_get(cx, d, n)? {
        Some(m) => Ok(m),
        None => Err(cx.raise(Ty::KeyError, n)),
    }
}

/// The name of the module in which an object is found under a path; PicklingError if it is not there.
pub fn module_of(cx: &mut Ctx, obj: Value, called: Value, path: &str) -> PyResult {
    let n = name(cx, N::Module);
    let given = vm::lookup_attr(cx, obj, n)?.filter(|m| !m.is_none());
    if path.split('.').any(|p| p == "<locals>") {
        return match vm::repr_text(cx, obj) {
            Ok(shown) => Err(pickling_error(cx, &format!("Can't pickle local object {shown}"))),
            Err(r) => Err(r),
        };
    }
    let module_name = match given {
        Some(m) => m,
        None => match search(cx, obj, path)? {
            Some(m) => return Ok(m),
            None => cx.intern_str("__main__"),
        },
    };
    if StrObj::of(module_name).is_none() {
        let msg = format!("__module__ must be a str, not {}", vm::full_type_name(cx, module_name));
        return Err(cx.type_error(&msg));
    }
    let module = match module_named(cx, module_name) {
        Ok(m) => m,
        Err(r) => {
            let e = cx.take_raised(r);
            let expected = [Ty::ImportError, Ty::ValueError, Ty::KeyError];
            if !expected.into_iter().any(|t| cx.is_instance(e, t)) {
                return Err(cx.set_raised(e));
            }
            let why = vm::str(cx, e).and_then(|s| vm::str_text(cx, s))?;
            let r = cannot(cx, obj, &why);
            return Err(during(cx, r, e));
        }
    };
    let there = vm::str_text(cx, module_name)?;
    match walk(cx, module, path)? {
        Some(v) if v.is(obj) => Ok(module_name),
        Some(_) => {
            let called = vm::str_text(cx, called)?;
            Err(cannot(cx, obj, &format!("it's not the same object as {there}.{called}")))
        }
        None => {
            let called = vm::str_text(cx, called)?;
            let missing = missing(cx, module, path);
            let r = cannot(cx, obj, &format!("it's not found as {there}.{called}"));
            Err(match missing {
                Some(missing) => during(cx, r, missing),
                None => r,
            })
        }
    }
}

/// The name of a module that has an object under a path.
fn search(cx: &mut Ctx, obj: Value, path: &str) -> PyResult<Option<Value>> {
    let Some(all) = modules(cx) else { return Ok(None) };
    // Looking attributes up may import more modules.
    for (_, n, m) in all.snapshot() {
        let skipped = StrObj::of(n).is_some_and(|s| s.eq_str("__main__") || s.eq_str("__mp_main__"));
        if skipped || m.is_none() {
            continue;
        }
        match walk(cx, m, path) {
            Ok(Some(v)) if v.is(obj) => return Ok(Some(n)),
            Ok(_) => {}
            Err(r) => {
                let e = cx.take_raised(r);
                if !cx.is_instance(e, Ty::AttributeError) {
                    return Err(cx.set_raised(e));
                }
            }
        }
    }
    Ok(None)
}

// ---------------------------------------------------------------------------------------------------- Python 2

#[cold]
fn bad_table(cx: &mut Ctx, table: &str, wanted: &str, v: Value) -> Raised {
    let msg = format!("_compat_pickle.{table} values should be {wanted}, not {}", vm::tp_name(cx, v));
    cx.raise_str(Ty::RuntimeError, &msg)
}

/// Looks a name up in a table of pairs, then its module in a table of modules.
fn renamed(
    cx: &mut Ctx,
    (names, imports): (Value, Value),
    (names_name, imports_name): (&str, &str),
    module: Value,
    called: Value,
) -> PyResult<(Value, Value)> {
    let key = cx.tuple_of(None, &[module, called])?;
    if let Some(d) = DictObj::of(names)
        && let Some(v) = vm::dict_get(cx, d, key)?
    {
        let Some(t) = TupleObj::of(v).filter(|t| t.items().len() == 2) else {
            return Err(bad_table(cx, names_name, "2-tuples", v));
        };
        let (m, n) = (t.items()[0], t.items()[1]);
        if StrObj::of(m).is_none() || StrObj::of(n).is_none() {
            let (a, b) = (vm::tp_name(cx, m), vm::tp_name(cx, n));
            let msg = format!("_compat_pickle.{names_name} values should be pairs of str, not ({a}, {b})");
            return Err(cx.raise_str(Ty::RuntimeError, &msg));
        }
        return Ok((m, n));
    }
    if let Some(d) = DictObj::of(imports)
        && let Some(m) = vm::dict_get(cx, d, module)?
    {
        if StrObj::of(m).is_none() {
            return Err(bad_table(cx, imports_name, "strings", m));
        }
        return Ok((m, called));
    }
    Ok((module, called))
}

/// Module and name as Python 2 has them.
pub fn old_names(cx: &mut Ctx, s: &State, module: Value, called: Value) -> PyResult<(Value, Value)> {
    let tables = (s.old_names.get_or_none(), s.old_imports.get_or_none());
    renamed(cx, tables, ("REVERSE_NAME_MAPPING", "REVERSE_IMPORT_MAPPING"), module, called)
}

/// Module and name of what Python 2 called so.
pub fn new_names(cx: &mut Ctx, s: &State, module: Value, called: Value) -> PyResult<(Value, Value)> {
    let tables = (s.new_names.get_or_none(), s.new_imports.get_or_none());
    renamed(cx, tables, ("NAME_MAPPING", "IMPORT_MAPPING"), module, called)
}

/// What a module's name stands for: `Unpickler.find_class`.
pub fn find_class(
    cx: &mut Ctx,
    s: &State,
    module: Value,
    called: Value,
    proto: u8,
    fix_imports: bool,
) -> PyResult {
    vm::audit(cx, "pickle.find_class", &[module, called])?;
    let (module, called) =
        if proto < 3 && fix_imports { new_names(cx, s, module, called)? } else { (module, called) };
    let m = module_named(cx, module)?;
    let dotted = StrObj::of(called).map(StrObj::to_string_lossy).filter(|t| proto >= 4 && t.contains('.'));
    let Some(dotted) = dotted else { return vm::get_attr(cx, m, called) };
    match walk(cx, m, &dotted)? {
        Some(v) => Ok(v),
        None => {
            let (path, module) = (vm::repr_text(cx, called)?, vm::repr_text(cx, module)?);
            let missing = missing(cx, m, &dotted);
            let r =
                cx.raise_str(Ty::AttributeError, &format!("Can't resolve path {path} on module {module}"));
            Err(match missing {
                Some(missing) => during(cx, r, missing),
                None => r,
            })
        }
    }
}
