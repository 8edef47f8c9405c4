//! Filters of the jobs that a person keeps under a name, and some that everybody needs. The window remembers them.

use egui::{Button, Id, RichText, TextEdit, Ui, WidgetInfo};
use serde::{Deserialize, Serialize};

use super::job_list::Filter;
use crate::gui::ctx::kept;
use crate::gui::theme::{self, icons};
use crate::wire::job::JobState;

const NAME_MOST: usize = 60;

/// Offered to everybody, with their terms.
const SHIPPED: [(&str, &str); 5] = [
    ("Failed within the hour", "state:failed age<1h"),
    ("Waiting for more than 5 minutes", "state:pending wait>5min"),
    ("Tried more than once", "attempts>1"),
    ("Slow", "took>10s"),
    ("Low confidence", "confidence<0.6"),
];

/// A filter with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SavedFilter {
    name: String,
    search: String,
    state: Option<JobState>,
}

impl SavedFilter {
    fn is(&self, filter: &Filter) -> bool {
        self.state == filter.state && self.search.trim() == filter.search.trim()
    }

    fn put_into(&self, filter: &mut Filter) {
        filter.search.clone_from(&self.search);
        filter.state = self.state;
    }

    fn terms(&self) -> String {
        let state = self.state.map(|state| format!("state:{} ", state.as_str())).unwrap_or_default();
        format!("{state}{}", self.search).trim().to_owned()
    }
}

/// All that is kept, and the name that is being typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SavedFilters {
    filters: Vec<SavedFilter>,
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    is_loaded: bool,
    /// What was removed last, and where it stood.
    #[serde(skip)]
    removed: Option<(usize, SavedFilter)>,
}

impl SavedFilters {
    fn id() -> Id {
        Id::unique("saved filters of jobs")
    }

    fn load(&mut self, ui: &Ui) {
        if !self.is_loaded {
            self.filters = ui.data_mut(|data| data.get_persisted::<Self>(Self::id())).unwrap_or_default().filters;
            self.is_loaded = true;
        }
    }

    fn store(&self, ui: &Ui) {
        kept::keep(ui.ctx(), Self::id(), self.clone());
    }

    /// Draws the button with its menu; a choice changes the filter.
    pub fn ui(&mut self, ui: &mut Ui, filter: &mut Filter, is_sound: bool) {
        self.load(ui);
        let is_saved = self.filters.iter().any(|saved| saved.is(filter));
        let icon = if is_saved { icons::ICON_BOOKMARK_ADDED } else { icons::ICON_BOOKMARK };
        let button = egui::containers::menu::MenuButton::from_button(Button::new(RichText::from(icon)))
            .config(egui::containers::menu::MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside));
        let (response, _) = button.ui(ui, |ui| {
            ui.set_min_width(300.0);
            self.list_ui(ui, filter);
            self.save_ui(ui, filter, is_saved, is_sound);
        });
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Saved filters"));
        response.on_hover_text("Saved filters");
    }

    fn list_ui(&mut self, ui: &mut Ui, filter: &mut Filter) {
        let tokens = theme::tokens(ui.ctx());
        let mut remove = None;
        for (at, saved) in self.filters.iter().enumerate() {
            ui.horizontal(|ui| {
                let response = ui.add(Button::selectable(saved.is(filter), &saved.name));
                if response.on_hover_text(saved.terms()).clicked() {
                    saved.put_into(filter);
                    ui.close();
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let said = format!("Remove the filter {}", saved.name);
                    let response = ui.add(Button::new(RichText::from(icons::ICON_CLOSE)).frame_when_inactive(false));
                    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &said));
                    if response.on_hover_text(said).clicked() {
                        remove = Some(at);
                    }
                });
            });
        }
        if let Some(at) = remove {
            self.removed = Some((at, self.filters.remove(at)));
            self.store(ui);
        }
        let removed = self.removed.as_ref().map(|(_, saved)| format!("Put {} back", saved.name));
        let put_back = removed.is_some_and(|words| {
            let response = ui.add(Button::new((RichText::from(icons::ICON_UNDO), words.as_str())));
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &words));
            response.clicked()
        });
        if put_back && let Some((at, saved)) = self.removed.take() {
            self.filters.insert(at.min(self.filters.len()), saved);
            self.store(ui);
        }
        if !self.filters.is_empty() || self.removed.is_some() {
            ui.separator();
        }
        for (name, terms) in SHIPPED {
            let response = ui.add(Button::selectable(filter.state.is_none() && filter.search == terms, name));
            if response.on_hover_text(terms).clicked() {
                terms.clone_into(&mut filter.search);
                filter.state = None;
                ui.close();
            }
        }
        ui.separator();
        if self.filters.is_empty() {
            ui.label(RichText::new("What you save stands here").size(theme::TEXT_SMALL).color(tokens.muted));
        }
    }

    /// The field for the name of the present filter.
    fn save_ui(&mut self, ui: &mut Ui, filter: &Filter, is_saved: bool, is_sound: bool) {
        let is_empty = filter.state.is_none() && filter.search.trim().is_empty();
        let why_not = match (is_empty, is_saved, is_sound) {
            (true, ..) => Some("Find something first: this filter finds every job"),
            (_, true, _) => Some("This filter is saved"),
            (_, _, false) => Some("This filter can't be read; mend it first"),
            _ => None,
        };
        ui.add_enabled_ui(why_not.is_none(), |ui| {
            ui.horizontal(|ui| {
                let field = ui.add(TextEdit::singleline(&mut self.name).hint_text("Name of this filter").char_limit(NAME_MOST).desired_width(200.0));
                field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, why_not.is_none(), "Name of this filter"));
                let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                let name = self.name.trim();
                let replaces = self.filters.iter().position(|saved| saved.name == name);
                let save = ui.add_enabled(!name.is_empty(), Button::new(if replaces.is_some() { "Replace" } else { "Save" }));
                if (save.clicked() || entered) && !name.is_empty() {
                    let saved = SavedFilter { name: name.to_owned(), search: filter.search.trim().to_owned(), state: filter.state };
                    match replaces {
                        Some(at) => self.filters[at] = saved,
                        None => self.filters.push(saved),
                    }
                    self.name.clear();
                    self.store(ui);
                }
            });
        });
        if let Some(why) = why_not {
            ui.label(RichText::new(why).size(theme::TEXT_SMALL).color(theme::tokens(ui.ctx()).muted));
        }
    }
}
