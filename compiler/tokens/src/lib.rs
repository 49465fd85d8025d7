//! The text side of the compiler: CPython 3.14's tokenizer, source decoding and syntax-error wording.
//!
//! Nothing here knows the object model. Three layers, each usable alone:
//!
//! - [`lexer`]: text to raw tokens, pull-based, iterative, linear; [`iter`] dresses them as `_tokenize.TokenizerIter` does.
//! - [`source`]: bytes to text (byte order mark, PEP 263 cookie, newline normalisation).
//! - [`syntax_errors`]: the diagnosis of a program that another parser refused, in CPython's words and positions,
//!   and the check of nesting that must run before a recursive-descent parser may see the text.

pub mod iter;
pub mod lexer;
pub mod source;
pub mod syntax_errors;
pub mod token;
mod unicode;
#[rustfmt::skip]
mod unicode_tables;

pub use iter::{IterError, Position, TokenIter, TokenizeError};
pub use token::Token;
pub use unicode::{is_id_continue, is_id_start, is_identifier, is_printable};
