//! Python's `float` below the object model.

pub(crate) mod bits;
mod hex;
mod ops;
mod round;
mod text;

pub use hex::{FromHexError, from_hex, to_hex};
pub use ops::{PowError, floor_div, floor_divmod, floor_mod, is_integer, pow};
pub use round::{RoundOverflow, round};
pub use text::{parse_float, push_repr, repr};

pub(crate) use text::{float_prefix, remove_underscores};
