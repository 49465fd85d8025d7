//! The virtual machine: the protocols of the data model, calls, the interpreter, generators, frames and exceptions.

pub use protocore;

pub mod attr;
pub mod call;
pub mod declare;
pub mod dicts;
pub mod errors;
pub mod interp;
pub mod iter;
pub mod names;
pub mod ops;
pub mod roots;

pub use attr::*;
pub use call::*;
pub use declare::{GetSetDef, ModuleSpec, TypeSpec};
pub use dicts::*;
pub use errors::*;
pub use iter::*;
pub use ops::*;
pub use roots::*;
