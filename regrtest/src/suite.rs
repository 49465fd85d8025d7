//! Which cases count, and the order in which test modules are brought up.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;

/// The case ids of `portable-cases.txt`: those that CPython 3.14.10 passes under another name.
static PORTABLE: &[u8] = include_bytes!("../portable-cases.txt.gz");

/// Cases beside the denominator, in the same form: those that only an interpreter without GIL runs.
static WITHOUT_GIL: &str = include_str!("../cases-without-gil.txt");

/// Which module belongs to which area.
static AREAS: &str = include_str!("../areas.txt");

/// A tier of the suite: its name and groups, each a letter with the names of its modules less `test_`.
pub struct Tier {
    /// `core` or `types`.
    pub name: &'static str,
    /// The groups, in the order in which an implementation meets them.
    pub groups: &'static [(&'static str, &'static str)],
}

/// The two tiers that come first.
pub const TIERS: &[Tier] = &[
    Tier {
        name: "core",
        groups: &[
            (
                "A",
                "int_literal unary binop augassign longexp typechecks contains compare pow keywordonlyarg \
                 named_expressions decorators opcodes print utf8source unicode_identifiers string_literals grammar",
            ),
            (
                "B",
                "global scope dynamic isinstance positional_only_arg call raise exception_variations baseexception \
                 with except_star exception_group iter iterlen generator_stop yield_from dictcomps eof",
            ),
            (
                "C",
                "richcmp property funcattrs subclassinit super genericclass dynamicclassattribute class descr",
            ),
            (
                "D",
                "patma future_stmt type_comments tokenize symtable codeop source_encoding tstring fstring \
                 type_annotations type_aliases type_params annotationlib ast unparse compile code",
            ),
            (
                "E",
                "listcomps genexps setcomps unpack unpack_ex extcall metaclass pep646_syntax descrtut syntax generators",
            ),
            (
                "F",
                "coroutines asyncgen contextlib contextlib_async exceptions exception_hierarchy traceback frame sys \
                 sys_setprofile sys_settrace monitoring weakref gc finalization genericalias",
            ),
        ],
    },
    Tier {
        name: "types",
        groups: &[
            ("A", "bool int long index float strtod complex abstract_numbers numeric_tower math cmath"),
            ("B", "range slice tuple list sort enumerate dict dictviews set hash userlist userdict"),
            (
                "C",
                "str format userstring bytes codecs codeccallbacks charmapcodec unicodedata ucn unicode_file \
                 unicode_file_functions string stringprep",
            ),
            ("D", "memoryview array struct buffer picklebuffer marshal structseq bigmem"),
            (
                "E",
                "builtin types module operator itertools functools collections deque defaultdict ordered_dict \
                 weakset copy copyreg reprlib abc context enum typing",
            ),
        ],
    },
];

/// The area of each module, by its name without `test.`; in the order of the list, core language first.
#[must_use]
pub fn areas() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut areas: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in AREAS.lines().filter(|line| !line.starts_with('#')) {
        let (area, modules) = line.split_once(':').unwrap_or((line, ""));
        if areas.last().is_none_or(|(last, _)| *last != area) {
            areas.push((area, Vec::new()));
        }
        if let Some((_, names)) = areas.last_mut() {
            names.extend(modules.split_whitespace());
        }
    }
    areas
}

/// The denominator: the case ids that count, by module (`test.test_grammar`), in order. Beside it the modules that the reference
/// interpreter, which has a GIL, skips: they run when they are named, and are in no sum.
pub struct Portable {
    modules: BTreeMap<String, Vec<String>>,
    beside: BTreeMap<String, Vec<String>>,
}

impl Portable {
    /// Unpacks the list.
    ///
    /// # Panics
    /// When the list in the binary is damaged, which its unit test rules out.
    #[must_use]
    pub fn load() -> Self {
        let mut text = String::new();
        GzDecoder::new(PORTABLE).read_to_string(&mut text).expect("the list is a valid gzip file");
        Self { beside: Self::parse(WITHOUT_GIL).modules, ..Self::parse(&text) }
    }

    /// Reads the text of the list.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut modules = BTreeMap::new();
        let mut current = (String::new(), Vec::new());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("@ ") {
                let (module, cases) = std::mem::replace(&mut current, (full_name(name), Vec::new()));
                modules.insert(module, cases);
            } else if let Some(id) = line.strip_prefix('=') {
                current.1.push(id.to_owned());
            } else {
                current.1.push(format!("{}.{line}", current.0));
            }
        }
        modules.insert(current.0, current.1);
        modules.remove("");
        Self { modules, beside: BTreeMap::new() }
    }

    /// All modules that have a case, by full name.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// The modules beside the denominator.
    pub fn beside(&self) -> impl Iterator<Item = &str> {
        self.beside.keys().map(String::as_str)
    }

    /// The cases of one module; none if it is unknown.
    #[must_use]
    pub fn cases(&self, module: &str) -> &[String] {
        self.modules.get(module).or_else(|| self.beside.get(module)).map_or(&[], Vec::as_slice)
    }

    /// The modules of a tier, or of one group of it.
    #[must_use]
    pub fn tier(&self, name: &str, group: Option<&str>) -> Vec<String> {
        let tiers = TIERS.iter().filter(|tier| tier.name == name);
        let groups =
            tiers.flat_map(|tier| tier.groups).filter(|(letter, _)| group.is_none_or(|it| it == *letter));
        groups.flat_map(|(_, names)| names.split_whitespace()).flat_map(|name| self.matching(name)).collect()
    }

    /// The modules of no tier.
    #[must_use]
    pub fn rest(&self) -> Vec<String> {
        let tiers: Vec<_> = TIERS.iter().flat_map(|tier| self.tier(tier.name, None)).collect();
        self.modules().filter(|module| !tiers.iter().any(|it| it == module)).map(str::to_owned).collect()
    }

    /// The modules meant by a name: `grammar`, `test_grammar`, `test.test_grammar`; for a package whose modules are
    /// run one by one, all of them.
    #[must_use]
    pub fn matching(&self, name: &str) -> Vec<String> {
        let bare = name.strip_prefix("test.").unwrap_or(name);
        let full =
            if bare.starts_with("test_") { format!("test.{bare}") } else { format!("test.test_{bare}") };
        if self.modules.contains_key(&full) || self.beside.contains_key(&full) {
            return vec![full];
        }
        let within = format!("{full}.");
        let all = self.modules.keys().chain(self.beside.keys());
        all.filter(|module| module.starts_with(&within)).cloned().collect()
    }
}

/// The name by which a module is imported.
fn full_name(name: &str) -> String {
    if name.starts_with("test.") { name.to_owned() } else { format!("test.{name}") }
}

/// A case id as the tables show it: less the name of the module, or with `=` in front when it has another origin.
#[must_use]
pub fn short<'a>(module: &str, id: &'a str) -> std::borrow::Cow<'a, str> {
    match id.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) => rest.into(),
        None => format!("={id}").into(),
    }
}

/// The inverse of [`short`].
#[must_use]
pub fn long(module: &str, short: &str) -> String {
    short.strip_prefix('=').map_or_else(|| format!("{module}.{short}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_complete() {
        let portable = Portable::load();
        assert_eq!(portable.modules().count(), 419);
        assert_eq!(portable.modules().map(|module| portable.cases(module).len()).sum::<usize>(), 42_430);
        assert!(
            portable
                .cases("test.test_grammar")
                .contains(&"test.test_grammar.TokenTests.test_ellipsis".into())
        );
        assert!(portable.cases("test.test_syntax").contains(&"test.test_syntax".into()));
    }

    #[test]
    fn the_tiers_name_modules_that_exist() {
        let portable = Portable::load();
        assert_eq!(portable.tier("core", Some("A")).len(), 18);
        let groups = TIERS.iter().flat_map(|tier| tier.groups);
        let names = groups.flat_map(|(_, names)| names.split_whitespace());
        let missing: Vec<_> = names.filter(|name| portable.matching(name).is_empty()).collect();
        // test_class imports `_testinternalcapi`, so nothing but CPython can run it.
        assert_eq!(missing, ["class"]);
    }

    #[test]
    fn each_module_has_one_area() {
        let portable = Portable::load();
        let mut names: Vec<_> = areas().into_iter().flat_map(|(_, modules)| modules).collect();
        names.sort_unstable();
        let modules: Vec<_> =
            portable.modules().map(|module| module.strip_prefix("test.").unwrap_or(module)).collect();
        assert_eq!(names, modules);
    }

    #[test]
    fn names_may_be_short() {
        let portable = Portable::load();
        assert_eq!(portable.matching("grammar"), ["test.test_grammar"]);
        assert_eq!(portable.matching("test.test_grammar"), ["test.test_grammar"]);
        assert!(portable.matching("asyncio").len() > 20);
        assert!(portable.matching("free_threading").len() > 40);
        assert_eq!(portable.matching("test_free_threading.test_dict").len(), 1);
        assert!(portable.matching("no_such_module").is_empty());
        assert_eq!(short("test.test_x", "test.test_x.A.test_b"), "A.test_b");
        assert_eq!(short("test.test_x", "test.test_x"), "=test.test_x");
        assert_eq!(long("test.test_x", "A.test_b"), "test.test_x.A.test_b");
        assert_eq!(long("test.test_x", "=test.test_x"), "test.test_x");
    }
}
