//! From source text to bytecode.
