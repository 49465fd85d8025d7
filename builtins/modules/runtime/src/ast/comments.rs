//! Type comments, which only a parse with `PyCF_TYPE_COMMENTS` sees: `# type: …` is part of the grammar then, and out of place
//! a syntax error; `# type: ignore` is noted by line.

use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::cell::Cell;

struct Comment {
    range: TextRange,
    text: String,
    used: Cell<bool>,
}

/// The type comments of a source, in order.
#[derive(Default)]
pub struct TypeComments {
    source: String,
    comments: Vec<Comment>,
    ignores: Vec<(u32, String)>,
}

/// What stands behind `# type:`.
fn body_of(comment: &str) -> Option<&str> {
    let text = comment.strip_prefix('#')?.trim_start_matches([' ', '\t']);
    let text = text.strip_prefix("type:")?;
    let body = text.trim_start_matches([' ', '\t']);
    (body.len() < text.len()).then_some(body)
}

/// The tag of `ignore`, if a type comment says that.
fn ignore_tag(body: &str) -> Option<&str> {
    let tag = body.strip_prefix("ignore")?;
    let word = tag.chars().next().is_some_and(|c| !c.is_ascii() || c.is_ascii_alphanumeric());
    (!word).then_some(tag)
}

impl TypeComments {
    /// Finds the type comments of a source.
    pub fn find(source: &str) -> TypeComments {
        let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
        let mut found = TypeComments { source: source.to_owned(), ..TypeComments::default() };
        let (mut line, mut counted) = (1u32, 0usize);
        for token in parsed.tokens().iter().filter(|t| t.kind().is_comment()) {
            let (start, end) = (token.start().to_usize(), token.end().to_usize());
            let Some(body) = source.get(start..end).and_then(body_of) else { continue };
            let newlines = source.get(counted..start).map_or(0, |t| t.matches('\n').count());
            line = line.saturating_add(u32::try_from(newlines).unwrap_or(0));
            counted = start;
            match ignore_tag(body) {
                Some(tag) => found.ignores.push((line, tag.to_owned())),
                None => found.comments.push(Comment {
                    range: TextRange::new(token.start(), token.end()),
                    text: body.to_owned(),
                    used: Cell::new(false),
                }),
            }
        }
        found
    }

    /// Lines with `# type: ignore`, and what follows that.
    pub fn ignores(&self) -> &[(u32, String)] {
        &self.ignores
    }

    /// A comment that nothing asked for: what to say, and where.
    pub fn misplaced(&self) -> Option<(&'static str, TextRange)> {
        let i = self.comments.iter().position(|c| !c.used.get())?;
        let range = self.comments.get(i)?.range;
        let previous = i.checked_sub(1).and_then(|i| self.comments.get(i)).map_or(range, |c| c.range);
        let between = self.source.get(previous.end().to_usize()..range.start().to_usize()).unwrap_or("?");
        let before = |at: TextSize| self.source.get(..at.to_usize()).unwrap_or("").trim_end();
        let bare_star = before(range.start()).strip_suffix(',').is_some_and(|t| {
            t.trim_end().strip_suffix('*').is_some_and(|t| t.trim_end().ends_with(['(', ',']))
        });
        let message = if bare_star {
            "bare * has associated type comment"
        } else if previous != range && between.trim().is_empty() && before(previous.start()).ends_with(':') {
            "Cannot have two type comments on def"
        } else {
            "invalid syntax"
        };
        Some((message, range))
    }

    fn first_from(&self, at: TextSize) -> Option<&Comment> {
        let i = self.comments.partition_point(|c| c.range.start() < at);
        self.comments.get(i)
    }

    fn gap(&self, from: TextSize, to: TextSize) -> &str {
        self.source.get(from.to_usize()..to.to_usize()).unwrap_or("?")
    }

    /// The comment on the same line right behind `end`, and where it ends.
    pub fn after(&self, end: TextSize) -> Option<(&str, TextSize)> {
        let c = self.first_from(end)?;
        if !self.gap(end, c.range.start()).chars().all(|c| matches!(c, ' ' | '\t')) {
            return None;
        }
        c.used.set(true);
        Some((&c.text, c.range.end()))
    }

    /// The comment between the header of a block and its first statement: behind the colon, or on a line of its own.
    pub fn between(&self, header: TextSize, body: TextSize) -> Option<&str> {
        let c = self.first_from(header).filter(|c| c.range.start() < body)?;
        if self.gap(header, c.range.start()).contains('#') {
            return None;
        }
        c.used.set(true);
        Some(&c.text)
    }

    /// The comment behind a parameter.
    pub fn of_parameter(&self, end: TextSize) -> Option<&str> {
        let c = self.first_from(end)?;
        if !self.gap(end, c.range.start()).chars().all(|c| matches!(c, ' ' | '\t' | ',')) {
            return None;
        }
        c.used.set(true);
        Some(&c.text)
    }
}
