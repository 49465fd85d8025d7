//! Generated Unicode tables; gen_tables.py writes them.

pub mod db;
pub mod decomp;
pub mod names;
pub mod types;
