//! Addresses: Python's tuples and strings to `sockaddr` and back.
#![allow(unsafe_code)]

use super::Sock;
use super::names::{host_name, resolve};
use crate::support::{fs_value, int};
use protopy_vm::protocore::layouts::{IntRef, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{bytes_like, index_clamped};
use std::mem::offset_of;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An address of any family.
#[derive(Clone, Copy)]
pub struct Addr {
    storage: libc::sockaddr_storage,
    /// Bytes of it that count.
    pub len: libc::socklen_t,
}

/// A structure of one family that fits into [`Addr`].
///
/// # Safety
/// Plain numbers, no larger than `sockaddr_storage`.
unsafe trait Family: Copy {}

// SAFETY: plain numbers, within `sockaddr_storage` by its definition.
unsafe impl Family for libc::sockaddr_in {}
// SAFETY: as above.
unsafe impl Family for libc::sockaddr_in6 {}
// SAFETY: as above.
unsafe impl Family for libc::sockaddr_un {}
// SAFETY: as above.
unsafe impl Family for libc::sockaddr_nl {}
// SAFETY: as above.
unsafe impl Family for libc::sockaddr_ll {}

impl Addr {
    /// Room for any address, for calls that fill it.
    pub fn room() -> Addr {
        // SAFETY: plain numbers.
        let storage = unsafe { std::mem::zeroed() };
        Addr { storage, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    fn of<T: Family>(v: T) -> Addr {
        Self::sized(v, size_of::<T>())
    }

    fn sized<T: Family>(v: T, len: usize) -> Addr {
        let mut a = Addr::room();
        // SAFETY: the storage is large enough for, and aligned as, every family's structure.
        unsafe { (&raw mut a.storage).cast::<T>().write(v) };
        a.len = len as libc::socklen_t;
        a
    }

    fn get<T: Family>(&self) -> T {
        // SAFETY: as in `sized`; any bytes are valid numbers.
        unsafe { (&raw const self.storage).cast::<T>().read() }
    }

    /// From the C library's memory.
    ///
    /// # Safety
    /// `p` points to `len` bytes.
    pub unsafe fn copy(p: *const libc::sockaddr, len: libc::socklen_t) -> Addr {
        let mut a = Addr::room();
        let n = (len as usize).min(size_of::<libc::sockaddr_storage>());
        // SAFETY: by the contract, and within the storage.
        unsafe { std::ptr::copy_nonoverlapping(p.cast::<u8>(), (&raw mut a.storage).cast(), n) };
        a.len = n as libc::socklen_t;
        a
    }

    /// For C.
    pub fn ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    /// For C to fill.
    pub fn ptr_mut(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    /// The family.
    pub fn family(&self) -> i32 {
        self.storage.ss_family.into()
    }

    /// The port, of the families that have one.
    pub fn set_port(&mut self, port: u16) {
        match self.family() {
            libc::AF_INET => {
                let mut a: libc::sockaddr_in = self.get();
                a.sin_port = port.to_be();
                *self = Addr::of(a);
            }
            libc::AF_INET6 => {
                let mut a: libc::sockaddr_in6 = self.get();
                a.sin6_port = port.to_be();
                *self = Addr::of(a);
            }
            _ => {}
        }
    }

    /// An IPv4 address.
    pub fn v4(ip: Ipv4Addr, port: u16) -> Addr {
        // SAFETY: plain numbers.
        let mut a: libc::sockaddr_in = unsafe { std::mem::zeroed() };
        a.sin_family = libc::AF_INET as libc::sa_family_t;
        a.sin_port = port.to_be();
        a.sin_addr.s_addr = u32::from_ne_bytes(ip.octets());
        Addr::of(a)
    }

    /// An IPv6 address.
    pub fn v6(ip: Ipv6Addr, port: u16, flow: u32, scope: u32) -> Addr {
        // SAFETY: plain numbers.
        let mut a: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
        a.sin6_family = libc::AF_INET6 as libc::sa_family_t;
        a.sin6_port = port.to_be();
        a.sin6_flowinfo = flow.to_be();
        a.sin6_scope_id = scope;
        a.sin6_addr.s6_addr = ip.octets();
        Addr::of(a)
    }

    /// The IP address as text.
    pub fn ip_text(&self) -> Option<String> {
        match self.family() {
            libc::AF_INET => {
                let a: libc::sockaddr_in = self.get();
                Some(Ipv4Addr::from(a.sin_addr.s_addr.to_ne_bytes()).to_string())
            }
            libc::AF_INET6 => {
                let a: libc::sockaddr_in6 = self.get();
                let ip = super::names::v6_text(a.sin6_addr.s6_addr);
                let scoped = a.sin6_scope_id != 0 && ip.starts_with("fe80");
                Some(match scoped.then(|| super::names::interface_name(a.sin6_scope_id)).flatten() {
                    Some(name) => format!("{ip}%{name}"),
                    None => ip,
                })
            }
            _ => None,
        }
    }
}

// ---------------------------------------------------------------------------------------------------- to Python

/// The address as Python sees it; None for no address.
pub fn addr_value(cx: &mut Ctx, a: &Addr) -> PyResult {
    if a.len == 0 {
        return Ok(Value::NONE);
    }
    match a.family() {
        libc::AF_INET => {
            let x: libc::sockaddr_in = a.get();
            let ip = cx.str(&a.ip_text().unwrap_or_default());
            let port = cx.int(u16::from_be(x.sin_port).into());
            cx.tuple_of(None, &[ip, port])
        }
        libc::AF_INET6 => {
            let x: libc::sockaddr_in6 = a.get();
            let ip = cx.str(&a.ip_text().unwrap_or_default());
            let v = [
                ip,
                cx.int(u16::from_be(x.sin6_port).into()),
                cx.int(u32::from_be(x.sin6_flowinfo).into()),
                cx.int(x.sin6_scope_id.into()),
            ];
            cx.tuple_of(None, &v)
        }
        libc::AF_UNIX => unix_value(cx, a),
        libc::AF_NETLINK => {
            let x: libc::sockaddr_nl = a.get();
            let v = [cx.int(x.nl_pid.into()), cx.int(x.nl_groups.into())];
            cx.tuple_of(None, &v)
        }
        libc::AF_PACKET => {
            let x: libc::sockaddr_ll = a.get();
            let name = u32::try_from(x.sll_ifindex).ok().and_then(super::names::interface_name);
            let n = usize::from(x.sll_halen).min(8);
            let v = [
                cx.str(&name.unwrap_or_default()),
                cx.int(u16::from_be(x.sll_protocol).into()),
                cx.int(x.sll_pkttype.into()),
                cx.int(x.sll_hatype.into()),
                cx.bytes(&x.sll_addr[..n])?,
            ];
            cx.tuple_of(None, &v)
        }
        f => {
            // A family without a form of its own: its bytes.
            let all: *const u8 = a.ptr().cast();
            let n = (a.len as usize).saturating_sub(2);
            // SAFETY: the address is `len` bytes long, the first two its family.
            let rest = unsafe { std::slice::from_raw_parts(all.add(2), n) };
            let v = [cx.int(f.into()), cx.bytes(rest)?];
            cx.tuple_of(None, &v)
        }
    }
}

fn unix_value(cx: &mut Ctx, a: &Addr) -> PyResult {
    let x: libc::sockaddr_un = a.get();
    let n = (a.len as usize).saturating_sub(offset_of!(libc::sockaddr_un, sun_path)).min(x.sun_path.len());
    let path: Vec<u8> = x.sun_path[..n].iter().map(|c| c.to_ne_bytes()[0]).collect();
    if path.first() == Some(&0) {
        // An abstract name.
        return cx.bytes(&path);
    }
    let end = path.iter().position(|b| *b == 0).unwrap_or(n);
    fs_value(cx, &path[..end], false)
}

// ---------------------------------------------------------------------------------------------------- from Python

/// The address of a Python value for a socket; `func` names the caller in messages.
pub fn addr_arg(cx: &mut Ctx, s: &Sock, v: Value, func: &str) -> PyResult<Addr> {
    match s.family() {
        libc::AF_INET => inet(cx, v, func),
        libc::AF_INET6 => inet6(cx, v, func),
        libc::AF_UNIX => unix(cx, v),
        libc::AF_NETLINK => netlink(cx, v, func),
        libc::AF_PACKET => packet(cx, s, v, func),
        _ => Err(cx.raise_str(Ty::OSError, &format!("{func}(): bad family"))),
    }
}

fn items(cx: &mut Ctx, v: Value, func: &str, family: &str) -> PyResult<&'static [Value]> {
    match TupleObj::of(v) {
        Some(t) => Ok(t.items()),
        None => {
            let msg =
                format!("{func}(): {family} address must be tuple, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn port(cx: &mut Ctx, v: Value, func: &str) -> PyResult<u16> {
    let n = if IntRef::of(v).is_some() { index_clamped(cx, v)? } else { i64::from(int(cx, v)?) };
    match u16::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.raise_str(Ty::OverflowError, &format!("{func}(): port must be 0-65535."))),
    }
}

fn inet(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Addr> {
    let [host, p] = items(cx, v, func, "AF_INET")? else {
        return Err(cx.type_error("AF_INET address must be a pair (host, port)"));
    };
    let name = host_name(cx, *host)?;
    let p = port(cx, *p, func)?;
    let mut a = resolve(cx, &name, libc::AF_INET)?;
    a.set_port(p);
    Ok(a)
}

fn inet6(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Addr> {
    let (host, p, flow, scope) = match items(cx, v, func, "AF_INET6")? {
        [h, p] => (*h, *p, None, None),
        [h, p, f] => (*h, *p, Some(*f), None),
        [h, p, f, s] => (*h, *p, Some(*f), Some(*s)),
        _ => {
            let msg = "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])";
            return Err(cx.type_error(msg));
        }
    };
    let name = host_name(cx, host)?;
    let p = port(cx, p, func)?;
    let flow = match flow {
        Some(f) => crate::support::mask(cx, f)?,
        None => 0,
    };
    let scope = match scope {
        Some(s) => Some(crate::support::mask(cx, s)?),
        None => None,
    };
    if flow > 0xf_ffff {
        let msg = format!("{func}(): flowinfo must be 0-1048575.");
        return Err(cx.raise_str(Ty::OverflowError, &msg));
    }
    let a = resolve(cx, &name, libc::AF_INET6)?;
    let found: libc::sockaddr_in6 = a.get();
    // An interface in the name itself ("fe80::1%eth0") counts unless one is given.
    let scope = scope.unwrap_or(found.sin6_scope_id);
    Ok(Addr::v6(Ipv6Addr::from(found.sin6_addr.s6_addr), p, flow, scope))
}

fn unix(cx: &mut Ctx, v: Value) -> PyResult<Addr> {
    // Names with a NUL first are abstract; others must fit with their NUL.
    let path = if StrObj::of(v).is_some() {
        protopy_vm::codec::fs_encode(cx, v)?
    } else {
        bytes_like(cx, v)?.to_vec()
    };
    // SAFETY: plain numbers.
    let mut a: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    let room = a.sun_path.len();
    let is_abstract = path.first() == Some(&0);
    if path.len() > room || (!is_abstract && path.len() == room) {
        return Err(cx.raise_str(Ty::OSError, "AF_UNIX path too long"));
    }
    a.sun_family = libc::AF_UNIX as libc::sa_family_t;
    for (to, b) in a.sun_path.iter_mut().zip(&path) {
        *to = libc::c_char::from_ne_bytes([*b]);
    }
    let nul = usize::from(!is_abstract && !path.is_empty());
    Ok(Addr::sized(a, offset_of!(libc::sockaddr_un, sun_path) + path.len() + nul))
}

fn netlink(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Addr> {
    let [pid, groups] = items(cx, v, func, "AF_NETLINK")? else {
        return Err(cx.type_error("AF_NETLINK address must be a pair (pid, groups)"));
    };
    // SAFETY: plain numbers.
    let mut a: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
    a.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    a.nl_pid = crate::support::mask(cx, *pid)?;
    a.nl_groups = crate::support::mask(cx, *groups)?;
    Ok(Addr::of(a))
}

fn packet(cx: &mut Ctx, s: &Sock, v: Value, func: &str) -> PyResult<Addr> {
    let parts = items(cx, v, func, "AF_PACKET")?;
    let [name, proto, rest @ ..] = parts else {
        let msg = "AF_PACKET address must be a tuple of two to five elements";
        return Err(cx.type_error(msg));
    };
    let name = crate::support::fs_name(cx, *name)?;
    let proto = int(cx, *proto)?;
    let Ok(proto) = u16::try_from(proto) else {
        let msg = format!("{func}(): proto must be 0-65535.");
        return Err(cx.raise_str(Ty::OverflowError, &msg));
    };
    let _ = s;
    // SAFETY: a NUL-terminated name.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    if index == 0 {
        return Err(crate::support::raise_errno(cx, crate::sys::errno()));
    }
    // SAFETY: plain numbers.
    let mut a: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    a.sll_family = libc::AF_PACKET as libc::sa_family_t;
    a.sll_protocol = proto.to_be();
    a.sll_ifindex = index as i32;
    if let Some(v) = rest.first() {
        a.sll_pkttype = int(cx, *v)? as u8;
    }
    if let Some(v) = rest.get(1) {
        a.sll_hatype = int(cx, *v)? as u16;
    }
    if let Some(v) = rest.get(2) {
        let b = bytes_like(cx, *v)?;
        if b.len() > 8 {
            return Err(cx.value_error("Hardware address must be 8 bytes or less"));
        }
        a.sll_addr[..b.len()].copy_from_slice(&b);
        a.sll_halen = b.len() as u8;
    }
    Ok(Addr::of(a))
}

impl Addr {
    /// Sets flow and scope of an IPv6 address.
    pub fn set_flow_scope(&mut self, flow: u32, scope: u32) {
        let mut a: libc::sockaddr_in6 = self.get();
        a.sin6_flowinfo = flow.to_be();
        a.sin6_scope_id = scope;
        *self = Addr::of(a);
    }

    /// The bytes of the IP address.
    pub fn ip_bytes(&self) -> Option<Vec<u8>> {
        match self.family() {
            libc::AF_INET => {
                let a: libc::sockaddr_in = self.get();
                Some(a.sin_addr.s_addr.to_ne_bytes().to_vec())
            }
            libc::AF_INET6 => {
                let a: libc::sockaddr_in6 = self.get();
                Some(a.sin6_addr.s6_addr.to_vec())
            }
            _ => None,
        }
    }
}
