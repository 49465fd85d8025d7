//! Sums with more than double precision: `math.fsum` and `math.sumprod`.

use super::norm::two_product;

/// Why `math.fsum` has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsumError {
    /// `OverflowError`: intermediate overflow in fsum
    Overflow,
    /// `ValueError`: -inf + inf in fsum
    OppositeInfinities,
}

/// `a + b` as a rounded sum and its error.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_rounded = sum - a;
    (sum, (a - (sum - b_rounded)) + (b - b_rounded))
}

/// An exact sum of doubles: Shewchuk's growing expansion.
///
/// Invariant: the partials do not overlap, grow in magnitude, and add up exactly to all that was pushed.
#[derive(Clone, Debug, Default)]
pub struct Fsum {
    /// The expansion, smallest first.
    partials: Vec<f64>,
    /// The sum of the summands that are not finite.
    special: f64,
    /// The sum of the infinite ones: NaN once both signs came.
    infinite: f64,
}

impl Fsum {
    /// An empty sum.
    pub fn new() -> Fsum {
        Fsum { partials: Vec::with_capacity(8), special: 0.0, infinite: 0.0 }
    }

    /// Adds one number.
    pub fn push(&mut self, number: f64) -> Result<(), FsumError> {
        let mut x = number;
        let mut kept = 0;
        for i in 0..self.partials.len() {
            let (high, low) = two_sum_ordered(x, self.partials[i]);
            if low != 0.0 {
                self.partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.partials.truncate(kept);
        if x == 0.0 {
            return Ok(());
        }
        if x.is_finite() {
            self.partials.push(x);
            return Ok(());
        }
        if number.is_finite() {
            return Err(FsumError::Overflow);
        }
        if number.is_infinite() {
            self.infinite += number;
        }
        self.special += number;
        self.partials.clear();
        Ok(())
    }

    /// The sum, correctly rounded.
    pub fn finish(mut self) -> Result<f64, FsumError> {
        if self.special != 0.0 {
            return if self.infinite.is_nan() {
                Err(FsumError::OppositeInfinities)
            } else {
                Ok(self.special)
            };
        }
        let Some(mut high) = self.partials.pop() else {
            return Ok(0.0);
        };
        let mut low = 0.0;
        // From the top, until a partial does not go in exactly: the rest cannot reach the last place ...
        while let Some(y) = self.partials.pop() {
            (high, low) = two_sum_ordered(high, y);
            if low != 0.0 {
                break;
            }
        }
        // ... except by breaking a tie, which half to even has decided without it.
        if let Some(&next) = self.partials.last()
            && ((low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0))
        {
            let twice = low * 2.0;
            let away = high + twice;
            if twice == away - high {
                high = away;
            }
        }
        Ok(high)
    }
}

/// `a + b` and its error, by magnitude: three operations instead of six.
#[inline]
fn two_sum_ordered(a: f64, b: f64) -> (f64, f64) {
    let (a, b) = if a.abs() < b.abs() { (b, a) } else { (a, b) };
    let sum = a + b;
    (sum, b - (sum - a))
}

/// `math.fsum(numbers)`.
pub fn fsum(numbers: impl IntoIterator<Item = f64>) -> Result<f64, FsumError> {
    let mut sum = Fsum::new();
    for x in numbers {
        sum.push(x)?;
    }
    sum.finish()
}

/// The float part of `math.sumprod`: a dot product in triple the precision of a double.
#[derive(Clone, Copy, Debug, Default)]
pub struct SumProd {
    high: f64,
    low: f64,
    tiny: f64,
}

impl SumProd {
    /// An empty sum.
    pub fn new() -> SumProd {
        SumProd::default()
    }

    /// Adds `p * q`. `false` means that the sum would no longer be finite and was left as it is: the
    /// caller takes [`SumProd::total`] and goes on with ordinary arithmetic.
    #[inline]
    pub fn push(&mut self, p: f64, q: f64) -> bool {
        let (product, product_error) = two_product(p, q);
        let (high, high_error) = two_sum(self.high, product);
        let (low, low_error) = two_sum(self.low, product_error);
        let (low, carry) = two_sum(low, high_error);
        if !high.is_finite() {
            return false;
        }
        *self = SumProd { high, low, tiny: self.tiny + low_error + carry };
        true
    }

    /// The sum so far, rounded once.
    pub fn total(self) -> f64 {
        let (sum, error) = two_sum(self.low, self.high);
        self.tiny + error + sum
    }
}
