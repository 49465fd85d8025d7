//! `zlib`: DEFLATE, as zlib-rs implements it.

mod objects;
mod stream;

use crate::c_int;
use crate::output::{NoMemory, Output};
use libz_rs_sys as z;
use num_bigint::Sign;
use protopy_vm::protocore::layouts::IntRef;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};
use stream::{Deflate, Inflate, ZError};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "zlib",
    doc: "The functions in this module allow compression and decompression using the\nzlib library, which is based on GNU zip.",
    functions: methods![functions:
        /// The Adler-32 of data, continued from another.
        "adler32(data, value=1, /)" => |cx, a| checksum(cx, a, stream::adler32);
        /// The CRC-32 of data, continued from another.
        "crc32(data, value=0, /)" => |cx, a| checksum(cx, a, stream::crc32);
        /// The compressed form of data.
        "compress(data, /, level=-1, wbits=15)" => compress;
        /// The data of a compressed form.
        "decompress(data, /, wbits=15, bufsize=16384)" => decompress;
        /// A compressor.
        "compressobj(level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=<unrepresentable>)" => objects::compressobj;
        /// A decompressor.
        "decompressobj(wbits=15, zdict=b'')" => objects::decompressobj;
    ],
    init: Some(init),
};

/// What the module remembers of a space.
#[derive(Default)]
struct State {
    error: Slot,
    compress: Slot,
    decompress: Slot,
    decoder: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.error, &self.compress, &self.decompress, &self.decoder] {
            t.slot(s);
        }
    }
}

static ERROR: TypeSpec = TypeSpec {
    name: "error",
    module: "zlib",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};

const CONSTANTS: &[(&str, i32)] = &[
    ("MAX_WBITS", 15),
    ("DEFLATED", z::Z_DEFLATED),
    ("DEF_MEM_LEVEL", 8),
    ("DEF_BUF_SIZE", 16384),
    ("Z_NO_COMPRESSION", z::Z_NO_COMPRESSION),
    ("Z_BEST_SPEED", z::Z_BEST_SPEED),
    ("Z_BEST_COMPRESSION", z::Z_BEST_COMPRESSION),
    ("Z_DEFAULT_COMPRESSION", z::Z_DEFAULT_COMPRESSION),
    ("Z_FILTERED", z::Z_FILTERED),
    ("Z_HUFFMAN_ONLY", z::Z_HUFFMAN_ONLY),
    ("Z_RLE", z::Z_RLE),
    ("Z_FIXED", z::Z_FIXED),
    ("Z_DEFAULT_STRATEGY", z::Z_DEFAULT_STRATEGY),
    ("Z_NO_FLUSH", z::Z_NO_FLUSH),
    ("Z_PARTIAL_FLUSH", z::Z_PARTIAL_FLUSH),
    ("Z_SYNC_FLUSH", z::Z_SYNC_FLUSH),
    ("Z_FULL_FLUSH", z::Z_FULL_FLUSH),
    ("Z_FINISH", z::Z_FINISH),
    ("Z_BLOCK", z::Z_BLOCK),
    ("Z_TREES", z::Z_TREES),
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    // A module that is imported afresh shares its types with the first one.
    if state.error.get().is_none() {
        let base = cx.ty(Ty::Exception).value();
        let t = create_type_with_base(cx, &ERROR, base)?;
        state.error.init(Some(t));
        for (slot, spec) in [
            (&state.compress, &objects::COMPRESS),
            (&state.decompress, &objects::DECOMPRESS),
            (&state.decoder, &objects::ZLIB_DECOMPRESSOR),
        ] {
            let t = create_type(cx, spec)?;
            slot.init(Some(t));
        }
    }
    vm::set_attr_str(cx, module, "error", state.error.get_or_none())?;
    vm::set_attr_str(cx, module, "_ZlibDecompressor", state.decoder.get_or_none())?;
    for (n, v) in CONSTANTS {
        vm::set_attr_str(cx, module, n, Value::small(i64::from(*v)))?;
    }
    let version = cx.str(&stream::version());
    vm::set_attr_str(cx, module, "ZLIB_VERSION", version)?;
    vm::set_attr_str(cx, module, "ZLIB_RUNTIME_VERSION", version)?;
    let own = cx.str("1.0");
    vm::set_attr_str(cx, module, "__version__", own)
}

/// Raises `zlib.error` for an error of the library while it was doing something.
#[cold]
fn error(cx: &mut Ctx, e: ZError, doing: &str) -> Raised {
    let text = match (e.text, e.code) {
        (_, z::Z_VERSION_ERROR) => Some("library version mismatch".to_owned()),
        (Some(t), z::Z_DATA_ERROR) => Some(t),
        (_, z::Z_BUF_ERROR) => Some("incomplete or truncated stream".to_owned()),
        (_, z::Z_STREAM_ERROR) => Some("inconsistent stream state".to_owned()),
        (None, z::Z_DATA_ERROR) => Some("invalid input data".to_owned()),
        _ => None,
    };
    let msg = match text {
        Some(t) => format!("Error {} {doing}: {t}", e.code),
        None => format!("Error {} {doing}", e.code),
    };
    let t = cx.space().state::<State>().error.get_or_none();
    let m = cx.str(&msg);
    vm::raise_class(cx, t, &[m])
}

/// Checksums of more bytes than this are made in a blocking scope.
const LONG: usize = 5 * 1024;

fn checksum(cx: &mut Ctx, a: &[Value], f: fn(u32, &[u8]) -> u32) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let start = low_32(cx, a[1])?;
    let sum = if data.len() > LONG { cx.blocking(|| f(start, &data)) } else { f(start, &data) };
    Ok(cx.int(i64::from(sum)))
}

/// The low 32 bits of an int in two's complement.
fn low_32(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let v = vm::index(cx, v)?;
    Ok(match IntRef::of(v) {
        Some(IntRef::Small(n)) => n as u32,
        Some(IntRef::Big(b)) => {
            let low = b.iter_u32_digits().next().unwrap_or(0);
            if b.sign() == Sign::Minus { low.wrapping_neg() } else { low }
        }
        None => 0,
    })
}

enum Failure {
    Memory,
    Setup(ZError),
    Stream(ZError),
}

impl From<NoMemory> for Failure {
    fn from(_: NoMemory) -> Self {
        Failure::Memory
    }
}

fn compress_all(mut data: &[u8], level: i32, wbits: i32) -> Result<Output, Failure> {
    let mut s =
        Deflate::new(level, z::Z_DEFLATED, wbits, 8, z::Z_DEFAULT_STRATEGY).map_err(Failure::Setup)?;
    let mut out = Output::new(None);
    loop {
        let flush = if data.len() <= u32::MAX as usize { z::Z_FINISH } else { z::Z_NO_FLUSH };
        let r = s.run(data, out.room()?, flush);
        out.wrote(r.wrote);
        data = &data[r.used..];
        match r.code {
            z::Z_STREAM_END => return Ok(out),
            z::Z_OK | z::Z_BUF_ERROR => {}
            code => return Err(Failure::Stream(s.error(code))),
        }
    }
}

fn compress(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let (level, wbits) = (c_int(cx, a[1])?, c_int(cx, a[2])?);
    match cx.blocking(|| compress_all(&data, level, wbits)) {
        Ok(out) => cx.bytes(out.bytes()),
        Err(Failure::Memory) => Err(cx.no_memory()),
        Err(Failure::Setup(e) | Failure::Stream(e)) if e.code == z::Z_MEM_ERROR => {
            Err(cx.raise_str(Ty::MemoryError, "Out of memory while compressing data"))
        }
        Err(Failure::Setup(e)) if e.code == z::Z_STREAM_ERROR => {
            let t = cx.space().state::<State>().error.get_or_none();
            let m = cx.str("Bad compression level");
            Err(vm::raise_class(cx, t, &[m]))
        }
        Err(Failure::Setup(e) | Failure::Stream(e)) => Err(error(cx, e, "while compressing data")),
    }
}

fn decompress_all(mut data: &[u8], wbits: i32, first: usize) -> Result<Output, Failure> {
    let mut s = Inflate::new(wbits).map_err(Failure::Setup)?;
    let mut out = Output::with_room(first);
    loop {
        let flush = if data.len() <= u32::MAX as usize { z::Z_FINISH } else { z::Z_NO_FLUSH };
        let r = s.run(data, out.room()?, flush);
        out.wrote(r.wrote);
        data = &data[r.used..];
        match r.code {
            z::Z_STREAM_END => return Ok(out),
            z::Z_OK | z::Z_BUF_ERROR if out.room_used_up() || r.used > 0 => {}
            z::Z_OK | z::Z_BUF_ERROR => {
                return Err(Failure::Stream(ZError { code: z::Z_BUF_ERROR, text: None }));
            }
            code => return Err(Failure::Stream(s.error(code))),
        }
    }
}

fn decompress(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let wbits = c_int(cx, a[1])?;
    let size = vm::index_i64(cx, a[2], Ty::OverflowError)?;
    let Ok(size) = usize::try_from(size) else {
        return Err(cx.value_error("bufsize must be non-negative"));
    };
    match cx.blocking(|| decompress_all(&data, wbits, size)) {
        Ok(out) => cx.bytes(out.bytes()),
        Err(Failure::Memory) => Err(cx.no_memory()),
        Err(Failure::Setup(e) | Failure::Stream(e)) if e.code == z::Z_MEM_ERROR => {
            Err(cx.raise_str(Ty::MemoryError, "Out of memory while decompressing data"))
        }
        Err(Failure::Setup(e)) => Err(error(cx, e, "while preparing to decompress data")),
        Err(Failure::Stream(e)) => Err(error(cx, e, "while decompressing data")),
    }
}
