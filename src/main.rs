//! The `protopy` command: runs Python programs.

mod cli;
mod run;

use std::io::Write;

fn main() {
    let status = match cli::parse(std::env::args_os().collect()) {
        cli::Answer::Run(i) => run::run(*i),
        cli::Answer::Print(text) => {
            let _ = std::io::stdout().write_all(text.as_bytes());
            0
        }
        cli::Answer::Refuse(text) => {
            let _ = std::io::stderr().write_all(text.as_bytes());
            2
        }
    };
    std::process::exit(status);
}
