//! The `protopy` command: runs Python programs.

mod cli;
mod help;
mod locale;
mod locate;
mod repl;
mod run;
mod settings;
mod streams;

use std::io::Write;

/// Has the C library keep up to 8 MiB that was freed, and take up to 4 MiB at a time from what it has: big temporary buffers, numbers
/// above all, otherwise go back to the system after each use, and their pages are cleared anew. (20 % of the time of `bigints`.)
fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the calls set two numbers; the process has one thread yet.
    #[allow(unsafe_code)]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 4 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 8 << 20);
    }
}

fn main() {
    keep_freed_memory();
    locale::init();
    let status = match cli::parse(std::env::args_os().collect()) {
        cli::Answer::Run(i) => {
            if let Some(notice) = locale::coerce(i.config.ignore_environment != 0) {
                let _ = std::io::stderr().write_all(notice.as_bytes());
            }
            run::run(*i)
        }
        cli::Answer::Print(text) => {
            let _ = std::io::stdout().write_all(text.as_bytes());
            0
        }
        cli::Answer::Refuse(text, status) => {
            let _ = std::io::stderr().write_all(text.as_bytes());
            status
        }
    };
    std::process::exit(status);
}
