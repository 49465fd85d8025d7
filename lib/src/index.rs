//! The tables that the build writes: `FILES` (path, start and size in the blob), `FOLDERS`, `HASH`.

include!(concat!(env!("OUT_DIR"), "/index.rs"));
