//! zlib's streams, safely.
#![allow(unsafe_code)]

use libz_rs_sys as z;
use std::ffi::CStr;

/// What a call came to: bytes used and written, and zlib's code.
pub(super) struct Outcome {
    pub(super) used: usize,
    pub(super) wrote: usize,
    pub(super) code: i32,
}

/// An error code with zlib's own words for it, if it has any.
pub(super) struct ZError {
    pub(super) code: i32,
    pub(super) text: Option<String>,
}

/// A stream's state: it must not move, since zlib points back at it.
struct Raw(Box<z::z_stream>);

// SAFETY: zlib's state belongs to the stream alone and knows nothing of threads.
unsafe impl Send for Raw {}

const SIZE: i32 = size_of::<z::z_stream>() as i32;

impl Raw {
    fn new() -> Raw {
        Raw(Box::default())
    }

    fn error(&self, code: i32) -> ZError {
        let text = if self.0.msg.is_null() {
            None
        } else {
            // SAFETY: zlib's messages are static C strings.
            Some(unsafe { CStr::from_ptr(self.0.msg) }.to_string_lossy().into_owned())
        };
        ZError { code, text }
    }

    /// Runs `f` with input and output set; long buffers are offered in parts.
    fn run(&mut self, input: &[u8], output: &mut [u8], f: impl FnOnce(*mut z::z_stream) -> i32) -> Outcome {
        let s = &mut *self.0;
        let (ni, no) = (input.len().min(u32::MAX as usize), output.len().min(u32::MAX as usize));
        s.next_in = input.as_ptr();
        s.avail_in = ni as u32;
        s.next_out = output.as_mut_ptr();
        s.avail_out = no as u32;
        let code = f(s);
        let (used, wrote) = (ni - s.avail_in as usize, no - s.avail_out as usize);
        s.next_in = std::ptr::null();
        s.avail_in = 0;
        s.next_out = std::ptr::null_mut();
        s.avail_out = 0;
        Outcome { used, wrote, code }
    }
}

/// A compressing stream.
pub(super) struct Deflate(Raw);

impl Deflate {
    pub(super) fn new(
        level: i32,
        method: i32,
        wbits: i32,
        mem: i32,
        strategy: i32,
    ) -> Result<Deflate, ZError> {
        let mut raw = Raw::new();
        // SAFETY: the stream is a fresh one.
        let code = unsafe {
            z::deflateInit2_(&mut *raw.0, level, method, wbits, mem, strategy, z::zlibVersion(), SIZE)
        };
        if code == z::Z_OK { Ok(Deflate(raw)) } else { Err(raw.error(code)) }
    }

    pub(super) fn set_dictionary(&mut self, d: &[u8]) -> i32 {
        let n = u32::try_from(d.len()).unwrap_or(u32::MAX);
        // SAFETY: the stream is initialised, the bytes are there.
        unsafe { z::deflateSetDictionary(&mut *self.0.0, d.as_ptr(), n) }
    }

    pub(super) fn run(&mut self, input: &[u8], output: &mut [u8], flush: i32) -> Outcome {
        // SAFETY: the stream is initialised, its buffers are set.
        self.0.run(input, output, |s| unsafe { z::deflate(s, flush) })
    }

    pub(super) fn error(&self, code: i32) -> ZError {
        self.0.error(code)
    }

    pub(super) fn try_clone(&mut self) -> Result<Deflate, ZError> {
        let mut raw = Raw::new();
        // SAFETY: both are streams, the source is initialised.
        let code = unsafe { z::deflateCopy(&mut *raw.0, &mut *self.0.0) };
        if code == z::Z_OK { Ok(Deflate(raw)) } else { Err(self.error(code)) }
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised and not used again.
        unsafe { z::deflateEnd(&mut *self.0.0) };
    }
}

/// A decompressing stream.
pub(super) struct Inflate(Raw);

impl Inflate {
    pub(super) fn new(wbits: i32) -> Result<Inflate, ZError> {
        let mut raw = Raw::new();
        // SAFETY: the stream is a fresh one.
        let code = unsafe { z::inflateInit2_(&mut *raw.0, wbits, z::zlibVersion(), SIZE) };
        if code == z::Z_OK { Ok(Inflate(raw)) } else { Err(raw.error(code)) }
    }

    pub(super) fn set_dictionary(&mut self, d: &[u8]) -> i32 {
        let n = u32::try_from(d.len()).unwrap_or(u32::MAX);
        // SAFETY: the stream is initialised, the bytes are there.
        unsafe { z::inflateSetDictionary(&mut *self.0.0, d.as_ptr(), n) }
    }

    pub(super) fn run(&mut self, input: &[u8], output: &mut [u8], flush: i32) -> Outcome {
        // SAFETY: the stream is initialised, its buffers are set.
        self.0.run(input, output, |s| unsafe { z::inflate(s, flush) })
    }

    pub(super) fn error(&self, code: i32) -> ZError {
        self.0.error(code)
    }

    pub(super) fn try_clone(&mut self) -> Result<Inflate, ZError> {
        let mut raw = Raw::new();
        // The library refuses to copy a stream without a place for output, although it writes nothing.
        self.0.0.next_out = std::ptr::NonNull::dangling().as_ptr();
        // SAFETY: both are streams, the source is initialised.
        let code = unsafe { z::inflateCopy(&mut *raw.0, &*self.0.0) };
        self.0.0.next_out = std::ptr::null_mut();
        raw.0.next_out = std::ptr::null_mut();
        if code == z::Z_OK { Ok(Inflate(raw)) } else { Err(self.error(code)) }
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised and not used again.
        unsafe { z::inflateEnd(&mut *self.0.0) };
    }
}

/// The version of the library.
pub(super) fn version() -> String {
    // SAFETY: a static C string.
    unsafe { CStr::from_ptr(z::zlibVersion()) }.to_string_lossy().into_owned()
}

/// CRC-32 of bytes, continued from another.
pub(super) fn crc32(start: u32, data: &[u8]) -> u32 {
    // SAFETY: the bytes are there.
    unsafe { z::crc32_z(start.into(), data.as_ptr(), data.len()) as u32 }
}

/// Adler-32 of bytes, continued from another.
pub(super) fn adler32(start: u32, data: &[u8]) -> u32 {
    // SAFETY: the bytes are there.
    unsafe { z::adler32_z(start.into(), data.as_ptr(), data.len()) as u32 }
}
