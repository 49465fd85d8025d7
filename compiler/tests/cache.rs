//! Cache files: they come back as they went, and damage is noticed.

use protopy_compiler::{Mode, Options, cache, compile_source, disassemble, verify};

fn sources() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut all: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .flatten()
        .filter_map(|e| std::fs::read_to_string(e.path()).ok())
        .filter_map(|t| t.split("====================").next().map(str::to_owned))
        .collect();
    all.push(
        "x = [1, -1, 10**30, -10**30, 1.5, 2j, -0.0, b'\\xff', 'é', '\\ud800', ..., None, True]".to_owned(),
    );
    all
}

#[test]
fn code_objects_round_trip() {
    for source in sources() {
        let Ok((code, _)) = compile_source(&source, &Options::new(Mode::Exec, "file.py")) else { continue };
        let bytes = cache::encode(&code);
        let back = cache::decode(&bytes).expect("what was encoded");
        assert_eq!(format!("{code:?}"), format!("{back:?}"));
        assert_eq!(disassemble(&code), disassemble(&back));
    }
}

#[test]
fn damage_is_noticed() {
    let source = sources().join("\n");
    let source = source.replace("global x", "pass").replace("from __future__ import annotations", "");
    let (code, _) = compile_source(&source, &Options::new(Mode::Exec, "file.py")).expect("compiles");
    let bytes = cache::encode(&code);
    for n in 0..bytes.len() {
        assert!(cache::decode(&bytes[..n]).is_err());
        let mut damaged = bytes.clone();
        damaged[n] ^= 0x41;
        assert!(cache::decode(&damaged).is_err());
    }
    assert!(cache::decode(b"").is_err());
}

#[test]
fn damage_behind_a_right_checksum_is_safe() {
    let source = sources().join("\n");
    let source = source.replace("global x", "pass").replace("from __future__ import annotations", "");
    let (code, _) = compile_source(&source, &Options::new(Mode::Exec, "file.py")).expect("compiles");
    let bytes = cache::encode(&code);
    let mut seed = 0x2545_f491_4f6c_dd1du64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    let mut accepted = 0;
    for _ in 0..3000 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + next() % 3 {
            let at = 24 + next() % (damaged.len() - 24);
            damaged[at] = next() as u8;
        }
        if let Ok(code) = cache::decode(&cache::reseal(damaged)) {
            accepted += 1;
            verify::structure(&code).expect("only sound code is accepted");
            let _ = disassemble(&code);
        }
    }
    assert!(accepted > 0, "some damage is harmless, a flipped letter say");
}
