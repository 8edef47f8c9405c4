//! The bootstrap of Efron (1979, Annals of Statistics 7:1–26): what a figure would have been in other samples of the same size,
//! drawn from the one at hand with replacement. The units that are drawn are photos, look-alikes together as one ([`super::Units`]),
//! and all figures of a unit are drawn with it, so that what is compared stays paired.
//!
//! Intervals are percentile intervals (Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13): the 2.5 % and
//! 97.5 % quantiles over the resamples. The draws have a fixed seed, so that the same answers always give the same interval.

use super::quantile;

/// Enough that the ends of a 95 % interval hardly move with the seed (Efron and Tibshirani ask for 1,000 at least).
const RESAMPLES: usize = 4_000;
const RESAMPLES_LEAST: usize = 1_000;
/// Draws of all resamples together: large samples, whose intervals are narrow, are resampled less often.
const DRAWS_MOST: usize = 20_000_000;
const SEED: u64 = 0x6d69_6e65_7276_6121;
/// A figure that more than this share of the resamples can't have has no interval.
const UNDEFINED_MOST: f64 = 0.05;

/// The resamples of so many units, the same for every figure that is taken of them.
pub struct Resamples {
    units: usize,
}

impl Resamples {
    #[must_use]
    pub fn of(units: usize) -> Self {
        Self { units }
    }

    /// Takes figures of each resample. `figures` gets how often each unit was drawn; what comes back has, for each figure,
    /// its values over the resamples that have it, sorted.
    #[must_use]
    pub fn figures(&self, count: usize, mut figures: impl FnMut(&[u32], &mut [Option<f64>])) -> Vec<Vec<f64>> {
        let mut values = vec![Vec::with_capacity(RESAMPLES); count];
        let (mut drawn, mut row) = (vec![0_u32; self.units], vec![None; count]);
        let mut random = fastrand::Rng::with_seed(SEED);
        for _ in 0..self.rounds() {
            drawn.fill(0);
            for _ in 0..self.units {
                drawn[random.usize(..self.units)] += 1;
            }
            row.fill(None);
            figures(&drawn, &mut row);
            for (values, figure) in values.iter_mut().zip(&row) {
                values.extend(*figure);
            }
        }
        for values in &mut values {
            values.sort_by(f64::total_cmp);
        }
        values
    }

    fn rounds(&self) -> usize {
        DRAWS_MOST.checked_div(self.units).map_or(0, |rounds| rounds.clamp(RESAMPLES_LEAST, RESAMPLES))
    }

    /// The 95 % percentile interval of one figure's sorted values.
    #[must_use]
    pub fn interval(&self, sorted: &[f64]) -> Option<(f64, f64)> {
        let needed = (1.0 - UNDEFINED_MOST) * self.rounds() as f64;
        if sorted.is_empty() || (sorted.len() as f64) < needed {
            return None;
        }
        percentile_interval(sorted)
    }
}

/// The 2.5 % and 97.5 % quantiles.
#[must_use]
pub fn percentile_interval(sorted: &[f64]) -> Option<(f64, f64)> {
    quantile(sorted, 0.025).zip(quantile(sorted, 0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(values: &[f64], figure: impl Fn(&[f64]) -> Option<f64>) -> Vec<f64> {
        let resamples = Resamples::of(values.len());
        let found = resamples.figures(1, |drawn, row| {
            let sample: Vec<f64> = values.iter().zip(drawn).flat_map(|(value, times)| std::iter::repeat_n(*value, *times as usize)).collect();
            row[0] = figure(&sample);
        });
        found.into_iter().next().unwrap_or_default()
    }

    fn deviation(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
    }

    /// Efron and Tibshirani (1993), the treated mice of table 2.1: the ideal standard error of the mean is 23.36. The ideal
    /// percentiles, over all 7⁷ resamples, are 43.4 (2.5 %), 86.1 (50 %) and 134.4 (97.5 %).
    #[test]
    fn the_mean_of_the_treated_mice_is_resampled_as_published() {
        let mice = [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0];
        let means = resampled(&mice, |sample| Some(sample.iter().sum::<f64>() / sample.len() as f64));
        assert!((deviation(&means) - 23.36).abs() < 0.8, "{}", deviation(&means));
        let (low, high) = percentile_interval(&means).expect("an interval");
        let middle = quantile(&means, 0.5).expect("a median");
        assert!((low - 43.43).abs() < 1.5 && (middle - 86.14).abs() < 1.0 && (high - 134.43).abs() < 1.5, "{low} {middle} {high}");
    }

    /// The law schools of the same book: the correlation of LSAT and GPA is 0.776, and table 6.1 has 0.132 as its standard error
    /// after 3,200 resamples.
    #[test]
    fn pairs_are_drawn_together_as_in_the_published_correlation() {
        let schools: [(f64, f64); 15] = [
            (576.0, 3.39),
            (635.0, 3.30),
            (558.0, 2.81),
            (578.0, 3.03),
            (666.0, 3.44),
            (580.0, 3.07),
            (555.0, 3.00),
            (661.0, 3.43),
            (651.0, 3.36),
            (605.0, 3.13),
            (653.0, 3.12),
            (575.0, 2.74),
            (545.0, 2.76),
            (572.0, 2.88),
            (594.0, 2.96),
        ];
        let correlation = |drawn: &[u32]| -> Option<f64> {
            let sum = |of: &dyn Fn(f64, f64) -> f64| schools.iter().zip(drawn).map(|((x, y), times)| f64::from(*times) * of(*x, *y)).sum::<f64>();
            let (n, x, y) = (sum(&|_, _| 1.0), sum(&|x, _| x), sum(&|_, y| y));
            let (xx, yy, xy) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
            let spread = ((n * xx - x * x) * (n * yy - y * y)).sqrt();
            (spread > 0.0).then(|| (n * xy - x * y) / spread)
        };
        assert!((correlation(&[1; 15]).expect("a correlation") - 0.776).abs() < 5e-4);
        let resamples = Resamples::of(schools.len());
        let found = resamples.figures(1, |drawn, row| row[0] = correlation(drawn));
        assert!((deviation(&found[0]) - 0.132).abs() < 0.01, "{}", deviation(&found[0]));
    }

    #[test]
    fn the_same_sample_has_the_same_interval_and_what_is_mostly_undefined_has_none() {
        let one = resampled(&[1.0, 2.0, 5.0, 9.0], |sample| sample.iter().copied().reduce(f64::max));
        assert_eq!(one, resampled(&[1.0, 2.0, 5.0, 9.0], |sample| sample.iter().copied().reduce(f64::max)));
        let resamples = Resamples::of(4);
        let found = resamples.figures(2, |drawn, row| {
            row[0] = Some(1.0);
            row[1] = (drawn[0] > 0).then_some(1.0);
        });
        assert_eq!(resamples.interval(&found[0]), Some((1.0, 1.0)));
        assert_eq!(resamples.interval(&found[1]), None, "a unit is missing from every third resample");
        assert_eq!(Resamples::of(0).interval(&[]), None);
    }
}
