//! Going from one space into another; the birth and the end of interpreters.

use crate::registry::{Config, Interp, Registry};
use crate::state;
use protopy_mod_runtime::{faulthandler, thread};
use protopy_vm::protocore::{Ctx, ProtoSpace, Raised};
use protopy_vm::{self as vm, errors, finalize, settings};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Tells the handlers of crashes again where the thread's state is, also after a panic.
struct Noted(*const Ctx);

impl Drop for Noted {
    fn drop(&mut self) {
        faulthandler::restore_thread(self.0);
    }
}

/// Takes the thread out of the books of the interpreter that it visits, also by a panic.
struct Visit(Box<Ctx>);

impl Visit {
    fn new(cx: Box<Ctx>) -> Visit {
        let mut v = Visit(cx);
        faulthandler::note_thread(Some(&v.0));
        thread::thread_enters(&mut v.0);
        v
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        thread::thread_leaves(&mut self.0);
    }
}

/// Takes the calling thread into another space and runs `f` there. Neither `f` nor its answer has a [`vm::protocore::Value`]: what crosses belongs to no
/// space. An `Err` if the thread cannot be attached.
pub(crate) fn visit<R>(
    cx: &mut Ctx,
    space: &Arc<ProtoSpace>,
    f: impl FnOnce(&mut Ctx) -> R,
) -> std::io::Result<R> {
    let _noted = Noted(faulthandler::noted_thread());
    cx.elsewhere(|| {
        let mut there = Visit::new(Ctx::attach(space, false)?);
        Ok(f(&mut there.0))
    })
}

/// The text of an exception.
pub(crate) fn text(cx: &mut Ctx, r: Raised) -> String {
    let e = cx.take_raised(r);
    let name = cx.type_name(e);
    match vm::str_text(cx, e) {
        Ok(t) if t.is_empty() => name,
        Ok(t) => format!("{name}: {t}"),
        Err(r) => {
            cx.take_raised(r);
            name
        }
    }
}

/// Makes an interpreter; the `Err` tells why that failed.
pub(crate) fn create(cx: &mut Ctx, registry: &Arc<Registry>, config: Config) -> Result<Arc<Interp>, String> {
    let path = settings::of(cx).program_path.lock().unwrap_or_else(|e| e.into_inner()).clone();
    let me = registry.number(config);
    let _noted = Noted(faulthandler::noted_thread());
    let space = cx.elsewhere(|| birth(registry, &me, path.as_deref()))?;
    me.set_space(space);
    registry.add(&me);
    Ok(me)
}

fn birth(registry: &Arc<Registry>, me: &Arc<Interp>, path: Option<&str>) -> Result<Arc<ProtoSpace>, String> {
    let mut cx = registry.maker.space().map_err(|e| format!("cannot reserve memory: {e}"))?;
    let space = cx.space_arc();
    if let Err(r) = registry.maker.core(&mut cx) {
        return Err(text(&mut cx, r));
    }
    // From here on the thread is one like any other of the space.
    finalize::set_foreign_main(&mut cx, registry.main_ident);
    let mut there = Visit::new(cx);
    let cx = &mut *there.0;
    let set = settings::of(cx);
    set.limits.store(me.config.limits(), Ordering::Release);
    *set.program_path.lock().unwrap_or_else(|e| e.into_inner()) = path.map(str::to_owned);
    state::of(cx).settle(registry.clone(), me.clone());
    match registry.maker.rest(cx, path) {
        Ok(()) => Ok(space),
        Err(r) => Err(text(cx, r)),
    }
}

/// Ends an interpreter that nobody runs; false if somebody runs it or it has ended. Queues forget what it had put into them.
pub(crate) fn end(cx: &mut Ctx, registry: &Arc<Registry>, i: &Arc<Interp>) -> bool {
    let Some(claim) = i.claim() else { return false };
    let Some(space) = i.space() else { return false };
    let maker = registry.maker.clone();
    let left = visit(cx, &space, |cx| {
        maker.end(cx);
        // Daemon threads of an interpreter that has ended have nothing left to do.
        let exit = errors::new_exc(cx, vm::protocore::Ty::SystemExit, &[]);
        finalize::send_to_others(cx, exit);
    });
    registry.remove(i.id);
    registry.queues.interpreter_ends(i.id);
    registry.channels.interpreter_ends(i.id);
    let taken = i.take_space();
    drop(claim);
    // The heap may be large, and what its objects own is given back.
    cx.blocking(move || drop((space, taken)));
    left.is_ok()
}
