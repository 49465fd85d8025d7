//! The regular-expression engine.
