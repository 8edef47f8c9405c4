//! What is known to be in photos, to hold answers against: what people said of them, else the labels that photos came with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::wire::tag::normal_name;

/// Labels of the photos that came with the program: `photo,tag`.
const BUNDLED: &str = include_str!("../../../assets/photos/truth.csv");

static LABELS: LazyLock<BTreeMap<&'static str, BTreeSet<String>>> = LazyLock::new(|| {
    let mut labels: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (photo, tag) in BUNDLED.lines().skip(1).filter_map(|line| line.split_once(',')) {
        labels.entry(photo.trim()).or_default().insert(normal_name(tag));
    }
    labels
});

/// Whether a photo's most confident tag is one of its labels; `None` where none are known. `said`: what people said of it. Of a
/// photo in which there is nothing to be named, no tag is right.
#[must_use]
pub fn is_right(file_name: &str, said: Option<&[String]>, main_tag: Option<&str>) -> Option<bool> {
    let name = main_tag.map(normal_name);
    match said {
        Some([]) => Some(name.is_none()),
        Some(said) => Some(name.is_some_and(|name| said.contains(&name))),
        None => LABELS.get(file_name).map(|labels| name.is_some_and(|name| labels.contains(&name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_say_counts_before_the_labels_that_a_photo_came_with() {
        assert!(LABELS.len() >= 20, "{}", LABELS.len());
        let said = ["sea eagle".to_owned()];
        assert_eq!(is_right("osprey.jpg", None, Some("Bird")), Some(true));
        assert_eq!(is_right("osprey.jpg", Some(&said), Some("bird")), Some(false));
        assert_eq!(is_right("osprey.jpg", Some(&said), Some("Sea-Eagle")), Some(true));
        assert_eq!(is_right("osprey.jpg", Some(&said), None), Some(false));
        assert_eq!((is_right("osprey.jpg", Some(&[]), None), is_right("osprey.jpg", Some(&[]), Some("bird"))), (Some(true), Some(false)));
        assert_eq!(is_right("unknown.jpg", None, Some("bird")), None);
    }
}
