//! The Mersenne Twister of Matsumoto and Nishimura, as `random.Random` drives it.

use num_bigint::{BigInt, BigUint};

/// Words of state.
pub const N: usize = 624;
/// The distance of the middle word.
const M: usize = 397;
/// The twist matrix.
const MATRIX: u32 = 0x9908_b0df;

/// A generator.
#[derive(Clone)]
pub struct Mt19937 {
    state: [u32; N],
    /// The next word to be tempered; `N` asks for a new generation.
    index: usize,
}

impl Mt19937 {
    /// `init_genrand`: seeds from one word.
    pub fn from_seed(seed: u32) -> Mt19937 {
        let mut state = [0u32; N];
        let mut word = seed;
        for (i, slot) in state.iter_mut().enumerate() {
            if i > 0 {
                word = 1_812_433_253u32.wrapping_mul(word ^ word >> 30).wrapping_add(i as u32);
            }
            *slot = word;
        }
        Mt19937 { state, index: N }
    }

    /// `init_by_array`: seeds from a key; an empty one counts as `[0]`.
    pub fn from_key(key: &[u32]) -> Mt19937 {
        let key = if key.is_empty() { &[0] } else { key };
        let mut mt = Mt19937::from_seed(19_650_218);
        let state = &mut mt.state;
        let mut i = 1;
        let mut step = |state: &mut [u32; N], multiplier: u32, mix: &dyn Fn(usize) -> u32| {
            let previous = state[i - 1];
            let scrambled = state[i] ^ (previous ^ previous >> 30).wrapping_mul(multiplier);
            state[i] = scrambled.wrapping_add(mix(i));
            i += 1;
            if i == N {
                state[0] = state[N - 1];
                i = 1;
            }
        };
        let rounds = N.max(key.len());
        for (j, word) in key.iter().enumerate().cycle().take(rounds) {
            step(state, 1_664_525, &|_| word.wrapping_add(j as u32));
        }
        for _ in 1..N {
            step(state, 1_566_083_941, &|i| (i as u32).wrapping_neg());
        }
        state[0] = 0x8000_0000;
        mt
    }

    /// Seeds from the magnitude of an integer, as `random.seed(n)` does.
    pub fn from_int(n: &BigInt) -> Mt19937 {
        Mt19937::from_key(&n.magnitude().to_u32_digits())
    }

    /// Makes the next generation of state.
    #[cold]
    fn twist(&mut self) {
        let s = &mut self.state;
        for i in 0..N {
            let y = (s[i] & 0x8000_0000) | (s[(i + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { MATRIX } else { 0 };
            s[i] = s[(i + M) % N] ^ y >> 1 ^ odd;
        }
        self.index = 0;
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.index >= N {
            self.twist();
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// `random.random()`: 53 bits in `[0, 1)`.
    #[inline]
    pub fn random(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// `random.getrandbits(k)` for `k <= 64`.
    #[inline]
    pub fn bits_u64(&mut self, k: u32) -> u64 {
        match k {
            0 => 0,
            1..=32 => u64::from(self.next_u32() >> (32 - k)),
            _ => {
                let low = u64::from(self.next_u32());
                low | u64::from(self.next_u32() >> (64 - k.min(64))) << 32
            }
        }
    }

    /// `random.getrandbits(k)`; `None` past [`crate::int::MAX_BITS`].
    pub fn bits(&mut self, k: u64) -> Option<BigInt> {
        if k > crate::int::MAX_BITS {
            return None;
        }
        let words = k.div_ceil(32);
        let mut digits = Vec::with_capacity(words as usize);
        for _ in 0..words {
            digits.push(self.next_u32());
        }
        if let Some(last) = digits.last_mut()
            && !k.is_multiple_of(32)
        {
            *last >>= 32 - k % 32;
        }
        Some(BigInt::from(BigUint::new(digits)))
    }

    /// The state words and the index, as `getstate` lists them.
    pub fn state(&self) -> (&[u32; N], usize) {
        (&self.state, self.index)
    }

    /// A generator in a given state; `None` when the index is out of range.
    pub fn from_state(state: [u32; N], index: usize) -> Option<Mt19937> {
        (index <= N).then_some(Mt19937 { state, index })
    }
}
