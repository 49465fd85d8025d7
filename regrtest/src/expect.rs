//! What is expected of the cases that do not simply pass.
//!
//! A file a module, `expected/MODULE.toml`, with a line a case: its id less the module's name, a state and a reason.
//!
//! ```toml
//! "SyntaxTests.test_x" = { fail = "not yet: no such warning" }
//! "*" = { not-applicable = "looks at CPython's byte code" }
//! ```
//!
//! The id `*` stands for every case of the module that has no line of its own. A case without a line must pass; a
//! module without a file has never been recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde::{Deserialize, Serialize};

/// What a case is expected to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It runs, and does not pass.
    Fail,
    /// It ends the process; it is left out.
    Crash,
    /// It does not end; it is left out.
    Hang,
    /// It passes at times; it runs, and may fail, but not crash or hang.
    Flaky,
    /// It looks at what is CPython's alone; it is left out.
    NotApplicable,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Fail, Self::Crash, Self::Hang, Self::Flaky, Self::NotApplicable];

    /// The word for it in the files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Flaky => "flaky",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// Whether such a case is run at all.
    #[must_use]
    pub fn runs(self) -> bool {
        matches!(self, Self::Fail | Self::Flaky)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The id that stands for all cases.
pub const ALL_CASES: &str = "*";

/// The expectations of one module.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Expected {
    /// State and reason by short case id.
    pub cases: BTreeMap<String, (State, String)>,
    /// Whether the module has been recorded, so that what is not listed has passed.
    pub recorded: bool,
}

impl Expected {
    /// Reads the file of a module; a missing file means that every case must pass.
    ///
    /// # Errors
    /// The file and line that cannot be understood.
    pub fn load(folder: &Path, module: &str) -> Result<Self, String> {
        let file = file(folder, module);
        match fs::read_to_string(&file) {
            Ok(text) => Self::parse(&text).map_err(|error| format!("{}: {error}", file.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{}: {error}", file.display())),
        }
    }

    /// Writes the file of a module. One without a line says that every case passes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, folder: &Path, module: &str) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(file(folder, module), self.text())
    }

    /// The expectation of a case, its own or the module's.
    #[must_use]
    pub fn get(&self, short: &str) -> Option<(State, &str)> {
        let found = self.cases.get(short).or_else(|| self.cases.get(ALL_CASES))?;
        Some((found.0, &found.1))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines: BTreeMap<String, BTreeMap<State, String>> =
            toml::from_str(text).map_err(|error| error.to_string())?;
        let mut cases = BTreeMap::new();
        for (id, states) in lines {
            let mut states = states.into_iter();
            let (Some((state, reason)), None) = (states.next(), states.next()) else {
                return Err(format!("{id}: not exactly one state"));
            };
            if reason.trim().is_empty() {
                return Err(format!("{id}: no reason"));
            }
            cases.insert(id, (state, reason));
        }
        Ok(Self { cases, recorded: true })
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self
            .cases
            .iter()
            .map(|(id, (state, reason))| format!("{} = {{ {state} = {} }}\n", quoted(id), quoted(reason)));
        if self.cases.is_empty() { "# every case passes\n".to_owned() } else { lines.collect() }
    }
}

/// A text as TOML writes it, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            char if char.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(char))),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// The file of a module.
#[must_use]
pub fn file(folder: &Path, module: &str) -> PathBuf {
    folder.join(format!("{}.toml", module.strip_prefix("test.").unwrap_or(module)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() -> Result<(), String> {
        let text =
            "\"*\" = { not-applicable = \"byte code\" }\n\"A.test_b\" = { fail = \"TypeError: no\" }\n";
        let expected = Expected::parse(text)?;
        assert_eq!(expected.text(), text);
        assert_eq!(expected.get("A.test_b"), Some((State::Fail, "TypeError: no")));
        assert_eq!(expected.get("A.test_c"), Some((State::NotApplicable, "byte code")));
        assert_eq!(Expected::default().get("A.test_b"), None);
        assert_eq!(Expected::parse(&Expected::default().text())?.cases, BTreeMap::new());
        Ok(())
    }

    #[test]
    fn any_text_is_an_id_and_a_reason() -> Result<(), String> {
        for text in ["'", "\"", "\\", "a\nb\t\u{7f}\u{85}", "ünï", "\"\"\"", "# no", "{ }", "\\u0041"] {
            let cases = BTreeMap::from([(text.to_owned(), (State::Flaky, text.to_owned()))]);
            let expected = Expected { cases, recorded: true };
            assert_eq!(Expected::parse(&expected.text())?, expected);
        }
        Ok(())
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "\"A.test_b\" = \"fail\"",
            "\"A.test_b\" = { fail = \" \" }",
            "\"A.test_b\" = { skip = \"slow\" }",
            "\"A.test_b\" = { fail = \"a\", crash = \"b\" }",
            "\"A.test_b\" = { }",
            "A.test_b\tfail\twhy",
        ] {
            assert!(Expected::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_words_are_those_of_the_files() -> Result<(), String> {
        for state in State::ALL {
            let expected = Expected::parse(&format!("a = {{ {state} = \"why\" }}"))?;
            assert_eq!(expected.get("a"), Some((state, "why")));
        }
        Ok(())
    }

    #[test]
    fn every_file_of_the_project_can_be_read() -> Result<(), String> {
        let folder = crate::home().join("expected");
        let portable = crate::suite::Portable::load();
        let mut count = 0;
        for module in portable.modules().chain(portable.beside()) {
            count += usize::from(Expected::load(&folder, module)?.recorded);
        }
        let files = fs::read_dir(&folder).map_err(|error| error.to_string())?.count();
        assert_eq!(count, files, "each file belongs to a module");
        Ok(())
    }
}
