//! The part of the parser that reads the document type declaration and its declarations.

use super::dtd::{Attribute, Dtd, Entity, Words};
use super::parser::{Code, Event, Item, Kind, Parser, Phase, Step};
use super::syntax::{character, check_chars, is_name, is_name_char, newlines};

impl Parser {
    /// Whether external parameter entities are read.
    fn reads_parameters(&self) -> bool {
        self.parameters == 2 || (self.parameters == 1 && !self.with_dtd(|dtd| dtd.standalone))
    }

    /// Whether a document type that the document does not name is to be asked for now.
    pub(super) fn take_foreign(&mut self) -> bool {
        std::mem::take(&mut self.foreign) && self.reads_parameters()
    }

    /// `<!DOCTYPE name …` up to `[` or `>`.
    pub(super) fn open_doctype(&mut self) -> Result<Step, Code> {
        let rest = self.rest();
        let Some(end) = unquoted(rest, |byte| matches!(byte, b'[' | b'>')) else { return self.incomplete() };
        let raw = rest.get(..end).unwrap_or_default().to_owned();
        let internal = rest.as_bytes().get(end) == Some(&b'[');
        let mut words = Words::new(&raw);
        words.take("<!DOCTYPE");
        words.must_space()?;
        let name = words.name()?.to_owned();
        words.space();
        let (public, system) = words.external(false)?.unwrap_or_default();
        words.end()?;
        self.doctype = Some((system.clone(), public.clone()));
        if system.is_some() {
            let standalone = self.with_dtd(|dtd| {
                dtd.incomplete = true;
                dtd.standalone
            });
            if !standalone && !self.reads_parameters() {
                self.push(Event::NotStandalone, "");
            }
        }
        let mut pieces = pieces(&raw);
        if internal {
            pieces.push("[".to_owned());
        }
        let event = Event::StartDoctype { name, system, public, internal };
        self.queue.push_back(Item { event, raw: pieces, at: self.position });
        self.advance(end + usize::from(internal));
        self.phase = if internal { Phase::Subset } else { Phase::AfterSubset };
        Ok(Step::Progress)
    }

    /// Behind the internal subset.
    pub(super) fn after_subset(&mut self) -> Result<Step, Code> {
        if self.skip_space() {
            return Ok(Step::Progress);
        }
        let rest = self.rest();
        if !rest.starts_with('>') {
            return Err(Code::Syntax);
        }
        let (system, public) = self.doctype.clone().unwrap_or_default();
        let foreign = self.take_foreign();
        if (foreign || system.is_some()) && self.reads_parameters() {
            self.with_dtd(|dtd| dtd.incomplete = true);
            self.push(Event::External { context: None, base: self.base.clone(), system, public }, "");
        }
        self.push(Event::EndDoctype, ">");
        self.advance(1);
        self.phase = Phase::Prolog;
        Ok(Step::Progress)
    }

    /// Between the brackets of a document type, or in an external subset.
    pub(super) fn subset(&mut self) -> Result<Step, Code> {
        if self.skip_space() {
            return Ok(Step::Progress);
        }
        let rest = self.rest();
        if rest.starts_with(']') {
            return self.close_subset();
        }
        if rest.starts_with('%') {
            return self.parameter_reference();
        }
        if !rest.starts_with('<') {
            return Err(Code::Syntax);
        }
        if rest.len() < 3 {
            return self.incomplete();
        }
        if let Some(step) = self.comment_or_pi()? {
            return Ok(step);
        }
        let rest = self.rest();
        if rest.starts_with("<![") {
            return self.section();
        }
        if !rest.starts_with("<!") {
            return Err(Code::Syntax);
        }
        let Some(end) = unquoted(rest, |byte| byte == b'>') else { return self.incomplete() };
        let raw = rest.get(..=end).unwrap_or_default().to_owned();
        let mut text = raw.get(2..end).unwrap_or_default().to_owned();
        check_chars(&text)?;
        let replaced = self.kind == Kind::Parameter || self.nested();
        if replaced {
            text = self.replace_parameters(&text)?;
        }
        let before = self.queue.len();
        self.declaration(&text, replaced)?;
        match self.queue.get_mut(before) {
            Some(item) => item.raw = vec![raw.clone()],
            None => self.push(Event::Other, &raw),
        }
        self.advance(raw.len());
        Ok(Step::Progress)
    }

    fn close_subset(&mut self) -> Result<Step, Code> {
        if self.included > 0 {
            if self.rest().len() < 3 {
                return self.incomplete();
            }
            if !self.rest().starts_with("]]>") {
                return Err(Code::Syntax);
            }
            self.included -= 1;
            self.push(Event::Other, "]]>");
            self.advance(3);
            return Ok(Step::Progress);
        }
        if self.kind != Kind::Document || self.nested() {
            return Err(Code::Syntax);
        }
        self.push(Event::Other, "]");
        self.advance(1);
        self.phase = Phase::AfterSubset;
        Ok(Step::Progress)
    }

    /// `<![INCLUDE[` and `<![IGNORE[ … ]]>`, which only external subsets may have.
    fn section(&mut self) -> Result<Step, Code> {
        if self.kind != Kind::Parameter && !self.nested() {
            return Err(Code::Syntax);
        }
        let rest = self.rest();
        let body = rest.get(3..).unwrap_or_default();
        let Some(open) = body.find('[') else { return self.incomplete() };
        let word = body.get(..open).unwrap_or_default().to_owned();
        match self.replace_parameters(&word)?.trim() {
            "INCLUDE" => {
                let raw = self.rest().get(..open + 4).unwrap_or_default().to_owned();
                self.included += 1;
                self.push(Event::Other, &raw);
                self.advance(raw.len());
            }
            "IGNORE" => {
                let rest = self.rest();
                let (mut at, mut depth) = (open + 4, 1);
                while depth > 0 {
                    let tail = rest.get(at..).unwrap_or_default();
                    let Some(close) = tail.find("]]>") else { return self.incomplete() };
                    match tail.find("<![").filter(|open| *open < close) {
                        Some(open) => (at, depth) = (at + open + 3, depth + 1),
                        None => (at, depth) = (at + close + 3, depth - 1),
                    }
                }
                let raw = rest.get(..at).unwrap_or_default().to_owned();
                self.push(Event::Other, &raw);
                self.advance(at);
            }
            _ => return Err(Code::Syntax),
        }
        Ok(Step::Progress)
    }

    /// `%name;` between declarations.
    fn parameter_reference(&mut self) -> Result<Step, Code> {
        let rest = self.rest();
        let Some(end) = rest.find(';') else { return self.incomplete() };
        let raw = rest.get(..=end).unwrap_or_default().to_owned();
        let name = raw.get(1..end).unwrap_or_default().to_owned();
        if !is_name(&name) {
            return Err(Code::InvalidToken);
        }
        let reads = self.reads_parameters();
        let (entity, complete, standalone) = self.with_dtd(|dtd: &mut Dtd| {
            let complete = dtd.is_complete();
            dtd.incomplete = true;
            if !reads {
                dtd.processing = dtd.standalone;
            }
            (dtd.parameters.get(&name).cloned(), complete, dtd.standalone)
        });
        let told = match entity {
            _ if !reads => Event::Other,
            None if complete && self.kind == Kind::Document => return Err(Code::UndefinedEntity),
            None => {
                self.with_dtd(|dtd| dtd.processing = dtd.standalone);
                Event::Skipped(name, true)
            }
            Some(_) if self.is_open(&name, true) => return Err(Code::RecursiveEntity),
            Some(Entity { text: Some(text), .. }) => {
                self.push(Event::Other, &raw);
                self.open_source(name, text, true, raw.len())?;
                return Ok(Step::Progress);
            }
            Some(Entity { system, public, base, .. }) => {
                Event::External { context: None, base, system, public }
            }
        };
        self.push(told, &raw);
        if !standalone {
            self.push(Event::NotStandalone, "");
        }
        self.advance(raw.len());
        Ok(Step::Progress)
    }

    /// A declaration with the parameter entities outside of literals replaced.
    fn replace_parameters(&mut self, text: &str) -> Result<String, Code> {
        let mut result = text.to_owned();
        let mut rounds = 0;
        loop {
            let next = unquoted(&result, |byte| byte == b'%').into_iter().find_map(|at| {
                let tail = result.get(at + 1..)?;
                let end = tail.find(|char| !is_name_char(char))?;
                (end > 0 && tail.as_bytes().get(end) == Some(&b';')).then_some((at, at + end + 2))
            });
            let Some((start, end)) = next else { return Ok(result) };
            let name = result.get(start + 1..end - 1).unwrap_or_default();
            let entity = self.with_dtd(|dtd| dtd.parameters.get(name).cloned());
            let text = entity.and_then(|entity| entity.text).ok_or(Code::UndefinedEntity)?;
            rounds += 1;
            if rounds > 10_000 {
                return Err(Code::RecursiveEntity);
            }
            self.charge(text.len())?;
            result.replace_range(start..end, &format!(" {text} "));
        }
    }

    fn declaration(&mut self, text: &str, replaced: bool) -> Result<(), Code> {
        let mut words = Words::new(text);
        match words.token()? {
            "ELEMENT" => {
                words.must_space()?;
                let name = words.name()?.to_owned();
                words.must_space()?;
                let model = words.model()?;
                words.end()?;
                self.push(Event::Element(name, model), "");
                Ok(())
            }
            "ATTLIST" => self.attlist(words),
            "ENTITY" => self.entity(words, replaced),
            "NOTATION" => {
                words.must_space()?;
                let name = words.name()?.to_owned();
                words.must_space()?;
                let (public, system) = words.external(true)?.ok_or(Code::Syntax)?;
                words.end()?;
                self.push(Event::Notation { name, base: self.base.clone(), system, public }, "");
                Ok(())
            }
            _ => Err(Code::Syntax),
        }
    }

    fn attlist(&mut self, mut words: Words<'_>) -> Result<(), Code> {
        words.must_space()?;
        let element = words.name()?.to_owned();
        while !words.at_end() {
            let name = words.name()?.to_owned();
            words.must_space()?;
            let kind = words.attribute_type()?;
            words.must_space()?;
            let mut required = words.take("#REQUIRED");
            let mut default = None;
            if !required && !words.take("#IMPLIED") {
                required = words.take("#FIXED");
                if required {
                    words.must_space()?;
                }
                default = Some(self.attribute_value(words.literal()?, kind == "CDATA")?);
            }
            let (attribute, cdata) = (name.clone(), kind == "CDATA");
            self.with_dtd(|dtd| {
                let known = dtd.attributes.entry(element.clone()).or_default();
                if dtd.processing && known.iter().all(|other| other.name != attribute) {
                    known.push(Attribute { name: attribute, cdata, default: default.clone() });
                }
            });
            self.push(Event::Attlist { element: element.clone(), name, kind, default, required }, "");
        }
        Ok(())
    }

    fn entity(&mut self, mut words: Words<'_>, replaced: bool) -> Result<(), Code> {
        words.must_space()?;
        let parameter = words.take("%");
        if parameter {
            words.must_space()?;
        }
        let name = words.name()?.to_owned();
        words.must_space()?;
        let mut entity = Entity { text: None, system: None, public: None, base: None, notation: None };
        match words.external(false)? {
            None => entity.text = Some(self.entity_value(words.literal()?, replaced, 0)?),
            Some((public, system)) => {
                (entity.public, entity.system, entity.base) = (public, system, self.base.clone());
                if words.space() && !parameter && words.take("NDATA") {
                    words.must_space()?;
                    entity.notation = Some(words.name()?.to_owned());
                }
            }
        }
        words.end()?;
        let predefined = ["lt", "gt", "amp", "quot", "apos"].contains(&name.as_str()) && !parameter;
        let counts = self.with_dtd(|dtd| {
            let table = if parameter { &mut dtd.parameters } else { &mut dtd.entities };
            let new = dtd.processing && !predefined && !table.contains_key(&name);
            if new {
                table.insert(name.clone(), entity.clone());
            }
            new
        });
        if counts {
            self.push(Event::Entity { name, parameter, entity }, "");
        }
        Ok(())
    }

    /// The replacement text of an entity: references to characters and parameter entities replaced, others kept.
    fn entity_value(&mut self, raw: &str, replaced: bool, depth: usize) -> Result<String, Code> {
        if depth > 100 {
            return Err(Code::RecursiveEntity);
        }
        let text = newlines(raw);
        let mut value = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['&', '%']) {
            let (plain, tail) = rest.split_at(at);
            value.push_str(plain);
            let (name, after) =
                tail.get(1..).and_then(|tail| tail.split_once(';')).ok_or(Code::InvalidToken)?;
            rest = after;
            if tail.starts_with('%') {
                if !is_name(name) {
                    return Err(Code::InvalidToken);
                }
                if !replaced {
                    return Err(Code::ParameterReference);
                }
                let entity = self.with_dtd(|dtd| dtd.parameters.get(name).cloned());
                let text = entity.and_then(|entity| entity.text).ok_or(Code::UndefinedEntity)?;
                self.charge(text.len())?;
                value.push_str(&self.entity_value(&text, replaced, depth + 1)?);
            } else if name.starts_with('#') {
                value.extend(character(name)?);
            } else if is_name(name) {
                value.push('&');
                value.push_str(name);
                value.push(';');
            } else {
                return Err(Code::InvalidToken);
            }
        }
        value.push_str(rest);
        Ok(value)
    }
}

/// Where the first such byte outside of quotes is.
fn unquoted(text: &str, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut quote = None;
    text.bytes().position(|byte| match quote {
        Some(open) => {
            if byte == open {
                quote = None;
            }
            false
        }
        None if wanted(byte) => true,
        None => {
            if matches!(byte, b'"' | b'\'') {
                quote = Some(byte);
            }
            false
        }
    })
}

/// The words of the beginning of a document type declaration, with the white space between.
fn pieces(text: &str) -> Vec<String> {
    let space = |char: char| matches!(char, ' ' | '\t' | '\n' | '\r');
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => rest.get(1..).and_then(|rest| rest.find(first)).map(|at| at + 2),
            _ if space(first) => rest.find(|char| !space(char)),
            _ => rest.find(|char| space(char) || matches!(char, '"' | '\'')),
        };
        let (piece, tail) = rest.split_at(end.unwrap_or(rest.len()));
        pieces.push(piece.to_owned());
        rest = tail;
    }
    pieces
}
