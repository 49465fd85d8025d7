//! What a document type says: entities, attributes with defaults; and the syntax of its declarations.

use std::collections::BTreeMap;

use super::parser::Code;
use super::syntax::{is_name, is_name_char};

/// An entity.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    /// The replacement text of an internal one.
    pub text: Option<String>,
    pub system: Option<String>,
    pub public: Option<String>,
    pub base: Option<String>,
    pub notation: Option<String>,
}

/// A declared attribute.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub name: String,
    pub cdata: bool,
    pub default: Option<String>,
}

/// The declarations that matter to what comes after them.
#[derive(Clone, Debug)]
pub(super) struct Dtd {
    pub entities: BTreeMap<String, Entity>,
    pub parameters: BTreeMap<String, Entity>,
    pub attributes: BTreeMap<String, Vec<Attribute>>,
    /// Whether there may be declarations that were not read.
    pub incomplete: bool,
    pub standalone: bool,
    /// Whether declarations still count: not after one that was not read.
    pub processing: bool,
}

impl Default for Dtd {
    fn default() -> Self {
        Dtd {
            entities: BTreeMap::new(),
            parameters: BTreeMap::new(),
            attributes: BTreeMap::new(),
            incomplete: false,
            standalone: false,
            processing: true,
        }
    }
}

impl Dtd {
    /// Whether a reference to an entity that is not declared is an error.
    pub(super) fn is_complete(&self) -> bool {
        !self.incomplete || self.standalone
    }
}

/// The content model of an element: type and quantifier by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub kind: u8,
    pub quant: u8,
    pub name: Option<String>,
    pub children: Vec<Model>,
}

/// The deepest model that is read.
const DEPTH: usize = 500;

/// A public and a system identifier.
pub(super) type ExternalId = (Option<String>, Option<String>);

/// Reads a declaration word by word.
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Words { rest: text }
    }

    /// Skips white space. Returns whether there was any.
    pub(super) fn space(&mut self) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let any = rest.len() < self.rest.len();
        self.rest = rest;
        any
    }

    pub(super) fn must_space(&mut self) -> Result<(), Code> {
        if self.space() { Ok(()) } else { Err(Code::InvalidToken) }
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.space();
        self.rest.is_empty()
    }

    pub(super) fn end(&mut self) -> Result<(), Code> {
        if self.at_end() { Ok(()) } else { Err(Code::Syntax) }
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A name, or whatever consists of its characters.
    pub(super) fn token(&mut self) -> Result<&'a str, Code> {
        let end = self.rest.find(|char| !is_name_char(char)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        if token.is_empty() { Err(Code::Syntax) } else { Ok(token) }
    }

    pub(super) fn name(&mut self) -> Result<&'a str, Code> {
        let token = self.token()?;
        if is_name(token) { Ok(token) } else { Err(Code::InvalidToken) }
    }

    pub(super) fn literal(&mut self) -> Result<&'a str, Code> {
        let quote =
            self.rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or(Code::Syntax)?;
        let (text, rest) =
            self.rest.get(1..).and_then(|rest| rest.split_once(quote)).ok_or(Code::UnclosedToken)?;
        self.rest = rest;
        Ok(text)
    }

    /// `SYSTEM "s"` or `PUBLIC "p" "s"`, the latter without `"s"` if it may be: (public, system).
    pub(super) fn external(&mut self, public_alone: bool) -> Result<Option<ExternalId>, Code> {
        if self.take("SYSTEM") {
            self.must_space()?;
            return Ok(Some((None, Some(self.literal()?.to_owned()))));
        }
        if !self.take("PUBLIC") {
            return Ok(None);
        }
        self.must_space()?;
        let public = public_id(self.literal()?)?;
        let space = self.space();
        if public_alone && !self.rest.starts_with(['"', '\'']) {
            return Ok(Some((Some(public), None)));
        }
        if !space {
            return Err(Code::InvalidToken);
        }
        Ok(Some((Some(public), Some(self.literal()?.to_owned()))))
    }

    fn quantifier(&mut self) -> u8 {
        [("?", 1), ("*", 2), ("+", 3)]
            .into_iter()
            .find(|(sign, _)| self.take(sign))
            .map_or(0, |(_, quant)| quant)
    }

    /// The content of an element declaration.
    pub(super) fn model(&mut self) -> Result<Model, Code> {
        let plain = |kind| Model { kind, quant: 0, name: None, children: Vec::new() };
        if self.take("EMPTY") {
            return Ok(plain(1));
        }
        if self.take("ANY") {
            return Ok(plain(2));
        }
        if !self.take("(") {
            return Err(Code::Syntax);
        }
        self.space();
        if !self.take("#PCDATA") {
            return self.group(0);
        }
        let mut model = plain(3);
        loop {
            self.space();
            if self.take(")") {
                break;
            }
            if !self.take("|") {
                return Err(Code::Syntax);
            }
            self.space();
            let name = Some(self.name()?.to_owned());
            model.children.push(Model { kind: 4, quant: 0, name, children: Vec::new() });
        }
        let star = self.take("*");
        if !star && !model.children.is_empty() {
            return Err(Code::Syntax);
        }
        model.quant = if star { 2 } else { 0 };
        Ok(model)
    }

    /// The rest of a group whose parenthesis has been read.
    fn group(&mut self, depth: usize) -> Result<Model, Code> {
        if depth > DEPTH {
            return Err(Code::NoMemory);
        }
        let mut model = Model { kind: 6, quant: 0, name: None, children: Vec::new() };
        let mut separator = None;
        loop {
            self.space();
            let child = if self.take("(") {
                self.group(depth + 1)?
            } else {
                let name = Some(self.name()?.to_owned());
                Model { kind: 4, quant: self.quantifier(), name, children: Vec::new() }
            };
            model.children.push(child);
            self.space();
            if self.take(")") {
                break;
            }
            let found = if self.take("|") {
                '|'
            } else if self.take(",") {
                ','
            } else {
                return Err(Code::Syntax);
            };
            if separator.is_some_and(|separator| separator != found) {
                return Err(Code::Syntax);
            }
            separator = Some(found);
        }
        if separator == Some('|') {
            model.kind = 5;
        }
        model.quant = self.quantifier();
        Ok(model)
    }

    /// The type of an attribute, as handlers see it.
    pub(super) fn attribute_type(&mut self) -> Result<String, Code> {
        let notation = self.take("NOTATION");
        if notation {
            self.must_space()?;
        }
        if !self.take("(") {
            let word = self.token()?;
            const TYPES: [&str; 8] =
                ["CDATA", "ID", "IDREF", "IDREFS", "ENTITY", "ENTITIES", "NMTOKEN", "NMTOKENS"];
            return if TYPES.contains(&word) && !notation { Ok(word.to_owned()) } else { Err(Code::Syntax) };
        }
        let mut names = Vec::new();
        loop {
            self.space();
            names.push(if notation { self.name()? } else { self.token()? });
            self.space();
            if self.take(")") {
                break;
            }
            if !self.take("|") {
                return Err(Code::Syntax);
            }
        }
        Ok(format!("{}({})", if notation { "NOTATION" } else { "" }, names.join("|")))
    }
}

/// A public identifier, with its white space made plain.
fn public_id(text: &str) -> Result<String, Code> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || " \r\n-'()+,./:=?;!*#@$_%".contains(char);
    if !text.chars().all(allowed) {
        return Err(Code::PublicId);
    }
    Ok(text.split([' ', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}
