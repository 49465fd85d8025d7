//! BLAKE2b and BLAKE2s (RFC 7693) with the full parameter block: key, salt, personalisation and tree mode.

/// The order in which each round takes the words of a block.
const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// What a hash is parametrised with. Lengths are checked by the caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    /// Bytes of the digest.
    pub(crate) digest_size: u8,
    /// Key, of up to half a block.
    pub(crate) key: Vec<u8>,
    /// Salt, of up to two words.
    pub(crate) salt: Vec<u8>,
    /// Personalisation, of up to two words.
    pub(crate) person: Vec<u8>,
    /// Children of a node.
    pub(crate) fanout: u8,
    /// Height of the tree.
    pub(crate) depth: u8,
    /// Bytes of a leaf.
    pub(crate) leaf_size: u32,
    /// Place of the node in its layer.
    pub(crate) node_offset: u64,
    /// Layer of the node.
    pub(crate) node_depth: u8,
    /// Bytes of the digests of inner nodes.
    pub(crate) inner_size: u8,
    /// Whether it is the last node of its layer.
    pub(crate) last_node: bool,
}

impl Params {
    /// A digest of `digest_size` bytes, nothing else.
    pub(crate) fn plain(digest_size: u8) -> Params {
        Params { digest_size, fanout: 1, depth: 1, ..Params::default() }
    }
}

fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in block.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

macro_rules! blake2 {
    ($name:ident, $word:ident, $double:ident, $bytes:literal, $rounds:literal, $rot:expr, $iv:expr, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone)]
        pub(crate) struct $name {
            h: [$word; 8],
            count: $double,
            block: [u8; 16 * $bytes],
            /// Bytes of the block that are filled. A full block is compressed when more data comes: the last one is special.
            have: usize,
            digest_size: usize,
            last_node: bool,
        }

        impl $name {
            const IV: [$word; 8] = $iv;

            /// A hash in its initial state.
            pub(crate) fn new(p: &Params) -> Self {
                const OFFSET_BYTES: usize = if $bytes == 8 { 8 } else { 6 };
                let mut param = [0u8; 8 * $bytes];
                param[0] = p.digest_size;
                param[1] = p.key.len() as u8;
                param[2] = p.fanout;
                param[3] = p.depth;
                put(&mut param, 4, &p.leaf_size.to_le_bytes());
                put(&mut param, 8, &p.node_offset.to_le_bytes()[..OFFSET_BYTES]);
                param[8 + OFFSET_BYTES] = p.node_depth;
                param[9 + OFFSET_BYTES] = p.inner_size;
                put(&mut param, 4 * $bytes, &p.salt);
                put(&mut param, 6 * $bytes, &p.person);
                let mut h = Self::IV;
                for (h, w) in h.iter_mut().zip(param.chunks_exact($bytes)) {
                    let mut bytes = [0; $bytes];
                    bytes.copy_from_slice(w);
                    *h ^= $word::from_le_bytes(bytes);
                }
                let mut new = $name {
                    h,
                    count: 0,
                    block: [0; 16 * $bytes],
                    have: 0,
                    digest_size: usize::from(p.digest_size),
                    last_node: p.last_node,
                };
                if !p.key.is_empty() {
                    put(&mut new.block, 0, &p.key);
                    new.have = new.block.len();
                }
                new
            }

            fn compress(&mut self, last: bool) {
                let mut m: [$word; 16] = [0; 16];
                for (m, w) in m.iter_mut().zip(self.block.chunks_exact($bytes)) {
                    let mut bytes = [0; $bytes];
                    bytes.copy_from_slice(w);
                    *m = $word::from_le_bytes(bytes);
                }
                let mut v: [$word; 16] = [0; 16];
                v[..8].copy_from_slice(&self.h);
                v[8..].copy_from_slice(&Self::IV);
                v[12] ^= self.count as $word;
                v[13] ^= (self.count >> $word::BITS) as $word;
                if last {
                    v[14] = !v[14];
                    if self.last_node {
                        v[15] = !v[15];
                    }
                }
                const ROT: [u32; 4] = $rot;
                let mut mix = |a: usize, b: usize, c: usize, d: usize, x: $word, y: $word| {
                    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
                    v[d] = (v[d] ^ v[a]).rotate_right(ROT[0]);
                    v[c] = v[c].wrapping_add(v[d]);
                    v[b] = (v[b] ^ v[c]).rotate_right(ROT[1]);
                    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
                    v[d] = (v[d] ^ v[a]).rotate_right(ROT[2]);
                    v[c] = v[c].wrapping_add(v[d]);
                    v[b] = (v[b] ^ v[c]).rotate_right(ROT[3]);
                };
                for round in 0..$rounds {
                    let s = &SIGMA[round % 10];
                    mix(0, 4, 8, 12, m[s[0]], m[s[1]]);
                    mix(1, 5, 9, 13, m[s[2]], m[s[3]]);
                    mix(2, 6, 10, 14, m[s[4]], m[s[5]]);
                    mix(3, 7, 11, 15, m[s[6]], m[s[7]]);
                    mix(0, 5, 10, 15, m[s[8]], m[s[9]]);
                    mix(1, 6, 11, 12, m[s[10]], m[s[11]]);
                    mix(2, 7, 8, 13, m[s[12]], m[s[13]]);
                    mix(3, 4, 9, 14, m[s[14]], m[s[15]]);
                }
                for i in 0..8 {
                    self.h[i] ^= v[i] ^ v[i + 8];
                }
            }

            /// Takes more data.
            pub(crate) fn update(&mut self, mut data: &[u8]) {
                while !data.is_empty() {
                    if self.have == self.block.len() {
                        self.count = self.count.wrapping_add(self.have as $double);
                        self.compress(false);
                        self.have = 0;
                    }
                    let n = data.len().min(self.block.len() - self.have);
                    let (now, later) = data.split_at(n);
                    self.block[self.have..self.have + n].copy_from_slice(now);
                    self.have += n;
                    data = later;
                }
            }

            /// The digest of what was taken so far.
            pub(crate) fn digest(&self) -> Vec<u8> {
                let mut end = self.clone();
                end.count = end.count.wrapping_add(end.have as $double);
                let have = end.have;
                end.block[have..].fill(0);
                end.compress(true);
                let mut out: Vec<u8> = end.h.iter().flat_map(|w| w.to_le_bytes()).collect();
                out.truncate(self.digest_size);
                out
            }
        }
    };
}

blake2!(
    Blake2b,
    u64,
    u128,
    8,
    12,
    [32, 24, 16, 63],
    [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ],
    "BLAKE2b: 64-bit words."
);

blake2!(
    Blake2s,
    u32,
    u64,
    4,
    10,
    [16, 12, 8, 7],
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,],
    "BLAKE2s: 32-bit words."
);
