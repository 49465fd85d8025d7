//! The locale of the process: what it means for file names, the standard streams and UTF-8 mode.

use protopy_vm::{self as vm, protocore::Ctx};
use std::ffi::CStr;

/// Locales that mean "any bytes, but UTF-8", the second choice when the locale is C.
const UTF8_TARGETS: [&CStr; 3] = [c"C.UTF-8", c"C.utf8", c"UTF-8"];

const COERCED: &str = "Python detected LC_CTYPE=C: LC_CTYPE coerced to C.UTF-8 (set another locale or PYTHONCOERCECLOCALE=0 to \
    disable this locale coercion behavior).\n";
const STAYS_C: &str = "Python runtime initialized with LC_CTYPE=C (a locale with default ASCII encoding), which may cause Unicode \
    compatibility problems. Using C.UTF-8, C.utf8, or UTF-8 (if available) as alternative Unicode-compatible locales is \
    recommended.\n";

/// Takes over the character type of the user's locale.
pub fn init() {
    set(c"");
}

/// Replaces the locale C by a UTF-8 locale (PEP 538) unless the environment, where it counts, forbids it. Answers what
/// PYTHONCOERCECLOCALE=warn tells about that.
pub fn coerce(ignore_environment: bool) -> Option<&'static str> {
    if !is_posix() {
        return None;
    }
    let wish = std::env::var_os("PYTHONCOERCECLOCALE").filter(|_| !ignore_environment);
    let warn = wish.as_ref().is_some_and(|v| v == "warn");
    let fixed = std::env::var_os("LC_ALL").is_some_and(|v| !v.is_empty());
    if !fixed && wish.is_none_or(|v| v != "0") {
        for target in UTF8_TARGETS {
            if set(target) {
                // SAFETY: the process has one thread yet.
                #[allow(unsafe_code)]
                unsafe {
                    std::env::set_var("LC_CTYPE", target.to_string_lossy().as_ref());
                }
                return warn.then_some(COERCED);
            }
        }
    }
    warn.then_some(STAYS_C)
}

fn set(name: &CStr) -> bool {
    // SAFETY: the string ends in a zero; the process has one thread yet.
    #[allow(unsafe_code)]
    unsafe {
        !libc::setlocale(libc::LC_CTYPE, name.as_ptr()).is_null()
    }
}

fn current() -> Option<String> {
    // SAFETY: a query; the answer is a string that is valid until the locale changes, and it is copied here.
    #[allow(unsafe_code)]
    unsafe {
        let name = libc::setlocale(libc::LC_CTYPE, std::ptr::null());
        if name.is_null() { None } else { Some(CStr::from_ptr(name).to_string_lossy().into_owned()) }
    }
}

/// Whether the environment asks for the locale C.
pub fn is_posix() -> bool {
    let var = |n: &str| std::env::var(n).ok().filter(|v| !v.is_empty());
    match var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG")).as_deref() {
        None | Some("C" | "POSIX") => true,
        Some(_) => current().is_none_or(|c| c == "C" || c == "POSIX"),
    }
}

/// The locale's encoding as the C library calls it, if it is not UTF-8.
pub fn encoding() -> Option<String> {
    // SAFETY: a query; the answer is a string that is valid until the locale changes, and it is copied here.
    #[allow(unsafe_code)]
    let name = unsafe {
        let name = libc::nl_langinfo(libc::CODESET);
        if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
    };
    let utf8 = name.is_empty() || name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8");
    (!utf8).then_some(name)
}

/// Makes the locale's encoding that of file names and arguments, if it is one that needs no codec written in Python.
pub fn use_encoding(cx: &Ctx, utf8_mode: bool) {
    let codec = match encoding().filter(|_| !utf8_mode).as_deref() {
        Some("ANSI_X3.4-1968" | "US-ASCII") => "ascii",
        Some("ISO-8859-1") => "iso8859-1",
        _ => return,
    };
    let _ = vm::settings::of(cx).fs_encoding.set(codec.to_owned());
}

/// The error handler of standard input and output: bytes that are not UTF-8 pass through in the locale C and its kin.
pub fn stream_errors(utf8_mode: bool) -> &'static str {
    let lenient = current().is_none_or(|c| {
        c == "C" || c == "POSIX" || UTF8_TARGETS.iter().any(|t| t.to_bytes() == c.as_bytes())
    });
    if utf8_mode || lenient { "surrogateescape" } else { "strict" }
}
