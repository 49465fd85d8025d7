//! Key derivation: PBKDF2 (RFC 8018) and scrypt (RFC 7914).

use super::mac::Keyed;

/// Fills `out` with PBKDF2 of `rounds` rounds.
pub(crate) fn pbkdf2(key: &Keyed, salt: &[u8], rounds: u32, out: &mut [u8]) {
    let size = key.digest_size();
    if size == 0 {
        return;
    }
    for (i, chunk) in out.chunks_mut(size).enumerate() {
        // The length of a key is bounded by 2**31, so the number of a block fits.
        let block = key.pbkdf2_block(salt, (i as u32).wrapping_add(1), rounds);
        chunk.iter_mut().zip(block).for_each(|(to, b)| *to = b);
    }
}

/// The cost of scrypt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Blocks of memory, a power of two, more than one.
    pub(crate) n: u64,
    /// Size of a block in 128 bytes.
    pub(crate) r: u64,
    /// Independent rounds.
    pub(crate) p: u64,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A parameter is zero.
    Invalid,
    /// A parameter is above 2**32.
    TooLarge,
    /// The memory that the parameters ask for is over the limit.
    Limit,
    /// Memory is out.
    NoMemory,
}

/// A block of Salsa20 in words.
type Block = [u32; 16];

impl Cost {
    /// Whether scrypt may run within `max` bytes of memory.
    pub(crate) fn check(self, max: u64) -> Result<(), Refused> {
        let Cost { n, r, p } = self;
        if r == 0 || p == 0 {
            return Err(Refused::Invalid);
        }
        if r > u64::from(u32::MAX) || p > u64::from(u32::MAX) {
            return Err(Refused::TooLarge);
        }
        if p > ((1 << 30) - 1) / r || (r < 4 && n >= 1 << (16 * r)) {
            return Err(Refused::Limit);
        }
        // Blocks of all rounds, the table, and a block and its copy to mix in.
        let bytes = n.checked_add(2).and_then(|n| n.checked_mul(r)).and_then(|b| b.checked_add(p * r));
        match bytes.and_then(|b| b.checked_mul(128)) {
            Some(b) if b <= max => Ok(()),
            _ => Err(Refused::Limit),
        }
    }
}

/// Fills `out` with scrypt; `key` is HMAC-SHA256 with the password. The cost was checked.
pub(crate) fn scrypt(key: &Keyed, salt: &[u8], cost: Cost, out: &mut [u8]) -> Result<(), Refused> {
    let narrow = |n: u64| usize::try_from(n).map_err(|_| Refused::NoMemory);
    let (n, blocks, p) = (narrow(cost.n)?, narrow(cost.r * 2)?, narrow(cost.p)?);
    let size = blocks * 64;
    let mut b = zeros::<u8>(p * size)?;
    let mut table = zeros::<Block>(n * blocks)?;
    let mut x = zeros::<Block>(blocks)?;
    let mut y = zeros::<Block>(blocks)?;
    pbkdf2(key, salt, 1, &mut b);
    for part in b.chunks_exact_mut(size) {
        for (words, bytes) in x.iter_mut().zip(part.as_chunks::<64>().0) {
            words.iter_mut().zip(bytes.as_chunks::<4>().0).for_each(|(w, b)| *w = u32::from_le_bytes(*b));
        }
        mix(&mut x, &mut y, &mut table, n);
        for (words, bytes) in x.iter().zip(part.as_chunks_mut::<64>().0) {
            words.iter().zip(bytes.as_chunks_mut::<4>().0).for_each(|(w, b)| *b = w.to_le_bytes());
        }
    }
    pbkdf2(key, &b, 1, out);
    Ok(())
}

fn zeros<T: Copy + Default>(n: usize) -> Result<Vec<T>, Refused> {
    let mut v = Vec::new();
    v.try_reserve_exact(n).map_err(|_| Refused::NoMemory)?;
    v.resize(n, T::default());
    Ok(v)
}

/// The mixing that takes the memory. `y` is scratch of the size of `x`, `table` has `n` times that size.
fn mix(x: &mut [Block], y: &mut [Block], table: &mut [Block], n: usize) {
    for row in table.chunks_exact_mut(x.len()) {
        row.copy_from_slice(x);
        mix_block(x, y);
    }
    let (len, mask) = (x.len(), n - 1);
    for _ in 0..n {
        let last = x[len - 1];
        let j = (u64::from(last[0]) | u64::from(last[1]) << 32) as usize & mask;
        let row = &table[j * len..][..len];
        for (to, from) in x.iter_mut().zip(row) {
            to.iter_mut().zip(from).for_each(|(t, f)| *t ^= f);
        }
        mix_block(x, y);
    }
}

/// Chains Salsa20/8 over the blocks; even results come first.
fn mix_block(b: &mut [Block], y: &mut [Block]) {
    let mut x = b[b.len() - 1];
    for (to, from) in y.iter_mut().zip(&*b) {
        x.iter_mut().zip(from).for_each(|(x, f)| *x ^= f);
        salsa(&mut x);
        *to = x;
    }
    let half = b.len() / 2;
    for (i, pair) in y.as_chunks::<2>().0.iter().enumerate() {
        b[i] = pair[0];
        b[half + i] = pair[1];
    }
}

/// Salsa20/8.
fn salsa(block: &mut Block) {
    let mut x = *block;
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
        x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
        x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
        x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
    };
    for _ in 0..4 {
        quarter(0, 4, 8, 12);
        quarter(5, 9, 13, 1);
        quarter(10, 14, 2, 6);
        quarter(15, 3, 7, 11);
        quarter(0, 1, 2, 3);
        quarter(5, 6, 7, 4);
        quarter(10, 11, 8, 9);
        quarter(15, 12, 13, 14);
    }
    block.iter_mut().zip(x).for_each(|(b, x)| *b = b.wrapping_add(x));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrypt_of_rfc_7914() {
        let mut out = [0; 8];
        let key = Keyed::new("sha256", b"password");
        let cost = Cost { n: 1024, r: 8, p: 16 };
        assert_eq!(cost.check(1 << 25), Ok(()));
        let key = key.as_ref().map(|k| scrypt(k, b"NaCl", cost, &mut out));
        assert_eq!(key, Some(Ok(())));
        assert_eq!(out, [0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00]);
    }
}
