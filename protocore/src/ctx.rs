//! A thread's state in a space: what every operation gets as `cx`.

use crate::heap::{LocalHeap, gc_bits};
use crate::known::Ty;
use crate::shape::Shape;
use crate::space::{ProtoSpace, Root};
use crate::types::TypeObj;
use crate::value::Value;
use crate::{PyResult, Raised};
use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bits of the breaker word.
#[allow(missing_docs)]
pub mod breaker {
    /// Another thread wants the world stopped.
    pub const STOP: u32 = 1;
    /// The epoch pin should be renewed.
    pub const REPIN: u32 = 2;
    /// A signal handler is to run (main thread).
    pub const SIGNAL: u32 = 4;
    /// Finalizers or weak-reference callbacks wait.
    pub const FINALIZE: u32 = 8;
    /// An exception was sent from another thread.
    pub const ASYNC_EXC: u32 = 16;
    /// Pending calls wait.
    pub const PENDING: u32 = 32;
    /// A collection is due.
    pub const COLLECT: u32 = 64;
    /// Memory ran out where nobody could be told: MemoryError.
    pub const MEMORY: u32 = 128;
    /// What tools watch has changed.
    pub const TOOLS: u32 = 256;
}

/// Number of entries of the per-thread method cache.
pub const METHOD_CACHE: usize = 2048;

/// An entry of the method cache: attribute `name` looked up on the class of version `version`.
#[derive(Clone, Copy)]
pub struct MethodCacheEntry {
    /// Version of the class.
    pub version: u32,
    /// Bits of the interned name.
    pub name: u64,
    /// The attribute, unbound if the class has none.
    pub value: Value,
}

/// The state of one thread in one space. Operations that may allocate, run Python code or raise take `&mut Ctx`.
///
/// The interpreter's handlers read `breaker`, the register fields and `shapes` directly.
pub struct Ctx {
    /// Polled on backward jumps, calls and slow allocations.
    pub breaker: Arc<AtomicU32>,
    /// Base of the shape table.
    pub shapes: *const Shape,
    /// This thread's part of the heap.
    pub local: LocalHeap,
    /// The exception being raised; empty unless a function has just answered `Err(Raised)`.
    raised: Option<Value>,
    /// The exception being handled (`sys.exception()`), or None.
    pub handled: Value,
    /// First register of the running frame (null outside of Python code).
    pub regs: *mut Value,
    /// Instruction after the one that runs, saved by slow paths.
    pub pc: *const std::sync::atomic::AtomicU64,
    /// First register that is free for a new window while native code runs.
    pub top: *mut Value,
    /// The register stack.
    pub stack: RegStack,
    /// Depth of Python calls.
    pub depth: usize,
    /// Depth up to which calls take the short way: the recursion limit, or 0 while tools watch this thread, so that each call passes
    /// where they are told of it.
    pub depth_limit: usize,
    /// Depth at which RecursionError is raised.
    pub recursion_limit: usize,
    /// What tools know of this thread.
    pub tools: crate::tools::ThreadTools,
    /// Native stack address below which recursion raises RecursionError.
    pub native_limit: usize,
    /// Nested native entries (for catching panics and finding the base of native stacks).
    pub entries: usize,
    /// Native stack pointer at the innermost entry into the interpreter (see [`Ctx::enter_interpreter`]); 0: none.
    pub entry: usize,
    /// Identifier of the thread (`threading.get_ident`).
    pub ident: u64,
    /// `contextvars` context, or None.
    pub context: Value,
    /// Per-thread dict of the runtime, or None.
    pub dict: Value,
    /// Trace function, profile function (`sys.settrace`, `sys.setprofile`), or None.
    pub tracefn: Value,
    /// Profile function, or None.
    pub profilefn: Value,
    /// Async generator hooks: firstiter, finalizer.
    pub asyncgen_hooks: [Value; 2],
    /// `sys.set_coroutine_origin_tracking_depth`
    pub coroutine_origin_depth: usize,
    /// Objects in the middle of `repr`.
    pub repr_stack: Vec<Value>,
    /// Method cache.
    pub method_cache: Box<[MethodCacheEntry]>,
    /// Values that native code wants kept alive beyond the stack (indices stay valid until popped).
    pub keep: Vec<Value>,
    /// Whether this is the space's main thread.
    pub is_main: bool,
    /// Whether the space has or had another thread: a copy of [`ProtoSpace::multi`] near at hand, changed in a stopped world.
    multi: Near<bool>,
    /// Bits of the collector's byte with which a store is not free ([`Ctx::store_is_free`]), changed at the same time.
    careful: Near<u8>,
    space: Arc<ProtoSpace>,
}

/// [`Ctx::careful`] while there are threads.
const WITH_THREADS: u8 = gc_bits::OLD | gc_bits::ANY;

/// A word of a thread's state that its fast paths test, and that another thread changes in a stopped world only. Plain, since the test of an
/// atomic one takes an instruction more.
struct Near<T>(UnsafeCell<T>);

impl<T: Copy> Near<T> {
    fn new(v: T) -> Near<T> {
        Near(UnsafeCell::new(v))
    }

    #[inline(always)]
    fn get(&self) -> T {
        // SAFETY: while this thread runs nobody writes.
        unsafe { *self.0.get() }
    }

    /// # Safety
    /// The thread whose state it is has stopped, or is the caller.
    unsafe fn set(&self, v: T) {
        // SAFETY: nobody reads or writes it, by the contract.
        unsafe { *self.0.get() = v }
    }
}

/// A thread's register stack: a reserved range of address space.
pub struct RegStack {
    bytes: usize,
    /// First register.
    pub base: *mut Value,
    /// End.
    pub limit: *mut Value,
}

/// Bytes of address space of a register stack: the main thread's, and any other's. A frame has some twenty registers, so these hold about 1.6 million
/// and 400,000 calls. (Limits of a process's data count reserved pages too, so more is not free.)
const STACK_BYTES: [usize; 2] = [1 << 28, 1 << 26];

impl RegStack {
    fn reserve(is_main: bool) -> std::io::Result<RegStack> {
        let bytes = STACK_BYTES[usize::from(!is_main)];
        // SAFETY: an anonymous private mapping without a fixed address has no preconditions.
        let p = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if p == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        let base: *mut Value = p.cast();
        // SAFETY: the end of the mapping, with room left for one more maximal window (65,536 registers).
        let limit = unsafe { base.add(bytes / 8 - (1 << 17)) };
        Ok(RegStack { bytes, base, limit })
    }
}

impl Drop for RegStack {
    fn drop(&mut self) {
        // SAFETY: made by `reserve` with this size; no frame is left.
        unsafe { libc::munmap(self.base.cast(), self.bytes) };
    }
}

/// Native stack kept free for what runs beyond the limit (error handling, the collector).
const STACK_MARGIN: usize = 256 * 1024;

fn native_stack_limit() -> usize {
    // SAFETY: the calls fill plain structs that are zeroed first.
    unsafe {
        let mut attr: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attr) != 0 {
            return 0;
        }
        let mut low: *mut libc::c_void = std::ptr::null_mut();
        let mut size = 0usize;
        libc::pthread_attr_getstack(&attr, &mut low, &mut size);
        libc::pthread_attr_destroy(&mut attr);
        low as usize + STACK_MARGIN.min(size / 4)
    }
}

impl Ctx {
    /// Attaches the current native thread to a space.
    pub fn attach(space: &Arc<ProtoSpace>, is_main: bool) -> std::io::Result<Box<Ctx>> {
        if crate::ONE_THREAD && space.threads.load(Ordering::Acquire) != 0 {
            return Err(std::io::ErrorKind::Unsupported.into());
        }
        let stack = RegStack::reserve(is_main)?;
        let breaker = Arc::new(AtomicU32::new(0));
        let first = space.threads.fetch_add(1, Ordering::AcqRel) == 0;
        let multi = space.multi.load(Ordering::SeqCst);
        let empty = MethodCacheEntry { version: 0, name: 0, value: Value::UNBOUND };
        let mut cx = Box::new(Ctx {
            breaker,
            shapes: space.shapes.base(),
            local: LocalHeap::new(),
            raised: None,
            handled: Value::NONE,
            regs: std::ptr::null_mut(),
            pc: std::ptr::null(),
            top: stack.base,
            stack,
            depth: 0,
            depth_limit: space.recursion_limit.load(Ordering::Relaxed),
            recursion_limit: space.recursion_limit.load(Ordering::Relaxed),
            tools: crate::tools::ThreadTools::default(),
            native_limit: native_stack_limit(),
            entries: 0,
            entry: 0,
            // SAFETY: no preconditions.
            ident: unsafe { libc::pthread_self() } as u64,
            context: Value::NONE,
            dict: Value::NONE,
            tracefn: Value::NONE,
            profilefn: Value::NONE,
            asyncgen_hooks: [Value::NONE; 2],
            coroutine_origin_depth: 0,
            repr_stack: Vec::new(),
            method_cache: vec![empty; METHOD_CACHE].into_boxed_slice(),
            keep: Vec::new(),
            is_main,
            multi: Near::new(multi),
            careful: Near::new(if multi { WITH_THREADS } else { gc_bits::OLD }),
            space: space.clone(),
        });
        space.heap.register(&mut cx);
        if !first && cx.single_threaded() {
            // The others are in no operation that counts on being alone while the world stands. The space knows last: a thread that
            // attaches meanwhile stops the world itself, rather than run beside one that takes no locks yet.
            cx.for_each_thread(&mut |t| {
                // SAFETY: the thread is stopped, or is this one.
                unsafe {
                    t.multi.set(true);
                    t.careful.set(WITH_THREADS);
                }
            });
            space.multi.store(true, Ordering::SeqCst);
        }
        cx.arm();
        Ok(cx)
    }

    /// The space.
    #[inline(always)]
    pub fn space(&self) -> &ProtoSpace {
        &self.space
    }

    /// The space, shared.
    pub fn space_arc(&self) -> Arc<ProtoSpace> {
        self.space.clone()
    }

    /// Whether the process has had one thread only: locks are not needed.
    #[inline(always)]
    pub fn single_threaded(&self) -> bool {
        crate::ONE_THREAD || !self.multi.get()
    }

    #[inline(always)]
    pub(crate) fn careful(&self) -> u8 {
        if crate::ONE_THREAD { gc_bits::OLD } else { self.careful.get() }
    }

    /// A known type.
    #[inline(always)]
    pub fn ty(&self, t: Ty) -> &'static TypeObj {
        self.space.ty(t)
    }

    /// A root object; None if it is not set.
    #[inline(always)]
    pub fn root(&self, r: Root) -> Value {
        self.space.root(r).unwrap_or(Value::NONE)
    }

    /// A shape by handle.
    #[inline(always)]
    pub fn shape(&self, id: crate::header::ShapeId) -> &'static Shape {
        // SAFETY: handles come from headers, which only hold valid ones; the table lives as long as the space, and
        // shapes are not moved or freed.
        unsafe { &*self.shapes.add(id.0 as usize) }
    }

    /// The type of a value.
    #[inline(always)]
    pub fn type_of(&self, v: Value) -> &'static TypeObj {
        match v.header() {
            Some(h) => self.shape(h.shape()).class(),
            None => self.immediate_type(v),
        }
    }

    #[inline]
    fn immediate_type(&self, v: Value) -> &'static TypeObj {
        let t = if v.is_small() {
            Ty::Int
        } else if v.is_imm_float() {
            Ty::Float
        } else if v.is_bool() {
            Ty::Bool
        } else if v.is_none() {
            Ty::NoneType
        } else if v.is(Value::ELLIPSIS) {
            Ty::Ellipsis
        } else {
            Ty::NotImplementedType
        };
        self.ty(t)
    }

    /// Whether the value's type is exactly the known type.
    #[inline(always)]
    pub fn is_exact(&self, v: Value, t: Ty) -> bool {
        match v.header() {
            Some(h) => h.shape() == t.shape() || std::ptr::eq(self.shape(h.shape()).class(), self.ty(t)),
            None => std::ptr::eq(self.immediate_type(v), self.ty(t)),
        }
    }

    /// `isinstance` by the real type (no `__class__`, no `__instancecheck__`).
    #[inline]
    pub fn is_instance(&self, v: Value, t: Ty) -> bool {
        let ty = self.type_of(v);
        std::ptr::eq(ty, self.ty(t)) || ty.is_subtype(self.ty(t).value())
    }

    /// A fresh version number.
    pub fn next_version(&self) -> u32 {
        self.space.next_version()
    }

    /// Records the exception being raised. Use `return Err(cx.set_raised(exc))`.
    pub fn set_raised(&mut self, exc: Value) -> Raised {
        self.raised = Some(exc);
        Raised(())
    }

    /// Takes the exception of the `Err(Raised)` that was just answered.
    pub fn take_raised(&mut self, r: Raised) -> Value {
        let Raised(()) = r;
        self.raised.take().unwrap_or_else(|| self.root(Root::MemoryError))
    }

    /// The exception of an `Err(Raised)`, without taking it.
    pub fn raised(&self) -> Option<Value> {
        self.raised
    }

    /// Visits everything this thread holds (registers and native stack apart).
    pub fn trace_roots(&self, t: &mut crate::trace::Tracer) {
        if let Some(v) = self.raised {
            t.visit(v);
        }
        let fixed = [self.handled, self.context, self.dict, self.tracefn, self.profilefn];
        t.values(&fixed);
        t.values(&self.asyncgen_hooks);
        t.values(&self.repr_stack);
        t.values(&self.keep);
    }

    /// Registers of the running frame that are live at its current instruction: at a call those up to the last argument, since
    /// temporaries are allocated like a stack and the call's base is its top. Without this, copies that earlier statements left above
    /// would keep objects alive.
    fn live_registers(&self, code: &crate::layouts::CodeObj) -> usize {
        use protopy_bytecode::{CALL_HEADER, Instr, Op};
        let all = code.nregs as usize;
        let at = (self.pc as usize).wrapping_sub(code.start as usize) / 8;
        let Some(word) = code.rt.code.get(at) else { return all };
        let w = Instr(word.load(Ordering::Relaxed));
        let args = match Op::from_u16(w.op_number()) {
            Some(Op::Call | Op::CallKw) => usize::from(w.b()),
            // One more for the object, and one for the shift when a class is called.
            Some(Op::CallMethod | Op::CallMethodKw) => usize::from(w.b()) + 1,
            Some(Op::CallEx) => 2,
            _ => return all,
        };
        usize::from(w.a()) + usize::from(CALL_HEADER) + args + 2
    }

    /// The part of the register stack that may hold references: from the base to the first free register, or to the end of
    /// the running frame's window.
    pub fn registers_in_use(&self) -> &[Value] {
        let mut end = self.top;
        if !self.regs.is_null() {
            // SAFETY: the word below a running frame's registers is its code object.
            let word = unsafe { *self.regs.sub(1).cast::<u64>() };
            // SAFETY: as above.
            let code = unsafe { Value::from_slot(word) }.and_then(crate::layouts::CodeObj::of);
            if let Some(c) = code {
                let live = self.live_registers(c).min(c.nregs as usize + 2);
                end = end.max(self.regs.wrapping_add(live));
            }
        }
        let end = end.clamp(self.stack.base, self.stack.limit);
        // SAFETY: both ends lie in the register stack, whose memory is mapped. Words may be zero or stale: the collector reads
        // them as plain words.
        unsafe {
            let n = end.offset_from(self.stack.base);
            std::slice::from_raw_parts(self.stack.base, n.unsigned_abs())
        }
    }

    /// File and name of the code that runs, for diagnostics. The thread is stopped, or this one.
    pub(crate) fn running_code(&self) -> Option<(String, String)> {
        use crate::layouts::{CodeObj, StrObj};
        if self.regs.is_null() {
            return None;
        }
        // SAFETY: as in `registers_in_use`.
        let code = unsafe { Value::from_slot(*self.regs.sub(1).cast::<u64>()) }.and_then(CodeObj::of)?;
        let text = |v: Value| StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy);
        Some((code.rt.filename.get().map_or_else(String::new, text), text(code.rt.qualname)))
    }

    /// Checks the native stack: RecursionError when it is nearly used up. Every protocol that can recurse natively calls this.
    #[inline]
    pub fn check_native_stack(&mut self, where_: &'static str) -> PyResult<()> {
        let here = 0u8;
        if (&raw const here as usize) < self.native_limit {
            return Err(self.native_overflow(where_));
        }
        Ok(())
    }

    #[cold]
    fn native_overflow(&mut self, where_: &'static str) -> Raised {
        self.raise_str(Ty::RecursionError, &format!("maximum recursion depth exceeded{where_}"))
    }

    /// Whether any breaker bit is set.
    #[inline(always)]
    pub fn poll_needed(&self) -> bool {
        self.breaker.load(Ordering::Relaxed) != 0
    }

    /// A safepoint: stops if the collector asks for it and runs what waits (finalizers, signal handlers).
    #[inline]
    pub fn safepoint(&mut self) -> PyResult<()> {
        if self.poll_needed() { self.safepoint_slow() } else { Ok(()) }
    }

    /// Stops if the collector asks for it, as a safepoint does, but runs no Python code: for natives that compute for long where
    /// none may run.
    #[inline]
    pub fn breathe(&mut self) {
        if self.poll_needed() && self.breaker.load(Ordering::Acquire) & breaker::STOP != 0 {
            self.stop_here();
        }
    }

    /// The part of [`Ctx::safepoint`] that is rarely needed.
    #[cold]
    pub fn safepoint_slow(&mut self) -> PyResult<()> {
        if self.breaker.load(Ordering::Relaxed) & breaker::REPIN != 0 {
            // The frames of what follows have holes, in which earlier calls left what they referred to.
            crate::heap::roots::clear_dead_stack();
        }
        self.safepoint_now()
    }

    #[inline(never)]
    fn safepoint_now(&mut self) -> PyResult<()> {
        let bits = self.breaker.load(Ordering::Acquire);
        if bits & breaker::STOP != 0 {
            self.stop_here();
        }
        let bits = self.breaker.fetch_and(breaker::STOP, Ordering::AcqRel) & !breaker::STOP;
        let bits = self.heap_safepoint(bits)?;
        if bits == 0 {
            return Ok(());
        }
        let hooks = *self.space.hooks.read().unwrap_or_else(|e| e.into_inner());
        (hooks.poll)(self, bits)
    }
}

impl Drop for Ctx {
    fn drop(&mut self) {
        let space = self.space.clone();
        space.heap.unregister(self);
        space.threads.fetch_sub(1, Ordering::AcqRel);
    }
}
