//! Counts of values by size, small enough to store and exactly mergeable, from which quantiles are told.
//!
//! Buckets are log-linear as in `HdrHistogram` (Gil Tene, <https://hdrhistogram.org>; the same bound is proved for the
//! logarithmic buckets of `DDSketch`, Masson, Rim and Lee, VLDB 2019): each power of two is cut into [`PARTS`] equal
//! parts. Values below twice [`PARTS`] have a bucket each and are exact; a greater one is told as the middle of its
//! bucket, which is at most 1/128 of it away: quantiles are right to ±0.8 %. The buckets are fixed, so histograms of
//! parts add up to the histogram of the whole, in any order.

/// Buckets of a power of two.
pub const PARTS: u64 = 64;
/// Largest relative error of a value that is told.
pub const RELATIVE_ERROR: f64 = 1.0 / (2.0 * PARTS as f64);
/// First byte of what is stored.
const FORMAT: u8 = 1;
/// `log2(PARTS)`.
const PART_BITS: u32 = PARTS.trailing_zeros();

/// The bucket of the greatest value there is.
const LAST_BUCKET: usize = ((64 - PART_BITS as usize) + 1) * PARTS as usize - 1;

/// How many values there are of each size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Counts by bucket, as far as there are values: the last one is never 0.
    counts: Vec<u64>,
}

/// Stored bytes that are no histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored histogram is damaged")]
pub struct Damaged;

impl Histogram {
    pub fn add(&mut self, value: u64) {
        self.add_to(bucket(value), 1);
    }

    fn add_to(&mut self, bucket: usize, count: u64) {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += count;
    }

    /// Adds all that another one counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The quantile `q` (0–1) by linear interpolation (type 7 of Hyndman and Fan, R's default), right to
    /// [`RELATIVE_ERROR`]; `None` without values.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let at = q.clamp(0.0, 1.0) * self.count().checked_sub(1)? as f64;
        let (low, high) = (self.value_at(at.floor() as u64)?, self.value_at(at.ceil() as u64)?);
        Some(low + (high - low) * (at - at.floor()))
    }

    /// The value with so many before it.
    fn value_at(&self, rank: u64) -> Option<f64> {
        let mut before = 0;
        let found = self.counts.iter().position(|count| {
            before += *count;
            before > rank
        });
        found.map(middle)
    }

    /// As it is stored: a byte for the format, then for each bucket that has values the distance to the one before
    /// and its count, as little-endian base-128 numbers (LEB128). Nothing for no values.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.counts.is_empty() {
            return Vec::new();
        }
        let mut bytes = vec![FORMAT];
        let mut last = 0;
        for (bucket, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            push_number(&mut bytes, (bucket - last) as u64);
            push_number(&mut bytes, *count);
            last = bucket;
        }
        bytes
    }

    /// Adds what [`Histogram::to_bytes`] wrote, without making a histogram of it first.
    ///
    /// # Errors
    /// The bytes were written otherwise, or cut.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<(), Damaged> {
        let Some((format, mut rest)) = bytes.split_first() else { return Ok(()) };
        if *format != FORMAT {
            return Err(Damaged);
        }
        let mut bucket = 0_usize;
        while !rest.is_empty() {
            let distance = take_number(&mut rest)?;
            let count = take_number(&mut rest)?;
            bucket = bucket.saturating_add(distance as usize);
            if bucket > LAST_BUCKET || count == 0 {
                return Err(Damaged);
            }
            self.add_to(bucket, count);
        }
        Ok(())
    }
}

fn bucket(value: u64) -> usize {
    let power = value.checked_ilog2().unwrap_or(0);
    if power <= PART_BITS {
        return value as usize;
    }
    let shift = power - PART_BITS;
    shift as usize * PARTS as usize + (value >> shift) as usize
}

/// What is told of a bucket's values.
fn middle(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < 2 * PARTS {
        return bucket as f64;
    }
    let width = 2_f64.powi((bucket / PARTS - 1) as i32);
    (bucket % PARTS + PARTS) as f64 * width + (width - 1.0) / 2.0
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.add(*value);
        }
        histogram
    }

    fn read(bytes: &[u8]) -> Result<Histogram, Damaged> {
        let mut histogram = Histogram::default();
        histogram.merge_bytes(bytes).map(|()| histogram)
    }

    /// Type 7, of the values themselves.
    fn exact(values: &[u64], q: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let at = (sorted.len() - 1) as f64 * q;
        let (low, high) = (sorted[at.floor() as usize] as f64, sorted[at.ceil() as usize] as f64);
        low + (high - low) * at.fract()
    }

    #[test]
    fn quantiles_of_small_values_are_those_of_r() {
        // quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .5, .9, 1)) in R.
        let histogram = of(&[16, 1, 8, 2, 4]);
        for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.25, 2.0), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)] {
            assert!((histogram.quantile(q).expect("values") - expected).abs() < 1e-9, "{q}");
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(of(&[7]).quantile(0.95), Some(7.0));
    }

    #[test]
    fn each_bucket_begins_where_the_one_before_ends() {
        for value in (0..70_000).chain([u64::from(u32::MAX), 1 << 40, u64::MAX - 1]) {
            let step = bucket(value + 1) - bucket(value);
            assert!(step <= 1, "{value}");
        }
        for value in 0..128 {
            assert_eq!(middle(bucket(value)), value as f64, "exact");
        }
        assert_eq!(bucket(u64::MAX), LAST_BUCKET);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = of(&[5, 5_000, 50_000]).to_bytes();
        assert_eq!(read(&bytes[..bytes.len() - 1]), Err(Damaged));
        assert_eq!(read(&[9, 1, 1]), Err(Damaged));
        assert_eq!(read(&[FORMAT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(Damaged));
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_stated_error(values in prop::collection::vec(0..10_000_000_u64, 1..200), q in 0.0..=1.0_f64) {
            let (told, exact) = (of(&values).quantile(q).expect("values"), exact(&values, q));
            prop_assert!((told - exact).abs() <= exact * RELATIVE_ERROR + 1e-9, "{told} for {exact}");
        }

        #[test]
        fn parts_add_up_to_the_whole_and_survive_storing(left in prop::collection::vec(any::<u64>(), 0..100), right in prop::collection::vec(0..1_000_u64, 0..100)) {
            let mut merged = of(&left);
            merged.merge_bytes(&of(&right).to_bytes()).expect("sound");
            let whole = of(&[left, right].concat());
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(read(&whole.to_bytes()), Ok(whole));
        }
    }
}
