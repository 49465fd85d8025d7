//! Nesting: CPython's limits, and no overflow or quadratic time on what lies beyond them.

use std::time::{Duration, Instant};

use protopy_tokens::syntax_errors::{Kind, Mode, check, diagnose, nesting_check};

fn verdict(source: &str) -> Option<(Kind, String, usize, isize)> {
    nesting_check(source).err().map(|e| (e.kind, e.msg, e.lineno, e.offset))
}

#[test]
fn brackets() {
    let nested = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(verdict(&nested(200)), None);
    let expected = Some((Kind::Syntax, "too many nested parentheses".to_owned(), 1, 201));
    assert_eq!(verdict(&nested(201)), expected);
    assert_eq!(verdict(&nested(100_000)), expected);
    assert_eq!(verdict(&"[".repeat(100_000)), expected);
    assert_eq!(verdict(&"{a:".repeat(100_000)).map(|v| v.1), expected.map(|v| v.1));
    // An earlier mistake is the one that counts.
    assert_eq!(
        verdict(&format!("x y\n{}", nested(300))).map(|v| v.1).as_deref(),
        Some("too many nested parentheses")
    );
}

#[test]
fn indentation_and_fstrings() {
    let indented = |n: usize| {
        let mut s: String = (0..n).map(|i| format!("{}if a:\n", " ".repeat(i))).collect();
        s.push_str(&" ".repeat(n));
        s + "pass\n"
    };
    assert_eq!(verdict(&indented(99)), None);
    let expected = Some((Kind::Indentation, "too many levels of indentation".to_owned(), 101, 1));
    assert_eq!(verdict(&indented(100)), expected);
    let fields = format!("f'{}{}'", "{a:".repeat(50), "}".repeat(50));
    let expected = Some((Kind::Syntax, "f-string: expressions nested too deeply".to_owned(), 1, 11));
    assert_eq!(verdict(&fields), expected);
    let strings = (0..150).fold("1".to_owned(), |s, _| format!("f'{{{s}}}'"));
    let expected = Some((Kind::Syntax, "too many nested f-strings or t-strings".to_owned(), 1, 449));
    assert_eq!(verdict(&strings), expected);
}

#[test]
fn prefixes() {
    let memory = |s: String| verdict(&s).is_some_and(|v| v.0 == Kind::Memory);
    for (prefix, limit) in [
        ("-", 5968),
        ("not ", 5968),
        ("lambda: ", 2984),
        ("lambda a, b: ", 2984),
        ("a if b else ", 5968),
        ("a**", 2984),
    ] {
        assert!(!memory(format!("{}1", prefix.repeat(limit))), "{prefix}");
        assert!(memory(format!("{}1", prefix.repeat(limit + 60))), "{prefix}");
    }
    assert!(memory(format!("{}1{}", "lambda a=".repeat(800), ":1".repeat(800))));
    assert!(memory(format!("if a: pass\n{}", "elif a: pass\n".repeat(6000))));
    assert!(!memory(format!("if a: pass\n{}", "elif a: pass\n".repeat(5900))));
}

#[test]
fn ordinary_programs_are_shallow() {
    assert_eq!(verdict(&"x = -a + -b, not c\n".repeat(20_000)), None);
    assert_eq!(verdict(&format!("x = [{}]", "-1 + 2, ".repeat(200_000))), None);
    assert_eq!(verdict(&format!("a{}", ".a".repeat(20_000))), None);
    assert_eq!(verdict(&"if a: pass\nelif b: pass\n".repeat(20_000)), None);
    assert_eq!(verdict(&format!("{}1", "a+b and ".repeat(100_000))), None);
}

/// Time and stack of the diagnosis itself, for text of any shape.
#[test]
fn diagnosis_is_linear() {
    let n = 5_000;
    let programs = [
        format!("x = {} 1 2", "a + ".repeat(n)),
        format!("x = f({} a b)", "a, ".repeat(n)),
        format!("x = [{}", "(1, 2), ".repeat(n)),
        format!("{}1 2", "(".repeat(199)),
        format!("{}1 2{}", "(".repeat(199), ")".repeat(199)),
        format!("{}1 2{}", "[".repeat(199), "]".repeat(199)),
        format!("{}1 2{}", "{".repeat(199), "}".repeat(199)),
        format!("{}1 2{}", "{a:".repeat(199), "}".repeat(199)),
        format!("{}1 2{}", "f(".repeat(199), ")".repeat(199)),
        format!("{}1 2{}", "f(a=".repeat(199), ")".repeat(199)),
        format!("{}1 2{}", "a[".repeat(199), "]".repeat(199)),
        format!("{} x y", "lambda: ".repeat(n)),
        format!("{} x y", "not ".repeat(n)),
        format!("{} x y", "-".repeat(n)),
        format!("{} x y", "a ** ".repeat(n)),
        format!("{} x y", "a if b else ".repeat(n)),
        format!("{} x y", "a ".repeat(n)),
        format!("{} x y", "a = ".repeat(n)),
        format!("{} x y", "a.b().c[1]".repeat(n)),
        format!("x = 'é{}' 1 2", "é".repeat(n * 10)),
        format!("{}x y", "x = 1\n".repeat(n)),
        format!("if a: pass\n{}x y", "elif b: pass\n".repeat(n)),
        format!("f'{}' x", "{a!r:>{b}}".repeat(n)),
        format!("match x:\n case {}1 2: pass", "[".repeat(199)),
        format!("[x {} y z]", "for a in b ".repeat(n)),
        format!("{}x y", "@a\n".repeat(n)),
        format!("import {} x y", "a, ".repeat(n)),
        format!("def f({}, x y): pass", (0..n).map(|i| format!("a{i}=1")).collect::<Vec<_>>().join(", ")),
        format!("'a' {} x", "b c ".repeat(n)),
        format!("print {} x", "print ".repeat(n)),
        format!("a {{{}", "b {".repeat(150)),
    ];
    let worker = std::thread::Builder::new().stack_size(protopy_tokens::syntax_errors::PARSER_STACK).spawn(
        move || {
            for program in &programs {
                let begin = Instant::now();
                let found = check(program, Mode::EXEC);
                let shown: String = program.chars().take(30).collect();
                assert!(found.is_some(), "{shown}");
                assert!(begin.elapsed() < Duration::from_secs(4), "{shown}: {:?}", begin.elapsed());
            }
        },
    );
    worker.unwrap().join().unwrap();
}

#[test]
fn modes() {
    let incomplete = Mode { incomplete: true, ..Mode::SINGLE };
    let kind = |s: &str, mode| check(s, mode).map(|e| e.kind);
    for source in ["if x:", "if x:\n  y = (", "class A:\n", "x = '''abc", "f(1,\n", "def f():\n", "x \\\n"] {
        assert_eq!(kind(source, incomplete), Some(Kind::Incomplete), "{source}");
    }
    assert_eq!(kind("x y", incomplete), Some(Kind::Syntax));
    assert_eq!(kind("x = 1", incomplete), None);
    assert_eq!(check("x = 1", Mode::EVAL).map(|e| (e.msg, e.offset)), Some(("invalid syntax".to_owned(), 3)));
    assert_eq!(check("a, b\n\n", Mode::EVAL), None);
    let several = "multiple statements found while compiling a single statement";
    assert_eq!(check("a\nb", Mode::SINGLE).map(|e| e.msg).as_deref(), Some(several));
}

/// Through the other parser, as the compiler calls it.
#[test]
fn with_the_other_parser() {
    let diagnosis = |source: &str| {
        let error = ruff_python_parser::parse_module(source).unwrap_err();
        let (start, end) = (error.location.start().to_usize(), error.location.end().to_usize());
        let debug = format!("{:?}", error.error);
        diagnose(source, &error.error.to_string(), &debug, start, end, Mode::EXEC)
    };
    let found = diagnosis("x = (1,\ny = 2\n");
    assert_eq!((found.msg.as_str(), found.lineno, found.offset), ("'(' was never closed", 1, 5));
    let found = diagnosis("f\"a{x}b\\N{NOPE}{y}\"");
    let expected = "(unicode error) 'unicodeescape' codec can't decode bytes in position 1-8: unknown Unicode character name";
    assert_eq!((found.msg.as_str(), found.offset, found.end_offset), (expected, 7, 16));
    // Not refused by the other parser: the compiler's business, known here all the same.
    let found = check("f(a=1, a=2)\n", Mode::EXEC).unwrap();
    assert_eq!((found.msg.as_str(), found.offset, found.end_offset), ("keyword argument repeated: a", 8, 11));
}
