//! Completes what is typed into the filter of the jobs: terms, then the values that a term can have.

use std::collections::BTreeSet;

use egui::text::{CCursor, CCursorRange};
use egui::{Button, Grid, Id, Key, Modifiers, Response, RichText, TextEdit, Ui};

use crate::gui::theme;
use crate::wire::job::{Job, JobState};
use crate::wire::job_filter::TERMS;
use crate::wire::result::FaultKind;

/// Values are looked for in so many of the jobs that are loaded.
const ROWS_MOST: usize = 2_000;
const OFFERED_MOST: usize = 12;

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Stands in for the last word.
    pub word: String,
    pub about: &'static str,
}

/// The ways in which the last word may go on.
#[must_use]
pub fn offers(typed: &str, rows: &[Job]) -> Vec<Offer> {
    let (_, last) = split(typed);
    let (minus, word) = last.strip_prefix('-').map_or(("", last), |word| ("-", word));
    let word = word.to_lowercase();
    let Some((term, begun)) = word.split_once(':') else {
        let fitting = TERMS.iter().filter(|(term, _)| term.starts_with(&word) && *term != word);
        return fitting.map(|(term, about)| Offer { word: format!("{minus}{term}"), about }).collect();
    };
    // Of several states, the last one is being typed.
    let begun_at = if term == "state" { begun.rfind(',').map_or(0, |comma| comma + 1) } else { 0 };
    let (before, begun) = begun.split_at(begun_at);
    let begun = begun.trim_start_matches('"');
    let fits = |value: &String| value.to_lowercase().contains(begun) && value.to_lowercase() != begun;
    let offer = |value: String| Offer { word: format!("{minus}{term}:{before}{}", quoted(&value)), about: "" };
    values(term, rows).into_iter().filter(fits).take(OFFERED_MOST).map(offer).collect()
}

fn quoted(value: &str) -> String {
    if value.contains(char::is_whitespace) { format!("\"{value}\"") } else { value.to_owned() }
}

/// What a term can be, or has been in the jobs that are loaded.
fn values(term: &str, rows: &[Job]) -> BTreeSet<String> {
    let of_rows = |value: fn(&Job) -> Option<String>| rows.iter().take(ROWS_MOST).filter_map(value).collect();
    match term {
        "state" => JobState::ALL.iter().map(|state| state.as_str().to_owned()).collect(),
        "fault" => FaultKind::ALL.iter().filter_map(|kind| serde_json::to_value(kind).ok()?.as_str().map(str::to_owned)).collect(),
        "provider" => of_rows(|job| job.model.as_deref().and_then(|model| model.split('/').next()).map(str::to_owned)),
        "model" => of_rows(|job| job.model.clone()),
        "prompt" => of_rows(|job| job.prompt.clone()),
        _ => BTreeSet::new(),
    }
}

/// What stands before the last word, and the last word; a space within quotes parts no words.
fn split(typed: &str) -> (&str, &str) {
    let mut quoted = false;
    let start = typed.char_indices().fold(0, |start, (at, letter)| {
        quoted ^= letter == '"';
        if letter.is_whitespace() && !quoted { at + letter.len_utf8() } else { start }
    });
    typed.split_at(start)
}

/// The keys of the list, to be asked for before the field is drawn: it would take them itself. Returns what was completed.
pub fn keys(ui: &Ui, field: Id, typed: &mut String, offers: &[Offer]) -> bool {
    if offers.is_empty() || !ui.memory(|memory| memory.has_focus(field)) {
        return false;
    }
    let mut chosen = chosen(ui, field).filter(|at| *at < offers.len());
    let (down, up) = ui.input_mut(|input| (input.consume_key(Modifiers::NONE, Key::ArrowDown), input.consume_key(Modifiers::NONE, Key::ArrowUp)));
    if down {
        chosen = Some(chosen.map_or(0, |at| (at + 1) % offers.len()));
    }
    if up {
        chosen = Some(chosen.map_or(offers.len() - 1, |at| (at + offers.len() - 1) % offers.len()));
    }
    let tab = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Tab));
    let enter = chosen.is_some() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
    set_chosen(ui, field, chosen);
    if !(tab || enter) {
        return false;
    }
    offers.get(chosen.unwrap_or(0)).is_some_and(|offer| {
        complete(ui, field, typed, offer);
        true
    })
}

/// Draws the list beneath the field while it has the keyboard; a click completes. Returns whether one did.
pub fn ui(field: &Response, typed: &mut String, offers: &[Offer]) -> bool {
    let id = field.id;
    let mut picked = None;
    let is_open = !offers.is_empty() && (field.has_focus() || field.lost_focus());
    egui::Popup::from_response(field).open(is_open).close_behavior(egui::PopupCloseBehavior::IgnoreClicks).show(|ui| {
        let tokens = theme::tokens(ui.ctx());
        let chosen = chosen(ui, id);
        Grid::new("offers").num_columns(2).spacing([theme::GAP_12, 2.0]).show(ui, |ui| {
            for (at, offer) in offers.iter().enumerate() {
                let button = Button::selectable(chosen == Some(at), RichText::new(&offer.word).monospace());
                let response = ui.add(button);
                response.widget_info(|| egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, chosen == Some(at), &offer.word));
                if response.clicked() {
                    picked = Some(offer);
                }
                ui.label(RichText::new(offer.about).size(theme::TEXT_SMALL).color(tokens.muted));
                ui.end_row();
            }
        });
        let words = "Up and Down choose, Tab completes. A minus before a term leaves out what it finds";
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
        if let Some(offer) = picked {
            complete(ui, id, typed, offer);
        }
    });
    if picked.is_some() {
        field.request_focus();
    }
    picked.is_some()
}

/// Puts the offer in the place of the last word, and the cursor behind it.
fn complete(ui: &Ui, field: Id, typed: &mut String, offer: &Offer) {
    let kept = split(typed).0.len();
    typed.truncate(kept);
    typed.push_str(&offer.word);
    if !offer.word.ends_with([':', '<', '>', '=']) {
        typed.push(' ');
    }
    let mut state = TextEdit::load_state(ui.ctx(), field).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(typed.chars().count()))));
    state.store(ui.ctx(), field);
    set_chosen(ui, field, None);
}

fn chosen(ui: &Ui, field: Id) -> Option<usize> {
    ui.data(|data| data.get_temp::<Option<usize>>(field.with("chosen")).flatten())
}

fn set_chosen(ui: &Ui, field: Id, chosen: Option<usize>) {
    ui.data_mut(|data| data.insert_temp(field.with("chosen"), chosen));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(typed: &str) -> Vec<String> {
        offers(typed, &[]).into_iter().map(|offer| offer.word).collect()
    }

    #[test]
    fn the_last_word_becomes_a_term_and_a_term_gets_a_value() {
        assert_eq!(words("beach st"), ["state:"]);
        assert_eq!(words("-pro"), ["-provider:", "-prompt:"]);
        assert_eq!(words("state:pe"), ["state:pending"]);
        assert_eq!(words("state:failed,can"), ["state:failed,cancelled"]);
        assert_eq!(words("-fault:rate"), ["-fault:rate_limited"]);
        assert_eq!(words("state:pending"), Vec::<String>::new(), "what is complete is offered nothing");
        assert_eq!(words("prompt:\"Photo ta"), Vec::<String>::new(), "a space within quotes begins no word");
        assert_eq!(words("age>1h").len(), 0);
        assert_eq!(words("").len(), TERMS.len());
    }
}
