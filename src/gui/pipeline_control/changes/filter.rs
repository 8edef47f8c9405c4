//! Which entries of the journal are shown: by words, kind, person and time.

use chrono::{DateTime, TimeDelta, Utc};
use egui::{ComboBox, TextEdit, Ui, WidgetInfo};

use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::choice;
use crate::wire::config::{ConfigChange, ConfigChangesQuery};

/// Kinds of fields by name; fields as the platform takes them.
const KINDS: [(&str, &str); 9] = [
    ("All kinds", ""),
    ("Thresholds", "accept_threshold,reject_threshold,category:"),
    ("Limits", "daily_limit_usd,daily_limit_action,monthly_limit_usd,monthly_limit_action,photo_limit_usd,photo_limit_action"),
    ("Work and photos", "workers,max_attempts,image_max_edge_px,image_quality"),
    ("Model", "live_model,fallbacks,model:"),
    ("Prompts", "live_prompt_version_id,staged_prompt_version_id,prompt:,version:"),
    ("Providers", "provider:"),
    ("Alerts", "alert:"),
    ("Pause and resume", "state"),
];

/// Times by name, in days; 0: any.
const TIMES: [(&str, i64); 4] = [("Any time", 0), ("Last day", 1), ("Last 7 days", 7), ("Last 30 days", 30)];

const ANYBODY: &str = "Anybody";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    words: String,
    /// Place in [`KINDS`].
    kind: usize,
    /// Place in [`TIMES`].
    time: usize,
    /// Empty: anybody.
    actor: String,
}

impl Filter {
    pub fn query(&self, now: DateTime<Utc>, limit: u32, cursor: Option<String>) -> ConfigChangesQuery {
        let given = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let days = TIMES[self.time].1;
        ConfigChangesQuery {
            limit: Some(limit),
            cursor,
            field: given(KINDS[self.kind].1),
            actor: given(&self.actor),
            from: (days > 0).then(|| now - TimeDelta::days(days)),
            to: None,
            q: given(&self.words),
        }
    }

    /// What is said where nothing passes; `None`: nothing is filtered.
    #[must_use]
    pub fn nothing_words(&self) -> Option<&'static str> {
        let has_words = !self.words.trim().is_empty();
        match (has_words, self.kind != 0, self.time != 0 || !self.actor.is_empty()) {
            (false, false, false) => None,
            (true, false, false) => Some("No change has these words"),
            (false, true, false) => Some("No change is of this kind"),
            (false, false, true) if self.actor.is_empty() => Some("Nothing was changed in this time"),
            (false, false, true) if self.time == 0 => Some("No change is by this person"),
            _ => Some("No change fits all that is asked for"),
        }
    }

    /// Draws the field and the choices. `people`: who can be chosen, beside those of the `entries` that are shown.
    pub fn ui(&mut self, ui: &mut Ui, people: &[String], entries: &[ConfigChange], tokens: &Tokens) {
        ui.add_space(theme::GAP_4);
        let edit =
            TextEdit::singleline(&mut self.words).id_salt("search changes").hint_text(egui::RichText::new("Search the changes").color(tokens.muted));
        let field = ui.add(edit.char_limit(200).desired_width(f32::INFINITY));
        field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Search the changes"));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
            choice_ui(ui, "Kind of change", &mut self.kind, &KINDS.map(|(name, _)| name), 112.0);
            choice_ui(ui, "Time of change", &mut self.time, &TIMES.map(|(name, _)| name), 88.0);
            let of_entries = entries.iter().map(|change| change.actor.as_str());
            let mut people: Vec<&str> = people.iter().map(String::as_str).chain(of_entries).filter(|actor| !actor.is_empty()).collect();
            people.extend((!self.actor.is_empty()).then_some(self.actor.as_str()));
            people.sort_unstable();
            people.dedup();
            let mut names = vec![ANYBODY];
            names.extend(people);
            let mut chosen = names.iter().position(|name| *name == self.actor).unwrap_or(0);
            choice_ui(ui, "Person", &mut chosen, &names, 76.0);
            let actor = if chosen == 0 { String::new() } else { names[chosen].to_owned() };
            self.actor = actor;
        });
    }
}

fn choice_ui(ui: &mut Ui, name: &str, chosen: &mut usize, names: &[&str], width: f32) {
    let shown = names.get(*chosen).copied().unwrap_or_default();
    let list = ComboBox::from_id_salt(name).selected_text(shown).width(width).truncate();
    choice::ui(ui, list, chosen, names.iter().copied().enumerate()).widget_info(|| {
        let mut info = WidgetInfo::labeled(egui::Role::ComboBox, true, name);
        info.current_text_value = Some(shown.to_owned());
        info
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_says_which_filter_emptied_it() {
        let words = Filter { words: "limit".to_owned(), ..Filter::default() };
        assert_eq!(Filter::default().nothing_words(), None);
        assert_eq!(words.nothing_words(), Some("No change has these words"));
        assert_eq!(Filter { kind: 1, ..Filter::default() }.nothing_words(), Some("No change is of this kind"));
        assert_eq!(Filter { kind: 1, ..words }.nothing_words(), Some("No change fits all that is asked for"));
        assert_eq!(Filter { actor: "Ada".to_owned(), ..Filter::default() }.nothing_words(), Some("No change is by this person"));
    }

    #[test]
    fn what_is_chosen_is_what_is_asked() {
        let now = DateTime::from_timestamp(1_000_000, 0).expect("a time");
        assert_eq!(Filter::default().query(now, 50, None), ConfigChangesQuery { limit: Some(50), ..ConfigChangesQuery::default() });
        let filter = Filter { words: " pets ".to_owned(), kind: 1, time: 2, actor: "you".to_owned() };
        let query = filter.query(now, 50, None);
        assert_eq!((query.q.as_deref(), query.actor.as_deref(), query.from), (Some("pets"), Some("you"), Some(now - TimeDelta::days(7))));
        assert!(query.field.is_some_and(|field| field.contains("category:")));
    }
}
