//! Tools that watch programs run (`sys.settrace`, `sys.setprofile`, `sys.monitoring`): what the space, a thread and a code object know
//! of them. What is done with it is `vm::interp::watch`'s business; its essay tells how.

use crate::ctx::{Ctx, breaker};
use crate::slot::Slot;
use crate::trace::Tracer;
use crate::value::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// Tools that programs may register.
pub const USER_TOOLS: usize = 6;
/// Number of the tool behind `sys.setprofile`.
pub const PROFILE: usize = 6;
/// Number of the tool behind `sys.settrace`.
pub const TRACE: usize = 7;
/// All tools.
pub const TOOLS: usize = 8;
/// Number of events.
pub const EVENTS: usize = 19;

/// What a space knows of tools.
pub struct SpaceTools {
    /// Grows with each change of what is watched. Code objects compare theirs.
    pub version: AtomicU32,
    /// Events that each tool watches in all code, as bits.
    pub events: [AtomicU32; TOOLS],
    /// Names of the tools in use.
    pub names: [Slot; USER_TOOLS],
    /// What each tool wants called, by event.
    pub callbacks: [[Slot; EVENTS]; USER_TOOLS],
    /// `sys.monitoring.DISABLE` and `MISSING`.
    pub marks: [Slot; 2],
    /// How many threads have a profile function and a trace function.
    pub users: [AtomicUsize; 2],
    /// Held while these are counted anew and what they want is stored: what one thread has just asked for must not be taken away by another
    /// that was the last before. Its holder reaches no safepoint.
    pub counting: Mutex<()>,
    /// How many code objects some tool watches by itself.
    pub local: Arc<AtomicUsize>,
    /// Profile and trace functions that all threads are to take over.
    pub everywhere: [Slot; 2],
    /// Grows with each change of `everywhere`.
    pub adopt: [AtomicU32; 2],
    /// Grows when events that callbacks disabled are to come again.
    pub restarts: AtomicU32,
}

impl Default for SpaceTools {
    fn default() -> SpaceTools {
        SpaceTools {
            version: AtomicU32::new(0),
            events: Default::default(),
            names: std::array::from_fn(|_| Slot::empty()),
            callbacks: std::array::from_fn(|_| std::array::from_fn(|_| Slot::empty())),
            marks: std::array::from_fn(|_| Slot::empty()),
            users: Default::default(),
            counting: Mutex::new(()),
            local: Arc::default(),
            everywhere: std::array::from_fn(|_| Slot::empty()),
            adopt: Default::default(),
            restarts: AtomicU32::new(0),
        }
    }
}

impl SpaceTools {
    pub(crate) fn trace(&self, t: &mut Tracer) {
        t.slots(&self.names);
        for c in &self.callbacks {
            t.slots(c);
        }
        t.slots(&self.marks);
        t.slots(&self.everywhere);
    }

    /// Whether a tool that programs registered watches anything.
    fn watches(&self) -> bool {
        self.events.iter().take(USER_TOOLS).any(|e| e.load(Ordering::Relaxed) != 0)
            || self.local.load(Ordering::Relaxed) != 0
    }
}

/// What a thread knows of tools.
pub struct ThreadTools {
    /// Whether a tool watches this thread.
    pub armed: bool,
    /// Depth of calls of tools: what they do is not watched.
    pub inside: usize,
    /// Registers of the frame that was entered last and has not begun.
    pub start: *mut Value,
    /// Where the event happened that a tool is being told of: registers and index of the instruction word.
    pub site: (*mut Value, usize),
    /// Number of the event that a tool is being told of, or -1.
    pub event: i32,
    /// Where a trace function has sent its frame: registers and index of the instruction word.
    pub jump: Option<(*mut Value, usize)>,
    /// The versions of [`SpaceTools::adopt`] that this thread has seen.
    pub adopted: [u32; 2],
}

impl Default for ThreadTools {
    fn default() -> ThreadTools {
        ThreadTools {
            armed: false,
            inside: 0,
            start: std::ptr::null_mut(),
            site: (std::ptr::null_mut(), 0),
            event: -1,
            jump: None,
            adopted: [0; 2],
        }
    }
}

/// What tools know of a code object.
pub struct CodeTools {
    state: Mutex<CodeWatch>,
    counter: Arc<AtomicUsize>,
}

/// The changing part of [`CodeTools`].
#[derive(Default)]
pub struct CodeWatch {
    /// Version that the marks on the instruction words follow.
    pub version: u32,
    /// Value of [`SpaceTools::restarts`] at that time.
    pub restarts: u32,
    /// Events that each tool watches in this code only.
    pub local: [u32; TOOLS],
    /// Whether it counts in [`SpaceTools::local`].
    pub counted: bool,
    /// Tools that a callback has switched off, by instruction word and event.
    pub off: HashMap<(u32, u8), u8>,
    /// Facts about each instruction word.
    pub facts: Box<[u8]>,
}

impl CodeTools {
    /// Nothing watched yet, facts given.
    pub fn new(space: &SpaceTools, facts: Box<[u8]>) -> CodeTools {
        let state = CodeWatch { facts, ..CodeWatch::default() };
        CodeTools { state: Mutex::new(state), counter: space.local.clone() }
    }

    /// The changing part. Whoever holds it neither allocates objects nor runs code.
    pub fn lock(&self) -> MutexGuard<'_, CodeWatch> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Counts the code among those that tools watch by themselves, or not.
    pub fn count(&self, watch: &mut CodeWatch) {
        let now = watch.local.iter().take(USER_TOOLS).any(|e| *e != 0);
        match (watch.counted, now) {
            (false, true) => drop(self.counter.fetch_add(1, Ordering::Relaxed)),
            (true, false) => drop(self.counter.fetch_sub(1, Ordering::Relaxed)),
            _ => {}
        }
        watch.counted = now;
    }
}

impl Drop for CodeTools {
    fn drop(&mut self) {
        if self.state.get_mut().is_ok_and(|w| w.counted) {
            self.counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Ctx {
    /// Lets calls of this thread pass where tools are told of them, or not.
    pub fn arm(&mut self) {
        let on = !self.tracefn.is_none() || !self.profilefn.is_none() || self.space().tools.watches();
        self.tools.armed = on;
        self.depth_limit = if on { 0 } else { self.recursion_limit };
        if !on {
            self.tools.start = std::ptr::null_mut();
        }
    }

    /// Tells all threads that what tools watch has changed.
    pub fn tools_changed(&mut self) {
        self.space().tools.version.fetch_add(1, Ordering::AcqRel);
        self.space().heap.world.interrupt_all(breaker::TOOLS);
    }
}
