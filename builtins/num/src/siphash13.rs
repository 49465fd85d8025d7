//! SipHash-1-3, the keyed hash of `str` and `bytes`.

/// The four words of state.
struct State(u64, u64, u64, u64);

impl State {
    /// One round.
    #[inline(always)]
    fn round(&mut self) {
        self.0 = self.0.wrapping_add(self.1);
        self.2 = self.2.wrapping_add(self.3);
        self.1 = self.1.rotate_left(13) ^ self.0;
        self.3 = self.3.rotate_left(16) ^ self.2;
        self.0 = self.0.rotate_left(32);
        self.2 = self.2.wrapping_add(self.1);
        self.0 = self.0.wrapping_add(self.3);
        self.1 = self.1.rotate_left(17) ^ self.2;
        self.3 = self.3.rotate_left(21) ^ self.0;
        self.2 = self.2.rotate_left(32);
    }

    /// Absorbs one word.
    #[inline(always)]
    fn absorb(&mut self, word: u64) {
        self.3 ^= word;
        self.round();
        self.0 ^= word;
    }
}

/// The hash of `bytes` under the key `(k0, k1)`.
#[inline]
pub fn siphash13(k0: u64, k1: u64, bytes: &[u8]) -> u64 {
    let mut state = State(
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    );
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        state.absorb(u64::from_le_bytes(*word));
    }
    let mut last = [0u8; 8];
    last[..tail.len()].copy_from_slice(tail);
    last[7] = bytes.len() as u8;
    state.absorb(u64::from_le_bytes(last));
    state.2 ^= 0xff;
    for _ in 0..3 {
        state.round();
    }
    state.0 ^ state.1 ^ state.2 ^ state.3
}

/// Python's hash of bytes under a key: 0 when empty, never -1.
#[inline]
pub fn hash_bytes(k0: u64, k1: u64, bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    match siphash13(k0, k1, bytes) as i64 {
        -1 => -2,
        hash => hash,
    }
}
