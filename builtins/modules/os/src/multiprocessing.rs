//! The modules `_posixshmem` and `_multiprocessing`: named shared memory and semaphores.
#![allow(unsafe_code)]

use crate::clock::{NS, Round, clock_ns, timespec, to_ns};
use crate::support::{fs_name, int, int_dict, none_name, raise_errno, truth};
use crate::sys;
use protopy_vm::protocore::layouts::{FloatObj, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::sync::Waiting;
use protopy_vm::types::set_type_attr;
use protopy_vm::{
    ModuleSpec, TypeSpec, call_def, create_type, float_of, getsets, methods, raise_os, set_attr_str,
};
use std::ffi::CString;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// `_posixshmem`
pub static SHMEM: ModuleSpec = ModuleSpec {
    name: "_posixshmem",
    doc: "Named shared memory.",
    functions: methods![functions:
        /// Opens a shared memory object; its descriptor.
        "shm_open(path, flags, mode=511)" => shm_open;
        /// Removes a shared memory object.
        "shm_unlink(path, /)" => shm_unlink;
    ],
    init: None,
};

/// `_multiprocessing`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_multiprocessing",
    doc: "Semaphores shared by processes.",
    functions: methods![functions:
        /// Removes the name of a semaphore.
        "sem_unlink(name, /)" => sem_unlink;
    ],
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let t = create_type(cx, &SEMLOCK)?;
    if let Some(ty) = TypeObj::of(t) {
        let (n, v) = (cx.intern_str("SEM_VALUE_MAX"), cx.int(i32::MAX.into()));
        set_type_attr(cx, ty, n, Some(v))?;
    }
    set_attr_str(cx, module, "SemLock", t)?;
    let flags = int_dict(cx, &[("HAVE_SEM_OPEN", 1), ("HAVE_SEM_TIMEDWAIT", 1)])?;
    set_attr_str(cx, module, "flags", flags)
}

fn text_arg(cx: &mut Ctx, v: Value, func: &str) -> PyResult<CString> {
    if StrObj::of(v).is_none() {
        let msg = format!("{func}() argument 1 must be str, not {}", none_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    fs_name(cx, v)
}

fn shm_open(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = text_arg(cx, a[0], "shm_open")?;
    let (flags, mode) = (int(cx, a[1])?, int(cx, a[2])?);
    let r =
        crate::support::retry(cx, || sys::shm_open(&name, flags | libc::O_CLOEXEC, mode as libc::mode_t))?;
    match r {
        Ok(fd) => Ok(cx.int(fd.into())),
        Err(e) => Err(raise_os(cx, e, Some(a[0]))),
    }
}

fn shm_unlink(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = text_arg(cx, a[0], "shm_unlink")?;
    match crate::support::retry(cx, || sys::shm_unlink(&name))? {
        Ok(_) => Ok(Value::NONE),
        Err(e) => Err(raise_os(cx, e, Some(a[0]))),
    }
}

fn sem_unlink(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = text_arg(cx, a[0], "sem_unlink")?;
    match sys::sem_unlink(&name) {
        Ok(_) => Ok(Value::NONE),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

// ---------------------------------------------------------------------------------------------------- SemLock

const RECURSIVE_MUTEX: i32 = 0;
const SEMAPHORE: i32 = 1;

struct SemLock {
    handle: usize,
    kind: i32,
    maxvalue: i32,
    name: Slot,
    count: AtomicI64,
    owner: AtomicU64,
    /// Whether this object closes the semaphore.
    owned: bool,
}

impl SemLock {
    fn sem(&self) -> *mut libc::sem_t {
        self.handle as *mut libc::sem_t
    }

    fn is_mine(&self, cx: &Ctx) -> bool {
        self.count.load(Ordering::Relaxed) > 0 && self.owner.load(Ordering::Relaxed) == cx.ident
    }

    fn value(&self) -> sys::SysResult<i32> {
        let mut v = 0;
        // SAFETY: the semaphore is open while this object lives.
        sys::check(unsafe { libc::sem_getvalue(self.sem(), &mut v) })?;
        Ok(v)
    }
}

impl Payload for SemLock {
    const NAME: &'static str = "SemLock";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.name);
    }
}

impl Drop for SemLock {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: this object opened it, and is not used again.
            unsafe { libc::sem_close(self.sem()) };
        }
    }
}

fn lock(v: Value) -> &'static SemLock {
    match v.native::<SemLock>() {
        Some(s) => s,
        None => unreachable!("the descriptor has checked the receiver"),
    }
}

static SEMLOCK: TypeSpec = TypeSpec {
    name: "SemLock",
    module: "_multiprocessing",
    layout: Layout::Native,
    vt: Some(<SemLock as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(sem_new), ..SlotSpec::NONE },
    methods: methods![
        /// Acquires the lock; whether it did before the timeout.
        "acquire(self, /, block=True, timeout=None)" => sem_acquire;
        /// Releases the lock.
        "release(self, /)" => sem_release;
        /// Acquires the lock.
        "__enter__(self, /)" => sem_enter;
        /// Releases the lock.
        "__exit__(self, exc_type=None, exc_value=None, exc_tb=None, /)" => sem_exit;
        /// How often this process holds the lock.
        "_count(self, /)" => sem_count;
        /// Whether this thread holds the lock.
        "_is_mine(self, /)" => sem_is_mine;
        /// The semaphore's value.
        "_get_value(self, /)" => sem_get_value;
        /// Whether the semaphore's value is zero.
        "_is_zero(self, /)" => sem_is_zero;
        /// An object for a semaphore that exists.
        class "_rebuild(cls, handle, kind, maxvalue, name, /)" => sem_rebuild;
        /// Forgets that the parent held the lock.
        "_after_fork(self, /)" => sem_after_fork;
    ],
    getsets: getsets![
        /// The semaphore's address.
        member "handle" => |cx, v| Ok(cx.int_usize(lock(v).handle));
        /// RECURSIVE_MUTEX (0) or SEMAPHORE (1).
        member "kind" => |cx, v| Ok(cx.int(lock(v).kind.into()));
        /// The largest value.
        member "maxvalue" => |cx, v| Ok(cx.int(lock(v).maxvalue.into()));
        /// The semaphore's name.
        member "name" => |_, v| Ok(lock(v).name.get_or_none());
    ],
    doc: "A semaphore, or recursive lock, shared by processes.",
    sig: Some("(kind, value, maxvalue, name, unlink)"),
    ..TypeSpec::BASE
};

fn sem_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    static SIG: &[MethodDef] = methods![functions:
        /// Binds the constructor's arguments.
        "SemLock(kind, value, maxvalue, name, unlink)" => pack;
    ];
    let Some(def) = SIG.first() else { return Ok(Value::NONE) };
    let packed = call_def(cx, def, None, args)?;
    let Some([kind, value, max, name, unlink]) =
        protopy_vm::protocore::layouts::TupleObj::of(packed).map(|t| t.items())
    else {
        return Ok(Value::NONE);
    };
    let (kind, value, max) = (int(cx, *kind)?, int(cx, *value)?, int(cx, *max)?);
    let unlink = truth(cx, *unlink)?;
    if kind != RECURSIVE_MUTEX && kind != SEMAPHORE {
        return Err(cx.value_error("unrecognized kind"));
    }
    if StrObj::of(*name).is_none() {
        let msg = format!("SemLock() argument 'name' must be str, not {}", none_name(cx, *name));
        return Err(cx.type_error(&msg));
    }
    let c_name = fs_name(cx, *name)?;
    // SAFETY: a NUL-terminated name, mode and value.
    let p = unsafe {
        libc::sem_open(
            c_name.as_ptr(),
            libc::O_CREAT | libc::O_EXCL,
            0o600 as libc::c_uint,
            value as libc::c_uint,
        )
    };
    if p == libc::SEM_FAILED {
        return Err(raise_errno(cx, sys::errno()));
    }
    if unlink && let Err(e) = sys::sem_unlink(&c_name) {
        // SAFETY: it was opened just now.
        unsafe { libc::sem_close(p) };
        return Err(raise_errno(cx, e));
    }
    // A semaphore whose name is gone has none: nobody is to remove it again.
    let name = if unlink { Value::NONE } else { *name };
    make(cx, class, p as usize, kind, max, name, true)
}

fn pack(cx: &mut Ctx, a: &[Value]) -> PyResult {
    cx.tuple_of(None, a)
}

fn make(
    cx: &mut Ctx,
    class: Value,
    handle: usize,
    kind: i32,
    max: i32,
    name: Value,
    owned: bool,
) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let s = SemLock {
        handle,
        kind,
        maxvalue: max,
        name: Slot::new(name),
        count: AtomicI64::new(0),
        owner: AtomicU64::new(0),
        owned,
    };
    Ok(cx.new_native(t, s))
}

fn sem_rebuild(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (handle, kind, max) = (crate::support::u64_arg(cx, a[1])?, int(cx, a[2])?, int(cx, a[3])?);
    if a[4].is_none() {
        // As in C: the number is the address of a semaphore in memory that the processes share.
        return make(cx, a[0], handle as usize, kind, max, Value::NONE, false);
    }
    let c_name = fs_name(cx, a[4])?;
    // SAFETY: a NUL-terminated name.
    let p = unsafe { libc::sem_open(c_name.as_ptr(), 0) };
    if p == libc::SEM_FAILED {
        return Err(raise_errno(cx, sys::errno()));
    }
    make(cx, a[0], p as usize, kind, max, a[4], true)
}

fn sem_acquire(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let block = truth(cx, a[1])?;
    acquire(cx, a[0], block, a[2])
}

fn acquire(cx: &mut Ctx, this: Value, block: bool, timeout: Value) -> PyResult {
    let s = lock(this);
    if s.kind == RECURSIVE_MUTEX && s.is_mine(cx) {
        s.count.fetch_add(1, Ordering::Relaxed);
        return Ok(Value::TRUE);
    }
    let end = match timeout.not_none() {
        Some(v) if block => {
            let f = match FloatObj::of(v) {
                Some(f) => f,
                None => float_of(cx, v)?,
            };
            let v = cx.float(f.max(0.0));
            let ns = to_ns(cx, v, Round::HalfEven)?;
            let now = clock_ns(libc::CLOCK_REALTIME).unwrap_or(0);
            Some(timespec(now.saturating_add(ns).min(i64::MAX - NS)))
        }
        _ => None,
    };
    let sem = s.handle;
    // SAFETY: the semaphore is open while the object lives, and the caller holds the object.
    let mut r = sys::check(unsafe { libc::sem_trywait(sem as *mut libc::sem_t) });
    if r == Err(libc::EAGAIN) && block {
        r = crate::support::retry_plainly(cx, Waiting(this, &["acquire", "__enter__"]), || {
            let p = sem as *mut libc::sem_t;
            // SAFETY: as above.
            sys::check(unsafe {
                match &end {
                    Some(t) => libc::sem_timedwait(p, t),
                    None => libc::sem_wait(p),
                }
            })
        })?;
    }
    match r {
        Ok(_) => {
            s.count.fetch_add(1, Ordering::Relaxed);
            s.owner.store(cx.ident, Ordering::Relaxed);
            Ok(Value::TRUE)
        }
        Err(libc::EAGAIN | libc::ETIMEDOUT) => Ok(Value::FALSE),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

fn sem_release(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = lock(a[0]);
    if s.kind == RECURSIVE_MUTEX {
        if !s.is_mine(cx) {
            let msg = "attempt to release recursive lock not owned by thread";
            return Err(cx.raise_str(Ty::AssertionError, msg));
        }
        if s.count.load(Ordering::Relaxed) > 1 {
            s.count.fetch_sub(1, Ordering::Relaxed);
            return Ok(Value::NONE);
        }
    } else {
        match s.value() {
            Ok(v) if v >= s.maxvalue => {
                return Err(cx.value_error("semaphore or lock released too many times"));
            }
            Ok(_) => {}
            Err(e) => return Err(raise_errno(cx, e)),
        }
    }
    // Before the post: the next owner's count is its own.
    s.count.fetch_sub(1, Ordering::Relaxed);
    // SAFETY: the semaphore is open while the object lives.
    match sys::check(unsafe { libc::sem_post(s.sem()) }) {
        Ok(_) => Ok(Value::NONE),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

fn sem_enter(cx: &mut Ctx, a: &[Value]) -> PyResult {
    acquire(cx, a[0], true, Value::NONE)
}

fn sem_exit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    sem_release(cx, a)
}

fn sem_count(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(cx.int(lock(a[0]).count.load(Ordering::Relaxed)))
}

fn sem_is_mine(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(lock(a[0]).is_mine(cx)))
}

fn sem_get_value(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match lock(a[0]).value() {
        Ok(v) => Ok(cx.int(v.max(0).into())),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

fn sem_is_zero(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match lock(a[0]).value() {
        Ok(v) => Ok(Value::bool(v == 0)),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

fn sem_after_fork(_: &mut Ctx, a: &[Value]) -> PyResult {
    lock(a[0]).count.store(0, Ordering::Relaxed);
    Ok(Value::NONE)
}
