//! The module `termios`.

use crate::consts::termios::CONSTANTS;
use crate::posix::OsState;
use crate::support::{fileno, int, retry, set_ints};
use crate::sys::{self, SysResult};
use protopy_vm::errors::{raise_class, strerror};
use protopy_vm::protocore::layouts::{BytesObj, IntRef, ListObj};
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Ty, Value};
use protopy_vm::types::create_type_with_base;
use protopy_vm::{ModuleSpec, TypeSpec, methods, set_attr_str};

/// `termios`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "termios",
    doc: "Control of terminals.",
    functions: methods![functions:
        /// The attributes of a terminal: iflag, oflag, cflag, lflag, ispeed, ospeed and a list of control characters.
        "tcgetattr(fd, /)" => tcgetattr;
        /// Sets the attributes of a terminal.
        "tcsetattr(fd, when, attributes, /)" => tcsetattr;
        /// Sends a break.
        "tcsendbreak(fd, duration, /)" => tcsendbreak;
        /// Waits until all output has been sent.
        "tcdrain(fd, /)" => tcdrain;
        /// Discards what waits in the input or output queue.
        "tcflush(fd, queue, /)" => tcflush;
        /// Suspends or resumes input or output.
        "tcflow(fd, action, /)" => tcflow;
        /// Lines and columns of a terminal.
        "tcgetwinsize(fd, /)" => tcgetwinsize;
        /// Sets lines and columns of a terminal.
        "tcsetwinsize(fd, winsize, /)" => tcsetwinsize;
    ],
    init: Some(init),
};

static ERROR: TypeSpec = TypeSpec {
    name: "error",
    module: "termios",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    doc: "A call on a terminal failed.",
    ..TypeSpec::BASE
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let base = cx.ty(Ty::Exception).value();
    let t = create_type_with_base(cx, &ERROR, base)?;
    cx.space().state::<OsState>().termios_error.init(Some(t));
    set_attr_str(cx, module, "error", t)
}

fn failed(cx: &mut Ctx, e: i32) -> Raised {
    let t = cx.space().state::<OsState>().termios_error.get_or_none();
    let (n, s) = (cx.int(i64::from(e)), cx.str(&strerror(e)));
    raise_class(cx, t, &[n, s])
}

fn call<T>(cx: &mut Ctx, f: impl FnMut() -> SysResult<T>) -> PyResult<T> {
    match retry(cx, f)? {
        Ok(v) => Ok(v),
        Err(e) => Err(failed(cx, e)),
    }
}

fn tcgetattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let mut t: libc::termios = sys::zeroed();
    call(cx, || sys::tcgetattr(fd, &mut t))?;
    let canonical = t.c_lflag & libc::ICANON != 0;
    let chars = crate::support::list_from(cx, t.c_cc.iter().enumerate(), |cx, (i, c)| {
        if !canonical && (i == libc::VMIN || i == libc::VTIME) {
            Ok(cx.int(i64::from(*c)))
        } else {
            cx.bytes(&[*c])
        }
    })?;
    let speeds = [sys::cfgetispeed(&t).unwrap_or(0), sys::cfgetospeed(&t).unwrap_or(0)];
    let mut v =
        [t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, speeds[0], speeds[1], 0].map(|n| cx.int(n.into()));
    v[6] = chars;
    cx.list(&v)
}

fn tcsetattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let when = int(cx, a[1])?;
    let items = match ListObj::of(a[2]).map(ListObj::snapshot) {
        Some(v) if v.len() == 7 => v,
        _ => return Err(cx.type_error("tcsetattr, arg 3: must be 7 element list")),
    };
    // The items stay alive in a tuple, whatever becomes of the list.
    let held = cx.tuple_of(None, &items)?;
    // What is not given (the line discipline) is as it was.
    let mut t: libc::termios = sys::zeroed();
    call(cx, || sys::tcgetattr(fd, &mut t))?;
    t.c_iflag = mask(cx, items[0])?;
    t.c_oflag = mask(cx, items[1])?;
    t.c_cflag = mask(cx, items[2])?;
    t.c_lflag = mask(cx, items[3])?;
    let (ispeed, ospeed) = (mask(cx, items[4])?, mask(cx, items[5])?);
    control_chars(cx, items[6], &mut t)?;
    if let Err(e) = sys::cfsetispeed(&mut t, ispeed).and_then(|_| sys::cfsetospeed(&mut t, ospeed)) {
        return Err(failed(cx, e));
    }
    call(cx, || sys::tcsetattr(fd, when, &t))?;
    protopy_vm::keep_alive(held);
    Ok(Value::NONE)
}

/// A word of flags: the low bits of a C long.
fn mask(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    match IntRef::of(v).and_then(IntRef::to_i64) {
        Some(n) => Ok(n as u32),
        None => crate::support::long(cx, v).map(|n| n as u32),
    }
}

fn control_chars(cx: &mut Ctx, v: Value, t: &mut libc::termios) -> PyResult<()> {
    let Some(chars) = ListObj::of(v).filter(|l| l.len() == t.c_cc.len()) else {
        let msg = format!("tcsetattr: attributes[6] must be {} element list", t.c_cc.len());
        return Err(cx.type_error(&msg));
    };
    for (i, to) in t.c_cc.iter_mut().enumerate() {
        let Some(v) = chars.get(i) else { break };
        *to = match (BytesObj::of(v).map(BytesObj::bytes), IntRef::of(v)) {
            (Some([c]), _) => *c,
            (_, Some(_)) => {
                let n = crate::support::long(cx, v)?;
                n.to_le_bytes()[0]
            }
            _ => {
                let msg = "tcsetattr: elements of attributes must be characters or integers";
                return Err(cx.type_error(msg));
            }
        };
    }
    Ok(())
}

fn tcsendbreak(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, n) = (fileno(cx, a[0])?, int(cx, a[1])?);
    call(cx, || sys::tcsendbreak(fd, n))?;
    Ok(Value::NONE)
}

fn tcdrain(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    call(cx, || sys::tcdrain(fd))?;
    Ok(Value::NONE)
}

fn tcflush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, n) = (fileno(cx, a[0])?, int(cx, a[1])?);
    call(cx, || sys::tcflush(fd, n))?;
    Ok(Value::NONE)
}

fn tcflow(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, n) = (fileno(cx, a[0])?, int(cx, a[1])?);
    call(cx, || sys::tcflow(fd, n))?;
    Ok(Value::NONE)
}

fn tcgetwinsize(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let mut w: libc::winsize = sys::zeroed();
    call(cx, || sys::ioctl_with(fd, libc::TIOCGWINSZ, &mut w))?;
    let v = [cx.int(w.ws_row.into()), cx.int(w.ws_col.into())];
    cx.tuple_of(None, &v)
}

fn tcsetwinsize(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let msg = "tcsetwinsize, arg 2: must be a two-item sequence";
    let items = crate::support::sequence(cx, a[1], msg)?;
    let (Some(rows), Some(cols), 2) = (items.get(0), items.get(1), items.len()) else {
        return Err(cx.type_error(msg));
    };
    let (rows, cols) = (crate::support::long(cx, rows)?, crate::support::long(cx, cols)?);
    let mut w: libc::winsize = sys::zeroed();
    call(cx, || sys::ioctl_with(fd, libc::TIOCGWINSZ, &mut w))?;
    let (Ok(r), Ok(c)) = (u16::try_from(rows), u16::try_from(cols)) else {
        return Err(cx.raise_str(Ty::OverflowError, "winsize value(s) out of range."));
    };
    w.ws_row = r;
    w.ws_col = c;
    call(cx, || sys::ioctl_with(fd, libc::TIOCSWINSZ, &mut w))?;
    Ok(Value::NONE)
}
