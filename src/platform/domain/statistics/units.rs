//! What counts once in a sample. Photos that look alike (a burst, a copy) are one unit: what is said of it is the mean of what is
//! said of them, and the bootstrap draws it whole or not at all. That is the cluster bootstrap (Davison and Hinkley 1997, Bootstrap
//! Methods and their Application, section 3.8; Field and Welsh 2007, JRSS B 69:369–390): photos of one burst are answered alike,
//! so that drawing them one by one would make intervals too narrow.

use std::collections::{HashMap, HashSet};

use crate::wire::ids::PhotoId;

/// Two sums that a ratio is taken of; nothing where a photo has none.
pub type Part = Option<(f64, f64)>;

/// The unit of each photo of a sample, by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    of: Vec<usize>,
    len: usize,
}

impl Units {
    /// Every photo counts by itself.
    #[must_use]
    pub fn each(photos: usize) -> Self {
        Self { of: (0..photos).collect(), len: photos }
    }

    /// The photos of one group count together.
    #[must_use]
    pub fn of_groups(photos: &[PhotoId], groups: &[Vec<PhotoId>]) -> Self {
        let group: HashMap<PhotoId, usize> = groups.iter().enumerate().flat_map(|(at, group)| group.iter().map(move |photo| (*photo, at))).collect();
        let mut first: HashMap<usize, usize> = HashMap::new();
        let (mut of, mut len) = (Vec::with_capacity(photos.len()), 0);
        for photo in photos {
            let unit = group.get(photo).map_or(len, |group| *first.entry(*group).or_insert(len));
            len += usize::from(unit == len);
            of.push(unit);
        }
        Self { of, len }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The unit of the photo at a place.
    #[must_use]
    pub fn at(&self, place: usize) -> usize {
        self.of[place]
    }

    /// Photos that count with another one.
    #[must_use]
    pub fn alike(&self) -> usize {
        self.of.len() - self.len
    }

    /// How many units the photos at these places are.
    #[must_use]
    pub fn count(&self, places: impl IntoIterator<Item = usize>) -> usize {
        places.into_iter().map(|place| self.of[place]).collect::<HashSet<_>>().len()
    }

    /// By unit: the mean of what its photos add, of those that add anything.
    #[must_use]
    pub fn parts(&self, parts: &[Part]) -> Vec<Part> {
        let mut sums = vec![(0.0, 0.0, 0.0); self.len];
        for (place, (above, below)) in parts.iter().enumerate().filter_map(|(place, part)| Some((place, (*part)?))) {
            let sum = &mut sums[self.of[place]];
            *sum = (sum.0 + above, sum.1 + below, sum.2 + 1.0);
        }
        sums.into_iter().map(|(above, below, count)| (count > 0.0).then(|| (above / count, below / count))).collect()
    }

    /// By unit: the mean of what its photos say.
    #[must_use]
    pub fn means(&self, values: &[Option<f64>]) -> Vec<Option<f64>> {
        let parts: Vec<Part> = values.iter().map(|value| value.map(|value| (value, 1.0))).collect();
        self.parts(&parts).into_iter().map(|part| part.map(|(value, _)| value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::domain::statistics::{Resamples, mean};

    fn photos(count: u128) -> Vec<PhotoId> {
        (0..count).map(|at| PhotoId(uuid::Uuid::from_u128(at))).collect()
    }

    #[test]
    fn look_alikes_are_one_unit_and_photos_that_are_not_in_the_sample_make_none() {
        let all = photos(6);
        let units = Units::of_groups(&all[..5], &[vec![all[3], all[0]], vec![all[1], all[5]]]);
        let places: Vec<usize> = (0..5).map(|place| units.at(place)).collect();
        assert_eq!((places, units.len(), units.alike()), (vec![0, 1, 2, 0, 3], 4, 1));
        assert_eq!(units.means(&[Some(1.0), None, Some(4.0), Some(2.0), None]), [Some(1.5), None, Some(4.0), None]);
        assert_eq!(units.count([0, 3]), 1);
        assert_eq!(Units::each(3), Units::of_groups(&all[..3], &[]));
    }

    /// Copies of a photo say nothing that it does not say: the interval of a sample in which every photo has five copies is the
    /// interval of the sample without them.
    #[test]
    fn copies_do_not_narrow_an_interval() {
        let values = [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0];
        let interval = |units: &Units, values: &[f64]| {
            let by_unit: Vec<f64> = units.means(&values.iter().copied().map(Some).collect::<Vec<_>>()).into_iter().flatten().collect();
            let resamples = Resamples::of(by_unit.len());
            let found = resamples.figures(1, |drawn, row| {
                row[0] = mean(by_unit.iter().zip(drawn).flat_map(|(value, times)| std::iter::repeat_n(*value, *times as usize)));
            });
            resamples.interval(&found[0]).expect("an interval")
        };
        let all = photos(7 * 5);
        let copies: Vec<f64> = values.iter().flat_map(|value| [*value; 5]).collect();
        let groups: Vec<Vec<PhotoId>> = all.chunks(5).map(<[PhotoId]>::to_vec).collect();
        let single = interval(&Units::each(7), &values);
        assert_eq!(interval(&Units::of_groups(&all, &groups), &copies), single);
        let naive = interval(&Units::each(35), &copies);
        assert!(naive.1 - naive.0 < 0.6 * (single.1 - single.0), "one by one they would halve it: {naive:?} {single:?}");
    }
}
