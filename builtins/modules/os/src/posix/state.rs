//! The named tuples of `posix`, and what a space remembers of the module.

use crate::support::long;
use protopy_vm::declare::TypeSpec;
use protopy_vm::protocore::layouts::{MethodDef, TupleObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Guarded, Layout, PyResult, Slot, Tracer, TypeObj, Value};
use protopy_vm::structseq::{self, METHODS, SLOTS, new_structseq, new_structseq_type};
use protopy_vm::{instance_attr, methods, set_attr_str, set_instance_attr};

/// Types and hooks of a space.
#[derive(Default)]
pub struct OsState {
    /// `os.stat_result`
    pub stat: Slot,
    /// `os.statvfs_result`
    pub statvfs: Slot,
    /// `os.terminal_size`
    pub terminal: Slot,
    /// `posix.times_result`
    pub times: Slot,
    /// `posix.uname_result`
    pub uname: Slot,
    /// `posix.waitid_result`
    pub waitid: Slot,
    /// `posix.sched_param`
    pub sched_param: Slot,
    /// `posix.DirEntry`
    pub dir_entry: Slot,
    /// `posix.ScandirIterator`
    pub scandir: Slot,
    /// Hooks of `fork` that were registered together: before, in the child, in the parent; unbound what was not given.
    pub fork_hooks: Guarded<Vec<[Value; 3]>>,
    /// `resource.struct_rusage`, once something has asked for it.
    pub rusage: Slot,
    /// `select.poll`
    pub poll: Slot,
    /// `select.epoll`
    pub epoll: Slot,
    /// `pwd.struct_passwd`
    pub passwd: Slot,
    /// `grp.struct_group`
    pub group: Slot,
    /// `termios.error`
    pub termios_error: Slot,
    /// `locale.Error`
    pub locale_error: Slot,
    /// `mmap.mmap`
    pub mmap: Slot,
    /// The iterator over a `mmap.mmap`.
    pub mmap_iter: Slot,
}

impl SpaceState for OsState {
    #[allow(unsafe_code)]
    fn trace(&self, t: &mut Tracer) {
        for s in [
            &self.stat,
            &self.statvfs,
            &self.terminal,
            &self.times,
            &self.uname,
            &self.waitid,
            &self.sched_param,
            &self.dir_entry,
            &self.scandir,
            &self.rusage,
            &self.poll,
            &self.epoll,
            &self.passwd,
            &self.group,
            &self.termios_error,
            &self.locale_error,
            &self.mmap,
            &self.mmap_iter,
        ] {
            t.slot(s);
        }
        // SAFETY: the collector runs in a stopped world, and no guard is held across a safepoint.
        t.values(unsafe { self.fork_hooks.peek() }.as_flattened().iter());
    }
}

const SEQ: TypeSpec =
    TypeSpec { module: "posix", layout: Layout::Tuple, slots: SLOTS, methods: &[], ..TypeSpec::BASE };

macro_rules! seq {
    ($s:ident, $name:literal, $module:literal, $flags:expr, $doc:literal) => {
        static $s: TypeSpec =
            TypeSpec { name: $name, module: $module, flags: $flags, doc: $doc, methods: METHODS, ..SEQ };
    };
}

static STAT: TypeSpec = TypeSpec {
    name: "stat_result",
    module: "os",
    flags: type_flags::DICT,
    slots: SlotSpec { new: Some(stat_new), ..SLOTS },
    methods: METHODS,
    doc: "What stat(), fstat() and lstat() tell of a file.",
    ..SEQ
};
seq!(STATVFS, "statvfs_result", "os", type_flags::DICT, "What statvfs() tells of a file system.");
seq!(TERMINAL, "terminal_size", "os", 0, "Columns and lines of a terminal.");
seq!(TIMES, "times_result", "posix", 0, "Times of the process, as times() gives them.");
seq!(UNAME, "uname_result", "posix", 0, "What uname() tells of the system.");
seq!(WAITID, "waitid_result", "posix", 0, "What waitid() tells of a child.");
static SCHED_PARAM: TypeSpec = TypeSpec {
    name: "sched_param",
    slots: SlotSpec { new: Some(sched_param_new), ..SLOTS },
    methods: SCHED_METHODS,
    doc: "A scheduling parameter.",
    sig: Some("(sched_priority)"),
    ..SEQ
};

static SCHED_METHODS: &[MethodDef] = methods![
    /// Helps pickle.
    "__reduce__(self, /)" => sched_reduce;
    /// A copy with another priority.
    "__replace__(self, /, *, sched_priority=<unrepresentable>)" => sched_replace;
];

const STAT_FIELDS: &[&str] = &[
    "st_mode",
    "st_ino",
    "st_dev",
    "st_nlink",
    "st_uid",
    "st_gid",
    "st_size",
    "!atime",
    "!mtime",
    "!ctime",
    "st_atime",
    "st_mtime",
    "st_ctime",
    "st_atime_ns",
    "st_mtime_ns",
    "st_ctime_ns",
    "st_blksize",
    "st_blocks",
    "st_rdev",
];
const STATVFS_FIELDS: &[&str] = &[
    "f_bsize",
    "f_frsize",
    "f_blocks",
    "f_bfree",
    "f_bavail",
    "f_files",
    "f_ffree",
    "f_favail",
    "f_flag",
    "f_namemax",
    "f_fsid",
];

/// Makes the types.
pub fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let s = cx.space().state::<OsState>();
    let make = |cx: &mut Ctx, slot: &Slot, spec: &'static TypeSpec, fields: &[&str], n: usize| {
        let t = new_structseq_type(cx, spec, fields, n)?;
        slot.init(Some(t));
        set_attr_str(cx, module, spec.name, t)
    };
    make(cx, &s.stat, &STAT, STAT_FIELDS, 10)?;
    make(cx, &s.statvfs, &STATVFS, STATVFS_FIELDS, 10)?;
    make(cx, &s.terminal, &TERMINAL, &["columns", "lines"], 2)?;
    let times = ["user", "system", "children_user", "children_system", "elapsed"];
    make(cx, &s.times, &TIMES, &times, 5)?;
    make(cx, &s.uname, &UNAME, &["sysname", "nodename", "release", "version", "machine"], 5)?;
    make(cx, &s.waitid, &WAITID, &["si_pid", "si_uid", "si_signo", "si_status", "si_code"], 5)?;
    make(cx, &s.sched_param, &SCHED_PARAM, &["sched_priority"], 1)
}

/// An instance of one of the types.
pub fn new_record(cx: &mut Ctx, which: fn(&OsState) -> &Slot, values: &[Value]) -> PyResult {
    let s = cx.space().state::<OsState>();
    let t = which(&s).get_or_none();
    new_structseq(cx, t, values)
}

/// `os.stat_result(sequence)`: times that are not given are those of the ten items.
fn stat_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(new) = structseq::SLOTS.new else { return Ok(Value::NONE) };
    let v = new(cx, class, args)?;
    for (i, n) in [(7, "st_atime"), (8, "st_mtime"), (9, "st_ctime")] {
        let n = cx.intern_str(n);
        if instance_attr(cx, v, n).is_none_or(Value::is_none)
            && let Some(x) = TupleObj::of(v).and_then(|t| t.items().get(i).copied())
        {
            set_instance_attr(cx, v, n, x)?;
        }
    }
    Ok(v)
}

fn sched_param_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    static SIG: &[MethodDef] = methods![functions:
        /// Binds the constructor's argument.
        "sched_param(sched_priority)" => first;
    ];
    let v = match SIG.first() {
        Some(def) => protopy_vm::call_def(cx, def, None, args)?,
        None => Value::NONE,
    };
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    cx.tuple_of(Some(t), &[v])
}

fn first(_: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(a[0])
}

fn sched_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let items = TupleObj::of(a[0]).map_or(&[][..], |t| t.items());
    let args = cx.tuple_of(None, items)?;
    let class = cx.type_of(a[0]).value();
    cx.tuple_of(None, &[class, args])
}

fn sched_replace(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let old = TupleObj::of(a[0]).and_then(|t| t.items().first().copied()).unwrap_or(Value::NONE);
    let t = cx.type_of(a[0]);
    cx.tuple_of(Some(t), &[a[1].bound().unwrap_or(old)])
}

/// The priority in a `sched_param` object.
pub fn sched_priority(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let s = cx.space().state::<OsState>();
    let is = cx.type_of(v).value().is(s.sched_param.get_or_none());
    let Some(p) = TupleObj::of(v).filter(|_| is).and_then(|t| t.items().first().copied()) else {
        return Err(cx.type_error("must have a sched_param object"));
    };
    let n = long(cx, p)?;
    match i32::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.raise_str(protopy_vm::protocore::Ty::OverflowError, "sched_priority out of range")),
    }
}
