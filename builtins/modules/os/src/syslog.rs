//! The module `syslog`.
#![allow(unsafe_code)]

use crate::consts::syslog::CONSTANTS;
use crate::support::{int, long, none_name, set_ints};
use protopy_vm::errors::lookup_sys;
use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::{Args, Ctx, PyResult, Value};
use protopy_vm::{ModuleSpec, audit, methods};
use std::ffi::CString;
use std::sync::{Mutex, MutexGuard};

/// `syslog`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "syslog",
    doc: "The system's log.",
    functions: methods![functions:
        /// Sets the options of later messages: ident is put before each.
        "openlog(ident=<unrepresentable>, logoption=0, facility=LOG_USER)" => openlog;
        /// Ends the connection to the log.
        "closelog()" => closelog;
        /// Writes a message, after an optional priority.
        raw "syslog(*args)" => syslog;
        /// Sets which priorities are logged; the mask before.
        "setlogmask(maskpri, /)" => setlogmask;
        /// The mask of one priority.
        "LOG_MASK(pri, /)" => log_mask;
        /// The mask of all priorities up to one.
        "LOG_UPTO(pri, /)" => log_upto;
    ],
    init: Some(|cx, m| set_ints(cx, m, CONSTANTS)),
};

/// The C library keeps the pointer to the ident, and has one log for the process.
struct Log {
    open: bool,
    ident: Option<CString>,
}

static LOG: Mutex<Log> = Mutex::new(Log { open: false, ident: None });

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(|e| e.into_inner())
}

/// The last part of the program's name.
fn default_ident(cx: &mut Ctx) -> Option<CString> {
    let argv = lookup_sys(cx, "argv")?;
    let first = protopy_vm::seq_items(argv)?.first().copied()?;
    let name = StrObj::of(first)?.to_utf8()?;
    let base = name.rsplit('/').next().filter(|s| !s.is_empty())?;
    CString::new(base).ok()
}

fn open(cx: &mut Ctx, ident: Option<CString>, option: i32, facility: i32) {
    cx.blocking(|| {
        let mut l = log();
        let p = ident.as_ref().map_or(std::ptr::null(), |s| s.as_ptr());
        // SAFETY: the ident is kept until another one takes its place.
        unsafe { libc::openlog(p, option, facility) };
        l.ident = ident;
        l.open = true;
    });
}

fn openlog(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let ident = match a[0].bound() {
        Some(v) => Some(message(cx, v, "openlog() argument 'ident'")?),
        None => default_ident(cx),
    };
    let option = long(cx, a[1])? as i32;
    let facility = match a[2].bound() {
        Some(v) => long(cx, v)? as i32,
        None => libc::LOG_USER,
    };
    open_audited(cx, ident, option, facility)?;
    Ok(Value::NONE)
}

fn open_audited(cx: &mut Ctx, ident: Option<CString>, option: i32, facility: i32) -> PyResult<()> {
    let shown = match &ident {
        Some(s) => cx.str(&s.to_string_lossy()),
        None => Value::NONE,
    };
    let (o, f) = (cx.int(option.into()), cx.int(facility.into()));
    audit(cx, "syslog.openlog", &[shown, o, f])?;
    open(cx, ident, option, facility);
    Ok(())
}

fn message(cx: &mut Ctx, v: Value, what: &str) -> PyResult<CString> {
    let Some(s) = StrObj::of(v) else {
        let msg = format!("{what} must be str, not {}", none_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let text = match s.to_utf8() {
        Some(t) => t.into_bytes(),
        None => protopy_vm::codec::fs_encode(cx, v)?,
    };
    match CString::new(text) {
        Ok(c) => Ok(c),
        Err(_) => Err(cx.value_error("embedded null character")),
    }
}

fn syslog(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let (priority, text) = match (args.pos(), args.nkw()) {
        ([m], 0) => (libc::LOG_INFO, *m),
        ([p, m], 0) => (int(cx, *p)?, *m),
        _ => return Err(cx.type_error("syslog.syslog requires 1 to 2 arguments")),
    };
    let n = if args.pos().len() == 1 { "syslog() argument 1" } else { "syslog() argument 2" };
    let msg = message(cx, text, n)?;
    let p = cx.int(priority.into());
    audit(cx, "syslog.syslog", &[p, text])?;
    if !log().open {
        let ident = default_ident(cx);
        open_audited(cx, ident, 0, libc::LOG_USER)?;
    }
    // SAFETY: the format takes one string.
    cx.blocking(|| unsafe { libc::syslog(priority, c"%s".as_ptr(), msg.as_ptr()) });
    Ok(Value::NONE)
}

fn closelog(cx: &mut Ctx, _: &[Value]) -> PyResult {
    audit(cx, "syslog.closelog", &[])?;
    cx.blocking(|| {
        let mut l = log();
        if l.open {
            // SAFETY: no arguments.
            unsafe { libc::closelog() };
            *l = Log { open: false, ident: None };
        }
    });
    Ok(Value::NONE)
}

fn setlogmask(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = long(cx, a[0])? as i32;
    let shown = cx.int(m.into());
    audit(cx, "syslog.setlogmask", &[shown])?;
    // SAFETY: a number.
    let old = unsafe { libc::setlogmask(m) };
    Ok(cx.int(old.into()))
}

fn log_mask(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = long(cx, a[0])?;
    Ok(cx.int(1i64.wrapping_shl(p as u32)))
}

fn log_upto(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = long(cx, a[0])?;
    Ok(cx.int(1i64.wrapping_shl(p.wrapping_add(1) as u32) - 1))
}
