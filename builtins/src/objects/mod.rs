//! The types that the object model itself is made of: `object`, `type`, descriptors, `super`, `mappingproxy`,
//! `SimpleNamespace`. Their behaviour is in `vm::types`; here are the method tables.

pub mod classmethod;
pub mod descriptors;
pub mod mappingproxy;
pub mod namespace;
pub mod object;
pub mod property;
pub mod super_;
pub mod type_;

use protopy_vm::declare::TypeSpec;
use protopy_vm::protocore::{Ctx, PyResult};
use protopy_vm::types::create_type;

/// The types of this folder, in the order in which they have to be made: before all others.
pub static TYPES: &[&TypeSpec] = &[
    &object::OBJECT,
    &type_::TYPE,
    &descriptors::GETSET,
    &descriptors::MEMBER,
    &descriptors::WRAPPER,
    &descriptors::METHOD_WRAPPER,
    &classmethod::STATICMETHOD,
    &classmethod::CLASSMETHOD,
    &property::PROPERTY,
    &super_::SUPER,
    &mappingproxy::MAPPING_PROXY,
    &namespace::NAMESPACE,
];

/// Makes the types of this folder. `bootstrap_types` and `init_names` have run.
pub fn create_object_types(cx: &mut Ctx) -> PyResult<()> {
    for t in TYPES {
        create_type(cx, t)?;
    }
    Ok(())
}
