//! `PickleBuffer`: a buffer that may travel beside the pickle.

use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, TypeSpec, bind_all_arguments, methods};

/// A view of an object that exports a buffer; empty once it is released.
#[derive(Default)]
pub struct PickleBuffer {
    /// The object.
    object: Slot,
    /// A memoryview of it, which pins the memory.
    view: Slot,
    released: Guarded<bool>,
}

impl Payload for PickleBuffer {
    const NAME: &'static str = "PickleBuffer";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.object);
        t.slot(&self.view);
    }
}

/// The type.
pub static BUFFER: TypeSpec = TypeSpec {
    name: "PickleBuffer",
    module: "pickle",
    layout: Layout::Native,
    vt: Some(<PickleBuffer as NativeLayout>::VT),
    flags: type_flags::WEAKREF,
    slots: SlotSpec { new: Some(buffer_new), buffer: Some(export), ..SlotSpec::NONE },
    methods: METHODS,
    doc: "Wrapper for potentially out-of-band buffers",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Return a memoryview of the raw memory underlying this buffer.
    /// Will raise BufferError is the buffer isn't contiguous.
    "raw(self, /)" => |cx, a| raw(cx, a[0]);
    /// Release the underlying buffer exposed by the PickleBuffer object.
    "release(self, /)" => |cx, a| {
        let Some(b) = a[0].native::<PickleBuffer>() else { return Ok(Value::NONE) };
        let first = b.released.with(|r| !std::mem::replace(r, true));
        if let Some(v) = b.view.get().filter(|_| first) {
            vm::call_method(cx, v, "release", &[])?;
        }
        Ok(Value::NONE)
    };
];

fn buffer_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let [object] = bind_all_arguments(cx, "PickleBuffer", &["object"], args)?;
    if !vm::has_buffer(cx, object) {
        return Err(vm::not_bytes_like(cx, object));
    }
    let memory = cx.ty(Ty::MemoryView).value();
    let view = vm::call(cx, memory, &[object])?;
    match TypeObj::of(class) {
        Some(t) => {
            let (object, view) = (Slot::new(object), Slot::new(view));
            Ok(cx.new_native(t, PickleBuffer { object, view, released: Guarded::new(false) }))
        }
        None => Err(cx.type_error("not a type")),
    }
}

fn view_of(cx: &mut Ctx, v: Value) -> PyResult {
    let b = v.native::<PickleBuffer>().filter(|b| !b.released.with(|r| *r));
    match b.and_then(|b| b.view.get()) {
        Some(v) => Ok(v),
        None => Err(cx.value_error("operation forbidden on released PickleBuffer object")),
    }
}

fn export(cx: &mut Ctx, v: Value, writable: bool) -> PyResult<Buffer> {
    view_of(cx, v)?;
    // Views of the object itself outlive the release of this one.
    let object = v.native::<PickleBuffer>().map_or(Value::NONE, |b| b.object.get_or_none());
    vm::get_buffer(cx, object, writable).map(vm::BufferGuard::into_inner)
}

fn raw(cx: &mut Ctx, v: Value) -> PyResult {
    let view = view_of(cx, v)?;
    let b = vm::get_buffer(cx, view, false)?;
    let (c, f) = (vm::is_c_contiguous(&b), vm::is_f_contiguous(&b));
    b.release(cx);
    if !c && !f {
        return Err(cx.raise_str(Ty::BufferError, "cannot extract raw buffer from non-contiguous buffer"));
    }
    let format = cx.str("B");
    if c {
        return vm::call_method(cx, view, "cast", &[format]);
    }
    vm::native_view(cx, view, flat, false, false)
}

/// The memory of a view whose items lie in Fortran order, as bytes.
fn flat(cx: &mut Ctx, view: Value, writable: bool) -> PyResult<Buffer> {
    let mut b = vm::get_buffer(cx, view, writable)?.into_inner();
    b.itemsize = 1;
    b.format = "B".into();
    b.shape = vec![b.len];
    b.strides = vec![1];
    Ok(b)
}
