//! The builtin types and functions.

pub mod numbers;
pub mod objects;
