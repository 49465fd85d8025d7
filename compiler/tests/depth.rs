//! Deep nesting compiles or is refused, on any stack.

use protopy_compiler::{ErrorKind, Mode, Options, compile_source, verify};

fn compile(source: &str) -> Result<(), ErrorKind> {
    let source = source.to_owned();
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        match compile_source(&source, &Options::new(Mode::Exec, "deep")) {
            Ok((code, _)) => {
                verify::structure(&code).expect("sound code");
                Ok(())
            }
            Err(e) => Err(e.kind),
        }
    });
    thread.expect("a thread").join().expect("no panic")
}

#[test]
fn chains_of_thousands_compile() {
    for link in [".b", "()", "[0]", "*a", " and a", ".m(1)", " < a", "[0].b()"] {
        assert_eq!(compile(&format!("x = a{}", link.repeat(5000))), Ok(()), "{link}");
    }
    assert_eq!(compile(&format!("if a: pass\n{}", "elif a: pass\n".repeat(3000))), Ok(()));
    assert_eq!(compile(&format!("x = {}a", "not ".repeat(2000))), Ok(()));
    assert_eq!(compile(&format!("x = {}a", "a if a else ".repeat(1000))), Ok(()));
    assert_eq!(compile(&format!("x = {}1", "lambda: ".repeat(500))), Ok(()));
}

#[test]
fn endless_chains_are_refused() {
    for link in [".b", "()", "[0]", "*a"] {
        let error = compile(&format!("a{}", link.repeat(500_000))).expect_err("refused");
        assert_eq!(error, ErrorKind::Recursion, "{link}");
    }
    for prefix in ["-", "not ", "lambda: ", "a if a else "] {
        let error = compile(&format!("x = {}a", prefix.repeat(100_000))).expect_err("refused");
        assert!(matches!(error, ErrorKind::Recursion | ErrorKind::Memory), "{prefix}: {error:?}");
    }
    assert_eq!(compile(&format!("x = {}{}", "(".repeat(300), ")".repeat(300))), Err(ErrorKind::Syntax));
}

#[test]
fn large_code_keeps_frames_small() {
    let items = (0..5000).map(|i| format!("f({i})")).collect::<Vec<_>>().join(", ");
    for source in [
        format!("x = [{items}]"),
        format!("x = ({items})"),
        format!("x = {{{items}}}"),
        format!("g({items})"),
        format!("o.g({items}, k=1)"),
        format!("x = {{{}}}", (0..5000).map(|i| format!("{i}: f({i})")).collect::<Vec<_>>().join(", ")),
        format!("g({})", (0..500).map(|i| format!("k{i}=f({i})")).collect::<Vec<_>>().join(", ")),
        format!("x = f'{}'", "{a}b".repeat(3000)),
    ] {
        let (code, _) = compile_source(&source, &Options::new(Mode::Exec, "large")).expect("compiles");
        verify::verify(&code).expect("verifies");
        assert!(code.nregs < 300, "{} registers for {}", code.nregs, &source[..20]);
    }
}

#[test]
fn far_jumps_are_relaxed() {
    let body = "        x = f(x, y)\n".repeat(20_000);
    let source = format!(
        "def g(x, y):\n    for i in y:\n        if i < 3 and x is not y and x < y:\n            continue\n{body}    while x < 9:\n{body}    return x\n"
    );
    let (code, _) = compile_source(&source, &Options::new(Mode::Exec, "far")).expect("compiles");
    verify::verify(&code).expect("verifies");
}
