//! How often names stand in tags: counted as tags come and go, so that nobody counts a whole library in a frame.

use std::collections::HashMap;

/// Names and how often they stand there.
#[derive(Debug, Default)]
pub struct TagCounts(HashMap<String, usize>);

impl TagCounts {
    pub fn add<'t>(&mut self, names: impl Iterator<Item = &'t str>) {
        for name in names {
            match self.0.get_mut(name) {
                Some(count) => *count += 1,
                None => drop(self.0.insert(name.to_owned(), 1)),
            }
        }
    }

    /// Those that were added before.
    pub fn take_off<'t>(&mut self, names: impl Iterator<Item = &'t str>) {
        for name in names {
            let Some(count) = self.0.get_mut(name) else { continue };
            *count -= 1;
            if *count == 0 {
                self.0.remove(name);
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_as_they_come_and_go() {
        let mut counts = TagCounts::default();
        counts.add(["cat", "sofa"].into_iter());
        counts.add(["cat"].into_iter());
        counts.take_off(["sofa", "never there"].into_iter());
        assert_eq!(counts.iter().collect::<Vec<_>>(), [("cat", 2)]);
    }
}
