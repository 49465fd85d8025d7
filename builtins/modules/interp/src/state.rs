//! What this crate keeps for a space: where the registry is, who the interpreter is, and the types.

use crate::registry::{Interp, Registry};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Guarded, Layout, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{TypeSpec, errors};
use std::sync::Arc;

/// Who the interpreter of a space is.
type Here = (Arc<Registry>, Arc<Interp>);

/// The state.
#[derive(Default)]
pub(crate) struct State {
    here: Guarded<Option<Here>>,
    error: Slot,
    not_found: Slot,
    not_shareable: Slot,
    /// The type of memory that another interpreter lends.
    pub(crate) view: Slot,
    pub(crate) queue_error: Slot,
    pub(crate) queue_not_found: Slot,
    /// `Queue`, `QueueEmpty` and `QueueFull` of `concurrent.interpreters`, once that has registered them.
    pub(crate) queue: Slot,
    pub(crate) queue_empty: Slot,
    pub(crate) queue_full: Slot,
    /// `ChannelError` and the types that derive from it.
    pub(crate) channel_errors: [Slot; 5],
    pub(crate) channel_id: Slot,
    pub(crate) channel_info: Slot,
    /// `SendChannel` and `RecvChannel`, once Python code has registered them.
    pub(crate) send_channel: Slot,
    pub(crate) recv_channel: Slot,
    /// A module that stands for the program's main one, for what was pickled there.
    pub(crate) fake_main: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slots(&self.channel_errors);
        for s in [
            &self.error,
            &self.not_found,
            &self.not_shareable,
            &self.view,
            &self.queue_error,
            &self.queue_not_found,
            &self.queue,
            &self.queue_empty,
            &self.queue_full,
            &self.fake_main,
            &self.channel_id,
            &self.channel_info,
            &self.send_channel,
            &self.recv_channel,
        ] {
            t.slot(s);
        }
    }
}

impl State {
    /// Tells a space who it is.
    pub(crate) fn settle(&self, registry: Arc<Registry>, me: Arc<Interp>) {
        // What was there is destroyed without the lock.
        drop(self.here.with(|h| h.replace((registry, me))));
    }

    /// Who it is.
    pub(crate) fn get(&self) -> Option<Here> {
        self.here.with(|h| h.clone())
    }
}

/// The state of a thread's space.
pub(crate) fn of(cx: &Ctx) -> Arc<State> {
    cx.space().state::<State>()
}

/// Who the interpreter is.
pub(crate) fn here(cx: &mut Ctx) -> PyResult<Here> {
    match of(cx).get() {
        Some(h) => Ok(h),
        None => Err(cx.raise_str(Ty::RuntimeError, "this interpreter has no registry")),
    }
}

/// In the child of a fork, which has one thread, of the main interpreter: the other interpreters are gone. What they own cannot be
/// destroyed, since their threads may have held any lock.
pub(crate) fn after_fork(cx: &mut Ctx) {
    let state = of(cx);
    let Some((old, me)) = state.get() else { return };
    let fresh = Arc::new(old.after_fork(cx.ident));
    std::mem::forget((old, me));
    let main = fresh.main();
    state.settle(fresh, main);
}

/// What the exceptions of interpreters and their queues have in common.
pub(crate) const EXCEPTION: TypeSpec = TypeSpec {
    module: "concurrent.interpreters",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF,
    ..TypeSpec::BASE
};

static ERROR: TypeSpec =
    TypeSpec { name: "InterpreterError", doc: "A cross-interpreter operation failed", ..EXCEPTION };
static NOT_FOUND: TypeSpec =
    TypeSpec { name: "InterpreterNotFoundError", doc: "An interpreter was not found", ..EXCEPTION };
static NOT_SHAREABLE: TypeSpec = TypeSpec {
    name: "NotShareableError",
    doc: "An object cannot be sent to another interpreter.",
    ..EXCEPTION
};

/// An exception type of the space, made at first use.
pub(crate) fn exception(cx: &mut Ctx, slot: &Slot, spec: &'static TypeSpec, base: Value) -> PyResult {
    if let Some(t) = slot.get() {
        return Ok(t);
    }
    let t = create_type_with_base(cx, spec, base)?;
    // Another thread's may have come first.
    if slot.cas_raw(None, Some(t)) { Ok(t) } else { Ok(slot.get_or_none()) }
}

/// `InterpreterError`
pub(crate) fn error_type(cx: &mut Ctx) -> PyResult {
    let base = cx.ty(Ty::Exception).value();
    exception(cx, &of(cx).error, &ERROR, base)
}

/// `InterpreterNotFoundError`
pub(crate) fn not_found_type(cx: &mut Ctx) -> PyResult {
    let base = error_type(cx)?;
    exception(cx, &of(cx).not_found, &NOT_FOUND, base)
}

/// `NotShareableError`
pub(crate) fn not_shareable_type(cx: &mut Ctx) -> PyResult {
    let base = cx.ty(Ty::TypeError).value();
    exception(cx, &of(cx).not_shareable, &NOT_SHAREABLE, base)
}

/// A type of the space that no program makes, made at first use.
pub(crate) fn native_type(cx: &mut Ctx, slot: &Slot, spec: &'static TypeSpec) -> PyResult {
    if let Some(t) = slot.get() {
        return Ok(t);
    }
    let t = create_type(cx, spec)?;
    if slot.cas_raw(None, Some(t)) { Ok(t) } else { Ok(slot.get_or_none()) }
}

/// Raises an exception of a type that may have to be made.
pub(crate) fn raise<T>(cx: &mut Ctx, class: PyResult, msg: &str) -> PyResult<T> {
    let class = class?;
    let m = cx.str(msg);
    Err(errors::raise_class(cx, class, &[m]))
}

/// Raises InterpreterError.
pub(crate) fn error<T>(cx: &mut Ctx, msg: &str) -> PyResult<T> {
    let class = error_type(cx);
    raise(cx, class, msg)
}

/// Raises NotShareableError.
pub(crate) fn not_shareable<T>(cx: &mut Ctx, msg: &str) -> PyResult<T> {
    let class = not_shareable_type(cx);
    raise(cx, class, msg)
}

/// Raises NotShareableError with a cause.
pub(crate) fn not_shareable_from<T>(cx: &mut Ctx, msg: &str, cause: Value) -> PyResult<T> {
    match not_shareable::<T>(cx, msg) {
        Err(r) => Err(errors::raise_with_cause(cx, r, cause)),
        ok => ok,
    }
}
