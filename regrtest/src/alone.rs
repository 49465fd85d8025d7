//! The cases that cannot run beside themselves, `alone.toml`.
//!
//! Where each case runs in several threads at once (`--parallel-threads`), some would fail in any interpreter: they write the same
//! file, exchange the same hook, count the objects of the process. CPython's suite marks a few of them (`thread_unsafe`); these
//! are the others. They run in one thread, as they do in a plain run, and must do what is recorded of them as in a plain run.
//!
//! A table a module, with what is shared as the key and a list of short ids as the value; an id that ends in `*` stands for all that
//! begin as it does.
//!
//! ```toml
//! ["test.test_x"]
//! "sys.stdout" = ["Class.test_y", "Other.*"]
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::suite::long;

/// By module and by what is shared: the ids, in full, with a `*` at the end if they stand for several.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Alone(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Alone {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there, or cannot be understood.
    pub fn load(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut modules: BTreeMap<String, BTreeMap<String, Vec<String>>> =
            toml::from_str(text).map_err(|error| error.to_string())?;
        for (module, lists) in &mut modules {
            for (shared, ids) in lists {
                if shared.trim().is_empty() || ids.is_empty() {
                    return Err(format!("{module}: nothing shared, or no case"));
                }
                ids.iter_mut().for_each(|id| *id = long(module, id));
            }
        }
        Ok(Self(modules))
    }

    /// The ids of a module.
    pub fn of(&self, module: &str) -> impl Iterator<Item = &str> {
        self.0.get(module).into_iter().flat_map(BTreeMap::values).flatten().map(String::as_str)
    }

    /// How many of the cases of a module run in one thread.
    #[must_use]
    pub fn count(&self, module: &str, cases: &[String]) -> usize {
        cases.iter().filter(|case| self.of(module).any(|id| stands_for(id, case))).count()
    }
}

/// Whether an id of the file is this case, or stands for it.
fn stands_for(id: &str, case: &str) -> bool {
    id.strip_suffix('*').map_or(id == case, |start| case.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Portable;

    #[test]
    fn ids_stand_for_cases() -> Result<(), String> {
        let alone =
            Alone::parse("[\"test.m\"]\n\"a file\" = [\"A.*\", \"B.test_b\"]\nhooks = [\"C.test_*\"]")?;
        let cases = ["A.test_a", "B.test_b", "B.test_bb", "C.run", "C.test_c"];
        let cases = cases.map(|case| format!("test.m.{case}"));
        assert_eq!(alone.count("test.m", &cases), 3);
        assert_eq!(alone.count("test.n", &cases), 0);
        assert!(Alone::parse("[\"test.m\"]\nfile = []").is_err());
        assert!(Alone::parse("[\"test.m\"]\nfile = \"A.test_a\"").is_err());
        Ok(())
    }

    #[test]
    fn every_line_of_the_project_has_its_case() -> Result<(), String> {
        let portable = Portable::load();
        let alone = Alone::load(&crate::home().join("alone.toml"))?;
        for module in alone.0.keys() {
            let cases = portable.cases(module);
            for id in alone.of(module) {
                assert!(
                    cases.iter().any(|case| stands_for(id, case)),
                    "{id} is none of the cases that count"
                );
            }
        }
        Ok(())
    }
}
