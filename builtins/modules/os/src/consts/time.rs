//! Constants of `time`.

use crate::constants;

/// Integer constants.
pub static CONSTANTS: &[(&str, i64)] = constants! {
    CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_MONOTONIC_RAW CLOCK_PROCESS_CPUTIME_ID CLOCK_REALTIME CLOCK_TAI
    CLOCK_THREAD_CPUTIME_ID
    ;
    "_STRUCT_TM_ITEMS" = 11, "altzone" = 0, "daylight" = 0, "timezone" = 0,
};
