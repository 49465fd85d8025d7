//! `__format__`: the mini-language of format specifications applied to decimal numbers.

use super::Res;
use super::Stop;
use super::compare::rescale;
use super::dec::{Dec, DecRef, Kind, Rounding, length};
use super::text::digits_of;

/// Why a specification is not followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpecError {
    /// It is none.
    Invalid,
    /// A width or a precision is no machine word.
    TooLarge,
}

/// A parsed specification.
#[derive(Clone, Debug)]
pub struct Spec {
    fill: char,
    align: char,
    sign: char,
    no_negative_zero: bool,
    alternate: bool,
    zeros: bool,
    width: usize,
    group: Option<char>,
    precision: Option<usize>,
    fraction_group: Option<char>,
    local: bool,
    /// The presentation type; `n` and `N` are there until the locale is known.
    pub kind: Option<char>,
}

/// Separators of a locale.
pub struct Locale {
    /// Between integer and fraction.
    pub point: String,
    /// Between groups of digits.
    pub separator: String,
    /// Sizes of groups from the right, as `localeconv` tells them.
    pub grouping: Vec<u8>,
}

impl Spec {
    /// Reads a specification.
    pub fn parse(text: &str) -> Result<Spec, SpecError> {
        let t: Vec<char> = text.chars().collect();
        let mut at = 0;
        let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '=' | '^'));
        let (mut fill, mut align) = (None, None);
        if is_align(t.get(1)) {
            (fill, align) = (Some(t[0]), Some(t[1]));
            at = 2;
        } else if is_align(t.first()) {
            align = Some(t[0]);
            at = 1;
        }
        let mut take = |what: &str| -> Option<char> {
            let c = *t.get(at)?;
            what.contains(c).then(|| {
                at += 1;
                c
            })
        };
        let sign = take("-+ ").unwrap_or('-');
        let no_negative_zero = take("z").is_some();
        let alternate = take("#").is_some();
        let zeros = take("0").is_some();
        if zeros && align.is_some() {
            return Err(SpecError::Invalid);
        }
        let number = |at: &mut usize| -> Result<Option<usize>, SpecError> {
            let mut n: Option<usize> = None;
            while let Some(d) = t.get(*at).and_then(|c| c.to_digit(10)) {
                let more = n.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(d as usize));
                n = Some(more.filter(|n| *n <= isize::MAX as usize).ok_or(SpecError::TooLarge)?);
                *at += 1;
            }
            Ok(n)
        };
        let width = number(&mut at)?.unwrap_or(0);
        let one_of = |at: &mut usize, what: &str| -> Option<char> {
            let c = *t.get(*at)?;
            what.contains(c).then(|| {
                *at += 1;
                c
            })
        };
        let group = one_of(&mut at, ",_");
        let (mut precision, mut fraction_group) = (None, None);
        if one_of(&mut at, ".").is_some() {
            precision = number(&mut at)?;
            fraction_group = one_of(&mut at, ",_");
            if precision.is_none() && fraction_group.is_none() {
                return Err(SpecError::Invalid);
            }
        }
        let kind = one_of(&mut at, "eEfFgGnN%");
        if at != t.len() || matches!(kind, Some('n' | 'N')) && group.is_some() {
            return Err(SpecError::Invalid);
        }
        let (fill, align) = if zeros { ('0', '=') } else { (fill.unwrap_or(' '), align.unwrap_or('>')) };
        Ok(Spec {
            fill,
            align,
            sign,
            no_negative_zero,
            alternate,
            zeros,
            width,
            group,
            precision,
            fraction_group,
            local: matches!(kind, Some('n' | 'N')),
            kind,
        })
    }

    /// Whether width and precision are within the limits of numbers.
    pub fn within_limits(&self) -> bool {
        let most = super::dec::MAX_PREC as usize;
        self.width <= most && self.precision.is_none_or(|p| p <= most)
    }

    /// Whether it asks for groups of digits.
    pub fn has_group(&self) -> bool {
        self.group.is_some()
    }

    /// Takes the separators from the locale, whatever the type.
    pub fn use_locale(&mut self) {
        self.local = true;
    }
}

/// A number's parts.
struct Parts {
    int: Vec<u8>,
    frac: Vec<u8>,
    tail: String,
}

/// A number in the form that a specification asks for.
pub fn format(
    x: DecRef<'_>,
    spec: &Spec,
    rounding: Rounding,
    capitals: bool,
    locale: &Locale,
) -> Res<String> {
    if x.kind != Kind::Finite {
        let mut body = match x.kind {
            Kind::Infinite => "Infinity",
            Kind::Quiet => "NaN",
            _ => "sNaN",
        }
        .to_owned();
        if !x.coef.is_empty() {
            body.push_str(&text(digits_of(x.coef)?));
        }
        if spec.kind == Some('%') {
            body.push('%');
        }
        let spec = if spec.zeros { &Spec { fill: ' ', align: '>', ..spec.clone() } } else { spec };
        return aligned(sign_text(x.neg, spec.sign), &body, spec);
    }
    let kind = match spec.kind {
        None => 'g',
        Some('n') => 'g',
        Some('N') => 'G',
        Some(k) => k,
    };
    let upper = match spec.kind {
        None => capitals,
        Some(k) => k.is_ascii_uppercase(),
    };
    let kind = kind.to_ascii_lowercase();
    let precision = match spec.precision {
        Some(0) if kind == 'g' => Some(1),
        p => p,
    };
    let d = rounded(x, kind, precision, rounding)?;
    let neg = d.neg && !(spec.no_negative_zero && d.coef.is_empty());
    let p = parts(&d, kind, precision, upper)?;
    laid_out(neg, p, spec, locale)
}

/// The number with the digits that will be shown.
fn rounded(x: DecRef<'_>, kind: char, precision: Option<usize>, rounding: Rounding) -> Res<Dec> {
    let mut st = 0;
    let mut d = x.owned()?;
    if kind == '%' {
        d.exp = d.exp.saturating_add(2);
    }
    let places = |p: usize| i64::try_from(p).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    let to_digits = |d: Dec, n: i64, st: &mut u32| -> Res<Dec> {
        if d.coef.is_empty() {
            return Ok(d);
        }
        let before = d.view().adjusted();
        let r = rescale(d.view(), before + 1 - n, rounding, st)?;
        let after = r.view().adjusted();
        if after != before { rescale(r.view(), after + 1 - n, rounding, st) } else { Ok(r) }
    };
    match (kind, precision) {
        ('e', Some(p)) => d = to_digits(d, places(p) + 1, &mut st)?,
        ('f' | '%', Some(p)) => d = rescale(d.view(), -places(p), rounding, &mut st)?,
        ('g', Some(p)) if d.view().digits() > places(p) => d = to_digits(d, places(p), &mut st)?,
        _ => {}
    }
    if d.coef.is_empty() && d.exp > 0 && matches!(kind, 'f' | '%') {
        d.exp = 0;
    }
    Ok(d)
}

/// The digits before and behind the point, and what follows.
fn parts(d: &Dec, kind: char, precision: Option<usize>, upper: bool) -> Res<Parts> {
    let digits = digits_of(&d.coef)?;
    let n = digits.len() as i64;
    let left = d.exp + n;
    let point = match kind {
        'e' => match precision {
            Some(p) if d.coef.is_empty() => 1 - p.min(isize::MAX as usize / 2) as i64,
            _ => 1,
        },
        'g' if d.exp > 0 || left <= -6 => 1,
        _ => left,
    };
    let zeros = |n: i64| -> Res<Vec<u8>> {
        let mut v = Vec::new();
        let n = length(n);
        if n > 1 << 33 || v.try_reserve_exact(n).is_err() {
            return Err(Stop::Memory);
        }
        v.resize(n, b'0');
        Ok(v)
    };
    let (int, frac) = if point <= 0 {
        let mut f = zeros(-point)?;
        f.try_reserve_exact(digits.len()).map_err(|_| Stop::Memory)?;
        f.extend_from_slice(&digits);
        (vec![b'0'], f)
    } else if point >= n {
        let mut i = digits;
        let more = zeros(point - n)?;
        i.try_reserve_exact(more.len()).map_err(|_| Stop::Memory)?;
        i.extend_from_slice(&more);
        (i, Vec::new())
    } else {
        let mut i = digits;
        let f = i.split_off(length(point));
        (i, f)
    };
    let e = left - point;
    let mut tail = String::new();
    if e != 0 || kind == 'e' {
        tail = format!("{}{e:+}", if upper { 'E' } else { 'e' });
    }
    if kind == '%' {
        tail.push('%');
    }
    Ok(Parts { int, frac, tail })
}

fn text(digits: Vec<u8>) -> String {
    String::from_utf8(digits).unwrap_or_default()
}

fn sign_text(neg: bool, sign: char) -> &'static str {
    match (neg, sign) {
        (true, _) => "-",
        (_, '+') => "+",
        (_, ' ') => " ",
        _ => "",
    }
}

/// Puts a number's parts together.
fn laid_out(neg: bool, p: Parts, spec: &Spec, locale: &Locale) -> Res<String> {
    let local = spec.local;
    let point = if local { &*locale.point } else { "." };
    let sign = sign_text(neg, spec.sign);
    let mut end = String::new();
    let wide = if spec.fraction_group.is_some() { p.frac.len() / 3 * 4 } else { 0 };
    end.try_reserve(p.frac.len().saturating_add(wide) + point.len() + p.tail.len())
        .map_err(|_| Stop::Memory)?;
    if !p.frac.is_empty() || spec.alternate {
        end.push_str(point);
        match spec.fraction_group {
            Some(c) => {
                for (i, piece) in p.frac.chunks(3).enumerate() {
                    if i > 0 {
                        end.push(c);
                    }
                    end.extend(piece.iter().map(|b| char::from(*b)));
                }
            }
            None => end.push_str(&text(p.frac)),
        }
    }
    end.push_str(&p.tail);
    if spec.width > 1 << 33 {
        return Err(Stop::Memory);
    }
    let room = if spec.zeros { spec.width.saturating_sub(sign.len() + end.chars().count()) } else { 0 };
    let mut own = [0u8; 4];
    let (separator, grouping): (&str, &[u8]) = match spec.group {
        _ if local => (&locale.separator, &locale.grouping),
        Some(c) => (c.encode_utf8(&mut own), &[3]),
        None => ("", &[]),
    };
    let mut body = grouped(p.int, room, separator, grouping)?;
    body.try_reserve(end.len()).map_err(|_| Stop::Memory)?;
    body.push_str(&end);
    aligned(sign, &body, spec)
}

/// Digits with separators between groups, filled with zeros to a width.
fn grouped(digits: Vec<u8>, room: usize, separator: &str, grouping: &[u8]) -> Res<String> {
    let mut left = room;
    let mut rest = &digits[..];
    let width = separator.chars().count();
    // Groups from the right: zeros to put in front, digits.
    let mut groups: Vec<(usize, &[u8])> = Vec::new();
    let mut i = 0;
    loop {
        let size = match grouping.get(i).or(grouping.last()) {
            // 0: as the group before.
            Some(0) if i > 0 => {
                grouping.iter().take(i).rev().find(|n| **n != 0).map_or(usize::MAX, |n| usize::from(*n))
            }
            Some(0 | 127..) | None => usize::MAX,
            Some(n) => usize::from(*n),
        };
        let size = size.min(rest.len().max(left).max(1));
        let (before, group) = rest.split_at(rest.len().saturating_sub(size));
        groups.try_reserve(1).map_err(|_| Stop::Memory)?;
        groups.push((size - group.len(), group));
        rest = before;
        left = left.saturating_sub(size);
        if rest.is_empty() && left == 0 {
            break;
        }
        left = left.saturating_sub(width);
        i += 1;
    }
    let total: usize = groups.iter().map(|(z, g)| z + g.len() + separator.len()).sum();
    let mut out = String::new();
    out.try_reserve(total).map_err(|_| Stop::Memory)?;
    for (i, (zeros, group)) in groups.iter().rev().enumerate() {
        if i > 0 {
            out.push_str(separator);
        }
        out.extend(std::iter::repeat_n('0', *zeros));
        out.extend(group.iter().map(|b| char::from(*b)));
    }
    Ok(out)
}

/// Fills text to the width.
fn aligned(sign: &str, body: &str, spec: &Spec) -> Res<String> {
    let have = sign.len() + body.chars().count();
    let pad = spec.width.saturating_sub(have);
    let mut out = String::new();
    if pad > 1 << 33 || out.try_reserve(body.len() + 1 + pad.saturating_mul(spec.fill.len_utf8())).is_err() {
        return Err(Stop::Memory);
    }
    let before = match spec.align {
        '<' | '=' => 0,
        '^' => pad / 2,
        _ => pad,
    };
    let inside = if spec.align == '=' { pad } else { 0 };
    let some = spec.fill.to_string().repeat(pad.min(1024));
    let fill = |out: &mut String, n: usize| {
        for _ in 0..n / 1024 {
            out.push_str(&some);
        }
        out.push_str(&some[..n % 1024 * spec.fill.len_utf8()]);
    };
    fill(&mut out, before);
    out.push_str(sign);
    fill(&mut out, inside);
    out.push_str(body);
    fill(&mut out, pad - before - inside);
    Ok(out)
}
