//! The numbers of the pattern code: the contract with `re._constants` of Python 3.14.
//!
//! The order is that of the `_makecodes` calls there; `re` refuses to load when [`MAGIC`] differs.

/// The version of the code that `re._constants.MAGIC` must equal.
pub const MAGIC: u32 = 20_230_612;
/// Bytes in one code word (`_sre.CODESIZE`).
pub const CODESIZE: u32 = 4;
/// The repeat count that means "no limit" (`_sre.MAXREPEAT`).
pub const MAXREPEAT: u32 = u32::MAX;
/// The largest number of groups (`_sre.MAXGROUPS`).
pub const MAXGROUPS: u32 = (i32::MAX / 2) as u32;

/// INFO flag: a literal prefix follows.
pub(crate) const INFO_PREFIX: u32 = 1;
/// INFO flag: the set of possible first characters follows.
pub(crate) const INFO_CHARSET: u32 = 4;

macro_rules! numbered {
    ($($name:ident)*) => { numbered!(@ 0u32; $($name)*); };
    (@ $n:expr; $head:ident $($tail:ident)*) => {
        pub(crate) const $head: u32 = $n;
        numbered!(@ $n + 1; $($tail)*);
    };
    (@ $n:expr;) => {};
}

numbered! {
    FAILURE SUCCESS ANY ANY_ALL ASSERT ASSERT_NOT AT BRANCH CATEGORY CHARSET BIGCHARSET
    GROUPREF GROUPREF_EXISTS IN INFO JUMP LITERAL MARK MAX_UNTIL MIN_UNTIL NOT_LITERAL NEGATE
    RANGE REPEAT REPEAT_ONE SUBPATTERN MIN_REPEAT_ONE ATOMIC_GROUP POSSESSIVE_REPEAT
    POSSESSIVE_REPEAT_ONE
    GROUPREF_IGNORE IN_IGNORE LITERAL_IGNORE NOT_LITERAL_IGNORE
    GROUPREF_LOC_IGNORE IN_LOC_IGNORE LITERAL_LOC_IGNORE NOT_LITERAL_LOC_IGNORE
    GROUPREF_UNI_IGNORE IN_UNI_IGNORE LITERAL_UNI_IGNORE NOT_LITERAL_UNI_IGNORE
    RANGE_UNI_IGNORE
}

// SUBPATTERN exists in the parser's tree only; the name keeps the numbering.
const _: () = assert!(SUBPATTERN == 25 && RANGE_UNI_IGNORE == 42);
