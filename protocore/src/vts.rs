//! Descriptions of the core layouts: what the collector visits and drops in objects that are no [`crate::Native`].
//!
//! The attribute area and, for `Values` cells, nothing else is special: the collector visits the area by the class's
//! `attr_base` and `inline_cap`; everything a layout holds in its fixed part or its items is visited here.

use crate::dict::{DictObj, DictTable};
use crate::header::{Header, Layout};
use crate::layouts::*;
use crate::trace::{LayoutVt, Tracer};
use crate::types::TypeObj;
use std::any::TypeId;

/// # Safety
/// `p` is a live cell that starts with a `T`.
unsafe fn cell<'a, T>(p: *const Header) -> &'a T {
    // SAFETY: by the contract.
    unsafe { &*p.cast::<T>() }
}

fn trace_nothing(_: *const Header, _: &mut Tracer) {}

unsafe fn trace_str(p: *const Header, t: &mut Tracer) {
    // SAFETY: the collector passes cells of this layout.
    let s: &StrObj = unsafe { cell(p) };
    if let Some(slot) = s.growing_slot() {
        t.slot(slot);
    }
}

macro_rules! trace_slots {
    ($name:ident, $ty:ty, $($field:ident),*) => {
        unsafe fn $name(p: *const Header, t: &mut Tracer) {
            // SAFETY: the collector passes cells of this layout.
            let o: &$ty = unsafe { cell(p) };
            $(t.slot(&o.$field);)*
        }
    };
}

trace_slots!(trace_list, ListObj, items);
trace_slots!(trace_dict, DictObj, table);
trace_slots!(
    trace_type, TypeObj, name, qualname, base, bases, mro, dict, subclasses, doc, attached, slot_names
);
trace_slots!(
    trace_function,
    FunctionObj,
    code,
    globals,
    builtins,
    defaults,
    kwdefaults,
    closure,
    name,
    qualname,
    module,
    doc,
    annotations,
    annotate,
    type_params
);
trace_slots!(trace_native_fn, NativeFnObj, this, module, owner);
trace_slots!(trace_bound, BoundMethodObj, func, this);
trace_slots!(trace_cell, CellObj, content);
trace_slots!(trace_module, ModuleObj, dict);
trace_slots!(trace_range, RangeObj, start, stop, step, length);
trace_slots!(trace_seq_iter, SeqIterObj, seq);
trace_slots!(trace_slice, SliceObj, start, stop, step);
trace_slots!(
    trace_generator,
    GeneratorObj,
    globals,
    builtins,
    code,
    func,
    regs,
    name,
    qualname,
    handled,
    frame,
    extra
);
trace_slots!(trace_frame, FrameObj, func, code, saved, back, trace, extra_locals, generator);
trace_slots!(trace_weakref, WeakRefObj, callback);

unsafe fn trace_tuple(p: *const Header, t: &mut Tracer) {
    // SAFETY: as in `trace_slots`.
    let o: &TupleObj = unsafe { cell(p) };
    t.values(o.items());
}

unsafe fn trace_values(p: *const Header, t: &mut Tracer) {
    // SAFETY: as in `trace_slots`.
    let o: &ValuesObj = unsafe { cell(p) };
    t.slots(o.slots());
}

unsafe fn trace_dict_table(p: *const Header, t: &mut Tracer) {
    // SAFETY: as in `trace_slots`.
    let o: &DictTable = unsafe { cell(p) };
    crate::dict::trace_table(o, t);
}

unsafe fn trace_exception(p: *const Header, t: &mut Tracer) {
    // SAFETY: as in `trace_slots`.
    let o: &ExcObj = unsafe { cell(p) };
    for s in [&o.args, &o.traceback, &o.context, &o.cause] {
        t.slot(s);
    }
    t.slots(&o.fields);
}

unsafe fn trace_code(p: *const Header, t: &mut Tracer) {
    // SAFETY: as in `trace_slots`.
    let o: &CodeObj = unsafe { cell(p) };
    let rt = &*o.rt;
    t.values(rt.consts.iter());
    t.values(rt.names.iter());
    t.values(&[rt.varnames, rt.cellvars, rt.freevars, rt.name, rt.qualname]);
    t.slot(&rt.filename);
}

unsafe fn drop_int(p: *mut Header) {
    // SAFETY: the collector calls this once for a dead int; only the box needs dropping.
    unsafe { std::ptr::drop_in_place(&raw mut (*p.cast::<IntObj>()).big) }
}

unsafe fn drop_code(p: *mut Header) {
    // SAFETY: as above.
    unsafe { std::ptr::drop_in_place(&raw mut (*p.cast::<CodeObj>()).rt) }
}

macro_rules! vts {
    ($($layout:ident: $ty:ty, $trace:expr, $drop:expr;)*) => {
        /// The description of a core layout. Native objects carry their own.
        pub fn layout_vt(l: Layout) -> &'static LayoutVt {
            match l {
                $(Layout::$layout => {
                    static VT: LayoutVt = LayoutVt {
                        name: stringify!($layout),
                        size: size_of::<$ty>(),
                        trace: $trace,
                        drop: $drop,
                        type_id: TypeId::of::<$ty>,
                    };
                    &VT
                })*
            }
        }
    };
}

vts! {
    Immediate: Header, trace_nothing, None;
    Object: Header, trace_nothing, None;
    Int: IntObj, trace_nothing, Some(drop_int);
    Float: FloatObj, trace_nothing, None;
    Complex: ComplexObj, trace_nothing, None;
    Str: StrObj, trace_str, None;
    Bytes: BytesObj, trace_nothing, None;
    Tuple: TupleObj, trace_tuple, None;
    List: ListObj, trace_list, None;
    Dict: DictObj, trace_dict, None;
    Set: DictObj, trace_dict, None;
    FrozenSet: DictObj, trace_dict, None;
    Type: TypeObj, trace_type, None;
    Function: FunctionObj, trace_function, None;
    NativeFn: NativeFnObj, trace_native_fn, None;
    BoundMethod: BoundMethodObj, trace_bound, None;
    Cell: CellObj, trace_cell, None;
    Code: CodeObj, trace_code, Some(drop_code);
    Module: ModuleObj, trace_module, None;
    Range: RangeObj, trace_range, None;
    RangeIter: RangeIterObj, trace_nothing, None;
    SeqIter: SeqIterObj, trace_seq_iter, None;
    Slice: SliceObj, trace_slice, None;
    Exception: ExcObj, trace_exception, None;
    Generator: GeneratorObj, trace_generator, None;
    Frame: FrameObj, trace_frame, None;
    WeakRef: WeakRefObj, trace_weakref, None;
    Native: Header, trace_nothing, None;
    Values: ValuesObj, trace_values, None;
    DictTable: DictTable, trace_dict_table, None;
    Raw: Header, trace_nothing, None;
}
