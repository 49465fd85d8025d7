//! Filter chains: from dicts to liblzma's options and back.
#![allow(unsafe_code)]

use super::{check, lzma_error};
use liblzma_sys as l;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm};
use std::ffi::c_void;

/// liblzma's `lzma_options_delta`, which the bindings leave out.
#[repr(C)]
#[derive(Clone, Copy)]
struct DeltaOptions {
    kind: u32,
    dist: u32,
    reserved_ints: [u32; 4],
    reserved_ptrs: [*mut c_void; 2],
}

/// The options of a filter.
enum Options {
    Lzma(Box<l::lzma_options_lzma>),
    Delta(Box<DeltaOptions>),
    Bcj(Box<l::lzma_options_bcj>),
}

/// A filter.
pub(super) struct Filter {
    id: u64,
    options: Options,
}

/// The most filters that liblzma takes.
const MAX: usize = 4;

impl Filter {
    fn raw(&mut self) -> l::lzma_filter {
        let options: *mut c_void = match &mut self.options {
            Options::Lzma(o) => (&raw mut **o).cast(),
            Options::Delta(o) => (&raw mut **o).cast(),
            Options::Bcj(o) => (&raw mut **o).cast(),
        };
        l::lzma_filter { id: self.id, options }
    }
}

/// A chain of filters.
pub(super) struct Chain(Vec<Filter>);

impl Chain {
    /// Runs `f` on the chain as liblzma wants it.
    pub(super) fn with_raw<R>(&mut self, f: impl FnOnce(*const l::lzma_filter) -> R) -> R {
        let end = || l::lzma_filter { id: l::LZMA_VLI_UNKNOWN, options: std::ptr::null_mut() };
        let mut raw: [l::lzma_filter; MAX + 1] = std::array::from_fn(|_| end());
        for (r, filter) in raw.iter_mut().zip(&mut self.0) {
            *r = filter.raw();
        }
        f(raw.as_ptr())
    }

    /// The options of a chain that is a single LZMA1 filter.
    pub(super) fn only_lzma1(&mut self) -> Option<&mut l::lzma_options_lzma> {
        match &mut self.0[..] {
            [Filter { id: l::LZMA_FILTER_LZMA1, options: Options::Lzma(o) }] => Some(o),
            _ => None,
        }
    }
}

/// An unsigned int; ValueError for a negative one.
pub(super) fn unsigned(cx: &mut Ctx, v: Value) -> PyResult<u64> {
    let n = vm::index(cx, v)?;
    let Some(i) = IntRef::of(n) else { return Err(cx.type_error("an integer is required")) };
    if i.signum() < 0 {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    match u64::try_from(&i.to_big()) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.raise_str(Ty::OverflowError, "int too big to convert")),
    }
}

/// As [`unsigned`] for 32 bits.
pub(super) fn unsigned_32(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    match u32::try_from(unsigned(cx, v)?) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.raise_str(Ty::OverflowError, "Value too large for uint32_t type")),
    }
}

/// The LZMA options of a preset.
pub(super) fn preset_options(cx: &mut Ctx, preset: u32) -> PyResult<Box<l::lzma_options_lzma>> {
    // SAFETY: zero is a valid value of each field.
    let mut o: Box<l::lzma_options_lzma> = Box::new(unsafe { std::mem::zeroed() });
    // SAFETY: the options are there.
    if unsafe { l::lzma_lzma_preset(&mut *o, preset) } != 0 {
        return Err(lzma_error(cx, &format!("Invalid compression preset: {preset}")));
    }
    Ok(o)
}

/// The entry `key` of a filter specifier; `None` if there is none.
fn entry(cx: &mut Ctx, spec: Value, key: &str) -> PyResult<Option<Value>> {
    let k = cx.str(key);
    let got = vm::get_item(cx, spec, k);
    vm::errors::catch(cx, got, Ty::KeyError)
}

fn is_bcj(id: u64) -> bool {
    (l::LZMA_FILTER_X86..=l::LZMA_FILTER_SPARC).contains(&id)
}

/// A filter of a dict or the like.
pub(super) fn filter_of(cx: &mut Ctx, spec: Value) -> PyResult<Filter> {
    let mapping = DictObj::of(spec).is_some()
        || (cx.type_of(spec).slots.getitem.address() != 0
            && vm::lookup_attr_str(cx, spec, "keys")?.is_some());
    if !mapping {
        return Err(cx.type_error("Filter specifier must be a dict or dict-like object"));
    }
    let Some(id) = entry(cx, spec, "id")? else {
        return Err(cx.value_error("Filter specifier must have an \"id\" entry"));
    };
    let id = unsigned(cx, id)?;
    let options = match id {
        l::LZMA_FILTER_LZMA1 | l::LZMA_FILTER_LZMA2 => Options::Lzma(lzma_options(cx, spec)?),
        l::LZMA_FILTER_DELTA => Options::Delta(delta_options(cx, spec)?),
        id if is_bcj(id) => Options::Bcj(bcj_options(cx, spec)?),
        id => return Err(cx.value_error(&format!("Invalid filter ID: {id}"))),
    };
    Ok(Filter { id, options })
}

/// Reads the numbers of a specifier into their places; whatever is wrong is told as one error.
fn numbers(cx: &mut Ctx, spec: Value, what: &str, places: &mut [(&str, &mut u32)]) -> PyResult<()> {
    let bad = format!("Invalid filter specifier for {what} filter");
    let known = vm::iter(cx, spec)?;
    while let Some(k) = vm::next(cx, known)? {
        let ok = StrObj::of(k).is_some_and(|s| {
            s.eq_str("id") || s.eq_str("preset") && what == "LZMA" || places.iter().any(|(n, _)| s.eq_str(n))
        });
        if !ok {
            return Err(cx.value_error(&bad));
        }
    }
    for (name, place) in places {
        let Some(v) = entry(cx, spec, name)? else { continue };
        match unsigned_32(cx, v) {
            Ok(n) => **place = n,
            Err(r) => {
                cx.take_raised(r);
                return Err(cx.value_error(&bad));
            }
        }
    }
    Ok(())
}

fn lzma_options(cx: &mut Ctx, spec: Value) -> PyResult<Box<l::lzma_options_lzma>> {
    let preset = match entry(cx, spec, "preset")? {
        Some(v) => unsigned_32(cx, v)?,
        None => l::LZMA_PRESET_DEFAULT,
    };
    let mut o = preset_options(cx, preset)?;
    let mut n = [o.dict_size, o.lc, o.lp, o.pb, o.mode, o.nice_len, o.mf, o.depth];
    let [dict_size, lc, lp, pb, mode, nice_len, mf, depth] = &mut n;
    let places = &mut [
        ("dict_size", dict_size),
        ("lc", lc),
        ("lp", lp),
        ("pb", pb),
        ("mode", mode),
        ("nice_len", nice_len),
        ("mf", mf),
        ("depth", depth),
    ];
    numbers(cx, spec, "LZMA", places)?;
    [o.dict_size, o.lc, o.lp, o.pb, o.mode, o.nice_len, o.mf, o.depth] = n;
    Ok(o)
}

fn delta_options(cx: &mut Ctx, spec: Value) -> PyResult<Box<DeltaOptions>> {
    let mut dist = 1;
    numbers(cx, spec, "delta", &mut [("dist", &mut dist)])?;
    Ok(Box::new(DeltaOptions {
        kind: 0,
        dist,
        reserved_ints: [0; 4],
        reserved_ptrs: [std::ptr::null_mut(); 2],
    }))
}

fn bcj_options(cx: &mut Ctx, spec: Value) -> PyResult<Box<l::lzma_options_bcj>> {
    let mut start_offset = 0;
    numbers(cx, spec, "BCJ", &mut [("start_offset", &mut start_offset)])?;
    Ok(Box::new(l::lzma_options_bcj { start_offset }))
}

/// A chain of a sequence of dicts.
pub(super) fn chain_of(cx: &mut Ctx, specs: Value) -> PyResult<Chain> {
    if DictObj::of(specs).is_some() {
        let msg = format!("{} is not a sequence", protopy_vm::ops::tp_name(cx, specs));
        return Err(cx.type_error(&msg));
    }
    let n = vm::len(cx, specs)?;
    if n > MAX {
        return Err(cx.value_error("Too many filters - liblzma supports a maximum of 4"));
    }
    let mut chain = Vec::with_capacity(n);
    for i in 0..n {
        let i = cx.int_usize(i);
        let spec = vm::get_item(cx, specs, i)?;
        chain.push(filter_of(cx, spec)?);
    }
    Ok(Chain(chain))
}

/// `_encode_filter_properties(filter)`
pub(super) fn encode_properties(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut filter = filter_of(cx, a[0])?;
    let raw = filter.raw();
    let mut size = 0;
    // SAFETY: the filter's options live in `filter`.
    let code = unsafe { l::lzma_properties_size(&mut size, &raw) };
    check(cx, code)?;
    let mut out = vec![0; size as usize];
    // SAFETY: as above; there is room for the size that was told.
    let code = unsafe { l::lzma_properties_encode(&raw, out.as_mut_ptr()) };
    check(cx, code)?;
    cx.bytes(&out)
}

/// `_decode_filter_properties(filter_id, encoded_props)`
pub(super) fn decode_properties(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = unsigned(cx, a[0])?;
    let props = vm::bytes_like(cx, a[1])?;
    let mut raw = l::lzma_filter { id, options: std::ptr::null_mut() };
    // SAFETY: the bytes are there; options are allocated by the library, with malloc.
    let code = unsafe { l::lzma_properties_decode(&mut raw, std::ptr::null(), props.as_ptr(), props.len()) };
    check(cx, code)?;
    // SAFETY: the library allocated options of the filter's kind, or none.
    let found: Vec<(&str, u32)> = unsafe {
        match id {
            _ if raw.options.is_null() => Vec::new(),
            l::LZMA_FILTER_LZMA1 => {
                let o = &*raw.options.cast::<l::lzma_options_lzma>();
                vec![("lc", o.lc), ("lp", o.lp), ("pb", o.pb), ("dict_size", o.dict_size)]
            }
            l::LZMA_FILTER_LZMA2 => {
                vec![("dict_size", (*raw.options.cast::<l::lzma_options_lzma>()).dict_size)]
            }
            l::LZMA_FILTER_DELTA => vec![("dist", (*raw.options.cast::<DeltaOptions>()).dist)],
            _ => vec![("start_offset", (*raw.options.cast::<l::lzma_options_bcj>()).start_offset)],
        }
    };
    // SAFETY: allocated with malloc, and not used again.
    unsafe { libc::free(raw.options) };
    let spec = cx.dict();
    let Some(d) = DictObj::of(spec) else { return Err(cx.no_memory()) };
    let id = cx.int_u64(id);
    let k = cx.intern_str("id");
    vm::dict_set(cx, d, k, id)?;
    for (n, v) in found {
        let k = cx.intern_str(n);
        let v = cx.int(i64::from(v));
        vm::dict_set(cx, d, k, v)?;
    }
    Ok(spec)
}
