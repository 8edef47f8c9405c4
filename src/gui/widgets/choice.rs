//! A list that opens to choose one of several: `choice::ui(ui, ComboBox::from_id_salt("theme")…, &mut theme, choices)`.
//!
//! egui closes such a list only on a click of the pointer. This one closes when Enter or Space chose, too, and gives the
//! keyboard back to its button.

use egui::{ComboBox, Id, Response, Ui};

/// Shows the list with these choices and their words; the answer is its button.
pub fn ui<T: PartialEq>(ui: &mut Ui, list: ComboBox, chosen: &mut T, choices: impl IntoIterator<Item = (T, impl Into<String>)>) -> Response {
    shown(ui, list, |ui| {
        for (choice, words) in choices {
            let response = ui.selectable_value(chosen, choice, words.into());
            close_when_chosen(ui, &response);
        }
    })
}

/// Shows the list with contents of one's own, each of which calls [`close_when_chosen`].
pub fn shown(ui: &mut Ui, list: ComboBox, contents: impl FnOnce(&mut Ui)) -> Response {
    let button = list.show_ui(ui, contents).response;
    if ui.data_mut(|data| data.remove_temp::<()>(by_keyboard()).is_some()) {
        button.request_focus();
    }
    button
}

/// Closes the list around a choice that was clicked or taken by keyboard.
pub fn close_when_chosen(ui: &mut Ui, choice: &Response) {
    if choice.clicked() {
        ui.close();
        if choice.has_focus() {
            ui.data_mut(|data| data.insert_temp(by_keyboard(), ()));
        }
    }
}

fn by_keyboard() -> Id {
    Id::unique("a list's choice was taken by keyboard")
}

#[cfg(test)]
mod tests {
    use egui::accesskit::Role;
    use egui::{Key, Modifiers};
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;

    #[test]
    fn a_list_is_opened_walked_and_closed_by_keyboard() {
        let mut harness = Harness::new_ui_state(
            |ui, chosen: &mut usize| {
                let list = ComboBox::from_label("Which").selected_text(format!("{chosen}"));
                super::ui(ui, list, chosen, (0..3).map(|number| (number, format!("Number {number}"))));
            },
            0,
        );
        harness.get_by_role(Role::ComboBox).focus();
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert!(harness.query_by_label("Number 2").is_some(), "it is open");
        harness.get_by_label("Number 2").focus();
        harness.run();
        harness.key_press_modifiers(Modifiers::NONE, Key::Enter);
        harness.run();
        assert_eq!(*harness.state(), 2);
        assert!(harness.query_by_label("Number 2").is_none(), "it is closed");
        assert!(harness.get_by_role(Role::ComboBox).accesskit_node().is_focused(), "its button has the keyboard again");
    }
}
