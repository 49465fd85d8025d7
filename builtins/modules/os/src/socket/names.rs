//! Names of hosts, services, protocols and interfaces.
#![allow(unsafe_code)]

use super::addr::{Addr, addr_value};
use super::{SocketState, not_text};
use crate::support::{fs_name, fs_value, int, list_from, raise_errno};
use crate::sys::{self, bytes_of};
use libc::{c_char, c_int};
use protopy_vm::errors::raise_class;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{ValueVec, audit, call_method, index, methods};
use std::ffi::{CStr, CString};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Mutex;

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The addresses of a host and service.
    "getaddrinfo(host, port, family=0, type=0, proto=0, flags=0)" => getaddrinfo;
    /// The host and service of an address.
    "getnameinfo(sockaddr, flags, /)" => getnameinfo;
    /// The IPv4 address of a host.
    "gethostbyname(host, /)" => gethostbyname;
    /// The names and IPv4 addresses of a host.
    "gethostbyname_ex(host, /)" => gethostbyname_ex;
    /// The names and addresses of the host that has an address.
    "gethostbyaddr(host, /)" => gethostbyaddr;
    /// The host's name.
    "gethostname()" => gethostname;
    /// Sets the host's name.
    "sethostname(name, /)" => sethostname;
    /// The port of a service.
    "getservbyname(servicename, protocolname=<unrepresentable>, /)" => getservbyname;
    /// The service of a port.
    "getservbyport(port, protocolname=<unrepresentable>, /)" => getservbyport;
    /// The number of a protocol.
    "getprotobyname(name, /)" => getprotobyname;
    /// Numbers and names of the interfaces.
    "if_nameindex()" => if_nameindex;
    /// The number of an interface.
    "if_nametoindex(oname, /)" => if_nametoindex;
    /// The name of an interface.
    "if_indextoname(if_index, /)" => if_indextoname;
    /// The four bytes of an IPv4 address in text.
    "inet_aton(ip_addr, /)" => inet_aton;
    /// The text of an IPv4 address of four bytes.
    "inet_ntoa(packed_ip, /)" => inet_ntoa;
    /// The bytes of an address in text.
    "inet_pton(address_family, ip_string, /)" => inet_pton;
    /// The text of an address in bytes.
    "inet_ntop(address_family, packed_ip, /)" => inet_ntop;
];

#[repr(C)]
struct Hostent {
    name: *mut c_char,
    aliases: *mut *mut c_char,
    family: c_int,
    length: c_int,
    addresses: *mut *mut c_char,
}

unsafe extern "C" {
    fn gethostbyname_r(
        name: *const c_char,
        ret: *mut Hostent,
        buf: *mut c_char,
        n: usize,
        result: *mut *mut Hostent,
        h_errno: *mut c_int,
    ) -> c_int;
    fn gethostbyaddr_r(
        addr: *const libc::c_void,
        len: libc::socklen_t,
        kind: c_int,
        ret: *mut Hostent,
        buf: *mut c_char,
        n: usize,
        result: *mut *mut Hostent,
        h_errno: *mut c_int,
    ) -> c_int;
    fn hstrerror(e: c_int) -> *const c_char;
    #[link_name = "inet_aton"]
    fn c_inet_aton(text: *const c_char, to: *mut libc::in_addr) -> c_int;
    #[link_name = "inet_pton"]
    fn c_inet_pton(family: c_int, text: *const c_char, to: *mut libc::c_void) -> c_int;
    #[link_name = "inet_ntop"]
    fn c_inet_ntop(
        family: c_int,
        from: *const libc::c_void,
        to: *mut c_char,
        n: libc::socklen_t,
    ) -> *const c_char;
}

/// The text of an IPv6 address, in the C library's form.
pub(super) fn v6_text(ip: [u8; 16]) -> String {
    let mut b = vec![0u8; 64];
    // SAFETY: sixteen bytes and room for the text.
    unsafe { c_inet_ntop(libc::AF_INET6, ip.as_ptr().cast(), b.as_mut_ptr().cast(), 64) };
    String::from_utf8_lossy(&sys::until_nul(b)).into_owned()
}

/// Raises `gaierror`, or OSError if the system call's own error tells more.
pub(super) fn gai_error(cx: &mut Ctx, e: c_int, errno: c_int) -> Raised {
    if e == libc::EAI_SYSTEM {
        return raise_errno(cx, errno);
    }
    // SAFETY: the C library answers a constant text.
    let text = unsafe { bytes_of(libc::gai_strerror(e)) }.unwrap_or_default();
    let t = cx.space().state::<SocketState>().gaierror.get_or_none();
    let (n, s) = (cx.int(e.into()), cx.str(&String::from_utf8_lossy(&text)));
    raise_class(cx, t, &[n, s])
}

fn host_error(cx: &mut Ctx, e: c_int) -> Raised {
    // SAFETY: the C library answers a constant text.
    let text = unsafe { bytes_of(hstrerror(e)) }.unwrap_or_default();
    let t = cx.space().state::<SocketState>().herror.get_or_none();
    let (n, s) = (cx.int(e.into()), cx.str(&String::from_utf8_lossy(&text)));
    raise_class(cx, t, &[n, s])
}

/// A host's name in the form of the name service: ASCII as it is, other text by IDNA.
fn idna(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    let Some(s) = StrObj::of(v) else { return Ok(Vec::new()) };
    if let Some(a) = s.as_ascii() {
        return Ok(a.as_bytes().to_vec());
    }
    let codec = cx.str("idna");
    let b = call_method(cx, v, "encode", &[codec])?;
    Ok(BytesObj::of(b).map_or_else(Vec::new, |b| b.bytes().to_vec()))
}

/// The host part of an address: str, bytes or bytearray.
pub(super) fn host_name(cx: &mut Ctx, v: Value) -> PyResult<CString> {
    let b = if StrObj::of(v).is_some() {
        idna(cx, v)?
    } else if BytesObj::of(v).is_some() || cx.is_instance(v, Ty::ByteArray) {
        protopy_vm::bytes_like(cx, v)?.to_vec()
    } else {
        let msg = format!("str, bytes or bytearray expected, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    no_nul(cx, b)
}

fn no_nul(cx: &mut Ctx, b: Vec<u8>) -> PyResult<CString> {
    match CString::new(b) {
        Ok(c) => Ok(c),
        Err(_) => Err(cx.type_error("host name must not contain null character")),
    }
}

/// A host argument of a function.
fn host_arg(cx: &mut Ctx, v: Value, func: &str) -> PyResult<CString> {
    if StrObj::of(v).is_none() && BytesObj::of(v).is_none() && !cx.is_instance(v, Ty::ByteArray) {
        let msg = format!(
            "{func}() argument 1 must be str, bytes or bytearray, not {}",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    }
    host_name(cx, v)
}

/// An answer of `getaddrinfo`.
struct Info {
    family: c_int,
    kind: c_int,
    proto: c_int,
    canonical: Vec<u8>,
    addr: Addr,
}

/// `getaddrinfo`: the answers, or its error and errno.
fn look_up(
    host: Option<&CStr>,
    service: Option<&CStr>,
    family: c_int,
    kind: c_int,
    proto: c_int,
    flags: c_int,
) -> Result<Vec<Info>, (c_int, c_int)> {
    // SAFETY: plain numbers and null pointers.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_family = family;
    hints.ai_socktype = kind;
    hints.ai_protocol = proto;
    hints.ai_flags = flags;
    let p = |s: Option<&CStr>| s.map_or(std::ptr::null(), CStr::as_ptr);
    let mut list: *mut libc::addrinfo = std::ptr::null_mut();
    // SAFETY: null or NUL-terminated names, and room for the answer.
    let e = unsafe { libc::getaddrinfo(p(host), p(service), &hints, &mut list) };
    if e != 0 {
        return Err((e, sys::errno()));
    }
    let mut out = Vec::new();
    let mut at = list;
    // SAFETY: a list of answers that ends with null, whose addresses have the length they say.
    unsafe {
        while let Some(i) = at.as_ref() {
            out.push(Info {
                family: i.ai_family,
                kind: i.ai_socktype,
                proto: i.ai_protocol,
                canonical: bytes_of(i.ai_canonname).unwrap_or_default(),
                addr: Addr::copy(i.ai_addr, i.ai_addrlen),
            });
            at = i.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(out)
}

/// The first address of a host in a family: numbers are read without the name service, "" is any address.
pub(super) fn resolve(cx: &mut Ctx, name: &CStr, family: c_int) -> PyResult<Addr> {
    let text = name.to_str().unwrap_or("");
    if text.is_empty() && name.is_empty() {
        return match family {
            libc::AF_INET => Ok(Addr::v4(Ipv4Addr::UNSPECIFIED, 0)),
            libc::AF_INET6 => Ok(Addr::v6(Ipv6Addr::UNSPECIFIED, 0, 0, 0)),
            _ => {
                let flags = libc::AI_PASSIVE;
                let r = cx.blocking(|| look_up(None, Some(c"0"), family, libc::SOCK_DGRAM, 0, flags));
                first(cx, r, true)
            }
        };
    }
    if family != libc::AF_INET6 {
        if text == "<broadcast>" || text == "255.255.255.255" {
            return Ok(Addr::v4(Ipv4Addr::BROADCAST, 0));
        }
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Ok(Addr::v4(ip, 0));
        }
    } else if text == "<broadcast>" {
        return Err(cx.raise_str(Ty::OSError, "address family mismatched"));
    }
    if family != libc::AF_INET
        && let Ok(ip) = text.parse::<Ipv6Addr>()
    {
        return Ok(Addr::v6(ip, 0, 0, 0));
    }
    let r = cx.blocking(|| look_up(Some(name), None, family, 0, 0, 0));
    first(cx, r, false)
}

fn first(cx: &mut Ctx, r: Result<Vec<Info>, (c_int, c_int)>, only: bool) -> PyResult<Addr> {
    match r {
        Ok(all) if only && all.len() > 1 => {
            Err(cx.raise_str(Ty::OSError, "wildcard resolved to multiple address"))
        }
        Ok(all) => match all.first() {
            Some(i) => Ok(i.addr),
            None => Err(gai_error(cx, libc::EAI_NONAME, 0)),
        },
        Err((e, n)) => Err(gai_error(cx, e, n)),
    }
}

fn getaddrinfo(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let host = match a[0].not_none() {
        None => None,
        Some(v) if StrObj::of(v).is_some() => {
            let b = idna(cx, v)?;
            Some(c_text(cx, b)?)
        }
        Some(v) => match BytesObj::of(v) {
            Some(b) => Some(c_text(cx, b.bytes().to_vec())?),
            None => return Err(cx.type_error("getaddrinfo() argument 1 must be string or None")),
        },
    };
    let service = match a[1].not_none() {
        None => None,
        Some(v) if IntRef::of(v).is_some() => {
            let n = crate::support::long(cx, v)?;
            Some(c_text(cx, n.to_string().into_bytes())?)
        }
        Some(v) => match (StrObj::of(v), BytesObj::of(v)) {
            (Some(_), _) => {
                let b = protopy_vm::codec::fs_encode(cx, v)?;
                Some(c_text(cx, b)?)
            }
            (_, Some(b)) => Some(c_text(cx, b.bytes().to_vec())?),
            _ => return Err(cx.raise_str(Ty::OSError, "Int or String expected")),
        },
    };
    let (family, kind, proto, flags) = (int(cx, a[2])?, int(cx, a[3])?, int(cx, a[4])?, int(cx, a[5])?);
    audit(cx, "socket.getaddrinfo", &[a[0], a[1], a[2], a[3], a[4]])?;
    let r = cx.blocking(|| look_up(host.as_deref(), service.as_deref(), family, kind, proto, flags));
    let all = match r {
        Ok(all) => all,
        Err((e, n)) => return Err(gai_error(cx, e, n)),
    };
    list_from(cx, &all, |cx, i| {
        let v = [
            cx.int(i.family.into()),
            cx.int(i.kind.into()),
            cx.int(i.proto.into()),
            fs_value(cx, &i.canonical, false)?,
            addr_value(cx, &i.addr)?,
        ];
        cx.tuple_of(None, &v)
    })
}

/// Text for C; the part before a NUL, as the C library itself would see it, is refused.
fn c_text(cx: &mut Ctx, b: Vec<u8>) -> PyResult<CString> {
    match CString::new(b) {
        Ok(c) => Ok(c),
        Err(_) => Err(cx.value_error("embedded null character")),
    }
}

fn getnameinfo(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let flags = int(cx, a[1])?;
    let Some(t) = TupleObj::of(a[0]) else {
        return Err(cx.type_error("getnameinfo() argument 1 must be a tuple"));
    };
    let (host, port, flow, scope) = match t.items() {
        [h, p] => (*h, *p, None, None),
        [h, p, f] => (*h, *p, Some(*f), None),
        [h, p, f, s] => (*h, *p, Some(*f), Some(*s)),
        _ => return Err(cx.type_error("getnameinfo(): illegal sockaddr argument")),
    };
    if StrObj::of(host).is_none() {
        return Err(cx.type_error("getnameinfo(): illegal sockaddr argument"));
    }
    let name = crate::support::fs_name(cx, host)?;
    let port = int(cx, port)?;
    let number = |cx: &mut Ctx, v: Option<Value>| match v {
        Some(v) => crate::support::mask(cx, v),
        None => Ok(0),
    };
    let (flowinfo, scopeid) = (number(cx, flow)?, number(cx, scope)?);
    if flowinfo > 0xf_ffff {
        return Err(cx.raise_str(Ty::OverflowError, "getnameinfo(): flowinfo must be 0-1048575."));
    }
    audit(cx, "socket.getnameinfo", &[a[0]])?;
    let service = c_text(cx, port.to_string().into_bytes())?;
    let r = cx.blocking(|| {
        look_up(Some(&name), Some(&service), libc::AF_UNSPEC, libc::SOCK_DGRAM, 0, libc::AI_NUMERICHOST)
    });
    let all = match r {
        Ok(all) => all,
        Err((e, n)) => return Err(gai_error(cx, e, n)),
    };
    let [one] = all.as_slice() else {
        return Err(cx.raise_str(Ty::OSError, "sockaddr resolved to multiple addresses"));
    };
    let mut addr = one.addr;
    match one.family {
        libc::AF_INET if flow.is_some() => {
            return Err(cx.raise_str(Ty::OSError, "IPv4 sockaddr must be 2 tuple"));
        }
        libc::AF_INET6 => addr.set_flow_scope(flowinfo, scopeid),
        _ => {}
    }
    let mut h = vec![0u8; 1025];
    let mut s = vec![0u8; 32];
    let r = cx.blocking(|| {
        // SAFETY: an address and room for both texts.
        let e = unsafe {
            libc::getnameinfo(
                addr.ptr(),
                addr.len,
                h.as_mut_ptr().cast(),
                h.len() as libc::socklen_t,
                s.as_mut_ptr().cast(),
                s.len() as libc::socklen_t,
                flags,
            )
        };
        if e == 0 { Ok(()) } else { Err((e, sys::errno())) }
    });
    if let Err((e, n)) = r {
        return Err(gai_error(cx, e, n));
    }
    let v = [fs_value(cx, &sys::until_nul(h), false)?, fs_value(cx, &sys::until_nul(s), false)?];
    cx.tuple_of(None, &v)
}

fn gethostbyname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = host_arg(cx, a[0], "gethostbyname")?;
    audit(cx, "socket.gethostbyname", &[a[0]])?;
    let addr = resolve(cx, &name, libc::AF_INET)?;
    Ok(cx.str(&addr.ip_text().unwrap_or_default()))
}

/// A host's entry, copied.
struct Host {
    name: Vec<u8>,
    aliases: Vec<Vec<u8>>,
    addresses: Vec<String>,
}

/// Copies an entry.
///
/// # Safety
/// The C library filled it just now.
unsafe fn copy_host(h: &Hostent) -> Host {
    let mut out = Host { name: Vec::new(), aliases: Vec::new(), addresses: Vec::new() };
    // SAFETY: null-terminated arrays of strings and of addresses with the length that the entry says.
    unsafe {
        out.name = bytes_of(h.name).unwrap_or_default();
        let mut p = h.aliases;
        while !p.is_null()
            && let Some(b) = bytes_of(*p)
        {
            out.aliases.push(b);
            p = p.add(1);
        }
        let mut p = h.addresses;
        while !p.is_null() && !(*p).is_null() {
            let b = std::slice::from_raw_parts((*p).cast::<u8>(), usize::try_from(h.length).unwrap_or(0));
            if let Ok(v4) = <[u8; 4]>::try_from(b) {
                out.addresses.push(Ipv4Addr::from(v4).to_string());
            } else if let Ok(v6) = <[u8; 16]>::try_from(b) {
                out.addresses.push(v6_text(v6));
            }
            p = p.add(1);
        }
    }
    out
}

type HostCall<'a> = &'a dyn Fn(*mut Hostent, *mut c_char, usize, *mut *mut Hostent, *mut c_int) -> c_int;

fn host_entry(f: HostCall<'_>) -> Result<Host, c_int> {
    let mut size = 4096;
    loop {
        let mut buf = vec![0u8; size];
        let mut entry = sys::uninit::<Hostent>();
        let mut found: *mut Hostent = std::ptr::null_mut();
        let mut e = 0;
        let r = f(entry.as_mut_ptr(), buf.as_mut_ptr().cast(), size, &mut found, &mut e);
        if r == libc::ERANGE && size < 1 << 22 {
            size *= 4;
            continue;
        }
        // SAFETY: null, or the entry that was filled just now, whose parts lie in the buffer.
        return match unsafe { found.as_ref() } {
            // SAFETY: as above.
            Some(h) if r == 0 => Ok(unsafe { copy_host(h) }),
            _ => Err(e),
        };
    }
}

fn host_value(cx: &mut Ctx, r: Result<Host, c_int>) -> PyResult {
    let h = match r {
        Ok(h) => h,
        Err(e) => return Err(host_error(cx, e)),
    };
    let name = fs_value(cx, &h.name, false)?;
    let aliases = list_from(cx, &h.aliases, |cx, a| fs_value(cx, a, false))?;
    let addresses = list_from(cx, &h.addresses, |cx, a| Ok(cx.str(a)))?;
    cx.tuple_of(None, &[name, aliases, addresses])
}

fn gethostbyname_ex(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = host_arg(cx, a[0], "gethostbyname_ex")?;
    audit(cx, "socket.gethostbyname", &[a[0]])?;
    resolve(cx, &name, libc::AF_INET)?;
    // SAFETY: a NUL-terminated name and room for the answer.
    let r =
        cx.blocking(|| host_entry(&|h, b, n, f, e| unsafe { gethostbyname_r(name.as_ptr(), h, b, n, f, e) }));
    host_value(cx, r)
}

fn gethostbyaddr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = host_arg(cx, a[0], "gethostbyaddr")?;
    audit(cx, "socket.gethostbyaddr", &[a[0]])?;
    let addr = resolve(cx, &name, libc::AF_UNSPEC)?;
    let Some(ip) = addr.ip_bytes() else {
        return Err(cx.raise_str(Ty::OSError, "unsupported address family"));
    };
    let family = addr.family();
    let r = cx.blocking(|| {
        host_entry(&|h, b, n, f, e| {
            let len = ip.len() as libc::socklen_t;
            // SAFETY: an address of that length and room for the answer.
            unsafe { gethostbyaddr_r(ip.as_ptr().cast(), len, family, h, b, n, f, e) }
        })
    });
    host_value(cx, r)
}

fn gethostname(cx: &mut Ctx, _: &[Value]) -> PyResult {
    audit(cx, "socket.gethostname", &[])?;
    let mut b = vec![0u8; 1024];
    // SAFETY: the vector's memory, its last byte left as NUL.
    let r = sys::check(unsafe { libc::gethostname(b.as_mut_ptr().cast(), b.len() - 1) });
    crate::support::done(cx, r)?;
    fs_value(cx, &sys::until_nul(b), false)
}

fn sethostname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = fs_name(cx, a[0])?;
    audit(cx, "socket.sethostname", &[a[0]])?;
    let b = name.to_bytes();
    // SAFETY: the name's memory.
    let r = sys::check(unsafe { libc::sethostname(b.as_ptr().cast(), b.len()) });
    crate::support::none(cx, r)
}

/// The tables of services and protocols are static memory of the C library: one thread at a time reads and copies.
static TABLES: Mutex<()> = Mutex::new(());

fn str_text(cx: &mut Ctx, v: Value, func: &str, n: usize) -> PyResult<CString> {
    if StrObj::of(v).is_none() {
        return Err(not_text(cx, v, func, n));
    }
    let b = protopy_vm::codec::fs_encode(cx, v)?;
    c_text(cx, b)
}

fn optional_text(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Option<CString>> {
    match v.bound() {
        Some(v) => str_text(cx, v, func, 2).map(Some),
        None => Ok(None),
    }
}

fn getservbyname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = str_text(cx, a[0], "getservbyname", 1)?;
    let proto = optional_text(cx, a[1], "getservbyname")?;
    let shown = if a[1].is_unbound() { cx.str("") } else { a[1] };
    audit(cx, "socket.getservbyname", &[a[0], shown])?;
    let port = cx.blocking(|| {
        let _one = TABLES.lock().unwrap_or_else(|e| e.into_inner());
        let p = proto.as_ref().map_or(std::ptr::null(), |p| p.as_ptr());
        // SAFETY: NUL-terminated names; the entry is read before the lock is left.
        unsafe { libc::getservbyname(name.as_ptr(), p).as_ref().map(|s| s.s_port) }
    });
    match port {
        Some(p) => Ok(cx.int(u16::from_be(p as u16).into())),
        None => Err(cx.raise_str(Ty::OSError, "service/proto not found")),
    }
}

fn getservbyport(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = int(cx, a[0])?;
    let proto = optional_text(cx, a[1], "getservbyport")?;
    let Ok(port) = u16::try_from(n) else {
        return Err(cx.raise_str(Ty::OverflowError, "getservbyport: port must be 0-65535."));
    };
    let shown = if a[1].is_unbound() { cx.str("") } else { a[1] };
    audit(cx, "socket.getservbyport", &[a[0], shown])?;
    let name = cx.blocking(|| {
        let _one = TABLES.lock().unwrap_or_else(|e| e.into_inner());
        let p = proto.as_ref().map_or(std::ptr::null(), |p| p.as_ptr());
        // SAFETY: null or a NUL-terminated name; the entry is copied before the lock is left.
        unsafe { libc::getservbyport(port.to_be().into(), p).as_ref().and_then(|s| bytes_of(s.s_name)) }
    });
    match name {
        Some(n) => fs_value(cx, &n, false),
        None => Err(cx.raise_str(Ty::OSError, "port/proto not found")),
    }
}

fn getprotobyname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = str_text(cx, a[0], "getprotobyname", 1)?;
    let n = cx.blocking(|| {
        let _one = TABLES.lock().unwrap_or_else(|e| e.into_inner());
        // SAFETY: a NUL-terminated name; the entry is read before the lock is left.
        unsafe { libc::getprotobyname(name.as_ptr()).as_ref().map(|p| p.p_proto) }
    });
    match n {
        Some(n) => Ok(cx.int(n.into())),
        None => Err(cx.raise_str(Ty::OSError, "protocol not found")),
    }
}

fn if_nameindex(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let r = cx.blocking(|| {
        // SAFETY: an array that ends with a zero entry, freed after it was copied.
        unsafe {
            let list = libc::if_nameindex();
            if list.is_null() {
                return Err(sys::errno());
            }
            let mut out = Vec::new();
            let mut at = list;
            while (*at).if_index != 0 && !(*at).if_name.is_null() {
                out.push(((*at).if_index, bytes_of((*at).if_name).unwrap_or_default()));
                at = at.add(1);
            }
            libc::if_freenameindex(list);
            Ok(out)
        }
    });
    let all = crate::support::done(cx, r)?;
    let mut out = ValueVec::new(cx);
    for (i, n) in all {
        let v = [cx.int(i.into()), fs_value(cx, &n, false)?];
        let t = cx.tuple_of(None, &v)?;
        out.push(cx, t)?;
    }
    Ok(out.into_list())
}

fn if_nametoindex(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = fs_name(cx, a[0])?;
    // SAFETY: a NUL-terminated name.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(raise_errno(cx, sys::errno())),
        n => Ok(cx.int(n.into())),
    }
}

/// The name of an interface.
pub(super) fn interface_name(index: u32) -> Option<String> {
    let mut b = vec![0u8; libc::IF_NAMESIZE + 1];
    // SAFETY: room for a name.
    let p = unsafe { libc::if_indextoname(index, b.as_mut_ptr().cast()) };
    if p.is_null() { None } else { Some(String::from_utf8_lossy(&sys::until_nul(b)).into_owned()) }
}

fn if_indextoname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let i = index(cx, a[0])?;
    let r = IntRef::of(i).unwrap_or(IntRef::Small(0));
    if r.signum() < 0 {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    let Some(n) = r.to_i64().and_then(|n| u32::try_from(n).ok()) else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large for C unsigned int"));
    };
    match interface_name(n) {
        Some(s) => Ok(cx.str(&s)),
        None => Err(raise_errno(cx, sys::errno())),
    }
}

fn inet_aton(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if StrObj::of(a[0]).is_none() {
        let msg = format!("inet_aton() argument must be str, not {}", crate::support::none_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    }
    let text = str_text(cx, a[0], "inet_aton", 1)?;
    let mut to = libc::in_addr { s_addr: 0 };
    // SAFETY: a NUL-terminated text and room for the answer.
    if unsafe { c_inet_aton(text.as_ptr(), &mut to) } == 0 {
        return Err(cx.raise_str(Ty::OSError, "illegal IP address string passed to inet_aton"));
    }
    cx.bytes(&to.s_addr.to_ne_bytes())
}

fn inet_ntoa(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = protopy_vm::bytes_like(cx, a[0])?;
    match <[u8; 4]>::try_from(&*b) {
        Ok(ip) => Ok(cx.str(&Ipv4Addr::from(ip).to_string())),
        Err(_) => Err(cx.raise_str(Ty::OSError, "packed IP wrong length for inet_ntoa")),
    }
}

fn inet_pton(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let family = int(cx, a[0])?;
    let text = str_text(cx, a[1], "inet_pton", 2)?;
    let mut to = [0u8; 16];
    // SAFETY: a NUL-terminated text and room for the longest address.
    match unsafe { c_inet_pton(family, text.as_ptr(), to.as_mut_ptr().cast()) } {
        -1 => Err(raise_errno(cx, sys::errno())),
        0 => Err(cx.raise_str(Ty::OSError, "illegal IP address string passed to inet_pton")),
        _ => cx.bytes(if family == libc::AF_INET { &to[..4] } else { &to }),
    }
}

fn inet_ntop(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let family = int(cx, a[0])?;
    let b = protopy_vm::bytes_like(cx, a[1])?;
    let text = match family {
        libc::AF_INET => <[u8; 4]>::try_from(&*b).ok().map(|ip| Ipv4Addr::from(ip).to_string()),
        libc::AF_INET6 => <[u8; 16]>::try_from(&*b).ok().map(v6_text),
        _ => return Err(cx.value_error(&format!("unknown address family {family}"))),
    };
    match text {
        Some(t) => Ok(cx.str(&t)),
        None => Err(cx.value_error("invalid length of packed IP address string")),
    }
}
