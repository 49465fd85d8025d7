//! Handlers and settings as attributes, and the calls of the handlers.

use std::sync::atomic::{AtomicBool, Ordering};

use super::dtd::{Entity, Model};
use super::parser::{Code, Event, Item};
use super::{XmlParser, optional, signed, this};
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm, GetSetDef, getsets};

/// The handlers, by their places in the object.
#[derive(Clone, Copy, PartialEq, Eq)]
#[rustfmt::skip]
pub(super) enum Handler {
    StartElement, EndElement, ProcessingInstruction, CharacterData, UnparsedEntityDecl, NotationDecl, StartNamespaceDecl,
    EndNamespaceDecl, Comment, StartCdataSection, EndCdataSection, Default, DefaultExpand, NotStandalone,
    ExternalEntityRef, StartDoctypeDecl, EndDoctypeDecl, EntityDecl, XmlDecl, ElementDecl, AttlistDecl, SkippedEntity,
}

/// How many there are.
pub(super) const HANDLERS: usize = Handler::SkippedEntity as usize + 1;

/// The rows of attributes for handlers, then those given.
macro_rules! attributes {
    ([$($name:literal $handler:ident)*] $($rest:tt)*) => {
        getsets![
            $(
                /// A function that is called by the parser, or None.
                member $name => |cx, v| get(cx, v, Handler::$handler),
                    |cx, v, new| set(cx, v, Handler::$handler, new);
            )*
            $($rest)*
        ]
    };
}

pub(super) static GETSETS: &[GetSetDef] = attributes![
    [
        "StartElementHandler" StartElement
        "EndElementHandler" EndElement
        "ProcessingInstructionHandler" ProcessingInstruction
        "CharacterDataHandler" CharacterData
        "UnparsedEntityDeclHandler" UnparsedEntityDecl
        "NotationDeclHandler" NotationDecl
        "StartNamespaceDeclHandler" StartNamespaceDecl
        "EndNamespaceDeclHandler" EndNamespaceDecl
        "CommentHandler" Comment
        "StartCdataSectionHandler" StartCdataSection
        "EndCdataSectionHandler" EndCdataSection
        "DefaultHandler" Default
        "DefaultHandlerExpand" DefaultExpand
        "NotStandaloneHandler" NotStandalone
        "ExternalEntityRefHandler" ExternalEntityRef
        "StartDoctypeDeclHandler" StartDoctypeDecl
        "EndDoctypeDeclHandler" EndDoctypeDecl
        "EntityDeclHandler" EntityDecl
        "XmlDeclHandler" XmlDecl
        "ElementDeclHandler" ElementDecl
        "AttlistDeclHandler" AttlistDecl
        "SkippedEntityHandler" SkippedEntity
    ]
    /// The dict by which names are the same objects.
    member "intern" => |cx, v| Ok(this(cx, v)?.intern.get_or_none());
    /// Whether text is collected before it is told.
    "buffer_text" => |cx, v| Ok(Value::bool(this(cx, v)?.buffer_text.load(Ordering::Relaxed))), set_buffer_text;
    /// How many bytes of text are collected at most.
    "buffer_size" => |cx, v| {
        let size = this(cx, v)?.buffer_size.load(Ordering::Relaxed);
        Ok(cx.int(signed(size)))
    }, set_buffer_size;
    /// How many bytes of text are collected now.
    "buffer_used" => |cx, v| {
        let used = this(cx, v)?.buffer.with(|buffer| buffer.len());
        Ok(cx.int(signed(used)))
    };
    /// Whether names with prefixes are told with the prefix.
    "namespace_prefixes" => |cx, v| Ok(Value::bool(this(cx, v)?.core.with(|core| core.triplets))), |cx, v, new| {
        let on = flag(cx, new, "namespace_prefixes")?;
        this(cx, v)?.core.with(|core| core.triplets = on);
        Ok(())
    };
    /// Whether attributes are told as a list.
    "ordered_attributes" => |cx, v| Ok(Value::bool(this(cx, v)?.ordered.load(Ordering::Relaxed))),
        |cx, v, new| switch(cx, v, new, "ordered_attributes", |p| &p.ordered);
    /// Whether defaults of attributes are not told.
    "specified_attributes" => |cx, v| Ok(Value::bool(this(cx, v)?.specified.load(Ordering::Relaxed))),
        |cx, v, new| switch(cx, v, new, "specified_attributes", |p| &p.specified);
    /// The number of the last error.
    "ErrorCode" => |cx, v| {
        let error = this(cx, v)?.now.with(|now| now.error);
        Ok(cx.int(error.map_or(0, |(code, _)| code)))
    };
    /// The line of the last error.
    "ErrorLineNumber" => |cx, v| position(cx, v, |line, _, _| line);
    /// The column of the last error.
    "ErrorColumnNumber" => |cx, v| position(cx, v, |_, column, _| column);
    /// The byte of the last error.
    "ErrorByteIndex" => |cx, v| position(cx, v, |_, _, byte| byte);
    /// The line of the event that is being told.
    "CurrentLineNumber" => |cx, v| position(cx, v, |line, _, _| line);
    /// The column of the event that is being told.
    "CurrentColumnNumber" => |cx, v| position(cx, v, |_, column, _| column);
    /// The byte of the event that is being told.
    "CurrentByteIndex" => |cx, v| position(cx, v, |_, _, byte| byte);
];

fn position(cx: &mut Ctx, v: Value, pick: fn(i64, i64, i64) -> i64) -> PyResult {
    let at = this(cx, v)?.now.with(|now| now.at);
    let (line, column, byte) =
        at.map_or((1, 0, -1), |at| (signed(at.line), signed(at.column), signed(at.byte)));
    Ok(cx.int(pick(line, column, byte)))
}

fn get(cx: &mut Ctx, v: Value, handler: Handler) -> PyResult {
    Ok(this(cx, v)?.handler(handler).unwrap_or(Value::NONE))
}

fn set(cx: &mut Ctx, v: Value, handler: Handler, new: Option<Value>) -> PyResult<()> {
    let p = this(cx, v)?;
    let Some(new) = new else { return Err(cx.type_error("Cannot delete attribute")) };
    if handler == Handler::CharacterData {
        // What was collected belongs to the old one.
        p.flush(cx, v)?;
    }
    match handler {
        Handler::Default => p.core.with(|core| core.expand = new.is_none()),
        Handler::DefaultExpand => p.core.with(|core| core.expand = true),
        _ => {}
    }
    if let Some(slot) = p.handlers.get(handler as usize) {
        cx.store(v, slot, new);
    }
    Ok(())
}

fn flag(cx: &mut Ctx, new: Option<Value>, _name: &str) -> PyResult<bool> {
    match new {
        Some(new) => vm::is_true(cx, new),
        None => Err(cx.type_error("Cannot delete attribute")),
    }
}

fn switch(
    cx: &mut Ctx,
    v: Value,
    new: Option<Value>,
    name: &str,
    which: fn(&XmlParser) -> &AtomicBool,
) -> PyResult<()> {
    let on = flag(cx, new, name)?;
    which(this(cx, v)?).store(on, Ordering::Relaxed);
    Ok(())
}

fn set_buffer_text(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let on = flag(cx, new, "buffer_text")?;
    let p = this(cx, v)?;
    if !on {
        p.flush(cx, v)?;
    }
    p.buffer_text.store(on, Ordering::Relaxed);
    Ok(())
}

fn set_buffer_size(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let p = this(cx, v)?;
    let Some(new) = new else { return Err(cx.type_error("Cannot delete attribute")) };
    if IntRef::of(new).is_none() {
        return Err(cx.type_error("buffer_size must be an integer"));
    }
    let size = vm::index_i64(cx, new, Ty::OverflowError)?;
    if size <= 0 {
        return Err(cx.value_error("buffer_size must be greater than zero"));
    }
    if size > i64::from(i32::MAX) {
        let msg = format!("buffer_size must not be greater than {}", i32::MAX);
        return Err(cx.value_error(&msg));
    }
    let size = usize::try_from(size).unwrap_or(1);
    if p.buffer_size.load(Ordering::Relaxed) != size {
        p.flush(cx, v)?;
        p.buffer_size.store(size, Ordering::Relaxed);
    }
    Ok(())
}

impl XmlParser {
    /// Calls a handler, during which the parser must not be asked to parse.
    fn call(&self, cx: &mut Ctx, f: Value, args: &[Value]) -> PyResult {
        self.busy.store(true, Ordering::Relaxed);
        let result = vm::call(cx, f, args);
        self.busy.store(false, Ordering::Relaxed);
        result
    }

    /// Tells of the text that was collected.
    pub(super) fn flush(&self, cx: &mut Ctx, _me: Value) -> PyResult<()> {
        let text = self.buffer.with(std::mem::take);
        if !text.is_empty()
            && let Some(f) = self.handler(Handler::CharacterData)
        {
            let text = cx.str(&text);
            self.call(cx, f, &[text])?;
        }
        Ok(())
    }

    fn text(&self, cx: &mut Ctx, me: Value, f: Value, text: &str) -> PyResult<()> {
        if self.buffer_text.load(Ordering::Relaxed) {
            let size = self.buffer_size.load(Ordering::Relaxed);
            if self.buffer.with(|buffer| buffer.len()).saturating_add(text.len()) > size {
                self.flush(cx, me)?;
            }
            // The handler may have been taken away, or buffering switched off.
            let Some(f) = self.handler(Handler::CharacterData) else { return Ok(()) };
            if text.len() <= size && self.buffer_text.load(Ordering::Relaxed) {
                self.buffer.with(|buffer| buffer.push_str(text));
                return Ok(());
            }
            let text = cx.str(text);
            self.call(cx, f, &[text])?;
            return Ok(());
        }
        let text = cx.str(text);
        self.call(cx, f, &[text])?;
        Ok(())
    }

    /// Passes an event to its handler, or to that of what has none.
    pub(super) fn tell(&self, cx: &mut Ctx, me: Value, item: Item) -> PyResult<()> {
        let Item { event, raw, at } = item;
        self.now.with(|now| {
            now.at = Some(at);
            now.raw.clear();
            now.raw.extend(raw.iter().cloned());
        });
        if let Event::Encoding(name) = &event {
            return self.find_encoding(cx, name);
        }
        let handler = match &event {
            Event::Entity { entity, .. } if entity.notation.is_some() => {
                let own = self.handler(Handler::UnparsedEntityDecl).is_some();
                Some(if own { Handler::UnparsedEntityDecl } else { Handler::EntityDecl })
            }
            event => handler_of(event),
        };
        let found = handler.and_then(|handler| Some((handler, self.handler(handler)?)));
        let Some((handler, f)) = found else { return self.tell_default(cx, me, &raw) };
        if let (Handler::CharacterData, Event::Text(text)) = (handler, &event) {
            return self.text(cx, me, f, text);
        }
        self.flush(cx, me)?;
        // Collected text may have been told to a handler that takes this one away.
        let Some(f) = self.handler(handler) else { return Ok(()) };
        let (args, count) = self.arguments(cx, event, handler)?;
        let args = args.get(..count).unwrap_or_default();
        let result = self.call(cx, f, args)?;
        let refused = match handler {
            Handler::NotStandalone => Some(Code::NotStandalone),
            Handler::ExternalEntityRef => Some(Code::ExternalHandling),
            _ => None,
        };
        if let Some(code) = refused
            && vm::index_i64(cx, result, Ty::OverflowError)? == 0
        {
            return Err(self.error(cx, code as i64));
        }
        Ok(())
    }

    fn tell_default(&self, cx: &mut Ctx, me: Value, raw: &[String]) -> PyResult<()> {
        for piece in raw {
            let f = self.handler(Handler::DefaultExpand).or_else(|| self.handler(Handler::Default));
            if f.is_none() {
                return Ok(());
            }
            self.flush(cx, me)?;
            let f = self.handler(Handler::DefaultExpand).or_else(|| self.handler(Handler::Default));
            if let Some(f) = f {
                let piece = cx.str(piece);
                self.call(cx, f, &[piece])?;
            }
        }
        Ok(())
    }

    /// Asks Python's codecs for the characters of an encoding of one byte a character.
    fn find_encoding(&self, cx: &mut Ctx, name: &str) -> PyResult<()> {
        let bytes: Vec<u8> = (0..=255).collect();
        let decoded = vm::codec::decode(cx, &bytes, name, "replace")?;
        let chars: Option<Vec<Option<char>>> = StrObj::of(decoded).map(|s| {
            let s = s.str_ref();
            let char =
                |at| s.get(at).and_then(char::from_u32).filter(|char| *char != char::REPLACEMENT_CHARACTER);
            (0..s.len()).map(char).collect()
        });
        let Some(chars) = chars.filter(|chars| chars.len() == 256) else {
            return Err(cx.value_error("multi-byte encodings are not supported"));
        };
        match self.core.with(|core| core.set_table(&chars)) {
            Ok(()) => Ok(()),
            Err(code) => Err(self.error(cx, code as i64)),
        }
    }

    /// What a handler is called with.
    fn arguments(&self, cx: &mut Ctx, event: Event, handler: Handler) -> PyResult<([Value; 7], usize)> {
        let mut args = [Value::NONE; 7];
        let mut count = 0;
        let mut add = |value: Value| {
            if let Some(arg) = args.get_mut(count) {
                *arg = value;
                count += 1;
            }
        };
        let opt = |cx: &mut Ctx, text: &Option<String>| optional(cx, text.as_deref());
        let name = |cx: &mut Ctx, text: &Option<String>| match text {
            Some(text) => self.name(cx, text),
            None => Ok(Value::NONE),
        };
        match event {
            Event::XmlDecl { version, encoding, standalone } => {
                add(opt(cx, &version));
                add(opt(cx, &encoding));
                add(Value::small(i64::from(standalone)));
            }
            Event::Start { name, attributes, specified } => {
                add(self.name(cx, &name)?);
                add(self.attributes(cx, &attributes, specified)?);
            }
            Event::End(name) => add(self.name(cx, &name)?),
            Event::Text(text) | Event::Comment(text) => add(cx.str(&text)),
            Event::Pi(target, data) => {
                add(self.name(cx, &target)?);
                add(cx.str(&data));
            }
            Event::StartNamespace(prefix, uri) => {
                add(name(cx, &prefix)?);
                add(name(cx, &uri)?);
            }
            Event::EndNamespace(prefix) => add(name(cx, &prefix)?),
            Event::StartDoctype { name: doctype, system, public, internal } => {
                add(self.name(cx, &doctype)?);
                add(name(cx, &system)?);
                add(name(cx, &public)?);
                add(Value::small(i64::from(internal)));
            }
            Event::Element(element, model) => {
                let model = self.model(cx, &model)?;
                add(self.name(cx, &element)?);
                add(model);
            }
            Event::Attlist { element, name: attribute, kind, default, required } => {
                add(self.name(cx, &element)?);
                add(self.name(cx, &attribute)?);
                add(cx.str(&kind));
                add(opt(cx, &default));
                add(Value::small(i64::from(required)));
            }
            Event::Entity { name: entity_name, parameter, entity } => {
                let Entity { text, system, public, base, notation } = entity;
                add(self.name(cx, &entity_name)?);
                if handler == Handler::EntityDecl {
                    add(Value::small(i64::from(parameter)));
                    add(opt(cx, &text));
                }
                add(name(cx, &base)?);
                add(name(cx, &system)?);
                add(name(cx, &public)?);
                add(name(cx, &notation)?);
            }
            Event::Notation { name: notation, base, system, public } => {
                add(self.name(cx, &notation)?);
                add(name(cx, &base)?);
                add(name(cx, &system)?);
                add(name(cx, &public)?);
            }
            Event::External { context, base, system, public } => {
                add(opt(cx, &context));
                add(name(cx, &base)?);
                add(name(cx, &system)?);
                add(name(cx, &public)?);
            }
            Event::Skipped(entity, parameter) => {
                add(self.name(cx, &entity)?);
                add(Value::small(i64::from(parameter)));
            }
            Event::StartCdata
            | Event::EndCdata
            | Event::EndDoctype
            | Event::NotStandalone
            | Event::Other
            | Event::Encoding(_) => {}
        }
        Ok((args, count))
    }

    fn attributes(&self, cx: &mut Ctx, attributes: &[(String, String)], specified: usize) -> PyResult {
        let only = self.specified.load(Ordering::Relaxed);
        let attributes = if only { attributes.get(..specified).unwrap_or_default() } else { attributes };
        if self.ordered.load(Ordering::Relaxed) {
            let list = cx.list(&[])?;
            for (name, value) in attributes {
                let name = self.name(cx, name)?;
                let value = cx.str(value);
                vm::call_method(cx, list, "append", &[name])?;
                vm::call_method(cx, list, "append", &[value])?;
            }
            return Ok(list);
        }
        let dict = cx.dict();
        for (name, value) in attributes {
            let name = self.name(cx, name)?;
            let value = cx.str(value);
            vm::set_item(cx, dict, name, Some(value))?;
        }
        Ok(dict)
    }

    /// A content model as a tuple of kind, quantifier, name and children.
    fn model(&self, cx: &mut Ctx, model: &Model) -> PyResult {
        let list = cx.list(&[])?;
        for child in &model.children {
            let child = self.model(cx, child)?;
            vm::call_method(cx, list, "append", &[child])?;
        }
        let tuple = cx.ty(Ty::Tuple).value();
        let children = vm::call(cx, tuple, &[list])?;
        let name = match &model.name {
            Some(name) => self.name(cx, name)?,
            None => Value::NONE,
        };
        let (kind, quant) = (Value::small(i64::from(model.kind)), Value::small(i64::from(model.quant)));
        Ok(cx.tuple(&[kind, quant, name, children]))
    }
}

/// The handler of an event, if it has one of its own.
fn handler_of(event: &Event) -> Option<Handler> {
    Some(match event {
        Event::XmlDecl { .. } => Handler::XmlDecl,
        Event::Start { .. } => Handler::StartElement,
        Event::End(_) => Handler::EndElement,
        Event::Text(_) => Handler::CharacterData,
        Event::Pi(..) => Handler::ProcessingInstruction,
        Event::Comment(_) => Handler::Comment,
        Event::StartCdata => Handler::StartCdataSection,
        Event::EndCdata => Handler::EndCdataSection,
        Event::StartNamespace(..) => Handler::StartNamespaceDecl,
        Event::EndNamespace(_) => Handler::EndNamespaceDecl,
        Event::StartDoctype { .. } => Handler::StartDoctypeDecl,
        Event::EndDoctype => Handler::EndDoctypeDecl,
        Event::Element(..) => Handler::ElementDecl,
        Event::Attlist { .. } => Handler::AttlistDecl,
        Event::Entity { .. } => Handler::EntityDecl,
        Event::Notation { .. } => Handler::NotationDecl,
        Event::NotStandalone => Handler::NotStandalone,
        Event::External { .. } => Handler::ExternalEntityRef,
        Event::Skipped(..) => Handler::SkippedEntity,
        Event::Other | Event::Encoding(_) => return None,
    })
}
