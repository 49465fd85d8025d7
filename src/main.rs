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

fn main() {
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
