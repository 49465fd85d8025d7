//! Texts in ISO 8601: reading of dates and times, writing into small buffers.

use crate::calendar::{IsoError, of_iso_calendar};
use protopy_text::StrRef;

/// The text is no date or time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

type Parsed<T> = Result<T, Malformed>;

/// The characters of a text, one byte each: ASCII as it is, 0x80 for any other. Behind the end there are zeros.
pub struct Source {
    bytes: Vec<u8>,
}

impl Source {
    /// Of a text.
    pub fn new(s: StrRef<'_>) -> Source {
        let byte = |c: u32| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(0x80);
        Source { bytes: s.chars().map(byte).collect() }
    }

    /// The number of characters.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The byte at a place, zero behind the end.
    pub fn at(&self, i: usize) -> u8 {
        self.bytes.get(i).copied().unwrap_or(0)
    }

    /// `n` digits at a place, which moves behind them.
    fn digits(&self, at: &mut usize, n: usize) -> Parsed<i32> {
        let mut value = 0;
        for _ in 0..n {
            let c = self.at(*at);
            if !c.is_ascii_digit() {
                return Err(Malformed);
            }
            value = value * 10 + i32::from(c - b'0');
            *at += 1;
        }
        Ok(value)
    }

    /// Where the date of a text with date and time ends; the text has at least seven characters.
    pub fn separator(&self) -> Parsed<usize> {
        let n = self.len();
        if n == 7 {
            return Ok(7);
        }
        if self.at(4) == b'-' {
            if self.at(5) != b'W' {
                return Ok(10);
            }
            if n < 8 {
                return Err(Malformed);
            }
            if n > 8 && self.at(8) == b'-' {
                if n == 9 {
                    return Err(Malformed);
                }
                // YYYY-Www-## is ambiguous: most likely the hyphen separates.
                return Ok(if n > 10 && self.at(10).is_ascii_digit() { 8 } else { 10 });
            }
            return Ok(8);
        }
        if self.at(4) != b'W' {
            return Ok(8);
        }
        let mut i = 7;
        while i < n && self.at(i).is_ascii_digit() {
            i += 1;
        }
        Ok(match i {
            0..9 => i,
            _ if i % 2 == 0 => 7,
            _ => 8,
        })
    }

    /// The date in the first `len` characters.
    pub fn date(&self, len: usize) -> Parsed<(i32, i32, i32)> {
        let mut p = 0;
        let year = self.digits(&mut p, 4)?;
        let dashes = self.at(p) == b'-';
        p += usize::from(dashes);
        if self.at(p) == b'W' {
            p += 1;
            let week = self.digits(&mut p, 2)?;
            let mut day = 1;
            if p < len {
                if dashes {
                    if self.at(p) != b'-' {
                        return Err(Malformed);
                    }
                    p += 1;
                }
                day = self.digits(&mut p, 1)?;
            }
            return of_iso_calendar(year, week, day).map_err(|_: IsoError| Malformed);
        }
        let month = self.digits(&mut p, 2)?;
        if dashes {
            if self.at(p) != b'-' {
                return Err(Malformed);
            }
            p += 1;
        }
        let day = self.digits(&mut p, 2)?;
        Ok((year, month, day))
    }

    /// Hour to microsecond between two places, and whether something follows.
    fn clock(&self, from: usize, end: usize) -> Parsed<([i32; 4], bool)> {
        let mut parts = [0; 4];
        let mut p = from;
        let mut colons = true;
        for (i, part) in parts.iter_mut().take(3).enumerate() {
            *part = self.digits(&mut p, 2)?;
            let c = self.at(p);
            p += 1;
            if i == 0 {
                colons = c == b':';
            }
            if p >= end {
                // A point with nothing behind it, also if an offset follows.
                if matches!(c, b'.' | b',') {
                    return Err(Malformed);
                }
                return Ok((parts, c != 0));
            }
            match c {
                b':' if colons && i < 2 => {}
                b'.' | b',' if i == 2 => break,
                b'.' | b',' => return Err(Malformed),
                b':' if colons => return Err(Malformed),
                _ if !colons => p -= 1,
                _ => return Err(Malformed),
            }
        }
        let n = end.saturating_sub(p).min(6);
        let mut us = self.digits(&mut p, n)?;
        for _ in n..6 {
            us *= 10;
        }
        parts[3] = us;
        while self.at(p).is_ascii_digit() {
            p += 1;
        }
        Ok((parts, self.at(p) != 0))
    }

    /// The time from a place to the end.
    pub fn time(&self, from: usize) -> Parsed<IsoTime> {
        let end = self.len();
        let mut zone = from;
        loop {
            if matches!(self.at(zone), b'+' | b'-' | b'Z') {
                break;
            }
            zone += 1;
            if zone >= end {
                break;
            }
        }
        let (clock, more) = self.clock(from, zone)?;
        if zone >= end {
            return if more { Err(Malformed) } else { Ok(IsoTime { clock, offset: None }) };
        }
        let sign = match self.at(zone) {
            b'Z' if self.at(zone + 1) != 0 => return Err(Malformed),
            b'Z' => return Ok(IsoTime { clock, offset: Some((0, 0)) }),
            b'-' => -1,
            _ => 1,
        };
        let ([h, m, s, us], more) = self.clock(zone + 1, end)?;
        if more {
            return Err(Malformed);
        }
        Ok(IsoTime { clock, offset: Some((sign * (h * 3600 + m * 60 + s), sign * us)) })
    }
}

/// A time that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IsoTime {
    /// Hour, minute, second, microsecond: two digits each, the last six.
    pub clock: [i32; 4],
    /// Seconds and microseconds east of UTC, if an offset was given.
    pub offset: Option<(i32, i32)>,
}

/// How much of a time `isoformat` shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timespec {
    /// Seconds, and microseconds if there are any.
    Auto,
    /// Hours.
    Hours,
    /// Minutes.
    Minutes,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
}

impl Timespec {
    /// Of its name.
    pub fn of(name: &str) -> Option<Timespec> {
        Some(match name {
            "auto" => Timespec::Auto,
            "hours" => Timespec::Hours,
            "minutes" => Timespec::Minutes,
            "seconds" => Timespec::Seconds,
            "milliseconds" => Timespec::Milliseconds,
            "microseconds" => Timespec::Microseconds,
            _ => return None,
        })
    }
}

/// A short ASCII text under construction.
pub struct Text {
    bytes: [u8; 96],
    len: usize,
}

impl Default for Text {
    fn default() -> Text {
        Text { bytes: [0; 96], len: 0 }
    }
}

impl Text {
    /// What was written.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    /// A character.
    pub fn push(&mut self, c: u8) {
        if let Some(b) = self.bytes.get_mut(self.len) {
            *b = c;
            self.len += 1;
        }
    }

    /// Some text.
    pub fn str(&mut self, s: &str) {
        s.bytes().for_each(|b| self.push(b));
    }

    /// A number with at least `width` (at most 10) digits, filled up with zeros.
    pub fn number(&mut self, n: u32, width: usize) {
        self.padded(n, width, b'0');
    }

    /// A number with at least `width` (at most 10) characters.
    pub fn padded(&mut self, mut n: u32, width: usize, fill: u8) {
        let mut digits = [fill; 10];
        let mut used = 0;
        for d in digits.iter_mut().rev() {
            *d = b'0' + (n % 10) as u8;
            n /= 10;
            used += 1;
            if n == 0 {
                break;
            }
        }
        let from = 10 - used.max(width.min(10));
        digits.get(from..).unwrap_or(&[]).iter().for_each(|d| self.push(*d));
    }

    /// A date.
    pub fn date(&mut self, d: crate::calendar::Ymd) {
        self.number(u32::from(d.year), 4);
        self.push(b'-');
        self.number(u32::from(d.month), 2);
        self.push(b'-');
        self.number(u32::from(d.day), 2);
    }

    /// A time.
    pub fn clock(&mut self, t: crate::calendar::Clock, spec: Timespec) {
        let spec = match spec {
            Timespec::Auto if t.us == 0 => Timespec::Seconds,
            Timespec::Auto => Timespec::Microseconds,
            s => s,
        };
        self.number(u32::from(t.hour), 2);
        if spec == Timespec::Hours {
            return;
        }
        self.push(b':');
        self.number(u32::from(t.minute), 2);
        if spec == Timespec::Minutes {
            return;
        }
        self.push(b':');
        self.number(u32::from(t.second), 2);
        match spec {
            Timespec::Milliseconds => {
                self.push(b'.');
                self.number(t.us / 1000, 3);
            }
            Timespec::Microseconds => {
                self.push(b'.');
                self.number(t.us, 6);
            }
            _ => {}
        }
    }

    /// An offset from UTC in microseconds, as `+HH:MM[:SS[.ffffff]]`.
    pub fn offset(&mut self, us: i64, sep: &str) {
        self.push(if us < 0 { b'-' } else { b'+' });
        let us = us.unsigned_abs();
        let (seconds, us) = (us / 1_000_000, us % 1_000_000);
        self.number((seconds / 3600) as u32, 2);
        self.str(sep);
        self.number((seconds / 60 % 60) as u32, 2);
        if us != 0 || seconds % 60 != 0 {
            self.str(sep);
            self.number((seconds % 60) as u32, 2);
        }
        if us != 0 {
            self.push(b'.');
            self.number(us as u32, 6);
        }
    }
}
