//! A stable, adaptive merge sort whose comparison may fail.
//!
//! # The idea
//!
//! The input is cut into natural runs (a descending run is reversed in place); runs shorter than a minimum are extended by binary
//! insertion. Runs are merged in the order that Munro and Wild's *powersort* gives: between two neighbouring runs lies a
//! node of the nearly optimal merge tree, and its depth, the *power*, follows from the runs' middles alone. A stack of
//! runs with growing powers is all the state there is. A merge first skips what is in place already at both ends, copies the
//! shorter side out, and gallops (exponential search) while one side keeps winning, as Peters's timsort does.
//!
//! # Invariants
//!
//! 1. The slice is a permutation of its input at every return, failed ones included: a merge that fails puts what
//!    it copied out back into the gap that remains. Insertion moves an item only after its place was found.
//! 2. No comparison result, however inconsistent, makes an index leave its run: every loop is bounded by positions, not by
//!    what the comparison ought to say.
//!
//! Why not the standard library's sort: its comparison cannot fail, and it may panic when the comparison is no order.

/// Lengths from which runs are worth merging.
const MIN_MERGE: usize = 64;
/// Wins in a row after which a merge starts galloping.
const MIN_GALLOP: usize = 7;

struct Run {
    start: usize,
    len: usize,
    /// Power of the node between this run and the next on the stack.
    power: u32,
}

/// Sorts by `lt`, which says whether its first argument belongs before its second.
pub fn merge_sort<T: Copy, E>(v: &mut [T], lt: &mut impl FnMut(&T, &T) -> Result<bool, E>) -> Result<(), E> {
    let n = v.len();
    if n < 2 {
        return Ok(());
    }
    let min_run = min_run(n);
    let mut tmp = Vec::new();
    let mut min_gallop = MIN_GALLOP;
    let mut runs: Vec<Run> = Vec::with_capacity(64);
    let mut start = 0;
    while start < n {
        let mut len = natural_run(&mut v[start..], lt)?;
        if len < min_run {
            let forced = min_run.min(n - start);
            insertion(&mut v[start..start + forced], len, lt)?;
            len = forced;
        }
        if let Some(top) = runs.last() {
            let p = power(top.start, top.len, len, n);
            while runs.len() > 1 && runs[runs.len() - 2].power > p {
                merge_top(v, &mut runs, &mut tmp, lt, &mut min_gallop)?;
            }
            if let Some(top) = runs.last_mut() {
                top.power = p;
            }
        }
        runs.push(Run { start, len, power: 0 });
        start += len;
    }
    while runs.len() > 1 {
        merge_top(v, &mut runs, &mut tmp, lt, &mut min_gallop)?;
    }
    Ok(())
}

/// A length from which `n` is made up of nearly a power of two many runs.
fn min_run(mut n: usize) -> usize {
    let mut odd = 0;
    while n >= MIN_MERGE {
        odd |= n & 1;
        n >>= 1;
    }
    n + odd
}

/// Depth of the node between the runs `[s1, s1 + n1)` and the `n2` items after it, in a tree over `n` items: the first
/// binary digit in which the runs' middles, as fractions of `n`, differ.
fn power(s1: usize, n1: usize, n2: usize, n: usize) -> u32 {
    let n = n as u128;
    let mut a = 2 * s1 as u128 + n1 as u128;
    let mut b = a + n1 as u128 + n2 as u128;
    let mut p = 0;
    loop {
        p += 1;
        if a >= n {
            a -= n;
            b -= n;
        } else if b >= n {
            return p;
        }
        a <<= 1;
        b <<= 1;
    }
}

/// Length of the run that starts here; a strictly descending one is reversed.
fn natural_run<T: Copy, E>(v: &mut [T], lt: &mut impl FnMut(&T, &T) -> Result<bool, E>) -> Result<usize, E> {
    if v.len() < 2 {
        return Ok(v.len());
    }
    let mut end = 2;
    if lt(&v[1], &v[0])? {
        while end < v.len() && lt(&v[end], &v[end - 1])? {
            end += 1;
        }
        v[..end].reverse();
    } else {
        while end < v.len() && !lt(&v[end], &v[end - 1])? {
            end += 1;
        }
    }
    Ok(end)
}

/// Sorts a slice whose first `sorted` items are in order.
fn insertion<T: Copy, E>(
    v: &mut [T],
    sorted: usize,
    lt: &mut impl FnMut(&T, &T) -> Result<bool, E>,
) -> Result<(), E> {
    for i in sorted..v.len() {
        let pivot = v[i];
        let (mut lo, mut hi) = (0, i);
        while lo < hi {
            let mid = lo + (hi - lo) / 2;
            if lt(&pivot, &v[mid])? {
                hi = mid;
            } else {
                lo = mid + 1;
            }
        }
        v.copy_within(lo..i, lo + 1);
        v[lo] = pivot;
    }
    Ok(())
}

/// Merges the two runs on top of the stack.
fn merge_top<T: Copy, E>(
    v: &mut [T],
    runs: &mut Vec<Run>,
    tmp: &mut Vec<T>,
    lt: &mut impl FnMut(&T, &T) -> Result<bool, E>,
    min_gallop: &mut usize,
) -> Result<(), E> {
    let (Some(right), Some(left)) = (runs.pop(), runs.last_mut()) else { return Ok(()) };
    let (start, mid, end) = (left.start, right.start, right.start + right.len);
    left.len += right.len;
    merge(&mut v[start..end], mid - start, tmp, lt, min_gallop)
}

/// Merges `v[..mid]` and `v[mid..]`.
fn merge<T: Copy, E>(
    v: &mut [T],
    mid: usize,
    tmp: &mut Vec<T>,
    lt: &mut impl FnMut(&T, &T) -> Result<bool, E>,
    min_gallop: &mut usize,
) -> Result<(), E> {
    // What is in place already: the left items not above the right's first, the right items not below the left's last.
    let skip = gallop_right(&v[mid], &v[..mid], 0, lt)?;
    if skip == mid {
        return Ok(());
    }
    let v = &mut v[skip..];
    let mid = mid - skip;
    let keep = gallop_left(&v[mid - 1], &v[mid..], v.len() - mid - 1, lt)?;
    if keep == 0 {
        return Ok(());
    }
    let v = &mut v[..mid + keep];
    tmp.clear();
    if mid <= keep {
        tmp.extend_from_slice(&v[..mid]);
        let mut at = Low { left: 0, right: mid, to: 0 };
        let r = merge_low(v, tmp, &mut at, lt, min_gallop);
        let rest = tmp.len() - at.left;
        v[at.to..at.to + rest].copy_from_slice(&tmp[at.left..]);
        r
    } else {
        tmp.extend_from_slice(&v[mid..]);
        let mut at = High { left: mid, right: tmp.len(), to: v.len() };
        let r = merge_high(v, tmp, &mut at, lt, min_gallop);
        v[at.to - at.right..at.to].copy_from_slice(&tmp[..at.right]);
        r
    }
}

/// Position of a merge from the left: next item of the copied left run, next item of the right run, next place. The gap
/// `to..right` has room for exactly what is left of the left run.
struct Low {
    left: usize,
    right: usize,
    to: usize,
}

fn merge_low<T: Copy, E>(
    v: &mut [T],
    tmp: &[T],
    at: &mut Low,
    lt: &mut impl FnMut(&T, &T) -> Result<bool, E>,
    min_gallop: &mut usize,
) -> Result<(), E> {
    let (n, m) = (v.len(), tmp.len());
    loop {
        let (mut wins_left, mut wins_right) = (0, 0);
        while wins_left < *min_gallop && wins_right < *min_gallop {
            if at.right == n || at.left == m {
                return Ok(());
            }
            if lt(&v[at.right], &tmp[at.left])? {
                v[at.to] = v[at.right];
                at.right += 1;
                wins_right += 1;
                wins_left = 0;
            } else {
                v[at.to] = tmp[at.left];
                at.left += 1;
                wins_left += 1;
                wins_right = 0;
            }
            at.to += 1;
        }
        loop {
            if at.right == n || at.left == m {
                return Ok(());
            }
            let k = gallop_right(&v[at.right], &tmp[at.left..], 0, lt)?;
            v[at.to..at.to + k].copy_from_slice(&tmp[at.left..at.left + k]);
            at.left += k;
            at.to += k;
            if at.left == m {
                return Ok(());
            }
            v[at.to] = v[at.right];
            at.to += 1;
            at.right += 1;
            if at.right == n {
                return Ok(());
            }
            let l = gallop_left(&tmp[at.left], &v[at.right..], 0, lt)?;
            v.copy_within(at.right..at.right + l, at.to);
            at.right += l;
            at.to += l;
            if at.right == n {
                return Ok(());
            }
            v[at.to] = tmp[at.left];
            at.to += 1;
            at.left += 1;
            if k < MIN_GALLOP && l < MIN_GALLOP {
                break;
            }
            *min_gallop = min_gallop.saturating_sub(1).max(1);
        }
        *min_gallop += 2;
    }
}

/// Position of a merge from the right: ends of what is left of both runs, end of the free places. The gap `left..to` has
/// room for exactly the `right` items that are left of the copied right run.
struct High {
    left: usize,
    right: usize,
    to: usize,
}

fn merge_high<T: Copy, E>(
    v: &mut [T],
    tmp: &[T],
    at: &mut High,
    lt: &mut impl FnMut(&T, &T) -> Result<bool, E>,
    min_gallop: &mut usize,
) -> Result<(), E> {
    loop {
        let (mut wins_left, mut wins_right) = (0, 0);
        while wins_left < *min_gallop && wins_right < *min_gallop {
            if at.left == 0 || at.right == 0 {
                return Ok(());
            }
            if lt(&tmp[at.right - 1], &v[at.left - 1])? {
                v[at.to - 1] = v[at.left - 1];
                at.left -= 1;
                wins_left += 1;
                wins_right = 0;
            } else {
                v[at.to - 1] = tmp[at.right - 1];
                at.right -= 1;
                wins_right += 1;
                wins_left = 0;
            }
            at.to -= 1;
        }
        loop {
            if at.left == 0 || at.right == 0 {
                return Ok(());
            }
            let k = at.left - gallop_right(&tmp[at.right - 1], &v[..at.left], at.left - 1, lt)?;
            v.copy_within(at.left - k..at.left, at.to - k);
            at.left -= k;
            at.to -= k;
            if at.left == 0 {
                return Ok(());
            }
            at.right -= 1;
            at.to -= 1;
            v[at.to] = tmp[at.right];
            if at.right == 0 {
                return Ok(());
            }
            let l = at.right - gallop_left(&v[at.left - 1], &tmp[..at.right], at.right - 1, lt)?;
            v[at.to - l..at.to].copy_from_slice(&tmp[at.right - l..at.right]);
            at.right -= l;
            at.to -= l;
            if at.right == 0 {
                return Ok(());
            }
            at.left -= 1;
            at.to -= 1;
            v[at.to] = v[at.left];
            if k < MIN_GALLOP && l < MIN_GALLOP {
                break;
            }
            *min_gallop = min_gallop.saturating_sub(1).max(1);
        }
        *min_gallop += 2;
    }
}

/// Number of items of a run that go before `key` when it comes after its equals.
fn gallop_right<T, E>(
    key: &T,
    run: &[T],
    hint: usize,
    lt: &mut impl FnMut(&T, &T) -> Result<bool, E>,
) -> Result<usize, E> {
    gallop(run, hint, &mut |x| Ok(!lt(key, x)?))
}

/// Number of items of a run that go before `key` when it comes before its equals.
fn gallop_left<T, E>(
    key: &T,
    run: &[T],
    hint: usize,
    lt: &mut impl FnMut(&T, &T) -> Result<bool, E>,
) -> Result<usize, E> {
    gallop(run, hint, &mut |x| lt(x, key))
}

/// Number of items at the start of a run for which `before` holds, searched exponentially from `hint`.
fn gallop<T, E>(run: &[T], hint: usize, before: &mut impl FnMut(&T) -> Result<bool, E>) -> Result<usize, E> {
    let n = run.len();
    if n == 0 {
        return Ok(0);
    }
    let hint = hint.min(n - 1);
    // Everything below `lo` is before, nothing from `hi` on is.
    let (mut lo, mut hi);
    let mut step = 1;
    if before(&run[hint])? {
        lo = hint + 1;
        hi = n;
        while hint + step < n {
            if before(&run[hint + step])? {
                lo = hint + step + 1;
                step = step.saturating_mul(2).saturating_add(1);
            } else {
                hi = hint + step;
                break;
            }
        }
    } else {
        lo = 0;
        hi = hint;
        while step <= hint {
            if before(&run[hint - step])? {
                lo = hint - step + 1;
                break;
            }
            hi = hint - step;
            step = step.saturating_mul(2).saturating_add(1);
        }
    }
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if before(&run[mid])? {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    Ok(lo)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rng(u64);

    impl Rng {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }
    }

    /// Inputs with runs, duplicates and noise.
    fn input(rng: &mut Rng, n: usize) -> Vec<(u32, u32)> {
        let range = [2, 10, 1000, u64::from(u32::MAX)][(rng.next() % 4) as usize];
        let mut v: Vec<u32> = (0..n).map(|_| (rng.next() % range) as u32).collect();
        let mut at = 0;
        while at < n {
            let end = (at + 1 + (rng.next() % 200) as usize).min(n);
            match rng.next() % 4 {
                0 => v[at..end].sort_unstable(),
                1 => v[at..end].sort_unstable_by(|a, b| b.cmp(a)),
                _ => {}
            }
            at = end;
        }
        v.into_iter().zip(0..).collect()
    }

    #[test]
    fn agrees_with_the_standard_library() {
        let mut rng = Rng(88_172_645_463_325_252);
        for round in 0..600 {
            let v = input(&mut rng, round * 5);
            let mut want = v.clone();
            want.sort_by_key(|x| x.0);
            let mut got = v;
            let r: Result<(), ()> = merge_sort(&mut got, &mut |a, b| Ok(a.0 < b.0));
            assert!(r.is_ok());
            assert_eq!(got, want);
        }
    }

    #[test]
    fn failing_and_absurd_comparisons_lose_nothing() {
        let mut rng = Rng(123_456_789);
        for round in 0..600usize {
            let v = input(&mut rng, round * 3);
            let mut left = rng.next() % (v.len() as u64 * 12 + 1);
            let absurd = round % 2 == 0;
            let mut noise = Rng(rng.next() | 1);
            let mut got = v.clone();
            let _ = merge_sort(&mut got, &mut |a, b| {
                if left == 0 {
                    return Err(());
                }
                left -= 1;
                Ok(if absurd { noise.next().is_multiple_of(3) } else { a.0 < b.0 })
            });
            let (mut a, mut b) = (got, v);
            a.sort_unstable();
            b.sort_unstable();
            assert_eq!(a, b);
        }
    }

    #[test]
    fn sorted_input_takes_one_pass() {
        let mut v: Vec<u32> = (0..1000).collect();
        let mut count = 0;
        let r: Result<(), ()> = merge_sort(&mut v, &mut |a, b| {
            count += 1;
            Ok(a < b)
        });
        assert!(r.is_ok() && count == 999);
    }
}
