//! Arithmetic of the proleptic Gregorian calendar: dates and ordinals, where 1 January of year 1 is day 1.
//!
//! Dates that a damaged pickle made may have any day from 0 to 255 and any year from 0 to 65,535; every function answers something
//! for those, too.

/// The smallest year.
pub const MINYEAR: i32 = 1;
/// The largest year.
pub const MAXYEAR: i32 = 9999;
/// The ordinal of the last day of the largest year.
pub const MAX_ORDINAL: i32 = 3_652_059;
/// The ordinal of 1 January 1970.
pub const EPOCH_ORDINAL: i32 = 719_163;
/// Seconds in a day.
pub const DAY: i64 = 86_400;

const DAYS_IN_400: i32 = 146_097;
const DAYS_IN_100: i32 = 36_524;
const DAYS_IN_4: i32 = 1461;

/// A day. The month is always one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ymd {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month.
    pub day: u8,
}

/// Whether a year has 366 days.
pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The number of days in a month; 31 for what is no month.
pub fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number of days of the year before the first of a month.
pub fn days_before_month(year: i32, month: i32) -> i32 {
    const BEFORE: [i32; 13] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let days = usize::try_from(month).ok().and_then(|m| BEFORE.get(m)).copied().unwrap_or(0);
    days + i32::from(month > 2 && is_leap(year))
}

fn days_before_year(year: i32) -> i32 {
    let y = year - 1;
    // Division towards zero: of year 0, which a damaged pickle may have, CPython says the same.
    y * 365 + y / 4 - y / 100 + y / 400
}

/// The ordinal of a date.
pub fn ordinal(year: i32, month: i32, day: i32) -> i32 {
    days_before_year(year) + days_before_month(year, month) + day
}

/// The date of an ordinal, which is at least 1.
pub fn date_of_ordinal(ordinal: i32) -> (i32, i32, i32) {
    let n = (ordinal - 1).max(0);
    let (n400, n) = (n / DAYS_IN_400, n % DAYS_IN_400);
    let (n100, n) = (n / DAYS_IN_100, n % DAYS_IN_100);
    let (n4, n) = (n / DAYS_IN_4, n % DAYS_IN_4);
    let (n1, n) = (n / 365, n % 365);
    let year = n400 * 400 + n100 * 100 + n4 * 4 + n1 + 1;
    if n1 == 4 || n100 == 4 {
        return (year - 1, 12, 31);
    }
    // The estimate is the month or the one after it.
    let mut month = (n + 50) >> 5;
    if days_before_month(year, month) > n {
        month -= 1;
    }
    (year, month, n - days_before_month(year, month) + 1)
}

/// The day of the week, 0 for Monday.
pub fn weekday(year: i32, month: i32, day: i32) -> i32 {
    (ordinal(year, month, day) + 6).rem_euclid(7)
}

/// The ordinal of the Monday of a year's first ISO week.
fn iso_week1_monday(year: i32) -> i32 {
    let first = ordinal(year, 1, 1);
    let weekday = (first + 6).rem_euclid(7);
    let monday = first - weekday;
    if weekday > 3 { monday + 7 } else { monday }
}

/// ISO year, week and weekday (1 for Monday) of a date.
pub fn iso_calendar(year: i32, month: i32, day: i32) -> (i32, i32, i32) {
    let mut iso_year = year;
    let monday = iso_week1_monday(year);
    let today = ordinal(year, month, day);
    let mut week = (today - monday).div_euclid(7);
    let day = (today - monday).rem_euclid(7);
    if week < 0 {
        iso_year -= 1;
        let monday = iso_week1_monday(iso_year);
        week = (today - monday).div_euclid(7);
    } else if week >= 52 && today >= iso_week1_monday(year + 1) {
        iso_year += 1;
        week = 0;
    }
    (iso_year, week + 1, day + 1)
}

/// What is wrong with an ISO calendar date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IsoError {
    /// The year.
    Year,
    /// The week.
    Week,
    /// The day of the week.
    Day,
}

/// The date of ISO year, week and weekday. It may lie in the year after the largest.
pub fn of_iso_calendar(year: i32, week: i32, day: i32) -> Result<(i32, i32, i32), IsoError> {
    if !(MINYEAR..=MAXYEAR).contains(&year) {
        return Err(IsoError::Year);
    }
    if !(1..=52).contains(&week) {
        // Years that begin on a Thursday have 53 weeks, and leap years that begin on a Wednesday.
        let first = weekday(year, 1, 1);
        if week != 53 || !(first == 3 || first == 2 && is_leap(year)) {
            return Err(IsoError::Week);
        }
    }
    if !(1..=7).contains(&day) {
        return Err(IsoError::Day);
    }
    Ok(date_of_ordinal(iso_week1_monday(year) + (week - 1) * 7 + day - 1))
}

/// Brings the day of a date into its month; `None` beyond the first and last year.
pub fn normalize(year: i32, month: i32, day: i64) -> Option<Ymd> {
    if (MINYEAR..=MAXYEAR).contains(&year) && day >= 1 && day <= i64::from(days_in_month(year, month)) {
        return ymd(year, month, i32::try_from(day).ok()?);
    }
    let o = i64::from(ordinal(year, month, 1)) + day - 1;
    let o = i32::try_from(o).ok().filter(|o| (1..=MAX_ORDINAL).contains(o))?;
    let (y, m, d) = date_of_ordinal(o);
    ymd(y, m, d)
}

/// A date of numbers that are in range.
pub fn ymd(year: i32, month: i32, day: i32) -> Option<Ymd> {
    Some(Ymd {
        year: u16::try_from(year).ok()?,
        month: u8::try_from(month).ok().filter(|m| (1..=12).contains(m))?,
        day: u8::try_from(day).ok()?,
    })
}

impl Ymd {
    /// Year, month and day.
    pub fn parts(self) -> (i32, i32, i32) {
        (i32::from(self.year), i32::from(self.month), i32::from(self.day))
    }

    /// The ordinal.
    pub fn ordinal(self) -> i32 {
        let (y, m, d) = self.parts();
        ordinal(y, m, d)
    }

    /// The day of the week, 0 for Monday.
    pub fn weekday(self) -> i32 {
        let (y, m, d) = self.parts();
        weekday(y, m, d)
    }

    /// The state for pickles.
    pub fn bytes(self) -> [u8; 4] {
        let [hi, lo] = self.year.to_be_bytes();
        [hi, lo, self.month, self.day]
    }
}

/// A time of day. Damaged pickles may have made any number of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Clock {
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
    /// Microsecond, 24 bits.
    pub us: u32,
}

impl Clock {
    /// Midnight.
    pub const MIDNIGHT: Clock = Clock { hour: 0, minute: 0, second: 0, us: 0 };

    /// Seconds since midnight.
    pub fn seconds(self) -> i64 {
        (i64::from(self.hour) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second)
    }

    /// The time at a number of seconds (below a day) and microseconds (below a second).
    pub fn of(seconds: i64, us: i64) -> Clock {
        let (h, rest) = (seconds / 3600 % 24, seconds % 3600);
        Clock { hour: h as u8, minute: (rest / 60) as u8, second: (rest % 60) as u8, us: us as u32 }
    }

    /// The state for pickles.
    pub fn bytes(self) -> [u8; 6] {
        let [_, a, b, c] = self.us.to_be_bytes();
        [self.hour, self.minute, self.second, a, b, c]
    }

    /// The time of a pickled state.
    pub fn of_bytes(b: [u8; 6]) -> Clock {
        Clock { hour: b[0], minute: b[1], second: b[2], us: u32::from_be_bytes([0, b[3], b[4], b[5]]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_go_there_and_back() {
        for o in (1..=MAX_ORDINAL).step_by(97).chain([1, 365, 366, 146_097, MAX_ORDINAL]) {
            let (y, m, d) = date_of_ordinal(o);
            assert_eq!(ordinal(y, m, d), o);
            let (iy, w, wd) = iso_calendar(y, m, d);
            if (MINYEAR..=MAXYEAR).contains(&iy) {
                assert_eq!(of_iso_calendar(iy, w, wd), Ok((y, m, d)));
            }
        }
        assert_eq!(ordinal(1970, 1, 1), EPOCH_ORDINAL);
    }
}
