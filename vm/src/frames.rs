//! What native functions ask of the frames that called them.

use crate::interp::frame::{self, Frame, variable};
use protocore::dict::DictObj;
use protocore::layouts::{FrameObj, TupleObj};
use protocore::{Ctx, PyResult, Ty, Value};
use protopy_bytecode::CodeFlags;

/// The two arguments of a zero-argument `super()`: `__class__` and the first argument of the calling function.
pub fn super_args(cx: &mut Ctx) -> PyResult<(Value, Value)> {
    let Some((f, _)) = frame::current(cx) else {
        return Err(cx.raise_str(Ty::RuntimeError, "super(): no current frame"));
    };
    let code = f.code();
    if code.argcount == 0 {
        return Err(cx.raise_str(Ty::RuntimeError, "super(): no arguments"));
    }
    let captured = code.rt.data.cell_regs.contains(&0);
    let Some(this) = variable(f.get(0), captured) else {
        return Err(cx.raise_str(Ty::RuntimeError, "super(): arg[0] deleted"));
    };
    let free = TupleObj::of(code.rt.freevars).map_or(&[][..], |t| t.items());
    let class_name = cx.intern_str("__class__");
    let Some(i) = free.iter().position(|n| n.is(class_name)) else {
        return Err(cx.raise_str(Ty::RuntimeError, "super(): __class__ cell not found"));
    };
    match variable(f.get(usize::from(code.rt.data.free_base) + i), true) {
        Some(cls) => Ok((cls, this)),
        None => Err(cx.raise_str(Ty::RuntimeError, "super(): empty __class__ cell")),
    }
}

/// The frame `depth` calls up (0: the innermost running Python frame).
pub fn frame_at(cx: &Ctx, depth: usize) -> Option<Frame> {
    let mut at = frame::current(cx)?.0;
    for _ in 0..depth {
        at = frame::parent(at)?.0;
    }
    Some(at)
}

/// The globals of the innermost running Python frame.
pub fn current_globals(cx: &Ctx) -> Option<Value> {
    frame::current(cx)?.0.owner().globals.get()
}

/// The names and registers of a frame's variables: name, register, whether the register holds a cell. Parameters and plain locals come
/// first, then captured locals, then free variables. A name may occur twice: the first variable that is bound counts.
pub fn variables(code: &protocore::layouts::CodeObj) -> Vec<(Value, usize, bool)> {
    let d = &code.rt.data;
    let items = |v: Value| TupleObj::of(v).map_or(&[][..], |t| t.items());
    let optimised = code.flags & CodeFlags::OPTIMIZED != 0;
    let var = |f: u32| usize::from(code.flags & f != 0);
    let params =
        (code.argcount + code.kwonly) as usize + var(CodeFlags::VARARGS) + var(CodeFlags::VARKEYWORDS);
    let mut out = Vec::new();
    let mut captured = Vec::new();
    if optimised {
        for (i, n) in items(code.rt.varnames).iter().enumerate() {
            let cell = d.cell_regs.iter().any(|r| usize::from(*r) == i);
            let list = if cell && i >= params { &mut captured } else { &mut out };
            list.push((*n, i, cell));
        }
    }
    for (n, r) in items(code.rt.cellvars).iter().zip(&d.cell_regs) {
        if !optimised || usize::from(*r) >= d.varnames.len() {
            captured.push((*n, usize::from(*r), true));
        }
    }
    out.append(&mut captured);
    for (i, n) in items(code.rt.freevars).iter().enumerate() {
        out.push((*n, usize::from(d.free_base) + i, true));
    }
    out
}

/// The variables of a comprehension that runs as a part of a class or module, if one does: they are all that it sees.
fn comprehension_locals(cx: &mut Ctx, f: Frame) -> Option<PyResult> {
    let hidden = &f.code().rt.data.hidden;
    let set: Vec<(Value, Value)> = hidden
        .iter()
        .filter_map(|(n, r)| Some((cx.intern_str(n), variable(f.get(usize::from(*r)), true)?)))
        .collect();
    if set.is_empty() {
        return None;
    }
    let dict = cx.dict();
    let stored =
        DictObj::of(dict).is_some_and(|d| set.iter().all(|(n, v)| cx.dict_set_str(d, *n, *v).is_some()));
    Some(if stored { Ok(dict) } else { Err(cx.no_memory()) })
}

/// `locals()` of the innermost running frame: the namespace itself, or a new dict of a function's variables.
pub fn current_locals(cx: &mut Ctx) -> PyResult {
    let Some((f, _)) = frame::current(cx) else { return Ok(Value::NONE) };
    if f.code().flags & CodeFlags::OPTIMIZED == 0 {
        return comprehension_locals(cx, f).unwrap_or(Ok(f.get(0)));
    }
    let dict = cx.dict();
    if let Some(d) = DictObj::of(dict) {
        for (n, i, captured) in variables(f.code()) {
            // The variable of a comprehension hides that of the same name around it.
            if let Some(v) = variable(f.get(i), captured)
                && cx.dict_get_str(d, n).is_none()
                && cx.dict_set_str(d, n, v).is_none()
            {
                return Err(cx.no_memory());
            }
        }
        let extra =
            f.object().and_then(FrameObj::of).and_then(|o| o.extra_locals.get()).and_then(DictObj::of);
        if let Some(extra) = extra {
            for (h, k, v) in extra.snapshot() {
                crate::dicts::dict_set_hash(cx, d, k, h, v)?;
            }
        }
    }
    Ok(dict)
}
