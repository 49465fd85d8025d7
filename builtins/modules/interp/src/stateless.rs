//! Code that needs nothing of the interpreter it comes from: functions without state, and scripts.

use protopy_bytecode::{CodeData, CodeFlags, Const, Instr, Op};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{CodeObj, FunctionObj, TupleObj};
use protopy_vm::protocore::{Ctx, Value};
use std::sync::Arc;

fn data_of(code: Value) -> Option<Result<Arc<CodeData>, &'static str>> {
    let c = CodeObj::of(code)?;
    Some(if is_plain(c) { Ok(c.rt.data.clone()) } else { Err("unmarshallable object") })
}

/// Whether the constants are those of the plain data, which has None in the place of objects that `replace` put in.
fn is_plain(c: &CodeObj) -> bool {
    c.rt.data.consts.iter().zip(&c.rt.consts).all(|(plain, v)| match plain {
        Const::None => v.is_none(),
        _ => CodeObj::of(*v).is_none_or(is_plain),
    })
}

/// The instructions of a code object, cache words left out.
fn instructions(data: &CodeData) -> Vec<(Op, Instr)> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(word) = data.code.get(at) {
        let w = Instr(*word);
        let Some(op) = Op::from_u16(w.op_number()) else { break };
        all.push((op, w));
        at += 1 + op.info().caches;
    }
    all
}

/// The code of a function that has no state: no closure, no defaults, no globals. `None`: it is no function; an `Err` tells what it has.
pub(crate) fn function(cx: &mut Ctx, v: Value) -> Option<Result<Arc<CodeData>, &'static str>> {
    let f = FunctionObj::of(v)?;
    let data = match data_of(f.code.get_or_none())? {
        Ok(data) => data,
        Err(why) => return Some(Err(why)),
    };
    if f.defaults.get().and_then(TupleObj::of).is_some_and(|t| !t.items().is_empty()) {
        return Some(Err("defaults not supported"));
    }
    if f.kwdefaults.get().and_then(DictObj::of).is_some_and(|d| !d.is_empty()) {
        return Some(Err("keyword defaults not supported"));
    }
    if !data.freevars.is_empty() {
        return Some(Err("closures not supported"));
    }
    let globals = f.globals.get().and_then(DictObj::of);
    for (op, w) in instructions(&data) {
        let uses = match op {
            Op::StoreGlobal | Op::DeleteGlobal => true,
            Op::LoadGlobal => match (data.names.get(w.bx() as usize), globals) {
                (Some(n), Some(g)) => {
                    let n = cx.intern_str(n);
                    cx.dict_get_str(g, n).is_some()
                }
                _ => true,
            },
            _ => false,
        };
        if uses {
            return Some(Err("globals not supported"));
        }
    }
    Some(Ok(data))
}

/// The code of a function or code object that can run as a script: without arguments, closure and result. `None`: it is neither.
pub(crate) fn script(v: Value) -> Option<Result<Arc<CodeData>, &'static str>> {
    let code = FunctionObj::of(v).map_or(v, |f| f.code.get_or_none());
    let data = match data_of(code)? {
        Ok(data) => data,
        Err(why) => return Some(Err(why)),
    };
    if !data.freevars.is_empty() {
        return Some(Err("closures not supported"));
    }
    let variadic = CodeFlags::VARARGS | CodeFlags::VARKEYWORDS;
    if data.argcount > 0 || data.kwonlyargcount > 0 || data.flags & variadic != 0 {
        return Some(Err("code with args not supported"));
    }
    if returns_value(&data) {
        return Some(Err("code that returns a value is not a script"));
    }
    Some(Ok(data))
}

fn returns_value(data: &CodeData) -> bool {
    let suspends = CodeFlags::GENERATOR
        | CodeFlags::COROUTINE
        | CodeFlags::ASYNC_GENERATOR
        | CodeFlags::ITERABLE_COROUTINE;
    if data.flags & suspends != 0 {
        return true;
    }
    let all = instructions(data);
    all.iter().enumerate().any(|(i, (op, w))| {
        let none = |(o, l): &(Op, Instr)| {
            *o == Op::LoadConst
                && l.a() == w.a()
                && matches!(data.consts.get(l.bx() as usize), Some(Const::None))
        };
        *op == Op::Return && !i.checked_sub(1).and_then(|j| all.get(j)).is_some_and(none)
    })
}
