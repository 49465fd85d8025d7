//! `_thread.lock` and `_thread.RLock`.

use protocore::layouts::TupleObj;
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, Ctx, Layout, NativeLayout, Payload, PyResult, Tracer, Ty, TypeObj, Value};
use protopy_vm::sync::{RawLock, Waiting};
use protopy_vm::{TypeSpec, index_i64, is_true, methods, type_text};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// `_thread.lock`
#[derive(Default)]
pub struct Lock(pub RawLock);

impl Payload for Lock {
    const NAME: &'static str = "lock";

    fn trace(&self, _: &mut Tracer) {}
}

/// `_thread.RLock`: the count belongs to the owner.
#[derive(Default)]
pub struct RLock {
    lock: RawLock,
    owner: AtomicU64,
    count: AtomicUsize,
}

impl Payload for RLock {
    const NAME: &'static str = "RLock";

    fn trace(&self, _: &mut Tracer) {}
}

/// Methods that do nothing but wait for a lock.
const ACQUIRE: &[&str] = &["acquire", "acquire_lock", "__enter__"];

/// What `acquire(blocking, timeout)` asks for: `None` not to wait, else how long (`None`: forever).
fn patience(cx: &mut Ctx, blocking: Value, timeout: Value) -> PyResult<Option<Option<Duration>>> {
    let blocking = is_true(cx, blocking)?;
    if timeout.as_small() == Some(-1) {
        return Ok(if blocking { Some(None) } else { None });
    }
    let n = protopy_vm::sync::timeout_nanos(cx, timeout)?;
    if n == -1_000_000_000 {
        return Ok(if blocking { Some(None) } else { None });
    }
    if !blocking {
        return Err(cx.value_error("can't specify a timeout for a non-blocking call"));
    }
    match u64::try_from(n) {
        Ok(0) => Ok(None),
        Ok(n) => Ok(Some(Some(Duration::from_nanos(n)))),
        Err(_) => Err(cx.value_error("timeout value must be a non-negative number")),
    }
}

fn class_of(cx: &Ctx, class: Value) -> &'static TypeObj {
    TypeObj::of(class).unwrap_or_else(|| cx.ty(Ty::Object))
}

// ---------------------------------------------------------------------------------------------------- lock

fn lock_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, class);
    if !args.is_empty() {
        let msg = if args.names().is_some() {
            format!("{}() takes no keyword arguments", type_text(ty))
        } else {
            format!("lock expected 0 arguments, got {}", args.pos().len())
        };
        return Err(cx.type_error(&msg));
    }
    Ok(cx.new_native(ty, Lock::default()))
}

fn lock_of(v: Value) -> &'static RawLock {
    static NONE: RawLock = RawLock::new();
    v.native::<Lock>().map_or(&NONE, |l| &l.0)
}

fn lock_acquire(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let l = lock_of(a[0]);
    let got = match patience(cx, a[1], a[2])? {
        None => l.try_acquire(),
        Some(t) => l.acquire_plainly(cx, t, Waiting(a[0], ACQUIRE))?,
    };
    Ok(Value::bool(got))
}

fn lock_release(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if lock_of(a[0]).release(cx) {
        return Ok(Value::NONE);
    }
    Err(cx.raise_str(Ty::RuntimeError, "release unlocked lock"))
}

fn lock_locked(_: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(lock_of(a[0]).is_held()))
}

fn lock_enter(cx: &mut Ctx, a: &[Value]) -> PyResult {
    lock_of(a[0]).acquire_plainly(cx, None, Waiting(a[0], ACQUIRE)).map(Value::bool)
}

fn lock_exit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    lock_release(cx, a)
}

fn lock_reinit(_: &mut Ctx, a: &[Value]) -> PyResult {
    lock_of(a[0]).reinit();
    Ok(Value::NONE)
}

fn lock_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let state = if lock_of(v).is_held() { "locked" } else { "unlocked" };
    let name = protopy_vm::types::attrs::full_name(cx, cx.type_of(v));
    Ok(cx.str(&format!("<{state} {name} object at {:#x}>", v.bits())))
}

/// `_thread.lock`
pub static LOCK: TypeSpec = TypeSpec {
    name: "lock",
    module: "_thread",
    layout: Layout::Native,
    vt: Some(<Lock as NativeLayout>::VT),
    flags: type_flags::WEAKREF,
    slots: SlotSpec { new: Some(lock_new), repr: Some(lock_repr), ..SlotSpec::NONE },
    methods: methods![
        /// Takes the lock; whether it was taken. Waits for it unless told not to, or for how long.
        "acquire(self, /, blocking=True, timeout=-1)" => lock_acquire;
        /// As acquire.
        "acquire_lock(self, /, blocking=True, timeout=-1)" => lock_acquire;
        /// Frees the lock, which any thread may do; RuntimeError if it is free.
        "release(self, /)" => lock_release;
        /// As release.
        "release_lock(self, /)" => lock_release;
        /// Whether some thread holds the lock.
        "locked(self, /)" => lock_locked;
        /// As locked.
        "locked_lock(self, /)" => lock_locked;
        /// Takes the lock.
        "__enter__(self, /)" => lock_enter;
        /// Frees the lock.
        "__exit__(self, /, *exc_info)" => lock_exit;
        /// Frees the lock in the child of a fork.
        "_at_fork_reinit(self, /)" => lock_reinit;
    ],
    doc: "A lock: one thread at a time holds it. It has no owner: any thread may free it.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- RLock

impl RLock {
    fn is_owned(&self, cx: &Ctx) -> bool {
        self.owner.load(Ordering::Relaxed) == cx.ident && self.count.load(Ordering::Relaxed) > 0
    }

    fn taken(&self, cx: &Ctx, count: usize) {
        self.owner.store(cx.ident, Ordering::Relaxed);
        self.count.store(count, Ordering::Relaxed);
    }

    /// Gives one hold back; false if this thread has none.
    fn release(&self, cx: &Ctx) -> bool {
        if !self.is_owned(cx) {
            return false;
        }
        if self.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.owner.store(0, Ordering::Relaxed);
            self.lock.release(cx);
        }
        true
    }

    fn acquire(&self, cx: &mut Ctx, this: Value, blocking: Value, timeout: Value) -> PyResult<bool> {
        let patience = patience(cx, blocking, timeout)?;
        if self.is_owned(cx) {
            self.count.fetch_add(1, Ordering::Relaxed);
            return Ok(true);
        }
        let got = match patience {
            None => self.lock.try_acquire(),
            Some(t) => self.lock.acquire_plainly(cx, t, Waiting(this, ACQUIRE))?,
        };
        if got {
            self.taken(cx, 1);
        }
        Ok(got)
    }
}

fn rlock_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let ty = class_of(cx, class);
    Ok(cx.new_native(ty, RLock::default()))
}

fn rlock_init(_: &mut Ctx, _: Value, _: Args<'_>) -> PyResult<()> {
    Ok(())
}

fn rlock_of(v: Value) -> &'static RLock {
    static NONE: RLock = RLock { lock: RawLock::new(), owner: AtomicU64::new(0), count: AtomicUsize::new(0) };
    v.native::<RLock>().unwrap_or(&NONE)
}

fn rlock_acquire(cx: &mut Ctx, a: &[Value]) -> PyResult {
    rlock_of(a[0]).acquire(cx, a[0], a[1], a[2]).map(Value::bool)
}

fn rlock_enter(cx: &mut Ctx, a: &[Value]) -> PyResult {
    rlock_of(a[0]).acquire(cx, a[0], Value::TRUE, Value::small(-1)).map(Value::bool)
}

fn rlock_release(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if rlock_of(a[0]).release(cx) {
        return Ok(Value::NONE);
    }
    Err(cx.raise_str(Ty::RuntimeError, "cannot release un-acquired lock"))
}

fn rlock_locked(_: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(rlock_of(a[0]).lock.is_held()))
}

fn rlock_is_owned(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(rlock_of(a[0]).is_owned(cx)))
}

fn rlock_count(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let l = rlock_of(a[0]);
    Ok(if l.is_owned(cx) { cx.int_usize(l.count.load(Ordering::Relaxed)) } else { Value::small(0) })
}

fn rlock_release_save(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let l = rlock_of(a[0]);
    if !l.is_owned(cx) {
        return Err(cx.raise_str(Ty::RuntimeError, "cannot release un-acquired lock"));
    }
    let (count, owner) = (cx.int_usize(l.count.load(Ordering::Relaxed)), cx.int_u64(cx.ident));
    let state = cx.tuple_of(None, &[count, owner])?;
    l.count.store(0, Ordering::Relaxed);
    l.owner.store(0, Ordering::Relaxed);
    l.lock.release(cx);
    Ok(state)
}

fn rlock_acquire_restore(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let l = rlock_of(a[0]);
    let Some(t) = TupleObj::of(a[1]) else {
        let msg = format!(
            "_acquire_restore() argument 1 must be 2-item tuple, not {}",
            protopy_vm::ops::tp_name(cx, a[1])
        );
        return Err(cx.type_error(&msg));
    };
    let [count, _owner] = t.items() else {
        let msg = format!("_acquire_restore() argument 1 must be tuple of length 2, not {}", t.items().len());
        return Err(cx.type_error(&msg));
    };
    let count = index_i64(cx, *count, Ty::OverflowError)?;
    l.lock.acquire(cx, None)?;
    l.taken(cx, usize::try_from(count).unwrap_or(1));
    Ok(Value::NONE)
}

fn rlock_reinit(_: &mut Ctx, a: &[Value]) -> PyResult {
    let l = rlock_of(a[0]);
    l.count.store(0, Ordering::Relaxed);
    l.owner.store(0, Ordering::Relaxed);
    l.lock.reinit();
    Ok(Value::NONE)
}

fn rlock_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let l = rlock_of(v);
    let state = if l.lock.is_held() { "locked" } else { "unlocked" };
    let name = protopy_vm::types::attrs::full_name(cx, cx.type_of(v));
    let (owner, count) = (l.owner.load(Ordering::Relaxed), l.count.load(Ordering::Relaxed));
    Ok(cx.str(&format!("<{state} {name} object owner={owner} count={count} at {:#x}>", v.bits())))
}

/// `_thread.RLock`
pub static RLOCK: TypeSpec = TypeSpec {
    name: "RLock",
    module: "_thread",
    layout: Layout::Native,
    vt: Some(<RLock as NativeLayout>::VT),
    flags: type_flags::WEAKREF | type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(rlock_new),
        init: Some(rlock_init),
        repr: Some(rlock_repr),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Takes the lock, again if this thread has it; whether it was taken.
        "acquire(self, /, blocking=True, timeout=-1)" => rlock_acquire;
        /// Gives one hold back; RuntimeError if this thread has none.
        "release(self, /)" => rlock_release;
        /// Whether some thread holds the lock.
        "locked(self, /)" => rlock_locked;
        /// Takes the lock.
        "__enter__(self, /)" => rlock_enter;
        /// Gives one hold back.
        "__exit__(self, /, *exc_info)" => rlock_release;
        /// Whether this thread holds the lock.
        "_is_owned(self, /)" => rlock_is_owned;
        /// How often this thread holds the lock.
        "_recursion_count(self, /)" => rlock_count;
        /// Gives all holds back; what _acquire_restore takes.
        "_release_save(self, /)" => rlock_release_save;
        /// Takes the lock as often as it was held.
        "_acquire_restore(self, state, /)" => rlock_acquire_restore;
        /// Frees the lock in the child of a fork.
        "_at_fork_reinit(self, /)" => rlock_reinit;
    ],
    doc: "A lock that its owner may take again.",
    ..TypeSpec::BASE
};
