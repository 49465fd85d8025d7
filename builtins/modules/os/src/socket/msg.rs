//! `recvmsg`, `recvmsg_into`, `sendmsg`: messages in pieces, with ancillary data.
#![allow(unsafe_code)]

use super::addr::{Addr, addr_arg, addr_value};
use super::{Sock, Wait, io, room, sock};
use crate::support::{int, ssize};
use crate::sys::{self, IoVecs, SysResult};
use protopy_vm::protocore::layouts::TupleObj;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{
    BufferGuard, ValueVec, audit, bytes_like, get_buffer, is_iterable, to_vec, writable_buffer,
};

/// Largest length whose space in bytes fits into a `socklen_t`-sized count.
const MAX_DATA: usize = i32::MAX as usize - 64;

fn length(cx: &mut Ctx, v: Value, func: &str) -> PyResult<usize> {
    let n = ssize(cx, v)?;
    match usize::try_from(n) {
        Ok(n) if n <= MAX_DATA => Ok(n),
        _ => Err(cx.raise_str(Ty::OverflowError, &format!("{func}() argument out of range"))),
    }
}

fn space(n: usize) -> usize {
    // SAFETY: arithmetic only; the length fits.
    unsafe { libc::CMSG_SPACE(n as libc::c_uint) as usize }
}

fn len_of(n: usize) -> usize {
    // SAFETY: as above.
    unsafe { libc::CMSG_LEN(n as libc::c_uint) as usize }
}

pub(super) fn cmsg_len(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = length(cx, a[0], "CMSG_LEN")?;
    Ok(cx.int_usize(len_of(n)))
}

pub(super) fn cmsg_space(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = length(cx, a[0], "CMSG_SPACE")?;
    Ok(cx.int_usize(space(n)))
}

/// An item of ancillary data.
struct Item {
    level: i32,
    kind: i32,
    data: Vec<u8>,
}

/// Memory for ancillary data, aligned for its headers.
struct Control(Vec<u64>, usize);

impl Control {
    fn new(n: usize) -> Option<Control> {
        let mut v = Vec::new();
        v.try_reserve_exact(n.div_ceil(8)).ok()?;
        v.resize(n.div_ceil(8), 0);
        Some(Control(v, n))
    }

    /// Writes items one behind the other.
    fn of(items: &[Item]) -> Option<Control> {
        let total = items.iter().map(|i| space(i.data.len())).sum();
        let mut c = Control::new(total)?;
        // SAFETY: the header describes memory with room for all items; `CMSG_NXTHDR` stays within it.
        unsafe {
            let mut h: libc::msghdr = std::mem::zeroed();
            h.msg_control = c.0.as_mut_ptr().cast();
            h.msg_controllen = total as _;
            let mut at = libc::CMSG_FIRSTHDR(&h);
            for i in items {
                let Some(m) = at.as_mut() else { break };
                m.cmsg_level = i.level;
                m.cmsg_type = i.kind;
                m.cmsg_len = len_of(i.data.len()) as _;
                std::ptr::copy_nonoverlapping(i.data.as_ptr(), libc::CMSG_DATA(at), i.data.len());
                at = libc::CMSG_NXTHDR(&h, at);
            }
        }
        Some(c)
    }
}

/// The items that a call has received.
fn items(h: &libc::msghdr) -> Vec<Item> {
    let mut out = Vec::new();
    let end = h.msg_control as usize + h.msg_controllen;
    // SAFETY: the system has filled the memory that the header describes; data that was cut off ends with it.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(h);
        while let Some(m) = at.as_ref() {
            let data = libc::CMSG_DATA(at);
            let want = m.cmsg_len.saturating_sub(len_of(0));
            let n = want.min(end.saturating_sub(data as usize));
            out.push(Item {
                level: m.cmsg_level,
                kind: m.cmsg_type,
                data: std::slice::from_raw_parts(data, n).to_vec(),
            });
            at = libc::CMSG_NXTHDR(h, at);
        }
    }
    out
}

/// A message header over pieces, ancillary data and an address.
fn header(v: &mut IoVecs, control: &mut Control, addr: &mut Addr) -> libc::msghdr {
    // SAFETY: plain numbers and null pointers.
    let mut h: libc::msghdr = unsafe { std::mem::zeroed() };
    let parts = v.parts();
    h.msg_iov = parts.as_mut_ptr();
    h.msg_iovlen = parts.len() as _;
    if addr.len > 0 {
        h.msg_name = addr.ptr_mut().cast();
        h.msg_namelen = addr.len;
    }
    if control.1 > 0 {
        h.msg_control = control.0.as_mut_ptr().cast();
        h.msg_controllen = control.1 as _;
    }
    h
}

struct Received {
    bytes: usize,
    flags: i32,
    items: Vec<Item>,
    addr: Addr,
}

fn receive(cx: &mut Ctx, s: &Sock, v: &mut IoVecs, ancillary: Value, flags: i32) -> PyResult<Received> {
    let n = ssize(cx, ancillary)?;
    let Some(n) = usize::try_from(n).ok().filter(|n| *n <= MAX_DATA) else {
        return Err(cx.value_error("invalid ancillary data buffer length"));
    };
    let Some(mut control) = Control::new(n) else { return Err(cx.no_memory()) };
    io(cx, s, Wait::Read, |fd| {
        let mut addr = Addr::room();
        let mut h = header(v, &mut control, &mut addr);
        // SAFETY: the header describes memory that is held across the call.
        let n = sys::check(unsafe { libc::recvmsg(fd, &mut h, flags | libc::MSG_CMSG_CLOEXEC) })?;
        addr.len = h.msg_namelen;
        // The flag was added here: it is not part of the answer.
        let got = h.msg_flags & !libc::MSG_CMSG_CLOEXEC;
        Ok(Received { bytes: n.unsigned_abs(), flags: got, items: items(&h), addr })
    })
}

/// Data (or their number), ancillary data, flags and address, as the methods answer them.
fn answer(cx: &mut Ctx, first: Value, r: &Received) -> PyResult {
    let list = crate::support::list_from(cx, &r.items, |cx, i| {
        let v = [cx.int(i.level.into()), cx.int(i.kind.into()), cx.bytes(&i.data)?];
        cx.tuple_of(None, &v)
    })?;
    let v = [first, list, cx.int(r.flags.into()), addr_value(cx, &r.addr)?];
    cx.tuple_of(None, &v)
}

pub(super) fn recvmsg(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let flags = int(cx, a[3])?;
    let mut b = room(cx, a[1], "negative buffer size in recvmsg()")?;
    let mut v = IoVecs::over(&mut b);
    let r = receive(cx, s, &mut v, a[2], flags)?;
    let data = cx.bytes(b.get(..r.bytes).unwrap_or_default())?;
    answer(cx, data, &r)
}

/// Buffers that are pinned for a call, with what keeps their owners alive.
struct Pins {
    pins: Vec<BufferGuard>,
    held: ValueVec,
}

impl Pins {
    fn release(self, cx: &mut Ctx) {
        for p in self.pins {
            p.release(cx);
        }
        protopy_vm::keep_alive(self.held.into_list());
    }
}

/// Pins the buffers of an iterable; releases what was pinned if one cannot be.
fn pin_all(
    cx: &mut Ctx,
    v: Value,
    not_iterable: &str,
    mut f: impl FnMut(&mut Ctx, Value) -> PyResult<BufferGuard>,
) -> PyResult<Pins> {
    if !is_iterable(cx, v) {
        return Err(cx.type_error(not_iterable));
    }
    let mut p = Pins { pins: Vec::new(), held: to_vec(cx, v)? };
    for i in 0..p.held.len() {
        let Some(v) = p.held.get(i) else { break };
        let r = f(cx, v).and_then(|b| {
            let owner = b.owner;
            p.pins.push(b);
            p.held.push(cx, owner)
        });
        if let Err(r) = r {
            let e = cx.take_raised(r);
            p.release(cx);
            return Err(cx.set_raised(e));
        }
    }
    Ok(p)
}

pub(super) fn recvmsg_into(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let flags = int(cx, a[3])?;
    let pins = pin_all(cx, a[1], "recvmsg_into() argument 1 must be an iterable", |cx, v| {
        match writable_buffer(cx, v, "recvmsg_into() argument 1") {
            Ok(b) => Ok(b),
            Err(r) => {
                cx.take_raised(r);
                let msg =
                    "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers";
                Err(cx.type_error(msg))
            }
        }
    })?;
    let mut v = sys::pinned(pins.pins.iter().map(|b| &**b));
    let r = receive(cx, s, &mut v, a[2], flags).map_err(|r| cx.take_raised(r));
    pins.release(cx);
    match r {
        Ok(r) => {
            let n = cx.int_usize(r.bytes);
            answer(cx, n, &r)
        }
        Err(e) => Err(cx.set_raised(e)),
    }
}

fn ancillary(cx: &mut Ctx, v: Value) -> PyResult<Vec<Item>> {
    let Some(v) = v.not_none() else { return Ok(Vec::new()) };
    if !is_iterable(cx, v) {
        return Err(cx.type_error("sendmsg() argument 2 must be an iterable"));
    }
    let all = to_vec(cx, v)?;
    let mut out = Vec::with_capacity(all.len());
    for i in 0..all.len() {
        let Some(v) = all.get(i) else { break };
        let name = "[sendmsg() ancillary data items]() argument";
        let Some(t) = TupleObj::of(v) else {
            let msg = format!("{name} must be 3-item tuple, not {}", crate::support::none_name(cx, v));
            return Err(cx.type_error(&msg));
        };
        let [level, kind, data] = t.items() else {
            let msg = format!("{name} must be tuple of length 3, not {}", t.items().len());
            return Err(cx.type_error(&msg));
        };
        let (level, kind) = (int(cx, *level)?, int(cx, *kind)?);
        let data = bytes_like(cx, *data)?.to_vec();
        if data.len() > MAX_DATA {
            return Err(cx.raise_str(Ty::OSError, "ancillary data item too large"));
        }
        out.push(Item { level, kind, data });
    }
    if out.iter().map(|i| space(i.data.len())).sum::<usize>() > MAX_DATA {
        return Err(cx.raise_str(Ty::OSError, "too much ancillary data"));
    }
    Ok(out)
}

pub(super) fn sendmsg(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let flags = int(cx, a[3])?;
    let pins =
        pin_all(cx, a[1], "sendmsg() argument 1 must be an iterable", |cx, v| get_buffer(cx, v, false))?;
    let r = send(cx, s, &pins, a, flags).map_err(|r| cx.take_raised(r));
    pins.release(cx);
    match r {
        Ok(n) => Ok(cx.int(n as i64)),
        Err(e) => Err(cx.set_raised(e)),
    }
}

fn send(cx: &mut Ctx, s: &Sock, pins: &Pins, a: &[Value], flags: i32) -> PyResult<isize> {
    let mut addr = match a[4].not_none() {
        Some(v) => {
            let to = addr_arg(cx, s, v, "sendmsg")?;
            audit(cx, "socket.sendmsg", &[a[0], v])?;
            to
        }
        None => {
            audit(cx, "socket.sendmsg", &[a[0], Value::NONE])?;
            let mut none = Addr::room();
            none.len = 0;
            none
        }
    };
    let list = ancillary(cx, a[2])?;
    let Some(mut control) = Control::of(&list) else { return Err(cx.no_memory()) };
    let mut v = sys::pinned(pins.pins.iter().map(|b| &**b));
    io(cx, s, Wait::Write, |fd| -> SysResult<isize> {
        let h = header(&mut v, &mut control, &mut addr);
        // SAFETY: the header describes memory that is held across the call.
        sys::check(unsafe { libc::sendmsg(fd, &h, flags) })
    })
}
