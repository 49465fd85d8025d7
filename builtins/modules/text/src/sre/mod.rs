//! `_sre`: compiled patterns, matches, scanners and replacement templates over the engine of `protopy_sre`.
//!
//! The engine knows no objects: [`subject`] turns a str or bytes-like object into a view, [`engine`] lends a matcher of this
//! thread and runs it, and the types keep what they need of the result: spans.

mod engine;
mod matches;
mod pattern;
mod scanner;
mod subject;
mod template;

use protopy_sre::{CODESIZE, Code, MAGIC, MAXGROUPS, MAXREPEAT};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, ListObj, TupleObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Ctx, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};
use std::sync::Arc;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_sre",
    doc: "The engine of regular expressions. Use the module re.",
    functions: methods![functions:
        /// Makes a pattern of compiled code.
        "compile(pattern, flags, code, groups, groupindex, indexgroup)" => compile;
        /// Makes a replacement template of literals and group numbers.
        "template(pattern, template, /)" => template::make;
        /// The bytes of a code word.
        "getcodesize()" => |_, _| Ok(Value::small(CODESIZE as i64));
        /// Whether an ASCII character has another case.
        "ascii_iscased(character, /)" => |cx, a| Ok(character(cx, a[0])?.map_or(Value::FALSE, |c| {
            Value::bool(protopy_sre::ascii_iscased(c))
        }));
        /// Whether a character has another case.
        "unicode_iscased(character, /)" => |cx, a| Ok(character(cx, a[0])?.map_or(Value::FALSE, |c| {
            Value::bool(protopy_sre::unicode_iscased(c))
        }));
        /// The lower case of an ASCII character.
        "ascii_tolower(character, /)" => |cx, a| Ok(character(cx, a[0])?.map_or(a[0], |c| {
            Value::small(i64::from(protopy_sre::ascii_tolower(c)))
        }));
        /// The lower case of a character.
        "unicode_tolower(character, /)" => |cx, a| Ok(character(cx, a[0])?.map_or(a[0], |c| {
            Value::small(i64::from(protopy_sre::unicode_tolower(c)))
        }));
    ],
    init: Some(init),
};

/// The types, which are made by other means than calling them.
#[derive(Default)]
pub(crate) struct Types {
    pattern: Slot,
    matches: Slot,
    scanner: Slot,
    template: Slot,
}

impl SpaceState for Types {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.pattern, &self.matches, &self.scanner, &self.template] {
            t.slot(s);
        }
    }
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let types = cx.space().state::<Types>();
    let all: [(&Slot, &'static TypeSpec); 4] = [
        (&types.pattern, &pattern::PATTERN),
        (&types.matches, &matches::MATCH),
        (&types.scanner, &scanner::SCANNER),
        (&types.template, &template::TEMPLATE),
    ];
    for (slot, spec) in all {
        let t = create_type(cx, spec)?;
        slot.init(Some(t));
    }
    for (name, n) in [
        ("MAGIC", i64::from(MAGIC)),
        ("CODESIZE", CODESIZE as i64),
        ("MAXREPEAT", i64::from(MAXREPEAT)),
        ("MAXGROUPS", i64::from(MAXGROUPS)),
    ] {
        vm::set_attr_str(cx, module, name, Value::small(n))?;
    }
    Ok(())
}

/// The type in a slot of [`Types`] or of a pattern.
fn type_in(cx: &mut Ctx, slot: &Slot) -> PyResult<&'static TypeObj> {
    match slot.get().and_then(TypeObj::of) {
        Some(t) => Ok(t),
        None => Err(cx.raise_str(Ty::SystemError, "the module _sre is not initialised")),
    }
}

/// A code point given as a C int; `None` for a negative one.
fn character(cx: &mut Ctx, v: Value) -> PyResult<Option<u32>> {
    let n = vm::index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok()) {
        Some(n) => Ok(u32::try_from(n).ok()),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}

/// An index argument that must fit the machine word.
pub(crate) fn ssize(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(n) = v.as_small() {
        return Ok(n);
    }
    let n = vm::index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

fn wrong_argument(cx: &mut Ctx, name: &str, want: &str, got: Value) -> vm::protocore::Raised {
    let msg =
        format!("compile() argument '{name}' must be {want}, not {}", protopy_vm::ops::tp_name(cx, got));
    cx.type_error(&msg)
}

/// The words of a pattern's code.
fn code_words(cx: &mut Ctx, list: &ListObj) -> PyResult<Vec<u32>> {
    let items = list.snapshot();
    let mut words = Vec::with_capacity(items.len());
    for v in items {
        let Some(n) = IntRef::of(v) else { return Err(cx.type_error("an integer is required")) };
        match n.to_i64().and_then(|n| u32::try_from(n).ok()) {
            Some(w) => words.push(w),
            None => {
                return Err(cx.raise_str(Ty::OverflowError, "regular expression code size limit exceeded"));
            }
        }
    }
    Ok(words)
}

fn compile(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let flags = match i32::try_from(ssize(cx, a[1])?) {
        Ok(n) => n,
        Err(_) => return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    };
    let Some(code) = ListObj::of(a[2]) else { return Err(wrong_argument(cx, "code", "list", a[2])) };
    let groups = ssize(cx, a[3])?;
    if DictObj::of(a[4]).is_none() {
        return Err(wrong_argument(cx, "groupindex", "dict", a[4]));
    }
    if TupleObj::of(a[5]).is_none() {
        return Err(wrong_argument(cx, "indexgroup", "tuple", a[5]));
    }
    let words = code_words(cx, code)?;
    let kind = match a[0].not_none() {
        None => None,
        Some(p) => Some(subject::Subject::of(cx, p)?.is_bytes()),
    };
    let invalid = |cx: &mut Ctx| Err(cx.raise_str(Ty::RuntimeError, "invalid SRE code"));
    let Ok(groups) = u32::try_from(groups) else { return invalid(cx) };
    let Ok(code) = Code::new(words, groups) else { return invalid(cx) };
    pattern::new(
        cx,
        Arc::new(code),
        pattern::Source { pattern: a[0], flags, kind, groupindex: a[4], indexgroup: a[5] },
    )
}
