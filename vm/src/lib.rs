//! The virtual machine: the protocols of the data model, calls, the interpreter, generators, frames and exceptions.

pub use protocore;

pub mod attr;
pub mod bind;
pub mod buffers;
pub mod caches;
pub mod call;
pub mod code;
pub mod codec;
pub mod compile;
pub mod compile_hooks;
pub mod declare;
pub mod dicts;
pub mod errors;
pub mod finalize;
pub mod frames;
pub mod functions;
pub mod groups;
pub mod imports;
pub mod instances;
pub mod interp;
pub mod intrinsics;
pub mod iter;
pub mod matching;
pub mod modules;
pub mod names;
pub mod ops;
pub mod roots;
pub mod settings;
pub mod structseq;
pub mod suggest;
pub mod sync;
pub mod types;
pub mod typing_hooks;

pub use attr::*;
pub use bind::*;
pub use buffers::*;
pub use call::*;
pub use declare::{GetSetDef, ModuleSpec, TypeSpec};
pub use dicts::*;
pub use errors::*;
pub use iter::*;
pub use names::{N, name};
pub use ops::*;
pub use roots::*;
pub use types::*;
