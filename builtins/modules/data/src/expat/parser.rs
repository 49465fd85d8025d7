//! A parser of XML 1.0 that is fed piece by piece and asked for one event after the other.
//!
//! It does not validate, but reads the internal subset of the document type: entities are expanded, attributes get their
//! defaults. External entities are events; what they contain is parsed by a parser of their own, made by [`Parser::child`].
//!
//! Tokens are taken whole: one that is not complete stays in the buffer until there is more. Internal entities are sources
//! of their own on a stack above the document; positions stay where the outermost reference is. What entities expand to is
//! limited in relation to what was fed.

mod tags;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::dtd::{Dtd, Entity, Model};
use super::encoding::{self, Encoding, Guess, Named};
use super::syntax::{
    character, check_chars, declaration, first_problem, is_name, is_name_char, is_xml_char, newlines,
    parse_tag, tag_end,
};

/// What may be wrong with a document, by the numbers that programs know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Code {
    NoMemory = 1,
    Syntax = 2,
    NoElements = 3,
    InvalidToken = 4,
    UnclosedToken = 5,
    PartialChar = 6,
    TagMismatch = 7,
    DuplicateAttribute = 8,
    Junk = 9,
    ParameterReference = 10,
    UndefinedEntity = 11,
    RecursiveEntity = 12,
    AsyncEntity = 13,
    BadChar = 14,
    BinaryEntity = 15,
    ExternalInAttribute = 16,
    MisplacedDeclaration = 17,
    UnknownEncoding = 18,
    IncorrectEncoding = 19,
    UnclosedCdata = 20,
    ExternalHandling = 21,
    NotStandalone = 22,
    UnboundPrefix = 27,
    UndeclaredPrefix = 28,
    XmlDeclaration = 30,
    TextDeclaration = 31,
    PublicId = 32,
    Finished = 36,
    ReservedXml = 38,
    ReservedXmlns = 39,
    ReservedUri = 40,
    Amplification = 43,
}

/// Where something is in the document; the line counts from 1, the column from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Position {
    pub byte: usize,
    pub line: usize,
    pub column: usize,
}

/// What happens in a document.
#[derive(Clone, Debug)]
pub(super) enum Event {
    XmlDecl {
        version: Option<String>,
        encoding: Option<String>,
        standalone: i8,
    },
    Start {
        name: String,
        attributes: Vec<(String, String)>,
        specified: usize,
    },
    End(String),
    Text(String),
    Pi(String, String),
    Comment(String),
    StartCdata,
    EndCdata,
    StartNamespace(Option<String>, Option<String>),
    EndNamespace(Option<String>),
    StartDoctype {
        name: String,
        system: Option<String>,
        public: Option<String>,
        internal: bool,
    },
    EndDoctype,
    Element(String, Model),
    Attlist {
        element: String,
        name: String,
        kind: String,
        default: Option<String>,
        required: bool,
    },
    Entity {
        name: String,
        parameter: bool,
        entity: Entity,
    },
    Notation {
        name: String,
        base: Option<String>,
        system: Option<String>,
        public: Option<String>,
    },
    NotStandalone,
    External {
        context: Option<String>,
        base: Option<String>,
        system: Option<String>,
        public: Option<String>,
    },
    Skipped(String, bool),
    /// Something that has no handler of its own.
    Other,
    /// The table of an encoding is needed to go on.
    Encoding(String),
}

/// An event with the pieces of the document that it stands for, and where.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub event: Event,
    pub raw: Vec<String>,
    pub at: Position,
}

/// An element that is open.
struct Open {
    raw: String,
    name: String,
    /// How many namespaces were bound before it.
    bound: usize,
}

/// An internal entity that is being expanded.
struct Source {
    text: String,
    at: usize,
    name: String,
    parameter: bool,
    depth: usize,
}

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    Prolog,
    Subset,
    AfterSubset,
    Content,
    Cdata,
    Epilog,
}

/// What a child parser is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Document,
    General,
    Parameter,
}

/// What came of a step.
pub(super) enum Step {
    Progress,
    Wait,
}

/// How much entities may expand, as a factor of what was fed, once there is this much of it, in bytes.
pub(super) struct Limit {
    pub factor: f32,
    pub threshold: u64,
}

/// The parser.
pub(super) struct Parser {
    pub(super) kind: Kind,
    raw: Vec<u8>,
    encoding: Option<Encoding>,
    /// The encoding given by the caller, which outdoes the one declared.
    pub(super) given: Option<String>,
    wanted: Option<String>,
    text: String,
    at: usize,
    last: bool,
    /// What could not be decoded behind the text.
    damage: Option<Code>,
    pub(super) position: Position,
    pub(super) phase: Phase,
    pub(super) begun: bool,
    pub(super) separator: Option<String>,
    pub(super) triplets: bool,
    stack: Vec<Open>,
    bindings: Vec<(String, Option<String>)>,
    sources: Vec<Source>,
    pub(super) queue: VecDeque<Item>,
    pub(super) dtd: Arc<Mutex<Dtd>>,
    pub(super) base: Option<String>,
    /// Whether internal entities are expanded.
    pub(super) expand: bool,
    /// 0: external parameter entities are not read; 1: unless the document is standalone; 2: always.
    pub(super) parameters: u8,
    pub(super) foreign: bool,
    pub(super) doctype: Option<(Option<String>, Option<String>)>,
    pub(super) included: usize,
    inherited: Vec<String>,
    pub(super) limit: Limit,
    fed: u64,
    expanded: u64,
    pub(super) finished: bool,
}

impl Parser {
    /// Of a document.
    pub(super) fn new(given: Option<String>, separator: Option<String>) -> Self {
        Parser {
            kind: Kind::Document,
            raw: Vec::new(),
            encoding: None,
            given,
            wanted: None,
            text: String::new(),
            at: 0,
            last: false,
            damage: None,
            position: Position { byte: 0, line: 1, column: 0 },
            phase: Phase::Prolog,
            begun: false,
            separator,
            triplets: false,
            stack: Vec::new(),
            bindings: Vec::new(),
            sources: Vec::new(),
            queue: VecDeque::new(),
            dtd: Arc::default(),
            base: None,
            expand: true,
            parameters: 0,
            foreign: false,
            doctype: None,
            included: 0,
            inherited: Vec::new(),
            limit: Limit { factor: 100.0, threshold: 8 << 20 },
            fed: 0,
            expanded: 0,
            finished: false,
        }
    }

    /// A parser of an external entity: of a general one with a context, else of parameters.
    pub(super) fn child(&self, context: Option<&str>, given: Option<String>) -> Self {
        let mut child = Parser::new(given, self.separator.clone());
        child.triplets = self.triplets;
        child.base.clone_from(&self.base);
        child.expand = self.expand;
        child.parameters = self.parameters;
        match context {
            None => {
                child.kind = Kind::Parameter;
                child.phase = Phase::Subset;
                child.dtd = Arc::clone(&self.dtd);
            }
            Some(context) => {
                child.kind = Kind::General;
                child.phase = Phase::Content;
                let dtd = self.dtd.lock().unwrap_or_else(PoisonError::into_inner).clone();
                child.dtd = Arc::new(Mutex::new(dtd));
                for part in context.split('\u{c}').filter(|part| !part.is_empty()) {
                    match part.split_once('=') {
                        Some((prefix, uri)) => child.bindings.push((prefix.to_owned(), Some(uri.to_owned()))),
                        None => child.inherited.push(part.to_owned()),
                    }
                }
            }
        }
        child
    }

    /// Takes more of the document; `last` says that this is all.
    pub(super) fn feed(&mut self, data: &[u8], last: bool) -> Result<(), Code> {
        self.raw.try_reserve(data.len()).map_err(|_| Code::NoMemory)?;
        self.raw.extend_from_slice(data);
        self.fed += data.len() as u64;
        self.last |= last;
        Ok(())
    }

    /// The next event; none if there is nothing more to tell until more is fed.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Code> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            if self.finished {
                return Ok(None);
            }
            self.decode()?;
            if self.encoding.is_none() && self.queue.is_empty() {
                return Ok(None);
            }
            if self.queue.is_empty()
                && let Step::Wait = self.step()?
                && self.queue.is_empty()
            {
                return Ok(None);
            }
        }
    }

    /// Gives the table of the encoding that was asked for.
    pub(super) fn set_table(&mut self, chars: &[Option<char>]) -> Result<(), Code> {
        self.encoding = Some(encoding::table(chars).ok_or(Code::UnknownEncoding)?);
        Ok(())
    }

    fn decode(&mut self) -> Result<(), Code> {
        if self.encoding.is_none() && !self.choose_encoding()? {
            return Ok(());
        }
        if self.raw.is_empty() || self.damage.is_some() {
            return Ok(());
        }
        if self.at > 1 << 14 && self.at * 2 > self.text.len() {
            self.text.drain(..self.at);
            self.at = 0;
        }
        if let Some(encoding) = &self.encoding {
            self.damage = encoding.decode(&mut self.raw, &mut self.text).err();
        }
        Ok(())
    }

    fn choose_encoding(&mut self) -> Result<bool, Code> {
        if self.wanted.is_some() || (self.raw.is_empty() && !self.last) {
            return Ok(false);
        }
        let guess = encoding::guess(&self.raw, self.last);
        let (name, found) = match (self.given.clone(), guess) {
            (_, Guess::Wait) => return Ok(false),
            (Some(name), Guess::Is(found, mark)) => (name, Some((found, mark))),
            (Some(name), Guess::Declared(_)) => (name, None),
            (None, Guess::Is(found, mark)) => {
                self.raw.drain(..mark);
                self.position.byte += mark;
                self.encoding = Some(found);
                return Ok(true);
            }
            (None, Guess::Declared(name)) => (name, None),
        };
        match (encoding::named(&name), found) {
            (Named::Utf16, Some((found @ Encoding::Utf16 { .. }, mark))) => {
                self.raw.drain(..mark);
                self.position.byte += mark;
                self.encoding = Some(found);
            }
            (Named::Utf16, _) if self.given.is_some() => self.encoding = Some(Encoding::Utf16 { big: true }),
            (Named::Utf16, _) => return Err(Code::IncorrectEncoding),
            (Named::Known(Encoding::Utf16 { .. }), _) if self.given.is_none() => {
                return Err(Code::IncorrectEncoding);
            }
            (Named::Known(known), found) => {
                if let Some((_, mark)) = found {
                    self.raw.drain(..mark);
                    self.position.byte += mark;
                }
                self.encoding = Some(known);
            }
            (Named::Unknown, _) => {
                self.wanted = Some(name.clone());
                self.push(Event::Encoding(name), "");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says that something happened at the present position.
    pub(super) fn push(&mut self, event: Event, raw: &str) {
        let raw = if raw.is_empty() { Vec::new() } else { vec![raw.to_owned()] };
        self.queue.push_back(Item { event, raw, at: self.position });
    }

    /// What has not been read of the innermost source.
    pub(super) fn rest(&self) -> &str {
        match self.sources.last() {
            Some(source) => source.text.get(source.at..).unwrap_or_default(),
            None => self.text.get(self.at..).unwrap_or_default(),
        }
    }

    /// Whether the innermost source ends where its text ends.
    pub(super) fn complete(&self) -> bool {
        !self.sources.is_empty() || (self.last && self.raw.is_empty()) || self.damage.is_some()
    }

    /// Whether an entity is being expanded.
    pub(super) fn nested(&self) -> bool {
        !self.sources.is_empty()
    }

    /// Takes so many bytes of the text away.
    pub(super) fn advance(&mut self, length: usize) {
        if let Some(source) = self.sources.last_mut() {
            source.at += length;
            return;
        }
        let taken = self.text.get(self.at..self.at + length).unwrap_or_default();
        let mut chars = taken.chars().peekable();
        while let Some(char) = chars.next() {
            self.position.byte += self.encoding.as_ref().map_or(1, |encoding| encoding.width(char));
            match char {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\n' | '\r' => {
                    self.position.line += 1;
                    self.position.column = 0;
                }
                _ => self.position.column += 1,
            }
        }
        self.at += length;
    }

    /// A token is not complete: waits for more, or fails if there is none.
    pub(super) fn incomplete(&self) -> Result<Step, Code> {
        if !self.complete() {
            return Ok(Step::Wait);
        }
        Err(match self.damage {
            Some(code) if self.sources.is_empty() => code,
            _ => Code::UnclosedToken,
        })
    }

    fn step(&mut self) -> Result<Step, Code> {
        if !self.begun {
            return self.begin();
        }
        if self.rest().is_empty() {
            return self.at_end();
        }
        match self.phase {
            Phase::Content => self.content(),
            Phase::Cdata => self.cdata(),
            Phase::Prolog | Phase::Epilog => self.outside(),
            Phase::Subset => self.subset(),
            Phase::AfterSubset => self.after_subset(),
        }
    }

    /// The end of a source.
    fn at_end(&mut self) -> Result<Step, Code> {
        if let Some(source) = self.sources.pop() {
            if self.phase == Phase::Cdata {
                return Err(Code::UnclosedCdata);
            }
            if !source.parameter && source.depth != self.stack.len() {
                return Err(Code::AsyncEntity);
            }
            return Ok(Step::Progress);
        }
        if let Some(code) = self.damage {
            return Err(code);
        }
        if !self.last {
            return Ok(Step::Wait);
        }
        if !self.raw.is_empty() {
            return Err(Code::PartialChar);
        }
        match (self.kind, self.phase) {
            (_, Phase::Cdata) => return Err(Code::UnclosedCdata),
            (Kind::Document, Phase::Epilog) => {}
            (Kind::General, _) if self.stack.is_empty() => {}
            (Kind::General, _) => return Err(Code::AsyncEntity),
            (Kind::Parameter, _) if self.included == 0 => {}
            (Kind::Parameter, _) => return Err(Code::Syntax),
            (Kind::Document, _) => return Err(Code::NoElements),
        }
        self.finished = true;
        Ok(Step::Wait)
    }

    /// The XML or text declaration, if there is one.
    fn begin(&mut self) -> Result<Step, Code> {
        let rest = self.rest();
        let open = "<?xml";
        if rest.len() < 6
            && open.starts_with(rest.get(..rest.len().min(5)).unwrap_or_default())
            && !self.complete()
        {
            return Ok(Step::Wait);
        }
        let declared = rest.strip_prefix(open).is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '\r']));
        if !declared {
            let empty = rest.is_empty() && self.complete();
            self.begun = true;
            if empty {
                return self.at_end();
            }
            return Ok(Step::Progress);
        }
        let Some(end) = rest.find("?>") else { return self.incomplete() };
        let token = rest.get(..end + 2).unwrap_or_default().to_owned();
        let document = self.kind == Kind::Document;
        let error = if document { Code::XmlDeclaration } else { Code::TextDeclaration };
        let (version, encoding, standalone) =
            declaration(token.get(5..end).unwrap_or_default(), document).ok_or(error)?;
        if let (Some(name), Some(found), None) = (&encoding, &self.encoding, &self.given) {
            let wide = matches!(found, Encoding::Utf16 { .. });
            let says = matches!(encoding::named(name), Named::Utf16 | Named::Known(Encoding::Utf16 { .. }));
            if wide != says {
                return Err(Code::IncorrectEncoding);
            }
        }
        self.begun = true;
        if standalone == 1 {
            self.with_dtd(|dtd| dtd.standalone = true);
        }
        if standalone == 1 && self.parameters == 1 {
            self.parameters = 0;
        }
        self.push(Event::XmlDecl { version, encoding, standalone }, &token);
        self.advance(token.len());
        Ok(Step::Progress)
    }

    pub(super) fn with_dtd<R>(&self, f: impl FnOnce(&mut Dtd) -> R) -> R {
        f(&mut self.dtd.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Passes white space on as such; whether there was any.
    pub(super) fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        let space = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        let raw = rest.get(..space).unwrap_or_default().to_owned();
        if space > 0 {
            self.push(Event::Other, &raw);
            self.advance(space);
        }
        space > 0
    }

    /// Before and after the root element.
    fn outside(&mut self) -> Result<Step, Code> {
        if self.skip_space() {
            return Ok(Step::Progress);
        }
        let rest = self.rest();
        let epilog = self.phase == Phase::Epilog;
        if !rest.starts_with('<') {
            return Err(if epilog { Code::Junk } else { first_problem(rest) });
        }
        if rest.len() < 2 {
            return self.incomplete();
        }
        if let Some(step) = self.comment_or_pi()? {
            return Ok(step);
        }
        if epilog {
            return Err(Code::Junk);
        }
        if !self.rest().starts_with("<!") {
            if self.take_foreign() {
                self.push(
                    Event::External { context: None, base: self.base.clone(), system: None, public: None },
                    "",
                );
                return Ok(Step::Progress);
            }
            self.phase = Phase::Content;
            let step = self.start_tag();
            if matches!(step, Ok(Step::Wait)) {
                self.phase = Phase::Prolog;
            }
            return step;
        }
        let open = "<!DOCTYPE";
        if self.rest().len() < open.len() && open.starts_with(self.rest()) {
            return self.incomplete();
        }
        if !self.rest().starts_with(open) {
            return Err(Code::InvalidToken);
        }
        if self.doctype.is_some() {
            return Err(Code::Syntax);
        }
        self.open_doctype()
    }

    /// A comment or processing instruction, if one begins here.
    pub(super) fn comment_or_pi(&mut self) -> Result<Option<Step>, Code> {
        let rest = self.rest();
        if let Some(body) = rest.strip_prefix("<!--") {
            let Some(end) = body.find("--") else { return self.incomplete().map(Some) };
            match body.get(end + 2..).and_then(|rest| rest.chars().next()) {
                None => return self.incomplete().map(Some),
                Some('>') => {}
                Some(_) => return Err(Code::InvalidToken),
            }
            let text = body.get(..end).unwrap_or_default();
            check_chars(text)?;
            let (text, raw) = (newlines(text), rest.get(..end + 7).unwrap_or_default().to_owned());
            self.push(Event::Comment(text), &raw);
            self.advance(raw.len());
            return Ok(Some(Step::Progress));
        }
        if rest == "<!-" || (rest == "<!" && !self.complete()) {
            return self.incomplete().map(Some);
        }
        let Some(body) = rest.strip_prefix("<?") else { return Ok(None) };
        let Some(end) = body.find("?>") else { return self.incomplete().map(Some) };
        let inner = body.get(..end).unwrap_or_default();
        let split = inner.find([' ', '\t', '\n', '\r']).unwrap_or(inner.len());
        let (target, data) = inner.split_at(split);
        if !is_name(target) {
            return Err(Code::InvalidToken);
        }
        if target.eq_ignore_ascii_case("xml") {
            return Err(if target == "xml" { Code::MisplacedDeclaration } else { Code::InvalidToken });
        }
        check_chars(data)?;
        let data = newlines(data.trim_start_matches([' ', '\t', '\n', '\r']));
        let (target, raw) = (target.to_owned(), rest.get(..end + 4).unwrap_or_default().to_owned());
        self.push(Event::Pi(target, data), &raw);
        self.advance(raw.len());
        Ok(Some(Step::Progress))
    }

    fn content(&mut self) -> Result<Step, Code> {
        let rest = self.rest();
        match rest.as_bytes() {
            [b'<', b'/', ..] => self.end_tag(),
            [b'<', b'!', b'[', ..] => {
                const OPEN: &str = "<![CDATA[";
                if rest.len() < OPEN.len() && OPEN.starts_with(rest) {
                    return self.incomplete();
                }
                if !rest.starts_with(OPEN) {
                    return Err(Code::InvalidToken);
                }
                self.push(Event::StartCdata, OPEN);
                self.advance(OPEN.len());
                self.phase = Phase::Cdata;
                Ok(Step::Progress)
            }
            [b'<'] => self.incomplete(),
            [b'<', b'!' | b'?', ..] => match self.comment_or_pi()? {
                Some(step) => Ok(step),
                None => Err(Code::InvalidToken),
            },
            [b'<', ..] => self.start_tag(),
            [b'&', ..] => self.reference(),
            _ => self.characters(),
        }
    }

    fn characters(&mut self) -> Result<Step, Code> {
        if let Some(step) = self.line_break()? {
            return Ok(step);
        }
        let rest = self.rest();
        let mut end = rest.find(['<', '&', '\n', '\r']).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        if let Some(bad) = text.find("]]>") {
            check_chars(text.get(..bad).unwrap_or_default())?;
            return Err(Code::InvalidToken);
        }
        if end == rest.len() && !self.complete() {
            // These may turn out to be the beginning of what is not allowed.
            let kept = text.trim_end_matches(']').len().max(text.len().saturating_sub(2));
            if kept == 0 {
                return Ok(Step::Wait);
            }
            end = kept;
        }
        self.tell_text(end)
    }

    /// Tells of so many bytes of text. Those that were converted come in pieces.
    fn tell_text(&mut self, length: usize) -> Result<Step, Code> {
        const PIECE: usize = 1024;
        let mut length = length;
        if length > PIECE && !matches!(self.encoding, Some(Encoding::Utf8)) {
            length = (0..=PIECE).rev().find(|end| self.rest().is_char_boundary(*end)).unwrap_or(length);
        }
        let text = self.rest().get(..length).unwrap_or_default().to_owned();
        check_chars(&text)?;
        self.push(Event::Text(text.clone()), &text);
        self.advance(length);
        Ok(Step::Progress)
    }

    /// The end of a line, which is always told as one character by itself.
    fn line_break(&mut self) -> Result<Option<Step>, Code> {
        let length = match self.rest().as_bytes() {
            [b'\r'] if !self.complete() => return Ok(Some(Step::Wait)),
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => return Ok(None),
        };
        let raw = self.rest().get(..length).unwrap_or_default().to_owned();
        self.push(Event::Text("\n".to_owned()), &raw);
        self.advance(length);
        Ok(Some(Step::Progress))
    }

    fn cdata(&mut self) -> Result<Step, Code> {
        if let Some(step) = self.line_break()? {
            return Ok(step);
        }
        let rest = self.rest();
        if rest.starts_with("]]>") {
            self.push(Event::EndCdata, "]]>");
            self.advance(3);
            self.phase = Phase::Content;
            return Ok(Step::Progress);
        }
        let stop = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let mut end = rest.find("]]>").unwrap_or(stop).min(stop);
        if end == rest.len() {
            let held = rest.len() - rest.trim_end_matches(']').len();
            if held > 0 && !self.complete() {
                end -= held.min(2);
            }
        }
        if end == 0 {
            return if self.complete() { Err(Code::UnclosedCdata) } else { Ok(Step::Wait) };
        }
        self.tell_text(end)
    }

    /// `&…;` in content.
    fn reference(&mut self) -> Result<Step, Code> {
        let rest = self.rest();
        let Some(end) = rest.find(';') else {
            return match rest.get(1..).unwrap_or_default().find(|char| char != '#' && !is_name_char(char)) {
                Some(_) => Err(Code::InvalidToken),
                None => self.incomplete(),
            };
        };
        let raw = rest.get(..=end).unwrap_or_default().to_owned();
        let name = raw.get(1..end).unwrap_or_default().to_owned();
        if let Some(text) = character(&name)? {
            self.push(Event::Text(text.to_string()), &raw);
            self.advance(raw.len());
            return Ok(Step::Progress);
        }
        if !is_name(&name) {
            return Err(Code::InvalidToken);
        }
        let (entity, complete) = self.with_dtd(|dtd| (dtd.entities.get(&name).cloned(), dtd.is_complete()));
        let Some(entity) = entity else {
            if complete {
                return Err(Code::UndefinedEntity);
            }
            self.push(Event::Skipped(name, false), &raw);
            self.advance(raw.len());
            return Ok(Step::Progress);
        };
        if entity.notation.is_some() {
            return Err(Code::BinaryEntity);
        }
        if self.is_open(&name, false) {
            return Err(Code::RecursiveEntity);
        }
        match entity.text {
            Some(_) if !self.expand => {
                self.push(Event::Skipped(name, false), &raw);
                self.advance(raw.len());
            }
            Some(text) => self.open_source(name, text, false, raw.len())?,
            None => {
                let context = Some(self.context(&name));
                let Entity { base, system, public, .. } = entity;
                self.push(Event::External { context, base, system, public }, &raw);
                self.advance(raw.len());
            }
        }
        Ok(Step::Progress)
    }

    /// Goes on with the text of an entity, in place of a reference of some length.
    pub(super) fn open_source(
        &mut self,
        name: String,
        text: String,
        parameter: bool,
        length: usize,
    ) -> Result<(), Code> {
        self.charge(text.len())?;
        self.advance(length);
        let depth = self.stack.len();
        self.sources.push(Source { text, at: 0, name, parameter, depth });
        Ok(())
    }

    /// Counts what entities expand to.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Code> {
        self.expanded += bytes as u64;
        let total = self.expanded + self.fed;
        if total >= self.limit.threshold && total as f32 / self.fed.max(1) as f32 > self.limit.factor {
            return Err(Code::Amplification);
        }
        Ok(())
    }

    pub(super) fn is_open(&self, name: &str, parameter: bool) -> bool {
        let inherited = !parameter && self.inherited.iter().any(|open| open == name);
        inherited || self.sources.iter().any(|source| source.parameter == parameter && source.name == name)
    }

    /// What a parser of an external entity has to know: bound prefixes and open entities.
    fn context(&self, name: &str) -> String {
        let mut parts = Vec::new();
        for (at, (prefix, uri)) in self.bindings.iter().enumerate() {
            let later = self.bindings.get(at + 1..).unwrap_or_default();
            if let Some(uri) = uri
                && later.iter().all(|(other, _)| other != prefix)
            {
                parts.push(format!("{prefix}={uri}"));
            }
        }
        let open = self.sources.iter().filter(|source| !source.parameter).map(|source| source.name.clone());
        parts.extend(self.inherited.iter().cloned().chain(open));
        parts.push(name.to_owned());
        parts.join("\u{c}")
    }
}
