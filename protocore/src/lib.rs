//! Objects and memory.
