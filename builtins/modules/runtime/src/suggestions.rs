//! `_suggestions`: the nearest name.

use protocore::layouts::{ListObj, StrObj};
use protocore::{Ctx, PyResult, Value};
use protopy_vm::{ModuleSpec, methods, suggest};

/// More candidates than this are not looked at.
const MAX_CANDIDATES: usize = 750;

fn generate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(item) = StrObj::of(a[1]) else {
        let msg = format!(
            "_generate_suggestions() argument 2 must be str, not {}",
            protopy_vm::ops::tp_name(cx, a[1])
        );
        return Err(cx.type_error(&msg));
    };
    let list = if cx.is_exact(a[0], protocore::Ty::List) { ListObj::of(a[0]) } else { None };
    let Some(list) = list else { return Err(cx.type_error("candidates must be a list")) };
    let mut names = Vec::new();
    for v in list.snapshot() {
        match StrObj::of(v) {
            Some(s) => names.push(s.to_string_lossy()),
            None => return Err(cx.type_error("all elements in 'candidates' must be strings")),
        }
    }
    if names.len() >= MAX_CANDIDATES {
        return Ok(Value::NONE);
    }
    let wrong = item.to_string_lossy();
    let found = suggest::closest(&wrong, names.iter().map(String::as_str)).map(str::to_owned);
    Ok(match found {
        Some(n) => cx.str(&n),
        None => Value::NONE,
    })
}

/// `_suggestions`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_suggestions",
    doc: "The nearest of some names.",
    functions: methods![functions:
        /// The candidate nearest to a mistyped name, or None.
        "_generate_suggestions(candidates, item, /)" => generate;
    ],
    init: None,
};
