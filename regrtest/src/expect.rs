//! What is expected of the cases that do not simply pass.
//!
//! A file a module, `expected/MODULE.txt`: a line is a case id less the module's name, a state and a reason, with
//! tabs between them. The id `*` stands for every case of the module that has no line of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// What a case is expected to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum State {
    /// It runs, and does not pass.
    Fail,
    /// It ends the process; it is left out.
    Crash,
    /// It does not end; it is left out.
    Hang,
    /// It passes at times; it runs, and anything will do.
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

/// The expectations of one module.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Expected {
    /// State and reason by short case id.
    pub cases: BTreeMap<String, (State, String)>,
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

    /// Writes the file of a module. An empty file says that the module was run, and that every case must pass.
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
        let found = self.cases.get(short).or_else(|| self.cases.get("*"))?;
        Some((found.0, &found.1))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut cases = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let mut fields = line.splitn(3, '\t');
            let (Some(id), Some(word), Some(reason)) = (fields.next(), fields.next(), fields.next()) else {
                return Err(format!("line {}: not an id, a state and a reason", number + 1));
            };
            let Some(state) = State::ALL.into_iter().find(|state| state.word() == word) else {
                return Err(format!("line {}: {word:?} is not a state", number + 1));
            };
            if reason.trim().is_empty() {
                return Err(format!("line {}: no reason", number + 1));
            }
            cases.insert(id.to_owned(), (state, reason.to_owned()));
        }
        Ok(Self { cases })
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        self.cases.iter().fold(String::new(), |mut text, (id, (state, reason))| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{id}\t{state}\t{reason}");
            text
        })
    }
}

/// The file of a module.
#[must_use]
pub fn file(folder: &Path, module: &str) -> PathBuf {
    folder.join(format!("{}.txt", module.strip_prefix("test.").unwrap_or(module)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let text = "*\tnot-applicable\tbyte code\nA.test_b\tfail\tTypeError: no\n";
        let expected = Expected::parse(text).unwrap_or_default();
        assert_eq!(expected.text(), text);
        assert_eq!(expected.get("A.test_b"), Some((State::Fail, "TypeError: no")));
        assert_eq!(expected.get("A.test_c"), Some((State::NotApplicable, "byte code")));
        assert_eq!(Expected::default().get("A.test_b"), None);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(Expected::parse("A.test_b\tfail").is_err());
        assert!(Expected::parse("A.test_b\tfail\t ").is_err());
        assert!(Expected::parse("A.test_b\tskip\tslow").is_err());
    }
}
