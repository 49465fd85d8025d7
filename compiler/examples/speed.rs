//! Times the stages of compilation over the files named on standard input.

use protopy_compiler::symtable::{TableOptions, build_table};
use protopy_compiler::{Mode, Options, cache, compile_ast, parse};
use std::io::BufRead;
use std::time::{Duration, Instant};

fn main() {
    let (mut bytes, mut stages) = (0usize, [Duration::ZERO; 5]);
    for path in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(source) = std::fs::read_to_string(&path) else { continue };
        let options = Options::new(Mode::Exec, path.as_str());
        let start = Instant::now();
        let Ok(parsed) = parse(&source, &options) else { continue };
        stages[0] += start.elapsed();
        let start = Instant::now();
        let table = build_table(parsed.tree(), parsed.locations(), TableOptions::default());
        stages[1] += start.elapsed();
        drop(table);
        let start = Instant::now();
        let Ok((code, _)) = compile_ast(parsed.tree(), parsed.locations(), &options) else { continue };
        stages[2] += start.elapsed();
        bytes += source.len();
        let start = Instant::now();
        let file = cache::encode(&code);
        stages[3] += start.elapsed();
        let start = Instant::now();
        let back = cache::decode(&file);
        stages[4] += start.elapsed();
        assert!(back.is_ok());
    }
    let names = ["parse", "symbol table", "compile (table included)", "encode", "decode"];
    for (name, time) in names.iter().zip(stages) {
        println!("{name}: {time:?}, {:.1} MB/s", bytes as f64 / 1e6 / time.as_secs_f64());
    }
}
