//! How deep the parser, and the recursive drop of its tree, may go: `depth KIND N STACK_MB` in a thread of that stack.

use ruff_python_parser::parse_module;

fn program(kind: &str, n: usize) -> String {
    match kind {
        "paren" => format!("{}1{}", "(".repeat(n), ")".repeat(n)),
        "list" => format!("{}1{}", "[".repeat(n), "]".repeat(n)),
        "dict" => format!("{}1{}", "{a:".repeat(n), "}".repeat(n)),
        "call" => format!("{}1{}", "f(".repeat(n), ")".repeat(n)),
        "sub" => format!("{}1{}", "a[".repeat(n), "]".repeat(n)),
        "neg" => format!("{}1", "-".repeat(n)),
        "not" => format!("{}1", "not ".repeat(n)),
        "lambda" => format!("{}1", "lambda:".repeat(n)),
        "ifexp" => format!("{}1", "a if b else ".repeat(n)),
        "pow" => format!("{}1", "a**".repeat(n)),
        "attr" => format!("a{}", ".a".repeat(n)),
        "calls" => format!("a{}", "()".repeat(n)),
        "add" => format!("{}1", "a+".repeat(n)),
        "cmp" => format!("{}1", "a<".repeat(n)),
        "assign" => format!("{}1", "a=".repeat(n)),
        "elif" => format!("if a: pass\n{}", "elif a: pass\n".repeat(n)),
        "indent" => {
            let mut s = String::new();
            for i in 0..n {
                s.push_str(&" ".repeat(i));
                s.push_str("if a:\n");
            }
            s + &" ".repeat(n) + "pass\n"
        }
        "fstr" => {
            let mut s = "1".to_owned();
            for _ in 0..n {
                s = format!("f'{{{s}}}'");
            }
            s
        }
        "pattern" => format!("match a:\n case {}a{}: pass", "[".repeat(n), "]".repeat(n)),
        "orpat" => format!("match a:\n case {}1: pass", "1|".repeat(n)),
        "aspat" => format!("match a:\n case {}a{}: pass", "(".repeat(n), " as b)".repeat(n)),
        "await" => format!("{}a", "await ".repeat(n)),
        "yield" => format!("{}a{}", "(yield ".repeat(n), ")".repeat(n)),
        "star" => format!("{}a", "*".repeat(n)),
        "walrus" => format!("{}1{}", "(a:=".repeat(n), ")".repeat(n)),
        "lamdef" => format!("{}1{}", "lambda a=".repeat(n), ":1".repeat(n)),
        "colons" => format!("{}1", "a:".repeat(n)),
        "and" => format!("{}1", "a and b or ".repeat(n)),
        "oneline" => format!("{}pass", "if a: ".repeat(n)),
        _ => format!("{}1", "async ".repeat(n)),
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (kind, n, mb) = (args[1].clone(), args[2].parse().unwrap(), args[3].parse::<usize>().unwrap());
    let source = program(&kind, n);
    if args.len() > 4 {
        println!("{:?}", protopy_tokens::syntax_errors::nesting_check(&source).map_err(|e| e.msg));
        return;
    }
    let worker = std::thread::Builder::new().stack_size(mb << 20).spawn(move || {
        let ok = parse_module(&source).map(drop).is_ok();
        println!("{kind} {n} {ok}");
    });
    worker.unwrap().join().unwrap();
}
