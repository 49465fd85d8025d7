//! Native module `_io`: the streams.
//!
//! One file a class; `sys` has the system calls, `lock` the locks of streams, `util` what the classes share. Every class can be
//! subclassed in Python, and a stream calls another one through its methods unless both are of this module's classes
//! and nobody has replaced the method.

mod bases;
mod buffered;
mod bytesio;
mod fileio;
mod lock;
mod newline;
mod open;
mod rwpair;
mod stringio;
mod sys;
mod text;
mod util;

use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::{Ctx, PyResult, Slot, Ty, Value};
use protopy_vm::{ModuleSpec, TypeSpec, call, create_type, create_type_with_base, dict_set, set_attr_str};
use util::IoState;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&IO];

static IO: ModuleSpec = ModuleSpec {
    name: "_io",
    doc: "The streams of the module io, and the function open.",
    functions: open::FUNCTIONS,
    init: Some(init),
};

/// At the end of the program: closes the streams that are still open, so that what waits in their buffers is written.
pub fn close_all(cx: &mut Ctx) {
    cx.finalize_where(true, |_, v| {
        v.native::<text::TextIo>().is_some()
            || v.native::<buffered::Buffered>().is_some()
            || v.native::<fileio::FileIo>().is_some()
    });
}

/// Makes a class and puts it into the module.
fn add(
    cx: &mut Ctx,
    module: Value,
    spec: &'static TypeSpec,
    base: Option<Value>,
    slot: Option<&Slot>,
) -> PyResult {
    let t = match base {
        Some(b) => create_type_with_base(cx, spec, b)?,
        None => create_type(cx, spec)?,
    };
    set_attr_str(cx, module, spec.name, t)?;
    if let Some(s) = slot {
        s.init(Some(t));
    }
    Ok(t)
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<IoState>();
    let base = Some(add(cx, module, &bases::IO_BASE, None, None)?);
    let raw = Some(add(cx, module, &bases::RAW_BASE, base, None)?);
    let buffered = Some(add(cx, module, &bases::BUFFERED_BASE, base, None)?);
    let text = Some(add(cx, module, &bases::TEXT_BASE, base, None)?);
    add(cx, module, &fileio::FILE_IO, raw, Some(&state.file))?;
    add(cx, module, &bytesio::BYTES_IO, buffered, None)?;
    add(cx, module, &bytesio::BYTES_IO_BUFFER, None, Some(&state.bytes_buffer))?;
    add(cx, module, &buffered::BUFFERED_READER, buffered, Some(&state.reader))?;
    add(cx, module, &buffered::BUFFERED_WRITER, buffered, Some(&state.writer))?;
    add(cx, module, &buffered::BUFFERED_RANDOM, buffered, Some(&state.random))?;
    add(cx, module, &rwpair::BUFFERED_RW_PAIR, buffered, None)?;
    add(cx, module, &newline::NEWLINE_DECODER, None, Some(&state.newline_decoder))?;
    add(cx, module, &text::TEXT_IO_WRAPPER, text, Some(&state.text))?;
    add(cx, module, &stringio::STRING_IO, text, None)?;
    let class = unsupported_operation(cx)?;
    state.unsupported.init(Some(class));
    set_attr_str(cx, module, "UnsupportedOperation", class)?;
    let blocking = cx.ty(Ty::BlockingIOError).value();
    set_attr_str(cx, module, "BlockingIOError", blocking)?;
    let size = cx.int_usize(util::DEFAULT_BUFFER_SIZE);
    set_attr_str(cx, module, "DEFAULT_BUFFER_SIZE", size)
}

/// The exception, whose bases are OSError and ValueError.
fn unsupported_operation(cx: &mut Ctx) -> PyResult {
    let name = cx.intern_str("UnsupportedOperation");
    let bases = [cx.ty(Ty::OSError).value(), cx.ty(Ty::ValueError).value()];
    let bases = cx.tuple_of(None, &bases)?;
    let dict = cx.dict();
    if let Some(d) = DictObj::of(dict) {
        let (k, v) = (cx.intern_str("__module__"), cx.intern_str("io"));
        dict_set(cx, d, k, v)?;
    }
    let meta = cx.ty(Ty::Type).value();
    call(cx, meta, &[name, bases, dict])
}
