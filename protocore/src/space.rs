//! A space: the root of all state of one interpreter.
//!
//! Nothing mutable is static. Two spaces in one process share no lock and no object.

use crate::heap::Heap;
use crate::interned::Interned;
use crate::known::{TYPE_COUNT, Ty};
use crate::layouts::LenWord;
use crate::shape::ShapeTable;
use crate::slot::Slot;
use crate::states::States;
use crate::trace::Tracer;
use crate::types::{TypeObj, type_flags};
use crate::value::Value;
use crate::{PyResult, ctx::Ctx};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicUsize, Ordering};

macro_rules! roots {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Objects that the runtime itself holds on to.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub enum Root {
            $($(#[$doc])* $name,)*
        }

        const ROOT_COUNT: usize = [$(Root::$name,)*].len();
    };
}

roots! {
    /// `sys.modules` (dict).
    Modules,
    /// Dict of the module `builtins`.
    Builtins,
    /// Dict of the module `sys`.
    Sys,
    /// The module `sys`.
    SysModule,
    /// The module `builtins`.
    BuiltinsModule,
    /// The empty tuple.
    EmptyTuple,
    /// The empty str.
    EmptyStr,
    /// The empty bytes.
    EmptyBytes,
    /// Tuple of the 256 one-byte bytes objects.
    ByteStrings,
    /// The preallocated MemoryError.
    MemoryError,
    /// The empty frozenset.
    EmptyFrozenSet,
    /// `importlib._bootstrap`
    Importlib,
    /// `importlib._bootstrap_external`
    ImportlibExternal,
    /// Codec search path (list), cache (dict), error handlers (dict), as a tuple.
    Codecs,
    /// Main thread's identity and other thread state of `threading`.
    Threading,
    /// `_warnings.warn`, when `sys.modules` has been emptied.
    Warn,
    /// Audit hooks (list).
    AuditHooks,
    /// `atexit` callbacks (list).
    AtExit,
    /// Names of the runtime (tuple of interned str, see `names`).
    Names,
    /// Names of the special methods that fill slots (tuple of interned str, see `vm::types`).
    SlotNames,
    /// What else must live as long as the space (list).
    Immortal,
    /// Dispatch table of `copyreg` and other per-space caches (dict).
    Caches,
}

/// Function pointers through which this crate reaches what lies above it.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Runs pending finalizers and weak-reference callbacks, signal handlers and other asynchronous work; called from
    /// safepoints with the breaker's bits.
    pub poll: fn(&mut Ctx, u32) -> PyResult<()>,
    /// Runs one finalizer; errors are reported as unraisable.
    pub finalize: fn(&mut Ctx, Value),
    /// Runs a weak reference's callback.
    pub weakref_callback: fn(&mut Ctx, Value),
}

fn no_poll(_: &mut Ctx, _: u32) -> PyResult<()> {
    Ok(())
}

fn no_finalize(_: &mut Ctx, _: Value) {}

impl Hooks {
    /// Hooks that do nothing, until `vm` installs its own.
    pub const NONE: Hooks = Hooks { poll: no_poll, finalize: no_finalize, weakref_callback: no_finalize };
}

/// State of a native module or service in a space.
pub trait SpaceState: Any + Send + Sync {
    /// Visits the values it holds.
    fn trace(&self, t: &mut Tracer);
}

/// The root of an interpreter's state.
pub struct ProtoSpace {
    /// The heap.
    pub heap: Heap,
    /// The shapes.
    pub shapes: ShapeTable,
    types: Box<[Slot]>,
    roots: Box<[Slot]>,
    /// The one str of each Latin-1 character.
    pub(crate) chars: Box<[Slot; 256]>,
    pub(crate) interned: Interned,
    version: AtomicU32,
    /// Key of string hashing (SipHash-1-3).
    pub hash_key: (u64, u64),
    /// Threads that run in this space.
    pub threads: AtomicUsize,
    /// Whether a second thread was ever started: locks are taken from then on.
    pub multi: AtomicBool,
    /// Hooks into the layers above.
    pub hooks: std::sync::RwLock<Hooks>,
    states: States,
    /// `sys.flags.dev_mode`
    pub dev_mode: AtomicBool,
    /// `sys.get_int_max_str_digits()`
    pub int_max_str_digits: AtomicI64,
    /// `-X importtime`: 0 for none, 1 for imports that load, 2 for those that find a module loaded, too.
    pub import_time: AtomicU8,
    /// `-b`: 1 to warn when bytes are taken for text, 2 or more to raise.
    pub bytes_warning: AtomicU8,
    /// `sys.getrecursionlimit()`
    pub recursion_limit: AtomicUsize,
    /// Tools that watch programs run.
    pub tools: crate::tools::SpaceTools,
    /// Set once finalisation has begun.
    pub finalizing: AtomicBool,
}

impl ProtoSpace {
    /// A space without types; `vm` and `builtins` fill it.
    pub fn new(hash_key: (u64, u64)) -> std::io::Result<Arc<ProtoSpace>> {
        Ok(Arc::new(ProtoSpace {
            heap: Heap::new()?,
            shapes: ShapeTable::reserve()?,
            types: (0..TYPE_COUNT).map(|_| Slot::empty()).collect(),
            roots: (0..ROOT_COUNT).map(|_| Slot::empty()).collect(),
            chars: Box::new([const { Slot::empty() }; 256]),
            interned: Interned::default(),
            version: AtomicU32::new(1),
            hash_key,
            threads: AtomicUsize::new(0),
            multi: AtomicBool::new(false),
            hooks: std::sync::RwLock::new(Hooks::NONE),
            states: States::new(),
            dev_mode: AtomicBool::new(false),
            int_max_str_digits: AtomicI64::new(4300),
            import_time: AtomicU8::new(0),
            bytes_warning: AtomicU8::new(0),
            recursion_limit: AtomicUsize::new(1000),
            tools: crate::tools::SpaceTools::default(),
            finalizing: AtomicBool::new(false),
        }))
    }

    /// A known type.
    #[inline(always)]
    pub fn ty(&self, t: Ty) -> &'static TypeObj {
        // SAFETY: the types are made before any code that asks for them runs, and live as long as the space.
        unsafe { &*self.types[t as usize].get_or_none().ptr::<TypeObj>() }
    }

    /// Whether a known type was made already.
    pub fn has_ty(&self, t: Ty) -> bool {
        !self.types[t as usize].is_empty()
    }

    /// Installs a known type.
    pub fn set_ty(&self, t: Ty, v: Value) {
        self.types[t as usize].init(Some(v));
    }

    /// A root.
    #[inline(always)]
    pub fn root(&self, r: Root) -> Option<Value> {
        self.roots[r as usize].get()
    }

    /// Sets a root.
    pub fn set_root(&self, r: Root, v: Value) {
        self.roots[r as usize].init(Some(v));
    }

    /// Makes a str that one for the character that it consists of.
    pub fn set_char(&self, c: u8, v: Value) {
        self.chars[usize::from(c)].init(Some(v));
    }

    /// Visits everything the space holds; `minor` says that what is old need not be visited. The world is stopped.
    pub(crate) fn trace_roots(&self, t: &mut Tracer, minor: bool) {
        t.slots(&self.types);
        t.slots(&self.roots);
        t.slots(&self.chars[..]);
        self.interned.each(minor, &mut |v| t.visit(v));
        for s in self.shapes.iter() {
            t.slot(&s.key);
            if let Some(c) = s.class_slot().get()
                && TypeObj::of(c).is_some_and(|c| !c.has(type_flags::COLLECTABLE))
            {
                t.visit(c);
            }
        }
        self.states.trace(t);
        self.tools.trace(t);
    }

    /// Visits the classes of all shapes: in a minor collection, since an old object may have got a new class.
    pub(crate) fn trace_classes(&self, t: &mut Tracer) {
        for s in self.shapes.iter() {
            t.slot(s.class_slot());
        }
    }

    /// After marking: ends the shapes of dead classes, of which no object is left. Their handles are not used again, so that inline
    /// caches may go on comparing with them.
    pub(crate) fn forget_classes(&self, t: &Tracer) {
        let Some(object) = self.types[Ty::Object as usize].get() else { return };
        for s in self.shapes.iter() {
            if s.class_slot().get().is_some_and(|c| !t.is_marked(c)) {
                s.class_slot().init(Some(object));
                s.transitions.with(|t| *t = Vec::new());
            }
        }
    }

    /// State of type `S` in this space, made on first use.
    pub fn state<S: SpaceState + Default>(&self) -> Arc<S> {
        self.states.of()
    }

    /// A version number that was never used in this space. After 2^32 - 1 of them caching ends: 0 forever.
    pub fn next_version(&self) -> u32 {
        self.version.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |v| v.checked_add(1)).unwrap_or(0)
    }
}

/// A length word for objects made here.
pub(crate) fn len_word(len: usize, gap: usize) -> LenWord {
    LenWord::new(len, gap)
}
