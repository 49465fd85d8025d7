//! The interpreters of the process.

use crate::Maker;
use crate::channel::Channels;
use crate::queues::Queues;
use protopy_vm::protocore::ProtoSpace;
use protopy_vm::settings::limits;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// Where an interpreter comes from: the main one, one made by `_interpreters`.
pub(crate) const WHENCE: [(&str, i64); 6] = [
    ("WHENCE_UNKNOWN", 0),
    ("WHENCE_RUNTIME", 1),
    ("WHENCE_LEGACY_CAPI", 2),
    ("WHENCE_CAPI", 3),
    ("WHENCE_XI", 4),
    ("WHENCE_STDLIB", 5),
];
pub(crate) const RUNTIME: i64 = 1;
pub(crate) const STDLIB: i64 = 5;

/// Settings of an interpreter, as `new_config()` shows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Config {
    pub(crate) use_main_obmalloc: bool,
    pub(crate) allow_fork: bool,
    pub(crate) allow_exec: bool,
    pub(crate) allow_threads: bool,
    pub(crate) allow_daemon_threads: bool,
    pub(crate) check_multi_interp_extensions: bool,
    pub(crate) gil: &'static str,
}

impl Config {
    pub(crate) const ISOLATED: Config = Config {
        use_main_obmalloc: false,
        allow_fork: false,
        allow_exec: false,
        allow_threads: true,
        allow_daemon_threads: false,
        check_multi_interp_extensions: true,
        gil: "own",
    };
    pub(crate) const LEGACY: Config = Config {
        use_main_obmalloc: true,
        allow_fork: true,
        allow_exec: true,
        allow_threads: true,
        allow_daemon_threads: true,
        check_multi_interp_extensions: false,
        gil: "shared",
    };
    pub(crate) const EMPTY: Config = Config {
        use_main_obmalloc: false,
        allow_fork: false,
        allow_exec: false,
        allow_threads: false,
        allow_daemon_threads: false,
        check_multi_interp_extensions: false,
        gil: "default",
    };
    const MAIN: Config = Config { gil: "own", ..Config::LEGACY };

    /// What the interpreter may not do.
    pub(crate) fn limits(&self) -> u8 {
        let bit = |allowed: bool, bit: u8| if allowed { 0 } else { bit };
        limits::SUB
            | bit(self.allow_exec, limits::NO_EXEC)
            | bit(self.allow_threads, limits::NO_THREADS)
            | bit(self.allow_daemon_threads, limits::NO_DAEMONS)
    }
}

/// An interpreter.
pub(crate) struct Interp {
    pub(crate) id: i64,
    pub(crate) whence: i64,
    pub(crate) config: Config,
    /// Its space; none for the main one, which nobody enters, and after the end.
    space: Mutex<Option<Arc<ProtoSpace>>>,
    /// Whether a thread runs its `__main__`.
    running: AtomicBool,
    refs: AtomicI64,
    /// Whether it ends when nobody refers to it any more.
    counted: AtomicBool,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl Interp {
    fn new(id: i64, whence: i64, config: Config) -> Interp {
        Interp {
            id,
            whence,
            config,
            space: Mutex::new(None),
            running: AtomicBool::new(whence == RUNTIME),
            refs: AtomicI64::new(0),
            counted: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_main(&self) -> bool {
        self.whence == RUNTIME
    }

    /// Its space, unless it has ended.
    pub(crate) fn space(&self) -> Option<Arc<ProtoSpace>> {
        locked(&self.space).clone()
    }

    pub(crate) fn set_space(&self, space: Arc<ProtoSpace>) {
        *locked(&self.space) = Some(space);
    }

    /// Takes the space away from it.
    pub(crate) fn take_space(&self) -> Option<Arc<ProtoSpace>> {
        locked(&self.space).take()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Claims its `__main__`; `None` if a thread runs that. The claim ends with the answer.
    pub(crate) fn claim(self: &Arc<Self>) -> Option<Claim> {
        self.running
            .compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
            .then(|| Claim(self.clone()))
    }

    pub(crate) fn incref(&self, counted: bool) {
        self.refs.fetch_add(1, Ordering::AcqRel);
        if counted {
            self.counted.store(true, Ordering::Release);
        }
    }

    /// Whether that was the last reference, so that it is to end.
    pub(crate) fn decref(&self) -> bool {
        let before =
            self.refs.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n > 0).then_some(n - 1));
        before == Ok(1) && self.counted.load(Ordering::Acquire)
    }

    pub(crate) fn count_references(&self) {
        self.counted.store(true, Ordering::Release);
    }
}

/// A thread that runs the `__main__` of an interpreter.
pub(crate) struct Claim(Arc<Interp>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
    }
}

struct Inner {
    next: i64,
    all: BTreeMap<i64, Arc<Interp>>,
}

/// All interpreters, and the queues between them.
pub(crate) struct Registry {
    inner: Mutex<Inner>,
    pub(crate) maker: Arc<dyn Maker>,
    /// Identifier of the process's main thread.
    pub(crate) main_ident: u64,
    pub(crate) queues: Queues,
    pub(crate) channels: Channels,
}

impl Registry {
    /// A registry of the main interpreter.
    pub(crate) fn new(maker: Arc<dyn Maker>, main_ident: u64) -> Registry {
        let main = Arc::new(Interp::new(0, RUNTIME, Config::MAIN));
        let inner = Inner { next: 1, all: BTreeMap::from([(0, main)]) };
        Registry {
            inner: Mutex::new(inner),
            maker,
            main_ident,
            queues: Queues::default(),
            channels: Channels::default(),
        }
    }

    /// What is left of it in the child of a fork.
    pub(crate) fn after_fork(&self, main_ident: u64) -> Registry {
        let fresh = Registry::new(self.maker.clone(), main_ident);
        // A thread of another interpreter may have held the lock.
        if let Ok(old) = self.inner.try_lock() {
            locked(&fresh.inner).next = old.next;
        }
        fresh
    }

    pub(crate) fn main(&self) -> Arc<Interp> {
        match locked(&self.inner).all.get(&0) {
            Some(m) => m.clone(),
            // The main interpreter is never removed.
            None => Arc::new(Interp::new(0, RUNTIME, Config::MAIN)),
        }
    }

    /// A new interpreter, not yet in the list.
    pub(crate) fn number(&self, config: Config) -> Arc<Interp> {
        let mut inner = locked(&self.inner);
        let id = inner.next;
        inner.next += 1;
        Arc::new(Interp::new(id, STDLIB, config))
    }

    pub(crate) fn add(&self, i: &Arc<Interp>) {
        locked(&self.inner).all.insert(i.id, i.clone());
    }

    pub(crate) fn remove(&self, id: i64) {
        let gone = locked(&self.inner).all.remove(&id);
        drop(gone);
    }

    pub(crate) fn find(&self, id: i64) -> Option<Arc<Interp>> {
        locked(&self.inner).all.get(&id).cloned()
    }

    pub(crate) fn list(&self) -> Vec<Arc<Interp>> {
        locked(&self.inner).all.values().cloned().collect()
    }

    /// An interpreter besides the main one that no thread runs.
    pub(crate) fn any_idle(&self) -> Option<Arc<Interp>> {
        locked(&self.inner).all.values().find(|i| !i.is_main() && !i.is_running()).cloned()
    }
}
