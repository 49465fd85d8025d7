//! The modules `pwd` and `grp`: users and groups.
#![allow(unsafe_code)]

use crate::posix::OsState;
use crate::support::{call, gid, id_value, list_from, none_name, uid};
use crate::sys;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Ty, Value};
use protopy_vm::structseq::{METHODS, SLOTS, new_structseq, new_structseq_type};
use protopy_vm::{ModuleSpec, TypeSpec, exc_matches, methods, raise_key_error, repr_text, set_attr_str};
use std::ffi::{CStr, CString};
use std::sync::Mutex;

/// `pwd`
pub static PWD: ModuleSpec = ModuleSpec {
    name: "pwd",
    doc: "The users of the system.",
    functions: methods![functions:
        /// The entry of a user id.
        "getpwuid(uidobj, /)" => getpwuid;
        /// The entry of a user name.
        "getpwnam(name, /)" => getpwnam;
        /// All entries.
        "getpwall()" => getpwall;
    ],
    init: Some(init_pwd),
};

/// `grp`
pub static GRP: ModuleSpec = ModuleSpec {
    name: "grp",
    doc: "The groups of the system.",
    functions: methods![functions:
        /// The entry of a group id.
        "getgrgid(id)" => getgrgid;
        /// The entry of a group name.
        "getgrnam(name)" => getgrnam;
        /// All entries.
        "getgrall()" => getgrall;
    ],
    init: Some(init_grp),
};

const SEQ: TypeSpec = TypeSpec { layout: Layout::Tuple, slots: SLOTS, methods: METHODS, ..TypeSpec::BASE };

static PASSWD: TypeSpec = TypeSpec { name: "struct_passwd", module: "pwd", doc: "A user's entry.", ..SEQ };
static GROUP: TypeSpec = TypeSpec { name: "struct_group", module: "grp", doc: "A group's entry.", ..SEQ };

fn init_pwd(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let fields = ["pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell"];
    let t = new_structseq_type(cx, &PASSWD, &fields, 7)?;
    cx.space().state::<OsState>().passwd.init(Some(t));
    set_attr_str(cx, module, "struct_passwd", t)
}

fn init_grp(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let fields = ["gr_name", "gr_passwd", "gr_gid", "gr_mem"];
    let t = new_structseq_type(cx, &GROUP, &fields, 4)?;
    cx.space().state::<OsState>().group.init(Some(t));
    set_attr_str(cx, module, "struct_group", t)
}

/// A user's entry, copied.
struct User {
    texts: [Option<Vec<u8>>; 5],
    uid: u32,
    gid: u32,
}

/// A group's entry, copied.
struct Group {
    name: Option<Vec<u8>>,
    passwd: Option<Vec<u8>>,
    gid: u32,
    members: Vec<Vec<u8>>,
}

/// # Safety
/// The entry was just filled by the C library.
unsafe fn copy_user(p: &libc::passwd) -> User {
    // SAFETY: its fields are null or NUL-terminated strings.
    let texts =
        [p.pw_name, p.pw_passwd, p.pw_gecos, p.pw_dir, p.pw_shell].map(|s| unsafe { sys::bytes_of(s) });
    User { texts, uid: p.pw_uid, gid: p.pw_gid }
}

/// # Safety
/// The entry was just filled by the C library.
unsafe fn copy_group(g: &libc::group) -> Group {
    let mut members = Vec::new();
    // SAFETY: its fields are null or NUL-terminated strings, its members a null-terminated array of such strings.
    unsafe {
        let mut m = g.gr_mem;
        while !m.is_null()
            && let Some(b) = sys::bytes_of(*m)
        {
            members.push(b);
            m = m.add(1);
        }
        Group { name: sys::bytes_of(g.gr_name), passwd: sys::bytes_of(g.gr_passwd), gid: g.gr_gid, members }
    }
}

/// Calls a reentrant look-up with more and more room; `None` if there is no such entry.
fn look_up<E, T>(
    mut f: impl FnMut(*mut E, *mut libc::c_char, usize, *mut *mut E) -> i32,
    copy: unsafe fn(&E) -> T,
) -> sys::SysResult<Option<T>> {
    let mut size = 1024;
    loop {
        let mut buf = vec![0u8; size];
        let mut entry = sys::uninit::<E>();
        let mut found: *mut E = std::ptr::null_mut();
        match f(entry.as_mut_ptr(), buf.as_mut_ptr().cast(), size, &mut found) {
            libc::ERANGE if size < 1 << 24 => size *= 2,
            // Some libraries report a missing entry as an error.
            0 | libc::ENOENT | libc::ESRCH if found.is_null() => return Ok(None),
            // SAFETY: the call has just filled the entry, whose strings lie in the buffer.
            0 => return Ok(Some(unsafe { copy(&*found) })),
            e => return Err(e),
        }
    }
}

fn user_by_name(name: &CStr) -> sys::SysResult<Option<User>> {
    // SAFETY: a NUL-terminated name and room for the entry.
    look_up(|e, b, n, f| unsafe { libc::getpwnam_r(name.as_ptr(), e, b, n, f) }, copy_user)
}

fn user_by_id(id: u32) -> sys::SysResult<Option<User>> {
    // SAFETY: room for the entry.
    look_up(|e, b, n, f| unsafe { libc::getpwuid_r(id, e, b, n, f) }, copy_user)
}

fn group_by_name(name: &CStr) -> sys::SysResult<Option<Group>> {
    // SAFETY: a NUL-terminated name and room for the entry.
    look_up(|e, b, n, f| unsafe { libc::getgrnam_r(name.as_ptr(), e, b, n, f) }, copy_group)
}

fn group_by_id(id: u32) -> sys::SysResult<Option<Group>> {
    // SAFETY: room for the entry.
    look_up(|e, b, n, f| unsafe { libc::getgrgid_r(id, e, b, n, f) }, copy_group)
}

/// The C library has one position in each table: one thread reads at a time.
static TABLE: Mutex<()> = Mutex::new(());

fn all_users() -> Vec<User> {
    let _one = TABLE.lock().unwrap_or_else(|e| e.into_inner());
    let mut out = Vec::new();
    // SAFETY: the lock makes this the only reader; each entry is copied before the next call.
    unsafe {
        libc::setpwent();
        while let Some(p) = libc::getpwent().as_ref() {
            out.push(copy_user(p));
        }
        libc::endpwent();
    }
    out
}

fn all_groups() -> Vec<Group> {
    let _one = TABLE.lock().unwrap_or_else(|e| e.into_inner());
    let mut out = Vec::new();
    // SAFETY: as in `all_users`.
    unsafe {
        libc::setgrent();
        while let Some(g) = libc::getgrent().as_ref() {
            out.push(copy_group(g));
        }
        libc::endgrent();
    }
    out
}

fn text(cx: &mut Ctx, b: Option<&Vec<u8>>) -> PyResult {
    match b {
        Some(b) => crate::support::fs_value(cx, b, false),
        None => Ok(Value::NONE),
    }
}

fn user_value(cx: &mut Ctx, u: &User) -> PyResult {
    let [name, passwd, gecos, dir, shell] = &u.texts;
    let v = [
        text(cx, name.as_ref())?,
        text(cx, passwd.as_ref())?,
        id_value(cx, u.uid),
        id_value(cx, u.gid),
        text(cx, gecos.as_ref())?,
        text(cx, dir.as_ref())?,
        text(cx, shell.as_ref())?,
    ];
    let t = cx.space().state::<OsState>().passwd.get_or_none();
    new_structseq(cx, t, &v)
}

fn group_value(cx: &mut Ctx, g: &Group) -> PyResult {
    let members = list_from(cx, &g.members, |cx, m| crate::support::fs_value(cx, m, false))?;
    let v = [text(cx, g.name.as_ref())?, text(cx, g.passwd.as_ref())?, id_value(cx, g.gid), members];
    let t = cx.space().state::<OsState>().group.get_or_none();
    new_structseq(cx, t, &v)
}

fn not_found(cx: &mut Ctx, msg: &str) -> Raised {
    let m = cx.str(msg);
    raise_key_error(cx, m)
}

fn name_arg(cx: &mut Ctx, v: Value, what: &str) -> PyResult<CString> {
    if StrObj::of(v).is_none() {
        let msg = format!("{what} must be str, not {}", none_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    crate::support::fs_name(cx, v)
}

/// An id; KeyError for a number that is too large to be one.
fn id_or_missing(cx: &mut Ctx, v: Value, func: &str, what: &str) -> PyResult<u32> {
    match uid(cx, v) {
        Ok(n) => Ok(n),
        Err(r) => {
            let e = cx.take_raised(r);
            if exc_matches(cx, e, Ty::OverflowError) {
                return Err(not_found(cx, &format!("{func}(): {what} not found")));
            }
            Err(cx.set_raised(e))
        }
    }
}

fn shown_id(id: u32) -> i64 {
    if id == u32::MAX { -1 } else { i64::from(id) }
}

fn getpwuid(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = id_or_missing(cx, a[0], "getpwuid", "uid")?;
    match call(cx, || user_by_id(id))? {
        Some(u) => user_value(cx, &u),
        None => Err(not_found(cx, &format!("getpwuid(): uid not found: {}", shown_id(id)))),
    }
}

fn getpwnam(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = name_arg(cx, a[0], "getpwnam() argument")?;
    match call(cx, || user_by_name(&name))? {
        Some(u) => user_value(cx, &u),
        None => {
            let shown = repr_text(cx, a[0])?;
            Err(not_found(cx, &format!("getpwnam(): name not found: {shown}")))
        }
    }
}

fn getpwall(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let all = cx.blocking(all_users);
    list_from(cx, &all, user_value)
}

fn getgrgid(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if IntRef::of(a[0]).is_none() && cx.type_of(a[0]).slots.index.address() == 0 {
        let msg = format!("gid should be integer, not {}", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    }
    let id = gid(cx, a[0])?;
    match call(cx, || group_by_id(id))? {
        Some(g) => group_value(cx, &g),
        None => Err(not_found(cx, &format!("getgrgid(): gid not found: {}", shown_id(id)))),
    }
}

fn getgrnam(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = name_arg(cx, a[0], "getgrnam() argument 'name'")?;
    match call(cx, || group_by_name(&name))? {
        Some(g) => group_value(cx, &g),
        None => {
            let shown = repr_text(cx, a[0])?;
            Err(not_found(cx, &format!("getgrnam(): name not found: {shown}")))
        }
    }
}

fn getgrall(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let all = cx.blocking(all_groups);
    list_from(cx, &all, group_value)
}
