//! Which rows of a list are selected, by the habits of file managers: click, Ctrl, Shift, arrows.
//! Holds ids, so that rows may come and go under it.

use std::collections::HashSet;

use crate::wire::ids::JobId;

/// The selected jobs, the row that the keyboard stands on, and where a range began.
#[derive(Debug, Default)]
pub struct Selection {
    ids: HashSet<JobId>,
    cursor: Option<JobId>,
    anchor: Option<JobId>,
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

impl Selection {
    #[must_use]
    pub fn contains(&self, id: JobId) -> bool {
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

    pub fn iter(&self) -> impl Iterator<Item = JobId> {
        self.ids.iter().copied()
    }

    /// The row that the keyboard stands on.
    #[must_use]
    pub fn cursor(&self) -> Option<JobId> {
        self.cursor
    }

    pub fn clear(&mut self) {
        self.ids.clear();
        self.anchor = None;
    }

    pub fn select_all(&mut self, ids: impl Iterator<Item = JobId>) {
        self.ids = ids.collect();
    }

    /// Chooses a row; `between` gives the ids from the anchor to the row, both included.
    pub fn choose(&mut self, id: JobId, how: Choose, between: impl FnOnce(JobId) -> Vec<JobId>) {
        self.cursor = Some(id);
        match (how, self.anchor) {
            (Choose::Range, Some(anchor)) => self.ids = between(anchor).into_iter().collect(),
            (Choose::Toggle, _) => {
                if !self.ids.remove(&id) {
                    self.ids.insert(id);
                }
                self.anchor = Some(id);
            }
            _ => {
                self.ids = HashSet::from([id]);
                self.anchor = Some(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<JobId> {
        (1..=5).map(|n| JobId(uuid::Uuid::from_u128(n))).collect()
    }

    fn chosen(selection: &Selection) -> Vec<u128> {
        let mut ids: Vec<_> = selection.iter().map(|id| id.0.as_u128()).collect();
        ids.sort_unstable();
        ids
    }

    fn choose(selection: &mut Selection, at: usize, how: Choose) {
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
