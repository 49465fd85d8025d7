//! The buffer protocol's descriptor.

use crate::value::Value;

/// A view of memory that an object exports. The exporter pins the memory until `release` is called (once).
pub struct Buffer {
    /// The exporting object.
    pub owner: Value,
    /// First byte of item [0, 0, …].
    pub ptr: *mut u8,
    /// Bytes of the whole content.
    pub len: usize,
    /// Whether writing is not allowed.
    pub readonly: bool,
    /// Bytes of an item.
    pub itemsize: usize,
    /// Item format in `struct` syntax.
    pub format: Box<str>,
    /// Items in each dimension.
    pub shape: Vec<usize>,
    /// Bytes between items of each dimension.
    pub strides: Vec<isize>,
    /// Ends the export.
    pub release: Option<fn(Value)>,
}

impl Buffer {
    /// A contiguous view of bytes.
    pub fn bytes(
        owner: Value,
        ptr: *mut u8,
        len: usize,
        readonly: bool,
        release: Option<fn(Value)>,
    ) -> Buffer {
        Buffer {
            owner,
            ptr,
            len,
            readonly,
            itemsize: 1,
            format: "B".into(),
            shape: vec![len],
            strides: vec![1],
            release,
        }
    }
}
