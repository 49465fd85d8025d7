//! What a ctypes class knows of its C type.

use crate::codes;
use libffi_sys as ffi;
use protopy_vm::protocore::{Ctx, Payload, Raised, Slot, Tracer, TypeObj, Value};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The kinds of C types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Simple,
    Struct,
    Union,
    Array,
    Pointer,
    Func,
}

/// Bits of [`Info::flags`].
pub(crate) mod flag {
    /// Instances exist or other types use this one: it does not change any more.
    pub(crate) const FINAL: u32 = 1;
    /// Values hold addresses.
    pub(crate) const POINTER: u32 = 2;
}

/// How a part of a small struct travels in registers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Integer,
    Float,
    Double,
    LongDouble,
}

/// A scalar in a struct.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prim {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) class: Class,
}

/// Adds a scalar to those of a struct, once: fields of unions lie at the same place, and there would be twice as many with each union in
/// a union.
pub(crate) fn add_prim(all: &mut Vec<Prim>, p: Prim) {
    if !all.contains(&p) {
        all.push(p);
    }
}

/// Structs larger than this are passed in memory everywhere, whatever is in them.
pub(crate) const REGISTERS: usize = 64;

/// The description of a struct for libffi, with the memory that it points at.
struct FfiStruct {
    whole: Box<ffi::ffi_type>,
    _elements: Box<[*mut ffi::ffi_type]>,
}

// SAFETY: written once, before it is shared; libffi reads it.
unsafe impl Send for FfiStruct {}
// SAFETY: as above.
unsafe impl Sync for FfiStruct {}

/// The C type of a class.
pub(crate) struct Info {
    pub(crate) kind: Kind,
    /// Letter of a simple type, else 0.
    pub(crate) code: u8,
    pub(crate) swapped: bool,
    /// Whether the class derives from `_SimpleCData` directly: values become Python objects then.
    pub(crate) plain: bool,
    pub(crate) size: usize,
    pub(crate) align: usize,
    /// Items of an array, fields of a struct with those of its bases.
    pub(crate) length: usize,
    /// Type of an array's items or of what a pointer points at.
    pub(crate) proto: Slot,
    /// Buffer format.
    pub(crate) format: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) flags: AtomicU32,
    /// `__pointer_type__`
    pub(crate) pointer_type: Slot,
    /// Array types of this type by length: a dict of weak references.
    pub(crate) arrays: Slot,
    pub(crate) prims: Vec<Prim>,
    /// Function types: tuple of argument types.
    pub(crate) argtypes: Slot,
    /// Function types: tuple of their `from_param`.
    pub(crate) converters: Slot,
    /// Function types: result type, None, or a callable; empty if none was given.
    pub(crate) restype: Slot,
    /// Function types: `_check_retval_` of the result type.
    pub(crate) checker: Slot,
    /// Function types: `_flags_`.
    pub(crate) func_flags: u32,
    ffi: OnceLock<FfiStruct>,
}

impl Payload for Info {
    const NAME: &'static str = "StgInfo";

    fn trace(&self, t: &mut Tracer) {
        let all =
            [&self.proto, &self.pointer_type, &self.arrays, &self.argtypes, &self.converters, &self.restype];
        for s in all {
            t.slot(s);
        }
        t.slot(&self.checker);
    }
}

impl Info {
    /// A description to start from.
    pub(crate) fn new(kind: Kind) -> Info {
        Info {
            kind,
            code: 0,
            swapped: false,
            plain: false,
            size: 0,
            align: 1,
            length: 0,
            proto: Slot::empty(),
            format: "B".to_owned(),
            shape: Vec::new(),
            flags: AtomicU32::new(0),
            pointer_type: Slot::empty(),
            arrays: Slot::empty(),
            prims: Vec::new(),
            argtypes: Slot::empty(),
            converters: Slot::empty(),
            restype: Slot::empty(),
            checker: Slot::empty(),
            func_flags: 0,
            ffi: OnceLock::new(),
        }
    }

    /// The same type for a subclass.
    pub(crate) fn for_subclass(&self) -> Info {
        Info {
            code: self.code,
            swapped: self.swapped,
            size: self.size,
            align: self.align,
            length: self.length,
            proto: Slot::from_option(self.proto.get()),
            format: self.format.clone(),
            shape: self.shape.clone(),
            flags: AtomicU32::new(self.flags.load(Ordering::Relaxed) & !flag::FINAL),
            prims: self.prims.clone(),
            ..Info::new(self.kind)
        }
    }

    /// Whether any of the flags is set.
    pub(crate) fn has(&self, f: u32) -> bool {
        self.flags.load(Ordering::Relaxed) & f != 0
    }

    /// Sets flags.
    pub(crate) fn set(&self, f: u32) {
        if !self.has(f) {
            self.flags.fetch_or(f, Ordering::Relaxed);
        }
    }

    /// Whether values of the type become plain Python objects.
    pub(crate) fn converts(&self) -> bool {
        self.kind == Kind::Simple && self.plain
    }

    /// The scalars of a value of a small type, `at` bytes into a struct.
    pub(crate) fn prims_at(&self, at: usize, out: &mut Vec<Prim>) {
        match self.kind {
            Kind::Simple => simple_prims(self.code, at, out),
            Kind::Pointer | Kind::Func => {
                add_prim(out, Prim { offset: at, size: 8, class: Class::Integer });
            }
            Kind::Struct | Kind::Union | Kind::Array => {
                for p in &self.prims {
                    add_prim(out, Prim { offset: p.offset.saturating_add(at), ..*p });
                }
            }
        }
    }

    /// The description for libffi of an argument or result of this type.
    pub(crate) fn ffi_type(&self) -> *mut ffi::ffi_type {
        match self.kind {
            Kind::Simple => simple_ffi(self.code),
            Kind::Pointer | Kind::Func | Kind::Array => &raw mut ffi::ffi_type_pointer,
            Kind::Struct | Kind::Union => {
                let s = self.ffi.get_or_init(|| struct_ffi(self.size, self.align, &self.prims));
                (&raw const *s.whole).cast_mut()
            }
        }
    }
}

fn simple_prims(code: u8, at: usize, out: &mut Vec<Prim>) {
    let size = codes::size_align(code).map_or(8, |s| s.0);
    let (class, n) = match code {
        b'f' => (Class::Float, 1),
        b'd' => (Class::Double, 1),
        b'g' => (Class::LongDouble, 1),
        b'F' => (Class::Float, 2),
        b'D' => (Class::Double, 2),
        b'G' => (Class::LongDouble, 2),
        _ => (Class::Integer, 1),
    };
    for i in 0..n {
        add_prim(out, Prim { offset: at.saturating_add(i * (size / n)), size: size / n, class });
    }
}

/// libffi's description of a simple type.
pub(crate) fn simple_ffi(code: u8) -> *mut ffi::ffi_type {
    match code {
        b'b' | b'c' => &raw mut ffi::ffi_type_sint8,
        b'B' | b'?' => &raw mut ffi::ffi_type_uint8,
        b'h' | b'v' => &raw mut ffi::ffi_type_sint16,
        b'H' => &raw mut ffi::ffi_type_uint16,
        b'i' | b'u' => &raw mut ffi::ffi_type_sint32,
        b'I' => &raw mut ffi::ffi_type_uint32,
        b'l' | b'q' => &raw mut ffi::ffi_type_sint64,
        b'L' | b'Q' => &raw mut ffi::ffi_type_uint64,
        b'f' => &raw mut ffi::ffi_type_float,
        b'd' => &raw mut ffi::ffi_type_double,
        b'g' => &raw mut ffi::ffi_type_longdouble,
        b'F' => &raw mut ffi::ffi_type_complex_float,
        b'D' => &raw mut ffi::ffi_type_complex_double,
        b'G' => &raw mut ffi::ffi_type_complex_longdouble,
        _ => &raw mut ffi::ffi_type_pointer,
    }
}

fn element(p: &Prim) -> *mut ffi::ffi_type {
    match (p.class, p.size) {
        (Class::Float, _) => &raw mut ffi::ffi_type_float,
        (Class::Double, _) => &raw mut ffi::ffi_type_double,
        (Class::LongDouble, _) => &raw mut ffi::ffi_type_longdouble,
        (Class::Integer, 1) => &raw mut ffi::ffi_type_uint8,
        (Class::Integer, 2) => &raw mut ffi::ffi_type_uint16,
        (Class::Integer, 4) => &raw mut ffi::ffi_type_uint32,
        (Class::Integer, _) => &raw mut ffi::ffi_type_uint64,
    }
}

/// Whether the scalars are where C puts them one after the other: what libffi assumes.
fn regular(prims: &[Prim]) -> bool {
    let mut at = 0usize;
    prims.iter().all(|p| {
        let there = at.next_multiple_of(p.size.clamp(1, 16)) == p.offset;
        at = p.offset + p.size;
        there
    })
}

/// The scalars of a union, or of a struct with unaligned fields: one for each eight bytes, an integer if there is any.
fn by_words(size: usize, prims: &[Prim]) -> Vec<Prim> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < size {
        let n = (size - at).min(8);
        let here = || prims.iter().filter(|p| p.offset < at + n && p.offset + p.size > at);
        let floats = here().count() > 0 && here().all(|p| p.class != Class::Integer);
        if floats && here().all(|p| p.class == Class::LongDouble) {
            out.push(Prim { offset: at, size: 16, class: Class::LongDouble });
            at += 16;
            continue;
        }
        if floats && (n == 8 || n == 4) {
            let class = if n == 8 { Class::Double } else { Class::Float };
            out.push(Prim { offset: at, size: n, class });
        } else if n == 8 {
            out.push(Prim { offset: at, size: 8, class: Class::Integer });
        } else {
            out.extend((0..n).map(|i| Prim { offset: at + i, size: 1, class: Class::Integer }));
        }
        at += n;
    }
    out
}

fn struct_ffi(size: usize, align: usize, prims: &[Prim]) -> FfiStruct {
    let large = [Prim { offset: 0, size: 8, class: Class::Integer }];
    let words;
    let prims: &[Prim] = if size > REGISTERS {
        &large
    } else if regular(prims) {
        prims
    } else {
        words = by_words(size, prims);
        &words
    };
    let mut elements: Vec<*mut ffi::ffi_type> = prims.iter().map(element).collect();
    elements.push(std::ptr::null_mut());
    let mut elements = elements.into_boxed_slice();
    let whole = Box::new(ffi::ffi_type {
        size,
        // libffi aligns addresses, but its room for arguments only to 16 bytes.
        alignment: u16::try_from(align).unwrap_or(16).clamp(1, 16),
        type_: ffi::FFI_TYPE_STRUCT,
        elements: elements.as_mut_ptr(),
    });
    FfiStruct { whole, _elements: elements }
}

/// The description on a class, if it is a complete ctypes class.
#[inline]
pub(crate) fn of_type(t: &TypeObj) -> Option<&'static Info> {
    t.attached.get()?.native::<Info>()
}

/// As [`of_type`] for a value that may be a class.
#[inline]
pub(crate) fn of_class(v: Value) -> Option<&'static Info> {
    of_type(TypeObj::of(v)?)
}

/// The description of a value's class.
#[inline]
pub(crate) fn of_value(cx: &Ctx, v: Value) -> Option<&'static Info> {
    of_type(cx.type_of(v))
}

/// "abstract class"
#[cold]
pub(crate) fn abstract_class(cx: &mut Ctx) -> Raised {
    cx.type_error("abstract class")
}
