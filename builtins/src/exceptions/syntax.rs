//! `SyntaxError`: a message and the place that it is about.

use super::base::{base_init, push_value};
use super::{exc, get_field, put, set_field, with};
use protopy_text::StrBuf;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, ops};

const MSG: usize = 0;
const FILENAME: usize = 1;
const LINENO: usize = 2;
const OFFSET: usize = 3;
const TEXT: usize = 4;
const END_LINENO: usize = 5;
const END_OFFSET: usize = 6;
const PRINT: usize = 7;
const METADATA: usize = 8;

static ATTRS: &[GetSetDef] = getsets![
    /// The message.
    member "msg" => get_field::<MSG>, set_field::<MSG>;
    /// The file.
    member "filename" => get_field::<FILENAME>, set_field::<FILENAME>;
    /// The line.
    member "lineno" => get_field::<LINENO>, set_field::<LINENO>;
    /// The column, from 1.
    member "offset" => get_field::<OFFSET>, set_field::<OFFSET>;
    /// The source line.
    member "text" => get_field::<TEXT>, set_field::<TEXT>;
    /// The last line.
    member "end_lineno" => get_field::<END_LINENO>, set_field::<END_LINENO>;
    /// The column after the last.
    member "end_offset" => get_field::<END_OFFSET>, set_field::<END_OFFSET>;
    /// Without meaning.
    member "print_file_and_line" => get_field::<PRINT>, set_field::<PRINT>;
    /// What the display of the error makes use of.
    member "_metadata" => get_field::<METADATA>, set_field::<METADATA>;
];

pub(super) static SYNTAX_ERROR: TypeSpec = with(
    Ty::SyntaxError,
    Ty::Exception,
    SlotSpec { init: Some(syntax_init), str: Some(syntax_str), ..SlotSpec::NONE },
    ATTRS,
    "The source text is not valid.",
);

fn syntax_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    base_init(cx, this, args)?;
    let x = exc(cx, this)?;
    let pos = args.pos();
    if let Some(msg) = pos.first() {
        put(cx, this, x, MSG, Some(*msg));
    }
    let [_, details] = pos else { return Ok(()) };
    let details = protopy_vm::to_vec(cx, *details)?;
    let items = details.to_vec();
    if items.len() < 4 {
        let msg = format!("function takes at least 4 arguments ({} given)", items.len());
        return Err(cx.type_error(&msg));
    }
    if items.len() > 7 {
        let msg = format!("function takes at most 7 arguments ({} given)", items.len());
        return Err(cx.type_error(&msg));
    }
    for (i, field) in
        [FILENAME, LINENO, OFFSET, TEXT, END_LINENO, END_OFFSET, METADATA].into_iter().enumerate()
    {
        put(cx, this, x, field, items.get(i).copied());
    }
    protopy_vm::keep_alive(details.into_list());
    if items.len() == 5 {
        return Err(cx.type_error("end_offset must be provided when end_lineno is provided"));
    }
    Ok(())
}

/// The part of a path after the last separator.
fn base_name(path: &StrObj) -> protopy_text::StrRef<'static> {
    let s = path.str_ref();
    let n = s.len();
    let after = s.chars().rev().position(|c| c == u32::from('/')).unwrap_or(n);
    s.slice(n - after, n)
}

fn syntax_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let msg = ops::str(cx, x.fields[MSG].get_or_none())?;
    let file = x.fields[FILENAME].get().and_then(StrObj::of);
    let line = match x.fields[LINENO].get() {
        Some(v) if !v.is_bool() => IntRef::of(v),
        _ => None,
    };
    if file.is_none() && line.is_none() {
        return Ok(msg);
    }
    let mut out = StrBuf::new();
    push_value(&mut out, msg);
    out.push_str(" (");
    if let Some(f) = file {
        out.push_ref(base_name(f));
    }
    if let Some(n) = line {
        let comma = if file.is_some() { ", " } else { "" };
        out.push_str(&format!("{comma}line {}", n.to_i64().unwrap_or(-1)));
    }
    out.push_str(")");
    cx.str_buf(out)
}
