//! `_uuid`: identifiers of version 1, made of the time, a counter and the address of this machine.
//!
//! The clock counts in tenths of a microsecond since 1582. One that was read twice goes on by one, so that no two identifiers
//! of a process are equal, whatever its threads do; a clock that was set back gets another sequence number. Other processes on the
//! machine have random sequence numbers of their own, which makes it unlikely, but not impossible, that they make the same identifier:
//! that is what the status -1 says, as `uuid_generate_time_safe` does where no daemon keeps the time.

use crate::sys;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Ctx, PyResult, Tracer, Value};
use protopy_vm::{ModuleSpec, methods, set_attr_str};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// `_uuid`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_uuid",
    doc: "DCE compatible Universally Unique Identifier library.",
    functions: methods![functions:
        /// Makes an identifier of version 1: its sixteen bytes, and 0 if no other process can have made the same, else -1.
        "generate_time_safe()" => generate_time_safe;
    ],
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_attr_str(cx, module, "has_uuid_generate_time_safe", Value::small(1))?;
    // Where there is no network the node is random, and another one in each process.
    set_attr_str(cx, module, "has_stable_extractable_node", Value::small(0))
}

/// From the first day of the Gregorian calendar to that of Unix, in units of the clock.
const UNIX_DAY: u64 = 0x01B2_1DD2_1381_4000;

/// What the next identifier must differ in.
struct Clock {
    /// The process that it is of: a child by `fork` has a sequence number of its own.
    process: u32,
    /// The time of the last identifier.
    last: u64,
    /// 14 bits.
    sequence: u16,
    node: [u8; 6],
}

/// The clock of a space; none before the first identifier.
#[derive(Default)]
struct State(Mutex<Option<Clock>>);

impl SpaceState for State {
    fn trace(&self, _: &mut Tracer) {}
}

impl Clock {
    /// `None` when the system has no random bytes.
    fn new() -> Option<Self> {
        let (mut number, mut node) = ([0; 2], [0; 6]);
        fill(&mut number)?;
        match hardware_address() {
            Some(found) => node = found,
            None => {
                fill(&mut node)?;
                // The bit that no address of a network card has.
                node[0] |= 1;
            }
        }
        let sequence = u16::from_be_bytes(number) & 0x3FFF;
        Some(Self { process: std::process::id(), last: 0, sequence, node })
    }

    /// The bytes of the next identifier.
    fn next(&mut self, now: u64) -> [u8; 16] {
        // Far behind: the clock was set back. Else it is read faster than it ticks.
        if now.saturating_add(10_000_000) < self.last {
            self.sequence = (self.sequence + 1) & 0x3FFF;
            self.last = now;
        } else {
            self.last = now.max(self.last.saturating_add(1));
        }
        let time = self.last;
        let low = (time & 0xFFFF_FFFF) << 32;
        let (middle, high) = ((time >> 32 & 0xFFFF) << 16, time >> 48 & 0x0FFF | 0x1000);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(low | middle | high).to_be_bytes());
        id[8..10].copy_from_slice(&(self.sequence | 0x8000).to_be_bytes());
        id[10..].copy_from_slice(&self.node);
        id
    }
}

fn fill(bytes: &mut [u8]) -> Option<()> {
    // So few bytes come at once.
    let got = sys::getrandom(bytes, 0).ok()?;
    (got.unsigned_abs() == bytes.len()).then_some(())
}

/// The address of a network card: of the first by name that has one.
fn hardware_address() -> Option<[u8; 6]> {
    let mut cards: Vec<_> =
        std::fs::read_dir("/sys/class/net").ok()?.flatten().map(|card| card.path()).collect();
    cards.sort();
    cards.iter().find_map(|card| parse(&std::fs::read_to_string(card.join("address")).ok()?))
}

/// An address as six pairs of digits; none if it is not one of hardware.
fn parse(text: &str) -> Option<[u8; 6]> {
    let mut address = [0; 6];
    let mut pairs = text.trim().split(':');
    for byte in &mut address {
        *byte = u8::from_str_radix(pairs.next()?, 16).ok()?;
    }
    (pairs.next().is_none() && address != [0; 6]).then_some(address)
}

fn generate_time_safe(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let state = cx.space().state::<State>();
    let made = cx.blocking(|| {
        let mut clock = state.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clock.as_ref().is_none_or(|clock| clock.process != std::process::id()) {
            *clock = Clock::new();
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() / 100;
        let now = UNIX_DAY.saturating_add(u64::try_from(now).unwrap_or(u64::MAX));
        clock.as_mut().map(|clock| clock.next(now))
    });
    match made {
        Some(id) => {
            let id = cx.bytes(&id)?;
            cx.tuple_of(None, &[id, Value::small(-1)])
        }
        None => crate::support::done(cx, Err(sys::errno())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_of_version_one_and_differ() {
        let mut clock = Clock { process: 0, last: 0, sequence: 0x1234, node: [1, 2, 3, 4, 5, 6] };
        let first = clock.next(0x0123_4567_89AB_CDEF);
        assert_eq!(first[..8], [0x89, 0xAB, 0xCD, 0xEF, 0x45, 0x67, 0x11, 0x23]);
        assert_eq!(first[8..], [0x92, 0x34, 1, 2, 3, 4, 5, 6]);
        // The same moment again, one a little before, and one long before.
        let again = clock.next(0x0123_4567_89AB_CDEF);
        assert_eq!(again[..4], [0x89, 0xAB, 0xCD, 0xF0]);
        assert_eq!(clock.next(0x0123_4567_89AB_CDEE)[..4], [0x89, 0xAB, 0xCD, 0xF1]);
        assert_eq!(clock.next(1)[8..10], [0x92, 0x35]);
    }

    #[test]
    fn addresses_of_hardware_are_read() {
        assert_eq!(parse("02:fc:00:00:00:01\n"), Some([2, 0xFC, 0, 0, 0, 1]));
        for text in ["00:00:00:00:00:00", "", "02:fc", "02:fc:00:00:00:01:02", "x2:fc:00:00:00:01"] {
            assert_eq!(parse(text), None);
        }
    }
}
