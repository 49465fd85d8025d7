//! Whether exported buffers are still in use, for types that may not move their memory while they are.
//!
//! Nothing counts references to a memoryview. One that nobody refers to any more keeps its buffer until it is collected, and a word
//! that native code has left on the stack can keep it then. So who is about to refuse looks first. Memoryviews lie above this crate,
//! therefore the way leads through a hook.

use crate::interp::liveness;
use protocore::space::SpaceState;
use protocore::{Ctx, Tracer, Value};
use std::sync::OnceLock;

/// Ends the exports, by exporters that the function accepts, of memoryviews which only words on the stack refer to.
pub type ReleaseForgotten = fn(&mut Ctx, &dyn Fn(Value) -> bool);

#[derive(Default)]
struct Installed {
    release: OnceLock<ReleaseForgotten>,
    reap: OnceLock<fn(&mut Ctx)>,
}

impl SpaceState for Installed {
    fn trace(&self, _: &mut Tracer) {}
}

/// Installs the function of the type memoryview, once a space.
pub fn install(cx: &Ctx, release: ReleaseForgotten) {
    let _ = cx.space().state::<Installed>().release.set(release);
}

/// Installs what ends the exports that other interpreters do not use any more, once a space.
pub fn install_reaper(cx: &Ctx, reap: fn(&mut Ctx)) {
    let _ = cx.space().state::<Installed>().reap.set(reap);
}

/// Whether exports, which `count` counts, by exporters that `of` accepts are left when the dead ones have ended.
pub fn still_exported(cx: &mut Ctx, count: &dyn Fn() -> usize, of: &dyn Fn(Value) -> bool) -> bool {
    if count() == 0 {
        return false;
    }
    let installed = cx.space().state::<Installed>();
    if let Some(reap) = installed.reap.get() {
        reap(cx);
    }
    if count() > 0 {
        liveness::collect_for_program(cx, "", "");
    }
    if count() > 0
        && let Some(release) = installed.release.get()
    {
        release(cx, of);
    }
    count() > 0
}
