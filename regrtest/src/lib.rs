//! The driver of CPython's regression suite.
