//! x
use super::*;
/// x
pub const MAX_LEFT_DEPTH: usize = 1;
/// x
pub const MAX_RIGHT_DEPTH: usize = 1;
/// x
pub const PARSER_STACK: usize = 1;
/// x
pub fn nesting_check(_s: &str) -> Result<(), SyntaxErr> { Ok(()) }
