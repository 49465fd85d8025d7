//! Token types, numbered as `Lib/token.py` numbers them in 3.14, and the operator table.

/// The name of each token type; `NAMES[n]` is `token.tok_name[n]`.
pub const NAMES: [&str; 69] = [
    "ENDMARKER",
    "NAME",
    "NUMBER",
    "STRING",
    "NEWLINE",
    "INDENT",
    "DEDENT",
    "LPAR",
    "RPAR",
    "LSQB",
    "RSQB",
    "COLON",
    "COMMA",
    "SEMI",
    "PLUS",
    "MINUS",
    "STAR",
    "SLASH",
    "VBAR",
    "AMPER",
    "LESS",
    "GREATER",
    "EQUAL",
    "DOT",
    "PERCENT",
    "LBRACE",
    "RBRACE",
    "EQEQUAL",
    "NOTEQUAL",
    "LESSEQUAL",
    "GREATEREQUAL",
    "TILDE",
    "CIRCUMFLEX",
    "LEFTSHIFT",
    "RIGHTSHIFT",
    "DOUBLESTAR",
    "PLUSEQUAL",
    "MINEQUAL",
    "STAREQUAL",
    "SLASHEQUAL",
    "PERCENTEQUAL",
    "AMPEREQUAL",
    "VBAREQUAL",
    "CIRCUMFLEXEQUAL",
    "LEFTSHIFTEQUAL",
    "RIGHTSHIFTEQUAL",
    "DOUBLESTAREQUAL",
    "DOUBLESLASH",
    "DOUBLESLASHEQUAL",
    "AT",
    "ATEQUAL",
    "RARROW",
    "ELLIPSIS",
    "COLONEQUAL",
    "EXCLAMATION",
    "OP",
    "TYPE_IGNORE",
    "TYPE_COMMENT",
    "SOFT_KEYWORD",
    "FSTRING_START",
    "FSTRING_MIDDLE",
    "FSTRING_END",
    "TSTRING_START",
    "TSTRING_MIDDLE",
    "TSTRING_END",
    "COMMENT",
    "NL",
    "ERRORTOKEN",
    "ENCODING",
];

macro_rules! kinds {
    ($($name:ident = $n:literal, $doc:literal;)*) => { $(#[doc = $doc] pub const $name: u8 = $n;)* };
}

kinds! {
    ENDMARKER = 0, "End of the text.";
    NAME = 1, "Identifier or keyword.";
    NUMBER = 2, "Numeric literal.";
    STRING = 3, "String or bytes literal without replacement fields.";
    NEWLINE = 4, "End of a logical line.";
    INDENT = 5, "Deeper indentation.";
    DEDENT = 6, "One level of indentation closed.";
    LPAR = 7, "`(`";
    RPAR = 8, "`)`";
    LSQB = 9, "`[`";
    RSQB = 10, "`]`";
    COLON = 11, "`:`";
    COMMA = 12, "`,`";
    SEMI = 13, "`;`";
    PLUS = 14, "`+`";
    MINUS = 15, "`-`";
    STAR = 16, "`*`";
    SLASH = 17, "`/`";
    VBAR = 18, "`|`";
    AMPER = 19, "`&`";
    LESS = 20, "`<`";
    GREATER = 21, "`>`";
    EQUAL = 22, "`=`";
    DOT = 23, "`.`";
    PERCENT = 24, "`%`";
    LBRACE = 25, "`{`";
    RBRACE = 26, "`}`";
    EQEQUAL = 27, "`==`";
    NOTEQUAL = 28, "`!=`";
    LESSEQUAL = 29, "`<=`";
    GREATEREQUAL = 30, "`>=`";
    TILDE = 31, "`~`";
    CIRCUMFLEX = 32, "`^`";
    LEFTSHIFT = 33, "`<<`";
    RIGHTSHIFT = 34, "`>>`";
    DOUBLESTAR = 35, "`**`";
    PLUSEQUAL = 36, "`+=`";
    MINEQUAL = 37, "`-=`";
    STAREQUAL = 38, "`*=`";
    SLASHEQUAL = 39, "`/=`";
    PERCENTEQUAL = 40, "`%=`";
    AMPEREQUAL = 41, "`&=`";
    VBAREQUAL = 42, "`|=`";
    CIRCUMFLEXEQUAL = 43, "`^=`";
    LEFTSHIFTEQUAL = 44, "`<<=`";
    RIGHTSHIFTEQUAL = 45, "`>>=`";
    DOUBLESTAREQUAL = 46, "`**=`";
    DOUBLESLASH = 47, "`//`";
    DOUBLESLASHEQUAL = 48, "`//=`";
    AT = 49, "`@`";
    ATEQUAL = 50, "`@=`";
    RARROW = 51, "`->`";
    ELLIPSIS = 52, "`...`";
    COLONEQUAL = 53, "`:=`";
    EXCLAMATION = 54, "`!`";
    OP = 55, "Any operator (with `extra_tokens`), or a character that is none.";
    TYPE_IGNORE = 56, "A `# type: ignore` comment.";
    TYPE_COMMENT = 57, "A `# type: ...` comment.";
    SOFT_KEYWORD = 58, "Never produced by the tokenizer.";
    FSTRING_START = 59, "Prefix and opening quotes of an f-string.";
    FSTRING_MIDDLE = 60, "Literal text of an f-string.";
    FSTRING_END = 61, "Closing quotes of an f-string.";
    TSTRING_START = 62, "Prefix and opening quotes of a t-string.";
    TSTRING_MIDDLE = 63, "Literal text of a t-string.";
    TSTRING_END = 64, "Closing quotes of a t-string.";
    COMMENT = 65, "A comment (only with `extra_tokens`).";
    NL = 66, "A line end that ends no logical line (only with `extra_tokens`).";
    ERRORTOKEN = 67, "Only in `tokenize`, never produced here.";
    ENCODING = 68, "Only in `tokenize`, never produced here.";
}

/// The operator that starts `text`, longest match first: its type and its length in bytes.
///
/// A character that no operator starts with is `(OP, length of the character)`.
pub(crate) fn operator(text: &[u8]) -> (u8, usize) {
    let at = |i: usize| text.get(i).copied().unwrap_or(0);
    if let Some(kind) = three(at(0), at(1), at(2)) {
        return (kind, 3);
    }
    if let Some(kind) = two(at(0), at(1)) {
        return (kind, 2);
    }
    (one(at(0)), 1)
}

fn three(a: u8, b: u8, c: u8) -> Option<u8> {
    Some(match (a, b, c) {
        (b'.', b'.', b'.') => ELLIPSIS,
        (b'*', b'*', b'=') => DOUBLESTAREQUAL,
        (b'/', b'/', b'=') => DOUBLESLASHEQUAL,
        (b'<', b'<', b'=') => LEFTSHIFTEQUAL,
        (b'>', b'>', b'=') => RIGHTSHIFTEQUAL,
        _ => return None,
    })
}

fn two(a: u8, b: u8) -> Option<u8> {
    Some(match (a, b) {
        (b'=', b'=') => EQEQUAL,
        (b'!', b'=') => NOTEQUAL,
        (b'<', b'=') => LESSEQUAL,
        (b'<', b'<') => LEFTSHIFT,
        (b'>', b'=') => GREATEREQUAL,
        (b'>', b'>') => RIGHTSHIFT,
        (b'*', b'*') => DOUBLESTAR,
        (b'*', b'=') => STAREQUAL,
        (b'+', b'=') => PLUSEQUAL,
        (b'-', b'=') => MINEQUAL,
        (b'-', b'>') => RARROW,
        (b'/', b'/') => DOUBLESLASH,
        (b'/', b'=') => SLASHEQUAL,
        (b'%', b'=') => PERCENTEQUAL,
        (b'&', b'=') => AMPEREQUAL,
        (b'|', b'=') => VBAREQUAL,
        (b'^', b'=') => CIRCUMFLEXEQUAL,
        (b'@', b'=') => ATEQUAL,
        (b':', b'=') => COLONEQUAL,
        _ => return None,
    })
}

fn one(a: u8) -> u8 {
    match a {
        b'(' => LPAR,
        b')' => RPAR,
        b'[' => LSQB,
        b']' => RSQB,
        b'{' => LBRACE,
        b'}' => RBRACE,
        b':' => COLON,
        b',' => COMMA,
        b';' => SEMI,
        b'+' => PLUS,
        b'-' => MINUS,
        b'*' => STAR,
        b'/' => SLASH,
        b'|' => VBAR,
        b'&' => AMPER,
        b'<' => LESS,
        b'>' => GREATER,
        b'=' => EQUAL,
        b'.' => DOT,
        b'%' => PERCENT,
        b'~' => TILDE,
        b'^' => CIRCUMFLEX,
        b'@' => AT,
        b'!' => EXCLAMATION,
        _ => OP,
    }
}

/// One token as the lexer sees it: byte offsets into [`crate::lexer::Lexer::text`] and physical lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its type, one of the constants of this module, always exact.
    pub kind: u8,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// 1-based line of the first byte.
    pub line: usize,
    /// 1-based line of the end.
    pub end_line: usize,
    /// Offset at which the line of the first byte starts.
    pub line_start: usize,
    /// Offset at which the line of the end starts.
    pub end_line_start: usize,
    /// Open brackets after the token.
    pub level: u32,
}
