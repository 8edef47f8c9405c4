//! What a sample says of all: estimates with their intervals. Each names its method and its source.

mod bootstrap;
pub mod bradley_terry;
mod units;

pub use bootstrap::{Resamples, percentile_interval};
pub use units::{Part, Units};

/// The 97.5 % point of the standard normal distribution: two-sided 95 %.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A share of a sample with an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// The score interval of Wilson (1927, JASA 22:209–212) for `count` of `of`; `None` of an empty sample. Brown, Cai and
/// `DasGupta` (2001, Statistical Science 16:101–133) recommend it for small samples: unlike the usual ± it keeps its coverage
/// near 0 and 1, and never leaves 0–1.
#[must_use]
pub fn wilson(count: u64, of: u64, z: f64) -> Option<Proportion> {
    if of == 0 || count > of { None } else { Some(wilson_of(count as f64 / of as f64, of as f64, z)) }
}

/// The same for a share of `n` units, each of which may count in part.
#[must_use]
pub fn wilson_of(share: f64, n: f64, z: f64) -> Proportion {
    let z2 = z * z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the interval touches them; rounding must not leave a hair between.
    let low = if share <= 0.0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if share >= 1.0 { 1.0 } else { (middle + half).min(1.0) };
    Proportion { share, low, high }
}

/// Quantile of sorted values, linear between ranks (type 7, R's default); `None` without values.
#[must_use]
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = p * last as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below]))
}

/// The mean; `None` without values.
#[must_use]
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.into_iter().fold((0.0, 0_u64), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_r_type_7() {
        // R: quantile(c(1, 2, 3, 4, 10), c(.5, .9, .95)) is 3.0, 7.6, 8.8.
        let values = [1.0, 2.0, 3.0, 4.0, 10.0];
        for (p, expected) in [(0.0, 1.0), (0.5, 3.0), (0.9, 7.6), (0.95, 8.8), (1.0, 10.0)] {
            assert!((quantile(&values, p).expect("has values") - expected).abs() < 1e-12, "{p}");
        }
        assert_eq!(quantile(&[7.0], 0.95), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 5e-5
    }

    #[test]
    fn the_interval_is_that_of_published_tables() {
        // Newcombe (1998, Statistics in Medicine 17:857–872), table I, method 3.
        for (count, of, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)] {
            let found = wilson(count, of, Z_95).expect("a sample");
            assert!(close(found.low, low) && close(found.high, high), "{count} of {of}: {found:?}");
        }
        // R: `prop.test(10, 20, correct = FALSE)`, and the same of 5 and 1 of 10.
        for (count, of, low, high) in [(10, 20, 0.29930, 0.70070), (5, 10, 0.23659, 0.76341), (1, 10, 0.01788, 0.40415)] {
            let found = wilson(count, of, Z_95).expect("a sample");
            assert!(close(found.low, low) && close(found.high, high), "{count} of {of}: {found:?}");
        }
    }

    #[test]
    fn it_mirrors_stays_inside_and_says_nothing_of_nothing() {
        assert_eq!(wilson(0, 0, Z_95), None);
        assert_eq!(wilson(3, 2, Z_95), None);
        for of in 1..60 {
            for count in 0..=of {
                let (one, other) = (wilson(count, of, Z_95).expect("one"), wilson(of - count, of, Z_95).expect("other"));
                assert!(close(one.low, 1.0 - other.high), "{count} of {of}");
                assert!(0.0 <= one.low && one.low <= one.share && one.share <= one.high && one.high <= 1.0, "{count} of {of}: {one:?}");
            }
        }
    }
}
