//! Settings of a space that the command line gives and that few places read, and the report of `-X importtime`.

use protocore::layouts::StrObj;
use protocore::space::SpaceState;
use protocore::{Ctx, Tracer, Value};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

/// What an interpreter that another one has made may not do: bits of [`Settings::limits`].
pub mod limits {
    /// It is not the main interpreter: no signals, no `fork`.
    pub const SUB: u8 = 1;
    /// `os.exec*`
    pub const NO_EXEC: u8 = 2;
    /// Threads.
    pub const NO_THREADS: u8 = 4;
    /// Daemon threads.
    pub const NO_DAEMONS: u8 = 8;
}

/// The settings.
pub struct Settings {
    /// Bits of [`limits`]; 0 in the main interpreter.
    pub limits: AtomicU8,
    /// `-X no_debug_ranges`: code objects do not tell columns.
    pub no_debug_ranges: AtomicBool,
    /// `-X cpu_count`; -1 if not given.
    pub cpu_count: AtomicI64,
    /// `--check-hash-based-pycs`, unless it is the default.
    pub check_hash_based_pycs: Mutex<Option<String>>,
    /// What `sys.path` began with, if that was the place of the program.
    pub program_path: Mutex<Option<String>>,
    /// The codec of file names and arguments, if it is not UTF-8: that of the locale, by the codec's own name. Every such codec agrees
    /// with ASCII.
    pub fs_encoding: OnceLock<String>,
    /// How many imports that are being timed enclose the current one.
    depth: AtomicI64,
    /// Microseconds that the imports within the current one took.
    inner: AtomicU64,
    /// Whether the heading was printed.
    headed: AtomicBool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: AtomicU8::new(0),
            no_debug_ranges: AtomicBool::new(false),
            cpu_count: AtomicI64::new(-1),
            check_hash_based_pycs: Mutex::new(None),
            program_path: Mutex::new(None),
            fs_encoding: OnceLock::new(),
            depth: AtomicI64::new(0),
            inner: AtomicU64::new(0),
            headed: AtomicBool::new(false),
        }
    }
}

impl SpaceState for Settings {
    fn trace(&self, _: &mut Tracer) {}
}

/// The settings of a thread's space.
pub fn of(cx: &Ctx) -> Arc<Settings> {
    cx.space().state::<Settings>()
}

/// Whether a thread's space has one of some [`limits`].
pub fn limited(cx: &Ctx, bits: u8) -> bool {
    of(cx).limits.load(Ordering::Relaxed) & bits != 0
}

/// An import that is being timed.
#[must_use]
pub struct Timer {
    start: Instant,
    /// What the imports beside it, within the same import, took before.
    beside: u64,
}

fn heading(s: &Settings) {
    if !s.headed.swap(true, Ordering::Relaxed) {
        eprintln!("import time: self [us] | cumulative | imported package");
    }
}

fn text(n: Value) -> String {
    let Some(s) = StrObj::of(n) else { return String::new() };
    s.str_ref()
        .chars()
        .map(|c| char::from_u32(c).map_or_else(|| format!("\\u{c:04x}"), String::from))
        .collect()
}

fn width(depth: i64) -> usize {
    usize::try_from(depth).unwrap_or(0).saturating_mul(2)
}

/// Starts timing an import. Imports of several threads at a time share one account.
pub fn import_begins(cx: &Ctx) -> Timer {
    let s = of(cx);
    heading(&s);
    s.depth.fetch_add(1, Ordering::Relaxed);
    Timer { beside: s.inner.swap(0, Ordering::Relaxed), start: Instant::now() }
}

/// Prints what an import took.
pub fn import_ends(cx: &Ctx, t: Timer, n: Value) {
    let s = of(cx);
    let total = u64::try_from(t.start.elapsed().as_micros()).unwrap_or(u64::MAX);
    let inner = s.inner.load(Ordering::Relaxed);
    let depth = s.depth.fetch_sub(1, Ordering::Relaxed) - 1;
    let (own, w) = (total.saturating_sub(inner), width(depth));
    eprintln!("import time: {own:>9} | {total:>10} | {:w$}{}", "", text(n));
    s.inner.store(t.beside.saturating_add(total), Ordering::Relaxed);
}

/// Prints that an import found its module loaded.
#[cold]
pub fn import_cached(cx: &Ctx, n: Value) {
    let s = of(cx);
    heading(&s);
    let w = width(s.depth.load(Ordering::Relaxed));
    eprintln!("import time: cached    | cached     | {:w$}{}", "", text(n));
}
