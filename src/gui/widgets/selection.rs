//! Which rows of a list are selected, by the habits of file managers: click, Ctrl, Shift, arrows.
//! Holds ids, so that rows may come and go under it.

use std::collections::HashSet;
use std::hash::Hash;

/// The selected things, the one that the keyboard stands on, and where a range began.
#[derive(Debug)]
pub struct Selection<I> {
    ids: HashSet<I>,
    cursor: Option<I>,
    anchor: Option<I>,
    revision: u64,
}

impl<I> Default for Selection<I> {
    fn default() -> Self {
        Self { ids: HashSet::new(), cursor: None, anchor: None, revision: 0 }
    }
}

/// How a row was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choose {
    /// Only this one.
    One,
    /// This one too, or no more (Ctrl).
    Toggle,
    /// Everything from the anchor to here (Shift).
    Range,
}

impl Choose {
    #[must_use]
    pub fn by(modifiers: egui::Modifiers) -> Self {
        if modifiers.shift {
            Self::Range
        } else if modifiers.command {
            Self::Toggle
        } else {
            Self::One
        }
    }
}

impl<I: Copy + Eq + Hash> Selection<I> {
    #[must_use]
    pub fn contains(&self, id: I) -> bool {
        self.ids.contains(&id)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = I> {
        self.ids.iter().copied()
    }

    /// The row that the keyboard stands on.
    #[must_use]
    pub fn cursor(&self) -> Option<I> {
        self.cursor
    }

    /// Another number whenever something else is selected: who computes with the selection looks at it rather than at all ids.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    fn set(&mut self, ids: HashSet<I>) {
        if ids != self.ids {
            self.ids = ids;
            self.revision += 1;
        }
    }

    pub fn clear(&mut self) {
        self.set(HashSet::new());
        self.anchor = None;
    }

    pub fn select_all(&mut self, ids: impl Iterator<Item = I>) {
        self.set(ids.collect());
    }

    /// One more, whatever else is selected; the cursor stays.
    pub fn insert(&mut self, id: I) {
        self.revision += u64::from(self.ids.insert(id));
    }

    /// What is gone can't be selected.
    pub fn remove(&mut self, id: I) {
        self.revision += u64::from(self.ids.remove(&id));
        self.cursor = self.cursor.filter(|cursor| *cursor != id);
        self.anchor = self.anchor.filter(|anchor| *anchor != id);
    }

    /// Puts the keyboard's place on a row without selecting it.
    pub fn set_cursor(&mut self, id: I) {
        self.cursor = Some(id);
    }

    /// Chooses a row; `between` gives the ids from the anchor to the row, both included.
    pub fn choose(&mut self, id: I, how: Choose, between: impl FnOnce(I) -> Vec<I>) {
        self.cursor = Some(id);
        match (how, self.anchor) {
            (Choose::Range, Some(anchor)) => self.set(between(anchor).into_iter().collect()),
            (Choose::Toggle, _) => {
                if !self.ids.remove(&id) {
                    self.ids.insert(id);
                }
                self.revision += 1;
                self.anchor = Some(id);
            }
            _ => {
                self.set(HashSet::from([id]));
                self.anchor = Some(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<u128> {
        (1..=5).collect()
    }

    fn chosen(selection: &Selection<u128>) -> Vec<u128> {
        let mut ids: Vec<_> = selection.iter().collect();
        ids.sort_unstable();
        ids
    }

    fn choose(selection: &mut Selection<u128>, at: usize, how: Choose) {
        let rows = rows();
        selection.choose(rows[at], how, |anchor| {
            let from = rows.iter().position(|id| *id == anchor).expect("anchor is a row");
            rows[from.min(at)..=from.max(at)].to_vec()
        });
    }

    #[test]
    fn click_ctrl_and_shift_select_as_in_a_file_manager() {
        let mut selection = Selection::default();
        choose(&mut selection, 1, Choose::One);
        assert_eq!(chosen(&selection), [2]);
        choose(&mut selection, 3, Choose::Toggle);
        assert_eq!(chosen(&selection), [2, 4]);
        choose(&mut selection, 1, Choose::Toggle);
        assert_eq!(chosen(&selection), [4]);
        choose(&mut selection, 3, Choose::One);
        choose(&mut selection, 0, Choose::Range);
        assert_eq!(chosen(&selection), [1, 2, 3, 4], "upwards from the anchor");
        choose(&mut selection, 4, Choose::Range);
        assert_eq!(chosen(&selection), [4, 5], "the anchor stays while the range turns");
        selection.clear();
        choose(&mut selection, 2, Choose::Range);
        assert_eq!(chosen(&selection), [3], "a range without an anchor is one row");
    }
}
