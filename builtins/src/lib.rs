//! The builtin types and functions.

pub mod objects;
