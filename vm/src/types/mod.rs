//! Type objects: making them, their slots and special methods, look-up and change of their attributes.
//!
//! # The idea
//!
//! A class answers an operation through a table of function pointers (`protocore::types::Slots`). [`slotdefs`] is
//! the one list that relates special method names to slots; everything else derives from it:
//!
//! - a builtin type fills slots natively, and gets a *slot wrapper* in its namespace for each name that the
//!   filled slots stand for ([`create`], [`wrappers`]);
//! - a class that defines a name in Python gets the *generic* function of the slot, which looks the name up and calls it
//!   ([`generic`]);
//! - after any change of a class namespace, [`update`] recomputes the slots that the name fills, in the class and
//!   all subclasses, and gives them new versions, so that inline caches and method caches miss.
//!
//! # Invariants
//!
//! 1. The slots of a class are a function of the namespaces along its MRO: [`update::recompute`] at any time changes
//!    nothing.
//! 2. A class changes its version after its namespace changed, never before: who sees the new version sees the new
//!    attribute.
//! 3. The root shapes of the known types have the handles that `Ty::shape` promises: [`bootstrap_types`] makes all
//!    of them, as shells, before anything else exists in a space.
//! 4. `attr_base` of a class is that of the first class in its chain of bases that has an attribute area; a `__slots__`
//!    member keeps its index in all subclasses.

use protocore::{Ctx, Value};

/// Runs `f` while the values, which the malloc heap alone holds, are kept alive.
pub fn with_kept<R>(
    cx: &mut Ctx,
    values: impl IntoIterator<Item = Value>,
    f: impl FnOnce(&mut Ctx) -> R,
) -> R {
    let mark = cx.keep.len();
    cx.keep.extend(values);
    let r = f(cx);
    cx.keep.truncate(mark);
    r
}

pub mod attrs;
pub mod bases;
pub mod build;
pub mod classes;
pub mod create;
pub mod descr;
pub mod generic;
pub mod hooks;
pub mod mro;
pub mod object;
pub mod reduce;
pub mod slotdefs;
pub mod slotid;
pub mod slots_decl;
pub mod super_;
pub mod update;
pub mod wrappers;

pub use attrs::{type_get_attr, type_set_attr};
pub use bases::set_bases;
pub use build::{build_class, builtin_build_class};
pub use classes::{new_class, type_call, type_new};
pub use create::{
    bootstrap_types, create_type, create_type_with_base, create_type_with_meta, direct_subclasses,
};
pub use descr::{
    AttrDescr, ClassMethod, MappingProxy, Property, StaticMethod, classmethod, mapping_proxy, member_slot,
    slot_member, staticmethod,
};
pub use generic::next_or_return;
pub use hooks::TypeHooks;
pub use mro::{best_base, metaclass_of};
pub use object::{object_init, object_new};
pub use slotdefs::D;
pub use slotid::{SlotFn, SlotId};
pub use super_::{Super, super_lookup};
pub use update::{hash_not_implemented, set_type_attr, type_modified};
pub use wrappers::{MethodWrapper, WrapperDescr};
