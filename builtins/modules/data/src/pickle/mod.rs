//! `_pickle`: objects as bytes, and bytes as objects.
//!
//! [`save`] and [`reduce`] write, [`load`] and [`build`] read; [`pickler`] and [`unpickler`] are the types around them. `dumps` and `loads` make no
//! such object.

mod buffer;
mod build;
mod globals;
mod input;
mod load;
mod memo;
mod op;
mod pickler;
mod reduce;
mod save;
mod unpickler;
mod worker;

use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};
use unpickler::Options;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_pickle",
    doc: "Optimized C implementation for the Python pickle module.",
    functions: methods![functions:
        /// Write a pickled representation of obj to the open file object file.
        ///
        /// This is equivalent to ``Pickler(file, protocol).dump(obj)``, but may
        /// be more efficient.
        "dump(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)" => |cx, a| {
            pickler::dump_to(cx, a[0], Some(a[1]), a[2], a[3], a[4])
        };
        /// Return the pickled representation of the object as a bytes object.
        "dumps(obj, protocol=None, *, fix_imports=True, buffer_callback=None)" => |cx, a| {
            pickler::dump_to(cx, a[0], None, a[1], a[2], a[3])
        };
        /// Read and return an object from the pickle data stored in a file.
        ///
        /// This is equivalent to ``Unpickler(file).load()``, but may be more
        /// efficient.
        "load(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())" => |cx, a| {
            let o = Options::of(cx, "load", [a[1], a[2], a[3], a[4]])?;
            unpickler::load_file(cx, a[0], o)
        };
        /// Read and return an object from the given pickle data.
        ///
        /// The protocol version of the pickle is detected automatically, so no
        /// protocol argument is needed.  Bytes past the pickled object's
        /// representation are ignored.
        "loads(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())" => |cx, a| {
            let o = Options::of(cx, "loads", [a[1], a[2], a[3], a[4]])?;
            unpickler::loads(cx, a[0], o)
        };
    ],
    init: Some(init),
};

macro_rules! state {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a space keeps: types, and tables of other modules.
        #[derive(Default)]
        pub struct State {
            $($(#[$doc])* pub $name: Slot,)*
        }

        impl SpaceState for State {
            fn trace(&self, t: &mut Tracer) {
                $(t.slot(&self.$name);)*
            }
        }
    };
}

state! {
    /// `PickleError`
    error,
    /// `PicklingError`
    pickling,
    /// `UnpicklingError`
    unpickling,
    /// `PickleBuffer`
    buffer,
    /// `Pickler`
    pickler,
    /// `Unpickler`
    unpickler,
    /// `PicklerMemoProxy`
    pickler_memo,
    /// `UnpicklerMemoProxy`
    unpickler_memo,
    /// `copyreg.dispatch_table`
    dispatch_table,
    /// `copyreg._extension_registry`
    extensions,
    /// `copyreg._inverted_registry`
    inverted,
    /// `copyreg._extension_cache`
    cache,
    /// `_compat_pickle.NAME_MAPPING`
    new_names,
    /// `_compat_pickle.IMPORT_MAPPING`
    new_imports,
    /// `_compat_pickle.REVERSE_NAME_MAPPING`
    old_names,
    /// `_compat_pickle.REVERSE_IMPORT_MAPPING`
    old_imports,
    /// `codecs.encode`
    encode,
    /// `getattr`
    getattr,
    /// `functools.partial`
    partial,
}

static PICKLER_MEMO: TypeSpec = worker::proxy_spec("PicklerMemoProxy");
static UNPICKLER_MEMO: TypeSpec = worker::proxy_spec("UnpicklerMemoProxy");

macro_rules! error_type {
    ($name:ident, $text:literal) => {
        static $name: TypeSpec = TypeSpec {
            name: $text,
            module: "_pickle",
            layout: Layout::Exception,
            flags: type_flags::BASETYPE | type_flags::DICT | type_flags::HEAP,
            ..TypeSpec::BASE
        };
    };
}

error_type!(ERROR, "PickleError");
error_type!(PICKLING, "PicklingError");
error_type!(UNPICKLING, "UnpicklingError");

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let s = cx.space().state::<State>();
    // A module that is imported afresh shares its types with the first one.
    if s.error.is_empty() {
        make_types(cx, &s)?;
    }
    tables(cx, &s)?;
    let all = [
        ("PickleError", &s.error),
        ("PicklingError", &s.pickling),
        ("UnpicklingError", &s.unpickling),
        ("PickleBuffer", &s.buffer),
        ("Pickler", &s.pickler),
        ("Unpickler", &s.unpickler),
    ];
    for (n, slot) in all {
        vm::set_attr_str(cx, module, n, slot.get_or_none())?;
    }
    Ok(())
}

fn make_types(cx: &mut Ctx, s: &State) -> PyResult<()> {
    let exception = cx.ty(Ty::Exception).value();
    let base = create_type_with_base(cx, &ERROR, exception)?;
    let types = [
        (&s.pickling, create_type_with_base(cx, &PICKLING, base)?),
        (&s.unpickling, create_type_with_base(cx, &UNPICKLING, base)?),
        (&s.buffer, create_type(cx, &buffer::BUFFER)?),
        (&s.pickler, create_type(cx, &pickler::PICKLER)?),
        (&s.unpickler, create_type(cx, &unpickler::UNPICKLER)?),
        (&s.pickler_memo, create_type(cx, &PICKLER_MEMO)?),
        (&s.unpickler_memo, create_type(cx, &UNPICKLER_MEMO)?),
        (&s.error, base),
    ];
    for (slot, t) in types {
        slot.init(Some(t));
    }
    Ok(())
}

/// Looks up what other modules keep for pickles.
fn tables(cx: &mut Ctx, s: &State) -> PyResult<()> {
    let dicts = [
        (&s.dispatch_table, "copyreg", "dispatch_table"),
        (&s.extensions, "copyreg", "_extension_registry"),
        (&s.inverted, "copyreg", "_inverted_registry"),
        (&s.cache, "copyreg", "_extension_cache"),
        (&s.new_names, "_compat_pickle", "NAME_MAPPING"),
        (&s.new_imports, "_compat_pickle", "IMPORT_MAPPING"),
        (&s.old_names, "_compat_pickle", "REVERSE_NAME_MAPPING"),
        (&s.old_imports, "_compat_pickle", "REVERSE_IMPORT_MAPPING"),
    ];
    for (slot, module, n) in dicts {
        let d = vm::import_attr(cx, module, n)?;
        if DictObj::of(d).is_none() {
            let msg = format!("{module}.{n} should be a dict, not {}", vm::tp_name(cx, d));
            return Err(cx.raise_str(Ty::RuntimeError, &msg));
        }
        slot.init(Some(d));
    }
    let functions = [
        (&s.encode, "codecs", "encode"),
        (&s.getattr, "builtins", "getattr"),
        (&s.partial, "functools", "partial"),
    ];
    for (slot, module, n) in functions {
        let f = vm::import_attr(cx, module, n)?;
        slot.init(Some(f));
    }
    Ok(())
}

/// Raises `PicklingError`.
#[cold]
fn pickling_error(cx: &mut Ctx, msg: &str) -> Raised {
    let class = cx.space().state::<State>().pickling.get_or_none();
    let m = cx.str(msg);
    vm::raise_class(cx, class, &[m])
}

/// Raises `UnpicklingError`.
#[cold]
fn unpickling_error(cx: &mut Ctx, msg: &str) -> Raised {
    let class = cx.space().state::<State>().unpickling.get_or_none();
    let m = cx.str(msg);
    vm::raise_class(cx, class, &[m])
}

/// A protocol argument: the default for None, the highest for a negative number.
fn protocol_arg(cx: &mut Ctx, v: Value, callback: Value) -> PyResult<u8> {
    let n = match v.not_none() {
        None => op::DEFAULT_PROTOCOL,
        Some(v) => match vm::index_i64(cx, v, Ty::OverflowError)? {
            n if n < 0 => op::HIGHEST_PROTOCOL,
            n if n > op::HIGHEST_PROTOCOL => {
                let msg = format!("pickle protocol must be <= {}", op::HIGHEST_PROTOCOL);
                return Err(cx.value_error(&msg));
            }
            n => n,
        },
    };
    if callback.not_none().is_some() && n < 5 {
        return Err(cx.value_error("buffer_callback needs protocol >= 5"));
    }
    Ok(n as u8)
}

/// How messages name the class of a pickler or unpickler: this module's own with the module.
#[cold]
fn class_text(cx: &mut Ctx, v: Value, own: &str) -> String {
    let s = cx.space().state::<State>();
    let ty = cx.type_of(v).value();
    if [&s.pickler, &s.unpickler].into_iter().any(|t| t.get() == Some(ty)) {
        format!("_pickle.{own}")
    } else {
        cx.type_name(v)
    }
}
