//! The method table of `str`, and the methods about case, character classes, padding and stripping.

use super::args::{c_int, only_str_arg, opt_text_arg, ssize, this_str};
use super::object::exact;
use super::{find, format, translate};
use protopy_text::format::{Align, FormatSpec, format_str};
use protopy_text::unicode as uni;
use protopy_text::{StrBuf, StrRef, search};
use protopy_vm::codec::encode_opt;
use protopy_vm::methods;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, str_flags};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};

macro_rules! predicates {
    ($($name:ident = $test:expr;)*) => {
        $(fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let s = this_str(cx, args[0])?.str_ref();
            Ok(Value::bool(cx.computing(s.len(), || $test(s))))
        })*
    };
}

predicates! {
    isalnum = uni::is_alnum_str;
    isalpha = uni::is_alpha_str;
    isdecimal = uni::is_decimal_str;
    isdigit = uni::is_digit_str;
    isidentifier = uni::is_identifier;
    islower = uni::is_lower_str;
    isnumeric = uni::is_numeric_str;
    isprintable = uni::is_printable_str;
    isspace = uni::is_space_str;
    istitle = uni::is_title_str;
    isupper = uni::is_upper_str;
}

fn isascii(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(Value::bool(this_str(cx, args[0])?.is_ascii()))
}

macro_rules! mappings {
    ($($name:ident = $map:expr;)*) => {
        $(fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let s = this_str(cx, args[0])?.str_ref();
            let mapped = cx.computing(s.len(), || $map(s));
            cx.str_buf(mapped)
        })*
    };
}

mappings! {
    capitalize = uni::capitalize;
    casefold = uni::casefold;
    lower = uni::lower;
    swapcase = uni::swapcase;
    title = uni::title;
    upper = uni::upper;
}

// ---------------------------------------------------------------------------------------------------- padding

fn width_of(max: u32) -> usize {
    match max {
        0..0x100 => 0,
        0x100..0x1_0000 => 1,
        _ => 2,
    }
}

/// `left` fill characters, the text, `right` fill characters.
fn padded(cx: &mut Ctx, text: StrRef<'_>, left: usize, right: usize, fill: u32) -> PyResult {
    let total = left.checked_add(right).and_then(|n| n.checked_add(text.len()));
    let Some(total) = total.filter(|t| isize::try_from(*t).is_ok()) else {
        return Err(cx.raise_str(Ty::OverflowError, "padded string is too long"));
    };
    let of_text = match text {
        StrRef::Latin1(_) => 0,
        StrRef::Ucs2(_) => 1,
        StrRef::Ucs4(_) => 2,
    };
    let mut out = match of_text.max(width_of(fill)) {
        0 => StrBuf::Latin1(Vec::new()),
        1 => StrBuf::Ucs2(Vec::new()),
        _ => StrBuf::Ucs4(Vec::new()),
    };
    if !out.try_reserve(total) {
        return Err(cx.no_memory());
    }
    cx.computing(total, || {
        out.push_n(fill, left);
        out.push_ref(text);
        out.push_n(fill, right);
    });
    cx.str_buf(out)
}

fn fill_char(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let Some(v) = v.bound() else { return Ok(0x20) };
    let Some(s) = StrObj::of(v) else {
        let msg = format!(
            "The fill character must be a unicode character, not {}",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    };
    match (s.len(), s.str_ref().get(0)) {
        (1, Some(c)) => Ok(c),
        _ => Err(cx.type_error("The fill character must be exactly one character long")),
    }
}

/// How many of `missing` fill characters come first.
type Side = fn(missing: usize, width: usize) -> usize;

fn justify(cx: &mut Ctx, args: &[Value], side: Side) -> PyResult {
    let s = this_str(cx, args[0])?;
    let width = ssize(cx, args[1])?;
    let fill = fill_char(cx, args[2])?;
    let width = usize::try_from(width).unwrap_or(0);
    if width <= s.len() {
        return exact(cx, args[0]);
    }
    let missing = width - s.len();
    let left = side(missing, width);
    padded(cx, s.str_ref(), left, missing - left, fill)
}

/// Fill characters before the text when it is centred: the odd one goes left if the width is odd.
pub(crate) fn centre_left(missing: usize, width: usize) -> usize {
    missing / 2 + (missing & width & 1)
}

fn center(cx: &mut Ctx, args: &[Value]) -> PyResult {
    justify(cx, args, centre_left)
}

fn ljust(cx: &mut Ctx, args: &[Value]) -> PyResult {
    justify(cx, args, |_, _| 0)
}

fn rjust(cx: &mut Ctx, args: &[Value]) -> PyResult {
    justify(cx, args, |missing, _| missing)
}

fn zfill(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = this_str(cx, args[0])?;
    let width = usize::try_from(ssize(cx, args[1])?).unwrap_or(0);
    if width <= s.len() {
        return exact(cx, args[0]);
    }
    let text = s.str_ref();
    let zeros = width - s.len();
    let sign = match text.get(0) {
        Some(c @ (0x2B | 0x2D)) => c,
        _ => return padded(cx, text, zeros, 0, 0x30),
    };
    let mut out = StrBuf::with_capacity_like(text);
    if isize::try_from(width).is_err() || !out.try_reserve(width) {
        return Err(cx.no_memory());
    }
    cx.computing(width, || {
        out.push(sign);
        out.push_n(0x30, zeros);
        out.push_ref(text.slice(1, text.len()));
    });
    cx.str_buf(out)
}

fn expandtabs(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = this_str(cx, args[0])?;
    let size = usize::try_from(c_int(cx, args[1])?).unwrap_or(0);
    let text = s.str_ref();
    if search::find_char(text, 9).is_none() {
        return exact(cx, args[0]);
    }
    let mut total = Some(0usize);
    let mut column = 0usize;
    cx.computing(text.len(), || {
        for c in text.chars() {
            let step = match c {
                9 if size > 0 => size - column % size,
                9 => 0,
                _ => 1,
            };
            total = total.and_then(|t| t.checked_add(step)).filter(|t| isize::try_from(*t).is_ok());
            column = if matches!(c, 10 | 13) { 0 } else { column.wrapping_add(step) };
        }
    });
    let Some(total) = total else {
        return Err(cx.raise_str(Ty::OverflowError, "new string is too long"));
    };
    let mut out = StrBuf::with_capacity_like(text);
    if !out.try_reserve(total) {
        return Err(cx.no_memory());
    }
    column = 0;
    cx.computing(total, || {
        for c in text.chars() {
            if c == 9 {
                let n = if size > 0 { size - column % size } else { 0 };
                out.push_n(0x20, n);
                column += n;
            } else {
                out.push(c);
                column = if matches!(c, 10 | 13) { 0 } else { column + 1 };
            }
        }
    });
    cx.str_buf(out)
}

// ---------------------------------------------------------------------------------------------------- stripping

#[derive(Clone, Copy)]
struct Ends {
    left: bool,
    right: bool,
}

fn strip_ends(cx: &mut Ctx, args: &[Value], func: &str, ends: Ends) -> PyResult {
    let s = this_str(cx, args[0])?;
    let text = s.str_ref();
    let (start, end) = if args[1].is_none() {
        cx.computing(text.len(), || trimmed(text, ends, uni::is_space))
    } else {
        let Some(set) = StrObj::of(args[1]) else {
            let msg = format!("{func} arg must be None or str");
            return Err(cx.type_error(&msg));
        };
        let set = set.str_ref();
        cx.computing(text.len(), || trimmed(text, ends, |c| search::find_char(set, c).is_some()))
    };
    if start == 0 && end == text.len() {
        return exact(cx, args[0]);
    }
    cx.str_from(text.slice(start, end))
}

fn trimmed(text: StrRef<'_>, ends: Ends, out: impl Fn(u32) -> bool) -> (usize, usize) {
    let (mut start, mut end) = (0, text.len());
    if ends.left {
        while start < end && text.get(start).is_some_and(&out) {
            start += 1;
        }
    }
    if ends.right {
        while end > start && text.get(end - 1).is_some_and(&out) {
            end -= 1;
        }
    }
    (start, end)
}

fn strip(cx: &mut Ctx, args: &[Value]) -> PyResult {
    strip_ends(cx, args, "strip", Ends { left: true, right: true })
}

fn lstrip(cx: &mut Ctx, args: &[Value]) -> PyResult {
    strip_ends(cx, args, "lstrip", Ends { left: true, right: false })
}

fn rstrip(cx: &mut Ctx, args: &[Value]) -> PyResult {
    strip_ends(cx, args, "rstrip", Ends { left: false, right: true })
}

fn removeprefix(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = this_str(cx, args[0])?.str_ref();
    let prefix = only_str_arg(cx, args[1], "removeprefix")?.str_ref();
    if prefix.is_empty() || !search::starts_with(text, prefix) {
        return exact(cx, args[0]);
    }
    cx.str_from(text.slice(prefix.len(), text.len()))
}

fn removesuffix(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = this_str(cx, args[0])?.str_ref();
    let suffix = only_str_arg(cx, args[1], "removesuffix")?.str_ref();
    if suffix.is_empty() || !search::ends_with(text, suffix) {
        return exact(cx, args[0]);
    }
    cx.str_from(text.slice(0, text.len() - suffix.len()))
}

// ---------------------------------------------------------------------------------------------------- other methods

fn encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let encoding = opt_text_arg(cx, args[1], "encode", "encoding")?;
    let errors = opt_text_arg(cx, args[2], "encode", "errors")?;
    encode_opt(cx, args[0], encoding.as_deref().unwrap_or("utf-8"), errors.as_deref())
}

fn dunder_format(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = this_str(cx, args[0])?;
    let spec = only_str_arg(cx, args[1], "__format__")?;
    if spec.is_empty() {
        return if cx.is_exact(args[0], Ty::Str) { Ok(args[0]) } else { protopy_vm::str(cx, args[0]) };
    }
    let name = cx.type_name(args[0]);
    let made = FormatSpec::parse(spec.str_ref(), Align::Left, b's', &name)
        .and_then(|spec| format_str(&spec, s.str_ref()));
    match made {
        Ok(b) => cx.str_buf(b),
        Err(e) => Err(format::format_error(cx, e)),
    }
}

fn getnewargs(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = this_str(cx, args[0])?.str_ref();
    let copy = cx.str_from(text)?;
    cx.tuple_of(None, &[copy])
}

fn sizeof(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = this_str(cx, args[0])?;
    let kind = s.header.flags() & str_flags::KIND;
    let gap = cx.type_of(args[0]).basic_size as usize;
    Ok(cx.int_usize(gap.max(size_of::<StrObj>()) + (s.len() << kind)))
}

/// Methods of str.
pub(super) static METHODS: &[MethodDef] = methods![
    /// Return a capitalized version of the string.
    ///
    /// The first character becomes upper case (title case where there is one), the rest lower case.
    "capitalize(self, /)" => capitalize;
    /// Return a version of the string suitable for caseless comparisons.
    "casefold(self, /)" => casefold;
    /// Return a centered string of length width, padded with the fill character (a space by default).
    "center(self, width, fillchar=<unrepresentable>, /)" => center;
    /// Return the number of non-overlapping occurrences of substring sub in string S[start:end].
    ///
    /// Optional arguments start and end are interpreted as in slice notation.
    "count(self, sub, start=None, end=None, /)" => find::count;
    /// Encode the string using the codec registered for encoding.
    ///
    ///   encoding
    ///     The encoding in which to encode the string.
    ///   errors
    ///     The error handling scheme to use for encoding errors: 'strict' raises a UnicodeEncodeError, 'ignore', 'replace',
    ///     'xmlcharrefreplace' and any name registered with codecs.register_error do otherwise.
    "encode(self, /, encoding='utf-8', errors='strict')" => encode;
    /// Return True if the string ends with the specified suffix, False otherwise.
    ///
    ///   suffix
    ///     A string or a tuple of strings to try.
    ///   start
    ///     Optional start position. Default: start of the string.
    ///   end
    ///     Optional stop position. Default: end of the string.
    "endswith(self, suffix, start=None, end=None, /)" => find::endswith;
    /// Return a copy where all tab characters are expanded using spaces.
    "expandtabs(self, /, tabsize=8)" => expandtabs;
    /// Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Return -1 on failure.
    "find(self, sub, start=None, end=None, /)" => find::find;
    /// Return a formatted version of the string, using substitutions from args and kwargs.
    ///
    /// The substitutions are identified by braces ('{' and '}').
    raw "format(self, /, *args, **kwargs)" => format::format_method;
    /// Return a formatted version of the string, using substitutions from mapping.
    ///
    /// The substitutions are identified by braces ('{' and '}').
    "format_map(self, mapping, /)" => format::format_map;
    /// Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Raises ValueError when the substring is not found.
    "index(self, sub, start=None, end=None, /)" => find::index;
    /// Return True if the string is an alpha-numeric string, False otherwise.
    "isalnum(self, /)" => isalnum;
    /// Return True if the string is an alphabetic string, False otherwise.
    "isalpha(self, /)" => isalpha;
    /// Return True if all characters in the string are ASCII, False otherwise. The empty string is ASCII too.
    "isascii(self, /)" => isascii;
    /// Return True if the string is a decimal string, False otherwise.
    "isdecimal(self, /)" => isdecimal;
    /// Return True if the string is a digit string, False otherwise.
    "isdigit(self, /)" => isdigit;
    /// Return True if the string is a valid Python identifier, False otherwise.
    ///
    /// Call keyword.iskeyword(s) to test whether it is a reserved one.
    "isidentifier(self, /)" => isidentifier;
    /// Return True if the string is a lowercase string, False otherwise.
    "islower(self, /)" => islower;
    /// Return True if the string is a numeric string, False otherwise.
    "isnumeric(self, /)" => isnumeric;
    /// Return True if all characters in the string are printable, False otherwise.
    "isprintable(self, /)" => isprintable;
    /// Return True if the string is a whitespace string, False otherwise.
    "isspace(self, /)" => isspace;
    /// Return True if the string is a title-cased string, False otherwise.
    "istitle(self, /)" => istitle;
    /// Return True if the string is an uppercase string, False otherwise.
    "isupper(self, /)" => isupper;
    /// Concatenate any number of strings, with the string whose method is called between them.
    ///
    /// Example: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'
    "join(self, iterable, /)" => find::join;
    /// Return a left-justified string of length width, padded with the fill character (a space by default).
    "ljust(self, width, fillchar=<unrepresentable>, /)" => ljust;
    /// Return a copy of the string converted to lowercase.
    "lower(self, /)" => lower;
    /// Return a copy of the string with leading whitespace removed, or leading characters in chars if given.
    "lstrip(self, chars=None, /)" => lstrip;
    /// Return a translation table usable for str.translate().
    ///
    /// One argument is a dictionary of Unicode ordinals (integers) or characters to ordinals, strings or None. Two are
    /// strings of equal length, a third one a string of characters to delete.
    static "maketrans(x, y=<unrepresentable>, z=<unrepresentable>, /)" => translate::maketrans;
    /// Partition the string into three parts using the given separator: before it, itself, and after it.
    ///
    /// If it is not found, the parts are the string and two empty strings.
    "partition(self, sep, /)" => find::partition;
    /// Return a str with the given prefix string removed if present.
    "removeprefix(self, prefix, /)" => removeprefix;
    /// Return a str with the given suffix string removed if present.
    "removesuffix(self, suffix, /)" => removesuffix;
    /// Return a copy with all occurrences of substring old replaced by new.
    ///
    ///   count
    ///     Maximum number of occurrences to replace. -1 (the default value) means replace all occurrences.
    "replace(self, old, new, /, count=-1)" => find::replace;
    /// Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Return -1 on failure.
    "rfind(self, sub, start=None, end=None, /)" => find::rfind;
    /// Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].
    ///
    /// Raises ValueError when the substring is not found.
    "rindex(self, sub, start=None, end=None, /)" => find::rindex;
    /// Return a right-justified string of length width, padded with the fill character (a space by default).
    "rjust(self, width, fillchar=<unrepresentable>, /)" => rjust;
    /// Partition the string into three parts using the given separator, searched from the end.
    ///
    /// If it is not found, the parts are two empty strings and the string.
    "rpartition(self, sep, /)" => find::rpartition;
    /// Return a list of the substrings in the string, using sep as the separator string, from the end.
    ///
    ///   sep
    ///     The separator; None (the default value) splits on any whitespace and discards empty strings.
    ///   maxsplit
    ///     Maximum number of splits. -1 (the default value) means no limit.
    "rsplit(self, /, sep=None, maxsplit=-1)" => find::rsplit;
    /// Return a copy of the string with trailing whitespace removed, or trailing characters in chars if given.
    "rstrip(self, chars=None, /)" => rstrip;
    /// Return a list of the substrings in the string, using sep as the separator string, from the front.
    ///
    ///   sep
    ///     The separator; None (the default value) splits on any whitespace and discards empty strings.
    ///   maxsplit
    ///     Maximum number of splits. -1 (the default value) means no limit.
    "split(self, /, sep=None, maxsplit=-1)" => find::split;
    /// Return a list of the lines in the string, breaking at line boundaries.
    ///
    /// Line breaks are not included in the resulting list unless keepends is given and true.
    "splitlines(self, /, keepends=False)" => find::splitlines;
    /// Return True if the string starts with the specified prefix, False otherwise.
    ///
    ///   prefix
    ///     A string or a tuple of strings to try.
    ///   start
    ///     Optional start position. Default: start of the string.
    ///   end
    ///     Optional stop position. Default: end of the string.
    "startswith(self, prefix, start=None, end=None, /)" => find::startswith;
    /// Return a copy of the string with leading and trailing whitespace removed, or characters in chars if given.
    "strip(self, chars=None, /)" => strip;
    /// Convert uppercase characters to lowercase and lowercase characters to uppercase.
    "swapcase(self, /)" => swapcase;
    /// Return a version of the string where each word is titlecased.
    "title(self, /)" => title;
    /// Replace each character in the string using the given translation table.
    ///
    ///   table
    ///     A mapping of Unicode ordinals to ordinals, strings, or None (which deletes); a LookupError leaves the
    ///     character as it is.
    "translate(self, table, /)" => translate::translate;
    /// Return a copy of the string converted to uppercase.
    "upper(self, /)" => upper;
    /// Pad a numeric string with zeros on the left, to fill a field of the given width. It is never truncated.
    "zfill(self, width, /)" => zfill;
    /// Return a formatted version of the string as described by format_spec.
    "__format__(self, format_spec, /)" => dunder_format;
    "__getnewargs__(self, /)" => getnewargs;
    /// Return the size of the string in memory, in bytes.
    "__sizeof__(self, /)" => sizeof;
];
