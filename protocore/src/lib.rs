//! Objects and memory: what a Python value is, where it lives, how threads share it.
//!
//! This crate owns the layouts and the raw operations that cannot run Python code. `vm` owns the
//! protocols that may; `builtins` owns the method tables.

pub mod args;
pub mod backoff;
pub mod buffer;
pub mod construct;
pub mod ctx;
pub mod dict;
pub mod epoch;
pub mod header;
pub mod heap;
pub mod held;
mod interned;
pub mod known;
pub mod layouts;
pub mod list;
pub mod lock;
pub mod native;
pub mod pairing;
pub mod shape;
pub mod slot;
pub mod space;
mod states;
pub mod tools;
pub mod trace;
pub mod types;
pub mod value;
pub mod vts;
pub mod weakref;

pub use args::Args;
pub use ctx::Ctx;
pub use header::{Header, Layout, ShapeId};
pub use held::Held;
pub use known::Ty;
pub use lock::Guarded;
pub use native::{Native, NativeLayout, Payload};
pub use slot::Slot;
pub use space::{ProtoSpace, Root};
pub use trace::{LayoutVt, Tracer};
pub use types::{CmpOp, TypeObj};
pub use value::Value;

/// Whether this is a build without threads, which tells what they cost a program that has none (feature `one-thread`).
pub const ONE_THREAD: bool = cfg!(feature = "one-thread");

/// Says that an exception was raised; the exception itself waits in the thread's [`Ctx`].
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Raised(pub(crate) ());

/// The result of an operation that may raise. `PyResult<Value>` is one machine word.
pub type PyResult<T = Value> = Result<T, Raised>;

const _: () = assert!(size_of::<PyResult>() == 8);
