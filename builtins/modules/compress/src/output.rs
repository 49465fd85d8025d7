//! Output that grows while a stream writes it.

/// First room and largest step, in bytes.
const FIRST: usize = 16 * 1024;
const LARGEST: usize = 256 * 1024 * 1024;

/// There is no memory.
pub(crate) struct NoMemory;

/// Bytes written so far, and room behind them.
pub(crate) struct Output {
    data: Vec<u8>,
    filled: usize,
    /// Never more bytes than this, if there is a limit.
    limit: Option<usize>,
    first: usize,
}

impl Output {
    /// No bytes; at most `limit` in the end.
    pub(crate) fn new(limit: Option<usize>) -> Output {
        Output { data: Vec::new(), filled: 0, limit, first: FIRST }
    }

    /// As [`Output::new`] with first room for so many bytes.
    pub(crate) fn with_room(first: usize) -> Output {
        Output { data: Vec::new(), filled: 0, limit: None, first: first.clamp(1, LARGEST) }
    }

    /// Room for more, empty if the limit is reached.
    pub(crate) fn room(&mut self) -> Result<&mut [u8], NoMemory> {
        if self.filled == self.data.len() {
            let step = if self.filled == 0 { self.first } else { self.filled.min(LARGEST) };
            let step = self.limit.map_or(step, |l| step.min(l.saturating_sub(self.filled)));
            self.data.try_reserve(step).map_err(|_| NoMemory)?;
            self.data.resize(self.filled.saturating_add(step), 0);
        }
        Ok(&mut self.data[self.filled..])
    }

    /// Notes that the first `n` bytes of the room were written.
    pub(crate) fn wrote(&mut self, n: usize) {
        self.filled = (self.filled + n).min(self.data.len());
    }

    /// Whether the limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.limit.is_some_and(|l| self.filled >= l)
    }

    /// Whether the last room was used up.
    pub(crate) fn room_used_up(&self) -> bool {
        self.filled == self.data.len()
    }

    /// What was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.data[..self.filled]
    }
}

/// Appends to a vector that holds input for later.
pub(crate) fn append(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), NoMemory> {
    to.try_reserve(bytes.len()).map_err(|_| NoMemory)?;
    to.extend_from_slice(bytes);
    Ok(())
}
