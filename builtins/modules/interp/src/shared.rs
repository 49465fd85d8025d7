//! What crosses between interpreters: data that belongs to no space.

use crate::channel::End;
use crate::lease::{self, Lease};
use crate::pickled::{self, Pickled};
use crate::{channels, state, stateless};
use protopy_bytecode::CodeData;
use protopy_text::StrRef;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, Held, PyResult, Ty, Value};
use protopy_vm::{self as vm, code, errors, functions, repr_text};
use std::sync::Arc;

/// A string's content, as wide as it has to be; lone surrogates are allowed.
pub(crate) enum Text {
    Latin1(Box<[u8]>),
    Ucs2(Box<[u16]>),
    Ucs4(Box<[u32]>),
}

/// An object on its way between interpreters.
pub(crate) enum Shared {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    Bytes(Box<[u8]>),
    Tuple(Vec<Shared>),
    /// Memory of the interpreter that sends it.
    Memory(Arc<Lease>),
    /// A function that uses nothing but its arguments and builtins.
    Function(Arc<CodeData>),
    /// The number of a channel, or an end that Python code has wrapped.
    Channel {
        id: i64,
        end: End,
        wrapped: bool,
    },
    /// A queue between interpreters.
    Queue(i64),
    Pickle(Pickled),
}

impl Drop for Shared {
    /// Tuples within tuples need no native stack: they may be dropped by a thread that has less of it than the one that sent them.
    fn drop(&mut self) {
        let Shared::Tuple(items) = self else { return };
        let mut rest = std::mem::take(items);
        while let Some(mut s) = rest.pop() {
            if let Shared::Tuple(more) = &mut s {
                rest.append(more);
            }
        }
    }
}

/// What becomes of objects that are not shareable as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fallback {
    /// They are refused.
    No,
    /// Functions without state are sent, everything else is pickled.
    Full,
}

/// Whether objects of this kind can be sent without a fallback. (Tuples and large integers may be refused in the end.)
pub(crate) fn is_shareable(cx: &Ctx, v: Value) -> bool {
    const TYPES: [Ty; 7] = [Ty::Bool, Ty::Int, Ty::Float, Ty::Str, Ty::Bytes, Ty::Tuple, Ty::MemoryView];
    v.is_none() || TYPES.iter().any(|t| cx.is_exact(v, *t)) || is_queue(cx, v) || channels::is_channel(cx, v)
}

fn is_queue(cx: &Ctx, v: Value) -> bool {
    state::of(cx).queue.get().is_some_and(|t| cx.type_of(v).value().is(t))
}

/// Raises NotShareableError for an object.
fn refuse<T>(cx: &mut Ctx, v: Value, cause: Option<Value>) -> PyResult<T> {
    let shown = repr_text(cx, v)?;
    let msg = format!("{shown} does not support cross-interpreter data");
    match cause {
        Some(c) => state::not_shareable_from(cx, &msg, c),
        None => state::not_shareable(cx, &msg),
    }
}

/// Takes an object's data; NotShareableError.
pub(crate) fn take(cx: &mut Ctx, v: Value, fallback: Fallback) -> PyResult<Shared> {
    cx.check_native_stack(" while sending an object to another interpreter")?;
    let first = match plain(cx, v, fallback) {
        Ok(s) => return Ok(s),
        Err(r) => cx.take_raised(r),
    };
    let class = state::not_shareable_type(cx)?;
    if fallback == Fallback::No || !cx.type_of(first).is_subtype(class) {
        return Err(cx.set_raised(first));
    }
    let mut error = first;
    match stateless::function(cx, v) {
        None => {}
        Some(Ok(data)) => return Ok(Shared::Function(data)),
        Some(Err(why)) => {
            let msg = cx.str(why);
            let cause = errors::new_exc(cx, Ty::ValueError, &[msg]);
            let refused: PyResult<()> =
                state::not_shareable_from(cx, "only stateless functions are shareable", cause);
            if let Err(r) = refused {
                error = cx.take_raised(r);
            }
        }
    }
    match pickled::dump(cx, v) {
        Ok(p) => Ok(Shared::Pickle(p)),
        Err(r) => {
            let e = cx.take_raised(r);
            // What says nothing about the object is told.
            let other = [Ty::MemoryError, Ty::KeyboardInterrupt, Ty::SystemExit];
            let e = if other.iter().any(|t| cx.is_instance(e, *t)) { e } else { error };
            Err(cx.set_raised(e))
        }
    }
}

fn plain(cx: &mut Ctx, v: Value, fallback: Fallback) -> PyResult<Shared> {
    if v.is_none() {
        return Ok(Shared::None);
    }
    if v.is_bool() {
        return Ok(Shared::Bool(v.is(Value::TRUE)));
    }
    if cx.is_exact(v, Ty::Int) {
        return match IntRef::of(v).and_then(|n| n.to_i64()) {
            Some(n) => Ok(Shared::Int(n)),
            None => {
                let msg = cx.str("try sending as bytes");
                let cause = errors::new_exc(cx, Ty::OverflowError, &[msg]);
                refuse(cx, v, Some(cause))
            }
        };
    }
    if cx.is_exact(v, Ty::Float) {
        return vm::float_of(cx, v).map(Shared::Float);
    }
    if cx.is_exact(v, Ty::Str)
        && let Some(s) = StrObj::of(v)
    {
        return Ok(Shared::Text(match s.str_ref() {
            StrRef::Latin1(b) => Text::Latin1(b.into()),
            StrRef::Ucs2(b) => Text::Ucs2(b.into()),
            StrRef::Ucs4(b) => Text::Ucs4(b.into()),
        }));
    }
    if cx.is_exact(v, Ty::Bytes)
        && let Some(b) = BytesObj::of(v)
    {
        return Ok(Shared::Bytes(b.bytes().into()));
    }
    if cx.is_exact(v, Ty::Tuple)
        && let Some(t) = TupleObj::of(v)
    {
        return items(cx, v, t.items(), fallback);
    }
    if cx.is_exact(v, Ty::MemoryView) {
        return lease::lend(cx, v).map(Shared::Memory);
    }
    if is_queue(cx, v) {
        let id = vm::get_attr_str(cx, v, "_id")?;
        return vm::index_i64(cx, id, Ty::OverflowError).map(Shared::Queue);
    }
    match channels::take(cx, v)? {
        Some(s) => Ok(s),
        None => refuse(cx, v, None),
    }
}

fn items(cx: &mut Ctx, v: Value, items: &[Value], fallback: Fallback) -> PyResult<Shared> {
    let mut all = Vec::new();
    if all.try_reserve_exact(items.len()).is_err() {
        return Err(cx.no_memory());
    }
    for x in items {
        match take(cx, *x, fallback) {
            Ok(s) => all.push(s),
            Err(r) => {
                let e = cx.take_raised(r);
                let class = state::not_shareable_type(cx)?;
                if cx.type_of(e).is_subtype(class) {
                    return refuse(cx, v, Some(e));
                }
                return Err(cx.set_raised(e));
            }
        }
    }
    vm::keep_alive(v);
    Ok(Shared::Tuple(all))
}

/// Makes an object of this space.
pub(crate) fn give(cx: &mut Ctx, s: &Shared) -> PyResult {
    cx.check_native_stack(" while receiving an object from another interpreter")?;
    match s {
        Shared::None => Ok(Value::NONE),
        Shared::Bool(b) => Ok(Value::bool(*b)),
        Shared::Int(n) => Ok(cx.int(*n)),
        Shared::Float(f) => Ok(cx.float(*f)),
        Shared::Text(t) => cx.str_from(match t {
            Text::Latin1(b) => StrRef::Latin1(b),
            Text::Ucs2(b) => StrRef::Ucs2(b),
            Text::Ucs4(b) => StrRef::Ucs4(b),
        }),
        Shared::Bytes(b) => cx.bytes(b),
        Shared::Tuple(all) => {
            let mut made: Held<Value> = Held::with_capacity(all.len());
            for x in all {
                let v = give(cx, x)?;
                made.push(v);
            }
            cx.tuple_of(None, &made)
        }
        Shared::Memory(l) => lease::view(cx, l),
        Shared::Function(data) => function(cx, data),
        Shared::Channel { id, end, wrapped } => channels::give(cx, *id, *end, *wrapped),
        Shared::Queue(id) => {
            let class = match state::of(cx).queue.get() {
                Some(c) => c,
                None => vm::import_attr(cx, "concurrent.interpreters", "Queue")?,
            };
            let id = cx.int(*id);
            vm::call(cx, class, &[id])
        }
        Shared::Pickle(p) => pickled::load(cx, p),
    }
}

/// A function in the namespace of `__main__`.
fn function(cx: &mut Ctx, data: &Arc<CodeData>) -> PyResult {
    let (registry, _) = state::here(cx)?;
    let code = code::make_code(cx, data.clone())?;
    let globals = registry.maker.main_dict(cx)?;
    functions::new_function(cx, code, globals, None)
}
