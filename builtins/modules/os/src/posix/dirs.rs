//! Reading directories: `listdir`, `scandir` and its entries.
//!
//! The stream sits behind a mutex that is taken and left inside of a blocking scope only, so that a thread waiting for it
//! never holds up the collector. Entries are read in batches.

use super::stat::{at_flag, stat_result};
use super::state::OsState;
use crate::support::{Path, call_path, fs_value, path_or_fd_or_none, retry, truth};
use crate::sys::{self, Dir, Entry, SysResult};
use protopy_vm::declare::TypeSpec;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{
    audit, create_type, exc_matches, generic_alias, getsets, methods, raise_os, repr_text, set_attr_str, warn,
};
use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The names in a directory, in no particular order, without "." and "..".
    "listdir(path=None)" => listdir;
    /// An iterator over the entries of a directory.
    "scandir(path=None)" => scandir;
];

/// A descriptor's directory stream on a copy of the descriptor.
fn open(p: &Path) -> SysResult<Dir> {
    match p.fd {
        None => Dir::open(p.c()),
        Some(fd) => {
            let copy = sys::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0)?;
            Dir::from_fd(copy).inspect_err(|_| {
                let _ = sys::close(copy);
            })
        }
    }
}

fn open_checked(cx: &mut Ctx, p: &Path) -> PyResult<Dir> {
    match retry(cx, || open(p))? {
        Ok(d) => Ok(d),
        // The copy of a closed descriptor fails before the name matters.
        Err(e @ libc::EBADF) if p.fd.is_some() => Err(raise_os(cx, e, None)),
        Err(e) => Err(p.error(cx, e)),
    }
}

fn listdir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd_or_none(cx, a[0], "listdir")?;
    let shown = if p.object.is_none() { cx.str(".") } else { p.object };
    audit(cx, "os.listdir", &[shown])?;
    let mut dir = open_checked(cx, &p)?;
    let names = call_path(cx, &p, || {
        let mut names = Vec::new();
        while let Some(e) = dir.read()? {
            names.push(e.name);
        }
        if p.fd.is_some() {
            dir.rewind();
        }
        Ok(names)
    })?;
    crate::support::list_from(cx, names, |cx, n| fs_value(cx, n.to_bytes(), p.is_bytes))
}

// ---------------------------------------------------------------------------------------------------- scandir

struct Stream {
    dir: Option<Dir>,
    ready: VecDeque<Entry>,
    /// Error to raise after the entries that were read before it.
    failed: Option<i32>,
    rewind: bool,
}

impl Stream {
    fn next(&mut self) -> SysResult<Option<Entry>> {
        if self.ready.is_empty() && self.failed.is_none() {
            self.fill();
        }
        match (self.ready.pop_front(), self.failed.take()) {
            (Some(e), failed) => {
                self.failed = failed;
                Ok(Some(e))
            }
            (None, Some(e)) => Err(e),
            (None, None) => Ok(None),
        }
    }

    fn fill(&mut self) {
        let Some(d) = &mut self.dir else { return };
        for _ in 0..64 {
            match d.read() {
                Ok(Some(e)) => self.ready.push_back(e),
                Ok(None) => return self.close(),
                Err(e) => {
                    self.failed = Some(e);
                    return self.close();
                }
            }
        }
    }

    fn close(&mut self) {
        if let Some(mut d) = self.dir.take()
            && self.rewind
        {
            d.rewind();
        }
    }
}

/// The iterator that `scandir` answers.
struct Scandir {
    stream: Mutex<Stream>,
    /// The path as given; empty for the current directory and for descriptors.
    path: CString,
    fd: Option<i32>,
    is_bytes: bool,
    object: Slot,
    closed: AtomicBool,
}

impl Payload for Scandir {
    const NAME: &'static str = "ScandirIterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.object);
    }
}

/// An entry of a directory.
struct DirEntry {
    name: Slot,
    path: Slot,
    /// The path for the system: relative to `fd` if there is one.
    c_path: CString,
    fd: Option<i32>,
    ino: u64,
    kind: u8,
    stat: Slot,
    lstat: Slot,
}

impl Payload for DirEntry {
    const NAME: &'static str = "DirEntry";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.name, &self.path, &self.stat, &self.lstat] {
            t.slot(s);
        }
    }
}

static SCANDIR: TypeSpec = TypeSpec {
    name: "ScandirIterator",
    module: "posix",
    layout: Layout::Native,
    vt: Some(<Scandir as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        iter: Some(scan_iter),
        iternext: Some(scan_next),
        del: Some(scan_del),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Closes the directory.
        "close(self, /)" => scan_close;
        /// The iterator itself.
        "__enter__(self, /)" => scan_enter;
        /// Closes the directory.
        "__exit__(self, /, *args)" => scan_exit;
        /// Iterators of directories cannot be pickled.
        "__reduce__(self, /)" => no_pickle;
    ],
    ..TypeSpec::BASE
};

static DIR_ENTRY: TypeSpec = TypeSpec {
    name: "DirEntry",
    module: "posix",
    layout: Layout::Native,
    vt: Some(<DirEntry as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(entry_repr), ..SlotSpec::NONE },
    methods: methods![
        /// Whether the entry is a directory.
        "is_dir(self, /, *, follow_symlinks=True)" => entry_is_dir;
        /// Whether the entry is a regular file.
        "is_file(self, /, *, follow_symlinks=True)" => entry_is_file;
        /// Whether the entry is a symbolic link.
        "is_symlink(self, /)" => entry_is_symlink;
        /// Whether the entry is a junction: never here.
        "is_junction(self, /)" => entry_is_junction;
        /// Tells of the entry's file; the answer is remembered.
        "stat(self, /, *, follow_symlinks=True)" => entry_stat;
        /// The entry's inode.
        "inode(self, /)" => entry_inode;
        /// The entry's path.
        "__fspath__(self, /)" => entry_fspath;
        /// For type annotations.
        class "__class_getitem__(cls, object, /)" => class_getitem;
        /// Entries of directories cannot be pickled.
        "__reduce__(self, /)" => no_pickle;
    ],
    getsets: getsets![
        /// The entry's name.
        member "name" => |_, v| Ok(v.native::<DirEntry>().map_or(Value::NONE, |e| e.name.get_or_none()));
        /// The path given to scandir(), joined with the name.
        member "path" => |_, v| Ok(v.native::<DirEntry>().map_or(Value::NONE, |e| e.path.get_or_none()));
    ],
    doc: "An entry of a directory, as scandir() gives it.",
    ..TypeSpec::BASE
};

/// Makes the types.
pub(super) fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let s = cx.space().state::<OsState>();
    let t = create_type(cx, &DIR_ENTRY)?;
    s.dir_entry.init(Some(t));
    set_attr_str(cx, module, "DirEntry", t)?;
    let t = create_type(cx, &SCANDIR)?;
    s.scandir.init(Some(t));
    Ok(())
}

fn no_pickle(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = cx.type_of(a[0]);
    let msg = format!("cannot pickle '{}' object", protopy_vm::types::attrs::full_name(cx, t));
    Err(cx.type_error(&msg))
}

fn class_getitem(cx: &mut Ctx, a: &[Value]) -> PyResult {
    generic_alias(cx, a[0], a[1])
}

fn scandir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd_or_none(cx, a[0], "scandir")?;
    audit(cx, "os.scandir", &[p.object])?;
    let dir = open_checked(cx, &p)?;
    let s = cx.space().state::<OsState>();
    let Some(t) = s.scandir.get().and_then(TypeObj::of) else { return Ok(Value::NONE) };
    let it = Scandir {
        stream: Mutex::new(Stream {
            dir: Some(dir),
            ready: VecDeque::new(),
            failed: None,
            rewind: p.fd.is_some(),
        }),
        path: if p.object.is_none() { c".".to_owned() } else { p.name },
        fd: p.fd,
        is_bytes: p.is_bytes,
        object: Slot::new(p.object),
        closed: AtomicBool::new(false),
    };
    let v = cx.new_native(t, it);
    cx.register_finalizer(v);
    Ok(v)
}

fn scan_iter(_: &mut Ctx, this: Value) -> PyResult {
    Ok(this)
}

fn scan_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let Some(s) = this.native::<Scandir>() else { return Ok(None) };
    if s.closed.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let next = retry(cx, || {
        let mut stream = s.stream.lock().unwrap_or_else(|e| e.into_inner());
        stream.next()
    })?;
    match next {
        Ok(Some(e)) => new_entry(cx, s, e).map(Some),
        Ok(None) => {
            scan_finish(cx, this);
            Ok(None)
        }
        Err(e) => {
            let o = s.object.get_or_none().not_none();
            scan_finish(cx, this);
            Err(raise_os(cx, e, o))
        }
    }
}

/// Closes the stream; later calls do nothing.
fn scan_finish(cx: &mut Ctx, this: Value) {
    let Some(s) = this.native::<Scandir>() else { return };
    if !s.closed.swap(true, Ordering::AcqRel) {
        cx.cancel_finalizer(this);
        cx.blocking(|| {
            let mut stream = s.stream.lock().unwrap_or_else(|e| e.into_inner());
            stream.close();
            stream.ready.clear();
        });
    }
}

fn scan_del(cx: &mut Ctx, this: Value) -> PyResult<()> {
    if this.native::<Scandir>().is_some_and(|s| !s.closed.load(Ordering::Relaxed)) {
        scan_finish(cx, this);
        let r = repr_text(cx, this)?;
        warn(cx, Ty::ResourceWarning, &format!("unclosed scandir iterator {r}"), 1)?;
    }
    Ok(())
}

fn scan_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    scan_finish(cx, a[0]);
    Ok(Value::NONE)
}

fn scan_enter(_: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(a[0])
}

fn scan_exit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    scan_close(cx, a)
}

fn new_entry(cx: &mut Ctx, s: &Scandir, e: Entry) -> PyResult {
    let name = fs_value(cx, e.name.to_bytes(), s.is_bytes)?;
    let (path, c_path) = if s.fd.is_some() {
        (name, e.name)
    } else {
        let joined = join(&s.path, &e.name);
        (fs_value(cx, joined.to_bytes(), s.is_bytes)?, joined)
    };
    let state = cx.space().state::<OsState>();
    let Some(t) = state.dir_entry.get().and_then(TypeObj::of) else { return Ok(Value::NONE) };
    let entry = DirEntry {
        name: Slot::new(name),
        path: Slot::new(path),
        c_path,
        fd: s.fd,
        ino: e.ino,
        kind: e.kind,
        stat: Slot::empty(),
        lstat: Slot::empty(),
    };
    Ok(cx.new_native(t, entry))
}

fn join(dir: &CStr, name: &CStr) -> CString {
    let (d, n) = (dir.to_bytes(), name.to_bytes());
    let mut out = Vec::with_capacity(d.len() + n.len() + 2);
    out.extend_from_slice(d);
    if d.last() != Some(&b'/') {
        out.push(b'/');
    }
    out.extend_from_slice(n);
    // Neither part contains a NUL.
    CString::new(out).unwrap_or_default()
}

// ---------------------------------------------------------------------------------------------------- DirEntry

fn entry(cx: &mut Ctx, v: Value) -> PyResult<&'static DirEntry> {
    match v.native::<DirEntry>() {
        Some(e) => Ok(e),
        None => Err(cx.type_error("a DirEntry is required")),
    }
}

fn entry_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let e = entry(cx, this)?;
    let r = repr_text(cx, e.name.get_or_none())?;
    Ok(cx.str(&format!("<DirEntry {r}>")))
}

fn entry_fspath(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(entry(cx, a[0])?.path.get_or_none())
}

fn entry_inode(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let ino = entry(cx, a[0])?.ino;
    Ok(cx.int_u64(ino))
}

fn entry_is_junction(_: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::FALSE)
}

fn fetch(cx: &mut Ctx, e: &DirEntry, follow: bool) -> PyResult<libc::stat> {
    let mut st: libc::stat = sys::zeroed();
    let dir = e.fd.unwrap_or(libc::AT_FDCWD);
    match retry(cx, || sys::fstatat(dir, &e.c_path, &mut st, at_flag(follow)))? {
        Ok(_) => Ok(st),
        Err(n) => Err(raise_os(cx, n, e.path.get())),
    }
}

fn get_stat(cx: &mut Ctx, this: Value, follow: bool) -> PyResult {
    let e = entry(cx, this)?;
    // What is no link is described by either call.
    let follow = follow && is_symlink(cx, e)?;
    let slot = if follow { &e.stat } else { &e.lstat };
    if let Some(v) = slot.get() {
        return Ok(v);
    }
    let st = fetch(cx, e, follow)?;
    let v = stat_result(cx, &st)?;
    cx.store(this, slot, v);
    Ok(v)
}

fn entry_stat(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let follow = truth(cx, a[1])?;
    get_stat(cx, a[0], follow)
}

fn is_symlink(cx: &mut Ctx, e: &DirEntry) -> PyResult<bool> {
    Ok(match e.kind {
        libc::DT_UNKNOWN => fetch(cx, e, false)?.st_mode & libc::S_IFMT == libc::S_IFLNK,
        k => k == libc::DT_LNK,
    })
}

fn test_mode(cx: &mut Ctx, this: Value, follow: bool, want: u32, kind: u8) -> PyResult<bool> {
    let e = entry(cx, this)?;
    let link = e.kind == libc::DT_LNK;
    if e.kind != libc::DT_UNKNOWN && !(follow && link) {
        return Ok(e.kind == kind);
    }
    let st = match get_stat(cx, this, follow) {
        Ok(v) => v,
        Err(r) => {
            // It went away, or points nowhere.
            let exc = cx.take_raised(r);
            return if exc_matches(cx, exc, Ty::FileNotFoundError) {
                Ok(false)
            } else {
                Err(cx.set_raised(exc))
            };
        }
    };
    let mode = protopy_vm::get_attr_str(cx, st, "st_mode")?.as_small().unwrap_or(0);
    Ok(mode & i64::from(libc::S_IFMT) == i64::from(want))
}

fn entry_is_dir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let follow = truth(cx, a[1])?;
    test_mode(cx, a[0], follow, libc::S_IFDIR, libc::DT_DIR).map(Value::bool)
}

fn entry_is_file(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let follow = truth(cx, a[1])?;
    test_mode(cx, a[0], follow, libc::S_IFREG, libc::DT_REG).map(Value::bool)
}

fn entry_is_symlink(cx: &mut Ctx, a: &[Value]) -> PyResult {
    test_mode(cx, a[0], false, libc::S_IFLNK, libc::DT_LNK).map(Value::bool)
}
