//! The module `resource`: limits and usage.

use crate::consts::resource::CONSTANTS;
use crate::posix::{OsState, rusage};
use crate::support::{done, int, set_ints};
use crate::sys;
use protopy_vm::protocore::layouts::IntRef;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::structseq::{METHODS, SLOTS, new_structseq_type};
use protopy_vm::{ModuleSpec, TypeSpec, audit, index, methods, raise_os, set_attr_str, to_vec};

/// `resource`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "resource",
    doc: "Limits and usage of the system's resources.",
    functions: methods![functions:
        /// The soft and the hard limit of a resource.
        "getrlimit(resource, /)" => getrlimit;
        /// Sets the soft and the hard limit of a resource.
        "setrlimit(resource, limits, /)" => setrlimit;
        /// Gets and sets the limits of a process.
        "prlimit(pid, resource, limits=None, /)" => prlimit;
        /// What the process, its children or the thread have used.
        "getrusage(who, /)" => getrusage;
        /// The size of a page.
        "getpagesize()" => getpagesize;
    ],
    init: Some(init),
};

static RUSAGE: TypeSpec = TypeSpec {
    name: "struct_rusage",
    module: "resource",
    layout: Layout::Tuple,
    slots: SLOTS,
    methods: METHODS,
    doc: "Resources that were used.",
    ..TypeSpec::BASE
};

const FIELDS: &[&str] = &[
    "ru_utime",
    "ru_stime",
    "ru_maxrss",
    "ru_ixrss",
    "ru_idrss",
    "ru_isrss",
    "ru_minflt",
    "ru_majflt",
    "ru_nswap",
    "ru_inblock",
    "ru_oublock",
    "ru_msgsnd",
    "ru_msgrcv",
    "ru_nsignals",
    "ru_nvcsw",
    "ru_nivcsw",
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let t = new_structseq_type(cx, &RUSAGE, FIELDS, 16)?;
    cx.space().state::<OsState>().rusage.init(Some(t));
    set_attr_str(cx, module, "struct_rusage", t)?;
    let e = cx.ty(Ty::OSError).value();
    set_attr_str(cx, module, "error", e)
}

/// The number of a resource; Linux has 16.
fn resource(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let n = int(cx, v)?;
    match u32::try_from(n) {
        Ok(n) if n < 16 => Ok(n),
        _ => Err(cx.value_error("invalid resource specified")),
    }
}

fn pair(cx: &mut Ctx, l: &libc::rlimit) -> PyResult {
    let v = [l.rlim_cur, l.rlim_max]
        .map(|n| if n == libc::RLIM_INFINITY { Value::small(-1) } else { cx.int_u64(n) });
    cx.tuple_of(None, &v)
}

fn limit(cx: &mut Ctx, v: Value) -> PyResult<u64> {
    let n = index(cx, v)?;
    match IntRef::of(n) {
        Some(IntRef::Small(-1)) => Ok(libc::RLIM_INFINITY),
        Some(r) if r.signum() < 0 => Err(cx.value_error("Cannot convert negative int")),
        Some(IntRef::Small(n)) => Ok(n as u64),
        Some(IntRef::Big(b)) => match u64::try_from(b) {
            Ok(n) => Ok(n),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, "Python int too large for C rlim_t")),
        },
        None => Ok(0),
    }
}

fn limits(cx: &mut Ctx, v: Value) -> PyResult<libc::rlimit> {
    let items = to_vec(cx, v)?;
    match (items.get(0), items.get(1), items.len()) {
        (Some(a), Some(b), 2) => Ok(libc::rlimit { rlim_cur: limit(cx, a)?, rlim_max: limit(cx, b)? }),
        _ => Err(cx.value_error("expected a tuple of 2 integers")),
    }
}

fn getrlimit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = resource(cx, a[0])?;
    let mut l: libc::rlimit = sys::zeroed();
    done(cx, sys::getrlimit(n, &mut l))?;
    pair(cx, &l)
}

/// After the process got a limit: its heap, which reserves addresses for later, must not leave the rest without any.
fn limited(cx: &mut Ctx, which: u32, l: &libc::rlimit) {
    if l.rlim_cur != libc::RLIM_INFINITY && i64::from(which) == i64::from(libc::RLIMIT_AS) {
        cx.space().heap.limit_addresses(usize::try_from(l.rlim_cur).unwrap_or(usize::MAX));
    }
}

fn setrlimit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = resource(cx, a[0])?;
    let shown = cx.int(i64::from(n));
    audit(cx, "resource.setrlimit", &[shown, a[1]])?;
    let l = limits(cx, a[1])?;
    match sys::setrlimit(n, &l) {
        Ok(_) => {
            limited(cx, n, &l);
            Ok(Value::NONE)
        }
        Err(libc::EINVAL) => Err(cx.value_error("current limit exceeds maximum limit")),
        Err(libc::EPERM) => Err(cx.value_error("not allowed to raise maximum limit")),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

fn prlimit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let n = resource(cx, a[1])?;
    let (p, shown) = (cx.int(i64::from(pid)), cx.int(i64::from(n)));
    audit(cx, "resource.prlimit", &[p, shown, a[2]])?;
    let new = match a[2].not_none() {
        Some(v) => Some(limits(cx, v)?),
        None => None,
    };
    let mut old: libc::rlimit = sys::zeroed();
    match sys::prlimit(pid, n, new.as_ref(), &mut old) {
        Ok(_) => {
            let own = pid == 0 || u32::try_from(pid) == Ok(std::process::id());
            if let Some(l) = new.filter(|_| own) {
                limited(cx, n, &l);
            }
            pair(cx, &old)
        }
        Err(libc::EINVAL) => Err(cx.value_error("current limit exceeds maximum limit")),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

fn getrusage(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let who = int(cx, a[0])?;
    let mut r: libc::rusage = sys::zeroed();
    match sys::getrusage(who, &mut r) {
        Ok(_) => rusage(cx, &r),
        Err(libc::EINVAL) => Err(cx.value_error("invalid who parameter")),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

fn getpagesize(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let n = sys::sysconf(libc::_SC_PAGESIZE).unwrap_or(4096);
    Ok(cx.int(n))
}
