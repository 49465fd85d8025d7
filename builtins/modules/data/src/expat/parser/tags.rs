//! Tags, attributes and namespaces.

use super::*;

impl Parser {
    pub(super) fn end_tag(&mut self) -> Result<Step, Code> {
        let rest = self.rest();
        let Some(end) = rest.find('>') else {
            let partial = rest.get(2..).unwrap_or_default();
            return if partial.contains('<') { Err(Code::InvalidToken) } else { self.incomplete() };
        };
        let raw = rest.get(..=end).unwrap_or_default().to_owned();
        let name = raw.get(2..end).unwrap_or_default().trim_end_matches([' ', '\t', '\n', '\r']);
        if !is_name(name) {
            return Err(Code::InvalidToken);
        }
        let floor = self.sources.last().map_or(0, |source| source.depth);
        if self.stack.len() <= floor {
            return Err(Code::AsyncEntity);
        }
        if self.stack.last().is_none_or(|open| open.raw != name) {
            // The name is what is wrong.
            self.advance(2);
            return Err(Code::TagMismatch);
        }
        self.close(&raw);
        self.advance(raw.len());
        Ok(Step::Progress)
    }

    /// The end of the innermost element.
    fn close(&mut self, raw: &str) {
        let Some(open) = self.stack.pop() else { return };
        self.push(Event::End(open.name), raw);
        while self.bindings.len() > open.bound {
            if let Some((prefix, _)) = self.bindings.pop() {
                let prefix = (!prefix.is_empty()).then_some(prefix);
                self.push(Event::EndNamespace(prefix), "");
            }
        }
        if self.stack.is_empty() && self.kind == Kind::Document {
            self.phase = Phase::Epilog;
        }
    }

    pub(super) fn start_tag(&mut self) -> Result<Step, Code> {
        let rest = self.rest();
        if rest.len() < 2 {
            return self.incomplete();
        }
        let Some(end) = tag_end(rest)? else { return self.incomplete() };
        let raw = rest.get(..=end).unwrap_or_default().to_owned();
        let empty = raw.ends_with("/>");
        let inner = raw.get(1..raw.len() - if empty { 2 } else { 1 }).unwrap_or_default();
        let (name, attributes) = parse_tag(inner)?;
        self.open(name, attributes, &raw)?;
        self.advance(raw.len());
        if empty {
            self.close("");
        }
        Ok(Step::Progress)
    }

    fn open(&mut self, raw_name: &str, raw_attributes: Vec<(&str, &str)>, raw: &str) -> Result<(), Code> {
        let declared = self.with_dtd(|dtd| dtd.attributes.get(raw_name).cloned()).unwrap_or_default();
        let mut attributes: Vec<(String, String)> = Vec::new();
        for (name, value) in raw_attributes {
            if attributes.iter().any(|(other, _)| other == name) {
                return Err(Code::DuplicateAttribute);
            }
            let cdata = declared.iter().find(|attribute| attribute.name == name).is_none_or(|it| it.cdata);
            let value = self.attribute_value(value, cdata)?;
            attributes.push((name.to_owned(), value));
        }
        let mut specified = attributes.len();
        for attribute in &declared {
            if let Some(default) = &attribute.default
                && attributes.iter().all(|(name, _)| *name != attribute.name)
            {
                attributes.push((attribute.name.clone(), default.clone()));
            }
        }
        let bound = self.bindings.len();
        let mut name = raw_name.to_owned();
        if self.separator.is_some() {
            let given = specified;
            let mut kept = Vec::new();
            for (at, (name, value)) in attributes.into_iter().enumerate() {
                let prefix = match name.strip_prefix("xmlns") {
                    Some("") => "",
                    Some(rest) if rest.starts_with(':') => rest.get(1..).unwrap_or_default(),
                    _ => {
                        kept.push((name, value));
                        continue;
                    }
                };
                specified -= usize::from(at < given);
                self.bind(prefix, value)?;
            }
            for (name, _) in &mut kept {
                *name = self.resolve(name, false)?;
            }
            let mut names: Vec<_> = kept.iter().map(|(name, _)| name).collect();
            names.sort_unstable();
            if names.windows(2).any(|pair| pair.first() == pair.last()) {
                return Err(Code::DuplicateAttribute);
            }
            attributes = kept;
            name = self.resolve(raw_name, true)?;
        }
        self.push(Event::Start { name: name.clone(), attributes, specified }, raw);
        self.stack.push(Open { raw: raw_name.to_owned(), name, bound });
        Ok(())
    }

    fn bind(&mut self, prefix: &str, uri: String) -> Result<(), Code> {
        const XML: &str = "http://www.w3.org/XML/1998/namespace";
        const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
        match (prefix, uri.as_str()) {
            ("xmlns", _) => return Err(Code::ReservedXmlns),
            ("xml", XML) => {}
            ("xml", _) => return Err(Code::ReservedXml),
            (_, XML | XMLNS) => return Err(Code::ReservedUri),
            (prefix, "") if !prefix.is_empty() => return Err(Code::UndeclaredPrefix),
            _ => {}
        }
        let uri = (!uri.is_empty()).then_some(uri);
        self.bindings.push((prefix.to_owned(), uri.clone()));
        self.push(Event::StartNamespace((!prefix.is_empty()).then(|| prefix.to_owned()), uri), "");
        Ok(())
    }

    /// A name with its namespace in front.
    fn resolve(&self, name: &str, element: bool) -> Result<String, Code> {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (prefix, local),
            None if element => ("", name),
            None => return Ok(name.to_owned()),
        };
        let uri = match self.bindings.iter().rev().find(|(bound, _)| bound == prefix) {
            Some((_, uri)) => uri.as_deref(),
            None if prefix == "xml" => Some("http://www.w3.org/XML/1998/namespace"),
            None if prefix.is_empty() => None,
            None => return Err(Code::UnboundPrefix),
        };
        let separator = self.separator.as_deref().unwrap_or_default();
        Ok(match uri {
            None => local.to_owned(),
            Some(uri) if self.triplets && !prefix.is_empty() => {
                format!("{uri}{separator}{local}{separator}{prefix}")
            }
            Some(uri) => format!("{uri}{separator}{local}"),
        })
    }

    /// The value of an attribute: references replaced, white space normalised.
    pub(in crate::expat) fn attribute_value(&mut self, raw: &str, cdata: bool) -> Result<String, Code> {
        let mut value = String::with_capacity(raw.len());
        self.add_value(raw, &mut value, &mut Vec::new())?;
        if !cdata {
            value = value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        }
        Ok(value)
    }

    fn add_value(&mut self, raw: &str, value: &mut String, open: &mut Vec<String>) -> Result<(), Code> {
        let mut rest = raw;
        while let Some(char) = rest.chars().next() {
            rest = rest.get(char.len_utf8()..).unwrap_or_default();
            match char {
                '<' => return Err(Code::InvalidToken),
                '\r' if rest.starts_with('\n') => {}
                '\t' | '\n' | '\r' => value.push(' '),
                '&' => {
                    let (name, after) = rest.split_once(';').ok_or(Code::InvalidToken)?;
                    rest = after;
                    if let Some(char) = character(name)? {
                        value.push(char);
                        continue;
                    }
                    if !is_name(name) {
                        return Err(Code::InvalidToken);
                    }
                    let (entity, complete) =
                        self.with_dtd(|dtd| (dtd.entities.get(name).cloned(), dtd.is_complete()));
                    let Some(entity) = entity else {
                        if complete {
                            return Err(Code::UndefinedEntity);
                        }
                        continue;
                    };
                    if entity.notation.is_some() {
                        return Err(Code::BinaryEntity);
                    }
                    let text = entity.text.ok_or(Code::ExternalInAttribute)?;
                    if open.iter().any(|other| other == name) || self.is_open(name, false) {
                        return Err(Code::RecursiveEntity);
                    }
                    // Each level takes native stack.
                    if open.len() > 200 {
                        return Err(Code::NoMemory);
                    }
                    self.charge(text.len())?;
                    open.push(name.to_owned());
                    self.add_value(&text, value, open)?;
                    open.pop();
                }
                char if !is_xml_char(char) => return Err(Code::InvalidToken),
                char => value.push(char),
            }
        }
        Ok(())
    }
}
