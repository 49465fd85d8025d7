//! Runs the engine: matchers are lent by the thread and reused, long runs poll the safepoint.

use super::pattern::Pattern;
use protopy_sre::{Abort, Env, Locale, Matcher, Request};
use protopy_vm::protocore::{Ctx, PyResult};
use std::cell::Cell;
use std::ops::{Deref, DerefMut};

thread_local! {
    /// The thread's matcher while nobody uses it. A run inside another run (a callable replacement, a signal handler) makes
    /// one of its own.
    static SPARE: Cell<Option<Box<Matcher>>> = const { Cell::new(None) };
}

/// A matcher on loan.
pub(crate) struct Lent(Option<Box<Matcher>>);

impl Lent {
    /// Borrows the thread's matcher.
    #[inline]
    pub(crate) fn take() -> Lent {
        Lent(Some(SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()))
    }
}

impl Deref for Lent {
    type Target = Matcher;

    #[inline]
    fn deref(&self) -> &Matcher {
        match &self.0 {
            Some(m) => m,
            None => unreachable!("a matcher is given back on drop only"),
        }
    }
}

impl DerefMut for Lent {
    #[inline]
    fn deref_mut(&mut self) -> &mut Matcher {
        match &mut self.0 {
            Some(m) => m,
            None => unreachable!("a matcher is given back on drop only"),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let m = self.0.take();
        let _ = SPARE.try_with(|s| s.set(m));
    }
}

/// The classification of bytes by the current locale of the C library.
#[allow(unsafe_code)]
fn current_locale() -> Locale {
    let mut l = Locale::C;
    for b in 0..=255u8 {
        let (i, c) = (usize::from(b), libc::c_int::from(b));
        // SAFETY: the functions take any value of an unsigned char.
        let (lower, upper, alnum) = unsafe { (libc::tolower(c), libc::toupper(c), libc::isalnum(c)) };
        l.lower[i] = u8::try_from(lower).unwrap_or(b);
        l.upper[i] = u8::try_from(upper).unwrap_or(b);
        l.alnum[i] = alnum != 0;
    }
    l
}

/// `re.LOCALE`
const LOCALE: i32 = 4;

/// Runs a pattern; whether it matched. The result is in the matcher.
#[inline]
pub(crate) fn run(cx: &mut Ctx, p: &Pattern, m: &mut Matcher, request: &Request<'_>) -> PyResult<bool> {
    // Short matches do not come to the engine's own look at what waits.
    cx.safepoint()?;
    let current;
    let locale = if p.flags & LOCALE == 0 {
        &Locale::C
    } else {
        current = current_locale();
        &current
    };
    let mut raised = None;
    let answer = {
        let mut poll = || match cx.safepoint() {
            Ok(()) => Ok(()),
            Err(r) => {
                raised = Some(r);
                Err(())
            }
        };
        m.run(&p.code, request, &mut Env { locale, interrupt: &mut poll })
    };
    match (answer, raised) {
        (Ok(found), _) => Ok(found),
        (Err(Abort::Interrupted), Some(r)) => Err(r),
        (Err(_), _) => Err(cx.no_memory()),
    }
}
