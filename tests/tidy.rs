//! House rules that no compiler checks: every module says what it is for, no file outgrows its reader, crates depend on
//! each other in one direction, and nothing names the machine it was written on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Lines that a file of Rust may have; generated tables are exempt.
const BUDGET: usize = 1000;

/// The layers of the workspace: a crate may depend on those of lower layers alone, and on none that is refused.
/// Crates whose names begin with one ending in `-*` share a layer, and may depend on each other.
const LAYERS: &[(&str, u8)] = &[
    ("protopy-bytecode", 0),
    ("protopy-tokens", 0),
    ("protopy-text", 0),
    ("protopy-num", 0),
    ("protopy-lib", 0),
    ("protopy-sre", 1),
    ("protopy-compiler", 2),
    ("protocore", 2),
    ("protopy-vm", 3),
    ("protopy-mod-*", 4),
    ("protopy-builtins", 4),
    ("protopy", 5),
    ("regrtest", 2),
    ("protopy-bench", 6),
];

/// What the layers would allow, but must not be.
const REFUSED: &[(&str, &str)] = &[("protocore", "protopy-compiler")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the project, by its path from the root: what Git knows or would add.
fn files() -> Vec<String> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let skipped = ["target", ".git", "__pycache__"].iter().any(|skipped| name == *skipped);
            if skipped || entry.path().ends_with("regrtest/cache") {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => walk(&entry.path(), files),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    walk(root(), &mut found);
    let mut names: Vec<_> =
        found.iter().filter_map(|file| Some(file.strip_prefix(root()).ok()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// Fails with one line a problem.
fn report(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let rust = files().into_iter().filter(|name| name.ends_with(".rs"));
    let silent =
        |name: &String| fs::read_to_string(root().join(name)).is_ok_and(|text| !text.starts_with("//!"));
    report(rust.filter(silent).map(|name| format!("{name}: does not open with `//!`")).collect());
}

#[test]
fn no_file_is_over_budget() {
    let rust = files()
        .into_iter()
        .filter(|name| name.ends_with(".rs") && !name.split('/').any(|part| part == "tables"));
    let long = rust.filter_map(|name| {
        let lines = fs::read_to_string(root().join(&name)).ok()?.lines().count();
        (lines > BUDGET).then(|| format!("{name}: {lines} lines, the budget is {BUDGET}: find the seam"))
    });
    report(long.collect());
}

#[test]
fn crates_depend_in_one_direction() {
    let manifests = files().into_iter().filter(|name| name.ends_with("Cargo.toml"));
    let crates: BTreeMap<_, _> = manifests
        .filter_map(|name| {
            let manifest = Manifest::parse(&fs::read_to_string(root().join(name)).ok()?);
            Some((manifest.name?, manifest.dependencies))
        })
        .collect();
    let mut problems = Vec::new();
    for (name, dependencies) in &crates {
        let Some((family, layer)) = layer(name) else {
            problems.push(format!("{name}: not in the list of layers"));
            continue;
        };
        for dependency in dependencies.iter().filter(|dependency| crates.contains_key(*dependency)) {
            let Some((other_family, other)) = self::layer(dependency) else { continue };
            let relatives = layer == other && (family.ends_with('*') || other_family.ends_with('*'));
            let refused = REFUSED.contains(&(name, dependency));
            if refused || (other >= layer && !relatives) {
                problems.push(format!("{name} must not depend on {dependency}"));
            }
        }
    }
    report(problems);
}

/// The entry of a crate in the list of layers.
fn layer(name: &str) -> Option<(&'static str, u8)> {
    let matches =
        |pattern: &str| pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start));
    LAYERS.iter().find(|(pattern, _)| matches(pattern)).copied()
}

/// As much of a manifest as the rule needs.
#[derive(Default)]
struct Manifest {
    name: Option<String>,
    dependencies: Vec<String>,
}

impl Manifest {
    fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']);
                if let Some(name) = section.strip_prefix("dependencies.") {
                    manifest.dependencies.push(name.to_owned());
                }
            } else if let Some((key, value)) = line.split_once('=') {
                let key = key.trim().split('.').next().unwrap_or_default();
                match section {
                    "package" if key == "name" => {
                        manifest.name = Some(value.trim().trim_matches('"').to_owned())
                    }
                    "dependencies" | "build-dependencies" => manifest.dependencies.push(key.to_owned()),
                    _ => {}
                }
            }
        }
        manifest
    }
}

#[test]
fn nothing_names_this_machine() {
    let home = env::var("HOME").ok().filter(|home| home.len() > 1).map(|home| format!("{home}/"));
    let own = root().to_str().map(|root| format!("{root}/"));
    let marks: Vec<_> = home.into_iter().chain(own).collect();
    let texts = files().into_iter().filter_map(|name| {
        let text = fs::read_to_string(root().join(&name)).ok()?;
        let mark = marks.iter().find(|mark| text.contains(*mark))?;
        Some(format!("{name}: contains {mark}"))
    });
    report(texts.collect());
}
