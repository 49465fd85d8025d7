//! The `protopy` command.
fn main() {}
