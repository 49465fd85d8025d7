//! What a space keeps for `_ctypes`: its types.

use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Ctx, Raised, Slot, Tracer, Ty, TypeObj, Value};

macro_rules! types {
    ($($name:ident,)*) => {
        /// A type of the module.
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum T {
            $($name,)*
        }
        const COUNT: usize = [$(T::$name,)*].len();
    };
}

types! {
    CType, SimpleMeta, StructMeta, UnionMeta, ArrayMeta, PointerMeta, FuncMeta,
    CData, Simple, Struct, Union, Array, Pointer, Func,
    Field, Argument, Holder, Info, Thunk, FuncState, Memory, ArgumentError, Kept,
}

/// The state.
pub(crate) struct State {
    types: [Slot; COUNT],
}

impl Default for State {
    fn default() -> State {
        State { types: [const { Slot::empty() }; COUNT] }
    }
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slots(&self.types);
    }
}

/// A type of the module; `object` before it was made.
pub(crate) fn ty(cx: &Ctx, t: T) -> &'static TypeObj {
    let s = cx.space().state::<State>();
    s.types[t as usize].get().and_then(TypeObj::of).unwrap_or_else(|| cx.ty(Ty::Object))
}

/// Whether the type was made already.
pub(crate) fn known(cx: &Ctx, t: T) -> Option<Value> {
    cx.space().state::<State>().types[t as usize].get()
}

/// Notes a type.
pub(crate) fn set_ty(cx: &Ctx, t: T, v: Value) {
    cx.space().state::<State>().types[t as usize].init(Some(v));
}

/// The text of a str.
pub(crate) fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

/// Raises AttributeError with a message.
#[cold]
pub(crate) fn attribute_error(cx: &mut Ctx, msg: &str) -> Raised {
    cx.raise_str(Ty::AttributeError, msg)
}
