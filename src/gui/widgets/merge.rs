//! Two people changed the same thing: what only one of them changed is as that one says, and where both did a person chooses, field
//! by field. Fields are JSON values by their names; what they are called on screen is told by whoever uses this.

use std::collections::BTreeSet;

use egui::{Frame, Margin, RichText, Ui};
use serde_json::{Map, Value};

use crate::gui::theme::{self, icons};

/// A field that both changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    pub field: String,
    /// As it was before both.
    pub base: Value,
    pub mine: Value,
    pub theirs: Value,
    /// `Some(true)`: mine.
    pub takes_mine: Option<bool>,
}

impl Conflict {
    /// What holds as it stands: mine until something is chosen.
    #[must_use]
    pub fn value(&self) -> &Value {
        if self.takes_mine == Some(false) { &self.theirs } else { &self.mine }
    }
}

/// Brings two edits of the same fields together. What both changed otherwise stays mine until somebody chooses.
#[must_use]
pub fn three_way(base: &Map<String, Value>, mine: &Map<String, Value>, theirs: &Map<String, Value>) -> (Map<String, Value>, Vec<Conflict>) {
    let names: BTreeSet<&String> = base.keys().chain(mine.keys()).chain(theirs.keys()).collect();
    let (mut merged, mut conflicts) = (theirs.clone(), Vec::new());
    for field in names {
        let of = |fields: &Map<String, Value>| fields.get(field).cloned().unwrap_or(Value::Null);
        let (base, mine, theirs) = (of(base), of(mine), of(theirs));
        if mine == base || mine == theirs {
            continue;
        }
        merged.insert(field.clone(), mine.clone());
        if theirs != base {
            conflicts.push(Conflict { field: field.clone(), base, mine, theirs, takes_mine: None });
        }
    }
    (merged, conflicts)
}

/// Goes on with what is to be chosen after another change: what is no matter of dispute any more goes, what is new comes.
pub fn follow(open: &mut Vec<Conflict>, new: Vec<Conflict>, mine: &Map<String, Value>, theirs: &Map<String, Value>) {
    open.retain(|old| new.iter().all(|new| new.field != old.field));
    open.extend(new);
    let of = |fields: &Map<String, Value>, field: &str| fields.get(field).cloned().unwrap_or(Value::Null);
    open.retain(|conflict| of(mine, &conflict.field) != of(theirs, &conflict.field));
}

/// Whether something is still to be chosen.
#[must_use]
pub fn is_open(conflicts: &[Conflict]) -> bool {
    conflicts.iter().any(|conflict| conflict.takes_mine.is_none())
}

/// What is said of the fields.
pub struct Words<'w> {
    /// What was changed: `rules`, `settings`.
    pub what: &'w str,
    /// From where the change came, such as `by Anna`.
    pub whence: &'w str,
    pub label: &'w dyn Fn(&str) -> String,
    pub value: &'w dyn Fn(&str, &Value) -> String,
}

impl Words<'_> {
    fn intro(&self) -> String {
        format!("The same {} were changed {} meanwhile. Choose what holds", self.what, self.whence)
    }
}

/// Draws what both changed; returns whether something was chosen.
pub fn ui(ui: &mut Ui, conflicts: &mut [Conflict], words: &Words<'_>) -> bool {
    let tokens = theme::tokens(ui.ctx());
    let mut has_chosen = false;
    Frame::new().fill(tokens.surface).stroke((1.0, tokens.warn)).corner_radius(theme::RADIUS_4).inner_margin(Margin::same(8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::from(icons::ICON_MERGE).color(tokens.warn));
            ui.label(RichText::new(words.intro()).color(tokens.text));
        });
        for conflict in conflicts {
            ui.add_space(theme::GAP_8);
            let name = (words.label)(&conflict.field);
            let was = (words.value)(&conflict.field, &conflict.base);
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(&name).font(theme::semibold(theme::TEXT_BODY)));
                ui.label(RichText::new(format!("was {was}")).size(theme::TEXT_SMALL).color(tokens.muted));
            });
            for (is_mine, who, value) in [(true, "Mine", &conflict.mine), (false, "Theirs", &conflict.theirs)] {
                let said = format!("{who}: {}", (words.value)(&conflict.field, value));
                let chosen = conflict.takes_mine == Some(is_mine);
                let choice = ui.radio(chosen, &said);
                choice.widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, chosen, format!("{name}, {said}")));
                if choice.clicked() {
                    conflict.takes_mine = Some(is_mine);
                    has_chosen = true;
                }
            }
        }
    });
    has_chosen
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn what_both_changed_is_to_be_chosen_and_the_rest_is_brought_together() {
        let base = map(json!({"a": 1, "b": 1, "c": 1, "d": 1}));
        let mine = map(json!({"a": 2, "b": 1, "c": 2, "d": 3}));
        let theirs = map(json!({"a": 1, "b": 2, "c": 3, "d": 3}));
        let (merged, conflicts) = three_way(&base, &mine, &theirs);
        assert_eq!(merged, map(json!({"a": 2, "b": 2, "c": 2, "d": 3})));
        assert_eq!(conflicts.iter().map(|conflict| conflict.field.as_str()).collect::<Vec<_>>(), ["c"]);
        assert_eq!((conflicts[0].value(), is_open(&conflicts)), (&json!(2), true));
    }

    #[test]
    fn a_dispute_ends_when_both_mean_the_same_again() {
        let dispute = |field: &str| Conflict { field: field.to_owned(), base: json!(1), mine: json!(2), theirs: json!(3), takes_mine: None };
        let mut open = vec![dispute("a"), dispute("b")];
        follow(&mut open, vec![dispute("c")], &map(json!({"a": 2, "b": 2, "c": 2})), &map(json!({"a": 2, "b": 3, "c": 3})));
        assert_eq!(open.iter().map(|conflict| conflict.field.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    }
}
