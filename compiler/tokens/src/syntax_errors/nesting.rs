//! The bound on nesting, checked before any recursive-descent parser sees the text.
//!
//! One pass over the tokens estimates how deep a tree will be, in two directions. Downwards to the right go brackets, prefix operators,
//! powers, conditionals, lambdas and `elif`: there CPython's parser runs out of its 6,000 levels and raises `MemoryError`; the weights below
//! reproduce, to within a percent, the counts at which it does. To the left go attributes, calls and binary operators, which no parser
//! recurses into and everything that walks the tree does. Both estimates err on the high side and reset wherever one expression
//! ends, so no ordinary program comes near them.
//!
//! Limits of the tokenizer itself (brackets, indentation, f-strings) are reported as it words them, unless an earlier
//! mistake would have stopped CPython first.

use super::core::{KEYWORDS, kw};
use super::{Kind, Mode, SyntaxErr, check};
use crate::lexer::{LexErrorKind, Lexer, Options};
use crate::token;

/// Greatest depth to the right, in levels of CPython's parser (a prefix operator is one, a bracket 24 to 29).
pub const MAX_RIGHT_DEPTH: usize = 5_968;
/// Greatest depth to the left, in tree nodes.
pub const MAX_LEFT_DEPTH: usize = 50_000;
/// Stack that the caller of [`nesting_check`], [`super::diagnose`] or `ruff_python_parser` 0.0.10 must have left: both parsers grow
/// their own beyond it, and within the limits checked here dropping the tree needs no more.
pub const PARSER_STACK: usize = 512 << 10;

/// The state of the expression inside one bracket.
#[derive(Default)]
struct Frame {
    right: usize,
    left: usize,
    /// Lambdas whose parameters are being read: commas there end no expression.
    lambdas: usize,
}

#[derive(Default)]
struct Depth {
    frames: Vec<Frame>,
    right: usize,
    left: usize,
    /// Length of the `elif` chain at each level of indentation.
    elifs: Vec<usize>,
    /// In a statement that begins with `case`: the alternatives of a pattern are siblings.
    case: bool,
}

impl Depth {
    fn deeper_right(&mut self, by: usize) {
        self.right += by;
        if let Some(frame) = self.frames.last_mut() {
            frame.right += by;
        }
    }

    fn deeper_left(&mut self) {
        self.left += 1;
        if let Some(frame) = self.frames.last_mut() {
            frame.left += 1;
        }
    }

    /// One expression ends, the bracket stays open.
    fn separate(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && frame.lambdas == 0
        {
            self.right -= std::mem::take(&mut frame.right);
            self.left -= std::mem::take(&mut frame.left);
        }
    }

    /// An operator whose operands are siblings in the tree.
    fn flatten_left(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            self.left -= std::mem::take(&mut frame.left);
        }
    }

    fn open(&mut self, cost: usize) {
        self.right += cost;
        self.frames.push(Frame { right: cost, ..Frame::default() });
    }

    fn close(&mut self) {
        if self.frames.len() > 1
            && let Some(frame) = self.frames.pop()
        {
            self.right -= frame.right;
            self.left -= frame.left;
        }
    }

    fn statement(&mut self) {
        while self.frames.len() > 1 {
            self.close();
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.lambdas = 0;
        }
        self.separate();
    }

    fn in_lambda_parameters(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.lambdas > 0)
    }

    fn lambdas(&mut self) -> Option<&mut usize> {
        self.frames.last_mut().map(|frame| &mut frame.lambdas)
    }

    fn take(&mut self, kind: u8, after_operand: bool, first: bool) {
        if first && let Some(chain) = self.elifs.last_mut() {
            *chain = if kind == kw::ELIF { *chain + 1 } else { 0 };
        }
        match kind {
            token::LPAR | token::LSQB if after_operand => {
                self.deeper_left();
                self.open(24);
            }
            token::LPAR | token::LSQB | token::LBRACE => self.open(29),
            token::RPAR | token::RSQB | token::RBRACE => self.close(),
            token::COMMA => self.separate(),
            token::NEWLINE | token::SEMI => {
                self.case = false;
                self.statement();
            }
            token::VBAR if self.case => self.flatten_left(),
            token::INDENT => self.elifs.push(0),
            token::DEDENT => {
                self.elifs.pop();
            }
            token::COLON => {
                if let Some(lambdas) = self.lambdas() {
                    *lambdas = lambdas.saturating_sub(1);
                }
            }
            token::EQUAL if self.in_lambda_parameters() => self.deeper_right(6),
            token::EQUAL => self.separate(),
            kw::LAMBDA => {
                self.deeper_right(2);
                if let Some(lambdas) = self.lambdas() {
                    *lambdas += 1;
                }
            }
            kw::NOT if !after_operand => self.deeper_right(1),
            kw::ELSE => self.deeper_right(1),
            kw::AND | kw::OR | kw::IF | kw::IN | kw::IS | token::LESS..=token::GREATER => self.flatten_left(),
            token::EQEQUAL..=token::GREATEREQUAL => self.flatten_left(),
            token::DOUBLESTAR => self.deeper_right(2),
            token::PLUS | token::MINUS | token::TILDE if !after_operand => self.deeper_right(1),
            token::DOT | kw::FOR => self.deeper_left(),
            token::PLUS..=token::AMPER
            | token::PERCENT
            | token::TILDE..=token::RIGHTSHIFT
            | token::DOUBLESLASH
            | token::AT => self.deeper_left(),
            _ => {}
        }
    }

    /// What a parser or a walk over the tree would run out of, if anything.
    fn too_deep(&self) -> Option<Kind> {
        let elifs = self.elifs.last().copied().unwrap_or_default();
        if self.right + elifs > MAX_RIGHT_DEPTH {
            return Some(Kind::Memory);
        }
        (self.left > MAX_LEFT_DEPTH).then_some(Kind::Recursion)
    }
}

/// Refuses a program that is nested deeper than CPython allows. To be called before the text is handed to a parser; linear, and
/// without recursion unless there is something to refuse (then see [`PARSER_STACK`]).
pub fn nesting_check(source: &str) -> Result<(), SyntaxErr> {
    let mut lexer = Lexer::from_text(source, Options::default());
    let mut depth = Depth { frames: vec![Frame::default()], elifs: vec![0], ..Depth::default() };
    let mut after_operand = false;
    let mut first = true;
    loop {
        let token = match lexer.next_token() {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(()),
            Err(error) => {
                let limit = error.kind == LexErrorKind::TooDeep
                    || error.message.starts_with("too many nested")
                    || error.message.ends_with("nested too deeply");
                return match check(source, Mode::EXEC).filter(|_| limit) {
                    Some(found) => Err(found),
                    None => Ok(()),
                };
            }
        };
        let mut kind = token.kind;
        if kind == token::NAME {
            let text = lexer.text().get(token.start..token.end).unwrap_or_default();
            if let Some(n) = KEYWORDS.binary_search(&text).ok().and_then(|n| u8::try_from(n).ok()) {
                kind = 100 + n;
            }
            depth.case |= first && text == "case";
        }
        depth.take(kind, after_operand, first);
        if let Some(kind) = depth.too_deep() {
            return Err(overflow(kind, token.line));
        }
        after_operand = matches!(
            kind,
            token::NAME
                | token::NUMBER
                | token::STRING
                | token::RPAR
                | token::RSQB
                | token::RBRACE
                | token::ELLIPSIS
                | token::FSTRING_END
                | token::TSTRING_END
                | kw::TRUE
                | kw::FALSE
                | kw::NONE
        );
        first = matches!(kind, token::NEWLINE | token::DEDENT | token::INDENT);
    }
}

fn overflow(kind: Kind, line: usize) -> SyntaxErr {
    let msg = match kind {
        Kind::Recursion => "maximum recursion depth exceeded during compilation",
        _ => "Parser stack overflowed - Python source too complex to parse",
    };
    SyntaxErr {
        kind,
        msg: msg.to_owned(),
        lineno: line,
        offset: 0,
        end_lineno: line,
        end_offset: 0,
        text: String::new(),
    }
}
