//! Code objects on disk.
